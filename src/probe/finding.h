/* What a run found out beside its outcome: numbers that become series (report/finding.c gives each kind its family), with
   their label values in one arena of bounded size. A kind adds; the report reads. */
#ifndef PROBE_FINDING_H
#define PROBE_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each with the labels that it has beside the app server's; a finding whose label "company" is not given by its row takes
   none of the target's. */
enum finding_kind {
    FINDING_VALUE,             /* epicor_value_NAME: by the probe's own definitions (probe/value.h) */
    FINDING_SEATS_USED,        /* company, license */
    FINDING_SEATS_OWNED,       /* company, license */
    FINDING_SESSIONS,          /* company, license, state */
    FINDING_HEALTH_CHECK,      /* check: 1 good, 0 not */
    FINDING_DATABASE_LATENCY,  /* seconds */
    FINDING_TASKS_WAITING,     /* immediate tasks older than cutoff that no agent has taken */
    FINDING_TASKS,             /* company, status */
    FINDING_TASK_OLDEST_START, /* company: epoch seconds */
    FINDING_TASK_LAST_SUCCESS, /* company, task: epoch seconds */
    FINDING_SCHEDULES_OVERDUE, /* agent */
    FINDING_SERVER_INFO,       /* version: 1 */
    FINDING_PRODUCTION,        /* 1 Live, 0 not */
    FINDING_API_KEY_EXPIRY,    /* key: epoch seconds */
    FINDING_KINDS
};

#define FINDING_LABELS_MAX 16 /* of one value; the others have at most three */

struct finding {
    enum finding_kind kind;
    size_t value;       /* FINDING_VALUE: index of its definition */
    size_t first_label; /* into findings.labels */
    size_t label_count;
    double number;
};

/* All zero is an empty one. */
struct findings {
    struct finding *items;
    size_t count, capacity;
    char **labels; /* owned texts, UTF-8, raw */
    size_t label_count, label_capacity;
    uint64_t dropped[FINDING_KINDS]; /* series for which there was no room, by kind; not those of values */
    uint64_t *dropped_values;        /* the same of values, by their definitions' indices */
    size_t dropped_value_count;
};

/* Adds one; labels (label_count of them) are copied. */
void findings_add(struct findings *findings, enum finding_kind kind, double number, const char *const *labels,
                  size_t label_count);
/* The same of a value. */
void findings_add_value(struct findings *findings, size_t value, double number, const char *const *labels,
                        size_t label_count);
/* So many series of a value found no room. */
void findings_drop_value(struct findings *findings, size_t value, uint64_t count);
/* A label's text of a finding, 0 the first. */
const char *finding_label(const struct findings *findings, const struct finding *finding, size_t label);
void findings_free(struct findings *findings);

#endif
