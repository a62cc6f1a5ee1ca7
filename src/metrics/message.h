/* The parts of a MetricFamily message (metrics/protobuf.h): labels, times, exemplars, histograms. */
#ifndef METRICS_MESSAGE_H
#define METRICS_MESSAGE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "metrics/view.h"

/* Appends a string, given escaped as labels or as the text of a HELP line are. */
bool message_string(struct buffer *out, unsigned field, struct span escaped);

/* Appends escaped labels as the label pairs that begin a Metric. */
bool message_labels(struct buffer *out, struct span labels);

/* Bytes of the field created_timestamp, or any other of a Timestamp, at most. */
#define MESSAGE_TIME_MAX 24
char *message_time(char *at, unsigned field, int64_t wall_ns);

bool message_exemplar(struct buffer *out, unsigned field, const struct exemplar *exemplar);

/* Appends what a Histogram message holds: the classic buckets and, where the family has one, the native histogram. */
bool message_histogram(struct buffer *out, const struct store_view *view, const struct family_layout *family,
                       size_t row);

#endif
