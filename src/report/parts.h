/* What the files of report.h share: the structs behind its handles. */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

#include "metrics/exposition.h"
#include "metrics/store.h"
#include "report/board_write.h"
#include "report/dropped.h"
#include "report/fact.h"
#include "report/families.h"
#include "report/report.h"

/* Fingerprints of the series of one family that found no room, so that each counts once. */
struct dropped {
    uint64_t *hashes;
    size_t count;
};

struct report_appserver {
    struct report *report; /* NULL: a reload has removed it, and nothing is told of it any more */
    size_t index;
    struct store_owner owner;
    unsigned groups;
    bool shares_session;
    struct board_appserver card; /* as the board shows it; its messages are owned here */
    uint64_t token_failures;     /* in a row */
    struct dropped dropped[FAMILIES];
    struct drop_list found_drops;  /* of the findings of its targets, together */
    struct report_target *telling; /* those of its targets that have facts, in a list */
    const struct appserver_settings *settings;
    bool labelled; /* its labels are more than those of its class */
};

struct report_target {
    struct report *report; /* NULL: as above */
    size_t index;
    struct store_owner owner;
    struct report_appserver *appserver;
    int64_t interval_ns;                /* the longer of those after good and failed runs */
    const struct probe_settings *probe; /* in force */
    int64_t results_boot_ns;            /* from when on the results stand */
    int64_t found_boot_ns;              /* from when on its series set stands */
    bool found;                         /* the last run was read whole: what it found is what there is */
    bool labelled;                      /* as above */
    struct drop_list drops;             /* of its series set */
    struct facts *facts;                /* what that tells people of its app server; NULL: nothing */
    struct report_target *next_telling;
    uint64_t slow_runs;       /* in a row */
    struct board_target card; /* as the board shows it; its message is owned here */
};

struct report {
    struct model *model;
    struct store *store;
    struct board *board;
    struct mailbox *mailbox;
    struct store_owner process;
    struct report_appserver **appservers; /* by their indices in the model */
    struct report_target **targets;
    _Atomic size_t page_sizes[EXPOSITION_FORMATS]; /* of the last page of all series */
};

/* All under the store's lock. A new one has its owner, and no settings yet. */
struct report_appserver *report_appserver_new(struct report *report,
                                              const struct appserver_settings *settings, struct moment now);
struct report_target *report_target_new(struct report *report, const struct target_settings *settings,
                                        struct moment now);

/* Shows what is configured, for the first time or anew, and takes away what that makes untrue. The settings of
   before are still there. The board is the caller's. */
void report_appserver_configure(struct report_appserver *appserver, size_t index,
                                const struct appserver_settings *settings);
void report_target_configure(struct report_target *target, size_t index,
                             const struct target_settings *settings, struct report_appserver *appserver,
                             struct moment now);

/* Its series vanish; it stays as a handle that drops what it is told. */
void report_appserver_detach(struct report_appserver *appserver);
void report_target_detach(struct report_target *target);

/* What a target's findings leave out is this now; the list is taken over (its place is empty then). Under the store's lock. */
void report_found_drops(struct report_target *target, struct drop_list *drops);

/* What the target tells people of its app server is this now; taken over. The card of the app server is made anew; whoever
   calls puts it on the board. */
void report_facts(struct report_target *target, struct facts *facts);
void report_appserver_gather(struct report_appserver *appserver);
void report_appserver_show(const struct report_appserver *appserver);

/* The constant labels of an app server, for its owner and those of its targets; the caller frees. */
struct label_pair *report_constant_labels(const struct appserver_settings *settings);

/* Counts an HTTP answer in a family with the label code. Under the store's lock. */
void report_code(struct report *report, struct store_owner owner, enum family family, int status);

#endif
