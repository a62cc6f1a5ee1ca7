/* kind = sessions: who is logged on, by company, license and state, never by person (facts §4.5). */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"
#include "probe/call.h"
#include "probe/company.h"
#include "probe/feed.h"
#include "probe/kinds.h"
#include "probe/seat.h"
#include "probe/verdict.h"

#define SERVICE     "Ice.BO.AdminSessionSvc"
#define PAGE_SIZE   1000
#define ROWS_MAX    10000
#define GETLIST_MAX 50 /* pages of GetList */

/* What is asked for: nothing of a person, nothing that gives a session away. SysRowID only tells pages apart. */
enum { COMPANY, TYPE_WORDS, LICENSE, TYPE, IN_USE, EXPIRED, ROW_ID, FIELDS };
static const char *const fields[FIELDS] = {[COMPANY] = "CurComp",     [TYPE_WORDS] = "SessionTypeDescription",
                                           [LICENSE] = "LicenseType", [TYPE] = "SessionType",
                                           [IN_USE] = "InUse",        [EXPIRED] = "Expired",
                                           [ROW_ID] = "SysRowID"};

enum { STATE_IN_USE, STATE_IDLE, STATE_EXPIRED, STATES };
static const char *const state_names[STATES] = {
    [STATE_IN_USE] = "in_use", [STATE_IDLE] = "idle", [STATE_EXPIRED] = "expired"};

struct sessions_settings {
    bool get_list;
};

struct sessions_state {
    struct companies companies;
    struct tally tally;         /* by license; its numbers by company, then state */
    struct gather list, method; /* of the two forms */
    struct gather *gather;      /* the one in use */
    struct feed feed;
    bool by_method; /* GetList, since the server has no entity set List */
    bool sized;     /* GetList is asked for pages of a size, since the server takes no pageSize=0 */
    uint64_t got;   /* rows of GetList */
    uint64_t pages; /* of GetList that came */
    uint64_t last_hash;
};

static const struct config_row keys[] = {
    {.name = "get_list",
     .type = CONFIG_BOOL,
     .offset = offsetof(struct sessions_settings, get_list),
     .preset = "no",
     .help =
         "Whether a server that answers 404 or 405 to `List` is asked by the method `GetList`. It takes no "
         "`$select`, so session ids, users and computers cross the wire; nothing is kept of them."},
};

static const struct gather_form bare_form = {
    .rows = {(const char *const[]){"returnObj"}, 1},
    .words = "returnObj",
    .member = {(const char *const[]){"parameters", "morePages"}, 2},
};
static const struct gather_form method_form = {
    .rows = {(const char *const[]){"returnObj", "AdminSessionList"}, 2},
    .words = "returnObj.AdminSessionList",
    .member = {(const char *const[]){"parameters", "morePages"}, 2},
    .bare = &bare_form,
};

static bool read_flag(struct sessions_state *state, const struct json_value *values, int which)
{
    bool flag = false;
    if (!field_is_absent(&values[which]) && !field_flag(&values[which], &flag))
        gather_problem(state->gather, "%s of a row is neither true nor false", fields[which]);
    return flag;
}

static void take_row(void *context, const struct json_value *values)
{
    struct sessions_state *state = context;
    bool expired = read_flag(state, values, EXPIRED), in_use = read_flag(state, values, IN_USE);
    double *numbers = seat_at(
        &state->tally,
        (const struct json_value *const[]){&values[TYPE_WORDS], &values[LICENSE], &values[TYPE]}, 3);
    if (numbers == NULL)
        return;
    double *states = &numbers[companies_find(&state->companies, &values[COMPANY]) * STATES];
    for (int i = 0; i < STATES; i++) /* of a company and license that have sessions, each state is told */
        tally_add(&states[i], 0);
    tally_add(&states[expired ? STATE_EXPIRED : in_use ? STATE_IN_USE : STATE_IDLE], 1);
}

static void begin(struct probe_run *run, struct request *request)
{
    struct sessions_state *state = run->state;
    const struct feed_options options = {.page_size = PAGE_SIZE, .limit = ROWS_MAX};
    companies_init(&state->companies, run->target);
    tally_init(&state->tally, SEAT_LICENSES_MAX, state->companies.count * STATES);
    gather_init(&state->list, &feed_form, fields, FIELDS, &state->tally, take_row, state);
    gather_init(&state->method, &method_form, fields, FIELDS, &state->tally, take_row, state);
    state->gather = &state->list;
    feed_begin(&state->feed, run, call_path(run->target, SERVICE, "List"), &options, state->gather, request);
}

/* ---- the second form ---- */

/* A server without the entity set has the method; one that refuses pageSize=0 there takes a size (facts §9.37). */
static bool judge(const struct probe_run *run, const struct answer *answer, const struct verdict *verdict)
{
    const struct sessions_state *state = run->state;
    if (state->by_method)
        return !state->sized && state->pages == 0 && answer->status == 400 &&
               verdict->reason == REASON_CLIENT_ERROR;
    return state->feed.got == 0 && (verdict->reason == REASON_NOT_FOUND ||
                                    (answer->status == 405 && verdict->reason == REASON_CLIENT_ERROR));
}

static void ask_method(struct probe_run *run, struct request *request)
{
    struct sessions_state *state = run->state;
    char *path = call_path(run->target, SERVICE, "GetList");
    /* pageSize=0 means all rows; what the server holds back all the same, it tells by morePages. */
    call_get(run,
             memory_format("%s?whereClause=&pageSize=%d&absolutePage=%llu", path,
                           state->sized ? PAGE_SIZE : 0, (unsigned long long)state->pages + 1),
             state->gather->plan, request);
    free(path);
    gather_attach(state->gather, request);
}

static bool is_allowed(const struct probe_run *run)
{
    const struct sessions_settings *settings = run->target->probe->own;
    return settings->get_list;
}

static void refuse(const struct answer *answer, struct probe_result *result)
{
    static const struct request any = {.wanted = BODY_ANY};
    struct verdict verdict;
    error_classify(&any, answer, false, &verdict);
    verdict_fail(result, verdict.reason,
                 memory_format("%s (List of " SERVICE
                               "; get_list = yes asks by a method instead, whose answer "
                               "holds users and session ids)",
                               verdict.message == NULL ? "not there" : verdict.message));
    result->login = verdict.login;
    result->proves_up = verdict.proves_up;
    result->correlation = verdict.correlation;
    verdict.correlation = NULL;
    verdict_free(&verdict);
}

static enum feed_next turn_to_method(struct probe_run *run, struct request *request)
{
    struct sessions_state *state = run->state;
    state->by_method = true;
    gather_drop(state->gather);
    state->gather = &state->method;
    ask_method(run, request);
    return FEED_ASK;
}

static enum feed_next step_method(struct probe_run *run, const struct answer *answer, struct request *request,
                                  struct probe_result *result)
{
    struct sessions_state *state = run->state;
    bool more = false;
    if (answer->status >= 400) /* as judged */
        state->sized = true;
    if (answer->status >= 400 || gather_turn_bare(state->gather, answer)) {
        ask_method(run, request);
        return FEED_ASK;
    }
    const uint64_t rows = answer->json->rows;
    if (state->pages > 0 && rows > 0 && state->gather->page_hash == state->last_hash) {
        verdict_fail(
            result, REASON_INVALID_RESPONSE,
            memory_copy_text("GetList says that there are more pages, and sends the same one again"));
        return FEED_FAILED;
    }
    if (!gather_accept(state->gather, answer, result))
        return FEED_FAILED;
    state->last_hash = state->gather->page_hash;
    state->got += rows;
    state->pages++;
    if (!field_flag(gather_member(answer), &more) || !more || rows == 0)
        return FEED_WHOLE;
    if (state->pages == GETLIST_MAX || state->got >= ROWS_MAX) {
        verdict_fail(
            result, REASON_TOO_LARGE,
            memory_format("more than %llu sessions in %llu pages, which is as far as this probe reads",
                          (unsigned long long)state->got, (unsigned long long)state->pages));
        return FEED_FAILED;
    }
    ask_method(run, request);
    return FEED_ASK;
}

/* ---- the result ---- */

static void tell(const struct sessions_state *state, struct findings *findings)
{
    for (size_t i = 0; i < state->tally.now.count; i++) {
        const struct tally_entry *license = &state->tally.now.items[i];
        for (size_t k = 0; k < state->tally.width; k++) {
            if (isnan(license->numbers[k]))
                continue;
            const char *company = state->companies.names[k / STATES];
            findings_add(findings, FINDING_SESSIONS, license->numbers[k],
                         (const char *const[]){company, license->name, state_names[k % STATES]}, 3);
        }
    }
    findings->dropped[FINDING_SESSIONS] = tally_left_out(&state->tally) * STATES;
}

static void finish(const struct sessions_state *state, struct probe_result *result)
{
    result->has_rows = true;
    result->rows = state->by_method ? state->got : state->feed.got;
    if (result->rows > 0 && !gather_has(state->gather, IN_USE)) {
        verdict_fail(result, REASON_INVALID_RESPONSE,
                     memory_format("no row has a column %s", fields[IN_USE]));
        return;
    }
    result->has_findings = true;
    tell(state, &result->findings);
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    struct sessions_state *state = run->state;
    enum feed_next next;
    if (!state->by_method && answer->status >= 400 && !is_allowed(run)) {
        refuse(answer, result);
        return PROBE_DONE;
    }
    if (state->by_method)
        next = step_method(run, answer, request, result);
    else if (answer->status >= 400) /* as judged */
        next = turn_to_method(run, request);
    else
        next = feed_step(&state->feed, run, answer, request, result);
    if (next == FEED_WHOLE)
        finish(state, result);
    return next == FEED_ASK ? PROBE_ASK : PROBE_DONE;
}

static void end(struct probe_run *run)
{
    struct sessions_state *state = run->state;
    feed_free(&state->feed);
    gather_free(&state->list);
    gather_free(&state->method);
    tally_free(&state->tally);
    companies_free(&state->companies);
}

const struct probe_kind probe_kind_sessions = {
    .config = {.name = "sessions",
               .help = "Counts the sessions of the app server by company (where configured, else `other`), "
                       "license type (at most "
                       "32) and state (`expired`, else `in_use`, else `idle`), never by person: `$select` "
                       "keeps users, computers "
                       "and session ids out of the answer of `Ice.BO.AdminSessionSvc/List`. With "
                       "`get_list = yes` a server that "
                       "answers 404 or 405 to it is asked by the method `GetList`, which takes no `$select`. "
                       "The account usually has to be a security manager, and an "
                       "access scope of the "
                       "API key needs the service; which right exactly is not known. A request a page of "
                       "1,000 rows and one "
                       "more (with `GetList` one more before), each holding a license seat while it lasts; "
                       "more than 10,000 "
                       "sessions fail the run.",
               .rows = keys,
               .row_count = sizeof keys / sizeof keys[0],
               .settings_size = sizeof(struct sessions_settings),
               .server_series = true,
               .check_target = call_check_company},
    .state_size = sizeof(struct sessions_state),
    .begin = begin,
    .step = step,
    .judge = judge,
    .end = end,
};
