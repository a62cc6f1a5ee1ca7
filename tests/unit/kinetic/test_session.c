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
        struct secret *id;
        char *message;
        bool login;
        enum reason reason = session_answer(&answer, true, &id, &login, &message);
        if (reason != answers[i].reason || login != answers[i].login)
            fail_msg("%s: %s, login %d", answers[i].text, reason_name(reason), login);
        assert_true((id != NULL) == (reason == REASON_NONE));
        if (id != NULL)
            assert_string_equal(secret_reveal(id), ID);
        if (reason == REASON_INVALID_RESPONSE)
            assert_null(strstr(message, "Evil"));
        secret_unref(id);
        free(message);
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

ALL_TESTS(cmocka_unit_test(test_requests), cmocka_unit_test(test_answers), cmocka_unit_test(test_header));
