/* kind = bo: an entity set of a business object service, or one record of it (facts §6). */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kinetic/url.h"
#include "probe/expect.h"
#include "probe/guard.h"
#include "probe/kinds.h"
#include "probe/query.h"
#include "probe/verdict.h"

struct bo_settings {
    char *service, *entity;
    struct pair_list expect;
    struct query_settings query;
};

struct bo_state {
    struct query_state query;
    struct expectations expectations;
};

static const struct config_row rows[] = {
    {.name = "service",
     .example = "Erp.BO.CompanySvc",
     .type = CONFIG_TEXT,
     .offset = offsetof(struct bo_settings, service),
     .required = true,
     .help = "Name of the service, such as `Erp.BO.CompanySvc`. Of `SysAgentSvc`, `AdminSessionSvc`, "
             "`APIKeySvc` and `UserFileSvc` the columns must be named in `select`, and none that is a secret "
             "or personal data; `expand` is refused."},
    {.name = "entity",
     .example = "Companies",
     .type = CONFIG_TEXT,
     .offset = offsetof(struct bo_settings, entity),
     .required = true,
     .help = "Entity set, such as `Companies`, or one record by its key: "
             "`Parts(Company='EPIC06',PartNum='X')`. Names that "
             "promise a change, such as `KillSession`, are refused."},
    {.name = "expect",
     .example = "Success = true",
     .type = CONFIG_PAIRS,
     .offset = offsetof(struct bo_settings, expect),
     .help = "`expect.FIELD`: what a field of the one record has to say: `= true`, `!= x`, `< 5`, `~ regex`, "
             "`absent`; "
             "dots go deeper."},
    QUERY_CONFIG_ROWS(struct bo_settings),
};

static const struct bo_settings *settings_of(const struct probe_settings *probe)
{
    return probe->own;
}

static enum query_shape shape_of(const struct bo_settings *settings)
{
    size_t size = settings->entity == NULL ? 0 : strlen(settings->entity);
    return size > 0 && settings->entity[size - 1] == ')' ? QUERY_RECORD : QUERY_SET;
}

/* Keys keep OData's own characters; a slash separates only outside quotes, in a key it is part of a value. */
static void append_entity(struct buffer *path, const char *entity)
{
    bool quoted = false;
    for (; *entity != '\0'; entity++) {
        quoted = quoted != (*entity == '\'');
        url_encode(path, (struct span){entity, 1}, quoted ? "'" : "'()=,/:@$");
    }
}

static char *resource(const struct target_settings *target)
{
    const struct bo_settings *settings = settings_of(target->probe);
    bool v1 = target->appserver->api_version == 1;
    struct buffer path;
    buffer_init(&path, QUERY_URL_MAX);
    buffer_text(&path, v1 ? "api/v1/" : "api/v2/odata/");
    if (!v1) {
        url_encode(&path, span_of(target->url_company), NULL);
        buffer_byte(&path, '/');
    }
    url_encode(&path, span_of(settings->service), NULL);
    buffer_byte(&path, '/');
    append_entity(&path, settings->entity);
    return buffer_take(&path);
}

static void service_check(const struct probe_settings *probe, const struct bo_settings *settings,
                          struct fault_list *faults)
{
    segment_check(probe, "service", settings->service, faults);
    if (settings->service == NULL)
        return;
    enum guarded guarded = guard_service(settings->service);
    if (guarded == GUARD_NEVER)
        fault_add(faults, probe_key_place(probe, "service"),
                  "[probe %s] service = %s: refused, its answers hold secrets", probe->name,
                  settings->service);
    else if (guarded == GUARD_SENSITIVE && settings->query.select == NULL)
        fault_add(faults, probe_key_place(probe, "service"),
                  "[probe %s] service = %s: its rows hold secrets or personal data; name the columns that "
                  "you need in select",
                  probe->name, settings->service);
    if (guarded != GUARD_SENSITIVE)
        return;
    const struct query_settings *query = &settings->query;
    if (query->select != NULL)
        guard_option(probe, settings->service, probe_key_place(probe, "select"), "", "select", query->select,
                     faults);
    if (query->expand != NULL)
        guard_option(probe, settings->service, probe_key_place(probe, "expand"), "", "expand", query->expand,
                     faults);
    for (size_t i = 0; i < query->param.count; i++)
        guard_option(probe, settings->service, query->param.items[i].place, "param.",
                     query->param.items[i].name, query->param.items[i].value, faults);
    guard_values(probe, settings->service, &query->values.pairs, faults);
    guard_expect(probe, settings->service, &settings->expect, faults);
}

/* Whether it is a path of an entity: within the quotes of a key anything may stand, it is encoded. */
static bool is_entity(const char *entity)
{
    bool quoted = false;
    for (const char *c = entity; *c != '\0'; c++) {
        quoted = quoted != (*c == '\'');
        if ((unsigned char)*c < 0x20 || (!quoted && (strchr("?#\\", *c) != NULL || strncmp(c, "..", 2) == 0)))
            return false;
    }
    size_t size = strlen(entity);
    return size > 0 && !quoted && entity[0] != '/' && entity[size - 1] != '/';
}

/* NULL, or why a name in the entity must not be asked for: a method can be called where an entity set is read. */
static const char *entity_refusal(const char *service, const char *entity)
{
    const char *why = NULL;
    char *part;
    while (why == NULL && (part = guard_next_part(&entity)) != NULL) {
        char *column = guard_column(service, part);
        why = column != NULL ? "the column is a secret or personal data" : guard_read(service, part);
        free(column);
        free(part);
    }
    return why;
}

static void entity_check(const struct probe_settings *probe, const struct bo_settings *settings,
                         struct fault_list *faults)
{
    const char *entity = settings->entity;
    if (entity == NULL)
        return;
    const char *refused = settings->service == NULL ? NULL : entity_refusal(settings->service, entity);
    if (refused != NULL)
        fault_add(faults, probe_key_place(probe, "entity"), "[probe %s] entity = %s: refused, %s",
                  probe->name, probe_key_shown(probe, "entity"), refused);
    if (!is_entity(entity))
        fault_add(faults, probe_key_place(probe, "entity"),
                  "[probe %s] entity = %s: wants an entity set or Set(Key='value'); options go into filter, "
                  "select and "
                  "the like",
                  probe->name, probe_key_shown(probe, "entity"));
}

static void prepare(const struct probe_settings *probe, void *own, struct fault_list *faults)
{
    value_settings_prepare(probe, &((struct bo_settings *)own)->query.values, faults);
}

static void release(void *own)
{
    value_settings_release(&((struct bo_settings *)own)->query.values);
}

static void check(const struct probe_settings *probe, struct fault_list *faults)
{
    const struct bo_settings *settings = settings_of(probe);
    service_check(probe, settings, faults);
    entity_check(probe, settings, faults);
    query_check(probe, &settings->query, shape_of(settings), faults);
    char title[64];
    snprintf(title, sizeof title, "[probe %s]", probe->name);
    expectations_check(&settings->expect, title, faults);
    if (settings->expect.count > 0 && settings->entity != NULL && shape_of(settings) != QUERY_RECORD)
        fault_add(faults, settings->expect.items[0].place,
                  "[probe %s] expect.%s: reads one record, and entity names a set; name the record by its "
                  "key, or use "
                  "filter and rows_min",
                  probe->name, settings->expect.items[0].name);
}

static void check_target(const struct target_settings *target, struct fault_list *faults)
{
    const struct bo_settings *settings = settings_of(target->probe);
    if (settings->service != NULL && settings->entity != NULL)
        query_check_target(target, &settings->query, resource(target), faults);
}

static void begin(struct probe_run *run, struct request *request)
{
    const struct bo_settings *settings = settings_of(run->target->probe);
    struct bo_state *state = run->state;
    expectations_init(&state->expectations, &settings->expect);
    query_begin(&state->query, run, &settings->query, resource(run->target), shape_of(settings),
                state->expectations.paths, state->expectations.count, request);
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    struct bo_state *state = run->state;
    const struct query_settings *query = &settings_of(run->target->probe)->query;
    if (query_step(&state->query, run, query, answer, request, result) == PROBE_ASK)
        return PROBE_ASK;
    char *wrong = result->reason == REASON_NONE
                      ? expectations_judge(&state->expectations, query_extra(answer))
                      : NULL;
    if (wrong != NULL)
        verdict_fail(result, REASON_EXPECTATION, wrong);
    return PROBE_DONE;
}

static void end(struct probe_run *run)
{
    struct bo_state *state = run->state;
    query_end(&state->query);
    expectations_free(&state->expectations);
}

static void limits(const struct probe_settings *probe, struct probe_limits *out)
{
    bounds_tell(&settings_of(probe)->query.bounds, out);
}

static struct value_definitions values(const struct probe_settings *probe)
{
    return value_settings_definitions(&settings_of(probe)->query.values);
}

const struct probe_kind probe_kind_bo = {
    .config =
        {.name = "bo",
         .help =
             "Reads an entity set of a business object, or one record (`GET .../{service}/{entity}`). The "
             "account needs the right to the service, and the API key an access scope with it. One request a "
             "run (`rows = all`: one a page and one more), each holding a license seat while it lasts.",
         .rows = rows,
         .row_count = sizeof rows / sizeof rows[0],
         .settings_size = sizeof(struct bo_settings),
         .per_company = true,
         .prepare = prepare,
         .release = release,
         .check = check,
         .check_target = check_target},
    .state_size = sizeof(struct bo_state),
    .begin = begin,
    .step = step,
    .end = end,
    .limits = limits,
    .values = values,
};
