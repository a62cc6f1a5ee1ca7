#include "main.h"

#include "unit/probe/play.h"

#define V2      "company = EPIC06, EPIC07"
#define VERSION "kind = version"
#define PATCH   "{\"returnObj\":\"11.3.100.7\"}"
#define LIVE                                                                                                 \
    "{\"parameters\":{\"companyID\":\"EPIC06\",\"isProductionInstance\":true,\"enabledFeatureFlags\":["      \
    "\"a\"]}}"

static const struct finding *finding(const struct play *play, enum finding_kind kind)
{
    const struct findings *findings = &play->result.findings;
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].kind == kind)
            return &findings->items[i];
    return NULL;
}

static void test_requests(void **state)
{
    (void)state;
    static const struct {
        const char *appserver, *first, *second;
    } cases[] = {
        {V2, "api/v2/odata/EPIC06/Ice.LIB.SessionModSvc/GetPatchLevel",
         "api/v2/odata/EPIC06/Ice.LIB.SessionModSvc/GetCurrentValuesFromServer"},
        {"api_version = v1", "api/v1/Ice.LIB.SessionModSvc/GetPatchLevel",
         "api/v1/Ice.LIB.SessionModSvc/GetCurrentValuesFromServer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(cases[i].appserver, VERSION);
        assert_int_equal(play.model->target_count, 1);
        assert_int_equal(play.request.method, HTTP_POST);
        assert_string_equal(play.request.path, cases[i].first);
        assert_string_equal(play.request.body, "{}");
        assert_int_equal(play_answer(&play, 200, PATCH), PROBE_ASK);
        assert_string_equal(play.request.path, cases[i].second);
        assert_int_equal(play_answer(&play, 200, LIVE), PROBE_DONE);
        assert_int_equal(play.result.reason, REASON_NONE);
        play_end(&play);
    }
    struct fault_list faults = {0};
    assert_null(play_model("", VERSION, &faults));
    assert_non_null(strstr(faults.items[0].text, "whose URLs need a company"));
    fault_list_free(&faults);
}

static void test_the_first_answer(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *text, *version; /* NULL: the run fails */
        enum reason reason;
        const char *message;
    } cases[] = {
        {200, PATCH, "11.3.100.7", REASON_NONE, NULL},
        {200, "{\"returnObj\":\"  11.3.100.7 \\r\\n\",\"parameters\":{}}", "11.3.100.7", REASON_NONE, NULL},
        {200, "{\"@odata.context\":\"x\",\"value\":\"2024.2.5\"}", "2024.2.5", REASON_NONE, NULL},
        {200, "{\"returnObj\":11.30}", "11.30", REASON_NONE, NULL},
        {200, "{\"returnObj\":\"\"}", NULL, REASON_INVALID_RESPONSE,
         "the answer has no patch level in \"returnObj\""},
        {200, "{\"returnObj\":null}", NULL, REASON_INVALID_RESPONSE, NULL},
        {200, "{\"returnObj\":{\"a\":1}}", NULL, REASON_INVALID_RESPONSE, NULL},
        {200, "{\"returnObj\":true}", NULL, REASON_INVALID_RESPONSE, NULL},
        {200, "{}", NULL, REASON_INVALID_RESPONSE, NULL},
        {200, "\"11.3\"", NULL, REASON_INVALID_RESPONSE, NULL},
        {200, "{\"returnObj\":\"1\\u00002\"}", NULL, REASON_INVALID_RESPONSE,
         "the patch level is no short text of one line"},
        {200, "{\"returnObj\":\"1\\n2\"}", NULL, REASON_INVALID_RESPONSE, NULL},
        {200, "{\"HttpStatus\":401,\"ErrorMessage\":\"Access denied (x).\",\"ErrorType\":\"T\"}", NULL,
         REASON_ACCESS_DENIED, "Access denied (x)."},
        {401, "{\"ErrorMessage\":\"Access denied (Ice.LIB.SessionMod.GetPatchLevel).\",\"ErrorType\":\"T\"}",
         NULL, REASON_ACCESS_DENIED, NULL},
        {404, "{\"ErrorMessage\":\"No such service\",\"ErrorType\":\"T\"}", NULL, REASON_NOT_FOUND, NULL},
        {503, "<html></html>", NULL, REASON_UNAVAILABLE, NULL},
        {204, "", NULL, REASON_INVALID_RESPONSE, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, VERSION);
        enum probe_next next = play_answer(&play, cases[i].status, cases[i].text);
        if (next != (cases[i].version == NULL ? PROBE_DONE : PROBE_ASK) ||
            play.result.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].text, reason_name(play.result.reason));
        if (cases[i].message != NULL)
            assert_string_equal(play.result.message, cases[i].message);
        if (next == PROBE_ASK) {
            assert_int_equal(play_answer(&play, 200, LIVE), PROBE_DONE);
            const struct finding *info = finding(&play, FINDING_SERVER_INFO);
            assert_non_null(info);
            assert_string_equal(finding_label(&play.result.findings, info, 0), cases[i].version);
            assert_float_equal(info->number, 1, 0);
        } else {
            assert_false(play.result.has_findings);
        }
        play_end(&play);
    }
    /* A label is no place for a novel. */
    char text[300];
    snprintf(text, sizeof text, "{\"returnObj\":\"%0101d\"}", 1);
    struct play play = play_begin(V2, VERSION);
    assert_int_equal(play_answer(&play, 200, text), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_INVALID_RESPONSE);
    play_end(&play);
}

static void test_the_second_answer(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *text;
        enum reason reason;
        int production; /* -1: not told */
    } cases[] = {
        {200, LIVE, REASON_NONE, 1},
        {200, "{\"parameters\":{\"isProductionInstance\":false}}", REASON_NONE, 0},
        {200, "{\"parameters\":[{\"isProductionInstance\":\"False\"}]}", REASON_NONE, 0},
        {200, "{\"parameters\":{\"IsProductionInstance\":\" true \"}}", REASON_NONE, 1},
        {200, "{\"returnObj\":{\"isProductionInstance\":1}}", REASON_NONE, 1},
        {200, "{\"parameters\":{\"isProductionInstance\":null}}", REASON_NONE, -1},
        {200, "{\"parameters\":{\"isProductionInstance\":\"maybe\"}}", REASON_NONE, -1},
        {200, "{\"parameters\":{}}", REASON_NONE, -1},
        {200, "[]", REASON_NONE, -1},
        /* Not known, not allowed: the version stays. */
        {404, "{\"ErrorMessage\":\"No such method\",\"ErrorType\":\"T\"}", REASON_NONE, -1},
        {401, "{\"ErrorMessage\":\"Access denied (x).\",\"ErrorType\":\"T\"}", REASON_NONE, -1},
        {403, "{\"ErrorMessage\":\"out of scope\",\"ErrorType\":\"System.UnauthorizedAccessException\"}",
         REASON_NONE, -1},
        {200, "{\"HttpStatus\":401,\"ErrorMessage\":\"Access denied (x).\",\"ErrorType\":\"T\"}", REASON_NONE,
         -1},
        /* All else is a failure as any other. */
        {403, "<html></html>", REASON_ACCESS_DENIED, -1},
        {404, "<html></html>", REASON_UNAVAILABLE, -1},
        {401, "", REASON_TOKEN_REJECTED, -1},
        {500, "{\"ErrorMessage\":\"x\",\"ErrorType\":\"T\"}", REASON_SERVER_ERROR, -1},
        {400, "{\"ErrorMessage\":\"Maximum users exceeded on license type: WebService\"}",
         REASON_LICENSE_EXHAUSTED, -1},
        {200, "{\"HttpStatus\":500,\"ErrorMessage\":\"Bad\",\"ErrorType\":\"T\"}", REASON_INVALID_RESPONSE,
         -1},
        {200, "{\"parameters\":", REASON_INVALID_RESPONSE, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, VERSION);
        assert_int_equal(play_answer(&play, 200, PATCH), PROBE_ASK);
        assert_int_equal(play_answer(&play, cases[i].status, cases[i].text), PROBE_DONE);
        if (play.result.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].text, reason_name(play.result.reason));
        assert_int_equal(play.result.has_findings, cases[i].reason == REASON_NONE);
        assert_int_equal(finding(&play, FINDING_SERVER_INFO) != NULL, cases[i].reason == REASON_NONE);
        assert_int_equal(play.result.message != NULL, cases[i].reason != REASON_NONE);
        const struct finding *production = finding(&play, FINDING_PRODUCTION);
        assert_int_equal(production != NULL, cases[i].production >= 0);
        if (production != NULL)
            assert_float_equal(production->number, cases[i].production, 0);
        play_end(&play);
    }
}

static void test_a_run_may_be_given_up(void **state)
{
    (void)state;
    struct play play = play_begin(V2, VERSION);
    assert_int_equal(play_answer(&play, 200, PATCH), PROBE_ASK);
    play_end(&play);
}

ALL_TESTS(cmocka_unit_test(test_requests), cmocka_unit_test(test_the_first_answer),
          cmocka_unit_test(test_the_second_answer), cmocka_unit_test(test_a_run_may_be_given_up));
