#include "metrics/exemplar.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/label.h"

struct entry {
    uint32_t family, index;
    struct exemplar exemplar; /* its labels lie behind the entries */
};

struct exemplar_set {
    _Atomic uint32_t references;
    uint32_t count;
    struct entry entries[]; /* in the order in which they came */
};

bool exemplar_labels_fit(struct span labels)
{
    struct span name, value;
    size_t characters = 0;

    while (label_next(&labels, &name, &value)) {
        characters += name.size;
        for (size_t at = 0; at < value.size; at++) {
            if (value.data[at] == '\\')
                at++; /* two bytes for one character */
            characters += (value.data[at] & 0xC0) != 0x80;
        }
    }
    return characters > 0 && characters <= EXEMPLAR_CHARACTERS_MAX;
}

static uint32_t position_of(const struct exemplar_set *set, size_t family, size_t index)
{
    uint32_t count = set == NULL ? 0 : set->count;

    for (uint32_t i = 0; i < count; i++)
        if (set->entries[i].family == family && set->entries[i].index == index)
            return i;
    return count;
}

const struct exemplar *exemplar_set_find(const struct exemplar_set *set, size_t family, size_t index)
{
    uint32_t position = position_of(set, family, index);

    return set == NULL || position == set->count ? NULL : &set->entries[position].exemplar;
}

struct exemplar_set *exemplar_set_with(const struct exemplar_set *set, size_t family, size_t index,
                                       const struct exemplar *exemplar)
{
    uint32_t position = position_of(set, family, index), old_count = set == NULL ? 0 : set->count;
    uint32_t count = position == old_count ? old_count + 1 : old_count;
    size_t text_size = exemplar->labels.size;

    assert(family < UINT32_MAX && index < UINT32_MAX && exemplar_labels_fit(exemplar->labels));
    for (uint32_t i = 0; i < old_count; i++)
        if (i != position)
            text_size += set->entries[i].exemplar.labels.size;

    struct exemplar_set *copy = memory_new(1, sizeof *copy + count * sizeof *copy->entries + text_size);
    char *text = (char *)&copy->entries[count];
    atomic_init(&copy->references, 1);
    copy->count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct entry *entry = &copy->entries[i];
        *entry = i == position ? (struct entry){(uint32_t)family, (uint32_t)index, *exemplar}
                               : set->entries[i];
        memcpy(text, entry->exemplar.labels.data, entry->exemplar.labels.size);
        entry->exemplar.labels.data = text;
        text += entry->exemplar.labels.size;
    }
    return copy;
}

struct exemplar_set *exemplar_set_ref(struct exemplar_set *set)
{
    if (set != NULL)
        atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
    return set;
}

void exemplar_set_unref(struct exemplar_set *set)
{
    if (set != NULL && atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) == 1)
        free(set);
}
