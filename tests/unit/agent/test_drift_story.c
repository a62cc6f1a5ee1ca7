/* Columns and outputs that come and go, as the agent tells them. */
#include "main.h"

#include <stdio.h>

#include "unit/agent/scenario.h"

#define TARGET(family, probe)                                                                                \
    "epicor_probe_" family "{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\"}"

#define ROW(columns) "{\"@odata.context\":\"x\",\"value\":[{" columns "}]}"

static void answer(struct scenario *story, const char *body)
{
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "/orders", .body = body};
    scenario_pass(story, 10 * SECOND_NS);
}

static void drift_says_what_happened_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        double changes, columns;
    } runs[] = {
        {ROW("\"A\":1,\"B\":2,\"C\":3"), 0, 3},
        {ROW("\"C\":1,\"A\":2,\"B\":3"), 0, 3},                  /* reordered */
        {"{\"@odata.context\":\"x\",\"value\":[]}", 0, 3},       /* emptied */
        {ROW("\"A\":null,\"B\":2,\"C\":3"), 0, 3},               /* null is a value of its column */
        {ROW("\"A\":1,\"B\":2"), 1, 2},                          /* removed */
        {ROW("\"A\":1,\"B\":2,\"D\":\"x\""), 2, 3},              /* added */
        {"{\"@odata.context\":\"x\",\"value\":[{\"A\":1", 2, 3}, /* broken off */
        {ROW("\"A\":1,\"B\":2,\"D\":\"x\""), 2, 3},
    };
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("orders"));
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        answer(story, runs[i].body);
        double changes = scenario_metric(story, TARGET("schema_changes_total", "orders"));
        double columns = scenario_metric(story, TARGET("columns", "orders"));
        if (changes < runs[i].changes || changes > runs[i].changes || columns < runs[i].columns ||
            columns > runs[i].columns)
            fail_msg("run %zu: %g changes, %g columns", i, changes, columns);
    }
    scenario_free(story);
}

/* Another question has other columns: that is no drift. */
static void a_reload_that_asks_otherwise_begins_anew(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("orders"));
    answer(story, ROW("\"A\":1,\"B\":2"));
    scenario_reload(story, "[exporter]\ninterval = 10s\n" LIVE BAQ("orders") "select = A\n");
    answer(story, ROW("\"A\":1"));
    assert_true(scenario_metric(story, TARGET("schema_changes_total", "orders")) == 0);
    scenario_reload(story, "[exporter]\ninterval = 10s\n" LIVE BAQ("orders") "select = A\nrows_min = 1\n");
    assert_true(scenario_metric(story, TARGET("columns", "orders")) == 1);
    answer(story, ROW("\"B\":1"));
    assert_true(scenario_metric(story, TARGET("schema_changes_total", "orders")) == 1);
    scenario_free(story);
}

static void a_null_output_of_a_function_is_no_drift(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE
                                          "[probe f]\nkind = efx\nlibrary = lib\nfunction = orders\n");
    answer(story, "{\"Success\":true,\"Note\":\"x\"}");
    answer(story, "{\"Success\":true}");
    scenario_pass(story, 70 * SECOND_NS);
    assert_true(scenario_metric(story, TARGET("schema_changes_total", "f")) == 0);
    assert_true(scenario_metric(story, TARGET("columns", "f")) == 2);
    scenario_pass(story, 40 * SECOND_NS);
    assert_true(scenario_metric(story, TARGET("schema_changes_total", "f")) == 1);
    assert_true(scenario_metric(story, TARGET("columns", "f")) == 1);
    answer(story, "{}");
    scenario_pass(story, 110 * SECOND_NS);
    assert_true(scenario_metric(story, TARGET("schema_changes_total", "f")) == 2);
    assert_true(scenario_metric(story, TARGET("columns", "f")) == 0);
    scenario_free(story);
}

/* A function that fails says so in one output and leaves out the others. */
static void failed_runs_are_no_drift(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE
                                          "[probe f]\nkind = efx\nlibrary = lib\nfunction = orders\n"
                                          "expect.Success = true\n");
    answer(story, "{\"Success\":true,\"Total\":5}");
    answer(story, "{\"Success\":false,\"ErrorMessage\":\"x\"}");
    scenario_pass(story, 5 * MINUTE_NS);
    assert_true(scenario_metric(story, TARGET("schema_changes_total", "f")) == 0);
    assert_true(scenario_metric(story, TARGET("columns", "f")) == 2);
    scenario_free(story);
}

ALL_TESTS(cmocka_unit_test(drift_says_what_happened_and_nothing_else),
          cmocka_unit_test(a_reload_that_asks_otherwise_begins_anew),
          cmocka_unit_test(failed_runs_are_no_drift),
          cmocka_unit_test(a_null_output_of_a_function_is_no_drift));
