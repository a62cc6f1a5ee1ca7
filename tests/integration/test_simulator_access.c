/* The simulator's ways to be let in, its token endpoint and its lock-out, against the facts (§1 to §3) and RFCs. */
#include "main.h"

#include "integration/http_client.h"
#include "integration/jwt_maker.h"
#include "simulator/simulator.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DATA      "api/v2/odata/EPIC06/BaqSvc/zLicenseUsage/Data"
#define CALL(...) (&(struct http_request){DATA, .headers = {__VA_ARGS__}})
#define BAD_BASIC "Authorization: Basic ZXBpY29yLW1vbml0b3I6d3Jvbmc=" /* epicor-monitor:wrong */
/* demo-client:demo-client-secret */
#define CLIENT_BASIC        "Authorization: Basic ZGVtby1jbGllbnQ6ZGVtby1jbGllbnQtc2VjcmV0"
#define CLIENT_FORM         "&client_id=demo-client&client_secret=demo-client-secret"
#define ROPC                "grant_type=password" CLIENT_FORM "&username=epicor-monitor&password="
#define BEHAVE(server, ...) simulator_set_behaviour(server, &(struct simulator_behaviour){__VA_ARGS__})

static struct simulator_counts counts_of(struct simulator *server)
{
    assert_true(simulator_wait_idle(server, 10000));
    return simulator_counts(server);
}

/* ---- Basic and bearer -------------------------------------------------------------------------- */

static void basic_is_right_or_wrong(void **state)
{
    struct simulator *server = simulator_start(NULL);
    (void)state;
    http_expect(server, CALL(BASIC, KEY), 200, NULL);
    http_expect(server, CALL(BAD_BASIC, KEY), 401,
                TEXTS("\"ErrorMessage\":\"Invalid username or password.\"", "WWW-Authenticate: Basic"));
    http_expect(server, CALL("Authorization: Basic !!", KEY), 401, NULL);
    http_expect(server, CALL(BAD_BASIC, KEY, "Accept: */*"), 401, TEXTS("<ApiExceptionResponse"));
    BEHAVE(server, .basic_refusal = SIMULATOR_BASIC_HTML);
    http_expect(server, CALL(BAD_BASIC, KEY), 401, TEXTS("HTTP Error 401.1", "Content-Type: text/html"));
    http_expect(server, CALL(KEY), 401, TEXTS("HTTP Error 401.1"));
    simulator_set_password(server, "EPICOR-monitor", "wrong"); /* names are case-blind */
    http_expect(server, CALL(BAD_BASIC, KEY), 200, NULL);
    struct simulator_counts counts = counts_of(server);
    assert_int_equal(counts.logins[SIMULATOR_WAY_BASIC], 2);
    assert_int_equal(counts.refusals[SIMULATOR_WAY_BASIC], 4);
    assert_int_equal(counts.refusals[SIMULATOR_WAY_NONE], 1);
    assert_int_equal(counts.wrong_passwords, 3);
    simulator_remove_user(server, "epicor-monitor");
    http_expect(server, CALL(BAD_BASIC, KEY), 401, NULL);
    simulator_stop(server);
}

/* Each row: the ways that are open, and the status that each kind of call then gets. */
static void ways_are_opened_and_closed(void **state)
{
    static const struct {
        unsigned access;
        long basic, token, proxy, nothing;
    } cases[] = {
        {0, 200, 200, 200, 401},
        {SIMULATOR_BY(SIMULATOR_WAY_BASIC), 200, 401, 401, 401},
        {SIMULATOR_BY(SIMULATOR_WAY_TOKEN), 401, 200, 401, 401},
        {SIMULATOR_BY(SIMULATOR_WAY_BASIC) | SIMULATOR_BY(SIMULATOR_WAY_TOKEN), 200, 200, 401, 401},
        {SIMULATOR_BY(SIMULATOR_WAY_PROXY), 401, 401, 200, 401},
        {SIMULATOR_BY(SIMULATOR_WAY_NONE), 200, 200, 200, 200},
    };
    (void)state;
    struct simulator *server = simulator_start(
        &(struct simulator_options){.proxy_user_header = "X-Remote-User"});
    char *bearer = http_bearer(server);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BEHAVE(server, .access = cases[i].access);
        http_expect(server, CALL(BASIC, KEY), cases[i].basic, NULL);
        http_expect(server, CALL(bearer, KEY), cases[i].token, NULL);
        http_expect(server, CALL("x-remote-user: epicor-monitor", KEY), cases[i].proxy, NULL);
        http_expect(server, CALL(KEY), cases[i].nothing, NULL);
        /* The API key is wanted with each of them. */
        if (cases[i].basic == 200)
            http_expect(server, CALL(BASIC, "x-api-key: x"), 401,
                        TEXTS("Invalid API Key x.\\r\\nCompany EPIC06."));
        if (cases[i].nothing == 200)
            http_expect(server, CALL(BASIC), 401, TEXTS("API Key is required"));
    }
    free(bearer);
    simulator_stop(server);
}

static void a_proxy_names_the_user(void **state)
{
    struct simulator *server = simulator_start(&(struct simulator_options){.proxy_user_header = "X-User"});
    (void)state;
    http_expect(server, CALL("X-User: epicor-monitor@EXAMPLE.TEST", KEY), 200, NULL);
    http_expect(server, CALL("X-User: EXAMPLE\\Epicor-Monitor", KEY), 200, NULL);
    http_expect(server, CALL("X-User: (null)", KEY), 401, TEXTS("Invalid username or password."));
    http_expect(server, CALL("X-User: nobody", BASIC, KEY), 401, NULL); /* the proxy's word goes first */
    assert_int_equal(counts_of(server).logins[SIMULATOR_WAY_PROXY], 2);
    assert_int_equal(counts_of(server).wrong_passwords, 0);
    simulator_stop(server);

    server = simulator_start(NULL); /* nobody is believed unless it is switched on */
    http_expect(server, CALL("X-User: epicor-monitor", "X-Remote-User: epicor-monitor", KEY), 401, NULL);
    simulator_stop(server);
}

static void keys_are_by_company(void **state)
{
    struct simulator *server = simulator_start(NULL);
    struct http_request request = {DATA, .headers = {BASIC, "x-api-key: k6"}};
    (void)state;
    simulator_set_api_key(server, "EPIC06", "k6");
    http_expect(server, &request, 200, NULL);
    request.path = "api/v2/odata/EPIC07/BaqSvc/zLicenseUsage/Data";
    http_expect(server, &request, 401, TEXTS("\"Invalid API Key k6.\\r\\nCompany EPIC07.\""));
    simulator_set_api_key(server, "EPIC07", "k7");
    request.headers[1] = KEY;
    http_expect(server, &request, 401, NULL);
    simulator_remove_api_key(server, "EPIC07");
    http_expect(server, &request, 200, NULL);
    assert_int_equal(counts_of(server).wrong_api_keys, 2);
    simulator_stop(server);
}

/* ---- lock-out ---------------------------------------------------------------------------------- */

static void wrong_passwords_lock(void **state)
{
    struct simulator *server = simulator_start(&(struct simulator_options){
        .oauth.on = true, .behaviour = {.lockout_after = 3, .lockout_seconds = 600}});
    char *bearer = http_bearer(server);
    struct http_request token = {"TokenResource.svc/", .body = "",
                                 .headers = {"username: epicor-monitor", "password: x"}};
    struct http_request grant = {simulator_token_url(server), .body = ROPC "x"};
    (void)state;
    http_expect(server, &token, 401, NULL); /* 1, 2, and a good one begins anew */
    http_expect(server, CALL(BAD_BASIC, KEY), 401, NULL);
    http_expect(server, CALL(BASIC, KEY), 200, NULL);
    http_expect(server, CALL(BAD_BASIC, KEY), 401, NULL);
    http_expect(server, &token, 401, NULL);
    assert_false(simulator_locked(server, "epicor-monitor"));
    http_expect(server, &grant, 400, TEXTS("\"error\":\"invalid_grant\""));
    assert_true(simulator_locked(server, "epicor-monitor"));
    /* A locked account answers as a wrong password does, whatever the password is. */
    http_expect(server, CALL(BASIC, KEY), 401, TEXTS("Invalid username or password."));
    token.headers[1] = "password: demo-password";
    http_expect(server, &token, 401, TEXTS("Invalid username or password."));
    grant.body = ROPC "demo-password";
    http_expect(server, &grant, 400, TEXTS("invalid_grant"));
    http_expect(server, CALL(bearer, KEY), 200, NULL); /* a token that lives is not asked for a password */
    struct simulator_counts counts = counts_of(server);
    assert_int_equal(counts.wrong_passwords, 5);
    assert_int_equal(counts.locked_attempts, 3);
    assert_int_equal(counts.lock_outs, 1);
    assert_int_equal(counts.token_requests, 4);
    assert_int_equal(counts.token_refusals, 3);
    assert_int_equal(counts.oauth_requests, 2);
    assert_int_equal(counts.oauth_refusals, 2);
    simulator_unlock(server, "epicor-monitor");
    http_expect(server, &token, 200, NULL);

    BEHAVE(server, .lockout_after = 1, .lockout_seconds = 1); /* the lock ends by itself */
    http_expect(server, CALL(BAD_BASIC, KEY), 401, NULL);
    long status = 0;
    for (int i = 0; i < 10000 && status != 200; i++) {
        struct http_answer answer = http_ask(server, &token);
        status = answer.status;
        http_answer_free(&answer);
    }
    assert_int_equal(status, 200);

    BEHAVE(server, .lockout_after = 1);
    http_expect(server, CALL(BAD_BASIC, KEY), 401, NULL);
    http_expect(server, &token, 401, NULL);
    simulator_unlock(server, "epicor-monitor");
    http_expect(server, &token, 200, NULL);
    simulator_lock(server, NULL);
    http_expect(server, &token, 401, NULL);
    assert_int_equal(counts_of(server).lock_outs, 3);
    free(bearer);
    simulator_stop(server);
}

/* ---- the token endpoint of its own --------------------------------------------------------------------- */

static char *token_of(struct simulator *server, const struct http_request *request)
{
    struct http_answer answer = http_ask(server, request);
    cJSON *json = cJSON_Parse(answer.body);
    const char *token = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "access_token"));
    char *header = NULL;
    if (answer.status != 200 || !token)
        fail_msg("%ld: %s", answer.status, answer.body);
    assert_true(asprintf(&header, "Authorization: Bearer %s", token) > 0);
    cJSON_Delete(json);
    http_answer_free(&answer);
    return header;
}

static void grants_and_their_refusals(void **state)
{
    static const struct {
        const char *body, *header;
        long status;
        const char *text;
    } cases[] = {
        {"grant_type=client_credentials" CLIENT_FORM "&scope=epicor_erp", NULL, 200,
         "\"scope\":\"epicor_erp\"}"},
        {"grant_type=client_credentials", CLIENT_BASIC, 200,
         "\"token_type\":\"Bearer\",\"expires_in\":3600}"},
        {ROPC "demo-password&scope=openid+email%20epicor_erp", NULL, 200,
         "\"scope\":\"openid email epicor_erp\""},
        {ROPC "wrong", NULL, 400, "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid username"},
        {"grant_type=password" CLIENT_FORM "&username=u", NULL, 400, "\"error\":\"invalid_request\""},
        {"grant_type=client_credentials&client_id=demo-client&client_secret=x", NULL, 400,
         "\"error\":\"invalid_client\""},
        {"grant_type=client_credentials&client_id=demo-client", NULL, 400, "\"error\":\"invalid_client\""},
        {"grant_type=client_credentials", NULL, 400, "\"error\":\"invalid_client\""},
        {"grant_type=client_credentials", BASIC, 401, "WWW-Authenticate: Basic"},
        {"grant_type=client_credentials" CLIENT_FORM, CLIENT_BASIC, 400, "\"error\":\"invalid_request\""},
        {"grant_type=client_credentials" CLIENT_FORM "&scope=other", NULL, 400,
         "\"error\":\"invalid_scope\""},
        {"grant_type=client_credentials" CLIENT_FORM "&scope=epicor", NULL, 400,
         "\"error\":\"invalid_scope\""},
        {"grant_type=refresh_token&refresh_token=x" CLIENT_FORM, NULL, 400,
         "\"error\":\"unsupported_grant_type\""},
        {"", NULL, 400, "\"error\":\"invalid_request\""},
        {"{}", "Content-Type: application/json", 400, "\"error\":\"invalid_request\""},
    };
    struct simulator *server = simulator_start(
        &(struct simulator_options){.oauth = {.on = true, .scopes = "openid email epicor_erp"}});
    (void)state;
    const char *url = simulator_token_url(server);
    assert_non_null(strstr(url, "/connect/token"));
    assert_null(strstr(url, "KineticLive"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        http_expect(server, &(struct http_request){url, .body = cases[i].body, .headers = {cases[i].header}},
                    cases[i].status, TEXTS(cases[i].text, "Cache-Control: no-store", "application/json"));
    http_expect(server, &(struct http_request){url, .method = NULL}, 405, NULL);
    assert_int_equal(counts_of(server).wrong_clients, 4);
    assert_int_equal(counts_of(server).wrong_passwords, 1);
    assert_int_equal(simulator_tokens(server), 3);

    struct http_request form = {url, .body = cases[0].body},
                        basic = {url, .body = cases[1].body, .headers = {CLIENT_BASIC}};
    BEHAVE(server, .client_authentication = SIMULATOR_CLIENT_FORM);
    http_expect(server, &form, 200, NULL);
    http_expect(server, &basic, 401, TEXTS("invalid_client"));
    BEHAVE(server, .client_authentication = SIMULATOR_CLIENT_BASIC, .expires_in = SIMULATOR_EXPIRES_STRING,
           .token_lifetime = 7);
    http_expect(server, &form, 400, TEXTS("invalid_client"));
    http_expect(server, &basic, 200, TEXTS("\"expires_in\":\"7\""));
    simulator_set_client_secret(server, "a+b c:d%");
    BEHAVE(server, .client_basic_raw = false);
    char *user = jwt_basic("demo-client:a%2Bb+c%3Ad%25"), *raw = jwt_basic("demo-client:a+b c:d%");
    basic.headers[0] = user;
    http_expect(server, &basic, 200, NULL);
    basic.headers[0] = raw;
    http_expect(server, &basic, 401, NULL);
    BEHAVE(server, .client_basic_raw = true);
    http_expect(server, &basic, 200, NULL);
    free(user);
    free(raw);
    simulator_stop(server);

    server = simulator_start(NULL); /* off unless it is switched on */
    assert_null(simulator_token_url(server));
    simulator_stop(server);
}

static void granted_tokens_are_accepted(void **state)
{
    struct simulator *server = simulator_start(&(struct simulator_options){.oauth = {.on = true}});
    struct http_request grant = {simulator_token_url(server),
                                 .body = "grant_type=client_credentials" CLIENT_FORM};
    (void)state;
    char *bearer = token_of(server, &grant);
    http_expect(server, CALL(bearer, KEY), 200, NULL);
    http_expect(server, CALL(bearer), 401, TEXTS("API Key is required"));
    BEHAVE(server, .access = SIMULATOR_BY(SIMULATOR_WAY_TOKEN));
    http_expect(server, CALL(bearer, KEY), 401, TEXTS("WWW-Authenticate: Bearer"));
    BEHAVE(server, .access = SIMULATOR_BY(SIMULATOR_WAY_OAUTH), .token_lifetime = 100);
    http_expect(server, CALL(bearer, KEY), 200, NULL);
    simulator_revoke_tokens(server);
    http_expect(server, CALL(bearer, KEY), 401, NULL);
    free(bearer);
    bearer = token_of(server, &grant);
    http_expect(server, CALL(bearer, KEY), 200, NULL);
    BEHAVE(server, .clock_offset = 100); /* the lifetime of now was granted */
    http_expect(server, CALL(bearer, KEY), 401, NULL);
    free(bearer);
    BEHAVE(server, .token_claims = SIMULATOR_OPAQUE_TOKEN);
    bearer = token_of(server, &grant);
    assert_null(strchr(bearer, '.'));
    http_expect(server, CALL(bearer, KEY), 200, NULL);
    assert_int_equal(counts_of(server).logins[SIMULATOR_WAY_OAUTH], 5);
    free(bearer);
    simulator_stop(server);
}

/* ---- signed with RSA keys -------------------------------------------------------------------------------- */

#define ASSERTION_TYPE       "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
#define ASSERTION_FORM(type) "grant_type=client_credentials&client_assertion_type=" type "&client_assertion="

static void assertion_expect(struct simulator *server, const struct jwt_signer *signer, const char *algorithm,
                             const char *head, const char *claims, long status, const char *text)
{
    char *token = jwt_make(signer, algorithm, head, claims), *body = NULL;
    assert_true(asprintf(&body, "%s%s", ASSERTION_FORM(ASSERTION_TYPE), token) > 0);
    http_expect(server, &(struct http_request){simulator_token_url(server), .body = body}, status,
                TEXTS(text));
    free(token);
    free(body);
}

/* Claims of an assertion; a text that is not NULL stands in place of the right one. */
static char *assertion_claims(struct simulator *server, const char *issuer, const char *subject,
                              const char *audience, long lives, const char *id)
{
    char *claims = NULL;
    assert_true(asprintf(&claims, "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"%s\",\"exp\":%ld%s%s%s}",
                         issuer ? issuer : "demo-client", subject ? subject : "demo-client",
                         audience ? audience : simulator_token_url(server), (long)time(NULL) + lives,
                         id ? ",\"jti\":\"" : "", id ? id : "", id ? "\"" : "") > 0);
    return claims;
}

static void assertions_are_checked(void **state)
{
    struct jwt_signer *signer = jwt_signer_make("one"), *stranger = jwt_signer_make("one");
    struct simulator *server = simulator_start(
        &(struct simulator_options){.oauth = {.on = true, .client_key = jwt_signer_certificate(signer)}});
    static const struct {
        const char *issuer, *subject, *audience, *id, *text;
        long lives;
    } bad[] = {
        {"x", NULL, NULL, "b1", "iss and sub", 60}, {NULL, "x", NULL, "b2", "iss and sub", 60},
        {NULL, NULL, "x", "b3", "audience", 60},    {NULL, NULL, NULL, "b4", "expired", 0},
        {NULL, NULL, NULL, NULL, "has no jti", 60},
    };
    (void)state;
    char *claims = assertion_claims(server, NULL, NULL, NULL, 60, "id-1");
    assertion_expect(server, signer, "RS256", "", claims, 200, "access_token");
    assertion_expect(server, signer, "RS256", "", claims, 400, "used before");
    free(claims);
    claims = assertion_claims(server, NULL, NULL, NULL, 60, "id-2");
    assertion_expect(server, stranger, "RS256", "", claims, 400, "signature of the assertion is wrong");
    assertion_expect(server, signer, "none", "", claims, 400, "signature of the assertion is wrong");
    char *head = NULL, *wrong = NULL;
    assert_true(asprintf(&head, ",\"x5t\":\"%s\"", jwt_signer_thumbprint(signer)) > 0);
    assert_true(asprintf(&wrong, ",\"x5t\":\"%s\"", jwt_signer_thumbprint(stranger)) > 0);
    assertion_expect(server, signer, "PS256", wrong, claims, 400, "thumbprint");
    BEHAVE(server, .thumbprint_wanted = true);
    assertion_expect(server, signer, "PS256", "", claims, 400, "names no certificate");
    assertion_expect(server, signer, "PS256", head, claims, 200, "access_token");
    BEHAVE(server, .thumbprint_wanted = false);
    free(claims);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        claims = assertion_claims(server, bad[i].issuer, bad[i].subject, bad[i].audience, bad[i].lives,
                                  bad[i].id);
        assertion_expect(server, signer, "RS256", "", claims, 400, bad[i].text);
        free(claims);
    }
    http_expect(
        server,
        &(struct http_request){simulator_token_url(server), .body = ASSERTION_FORM(ASSERTION_TYPE) "a.b.c"},
        400, TEXTS("\"error\":\"invalid_client\",\"error_description\":\"The assertion is no JWT.\""));
    simulator_set_client_key(server, jwt_signer_public_key(stranger)); /* a bare key does as well */
    claims = assertion_claims(server, NULL, NULL, NULL, 60, "id-3");
    assertion_expect(server, signer, "RS256", "", claims, 400, "signature");
    assertion_expect(server, stranger, "RS256", "", claims, 200, "access_token");
    free(claims);
    free(head);
    free(wrong);
    jwt_signer_free(signer);
    jwt_signer_free(stranger);
    simulator_stop(server);
}

static void foreign_expect(struct simulator *server, const struct jwt_signer *signer, const char *algorithm,
                           const char *head, const char *claims, long status)
{
    char *token = jwt_make(signer, algorithm, head, claims), *header = NULL;
    assert_true(asprintf(&header, "Authorization: Bearer %s", token) > 0);
    http_expect(server, CALL(header, KEY), status, NULL);
    free(token);
    free(header);
}

static void foreign_tokens_are_verified(void **state)
{
    struct jwt_signer *one = jwt_signer_make("one"), *two = jwt_signer_make("two"),
                      *fake = jwt_signer_make("one");
    char *jwks = jwt_signers_jwks((const struct jwt_signer *[]){one, two, NULL});
    char *rotated = jwt_signers_jwks((const struct jwt_signer *[]){two, NULL});
    struct simulator *server = simulator_start(&(struct simulator_options){
        .foreign = {.jwks = jwks, .issuer = "https://idp.test", .audience = "api://kinetic"}});
    static const char usual[] = "\"iss\":\"https://idp.test\",\"aud\":[\"x\",\"api://kinetic\"]";
    const struct {
        const struct jwt_signer *signer;
        const char *algorithm, *head, *more, *claims;
        long lives, begins, status;
    } cases[] = {
        {one, "RS256", ",\"kid\":\"one\"", usual, NULL, 60, 0, 200},
        {two, "PS256", ",\"kid\":\"two\"", usual, NULL, 60, 0, 200},
        {one, "RS256", ",\"kid\":\"two\"", usual, NULL, 60, 0, 401},
        {one, "RS256", ",\"kid\":\"three\"", usual, NULL, 60, 0, 401},
        {one, "RS256", "", usual, NULL, 60, 0, 401}, /* two keys, and none is named */
        {fake, "RS256", ",\"kid\":\"one\"", usual, NULL, 60, 0, 401},
        {one, "none", ",\"kid\":\"one\"", usual, NULL, 60, 0, 401},
        {one, "RS256", ",\"kid\":\"one\"", usual, NULL, 0, 0, 401},
        {one, "RS256", ",\"kid\":\"one\"", usual, NULL, 60, 30, 401},
        {one, "RS256", ",\"kid\":\"one\"", "\"iss\":\"https://else.test\",\"aud\":\"api://kinetic\"", NULL,
         60, 0, 401},
        {one, "RS256", ",\"kid\":\"one\"", "\"iss\":\"https://idp.test\",\"aud\":\"other\"", NULL, 60, 0,
         401},
        {one, "RS256", ",\"kid\":\"one\"", "\"iss\":\"https://idp.test\"", NULL, 60, 0, 401},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *claims = NULL;
        long now = (long)time(NULL);
        assert_true(asprintf(&claims, "{%s,\"nbf\":%ld,\"exp\":%ld}", cases[i].more, now + cases[i].begins,
                             now + cases[i].lives) > 0);
        foreign_expect(server, cases[i].signer, cases[i].algorithm, cases[i].head, claims, cases[i].status);
        free(claims);
    }
    static const char no_end[] = "{\"iss\":\"https://idp.test\",\"aud\":\"api://kinetic\"}";
    foreign_expect(server, one, "RS256", ",\"kid\":\"one\"", no_end, 401);
    assert_int_equal(counts_of(server).logins[SIMULATOR_WAY_FOREIGN], 2);

    char *claims = NULL;
    assert_true(asprintf(&claims, "{%s,\"exp\":%ld}", usual, (long)time(NULL) + 600) > 0);
    foreign_expect(server, two, "RS256", ",\"kid\":\"two\"", claims, 200);
    simulator_revoke_tokens(server); /* those that were seen */
    foreign_expect(server, two, "RS256", ",\"kid\":\"two\"", claims, 401);
    foreign_expect(server, one, "RS256", ",\"kid\":\"one\"", claims, 200);
    simulator_set_jwks(server, rotated);
    foreign_expect(server, one, "RS256", ",\"kid\":\"one\"", claims, 401);
    foreign_expect(server, two, "RS256", "", claims, 200); /* the only key needs no name */
    char file[] = "/tmp/jwks-XXXXXX";
    FILE *out = fdopen(mkstemp(file), "w");
    assert_non_null(out);
    fputs(jwks, out);
    fclose(out);
    simulator_load_jwks(server, file);
    remove(file);
    foreign_expect(server, one, "PS256", ",\"kid\":\"one\"", claims, 200);
    free(claims);
    free(jwks);
    free(rotated);
    jwt_signer_free(one);
    jwt_signer_free(two);
    jwt_signer_free(fake);
    simulator_stop(server);
}

/* None of it may be let in, or end the server. */
static void hostile_tokens_are_refused(void **state)
{
    static const char *const tokens[] = {
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "e30.e30.",
        "e30.e30.e30.e30",
        "W10.W10.AA",
        "!.!.!",
        "eyJhbGciOiJSUzI1NiJ9.e30.AA" /* RS256 */,
        "eyJhbGciOjF9.e30.AA" /* alg is a number */,
        "eyJhbGciOiJSUzI1NiIsImtpZCI6e319.e30.AA" /* kid is an object */,
    };
    static const char *const documents[] = {
        "{\"keys\":[]}",
        "{\"keys\":[1,null,{\"kty\":\"EC\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"!\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQ\"}]}",
    };
    struct simulator *server = simulator_start(NULL);
    char *huge = malloc(100001), *header = NULL;
    (void)state;
    assert_non_null(huge);
    memset(huge, 'A', 100000);
    huge[100000] = '\0';
    for (size_t d = 0; d < sizeof documents / sizeof documents[0]; d++) {
        simulator_set_jwks(server, documents[d]);
        for (size_t t = 0; t <= sizeof tokens / sizeof tokens[0]; t++) {
            const char *token = t < sizeof tokens / sizeof tokens[0] ? tokens[t] : huge;
            assert_true(asprintf(&header, "Authorization: Bearer %s", token) > 0);
            http_expect(server, CALL(header, KEY), 401, NULL);
            free(header);
        }
    }
    free(huge);
    simulator_stop(server);
}

static void events_befall_the_whole_server(void **state)
{
    struct simulator *server = simulator_start(NULL);
    char *bearer = http_bearer(server);
    (void)state;
    unsigned event = simulator_add_named_fault(server, "accounts_locked", NULL, 0);
    http_expect(server, CALL(BASIC, KEY), 401, NULL);
    http_expect(server, CALL(bearer, KEY), 200, NULL);
    simulator_clear_fault(server, event);
    http_expect(server, CALL(BASIC, KEY), 200, NULL);
    simulator_add_named_fault(server, "accounts_locked", NULL, 0);
    simulator_clear_faults(server);
    http_expect(server, CALL(BASIC, KEY), 200, NULL);
    simulator_add_named_fault(server, "tokens_revoked", NULL, 0);
    http_expect(server, CALL(bearer, KEY), 401, NULL);
    assert_int_equal(counts_of(server).lock_outs, 0);
    const char *name, *description;
    size_t count = 0;
    while (simulator_event_name(count, &name, &description)) {
        assert_true(strlen(name) > 5 && strlen(description) > 5);
        count++;
    }
    assert_int_equal(count, 6);
    free(bearer);
    simulator_stop(server);
}

/* ---- the identity provider goes and comes ----------------------------------------------------------------- */

static void the_identity_provider_can_be_down(void **state)
{
    struct simulator *server = simulator_start(
        &(struct simulator_options){.oauth = {.on = true, .own_port = true}});
    struct http_request grant = {simulator_token_url(server),
                                 .body = "grant_type=client_credentials" CLIENT_FORM};
    (void)state;
    char *bearer = token_of(server, &grant);
    http_expect(server, &(struct http_request){"/connect/token", .body = grant.body}, 404, NULL);
    unsigned fault = simulator_add_named_fault(server, "identity_provider_refuses", NULL, 0);
    struct http_answer answer = http_ask(server, &grant);
    assert_int_equal(answer.code, CURLE_COULDNT_CONNECT);
    http_answer_free(&answer);
    http_expect(server, CALL(bearer, KEY), 200, NULL); /* the ERP lives */
    simulator_clear_fault(server, fault);
    http_expect(server, &grant, 200, NULL);
    fault = simulator_add_named_fault(server, "identity_provider_503", NULL, 0);
    http_expect(server, &grant, 503, TEXTS("text/html"));
    http_expect(server, CALL(bearer, KEY), 200, NULL);
    simulator_clear_fault(server, fault);
    simulator_add_named_fault(server, "identity_provider_hangs", NULL, 1);
    grant.timeout_ms = 100;
    answer = http_ask(server, &grant);
    assert_int_equal(answer.code, CURLE_OPERATION_TIMEDOUT);
    http_answer_free(&answer);
    simulator_set_identity_provider(server, false); /* also while a call hangs there */
    assert_true(simulator_wait_idle(server, 10000));
    simulator_set_identity_provider(server, true);
    grant.timeout_ms = 0;
    http_expect(server, &grant, 200, NULL);
    free(bearer);
    simulator_stop(server);
}

ALL_TESTS(cmocka_unit_test(basic_is_right_or_wrong), cmocka_unit_test(ways_are_opened_and_closed),
          cmocka_unit_test(a_proxy_names_the_user), cmocka_unit_test(keys_are_by_company),
          cmocka_unit_test(wrong_passwords_lock), cmocka_unit_test(grants_and_their_refusals),
          cmocka_unit_test(granted_tokens_are_accepted), cmocka_unit_test(assertions_are_checked),
          cmocka_unit_test(foreign_tokens_are_verified), cmocka_unit_test(hostile_tokens_are_refused),
          cmocka_unit_test(events_befall_the_whole_server),
          cmocka_unit_test(the_identity_provider_can_be_down));
