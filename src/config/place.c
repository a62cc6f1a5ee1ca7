#include "config/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/document.h"

void key_lines_init(struct key_lines *keys, const struct section *section)
{
    keys->items = memory_new(section->count, sizeof *keys->items);
    keys->count = section->count;
    for (size_t i = 0; i < section->count; i++)
        keys->items[i] = (struct key_line){
            .name = memory_copy_text(section->entries[i].name),
            .place = entry_place(&section->entries[i]),
            .inherited = section->entries[i].inherited,
            .hash = text_hash(TEXT_HASH_START, section->entries[i].value, strlen(section->entries[i].value))};
}

void key_lines_free(struct key_lines *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        free(keys->items[i].name);
        free(keys->items[i].shown);
    }
    free(keys->items);
    *keys = (struct key_lines){0};
}

void key_lines_override(struct key_lines *keys, const char *key, const char *flag, const char *value)
{
    size_t at = 0;
    while (at < keys->count && strcmp(keys->items[at].name, key) != 0)
        at++;
    if (at == keys->count) {
        keys->items = memory_grow(keys->items, ++keys->count, sizeof *keys->items);
        keys->items[at] = (struct key_line){.name = memory_copy_text(key)};
    }
    struct key_line *line = &keys->items[at];
    free(line->shown);
    line->shown = memory_copy_text(value);
    line->place = (struct place){flag, 0};
    line->hash = text_hash(TEXT_HASH_START, value, strlen(value));
}

static bool is_form_of(const char *written, const char *key)
{
    static const char *const suffixes[] = {"", "_file", "_env", "_credential"};
    size_t size = strlen(key);
    if (strncmp(written, key, size) != 0)
        return false;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (strcmp(written + size, suffixes[i]) == 0)
            return true;
    }
    return false;
}

static const struct key_line *find(const struct key_lines *keys, const char *key)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (is_form_of(keys->items[i].name, key))
            return &keys->items[i];
    }
    return NULL;
}

int key_lines_find(const struct key_lines *keys, const char *key)
{
    const struct key_line *found = find(keys, key);
    return found == NULL ? 0 : found->place.line;
}

struct place key_lines_place(const struct key_lines *keys, struct place section, const char *key)
{
    const struct key_line *found = find(keys, key);
    return found == NULL ? section : found->place;
}

bool key_lines_has(const struct key_lines *keys, const char *key)
{
    return find(keys, key) != NULL;
}

const char *key_lines_shown(const struct key_lines *keys, const char *key)
{
    const struct key_line *found = find(keys, key);
    return found == NULL ? NULL : found->shown;
}

bool key_lines_own(const struct key_lines *keys, const char *key)
{
    const struct key_line *found = find(keys, key);
    return found != NULL && !found->inherited;
}

static bool has_all(const struct key_lines *keys, const struct key_lines *of,
                    bool (*may_differ)(const char *key))
{
    for (size_t i = 0; i < of->count; i++) {
        const struct key_line *wanted = &of->items[i];
        size_t at = 0;
        if (may_differ(wanted->name))
            continue;
        while (at < keys->count &&
               (keys->items[at].hash != wanted->hash || strcmp(keys->items[at].name, wanted->name) != 0))
            at++;
        if (at == keys->count)
            return false;
    }
    return true;
}

bool key_lines_same(const struct key_lines *a, const struct key_lines *b, bool (*may_differ)(const char *key))
{
    return has_all(a, b, may_differ) && has_all(b, a, may_differ);
}
