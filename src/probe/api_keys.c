/* kind = api_keys: when API keys expire (facts §3). The column that holds a key's hash is never asked for. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "kinetic/url.h"
#include "probe/call.h"
#include "probe/iso_time.h"
#include "probe/kinds.h"
#include "probe/refusal.h"
#include "probe/verdict.h"

#define SERVICE    "Ice.BO.APIKeySvc"
#define PAGE       100  /* rows asked for at once: the cap that servers have */
#define ROWS_MAX   2000 /* read at most */
#define PAGES_MAX  40
#define KEYS_MAX   50  /* told at most */
#define NAME_MAX   200 /* bytes of a name; it becomes a label */
#define NAMES_TOLD 5   /* of those that are missing */
#define PAST_S     (7.0 * 86400)
#define YEAR_TWO   (-62104060800.0) /* before it: .NET's "no date" in any zone */

struct api_keys_settings {
    struct text_list keys;
};

enum expiry { EXPIRY_NEVER, EXPIRY_AT, EXPIRY_UNREADABLE };

struct key {
    char *name; /* NULL: none that could be a label; owned */
    bool enabled;
    enum expiry expiry;
    double epoch;
};

struct api_keys_state {
    const struct zone *zone;
    struct json_plan plan;
    struct json_path *members; /* owned */
    struct key *keys;          /* of all rows so far; owned */
    size_t count;
    size_t before; /* of them: those of the pages before the standing one */
    size_t last;   /* rows of the page before it */
    size_t pages;  /* read so far */
    bool many;     /* there was no room for all */
};

static const struct config_row rows[] = {
    {.name = "keys",
     .example = "epicor-monitor",
     .type = CONFIG_LIST,
     .offset = offsetof(struct api_keys_settings, keys),
     .help = "Names of the API keys to tell of, at most 50, in any case of letters; one that is not there or "
             "not enabled "
             "makes the run fail with `expectation`. Without it all keys that the account may read, the 50 "
             "that expire "
             "first; the others are counted in `epicor_exporter_series_dropped`."},
};

static const struct api_keys_settings *settings_of(const struct probe_settings *probe)
{
    return probe->own;
}

static void check(const struct probe_settings *probe, struct fault_list *faults)
{
    const struct api_keys_settings *settings = settings_of(probe);
    if (settings->keys.count > KEYS_MAX)
        fault_add(faults, probe_key_place(probe, "keys"), "[probe %s] keys: %zu names; at most %d",
                  probe->name, settings->keys.count, KEYS_MAX);
}

/* ---- the request ---- */

static const struct json_path value_path = {(const char *const[]){"value"}, 1};

enum { NAME, EXPIRES_ON, ENABLED, FIELDS };
static const char *const fields[FIELDS] = {
    [NAME] = "Name", [EXPIRES_ON] = "ExpiresOn", [ENABLED] = "Enabled"};

static void forget_from(struct api_keys_state *state, size_t from)
{
    while (state->count > from)
        free(state->keys[--state->count].name);
}

/* An owned name; NULL where it can be no label. */
static char *read_name(const struct json_value *field)
{
    struct span name = span_trim((struct span){field->text, field->size});
    bool good = field->kind == JSON_STRING && !field->overlong && name.size > 0 && name.size <= NAME_MAX &&
                memchr(name.data, '\0', name.size) == NULL;
    return good ? memory_copy_bytes(name.data, name.size) : NULL;
}

static enum expiry read_expiry(const struct json_value *field, const struct zone *zone, double *epoch)
{
    struct span text = span_trim((struct span){field->text, field->size});
    if (field->kind == JSON_ABSENT || field->kind == JSON_NULL ||
        (field->kind == JSON_STRING && text.size == 0))
        return EXPIRY_NEVER;
    if (field->kind != JSON_STRING || field->overlong || !iso_time_read(text, zone, epoch))
        return EXPIRY_UNREADABLE;
    return *epoch < YEAR_TWO ? EXPIRY_NEVER : EXPIRY_AT;
}

static void take_row(void *context, const struct json_row *row)
{
    struct api_keys_state *state = context;
    if (row->number == 0) { /* also when the same request was asked before, and its answer broke off */
        forget_from(state, state->before);
        state->many = false;
    }
    if (state->count == ROWS_MAX) {
        state->many = true;
        return;
    }
    struct key *key = &state->keys[state->count++];
    *key = (struct key){.name = read_name(&row->fields[NAME]), .enabled = true};
    /* Where it is not told whether a key is enabled, an alarm too many is better than one too few. */
    call_bool(&row->fields[ENABLED], &key->enabled);
    key->expiry = read_expiry(&row->fields[EXPIRES_ON], state->zone, &key->epoch);
}

static void ask(const struct probe_run *run, struct request *request)
{
    struct api_keys_state *state = run->state;
    struct buffer url;
    char number[24];
    char *path = call_path(run->target, SERVICE, "APIKeys");
    buffer_init(&url, CALL_PATH_MAX);
    buffer_text(&url, path);
    free(path);
    url_add_query(&url, "$select", "Name,ExpiresOn,Enabled");
    url_add_query(&url, "$orderby", "Name");
    snprintf(number, sizeof number, "%d", PAGE);
    url_add_query(&url, "$top", number);
    if (state->before > 0) {
        snprintf(number, sizeof number, "%zu", state->before);
        url_add_query(&url, "$skip", number);
    }
    call_get(run, buffer_take(&url), &state->plan, request);
    request->row = take_row;
    request->row_context = state;
}

static void begin(struct probe_run *run, struct request *request)
{
    struct api_keys_state *state = run->state;
    state->zone = call_zone(run->target);
    state->keys = memory_new(ROWS_MAX, sizeof *state->keys);
    state->members = call_members(NULL, 0);
    state->plan = (struct json_plan){.rows = &value_path,
                                     .members = state->members,
                                     .member_count = REFUSAL_MEMBERS,
                                     .fields = fields,
                                     .field_count = FIELDS,
                                     .text_max = REFUSAL_TEXT_MAX};
    ask(run, request);
}

/* ---- what the keys tell ---- */

static int name_order(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : a->epoch < b->epoch ? -1 : a->epoch > b->epoch;
}

static int expiry_order(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    return a->epoch < b->epoch ? -1 : a->epoch > b->epoch ? 1 : strcmp(a->name, b->name);
}

static bool is_watched(const struct text_list *names, const char *name)
{
    bool watched = names->count == 0;
    for (size_t i = 0; i < names->count && !watched && name != NULL; i++)
        watched = span_is_nocase(span_of(name), names->items[i]);
    return watched;
}

/* The keys whose expiry is to be told go to the front, one a name (keys of several companies may share it): that which
   expires first. Returns how many; the others stay behind them. */
static size_t gather(struct api_keys_state *state, double since)
{
    size_t count = 0, unique = 0;
    for (size_t i = 0; i < state->count; i++) {
        struct key key = state->keys[i];
        if (key.name == NULL || key.expiry != EXPIRY_AT || key.epoch < since)
            continue;
        state->keys[i] = state->keys[count];
        state->keys[count++] = key;
    }
    qsort(state->keys, count, sizeof *state->keys, name_order);
    for (size_t i = 0; i < count; i++) {
        struct key key = state->keys[i];
        if (unique > 0 && strcmp(state->keys[unique - 1].name, key.name) == 0)
            continue;
        state->keys[i] = state->keys[unique];
        state->keys[unique++] = key;
    }
    qsort(state->keys, unique, sizeof *state->keys, expiry_order);
    return unique;
}

static void tell_missing(const struct api_keys_state *state, const struct text_list *names,
                         struct probe_result *result)
{
    struct buffer text;
    size_t missing = 0;
    buffer_init(&text, (size_t)1 << 16);
    for (size_t i = 0; i < names->count; i++) {
        bool there = false;
        for (size_t k = 0; k < state->count && !there; k++)
            there = state->keys[k].name != NULL &&
                    span_is_nocase(span_of(state->keys[k].name), names->items[i]);
        if (!there && missing++ < NAMES_TOLD)
            buffer_format(&text, "%s%s", missing == 1 ? "" : ", ", names->items[i]);
    }
    if (missing > NAMES_TOLD)
        buffer_format(&text, " and %zu more", missing - NAMES_TOLD);
    if (missing > 0)
        verdict_fail(result, REASON_EXPECTATION,
                     memory_format("%zu of %zu keys %s not there or not enabled: %s", missing, names->count,
                                   missing == 1 ? "is" : "are", buffer_as_text(&text)));
    buffer_free(&text);
}

/* The reading is at its end, without those keys that nobody wants to hear of. */
static void finish(struct api_keys_state *state, const struct probe_run *run, struct probe_result *result)
{
    const struct text_list *names = &settings_of(run->target->probe)->keys;
    size_t wanted = 0, nameless = 0;
    result->has_rows = true;
    result->rows = state->count;
    for (size_t i = 0; i < state->count; i++) {
        struct key key = state->keys[i];
        if (!key.enabled || !is_watched(names, key.name))
            continue;
        if (key.expiry == EXPIRY_UNREADABLE) {
            verdict_fail(result, REASON_INVALID_RESPONSE,
                         memory_format("ExpiresOn of key %s is no date",
                                       key.name == NULL ? "without name" : key.name));
            return;
        }
        nameless += key.name == NULL && key.expiry == EXPIRY_AT;
        state->keys[i] = state->keys[wanted];
        state->keys[wanted++] = key;
    }
    forget_from(state, wanted);
    tell_missing(state, names, result);
    size_t count = gather(state, (double)run->now.wall_ns / 1e9 - PAST_S);
    for (size_t i = 0; i < count && i < KEYS_MAX; i++)
        findings_add(&result->findings, FINDING_API_KEY_EXPIRY, state->keys[i].epoch,
                     (const char *const[]){state->keys[i].name}, 1);
    result->findings.dropped[FINDING_API_KEY_EXPIRY] = nameless + (count > KEYS_MAX ? count - KEYS_MAX : 0);
    result->has_findings = true;
}

/* ---- the answers ---- */

static bool same(const struct key *a, const struct key *b)
{
    bool names = a->name == NULL || b->name == NULL ? a->name == b->name : strcmp(a->name, b->name) == 0;
    return names && a->enabled == b->enabled && a->expiry == b->expiry && !(a->epoch < b->epoch) &&
           !(a->epoch > b->epoch);
}

/* Whether the standing page is the one before it once more: the server does not heed $skip. */
static bool is_repeated(const struct api_keys_state *state)
{
    size_t page = state->count - state->before;
    if (page == 0 || page != state->last)
        return false;
    for (size_t i = 0; i < page; i++)
        if (!same(&state->keys[state->before + i], &state->keys[state->before - state->last + i]))
            return false;
    return true;
}

/* What is wrong with the standing page, or NULL. */
static const char *fault_of(const struct api_keys_state *state, const struct json_result *json)
{
    if (json->rows_kind != JSON_ARRAY)
        return "the answer has no array \"value\"";
    if (state->many)
        return "there are more than 2000 API keys, or the server does not heed $skip";
    for (size_t i = state->before; i < state->count; i++)
        if (state->keys[i].name != NULL)
            return NULL;
    return json->rows == 0 ? NULL : "the rows have no Name";
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    struct api_keys_state *state = run->state;
    if (answer->json->rows == 0)
        forget_from(state, state->before);
    if (verdict_refuse(answer, fault_of(state, answer->json), result))
        return PROBE_DONE;
    size_t page = state->count - state->before;
    bool repeated = is_repeated(state);
    if (repeated && page == PAGE) {
        verdict_fail(
            result, REASON_INVALID_RESPONSE,
            memory_copy_text("the second page is the first once more: the server does not heed $skip"));
        return PROBE_DONE;
    }
    if (repeated) /* of a list that one page holds */
        forget_from(state, state->before);
    /* A page longer than asked for is the whole list, of a server that does not heed $top. */
    if (repeated || page == 0 || page > PAGE) {
        finish(state, run, result);
        return PROBE_DONE;
    }
    state->last = page;
    state->before = state->count;
    if (++state->pages == PAGES_MAX) {
        verdict_fail(result, REASON_INVALID_RESPONSE,
                     memory_format("there are more than %d pages of API keys", PAGES_MAX));
        return PROBE_DONE;
    }
    ask(run, request);
    return PROBE_ASK;
}

static void end(struct probe_run *run)
{
    struct api_keys_state *state = run->state;
    forget_from(state, 0);
    free(state->keys);
    free(state->members);
}

const struct probe_kind probe_kind_api_keys = {
    .config = {.name = "api_keys",
               .help = "Reads name, expiry and state of the API keys (`APIKeys` of `Ice.BO.APIKeySvc`; never "
                       "a key's hash), and tells "
                       "the expiry of the enabled ones as `epicor_api_key_expiry_timestamp_seconds` until 7 "
                       "days after it; a key "
                       "that never expires has no series. Keys that share a name are told as one, by the "
                       "earliest expiry. A date "
                       "without zone is taken for one of `timezone`. The account has to be allowed to read "
                       "keys, which usually "
                       "takes the rights of a security manager; with an access scope the API key needs the "
                       "service in it. That the "
                       "server has this service is known from a schema only. One request a page of 100 keys, "
                       "and one more that "
                       "finds nothing, each holding a license seat while it lasts; once an hour, or a day, "
                       "is often enough.",
               .rows = rows,
               .row_count = sizeof rows / sizeof rows[0],
               .settings_size = sizeof(struct api_keys_settings),
               .server_series = true,
               .check = check,
               .check_target = call_check_company},
    .state_size = sizeof(struct api_keys_state),
    .begin = begin,
    .step = step,
    .end = end,
};
