#include "metrics/exposition.h"

#include <assert.h>

#include "metrics/openmetrics.h"
#include "metrics/protobuf.h"
#include "metrics/text_format.h"

/* Its Content-Type with each of the escapings behind it. The strings are meant to be joined.
   NOLINTBEGIN(bugprone-macro-parentheses,bugprone-suspicious-missing-comma) */
#define CONTENT_TYPES(type)                                                                                  \
    {                                                                                                        \
        [ESCAPING_NONE] = type, [ESCAPING_UNDERSCORES] = type "; escaping=underscores",                      \
        [ESCAPING_DOTS] = type "; escaping=dots", [ESCAPING_VALUES] = type "; escaping=values",              \
        [ESCAPING_ALLOW_UTF8] = type "; escaping=allow-utf-8"                                                \
    }

/* One row a format; without a writer it is not offered. */
static const struct {
    bool (*write)(const struct store_view *view, const struct exposition *exposition, struct buffer *page);
    const char *content_types[EXPOSITION_ESCAPINGS];
} formats[EXPOSITION_FORMATS] = {
    [EXPOSITION_TEXT] = {text_format_write, CONTENT_TYPES("text/plain; version=0.0.4; charset=utf-8")},
    [EXPOSITION_OPENMETRICS] = {openmetrics_write,
                                CONTENT_TYPES("application/openmetrics-text; version=1.0.0; charset=utf-8")},
    [EXPOSITION_PROTOBUF] = {protobuf_write,
                             CONTENT_TYPES("application/vnd.google.protobuf; "
                                           "proto=io.prometheus.client.MetricFamily; encoding=delimited")},
};

static const char *const draft_content_types[EXPOSITION_ESCAPINGS] = CONTENT_TYPES(
    "application/openmetrics-text; version=0.0.1; charset=utf-8");

/* NOLINTEND(bugprone-macro-parentheses,bugprone-suspicious-missing-comma) */

static const char *const escaping_names[EXPOSITION_ESCAPINGS] = {
    [ESCAPING_UNDERSCORES] = "underscores",
    [ESCAPING_DOTS] = "dots",
    [ESCAPING_VALUES] = "values",
    [ESCAPING_ALLOW_UTF8] = "allow-utf-8",
};

bool exposition_offers(enum exposition_format format)
{
    return formats[format].write != NULL;
}

const char *exposition_escaping_name(enum exposition_escaping escaping)
{
    return escaping_names[escaping];
}

bool exposition_write(const struct store_view *view, const struct exposition *exposition, struct buffer *page)
{
    assert(exposition_offers(exposition->format));
    return formats[exposition->format].write(view, exposition, page);
}

const char *exposition_content_type(const struct exposition *exposition)
{
    if (exposition->format == EXPOSITION_OPENMETRICS && exposition->draft)
        return draft_content_types[exposition->escaping];
    return formats[exposition->format].content_types[exposition->escaping];
}
