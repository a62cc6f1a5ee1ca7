/* kind = environment: what api/v2/environment answers, looked at as a whole (facts §5.2, §8.4). */
#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"
#include "probe/call.h"
#include "probe/kinds.h"
#include "probe/refusal.h"
#include "probe/verdict.h"

struct environment_state {
    struct json_plan plan;
    struct json_path *members; /* owned */
};

static void check_target(const struct target_settings *target, struct fault_list *faults)
{
    if (target->appserver->api_version == 1)
        fault_add(faults, probe_key_place(target->probe, "kind"),
                  "[probe %s] kind = environment: app server %s has api_version = v1, and api/v2/environment "
                  "needs v2",
                  target->probe->name, target->appserver->name);
}

static void begin(struct probe_run *run, struct request *request)
{
    struct environment_state *state = run->state;
    state->members = call_members(NULL, 0);
    state->plan = (struct json_plan){
        .members = state->members, .member_count = REFUSAL_MEMBERS, .text_max = REFUSAL_TEXT_MAX};
    call_get(run, memory_copy_text("api/v2/environment"), &state->plan, request);
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    (void)run;
    (void)request;
    enum json_kind root = answer->json->root;
    const char *why = root == JSON_OBJECT || root == JSON_ARRAY ? NULL
                                                                : "the answer is no object and no array";
    verdict_refuse(answer, why, result);
    return PROBE_DONE;
}

static void end(struct probe_run *run)
{
    struct environment_state *state = run->state;
    free(state->members);
}

const struct probe_kind probe_kind_environment = {
    .config =
        {.name = "environment",
         .help =
             "Reads `api/v2/environment`, which lists companies and plants: a cheap question that goes "
             "through "
             "login and API key and asks no business object. What its fields are called is nowhere "
             "written, so the answer has to be a JSON object or array, and no more is read out of it. Any "
             "account may ask it, as far as is known. Needs `api_version = v2`. One request a run, holding a "
             "license seat while it lasts.",
         .check_target = check_target},
    .state_size = sizeof(struct environment_state),
    .begin = begin,
    .step = step,
    .end = end,
};
