/* Where each family's slots lie in the row of an owner; made once from the families' rows, never changed. For the store and
   the encoders only. */
#ifndef METRICS_LAYOUT_H
#define METRICS_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "metrics/block.h"
#include "metrics/family.h"
#include "metrics/native.h"

/* METRIC_COUNTER    a number a series
   METRIC_GAUGE      a number and a time a series
   METRIC_CHOICE     an index and a time
   METRIC_REMAINING  a time
   METRIC_FOUND      none
   METRIC_HISTOGRAM  a count a bucket (not cumulative) and one for +Inf, a number for the sum
   and behind them a block, where values may come as data, or a native histogram, where the family has one. */
union slot {
    double number;
    uint64_t count;
    int64_t
        time_ns; /* boot time; of a gauge or choice: shown while the scrape is before it. INT64_MIN: not shown */
    struct block *block;
    struct native *native; /* NULL: nothing has been observed */
};

#define SLOT_NEVER_SHOWN INT64_MIN
#define LAYOUT_NONE      SIZE_MAX

struct family_layout {
    const struct metric_family *row;
    size_t offset;       /* of its first slot in the row of an owner */
    size_t values;       /* series with closed labels (1: no label); 0 where all values are data */
    size_t block;        /* offset of its block in the row; LAYOUT_NONE: it has none */
    size_t native;       /* offset of its native histogram in the row; LAYOUT_NONE: it has none */
    char *label_text;    /* what labels point into */
    struct span *labels; /* of each closed value, escaped: reason="tls"; empty without a label */
};

struct layout {
    const struct metric_class *classes;
    size_t class_count;
    size_t *widths; /* slots in the row of an owner, a class */
    struct family_layout *families;
    size_t family_count;
    size_t *by_name; /* indices of families, sorted by their names */
};

struct layout *layout_new(const struct metric_class *classes, size_t class_count,
                          const struct metric_family *families, size_t family_count);
void layout_free(struct layout *layout);

/* Is there a family of that name among the rows? */
bool layout_has_name(const struct layout *layout, const char *name);

/* In the row of an owner: no gauge of the family stands any more. */
void layout_clear_gauges(const struct family_layout *family, union slot *row);
/* Writes the slots of a new owner: counters 0, gauges not shown. */
void layout_clear_row(const struct layout *layout, unsigned owner_class, union slot *row);

/* Of what the rows of one class hold by reference: one reference more of each; gives them back. */
void layout_hold(const struct layout *layout, unsigned owner_class, const union slot *slots, size_t rows);
void layout_release(const struct layout *layout, unsigned owner_class, const union slot *slots, size_t rows);

#endif
