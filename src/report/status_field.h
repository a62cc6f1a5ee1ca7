/* The fields of GET /api/v1/status: one row each, by which they are written (web/status_json.c), documented
   (`reference status`) and tested. Version v1: fields may be added; none goes away or changes its meaning. */
#ifndef REPORT_STATUS_FIELD_H
#define REPORT_STATUS_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#define STATUS_API_VERSION "v1"

enum status_object {
    OBJECT_STATUS, /* the whole */
    OBJECT_CONFIGURATION,
    OBJECT_COUNTS,
    OBJECT_PROBLEM,
    OBJECT_PROBLEM_TARGET,
    OBJECT_APPSERVER,
    OBJECT_TOKEN,
    OBJECT_LOGIN,
    OBJECT_CERTIFICATE,
    OBJECT_SEATS,
    OBJECT_TARGET,
    OBJECT_RUN,
    OBJECT_FAILURE,
    STATUS_OBJECTS
};

enum status_type {
    TYPE_TEXT,
    TYPE_BOOL,
    TYPE_NUMBER,
    TYPE_TIME,   /* two fields: NAME, RFC 3339 in UTC, and NAME_epoch, seconds since 1970; null together */
    TYPE_OBJECT, /* of row.object */
    TYPE_LIST    /* of such objects */
};

enum status_presence {
    ALWAYS,
    NULLABLE,      /* null where it is unknown or there is none */
    WHERE_TRUSTED, /* null where there is none; left out for who may not read the servers' own words */
    WHEN_ASKED     /* left out without history=1 or the name of one target */
};

struct status_row {
    enum status_object of;
    const char *name;
    enum status_type type;
    enum status_presence presence;
    enum status_object object; /* of TYPE_OBJECT and TYPE_LIST */
    const char *meaning;       /* Markdown */
};

enum status_field {
    FIELD_STATUS_API,
    FIELD_STATUS_VERSION,
    FIELD_STATUS_TIME,
    FIELD_STATUS_HEALTHY,
    FIELD_STATUS_READY,
    FIELD_STATUS_MESSAGES,
    FIELD_STATUS_CONFIGURATION,
    FIELD_STATUS_COUNTS,
    FIELD_STATUS_PROBLEMS,
    FIELD_STATUS_APPSERVERS,
    FIELD_STATUS_TARGETS,

    FIELD_CONFIGURATION_RELOAD_SUCCESSFUL,
    FIELD_CONFIGURATION_LOADED,

    FIELD_COUNT_GOOD, /* in the order of enum board_state */
    FIELD_COUNT_FAILING,
    FIELD_COUNT_SLOW,
    FIELD_COUNT_RESTING,
    FIELD_COUNT_WAITING,
    FIELD_COUNT_NEVER_RAN,

    FIELD_PROBLEM_KIND,
    FIELD_PROBLEM_SEVERITY,
    FIELD_PROBLEM_APPSERVER,
    FIELD_PROBLEM_REASON,
    FIELD_PROBLEM_SENTENCE,
    FIELD_PROBLEM_REMEDY,
    FIELD_PROBLEM_SINCE,
    FIELD_PROBLEM_MESSAGE,
    FIELD_PROBLEM_TARGETS,

    FIELD_PROBLEM_TARGET_COMPANY,
    FIELD_PROBLEM_TARGET_PROBE,

    FIELD_APPSERVER_NAME,
    FIELD_APPSERVER_URL,
    FIELD_APPSERVER_STATE,
    FIELD_APPSERVER_UP,
    FIELD_APPSERVER_REASON,
    FIELD_APPSERVER_SENTENCE,
    FIELD_APPSERVER_REMEDY,
    FIELD_APPSERVER_DOWN_SINCE,
    FIELD_APPSERVER_MAINTENANCE,
    FIELD_APPSERVER_BUSINESS_HOURS,
    FIELD_APPSERVER_TOKEN,
    FIELD_APPSERVER_LOGIN,
    FIELD_APPSERVER_CERTIFICATES,
    FIELD_APPSERVER_VERSION,
    FIELD_APPSERVER_PRODUCTION,
    FIELD_APPSERVER_PRODUCTION_EXPECTED,
    FIELD_APPSERVER_CLOCK_SKEW,
    FIELD_APPSERVER_IN_FLIGHT,
    FIELD_APPSERVER_WAITING,
    FIELD_APPSERVER_BACKOFF_UNTIL,
    FIELD_APPSERVER_SESSIONS_OPEN,
    FIELD_APPSERVER_THROTTLED,
    FIELD_APPSERVER_SEATS,
    FIELD_APPSERVER_COUNTS,

    FIELD_TOKEN_EXPIRES,
    FIELD_TOKEN_REMAINING,
    FIELD_TOKEN_REASON,
    FIELD_TOKEN_SENTENCE,
    FIELD_TOKEN_REMEDY,
    FIELD_TOKEN_FAILING_SINCE,
    FIELD_TOKEN_MESSAGE,

    FIELD_LOGIN_BLOCKED,
    FIELD_LOGIN_UNTIL,
    FIELD_LOGIN_SINCE,
    FIELD_LOGIN_REASON,
    FIELD_LOGIN_SENTENCE,
    FIELD_LOGIN_REMEDY,
    FIELD_LOGIN_CHANGEABLE,
    FIELD_LOGIN_MESSAGE,

    FIELD_CERTIFICATE_OF,
    FIELD_CERTIFICATE_EXPIRES,
    FIELD_CERTIFICATE_REMAINING,

    FIELD_SEATS_COMPANY,
    FIELD_SEATS_LICENSE,
    FIELD_SEATS_USED,
    FIELD_SEATS_OWNED,
    FIELD_SEATS_CONFIGURED,

    FIELD_TARGET_APPSERVER,
    FIELD_TARGET_COMPANY,
    FIELD_TARGET_PROBE,
    FIELD_TARGET_KIND,
    FIELD_TARGET_STATE,
    FIELD_TARGET_REASON,
    FIELD_TARGET_SENTENCE,
    FIELD_TARGET_REMEDY,
    FIELD_TARGET_STATUS,
    FIELD_TARGET_LAST_RUN,
    FIELD_TARGET_LAST_SUCCESS,
    FIELD_TARGET_NEXT_RUN,
    FIELD_TARGET_INTERVAL,
    FIELD_TARGET_DURATION,
    FIELD_TARGET_LATENCY_LIMIT,
    FIELD_TARGET_ROWS,
    FIELD_TARGET_CONSECUTIVE_FAILURES,
    FIELD_TARGET_FAILING_SINCE,
    FIELD_TARGET_CONSECUTIVE_SLOW_RUNS,
    FIELD_TARGET_SCHEMA_CHANGES,
    FIELD_TARGET_DRIFTED,
    FIELD_TARGET_DRIFT,
    FIELD_TARGET_MESSAGE,
    FIELD_TARGET_HISTORY,
    FIELD_TARGET_FAILURES,

    FIELD_RUN_ENDED,
    FIELD_RUN_REASON,
    FIELD_RUN_STATUS,
    FIELD_RUN_DURATION,
    FIELD_RUN_RESOLVE, /* the phases in the order of enum board_phase */
    FIELD_RUN_CONNECT,
    FIELD_RUN_TLS,
    FIELD_RUN_PROCESSING,
    FIELD_RUN_TRANSFER,
    FIELD_RUN_ROWS,
    FIELD_RUN_RETRIES,

    FIELD_FAILURE_RUN,
    FIELD_FAILURE_MESSAGE,
    FIELD_FAILURE_CORRELATION,
    STATUS_FIELDS
};

const struct status_row *status_row(enum status_field field);

/* "target", "the whole": how the documentation calls it, and a sentence. */
struct status_object_row {
    const char *title, *anchor, *words;
};
const struct status_object_row *status_object_row(enum status_object object);

/* What a query may hold. */
struct status_parameter {
    const char *name, *form, *meaning;
};
enum status_parameter_name {
    PARAMETER_APPSERVER,
    PARAMETER_COMPANY,
    PARAMETER_PROBE,
    PARAMETER_STATE,
    PARAMETER_HISTORY,
    STATUS_PARAMETERS
};
const struct status_parameter *status_parameter(enum status_parameter_name name);

#endif
