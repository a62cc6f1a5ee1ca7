#include "main.h"

#include "unit/probe/play.h"

#define V2       "company = EPIC06"
#define V1       "company = EPIC06\napi_version = v1"
#define SESSIONS "kind = method\nservice = Ice.BO.AdminSessionSvc\nmethod = GetSessionList\n"
#define PATCH    "kind = method\nservice = Ice.LIB.SessionModSvc\nmethod = GetPatchLevel\n"
#define LISTED   SESSIONS "rows_at = returnObj.AdminSessionList\n"

/* ---- what is asked ---- */

static const struct {
    const char *appserver, *probe;
    enum http_method method;
    const char *path, *body;
} requests[] = {
    {V2, PATCH, HTTP_POST, "api/v2/odata/EPIC06/Ice.LIB.SessionModSvc/GetPatchLevel", "{}"},
    {V1, PATCH, HTTP_POST, "api/v1/Ice.LIB.SessionModSvc/GetPatchLevel", "{}"},
    {V2, PATCH "body = {\"since\":\"{today-7d}\",\"n\":9007199254740993}", HTTP_POST,
     "api/v2/odata/EPIC06/Ice.LIB.SessionModSvc/GetPatchLevel",
     "{\"since\":\"2026-01-24\",\"n\":9007199254740993}"},
    {V2, SESSIONS "http_method = GET", HTTP_GET, "api/v2/odata/EPIC06/Ice.BO.AdminSessionSvc/GetSessionList",
     NULL},
    {V2,
     SESSIONS
     "http_method = GET\nparam.whereClause = A = 'x' & {today}\nparam.pageSize = 0\nparam.absolutePage = 1",
     HTTP_GET,
     "api/v2/odata/EPIC06/Ice.BO.AdminSessionSvc/GetSessionList?whereClause=A%20%3D%20'x'%20%26%202026-01-31"
     "&pageSize=0&absolutePage=1",
     NULL},
    /* Reports and processes are services too. */
    {V2, "kind = method\nservice = Erp.RPT.AgedARSvc\nmethod = GetNewParameters", HTTP_POST,
     "api/v2/odata/EPIC06/Erp.RPT.AgedARSvc/GetNewParameters", "{}"},
};

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct play play = play_begin(requests[i].appserver, requests[i].probe);
        assert_int_equal(play.request.method, requests[i].method);
        assert_string_equal(play.request.path, requests[i].path);
        assert_int_equal(play.request.wanted, BODY_JSON);
        if (requests[i].body == NULL) {
            assert_null(play.request.body);
        } else {
            assert_string_equal(play.request.body, requests[i].body);
            assert_int_equal(play.request.body_size, strlen(requests[i].body));
            assert_string_equal(play.request.content_type, "application/json");
        }
        play_end(&play);
    }
}

/* ---- one answer ---- */

#define TWO "[{\"CurComp\":\"EPIC06\",\"InUse\":true},{\"CurComp\":\"EPIC07\",\"InUse\":false}]"

static const struct {
    const char *probe;
    int status;
    const char *text;
    enum reason reason;
    int rows, columns, truncated; /* -1: none told */
    const char *message;          /* its beginning */
} answers[] = {
    /* An object, an array, a table without its rows: facts 9.30. */
    {LISTED, 200, "{\"returnObj\":{\"AdminSessionList\":" TWO "},\"parameters\":{\"morePages\":false}}",
     REASON_NONE, 2, 2, 0, NULL},
    {LISTED, 200, "{\"returnObj\":[{\"AdminSessionList\":" TWO "}]}", REASON_NONE, 2, 2, -1, NULL},
    {LISTED, 200, "{\"returnObj\":[{\"AdminSessionList\":" TWO "},{\"AdminSessionList\":" TWO "}]}",
     REASON_NONE, 4, 2, -1, NULL},
    {LISTED, 200, "{\"returnObj\":{\"AdminSessionList\":[]}}", REASON_NONE, 0, -1, -1, NULL},
    {LISTED, 200, "{\"returnObj\":{\"AdminSessionList\":null}}", REASON_NONE, 0, -1, -1, NULL},
    {LISTED, 200, "{\"returnObj\":{\"AdminSessionList\":{}}}", REASON_INVALID_RESPONSE, -1, -1, -1,
     "what the answer has at returnObj.AdminSessionList (rows_at) is an object, no array of rows"},
    {LISTED, 200, "{\"returnObj\":{\"adminSessionList\":[]}}", REASON_INVALID_RESPONSE, -1, -1, -1,
     "the answer has nothing at returnObj.AdminSessionList (rows_at)"},
    {LISTED, 200, "{\"returnObj\":null}", REASON_INVALID_RESPONSE, -1, -1, -1, "the answer has nothing at"},
    {LISTED, 200, "[]", REASON_INVALID_RESPONSE, -1, -1, -1, "the answer is an array, no object"},
    {LISTED, 200, "", REASON_INVALID_RESPONSE, -1, -1, -1, "status 200 with an empty body"},
    {LISTED, 200, "{\"returnObj\":{\"AdminSessionList\":[{}", REASON_INVALID_RESPONSE, -1, -1, -1,
     "the answer is not valid JSON"},
    {LISTED, 200, "<html>", REASON_INVALID_RESPONSE, -1, -1, -1, NULL},
    {SESSIONS "rows_at = returnObj", 200, "{\"returnObj\":[1,2,3]}", REASON_NONE, 3, -1, -1, NULL},
    /* More than was asked for, where nothing pages. */
    {LISTED, 200, "{\"returnObj\":{\"AdminSessionList\":" TWO "},\"parameters\":{\"morePages\":true}}",
     REASON_NONE, 2, 2, 1, NULL},
    {LISTED, 200, "{\"returnObj\":{\"AdminSessionList\":" TWO "},\"parameters\":{\"morePages\":\"True\"}}",
     REASON_NONE, 2, 2, 1, NULL},
    {LISTED, 200, "{\"returnObj\":{\"AdminSessionList\":" TWO "},\"parameters\":{\"morePages\":7}}",
     REASON_NONE, 2, 2, -1, NULL},
    {LISTED "rows_min = 3", 200, "{\"returnObj\":{\"AdminSessionList\":" TWO "}}", REASON_ROWS, 2, 2, -1,
     "2 rows, at least 3 wanted (rows_min)"},
    {LISTED "rows_max = 1", 200, "{\"returnObj\":{\"AdminSessionList\":" TWO "}}", REASON_ROWS, 2, 2, -1,
     "2 rows, at most 1 wanted (rows_max)"},
    {LISTED "expect.returnObj.AdminSessionList.CurComp = EPIC06", 200,
     "{\"returnObj\":{\"AdminSessionList\":" TWO "}}", REASON_EXPECTATION, 2, 2, -1,
     "returnObj.AdminSessionList.CurComp is \"EPIC07\", wanted: EPIC06"},
    /* Scalars, and methods without any output. */
    {PATCH "expect.returnObj = ~ ^11\\.", 200, "{\"returnObj\":\"11.2.400.5\"}", REASON_NONE, -1, -1, -1,
     NULL},
    {PATCH "expect.returnObj = ~ ^11\\.", 200, "{\"returnObj\":\"10.2\"}", REASON_EXPECTATION, -1, -1, -1,
     "returnObj is \"10.2\", wanted: ~ ^11\\."},
    {PATCH "expect.returnObj = ~ ^11\\.", 204, "", REASON_INVALID_RESPONSE, -1, -1, -1, NULL},
    {PATCH, 200, "{\"returnObj\":\"11.2.400.5\",\"parameters\":{}}", REASON_NONE, -1, -1, -1, NULL},
    {PATCH, 200, "{}", REASON_NONE, -1, -1, -1, NULL},
    {PATCH, 200, "", REASON_NONE, -1, -1, -1, NULL},
    {PATCH, 204, "", REASON_NONE, -1, -1, -1, NULL},
    {PATCH, 200, "{\"returnObj\":", REASON_INVALID_RESPONSE, -1, -1, -1, NULL},
    {PATCH, 200, "true", REASON_INVALID_RESPONSE, -1, -1, -1, "the answer is true, no object"},
    /* Refusals. */
    {PATCH, 200,
     "{\"HttpStatus\":401,\"ErrorMessage\":\"Access denied (Ice.LIB.SessionMod.GetPatchLevel).\","
     "\"ErrorType\":\"System.UnauthorizedAccessException\"}",
     REASON_ACCESS_DENIED, -1, -1, -1, "Access denied (Ice.LIB.SessionMod.GetPatchLevel)."},
    {PATCH, 401,
     "{\"HttpStatus\":401,\"ReasonPhrase\":\"REST API Exception\",\"ErrorMessage\":\"Access denied "
     "(Ice.BO.X.Y).\",\"ErrorType\":\"System.UnauthorizedAccessException\"}",
     REASON_ACCESS_DENIED, -1, -1, -1, "Access denied (Ice.BO.X.Y)."},
    {PATCH, 404, "{\"HttpStatus\":404,\"ErrorMessage\":\"no such\",\"ErrorType\":\"ApiException\"}",
     REASON_NOT_FOUND, -1, -1, -1, "no such"},
    {PATCH, 405, "", REASON_CLIENT_ERROR, -1, -1, -1, NULL},
    {PATCH, 500, "", REASON_SERVER_ERROR, -1, -1, -1, NULL},
    {PATCH, 503, "<html>", REASON_UNAVAILABLE, -1, -1, -1, NULL},
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct play play = play_begin(V2, answers[i].probe);
        assert_int_equal(play_answer(&play, answers[i].status, answers[i].text), PROBE_DONE);
        const struct probe_result *result = &play.result;
        if (result->reason != answers[i].reason)
            fail_msg("case %zu: %s: %s", i, reason_name(result->reason), result->message);
        assert_int_equal(result->has_rows ? (int)result->rows : -1, answers[i].rows);
        assert_int_equal(result->names ? (int)result->names->count : -1, answers[i].columns);
        assert_int_equal(result->has_truncated ? result->truncated : -1, answers[i].truncated);
        if (answers[i].message != NULL &&
            strncmp(result->message, answers[i].message, strlen(answers[i].message)) != 0)
            fail_msg("case %zu: %s", i, result->message);
        play_end(&play);
    }
}

/* ---- pages ---- */

#define PAGED                                                                                                \
    LISTED "body = {\"whereClause\":\"a \\\"absolutePage\\\":5 {[\", \"pageSize\" : 2,\"absolutePage\" : 1 " \
           ", \"z\":{\"absolutePage\":8}}\n"
#define BODY_1                                                                                               \
    "{\"whereClause\":\"a \\\"absolutePage\\\":5 {[\", \"pageSize\" : 2,\"absolutePage\" : 1 , "             \
    "\"z\":{\"absolutePage\":8}}"
#define BODY_2                                                                                               \
    "{\"whereClause\":\"a \\\"absolutePage\\\":5 {[\", \"pageSize\" : 2,\"absolutePage\" : 2 , "             \
    "\"z\":{\"absolutePage\":8}}"
#define MORE "{\"returnObj\":{\"AdminSessionList\":" TWO "},\"parameters\":{\"morePages\":true}}"
#define LAST                                                                                                 \
    "{\"returnObj\":{\"AdminSessionList\":[{\"CurComp\":\"x\"}]},\"parameters\":{\"morePages\":false}}"
#define NONE "{\"returnObj\":{\"AdminSessionList\":[]},\"parameters\":{\"morePages\":true}}"

static void test_pages_by_body(void **state)
{
    (void)state;
    struct play play = play_begin(V2, PAGED);
    assert_string_equal(play.request.body, BODY_1);
    assert_int_equal(play_answer(&play, 200, MORE), PROBE_ASK);
    assert_string_equal(play.request.body, BODY_2);
    /* A page that was refused is asked for again. */
    assert_int_equal(play_answer(&play, 401, ""), PROBE_DONE);
    assert_true(play.result.login);
    assert_string_equal(play.request.body, BODY_2);
    assert_int_equal(play_answer(&play, 200, LAST), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_int_equal(play.result.rows, 3);
    assert_int_equal(play.result.names->count, 2);
    assert_true(play.result.has_truncated);
    assert_false(play.result.truncated);
    assert_int_equal(play.requests, 2);
    play_end(&play);
}

/* Values are read from the rows of all pages, also beyond one that was refused and asked for again. */
static void test_values(void **state)
{
    (void)state;
    struct play play = play_begin(V2, PAGED "value.open = InUse\nvalue.open.aggregate = sum\n"
                                            "value.rows = CurComp\nvalue.rows.aggregate = count\n"
                                            "value.rows.labels = company_id=CurComp\n");
    assert_int_equal(play_answer(&play, 200, MORE), PROBE_ASK);
    assert_int_equal(play_answer(&play, 401, ""), PROBE_DONE);
    assert_false(play.result.has_findings);
    assert_int_equal(play_answer(&play, 200, LAST), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_true(play.result.has_findings);
    const struct findings *findings = &play.result.findings;
    assert_int_equal(findings->count, 4);
    for (size_t i = 0; i < findings->count; i++)
        assert_true(findings->items[i].number > 0.9 && findings->items[i].number < 1.1);
    const struct probe_kind *kind = (const struct probe_kind *)(const void *)play.run.target->probe->kind;
    assert_int_equal(kind->values(play.run.target->probe).count, 2);
    play_end(&play);
}

/* Of three companies one keeps a series, two go into the series other. */
static void test_values_have_a_bound(void **state)
{
    (void)state;
    struct play play = play_begin(V2,
                                  PAGED "max_series = 1\nvalue.rows = CurComp\nvalue.rows.aggregate = count\n"
                                        "value.rows.labels = company_id=CurComp\n");
    assert_int_equal(play_answer(&play, 200, MORE), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, LAST), PROBE_DONE);
    const struct findings *findings = &play.result.findings;
    assert_int_equal(findings->count, 2);
    assert_string_equal(findings->labels[findings->items[1].first_label], "other");
    assert_true(findings->items[1].number > 1.9 && findings->items[1].number < 2.1);
    assert_int_equal(findings->dropped_values[0], 2);
    play_end(&play);
}

static void test_pages_by_parameter(void **state)
{
    (void)state;
    struct play play = play_begin(
        V2, LISTED "http_method = GET\nparam.pageSize = 2\nparam.absolutePage = 9\nparam.x = absolutePage");
    assert_non_null(strstr(play.request.path, "?pageSize=2&absolutePage=9&x=absolutePage"));
    assert_int_equal(play_answer(&play, 200, MORE), PROBE_ASK);
    assert_int_equal(play.request.method, HTTP_GET);
    assert_non_null(strstr(play.request.path, "?pageSize=2&absolutePage=10&x=absolutePage"));
    assert_int_equal(play_answer(&play, 200, MORE), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "{\"returnObj\":{\"AdminSessionList\":[]}}"), PROBE_DONE);
    assert_int_equal(play.result.rows, 4);
    assert_false(play.result.truncated);
    play_end(&play);
}

/* A server that says morePages for ever, with rows and without. */
static void test_pages_have_an_end(void **state)
{
    (void)state;
    struct play play = play_begin(V2, PAGED "fetch_limit = 5\nrows_max = 4");
    int asked = 0;
    while (play_answer(&play, 200, MORE) == PROBE_ASK)
        assert_true(++asked < 10);
    assert_int_equal(asked, 2);
    assert_int_equal(play.result.rows, 6);
    assert_true(play.result.truncated);
    assert_int_equal(play.result.reason, REASON_ROWS);
    play_end(&play);

    play = play_begin(V2, PAGED);
    assert_int_equal(play_answer(&play, 200, NONE), PROBE_DONE);
    assert_int_equal(play.result.rows, 0);
    assert_true(play.result.truncated);
    play_end(&play);

    play = play_begin(V2, LISTED "body = {\"absolutePage\":9223372036854775807}");
    assert_int_equal(play_answer(&play, 200, MORE), PROBE_DONE);
    assert_true(play.result.truncated);
    play_end(&play);
}

/* A server that sends page 1 whichever is asked for, and says each time that there are more. */
static void test_a_page_that_comes_again(void **state)
{
    (void)state;
    static const char text[] =
        "{\"returnObj\":{\"AdminSessionList\":[{\"CurComp\":\"a\",\"SysRowID\":\"1\"},"
        "{\"CurComp\":\"a\",\"SysRowID\":\"2\"}]},\"parameters\":{\"morePages\":true}}";
    static const char *const values[] = {"", "value.n = CurComp\nvalue.n.aggregate = count\n",
                                         "value.n = SysRowID\nvalue.n.aggregate = count\n"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char *probe = memory_format("%s%s", PAGED, values[i]);
        struct play play = play_begin(V2, probe);
        assert_int_equal(play_answer(&play, 200, text), PROBE_ASK);
        assert_int_equal(play_answer(&play, 200, text), PROBE_DONE);
        assert_int_equal(play.result.reason, REASON_INVALID_RESPONSE);
        assert_string_equal(
            play.result.message,
            "the server does not heed absolutePage: page 2 has the rows of the page before it");
        assert_false(play.result.has_findings || play.result.login);
        play_end(&play);
        free(probe);
    }
}

/* Rows that are no objects can be counted; they have no columns. */
static void test_rows_that_are_no_objects(void **state)
{
    (void)state;
    static const char text[] = "{\"returnObj\":{\"AdminSessionList\":[1,\"x\"]}}";
    struct play play = play_begin(V2, LISTED);
    assert_int_equal(play_answer(&play, 200, text), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_int_equal(play.result.rows, 2);
    play_end(&play);
    play = play_begin(V2, LISTED "value.n = CurComp\n");
    assert_int_equal(play_answer(&play, 200, text), PROBE_DONE);
    assert_string_equal(play.result.message,
                        "2 rows at returnObj.AdminSessionList (rows_at) are no objects, so they "
                        "have no columns for values");
    assert_false(play.result.login);
    play_end(&play);
}

/* What is no page number pages nothing. */
static void test_no_pages(void **state)
{
    (void)state;
    static const char *const probes[] = {
        LISTED "body = {\"absolutePage\":\"1\"}",     LISTED "body = {\"absolutePage\":1.5}",
        LISTED "body = {\"AbsolutePage\":1}",         LISTED "body = {\"a\":[{\"absolutePage\":1}]}",
        LISTED "body = {\"absolutePage\":{\"x\":1}}", LISTED "body = { }",
        SESSIONS "body = {\"absolutePage\":1}",
    };
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        struct play play = play_begin(V2, probes[i]);
        assert_int_equal(play_answer(&play, 200, MORE), PROBE_DONE);
        assert_int_equal(play.result.reason, REASON_NONE);
        play_end(&play);
    }
}

/* ---- checks at load ---- */

#define PART     "kind = method\nservice = Erp.BO.PartSvc\n"
#define OF(name) "kind = method\nservice = Ice.BO.X\nmethod = " name
#define WRITE(name)                                                                                          \
    {                                                                                                        \
        OF(name), "[probe p] method = " name ": refused, a name that begins with "                           \
    }

static const struct {
    const char *probe, *fault; /* fault: the beginning of the first one; of a warning "w: ..." */
} faults_of[] = {
    {"kind = method\nservice = s", "[probe p]: method is missing"},
    {"kind = method\nmethod = m", "[probe p]: service is missing"},
    WRITE("DeleteBySessionId"),
    WRITE("UpdateMaster"),
    WRITE("SetX"),
    WRITE("LockSessionCreation"),
    WRITE("UnlockX"),
    WRITE("StartProcess"),
    WRITE("StopAgent"),
    WRITE("KillTask"),
    WRITE("ChangePartNum"),
    WRITE("ProcessMRP"),
    WRITE("PostGroup"),
    WRITE("SubmitToAgent"),
    WRITE("AdminGetTokenConfig"),
    WRITE("deleteByID"),
    WRITE("UPDATE"),
    WRITE("set"),
    WRITE("CreateX"),
    WRITE("AddRow"),
    WRITE("InsertX"),
    WRITE("RemoveX"),
    WRITE("ClearX"),
    WRITE("CopyX"),
    WRITE("ImportX"),
    WRITE("RunDirect"),
    WRITE("CommitX"),
    WRITE("MoveX"),
    WRITE("GetNewPart"),
    WRITE("patchX"),
    WRITE("SaveX"),
    WRITE("savedata"),
    WRITE("WriteX"),
    WRITE("MergeX"),
    WRITE("ApplyX"),
    WRITE("ResetX"),
    WRITE("PurgeX"),
    WRITE("Login"),
    {PART "method = Parts", "[probe p] method = Parts: refused, it is named like an entity set"},
    {PART "method = PartPlants", "[probe p] method = PartPlants: refused, it is named"},
    {PART "method = Part", "[probe p] method = Part: refused, it is named"},
    {PART "method = OrderDtls", "[probe p] method = OrderDtls: refused, it is named"},
    {PART "method = DeleteByID\nhttp_method = GET", "[probe p] method = DeleteByID: refused"},
    {PART "method = Explode", "w: [probe p] method = Explode: its name does not tell"},
    {LISTED "value.x = CurUserID", "[probe p] value.x: refused, CurUserID of this service"},
    {LISTED "value.x = InUse\nvalue.x.aggregate = sum\nvalue.x.labels = user=CurUserID",
     "[probe p] value.x.labels: refused, CurUserID of this service"},
    {LISTED "expect.returnObj.AdminSessionList.UserName = x",
     "[probe p] expect.returnObj.AdminSessionList.UserName: refused, UserName of"},
    {SESSIONS "http_method = GET\nparam.$select = SessionID", "[probe p] param.$select: refused, SessionID"},
    {OF("GetDatabaseValues"), "[probe p] method = GetDatabaseValues: refused, its answers hold secrets"},
    {OF("getDatabasevalues"), "[probe p] method = getDatabasevalues: refused"},
    {OF("Ice.BO.X.DeleteByID"), "[probe p] method = Ice.BO.X.DeleteByID: wants a plain name"},
    {OF("Get/../DeleteByID"), "[probe p] method = Get/../DeleteByID: wants a plain name"},
    {OF("%44eleteByID"), "[probe p] method = %44eleteByID: wants a plain name"},
    {OF("$batch"), "[probe p] method = $batch: wants a plain name"},
    {"kind = method\nservice = Ice.BO.TenantInstanceSvc\nmethod = GetList",
     "[probe p] service = Ice.BO.TenantInstanceSvc: refused, its answers hold secrets"},
    {"kind = method\nservice = ice.bo.tenantinstancesvc\nmethod = GetList",
     "[probe p] service = ice.bo.tenantinstancesvc: refused"},
    {"kind = method\nservice = TokenServiceSvc\nmethod = IsTokenValid",
     "[probe p] service = TokenServiceSvc: refused"},
    {"kind = method\nservice = Ice.Lib.TOKENSERVICESVC.\nmethod = IsTokenValid",
     "[probe p] service = Ice.Lib.TOKENSERVICESVC.: refused"},
    {"kind = method\nservice = ..\nmethod = m", "[probe p] service = ..: wants a plain name"},
    {"kind = method\nservice = a/b\nmethod = m", "[probe p] service = a/b: wants a plain name"},
    {LISTED, "w: [probe p] service = Ice.BO.AdminSessionSvc: its rows hold secrets or personal data"},
    {PATCH "http_method = PATCH", "[probe p] http_method = PATCH: "},
    {PATCH "http_method = GET\nbody = {}", "[probe p] body: goes with http_method = POST"},
    {PATCH "param.x = 1", "[probe p] param.x: goes with http_method = GET"},
    {PATCH "http_method = GET\nparam.x = {todya}", "[probe p] param.x: {todya} is no date"},
    {PATCH "body = {\"a\":}", "[probe p] body: not JSON"},
    {PATCH "body = {\xe2\x80\x9c"
           "a\xe2\x80\x9d:1}",
     "[probe p] body: not JSON: byte 1 is a curly quote"},
    {PATCH "body = []", "[probe p] body: an array; a method wants an object of its inputs"},
    {PATCH "body = {\"a\":\"{todya}\"}", "[probe p] body: {todya} is no date"},
    {PATCH "rows_min = 1", "[probe p] rows_min: wants rows_at"},
    {PATCH "rows_max = 1", "[probe p] rows_max: wants rows_at"},
    {PATCH "rows_deviation = 50%", "[probe p] rows_deviation: wants rows_at"},
    {PATCH "fetch_limit = 1", "[probe p] fetch_limit: wants rows_at"},
    {PATCH "value.a = B", "[probe p] value.a: wants rows_at"},
    {PATCH "rows_at = a..b", "[probe p] rows_at = a..b: no way to an array"},
    {PATCH "rows_at = a\nrows_min = 2\nrows_max = 1", "[probe p] rows_min = 2: larger than rows_max = 1"},
    {PATCH "rows_at = a\nfetch_limit = 0", "[probe p] fetch_limit = 0: wants a whole number from 1 on"},
    {PATCH "rows_at = a\nfetch_limit = 10", "w: [probe p] fetch_limit: without effect"},
    {PATCH "rows_at = a\nbody = {\"absolutePage\":0}", "w: [probe p] absolutePage: begin with 1"},
    {PATCH "expect.a = ~ (", "[probe p] expect.a = ~ (: "},
};

static void test_checks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults_of / sizeof faults_of[0]; i++) {
        struct fault_list faults = {0};
        const char *wanted = faults_of[i].fault;
        bool warning = strncmp(wanted, "w: ", 3) == 0;
        struct model *model = play_model(V2, faults_of[i].probe, &faults);
        wanted += warning ? 3 : 0;
        if ((model != NULL) != warning || faults.count == 0 ||
            strncmp(faults.items[0].text, wanted, strlen(wanted)) != 0)
            fail_msg("%s: %s", faults_of[i].probe, faults.count == 0 ? "no fault" : faults.items[0].text);
        fault_list_free(&faults);
        model_unref(model);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct play play = play_begin(V2, LISTED "rows_min = 2\nrows_max = 9\nrows_deviation = 25%");
    struct probe_limits limits = {0};
    const struct probe_kind *kind = (const struct probe_kind *)(const void *)play.run.target->probe->kind;
    kind->limits(play.run.target->probe, &limits);
    assert_true(limits.rows_min.set && limits.rows_max.set && limits.rows_deviation.set);
    assert_true(limits.rows_deviation.value > 0.24 && limits.rows_deviation.value < 0.26);
    play_end(&play);
}

ALL_TESTS(cmocka_unit_test(test_requests), cmocka_unit_test(test_answers),
          cmocka_unit_test(test_pages_by_body), cmocka_unit_test(test_values),
          cmocka_unit_test(test_values_have_a_bound), cmocka_unit_test(test_pages_by_parameter),
          cmocka_unit_test(test_pages_have_an_end), cmocka_unit_test(test_a_page_that_comes_again),
          cmocka_unit_test(test_rows_that_are_no_objects), cmocka_unit_test(test_no_pages),
          cmocka_unit_test(test_checks), cmocka_unit_test(test_limits));
