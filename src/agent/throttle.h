/* Does an app server delay our calls because it has run out of web-service seats? No answer says so: each call takes
   a fixed 20 s longer, or longer and longer by doubling (facts §4.4, §9.36), so latencies are all there is to go by.
   One detector an app server, one baseline a target; pure, never a clock of its own.

   A call is slow when it took 15 s or more above the median of its own target's latest normal calls, else normal.
   The state is "throttled" after three slow calls in a row of at least two probes, as long as the last is less than
   five minutes ago, until two normal calls have come in a row.

   In a row: by the time of sending, and calls that overlap are one. What is sent before the end of the first slow
   call of a stroke belongs to that stroke, so a cold start or a pause of the garbage collector that several calls
   meet is one of the three. A slow call says nothing when a normal one was sent with or after it, nor a normal one that
   was sent before the last slow one.

   A time-out can be one of the three when it came after the 15 s, but two others must have been answered, and only
   those put the state up or keep it up: a server that does not answer at all is no throttling one. Failed calls say
   nothing, in either direction: their time is another's (a query's time-out takes 30 s, a refusal 5 ms).

   Slow calls never enter the median. A target whose query has become slow for good gets a new baseline when it was
   slow five times in a row while others had five normal calls, and after a day of nothing but slow calls in any
   case. */
#ifndef AGENT_THROTTLE_H
#define AGENT_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#define THROTTLE_SAMPLES 11 /* normal calls of a target that its median is of */
#define THROTTLE_LEAST   5  /* of them make a baseline */

/* Of one target; zeroed at birth. */
struct throttle_baseline {
    uint32_t samples_ms[THROTTLE_SAMPLES];
    uint8_t count, next;
    uint8_t slow;            /* calls in a row, THROTTLE_LEAST at most */
    uint32_t normals_before; /* the detector's count of normal calls when the first of them came */
    int64_t slow_since_ns;
};

/* Of one app server; zeroed at birth. */
struct throttle {
    bool known; /* a target has a baseline */
    uint32_t normal_calls;
    unsigned row, answered; /* strokes in a row, those of them with an answer */
    bool stroke_answered;
    const void *probe; /* the first of the row */
    bool two_probes;
    unsigned normals; /* in a row, while the state is up */
    int64_t stroke_sent_ns, stroke_ended_ns;
    int64_t normal_sent_ns; /* the latest */
    int64_t slow_ended_ns;  /* the latest that was answered */
};

enum throttle_call { THROTTLE_ANSWERED, THROTTLE_TIMED_OUT };

/* A call of a target of this probe has ended now. latency_ns: from when the request was sent until the first byte of
   its good answer; what was waited for until the time-out. */
void throttle_call(struct throttle *throttle, struct throttle_baseline *baseline, const void *probe,
                   enum throttle_call call, int64_t sent_ns, int64_t latency_ns, int64_t now_ns);

bool throttle_stands(const struct throttle *throttle, int64_t now_ns);
/* When the state ends if nothing comes; NEVER_NS if it is not up. */
int64_t throttle_deadline(const struct throttle *throttle, int64_t now_ns);

#endif
