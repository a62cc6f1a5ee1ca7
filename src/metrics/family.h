/* What a family of metrics is: one row. The store lays out its slots by these rows, every encoder walks them. */
#ifndef METRICS_FAMILY_H
#define METRICS_FAMILY_H

#include <stdbool.h>
#include <stddef.h>

#define FAMILY_LABELS 3 /* labels of a family beside those of its owners, at most */

enum metric_type {
    METRIC_COUNTER,
    METRIC_GAUGE,     /* each series with a time until which it is shown */
    METRIC_CHOICE,    /* a gauge: at most one value of its closed label stands, as 1 */
    METRIC_REMAINING, /* a gauge: seconds from the scrape until a moment; 0 when that is past or none is set */
    METRIC_HISTOGRAM, /* classic: cumulative buckets, sum and count */
    METRIC_FOUND,     /* a gauge: its series come only from series sets (metrics/series_set.h) */
    METRIC_SERIES /* a gauge: how many series the scrape shows, itself counted; of a class with one owner */
};

/* The type's name for Prometheus, as text format 0.0.4 and the reference tell it: "counter", "gauge", "histogram". */
const char *metric_type_name(enum metric_type type);

/* Of the family's name, as OpenMetrics counts it: a counter's without _total. */
size_t family_base_size(const char *name, enum metric_type type);

/* Owners of one class carry the same labels. A class without labels has one owner. */
struct metric_class {
    const char *const *labels; /* NULL-terminated; NULL: none */
};

struct metric_family {
    const char *name; /* as in the text format: a counter's ends in _total */
    const char *help;
    enum metric_type type;
    unsigned owner_class;
    unsigned group; /* bits; shown only for owners that have all of them */
    const char *labels[FAMILY_LABELS];
    /* The closed list of values of labels[0]: value_of(0 .. value_count - 1). Each is a slot of its own, and a
       counter stands at 0 from the start. */
    const char *(*value_of)(size_t index);
    size_t value_count;
    /* Values (of all labels) that come as data, an owner: at most so many; what comes then is added to a series
       whose labels are all overflow, or refused where that is NULL. 0: none may come. */
    size_t data_maximum;
    const char *overflow;
    const double *buckets; /* METRIC_HISTOGRAM: upper bounds, ascending, +Inf left out */
    size_t bucket_count;
    bool native;    /* METRIC_HISTOGRAM: there is a native one beside it (metrics/native.h) */
    bool exemplars; /* of its closed values, or buckets: each may have one (metrics/exemplar.h) */
};

#endif
