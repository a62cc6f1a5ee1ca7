/* A page of all series, in one of the formats that Prometheus reads. */
#ifndef METRICS_EXPOSITION_H
#define METRICS_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "metrics/view.h"
#include "metrics/wanted.h"

enum exposition_format {
    EXPOSITION_TEXT,        /* metrics/text_format.h */
    EXPOSITION_OPENMETRICS, /* metrics/openmetrics.h */
    EXPOSITION_PROTOBUF,    /* metrics/protobuf.h */
    EXPOSITION_FORMATS
};

/* How names that only a newer Prometheus takes would be spelled. All of ours are of the old alphabet, so that each of them
   gives the same page: a scrape that names one is told it again. */
enum exposition_escaping {
    ESCAPING_NONE, /* not named */
    ESCAPING_UNDERSCORES,
    ESCAPING_DOTS,
    ESCAPING_VALUES,
    ESCAPING_ALLOW_UTF8,
    EXPOSITION_ESCAPINGS
};

/* What a scrape asks for. All zero: all series, text format 0.0.4. */
struct exposition {
    enum exposition_format format;
    enum exposition_escaping escaping;
    bool draft;                /* OpenMetrics under its version 0.0.1, whose page is the same */
    bool created;              /* since when each counter and histogram counts, where the format can tell */
    struct wanted_names names; /* whose texts live as long */
};

/* Is there an encoder of that format? */
bool exposition_offers(enum exposition_format format);

/* The parameter's value, as in escaping=dots; NULL for ESCAPING_NONE. */
const char *exposition_escaping_name(enum exposition_escaping escaping);

/* Appends the page. False (and page->failed) when it does not fit into the buffer: what stands there then is no page. */
bool exposition_write(const struct store_view *view, const struct exposition *exposition,
                      struct buffer *page);

/* Does the page have this family? For the encoders. */
static inline bool exposition_wants(const struct exposition *exposition, const char *name,
                                    enum metric_type type)
{
    return exposition->names.count == 0 || wanted_family(&exposition->names, name, type);
}

/* The format's Content-Type, as what was asked for makes it. It lives for ever. */
const char *exposition_content_type(const struct exposition *exposition);

#endif
