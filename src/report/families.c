#include "report/families.h"

#include <assert.h>

#include "base/log.h"

/* ---- closed lists ---- */

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static const char *const codes[] = {"200", "400", "401", "403", "404", "429", "500", "503"};
static const char *const phases[PHASE_VALUES] = {[PHASE_RESOLVE] = "resolve",
                                                 [PHASE_CONNECT] = "connect",
                                                 [PHASE_TLS] = "tls",
                                                 [PHASE_PROCESSING] = "processing",
                                                 [PHASE_TRANSFER] = "transfer"};
static const char *const certificates[] = {"server", "identity_provider", "client"}; /* enum certificate_of */
static const char *const causes[] = {"overrun", "gate"};                             /* enum skip_cause */

static const char *code_value(size_t index)
{
    return codes[index];
}

static const char *phase_value(size_t index)
{
    return phases[index];
}

static const char *certificate_value(size_t index)
{
    return certificates[index];
}

static const char *cause_value(size_t index)
{
    return causes[index];
}

static const char *level_value(size_t index)
{
    return log_level_name((enum log_level)index);
}

static const char *reason_value(size_t index)
{
    return reason_name((enum reason)(index + 1));
}

size_t family_reason_index(enum reason reason)
{
    assert(reason > REASON_NONE && reason < REASONS);
    return (size_t)reason - 1;
}

/* The contract's list of epicor_auth_failures_total has six. */
#define AUTH_REASONS 6

static const char *auth_reason_value(size_t index)
{
    for (enum reason reason = REASON_NONE + 1; reason < REASONS; reason++)
        if (reason_row(reason)->auth && index-- == 0)
            return reason_name(reason);
    assert(false && "the table of reasons has too few that are about authentication");
    return "";
}

size_t family_auth_reason_index(enum reason reason)
{
    size_t index = 0;

    assert(reason > REASON_NONE && reason < REASONS && reason_row(reason)->auth);
    for (enum reason before = REASON_NONE + 1; before < reason; before++)
        index += reason_row(before)->auth;
    assert(index < AUTH_REASONS);
    return index;
}

#define DROPPED_VALUES 200 /* families of values of which the dropped series are told apart */

/* ---- buckets ---- */

static const double probe_buckets[] = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60};
static const double wait_buckets[] = {0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120};
static const double lateness_buckets[] = {0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30};
static const double turn_buckets[] = {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1};

/* ---- groups ---- */

const char *family_group_words(unsigned bit)
{
    switch ((enum family_group)bit) {
    case GROUP_TOKEN:
        return "where `auth` is `token` or `oauth2`";
    }
    assert(false && "a group without words");
    return "";
}

/* ---- rows ---- */

static const char *const target_labels[] = {"appserver", "company", "probe", NULL};
static const char *const appserver_labels[] = {"appserver", NULL};

const struct metric_class family_classes[OWNER_CLASSES] = {
    [OWNER_TARGET] = {target_labels},
    [OWNER_APPSERVER] = {appserver_labels},
    [OWNER_PROCESS] = {NULL},
};

#define ROW(whose, kind, title, text) .name = (title), .help = (text), .type = (kind), .owner_class = (whose)
#define TARGET(kind, title, text)     ROW(OWNER_TARGET, METRIC_##kind, title, text)
#define APPSERVER(kind, title, text)  ROW(OWNER_APPSERVER, METRIC_##kind, title, text)
/* Of an app server, with its labels, as probes of it find out. */
#define FOUND(title, text)         ROW(OWNER_APPSERVER, METRIC_FOUND, title, text)
#define TOKEN(kind, title, text)   APPSERVER(kind, title, text), .group = GROUP_TOKEN
#define PROCESS(kind, title, text) ROW(OWNER_PROCESS, METRIC_##kind, title, text)

#define CLOSED(label, values, count) .labels = {(label)}, .value_of = (values), .value_count = (count)
#define CODES                        CLOSED("code", code_value, COUNT(codes)), .data_maximum = 6, .overflow = "other"
#define REASON_LABEL                 CLOSED("reason", reason_value, REASONS - 1)
#define DATA(label, n)               .labels = {(label)}, .data_maximum = (n)
#define EXEMPLARS                    .exemplars = true
#define BUCKETS(list)                .buckets = (list), .bucket_count = COUNT(list)

const struct metric_family families[FAMILIES] = {
    /* targets */
    [FAMILY_PROBE_INFO] = {TARGET(GAUGE, "epicor_probe_info", "What is configured; always 1."),
                           DATA("kind", 1)},
    [FAMILY_PROBE_SUCCESS] = {TARGET(GAUGE, "epicor_probe_success",
                                     "1 if the last run succeeded, 0 if it failed.")},
    [FAMILY_PROBE_FAILURE_REASON] = {TARGET(CHOICE, "epicor_probe_failure_reason",
                                            "Why the last run failed; 1, only while it has."),
                                     REASON_LABEL},
    [FAMILY_PROBE_CONSECUTIVE_FAILURES] = {TARGET(GAUGE, "epicor_probe_consecutive_failures",
                                                  "Failed runs in a row; 0 after a success.")},
    [FAMILY_PROBE_RUNS] = {TARGET(COUNTER, "epicor_probe_runs_total", "Runs that have ended.")},
    [FAMILY_PROBE_FAILURES] = {TARGET(COUNTER, "epicor_probe_failures_total", "Runs that have failed."),
                               EXEMPLARS},
    [FAMILY_PROBE_RESPONSES] = {TARGET(COUNTER, "epicor_probe_responses_total",
                                       "HTTP answers to requests of the probe, by status code."),
                                CODES},
    [FAMILY_PROBE_DURATION] =
        {TARGET(HISTOGRAM, "epicor_probe_duration_seconds",
                "Time of the exchanges of runs that got an answer or timed out; no waiting for "
                "a place and no login in it."),
         BUCKETS(probe_buckets), EXEMPLARS, .native = true},
    [FAMILY_PROBE_LAST_DURATION] = {TARGET(GAUGE, "epicor_probe_last_duration_seconds",
                                           "Time of the exchanges of the last run.")},
    [FAMILY_PROBE_CONSECUTIVE_SLOW_RUNS] = {TARGET(
        GAUGE, "epicor_probe_consecutive_slow_runs",
        "Runs in a row that took longer than latency_limit or timed out; 0 after one that did not. "
        "Runs that failed without an answer do not count either way.")},
    [FAMILY_PROBE_PHASE] =
        {TARGET(GAUGE, "epicor_probe_phase_seconds",
                "Parts of the time: processing and transfer of the last run; resolve, connect and "
                "tls of the last new connection."),
         CLOSED("phase", phase_value, PHASE_VALUES)},
    [FAMILY_PROBE_LAST_RUN] = {TARGET(GAUGE, "epicor_probe_last_run_timestamp_seconds",
                                      "When the last run ended.")},
    [FAMILY_PROBE_LAST_SUCCESS] = {TARGET(GAUGE, "epicor_probe_last_success_timestamp_seconds",
                                          "When the last run that succeeded ended.")},
    [FAMILY_PROBE_RESPONSE_BYTES] = {TARGET(GAUGE, "epicor_probe_response_bytes",
                                            "Size of the last run's answers, decoded.")},
    [FAMILY_PROBE_ROWS] = {TARGET(GAUGE, "epicor_probe_rows",
                                  "Rows of the last answer that was read to its end.")},
    [FAMILY_PROBE_ROWS_TRUNCATED] = {TARGET(
        GAUGE, "epicor_probe_rows_truncated",
        "1 if fetch_limit stopped the reading of all rows, or the server's count "
        "said more than came; else 0.")},
    [FAMILY_PROBE_COLUMNS] = {TARGET(GAUGE, "epicor_probe_columns",
                                     "Columns of the last answer that had any row.")},
    [FAMILY_PROBE_SCHEMA_HASH] = {TARGET(GAUGE, "epicor_probe_schema_hash",
                                         "53 bits of a hash of those columns' names, whatever their order.")},
    [FAMILY_PROBE_SCHEMA_CHANGES] = {TARGET(
        COUNTER, "epicor_probe_schema_changes_total",
        "Runs whose columns or output fields were others than before, whatever their order.")},
    [FAMILY_PROBE_INTERVAL] = {TARGET(GAUGE, "epicor_probe_interval_seconds",
                                      "Configured time from one run to the next.")},
    [FAMILY_PROBE_TIMEOUT] = {TARGET(GAUGE, "epicor_probe_timeout_seconds",
                                     "Configured longest time of a run's exchanges.")},
    [FAMILY_PROBE_LATENCY_LIMIT] = {TARGET(GAUGE, "epicor_probe_latency_limit_seconds",
                                           "Configured limit: a run that takes longer is slow.")},
    [FAMILY_PROBE_ROWS_MIN] = {TARGET(GAUGE, "epicor_probe_rows_min",
                                      "Configured bound: fewer rows fail the run.")},
    [FAMILY_PROBE_ROWS_MAX] = {TARGET(GAUGE, "epicor_probe_rows_max",
                                      "Configured bound: more rows fail the run.")},
    [FAMILY_PROBE_ROWS_DEVIATION_LIMIT] = {TARGET(
        GAUGE, "epicor_probe_rows_deviation_limit_ratio",
        "Configured limit for rules: how far rows may be from what is usual; 0.5 is half of it.")},

    /* app servers */
    [FAMILY_FAILURES] = {APPSERVER(COUNTER, "epicor_failures_total", "Failed runs of all probes, by reason."),
                         REASON_LABEL, EXEMPLARS},
    [FAMILY_UP] = {APPSERVER(GAUGE, "epicor_up", "0 while the app server as a whole fails, else 1.")},
    [FAMILY_APPSERVER_FAILURE_REASON] =
        {APPSERVER(CHOICE, "epicor_appserver_failure_reason",
                   "Why the app server as a whole fails; 1, only while every request "
                   "has failed since the last good answer."),
         REASON_LABEL},
    [FAMILY_CONNECTIONS_OPENED] = {APPSERVER(COUNTER, "epicor_connections_opened_total", "New connections.")},
    [FAMILY_RESENDS] = {APPSERVER(COUNTER, "epicor_resends_total",
                                  "GET requests repeated because a kept connection had died.")},
    [FAMILY_RETRIES] = {APPSERVER(
        COUNTER, "epicor_retries_total",
        "Runs made again from their start after a failed attempt (retries); such an attempt "
        "is no failed run.")},
    [FAMILY_TOKEN_REQUESTS] = {TOKEN(COUNTER, "epicor_token_requests_total",
                                     "Token requests that have ended.")},
    [FAMILY_TOKEN_FAILURES] = {TOKEN(COUNTER, "epicor_token_failures_total",
                                     "Token requests that have failed.")},
    [FAMILY_TOKEN_RESPONSES] = {TOKEN(COUNTER, "epicor_token_responses_total",
                                      "HTTP answers to token requests, by status code."),
                                CODES},
    [FAMILY_TOKEN_FAILURE_REASON] = {TOKEN(CHOICE, "epicor_token_failure_reason",
                                           "Why the last token request failed; 1, only while it has."),
                                     REASON_LABEL},
    [FAMILY_TOKEN_CONSECUTIVE_FAILURES] = {TOKEN(GAUGE, "epicor_token_consecutive_failures",
                                                 "Failed token requests in a row; 0 after a success.")},
    [FAMILY_TOKEN_REQUEST_DURATION] = {TOKEN(HISTOGRAM, "epicor_token_request_duration_seconds",
                                             "Time of token requests."),
                                       BUCKETS(probe_buckets)},
    [FAMILY_TOKEN_LIFETIME] = {TOKEN(GAUGE, "epicor_token_lifetime_seconds",
                                     "Lifetime of the last token when it was granted.")},
    [FAMILY_TOKEN_REMAINING] = {TOKEN(
        REMAINING, "epicor_token_remaining_seconds",
        "Time until the living token expires, at the scrape; 0 while none lives.")},
    [FAMILY_TOKEN_EXPIRY] = {TOKEN(GAUGE, "epicor_token_expiry_timestamp_seconds",
                                   "When the living token expires.")},
    [FAMILY_AUTH_FAILURES] = {APPSERVER(COUNTER, "epicor_auth_failures_total",
                                        "Requests that failed because of who asked, by reason."),
                              CLOSED("reason", auth_reason_value, AUTH_REASONS), EXEMPLARS},
    [FAMILY_REAUTHENTICATIONS] = {APPSERVER(COUNTER, "epicor_reauthentications_total",
                                            "Logins because a living token was refused.")},
    [FAMILY_LOGIN_BLOCKED_UNTIL] = {APPSERVER(
        GAUGE, "epicor_login_blocked_until_timestamp_seconds",
        "Until when no credential is sent after a refused login; 0: not "
        "blocked.")},
    [FAMILY_LICENSE_REFUSALS] = {APPSERVER(COUNTER, "epicor_license_refusals_total",
                                           "Answers that said no seat of the license was left."),
                                 DATA("license", 32)},
    [FAMILY_LICENSE_THROTTLED] = {APPSERVER(
        GAUGE, "epicor_license_throttled",
        "1 while calls of several probes take 15 s or more above their median, as they do "
        "when no web-service seat is free; else 0.")},
    [FAMILY_SESSIONS_OPEN] = {APPSERVER(GAUGE, "epicor_sessions_open",
                                        "Sessions that the agent itself holds open; only with session = "
                                        "shared.")},
    [FAMILY_LICENSE_CLAIM] = {APPSERVER(
                                  COUNTER, "epicor_license_claim_seconds_total",
                                  "Time for which our own calls held a seat; its rate is the mean number of "
                                  "seats held."),
                              DATA("license", 32)},
    [FAMILY_LICENSE_SEATS_USED] = {FOUND("epicor_license_seats_used",
                                         "License seats in use, our own among them."),
                                   .labels = {"company", "license"}},
    [FAMILY_LICENSE_SEATS_OWNED] = {FOUND("epicor_license_seats_owned",
                                          "License seats owned: as the server says, or else as configured."),
                                    .labels = {"company", "license"}},
    [FAMILY_SESSIONS] = {FOUND("epicor_sessions", "Sessions of all users, by license and state."),
                         .labels = {"company", "license", "state"}},
    [FAMILY_HEALTH_CHECK_SUCCESS] = {FOUND(
                                         "epicor_health_check_success",
                                         "1 if the check of the health service found all in order, else 0."),
                                     .labels = {"check"}},
    [FAMILY_DATABASE_LATENCY] = {FOUND(
        "epicor_database_latency_seconds",
        "Time from the app server to its database, as the server measured it.")},
    [FAMILY_DATABASE_LATENCY_LIMIT] = {APPSERVER(GAUGE, "epicor_database_latency_limit_seconds",
                                                 "Configured limit of the database latency.")},
    [FAMILY_TASKS_WAITING] = {FOUND("epicor_tasks_waiting",
                                    "Immediate tasks that no task agent has taken for longer than cutoff.")},
    [FAMILY_TASKS] = {FOUND("epicor_tasks",
                            "Tasks by status: pending and active now; those that ended badly within window."),
                      .labels = {"company", "status"}},
    [FAMILY_TASK_OLDEST_ACTIVE_START] = {FOUND("epicor_task_oldest_active_start_timestamp_seconds",
                                               "When the task that has been active longest began."),
                                         .labels = {"company"}},
    [FAMILY_TASK_LAST_SUCCESS] = {FOUND("epicor_task_last_success_timestamp_seconds",
                                        "When the watched task last ended well."),
                                  .labels = {"company", "task"}},
    [FAMILY_SCHEDULES_OVERDUE] = {FOUND("epicor_schedules_overdue",
                                        "Schedules of the task agent whose next run is past."),
                                  .labels = {"agent"}},
    [FAMILY_SERVER_INFO] = {FOUND("epicor_server_info", "What the app server says of itself; always 1."),
                            .labels = {"version"}},
    [FAMILY_SERVER_PRODUCTION] = {FOUND("epicor_server_production",
                                        "1 if the app server says that it is the Live one, else 0.")},
    [FAMILY_SERVER_PRODUCTION_EXPECTED] = {APPSERVER(GAUGE, "epicor_server_production_expected",
                                                     "1 if the configuration says that it is the Live one, 0 "
                                                     "if it says that it is not.")},
    [FAMILY_API_KEY_EXPIRY] = {FOUND("epicor_api_key_expiry_timestamp_seconds",
                                     "When the API key expires; of enabled keys."),
                               .labels = {"key"}},
    [FAMILY_MAINTENANCE] = {APPSERVER(GAUGE, "epicor_maintenance",
                                      "1 inside the configured windows of maintenance, else 0.")},
    [FAMILY_BUSINESS_HOURS] = {APPSERVER(GAUGE, "epicor_business_hours",
                                         "1 inside the configured business hours, else 0.")},
    [FAMILY_CERTIFICATE_EXPIRY] = {APPSERVER(GAUGE, "epicor_tls_certificate_expiry_timestamp_seconds",
                                             "Earliest expiry in the certificate chain last seen."),
                                   CLOSED("certificate", certificate_value, COUNT(certificates))},
    [FAMILY_CLOCK_SKEW] = {APPSERVER(GAUGE, "epicor_clock_skew_seconds",
                                     "The server's clock minus ours, by its Date header (whole seconds).")},
    [FAMILY_REQUESTS_IN_FLIGHT] = {APPSERVER(GAUGE, "epicor_requests_in_flight",
                                             "Places toward the app server that are taken.")},
    [FAMILY_REQUESTS_WAITING] = {APPSERVER(GAUGE, "epicor_requests_waiting",
                                           "Requests that wait for a place.")},
    [FAMILY_BACKOFF_UNTIL] = {APPSERVER(
        GAUGE, "epicor_backoff_until_timestamp_seconds",
        "Until when the app server is left in peace after failures; 0: it is not.")},
    [FAMILY_REQUEST_WAIT] = {APPSERVER(HISTOGRAM, "epicor_request_wait_seconds",
                                       "Time that requests waited for a place toward the app server."),
                             BUCKETS(wait_buckets)},
    [FAMILY_RUNS_SKIPPED] =
        {APPSERVER(COUNTER, "epicor_exporter_runs_skipped_total",
                   "Runs left out: overrun, due while the last one was still going; gate, never got "
                   "a place before the next was due."),
         CLOSED("cause", cause_value, COUNT(causes))},
    [FAMILY_SERIES_DROPPED] = {APPSERVER(GAUGE, "epicor_exporter_series_dropped",
                                         "Series of a family that are not shown because it has too many."),
                               DATA("family", FAMILIES + DROPPED_VALUES), .overflow = "other"},

    /* the process */
    [FAMILY_BUILD_INFO] = {PROCESS(GAUGE, "epicor_exporter_build_info", "What was built; always 1."),
                           .labels = {"version", "revision"}, .data_maximum = 1},
    [FAMILY_RELOAD_SUCCESSFUL] = {PROCESS(GAUGE, "epicor_exporter_config_last_reload_successful",
                                          "1 if the last reading of the configuration succeeded, else 0.")},
    [FAMILY_RELOAD_SUCCESS] = {PROCESS(GAUGE, "epicor_exporter_config_last_reload_success_timestamp_seconds",
                                       "When the configuration in force was read.")},
    [FAMILY_RUN_LATENESS] = {PROCESS(HISTOGRAM, "epicor_exporter_run_lateness_seconds",
                                     "Time from a run being due until it was ready to be sent, or found to "
                                     "be too late to be made up; "
                                     "waiting for a place not counted."),
                             BUCKETS(lateness_buckets)},
    [FAMILY_TURN] = {PROCESS(HISTOGRAM, "epicor_exporter_turn_seconds", "Turns of the agent's loop."),
                     BUCKETS(turn_buckets)},
    [FAMILY_TARGETS] = {PROCESS(GAUGE, "epicor_exporter_targets", "Targets in the configuration.")},
    [FAMILY_SERIES] = {PROCESS(SERIES, "epicor_exporter_series", "Series of this scrape.")},
    [FAMILY_LOG_MESSAGES] = {PROCESS(COUNTER, "epicor_exporter_log_messages_total",
                                     "Log messages by level, also those below the level that is shown."),
                             CLOSED("level", level_value, LOG_LEVELS)},
    [FAMILY_HTTP_REQUESTS] = {PROCESS(COUNTER, "epicor_exporter_http_requests_total",
                                      "HTTP requests that this exporter has answered."),
                              .labels = {"path", "code"}, .data_maximum = 200, .overflow = "other"},
    [FAMILY_HTTP_RESPONSE_BYTES] = {PROCESS(GAUGE, "epicor_exporter_http_response_bytes",
                                            "Size of the last answer to a request for the path."),
                                    DATA("path", 32), .overflow = "other"},
    [FAMILY_PROCESS_CPU] = {PROCESS(COUNTER, "process_cpu_seconds_total",
                                    "Total user and system CPU time spent in seconds.")},
    [FAMILY_PROCESS_RESIDENT] = {PROCESS(GAUGE, "process_resident_memory_bytes",
                                         "Resident memory size in bytes.")},
    [FAMILY_PROCESS_VIRTUAL] = {PROCESS(GAUGE, "process_virtual_memory_bytes",
                                        "Virtual memory size in bytes.")},
    [FAMILY_PROCESS_OPEN_FDS] = {PROCESS(GAUGE, "process_open_fds", "Number of open file descriptors.")},
    [FAMILY_PROCESS_MAX_FDS] = {PROCESS(GAUGE, "process_max_fds",
                                        "Maximum number of open file descriptors.")},
    [FAMILY_PROCESS_START] = {PROCESS(GAUGE, "process_start_time_seconds",
                                      "Start time of the process since unix epoch in seconds.")},
};
