/* The simulator's services, lists and $metadata against the wire facts: one row a question, in the ways in which servers differ. */
#include "main.h"

#include "integration/http_client.h"
#include "simulator/simulator.h"

#include <string.h>

#define CO       "api/v2/odata/EPIC06/"
#define PARTS    CO "Erp.BO.PartSvc/"
#define SESSIONS CO "Ice.BO.AdminSessionSvc/"
#define MODULE   CO "Ice.LIB.SessionModSvc/"
#define HEALTH   CO "Ice.BO.HealthCheckSvc/"

#define ENVELOPE(operation)                                                                                  \
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><" operation                  \
    " xmlns=\"http://epicor.com/\"/></s:Body></s:Envelope>"

struct question {
    const char *path, *body; /* body: POST */
    long status;
    const char *texts[6];
    struct simulator_behaviour behaviour;
    const char *type; /* Content-Type; NULL: JSON */
};

static void questions_ask(struct simulator *server, const struct question *questions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct question *q = &questions[i];
        char type[128];
        snprintf(type, sizeof type, "Content-Type: %s", q->type ? q->type : "application/json");
        struct http_request request = {.path = q->path, .body = q->body, .headers = {BASIC, KEY, type}};
        simulator_set_behaviour(server, &q->behaviour);
        http_expect(server, &request, q->status, q->texts);
    }
}

#define ASK(server, ...)                                                                                     \
    questions_ask(server, (const struct question[]){__VA_ARGS__},                                            \
                  sizeof((const struct question[]){__VA_ARGS__}) / sizeof(struct question))

static int server_start(void **state)
{
    *state = simulator_start(NULL);
    return 0;
}

static int server_stop(void **state)
{
    simulator_stop(*state);
    return 0;
}

/* ---- §6, "Method calls" ---- */

static void methods_answer(void **state)
{
    ASK(*state, {MODULE "GetPatchLevel", "{}", 200, .texts = {"{\"returnObj\":\"11.3.100.7\"}"}},
        {CO "Ice.Lib.SessionModSvc/GetPatchLevel", "{}", 200, .texts = {"returnObj"}},
        {"api/v1/Ice.LIB.SessionModSvc/GetPatchLevel", "{}", 200, .texts = {"returnObj"}},
        {MODULE "GetPatchLevel", "", 400, .texts = {"Missing Root Element"}},
        {MODULE "GetPatchLevel", "[]", 400, .texts = {"Missing Root Element"}},
        {MODULE "GetPatchLevel", NULL, 404, .texts = {"not found"}}, /* not by GET */
        {MODULE "GetCurrentValuesFromServer", "{}", 200,
         .texts = {"\"parameters\":{\"companyID\":\"EPIC06\"", "\"isProductionInstance\":true"}},
        {PARTS "Nothing", "{}", 404, .texts = {"ApiException"}},
        {PARTS "Parts", "{}", 405, .texts = {"ErrorType"}},
        {CO "BaqSvc/zLicenseUsage", "{}", 405, .texts = {"ErrorType"}},
        {PARTS "GetByID?partNum=P-1", NULL, 200,
         .texts = {"{\"returnObj\":{\"Part\":[{\"Company\":\"EPIC06\""}},
        {PARTS "GetByID", NULL, 400, .texts = {"partNum"}},
        {PARTS "GetByID", "{\"partNum\":\"P-1\"}", 200, .texts = {"\"returnObj\":[{\"Company\""},
         .behaviour = {.return_obj = SIMULATOR_RETURN_ARRAY}},
        {PARTS "GetByID", "{\"partNum\":\"P-1\"}", 200, .texts = {"\"returnObj\":[{\"Part\":[{\"Company\""},
         .behaviour = {.return_obj = SIMULATOR_RETURN_SETS}},
        {HEALTH "DatabaseAlive", "{}", 200, .texts = {"{\"returnObj\":12}"},
         .behaviour = {.return_obj = SIMULATOR_RETURN_ARRAY}},
        {HEALTH "DatabaseAlive", "{}", 200, .texts = {"{\"returnObj\":\"12\"}"},
         .behaviour = {.integers_as_strings = true}},
        {CO "Erp.PROC.MrpExpSvc/GetNewParameters", "{}", 200, .texts = {"MrpExpParam"}},
        {CO "Erp.RPT.JobTravSvc/GetNewParameters", "{}", 200, .texts = {"JobTravParam"}});
}

static void methods_without_output_have_four_forms(void **state)
{
    struct simulator *server = *state;
    ASK(server, {HEALTH "ErpAlive", "{}", 200, .texts = {"\r\n\r\n", NULL}},
        {HEALTH "ErpAlive", "{}", 200, .texts = {"{\"parameters\":{}}"},
         .behaviour = {.void_answer = SIMULATOR_VOID_PARAMETERS}},
        {HEALTH "ErpAlive", "{}", 204, .texts = {NULL}, .behaviour = {.void_answer = SIMULATOR_VOID_204}},
        {HEALTH "ErpAlive", "{}", 200, .texts = {NULL}, .behaviour = {.void_answer = SIMULATOR_VOID_EMPTY}});
    simulator_fail_method(server, "Ice.BO.HealthCheckSvc/ReportServerAlive", 500, "No report server.");
    ASK(server, {HEALTH "ReportServerAlive", "{}", 500, .texts = {"No report server."}});
    simulator_mend_method(server, "Ice.BO.HealthCheckSvc/ReportServerAlive");
    ASK(server, {HEALTH "ReportServerAlive", "{}", 200, .texts = {NULL}},
        {HEALTH "CountImmediateSched", "{}", 400, .texts = {"cutOffMinutes"}},
        {HEALTH "CountImmediateSched", "{\"cutOffMinutes\":10}", 200,
         .texts = {"{\"parameters\":{\"count\":2,\"earliest\":\"20"}});
}

/* ---- §4.5: pages, columns ---- */

static void sessions_come_in_pages(void **state)
{
    struct simulator *server = *state;
    const char *list = SESSIONS "GetList?whereClause=&pageSize=0&absolutePage=1";
    simulator_set_rows(server, "Ice.BO.AdminSessionSvc/List", 250);
    ASK(server,
        {list, NULL, 200,
         .texts = {"{\"returnObj\":{\"AdminSessionList\":[{", "]},\"parameters\":{\"morePages\":false}}"}},
        {list, NULL, 400, .texts = {"ErrorMessage"}, .behaviour = {.page_size_zero_400 = true}},
        {list, NULL, 200, .texts = {"\"LicNum\":30,", "]},\"parameters\":{\"morePages\":true}}"},
         .behaviour = {.method_rows = 30}},
        {SESSIONS "GetList", "{\"pageSize\":100,\"absolutePage\":3}", 200,
         .texts = {"\"LicNum\":250,", "\"morePages\":false"}},
        {SESSIONS "GetList", "{\"pageSize\":\"100\",\"absolutePage\":\"2\"}", 200,
         .texts = {"\"LicNum\":101,", "\"LicNum\":200,", "\"morePages\":true"}},
        {list, NULL, 200,
         .texts = {"{\"returnObj\":[{\"LicNum\":1,", "}],\"parameters\":{\"morePages\":false}}"},
         .behaviour = {.return_obj = SIMULATOR_RETURN_ARRAY}},
        {list, NULL, 200,
         .texts = {"{\"returnObj\":[{\"AdminSessionList\":[{", "}]}],\"parameters\":{\"morePages\":false}}"},
         .behaviour = {.return_obj = SIMULATOR_RETURN_SETS}},
        {list, NULL, 200,
         .texts = {"{\"parameters\":{\"morePages\":false},\"returnObj\":{\"AdminSessionList\":[{"},
         .behaviour = {.parameters_first = true}},
        {SESSIONS "GetSessionList", "{}", 200, .texts = {"AdminSessionList"}},
        {SESSIONS "GetFilteredSessionList", "{\"filter\":0}", 200, .texts = {"AdminSessionList"}},
        {SESSIONS "IsLockedForSessionCreation", "{}", 200, .texts = {"{\"returnObj\":false}"}},
        {SESSIONS "GetSessionIdleTimeout", NULL, 200, .texts = {"{\"returnObj\":480}"}});
}

static void columns_that_were_sent_are_known(void **state)
{
    struct simulator *server = *state;
    ASK(server, {SESSIONS "List?$select=CurComp,InUse&$filter=Expired%20eq%20false%20and%20not%20(InUse)",
                 NULL, 200, .texts = {"{\"CurComp\":\"EPIC06\",\"InUse\":false}"}});
    assert_int_equal(simulator_column_answers(server, "Ice.BO.AdminSessionSvc/List", "InUse"), 1);
    assert_int_equal(simulator_column_answers(server, "Ice.BO.AdminSessionSvc/List", "UserName"), 0);
    ASK(server, {SESSIONS "GetSessionList", "{}", 200, .texts = {"UserName"}},
        {CO "Ice.BO.APIKeySvc/APIKeys?$select=Name,ExpiresOn", NULL, 200,
         .texts = {"\"Name\":\"Monitoring\",\"ExpiresOn\":\"20"}});
    assert_int_equal(simulator_column_answers(server, "Ice.BO.AdminSessionSvc/List", "UserName"), 1);
    assert_int_equal(simulator_column_answers(server, "Ice.BO.APIKeySvc/APIKeys", "KeyHash"), 0);
    ASK(server, {CO "Ice.BO.APIKeySvc/APIKeys", NULL, 200, .texts = {"hash-of-key-1"}});
    assert_int_equal(simulator_column_answers(server, "Ice.BO.APIKeySvc/APIKeys", "KeyHash"), 1);
}

/* ---- §4.6: out of the pools ---- */

static void seats_are_those_of_the_pools(void **state)
{
    struct simulator *server = *state;
    simulator_set_seats(server, "WebService", 5);
    simulator_occupy_seats(server, "WebService", 4);
    simulator_set_seats(server, "CRM", 2);
    ASK(server,
        {CO "Ice.BO.AdminLicensingSvc/GetLicenseList", "{}", 200,
         .texts = {"{\"returnObj\":{\"AdminUserLicense\":[",
                   "\"UserLicenseCode\":\"00000003-9439-4B30-A6F4-6D2FD4B9FD0F\"",
                   "\"UserLicenseName\":\"WebService\",\"ActiveUsers\":4,\"AvailableUsers\":1,\"MaxUsers\":5",
                   "\"UserLicenseName\":\"CRM\",\"ActiveUsers\":0,\"AvailableUsers\":2,\"MaxUsers\":2",
                   "\"AdminSerialNumber\":[{"}},
        {CO "Ice.BO.AdminLicensingSvc/GetLicenseList", "{}", 200,
         .texts = {"\"returnObj\":[{\"UserLicenseCode\":\"DefaultUser\"", "\"MaxUsers\":\"5\""},
         .behaviour = {.license_codes = SIMULATOR_LICENSE_NAMES,
                       .return_obj = SIMULATOR_RETURN_ARRAY,
                       .integers_as_strings = true}},
        /* The asking call sits on a Default seat itself. */
        {CO "Erp.BO.CompanyLicenseInfoSvc/GetLicense", "{}", 200,
         .texts = {"UserLicenseData", "\"DefaultUser\",\"ActiveUsers\":1,"}},
        {CO "Ice.BO.AdminLicensingSvc/GetLicense", "{}", 400, .texts = {"installationId"}},
        {MODULE "GetLicense", "{\"companyID\":\"EPIC06\"}", 200, .texts = {"\"maxUsers\":160"}});
}

/* ---- §3, §5.4: rights ---- */

static void rights_are_missing_in_three_forms(void **state)
{
    struct simulator *server = *state;
    simulator_set_right(server, "Ice.BO.AdminSessionSvc", false);
    ASK(server,
        {SESSIONS "GetSessionList", "{}", 401,
         .texts = {"Access denied (Ice.BO.AdminSessionSvc.GetSessionList)."}},
        {SESSIONS "List", NULL, 403, .texts = {"Access denied ("},
         .behaviour = {.right_refusal = SIMULATOR_RIGHT_403}},
        {SESSIONS "$metadata", NULL, 404, .texts = {"System.UnauthorizedAccessException"},
         .behaviour = {.right_refusal = SIMULATOR_RIGHT_404}},
        {MODULE "GetPatchLevel", "{}", 200, .texts = {"returnObj"}});
}

/* ---- §5.2 ---- */

static void lists_tell_what_is_there(void **state)
{
    struct simulator *server = *state;
    simulator_set_function(server,
                           &(struct simulator_function){.name = "MonitorLib/Hidden", .staging = true});
    ASK(server,
        {CO "BaqSvc", NULL, 200,
         .texts =
             {"\"@odata.context\":",
              "{\"name\":\"zExporterOpenOrders\",\"kind\":\"EntitySet\",\"url\":\"zExporterOpenOrders\"}"}},
        {CO "BaqSvc", NULL, 200, .texts = {"\"name\":\"zListed05000\""}, .behaviour = {.more_baqs = 5000}},
        {"api/v1/BaqSvc", NULL, 200,
         .texts = {"odata.metadata", "{\"name\":\"zLicenseUsage\",\"url\":\"zLicenseUsage\"}"}},
        {CO "Ice.BO.SysTaskSvc", NULL, 200, .texts = {"\"SysTasks\"", "\"SysTaskLogs\""}},
        {CO "Ice.LIB.SessionModSvc", NULL, 200, .texts = {"\"value\":[]"}},
        {CO "Erp.BO.NothingSvc", NULL, 404, .texts = {"not found"}},
        {"api/v2/environment", NULL, 200, .texts = {"{\"Companies\":[{\"Company\":\"EPIC06\",\"Plants\":[{"}},
        {"api/v2/environment", NULL, 200, .texts = {"[{\"Company\":\"EPIC06\""},
         .behaviour = {.environment = SIMULATOR_ENVIRONMENT_ARRAY}},
        {"api/v2/environment", NULL, 200, .texts = {"{}"},
         .behaviour = {.environment = SIMULATOR_ENVIRONMENT_EMPTY}},
        {"api/v2/efx/EPIC06", NULL, 200,
         .texts = {"{\"value\":[{\"LibraryID\":\"MonitorLib\",\"Functions\":[{\"FunctionID\":\"Ping\"},{"
                   "\"FunctionID\":\"QueueDepth\"}]}]}"}},
        {"api/v2/efx/EPIC06", NULL, 200, .texts = {"[{\"LibraryID\":\"MonitorLib\",\"Functions\":["},
         .behaviour = {.efx_list = SIMULATOR_EFX_ARRAY}},
        {"api/v2/efx/EPIC06", NULL, 200, .texts = {"{\"LibraryID\":\"MonitorLib\",\"FunctionID\":\"Ping\"}"},
         .behaviour = {.efx_list = SIMULATOR_EFX_PAIRS}},
        {"api/v2/efx/EPIC06", NULL, 200, .texts = {"[\"MonitorLib\"]"},
         .behaviour = {.efx_list = SIMULATOR_EFX_LIBRARIES}},
        {"api/v2/efx/EPIC06", NULL, 200, .texts = {"{\"MonitorLib\":[\"Ping\",\"QueueDepth\"]}"},
         .behaviour = {.efx_list = SIMULATOR_EFX_MAP}},
        {"api/v2/efx/NOWHERE", NULL, 404, .texts = {"Invalid URL"}});
}

/* ---- $metadata, and changes at run time ---- */

static void metadata_follows_the_rows(void **state)
{
    struct simulator *server = *state;
    const char *metadata = CO "BaqSvc/zExporterOpenOrders/$metadata",
               *data = CO "BaqSvc/zExporterOpenOrders/Data?$top=1";
    ASK(server,
        {metadata, NULL, 200,
         .texts = {"application/xml", "<edmx:Edmx Version=\"4.0\"",
                   "<Property Name=\"OrderHed_OrderNum\" Type=\"Edm.Int32\"/>",
                   "<Property Name=\"OrderHed_TotalCharges\" Type=\"Edm.Decimal\"/>",
                   "<Property Name=\"OrderHed_OpenOrder\" Type=\"Edm.Boolean\"/>"}},
        {"api/v1/BaqSvc/zExporterOpenOrders/$metadata", NULL, 200,
         .texts = {"<edmx:Edmx Version=\"1.0\"",
                   "<Property Name=\"OrderHed_NeedByDate\" Type=\"Edm.DateTime\"/>"}},
        {PARTS "$metadata", NULL, 200,
         .texts = {"<EntitySet Name=\"Parts\"", "<Property Name=\"SysRowID\" Type=\"Edm.Guid\"/>"}},
        {CO "$metadata", NULL, 404, .texts = {"not found"}},
        {CO "$metadata", NULL, 200, .texts = {"Erp_BO_PartSvc_Parts", "zExporterOpenOrders"},
         .behaviour = {.company_metadata = true}},
        {CO "Erp.BO.NothingSvc/$metadata", NULL, 404, .texts = {"not found"}},
        {CO "BaqSvc/zNothing/$metadata", NULL, 404, .texts = {"zNothing"}});
    simulator_add_column(server, "zExporterOpenOrders", "Calculated_Late", "{n%3}.5");
    simulator_set_column_type(server, "zExporterOpenOrders", "OrderHed_OrderNum", "Edm.Int64");
    simulator_remove_column(server, "zExporterOpenOrders", "Customer_Name");
    simulator_move_column_last(server, "zExporterOpenOrders", "OrderHed_OrderNum");
    ASK(server,
        {metadata, NULL, 200,
         .texts = {"<Property Name=\"Calculated_Late\" Type=\"Edm.Decimal\"/>"
                   "<Property Name=\"OrderHed_OrderNum\" Type=\"Edm.Int64\"/>"}},
        {data, NULL, 200,
         .texts = {
             "[{\"OrderHed_TotalCharges\":1.25,\"OrderHed_NeedByDate\":\"2023-10-06T00:00:00\",\"OrderHed_"
             "OpenOrder\":true,"
             "\"OrderHed_ShipViaCode\":null,\"Calculated_Late\":1.5,\"OrderHed_OrderNum\":1,\"RowIdent\""}});
    simulator_set_rows(server, "zExporterOpenOrders", 0);
    ASK(server, {data, NULL, 200, .texts = {"\"value\":[]}"}});
}

static void queries_have_parameters(void **state)
{
    const char *path = CO "BaqSvc/zExporterOrdersByPlant/Data";
    ASK(*state,
        {CO "BaqSvc/zExporterOrdersByPlant/Data?CurrentPlant=LAF", NULL, 200,
         .texts = {"\"OrderHed_Plant\":\"LAF\""}},
        {CO "BaqSvc/zExporterOrdersByPlant/Data?CurrentPlant='LAF'", NULL, 200,
         .texts = {"\"OrderHed_Plant\":\"LAF\""}},
        {CO "BaqSvc/zExporterOrdersByPlant/Data?currentplant=LAF", NULL, 400, .texts = {"CurrentPlant"}},
        {path, NULL, 400, .texts = {"BusinessObjectException"}});
}

static void envelopes_have_four_forms(void **state)
{
    const char *path = CO "BaqSvc/zLicenseUsage/Data?$top=1";
    ASK(*state, {path, NULL, 200, .texts = {"{\"@odata.context\":", "odata.metadata=minimal"}},
        {path, NULL, 200, .texts = {"{\"odata.metadata\":"},
         .behaviour = {.envelope = SIMULATOR_ENVELOPE_V3}},
        {path, NULL, 200, .texts = {"{\"value\":[{"}, .behaviour = {.envelope = SIMULATOR_ENVELOPE_BARE}},
        {"api/v1/BaqSvc/zLicenseUsage?$top=1", NULL, 200, .texts = {"{\"@odata.context\":"},
         .behaviour = {.envelope = SIMULATOR_ENVELOPE_V4}},
        {path, NULL, 200, .texts = {"\"Calculated_Used\":\"157\""},
         .behaviour = {.integers_as_strings = true}});
}

static void filters_are_understood_or_refused(void **state)
{
    static const struct {
        const char *filter;
        long status;
        const char *text;
    } cases[] = {
        {"TaskStatus%20eq%20'Active'", 200, "[{\"SysTaskNum\":1}]"},
        {"TaskStatus%20eq%20'Active'%20or%20TaskStatus%20eq%20'Error'", 200,
         "[{\"SysTaskNum\":1},{\"SysTaskNum\":4}]"},
        {"(TaskStatus%20eq%20'Active'%20or%20TaskStatus%20eq%20'Complete')%20and%20History", 200,
         "[{\"SysTaskNum\":2},{\"SysTaskNum\":3}]"},
        {"EndedOn%20eq%20null", 200, "[{\"SysTaskNum\":1}]"},
        {"EndedOn%20gt%202000-01-01T00:00:00Z", 200,
         "[{\"SysTaskNum\":2},{\"SysTaskNum\":3},{\"SysTaskNum\":4}]"},
        {"EndedOn%20gt%209000-01-01T00:00:00Z", 200, "[]"},
        {"not%20(startswith(TaskDescription,'P'))", 200, "[{\"SysTaskNum\":1},{\"SysTaskNum\":4}]"},
        {"endswith(TaskDescription,'Engine')", 200, "[{\"SysTaskNum\":2}]"},
        {"contains(TaskDescription,'O''Neill')", 200, "[]"},
        {"StartedOn%20gt%20DateTime'2000-01-01T00:00:00'%20and%20SysTaskNum%20le%201", 200,
         "[{\"SysTaskNum\":1}]"},
        {"Nothing%20eq%201", 400, "Could not find a property"},
        {"TaskStatus%20eq", 400, "Syntax error"},
        {"TaskStatus%20foo%201", 400, "Syntax error"},
        {"(TaskStatus%20eq%20'Active'", 400, "Syntax error"},
        {"TaskStatus%20eq%20'Active", 400, "Syntax error"},
        {"contains(TaskStatus)", 400, "Syntax error"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, CO "Ice.BO.SysTaskSvc/SysTasks?$select=SysTaskNum&$filter=%s",
                 cases[i].filter);
        http_expect(*state, &(struct http_request){.path = path, .headers = {BASIC, KEY}}, cases[i].status,
                    TEXTS(cases[i].text));
    }
}

/* ---- what is no JSON ---- */

static void soap_takes_envelopes(void **state)
{
    struct simulator *server = *state;
    ASK(server,
        {"Erp/BO/Part.svc", ENVELOPE("GetRows"), 200, .texts = {"<GetRowsResponse", "text/xml"},
         .type = "text/xml"},
        {"Erp/BO/Part.svc", ENVELOPE("Nothing"), 500, .texts = {"<s:Fault>", "not known"},
         .type = "text/xml; charset=utf-8"},
        {"Erp/BO/Part.svc", "<a/>", 500, .texts = {"<s:Fault>"}, .type = "text/xml"},
        {"Erp/BO/Part.svc", "{}", 415, .texts = {"HTTP Error 415"}});
    simulator_set_right(server, "Erp/BO/Part.svc", false);
    ASK(server,
        {"Erp/BO/Part.svc", ENVELOPE("GetRows"), 401, .texts = {"Access denied ("}, .type = "text/xml"});
}

static void pages_are_what_was_set(void **state)
{
    struct simulator *server = *state;
    struct http_request request = {.path = "api/help/v2/"};
    http_expect(server, &request, 200, TEXTS("Help"));
    request.path = "feeds/orders";
    http_expect(server, &request, 404, NULL);
    simulator_set_page(server, &(struct simulator_page){.path = "feeds/orders",
                                                        .content_type = "application/atom+xml",
                                                        .text = "<feed/>"});
    http_expect(server, &request, 401, NULL);
    request.headers[0] = BASIC;
    http_expect(server, &request, 200, TEXTS("<feed/>", "application/atom+xml"));
    request.method = "HEAD";
    http_expect(server, &request, 200, TEXTS("application/atom+xml"));
    request.method = "DELETE";
    http_expect(server, &request, 405, TEXTS("Allow: GET"));
}

/* ---- the ways by name ---- */

static void every_way_can_be_chosen(void **state)
{
    const char *name, *choices;
    (void)state;
    for (size_t i = 0; simulator_behaviour_name(i, &name, &choices); i++) {
        struct simulator_behaviour usual = {0}, behaviour = {0};
        const char *last = strrchr(choices, '|');
        char first[64];
        snprintf(first, sizeof first, "%.*s", (int)strcspn(choices, "|"), choices);
        assert_true(simulator_behaviour_choose(&behaviour, name, last ? last + 1 : "7"));
        if (memcmp(&usual, &behaviour, sizeof usual) == 0)
            fail_msg("%s changes nothing", name);
        assert_true(simulator_behaviour_choose(&behaviour, name, last ? first : "0"));
        if (memcmp(&usual, &behaviour, sizeof usual) != 0)
            fail_msg("%s=%s is not the usual way", name, first);
        assert_false(simulator_behaviour_choose(&behaviour, name, "nonsense"));
        assert_false(simulator_behaviour_choose(&behaviour, name, ""));
    }
    assert_false(simulator_behaviour_choose(&(struct simulator_behaviour){0}, "nothing", "yes"));
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, server_start, server_stop)

ALL_TESTS(SERVED(methods_answer), SERVED(methods_without_output_have_four_forms),
          SERVED(sessions_come_in_pages), SERVED(columns_that_were_sent_are_known),
          SERVED(seats_are_those_of_the_pools), SERVED(rights_are_missing_in_three_forms),
          SERVED(lists_tell_what_is_there), SERVED(metadata_follows_the_rows),
          SERVED(queries_have_parameters), SERVED(envelopes_have_four_forms),
          SERVED(filters_are_understood_or_refused), SERVED(soap_takes_envelopes),
          SERVED(pages_are_what_was_set), cmocka_unit_test(every_way_can_be_chosen));
