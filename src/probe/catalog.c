/* kind = catalog: which BAQs and functions there are (facts §5.2). */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "kinetic/function_list.h"
#include "kinetic/url.h"
#include "probe/call.h"
#include "probe/kinds.h"
#include "probe/refusal.h"
#include "probe/verdict.h"

#define NAMES_TOLD 5 /* of those that are missing */

struct catalog_settings {
    struct text_list require_baqs, require_functions;
};

struct catalog_state {
    const struct catalog_settings *settings;
    struct json_plan baq_plan, function_plan;
    struct json_path *members; /* owned */
    bool functions;            /* their list is asked, else the BAQs' is */
    bool has_baqs;
    uint64_t baqs;
    uint64_t named;        /* entries of the standing list of BAQs that have a name */
    bool *baq_found;       /* one a required BAQ, of that list; owned */
    bool *function_found;  /* the same of functions; owned */
    bool functions_listed; /* not only libraries */
};

static const struct config_row rows[] = {
    {.name = "require_baqs",
     .example = "zExporterOpenOrders",
     .type = CONFIG_LIST,
     .offset = offsetof(struct catalog_settings, require_baqs),
     .help = "BAQs that have to be in the list; one that is not makes the run fail with `expectation`. The "
             "case of letters "
             "does not matter, as nothing says that it does for Kinetic."},
    {.name = "require_functions",
     .example = "MonitorLib/Ping",
     .type = CONFIG_LIST,
     .offset = offsetof(struct catalog_settings, require_functions),
     .help = "Functions (`LIBRARY/FUNCTION`) or libraries (`LIBRARY`) that have to be published; the same. "
             "What the list "
             "looks like is not written anywhere: all likely shapes are read, one that is not understood is "
             "`invalid_response`, and where the server lists libraries only, `LIBRARY/FUNCTION` asks for its "
             "library. "
             "Needs `api_version = v2`."},
};

static const struct catalog_settings *settings_of(const struct probe_settings *probe)
{
    return probe->own;
}

/* ---- checks of the configuration ---- */

static void check_names(const struct probe_settings *probe, const char *key, const struct text_list *list,
                        size_t slashes_max, const char *wanted, struct fault_list *faults)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->items[i];
        size_t size = strlen(name), slashes = 0;
        for (const char *c = name; *c != '\0'; c++)
            slashes += *c == '/';
        if (slashes > slashes_max || name[0] == '/' || name[size - 1] == '/')
            fault_add(faults, probe_key_place(probe, key), "[probe %s] %s: \"%s\": wants %s", probe->name,
                      key, name, wanted);
    }
}

static void check(const struct probe_settings *probe, struct fault_list *faults)
{
    const struct catalog_settings *settings = settings_of(probe);
    check_names(probe, "require_baqs", &settings->require_baqs, 0, "names of BAQs", faults);
    check_names(probe, "require_functions", &settings->require_functions, 1, "LIBRARY/FUNCTION or LIBRARY",
                faults);
}

static void check_target(const struct target_settings *target, struct fault_list *faults)
{
    const struct catalog_settings *settings = settings_of(target->probe);
    if (target->appserver->api_version == 1 && settings->require_functions.count > 0)
        fault_add(faults, probe_key_place(target->probe, "require_functions"),
                  "[probe %s] require_functions: app server %s has api_version = v1, and functions need v2",
                  target->probe->name, target->appserver->name);
}

/* ---- the requests ---- */

enum { NEXT_LINK_4, NEXT_LINK_3, MEMBERS };

static const struct json_path members[MEMBERS] = {
    [NEXT_LINK_4] = {(const char *const[]){"@odata.nextLink"}, 1},
    [NEXT_LINK_3] = {(const char *const[]){"odata.nextLink"}, 1},
};
static const struct json_path value_path = {(const char *const[]){"value"}, 1};
static const char *const name_fields[] = {"name", "Name", "url", "QueryID"};

#define NAME_FIELDS (sizeof name_fields / sizeof name_fields[0])

/* An entry's name, or its URL, without what may stand around it there: BaqSvc/zOrders/Data. */
static struct span bare_name(const struct json_value *field)
{
    struct span name = {field->text, field->size};
    if (field->kind != JSON_STRING || field->overlong)
        return (struct span){"", 0};
    name = span_trim(name);
    if (span_starts_with(name, "BaqSvc/"))
        name = (struct span){name.data + 7, name.size - 7};
    if (name.size > 5 && memcmp(name.data + name.size - 5, "/Data", 5) == 0)
        name.size -= 5;
    return name;
}

static void baq_row(void *context, const struct json_row *row)
{
    struct catalog_state *state = context;
    const struct text_list *required = &state->settings->require_baqs;
    if (row->number == 0) { /* also when the same request was asked before, and its answer broke off */
        memset(state->baq_found, 0, required->count * sizeof *state->baq_found);
        state->named = 0;
    }
    bool named = false;
    for (size_t f = 0; f < row->field_count; f++) {
        struct span name = bare_name(&row->fields[f]);
        named = named || name.size > 0;
        for (size_t i = 0; name.size > 0 && i < required->count; i++)
            state->baq_found[i] = state->baq_found[i] || span_is_nocase(name, required->items[i]);
    }
    state->named += named;
}

static void ask_baqs(const struct probe_run *run, struct request *request)
{
    const struct target_settings *target = run->target;
    struct catalog_state *state = run->state;
    struct buffer path;
    buffer_init(&path, CALL_PATH_MAX);
    if (target->appserver->api_version == 1) {
        buffer_text(&path, "api/v1/BaqSvc");
    } else {
        buffer_text(&path, "api/v2/odata/");
        url_encode(&path, span_of(target->url_company), NULL);
        buffer_text(&path, "/BaqSvc");
    }
    call_get(run, buffer_take(&path), &state->baq_plan, request);
    request->row = baq_row;
    request->row_context = state;
}

static void ask_functions(const struct probe_run *run, struct request *request)
{
    struct catalog_state *state = run->state;
    struct buffer path;
    buffer_init(&path, CALL_PATH_MAX);
    buffer_text(&path, "api/v2/efx/");
    url_encode(&path, span_of(run->target->url_company), NULL);
    state->functions = true;
    call_get(run, buffer_take(&path), &state->function_plan, request);
    request->keep = FUNCTION_LIST_MAX;
}

static void begin(struct probe_run *run, struct request *request)
{
    struct catalog_state *state = run->state;
    const struct catalog_settings *settings = settings_of(run->target->probe);
    state->settings = settings;
    state->members = call_members(members, MEMBERS);
    state->function_plan = (struct json_plan){
        .members = state->members, .member_count = REFUSAL_MEMBERS + MEMBERS, .text_max = REFUSAL_TEXT_MAX};
    state->baq_plan = state->function_plan;
    state->baq_plan.rows = &value_path;
    state->baq_plan.fields = name_fields;
    state->baq_plan.field_count = NAME_FIELDS;
    state->baq_found = memory_new(settings->require_baqs.count, sizeof *state->baq_found);
    state->function_found = memory_new(settings->require_functions.count, sizeof *state->function_found);
    if (settings->require_functions.count > 0 && settings->require_baqs.count == 0)
        ask_functions(run, request);
    else
        ask_baqs(run, request);
}

/* ---- the answers ---- */

static size_t count_missing(const struct text_list *required, const bool *found)
{
    size_t missing = 0;
    for (size_t i = 0; i < required->count; i++)
        missing += !found[i];
    return missing;
}

/* "2 of 5 required BAQs are missing: zA, zB" */
static void tell_missing(struct buffer *text, const char *what, const struct text_list *required,
                         const bool *found)
{
    size_t missing = count_missing(required, found), told = 0;
    if (missing == 0)
        return;
    buffer_format(text, "%s%zu of %zu required %s %s missing: ", text->size == 0 ? "" : "; ", missing,
                  required->count, what, missing == 1 ? "is" : "are");
    for (size_t i = 0; i < required->count && told < NAMES_TOLD; i++) {
        if (!found[i])
            buffer_format(text, "%s%s", told++ == 0 ? "" : ", ", required->items[i]);
    }
    if (missing > told)
        buffer_format(text, " and %zu more", missing - told);
}

static bool take_baqs(struct catalog_state *state, const struct answer *answer, struct probe_result *result)
{
    const struct json_result *json = answer->json;
    bool cut = json->members[REFUSAL_MEMBERS + NEXT_LINK_4].kind == JSON_STRING ||
               json->members[REFUSAL_MEMBERS + NEXT_LINK_3].kind == JSON_STRING;
    const char *why = json->rows_kind == JSON_ARRAY ? NULL : "the answer has no array \"value\"";
    if (why == NULL && json->rows == 0) {
        state->named = 0;
        memset(state->baq_found, 0, state->settings->require_baqs.count * sizeof *state->baq_found);
    }
    if (why == NULL && count_missing(&state->settings->require_baqs, state->baq_found) > 0) {
        if (cut)
            why = "the server sent a part of its list only (nextLink), so what is missing cannot be told";
        else if (json->rows > 0 && state->named == 0)
            why = "the entries of the list have no name";
    }
    if (verdict_refuse(answer, why, result))
        return false;
    state->has_baqs = true;
    state->baqs = json->rows;
    return true;
}

static void take_function(void *context, struct span library, struct span function)
{
    struct catalog_state *state = context;
    const struct text_list *required = &state->settings->require_functions;
    state->functions_listed = state->functions_listed || function.size > 0;
    for (size_t i = 0; i < required->count; i++) {
        struct span wanted = span_of(required->items[i]);
        const char *slash = memchr(wanted.data, '/', wanted.size);
        size_t size = slash == NULL ? wanted.size : (size_t)(slash - wanted.data);
        bool same = library.size == size && strncasecmp(library.data, wanted.data, size) == 0;
        if (same && (slash == NULL || span_is_nocase(function, slash + 1)))
            state->function_found[i] = true;
    }
}

/* Where only libraries are listed. */
static void take_library(void *context, struct span library, struct span function)
{
    struct catalog_state *state = context;
    const struct text_list *required = &state->settings->require_functions;
    (void)function;
    for (size_t i = 0; i < required->count; i++) {
        size_t size = strcspn(required->items[i], "/");
        if (library.size == size && strncasecmp(library.data, required->items[i], size) == 0)
            state->function_found[i] = true;
    }
}

static bool take_functions(struct catalog_state *state, const struct answer *answer,
                           struct probe_result *result)
{
    enum json_kind root = answer->json->root;
    struct span text = {answer->text, answer->text_size};
    const char *why = NULL;
    if (root != JSON_OBJECT && root != JSON_ARRAY)
        why = "the list of functions is no object and no array";
    if (verdict_refuse(answer, why, result))
        return false;
    if (answer->text_cut) {
        verdict_fail(result, REASON_TOO_LARGE,
                     memory_format("the list of functions is longer than %zu bytes", FUNCTION_LIST_MAX));
        return false;
    }
    if (!function_list_read(text, take_function, state)) {
        verdict_fail(result, REASON_INVALID_RESPONSE,
                     memory_copy_text("no library can be made out in the list of functions"));
        return false;
    }
    if (!state->functions_listed)
        function_list_read(text, take_library, state);
    return true;
}

static void finish(const struct catalog_state *state, struct probe_result *result)
{
    const struct catalog_settings *settings = state->settings;
    struct buffer text;
    buffer_init(&text, (size_t)1 << 16);
    tell_missing(&text, "BAQs", &settings->require_baqs, state->baq_found);
    tell_missing(&text, "functions", &settings->require_functions, state->function_found);
    if (text.size > 0)
        verdict_fail(result, REASON_EXPECTATION, buffer_take(&text));
    buffer_free(&text);
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    struct catalog_state *state = run->state;
    bool good = state->functions ? take_functions(state, answer, result) : take_baqs(state, answer, result);
    if (good && !state->functions && state->settings->require_functions.count > 0) {
        ask_functions(run, request);
        return PROBE_ASK;
    }
    result->has_rows = state->has_baqs;
    result->rows = state->baqs;
    if (good)
        finish(state, result);
    return PROBE_DONE;
}

static void end(struct probe_run *run)
{
    struct catalog_state *state = run->state;
    free(state->members);
    free(state->baq_found);
    free(state->function_found);
}

const struct probe_kind probe_kind_catalog = {
    .config = {.name = "catalog",
               .help = "Reads the list of BAQs that the account may run (`GET .../BaqSvc`), counted in "
                       "`epicor_probe_rows`, and with "
                       "`require_functions` that of function libraries (`GET .../efx/{Company}`); tells by "
                       "`require_baqs` and "
                       "`require_functions` what a deployment has lost. A BAQ that comes or goes is no "
                       "drift. The account sees what "
                       "is shared with it; with an access scope the API key needs `BaqSvc` and the libraries "
                       "in it. The list of BAQs "
                       "may have thousands of entries and take the server seconds: once an hour is often "
                       "enough. One request a run; "
                       "with `require_functions` beside `require_baqs` two, with `require_functions` alone "
                       "its own only, each "
                       "holding a license seat while it lasts.",
               .rows = rows,
               .row_count = sizeof rows / sizeof rows[0],
               .settings_size = sizeof(struct catalog_settings),
               .per_company = true,
               .check = check,
               .check_target = check_target},
    .state_size = sizeof(struct catalog_state),
    .begin = begin,
    .step = step,
    .end = end,
};
