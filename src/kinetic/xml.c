#include "kinetic/xml.h"

#include <assert.h>
#include <expat.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"

struct reader {
    XML_Parser parser;
    struct xml_field *fields;
    size_t count;
    size_t maximum; /* bytes of the document: no text is longer */
    int depth;
    struct xml_field *open; /* whose text is being read */
    int open_depth;
};

static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon == NULL ? name : colon + 1;
}

static void on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    (void)attributes;
    struct reader *reader = context;
    if (++reader->depth > XML_DEPTH_MAX) {
        XML_StopParser(reader->parser, XML_FALSE);
        return;
    }
    if (reader->open != NULL)
        return;
    const char *local = local_name(name);
    for (size_t i = 0; i < reader->count; i++) {
        struct xml_field *field = &reader->fields[i];
        if (field->text == NULL && strcasecmp(field->name, local) == 0) {
            /* One allocation of the document's size: no growing leaves copies of a token behind. Text can grow by
               conversion from Latin-1, to at most twice its bytes. */
            field->text = memory_new(2 * reader->maximum + 1, 1);
            reader->open = field;
            reader->open_depth = reader->depth;
            return;
        }
    }
}

static void on_end(void *context, const XML_Char *name)
{
    (void)name;
    struct reader *reader = context;
    if (reader->open != NULL && reader->depth == reader->open_depth)
        reader->open = NULL;
    reader->depth--;
}

static void on_text(void *context, const XML_Char *text, int size)
{
    struct reader *reader = context;
    if (reader->open == NULL || reader->depth != reader->open_depth)
        return;
    struct xml_field *field = reader->open;
    size_t room = 2 * reader->maximum - field->size;
    if ((size_t)size > room) {
        XML_StopParser(reader->parser, XML_FALSE);
        return;
    }
    memcpy(field->text + field->size, text, (size_t)size);
    field->size += (size_t)size;
}

static void on_doctype(void *context, const XML_Char *name, const XML_Char *system_id,
                       const XML_Char *public_id, int has_internal_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
    struct reader *reader = context;
    XML_StopParser(reader->parser, XML_FALSE);
}

bool xml_read(const char *text, size_t size, struct xml_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fields[i].text = NULL;
        fields[i].size = 0;
    }
    if (size > INT_MAX / 2)
        return false;
    struct reader reader = {.fields = fields, .count = count, .maximum = size};
    reader.parser = XML_ParserCreate(NULL);
    if (reader.parser == NULL)
        abort();
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader.parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
    bool good = XML_Parse(reader.parser, text, (int)size, XML_TRUE) == XML_STATUS_OK;
    XML_ParserFree(reader.parser);
    if (!good)
        xml_fields_free(fields, count);
    return good;
}

void xml_fields_free(struct xml_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i].text != NULL)
            secret_wipe(fields[i].text, fields[i].size);
        free(fields[i].text);
        fields[i].text = NULL;
        fields[i].size = 0;
    }
}

/* ---- as it comes ---- */

#define PIECE      16384 /* bytes fed at once, so that the bounds are looked at often */
#define NAME_SLOTS 65536

struct xml_stream {
    XML_Parser parser;
    struct xml_visitor visitor;
    int depth;
    uint64_t fed;
    size_t name_count;               /* distinct ones so far, by their hashes */
    uint64_t names[NAME_SLOTS / 64]; /* a bit a hash */
    const char *wrong;               /* NULL: nothing yet */
    char sentence[128];
};

static void stream_stop(struct xml_stream *stream, const char *wrong)
{
    if (stream->wrong != NULL)
        return;
    snprintf(stream->sentence, sizeof stream->sentence, "line %lu: %s",
             (unsigned long)XML_GetCurrentLineNumber(stream->parser), wrong);
    stream->wrong = stream->sentence;
    XML_StopParser(stream->parser, XML_FALSE);
}

static void note_name(struct xml_stream *stream, const char *name)
{
    uint64_t slot = text_hash(TEXT_HASH_START, name, strlen(name)) % NAME_SLOTS;
    uint64_t bit = UINT64_C(1) << slot % 64;
    stream->name_count += (stream->names[slot / 64] & bit) == 0;
    stream->names[slot / 64] |= bit;
}

static void on_stream_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct xml_stream *stream = context;
    note_name(stream, name);
    for (size_t i = 0; attributes[i] != NULL; i += 2)
        note_name(stream, attributes[i]);
    if (++stream->depth > XML_DEPTH_MAX)
        stream_stop(stream, "nested too deep");
    else if (stream->name_count > XML_NAMES_MAX)
        stream_stop(stream, "too many different names");
    else
        stream->visitor.start(stream->visitor.context, local_name(name), (const char *const *)attributes);
}

static void on_stream_end(void *context, const XML_Char *name)
{
    struct xml_stream *stream = context;
    if (stream->wrong == NULL)
        stream->visitor.end(stream->visitor.context, local_name(name));
    stream->depth--;
}

static void on_stream_doctype(void *context, const XML_Char *name, const XML_Char *system_id,
                              const XML_Char *public_id, int has_internal_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
    stream_stop(context, "a document type declaration, as web pages have it");
}

struct xml_stream *xml_stream_new(const struct xml_visitor *visitor)
{
    struct xml_stream *stream = memory_new(1, sizeof *stream);
    stream->visitor = *visitor;
    stream->parser = XML_ParserCreate(NULL);
    if (stream->parser == NULL)
        abort();
    XML_SetUserData(stream->parser, stream);
    XML_SetElementHandler(stream->parser, on_stream_start, on_stream_end);
    XML_SetStartDoctypeDeclHandler(stream->parser, on_stream_doctype);
    return stream;
}

static void stream_parse(struct xml_stream *stream, const char *bytes, size_t size, bool last)
{
    if (XML_Parse(stream->parser, bytes, (int)size, last) != XML_STATUS_OK)
        stream_stop(stream, XML_ErrorString(XML_GetErrorCode(stream->parser)));
    stream->fed += size;
    XML_Index at = XML_GetCurrentByteIndex(stream->parser);
    if (!last && at >= 0 && stream->fed - (uint64_t)at > XML_TOKEN_MAX)
        stream_stop(stream, "a tag or a comment that is too long");
}

bool xml_stream_feed(struct xml_stream *stream, const void *bytes, size_t size)
{
    const char *at = bytes;
    for (size_t left = size; left > 0 && stream->wrong == NULL;) {
        size_t piece = left < PIECE ? left : PIECE;
        stream_parse(stream, at, piece, false);
        at += piece;
        left -= piece;
    }
    return stream->wrong == NULL;
}

const char *xml_stream_finish(struct xml_stream *stream)
{
    if (stream->wrong == NULL)
        stream_parse(stream, "", 0, true);
    return stream->wrong;
}

void xml_stream_free(struct xml_stream *stream)
{
    if (stream == NULL)
        return;
    XML_ParserFree(stream->parser);
    free(stream);
}

const char *xml_attribute(const char *const *attributes, const char *name)
{
    for (size_t i = 0; attributes[i] != NULL; i += 2)
        if (strcmp(attributes[i], name) == 0)
            return attributes[i + 1];
    return NULL;
}
