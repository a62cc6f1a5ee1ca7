#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "kinetic/error.h"
#include "kinetic/token.h"

/* "header.payload.signature" with this payload; in turn in four buffers. */
static const char *jwt(const char *payload)
{
    static char tokens[4][1024];
    static unsigned turn;
    char *token = tokens[turn++ % 4], encoded[800];
    text_base64_encode(payload, strlen(payload), encoded);
    for (char *c = encoded; *c != '\0'; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    encoded[strcspn(encoded, "=")] = '\0';
    snprintf(token, sizeof tokens[0], "eyJhbGciOiJIUzI1NiJ9.%s.c2lnbg", encoded);
    return token;
}

static const char *body(const char *format, const char *token)
{
    static char text[4096];
    const char *slot = strstr(format, "$");
    snprintf(text, sizeof text, "%.*s%s%s", (int)(slot - format), format, token, slot + 1);
    return text;
}

#define XML_HEAD                                                                                             \
    "<Token xmlns=\"http://schemas.datacontract.org/2004/07/Epicor.Web\" "                                   \
    "xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">"

static const struct {
    const char *format;  /* $ is the token's place */
    const char *payload; /* of the JWT; NULL: the opaque token "opaque" */
    double lifetime;     /* seconds */
    int64_t issued;
} good[] = {
    {"{\"AccessToken\":\"$\",\"ExpiresIn\":3600,\"RefreshToken\":\"\",\"TokenType\":\"Bearer\"}",
     "{\"exp\":\"1700003600\",\"iat\":\"1700000000\",\"iss\":\"epicor\"}", 3600, 1700000000},
    {"{\"AccessToken\":\"$\",\"ExpiresIn\":3600}", "{\"exp\":1700001800,\"iat\":1700000000}", 1800,
     1700000000},
    {"{\"AccessToken\":\"$\",\"ExpiresIn\":60}", "{\"exp\":1700001800,\"iat\":1700000000}", 60, 1700000000},
    {"{\"AccessToken\":\"$\"}", "{\"exp\":\"1700001800\",\"iat\":1700000000}", 1800, 1700000000},
    {"{\"AccessToken\":\"$\"}", "{\"exp\":1700001800}", 0, 0},
    {"{\"AccessToken\":\"$\"}", "{\"exp\":5,\"iat\":1700000000}", 0, 1700000000},
    {"{\"AccessToken\":\"$\"}", "{\"exp\":\"soon\",\"iat\":[]}", 0, 0},
    {"{\"AccessToken\":\"$\"}", "not json", 0, 0},
    {"{\"AccessToken\":\"$\",\"ExpiresIn\":\" 120 \"}", NULL, 120, 0},
    {"{\"access_token\":\"$\",\"expires_in\":300,\"token_type\":\"bearer\"}", NULL, 300, 0},
    {"\xef\xbb\xbf {\"access_token\":\"$\",\"expires_in\":\"300\"}", NULL, 300, 0},
    {"{\"AccessToken\":\"$\"}", NULL, 0, 0},
    {"{\"AccessToken\":\"$\",\"ExpiresIn\":null}", NULL, 0, 0},
    {"{\"AccessToken\":\"$\",\"ExpiresIn\":\"soon\"}", NULL, 0, 0},
    {"{\"AccessToken\":\"$\",\"ExpiresIn\":-5}", NULL, 0, 0},
    {"{\"AccessToken\":\"$\",\"ExpiresIn\":0}", NULL, 0, 0},
    {"{\"AccessToken\":\"$\",\"ExpiresIn\":0.01}", NULL, 1, 0},
    {"{\"AccessToken\":\"$\",\"ExpiresIn\":0}", "{\"exp\":1700001800,\"iat\":1700000000}", 1800, 1700000000},
    {"{\"AccessToken\":\"$\",\"ExpiresIn\":1e300}", NULL, 400.0 * 86400, 0},
    {"{\"AccessToken\":\"$\",\"ExpiresIn\":99999999999999}", NULL, 400.0 * 86400, 0},
    {"{\"token_type\":\"BEARER\",\"expires_in\":3599,\"ext_expires_in\":3599,\"access_token\":\"$\"}", NULL,
     3599, 0},
    {"{\"access_token\":\"$\",\"expires_in\":3600,\"token_type\":\"Bearer\",\"refresh_token\":\"r.e.f\","
     "\"scope\":\"epicor_erp\",\"id_token\":\"i.d.t\"}",
     "{\"aud\":\"somebody else\",\"exp\":1700003000,\"iat\":1700000000}", 3000, 1700000000},
    {"{\"access_token\":\"$\",\"token_type\":\"\"}", NULL, 0, 0},
    {"{\"access_token\":\"$\",\"token_type\":null,\"expires_in\":\"86399\"}", NULL, 86399, 0},
    {XML_HEAD
     "<AccessToken>$</AccessToken><ExpiresIn>3600</ExpiresIn><RefreshToken/><TokenType>Bearer</TokenType>"
     "</Token>",
     "{\"exp\":\"1700003600\",\"iat\":\"1700000000\"}", 3600, 1700000000},
    {"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n" XML_HEAD
     "<AccessToken>\n  $\n</AccessToken></Token>",
     NULL, 0, 0},
};

static void test_reads_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *expected = good[i].payload == NULL ? "opaque" : jwt(good[i].payload);
        const char *text = body(good[i].format, expected);
        struct answer answer = {.status = 200, .text = text, .text_size = strlen(text)};
        struct token token;
        char *message;
        enum reason reason = token_answer(&answer, false, &token, &message);
        if (reason != REASON_NONE)
            fail_msg("%s: %s %s", text, reason_name(reason), message);
        assert_null(message);
        assert_string_equal(secret_reveal(token.text), expected);
        assert_true(token.lifetime_ns == (int64_t)(good[i].lifetime * 1e9));
        assert_true(token.issued_epoch == good[i].issued);
        token_free(&token);
        assert_null(token.text);
    }
}

static const struct {
    enum reason failure;
    int status;
    const char *text;
    enum reason reason;
} bad[] = {
    {REASON_NONE, 200, "{\"access_token\":\"a\",\"token_type\":\"DPoP\"}", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "<Token><AccessToken>a</AccessToken><TokenType>mac</TokenType></Token>",
     REASON_INVALID_RESPONSE},
    {REASON_NONE, 403, "{\"error\":\"invalid_grant\"}", REASON_CREDENTIALS},
    {REASON_NONE, 404, "{\"error\":\"invalid_grant\"}", REASON_CREDENTIALS},
    {REASON_INTERNAL, 0, "", REASON_INTERNAL},
    {REASON_NONE, 200, "", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "{}", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "{", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "null", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "{\"AccessToken\":\"\"}", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "{\"AccessToken\":7}", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "{\"AccessToken\":null}", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "{\"AccessToken\":\"a\\r\\nX-Evil: 1\"}", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "{\"AccessToken\":\"a b\"}", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "{\"AccessToken\":\"a\\u0000b\"}", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "{\"AccessToken\":\"\xc3\xbc\"}", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "<html><title>Sign in</title></html>", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "<Token><AccessToken/></Token>", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "<Token><ExpiresIn>3</ExpiresIn></Token>", REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "<!DOCTYPE Token [<!ENTITY a \"x\">]><Token><AccessToken>&a;</AccessToken></Token>",
     REASON_INVALID_RESPONSE},
    {REASON_NONE, 200, "{\"ErrorMessage\":\"Invalid username or password.\"}", REASON_CREDENTIALS},
    {REASON_NONE, 204, "", REASON_INVALID_RESPONSE},
    {REASON_NONE, 302, "", REASON_REDIRECTED},
    {REASON_NONE, 401, "", REASON_CREDENTIALS},
    {REASON_NONE, 401, "<html><title>401</title></html>", REASON_CREDENTIALS},
    {REASON_NONE, 401, "{\"ErrorMessage\":\"Invalid username or password.\"}", REASON_CREDENTIALS},
    {REASON_NONE, 500, "{\"ErrorMessage\":\"Invalid username or password.\"}", REASON_CREDENTIALS},
    {REASON_NONE, 400, "{\"error\":\"invalid_grant\",\"error_description\":\"no\"}", REASON_CREDENTIALS},
    {REASON_NONE, 400, "{\"error\":\"invalid_client\"}", REASON_CREDENTIALS},
    {REASON_NONE, 400, "{\"error\":\"invalid_scope\"}", REASON_CLIENT_ERROR},
    {REASON_NONE, 403, "", REASON_ACCESS_DENIED},
    {REASON_NONE, 404, "", REASON_IDENTITY_PROVIDER},
    {REASON_NONE, 404, "<html><title>404</title></html>", REASON_IDENTITY_PROVIDER},
    {REASON_NONE, 405, "", REASON_IDENTITY_PROVIDER},
    {REASON_NONE, 500, "", REASON_IDENTITY_PROVIDER},
    {REASON_NONE, 500, "{\"ErrorMessage\":\"Token authentication is not enabled.\"}",
     REASON_IDENTITY_PROVIDER},
    {REASON_NONE, 502, "", REASON_UNAVAILABLE},
    {REASON_NONE, 503, "<html></html>", REASON_UNAVAILABLE},
    {REASON_NONE, 503, "{\"ErrorType\":\"Ice.ConversionsPendingException\"}", REASON_UPGRADE_PENDING},
    {REASON_NONE, 500, "{\"error\":\"invalid_grant\"}", REASON_CREDENTIALS},
    {REASON_NONE, 200, "{\"error\":\"invalid_grant\"}", REASON_CREDENTIALS},
    {REASON_NONE, 504, "", REASON_UNAVAILABLE},
    {REASON_NONE, 429, "", REASON_THROTTLED},
    {REASON_TIMEOUT, 0, "", REASON_TIMEOUT},
    {REASON_TLS, 0, "", REASON_TLS},
    {REASON_CONNECTION_LOST, 200, "{\"AccessToken\":\"half", REASON_CONNECTION_LOST},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct answer answer = {.failure = bad[i].failure,
                                .status = bad[i].status,
                                .text = bad[i].text,
                                .text_size = strlen(bad[i].text)};
        snprintf(answer.detail, sizeof answer.detail, "%s", bad[i].failure == REASON_NONE ? "" : "network");
        struct token token;
        char *message;
        enum reason reason = token_answer(&answer, false, &token, &message);
        if (reason != bad[i].reason)
            fail_msg("%d %s: %s", bad[i].status, bad[i].text, reason_name(reason));
        assert_null(token.text);
        assert_non_null(message);
        free(message);
    }
}

/* ---- an identity provider outside the app server's URL ---- */

#define OAUTH(code, words) "{\"error\":\"" code "\",\"error_description\":\"" words "\",\"error_codes\":[7]}"

static const struct {
    enum reason failure;
    int status;
    const char *text;
    enum reason reason;
    const char *message;
} outside[] = {
    {REASON_NONE, 401, "", REASON_CREDENTIALS, "status 401 without a word"},
    {REASON_NONE, 401, "<html><title>Sign in</title></html>", REASON_CREDENTIALS, "Sign in"},
    {REASON_NONE, 401, OAUTH("invalid_client", "AADSTS7000215: Invalid client secret provided."),
     REASON_CREDENTIALS, "AADSTS7000215: Invalid client secret provided."},
    {REASON_NONE, 400, OAUTH("invalid_client", "AADSTS7000222: The provided client secret keys are expired."),
     REASON_CREDENTIALS, "AADSTS7000222: The provided client secret keys are expired."},
    {REASON_NONE, 400, OAUTH("invalid_grant", "AADSTS50126: Invalid username or password.\\r\\nTrace ID: 1"),
     REASON_CREDENTIALS, "AADSTS50126: Invalid username or password. Trace ID: 1"},
    {REASON_NONE, 400, OAUTH("invalid_grant", "AADSTS50034: The user account does not exist."),
     REASON_CREDENTIALS, "AADSTS50034: The user account does not exist."},
    {REASON_NONE, 400, "{\"error\":\"invalid_grant\"}", REASON_CREDENTIALS, "invalid_grant"},
    {REASON_NONE, 403, OAUTH("invalid_grant", "Wrong email or password."), REASON_CREDENTIALS,
     "Wrong email or password."},
    {REASON_NONE, 200, OAUTH("invalid_grant", "No."), REASON_CREDENTIALS, "No."},
    {REASON_NONE, 429, OAUTH("invalid_grant", "No."), REASON_CREDENTIALS, "No."},
    {REASON_NONE, 500, OAUTH("invalid_client", "No."), REASON_CREDENTIALS, "No."},
    /* what says nothing of a secret */
    {REASON_NONE, 400, OAUTH("unauthorized_client", "AADSTS700016: Application not found in the directory."),
     REASON_IDENTITY_PROVIDER, "AADSTS700016: Application not found in the directory."},
    {REASON_NONE, 400, OAUTH("invalid_scope", "AADSTS70011: The scope is not valid."),
     REASON_IDENTITY_PROVIDER, "AADSTS70011: The scope is not valid."},
    {REASON_NONE, 400, OAUTH("invalid_request", "AADSTS90014: A field is missing."), REASON_IDENTITY_PROVIDER,
     "AADSTS90014: A field is missing."},
    {REASON_NONE, 400, OAUTH("unsupported_grant_type", "No."), REASON_IDENTITY_PROVIDER, "No."},
    {REASON_NONE, 400, OAUTH("interaction_required", "AADSTS50076: You must use multi-factor."),
     REASON_IDENTITY_PROVIDER, "AADSTS50076: You must use multi-factor."},
    {REASON_NONE, 400, OAUTH("consent_required", "AADSTS65001: No consent."), REASON_IDENTITY_PROVIDER,
     "AADSTS65001: No consent."},
    {REASON_NONE, 403, OAUTH("access_denied", "Blocked by policy."), REASON_IDENTITY_PROVIDER,
     "Blocked by policy."},
    {REASON_NONE, 429, OAUTH("slow_down", "Later."), REASON_IDENTITY_PROVIDER, "Later."},
    {REASON_NONE, 503, OAUTH("temporarily_unavailable", "Later."), REASON_IDENTITY_PROVIDER, "Later."},
    /* what no identity provider says, and what proxies and web servers say in its place */
    {REASON_NONE, 400, "{\"ErrorMessage\":\"Invalid username or password.\"}", REASON_IDENTITY_PROVIDER,
     "credentials: Invalid username or password."},
    {REASON_NONE, 400, "", REASON_IDENTITY_PROVIDER, "client_error: status 400 without a word"},
    {REASON_NONE, 403, "<html><title>Forbidden</title></html>", REASON_IDENTITY_PROVIDER,
     "access_denied: Forbidden"},
    {REASON_NONE, 404, "<html><title>Not Found</title></html>", REASON_IDENTITY_PROVIDER,
     "unavailable: Not Found"},
    {REASON_NONE, 404, "", REASON_IDENTITY_PROVIDER, "not_found: status 404 without a word"},
    {REASON_NONE, 500, "", REASON_IDENTITY_PROVIDER, "server_error: status 500 without a word"},
    {REASON_NONE, 502, "<html><title>Bad Gateway</title></html>", REASON_IDENTITY_PROVIDER,
     "unavailable: Bad Gateway"},
    {REASON_NONE, 503, "", REASON_IDENTITY_PROVIDER, "unavailable: status 503 without a word"},
    {REASON_NONE, 503, "{\"ErrorType\":\"Ice.ConversionsPendingException\"}", REASON_IDENTITY_PROVIDER,
     "upgrade_pending: Ice.ConversionsPendingException"},
    {REASON_NONE, 302, "", REASON_IDENTITY_PROVIDER, "redirected (302) to nowhere: no Location came"},
    {REASON_NONE, 204, "", REASON_IDENTITY_PROVIDER, "invalid_response: status 204 without a word"},
    {REASON_NONE, 200, "", REASON_IDENTITY_PROVIDER, "invalid_response: the answer is empty"},
    {REASON_NONE, 200, "{\"access_token\":\"", REASON_IDENTITY_PROVIDER,
     "invalid_response: the answer is not valid JSON"},
    {REASON_NONE, 200, "<html><title>Sign in</title></html>", REASON_IDENTITY_PROVIDER,
     "invalid_response: the answer holds no token"},
    {REASON_NONE, 200, "{\"refresh_token\":\"never-shown\"}", REASON_IDENTITY_PROVIDER,
     "invalid_response: the answer holds no token"},
    {REASON_NONE, 200, "{\"access_token\":\"never shown\",\"refresh_token\":\"never-shown\"}",
     REASON_IDENTITY_PROVIDER, "invalid_response: the token holds characters that no header can carry"},
    {REASON_NONE, 200, "{\"access_token\":\"a\",\"token_type\":\"pop\"}", REASON_IDENTITY_PROVIDER,
     "invalid_response: the answer holds a token of another type than Bearer"},
    {REASON_NONE, 200, "{\"error\":\"bad_verification_code\"}", REASON_IDENTITY_PROVIDER,
     "bad_verification_code"},
    /* the network */
    {REASON_RESOLVE, 0, "", REASON_IDENTITY_PROVIDER, "resolve: network"},
    {REASON_CONNECT, 0, "", REASON_IDENTITY_PROVIDER, "connect: network"},
    {REASON_TLS, 0, "", REASON_IDENTITY_PROVIDER, "tls: network"},
    {REASON_TIMEOUT, 0, "", REASON_IDENTITY_PROVIDER, "timeout: network"},
    {REASON_CONNECTION_LOST, 403, "", REASON_IDENTITY_PROVIDER, "connection_lost: network"},
    {REASON_TOO_LARGE, 200, "", REASON_IDENTITY_PROVIDER, "too_large: network"},
    {REASON_INVALID_RESPONSE, 0, "", REASON_IDENTITY_PROVIDER, "invalid_response: network"},
    {REASON_INTERNAL, 0, "", REASON_INTERNAL, "network"},
};

static void test_outside(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        struct answer answer = {.failure = outside[i].failure,
                                .status = outside[i].status,
                                .text = outside[i].text,
                                .text_size = strlen(outside[i].text)};
        snprintf(answer.detail, sizeof answer.detail, "%s",
                 outside[i].failure == REASON_NONE ? "" : "network");
        struct token token;
        char *message;
        enum reason reason = token_answer(&answer, true, &token, &message);
        if (reason != outside[i].reason || strcmp(message, outside[i].message) != 0)
            fail_msg("%d %s: %s %s", outside[i].status, outside[i].text, reason_name(reason), message);
        assert_null(token.text);
        free(message);
    }
    /* A good one is the same from anywhere. */
    struct answer answer = {.status = 200, .text = "{\"access_token\":\"a\",\"expires_in\":5}"};
    answer.text_size = strlen(answer.text);
    struct token token;
    char *message;
    assert_int_equal(token_answer(&answer, true, &token, &message), REASON_NONE);
    assert_null(message);
    assert_string_equal(secret_reveal(token.text), "a");
    assert_int_equal(token.lifetime_ns, 5 * SECOND_NS);
    token_free(&token);
    /* Without a detail the sentence of the reason stands in. */
    answer = (struct answer){.failure = REASON_CONNECT, .text = ""};
    assert_int_equal(token_answer(&answer, true, &token, &message), REASON_IDENTITY_PROVIDER);
    assert_memory_equal(message, "connect: ", 9);
    free(message);
}

static void test_a_long_message_stays_bounded(void **state)
{
    (void)state;
    char text[8192];
    size_t size = 0;
    while (size + 2 < sizeof text) {
        text[size++] = 'a';
        text[size++] = ' ';
    }
    text[size] = '\0';
    struct answer answer = {.status = 502, .text = text, .text_size = size};
    struct token token;
    char *message;
    assert_int_equal(token_answer(&answer, true, &token, &message), REASON_IDENTITY_PROVIDER);
    assert_memory_equal(message, "unavailable: a a", 16);
    assert_true(strlen(message) <= ERROR_MESSAGE_MAX);
    free(message);
}

static void test_cut_and_nul(void **state)
{
    (void)state;
    struct token token;
    char *message;
    static const char nul[] = "{\"AccessToken\":\"a\0b\"}";
    struct answer answer = {.status = 200, .text = nul, .text_size = sizeof nul - 1};
    assert_int_equal(token_answer(&answer, false, &token, &message), REASON_INVALID_RESPONSE);
    free(message);
    answer = (struct answer){
        .status = 200, .text = "{\"AccessToken\":\"a\"}", .text_size = 19, .text_cut = true};
    assert_int_equal(token_answer(&answer, false, &token, &message), REASON_INVALID_RESPONSE);
    assert_string_equal(message, "the answer is longer than any token");
    free(message);
}

static void test_request(void **state)
{
    (void)state;
    struct secret *user = secret_new("monitor", 7), *password = secret_new("p w", 3),
                  *broken = secret_new("a\nb", 3);
    for (int basic = 0; basic < 2; basic++) {
        struct request request = {0};
        struct header_list headers = {0};
        assert_true(token_request("TokenResource.svc/", basic, user, password, &request, &headers));
        assert_int_equal(request.purpose, EXCHANGE_LOGIN);
        assert_int_equal(request.method, HTTP_POST);
        assert_string_equal(request.path, "TokenResource.svc/");
        assert_int_equal(request.keep, TOKEN_ANSWER_MAX);
        assert_int_equal(request.wanted, BODY_ANY);
        assert_null(request.body);
        assert_int_equal(headers.count, basic ? 1 : 2);
        assert_string_equal(headers.lines[0],
                            basic ? "Authorization: Basic bW9uaXRvcjpwIHc=" : "username: monitor");
        if (!basic)
            assert_string_equal(headers.lines[1], "password: p w");
        request_free(&request);
        assert_false(token_request("TokenResource.svc/", basic, user, broken, &request, &headers));
        assert_null(request.path);
        header_list_free(&headers);
    }
    secret_unref(user);
    secret_unref(password);
    secret_unref(broken);
}

ALL_TESTS(cmocka_unit_test(test_reads_every_form), cmocka_unit_test(test_refusals),
          cmocka_unit_test(test_outside), cmocka_unit_test(test_a_long_message_stays_bounded),
          cmocka_unit_test(test_cut_and_nul), cmocka_unit_test(test_request));
