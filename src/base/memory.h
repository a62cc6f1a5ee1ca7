/* Memory that cannot fail: for small, bounded needs of our own. What a remote party sizes goes into a struct
 * buffer. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* As malloc (zeroed), realloc and strdup, but never NULL: out of memory is told on stderr and ends the
   process by abort(). The caller frees with free(). A size of 0 gives a pointer that can be freed. */
void *memory_new(size_t count, size_t size);
void *memory_grow(void *old, size_t count, size_t size);
char *memory_copy_text(const char *text);
char *memory_copy_bytes(const char *bytes, size_t size); /* size bytes and a NUL behind them */

/* An owned text from a format; as printf. */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
