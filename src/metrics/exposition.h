/* A page of all series, in one of the formats that Prometheus reads. */
#ifndef METRICS_EXPOSITION_H
#define METRICS_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "metrics/view.h"

enum exposition_format {
    EXPOSITION_TEXT, /* metrics/text_format.h */
    EXPOSITION_FORMATS
};

/* What a scrape asks for. All zero: all series, text format 0.0.4. */
struct exposition {
    enum exposition_format format;
};

/* Appends the page. False (and page->failed) when it does not fit into the buffer: what stands there then is no page. */
bool exposition_write(const struct store_view *view, const struct exposition *exposition,
                      struct buffer *page);

/* The format's Content-Type. */
const char *exposition_content_type(const struct exposition *exposition);

#endif
