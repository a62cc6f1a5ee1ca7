#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *check(void *memory)
{
    static const char told[] = "epicor_exporter: out of memory\n";

    if (memory == NULL) {
        /* Not through the log or stdio: both may want memory. */
        ssize_t written = write(STDERR_FILENO, told, sizeof told - 1);
        (void)written;
        abort();
    }
    return memory;
}

void *memory_new(size_t count, size_t size)
{
    /* calloc(0) may give NULL, and it looks after the overflow of the product. */
    return check(count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size));
}

void *memory_grow(void *old, size_t count, size_t size)
{
    /* reallocarray to 0 bytes frees and gives NULL. */
    return check(count == 0 || size == 0 ? realloc(old, 1) : reallocarray(old, count, size));
}

char *memory_copy_text(const char *text)
{
    return memory_copy_bytes(text, strlen(text));
}

char *memory_copy_bytes(const char *bytes, size_t size)
{
    char *copy = check(size == SIZE_MAX ? NULL : malloc(size + 1));

    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

char *memory_format(const char *format, ...)
{
    char *text;
    va_list list;

    va_start(list, format);
    int size = vasprintf(&text, format, list);
    va_end(list);
    return check(size < 0 ? NULL : text);
}
