/* Growing pauses with jitter. A zeroed struct but for range and random is at rest. */
#ifndef AGENT_BACKOFF_H
#define AGENT_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "config/model.h"

struct backoff {
    struct duration_range range;
    uint64_t random;
    int64_t pause_ns; /* the last pause, jitter left out; 0: at rest */
    int64_t until_ns; /* its end, boot time */
};

/* After one more failure: twice the last pause, within the range, with jitter up to a fifth more. At the range's end,
   which is never passed, up to a tenth less, so that those who began together do not march in step for ever.
   at_least_ns is what the server asked for (Retry-After), honoured up to the range's end; 0 or less: nothing. */
void backoff_grow(struct backoff *backoff, int64_t at_least_ns, int64_t now_ns);
/* All is well again. */
void backoff_rest(struct backoff *backoff);

static inline bool backoff_stands(const struct backoff *backoff)
{
    return backoff->pause_ns > 0;
}

#endif
