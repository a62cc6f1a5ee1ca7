/* kind = licenses: seats used and owned, by license type (facts §4.6). */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/call.h"
#include "probe/feed.h"
#include "probe/kinds.h"
#include "probe/query.h"
#include "probe/seat.h"
#include "probe/verdict.h"

#define PAGE_SIZE 500
#define ROWS_MAX  5000

enum source { SOURCE_BAQ, SOURCE_SERVICE, SOURCE_COMPANY };
static const char *const sources[] = {"baq", "service", "company", NULL};

struct licenses_settings {
    int source; /* enum source */
    char *baq, *license_column, *used_column, *owned_column;
};

enum { USED, OWNED, NUMBERS };

/* The columns asked for; the license may have two, the better text for people first. */
struct columns {
    const char *names[4];
    size_t licenses; /* how many of them, from the first on, name the license */
    size_t at[NUMBERS];
    bool has[NUMBERS];
    size_t count;
};

struct licenses_state {
    struct columns columns;
    struct tally tally;
    struct gather gather;
    struct feed feed; /* of a BAQ */
};

static const struct config_row rows[] = {
    {.name = "source",
     .type = CONFIG_CHOICE,
     .offset = offsetof(struct licenses_settings, source),
     .preset = "baq",
     .choices = sources,
     .help = "Where seats are read. `baq`: a query of yours, once an app server; the safe way, since it "
             "needs no more "
             "than the right to the query. `service`: `Ice.BO.AdminLicensingSvc/GetLicenseList`, once an app "
             "server; "
             "admin services usually want a security manager. `company`: "
             "`Erp.BO.CompanyLicenseInfoSvc/GetLicense`, for "
             "each company, which probably wants fewer rights. The last two are known from the services' "
             "schema only, no "
             "caller of them has been seen."},
    {.name = "baq",
     .example = "zLicenseSeats",
     .type = CONFIG_TEXT,
     .offset = offsetof(struct licenses_settings, baq),
     .help = "`source = baq`: name of the query; a row a license type, several of one type add up."},
    {.name = "license_column",
     .example = "Calculated_License",
     .type = CONFIG_TEXT,
     .offset = offsetof(struct licenses_settings, license_column),
     .help = "`source = baq`: the column of the license type, a known name, a GUID, or any text."},
    {.name = "used_column",
     .example = "Calculated_Used",
     .type = CONFIG_TEXT,
     .offset = offsetof(struct licenses_settings, used_column),
     .help = "`source = baq`: the column of seats used, a number."},
    {.name = "owned_column",
     .example = "Calculated_Owned",
     .type = CONFIG_TEXT,
     .offset = offsetof(struct licenses_settings, owned_column),
     .help = "`source = baq`: the column of seats owned, a number; without it, `seats.LICENSE` of the app "
             "server tells "
             "them."},
};

static const struct licenses_settings *settings_of(const struct probe_settings *probe)
{
    return probe->own;
}

/* ---- the configuration ---- */

static bool runs_per_company(const struct probe_settings *probe)
{
    return settings_of(probe)->source == SOURCE_COMPANY;
}

static void check(const struct probe_settings *probe, struct fault_list *faults)
{
    const struct licenses_settings *settings = settings_of(probe);
    const struct {
        const char *key, *value;
    } keys[] = {{"baq", settings->baq},
                {"license_column", settings->license_column},
                {"used_column", settings->used_column},
                {"owned_column", settings->owned_column}};
    bool by_baq = settings->source == SOURCE_BAQ;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        bool wanted = by_baq && i < 2;
        if (wanted && keys[i].value == NULL)
            fault_add(faults, probe->place, "[probe %s] source = baq: %s is missing", probe->name,
                      keys[i].key);
        else if (!by_baq && keys[i].value != NULL)
            fault_add(faults, probe_key_place(probe, keys[i].key),
                      "[probe %s] %s: only with source = baq; here source = %s", probe->name, keys[i].key,
                      sources[settings->source]);
        if (i > 0 && keys[i].value != NULL && strchr(keys[i].value, ',') != NULL)
            fault_add(faults, probe_key_place(probe, keys[i].key),
                      "[probe %s] %s = %s: wants the name of one column", probe->name, keys[i].key,
                      keys[i].value);
    }
    if (by_baq && settings->used_column == NULL && settings->owned_column == NULL)
        fault_add(faults, probe->place, "[probe %s] source = baq: used_column or owned_column is missing",
                  probe->name);
    for (size_t i = 1; i < sizeof keys / sizeof keys[0]; i++)
        for (size_t k = 1; k < i; k++)
            if (keys[i].value != NULL && keys[k].value != NULL && strcmp(keys[i].value, keys[k].value) == 0)
                fault_add(faults, probe_key_place(probe, keys[i].key), "[probe %s] %s = %s: is %s already",
                          probe->name, keys[i].key, keys[i].value, keys[k].key);
    segment_check(probe, "baq", settings->baq, faults);
}

static void check_target(const struct target_settings *target, struct fault_list *faults)
{
    if (!runs_per_company(target->probe)) /* what runs by company is held to have one anyway */
        call_check_company(target, faults);
}

/* ---- the run ---- */

static void column_add(struct columns *columns, int number, const char *name)
{
    if (name == NULL)
        return;
    columns->has[number] = true;
    columns->at[number] = columns->count;
    columns->names[columns->count++] = name;
}

static struct columns columns_of(const struct licenses_settings *settings)
{
    struct columns columns = {.names = {"UserLicenseName", "UserLicenseCode"}, .licenses = 2, .count = 2};
    if (settings->source == SOURCE_BAQ)
        columns = (struct columns){.names = {settings->license_column}, .licenses = 1, .count = 1};
    column_add(&columns, USED, settings->source == SOURCE_BAQ ? settings->used_column : "ActiveUsers");
    column_add(&columns, OWNED, settings->source == SOURCE_BAQ ? settings->owned_column : "MaxUsers");
    return columns;
}

static void take_row(void *context, const struct json_value *fields)
{
    struct licenses_state *state = context;
    const struct columns *columns = &state->columns;
    const struct json_value *names[2];
    for (size_t i = 0; i < columns->licenses; i++)
        names[i] = &fields[i];
    double *seats = seat_at(&state->tally, names, columns->licenses);
    for (size_t i = 0; i < NUMBERS; i++) {
        const struct json_value *field = &fields[columns->at[i]];
        double number;
        if (!columns->has[i] || field_is_absent(field))
            continue;
        if (!field_number(field, &number))
            gather_problem(&state->gather, "%s of a row is no number", columns->names[columns->at[i]]);
        else if (seats != NULL)
            tally_add(&seats[i], number);
    }
}

static const struct gather_form bare_form = {.rows = {(const char *const[]){"returnObj"}, 1},
                                             .words = "returnObj"};
static const struct gather_form service_form = {
    .rows = {(const char *const[]){"returnObj", "AdminUserLicense"}, 2},
    .words = "returnObj.AdminUserLicense",
    .bare = &bare_form};
static const struct gather_form company_form = {
    .rows = {(const char *const[]){"returnObj", "UserLicenseData"}, 2},
    .words = "returnObj.UserLicenseData",
    .bare = &bare_form};

static char *baq_path(const struct target_settings *target, const char *baq)
{
    char *path = call_path(target, "BaqSvc", baq);
    if (target->appserver->api_version == 1)
        return path;
    char *data = memory_format("%s/Data", path);
    free(path);
    return data;
}

static void ask_service(const struct probe_run *run, struct request *request)
{
    struct licenses_state *state = run->state;
    char *path = settings_of(run->target->probe)->source == SOURCE_SERVICE
                     ? call_path(run->target, "Ice.BO.AdminLicensingSvc", "GetLicenseList")
                     : call_path(run->target, "Erp.BO.CompanyLicenseInfoSvc", "GetLicense");
    call_post(run, path, NULL, state->gather.plan, request);
    gather_attach(&state->gather, request);
}

static void begin(struct probe_run *run, struct request *request)
{
    struct licenses_state *state = run->state;
    const struct licenses_settings *settings = settings_of(run->target->probe);
    static const struct gather_form *const forms[] = {
        [SOURCE_BAQ] = &feed_form, [SOURCE_SERVICE] = &service_form, [SOURCE_COMPANY] = &company_form};
    state->columns = columns_of(settings);
    tally_init(&state->tally, SEAT_LICENSES_MAX, NUMBERS);
    gather_init(&state->gather, forms[settings->source], state->columns.names, state->columns.count,
                &state->tally, take_row, state);
    if (settings->source == SOURCE_BAQ) {
        const struct feed_options options = {.page_size = PAGE_SIZE, .limit = ROWS_MAX};
        feed_begin(&state->feed, run, baq_path(run->target, settings->baq), &options, &state->gather,
                   request);
        return;
    }
    ask_service(run, request);
}

/* A column that no row has is a slip of the configuration, or another server than the one known. */
static bool lacks_column(const struct licenses_state *state, struct probe_result *result)
{
    const struct columns *columns = &state->columns;
    const char *missing = NULL;
    for (size_t i = 0; i < NUMBERS; i++)
        if (columns->has[i] && !gather_has(&state->gather, columns->at[i]))
            missing = columns->names[columns->at[i]];
    bool named = false;
    for (size_t i = 0; i < columns->licenses; i++)
        named = named || gather_has(&state->gather, i);
    if (!named)
        missing = columns->names[columns->licenses - 1];
    if (missing == NULL)
        return false;
    verdict_fail(result, REASON_INVALID_RESPONSE, memory_format("no row has a column %s", missing));
    return true;
}

static void finish(const struct probe_run *run, const struct licenses_state *state, uint64_t row_count,
                   struct probe_result *result)
{
    static const enum finding_kind kinds[] = {[USED] = FINDING_SEATS_USED, [OWNED] = FINDING_SEATS_OWNED};
    const struct tally_entries *licenses = &state->tally.now;
    result->has_rows = true;
    result->rows = row_count;
    if (row_count > 0 && lacks_column(state, result))
        return;
    result->has_findings = true;
    for (size_t i = 0; i < NUMBERS; i++) {
        for (size_t k = 0; k < licenses->count; k++) {
            double number = licenses->items[k].numbers[i];
            if (!isnan(number))
                findings_add(&result->findings, kinds[i], number,
                             (const char *const[]){run->target->company, licenses->items[k].name}, 2);
        }
        if (state->columns.has[i])
            result->findings.dropped[kinds[i]] = tally_left_out(&state->tally);
    }
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    struct licenses_state *state = run->state;
    if (settings_of(run->target->probe)->source != SOURCE_BAQ) {
        if (gather_turn_bare(&state->gather, answer)) {
            ask_service(run, request);
            return PROBE_ASK;
        }
        if (gather_accept(&state->gather, answer, result))
            finish(run, state, answer->json->rows, result);
        return PROBE_DONE;
    }
    enum feed_next next = feed_step(&state->feed, run, answer, request, result);
    if (next == FEED_WHOLE)
        finish(run, state, state->feed.got, result);
    return next == FEED_ASK ? PROBE_ASK : PROBE_DONE;
}

static void end(struct probe_run *run)
{
    struct licenses_state *state = run->state;
    feed_free(&state->feed);
    gather_free(&state->gather);
    tally_free(&state->tally);
}

const struct probe_kind probe_kind_licenses = {
    .config = {.name = "licenses",
               .help = "Reads license seats used and owned by license type: from a BAQ (`source = baq`), "
                       "Epicor's licensing "
                       "service or its company service. Several rows of one type (installations) add up; at "
                       "most 32 types. One "
                       "request a run for the services (two where a service sends the rows as its "
                       "`returnObj` itself), one a page of "
                       "500 rows and one more for a BAQ, at most 5,000 rows; each holds a license seat while "
                       "it lasts, which the figures "
                       "include. The BAQ has to be shared with the account; for the services the account "
                       "needs the right to them, "
                       "and the API key an access scope with them.",
               .rows = rows,
               .row_count = sizeof rows / sizeof rows[0],
               .settings_size = sizeof(struct licenses_settings),
               .runs_per_company = runs_per_company,
               .server_series = true,
               .check = check,
               .check_target = check_target},
    .state_size = sizeof(struct licenses_state),
    .begin = begin,
    .step = step,
    .end = end,
};
