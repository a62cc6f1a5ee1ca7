/* kind = token: asks for a token of its own over a fresh connection and throws it away. */
#include "kinetic/token.h"
#include "probe/kinds.h"
#include "probe/verdict.h"

static void check_target(const struct target_settings *target, struct fault_list *faults)
{
    if (!auth_has_token(target->appserver->auth))
        fault_add(
            faults, probe_key_place(target->probe, "kind"),
            "[probe %s] kind = token: app server %s has neither auth = token nor auth = oauth2, so there is "
            "no token to ask for",
            target->probe->name, target->appserver->name);
}

/* Path, headers and body are the app server's login, which whoever sends the request adds. */
static void begin(struct probe_run *run, struct request *request)
{
    request->purpose = EXCHANGE_LOGIN;
    request->method = HTTP_POST;
    request->wanted = BODY_ANY;
    request->keep = TOKEN_ANSWER_MAX;
    request->max_response = TOKEN_ANSWER_MAX;
    request->fresh = run->target->probe->connection == CONNECTION_FRESH;
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    (void)request;
    struct token token;
    char *message;
    enum reason reason = token_answer(answer, login_is_outside(run->target->appserver), &token, &message);
    token_free(&token);
    if (reason != REASON_NONE)
        verdict_fail(result, reason, message);
    return PROBE_DONE;
}

const struct probe_kind probe_kind_token = {
    .config =
        {.name = "token",
         .help =
             "Asks for a token of its own over a fresh connection and throws it away; the shared token is "
             "left alone. One request, no license seat. A refused login holds back the next one for "
             "`login_retry`, here as elsewhere.",
         .fresh = true,
         .check_target = check_target},
    .begin = begin,
    .step = step,
};
