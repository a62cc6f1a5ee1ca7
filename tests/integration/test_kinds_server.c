/* The kinds that tell of the server itself, against the polite server in all the ways in which servers differ, which is not our
   code. No agent is in it. */
#include "main.h"

#include "integration/bare_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/* "kind(label)=number" of all findings, in their order. */
static char *told(const struct findings *findings)
{
    static const char *const names[FINDING_KINDS] = {
        [FINDING_HEALTH_CHECK] = "check",    [FINDING_DATABASE_LATENCY] = "latency",
        [FINDING_TASKS_WAITING] = "waiting", [FINDING_SERVER_INFO] = "version",
        [FINDING_PRODUCTION] = "production", [FINDING_API_KEY_EXPIRY] = "key"};
    struct buffer text;
    buffer_init(&text, 4096);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *item = &findings->items[i];
        buffer_format(&text, "%s%s", i == 0 ? "" : " ", names[item->kind]);
        if (item->label_count > 0)
            buffer_format(&text, "(%s)", finding_label(findings, item, 0));
        if (item->kind != FINDING_API_KEY_EXPIRY) /* it moves with the day */
            buffer_format(&text, "=%g", item->number);
    }
    return buffer_take(&text);
}

#define HEALTHY "check(erp)=1 check(database)=1 latency=0.012 check(report_server)=1 waiting=2"
#define CATALOG "kind = catalog\nrequire_functions = "

static const struct {
    struct simulator_behaviour behaviour;
    const char *appserver, *probe;
    enum reason reason;
    const char *told;
    int64_t rows; /* -1: none */
    int requests;
} cases[] = {
    {{0}, "", "kind = version", REASON_NONE, "version(11.3.100.7)=1 production=1", -1, 2},
    {{.return_obj = SIMULATOR_RETURN_SETS, .parameters_first = true},
     "",
     "kind = version",
     REASON_NONE,
     "version(11.3.100.7)=1 production=1",
     -1,
     2},
    {{0}, "api_version = v1", "kind = version", REASON_NONE, "version(11.3.100.7)=1 production=1", -1, 2},
    {{0}, "", "kind = environment", REASON_NONE, "", -1, 1},
    {{.environment = SIMULATOR_ENVIRONMENT_ARRAY}, "", "kind = environment", REASON_NONE, "", -1, 1},
    {{.environment = SIMULATOR_ENVIRONMENT_EMPTY}, "", "kind = environment", REASON_NONE, "", -1, 1},
    {{0}, "", "kind = health", REASON_NONE, HEALTHY, -1, 4},
    {{0}, "api_version = v1", "kind = health", REASON_NONE, HEALTHY, -1, 4},
    {{.void_answer = SIMULATOR_VOID_PARAMETERS}, "", "kind = health", REASON_NONE, HEALTHY, -1, 4},
    {{.void_answer = SIMULATOR_VOID_EMPTY}, "", "kind = health", REASON_NONE, HEALTHY, -1, 4},
    {{.void_answer = SIMULATOR_VOID_204}, "", "kind = health", REASON_NONE, HEALTHY, -1, 4},
    {{.return_obj = SIMULATOR_RETURN_SETS}, "", "kind = health", REASON_NONE, HEALTHY, -1, 4},
    {{0}, "", CATALOG "MonitorLib/Ping, monitorlib", REASON_NONE, "", -1, 1},
    {{.efx_list = SIMULATOR_EFX_ARRAY}, "", CATALOG "MonitorLib/Ping", REASON_NONE, "", -1, 1},
    {{.efx_list = SIMULATOR_EFX_PAIRS}, "", CATALOG "MonitorLib/Ping", REASON_NONE, "", -1, 1},
    {{.efx_list = SIMULATOR_EFX_MAP}, "", CATALOG "MonitorLib/Ping", REASON_NONE, "", -1, 1},
    {{.efx_list = SIMULATOR_EFX_LIBRARIES}, "", CATALOG "MonitorLib/Ping", REASON_NONE, "", -1, 1},
    {{0}, "", CATALOG "MonitorLib/Pong", REASON_EXPECTATION, "", -1, 1},
    {{.efx_list = SIMULATOR_EFX_ARRAY}, "", CATALOG "MonitorLib/Pong", REASON_EXPECTATION, "", -1, 1},
    {{.efx_list = SIMULATOR_EFX_PAIRS}, "", CATALOG "MonitorLib/Pong", REASON_EXPECTATION, "", -1, 1},
    {{.efx_list = SIMULATOR_EFX_MAP}, "", CATALOG "MonitorLib/Pong", REASON_EXPECTATION, "", -1, 1},
    {{.efx_list = SIMULATOR_EFX_LIBRARIES}, "", CATALOG "Monitor", REASON_EXPECTATION, "", -1, 1},
    {{0},
     "",
     "kind = catalog\nrequire_baqs = zExporterOpenOrders, zNothing",
     REASON_EXPECTATION,
     "",
     SIMULATOR_BAQS,
     1},
    {{.more_baqs = 3000},
     "",
     "kind = catalog\nrequire_baqs = zExporterOpenOrders, zListed02999",
     REASON_NONE,
     "",
     SIMULATOR_BAQS + 3000,
     1},
    {{0},
     "api_version = v1",
     "kind = catalog\nrequire_baqs = zExporterOpenOrders",
     REASON_NONE,
     "",
     SIMULATOR_BAQS,
     1},
    {{0}, "", "kind = api_keys", REASON_NONE, "key(Monitoring)", 3, 2},
    {{0}, "api_version = v1", "kind = api_keys", REASON_NONE, "key(Monitoring)", 3, 2},
    {{.row_cap = 2, .pad_characters = true}, "", "kind = api_keys", REASON_NONE, "key(Monitoring)", 3, 3},
    {{0}, "", "kind = api_keys\nkeys = Monitoring, Old scanner", REASON_EXPECTATION, "key(Monitoring)", 3, 2},
};

static void test_the_ways_of_servers(void **state)
{
    (void)state;
    struct simulator *server = simulator_start(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        simulator_set_behaviour(server, &cases[i].behaviour);
        struct outcome outcome = run_probe(server, cases[i].appserver, cases[i].probe, "");
        char *findings = told(&outcome.result.findings);
        if (outcome.result.reason != cases[i].reason || strcmp(findings, cases[i].told) != 0)
            fail_msg("%zu %s: %s: %s: %s", i, cases[i].probe, reason_name(outcome.result.reason),
                     outcome.result.message == NULL ? "" : outcome.result.message, findings);
        assert_int_equal(outcome.result.has_rows, cases[i].rows >= 0);
        assert_int_equal(outcome.result.rows, cases[i].rows >= 0 ? cases[i].rows : 0);
        assert_int_equal(outcome.requests, cases[i].requests);
        free(findings);
        probe_result_free(&outcome.result);
    }
    simulator_stop(server);
}

/* A check that says no, and a call that fails. */
static void test_health_that_is_not(void **state)
{
    (void)state;
    static const struct {
        struct simulator_fault fault;
        enum reason reason;
        const char *told;
    } faults[] = {
        {{.path = "ReportServerAlive", .status = 500, .message = "The report server cannot be reached."},
         REASON_NONE,
         "check(erp)=1 check(database)=1 latency=0.012 check(report_server)=0 waiting=2"},
        {{.path = "DatabaseAlive", .status = 500, .message = "Execution Timeout Expired."},
         REASON_NONE,
         "check(erp)=1 check(database)=0 check(report_server)=1 waiting=2"},
        {{.path = "ErpAlive", .status = 400, .body = SIMULATOR_BODY_EPICOR_XML},
         REASON_NONE,
         "check(erp)=0 check(database)=1 latency=0.012 check(report_server)=1 waiting=2"},
        {{.path = "DatabaseAlive", .status = 503, .body = SIMULATOR_BODY_IIS_HTML}, REASON_UNAVAILABLE, ""},
        {{.path = "ReportServerAlive", .status = 404}, REASON_NOT_FOUND, ""},
        {{.path = "CountImmediateSched", .status = 500}, REASON_SERVER_ERROR, ""},
    };
    struct simulator *server = simulator_start(NULL);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        unsigned fault = simulator_add_fault(server, &faults[i].fault);
        struct outcome outcome = run_probe(server, "", "kind = health", "");
        char *findings = told(&outcome.result.findings);
        if (outcome.result.reason != faults[i].reason || strcmp(findings, faults[i].told) != 0)
            fail_msg("%s: %s: %s", faults[i].fault.path, reason_name(outcome.result.reason), findings);
        free(findings);
        probe_result_free(&outcome.result);
        simulator_clear_fault(server, fault);
    }
    simulator_stop(server);
}

static void test_a_copy_of_live(void **state)
{
    (void)state;
    struct simulator *server = simulator_start(NULL);
    simulator_set_production(server, false);
    struct outcome outcome = run_probe(server, "", "kind = version", "");
    char *findings = told(&outcome.result.findings);
    assert_string_equal(findings, "version(11.3.100.7)=1 production=0");
    free(findings);
    probe_result_free(&outcome.result);
    /* A server that does not know the second question still has a version. */
    simulator_add_fault(server,
                        &(struct simulator_fault){.path = "GetCurrentValuesFromServer", .status = 404});
    outcome = run_probe(server, "", "kind = version", "");
    assert_int_equal(outcome.result.reason, REASON_NONE);
    findings = told(&outcome.result.findings);
    assert_string_equal(findings, "version(11.3.100.7)=1");
    free(findings);
    probe_result_free(&outcome.result);
    simulator_stop(server);
}

static void test_no_hash_is_asked_for(void **state)
{
    (void)state;
    struct simulator *server = simulator_start(NULL);
    struct outcome outcome = run_probe(server, "", "kind = api_keys", "");
    probe_result_free(&outcome.result);
    uint64_t count = simulator_requests(server, "APIKeySvc");
    assert_int_equal(count, 2);
    for (uint64_t i = 0; i < count; i++) {
        struct simulator_request *request = simulator_request(server, "APIKeySvc", i);
        char *select = simulator_request_argument(request, "$select", 0);
        assert_string_equal(select, "Name,ExpiresOn,Enabled");
        free(select);
        simulator_request_free(request);
    }
    simulator_stop(server);
}

ALL_TESTS(cmocka_unit_test(test_the_ways_of_servers), cmocka_unit_test(test_health_that_is_not),
          cmocka_unit_test(test_a_copy_of_live), cmocka_unit_test(test_no_hash_is_asked_for));
