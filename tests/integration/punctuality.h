/* When each call reached its server, held against when its run was due by the agent's schedule: whatever held a run up, the gate,
   a token, a hanging worker, is in that. */
#ifndef INTEGRATION_PUNCTUALITY_H
#define INTEGRATION_PUNCTUALITY_H

#include <stddef.h>
#include <stdint.h>

#include "integration/rig.h"
#include "simulator/simulator.h"

/* A call says of which run it is by its argument: in a configuration where each probe has one target, probe I from 0 has
   `param.Target = I`. */
struct call {
    size_t target;
    int64_t due_ns, waited_ns; /* due on CLOCK_MONOTONIC, as the simulator counts */
};
struct calls {
    struct call *items;
    size_t count;
};

/* When the agent made its schedule. To be asked for right after its start. */
int64_t punctuality_start_ns(const struct rig *rig);

/* The calls on this path among the last that the simulator keeps. A run that is not sent before its next is due counts as that
   one: it was skipped, which the agent counts. The caller frees items. */
struct calls punctuality_calls(const struct rig *rig, int64_t start_ns, struct simulator *server,
                               const char *path);

/* What they waited, in seconds. */
struct waits {
    size_t count, held;             /* held: PUNCTUALITY_NOTICED or longer */
    double half, most_of_all, most; /* the middle one, the 99th of a hundred, the last */
};
/* Seconds that hardly ever a machine makes a run wait. */
#define PUNCTUALITY_NOTICED 0.5
/* Sorts the calls by what they waited. */
struct waits punctuality_waits(struct calls *calls);

int64_t punctuality_now_ns(void); /* CLOCK_MONOTONIC */

#endif
