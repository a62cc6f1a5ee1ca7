/* Reads a delimited protobuf page as strictly as the format allows and tells it again as text format 0.0.4, with what that
   format cannot say in comments of its own. Knows nothing of the encoder; fields by metrics.proto. */
#ifndef PROTOBUF_DECODER_H
#define PROTOBUF_DECODER_H

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

struct reader {
    const unsigned char *at, *end;
};

struct field {
    uint64_t number, type;
    uint64_t value;     /* of a varint, or the bits of a double */
    struct reader body; /* of a string or message */
};

static uint64_t read_varint(struct reader *in)
{
    uint64_t value = 0;

    for (unsigned shift = 0;; shift += 7) {
        assert_true(in->at < in->end && shift < 70);
        unsigned char byte = *in->at++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            assert_true(byte != 0 || shift == 0); /* the shortest form */
            return value;
        }
    }
}

/* False at the end. */
static bool read_field(struct reader *in, struct field *field)
{
    uint64_t before = field->number;

    if (in->at == in->end)
        return false;
    uint64_t tag = read_varint(in);
    *field = (struct field){.number = tag >> 3, .type = tag & 7};
    assert_true(field->number >= before); /* in their order */
    if (field->type == 0) {
        field->value = read_varint(in);
    } else if (field->type == 1) {
        assert_true(in->end - in->at >= 8);
        for (unsigned i = 0; i < 8; i++)
            field->value |= (uint64_t)*in->at++ << 8 * i;
    } else {
        assert_int_equal(field->type, 2);
        uint64_t size = read_varint(in);
        assert_true(size <= (uint64_t)(in->end - in->at));
        field->body = (struct reader){in->at, in->at + size};
        in->at += size;
    }
    return true;
}

static double field_double(const struct field *field)
{
    double value;

    assert_int_equal(field->type, 1);
    memcpy(&value, &field->value, sizeof value);
    return value;
}

static int64_t field_signed(const struct field *field)
{
    assert_int_equal(field->type, 0);
    return (int64_t)(field->value >> 1) ^ -(int64_t)(field->value & 1);
}

static void put_number(struct buffer *out, double number)
{
    char text[TEXT_DOUBLE_MAX];

    buffer_append(out, text, text_from_double(number, text));
}

static void put_text(struct buffer *out, struct reader in, bool quotes)
{
    assert_true(text_is_utf8((const char *)in.at, (size_t)(in.end - in.at)));
    for (; in.at < in.end; in.at++) {
        if (*in.at == '\\' || (quotes && *in.at == '"'))
            buffer_byte(out, '\\');
        if (*in.at == '\n')
            buffer_text(out, "\\n");
        else
            buffer_byte(out, (char)*in.at);
    }
}

static void put_pair(struct buffer *out, struct reader in)
{
    struct field field = {0};
    size_t begin = out->size;

    assert_true(read_field(&in, &field) && field.number == 1 && field.type == 2);
    if (begin > 0)
        buffer_byte(out, ',');
    put_text(out, field.body, true);
    buffer_text(out, "=\"");
    assert_true(read_field(&in, &field) && field.number == 2 && field.type == 2);
    put_text(out, field.body, true);
    buffer_byte(out, '"');
    assert_false(read_field(&in, &field));
}

static void put_time(struct buffer *out, struct reader in)
{
    struct field field = {0};
    uint64_t parts[3] = {0};

    while (read_field(&in, &field)) {
        assert_true(field.number <= 2 && field.type == 0 && field.value != 0);
        parts[field.number] = field.value;
    }
    assert_true(parts[2] < 1000000000);
    buffer_format(out, "%lld.%09llu", (long long)parts[1], (unsigned long long)parts[2]);
}

/* {labels} value time */
static void put_exemplar(struct buffer *out, struct reader in)
{
    struct field field = {0};
    struct buffer labels;

    buffer_init(&labels, 1 << 16);
    double value = 0;
    while (read_field(&in, &field)) {
        if (field.number == 1) {
            put_pair(&labels, field.body);
        } else if (field.number == 2) {
            value = field_double(&field);
        } else {
            assert_int_equal(field.number, 3);
            buffer_format(out, "{%s} ", buffer_as_text(&labels));
            put_number(out, value);
            buffer_byte(out, ' ');
            put_time(out, field.body);
        }
    }
    buffer_free(&labels);
}

struct metric_reader {
    struct buffer *out;
    struct buffer *rest; /* what text cannot say */
    const char *name;
    char labels[8192];
};

static void put_name(struct metric_reader *metric, const char *suffix, const char *more)
{
    bool both = metric->labels[0] != '\0' && more[0] != '\0',
         any = metric->labels[0] != '\0' || more[0] != '\0';

    buffer_format(metric->out, "%s%s%s%s%s%s%s ", metric->name, suffix, any ? "{" : "", metric->labels,
                  both ? "," : "", more, any ? "}" : "");
}

static void put_rest(struct metric_reader *metric, const char *what)
{
    buffer_format(metric->rest, "%s{%s} %s ", metric->name, metric->labels, what);
}

static void read_counter(struct metric_reader *metric, struct reader in, bool counter)
{
    struct field field = {0};

    assert_true(read_field(&in, &field) && field.number == 1);
    put_name(metric, "", "");
    put_number(metric->out, field_double(&field));
    buffer_byte(metric->out, '\n');
    while (read_field(&in, &field)) {
        assert_true(counter && (field.number == 2 || field.number == 3));
        put_rest(metric, field.number == 2 ? "exemplar" : "created");
        if (field.number == 2)
            put_exemplar(metric->rest, field.body);
        else
            put_time(metric->rest, field.body);
        buffer_byte(metric->rest, '\n');
    }
}

static uint64_t read_bucket(struct metric_reader *metric, struct reader in)
{
    struct field field = {0};
    char bound[64] = "le=\"";

    assert_true(read_field(&in, &field) && field.number == 1 && field.type == 0);
    uint64_t count = field.value;
    assert_true(read_field(&in, &field) && field.number == 2);
    size_t size = strlen(bound) + text_from_double(field_double(&field), bound + strlen(bound));
    if (strpbrk(bound + strlen("le=\""), ".eI") == NULL) { /* a float, as Prometheus spells it */
        memcpy(bound + size, ".0", 2);
        size += 2;
    }
    bound[size] = '"';
    put_name(metric, "_bucket", bound);
    buffer_format(metric->out, "%llu\n", (unsigned long long)count);
    if (read_field(&in, &field)) {
        assert_int_equal(field.number, 3);
        bound[size] = '\0';
        put_rest(metric, bound + strlen("le=\""));
        put_exemplar(metric->rest, field.body);
        buffer_byte(metric->rest, '\n');
    }
    return count;
}

/* Spans and deltas, given as (key count) of each bucket that holds something. */
struct native_reader {
    bool any;
    int64_t keys[1024];
    size_t count, read;
    int64_t next, number;
    uint64_t total;
};

static void read_span(struct native_reader *native, struct reader in)
{
    struct field field = {0};

    assert_true(read_field(&in, &field) && field.number == 1);
    int64_t offset = field_signed(&field);
    assert_true(native->count == 0 || offset > 2);
    native->next += offset;
    assert_true(read_field(&in, &field) && field.number == 2 && field.type == 0 && field.value > 0);
    for (uint64_t i = 0; i < field.value; i++) {
        assert_true(native->count < 1024);
        native->keys[native->count++] = native->next++;
    }
}

static void read_histogram(struct metric_reader *metric, struct reader in)
{
    struct field field = {0};
    struct native_reader native = {0};
    struct buffer buckets;
    uint64_t last = 0;

    buffer_init(&buckets, 1 << 16);
    assert_true(read_field(&in, &field) && field.number == 1 && field.type == 0);
    uint64_t count = field.value;
    assert_true(read_field(&in, &field) && field.number == 2);
    double sum = field_double(&field);
    while (read_field(&in, &field)) {
        switch (field.number) {
        case 3:
            last = read_bucket(metric, field.body);
            break;
        case 5:
            native.any = true;
            buffer_format(&buckets, "schema %d", (int)field_signed(&field));
            break;
        case 6:
            assert_true(field_double(&field) == ldexp(1, -128));
            break;
        case 7:
            native.total += field.value;
            buffer_format(&buckets, " zero %llu", (unsigned long long)field.value);
            break;
        case 12:
            read_span(&native, field.body);
            break;
        case 13:
            assert_true(native.read < native.count);
            native.number += field_signed(&field);
            assert_true(native.number >= 0);
            native.total += (uint64_t)native.number;
            if (native.number > 0)
                buffer_format(&buckets, " (%lld %lld)", (long long)native.keys[native.read],
                              (long long)native.number);
            native.read++;
            break;
        case 15:
        case 16:
            put_rest(metric, field.number == 15 ? "created" : "native exemplar");
            if (field.number == 15)
                put_time(metric->rest, field.body);
            else
                put_exemplar(metric->rest, field.body);
            buffer_byte(metric->rest, '\n');
            break;
        default:
            fail_msg("field %d of a histogram", (int)field.number);
        }
    }
    assert_int_equal(last, count);
    assert_int_equal(native.read, native.count);
    if (native.any) {
        assert_int_equal(native.total, count);
        put_rest(metric, "native");
        buffer_format(metric->rest, "%s\n", buffer_as_text(&buckets));
    }
    put_name(metric, "_sum", "");
    put_number(metric->out, sum);
    buffer_byte(metric->out, '\n');
    put_name(metric, "_count", "");
    buffer_format(metric->out, "%llu\n", (unsigned long long)count);
    buffer_free(&buckets);
}

static void read_metric(struct metric_reader *metric, struct reader in, uint64_t type)
{
    static const uint64_t field_of_type[] = {3, 2, 0, 0, 7};
    struct field field = {0};
    struct buffer labels;
    bool done = false;

    buffer_init(&labels, sizeof metric->labels - 1);
    while (read_field(&in, &field)) {
        assert_false(done);
        if (field.number == 1) {
            put_pair(&labels, field.body);
            continue;
        }
        assert_false(labels.failed);
        strcpy(metric->labels, buffer_as_text(&labels)); /* NOLINT: it fits */
        assert_int_equal(field.number, field_of_type[type]);
        if (type == 4)
            read_histogram(metric, field.body);
        else
            read_counter(metric, field.body, type == 0);
        done = true;
    }
    assert_true(done);
    buffer_free(&labels);
}

/* Appends the page as text 0.0.4 to out, what that cannot tell to rest, a line each. */
static void protobuf_decode(const void *page, size_t size, struct buffer *out, struct buffer *rest)
{
    static const char *const types[] = {"counter", "gauge", NULL, NULL, "histogram"};
    struct reader in = {page, (const unsigned char *)page + size};

    while (in.at < in.end) {
        uint64_t length = read_varint(&in);
        assert_true(length > 0 && length <= (uint64_t)(in.end - in.at));
        struct reader family = {in.at, in.at + length};
        struct field field = {0};
        char name[256] = "";
        uint64_t type = 0, metrics = 0;
        in.at += length;
        while (read_field(&family, &field)) {
            if (field.number == 1) {
                assert_true(field.type == 2 && (size_t)(field.body.end - field.body.at) < sizeof name);
                snprintf(name, sizeof name, "%.*s", (int)(field.body.end - field.body.at),
                         (const char *)field.body.at);
            } else if (field.number == 2) {
                buffer_format(out, "# HELP %s ", name);
                put_text(out, field.body, false);
                buffer_byte(out, '\n');
            } else if (field.number == 3) {
                type = field.value;
                assert_true(type < 5 && types[type] != NULL);
                buffer_format(out, "# TYPE %s %s\n", name, types[type]);
            } else {
                assert_int_equal(field.number, 4);
                struct metric_reader metric = {.out = out, .rest = rest, .name = name};
                read_metric(&metric, field.body, type);
                metrics++;
            }
        }
        assert_true(metrics > 0);
    }
    assert_false(out->failed || rest->failed);
}

#endif
