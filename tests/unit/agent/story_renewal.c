/* Stories about tokens of many targets: renewal without a gap, revocation at any moment. */
#include "../../main.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/random.h"
#include "base/clock.h"
#include "scenario.h"

#define LIVE_SERIES(name) name "{appserver=\"live\"}"

static struct scenario *with_targets(int count, const char *exporter, int max_in_flight)
{
    static char ini[200000];
    size_t size = (size_t)snprintf(ini, sizeof ini, "[exporter]\n%s" LIVE "max_in_flight = %d\n", exporter,
                                   max_in_flight);
    for (int i = 0; i < count; i++)
        size += (size_t)snprintf(ini + size, sizeof ini - size, "[probe p%d]\nkind = baq\nbaq = p%d\n", i, i);
    assert_true(size < sizeof ini - 1);
    return scenario_new(ini);
}

/* The sum of all series of a family. */
static double sum_of(struct scenario *story, const char *family)
{
    double sum = 0;
    size_t size = strlen(family);
    for (const char *line = scenario_page(story); line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, family, size) == 0 && line[size] == '{')
            sum += strtod(strchr(line, '}') + 1, NULL);
    }
    return sum;
}

static void a_token_revoked_at_any_moment_costs_one_request(void **state)
{
    (void)state;
    static const int widths[] = {1, 50};
    for (size_t i = 0; i < 2; i++)
        for (uint64_t seed = 1; seed <= 4; seed++) {
            struct scenario *story = with_targets(1000, "interval = 60s\n", widths[i]);
            uint64_t random = seed;
            /* A run takes 50 ms; with one at a time 1,000 take 50 s of the minute. */
            scenario_pass(story, 2 * MINUTE_NS);
            scenario_pass(story, random_below(&random, 3 * MINUTE_NS));
            uint64_t calls = scenario_counts(story).calls;
            double runs = sum_of(story, "epicor_probe_runs_total");
            assert_int_equal(scenario_counts(story).logins, 1);
            scenario_erp(story)->oldest_token = 2;
            scenario_pass(story, 5 * MINUTE_NS);
            uint64_t repeats = (uint64_t)scenario_metric(story, "epicor_auth_failures_total{appserver="
                                                                "\"live\",reason=\"token_rejected\"}");
            runs = sum_of(story, "epicor_probe_runs_total") - runs;
            calls = scenario_counts(story).calls - calls;
            print_message("1,000 targets, %d at once, seed %" PRIu64 ": %" PRIu64
                          " token request, %.0f runs in 5 min, %" PRIu64 " calls, %" PRIu64 " repeated\n",
                          widths[i], seed, scenario_counts(story).logins - 1, runs, calls, repeats);
            assert_int_equal(scenario_counts(story).logins, 2);
            assert_true(scenario_metric(story, LIVE_SERIES("epicor_reauthentications_total")) == 1);
            assert_true(sum_of(story, "epicor_probe_failures_total") == 0);
            assert_true(sum_of(story, "epicor_exporter_runs_skipped_total") == 0);
            assert_in_range(runs, 4990, 5010);
            /* Each repeat is the one of a refused call. Those in flight were refused, and no others. */
            assert_in_range(repeats, 1, widths[i]);
            assert_in_range(calls, (uint64_t)runs, (uint64_t)runs + 2 * (uint64_t)widths[i]);
            scenario_free(story);
        }
}

static void short_tokens_are_renewed_without_a_gap(void **state)
{
    (void)state;
    struct scenario *story = with_targets(200, "interval = 1s\n", 50);
    scenario_erp(story)->token_lifetime_s = 10;
    scenario_erp(story)->grants_in_ns = 500 * MILLISECOND_NS;
    scenario_pass(story, 10 * SECOND_NS);
    uint64_t before = scenario_counts(story).logins, calls = scenario_counts(story).calls;
    double waiting = 0;
    for (int look = 0; look < 600; look++) {
        scenario_pass(story, SECOND_NS);
        waiting += scenario_metric(story, LIVE_SERIES("epicor_requests_waiting"));
        assert_true(scenario_metric(story, LIVE_SERIES("epicor_token_remaining_seconds")) > 0);
    }
    uint64_t logins = scenario_counts(story).logins - before;
    double wanted = 600 / (0.8 * 10);
    print_message("200 targets, tokens of 10 s, 10 min: %" PRIu64 " token requests (%.0f wanted), %" PRIu64
                  " calls, %.0f failures, %.0f found waiting\n",
                  logins, wanted, scenario_counts(story).calls - calls,
                  sum_of(story, "epicor_probe_failures_total"), waiting);
    assert_true((double)logins >= 0.9 * wanted && (double)logins <= 1.1 * wanted);
    assert_true(sum_of(story, "epicor_probe_failures_total") == 0);
    assert_true(sum_of(story, "epicor_exporter_runs_skipped_total") == 0);
    assert_in_range(scenario_counts(story).calls - calls, 119800, 120200);
    assert_true(waiting == 0);
    scenario_free(story);
}

static void renewals_follow_the_lifetime_that_is_granted(void **state)
{
    (void)state;
    struct scenario *story = with_targets(2, "interval = 5s\n", 1);
    scenario_pass(story, 30 * MINUTE_NS);
    assert_int_equal(scenario_counts(story).logins, 1);
    scenario_erp(story)->token_lifetime_s = 600;
    scenario_erp(story)->forgets_lifetimes = true; /* the living token was granted for an hour */
    scenario_pass(story, 19 * MINUTE_NS);
    assert_int_equal(scenario_counts(story).logins, 2);
    scenario_pass(story, 80 * MINUTE_NS); /* one each eight minutes */
    assert_in_range(scenario_counts(story).logins, 11, 12);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_token_lifetime_seconds")) == 600);
    scenario_erp(story)->token_lifetime_s = 7200;
    scenario_pass(story, 10 * MINUTE_NS);
    uint64_t before = scenario_counts(story).logins;
    scenario_pass(story, 85 * MINUTE_NS);
    assert_int_equal(scenario_counts(story).logins, before);
    scenario_pass(story, 12 * MINUTE_NS);
    assert_int_equal(scenario_counts(story).logins, before + 1);
    assert_true(sum_of(story, "epicor_probe_failures_total") == 0);
    scenario_free(story);
}

/* With a request that went out and no whole answer the server may be at work still. */
static void a_lost_call_keeps_its_place(void **state)
{
    (void)state;
    static const enum reason losses[] = {REASON_CONNECTION_LOST, REASON_INVALID_RESPONSE, REASON_TOO_LARGE,
                                         REASON_TIMEOUT};
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        struct scenario *story = with_targets(2, "interval = 2s\ntimeout = 1s\n", 1);
        scenario_pass(story, MINUTE_NS);
        scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "/p0/", .network = losses[i]};
        scenario_pass(story, 3 * SECOND_NS);
        scenario_erp(story)->rules[0].path = NULL;
        uint64_t calls = scenario_counts(story).calls;
        assert_true(scenario_metric(story, LIVE_SERIES("epicor_requests_in_flight")) == 1);
        scenario_pass(story, 25 * SECOND_NS);
        assert_int_equal(scenario_counts(story).calls, calls);
        scenario_pass(story, 7 * SECOND_NS);
        assert_true(scenario_counts(story).calls > calls);
        scenario_free(story);
    }
    struct scenario *story = with_targets(2, "interval = 2s\n", 1);
    scenario_pass(story, MINUTE_NS);
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "/p0/", .network = REASON_CONNECT};
    uint64_t calls = scenario_counts(story).calls;
    scenario_pass(story, 20 * SECOND_NS);
    assert_in_range(scenario_counts(story).calls - calls, 18, 22);
    scenario_free(story);
}

static void two_behind_one_dead_host_do_not_march_in_step(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(
        "[exporter]\ninterval = 10s\n"
        "[appserver one]\nurl = http://erp.example.com/One\ncompany = E\nauth = none\n"
        "api_key = key-of-epic06\n"
        "[appserver two]\nurl = http://erp.example.com/Two\ncompany = E\nauth = none\n"
        "api_key = key-of-epic06\n" BAQ("a") BAQ("b"));
    scenario_pass(story, MINUTE_NS);
    scenario_erp(story)->network = REASON_CONNECT;
    scenario_pass(story, HOUR_NS);
    size_t before = scenario_counts(story).calls, together = 0;
    scenario_pass(story, 10 * HOUR_NS);
    const int64_t *starts;
    size_t count = scenario_starts(story, &starts);
    for (size_t i = before + 1; i < count; i++)
        together += starts[i] - starts[i - 1] < SECOND_NS;
    print_message("two app servers down for 10 h: %zu requests, %zu within a second of another\n",
                  count - before, together);
    assert_in_range(count - before, 230, 280); /* 270 to 300 s each */
    assert_true(together < 20);
    scenario_free(story);
}

ALL_TESTS(cmocka_unit_test(a_token_revoked_at_any_moment_costs_one_request),
          cmocka_unit_test(short_tokens_are_renewed_without_a_gap),
          cmocka_unit_test(renewals_follow_the_lifetime_that_is_granted),
          cmocka_unit_test(a_lost_call_keeps_its_place),
          cmocka_unit_test(two_behind_one_dead_host_do_not_march_in_step));
