/* A growing text. Without memory it ends the program. */
#ifndef SIMULATOR_TEXT_H
#define SIMULATOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sim_text {
    char *data; /* ends with NUL once something was appended */
    size_t size, capacity;
};

void sim_text_free(struct sim_text *text);
void sim_text_grow(struct sim_text *text, size_t size); /* makes room for so many bytes more, and a NUL */

static inline void sim_text_add(struct sim_text *text, const void *bytes, size_t size)
{
    if (text->size + size >= text->capacity)
        sim_text_grow(text, size);
    memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void sim_text_add_string(struct sim_text *text, const char *string);
void sim_text_add_number(struct sim_text *text, uint64_t number);
void sim_text_printf(struct sim_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes. */
void sim_text_add_json(struct sim_text *text, const char *string);
/* Character data of XML or HTML. */
void sim_text_add_xml(struct sim_text *text, const char *string);

void sim_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void *sim_allocate(size_t size); /* zeroed */
void *sim_reallocate(void *memory, size_t size);
char *sim_duplicate(const char *string); /* NULL stays NULL */
char *sim_duplicate_n(const char *string, size_t size);
/* Percent decoding, RFC 3986; plus = true also turns '+' into a blank. Allocated. */
char *sim_decode(const char *string, size_t size, bool plus);
/* RFC 9110 §5.6.7, in `out`. */
void sim_http_date(int64_t epoch, char out[40]);
/* A random GUID in lower case. */
void sim_guid(char out[37]);
int64_t sim_now_ns(void); /* CLOCK_MONOTONIC */

#endif
