#include "report/status_field.h"

#include <assert.h>

#define STATE_WORDS  "`good` `failing` `slow` `resting` `waiting` `never_ran`"
#define REASON_WORDS "a word of the [closed list](#reasons)"

static const struct status_row rows[STATUS_FIELDS] = {
    [FIELD_STATUS_API] = {OBJECT_STATUS, "api", TYPE_TEXT, ALWAYS, 0,
                          "`" STATUS_API_VERSION
                          "`. Fields may be added to it; none goes away or changes its meaning."},
    [FIELD_STATUS_VERSION] = {OBJECT_STATUS, "version", TYPE_TEXT, ALWAYS, 0, "Version of the exporter."},
    [FIELD_STATUS_TIME] = {OBJECT_STATUS, "time", TYPE_TIME, ALWAYS, 0, "When this picture was taken."},
    [FIELD_STATUS_HEALTHY] = {OBJECT_STATUS, "healthy", TYPE_BOOL, ALWAYS, 0,
                              "Whether the agent turns, as `/-/healthy` tells; if not, all the rest is old."},
    [FIELD_STATUS_READY] = {OBJECT_STATUS, "ready", TYPE_BOOL, ALWAYS, 0,
                            "Whether the schedule turns, as `/-/ready` tells."},
    [FIELD_STATUS_MESSAGES] =
        {OBJECT_STATUS, "messages", TYPE_TEXT, ALWAYS, 0,
         "`shown`, or `withheld`: the servers' own words are left out, because nobody has "
         "authenticated and the client is not on the exporter's own machine."},
    [FIELD_STATUS_CONFIGURATION] = {OBJECT_STATUS, "configuration", TYPE_OBJECT, ALWAYS, OBJECT_CONFIGURATION,
                                    "The configuration in force."},
    [FIELD_STATUS_COUNTS] = {OBJECT_STATUS, "target_counts", TYPE_OBJECT, ALWAYS, OBJECT_COUNTS,
                             "All targets, by state, whatever the query asks for."},
    [FIELD_STATUS_PROBLEMS] =
        {OBJECT_STATUS, "problems", TYPE_LIST, ALWAYS, OBJECT_PROBLEM,
         "What is wrong, the worst first; empty when nothing is. Only `appserver` filters it."},
    [FIELD_STATUS_APPSERVERS] =
        {OBJECT_STATUS, "appservers", TYPE_LIST, ALWAYS, OBJECT_APPSERVER,
         "App servers in the order of the configuration. Only `appserver` filters it."},
    [FIELD_STATUS_TARGETS] = {OBJECT_STATUS, "targets", TYPE_LIST, ALWAYS, OBJECT_TARGET,
                              "Targets in the order of the configuration."},

    [FIELD_CONFIGURATION_RELOAD_SUCCESSFUL] =
        {OBJECT_CONFIGURATION, "last_reload_successful", TYPE_BOOL, ALWAYS, 0,
         "`false`: what was read last has faults, and the one before is in "
         "force. As `epicor_exporter_config_last_reload_successful`."},
    [FIELD_CONFIGURATION_LOADED] = {OBJECT_CONFIGURATION, "in_force_since", TYPE_TIME, ALWAYS, 0,
                                    "When the one in force came into force."},

    [FIELD_COUNT_GOOD] = {OBJECT_COUNTS, "good", TYPE_NUMBER, ALWAYS, 0, "The last run went well."},
    [FIELD_COUNT_FAILING] = {OBJECT_COUNTS, "failing", TYPE_NUMBER, ALWAYS, 0, "The last run failed."},
    [FIELD_COUNT_SLOW] = {OBJECT_COUNTS, "slow", TYPE_NUMBER, ALWAYS, 0,
                          "The last run went well, and took longer than `latency_limit`."},
    [FIELD_COUNT_RESTING] = {OBJECT_COUNTS, "resting", TYPE_NUMBER, ALWAYS, 0, "Outside their windows."},
    [FIELD_COUNT_WAITING] =
        {OBJECT_COUNTS, "waiting", TYPE_NUMBER, ALWAYS, 0,
         "Have not run for three intervals, so that nothing is known of them at the moment."},
    [FIELD_COUNT_NEVER_RAN] = {OBJECT_COUNTS, "never_ran", TYPE_NUMBER, ALWAYS, 0, "No run has ended yet."},

    [FIELD_PROBLEM_KIND] = {OBJECT_PROBLEM, "kind", TYPE_TEXT, ALWAYS, 0,
                            "`hung` `verdict` `login` `token` `certificate_expired` `targets` `reload` "
                            "`throttled` `production` `certificate_expiring` `slow` `drift`; more may come."},
    [FIELD_PROBLEM_SEVERITY] = {OBJECT_PROBLEM, "severity", TYPE_TEXT, ALWAYS, 0,
                                "`critical` `error` `warning` `notice`."},
    [FIELD_PROBLEM_APPSERVER] = {OBJECT_PROBLEM, "appserver", TYPE_TEXT, NULLABLE, 0,
                                 "`null`: the exporter itself."},
    [FIELD_PROBLEM_REASON] = {OBJECT_PROBLEM, "reason", TYPE_TEXT, NULLABLE, 0, REASON_WORDS "."},
    [FIELD_PROBLEM_SENTENCE] = {OBJECT_PROBLEM, "sentence", TYPE_TEXT, ALWAYS, 0, "What happened."},
    [FIELD_PROBLEM_REMEDY] = {OBJECT_PROBLEM, "remedy", TYPE_TEXT, ALWAYS, 0, "What to do about it."},
    [FIELD_PROBLEM_SINCE] = {OBJECT_PROBLEM, "since", TYPE_TIME, NULLABLE, 0,
                             "Since when; of a certificate, when it expires or has expired."},
    [FIELD_PROBLEM_MESSAGE] = {OBJECT_PROBLEM, "message", TYPE_TEXT, WHERE_TRUSTED, 0,
                               "The server's own words, redacted."},
    [FIELD_PROBLEM_TARGETS] =
        {OBJECT_PROBLEM, "targets", TYPE_LIST, ALWAYS, OBJECT_PROBLEM_TARGET,
         "Whom it concerns, or whose failures it explains: those are in no other problem "
         "for them."},

    [FIELD_PROBLEM_TARGET_COMPANY] = {OBJECT_PROBLEM_TARGET, "company", TYPE_TEXT, ALWAYS, 0,
                                      "Empty where the probe runs once for an app server."},
    [FIELD_PROBLEM_TARGET_PROBE] = {OBJECT_PROBLEM_TARGET, "probe", TYPE_TEXT, ALWAYS, 0, "Its probe."},

    [FIELD_APPSERVER_NAME] = {OBJECT_APPSERVER, "name", TYPE_TEXT, ALWAYS, 0, "The label `appserver`."},
    [FIELD_APPSERVER_URL] = {OBJECT_APPSERVER, "url", TYPE_TEXT, ALWAYS, 0, "As configured."},
    [FIELD_APPSERVER_STATE] =
        {OBJECT_APPSERVER, "state", TYPE_TEXT, ALWAYS, 0,
         "`good`; `failing`: by `reason`; `slow`: calls are delayed for want of a license seat; "
         "`resting`: all of its targets are outside their windows; `never_ran`: no request has "
         "ended yet."},
    [FIELD_APPSERVER_UP] =
        {OBJECT_APPSERVER, "up", TYPE_BOOL, NULLABLE, 0,
         "As `epicor_up`: `false` while the server-wide verdict stands; `null` before the first "
         "request."},
    [FIELD_APPSERVER_REASON] =
        {OBJECT_APPSERVER, "reason", TYPE_TEXT, NULLABLE, 0,
         "Why it is failing, " REASON_WORDS
         ": the server-wide verdict, else what blocks the login, else what the last token "
         "request failed with."},
    [FIELD_APPSERVER_SENTENCE] = {OBJECT_APPSERVER, "sentence", TYPE_TEXT, NULLABLE, 0, "What happened."},
    [FIELD_APPSERVER_REMEDY] = {OBJECT_APPSERVER, "remedy", TYPE_TEXT, NULLABLE, 0, "What to do about it."},
    [FIELD_APPSERVER_DOWN_SINCE] = {OBJECT_APPSERVER, "down_since", TYPE_TIME, NULLABLE, 0,
                                    "Since when the server-wide verdict stands."},
    [FIELD_APPSERVER_MAINTENANCE] = {OBJECT_APPSERVER, "maintenance", TYPE_BOOL, NULLABLE, 0,
                                     "Inside a window of `maintenance`; `null`: none is configured."},
    [FIELD_APPSERVER_BUSINESS_HOURS] = {OBJECT_APPSERVER, "business_hours", TYPE_BOOL, NULLABLE, 0,
                                        "Likewise of `business_hours`."},
    [FIELD_APPSERVER_TOKEN] = {OBJECT_APPSERVER, "token", TYPE_OBJECT, NULLABLE, OBJECT_TOKEN,
                               "The shared token; `null` where `auth` needs none."},
    [FIELD_APPSERVER_LOGIN] = {OBJECT_APPSERVER, "login", TYPE_OBJECT, ALWAYS, OBJECT_LOGIN,
                               "Whether logins are held back, so that the account is not locked."},
    [FIELD_APPSERVER_CERTIFICATES] = {OBJECT_APPSERVER, "certificates", TYPE_LIST, ALWAYS, OBJECT_CERTIFICATE,
                                      "Those seen so far."},
    [FIELD_APPSERVER_VERSION] =
        {OBJECT_APPSERVER, "version", TYPE_TEXT, NULLABLE, 0,
         "Its patch level; `null` where no probe of kind `version` has read it lately."},
    [FIELD_APPSERVER_PRODUCTION] = {OBJECT_APPSERVER, "production", TYPE_BOOL, NULLABLE, 0,
                                    "Whether it says that it is the production instance."},
    [FIELD_APPSERVER_PRODUCTION_EXPECTED] = {OBJECT_APPSERVER, "production_expected", TYPE_BOOL, NULLABLE, 0,
                                             "As configured with `expect_production`."},
    [FIELD_APPSERVER_CLOCK_SKEW] = {OBJECT_APPSERVER, "clock_skew_seconds", TYPE_NUMBER, NULLABLE, 0,
                                    "Its clock minus ours."},
    [FIELD_APPSERVER_IN_FLIGHT] = {OBJECT_APPSERVER, "requests_in_flight", TYPE_NUMBER, ALWAYS, 0,
                                   "Places taken toward it."},
    [FIELD_APPSERVER_WAITING] = {OBJECT_APPSERVER, "requests_waiting", TYPE_NUMBER, ALWAYS, 0,
                                 "Requests that wait for a place."},
    [FIELD_APPSERVER_BACKOFF_UNTIL] = {OBJECT_APPSERVER, "backoff_until", TYPE_TIME, NULLABLE, 0,
                                       "Until when it is left alone; `null`: it is not."},
    [FIELD_APPSERVER_SESSIONS_OPEN] = {OBJECT_APPSERVER, "sessions_open", TYPE_NUMBER, NULLABLE, 0,
                                       "Sessions that the exporter holds; `null` with `session = none`."},
    [FIELD_APPSERVER_THROTTLED] = {OBJECT_APPSERVER, "throttled", TYPE_BOOL, NULLABLE, 0,
                                   "Whether calls are delayed for want of a license seat, as "
                                   "`epicor_license_throttled`; `null` without a baseline."},
    [FIELD_APPSERVER_SEATS] = {OBJECT_APPSERVER, "seats", TYPE_LIST, ALWAYS, OBJECT_SEATS,
                               "License seats, as long as their metrics stand."},
    [FIELD_APPSERVER_COUNTS] = {OBJECT_APPSERVER, "target_counts", TYPE_OBJECT, ALWAYS, OBJECT_COUNTS,
                                "Its targets, by state."},

    [FIELD_TOKEN_EXPIRES] = {OBJECT_TOKEN, "expires", TYPE_TIME, NULLABLE, 0, "`null`: none lives."},
    [FIELD_TOKEN_REMAINING] = {OBJECT_TOKEN, "remaining_seconds", TYPE_NUMBER, ALWAYS, 0,
                               "What is left of it; 0 while none lives."},
    [FIELD_TOKEN_REASON] = {OBJECT_TOKEN, "reason", TYPE_TEXT, NULLABLE, 0,
                            "Why the last token request failed, " REASON_WORDS "; `null`: it did not."},
    [FIELD_TOKEN_SENTENCE] = {OBJECT_TOKEN, "sentence", TYPE_TEXT, NULLABLE, 0, "What happened."},
    [FIELD_TOKEN_REMEDY] = {OBJECT_TOKEN, "remedy", TYPE_TEXT, NULLABLE, 0, "What to do about it."},
    [FIELD_TOKEN_FAILING_SINCE] = {OBJECT_TOKEN, "failing_since", TYPE_TIME, NULLABLE, 0,
                                   "Since when token requests fail."},
    [FIELD_TOKEN_MESSAGE] = {OBJECT_TOKEN, "message", TYPE_TEXT, WHERE_TRUSTED, 0,
                             "The server's own words, redacted."},

    [FIELD_LOGIN_BLOCKED] = {OBJECT_LOGIN, "blocked", TYPE_BOOL, ALWAYS, 0, "Whether they are."},
    [FIELD_LOGIN_UNTIL] = {OBJECT_LOGIN, "until", TYPE_TIME, NULLABLE, 0, "No login is tried before."},
    [FIELD_LOGIN_SINCE] = {OBJECT_LOGIN, "since", TYPE_TIME, NULLABLE, 0, "Since when."},
    [FIELD_LOGIN_REASON] = {OBJECT_LOGIN, "reason", TYPE_TEXT, NULLABLE, 0,
                            "What was refused, " REASON_WORDS "."},
    [FIELD_LOGIN_SENTENCE] = {OBJECT_LOGIN, "sentence", TYPE_TEXT, NULLABLE, 0, "What happened."},
    [FIELD_LOGIN_REMEDY] = {OBJECT_LOGIN, "remedy", TYPE_TEXT, NULLABLE, 0, "What to do about it."},
    [FIELD_LOGIN_CHANGEABLE] = {OBJECT_LOGIN, "changed_secret_tried_at_once", TYPE_BOOL, NULLABLE, 0,
                                "Whether another text of the secret ends it at once; `null`: not blocked."},
    [FIELD_LOGIN_MESSAGE] = {OBJECT_LOGIN, "message", TYPE_TEXT, WHERE_TRUSTED, 0,
                             "The server's own words, redacted."},

    [FIELD_CERTIFICATE_OF] = {OBJECT_CERTIFICATE, "certificate", TYPE_TEXT, ALWAYS, 0,
                              "`server` `identity_provider` `client`."},
    [FIELD_CERTIFICATE_EXPIRES] = {OBJECT_CERTIFICATE, "expires", TYPE_TIME, ALWAYS, 0,
                                   "The earliest end in its chain."},
    [FIELD_CERTIFICATE_REMAINING] = {OBJECT_CERTIFICATE, "remaining_seconds", TYPE_NUMBER, ALWAYS, 0,
                                     "Until then; negative once it has expired."},

    [FIELD_SEATS_COMPANY] = {OBJECT_SEATS, "company", TYPE_TEXT, ALWAYS, 0,
                             "Empty where the license is the whole server's."},
    [FIELD_SEATS_LICENSE] = {OBJECT_SEATS, "license", TYPE_TEXT, ALWAYS, 0, "The label `license`."},
    [FIELD_SEATS_USED] = {OBJECT_SEATS, "used", TYPE_NUMBER, NULLABLE, 0, "Used, our own included."},
    [FIELD_SEATS_OWNED] = {OBJECT_SEATS, "owned", TYPE_NUMBER, NULLABLE, 0, "Owned."},
    [FIELD_SEATS_CONFIGURED] = {OBJECT_SEATS, "configured", TYPE_BOOL, ALWAYS, 0,
                                "`owned` comes from `seats.LICENSE`, and nothing was read of it."},

    [FIELD_TARGET_APPSERVER] = {OBJECT_TARGET, "appserver", TYPE_TEXT, ALWAYS, 0, "As the label."},
    [FIELD_TARGET_COMPANY] = {OBJECT_TARGET, "company", TYPE_TEXT, ALWAYS, 0,
                              "As the label: empty where the probe runs once for an app server."},
    [FIELD_TARGET_PROBE] = {OBJECT_TARGET, "probe", TYPE_TEXT, ALWAYS, 0, "As the label."},
    [FIELD_TARGET_KIND] = {OBJECT_TARGET, "kind", TYPE_TEXT, ALWAYS, 0, "Kind of the probe."},
    [FIELD_TARGET_STATE] = {OBJECT_TARGET, "state", TYPE_TEXT, ALWAYS, 0,
                            STATE_WORDS "; what they mean stands at [target_counts](#counts)."},
    [FIELD_TARGET_REASON] = {OBJECT_TARGET, "reason", TYPE_TEXT, NULLABLE, 0,
                             "Why the last run failed, " REASON_WORDS
                             "; `null`: it did not, or there was none."},
    [FIELD_TARGET_SENTENCE] = {OBJECT_TARGET, "sentence", TYPE_TEXT, NULLABLE, 0, "What happened."},
    [FIELD_TARGET_REMEDY] = {OBJECT_TARGET, "remedy", TYPE_TEXT, NULLABLE, 0, "What to do about it."},
    [FIELD_TARGET_STATUS] = {OBJECT_TARGET, "status", TYPE_NUMBER, NULLABLE, 0,
                             "HTTP status of the last run; `null`: no answer came."},
    [FIELD_TARGET_LAST_RUN] = {OBJECT_TARGET, "last_run", TYPE_TIME, NULLABLE, 0, "When the last run ended."},
    [FIELD_TARGET_LAST_SUCCESS] = {OBJECT_TARGET, "last_success", TYPE_TIME, NULLABLE, 0,
                                   "When the last good one did."},
    [FIELD_TARGET_NEXT_RUN] = {OBJECT_TARGET, "next_run", TYPE_TIME, NULLABLE, 0,
                               "When the next one is due."},
    [FIELD_TARGET_INTERVAL] = {OBJECT_TARGET, "interval_seconds", TYPE_NUMBER, ALWAYS, 0,
                               "From one run to the next."},
    [FIELD_TARGET_DURATION] = {OBJECT_TARGET, "duration_seconds", TYPE_NUMBER, NULLABLE, 0,
                               "Of the last run's exchanges; `null`: it asked nothing."},
    [FIELD_TARGET_LATENCY_LIMIT] = {OBJECT_TARGET, "latency_limit_seconds", TYPE_NUMBER, NULLABLE, 0,
                                    "As configured."},
    [FIELD_TARGET_ROWS] = {OBJECT_TARGET, "rows", TYPE_NUMBER, NULLABLE, 0,
                           "Of the last answer that was read to its end."},
    [FIELD_TARGET_CONSECUTIVE_FAILURES] = {OBJECT_TARGET, "consecutive_failures", TYPE_NUMBER, ALWAYS, 0,
                                           "Failed runs in a row."},
    [FIELD_TARGET_FAILING_SINCE] = {OBJECT_TARGET, "failing_since", TYPE_TIME, NULLABLE, 0,
                                    "When the first of them ended."},
    [FIELD_TARGET_CONSECUTIVE_SLOW_RUNS] = {OBJECT_TARGET, "consecutive_slow_runs", TYPE_NUMBER, ALWAYS, 0,
                                            "Runs in a row above `latency_limit`."},
    [FIELD_TARGET_SCHEMA_CHANGES] = {OBJECT_TARGET, "schema_changes", TYPE_NUMBER, ALWAYS, 0,
                                     "How often the columns of its answers have changed."},
    [FIELD_TARGET_DRIFTED] = {OBJECT_TARGET, "drifted", TYPE_TIME, NULLABLE, 0, "When they last did."},
    [FIELD_TARGET_DRIFT] = {OBJECT_TARGET, "drift", TYPE_TEXT, WHERE_TRUSTED, 0,
                            "Which columns came and went then, a sentence."},
    [FIELD_TARGET_MESSAGE] = {OBJECT_TARGET, "message", TYPE_TEXT, WHERE_TRUSTED, 0,
                              "The server's own words of the last run, redacted."},
    [FIELD_TARGET_HISTORY] = {OBJECT_TARGET, "history", TYPE_LIST, WHEN_ASKED, OBJECT_RUN,
                              "The last `[exporter] history` runs, the oldest first."},
    [FIELD_TARGET_FAILURES] =
        {OBJECT_TARGET, "failures", TYPE_LIST, WHEN_ASKED, OBJECT_FAILURE,
         "The last 20 failed runs, the oldest first, also those that are in `history` no more."},

    [FIELD_RUN_ENDED] = {OBJECT_RUN, "ended", TYPE_TIME, ALWAYS, 0, "When it ended, to the millisecond."},
    [FIELD_RUN_REASON] = {OBJECT_RUN, "reason", TYPE_TEXT, NULLABLE, 0,
                          "Why it failed, " REASON_WORDS "; `null`: it went well."},
    [FIELD_RUN_STATUS] = {OBJECT_RUN, "status", TYPE_NUMBER, NULLABLE, 0,
                          "HTTP status; `null`: no answer came."},
    [FIELD_RUN_DURATION] = {OBJECT_RUN, "duration_seconds", TYPE_NUMBER, NULLABLE, 0,
                            "Of its exchanges together; `null`: it asked nothing."},
    [FIELD_RUN_RESOLVE] = {OBJECT_RUN, "resolve_seconds", TYPE_NUMBER, NULLABLE, 0,
                           "Looking up the name; `null` in this and the next four: it did not come to that."},
    [FIELD_RUN_CONNECT] = {OBJECT_RUN, "connect_seconds", TYPE_NUMBER, NULLABLE, 0, "Connecting."},
    [FIELD_RUN_TLS] = {OBJECT_RUN, "tls_seconds", TYPE_NUMBER, NULLABLE, 0, "Agreeing on TLS."},
    [FIELD_RUN_PROCESSING] = {OBJECT_RUN, "processing_seconds", TYPE_NUMBER, NULLABLE, 0,
                              "From the request sent to the first byte of the answer."},
    [FIELD_RUN_TRANSFER] = {OBJECT_RUN, "transfer_seconds", TYPE_NUMBER, NULLABLE, 0,
                            "From the first byte to the last."},
    [FIELD_RUN_ROWS] = {OBJECT_RUN, "rows", TYPE_NUMBER, NULLABLE, 0,
                        "Rows; `null` where the answer was not read to its end, or has none."},
    [FIELD_RUN_RETRIES] = {OBJECT_RUN, "retries", TYPE_NUMBER, ALWAYS, 0,
                           "Attempts that failed and were followed by another."},

    [FIELD_FAILURE_RUN] = {OBJECT_FAILURE, "run", TYPE_OBJECT, ALWAYS, OBJECT_RUN, "The run."},
    [FIELD_FAILURE_MESSAGE] =
        {OBJECT_FAILURE, "message", TYPE_TEXT, WHERE_TRUSTED, 0,
         "The server's own words, redacted; of more than 300 bytes the first, with `…` behind "
         "them."},
    [FIELD_FAILURE_CORRELATION] =
        {OBJECT_FAILURE, "correlation", TYPE_TEXT, NULLABLE, 0,
         "Kinetic's CorrelationId, by which its own log tells more; `null`: it told none."},
};

static const struct status_object_row objects[STATUS_OBJECTS] = {
    [OBJECT_STATUS] = {"The whole", "whole", "What `GET /api/v1/status` answers."},
    [OBJECT_CONFIGURATION] = {"Configuration", "configuration", "In `configuration`."},
    [OBJECT_COUNTS] = {"Counts", "counts", "In `target_counts`: how many targets are in which state."},
    [OBJECT_PROBLEM] =
        {"Problem", "problem",
         "In `problems`. A cause is told once: targets that fail because their whole app server "
         "does are named by that problem only. What is in maintenance or outside its windows is "
         "none, but for certificates."},
    [OBJECT_PROBLEM_TARGET] = {"Target of a problem", "problem-target", "In `targets` of a problem."},
    [OBJECT_APPSERVER] = {"App server", "appserver", "In `appservers`."},
    [OBJECT_TOKEN] = {"Token", "token", "In `token` of an app server."},
    [OBJECT_LOGIN] = {"Login", "login", "In `login` of an app server."},
    [OBJECT_CERTIFICATE] = {"Certificate", "certificate", "In `certificates` of an app server."},
    [OBJECT_SEATS] = {"Seats", "seats", "In `seats` of an app server."},
    [OBJECT_TARGET] = {"Target", "target", "In `targets`."},
    [OBJECT_RUN] = {"Run", "run",
                    "In `history` of a target, and `run` of a failure. Skipped runs are in none."},
    [OBJECT_FAILURE] = {"Failure", "failure", "In `failures` of a target."},
};

static const struct status_parameter parameters[STATUS_PARAMETERS] = {
    [PARAMETER_APPSERVER] = {"appserver", "a name", "Only this app server, with its targets and problems."},
    [PARAMETER_COMPANY] = {"company", "a name, or empty", "Only targets of this company."},
    [PARAMETER_PROBE] = {"probe", "a name", "Only targets of this probe."},
    [PARAMETER_STATE] = {"state", STATE_WORDS, "Only targets in this state."},
    [PARAMETER_HISTORY] = {"history", "`1` or `0`",
                           "With `history` and `failures` of each target. Without it they are there where "
                           "`appserver`, `company` and `probe` name one target. Of more than 100 targets "
                           "only where `appserver` names one app server; else the answer is 400."},
};

const struct status_row *status_row(enum status_field field)
{
    assert(field < STATUS_FIELDS);
    return &rows[field];
}

const struct status_object_row *status_object_row(enum status_object object)
{
    assert(object < STATUS_OBJECTS);
    return &objects[object];
}

const struct status_parameter *status_parameter(enum status_parameter_name name)
{
    assert(name < STATUS_PARAMETERS);
    return &parameters[name];
}
