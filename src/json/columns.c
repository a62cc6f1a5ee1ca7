#include "json/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "json/scanner.h"

/* Where the search for a name begins. */
static size_t first_slot(const struct columns *columns, const char *name, size_t size)
{
    return text_hash(TEXT_HASH_START, name, size) & (columns->slot_count - 1);
}

void columns_free(struct columns *columns)
{
    free(columns->bytes);
    free(columns->offsets);
    free(columns->sizes);
    free(columns->slots);
    free(columns->names);
    *columns = (struct columns){0};
}

static bool column_is(const struct columns *columns, size_t index, const char *name, size_t size)
{
    return columns->sizes[index] == size && memcmp(columns->bytes + columns->offsets[index], name, size) == 0;
}

static void grow_table(struct columns *columns)
{
    size_t old_count = columns->slot_count;
    uint32_t *old = columns->slots;
    columns->slot_count = old_count ? old_count * 2 : 64;
    columns->name_capacity = columns->slot_count / 2;
    columns->slots = memory_new(columns->slot_count, sizeof *columns->slots);
    columns->offsets = memory_grow(columns->offsets, columns->name_capacity, sizeof *columns->offsets);
    columns->sizes = memory_grow(columns->sizes, columns->name_capacity, sizeof *columns->sizes);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i]) {
            const char *name = columns->bytes + columns->offsets[old[i] - 1];
            size_t slot = first_slot(columns, name, columns->sizes[old[i] - 1]);
            while (columns->slots[slot]) {
                slot = (slot + 1) & (columns->slot_count - 1);
            }
            columns->slots[slot] = old[i];
        }
    }
    free(old);
}

static void keep_bytes(struct columns *columns, const char *name, size_t size)
{
    if (columns->size + size + 1 > columns->capacity) {
        columns->capacity = (columns->size + size + 1) * 2;
        columns->bytes = memory_grow(columns->bytes, columns->capacity, 1);
    }
    memcpy(columns->bytes + columns->size, name, size);
    columns->bytes[columns->size + size] = '\0';
    columns->size += size + 1;
}

void columns_add(struct columns *columns, const char *name, size_t size)
{
    if (columns->hint < columns->count && column_is(columns, columns->hint, name, size)) {
        columns->hint++;
        return;
    }
    if (columns->count >= columns->name_capacity) {
        grow_table(columns);
    }
    size_t slot = first_slot(columns, name, size);
    for (; columns->slots[slot]; slot = (slot + 1) & (columns->slot_count - 1)) {
        if (column_is(columns, columns->slots[slot] - 1, name, size)) {
            columns->hint = columns->slots[slot];
            return;
        }
    }
    if (columns->count == JSON_COLUMNS_MAX || columns->size + size + 1 > JSON_COLUMN_BYTES_MAX) {
        columns->incomplete = true;
        return;
    }
    columns->offsets[columns->count] = (uint32_t)columns->size;
    columns->sizes[columns->count] = (uint32_t)size;
    keep_bytes(columns, name, size);
    columns->count++;
    columns->slots[slot] = (uint32_t)columns->count;
    columns->hint = columns->count;
}

void columns_describe(struct columns *columns, struct json_columns *out)
{
    columns->names = memory_grow(columns->names, columns->count, sizeof *columns->names);
    for (size_t i = 0; i < columns->count; i++) {
        columns->names[i] = columns->bytes + columns->offsets[i];
    }
    out->count = columns->count;
    out->names = columns->names;
    out->incomplete = columns->incomplete;
}
