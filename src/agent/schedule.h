/* When a target is due: a fixed grid of its own on CLOCK_BOOTTIME, so that nothing drifts, with a little
   jitter on each point, so that equal intervals do not stay in step. Pure arithmetic. */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/model.h"

struct schedule {
    int64_t origin_ns; /* the first point */
    int64_t interval_ns;
    int64_t on_failure_ns; /* after a failed run, in place of the grid; 0: the grid */
    uint64_t hash;         /* of the target's identity: its phase and its jitter */
};

/* First runs are spread over min(interval, 60 s) from start on, by a hash of the target's identity (app
   server, company, probe): the same after each restart. */
struct schedule schedule_of(const struct target_settings *target, int64_t start_boot_ns);

/* The first due time after this moment, jitter included: at most a twentieth of the interval or 1 s after its
   point of the grid. */
int64_t schedule_next(const struct schedule *schedule, int64_t after_boot_ns);

/* Where on_failure_ns is set: when a run comes after a failed one that was due at due_ns. */
int64_t schedule_after_failure(const struct schedule *schedule, int64_t due_ns, int64_t now_ns);

/* The shorter of its distances. */
int64_t schedule_shortest(const struct schedule *schedule);

/* A due time found to have passed: true when it lies so far back that the machine was suspended or the agent
   stood still (half an interval, at most 5 s). Such a run is not made up at once. */
bool schedule_missed(const struct schedule *schedule, int64_t due_ns, int64_t now_ns);

/* When to run after a gap: at the next point of the grid where that comes within a minute, else once within
   the minute from now on, spread as first runs are. */
int64_t schedule_resume(const struct schedule *schedule, int64_t now_ns);

/* Least time between the firing of two targets of one app server, runs_per_second being the sum over them: a
   quarter of their mean distance, at most 10 ms. */
int64_t schedule_separation(double runs_per_second);

#endif
