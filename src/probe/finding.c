#include "probe/finding.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

static void add(struct findings *findings, const struct finding *finding, const char *const *labels)
{
    assert(finding->label_count <= FINDING_LABELS_MAX);
    if (findings->count == findings->capacity) {
        findings->capacity = findings->capacity == 0 ? 4 : findings->capacity * 2;
        findings->items = memory_grow(findings->items, findings->capacity, sizeof *findings->items);
    }
    if (findings->label_count + finding->label_count > findings->label_capacity) {
        findings->label_capacity = (findings->label_count + finding->label_count) * 2;
        findings->labels = memory_grow(findings->labels, findings->label_capacity, sizeof *findings->labels);
    }
    struct finding *item = &findings->items[findings->count++];
    *item = *finding;
    item->first_label = findings->label_count;
    for (size_t i = 0; i < finding->label_count; i++)
        findings->labels[findings->label_count++] = memory_copy_text(labels[i]);
}

void findings_add(struct findings *findings, enum finding_kind kind, double number, const char *const *labels,
                  size_t label_count)
{
    assert(kind != FINDING_VALUE && kind < FINDING_KINDS);
    add(findings, &(struct finding){.kind = kind, .number = number, .label_count = label_count}, labels);
}

void findings_add_value(struct findings *findings, size_t value, double number, const char *const *labels,
                        size_t label_count)
{
    add(findings,
        &(struct finding){
            .kind = FINDING_VALUE, .value = value, .number = number, .label_count = label_count},
        labels);
}

void findings_drop_value(struct findings *findings, size_t value, uint64_t count)
{
    if (value >= findings->dropped_value_count) {
        findings->dropped_values = memory_grow(findings->dropped_values, value + 1,
                                               sizeof *findings->dropped_values);
        while (findings->dropped_value_count <= value)
            findings->dropped_values[findings->dropped_value_count++] = 0;
    }
    findings->dropped_values[value] += count;
}

const char *finding_label(const struct findings *findings, const struct finding *finding, size_t label)
{
    assert(label < finding->label_count);
    return findings->labels[finding->first_label + label];
}

void findings_free(struct findings *findings)
{
    for (size_t i = 0; i < findings->label_count; i++)
        free(findings->labels[i]);
    free(findings->labels);
    free(findings->items);
    free(findings->dropped_values);
    *findings = (struct findings){0};
}
