/* One app server as the agent sees it: its gate, credential, verdict and pauses, and the runs of its targets
   on their way through them. The agent (agent.c) owns time and tickets; this owns what happens between a
   due target and its result. */
#ifndef AGENT_SERVER_H
#define AGENT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/backoff.h"
#include "agent/credential.h"
#include "agent/gate.h"
#include "agent/heap.h"
#include "agent/run.h"
#include "agent/schedule.h"
#include "agent/secrets.h"
#include "agent/session.h"
#include "agent/throttle.h"
#include "agent/transport.h"
#include "agent/verdict.h"
#include "base/complaint.h"
#include "report/report.h"

struct server;

struct target {
    struct heap_node due;     /* in the agent's heap: when to look at it next */
    struct heap_node waiting; /* in queue, by due time */
    struct heap *queue;       /* of its server: gate.waiting, logins, or a session's */
    const struct target_settings *settings;
    struct report_target *report;
    struct server *server;  /* of the next run */
    struct server *running; /* of the run that goes */
    struct schedule schedule;
    int64_t due_ns;   /* of the next run; of a target that rests: when the next window opens */
    int64_t look_ns;  /* when its schedule and its run want a look */
    int64_t watch_ns; /* when its windows want one; NEVER_NS: it has none */
    bool resting;     /* outside its windows */
    uint32_t number;  /* the same as long as it lives */
    bool leaving;     /* a reload has removed it; it lives until its run has ended */
    bool slotted;     /* its due time was moved to keep the least separation */
    bool succeeded;   /* has ever */
    struct run *run;  /* that goes; NULL: none does */
    bool
        relogged; /* a 401 of its calls has led to a login, also if the run did not live to see it; no answer since */
    struct backoff futile;          /* logins on its behalf that did not help */
    struct server_session *session; /* that its call in flight carries; NULL: none */
    uint64_t session_serial;        /* of the session that its last call was sent with */
    bool resessioned; /* a 410 of its call has ended a session, and no other answer came since */
    struct throttle_baseline baseline;
    struct drift drift; /* what its answers had */
    struct complaint complaint;
    enum reason last_reason;
    int last_status;
    uint64_t failures; /* in a row */
    struct target *next_ended, *next_leaving;
};

static inline enum run_state target_state(const struct target *target)
{
    return target->run == NULL ? RUN_NONE : target->run->state;
}

/* The agent looks at the target then, or before for its windows' sake. */
static inline void target_look_at(struct heap *due, struct target *target, int64_t at_ns)
{
    target->look_ns = at_ns;
    heap_move(due, &target->due, ns_min(at_ns, target->watch_ns));
}

/* What all app servers share. */
struct server_context {
    const struct exporter_settings *settings;
    struct transport *transport;
    struct secrets_port *secrets;
    uint64_t tickets;     /* given so far */
    size_t runs;          /* that go, of all targets */
    struct target *ended; /* runs that have a result and are not freed yet */
    struct target *again; /* runs that are made again from their start, by next_ended */
    struct heap *due;     /* targets */
    bool stopping;        /* no new runs */
};

/* The shared session of one company, and the runs that wait for it. */
struct server_session {
    struct session session;
    struct heap waiting;    /* runs */
    size_t calls;           /* in flight that carry it */
    struct request request; /* Login or Logout, when in flight, and its ticket */
    uint64_t ticket;        /* 0: none */
    uint64_t serial;        /* of the token it was sent with */
    uint64_t login;         /* which the guard watches */
    int64_t sent_ns;
    bool relogged; /* a 401 of its request has led to a token request, and no other answer came since */
    struct backoff futile; /* token requests on its behalf that did not help */
    int64_t counted_ns;    /* until when the time that it held a seat is told */
    struct complaint complaint;
};

struct server {
    struct server_context *context;
    const struct appserver_settings *settings;
    struct report_appserver *report;
    struct model *model; /* leaving: a reference, for settings */
    size_t runs;         /* that go, of its targets */
    uint32_t number;     /* the same as long as it lives */
    /* A reload has removed it, or put another in its place: it lives until what it has in flight has ended, asks
       nothing more but the end of its sessions, and what it sees is not told. */
    bool leaving;
    int64_t leave_until_ns; /* its sessions are given up then; 0: not yet set */

    struct gate gate;
    struct heap logins; /* runs of the kind token that wait; they pass beside the gate */
    struct credential credential;
    struct server_verdict verdict;
    struct backoff backoff;
    enum reason backoff_reason;
    struct backoff proxy_refusal; /* login_retry, of the login to the proxy */
    struct throttle throttle;
    char *words; /* of the last run that failed after a request, redacted; NULL: none */
    enum reason words_reason;
    int64_t
        open_since_ns; /* since when nothing but the gate holds calls back; NEVER_NS: something else does */

    struct request login; /* the credential's own token request in flight, and its ticket */
    uint64_t login_ticket;

    struct server_session **sessions; /* by company, as they are wanted; none with session = none */
    size_t session_count;

    struct heap_node timer; /* in the agent's heap of servers */
    bool queued;            /* has to be looked at in this turn */
    struct server *next_queued, *next_leaving;
    int64_t separation_ns, next_slot_ns; /* of firing targets */
    int64_t watch_ns;                    /* when its own windows want a look; NEVER_NS: it has none */

    struct complaint verdict_complaint, token_complaint, secrets_complaint;
    bool granted;                                                     /* a token, ever */
    int64_t told_in_flight, told_waiting, told_backoff, told_blocked; /* what the report was told last */
    enum reason told_verdict;
    bool told_known;
    bool told_baseline, told_throttled;
};

/* Tickets: what kind of exchange, and whose. */
#define TICKET_LOGIN   UINT64_C(0x80000000)
#define TICKET_SESSION UINT64_C(0x40000000)
static inline uint32_t ticket_number(uint64_t ticket)
{
    return (uint32_t)(ticket & 0x3fffffff);
}

/* before: the server of the same app server that it comes after, whose places still count; NULL: there is none. */
void server_init(struct server *server, struct server_context *context,
                 const struct appserver_settings *settings, struct report_appserver *report, uint32_t number,
                 uint64_t random, const struct server *before);
/* Other settings for the same login; its sessions are renewed. */
void server_configure(struct server *server, const struct appserver_settings *settings);
/* Comes after a server with another login: goes on with what is known of the app server, and logs in anew at once. */
void server_succeed(struct server *server, const struct server *before);
/* Another is in its place, or none: gives up its token request, and logs out its sessions as soon as no run goes any more,
   if its login still serves for that: with one that has been replaced nothing is asked for, since it may be wrong by now.
   report drops what it is told, and is freed with it; model is that of its settings. */
void server_leave(struct server *server, struct report_appserver *report, struct model *model);
/* After server_leave: is nothing in flight any more, in the network or with the worker? */
bool server_has_left(const struct server *server);
void server_free(struct server *server);

/* A run of the target was begun: it waits for its turn. */
void server_enqueue(struct server *server, struct target *target);

/* Why a waiting run cannot be sent, other than by the gate; REASON_NONE: it could, or nothing has failed yet.
   *message is for people, or NULL. */
enum reason server_standing(struct server *server, const struct target *target, int64_t now_ns,
                            const char **message);

/* Ends a run that waits, with a failure of this reason; message may be NULL. */
void server_give_up(struct server *server, struct target *target, enum reason reason, const char *message,
                    struct moment now);
/* Frees the runs whose answers were handed over since the last call, and begins again those that are to be. */
void server_free_ended(struct server_context *context);
/* Takes back a run, without a result; cancels what is in flight. */
void server_drop(struct server *server, struct target *target);
/* Gives up the credential's own token request, and those of sessions, if they are in flight. */
void server_drop_login(struct server *server);
void server_drop_sessions(struct server *server);

/* From now on no session is opened, and server_turn logs out those that are open; for when no run goes any more. */
void server_sessions_leave(struct server *server);
bool server_sessions_have_left(const struct server *server);

/* An exchange of the target's run, or the credential's own, was answered. */
void server_answered(struct server *server, struct target *target, const struct answer *answer,
                     struct moment now);
void server_login_answered(struct server *server, const struct answer *answer, struct moment now);
void server_session_answered(struct server *server, uint64_t ticket, const struct answer *answer,
                             struct moment now);
/* The secrets were read; takes over what they point to. */
void server_secrets(struct server *server, struct secrets *secrets, struct moment now);

/* What came of asking for a ticket; takes over what it points to. */
void server_ticket(struct server *server, struct ticket_result *result, struct moment now);

/* verdict.targets, those that do not rest, has changed. While there are none, nobody would take back what is told of failed
   requests: it is told no more, and no token is renewed. */
void server_count_asking(struct server *server, struct moment now);

/* Does all that can be done now. Returns when to come again at the latest. */
int64_t server_turn(struct server *server, struct moment now);

#endif
