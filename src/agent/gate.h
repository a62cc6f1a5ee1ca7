/* The gate of one app server: at most max_in_flight requests at once, oldest due first. After a time-out, or
   a connection that broke, the place stays taken a while, because the server may still be working on it and hold the license seat. */
#ifndef AGENT_GATE_H
#define AGENT_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/heap.h"

#define GATE_ABANDONED_HOLD_NS INT64_C(30000000000)

struct gate_places;

struct gate {
    struct gate_places *places;
    struct heap waiting; /* by due time */
    bool lingers;        /* gate_linger */
};

/* before: another gate toward the same app server, whose requests still run and count here too; NULL: there is none. */
void gate_init(struct gate *gate, size_t places, const struct gate *before);
/* Fewer places than are taken: none becomes free until enough are given back. */
void gate_resize(struct gate *gate, size_t places);
void gate_free(struct gate *gate);

/* Is a place free now? Lets go of what was held long enough. */
bool gate_free_place(struct gate *gate, int64_t now_ns);
void gate_take(struct gate *gate); /* after gate_free_place said so */
/* abandoned: the request went out and no whole answer came. */
void gate_release(struct gate *gate, bool abandoned, int64_t now_ns);

size_t gate_in_flight(const struct gate *gate); /* requests that run */
size_t gate_taken(const struct gate *gate);     /* they, and places of abandoned requests */

/* A server that another has replaced: do its sessions still hold seats? The other opens none meanwhile. */
void gate_linger(struct gate *gate, bool lingers);
/* Do those of any other toward the same app server? */
bool gate_others_linger(const struct gate *gate);

/* When a held place becomes free; NEVER_NS: none is held. */
int64_t gate_deadline(const struct gate *gate);

#endif
