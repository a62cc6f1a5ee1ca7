#include "agent/verdict.h"

static void clear(struct server_verdict *verdict)
{
    *verdict = (struct server_verdict){.targets = verdict->targets, .known = true};
}

/* Do failures come from two targets, where there are two? */
static bool is_wide(const struct server_verdict *verdict)
{
    return verdict->two_targets || verdict->targets < 2 || verdict->token_missed ||
           (verdict->token_probe_failed && verdict->first_target);
}

static bool stands(const struct server_verdict *verdict)
{
    return verdict->call_failures + verdict->token_failures >= 2 && is_wide(verdict);
}

static void judge(struct server_verdict *verdict, enum reason reason)
{
    if (stands(verdict) && (verdict->standing == REASON_NONE || verdict->last == reason))
        verdict->standing = reason;
    verdict->last = reason;
}

void server_verdict_call(struct server_verdict *verdict, const void *target, enum reason reason,
                         bool proves_up)
{
    if (reason == REASON_INTERNAL) /* tells about us, not about the server */
        return;
    verdict->known = true;
    if (reason == REASON_NONE || proves_up) {
        clear(verdict);
        return;
    }
    if (!verdict->first_target)
        verdict->first_target = target;
    else if (verdict->first_target != target)
        verdict->two_targets = true;
    verdict->call_failures++;
    judge(verdict, reason);
}

void server_verdict_session(struct server_verdict *verdict, const void *session, bool alone,
                            enum reason reason, bool proves_up)
{
    if (reason != REASON_INTERNAL)
        verdict->two_targets = verdict->two_targets || alone;
    server_verdict_call(verdict, session, reason, proves_up);
}

void server_verdict_token(struct server_verdict *verdict, bool probe, bool lives, enum reason reason,
                          bool proves_up)
{
    if (reason == REASON_INTERNAL)
        return;
    verdict->known = true;
    if (reason != REASON_NONE && proves_up) {
        clear(verdict);
        return;
    }
    if (reason != REASON_NONE) {
        verdict->token_failures++;
        verdict->token_probe_failed = verdict->token_probe_failed || probe;
        verdict->token_missed = verdict->token_missed || !lives;
        judge(verdict, reason);
        return;
    }
    verdict->token_failures = 0;
    verdict->token_probe_failed = false;
    verdict->token_missed = false;
    if (!stands(verdict))
        verdict->standing = REASON_NONE;
}
