#include "config/defaults.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/rows.h"
#include "config/value.h"

void defaults_add(struct defaults *defaults, const struct config_kind *kind, const struct section *section)
{
    defaults->items = memory_grow(defaults->items, defaults->count + 1, sizeof *defaults->items);
    defaults->items[defaults->count++] = (struct kind_defaults){.kind = kind, .section = section};
}

void defaults_free(struct defaults *defaults)
{
    free(defaults->items);
    *defaults = (struct defaults){0};
}

struct kind_defaults *defaults_find(const struct defaults *defaults, const struct config_kind *kind)
{
    for (size_t i = 0; i < defaults->count; i++) {
        if (defaults->items[i].kind == kind)
            return &defaults->items[i];
    }
    return NULL;
}

/* ---- merging ---- */

/* The row that the key belongs to, and its name within X.NAME (empty where it has none). */
static const struct config_row *row_of(const struct config_kind *kind, const char *key, struct span *name)
{
    const struct config_section *common = &config_sections[SECTION_PROBE];
    enum key_form form;

    for (size_t i = 0; i < common->row_count; i++) {
        if (row_takes_key(&common->rows[i], key, &form, name))
            return &common->rows[i];
    }
    for (size_t i = 0; i < kind->row_count; i++) {
        if (row_takes_key(&kind->rows[i], key, &form, name))
            return &kind->rows[i];
    }
    return NULL;
}

static bool writes(const struct config_kind *kind, const struct section *probe, const char *key)
{
    struct span name, own_name;
    const struct config_row *row = row_of(kind, key, &name);

    for (size_t i = 0; i < probe->count; i++) {
        const char *own = probe->entries[i].name;
        if (strcmp(own, key) == 0)
            return true;
        if (row != NULL && row_of(kind, own, &own_name) == row && own_name.size == name.size &&
            (name.size == 0 || memcmp(own_name.data, name.data, name.size) == 0))
            return true;
    }
    return false;
}

struct section defaults_merge(const struct kind_defaults *defaults, const struct section *probe)
{
    size_t more = defaults == NULL ? 0 : defaults->section->count;
    struct section merged = *probe;

    merged.entries = memory_new(probe->count + more, sizeof *merged.entries);
    if (probe->count > 0)
        memcpy(merged.entries, probe->entries, probe->count * sizeof *merged.entries);
    for (size_t i = 0; i < more; i++) {
        const struct entry *entry = &defaults->section->entries[i];
        if (strcmp(entry->name, "kind") == 0 || writes(defaults->kind, probe, entry->name))
            continue;
        merged.entries[merged.count] = *entry;
        merged.entries[merged.count++].inherited = true;
    }
    return merged;
}

/* ---- folding ---- */

/* A fault "[probe NAME]REST" at a key of a [defaults KIND]. */
struct found {
    struct fault *fault;
    const struct kind_defaults *defaults;
    struct span probe;
    const char *rest; /* of its text */
};

static const struct kind_defaults *defaults_at(const struct defaults *defaults, const struct fault *fault)
{
    for (size_t i = 0; i < defaults->count; i++) {
        const struct section *section = defaults->items[i].section;
        for (size_t k = 0; k < section->count; k++) {
            const struct place place = entry_place(&section->entries[k]);
            if (place.line == fault->line && strcmp(place.file, fault->file) == 0)
                return &defaults->items[i];
        }
    }
    return NULL;
}

static bool find(const struct defaults *defaults, struct fault *fault, struct found *found)
{
    static const char title[] = "[probe ";
    if (strncmp(fault->text, title, sizeof title - 1) != 0)
        return false;
    found->probe.data = fault->text + sizeof title - 1;
    found->probe.size = strcspn(found->probe.data, "]");
    found->rest = found->probe.data + found->probe.size + 1;
    found->defaults = defaults_at(defaults, fault);
    found->fault = fault;
    return found->defaults != NULL;
}

/* Those that become one are neighbours, in the order of their probes' names. */
static int fold_compare(const struct found *a, const struct found *b)
{
    int order = strcmp(a->fault->file, b->fault->file);
    if (order == 0)
        order = (a->fault->line > b->fault->line) - (a->fault->line < b->fault->line);
    if (order == 0)
        order = a->fault->warning - b->fault->warning;
    return order != 0 ? order : strcmp(a->rest, b->rest);
}

static int found_compare(const void *left, const void *right)
{
    const struct found *a = left, *b = right;
    int order = fold_compare(a, b);
    return order != 0 ? order : strcmp(a->probe.data, b->probe.data);
}

static bool same_probe(const struct found *a, const struct found *b)
{
    return a->probe.size == b->probe.size && memcmp(a->probe.data, b->probe.data, a->probe.size) == 0;
}

/* The faults of one group into one; which probes it is about is said where it is not all of the kind. */
static void group_fold(const struct found *group, size_t count)
{
    size_t probes = 1;
    for (size_t i = 1; i < count; i++)
        probes += same_probe(&group[i - 1], &group[i]) ? 0 : 1;
    const struct kind_defaults *defaults = group[0].defaults;
    char *text;
    if (probes >= defaults->probes)
        text = memory_format("[defaults %s]%s", defaults->kind->name, group[0].rest);
    else if (probes == 1)
        text = memory_format("[defaults %s]%s (so in [probe %.*s])", defaults->kind->name, group[0].rest,
                             (int)group[0].probe.size, group[0].probe.data);
    else
        text = memory_format("[defaults %s]%s (so in %zu probes, [probe %.*s] is the first)",
                             defaults->kind->name, group[0].rest, probes, (int)group[0].probe.size,
                             group[0].probe.data);
    for (size_t i = 0; i < count; i++) {
        free(group[i].fault->text);
        group[i].fault->text = NULL;
    }
    group[0].fault->text = text;
}

void defaults_fold(const struct defaults *defaults, struct fault_list *faults)
{
    if (defaults->count == 0 || faults->count == 0)
        return;
    struct found *found = memory_new(faults->count, sizeof *found);
    size_t count = 0;
    for (size_t i = 0; i < faults->count; i++)
        count += find(defaults, &faults->items[i], &found[count]);
    if (count > 0)
        qsort(found, count, sizeof *found, found_compare);
    for (size_t i = 0, end; i < count; i = end) {
        end = i + 1;
        while (end < count && fold_compare(&found[i], &found[end]) == 0)
            end++;
        group_fold(&found[i], end - i);
    }
    fault_list_compact(faults);
    free(found);
}
