#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "kinetic/session.h"

static void test_requests(void **state)
{
    (void)state;
    static const struct {
        int api_version;
        const char *company, *login, *logout;
    } cases[] = {
        {2, "EPIC06", "api/v2/odata/EPIC06/Ice.LIB.SessionModSvc/Login",
         "api/v2/odata/EPIC06/Ice.LIB.SessionModSvc/Logout"},
        {2, "A/B", "api/v2/odata/A%2FB/Ice.LIB.SessionModSvc/Login",
         "api/v2/odata/A%2FB/Ice.LIB.SessionModSvc/Logout"},
        {1, "EPIC06", "api/v1/Ice.LIB.SessionModSvc/Login", "api/v1/Ice.LIB.SessionModSvc/Logout"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request = {0};
        session_login_request(cases[i].api_version, cases[i].company, &request);
        assert_string_equal(request.path, cases[i].login);
        assert_int_equal(request.method, HTTP_POST);
        assert_int_equal(request.purpose, EXCHANGE_CALL);
        assert_string_equal(request.body, "{}");
        assert_int_equal(request.body_size, 2);
        assert_string_equal(request.content_type, "application/json");
        assert_string_equal(request.company, cases[i].company);
        request_free(&request);
        session_logout_request(cases[i].api_version, cases[i].company, &request);
        assert_string_equal(request.path, cases[i].logout);
        request_free(&request);
    }
}

#define ID "0d51b2b6-6f1c-4c9b-9a39-7c1d7a1f2e10"

static const struct {
    int status;
    const char *text;
    enum reason reason;
    bool login;
} answers[] = {
    {200, "{\"returnObj\":\"" ID "\"}", REASON_NONE, false},
    {200, " {\"parameters\":{},\"returnObj\":\"" ID "\"} ", REASON_NONE, false},
    {200, "", REASON_INVALID_RESPONSE, false},
    {200, "{", REASON_INVALID_RESPONSE, false},
    {200, "\"" ID "\"", REASON_INVALID_RESPONSE, false},
    {200, "{\"returnObj\":null}", REASON_INVALID_RESPONSE, false},
    {200, "{\"returnObj\":\"\"}", REASON_INVALID_RESPONSE, false},
    {200, "{\"returnObj\":{\"a\":1}}", REASON_INVALID_RESPONSE, false},
    {200, "{\"returnObj\":\"00000000-0000-0000-0000-000000000000\"}", REASON_INVALID_RESPONSE, false},
    {200, "{\"returnObj\":\"a\\r\\nX-Evil: 1\"}", REASON_INVALID_RESPONSE, false},
    {200, "{\"returnObj\":\"a\\\",\\\"UserID\\\":\\\"b\"}", REASON_INVALID_RESPONSE, false},
    {401, "", REASON_TOKEN_REJECTED, true},
    {401, "{\"ErrorMessage\":\"Invalid API Key x.\\r\\nCompany Y.\"}", REASON_API_KEY, false},
    {500, "{\"ErrorMessage\":\"Maximum users exceeded on license type: DefaultUser\"}",
     REASON_LICENSE_EXHAUSTED, false},
    {503, "<html><title>Service Unavailable</title></html>", REASON_UNAVAILABLE, false},
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct answer answer = {
            .status = answers[i].status, .text = answers[i].text, .text_size = strlen(answers[i].text)};
        struct session_reading read;
        session_login_read(&answer, true, &read);
        if (read.reason != answers[i].reason || read.login != answers[i].login)
            fail_msg("%s: %s, login %d", answers[i].text, reason_name(read.reason), read.login);
        assert_true((read.id != NULL) == (read.reason == REASON_NONE));
        if (read.id != NULL)
            assert_string_equal(secret_reveal(read.id), ID);
        if (read.reason == REASON_INVALID_RESPONSE)
            assert_null(strstr(read.message, "Evil"));
        session_reading_free(&read);
    }
}

/* The answer to a Logout. tells: a call that got it would know that its session has ended. */
static const struct {
    int status;
    enum reason failure;
    const char *text;
    enum reason reason;
    bool login, tells;
} ends[] = {
    {200, REASON_NONE, "{}", REASON_NONE, false, false},
    {200, REASON_NONE, "", REASON_NONE, false, false},
    {204, REASON_NONE, "", REASON_NONE, false, false},
    {410, REASON_NONE, "", REASON_NONE, false, false},
    {410, REASON_NONE, "{\"ErrorType\":\"Ice.Common.InvalidSessionException\",\"ErrorMessage\":\"x\"}",
     REASON_NONE, false, true},
    {410, REASON_NONE, "<a><ErrorMessage>x</ErrorMessage><ErrorType>InvalidSessionException</ErrorType></a>",
     REASON_NONE, false, true},
    {410, REASON_NONE, "{\"ErrorMessage\":\"The record is gone.\"}", REASON_NONE, false, false},
    {0, REASON_CONNECTION_LOST, "", REASON_CONNECTION_LOST, false, false},
    {410, REASON_CONNECTION_LOST, "", REASON_CONNECTION_LOST, false, false},
    {401, REASON_NONE, "", REASON_TOKEN_REJECTED, true, false},
    {500, REASON_NONE, "{\"ErrorMessage\":\"InvalidSession\"}", REASON_SERVER_ERROR, false, false},
};

static void test_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct answer answer = {.status = ends[i].status,
                                .failure = ends[i].failure,
                                .text = ends[i].text,
                                .text_size = strlen(ends[i].text)};
        struct session_reading read;
        session_logout_read(&answer, true, &read);
        if (read.reason != ends[i].reason || read.login != ends[i].login)
            fail_msg("%zu: %s, login %d", i, reason_name(read.reason), read.login);
        assert_null(read.id);
        assert_true(session_answer_tells_end(&answer) == ends[i].tells);
        session_reading_free(&read);
    }
}

static void test_header(void **state)
{
    (void)state;
    struct header_list list = {0};
    struct secret *id = secret_new(ID, strlen(ID)), *broken = secret_new("a\nb", 3);
    assert_true(header_add_session(&list, id));
    assert_false(header_add_session(&list, broken));
    assert_int_equal(list.count, 1);
    assert_string_equal(list.lines[0], "SessionInfo: {\"SessionID\":\"" ID "\"}");
    header_list_free(&list);
    secret_unref(id);
    secret_unref(broken);
}

ALL_TESTS(cmocka_unit_test(test_requests), cmocka_unit_test(test_answers), cmocka_unit_test(test_ends),
          cmocka_unit_test(test_header));
