#include "main.h"

#include "unit/probe/play.h"

#define V2          "company = EPIC06"
#define ENVIRONMENT "kind = environment"

static void test_request(void **state)
{
    (void)state;
    struct play play = play_begin(V2, ENVIRONMENT);
    assert_int_equal(play.request.method, HTTP_GET);
    assert_string_equal(play.request.path, "api/v2/environment");
    assert_string_equal(play.request.company, "EPIC06");
    assert_int_equal(play.request.wanted, BODY_JSON);
    assert_string_equal(play.run.target->company, "");
    play_end(&play);
    /* Its URL needs no company. */
    play = play_begin("", ENVIRONMENT);
    assert_null(play.request.company);
    play_end(&play);

    struct fault_list faults = {0};
    assert_null(play_model(V2 "\napi_version = v1", ENVIRONMENT, &faults));
    assert_non_null(strstr(faults.items[0].text, "api_version = v1, and api/v2/environment needs v2"));
    play_fault_place(V2 "\napi_version = v1", ENVIRONMENT, &faults.items[0]);
    fault_list_free(&faults);
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *text;
        enum reason reason;
        const char *message;
    } cases[] = {
        {200, "{\"Companies\":[{\"Company\":\"EPIC06\",\"Plants\":[]}]}", REASON_NONE, NULL},
        {200, "{}", REASON_NONE, NULL},
        {200, "[]", REASON_NONE, NULL},
        {200, "[{\"Company\":\"EPIC06\"}]", REASON_NONE, NULL},
        /* A field of that name alone is no error body. */
        {200, "{\"ErrorMessage\":\"\",\"x\":1}", REASON_NONE, NULL},
        {200, "\"x\"", REASON_INVALID_RESPONSE, "the answer is no object and no array"},
        {200, "null", REASON_INVALID_RESPONSE, "the answer is no object and no array"},
        {200, "", REASON_INVALID_RESPONSE, NULL},
        {200, "<html></html>", REASON_INVALID_RESPONSE, NULL},
        {200, "{\"a\":[", REASON_INVALID_RESPONSE, NULL},
        {204, "", REASON_INVALID_RESPONSE, NULL},
        {200, "{\"HttpStatus\":401,\"ErrorMessage\":\"Invalid API Key k.\",\"ErrorType\":\"T\"}",
         REASON_API_KEY, "Invalid API Key k."},
        {404, "{\"ErrorMessage\":\"Not here\",\"ErrorType\":\"T\"}", REASON_NOT_FOUND, "Not here"},
        {404, "<html><title>404</title></html>", REASON_UNAVAILABLE, "404"},
        {403, "{\"ErrorMessage\":\"x\"}", REASON_ACCESS_DENIED, "x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, ENVIRONMENT);
        assert_int_equal(play_answer(&play, cases[i].status, cases[i].text), PROBE_DONE);
        if (play.result.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].text, reason_name(play.result.reason));
        if (cases[i].message != NULL)
            assert_string_equal(play.result.message, cases[i].message);
        assert_false(play.result.has_rows);
        assert_false(play.result.has_findings);
        assert_null(play.result.names);
        play_end(&play);
    }
}

ALL_TESTS(cmocka_unit_test(test_request), cmocka_unit_test(test_answers));
