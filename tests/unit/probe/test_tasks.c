#include "main.h"

#include "unit/probe/told.h"

/* Now is 2026-01-31T12:00:00Z, 1769860800. */
#define V2    "company = EPIC06, EPIC07"
#define KIND  "kind = tasks\n"
#define BARE  KIND "schedules = no\n"
#define TASKS "api/v2/odata/EPIC06/Ice.BO.SysTaskSvc/SysTasks"
#define NOW_SELECT                                                                                           \
    "?$select=SysTaskNum,Company,TaskStatus,StartedOn,EndedOn&$filter=TaskStatus%20eq%20'Pending'%20or%20"   \
    "TaskStatus%20eq%20'Active'%20or%20((TaskStatus%20eq%20'Error'%20or%20TaskStatus%20eq%20'Cancelled')%20" \
    "and%20EndedOn%20ge%20"
#define NOW_END      "&$orderby=SysTaskNum&$top=500"
#define WATCH_SELECT "?$select=Company,TaskStatus,TaskDescription,RunProcedure,EndedOn&$filter="
#define WATCH_END    "&$orderby=EndedOn%20desc&$top=1"
#define SCHEDULES                                                                                            \
    "api/v2/odata/EPIC06/Ice.BO.SysAgentSvc/SysAgentScheds?$select=AgentID,AgentSchedNum,Enabled,NextRunOn&" \
    "$filter=Enabled%20eq%20true&$orderby=AgentID,AgentSchedNum&$top=500"

#define VALUE(rows) "{\"value\":[" rows "]}"
#define TASK(company, status, started, ended)                                                                \
    "{\"Company\":\"" company "\",\"TaskStatus\":\"" status "\",\"StartedOn\":" started                      \
    ",\"EndedOn\":" ended "}"
#define DONE(company, words, procedure, ended)                                                               \
    "{\"Company\":\"" company "\",\"TaskStatus\":\"Complete\",\"TaskDescription\":\"" words                  \
    "\",\"RunProcedure\":\"" procedure "\",\"EndedOn\":" ended "}"
#define SCHEDULE(agent, enabled, next)                                                                       \
    "{\"AgentID\":" agent ",\"Enabled\":" enabled ",\"NextRunOn\":" next "}"

#define COUNTS(company, pending, active, error, cancelled)                                                   \
    "tasks{" company ",pending} " pending "\ntasks{" company ",active} " active "\ntasks{" company           \
    ",error} " error "\ntasks{" company ",cancelled} " cancelled "\n"
#define NONE(company) COUNTS(company, "0", "0", "0", "0")

static void test_the_requests_in_their_order(void **state)
{
    (void)state;
    struct play play = play_begin(V2, KIND "watch = MRP, Today's post\nwindow = 90m");
    static const char *const paths[] = {
        TASKS NOW_SELECT "2026-01-31T10:30:00Z)" NOW_END,
        TASKS WATCH_SELECT
        "Company%20eq%20'EPIC06'%20and%20TaskStatus%20eq%20'Complete'%20and%20(TaskDescription%20eq%20"
        "'MRP'%20or%20RunProcedure%20eq%20'MRP')" WATCH_END,
        TASKS WATCH_SELECT
        "Company%20eq%20'EPIC07'%20and%20TaskStatus%20eq%20'Complete'%20and%20(TaskDescription%20eq%20"
        "'MRP'%20or%20RunProcedure%20eq%20'MRP')" WATCH_END,
        TASKS WATCH_SELECT
        "Company%20eq%20'EPIC06'%20and%20TaskStatus%20eq%20'Complete'%20and%20(TaskDescription%20eq%20"
        "'Today''s%20post'%20or%20RunProcedure%20eq%20'Today''s%20post')" WATCH_END,
        TASKS WATCH_SELECT
        "Company%20eq%20'EPIC07'%20and%20TaskStatus%20eq%20'Complete'%20and%20(TaskDescription%20eq%20"
        "'Today''s%20post'%20or%20RunProcedure%20eq%20'Today''s%20post')" WATCH_END,
        SCHEDULES};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_string_equal(play.request.path, paths[i]);
        assert_int_equal(play.request.method, HTTP_GET);
        assert_int_equal(play_answer(&play, 200, VALUE("")), i < 5 ? PROBE_ASK : PROBE_DONE);
    }
    told_check(&play, REASON_NONE, NONE("EPIC06") NONE("EPIC07"));
    assert_int_equal(play.model->target_count, 1);
    assert_true(play.result.has_rows);
    play_end(&play);
}

static void test_the_older_version(void **state)
{
    (void)state;
    struct play play = play_begin("api_version = v1", BARE "watch = MRP");
    assert_string_equal(play.request.path, "api/v1/Ice.BO.SysTaskSvc/SysTasks" NOW_SELECT
                                           "DateTime'2026-01-31T11:00:00')" NOW_END);
    assert_int_equal(play_answer(&play, 200, VALUE("")), PROBE_ASK);
    assert_string_equal(
        play.request.path,
        "api/v1/Ice.BO.SysTaskSvc/SysTasks" WATCH_SELECT
        "TaskStatus%20eq%20'Complete'%20and%20(TaskDescription%20eq%20'MRP'%20or%20RunProcedure%20eq%20"
        "'MRP')" WATCH_END);
    assert_int_equal(play_answer(&play, 200, VALUE(DONE("ACME", "mrp ", "x", "\"2026-01-31T01:00:00\""))),
                     PROBE_DONE);
    told_check(&play, REASON_NONE, "last_success{other,MRP} 1769821200\n");
    play_end(&play);
}

/* {"value":[...]} of the rows, which end with NULL. */
static void rows_join(const char *const *rows, char *text, size_t size)
{
    snprintf(text, size, "{\"value\":[");
    for (size_t i = 0; rows[i] != NULL; i++)
        snprintf(text + strlen(text), size - strlen(text), "%s%s", i == 0 ? "" : ",", rows[i]);
    snprintf(text + strlen(text), size - strlen(text), "]}");
}

static void test_tasks_by_status(void **state)
{
    (void)state;
    static const struct {
        const char *rows[5], *told;
    } cases[] = {
        {{TASK("EPIC06", "Pending", "null", "null"),
          TASK("EPIC06", "ACTIVE", "\"2026-01-31T11:00:00\"", "null"),
          TASK("EPIC06", "Active", "\"2026-01-31T10:00:00.5Z\"", "null")},
         COUNTS("EPIC06", "1", "2", "0", "0") "oldest_start{EPIC06} 1769853600.5\n" NONE("EPIC07")},
        /* Ended within the window, before it, at an unknown time. */
        {{TASK("EPIC07", "Error", "null", "\"2026-01-31T11:00:00\""),
          TASK("EPIC07", "Error", "null", "\"2026-01-31T10:59:59\""),
          TASK("EPIC07", "Cancelled", "null", "\"2026-01-31T13:00:00+01:00\""),
          TASK("EPIC07", "Canceled", "null", "null")},
         NONE("EPIC06") COUNTS("EPIC07", "0", "0", "1", "1")},
        {{TASK("ACME", "Active", "\"0001-01-01T00:00:00\"", "null"), "{\"TaskStatus\":\"Pending\"}"},
         NONE("EPIC06") NONE("EPIC07") COUNTS("other", "1", "1", "0", "0")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, BARE);
        char text[4096];
        rows_join(cases[i].rows, text, sizeof text);
        assert_int_equal(play_answer(&play, 200, text), PROBE_ASK);
        assert_int_equal(play_answer(&play, 200, VALUE("")), PROBE_DONE);
        told_check(&play, REASON_NONE, cases[i].told);
        play_end(&play);
    }
}

static void test_the_last_success(void **state)
{
    (void)state;
    struct play play = play_begin(V2, BARE "watch = Post, Ice.Mrp.dll");
    play_answer(&play, 200, VALUE(""));
    play_answer(&play, 200, VALUE(DONE("EPIC06", "Post", "a", "\"2026-01-31T11:59:59Z\"")));
    play_answer(&play, 200, VALUE(DONE("EPIC07", "Post", "a", "null")));
    play_answer(&play, 200, VALUE(""));
    assert_int_equal(
        play_answer(&play, 200, VALUE(DONE("EPIC07", "x", "Ice.MRP.dll", "\"2026-01-30T12:00:00\""))),
        PROBE_DONE);
    told_check(
        &play, REASON_NONE,
        NONE("EPIC06") NONE(
            "EPIC07") "last_success{EPIC07,Ice.Mrp.dll} 1769774400\nlast_success{EPIC06,Post} 1769860799\n");
    play_end(&play);
}

static void test_overdue_schedules(void **state)
{
    (void)state;
    static const struct {
        const char *appserver, *probe, *rows[7], *told;
    } cases[] = {
        {.appserver = V2,
         .probe = KIND,
         .rows = {SCHEDULE("\"A\"", "true", "\"2026-01-31T11:54:59\""),
                  SCHEDULE("\"A\"", "true", "\"2026-01-31T11:55:00\""),
                  SCHEDULE("\"B\"", "true", "\"2026-01-31T12:30:00\""), SCHEDULE("\"A\"", "true", "null"),
                  SCHEDULE("\"C\"", "false", "\"2020-01-01T00:00:00\""),
                  SCHEDULE("\"A\"", "true", "\"0001-01-01T00:00:00\"")},
         .told = "overdue{A} 1\noverdue{B} 0\n"},
        {.appserver = V2,
         .probe = KIND "schedule_grace = 1h",
         .rows = {SCHEDULE("\"A\"", "1", "\"2026-01-31T11:00:00\"")},
         .told = "overdue{A} 0\n"},
        /* Six hours behind; a zone in the text goes before. */
        {.appserver = V2 "\ntimezone = America/Chicago",
         .probe = KIND,
         .rows = {SCHEDULE("\"A\"", "true", "\"2026-01-31T06:00:00\""),
                  SCHEDULE("\"A\"", "true", "\"2026-01-31T06:00:00Z\"")},
         .told = "overdue{A} 1\n"},
        {.appserver = V2,
         .probe = KIND "timezone = Asia/Tokyo",
         .rows = {SCHEDULE("null", "true", "\"2026-01-31T20:00:00\"")},
         .told = "overdue{unknown} 1\n"},
        {.appserver = V2,
         .probe = KIND,
         .rows = {SCHEDULE("\"a\\u0000b\"", "true", "\"2026-01-31T20:00:00\"")},
         .told = "overdue dropped 1\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[4096], told[4096];
        rows_join(cases[i].rows, text, sizeof text);
        snprintf(told, sizeof told, NONE("EPIC06") NONE("EPIC07") "%s", cases[i].told);
        struct play play = play_begin(cases[i].appserver, cases[i].probe);
        assert_int_equal(play_answer(&play, 200, VALUE("")), PROBE_ASK);
        assert_int_equal(play_answer(&play, 200, text), PROBE_ASK);
        assert_int_equal(play_answer(&play, 200, VALUE("")), PROBE_DONE);
        told_check(&play, REASON_NONE, told);
        play_end(&play);
    }
}

static void test_many_agents(void **state)
{
    (void)state;
    struct play play = play_begin(V2, KIND);
    struct buffer page;
    buffer_init(&page, (size_t)1 << 20);
    buffer_text(&page, "{\"@odata.count\":400,\"value\":[");
    for (int i = 0; i < 400; i++)
        buffer_format(&page, "%s{\"AgentID\":\"A%03d\",\"Enabled\":true,\"NextRunOn\":\"2026-01-01\"}",
                      i == 0 ? "" : ",", 399 - i);
    buffer_text(&page, "]}");
    play_answer(&play, 200, VALUE(""));
    assert_int_equal(play_answer(&play, 200, buffer_as_text(&page)), PROBE_DONE);
    const struct findings *findings = &play.result.findings;
    assert_int_equal(findings->count, 8 + 16);
    assert_string_equal(finding_label(findings, &findings->items[23], 0), "A015");
    assert_int_equal(findings->dropped[FINDING_SCHEDULES_OVERDUE], 400 - 16);
    play_end(&play);
    buffer_free(&page);
}

/* ---- what is wrong: nothing is told then, not even what came before ---- */

#define ACTIVE_ONE VALUE(TASK("EPIC06", "Active", "null", "null"))

static void test_failures(void **state)
{
    (void)state;
    static const struct {
        const char *probe;
        const char *answers[4]; /* of which the last is the bad one */
        int status;
        enum reason reason;
        const char *message;
    } cases[] = {
        {BARE,
         {VALUE(TASK("EPIC06", "Complete", "null", "null"))},
         200,
         REASON_INVALID_RESPONSE,
         "the server does not heed $filter: it sent a task of another status"},
        {BARE,
         {VALUE("{\"Company\":\"EPIC06\"}")},
         200,
         REASON_INVALID_RESPONSE,
         "the server does not heed $filter: it sent a task of another status"},
        {BARE,
         {VALUE(TASK("EPIC06", "Active", "\"yesterday\"", "null"))},
         200,
         REASON_INVALID_RESPONSE,
         "StartedOn of a row is no date-time"},
        {BARE,
         {VALUE(TASK("EPIC06", "Error", "null", "17"))},
         200,
         REASON_INVALID_RESPONSE,
         "EndedOn of a row is no date-time"},
        {BARE "watch = X",
         {VALUE(""), VALUE(DONE("EPIC06", "Y", "Z", "null"))},
         200,
         REASON_INVALID_RESPONSE,
         "the server does not heed $filter: it sent a task of another name"},
        {BARE "watch = X",
         {VALUE(""), VALUE(DONE("EPIC07", "X", "Z", "null"))},
         200,
         REASON_INVALID_RESPONSE,
         "the server does not heed $filter: it sent a task of another company"},
        {BARE "watch = X",
         {VALUE(""), ACTIVE_ONE},
         200,
         REASON_INVALID_RESPONSE,
         "the server does not heed $filter: it sent a task of another status"},
        {KIND,
         {ACTIVE_ONE, VALUE(""), VALUE(SCHEDULE("\"A\"", "\"perhaps\"", "null"))},
         200,
         REASON_INVALID_RESPONSE,
         "Enabled of a row is neither true nor false"},
        {KIND,
         {ACTIVE_ONE, VALUE(""), VALUE("{\"AgentID\":\"A\",\"Enabled\":true}")},
         200,
         REASON_NONE,
         NULL},
        {KIND,
         {ACTIVE_ONE, VALUE(""), "{\"ErrorMessage\":\"Bad SQL\"}"},
         500,
         REASON_SERVER_ERROR,
         "Bad SQL"},
        {KIND,
         {"{\"ErrorMessage\":\"Access denied (SysTask).\"}"},
         403,
         REASON_ACCESS_DENIED,
         "Access denied (SysTask)."},
        {KIND, {ACTIVE_ONE, "{\"ErrorMessage\":\"Bad SQL\"}"}, 500, REASON_SERVER_ERROR, "Bad SQL"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, cases[i].probe);
        size_t last = 0;
        for (; cases[i].answers[last + 1] != NULL; last++)
            assert_int_equal(play_answer(&play, 200, cases[i].answers[last]), PROBE_ASK);
        enum probe_next next = play_answer(&play, cases[i].status, cases[i].answers[last]);
        if (cases[i].reason == REASON_NONE) { /* the column is missed once all pages have come */
            assert_int_equal(next, PROBE_ASK);
            next = play_answer(&play, 200, VALUE(""));
            told_check(&play, REASON_INVALID_RESPONSE, "no row has a column NextRunOn");
        } else {
            told_check(&play, cases[i].reason, cases[i].message);
        }
        assert_int_equal(next, PROBE_DONE);
        play_end(&play);
    }
}

/* The schedules are left out where the account may not read them, or the server does not know them. */
static void test_schedules_that_are_refused(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *text;
    } cases[] = {{403, "{\"ErrorMessage\":\"Access denied (SysAgent).\"}"},
                 {404, "{\"HttpStatus\":404,\"ErrorMessage\":\"No resource\"}"},
                 {200, "{\"ErrorMessage\":\"Access denied (SysAgent).\"}"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, KIND);
        assert_int_equal(play_answer(&play, 200, VALUE("")), PROBE_ASK);
        assert_int_equal(play_answer(&play, cases[i].status, cases[i].text), PROBE_DONE);
        told_check(&play, REASON_NONE, NONE("EPIC06") NONE("EPIC07"));
        assert_true(play.result.proves_up && play.result.has_findings);
        assert_null(play.result.message);
        play_end(&play);
    }
}

static void test_faults(void **state)
{
    (void)state;
    told_faults(V2, KIND "watch = MRP, PO suggestions\nwindow = 2h", "");
    told_faults(V2, KIND "watch = MRP, mrp", "[probe p] watch: mrp stands in it twice\n");
    told_faults(V2, KIND "window = 1s", "[probe p] window = 1s: it must be 1m to 31d\n");
    told_faults(V2, KIND "schedules = perhaps",
                "[probe p] schedules = perhaps: write yes or no (true or false, on or off)\n");
    told_faults("", KIND,
                "[probe p] kind = tasks: app server live has api_version = v2, whose URLs need a company; "
                "neither the "
                "probe nor [appserver live] has one\n");
    char watch[1024] = KIND "watch = ";
    for (int i = 0; i < 51; i++)
        snprintf(watch + strlen(watch), sizeof watch - strlen(watch), "%sT%d", i == 0 ? "" : ", ", i);
    told_faults(
        V2, watch,
        "[probe p] watch: 51 tasks in 2 companies of app server live are 102 requests a run; at most 100\n");
    told_faults(V2, KIND "[probe q]\n" KIND,
                "[probe q] kind = tasks: would write the same series as [probe p], for app server live; one "
                "probe of this "
                "kind is enough\n");
}

ALL_TESTS(cmocka_unit_test(test_the_requests_in_their_order), cmocka_unit_test(test_the_older_version),
          cmocka_unit_test(test_tasks_by_status), cmocka_unit_test(test_the_last_success),
          cmocka_unit_test(test_overdue_schedules), cmocka_unit_test(test_many_agents),
          cmocka_unit_test(test_schedules_that_are_refused), cmocka_unit_test(test_failures),
          cmocka_unit_test(test_faults), );
