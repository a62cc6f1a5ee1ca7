/* What the server shows in a TLS handshake, and by whom it lets clients be vouched for: read from the files of [web] once, and
   never changed; counted by references, since a connection keeps what it began with. Thread-safe but for that count. */
#ifndef WEB_TLS_CREDENTIAL_H
#define WEB_TLS_CREDENTIAL_H

#include <stdbool.h>

#include "config/model.h"

struct tls_credential;
struct gnutls_certificate_credentials_st;

enum tls_file { TLS_CERTIFICATE, TLS_KEY, TLS_CLIENT_CA, TLS_FILES };

/* Where it stands in [web]; NULL: the key is not set. And the key. */
const char *tls_file_path(const struct web_settings *web, enum tls_file file);
const char *tls_file_key(enum tls_file file);

/* Blocks for as long as the disk does. NULL: *why is an owned sentence that begins with the path, and *wrong tells which file. */
struct tls_credential *tls_credential_load(const char *const paths[TLS_FILES], enum tls_file *wrong,
                                           char **why);
struct tls_credential *tls_credential_ref(struct tls_credential *credential);
void tls_credential_unref(struct tls_credential *credential); /* NULL is nothing */

struct gnutls_certificate_credentials_st *tls_credential_library(const struct tls_credential *credential);
bool tls_credential_wants_client(const struct tls_credential *credential);

/* config_schema.check_web: a fault for what cannot be used, a warning for what has expired or can be read by all. */
void tls_files_check(const struct web_settings *web, struct fault_list *faults);

#endif
