#include "main.h"

#include "unit/probe/play.h"

#define V2   "company = EPIC06"
#define HTTP "kind = http\n"
#define PAGE HTTP "path = api/help/v2/index.html\n"
#define SOAP "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>"

/* ---- what is asked ---- */

static const struct {
    const char *probe;
    enum http_method method;
    const char *path, *body, *type;
} requests[] = {
    {PAGE, HTTP_GET, "api/help/v2/index.html", NULL, NULL},
    {HTTP "path = /api/help/v2/", HTTP_GET, "api/help/v2/", NULL, NULL},
    {PAGE "http_method = HEAD", HTTP_HEAD, "api/help/v2/index.html", NULL, NULL},
    {HTTP "path = api/v1/Erp.BO.CompanySvc/Companies('EPIC06')?$top=1&$filter=A%20eq%20'x%26y'", HTTP_GET,
     "api/v1/Erp.BO.CompanySvc/Companies('EPIC06')?$top=1&$filter=A%20eq%20'x%26y'", NULL, NULL},
    {HTTP "path = a b/\xc3\xbc?q=\"<>\"", HTTP_GET, "a%20b/%C3%BC?q=%22%3C%3E%22", NULL, NULL},
    {HTTP "path = api/v1/X?$top=1\nparam.From = {today-7d}\nparam.L.list = a, b", HTTP_GET,
     "api/v1/X?$top=1&From=2026-01-24&L=a&L=b", NULL, NULL},
    {HTTP "path = x\nparam.From = {now}", HTTP_GET, "x?From=2026-01-31T12:00:00", NULL, NULL},
    {HTTP "path = Ice/LIB/SessionMod.svc\nhttp_method = POST\nbody = " SOAP, HTTP_POST,
     "Ice/LIB/SessionMod.svc", SOAP, "text/xml; charset=utf-8"},
    {HTTP "path = Ice/LIB/SessionMod.svc\nhttp_method = POST\ncontent_type = application/soap+xml; "
          "charset=utf-8\nbody = <a t='{today}'/>",
     HTTP_POST, "Ice/LIB/SessionMod.svc", "<a t='2026-01-31'/>", "application/soap+xml; charset=utf-8"},
    {HTTP "path = api/v1/X/GetList\nhttp_method = POST\nbody = {\"d\":\"{today}\"}", HTTP_POST,
     "api/v1/X/GetList", "{\"d\":\"2026-01-31\"}", "application/json"},
    {HTTP "path = x\nhttp_method = POST\nbody = [1]", HTTP_POST, "x", "[1]", "application/json"},
    {HTTP "path = x\nhttp_method = POST\ncontent_type = text/plain\nbody = {no json", HTTP_POST, "x",
     "{no json", "text/plain"},
    {HTTP "path = x\nhttp_method = POST", HTTP_POST, "x", NULL, NULL},
    {HTTP "path = api/v2/efx/EPIC06/MonitorLib/UpdateNothing\nhttp_method = POST\nbody = {}", HTTP_POST,
     "api/v2/efx/EPIC06/MonitorLib/UpdateNothing", "{}", "application/json"},
    {HTTP "path = api/v1/BaqSvc/ProcessTimes", HTTP_GET, "api/v1/BaqSvc/ProcessTimes", NULL, NULL},
    {HTTP "path = api/v1/Ice.BO.SysAgentSvc/SysAgents?$select=AgentID", HTTP_GET,
     "api/v1/Ice.BO.SysAgentSvc/SysAgents?$select=AgentID", NULL, NULL},
    {HTTP "path = x?next=../y", HTTP_GET, "x?next=../y", NULL, NULL},
    {HTTP "path = a..b/...c/.d", HTTP_GET, "a..b/...c/.d", NULL, NULL},
};

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct play play = play_begin(V2, requests[i].probe);
        assert_int_equal(play.request.method, requests[i].method);
        assert_string_equal(play.request.path, requests[i].path);
        assert_int_equal(play.request.wanted, BODY_ANY);
        assert_string_equal(play.request.accept, "application/json, */*;q=0.8");
        assert_string_equal(play.run.target->company, "");
        assert_string_equal(play.request.company, "EPIC06");
        assert_int_equal(play.request.body == NULL, requests[i].body == NULL);
        if (requests[i].body != NULL) {
            assert_string_equal(play.request.body, requests[i].body);
            assert_int_equal(play.request.body_size, strlen(requests[i].body));
            assert_string_equal(play.request.content_type, requests[i].type);
        }
        play_end(&play);
    }
    struct play play = play_begin(V2, PAGE "expect.a = 1");
    assert_int_equal(play.request.wanted, BODY_JSON);
    assert_string_equal(play.request.accept, "application/json");
    play_end(&play);
}

/* ---- answers ---- */

#define TOKEN ""
#define BASIC "auth = basic"
#define EPICOR(status, message)                                                                              \
    "{\"HttpStatus\":" #status ",\"ReasonPhrase\":\"REST API Exception\",\"ErrorMessage\":\"" message        \
    "\",\"ErrorType\":\"Epicor.RESTApi.ErrorHandling.ApiException\"}"

static const struct {
    const char *appserver, *probe;
    int status;
    const char *text;
    enum reason reason;
    bool proves_up;
    const char *message; /* its beginning */
} answers[] = {
    {TOKEN, PAGE, 200, "<html>", REASON_NONE, true, NULL},
    {TOKEN, PAGE, 200, "", REASON_NONE, true, NULL},
    {TOKEN, PAGE, 201, "x", REASON_NONE, true, NULL},
    {TOKEN, PAGE, 204, "", REASON_INVALID_RESPONSE, false, "status 204"},
    {TOKEN, PAGE, 302, "", REASON_REDIRECTED, false, NULL},
    {TOKEN, PAGE, 401, "", REASON_TOKEN_REJECTED, false, NULL},
    {TOKEN, PAGE, 404, EPICOR(404, "no such"), REASON_NOT_FOUND, true, "no such"},
    {TOKEN, PAGE, 404, "<html>", REASON_UNAVAILABLE, false, NULL},
    {TOKEN, PAGE, 503, "<html>", REASON_UNAVAILABLE, false, NULL},
    {TOKEN, PAGE "http_method = HEAD", 200, "", REASON_NONE, true, NULL},
    /* expect_text */
    {TOKEN, PAGE "expect_text = Epicor REST", 200, "<title>Epicor REST API</title>", REASON_NONE, true, NULL},
    {TOKEN, PAGE "expect_text = Epicor REST", 200, "<title>Sign in</title>", REASON_EXPECTATION, true,
     "the answer does not hold \"Epicor REST\" (expect_text)"},
    {TOKEN, PAGE "expect_text = Epicor REST", 200, "", REASON_EXPECTATION, true, NULL},
    {TOKEN, PAGE "expect_text = Epicor REST", 500, "Epicor REST", REASON_SERVER_ERROR, false, "Epicor REST"},
    /* expect.FIELD */
    {TOKEN, PAGE "expect.value.Company = EPIC06", 200, "{\"value\":[{\"Company\":\"EPIC06\"}]}", REASON_NONE,
     true, NULL},
    {TOKEN, PAGE "expect.value.Company = EPIC06", 200, "{\"value\":[]}", REASON_EXPECTATION, true,
     "value.Company is absent, wanted: EPIC06"},
    {TOKEN, PAGE "expect.a = 1", 200, "<a/>", REASON_INVALID_RESPONSE, false, "the answer is not valid JSON"},
    {TOKEN, PAGE "expect.a = 1", 200, "", REASON_INVALID_RESPONSE, false, "status 200 with an empty body"},
    {TOKEN, PAGE "expect.a = 1\nexpect_text = \"a\"", 200, "{\"a\":1}", REASON_NONE, true, NULL},
    {TOKEN, PAGE "expect.a = 1", 200, EPICOR(401, "Invalid API Key x."), REASON_API_KEY, false, NULL},
    /* expect_status: a good one */
    {TOKEN, PAGE "expect_status = 200", 200, "x", REASON_NONE, true, NULL},
    {TOKEN, PAGE "expect_status = 200", 202, "x", REASON_EXPECTATION, true,
     "status 202, wanted: 200 (expect_status)"},
    {TOKEN, PAGE "expect_status = 200", 404, EPICOR(404, "no such"), REASON_NOT_FOUND, true, "no such"},
    {TOKEN, PAGE "expect_status = 200", 204, "", REASON_INVALID_RESPONSE, false, NULL},
    {TOKEN, PAGE "expect_status = 204", 204, "", REASON_NONE, false, NULL},
    {TOKEN, PAGE "expect_status = 204", 200, "x", REASON_EXPECTATION, true, NULL},
    /* ... and one that the decision table refuses: it proves what it would prove there */
    {TOKEN, PAGE "expect_status = 302", 302, "", REASON_NONE, false, NULL},
    {TOKEN, PAGE "expect_status = 302", 301, "", REASON_REDIRECTED, false, NULL},
    {TOKEN, PAGE "expect_status = 404", 404, "<html>", REASON_NONE, false, NULL},
    {TOKEN, PAGE "expect_status = 404", 404, EPICOR(404, "no such"), REASON_NONE, true, NULL},
    {TOKEN, PAGE "expect_status = 404", 200, "x", REASON_EXPECTATION, true,
     "status 200, wanted: 404 (expect_status)"},
    {TOKEN, PAGE "expect_status = 404", 503, "x", REASON_UNAVAILABLE, false, "x"},
    {TOKEN, PAGE "expect_status = 401", 401, "", REASON_NONE, false, NULL},
    {TOKEN, PAGE "expect_status = 401", 401, EPICOR(401, "Invalid username or password."), REASON_NONE, false,
     NULL},
    {"auth = none", PAGE "expect_status = 401", 401, EPICOR(401, "Invalid username or password."),
     REASON_NONE, false, NULL},
    {BASIC, PAGE "expect_status = 403", 403, EPICOR(403, "Invalid username or password."), REASON_CREDENTIALS,
     false, NULL},
    {BASIC, PAGE "expect_status = 403", 403, EPICOR(403, "Access denied (X)."), REASON_NONE, true, NULL},
    {TOKEN, PAGE "expect_status = 400\nexpect_text = no such", 400, EPICOR(400, "no such"), REASON_NONE, true,
     NULL},
    {TOKEN, PAGE "expect_status = 400\nexpect_text = other", 400, EPICOR(400, "no such"), REASON_EXPECTATION,
     true, "the answer does not hold \"other\""},
    {TOKEN, PAGE "expect_status = 400\nexpect.ErrorMessage = no such", 400, EPICOR(400, "no such"),
     REASON_NONE, true, NULL},
    {TOKEN, PAGE "expect_status = 400\nexpect.ErrorMessage = x", 400, EPICOR(400, "no such"),
     REASON_EXPECTATION, true, "ErrorMessage is \"no such\", wanted: x"},
    {TOKEN, PAGE "expect_status = 500\nexpect.a = 1", 500, "<a/>", REASON_INVALID_RESPONSE, false,
     "the answer is not valid JSON"},
    {TOKEN, PAGE "expect_status = 500\nexpect.a = 1", 500, "", REASON_INVALID_RESPONSE, false,
     "the answer is empty"},
};

static void test_answers(void **state)
{
    (void)state;
    char appserver[128];
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        snprintf(appserver, sizeof appserver, "%s\n%s", V2, answers[i].appserver);
        struct play play = play_begin(appserver, answers[i].probe);
        assert_int_equal(play_answer(&play, answers[i].status, answers[i].text), PROBE_DONE);
        const struct probe_result *result = &play.result;
        if (result->reason != answers[i].reason || result->proves_up != answers[i].proves_up)
            fail_msg("case %zu: %s, %d: %s", i, reason_name(result->reason), result->proves_up,
                     result->message);
        assert_int_equal(result->status, answers[i].status);
        assert_false(result->has_rows);
        assert_false(result->login && result->reason == REASON_NONE);
        if (answers[i].message != NULL &&
            strncmp(result->message, answers[i].message, strlen(answers[i].message)) != 0)
            fail_msg("case %zu: %s", i, result->message);
        play_end(&play);
    }
}

/* What came before the request was asked again counts no more. */
static void test_a_text_of_an_earlier_attempt_is_forgotten(void **state)
{
    (void)state;
    struct play play = play_begin(V2, PAGE "expect_text = needle");
    play.request.take(play.request.take_context, NULL, 0);
    play.request.take(play.request.take_context, "a needle", 8);
    assert_int_equal(play_answer(&play, 200, "nothing"), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_EXPECTATION);
    assert_int_equal(play_answer(&play, 200, "a needle"), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    play_end(&play);
}

/* ---- checks at load ---- */

#define AT(path)   HTTP "path = " path
#define POST(path) AT(path) "\nhttp_method = POST"
#define AGENTS     "api/v1/Ice.BO.SysAgentSvc/SysAgents"
#define SOAP_POST  POST("Ice/LIB/SessionMod.svc") "\n"
#define ENVELOPE(operation)                                                                                  \
    "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>" operation                     \
    "</s:Body></s:Envelope>"
#define REFUSED_AT "refused, " /* somewhere in the fault of path */

static const struct {
    const char *appserver, *probe, *fault; /* fault: the beginning of the first one; of a warning "w: ..." */
} faults_of[] = {
    {V2, HTTP, "[probe p]: path is missing"},
    {V2, AT("https://other.example.com/x"),
     "[probe p] path = https://other.example.com/x: wants a path below url"},
    {V2, AT("//other.example.com/x"), "[probe p] path = //other.example.com/x: wants a path below url"},
    {V2, AT("../Pilot/api"), "[probe p] path = ../Pilot/api: must stay below url"},
    {V2, AT("api/../../Pilot"), "[probe p] path = api/../../Pilot: must stay below url"},
    {V2, AT("api/.."), "[probe p] path = api/..: must stay below url"},
    {V2, AT("./api"), "[probe p] path = ./api: must stay below url"},
    {V2, AT("api/%2e%2E/x"), "[probe p] path = api/%2e%2E/x: must stay below url"},
    {V2, AT("api/.%2e%2fx"), "[probe p] path = api/.%2e%2fx: must stay below url"},
    {V2, AT("a%3f/../../x"), "[probe p] path = a%3f/../../x: must stay below url"},
    {V2, AT("api/..%5cx"), "[probe p] path = api/..%5cx: must stay below url"},
    {V2, AT("api\\x"), "[probe p] path = api\\x: wants / between its parts"},
    {V2, AT("api#x"), "[probe p] path = api#x: a fragment (#)"},
    {V2, AT("api/%"), "[probe p] path = api/%: % has to stand before two"},
    {V2, AT("api/%4"), "[probe p] path = api/%4: % has to stand before two"},
    {V2, AT("api/%zz"), "[probe p] path = api/%zz: % has to stand before two"},
    {V2, AT("api/%00"), "[probe p] path = api/%00: % has to stand before two"},
    {V2, AT("api/%0d%0aX"), "[probe p] path = api/%0d%0aX: holds a control character"},
    {V2, AT("api/x?d={today}"), "[probe p] path = api/x?<secret>: dates go into param.NAME"},
    {V2, AT("x\nparam.d = {todya}"), "[probe p] param.d: {todya} is no date"},
    /* What a probe must not do. */
    {V2, AT("api/v1/Ice.BO.TenantInstanceSvc/List"),
     "[probe p] path = api/v1/Ice.BO.TenantInstanceSvc/List: refused"},
    {V2, AT("Ice/LIB/tokenservice.svc"), "[probe p] path = Ice/LIB/tokenservice.svc: refused"},
    {V2, AT("api/v1/Ice.BO.Tenant%49nstanceSvc/List"),
     "[probe p] path = api/v1/Ice.BO.Tenant%49nstanceSvc/List: refused"},
    {V2, AT("api/v1/Ice.BO.SysAgentSvc/SysAgents"),
     "[probe p] path = api/v1/Ice.BO.SysAgentSvc/SysAgents: the rows of this"},
    {V2, AT("api/v1/X/GetDatabaseValues"),
     "[probe p] path = api/v1/X/GetDatabaseValues: refused, its answers"},
    {V2, POST("api/v1/X/DeleteByID"),
     "[probe p] path = api/v1/X/DeleteByID: refused, a name that begins with Delete"},
    {V2, POST("api/v1/X/%44eleteByID/"), "[probe p] path = api/v1/X/%44eleteByID/: refused"},
    {V2, POST("api/v1/X/Ice.BO.X.updateExt(1)?a=b"),
     "[probe p] path = api/v1/X/Ice.BO.X.updateExt(1)?<secret>: refused"},
    /* A key, a dot or a blank hides nothing. */
    {V2, POST("api/v1/X/Parts('a')/DeleteByID"),
     "[probe p] path = api/v1/X/Parts('a')/DeleteByID: refused, a name that begins with Delete"},
    {V2, POST("api/v1/X/Parts(A='%29/',B=(1))/Y.DeleteByID(x='/')"),
     "[probe p] path = api/v1/X/Parts(A='%29/',B=(1))/Y.DeleteByID(x='/'): refused"},
    {V2, POST("api/v1/X/DeleteByID.%20./"), "[probe p] path = api/v1/X/DeleteByID.%20./: refused"},
    {V2, POST("api/v1/X/%20.DeleteByID.x"), "[probe p] path = api/v1/X/%20.DeleteByID.x: refused"},
    {V2, POST("api/v1/X/()/$batch"), "[probe p] path = api/v1/X/()/$batch: refused, a batch"},
    {V2, POST("api/v1/X/%2544eleteByID"),
     "[probe p] path = api/v1/X/%2544eleteByID: is percent-encoded twice"},
    {V2, AT("a/%252e%252e/b"), "[probe p] path = a/%252e%252e/b: is percent-encoded twice"},
    {V2, POST("api/v2/odata/EPIC06/X/$batch"),
     "[probe p] path = api/v2/odata/EPIC06/X/$batch: refused, a batch"},
    {V2, POST("api/v1/X(1"), "[probe p] path = api/v1/X(1: a bracket or quote"},
    {V2, POST("api/v1/X('a/b)/DeleteByID"), "[probe p] path = api/v1/X('a/b)/DeleteByID: a bracket or quote"},
    {V2, POST("api/v1/Erp.BO.PartSvc('EPIC06')/DeleteByID"), REFUSED_AT},
    {V2, POST("api/v1/Erp.BO.PartSvc/Parts('X')/UpdateExt"), REFUSED_AT},
    {V2, POST("api/v1/Erp.BO.PartSvc/Parts(%27X%27)/UpdateExt"), REFUSED_AT},
    {V2, POST("api/v1/Erp.BO.PartSvc/Parts('a/b')/%20Erp.BO.PartSvc.UpdateExt./"), REFUSED_AT},
    {V2, POST("api/v1/Erp.BO.PartSvc('X')/$batch"), REFUSED_AT},
    {V2, POST("api/v1/Erp.BO.PartSvc/%20DeleteByID"), REFUSED_AT},
    {V2, POST("api/v1/Erp.BO.PartSvc/%20%20DeleteByID%20"), REFUSED_AT},
    {V2, POST("api/v1/Erp.BO.PartSvc%2FDeleteByID"), REFUSED_AT},
    {V2, POST("api/v1/Erp.BO.PartSvc/DeleteByID/x"), REFUSED_AT},
    {V2, POST("api/v1/Erp.BO.PartSvc/Parts"),
     "[probe p] path = api/v1/Erp.BO.PartSvc/Parts: refused, it is named"},
    {V2, POST("api/v1/Erp.BO.PartSvc/Parts('X')/PartPlants"), REFUSED_AT},
    {V2, POST("api/v1/BaqSvc/zOrders/Data"), REFUSED_AT},
    {V2, AT("api/v1/BaqSvc/zOrders/GetNew"), REFUSED_AT},
    {V2, AT("api/v1/Ice.LIB.SessionModSvc/SetCompany?companyID=X"), REFUSED_AT},
    {V2, AT("api/v1/Erp.BO.PartSvc/DeleteByID?partNum=X"), REFUSED_AT},
    {V2, AT("api/v1/Erp.BO.PartSvc/%64eleteByID"), REFUSED_AT},
    {V2, AT("api/v2/odata/EPIC06/Ice.BO.AdminSessionSvc/KillSession(1)?$select=CurComp"), REFUSED_AT},
    {V2, PAGE "http_method = HEAD\n[probe q]\nkind = http\nhttp_method = HEAD\npath = XSvc/DeleteByID",
     "[probe q] path = XSvc/DeleteByID: refused"},
    {V2, POST("api/v1/Erp.BO.PartSvc/Explode"),
     "w: [probe p] path = api/v1/Erp.BO.PartSvc/Explode: its name"},
    /* Columns. */
    {V2, AT(AGENTS "?$select=*"), "[probe p] $select = *: refused"},
    {V2, AT(AGENTS "?$select=SysUserID,SysPassWord"), "[probe p] $select: refused, SysUserID of this"},
    {V2, AT(AGENTS "?%24select=AgentID,Sys%50assword"), "[probe p] $select: refused, SysPassword of this"},
    {V2, AT(AGENTS "?$select="), "[probe p] path = " AGENTS "?<secret>: the rows of this"},
    {V2, AT(AGENTS "?$select=AgentID&$select=SysPassWord"), "[probe p] $select: refused, SysPassWord"},
    {V2, AT(AGENTS "?$select=AgentID&$expand=SysAgentScheds"), "[probe p] $expand: refused"},
    {V2, AT(AGENTS "\nparam.$select = AgentID, SysPassWord"),
     "[probe p] param.$select: refused, SysPassWord"},
    {V2, AT(AGENTS "?$select=AgentID\nexpect.value.SysUserID = x"),
     "[probe p] expect.value.SysUserID: refused, SysUserID of this"},
    {V2, AT(AGENTS "('A')/SysPassWord/$value?$select=AgentID"),
     "[probe p] path = " AGENTS "('A')/SysPassWord/$value?<secret>: refused, SysPassWord of this"},
    {V2, AT("api/v1/Ice.BO.APIKeySvc/APIKeys?$select=KeyHash"), "[probe p] $select: refused, KeyHash"},
    {V2, AT("api/v1/Ice.BO.UserFileSvc/UserFiles?$select=Name"), "[probe p] $select: refused, Name of"},
    {V2, POST("api/v1/Ice.BO.SysAgentSvc/GetRows"),
     "w: [probe p] path = api/v1/Ice.BO.SysAgentSvc/GetRows: the"},
    /* SOAP. */
    {V2, SOAP_POST "soap_action = http://tempuri.org/SessionModSvcContract/SetCompany",
     "[probe p] soap_action = http://tempuri.org/SessionModSvcContract/SetCompany: refused"},
    {V2, SOAP_POST "soap_action = urn:deleteByID", "[probe p] soap_action = urn:deleteByID: refused"},
    {V2, SOAP_POST "soap_action = a b", "[probe p] soap_action = a b: wants the action's address"},
    {V2, SOAP_POST "soap_action = \"a", "[probe p] soap_action = \"a: wants the action's address"},
    {V2, PAGE "soap_action = x", "[probe p] soap_action: goes with http_method = POST"},
    {V2,
     SOAP_POST
     "content_type = application/soap+xml; Action=\"http://tempuri.org/X/DeleteByID\"\nbody = " SOAP,
     "[probe p] content_type = application/soap+xml; Action="},
    {V2, SOAP_POST "content_type = multipart/related; boundary=x\nbody = --x",
     "[probe p] content_type = multipart/related; boundary=x: refused"},
    {V2, SOAP_POST "body = " ENVELOPE("<t:DeleteByID xmlns:t='x'/>"),
     "[probe p] body: its operation DeleteByID is refused, a name"},
    {V2, SOAP_POST "body = " ENVELOPE("<GetRows/><update/>"),
     "[probe p] body: its operation update is refused"},
    {V2,
     SOAP_POST
     "body = <e:Envelope xmlns:e='x'><e:Header><a:Action xmlns:a='y'> http://t/X/SetCompany </a:Action>"
     "</e:Header><e:Body/></e:Envelope>",
     "[probe p] body: its action  http://t/X/SetCompany  is refused"},
    {"company = EPIC06\nauth = basic", PAGE "expect_status = 401",
     "[probe p] expect_status = 401: app server live sends"},
    {"company = EPIC06\nauth = ntlm", PAGE "expect_status = 401",
     "[probe p] expect_status = 401: app server live sends"},
    /* What does not go together. */
    {V2, PAGE "http_method = PUT", "[probe p] http_method = PUT: "},
    {V2, PAGE "body = {}", "[probe p] body: goes with http_method = POST"},
    {V2, PAGE "http_method = HEAD\nexpect_text = x", "[probe p] expect_text: the answer to a HEAD"},
    {V2, PAGE "http_method = HEAD\nexpect.x = 1", "[probe p] expect.x: the answer to a HEAD"},
    {V2, PAGE "content_type = a/b", "[probe p] content_type: goes with http_method = POST"},
    {V2, POST("x") "\ncontent_type = a/b", "w: [probe p] content_type: without effect"},
    {V2, POST("x") "\ncontent_type = xml\nbody = <a/>", "[probe p] content_type = xml: wants a media type"},
    {V2, PAGE "expect_status = 199", "[probe p] expect_status = 199: "},
    {V2, PAGE "expect_status = 600", "[probe p] expect_status = 600: "},
    {V2, PAGE "expect.a = < x", "[probe p] expect.a = < x: "},
    {V2, POST("x") "\nbody = {\"a\":}", "[probe p] body: not JSON"},
    {V2,
     POST("x") "\nbody = {\xe2\x80\x9c"
               "a\xe2\x80\x9d:1}",
     "[probe p] body: not JSON: byte 1 is a curly quote"},
    {V2, POST("x") "\ncontent_type = application/json\nbody = a=b", "[probe p] body: not JSON"},
    {V2, POST("x") "\nbody = a=b", "[probe p] body: begins neither like JSON nor like XML"},
    {V2, POST("x") "\nbody = <a><b></a>", "[probe p] body: not well-formed XML"},
    {V2, POST("x") "\nbody = <!DOCTYPE a []><a/>", "[probe p] body: not well-formed XML"},
    {V2,
     POST("x") "\nbody = <a x=\xe2\x80\x9c"
               "1\xe2\x80\x9d/>",
     "[probe p] body: not well-formed XML"},
    {V2, POST("x") "\nbody = <a>{todya}</a>", "[probe p] body: {todya} is no date"},
};

static void test_checks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults_of / sizeof faults_of[0]; i++) {
        struct fault_list faults = {0};
        const char *wanted = faults_of[i].fault;
        bool warning = strncmp(wanted, "w: ", 3) == 0;
        struct model *model = play_model(faults_of[i].appserver, faults_of[i].probe, &faults);
        wanted += warning ? 3 : 0;
        bool anywhere = strcmp(wanted, REFUSED_AT) == 0;
        if (anywhere && (faults.count != 1 || strstr(faults.items[0].text, wanted) == NULL ||
                         strncmp(faults.items[0].text, "[probe p] path = ", 17) != 0))
            fail_msg("%s: %s", faults_of[i].probe, faults.count == 0 ? "no fault" : faults.items[0].text);
        if ((model != NULL) != warning || faults.count == 0)
            fail_msg("%s: %s", faults_of[i].probe, faults.count == 0 ? "no fault" : faults.items[0].text);
        if (!anywhere && strncmp(faults.items[0].text, wanted, strlen(wanted)) != 0)
            fail_msg("%s: %s", faults_of[i].probe, faults.count == 0 ? "no fault" : faults.items[0].text);
        fault_list_free(&faults);
        model_unref(model);
    }
}

/* What only reads has neither fault nor warning. */
static void test_what_reads_is_let_through(void **state)
{
    static const char *const good[] = {
        POST("api/v1/Erp.BO.PartSvc/GetRows"),
        POST("api/v2/odata/ADDCO/Erp.BO.PartSvc/GetList"),
        POST("api/v2/odata/EPIC06/Erp.RPT.AgedARSvc/GetNewParameters"),
        POST("api/v1/Ice.BO.HealthCheckSvc/ErpAlive"),
        POST("api/v2/efx/EPIC06/Lib/UpdateParts"),
        AT("api/v1/Erp.BO.PartSvc/Parts('a/UpdateKit')/PartPlants"),
        AT("api/v1/Erp.BO.ProcessSetSvc/ProcessSets"),
        AT("api/v1/Erp.BO.CustomerSvc/AddressFormats"),
        AT("api/v1/Ice.BO.AdminSessionSvc/AdminSessions?$select=CurComp,InUse,Expired"),
        AT("api/v1/Ice.BO.UserFileSvc/"
           "UserFiles?$select=PwdExpires,LockedOut&$filter=UserDisabled%20eq%20false"),
        AT("api/v1/Ice.BO.APIKeySvc/APIKeys?$select=KeyID,Name,ExpiresOn"),
        AT("update/setup.html"),
        SOAP_POST
        "soap_action = http://tempuri.org/X/GetRows\nbody = " ENVELOPE("<GetRows><Delete/></GetRows>"),
        SOAP_POST "body = <Delete><Body><Set/></Body></Delete>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct fault_list faults = {0};
        struct model *model = play_model(V2, good[i], &faults);
        if (model == NULL || faults.count > 0)
            fail_msg("%s: %s", good[i], faults.count == 0 ? "" : faults.items[0].text);
        fault_list_free(&faults);
        model_unref(model);
    }
    struct play play = play_begin(V2, SOAP_POST "soap_action = urn:GetRows\nbody = " SOAP);
    assert_string_equal(play.request.soap_action, "urn:GetRows");
    play_end(&play);
}

ALL_TESTS(cmocka_unit_test(test_requests), cmocka_unit_test(test_answers),
          cmocka_unit_test(test_what_reads_is_let_through),
          cmocka_unit_test(test_a_text_of_an_earlier_attempt_is_forgotten), cmocka_unit_test(test_checks));
