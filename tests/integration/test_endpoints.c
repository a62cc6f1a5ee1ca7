/* Every endpoint of Kinetic's reference cards (facts S0 and S1) by every error code of their error table (facts §5.4): the probe
   that asks it, its good answer, the one reason of each error, and that it works again afterwards. One agent, an app server an
   endpoint; the codes come one after another, to all endpoints at once. The table is printed. */
#include "main.h"

#include "integration/rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "kinetic/reason.h"
#include "simulator/simulator.h"

#define ACCESS "System.UnauthorizedAccessException"

/* ---- the columns ---- */

struct column {
    const char *head; /* a row's exceptions name it */
    struct simulator_fault rule;
    enum reason reason;
    enum reason token; /* of a token request; REASON_NONE: means nothing there */
};

#define RULE(...) .rule = {__VA_ARGS__}

static const struct column columns[] = {
    {"400", RULE(.status = 400), REASON_CLIENT_ERROR, REASON_CLIENT_ERROR},
    {"400 sql", RULE(.status = 400, .message = "Bad SQL statement."), REASON_CLIENT_ERROR, REASON_NONE},
    {"400 v4", RULE(.status = 400, .body = SIMULATOR_BODY_ODATA4), REASON_CLIENT_ERROR, REASON_NONE},
    {"400 v3", RULE(.status = 400, .body = SIMULATOR_BODY_ODATA3), REASON_CLIENT_ERROR, REASON_NONE},
    {"401 user", RULE(.status = 401, .message = "Invalid username or password."), REASON_CREDENTIALS,
     REASON_CREDENTIALS},
    {"401 key",
     RULE(.status = 401, .type = ACCESS, .message = "Invalid API Key demo-api-key.\r\nCompany EPIC06."),
     REASON_API_KEY, REASON_NONE},
    {"401 right", RULE(.status = 401, .type = ACCESS, .message = "Access denied (Erp.BO.Part.GetRows)."),
     REASON_ACCESS_DENIED, REASON_NONE},
    {"401 token", RULE(.status = 401, .body = SIMULATOR_BODY_EMPTY), REASON_TOKEN_REJECTED, REASON_NONE},
    {"403 right", RULE(.status = 403, .type = ACCESS, .message = "Access denied."), REASON_ACCESS_DENIED,
     REASON_ACCESS_DENIED},
    {"403 key", RULE(.status = 403, .type = ACCESS, .message = "Access denied: API Key"), REASON_API_KEY,
     REASON_NONE},
    {"404", RULE(.status = 404), REASON_NOT_FOUND, REASON_IDENTITY_PROVIDER},
    {"404 IIS", RULE(.status = 404, .body = SIMULATOR_BODY_IIS_HTML), REASON_UNAVAILABLE,
     REASON_IDENTITY_PROVIDER},
    {"405", RULE(.status = 405), REASON_CLIENT_ERROR, REASON_IDENTITY_PROVIDER},
    {"409", RULE(.status = 409), REASON_CONFLICT_OR_GONE, REASON_CONFLICT_OR_GONE},
    {"410", RULE(.status = 410), REASON_CONFLICT_OR_GONE, REASON_CONFLICT_OR_GONE},
    {"429", RULE(.status = 429, .headers = "Retry-After: 1"), REASON_THROTTLED, REASON_THROTTLED},
    {"500", RULE(.status = 500), REASON_SERVER_ERROR, REASON_IDENTITY_PROVIDER},
    {"500 xml", RULE(.status = 500, .body = SIMULATOR_BODY_EPICOR_XML), REASON_SERVER_ERROR,
     REASON_IDENTITY_PROVIDER},
    {"500 soap", RULE(.status = 500, .body = SIMULATOR_BODY_SOAP_FAULT, .message = "It broke."),
     REASON_SERVER_ERROR, REASON_NONE},
    {"500 time", RULE(.status = 500, .message = "Execution Timeout Expired."), REASON_QUERY_TIMEOUT,
     REASON_NONE},
    {"500 seat",
     RULE(.status = 500,
          .message = "Maximum users exceeded on license type: DefaultUser assigned to company: EPIC06"),
     REASON_LICENSE_EXHAUSTED, REASON_NONE},
    {"503 conv", RULE(.status = 503), REASON_UPGRADE_PENDING, REASON_UPGRADE_PENDING},
    {"503 IIS", RULE(.status = 503, .body = SIMULATOR_BODY_IIS_HTML), REASON_UNAVAILABLE, REASON_UNAVAILABLE},
};

enum { CODES = sizeof columns / sizeof columns[0] };

/* ---- the rows ---- */

/* A series of a good answer: of the target, or of the app server alone. */
struct shown {
    const char *family, *more; /* further labels, which begin with a comma; NULL: none */
    double value;
    bool of_server;
};

enum { SHOWN_MAX = 4 };

struct endpoint {
    const char *name, *kind;
    const char *path;  /* part of it, where errors are put */
    const char *lines; /* of the probe's section, without kind and app server */
    const char *appserver;
    bool server_wide; /* its company is empty */
    bool is_token;
    struct shown shown[SHOWN_MAX];
    struct {
        const char *head;
        enum reason reason; /* REASON_NONE: a result, not a failure */
    } but[8];
};

#define V1   .appserver = "api_version = v1\n"
#define PART "Erp.BO.PartSvc"
#define ROWS(n)                                                                                              \
    {                                                                                                        \
        "epicor_probe_rows", .value = (n)                                                                    \
    }
#define COLUMNS(n)                                                                                           \
    {                                                                                                        \
        "epicor_probe_columns", .value = (n)                                                                 \
    }
#define SHOWN(...) .shown = {__VA_ARGS__}

static const struct endpoint endpoints[] = {
    {"token", "token", "TokenResource.svc", "", .appserver = "login_retry = 1s..2s\n", .server_wide = true,
     .is_token = true},
    {"BO-list", "bo", PART "/Parts", "service = " PART "\nentity = Parts\ntop = 7",
     SHOWN(ROWS(7), COLUMNS(8))},
    {"BO-record", "bo", PART "/Parts(", "service = " PART "\nentity = Parts(Company='EPIC06',PartNum='P-3')",
     SHOWN(ROWS(1), COLUMNS(9))},
    {"BO-method", "method", PART "/GetRows",
     "service = " PART "\nmethod = GetRows\nbody = {\"pageSize\":20,\"absolutePage\":1}\n"
     "rows_at = returnObj.Part\nfetch_limit = 20",
     SHOWN(ROWS(20))},
    {"BO-method-GET", "method", PART "/GetList",
     "service = " PART
     "\nmethod = GetList\nhttp_method = GET\nparam.pageSize = 1000\nparam.absolutePage = 1\n"
     "rows_at = returnObj.PartList",
     SHOWN(ROWS(250))},
    {"BAQ", "baq", "/BaqSvc/zExporterOpenOrders/Data", "baq = zExporterOpenOrders",
     SHOWN(ROWS(40), COLUMNS(7))},
    {"BAQ-parameterised", "baq", "/BaqSvc/zExporterOrdersByPlant/Data",
     "baq = zExporterOrdersByPlant\nparam.CurrentPlant = LAF", SHOWN(ROWS(12), COLUMNS(4))},
    {"BAQ-list", "catalog", "/api/v2/odata/EPIC06/BaqSvc", "require_baqs = zExporterOpenOrders",
     SHOWN(ROWS(SIMULATOR_BAQS))},
    {"BAQ-metadata", "metadata", "/BaqSvc/zExporterOpenOrders/$metadata", "baq = zExporterOpenOrders",
     SHOWN(ROWS(1))},
    {"service-metadata", "metadata", "/" PART "/$metadata", "service = " PART, SHOWN(ROWS(1))},
    {"EFx-call", "efx", "/efx/EPIC06/MonitorLib/Ping",
     "library = MonitorLib\nfunction = Ping\nexpect.Success = true", SHOWN(COLUMNS(3))},
    {"EFx-staging", "efx", "/efx/staging/EPIC06/MonitorLib/Draft",
     "library = MonitorLib\nfunction = Draft\nstaging = yes\nexpect.Ready = true", SHOWN(COLUMNS(1))},
    {"EFx-list", "catalog", "/api/v2/efx/EPIC06", "require_functions = MonitorLib/Ping",
     SHOWN({"epicor_probe_consecutive_failures", .value = 0})},
    {"environment", "environment", "/api/v2/environment", "", .server_wide = true,
     SHOWN({"epicor_probe_consecutive_failures", .value = 0})},
    {"v1-BO", "bo", "/api/v1/" PART "/Parts", "service = " PART "\nentity = Parts\ntop = 7", V1,
     SHOWN(ROWS(7), COLUMNS(8))},
    {"v1-BAQ", "baq", "/api/v1/BaqSvc/zExporterOpenOrders", "baq = zExporterOpenOrders", V1,
     SHOWN(ROWS(40), COLUMNS(7))},
    {"library-service", "version", "Ice.LIB.SessionModSvc", "", .server_wide = true,
     SHOWN({"epicor_server_info", ",version=\"11.3.100.7\"", 1, true},
           {"epicor_server_production", "", 1, true})},
    {"process-service", "method", "Erp.PROC.MrpExpSvc",
     "service = Erp.PROC.MrpExpSvc\nmethod = GetNewParameters\nrows_at = returnObj.MrpExpParam",
     SHOWN(ROWS(1))},
    {"report-service", "method", "Erp.RPT.JobTravSvc",
     "service = Erp.RPT.JobTravSvc\nmethod = GetNewParameters\nrows_at = returnObj.JobTravParam",
     SHOWN(ROWS(1))},
    {"OData-feed", "http", "/api/v1/" PART "/Parts",
     "path = api/v1/" PART "/Parts?$select=PartNum&$top=1\nexpect.value.PartNum = P-1", .server_wide = true},
    {"SOAP", "http", "/Erp/BO/Part.svc",
     "path = Erp/BO/Part.svc\nhttp_method = POST\ncontent_type = text/xml; charset=utf-8\n"
     "body = <s:Envelope "
     "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><GetRows/></s:Body></s:Envelope>\n"
     "expect_text = GetRowsResponse",
     .server_wide = true},
    {"seats", "licenses", "Ice.BO.AdminLicensingSvc", "source = service", .server_wide = true,
     SHOWN({"epicor_license_seats_owned", ",company=\"\",license=\"WebService\"", 5, true},
           {"epicor_license_seats_used", ",company=\"\",license=\"WebService\"", 4, true})},
    {"sessions", "sessions", "Ice.BO.AdminSessionSvc", "", .server_wide = true,
     SHOWN({"epicor_sessions", ",company=\"EPIC06\",license=\"DataCollection\",state=\"in_use\"", 3, true},
           {"epicor_sessions", ",company=\"other\",license=\"Default\",state=\"expired\"", 1, true})},
    {"tasks", "tasks", "Ice.BO.SysTaskSvc", "watch = MRP Processing", .server_wide = true,
     SHOWN({"epicor_tasks", ",company=\"EPIC06\",status=\"active\"", 1, true},
           {"epicor_schedules_overdue", ",agent=\"SystemTaskAgent\"", 0, true})},
    {"api-keys", "api_keys", "Ice.BO.APIKeySvc", "keys = Monitoring", .server_wide = true,
     SHOWN({"epicor_api_key_expiry_timestamp_seconds", ",key=\"Monitoring\"", 1893456000, true})},
    /* A check that says no is a result, and no failed run. */
    {"health", "health", "Ice.BO.HealthCheckSvc/DatabaseAlive", "checks = erp, database", .server_wide = true,
     SHOWN({"epicor_health_check_success", ",check=\"database\"", 1, true},
           {"epicor_database_latency_seconds", "", 0.012, true}, {"epicor_tasks_waiting", "", 2, true}),
     .but = {{"400", REASON_NONE},
             {"400 sql", REASON_NONE},
             {"400 v4", REASON_NONE},
             {"400 v3", REASON_NONE},
             {"500 xml", REASON_NONE},
             {"500", REASON_NONE},
             {"500 time", REASON_NONE}}},
};

enum { ENDPOINTS = sizeof endpoints / sizeof endpoints[0] };

/* What a cell has to be; false: it means nothing. */
static bool cell_reason(const struct endpoint *endpoint, const struct column *column, enum reason *reason)
{
    *reason = endpoint->is_token ? column->token : column->reason;
    if (endpoint->is_token)
        return *reason != REASON_NONE;
    for (size_t i = 0; i < sizeof endpoint->but / sizeof endpoint->but[0]; i++)
        if (endpoint->but[i].head && strcmp(endpoint->but[i].head, column->head) == 0)
            *reason = endpoint->but[i].reason;
    return true;
}

/* ---- the stage ---- */

struct stage {
    struct simulator *servers[ENDPOINTS];
    unsigned faults[ENDPOINTS];
    struct rig rig;
};

static struct stage stage_open(void)
{
    static const struct simulator_column keys[] = {
        {"Company", "\"{company}\""},
        {"KeyID", "\"{guid}\""},
        {"Name", "\"Monitoring\""},
        {"ExpiresOn", "\"2030-01-01T00:00:00Z\""},
        {"Enabled", "true"},
        {"AllCompanies", "true"},
        {"KeyHash", "\"hash-of-key-1\""},
        {NULL, NULL},
    };
    struct stage stage = {0};
    struct buffer text;
    buffer_init(&text, 1 << 20);
    buffer_format(&text, "[exporter]\ninterval = %s\ntimeout = 20s\n", SANITIZED ? "300ms" : "100ms");
    for (size_t i = 0; i < ENDPOINTS; i++) {
        const struct endpoint *endpoint = &endpoints[i];
        struct simulator *server = stage.servers[i] = simulator_start(NULL);
        simulator_set_function(server, &(struct simulator_function){.name = "MonitorLib/Draft",
                                                                    .answer = "{\"Ready\":true}",
                                                                    .staging = true});
        simulator_set_entity(server, "Ice.BO.APIKeySvc/APIKeys", keys, 1);
        simulator_set_seats(server, "WebService", 5);
        simulator_occupy_seats(server, "WebService", 3); /* the asking call has the fourth */
        buffer_format(&text,
                      "[appserver %s]\nurl = %s\ncompany = EPIC06\nusername = epicor-monitor\n"
                      "password = demo-password\napi_key = demo-api-key\nbackoff = 10ms..100ms\n%s"
                      "[probe %s]\nkind = %s\nappserver = %s\n%s\n",
                      endpoint->name, simulator_url(server), endpoint->appserver ? endpoint->appserver : "",
                      endpoint->name, endpoint->kind, endpoint->name, endpoint->lines);
    }
    stage.rig = rig_start(buffer_as_text(&text));
    buffer_free(&text);
    return stage;
}

static void stage_close(struct stage *stage)
{
    rig_end(&stage->rig);
    for (size_t i = 0; i < ENDPOINTS; i++)
        simulator_stop(stage->servers[i]);
}

static void faults_begin(struct stage *stage, const struct column *column)
{
    enum reason reason;
    for (size_t i = 0; i < ENDPOINTS; i++) {
        struct simulator_fault rule = column->rule;
        rule.path = endpoints[i].path;
        stage->faults[i] = cell_reason(&endpoints[i], column, &reason)
                               ? simulator_add_fault(stage->servers[i], &rule)
                               : 0;
    }
}

static void faults_end(struct stage *stage)
{
    for (size_t i = 0; i < ENDPOINTS; i++)
        simulator_clear_fault(stage->servers[i], stage->faults[i]);
}

/* ---- what is told ---- */

static const struct board_target *board_row(const struct board_view *view, const char *name)
{
    for (size_t i = 0; i < view->target_count; i++)
        if (strcmp(view->targets[i]->probe, name) == 0)
            return view->targets[i];
    fail_msg("no target %s", name);
    return NULL;
}

/* column NULL: it works. */
static bool is_so(const struct stage *stage, size_t i, const struct board_target *target,
                  const struct column *column, bool over)
{
    enum reason reason = REASON_NONE;
    bool hit = column && cell_reason(&endpoints[i], column, &reason);
    bool good = target->ran && target->reason == reason;
    if (hit) /* a run after the fault began, of which the last request got it, or went on from it */
        good = good && simulator_fault_hits(stage->servers[i], stage->faults[i]) > 0 &&
               (reason == REASON_NONE || target->status == column->rule.status);
    if (!good && over)
        print_error("%s, %s: wanted %s; ran %d, %s, status %d, %s\n", endpoints[i].name,
                    column ? column->head : "good", reason == REASON_NONE ? "success" : reason_name(reason),
                    target->ran, target->reason == REASON_NONE ? "success" : reason_name(target->reason),
                    target->status, target->message ? target->message : "no words");
    return good;
}

static void await_all(const struct stage *stage, const struct column *column)
{
    int64_t end_ns = clock_now().boot_ns + RIG_PATIENCE_NS;
    for (size_t left = ENDPOINTS; left > 0;) {
        bool over = clock_now().boot_ns > end_ns;
        struct board_view *view = board_view_take(report_board(stage->rig.report), clock_now());
        left = 0;
        for (size_t i = 0; i < ENDPOINTS; i++)
            left += !is_so(stage, i, board_row(view, endpoints[i].name), column, over);
        board_view_free(view);
        if (over)
            fail_msg("%zu of %d did not come", left, ENDPOINTS);
        rig_pause();
    }
}

/* The series of a target, or of its app server alone. */
static double told(const char *page, const struct endpoint *endpoint, const char *family, const char *more,
                   bool of_server)
{
    char *target = of_server ? memory_copy_text("")
                             : memory_format(",company=\"%s\",probe=\"%s\"",
                                             endpoint->server_wide ? "" : "EPIC06", endpoint->name);
    char *series = memory_format("%s{appserver=\"%s\"%s%s}", family, endpoint->name, target,
                                 more ? more : "");
    double value = page_value(page, series);
    free(target);
    free(series);
    return value;
}

/* Text of what is not as it should be; NULL: all is. Owned. */
static char *missing(const char *page, const struct endpoint *endpoint, const struct shown *shown)
{
    double value = told(page, endpoint, shown->family, shown->more, shown->of_server);
    return value == shown->value ? NULL
                                 : memory_format("%s%s is %g and not %g", shown->family,
                                                 shown->more ? shown->more : "", value, shown->value);
}

static size_t reasons_told(const char *page, const struct endpoint *endpoint)
{
    char *prefix = memory_format("epicor_probe_failure_reason{appserver=\"%s\",", endpoint->name);
    size_t count = page_count(page, prefix);
    free(prefix);
    return count;
}

static char *missing_of_good(const char *page, const struct endpoint *endpoint)
{
    char *why = missing(page, endpoint, &(struct shown){"epicor_probe_success", .value = 1});
    if (!why && reasons_told(page, endpoint) != 0)
        why = memory_copy_text("a reason although it works");
    for (size_t i = 0; i < SHOWN_MAX && endpoint->shown[i].family && !why; i++)
        why = missing(page, endpoint, &endpoint->shown[i]);
    return why;
}

static char *missing_of_failed(const char *page, const struct endpoint *endpoint, const struct column *column,
                               enum reason reason)
{
    char *label = memory_format(",reason=\"%s\"", reason_name(reason));
    char *code = memory_format(",code=\"%d\"", column->rule.status);
    char *why = missing(page, endpoint, &(struct shown){"epicor_probe_success", .value = 0});
    if (!why)
        why = missing(page, endpoint, &(struct shown){"epicor_probe_failure_reason", label, 1, false});
    if (!why && reasons_told(page, endpoint) != 1)
        why = memory_format("%zu reasons at once", reasons_told(page, endpoint));
    if (!why && !(told(page, endpoint, "epicor_failures_total", label, true) >= 1))
        why = memory_format("not counted as %s", reason_name(reason));
    if (!why && !(told(page, endpoint, "epicor_probe_responses_total", code, false) >= 1))
        why = memory_format("status %d is not counted", column->rule.status);
    free(label);
    free(code);
    return why;
}

/* Of a row and a column whose result is no failure. */
static const struct shown check_that_says_no = {"epicor_health_check_success", ",check=\"database\"", 0,
                                                true};

static char *missing_of(const char *page, const struct endpoint *endpoint, const struct column *column)
{
    enum reason reason;
    if (!column)
        return missing_of_good(page, endpoint);
    if (!cell_reason(endpoint, column, &reason))
        return NULL;
    if (reason != REASON_NONE)
        return missing_of_failed(page, endpoint, column, reason);
    return missing(page, endpoint, &check_that_says_no);
}

/* Gauges of a result vanish when a slow machine lets three intervals go by without a run, so each endpoint is looked at until its
   page is right. */
static void hold_all(const struct stage *stage, const struct column *column)
{
    int64_t end_ns = clock_now().boot_ns + RIG_PATIENCE_NS;
    bool held[ENDPOINTS] = {false};
    for (size_t left = ENDPOINTS; left > 0;) {
        bool over = clock_now().boot_ns > end_ns;
        char *page = rig_page(&stage->rig);
        for (size_t i = 0; i < ENDPOINTS; i++) {
            char *why = held[i] ? NULL : missing_of(page, &endpoints[i], column);
            if (why && over)
                fail_msg("%s, %s: %s", endpoints[i].name, column ? column->head : "good", why);
            left -= !why && !held[i];
            held[i] = !why;
            free(why);
        }
        free(page);
        if (left > 0)
            rig_pause();
    }
}

/* Columns that hold secrets or name people were never even asked for (design §3). */
static void hold_privacy(const struct stage *stage)
{
    static const char *const columns_of_people[][2] = {
        {"Ice.BO.AdminSessionSvc/List", "SessionID"},
        {"Ice.BO.AdminSessionSvc/List", "CurUserID"},
        {"Ice.BO.AdminSessionSvc/List", "UserName"},
        {"Ice.BO.AdminSessionSvc/List", "ClientComputerName"},
        {"Ice.BO.APIKeySvc/APIKeys", "KeyHash"},
        {"Ice.BO.SysAgentSvc/SysAgents", "SysUserID"},
        {"Ice.BO.SysAgentSvc/SysAgents", "SysPassWord"},
        {"Ice.BO.SysTaskSvc/SysTasks", "SubmitUser"},
    };
    static const char *const asked[][2] = {
        {"Ice.BO.AdminSessionSvc/List", "InUse"},
        {"Ice.BO.APIKeySvc/APIKeys", "ExpiresOn"},
        {"Ice.BO.SysTaskSvc/SysTasks", "TaskStatus"},
    };
    uint64_t sent[sizeof asked / sizeof asked[0]] = {0};
    for (size_t i = 0; i < ENDPOINTS; i++) {
        for (size_t c = 0; c < sizeof columns_of_people / sizeof columns_of_people[0]; c++)
            if (simulator_column_answers(stage->servers[i], columns_of_people[c][0],
                                         columns_of_people[c][1]) > 0)
                fail_msg("%s: asked for %s", endpoints[i].name, columns_of_people[c][1]);
        for (size_t c = 0; c < sizeof asked / sizeof asked[0]; c++)
            sent[c] += simulator_column_answers(stage->servers[i], asked[c][0], asked[c][1]);
    }
    for (size_t c = 0; c < sizeof asked / sizeof asked[0]; c++)
        if (sent[c] == 0)
            fail_msg("nobody asked for %s", asked[c][1]);
}

/* ---- the table ---- */

static int cell_width(size_t c)
{
    size_t width = strlen(columns[c].head);
    return width < 5 ? 5 : (int)width;
}

/* Printed when all of it has been held: a cell that was not would have ended the test. */
static void table_print(void)
{
    unsigned cells = 0;
    printf("\n%-18s %-12s %s", "endpoint", "probe kind", "good");
    for (size_t c = 0; c < CODES; c++)
        printf(" | %-*s", cell_width(c), columns[c].head);
    puts(" | recovered");
    for (size_t i = 0; i < ENDPOINTS; i++) {
        printf("%-18s %-12s pass", endpoints[i].name, endpoints[i].kind);
        for (size_t c = 0; c < CODES; c++) {
            enum reason reason;
            bool has = cell_reason(&endpoints[i], &columns[c], &reason);
            bool usual = has && reason == columns[c].reason;
            printf(" | %-*s", cell_width(c),
                   !has                    ? "-"
                   : usual                 ? "ok"
                   : reason == REASON_NONE ? "ok(1)"
                                           : "ok(2)");
            cells += has;
        }
        puts(" | pass");
    }
    puts("\nok: the one reason series of its column, status counted, and success after it. (1) a check that "
         "says no is a\n"
         "result and no failure. (2) of a token request:");
    for (size_t c = 0; c < CODES; c++)
        printf("  %-9s %-18s %s\n", columns[c].head, reason_name(columns[c].reason),
               columns[c].token == REASON_NONE || columns[c].token == columns[c].reason
                   ? ""
                   : reason_name(columns[c].token));
    printf("%d endpoints, %u error cells and %d good answers, all passed\n\n", ENDPOINTS, cells, ENDPOINTS);
    fflush(stdout);
}

static void every_endpoint_by_every_error(void **state)
{
    (void)state;
    struct stage stage = stage_open();
    await_all(&stage, NULL);
    hold_all(&stage, NULL);
    for (size_t c = 0; c < CODES; c++) {
        faults_begin(&stage, &columns[c]);
        await_all(&stage, &columns[c]);
        hold_all(&stage, &columns[c]);
        faults_end(&stage);
        await_all(&stage, NULL);
        hold_all(&stage, NULL);
    }
    hold_privacy(&stage);
    table_print();
    stage_close(&stage);
}

ALL_TESTS(cmocka_unit_test(every_endpoint_by_every_error));
