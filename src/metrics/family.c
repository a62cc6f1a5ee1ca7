#include "metrics/family.h"

#include <assert.h>
#include <string.h>

static const char total[] = "_total";

const char *metric_type_name(enum metric_type type)
{
    switch (type) {
    case METRIC_COUNTER:
        return "counter";
    case METRIC_HISTOGRAM:
        return "histogram";
    case METRIC_GAUGE:
    case METRIC_CHOICE:
    case METRIC_REMAINING:
    case METRIC_FOUND:
    case METRIC_SERIES:
        break;
    }
    return "gauge";
}

size_t family_base_size(const char *name, enum metric_type type)
{
    size_t size = strlen(name), end = strlen(total);

    if (type != METRIC_COUNTER)
        return size;
    assert(size > end && strcmp(name + size - end, total) == 0);
    return size - end;
}
