/* HTTPS: TLS 1.2 and 1.3 by libmicrohttpd and GnuTLS, with what is ours of it: which certificate a connection begins with, read
   again when its files change, and looking at the client's. Where client_ca_file is set, a handshake without a good client
   certificate fails, so that no request of such a client is ever read; and since an authority may go while connections stand,
   each request is looked at again.

   The files are looked at by the web thread, once a second at most while clients come: a stat each, and a reading when one has
   changed, which does not block for local files. What cannot be used leaves what was; the log says so. Web thread only, once
   the server runs. */
#ifndef WEB_TLS_H
#define WEB_TLS_H

#include "base/clock.h"
#include "config/model.h"
#include "web/access.h"
#include "web/tls_credential.h"

struct tls;
struct gnutls_session_int;

/* For MHD_OPTION_HTTPS_PRIORITIES and MHD_OPTION_HTTPS_CERT_CALLBACK, which libmicrohttpd wants, though no session asks it. */
#define TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:%SERVER_PRECEDENCE"
void *tls_certificate_callback(void);

/* settings name a certificate and a key. NULL: *error is an owned sentence. */
struct tls *tls_new(const struct web_settings *settings, char **error);
void tls_free(struct tls *tls); /* NULL is nothing */

/* The settings in force. Other paths hold from now on; that there is no certificate any more only from the next start. */
void tls_use(struct tls *tls, const struct web_settings *settings, struct moment now);

/* A connection has been accepted, and its handshake has not begun. *held, which is NULL, is what it keeps a reference of, to be
   given back with tls_credential_unref when it has ended. */
void tls_begin(struct tls *tls, struct gnutls_session_int *session, struct tls_credential **held);

/* Of a connection whose request has come: what its client has shown, held against the authorities of now. */
enum access_certificate tls_client(struct tls *tls, struct gnutls_session_int *session,
                                   struct tls_credential **held);

#endif
