#include "metrics/message.h"

#include <math.h>

#include "base/clock.h"
#include "metrics/label.h"
#include "metrics/wire.h"

/* The numbers of the fields, by metrics.proto. */
enum { LABEL = 1 }; /* of Metric and of Exemplar */
enum { LABEL_NAME = 1, LABEL_VALUE = 2 };
enum { TIME_SECONDS = 1, TIME_NANOS = 2 };
enum { EXEMPLAR_VALUE = 2, EXEMPLAR_TIME = 3 };
enum { BUCKET_COUNT = 1, BUCKET_BOUND = 2, BUCKET_EXEMPLAR = 3 };
enum { SPAN_OFFSET = 1, SPAN_LENGTH = 2 };
enum {
    HISTOGRAM_COUNT = 1,
    HISTOGRAM_SUM = 2,
    HISTOGRAM_BUCKET = 3,
    HISTOGRAM_SCHEMA = 5,
    HISTOGRAM_ZERO_THRESHOLD = 6,
    HISTOGRAM_ZERO_COUNT = 7,
    HISTOGRAM_SPAN = 12,
    HISTOGRAM_DELTA = 13,
    HISTOGRAM_CREATED = 15,
    HISTOGRAM_EXEMPLAR = 16
};

#define DOUBLE_SIZE 9 /* of a double with a tag of one byte */
#define GAP_MOST                                                                                             \
    2 /* empty buckets that are told as such; a longer gap begins a new span, as in client_golang */

static size_t length_size(size_t size)
{
    return 1 + wire_varint_size(size) + size;
}

static char *room(struct buffer *out, size_t size)
{
    return buffer_reserve(out, size) ? out->data + out->size : NULL;
}

static bool written(struct buffer *out, char *end)
{
    out->size = (size_t)(end - out->data);
    *end = '\0';
    return true;
}

/* ---- labels ---- */

static size_t unescaped_size(struct span value)
{
    size_t size = value.size;
    const char *at = value.data, *end = value.data + value.size;

    while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        size--;
        at += 2;
    }
    return size;
}

/* size: unescaped. */
static char *put_unescaped(char *to, struct span value, size_t size)
{
    const char *at = value.data, *end = value.data + value.size, *escape;

    if (size == value.size)
        return wire_put(to, value);
    while ((escape = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        to = wire_put(to, (struct span){at, (size_t)(escape - at)});
        *to++ = escape[1] == 'n' ? '\n' : escape[1];
        at = escape + 2;
    }
    return wire_put(to, (struct span){at, (size_t)(end - at)});
}

bool message_string(struct buffer *out, unsigned field, struct span escaped)
{
    size_t size = unescaped_size(escaped);
    char *at = room(out, WIRE_FIELD_MAX + size);

    return at != NULL && written(out, put_unescaped(wire_length(at, field, size), escaped, size));
}

static char *put_pair(char *at, struct span name, struct span value)
{
    size_t size = unescaped_size(value);

    at = wire_length(at, LABEL, length_size(name.size) + length_size(size));
    at = wire_bytes(at, LABEL_NAME, name);
    return put_unescaped(wire_length(at, LABEL_VALUE, size), value, size);
}

bool message_labels(struct buffer *out, struct span labels)
{
    struct span name, value;
    /* A pair has four bytes (a="") beside which at most three tags and lengths come. */
    char *at = room(out, labels.size + (labels.size / 4 + 1) * 3 * WIRE_FIELD_MAX);

    if (at == NULL)
        return false;
    while (label_next(&labels, &name, &value))
        at = put_pair(at, name, value);
    return written(out, at);
}

static size_t labels_size(struct span labels)
{
    struct span name, value;
    size_t size = 0;

    while (label_next(&labels, &name, &value))
        size += length_size(length_size(name.size) + length_size(unescaped_size(value)));
    return size;
}

/* ---- times and exemplars ---- */

static char *put_time(char *at, int64_t wall_ns)
{
    int64_t nanos = wall_ns % SECOND_NS, seconds = wall_ns / SECOND_NS;

    if (nanos < 0) {
        nanos += SECOND_NS;
        seconds--;
    }
    if (seconds != 0)
        at = wire_unsigned(at, TIME_SECONDS, (uint64_t)seconds);
    if (nanos != 0)
        at = wire_unsigned(at, TIME_NANOS, (uint64_t)nanos);
    return at;
}

static struct span time_body(char body[static MESSAGE_TIME_MAX], int64_t wall_ns)
{
    return (struct span){body, (size_t)(put_time(body, wall_ns) - body)};
}

char *message_time(char *at, unsigned field, int64_t wall_ns)
{
    char body[MESSAGE_TIME_MAX];

    return wire_bytes(at, field, time_body(body, wall_ns));
}

static size_t exemplar_size(const struct exemplar *exemplar)
{
    char body[MESSAGE_TIME_MAX];

    return labels_size(exemplar->labels) + DOUBLE_SIZE + length_size(time_body(body, exemplar->wall_ns).size);
}

static char *put_exemplar(char *at, unsigned field, const struct exemplar *exemplar)
{
    struct span labels = exemplar->labels, name, value;

    at = wire_length(at, field, exemplar_size(exemplar));
    while (label_next(&labels, &name, &value))
        at = put_pair(at, name, value);
    at = wire_double(at, EXEMPLAR_VALUE, exemplar->value);
    return message_time(at, EXEMPLAR_TIME, exemplar->wall_ns);
}

bool message_exemplar(struct buffer *out, unsigned field, const struct exemplar *exemplar)
{
    char *at = room(out, WIRE_FIELD_MAX + exemplar_size(exemplar));

    return at != NULL && written(out, put_exemplar(at, field, exemplar));
}

/* ---- histograms ---- */

static bool append_bucket(struct buffer *out, uint64_t cumulative, double bound,
                          const struct exemplar *exemplar)
{
    size_t size = 1 + wire_varint_size(cumulative) + DOUBLE_SIZE;

    if (exemplar != NULL)
        size += length_size(exemplar_size(exemplar));
    char *at = room(out, WIRE_FIELD_MAX + size);
    if (at == NULL)
        return false;
    at = wire_length(at, HISTOGRAM_BUCKET, size);
    at = wire_unsigned(at, BUCKET_COUNT, cumulative);
    at = wire_double(at, BUCKET_BOUND, bound);
    if (exemplar != NULL)
        at = put_exemplar(at, BUCKET_EXEMPLAR, exemplar);
    return written(out, at);
}

static char *put_span(char *at, int64_t offset, uint64_t length)
{
    char body[2 * WIRE_FIELD_MAX];
    char *end = wire_unsigned(wire_signed(body, SPAN_OFFSET, offset), SPAN_LENGTH, length);

    return wire_bytes(at, HISTOGRAM_SPAN, (struct span){body, (size_t)(end - body)});
}

/* Runs of buckets: how far each begins behind the end of the one before it, and how long it is. */
static char *put_spans(char *at, const struct native *native)
{
    int64_t next = 0, offset = 0;
    uint64_t length = 0;

    for (size_t i = 0; i < native->count; i++) {
        int64_t gap = native->buckets[i].key - next;
        if (i == 0 || gap > GAP_MOST) {
            if (i > 0)
                at = put_span(at, offset, length);
            offset = gap;
            length = 1;
        } else {
            length += (uint64_t)gap + 1;
        }
        next = native->buckets[i].key + 1;
    }
    return native->count == 0 ? at : put_span(at, offset, length);
}

/* The count of each bucket in the spans, as its distance from the one before it. */
static char *put_deltas(char *at, const struct native *native)
{
    int64_t next = 0, before = 0;

    for (size_t i = 0; i < native->count; i++) {
        int64_t gap = native->buckets[i].key - next, count = native->buckets[i].count;
        for (int64_t empty = 0; i > 0 && gap <= GAP_MOST && empty < gap; empty++) {
            at = wire_signed(at, HISTOGRAM_DELTA, -before);
            before = 0;
        }
        at = wire_signed(at, HISTOGRAM_DELTA, count - before);
        before = count;
        next = native->buckets[i].key + 1;
    }
    return at;
}

/* native NULL: nothing has been observed. The threshold of the zero bucket alone tells then that it is one. */
static bool append_native(struct buffer *out, const struct native *native)
{
    size_t count = native == NULL ? 0 : native->count;
    char *at = room(out, WIRE_FIELD_MAX * (3 + count * (3 + 1 + GAP_MOST)));

    if (at == NULL)
        return false;
    at = wire_signed(at, HISTOGRAM_SCHEMA, native == NULL ? NATIVE_SCHEMA : native->schema);
    at = wire_double(at, HISTOGRAM_ZERO_THRESHOLD, NATIVE_ZERO_THRESHOLD);
    at = wire_unsigned(at, HISTOGRAM_ZERO_COUNT, native == NULL ? 0 : native->zero_count);
    if (count > 0)
        at = put_deltas(put_spans(at, native), native);
    return written(out, at);
}

static bool append_created(struct buffer *out, int64_t wall_ns)
{
    char *at = room(out, MESSAGE_TIME_MAX);

    return at != NULL && written(out, message_time(at, HISTOGRAM_CREATED, wall_ns));
}

bool message_histogram(struct buffer *out, const struct store_view *view, const struct family_layout *family,
                       size_t row)
{
    const struct metric_family *of = family->row;
    const union slot *slots = view_slots(view, family, row);
    uint64_t count = 0, cumulative = 0;

    for (size_t i = 0; i <= of->bucket_count; i++)
        count += slots[i].count;
    char *at = room(out, 2 * WIRE_FIELD_MAX);
    if (at == NULL)
        return false;
    at = wire_unsigned(at, HISTOGRAM_COUNT, count);
    written(out, wire_double(at, HISTOGRAM_SUM, slots[of->bucket_count + 1].number));
    for (size_t i = 0; i <= of->bucket_count && !out->failed; i++) {
        cumulative += slots[i].count;
        append_bucket(out, cumulative, i < of->bucket_count ? of->buckets[i] : (double)INFINITY,
                      view_exemplar(view, family, row, i));
    }
    if (of->native)
        append_native(out, view_native(view, family, row));
    append_created(out, view->classes[of->owner_class].owners[row].created_wall_ns);
    for (size_t i = 0; of->native && i <= of->bucket_count && !out->failed; i++) {
        const struct exemplar *exemplar = view_exemplar(view, family, row, i);
        if (exemplar != NULL)
            message_exemplar(out, HISTOGRAM_EXEMPLAR, exemplar);
    }
    return !out->failed;
}
