#include "web/tls.h"

#include <assert.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/complaint.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "web/file_stamp.h"

#define LOOK_NS SECOND_NS
/* Clients can provoke complaints of theirs: they are over only when none has come for a while. */
#define CALM_NS MINUTE_NS

struct tls {
    struct tls_credential *credential;
    char *paths[TLS_FILES]; /* that it was read from; NULL: not set */
    struct file_stamp stamps[TLS_FILES];
    int64_t next_look_ns;
    bool failed; /* the last look */
    struct complaint unusable, refused;
    int64_t last_refused_ns;
    struct moment now; /* of the last tls_use */
};

/* ---- the files ---- */

static void look(struct file_stamp stamps[TLS_FILES], char *const paths[TLS_FILES])
{
    for (size_t i = 0; i < TLS_FILES; i++)
        stamps[i] = paths[i] != NULL ? file_stamp_of(paths[i]) : (struct file_stamp){.exists = false};
}

static bool have_changed(const struct tls *tls, const struct file_stamp stamps[TLS_FILES])
{
    for (size_t i = 0; i < TLS_FILES; i++)
        if (!file_stamp_same(&stamps[i], &tls->stamps[i]))
            return true;
    return false;
}

static void take_paths(struct tls *tls, const struct web_settings *settings)
{
    for (enum tls_file i = TLS_CERTIFICATE; i < TLS_FILES; i++) {
        const char *path = tls_file_path(settings, i);
        free(tls->paths[i]);
        tls->paths[i] = path != NULL ? memory_copy_text(path) : NULL;
    }
}

static bool same_paths(const struct tls *tls, const struct web_settings *settings)
{
    for (enum tls_file i = TLS_CERTIFICATE; i < TLS_FILES; i++) {
        const char *path = tls_file_path(settings, i), *have = tls->paths[i];
        if ((path == NULL) != (have == NULL) || (path != NULL && strcmp(path, have) != 0))
            return false;
    }
    return true;
}

/* A pair that is written one file after the other is wrong for a moment: only what is so at two looks is told. */
static void complain(struct tls *tls, const char *why, struct moment now)
{
    bool lasts = why != NULL && tls->failed;
    uint64_t what = lasts ? text_hash(TEXT_HASH_START, why, strlen(why)) | 1 : 0;

    tls->failed = why != NULL;
    if (why != NULL && !lasts)
        return;
    switch (complaint_update(&tls->unusable, what, now.boot_ns)) {
    case COMPLAINT_NEW:
    case COMPLAINT_AGAIN:
        log_event(LOG_ERROR, "a changed TLS file of [web] cannot be used: what was read before stays",
                  LOG_TEXT("error", why));
        break;
    case COMPLAINT_OVER:
        log_event(LOG_INFO, "the TLS files of [web] can be used again");
        break;
    case COMPLAINT_QUIET:
        break;
    }
}

/* The stamps are from before the reading: what changes meanwhile is another change. */
static char *read_anew(struct tls *tls, const struct file_stamp stamps[TLS_FILES])
{
    enum tls_file wrong;
    char *why = NULL;
    struct tls_credential *credential = tls_credential_load((const char *const *)tls->paths, &wrong, &why);

    if (credential != NULL) {
        tls_credential_unref(tls->credential);
        tls->credential = credential;
        memcpy(tls->stamps, stamps, sizeof tls->stamps);
    }
    return why;
}

void tls_use(struct tls *tls, const struct web_settings *settings, struct moment now)
{
    bool other = settings->tls_cert_file != NULL && !same_paths(tls, settings);
    struct file_stamp stamps[TLS_FILES];

    tls->now = now;
    if (!other && now.boot_ns < tls->next_look_ns)
        return;
    tls->next_look_ns = now.boot_ns + LOOK_NS;
    if (other)
        take_paths(tls, settings);
    look(stamps, tls->paths);
    if (!other && !tls->failed && !have_changed(tls, stamps))
        return;
    char *why = read_anew(tls, stamps);
    complain(tls, why, now);
    if (why == NULL)
        log_event(LOG_INFO, "the TLS files of [web] were read anew", LOG_TEXT("certificate", tls->paths[0]));
    free(why);
}

/* ---- connections ---- */

/* Each session gets a credential of ours, which has a certificate: libmicrohttpd's own is never asked for one. */
static int no_certificate(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                          const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                          gnutls_pcert_st **chain, unsigned *chain_count, gnutls_privkey_t *key)
{
    (void)session;
    (void)authorities;
    (void)authority_count;
    (void)algorithms;
    (void)algorithm_count;
    (void)chain;
    (void)chain_count;
    (void)key;
    return -1;
}

void *tls_certificate_callback(void)
{
    gnutls_certificate_retrieve_function2 *function = no_certificate;

    return (void *)(uintptr_t)function;
}

/* Is the certificate good that the client has shown? If not, *status is GnuTLS's verdict, 0 where none was shown. */
static bool verify(gnutls_session_t session, unsigned *status)
{
    gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                     .data = (unsigned char *)(char[]){GNUTLS_KP_TLS_WWW_CLIENT}};

    *status = 0;
    return gnutls_certificate_verify_peers(session, &purpose, 1, status) == 0 && *status == 0;
}

static void complain_of_client(struct tls *tls, gnutls_session_t session, unsigned status)
{
    gnutls_certificate_type_t type = gnutls_certificate_type_get2(session, GNUTLS_CTYPE_CLIENT);
    gnutls_datum_t text = {0};

    tls->last_refused_ns = tls->now.boot_ns;
    enum complaint_say say = complaint_update(&tls->refused, 1, tls->now.boot_ns);
    if (say != COMPLAINT_NEW && say != COMPLAINT_AGAIN)
        return;
    if (status != 0)
        gnutls_certificate_verification_status_print(status, type, &text, 0);
    log_event(LOG_WARN, "a client was refused: client_ca_file of [web] does not vouch for it",
              LOG_TEXT("error", text.data != NULL ? (const char *)text.data : "it shows no certificate"));
    gnutls_free(text.data);
}

/* In the handshake, also where no certificate was shown; anything but 0 ends it. libmicrohttpd sends no alert. */
static int on_client_certificate(gnutls_session_t session)
{
    struct tls *tls = gnutls_db_get_ptr(session);
    unsigned status;

    if (verify(session, &status))
        return 0;
    complain_of_client(tls, session, status);
    gnutls_alert_send(session, GNUTLS_AL_FATAL,
                      status != 0 ? GNUTLS_A_BAD_CERTIFICATE : GNUTLS_A_CERTIFICATE_REQUIRED);
    return GNUTLS_E_CERTIFICATE_ERROR;
}

static void hold(struct tls *tls, gnutls_session_t session, struct tls_credential **held)
{
    struct tls_credential *before = *held;

    *held = tls_credential_ref(tls->credential);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls_credential_library(*held));
    tls_credential_unref(before);
}

void tls_begin(struct tls *tls, gnutls_session_t session, struct tls_credential **held)
{
    assert(*held == NULL);
    hold(tls, session, held);
    if (tls->refused.what != 0 && tls->now.boot_ns - tls->last_refused_ns > CALM_NS)
        complaint_update(&tls->refused, 0, tls->now.boot_ns);
    if (!tls_credential_wants_client(*held))
        return;
    gnutls_db_set_ptr(session, tls); /* no session is stored; so it is found again in the handshake */
    gnutls_session_set_verify_function(session, on_client_certificate);
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST); /* refused by us, with a word */
}

enum access_certificate tls_client(struct tls *tls, gnutls_session_t session, struct tls_credential **held)
{
    unsigned status;

    if (*held != tls->credential)
        hold(tls, session, held);
    if (!tls_credential_wants_client(*held))
        return ACCESS_CERTIFICATE_UNASKED;
    return verify(session, &status) ? ACCESS_CERTIFICATE_GOOD : ACCESS_CERTIFICATE_BAD;
}

/* ---- begin and end ---- */

struct tls *tls_new(const struct web_settings *settings, char **error)
{
    struct tls *tls = memory_new(1, sizeof *tls);
    struct file_stamp stamps[TLS_FILES];

    take_paths(tls, settings);
    look(stamps, tls->paths);
    *error = read_anew(tls, stamps);
    if (*error == NULL)
        return tls;
    tls_free(tls);
    return NULL;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    tls_credential_unref(tls->credential);
    for (size_t i = 0; i < TLS_FILES; i++)
        free(tls->paths[i]);
    free(tls);
}
