/* kind = baq: the rows of a Business Activity Query (facts §6). */
#include <stddef.h>

#include "kinetic/url.h"
#include "probe/kinds.h"
#include "probe/query.h"

struct baq_settings {
    char *baq;
    struct query_settings query;
};

static const struct config_row rows[] = {
    {.name = "baq",
     .example = "zExporterOpenOrders",
     .type = CONFIG_TEXT,
     .offset = offsetof(struct baq_settings, baq),
     .required = true,
     .help = "Name of the query."},
    QUERY_CONFIG_ROWS(struct baq_settings),
};

static const struct baq_settings *settings_of(const struct probe_settings *probe)
{
    return probe->own;
}

static char *resource(const struct target_settings *target)
{
    const struct baq_settings *settings = settings_of(target->probe);
    bool v1 = target->appserver->api_version == 1;
    struct buffer path;
    buffer_init(&path, QUERY_URL_MAX);
    buffer_text(&path, v1 ? "api/v1/BaqSvc/" : "api/v2/odata/");
    if (!v1) {
        url_encode(&path, span_of(target->url_company), NULL);
        buffer_text(&path, "/BaqSvc/");
    }
    url_encode(&path, span_of(settings->baq), NULL);
    if (!v1)
        buffer_text(&path, "/Data");
    return buffer_take(&path);
}

static void prepare(const struct probe_settings *probe, void *own, struct fault_list *faults)
{
    value_settings_prepare(probe, &((struct baq_settings *)own)->query.values, faults);
}

static void release(void *own)
{
    value_settings_release(&((struct baq_settings *)own)->query.values);
}

static void check(const struct probe_settings *probe, struct fault_list *faults)
{
    const struct baq_settings *settings = settings_of(probe);
    segment_check(probe, "baq", settings->baq, faults);
    query_check(probe, &settings->query, QUERY_TABLE, faults);
}

static void check_target(const struct target_settings *target, struct fault_list *faults)
{
    if (settings_of(target->probe)->baq != NULL)
        query_check_target(target, &settings_of(target->probe)->query, resource(target), faults);
}

static void begin(struct probe_run *run, struct request *request)
{
    query_begin(run->state, run, &settings_of(run->target->probe)->query, resource(run->target), QUERY_TABLE,
                NULL, 0, request);
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    return query_step(run->state, run, &settings_of(run->target->probe)->query, answer, request, result);
}

static void end(struct probe_run *run)
{
    query_end(run->state);
}

static void limits(const struct probe_settings *probe, struct probe_limits *out)
{
    bounds_tell(&settings_of(probe)->query.bounds, out);
}

static struct value_definitions values(const struct probe_settings *probe)
{
    return value_settings_definitions(&settings_of(probe)->query.values);
}

const struct probe_kind probe_kind_baq = {
    .config =
        {.name = "baq",
         .help =
             "Runs a BAQ (`GET .../BaqSvc/{baq}/Data`; v1 without `/Data`) and counts its rows. The query "
             "has "
             "to be shared with the account, or its own. One request a run (`rows = all`: one a page and one "
             "more), each holding a license seat while it lasts.",
         .rows = rows,
         .row_count = sizeof rows / sizeof rows[0],
         .settings_size = sizeof(struct baq_settings),
         .per_company = true,
         .prepare = prepare,
         .release = release,
         .check = check,
         .check_target = check_target},
    .state_size = sizeof(struct query_state),
    .begin = begin,
    .step = step,
    .end = end,
    .limits = limits,
    .values = values,
};
