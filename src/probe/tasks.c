/* kind = tasks: tasks by status, the oldest active one, the last success of those watched, overdue schedules (facts §7.3). */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/call.h"
#include "probe/company.h"
#include "probe/feed.h"
#include "probe/kinds.h"
#include "probe/verdict.h"

#define TASKS         "Ice.BO.SysTaskSvc"
#define PAGE_SIZE     500
#define TASKS_MAX     20000
#define SCHEDULES_MAX 5000
#define AGENTS_MAX    16  /* a database has up to three (facts §7.3) */
#define WATCH_MAX     100 /* requests of one run for what is watched */

struct tasks_settings {
    struct text_list watch;
    int64_t window_ns;
    bool schedules;
    int64_t schedule_grace_ns;
};

/* One after the other; of the second a request for each watched task and company. */
enum stage { STAGE_NOW, STAGE_WATCH, STAGE_SCHEDULES, STAGE_END };

enum { PENDING, ACTIVE, FAILED, CANCELLED, STATUSES, OLDEST = STATUSES, NUMBERS };
static const char *const status_names[STATUSES] = {
    [PENDING] = "pending", [ACTIVE] = "active", [FAILED] = "error", [CANCELLED] = "cancelled"};

struct tasks_state {
    enum stage stage;
    size_t task, company; /* STAGE_WATCH: indexes of what is asked for */
    const struct tasks_settings *settings;
    const struct zone *zone;
    double now;
    struct companies companies;
    struct tally tasks;     /* by company */
    struct tally successes; /* by watched task; its numbers by company */
    struct tally agents;
    uint64_t rows;                    /* of tasks */
    struct gather gathers[STAGE_END]; /* by stage */
    struct feed feed;
};

static const struct config_row rows[] = {
    {.name = "watch",
     .example = "MRP Process",
     .type = CONFIG_LIST,
     .offset = offsetof(struct tasks_settings, watch),
     .help = "Tasks whose last success is told, by `TaskDescription` or `RunProcedure` as Kinetic spells "
             "them. Each is a "
             "request for each company; at most 100 of these a run."},
    {.name = "window",
     .type = CONFIG_DURATION,
     .offset = offsetof(struct tasks_settings, window_ns),
     .preset = "1h",
     .minimum = MINUTE_NS,
     .maximum = 31 * DAY_NS,
     .help = "How far back tasks that ended as error or cancelled count."},
    {.name = "schedules",
     .type = CONFIG_BOOL,
     .offset = offsetof(struct tasks_settings, schedules),
     .preset = "yes",
     .help = "Whether the schedules of the task agents are read too (`Ice.BO.SysAgentSvc`), to which an "
             "account may have no "
             "right: where it is refused, or the server does not know them, they are left out."},
    {.name = "schedule_grace",
     .type = CONFIG_DURATION,
     .offset = offsetof(struct tasks_settings, schedule_grace_ns),
     .preset = "5m",
     .minimum = 0,
     .maximum = 31 * DAY_NS,
     .help = "How long after its time an enabled schedule counts as overdue."},
};

static const struct tasks_settings *settings_of(const struct probe_settings *probe)
{
    return probe->own;
}

/* ---- the configuration ---- */

static void check(const struct probe_settings *probe, struct fault_list *faults)
{
    const struct text_list *watch = &settings_of(probe)->watch;
    for (size_t i = 0; i < watch->count; i++) {
        bool twice = false, control = false;
        for (size_t k = 0; k < i; k++)
            twice = twice || span_is_nocase(span_of(watch->items[i]), watch->items[k]);
        for (const char *c = watch->items[i]; *c != '\0'; c++)
            control = control || (unsigned char)*c < 0x20 || *c == 0x7f;
        if (twice)
            fault_add(faults, probe_key_place(probe, "watch"), "[probe %s] watch: %s stands in it twice",
                      probe->name, watch->items[i]);
        if (control || strlen(watch->items[i]) > FIELD_LABEL_MAX)
            fault_add(faults, probe_key_place(probe, "watch"),
                      "[probe %s] watch: wants names of at most %d bytes, without control characters",
                      probe->name, FIELD_LABEL_MAX);
    }
}

static void check_target(const struct target_settings *target, struct fault_list *faults)
{
    call_check_company(target, faults);
    struct companies companies;
    companies_init(&companies, target);
    size_t each = companies.configured > 0 ? companies.configured : 1;
    size_t watched = settings_of(target->probe)->watch.count;
    if (watched * each > WATCH_MAX)
        fault_add(faults, probe_key_place(target->probe, "watch"),
                  "[probe %s] watch: %zu tasks in %zu companies of app server %s are %zu requests a run; at "
                  "most %d",
                  target->probe->name, watched, each, target->appserver->name, watched * each, WATCH_MAX);
    companies_free(&companies);
}

/* ---- filters ---- */

/* 'text' with its quotes doubled. */
static void add_literal(struct buffer *out, const char *text)
{
    buffer_byte(out, '\'');
    for (; *text != '\0'; text++)
        buffer_text(out, *text == '\'' ? "''" : (const char[]){*text, '\0'});
    buffer_byte(out, '\'');
}

/* A moment, UTC, as the version's OData writes it (facts §6). */
static void add_moment(struct buffer *out, double epoch, bool v1)
{
    struct civil at = zone_to_civil(zone_utc(), (int64_t)epoch);
    buffer_format(out, v1 ? "DateTime'%04d-%02d-%02dT%02d:%02d:%02d'" : "%04d-%02d-%02dT%02d:%02d:%02dZ",
                  at.year, at.month, at.day, at.hour, at.minute, at.second);
}

static double window_begin(const struct tasks_state *state)
{
    return state->now - clock_seconds(state->settings->window_ns);
}

static char *filter_now(const struct tasks_state *state, bool v1)
{
    struct buffer out;
    buffer_init(&out, CALL_PATH_MAX);
    buffer_text(
        &out, "TaskStatus eq 'Pending' or TaskStatus eq 'Active' or ((TaskStatus eq 'Error' or TaskStatus eq "
              "'Cancelled') and EndedOn ge ");
    add_moment(&out, window_begin(state), v1);
    buffer_byte(&out, ')');
    return buffer_take(&out);
}

static bool by_company(const struct tasks_state *state)
{
    return state->companies.configured > 0;
}

static char *filter_watch(const struct tasks_state *state)
{
    const char *task = state->settings->watch.items[state->task];
    struct buffer out;
    buffer_init(&out, CALL_PATH_MAX);
    if (by_company(state)) {
        buffer_text(&out, "Company eq ");
        add_literal(&out, state->companies.names[state->company]);
        buffer_text(&out, " and ");
    }
    buffer_text(&out, "TaskStatus eq 'Complete' and (TaskDescription eq ");
    add_literal(&out, task);
    buffer_text(&out, " or RunProcedure eq ");
    add_literal(&out, task);
    buffer_byte(&out, ')');
    return buffer_take(&out);
}

/* ---- rows ---- */

static double read_moment(struct tasks_state *state, const struct json_value *value, const struct zone *zone,
                          const char *column)
{
    double epoch = 0;
    if (!field_is_absent(value) && !field_moment(value, zone, &epoch))
        gather_problem(&state->gathers[state->stage], "%s of a row is no date-time", column);
    return epoch;
}

static void take_unasked(struct tasks_state *state, const char *what)
{
    gather_problem(&state->gathers[state->stage],
                   "the server does not heed $filter: it sent a task of another %s", what);
}

enum { TASK_NUMBER, COMPANY, STATUS, STARTED, ENDED, TASK_FIELDS };
static const char *const task_fields[] = {[TASK_NUMBER] = "SysTaskNum",
                                          [COMPANY] = "Company",
                                          [STATUS] = "TaskStatus",
                                          [STARTED] = "StartedOn",
                                          [ENDED] = "EndedOn"};

static double *numbers_of(struct tasks_state *state, size_t company)
{
    double *numbers = tally_at(&state->tasks, state->companies.names[company], 0);
    for (size_t i = 0; i < STATUSES; i++)
        tally_add(&numbers[i], 0);
    return numbers;
}

static void take_task(void *context, const struct json_value *values)
{
    static const struct {
        const char *name;
        int status;
    } statuses[] = {{"Pending", PENDING},
                    {"Active", ACTIVE},
                    {"Error", FAILED},
                    {"Cancelled", CANCELLED},
                    {"Canceled", CANCELLED}};
    struct tasks_state *state = context;
    size_t at = 0;
    while (at < sizeof statuses / sizeof statuses[0] && !field_is(&values[STATUS], statuses[at].name))
        at++;
    if (at == sizeof statuses / sizeof statuses[0]) {
        take_unasked(state, "status");
        return;
    }
    int status = statuses[at].status;
    double started = read_moment(state, &values[STARTED], zone_utc(), task_fields[STARTED]);
    double ended = read_moment(state, &values[ENDED], zone_utc(), task_fields[ENDED]);
    double *numbers = numbers_of(state, companies_find(&state->companies, &values[COMPANY]));
    if (status == PENDING || status == ACTIVE || ended >= window_begin(state))
        tally_add(&numbers[status], 1);
    if (status == ACTIVE && started > 0 && !(numbers[OLDEST] <= started))
        numbers[OLDEST] = started;
}

enum { WATCHED_COMPANY, WATCHED_STATUS, WATCHED_WORDS, WATCHED_PROCEDURE, WATCHED_ENDED, WATCHED_FIELDS };
static const char *const watched_fields[] = {[WATCHED_COMPANY] = "Company",
                                             [WATCHED_STATUS] = "TaskStatus",
                                             [WATCHED_WORDS] = "TaskDescription",
                                             [WATCHED_PROCEDURE] = "RunProcedure",
                                             [WATCHED_ENDED] = "EndedOn"};

static void take_success(void *context, const struct json_value *values)
{
    struct tasks_state *state = context;
    const char *task = state->settings->watch.items[state->task];
    if (!field_is(&values[WATCHED_STATUS], "Complete"))
        take_unasked(state, "status");
    else if (!field_is(&values[WATCHED_WORDS], task) && !field_is(&values[WATCHED_PROCEDURE], task))
        take_unasked(state, "name");
    else if (by_company(state) &&
             companies_find(&state->companies, &values[WATCHED_COMPANY]) != state->company)
        take_unasked(state, "company");
    double ended = read_moment(state, &values[WATCHED_ENDED], zone_utc(), watched_fields[WATCHED_ENDED]);
    double *last = &tally_at(&state->successes, task, 0)[state->company];
    if (ended > 0 && !(*last >= ended))
        *last = ended;
}

enum { AGENT, SCHEDULE_NUMBER, ENABLED, NEXT_RUN, SCHEDULE_FIELDS };
static const char *const schedule_fields[] = {[AGENT] = "AgentID",
                                              [SCHEDULE_NUMBER] = "AgentSchedNum",
                                              [ENABLED] = "Enabled",
                                              [NEXT_RUN] = "NextRunOn"};

static void take_schedule(void *context, const struct json_value *values)
{
    struct tasks_state *state = context;
    bool enabled = false;
    char agent[FIELD_LABEL_MAX + 1] = "unknown";
    if (!field_is_absent(&values[ENABLED]) && !field_flag(&values[ENABLED], &enabled))
        gather_problem(&state->gathers[state->stage], "Enabled of a row is neither true nor false");
    double next = read_moment(state, &values[NEXT_RUN], state->zone, schedule_fields[NEXT_RUN]);
    if (!enabled)
        return;
    if (!field_label(&values[AGENT], agent) && !field_is_absent(&values[AGENT])) {
        tally_leave_out(&state->agents, values[AGENT].text, values[AGENT].size);
        return;
    }
    double *overdue = tally_at(&state->agents, agent, 0);
    if (overdue != NULL)
        tally_add(overdue,
                  next > 0 && next < state->now - clock_seconds(state->settings->schedule_grace_ns) ? 1 : 0);
}

/* ---- requests ---- */

/* Turns to the next stage that has something to ask. */
static void advance(struct tasks_state *state)
{
    const struct tasks_settings *settings = state->settings;
    size_t companies = by_company(state) ? state->companies.configured : 1;
    if (state->stage == STAGE_WATCH && ++state->company == companies) {
        state->company = 0;
        state->task++;
    }
    if (state->stage == STAGE_NOW)
        state->stage = STAGE_WATCH;
    else if (state->stage == STAGE_SCHEDULES)
        state->stage = STAGE_END;
    if (state->stage == STAGE_WATCH && state->task == settings->watch.count)
        state->stage = settings->schedules ? STAGE_SCHEDULES : STAGE_END;
}

static void ask(struct probe_run *run, struct request *request)
{
    struct tasks_state *state = run->state;
    struct feed_options options = {.page_size = PAGE_SIZE, .limit = TASKS_MAX};
    char *filter = NULL, *path = NULL;
    feed_free(&state->feed);
    switch (state->stage) {
    case STAGE_NOW:
        path = call_path(run->target, TASKS, "SysTasks");
        filter = filter_now(state, run->target->appserver->api_version == 1);
        options.orderby = task_fields[TASK_NUMBER];
        break;
    case STAGE_WATCH:
        path = call_path(run->target, TASKS, "SysTasks");
        filter = filter_watch(state);
        options = (struct feed_options){
            .orderby = "EndedOn desc", .page_size = 1, .limit = 1, .single = true};
        break;
    case STAGE_SCHEDULES:
        path = call_path(run->target, "Ice.BO.SysAgentSvc", "SysAgentScheds");
        filter = memory_copy_text("Enabled eq true");
        options.orderby = "AgentID,AgentSchedNum";
        options.limit = SCHEDULES_MAX;
        break;
    case STAGE_END:
        break;
    }
    assert(path != NULL);
    options.filter = filter;
    feed_begin(&state->feed, run, path, &options, &state->gathers[state->stage], request);
    free(filter);
}

static void begin(struct probe_run *run, struct request *request)
{
    struct tasks_state *state = run->state;
    state->settings = settings_of(run->target->probe);
    state->zone = call_zone(run->target);
    state->now = clock_seconds(run->now.wall_ns);
    companies_init(&state->companies, run->target);
    tally_init(&state->tasks, state->companies.count, NUMBERS);
    tally_init(&state->successes, state->settings->watch.count + 1, state->companies.count);
    tally_init(&state->agents, AGENTS_MAX, 1);
    for (size_t i = 0; i < state->companies.configured; i++) /* they stand at 0 without a task too */
        numbers_of(state, i);
    tally_mark(&state->tasks);
    gather_init(&state->gathers[STAGE_NOW], &feed_form, task_fields, TASK_FIELDS, &state->tasks, take_task,
                state);
    gather_init(&state->gathers[STAGE_WATCH], &feed_form, watched_fields, WATCHED_FIELDS, &state->successes,
                take_success, state);
    gather_init(&state->gathers[STAGE_SCHEDULES], &feed_form, schedule_fields, SCHEDULE_FIELDS,
                &state->agents, take_schedule, state);
    ask(run, request);
}

/* ---- the result ---- */

static void tell_tasks(const struct tasks_state *state, struct findings *findings)
{
    for (size_t i = 0; i < state->tasks.now.count; i++) {
        const struct tally_entry *company = &state->tasks.now.items[i];
        for (size_t k = 0; k < STATUSES; k++)
            findings_add(findings, FINDING_TASKS, company->numbers[k],
                         (const char *const[]){company->name, status_names[k]}, 2);
        if (!isnan(company->numbers[OLDEST]))
            findings_add(findings, FINDING_TASK_OLDEST_START, company->numbers[OLDEST],
                         (const char *const[]){company->name}, 1);
    }
}

static void tell_successes(const struct tasks_state *state, struct findings *findings)
{
    for (size_t i = 0; i < state->successes.now.count; i++) {
        const struct tally_entry *task = &state->successes.now.items[i];
        for (size_t k = 0; k < state->companies.count; k++)
            if (!isnan(task->numbers[k]))
                findings_add(findings, FINDING_TASK_LAST_SUCCESS, task->numbers[k],
                             (const char *const[]){state->companies.names[k], task->name}, 2);
    }
}

static void tell_agents(const struct tasks_state *state, struct findings *findings)
{
    for (size_t i = 0; i < state->agents.now.count; i++)
        findings_add(findings, FINDING_SCHEDULES_OVERDUE, state->agents.now.items[i].numbers[0],
                     (const char *const[]){state->agents.now.items[i].name}, 1);
    findings->dropped[FINDING_SCHEDULES_OVERDUE] = tally_left_out(&state->agents);
}

/* An account may have no right to the schedules, and a server may not know them: then they are left out. */
static bool is_tolerated(const struct tasks_state *state, enum reason reason, bool proves_up)
{
    return state->stage == STAGE_SCHEDULES && state->feed.got == 0 && proves_up &&
           (reason == REASON_ACCESS_DENIED || reason == REASON_NOT_FOUND);
}

static bool judge(const struct probe_run *run, const struct answer *answer, const struct verdict *verdict)
{
    (void)answer;
    return is_tolerated(run->state, verdict->reason, verdict->proves_up);
}

static enum feed_next take_answer(struct probe_run *run, const struct answer *answer, struct request *request,
                                  struct probe_result *result)
{
    struct tasks_state *state = run->state;
    if (answer->json == NULL || answer->status >= 400) /* as judged */
        return FEED_WHOLE;
    enum feed_next next = feed_step(&state->feed, run, answer, request, result);
    if (next != FEED_FAILED || !is_tolerated(state, result->reason, result->proves_up))
        return next;
    /* An error body with a good status. */
    gather_drop(&state->gathers[STAGE_SCHEDULES]);
    probe_result_free(result);
    result->proves_up = true;
    return FEED_WHOLE;
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    struct tasks_state *state = run->state;
    enum feed_next next = take_answer(run, answer, request, result);
    if (next != FEED_WHOLE)
        return next == FEED_ASK ? PROBE_ASK : PROBE_DONE;
    if (state->stage == STAGE_NOW)
        state->rows = state->feed.got;
    if (state->stage == STAGE_SCHEDULES && state->feed.got > 0 &&
        !gather_has(&state->gathers[STAGE_SCHEDULES], NEXT_RUN)) {
        verdict_fail(result, REASON_INVALID_RESPONSE,
                     memory_format("no row has a column %s", schedule_fields[NEXT_RUN]));
        return PROBE_DONE;
    }
    advance(state);
    if (state->stage != STAGE_END) {
        ask(run, request);
        return PROBE_ASK;
    }
    result->has_rows = true;
    result->rows = state->rows;
    result->has_findings = true;
    tell_tasks(state, &result->findings);
    tell_successes(state, &result->findings);
    tell_agents(state, &result->findings);
    return PROBE_DONE;
}

static void end(struct probe_run *run)
{
    struct tasks_state *state = run->state;
    feed_free(&state->feed);
    for (size_t i = 0; i < STAGE_END; i++)
        gather_free(&state->gathers[i]);
    tally_free(&state->tasks);
    tally_free(&state->successes);
    tally_free(&state->agents);
    companies_free(&state->companies);
}

const struct probe_kind probe_kind_tasks = {
    .config = {.name = "tasks",
               .help =
                   "Tasks by company (where configured, else `other`) and status, the start of the "
                   "oldest active one, the last "
                   "success of those in `watch`, and overdue schedules of each task agent. Asks "
                   "`Ice.BO.SysTaskSvc/SysTasks` "
                   "and `Ice.BO.SysAgentSvc/SysAgentScheds` for the columns that it needs only. The "
                   "account needs the right "
                   "to both services (`schedules = no` leaves the second out), and the API key an access "
                   "scope with them; a "
                   "refusal of the first fails the run, and nothing new is told; where the second is refused "
                   "or not known, `epicor_schedules_overdue` is absent. Requests a run: one a page "
                   "of 500 tasks and one "
                   "more, one for each watched task and company, one a page of 500 schedules and one "
                   "more, each holding a "
                   "license seat while it lasts; more than 20,000 tasks or 5,000 schedules fail the run. "
                   "`StartedOn` and "
                   "`EndedOn` of tasks are UTC; that `NextRunOn` is in the app server's `timezone`, the "
                   "status `Pending`, the "
                   "form of dates in `$filter`, and whether tasks of all companies are seen from the "
                   "first one are guesses: "
                   "where schedules seem overdue by whole hours, set `timezone` of the probe.",
               .rows = rows,
               .row_count = sizeof rows / sizeof rows[0],
               .settings_size = sizeof(struct tasks_settings),
               .server_series = true,
               .check = check,
               .check_target = check_target},
    .state_size = sizeof(struct tasks_state),
    .begin = begin,
    .step = step,
    .judge = judge,
    .end = end,
};
