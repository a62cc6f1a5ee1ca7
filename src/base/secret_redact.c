/* The part of secret.h that takes secrets out of a text. A secret that a server echoes comes back as it was
   sent or as the answer's language writes it, so each byte of it is looked for in every form that it may
   have. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"

#define SHORTEST 4 /* bytes; what is shorter occurs by chance */

static const char replacement[] = "<secret>";

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_hex(const char *at, size_t digits, unsigned char byte)
{
    unsigned value = 0;

    for (size_t i = 0; i < digits; i++) {
        int digit = hex_value(at[i]);
        if (digit < 0)
            return false;
        value = value << 4 | (unsigned)digit;
    }
    return value == byte;
}

/* How many bytes of the text stand for this byte: as itself, percent-encoded (RFC 3986; + of forms), escaped
   as in JSON, or as an entity of XML. 0 when it is another byte. */
static size_t match_byte(const char *at, size_t left, unsigned char byte)
{
    static const struct {
        char byte;
        const char *form;
    } forms[] = {{' ', "+"},       {'"', "\\\""},  {'\\', "\\\\"},  {'/', "\\/"},     {'\n', "\\n"},
                 {'\r', "\\r"},    {'\t', "\\t"},  {'\b', "\\b"},   {'\f', "\\f"},    {'&', "&amp;"},
                 {'<', "&lt;"},    {'>', "&gt;"},  {'"', "&quot;"}, {'\'', "&apos;"}, {'\'', "&#39;"},
                 {'\'', "&#x27;"}, {'"', "&#34;"}, {'"', "&#x22;"}};

    if (left >= 3 && at[0] == '%' && is_hex(at + 1, 2, byte))
        return 3;
    if (left >= 6 && at[0] == '\\' && at[1] == 'u' && is_hex(at + 2, 4, byte))
        return 6;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if ((unsigned char)forms[i].byte == byte && span_starts_with((struct span){at, left}, forms[i].form))
            return strlen(forms[i].form);
    return left > 0 && (unsigned char)*at == byte ? 1 : 0;
}

/* The size of the secret's occurrence that the text begins with, 0 if it does not. */
static size_t match_secret(struct span text, const char *bytes, size_t size)
{
    size_t at = 0;

    /* As it is goes first: a secret may itself look like something escaped. */
    if (size <= text.size && memcmp(text.data, bytes, size) == 0)
        return size;
    for (size_t i = 0; i < size; i++) {
        size_t step = match_byte(text.data + at, text.size - at, (unsigned char)bytes[i]);
        if (step == 0)
            return 0;
        at += step;
    }
    return at;
}

static void hide_plain(struct span text, const struct secret *secret, char *hidden)
{
    for (size_t at = 0; at < text.size; at++) {
        struct span rest = {text.data + at, text.size - at};
        size_t size = match_secret(rest, secret_reveal(secret), secret_size(secret));
        memset(hidden + at, 1, size);
    }
}

static bool is_base64(char c)
{
    return isalnum((unsigned char)c) || c == '+' || c == '/' || c == '-' || c == '_';
}

static bool same_base64(const char *text, const char *pattern, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
        if (c != pattern[i])
            return false;
    }
    return true;
}

/* Hides the whole word of base64 around each occurrence of the pattern: its other characters hold bits of the
   secret too, or what belongs to it ("user:password"). */
static void hide_base64_pattern(struct span text, const char *pattern, size_t size, char *hidden)
{
    for (size_t at = 0; at < text.size && size <= text.size - at; at++) {
        if (!same_base64(text.data + at, pattern, size))
            continue;
        size_t from = at, to = at + size;
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
