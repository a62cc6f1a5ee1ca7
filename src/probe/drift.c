#include "probe/drift.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

#define SENTENCE_MAX 1024 /* bytes of names in a sentence */

/* A name that is known, or will be. */
struct known {
    const char *text;
    unsigned missed; /* good runs in a row that did not have it */
};

static_assert(DRIFT_PATIENCE < 128, "it is kept in a char");

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

static void note(const char ***list, size_t *count, const char *name)
{
    *list = memory_grow(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = memory_copy_text(name);
}

/* Reads the packed name at *at and moves that behind it. */
static struct known known_next(char **at)
{
    struct known name = {.missed = (unsigned)**at, .text = *at + 1};

    *at += 1 + strlen(name.text) + 1;
    return name;
}

static char *pack(const struct known *names, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += 1 + strlen(names[i].text) + 1;
    char *packed = memory_new(bytes, 1), *at = packed;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(names[i].text) + 1;
        *at++ = (char)names[i].missed;
        memcpy(at, names[i].text, size);
        at += size;
    }
    return packed;
}

/* A merge of two sorted lists. */
static void merge(struct drift *drift, const struct name_set *names, enum drift_rule rule,
                  struct drift_change *change)
{
    struct known *merged = memory_new(drift->count + names->count, sizeof *merged), old = {0};
    size_t count = 0, left = drift->count, new = 0;
    char *at = drift->names;

    if (left > 0)
        old = known_next(&at);
    while (left > 0 || new < names->count) {
        int order = left == 0 ? 1 : new == names->count ? -1 : strcmp(old.text, names->names[new]);
        if (order > 0) {
            if (drift->known)
                note(&change->came, &change->came_count, names->names[new]);
            merged[count++] = (struct known){.text = names->names[new ++]};
            continue;
        }
        if (order == 0) {
            merged[count++] = (struct known){.text = old.text};
            new ++;
        } else if (rule == DRIFT_SLOW && ++old.missed < DRIFT_PATIENCE) {
            merged[count++] = old;
        } else {
            note(&change->went, &change->went_count, old.text);
        }
        if (--left > 0)
            old = known_next(&at);
    }
    char *packed = pack(merged, count);
    free(merged);
    free(drift->names);
    drift->names = packed;
    drift->count = count;
}

/* All of them were there. */
static void miss_none(struct drift *drift)
{
    char *at = drift->names;

    for (size_t i = 0; i < drift->count; i++) {
        *at = 0;
        known_next(&at);
    }
}

static uint64_t hash_of(const struct drift *drift)
{
    uint64_t hash = 0;
    char *at = drift->names;

    for (size_t i = 0; i < drift->count; i++)
        hash += hash_name(known_next(&at).text);
    return hash;
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
        miss_none(drift);
        return false;
    }
    merge(drift, names, rule, change);
    drift->known = true;
    drift->hash = hash_of(drift);
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
    free(drift->names);
    *drift = (struct drift){0};
}
