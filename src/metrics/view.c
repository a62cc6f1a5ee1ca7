#include "metrics/view.h"

#include <stdlib.h>

#include "base/memory.h"
#include "metrics/store.h"

#define PAGE 4096

/* So that no page fault happens under the lock. */
static void touch(void *memory, size_t size)
{
    volatile char *bytes = memory;

    for (size_t at = 0; at < size; at += PAGE)
        bytes[at] = 0;
}

void view_reserve(struct store_view *view, size_t slots, size_t owners)
{
    free(view->slots);
    free(view->owners);
    view->slots = memory_new(slots, sizeof *view->slots);
    view->owners = memory_new(owners, sizeof *view->owners);
    touch(view->slots, slots * sizeof *view->slots);
    touch(view->owners, owners * sizeof *view->owners);
}

const union slot *view_slots(const struct store_view *view, const struct family_layout *family, size_t row)
{
    const struct view_class *owner_class = &view->classes[family->row->owner_class];

    if ((family->row->group & ~owner_class->owners[row].groups) != 0)
        return NULL;
    return owner_class->slots + row * owner_class->width + family->offset;
}

const struct block *view_block(const struct store_view *view, const struct family_layout *family, size_t row)
{
    const struct view_class *owner_class = &view->classes[family->row->owner_class];

    return family->block == LAYOUT_NONE ? NULL
                                        : owner_class->slots[row * owner_class->width + family->block].block;
}

const struct native *view_native(const struct store_view *view, const struct family_layout *family,
                                 size_t row)
{
    const struct view_class *owner_class = &view->classes[family->row->owner_class];

    return family->native == LAYOUT_NONE
               ? NULL
               : owner_class->slots[row * owner_class->width + family->native].native;
}

const struct exemplar *view_exemplar(const struct store_view *view, const struct family_layout *family,
                                     size_t row, size_t index)
{
    const struct exemplar_set *set = view->classes[family->row->owner_class].owners[row].exemplars;

    if (set == NULL || !family->row->exemplars)
        return NULL;
    return exemplar_set_find(set, (size_t)(family - view->layout->families), index);
}

double view_remaining(const struct store_view *view, const union slot *slots)
{
    return view_shows(view, slots->time_ns) ? clock_seconds(slots->time_ns - view->now.boot_ns) : 0;
}

void owner_release(const struct view_owner *owner)
{
    label_text_unref(owner->labels);
    label_text_unref(owner->parent);
    series_set_unref(owner->set);
    exemplar_set_unref(owner->exemplars);
}

static size_t count_gauges(const struct store_view *view, const struct family_layout *family,
                           const union slot *slots)
{
    size_t count = 0;

    for (size_t i = 0; i < family->values; i++)
        count += view_shows(view, slots[2 * i + 1].time_ns);
    return count;
}

static size_t count_block(const struct store_view *view, const struct family_layout *family,
                          const struct block *block)
{
    size_t count = 0;

    for (size_t i = 0; block != NULL && i < block->count; i++)
        count += family->row->type == METRIC_COUNTER || view_shows(view, block->series[i].until_ns);
    return count;
}

static size_t count_series(const struct store_view *view, const struct family_layout *family, size_t row)
{
    const union slot *slots = view_slots(view, family, row);

    if (slots == NULL)
        return 0;
    switch (family->row->type) {
    case METRIC_COUNTER:
        return family->values + count_block(view, family, view_block(view, family, row));
    case METRIC_GAUGE:
        return count_gauges(view, family, slots) + count_block(view, family, view_block(view, family, row));
    case METRIC_CHOICE:
        return view_shows(view, slots[1].time_ns);
    case METRIC_FOUND:
        return 0; /* counted in found */
    case METRIC_REMAINING:
    case METRIC_SERIES:
        return 1;
    case METRIC_HISTOGRAM:
        return family->row->bucket_count + 3; /* +Inf, sum and count */
    }
    return 0;
}

struct store_view *store_view_take(struct store *store, struct moment now)
{
    struct store_view *view = memory_new(1, sizeof *view);

    view->now = now;
    store_copy(store, view);
    found_gather(&view->found, view->classes, view->layout->class_count);
    view->series = view->found.series;
    for (size_t i = 0; i < view->layout->family_count; i++) {
        const struct family_layout *family = &view->layout->families[i];
        for (size_t row = 0; row < view->classes[family->row->owner_class].count; row++)
            view->series += count_series(view, family, row);
    }
    return view;
}

void store_view_free(struct store_view *view)
{
    if (view == NULL)
        return;
    found_free(&view->found);
    for (unsigned i = 0; i < view->layout->class_count; i++) {
        layout_release(view->layout, i, view->classes[i].slots, view->classes[i].count);
        for (size_t row = 0; row < view->classes[i].count; row++)
            owner_release(&view->classes[i].owners[row]);
    }
    free(view->classes);
    free(view->slots);
    free(view->owners);
    free(view);
}

size_t store_view_series(const struct store_view *view)
{
    return view->series;
}
