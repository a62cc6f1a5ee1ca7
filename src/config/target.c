#include "config/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const struct appserver_settings *model_appserver(const struct model *model, const char *name)
{
    for (size_t i = 0; i < model->appserver_count; i++) {
        if (strcmp(model->appservers[i].name, name) == 0)
            return &model->appservers[i];
    }
    return NULL;
}

bool probe_per_company(const struct probe_settings *probe)
{
    const struct config_kind *kind = probe->kind;
    return kind->runs_per_company != NULL ? kind->runs_per_company(probe) : kind->per_company;
}

static bool target_add(struct model *model, const struct target_settings *target)
{
    if (model->target_count == TARGETS_MAX)
        return false;
    if ((model->target_count & (model->target_count - 1)) == 0)
        model->targets = memory_grow(model->targets, model->target_count == 0 ? 1 : model->target_count * 2,
                                     sizeof *model->targets);
    model->targets[model->target_count++] = *target;
    return true;
}

static bool targets_of(struct model *model, const struct probe_settings *probe,
                       const struct appserver_settings *appserver)
{
    const struct text_list *companies = probe->company.count > 0 ? &probe->company : &appserver->company;
    struct target_settings target = {
        .probe = probe, .appserver = appserver, .company = "", .url_company = ""};
    if (!probe_per_company(probe) || companies->count == 0) {
        if (companies->count > 0)
            target.url_company = companies->items[0];
        return target_add(model, &target);
    }
    for (size_t i = 0; i < companies->count; i++) {
        target.company = target.url_company = companies->items[i];
        if (!target_add(model, &target))
            return false;
    }
    return true;
}

bool targets_expand(struct model *model)
{
    model->targets = NULL;
    model->target_count = 0;
    bool room = true;
    for (size_t p = 0; p < model->probe_count && room; p++) {
        const struct probe_settings *probe = &model->probes[p];
        if (probe->kind == NULL) /* which is a fault that has been told */
            continue;
        for (size_t i = 0; probe->appserver.count == 0 && i < model->appserver_count && room; i++)
            room = targets_of(model, probe, &model->appservers[i]);
        for (size_t i = 0; i < probe->appserver.count && room; i++) {
            const struct appserver_settings *appserver = model_appserver(model, probe->appserver.items[i]);
            room = appserver == NULL || targets_of(model, probe, appserver);
        }
    }
    return room;
}

/* ---- checks ---- */

struct writer {
    const struct target_settings *target;
};

/* By what names a series of an app server, then in the order of the file. */
static int series_order(const void *left, const void *right)
{
    const struct target_settings *a = ((const struct writer *)left)->target;
    const struct target_settings *b = ((const struct writer *)right)->target;
    int order = strcmp(a->probe->kind->name, b->probe->kind->name);
    if (order == 0)
        order = strcmp(a->appserver->name, b->appserver->name);
    if (order == 0)
        order = strcmp(a->company, b->company);
    if (order == 0)
        order = a < b ? -1 : a > b ? 1 : 0; /* both are of the model's array, which is by probe */
    return order;
}

static bool series_same(const struct target_settings *a, const struct target_settings *b)
{
    return strcmp(a->probe->kind->name, b->probe->kind->name) == 0 &&
           strcmp(a->appserver->name, b->appserver->name) == 0 && strcmp(a->company, b->company) == 0;
}

static void series_check(const struct model *model, struct fault_list *faults)
{
    struct writer *writers = memory_new(model->target_count, sizeof *writers);
    size_t count = 0;
    for (size_t i = 0; i < model->target_count; i++) {
        if (model->targets[i].probe->kind->server_series)
            writers[count++].target = &model->targets[i];
    }
    qsort(writers, count, sizeof *writers, series_order);
    for (size_t i = 1; i < count; i++) {
        const struct target_settings *first = writers[i - 1].target, *second = writers[i].target;
        /* An app server that stands twice in one probe's list is told of by itself. */
        if (!series_same(first, second) || first->probe == second->probe)
            continue;
        const char *company = second->company;
        fault_add(
            faults, probe_key_place(second->probe, "kind"),
            "[probe %s] kind = %s: would write the same series as [probe %s], for app server %s%s%s; one "
            "probe of this kind is enough",
            second->probe->name, second->probe->kind->name, first->probe->name, second->appserver->name,
            company[0] == '\0' ? "" : " and company ", company);
    }
    free(writers);
}

/* A key without effect is none. */
static void retries_check(const struct target_settings *target, struct fault_list *faults)
{
    const struct probe_settings *probe = target->probe;
    fault_add(faults, probe_key_place(probe, "retries"),
              "[probe %s] retries: kind = %s sends POST here, which is never repeated; leave the key out",
              probe->name, probe->kind->name);
}

void targets_check(const struct model *model, const struct config_schema *schema, struct fault_list *faults)
{
    series_check(model, faults);
    for (size_t i = 0; i < model->target_count; i++) {
        const struct config_kind *kind = model->targets[i].probe->kind;
        if (kind->check_target != NULL)
            kind->check_target(&model->targets[i], faults);
    }
    if (faults->faults > 0 || schema->posts == NULL)
        return;
    for (size_t i = 0; i < model->target_count; i++) {
        if (model->targets[i].probe->retries > 0 && schema->posts(&model->targets[i]))
            retries_check(&model->targets[i], faults);
    }
}
