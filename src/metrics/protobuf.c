#include "metrics/protobuf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/label.h"
#include "metrics/message.h"
#include "metrics/wire.h"

/* The numbers of the fields, by metrics.proto. */
enum { MF_NAME = 1, MF_HELP = 2, MF_TYPE = 3, MF_METRIC = 4 };
enum { M_GAUGE = 2, M_COUNTER = 3, M_HISTOGRAM = 7 };
enum { NUMBER_VALUE = 1 }; /* of Gauge and of Counter */
enum { COUNTER_EXEMPLAR = 2, COUNTER_CREATED = 3 };
enum { TYPE_COUNTER = 0, TYPE_GAUGE = 1, TYPE_HISTOGRAM = 4 };

/* A number with all that belongs to it but labels and exemplars, at most. */
#define NUMBER_ROOM (4 * WIRE_FIELD_MAX + MESSAGE_TIME_MAX)

/* Label pairs, as they stand in a message, of each owner or each closed value. */
struct pairs {
    struct buffer bytes;
    struct span *items;
    size_t count;
};

struct encoder {
    const struct store_view *view;
    struct buffer *page;
    struct pairs *owners; /* of each class, made when a family of it is written */
    struct buffer labels, body;
    size_t begin; /* where in the page the message under way begins */
};

/* One family while it is written. */
struct family_encoder {
    struct encoder *encoder;
    const struct family_layout *family;
    const struct pairs *owners;
    struct pairs values; /* of its closed list; one, without a label, where it has none */
    bool begun;
};

/* What the series of one owner have in common. */
struct owner_series {
    size_t row;
    struct span pairs;
    char created_bytes[MESSAGE_TIME_MAX];
    struct span created; /* a counter's field */
};

/* ---- labels ---- */

static void pairs_init(struct pairs *pairs, size_t room)
{
    *pairs = (struct pairs){.items = memory_new(room, sizeof *pairs->items)};
    buffer_init(&pairs->bytes, SIZE_MAX / 2);
}

static void pairs_add(struct pairs *pairs, struct span labels)
{
    size_t before = pairs->bytes.size;

    message_labels(&pairs->bytes, labels);
    pairs->items[pairs->count++].size = pairs->bytes.size - before;
}

/* When all are there, and their bytes move no more. */
static void pairs_place(struct pairs *pairs)
{
    size_t at = 0;

    assert(!pairs->bytes.failed);
    for (size_t i = 0; i < pairs->count; i++) {
        pairs->items[i].data = at == pairs->bytes.size ? "" : pairs->bytes.data + at;
        at += pairs->items[i].size;
    }
}

static void pairs_free(struct pairs *pairs)
{
    free(pairs->items);
    buffer_free(&pairs->bytes);
}

static const struct pairs *owner_pairs(struct encoder *encoder, unsigned owner_class)
{
    const struct view_class *owners = &encoder->view->classes[owner_class];
    struct pairs *pairs = &encoder->owners[owner_class];

    if (pairs->items != NULL)
        return pairs;
    pairs_init(pairs, owners->count);
    for (size_t row = 0; row < owners->count; row++)
        pairs_add(pairs, (struct span){owners->owners[row].labels->text, owners->owners[row].labels->size});
    pairs_place(pairs);
    return pairs;
}

/* Those of one series whose labels came as data. */
static struct span data_pairs(struct encoder *encoder, struct span labels)
{
    buffer_clear(&encoder->labels);
    message_labels(&encoder->labels, labels);
    return (struct span){encoder->labels.data, encoder->labels.size};
}

/* ---- a message ---- */

static unsigned type_of(enum metric_type type)
{
    switch (type) {
    case METRIC_COUNTER:
        return TYPE_COUNTER;
    case METRIC_HISTOGRAM:
        return TYPE_HISTOGRAM;
    case METRIC_GAUGE:
    case METRIC_CHOICE:
    case METRIC_REMAINING:
    case METRIC_FOUND:
    case METRIC_SERIES:
        break;
    }
    return TYPE_GAUGE;
}

static char *page_end(const struct buffer *page)
{
    return page->data + page->size;
}

static void end_at(struct buffer *page, char *at)
{
    page->size = (size_t)(at - page->data);
    *at = '\0';
}

/* Leaves room for the length, which is known when the whole message is there. */
static bool begin_message(struct encoder *encoder, const char *name, const char *help, enum metric_type type)
{
    struct buffer *page = encoder->page, *text = &encoder->body;
    struct span title = span_of(name);

    encoder->begin = page->size;
    if (!buffer_reserve(page, WIRE_VARINT_MAX + WIRE_FIELD_MAX + title.size))
        return false;
    end_at(page, wire_bytes(page_end(page) + WIRE_VARINT_MAX, MF_NAME, title));
    buffer_clear(text);
    label_append_help(text, help);
    if (!message_string(page, MF_HELP, (struct span){text->data, text->size}) ||
        !buffer_reserve(page, WIRE_FIELD_MAX))
        return false;
    end_at(page, wire_unsigned(page_end(page), MF_TYPE, type_of(type)));
    return true;
}

static void end_message(struct encoder *encoder)
{
    struct buffer *page = encoder->page;

    if (page->failed)
        return;
    char *message = page->data + encoder->begin + WIRE_VARINT_MAX;
    size_t size = (size_t)(page_end(page) - message);
    char *at = wire_varint(page->data + encoder->begin, size);
    memmove(at, message, size);
    end_at(page, at + size);
}

/* ---- series ---- */

/* Name, help and type, before the first series. */
static bool begin(struct family_encoder *writer)
{
    const struct metric_family *row = writer->family->row;

    if (writer->begun)
        return true;
    writer->begun = true;
    return begin_message(writer->encoder, row->name, row->help, row->type);
}

/* The room for so many numbers of an owner; NULL when the page is full. What was written is told by end_at. */
static char *begin_numbers(struct family_encoder *writer, struct span owner, size_t count)
{
    struct buffer *page = writer->encoder->page;
    size_t room = writer->values.bytes.size + count * (owner.size + NUMBER_ROOM);

    return begin(writer) && buffer_reserve(page, room) ? page_end(page) : NULL;
}

/* A Gauge, or a Counter with the field that says since when it counts. */
static char *put_number(char *at, struct span owner, struct span labels, unsigned field, double number,
                        struct span created)
{
    size_t size = 1 + sizeof number + created.size;

    at = wire_length(at, MF_METRIC, owner.size + labels.size + 1 + wire_varint_size(size) + size);
    at = wire_put(at, owner);
    at = wire_put(at, labels);
    at = wire_length(at, field, size);
    at = wire_double(at, NUMBER_VALUE, number);
    return wire_put(at, created);
}

static char *put_gauge(char *at, struct span owner, struct span labels, double number)
{
    return put_number(at, owner, labels, M_GAUGE, number, (struct span){"", 0});
}

/* A series whose message has been made apart. */
static void append_body(struct family_encoder *writer, struct span owner, struct span labels, unsigned field)
{
    struct buffer *page = writer->encoder->page, *body = &writer->encoder->body;
    size_t size = owner.size + labels.size + 1 + wire_varint_size(body->size) + body->size;

    assert(!body->failed);
    if (!buffer_reserve(page, WIRE_FIELD_MAX + size))
        return;
    char *at = wire_length(page_end(page), MF_METRIC, size);
    at = wire_put(at, owner);
    at = wire_put(at, labels);
    end_at(page, wire_bytes(at, field, (struct span){body->data, body->size}));
}

static void append_counter(struct family_encoder *writer, const struct owner_series *owner,
                           struct span labels, double number, const struct exemplar *exemplar)
{
    struct buffer *body = &writer->encoder->body;

    buffer_clear(body);
    buffer_reserve(body, NUMBER_ROOM);
    end_at(body, wire_double(page_end(body), NUMBER_VALUE, number));
    message_exemplar(body, COUNTER_EXEMPLAR, exemplar);
    buffer_append(body, owner->created.data, owner->created.size);
    append_body(writer, owner->pairs, labels, M_COUNTER);
}

static void write_counters(struct family_encoder *writer, const struct owner_series *owner,
                           const union slot *slots)
{
    const struct pairs *values = &writer->values;
    char *at = begin_numbers(writer, owner->pairs, values->count);

    for (size_t i = 0; i < values->count && at != NULL; i++) {
        const struct exemplar *exemplar = view_exemplar(writer->encoder->view, writer->family, owner->row, i);
        if (exemplar == NULL) {
            at = put_number(at, owner->pairs, values->items[i], M_COUNTER, slots[i].number, owner->created);
            continue;
        }
        end_at(writer->encoder->page, at);
        append_counter(writer, owner, values->items[i], slots[i].number, exemplar);
        at = begin_numbers(writer, owner->pairs, values->count - i);
    }
    if (at != NULL)
        end_at(writer->encoder->page, at);
}

static void write_gauges(struct family_encoder *writer, struct span owner, const union slot *slots)
{
    char *at = NULL;

    for (size_t i = 0; i < writer->values.count; i++) {
        if (!view_shows(writer->encoder->view, slots[2 * i + 1].time_ns))
            continue;
        if (at == NULL && (at = begin_numbers(writer, owner, writer->values.count - i)) == NULL)
            return;
        at = put_gauge(at, owner, writer->values.items[i], slots[2 * i].number);
    }
    if (at != NULL)
        end_at(writer->encoder->page, at);
}

static void write_single(struct family_encoder *writer, struct span owner, size_t value, double number)
{
    char *at = begin_numbers(writer, owner, 1);

    if (at != NULL)
        end_at(writer->encoder->page, put_gauge(at, owner, writer->values.items[value], number));
}

static void write_histogram(struct family_encoder *writer, const struct owner_series *owner)
{
    struct encoder *encoder = writer->encoder;

    if (!begin(writer))
        return;
    buffer_clear(&encoder->body);
    message_histogram(&encoder->body, encoder->view, writer->family, owner->row);
    append_body(writer, owner->pairs, (struct span){"", 0}, M_HISTOGRAM);
}

/* The field of a Counter; returns its size. */
static size_t put_created(char at[static MESSAGE_TIME_MAX], int64_t wall_ns)
{
    return (size_t)(message_time(at, COUNTER_CREATED, wall_ns) - at);
}

static void write_block(struct family_encoder *writer, struct span owner, const struct block *block)
{
    struct buffer *page = writer->encoder->page;
    bool counter = writer->family->row->type == METRIC_COUNTER;

    for (size_t i = 0; block != NULL && i < block->count; i++) {
        const struct block_series *series = &block->series[i];
        if (!counter && !view_shows(writer->encoder->view, series->until_ns))
            continue;
        if (!begin(writer))
            return;
        struct span labels = data_pairs(writer->encoder, series->labels);
        if (!buffer_reserve(page, owner.size + labels.size + NUMBER_ROOM))
            return;
        char created[MESSAGE_TIME_MAX];
        size_t created_size = counter ? put_created(created, series->created_wall_ns) : 0;
        end_at(page, put_number(page_end(page), owner, labels, counter ? M_COUNTER : M_GAUGE, series->number,
                                (struct span){created, created_size}));
    }
}

static void write_owner(struct family_encoder *writer, size_t row)
{
    const struct store_view *view = writer->encoder->view;
    const union slot *slots = view_slots(view, writer->family, row);
    const struct view_owner *of = &view->classes[writer->family->row->owner_class].owners[row];
    struct owner_series owner = {.row = row, .pairs = writer->owners->items[row]};

    if (slots == NULL)
        return;
    switch (writer->family->row->type) {
    case METRIC_COUNTER:
        owner.created.data = owner.created_bytes;
        owner.created.size = put_created(owner.created_bytes, of->created_wall_ns);
        if (writer->values.count > 0)
            write_counters(writer, &owner, slots);
        break;
    case METRIC_GAUGE:
        write_gauges(writer, owner.pairs, slots);
        break;
    case METRIC_CHOICE:
        if (view_shows(view, slots[1].time_ns))
            write_single(writer, owner.pairs, (size_t)slots[0].count, 1);
        break;
    case METRIC_REMAINING:
        write_single(writer, owner.pairs, 0, view_remaining(view, slots));
        break;
    case METRIC_FOUND:
        break; /* no owner's slots: written by write_found */
    case METRIC_SERIES:
        write_single(writer, owner.pairs, 0, (double)view->series);
        break;
    case METRIC_HISTOGRAM:
        write_histogram(writer, &owner);
        break;
    }
    write_block(writer, owner.pairs, view_block(view, writer->family, row));
}

static void write_slots(struct encoder *encoder, const struct family_layout *family)
{
    unsigned owner_class = family->row->owner_class;
    struct family_encoder writer = {.encoder = encoder, .family = family};

    writer.owners = owner_pairs(encoder, owner_class);
    pairs_init(&writer.values, family->values);
    for (size_t i = 0; i < family->values; i++)
        pairs_add(&writer.values, family->labels[i]);
    pairs_place(&writer.values);
    for (size_t row = 0; row < encoder->view->classes[owner_class].count && !encoder->page->failed; row++)
        write_owner(&writer, row);
    if (writer.begun)
        end_message(encoder);
    pairs_free(&writer.values);
}

/* ---- series of sets ---- */

static void write_part(struct encoder *encoder, const struct found_part *part)
{
    struct buffer *page = encoder->page, *owner = &encoder->body;

    buffer_clear(owner);
    message_labels(owner, part->owner);
    for (size_t i = 0; i < part->count; i++) {
        const struct series *series = &part->series[i];
        struct span labels = data_pairs(encoder, (struct span){series->labels, series->size});
        if (!buffer_reserve(page, owner->size + labels.size + NUMBER_ROOM))
            return;
        end_at(page,
               put_gauge(page_end(page), (struct span){owner->data, owner->size}, labels, series->number));
    }
}

static void write_found(struct encoder *encoder, const struct found_family *family)
{
    if (!begin_message(encoder, family->name, family->help, METRIC_FOUND))
        return;
    for (size_t i = 0; i < family->part_count && !encoder->page->failed; i++)
        write_part(encoder, &family->parts[i]);
    end_message(encoder);
}

/* Of the families of sets, from next on, those that come before a name (NULL: all). */
static size_t write_found_before(struct encoder *encoder, const struct exposition *exposition, size_t next,
                                 const char *name)
{
    const struct found *found = &encoder->view->found;

    for (; next < found->family_count && !encoder->page->failed; next++) {
        const struct found_family *family = &found->families[next];
        if (name != NULL && strcmp(family->name, name) > 0)
            break;
        if (exposition_wants(exposition, family->name, METRIC_FOUND))
            write_found(encoder, family);
    }
    return next;
}

bool protobuf_write(const struct store_view *view, const struct exposition *exposition, struct buffer *page)
{
    const struct layout *layout = view->layout;
    struct encoder encoder = {.view = view, .page = page};
    size_t next = 0;

    encoder.owners = memory_new(layout->class_count, sizeof *encoder.owners);
    buffer_init(&encoder.labels, SIZE_MAX / 2);
    buffer_init(&encoder.body, SIZE_MAX / 2);
    for (size_t i = 0; i < layout->family_count && !page->failed; i++) {
        const struct family_layout *family = &layout->families[layout->by_name[i]];
        next = write_found_before(&encoder, exposition, next, family->row->name);
        if (family->row->type != METRIC_FOUND &&
            exposition_wants(exposition, family->row->name, family->row->type))
            write_slots(&encoder, family);
    }
    write_found_before(&encoder, exposition, next, NULL);
    for (size_t i = 0; i < layout->class_count; i++)
        pairs_free(&encoder.owners[i]);
    free(encoder.owners);
    buffer_free(&encoder.labels);
    buffer_free(&encoder.body);
    return !page->failed;
}
