#include "main.h"

#include "integration/punctuality.h"

#include <stdlib.h>
#include <time.h>

#include "agent/schedule.h"
#include "base/memory.h"

#define KEPT 4096 /* by the simulator */

int64_t punctuality_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* By the target that is due last: its first run has not begun. */
int64_t punctuality_start_ns(const struct rig *rig)
{
    struct board_view *view = board_view_take(report_board(rig->report), clock_now());
    int64_t last_ns = 0, start_ns = 0;
    assert_int_equal(view->target_count, rig->model->target_count);
    for (size_t i = 0; i < view->target_count; i++) {
        struct schedule schedule = schedule_of(&rig->model->targets[i], 0);
        int64_t first_ns = schedule_next(&schedule, 0);
        if (first_ns > last_ns) {
            last_ns = first_ns;
            start_ns = view->targets[i]->next_run_boot_ns - first_ns;
        }
    }
    board_view_free(view);
    return start_ns;
}

static struct call call_of(const struct rig *rig, int64_t start_ns, const struct simulator_request *request)
{
    int64_t ahead_ns = clock_now().boot_ns - punctuality_now_ns();
    int64_t arrived_ns = request->arrived_ns + ahead_ns;
    char *argument = simulator_request_argument(request, "Target", 0);
    size_t target = strtoul(argument, NULL, 10);
    free(argument);
    assert_true(target < rig->model->target_count);
    struct schedule schedule = schedule_of(&rig->model->targets[target], start_ns);
    int64_t due_ns = schedule_next(&schedule, arrived_ns - 2 * schedule.interval_ns);
    for (int64_t next_ns = due_ns; next_ns <= arrived_ns; next_ns = schedule_next(&schedule, next_ns))
        due_ns = next_ns;
    /* On a busy machine the start was seen an interval too late. */
    while (due_ns > arrived_ns)
        due_ns -= schedule.interval_ns;
    return (struct call){target, due_ns - ahead_ns, arrived_ns - due_ns};
}

struct calls punctuality_calls(const struct rig *rig, int64_t start_ns, struct simulator *server,
                               const char *path)
{
    struct calls calls = {.items = memory_new(KEPT, sizeof(struct call))};
    struct simulator_request *request;
    while (calls.count < KEPT && (request = simulator_request(server, path, calls.count))) {
        calls.items[calls.count++] = call_of(rig, start_ns, request);
        simulator_request_free(request);
    }
    return calls;
}

static int ascending(const void *a, const void *b)
{
    const struct call *x = a, *y = b;
    return (x->waited_ns > y->waited_ns) - (x->waited_ns < y->waited_ns);
}

struct waits punctuality_waits(struct calls *calls)
{
    struct waits waits = {.count = calls->count};
    if (calls->count == 0)
        return waits;
    qsort(calls->items, calls->count, sizeof *calls->items, ascending);
    for (size_t i = 0; i < calls->count; i++)
        waits.held += clock_seconds(calls->items[i].waited_ns) >= PUNCTUALITY_NOTICED;
    waits.half = clock_seconds(calls->items[calls->count / 2].waited_ns);
    waits.most_of_all = clock_seconds(calls->items[calls->count * 99 / 100].waited_ns);
    waits.most = clock_seconds(calls->items[calls->count - 1].waited_ns);
    return waits;
}
