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
    struct report *report;
    size_t index;
    struct store_owner owner;
    struct board_appserver card; /* as the board shows it; its token_message is owned here */
    uint64_t token_failures;     /* in a row */
    struct dropped dropped[FAMILIES];
};

struct report_target {
    struct report *report;
    size_t index;
    struct store_owner owner;
    struct report_appserver *appserver;
    int64_t interval_ns;
    struct board_target card; /* as the board shows it; its message lives only while a run is reported */
};

struct report {
    struct model *model;
    struct store *store;
    struct board *board;
    struct store_owner process;
    struct report_appserver *appservers;
    struct report_target *targets;
    _Atomic size_t page_size; /* of the last page */
};

/* The owner, its standing series and its place on the board. Under the store's lock. */
void report_appserver_start(struct report_appserver *appserver, struct report *report, size_t index,
                            struct moment now);
void report_appserver_stop(struct report_appserver *appserver);
void report_target_start(struct report_target *target, struct report *report, size_t index,
                         struct moment now);

/* Counts an HTTP answer in a family with the label code. Under the store's lock. */
void report_code(struct report *report, struct store_owner owner, enum family family, int status);

#endif
