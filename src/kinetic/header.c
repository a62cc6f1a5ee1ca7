#include "kinetic/header.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static bool is_field_value(const char *value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)value[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static char *append(char *at, const char *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

/* Not by a format: what that allocates on its way is not wiped. */
static bool add_line(struct header_list *list, const char *name, const char *prefix, const char *value,
                     size_t size)
{
    assert(name[0] != '\0' && strpbrk(name, ": \t\r\n") == NULL);
    if (!is_field_value(prefix, strlen(prefix)) || !is_field_value(value, size))
        return false;
    size_t name_size = strlen(name), prefix_size = strlen(prefix);
    char *line = memory_new(name_size + 2 + prefix_size + size + 1, 1);
    char *at = append(line, name, name_size);
    at = append(at, ": ", 2);
    at = append(at, prefix, prefix_size);
    append(at, value, size);
    list->lines = memory_grow(list->lines, list->count + 1, sizeof *list->lines);
    list->lines[list->count++] = line;
    return true;
}

bool header_add(struct header_list *list, const char *name, const char *value)
{
    return add_line(list, name, "", value, strlen(value));
}

bool header_add_secret(struct header_list *list, const char *name, const char *prefix,
                       const struct secret *value)
{
    return add_line(list, name, prefix, secret_reveal(value), secret_size(value));
}

void header_list_free(struct header_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        secret_wipe(list->lines[i], strlen(list->lines[i]));
        free(list->lines[i]);
    }
    free(list->lines);
    *list = (struct header_list){0};
}

bool header_add_basic(struct header_list *list, const struct secret *username, const struct secret *password)
{
    const char *user = secret_reveal(username);
    size_t user_size = secret_size(username), password_size = secret_size(password);
    if (memchr(user, ':', user_size) != NULL)
        return false;
    size_t size = user_size + 1 + password_size;
    char *plain = memory_new(size + 1, 1);
    char *at = append(plain, user, user_size);
    at = append(at, ":", 1);
    append(at, secret_reveal(password), password_size);
    bool good = is_field_value(plain, size);
    size_t encoded_size = (size + 2) / 3 * 4;
    char *encoded = memory_new(encoded_size + 1, 1);
    if (good) {
        text_base64_encode(plain, size, encoded);
        good = add_line(list, "Authorization", "Basic ", encoded, encoded_size);
    }
    secret_wipe(plain, size);
    secret_wipe(encoded, encoded_size);
    free(plain);
    free(encoded);
    return good;
}

bool header_add_license(struct header_list *list, const char *guid)
{
    if (guid == NULL)
        return true;
    char *value = memory_format("{\"ClaimedLicense\":\"%s\"}", guid);
    bool good = header_add(list, "License", value);
    free(value);
    return good;
}

/* As a JSON string in ASCII; the text is UTF-8. */
static void append_json_text(struct buffer *out, const char *text)
{
    buffer_byte(out, '"');
    for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
        length = text_utf8_size(text, left);
        uint32_t code = text_code_point(text, length);
        if (code == '"' || code == '\\')
            buffer_format(out, "\\%c", (int)code);
        else if (code >= 0x20 && code < 0x7f)
            buffer_byte(out, (char)code);
        else if (code < 0x10000)
            buffer_format(out, "\\u%04x", (unsigned)code);
        else
            buffer_format(out, "\\u%04x\\u%04x", 0xd800u + ((unsigned)(code - 0x10000) >> 10),
                          0xdc00u + ((unsigned)(code - 0x10000) & 0x3ff));
    }
    buffer_byte(out, '"');
}

bool header_add_call_settings(struct header_list *list, const char *company, const char *plant,
                              const char *language, const char *format_culture)
{
    const struct {
        const char *name, *value;
    } members[] = {
        {"Company", company}, {"Plant", plant}, {"Language", language}, {"FormatCulture", format_culture}};
    struct buffer value;
    buffer_init(&value, 4096);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (members[i].value == NULL)
            continue;
        if (!text_is_utf8(members[i].value, strlen(members[i].value))) {
            buffer_free(&value);
            return false;
        }
        buffer_format(&value, "%c\"%s\":", value.size == 0 ? '{' : ',', members[i].name);
        append_json_text(&value, members[i].value);
    }
    bool good = true;
    if (value.size > 0 || value.failed) {
        buffer_byte(&value, '}');
        good = !value.failed && header_add(list, "CallSettings", buffer_as_text(&value));
    }
    buffer_free(&value);
    return good;
}
