/* Text <-> number, duration, size, boolean; and what to say when it is none. No function here looks at a
 * locale. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that somebody else owns; not NUL-terminated. */
struct span {
    const char *data;
    size_t size;
};

struct span span_of(const char *text);
bool span_is(struct span span, const char *text);
bool span_starts_with(struct span span, const char *prefix);
bool span_is_nocase(struct span span, const char *text); /* ASCII letters only */
struct span span_trim(struct span span);                 /* without blanks and tabs, CR, LF at both ends */

/* The first item of a comma list, trimmed; *rest is moved behind its comma (only this function reads it
   then). False when nothing is left. An empty item, also one behind the last comma, is handed out as size 0,
   so that the caller can refuse it; an empty list has no item. */
bool span_next_item(struct span *rest, struct span *item);

/* Finds needle in haystack; NULL when it is not there. The others ignore the case of ASCII letters. */
const char *span_find(struct span haystack, const char *needle);
const char *span_find_nocase(struct span haystack, const char *needle);
const char *span_find_span_nocase(struct span haystack, struct span needle);

/* Each parser wants the whole text to be of its form (no blanks around it), returns false otherwise and then
   writes nothing. */
bool text_to_int64(struct span text, int64_t *out);
/* A decimal number as JSON writes it, with an optional leading plus; finite. Independent of the locale,
   rounded correctly. */
bool text_to_double(struct span text, double *out);
/* yes/no, true/false, on/off; in small letters. */
bool text_to_bool(struct span text, bool *out);
/* 500ms, 30s, 5m, 8h, 7d, 1h30m: nanoseconds. Whole numbers, the larger unit first, each unit once. A bare
   number is refused, except 0. Not negative. */
bool text_to_duration(struct span text, int64_t *out_ns);
/* 512, 64KiB, 16MiB, 2GiB (also KB, MB, GB of 1000): bytes. */
bool text_to_size(struct span text, uint64_t *out_bytes);

/* The form of the above with the largest units (1h30m, 64KiB), which reads back the same, into out (at least
   32 bytes); returns out. A duration is rounded down to milliseconds, a negative one is 0. */
char *text_from_duration(int64_t ns, char *out, size_t size);
char *text_from_size(uint64_t bytes, char *out, size_t size);

/* Decimal text that reads back as the same double, with the fewest digits of those that do (looked for from
   15 digits on); NaN, +Inf, -Inf as Prometheus writes them. Writes at most 32 bytes, no NUL; returns how
   many. Fast for whole numbers and for up to nine decimals. */
#define TEXT_DOUBLE_MAX 32
size_t text_from_double(double value, char *out);

/* True when the bytes are well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, no overlong forms). */
bool text_is_utf8(const char *bytes, size_t size);
/* The size (1..4) of the well-formed UTF-8 sequence that the bytes begin with; 0 if with none. */
size_t text_utf8_size(const char *bytes, size_t size);
/* The code point of one such sequence, given whole. */
uint32_t text_code_point(const char *sequence, size_t size);

/* The candidate nearest to word by edit distance (transpositions count one), or NULL if none is near enough
   to be a likely slip (distance at most a third of the word's length, at least 1, at most 3). */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

/* Standard and URL-safe base64 (RFC 4648, padding optional, both alphabets read, left-over bits not looked
   at). Returns the decoded size, or -1. out needs size / 4 * 3 + 3 bytes. */
long text_base64_decode(struct span text, unsigned char *out);
/* Standard alphabet with padding, NUL-terminated; out needs (size + 2) / 3 * 4 + 1 bytes. */
void text_base64_encode(const void *bytes, size_t size, char *out);

/* FNV-1a, 64 bits: for hash tables and fingerprints of what we trust; not against an adversary. */
#define TEXT_HASH_START UINT64_C(14695981039346656037)
uint64_t text_hash(uint64_t hash, const void *bytes, size_t size);

#endif
