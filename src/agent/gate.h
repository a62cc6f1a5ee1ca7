/* The gate of one app server: at most max_in_flight requests at once, oldest due first. After a time-out the
   place stays taken a while, because the server may still be working on it and hold the license seat. */
#ifndef AGENT_GATE_H
#define AGENT_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/heap.h"

#define GATE_ABANDONED_HOLD_NS INT64_C(30000000000)

struct gate {
    size_t places;
    size_t in_flight;    /* requests that run */
    int64_t *held_until; /* places of abandoned requests, soonest first; at most places */
    size_t held;
    struct heap waiting; /* by due time */
};

void gate_init(struct gate *gate, size_t places);
void gate_free(struct gate *gate);

/* Is a place free now? Lets go of what was held long enough. */
bool gate_free_place(struct gate *gate, int64_t now_ns);
void gate_take(struct gate *gate); /* after gate_free_place said so */
/* abandoned: the request went out and no answer came in time. */
void gate_release(struct gate *gate, bool abandoned, int64_t now_ns);

/* When a held place becomes free; NEVER_NS: none is held. */
int64_t gate_deadline(const struct gate *gate);

#endif
