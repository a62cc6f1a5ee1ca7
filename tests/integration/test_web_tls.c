/* HTTPS: which clients are let in, and certificates that change while the server runs. */
#include "main.h"

#include <curl/curl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "integration/web_rig.h"
#include "unit/report/sample.h"
#include "web/tls.h"

#define DAY 86400

/* ---- certificates, made here --------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/test_web_tls_XXXXXX";

struct identity {
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
};

/* issuer NULL: an authority. purpose: an OID. */
static struct identity identity_new(const char *name, const struct identity *issuer, const char *purpose,
                                    int from_days, int to_days)
{
    struct identity made;
    static unsigned char serial = 1;

    assert_int_equal(gnutls_x509_privkey_init(&made.key), 0);
    assert_int_equal(gnutls_x509_privkey_generate(made.key, GNUTLS_PK_ECDSA,
                                                  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                     0);
    assert_int_equal(gnutls_x509_crt_init(&made.certificate), 0);
    gnutls_x509_crt_t crt = made.certificate;
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, &serial, 1);
    serial++;
    gnutls_x509_crt_set_activation_time(crt, time(NULL) + from_days * DAY);
    gnutls_x509_crt_set_expiration_time(crt, time(NULL) + to_days * DAY);
    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
    gnutls_x509_crt_set_key(crt, made.key);
    gnutls_x509_crt_set_basic_constraints(crt, issuer == NULL, -1);
    if (purpose != NULL)
        gnutls_x509_crt_set_key_purpose_oid(crt, purpose, 0);
    gnutls_x509_crt_set_key_usage(crt,
                                  issuer == NULL ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (issuer != NULL)
        gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, "\x7f\0\0\x01", 4, GNUTLS_FSAN_SET);
    assert_int_equal(gnutls_x509_crt_sign2(crt, issuer != NULL ? issuer->certificate : crt,
                                           issuer != NULL ? issuer->key : made.key, GNUTLS_DIG_SHA256, 0),
                     0);
    return made;
}

static void identity_free(struct identity *identity)
{
    gnutls_x509_crt_deinit(identity->certificate);
    gnutls_x509_privkey_deinit(identity->key);
}

static char *path_of(const char *name)
{
    return memory_format("%s/%s", folder, name);
}

/* Another file takes its place, as tools that renew certificates do it. */
static void write_file(const char *name, const void *bytes, size_t size)
{
    char *path = path_of(name), *other = memory_format("%s.new", path);
    FILE *file = fopen(other, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(other, 0600), 0);
    assert_int_equal(rename(other, path), 0);
    free(path);
    free(other);
}

static void write_certificate(const char *name, const struct identity *identity)
{
    gnutls_datum_t text;

    assert_int_equal(gnutls_x509_crt_export2(identity->certificate, GNUTLS_X509_FMT_PEM, &text), 0);
    write_file(name, text.data, text.size);
    gnutls_free(text.data);
}

static void write_key(const char *name, const struct identity *identity)
{
    gnutls_datum_t text;

    assert_int_equal(gnutls_x509_privkey_export2(identity->key, GNUTLS_X509_FMT_PEM, &text), 0);
    write_file(name, text.data, text.size);
    gnutls_free(text.data);
}

static void write_identity(const char *name, const struct identity *identity)
{
    char *certificate = memory_format("%s.crt", name), *key = memory_format("%s.key", name);

    write_certificate(certificate, identity);
    write_key(key, identity);
    free(certificate);
    free(key);
}

static struct identity authority, stranger;

static void make_all(void **state)
{
    static const struct {
        const char *file, *purpose;
        int from, to;
        bool of_stranger;
    } rows[] = {
        {"server", GNUTLS_KP_TLS_WWW_SERVER, -1, 1, false},
        {"second", GNUTLS_KP_TLS_WWW_SERVER, -1, 1, false},
        {"client", GNUTLS_KP_TLS_WWW_CLIENT, -1, 1, false},
        {"expired", GNUTLS_KP_TLS_WWW_CLIENT, -2, -1, false},
        {"early", GNUTLS_KP_TLS_WWW_CLIENT, 1, 2, false},
        {"purpose", GNUTLS_KP_TLS_WWW_SERVER, -1, 1, false},
        {"other", GNUTLS_KP_TLS_WWW_CLIENT, -1, 1, true},
    };

    (void)state;
    assert_non_null(mkdtemp(folder));
    authority = identity_new("authority", NULL, NULL, -10, 10);
    stranger = identity_new("stranger", NULL, NULL, -10, 10);
    write_certificate("authority.crt", &authority);
    write_certificate("stranger.crt", &stranger);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct identity made = identity_new(rows[i].file, rows[i].of_stranger ? &stranger : &authority,
                                            rows[i].purpose, rows[i].from, rows[i].to);
        write_identity(rows[i].file, &made);
        identity_free(&made);
    }
}

static void remove_all(void **state)
{
    static const char *const names[] = {"server", "second",    "client",   "expired", "early", "purpose",
                                        "other",  "authority", "stranger", "live",    "text",  "large"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *certificate = memory_format("%s/%s.crt", folder, names[i]);
        char *key = memory_format("%s/%s.key", folder, names[i]);
        unlink(certificate);
        unlink(key);
        free(certificate);
        free(key);
    }
    identity_free(&authority);
    identity_free(&stranger);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- a server ------------------------------------------------------------------------------------------------------ */

static struct model *model_with(const char *web)
{
    return web_rig_model(folder, web);
}

static struct web_rig start(const char *web)
{
    return web_rig_configured(folder, web, NULL);
}

static void reload(struct web_rig *rig, const char *web)
{
    web_rig_reload(rig, folder, web);
}

#define HTTPS     "tls_cert_file = server.crt\ntls_key_file = server.key\n"
#define MUTUAL    HTTPS "client_ca_file = authority.crt\n"
#define LIVE      "tls_cert_file = live.crt\ntls_key_file = live.key\n"
#define STRANGERS HTTPS "client_ca_file = stranger.crt\n"

/* ---- clients ------------------------------------------------------------------------------------------------------- */

static size_t drop(char *data, size_t unit, size_t count, void *context)
{
    (void)data;
    (void)context;
    return unit * count;
}

static CURL *client_new(const struct web_rig *rig, const char *identity, long version)
{
    CURL *curl = curl_easy_init();
    char *url = memory_format("https://127.0.0.1:%d/metrics", rig->port);
    char *trusted = path_of("authority.crt");

    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_CAINFO, trusted);
    curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, version);
    if (identity != NULL) {
        char *certificate = memory_format("%s/%s.crt", folder, identity);
        char *key = memory_format("%s/%s.key", folder, identity);
        curl_easy_setopt(curl, CURLOPT_SSLCERT, certificate);
        curl_easy_setopt(curl, CURLOPT_SSLKEY, key);
        free(certificate);
        free(key);
    }
    free(url);
    free(trusted);
    return curl;
}

/* The status; 0: no answer came. */
static long ask(CURL *curl)
{
    long status = 0;

    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static long ask_once(const struct web_rig *rig, const char *identity, long version)
{
    CURL *curl = client_new(rig, identity, version);
    long status = ask(curl);

    curl_easy_cleanup(curl);
    return status;
}

/* Has the last connection of the client seen the server under this name? */
static bool saw(CURL *curl, const char *name)
{
    struct curl_certinfo *info = NULL;

    curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info);
    assert_true(info != NULL && info->num_of_certs > 0);
    for (struct curl_slist *line = info->certinfo[0]; line != NULL; line = line->next)
        if (strncmp(line->data, "Subject:", 8) == 0)
            return strstr(line->data, name) != NULL;
    return false;
}

static void client_certificates(void **state)
{
    static const struct {
        const char *web, *identity;
        long status;
    } cases[] = {
        {HTTPS, NULL, 200},     {HTTPS, "client", 200},    {HTTPS, "other", 200},    {MUTUAL, "client", 200},
        {MUTUAL, NULL, 0},      {MUTUAL, "other", 0},      {MUTUAL, "expired", 0},   {MUTUAL, "early", 0},
        {MUTUAL, "purpose", 0}, {STRANGERS, "other", 200}, {STRANGERS, "client", 0},
    };
    static const long versions[] = {CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2,
                                    CURL_SSLVERSION_TLSv1_3};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct web_rig rig = start(cases[i].web);
        for (size_t k = 0; k < 2; k++) {
            long status = ask_once(&rig, cases[i].identity, versions[k]);
            if (status != cases[i].status)
                fail_msg("case %zu, %zu: %ld", i, k, status);
        }
        web_rig_stop(&rig);
    }
}

/* What is no TLS, or too old, is closed, and others are served. */
static void what_is_no_tls(void **state)
{
    struct web_rig rig = start(HTTPS);
    char noise[512];

    (void)state;
    char *answer = web_ask(&rig, "GET", "/metrics", "");
    assert_null(strstr(answer, "HTTP/1"));
    free(answer);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(i * 7);
    answer = web_ask_bytes(&rig, noise, sizeof noise);
    assert_null(strstr(answer, "HTTP/1"));
    free(answer);
    CURL *old = client_new(&rig, NULL, CURL_SSLVERSION_TLSv1_0 | CURL_SSLVERSION_MAX_TLSv1_1);
    assert_int_equal(ask(old), 0);
    curl_easy_cleanup(old);
    assert_int_equal(ask_once(&rig, NULL, CURL_SSLVERSION_DEFAULT), 200);
    web_rig_stop(&rig);
}

/* A handshake that is never made ends by the deadline of headers. */
static void a_handshake_that_is_not_made(void **state)
{
    struct web_options options = web_options_default;

    (void)state;
    options.header_ns = 200 * MILLISECOND_NS;
    struct web_rig rig = web_rig_configured(folder, HTTPS, &options);
    int descriptor = web_client(&rig);
    web_put(descriptor, "\x16\x03\x01", 3); /* the beginning of one */
    char *answer = web_rest(descriptor);    /* fails unless it is closed */
    assert_string_equal(answer, "");
    free(answer);
    web_rig_stop(&rig);
}

/* By a reload: other files at once, also for connections that stand; HTTPS itself not. */
static void a_reload_changes_the_rules(void **state)
{
    struct web_rig rig = start(HTTPS);
    CURL *kept = client_new(&rig, NULL, CURL_SSLVERSION_DEFAULT), *fresh;
    CURL *client = client_new(&rig, "client", CURL_SSLVERSION_DEFAULT);

    (void)state;
    assert_int_equal(ask(kept), 200);
    assert_int_equal(ask(client), 200);
    assert_true(saw(kept, "server"));
    reload(&rig, "tls_cert_file = second.crt\ntls_key_file = second.key\n");
    assert_int_equal(ask(kept), 200);
    fresh = client_new(&rig, NULL, CURL_SSLVERSION_DEFAULT);
    assert_int_equal(ask(fresh), 200);
    assert_true(saw(fresh, "second"));
    /* From now on clients show certificates. Who connected before has shown none: refused, and to connect anew. */
    reload(&rig, MUTUAL);
    assert_int_equal(ask(kept), 403);
    assert_int_equal(ask(kept), 0);
    assert_int_equal(ask(fresh), 403);
    assert_int_equal(ask(client), 403); /* it was not asked for it then */
    assert_int_equal(ask(client), 200);
    /* The authority goes: who was let in by it is so no more. */
    reload(&rig, STRANGERS);
    assert_int_equal(ask(client), 403);
    assert_int_equal(ask_once(&rig, "other", CURL_SSLVERSION_DEFAULT), 200);
    /* HTTPS goes at the next start only; and with it the certificates. */
    reload(&rig, "");
    assert_int_equal(ask_once(&rig, "other", CURL_SSLVERSION_DEFAULT), 200);
    assert_int_equal(ask_once(&rig, "client", CURL_SSLVERSION_DEFAULT), 0);
    curl_easy_cleanup(kept);
    curl_easy_cleanup(fresh);
    curl_easy_cleanup(client);
    web_rig_stop(&rig);
}

/* A renewed certificate, without a reload: the next connection but for a second sees it, those that stand go on. */
static void files_change_under_a_server(void **state)
{
    struct identity first = identity_new("first", &authority, GNUTLS_KP_TLS_WWW_SERVER, -1, 1);
    struct identity next = identity_new("renewed", &authority, GNUTLS_KP_TLS_WWW_SERVER, -1, 1);
    bool renewed = false;

    (void)state;
    write_identity("live", &first);
    struct web_rig rig = start(LIVE);
    CURL *kept = client_new(&rig, NULL, CURL_SSLVERSION_DEFAULT);
    assert_int_equal(ask(kept), 200);
    write_identity("live", &next);
    for (int i = 0; i < 400 && !renewed; i++) {
        CURL *fresh = client_new(&rig, NULL, CURL_SSLVERSION_DEFAULT);
        assert_int_equal(ask(fresh), 200);
        renewed = saw(fresh, "renewed");
        curl_easy_cleanup(fresh);
        if (!renewed)
            usleep(50000);
    }
    assert_true(renewed);
    long connects = 1;
    assert_int_equal(ask(kept), 200);
    curl_easy_getinfo(kept, CURLINFO_NUM_CONNECTS, &connects);
    assert_int_equal(connects, 0);
    curl_easy_cleanup(kept);
    web_rig_stop(&rig);
    identity_free(&first);
    identity_free(&next);
}

/* ---- files, on a clock of the test's own ---------------------------------------------------------------------------- */

/* The name that a client sees in a handshake. */
static char *name_shown(struct tls *tls)
{
    gnutls_session_t sessions[2];
    gnutls_certificate_credentials_t trusting;
    struct tls_credential *held = NULL;
    int ends[2], results[2] = {GNUTLS_E_AGAIN, GNUTLS_E_AGAIN};
    char name[64];
    size_t size = sizeof name;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    gnutls_certificate_allocate_credentials(&trusting);
    for (int i = 0; i < 2; i++) {
        gnutls_init(&sessions[i], GNUTLS_NONBLOCK | (i == 0 ? GNUTLS_SERVER : GNUTLS_CLIENT));
        assert_int_equal(gnutls_priority_set_direct(sessions[i], TLS_PRIORITIES, NULL), 0);
        gnutls_transport_set_int(sessions[i], ends[i]);
    }
    tls_begin(tls, sessions[0], &held);
    gnutls_credentials_set(sessions[1], GNUTLS_CRD_CERTIFICATE, trusting);
    for (int turns = 0; turns < 100 && (results[0] != 0 || results[1] != 0); turns++)
        for (int i = 0; i < 2; i++)
            if (results[i] != 0)
                results[i] = gnutls_handshake(sessions[i]);
    assert_int_equal(results[0], 0);
    assert_int_equal(results[1], 0);
    unsigned count;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(sessions[1], &count);
    gnutls_x509_crt_t certificate;
    gnutls_x509_crt_init(&certificate);
    assert_int_equal(gnutls_x509_crt_import(certificate, chain, GNUTLS_X509_FMT_DER), 0);
    assert_int_equal(
        gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size), 0);
    gnutls_x509_crt_deinit(certificate);
    for (int i = 0; i < 2; i++) {
        gnutls_deinit(sessions[i]);
        close(ends[i]);
    }
    tls_credential_unref(held);
    gnutls_certificate_free_credentials(trusting);
    return memory_copy_bytes(name, size);
}

static void assert_shown(struct tls *tls, struct model *model, struct moment *now, int after_s,
                         const char *wanted)
{
    now->boot_ns += after_s * SECOND_NS;
    tls_use(tls, &model->web, *now);
    char *name = name_shown(tls);
    assert_string_equal(name, wanted);
    free(name);
}

static void bad_files_leave_what_was(void **state)
{
    struct identity first = identity_new("first", &authority, GNUTLS_KP_TLS_WWW_SERVER, -1, 1);
    struct identity next = identity_new("renewed", &authority, GNUTLS_KP_TLS_WWW_SERVER, -1, 1);
    struct moment now = clock_now();
    char *error, *path = path_of("live.crt");

    (void)state;
    write_identity("live", &first);
    struct model *model = model_with(LIVE);
    struct tls *tls = tls_new(&model->web, &error);
    assert_non_null(tls);
    assert_shown(tls, model, &now, 0, "first");
    /* The certificate alone, and the key a moment later. */
    write_certificate("live.crt", &next);
    assert_shown(tls, model, &now, 2, "first");
    write_key("live.key", &next);
    assert_shown(tls, model, &now, 0, "first");
    assert_shown(tls, model, &now, 1, "renewed");
    write_file("live.crt", "garbage\n", 8);
    for (int i = 0; i < 3; i++)
        assert_shown(tls, model, &now, 2, "renewed");
    write_file("live.crt", "", 0);
    assert_shown(tls, model, &now, 2, "renewed");
    unlink(path);
    assert_shown(tls, model, &now, 2, "renewed");
    write_identity("live", &first);
    assert_shown(tls, model, &now, 2, "first");
    tls_free(tls);
    model_unref(model);
    identity_free(&first);
    identity_free(&next);
    free(path);
}

static void faults_at_load(void **state)
{
    static const struct {
        const char *web;
        int line;
        bool warning;
        const char *told; /* NULL: nothing */
    } cases[] = {
        {HTTPS, 0, false, NULL},
        {MUTUAL, 0, false, NULL},
        {"tls_cert_file = server.crt\ntls_key_file = second.key\n", 3, false,
         "is not the key of the certificate in"},
        {"tls_cert_file = server.key\ntls_key_file = server.key\n", 2, false, "holds no certificate in PEM"},
        {"tls_cert_file = server.crt\ntls_key_file = server.crt\n", 3, false, "holds no key in PEM"},
        {"tls_cert_file = text.crt\ntls_key_file = server.key\n", 2, false,
         "holds a certificate that cannot be read"},
        {"tls_cert_file = large.crt\ntls_key_file = server.key\n", 2, false, "is larger than 1048576 bytes"},
        {"tls_cert_file = nowhere.crt\ntls_key_file = server.key\n", 2, false, "cannot be read"},
        {HTTPS "client_ca_file = text.crt\n", 4, false, "holds a certificate that cannot be read"},
        {"tls_cert_file = expired.crt\ntls_key_file = expired.key\n", 2, true, "expired on 2"},
        {"tls_cert_file = early.crt\ntls_key_file = early.key\n", 2, true, "begins to be valid on 2"},
        {HTTPS "client_ca_file = expired.crt\n", 4, true, "expired on 2"},
        {"tls_cert_file = server.crt\ntls_key_file = live.key\n", 3, true,
         "every user of this machine can read"},
    };
    struct config_schema schema = sample_schema;
    char *open_key = path_of("live.key"), *path = path_of("web.ini"), *large = memory_new(1 << 20 | 1, 1);

    (void)state;
    schema.check_web = tls_files_check;
    write_file("text.crt", "-----BEGIN CERTIFICATE-----\nno\n", 31);
    memset(large, 'x', 1 << 20 | 1);
    write_file("large.crt", large, 1 << 20 | 1);
    free(large);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault_list faults = {0};
        char *text = memory_format(
            "[web]\n%s[appserver live]\nurl = https://h/K\nauth = none\napi_version = v1\n"
            "[probe p]\nkind = baq\ncompany = C\n",
            cases[i].web);
        if (strstr(cases[i].web, "live.key") != NULL) {
            gnutls_datum_t copy;
            char *from = path_of("server.key");
            assert_int_equal(gnutls_load_file(from, &copy), 0);
            write_file("live.key", copy.data, copy.size);
            assert_int_equal(chmod(open_key, 0644), 0);
            gnutls_free(copy.data);
            free(from);
        }
        struct model *model = model_read(path, span_of(text), NULL, &schema, &faults);
        fault_list_sort(&faults);
        if (cases[i].told == NULL ? faults.count != 0
                                  : faults.count == 0 || faults.items[0].line != cases[i].line ||
                                        faults.items[0].warning != cases[i].warning ||
                                        strstr(faults.items[0].text, cases[i].told) == NULL)
            fail_msg("case %zu: %d: %s", i, faults.count > 0 ? faults.items[0].line : 0,
                     faults.count > 0 ? faults.items[0].text : "nothing");
        model_unref(model);
        fault_list_free(&faults);
        free(text);
    }
    free(open_key);
    free(path);
}

/* Nobody can show one: then nobody is let in, not even from the machine itself. */
static void client_certificates_over_plain_http(void **state)
{
    struct web_rig rig = web_rig_configured(folder, "", NULL);

    (void)state;
    char *answer = web_ask(&rig, "GET", "/metrics", "");
    assert_int_equal(web_status(answer), 200);
    free(answer);
    web_rig_reload(&rig, folder, MUTUAL);
    answer = web_ask(&rig, "GET", "/metrics", "");
    assert_int_equal(web_status(answer), 403);
    assert_non_null(strstr(web_body(answer), "A client certificate is wanted"));
    free(answer);
    web_rig_stop(&rig);
}

ALL_TESTS(cmocka_unit_test(make_all), cmocka_unit_test(client_certificates_over_plain_http),
          cmocka_unit_test(client_certificates), cmocka_unit_test(what_is_no_tls),
          cmocka_unit_test(a_handshake_that_is_not_made), cmocka_unit_test(a_reload_changes_the_rules),
          cmocka_unit_test(files_change_under_a_server), cmocka_unit_test(bad_files_leave_what_was),
          cmocka_unit_test(faults_at_load), cmocka_unit_test(remove_all));
