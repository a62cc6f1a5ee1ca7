/* What an error body says, whichever form it has (facts §5.4). */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "kinetic/error.h"
#include "kinetic/xml.h"

#define DETAILS_MAX 8 /* of ErrorDetails, that are shown */
/* Bytes of a body as text: what is no UTF-8 grows to three bytes each. */
#define WORDS_MAX ((size_t)4 * ANSWER_TEXT_MAX)

/* ---- names, tolerant of case and of underscores (ErrorMessage, errorMessage, error_message) ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool name_is(const char *name, const char *wanted)
{
    for (;; name++, wanted++) {
        while (*name == '_' || *name == '-')
            name++;
        if (lower(*name) != lower(*wanted))
            return false;
        if (*name == '\0')
            return true;
    }
}

static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    if (found != NULL || !cJSON_IsObject(object))
        return found;
    cJSON_ArrayForEach(found, object) if (found->string != NULL && name_is(found->string, name)) return found;
    return NULL;
}

/* The text of a member: a string, or the value of {"lang":..., "value":...} (OData 3). NULL if there is none. */
static const char *member_text(const cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);
    if (cJSON_IsObject(item))
        item = member(item, "value");
    const char *text = cJSON_GetStringValue(item);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static const char *first_text(const cJSON *object, const char *const *names)
{
    const char *text = NULL;
    for (; text == NULL && *names != NULL; names++)
        text = member_text(object, *names);
    return text;
}

static char *line_of(const char *text)
{
    if (text == NULL)
        return NULL;
    char *line = error_line(text, strlen(text), ERROR_MESSAGE_MAX);
    if (line[0] != '\0')
        return line;
    free(line);
    return NULL;
}

/* ---- JSON ---- */

/* Adds the messages of ErrorDetails that the message does not say already. */
static char *with_details(const char *message, const cJSON *details)
{
    struct buffer all;
    buffer_init(&all, ANSWER_TEXT_MAX);
    if (message != NULL)
        buffer_text(&all, message);
    if (cJSON_IsArray(details)) {
        const cJSON *detail;
        int shown = 0;
        cJSON_ArrayForEach(detail, details)
        {
            const char *text = cJSON_IsString(detail) ? detail->valuestring : member_text(detail, "Message");
            if (text == NULL || shown == DETAILS_MAX ||
                span_find(span_of(buffer_as_text(&all)), text) != NULL)
                continue;
            buffer_format(&all, "%s%s", all.size == 0 ? "" : "; ", text);
            shown++;
        }
    }
    char *line = line_of(buffer_as_text(&all));
    buffer_free(&all);
    return line;
}

static void read_epicor(const cJSON *root, struct error_body *out)
{
    out->form = ERROR_EPICOR_JSON;
    out->message = with_details(member_text(root, "ErrorMessage"), member(root, "ErrorDetails"));
    out->type = line_of(member_text(root, "ErrorType"));
    out->correlation = line_of(member_text(root, "CorrelationId"));
}

static void read_odata(const cJSON *error, struct error_body *out)
{
    const cJSON *inner = member(error, "innererror");
    const char *type = member_text(inner, "type");
    const char *message = member_text(error, "message");
    out->form = ERROR_ODATA;
    out->message = line_of(message != NULL ? message : member_text(inner, "message"));
    out->type = line_of(type != NULL ? type : member_text(error, "code"));
}

static bool read_json(const char *text, size_t size, struct error_body *out)
{
    static const char *const other_messages[] = {
        "error_description", "Message", "detail", "title", "error", NULL};
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(text, size, &end, 0);
    if (root == NULL)
        return false;
    const cJSON *error = member(root, "error");
    if (!cJSON_IsObject(error) && !cJSON_IsString(error))
        error = member(root, "odata.error");
    if (cJSON_IsString(root)) {
        out->message = line_of(root->valuestring);
    } else if (member_text(root, "ErrorMessage") != NULL || member_text(root, "ErrorType") != NULL ||
               (member(root, "HttpStatus") != NULL && member(root, "ReasonPhrase") != NULL)) {
        read_epicor(root, out);
    } else if (cJSON_IsObject(error)) {
        read_odata(error, out);
    } else {
        out->form = cJSON_IsString(error) ? ERROR_OAUTH : ERROR_OTHER;
        out->type = line_of(member_text(root, "error"));
        out->message = line_of(first_text(root, other_messages));
    }
    if (out->correlation == NULL)
        out->correlation = line_of(member_text(root, "CorrelationId"));
    cJSON_Delete(root);
    return true;
}

/* ---- XML and HTML ---- */

static bool read_xml(const char *text, size_t size, struct error_body *out)
{
    struct xml_field fields[] = {
        {.name = "ErrorMessage"}, {.name = "ErrorType"}, {.name = "CorrelationId"}, {.name = "Message"}};
    enum { COUNT = sizeof fields / sizeof fields[0] };
    if (!xml_read(text, size, fields, COUNT))
        return false;
    bool epicor = fields[0].text != NULL || fields[1].text != NULL;
    const char *message = fields[0].text != NULL && fields[0].size > 0 ? fields[0].text : fields[3].text;
    bool told = epicor || message != NULL;
    if (told) {
        out->form = epicor ? ERROR_EPICOR_XML : ERROR_OTHER;
        out->message = line_of(message);
        out->type = line_of(fields[1].text);
        out->correlation = line_of(fields[2].text);
    }
    xml_fields_free(fields, COUNT);
    return told;
}

/* Appends text without its tags, with the entities that error pages use resolved. */
static void append_plain(struct buffer *out, struct span text)
{
    static const struct {
        const char *name, *text;
    } entities[] = {{"&amp;", "&"},
                    {"&lt;", "<"},
                    {"&gt;", ">"},
                    {"&quot;", "\""},
                    {"&#39;", "'"},
                    {"&apos;", "'"},
                    {"&nbsp;", " "},
                    {"&#160;", " "},
                    {"&ndash;", "-"},
                    {"&mdash;", "-"},
                    {"&rsquo;", "\xe2\x80\x99"}};
    for (size_t i = 0; i < text.size;) {
        struct span rest = {text.data + i, text.size - i};
        if (rest.data[0] == '<') {
            const char *end = memchr(rest.data, '>', rest.size);
            buffer_byte(out, ' ');
            i += end == NULL ? rest.size : (size_t)(end - rest.data) + 1;
            continue;
        }
        size_t length = 1;
        const char *plain = NULL;
        for (size_t e = 0; rest.data[0] == '&' && e < sizeof entities / sizeof entities[0]; e++)
            if (span_starts_with(rest, entities[e].name)) {
                plain = entities[e].text;
                length = strlen(entities[e].name);
            }
        if (plain != NULL)
            buffer_text(out, plain);
        else
            buffer_byte(out, rest.data[0]);
        i += length;
    }
}

/* What stands between <name ...> and </name>; false if there is no such element, or nothing in it. */
static bool element_text(struct span page, const char *name, char **out)
{
    char tag[16], closing[16];
    struct buffer plain;
    snprintf(tag, sizeof tag, "<%s", name);
    snprintf(closing, sizeof closing, "</%s", name);
    const char *end = page.data + page.size;
    const char *start = span_find_nocase(page, tag);
    const char *open = start == NULL ? NULL : memchr(start, '>', (size_t)(end - start));
    if (open == NULL)
        return false;
    struct span inner = {open + 1, (size_t)(end - open - 1)};
    const char *close = span_find_nocase(inner, closing);
    if (close != NULL)
        inner.size = (size_t)(close - inner.data);
    buffer_init(&plain, WORDS_MAX);
    append_plain(&plain, inner);
    char *line = error_line(buffer_as_text(&plain), plain.size, ERROR_MESSAGE_MAX);
    buffer_free(&plain);
    if (line[0] == '\0') {
        free(line);
        return false;
    }
    *out = line;
    return true;
}

/* Also of markup that is neither a page nor an XML that we know. */
static void read_html(struct span page, struct error_body *out)
{
    static const char *const elements[] = {"title", "h1", "h2", "h3", "body"};
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        if (element_text(page, elements[i], &out->message))
            return;
    struct buffer plain;
    buffer_init(&plain, WORDS_MAX);
    append_plain(&plain, page);
    out->message = line_of(buffer_as_text(&plain));
    buffer_free(&plain);
}

/* ---- all ---- */

void error_body_read(const char *text, size_t size, struct error_body *out)
{
    *out = (struct error_body){.form = ERROR_OTHER};
    if (size > ANSWER_TEXT_MAX)
        size = ANSWER_TEXT_MAX;
    struct span body = {text, size};
    if (span_starts_with(body, "\xef\xbb\xbf"))
        body = (struct span){body.data + 3, body.size - 3};
    body = span_trim(body);
    if (body.size == 0) {
        out->form = ERROR_EMPTY;
        return;
    }
    out->words = error_line(body.data, body.size, WORDS_MAX);
    bool markup = body.data[0] == '<';
    if (markup) {
        bool page = span_find_nocase(body, "<html") != NULL ||
                    span_find_nocase(body, "<!doctype html") != NULL;
        if (page || !read_xml(body.data, body.size, out))
            read_html(body, out);
        if (page)
            out->form = ERROR_HTML;
    } else if (!read_json(body.data, body.size, out)) {
        out->message = error_line(body.data, body.size, ERROR_MESSAGE_MAX);
    }
    if (out->message == NULL && out->type == NULL && !markup)
        out->message = error_line(body.data, body.size, ERROR_MESSAGE_MAX);
    if (out->message != NULL && out->message[0] == '\0') {
        free(out->message);
        out->message = NULL;
    }
}

void error_body_free(struct error_body *body)
{
    free(body->message);
    free(body->type);
    free(body->correlation);
    free(body->words);
    *body = (struct error_body){0};
}
