#include "metrics/series_set.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/label.h"

struct builder_family {
    const struct metric_family *row;
    const char *name, *help;
    const char *const *label_names;
    size_t label_count;
};

struct series_draft {
    size_t family;
    size_t position; /* of its labels in the builder's text */
    size_t order;
    uint32_t size, last_size;
    double number;
};

struct series_set *series_set_ref(struct series_set *set)
{
    atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
    return set;
}

void series_set_unref(struct series_set *set)
{
    if (set != NULL && atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) == 1)
        free(set);
}

void series_builder_init(struct series_builder *builder)
{
    *builder = (struct series_builder){.draft_count = 0};
    buffer_init(&builder->text, SERIES_SET_TEXT_MAX);
    buffer_init(&builder->one, SERIES_LABELS_MAX);
}

static size_t add_family(struct series_builder *builder, const struct builder_family *family)
{
    size_t index = builder->family_count++;

    builder->families = memory_grow(builder->families, builder->family_count, sizeof *builder->families);
    builder->families[index] = *family;
    return index;
}

size_t series_builder_family(struct series_builder *builder, const struct metric_family *row)
{
    size_t labels = 0;

    assert(row->type == METRIC_FOUND);
    while (labels < FAMILY_LABELS && row->labels[labels] != NULL)
        labels++;
    return add_family(builder, &(struct builder_family){row, row->name, row->help, row->labels, labels});
}

size_t series_builder_named(struct series_builder *builder, const char *name, const char *help,
                            const char *const *label_names, size_t label_count)
{
    assert(label_is_metric_name(name) && help[0] != '\0');
    for (size_t i = 0; i < label_count; i++)
        assert(label_is_name(label_names[i]));
    return add_family(builder, &(struct builder_family){NULL, name, help, label_names, label_count});
}

bool series_builder_add(struct series_builder *builder, size_t family, const char *const *values,
                        double number)
{
    const struct builder_family *of = &builder->families[family];
    struct buffer *one = &builder->one;
    size_t last = 0;

    assert(family < builder->family_count);
    buffer_clear(one);
    for (size_t i = 0; i < of->label_count; i++) {
        last = one->size == 0 ? 0 : one->size + 1; /* behind the comma */
        label_append(one, of->label_names[i], values[i]);
    }
    if (one->failed || one->size > builder->text.maximum - builder->text.size)
        return false;
    if (builder->draft_count == builder->draft_capacity) {
        builder->draft_capacity = builder->draft_capacity == 0 ? 16 : 2 * builder->draft_capacity;
        builder->drafts = memory_grow(builder->drafts, builder->draft_capacity, sizeof *builder->drafts);
    }
    builder->drafts[builder->draft_count] = (struct series_draft){.family = family,
                                                                  .position = builder->text.size,
                                                                  .order = builder->draft_count,
                                                                  .size = (uint32_t)one->size,
                                                                  .last_size = (uint32_t)(one->size - last),
                                                                  .number = number};
    builder->draft_count++;
    buffer_append(&builder->text, one->data, one->size);
    return true;
}

static int compare_labels(const struct series_draft *a, const struct series_draft *b, const char *text)
{
    uint32_t common = a->size < b->size ? a->size : b->size;
    int order = common == 0 ? 0 : memcmp(text + a->position, text + b->position, common);

    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static int compare_drafts(const void *a, const void *b, void *context)
{
    const struct series_draft *one = a, *other = b;

    if (one->family != other->family)
        return one->family < other->family ? -1 : 1;
    int order = compare_labels(one, other, context);
    return order != 0 ? order : (one->order > other->order) - (one->order < other->order);
}

/* Sorts the drafts, and of those alike keeps the last. */
static void sort_drafts(struct series_builder *builder)
{
    struct series_draft *drafts = builder->drafts;
    size_t kept = 0;

    qsort_r(drafts, builder->draft_count, sizeof *drafts, compare_drafts, builder->text.data);
    for (size_t i = 0; i < builder->draft_count; i++) {
        bool alike = kept > 0 && drafts[kept - 1].family == drafts[i].family &&
                     compare_labels(&drafts[kept - 1], &drafts[i], builder->text.data) == 0;
        drafts[alike ? kept - 1 : kept++] = drafts[i];
    }
    builder->draft_count = kept;
}

static char *place_text(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);

    *at += size;
    return copy;
}

/* One allocation: the set, its families, its series, its texts. */
static struct series_set *set_of(const struct series_builder *builder)
{
    size_t families = 0, text_size = 0;

    for (size_t i = 0; i < builder->draft_count; i++) {
        const struct series_draft *draft = &builder->drafts[i];
        text_size += draft->size;
        if (i > 0 && draft[-1].family == draft->family)
            continue;
        families++;
        if (builder->families[draft->family].row == NULL)
            text_size += strlen(builder->families[draft->family].name) +
                         strlen(builder->families[draft->family].help) + 2;
    }
    struct series_set *set = memory_new(1, sizeof *set + families * sizeof *set->families +
                                               builder->draft_count * sizeof(struct series) + text_size);
    set->families = (struct set_family *)(set + 1);
    struct series *series = (struct series *)(set->families + families);
    char *at = (char *)(series + builder->draft_count);
    atomic_init(&set->references, 1);
    for (size_t i = 0; i < builder->draft_count; i++, series++) {
        const struct series_draft *draft = &builder->drafts[i];
        if (i == 0 || draft[-1].family != draft->family) {
            const struct builder_family *from = &builder->families[draft->family];
            struct set_family *family = &set->families[set->family_count++];
            *family = (struct set_family){from->row, from->name, from->help, series, 0, 0};
            if (from->row == NULL) {
                family->name = place_text(&at, from->name);
                family->help = place_text(&at, from->help);
            }
        }
        struct set_family *family = &set->families[set->family_count - 1];
        family->count++;
        family->text_size += draft->size;
        *series = (struct series){at, draft->size, draft->last_size, draft->number};
        if (draft->size > 0)
            memcpy(at, builder->text.data + draft->position, draft->size);
        at += draft->size;
    }
    return set;
}

struct series_set *series_builder_finish(struct series_builder *builder)
{
    struct series_set *set = NULL;

    if (builder->draft_count > 0) {
        sort_drafts(builder);
        set = set_of(builder);
    }
    buffer_free(&builder->text);
    buffer_free(&builder->one);
    free(builder->drafts);
    free(builder->families);
    return set;
}
