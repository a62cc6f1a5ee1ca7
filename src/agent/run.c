#include "agent/run.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

static const struct phases no_phases = {-1, -1, -1, -1, -1};

struct run *run_begin(const struct target_settings *target, int64_t due_ns, struct moment now)
{
    struct run *run = memory_new(1, sizeof *run);

    *run = (struct run){
        .state = RUN_WAITING,
        .probe = {.target = target, .now = now},
        .due_ns = due_ns,
        .waiting_since_ns = now.boot_ns,
        .phases = no_phases,
    };
    probe_begin(&run->probe, &run->request);
    return run;
}

int64_t run_time_left(const struct run *run)
{
    return run->probe.target->probe->timeout_ns - run->spent_ns;
}

void run_sent(struct run *run, uint64_t ticket, struct moment now)
{
    run->state = RUN_ASKING;
    run->asked = true;
    run->posted = run->posted || run->request.method == HTTP_POST;
    run->ticket = ticket;
    run->sent_ns = now.boot_ns;
}

static void take_phases(struct phases *all, const struct phases *last, bool new_connection)
{
    all->processing_ns = last->processing_ns;
    all->transfer_ns = last->transfer_ns;
    if (!new_connection)
        return;
    all->resolve_ns = last->resolve_ns;
    all->connect_ns = last->connect_ns;
    all->tls_ns = last->tls_ns;
}

enum probe_next run_answered(struct run *run, const struct answer *answer, bool bearer,
                             struct probe_result *result)
{
    assert(run->state == RUN_ASKING);
    run->state = RUN_WAITING;
    run->spent_ns += answer->duration_ns;
    run->timed = run->timed || answer->status > 0 || answer->failure == REASON_TIMEOUT;
    take_phases(&run->phases, &answer->phases, answer->new_connection);

    struct request next = {0};
    *result = (struct probe_result){0};
    if (probe_step(&run->probe, &run->request, answer, bearer, &next, result) == PROBE_DONE)
        return PROBE_DONE;
    request_free(&run->request);
    run->request = next;
    return PROBE_ASK;
}

/* The attempt whose time is told, if no other comes: the first, but one that got no answer has none to tell. */
static struct attempt attempt_told(const struct run *run)
{
    struct attempt last = {run->timed, run->spent_ns - run->spent_before_ns, run->phases};
    if (run->attempts == 0 || (!run->first.timed && last.timed))
        return last;
    struct attempt first = run->first;
    take_phases(&first.phases,
                &(struct phases){.resolve_ns = last.phases.resolve_ns,
                                 .connect_ns = last.phases.connect_ns,
                                 .tls_ns = last.phases.tls_ns,
                                 .processing_ns = first.phases.processing_ns,
                                 .transfer_ns = first.phases.transfer_ns},
                last.phases.connect_ns >= 0);
    return first;
}

void run_again(struct run *run)
{
    run->first = attempt_told(run);
    run->attempts++;
    run->spent_before_ns = run->spent_ns;
    run->phases = no_phases;
    run->again = false;
    probe_end(&run->probe);
    request_free(&run->request);
    probe_begin(&run->probe, &run->request);
}

void run_end(struct run *run)
{
    probe_end(&run->probe);
    request_free(&run->request);
    model_unref(run->model);
    free(run);
}

struct run_record run_record_of(const struct run *run, const struct probe_result *result, int64_t due_next_ns,
                                struct moment now)
{
    struct attempt told = attempt_told(run);
    return (struct run_record){
        .ended = now,
        .due_next_boot_ns = due_next_ns,
        .asked = run->asked,
        .timed = told.timed,
        .attempts = run->attempts,
        .duration_ns = told.spent_ns,
        .phases = told.phases,
        .result = result,
        .settings = run->probe.target,
    };
}
