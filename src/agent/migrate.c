/* A model that comes into force: the part of agent.h that a reload calls, and birth as the reload from nothing. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_parts.h"
#include "agent/random.h"
#include "agent/server_parts.h"
#include "base/clock.h"
#include "base/memory.h"

/* ---- app servers ---- */

static struct server *new_server(struct agent *agent, const struct appserver_settings *settings, size_t index,
                                 const struct server *before)
{
    struct server *server = memory_new(1, sizeof *server);
    uint32_t number = slots_put(&agent->servers, server);
    assert(number < TICKET_SESSION);
    server_init(server, &agent->context, settings, report_appserver(agent->report, index), number,
                random_mix(agent->random + 8 * (uint64_t)number), before);
    return server;
}

/* One that leaves and was of the same app server: its calls may still run. */
static const struct server *leaving_of(const struct agent *agent, const char *name)
{
    const struct server *server = agent->leaving_servers;
    while (server && strcmp(server->settings->name, name) != 0)
        server = server->next_leaving;
    return server;
}

/* report: what it tells from now on; NULL: what it has, which the report has detached. */
static void let_server_leave(struct agent *agent, struct server *server, struct report_appserver *report,
                             struct model *model)
{
    heap_remove(&agent->timers, &server->timer);
    server_leave(server, report ? report : server->report, model);
    server->next_leaving = agent->leaving_servers;
    agent->leaving_servers = server;
}

static struct server *move_server(struct agent *agent, struct model *before, struct server *old,
                                  const struct appserver_settings *settings, size_t index)
{
    if (appserver_same_login(old->settings, settings)) {
        server_configure(old, settings);
        return old;
    }
    struct server *server = new_server(agent, settings, index, old);
    server_succeed(server, old);
    report_credential_changed(server->report);
    let_server_leave(agent, old, report_appserver_none(), before);
    return server;
}

/* ---- targets ---- */

static void set_schedule(struct agent *agent, struct target *target, struct moment now)
{
    target->schedule = schedule_of(target->settings, now.boot_ns);
    target->due_ns = schedule_next(&target->schedule, now.boot_ns);
    report_scheduled(target->report, target->due_ns);
    agent_look_again(agent, target, now);
}

static struct target *new_target(struct agent *agent, const struct target_settings *settings, size_t index,
                                 struct server *server, struct moment now)
{
    struct target *target = memory_new(1, sizeof *target);
    uint32_t number = slots_put(&agent->targets, target);
    assert(number < TICKET_SESSION);
    *target = (struct target){
        .settings = settings,
        .report = report_target(agent->report, index),
        .server = server,
        .number = number,
        .watch_ns = NEVER_NS,
        .futile = {.range = settings->appserver->login_retry, .random = random_mix(number)},
    };
    set_schedule(agent, target, now);
    agent_watch(agent, target, now);
    return target;
}

/* Of another kind it is another question: nothing that was learned holds. */
static void forget_results(struct target *target)
{
    target->succeeded = false;
    target->failures = 0;
    target->last_reason = REASON_NONE;
    target->last_status = 0;
    target->baseline = (struct throttle_baseline){0};
    target->complaint = (struct complaint){0};
}

/* Keys that say when to ask and what to think of the answer, and not what is asked. */
static bool is_beside_question(const char *key)
{
    static const char *const keys[] = {"active",         "interval",     "interval_on_failure",
                                       "latency_limit",  "max_response", "max_series",
                                       "retries",        "rows_max",     "rows_min",
                                       "rows_deviation", "timeout",      "expect_status",
                                       "expect_text"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return strncmp(key, "expect.", strlen("expect.")) == 0 || strncmp(key, "value.", strlen("value.")) == 0;
}

/* What is asked, or whom: how long it took says nothing of the new one. */
static bool asks_otherwise(const struct target_settings *a, const struct target_settings *b)
{
    return strcmp(a->appserver->url, b->appserver->url) != 0 ||
           !key_lines_same(&a->probe->keys, &b->probe->keys, is_beside_question);
}

static void move_target(struct agent *agent, struct target *target, const struct target_settings *settings,
                        struct server *server, struct moment now)
{
    const struct target_settings *old = target->settings;
    bool moved = server != target->server;
    target->settings = settings;
    target->server = server;
    target->futile.range = settings->appserver->login_retry;
    if (server->throttle.probe == old->probe)
        server->throttle.probe = settings->probe;
    if (moved) {
        backoff_rest(&target->futile);
        target->relogged = false;
    }
    if (asks_otherwise(old, settings)) {
        target->baseline = (struct throttle_baseline){0};
        drift_free(&target->drift);
    }
    if (old->probe->kind != settings->probe->kind)
        forget_results(target);
    /* What waits and has not asked yet goes by the new settings; so does what would have to ask with a login that is
       no more. */
    if (target_state(target) == RUN_WAITING && (!target->run->asked || target->running->leaving))
        agent_restart_run(agent, target, now);
    bool other_pause = target->schedule.on_failure_ns != settings->probe->interval_on_failure_ns;
    target->schedule.on_failure_ns = settings->probe->interval_on_failure_ns;
    if (target->schedule.interval_ns != settings->probe->interval_ns || (other_pause && target->failures > 0))
        set_schedule(agent, target, now);
    agent_watch(agent, target, now);
}

static void free_target(struct agent *agent, struct target *target)
{
    slots_drop(&agent->targets, target->number);
    report_target_free(target->report);
    drift_free(&target->drift);
    free(target);
}

static void let_target_leave(struct agent *agent, struct target *target)
{
    static const char gone; /* another target may come to stand where this one did */
    heap_remove(&agent->due, &target->due);
    if (target->server->verdict.first_target == target)
        target->server->verdict.first_target = &gone;
    if (target_state(target) == RUN_WAITING)
        server_drop(target->running, target);
    target->leaving = true;
    target->next_leaving = agent->leaving_targets;
    agent->leaving_targets = target;
}

void agent_free_leaving(struct agent *agent, bool all)
{
    for (struct target **at = &agent->leaving_targets; *at;) {
        struct target *target = *at;
        if (!all && target_state(target) != RUN_NONE) {
            at = &target->next_leaving;
            continue;
        }
        *at = target->next_leaving;
        free_target(agent, target);
    }
    for (struct server **at = &agent->leaving_servers; *at;) {
        struct server *server = *at;
        if (!all && (server->queued || !server_has_left(server))) {
            at = &server->next_leaving;
            continue;
        }
        *at = server->next_leaving;
        heap_remove(&agent->timers, &server->timer);
        slots_drop(&agent->servers, server->number);
        server_free(server);
        free(server);
    }
}

/* ---- the whole ---- */

/* Takes what stays to its new index; what is left in old leaves. */
static struct target **take_targets(struct agent *agent, const struct model *before, struct target **old,
                                    const size_t *match)
{
    struct target **targets = memory_new(agent->model->target_count, sizeof(struct target *));
    for (size_t i = 0; i < agent->model->target_count; i++) {
        if (match[i] == MATCH_NEW)
            continue;
        targets[i] = old[match[i]];
        old[match[i]] = NULL;
    }
    for (size_t i = 0; before && i < before->target_count; i++)
        if (old[i])
            let_target_leave(agent, old[i]);
    return targets;
}

static struct server **take_servers(struct agent *agent, struct model *before, struct server **old,
                                    const size_t *match)
{
    const struct model *model = agent->model;
    struct server **servers = memory_new(model->appserver_count, sizeof(struct server *));
    for (size_t i = 0; i < model->appserver_count; i++) {
        const struct appserver_settings *settings = &model->appservers[i];
        if (match[i] == MATCH_NEW) {
            servers[i] = new_server(agent, settings, i, leaving_of(agent, settings->name));
            continue;
        }
        servers[i] = move_server(agent, before, old[match[i]], settings, i);
        old[match[i]] = NULL;
    }
    for (size_t i = 0; before && i < before->appserver_count; i++)
        if (old[i])
            let_server_leave(agent, old[i], NULL, before);
    return servers;
}

static void settle_targets(struct agent *agent, struct moment now)
{
    const struct model *model = agent->model;
    for (size_t i = 0; i < model->target_count; i++) {
        const struct target_settings *settings = &model->targets[i];
        struct server *server = agent->model_servers[settings->appserver - model->appservers];
        if (agent->model_targets[i])
            move_target(agent, agent->model_targets[i], settings, server, now);
        else
            agent->model_targets[i] = new_target(agent, settings, i, server, now);
    }
}

/* How many targets each server has, and how far apart they are fired. */
static void count_targets(struct agent *agent, struct moment now)
{
    double *rates = memory_new(agent->servers.count, sizeof *rates);
    for (size_t i = 0; i < agent->model->appserver_count; i++)
        agent->model_servers[i]->verdict.targets = 0;
    for (size_t i = 0; i < agent->model->target_count; i++) {
        const struct target *target = agent->model_targets[i];
        rates[target->server->number] += 1 / clock_seconds(schedule_shortest(&target->schedule));
        target->server->verdict.targets += target->resting ? 0 : 1;
    }
    for (size_t i = 0; i < agent->model->appserver_count; i++) {
        struct server *server = agent->model_servers[i];
        double rate = rates[server->number];
        server->separation_ns = rate > 0 ? schedule_separation(rate) : 0;
        server_count_asking(server, now);
    }
    free(rates);
}

void agent_adopt(struct agent *agent, struct model *model, const struct model_match *match, struct moment now)
{
    struct model *before = agent->model;
    struct server **old_servers = agent->model_servers;
    struct target **old_targets = agent->model_targets;
    agent->model = model_ref(model);
    agent->context.settings = &model->exporter;
    agent->model_targets = take_targets(agent, before, old_targets, match->targets);
    agent->model_servers = take_servers(agent, before, old_servers, match->appservers);
    settle_targets(agent, now);
    count_targets(agent, now);
    free(old_servers);
    free(old_targets);
    if (before) {
        held_keep(&agent->held, before);
        model_unref(before);
    }
}

bool agent_reload(struct agent *agent, struct model *model, const struct model_match *match,
                  struct moment now)
{
    if (agent->stopping)
        return false;
    server_free_ended(&agent->context);
    agent_settle_stranded(agent, now);
    agent_free_leaving(agent, false);
    report_reload(agent->report, model, match, now);
    agent_adopt(agent, model, match, now);
    agent_queue_all(agent);
    return true;
}
