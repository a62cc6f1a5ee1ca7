/* The owners of one class: dense rows of slots, so that a scrape copies them at once, and numbers that stay the same when
   rows move because another owner went. For the store only; not thread-safe. */
#ifndef METRICS_OWNERS_H
#define METRICS_OWNERS_H

#include "metrics/layout.h"
#include "metrics/view.h"

struct owners {
    const struct layout *layout;
    unsigned owner_class;
    size_t width;           /* slots in a row */
    size_t count, capacity; /* of rows */
    union slot *slots;      /* count rows */
    struct view_owner *owners;
    uint32_t *rows; /* of each number; of a free number: the next free one */
    uint32_t numbers, numbers_capacity, first_free;
};

void owners_init(struct owners *owners, const struct layout *layout, unsigned owner_class);
void owners_free(struct owners *owners);

/* Gives the number of a new owner: one value a label of the class, counters at 0, gauges that do not stand. */
uint32_t owners_add(struct owners *owners, const char *const *label_values, unsigned groups,
                    int64_t created_wall_ns);
/* Other values for its labels, and more labels behind them. */
void owners_relabel(struct owners *owners, uint32_t number, const char *const *label_values,
                    const struct label_pair *more, size_t more_count);
/* Its row goes, and with it all that it held; the last row takes its place. */
void owners_remove(struct owners *owners, uint32_t number);

/* The row of an owner that there is. */
size_t owners_row(const struct owners *owners, uint32_t number);

#endif
