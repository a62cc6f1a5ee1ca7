#include "metrics/label.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

static bool is_name(const char *name, bool colon)
{
    for (const char *at = name; *at != '\0'; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_';
        bool digit = *at >= '0' && *at <= '9' && at != name;
        if (!letter && !digit && !(colon && *at == ':'))
            return false;
    }
    return *name != '\0';
}

bool label_is_name(const char *name)
{
    return is_name(name, false) && strncmp(name, "__", 2) != 0;
}

bool label_is_metric_name(const char *name)
{
    return is_name(name, true);
}

static void append_escaped(struct buffer *buffer, const char *text, bool quote)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t size = text_utf8_size(text, left);
        if (size == 0) {
            buffer_text(buffer, REPLACEMENT);
            size = 1;
        } else if (*text == '\n') {
            buffer_text(buffer, "\\n");
        } else {
            if (*text == '\\' || (quote && *text == '"'))
                buffer_byte(buffer, '\\');
            buffer_append(buffer, text, size);
        }
        text += size;
        left -= size;
    }
}

void label_append(struct buffer *buffer, const char *name, const char *value)
{
    if (buffer->size > 0)
        buffer_byte(buffer, ',');
    buffer_text(buffer, name);
    buffer_text(buffer, "=\"");
    append_escaped(buffer, value, true);
    buffer_byte(buffer, '"');
}

bool label_next(struct span *rest, struct span *name, struct span *value)
{
    const char *at = rest->data, *end = rest->size == 0 ? rest->data : rest->data + rest->size;

    if (at == end)
        return false;
    name->data = at;
    while (*at != '=')
        at++;
    name->size = (size_t)(at - name->data);
    at += 2; /* ="  */
    value->data = at;
    while (*at != '"')
        at += *at == '\\' ? 2 : 1;
    value->size = (size_t)(at - value->data);
    at++;
    if (at < end)
        at++; /* the comma */
    assert(at <= end);
    *rest = (struct span){at, (size_t)(end - at)};
    return true;
}

void label_append_help(struct buffer *buffer, const char *help)
{
    append_escaped(buffer, help, false);
}

void label_append_quoted(struct buffer *buffer, const char *text)
{
    append_escaped(buffer, text, true);
}

struct label_text *label_text_new(struct span labels)
{
    struct label_text *copy = memory_new(1, sizeof *copy + labels.size);

    assert(labels.size <= UINT32_MAX);
    atomic_init(&copy->references, 1);
    copy->size = (uint32_t)labels.size;
    if (labels.size > 0)
        memcpy(copy->text, labels.data, labels.size);
    return copy;
}

struct label_text *label_text_ref(struct label_text *labels)
{
    atomic_fetch_add_explicit(&labels->references, 1, memory_order_relaxed);
    return labels;
}

void label_text_unref(struct label_text *labels)
{
    if (labels != NULL && atomic_fetch_sub_explicit(&labels->references, 1, memory_order_acq_rel) == 1)
        free(labels);
}
