/* The part of agent_parts.h that keeps targets within their windows. */
#include "agent/agent_parts.h"
#include "agent/server_parts.h"
#include "agent/watch.h"
#include "probe/call.h"

/* Nothing of before is to be told: a failure of the last evening is no failure of this morning. */
static void begin_rest(struct target *target)
{
    target->resting = true;
    target->slotted = false;
    target->failures = 0;
    target->last_reason = REASON_NONE;
    target->last_status = 0;
    target->complaint = (struct complaint){0};
}

static void rest(struct agent *agent, struct target *target, int64_t opening_ns)
{
    bool begins = !target->resting, dropped = target_state(target) == RUN_WAITING;
    if (dropped) {
        server_drop(target->running, target);
        agent_queue(agent, target->running);
    }
    if (begins)
        begin_rest(target);
    if (begins || target->due_ns != opening_ns)
        report_rest(target->report, opening_ns);
    target->due_ns = opening_ns;
    target_look_at(&agent->due, target, opening_ns);
}

static void wake(struct agent *agent, struct target *target, struct moment now)
{
    target->resting = false;
    target->due_ns = schedule_resume(&target->schedule, now.boot_ns);
    report_scheduled(target->report, target->due_ns);
    target_look_at(&agent->due, target, target->due_ns);
}

bool agent_watch(struct agent *agent, struct target *target, struct moment now)
{
    const struct windows *active = &target->settings->probe->active;
    struct watch watch = {.inside = true, .change_ns = NEVER_NS, .again_ns = NEVER_NS};
    bool rested = target->resting;
    if (active->count > 0)
        watch = watch_windows(active, call_zone(target->settings), now);
    target->watch_ns = watch.again_ns;
    if (!watch.inside)
        rest(agent, target, watch.change_ns);
    else if (rested)
        wake(agent, target, now);
    else
        target_look_at(&agent->due, target, target->look_ns);
    return rested != target->resting;
}

void agent_count_asking(struct agent *agent, struct target *target, struct moment now)
{
    struct server *server = target->server;
    server->verdict.targets += target->resting ? (size_t)-1 : 1;
    server_count_asking(server, now);
    agent_queue(agent, server);
}
