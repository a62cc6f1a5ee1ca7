#include "metrics/lines.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

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
    const struct lines_dialect *dialect;
    struct buffer *page;
    bool owner_labels; /* does its class have labels? */
    bool begun;        /* do its comments stand? */
    bool exemplars;    /* does the format show those of this family? */
    struct line *lines;
    size_t line_count;
    const struct line
        *created;       /* those of _created, among lines: like the counter's; NULL: none are written */
    size_t longest;     /* of head and tail together */
    struct buffer text; /* what the spans of lines point into */
};

/* A page while it is written. */
struct page_writer {
    const struct store_view *view;
    const struct exposition *exposition;
    const struct lines_dialect *dialect;
    struct buffer *buffer;
};

/* ---- lines ---- */

/* Appends one line's head and tail; they are given positions here and addresses when all are there. */
static void add_line(struct family_writer *writer, const char *suffix, struct span labels)
{
    const struct metric_family *row = writer->family->row;
    struct buffer *text = &writer->text;
    struct line *line = &writer->lines[writer->line_count++];
    bool braces = writer->owner_labels || labels.size > 0;

    line->head.size = text->size;
    buffer_append(text, row->name, family_base_size(row->name, row->type));
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
        char bound[sizeof "le=\"+Inf\".0" + TEXT_DOUBLE_MAX] = "le=\"";
        size_t size = strlen(bound);
        size_t digits = text_from_double(i < row->bucket_count ? row->buckets[i] : INFINITY, bound + size);
        /* As the strict formats spell it, and as Prometheus itself does where the bound comes as a number. */
        bool whole = i < row->bucket_count && memchr(bound + size, '.', digits) == NULL;
        size += digits;
        memcpy(bound + size, ".0\"", 3);
        if (!whole)
            bound[size] = '"';
        add_line(writer, "_bucket", (struct span){bound, size + (whole ? 3 : 1)});
    }
    add_line(writer, "_sum", (struct span){"", 0});
    add_line(writer, "_count", (struct span){"", 0});
}

/* One more line, without labels of its own, is the pattern for series whose labels are data. */
static void add_value_lines(struct family_writer *writer, const char *suffix)
{
    const struct family_layout *family = writer->family;

    for (size_t i = 0; i < family->values; i++)
        add_line(writer, suffix, family->labels[i]);
    add_line(writer, suffix, (struct span){"", 0});
}

static void make_lines(struct family_writer *writer, bool created)
{
    const struct family_layout *family = writer->family;
    enum metric_type type = family->row->type;
    size_t count = type == METRIC_HISTOGRAM ? family->row->bucket_count + 3 : family->values + 1;
    size_t at = 0;

    writer->lines = memory_new(2 * count, sizeof *writer->lines);
    buffer_init(&writer->text, SIZE_MAX / 2);
    if (type == METRIC_HISTOGRAM)
        add_bucket_lines(writer);
    else
        add_value_lines(writer, type == METRIC_COUNTER ? "_total" : "");
    assert(writer->line_count == count);
    if (created && (type == METRIC_COUNTER || type == METRIC_HISTOGRAM)) {
        writer->created = &writer->lines[count];
        if (type == METRIC_COUNTER)
            add_value_lines(writer, "_created");
        else
            add_line(writer, "_created", (struct span){"", 0});
    }
    assert(!writer->text.failed);
    for (size_t i = 0; i < writer->line_count; i++) {
        writer->lines[i].head.data = writer->text.data + at;
        at += writer->lines[i].head.size;
        writer->lines[i].tail.data = writer->text.data + at;
        at += writer->lines[i].tail.size;
    }
}

/* The family's comments, before its first series. */
static bool begin(struct family_writer *writer)
{
    const struct metric_family *row = writer->family->row;

    if (writer->begun)
        return true;
    writer->begun = true;
    writer->dialect->write_comments(writer->page, row->name, row->help, row->type);
    return !writer->page->failed;
}

/* ---- series ---- */

static char *put(char *at, struct span text)
{
    memcpy(at, text.data, text.size);
    return at + text.size;
}

/* Seconds since the epoch with all their digits, which a double has not. */
static char *put_time(char *at, int64_t wall_ns)
{
    int64_t fraction = wall_ns > 0 ? wall_ns % SECOND_NS : 0;

    at += text_from_double((double)(wall_ns > 0 ? wall_ns / SECOND_NS : 0), at);
    if (fraction > 0)
        *at++ = '.';
    for (int64_t unit = SECOND_NS / 10; fraction > 0; unit /= 10) {
        *at++ = (char)('0' + fraction / unit);
        fraction %= unit;
    }
    return at;
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

/* The room for this many lines of an owner, and more bytes; NULL when the page is full. What was written is told by
   end_lines. */
static char *begin_lines(struct family_writer *writer, struct span owner, size_t lines, size_t more)
{
    if (!begin(writer) ||
        !buffer_reserve(writer->page, lines * (writer->longest + owner.size + NUMBER_ROOM) + more))
        return NULL;
    return writer->page->data + writer->page->size;
}

static void end_lines(struct family_writer *writer, char *at)
{
    writer->page->size = (size_t)(at - writer->page->data);
    *at = '\0';
}

/* One owner of a counter or histogram: who it is, and what its lines have besides. */
struct counting {
    struct span owner;
    size_t row;
    int64_t created_wall_ns;
    bool exemplars; /* it has some, and the format shows them */
};

/* Bytes that the exemplars of so many series need. */
static size_t exemplar_room(const struct family_writer *writer, const struct counting *of, size_t series)
{
    size_t room = 0;

    for (size_t i = 0; of->exemplars && i < series; i++) {
        const struct exemplar *exemplar = view_exemplar(writer->view, writer->family, of->row, i);
        if (exemplar != NULL)
            room += exemplar->labels.size + sizeof " # {} " + 2 * (size_t)NUMBER_ROOM;
    }
    return room;
}

/* Puts the series' exemplar, if it has one, behind its line, which has just been written. */
static char *put_exemplar(char *at, const struct family_writer *writer, const struct counting *of,
                          size_t index)
{
    const struct exemplar *exemplar = view_exemplar(writer->view, writer->family, of->row, index);

    if (exemplar == NULL)
        return at;
    at = put(at - 1, span_of(" # {"));
    at = put(at, exemplar->labels);
    at = put(at, span_of("} "));
    at += text_from_double(exemplar->value, at);
    *at++ = ' ';
    at = put_time(at, exemplar->wall_ns);
    *at++ = '\n';
    return at;
}

/* A line of _created: since when the series in the line before it counts. */
static char *put_created(char *at, const struct family_writer *writer, const struct counting *of,
                         size_t index)
{
    if (writer->created == NULL)
        return at;
    at = put(at, writer->created[index].head);
    at = put(at, of->owner);
    at = put(at, writer->created[index].tail);
    at = put_time(at, of->created_wall_ns);
    *at++ = '\n';
    return at;
}

static void write_counters(struct family_writer *writer, const struct counting *of, const union slot *slots)
{
    size_t values = writer->family->values;
    char *at = begin_lines(writer, of->owner, 2 * values, exemplar_room(writer, of, values));

    if (at == NULL)
        return;
    for (size_t i = 0; i < values; i++) {
        at = put_series(at, &writer->lines[i], of->owner, slots[i].number);
        if (of->exemplars)
            at = put_exemplar(at, writer, of, i);
        at = put_created(at, writer, of, i);
    }
    end_lines(writer, at);
}

static void write_gauges(struct family_writer *writer, struct span owner, const union slot *slots)
{
    char *at = NULL;

    for (size_t i = 0; i < writer->family->values; i++) {
        if (!view_shows(writer->view, slots[2 * i + 1].time_ns))
            continue;
        if (at == NULL && (at = begin_lines(writer, owner, writer->family->values - i, 0)) == NULL)
            return;
        at = put_series(at, &writer->lines[i], owner, slots[2 * i].number);
    }
    if (at != NULL)
        end_lines(writer, at);
}

static void write_single(struct family_writer *writer, struct span owner, size_t line, double number)
{
    char *at = begin_lines(writer, owner, 1, 0);

    if (at != NULL)
        end_lines(writer, put_series(at, &writer->lines[line], owner, number));
}

static void write_histogram(struct family_writer *writer, const struct counting *of, const union slot *slots)
{
    size_t buckets = writer->family->row->bucket_count + 1; /* +Inf counted */
    const struct line *line = writer->lines;
    char *at = begin_lines(writer, of->owner, buckets + 3, exemplar_room(writer, of, buckets));
    uint64_t cumulative = 0;

    if (at == NULL)
        return;
    for (size_t i = 0; i < buckets; i++) {
        cumulative += slots[i].count;
        at = put_series(at, line++, of->owner, (double)cumulative);
        if (of->exemplars)
            at = put_exemplar(at, writer, of, i);
    }
    at = put_series(at, line++, of->owner, slots[buckets].number);
    at = put_series(at, line, of->owner, (double)cumulative);
    at = put_created(at, writer, of, 0);
    end_lines(writer, at);
}

/* A line up to its number: the labels of a series whose values are data go where the pattern has none. */
static char *put_block_labels(char *at, const struct family_writer *writer, const struct line *pattern,
                              struct span owner, struct span labels)
{
    at = put(at, pattern->head);
    if (writer->owner_labels) {
        at = put(at, owner);
        *at++ = ',';
    } else {
        *at++ = '{';
    }
    at = put(at, labels);
    *at++ = '}';
    *at++ = ' ';
    return at;
}

static void write_block(struct family_writer *writer, struct span owner, const struct block *block)
{
    size_t pattern = writer->family->values;
    bool counter = writer->family->row->type == METRIC_COUNTER;

    for (size_t i = 0; block != NULL && i < block->count; i++) {
        const struct block_series *series = &block->series[i];
        size_t longest = writer->longest + owner.size + series->labels.size + sizeof "{,} " + NUMBER_ROOM;
        if (!counter && !view_shows(writer->view, series->until_ns))
            continue;
        if (!begin(writer) || !buffer_reserve(writer->page, 2 * longest))
            return;
        char *at = put_block_labels(writer->page->data + writer->page->size, writer, &writer->lines[pattern],
                                    owner, series->labels);
        at += text_from_double(series->number, at);
        *at++ = '\n';
        if (writer->created != NULL) {
            at = put_block_labels(at, writer, &writer->created[pattern], owner, series->labels);
            at = put_time(at, series->created_wall_ns);
            *at++ = '\n';
        }
        end_lines(writer, at);
    }
}

static void write_owner(struct family_writer *writer, size_t row)
{
    const struct store_view *view = writer->view;
    const union slot *slots = view_slots(view, writer->family, row);
    const struct view_owner *of = &view->classes[writer->family->row->owner_class].owners[row];
    struct span owner = {of->labels->text, of->labels->size};
    const struct counting counting = {owner, row, of->created_wall_ns,
                                      writer->exemplars && of->exemplars != NULL};

    if (slots == NULL)
        return;
    switch (writer->family->row->type) {
    case METRIC_COUNTER:
        if (writer->family->values > 0)
            write_counters(writer, &counting, slots);
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
        write_histogram(writer, &counting, slots);
        break;
    }
    write_block(writer, owner, view_block(view, writer->family, row));
}

static void write_slots(const struct page_writer *page, const struct family_layout *family)
{
    const struct store_view *view = page->view;
    unsigned owner_class = family->row->owner_class;
    struct family_writer writer = {
        .view = view, .family = family, .dialect = page->dialect, .page = page->buffer};

    writer.owner_labels = view->layout->classes[owner_class].labels != NULL;
    writer.exemplars = page->dialect->exemplars && family->row->exemplars;
    make_lines(&writer, page->dialect->created && page->exposition->created);
    for (size_t row = 0; row < view->classes[owner_class].count && !page->buffer->failed; row++)
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

static void write_found(const struct page_writer *page, const struct found_family *family)
{
    page->dialect->write_comments(page->buffer, family->name, family->help, METRIC_FOUND);
    for (size_t i = 0; i < family->part_count && !page->buffer->failed; i++)
        write_part(family->name, &family->parts[i], page->buffer);
}

bool lines_write(const struct store_view *view, const struct exposition *exposition,
                 const struct lines_dialect *dialect, struct buffer *page)
{
    const struct page_writer writer = {view, exposition, dialect, page};
    const struct layout *layout = view->layout;
    const struct found *found = &view->found;
    size_t next = 0; /* of the found families */

    for (size_t i = 0; i < layout->family_count && !page->failed; i++) {
        const struct family_layout *family = &layout->families[layout->by_name[i]];
        for (; next < found->family_count && strcmp(found->families[next].name, family->row->name) <= 0;
             next++)
            if (exposition_wants(exposition, found->families[next].name, METRIC_FOUND))
                write_found(&writer, &found->families[next]);
        if (family->row->type != METRIC_FOUND &&
            exposition_wants(exposition, family->row->name, family->row->type))
            write_slots(&writer, family);
    }
    for (; next < found->family_count && !page->failed; next++)
        if (exposition_wants(exposition, found->families[next].name, METRIC_FOUND))
            write_found(&writer, &found->families[next]);
    buffer_text(page, dialect->end);
    return !page->failed;
}
