/* Bounded bytes. A buffer states its maximum at birth; what does not fit makes it fail, it is never cut. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data;      /* NULL until something is appended; always followed by a NUL once it is not */
    size_t size;     /* bytes, the NUL not counted */
    size_t capacity; /* bytes allocated */
    size_t maximum;  /* size never grows above this */
    bool failed;     /* sticky: an append did not fit; size is what it was before that append */
};

/* Makes an empty buffer that will hold at most maximum bytes. Allocates nothing. */
void buffer_init(struct buffer *buffer, size_t maximum);

/* Frees the bytes and makes the buffer empty again, with the same maximum and not failed. */
void buffer_free(struct buffer *buffer);

/* Empties it, keeps the memory, clears failed. */
void buffer_clear(struct buffer *buffer);

/* Makes room for extra more bytes. Returns false, and sets failed, when they cannot fit. */
bool buffer_reserve(struct buffer *buffer, size_t extra);

/* Each appends whole or not at all. Returns false, and sets failed, when it does not fit or the buffer has
 * failed. */
bool buffer_append(struct buffer *buffer, const void *bytes, size_t size);
bool buffer_text(struct buffer *buffer, const char *text);
bool buffer_byte(struct buffer *buffer, char byte);
bool buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool buffer_format_list(struct buffer *buffer, const char *format, va_list list)
    __attribute__((format(printf, 2, 0)));

/* Hands the bytes over (NUL-terminated, never NULL, in no more memory than they need; the caller frees) and makes the
 * buffer empty. NULL if it failed. */
char *buffer_take(struct buffer *buffer);

/* The text so far, "" when empty. Valid until the next append. */
const char *buffer_as_text(const struct buffer *buffer);

#endif
