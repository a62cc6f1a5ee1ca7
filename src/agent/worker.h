/* One thread for what can block. It touches no state of the agent: jobs go in through a bounded queue, answers
   come back as messages, announced through an eventfd. The one kind of job so far: to read an app server's
   secrets. */
#ifndef AGENT_WORKER_H
#define AGENT_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/secrets.h"

struct worker; /* its first member is a struct secrets_port */

/* capacity: jobs that may be under way at once (one an app server); more is a bug of the caller. NULL, and
   errno, when the system gives no thread or descriptor. */
struct worker *worker_new(size_t capacity);
/* Waits for the job that is being done; the others, and answers not taken, are dropped. */
void worker_free(struct worker *worker);

struct secrets_port *worker_secrets_port(struct worker *worker);

/* Readable while answers wait. */
int worker_descriptor(const struct worker *worker);
/* Takes the oldest answer; false when there is none. The caller frees *secrets. */
bool worker_take(struct worker *worker, size_t *appserver, struct secrets *secrets);

#endif
