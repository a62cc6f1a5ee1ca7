/* auth = oauth2 over real sockets: the agent against a token endpoint of another author's mind, which checks forms, Basic and
   assertions by itself. */
#include "main.h"

#include <math.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "integration/rig.h"
#include "simulator/simulator.h"

#define SECRET_OF_CLIENT "demo-client-secret"
#define LIVE(name)       name "{appserver=\"live\"}"
#define FAILS(reason)                                                                                        \
    "epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\",probe=\"parts\",reason=\"" reason "\"}"
#define TOKEN_FAILS(reason) "epicor_token_failure_reason{appserver=\"live\",reason=\"" reason "\"}"
#define CERTIFICATE(whose)                                                                                   \
    "epicor_tls_certificate_expiry_timestamp_seconds{appserver=\"live\",certificate=\"" whose "\"}"
#define PARTS "epicor_probe_success{appserver=\"live\",company=\"EPIC06\",probe=\"parts\"}"
#define LOGIN "epicor_probe_success{appserver=\"live\",company=\"\",probe=\"login\"}"

/* ---- a site ---- */

struct site {
    struct simulator *server;
    struct rig rig;
};

static struct simulator_options options(void)
{
    return (struct simulator_options){
        .behaviour = {.access = SIMULATOR_BY(SIMULATOR_WAY_OAUTH)},
        .oauth = {.on = true, .own_port = true},
    };
}

/* The lines are those of the way in. */
static struct site site_start(const struct simulator_options *wanted, const char *lines)
{
    struct site site = {.server = simulator_start(wanted)};

    simulator_set_entity(site.server, "Erp.BO.PartSvc/Parts", NULL, 3);
    char *text = memory_format("[exporter]\ninterval = 250ms\n[appserver live]\nurl = %s\ncompany = EPIC06\n"
                               "api_key = demo-api-key\nbackoff = 100ms..500ms\nlogin_retry = 60s..120s\n"
                               "auth = oauth2\noauth2_token_url = %s\noauth2_client_id = demo-client\n%s\n"
                               "[probe login]\nkind = token\n"
                               "[probe parts]\nkind = bo\nservice = Erp.BO.PartSvc\nentity = Parts\n",
                               simulator_url(site.server), simulator_token_url(site.server), lines);
    site.rig = rig_start(text);
    free(text);
    return site;
}

static void site_end(struct site *site)
{
    rig_end(&site->rig);
    simulator_stop(site->server);
}

static void await_success(const struct site *site)
{
    rig_await(&site->rig, PARTS, 1);
    rig_await(&site->rig, LOGIN, 1);
}

static char *temporary(const char *text)
{
    char *path = memory_copy_text("/tmp/test_oauth2_XXXXXX");
    int descriptor = mkstemp(path);

    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
    return path;
}

static void rewrite(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void drop(char *path)
{
    unlink(path);
    free(path);
}

/* ---- a key and its certificate, as PEM ---- */

struct identity {
    char *key, *certificate;
};

static char *text_of(BIO *bio)
{
    char *bytes;
    long size = BIO_get_mem_data(bio, &bytes);
    char *text = memory_copy_bytes(bytes, (size_t)size);

    BIO_free(bio);
    return text;
}

static struct identity identity_make(void)
{
    EVP_PKEY *key = EVP_RSA_gen(2048U);
    X509 *certificate = X509_new();
    BIO *key_text = BIO_new(BIO_s_mem()), *certificate_text = BIO_new(BIO_s_mem());

    assert_non_null(key);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"monitor", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(PEM_write_bio_X509(certificate_text, certificate), 1);
    EVP_PKEY_free(key);
    X509_free(certificate);
    return (struct identity){text_of(key_text), text_of(certificate_text)};
}

static void identity_free(struct identity *identity)
{
    free(identity->key);
    free(identity->certificate);
}

/* ---- each way a client shows who it is ---- */

static void a_client_is_let_in_by_form_and_by_basic(void **state)
{
    static const struct {
        unsigned takes; /* client_authentication of the endpoint */
        const char *secret, *lines;
    } cases[] = {
        {SIMULATOR_CLIENT_FORM, SECRET_OF_CLIENT,
         "oauth2_client_secret = " SECRET_OF_CLIENT "\noauth2_scope = epicor_erp\n"},
        {SIMULATOR_CLIENT_BASIC, SECRET_OF_CLIENT,
         "oauth2_client_secret = " SECRET_OF_CLIENT "\noauth2_client_auth = basic\n"},
        /* what each of them has to encode */
        {SIMULATOR_CLIENT_FORM, "a+b%41 c&d=\xc3\xa4:~'", "oauth2_client_secret = a+b%41 c&d=\xc3\xa4:~'\n"},
        {SIMULATOR_CLIENT_BASIC, "a+b%41 c&d=\xc3\xa4:~'",
         "oauth2_client_secret = a+b%41 c&d=\xc3\xa4:~'\noauth2_client_auth = basic\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct simulator_options wanted = options();
        wanted.behaviour.client_authentication = cases[i].takes;
        wanted.oauth.client_secret = cases[i].secret;
        wanted.oauth.scopes = "epicor_erp";
        struct site site = site_start(&wanted, cases[i].lines);
        await_success(&site);
        struct simulator_counts counts = simulator_counts(site.server);
        assert_int_equal(counts.oauth_refusals, 0);
        assert_int_equal(counts.token_requests, 0);
        assert_true(counts.logins[SIMULATOR_WAY_OAUTH] > 0);
        site_end(&site);
    }
}

static void the_password_grant_lets_a_user_in(void **state)
{
    struct simulator_options wanted = options();

    (void)state;
    wanted.oauth.client_secret = ""; /* a public client */
    struct site site = site_start(
        &wanted, "oauth2_grant = password\nusername = epicor-monitor\npassword = demo-password\n"
                 "oauth2_scope = openid email epicor_erp\n");
    await_success(&site);
    assert_int_equal(simulator_counts(site.server).oauth_refusals, 0);
    site_end(&site);
}

static void a_key_lets_a_client_in_and_may_be_replaced(void **state)
{
    struct identity first = identity_make(), second = identity_make();
    char *key = temporary(first.key), *certificate = temporary(first.certificate);
    char *lines = memory_format("oauth2_client_auth = private_key_jwt\noauth2_client_key_file = %s\n"
                                "oauth2_client_cert_file = %s\n",
                                key, certificate);
    struct simulator_options wanted = options();

    (void)state;
    wanted.oauth.client_key = first.certificate;
    wanted.behaviour.thumbprint_wanted = true;
    struct site site = site_start(&wanted, lines);
    await_success(&site);
    assert_int_equal(simulator_counts(site.server).oauth_refusals, 0);

    /* The provider knows another key from now on: refused once, and held back. */
    simulator_set_client_key(site.server, second.certificate);
    rig_await_at_least(&site.rig, TOKEN_FAILS("credentials"), 1);
    assert_int_equal(simulator_counts(site.server).wrong_clients, 1);
    assert_true(rig_metric(&site.rig, LIVE("epicor_login_blocked_until_timestamp_seconds")) > 0);

    /* The new key on disk is noticed without a restart, long before login_retry has passed. Between the two files one does
       not fit the other, which is told and tried again. */
    rewrite(certificate, second.certificate);
    rewrite(key, second.key);
    rig_await(&site.rig, LOGIN, 1);
    assert_true(rig_metric(&site.rig, LIVE("epicor_login_blocked_until_timestamp_seconds")) == 0);
    assert_int_equal(simulator_counts(site.server).wrong_clients, 1);
    site_end(&site);
    drop(key);
    drop(certificate);
    free(lines);
    identity_free(&first);
    identity_free(&second);
}

static void a_key_that_does_not_fit_is_told_and_never_sent(void **state)
{
    struct identity first = identity_make(), second = identity_make();
    char *key = temporary(first.key), *certificate = temporary(second.certificate);
    char *lines = memory_format("oauth2_client_auth = private_key_jwt\noauth2_client_key_file = %s\n"
                                "oauth2_client_cert_file = %s\n",
                                key, certificate);
    struct simulator_options wanted = options();

    (void)state;
    wanted.oauth.client_key = first.certificate;
    struct site site = site_start(&wanted, lines);
    rig_await(&site.rig, FAILS("internal"), 1);
    char *page = rig_status_page(&site.rig);
    assert_non_null(strstr(page, "is not the one that the certificate of"));
    free(page);
    assert_int_equal(simulator_counts(site.server).oauth_requests, 0);
    rewrite(certificate, first.certificate);
    await_success(&site);
    site_end(&site);
    drop(key);
    drop(certificate);
    free(lines);
    identity_free(&first);
    identity_free(&second);
}

/* ---- failures ---- */

static void a_wrong_secret_is_asked_with_once(void **state)
{
    char *secret = temporary("wrong-secret-1");
    char *lines = memory_format("oauth2_client_secret_file = %s\n", secret);
    struct simulator_options wanted = options();

    (void)state;
    struct site site = site_start(&wanted, lines);
    rig_await(&site.rig, FAILS("credentials"), 1);
    /* Several runs long nobody asks again, the probe of the kind token included. */
    rig_await_at_least(&site.rig,
                       "epicor_probe_runs_total{appserver=\"live\",company=\"EPIC06\",probe=\"parts\"}", 6);
    assert_int_equal(simulator_counts(site.server).oauth_requests, 1);
    assert_int_equal(simulator_counts(site.server).wrong_clients, 1);
    assert_true(rig_metric(&site.rig, LIVE("epicor_login_blocked_until_timestamp_seconds")) > 0);
    assert_true(
        rig_metric(&site.rig, "epicor_auth_failures_total{appserver=\"live\",reason=\"credentials\"}") >= 1);
    rewrite(secret, SECRET_OF_CLIENT);
    await_success(&site);
    assert_int_equal(simulator_counts(site.server).wrong_clients, 1);
    char *log = rig_log();
    assert_null(strstr(log, "wrong-secret-1"));
    assert_null(strstr(log, SECRET_OF_CLIENT));
    free(log);
    site_end(&site);
    drop(secret);
    free(lines);
}

static void a_scope_that_is_not_known_is_no_matter_of_the_secret(void **state)
{
    struct simulator_options wanted = options();

    (void)state;
    wanted.oauth.scopes = "epicor_erp";
    struct site site = site_start(&wanted,
                                  "oauth2_client_secret = " SECRET_OF_CLIENT "\noauth2_scope = other\n");
    rig_await(&site.rig, FAILS("identity_provider"), 1);
    rig_await(&site.rig, TOKEN_FAILS("identity_provider"), 1);
    assert_true(rig_metric(&site.rig, LIVE("epicor_login_blocked_until_timestamp_seconds")) == 0);
    assert_int_equal(simulator_counts(site.server).wrong_clients, 0);
    site_end(&site);
}

/* A provider that is down is told as such; the living token goes on. */
static void a_provider_that_is_down_is_no_dead_erp(void **state)
{
    struct simulator_options wanted = options();

    (void)state;
    struct site site = site_start(&wanted, "oauth2_client_secret = " SECRET_OF_CLIENT "\n");
    await_success(&site);
    simulator_set_identity_provider(site.server, false);
    rig_await(&site.rig, LOGIN, 0);
    assert_true(rig_metric(&site.rig, "epicor_probe_failure_reason{appserver=\"live\",company=\"\",probe="
                                      "\"login\",reason=\"identity_provider\"}") == 1);
    char *page = rig_status_page(&site.rig);
    assert_non_null(strstr(page, "connect: "));
    free(page);
    assert_true(rig_metric(&site.rig, PARTS) == 1);
    assert_true(rig_metric(&site.rig, LIVE("epicor_up")) == 1);
    simulator_set_identity_provider(site.server, true);
    await_success(&site);
    site_end(&site);
}

static void a_provider_that_was_never_up_is_told(void **state)
{
    struct simulator_options wanted = options();
    struct simulator *server = simulator_start(&wanted);

    (void)state;
    simulator_set_identity_provider(server, false);
    char *text = memory_format("[exporter]\ninterval = 250ms\n[appserver live]\nurl = %s\ncompany = EPIC06\n"
                               "api_key = demo-api-key\nbackoff = 100ms..500ms\nauth = oauth2\n"
                               "oauth2_token_url = %s\noauth2_client_id = demo-client\n"
                               "oauth2_client_secret = " SECRET_OF_CLIENT "\n"
                               "[probe parts]\nkind = bo\nservice = Erp.BO.PartSvc\nentity = Parts\n",
                               simulator_url(server), simulator_token_url(server));
    struct site site = {server, rig_start(text)};
    simulator_set_entity(server, "Erp.BO.PartSvc/Parts", NULL, 3);
    rig_await(&site.rig, FAILS("identity_provider"), 1);
    simulator_set_identity_provider(server, true);
    rig_await(&site.rig, PARTS, 1);
    site_end(&site);
    free(text);
}

/* Its certificate is not the app server's, and is told beside it. */
static void the_providers_certificate_is_told_as_its_own(void **state)
{
    struct simulator_options wanted = options();
    struct simulator *server;

    (void)state;
    wanted.certificate = SIMULATOR_TLS_VALID;
    server = simulator_start(&wanted);
    simulator_set_entity(server, "Erp.BO.PartSvc/Parts", NULL, 3);
    char *text = memory_format("[exporter]\ninterval = 250ms\n[appserver live]\nurl = %s\ncompany = EPIC06\n"
                               "api_key = demo-api-key\nauth = oauth2\noauth2_token_url = %s\n"
                               "oauth2_client_id = demo-client\noauth2_client_secret = " SECRET_OF_CLIENT "\n"
                               "tls_ca_file = %s\n[probe login]\nkind = token\n",
                               simulator_url(server), simulator_token_url(server), simulator_ca_file(server));
    struct site site = {server, rig_start(text)};
    rig_await(&site.rig, LOGIN, 1);
    assert_true(rig_metric(&site.rig, CERTIFICATE("identity_provider")) ==
                (double)simulator_certificate_not_after(server));
    assert_true(isnan(rig_metric(&site.rig, CERTIFICATE("server"))));
    assert_true(isnan(rig_metric(&site.rig, LIVE("epicor_clock_skew_seconds"))));
    site_end(&site);
    free(text);
}

/* The endpoint below the app server's own URL: its network failures keep their names. */
static void an_endpoint_of_the_app_server_is_inside(void **state)
{
    struct simulator_options wanted = options();

    (void)state;
    wanted.oauth.own_port = false;
    wanted.oauth.path = "/KineticLive/idp/token";
    struct site site = site_start(&wanted, "oauth2_client_secret = " SECRET_OF_CLIENT "\n");
    await_success(&site);
    assert_int_equal(simulator_counts(site.server).oauth_refusals, 0);
    simulator_revoke_tokens(site.server);
    rig_await_at_least(&site.rig, LIVE("epicor_reauthentications_total"), 1);
    await_success(&site);
    site_end(&site);
}

ALL_TESTS(cmocka_unit_test(a_client_is_let_in_by_form_and_by_basic),
          cmocka_unit_test(the_password_grant_lets_a_user_in),
          cmocka_unit_test(a_key_lets_a_client_in_and_may_be_replaced),
          cmocka_unit_test(a_key_that_does_not_fit_is_told_and_never_sent),
          cmocka_unit_test(a_wrong_secret_is_asked_with_once),
          cmocka_unit_test(a_scope_that_is_not_known_is_no_matter_of_the_secret),
          cmocka_unit_test(a_provider_that_is_down_is_no_dead_erp),
          cmocka_unit_test(a_provider_that_was_never_up_is_told),
          cmocka_unit_test(the_providers_certificate_is_told_as_its_own),
          cmocka_unit_test(an_endpoint_of_the_app_server_is_inside));
