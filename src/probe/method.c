/* kind = method: calls a method of a BO, library, process or report service (facts §6, §7). */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "kinetic/url.h"
#include "probe/body.h"
#include "probe/bounds.h"
#include "probe/call.h"
#include "probe/date.h"
#include "probe/expect.h"
#include "probe/guard.h"
#include "probe/kinds.h"
#include "probe/query.h"
#include "probe/refusal.h"
#include "probe/values.h"
#include "probe/verdict.h"

#define PAGE_MEMBER "absolutePage"
#define ROW_ID      "SysRowID" /* what tells pages apart: every row of a table has it (facts §6) */

struct method_settings {
    char *service, *method;
    int http_method; /* enum way */
    char *body;      /* NULL: {} */
    struct pair_list param;
    char *rows_at; /* NULL: no rows are counted */
    struct optional_number fetch_limit;
    struct bounds bounds;
    struct pair_list expect;
    struct value_settings values;
};

struct method_state {
    struct json_plan plan;
    struct json_path *members; /* owned: refusal_members, MORE_PAGES, those of the expectations */
    struct json_path rows_at;
    struct expectations expectations;
    char *body;          /* of the first page, its dates filled in; NULL: GET */
    struct span written; /* in body: the number of the page */
    bool paging;
    int64_t page; /* of the last request */
    uint64_t got;
    const char **fields;           /* owned: columns of values, and ROW_ID */
    size_t columns, id;            /* how many columns; which field is ROW_ID */
    uint64_t page_hash, last_hash; /* of the ids of a page's rows; 0: not all have one */
    struct values *values;         /* NULL: there are none */
    struct name_set *names;        /* of the first page that had rows */
};

enum way { WAY_POST, WAY_GET };
static const char *const ways[] = {[WAY_POST] = "POST", [WAY_GET] = "GET", NULL};

static const struct json_path more_pages = {(const char *const[]){"parameters", "morePages"}, 2};
enum { MORE_PAGES = REFUSAL_MEMBERS, EXPECTED };

#define AT(member) .offset = offsetof(struct method_settings, member)

static const struct config_row rows[] = {
    {.name = "service",
     .example = "Erp.BO.CompanySvc",
     .type = CONFIG_TEXT,
     AT(service),
     .required = true,
     .help = "Name of the service, such as `Ice.BO.AdminSessionSvc`; `TenantInstanceSvc` and "
             "`TokenServiceSvc` are refused, because their answers hold secrets."},
    {.name = "method",
     .example = "GetList",
     .type = CONFIG_TEXT,
     AT(method),
     .required = true,
     .help =
         "Method of the service. Refused are names that begin with Delete, Update, Set, Lock, Unlock, "
         "Start, Stop, Kill, Change, Process, Post, Submit or Admin, and GetDatabaseValues; with the words "
         "Add, Apply, Clear, Commit, Copy, Create, GetNew (but for GetNewParameters), Import, Insert, "
         "Login, Logout, Merge, Move, Patch, Purge, Remove, Reset, Run, Save or Write; and with `POST` "
         "names like those of entity sets: a probe must change nothing and read no secrets. A `POST` of "
         "a name that does not tell that it reads (Get, Check, Is and the like) leads to a warning."},
    {.name = "http_method",
     .type = CONFIG_CHOICE,
     AT(http_method),
     .preset = "POST",
     .choices = ways,
     .help =
         "`POST` with `body`, or `GET` with `param.NAME` (`GetRows`, `GetList` and `GetByID` take both)."},
    {.name = "body",
     .hidden = true,
     .example = "{}",
     .type = CONFIG_TEXT_FILE,
     AT(body),
     .help = "JSON object of the method's parameters, their names in camelCase, checked at load; may hold "
             "`{today-7d}` and the like in its texts. `{}` unless set."},
    {.name = "param",
     .hidden = true,
     .example = "Plant = MfgSys",
     .type = CONFIG_PAIR_LISTS,
     AT(param),
     .help = "`param.NAME`, with `http_method = GET`: a parameter of the method, sent as written, "
             "percent-encoded; `param.NAME.list` repeats the name. `{today}`, `{today-7d}`, `{now-1h}` "
             "become dates in the probe's time zone."},
    {.name = "rows_at",
     .example = "returnObj.PartList",
     .type = CONFIG_TEXT,
     AT(rows_at),
     .help = "Where in the answer the array of rows is, such as `returnObj.AdminSessionList`; dots go "
             "deeper, arrays on the way are looked through. Without it no rows are counted."},
    {.name = "fetch_limit",
     .example = "10000",
     .type = CONFIG_NUMBER,
     AT(fetch_limit),
     .help = "Where `body` or `param.*` have `absolutePage` (begin with 1), the next page is asked for while "
             "the answer says `parameters.morePages`, until there are so many rows; 5000 unless set. What "
             "was left is told by `epicor_probe_rows_truncated`."},
    BOUNDS_CONFIG_ROWS(offsetof(struct method_settings, bounds)),
    {.name = "expect",
     .example = "Success = true",
     .type = CONFIG_PAIRS,
     AT(expect),
     .help = "`expect.FIELD`: what a field of the answer has to say, such as `expect.returnObj = false`: "
             "`= true`, `!= x`, `< 5`, `~ regex` (POSIX extended), `absent`; dots go deeper. Of several "
             "pages the last one is judged."},
    VALUE_CONFIG_ROWS(struct method_settings, values),
};

static const struct method_settings *settings_of(const struct probe_settings *probe)
{
    return probe->own;
}

static void prepare(const struct probe_settings *probe, void *own, struct fault_list *faults)
{
    value_settings_prepare(probe, &((struct method_settings *)own)->values, faults);
}

static void release(void *own)
{
    value_settings_release(&((struct method_settings *)own)->values);
}

/* ---- checks ---- */

static void service_check(const struct probe_settings *probe, const struct method_settings *settings,
                          struct fault_list *faults)
{
    const char *service = settings->service;
    segment_check(probe, "service", service, faults);
    enum guarded guarded = service == NULL ? GUARD_FREE : guard_service(service);
    if (guarded == GUARD_NEVER)
        fault_add(faults, probe_key_place(probe, "service"),
                  "[probe %s] service = %s: refused, its answers hold secrets", probe->name, service);
    else if (guarded == GUARD_SENSITIVE && settings->rows_at != NULL)
        warning_add(faults, probe_key_place(probe, "service"),
                    "[probe %s] service = %s: its rows hold secrets or personal data; where it has an "
                    "entity set, ask that with kind = bo and select",
                    probe->name, service);
    if (service == NULL)
        return;
    guard_values(probe, service, &settings->values.pairs, faults);
    guard_expect(probe, service, &settings->expect, faults);
    for (size_t i = 0; i < settings->param.count; i++)
        guard_option(probe, service, settings->param.items[i].place, "param.", settings->param.items[i].name,
                     settings->param.items[i].value, faults);
}

static bool is_plain_name(const char *name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    return name[0] != '\0' && strspn(name, plain) == strlen(name);
}

static void method_check(const struct probe_settings *probe, const struct method_settings *settings,
                         struct fault_list *faults)
{
    const char *method = settings->method;
    if (method == NULL)
        return;
    bool post = settings->http_method == WAY_POST;
    const char *refused = post && settings->service != NULL ? guard_post(settings->service, method)
                                                            : guard_method(method);
    if (!is_plain_name(method))
        fault_add(faults, probe_key_place(probe, "method"),
                  "[probe %s] method = %s: wants a plain name of letters, digits and _, such as GetList",
                  probe->name, method);
    else if (refused != NULL)
        fault_add(faults, probe_key_place(probe, "method"), "[probe %s] method = %s: refused, %s",
                  probe->name, method, refused);
    else if (post && !guard_reads(method))
        warning_add(faults, probe_key_place(probe, "method"),
                    "[probe %s] method = %s: its name does not tell that it only reads; a probe must change "
                    "nothing",
                    probe->name, method);
}

static void params_check(const struct probe_settings *probe, const struct method_settings *settings,
                         struct fault_list *faults)
{
    if (settings->http_method == WAY_GET && settings->body != NULL)
        fault_add(faults, probe_key_place(probe, "body"),
                  "[probe %s] body: goes with http_method = POST; the parameters of a GET are param.NAME",
                  probe->name);
    for (size_t i = 0; i < settings->param.count; i++) {
        const struct pair *param = &settings->param.items[i];
        char *wrong = date_check(param->value);
        if (settings->http_method == WAY_POST)
            fault_add(faults, param->place,
                      "[probe %s] param.%s: goes with http_method = GET; the parameters of a POST are "
                      "members of body",
                      probe->name, param->name);
        else if (wrong != NULL)
            fault_add(faults, param->place, "[probe %s] param.%s: %s", probe->name, param->name, wrong);
        free(wrong);
    }
}

/* The number of the page that body or parameters ask for; false where they ask for none. */
static bool read_page(const struct method_settings *settings, const char *body, struct span *written,
                      int64_t *page)
{
    if (settings->http_method == WAY_POST)
        return body_member(body, PAGE_MEMBER, written) && text_to_int64(*written, page);
    for (size_t i = 0; i < settings->param.count; i++)
        if (strcmp(settings->param.items[i].name, PAGE_MEMBER) == 0)
            return text_to_int64(span_of(settings->param.items[i].value), page);
    return false;
}

static void paging_check(const struct probe_settings *probe, const struct method_settings *settings,
                         struct fault_list *faults)
{
    struct span written;
    int64_t page;
    bool paging = read_page(settings, settings->body == NULL ? "{}" : settings->body, &written, &page);
    bounds_check_whole(probe, "fetch_limit", settings->fetch_limit, 1, faults);
    if (settings->fetch_limit.set && !paging)
        warning_add(faults, probe_key_place(probe, "fetch_limit"),
                    "[probe %s] fetch_limit: without effect, because no " PAGE_MEMBER " is asked for",
                    probe->name);
    if (paging && page == 0 && settings->rows_at != NULL)
        warning_add(faults, probe_key_place(probe, settings->http_method == WAY_POST ? "body" : "kind"),
                    "[probe %s] " PAGE_MEMBER ": begin with 1; a server to which 0 and 1 are the same page "
                    "would have its rows counted twice",
                    probe->name);
}

static void rows_check(const struct probe_settings *probe, const struct method_settings *settings,
                       struct fault_list *faults)
{
    const struct {
        const char *key;
        bool set;
    } keys[] = {{"rows_min", settings->bounds.rows_min.set},
                {"rows_max", settings->bounds.rows_max.set},
                {"rows_deviation", settings->bounds.rows_deviation.set},
                {"fetch_limit", settings->fetch_limit.set}};
    struct json_path path = {0};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].set && settings->rows_at == NULL)
            fault_add(faults, probe_key_place(probe, keys[i].key),
                      "[probe %s] %s: wants rows_at, which says where in the answer the rows are",
                      probe->name, keys[i].key);
    if (settings->values.set->count > 0 && settings->rows_at == NULL)
        fault_add(faults, settings->values.pairs.items[0].place,
                  "[probe %s] value.%s: wants rows_at, which says where in the answer the rows are",
                  probe->name, settings->values.pairs.items[0].name);
    if (settings->rows_at != NULL && (!json_path_split(&path, settings->rows_at) || path.depth == 0))
        fault_add(
            faults, probe_key_place(probe, "rows_at"),
            "[probe %s] rows_at = %s: no way to an array: a dot goes deeper, \\. is a dot inside a name",
            probe->name, settings->rows_at);
    json_path_free(&path);
    bounds_check(probe, &settings->bounds, faults);
}

static void check(const struct probe_settings *probe, struct fault_list *faults)
{
    const struct method_settings *settings = settings_of(probe);
    char title[64];
    service_check(probe, settings, faults);
    method_check(probe, settings, faults);
    params_check(probe, settings, faults);
    rows_check(probe, settings, faults);
    snprintf(title, sizeof title, "[probe %s]", probe->name);
    expectations_check(&settings->expect, title, faults);
    size_t bodies = faults->count;
    body_check(probe, settings->body, "a method", faults);
    if (faults->count == bodies) /* else there are no members to look for */
        paging_check(probe, settings, faults);
}

/* ---- the request ---- */

/* The path of a page, with its query: of a GET, where page is told as a parameter. */
static char *resource(const struct target_settings *target, struct moment now, bool paging, int64_t page)
{
    const struct method_settings *settings = settings_of(target->probe);
    struct buffer url;
    char *path = call_path(target, settings->service, settings->method);
    buffer_init(&url, QUERY_URL_MAX);
    buffer_text(&url, path);
    free(path);
    for (size_t i = 0; i < settings->param.count; i++) {
        const struct pair *param = &settings->param.items[i];
        char *value = paging && strcmp(param->name, PAGE_MEMBER) == 0
                          ? memory_format("%lld", (long long)page)
                          : date_expand(param->value, call_zone(target), now);
        url_add_query(&url, param->name, value);
        free(value);
    }
    return buffer_take(&url);
}

static void check_target(const struct target_settings *target, struct fault_list *faults)
{
    const struct method_settings *settings = settings_of(target->probe);
    if (settings->service != NULL && settings->method != NULL)
        call_check_length(target, resource(target, (struct moment){0}, false, 0), faults);
}

/* The body of a page: that of the first with another number in its place. */
static char *body_of_page(const struct method_state *state)
{
    if (!state->paging)
        return memory_copy_text(state->body);
    const char *behind = state->written.data + state->written.size;
    return memory_format("%.*s%lld%s", (int)(state->written.data - state->body), state->body,
                         (long long)state->page, behind);
}

static void take_row(void *context, const struct json_row *row)
{
    struct method_state *state = context;
    const struct json_value *id = &row->fields[state->id];
    if (row->number == 0)
        state->page_hash = TEXT_HASH_START;
    state->page_hash = id->kind == JSON_STRING && state->page_hash != 0
                           ? text_hash(state->page_hash, id->text, id->size + 1)
                           : 0;
    struct json_row own = *row;
    own.field_count = state->columns;
    if (state->values != NULL)
        values_row(state->values, &own);
}

static void ask(struct method_state *state, const struct probe_run *run, struct request *request)
{
    char *path = resource(run->target, run->now, state->paging, state->page);
    assert(path != NULL); /* its length was checked at load */
    if (state->body != NULL)
        call_post(run, path, body_of_page(state), &state->plan, request);
    else
        call_get(run, path, &state->plan, request);
    request->row = take_row;
    request->row_context = state;
}

static void plan_init(struct method_state *state, const struct method_settings *settings)
{
    size_t count = 1 + state->expectations.count;
    struct json_path *more = memory_new(count, sizeof *more);
    more[0] = more_pages;
    for (size_t i = 1; i < count; i++)
        more[i] = state->expectations.paths[i - 1];
    state->members = call_members(more, count);
    free(more);
    if (settings->rows_at != NULL)
        json_path_split(&state->rows_at, settings->rows_at);
    state->columns = state->id = settings->values.set->column_count;
    state->fields = memory_new(state->columns + 1, sizeof *state->fields);
    state->fields[state->columns] = ROW_ID;
    for (size_t i = 0; i < state->columns; i++) {
        state->fields[i] = settings->values.set->columns[i];
        if (strcmp(state->fields[i], ROW_ID) == 0)
            state->id = i;
    }
    state->plan = (struct json_plan){.rows = settings->rows_at == NULL ? NULL : &state->rows_at,
                                     .columns = settings->rows_at != NULL,
                                     .members = state->members,
                                     .member_count = REFUSAL_MEMBERS + count,
                                     .fields = state->fields,
                                     .field_count = state->columns + (state->id == state->columns),
                                     .text_max = REFUSAL_TEXT_MAX};
}

static void begin(struct probe_run *run, struct request *request)
{
    const struct method_settings *settings = settings_of(run->target->probe);
    struct method_state *state = run->state;
    expectations_init(&state->expectations, &settings->expect);
    plan_init(state, settings);
    if (settings->values.set->count > 0)
        state->values = values_new(settings->values.set, call_zone(run->target));
    if (settings->http_method == WAY_POST)
        state->body = date_expand(settings->body == NULL ? "{}" : settings->body, call_zone(run->target),
                                  run->now);
    state->paging = settings->rows_at != NULL &&
                    read_page(settings, state->body, &state->written, &state->page);
    ask(state, run, request);
}

/* ---- the answer ---- */

static bool is_empty(const struct answer *answer)
{
    return answer->json == NULL || answer->json->error == JSON_EMPTY;
}

/* Methods without any output answer with nothing; that is good where nothing of the answer is wanted. */
static bool judge(const struct probe_run *run, const struct answer *answer, const struct verdict *verdict)
{
    (void)verdict;
    const struct method_settings *settings = settings_of(run->target->probe);
    return answer->status >= 200 && answer->status <= 299 && is_empty(answer) && settings->rows_at == NULL &&
           settings->expect.count == 0;
}

/* NULL, or an owned sentence of what is not as it has to be. */
static char *find_wrong(const struct method_settings *settings, const struct json_result *json)
{
    if (json->root != JSON_OBJECT)
        return memory_format("the answer is %s, no object with the method's results",
                             json_kind_text(json->root));
    if (settings->values.set->count > 0 && json->odd_rows > 0)
        return memory_format("%llu rows at %s (rows_at) are no objects, so they have no columns for values",
                             (unsigned long long)json->odd_rows, settings->rows_at);
    if (settings->rows_at == NULL || json->rows_kind == JSON_ARRAY || json->rows_kind == JSON_NULL)
        return NULL;
    if (json->rows_kind == JSON_ABSENT)
        return memory_format("the answer has nothing at %s (rows_at)", settings->rows_at);
    return memory_format("what the answer has at %s (rows_at) is %s, no array of rows", settings->rows_at,
                         json_kind_text(json->rows_kind));
}

static void note_names(struct method_state *state, const struct json_result *json)
{
    if (state->names == NULL && json->columns.count > 0)
        state->names = name_set_of_columns(&json->columns);
}

static void finish(struct method_state *state, const struct method_settings *settings,
                   const struct json_result *json, struct probe_result *result)
{
    const struct json_value *more = &json->members[MORE_PAGES];
    bool truncated = false;
    if (settings->rows_at != NULL) {
        result->has_rows = true;
        result->rows = state->got;
        result->names = state->names;
        state->names = NULL;
        result->has_truncated = call_bool(more, &truncated) || state->paging;
        result->truncated = truncated;
        bounds_judge(&settings->bounds, state->got, result);
    }
    if (state->values != NULL)
        values_tell(state->values, result);
    else
        result->has_findings = true;
    char *wrong = result->reason == REASON_NONE
                      ? expectations_judge(&state->expectations, &json->members[EXPECTED])
                      : NULL;
    if (wrong != NULL)
        verdict_fail(result, REASON_EXPECTATION, wrong);
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    const struct method_settings *settings = settings_of(run->target->probe);
    struct method_state *state = run->state;
    const struct json_result *json = answer->json;
    if (is_empty(answer))
        return PROBE_DONE;
    char *wrong = find_wrong(settings, json);
    bool refused = verdict_refuse(answer, wrong, result);
    free(wrong);
    if (refused) {
        if (json->rows > 0)
            result->login = false; /* its rows are taken: it must not be asked again within this run */
        return PROBE_DONE;
    }
    if (json->rows > 0 && state->got > 0 && state->page_hash != 0 && state->page_hash == state->last_hash) {
        verdict_fail(result, REASON_INVALID_RESPONSE,
                     memory_format("the server does not heed " PAGE_MEMBER ": page %lld has the rows of the "
                                   "page before it",
                                   (long long)state->page));
        return PROBE_DONE;
    }
    state->last_hash = state->page_hash;
    note_names(state, json);
    state->got += json->rows;
    double limit = settings->fetch_limit.set ? settings->fetch_limit.value : QUERY_FETCH_LIMIT;
    bool more = false;
    call_bool(&json->members[MORE_PAGES], &more);
    if (more && state->paging && json->rows > 0 && (double)state->got < limit && state->page < INT64_MAX) {
        state->page++;
        ask(state, run, request);
        return PROBE_ASK;
    }
    finish(state, settings, json, result);
    return PROBE_DONE;
}

static void end(struct probe_run *run)
{
    struct method_state *state = run->state;
    free(state->members);
    free(state->fields);
    free(state->names);
    free(state->body);
    values_free(state->values);
    json_path_free(&state->rows_at);
    expectations_free(&state->expectations);
}

static void limits(const struct probe_settings *probe, struct probe_limits *out)
{
    bounds_tell(&settings_of(probe)->bounds, out);
}

static struct value_definitions values(const struct probe_settings *probe)
{
    return value_settings_definitions(&settings_of(probe)->values);
}

const struct probe_kind probe_kind_method = {
    .config = {.name = "method",
               .help =
                   "Calls a method of a BO, library, process or report service (`POST` or `GET "
                   ".../{service}/{method}`). The account needs the right to the method, and the API key an "
                   "access scope with it; methods of administration mostly want a security manager. It must "
                   "not change anything. One request a run (with `absolutePage`: one a page), each holding "
                   "a license seat while it lasts.",
               .rows = rows,
               .row_count = sizeof rows / sizeof rows[0],
               .settings_size = sizeof(struct method_settings),
               .per_company = true,
               .prepare = prepare,
               .release = release,
               .check = check,
               .check_target = check_target},
    .state_size = sizeof(struct method_state),
    .begin = begin,
    .step = step,
    .judge = judge,
    .end = end,
    .limits = limits,
    .values = values,
    .drift = DRIFT_EXACT,
};
