#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* ---- spans
 * ------------------------------------------------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool same_nocase(const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

bool span_is(struct span span, const char *text)
{
    size_t size = strlen(text);

    return span.size == size && (size == 0 || memcmp(span.data, text, size) == 0);
}

bool span_starts_with(struct span span, const char *prefix)
{
    size_t size = strlen(prefix);

    return span.size >= size && (size == 0 || memcmp(span.data, prefix, size) == 0);
}

bool span_is_nocase(struct span span, const char *text)
{
    return span.size == strlen(text) && same_nocase(span.data, text, span.size);
}

struct span span_trim(struct span span)
{
    while (span.size > 0 && is_blank(span.data[0])) {
        span.data++;
        span.size--;
    }
    while (span.size > 0 && is_blank(span.data[span.size - 1]))
        span.size--;
    return span;
}

bool span_next_item(struct span *rest, struct span *item)
{
    /* Where rest points when only the empty item behind a last comma is left: told apart from an empty list.
     */
    static const char behind_last_comma[1];

    if (rest->size == 0 && rest->data != behind_last_comma)
        return false;

    const char *comma = rest->size == 0 ? NULL : memchr(rest->data, ',', rest->size);
    if (comma == NULL) {
        *item = span_trim(*rest);
        *rest = (struct span){NULL, 0};
        return true;
    }
    size_t size = (size_t)(comma - rest->data);
    *item = span_trim((struct span){rest->data, size});
    *rest = (struct span){comma + 1, rest->size - size - 1};
    if (rest->size == 0)
        rest->data = behind_last_comma;
    return true;
}

const char *span_find(struct span haystack, const char *needle)
{
    return haystack.size == 0 ? NULL : memmem(haystack.data, haystack.size, needle, strlen(needle));
}

const char *span_find_span_nocase(struct span haystack, struct span needle)
{
    for (size_t at = 0; at < haystack.size && needle.size <= haystack.size - at; at++)
        if (same_nocase(haystack.data + at, needle.data, needle.size))
            return haystack.data + at;
    return NULL;
}

const char *span_find_nocase(struct span haystack, const char *needle)
{
    return span_find_span_nocase(haystack, span_of(needle));
}

/* ---- booleans, durations, sizes
 * ---------------------------------------------------------------------------------- */

bool text_to_bool(struct span text, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"yes", true}, {"true", true},   {"on", true},
                 {"no", false}, {"false", false}, {"off", false}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_is(text, words[i].word)) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit duration_units[] = {{"d", UINT64_C(86400000000000)},
                                             {"h", UINT64_C(3600000000000)},
                                             {"m", UINT64_C(60000000000)},
                                             {"s", UINT64_C(1000000000)},
                                             {"ms", UINT64_C(1000000)}};
#define DURATION_UNITS (sizeof duration_units / sizeof duration_units[0])

static const struct unit size_units[] = {{"GiB", UINT64_C(1) << 30},
                                         {"MiB", UINT64_C(1) << 20},
                                         {"KiB", UINT64_C(1) << 10},
                                         {"", 1},
                                         {"GB", 1000000000},
                                         {"MB", 1000000},
                                         {"KB", 1000}};
#define SIZE_UNITS (sizeof size_units / sizeof size_units[0])

/* Takes the digits at the start of *text. False when there are none or their value is above maximum. */
static bool take_whole(struct span *text, uint64_t maximum, uint64_t *out)
{
    size_t at = 0;
    uint64_t value = 0;

    for (; at < text->size && text->data[at] >= '0' && text->data[at] <= '9'; at++) {
        uint64_t digit = (uint64_t)(text->data[at] - '0');
        if (digit > maximum || value > (maximum - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    text->data += at;
    text->size -= at;
    *out = value;
    return at > 0;
}

static struct span take_letters(struct span *text)
{
    size_t at = 0;

    while (at < text->size && (text->data[at] < '0' || text->data[at] > '9'))
        at++;
    struct span letters = {text->data, at};
    text->data += at;
    text->size -= at;
    return letters;
}

bool text_to_duration(struct span text, int64_t *out_ns)
{
    uint64_t total = 0;
    size_t next_unit = 0; /* units come in falling order, each once */

    if (span_is(text, "0")) {
        *out_ns = 0;
        return true;
    }
    if (text.size == 0)
        return false;
    while (text.size > 0) {
        uint64_t count;
        if (!take_whole(&text, INT64_MAX, &count))
            return false;
        struct span name = take_letters(&text);
        while (next_unit < DURATION_UNITS && !span_is(name, duration_units[next_unit].name))
            next_unit++;
        if (next_unit == DURATION_UNITS || count > (INT64_MAX - total) / duration_units[next_unit].factor)
            return false;
        total += count * duration_units[next_unit++].factor;
    }
    *out_ns = (int64_t)total;
    return true;
}

bool text_to_size(struct span text, uint64_t *out_bytes)
{
    uint64_t count;

    if (!take_whole(&text, UINT64_MAX, &count))
        return false;
    for (size_t i = 0; i < SIZE_UNITS; i++) {
        if (!span_is(text, size_units[i].name))
            continue;
        if (count > UINT64_MAX / size_units[i].factor)
            return false;
        *out_bytes = count * size_units[i].factor;
        return true;
    }
    return false;
}

char *text_from_duration(int64_t ns, char *out, size_t size)
{
    uint64_t left = ns < 0 ? 0 : (uint64_t)ns;
    size_t used = 0;

    snprintf(out, size, "0");
    for (size_t i = 0; i < DURATION_UNITS; i++) {
        uint64_t count = left / duration_units[i].factor;
        left %= duration_units[i].factor;
        if (count == 0 || used >= size)
            continue;
        used += (size_t)snprintf(out + used, size - used, "%llu%s", (unsigned long long)count,
                                 duration_units[i].name);
    }
    return out;
}

char *text_from_size(uint64_t bytes, char *out, size_t size)
{
    size_t unit = 0; /* the table begins with the binary units, the largest first, down to the bare byte */

    while (bytes == 0 ? size_units[unit].factor > 1 : bytes % size_units[unit].factor != 0)
        unit++;
    snprintf(out, size, "%llu%s", (unsigned long long)(bytes / size_units[unit].factor),
             size_units[unit].name);
    return out;
}

/* ---- UTF-8
 * ------------------------------------------------------------------------------------------------------- */

/* The size of the well-formed sequence at the start of the bytes, 0 if there is none. */
static size_t utf8_sequence(const unsigned char *at, size_t size)
{
    /* Unicode 15, table 3-7: what the first byte allows the second to be; the others are 80..BF. */
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, size;
    } rows[] = {{0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
                {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
                {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};

    if (at[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (at[0] < rows[i].first_low || at[0] > rows[i].first_high)
            continue;
        if (size < rows[i].size || at[1] < rows[i].second_low || at[1] > rows[i].second_high)
            return 0;
        for (size_t j = 2; j < rows[i].size; j++)
            if ((at[j] & 0xC0) != 0x80)
                return 0;
        return rows[i].size;
    }
    return 0;
}

size_t text_utf8_size(const char *bytes, size_t size)
{
    return size == 0 ? 0 : utf8_sequence((const unsigned char *)bytes, size);
}

uint32_t text_code_point(const char *sequence, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)sequence;
    uint32_t code = size == 1 ? bytes[0] : bytes[0] & (0xffu >> (size + 1));

    for (size_t i = 1; i < size; i++)
        code = code << 6 | (bytes[i] & 0x3fu);
    return code;
}

bool text_is_utf8(const char *bytes, size_t size)
{
    const unsigned char *at = (const unsigned char *)bytes;
    const unsigned char *end = size == 0 ? at : at + size;

    while (at < end) {
        uint64_t eight;
        if (end - at >= 8 && (memcpy(&eight, at, 8), (eight & UINT64_C(0x8080808080808080)) == 0)) {
            at += 8;
            continue;
        }
        size_t step = utf8_sequence(at, (size_t)(end - at));
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

/* ---- the nearest word
 * -------------------------------------------------------------------------------------------- */

#define WORD_MAX 64

/* Optimal string alignment: insertions, deletions, replacements and transpositions of neighbours count one
 * each. */
static size_t edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][WORD_MAX + 1]; /* of the whole table only the last three rows are needed */
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b_size; j++)
        before[j] = above[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_size];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t size = strnlen(word, WORD_MAX + 1);
    size_t limit = size / 3 < 1 ? 1 : size / 3 > 3 ? 3 : size / 3;
    const char *nearest = NULL;

    if (size == 0 || size > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t candidate_size = strnlen(candidates[i], WORD_MAX + 1);
        if (candidate_size > WORD_MAX || candidate_size > size + limit || candidate_size + limit < size)
            continue;
        size_t distance = edit_distance(word, size, candidates[i], candidate_size);
        if (distance < limit || (distance == limit && nearest == NULL)) {
            nearest = candidates[i];
            limit = distance;
            if (distance == 0)
                break;
        }
    }
    return nearest;
}

/* ---- base64
 * ------------------------------------------------------------------------------------------------------ */

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

long text_base64_decode(struct span text, unsigned char *out)
{
    size_t size = text.size;
    unsigned bits = 0;
    size_t written = 0;

    if (size % 4 == 0)
        for (int padding = 0; padding < 2 && size > 0 && text.data[size - 1] == '='; padding++)
            size--;
    if (size % 4 == 1)
        return -1;
    for (size_t i = 0; i < size; i++) {
        int value = base64_value(text.data[i]);
        if (value < 0)
            return -1;
        bits = bits << 6 | (unsigned)value;
        /* Of each four characters the second, third and fourth complete a byte. */
        if (i % 4 != 0)
            out[written++] = (unsigned char)(bits >> (6 - i % 4 * 2));
    }
    return (long)written;
}

void text_base64_encode(const void *bytes, size_t size, char *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = bytes;

    for (; size >= 3; size -= 3, in += 3) {
        *out++ = alphabet[in[0] >> 2];
        *out++ = alphabet[(in[0] & 0x03) << 4 | in[1] >> 4];
        *out++ = alphabet[(in[1] & 0x0F) << 2 | in[2] >> 6];
        *out++ = alphabet[in[2] & 0x3F];
    }
    if (size > 0) {
        unsigned second = size == 2 ? in[1] : 0;
        *out++ = alphabet[in[0] >> 2];
        *out++ = alphabet[(in[0] & 0x03u) << 4 | second >> 4];
        *out++ = size == 2 ? alphabet[(second & 0x0F) << 2] : '=';
        *out++ = '=';
    }
    *out = '\0';
}

uint64_t text_hash(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    return hash;
}
