/* kind = version: the patch level, and whether this is production (facts §7.2). */
#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"
#include "probe/call.h"
#include "probe/kinds.h"
#include "probe/refusal.h"
#include "probe/verdict.h"

#define SERVICE     "Ice.LIB.SessionModSvc"
#define VERSION_MAX 100 /* bytes of a patch level; it becomes a label */

struct version_state {
    struct json_plan plan;
    struct json_path *members; /* owned */
    char *version;             /* NULL while the first answer is waited for; owned */
};

enum { RETURN_OBJ, VALUE, PRODUCTION, PRODUCTION_PASCAL, PRODUCTION_RETURNED, MEMBERS };

static const struct json_path members[MEMBERS] = {
    [RETURN_OBJ] = {(const char *const[]){"returnObj"}, 1},
    [VALUE] = {(const char *const[]){"value"}, 1},
    [PRODUCTION] = {(const char *const[]){"parameters", "isProductionInstance"}, 2},
    [PRODUCTION_PASCAL] = {(const char *const[]){"parameters", "IsProductionInstance"}, 2},
    [PRODUCTION_RETURNED] = {(const char *const[]){"returnObj", "isProductionInstance"}, 2},
};

static void ask(const struct probe_run *run, const char *method, struct request *request)
{
    const struct version_state *state = run->state;
    call_post(run, call_path(run->target, SERVICE, method), NULL, &state->plan, request);
}

static void begin(struct probe_run *run, struct request *request)
{
    struct version_state *state = run->state;
    state->members = call_members(members, MEMBERS);
    state->plan = (struct json_plan){
        .members = state->members, .member_count = REFUSAL_MEMBERS + MEMBERS, .text_max = REFUSAL_TEXT_MAX};
    ask(run, "GetPatchLevel", request);
}

/* An account that may not ask the second question, or a server that does not know it, still has a version. */
static bool judge(const struct probe_run *run, const struct answer *answer, const struct verdict *verdict)
{
    (void)answer;
    const struct version_state *state = run->state;
    bool known = verdict->reason == REASON_NOT_FOUND || verdict->reason == REASON_ACCESS_DENIED;
    return state->version != NULL && known && verdict->proves_up;
}

/* An owned text, or NULL and *why. */
static char *read_version(const struct answer *answer, const char **why)
{
    const struct json_value *value = &answer->json->members[REFUSAL_MEMBERS + RETURN_OBJ];
    if (value->kind == JSON_ABSENT)
        value = &answer->json->members[REFUSAL_MEMBERS + VALUE];
    struct span text = span_trim((struct span){value->text, value->size});
    *why = "the answer has no patch level in \"returnObj\"";
    if ((value->kind != JSON_STRING && value->kind != JSON_NUMBER) || text.size == 0)
        return NULL;
    *why = "the patch level is no short text of one line";
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
            return NULL;
    if (value->overlong || text.size > VERSION_MAX)
        return NULL;
    *why = NULL;
    return memory_copy_bytes(text.data, text.size);
}

static void find_production(const struct answer *answer, struct findings *findings)
{
    bool production;
    for (int i = PRODUCTION; i <= PRODUCTION_RETURNED; i++) {
        if (!call_bool(&answer->json->members[REFUSAL_MEMBERS + i], &production))
            continue;
        findings_add(findings, FINDING_PRODUCTION, production ? 1 : 0, NULL, 0);
        return;
    }
}

/* An error body with a good status says no more than one with another status. */
static bool is_tolerated(const struct probe_result *result)
{
    return (result->reason == REASON_NOT_FOUND || result->reason == REASON_ACCESS_DENIED) &&
           result->proves_up;
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    struct version_state *state = run->state;
    if (state->version == NULL) {
        const char *why;
        char *version = read_version(answer, &why);
        if (verdict_refuse(answer, why, result)) {
            free(version);
            return PROBE_DONE;
        }
        state->version = version;
        ask(run, "GetCurrentValuesFromServer", request);
        return PROBE_ASK;
    }
    bool told = answer->json != NULL;
    if (told && verdict_refuse(answer, NULL, result)) {
        if (!is_tolerated(result))
            return PROBE_DONE;
        probe_result_free(result);
        result->proves_up = true;
        told = false;
    }
    findings_add(&result->findings, FINDING_SERVER_INFO, 1, (const char *const[]){state->version}, 1);
    if (told)
        find_production(answer, &result->findings);
    result->has_findings = true;
    return PROBE_DONE;
}

static void end(struct probe_run *run)
{
    struct version_state *state = run->state;
    free(state->members);
    free(state->version);
}

const struct probe_kind probe_kind_version = {
    .config = {.name = "version",
               .help = "Reads the patch level (`GetPatchLevel` of `Ice.LIB.SessionModSvc`), told as "
                       "`epicor_server_info`, and "
                       "whether this is the production instance (`GetCurrentValuesFromServer` of the same "
                       "service), told as "
                       "`epicor_server_production`; say with `expect_production` of the app server what it "
                       "should be. Any "
                       "account may ask both, as far as is known; with an access scope the API key needs the "
                       "service in it. "
                       "Where the second is refused or not known the run succeeds and "
                       "`epicor_server_production` is absent. "
                       "Two requests a run, one after the other, each holding a license seat while it lasts; "
                       "once an hour is "
                       "often enough.",
               .server_series = true,
               .check_target = call_check_company},
    .state_size = sizeof(struct version_state),
    .begin = begin,
    .step = step,
    .judge = judge,
    .end = end,
};
