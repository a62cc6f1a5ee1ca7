#include "agent/schedule.h"

#include <string.h>

#include "agent/random.h"
#include "base/clock.h"
#include "base/text.h"

#define SPREAD_MAX_NS     MINUTE_NS
#define JITTER_SHARE      20
#define JITTER_MAX_NS     SECOND_NS
#define MISSED_MAX_NS     (5 * SECOND_NS)
#define SEPARATION_MAX_NS (10 * MILLISECOND_NS)

static uint64_t identity_hash(const struct target_settings *target)
{
    const char *const parts[] = {target->appserver->name, target->company, target->probe->name};
    uint64_t hash = TEXT_HASH_START;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        hash = text_hash(hash, parts[i], strlen(parts[i]) + 1);
    return random_mix(hash);
}

static int64_t phase(const struct schedule *schedule)
{
    return (int64_t)(schedule->hash % (uint64_t)ns_min(schedule->interval_ns, SPREAD_MAX_NS));
}

struct schedule schedule_of(const struct target_settings *target, int64_t start_boot_ns)
{
    struct schedule schedule = {
        .interval_ns = target->probe->interval_ns,
        .on_failure_ns = target->probe->interval_on_failure_ns,
        .hash = identity_hash(target),
    };
    schedule.origin_ns = start_boot_ns + phase(&schedule);
    return schedule;
}

static int64_t point_with_jitter(const struct schedule *schedule, int64_t index)
{
    int64_t range = ns_min(schedule->interval_ns / JITTER_SHARE, JITTER_MAX_NS) + 1;
    uint64_t random = random_mix(schedule->hash ^ (uint64_t)index);
    return schedule->origin_ns + index * schedule->interval_ns + (int64_t)(random % (uint64_t)range);
}

int64_t schedule_next(const struct schedule *schedule, int64_t after_boot_ns)
{
    int64_t index = after_boot_ns < schedule->origin_ns
                        ? 0
                        : (after_boot_ns - schedule->origin_ns) / schedule->interval_ns;
    int64_t due = point_with_jitter(schedule, index);
    return due > after_boot_ns ? due : point_with_jitter(schedule, index + 1);
}

int64_t schedule_after_failure(const struct schedule *schedule, int64_t due_ns, int64_t now_ns)
{
    int64_t step_ns = schedule->on_failure_ns;
    return due_ns + (now_ns > due_ns ? (now_ns - due_ns) / step_ns + 1 : 1) * step_ns;
}

int64_t schedule_shortest(const struct schedule *schedule)
{
    int64_t on_failure_ns = schedule->on_failure_ns > 0 ? schedule->on_failure_ns : NEVER_NS;
    return ns_min(schedule->interval_ns, on_failure_ns);
}

bool schedule_missed(const struct schedule *schedule, int64_t due_ns, int64_t now_ns)
{
    return now_ns - due_ns > ns_min(schedule->interval_ns / 2, MISSED_MAX_NS);
}

int64_t schedule_resume(const struct schedule *schedule, int64_t now_ns)
{
    int64_t next_ns = schedule_next(schedule, now_ns);
    return next_ns - now_ns <= SPREAD_MAX_NS ? next_ns : now_ns + phase(schedule);
}

int64_t schedule_separation(double runs_per_second)
{
    double quarter = 1e9 / runs_per_second / 4;
    return quarter < (double)SEPARATION_MAX_NS ? (int64_t)quarter : SEPARATION_MAX_NS;
}
