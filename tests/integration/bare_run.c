#include "main.h"

#include "integration/bare_run.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "kinetic/error.h"
#include "kinetic/token.h"

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
    header_add(headers, "Accept", request->accept == NULL ? "application/json" : request->accept);
    if (request->body != NULL)
        header_add(headers, "Content-Type", request->content_type);
    for (size_t i = 0; i < headers->count; i++)
        lines = curl_slist_append(lines, headers->lines[i]);
    *exchange = (struct exchange){0};
    buffer_init(&exchange->body, 64u << 20);
    if (request->wanted == BODY_JSON)
        exchange->scanner = json_scanner_new(request->plan, request->row, request->row_context);
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
    if (request->method == HTTP_HEAD)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
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
    if (good && request->take != NULL) {
        request->take(request->take_context, NULL, 0);
        request->take(request->take_context, buffer_as_text(&exchange->body), exchange->body.size);
    }
    bool kept = !good || request->keep >= exchange->body.size;
    answer->text = kept ? buffer_as_text(&exchange->body) : "";
    answer->text_size = kept ? exchange->body.size : 0;
    answer->text_cut = !kept && request->keep > 0;
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

struct outcome run_probe(struct simulator *server, const char *appserver, const char *probe,
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
