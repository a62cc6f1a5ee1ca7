/* Where the agent and the web side meet for people: the heartbeat, and an immutable snapshot of each app server and each
   target, replaced whole. Thread-safe; written by report.c only. */
#ifndef REPORT_BOARD_H
#define REPORT_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "kinetic/reason.h"

struct board;

struct board_target {
    const char *appserver, *company, *probe, *kind; /* live as long as the view */
    bool ran;                                       /* has at least one run ended? */
    enum reason reason;                             /* of the last run; NONE: success */
    char *message; /* of the last failure: the server's own words, redacted; NULL if none */
    int status;    /* 0: no answer */
    int64_t last_run_wall_ns, last_success_wall_ns; /* 0: never */
    int64_t duration_ns;                            /* -1: none */
    int64_t next_run_boot_ns;
    int64_t interval_ns;
    bool has_rows;
    uint64_t rows;
    uint64_t consecutive_failures;
    uint64_t schema_changes;
    char *drift; /* the last of them: what came and went, a sentence; NULL: none yet */
    int64_t drift_wall_ns;
    uint64_t consecutive_slow_runs; /* 0 also where no latency_limit is set */
};

struct board_appserver {
    const char *name, *url;
    bool known;                   /* has a request ended? */
    enum reason verdict;          /* NONE: up */
    bool has_token;               /* auth by token */
    int64_t token_expiry_boot_ns; /* 0: none lives */
    enum reason token_reason;     /* of the last token request */
    char *token_message;
    int64_t login_blocked_until_wall_ns;  /* 0: not blocked */
    enum reason login_blocked_reason;     /* what was refused */
    char *login_blocked_message;          /* its words, or NULL */
    bool login_secret_changeable;         /* another text of it would be tried at once */
    int64_t certificate_expiry_epoch;     /* 0: unknown */
    bool has_maintenance, in_maintenance; /* windows configured; inside them */
    bool has_hours, in_hours;
};

/* A consistent picture, reference-counted underneath; cheap to take. */
struct board_view {
    struct moment now;
    const struct board_appserver *const *appservers;
    size_t appserver_count;
    const struct board_target *const *targets; /* in the order of the model */
    size_t target_count;
};

struct board_view *board_view_take(struct board *board, struct moment now);
void board_view_free(struct board_view *view);

/* Boot time of the agent thread's last turn; and whether its schedule is in force and turning. */
int64_t board_heartbeat_boot_ns(struct board *board);
bool board_ready(struct board *board);

#endif
