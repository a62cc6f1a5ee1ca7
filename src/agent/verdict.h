/* The server-wide verdict of one app server: stands while every request since the last good answer has
   failed, at least two of them, from two targets where there are two. An answer that proves the server up
   (probe_result.proves_up) is a good one here.

   Token requests count. One that fails while no token lives speaks for every target, since none can be asked
   without it; a probe of the kind token is a target like others. A granted token takes back only what failed
   token requests have said: it proves nothing about the calls that it is refused for.

   Which reason when they differ: the verdict begins with the reason of the latest failure, and changes once
   two failures in a row agree on another. */
#ifndef AGENT_VERDICT_H
#define AGENT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kinetic/reason.h"

struct server_verdict {
    size_t targets;       /* of the app server */
    bool known;           /* a request has ended */
    enum reason standing; /* REASON_NONE: up */
    enum reason last;     /* of the latest failure since the last good answer */
    uint64_t call_failures;
    uint64_t token_failures;
    const void *first_target; /* that failed since the last good answer */
    bool two_targets;
    bool token_probe_failed; /* the same of a probe of the kind token */
    bool token_missed;       /* a token request failed while no token lived */
};

/* An API call of the target ended; proves_up: its answer proves that the app server works. */
void server_verdict_call(struct server_verdict *verdict, const void *target, enum reason reason,
                         bool proves_up);
/* The same of a Login that opens the session of many targets' calls. alone: no other session is open, so it speaks for
   every target. */
void server_verdict_session(struct server_verdict *verdict, const void *session, bool alone,
                            enum reason reason, bool proves_up);
/* A token request ended. probe: of a probe of the kind token; lives: another token lives; proves_up: although it failed, its
   answer proves that the app server works. */
void server_verdict_token(struct server_verdict *verdict, bool probe, bool lives, enum reason reason,
                          bool proves_up);

#endif
