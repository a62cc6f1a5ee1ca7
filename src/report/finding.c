#include "report/finding.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/families.h"

#define NO_FAMILY SIZE_MAX

/* A finding's labels are those of its family's row, in their order. */
static const enum family of_kinds[FINDING_KINDS] = {
    [FINDING_VALUE] = FAMILIES, /* by its definition */
    [FINDING_SEATS_USED] = FAMILY_LICENSE_SEATS_USED,
    [FINDING_SEATS_OWNED] = FAMILY_LICENSE_SEATS_OWNED,
    [FINDING_SESSIONS] = FAMILY_SESSIONS,
    [FINDING_HEALTH_CHECK] = FAMILY_HEALTH_CHECK_SUCCESS,
    [FINDING_DATABASE_LATENCY] = FAMILY_DATABASE_LATENCY,
    [FINDING_TASKS_WAITING] = FAMILY_TASKS_WAITING,
    [FINDING_TASKS] = FAMILY_TASKS,
    [FINDING_TASK_OLDEST_START] = FAMILY_TASK_OLDEST_ACTIVE_START,
    [FINDING_TASK_LAST_SUCCESS] = FAMILY_TASK_LAST_SUCCESS,
    [FINDING_SCHEDULES_OVERDUE] = FAMILY_SCHEDULES_OVERDUE,
    [FINDING_SERVER_INFO] = FAMILY_SERVER_INFO,
    [FINDING_PRODUCTION] = FAMILY_SERVER_PRODUCTION,
    [FINDING_API_KEY_EXPIRY] = FAMILY_API_KEY_EXPIRY,
};

const struct metric_family *finding_family(enum finding_kind kind)
{
    assert(kind > FINDING_VALUE && kind < FINDING_KINDS);
    return &families[of_kinds[kind]];
}

/* ---- values ---- */

/* The family of one definition while a set is built. */
struct value_family {
    char *name;
    const char *label_names[FINDING_LABELS_MAX];
    size_t family; /* of the builder; NO_FAMILY until a series comes */
};

static struct value_family *value_families_new(const struct value_definitions *values)
{
    struct value_family *all = memory_new(values->count, sizeof *all);

    for (size_t i = 0; i < values->count; i++) {
        const struct value_definition *value = &values->items[i];
        assert(value->label_count <= FINDING_LABELS_MAX);
        all[i].name = memory_format(VALUE_FAMILY_PREFIX "%s", value->name);
        all[i].family = NO_FAMILY;
        for (size_t label = 0; label < value->label_count; label++)
            all[i].label_names[label] = value->labels[label].alias;
    }
    return all;
}

static void value_families_free(struct value_family *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(all[i].name);
    free(all);
}

/* ---- the set ---- */

struct maker {
    struct series_builder builder;
    const struct value_definitions *values;
    struct value_family *of_values;
    size_t of_kinds[FINDING_KINDS];
};

static size_t family_of_value(struct maker *maker, const struct finding *finding)
{
    assert(finding->value < maker->values->count);
    struct value_family *family = &maker->of_values[finding->value];
    const struct value_definition *value = &maker->values->items[finding->value];

    assert(finding->label_count == value->label_count);
    if (family->family == NO_FAMILY)
        family->family = series_builder_named(&maker->builder, family->name, value->help, family->label_names,
                                              value->label_count);
    return family->family;
}

static size_t family_of_kind(struct maker *maker, const struct finding *finding)
{
    size_t *family = &maker->of_kinds[finding->kind];
    const struct metric_family *row = finding_family(finding->kind);

    for (size_t i = 0; i < FAMILY_LABELS; i++)
        assert((i < finding->label_count) == (row->labels[i] != NULL));
    if (*family == NO_FAMILY)
        *family = series_builder_family(&maker->builder, row);
    return *family;
}

static const char *family_name(const struct maker *maker, const struct finding *finding)
{
    return finding->kind == FINDING_VALUE ? maker->of_values[finding->value].name
                                          : finding_family(finding->kind)->name;
}

static void add_told_drops(const struct maker *maker, const struct findings *findings,
                           struct drop_list *drops)
{
    for (enum finding_kind kind = FINDING_VALUE + 1; kind < FINDING_KINDS; kind++)
        drop_list_add(drops, finding_family(kind)->name, findings->dropped[kind]);
    for (size_t i = 0; i < findings->dropped_value_count; i++)
        drop_list_add(drops, maker->of_values[i].name, findings->dropped_values[i]);
}

struct series_set *finding_series(const struct findings *findings, const struct value_definitions *values,
                                  struct drop_list *drops)
{
    struct maker maker = {.values = values, .of_values = value_families_new(values)};
    const char *labels[FINDING_LABELS_MAX];

    assert(findings->dropped_value_count <= values->count);
    for (size_t i = 0; i < FINDING_KINDS; i++)
        maker.of_kinds[i] = NO_FAMILY;
    series_builder_init(&maker.builder);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        size_t family = finding->kind == FINDING_VALUE ? family_of_value(&maker, finding)
                                                       : family_of_kind(&maker, finding);
        for (size_t label = 0; label < finding->label_count; label++)
            labels[label] = finding_label(findings, finding, label);
        if (!series_builder_add(&maker.builder, family, labels, finding->number))
            drop_list_add(drops, family_name(&maker, finding), 1);
    }
    add_told_drops(&maker, findings, drops);
    struct series_set *set = series_builder_finish(&maker.builder);
    value_families_free(maker.of_values, values->count);
    return set;
}

/* ---- definitions ---- */

static bool definition_same(const struct value_definition *a, const struct value_definition *b)
{
    if (strcmp(a->name, b->name) != 0 || strcmp(a->help, b->help) != 0 || strcmp(a->column, b->column) != 0 ||
        a->aggregate != b->aggregate || a->label_count != b->label_count)
        return false;
    for (size_t i = 0; i < a->label_count; i++)
        if (strcmp(a->labels[i].alias, b->labels[i].alias) != 0 ||
            strcmp(a->labels[i].column, b->labels[i].column) != 0)
            return false;
    return true;
}

bool finding_definitions_same(const struct value_definitions *a, const struct value_definitions *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!definition_same(&a->items[i], &b->items[i]))
            return false;
    return true;
}
