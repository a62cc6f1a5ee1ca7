#include "agent/backoff.h"

#include "agent/random.h"

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void backoff_grow(struct backoff *backoff, int64_t at_least_ns, int64_t now_ns)
{
    int64_t from = larger(backoff->range.from_ns, 1), to = larger(backoff->range.to_ns, from);
    backoff->pause_ns = backoff->pause_ns >= to / 2 ? to : larger(2 * backoff->pause_ns, from);
    int64_t pause = backoff->pause_ns + random_below(&backoff->random, backoff->pause_ns / 5 + 1);
    pause = smaller(larger(pause, at_least_ns), to);
    backoff->until_ns = now_ns + pause;
}

void backoff_rest(struct backoff *backoff)
{
    backoff->pause_ns = 0;
    backoff->until_ns = 0;
}
