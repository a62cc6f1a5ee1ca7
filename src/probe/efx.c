/* kind = efx: calls an Epicor Function (facts §5.3). */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kinetic/url.h"
#include "probe/body.h"
#include "probe/call.h"
#include "probe/date.h"
#include "probe/expect.h"
#include "probe/kinds.h"
#include "probe/query.h"
#include "probe/refusal.h"
#include "probe/verdict.h"

struct efx_settings {
    char *library, *function, *body;
    bool staging;
    struct pair_list expect;
};

struct efx_state {
    struct json_plan plan;
    struct json_path *members; /* owned: refusal_members, then those of the expectations */
    struct expectations expectations;
};

#define AT(member) .offset = offsetof(struct efx_settings, member)

static const struct config_row rows[] = {
    {.name = "library",
     .example = "MonitorLib",
     .type = CONFIG_TEXT,
     AT(library),
     .required = true,
     .help = "Function library."},
    {.name = "function",
     .example = "Ping",
     .type = CONFIG_TEXT,
     AT(function),
     .required = true,
     .help = "Function of the library."},
    {.name = "staging",
     .type = CONFIG_BOOL,
     AT(staging),
     .preset = "no",
     .help = "`yes` calls the unpublished version (`efx/staging/...`)."},
    {.name = "body",
     .hidden = true,
     .type = CONFIG_TEXT_FILE,
     AT(body),
     .preset = "{}",
     .help = "JSON object of the inputs, checked at load; may hold `{today-7d}` and the like in its texts."},
    {.name = "expect",
     .example = "Success = true",
     .type = CONFIG_PAIRS,
     AT(expect),
     .help = "`expect.FIELD`: what an output has to say: `= true`, `!= x`, `< 5`, `~ regex` (POSIX "
             "extended), `absent`; "
             "dots go deeper. Many functions answer 200 when their work has failed, and say so in an output "
             "only."},
};

static const struct efx_settings *settings_of(const struct probe_settings *probe)
{
    return probe->own;
}

/* ---- checks ---- */

static void check(const struct probe_settings *probe, struct fault_list *faults)
{
    const struct efx_settings *settings = settings_of(probe);
    segment_check(probe, "library", settings->library, faults);
    segment_check(probe, "function", settings->function, faults);
    body_check(probe, settings->body, "a function", faults);
    char title[64];
    snprintf(title, sizeof title, "[probe %s]", probe->name);
    expectations_check(&settings->expect, title, faults);
}

static void check_target(const struct target_settings *target, struct fault_list *faults)
{
    if (target->appserver->api_version == 1)
        fault_add(faults, probe_key_place(target->probe, "kind"),
                  "[probe %s] kind = efx: app server %s has api_version = v1, and functions need v2",
                  target->probe->name, target->appserver->name);
}

/* ---- the run ---- */

static char *resource(const struct target_settings *target)
{
    const struct efx_settings *settings = settings_of(target->probe);
    const char *segments[] = {target->url_company, settings->library, settings->function};
    struct buffer path;
    buffer_init(&path, QUERY_URL_MAX);
    buffer_text(&path, settings->staging ? "api/v2/efx/staging" : "api/v2/efx");
    for (size_t i = 0; i < sizeof segments / sizeof segments[0]; i++) {
        buffer_byte(&path, '/');
        url_encode(&path, span_of(segments[i]), NULL);
    }
    return buffer_take(&path);
}

static void plan_init(struct efx_state *state)
{
    size_t count = REFUSAL_MEMBERS + state->expectations.count;
    state->members = memory_new(count, sizeof *state->members);
    for (size_t i = 0; i < count; i++)
        state->members[i] = i < REFUSAL_MEMBERS ? refusal_members[i]
                                                : state->expectations.paths[i - REFUSAL_MEMBERS];
    state->plan = (struct json_plan){
        .members = state->members, .member_count = count, .columns = true, .text_max = REFUSAL_TEXT_MAX};
}

static void begin(struct probe_run *run, struct request *request)
{
    const struct target_settings *target = run->target;
    const struct efx_settings *settings = settings_of(target->probe);
    struct efx_state *state = run->state;
    expectations_init(&state->expectations, &settings->expect);
    plan_init(state);
    request->purpose = EXCHANGE_CALL;
    request->method = HTTP_POST;
    request->path = resource(target);
    request->company = target->url_company;
    request->body = date_expand(settings->body, call_zone(target), run->now);
    request->body_size = strlen(request->body);
    request->content_type = "application/json";
    request->wanted = BODY_JSON;
    request->plan = &state->plan;
    request->max_response = target->probe->max_response;
    request->fresh = target->probe->connection == CONNECTION_FRESH;
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    (void)request;
    const struct efx_state *state = run->state;
    const struct json_result *json = answer->json;
    const char *why = json->root == JSON_OBJECT ? NULL : "the answer is no object of outputs";
    if (verdict_refuse(answer, why, result))
        return PROBE_DONE;
    result->names = name_set_of_columns(&json->columns);
    char *wrong = expectations_judge(&state->expectations, json->members + REFUSAL_MEMBERS);
    if (wrong != NULL)
        verdict_fail(result, REASON_EXPECTATION, wrong);
    return PROBE_DONE;
}

static void end(struct probe_run *run)
{
    struct efx_state *state = run->state;
    free(state->members);
    expectations_free(&state->expectations);
}

const struct probe_kind probe_kind_efx = {
    .config =
        {.name = "efx",
         .help =
             "Calls a function (`POST .../efx/[staging/]{Company}/{library}/{function}`). It has to be "
             "published, mapped to the company and in the access scope of the API key; it must not change "
             "anything. One request a run, holding a license seat while it lasts.",
         .rows = rows,
         .row_count = sizeof rows / sizeof rows[0],
         .settings_size = sizeof(struct efx_settings),
         .per_company = true,
         .check = check,
         .check_target = check_target},
    .state_size = sizeof(struct efx_state),
    .begin = begin,
    .step = step,
    .end = end,
    .drift = DRIFT_SLOW,
};
