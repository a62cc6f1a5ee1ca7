#include "web/status_json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/board_state.h"
#include "report/problem.h"
#include "report/status_field.h"
#include "web/json_writer.h"

/* Of more targets the runs are told for one app server only: each has up to [exporter] history of them. */
#define STATUS_HISTORIES_MAX 100

struct status {
    const struct status_setting *setting;
    const struct query *query;
    const struct board_view *view;
    struct json_writer json;
    bool history; /* of each target */
    struct board_counts counts;
};

/* ---- the query ---- */

/* Is it among the values of this name, or is none given? */
static bool admits(const struct query *query, enum status_parameter_name name, const char *value)
{
    bool given = false;

    for (size_t i = 0; i < query->count; i++) {
        if (strcmp(query->pairs[i].name, status_parameter(name)->name) != 0)
            continue;
        if (strcmp(query->pairs[i].value, value) == 0)
            return true;
        given = true;
    }
    return !given;
}

static bool is_state(const char *word)
{
    for (int state = 0; state < BOARD_STATES; state++)
        if (strcmp(board_state_row((enum board_state)state)->name, word) == 0)
            return true;
    return false;
}

static bool is_known(const char *name)
{
    for (int i = 0; i < STATUS_PARAMETERS; i++)
        if (strcmp(status_parameter((enum status_parameter_name)i)->name, name) == 0)
            return true;
    return false;
}

char *status_query_check(const struct query *query)
{
    for (size_t i = 0; i < query->count; i++) {
        const struct query_pair *pair = &query->pairs[i];
        if (!is_known(pair->name))
            return memory_copy_text("There is a parameter that this path does not know. It knows appserver, "
                                    "company, probe, state and history.\n");
        if (strcmp(pair->name, status_parameter(PARAMETER_STATE)->name) == 0 && !is_state(pair->value))
            return memory_copy_text(
                "There is no such state. They are good, failing, slow, resting, waiting and "
                "never_ran.\n");
        if (strcmp(pair->name, status_parameter(PARAMETER_HISTORY)->name) == 0 &&
            strcmp(pair->value, "1") != 0 && strcmp(pair->value, "0") != 0)
            return memory_copy_text("history is 1 or 0.\n");
    }
    return NULL;
}

static size_t count_given(const struct query *query, enum status_parameter_name name)
{
    size_t given = 0;

    for (size_t i = 0; i < query->count; i++)
        given += strcmp(query->pairs[i].name, status_parameter(name)->name) == 0;
    return given;
}

static bool wants_history(const struct query *query)
{
    const char *history = query_value(query, status_parameter(PARAMETER_HISTORY)->name);

    if (history != NULL)
        return strcmp(history, "1") == 0;
    for (int name = PARAMETER_APPSERVER; name <= PARAMETER_PROBE; name++)
        if (count_given(query, (enum status_parameter_name)name) != 1)
            return false;
    return true;
}

static bool admits_target(const struct query *query, const struct board_target *target,
                          enum board_state state)
{
    return admits(query, PARAMETER_APPSERVER, target->appserver) &&
           admits(query, PARAMETER_COMPANY, target->company) &&
           admits(query, PARAMETER_PROBE, target->probe) &&
           admits(query, PARAMETER_STATE, board_state_row(state)->name);
}

const char *status_history_check(const struct query *query, const struct board_view *view)
{
    size_t count = 0;

    if (!wants_history(query) || count_given(query, PARAMETER_APPSERVER) == 1)
        return NULL;
    for (size_t i = 0; i < view->target_count && count <= STATUS_HISTORIES_MAX; i++)
        count += admits_target(query, view->targets[i], board_target_state(view->targets[i], view->now));
    return count <= STATUS_HISTORIES_MAX
               ? NULL
               : "These would be the runs of more than 100 targets. Name one app server with appserver=, or "
                 "fewer targets with company=, probe= or state=.\n";
}

/* ---- fields ---- */

static void name_field(struct status *status, enum status_field field, enum status_type type)
{
    const struct status_row *row = status_row(field);

    assert(row->type == type);
    json_name(&status->json, row->name, "");
}

static void put_text(struct status *status, enum status_field field, const char *text)
{
    assert(text != NULL || status_row(field)->presence != ALWAYS);
    name_field(status, field, TYPE_TEXT);
    json_text(&status->json, text);
}

/* What a server said, or found out by it: only for who may read that. */
static void put_words(struct status *status, enum status_field field, const char *words)
{
    assert(status_row(field)->presence == WHERE_TRUSTED);
    if (status->setting->show_messages)
        put_text(status, field, words);
}

static void put_bool(struct status *status, enum status_field field, bool known, bool value)
{
    assert(known || status_row(field)->presence != ALWAYS);
    name_field(status, field, TYPE_BOOL);
    if (known)
        json_bool(&status->json, value);
    else
        json_null(&status->json);
}

static void put_number(struct status *status, enum status_field field, bool known, double number)
{
    assert(known || status_row(field)->presence != ALWAYS);
    name_field(status, field, TYPE_NUMBER);
    if (known)
        json_number(&status->json, number);
    else
        json_null(&status->json);
}

static void put_count(struct status *status, enum status_field field, uint64_t count)
{
    name_field(status, field, TYPE_NUMBER);
    json_integer(&status->json, (int64_t)count);
}

/* 0: unknown. */
static void put_time(struct status *status, enum status_field field, int64_t wall_ns)
{
    struct json_writer *json = &status->json;

    name_field(status, field, TYPE_TIME);
    if (wall_ns > 0)
        json_time(json, wall_ns);
    else
        json_null(json);
    json_name(json, status_row(field)->name, "_epoch");
    if (wall_ns > 0)
        json_thousandths(json, wall_ns / MILLISECOND_NS);
    else
        json_null(json);
}

static void put_reason(struct status *status, enum status_field field, enum reason reason)
{
    put_text(status, field, reason == REASON_NONE ? NULL : reason_name(reason));
}

/* Three fields that stand behind one another: reason, sentence, remedy. */
static void put_outcome(struct status *status, enum status_field first, enum reason reason)
{
    const struct reason_row *row = reason == REASON_NONE ? NULL : reason_row(reason);

    put_reason(status, first, reason);
    put_text(status, first + 1, row == NULL ? NULL : row->sentence);
    put_text(status, first + 2, row == NULL ? NULL : row->remedy);
}

static void open_object(struct status *status, enum status_field field)
{
    name_field(status, field, TYPE_OBJECT);
    json_open(&status->json, '{');
}

static void open_list(struct status *status, enum status_field field)
{
    name_field(status, field, TYPE_LIST);
    json_open(&status->json, '[');
}

/* ---- counts ---- */

static void put_counts(struct status *status, enum status_field field, const size_t counts[BOARD_STATES])
{
    open_object(status, field);
    for (int state = 0; state < BOARD_STATES; state++)
        put_count(status, FIELD_COUNT_GOOD + (enum status_field)state, counts[state]);
    json_close(&status->json, '}');
}

/* ---- problems ---- */

static void put_problem(struct status *status, const struct problem *problem)
{
    const struct board_view *view = status->view;
    const struct problem_row *row = problem_row(problem->kind);

    json_open(&status->json, '{');
    put_text(status, FIELD_PROBLEM_KIND, row->name);
    put_text(status, FIELD_PROBLEM_SEVERITY, problem_severity_name(row->severity));
    put_text(status, FIELD_PROBLEM_APPSERVER,
             problem->appserver < view->appserver_count ? view->appservers[problem->appserver]->name : NULL);
    put_reason(status, FIELD_PROBLEM_REASON, problem->reason);
    put_text(status, FIELD_PROBLEM_SENTENCE, problem->sentence);
    put_text(status, FIELD_PROBLEM_REMEDY, problem->remedy);
    put_time(status, FIELD_PROBLEM_SINCE, problem->since_wall_ns);
    put_words(status, FIELD_PROBLEM_MESSAGE, problem->message);
    open_list(status, FIELD_PROBLEM_TARGETS);
    for (size_t i = 0; i < problem->target_count; i++) {
        const struct board_target *target = view->targets[problem->targets[i]];
        json_open(&status->json, '{');
        put_text(status, FIELD_PROBLEM_TARGET_COMPANY, target->company);
        put_text(status, FIELD_PROBLEM_TARGET_PROBE, target->probe);
        json_close(&status->json, '}');
    }
    json_close(&status->json, ']');
    json_close(&status->json, '}');
}

static void put_problems(struct status *status)
{
    const struct board_view *view = status->view;
    struct problem_list list = problems_of(view, status->setting->hung);

    open_list(status, FIELD_STATUS_PROBLEMS);
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].appserver == view->appserver_count ||
            admits(status->query, PARAMETER_APPSERVER, view->appservers[list.items[i].appserver]->name))
            put_problem(status, &list.items[i]);
    json_close(&status->json, ']');
    problem_list_free(&list);
}

/* ---- app servers ---- */

static void put_token(struct status *status, const struct board_appserver *appserver)
{
    struct moment now = status->view->now;
    int64_t left_ns = appserver->token_expiry_boot_ns - now.boot_ns;
    bool lives = appserver->token_expiry_boot_ns != 0 && left_ns > 0;

    name_field(status, FIELD_APPSERVER_TOKEN, TYPE_OBJECT);
    if (!appserver->has_token) {
        json_null(&status->json);
        return;
    }
    json_open(&status->json, '{');
    put_time(status, FIELD_TOKEN_EXPIRES, lives ? now.wall_ns + left_ns : 0);
    put_number(status, FIELD_TOKEN_REMAINING, true, lives ? clock_seconds(left_ns) : 0);
    put_outcome(status, FIELD_TOKEN_REASON, appserver->token_reason);
    put_time(status, FIELD_TOKEN_FAILING_SINCE, appserver->token_failing_since_wall_ns);
    put_words(status, FIELD_TOKEN_MESSAGE, appserver->token_message);
    json_close(&status->json, '}');
}

static void put_login(struct status *status, const struct board_appserver *appserver)
{
    bool blocked = appserver->login_blocked_until_wall_ns > status->view->now.wall_ns;

    open_object(status, FIELD_APPSERVER_LOGIN);
    put_bool(status, FIELD_LOGIN_BLOCKED, true, blocked);
    put_time(status, FIELD_LOGIN_UNTIL, blocked ? appserver->login_blocked_until_wall_ns : 0);
    put_time(status, FIELD_LOGIN_SINCE, blocked ? appserver->login_blocked_since_wall_ns : 0);
    put_outcome(status, FIELD_LOGIN_REASON, blocked ? appserver->login_blocked_reason : REASON_NONE);
    put_bool(status, FIELD_LOGIN_CHANGEABLE, blocked, appserver->login_secret_changeable);
    put_words(status, FIELD_LOGIN_MESSAGE, blocked ? appserver->login_blocked_message : NULL);
    json_close(&status->json, '}');
}

static void put_certificates(struct status *status, const struct board_appserver *appserver)
{
    const struct {
        const char *of;
        int64_t expiry_epoch;
    } all[] = {{"server", appserver->certificate_expiry_epoch},
               {"identity_provider", appserver->identity_provider_certificate_expiry_epoch},
               {"client", appserver->client_certificate_expiry_epoch}};

    open_list(status, FIELD_APPSERVER_CERTIFICATES);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].expiry_epoch <= 0)
            continue;
        json_open(&status->json, '{');
        put_text(status, FIELD_CERTIFICATE_OF, all[i].of);
        put_time(status, FIELD_CERTIFICATE_EXPIRES, all[i].expiry_epoch * SECOND_NS);
        put_number(status, FIELD_CERTIFICATE_REMAINING, true,
                   clock_seconds(all[i].expiry_epoch * SECOND_NS - status->view->now.wall_ns));
        json_close(&status->json, '}');
    }
    json_close(&status->json, ']');
}

static void put_seats(struct status *status, const struct board_appserver *appserver)
{
    open_list(status, FIELD_APPSERVER_SEATS);
    for (size_t i = 0; i < appserver->seats_count; i++) {
        const struct board_seats *seats = &appserver->seats[i];
        json_open(&status->json, '{');
        put_text(status, FIELD_SEATS_COMPANY, seats->company);
        put_text(status, FIELD_SEATS_LICENSE, seats->license);
        put_number(status, FIELD_SEATS_USED, seats->has_used, seats->used);
        put_number(status, FIELD_SEATS_OWNED, seats->has_owned, seats->owned);
        put_bool(status, FIELD_SEATS_CONFIGURED, true, seats->configured);
        json_close(&status->json, '}');
    }
    json_close(&status->json, ']');
}

static void put_appserver(struct status *status, const struct board_appserver *appserver,
                          const size_t counts[BOARD_STATES])
{
    struct moment now = status->view->now;
    enum board_state state = board_appserver_state(appserver, counts, now);

    json_open(&status->json, '{');
    put_text(status, FIELD_APPSERVER_NAME, appserver->name);
    put_text(status, FIELD_APPSERVER_URL, appserver->url);
    put_text(status, FIELD_APPSERVER_STATE, board_state_row(state)->name);
    put_bool(status, FIELD_APPSERVER_UP, appserver->known, appserver->verdict == REASON_NONE);
    put_outcome(status, FIELD_APPSERVER_REASON, board_appserver_reason(appserver, now));
    put_time(status, FIELD_APPSERVER_DOWN_SINCE, appserver->verdict_since_wall_ns);
    put_bool(status, FIELD_APPSERVER_MAINTENANCE, appserver->has_maintenance, appserver->in_maintenance);
    put_bool(status, FIELD_APPSERVER_BUSINESS_HOURS, appserver->has_hours, appserver->in_hours);
    put_token(status, appserver);
    put_login(status, appserver);
    put_certificates(status, appserver);
    put_text(status, FIELD_APPSERVER_VERSION, appserver->version);
    put_bool(status, FIELD_APPSERVER_PRODUCTION, appserver->has_production, appserver->production);
    put_bool(status, FIELD_APPSERVER_PRODUCTION_EXPECTED, appserver->has_production_expected,
             appserver->production_expected);
    put_number(status, FIELD_APPSERVER_CLOCK_SKEW, appserver->has_clock_skew, appserver->clock_skew_seconds);
    put_count(status, FIELD_APPSERVER_IN_FLIGHT, (uint64_t)appserver->in_flight);
    put_count(status, FIELD_APPSERVER_WAITING, (uint64_t)appserver->waiting);
    put_time(status, FIELD_APPSERVER_BACKOFF_UNTIL,
             appserver->backoff_until_wall_ns > now.wall_ns ? appserver->backoff_until_wall_ns : 0);
    put_number(status, FIELD_APPSERVER_SESSIONS_OPEN, appserver->sessions_open >= 0,
               (double)appserver->sessions_open);
    put_bool(status, FIELD_APPSERVER_THROTTLED, appserver->has_throttled, appserver->throttled);
    put_seats(status, appserver);
    put_counts(status, FIELD_APPSERVER_COUNTS, counts);
    json_close(&status->json, '}');
}

static void put_appservers(struct status *status)
{
    const struct board_view *view = status->view;

    open_list(status, FIELD_STATUS_APPSERVERS);
    for (size_t i = 0; i < view->appserver_count; i++)
        if (admits(status->query, PARAMETER_APPSERVER, view->appservers[i]->name))
            put_appserver(status, view->appservers[i], status->counts.by_appserver[i]);
    json_close(&status->json, ']');
}

/* ---- runs ---- */

static void put_microseconds(struct status *status, enum status_field field, uint32_t time_us)
{
    if (time_us == BOARD_NO_TIME) {
        put_number(status, field, false, 0);
        return;
    }
    name_field(status, field, TYPE_NUMBER);
    json_millionths(&status->json, time_us);
}

/* Between brackets that stand already. */
static void put_run(struct status *status, const struct board_run *run)
{
    put_time(status, FIELD_RUN_ENDED, run->ended_wall_ns);
    put_reason(status, FIELD_RUN_REASON, (enum reason)run->reason);
    put_number(status, FIELD_RUN_STATUS, run->status != 0, run->status);
    put_microseconds(status, FIELD_RUN_DURATION, run->duration_us);
    for (unsigned phase = 0; phase < BOARD_PHASES; phase++)
        put_microseconds(status, FIELD_RUN_RESOLVE + (enum status_field)phase, run->phase_us[phase]);
    put_number(status, FIELD_RUN_ROWS, run->rows != BOARD_NO_ROWS, run->rows);
    put_count(status, FIELD_RUN_RETRIES, run->retries);
}

static void put_history(struct status *status, const struct board_target *target)
{
    struct history_walk walk = history_begin(target->history);
    struct board_run run;

    open_list(status, FIELD_TARGET_HISTORY);
    while (history_next(&walk, &run)) {
        json_open(&status->json, '{');
        put_run(status, &run);
        json_close(&status->json, '}');
    }
    json_close(&status->json, ']');
}

static void put_failures(struct status *status, const struct board_target *target)
{
    open_list(status, FIELD_TARGET_FAILURES);
    for (size_t i = 0; i < failures_count(target->failures); i++) {
        const struct board_failure *failure = failures_at(target->failures, i);
        json_open(&status->json, '{');
        open_object(status, FIELD_FAILURE_RUN);
        put_run(status, &failure->run);
        json_close(&status->json, '}');
        put_words(status, FIELD_FAILURE_MESSAGE, failure->message);
        put_text(status, FIELD_FAILURE_CORRELATION, failure->correlation);
        json_close(&status->json, '}');
    }
    json_close(&status->json, ']');
}

/* ---- targets ---- */

static void put_target(struct status *status, const struct board_target *target, enum board_state state)
{
    json_open(&status->json, '{');
    put_text(status, FIELD_TARGET_APPSERVER, target->appserver);
    put_text(status, FIELD_TARGET_COMPANY, target->company);
    put_text(status, FIELD_TARGET_PROBE, target->probe);
    put_text(status, FIELD_TARGET_KIND, target->kind);
    put_text(status, FIELD_TARGET_STATE, board_state_row(state)->name);
    put_outcome(status, FIELD_TARGET_REASON, target->reason);
    put_number(status, FIELD_TARGET_STATUS, target->status != 0, target->status);
    put_time(status, FIELD_TARGET_LAST_RUN, target->last_run_wall_ns);
    put_time(status, FIELD_TARGET_LAST_SUCCESS, target->last_success_wall_ns);
    put_time(status, FIELD_TARGET_NEXT_RUN, board_next_run_wall_ns(target, status->view->now));
    put_number(status, FIELD_TARGET_INTERVAL, true, clock_seconds(target->interval_ns));
    put_number(status, FIELD_TARGET_DURATION, target->ran && target->duration_ns >= 0,
               clock_seconds(target->duration_ns));
    put_number(status, FIELD_TARGET_LATENCY_LIMIT, target->latency_limit_ns > 0,
               clock_seconds(target->latency_limit_ns));
    put_number(status, FIELD_TARGET_ROWS, target->has_rows, (double)target->rows);
    put_count(status, FIELD_TARGET_CONSECUTIVE_FAILURES, target->consecutive_failures);
    put_time(status, FIELD_TARGET_FAILING_SINCE, target->failing_since_wall_ns);
    put_count(status, FIELD_TARGET_CONSECUTIVE_SLOW_RUNS, target->consecutive_slow_runs);
    put_count(status, FIELD_TARGET_SCHEMA_CHANGES, target->schema_changes);
    put_time(status, FIELD_TARGET_DRIFTED, target->drift_wall_ns);
    put_words(status, FIELD_TARGET_DRIFT, target->drift);
    put_words(status, FIELD_TARGET_MESSAGE, target->message);
    if (status->history) {
        put_history(status, target);
        put_failures(status, target);
    }
    json_close(&status->json, '}');
}

static void put_targets(struct status *status)
{
    const struct board_view *view = status->view;

    open_list(status, FIELD_STATUS_TARGETS);
    for (size_t i = 0; i < view->target_count && !status->json.out->failed; i++) {
        const struct board_target *target = view->targets[i];
        enum board_state state = status->counts.states[i];
        if (admits_target(status->query, target, state))
            put_target(status, target, state);
    }
    json_close(&status->json, ']');
}

/* ---- the whole ---- */

bool status_json_write(const struct status_setting *setting, const struct query *query,
                       const struct board_view *view, struct buffer *out)
{
    struct status status = {.setting = setting,
                            .query = query,
                            .view = view,
                            .json = {.out = out},
                            .history = wants_history(query),
                            .counts = board_count(view)};

    json_open(&status.json, '{');
    put_text(&status, FIELD_STATUS_API, STATUS_API_VERSION);
    put_text(&status, FIELD_STATUS_VERSION, setting->version);
    put_time(&status, FIELD_STATUS_TIME, view->now.wall_ns);
    put_bool(&status, FIELD_STATUS_HEALTHY, true, !setting->hung);
    put_bool(&status, FIELD_STATUS_READY, true, setting->ready);
    put_text(&status, FIELD_STATUS_MESSAGES, setting->show_messages ? "shown" : "withheld");
    open_object(&status, FIELD_STATUS_CONFIGURATION);
    put_bool(&status, FIELD_CONFIGURATION_RELOAD_SUCCESSFUL, true, !view->reload_failed);
    put_time(&status, FIELD_CONFIGURATION_LOADED, view->loaded_wall_ns);
    json_close(&status.json, '}');
    put_counts(&status, FIELD_STATUS_COUNTS, status.counts.all);
    put_problems(&status);
    put_appservers(&status);
    put_targets(&status);
    json_close(&status.json, '}');
    buffer_byte(out, '\n');
    board_counts_free(&status.counts);
    return !out->failed;
}
