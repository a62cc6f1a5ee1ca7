#include "agent/gate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

struct gate_places {
    unsigned references; /* gates */
    size_t count;
    size_t in_flight;
    int64_t *held_until; /* of abandoned requests, soonest first */
    size_t held;
    size_t lingering; /* gates */
};

void gate_init(struct gate *gate, size_t places, const struct gate *before)
{
    *gate = (struct gate){.places = before ? before->places : memory_new(1, sizeof *gate->places)};
    gate->places->references++;
    gate_resize(gate, places);
}

void gate_resize(struct gate *gate, size_t places)
{
    assert(places > 0);
    gate->places->count = places;
}

void gate_free(struct gate *gate)
{
    heap_free(&gate->waiting);
    if (gate->places)
        gate_linger(gate, false);
    if (gate->places && --gate->places->references == 0) {
        free(gate->places->held_until);
        free(gate->places);
    }
    *gate = (struct gate){0};
}

size_t gate_in_flight(const struct gate *gate)
{
    return gate->places->in_flight;
}

size_t gate_taken(const struct gate *gate)
{
    return gate->places->in_flight + gate->places->held;
}

bool gate_free_place(struct gate *gate, int64_t now_ns)
{
    struct gate_places *places = gate->places;
    size_t over = 0;
    while (over < places->held && places->held_until[over] <= now_ns)
        over++;
    if (over > 0) {
        places->held -= over;
        memmove(places->held_until, places->held_until + over, places->held * sizeof places->held_until[0]);
    }
    return gate_taken(gate) < places->count;
}

void gate_take(struct gate *gate)
{
    assert(gate_taken(gate) < gate->places->count);
    gate->places->in_flight++;
}

void gate_release(struct gate *gate, bool abandoned, int64_t now_ns)
{
    struct gate_places *places = gate->places;
    assert(places->in_flight > 0);
    places->in_flight--;
    if (!abandoned)
        return;
    places->held_until = memory_grow(places->held_until, places->held + 1, sizeof places->held_until[0]);
    places->held_until[places->held++] = now_ns + GATE_ABANDONED_HOLD_NS;
}

void gate_linger(struct gate *gate, bool lingers)
{
    if (lingers && !gate->lingers)
        gate->places->lingering++;
    else if (!lingers && gate->lingers)
        gate->places->lingering--;
    gate->lingers = lingers;
}

bool gate_others_linger(const struct gate *gate)
{
    return gate->places->lingering > (gate->lingers ? 1 : 0);
}

int64_t gate_deadline(const struct gate *gate)
{
    return gate->places->held > 0 ? gate->places->held_until[0] : NEVER_NS;
}
