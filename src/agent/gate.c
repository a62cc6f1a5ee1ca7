#include "agent/gate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

void gate_init(struct gate *gate, size_t places)
{
    assert(places > 0);
    *gate = (struct gate){.places = places};
}

void gate_free(struct gate *gate)
{
    heap_free(&gate->waiting);
    free(gate->held_until);
    *gate = (struct gate){0};
}

bool gate_free_place(struct gate *gate, int64_t now_ns)
{
    size_t over = 0;
    while (over < gate->held && gate->held_until[over] <= now_ns)
        over++;
    if (over > 0) {
        gate->held -= over;
        memmove(gate->held_until, gate->held_until + over, gate->held * sizeof gate->held_until[0]);
    }
    return gate->in_flight + gate->held < gate->places;
}

void gate_take(struct gate *gate)
{
    assert(gate->in_flight + gate->held < gate->places);
    gate->in_flight++;
}

void gate_release(struct gate *gate, bool abandoned, int64_t now_ns)
{
    assert(gate->in_flight > 0);
    gate->in_flight--;
    if (!abandoned)
        return;
    gate->held_until = memory_grow(gate->held_until, gate->held + 1, sizeof gate->held_until[0]);
    gate->held_until[gate->held++] = now_ns + GATE_ABANDONED_HOLD_NS;
}

int64_t gate_deadline(const struct gate *gate)
{
    return gate->held > 0 ? gate->held_until[0] : NEVER_NS;
}
