/* Numbers for things that come and go: dense, a free one is taken again, each the same as long as its thing is
   there. */
#ifndef AGENT_SLOTS_H
#define AGENT_SLOTS_H

#include <stdint.h>

struct slots {
    void **items; /* by number; NULL: free */
    uint32_t count;
    uint32_t *free;
    uint32_t free_count;
};

uint32_t slots_put(struct slots *slots, void *item);
void slots_drop(struct slots *slots, uint32_t number);
/* NULL: nothing has this number. */
void *slots_at(const struct slots *slots, uint32_t number);
void slots_free(struct slots *slots); /* not the things */

#endif
