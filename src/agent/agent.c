#include "agent/agent.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/agent_parts.h"
#include "agent/notice.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/match.h"

/* A run that cannot be sent for a reason that stands is ended after this long at the latest, so that a target
   with a long interval tells its failure within a minute. */
#define WAIT_MAX_NS MINUTE_NS
/* For logging out of sessions, where shutdown_grace leaves less. */
#define FAREWELL_NS (5 * SECOND_NS)

void agent_queue(struct agent *agent, struct server *server)
{
    if (server->queued)
        return;
    server->queued = true;
    server->next_queued = agent->queued;
    agent->queued = server;
}

void agent_queue_all(struct agent *agent)
{
    for (uint32_t i = 0; i < agent->servers.count; i++)
        if (agent->servers.items[i])
            agent_queue(agent, agent->servers.items[i]);
}

/* ---- birth and death ---- */

struct agent *agent_new(struct model *model, struct report *report, struct transport *transport,
                        struct secrets_port *secrets, uint64_t random, struct moment now)
{
    struct agent *agent = memory_new(1, sizeof *agent);
    *agent = (struct agent){
        .report = report,
        .context = {.transport = &agent->held.transport, .secrets = secrets},
        .random = random,
        .grace_until_ns = NEVER_NS,
        .parting_until_ns = NEVER_NS,
    };
    held_init(&agent->held, transport);
    agent->context.due = &agent->due;
    struct model_match match = model_match(NULL, model);
    agent_adopt(agent, model, &match, now);
    model_match_free(&match);
    agent_queue_all(agent);
    return agent;
}

static void drop(struct target *target)
{
    if (target_state(target) == RUN_WAITING || target_state(target) == RUN_ASKING)
        server_drop(target->running, target);
}

static void drop_all(struct agent *agent)
{
    for (uint32_t i = 0; i < agent->targets.count && agent->context.runs > 0; i++)
        if (agent->targets.items[i])
            drop(agent->targets.items[i]);
}

static void drop_logins(struct agent *agent)
{
    for (uint32_t i = 0; i < agent->servers.count; i++) {
        struct server *server = agent->servers.items[i];
        if (!server)
            continue;
        server_drop_login(server);
        server_drop_sessions(server);
    }
}

void agent_free(struct agent *agent)
{
    if (!agent)
        return;
    server_free_ended(&agent->context);
    drop_all(agent);
    drop_logins(agent);
    agent_free_leaving(agent, true);
    for (size_t i = 0; i < agent->model->target_count; i++) {
        drift_free(&agent->model_targets[i]->drift);
        free(agent->model_targets[i]);
    }
    for (size_t i = 0; i < agent->model->appserver_count; i++) {
        server_free(agent->model_servers[i]);
        free(agent->model_servers[i]);
    }
    heap_free(&agent->due);
    heap_free(&agent->timers);
    free(agent->model_servers);
    free(agent->model_targets);
    slots_free(&agent->servers);
    slots_free(&agent->targets);
    held_free(&agent->held);
    model_unref(agent->model);
    free(agent);
}

/* ---- due targets ---- */

static void look_again_at(struct agent *agent, struct target *target, int64_t at_ns)
{
    target->slotted = false;
    target_look_at(&agent->due, target, at_ns);
}

void agent_look_again(struct agent *agent, struct target *target, struct moment now)
{
    bool goes = target_state(target) == RUN_WAITING || target_state(target) == RUN_ASKING;
    look_again_at(agent, target, goes ? ns_min(target->due_ns, now.boot_ns + WAIT_MAX_NS) : target->due_ns);
}

void agent_start_run(struct agent *agent, struct target *target, int64_t due_ns, struct moment now)
{
    agent->context.runs++;
    target->running = target->server;
    target->running->runs++;
    target->run = run_begin(target->settings, due_ns, now);
    target->run->model = model_ref(agent->model);
    server_enqueue(target->running, target);
    agent_queue(agent, target->running);
}

void agent_restart_run(struct agent *agent, struct target *target, struct moment now)
{
    int64_t due_ns = target->run->due_ns;
    server_drop(target->running, target);
    target->relogged = false;
    agent_start_run(agent, target, due_ns, now);
}

static void tell_lateness(struct agent *agent, int64_t due_ns, struct moment now)
{
    int64_t lateness_ns = now.boot_ns - due_ns;
    report_lateness(agent->report, lateness_ns > 0 ? lateness_ns : 0);
}

/* Keeps the least separation between targets of one app server that are due together: true when this one has
   to come a little later. */
static bool has_to_step_back(struct agent *agent, struct target *target, int64_t now_ns)
{
    struct server *server = target->server;
    bool later = !target->slotted && server->next_slot_ns > now_ns;
    if (later) {
        target_look_at(&agent->due, target, server->next_slot_ns);
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
    struct server *server = target->running;
    const char *message = NULL;
    enum reason standing = REASON_NONE;
    if (target_state(target) == RUN_WAITING)
        standing = server_standing(server, target, now.boot_ns, &message);
    if (standing != REASON_NONE) {
        server_give_up(server, target, standing, message, now);
    } else if (target_state(target) == RUN_WAITING && !target->run->asked) {
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
    if (target_state(target) == RUN_WAITING) {
        const char *message = NULL;
        enum reason standing = server_standing(target->running, target, now.boot_ns, &message);
        if (standing != REASON_NONE) {
            server_give_up(target->running, target, standing, message, now);
            agent_queue(agent, target->running);
        }
    }
    agent_look_again(agent, target, now);
}

/* When the next run is due, if the one that begins now goes well. After a failed one it may begin right before a point of the
   grid, which is then left out. */
static int64_t next_due(const struct target *target, struct moment now)
{
    const struct schedule *schedule = &target->schedule;
    bool off_grid = schedule->on_failure_ns > 0 && target->failures > 0;
    return schedule_next(schedule, now.boot_ns + (off_grid ? schedule->interval_ns / 2 : 0));
}

static void target_due(struct agent *agent, struct target *target, struct moment now)
{
    if (target->watch_ns <= now.boot_ns && agent_watch(agent, target, now))
        agent_count_asking(agent, target, now);
    int64_t key_ns = target->look_ns;
    if (target->resting || key_ns > now.boot_ns)
        return;
    if (key_ns < target->due_ns) {
        wait_is_over(agent, target, now);
        return;
    }
    if (schedule_missed(&target->schedule, key_ns, now.boot_ns)) {
        /* Else an agent that stands still again and again, late by more than this allows, would seem never to be late. */
        tell_lateness(agent, key_ns, now);
        target->due_ns = schedule_resume(&target->schedule, now.boot_ns);
        look_again_at(agent, target, target->due_ns);
        return;
    }
    if (target_state(target) == RUN_NONE && has_to_step_back(agent, target, now.boot_ns))
        return;
    target->due_ns = next_due(target, now);
    if (target_state(target) == RUN_NONE || make_room(target, now)) {
        target->due_ns = next_due(target, now);
        tell_lateness(agent, key_ns, now);
        agent_start_run(agent, target, key_ns, now);
    }
    agent_queue(agent, target->server);
    look_again_at(agent, target, ns_min(target->due_ns, now.boot_ns + WAIT_MAX_NS));
}

/* ---- what arrives ---- */

/* A run of a target that a reload has removed, or of a login that it has replaced, was answered: it asks nothing more. That
   waits for the next turn, since the transport still reads the answer by the run's plan. */
static void strand(struct agent *agent, struct target *target)
{
    if (target_state(target) == RUN_WAITING) {
        target->next_ended = agent->stranded;
        agent->stranded = target;
    }
    /* The place that it has given back may be of use to any server that came after its own. */
    agent_queue_all(agent);
}

void agent_settle_stranded(struct agent *agent, struct moment now)
{
    while (agent->stranded) {
        struct target *target = agent->stranded;
        agent->stranded = target->next_ended;
        if (target->leaving || agent->stopping)
            server_drop(target->running, target);
        else
            agent_restart_run(agent, target, now);
    }
}

void agent_answered(void *context, uint64_t ticket, const struct answer *answer, struct moment now)
{
    struct agent *agent = context;
    uint32_t number = ticket_number(ticket);
    if (ticket & TICKET_LOGIN) {
        struct server *server = slots_at(&agent->servers, number);
        assert(server && server->login_ticket == ticket);
        server_login_answered(server, answer, now);
        agent_queue(agent, server);
    } else if (ticket & TICKET_SESSION) {
        struct server *server = slots_at(&agent->servers, number);
        assert(server);
        server_session_answered(server, ticket, answer, now);
        if (server->leaving) /* the one in its place may wait for that */
            agent_queue_all(agent);
        agent_queue(agent, server);
    } else {
        struct target *target = slots_at(&agent->targets, number);
        assert(target && target_state(target) == RUN_ASKING && target->run->ticket == ticket);
        server_answered(target->running, target, answer, now);
        agent_queue(agent, target->running);
        if (target->leaving || target->running->leaving)
            strand(agent, target);
    }
    held_answered(&agent->held, ticket);
}

void agent_secrets(struct agent *agent, size_t appserver, struct secrets *secrets, struct moment now)
{
    struct server *server = slots_at(&agent->servers, (uint32_t)appserver);
    assert(server);
    server_secrets(server, secrets, now);
    agent_queue(agent, server);
}

void agent_ticket(struct agent *agent, size_t appserver, struct ticket_result *result, struct moment now)
{
    struct server *server = slots_at(&agent->servers, (uint32_t)appserver);
    assert(server);
    server_ticket(server, result, now);
    agent_queue(agent, server);
}

/* ---- turns ---- */

static void fire_due(struct agent *agent, struct moment now)
{
    struct heap_node *node;
    while ((node = heap_first(&agent->due)) && node->key <= now.boot_ns)
        target_due(agent, HEAP_OWNER(node, struct target, due), now);
    while ((node = heap_first(&agent->timers)) && node->key <= now.boot_ns) {
        heap_remove(&agent->timers, node);
        agent_queue(agent, HEAP_OWNER(node, struct server, timer));
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

/* The last running probe has ended: sessions are left. */
static void part(struct agent *agent, struct moment now)
{
    agent->parting = true;
    agent->parting_until_ns = ns_max(agent->grace_until_ns, now.boot_ns + FAREWELL_NS);
    for (uint32_t i = 0; i < agent->servers.count; i++)
        if (agent->servers.items[i])
            server_sessions_leave(agent->servers.items[i]);
    agent_queue_all(agent);
}

static bool have_parted(const struct agent *agent, struct moment now)
{
    if (!agent->parting || now.boot_ns >= agent->parting_until_ns)
        return agent->parting;
    for (uint32_t i = 0; i < agent->servers.count; i++)
        if (agent->servers.items[i] && !server_sessions_have_left(agent->servers.items[i]))
            return false;
    return true;
}

int64_t agent_turn(struct agent *agent, struct moment now)
{
    server_free_ended(&agent->context);
    agent_settle_stranded(agent, now);
    agent_free_leaving(agent, false);
    if (agent->stopping && now.boot_ns >= agent->grace_until_ns)
        drop_all(agent);
    if (agent->stopping && agent->context.runs == 0 && !agent->parting)
        part(agent, now);
    if (have_parted(agent, now)) {
        drop_logins(agent);
        agent->finished = true;
        return NEVER_NS;
    }
    fire_due(agent, now);
    turn_servers(agent, now);
    if (!agent->turned) {
        agent->turned = true;
        report_ready(agent->report, true);
    }
    int64_t at_ns = agent->parting ? agent->parting_until_ns : agent->grace_until_ns;
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
        *(agent->parting ? &agent->parting_until_ns : &agent->grace_until_ns) = now.boot_ns;
        return;
    }
    agent->stopping = agent->context.stopping = true;
    agent->grace_until_ns = now.boot_ns + agent->model->exporter.shutdown_grace_ns;
    report_ready(agent->report, false);
    for (size_t i = 0; i < agent->model->target_count; i++) {
        struct target *target = agent->model_targets[i];
        heap_remove(&agent->due, &target->due);
        if (target_state(target) == RUN_WAITING && !target->run->asked)
            server_drop(target->running, target);
    }
    agent_queue_all(agent);
    log_event(LOG_INFO, "stopping", LOG_INT("running", agent->context.runs));
}

bool agent_finished(const struct agent *agent)
{
    return agent->finished;
}

void agent_log_targets(const struct agent *agent, struct moment now)
{
    for (size_t i = 0; i < agent->model->target_count; i++)
        notice_target(agent->model_targets[i], now);
}
