/* The part of secret.h that takes secrets out of a text. A secret that a server echoes comes back as it was
   sent or as the answer's language writes it, so each character of it is looked for in every form that it may
   have; and what was cut amid a secret still holds the beginning of it. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"

#define SHORTEST  4 /* bytes; what is shorter occurs by chance */
#define BEGINNING 8 /* bytes of a secret that are hidden wherever they stand, without the rest */
/* The same in base64. */
#define SHORTEST_BASE64  6
#define BEGINNING_BASE64 11

#define NO_MATCH SIZE_MAX

static const char replacement[] = "<secret>";

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
    bool same = size == 1 && text.size > 0 &&
                tolower((unsigned char)bytes[0]) == tolower((unsigned char)text.data[0]);
    return same ? 1 : NO_MATCH;
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

struct match {
    size_t text;   /* bytes of it that stand for ... */
    size_t secret; /* ... so many bytes of this */
};

/* How much of the secret the text begins with. */
static struct match match_secret(struct span text, const char *bytes, size_t size)
{
    struct match match = {0};

    /* As it is goes first: a secret may itself look like something escaped. */
    if (size <= text.size && memcmp(text.data, bytes, size) == 0)
        return (struct match){size, size};
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

/* Here a text ends that was cut. */
static bool is_end(struct span text)
{
    return text.size == 0 || span_is(text, "\xe2\x80\xa6") || span_is(text, "...");
}

static void hide_plain(struct span text, const struct secret *secret, char *hidden)
{
    size_t size = secret_size(secret);

    for (size_t at = 0; at < text.size; at++) {
        struct match match = match_secret((struct span){text.data + at, text.size - at},
                                          secret_reveal(secret), size);
        struct span rest = {text.data + at + match.text, text.size - at - match.text};
        if (match.secret == size || match.secret >= BEGINNING || (match.secret >= SHORTEST && is_end(rest)))
            memset(hidden + at, 1, match.text);
    }
}

/* ---- base64 ---- */

static bool is_base64(char c)
{
    return isalnum((unsigned char)c) || c == '+' || c == '/' || c == '-' || c == '_';
}

/* How many characters of the pattern the text begins with. */
static size_t match_base64(struct span text, const char *pattern, size_t size)
{
    size_t same = 0;

    for (; same < size && same < text.size; same++) {
        char c = text.data[same];
        c = c == '-' ? '+' : c == '_' ? '/' : c;
        if (c != pattern[same])
            break;
    }
    return same;
}

/* Hides the whole word of base64 around each occurrence of the pattern or of its beginning: its other characters hold bits of the
   secret too, or what belongs to it ("user:password"). */
static void hide_base64_pattern(struct span text, const char *pattern, size_t size, char *hidden)
{
    for (size_t at = 0; at < text.size; at++) {
        size_t same = match_base64((struct span){text.data + at, text.size - at}, pattern, size);
        struct span rest = {text.data + at + same, text.size - at - same};
        if (same == 0 ||
            (same < size && same < BEGINNING_BASE64 && (same < SHORTEST_BASE64 || !is_end(rest))))
            continue;
        size_t from = at, to = at + same;
        while (from > 0 && is_base64(text.data[from - 1]))
            from--;
        while (to < text.size && is_base64(text.data[to]))
            to++;
        while (to < text.size && text.data[to] == '=')
            to++;
        memset(hidden + from, 1, to - from);
        at = to - 1;
    }
}

static void hide_base64(struct span text, const struct secret *secret, char *hidden)
{
    size_t size = secret_size(secret), capacity = (size + 4) / 3 * 4 + 1;
    char *bytes = memory_new(size + 2, 1);
    char *encoded = memory_new(capacity, 1);

    /* Behind zero, one or two other bytes of what was encoded, the secret looks different each time. Of the
       characters only those count that no neighbour has a bit in. */
    for (size_t before = 0; before < 3; before++) {
        memset(bytes, 0, before);
        memcpy(bytes + before, secret_reveal(secret), size);
        text_base64_encode(bytes, before + size, encoded);
        size_t first = (before * 8 + 5) / 6, last = (before + size) * 8 / 6;
        hide_base64_pattern(text, encoded + first, last - first, hidden);
    }
    secret_wipe(bytes, size + 2);
    secret_wipe(encoded, capacity);
    free(bytes);
    free(encoded);
}

/* ---- all ---- */

char *secret_redact(const char *text, struct secret *const *secrets, size_t count)
{
    struct span all = span_of(text);
    char *hidden = memory_new(all.size + 1, 1);
    struct buffer out;

    for (size_t i = 0; i < count; i++) {
        if (secrets[i] == NULL || secret_size(secrets[i]) < SHORTEST)
            continue;
        hide_plain(all, secrets[i], hidden);
        hide_base64(all, secrets[i], hidden);
    }
    /* Each hidden byte gives at most one replacement. */
    buffer_init(&out, all.size * (sizeof replacement - 1));
    for (size_t at = 0, size; at < all.size; at += size) {
        for (size = 1; at + size < all.size && hidden[at + size] == hidden[at];)
            size++;
        if (hidden[at])
            buffer_text(&out, replacement);
        else
            buffer_append(&out, text + at, size);
    }
    free(hidden);
    char *result = buffer_take(&out);
    return result != NULL ? result : memory_copy_text(replacement);
}
