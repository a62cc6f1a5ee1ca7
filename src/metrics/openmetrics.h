/* OpenMetrics 1.0.0
   (https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md). */
#ifndef METRICS_OPENMETRICS_H
#define METRICS_OPENMETRICS_H

#include <stdbool.h>

#include "metrics/exposition.h"

/* Appends the page, to its # EOF. The types are those of text 0.0.4 too, so that a gauge whose name ends in _info stays one:
   as an info its series would have the same name and nothing would be gained. False (and page->failed) when it does not fit
   into the buffer: what stands there then is no page. */
bool openmetrics_write(const struct store_view *view, const struct exposition *exposition,
                       struct buffer *page);

#endif
