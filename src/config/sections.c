#include "config/sections.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/cross.h"
#include "config/defaults.h"
#include "config/rows.h"
#include "config/settings.h"
#include "config/shown.h"
#include "config/target.h"

/* ---- which section ---- */

static void section_fault(struct settings_reader *reader, const struct section *section, const char *text)
{
    char *title = section_title(section);
    fault_add(reader->faults, section_place(section), "%s: %s", title, text);
    free(title);
}

/* Which section of the schema it is; SECTION_COUNT, with a fault, when it is none that can be read. */
static size_t section_identify(struct settings_reader *reader, const struct section *section)
{
    const char *types[SECTION_COUNT];
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        const struct config_section *known = &config_sections[i];
        types[i] = known->type;
        if (strcmp(section->type, known->type) != 0)
            continue;
        if (known->named && section->name == NULL)
            section_fault(reader, section,
                          i == SECTION_DEFAULTS
                              ? "it needs the name of a kind, such as [defaults baq]"
                              : "it needs a name, such as [appserver live] or [probe orders]");
        else if (!known->named && section->name != NULL)
            section_fault(reader, section, "this section has no name");
        else
            return i;
        return SECTION_COUNT;
    }
    const char *nearest = text_nearest(section->type, types, SECTION_COUNT);
    char *text = nearest == NULL
                     ? memory_copy_text("unknown section; there are [exporter], [web], [appserver NAME], "
                                        "[defaults KIND] and [probe NAME]")
                     : memory_format("unknown section; is %s meant?", nearest);
    section_fault(reader, section, text);
    free(text);
    return SECTION_COUNT;
}

/* ---- keys ---- */

static bool kind_has(const struct config_kind *kind, const char *key)
{
    enum key_form form;
    struct span name;
    for (size_t i = 0; i < kind->row_count; i++) {
        if (row_takes_key(&kind->rows[i], key, &form, &name))
            return true;
    }
    return false;
}

/* The names of the kinds that have the key, by commas; NULL: none has. The caller frees. */
static char *kinds_that_have(const struct config_schema *schema, const char *key)
{
    char *names = NULL;
    for (size_t i = 0; schema->kinds[i] != NULL; i++) {
        if (!kind_has(schema->kinds[i], key))
            continue;
        char *longer = names == NULL ? memory_copy_text(schema->kinds[i]->name)
                                     : memory_format("%s, %s", names, schema->kinds[i]->name);
        free(names);
        names = longer;
    }
    return names;
}

/* A key of a probe that neither all probes nor its kind have. */
static void probe_key_unknown(struct settings_reader *reader, const struct section *section,
                              const struct entry *entry)
{
    const struct config_schema *schema = reader->context.schema;
    char *kinds = kinds_that_have(schema, entry->name);
    if (kinds != NULL) {
        /* Without a kind nothing can be said of it; that the kind is missing or wrong is told already. */
        if (reader->kind != NULL) {
            char *text = memory_format("kind = %s has no such key; these have: %s", reader->kind->name,
                                       kinds);
            settings_fault(reader, section, entry, NULL, text);
            free(text);
        }
        free(kinds);
        return;
    }
    settings_unknown(reader, section, entry, NULL, 0);
}

static void section_fill(struct settings_reader *reader, const struct section *section,
                         enum config_section_id id, void *settings)
{
    const struct settings_group group = {config_sections[id].rows, config_sections[id].row_count, settings};
    reader->groups = &group;
    reader->group_count = 1;
    reader->unknown = NULL;
    reader->kind = NULL;
    settings_read(reader, section);
    reader->groups = NULL;
}

static void keys_keep(const struct section *section, enum config_section_id id, struct key_lines *keys)
{
    const struct settings_group group = {config_sections[id].rows, config_sections[id].row_count, NULL};
    key_lines_init(keys, section);
    key_lines_show(keys, section, &group, 1);
}

static void web_read(struct settings_reader *reader, const struct section *section, struct web_settings *web)
{
    const struct config_schema *schema = reader->context.schema;
    web->place = section_place(section);
    keys_keep(section, SECTION_WEB, &web->keys);
    size_t before = reader->faults->faults;
    section_fill(reader, section, SECTION_WEB, web);
    if (reader->faults->faults == before)
        web_check(web, reader->faults);
    if (reader->faults->faults == before && schema->check_web != NULL)
        schema->check_web(web, reader->faults);
}

/* [exporter] need not be there. */
static void exporter_keep(const struct section *section, struct model *model)
{
    if (section->type != NULL)
        model->exporter_place = section_place(section);
    keys_keep(section, SECTION_EXPORTER, &model->exporter_keys);
}

static void appserver_read(struct settings_reader *reader, const struct section *section, struct model *model)
{
    struct appserver_settings *appserver = &model->appservers[model->appserver_count++];
    appserver->name = memory_copy_text(section->name);
    appserver->place = section_place(section);
    keys_keep(section, SECTION_APPSERVER, &appserver->keys);
    size_t before = reader->faults->faults;
    section_fill(reader, section, SECTION_APPSERVER, appserver);
    seats_check(appserver, reader->context.schema, reader->faults);
    if (reader->faults->faults == before)
        appserver_check(appserver, reader->faults);
}

/* Reads the section as a probe of the kind (NULL: not known) into probe, whose own it makes. */
static void probe_fill(struct settings_reader *reader, const struct section *section,
                       const struct config_kind *kind, struct probe_settings *probe)
{
    struct settings_group groups[2] = {
        {config_sections[SECTION_PROBE].rows, config_sections[SECTION_PROBE].row_count, probe}};
    reader->group_count = 1;
    if (kind != NULL) {
        probe->own = memory_new(1, kind->settings_size);
        groups[reader->group_count++] = (struct settings_group){kind->rows, kind->row_count, probe->own};
    }
    reader->groups = groups;
    reader->unknown = probe_key_unknown;
    reader->kind = kind;
    settings_read(reader, section);
    reader->groups = NULL;
}

static void probe_read(struct settings_reader *reader, const struct section *own,
                       const struct defaults *defaults, struct model *model)
{
    struct probe_settings *probe = &model->probes[model->probe_count++];
    const struct entry *kind_entry = section_find(own, "kind");
    const struct config_kind *kind = kind_entry == NULL
                                         ? NULL
                                         : kind_find(reader->context.schema, kind_entry->value);
    struct kind_defaults *of_kind = kind == NULL ? NULL : defaults_find(defaults, kind);
    if (of_kind != NULL)
        of_kind->probes++;
    struct section section = defaults_merge(of_kind, own);
    probe->name = memory_copy_text(section.name);
    probe->place = section_place(&section);
    key_lines_init(&probe->keys, &section);
    key_lines_show(&probe->keys, &section,
                   (const struct settings_group[]){
                       {config_sections[SECTION_PROBE].rows, config_sections[SECTION_PROBE].row_count, NULL},
                       {kind == NULL ? NULL : kind->rows, kind == NULL ? 0 : kind->row_count, NULL}},
                   2);
    size_t before = reader->faults->faults;
    probe_fill(reader, &section, kind, probe);
    if (probe->interval_ns == 0)
        probe->interval_ns = model->exporter.interval_ns;
    if (probe->timeout_ns == 0)
        probe->timeout_ns = model->exporter.timeout_ns;
    if (kind != NULL && kind->fresh && section_find(&section, "connection") == NULL)
        probe->connection = CONNECTION_FRESH;
    free(section.entries);
    if (kind == NULL)
        return;
    if (kind->prepare != NULL)
        kind->prepare(probe, probe->own, reader->faults);
    if (reader->faults->faults == before)
        probe_check(probe, reader->faults);
    if (kind->check != NULL)
        kind->check(probe, reader->faults);
}

/* ---- [defaults KIND] ---- */

/* Reads the values once for themselves, so that what is wrong with one is told in its own line and once. */
static void defaults_try(struct settings_reader *reader, const struct section *section,
                         const struct config_kind *kind)
{
    const struct config_section *common = &config_sections[SECTION_PROBE];
    struct probe_settings scratch = {0};
    struct section without_kind = *section;

    without_kind.entries = memory_new(section->count, sizeof *section->entries);
    without_kind.count = 0;
    for (size_t i = 0; i < section->count; i++) {
        if (strcmp(section->entries[i].name, "kind") == 0)
            settings_fault(reader, section, &section->entries[i], NULL,
                           "the kind is named between the brackets; each probe writes its own");
        else
            without_kind.entries[without_kind.count++] = section->entries[i];
    }
    reader->partial = true;
    probe_fill(reader, &without_kind, kind, &scratch);
    reader->partial = false;
    settings_free(common->rows, common->row_count, &scratch);
    settings_free(kind->rows, kind->row_count, scratch.own);
    free(scratch.own);
    free(without_kind.entries);
}

static void defaults_read(struct settings_reader *reader, const struct section *section,
                          struct defaults *defaults)
{
    const struct config_kind *kind = NULL;
    char *fault = value_read(&reader->context, config_row_named(SECTION_PROBE, "kind"), section->name, &kind);
    if (fault != NULL) {
        section_fault(reader, section, fault);
        free(fault);
        return;
    }
    defaults_add(defaults, kind, section);
    defaults_try(reader, section, kind);
}

static void defaults_check(const struct defaults *defaults, struct fault_list *faults)
{
    for (size_t i = 0; i < defaults->count; i++) {
        const struct kind_defaults *of_kind = &defaults->items[i];
        if (of_kind->probes == 0)
            warning_add(faults, section_place(of_kind->section),
                        "[defaults %s]: without effect, because no probe is of this kind",
                        of_kind->kind->name);
    }
    defaults_fold(defaults, faults);
}

/* ---- all of them ---- */

/* [exporter], [web] and [defaults KIND] first: probes take their presets from there, wherever they stand. */
static void sections_fill(struct settings_reader *reader, const struct document *document,
                          struct model *model, struct defaults *defaults)
{
    static const struct section nothing = {0};
    const struct section *single[2] = {&nothing, &nothing}; /* by SECTION_EXPORTER, SECTION_WEB */
    size_t *ids = memory_new(document->count, sizeof *ids);
    size_t counts[SECTION_COUNT + 1] = {0};
    for (size_t i = 0; i < document->count; i++) {
        const struct section *section = &document->sections[i];
        ids[i] = section->reopened ? SECTION_COUNT : section_identify(reader, section);
        counts[ids[i]]++;
        if (ids[i] <= SECTION_WEB)
            single[ids[i]] = section;
        else if (ids[i] == SECTION_DEFAULTS)
            defaults_read(reader, section, defaults);
    }
    exporter_keep(single[SECTION_EXPORTER], model);
    section_fill(reader, single[SECTION_EXPORTER], SECTION_EXPORTER, &model->exporter);
    exporter_check(&model->exporter, single[SECTION_EXPORTER], reader->faults);
    web_read(reader, single[SECTION_WEB], &model->web);
    model->appservers = memory_new(counts[SECTION_APPSERVER], sizeof *model->appservers);
    model->probes = memory_new(counts[SECTION_PROBE], sizeof *model->probes);
    for (size_t i = 0; i < document->count; i++) {
        if (ids[i] == SECTION_APPSERVER)
            appserver_read(reader, &document->sections[i], model);
        else if (ids[i] == SECTION_PROBE)
            probe_read(reader, &document->sections[i], defaults, model);
    }
    free(ids);
}

void sections_read(const struct document *document, const char *path, const struct config_schema *schema,
                   struct model *model, struct fault_list *faults)
{
    struct settings_reader reader = {.context = {.schema = schema}, .faults = faults};
    struct defaults defaults = {0};

    sections_fill(&reader, document, model, &defaults);
    model_check(model, path, faults);
    if (!targets_expand(model))
        fault_add(
            faults, (struct place){path, 0},
            "probes x app servers x companies are more than 1000000 targets; cut the configuration in parts");
    targets_check(model, schema, faults);
    if (schema->check_model != NULL)
        schema->check_model(model, faults);
    defaults_check(&defaults, faults);
    defaults_free(&defaults);
}
