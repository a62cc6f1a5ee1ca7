/* Prometheus text exposition format 0.0.4
   (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format). */
#ifndef METRICS_TEXT_FORMAT_H
#define METRICS_TEXT_FORMAT_H

#include <stdbool.h>

#include "metrics/exposition.h"

/* Appends the page. False (and page->failed) when it does not fit into the buffer: what stands there then is no page. */
bool text_format_write(const struct store_view *view, const struct exposition *exposition,
                       struct buffer *page);

#endif
