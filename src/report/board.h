/* Where the agent and the web side meet for people: the heartbeat, and an immutable snapshot of each app server and each
   target, replaced whole. Thread-safe; written by report.c only. */
#ifndef REPORT_BOARD_H
#define REPORT_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "kinetic/reason.h"
#include "report/failure.h"
#include "report/history.h"

struct board;
struct model;

struct board_seats {
    const char *company; /* "" where the license is the whole server's */
    const char *license;
    bool has_used, has_owned;
    double used, owned;
    bool configured;       /* owned by `seats.LICENSE`; nobody has read how many */
    int64_t until_boot_ns; /* it is too old from then on; a view holds none that is */
};

struct board_target {
    const char *appserver, *company, *probe, *kind; /* live as long as the view */
    bool ran;                                       /* has at least one run ended? */
    bool resting;                                   /* outside its windows */
    bool has_rows;
    enum reason reason; /* of the last run; NONE: success */
    int status;         /* 0: no answer */
    char *message;      /* of the last run: the server's own words, redacted; NULL if none */
    int64_t last_run_wall_ns, last_success_wall_ns; /* 0: never */
    int64_t duration_ns;                            /* -1: none */
    int64_t next_run_boot_ns;
    int64_t interval_ns;
    uint64_t rows;
    uint64_t consecutive_failures;
    uint64_t schema_changes;
    char *drift; /* the last of them: what came and went, a sentence; NULL: none yet */
    int64_t drift_wall_ns;
    uint64_t consecutive_slow_runs; /* 0 also where no latency_limit is set */
    int64_t latency_limit_ns;       /* 0: none is set */
    int64_t
        results_until_boot_ns; /* what the last run told is too old from then on, and its metrics are gone */
    int64_t
        failing_since_wall_ns;  /* the end of the first failed run after the last good one; 0: not failing */
    int64_t slow_since_wall_ns; /* likewise of slow runs; 0: not slow */
    struct history *history;    /* the last [exporter] history runs (report/history.h) */
    struct failures *failures;  /* the last failed ones (report/failure.h) */
};

struct board_appserver {
    const char *name, *url;
    bool known;          /* has a request ended? */
    enum reason verdict; /* NONE: up */
    int64_t verdict_since_wall_ns;
    bool has_token;               /* auth by token */
    int64_t token_expiry_boot_ns; /* 0: none lives */
    enum reason token_reason;     /* of the last token request */
    char *token_message;
    int64_t token_failing_since_wall_ns; /* 0: the last one was good, or there was none */
    int64_t login_blocked_until_wall_ns; /* 0: not blocked */
    int64_t login_blocked_since_wall_ns;
    enum reason login_blocked_reason; /* what was refused */
    char *login_blocked_message;      /* its words, or NULL */
    bool login_secret_changeable;     /* another text of it would be tried at once */
    int64_t certificate_expiry_epoch; /* of the app server, the earliest of its chain; 0: unknown */
    int64_t identity_provider_certificate_expiry_epoch; /* likewise */
    int64_t client_certificate_expiry_epoch;            /* of the one that we show */
    bool has_maintenance, in_maintenance;               /* windows configured; inside them */
    bool has_hours, in_hours;
    const char *version; /* NULL: nobody asked, or it was not told lately */
    int64_t version_until_boot_ns;
    bool has_production, production;
    int64_t production_until_boot_ns;
    bool has_production_expected, production_expected;
    bool has_clock_skew;
    double clock_skew_seconds;     /* the server's Date minus ours */
    int64_t backoff_until_wall_ns; /* 0: none */
    int64_t in_flight, waiting;
    int64_t sessions_open; /* our own; -1: session = none */
    bool has_throttled, throttled;
    const struct board_seats *seats; /* as the last good read told them */
    size_t seats_count;
};

/* A consistent picture, reference-counted underneath; cheap to take. */
struct board_view {
    struct moment now;
    const struct board_appserver *const *appservers;
    size_t appserver_count;
    const struct board_target *const *targets; /* in the order of the model */
    size_t target_count;
    bool reload_failed;     /* the last configuration that was read has faults: the one before is in force */
    int64_t loaded_wall_ns; /* when the one in force came into force */
};

struct board_view *board_view_take(struct board *board, struct moment now);
void board_view_free(struct board_view *view);

/* The model in force; the reference is the caller's. */
struct model *board_model(struct board *board);

/* Boot time of the agent thread's last turn; and whether its schedule is in force and turning. */
int64_t board_heartbeat_boot_ns(struct board *board);
bool board_ready(struct board *board);

#endif
