#include "web/tls_credential.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/secret.h"

#define FILE_MAX ((size_t)1 << 20) /* the system's own bundle of authorities has a fifth of this */

struct tls_credential {
    unsigned references;
    gnutls_certificate_credentials_t library;
    bool wants_client;
};

/* What one load has read so far. */
struct parts {
    gnutls_x509_crt_t *chain, *authorities;
    unsigned chain_count, authority_count;
    gnutls_x509_privkey_t key;
    bool readable_by_all; /* the key's file */
};

static const struct {
    const char *key;
    size_t offset;
} files[TLS_FILES] = {
    [TLS_CERTIFICATE] = {"tls_cert_file", offsetof(struct web_settings, tls_cert_file)},
    [TLS_KEY] = {"tls_key_file", offsetof(struct web_settings, tls_key_file)},
    [TLS_CLIENT_CA] = {"client_ca_file", offsetof(struct web_settings, client_ca_file)},
};

const char *tls_file_path(const struct web_settings *web, enum tls_file file)
{
    return *(char *const *)(const void *)((const char *)web + files[file].offset);
}

const char *tls_file_key(enum tls_file file)
{
    return files[file].key;
}

/* ---- reading ---- */

/* NULL, or an owned sentence. */
static char *read_whole(const char *path, struct buffer *out, struct stat *status)
{
    /* O_NONBLOCK: a FIFO is told, not waited for. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    char *why = NULL;
    ssize_t got = 1;

    if (descriptor < 0)
        return memory_format("%s cannot be opened: %m", path);
    if (fstat(descriptor, status) != 0 || !S_ISREG(status->st_mode))
        why = memory_format("%s is no regular file", path);
    while (why == NULL && got > 0) {
        char part[4096];
        got = read(descriptor, part, sizeof part);
        if (got < 0)
            why = memory_format("%s cannot be read: %m", path);
        else if (!buffer_append(out, part, (size_t)got))
            why = memory_format("%s is larger than %zu bytes", path, FILE_MAX);
        secret_wipe(part, sizeof part);
    }
    close(descriptor);
    return why;
}

static char *parse_certificates(const char *path, const gnutls_datum_t *text, gnutls_x509_crt_t **list,
                                unsigned *count, unsigned flags)
{
    int error = gnutls_x509_crt_list_import2(list, count, text, GNUTLS_X509_FMT_PEM, flags);

    if (error == GNUTLS_E_NO_CERTIFICATE_FOUND)
        return memory_format("%s holds no certificate in PEM", path);
    return error < 0
               ? memory_format("%s holds a certificate that cannot be read: %s", path, gnutls_strerror(error))
               : NULL;
}

static char *parse_key(const char *path, const gnutls_datum_t *text, gnutls_x509_privkey_t *key)
{
    gnutls_x509_privkey_init(key);
    int error = gnutls_x509_privkey_import2(*key, text, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (error == GNUTLS_E_DECRYPTION_FAILED)
        return memory_format("%s: the key is encrypted; one without passphrase is wanted", path);
    return error < 0
               ? memory_format("%s holds no key in PEM that can be read: %s", path, gnutls_strerror(error))
               : NULL;
}

static char *read_part(const char *path, enum tls_file file, struct parts *parts)
{
    struct buffer text;
    struct stat status = {0};
    char *why;

    buffer_init(&text, FILE_MAX);
    why = read_whole(path, &text, &status);
    gnutls_datum_t datum = {(unsigned char *)text.data, (unsigned)text.size};
    if (why == NULL && file == TLS_KEY) {
        parts->readable_by_all = (status.st_mode & S_IROTH) != 0;
        why = parse_key(path, &datum, &parts->key);
    } else if (why == NULL && file == TLS_CERTIFICATE) {
        why = parse_certificates(path, &datum, &parts->chain, &parts->chain_count, GNUTLS_X509_CRT_LIST_SORT);
    } else if (why == NULL) {
        why = parse_certificates(path, &datum, &parts->authorities, &parts->authority_count, 0);
    }
    if (text.data != NULL)
        secret_wipe(text.data, text.size);
    buffer_free(&text);
    return why;
}

static void free_certificates(gnutls_x509_crt_t *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(list[i]);
    gnutls_free(list);
}

static void parts_free(struct parts *parts)
{
    free_certificates(parts->chain, parts->chain_count);
    free_certificates(parts->authorities, parts->authority_count);
    gnutls_x509_privkey_deinit(parts->key);
}

/* ---- the credential ---- */

static struct tls_credential *make(const struct parts *parts, const char *const paths[TLS_FILES],
                                   enum tls_file *wrong, char **why)
{
    struct tls_credential *credential = memory_new(1, sizeof *credential);
    int error;

    credential->references = 1;
    if (gnutls_certificate_allocate_credentials(&credential->library) != 0)
        abort(); /* out of memory */
    error = gnutls_certificate_set_x509_key(credential->library, parts->chain, (int)parts->chain_count,
                                            parts->key);
    if (error < 0) {
        *wrong = TLS_KEY;
        *why = error == GNUTLS_E_CERTIFICATE_KEY_MISMATCH
                   ? memory_format("%s is not the key of the certificate in %s", paths[TLS_KEY],
                                   paths[TLS_CERTIFICATE])
                   : memory_format("%s cannot be used: %s", paths[TLS_KEY], gnutls_strerror(error));
    } else if (parts->authority_count > 0) {
        credential->wants_client = true;
        error = gnutls_certificate_set_x509_trust(credential->library, parts->authorities,
                                                  (int)parts->authority_count);
        *wrong = TLS_CLIENT_CA;
        if (error < 0)
            *why = memory_format("%s cannot be used: %s", paths[TLS_CLIENT_CA], gnutls_strerror(error));
    }
    if (error >= 0)
        return credential;
    tls_credential_unref(credential);
    return NULL;
}

static bool read_parts(const char *const paths[TLS_FILES], struct parts *parts, enum tls_file *wrong,
                       char **why)
{
    *why = NULL;
    for (enum tls_file file = TLS_CERTIFICATE; file < TLS_FILES && *why == NULL; file++) {
        *wrong = file;
        if (paths[file] != NULL)
            *why = read_part(paths[file], file, parts);
    }
    return *why == NULL;
}

struct tls_credential *tls_credential_load(const char *const paths[TLS_FILES], enum tls_file *wrong,
                                           char **why)
{
    struct parts parts = {0};
    struct tls_credential *credential = NULL;

    if (read_parts(paths, &parts, wrong, why))
        credential = make(&parts, paths, wrong, why);
    parts_free(&parts);
    return credential;
}

struct tls_credential *tls_credential_ref(struct tls_credential *credential)
{
    credential->references++;
    return credential;
}

void tls_credential_unref(struct tls_credential *credential)
{
    if (credential == NULL || --credential->references > 0)
        return;
    gnutls_certificate_free_credentials(credential->library);
    free(credential);
}

struct gnutls_certificate_credentials_st *tls_credential_library(const struct tls_credential *credential)
{
    return credential->library;
}

bool tls_credential_wants_client(const struct tls_credential *credential)
{
    return credential->wants_client;
}

/* ---- the check at load ---- */

static void check_times(const struct web_settings *web, enum tls_file file, const gnutls_x509_crt_t *list,
                        unsigned count, struct fault_list *faults)
{
    time_t now = time(NULL);

    for (unsigned i = 0; i < count; i++) {
        time_t from = gnutls_x509_crt_get_activation_time(list[i]);
        time_t to = gnutls_x509_crt_get_expiration_time(list[i]);
        bool over = to < now;
        if (!over && from <= now)
            continue;
        struct tm day;
        char text[32];
        strftime(text, sizeof text, "%Y-%m-%d", gmtime_r(over ? &to : &from, &day));
        warning_add(faults, web_key_place(web, tls_file_key(file)), "[web] %s: certificate %u of %s %s on %s",
                    tls_file_key(file), i + 1, tls_file_path(web, file),
                    over ? "expired" : "begins to be valid", text);
    }
}

void tls_files_check(const struct web_settings *web, struct fault_list *faults)
{
    const char *paths[TLS_FILES];
    struct tls_credential *credential = NULL;
    struct parts parts = {0};
    enum tls_file wrong = TLS_CERTIFICATE;
    char *why = NULL;

    if (web->tls_cert_file == NULL)
        return;
    for (enum tls_file file = TLS_CERTIFICATE; file < TLS_FILES; file++)
        paths[file] = tls_file_path(web, file);
    if (read_parts(paths, &parts, &wrong, &why))
        credential = make(&parts, paths, &wrong, &why);
    if (credential == NULL)
        fault_add(faults, web_key_place(web, tls_file_key(wrong)), "[web] %s: %s", tls_file_key(wrong), why);
    else
        check_times(web, TLS_CERTIFICATE, parts.chain, parts.chain_count, faults);
    if (credential != NULL)
        check_times(web, TLS_CLIENT_CA, parts.authorities, parts.authority_count, faults);
    if (credential != NULL && parts.readable_by_all)
        warning_add(faults, web_key_place(web, "tls_key_file"),
                    "[web] tls_key_file: every user of this machine can read %s; chmod 640 or less",
                    paths[TLS_KEY]);
    tls_credential_unref(credential);
    parts_free(&parts);
    free(why);
}
