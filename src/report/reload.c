/* The part of report.h that a reload calls. */
#include <stdlib.h>

#include "base/memory.h"
#include "report/parts.h"

/* Takes what stays out of the old handles, so that what is left there has gone. */
static void keep_appservers(struct report_appserver **after, struct report_appserver **before,
                            const size_t *match, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (match[i] == MATCH_NEW)
            continue;
        after[i] = before[match[i]];
        before[match[i]] = NULL;
    }
}

static void keep_targets(struct report_target **after, struct report_target **before, const size_t *match,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (match[i] == MATCH_NEW)
            continue;
        after[i] = before[match[i]];
        before[match[i]] = NULL;
    }
}

static void detach_rest(const struct model *model, struct report_appserver **appservers,
                        struct report_target **targets)
{
    for (size_t i = 0; i < model->target_count; i++)
        if (targets[i] != NULL)
            report_target_detach(targets[i]);
    for (size_t i = 0; i < model->appserver_count; i++)
        if (appservers[i] != NULL)
            report_appserver_detach(appservers[i]);
}

static void configure(struct report *report, const struct model *model, struct moment now)
{
    for (size_t i = 0; i < model->appserver_count; i++) {
        const struct appserver_settings *settings = &model->appservers[i];
        if (report->appservers[i] == NULL)
            report->appservers[i] = report_appserver_new(report, settings, now);
        report_appserver_configure(report->appservers[i], i, settings);
    }
    for (size_t i = 0; i < model->target_count; i++) {
        const struct target_settings *settings = &model->targets[i];
        if (report->targets[i] == NULL)
            report->targets[i] = report_target_new(report, settings, now);
        report_target_configure(report->targets[i], i, settings,
                                report->appservers[settings->appserver - model->appservers], now);
    }
}

static void fill_board(const struct report *report, struct model *model)
{
    const struct board_appserver **appservers = memory_new(model->appserver_count,
                                                           sizeof(struct board_appserver *));
    const struct board_target **targets = memory_new(model->target_count, sizeof(struct board_target *));

    for (size_t i = 0; i < model->appserver_count; i++)
        appservers[i] = &report->appservers[i]->card;
    for (size_t i = 0; i < model->target_count; i++)
        targets[i] = &report->targets[i]->card;
    board_replace(report->board, model, appservers, model->appserver_count, targets, model->target_count);
    free(appservers);
    free(targets);
}

void report_reload(struct report *report, struct model *model, const struct model_match *match,
                   struct moment now)
{
    struct model *old_model = report->model;
    struct report_appserver **old_appservers = report->appservers;
    struct report_target **old_targets = report->targets;

    report->model = model_ref(model);
    report->appservers = memory_new(model->appserver_count, sizeof(struct report_appserver *));
    report->targets = memory_new(model->target_count, sizeof(struct report_target *));
    keep_appservers(report->appservers, old_appservers, match->appservers, model->appserver_count);
    keep_targets(report->targets, old_targets, match->targets, model->target_count);

    /* Under one lock, so that no scrape sees half of it. */
    store_lock(report->store);
    if (old_model != NULL)
        detach_rest(old_model, old_appservers, old_targets);
    configure(report, model, now);
    store_set(report->store, report->process, FAMILY_TARGETS, 0, (double)model->target_count, NEVER_NS);
    store_set(report->store, report->process, FAMILY_RELOAD_SUCCESSFUL, 0, 1, NEVER_NS);
    store_set(report->store, report->process, FAMILY_RELOAD_SUCCESS, 0, clock_seconds(now.wall_ns), NEVER_NS);
    store_unlock(report->store);
    fill_board(report, model);
    board_set_loaded(report->board, now.wall_ns);

    free(old_appservers);
    free(old_targets);
    model_unref(old_model);
}

void report_reload_failed(struct report *report)
{
    store_lock(report->store);
    store_set(report->store, report->process, FAMILY_RELOAD_SUCCESSFUL, 0, 0, NEVER_NS);
    store_unlock(report->store);
    board_set_reload_failed(report->board);
}
