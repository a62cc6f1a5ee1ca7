#include "probe/query.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kinetic/url.h"
#include "probe/call.h"
#include "probe/date.h"
#include "probe/refusal.h"
#include "probe/verdict.h"

#define LINK_MAX   2048       /* bytes of a next link that is followed */
#define SERVER_CAP 100        /* rows of one answer, unless the server was told otherwise (facts §9.20) */
#define FAR        1000000000 /* a $skip that is behind the end of everything */

const char *const query_rows_names[] = {
    [QUERY_PAGE] = "page", [QUERY_COUNT] = "count", [QUERY_ALL] = "all", NULL};

/* ---- the plan ---- */

enum { COUNT_4, COUNT_3, LINK_4, LINK_3, CONTEXT_4, CONTEXT_3, VALUE, OWN_MEMBERS };

static const struct json_path own_members[OWN_MEMBERS] = {
    [COUNT_4] = {(const char *const[]){"@odata.count"}, 1},
    [COUNT_3] = {(const char *const[]){"odata.count"}, 1},
    [LINK_4] = {(const char *const[]){"@odata.nextLink"}, 1},
    [LINK_3] = {(const char *const[]){"odata.nextLink"}, 1},
    [CONTEXT_4] = {(const char *const[]){"@odata.context"}, 1},
    [CONTEXT_3] = {(const char *const[]){"odata.metadata"}, 1},
    [VALUE] = {(const char *const[]){"value"}, 1},
};

/* A set's answer may be one record, and where one is asked for it always is: then its own members are the columns. */
static size_t record_columns(const struct query_state *state, const struct value_set *set)
{
    return state->shape == QUERY_TABLE ? 0 : set->column_count;
}

static void plan_init(struct query_state *state, const struct value_set *set, const struct json_path *extra,
                      size_t extra_count)
{
    size_t columns = record_columns(state, set), kept = REFUSAL_MEMBERS + OWN_MEMBERS + extra_count;
    state->members = memory_new(kept + columns, sizeof *state->members);
    memcpy(state->members, refusal_members, sizeof refusal_members);
    memcpy(state->members + REFUSAL_MEMBERS, own_members, sizeof own_members);
    for (size_t i = 0; i < extra_count; i++)
        state->members[REFUSAL_MEMBERS + OWN_MEMBERS + i] = extra[i];
    for (size_t i = 0; i < columns; i++)
        state->members[kept + i] = (struct json_path){&set->columns[i], 1};
    state->plan = (struct json_plan){.rows = state->shape == QUERY_RECORD ? NULL : &own_members[VALUE],
                                     .members = state->members,
                                     .member_count = kept + columns,
                                     .columns = true,
                                     .text_max = REFUSAL_TEXT_MAX};
    if (state->plan.rows != NULL) {
        state->plan.fields = set->columns;
        state->plan.field_count = set->column_count;
    }
}

static const struct json_value *own_value(const struct answer *answer, int which)
{
    return &answer->json->members[REFUSAL_MEMBERS + which];
}

const struct json_value *query_extra(const struct answer *answer)
{
    return &answer->json->members[REFUSAL_MEMBERS + OWN_MEMBERS];
}

/* ---- the request ---- */

static uint64_t number_or(struct optional_number number, uint64_t otherwise)
{
    return number.set ? (uint64_t)number.value : otherwise;
}

static void add_option(struct buffer *url, const char *name, const char *value)
{
    if (value != NULL)
        url_add_query(url, name, value);
}

static void add_number(struct buffer *url, const char *name, uint64_t value)
{
    char *text = memory_format("%llu", (unsigned long long)value);
    url_add_query(url, name, text);
    free(text);
}

static void add_expanded(struct buffer *url, const char *name, const char *value, const struct zone *zone,
                         struct moment now)
{
    if (value == NULL)
        return;
    char *expanded = date_expand(value, zone, now);
    url_add_query(url, name, expanded);
    free(expanded);
}

/* Appends the whole query of a request for asked rows from offset on (used with rows = all). */
static void add_query(struct buffer *url, const struct target_settings *target,
                      const struct query_settings *settings, struct moment now, uint64_t asked,
                      uint64_t offset)
{
    const struct zone *zone = call_zone(target);
    for (size_t i = 0; i < settings->param.count; i++)
        add_expanded(url, settings->param.items[i].name, settings->param.items[i].value, zone, now);
    add_option(url, "$select", settings->select);
    add_expanded(url, "$filter", settings->filter, zone, now);
    add_option(url, "$orderby", settings->orderby);
    add_option(url, "$expand", settings->expand);
    if (settings->rows == QUERY_ALL) {
        add_number(url, "$top", asked);
        if (offset > 0)
            add_number(url, "$skip", offset);
        return;
    }
    if (settings->top.set)
        add_number(url, "$top", (uint64_t)settings->top.value);
    if (settings->skip.set)
        add_number(url, "$skip", (uint64_t)settings->skip.value);
    if (settings->rows == QUERY_COUNT && target->appserver->api_version == 1)
        url_add_query(url, "$inlinecount", "allpages");
    else if (settings->rows == QUERY_COUNT)
        url_add_query(url, "$count", "true");
}

void query_check_target(const struct target_settings *target, const struct query_settings *settings,
                        char *path, struct fault_list *faults)
{
    struct buffer url;
    buffer_init(&url, QUERY_URL_MAX);
    buffer_text(&url, path);
    free(path);
    add_query(&url, target, settings, (struct moment){0}, QUERY_PAGE_SIZE, FAR);
    call_check_length(target, buffer_take(&url), faults);
    buffer_free(&url);
}

static void pass_row(void *context, const struct json_row *row)
{
    (void)context;
    (void)row;
}

static void request_fill(const struct query_state *state, const struct probe_run *run, char *path,
                         struct request *request)
{
    const struct target_settings *target = run->target;
    request->purpose = EXCHANGE_CALL;
    request->method = HTTP_GET;
    request->path = path;
    request->company = target->url_company[0] == '\0' ? NULL : target->url_company;
    request->wanted = BODY_JSON;
    request->plan = &state->plan;
    request->row = state->values == NULL ? NULL : state->take ? values_row : pass_row;
    request->row_context = state->values;
    request->max_response = target->probe->max_response;
    request->fresh = target->probe->connection == CONNECTION_FRESH;
}

static void ask_at(struct query_state *state, const struct probe_run *run,
                   const struct query_settings *settings, uint64_t offset, struct request *request)
{
    struct buffer url;
    buffer_init(&url, QUERY_URL_MAX);
    buffer_text(&url, state->path);
    add_query(&url, run->target, settings, run->now, state->asked, offset);
    char *path = buffer_take(&url);
    assert(path != NULL); /* its length was checked at load */
    request_fill(state, run, path, request);
}

/* The next page, at what has come so far. */
static void ask(struct query_state *state, const struct probe_run *run, const struct query_settings *settings,
                struct request *request)
{
    uint64_t page = number_or(settings->page_size, QUERY_PAGE_SIZE);
    uint64_t left = number_or(settings->fetch_limit, QUERY_FETCH_LIMIT) - state->got;
    state->asked = page < left ? page : left;
    state->by_link = false;
    ask_at(state, run, settings, state->got, request);
}

/* Whether the server heeds $skip: if so, nothing comes from far behind the end. */
static void ask_far(struct query_state *state, const struct probe_run *run,
                    const struct query_settings *settings, struct request *request)
{
    bool take = state->take;
    state->far = true;
    state->take = false;
    ask_at(state, run, settings, FAR, request);
    state->take = take;
}

void query_begin(struct query_state *state, struct probe_run *run, const struct query_settings *settings,
                 char *path, enum query_shape shape, const struct json_path *extra, size_t extra_count,
                 struct request *request)
{
    state->shape = shape;
    state->path = path;
    state->take = true;
    plan_init(state, settings->values.set, extra, extra_count);
    if (settings->values.set->count > 0)
        state->values = values_new(settings->values.set, call_zone(run->target));
    ask(state, run, settings, request);
}

void query_end(struct query_state *state)
{
    values_free(state->values);
    free(state->members);
    free(state->names);
    free(state->path);
}

/* ---- the answer ---- */

/* The server's count of all rows; false where it tells none. */
static bool read_count(const struct answer *answer, uint64_t *count)
{
    const struct json_value *value = own_value(answer, COUNT_4);
    int64_t number;
    if (value->kind == JSON_ABSENT)
        value = own_value(answer, COUNT_3);
    if ((value->kind != JSON_NUMBER && value->kind != JSON_STRING) || value->overlong ||
        !text_to_int64(span_trim((struct span){value->text, value->size}), &number) || number < 0)
        return false;
    *count = (uint64_t)number;
    return true;
}

/* Whether the answer is what was asked for; if not, *result says so. */
static bool is_wanted(const struct query_state *state, const struct answer *answer,
                      struct probe_result *result)
{
    const struct json_result *json = answer->json;
    bool framed = own_value(answer, CONTEXT_4)->kind == JSON_STRING ||
                  own_value(answer, CONTEXT_3)->kind == JSON_STRING;
    const char *why = NULL;
    if (state->shape == QUERY_RECORD) {
        if (json->root != JSON_OBJECT || json->columns.count == 0)
            why = "one record was asked for, and the answer is none";
        else if (own_value(answer, VALUE)->kind == JSON_ARRAY)
            why = "one record was asked for, and a list came: write the entity without its key, and a filter";
    } else if (json->rows_kind == JSON_ABSENT) {
        if (state->shape == QUERY_TABLE || json->root != JSON_OBJECT || !framed || state->got > 0)
            why = "the answer has no array \"value\"";
    } else if (json->rows_kind != JSON_ARRAY) {
        why = "\"value\" of the answer is no array";
    } else if (json->odd_rows > 0) {
        why = "\"value\" of the answer has rows that are no objects";
    }
    return !verdict_refuse(answer, why, result);
}

static bool is_record(const struct query_state *state, const struct answer *answer)
{
    return state->shape == QUERY_RECORD || answer->json->rows_kind == JSON_ABSENT;
}

static uint64_t rows_of(const struct query_state *state, const struct answer *answer)
{
    return is_record(state, answer) ? 1 : answer->json->rows;
}

static void note_columns(struct query_state *state, const struct answer *answer)
{
    const struct json_columns *columns = &answer->json->columns;
    if (state->names == NULL && columns->count > 0)
        state->names = name_set_of_columns(columns);
}

static void finish(struct query_state *state, const struct query_settings *settings, uint64_t rows,
                   struct probe_result *result)
{
    result->has_rows = true;
    result->rows = rows;
    result->names = state->names;
    state->names = NULL;
    bounds_judge(&settings->bounds, rows, result);
    if (state->values != NULL)
        values_tell(state->values, result);
    else
        result->has_findings = true;
}

/* The one record of the answer, where it has one, as a row. */
static void take_record(struct query_state *state, const struct value_set *set, const struct answer *answer)
{
    const struct json_result *json = answer->json;
    size_t columns = record_columns(state, set);
    if (columns == 0 || json->rows_kind == JSON_ARRAY)
        return;
    values_row(state->values, &(struct json_row){.kind = JSON_OBJECT,
                                                 .fields = json->members + json->member_count - columns,
                                                 .field_count = columns});
}

/* ---- rows = all ---- */

/* The query of a next link, where it asks the same resource of the same server; else NULL. Then paging by $skip goes on,
   so an unusual link costs nothing. */
static const char *link_query(const struct query_state *state, const struct probe_run *run,
                              const struct answer *answer)
{
    const struct json_value *link = own_value(answer, LINK_4);
    if (link->kind == JSON_ABSENT)
        link = own_value(answer, LINK_3);
    struct span text = {link->text, link->size};
    if (link->kind != JSON_STRING || link->overlong || link->size > LINK_MAX)
        return NULL;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7f || strchr("\"<>\\^`{|}#", text.data[i]) != NULL)
            return NULL;
    const char *url = run->target->appserver->url;
    size_t url_size = strlen(url), path_size = strlen(state->path);
    if (!span_starts_with(text, url) || text.size < url_size + path_size + 2 || text.data[url_size] != '/' ||
        memcmp(text.data + url_size + 1, state->path, path_size) != 0 ||
        text.data[url_size + 1 + path_size] != '?')
        return NULL;
    const char *query = text.data + url_size + 1 + path_size;
    /* A server that echoes the key gets no second copy of it into its log. */
    return span_find_nocase(span_of(query), "api-key=") == NULL ? query : NULL;
}

static enum probe_next next_page(struct query_state *state, const struct probe_run *run,
                                 const struct query_settings *settings, const struct answer *answer,
                                 struct request *request)
{
    const char *query = link_query(state, run, answer);
    if (query == NULL) {
        ask(state, run, settings, request);
        return PROBE_ASK;
    }
    state->take = true; /* the server itself says that more follows */
    request_fill(state, run, memory_format("%s%s", state->path, query), request);
    state->by_link = true;
    return PROBE_ASK;
}

static enum probe_next finish_all(struct query_state *state, const struct query_settings *settings,
                                  bool truncated, struct probe_result *result)
{
    result->has_truncated = true;
    result->truncated = truncated;
    finish(state, settings, state->got, result);
    return PROBE_DONE;
}

/* The answer from far behind the end. A server that does not heed $skip sends one page again and again: where it was a short one,
   that was all. */
static enum probe_next step_far(struct query_state *state, const struct probe_run *run,
                                const struct query_settings *settings, const struct answer *answer,
                                struct request *request, struct probe_result *result)
{
    state->far = false;
    bool untaken = !state->take;
    if (answer->json->rows > 0 && untaken)
        return finish_all(state, settings, false, result);
    if (answer->json->rows > 0) {
        verdict_fail(result, REASON_INVALID_RESPONSE,
                     memory_format("the server does not heed $skip: rows came from behind the end, so rows = "
                                   "all cannot page here (tried with $skip=%d)",
                                   FAR));
        return PROBE_DONE;
    }
    state->heeds_skip = state->take = true;
    if (!untaken && state->ended)
        return finish_all(state, settings, state->truncated, result);
    ask(state, run, settings, request);
    return PROBE_ASK;
}

static enum probe_next step_all(struct query_state *state, const struct probe_run *run,
                                const struct query_settings *settings, const struct answer *answer,
                                struct request *request, struct probe_result *result)
{
    uint64_t rows = rows_of(state, answer), count = 0;
    uint64_t limit = number_or(settings->fetch_limit, QUERY_FETCH_LIMIT);
    if (state->far)
        return step_far(state, run, settings, answer, request, result);
    if (rows > state->asked && !state->by_link) {
        verdict_fail(
            result, REASON_INVALID_RESPONSE,
            memory_format("asked for %llu rows, got %llu: the server does not heed $top, so rows = all "
                          "cannot page here",
                          (unsigned long long)state->asked, (unsigned long long)rows));
        return PROBE_DONE;
    }
    bool skipped = state->got > 0 && !state->by_link;
    bool is_short = state->got == 0 && rows < state->asked && rows < SERVER_CAP;
    if (state->take)
        state->got += rows;
    bool counted = read_count(answer, &count);
    state->ended = rows == 0 || state->got >= limit || (counted && state->got >= count) ||
                   is_record(state, answer);
    state->truncated = counted ? count > state->got : rows > 0 && !is_record(state, answer);
    if (skipped && rows > 0 && !state->heeds_skip) {
        ask_far(state, run, settings, request);
        return PROBE_ASK;
    }
    if (state->ended)
        return finish_all(state, settings, state->truncated, result);
    state->take = !is_short; /* what comes behind a short page may be the same once more */
    return next_page(state, run, settings, answer, request);
}

enum probe_next query_step(struct query_state *state, struct probe_run *run,
                           const struct query_settings *settings, const struct answer *answer,
                           struct request *request, struct probe_result *result)
{
    if (!is_wanted(state, answer, result)) {
        if (answer->json->rows > 0)
            result->login =
                false; /* its rows are taken already: it must not be asked again within this run */
        return PROBE_DONE;
    }
    note_columns(state, answer);
    take_record(state, settings->values.set, answer);
    if (settings->rows == QUERY_ALL)
        return step_all(state, run, settings, answer, request, result);
    uint64_t rows = rows_of(state, answer);
    if (settings->rows == QUERY_COUNT && !read_count(answer, &rows)) {
        verdict_fail(result, REASON_INVALID_RESPONSE,
                     memory_format("the answer has no count although it was asked for (%s)",
                                   run->target->appserver->api_version == 1 ? "$inlinecount=allpages"
                                                                            : "$count=true"));
        return PROBE_DONE;
    }
    finish(state, settings, rows, result);
    return PROBE_DONE;
}
