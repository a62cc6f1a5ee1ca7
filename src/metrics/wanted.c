#include "metrics/wanted.h"

#include <string.h>

static const char *const counter_suffixes[] = {"", "_total", "_created", NULL};
static const char *const histogram_suffixes[] = {"", "_bucket", "_sum", "_count", "_created", NULL};
static const char *const gauge_suffixes[] = {"", NULL};

static const char *const *suffixes_of(enum metric_type type)
{
    switch (type) {
    case METRIC_COUNTER:
        return counter_suffixes;
    case METRIC_HISTOGRAM:
        return histogram_suffixes;
    case METRIC_GAUGE:
    case METRIC_CHOICE:
    case METRIC_REMAINING:
    case METRIC_FOUND:
    case METRIC_SERIES:
        break;
    }
    return gauge_suffixes;
}

bool wanted_family(const struct wanted_names *wanted, const char *name, enum metric_type type)
{
    if (wanted->count == 0)
        return true;
    const char *const *suffixes = suffixes_of(type);
    size_t size = family_base_size(name, type);
    for (size_t i = 0; i < wanted->count; i++) {
        struct span one = wanted->names[i];
        if (one.size < size || memcmp(one.data, name, size) != 0)
            continue;
        for (const char *const *suffix = suffixes; *suffix != NULL; suffix++)
            if (span_is((struct span){one.data + size, one.size - size}, *suffix))
                return true;
    }
    return false;
}
