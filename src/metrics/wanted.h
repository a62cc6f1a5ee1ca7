/* The families that a scrape asked for by name (name[]=... of its query). */
#ifndef METRICS_WANTED_H
#define METRICS_WANTED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "metrics/family.h"

struct wanted_names {
    const struct span *names;
    size_t count; /* 0: every family */
};

/* Is the family one of them? The names of its series are names of it too: of a counter, whose name ends in _total, also
   the name without that, and with _created; of a histogram also with _bucket, _sum, _count and _created. */
bool wanted_family(const struct wanted_names *wanted, const char *name, enum metric_type type);

#endif
