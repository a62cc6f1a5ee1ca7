/* The page of a text format: what text 0.0.4 and OpenMetrics have in common, which is nearly all. */
#ifndef METRICS_LINES_H
#define METRICS_LINES_H

#include <stdbool.h>

#include "metrics/exposition.h"

/* In what the two differ. */
struct lines_dialect {
    /* What stands before the first series of a family. Of a counter the name ends in _total. */
    void (*write_comments)(struct buffer *page, const char *name, const char *help, enum metric_type type);
    bool created; /* may have series of _created */
    bool exemplars;
    const char *end; /* behind the last series of the page */
};

/* Appends the page: families by name, each with its comments once and all its series behind them; a family without a series
   is left out. The bounds of buckets are spelled le="1.0" in both formats: Prometheus spells them so by itself where it reads
   protobuf (from 3.0 on everywhere), and a series must not be another one for being read in another format. False (and
   page->failed) when it does not fit. */
bool lines_write(const struct store_view *view, const struct exposition *exposition,
                 const struct lines_dialect *dialect, struct buffer *page);

#endif
