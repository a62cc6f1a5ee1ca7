#include "base/buffer.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

void buffer_init(struct buffer *buffer, size_t maximum)
{
    assert(maximum < SIZE_MAX); /* one more byte is needed for the NUL */
    *buffer = (struct buffer){.maximum = maximum};
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    buffer_init(buffer, buffer->maximum);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
    if (buffer->data != NULL)
        buffer->data[0] = '\0';
}

static bool fail(struct buffer *buffer)
{
    buffer->failed = true;
    return false;
}

bool buffer_reserve(struct buffer *buffer, size_t extra)
{
    if (buffer->failed || extra > buffer->maximum - buffer->size)
        return fail(buffer);

    size_t needed = buffer->size + extra + 1;
    if (needed <= buffer->capacity)
        return true;

    size_t limit = buffer->maximum + 1;
    size_t capacity = buffer->capacity > limit / 2 ? limit : buffer->capacity * 2;
    if (capacity < FIRST_CAPACITY)
        capacity = FIRST_CAPACITY < limit ? FIRST_CAPACITY : limit;
    if (capacity < needed)
        capacity = needed;

    char *data = realloc(buffer->data, capacity);
    if (data == NULL)
        return fail(buffer);
    data[buffer->size] = '\0';
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    if (!buffer_reserve(buffer, size))
        return false;
    if (size > 0)
        memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
    return true;
}

bool buffer_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

bool buffer_byte(struct buffer *buffer, char byte)
{
    return buffer_append(buffer, &byte, 1);
}

bool buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    bool fits = buffer_format_list(buffer, format, list);
    va_end(list);
    return fits;
}

bool buffer_format_list(struct buffer *buffer, const char *format, va_list list)
{
    if (!buffer_reserve(buffer, 0))
        return false;

    va_list again;
    va_copy(again, list);
    size_t room = buffer->capacity - buffer->size; /* the NUL counted */
    int size = vsnprintf(buffer->data + buffer->size, room, format, list);
    bool fits = size >= 0;
    if (fits && (size_t)size >= room) {
        buffer->data[buffer->size] = '\0';
        fits = buffer_reserve(buffer, (size_t)size);
        if (fits)
            vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, again);
    }
    va_end(again);
    if (!fits) {
        buffer->data[buffer->size] = '\0';
        return fail(buffer);
    }
    buffer->size += (size_t)size;
    return true;
}

char *buffer_take(struct buffer *buffer)
{
    char *data = NULL;

    if (buffer_reserve(buffer, 0)) {
        data = realloc(buffer->data, buffer->size + 1);
        if (data == NULL)
            data = buffer->data;
        buffer->data = NULL;
    }
    buffer_free(buffer);
    return data;
}

const char *buffer_as_text(const struct buffer *buffer)
{
    return buffer->data == NULL ? "" : buffer->data;
}
