#include "metrics/block.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

size_t block_find(const struct block *block, struct span labels)
{
    size_t count = block == NULL ? 0 : block->count;

    for (size_t i = 0; i < count; i++)
        if (block->series[i].labels.size == labels.size &&
            memcmp(block->series[i].labels.data, labels.data, labels.size) == 0)
            return i;
    return count;
}

struct block *block_with(const struct block *block, size_t position, const struct block_series *series)
{
    size_t old_count = block == NULL ? 0 : block->count;
    size_t count = position == old_count ? old_count + 1 : old_count;
    size_t text_size = series->labels.size;

    assert(position <= old_count);
    for (size_t i = 0; i < old_count; i++)
        if (i != position)
            text_size += block->series[i].labels.size;

    struct block *copy = memory_new(1, sizeof *copy + count * sizeof *copy->series + text_size);
    char *text = (char *)&copy->series[count];
    atomic_init(&copy->references, 1);
    copy->count = count;
    for (size_t i = 0; i < count; i++) {
        copy->series[i] = i == position ? *series : block->series[i];
        memcpy(text, copy->series[i].labels.data, copy->series[i].labels.size);
        copy->series[i].labels.data = text;
        text += copy->series[i].labels.size;
    }
    return copy;
}

struct block *block_ref(struct block *block)
{
    if (block != NULL)
        atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}

void block_unref(struct block *block)
{
    if (block != NULL && atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) == 1)
        free(block);
}
