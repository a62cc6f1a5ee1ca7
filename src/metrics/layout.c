#include "metrics/layout.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/label.h"

#define LABELS_MAX 4096 /* bytes of a closed value's escaped labels */

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);

    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static bool class_has_label(const struct metric_class *owner_class, const char *label)
{
    for (size_t i = 0; owner_class->labels != NULL && owner_class->labels[i] != NULL; i++)
        if (strcmp(owner_class->labels[i], label) == 0)
            return true;
    return false;
}

static void check_labels(const struct metric_class *owner_class, const struct metric_family *row)
{
    for (size_t i = 0; i < FAMILY_LABELS && row->labels[i] != NULL; i++) {
        assert(label_is_name(row->labels[i]) && strcmp(row->labels[i], "le") != 0);
        assert(!class_has_label(owner_class, row->labels[i]));
        for (size_t before = 0; before < i; before++)
            assert(strcmp(row->labels[before], row->labels[i]) != 0);
    }
    assert(row->labels[0] != NULL || (row->value_count == 0 && row->data_maximum == 0));
    assert(row->labels[0] == NULL || row->value_count > 0 || row->data_maximum > 0 ||
           row->type == METRIC_FOUND);
    /* The slots of a closed list are told apart by one label. */
    assert(row->value_count == 0 || (row->value_of != NULL && row->labels[1] == NULL));
}

/* A wrong row is a bug of ours that would lose whole scrapes. */
static void check_row(const struct metric_class *owner_class, const struct metric_family *row)
{
    assert(label_is_metric_name(row->name) && row->help[0] != '\0');
    assert(ends_with(row->name, "_total") == (row->type == METRIC_COUNTER));
    assert(row->type == METRIC_HISTOGRAM ||
           (!ends_with(row->name, "_bucket") && !ends_with(row->name, "_sum") &&
            !ends_with(row->name, "_count")));
    assert(!row->native || row->type == METRIC_HISTOGRAM);
    assert(!row->exemplars || row->type == METRIC_COUNTER || row->type == METRIC_HISTOGRAM);
    assert(!ends_with(row->name, "_created"));
    check_labels(owner_class, row);
    switch (row->type) {
    case METRIC_COUNTER:
    case METRIC_GAUGE:
        break;
    case METRIC_CHOICE:
        assert(row->value_count > 0 && row->data_maximum == 0);
        break;
    case METRIC_REMAINING:
        assert(row->labels[0] == NULL);
        break;
    case METRIC_FOUND:
        assert(row->value_count == 0 && row->data_maximum == 0 && row->group == 0);
        assert(owner_class->labels != NULL);
        break;
    case METRIC_SERIES:
        assert(row->labels[0] == NULL && owner_class->labels == NULL);
        break;
    case METRIC_HISTOGRAM:
        assert(row->labels[0] == NULL && row->bucket_count > 0);
        for (size_t i = 0; i < row->bucket_count; i++)
            /* Those whose spelling needs no exponent in any format. */
            assert(row->buckets[i] >= 0.0001 && row->buckets[i] < 1e6 &&
                   (i == 0 || row->buckets[i - 1] < row->buckets[i]));
        break;
    }
}

static size_t closed_values(const struct metric_family *row)
{
    if (row->value_count > 0)
        return row->value_count;
    return row->labels[0] == NULL && row->type != METRIC_FOUND ? 1 : 0;
}

static size_t closed_slots(const struct metric_family *row)
{
    switch (row->type) {
    case METRIC_COUNTER:
        return closed_values(row);
    case METRIC_GAUGE:
        return 2 * closed_values(row);
    case METRIC_CHOICE:
        return 2;
    case METRIC_REMAINING:
        return 1;
    case METRIC_HISTOGRAM:
        return row->bucket_count + 2;
    case METRIC_FOUND:
    case METRIC_SERIES:
        return 0;
    }
    return 0;
}

/* The escaped labels of all closed values, in one text. */
static void render_labels(struct family_layout *family, const struct metric_family *row)
{
    struct buffer all, one;

    family->labels = memory_new(family->values, sizeof *family->labels);
    buffer_init(&all, LABELS_MAX * family->values);
    buffer_init(&one, LABELS_MAX);
    for (size_t i = 0; i < family->values && row->labels[0] != NULL; i++) {
        buffer_clear(&one);
        label_append(&one, row->labels[0], row->value_of(i));
        assert(!one.failed);
        family->labels[i].size = one.size;
        buffer_append(&all, one.data, one.size);
    }
    buffer_free(&one);
    family->label_text = buffer_take(&all);
    assert(family->label_text != NULL);
    size_t at = 0;
    for (size_t i = 0; i < family->values; i++) {
        family->labels[i].data = family->label_text + at;
        at += family->labels[i].size;
    }
}

static void place_family(struct layout *layout, struct family_layout *family, const struct metric_family *row)
{
    size_t *width = &layout->widths[row->owner_class];

    family->row = row;
    family->offset = *width;
    family->values = closed_values(row);
    *width += closed_slots(row);
    family->block = row->data_maximum > 0 ? (*width)++ : LAYOUT_NONE;
    family->native = row->native ? (*width)++ : LAYOUT_NONE;
    render_labels(family, row);
}

static int compare_names(const void *a, const void *b, void *context)
{
    const struct layout *layout = context;

    return strcmp(layout->families[*(const size_t *)a].row->name,
                  layout->families[*(const size_t *)b].row->name);
}

struct layout *layout_new(const struct metric_class *classes, size_t class_count,
                          const struct metric_family *families, size_t family_count)
{
    struct layout *layout = memory_new(1, sizeof *layout);

    layout->classes = classes;
    layout->class_count = class_count;
    layout->widths = memory_new(class_count, sizeof *layout->widths);
    layout->families = memory_new(family_count, sizeof *layout->families);
    layout->family_count = family_count;
    layout->by_name = memory_new(family_count, sizeof *layout->by_name);
    for (size_t i = 0; i < family_count; i++) {
        assert(families[i].owner_class < class_count);
        check_row(&classes[families[i].owner_class], &families[i]);
        place_family(layout, &layout->families[i], &families[i]);
        layout->by_name[i] = i;
    }
    qsort_r(layout->by_name, family_count, sizeof *layout->by_name, compare_names, layout);
    for (size_t i = 1; i < family_count; i++)
        assert(strcmp(families[layout->by_name[i - 1]].name, families[layout->by_name[i]].name) != 0);
    return layout;
}

bool layout_has_name(const struct layout *layout, const char *name)
{
    size_t from = 0, to = layout->family_count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strcmp(name, layout->families[layout->by_name[middle]].row->name);
        if (order == 0)
            return true;
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return false;
}

void layout_free(struct layout *layout)
{
    if (layout == NULL)
        return;
    for (size_t i = 0; i < layout->family_count; i++) {
        free(layout->families[i].labels);
        free(layout->families[i].label_text);
    }
    free(layout->families);
    free(layout->widths);
    free(layout->by_name);
    free(layout);
}

void layout_clear_gauges(const struct family_layout *family, union slot *row)
{
    union slot *slots = row + family->offset;

    switch (family->row->type) {
    case METRIC_GAUGE:
        for (size_t value = 0; value < family->values; value++)
            slots[2 * value + 1].time_ns = SLOT_NEVER_SHOWN;
        if (family->block != LAYOUT_NONE) {
            block_unref(row[family->block].block);
            row[family->block].block = NULL;
        }
        break;
    case METRIC_CHOICE:
        slots[1].time_ns = SLOT_NEVER_SHOWN;
        break;
    case METRIC_REMAINING:
        slots[0].time_ns = SLOT_NEVER_SHOWN;
        break;
    case METRIC_COUNTER:
    case METRIC_HISTOGRAM:
    case METRIC_FOUND:
    case METRIC_SERIES:
        break;
    }
}

void layout_clear_row(const struct layout *layout, unsigned owner_class, union slot *row)
{
    memset(row, 0, layout->widths[owner_class] * sizeof *row);
    for (size_t i = 0; i < layout->family_count; i++)
        if (layout->families[i].row->owner_class == owner_class)
            layout_clear_gauges(&layout->families[i], row);
}

/* Every block and every native histogram of the rows. */
static void walk_references(const struct layout *layout, unsigned owner_class, const union slot *slots,
                            size_t rows, void (*on_block)(struct block *), void (*on_native)(struct native *))
{
    size_t width = layout->widths[owner_class];

    for (size_t i = 0; i < layout->family_count; i++) {
        const struct family_layout *family = &layout->families[i];
        if (family->row->owner_class != owner_class)
            continue;
        for (size_t row = 0; family->block != LAYOUT_NONE && row < rows; row++)
            on_block(slots[row * width + family->block].block);
        for (size_t row = 0; family->native != LAYOUT_NONE && row < rows; row++)
            on_native(slots[row * width + family->native].native);
    }
}

static void hold_block(struct block *block)
{
    block_ref(block);
}

static void hold_native(struct native *native)
{
    native_ref(native);
}

void layout_hold(const struct layout *layout, unsigned owner_class, const union slot *slots, size_t rows)
{
    walk_references(layout, owner_class, slots, rows, hold_block, hold_native);
}

void layout_release(const struct layout *layout, unsigned owner_class, const union slot *slots, size_t rows)
{
    walk_references(layout, owner_class, slots, rows, block_unref, native_unref);
}
