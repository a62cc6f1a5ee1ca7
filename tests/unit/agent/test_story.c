/* Everyday stories: what goes over the wire in an hour, who waits for whom, what a night in suspend does. */
#include "../../main.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "scenario.h"

#define TARGET(probe) "{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\"}"

static void an_hour_at_a_probe_a_second(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a") BAQ("b") BAQ("c")
                                              BAQ("d") BAQ("e") BAQ("f") BAQ("g") BAQ("h") BAQ("i") BAQ("j"));
    scenario_pass(story, HOUR_NS + 10 * SECOND_NS);
    struct scenario_counts counts = scenario_counts(story);

    /* Ten probes each ten seconds, and one request a run. */
    double runs = 0;
    for (char probe = 'a'; probe <= 'j'; probe++) {
        char series[128];
        snprintf(series, sizeof series,
                 "epicor_probe_runs_total{appserver=\"live\",company=\"EPIC06\",probe=\"%c\"}", probe);
        double of_probe = scenario_metric(story, series);
        assert_true(of_probe >= 360 && of_probe <= 361);
        runs += of_probe;
    }
    assert_true((double)counts.calls - runs >= 0 && (double)counts.calls - runs <= 1);
    assert_int_equal(counts.most_calls, 1);
    /* A token for an hour is renewed at 80 %: two in an hour. */
    assert_int_equal(counts.logins, 2);
    assert_int_equal(counts.most_logins, 1);
    assert_true(scenario_metric(story, "epicor_token_requests_total{appserver=\"live\"}") == 2);
    assert_true(scenario_metric(story, "epicor_up{appserver=\"live\"}") == 1);
    assert_true(scenario_metric(story, "epicor_probe_success" TARGET("a")) == 1);
    assert_true(scenario_metric(story, "epicor_probe_rows" TARGET("a")) == 2);
    assert_true(
        scenario_metric(story, "epicor_exporter_runs_skipped_total{appserver=\"live\",cause=\"gate\"}") == 0);
    scenario_free(story);
}

static void what_a_request_looks_like(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(LIVE "plant = MfgSys\n" BAQ("Orders"));
    scenario_pass(story, MINUTE_NS);
    const char *call = scenario_last_call(story), *login = scenario_last_login(story);
    assert_non_null(
        strstr(call, "GET http://erp.example.com/KineticLive/api/v2/odata/EPIC06/BaqSvc/Orders/Data"));
    assert_non_null(strstr(call, "\nAuthorization: Bearer eyJ"));
    assert_non_null(strstr(call, "\nx-api-key: key-of-epic06\n"));
    assert_non_null(strstr(call, "\nAccept: application/json\n"));
    assert_non_null(
        strstr(call, "\nLicense: {\"ClaimedLicense\":\"00000003-9439-4B30-A6F4-6D2FD4B9FD0F\"}\n"));
    assert_non_null(strstr(call, "\nCallSettings: {\"Company\":\"EPIC06\",\"Plant\":\"MfgSys\"}\n"));
    assert_null(strstr(call, "password"));
    assert_non_null(strstr(login, "POST http://erp.example.com/KineticLive/TokenResource.svc/\n"));
    assert_non_null(strstr(login, "\nusername: monitor\n"));
    assert_non_null(strstr(login, "\npassword: correct horse\n"));
    assert_null(strstr(login, "x-api-key"));
    assert_null(strstr(login, "License"));
    scenario_free(story);
}

static void the_key_in_the_query(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(LIVE "api_key_in = query\nlicense = none\n" BAQ("Orders"));
    scenario_erp(story)->api_key = "";
    scenario_pass(story, MINUTE_NS);
    const char *call = scenario_last_call(story);
    assert_non_null(strstr(call, "api-key=key-of-epic06"));
    assert_null(strstr(call, "x-api-key"));
    assert_null(strstr(call, "License"));
    assert_null(strstr(call, "CallSettings"));
    scenario_free(story);
}

/* v1 does not ask for a key; one that is configured goes along all the same. */
static void the_key_in_version_1(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(LIVE "api_version = v1\n" BAQ("Orders"));
    scenario_pass(story, MINUTE_NS);
    const char *call = scenario_last_call(story);
    assert_non_null(strstr(call, "/api/v1/BaqSvc/Orders"));
    assert_non_null(strstr(call, "\nx-api-key: key-of-epic06\n"));
    assert_non_null(strstr(call, "\nCallSettings: {\"Company\":\"EPIC06\"}\n"));
    scenario_free(story);
}

static void a_slow_server_makes_others_wait_and_then_skip(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("slow") BAQ("a") BAQ("b")
                                              BAQ("c"));
    scenario_erp(story)->answers_in_ns = 4 * SECOND_NS;
    scenario_pass(story, 10 * MINUTE_NS);
    /* Four targets of 4 s each in 10 s: one place serves 2.5 of them. */
    struct scenario_counts counts = scenario_counts(story);
    assert_int_equal(counts.most_calls, 1);
    assert_in_range(counts.calls, 140, 150);
    double skipped = scenario_metric(story,
                                     "epicor_exporter_runs_skipped_total{appserver=\"live\",cause=\"gate\"}");
    double overruns = scenario_metric(
        story, "epicor_exporter_runs_skipped_total{appserver=\"live\",cause=\"overrun\"}");
    assert_true(skipped >= 10);
    assert_true(skipped + overruns >= 85 && skipped + overruns <= 95);
    /* A skipped run is no failed one, and everybody has a turn. */
    assert_true(scenario_metric(story, "epicor_probe_failures_total" TARGET("a")) == 0);
    assert_true(scenario_metric(story, "epicor_probe_success" TARGET("a")) == 1);
    assert_true(scenario_metric(story, "epicor_probe_success" TARGET("b")) == 1);
    assert_true(scenario_metric(story, "epicor_probe_success" TARGET("c")) == 1);
    assert_true(scenario_metric(story, "epicor_up{appserver=\"live\"}") == 1);
    scenario_free(story);
}

static void a_run_longer_than_its_interval_is_an_overrun(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(LIVE BAQ("a") "interval = 10s\ntimeout = 30s\n");
    scenario_erp(story)->answers_in_ns = 25 * SECOND_NS;
    scenario_pass(story, 10 * MINUTE_NS);
    double overruns = scenario_metric(
        story, "epicor_exporter_runs_skipped_total{appserver=\"live\",cause=\"overrun\"}");
    double runs = scenario_metric(story, "epicor_probe_runs_total" TARGET("a"));
    assert_true(runs >= 19 && runs <= 20);
    assert_true(overruns >= 38 && overruns <= 40);
    assert_true(scenario_metric(story, "epicor_probe_failures_total" TARGET("a")) == 0);
    scenario_free(story);
}

static void a_timeout_holds_its_place(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(LIVE BAQ("hangs") "interval = 10m\ntimeout = 5s\n" BAQ(
        "a") "interval = 1s\n" BAQ("b") "interval = 1s\n");
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "hangs", .in_ns = HOUR_NS};
    while (scenario_calls_of(story, "hangs") == 0)
        scenario_pass(story, SECOND_NS);
    uint64_t before = scenario_counts(story).calls;
    scenario_pass(story, 34 * SECOND_NS); /* 5 s of time-out, 30 s of hold */
    assert_int_equal(scenario_counts(story).calls, before);
    assert_true(scenario_metric(story, "epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\","
                                       "probe=\"hangs\",reason=\"timeout\"}") == 1);
    assert_true(scenario_metric(story, "epicor_requests_in_flight{appserver=\"live\"}") == 1);
    scenario_pass(story, 3 * SECOND_NS);
    assert_true(scenario_counts(story).calls > before);
    scenario_pass(story, 30 * SECOND_NS);
    assert_true(scenario_metric(story, "epicor_probe_success" TARGET("a")) == 1);
    scenario_free(story);
}

static void pages_share_one_timeout_and_take_a_place_each(void **state)
{
    (void)state;
    /* Two rows a page, so a page is always short, and the fake server never ends: fetch_limit does. */
    struct scenario *story = scenario_new("[exporter]\ninterval = 60s\n" LIVE BAQ(
        "all") "rows = all\npage_size = 2\nfetch_limit = 20\ntimeout = 30s\n" BAQ("a") "interval = 5s\n");
    scenario_erp(story)->answers_in_ns = SECOND_NS;
    scenario_pass(story, 5 * MINUTE_NS);
    assert_true(scenario_metric(story, "epicor_probe_rows" TARGET("all")) == 20);
    assert_true(scenario_metric(story, "epicor_probe_rows_truncated" TARGET("all")) == 1);
    assert_true(scenario_metric(story, "epicor_probe_success" TARGET("all")) == 1);
    double duration = scenario_metric(story, "epicor_probe_last_duration_seconds" TARGET("all"));
    assert_true(duration >= 10 && duration <= 11.5); /* its exchanges, no waiting for the other one's */
    assert_int_equal(scenario_counts(story).most_calls, 1);
    /* Four seconds a page, and the time-out is over after seven of ten. */
    scenario_erp(story)->answers_in_ns = 4 * SECOND_NS;
    scenario_pass(story, 5 * MINUTE_NS);
    assert_true(scenario_metric(story, "epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\","
                                       "probe=\"all\",reason=\"timeout\"}") == 1);
    duration = scenario_metric(story, "epicor_probe_last_duration_seconds" TARGET("all"));
    assert_true(duration == 30);
    scenario_free(story);
}

static double very_late(struct scenario *story)
{
    return scenario_metric(story, "epicor_exporter_run_lateness_seconds_bucket{le=\"+Inf\"}") -
           scenario_metric(story, "epicor_exporter_run_lateness_seconds_bucket{le=\"30.0\"}");
}

static void a_night_in_suspend_is_followed_by_no_burst(void **state)
{
    (void)state;
    struct buffer_text {
        char text[20000];
    } ini = {"[exporter]\ninterval = 60s\n" LIVE "max_in_flight = 50\n"};
    for (int i = 0; i < 100; i++)
        snprintf(ini.text + strlen(ini.text), sizeof ini.text - strlen(ini.text),
                 "[probe p%d]\nkind = baq\nbaq = p%d\n", i, i);
    snprintf(ini.text + strlen(ini.text), sizeof ini.text - strlen(ini.text),
             "[probe rare]\nkind = baq\nbaq = rare\ninterval = 2h\n");
    struct scenario *story = scenario_new(ini.text);
    scenario_pass(story, 10 * MINUTE_NS);
    uint64_t before = scenario_counts(story).calls, rare = scenario_calls_of(story, "rare");
    assert_in_range(before, 990, 1012);
    assert_true(very_late(story) == 0);
    scenario_suspend(story, 3 * HOUR_NS);
    scenario_pass(story, SECOND_NS);
    assert_in_range(scenario_counts(story).calls - before, 0, 8); /* as in any other second */
    /* Each target was late, once. */
    assert_true(very_late(story) == 101);
    scenario_pass(story, 59 * SECOND_NS);
    assert_in_range(scenario_counts(story).calls - before, 95, 106);
    assert_in_range(scenario_calls_of(story, "rare") - rare, 1, 1); /* missed in the night: soon, but once */
    scenario_pass(story, 9 * MINUTE_NS);
    assert_in_range(scenario_counts(story).calls - before, 990, 1012);
    scenario_free(story);
}

static void nothing_fires_together_and_nothing_drifts(void **state)
{
    (void)state;
    char ini[20000] = "[exporter]\ninterval = 10s\n" LIVE "max_in_flight = 100\n";
    for (int i = 0; i < 100; i++)
        snprintf(ini + strlen(ini), sizeof ini - strlen(ini), "[probe p%d]\nkind = baq\nbaq = p%d\n", i, i);
    struct scenario *story = scenario_new(ini);
    scenario_pass(story, 10 * MINUTE_NS);
    const int64_t *starts;
    size_t count = scenario_starts(story, &starts);
    assert_in_range(count, 5990, 6100);
    size_t close = 0;
    for (size_t i = 1; i < count; i++)
        close += starts[i] - starts[i - 1] < 9 * MILLISECOND_NS;
    assert_in_range(close, 0, 100); /* those that waited for the first token go together */
    /* After ten minutes each target still runs at its own point of the grid. */
    const struct model *model = scenario_model(story);
    assert_int_equal(model->target_count, 100);
    assert_true(scenario_metric(story, "epicor_exporter_run_lateness_seconds_bucket{le=\"+Inf\"}") >= 5990);
    scenario_free(story);
}

static void shutdown_lets_running_ones_end_and_starts_no_more(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\nshutdown_grace = 10s\n" LIVE BAQ("a")
                                              BAQ("b") BAQ("c"));
    scenario_pass(story, 30 * SECOND_NS);
    scenario_erp(story)->answers_in_ns = 6 * SECOND_NS;
    while (scenario_counts(story).in_flight == 0)
        scenario_pass(story, SECOND_NS / 10);
    uint64_t calls = scenario_counts(story).calls;
    scenario_shutdown(story);
    assert_false(agent_finished(scenario_agent(story)));
    scenario_pass(story, 7 * SECOND_NS);
    assert_true(agent_finished(scenario_agent(story)));
    assert_int_equal(scenario_counts(story).calls, calls);
    assert_int_equal(scenario_counts(story).cancelled, 0);
    scenario_free(story);
}

static void shutdown_cancels_after_the_grace(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\nshutdown_grace = 2s\n" LIVE BAQ("a"));
    scenario_pass(story, 30 * SECOND_NS);
    scenario_erp(story)->answers_in_ns = 40 * SECOND_NS;
    while (scenario_counts(story).in_flight == 0)
        scenario_pass(story, SECOND_NS / 10);
    double runs = scenario_metric(story, "epicor_probe_runs_total" TARGET("a"));
    scenario_shutdown(story);
    scenario_pass(story, SECOND_NS);
    assert_false(agent_finished(scenario_agent(story)));
    scenario_pass(story, SECOND_NS + MILLISECOND_NS);
    assert_true(agent_finished(scenario_agent(story)));
    assert_int_equal(scenario_counts(story).cancelled, 1);
    assert_true(scenario_metric(story, "epicor_probe_runs_total" TARGET("a")) == runs);
    scenario_free(story);
}

static void a_login_for_nobody_does_not_delay_the_end(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(LIVE BAQ("a"));
    scenario_erp(story)->grants_in_ns = 40 * SECOND_NS;
    while (scenario_counts(story).in_flight == 0)
        scenario_pass(story, SECOND_NS);
    /* Only a token request is in flight, and nobody may use its token any more. */
    scenario_shutdown(story);
    assert_true(agent_finished(scenario_agent(story)));
    assert_int_equal(scenario_counts(story).cancelled, 1);
    scenario_free(story);
}

static void a_second_signal_ends_the_grace(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\nshutdown_grace = 1h\n" LIVE BAQ("a"));
    scenario_pass(story, 30 * SECOND_NS);
    scenario_erp(story)->answers_in_ns = 40 * SECOND_NS;
    while (scenario_counts(story).in_flight == 0)
        scenario_pass(story, SECOND_NS / 10);
    scenario_shutdown(story);
    assert_false(agent_finished(scenario_agent(story)));
    scenario_shutdown(story);
    assert_true(agent_finished(scenario_agent(story)));
    scenario_free(story);
}

ALL_TESTS(cmocka_unit_test(an_hour_at_a_probe_a_second), cmocka_unit_test(what_a_request_looks_like),
          cmocka_unit_test(the_key_in_the_query), cmocka_unit_test(the_key_in_version_1),
          cmocka_unit_test(a_slow_server_makes_others_wait_and_then_skip),
          cmocka_unit_test(a_run_longer_than_its_interval_is_an_overrun),
          cmocka_unit_test(a_timeout_holds_its_place),
          cmocka_unit_test(pages_share_one_timeout_and_take_a_place_each),
          cmocka_unit_test(a_night_in_suspend_is_followed_by_no_burst),
          cmocka_unit_test(nothing_fires_together_and_nothing_drifts),
          cmocka_unit_test(shutdown_lets_running_ones_end_and_starts_no_more),
          cmocka_unit_test(shutdown_cancels_after_the_grace),
          cmocka_unit_test(a_second_signal_ends_the_grace),
          cmocka_unit_test(a_login_for_nobody_does_not_delay_the_end));
