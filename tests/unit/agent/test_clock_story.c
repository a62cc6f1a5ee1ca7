/* Stories about when runs come: windows, pauses after a failure, attempts made again. */
#include "../../main.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "config/window.h"
#include "scenario.h"

#define TARGET(probe)     "{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\"}"
#define SUCCESS(probe)    "epicor_probe_success" TARGET(probe)
#define RUNS(probe)       "epicor_probe_runs_total" TARGET(probe)
#define LAST_RUN(probe)   "epicor_probe_last_run_timestamp_seconds" TARGET(probe)
#define IN_A_ROW(probe)   "epicor_probe_consecutive_failures" TARGET(probe)
#define LIVE_SERIES(name) name "{appserver=\"live\"}"
#define NOT_FOUND                                                                                            \
    "{\"HttpStatus\":404,\"ReasonPhrase\":\"Not Found\",\"ErrorMessage\":\"BAQ a not found.\","              \
    "\"ErrorType\":\"Ice.BLException\"}"

static int64_t utc(int year, int month, int day, int hour, int minute)
{
    return calendar_days(year, month, day) * 86400 + hour * 3600 + minute * 60;
}

/* Passes to that moment on the wall. */
static void pass_to(struct scenario *story, int64_t epoch)
{
    scenario_pass(story, epoch * SECOND_NS - scenario_now(story).wall_ns);
}

static bool is_absent(struct scenario *story, const char *series)
{
    return isnan(scenario_metric(story, series));
}

/* Nothing stands that a rule could find failing or stale. */
static void raises_nothing(struct scenario *story)
{
    static const char *const none[] = {"\nepicor_up{",
                                       "\nepicor_probe_success{",
                                       "\nepicor_probe_failure_reason{",
                                       "\nepicor_probe_consecutive_failures{",
                                       "\nepicor_probe_last_run_timestamp_seconds{",
                                       "\nepicor_probe_last_success_timestamp_seconds{",
                                       "\nepicor_probe_rows{",
                                       "\nepicor_appserver_failure_reason{",
                                       "\nepicor_token_failure_reason{"},
                             *const kept[] = {"\nepicor_probe_runs_total{",
                                              "\nepicor_probe_interval_seconds{"};
    const char *page = scenario_page(story);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        if (strstr(page, none[i]))
            fail_msg("%s stands", none[i] + 1);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (!strstr(page, kept[i]))
            fail_msg("%s has gone", kept[i] + 1);
}

/* ---- active ---- */

/* The weekends on which clocks are changed, hour by hour. */
static void runs_stay_within_their_windows(void **state)
{
    (void)state;
    static const struct {
        int64_t day;
        const char *zone;
    } weekends[] = {{20518, "America/Chicago"},
                    {20756, "America/Chicago"},
                    {20539, "Europe/Berlin"},
                    {20749, "Europe/Berlin"},
                    {20546, "Australia/Lord_Howe"}};
    static const char *const texts[] = {"Sat-Mon 01:30-03:30", "Fri-Sun 22:00-02:00"};
    for (size_t i = 0; i < 10; i += SANITIZED ? 3 : 1) {
        char ini[1000];
        const char *why, *text = texts[i % 2];
        snprintf(ini, sizeof ini,
                 LIVE "timezone = UTC\n" BAQ("a") "interval = 5m\nactive = %s\ntimezone = %s\n", text,
                 weekends[i / 2].zone);
        struct zone *zone = zone_load(weekends[i / 2].zone, &why);
        struct windows windows = {0};
        assert_non_null(zone);
        assert_null(windows_read(text, &windows));
        struct scenario *story = scenario_new_at(ini, weekends[i / 2].day * 86400);
        int64_t shift_ns = scenario_now(story).wall_ns - scenario_now(story).boot_ns, inside_s = 0;
        for (int ten = 0; ten < 4 * 144;
             ten++) { /* from the 2nd look on it is known where it was ten minutes ago */
            int64_t now = scenario_now(story).wall_ns / SECOND_NS;
            bool inside = windows_contain(&windows, zone, now);
            if (!inside && ten > 0)
                raises_nothing(story);
            else if (inside && windows_contain(&windows, zone, now - 599))
                assert_true(scenario_metric(story, SUCCESS("a")) == 1);
            inside_s += inside ? 600 : 0;
            scenario_pass(story, 10 * MINUTE_NS);
        }
        const int64_t *starts;
        size_t count = scenario_starts(story, &starts);
        for (size_t k = 0; k < count; k++)
            assert_true(windows_contain(&windows, zone, (starts[k] + shift_ns) / SECOND_NS));
        assert_in_range(inside_s, 3 * 3600, 13 * 3600);
        /* A run each five minutes inside; at each opening the first comes within a minute. */
        assert_in_range(count, (uint64_t)inside_s / 300, (uint64_t)inside_s / 300 + 4);
        scenario_free(story);
        windows_free(&windows);
        zone_free(zone);
    }
}

/* 2026-02-02 is a Monday. */
#define OFFICE "active = Mon-Fri 08:00-17:00\n"

static void a_failure_of_the_evening_is_none_of_the_morning(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_at(LIVE BAQ("a") OFFICE "interval = 1m\n", utc(2026, 2, 2, 16, 0));
    pass_to(story, utc(2026, 2, 2, 16, 30));
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_erp(story)->network = REASON_CONNECT;
    pass_to(story, utc(2026, 2, 2, 16, 59));
    assert_true(scenario_metric(story, IN_A_ROW("a")) > 20);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 0);
    double runs = scenario_metric(story, RUNS("a"));
    scenario_pass(story, MINUTE_NS - 1);
    assert_true(scenario_metric(story, IN_A_ROW("a")) > 20);
    scenario_pass(story, 1);
    raises_nothing(story);
    uint64_t exchanges = scenario_counts(story).calls + scenario_counts(story).logins;
    for (int hour = 17; hour < 31; hour++) {
        scenario_pass(story, HOUR_NS);
        raises_nothing(story);
    }
    /* What the night does to the server is nobody's business: not even a token is renewed. */
    assert_int_equal(scenario_counts(story).calls + scenario_counts(story).logins, exchanges);
    /* No token lives any more, so a run waits a minute until it fails. */
    pass_to(story, utc(2026, 2, 3, 8, 2));
    scenario_pass(story, SECOND_NS);
    assert_in_range(scenario_metric(story, IN_A_ROW("a")), 1, 2);
    assert_in_range(scenario_metric(story, RUNS("a")) - runs, 1, 3);
    scenario_erp(story)->network = REASON_NONE;
    pass_to(story, utc(2026, 2, 3, 8, 30));
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
    scenario_free(story);
}

static void tokens_that_fail_are_forgotten_too(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_at(LIVE BAQ("a") OFFICE "[probe login]\nkind = token\n" OFFICE,
                                             utc(2026, 2, 2, 16, 50));
    scenario_erp(story)->token_status = 503;
    pass_to(story, utc(2026, 2, 2, 16, 59));
    assert_non_null(strstr(scenario_page(story), "\nepicor_token_failure_reason{"));
    for (int hour = 0; hour < 12; hour++) {
        scenario_pass(story, HOUR_NS);
        raises_nothing(story);
    }
    scenario_free(story);
}

/* Two targets, of which one rests: the other alone makes the verdict. */
static void a_target_that_rests_has_no_say(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_at(
        LIVE BAQ("a") OFFICE "interval = 30s\n" BAQ("b") "interval = 30s\n", utc(2026, 2, 2, 16, 50));
    pass_to(story, utc(2026, 2, 2, 17, 30));
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
    scenario_erp(story)->network = REASON_CONNECT;
    pass_to(story, utc(2026, 2, 2, 17, 33));
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 0);
    assert_true(is_absent(story, SUCCESS("a")));
    scenario_free(story);
}

static void an_opening_is_no_stampede(void **state)
{
    (void)state;
    char ini[20000] = "[exporter]\ninterval = 10m\n" LIVE "max_in_flight = 100\n";
    for (int i = 0; i < 120; i++)
        snprintf(ini + strlen(ini), sizeof ini - strlen(ini), "[probe p%d]\nkind = baq\nbaq = p%d\n" OFFICE,
                 i, i);
    struct scenario *story = scenario_new_at(ini, utc(2026, 2, 2, 7, 30));
    pass_to(story, utc(2026, 2, 2, 8, 0));
    scenario_pass(story, -1 + SECOND_NS);
    assert_in_range(scenario_counts(story).calls, 0, 12);
    scenario_pass(story, 59 * SECOND_NS + 200 * MILLISECOND_NS);
    assert_in_range(scenario_counts(story).calls, 119, 121);
    pass_to(story, utc(2026, 2, 2, 9, 0));
    assert_in_range(scenario_counts(story).calls, 700, 840);
    scenario_free(story);
}

static void a_run_that_is_going_at_the_end_is_let_go_on(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_at(LIVE BAQ("a") OFFICE "interval = 10s\n",
                                             utc(2026, 2, 2, 16, 59));
    scenario_erp(story)->answers_in_ns = 25 * SECOND_NS;
    pass_to(story, utc(2026, 2, 2, 17, 0));
    assert_int_equal(scenario_counts(story).in_flight, 1);
    double runs = scenario_metric(story, RUNS("a"));
    raises_nothing(story);
    scenario_pass(story, 30 * SECOND_NS);
    assert_int_equal(scenario_counts(story).in_flight, 0);
    assert_int_equal(scenario_counts(story).cancelled, 0);
    assert_true(scenario_metric(story, RUNS("a")) == runs + 1);
    raises_nothing(story);
    scenario_shutdown(story);
    assert_true(agent_finished(scenario_agent(story)));
    scenario_free(story);
}

static void a_wall_clock_that_is_set_is_seen_within_a_minute(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_at(LIVE BAQ("a") OFFICE "interval = 10s\n", utc(2026, 2, 2, 20, 0));
    scenario_pass(story, 10 * MINUTE_NS);
    assert_int_equal(scenario_counts(story).calls, 0);
    scenario_set_clock(story, utc(2026, 2, 2, 10, 0));
    scenario_pass(story, 75 * SECOND_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_set_clock(story, utc(2026, 2, 2, 22, 0));
    scenario_pass(story, MINUTE_NS);
    raises_nothing(story);
    scenario_free(story);
}

static void a_reload_brings_other_windows(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_at(LIVE BAQ("a") OFFICE, utc(2026, 2, 2, 20, 0));
    scenario_pass(story, 5 * MINUTE_NS);
    raises_nothing(story);
    scenario_reload(story, LIVE BAQ("a") "active = Mon 20:00-21:00\n");
    scenario_pass(story, 2 * MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_reload(story, LIVE BAQ("a") "active = Tue\n");
    scenario_pass(story, 0);
    raises_nothing(story);
    scenario_reload(story, LIVE BAQ("a"));
    scenario_pass(story, 2 * MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    /* Another zone is another window. */
    scenario_reload(story, LIVE BAQ("a") OFFICE "timezone = America/Los_Angeles\n"); /* 12:0x there */
    scenario_pass(story, 2 * MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_reload(story, LIVE "timezone = Asia/Tokyo\n" BAQ("a") OFFICE);
    scenario_pass(story, 0);
    raises_nothing(story);
    scenario_free(story);
}

/* ---- maintenance, business hours ---- */

static void gauges_turn_at_the_very_moment(void **state)
{
    (void)state;
    static const char configuration[] = LIVE
        "timezone = Europe/Berlin\nmaintenance = Sun 01:30-03:30\n"
        "business_hours = Mon-Fri 06:00-18:00, Sat 08:00-12:00\n" BAQ("a");
    struct scenario *story = scenario_new_at(configuration,
                                             utc(2026, 3, 28, 6, 0)); /* Saturday, 07:00 there */
    static const struct {
        const char *gauge;
        int day, hour, minute; /* of March, UTC */
        double after;
    } turns[] = {
        {LIVE_SERIES("epicor_business_hours"), 28, 7, 0, 1},
        {LIVE_SERIES("epicor_business_hours"), 28, 11, 0, 0},
        {LIVE_SERIES("epicor_maintenance"), 29, 0, 30, 1},
        {LIVE_SERIES("epicor_maintenance"), 29, 1, 30, 0}, /* an hour is left out */
        {LIVE_SERIES("epicor_business_hours"), 30, 4, 0, 1},
        {LIVE_SERIES("epicor_business_hours"), 30, 16, 0, 0},
    };
    scenario_pass(story, 0);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_maintenance")) == 0);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_business_hours")) == 0);
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        int64_t epoch = utc(2026, 3, turns[i].day, turns[i].hour, turns[i].minute);
        scenario_pass(story, epoch * SECOND_NS - scenario_now(story).wall_ns - 1);
        if (scenario_metric(story, turns[i].gauge) != 1 - turns[i].after)
            fail_msg("%s before turn %zu", turns[i].gauge, i);
        scenario_pass(story, 1);
        if (scenario_metric(story, turns[i].gauge) != turns[i].after)
            fail_msg("%s after turn %zu", turns[i].gauge, i);
    }
    /* Neither is a reason not to run. */
    assert_true(scenario_metric(story, RUNS("a")) > 3400);
    uint64_t logins = scenario_counts(story).logins;
    scenario_reload(story, LIVE "business_hours = Mon-Sun\n" BAQ("a"));
    scenario_pass(story, 0);
    assert_true(is_absent(story, LIVE_SERIES("epicor_maintenance")));
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_business_hours")) == 1);
    assert_int_equal(scenario_counts(story).logins, logins); /* the token lives on */
    scenario_free(story);
}

/* ---- interval_on_failure ---- */

static void failures_are_looked_after_at_their_own_pace(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        int64_t interval_s, on_failure_s;
    } cases[] = {{"interval = 5m\ninterval_on_failure = 10s\n", 300, 10},
                 {"interval = 20s\ninterval_on_failure = 90s\n", 20, 90}};
    for (size_t i = 0; i < 2; i++) {
        char ini[1000];
        snprintf(ini, sizeof ini, LIVE BAQ("a") "%s", cases[i].keys);
        struct scenario *story = scenario_new(ini);
        scenario_pass(story, 30 * MINUTE_NS);
        const int64_t *starts;
        size_t good = scenario_starts(story, &starts), failed, again;
        int64_t first_ns = starts[0];
        scenario_erp(story)->rules[0] = (struct scenario_rule){
            .path = "/a/", .status = 404, .body = NOT_FOUND};
        scenario_pass(story, 30 * MINUTE_NS);
        failed = scenario_starts(story, &starts);
        for (size_t k = good + 1; k < failed; k++)
            assert_in_range(starts[k] - starts[k - 1], cases[i].on_failure_s * SECOND_NS,
                            cases[i].on_failure_s * SECOND_NS + 20 * MILLISECOND_NS);
        assert_true(scenario_metric(story, SUCCESS("a")) == 0);
        assert_true(scenario_metric(story, "epicor_probe_interval_seconds" TARGET("a")) ==
                    (double)cases[i].interval_s);
        assert_true(scenario_metric(story, "epicor_exporter_runs_skipped_total{appserver=\"live\",cause="
                                           "\"overrun\"}") == 0);
        /* Three of the longer distance, 4:30: the results of the last run stand although no other comes. */
        scenario_erp(story)->rules[0].path = NULL;
        scenario_pass(story, 30 * MINUTE_NS);
        again = scenario_starts(story, &starts);
        assert_true(scenario_metric(story, SUCCESS("a")) == 1);
        for (size_t k = failed + 1; k < again; k++) {
            int64_t off_ns = (starts[k] - first_ns) % (cases[i].interval_s * SECOND_NS);
            /* jitter, and that the first run waited for a token */
            assert_true(off_ns <= 3 * SECOND_NS / 2 ||
                        off_ns >= cases[i].interval_s * SECOND_NS - 3 * SECOND_NS / 2);
        }
        assert_in_range(again - failed, (uint64_t)(1800 / cases[i].interval_s - 4),
                        (uint64_t)(1800 / cases[i].interval_s + 1));
        scenario_free(story);
    }
}

static void results_of_a_slow_pace_are_not_stale(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(LIVE BAQ("a") "interval = 10s\ninterval_on_failure = 2m\n");
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "/a/", .status = 404, .body = NOT_FOUND};
    scenario_pass(story, 30 * SECOND_NS);
    for (int look = 0; look < 60; look++) {
        scenario_pass(story, 10 * SECOND_NS);
        assert_true(scenario_metric(story, SUCCESS("a")) == 0);
    }
    scenario_reload(story, LIVE BAQ("a") "interval = 10s\n");
    scenario_pass(story, MINUTE_NS);
    assert_in_range(scenario_metric(story, RUNS("a")), 10, 16);
    scenario_free(story);
}

/* ---- retries ---- */

#define TWO     LIVE BAQ("a") "interval = 1m\nretries = 2\n" BAQ("b") "interval = 1m\n"
#define RETRIES LIVE_SERIES("epicor_retries_total")

/* Until a run of "a" has met the rule. */
static struct scenario *play(const char *configuration, struct scenario_rule rule)
{
    struct scenario *story = scenario_new(configuration);
    scenario_pass(story, 2 * MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story, RETRIES) == 0);
    scenario_erp(story)->rules[0] = rule;
    double runs = scenario_metric(story, RUNS("a"));
    while (scenario_metric(story, RUNS("a")) == runs)
        scenario_pass(story, SECOND_NS);
    return story;
}

static void a_body_that_breaks_off_is_read_anew(void **state)
{
    (void)state;
    struct scenario *story = play(
        TWO, (struct scenario_rule){
                 .path = "/a/", .body = "{\"value\":[{\"A\":1},{\"A\":2},{\"A\":3},", .times = 1});
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story, "epicor_probe_rows" TARGET("a")) == 2);
    assert_true(scenario_metric(story, RETRIES) == 1);
    assert_true(scenario_metric(story, "epicor_probe_failures_total" TARGET("a")) == 0);
    double calls = (double)scenario_calls_of(story, "/a/");
    assert_true(scenario_metric(story, RUNS("a")) == calls - 1);
    scenario_free(story);
}

static void pages_begin_anew(void **state)
{
    (void)state;
    struct scenario *story = play(
        LIVE BAQ("a") "interval = 1m\nretries = 1\nrows = all\npage_size = 2\nfetch_limit = 6\n" BAQ("b"),
        (struct scenario_rule){.path = "skip=4", .network = REASON_CONNECTION_LOST, .times = 1});
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story, "epicor_probe_rows" TARGET("a")) == 6);
    assert_true(scenario_metric(story, RETRIES) == 1);
    scenario_free(story);
}

static void the_time_of_the_first_attempt_is_told(void **state)
{
    (void)state;
    struct scenario *story = play(
        TWO, (struct scenario_rule){.path = "/a/", .status = 503, .in_ns = 2 * SECOND_NS, .times = 2});
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story, RETRIES) == 2);
    assert_true(scenario_metric(story, "epicor_probe_last_duration_seconds" TARGET("a")) == 2);
    assert_true(scenario_metric(story,
                                "epicor_probe_responses_total{appserver=\"live\",company=\"EPIC06\",probe="
                                "\"a\",code=\"503\"}") == 2);
    assert_true(scenario_metric(story, "epicor_probe_duration_seconds_count" TARGET("a")) ==
                scenario_metric(story, RUNS("a")));
    scenario_free(story);
    /* One that got no answer has no time to tell. */
    story = play(TWO, (struct scenario_rule){
                          .path = "/a/", .network = REASON_CONNECT, .in_ns = SECOND_NS, .times = 1});
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story, "epicor_probe_last_duration_seconds" TARGET("a")) == 0.05);
    assert_true(scenario_metric(story, "epicor_probe_duration_seconds_count" TARGET("a")) ==
                scenario_metric(story, RUNS("a")));
    scenario_free(story);
}

static void what_is_not_made_again(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct scenario_rule rule;
        uint64_t calls;
    } cases[] = {
        {"no time left", {.path = "/a/", .network = REASON_TIMEOUT, .times = 1}, 1},
        {"little time left", {.path = "/a/", .status = 500, .in_ns = 19 * SECOND_NS, .times = 1}, 1},
        {"some time left", {.path = "/a/", .status = 500, .in_ns = 17 * SECOND_NS, .times = 1}, 2},
        {"a right that is missing", {.path = "/a/", .status = 403, .times = 1}, 1},
        {"a question that is wrong", {.path = "/a/", .status = 404, .body = NOT_FOUND, .times = 1}, 1},
        {"a server that asks for patience", {.path = "/a/", .status = 429, .times = 1}, 1},
        {"the same with a 503", {.path = "/a/", .status = 503, .retry_after_ns = SECOND_NS, .times = 1}, 1},
        {"no free seat",
         {.path = "/a/",
          .status = 500,
          .body = "{\"ErrorMessage\":\"Maximum users exceeded on license type: X\"}",
          .times = 1},
         1},
        {"more than two of them", {.path = "/a/", .status = 500, .times = 9}, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario *story = scenario_new("[exporter]\ntimeout = 20s\n" LIVE BAQ(
            "a") "interval = 10m\nretries = 2\n" BAQ("b") "interval = 10s\n");
        scenario_erp(story)->rules[0] = cases[i].rule;
        scenario_pass(story, 5 * MINUTE_NS);
        if (scenario_calls_of(story, "/a/") != cases[i].calls)
            fail_msg("%s: %d calls", cases[i].what, (int)scenario_calls_of(story, "/a/"));
        assert_true(scenario_metric(story, RUNS("a")) == 1);
        assert_true(scenario_metric(story, RETRIES) == (double)cases[i].calls - 1);
        scenario_free(story);
    }
}

static void a_verdict_ends_it(void **state)
{
    (void)state;
    /* One target alone: its second failure is the server's, and pauses begin. */
    struct scenario *story = scenario_new(LIVE "auth = none\n" BAQ("a") "interval = 10m\nretries = 10\n");
    scenario_erp(story)->network = REASON_CONNECT;
    scenario_pass(story, 2 * MINUTE_NS);
    assert_int_equal(scenario_calls_of(story, "/a/"), 2);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 0);
    scenario_free(story);
}

static void nothing_is_made_again_at_the_end(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(TWO);
    scenario_pass(story, 2 * MINUTE_NS);
    scenario_erp(story)->rules[0] = (struct scenario_rule){
        .path = "/a/", .status = 500, .in_ns = 5 * SECOND_NS};
    while (scenario_counts(story).in_flight == 0)
        scenario_pass(story, SECOND_NS);
    uint64_t calls = scenario_counts(story).calls;
    scenario_shutdown(story);
    scenario_pass(story, 6 * SECOND_NS);
    assert_true(agent_finished(scenario_agent(story)));
    assert_int_equal(scenario_counts(story).calls, calls);
    scenario_free(story);
}

/* The server is taken down for the night while a call is under way. */
static void a_run_that_fails_after_its_window_counts_as_none(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_at(
        LIVE BAQ("a") "interval = 5m\ntimeout = 4m\nactive = Mon-Sun 06:00-17:58\n", utc(2026, 3, 2, 17, 30));
    pass_to(story, utc(2026, 3, 2, 17, 52));
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_erp(story)->rules[0] = (struct scenario_rule){
        .path = "/a/", .in_ns = 240 * SECOND_NS, .network = REASON_TIMEOUT};
    pass_to(story, utc(2026, 3, 2, 17, 58));
    assert_int_equal(scenario_counts(story).in_flight, 1);
    double failures = scenario_metric(story, "epicor_probe_failures_total" TARGET("a"));
    pass_to(story, utc(2026, 3, 2, 18, 10));
    assert_int_equal(scenario_counts(story).in_flight, 0);
    assert_true(scenario_metric(story, "epicor_probe_failures_total" TARGET("a")) == failures);
    raises_nothing(story);
    scenario_free(story);
}

ALL_TESTS(cmocka_unit_test(a_run_that_fails_after_its_window_counts_as_none),
          cmocka_unit_test(runs_stay_within_their_windows),
          cmocka_unit_test(a_failure_of_the_evening_is_none_of_the_morning),
          cmocka_unit_test(tokens_that_fail_are_forgotten_too),
          cmocka_unit_test(a_target_that_rests_has_no_say), cmocka_unit_test(an_opening_is_no_stampede),
          cmocka_unit_test(a_run_that_is_going_at_the_end_is_let_go_on),
          cmocka_unit_test(a_wall_clock_that_is_set_is_seen_within_a_minute),
          cmocka_unit_test(a_reload_brings_other_windows), cmocka_unit_test(gauges_turn_at_the_very_moment),
          cmocka_unit_test(failures_are_looked_after_at_their_own_pace),
          cmocka_unit_test(results_of_a_slow_pace_are_not_stale),
          cmocka_unit_test(a_body_that_breaks_off_is_read_anew), cmocka_unit_test(pages_begin_anew),
          cmocka_unit_test(the_time_of_the_first_attempt_is_told), cmocka_unit_test(what_is_not_made_again),
          cmocka_unit_test(a_verdict_ends_it), cmocka_unit_test(nothing_is_made_again_at_the_end));
