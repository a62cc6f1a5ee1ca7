/* The series of one family and owner whose label values came as data: small, immutable, reference-counted, replaced whole. */
#ifndef METRICS_BLOCK_H
#define METRICS_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct block_series {
    struct span labels; /* escaped; within the block */
    double number;
    int64_t until_ns;        /* gauges; boot time */
    int64_t created_wall_ns; /* counters */
};

struct block {
    _Atomic uint32_t references;
    size_t count;
    struct block_series series[]; /* in the order in which they came; their labels behind them */
};

/* The position of the series with these labels; the block's count (0 for a NULL block) when there is none. */
size_t block_find(const struct block *block, struct span labels);

/* A copy of the block (NULL: an empty one) in which the series at position is this one; position may be its count: one
   more. The labels are copied. One reference is the caller's. */
struct block *block_with(const struct block *block, size_t position, const struct block_series *series);

struct block *block_ref(struct block *block); /* NULL gives NULL */
void block_unref(struct block *block);        /* NULL is allowed */

#endif
