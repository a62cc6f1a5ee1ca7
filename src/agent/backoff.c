#include "agent/backoff.h"

#include "agent/random.h"
#include "base/clock.h"

void backoff_grow(struct backoff *backoff, int64_t at_least_ns, int64_t now_ns)
{
    int64_t from = ns_max(backoff->range.from_ns, 1), to = ns_max(backoff->range.to_ns, from);
    backoff->pause_ns = backoff->pause_ns >= to / 2 ? to : ns_max(2 * backoff->pause_ns, from);
    int64_t least = ns_max(ns_min(backoff->pause_ns, to - to / 10), from);
    int64_t most = ns_min(backoff->pause_ns + backoff->pause_ns / 5, to);
    int64_t pause = least + random_below(&backoff->random, most - least + 1);
    pause = ns_min(ns_max(pause, at_least_ns), to);
    backoff->until_ns = now_ns + pause;
}

void backoff_rest(struct backoff *backoff)
{
    backoff->pause_ns = 0;
    backoff->until_ns = 0;
}
