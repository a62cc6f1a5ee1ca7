/* What the board knows of an app server by the findings of its targets, held against their metrics: it comes, stands and
   goes with them. */
#include "main.h"

#include "sample.h"

#include "report/board.h"

static const char text[] = "[appserver live]\n"
                           "url = https://erp.example.com/KineticLive\n"
                           "company = EPIC06\n"
                           "username = watch\n"
                           "password = secret\n"
                           "seats.WebService = 10\n"
                           "seats.Mobile = 5\n"
                           "[appserver bare]\n"
                           "url = https://erp.example.com/KineticBare\n"
                           "company = EPIC06\n"
                           "auth = none\n"
                           "[probe licenses]\n"
                           "kind = baq\n"
                           "interval = 30s\n"
                           "timeout = 20s\n"
                           "[probe version]\n"
                           "kind = baq\n"
                           "interval = 60s\n"
                           "timeout = 20s\n"
                           "active = Mon-Sun\n"
                           "appserver = live\n";

enum { LICENSES_LIVE, LICENSES_BARE, VERSION_LIVE };

static struct model *model;
static struct report *report;

static int begin(void **state)
{
    (void)state;
    model = sample_model_of(text);
    report = report_new(model, sample_start, "1.2.3", "abc");
    return 0;
}

static int end(void **state)
{
    (void)state;
    report_free(report);
    model_unref(model);
    return 0;
}

static void run_at(size_t target, int64_t at, struct findings *findings)
{
    struct probe_result result = {.reason = findings != NULL ? REASON_NONE : REASON_SERVER_ERROR,
                                  .status = 200,
                                  .has_findings = findings != NULL};
    struct run_record record = {.ended = sample_after(at),
                                .asked = true,
                                .timed = true,
                                .phases = {-1, -1, -1, -1, -1},
                                .result = &result,
                                .settings = &model->targets[target]};

    if (findings != NULL)
        result.findings = *findings;
    report_run(report_target(report, target), &record);
    if (findings != NULL)
        findings_free(findings);
}

static void add_seats(struct findings *findings, enum finding_kind kind, const char *company,
                      const char *license, double number)
{
    findings_add(findings, kind, number, (const char *const[]){company, license}, 2);
}

static void assert_series(int64_t at, const char *family, const char *server, const struct board_seats *seats,
                          double number)
{
    char *series = memory_format("epicor_license_seats_%s{appserver=\"%s\",company=\"%s\",license=\"%s\"}",
                                 family, server, seats->company, seats->license);
    char *wanted = memory_format("%g", number);

    assert_value(report, sample_after(at), series, wanted);
    free(series);
    free(wanted);
}

static size_t count_lines(int64_t at, const char *having)
{
    char *lines = sample_lines(report, sample_after(at), having);
    size_t count = 0;

    for (const char *byte = lines; *byte != '\0'; byte++)
        count += *byte == '\n';
    free(lines);
    return count;
}

/* The board and the metrics tell the same seats, no more and no fewer; returns how many the board has of live. */
static size_t assert_agree(int64_t at)
{
    struct board_view *view = board_view_take(report_board(report), sample_after(at));
    size_t told = 0, live = view->appservers[0]->seats_count;

    for (size_t i = 0; i < view->appserver_count; i++) {
        const struct board_appserver *server = view->appservers[i];
        for (size_t n = 0; n < server->seats_count; n++) {
            const struct board_seats *seats = &server->seats[n];
            if (seats->has_used)
                assert_series(at, "used", server->name, seats, seats->used);
            if (seats->has_owned)
                assert_series(at, "owned", server->name, seats, seats->owned);
            told += (size_t)seats->has_used + (size_t)seats->has_owned;
        }
    }
    assert_int_equal(count_lines(at, "epicor_license_seats_"), told);
    assert_int_equal(count_lines(at, "epicor_server_info{"), view->appservers[0]->version != NULL);
    assert_int_equal(count_lines(at, "epicor_server_production{"), view->appservers[0]->has_production);
    board_view_free(view);
    return live;
}

static void seats_agree_with_their_metrics(void **state)
{
    (void)state;
    assert_int_equal(assert_agree(0), 2); /* as configured */

    struct findings findings = {0};
    add_seats(&findings, FINDING_SEATS_USED, "", "WebService", 4);
    add_seats(&findings, FINDING_SEATS_USED, "", "DefaultUser", 7);
    run_at(LICENSES_LIVE, 1, &findings);
    assert_int_equal(assert_agree(2), 3);

    findings = (struct findings){0};
    add_seats(&findings, FINDING_SEATS_USED, "", "WebService", 5);
    add_seats(&findings, FINDING_SEATS_OWNED, "", "WebService", 12);
    add_seats(&findings, FINDING_SEATS_OWNED, "EPIC06", "Mobile", 3);
    run_at(LICENSES_LIVE, 31, &findings);
    assert_int_equal(assert_agree(32), 2);

    findings = (struct findings){0};
    add_seats(&findings, FINDING_SEATS_USED, "EPIC06", "WebService", 1);
    run_at(LICENSES_BARE, 40, &findings);
    assert_int_equal(assert_agree(41), 2);

    /* A failed run changes nothing until three intervals have gone. */
    run_at(LICENSES_LIVE, 61, NULL);
    assert_int_equal(assert_agree(62), 2);
    for (int64_t at = 119; at < 124; at++)
        assert_agree(at);
    struct board_view *view = board_view_take(report_board(report), sample_after(124));
    assert_int_equal(view->appservers[0]->seats_count, 2);
    assert_true(view->appservers[0]->seats[0].configured && view->appservers[0]->seats[1].configured);
    board_view_free(view);
    for (int64_t at = 128; at < 133; at++)
        assert_agree(at);
}

/* A run that was left out makes them stand longer. */
static void a_skipped_run_keeps_them(void **state)
{
    struct findings findings = {0};

    (void)state;
    add_seats(&findings, FINDING_SEATS_USED, "", "WebService", 4);
    run_at(LICENSES_LIVE, 0, &findings);
    report_skipped(report_target(report, LICENSES_LIVE), SKIP_GATE, sample_after(60));
    for (int64_t at = 88; at < 153; at += 4)
        assert_agree(at);
}

static const struct board_appserver *live_at(struct board_view **view, int64_t at)
{
    *view = board_view_take(report_board(report), sample_after(at));
    return (*view)->appservers[0];
}

static void the_version_agrees_too(void **state)
{
    struct findings findings = {0};
    struct board_view *view;

    (void)state;
    findings_add(&findings, FINDING_SERVER_INFO, 1, (const char *const[]){"2024.1.7"}, 1);
    findings_add(&findings, FINDING_PRODUCTION, 0, NULL, 0);
    run_at(VERSION_LIVE, 0, &findings);
    const struct board_appserver *live = live_at(&view, 179);
    assert_string_equal(live->version, "2024.1.7");
    assert_true(live->has_production);
    assert_false(live->production);
    board_view_free(view);
    for (int64_t at = 176; at < 184; at++)
        assert_agree(at);

    findings = (struct findings){0};
    findings_add(&findings, FINDING_SERVER_INFO, 1, (const char *const[]){"2024.2.1"}, 1);
    run_at(VERSION_LIVE, 200, &findings);
    live = live_at(&view, 201);
    assert_string_equal(live->version, "2024.2.1");
    assert_false(live->has_production);
    board_view_free(view);
    assert_agree(201);

    report_rest(report_target(report, VERSION_LIVE), sample_after(900).boot_ns);
    live = live_at(&view, 202);
    assert_null(live->version);
    board_view_free(view);
    assert_agree(202);
}

/* What stands on a view lives as long as it, whatever comes since. */
static void a_reload_keeps_what_is_known(void **state)
{
    struct findings findings = {0};
    struct board_view *before, *after;

    (void)state;
    add_seats(&findings, FINDING_SEATS_USED, "", "WebService", 4);
    run_at(LICENSES_LIVE, 0, &findings);
    const struct board_appserver *live = live_at(&before, 1);
    struct model *next = sample_model_of(text);
    struct model_match match = model_match(model, next);
    report_reload(report, next, &match, sample_after(2));
    model_match_free(&match);
    model_unref(model);
    model = next;
    assert_agree(3);
    assert_int_equal(live_at(&after, 3)->seats_count, 2);
    assert_true(after->loaded_wall_ns == sample_after(2).wall_ns && !after->reload_failed);
    board_view_free(after);
    report_reload_failed(report);
    live_at(&after, 4);
    assert_true(after->loaded_wall_ns == sample_after(2).wall_ns && after->reload_failed);
    board_view_free(after);
    run_at(LICENSES_LIVE, 200, NULL);
    assert_true(live->seats[0].used == 4);
    assert_string_equal(live->seats[0].license, "WebService");
    board_view_free(before);
}

#define FACT_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

ALL_TESTS(FACT_TEST(seats_agree_with_their_metrics), FACT_TEST(a_skipped_run_keeps_them),
          FACT_TEST(the_version_agrees_too), FACT_TEST(a_reload_keeps_what_is_known));
