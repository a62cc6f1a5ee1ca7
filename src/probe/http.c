/* kind = http: any path below the base URL, with the app server's authentication: v1, OData feeds, SOAP. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "kinetic/url.h"
#include "probe/call.h"
#include "probe/date.h"
#include "probe/expect.h"
#include "probe/http.h"
#include "probe/kinds.h"
#include "probe/query.h"
#include "probe/refusal.h"
#include "probe/search.h"
#include "probe/verdict.h"

struct http_state {
    struct json_plan plan;
    struct json_path
        *members; /* owned: refusal_members, those of the expectations; NULL: the body is not read as JSON */
    struct expectations expectations;
    struct search *search; /* NULL: no text is wanted */
};

static const char *const ways[] = {
    [HTTP_WAY_GET] = "GET", [HTTP_WAY_HEAD] = "HEAD", [HTTP_WAY_POST] = "POST", NULL};

#define AT(member) .offset = offsetof(struct http_settings, member)

static const struct config_row rows[] = {
    {.name = "path",
     .hides_query = true,
     .example = "api/v1/BaqSvc/zExporterOpenOrders",
     .type = CONFIG_TEXT,
     AT(path),
     .required = true,
     .help =
         "Path below `url` of the app server, with its query, such as `api/v1/Erp.BO.CompanySvc/Companies?"
         "$top=1`. What is percent-encoded stays as written; what a URL cannot hold is encoded. Names that "
         "promise a change are refused as with `kind = method`; services whose rows hold secrets or "
         "personal data want `$select`, without such columns."},
    {.name = "param",
     .hidden = true,
     .example = "Plant = MfgSys",
     .type = CONFIG_PAIR_LISTS,
     AT(param),
     .help = "`param.NAME`: a query parameter behind those of `path`, sent as written, percent-encoded; "
             "`param.NAME.list` repeats the name. `{today}`, `{today-7d}`, `{now-1h}` become dates in the "
             "probe's time zone."},
    {.name = "http_method",
     .type = CONFIG_CHOICE,
     AT(http_method),
     .preset = "GET",
     .choices = ways,
     .help = "`GET`, `HEAD` (has no body to expect anything of) or `POST`."},
    {.name = "content_type",
     .example = "text/xml; charset=utf-8",
     .type = CONFIG_TEXT,
     AT(content_type),
     .help = "Content-Type of `body`. Without it `application/json` for a body that begins like JSON, and "
             "`text/xml; charset=utf-8` for one that begins like XML. The action of SOAP 1.2 goes here: "
             "`application/soap+xml; charset=utf-8; action=\"...\"`."},
    {.name = "soap_action",
     .example = "http://tempuri.org/SessionModSvcContract/GetPatchLevel",
     .type = CONFIG_TEXT,
     AT(soap_action),
     .help =
         "Sent as header `SOAPAction`, in quotes, which SOAP 1.1 wants (`content_type` of `text/xml`): the "
         "address that ends in the operation's name. Refused are the operations that `kind = method` "
         "refuses; likewise in `content_type` and in the envelope of `body`."},
    {.name = "body",
     .hidden = true,
     .example = "{}",
     .type = CONFIG_TEXT_FILE,
     AT(body),
     .help = "What a `POST` sends, such as a SOAP envelope; JSON and XML are checked at load. May hold "
             "`{today-7d}` and the like."},
    {.name = "expect_status",
     .example = "200",
     .type = CONFIG_INTEGER,
     AT(expect_status),
     .minimum = 200,
     .maximum = 599,
     .help = "The status that the answer must have; without it, any of 200 to 299 but 204. Another good "
             "status fails "
             "with `expectation`, an error with its own reason. 401 cannot be expected where each call "
             "carries a password or ticket (`auth` of `basic`, `negotiate`, `ntlm`)."},
    {.name = "expect_text",
     .example = "<Success>true</Success>",
     .type = CONFIG_TEXT,
     AT(expect_text),
     .help =
         "Text that the answer must hold, byte for byte; looked for while it arrives, in an answer of any "
         "size (of a status other than 2xx, in its first 64 KiB)."},
    {.name = "expect",
     .example = "Success = true",
     .type = CONFIG_PAIRS,
     AT(expect),
     .help = "`expect.FIELD`: the answer must be JSON, and what a field of it has to say: `= true`, `!= x`, "
             "`< 5`, `~ regex` (POSIX extended), `absent`; dots go deeper."},
};

static const struct http_settings *settings_of(const struct probe_settings *probe)
{
    return probe->own;
}

/* ---- the request ---- */

char *http_url(const struct http_settings *settings, const struct zone *zone, struct moment now)
{
    struct buffer url;
    buffer_init(&url, QUERY_URL_MAX);
    url_encode(&url, span_of(settings->path + (settings->path[0] == '/')), "%!$&'()*+,;=:@/?");
    for (size_t i = 0; i < settings->param.count; i++) {
        char *value = date_expand(settings->param.items[i].value, zone, now);
        url_add_query(&url, settings->param.items[i].name, value);
        free(value);
    }
    return buffer_take(&url);
}

static void check_target(const struct target_settings *target, struct fault_list *faults)
{
    const struct http_settings *settings = settings_of(target->probe);
    enum auth_way auth = target->appserver->auth;
    if (settings->expect_status == 401 && (auth == AUTH_BASIC || auth == AUTH_NEGOTIATE || auth == AUTH_NTLM))
        fault_add(faults, probe_key_place(target->probe, "expect_status"),
                  "[probe %s] expect_status = 401: app server %s sends its login with each call, and a "
                  "refused one each run would lock the account",
                  target->probe->name, target->appserver->name);
    if (settings->path != NULL)
        call_check_length(target, http_url(settings, zone_utc(), (struct moment){0}), faults);
}

static void take(void *context, const void *bytes, size_t size)
{
    struct search *search = context;
    if (bytes == NULL)
        search_restart(search);
    search_feed(search, bytes, size);
}

static void plan_init(struct http_state *state)
{
    if (state->expectations.count == 0)
        return;
    state->members = call_members(state->expectations.paths, state->expectations.count);
    state->plan = (struct json_plan){.members = state->members,
                                     .member_count = REFUSAL_MEMBERS + state->expectations.count,
                                     .text_max = REFUSAL_TEXT_MAX};
}

static void add_body(const struct http_settings *settings, const struct probe_run *run,
                     struct request *request)
{
    request->soap_action = settings->soap_action;
    if (settings->body == NULL)
        return;
    request->body = date_expand(settings->body, call_zone(run->target), run->now);
    request->body_size = strlen(request->body);
    request->content_type = http_content_type(settings);
}

static void begin(struct probe_run *run, struct request *request)
{
    static const enum http_method methods[] = {
        [HTTP_WAY_GET] = HTTP_GET, [HTTP_WAY_HEAD] = HTTP_HEAD, [HTTP_WAY_POST] = HTTP_POST};
    const struct http_settings *settings = settings_of(run->target->probe);
    struct http_state *state = run->state;
    expectations_init(&state->expectations, &settings->expect);
    plan_init(state);
    char *url = http_url(settings, call_zone(run->target), run->now);
    assert(url != NULL); /* its length was checked at load */
    call_get(run, url, state->members == NULL ? NULL : &state->plan, request);
    request->method = methods[settings->http_method];
    request->wanted = state->members == NULL ? BODY_ANY : BODY_JSON;
    /* SOAP and feeds have forms of their own; of what can speak both we read JSON. */
    request->accept = state->members != NULL ? "application/json" : "application/json, */*;q=0.8";
    add_body(settings, run, request);
    if (settings->expect_text != NULL) {
        state->search = search_new(settings->expect_text);
        request->take = take;
        request->take_context = state->search;
    }
}

/* ---- the answer ---- */

/* Whether an answer with this status is what was asked for. A text about a wrong password stays what it is where each call
   carries that password: it counts towards the account's lock. */
static bool judge(const struct probe_run *run, const struct answer *answer, const struct verdict *verdict)
{
    enum auth_way auth = run->target->appserver->auth;
    bool carried = auth == AUTH_BASIC || auth == AUTH_NEGOTIATE || auth == AUTH_NTLM;
    bool good = answer->status >= 200 && answer->status <= 299 && answer->status != 204;
    return !good && answer->status == settings_of(run->target->probe)->expect_status &&
           !(carried && verdict->reason == REASON_CREDENTIALS);
}

static void fail_text(const struct http_settings *settings, const struct answer *answer,
                      struct probe_result *result)
{
    verdict_fail(result, REASON_EXPECTATION,
                 memory_format("the answer does not hold \"%s\" (expect_text)%s", settings->expect_text,
                               answer->text_cut ? ", as far as it was read" : ""));
}

static void fail_json(const struct json_result *json, struct probe_result *result)
{
    verdict_fail(result, REASON_INVALID_RESPONSE,
                 json->error == JSON_EMPTY
                     ? memory_copy_text("the answer is empty, and a field of it is expected")
                     : memory_format("the answer is not valid JSON: %s", json->sentence));
}

static void judge_fields(const struct http_state *state, const struct json_result *json,
                         struct probe_result *result)
{
    if (json->error != JSON_FINE) {
        fail_json(json, result);
        return;
    }
    char *wrong = expectations_judge(&state->expectations, &json->members[REFUSAL_MEMBERS]);
    if (wrong != NULL)
        verdict_fail(result, REASON_EXPECTATION, wrong);
}

/* A status that is no good one and was asked for: the body is at hand as text. It proves no more than the decision table
   lets it prove. */
static void read_refusal(struct http_state *state, const struct http_settings *settings,
                         const struct answer *answer, struct probe_result *result)
{
    static const struct request any = {.wanted = BODY_ANY};
    struct verdict verdict;
    error_classify(&any, answer, false, &verdict);
    result->proves_up = verdict.proves_up;
    verdict_free(&verdict);
    if (state->search != NULL) {
        search_restart(state->search);
        search_feed(state->search, answer->text, answer->text_size);
        if (!search_found(state->search))
            fail_text(settings, answer, result);
    }
    if (state->members == NULL || result->reason != REASON_NONE)
        return;
    struct json_scanner *scanner = json_scanner_new(&state->plan, NULL, NULL);
    json_scanner_feed(scanner, answer->text, answer->text_size);
    judge_fields(state, json_scanner_finish(scanner), result);
    json_scanner_free(scanner);
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    (void)request;
    const struct http_settings *settings = settings_of(run->target->probe);
    struct http_state *state = run->state;
    if (answer->status > 299 || answer->status == 204) {
        read_refusal(state, settings, answer, result);
        return PROBE_DONE;
    }
    if (state->members != NULL && verdict_refuse(answer, NULL, result))
        return PROBE_DONE;
    if (settings->expect_status != 0 && answer->status != settings->expect_status)
        verdict_fail(result, REASON_EXPECTATION,
                     memory_format("status %d, wanted: %lld (expect_status)", answer->status,
                                   (long long)settings->expect_status));
    else if (state->search != NULL && !search_found(state->search))
        fail_text(settings, answer, result);
    else if (state->members != NULL)
        judge_fields(state, answer->json, result);
    return PROBE_DONE;
}

static void end(struct probe_run *run)
{
    struct http_state *state = run->state;
    free(state->members);
    search_free(state->search);
    expectations_free(&state->expectations);
}

const struct probe_kind probe_kind_http = {
    .config =
        {.name = "http",
         .help =
             "Asks any path below the base URL with the app server's authentication (`GET`, `HEAD`, "
             "`POST`): v1, OData feeds, SOAP envelopes, help pages. It must not change anything; what a "
             "POST does there nobody can check but you. The account needs the right to what is behind the "
             "path. One request a run, which holds a license seat while it lasts where the path is one of "
             "the API. Without `expect_text` or `expect.FIELD` any good status is a success, whatever the "
             "page says.",
         .rows = rows,
         .row_count = sizeof rows / sizeof rows[0],
         .settings_size = sizeof(struct http_settings),
         .check = http_check,
         .check_target = check_target},
    .state_size = sizeof(struct http_state),
    .begin = begin,
    .step = step,
    .judge = judge,
    .end = end,
};
