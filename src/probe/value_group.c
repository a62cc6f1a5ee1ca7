#include "probe/value_group.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/distinct.h"

/* ---- one value ---- */

void value_tally_add(struct value_tally *tally, enum value_aggregate aggregate, const struct decimal *number,
                     uint64_t row)
{
    bool first = tally->count++ == 0;
    if (aggregate == VALUE_COUNT)
        return;
    assert(number != NULL);
    if (aggregate == VALUE_SUM || aggregate == VALUE_AVG) {
        decimal_sum_add(&tally->sum, number);
        return;
    }
    double value = decimal_to_double(number);
    if (first || aggregate == VALUE_LAST ||
        (aggregate == VALUE_MIN ? value < tally->number : value > tally->number))
        tally->number = value;
    tally->row = row;
}

void value_tally_join(struct value_tally *tally, enum value_aggregate aggregate,
                      const struct value_tally *other)
{
    if (other->count == 0)
        return;
    bool first = tally->count == 0, better = other->row >= tally->row;
    if (aggregate == VALUE_MIN)
        better = other->number < tally->number;
    else if (aggregate == VALUE_MAX)
        better = other->number > tally->number;
    tally->count += other->count;
    decimal_sum_join(&tally->sum, &other->sum);
    if (first || better) {
        tally->number = other->number;
        tally->row = other->row;
    }
}

bool value_tally_tell(const struct value_tally *tally, enum value_aggregate aggregate, double *number)
{
    switch (aggregate) {
    case VALUE_COUNT:
        *number = (double)tally->count;
        return true;
    case VALUE_SUM:
        *number = decimal_sum_quotient(&tally->sum, 1);
        break;
    case VALUE_AVG:
        *number = tally->count == 0 ? 0 : decimal_sum_quotient(&tally->sum, tally->count);
        break;
    default:
        *number = tally->number;
    }
    return tally->count > 0;
}

/* ---- groups ---- */

struct group {
    char *key;
    size_t size, capacity; /* of key */
    uint64_t hash;
    uint32_t next; /* in its bucket, 1-based; 0: the last */
};

struct value_groups {
    size_t maximum;
    const enum value_aggregate *aggregates;
    size_t values;

    struct group *groups; /* of each, tallies[its index * values] and following */
    struct value_tally *tallies;
    size_t count, capacity;
    uint32_t *buckets; /* 1-based index of the first group; a power of two of them */
    size_t bucket_count;
    uint32_t *heap; /* indexes of the groups, the largest key on top */
    uint32_t last;  /* the group of the last row: the next row is often of the same */
    bool sorted;

    struct value_tally *others; /* NULL: none yet */
    struct distinct other_keys;
};

struct value_groups *value_groups_new(size_t maximum, const enum value_aggregate *aggregates, size_t count)
{
    assert(maximum > 0 && maximum < UINT32_MAX / 2);
    struct value_groups *groups = memory_new(1, sizeof *groups);
    groups->maximum = maximum;
    groups->aggregates = aggregates;
    groups->values = count;
    return groups;
}

static void tallies_free(struct value_tally *tallies, size_t count)
{
    for (size_t i = 0; i < count; i++)
        decimal_sum_free(&tallies[i].sum);
}

void value_groups_free(struct value_groups *groups)
{
    if (groups == NULL)
        return;
    for (size_t i = 0; i < groups->count; i++)
        free(groups->groups[i].key);
    tallies_free(groups->tallies, groups->count * groups->values);
    if (groups->others != NULL)
        tallies_free(groups->others, groups->values);
    distinct_free(&groups->other_keys);
    free(groups->others);
    free(groups->groups);
    free(groups->tallies);
    free(groups->buckets);
    free(groups->heap);
    free(groups);
}

/* Eight bytes at a time, each folded in by a product of 128 bits, whose halves both depend on all of them. */
static uint64_t hash_of(const char *key, size_t size)
{
    uint64_t hash = size * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (size_t left = size; left > 0;) {
        uint64_t bytes = 0;
        size_t count = left < sizeof bytes ? left : sizeof bytes;
        memcpy(&bytes, key + size - left, count);
        unsigned __int128 product = (unsigned __int128)(hash ^ bytes) * UINT64_C(0xc4ceb9fe1a85ec53);
        hash = (uint64_t)product ^ (uint64_t)(product >> 64);
        left -= count;
    }
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    return hash ^ hash >> 33;
}

static int key_compare(const char *a, size_t a_size, const char *b, size_t b_size)
{
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

static int group_compare(const struct group *a, const struct group *b)
{
    return key_compare(a->key, a->size, b->key, b->size);
}

static bool is_key_of(const struct group *group, const char *key, size_t size)
{
    return group->size == size && memcmp(group->key, key, size) == 0;
}

/* ---- buckets ---- */

static uint32_t *bucket_of(struct value_groups *groups, uint64_t hash)
{
    return &groups->buckets[hash & (groups->bucket_count - 1)];
}

static void bucket_put(struct value_groups *groups, uint32_t index)
{
    uint32_t *bucket = bucket_of(groups, groups->groups[index].hash);
    groups->groups[index].next = *bucket;
    *bucket = index + 1;
}

static void bucket_remove(struct value_groups *groups, uint32_t index)
{
    uint32_t *link = bucket_of(groups, groups->groups[index].hash);
    while (*link != index + 1)
        link = &groups->groups[*link - 1].next;
    *link = groups->groups[index].next;
}

static void grow(struct value_groups *groups)
{
    size_t before = groups->capacity, capacity = before == 0 ? 16 : before * 2;
    capacity = capacity < groups->maximum ? capacity : groups->maximum;
    groups->groups = memory_grow(groups->groups, capacity, sizeof *groups->groups);
    memset(groups->groups + before, 0, (capacity - before) * sizeof *groups->groups);
    groups->tallies = memory_grow(groups->tallies, capacity * groups->values, sizeof *groups->tallies);
    memset(groups->tallies + before * groups->values, 0,
           (capacity - before) * groups->values * sizeof *groups->tallies);
    groups->heap = memory_grow(groups->heap, capacity, sizeof *groups->heap);
    groups->capacity = capacity;

    free(groups->buckets);
    for (groups->bucket_count = 16; groups->bucket_count < capacity * 2;)
        groups->bucket_count *= 2;
    groups->buckets = memory_new(groups->bucket_count, sizeof *groups->buckets);
    for (uint32_t i = 0; i < groups->count; i++)
        bucket_put(groups, i);
}

/* ---- the heap ---- */

static bool heap_before(const struct value_groups *groups, size_t a, size_t b)
{
    return group_compare(&groups->groups[groups->heap[a]], &groups->groups[groups->heap[b]]) > 0;
}

static void heap_swap(struct value_groups *groups, size_t a, size_t b)
{
    uint32_t index = groups->heap[a];
    groups->heap[a] = groups->heap[b];
    groups->heap[b] = index;
}

static void heap_up(struct value_groups *groups, size_t at)
{
    for (; at > 0 && heap_before(groups, at, (at - 1) / 2); at = (at - 1) / 2)
        heap_swap(groups, at, (at - 1) / 2);
}

static void heap_down(struct value_groups *groups)
{
    for (size_t at = 0;;) {
        size_t top = at, left = 2 * at + 1;
        for (size_t child = left; child < left + 2 && child < groups->count; child++)
            top = heap_before(groups, child, top) ? child : top;
        if (top == at)
            return;
        heap_swap(groups, at, top);
        at = top;
    }
}

/* ---- rows ---- */

static struct value_tally *tallies_of(struct value_groups *groups, size_t index)
{
    return &groups->tallies[index * groups->values];
}

static struct value_tally *to_others(struct value_groups *groups, uint64_t hash)
{
    if (groups->others == NULL)
        groups->others = memory_new(groups->values, sizeof *groups->others);
    distinct_add(&groups->other_keys, hash);
    return groups->others;
}

static void key_set(struct group *group, const char *key, size_t size, uint64_t hash)
{
    if (size > group->capacity || group->key == NULL) {
        group->key = memory_grow(group->key, size, 1);
        group->capacity = size;
    }
    memcpy(group->key, key, size);
    group->size = size;
    group->hash = hash;
}

/* The largest group becomes one of the others, and its place the group of this key, which is smaller. */
static uint32_t evict(struct value_groups *groups, const char *key, size_t size, uint64_t hash)
{
    uint32_t index = groups->heap[0];
    struct value_tally *tallies = tallies_of(groups, index),
                       *others = to_others(groups, groups->groups[index].hash);
    for (size_t i = 0; i < groups->values; i++) {
        value_tally_join(&others[i], groups->aggregates[i], &tallies[i]);
        decimal_sum_free(&tallies[i].sum);
        tallies[i] = (struct value_tally){0};
    }
    bucket_remove(groups, index);
    key_set(&groups->groups[index], key, size, hash);
    bucket_put(groups, index);
    heap_down(groups);
    return index;
}

static uint32_t append(struct value_groups *groups, const char *key, size_t size, uint64_t hash)
{
    if (groups->count == groups->capacity)
        grow(groups);
    uint32_t index = (uint32_t)groups->count++;
    key_set(&groups->groups[index], key, size, hash);
    bucket_put(groups, index);
    groups->heap[index] = index;
    heap_up(groups, index);
    return index;
}

struct value_tally *value_groups_at(struct value_groups *groups, const char *key, size_t size, bool cut)
{
    assert(!groups->sorted);
    if (!cut && groups->count > 0 && is_key_of(&groups->groups[groups->last], key, size))
        return tallies_of(groups, groups->last);
    uint64_t hash = hash_of(key, size);
    if (cut)
        return to_others(groups, hash);
    uint32_t at = groups->bucket_count == 0 ? 0 : *bucket_of(groups, hash);
    while (at != 0 && !(groups->groups[at - 1].hash == hash && is_key_of(&groups->groups[at - 1], key, size)))
        at = groups->groups[at - 1].next;
    if (at == 0 && groups->count == groups->maximum) {
        /* A group that was cut never comes back: the largest that is kept only ever becomes smaller. */
        const struct group *largest = &groups->groups[groups->heap[0]];
        if (key_compare(key, size, largest->key, largest->size) > 0)
            return to_others(groups, hash);
        groups->last = evict(groups, key, size, hash);
    } else {
        groups->last = at == 0 ? append(groups, key, size, hash) : at - 1;
    }
    return tallies_of(groups, groups->last);
}

/* ---- the end ---- */

size_t value_groups_count(const struct value_groups *groups)
{
    return groups->count;
}

static int index_compare(const void *left, const void *right, void *context)
{
    const struct value_groups *groups = context;
    return group_compare(&groups->groups[*(const uint32_t *)left], &groups->groups[*(const uint32_t *)right]);
}

struct value_tally *value_groups_item(struct value_groups *groups, size_t index, const char **key,
                                      size_t *size)
{
    assert(index < groups->count);
    if (!groups->sorted)
        qsort_r(groups->heap, groups->count, sizeof *groups->heap, index_compare, groups);
    groups->sorted = true;
    const struct group *group = &groups->groups[groups->heap[index]];
    *key = group->key;
    *size = group->size;
    return tallies_of(groups, groups->heap[index]);
}

struct value_tally *value_groups_others(struct value_groups *groups)
{
    return groups->others;
}

uint64_t value_groups_other_keys(const struct value_groups *groups)
{
    return distinct_count(&groups->other_keys);
}
