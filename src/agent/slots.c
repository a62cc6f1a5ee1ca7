#include "agent/slots.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

/* Room for both grows together, so that giving a number back needs none. */
static void grow(struct slots *slots)
{
    if ((slots->count & (slots->count - 1)) != 0)
        return;
    uint32_t room = slots->count == 0 ? 1 : slots->count * 2;
    slots->items = memory_grow(slots->items, room, sizeof *slots->items);
    slots->free = memory_grow(slots->free, room, sizeof *slots->free);
}

uint32_t slots_put(struct slots *slots, void *item)
{
    assert(item);
    uint32_t number;
    if (slots->free_count > 0) {
        number = slots->free[--slots->free_count];
    } else {
        grow(slots);
        number = slots->count++;
    }
    slots->items[number] = item;
    return number;
}

void slots_drop(struct slots *slots, uint32_t number)
{
    assert(slots_at(slots, number));
    slots->items[number] = NULL;
    slots->free[slots->free_count++] = number;
}

void *slots_at(const struct slots *slots, uint32_t number)
{
    return number < slots->count ? slots->items[number] : NULL;
}

void slots_free(struct slots *slots)
{
    free(slots->items);
    free(slots->free);
    *slots = (struct slots){0};
}
