/* Stories of a configuration that changes while the agent runs. */
#include "../../main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/held.h"
#include "agent/slots.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "scenario.h"

#define LABELS(server, probe) "{appserver=\"" server "\",company=\"EPIC06\",probe=\"" probe "\"}"
#define RUNS(probe)           "epicor_probe_runs_total" LABELS("live", probe)
#define UP                    "epicor_up{appserver=\"live\"}"
#define EVERY_10S             "[exporter]\ninterval = 10s\n"
#define EVERY_MINUTE          "[exporter]\ninterval = 60s\n"
#define HOST(name)            "[appserver " name "]\nurl = http://" name ".example.com/Kinetic\ncompany = EPIC06\n"
#define LOGIN(password)       "username = monitor\npassword = " password "\napi_key = key-of-epic06\n"

static double count_of(struct scenario *story, const char *series)
{
    double count = scenario_metric(story, series);
    return isnan(count) ? -1 : count;
}

static int64_t boot_ns(const struct scenario *story)
{
    return scenario_now(story).boot_ns;
}

/* ---- what stays ---- */

static void the_same_configuration_changes_nothing(void **state)
{
    (void)state;
    static const char text[] = EVERY_10S LIVE BAQ("a") BAQ("b") BAQ("c");
    struct scenario *calm = scenario_new(text), *reloaded = scenario_new(text);
    for (int i = 0; i < 600; i++) {
        scenario_pass(calm, SECOND_NS / 2);
        scenario_pass(reloaded, SECOND_NS / 2);
        scenario_reload(reloaded, text);
    }
    /* Each call at the same moment, no login more, no run less. */
    const int64_t *calm_starts, *starts;
    size_t count = scenario_starts(calm, &calm_starts);
    assert_int_equal(scenario_starts(reloaded, &starts), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(starts[i], calm_starts[i]);
    assert_int_equal(scenario_counts(reloaded).logins, 1);
    assert_int_equal(scenario_counts(reloaded).cancelled, 0);
    assert_true(count_of(reloaded, RUNS("a")) == count_of(calm, RUNS("a")));
    assert_true(count_of(reloaded, "epicor_probe_duration_seconds_count" LABELS("live", "b")) ==
                count_of(calm, "epicor_probe_duration_seconds_count" LABELS("live", "b")));
    scenario_free(calm);
    scenario_free(reloaded);
}

static void probes_come_and_go(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(EVERY_10S LIVE BAQ("a") BAQ("b"));
    scenario_pass(story, MINUTE_NS);
    double runs = count_of(story, RUNS("a"));
    assert_true(runs >= 5);
    scenario_reload(story, EVERY_10S LIVE BAQ("c") BAQ("a"));
    assert_true(count_of(story, RUNS("a")) == runs);
    assert_true(count_of(story, RUNS("c")) == 0);
    assert_null(strstr(scenario_page(story), "probe=\"b\""));
    uint64_t calls_of_b = scenario_calls_of(story, "BaqSvc/b/");
    scenario_pass(story, MINUTE_NS);
    assert_int_equal(scenario_calls_of(story, "BaqSvc/b/"), calls_of_b);
    assert_true(count_of(story, RUNS("a")) - runs >= 5);
    assert_true(count_of(story, RUNS("c")) >= 5);
    assert_int_equal(scenario_counts(story).logins, 1);
    /* And back: a new one. */
    scenario_reload(story, EVERY_10S LIVE BAQ("b"));
    assert_true(count_of(story, RUNS("b")) == 0);
    scenario_free(story);
}

static void a_new_interval_is_kept_at_once(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 1h\n" LIVE BAQ("a"));
    scenario_pass(story, 2 * MINUTE_NS);
    assert_true(count_of(story, RUNS("a")) == 1);
    scenario_reload(story, EVERY_10S LIVE BAQ("a"));
    scenario_pass(story, MINUTE_NS);
    double runs = count_of(story, RUNS("a"));
    assert_true(runs >= 6 && runs <= 8);
    scenario_reload(story, "[exporter]\ninterval = 1h\n" LIVE BAQ("a"));
    scenario_pass(story, 2 * MINUTE_NS);
    assert_true(count_of(story, RUNS("a")) <= runs + 2);
    /* Its last result stands for three of the new intervals. */
    assert_true(count_of(story, "epicor_probe_success" LABELS("live", "a")) == 1);
    scenario_free(story);
}

static void app_servers_come_and_go(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(EVERY_10S LIVE BAQ("a"));
    scenario_pass(story, MINUTE_NS);
    scenario_reload(story, EVERY_10S HOST("second") LOGIN("correct horse") LIVE BAQ("a"));
    scenario_pass(story, MINUTE_NS);
    assert_int_equal(scenario_counts(story).logins, 2);
    assert_true(count_of(story, "epicor_up{appserver=\"second\"}") == 1);
    assert_true(count_of(story, RUNS("a")) >= 11);
    scenario_reload(story, EVERY_10S HOST("second") LOGIN("correct horse") BAQ("a"));
    uint64_t calls = scenario_calls_of(story, "KineticLive");
    scenario_pass(story, MINUTE_NS);
    assert_null(strstr(scenario_page(story), "\"live\""));
    assert_int_equal(scenario_calls_of(story, "KineticLive"), calls);
    assert_int_equal(scenario_counts(story).logins, 2);
    scenario_free(story);
}

/* ---- logins ---- */

static void a_new_password_lifts_the_block_at_once(void **state)
{
    (void)state;
    static const char wrong[] = EVERY_10S HOST("live") LOGIN("wrong") "login_retry = 10m..30m\n" BAQ("a");
    struct scenario *story = scenario_new(wrong);
    scenario_pass(story, 2 * MINUTE_NS);
    assert_int_equal(scenario_counts(story).logins, 1);
    assert_true(count_of(story, "epicor_login_blocked_until_timestamp_seconds{appserver=\"live\"}") > 0);
    /* Another change does not lift it. */
    scenario_reload(story, EVERY_10S HOST("live")
                               LOGIN("wrong") "login_retry = 10m..30m\nmax_in_flight = 2\n" BAQ("a"));
    scenario_pass(story, 30 * SECOND_NS);
    assert_int_equal(scenario_counts(story).logins, 1);
    assert_true(count_of(story, "epicor_login_blocked_until_timestamp_seconds{appserver=\"live\"}") > 0);

    scenario_reload(story, EVERY_10S HOST("live")
                               LOGIN("correct horse") "login_retry = 10m..30m\nmax_in_flight = 2\n" BAQ("a"));
    assert_true(count_of(story, "epicor_login_blocked_until_timestamp_seconds{appserver=\"live\"}") == 0);
    scenario_pass(story, 11 * SECOND_NS);
    assert_int_equal(scenario_counts(story).logins, 2);
    assert_true(count_of(story, UP) == 1);
    assert_true(count_of(story, "epicor_probe_success" LABELS("live", "a")) == 1);
    scenario_free(story);
}

static void another_url_gets_another_token(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(EVERY_10S LIVE BAQ("a"));
    scenario_pass(story, MINUTE_NS);
    double runs = count_of(story, RUNS("a"));
    scenario_reload(story, EVERY_10S
                    "[appserver live]\nurl = http://new.example.com/Kinetic\ncompany = EPIC06\n" LOGIN(
                        "correct horse") BAQ("a"));
    /* Until something is known of the new one, the last word stands. */
    assert_true(count_of(story, UP) == 1);
    assert_true(count_of(story, "epicor_token_remaining_seconds{appserver=\"live\"}") == 0);
    uint64_t old_calls = scenario_calls_of(story, "KineticLive");
    scenario_pass(story, MINUTE_NS);
    assert_int_equal(scenario_calls_of(story, "KineticLive"), old_calls);
    assert_int_equal(scenario_counts(story).logins, 2);
    assert_non_null(strstr(scenario_last_login(story), "POST http://new.example.com/Kinetic/"));
    assert_true(count_of(story, RUNS("a")) >= runs + 5);
    assert_true(count_of(story, "epicor_token_remaining_seconds{appserver=\"live\"}") > 0);
    scenario_free(story);
}

static void a_way_without_tokens_takes_their_series_away(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(EVERY_10S LIVE BAQ("a"));
    scenario_pass(story, MINUTE_NS);
    scenario_reload(story, EVERY_10S HOST("live") "auth = none\napi_key = key-of-epic06\n" BAQ("a"));
    assert_null(strstr(scenario_page(story), "epicor_token_remaining_seconds{"));
    scenario_pass(story, MINUTE_NS);
    assert_int_equal(scenario_counts(story).logins, 1);
    assert_null(strstr(scenario_last_call(story), "Authorization"));
    scenario_reload(story, EVERY_10S LIVE BAQ("a"));
    assert_non_null(strstr(scenario_page(story), "epicor_token_remaining_seconds{"));
    scenario_pass(story, MINUTE_NS);
    assert_int_equal(scenario_counts(story).logins, 2);
    scenario_free(story);
}

/* A reload amid a token request: the new login begins for itself, the old request is given up. */
static void a_login_in_flight_is_given_up(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(EVERY_10S LIVE BAQ("a"));
    scenario_erp(story)->grants_in_ns = 20 * SECOND_NS;
    while (scenario_counts(story).logins == 0)
        scenario_pass(story, SECOND_NS);
    scenario_erp(story)->grants_in_ns = SECOND_NS;
    scenario_reload(story, EVERY_10S HOST("live") LOGIN("correct horse") BAQ("a"));
    assert_int_equal(scenario_counts(story).cancelled, 1);
    scenario_pass(story, 15 * SECOND_NS);
    assert_int_equal(scenario_counts(story).logins, 2);
    assert_int_equal(scenario_counts(story).most_logins, 1);
    assert_true(count_of(story, "epicor_probe_success" LABELS("live", "a")) == 1);
    scenario_free(story);
}

/* ---- runs in flight ---- */

/* Until a call goes that answers after so long. */
static struct scenario *amid_a_call(const char *text, int64_t answers_in_ns)
{
    struct scenario *story = scenario_new(text);
    scenario_erp(story)->answers_in_ns = answers_in_ns;
    while (scenario_counts(story).calls == 0)
        scenario_pass(story, 100 * MILLISECOND_NS);
    assert_int_equal(scenario_counts(story).in_flight, 1);
    return story;
}

static void a_run_in_flight_ends_by_the_old_settings(void **state)
{
    (void)state;
    struct scenario *story = amid_a_call(EVERY_MINUTE LIVE BAQ("a"), 5 * SECOND_NS);
    scenario_reload(story, EVERY_MINUTE LIVE "[probe a]\nkind = baq\nbaq = other\nrows_min = 1000\n");
    assert_int_equal(scenario_counts(story).cancelled, 0);
    scenario_pass(story, 6 * SECOND_NS);
    assert_true(count_of(story, RUNS("a")) == 1);
    assert_true(count_of(story, "epicor_probe_success" LABELS("live", "a")) == 1);
    scenario_pass(story, 70 * SECOND_NS);
    assert_int_equal(scenario_calls_of(story, "BaqSvc/other/"), 1);
    assert_true(count_of(story,
                         "epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\",probe=\"a\","
                         "reason=\"rows\"}") == 1);
    scenario_free(story);
}

static void a_removed_run_keeps_its_place_to_its_end(void **state)
{
    (void)state;
    struct scenario *story = amid_a_call(EVERY_10S LIVE BAQ("a"), 8 * SECOND_NS);
    int64_t begun_ns = boot_ns(story);
    scenario_reload(story, EVERY_10S LIVE BAQ("b"));
    assert_null(strstr(scenario_page(story), "probe=\"a\""));
    assert_true(count_of(story, "epicor_requests_in_flight{appserver=\"live\"}") == 1);
    scenario_pass(story, 30 * SECOND_NS);
    assert_int_equal(scenario_counts(story).most_calls, 1);
    assert_int_equal(scenario_counts(story).cancelled, 0);
    const int64_t *starts;
    assert_true(scenario_starts(story, &starts) >= 2);
    assert_true(starts[1] >= begun_ns + 7 * SECOND_NS);
    assert_null(strstr(scenario_page(story), "probe=\"a\""));
    assert_true(count_of(story, RUNS("b")) >= 2);
    scenario_free(story);
}

static void another_login_never_takes_more_places(void **state)
{
    (void)state;
    struct scenario *story = amid_a_call(EVERY_10S LIVE BAQ("a") BAQ("b"), 3 * SECOND_NS);
    static const char *const passwords[] = {"correct horse", "x", "y", "correct horse"};
    for (size_t i = 0; i < 40; i++) {
        char *text = memory_format(EVERY_10S HOST("live") "username = monitor\npassword = %s\n"
                                                          "api_key = key-of-epic06\n" BAQ("a") BAQ("b"),
                                   passwords[i % 4]);
        scenario_erp(story)->password = passwords[i % 4];
        scenario_reload(story, text);
        free(text);
        scenario_pass(story, 700 * MILLISECOND_NS);
    }
    scenario_pass(story, MINUTE_NS);
    assert_int_equal(scenario_counts(story).most_calls, 1);
    assert_true(count_of(story, UP) == 1);
    assert_true(count_of(story, RUNS("a")) >= 6);
    scenario_free(story);
}

static void a_place_is_held_for_the_server_that_comes_back(void **state)
{
    (void)state;
    static const char text[] = EVERY_10S LIVE BAQ("a");
    struct scenario *story = amid_a_call(text, 20 * SECOND_NS);
    int64_t begun_ns = boot_ns(story);
    scenario_reload(story, EVERY_10S HOST("other") LOGIN("correct horse"));
    scenario_pass(story, SECOND_NS);
    scenario_reload(story, text);
    scenario_pass(story, 40 * SECOND_NS);
    assert_int_equal(scenario_counts(story).most_calls, 1);
    const int64_t *starts;
    assert_true(scenario_starts(story, &starts) >= 2);
    assert_true(starts[1] >= begun_ns + 19 * SECOND_NS);
    scenario_free(story);
}

static void a_wider_gate_opens_at_once(void **state)
{
    (void)state;
    struct scenario *story = amid_a_call(EVERY_10S LIVE BAQ("a") BAQ("b") BAQ("c"), 9 * SECOND_NS);
    scenario_pass(story, 7 * SECOND_NS);
    assert_int_equal(scenario_counts(story).in_flight, 1);
    scenario_reload(story, EVERY_10S LIVE "max_in_flight = 3\n" BAQ("a") BAQ("b") BAQ("c"));
    scenario_pass(story, 0);
    assert_true(scenario_counts(story).in_flight >= 2);
    scenario_reload(story, EVERY_10S LIVE BAQ("a") BAQ("b") BAQ("c"));
    scenario_pass(story, 10 * SECOND_NS);
    assert_true(scenario_counts(story).in_flight <= 1);
    scenario_free(story);
}

static void the_end_comes_amid_a_reload(void **state)
{
    (void)state;
    struct scenario *story = amid_a_call(EVERY_10S LIVE BAQ("a"), 20 * SECOND_NS);
    scenario_reload(story, EVERY_10S HOST("live") LOGIN("x") BAQ("b"));
    scenario_shutdown(story);
    assert_false(agent_finished(scenario_agent(story)));
    scenario_reload(story, EVERY_10S LIVE BAQ("c")); /* too late: nothing happens */
    assert_null(strstr(scenario_page(story), "probe=\"c\""));
    scenario_pass(story, MINUTE_NS);
    assert_true(agent_finished(scenario_agent(story)));
    assert_int_equal(scenario_counts(story).in_flight, 0);
    scenario_free(story);
}

/* ---- sessions ---- */

#define SHARED(password) EVERY_10S HOST("live") LOGIN(password) "session = shared\n"

static struct scenario *with_a_session(int64_t answers_in_ns)
{
    struct scenario *story = scenario_new(SHARED("correct horse") BAQ("a"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){
        .path = "SessionModSvc/Login", .body = "{\"returnObj\":\"11111111-2222-3333-4444-555555555555\"}"};
    scenario_erp(story)->rules[1] = (struct scenario_rule){.path = "SessionModSvc/Logout", .body = "{}"};
    scenario_erp(story)->rules[2] = (struct scenario_rule){.path = "BaqSvc", .in_ns = answers_in_ns};
    scenario_pass(story, 30 * SECOND_NS);
    assert_int_equal(scenario_calls_of(story, "SessionModSvc/Login"), 1);
    assert_int_equal(scenario_calls_of(story, "SessionModSvc/Logout"), 0);
    assert_true(count_of(story, "epicor_sessions_open{appserver=\"live\"}") == 1);
    return story;
}

/* The contract ends it at each reload; the token stays. */
static void an_unchanged_login_renews_its_session(void **state)
{
    (void)state;
    struct scenario *story = with_a_session(SECOND_NS);
    scenario_reload(story, SHARED("correct horse") "max_in_flight = 2\n" BAQ("a") BAQ("b"));
    scenario_pass(story, MINUTE_NS);
    assert_int_equal(scenario_counts(story).logins, 1);
    assert_int_equal(scenario_calls_of(story, "SessionModSvc/Login"), 2);
    assert_int_equal(scenario_calls_of(story, "SessionModSvc/Logout"), 1);
    scenario_free(story);
}

static void another_login_leaves_no_session_behind(void **state)
{
    (void)state;
    static const char *const others[] = {
        EVERY_10S LIVE BAQ("a"),                                 /* no session any more */
        SHARED("correct horse") "license = none\n" BAQ("a"),     /* for another license */
        EVERY_10S HOST("other") LOGIN("correct horse") BAQ("a"), /* no such app server any more */
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct scenario *story = with_a_session(SECOND_NS);
        scenario_reload(story, others[i]);
        scenario_pass(story, 5 * SECOND_NS);
        assert_int_equal(scenario_calls_of(story, "SessionModSvc/Logout"), 1);
        scenario_pass(story, MINUTE_NS);
        assert_int_equal(scenario_calls_of(story, "SessionModSvc/Login"), i == 1 ? 2 : 1);
        assert_int_equal(scenario_calls_of(story, "SessionModSvc/Logout"), 1);
        scenario_free(story);
    }
}

static void a_session_is_left_when_its_last_run_has_ended(void **state)
{
    (void)state;
    struct scenario *story = with_a_session(8 * SECOND_NS);
    scenario_pass(story, 10 * SECOND_NS);
    while (scenario_counts(story).in_flight == 0)
        scenario_pass(story, SECOND_NS / 4);
    scenario_reload(story, EVERY_MINUTE LIVE BAQ("b"));
    scenario_pass(story, SECOND_NS);
    assert_int_equal(scenario_calls_of(story, "SessionModSvc/Logout"), 0);
    scenario_pass(story, 10 * SECOND_NS);
    assert_int_equal(scenario_calls_of(story, "SessionModSvc/Logout"), 1);
    scenario_free(story);
}

/* ---- verdicts ---- */

static void a_verdict_outlives_a_reload(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(EVERY_10S LIVE BAQ("a") BAQ("b"));
    scenario_pass(story, 30 * SECOND_NS);
    scenario_erp(story)->network = REASON_CONNECT;
    scenario_pass(story, MINUTE_NS);
    assert_true(count_of(story, UP) == 0);
    scenario_reload(story, EVERY_10S LIVE BAQ("a") BAQ("c"));
    assert_true(count_of(story, UP) == 0);
    assert_true(count_of(story, "epicor_probe_consecutive_failures" LABELS("live", "a")) >= 1);
    scenario_erp(story)->network = REASON_NONE;
    scenario_pass(story, 2 * MINUTE_NS);
    assert_true(count_of(story, UP) == 1);
    /* Without probes nobody could take a verdict back. */
    scenario_erp(story)->network = REASON_CONNECT;
    scenario_pass(story, MINUTE_NS);
    assert_true(count_of(story, UP) == 0);
    scenario_reload(story,
                    EVERY_10S LIVE HOST("second") LOGIN("correct horse") "[probe a]\nkind = baq\nbaq = "
                                                                         "a\nappserver = second\n");
    assert_true(isnan(scenario_metric(story, UP)));
    scenario_free(story);
}

/* ---- many ---- */

static char *configuration_of(unsigned first, unsigned count)
{
    struct buffer text;
    buffer_init(&text, 16 << 20);
    buffer_text(&text, EVERY_MINUTE LIVE "max_in_flight = 4\n");
    for (unsigned i = first; i < first + count; i++)
        buffer_format(&text, BAQ("q%u"), i, i);
    return buffer_take(&text);
}

static void a_thousand_targets_cost_less_than_a_long_turn(void **state)
{
    (void)state;
    char *before = configuration_of(0, 1000), *after = configuration_of(100, 1000);
    struct scenario *story = scenario_new(before);
    scenario_pass(story, MINUTE_NS);
    double dearest = 0;
    for (int i = 0; i < 6; i++) {
        struct timespec begin, end;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
        scenario_reload(story, i % 2 == 0 ? after : before);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        double seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
        dearest = seconds > dearest ? seconds : dearest;
        scenario_pass(story, 5 * SECOND_NS);
    }
    print_message("a reload of 1,000 targets: %.1f ms, the reading of the file in it\n", dearest * 1e3);
    assert_true(count_of(story, "epicor_exporter_targets") == 1000);
    scenario_free(story);
    free(before);
    free(after);
}

/* ---- parts ---- */

static void slots_are_taken_again(void **state)
{
    (void)state;
    struct slots slots = {0};
    int things[100];
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(slots_put(&slots, &things[i]), i);
    for (uint32_t i = 0; i < 100; i += 3)
        slots_drop(&slots, i);
    assert_null(slots_at(&slots, 3));
    assert_null(slots_at(&slots, 100));
    assert_ptr_equal(slots_at(&slots, 4), &things[4]);
    for (uint32_t i = 0; i < 34; i++)
        assert_true(slots_put(&slots, &things[i]) % 3 == 0);
    assert_int_equal(slots_put(&slots, &things[0]), 100);
    slots_free(&slots);
}

ALL_TESTS(cmocka_unit_test(the_same_configuration_changes_nothing), cmocka_unit_test(probes_come_and_go),
          cmocka_unit_test(a_new_interval_is_kept_at_once), cmocka_unit_test(app_servers_come_and_go),
          cmocka_unit_test(a_new_password_lifts_the_block_at_once),
          cmocka_unit_test(another_url_gets_another_token),
          cmocka_unit_test(a_way_without_tokens_takes_their_series_away),
          cmocka_unit_test(a_login_in_flight_is_given_up),
          cmocka_unit_test(a_run_in_flight_ends_by_the_old_settings),
          cmocka_unit_test(a_removed_run_keeps_its_place_to_its_end),
          cmocka_unit_test(another_login_never_takes_more_places),
          cmocka_unit_test(a_place_is_held_for_the_server_that_comes_back),
          cmocka_unit_test(a_wider_gate_opens_at_once), cmocka_unit_test(the_end_comes_amid_a_reload),
          cmocka_unit_test(an_unchanged_login_renews_its_session),
          cmocka_unit_test(another_login_leaves_no_session_behind),
          cmocka_unit_test(a_session_is_left_when_its_last_run_has_ended),
          cmocka_unit_test(a_verdict_outlives_a_reload),
          cmocka_unit_test(a_thousand_targets_cost_less_than_a_long_turn),
          cmocka_unit_test(slots_are_taken_again));
