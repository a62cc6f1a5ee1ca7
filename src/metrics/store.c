#include "metrics/store.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "metrics/label.h"
#include "metrics/layout.h"
#include "metrics/owners.h"
#include "metrics/view.h"

#define LABELS_MAX ((size_t)1 << 20) /* bytes of the escaped labels of a series */

struct store {
    pthread_mutex_t mutex;
    bool locked; /* by whoever may write; read under the mutex only */
    struct layout *layout;
    struct owners *classes;
    uint64_t serial; /* of the last set */
};

struct store *store_new(const struct metric_class *classes, size_t class_count,
                        const struct metric_family *families, size_t family_count)
{
    struct store *store = memory_new(1, sizeof *store);

    pthread_mutex_init(&store->mutex, NULL);
    store->layout = layout_new(classes, class_count, families, family_count);
    store->classes = memory_new(class_count, sizeof *store->classes);
    for (unsigned i = 0; i < class_count; i++)
        owners_init(&store->classes[i], store->layout, i);
    return store;
}

void store_free(struct store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < store->layout->class_count; i++)
        owners_free(&store->classes[i]);
    free(store->classes);
    layout_free(store->layout);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

void store_lock(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    assert(!store->locked);
    store->locked = true;
}

void store_unlock(struct store *store)
{
    assert(store->locked);
    store->locked = false;
    pthread_mutex_unlock(&store->mutex);
}

/* ---- owners ---- */

static struct owners *owners_of(struct store *store, unsigned owner_class)
{
    assert(store->locked && owner_class < store->layout->class_count);
    return &store->classes[owner_class];
}

struct store_owner store_owner_add(struct store *store, unsigned owner_class, const char *const *label_values,
                                   unsigned groups, struct moment created)
{
    struct owners *owners = owners_of(store, owner_class);

    return (struct store_owner){owner_class, owners_add(owners, label_values, groups, created.wall_ns)};
}

void store_owner_relabel(struct store *store, struct store_owner owner, const char *const *label_values,
                         const struct label_pair *more, size_t more_count)
{
    owners_relabel(owners_of(store, owner.owner_class), owner.number, label_values, more, more_count);
}

void store_owner_remove(struct store *store, struct store_owner owner)
{
    owners_remove(owners_of(store, owner.owner_class), owner.number);
}

void store_owner_regroup(struct store *store, struct store_owner owner, unsigned groups)
{
    struct owners *owners = owners_of(store, owner.owner_class);
    size_t row = owners_row(owners, owner.number);

    for (size_t i = 0; i < store->layout->family_count; i++) {
        const struct family_layout *family = &store->layout->families[i];
        if (family->row->owner_class == owner.owner_class && (family->row->group & ~groups) != 0)
            layout_clear_gauges(family, owners->slots + row * owners->width);
    }
    owners->owners[row].groups = groups;
}

static struct view_owner *owner_of(struct store *store, struct store_owner owner)
{
    struct owners *owners = owners_of(store, owner.owner_class);

    return &owners->owners[owners_row(owners, owner.number)];
}

/* ---- slots ---- */

static const struct family_layout *family_of(const struct store *store, size_t family)
{
    assert(store->locked && family < store->layout->family_count);
    return &store->layout->families[family];
}

static union slot *row_of(struct store *store, struct store_owner owner, const struct family_layout *family)
{
    const struct owners *owners = &store->classes[owner.owner_class];

    assert(family->row->owner_class == owner.owner_class);
    return owners->slots + owners_row(owners, owner.number) * owners->width;
}

static union slot *counter_slot(struct store *store, struct store_owner owner, size_t family, size_t value)
{
    const struct family_layout *layout = family_of(store, family);

    assert(layout->row->type == METRIC_COUNTER && value < layout->values);
    return row_of(store, owner, layout) + layout->offset + value;
}

/* The slot of the number (of the chosen value, for a choice); behind it stands that of its time. */
static union slot *gauge_slot(struct store *store, struct store_owner owner, size_t family, size_t value)
{
    const struct family_layout *layout = family_of(store, family);

    assert(layout->row->type == METRIC_GAUGE || layout->row->type == METRIC_CHOICE);
    assert(value < layout->values);
    size_t at = layout->row->type == METRIC_GAUGE ? 2 * value : 0;
    return row_of(store, owner, layout) + layout->offset + at;
}

void store_add(struct store *store, struct store_owner owner, size_t family, size_t value, double increment)
{
    assert(increment >= 0);
    counter_slot(store, owner, family, value)->number += increment;
}

void store_count(struct store *store, struct store_owner owner, size_t family, size_t value, double count)
{
    counter_slot(store, owner, family, value)->number = count;
}

void store_set(struct store *store, struct store_owner owner, size_t family, size_t value, double number,
               int64_t until_ns)
{
    union slot *slot = gauge_slot(store, owner, family, value);

    if (family_of(store, family)->row->type == METRIC_CHOICE)
        slot[0].count = value;
    else
        slot[0].number = number;
    slot[1].time_ns = until_ns;
}

void store_extend(struct store *store, struct store_owner owner, size_t family, size_t value, int64_t now_ns,
                  int64_t until_ns)
{
    union slot *slot = gauge_slot(store, owner, family, value);

    if (slot[1].time_ns > now_ns)
        slot[1].time_ns = until_ns;
}

void store_clear(struct store *store, struct store_owner owner, size_t family, size_t value)
{
    gauge_slot(store, owner, family, value)[1].time_ns = SLOT_NEVER_SHOWN;
}

void store_clear_data(struct store *store, struct store_owner owner, size_t family)
{
    const struct family_layout *layout = family_of(store, family);
    union slot *slot = row_of(store, owner, layout) + layout->block;

    assert(layout->block != LAYOUT_NONE);
    block_unref(slot->block);
    slot->block = NULL;
}

/* Its bucket_count for +Inf. */
static size_t bucket_of(const struct metric_family *row, double number)
{
    size_t bucket = 0;

    while (bucket < row->bucket_count && !(number <= row->buckets[bucket])) /* NaN is below nothing */
        bucket++;
    return bucket;
}

void store_observe(struct store *store, struct store_owner owner, size_t family, double number)
{
    const struct family_layout *layout = family_of(store, family);
    const struct metric_family *row = layout->row;

    assert(row->type == METRIC_HISTOGRAM);
    union slot *all = row_of(store, owner, layout), *slots = all + layout->offset;
    slots[bucket_of(row, number)].count++;
    slots[row->bucket_count + 1].number += number;
    if (row->native)
        all[layout->native].native = native_observe(all[layout->native].native, number);
}

void store_set_expiry(struct store *store, struct store_owner owner, size_t family, int64_t expiry_boot_ns)
{
    const struct family_layout *layout = family_of(store, family);

    assert(layout->row->type == METRIC_REMAINING);
    row_of(store, owner, layout)[layout->offset].time_ns = expiry_boot_ns;
}

/* ---- exemplars ---- */

static void keep_exemplar(struct store *store, struct store_owner owner, size_t family, size_t index,
                          const struct exemplar *exemplar)
{
    struct view_owner *of = owner_of(store, owner);
    struct exemplar_set *old = of->exemplars;

    if (!family_of(store, family)->row->exemplars || !exemplar_labels_fit(exemplar->labels))
        return;
    of->exemplars = exemplar_set_with(old, family, index, exemplar);
    exemplar_set_unref(old);
}

void store_add_with(struct store *store, struct store_owner owner, size_t family, size_t value,
                    double increment, struct span labels, struct moment now)
{
    store_add(store, owner, family, value, increment);
    keep_exemplar(store, owner, family, value, &(struct exemplar){labels, increment, now.wall_ns});
}

void store_observe_with(struct store *store, struct store_owner owner, size_t family, double number,
                        struct span labels, struct moment now)
{
    store_observe(store, owner, family, number);
    keep_exemplar(store, owner, family, bucket_of(family_of(store, family)->row, number),
                  &(struct exemplar){labels, number, now.wall_ns});
}

/* ---- series whose labels are data ---- */

static bool span_equal(struct span a, struct span b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static void append_values(struct buffer *text, const struct metric_family *row, const char *const *values)
{
    buffer_clear(text);
    for (size_t i = 0; i < FAMILY_LABELS && row->labels[i] != NULL; i++)
        label_append(text, row->labels[i], values[i]);
    assert(!text->failed);
}

static void append_overflow(struct buffer *text, const struct metric_family *row)
{
    const char *values[FAMILY_LABELS];

    for (size_t i = 0; i < FAMILY_LABELS; i++)
        values[i] = row->overflow;
    append_values(text, row, values);
}

/* Series in the block that count toward the family's maximum: all but the overflow. */
static size_t block_counted(const struct block *block, const struct metric_family *row)
{
    struct buffer text;

    if (block == NULL || row->overflow == NULL)
        return block == NULL ? 0 : block->count;
    buffer_init(&text, LABELS_MAX);
    append_overflow(&text, row);
    size_t at = block_find(block, (struct span){text.data, text.size});
    buffer_free(&text);
    return at < block->count ? block->count - 1 : block->count;
}

/* Puts number (added to what stands, or in place of it) into the block of the series with these labels. */
static void write_block(union slot *slot, struct span labels, bool add, struct block_series series)
{
    size_t at = block_find(slot->block, labels);
    struct block *old = slot->block;

    series.labels = labels;
    if (old != NULL && at < old->count) {
        series.created_wall_ns = old->series[at].created_wall_ns;
        if (add)
            series.number += old->series[at].number;
    }
    slot->block = block_with(old, at, &series);
    block_unref(old);
}

static bool write_data(struct store *store, struct store_owner owner, size_t family,
                       const char *const *values, bool add, struct block_series series)
{
    const struct family_layout *layout = family_of(store, family);
    const struct metric_family *row = layout->row;
    union slot *slots = row_of(store, owner, layout);
    struct buffer text;
    bool room = true;

    assert(layout->block != LAYOUT_NONE);
    buffer_init(&text, LABELS_MAX);
    append_values(&text, row, values);
    struct span labels = {text.data, text.size};
    for (size_t i = 0; i < row->value_count; i++) {
        if (!span_equal(labels, layout->labels[i]))
            continue;
        if (add)
            store_add(store, owner, family, i, series.number);
        else
            store_set(store, owner, family, i, series.number, series.until_ns);
        buffer_free(&text);
        return true;
    }

    union slot *slot = &slots[layout->block];
    size_t count = slot->block == NULL ? 0 : slot->block->count;
    if (block_find(slot->block, labels) == count && block_counted(slot->block, row) >= row->data_maximum) {
        room = row->overflow != NULL;
        if (room) {
            append_overflow(&text, row);
            labels = (struct span){text.data, text.size};
        }
    }
    if (room)
        write_block(slot, labels, add, series);
    buffer_free(&text);
    return room;
}

bool store_add_data(struct store *store, struct store_owner owner, size_t family, const char *const *values,
                    double increment, struct moment now)
{
    assert(family_of(store, family)->row->type == METRIC_COUNTER && increment >= 0);
    return write_data(store, owner, family, values, true,
                      (struct block_series){.number = increment, .created_wall_ns = now.wall_ns});
}

bool store_set_data(struct store *store, struct store_owner owner, size_t family, const char *const *values,
                    double number, int64_t until_ns)
{
    assert(family_of(store, family)->row->type == METRIC_GAUGE);
    return write_data(store, owner, family, values, false,
                      (struct block_series){.number = number, .until_ns = until_ns});
}

/* ---- series sets ---- */

void store_owner_set_parent(struct store *store, struct store_owner owner, struct store_owner parent)
{
    struct view_owner *of = owner_of(store, owner);

    label_text_unref(of->parent);
    of->parent = label_text_ref(owner_of(store, parent)->labels);
}

void store_put_set(struct store *store, struct store_owner owner, struct series_set *set, int64_t until_ns)
{
    struct view_owner *of = owner_of(store, owner);

    assert(set == NULL || store->layout->classes[owner.owner_class].labels != NULL);
    for (size_t i = 0; set != NULL && i < set->family_count; i++) {
        const struct metric_family *row = set->families[i].row;
        assert(row != NULL || !layout_has_name(store->layout, set->families[i].name));
        assert(row == NULL || row->owner_class == owner.owner_class || of->parent != NULL);
    }
    if (set != NULL)
        set->serial = ++store->serial;
    series_set_unref(of->set);
    of->set = set;
    of->set_until_ns = until_ns;
}

void store_extend_set(struct store *store, struct store_owner owner, int64_t now_ns, int64_t until_ns)
{
    struct view_owner *of = owner_of(store, owner);

    if (of->set_until_ns > now_ns)
        of->set_until_ns = until_ns;
}

/* ---- what a scrape takes ---- */

/* Slots and owners of all classes together. */
static void measure(const struct store *store, size_t *slots, size_t *owners)
{
    *slots = 0;
    *owners = 0;
    for (size_t owner_class = 0; owner_class < store->layout->class_count; owner_class++) {
        *slots += store->classes[owner_class].count * store->layout->widths[owner_class];
        *owners += store->classes[owner_class].count;
    }
}

/* Parent and set only where the set is shown. */
static void reference_owner(struct view_owner *owner, int64_t now_ns)
{
    label_text_ref(owner->labels);
    exemplar_set_ref(owner->exemplars);
    if (owner->set != NULL && owner->set_until_ns > now_ns) {
        series_set_ref(owner->set);
        if (owner->parent != NULL)
            label_text_ref(owner->parent);
    } else {
        owner->set = NULL;
        owner->parent = NULL;
    }
}

static void copy_class(const struct store *store, unsigned owner_class, struct view_class *copy,
                       int64_t now_ns)
{
    const struct owners *owners = &store->classes[owner_class];
    size_t width = store->layout->widths[owner_class];

    copy->count = owners->count;
    copy->width = width;
    if (owners->count == 0)
        return;
    memcpy(copy->slots, owners->slots, owners->count * width * sizeof *copy->slots);
    memcpy(copy->owners, owners->owners, owners->count * sizeof *copy->owners);
    for (size_t row = 0; row < copy->count; row++)
        reference_owner(&copy->owners[row], now_ns);
    layout_hold(store->layout, owner_class, copy->slots, copy->count);
}

void store_copy(struct store *store, struct store_view *view)
{
    size_t slots, owners, slots_room = 0, owners_room = 0;

    view->layout = store->layout;
    view->classes = memory_new(store->layout->class_count, sizeof *view->classes);
    store_lock(store);
    measure(store, &slots, &owners);
    while (slots > slots_room || owners > owners_room) {
        store_unlock(store);
        /* With some to spare, should owners be added meanwhile. */
        slots_room = slots + slots / 8;
        owners_room = owners + owners / 8;
        view_reserve(view, slots_room, owners_room);
        store_lock(store);
        measure(store, &slots, &owners);
    }
    for (unsigned owner_class = 0; owner_class < store->layout->class_count; owner_class++) {
        struct view_class *copy = &view->classes[owner_class];
        copy->slots = owner_class == 0 ? view->slots : copy[-1].slots + copy[-1].count * copy[-1].width;
        copy->owners = owner_class == 0 ? view->owners : copy[-1].owners + copy[-1].count;
        copy_class(store, owner_class, copy, view->now.boot_ns);
    }
    store_unlock(store);
}
