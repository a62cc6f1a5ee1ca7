/* The set of distinct names, bounded as scanner.h says. Private to this folder. */
#ifndef JSON_COLUMNS_H
#define JSON_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_columns;

struct columns {
    char *bytes;           /* the names, one after the other, each with a NUL */
    size_t size, capacity; /* of bytes */
    uint32_t *offsets;     /* of each name, in order of first appearance */
    uint32_t *sizes;
    uint32_t *slots; /* hash table of 1-based indexes */
    size_t count, slot_count, name_capacity;
    size_t hint; /* the index the next name probably has: rows repeat their order */
    bool incomplete;
    const char **names; /* made when asked for */
};

void columns_free(struct columns *columns);

/* Adds a name if it is new and fits. */
void columns_add(struct columns *columns, const char *name, size_t size);

/* Describes the set; what it points to lives until columns_free() or the next columns_add(). */
void columns_describe(struct columns *columns, struct json_columns *out);

#endif
