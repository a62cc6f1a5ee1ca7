/* Every family of metrics that this version has, one row each: name, type, help, whose labels it carries, its closed labels.
   report.c writes them, the store keeps them, encoders and the reference walk them. */
#ifndef REPORT_FAMILIES_H
#define REPORT_FAMILIES_H

#include <stddef.h>

#include "kinetic/reason.h"
#include "metrics/family.h"

enum owner_class { OWNER_TARGET, OWNER_APPSERVER, OWNER_PROCESS, OWNER_CLASSES };

/* Groups of families that only some owners show. */
enum family_group { GROUP_TOKEN = 1 }; /* app servers whose auth is by token */

enum phase_value { PHASE_RESOLVE, PHASE_CONNECT, PHASE_TLS, PHASE_PROCESSING, PHASE_TRANSFER, PHASE_VALUES };

enum family {
    FAMILY_PROBE_INFO,
    FAMILY_PROBE_SUCCESS,
    FAMILY_PROBE_FAILURE_REASON,
    FAMILY_PROBE_CONSECUTIVE_FAILURES,
    FAMILY_PROBE_RUNS,
    FAMILY_PROBE_FAILURES,
    FAMILY_PROBE_RESPONSES,
    FAMILY_PROBE_DURATION,
    FAMILY_PROBE_LAST_DURATION,
    FAMILY_PROBE_PHASE,
    FAMILY_PROBE_LAST_RUN,
    FAMILY_PROBE_LAST_SUCCESS,
    FAMILY_PROBE_RESPONSE_BYTES,
    FAMILY_PROBE_ROWS,
    FAMILY_PROBE_ROWS_TRUNCATED,
    FAMILY_PROBE_COLUMNS,
    FAMILY_PROBE_SCHEMA_HASH,
    FAMILY_PROBE_SCHEMA_CHANGES,
    FAMILY_PROBE_INTERVAL,
    FAMILY_PROBE_TIMEOUT,
    FAMILY_PROBE_ROWS_MIN,
    FAMILY_PROBE_ROWS_MAX,
    FAMILY_FAILURES,
    FAMILY_UP,
    FAMILY_APPSERVER_FAILURE_REASON,
    FAMILY_CONNECTIONS_OPENED,
    FAMILY_RESENDS,
    FAMILY_TOKEN_REQUESTS,
    FAMILY_TOKEN_FAILURES,
    FAMILY_TOKEN_RESPONSES,
    FAMILY_TOKEN_FAILURE_REASON,
    FAMILY_TOKEN_CONSECUTIVE_FAILURES,
    FAMILY_TOKEN_REQUEST_DURATION,
    FAMILY_TOKEN_LIFETIME,
    FAMILY_TOKEN_REMAINING,
    FAMILY_TOKEN_EXPIRY,
    FAMILY_AUTH_FAILURES,
    FAMILY_REAUTHENTICATIONS,
    FAMILY_LOGIN_BLOCKED_UNTIL,
    FAMILY_LICENSE_REFUSALS,
    FAMILY_LICENSE_THROTTLED,
    FAMILY_SESSIONS_OPEN,
    FAMILY_LICENSE_CLAIM,
    FAMILY_CERTIFICATE_EXPIRY,
    FAMILY_CLOCK_SKEW,
    FAMILY_REQUESTS_IN_FLIGHT,
    FAMILY_REQUESTS_WAITING,
    FAMILY_BACKOFF_UNTIL,
    FAMILY_REQUEST_WAIT,
    FAMILY_RUNS_SKIPPED,
    FAMILY_SERIES_DROPPED,
    FAMILY_BUILD_INFO,
    FAMILY_RELOAD_SUCCESSFUL,
    FAMILY_RELOAD_SUCCESS,
    FAMILY_RUN_LATENESS,
    FAMILY_TURN,
    FAMILY_TARGETS,
    FAMILY_SERIES,
    FAMILY_LOG_MESSAGES,
    FAMILY_HTTP_REQUESTS,
    FAMILY_HTTP_RESPONSE_BYTES,
    FAMILY_PROCESS_CPU,
    FAMILY_PROCESS_RESIDENT,
    FAMILY_PROCESS_VIRTUAL,
    FAMILY_PROCESS_OPEN_FDS,
    FAMILY_PROCESS_MAX_FDS,
    FAMILY_PROCESS_START,
    FAMILIES
};

/* Which owners have the group of that one bit, for the reference: "where `auth` is ...". */
const char *family_group_words(unsigned bit);

extern const struct metric_class family_classes[OWNER_CLASSES];
extern const struct metric_family families[FAMILIES];

/* Positions in the closed lists. */
size_t family_reason_index(enum reason reason);      /* of a reason other than NONE */
size_t family_auth_reason_index(enum reason reason); /* of a reason whose row says auth */

#endif
