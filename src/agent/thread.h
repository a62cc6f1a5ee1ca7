/* The agent thread: the loop, the transfer, the worker and the agent put together, with the process's signals.

   SIGTERM and SIGINT stop new runs, give running ones shutdown_grace and end the thread (a second one ends the
   grace); SIGUSR1 logs one line a target; SIGHUP reloads the configuration (agent/reload.h), as does who asks by the
   report's mailbox (report/mailbox.h). main must have blocked these four before any thread was started, and called
   transfer_setup().

   The supervisor is told when the schedule turns (so the HTTP server must serve before), when a reload begins and ends, and
   when the end has begun; its watchdog is fed by the turning of this thread. */
#ifndef AGENT_THREAD_H
#define AGENT_THREAD_H

#include <stdbool.h>

#include "agent/reload.h"
#include "base/supervisor.h"
#include "config/model.h"
#include "report/report.h"

struct agent_thread;

/* factory makes the models of reloads; it, report and supervisor must outlive agent_thread_join, and factory a hanging
   worker too. NULL, and *why a static sentence, when the system gives no descriptor or thread. */
struct agent_thread *agent_thread_start(struct model *model, const struct model_factory *factory,
                                        struct report *report, struct supervisor *supervisor,
                                        const char **why);

/* As SIGTERM does, from any thread; returns at once. */
void agent_thread_stop(struct agent_thread *thread);

/* Waits until the thread has ended, by a signal or by agent_thread_stop, and frees it. False: a job of
   the worker hangs and was left behind (worker_free), so the process must end by _exit. */
bool agent_thread_join(struct agent_thread *thread);

#endif
