#include "probe/tally.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

void tally_init(struct tally *tally, size_t maximum, size_t width)
{
    assert(maximum > 0);
    *tally = (struct tally){.maximum = maximum, .width = width};
}

static void entry_free(struct tally_entry *entry)
{
    free(entry->name);
    free(entry->numbers);
}

static void entries_free(struct tally_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        entry_free(&entries->items[i]);
    free(entries->items);
    *entries = (struct tally_entries){0};
}

void tally_free(struct tally *tally)
{
    entries_free(&tally->now);
    entries_free(&tally->marked);
    free(tally->left_out);
    *tally = (struct tally){0};
}

/* ---- what had no room ---- */

/* Puts the hash into the table; returns whether it is new. */
static bool place_hash(uint64_t *table, size_t places, uint64_t hash)
{
    size_t at = hash & (places - 1);
    while (table[at] != 0 && table[at] != hash)
        at = (at + 1) & (places - 1);
    bool new = table[at] == 0;
    table[at] = hash;
    return new;
}

static void left_out_grow(struct tally *tally)
{
    size_t places = tally->left_out_places == 0 ? 16 : tally->left_out_places * 2;
    uint64_t *table = memory_new(places, sizeof *table);
    for (size_t i = 0; i < tally->left_out_places; i++)
        if (tally->left_out[i] != 0)
            place_hash(table, places, tally->left_out[i]);
    free(tally->left_out);
    tally->left_out = table;
    tally->left_out_places = places;
}

void tally_leave_out(struct tally *tally, const void *bytes, size_t size)
{
    if (tally->left_out_count == TALLY_LEFT_OUT_MAX)
        return;
    if (2 * tally->left_out_count >= tally->left_out_places)
        left_out_grow(tally);
    uint64_t hash = text_hash(TEXT_HASH_START, bytes, size);
    tally->left_out_count += place_hash(tally->left_out, tally->left_out_places, hash == 0 ? 1 : hash);
}

size_t tally_left_out(const struct tally *tally)
{
    return tally->left_out_count;
}

/* ---- entries ---- */

static int entry_compare(const struct tally_entry *entry, const char *name, int rank)
{
    return entry->rank != rank ? entry->rank - rank : strcmp(entry->name, name);
}

/* Takes the last one out to make room. One that has left never comes back: its place is after all that stay. */
static void make_room(struct tally *tally)
{
    struct tally_entry *last = &tally->now.items[--tally->now.count];
    tally_leave_out(tally, last->name, strlen(last->name));
    entry_free(last);
}

static struct tally_entry entry_new(const struct tally *tally, const char *name, int rank)
{
    struct tally_entry entry = {memory_copy_text(name), rank, memory_new(tally->width, sizeof(double))};
    for (size_t i = 0; i < tally->width; i++)
        entry.numbers[i] = NAN;
    return entry;
}

double *tally_at(struct tally *tally, const char *name, int rank)
{
    struct tally_entries *entries = &tally->now;
    size_t at = 0;
    int order = 1;
    while (at < entries->count && (order = entry_compare(&entries->items[at], name, rank)) < 0)
        at++;
    if (at < entries->count && order == 0)
        return entries->items[at].numbers;
    if (at == tally->maximum) {
        tally_leave_out(tally, name, strlen(name));
        return NULL;
    }
    if (entries->count == tally->maximum)
        make_room(tally);
    if (entries->items == NULL)
        entries->items = memory_new(tally->maximum, sizeof *entries->items);
    memmove(&entries->items[at + 1], &entries->items[at], (entries->count - at) * sizeof *entries->items);
    entries->items[at] = entry_new(tally, name, rank);
    entries->count++;
    return entries->items[at].numbers;
}

void tally_add(double *number, double more)
{
    *number = isnan(*number) ? more : *number + more;
}

/* ---- mark and rewind ---- */

static void entries_copy(const struct tally *tally, struct tally_entries *to,
                         const struct tally_entries *from)
{
    entries_free(to);
    if (from->count == 0)
        return;
    to->items = memory_new(tally->maximum, sizeof *to->items);
    to->count = from->count;
    for (size_t i = 0; i < from->count; i++) {
        to->items[i] = entry_new(tally, from->items[i].name, from->items[i].rank);
        memcpy(to->items[i].numbers, from->items[i].numbers, tally->width * sizeof(double));
    }
}

void tally_mark(struct tally *tally)
{
    entries_copy(tally, &tally->marked, &tally->now);
}

void tally_rewind(struct tally *tally)
{
    entries_copy(tally, &tally->now, &tally->marked);
}
