#include "agent/agent.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/heap.h"
#include "agent/notice.h"
#include "agent/random.h"
#include "agent/server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

/* A run that cannot be sent for a reason that stands is ended after this long at the latest, so that a target
   with a long interval tells its failure within a minute. */
#define WAIT_MAX_NS MINUTE_NS

struct agent {
    struct model *model;
    struct report *report;
    struct server_context context;
    struct server *servers;
    struct target *targets;
    struct heap due;    /* targets */
    struct heap timers; /* servers */
    struct server *queued;
    bool turned; /* at least once */
    bool stopping;
    int64_t grace_until_ns;
};

static void queue(struct agent *agent, struct server *server)
{
    if (server->queued)
        return;
    server->queued = true;
    server->next_queued = agent->queued;
    agent->queued = server;
}

/* ---- birth and death ---- */

static struct server *server_named(struct agent *agent, const struct appserver_settings *settings)
{
    return &agent->servers[settings - agent->model->appservers];
}

static void add_target(struct agent *agent, size_t number, struct moment now)
{
    struct target *target = &agent->targets[number];
    const struct target_settings *settings = &agent->model->targets[number];
    struct server *server = server_named(agent, settings->appserver);
    *target = (struct target){
        .settings = settings,
        .report = report_target(agent->report, number),
        .server = server,
        .schedule = schedule_of(settings, now.boot_ns),
        .number = (uint32_t)number,
        .futile = {.range = settings->appserver->login_retry, .random = random_mix(number)},
    };
    server->verdict.targets++;
    target->due_ns = schedule_next(&target->schedule, now.boot_ns);
    report_scheduled(target->report, target->due_ns);
    heap_push(&agent->due, &target->due, target->due_ns);
}

static void set_separations(struct agent *agent)
{
    double *rates = memory_new(agent->model->appserver_count, sizeof *rates);
    for (size_t i = 0; i < agent->model->target_count; i++)
        rates[agent->targets[i].server->number] += 1 / clock_seconds(agent->targets[i].schedule.interval_ns);
    for (size_t i = 0; i < agent->model->appserver_count; i++)
        agent->servers[i].separation_ns = rates[i] > 0 ? schedule_separation(rates[i]) : 0;
    free(rates);
}

struct agent *agent_new(struct model *model, struct report *report, struct transport *transport,
                        struct secrets_port *secrets, uint64_t random, struct moment now)
{
    assert(model->target_count < TICKET_LOGIN);
    struct agent *agent = memory_new(1, sizeof *agent);
    *agent = (struct agent){
        .model = model_ref(model),
        .report = report,
        .context = {.settings = &model->exporter, .transport = transport, .secrets = secrets},
        .servers = memory_new(model->appserver_count, sizeof(struct server)),
        .targets = memory_new(model->target_count, sizeof(struct target)),
        .grace_until_ns = NEVER_NS,
    };
    for (size_t i = 0; i < model->appserver_count; i++)
        server_init(&agent->servers[i], &agent->context, &model->appservers[i], report_appserver(report, i),
                    i, random_mix(random + 8 * i));
    for (size_t i = 0; i < model->target_count; i++)
        add_target(agent, i, now);
    set_separations(agent);
    return agent;
}

static void drop_all(struct agent *agent)
{
    for (size_t i = 0; i < agent->model->target_count && agent->context.runs > 0; i++)
        if (agent->targets[i].run.state == RUN_WAITING || agent->targets[i].run.state == RUN_ASKING)
            server_drop(agent->targets[i].server, &agent->targets[i]);
}

static void drop_logins(struct agent *agent)
{
    for (size_t i = 0; i < agent->model->appserver_count; i++)
        server_drop_login(&agent->servers[i]);
}

void agent_free(struct agent *agent)
{
    if (!agent)
        return;
    server_free_ended(&agent->context);
    drop_all(agent);
    drop_logins(agent);
    for (size_t i = 0; i < agent->model->appserver_count; i++)
        server_free(&agent->servers[i]);
    heap_free(&agent->due);
    heap_free(&agent->timers);
    free(agent->servers);
    free(agent->targets);
    model_unref(agent->model);
    free(agent);
}

/* ---- due targets ---- */

static void look_again(struct agent *agent, struct target *target, int64_t at_ns)
{
    target->slotted = false;
    heap_move(&agent->due, &target->due, at_ns);
}

static void begin_run(struct agent *agent, struct target *target, int64_t due_ns, struct moment now)
{
    int64_t lateness_ns = now.boot_ns - due_ns;
    report_lateness(agent->report, lateness_ns > 0 ? lateness_ns : 0);
    agent->context.runs++;
    run_begin(&target->run, target->settings, due_ns, now);
    server_enqueue(target->server, target);
    queue(agent, target->server);
}

/* Keeps the least separation between targets of one app server that are due together: true when this one has
   to come a little later. */
static bool has_to_step_back(struct agent *agent, struct target *target, int64_t now_ns)
{
    struct server *server = target->server;
    bool later = !target->slotted && server->next_slot_ns > now_ns;
    if (later) {
        heap_move(&agent->due, &target->due, server->next_slot_ns);
        target->slotted = true;
        server->next_slot_ns += server->separation_ns;
    } else if (!target->slotted) {
        server->next_slot_ns = now_ns + server->separation_ns;
    }
    return later;
}

/* The next run is due although the last one has not ended. True when that one has made room. */
static bool make_room(struct target *target, struct moment now)
{
    struct server *server = target->server;
    const char *message = NULL;
    enum reason standing = REASON_NONE;
    if (target->run.state == RUN_WAITING)
        standing = server_standing(server, target, now.boot_ns, &message);
    if (standing != REASON_NONE) {
        server_give_up(server, target, standing, message, now);
    } else if (target->run.state == RUN_WAITING && !target->run.asked) {
        report_skipped(target->report, SKIP_GATE, now);
        server_drop(server, target);
    } else {
        report_skipped(target->report, SKIP_OVERRUN, now);
        return false;
    }
    return true;
}

/* Another minute of the run is over, and the next one is not due yet. */
static void wait_is_over(struct agent *agent, struct target *target, struct moment now)
{
    if (target->run.state == RUN_WAITING) {
        const char *message = NULL;
        enum reason standing = server_standing(target->server, target, now.boot_ns, &message);
        if (standing != REASON_NONE) {
            server_give_up(target->server, target, standing, message, now);
            queue(agent, target->server);
        }
    }
    bool goes = target->run.state == RUN_WAITING || target->run.state == RUN_ASKING;
    look_again(agent, target, goes ? ns_min(target->due_ns, now.boot_ns + WAIT_MAX_NS) : target->due_ns);
}

static void target_due(struct agent *agent, struct target *target, struct moment now)
{
    int64_t key_ns = target->due.key;
    if (key_ns < target->due_ns) {
        wait_is_over(agent, target, now);
        return;
    }
    if (schedule_missed(&target->schedule, key_ns, now.boot_ns)) {
        target->due_ns = schedule_resume(&target->schedule, now.boot_ns);
        look_again(agent, target, target->due_ns);
        return;
    }
    if (target->run.state == RUN_NONE && has_to_step_back(agent, target, now.boot_ns))
        return;
    target->due_ns = schedule_next(&target->schedule, now.boot_ns);
    if (target->run.state == RUN_NONE || make_room(target, now))
        begin_run(agent, target, key_ns, now);
    queue(agent, target->server);
    look_again(agent, target, ns_min(target->due_ns, now.boot_ns + WAIT_MAX_NS));
}

/* ---- what arrives ---- */

void agent_answered(void *context, uint64_t ticket, const struct answer *answer, struct moment now)
{
    struct agent *agent = context;
    uint32_t number = ticket_number(ticket);
    if (ticket & TICKET_LOGIN) {
        assert(number < agent->model->appserver_count && agent->servers[number].login_ticket == ticket);
        server_login_answered(&agent->servers[number], answer, now);
        queue(agent, &agent->servers[number]);
        return;
    }
    assert(number < agent->model->target_count);
    struct target *target = &agent->targets[number];
    assert(target->run.state == RUN_ASKING && target->run.ticket == ticket);
    server_answered(target->server, target, answer, now);
    queue(agent, target->server);
}

void agent_secrets(struct agent *agent, size_t appserver, struct secrets *secrets, struct moment now)
{
    assert(appserver < agent->model->appserver_count);
    server_secrets(&agent->servers[appserver], secrets, now);
    queue(agent, &agent->servers[appserver]);
}

/* ---- turns ---- */

static void fire_due(struct agent *agent, struct moment now)
{
    struct heap_node *node;
    while ((node = heap_first(&agent->due)) && node->key <= now.boot_ns)
        target_due(agent, HEAP_OWNER(node, struct target, due), now);
    while ((node = heap_first(&agent->timers)) && node->key <= now.boot_ns) {
        heap_remove(&agent->timers, node);
        queue(agent, HEAP_OWNER(node, struct server, timer));
    }
}

static void turn_servers(struct agent *agent, struct moment now)
{
    while (agent->queued) {
        struct server *server = agent->queued;
        agent->queued = server->next_queued;
        server->queued = false;
        int64_t at_ns = server_turn(server, now);
        if (at_ns != NEVER_NS)
            heap_move(&agent->timers, &server->timer, at_ns);
        else
            heap_remove(&agent->timers, &server->timer);
    }
}

int64_t agent_turn(struct agent *agent, struct moment now)
{
    server_free_ended(&agent->context);
    if (agent->stopping && now.boot_ns >= agent->grace_until_ns)
        drop_all(agent);
    if (agent->stopping && agent->context.runs == 0) {
        drop_logins(agent);
        return NEVER_NS;
    }
    fire_due(agent, now);
    turn_servers(agent, now);
    if (!agent->turned) {
        agent->turned = true;
        report_ready(agent->report, true);
    }
    int64_t at_ns = agent->grace_until_ns;
    if (heap_first(&agent->due))
        at_ns = ns_min(at_ns, heap_first(&agent->due)->key);
    if (heap_first(&agent->timers))
        at_ns = ns_min(at_ns, heap_first(&agent->timers)->key);
    return at_ns;
}

/* ---- the end ---- */

void agent_shutdown(struct agent *agent, struct moment now)
{
    if (agent->stopping) {
        agent->grace_until_ns = now.boot_ns;
        return;
    }
    agent->stopping = true;
    agent->grace_until_ns = now.boot_ns + agent->model->exporter.shutdown_grace_ns;
    report_ready(agent->report, false);
    for (size_t i = 0; i < agent->model->target_count; i++) {
        struct target *target = &agent->targets[i];
        heap_remove(&agent->due, &target->due);
        if (target->run.state == RUN_WAITING && !target->run.asked)
            server_drop(target->server, target);
    }
    for (size_t i = 0; i < agent->model->appserver_count; i++)
        queue(agent, &agent->servers[i]);
    log_event(LOG_INFO, "stopping", LOG_INT("running", agent->context.runs));
}

bool agent_finished(const struct agent *agent)
{
    if (!agent->stopping || agent->context.runs > 0)
        return false;
    for (size_t i = 0; i < agent->model->appserver_count; i++)
        if (agent->servers[i].login_ticket != 0)
            return false;
    return true;
}

void agent_log_targets(const struct agent *agent, struct moment now)
{
    for (size_t i = 0; i < agent->model->target_count; i++)
        notice_target(&agent->targets[i], now);
}
