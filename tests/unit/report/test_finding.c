/* What runs find out, as series. */
#include "main.h"

#include "sample.h"

#include "report/board.h"
#include "report/families.h"
#include "report/finding.h"

#define LIVE        "appserver=\"live\""
#define ORDERS      LIVE ",company=\"EPIC06\",probe=\"orders\""
#define HOST        "[appserver live]\nurl = https://erp.example.com/KineticLive\ncompany = EPIC06\nauth = none\n"
#define EVERY       "interval = 30s\ntimeout = 20s\n"
#define ORDERS_KEYS "[probe orders]\nkind = baq\n" EVERY
#define HEALTH      "[probe state]\nkind = health\n" EVERY
#define STOCK       "[probe stock]\nkind = efx\n" EVERY

/* A report and the configuration that is in force. */
struct stage {
    struct report *report;
    struct model *model;
    struct model *before; /* the one before it: runs may have begun by it */
};

static struct stage stage_of(const char *text)
{
    struct stage stage = {.model = sample_model_of(text)};

    stage.report = report_new(stage.model, sample_start, "1.2.3", "abc");
    return stage;
}

static void stage_reload(struct stage *stage, const char *text, int64_t at)
{
    struct model *after = sample_model_of(text);
    struct model_match match = model_match(stage->model, after);

    struct report_target *handles[4];
    size_t count = stage->model->target_count;
    for (size_t i = 0; i < count; i++)
        handles[i] = report_target(stage->report, i);
    report_reload(stage->report, after, &match, sample_after(at));
    for (size_t i = 0; i < after->target_count; i++)
        if (match.targets[i] != MATCH_NEW)
            handles[match.targets[i]] = NULL;
    for (size_t i = 0; i < count; i++)
        report_target_free(handles[i]);
    model_match_free(&match);
    model_unref(stage->before);
    stage->before = stage->model;
    stage->model = after;
}

static void stage_end(struct stage *stage)
{
    report_free(stage->report);
    model_unref(stage->before);
    model_unref(stage->model);
}

/* A run by these settings; the findings are taken over where it has some. */
static void run_by(struct stage *stage, const struct target_settings *settings, size_t target, int64_t at,
                   enum reason reason, struct findings *findings)
{
    struct probe_result result = {
        .reason = reason, .status = reason == REASON_NONE ? 200 : 500, .has_findings = findings != NULL};
    struct run_record record = {.ended = sample_after(at),
                                .due_next_boot_ns = sample_after(at + 30).boot_ns,
                                .asked = true,
                                .timed = true,
                                .duration_ns = SECOND_NS,
                                .phases = {-1, -1, -1, -1, -1},
                                .result = &result,
                                .settings = settings};

    if (findings != NULL)
        result.findings = *findings;
    report_run(report_target(stage->report, target), &record);
    if (findings != NULL)
        findings_free(findings);
}

static void run_at(struct stage *stage, size_t target, int64_t at, enum reason reason,
                   struct findings *findings)
{
    run_by(stage, &stage->model->targets[target], target, at, reason, findings);
}

static struct findings seats(const char *company, const char *license, double used, double owned)
{
    struct findings findings = {0};
    const char *const labels[] = {company, license};

    findings_add(&findings, FINDING_SEATS_USED, used, labels, 2);
    findings_add(&findings, FINDING_SEATS_OWNED, owned, labels, 2);
    return findings;
}

static struct findings orders(double first)
{
    struct findings findings = {0};

    findings_add_value(&findings, 0, first, (const char *const[]){"MAIN", "9007199254740993"}, 2);
    findings_add_value(&findings, 0, 2, (const char *const[]){"MAIN", ""}, 2);
    findings_add_value(&findings, 1, 1700000000, NULL, 0);
    return findings;
}

#define ORDERS_TOLD(first)                                                                                   \
    "epicor_value_last_order{" ORDERS "} 1700000000\n"                                                       \
    "epicor_value_open_total_value{" ORDERS ",site=\"MAIN\",part=\"\"} 2\n"                                  \
    "epicor_value_open_total_value{" ORDERS ",site=\"MAIN\",part=\"9007199254740993\"} " first "\n"

/* ---- kinds ---- */

/* Each with other labels, in the order of its row. */
static const struct {
    enum finding_kind kind;
    const char *labels[3];
    const char *series; /* without the app server's label */
} kinds[] = {
    {FINDING_SEATS_USED,
     {"EPIC06", "WebService"},
     "epicor_license_seats_used{,company=\"EPIC06\",license=\"WebService\"}"},
    {FINDING_SEATS_OWNED, {"", "x\"y"}, "epicor_license_seats_owned{,company=\"\",license=\"x\\\"y\"}"},
    {FINDING_SESSIONS,
     {"other", "DefaultUser", "idle"},
     "epicor_sessions{,company=\"other\",license=\"DefaultUser\",state=\"idle\"}"},
    {FINDING_HEALTH_CHECK, {"report_server"}, "epicor_health_check_success{,check=\"report_server\"}"},
    {FINDING_DATABASE_LATENCY, {NULL}, "epicor_database_latency_seconds{}"},
    {FINDING_TASKS_WAITING, {NULL}, "epicor_tasks_waiting{}"},
    {FINDING_TASKS, {"EPIC06", "pending"}, "epicor_tasks{,company=\"EPIC06\",status=\"pending\"}"},
    {FINDING_TASK_OLDEST_START,
     {"EPIC06"},
     "epicor_task_oldest_active_start_timestamp_seconds{,company=\"EPIC06\"}"},
    {FINDING_TASK_LAST_SUCCESS,
     {"EPIC06", "MRP"},
     "epicor_task_last_success_timestamp_seconds{,company=\"EPIC06\",task=\"MRP\"}"},
    {FINDING_SCHEDULES_OVERDUE, {"SystemTaskAgent"}, "epicor_schedules_overdue{,agent=\"SystemTaskAgent\"}"},
    {FINDING_SERVER_INFO, {"11.3.100.4"}, "epicor_server_info{,version=\"11.3.100.4\"}"},
    {FINDING_PRODUCTION, {NULL}, "epicor_server_production{}"},
    {FINDING_API_KEY_EXPIRY, {"monitoring"}, "epicor_api_key_expiry_timestamp_seconds{,key=\"monitoring\"}"},
};

static void test_every_kind_has_its_family(void **state)
{
    struct stage stage = stage_of(HOST STOCK);
    struct findings findings = {0};

    (void)state;
    assert_int_equal(sizeof kinds / sizeof kinds[0], FINDING_KINDS - 1);
    for (size_t i = 0; i < FINDING_KINDS - 1; i++) {
        size_t labels = 0;
        while (labels < 3 && kinds[i].labels[labels] != NULL)
            labels++;
        assert_int_equal(kinds[i].kind, i + 1);
        findings_add(&findings, kinds[i].kind, (double)i + 0.5, kinds[i].labels, labels);
    }
    run_at(&stage, 0, 5, REASON_NONE, &findings);
    for (size_t i = 0; i < FINDING_KINDS - 1; i++) {
        size_t name = strcspn(kinds[i].series, "{") + 1;
        char *series = memory_format("%.*s" LIVE "%s", (int)name, kinds[i].series, kinds[i].series + name);
        char *number = memory_format("%zu.5", i);
        assert_value(stage.report, sample_after(6), series, number);
        free(series);
        free(number);
    }
    /* Counted like all others. */
    char *all = sample_lines(stage.report, sample_after(6), "");
    size_t lines = 0;
    for (const char *at = all; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    free(all);
    char *number = memory_format("%zu", lines);
    assert_value(stage.report, sample_after(6), "epicor_exporter_series", number);
    free(number);
    stage_end(&stage);
}

/* ---- values ---- */

static void test_values_by_their_definitions(void **state)
{
    struct stage stage = stage_of(HOST ORDERS_KEYS "values = totals\n");
    struct findings findings = orders(-1.5);
    struct buffer page;

    (void)state;
    run_at(&stage, 0, 5, REASON_NONE, &findings);
    assert_lines(stage.report, sample_after(6), "epicor_value_", ORDERS_TOLD("-1.5"));
    buffer_init(&page, 1 << 20);
    assert_true(report_page(stage.report, NULL, sample_after(6), &page));
    assert_non_null(strstr(page.data, "\n# HELP epicor_value_open_total_value Sum of the\\nopen.\n"
                                      "# TYPE epicor_value_open_total_value gauge\n"));
    buffer_free(&page);
    /* What the rows no longer hold is no more. */
    findings_add_value(&findings, 1, 7, NULL, 0);
    run_at(&stage, 0, 35, REASON_NONE, &findings);
    assert_lines(stage.report, sample_after(36), "epicor_value_", "epicor_value_last_order{" ORDERS "} 7\n");
    run_at(&stage, 0, 65, REASON_NONE, &findings);
    assert_lines(stage.report, sample_after(66), "epicor_value_", "");
    stage_end(&stage);
}

/* ---- how long they stand ---- */

static void test_the_last_ones_stand_until_they_grow_old(void **state)
{
    struct stage stage = stage_of(HOST ORDERS_KEYS "values = totals\n");
    struct findings findings = orders(1);

    (void)state;
    run_at(&stage, 0, 10, REASON_NONE, &findings);
    run_at(&stage, 0, 40, REASON_TIMEOUT, NULL);
    run_at(&stage, 0, 70, REASON_TIMEOUT, NULL);
    report_skipped(report_target(stage.report, 0), SKIP_OVERRUN, sample_after(90)); /* after a failed run */
    assert_lines(stage.report, sample_after(99), "epicor_value_", ORDERS_TOLD("1"));
    assert_lines(stage.report, sample_after(100), "epicor_value_", "");
    /* A reading is whole also where the run then failed by what it read. */
    findings = orders(2);
    run_at(&stage, 0, 130, REASON_ROWS, &findings);
    assert_lines(stage.report, sample_after(219), "epicor_value_", ORDERS_TOLD("2"));
    report_skipped(report_target(stage.report, 0), SKIP_GATE, sample_after(200));
    assert_lines(stage.report, sample_after(289), "epicor_value_", ORDERS_TOLD("2"));
    assert_lines(stage.report, sample_after(290), "epicor_value_", "");
    stage_end(&stage);
}

static void test_what_is_about_this_moment_goes_at_once(void **state)
{
    struct stage stage = stage_of(HOST HEALTH);
    struct findings findings = {0};

    (void)state;
    findings_add(&findings, FINDING_DATABASE_LATENCY, 0.25, NULL, 0);
    run_at(&stage, 0, 10, REASON_NONE, &findings);
    assert_lines(stage.report, sample_after(11), "epicor_database",
                 "epicor_database_latency_seconds{" LIVE "} 0.25\n");
    run_at(&stage, 0, 12, REASON_UNAVAILABLE, NULL);
    assert_lines(stage.report, sample_after(13), "epicor_database", "");
    stage_end(&stage);
}

static void test_reloads(void **state)
{
    struct stage stage = stage_of(HOST ORDERS_KEYS "values = totals\n" HEALTH);
    struct findings findings = orders(1);

    (void)state;
    run_at(&stage, 0, 10, REASON_NONE, &findings);
    findings_add(&findings, FINDING_TASKS_WAITING, 4, NULL, 0);
    run_at(&stage, 1, 10, REASON_NONE, &findings);
    /* What stays goes on, by its new interval. */
    stage_reload(&stage,
                 HOST "[probe orders]\nkind = baq\ninterval = 60s\ntimeout = 20s\nvalues = totals\n" HEALTH,
                 20);
    assert_lines(stage.report, sample_after(189), "epicor_value_", ORDERS_TOLD("1"));
    assert_lines(stage.report, sample_after(190), "epicor_value_", "");
    /* Other definitions. */
    stage_reload(&stage, HOST ORDERS_KEYS "values = other_help\n" HEALTH, 21);
    assert_lines(stage.report, sample_after(22), "epicor_value_", "");
    assert_lines(stage.report, sample_after(22), "epicor_tasks", "epicor_tasks_waiting{" LIVE "} 4\n");
    /* A run that the reload has overtaken says nothing of them; one by these does. */
    findings = orders(3);
    run_by(&stage, &stage.before->targets[0], 0, 23, REASON_NONE, &findings);
    assert_lines(stage.report, sample_after(24), "epicor_value_", "");
    findings = orders(4);
    run_at(&stage, 0, 25, REASON_NONE, &findings);
    assert_lines(stage.report, sample_after(26), "epicor_value_", ORDERS_TOLD("4"));
    /* A reload that changes nothing lets it count. */
    stage_reload(&stage, HOST ORDERS_KEYS "values = other_help\n" HEALTH, 27);
    findings = orders(5);
    run_by(&stage, &stage.before->targets[0], 0, 28, REASON_NONE, &findings);
    assert_lines(stage.report, sample_after(29), "epicor_value_", ORDERS_TOLD("5"));
    /* Another kind; and gone. */
    stage_reload(&stage, HOST "[probe orders]\nkind = efx\n" EVERY, 30);
    assert_lines(stage.report, sample_after(31), "epicor_value_", "");
    assert_lines(stage.report, sample_after(31), "epicor_tasks", "");
    findings = orders(6);
    run_by(&stage, &stage.before->targets[0], 0, 32, REASON_NONE, &findings);
    assert_lines(stage.report, sample_after(33), "epicor_value_", "");
    stage_end(&stage);
}

/* ---- seats ---- */

static void test_seats_owned(void **state)
{
    struct stage stage = stage_of(HOST "seats.WebService = 5\nseats.Other = 9\n" STOCK HEALTH);
    struct findings findings = seats("EPIC06", "Other", 3, 10);

    (void)state;
#define OWNED(company, license)                                                                              \
    "epicor_license_seats_owned{" LIVE ",company=\"" company "\",license=\"" license "\"} "
#define USED(company, license)                                                                               \
    "epicor_license_seats_used{" LIVE ",company=\"" company "\",license=\"" license "\"} "
    assert_lines(stage.report, sample_start, "epicor_license_seats",
                 OWNED("", "Other") "9\n" OWNED("", "WebService") "5\n");
    run_at(&stage, 0, 10, REASON_NONE, &findings);
    assert_lines(stage.report, sample_after(11), "epicor_license_seats",
                 OWNED("", "WebService") "5\n" OWNED("EPIC06", "Other") "10\n" USED("EPIC06", "Other") "3\n");
    /* Two targets of the app server tell of other companies. */
    findings = seats("EPIC07", "Other", 4, 10);
    run_at(&stage, 1, 12, REASON_NONE, &findings);
    assert_lines(stage.report, sample_after(13), "epicor_license_seats_used",
                 USED("EPIC06", "Other") "3\n" USED("EPIC07", "Other") "4\n");
    assert_lines(stage.report, sample_after(200), "epicor_license_seats",
                 OWNED("", "Other") "9\n" OWNED("", "WebService") "5\n");
    stage_reload(&stage, HOST STOCK, 300);
    assert_lines(stage.report, sample_after(301), "epicor_license_seats", "");
    stage_end(&stage);
}

/* ---- what is left out ---- */

static void test_what_is_left_out_is_counted(void **state)
{
    struct stage stage = stage_of(HOST ORDERS_KEYS "values = totals\n" STOCK HEALTH);
    struct findings findings = orders(1);
    char *huge = memory_new(SERIES_LABELS_MAX + 1, 1);

    (void)state;
    memset(huge, 'x', SERIES_LABELS_MAX);
    findings_add_value(&findings, 0, 1, (const char *const[]){huge, "y"}, 2);
    findings_drop_value(&findings, 1, 7);
    findings.dropped[FINDING_SESSIONS] = 3;
    run_at(&stage, 0, 10, REASON_NONE, &findings);
    findings = seats("", huge, 1, 2);
    findings.dropped[FINDING_SESSIONS] = 2;
    run_at(&stage, 1, 10, REASON_NONE, &findings);
#define DROPPED(family) "epicor_exporter_series_dropped{" LIVE ",family=\"epicor_" family "\"} "
    assert_value(stage.report, sample_after(11),
                 "epicor_exporter_series_dropped{" LIVE ",family=\"epicor_sessions\"}", "5");
    assert_lines(
        stage.report, sample_after(11), "_dropped",
        DROPPED("license_seats_owned") "1\n" DROPPED("license_seats_used") "1\n" DROPPED(
            "sessions") "5\n" DROPPED("value_last_order") "7\n" DROPPED("value_open_total_value") "1\n");
    /* They go with what they were left out of: the next reading, a reload, age. */
    findings = orders(1);
    run_at(&stage, 0, 40, REASON_NONE, &findings);
    assert_lines(
        stage.report, sample_after(41), "_dropped",
        DROPPED("license_seats_owned") "1\n" DROPPED("license_seats_used") "1\n" DROPPED("sessions") "2\n");
    run_at(&stage, 1, 99, REASON_TIMEOUT, NULL);
    assert_value(stage.report, sample_after(99),
                 "epicor_exporter_series_dropped{" LIVE ",family=\"epicor_sessions\"}", "2");
    run_at(&stage, 1, 100, REASON_TIMEOUT, NULL);
    assert_lines(stage.report, sample_after(101), "_dropped", "");
    findings_drop_value(&findings, 0, 1);
    run_at(&stage, 0, 102, REASON_NONE, &findings);
    assert_lines(stage.report, sample_after(103), "_dropped", DROPPED("value_open_total_value") "1\n");
    stage_reload(&stage, HOST STOCK, 104);
    assert_lines(stage.report, sample_after(105), "_dropped", "");
    free(huge);
    stage_end(&stage);
}

/* ---- constant labels ---- */

static void test_constant_labels(void **state)
{
    struct stage stage = stage_of(HOST "label.site = \"A\"\\B\n" ORDERS_KEYS "values = totals\n" STOCK);
    struct findings findings = orders(1);

    (void)state;
    run_at(&stage, 0, 10, REASON_NONE, &findings);
    findings = seats("", "x", 1, 2);
    run_at(&stage, 1, 10, REASON_NONE, &findings);
#define SITE ",site=\"\\\"A\\\"\\\\B\""
    assert_value(stage.report, sample_after(11),
                 "epicor_license_seats_used{" LIVE SITE ",company=\"\",license=\"x\"}", "1");
    assert_value(stage.report, sample_after(11), "epicor_probe_runs_total{" ORDERS SITE "}", "1");
    assert_value(stage.report, sample_after(11), "epicor_value_last_order{" ORDERS SITE "}", "1700000000");
    char *without = sample_lines(stage.report, sample_after(11), LIVE "}");
    assert_string_equal(without, "");
    free(without);
    /* Another one, then none: counters and findings go on under the new labels. */
    stage_reload(&stage, HOST "label.team = erp\nlabel.zone = z\n" ORDERS_KEYS "values = totals\n" STOCK, 20);
#define TEAM ",team=\"erp\",zone=\"z\""
    assert_value(stage.report, sample_after(21),
                 "epicor_license_seats_used{" LIVE TEAM ",company=\"\",license=\"x\"}", "1");
    assert_value(stage.report, sample_after(21), "epicor_probe_runs_total{" ORDERS TEAM "}", "1");
    assert_value(stage.report, sample_after(21), "epicor_value_last_order{" ORDERS TEAM "}", "1700000000");
    assert_lines(stage.report, sample_after(21), "site=\"\\\"A", "");
    stage_reload(&stage, HOST ORDERS_KEYS "values = totals\n" STOCK, 30);
    assert_lines(stage.report, sample_after(31), "team=", "");
    assert_value(stage.report, sample_after(31),
                 "epicor_license_seats_used{" LIVE ",company=\"\",license=\"x\"}", "1");
    assert_value(stage.report, sample_after(31), "epicor_probe_runs_total{" ORDERS "}", "1");
    stage_end(&stage);
}

/* ---- the app server's own ---- */

static void test_what_an_app_server_expects(void **state)
{
    struct stage stage = stage_of(HOST "expect_production = no\ndatabase_latency_limit = 50ms\n" STOCK);
    struct report_appserver *live = report_appserver(stage.report, 0);

    (void)state;
#define SERVER(name) "epicor_" name "{" LIVE "}"
    assert_value(stage.report, sample_start, SERVER("server_production_expected"), "0");
    assert_value(stage.report, sample_start, SERVER("database_latency_limit_seconds"), "0.05");
    stage_reload(&stage, HOST "expect_production = yes\n" STOCK, 1);
    assert_value(stage.report, sample_start, SERVER("server_production_expected"), "1");
    assert_value(stage.report, sample_start, SERVER("database_latency_limit_seconds"), NULL);
    stage_reload(&stage, HOST STOCK, 2);
    assert_value(stage.report, sample_start, SERVER("server_production_expected"), NULL);

    assert_value(stage.report, sample_start, SERVER("maintenance"), NULL);
    report_windows(live, true, true, true, false);
    assert_value(stage.report, sample_after(9999), SERVER("maintenance"), "1");
    assert_value(stage.report, sample_after(9999), SERVER("business_hours"), "0");
    struct board_view *view = board_view_take(report_board(stage.report), sample_start);
    assert_true(view->appservers[0]->has_maintenance && view->appservers[0]->in_maintenance);
    assert_true(view->appservers[0]->has_hours && !view->appservers[0]->in_hours);
    board_view_free(view);
    report_windows(live, true, false, false, false);
    assert_value(stage.report, sample_start, SERVER("maintenance"), "0");
    assert_value(stage.report, sample_start, SERVER("business_hours"), NULL);
    report_windows(live, false, false, false, false);
    assert_value(stage.report, sample_start, SERVER("maintenance"), NULL);
    stage_end(&stage);
}

/* ---- slow runs ---- */

static void slow_run(struct stage *stage, int64_t at, bool timed, int64_t duration_ns, enum reason reason)
{
    const struct probe_result result = {.reason = reason};
    const struct run_record record = {.ended = sample_after(at),
                                      .asked = true,
                                      .timed = timed,
                                      .duration_ns = duration_ns,
                                      .phases = {-1, -1, -1, -1, -1},
                                      .result = &result,
                                      .settings = &stage->model->targets[0]};

    report_run(report_target(stage->report, 0), &record);
}

static void test_slow_runs(void **state)
{
    struct stage stage = stage_of(HOST ORDERS_KEYS "latency_limit = 2s\n");

    (void)state;
#define SLOW  "epicor_probe_consecutive_slow_runs{" ORDERS "}"
#define LIMIT "epicor_probe_latency_limit_seconds{" ORDERS "}"
    assert_value(stage.report, sample_start, LIMIT, "2");
    assert_value(stage.report, sample_start, SLOW, NULL);
    slow_run(&stage, 10, true, 2 * SECOND_NS, REASON_NONE);
    assert_value(stage.report, sample_after(10), SLOW, "0");
    slow_run(&stage, 20, true, 2 * SECOND_NS + 1, REASON_NONE);
    slow_run(&stage, 30, true, SECOND_NS, REASON_TIMEOUT);
    slow_run(&stage, 40, false, 0, REASON_CONNECT); /* says nothing */
    slow_run(&stage, 50, true, 3 * SECOND_NS, REASON_SERVER_ERROR);
    assert_value(stage.report, sample_after(51), SLOW, "3");
    struct board_view *view = board_view_take(report_board(stage.report), sample_start);
    assert_int_equal(view->targets[0]->consecutive_slow_runs, 3);
    board_view_free(view);
    assert_value(stage.report, sample_after(140), SLOW, NULL);
    slow_run(&stage, 150, true, 1, REASON_SERVER_ERROR);
    assert_value(stage.report, sample_after(151), SLOW, "0");
    slow_run(&stage, 160, true, 3 * SECOND_NS, REASON_NONE);
    stage_reload(&stage, HOST ORDERS_KEYS "latency_limit = 4s\n", 170);
    assert_value(stage.report, sample_after(171), SLOW, NULL);
    slow_run(&stage, 180, true, 5 * SECOND_NS, REASON_NONE);
    assert_value(stage.report, sample_after(181), SLOW, "1");
    stage_reload(&stage, HOST ORDERS_KEYS, 190);
    slow_run(&stage, 200, true, 5 * SECOND_NS, REASON_NONE);
    assert_lines(stage.report, sample_after(201), "slow_runs", "");
    assert_value(stage.report, sample_after(201), LIMIT, NULL);
    stage_end(&stage);
}

static void test_drift_is_told_to_the_board(void **state)
{
    struct stage stage = stage_of(HOST ORDERS_KEYS);
    const struct probe_result result = {.status = 200};
    struct run_record record = {.ended = sample_after(10),
                                .phases = {-1, -1, -1, -1, -1},
                                .result = &result,
                                .settings = &stage.model->targets[0],
                                .drift = "came: A"};

    (void)state;
    report_run(report_target(stage.report, 0), &record);
    record.drift = "went: B";
    record.ended = sample_after(20);
    report_run(report_target(stage.report, 0), &record);
    record.drift = NULL;
    record.ended = sample_after(30);
    report_run(report_target(stage.report, 0), &record);
    struct board_view *view = board_view_take(report_board(stage.report), sample_start);
    assert_int_equal(view->targets[0]->schema_changes, 2);
    assert_string_equal(view->targets[0]->drift, "went: B");
    assert_true(view->targets[0]->drift_wall_ns == sample_after(20).wall_ns);
    board_view_free(view);
    assert_value(stage.report, sample_after(31), "epicor_probe_schema_changes_total{" ORDERS "}", "2");
    stage_reload(&stage, HOST "[probe orders]\nkind = efx\n" EVERY, 40);
    view = board_view_take(report_board(stage.report), sample_start);
    assert_null(view->targets[0]->drift);
    board_view_free(view);
    stage_end(&stage);
}

ALL_TESTS(cmocka_unit_test(test_every_kind_has_its_family),
          cmocka_unit_test(test_values_by_their_definitions),
          cmocka_unit_test(test_the_last_ones_stand_until_they_grow_old),
          cmocka_unit_test(test_what_is_about_this_moment_goes_at_once), cmocka_unit_test(test_reloads),
          cmocka_unit_test(test_seats_owned), cmocka_unit_test(test_what_is_left_out_is_counted),
          cmocka_unit_test(test_constant_labels), cmocka_unit_test(test_what_an_app_server_expects),
          cmocka_unit_test(test_slow_runs), cmocka_unit_test(test_drift_is_told_to_the_board));
