#include "report/board_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const struct board_state_row rows[BOARD_STATES] = {
    [STATE_GOOD] = {"good", "good", "The last run went well."},
    [STATE_FAILING] = {"failing", "failing", "The last run failed, by its reason."},
    [STATE_SLOW] = {"slow", "slow", "The last run went well, and took longer than latency_limit."},
    [STATE_RESTING] = {"resting", "outside its windows", "It is outside its windows, so it does not run."},
    [STATE_WAITING] = {"waiting", "not run lately",
                       "It has not run for three intervals, so nothing is known of it at the moment."},
    [STATE_NEVER_RAN] = {"never_ran", "first run to come", "No run has ended yet."},
};

const struct board_state_row *board_state_row(enum board_state state)
{
    assert(state < BOARD_STATES);
    return &rows[state];
}

enum board_state board_target_state(const struct board_target *target, struct moment now)
{
    if (target->resting)
        return STATE_RESTING;
    if (!target->ran)
        return STATE_NEVER_RAN;
    if (target->results_until_boot_ns != 0 && now.boot_ns >= target->results_until_boot_ns)
        return STATE_WAITING;
    if (target->reason != REASON_NONE)
        return STATE_FAILING;
    return target->consecutive_slow_runs > 0 ? STATE_SLOW : STATE_GOOD;
}

int64_t board_next_run_wall_ns(const struct board_target *target, struct moment now)
{
    if (target->next_run_boot_ns == 0 || target->next_run_boot_ns == NEVER_NS)
        return 0;
    return now.wall_ns + (target->next_run_boot_ns - now.boot_ns);
}

enum reason board_appserver_reason(const struct board_appserver *appserver, struct moment now)
{
    if (appserver->verdict != REASON_NONE)
        return appserver->verdict;
    if (appserver->login_blocked_until_wall_ns > now.wall_ns)
        return appserver->login_blocked_reason;
    return appserver->has_token ? appserver->token_reason : REASON_NONE;
}

enum board_state board_appserver_state(const struct board_appserver *appserver,
                                       const size_t targets[BOARD_STATES], struct moment now)
{
    size_t others = 0;

    for (int state = 0; targets != NULL && state < BOARD_STATES; state++)
        others += state == STATE_RESTING ? 0 : targets[state];
    if (targets != NULL && others == 0 && targets[STATE_RESTING] > 0)
        return STATE_RESTING;
    if (board_appserver_reason(appserver, now) != REASON_NONE ||
        appserver->login_blocked_until_wall_ns > now.wall_ns)
        return STATE_FAILING;
    if (!appserver->known)
        return STATE_NEVER_RAN;
    return appserver->has_throttled && appserver->throttled ? STATE_SLOW : STATE_GOOD;
}

size_t board_appserver_index(const struct board_view *view, const char *name, size_t guess)
{
    if (guess < view->appserver_count && strcmp(view->appservers[guess]->name, name) == 0)
        return guess;
    for (size_t i = 0; i < view->appserver_count; i++)
        if (strcmp(view->appservers[i]->name, name) == 0)
            return i;
    return view->appserver_count;
}

struct board_counts board_count(const struct board_view *view)
{
    struct board_counts counts = {
        .states = memory_new(view->target_count, sizeof *counts.states),
        .by_appserver = memory_new(view->appserver_count + 1, sizeof *counts.by_appserver)};
    size_t index = 0;

    for (size_t i = 0; i < view->target_count; i++) {
        enum board_state state = board_target_state(view->targets[i], view->now);
        index = board_appserver_index(view, view->targets[i]->appserver, index);
        counts.states[i] = state;
        counts.all[state]++;
        counts.by_appserver[index][state]++;
    }
    return counts;
}

void board_counts_free(struct board_counts *counts)
{
    free(counts->states);
    free(counts->by_appserver);
    *counts = (struct board_counts){0};
}
