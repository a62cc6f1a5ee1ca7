#include "agent/kerberos.h"

#include <errno.h>
#include <fcntl.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"

/* 1.3.6.1.5.5.2 (RFC 4178) and 1.2.840.113554.1.2.2 (RFC 4121). */
static gss_OID_desc spnego = {6, "\x2b\x06\x01\x05\x05\x02"};
static gss_OID_desc krb5 = {9, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"};

/* ---- what goes wrong ---- */

/* How far an attempt has come. */
enum stage {
    OPENING = 1,  /* krb5.conf, keytab or cache */
    LOGIN = 2,    /* the ticket-granting ticket, with the keytab */
    SERVICE = 4,  /* the service ticket, by the ticket-granting ticket of the keytab's login */
    CACHED = 8,   /* the same, by that of a cache */
    HANDING = 16, /* the private cache and GSSAPI */
    ANY = 31
};

static const struct refusal {
    krb5_error_code code;
    unsigned stages;
    enum reason reason;
    const char *sentence;
} refusals[] = {
    {KRB5KDC_ERR_PREAUTH_FAILED, LOGIN, REASON_CREDENTIALS,
     "The key distribution center refused the key in kerberos_keytab_file. The account's password has been "
     "changed since "
     "the keytab was made, or the key is another account's"},
    {KRB5KRB_AP_ERR_BAD_INTEGRITY, LOGIN, REASON_CREDENTIALS,
     "The key in kerberos_keytab_file is not the account's: it does not open what the key distribution "
     "center sent"},
    {KRB5_PREAUTH_FAILED, LOGIN, REASON_CREDENTIALS,
     "No key in kerberos_keytab_file is of a kind by which the key distribution center lets the account log "
     "in"},
    {KRB5KDC_ERR_PREAUTH_REQUIRED, LOGIN, REASON_CREDENTIALS,
     "The key distribution center lets the account log in by other ways than a key only"},
    {KRB5KDC_ERR_ETYPE_NOSUPP, LOGIN, REASON_CREDENTIALS,
     "The key distribution center accepts none of the encryption types of the keys in kerberos_keytab_file"},
    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, ANY, REASON_CREDENTIALS,
     "The key distribution center knows no such account as kerberos_principal, the keytab or the cache "
     "names"},
    {KRB5KDC_ERR_CLIENT_REVOKED, ANY, REASON_CREDENTIALS,
     "The account is disabled or locked, or has expired, says the key distribution center"},
    {KRB5KDC_ERR_NAME_EXP, ANY, REASON_CREDENTIALS,
     "The account has expired, says the key distribution center"},
    {KRB5KDC_ERR_CLIENT_NOTYET, ANY, REASON_CREDENTIALS,
     "The account is not valid yet, says the key distribution center"},
    {KRB5KDC_ERR_KEY_EXP, ANY, REASON_CREDENTIALS,
     "The account's password has expired, says the key distribution center"},
    {KRB5KDC_ERR_POLICY, ANY, REASON_CREDENTIALS,
     "The key distribution center's policy forbids this (logon hours, allowed computers, delegation)"},

    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, SERVICE | CACHED, REASON_IDENTITY_PROVIDER,
     "No account holds the service principal name. Register it (setspn -S NAME ACCOUNT), or write into url "
     "the host name "
     "that is registered"},
    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, LOGIN, REASON_IDENTITY_PROVIDER,
     "The key distribution center does not serve the account's realm"},
    {KRB5KDC_ERR_PRINCIPAL_NOT_UNIQUE, ANY, REASON_IDENTITY_PROVIDER,
     "Several accounts hold the same principal name (setspn -X lists them)"},
    {KRB5KDC_ERR_MUST_USE_USER2USER, ANY, REASON_IDENTITY_PROVIDER,
     "The service principal name belongs to an account that is no service"},
    {KRB5KDC_ERR_WRONG_REALM, ANY, REASON_IDENTITY_PROVIDER,
     "The account is of another realm, says the key distribution center"},
    {KRB5_KDC_UNREACH, ANY, REASON_IDENTITY_PROVIDER, "No key distribution center answered"},
    {KRB5_REALM_CANT_RESOLVE, ANY, REASON_IDENTITY_PROVIDER,
     "The key distribution centers of the realm have names that cannot be resolved"},
    {KRB5_REALM_UNKNOWN, ANY, REASON_IDENTITY_PROVIDER,
     "Neither krb5.conf nor DNS names a key distribution center of the realm"},
    {KRB5_ERR_HOST_REALM_UNKNOWN, ANY, REASON_IDENTITY_PROVIDER,
     "The realm of the app server's host is not known; krb5.conf's domain_realm can name it"},
    {KRB5KDC_ERR_SVC_UNAVAILABLE, ANY, REASON_IDENTITY_PROVIDER,
     "The key distribution center is not available now"},
    {KRB5KRB_AP_ERR_SKEW, ANY, REASON_IDENTITY_PROVIDER,
     "Clock skew: this computer's clock and the key distribution center's are too far apart"},
    {KRB5_KDCREP_SKEW, ANY, REASON_IDENTITY_PROVIDER,
     "Clock skew: this computer's clock and the key distribution center's are too far apart"},
    {KRB5KRB_AP_ERR_TKT_NYV, ANY, REASON_IDENTITY_PROVIDER,
     "Clock skew: the ticket is not valid yet by the key distribution center's clock"},
    {KRB5KRB_AP_ERR_TKT_EXPIRED, LOGIN | SERVICE, REASON_IDENTITY_PROVIDER,
     "The ticket had expired as soon as it came; the clocks may be too far apart"},

    {KRB5KRB_AP_ERR_TKT_EXPIRED, CACHED, REASON_INTERNAL,
     "The ticket in the credential cache has expired: whatever keeps it fresh does so no more"},
    {KRB5_CC_NOTFOUND, CACHED, REASON_INTERNAL, "The credential cache holds no ticket that could be used"},
    {KRB5_CC_NOTFOUND, OPENING, REASON_INTERNAL,
     "There is no credential cache of kerberos_principal (KRB5CCNAME), and kerberos_keytab_file is not set"},
    {KRB5_FCC_NOFILE, ANY, REASON_INTERNAL,
     "There is no credential cache (KRB5CCNAME), and kerberos_keytab_file is not set"},
    {KRB5_FCC_PERM, ANY, REASON_INTERNAL, "The credential cache (KRB5CCNAME) may not be read"},
    {KRB5_CC_FORMAT, ANY, REASON_INTERNAL, "The credential cache (KRB5CCNAME) is damaged"},
    {KRB5_CCACHE_BADVNO, ANY, REASON_INTERNAL, "The credential cache (KRB5CCNAME) is not a credential cache"},
    {KRB5_CC_UNKNOWN_TYPE, ANY, REASON_INTERNAL, "The credential cache (KRB5CCNAME) is of an unknown type"},
    {KRB5_KT_END, ANY, REASON_INTERNAL, "kerberos_keytab_file holds no key"},
    {KRB5_KEYTAB_BADVNO, ANY, REASON_INTERNAL, "kerberos_keytab_file is not a keytab"},
    {KRB5_KT_NOTFOUND, ANY, REASON_INTERNAL,
     "kerberos_keytab_file holds no key of kerberos_principal that can be used"},
    {KRB5_PARSE_MALFORMED, OPENING, REASON_INTERNAL, "kerberos_principal is not the name of a principal"},
    {KRB5_CONFIG_NODEFREALM, ANY, REASON_INTERNAL,
     "krb5.conf names no default_realm, and kerberos_principal has no @REALM"},
    {KRB5_CONFIG_CANTOPEN, ANY, REASON_INTERNAL, "krb5.conf cannot be opened"},
    {KRB5_CONFIG_BADFORMAT, ANY, REASON_INTERNAL, "krb5.conf has a syntax error"},
};

struct attempt {
    const struct appserver_settings *settings;
    struct ticket_result *out;
    enum stage stage;
    krb5_context context;
    krb5_principal client, server;
    krb5_ccache granting; /* in memory: what the service ticket is asked for with */
    krb5_creds *service;
};

static const struct refusal *find_refusal(krb5_error_code code, enum stage stage)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i].code == code && (refusals[i].stages & stage))
            return &refusals[i];
    }
    return NULL;
}

/* What it was about: the service, once it is known, else the realm. Neither says who the user is. */
static char *subject(const struct attempt *attempt)
{
    if (attempt->server && attempt->stage != LOGIN) {
        char *name = NULL;
        if (krb5_unparse_name(attempt->context, attempt->server, &name) != 0)
            return memory_copy_text("");
        size_t size = strlen(name);
        /* The realm is empty while a referral is to find it. */
        char *text = memory_format(" (service %.*s, url %s)", (int)(size - (name[size - 1] == '@')), name,
                                   attempt->settings->url);
        krb5_free_unparsed_name(attempt->context, name);
        return text;
    }
    if (attempt->client)
        return memory_format(" (realm %.*s)", (int)attempt->client->realm.length,
                             attempt->client->realm.data);
    return memory_copy_text("");
}

/* Always false. */
static bool failed(struct attempt *attempt, krb5_error_code code)
{
    const struct refusal *refusal = find_refusal(code, attempt->stage);
    char *about = subject(attempt);
    if (refusal) {
        attempt->out->reason = refusal->reason;
        attempt->out->why = memory_format("%s%s", refusal->sentence, about);
    } else {
        /* Without the context: what libkrb5 adds by it may name the user. */
        const char *words = krb5_get_error_message(NULL, code);
        bool remote = attempt->stage & (LOGIN | SERVICE | CACHED);
        attempt->out->reason = remote ? REASON_IDENTITY_PROVIDER : REASON_INTERNAL;
        attempt->out->why = memory_format("Kerberos failed%s: %s", about, words);
        krb5_free_error_message(NULL, words);
    }
    free(about);
    return false;
}

/* Always false. */
static bool failed_gssapi(struct attempt *attempt, OM_uint32 major, OM_uint32 minor)
{
    attempt->out->reason = REASON_INTERNAL;
    attempt->out->why = memory_format("GSSAPI cannot use the Kerberos ticket (status %08x, %u)", major,
                                      minor);
    return false;
}

/* ---- what the service ticket is asked for with ---- */

static krb5_error_code new_memory_cache(krb5_context context, krb5_principal client, krb5_ccache *out)
{
    krb5_error_code code = krb5_cc_new_unique(context, "MEMORY", NULL, out);
    if (code == 0)
        code = krb5_cc_initialize(context, *out, client);
    return code;
}

/* libkrb5 tells a missing keytab with words only, and would read a FIFO without end. */
static bool keytab_readable(struct attempt *attempt)
{
    const char *path = attempt->settings->kerberos_keytab_file;
    struct stat status;
    char *why = NULL;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0 || fstat(descriptor, &status) != 0)
        why = memory_format("kerberos_keytab_file %s cannot be opened: %s", path, strerrordesc_np(errno));
    else if (!S_ISREG(status.st_mode))
        why = memory_format("kerberos_keytab_file %s is not a regular file", path);
    if (descriptor >= 0)
        close(descriptor);
    if (!why)
        return true;
    attempt->out->reason = REASON_INTERNAL;
    attempt->out->why = why;
    return false;
}

static krb5_error_code first_of_keytab(krb5_context context, krb5_keytab keytab, krb5_principal *out)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    krb5_error_code code = krb5_kt_start_seq_get(context, keytab, &cursor);
    if (code != 0)
        return code;
    code = krb5_kt_next_entry(context, keytab, &entry, &cursor);
    if (code == 0) {
        code = krb5_copy_principal(context, entry.principal, out);
        krb5_free_keytab_entry_contents(context, &entry);
    }
    krb5_kt_end_seq_get(context, keytab, &cursor);
    return code;
}

/* By krb5_init_creds_get, which asks once. krb5_get_init_creds_keytab sends a refused key to the primary key distribution
   center again, which brings the account nearer to being locked. */
static krb5_error_code log_in(struct attempt *attempt, krb5_keytab keytab)
{
    krb5_context context = attempt->context;
    krb5_init_creds_context login = NULL;
    krb5_creds granted = {0};
    krb5_error_code code = krb5_init_creds_init(context, attempt->client, NULL, NULL, 0, NULL, &login);
    if (code == 0)
        code = krb5_init_creds_set_keytab(context, login, keytab);
    if (code == 0)
        code = krb5_init_creds_get(context, login);
    if (code == 0)
        code = krb5_init_creds_get_creds(context, login, &granted);
    if (code == 0)
        code = new_memory_cache(context, granted.client, &attempt->granting);
    if (code == 0)
        code = krb5_cc_store_cred(context, attempt->granting, &granted);
    krb5_free_cred_contents(context, &granted);
    krb5_init_creds_free(context, login);
    return code;
}

static bool grant_by_keytab(struct attempt *attempt)
{
    const struct appserver_settings *settings = attempt->settings;
    krb5_keytab keytab = NULL;
    if (!keytab_readable(attempt))
        return false;
    char *name = memory_format("FILE:%s", settings->kerberos_keytab_file);
    krb5_error_code code = krb5_kt_resolve(attempt->context, name, &keytab);
    free(name);
    /* The first is read in any case: a file that is no keytab looks later like one that lacks the right key. */
    if (code == 0)
        code = first_of_keytab(attempt->context, keytab, &attempt->client);
    if (code == 0 && settings->kerberos_principal) {
        krb5_free_principal(attempt->context, attempt->client);
        attempt->client = NULL;
        code = krb5_parse_name(attempt->context, settings->kerberos_principal, &attempt->client);
    }
    if (code == 0) {
        attempt->stage = LOGIN;
        code = log_in(attempt, keytab);
    }
    if (keytab)
        krb5_kt_close(attempt->context, keytab);
    if (code != 0)
        return failed(attempt, code);
    attempt->stage = SERVICE;
    return true;
}

static bool is_granting(krb5_context context, const krb5_creds *creds)
{
    static const char krbtgt[] = "krbtgt";
    const krb5_data *first = creds->server->length > 0 ? &creds->server->data[0] : NULL;
    return krb5_is_config_principal(context, creds->server) ||
           (first && first->length == strlen(krbtgt) && memcmp(first->data, krbtgt, first->length) == 0);
}

/* *count: of the tickets copied. */
static krb5_error_code copy_tickets(struct attempt *attempt, krb5_ccache from, bool all, size_t *count)
{
    krb5_context context = attempt->context;
    krb5_cc_cursor cursor;
    krb5_creds creds;
    krb5_error_code code = krb5_cc_start_seq_get(context, from, &cursor);
    if (code != 0)
        return code;
    while (code == 0 && (code = krb5_cc_next_cred(context, from, &cursor, &creds)) == 0) {
        if (all || is_granting(context, &creds)) {
            code = krb5_cc_store_cred(context, attempt->granting, &creds);
            *count += !krb5_is_config_principal(context, creds.server);
        }
        krb5_free_cred_contents(context, &creds);
    }
    krb5_cc_end_seq_get(context, from, &cursor);
    return code == KRB5_CC_END ? 0 : code;
}

/* Leaves the service tickets behind, where it can: libkrb5 would hand out the same one until it expires, and every renewal
   ahead of that would be in vain. And the user's cache stays as it is. */
static bool grant_by_cache(struct attempt *attempt)
{
    krb5_context context = attempt->context;
    const char *principal = attempt->settings->kerberos_principal;
    krb5_ccache cache = NULL;
    krb5_principal named = NULL;
    size_t count = 0;
    krb5_error_code code = principal ? krb5_parse_name(context, principal, &named) : 0;
    if (code == 0)
        code = principal ? krb5_cc_cache_match(context, named, &cache) : krb5_cc_default(context, &cache);
    if (code == 0)
        code = krb5_cc_get_principal(context, cache, &attempt->client);
    if (code == 0)
        code = new_memory_cache(context, attempt->client, &attempt->granting);
    if (code == 0)
        code = copy_tickets(attempt, cache, false, &count);
    if (code == 0 && count == 0)
        code = copy_tickets(attempt, cache, true, &count);
    krb5_free_principal(context, named);
    if (cache)
        krb5_cc_close(context, cache);
    if (code != 0)
        return failed(attempt, code);
    attempt->stage = CACHED;
    return true;
}

/* ---- the service ticket ---- */

/* The host of http://host:port/path or http://[address]:port/path; config has checked the form. */
static char *url_host(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    if (*host == '[')
        return memory_copy_bytes(host + 1, strcspn(host + 1, "]"));
    return memory_copy_bytes(host, strcspn(host, ":/?#"));
}

static bool fetch_service(struct attempt *attempt)
{
    char *host = url_host(attempt->settings->url);
    krb5_error_code code = krb5_sname_to_principal(attempt->context, host, "HTTP", KRB5_NT_SRV_HST,
                                                   &attempt->server);
    free(host);
    krb5_creds wanted = {.client = attempt->client, .server = attempt->server};
    if (code == 0)
        code = krb5_get_credentials(attempt->context, 0, attempt->granting, &wanted, &attempt->service);
    return code == 0 || failed(attempt, code);
}

/* By the context's clock, which follows the key distribution center's (kdc_timesync). Kerberos counts seconds in 32 bits
   without a sign until 2106. */
static krb5_error_code remaining_ns(krb5_context context, krb5_timestamp end, int64_t *out)
{
    krb5_timestamp now = 0;
    krb5_error_code code = krb5_timeofday(context, &now);
    *out = ((int64_t)(uint32_t)end - (int64_t)(uint32_t)now) * SECOND_NS;
    return code != 0 || *out > 0 ? code : KRB5KRB_AP_ERR_TKT_EXPIRED;
}

/* ---- the ticket that is handed over ---- */

struct kerberos_ticket {
    struct ticket ticket;
    krb5_context context;
    krb5_ccache cache; /* in memory: the service ticket, nothing else */
    gss_cred_id_t credential;
    gss_name_t server;
    int64_t ends_ns;
};

static void release(struct ticket *ticket)
{
    struct kerberos_ticket *self = (struct kerberos_ticket *)ticket;
    OM_uint32 minor;
    gss_release_name(&minor, &self->server);
    gss_release_cred(&minor, &self->credential);
    if (self->cache)
        krb5_cc_destroy(self->context, self->cache);
    krb5_free_context(self->context);
    free(self);
}

static struct secret *encode(const gss_buffer_desc *token)
{
    size_t size = (token->length + 2) / 3 * 4;
    char *text = memory_new(size + 1, 1);
    text_base64_encode(token->value, token->length, text);
    struct secret *secret = secret_new(text, size);
    secret_wipe(text, size);
    free(text);
    return secret;
}

static struct secret *authorization(struct ticket *ticket, char **why)
{
    struct kerberos_ticket *self = (struct kerberos_ticket *)ticket;
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;
    OM_uint32 major = gss_init_sec_context(&minor, self->credential, &context, self->server, &spnego, 0, 0,
                                           GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, NULL, &token, NULL,
                                           NULL);
    struct secret *secret = NULL;
    *why = NULL;
    if (!GSS_ERROR(major) && token.length > 0)
        secret = encode(&token);
    else if (clock_now().boot_ns >= self->ends_ns)
        *why = memory_copy_text("The Kerberos ticket has expired");
    else
        *why = memory_format("GSSAPI made no token of the Kerberos ticket (status %08x, %u)", major, minor);
    gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
    if (token.length > 0)
        secret_wipe(token.value, token.length);
    gss_release_buffer(&minor, &token);
    return secret;
}

/* The name is taken from the ticket, and as one of Kerberos' own: GSSAPI then neither asks DNS nor looks for another
   ticket than this. */
static krb5_error_code store_service(struct attempt *attempt, struct kerberos_ticket *self, char **server)
{
    krb5_context context = attempt->context;
    krb5_ticket *decoded = NULL;
    krb5_error_code code = krb5_decode_ticket(&attempt->service->ticket, &decoded);
    if (code == 0)
        code = krb5_unparse_name(context, decoded->server, server);
    if (code == 0)
        code = new_memory_cache(context, attempt->service->client, &self->cache);
    if (code == 0) {
        krb5_creds stored = *attempt->service;
        stored.server = decoded->server;
        code = krb5_cc_store_cred(context, self->cache, &stored);
    }
    krb5_free_ticket(context, decoded);
    return code;
}

/* The keytab without a key keeps GSSAPI from logging in by itself, with the one that KRB5_CLIENT_KTNAME or the system
   may name, when the ticket has expired. */
static bool import_credential(struct attempt *attempt, struct kerberos_ticket *self, const char *cache,
                              const char *server)
{
    gss_key_value_element_desc places[] = {{"ccache", cache},
                                           {"client_keytab", "MEMORY:epicor_exporter-none"}};
    gss_key_value_set_desc store = {.count = sizeof places / sizeof places[0], .elements = places};
    gss_OID_set_desc negotiation = {1, &spnego}, mechanisms = {1, &krb5};
    gss_buffer_desc name = {.length = strlen(server), .value = (void *)(uintptr_t)server};
    OM_uint32 minor;
    OM_uint32 major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &negotiation,
                                            GSS_C_INITIATE, &store, &self->credential, NULL, NULL);
    if (!GSS_ERROR(major))
        major = gss_set_neg_mechs(&minor, self->credential, &mechanisms);
    if (!GSS_ERROR(major))
        major = gss_import_name(&minor, &name, (gss_OID)(uintptr_t)GSS_KRB5_NT_PRINCIPAL_NAME, &self->server);
    return !GSS_ERROR(major) || failed_gssapi(attempt, major, minor);
}

/* The context goes over to the ticket. */
static bool hand_over(struct attempt *attempt)
{
    krb5_context context = attempt->context;
    struct kerberos_ticket *self = memory_new(1, sizeof *self);
    char *server = NULL, *cache = NULL;
    krb5_error_code code = remaining_ns(context, attempt->service->times.endtime, &attempt->out->lifetime_ns);
    if (code == 0) {
        attempt->stage = HANDING;
        code = store_service(attempt, self, &server);
    }
    if (code == 0)
        code = krb5_cc_get_full_name(context, self->cache, &cache);
    bool good = code == 0 ? import_credential(attempt, self, cache, server) : failed(attempt, code);
    krb5_free_string(context, cache);
    krb5_free_unparsed_name(context, server);
    self->ticket = (struct ticket){.references = 1, .authorization = authorization, .release = release};
    if (good) {
        self->context = context;
        self->ends_ns = clock_now().boot_ns + attempt->out->lifetime_ns;
        attempt->out->ticket = &self->ticket;
        return true;
    }
    attempt->out->lifetime_ns = 0;
    if (self->cache)
        krb5_cc_destroy(context, self->cache);
    self->cache = NULL;
    release(&self->ticket);
    return false;
}

void kerberos_acquire(const struct appserver_settings *settings, struct ticket_result *out)
{
    struct attempt attempt = {.settings = settings, .out = out, .stage = OPENING};
    *out = (struct ticket_result){0};
    krb5_error_code code = krb5_init_context(&attempt.context);
    if (code != 0) {
        failed(&attempt, code);
        return;
    }
    bool good = (settings->kerberos_keytab_file ? grant_by_keytab(&attempt) : grant_by_cache(&attempt)) &&
                fetch_service(&attempt) && hand_over(&attempt);
    krb5_free_creds(attempt.context, attempt.service);
    if (attempt.granting)
        krb5_cc_destroy(attempt.context, attempt.granting);
    krb5_free_principal(attempt.context, attempt.server);
    krb5_free_principal(attempt.context, attempt.client);
    if (!good)
        krb5_free_context(attempt.context);
}
