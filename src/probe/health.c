/* kind = health: Epicor's own health service, Ice.BO.HealthCheckSvc (facts §7.1). */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/call.h"
#include "probe/kinds.h"
#include "probe/refusal.h"
#include "probe/reply.h"
#include "probe/verdict.h"

#define SERVICE "Ice.BO.HealthCheckSvc"

struct health_settings {
    struct text_list checks;
    int64_t cutoff_ns;
};

/* The checks there are, in the order in which they are asked. */
static const struct {
    const char *name; /* of the list, and the label */
    const char *method;
    bool timed; /* its answer is a time in milliseconds */
} checks[] = {
    {"erp", "ErpAlive", false},
    {"database", "DatabaseAlive", true},
    {"report_server", "ReportServerAlive", false},
};

#define CHECKS (sizeof checks / sizeof checks[0])

struct health_state {
    struct json_plan plan;
    struct json_path *members; /* owned */
    size_t at;                 /* the check that is asked; CHECKS: the tasks are */
    struct findings findings;  /* what the answers so far have said */
    char *said;                /* which checks said no, in what words; owned; NULL: none did */
};

static const struct config_row rows[] = {
    {.name = "checks",
     .type = CONFIG_LIST,
     .offset = offsetof(struct health_settings, checks),
     .preset = "erp, database, report_server",
     .help = "What is asked: `erp` (the application server works behind login), `database` (also told: how "
             "long it took, "
             "as `epicor_database_latency_seconds`), `report_server` (SSRS answers; leave it out where there "
             "is none). "
             "One request each. `none`: only the waiting tasks are asked for."},
    {.name = "cutoff",
     .type = CONFIG_DURATION,
     .offset = offsetof(struct health_settings, cutoff_ns),
     .preset = "10m",
     .maximum = 7 * 24 * HOUR_NS,
     .help = "Age in whole minutes from which a task that was to run at once, and that no task agent has "
             "taken, counts in "
             "`epicor_tasks_waiting`; one request. `0` leaves the question out."},
};

static const struct health_settings *settings_of(const struct probe_settings *probe)
{
    return probe->own;
}

/* ---- checks of the configuration ---- */

static size_t check_named(const char *name)
{
    size_t i = 0;
    while (i < CHECKS && strcmp(checks[i].name, name) != 0)
        i++;
    return i;
}

static void check_name(const struct probe_settings *probe, const char *name, struct fault_list *faults)
{
    const char *names[CHECKS];
    for (size_t i = 0; i < CHECKS; i++)
        names[i] = checks[i].name;
    const char *nearest = text_nearest(name, names, CHECKS);
    fault_add(faults, probe_key_place(probe, "checks"),
              "[probe %s] checks: \"%s\" is none of erp, database, report_server%s%s%s", probe->name, name,
              nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest,
              nearest == NULL ? "" : "?");
}

static bool is_none(const struct text_list *list)
{
    return list->count == 1 && strcmp(list->items[0], "none") == 0;
}

static void check(const struct probe_settings *probe, struct fault_list *faults)
{
    const struct health_settings *settings = settings_of(probe);
    bool none = is_none(&settings->checks);
    for (size_t i = 0; i < settings->checks.count && !none; i++) {
        if (check_named(settings->checks.items[i]) == CHECKS)
            check_name(probe, settings->checks.items[i], faults);
    }
    if (settings->cutoff_ns % MINUTE_NS != 0)
        fault_add(faults, probe_key_place(probe, "cutoff"),
                  "[probe %s] cutoff: the health service counts in whole minutes", probe->name);
    if (none && settings->cutoff_ns == 0)
        fault_add(faults, probe_key_place(probe, "checks"),
                  "[probe %s] checks = none and cutoff = 0: nothing is left to ask", probe->name);
}

/* ---- the requests ---- */

static bool is_wanted(const struct health_settings *settings, size_t which)
{
    if (which == CHECKS)
        return settings->cutoff_ns > 0;
    for (size_t i = 0; i < settings->checks.count; i++)
        if (strcmp(settings->checks.items[i], checks[which].name) == 0)
            return true;
    return false;
}

/* Asks what comes at state->at or after it; false when there is nothing more. */
static bool ask(const struct probe_run *run, struct request *request)
{
    const struct health_settings *settings = settings_of(run->target->probe);
    struct health_state *state = run->state;
    while (state->at <= CHECKS && !is_wanted(settings, state->at))
        state->at++;
    if (state->at > CHECKS)
        return false;
    bool tasks = state->at == CHECKS;
    char *body = tasks
                     ? memory_format("{\"cutOffMinutes\":%lld}", (long long)(settings->cutoff_ns / MINUTE_NS))
                     : NULL;
    call_post(run, call_path(run->target, SERVICE, tasks ? "CountImmediateSched" : checks[state->at].method),
              body, &state->plan, request);
    request->keep = REPLY_KEEP;
    return true;
}

static void begin(struct probe_run *run, struct request *request)
{
    struct health_state *state = run->state;
    state->members = call_members(NULL, 0);
    state->plan = (struct json_plan){
        .members = state->members, .member_count = REFUSAL_MEMBERS, .text_max = REFUSAL_TEXT_MAX};
    bool asked = ask(run, request);
    assert(asked); /* check() has seen to it */
}

/* ---- the answers ---- */

/* A check whose own work has failed answers like any failed method, in Kinetic's own words. What speaks of the call itself
   (login, right, seat, an unknown service, a half-done upgrade, what stands before Kinetic) is no answer of the check. */
static bool says_no(const struct answer *answer, const struct verdict *verdict)
{
    if (answer->status != 400 && answer->status < 500)
        return false;
    if (verdict->reason != REASON_SERVER_ERROR && verdict->reason != REASON_CLIENT_ERROR &&
        verdict->reason != REASON_QUERY_TIMEOUT)
        return false;
    struct error_body body;
    error_body_read(answer->text, answer->text_size, &body);
    bool own = body.form == ERROR_EPICOR_JSON || body.form == ERROR_EPICOR_XML || body.form == ERROR_ODATA;
    error_body_free(&body);
    return own;
}

static bool is_empty(const struct answer *answer)
{
    return answer->status == 204 || (answer->status >= 200 && answer->status <= 299 && answer->json != NULL &&
                                     answer->json->error == JSON_EMPTY);
}

static bool judge(const struct probe_run *run, const struct answer *answer, const struct verdict *verdict)
{
    const struct health_state *state = run->state;
    /* A method without output may answer without a body. */
    return state->at < CHECKS && (is_empty(answer) || says_no(answer, verdict));
}

static void add_check(struct health_state *state, bool good)
{
    findings_add(&state->findings, FINDING_HEALTH_CHECK, good ? 1 : 0,
                 (const char *const[]){checks[state->at].name}, 1);
}

/* words: why, or NULL. */
static void say_no(struct health_state *state, const char *words)
{
    char *before = state->said;

    add_check(state, false);
    state->said = memory_format("%s%s%s says no%s%s", before != NULL ? before : "",
                                before != NULL ? "; " : "", checks[state->at].name, words != NULL ? ": " : "",
                                words != NULL ? words : "");
    free(before);
}

/* A good answer of a check. Returns false, and *result failed, when it cannot be read. */
static bool take_check(struct health_state *state, const struct answer *answer, struct probe_result *result)
{
    struct reply reply;
    double milliseconds = 0;
    bool alive = true;
    reply_read(&reply, answer);
    struct json_value value = reply_value(&reply, "returnObj", NULL);
    if (value.kind == JSON_ABSENT)
        value = reply_value(&reply, "value", NULL);
    bool timed = checks[state->at].timed && call_number(&value, &milliseconds);
    bool told = !timed && value.kind != JSON_NUMBER && call_bool(&value, &alive);
    bool nothing = value.kind == JSON_ABSENT || value.kind == JSON_NULL;
    bool readable = !checks[state->at].timed || told || nothing || (timed && milliseconds >= 0);
    reply_free(&reply);
    if (!readable) {
        verdict_refuse(answer, "what \"returnObj\" holds is no time in milliseconds", result);
        return false;
    }
    if (alive)
        add_check(state, true);
    else
        say_no(state, NULL);
    if (timed)
        findings_add(&state->findings, FINDING_DATABASE_LATENCY, milliseconds / 1e3, NULL, 0);
    return true;
}

/* An error body with a good status says no more than one with another status. Returns whether the run goes on. */
static bool take_refusal(struct health_state *state, struct probe_result *result)
{
    if (result->reason != REASON_INVALID_RESPONSE && result->reason != REASON_QUERY_TIMEOUT)
        return false;
    say_no(state, result->message);
    probe_result_free(result);
    result->proves_up = true;
    return true;
}

/* An error with its own status. */
static void take_error(struct health_state *state, const struct answer *answer)
{
    struct error_body body;

    error_body_read(answer->text, answer->text_size, &body);
    say_no(state, body.message);
    error_body_free(&body);
}

static bool take_tasks(struct health_state *state, const struct answer *answer, struct probe_result *result)
{
    static const struct {
        const char *member, *name;
    } places[] = {{"parameters", "count"}, {"returnObj", "count"}, {"returnObj", NULL}};
    struct reply reply;
    double count = -1;
    reply_read(&reply, answer);
    for (size_t i = 0; i < sizeof places / sizeof places[0] && count < 0; i++) {
        struct json_value value = reply_value(&reply, places[i].member, places[i].name);
        if (!call_number(&value, &count))
            count = -1;
    }
    reply_free(&reply);
    if (verdict_refuse(answer, count < 0 ? "the answer has no count of tasks in \"parameters\"" : NULL,
                       result))
        return false;
    findings_add(&state->findings, FINDING_TASKS_WAITING, count, NULL, 0);
    return true;
}

/* Whether the run goes on after this answer; else *result has failed. */
static bool take(struct health_state *state, const struct answer *answer, struct probe_result *result)
{
    if (state->at == CHECKS)
        return take_tasks(state, answer, result);
    if (answer->status < 200 || answer->status > 299) {
        take_error(state, answer);
        return true;
    }
    if (!is_empty(answer) && verdict_refuse(answer, NULL, result))
        return take_refusal(state, result);
    return take_check(state, answer, result);
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    struct health_state *state = run->state;
    if (!take(state, answer, result))
        return PROBE_DONE;
    state->at++;
    if (ask(run, request))
        return PROBE_ASK;
    result->has_findings = true;
    result->findings = state->findings;
    state->findings = (struct findings){0};
    if (state->said != NULL)
        result->message = error_line(state->said, strlen(state->said), ERROR_MESSAGE_MAX);
    return PROBE_DONE;
}

static void end(struct probe_run *run)
{
    struct health_state *state = run->state;
    free(state->members);
    free(state->said);
    findings_free(&state->findings);
}

const struct probe_kind probe_kind_health = {
    .config = {.name = "health",
               .help = "Asks Epicor's own health service, `Ice.BO.HealthCheckSvc`, what `checks` names, and "
                       "how many immediate tasks "
                       "no task agent has taken (`CountImmediateSched`). A check that says no (an error in "
                       "Kinetic's own words) is "
                       "told by `epicor_health_check_success`, its words by the status page, and the run "
                       "succeeds; when the call itself "
                       "fails (network, login, a "
                       "missing right, no free seat, a server without this service) the run fails and all "
                       "that it had told "
                       "vanishes. How these methods answer is known from a schema of the service only, and "
                       "which right the account "
                       "needs is not known: add this probe where it works, and leave it out where the server "
                       "says `not_found` or "
                       "`access_denied`. With an access scope the API key needs the service in it. One "
                       "request a check and one for "
                       "the tasks, one after the other, each holding a license seat while it lasts.",
               .rows = rows,
               .row_count = sizeof rows / sizeof rows[0],
               .settings_size = sizeof(struct health_settings),
               .server_series = true,
               .check = check,
               .check_target = call_check_company},
    .state_size = sizeof(struct health_state),
    .begin = begin,
    .step = step,
    .judge = judge,
    .end = end,
    .forgets = true,
};
