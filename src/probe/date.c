#include "probe/date.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

#define PLACEHOLDER_MAX 40 /* bytes between braces; what is longer is none */
/* A text has at most 16 MiB (a body_file), and the shortest placeholder, {now}, becomes less than four times as long. */
#define TEXT_MAX (64u << 20)

enum word { TODAY, NOW, WORDS };
static const char *const words[WORDS] = {[TODAY] = "today", [NOW] = "now"};

struct placeholder {
    enum word word;
    int64_t offset_ns;
    size_t size; /* with its braces */
};

enum found { NO_PLACEHOLDER, PLACEHOLDER, MISSPELT };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether somebody who wrote this between braces meant one of our words: the same but for the case of letters, or near
   "today". ("now" is too short to tell a slip from {new} or {row}.) */
static bool is_meant(struct span word)
{
    char copy[PLACEHOLDER_MAX + 1];
    memcpy(copy, word.data, word.size);
    copy[word.size] = '\0';
    return span_is_nocase(word, words[TODAY]) || span_is_nocase(word, words[NOW]) ||
           (word.size >= 4 && text_nearest(copy, words, 1) != NULL);
}

/* The part behind the word: nothing, or a sign and a duration. */
static bool read_offset(struct span text, enum word word, int64_t *offset_ns)
{
    *offset_ns = 0;
    if (text.size == 0)
        return true;
    int64_t ns;
    if ((text.data[0] != '+' && text.data[0] != '-') ||
        !text_to_duration((struct span){text.data + 1, text.size - 1}, &ns) || ns > 36500 * DAY_NS ||
        (word == TODAY && ns % DAY_NS != 0))
        return false;
    *offset_ns = text.data[0] == '-' ? -ns : ns;
    return true;
}

/* Looks at what begins with the brace at text. */
static enum found placeholder_read(const char *text, struct placeholder *out)
{
    const char *end = strchr(text, '}');
    if (end == NULL || end - text - 1 > PLACEHOLDER_MAX)
        return NO_PLACEHOLDER;
    struct span inner = {text + 1, (size_t)(end - text - 1)};
    size_t letters = 0;
    while (letters < inner.size && is_letter(inner.data[letters]))
        letters++;
    struct span word = {inner.data, letters}, rest = {inner.data + letters, inner.size - letters};
    bool plain = rest.size == 0 || strchr("+- 0123456789", rest.data[0]) != NULL;
    if (letters == 0 || !plain)
        return NO_PLACEHOLDER;
    out->size = inner.size + 2;
    for (out->word = TODAY; out->word < WORDS; out->word++)
        if (span_is(word, words[out->word]))
            return read_offset(rest, out->word, &out->offset_ns) ? PLACEHOLDER : MISSPELT;
    return is_meant(word) ? MISSPELT : NO_PLACEHOLDER;
}

char *date_check(const char *text)
{
    struct placeholder placeholder;
    for (const char *brace = text; (brace = strchr(brace, '{')) != NULL; brace++)
        if (placeholder_read(brace, &placeholder) == MISSPELT)
            return memory_format("%.*s is no date: write {today}, {today-7d} (whole days), {now} or {now-1h}",
                                 (int)placeholder.size, brace);
    return NULL;
}

static void append_date(struct buffer *out, const struct placeholder *placeholder, const struct zone *zone,
                        struct moment now)
{
    int64_t epoch = now.wall_ns / SECOND_NS;
    if (placeholder->word == TODAY) {
        struct civil day = zone_to_civil(zone, epoch);
        day.day += (int)(placeholder->offset_ns / DAY_NS);
        day.hour = 12; /* no change of clocks is near noon */
        day.minute = day.second = 0;
        day = zone_to_civil(zone, zone_from_civil(zone, day));
        buffer_format(out, "%04d-%02d-%02d", day.year, day.month, day.day);
    } else {
        struct civil time = zone_to_civil(zone, epoch + placeholder->offset_ns / SECOND_NS);
        buffer_format(out, "%04d-%02d-%02dT%02d:%02d:%02d", time.year, time.month, time.day, time.hour,
                      time.minute, time.second);
    }
}

char *date_expand(const char *text, const struct zone *zone, struct moment now)
{
    struct buffer out;
    buffer_init(&out, TEXT_MAX);
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        buffer_append(&out, text, plain);
        text += plain;
        struct placeholder placeholder;
        if (*text == '\0')
            break;
        if (placeholder_read(text, &placeholder) == PLACEHOLDER) {
            append_date(&out, &placeholder, zone, now);
            text += placeholder.size;
        } else {
            buffer_byte(&out, *text++);
        }
    }
    char *expanded = buffer_take(&out);
    assert(expanded != NULL);
    return expanded;
}
