/* Stories about what goes wrong on the other side: verdict, pauses, recovery, many targets. */
#include "../../main.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/verdict.h"
#include "base/clock.h"
#include "scenario.h"

#define FAILED(probe, reason)                                                                                \
    "epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\",reason=\"" reason \
    "\"}"
#define SUCCESS(probe)  "epicor_probe_success{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\"}"
#define RUNS(probe)     "epicor_probe_runs_total{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\"}"
#define VERDICT(reason) "epicor_appserver_failure_reason{appserver=\"live\",reason=\"" reason "\"}"
#define UP              "epicor_up{appserver=\"live\"}"
#define BACKOFF_UNTIL   "epicor_backoff_until_timestamp_seconds{appserver=\"live\"}"

static void the_pause_between_token_requests_is_told(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE "backoff = 20s..1m\n" BAQ("a"));
    scenario_pass(story, 0);
    assert_true(scenario_metric(story, BACKOFF_UNTIL) == 0);
    scenario_erp(story)->token_network = REASON_CONNECT;
    scenario_pass(story, 12 * SECOND_NS);
    assert_int_equal(scenario_counts(story).logins, 1);
    double now = clock_seconds(scenario_now(story).wall_ns), until = scenario_metric(story, BACKOFF_UNTIL);
    assert_true(until > now && until <= now + 24);
    /* It is over when the next request goes out, and not told any more once a token lives. */
    scenario_erp(story)->token_network = REASON_NONE;
    scenario_pass(story, 25 * SECOND_NS);
    assert_int_equal(scenario_counts(story).logins, 2);
    assert_true(scenario_metric(story, BACKOFF_UNTIL) == 0);
    /* A renewal that fails holds back no call. */
    scenario_erp(story)->token_network = REASON_CONNECT;
    scenario_pass(story, 49 * MINUTE_NS);
    assert_true(scenario_counts(story).logins > 2);
    assert_true(scenario_metric(story, BACKOFF_UNTIL) == 0);
    scenario_free(story);
}

static void the_verdict_wants_two_failures_from_two_targets(void **state)
{
    (void)state;
    const int a = 0, b = 0;
    struct server_verdict verdict = {.targets = 2};
    server_verdict_call(&verdict, &a, REASON_SERVER_ERROR, false);
    server_verdict_call(&verdict, &a, REASON_SERVER_ERROR, false);
    assert_int_equal(verdict.standing, REASON_NONE);
    server_verdict_call(&verdict, &b, REASON_SERVER_ERROR, false);
    assert_int_equal(verdict.standing, REASON_SERVER_ERROR);
    /* One other failure does not change its mind, two that agree do. */
    server_verdict_call(&verdict, &a, REASON_TIMEOUT, false);
    assert_int_equal(verdict.standing, REASON_SERVER_ERROR);
    server_verdict_call(&verdict, &b, REASON_SERVER_ERROR, false);
    server_verdict_call(&verdict, &a, REASON_TIMEOUT, false);
    assert_int_equal(verdict.standing, REASON_SERVER_ERROR);
    server_verdict_call(&verdict, &a, REASON_TIMEOUT, false);
    assert_int_equal(verdict.standing, REASON_TIMEOUT);
    /* What proves the server up ends it. */
    server_verdict_call(&verdict, &a, REASON_QUERY_TIMEOUT, true);
    assert_int_equal(verdict.standing, REASON_NONE);
    server_verdict_call(&verdict, &b, REASON_TIMEOUT, false);
    assert_int_equal(verdict.standing, REASON_NONE);
}

static void a_lone_target_and_token_requests(void **state)
{
    (void)state;
    const int a = 0;
    struct server_verdict lone = {.targets = 1};
    server_verdict_call(&lone, &a, REASON_CONNECT, false);
    assert_int_equal(lone.standing, REASON_NONE);
    assert_true(lone.known);
    server_verdict_call(&lone, &a, REASON_CONNECT, false);
    assert_int_equal(lone.standing, REASON_CONNECT);

    struct server_verdict tokens = {.targets = 5};
    server_verdict_token(&tokens, false, false, REASON_CREDENTIALS, false);
    server_verdict_token(&tokens, false, false, REASON_CREDENTIALS, false);
    assert_int_equal(tokens.standing, REASON_CREDENTIALS);
    server_verdict_token(&tokens, false, false, REASON_NONE, false);
    assert_int_equal(tokens.standing, REASON_NONE);

    /* While a token lives, neither renewals nor one probe of the kind token speak for the others. */
    struct server_verdict living = {.targets = 5};
    server_verdict_token(&living, false, true, REASON_IDENTITY_PROVIDER, false);
    server_verdict_token(&living, false, true, REASON_IDENTITY_PROVIDER, false);
    server_verdict_token(&living, true, true, REASON_IDENTITY_PROVIDER, false);
    assert_int_equal(living.standing, REASON_NONE);
    server_verdict_call(&living, &a, REASON_TIMEOUT, false);
    assert_int_equal(living.standing, REASON_TIMEOUT);
    server_verdict_token(&living, true, true, REASON_NONE, false);
    assert_int_equal(living.standing, REASON_NONE);

    /* A refusal in Kinetic's own words shows that it works. */
    struct server_verdict refusing = {.targets = 5};
    server_verdict_token(&refusing, false, false, REASON_TIMEOUT, false);
    server_verdict_token(&refusing, false, false, REASON_TIMEOUT, false);
    assert_int_equal(refusing.standing, REASON_TIMEOUT);
    server_verdict_token(&refusing, false, false, REASON_ACCESS_DENIED, true);
    server_verdict_token(&refusing, false, false, REASON_ACCESS_DENIED, true);
    assert_int_equal(refusing.standing, REASON_NONE);

    /* A token granted proves nothing about calls that are refused with it. */
    const int b = 0;
    server_verdict_call(&tokens, &a, REASON_TOKEN_REJECTED, false);
    server_verdict_token(&tokens, false, false, REASON_NONE, false);
    server_verdict_call(&tokens, &b, REASON_TOKEN_REJECTED, false);
    server_verdict_token(&tokens, false, false, REASON_NONE, false);
    assert_int_equal(tokens.standing, REASON_TOKEN_REJECTED);
    /* Our own trouble says nothing of the server. */
    struct server_verdict own = {.targets = 1};
    server_verdict_call(&own, &a, REASON_INTERNAL, false);
    server_verdict_call(&own, &a, REASON_INTERNAL, false);
    server_verdict_token(&own, false, false, REASON_INTERNAL, false);
    assert_false(own.known); /* the server was not asked */
    assert_int_equal(own.standing, REASON_NONE);
}

static void one_failing_query_holds_back_nobody(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("bad") BAQ("a") BAQ("b"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "bad", .status = 500};
    scenario_pass(story, 30 * MINUTE_NS);
    assert_true(scenario_metric(story, FAILED("bad", "server_error")) == 1);
    assert_true(scenario_metric(story, UP) == 1);
    assert_true(isnan(scenario_metric(story, VERDICT("server_error"))));
    assert_in_range(scenario_calls_of(story, "/a/"), 179, 181);
    assert_in_range(scenario_calls_of(story, "/bad/"), 179, 181);
    scenario_free(story);
}

static void a_server_that_is_down_is_asked_rarely_and_found_again(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a") BAQ("b") BAQ("c"));
    scenario_pass(story, 5 * MINUTE_NS);
    assert_true(scenario_metric(story, UP) == 1);
    scenario_erp(story)->network = REASON_CONNECT;
    uint64_t before = scenario_counts(story).calls;
    scenario_pass(story, MINUTE_NS);
    assert_true(scenario_metric(story, UP) == 0);
    assert_true(scenario_metric(story, VERDICT("connect")) == 1);
    assert_true(scenario_metric(story, FAILED("a", "connect")) == 1);
    scenario_pass(story, 39 * MINUTE_NS);
    /* 1, 2, 4 ... 256 s, then each five minutes. */
    assert_in_range(scenario_counts(story).calls - before, 10, 22);
    assert_true(scenario_metric(story, BACKOFF_UNTIL) > 0);
    /* Runs go on failing with the standing reason all the while: nobody's last run grows old. */
    assert_true(scenario_metric(story, RUNS("a")) > 250);
    assert_true(scenario_metric(story, RUNS("c")) > 250);
    scenario_erp(story)->network = REASON_NONE;
    scenario_pass(story, 5 * MINUTE_NS + 20 * SECOND_NS);
    assert_true(scenario_metric(story, UP) == 1);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story, SUCCESS("b")) == 1);
    assert_true(scenario_metric(story, BACKOFF_UNTIL) == 0);
    before = scenario_counts(story).calls;
    scenario_pass(story, 5 * MINUTE_NS);
    assert_in_range(scenario_counts(story).calls - before, 89, 91);
    scenario_free(story);
}

static void down_from_the_start(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(LIVE BAQ("a") BAQ("b"));
    scenario_erp(story)->network = REASON_RESOLVE;
    assert_true(isnan(scenario_metric(story, UP)));
    scenario_pass(story, 3 * MINUTE_NS);
    assert_true(scenario_metric(story, UP) == 0);
    assert_true(scenario_metric(story, VERDICT("resolve")) == 1);
    assert_true(scenario_metric(story, FAILED("a", "resolve")) == 1);
    assert_int_equal(scenario_counts(story).calls, 0);
    assert_in_range(scenario_counts(story).logins, 5, 10);
    scenario_erp(story)->network = REASON_NONE;
    scenario_pass(story, 6 * MINUTE_NS);
    assert_true(scenario_metric(story, UP) == 1);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_free(story);
}

static void a_server_that_hangs(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 60s\ntimeout = 30s\n" LIVE BAQ("a") BAQ("b")
                                              BAQ("c"));
    scenario_pass(story, 2 * MINUTE_NS);
    scenario_erp(story)->answers_in_ns = HOUR_NS;
    scenario_pass(story, 20 * MINUTE_NS);
    assert_true(scenario_metric(story, VERDICT("timeout")) == 1);
    assert_true(scenario_metric(story, FAILED("b", "timeout")) == 1);
    scenario_erp(story)->answers_in_ns = SECOND_NS;
    scenario_pass(story, 8 * MINUTE_NS);
    assert_true(scenario_metric(story, UP) == 1);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_free(story);
}

static void the_server_asks_for_patience(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a") BAQ("b"));
    scenario_pass(story, 2 * MINUTE_NS);
    scenario_erp(story)->rules[0] = (struct scenario_rule){
        .path = "Data", .status = 429, .retry_after_ns = 90 * SECOND_NS};
    uint64_t before = scenario_counts(story).calls;
    scenario_pass(story, 89 * SECOND_NS);
    /* One answer is enough, nobody asks before the 90 s are over. */
    assert_int_equal(scenario_counts(story).calls, before + 1);
    assert_true(scenario_metric(story, FAILED("a", "throttled")) == 1);
    assert_true(scenario_metric(story, FAILED("b", "throttled")) == 1);
    scenario_erp(story)->rules[0].path = NULL;
    scenario_pass(story, 30 * SECOND_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);

    /* An hour is honoured up to the bound of five minutes. */
    scenario_erp(story)->rules[0] = (struct scenario_rule){
        .path = "Data", .status = 429, .retry_after_ns = HOUR_NS};
    scenario_pass(story, 20 * SECOND_NS);
    before = scenario_counts(story).calls;
    scenario_pass(story, 4 * MINUTE_NS);
    assert_int_equal(scenario_counts(story).calls, before);
    scenario_pass(story, 2 * MINUTE_NS);
    assert_int_equal(scenario_counts(story).calls, before + 1);
    scenario_free(story);
}

static void no_seat_is_left(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a") BAQ("b"));
    scenario_pass(story, 2 * MINUTE_NS);
    scenario_erp(story)->rules[0] = (struct scenario_rule){
        .path = "/a/",
        .status = 500,
        .body = "{\"HttpStatus\":500,\"ErrorMessage\":\"Maximum users exceeded on license type: WebService "
                "assigned to company: EPIC06\"}"};
    scenario_pass(story, 5 * MINUTE_NS);
    assert_true(scenario_metric(story, FAILED("a", "license_exhausted")) == 1);
    double refusals = scenario_metric(
        story, "epicor_license_refusals_total{appserver=\"live\",license=\"WebService\"}");
    assert_true(refusals >= 5);
    /* The other one goes through between the pauses. */
    assert_true(scenario_metric(story, SUCCESS("b")) == 1);
    assert_true(scenario_metric(story, UP) == 1);
    double held = scenario_metric(
        story, "epicor_license_claim_seconds_total{appserver=\"live\",license=\"WebService\"}");
    assert_true(held > 1 && held < 10);
    scenario_free(story);
}

static void a_failure_is_told_in_a_minute_also_where_the_interval_is_long(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 12h\n" LIVE BAQ("a") BAQ("b"));
    scenario_erp(story)->network = REASON_TLS;
    scenario_pass(story, 3 * MINUTE_NS);
    assert_true(scenario_metric(story, FAILED("a", "tls")) == 1);
    assert_true(scenario_metric(story, FAILED("b", "tls")) == 1);
    scenario_free(story);

    /* Also where the token service hangs for longer than that minute. */
    story = scenario_new("[exporter]\ninterval = 12h\ntimeout = 100s\n" LIVE BAQ("a"));
    scenario_erp(story)->grants_in_ns = HOUR_NS;
    scenario_pass(story, 4 * MINUTE_NS);
    assert_true(scenario_metric(story, FAILED("a", "timeout")) == 1);
    scenario_free(story);
}

static int64_t cpu_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * SECOND_NS + time.tv_nsec;
}

static void ten_thousand_targets(void **state)
{
    (void)state;
    enum { SERVERS = 100, PROBES = SANITIZED ? 20 : 100, CALLS = SERVERS * PROBES };
    static char ini[40000];
    size_t size = (size_t)snprintf(ini, sizeof ini, "[exporter]\ninterval = 10s\n");
    for (int i = 0; i < SERVERS; i++)
        size += (size_t)snprintf(ini + size, sizeof ini - size,
                                 "[appserver s%d]\nurl = http://erp%d.example.com/Live\ncompany = EPIC06\n"
                                 "username = monitor\npassword = correct horse\napi_key = key-of-epic06\n",
                                 i, i);
    for (int i = 0; i < PROBES; i++)
        size += (size_t)snprintf(ini + size, sizeof ini - size, "[probe p%d]\nkind = baq\nbaq = p%d\n", i, i);
    assert_true(size < sizeof ini - 1);
    struct scenario *story = scenario_new(ini);
    scenario_erp(story)->answers_in_ns = 5 * MILLISECOND_NS;
    scenario_pass(story, 10 * SECOND_NS);
    uint64_t before = scenario_counts(story).calls;
    int64_t started = cpu_ns();
    scenario_pass(story, 10 * SECOND_NS);
    int64_t used = cpu_ns() - started;
    uint64_t calls = scenario_counts(story).calls - before;
    assert_in_range(calls, CALLS - CALLS / 100, CALLS + CALLS / 100);
    assert_true(
        scenario_metric(story, "epicor_exporter_runs_skipped_total{appserver=\"s0\",cause=\"gate\"}") == 0);
    /* With the stage, the sanitizers and a busy machine in it: far from quadratic is what this shows. */
    print_message("%.1f us of CPU a run\n", (double)used / (double)calls / 1e3);
    assert_true(used / (int64_t)calls < 2 * MILLISECOND_NS);
    scenario_free(story);
}

ALL_TESTS(cmocka_unit_test(the_pause_between_token_requests_is_told),
          cmocka_unit_test(the_verdict_wants_two_failures_from_two_targets),
          cmocka_unit_test(a_lone_target_and_token_requests),
          cmocka_unit_test(one_failing_query_holds_back_nobody),
          cmocka_unit_test(a_server_that_is_down_is_asked_rarely_and_found_again),
          cmocka_unit_test(down_from_the_start), cmocka_unit_test(a_server_that_hangs),
          cmocka_unit_test(the_server_asks_for_patience), cmocka_unit_test(no_seat_is_left),
          cmocka_unit_test(a_failure_is_told_in_a_minute_also_where_the_interval_is_long),
          cmocka_unit_test(ten_thousand_targets));
