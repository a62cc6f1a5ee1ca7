/* Prometheus's protobuf exposition format: a length and a MetricFamily each, one behind the other
   (https://github.com/prometheus/client_model, metrics.proto; encoding=delimited). What the text format 0.0.4 tells, and
   besides it exemplars, since when counters and histograms count, and native histograms. */
#ifndef METRICS_PROTOBUF_H
#define METRICS_PROTOBUF_H

#include <stdbool.h>

#include "base/buffer.h"
#include "metrics/exposition.h"

/* As text_format_write. Since when they count is told whatever exposition->created says, as client_golang does: it makes no
   series. */
bool protobuf_write(const struct store_view *view, const struct exposition *exposition, struct buffer *page);

#endif
