#include "metrics/family.h"

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
