/* The simulator against the wire facts: shapes, quirks, counts. A section's number stands with what it says. */
#include "main.h"

#include "integration/http_client.h"
#include "simulator/simulator.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA(baq) "api/v2/odata/EPIC06/BaqSvc/" baq "/Data"

static size_t rows_count(struct simulator *server, const struct http_request *request)
{
    struct http_answer answer = http_ask(server, request);
    cJSON *json = cJSON_Parse(answer.body);
    assert_int_equal(answer.status, 200);
    if (!cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(json, "value")))
        fail_msg("no rows in %s", answer.body);
    size_t count = (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "value"));
    cJSON_Delete(json);
    http_answer_free(&answer);
    return count;
}

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

static void behave(struct simulator *server, struct simulator_behaviour behaviour)
{
    simulator_set_behaviour(server, &behaviour);
}

#define BEHAVE(...) behave(server, (struct simulator_behaviour){__VA_ARGS__})

/* ---- §1 -------------------------------------------------------------------------------------------------------- */

static void token_has_both_forms(void **state)
{
    struct simulator *server = *state;
    struct http_request request = {"TokenResource.svc/", .body = "", .headers = {USER}};
    http_expect(server, &request, 200,
                TEXTS("\"AccessToken\":\"eyJ", "\"ExpiresIn\":3600", "\"RefreshToken\":\"\"",
                      "\"TokenType\":\"Bearer\"", "application/json"));
    request.path = "TokenResource.svc";
    request.headers[2] = "Accept: */*";
    http_expect(server, &request, 200,
                TEXTS("<Token xmlns=\"http://schemas.datacontract.org/2004/07/Epicor.Web\"",
                      "<AccessToken>eyJ",
                      "<ExpiresIn>3600</ExpiresIn><RefreshToken/><TokenType>Bearer</TokenType></Token>"));
    request = (struct http_request){"TokenResource.svc", .body = "{}", .headers = {BASIC}};
    http_expect(server, &request, 200, TEXTS("\"AccessToken\""));
    request = (struct http_request){"TokenResource.svc/", .headers = {USER}};
    http_expect(server, &request, 405, NULL);
    request.method = "POST"; /* without a body, libcurl sends no Content-Length with it */
    http_expect(server, &request, 411, NULL);
    assert_int_equal(simulator_requests(server, "TokenResource"), 5);
    assert_int_equal(simulator_tokens(server), 3);
}

static void token_claims_are_strings(void **state)
{
    struct simulator *server = *state;
    for (int form = 0; form < 2; form++) {
        BEHAVE(.token_claims = (unsigned)form, .token_lifetime = 77, .clock_offset = 7200);
        char *header = http_bearer(server);
        char *payload = strchr(header, '.') + 1;
        *strchr(payload, '.') = '\0';
        /* {"exp":" in base64url, or {"exp":1 */
        assert_memory_equal(payload, form ? "eyJleHAiOj" : "eyJleHAiOi", 10);
        free(header);
    }
}

static void token_switches(void **state)
{
    struct simulator *server = *state;
    struct http_request request = {"TokenResource.svc/", .body = "", .headers = {USER}};
    BEHAVE(.expires_in = SIMULATOR_EXPIRES_STRING, .token_lifetime = 100);
    http_expect(server, &request, 200, TEXTS("\"ExpiresIn\":\"100\""));
    BEHAVE(.token_names = SIMULATOR_NAMES_OAUTH);
    http_expect(server, &request, 200, TEXTS("\"access_token\"", "\"expires_in\":3600"));
    BEHAVE(.token_form = SIMULATOR_TOKEN_XML);
    http_expect(server, &request, 200, TEXTS("<AccessToken>"));
    BEHAVE(.token_feature = SIMULATOR_TOKENS_OFF_404);
    http_expect(server, &request, 404, TEXTS("text/html"));
    BEHAVE(.token_feature = SIMULATOR_TOKENS_OFF_500);
    http_expect(server, &request, 500, TEXTS("\"HttpStatus\":500"));
    BEHAVE(.expires_in = SIMULATOR_EXPIRES_MISSING, .refresh_token = SIMULATOR_REFRESH_ABSENT);
    struct http_answer answer = http_ask(server, &request);
    assert_null(strstr(answer.body, "ExpiresIn"));
    assert_null(strstr(answer.body, "RefreshToken"));
    http_answer_free(&answer);

    BEHAVE(.token_byte_order_mark = true);
    http_expect(server, &request, 200, TEXTS("\xef\xbb\xbf{\"AccessToken\""));
    BEHAVE(.token_slash_redirects = true);
    http_expect(server, &request, 200, NULL);
    request.path = "TokenResource.svc";
    http_expect(server, &request, 301, TEXTS("Location: /KineticLive/TokenResource.svc/\r\n"));
    struct http_request basic = {"TokenResource.svc", .body = "", .headers = {BASIC}};
    BEHAVE(.token_credentials = SIMULATOR_CREDENTIALS_HEADERS);
    http_expect(server, &request, 200, NULL);
    http_expect(server, &basic, 401, NULL);
    BEHAVE(.token_credentials = SIMULATOR_CREDENTIALS_BASIC);
    http_expect(server, &request, 401, NULL);
    http_expect(server, &basic, 200, NULL);

    BEHAVE(.token_lifetime = 0);
    simulator_set_password(server, "epicor-monitor", "changed");
    http_expect(server, &request, 401, TEXTS("\"ErrorMessage\":\"Invalid username or password.\""));
    BEHAVE(.token_refusal = SIMULATOR_REFUSAL_XML);
    http_expect(server, &request, 401,
                TEXTS("<ApiExceptionResponse", "<HttpStatus>Unauthorized</HttpStatus>"));
    BEHAVE(.token_refusal = SIMULATOR_REFUSAL_HTML);
    http_expect(server, &request, 401, TEXTS("text/html"));
    BEHAVE(.token_refusal = SIMULATOR_REFUSAL_EMPTY);
    http_expect(server, &request, 401, TEXTS("Content-Length: 0"));
}

/* ---- §3 -------------------------------------------------------------------------------------------------------- */

static void access_is_told_by_text(void **state)
{
    struct simulator *server = *state;
    char *bearer = http_bearer(server);
    struct http_request request = {DATA("zLicenseUsage"), .headers = {bearer, KEY}};
    http_expect(server, &request, 200, TEXTS("\"Calculated_Type\":\"WebService\",\"Calculated_Used\":1"));

    request.headers[1] = "x-api-key: wr\"ong";
    http_expect(server, &request, 401,
                TEXTS("\"ErrorMessage\":\"Invalid API Key wr\\\"ong.\\r\\nCompany EPIC06.\"",
                      "\"ErrorType\":\"System.UnauthorizedAccessException\"",
                      "\"ReasonPhrase\":\"REST API Exception\"", "\"CorrelationId\":\""));
    request.headers[1] = NULL;
    http_expect(server, &request, 401, TEXTS("API Key is required"));
    request.path = DATA("zLicenseUsage") "?api-key=demo-api-key";
    http_expect(server, &request, 200, NULL);
    BEHAVE(.key_refusal = SIMULATOR_KEY_403);
    request.path = DATA("zLicenseUsage");
    http_expect(server, &request, 403, TEXTS("Access denied: API Key"));
    BEHAVE(.key_refusal = SIMULATOR_KEY_404);
    http_expect(server, &request, 404, TEXTS("UnauthorizedAccessException"));

    BEHAVE(.token_lifetime = 0);
    request.headers[1] = KEY;
    simulator_set_right(server, "BaqSvc/zLicenseUsage", false);
    http_expect(server, &request, 401, TEXTS("\"ErrorMessage\":\"Access denied (BaqSvc.zLicenseUsage).\""));
    simulator_set_right(server, "BaqSvc/zLicenseUsage", true);
    simulator_set_api_key(server, "EPIC06", "other-key");
    http_expect(server, &request, 401, TEXTS("Invalid API Key demo-api-key."));
    request.path = "api/v2/odata/EPIC07/BaqSvc/zLicenseUsage/Data";
    http_expect(server, &request, 200, NULL);
    request.path = "api/v2/odata/NOWHERE/BaqSvc/zLicenseUsage/Data";
    http_expect(server, &request, 404, TEXTS("Invalid URL"));
    request.path = "api/v1/BaqSvc/zLicenseUsage/";
    request.headers[1] = NULL;
    http_expect(server, &request, 200, TEXTS("\"odata.metadata\":"));

    simulator_revoke_tokens(server);
    http_expect(server, &request, 401, TEXTS("WWW-Authenticate: Bearer", "Content-Length: 0"));
    request.headers[0] = BASIC;
    http_expect(server, &request, 200, NULL);
    request.headers[0] = NULL;
    http_expect(server, &request, 401, TEXTS("Invalid username or password."));
    free(bearer);
}

static void tokens_expire_by_the_servers_clock(void **state)
{
    struct simulator *server = *state;
    BEHAVE(.clock_offset = -7200, .token_lifetime = 60);
    char *bearer = http_bearer(server);
    struct http_request request = {DATA("zLicenseUsage"), .headers = {bearer, KEY}};
    http_expect(server, &request, 200, NULL);
    BEHAVE(.clock_offset = -7200 + 61);
    http_expect(server, &request, 401, NULL);
    free(bearer);

    BEHAVE(.claims_lifetime = 60);
    bearer = http_bearer(server);
    request.headers[0] = bearer;
    http_expect(server, &request, 200, NULL);
    BEHAVE(.clock_offset = 61);
    http_expect(server, &request, 401, NULL);
    free(bearer);

    BEHAVE(.token_claims = SIMULATOR_OPAQUE_TOKEN);
    bearer = http_bearer(server);
    assert_null(strchr(bearer, '.'));
    request.headers[0] = bearer;
    http_expect(server, &request, 200, NULL);
    free(bearer);
}

/* ---- §6 -------------------------------------------------------------------------------------------------------- */

static void baq_rows_and_options(void **state)
{
    struct simulator *server = *state;
    struct http_request request = {DATA("zExporterPartOnHand"), .headers = {BASIC, KEY}};
    static const struct {
        const char *path;
        size_t rows;
    } cases[] = {
        {DATA("zExporterOpenOrders"), 40},
        {DATA("zExporterPartOnHand"), 100}, /* the cap */
        {DATA("zExporterPartOnHand") "?$top=200", 100},
        {DATA("zExporterPartOnHand") "?$top=7&$skip=246", 4},
        {DATA("zExporterPartOnHand") "?$skip=250", 0},
        {DATA("zExporterPartOnHand") "?%24top=0", 0},
        {DATA("zExporterPartOnHand") "?$filter=Part_PartNum%20eq%20'P-17'", 1},
        {DATA("zExporterPartOnHand") "?$filter=Part_PartNum+eq+'P-17'%20and%20Part_InActive%20eq%20true", 0},
        {DATA("zExporterPartOnHand") "?$filter=PartWhse_OnHandQty%20lt%2011", 10},
        {DATA("zExporterPartOnHand") "?$filter=PartWhse_OnHandQty%20lt%2011&$skip=4", 6},
        {DATA("zExporterPartOnHand") "?$filter=contains(Part_PartNum,'-17')", 11},
        {DATA("zExporterPartOnHand") "?CurrentPlant=LAF&vendorId=001008", 100},
        {"api/v1/BaqSvc/zExporterOpenOrders", 40},
        {"api/v1/BaqSvc/zExporterOpenOrders('EPIC07')?$top=3", 3},
        {"api/v2/odata/EPIC06/Erp.BO.CompanySvc/Companies?$top=1", 1},
        {"api/v2/odata/EPIC06/Erp.BO.PartSvc/Parts", 100},
        {"api/v1/Erp.BO.PartSvc/Parts?$top=20", 20},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        request.path = cases[i].path;
        size_t rows = rows_count(server, &request);
        if (rows != cases[i].rows)
            fail_msg("%s: %zu rows and not %zu", cases[i].path, rows, cases[i].rows);
    }
    request.path = DATA(
        "zExporterPartOnHand") "?$top=2&$skip=1&$select=Part_PartNum,Part_ProdCode&$count=true";
    http_expect(
        server, &request, 200,
        TEXTS("\"@odata.context\":\"", "\"@odata.count\":250,",
              "\"value\":[{\"Part_PartNum\":\"P-2\",\"Part_ProdCode\":null},{\"Part_PartNum\":\"P-3\""));
    request.path = DATA("zExporterPartOnHand") "?$top=1&$orderby=Part_PartNum%20desc&$select=Part_PartNum";
    http_expect(server, &request, 200, TEXTS("[{\"Part_PartNum\":\"P-99\"}]"));
    request.path = "api/v1/BaqSvc/zExporterPartOnHand?$top=1&$inlinecount=allpages";
    http_expect(server, &request, 200, TEXTS("\"odata.count\":250,", "\"RowIdent\":\""));
    request.path = DATA("zExporterPartOnHand") "?$select=Part_Nothing";
    http_expect(server, &request, 400, TEXTS("Could not find a property named 'Part_Nothing'"));
    request.path = DATA("zExporterPartOnHand") "?$top=-1";
    http_expect(server, &request, 400, TEXTS("\"ErrorDetails\":[{\"Message\":\"Invalid value '-1' for $top"));
    request.path = DATA("zNothing");
    http_expect(server, &request, 404, TEXTS("\"ErrorType\":\"Epicor.RESTApi.ErrorHandling.ApiException\""));
    request.path = "api/v2/odata/EPIC06/BaqSvc/zExporterPartOnHand";
    http_expect(server, &request, 200, TEXTS("\"kind\":\"EntitySet\""));
    request.path = "api/v2/odata/EPIC06/Erp.BO.PartSvc/Parts(Company='EPIC06',PartNum='P-3')";
    http_expect(server, &request, 200, TEXTS("/$entity\",\"Company\":\"EPIC06\",\"PartNum\":\"P-3\""));
    request.path = "api/v2/odata/EPIC06/Erp.BO.PartSvc/Parts(Company='EPIC06',PartNum='none')";
    http_expect(server, &request, 404, TEXTS("RecordNotFoundException"));
    request.path = "api/v2/odata/EPIC06/Erp.BO.PartSvc/Parts()";
    http_expect(server, &request, 400, TEXTS("Error in query syntax"));
    request.path = "api/v2/odata/EPIC06/Erp.BO.PartSvc/Nothing";
    http_expect(server, &request, 404, TEXTS("ApiException"));

    BEHAVE(.decimals_as_strings = true, .pad_characters = true, .count_form = SIMULATOR_COUNT_STRING);
    request.path = DATA("zExporterPartOnHand") "?$top=1&$count=true";
    http_expect(server, &request, 200,
                TEXTS("\"PartWhse_OnHandQty\":\"1.50000000\"",
                      "\"Part_ClassID\":\"RAW                           \"", "\"@odata.count\":\"250\"",
                      "\"Part_ChangedOn\":\"2023-10-06T00:00:00\""));
    BEHAVE(.count_form = SIMULATOR_COUNT_ABSENT, .content_length = true, .row_cap = SIMULATOR_UNLIMITED);
    struct http_answer answer = http_ask(server, &request);
    assert_null(strstr(answer.body, "odata.count"));
    assert_non_null(strstr(answer.head, "Content-Length:"));
    http_answer_free(&answer);
    simulator_set_rows(server, "zExporterPartOnHand", 0);
    request.path = DATA("zExporterPartOnHand");
    assert_int_equal(rows_count(server, &request), 0);
    simulator_set_rows(server, "zExporterPartOnHand", 1000);
    assert_int_equal(rows_count(server, &request), 1000);
    BEHAVE(.row_cap = 1000);
    assert_int_equal(rows_count(server, &request), 1000);
}

static size_t bytes_count(char *data, size_t unit, size_t count, void *context)
{
    (void)data;
    *(uint64_t *)context += unit * count;
    return unit * count;
}

static void huge_answers_need_no_memory(void **state)
{
    struct simulator *server = *state;
    static const struct simulator_column wide[] = {
        {"Table_Number", "{n}"},
        {"Table_Text", "\"................................................................................"
                       "................................................................................"
                       "................................................................................\""},
        {NULL, NULL},
    };
    simulator_set_baq(server, "zHuge", wide, 200000);
    for (int framed = 0; framed < 2; framed++) {
        BEHAVE(.row_cap = SIMULATOR_UNLIMITED, .content_length = framed == 1);
        char url[256];
        uint64_t size = 0;
        CURL *curl = curl_easy_init();
        struct curl_slist *list = curl_slist_append(NULL, BASIC);
        snprintf(url, sizeof url, "%s/api/v1/BaqSvc/zHuge", simulator_url(server));
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, bytes_count);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &size);
        assert_int_equal(curl_easy_perform(curl), CURLE_OK);
        assert_true(size > UINT64_C(200000) * 260);
        curl_slist_free_all(list);
        curl_easy_cleanup(curl);
    }
}

static void answers_are_gzipped(void **state)
{
    struct simulator *server = *state;
    static const char *const paths[] = {"TokenResource.svc/", DATA("zExporterPartOnHand"),
                                        DATA("zExporterPartOnHand") "?$top=0", DATA("zNothing")};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct http_request request = {paths[i], .headers = {USER, BASIC, KEY}, .body = i ? NULL : ""};
        struct http_answer plain = http_ask(server, &request);
        request.gzip = true;
        BEHAVE(.gzip = true);
        struct http_answer packed = http_ask(server, &request);
        BEHAVE(.gzip = false);
        assert_int_equal(packed.code, CURLE_OK);
        assert_non_null(strstr(packed.head, "Content-Encoding: gzip"));
        assert_null(strstr(plain.head, "Content-Encoding"));
        assert_int_equal(packed.size > 20, true);
        if (i == 1 || i == 2) /* the others hold a token or a GUID */
            assert_string_equal(packed.body, plain.body);
        http_answer_free(&plain);
        http_answer_free(&packed);
    }
}

/* ---- §5.3 ------------------------------------------------------------------------------------------------------ */

static void functions_answer(void **state)
{
    struct simulator *server = *state;
    struct http_request request = {"api/v2/efx/EPIC06/MonitorLib/Ping", .body = "{}",
                                   .headers = {BASIC, KEY}};
    http_expect(server, &request, 200, TEXTS("{\"Success\":true,\"Message\":\"pong\",\"ServerTime\":\"20"));
    request.path = "api/v2/efx/EPIC06/MonitorLib/QueueDepth/";
    http_expect(server, &request, 200, TEXTS("{\"Depth\":1}"));
    request.body = "{\"a\":1, \"unknown\":[]}";
    http_expect(server, &request, 200, TEXTS("{\"Depth\":2}"));
    request.body = "{\xe2\x80\x9c"
                   "a\xe2\x80\x9d:1}";
    http_expect(server, &request, 400, TEXTS("Missing Root Element"));
    request.body = "";
    http_expect(server, &request, 400, TEXTS("Missing Root Element"));
    request.body = NULL;
    http_expect(server, &request, 405, NULL);

    request = (struct http_request){"api/v2/efx/staging/EPIC06/Lib/New", .body = "{}",
                                    .headers = {BASIC, KEY}};
    simulator_set_function(
        server, &(struct simulator_function){.name = "Lib/New",
                                             .staging = true,
                                             .answer = "{\"a\":null,\"Success\":false,\"b\":null}"});
    http_expect(server, &request, 200, TEXTS("{\"Success\":false}"));
    request.path = "api/v2/efx/EPIC06/Lib/New";
    http_expect(server, &request, 404, TEXTS("Can't find library Lib"));
    simulator_set_function(server, &(struct simulator_function){.name = "Lib/New",
                                                                .outcome = SIMULATOR_FUNCTION_BL_EXCEPTION,
                                                                .message = "Order is closed."});
    http_expect(server, &request, 400, TEXTS("\"ErrorMessage\":\"Order is closed.\"", "BLException"));
    simulator_set_function(
        server, &(struct simulator_function){.name = "Lib/New", .outcome = SIMULATOR_FUNCTION_UNHANDLED});
    http_expect(server, &request, 500, TEXTS("CorrelationId"));
    simulator_set_function(server, &(struct simulator_function){.name = "Lib/New", .not_found_every = 2});
    http_expect(server, &request, 200, TEXTS("{}"));
    http_expect(server, &request, 404, TEXTS("Can't find library Lib"));
    http_expect(server, &request, 200, TEXTS("{}"));
}

/* ---- §4 -------------------------------------------------------------------------------------------------------- */

#define WEB_SERVICE "License: {\"ClaimedLicense\":\"00000003-9439-4B30-A6F4-6D2FD4B9FD0F\"}"

static void seats_fill_throttle_and_refuse(void **state)
{
    struct simulator *server = *state;
    struct http_request request = {DATA("zLicenseUsage"), .headers = {BASIC, KEY, WEB_SERVICE}};
    http_expect(server, &request, 200, NULL);
    assert_int_equal(simulator_seats_calls(server, "WebService"), 1);
    assert_int_equal(simulator_seats_peak(server, "WebService"), 1);
    simulator_set_seats(server, "WebService", 3);
    simulator_occupy_seats(server, "WebService", 3);
    BEHAVE(.shared_delay_ms = 60);
    struct http_answer answer = http_ask(server, &request);
    assert_int_equal(answer.status, 200);
    assert_true(answer.seconds >= 0.06);
    http_answer_free(&answer);
    assert_int_equal(simulator_seats_calls(server, "WebServiceShared"), 1);
    BEHAVE(.seats_gone = SIMULATOR_SEATS_REFUSED, .seats_status = 401);
    http_expect(server, &request, 401,
                TEXTS("Maximum users exceeded on license type: WebService assigned to company: EPIC06"));
    simulator_set_seats(server, "WebService", 0);
    http_expect(server, &request, 200, NULL);
    assert_int_equal(simulator_seats_calls(server, "Default"), 1);
    simulator_set_seats(server, "Default", 0);
    BEHAVE(.latency_ms = 0);
    request.headers[2] = NULL;
    http_expect(server, &request, 500, TEXTS("license type: DefaultUser assigned to company: EPIC06"));
    assert_int_equal(simulator_seats_taken(server, "WebService"), 0);
}

static void an_aborted_call_keeps_its_seat(void **state)
{
    struct simulator *server = *state;
    struct http_request request = {DATA("zLicenseUsage"), .headers = {BASIC, KEY, WEB_SERVICE},
                                   .timeout_ms = 100};
    simulator_add_fault(server, &(struct simulator_fault){.delay_ms = 60000});
    struct http_answer answer = http_ask(server, &request);
    assert_int_equal(answer.code, CURLE_OPERATION_TIMEDOUT);
    http_answer_free(&answer);
    assert_int_equal(simulator_seats_taken(server, "WebService"), 1);
    assert_false(simulator_wait_idle(server, 10));
}

/* ---- faults, §5.4 ---------------------------------------------------------------------------------------------- */

static void faults_come_and_go(void **state)
{
    struct simulator *server = *state;
    struct http_request request = {DATA("zLicenseUsage"), .headers = {BASIC, KEY}};
    unsigned fault = simulator_add_named_fault(server, "conversions_pending", "zLicense", 2);
    http_expect(server, &request, 503, TEXTS("ConversionsPendingException", "\"HttpStatus\":503"));
    http_expect(server, &request, 503, NULL);
    http_expect(server, &request, 200, NULL);
    assert_int_equal(simulator_fault_hits(server, fault), 2);

    fault = simulator_add_named_fault(server, "http_503", NULL, 0);
    http_expect(server, &request, 503, TEXTS("text/html", "Service Unavailable"));
    simulator_clear_fault(server, fault);
    simulator_add_named_fault(server, "http_429", NULL, 1);
    http_expect(server, &request, 429, TEXTS("Retry-After: 5"));
    simulator_add_named_fault(server, "http_429_date", NULL, 1);
    http_expect(server, &request, 429, TEXTS("Retry-After: ", " GMT"));
    simulator_add_fault(
        server, &(struct simulator_fault){
                    .skip = 1, .count = 1, .status = 500, .body = SIMULATOR_BODY_ODATA3, .message = "bad"});
    http_expect(server, &request, 200, NULL);
    http_expect(
        server, &request, 500,
        TEXTS("{\"odata.error\":{\"code\":\"\",\"message\":{\"lang\":\"en-US\",\"value\":\"bad\"}}}"));
    simulator_add_fault(server, &(struct simulator_fault){.count = 1, .body_delay_ms = 50});
    struct http_answer answer = http_ask(server, &request);
    assert_int_equal(answer.status, 200);
    assert_true(answer.seconds >= 0.05);
    http_answer_free(&answer);
}

/* Every ready-made fault gives a whole HTTP answer with its own status. */
static void ready_faults_all_answer(void **state)
{
    struct simulator *server = *state;
    struct http_request request = {DATA("zLicenseUsage"), .headers = {BASIC, KEY}};
    const char *name, *description;
    for (size_t i = 0; simulator_fault_name(i, &name, &description); i++) {
        if (strncmp(name, "slow", 4) == 0)
            continue;
        simulator_add_named_fault(server, name, NULL, 1);
        struct http_answer answer = http_ask(server, &request);
        if (answer.code != CURLE_OK)
            fail_msg("%s: curl %d", name, (int)answer.code);
        long status = strtol(name + strcspn(name, "0123456789"), NULL, 10);
        if (status >= 100 && status != answer.status)
            fail_msg("%s: %ld", name, answer.status);
        assert_true(strlen(description) > 2);
        http_answer_free(&answer);
    }
}

/* ---- the log, concurrency, TLS, the timetable ------------------------------------------------------------------- */

static void requests_are_kept(void **state)
{
    struct simulator *server = *state;
    struct http_request request = {"api/v1/BaqSvc/zLicenseUsage?list=a%20b&list=c%26d&%24top=1",
                                   .headers = {BASIC, "CallSettings: {\"Company\":\"EPIC07\"}"}};
    http_expect(server, &request, 200, NULL);
    struct simulator_request *seen = simulator_request(server, "BaqSvc", SIMULATOR_LAST);
    assert_non_null(seen);
    assert_string_equal(seen->method, "GET");
    assert_string_equal(seen->path, "/KineticLive/api/v1/BaqSvc/zLicenseUsage");
    assert_string_equal(seen->query, "list=a%20b&list=c%26d&%24top=1");
    assert_int_equal(seen->status, 200);
    assert_int_equal(seen->connection, 1);
    assert_string_equal(simulator_request_header(seen, "callsettings"), "{\"Company\":\"EPIC07\"}");
    char *second = simulator_request_argument(seen, "list", 1),
         *top = simulator_request_argument(seen, "$top", 0);
    assert_string_equal(second, "c&d");
    assert_string_equal(top, "1");
    assert_null(simulator_request_argument(seen, "list", 2));
    free(second);
    free(top);
    simulator_request_free(seen);
    assert_null(simulator_request(server, "TokenResource", 0));
    assert_true(simulator_wait_requests(server, "BaqSvc", 1, 0));
    assert_false(simulator_wait_requests(server, "BaqSvc", 2, 10));
}

struct slow_call {
    struct simulator *server;
    pthread_t thread;
    long status;
};

static void *ask_slowly(void *context)
{
    struct slow_call *call = context;
    struct http_answer answer = http_ask(
        call->server, &(struct http_request){DATA("zLicenseUsage"), .headers = {BASIC, KEY}});
    call->status = answer.status;
    http_answer_free(&answer);
    return NULL;
}

static void many_slow_calls_do_not_wait_for_each_other(void **state)
{
    enum { CALLS = 300 };
    struct simulator *server = *state;
    static struct slow_call calls[CALLS];
    unsigned fault = simulator_add_fault(server, &(struct simulator_fault){.path = "zLicense", .hold = true});
    for (size_t i = 0; i < CALLS; i++) {
        calls[i].server = server;
        assert_int_equal(pthread_create(&calls[i].thread, NULL, ask_slowly, &calls[i]), 0);
    }
    assert_true(simulator_wait_requests(server, "zLicense", CALLS, 30000));
    struct http_request quick = {DATA("zExporterOpenOrders"), .headers = {BASIC, KEY}};
    http_expect(server, &quick, 200, NULL);
    /* A request is in the log a moment before it sits on its seat. */
    for (int i = 0; i < 1000 && simulator_seats_taken(server, "Default") < CALLS; i++)
        poll(NULL, 0, 10);
    assert_int_equal(simulator_seats_taken(server, "Default"), CALLS);
    simulator_clear_fault(server, fault);
    for (size_t i = 0; i < CALLS; i++) {
        pthread_join(calls[i].thread, NULL);
        assert_int_equal(calls[i].status, 200);
    }
    assert_true(simulator_requests_peak(server) == CALLS + 1);
    assert_int_equal(simulator_seats_taken(server, "Default"), 0);
    assert_true(simulator_wait_idle(server, 5000));
    simulator_reset_peaks(server);
    assert_int_equal(simulator_requests_peak(server), 0);
}

static void certificates_are_judged(void **state)
{
    static const struct {
        enum simulator_certificate certificate;
        CURLcode code;
    } cases[] = {
        {SIMULATOR_TLS_VALID, CURLE_OK},
        {SIMULATOR_TLS_EXPIRED, CURLE_PEER_FAILED_VERIFICATION},
        {SIMULATOR_TLS_NOT_YET_VALID, CURLE_PEER_FAILED_VERIFICATION},
        {SIMULATOR_TLS_SELF_SIGNED, CURLE_PEER_FAILED_VERIFICATION},
        {SIMULATOR_TLS_WRONG_NAME, CURLE_PEER_FAILED_VERIFICATION},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct simulator *server = simulator_start(
            &(struct simulator_options){.certificate = cases[i].certificate, .certificate_expires_in = 5000});
        struct http_answer answer = http_ask(
            server, &(struct http_request){"TokenResource.svc/", .body = "", .headers = {USER},
                                           .ca_file = simulator_ca_file(server)});
        if (answer.code != cases[i].code)
            fail_msg("certificate %zu: curl %d", i, (int)answer.code);
        time_t left = simulator_certificate_not_after(server) - time(NULL);
        assert_true(cases[i].certificate == SIMULATOR_TLS_EXPIRED ? left < 0 : left > 4000 && left <= 5000);
        http_answer_free(&answer);
        simulator_stop(server);
    }
}

/* A server that goes while a connection is kept and a call is held, and comes back on the same port. */
static void a_server_can_be_restarted(void **state)
{
    (void)state;
    struct simulator *server = simulator_start(NULL);
    struct http_answer kept = {.body = calloc(1, 1)};
    char url[256];
    CURL *curl = curl_easy_init();
    snprintf(url, sizeof url, "%s/api/v1/BaqSvc/zLicenseUsage", simulator_url(server));
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_USERPWD, "epicor-monitor:demo-password");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, http_body_keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &kept);
    assert_int_equal(curl_easy_perform(curl), CURLE_OK);

    simulator_add_fault(server, &(struct simulator_fault){.hold = true});
    struct slow_call held = {.server = server};
    assert_int_equal(pthread_create(&held.thread, NULL, ask_slowly, &held), 0);
    assert_true(simulator_wait_requests(server, "/Data", 1, 20000));
    uint16_t port = simulator_port(server);
    simulator_stop(server);
    pthread_join(held.thread, NULL);
    assert_int_equal(held.status, 0);
    assert_int_equal(curl_easy_perform(curl), CURLE_COULDNT_CONNECT);
    server = simulator_start(&(struct simulator_options){.port = port});
    assert_int_equal(curl_easy_perform(curl), CURLE_OK);
    assert_int_equal(simulator_connections(server), 1);
    curl_easy_cleanup(curl);
    simulator_stop(server);
    free(kept.body);
}

static void timetable_plays(void **state)
{
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {"# nothing\n\nat 0s for 60m fault=http_500 path=zLicense\nevery 1h at 1m for 5s fault=slow\n", NULL},
        {"at 5 for 1s fault=http_500\n", ":1: a duration is wanted"},
        {"\nat 5s for 1s fault=nothing\n", ":2: no fault has this name"},
        {"at 5s fault=http_500\n", ":1: `at` and `for` are wanted"},
        {"every 1s at 5s for 1s fault=http_500\n", ":1: `every` must be longer"},
        {"at 5s for 1s fault=http_500 and\n", ":1: unknown word"},
    };
    struct simulator *server = *state;
    for (size_t i = sizeof cases / sizeof cases[0]; i-- > 0;) {
        char name[] = "/tmp/timetable-XXXXXX";
        int descriptor = mkstemp(name);
        FILE *out = fdopen(descriptor, "w");
        assert_non_null(out);
        fputs(cases[i].text, out);
        fclose(out);
        char *fault = simulator_play_timetable(server, name);
        remove(name);
        if (cases[i].fault ? !fault || !strstr(fault, cases[i].fault) : fault != NULL)
            fail_msg("case %zu: %s", i, fault ? fault : "no fault");
        free(fault);
    }
    struct http_request request = {DATA("zLicenseUsage"), .headers = {BASIC, KEY}};
    long status = 0;
    for (int i = 0; i < 2000 && status != 500; i++) {
        struct http_answer answer = http_ask(server, &request);
        status = answer.status;
        http_answer_free(&answer);
    }
    assert_int_equal(status, 500);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, server_start, server_stop)

ALL_TESTS(TEST(token_has_both_forms), TEST(token_claims_are_strings), TEST(token_switches),
          TEST(access_is_told_by_text), TEST(tokens_expire_by_the_servers_clock), TEST(baq_rows_and_options),
          TEST(huge_answers_need_no_memory), TEST(answers_are_gzipped), TEST(functions_answer),
          TEST(seats_fill_throttle_and_refuse), TEST(an_aborted_call_keeps_its_seat),
          TEST(faults_come_and_go), TEST(ready_faults_all_answer), TEST(requests_are_kept),
          TEST(many_slow_calls_do_not_wait_for_each_other), cmocka_unit_test(certificates_are_judged),
          TEST(timetable_plays), cmocka_unit_test(a_server_can_be_restarted));
