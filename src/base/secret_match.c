#include "base/secret_match.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NO_MATCH SIZE_MAX

/* ---- one character ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_hex(const char *at, size_t digits, uint32_t code)
{
    uint32_t value = 0;

    for (size_t i = 0; i < digits; i++) {
        int digit = hex_value(at[i]);
        if (digit < 0)
            return false;
        value = value << 4 | (uint32_t)digit;
    }
    return value == code;
}

/* %2F, and %252F where it was encoded twice. */
static size_t match_percent(struct span text, unsigned char byte)
{
    size_t at = 1;

    if (text.size < 3 || text.data[0] != '%')
        return NO_MATCH;
    while (at + 4 <= text.size && !is_hex(text.data + at, 2, byte) && memcmp(text.data + at, "25", 2) == 0)
        at += 2;
    return at + 2 <= text.size && is_hex(text.data + at, 2, byte) ? at + 2 : NO_MATCH;
}

static size_t match_percents(struct span text, const char *bytes, size_t size)
{
    size_t at = 0;

    for (size_t i = 0; i < size; i++) {
        size_t step = match_percent((struct span){text.data + at, text.size - at}, (unsigned char)bytes[i]);
        if (step == NO_MATCH)
            return NO_MATCH;
        at += step;
    }
    return at;
}

/* JSON: UTF-16 in hexadecimal digits. */
static size_t match_unicode(struct span text, uint32_t code)
{
    uint32_t units[2] = {code, 0};
    size_t count = 1;

    if (code >= 0x10000) {
        units[0] = 0xd800 + ((code - 0x10000) >> 10);
        units[count++] = 0xdc00 + ((code - 0x10000) & 0x3ff);
    }
    if (text.size < 6 * count)
        return NO_MATCH;
    for (size_t i = 0; i < count; i++)
        if (memcmp(text.data + 6 * i, "\\u", 2) != 0 || !is_hex(text.data + 6 * i + 2, 4, units[i]))
            return NO_MATCH;
    return 6 * count;
}

/* HTML and XML: &#38; and &#x26;, with any number of zeros before. */
static size_t match_entity(struct span text, uint32_t code)
{
    bool hex = text.size > 2 && (text.data[2] == 'x' || text.data[2] == 'X');
    uint32_t value = 0;
    size_t first = hex ? 3 : 2, at = first;

    if (!span_starts_with(text, "&#"))
        return NO_MATCH;
    for (; at < text.size && value <= 0x10ffff; at++) {
        int digit = hex_value(text.data[at]);
        if (digit < 0 || (!hex && digit > 9))
            break;
        value = value * (hex ? 16 : 10) + (uint32_t)digit;
    }
    return at > first && at < text.size && text.data[at] == ';' && value == code ? at + 1 : NO_MATCH;
}

static size_t match_form(struct span text, unsigned char byte)
{
    static const struct {
        char byte;
        const char *form;
    } forms[] = {{' ', "+"},     {'"', "\\\""}, {'\\', "\\\\"}, {'/', "\\/"},    {'\n', "\\n"},
                 {'\r', "\\r"},  {'\t', "\\t"}, {'\b', "\\b"},  {'\f', "\\f"},   {'\t', " "},
                 {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"},  {'"', "&quot;"}, {'\'', "&apos;"}};

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if ((unsigned char)forms[i].byte == byte && span_starts_with(text, forms[i].form))
            return strlen(forms[i].form);
    return NO_MATCH;
}

/* What converting leaves of a character that the other side does not know: a mark for it, or one for each byte. */
static size_t match_unknown(struct span text, size_t bytes)
{
    static const char *const marks[] = {"?", "\xef\xbf\xbd"};

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t length = strlen(marks[i]), at = 0;
        while (at < bytes * length &&
               span_starts_with((struct span){text.data + at, text.size - at}, marks[i]))
            at += length;
        if (at > 0)
            return at;
    }
    return NO_MATCH;
}

static size_t match_literal(struct span text, const char *bytes, size_t size)
{
    if (text.size >= size && memcmp(text.data, bytes, size) == 0)
        return size;
    /* Keys that are GUIDs come back in either case. */
    if (size == 1 && text.size > 0 &&
        tolower((unsigned char)bytes[0]) == tolower((unsigned char)text.data[0]))
        return size;
    /* Latin-1 letters in UTF-8; only the signs of multiplication and division look as if they were a pair. */
    bool letter = size == 2 && text.size >= 2 && bytes[0] == '\xc3' && text.data[0] == '\xc3' &&
                  (bytes[1] & 0x1f) != 0x17;
    return letter && (bytes[1] ^ text.data[1]) == 0x20 ? size : NO_MATCH;
}

/* How many bytes of the text stand for the character with this code that the secret holds as these bytes. */
static size_t match_character(struct span text, const char *bytes, size_t size, uint32_t code)
{
    size_t found = match_percents(text, bytes, size); /* before the literal: a percent sign is %25 */

    if (found == NO_MATCH)
        found = match_unicode(text, code);
    if (found == NO_MATCH)
        found = match_entity(text, code);
    if (found == NO_MATCH && code < 0x80)
        found = match_form(text, (unsigned char)code);
    if (found == NO_MATCH)
        found = match_literal(text, bytes, size);
    return found == NO_MATCH && code >= 0x80 ? match_unknown(text, size) : found;
}

/* A byte that was taken for a character of its own: .NET reads header fields as Latin-1. */
static size_t match_byte(struct span text, unsigned char byte)
{
    char utf8[2] = {(char)byte, 0};
    size_t size = 1;
    size_t found = match_percent(text, byte);

    if (byte >= 0x80) {
        utf8[size++] = (char)(0x80 | (byte & 0x3f));
        utf8[0] = (char)(0xc0 | byte >> 6);
    }
    if (found == NO_MATCH)
        found = match_character(text, utf8, size, byte);
    return found == NO_MATCH && text.size > 0 && (unsigned char)text.data[0] == byte ? 1 : found;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* ---- the whole secret ---- */

void secret_match_leads(unsigned char first, bool leads[256])
{
    /* Escapes; blanks; what stands for a byte beyond ASCII that was read as Latin-1, or was not understood. */
    static const char escapes[] = "%\\&", blanks[] = " +", beyond[] = "?\xc2\xc3\xef";

    leads[first] = leads[tolower(first)] = leads[toupper(first)] = true;
    for (const char *c = escapes; *c != '\0'; c++)
        leads[(unsigned char)*c] = true;
    for (const char *c = blanks; is_blank((char)first) && *c != '\0'; c++)
        leads[(unsigned char)*c] = true;
    for (const char *c = beyond; first >= 0x80 && *c != '\0'; c++)
        leads[(unsigned char)*c] = true;
}

/* How much of the secret the text begins with. */
struct secret_match secret_match(struct span text, const char *bytes, size_t size)
{
    struct secret_match match = {0};

    /* As it is goes first: a secret may itself look like something escaped. */
    if (size <= text.size && memcmp(text.data, bytes, size) == 0)
        return (struct secret_match){size, size};
    while (match.secret < size) {
        const char *at = bytes + match.secret;
        struct span rest = {text.data + match.text, text.size - match.text};
        size_t length = text_utf8_size(at, size - match.secret), used = length;
        size_t step = length == 0 ? NO_MATCH : match_character(rest, at, length, text_code_point(at, length));
        if (step == NO_MATCH) {
            used = 1;
            step = match_byte(rest, (unsigned char)*at);
        }
        /* Messages are shown with one blank for many. */
        if (step == NO_MATCH && match.secret > 0 && is_blank(at[0]) && is_blank(at[-1]))
            step = 0;
        if (step == NO_MATCH)
            break;
        match.text += step;
        match.secret += used;
    }
    return match;
}
