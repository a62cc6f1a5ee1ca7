#include "metrics/text_format.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "metrics/label.h"

#define NUMBER_ROOM (TEXT_DOUBLE_MAX + 1) /* a number and its line feed */

/* What all lines of one closed value of one family have in common, for an owner's labels go between head and tail. */
struct line {
    struct span head; /* epicor_probe_phase_seconds{ */
    struct span tail; /* ,phase="tls"} and a blank */
};

/* One family while it is written. */
struct family_writer {
    const struct store_view *view;
    const struct family_layout *family;
    struct buffer *page;
    bool owner_labels; /* does its class have labels? */
    bool begun;        /* do HELP and TYPE stand? */
    struct line *lines;
    size_t line_count;
    size_t longest;     /* of head and tail together */
    struct buffer text; /* what the spans of lines point into */
};

/* ---- lines ---- */

/* Appends one line's head and tail; they are given positions here and addresses when all are there. */
static void add_line(struct family_writer *writer, const char *suffix, struct span labels)
{
    struct buffer *text = &writer->text;
    struct line *line = &writer->lines[writer->line_count++];
    bool braces = writer->owner_labels || labels.size > 0;

    line->head.size = text->size;
    buffer_text(text, writer->family->row->name);
    buffer_text(text, suffix);
    if (braces)
        buffer_byte(text, '{');
    line->head.size = text->size - line->head.size;

    line->tail.size = text->size;
    if (writer->owner_labels && labels.size > 0)
        buffer_byte(text, ',');
    buffer_append(text, labels.data, labels.size);
    buffer_text(text, braces ? "} " : " ");
    line->tail.size = text->size - line->tail.size;
    if (line->head.size + line->tail.size > writer->longest)
        writer->longest = line->head.size + line->tail.size;
}

static void add_bucket_lines(struct family_writer *writer)
{
    const struct metric_family *row = writer->family->row;

    for (size_t i = 0; i <= row->bucket_count; i++) {
        char bound[sizeof "le=\"\"" + TEXT_DOUBLE_MAX] = "le=\"+Inf";
        size_t size = strlen("le=\"");
        if (i < row->bucket_count)
            size += text_from_double(row->buckets[i], bound + size);
        else
            size = strlen(bound);
        bound[size++] = '"';
        add_line(writer, "_bucket", (struct span){bound, size});
    }
    add_line(writer, "_sum", (struct span){"", 0});
    add_line(writer, "_count", (struct span){"", 0});
}

static void make_lines(struct family_writer *writer)
{
    const struct family_layout *family = writer->family;
    bool histogram = family->row->type == METRIC_HISTOGRAM;
    /* One more line, without labels of its own, is the pattern for series whose labels are data. */
    size_t count = histogram ? family->row->bucket_count + 3 : family->values + 1;
    size_t at = 0;

    writer->lines = memory_new(count, sizeof *writer->lines);
    buffer_init(&writer->text, SIZE_MAX / 2);
    if (histogram) {
        add_bucket_lines(writer);
    } else {
        for (size_t i = 0; i < family->values; i++)
            add_line(writer, "", family->labels[i]);
        add_line(writer, "", (struct span){"", 0});
    }
    assert(writer->line_count == count && !writer->text.failed);
    for (size_t i = 0; i < count; i++) {
        writer->lines[i].head.data = writer->text.data + at;
        at += writer->lines[i].head.size;
        writer->lines[i].tail.data = writer->text.data + at;
        at += writer->lines[i].tail.size;
    }
}

static bool write_comments(struct buffer *page, const char *name, const char *help, enum metric_type type)
{
    buffer_text(page, "# HELP ");
    buffer_text(page, name);
    buffer_byte(page, ' ');
    label_append_help(page, help);
    buffer_text(page, "\n# TYPE ");
    buffer_text(page, name);
    buffer_byte(page, ' ');
    buffer_text(page, metric_type_name(type));
    return buffer_byte(page, '\n');
}

/* HELP and TYPE, before the first series. */
static bool begin(struct family_writer *writer)
{
    const struct metric_family *row = writer->family->row;

    if (writer->begun)
        return true;
    writer->begun = true;
    return write_comments(writer->page, row->name, row->help, row->type);
}

/* ---- series ---- */

static char *put(char *at, struct span text)
{
    memcpy(at, text.data, text.size);
    return at + text.size;
}

static char *put_series(char *at, const struct line *line, struct span owner, double number)
{
    at = put(at, line->head);
    at = put(at, owner);
    at = put(at, line->tail);
    at += text_from_double(number, at);
    *at++ = '\n';
    return at;
}

/* The room for this many lines of an owner; NULL when the page is full. What was written is told by end_lines. */
static char *begin_lines(struct family_writer *writer, struct span owner, size_t lines)
{
    if (!begin(writer) || !buffer_reserve(writer->page, lines * (writer->longest + owner.size + NUMBER_ROOM)))
        return NULL;
    return writer->page->data + writer->page->size;
}

static void end_lines(struct family_writer *writer, char *at)
{
    writer->page->size = (size_t)(at - writer->page->data);
    *at = '\0';
}

static void write_counters(struct family_writer *writer, struct span owner, const union slot *slots)
{
    char *at = begin_lines(writer, owner, writer->family->values);

    if (at == NULL)
        return;
    for (size_t i = 0; i < writer->family->values; i++)
        at = put_series(at, &writer->lines[i], owner, slots[i].number);
    end_lines(writer, at);
}

static void write_gauges(struct family_writer *writer, struct span owner, const union slot *slots)
{
    char *at = NULL;

    for (size_t i = 0; i < writer->family->values; i++) {
        if (!view_shows(writer->view, slots[2 * i + 1].time_ns))
            continue;
        if (at == NULL && (at = begin_lines(writer, owner, writer->family->values - i)) == NULL)
            return;
        at = put_series(at, &writer->lines[i], owner, slots[2 * i].number);
    }
    if (at != NULL)
        end_lines(writer, at);
}

static void write_single(struct family_writer *writer, struct span owner, size_t line, double number)
{
    char *at = begin_lines(writer, owner, 1);

    if (at != NULL)
        end_lines(writer, put_series(at, &writer->lines[line], owner, number));
}

static void write_histogram(struct family_writer *writer, struct span owner, const union slot *slots)
{
    size_t buckets = writer->family->row->bucket_count + 1; /* +Inf counted */
    const struct line *line = writer->lines;
    char *at = begin_lines(writer, owner, buckets + 2);
    uint64_t cumulative = 0;

    if (at == NULL)
        return;
    for (size_t i = 0; i < buckets; i++) {
        cumulative += slots[i].count;
        at = put_series(at, line++, owner, (double)cumulative);
    }
    at = put_series(at, line++, owner, slots[buckets].number);
    at = put_series(at, line, owner, (double)cumulative);
    end_lines(writer, at);
}

static void write_block(struct family_writer *writer, struct span owner, const struct block *block)
{
    const struct line *pattern = &writer->lines[writer->family->values];
    bool counter = writer->family->row->type == METRIC_COUNTER;

    for (size_t i = 0; block != NULL && i < block->count; i++) {
        const struct block_series *series = &block->series[i];
        if (!counter && !view_shows(writer->view, series->until_ns))
            continue;
        if (!begin(writer) ||
            !buffer_reserve(writer->page,
                            writer->longest + owner.size + series->labels.size + sizeof "{,} " + NUMBER_ROOM))
            return;
        char *at = put(writer->page->data + writer->page->size, pattern->head);
        if (writer->owner_labels) {
            at = put(at, owner);
            *at++ = ',';
        } else {
            *at++ = '{';
        }
        at = put(at, series->labels);
        *at++ = '}';
        *at++ = ' ';
        at += text_from_double(series->number, at);
        *at++ = '\n';
        end_lines(writer, at);
    }
}

static void write_owner(struct family_writer *writer, size_t row)
{
    const struct store_view *view = writer->view;
    const union slot *slots = view_slots(view, writer->family, row);
    const struct view_owner *of = &view->classes[writer->family->row->owner_class].owners[row];
    struct span owner = {of->labels->text, of->labels->size};

    if (slots == NULL)
        return;
    switch (writer->family->row->type) {
    case METRIC_COUNTER:
        if (writer->family->values > 0)
            write_counters(writer, owner, slots);
        break;
    case METRIC_GAUGE:
        write_gauges(writer, owner, slots);
        break;
    case METRIC_CHOICE:
        if (view_shows(view, slots[1].time_ns))
            write_single(writer, owner, (size_t)slots[0].count, 1);
        break;
    case METRIC_REMAINING:
        write_single(writer, owner, 0, view_remaining(view, slots));
        break;
    case METRIC_FOUND:
        break; /* no owner's slots: written by write_found */
    case METRIC_SERIES:
        write_single(writer, owner, 0, (double)view->series);
        break;
    case METRIC_HISTOGRAM:
        write_histogram(writer, owner, slots);
        break;
    }
    write_block(writer, owner, view_block(view, writer->family, row));
}

static void write_slots(const struct store_view *view, const struct family_layout *family,
                        struct buffer *page)
{
    unsigned owner_class = family->row->owner_class;
    struct family_writer writer = {.view = view, .family = family, .page = page};

    writer.owner_labels = view->layout->classes[owner_class].labels != NULL;
    make_lines(&writer);
    for (size_t row = 0; row < view->classes[owner_class].count && !page->failed; row++)
        write_owner(&writer, row);
    free(writer.lines);
    buffer_free(&writer.text);
}

/* ---- series of sets ---- */

static void write_part(const char *name, const struct found_part *part, struct buffer *page)
{
    struct span head = span_of(name);

    if (!buffer_reserve(page, part->text_size +
                                  part->count * (head.size + part->owner.size + sizeof "{,} " + NUMBER_ROOM)))
        return;
    char *at = page->data + page->size;
    for (size_t i = 0; i < part->count; i++) {
        const struct series *series = &part->series[i];
        at = put(at, head);
        *at++ = '{'; /* every owner of sets has labels */
        at = put(at, part->owner);
        if (series->size > 0) {
            *at++ = ',';
            at = put(at, (struct span){series->labels, series->size});
        }
        *at++ = '}';
        *at++ = ' ';
        at += text_from_double(series->number, at);
        *at++ = '\n';
    }
    page->size = (size_t)(at - page->data);
    *at = '\0';
}

static void write_found(const struct found_family *family, struct buffer *page)
{
    if (!write_comments(page, family->name, family->help, METRIC_FOUND))
        return;
    for (size_t i = 0; i < family->part_count && !page->failed; i++)
        write_part(family->name, &family->parts[i], page);
}

bool text_format_write(const struct store_view *view, const struct exposition *exposition,
                       struct buffer *page)
{
    const struct layout *layout = view->layout;
    const struct found *found = &view->found;
    size_t next = 0; /* of the found families */

    for (size_t i = 0; i < layout->family_count && !page->failed; i++) {
        const struct family_layout *family = &layout->families[layout->by_name[i]];
        for (; next < found->family_count && strcmp(found->families[next].name, family->row->name) <= 0;
             next++)
            if (exposition_wants(exposition, found->families[next].name, METRIC_FOUND))
                write_found(&found->families[next], page);
        if (family->row->type != METRIC_FOUND &&
            exposition_wants(exposition, family->row->name, family->row->type))
            write_slots(view, family, page);
    }
    for (; next < found->family_count && !page->failed; next++)
        if (exposition_wants(exposition, found->families[next].name, METRIC_FOUND))
            write_found(&found->families[next], page);
    return !page->failed;
}
