#include "metrics/found.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/view.h"

/* One family of one owner's set, before it is grouped. */
struct entry {
    size_t family; /* in the order in which names were first seen; after the sort its rank by name */
    struct found_part part;
};

/* The names seen so far, to be found by their text. */
struct names {
    struct found_family *families;
    size_t count, capacity;
    size_t *table; /* index + 1; 0: free. Its size is a power of two, and at least twice the count */
    size_t table_size;
};

/* ---- names ---- */

static size_t *find_name(const struct names *names, const char *name)
{
    size_t at = (size_t)text_hash(TEXT_HASH_START, name, strlen(name)) & (names->table_size - 1);

    while (names->table[at] != 0) {
        const char *there = names->families[names->table[at] - 1].name;
        if (there == name || strcmp(there, name) == 0)
            break;
        at = (at + 1) & (names->table_size - 1);
    }
    return &names->table[at];
}

static void grow_names(struct names *names)
{
    names->capacity = names->capacity == 0 ? 32 : 2 * names->capacity;
    names->families = memory_grow(names->families, names->capacity, sizeof *names->families);
    names->table_size = 2 * names->capacity;
    free(names->table);
    names->table = memory_new(names->table_size, sizeof *names->table);
    for (size_t i = 0; i < names->count; i++)
        *find_name(names, names->families[i].name) = i + 1;
}

static size_t name_index(struct names *names, const struct set_family *family)
{
    if (names->count == names->capacity)
        grow_names(names);
    size_t *slot = find_name(names, family->name);
    if (*slot == 0) {
        names->families[names->count] = (struct found_family){family->name, family->help, family->row, NULL,
                                                              0};
        *slot = ++names->count;
    }
    return *slot - 1;
}

/* ---- sorting ---- */

static int compare_families(const void *a, const void *b, void *context)
{
    const struct found_family *families = context;

    return strcmp(families[*(const size_t *)a].name, families[*(const size_t *)b].name);
}

/* Sorts the families by name; ranks[old index] is the new one. The caller frees. */
static size_t *sort_families(struct names *names)
{
    size_t *order = memory_new(names->count, sizeof *order), *ranks = memory_new(names->count, sizeof *ranks);
    struct found_family *sorted = memory_new(names->count, sizeof *sorted);

    for (size_t i = 0; i < names->count; i++)
        order[i] = i;
    qsort_r(order, names->count, sizeof *order, compare_families, names->families);
    for (size_t i = 0; i < names->count; i++) {
        sorted[i] = names->families[order[i]];
        ranks[order[i]] = i;
    }
    free(order);
    free(names->families);
    names->families = sorted;
    return ranks;
}

/* Lays the entries out family by family, in each in the order in which they came. */
static void group(struct found *found, const struct entry *entries, size_t count, const size_t *ranks)
{
    found->parts = memory_new(count, sizeof *found->parts);
    for (size_t i = 0; i < count; i++)
        found->families[ranks[entries[i].family]].part_count++;
    struct found_part *at = found->parts;
    for (size_t i = 0; i < found->family_count; i++) {
        found->families[i].parts = at;
        at += found->families[i].part_count;
        found->families[i].part_count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct found_family *family = &found->families[ranks[entries[i].family]];
        family->parts[family->part_count++] = entries[i].part;
    }
}

/* ---- several sets that tell of one owner ---- */

static int compare_owners(const struct found_part *a, const struct found_part *b)
{
    size_t common = a->owner.size < b->owner.size ? a->owner.size : b->owner.size;
    int order = a->owner.data == b->owner.data || common == 0 ? 0
                                                              : memcmp(a->owner.data, b->owner.data, common);

    return order != 0 ? order : (a->owner.size > b->owner.size) - (a->owner.size < b->owner.size);
}

static int compare_parts(const void *a, const void *b)
{
    const struct found_part *one = a, *other = b;
    int order = compare_owners(one, other);

    return order != 0 ? order : (one->serial > other->serial) - (one->serial < other->serial);
}

/* A series and which of the parts it is of: a later one is right. */
struct candidate {
    const struct series *series;
    uint64_t serial;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *one = a, *other = b;
    uint32_t common = one->series->size < other->series->size ? one->series->size : other->series->size;
    int order = common == 0 ? 0 : memcmp(one->series->labels, other->series->labels, common);

    if (order == 0)
        order = (one->series->size > other->series->size) - (one->series->size < other->series->size);
    return order != 0 ? order : (one->serial > other->serial) - (one->serial < other->serial);
}

static bool same_labels(const struct series *a, const struct series *b)
{
    return a->size == b->size && (a->size == 0 || memcmp(a->labels, b->labels, a->size) == 0);
}

static bool same_last(const struct series *a, const struct series *b)
{
    return a->last_size == b->last_size &&
           (a->last_size == 0 || memcmp(a->labels + (a->size - a->last_size),
                                        b->labels + (b->size - b->last_size), a->last_size) == 0);
}

/* Does any part that gives way to nobody tell of the same? */
static bool must_give_way(const struct series *series, const struct found_part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t n = 0; !parts[i].gives_way && n < parts[i].count; n++)
            if (same_last(series, &parts[i].series[n]))
                return true;
    return false;
}

/* Makes one part of several with the same owner, in the place of the first. */
static void merge(struct found *found, struct found_part *parts, size_t count)
{
    size_t room = 0, taken = 0, kept = 0;

    for (size_t i = 0; i < count; i++)
        room += parts[i].count;
    struct candidate *candidates = memory_new(room, sizeof *candidates);
    for (size_t i = 0; i < count; i++)
        for (size_t n = 0; n < parts[i].count; n++)
            if (!parts[i].gives_way || !must_give_way(&parts[i].series[n], parts, count))
                candidates[taken++] = (struct candidate){&parts[i].series[n], parts[i].serial};
    qsort(candidates, taken, sizeof *candidates, compare_candidates);

    struct series *series = memory_new(taken, sizeof *series);
    parts[0].text_size = 0;
    for (size_t i = 0; i < taken; i++) {
        if (i + 1 < taken && same_labels(candidates[i].series, candidates[i + 1].series))
            continue;
        series[kept++] = *candidates[i].series;
        parts[0].text_size += candidates[i].series->size;
    }
    free(candidates);
    parts[0].series = series;
    parts[0].count = kept;
    /* A list of pointers is meant. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    found->merged = memory_grow(found->merged, found->merged_count + 1, sizeof *found->merged);
    found->merged[found->merged_count++] = series;
}

/* Only families that are rows can be told of by several sets: the others carry their own owner's labels. */
static void merge_parts(struct found *found, struct found_family *family)
{
    size_t kept = 0, next;

    qsort(family->parts, family->part_count, sizeof *family->parts, compare_parts);
    for (size_t i = 0; i < family->part_count; i = next) {
        next = i + 1;
        while (next < family->part_count && compare_owners(&family->parts[i], &family->parts[next]) == 0)
            next++;
        if (next - i > 1)
            merge(found, &family->parts[i], next - i);
        family->parts[kept++] = family->parts[i];
    }
    family->part_count = kept;
}

/* ---- all of it ---- */

static struct span owner_labels(const struct view_owner *owner, unsigned owner_class,
                                const struct set_family *family)
{
    bool own = family->row == NULL || family->row->owner_class == owner_class;
    const struct label_text *labels = own ? owner->labels : owner->parent;

    assert(labels != NULL);
    return (struct span){labels->text, labels->size};
}

static size_t count_entries(const struct view_class *classes, size_t class_count)
{
    size_t count = 0;

    for (size_t i = 0; i < class_count; i++)
        for (size_t row = 0; row < classes[i].count; row++)
            if (classes[i].owners[row].set != NULL)
                count += classes[i].owners[row].set->family_count;
    return count;
}

static size_t list_owner(struct entry *entries, struct names *names, const struct view_owner *owner,
                         unsigned owner_class)
{
    const struct series_set *set = owner->set;

    for (size_t i = 0; i < set->family_count; i++) {
        const struct set_family *family = &set->families[i];
        entries[i] = (struct entry){.family = name_index(names, family),
                                    .part = {.owner = owner_labels(owner, owner_class, family),
                                             .series = family->series,
                                             .count = family->count,
                                             .text_size = family->text_size,
                                             .serial = set->serial,
                                             .gives_way = set->gives_way}};
    }
    return set->family_count;
}

void found_gather(struct found *found, const struct view_class *classes, size_t class_count)
{
    size_t count = count_entries(classes, class_count), taken = 0;
    struct names names = {.count = 0};

    *found = (struct found){.series = 0};
    if (count == 0)
        return;
    struct entry *entries = memory_new(count, sizeof *entries);
    for (unsigned i = 0; i < class_count; i++)
        for (size_t row = 0; row < classes[i].count; row++)
            if (classes[i].owners[row].set != NULL)
                taken += list_owner(entries + taken, &names, &classes[i].owners[row], i);
    assert(taken == count);
    size_t *ranks = sort_families(&names);
    found->families = names.families;
    found->family_count = names.count;
    group(found, entries, count, ranks);
    free(ranks);
    free(names.table);
    free(entries);
    for (size_t i = 0; i < found->family_count; i++) {
        struct found_family *family = &found->families[i];
        if (family->row != NULL)
            merge_parts(found, family);
        for (size_t part = 0; part < family->part_count; part++)
            found->series += family->parts[part].count;
    }
}

void found_free(struct found *found)
{
    for (size_t i = 0; i < found->merged_count; i++)
        free(found->merged[i]);
    free(found->merged);
    free(found->parts);
    free(found->families);
}
