#include "config/document.h"

#include <assert.h>
#include <ini.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/secret.h"

struct reader {
    struct document *document;
    const struct source *source;
    struct fault_list *faults;
    struct span rest;      /* of the text, from the next physical line on */
    int line;              /* number of the last physical line taken */
    struct buffer logical; /* the line being put together */
    int start;             /* number of its first physical line */
    bool comment;          /* a comment was taken off it */
    bool orphan;           /* it is indented and there is nothing above that it could continue */
    bool in_section;       /* keys belong to the last section of the document */
    bool passing_over;     /* the section's own line was faulty: its keys are passed over */
    bool ended;            /* nothing more is to be read: a NUL */
};

static struct place here(const struct reader *reader, int line)
{
    return (struct place){reader->source->file, line};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* ---- physical lines ---- */

enum line_kind { LINE_END, LINE_EMPTY, LINE_INDENTED, LINE_SECTION, LINE_KEY };

static struct span line_peek(const struct reader *reader)
{
    struct span line = reader->rest;
    const char *end = line.size == 0 ? NULL : memchr(line.data, '\n', line.size);
    if (end != NULL)
        line.size = (size_t)(end - line.data);
    return line;
}

static enum line_kind line_kind(const struct reader *reader)
{
    if (reader->rest.size == 0 || reader->ended)
        return LINE_END;
    struct span line = line_peek(reader);
    if (span_trim(line).size == 0 || line.data[0] == '#' || line.data[0] == ';')
        return LINE_EMPTY;
    return is_blank(line.data[0]) ? LINE_INDENTED : line.data[0] == '[' ? LINE_SECTION : LINE_KEY;
}

/* What makes a line unusable, as a static sentence; NULL: nothing. */
static const char *line_fault(struct span line)
{
    if (line.size > DOCUMENT_LINE_MAX)
        return "the line is longer than 64 KiB; put a long text into a file (body_file, filter_file)";
    for (size_t i = 0; i < line.size; i++) {
        unsigned char c = (unsigned char)line.data[i];
        if (c == '\r')
            return "a carriage return inside the line; save the file with line ends of Unix or Windows";
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return "a control character inside the line";
    }
    return text_is_utf8(line.data, line.size) ? NULL : "the line is not UTF-8; save the file as UTF-8";
}

/* Takes the next physical line, without its end. False when it is faulty, which is then told. */
static bool line_take(struct reader *reader, struct span *out)
{
    struct span line = line_peek(reader);
    size_t taken = line.size + (line.size < reader->rest.size ? 1 : 0);
    reader->rest.data += taken;
    reader->rest.size -= taken;
    reader->line++;
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    *out = line;
    if (line.size > 0 && memchr(line.data, '\0', line.size) != NULL) {
        fault_add(reader->faults, here(reader, reader->line),
                  "a NUL byte: this is no text file, or it is UTF-16; save it as UTF-8");
        reader->ended = true;
        return false;
    }
    const char *fault = line_fault(line);
    if (fault != NULL)
        fault_add(reader->faults, here(reader, reader->line), "%s", fault);
    return fault == NULL;
}

/* ---- comments and quotes ---- */

/* Takes the comment off a line: from a blank followed by ; or # outside quotes on. *quote is the quote that is
   open, carried from a line to its continuation. False: a quote is open at the end and something that looks
   like a comment stands behind it. */
static bool comment_take_off(struct span *line, char *quote, bool *comment)
{
    bool suspect = false;
    for (size_t i = 0; i < line->size; i++) {
        char c = line->data[i];
        bool sign = (c == '#' || c == ';') && i > 0 && is_blank(line->data[i - 1]);
        if (sign && *quote == 0) {
            line->size = i;
            *comment = true;
            break;
        }
        suspect = suspect || sign;
        if (*quote == '"' && c == '\\' && i + 1 < line->size) {
            i++; /* JSON: an escaped quote does not close */
        } else if (*quote != 0 && c == *quote) {
            *quote = 0;
            suspect = false;
        } else if (*quote == 0 && (c == '"' || c == '\'')) {
            *quote = c;
        }
    }
    *line = span_trim(*line);
    return *quote == 0 || !suspect;
}

/* ---- sections ---- */

static bool name_is_plain(struct span name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
              c == '_' || c == '-'))
            return false;
    }
    return name.size >= 1 && name.size <= 40;
}

/* What is wrong with the words between the brackets; *type and *name are filled when nothing is. */
static const char *section_words(struct span words, struct span *type, struct span *name)
{
    words = span_trim(words);
    if (words.size == 0)
        return "a section needs a name between its brackets";
    *type = words;
    for (type->size = 0; type->size < words.size && !is_blank(words.data[type->size]);)
        type->size++;
    *name = span_trim((struct span){words.data + type->size, words.size - type->size});
    if (name->size > 0 && !name_is_plain(*name))
        return "the name of a section is 1 to 40 of the characters A-Z a-z 0-9 . _ -";
    /* The name is judged first, because its sentence says more. */
    return words.size > DOCUMENT_SECTION_MAX ? "the section's name is longer than 50 bytes" : NULL;
}

static void section_read(struct reader *reader)
{
    struct span line;
    reader->in_section = false;
    reader->passing_over = true;
    if (!line_take(reader, &line))
        return;
    struct place place = here(reader, reader->line);
    const char *close = memchr(line.data, ']', line.size);
    if (close == NULL) {
        fault_add(reader->faults, place, "the section's name is not ended by ]");
        return;
    }
    struct span words = {line.data + 1, (size_t)(close - line.data) - 1};
    struct span behind = {close + 1, line.size - words.size - 2};
    if (behind.size > 0 && (!is_blank(behind.data[0]) || (span_trim(behind).size > 0 &&
                                                          strchr("#;", span_trim(behind).data[0]) == NULL))) {
        fault_add(reader->faults, place,
                  "something stands behind the ] of a section; a key needs a line of its own");
        return;
    }
    struct span type, name;
    const char *fault = section_words(words, &type, &name);
    if (fault != NULL) {
        fault_add(reader->faults, place, "[%.*s%s]: %s", words.size > 60 ? 60 : (int)words.size, words.data,
                  words.size > 60 ? " ..." : "", fault);
        return;
    }
    struct document *document = reader->document;
    if ((document->count & (document->count - 1)) == 0)
        document->sections = memory_grow(document->sections, document->count == 0 ? 1 : document->count * 2,
                                         sizeof *document->sections);
    document->sections[document->count++] = (struct section){
        .type = memory_copy_bytes(type.data, type.size),
        .name = name.size == 0 ? NULL : memory_copy_bytes(name.data, name.size),
        .source = reader->source,
        .line = reader->line,
    };
    reader->in_section = true;
    reader->passing_over = false;
}

/* ---- logical lines ---- */

/* An indented line that looks like a section would vanish into the value above it. */
static bool looks_like_section(struct span piece)
{
    static const char *const openings[] = {"[exporter", "[web", "[appserver ", "[probe ", "[defaults "};
    for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
        if (span_starts_with(piece, openings[i]) && piece.data[piece.size - 1] == ']')
            return true;
    }
    return false;
}

/* So would a key; but some texts may have that form. */
static bool looks_like_key(struct span piece)
{
    size_t i = 0;
    while (i < piece.size && strchr("abcdefghijklmnopqrstuvwxyz_", piece.data[i]) != NULL)
        i++;
    size_t word = i;
    while (i < piece.size && is_blank(piece.data[i]))
        i++;
    return word > 0 && i < piece.size && piece.data[i] == '=';
}

static bool piece_append(struct reader *reader, struct span piece, char *quote)
{
    struct place place = here(reader, reader->line);
    if (reader->start != reader->line && !reader->orphan && *quote == 0 && looks_like_key(span_trim(piece)))
        warning_add(
            reader->faults, place,
            "the line is indented, so it continues the value of line %d; a key of its own begins at the "
            "start of its line",
            reader->start);
    if (!comment_take_off(&piece, quote, &reader->comment)) {
        fault_add(
            reader->faults, place,
            "a quote is not closed before what looks like a comment; close it, or put the text into a file");
        return false;
    }
    if (piece.size == 0)
        return true;
    if (reader->start != reader->line && looks_like_section(piece)) {
        fault_add(reader->faults, place,
                  "the line is indented, so it continues line %d; a section begins at the start of its line",
                  reader->start);
        return false;
    }
    if ((reader->logical.size > 0 && !buffer_byte(&reader->logical, ' ')) ||
        !buffer_append(&reader->logical, piece.data, piece.size)) {
        fault_add(reader->faults, place,
                  "the value that begins in line %d is longer than 64 KiB; put it into a file",
                  reader->start);
        return false;
    }
    return true;
}

/* Puts a key's line and the indented lines behind it together. False: there was a fault, which is told. */
static bool logical_read(struct reader *reader)
{
    buffer_clear(&reader->logical);
    reader->comment = false;
    reader->start = reader->line + 1;
    struct span line;
    char quote = 0;
    bool good = line_take(reader, &line) && piece_append(reader, line, &quote);
    for (enum line_kind kind = line_kind(reader); kind == LINE_EMPTY || kind == LINE_INDENTED;
         kind = line_kind(reader)) {
        bool taken = line_take(reader, &line);
        if (kind == LINE_INDENTED && good)
            good = taken && piece_append(reader, line, &quote);
        else if (kind == LINE_EMPTY && !taken)
            good = false;
    }
    return good && reader->logical.size > 0;
}

/* Only = separates: inih would take a colon too. */
static bool separator_is_good(struct reader *reader)
{
    const char *text = buffer_as_text(&reader->logical);
    size_t before = strcspn(text, "=:");
    if (text[before] != ':')
        return true;
    /* Nothing of the line is shown: it may hold a secret. */
    fault_add(reader->faults, here(reader, reader->start), "a colon before the =; write key = value");
    return false;
}

/* inih's reader: hands out one key with its whole value at a time. */
static char *logical_line(char *out, int size, void *stream)
{
    struct reader *reader = stream;
    for (;;) {
        switch (line_kind(reader)) {
        case LINE_END:
            secret_wipe(out, (size_t)size); /* inih frees it as it is */
            return NULL;
        case LINE_EMPTY: {
            struct span line;
            line_take(reader, &line);
            break;
        }
        case LINE_SECTION:
            section_read(reader);
            break;
        case LINE_INDENTED:
        case LINE_KEY: {
            reader->orphan = line_kind(reader) == LINE_INDENTED;
            if (!logical_read(reader))
                break;
            if (reader->orphan) {
                fault_add(
                    reader->faults, here(reader, reader->start),
                    "an indented line continues the value above it, and there is none; begin keys at the "
                    "start of the line");
                break;
            }
            if (!separator_is_good(reader))
                break;
            assert(reader->logical.size < (size_t)size);
            memcpy(out, reader->logical.data, reader->logical.size + 1);
            return out;
        }
        }
    }
}

/* inih's handler: one key. Our reader knows line and section. */
static int entry_take(void *user, const char *ini_section, const char *name, const char *value)
{
    (void)ini_section;
    struct reader *reader = user;
    struct place place = here(reader, reader->start);
    if (value == NULL) {
        fault_add(reader->faults, place, "no = in the line; write key = value");
        return 1;
    }
    if (name[0] == '\0') {
        fault_add(reader->faults, place, "no key before the =");
        return 1;
    }
    if (!reader->in_section) {
        if (!reader->passing_over)
            fault_add(reader->faults, place, "a key before the first section, such as [exporter]");
        return 1;
    }
    struct section *section = &reader->document->sections[reader->document->count - 1];
    if ((section->count & (section->count - 1)) == 0)
        section->entries = memory_grow(section->entries, section->count == 0 ? 1 : section->count * 2,
                                       sizeof *section->entries);
    section->entries[section->count++] = (struct entry){.name = memory_copy_text(name),
                                                        .value = memory_copy_text(value),
                                                        .source = reader->source,
                                                        .line = reader->start,
                                                        .comment = reader->comment};
    return 1;
}

/* ---- what is written twice ---- */

struct section_order {
    struct section *section;
};

static int section_compare(const struct section *a, const struct section *b)
{
    int order = strcmp(a->type, b->type);
    if (order == 0)
        order = strcmp(a->name == NULL ? "" : a->name, b->name == NULL ? "" : b->name);
    return order;
}

/* Of one name, as they were read: the array is in that order. */
static int section_order_compare(const void *left, const void *right)
{
    const struct section_order *a = left, *b = right;
    int order = section_compare(a->section, b->section);
    return order != 0 ? order : (a->section > b->section) - (a->section < b->section);
}

/* "line 3", or "FILE:3" where that is another file. The caller frees. */
static char *first_place(const struct source *here, const struct source *first, int line)
{
    return here == first ? memory_format("line %d", line) : memory_format("%s:%d", first->file, line);
}

static void section_move_entries(struct section *from, struct section *to)
{
    size_t count = to->count + from->count;
    if (from->count > 0) {
        to->entries = memory_grow(to->entries, count, sizeof *to->entries);
        memcpy(&to->entries[to->count], from->entries, from->count * sizeof *to->entries);
        to->count = count;
    }
    from->count = 0;
    from->reopened = true;
}

static void document_check_sections(struct document *document, struct fault_list *faults)
{
    struct section_order *order = memory_new(document->count, sizeof *order);
    for (size_t i = 0; i < document->count; i++)
        order[i].section = &document->sections[i];
    qsort(order, document->count, sizeof *order, section_order_compare);
    struct section *first = order[0].section;
    for (size_t i = 1; i < document->count; i++) {
        struct section *section = order[i].section;
        if (section_compare(first, section) != 0) {
            first = section;
            continue;
        }
        char *title = section_title(section),
             *where = first_place(section->source, first->source, first->line);
        fault_add(faults, section_place(section), "%s: written twice, first in %s", title, where);
        free(where);
        free(title);
        section_move_entries(section, first);
    }
    free(order);
}

struct entry_order {
    const struct entry *entry;
};

static int entry_order_compare(const void *left, const void *right)
{
    const struct entry_order *a = left, *b = right;
    int order = strcmp(a->entry->name, b->entry->name);
    return order != 0 ? order : (a->entry > b->entry) - (a->entry < b->entry);
}

static void section_check_entries(const struct section *section, struct fault_list *faults)
{
    struct entry_order *order = memory_new(section->count, sizeof *order);
    for (size_t i = 0; i < section->count; i++)
        order[i].entry = &section->entries[i];
    qsort(order, section->count, sizeof *order, entry_order_compare);
    const struct entry *first = order[0].entry;
    for (size_t i = 1; i < section->count; i++) {
        const struct entry *entry = order[i].entry;
        if (strcmp(first->name, entry->name) != 0) {
            first = entry;
            continue;
        }
        char *title = section_title(section), *where = first_place(entry->source, first->source, first->line);
        fault_add(faults, entry_place(entry), "%s %s: written twice, first in %s", title, entry->name, where);
        free(where);
        free(title);
    }
    free(order);
}

/* ---- the whole ---- */

static void inih_setup(void)
{
    ini_max_line = DOCUMENT_LINE_MAX + 3;
    ini_initial_alloc = DOCUMENT_LINE_MAX + 3;
    ini_use_stack = false;
    ini_allow_realloc = false;
    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    ini_allow_no_value = true;
    ini_allow_bom = false;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return memory_copy_text("");
    return slash == path ? memory_copy_text("/") : memory_copy_bytes(path, (size_t)(slash - path));
}

static const struct source *source_add(struct source_list *list, const char *file, const char *readers)
{
    struct source *source = memory_new(1, sizeof *source);
    *source = (struct source){memory_copy_text(file), folder_of(file), readers};
    if ((list->count & (list->count - 1)) == 0)
        list->items = memory_grow(list->items, list->count == 0 ? 1 : list->count * 2, sizeof(void *));
    list->items[list->count++] = source;
    return source;
}

void document_add(struct document *document, const char *file, const char *readers, struct span text,
                  struct fault_list *faults)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, inih_setup);
    const struct source *source = source_add(&document->sources, file, readers);
    if (span_starts_with(text, "\xff\xfe") || span_starts_with(text, "\xfe\xff")) {
        fault_add(faults, (struct place){source->file, 1}, "the file is UTF-16; save it as UTF-8");
        return;
    }
    if (span_starts_with(text, "\xef\xbb\xbf"))
        text = (struct span){text.data + 3, text.size - 3};
    struct reader reader = {.document = document, .source = source, .faults = faults, .rest = text};
    buffer_init(&reader.logical, DOCUMENT_LINE_MAX);
    buffer_reserve(&reader.logical, DOCUMENT_LINE_MAX); /* now, so that no copy of a secret is left behind */
    int broken = ini_parse_stream(logical_line, &reader, entry_take, &reader);
    assert(broken == 0);
    if (reader.logical.data != NULL)
        secret_wipe(reader.logical.data, reader.logical.capacity);
    buffer_free(&reader.logical);
}

void document_check(struct document *document, struct fault_list *faults)
{
    if (document->count > 0)
        document_check_sections(document, faults);
    for (size_t i = 0; i < document->count; i++) {
        if (document->sections[i].count > 1)
            section_check_entries(&document->sections[i], faults);
    }
}

void source_list_free(struct source_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]->file);
        free(list->items[i]->folder);
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct source_list){0};
}

void document_free(struct document *document)
{
    for (size_t i = 0; i < document->count; i++) {
        struct section *section = &document->sections[i];
        for (size_t k = 0; k < section->count; k++) {
            secret_wipe(section->entries[k].value, strlen(section->entries[k].value));
            free(section->entries[k].value);
            free(section->entries[k].name);
        }
        free(section->entries);
        free(section->type);
        free(section->name);
    }
    free(document->sections);
    source_list_free(&document->sources);
    *document = (struct document){0};
}

const struct entry *section_find(const struct section *section, const char *name)
{
    for (size_t i = 0; i < section->count; i++) {
        if (strcmp(section->entries[i].name, name) == 0)
            return &section->entries[i];
    }
    return NULL;
}

struct place section_place(const struct section *section)
{
    return (struct place){section->source == NULL ? NULL : section->source->file, section->line};
}

struct place entry_place(const struct entry *entry)
{
    return (struct place){entry->source == NULL ? NULL : entry->source->file, entry->line};
}

char *section_title(const struct section *section)
{
    return section->name == NULL ? memory_format("[%s]", section->type)
                                 : memory_format("[%s %s]", section->type, section->name);
}
