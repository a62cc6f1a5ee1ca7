#include "metrics/label.h"

#include <string.h>

#include "base/text.h"

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

void label_append_help(struct buffer *buffer, const char *help)
{
    append_escaped(buffer, help, false);
}
