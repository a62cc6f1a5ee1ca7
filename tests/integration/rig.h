/* What tests of the whole agent share: the agent thread with real libcurl and a report, what it tells on its pages, on its board and
   in its log. */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/thread.h"
#include "base/clock.h"
#include "config/model.h"
#include "report/board.h"
#include "report/report.h"

#define RIG_PATIENCE_NS (60 * SECOND_NS) /* for what has to come; a machine may be slow */

struct rig {
    struct model *model;
    struct report *report;
    struct supervisor *supervisor; /* the one that the environment names when the rig starts */
    struct agent_thread *agent;
};

/* Reads the text as a configuration, which has to be good, and starts the agent. The first one sets the process up as main does
   and sends the log into a file of its own. */
struct rig rig_start(const char *configuration);
/* Stops and frees. */
void rig_end(struct rig *rig);
/* Frees after the agent has ended by itself (or ends). */
void rig_join(struct rig *rig);
/* Frees what is left after agent_thread_join, for who calls that. */
void rig_free(struct rig *rig);

/* Owned text. */
char *rig_page(const struct rig *rig);
/* What a trusted reader of the status page sees. */
char *rig_status_page(const struct rig *rig);
/* Every line logged so far. */
char *rig_log(void);

/* The value of a series on a page, its name with all its labels; NaN: not there. */
double page_value(const char *page, const char *series);
/* How many series of the page begin so. */
size_t page_count(const char *page, const char *prefix);
/* What they add up to. */
double page_sum(const char *page, const char *prefix);
double rig_metric(const struct rig *rig, const char *series);
/* The page is looked at until the series has this value, or at least it: there is no event for that. */
void rig_await(const struct rig *rig, const char *series, double value);
void rig_await_at_least(const struct rig *rig, const char *series, double value);
/* A moment between two looks. */
void rig_pause(void);

#endif
