#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "kinetic/error.h"

#define EPICOR(status, message, type)                                                                        \
    "{\"HttpStatus\":" #status ",\"ReasonPhrase\":\"REST API Exception\",\"ErrorMessage\":\"" message        \
    "\",\"ErrorType\":\"" type "\",\"CorrelationId\":\"6f1c0b2e-0001\"}"
#define UNAUTHORIZED_TYPE "System.UnauthorizedAccessException"
#define IIS_PAGE(title)                                                                                      \
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/"          \
    "xhtml1-strict.dtd\">\r\n<html xmlns=\"http://www.w3.org/1999/xhtml\">\r\n<head>\r\n<title>" title       \
    "</title>\r\n</head><body><h3>HTTP Error</h3></body></html>"

/* ---- forms ---- */

static const struct {
    const char *text;
    enum error_form form;
    const char *message, *type, *correlation;
} bodies[] = {
    {"", ERROR_EMPTY, NULL, NULL, NULL},
    {" \r\n\t", ERROR_EMPTY, NULL, NULL, NULL},
    {"\xef\xbb\xbf", ERROR_EMPTY, NULL, NULL, NULL},
    {EPICOR(401, "Invalid username or password.", UNAUTHORIZED_TYPE), ERROR_EPICOR_JSON,
     "Invalid username or password.", UNAUTHORIZED_TYPE, "6f1c0b2e-0001"},
    {"\xef\xbb\xbf" EPICOR(400, "x", "T"), ERROR_EPICOR_JSON, "x", "T", "6f1c0b2e-0001"},
    {"{\"ErrorMessage\":\"Invalid API Key abc.\\r\\nCompany EPIC06.\"}", ERROR_EPICOR_JSON,
     "Invalid API Key abc. Company EPIC06.", NULL, NULL},
    {"{\"errorMessage\":\"a\",\"ERRORTYPE\":\"b\",\"correlation_id\":\"c\"}", ERROR_EPICOR_JSON, "a", "b",
     "c"},
    {"{\"HttpStatus\":500,\"ReasonPhrase\":\"REST Api Exception\",\"ErrorMessage\":\"Sum\",\"ErrorDetails\":["
     "{\"Message\":\"First\",\"Type\":\"Error\"},{\"Message\":\"Sum\"},{\"Field\":1},7,\"Plain\"]}",
     ERROR_EPICOR_JSON, "Sum; First; Plain", NULL, NULL},
    {"{\"HttpStatus\":500,\"ReasonPhrase\":\"\",\"ErrorDetails\":{}}", ERROR_EPICOR_JSON,
     "{\"HttpStatus\":500,\"ReasonPhrase\":\"\",\"ErrorDetails\":{}}", NULL, NULL},
    {"{\"HttpStatus\":\"x\",\"ErrorMessage\":7,\"ErrorType\":\"OnlyType\"}", ERROR_EPICOR_JSON, NULL,
     "OnlyType", NULL},
    {"<ApiExceptionResponse "
     "xmlns=\"http://schemas.datacontract.org/2004/07/Epicor.RESTApi\"><HttpStatus>Unauthorized"
     "</HttpStatus><ErrorMessage>Invalid &lt;x&gt;</ErrorMessage><ErrorType>T</ErrorType><CorrelationId>c"
     "</CorrelationId></ApiExceptionResponse>",
     ERROR_EPICOR_XML, "Invalid <x>", "T", "c"},
    {"<?xml version=\"1.0\"?><Error><Message>An error has occurred.</Message></Error>", ERROR_OTHER,
     "An error has occurred.", NULL, NULL},
    {"<!DOCTYPE a [<!ENTITY x "
     "\"y\">]><ApiExceptionResponse><ErrorMessage>&x;</ErrorMessage></ApiExceptionResponse>",
     ERROR_OTHER, "]> &x;", NULL, NULL},
    {"{\"error\":{\"code\":\"BadRequest\",\"message\":\"Wrong filter\",\"innererror\":{\"type\":\"Ice.X\"}}}",
     ERROR_ODATA, "Wrong filter", "Ice.X", NULL},
    {"{\"error\":{\"code\":\"\",\"message\":{\"lang\":\"en-US\",\"value\":\"Old form\"}}}", ERROR_ODATA,
     "Old form", NULL, NULL},
    {"{\"odata.error\":{\"code\":\"5\",\"message\":{\"lang\":\"en-US\",\"value\":\"Old form\"}}}",
     ERROR_ODATA, "Old form", "5", NULL},
    {"{\"error\":\"invalid_grant\",\"error_description\":\"bad user\"}", ERROR_OAUTH, "bad user",
     "invalid_grant", NULL},
    {"{\"error\":\"invalid_client\"}", ERROR_OAUTH, "invalid_client", "invalid_client", NULL},
    {IIS_PAGE("404 - File or directory not found."), ERROR_HTML, "404 - File or directory not found.", NULL,
     NULL},
    {"<HTML><BODY><h2>Service Unavailable</h2><p>HTTP Error 503.</p></BODY></HTML>", ERROR_HTML,
     "Service Unavailable", NULL, NULL},
    {"<html>\n<title> Bad &amp; \n worse&nbsp;&lt;x&gt;</title>", ERROR_HTML, "Bad & worse <x>", NULL, NULL},
    {"<html><title></title><p>only text</p>", ERROR_HTML, "only text", NULL, NULL},
    {"<html", ERROR_HTML, NULL, NULL, NULL},
    {"<h1>Bare</h1>", ERROR_OTHER, "Bare", NULL, NULL},
    {"<", ERROR_OTHER, NULL, NULL, NULL},
    {"404 page not found\n", ERROR_OTHER, "404 page not found", NULL, NULL},
    {"{\"Message\":\"No HTTP resource\"}", ERROR_OTHER, "No HTTP resource", NULL, NULL},
    {"\"just a text\"", ERROR_OTHER, "just a text", NULL, NULL},
    {"[]", ERROR_OTHER, "[]", NULL, NULL},
    {"{}", ERROR_OTHER, "{}", NULL, NULL},
    {"null", ERROR_OTHER, "null", NULL, NULL},
    {"{\"ErrorMessage\":\"cut in the mid", ERROR_OTHER, "{\"ErrorMessage\":\"cut in the mid", NULL, NULL},
    {"bad \xff\xfe\xc0\x80 utf", ERROR_OTHER, "bad \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd utf",
     NULL, NULL},
    {"a\x01\x1b[31mb\xe2\x80\xae"
     "c\xc2\x85"
     "d",
     ERROR_OTHER, "a[31mbc d", NULL, NULL},
};

static void assert_text(const char *text, const char *expected)
{
    if (expected == NULL)
        assert_null(text);
    else {
        assert_non_null(text);
        assert_string_equal(text, expected);
    }
}

static void test_bodies_of_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct error_body body;
        error_body_read(bodies[i].text, strlen(bodies[i].text), &body);
        if (body.form != bodies[i].form)
            fail_msg("form %d of %s", body.form, bodies[i].text);
        assert_text(body.message, bodies[i].message);
        assert_text(body.type, bodies[i].type);
        assert_text(body.correlation, bodies[i].correlation);
        error_body_free(&body);
    }
}

static void test_nul_bytes_and_utf16(void **state)
{
    (void)state;
    struct error_body body;
    error_body_read("a\0b\0 c", 6, &body);
    assert_string_equal(body.message, "ab c");
    error_body_free(&body);
    static const char wide[] = "\xff\xfe"
                               "I\0n\0v\0a\0l\0i\0d\0 \0A\0P\0I\0 \0K\0e\0y\0";
    error_body_read(wide, sizeof wide - 1, &body);
    assert_int_equal(body.form, ERROR_OTHER);
    assert_int_equal(error_body_reason(&body), REASON_API_KEY);
    error_body_free(&body);
}

static void test_deep_and_huge(void **state)
{
    (void)state;
    size_t size = 4 * ANSWER_TEXT_MAX;
    char *text = malloc(size);
    for (size_t i = 0; i < 4; i++) {
        memset(text, "[<{\xff"[i], size);
        struct error_body body;
        error_body_read(text, size, &body);
        assert_int_equal(body.form, ERROR_OTHER);
        error_body_free(&body);
    }
    free(text);
}

/* ---- the line ---- */

static void test_line_is_cut_between_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t maximum;
        const char *line;
    } cases[] = {
        {"one two three", 13, "one two three"},
        {"one two three", 12, "one two\xe2\x80\xa6"},
        {"one two three", 10, "one two\xe2\x80\xa6"},
        {"one two three", 9, "one\xe2\x80\xa6"},
        {"secretsecret", 8, "\xe2\x80\xa6"},
        {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 9, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
        {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 8, "\xe6\x97\xa5\xe2\x80\xa6"},
        {"  a \n\n b  ", 16, "a b"},
        {"", 16, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *line = error_line(cases[i].text, strlen(cases[i].text), cases[i].maximum);
        assert_string_equal(line, cases[i].line);
        free(line);
    }
}

static void test_line_holds_its_promises_for_any_bytes(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int round = 0; round < 2000; round++) {
        char bytes[200];
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1103515245u + 12345u;
            bytes[i] = (char)(seed >> 16);
        }
        char *line = error_line(bytes, sizeof bytes, 64);
        assert_true(strlen(line) <= 64);
        assert_true(text_is_utf8(line, strlen(line)));
        for (const char *c = line; *c != '\0'; c++)
            assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
        free(line);
    }
}

/* ---- the verdict ---- */

static const struct {
    int status;
    const char *text;
    bool bearer;
    enum reason reason;
    bool login, proves_up;
} answers[] = {
    /* The text decides first, at any status of 400 or more. */
    {401, EPICOR(401, "Invalid username or password.", UNAUTHORIZED_TYPE), false, REASON_CREDENTIALS, false,
     false},
    {401, EPICOR(401, "Invalid username or password.", UNAUTHORIZED_TYPE), true, REASON_CREDENTIALS, true,
     false},
    {500, EPICOR(500, "Invalid username or password.", "T"), true, REASON_CREDENTIALS, false, false},
    {401, EPICOR(401, "Invalid API Key x.\\r\\nCompany E.", UNAUTHORIZED_TYPE), true, REASON_API_KEY, false,
     false},
    {403, "{\"ErrorMessage\":\"Access denied: API Key\"}", true, REASON_API_KEY, false, false},
    {403, IIS_PAGE("Access denied: API Key"), true, REASON_API_KEY, false, false},
    {404, "{\"ErrorMessage\":\"Invalid API key\"}", true, REASON_API_KEY, false, false},
    {401, "API Key is required", true, REASON_API_KEY, false, false},
    {401, EPICOR(401, "Access denied (Erp.BO.Part.GetRows).", UNAUTHORIZED_TYPE), true, REASON_ACCESS_DENIED,
     false, true},
    {401, EPICOR(401, "Access denied.", UNAUTHORIZED_TYPE), true, REASON_ACCESS_DENIED, false, true},
    {401, EPICOR(401, "You have no permission", UNAUTHORIZED_TYPE), true, REASON_ACCESS_DENIED, false, true},
    {404, EPICOR(404, "Outside of the access scope", UNAUTHORIZED_TYPE), true, REASON_ACCESS_DENIED, false,
     true},
    {401, EPICOR(401, "Attempted to perform an unauthorized operation.", UNAUTHORIZED_TYPE), true,
     REASON_TOKEN_REJECTED, true, false},
    {401, IIS_PAGE("401 - Unauthorized: Access is denied due to invalid credentials."), true,
     REASON_TOKEN_REJECTED, true, false},
    {500, EPICOR(500, "Maximum users exceeded on license type: DefaultUser assigned to company: X", "T"),
     true, REASON_LICENSE_EXHAUSTED, false, false},
    {400,
     "<ApiExceptionResponse><ErrorMessage>Maximum users exceeded on license type: WebService</ErrorMessage>"
     "</ApiExceptionResponse>",
     true, REASON_LICENSE_EXHAUSTED, false, false},
    {400, EPICOR(400, "Execution Timeout Expired.  The timeout period elapsed", "E"), true,
     REASON_QUERY_TIMEOUT, false, true},
    {500, EPICOR(500, "x", "Ice.Common.ConversionsPendingException"), true, REASON_UPGRADE_PENDING, false,
     false},
    {503, EPICOR(503, "Pending", "Ice.ConversionsPendingException"), true, REASON_UPGRADE_PENDING, false,
     false},
    {500, "{\"error\":{\"message\":\"An error\",\"innererror\":{\"message\":\"Execution timeout expired\"}}}",
     true, REASON_QUERY_TIMEOUT, false, true},
    /* Then the status. */
    {401, "", true, REASON_TOKEN_REJECTED, true, false},
    {401, "", false, REASON_UNAUTHORIZED, true, false},
    {403, "", true, REASON_ACCESS_DENIED, false, false},
    {403, IIS_PAGE("403 - Forbidden: Access is denied."), true, REASON_ACCESS_DENIED, false, false},
    {403, EPICOR(403, "x", UNAUTHORIZED_TYPE), true, REASON_ACCESS_DENIED, false, true},
    {404, EPICOR(404, "Unknown BAQ", "Epicor.RESTApi.ErrorHandling.ApiException"), true, REASON_NOT_FOUND,
     false, true},
    {404, "", true, REASON_NOT_FOUND, false, false},
    {404, "404 page not found", true, REASON_NOT_FOUND, false, false},
    {404, IIS_PAGE("404 - File or directory not found."), true, REASON_UNAVAILABLE, false, false},
    {405, "", true, REASON_CLIENT_ERROR, false, false},
    {400, EPICOR(400, "Missing Root Element", "T"), true, REASON_CLIENT_ERROR, false, true},
    {400, IIS_PAGE("Bad Request - Invalid Hostname"), true, REASON_CLIENT_ERROR, false, false},
    {405, EPICOR(405, "No such verb", "T"), true, REASON_CLIENT_ERROR, false, true},
    {411, "", true, REASON_CLIENT_ERROR, false, false},
    {413, "", true, REASON_CLIENT_ERROR, false, false},
    {418, "", true, REASON_CLIENT_ERROR, false, false},
    {409, "", true, REASON_CONFLICT_OR_GONE, false, false},
    {410, "", true, REASON_CONFLICT_OR_GONE, false, false},
    {429, IIS_PAGE("Too many"), true, REASON_THROTTLED, false, false},
    {500, "", true, REASON_SERVER_ERROR, false, false},
    {501, "", true, REASON_SERVER_ERROR, false, false},
    {502, IIS_PAGE("502"), true, REASON_UNAVAILABLE, false, false},
    {503, IIS_PAGE("Service Unavailable"), true, REASON_UNAVAILABLE, false, false},
    {503, "{\"whatever\":1}", true, REASON_UNAVAILABLE, false, false},
    {504, "", true, REASON_UNAVAILABLE, false, false},
    {599, "", true, REASON_SERVER_ERROR, false, false},
    {301, "", true, REASON_REDIRECTED, false, false},
    {302, "Invalid API Key", true, REASON_REDIRECTED, false, false},
    {308, "", true, REASON_REDIRECTED, false, false},
    {304, "", true, REASON_INVALID_RESPONSE, false, false},
    {204, "", true, REASON_INVALID_RESPONSE, false, false},
    {100, "", true, REASON_INVALID_RESPONSE, false, false},
    {101, "", true, REASON_INVALID_RESPONSE, false, false},
    {600, "", true, REASON_INVALID_RESPONSE, false, false},
    {999, "", true, REASON_INVALID_RESPONSE, false, false},
    {0, "", true, REASON_INVALID_RESPONSE, false, false},
};

static void test_decision_table(void **state)
{
    (void)state;
    static const struct request asked = {.wanted = BODY_JSON};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct answer answer = {
            .status = answers[i].status, .text = answers[i].text, .text_size = strlen(answers[i].text)};
        struct verdict verdict;
        error_classify(&asked, &answer, answers[i].bearer, &verdict);
        if (verdict.reason != answers[i].reason || verdict.login != answers[i].login ||
            verdict.proves_up != answers[i].proves_up)
            fail_msg("%d %s: %s login %d proves up %d", answers[i].status, answers[i].text,
                     reason_name(verdict.reason), verdict.login, verdict.proves_up);
        assert_non_null(verdict.message);
        verdict_free(&verdict);
    }
}

static void test_good_and_broken_bodies(void **state)
{
    (void)state;
    static const struct request json = {.wanted = BODY_JSON}, any = {.wanted = BODY_ANY};
    static const struct json_result fine = {.root = JSON_OBJECT}, empty = {.error = JSON_EMPTY},
                                    cut = {.error = JSON_TRUNCATED,
                                           .root = JSON_OBJECT,
                                           .sentence = "byte 7: end"},
                                    page = {.error = JSON_UNEXPECTED, .sentence = "byte 0: <"};
    static const struct {
        const struct request *asked;
        int status;
        const char *content_type;
        const struct json_result *result;
        enum reason reason;
        const char *message;
    } cases[] = {
        {&json, 200, "application/json", &fine, REASON_NONE, NULL},
        {&json, 201, "", &fine, REASON_NONE, NULL},
        {&any, 200, "text/html", NULL, REASON_NONE, NULL},
        {&json, 200, "application/json", &cut, REASON_INVALID_RESPONSE,
         "the answer is not valid JSON: byte 7: end"},
        {&json, 200, "text/html; charset=utf-8", &page, REASON_INVALID_RESPONSE,
         "the answer is text/html; charset=utf-8, not JSON"},
        {&json, 200, "application/json", &page, REASON_INVALID_RESPONSE,
         "the answer is not valid JSON: byte 0: <"},
        {&json, 200, "", &empty, REASON_INVALID_RESPONSE, "status 200 with an empty body"},
        {&json, 200, "", NULL, REASON_INVALID_RESPONSE, "status 200 with an empty body"},
        {&any, 204, "", NULL, REASON_INVALID_RESPONSE, "status 204 without a word"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer answer = {.status = cases[i].status, .json = cases[i].result, .text = ""};
        struct verdict verdict;
        snprintf(answer.content_type, sizeof answer.content_type, "%s", cases[i].content_type);
        error_classify(cases[i].asked, &answer, true, &verdict);
        assert_int_equal(verdict.reason, cases[i].reason);
        assert_text(verdict.message, cases[i].message);
        assert_int_equal(verdict.proves_up, cases[i].reason == REASON_NONE);
        verdict_free(&verdict);
    }
}

static void test_failures_keep_their_reason(void **state)
{
    (void)state;
    static const struct request asked = {.wanted = BODY_JSON};
    struct answer answer = {
        .failure = REASON_TLS, .detail = "certificate has expired", .status = 200, .text = ""};
    struct verdict verdict;
    error_classify(&asked, &answer, true, &verdict);
    assert_int_equal(verdict.reason, REASON_TLS);
    assert_string_equal(verdict.message, "certificate has expired");
    verdict_free(&verdict);
    answer = (struct answer){.failure = REASON_TOO_LARGE, .text = ""};
    error_classify(&asked, &answer, true, &verdict);
    assert_int_equal(verdict.reason, REASON_TOO_LARGE);
    assert_true(verdict.proves_up);
    assert_null(verdict.message);
    verdict_free(&verdict);
    answer = (struct answer){.status = 302, .location = "https://login.example.com/\x1b", .text = ""};
    error_classify(&asked, &answer, true, &verdict);
    assert_string_equal(verdict.message, "redirected (302) to https://login.example.com/");
    verdict_free(&verdict);
}

static void test_error_body_with_a_good_status(void **state)
{
    (void)state;
    struct error_body telling = {.form = ERROR_EPICOR_JSON, .message = (char *)"Access denied (X)."},
                      silent = {.form = ERROR_EPICOR_JSON, .message = (char *)"Something"};
    struct verdict verdict;
    error_classify_body(&telling, "no value", &verdict);
    assert_int_equal(verdict.reason, REASON_ACCESS_DENIED);
    assert_string_equal(verdict.message, "Access denied (X).");
    verdict_free(&verdict);
    error_classify_body(&silent, "no value", &verdict);
    assert_int_equal(verdict.reason, REASON_INVALID_RESPONSE);
    assert_string_equal(verdict.message, "Something");
    verdict_free(&verdict);
    error_classify_body(NULL, "no value", &verdict);
    assert_int_equal(verdict.reason, REASON_INVALID_RESPONSE);
    assert_string_equal(verdict.message, "no value");
    verdict_free(&verdict);
}

ALL_TESTS(cmocka_unit_test(test_bodies_of_every_form), cmocka_unit_test(test_nul_bytes_and_utf16),
          cmocka_unit_test(test_deep_and_huge), cmocka_unit_test(test_line_is_cut_between_words),
          cmocka_unit_test(test_line_holds_its_promises_for_any_bytes), cmocka_unit_test(test_decision_table),
          cmocka_unit_test(test_good_and_broken_bodies), cmocka_unit_test(test_failures_keep_their_reason),
          cmocka_unit_test(test_error_body_with_a_good_status));
