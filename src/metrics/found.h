/* What the series sets of all owners say, family by family: made once a view, outside the store's lock. */
#ifndef METRICS_FOUND_H
#define METRICS_FOUND_H

#include <stddef.h>

#include "base/text.h"
#include "metrics/series_set.h"

struct view_class;

/* Series of one family that carry the same owner's labels. */
struct found_part {
    struct span owner; /* escaped labels; lives as long as the view */
    const struct series *series;
    size_t count;
    size_t text_size; /* of their labels */
    uint64_t serial;
    bool gives_way;
};

struct found_family {
    const char *name, *help;
    const struct metric_family *row; /* NULL: a name of its own */
    struct found_part *parts;
    size_t part_count;
};

struct found {
    struct found_family *families; /* sorted by name, each once */
    size_t family_count;
    struct found_part *parts;
    struct series **merged; /* what parts of several sets point into */
    size_t merged_count;
    size_t series;
};

/* Of the sets that the copied owners of these classes hold. No two series of it are alike. */
void found_gather(struct found *found, const struct view_class *classes, size_t class_count);
void found_free(struct found *found);

#endif
