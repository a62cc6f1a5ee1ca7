#include "agent/guard.h"

#include <stddef.h>

#include "base/clock.h"

void guard_init(struct guard *guard)
{
    *guard = (struct guard){.login = 1};
}

void guard_anew(struct guard *guard)
{
    *guard = (struct guard){.login = guard->login + 1};
}

enum guard_verdict guard_refused(struct guard *guard, const void *who, bool others, bool in_words,
                                 int64_t sent_ns, int64_t now_ns)
{
    if (!in_words && guard->good_sent_ns > sent_ns)
        return GUARD_NOTHING;
    bool was_open = guard->open, first = guard->suspect == NULL;
    guard->spread = guard->spread || (!first && guard->suspect != who);
    guard->suspect = who;
    guard->open = false;
    guard->refused_ns = now_ns;
    /* Words are believed against answers to calls that were under way; a bare 401 only against those sent before. */
    guard->refused_sent_ns = ns_max(guard->refused_sent_ns, in_words ? now_ns : sent_ns);
    if (!in_words && !others && was_open)
        return GUARD_DOUBT;
    if (in_words || !others || guard->spread || (first && !guard->proven)) {
        guard->proven = false;
        return GUARD_BLOCK;
    }
    return GUARD_HOLD;
}

void guard_hold(struct guard *guard, int64_t until_ns)
{
    guard->hold_until_ns = until_ns;
}

bool guard_good(struct guard *guard, int64_t sent_ns)
{
    guard->good_sent_ns = ns_max(guard->good_sent_ns, sent_ns);
    if (guard->suspect && sent_ns <= guard->refused_sent_ns)
        return false;
    guard->open = true;
    guard->proven = true;
    guard->spread = false;
    guard->suspect = NULL;
    guard->hold_until_ns = 0;
    return true;
}

bool guard_holds(const struct guard *guard, const void *who, int64_t now_ns)
{
    return guard->suspect == who && now_ns < guard->hold_until_ns;
}
