/* Threads for what can block: reading secrets (a dead network file system), fetching tickets (a silent key distribution
   center). They touch no state of the agent: jobs go in, answers come back as messages, announced through an eventfd.

   There are as many threads as there are jobs under way, so that a job that hangs holds up no other; those without work
   end after a while. How many jobs there can be is up to who asks: the agent asks for one at a time for each app server. */
#ifndef AGENT_WORKER_H
#define AGENT_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/reload.h"
#include "agent/secrets.h"
#include "agent/ticket.h"

struct worker; /* its first member is a struct secrets_port */

/* A further kind is a row in worker.c and a member of the answer. */
enum worker_kind { WORKER_SECRETS, WORKER_TICKET, WORKER_MODEL, WORKER_KINDS };

struct worker_answer {
    enum worker_kind kind;
    size_t appserver;
    union {
        struct secrets secrets;      /* WORKER_SECRETS */
        struct ticket_result ticket; /* WORKER_TICKET */
        struct model_build build;    /* WORKER_MODEL */
    };
};

/* model: whose settings the jobs are about; NULL: they outlive all threads anyway. NULL, and errno, when the system
   gives no descriptor. Threads are started when there is something to do; where the system gives none, a job is answered
   with a failure that says so. */
struct worker *worker_new(struct model *model);
/* The settings of jobs asked for from now on are this model's. */
void worker_use_model(struct worker *worker, struct model *model);

/* What waits is dropped, answers that come too late too. A job under way is given a fifth of a second to end, so that it
   can clean up; one that hangs is left to itself, with what it needs of the worker and of the model: when it wakes up
   before the process ends, it cleans up behind itself. True: no thread is left. False: one is, and the process must end
   by _exit, since exit lets libraries take down what that thread uses. */
bool worker_free(struct worker *worker);

struct secrets_port *worker_secrets_port(struct worker *worker);
/* Asks for a model, to be held against before, of which a reference is taken. factory outlives all threads. */
void worker_build(struct worker *worker, const struct model_factory *factory, struct model *before);

/* Readable while answers wait. */
int worker_descriptor(const struct worker *worker);
/* Takes the oldest answer; false when there is none. What it holds is the caller's. */
bool worker_take(struct worker *worker, struct worker_answer *answer);

#endif
