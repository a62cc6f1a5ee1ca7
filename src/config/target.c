#include "config/target.h"

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
    if (!probe->kind->per_company || companies->count == 0) {
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

void targets_check(const struct model *model, struct fault_list *faults)
{
    for (size_t i = 0; i < model->target_count; i++) {
        const struct config_kind *kind = model->targets[i].probe->kind;
        if (kind->check_target != NULL)
            kind->check_target(&model->targets[i], faults);
    }
}
