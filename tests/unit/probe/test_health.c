#include "main.h"

#include "unit/probe/play.h"

#define V2     "company = EPIC06"
#define HEALTH "kind = health\n"
#define PATH   "api/v2/odata/EPIC06/Ice.BO.HealthCheckSvc/"
#define FAILED                                                                                               \
    "{\"HttpStatus\":500,\"ReasonPhrase\":\"x\",\"ErrorMessage\":\"SSRS is down\",\"ErrorType\":\"T\"}"

/* The number of the one finding of this kind (with this label); -1: there is none. */
static double found(const struct play *play, enum finding_kind kind, const char *label)
{
    const struct findings *findings = &play->result.findings;
    double number = -1;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *item = &findings->items[i];
        if (item->kind != kind || (label != NULL && strcmp(finding_label(findings, item, 0), label) != 0))
            continue;
        assert_true(number < 0);
        number = item->number;
    }
    return number;
}

static void test_the_way(void **state)
{
    (void)state;
    struct play play = play_begin(V2, HEALTH);
    assert_true(probe_kind_of(play.run.target->probe)->forgets);
    assert_int_equal(play.request.method, HTTP_POST);
    assert_string_equal(play.request.path, PATH "ErpAlive");
    assert_string_equal(play.request.body, "{}");
    assert_int_equal(play_answer(&play, 200, "{}"), PROBE_ASK);
    assert_string_equal(play.request.path, PATH "DatabaseAlive");
    assert_int_equal(play_answer(&play, 200, "{\"returnObj\":12.5}"), PROBE_ASK);
    assert_string_equal(play.request.path, PATH "ReportServerAlive");
    assert_int_equal(play_answer(&play, 500, FAILED), PROBE_ASK);
    assert_string_equal(play.request.path, PATH "CountImmediateSched");
    assert_string_equal(play.request.body, "{\"cutOffMinutes\":10}");
    assert_int_equal(
        play_answer(&play, 200, "{\"parameters\":{\"count\":2,\"earliest\":\"2026-01-31T11:00:00\"}}"),
        PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_true(play.result.proves_up);
    assert_true(play.result.has_findings);
    assert_int_equal(play.result.findings.count, 5);
    assert_float_equal(found(&play, FINDING_HEALTH_CHECK, "erp"), 1, 0);
    assert_float_equal(found(&play, FINDING_HEALTH_CHECK, "database"), 1, 0);
    assert_float_equal(found(&play, FINDING_HEALTH_CHECK, "report_server"), 0, 0);
    assert_float_equal(found(&play, FINDING_DATABASE_LATENCY, NULL), 0.0125, 1e-12);
    assert_float_equal(found(&play, FINDING_TASKS_WAITING, NULL), 2, 0);
    play_end(&play);
}

static void test_what_is_asked(void **state)
{
    (void)state;
    static const struct {
        const char *probe, *path, *body;
        int requests;
    } cases[] = {
        {HEALTH "checks = erp\ncutoff = 0", PATH "ErpAlive", "{}", 1},
        {HEALTH "checks = report_server, database", PATH "DatabaseAlive", "{}", 3},
        {HEALTH "checks = database, database\ncutoff = 0", PATH "DatabaseAlive", "{}", 1},
        {HEALTH "checks = none\ncutoff = 2h", PATH "CountImmediateSched", "{\"cutOffMinutes\":120}", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, cases[i].probe);
        assert_string_equal(play.request.path, cases[i].path);
        assert_string_equal(play.request.body, cases[i].body);
        while (play_answer(&play, 200, "{\"returnObj\":1}") == PROBE_ASK)
            assert_int_equal(play.result.reason, REASON_NONE);
        assert_int_equal(play.result.reason, REASON_NONE);
        assert_int_equal(play.requests, cases[i].requests);
        play_end(&play);
    }
    struct play play = play_begin("api_version = v1", HEALTH);
    assert_string_equal(play.request.path, "api/v1/Ice.BO.HealthCheckSvc/ErpAlive");
    play_end(&play);
}

static void test_a_check(void **state)
{
    (void)state;
    static const struct {
        const char *check;
        int status;
        const char *text;
        enum reason reason;
        double good, latency; /* -1: absent */
    } cases[] = {
        {"erp", 200, "{}", REASON_NONE, 1, -1},
        {"erp", 200, "", REASON_NONE, 1, -1},
        {"erp", 204, "", REASON_NONE, 1, -1},
        {"erp", 200, "{\"parameters\":{}}", REASON_NONE, 1, -1},
        {"erp", 200, "{\"returnObj\":true}", REASON_NONE, 1, -1},
        {"erp", 200, "{\"returnObj\":false}", REASON_NONE, 0, -1},
        {"erp", 200, "{\"returnObj\":0}", REASON_NONE, 1, -1},
        {"erp", 200, "{\"returnObj\":\"fine\"}", REASON_NONE, 1, -1},
        {"database", 200, "{\"returnObj\":0}", REASON_NONE, 1, 0},
        {"database", 200, "{\"returnObj\":\" 12.50 \"}", REASON_NONE, 1, 0.0125},
        {"database", 200, "{\"returnObj\":[250]}", REASON_NONE, 1, 0.25},
        {"database", 200, "{\"returnObj\":{\"ms\":250}}", REASON_NONE, 1, 0.25},
        {"database", 200, "{\"@odata.context\":\"c\",\"value\":250}", REASON_NONE, 1, 0.25},
        {"database", 200, "{\"returnObj\":null}", REASON_NONE, 1, -1},
        {"database", 200, "{}", REASON_NONE, 1, -1},
        {"database", 204, "", REASON_NONE, 1, -1},
        {"database", 200, "{\"returnObj\":true}", REASON_NONE, 1, -1},
        {"database", 200, "{\"returnObj\":false}", REASON_NONE, 0, -1},
        {"database", 200, "{\"returnObj\":-1}", REASON_INVALID_RESPONSE, -1, -1},
        {"database", 200, "{\"returnObj\":1e999}", REASON_INVALID_RESPONSE, -1, -1},
        {"database", 200, "{\"returnObj\":\"fast\"}", REASON_INVALID_RESPONSE, -1, -1},
        /* It says no. */
        {"report_server", 500, FAILED, REASON_NONE, 0, -1},
        {"report_server", 400, FAILED, REASON_NONE, 0, -1},
        {"report_server", 200, FAILED, REASON_NONE, 0, -1},
        {"report_server", 500, "<ApiExceptionResponse><ErrorMessage>x</ErrorMessage></ApiExceptionResponse>",
         REASON_NONE, 0, -1},
        {"database", 500, "{\"error\":{\"code\":\"x\",\"message\":\"y\"}}", REASON_NONE, 0, -1},
        {"database", 400, "{\"ErrorMessage\":\"Execution Timeout Expired\",\"ErrorType\":\"T\"}", REASON_NONE,
         0, -1},
        /* The call itself failed. */
        {"erp", 500, "<html><title>Server error</title></html>", REASON_SERVER_ERROR, -1, -1},
        {"erp", 500, "", REASON_SERVER_ERROR, -1, -1},
        {"erp", 400, "Bad Request", REASON_CLIENT_ERROR, -1, -1},
        {"erp", 405, FAILED, REASON_CLIENT_ERROR, -1, -1},
        {"erp", 401, "", REASON_TOKEN_REJECTED, -1, -1},
        {"erp", 401,
         "{\"ErrorMessage\":\"Access denied (Ice.BO.HealthCheck.ErpAlive).\",\"ErrorType\":\"T\"}",
         REASON_ACCESS_DENIED, -1, -1},
        {"erp", 500,
         "{\"ErrorMessage\":\"Access denied (Ice.BO.HealthCheck.ErpAlive).\",\"ErrorType\":\"T\"}",
         REASON_ACCESS_DENIED, -1, -1},
        {"erp", 403, FAILED, REASON_ACCESS_DENIED, -1, -1},
        {"erp", 404, FAILED, REASON_NOT_FOUND, -1, -1},
        {"erp", 429, FAILED, REASON_THROTTLED, -1, -1},
        {"erp", 503, "<html></html>", REASON_UNAVAILABLE, -1, -1},
        {"erp", 503, FAILED, REASON_UNAVAILABLE, -1, -1},
        {"erp", 503, "{\"ErrorMessage\":\"x\",\"ErrorType\":\"ConversionsPendingException\"}",
         REASON_UPGRADE_PENDING, -1, -1},
        {"erp", 400, "{\"ErrorMessage\":\"Maximum users exceeded on license type: x\"}",
         REASON_LICENSE_EXHAUSTED, -1, -1},
        {"erp", 200, "{\"HttpStatus\":401,\"ErrorMessage\":\"Invalid API Key k.\",\"ErrorType\":\"T\"}",
         REASON_API_KEY, -1, -1},
        {"erp", 200, "<html></html>", REASON_INVALID_RESPONSE, -1, -1},
        {"erp", 200, "{", REASON_INVALID_RESPONSE, -1, -1},
        {"erp", 302, "", REASON_REDIRECTED, -1, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char probe[64];
        snprintf(probe, sizeof probe, HEALTH "checks = %s\ncutoff = 0", cases[i].check);
        struct play play = play_begin(V2, probe);
        assert_int_equal(play_answer(&play, cases[i].status, cases[i].text), PROBE_DONE);
        if (play.result.reason != cases[i].reason)
            fail_msg("%s %d %s: %s", cases[i].check, cases[i].status, cases[i].text,
                     reason_name(play.result.reason));
        bool good = cases[i].reason == REASON_NONE;
        assert_int_equal(play.result.has_findings, good);
        assert_int_equal(play.result.message == NULL, good && cases[i].good != 0);
        assert_true(!good || (play.result.proves_up && !play.result.login));
        assert_float_equal(found(&play, FINDING_HEALTH_CHECK, cases[i].check), cases[i].good, 0);
        assert_float_equal(found(&play, FINDING_DATABASE_LATENCY, NULL), cases[i].latency, 1e-12);
        play_end(&play);
    }
}

static void test_what_checks_say(void **state)
{
    (void)state;
    static const struct {
        const char *texts[3]; /* with status 500 where they are an error, of erp, database, report_server */
        const char *message;
    } cases[] = {
        {{"{}", "{\"returnObj\":1}", "{}"}, NULL},
        {{"{}", "{\"returnObj\":1}", "{\"ErrorMessage\":\"SSRS is down.\",\"ErrorType\":\"T\"}"},
         "report_server says no: SSRS is down."},
        {{"{\"returnObj\":false}", "{\"error\":{\"code\":\"x\",\"message\":\"no\\nway\"}}", "{}"},
         "erp says no; database says no: no way"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, HEALTH "cutoff = 0");
        for (size_t k = 0; k < 3; k++) {
            int status = strstr(cases[i].texts[k], "rror") != NULL ? 500 : 200;
            assert_int_equal(play_answer(&play, status, cases[i].texts[k]), k < 2 ? PROBE_ASK : PROBE_DONE);
        }
        assert_int_equal(play.result.reason, REASON_NONE);
        if (cases[i].message == NULL)
            assert_null(play.result.message);
        else
            assert_string_equal(play.result.message, cases[i].message);
        play_end(&play);
    }
    /* With a good status too; and what it said is dropped where the run fails behind it. */
    struct play play = play_begin(V2, HEALTH "checks = report_server");
    assert_int_equal(play_answer(&play, 200, FAILED), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "{\"parameters\":{\"count\":0}}"), PROBE_DONE);
    assert_int_equal(strncmp(play.result.message, "report_server says no: ", 23), 0);
    play_end(&play);
    play = play_begin(V2, HEALTH "checks = report_server");
    assert_int_equal(play_answer(&play, 200, FAILED), PROBE_ASK);
    assert_int_equal(play_answer(&play, 404, "{}"), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NOT_FOUND);
    assert_true(play.result.message == NULL || strstr(play.result.message, "says no") == NULL);
    play_end(&play);
}

static void test_waiting_tasks(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *text;
        enum reason reason;
        double count;
    } cases[] = {
        {200, "{\"parameters\":{\"count\":0,\"earliest\":null}}", REASON_NONE, 0},
        {200, "{\"parameters\":{\"earliest\":\"2026-01-31T10:00:00\",\"count\":\" 7 \"}}", REASON_NONE, 7},
        {200, "{\"parameters\":[{\"count\":7}]}", REASON_NONE, 7},
        {200, "{\"returnObj\":{\"earliest\":\"x\",\"count\":7}}", REASON_NONE, 7},
        {200, "{\"returnObj\":7}", REASON_NONE, 7},
        {200, "{\"returnObj\":[7]}", REASON_NONE, 7},
        {200, "{\"parameters\":{}}", REASON_INVALID_RESPONSE, -1},
        {200, "{\"parameters\":{\"count\":null}}", REASON_INVALID_RESPONSE, -1},
        {200, "{\"parameters\":{\"count\":-3}}", REASON_INVALID_RESPONSE, -1},
        {200, "{\"parameters\":{\"count\":\"many\"}}", REASON_INVALID_RESPONSE, -1},
        {200, "[]", REASON_INVALID_RESPONSE, -1},
        {200, "", REASON_INVALID_RESPONSE, -1},
        {200, FAILED, REASON_INVALID_RESPONSE, -1},
        /* It is a question, no check: what it cannot answer is no result. */
        {500, FAILED, REASON_SERVER_ERROR, -1},
        {404, FAILED, REASON_NOT_FOUND, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, HEALTH "checks = erp");
        assert_int_equal(play_answer(&play, 200, "{}"), PROBE_ASK);
        assert_int_equal(play_answer(&play, cases[i].status, cases[i].text), PROBE_DONE);
        if (play.result.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].text, reason_name(play.result.reason));
        assert_float_equal(found(&play, FINDING_TASKS_WAITING, NULL), cases[i].count, 0);
        assert_int_equal(play.result.has_findings, cases[i].reason == REASON_NONE);
        play_end(&play);
    }
}

static void test_settings(void **state)
{
    (void)state;
    static const struct {
        const char *probe, *fault;
    } cases[] = {
        {HEALTH "checks = erp, databse",
         "[probe p] checks: \"databse\" is none of erp, database, report_server; did you "
         "mean database?"},
        {HEALTH "checks = erp, none", "[probe p] checks: \"none\" is none of erp"},
        {HEALTH "checks = ssrs", "[probe p] checks: \"ssrs\" is none of erp, database, report_server"},
        {HEALTH "cutoff = 90s", "[probe p] cutoff: the health service counts in whole minutes"},
        {HEALTH "cutoff = 8d", "[probe p] cutoff = 8d"},
        {HEALTH "checks = none\ncutoff = 0", "[probe p] checks = none and cutoff = 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault_list faults = {0};
        assert_null(play_model(V2, cases[i].probe, &faults));
        if (strncmp(faults.items[0].text, cases[i].fault, strlen(cases[i].fault)) != 0)
            fail_msg("%s: %s", cases[i].probe, faults.items[0].text);
        play_fault_place(V2, cases[i].probe, &faults.items[0]);
        fault_list_free(&faults);
    }
}

static void test_a_run_may_be_given_up(void **state)
{
    (void)state;
    struct play play = play_begin(V2, HEALTH);
    assert_int_equal(play_answer(&play, 200, "{}"), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "{\"returnObj\":1}"), PROBE_ASK);
    play_end(&play);
}

ALL_TESTS(cmocka_unit_test(test_the_way), cmocka_unit_test(test_what_is_asked),
          cmocka_unit_test(test_a_check), cmocka_unit_test(test_what_checks_say),
          cmocka_unit_test(test_waiting_tasks), cmocka_unit_test(test_settings),
          cmocka_unit_test(test_a_run_may_be_given_up));
