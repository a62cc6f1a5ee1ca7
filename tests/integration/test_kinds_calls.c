/* Methods, metadata and any path, against the polite server in the ways in which servers differ, which is not our code. No agent
   is in it. */
#include "main.h"

#include "integration/bare_run.h"

#include <stdlib.h>
#include <string.h>

#define PART "service = Erp.BO.PartSvc\n"
#define LIST "kind = method\n" PART "method = GetList\nrows_at = returnObj.PartList\n"
#define SOAP                                                                                                 \
    "kind = http\npath = Erp/BO/Part.svc\nhttp_method = POST\nbody = <s:Envelope "                           \
    "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><GetRows/></s:Body></s:Envelope>\n"

static const struct {
    struct simulator_behaviour behaviour;
    const char *appserver, *probe;
    enum reason reason;
    int64_t rows, columns; /* -1: none; -2: some */
    int requests;
} cases[] = {
    {{0}, "", LIST "body = {\"pageSize\":100,\"absolutePage\":1}", REASON_NONE, 250, -2, 3},
    {{.return_obj = SIMULATOR_RETURN_SETS},
     "",
     LIST "body = {\"pageSize\":100,\"absolutePage\":1}",
     REASON_NONE,
     250,
     -2,
     3},
    {{.parameters_first = true},
     "",
     LIST "http_method = GET\nparam.pageSize = 100\nparam.absolutePage = 1",
     REASON_NONE,
     250,
     -2,
     3},
    {{0}, "api_version = v1", LIST "body = {\"pageSize\":100,\"absolutePage\":1}", REASON_NONE, 250, -2, 3},
    {{0},
     "",
     LIST "fetch_limit = 150\nbody = {\"pageSize\":100,\"absolutePage\":1}",
     REASON_NONE,
     200,
     -2,
     2},
    {{0}, "", "kind = method\nservice = Erp.BO.NoSvc\nmethod = GetList", REASON_NOT_FOUND, -1, -1, 1},
    {{.void_answer = SIMULATOR_VOID_EMPTY},
     "",
     "kind = method\nservice = Ice.BO.HealthCheckSvc\nmethod = ErpAlive",
     REASON_NONE,
     -1,
     -1,
     1},
    {{.void_answer = SIMULATOR_VOID_204},
     "",
     "kind = method\nservice = Ice.BO.HealthCheckSvc\nmethod = ErpAlive",
     REASON_NONE,
     -1,
     -1,
     1},
    {{0}, "", "kind = metadata\n" PART, REASON_NONE, -2, -2, 1},
    {{0}, "api_version = v1", "kind = metadata\n" PART, REASON_NONE, -2, -2, 1},
    {{0}, "", "kind = metadata\nbaq = zExporterOpenOrders", REASON_NONE, 1, -2, 1},
    {{0}, "api_version = v1", "kind = metadata\nbaq = zExporterOpenOrders", REASON_NONE, 1, -2, 1},
    {{0}, "", "kind = metadata\nservice = Erp.BO.NoSvc", REASON_NOT_FOUND, -1, -1, 1},
    {{0}, "", "kind = metadata", REASON_NOT_FOUND, -1, -1, 1},
    {{.company_metadata = true}, "", "kind = metadata", REASON_NONE, -2, -2, 1},
    {{0}, "", SOAP "expect_text = GetRowsResponse", REASON_NONE, -1, -1, 1},
    {{0}, "", SOAP "expect_text = GetListResponse", REASON_EXPECTATION, -1, -1, 1},
    {{0},
     "",
     "kind = http\npath = api/v1/Erp.BO.PartSvc/Parts?$top=1\nexpect.value.PartNum = P-1",
     REASON_NONE,
     -1,
     -1,
     1},
    {{0}, "", "kind = http\npath = api/v1/Erp.BO.NoSvc/Nothing\nexpect_status = 404", REASON_NONE, -1, -1, 1},
    {{0}, "", "kind = http\npath = api/v1/Erp.BO.NoSvc/Nothing", REASON_NOT_FOUND, -1, -1, 1},
};

static bool fits(int64_t wanted, int64_t found)
{
    return wanted == -2 ? found > 0 : wanted == found;
}

static void test_calls(void **state)
{
    (void)state;
    struct simulator *server = simulator_start(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        simulator_set_behaviour(server, &cases[i].behaviour);
        struct outcome outcome = run_probe(server, cases[i].appserver, cases[i].probe, "");
        const struct probe_result *result = &outcome.result;
        int64_t rows = result->has_rows ? (int64_t)result->rows : -1;
        int64_t columns = result->names != NULL ? (int64_t)result->names->count : -1;
        if (result->reason != cases[i].reason || !fits(cases[i].rows, rows) ||
            !fits(cases[i].columns, columns) || outcome.requests != cases[i].requests)
            fail_msg("case %zu: %s, %lld rows, %lld columns, %d requests: %s", i, reason_name(result->reason),
                     (long long)rows, (long long)columns, outcome.requests, result->message);
        probe_result_free(&outcome.result);
    }
    simulator_stop(server);
}

ALL_TESTS(cmocka_unit_test(test_calls));
