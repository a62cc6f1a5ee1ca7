/* Every kind of probe against the polite server, over a plain libcurl: what the kinds ask, and how they and kinetic/ read the
   answers, agree with what the server was made from, which is not our code. No agent is in it. */
#include "main.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "kinetic/error.h"
#include "kinetic/token.h"
#include "probe/kind.h"
#include "simulator/simulator.h"

/* ---- one exchange ---- */

struct exchange {
    struct buffer body;
    struct answer answer;
    struct json_scanner *scanner;
};

static size_t take_body(char *bytes, size_t one, size_t size, void *context)
{
    (void)one;
    struct exchange *exchange = context;
    if (exchange->scanner != NULL)
        json_scanner_feed(exchange->scanner, bytes, size);
    return buffer_append(&exchange->body, bytes, size) ? size : 0;
}

static void perform(struct exchange *exchange, const char *base, const struct request *request,
                    struct header_list *headers)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *lines = NULL;
    char url[8192];
    snprintf(url, sizeof url, "%s/%s", base, request->path);
    header_add(headers, "Accept", "application/json");
    for (size_t i = 0; i < headers->count; i++)
        lines = curl_slist_append(lines, headers->lines[i]);
    if (request->body != NULL)
        lines = curl_slist_append(lines, "Content-Type: application/json");
    *exchange = (struct exchange){0};
    buffer_init(&exchange->body, 64u << 20);
    if (request->wanted == BODY_JSON)
        exchange->scanner = json_scanner_new(request->plan, NULL, NULL);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    if (request->method == HTTP_POST) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body == NULL ? "" : request->body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->body_size);
    }
    assert_int_equal(curl_easy_perform(curl), CURLE_OK);
    long status = 0;
    const char *type = NULL;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    struct answer *answer = &exchange->answer;
    answer->status = (int)status;
    answer->body_bytes = exchange->body.size;
    snprintf(answer->content_type, sizeof answer->content_type, "%s", type == NULL ? "" : type);
    bool good = status >= 200 && status <= 299;
    answer->text = good && request->keep == 0 ? "" : buffer_as_text(&exchange->body);
    answer->text_size = good && request->keep == 0 ? 0 : exchange->body.size;
    answer->json = good && exchange->scanner != NULL ? json_scanner_finish(exchange->scanner) : NULL;
    curl_slist_free_all(lines);
    curl_easy_cleanup(curl);
}

static void exchange_free(struct exchange *exchange)
{
    json_scanner_free(exchange->scanner);
    buffer_free(&exchange->body);
}

/* ---- one run, decorated as the agent would ---- */

static void decorate(struct header_list *headers, const struct probe_run *run, const struct request *request,
                     const struct secret *token)
{
    const struct appserver_settings *appserver = run->target->appserver;
    struct secret *key = secret_new("demo-api-key", 12);
    header_add_secret(headers, "Authorization", "Bearer ", token);
    header_add_secret(headers, "x-api-key", "", key);
    header_add_license(headers, appserver->license.guid);
    header_add_call_settings(headers, appserver->api_version == 1 ? request->company : NULL, appserver->plant,
                             NULL, NULL);
    secret_unref(key);
}

static void login(const char *base, const char *password, struct request *request, struct exchange *exchange)
{
    struct header_list headers = {0};
    struct secret *user = secret_new("epicor-monitor", 14), *word = secret_new(password, strlen(password));
    request_free(request);
    assert_true(token_request("TokenResource.svc/", false, user, word, request, &headers));
    perform(exchange, base, request, &headers);
    header_list_free(&headers);
    secret_unref(user);
    secret_unref(word);
}

static struct token get_token(const char *base)
{
    struct request request = {0};
    struct exchange exchange;
    struct token token;
    char *message;
    login(base, "demo-password", &request, &exchange);
    assert_int_equal(token_answer(&exchange.answer, false, &token, &message), REASON_NONE);
    exchange_free(&exchange);
    request_free(&request);
    return token;
}

struct outcome {
    struct probe_result result;
    int requests;
};

static struct model *configure(const char *base, const char *appserver, const char *probe)
{
    char text[4096];
    struct fault_list faults = {0};
    snprintf(text, sizeof text,
             "[appserver live]\nurl = %s\nusername = u\npassword = p\napi_key = k\ncompany = "
             "EPIC06\n%s\n[probe p]\n%s\n",
             base, appserver, probe);
    struct model *model = model_read("t.ini", (struct span){text, strlen(text)}, NULL, probe_schema(),
                                     &faults);
    if (model == NULL)
        fail_msg("%s", faults.items[0].text);
    fault_list_free(&faults);
    return model;
}

/* password: for kind = token. */
static struct outcome run_probe(struct simulator *server, const char *appserver, const char *probe,
                                const char *password)
{
    const char *base = simulator_url(server);
    struct model *model = configure(base, appserver, probe);
    struct token token = get_token(base);
    struct probe_run run = {.target = &model->targets[0], .now = clock_now()};
    struct request request, next;
    struct outcome outcome = {0};
    enum probe_next what = PROBE_ASK;
    for (probe_begin(&run, &request); what == PROBE_ASK; outcome.requests++) {
        struct exchange exchange;
        if (request.purpose == EXCHANGE_LOGIN) {
            login(base, password, &request, &exchange);
        } else {
            struct header_list headers = {0};
            decorate(&headers, &run, &request, token.text);
            perform(&exchange, base, &request, &headers);
            header_list_free(&headers);
        }
        what = probe_step(&run, &request, &exchange.answer, true, &next, &outcome.result);
        exchange_free(&exchange);
        request_free(&request);
        request = next;
    }
    probe_end(&run);
    token_free(&token);
    model_unref(model);
    return outcome;
}

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
    {"", "kind = baq\nbaq = zExporterPartOnHand\nrows = all\norderby = Part_PartNum", REASON_NONE, 250, 4},
    {"", "kind = baq\nbaq = zExporterPartOnHand\nrows = all\norderby = Part_PartNum\npage_size = 1000",
     REASON_NONE, 250, 4},
    {"", "kind = baq\nbaq = zExporterPartOnHand\nrows = all\norderby = Part_PartNum\nfetch_limit = 120",
     REASON_NONE, 120, 2},
    {"", "kind = baq\nbaq = zExporterPartOnHand\ntop = 7\nselect = Part_PartNum", REASON_NONE, 7, 1},
    {"", "kind = baq\nbaq = zExporterOpenOrders\nparam.Plant = MfgSys & Co\nparam.Since = {today-7d}",
     REASON_NONE, 40, 1},
    {"", "kind = baq\nbaq = zExporterOpenOrders\nrows_min = 41", REASON_ROWS, 40, 1},
    {"api_version = v1", "kind = baq\nbaq = zExporterOpenOrders", REASON_NONE, 40, 1},
    {"api_version = v1", "kind = baq\nbaq = zExporterPartOnHand\nrows = count", REASON_NONE, 250, 1},
    {"", "kind = bo\nservice = Erp.BO.CompanySvc\nentity = Companies", REASON_NONE, 1, 1},
    {"api_version = v1", "kind = bo\nservice = Erp.BO.CompanySvc\nentity = Companies", REASON_NONE, 1, 1},
    {"", "kind = bo\nservice = Erp.BO.PartSvc\nentity = Parts\nrows = all\norderby = PartNum", REASON_NONE,
     250, 4},
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
