/* What the files of report.h share: the structs behind its handles. */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

#include "metrics/store.h"
#include "report/board_write.h"
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
};

struct report_target {
    struct report *report; /* NULL: as above */
    size_t index;
    struct store_owner owner;
    struct report_appserver *appserver;
    int64_t interval_ns;
    int64_t results_boot_ns;  /* from when on the results stand */
    struct board_target card; /* as the board shows it; its message is owned here */
};

struct report {
    struct model *model;
    struct store *store;
    struct board *board;
    struct store_owner process;
    struct report_appserver **appservers; /* by their indices in the model */
    struct report_target **targets;
    _Atomic size_t page_size; /* of the last page */
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

/* Counts an HTTP answer in a family with the label code. Under the store's lock. */
void report_code(struct report *report, struct store_owner owner, enum family family, int status);

#endif
