#include "probe/drift.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

#define SENTENCE_MAX 1024 /* bytes of names in a sentence */

struct drift_name {
    char *text;
    unsigned missed; /* good runs in a row that did not have it */
};

/* ---- sets ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* FNV-1a with a final mix: sums of it tell sets apart whatever their order. */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = text_hash(TEXT_HASH_START, name, strlen(name));
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
    return hash ^ hash >> 31;
}

struct name_set *name_set_of(const char *const *names, size_t count, bool incomplete)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(names[i]) + 1;
    struct name_set *set = memory_new(1, sizeof *set + count * sizeof *set->names + bytes);
    char *text = (char *)(set + 1) + count * sizeof *set->names;
    set->names = (const char **)(set + 1);
    set->incomplete = incomplete;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(names[i]) + 1;
        memcpy(text, names[i], size);
        set->names[i] = text;
        text += size;
    }
    if (count > 1)
        qsort(set->names, count, sizeof *set->names, compare);
    for (size_t i = 0; i < count; i++)
        if (set->count == 0 || strcmp(set->names[set->count - 1], set->names[i]) != 0)
            set->names[set->count++] = set->names[i];
    for (size_t i = 0; i < set->count; i++)
        set->hash += hash_name(set->names[i]);
    return set;
}

struct name_set *name_set_of_columns(const struct json_columns *columns)
{
    return name_set_of(columns->names, columns->count, columns->incomplete);
}

/* ---- what is known ---- */

static void note(struct drift_change *change, const char ***list, size_t *count, const char *name)
{
    (void)change;
    *list = memory_grow(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = memory_copy_text(name);
}

/* A merge of two sorted lists. */
static void merge(struct drift *drift, const struct name_set *names, enum drift_rule rule,
                  struct drift_change *change)
{
    struct drift_name *merged = memory_new(drift->count + names->count, sizeof *merged);
    size_t count = 0, old = 0, new = 0;
    while (old < drift->count || new < names->count) {
        int order = old == drift->count   ? 1
                    : new == names->count ? -1
                                          : strcmp(drift->names[old].text, names->names[new]);
        if (order > 0) {
            if (drift->known)
                note(change, &change->came, &change->came_count, names->names[new]);
            merged[count++] = (struct drift_name){.text = memory_copy_text(names->names[new ++])};
        } else if (order == 0) {
            merged[count] = drift->names[old++];
            merged[count++].missed = 0;
            new ++;
        } else {
            struct drift_name *absent = &drift->names[old++];
            if (rule == DRIFT_SLOW && ++absent->missed < DRIFT_PATIENCE) {
                merged[count++] = *absent;
            } else {
                note(change, &change->went, &change->went_count, absent->text);
                free(absent->text);
            }
        }
    }
    free(drift->names);
    drift->names = merged;
    drift->count = count;
}

bool drift_take(struct drift *drift, const struct name_set *names, enum drift_rule rule,
                struct drift_change *change)
{
    *change = (struct drift_change){0};
    if (drift->known && drift->digests != names->digests)
        drift_free(drift);
    drift->digests = names->digests;
    if (drift->known ? names->incomplete : rule == DRIFT_SLOW && names->count == 0)
        return false;
    if (drift->known && drift->hash == names->hash && drift->count == names->count) {
        for (size_t i = 0; i < drift->count; i++)
            drift->names[i].missed = 0;
        return false;
    }
    merge(drift, names, rule, change);
    drift->known = true;
    drift->hash = 0;
    for (size_t i = 0; i < drift->count; i++)
        drift->hash += hash_name(drift->names[i].text);
    return change->came_count + change->went_count > 0;
}

/* ---- for people ---- */

static void say(struct buffer *text, const char *label, const char *const *names, size_t count)
{
    if (count == 0)
        return;
    buffer_text(text, text->size > 0 ? "; " : "");
    buffer_text(text, label);
    for (size_t i = 0; i < count; i++) {
        if (text->size + strlen(names[i]) > SENTENCE_MAX) {
            char *rest = memory_format(" and %zu more", count - i);
            buffer_text(text, rest);
            free(rest);
            break;
        }
        buffer_text(text, i > 0 ? ", " : " ");
        buffer_text(text, names[i]);
    }
}

char *drift_sentence(const struct drift_change *change)
{
    struct buffer text;
    buffer_init(&text, 4 * SENTENCE_MAX);
    say(&text, "came:", change->came, change->came_count);
    say(&text, "went:", change->went, change->went_count);
    return buffer_take(&text);
}

static void free_list(const char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)(uintptr_t)list[i]);
    free(list);
}

void drift_change_free(struct drift_change *change)
{
    free_list(change->came, change->came_count);
    free_list(change->went, change->went_count);
    *change = (struct drift_change){0};
}

void drift_free(struct drift *drift)
{
    for (size_t i = 0; i < drift->count; i++)
        free(drift->names[i].text);
    free(drift->names);
    *drift = (struct drift){0};
}
