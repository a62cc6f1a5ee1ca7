/* The detector of delayed calls at its place in the agent: what it is told, and what it tells. */
#include "../../main.h"

#include <math.h>

#include "base/clock.h"
#include "scenario.h"

#define THROTTLED "epicor_license_throttled{appserver=\"live\"}"
#define OFTEN     "[exporter]\ninterval = 1m\n"

static double throttled(struct scenario *story)
{
    return scenario_metric(story, THROTTLED);
}

static void seats_run_out_and_come_back(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(OFTEN LIVE BAQ("a") BAQ("b"));
    scenario_pass(story, 3 * MINUTE_NS);
    assert_true(isnan(throttled(story))); /* no baseline yet */
    scenario_pass(story, 7 * MINUTE_NS);
    assert_true(throttled(story) == 0);

    scenario_erp(story)->answers_in_ns = 20050 * MILLISECOND_NS;
    scenario_pass(story, MINUTE_NS);
    assert_true(throttled(story) == 0); /* two calls */
    scenario_pass(story, MINUTE_NS);
    assert_true(throttled(story) == 1);
    scenario_pass(story, HOUR_NS);
    assert_true(throttled(story) == 1);
    /* It is no failure. */
    assert_true(scenario_metric(story, "epicor_up{appserver=\"live\"}") == 1);

    scenario_erp(story)->answers_in_ns = 50 * MILLISECOND_NS;
    scenario_pass(story, 2 * MINUTE_NS);
    assert_true(throttled(story) == 0);
    scenario_free(story);
}

/* Nobody answers any more: after five minutes nothing is claimed, without an event that would tell. */
static void it_does_not_outlive_its_evidence(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(OFTEN LIVE BAQ("a") BAQ("b"));
    scenario_pass(story, 10 * MINUTE_NS);
    scenario_erp(story)->answers_in_ns = 20050 * MILLISECOND_NS;
    scenario_pass(story, 3 * MINUTE_NS);
    assert_true(throttled(story) == 1);
    scenario_erp(story)->network = REASON_TIMEOUT;
    scenario_pass(story, 4 * MINUTE_NS);
    assert_true(throttled(story) == 1);
    scenario_pass(story, 2 * MINUTE_NS);
    assert_true(throttled(story) == 0);
    scenario_free(story);
}

static void calls_that_fail_and_tokens_say_nothing(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(OFTEN LIVE "token_renew_at = 10%\n" BAQ("a")
                                              BAQ("b") "[probe t]\nkind = token\n"
                                                       "[probe u]\nkind = token\n");
    scenario_pass(story, 10 * MINUTE_NS);
    /* A query that SQL Server gives up takes its 30 s too; and who waits 40 s for a token, waits for no seat. */
    struct scenario_erp *erp = scenario_erp(story);
    erp->grants_in_ns = 25 * SECOND_NS;
    erp->rules[0] = (struct scenario_rule){.path = "BaqSvc",
                                           .in_ns = 30 * SECOND_NS,
                                           .status = 500,
                                           .body = "{\"ErrorMessage\":\"Execution Timeout Expired.\"}"};
    scenario_pass(story, HOUR_NS);
    assert_true(throttled(story) == 0);
    scenario_free(story);
}

static void tokens_make_no_baseline(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(OFTEN LIVE "[probe t]\nkind = token\n[probe u]\nkind = token\n");
    scenario_pass(story, HOUR_NS);
    assert_true(isnan(throttled(story)));
    scenario_free(story);
}

static void calls_without_a_license_header_say_nothing(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(OFTEN LIVE "license = none\n" BAQ("a") BAQ("b"));
    scenario_pass(story, 10 * MINUTE_NS);
    scenario_erp(story)->answers_in_ns = 20050 * MILLISECOND_NS;
    scenario_pass(story, 10 * MINUTE_NS);
    assert_true(isnan(throttled(story)));
    scenario_free(story);
}

static void several_in_flight(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(OFTEN LIVE "max_in_flight = 4\n" BAQ("a") BAQ("b") BAQ("c")
                                              BAQ("d"));
    scenario_pass(story, 10 * MINUTE_NS);
    assert_true(throttled(story) == 0);
    /* A cold start that all four meet. */
    scenario_erp(story)->answers_in_ns = 25 * SECOND_NS;
    scenario_pass(story, MINUTE_NS);
    scenario_erp(story)->answers_in_ns = 50 * MILLISECOND_NS;
    for (int i = 0; i < 10; i++) {
        assert_true(throttled(story) == 0);
        scenario_pass(story, MINUTE_NS);
    }
    scenario_erp(story)->answers_in_ns = 20 * SECOND_NS;
    scenario_pass(story, 5 * MINUTE_NS);
    assert_true(throttled(story) == 1);
    scenario_free(story);
}

ALL_TESTS(cmocka_unit_test(seats_run_out_and_come_back), cmocka_unit_test(it_does_not_outlive_its_evidence),
          cmocka_unit_test(calls_that_fail_and_tokens_say_nothing), cmocka_unit_test(tokens_make_no_baseline),
          cmocka_unit_test(calls_without_a_license_header_say_nothing), cmocka_unit_test(several_in_flight));
