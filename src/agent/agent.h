/* The agent as a whole: a state machine in pure time. It is handed the time, answers and secrets; it starts
   exchanges through a transport and readings through a port, and tells what happened to the report and the
   log. It owns no descriptor and no thread; agent/thread.h turns it in the program. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/secrets.h"
#include "agent/ticket.h"
#include "agent/transport.h"
#include "base/clock.h"
#include "config/match.h"
#include "config/model.h"
#include "report/report.h"

struct agent;

/* report, transport and secrets must outlive the agent. random makes the jitter of pauses; the phases
   of targets depend on their names alone. Nothing is started before the first turn. */
struct agent *agent_new(struct model *model, struct report *report, struct transport *transport,
                        struct secrets_port *secrets, uint64_t random, struct moment now);
/* Cancels what is in flight. */
void agent_free(struct agent *agent);

/* The model is in force from now on; match: how it goes with the one before. Targets that stay keep their schedule (where
   their interval is the same), their run, and what is known of them; app servers that stay keep token, pauses and
   verdict unless their login is another one (config/match.h). Runs that have asked end by the settings they began with;
   those of removed targets end too, so that the places they take are not given away, and nothing is told of them.
   Not from within a transport's call. False, and nothing happens, once agent_shutdown was called. */
bool agent_reload(struct agent *agent, struct model *model, const struct model_match *match,
                  struct moment now);

/* Does what is due: starts runs, requests, readings. To be called after answers and secrets were handed over,
   and at the returned boot time at the latest (NEVER_NS: only when something arrives). Transport and port are
   called from here only. Costs O(log targets) an event. */
int64_t agent_turn(struct agent *agent, struct moment now);

/* A transport_answered; context is the agent. */
void agent_answered(void *context, uint64_t ticket, const struct answer *answer, struct moment now);

/* The answer to secrets_port.read, whose number of an app server it is; takes over what secrets points to. */
void agent_secrets(struct agent *agent, size_t appserver, struct secrets *secrets, struct moment now);

/* The answer to secrets_port.ticket; the same. */
void agent_ticket(struct agent *agent, size_t appserver, struct ticket_result *result, struct moment now);

/* No new runs from now on; those that have asked go on for the shutdown_grace of the model, then they are
   cancelled by agent_turn. A second call ends the grace at once. */
void agent_shutdown(struct agent *agent, struct moment now);
/* After agent_shutdown: is nothing in flight any more? */
bool agent_finished(const struct agent *agent);

/* One line a target to the log (SIGUSR1). */
void agent_log_targets(const struct agent *agent, struct moment now);

#endif
