#include "kinetic/xml.h"

#include <assert.h>
#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/secret.h"

struct reader {
    XML_Parser parser;
    struct xml_field *fields;
    size_t count;
    size_t maximum; /* bytes of the document: no text is longer */
    int depth;
    struct xml_field *open; /* whose text is being read */
    int open_depth;
};

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
    const char *colon = strrchr(name, ':');
    const char *local = colon == NULL ? name : colon + 1;
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
