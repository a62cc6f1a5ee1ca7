/* Reloads of the configuration: asked for by SIGHUP (or by whoever wants to hear what came of it), built beside the agent
   by the worker, put into force by the agent in one turn. One build at a time: requests that come during a build are met
   together by one more, so none is lost. A faulty configuration is told and changes nothing. */
#ifndef AGENT_RELOAD_H
#define AGENT_RELOAD_H

#include <stdbool.h>

#include "agent/agent.h"
#include "config/fault.h"
#include "config/match.h"
#include "config/model.h"
#include "report/mailbox.h"
#include "report/report.h"

/* How to make the model anew, as at start: file and command line. */
struct model_factory {
    /* NULL when there is any fault; faults and warnings are appended either way. May block; called by any thread, once
       at a time. */
    struct model *(*make)(void *context, struct fault_list *faults);
    void *context;
};

/* What a build has made. */
struct model_build {
    struct model *model; /* NULL: it has faults */
    struct model_match match;
    struct fault_list faults; /* and warnings */
};

/* Makes the model and holds it against the one in force. */
void model_build_make(const struct model_factory *factory, const struct model *before,
                      struct model_build *build);
void model_build_free(struct model_build *build);

struct reload;

/* Asks for model_build_make elsewhere; reload_built is to be called with what comes of it, never from within. before lives
   until then. */
typedef void reload_build(void *context, struct model *before);

/* model: the one in force, with which the program was started. */
struct reload *reload_new(struct agent *agent, struct report *report, struct model *model,
                          reload_build *build, void *context);
/* Who still waits is told RELOAD_STOPPING. */
void reload_free(struct reload *reload);

/* told (NULL: nobody wants to know) is called once, when a build that began from now on has ended. */
void reload_ask(struct reload *reload, reload_told *told, void *context);
/* Is nothing that was asked for under way? */
bool reload_is_idle(const struct reload *reload);
/* Takes over what build holds. The model in force from now on; NULL: the same as before. Not from within a transport's
   call. */
struct model *reload_built(struct reload *reload, struct model_build *build, struct moment now);

/* Lines of the log: an error a fault, a warning a warning. Sorts the list. */
void faults_log(struct fault_list *faults);

#endif
