/* Every kind of probe against the polite server, over a plain libcurl: what the kinds ask, and how they and kinetic/ read the
   answers, agree with what the server was made from, which is not our code. No agent is in it. */
#include "main.h"

#include "integration/bare_run.h"

#include <string.h>

/* ---- good answers ---- */

static const struct {
    const char *appserver, *probe;
    enum reason reason;
    int64_t rows; /* -1: none */
    int requests;
} good[] = {
    {"", "kind = token", REASON_NONE, -1, 1},
    {"", "kind = baq\nbaq = zExporterOpenOrders", REASON_NONE, 40, 1},
    {"", "kind = baq\nbaq = zExporterPartOnHand", REASON_NONE, 100, 1}, /* the server's cap */
    {"", "kind = baq\nbaq = zExporterPartOnHand\nrows = count", REASON_NONE, 250, 1},
    {"", "kind = baq\nbaq = zExporterPartOnHand\nrows = all\norderby = Part_PartNum", REASON_NONE, 250, 5},
    {"", "kind = baq\nbaq = zExporterPartOnHand\nrows = all\norderby = Part_PartNum\npage_size = 1000",
     REASON_NONE, 250, 5},
    {"", "kind = baq\nbaq = zExporterPartOnHand\nrows = all\norderby = Part_PartNum\nfetch_limit = 120",
     REASON_NONE, 120, 3},
    {"", "kind = baq\nbaq = zExporterPartOnHand\ntop = 7\nselect = Part_PartNum", REASON_NONE, 7, 1},
    {"", "kind = baq\nbaq = zExporterOpenOrders\nparam.Plant = MfgSys & Co\nparam.Since = {today-7d}",
     REASON_NONE, 40, 1},
    {"", "kind = baq\nbaq = zExporterOpenOrders\nrows_min = 41", REASON_ROWS, 40, 1},
    {"api_version = v1", "kind = baq\nbaq = zExporterOpenOrders", REASON_NONE, 40, 1},
    {"api_version = v1", "kind = baq\nbaq = zExporterPartOnHand\nrows = count", REASON_NONE, 250, 1},
    {"", "kind = bo\nservice = Erp.BO.CompanySvc\nentity = Companies", REASON_NONE, 1, 1},
    {"api_version = v1", "kind = bo\nservice = Erp.BO.CompanySvc\nentity = Companies", REASON_NONE, 1, 1},
    {"", "kind = bo\nservice = Erp.BO.PartSvc\nentity = Parts\nrows = all\norderby = PartNum", REASON_NONE,
     250, 5},
    {"",
     "kind = bo\nservice = Erp.BO.PartSvc\nentity = Parts(Company='EPIC06',PartNum='P-3')\nexpect.PartNum = "
     "P-3",
     REASON_NONE, 1, 1},
    {"",
     "kind = bo\nservice = Erp.BO.PartSvc\nentity = Parts(Company='EPIC06',PartNum='P-3')\nexpect.CreatedOn "
     "= absent",
     REASON_NONE, 1, 1},
    {"", "kind = bo\nservice = Erp.BO.PartSvc\nentity = Parts(Company='EPIC06',PartNum='nosuch')",
     REASON_NOT_FOUND, -1, 1},
    {"", "kind = efx\nlibrary = MonitorLib\nfunction = Ping\nexpect.Success = true\nexpect.Message = ~ ^po",
     REASON_NONE, -1, 1},
    {"", "kind = efx\nlibrary = MonitorLib\nfunction = QueueDepth\nexpect.Depth = < 100", REASON_NONE, -1, 1},
    {"", "kind = efx\nlibrary = MonitorLib\nfunction = QueueDepth\nexpect.Depth = > 100", REASON_EXPECTATION,
     -1, 1},
    {"", "kind = efx\nlibrary = MonitorLib\nfunction = Nothing", REASON_NOT_FOUND, -1, 1},
    {"", "kind = baq\nbaq = zNothing", REASON_NOT_FOUND, -1, 1},
    {"", "kind = bo\nservice = Erp.BO.NothingSvc\nentity = Nothings", REASON_NOT_FOUND, -1, 1},
};

static void test_good_answers(void **state)
{
    (void)state;
    struct simulator *server = simulator_start(NULL);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct outcome outcome = run_probe(server, good[i].appserver, good[i].probe, "demo-password");
        if (outcome.result.reason != good[i].reason)
            fail_msg("%s: %s: %s", good[i].probe, reason_name(outcome.result.reason), outcome.result.message);
        assert_int_equal(outcome.result.has_rows, good[i].rows >= 0);
        assert_int_equal(outcome.result.rows, good[i].rows >= 0 ? good[i].rows : 0);
        assert_int_equal(outcome.requests, good[i].requests);
        assert_true(outcome.result.proves_up);
        probe_result_free(&outcome.result);
    }
    simulator_stop(server);
}

/* ---- the ways in which servers differ ---- */

static void test_contradictions(void **state)
{
    (void)state;
    static const struct {
        struct simulator_behaviour behaviour;
        const char *probe;
        enum reason reason;
        int64_t rows;
    } cases[] = {
        {{.token_claims = SIMULATOR_CLAIMS_NUMBERS, .token_names = SIMULATOR_NAMES_OAUTH},
         "kind = token",
         REASON_NONE,
         0},
        {{.token_form = SIMULATOR_TOKEN_XML, .expires_in = SIMULATOR_EXPIRES_MISSING},
         "kind = token",
         REASON_NONE,
         0},
        {{.token_claims = SIMULATOR_OPAQUE_TOKEN, .expires_in = SIMULATOR_EXPIRES_STRING},
         "kind = token",
         REASON_NONE,
         0},
        {{.count_form = SIMULATOR_COUNT_STRING},
         "kind = baq\nbaq = zExporterPartOnHand\nrows = count",
         REASON_NONE,
         250},
        {{.count_form = SIMULATOR_COUNT_ABSENT},
         "kind = baq\nbaq = zExporterPartOnHand\nrows = count",
         REASON_INVALID_RESPONSE,
         0},
        {{.row_cap = 30, .decimals_as_strings = true, .pad_characters = true},
         "kind = baq\nbaq = zExporterPartOnHand\nrows = all\norderby = Part_PartNum",
         REASON_NONE,
         250},
        {{.ignores_paging = true},
         "kind = baq\nbaq = zExporterOpenOrders\nrows = all\norderby = OrderHed_OrderNum",
         REASON_NONE,
         40},
        {{.ignores_paging = true},
         "kind = baq\nbaq = zExporterPartOnHand\nrows = all\norderby = Part_PartNum",
         REASON_INVALID_RESPONSE,
         0},
        {{.ignores_paging = true},
         "kind = method\nservice = Erp.BO.PartSvc\nmethod = GetRows\nrows_at = returnObj.Part\nbody = "
         "{\"pageSize\":20,\"absolutePage\":1}",
         REASON_INVALID_RESPONSE,
         0},
        {{.row_cap = SIMULATOR_UNLIMITED, .content_length = true},
         "kind = baq\nbaq = zExporterPartOnHand",
         REASON_NONE,
         250},
        {{.decimals_as_strings = true},
         "kind = bo\nservice = Erp.BO.PartSvc\nentity = "
         "Parts(Company='EPIC06',PartNum='P-3')\nexpect.UnitPrice = 3.99",
         REASON_NONE,
         1},
    };
    struct simulator *server = simulator_start(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        simulator_set_behaviour(server, &cases[i].behaviour);
        struct outcome outcome = run_probe(server, "", cases[i].probe, "demo-password");
        if (outcome.result.reason != cases[i].reason)
            fail_msg("%zu: %s: %s", i, reason_name(outcome.result.reason), outcome.result.message);
        assert_int_equal(outcome.result.rows, cases[i].rows);
        probe_result_free(&outcome.result);
    }
    simulator_stop(server);
}

static void test_refused_logins(void **state)
{
    (void)state;
    struct simulator *server = simulator_start(NULL);
    for (int form = SIMULATOR_REFUSAL_BY_ACCEPT; form <= SIMULATOR_REFUSAL_EMPTY; form++) {
        struct simulator_behaviour behaviour = {0};
        behaviour.token_refusal = (__typeof__(behaviour.token_refusal))form;
        simulator_set_behaviour(server, &behaviour);
        struct outcome outcome = run_probe(server, "", "kind = token", "wrong");
        assert_int_equal(outcome.result.reason, REASON_CREDENTIALS);
        assert_non_null(outcome.result.message);
        probe_result_free(&outcome.result);
    }
    simulator_stop(server);
}

/* ---- every ready-made fault has its reason ---- */

static const struct {
    const char *fault;
    enum reason reason;
} reasons[] = {
    {"http_400", REASON_CLIENT_ERROR},
    {"http_401", REASON_TOKEN_REJECTED},
    {"http_401_empty", REASON_TOKEN_REJECTED},
    {"http_403", REASON_ACCESS_DENIED},
    {"http_404", REASON_UNAVAILABLE},
    {"http_409", REASON_CONFLICT_OR_GONE},
    {"http_410", REASON_CONFLICT_OR_GONE},
    {"http_429", REASON_THROTTLED},
    {"http_429_date", REASON_THROTTLED},
    {"http_500", REASON_SERVER_ERROR},
    {"http_502", REASON_UNAVAILABLE},
    {"http_503", REASON_UNAVAILABLE},
    {"http_503_retry", REASON_UNAVAILABLE},
    {"http_504", REASON_UNAVAILABLE},
    {"conversions_pending", REASON_UPGRADE_PENDING},
    {"query_timeout", REASON_QUERY_TIMEOUT},
    {"bad_sql", REASON_CLIENT_ERROR},
    {"secure_errors", REASON_SERVER_ERROR},
    {"invalid_credentials", REASON_CREDENTIALS},
    {"invalid_api_key", REASON_API_KEY},
    {"access_denied", REASON_ACCESS_DENIED},
    {"access_denied_403", REASON_ACCESS_DENIED},
    {"api_key_403", REASON_API_KEY},
    {"license_exhausted", REASON_LICENSE_EXHAUSTED},
    {"missing_root_element", REASON_CLIENT_ERROR},
    {"xml_500", REASON_SERVER_ERROR},
    {"soap_fault", REASON_SERVER_ERROR},
    {"odata4_400", REASON_CLIENT_ERROR},
    {"odata3_400", REASON_CLIENT_ERROR},
    {"oauth_400", REASON_CLIENT_ERROR},
    {"redirect_301", REASON_REDIRECTED},
    {"redirect_302", REASON_REDIRECTED},
    {"redirect_307", REASON_REDIRECTED},
    {"http_204", REASON_INVALID_RESPONSE},
    {"http_304", REASON_INVALID_RESPONSE},
    {"error_in_200", REASON_INVALID_RESPONSE},
    {"html_200", REASON_INVALID_RESPONSE},
    {"echo_401", REASON_TOKEN_REJECTED},
    {"echo_500", REASON_SERVER_ERROR},
    {"echo_400", REASON_CLIENT_ERROR},
    {"empty_200", REASON_INVALID_RESPONSE},
    {"broken_json_200", REASON_INVALID_RESPONSE},
    {"markup_400", REASON_CLIENT_ERROR},
};

static enum reason reason_of_fault(const char *fault)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (strcmp(reasons[i].fault, fault) == 0)
            return reasons[i].reason;
    return REASON_NONE;
}

static void test_every_fault_has_its_reason(void **state)
{
    (void)state;
    static const char *const probes[] = {"kind = baq\nbaq = zExporterOpenOrders",
                                         "kind = efx\nlibrary = MonitorLib\nfunction = Ping",
                                         "kind = bo\nservice = Erp.BO.CompanySvc\nentity = Companies"};
    struct simulator *server = simulator_start(NULL);
    const char *name, *description;
    for (size_t i = 0; simulator_fault_name(i, &name, &description); i++) {
        if (strncmp(name, "slow", 4) == 0)
            continue; /* about time, not about an answer */
        if (reason_of_fault(name) == REASON_NONE)
            fail_msg("fault %s has no reason in this test", name);
        unsigned fault = simulator_add_named_fault(server, name, "/api/", 0);
        for (size_t p = 0; p < sizeof probes / sizeof probes[0]; p++) {
            struct outcome outcome = run_probe(server, "", probes[p], "");
            if (outcome.result.reason != reason_of_fault(name))
                fail_msg("%s, %s: %s: %s", name, probes[p], reason_name(outcome.result.reason),
                         outcome.result.message);
            assert_non_null(outcome.result.message);
            assert_true(outcome.result.message[0] != '\0');
            probe_result_free(&outcome.result);
        }
        simulator_clear_fault(server, fault);
    }
    simulator_stop(server);
}

ALL_TESTS(cmocka_unit_test(test_good_answers), cmocka_unit_test(test_contradictions),
          cmocka_unit_test(test_refused_logins), cmocka_unit_test(test_every_fault_has_its_reason));
