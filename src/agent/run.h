/* One run of one target, from due until its result: what it asks, what it has spent. Knows neither gate nor
   credential. */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "kinetic/exchange.h"
#include "probe/kind.h"
#include "report/report.h"

enum run_state {
    RUN_NONE,    /* no run goes: of a target, never of a run */
    RUN_WAITING, /* for a place, a token, the end of a pause */
    RUN_ASKING,  /* an exchange is in flight */
    RUN_ENDED    /* has its result; kept until the transport has done with its last answer */
};

/* What is told of a run that was made several times. */
struct attempt {
    bool timed;
    int64_t spent_ns;
    struct phases phases;
};

struct run {
    enum run_state state;
    bool asked;           /* at least one exchange was started */
    bool timed;           /* got an answer or timed out */
    bool posted;          /* one of its requests was a POST: it is made once */
    bool again;           /* it waits to be made again from its start */
    int64_t attempts;     /* that have failed and were followed by another */
    struct attempt first; /* the first of them, or the first that was timed */
    struct probe_run probe;
    struct request request; /* what is asked now or next */
    uint64_t ticket;        /* RUN_ASKING */
    uint64_t serial;        /* of the token it was sent with */
    uint64_t login;         /* which the guard watches (agent/guard.h) */
    int64_t due_ns;
    int64_t waiting_since_ns;
    int64_t sent_ns;         /* of the exchange in flight, or the last one */
    int64_t spent_ns;        /* of its exchanges together, in all attempts: what the time-out counts */
    int64_t spent_before_ns; /* that of earlier attempts */
    struct phases phases;
    struct model *model; /* a reference, for what probe.target points to; NULL: the caller sees to that */
};

/* A new one; it lives until run_end. */
struct run *run_begin(const struct target_settings *target, int64_t due_ns, struct moment now);

/* What is left of the run's time-out: waiting is not in it. */
int64_t run_time_left(const struct run *run);

/* An exchange is started now. */
void run_sent(struct run *run, uint64_t ticket, struct moment now);

/* It was answered. PROBE_ASK: run->request is the next one. PROBE_DONE: result is filled; run->request is
   still the one that was answered, so that it can be repeated after a login. */
enum probe_next run_answered(struct run *run, const struct answer *answer, bool bearer,
                             struct probe_result *result);

/* Another attempt, from the start and in what is left of the time: its state is a new one. */
void run_again(struct run *run);

/* Frees it and what it holds. */
void run_end(struct run *run);

/* What is told of it. */
struct run_record run_record_of(const struct run *run, const struct probe_result *result, int64_t due_next_ns,
                                struct moment now);

#endif
