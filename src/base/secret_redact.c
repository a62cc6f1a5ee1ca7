/* The part of secret.h that takes secrets and user names out of a text. What was cut amid a secret still holds the
   beginning of it. */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/secret_match.h"
#include "base/text.h"
#include "base/user_name.h"

#define SHORTEST  4 /* bytes; what is shorter occurs by chance */
#define BEGINNING 8 /* bytes of a secret that are hidden wherever they stand, without the rest */
/* The same in base64. */
#define SHORTEST_BASE64  6
#define BEGINNING_BASE64 11

/* What each byte of the text is to be. */
enum { SHOWN, SECRET, USER };
static const char *const replacements[] = {[SECRET] = "<secret>", [USER] = "<user>"};

/* Here a text ends that was cut. */
static bool is_end(struct span text)
{
    return text.size == 0 || span_is(text, "\xe2\x80\xa6") || span_is(text, "...");
}

static void hide_plain(struct span text, const struct secret *secret, char *hidden)
{
    size_t size = secret_size(secret);
    bool leads[256] = {false};

    secret_match_leads((unsigned char)secret_reveal(secret)[0], leads);
    for (size_t at = 0; at < text.size; at++) {
        if (!leads[(unsigned char)text.data[at]])
            continue;
        struct secret_match match = secret_match((struct span){text.data + at, text.size - at},
                                                 secret_reveal(secret), size);
        struct span rest = {text.data + at + match.text, text.size - at - match.text};
        if (match.secret == size || match.secret >= BEGINNING || (match.secret >= SHORTEST && is_end(rest)))
            memset(hidden + at, SECRET, match.text);
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

/* Hides the word of base64 that has the characters from .. to - 1; returns its end. */
static size_t hide_base64_word(struct span text, size_t from, size_t to, char *hidden)
{
    while (from > 0 && is_base64(text.data[from - 1]))
        from--;
    while (to < text.size && is_base64(text.data[to]))
        to++;
    while (to < text.size && text.data[to] == '=')
        to++;
    memset(hidden + from, SECRET, to - from);
    return to;
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
        at = hide_base64_word(text, at, at + same, hidden) - 1;
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

/* Basic credentials begin with the name and a colon (RFC 7617); what follows is a password, whosever it is. */
static void hide_basic(struct span text, const struct secret *name, char *hidden)
{
    size_t size = secret_size(name) + 1, capacity = (size + 2) / 3 * 4 + 1;
    char *bytes = memory_new(size, 1);
    char *encoded = memory_new(capacity, 1);

    memcpy(bytes, secret_reveal(name), size - 1);
    bytes[size - 1] = ':';
    text_base64_encode(bytes, size, encoded);
    size_t pattern = size * 8 / 6;
    for (size_t at = 0; pattern >= SHORTEST && at < text.size; at++)
        if ((at == 0 || !is_base64(text.data[at - 1])) &&
            match_base64((struct span){text.data + at, text.size - at}, encoded, pattern) == pattern)
            at = hide_base64_word(text, at, at + pattern, hidden) - 1;
    secret_wipe(bytes, size);
    secret_wipe(encoded, capacity);
    free(bytes);
    free(encoded);
}

/* ---- all ---- */

/* The secrets of now and those of before are mostly the same. */
static bool stands_before(struct secret *const *secrets, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (secrets[i] != NULL && secret_equal(secrets[i], secrets[index]))
            return true;
    return false;
}

char *secret_redact(const char *text, struct secret *const *secrets, size_t count,
                    struct secret *const *names, size_t name_count)
{
    struct span all = span_of(text);
    char *hidden = memory_new(all.size + 1, 1);
    struct buffer out;

    for (size_t i = 0; i < count; i++) {
        if (secrets[i] == NULL || secret_size(secrets[i]) < SHORTEST || stands_before(secrets, i))
            continue;
        hide_plain(all, secrets[i], hidden);
        hide_base64(all, secrets[i], hidden);
    }
    for (size_t i = 0; i < name_count; i++) {
        if (names[i] == NULL || secret_size(names[i]) == 0 || stands_before(names, i))
            continue;
        hide_basic(all, names[i], hidden);
        user_name_hide(all, (struct span){secret_reveal(names[i]), secret_size(names[i])}, USER, hidden);
    }
    /* Each hidden byte gives at most one replacement. */
    buffer_init(&out, all.size * strlen(replacements[SECRET]));
    for (size_t at = 0, size; at < all.size; at += size) {
        for (size = 1; at + size < all.size && hidden[at + size] == hidden[at];)
            size++;
        if (hidden[at] != SHOWN)
            buffer_text(&out, replacements[(unsigned char)hidden[at]]);
        else
            buffer_append(&out, text + at, size);
    }
    free(hidden);
    char *result = buffer_take(&out);
    return result != NULL ? result : memory_copy_text(replacements[SECRET]);
}
