/* A status that is expected although it is a refusal: what it says of login and server. */
#include "main.h"

#include <math.h>

#include "unit/agent/scenario.h"

#define CONFIGURATION                                                                                        \
    "[exporter]\ninterval = 10s\n" LIVE "[probe locked]\nkind = http\npath = locked\nexpect_status = 401\n"

#define SUCCESS "epicor_probe_success{appserver=\"live\",company=\"\",probe=\"locked\"}"

/* It costs no login, and is no proof that the server is up. */
static void an_expected_401_touches_no_login(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(CONFIGURATION);
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "/locked", .status = 401};
    scenario_pass(story, 300 * SECOND_NS);
    assert_true(scenario_metric(story, SUCCESS) == 1);
    assert_true(scenario_calls_of(story, "/locked") >= 29);
    assert_int_equal(scenario_counts(story).logins, 1);
    assert_true(isnan(scenario_metric(story, "epicor_up{appserver=\"live\"}")) ||
                scenario_metric(story, "epicor_up{appserver=\"live\"}") == 1);
    assert_true(scenario_metric(story, "epicor_reauthentications_total{appserver=\"live\"}") == 0);
    /* When it is not 401 any more, that is a failure, and a good answer. */
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "/locked", .body = "open"};
    scenario_pass(story, 20 * SECOND_NS);
    assert_true(scenario_metric(story, SUCCESS) == 0);
    assert_true(scenario_metric(story, "epicor_up{appserver=\"live\"}") == 1);
    scenario_free(story);
}

/* Beside it a token that the server forgets is still found out and replaced once. */
static void an_expected_401_blesses_no_token(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(CONFIGURATION BAQ("orders"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "/locked", .status = 401};
    scenario_pass(story, 60 * SECOND_NS);
    assert_int_equal(scenario_counts(story).logins, 1);
    scenario_erp(story)->oldest_token = 2;
    scenario_pass(story, 60 * SECOND_NS);
    assert_int_equal(scenario_counts(story).logins, 2);
    assert_true(
        scenario_metric(story,
                        "epicor_probe_success{appserver=\"live\",company=\"EPIC06\",probe=\"orders\"}") == 1);
    assert_true(scenario_metric(story, SUCCESS) == 1);
    scenario_free(story);
}

/* A server that is down stays down whatever a gateway in front of it answers as expected. */
static void an_expected_404_ends_no_verdict(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("orders") BAQ(
        "parts") "[probe gone]\nkind = http\npath = gone\nexpect_status = 404\n");
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "/gone", .status = 404, .body = "<html>"};
    scenario_pass(story, 60 * SECOND_NS);
    assert_true(scenario_metric(story, "epicor_up{appserver=\"live\"}") == 1);
    scenario_erp(story)->rules[1] = (struct scenario_rule){
        .path = "/BaqSvc/", .status = 503, .body = "<html>"};
    scenario_pass(story, 600 * SECOND_NS);
    assert_true(scenario_metric(story, "epicor_up{appserver=\"live\"}") == 0);
    scenario_free(story);
}

ALL_TESTS(cmocka_unit_test(an_expected_401_touches_no_login),
          cmocka_unit_test(an_expected_401_blesses_no_token),
          cmocka_unit_test(an_expected_404_ends_no_verdict));
