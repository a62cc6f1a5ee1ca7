#include "probe/distinct.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

#define SLOTS (2 * DISTINCT_MAX)

static bool is_kept(const struct distinct *distinct, uint64_t hash)
{
    return (hash & ((UINT64_C(1) << distinct->level) - 1)) == 0;
}

/* The slot of the hash, or the free one where it belongs. By the high bits: the low ones choose who is kept. */
static uint64_t *slot_of(uint64_t *hashes, uint64_t hash)
{
    size_t at = (size_t)(hash >> 32) % SLOTS;
    while (hashes[at] != 0 && hashes[at] != hash)
        at = (at + 1) % SLOTS;
    return &hashes[at];
}

static void keep_half(struct distinct *distinct)
{
    uint64_t *old = distinct->hashes;
    distinct->hashes = memory_new(SLOTS, sizeof *distinct->hashes);
    distinct->count = 0;
    distinct->level++;
    for (size_t i = 0; i < SLOTS; i++) {
        if (old[i] == 0 || !is_kept(distinct, old[i]))
            continue;
        *slot_of(distinct->hashes, old[i]) = old[i];
        distinct->count++;
    }
    free(old);
}

void distinct_add(struct distinct *distinct, uint64_t hash)
{
    if (hash == 0)
        hash = UINT64_C(1) << 63;
    if (distinct->hashes == NULL)
        distinct->hashes = memory_new(SLOTS, sizeof *distinct->hashes);
    if (!is_kept(distinct, hash))
        return;
    uint64_t *slot = slot_of(distinct->hashes, hash);
    if (*slot == hash)
        return;
    *slot = hash;
    distinct->count++;
    while (distinct->count > DISTINCT_MAX && distinct->level < 63)
        keep_half(distinct);
}

uint64_t distinct_count(const struct distinct *distinct)
{
    return (uint64_t)distinct->count << distinct->level;
}

void distinct_free(struct distinct *distinct)
{
    free(distinct->hashes);
    *distinct = (struct distinct){0};
}
