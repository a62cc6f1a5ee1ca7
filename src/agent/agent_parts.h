/* What the files of the agent share among themselves: agent.c (time, turns, what arrives), rest.c (windows of targets), migrate.c (a model that comes
   into force). */
#ifndef AGENT_AGENT_PARTS_H
#define AGENT_AGENT_PARTS_H

#include "agent/agent.h"
#include "agent/heap.h"
#include "agent/held.h"
#include "agent/server.h"
#include "agent/slots.h"

struct agent {
    struct model *model;
    struct report *report;
    struct held held;
    struct server_context context;
    uint64_t random;
    struct slots servers, targets; /* by their numbers, those that leave too */
    struct server **model_servers; /* by their indices in the model */
    struct target **model_targets;
    struct server *leaving_servers; /* by next_leaving */
    struct target *leaving_targets;
    struct target *stranded; /* by next_ended: answered, and not to go on as they are */
    struct heap due;         /* targets */
    struct heap timers;      /* servers */
    struct server *queued;
    bool turned;   /* at least once */
    bool stopping; /* no new runs; those that have asked go on for the grace */
    int64_t grace_until_ns;
    bool parting; /* no run goes any more: sessions are logged out */
    int64_t parting_until_ns;
    bool finished;
};

/* The server is looked at in this turn. */
void agent_queue(struct agent *agent, struct server *server);
void agent_queue_all(struct agent *agent);
/* A run of the target waits for its turn from now on. */
void agent_start_run(struct agent *agent, struct target *target, int64_t due_ns, struct moment now);
/* The same run from its start, by the settings and with the server that are in force. */
void agent_restart_run(struct agent *agent, struct target *target, struct moment now);
/* Ends or restarts the runs that cannot go on. */
void agent_settle_stranded(struct agent *agent, struct moment now);
/* When the agent looks at the target next, as far as its schedule and its run say. */
void agent_look_again(struct agent *agent, struct target *target, struct moment now);

/* Looks whether the target is within its windows. Outside it rests: what it waits for is dropped, its results are no more,
   and it is due when the next window opens, spread as first runs are. True when that has changed: agent_count_asking is
   due, unless all are counted anew. */
bool agent_watch(struct agent *agent, struct target *target, struct moment now);
void agent_count_asking(struct agent *agent, struct target *target, struct moment now);

/* Puts the model into force; match: with the one that is (NULL: there is none yet). The report has it already. */
void agent_adopt(struct agent *agent, struct model *model, const struct model_match *match,
                 struct moment now);
/* Frees what a reload has removed and what has come to its end since; all: whatever it does, nothing being in flight. */
void agent_free_leaving(struct agent *agent, bool all);

#endif
