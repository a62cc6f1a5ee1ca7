/* Label pairs in the escaped form that text 0.0.4 and OpenMetrics share: name="value". */
#ifndef METRICS_LABEL_H
#define METRICS_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* [a-zA-Z_][a-zA-Z0-9_]*, and not the reserved __*. */
bool label_is_name(const char *name);
/* [a-zA-Z_:][a-zA-Z0-9_:]* */
bool label_is_metric_name(const char *name);

/* Appends name="value", with a comma before it when the buffer holds something. Backslash, quote and line feed
   are escaped; bytes that are no UTF-8 become U+FFFD, because one of them would lose the whole scrape. */
void label_append(struct buffer *buffer, const char *name, const char *value);

/* The first pair of escaped labels; *rest is moved behind it. False when nothing is left. */
bool label_next(struct span *rest, struct span *name, struct span *value);

/* Appends text of a HELP line: backslash and line feed escaped, a quote not; UTF-8 as above. */
void label_append_help(struct buffer *buffer, const char *help);
/* The same with a quote escaped, as in a label's value. */
void label_append_quoted(struct buffer *buffer, const char *text);

/* Escaped labels that the store and its views share: immutable, reference-counted. */
struct label_text {
    _Atomic uint32_t references;
    uint32_t size;
    char text[];
};

struct label_text *label_text_new(struct span labels); /* copied; one reference is the caller's */
struct label_text *label_text_ref(struct label_text *labels);
void label_text_unref(struct label_text *labels); /* NULL is allowed */

/* A label that an owner has beside those of its class. */
struct label_pair {
    const char *name, *value;
};

#endif
