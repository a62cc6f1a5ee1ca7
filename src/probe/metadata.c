/* kind = metadata: what a service, a BAQ or a company declares of its types (facts §5.2, §9.39). */
#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "kinetic/edmx.h"
#include "kinetic/url.h"
#include "probe/call.h"
#include "probe/guard.h"
#include "probe/kinds.h"
#include "probe/query.h"
#include "probe/verdict.h"

#define KEPT 8192 /* bytes of the body, for what it says where it is no metadata */

struct metadata_settings {
    char *service, *baq; /* NULL both: the company's */
};

struct metadata_state {
    struct edmx *edmx;
};

#define AT(member) .offset = offsetof(struct metadata_settings, member)

static const struct config_row rows[] = {
    {.name = "service",
     .example = "Erp.BO.CompanySvc",
     .type = CONFIG_TEXT,
     AT(service),
     .help = "Service whose `$metadata` is read, such as `Erp.BO.PartSvc`."},
    {.name = "baq",
     .example = "zExporterOpenOrders",
     .type = CONFIG_TEXT,
     AT(baq),
     .help =
         "BAQ whose `$metadata` is read, in place of a service's. With neither, the company's own "
         "(`.../{Company}/$metadata`), which only some servers have, and which can be tens of megabytes."},
};

static const struct metadata_settings *settings_of(const struct probe_settings *probe)
{
    return probe->own;
}

static void check(const struct probe_settings *probe, struct fault_list *faults)
{
    const struct metadata_settings *settings = settings_of(probe);
    segment_check(probe, "service", settings->service, faults);
    segment_check(probe, "baq", settings->baq, faults);
    if (settings->service != NULL && settings->baq != NULL)
        fault_add(faults, probe_key_place(probe, "baq"),
                  "[probe %s] baq: not beside service; a probe reads the metadata of one of them",
                  probe->name);
    if (settings->service != NULL && guard_service(settings->service) == GUARD_NEVER)
        fault_add(faults, probe_key_place(probe, "service"),
                  "[probe %s] service = %s: refused, it is about secrets", probe->name, settings->service);
}

static char *resource(const struct target_settings *target)
{
    const struct metadata_settings *settings = settings_of(target->probe);
    bool v1 = target->appserver->api_version == 1;
    const char *segments[] = {v1 ? NULL : target->url_company,
                              settings->baq != NULL ? "BaqSvc" : settings->service, settings->baq};
    struct buffer path;
    buffer_init(&path, CALL_PATH_MAX);
    buffer_text(&path, v1 ? "api/v1/" : "api/v2/odata/");
    for (size_t i = 0; i < sizeof segments / sizeof segments[0]; i++)
        if (segments[i] != NULL) {
            url_encode(&path, span_of(segments[i]), NULL);
            buffer_byte(&path, '/');
        }
    buffer_text(&path, "$metadata");
    return buffer_take(&path);
}

static void take(void *context, const void *bytes, size_t size)
{
    if (bytes == NULL)
        edmx_restart(context);
    else
        edmx_feed(context, bytes, size);
}

static void begin(struct probe_run *run, struct request *request)
{
    struct metadata_state *state = run->state;
    state->edmx = edmx_new();
    call_get(run, resource(run->target), NULL, request);
    request->wanted = BODY_ANY;
    request->accept = "application/xml"; /* else OData 4.01 may answer with JSON */
    request->keep = KEPT;
    request->take = take;
    request->take_context = state->edmx;
}

/* ---- the answer ---- */

static bool is_whole_company(const struct probe_run *run)
{
    const struct metadata_settings *settings = settings_of(run->target->probe);
    return settings->service == NULL && settings->baq == NULL;
}

/* Only that a server has no metadata of a whole company wants more words than it says itself. */
static bool judge(const struct probe_run *run, const struct answer *answer, const struct verdict *verdict)
{
    (void)answer;
    return verdict->reason == REASON_NOT_FOUND && is_whole_company(run);
}

static void refuse_company(const struct answer *answer, struct probe_result *result)
{
    static const struct request any = {.wanted = BODY_ANY};
    struct verdict verdict;
    error_classify(&any, answer, false, &verdict);
    verdict_fail(
        result, verdict.reason,
        memory_format("this server has no $metadata of a whole company; name a service or a baq (%s)",
                      verdict.message == NULL ? "status 404" : verdict.message));
    result->proves_up = verdict.proves_up;
    result->correlation = verdict.correlation;
    verdict.correlation = NULL;
    verdict_free(&verdict);
}

/* A good status with something else than EDMX: what it says, if it is an error body, else what it is. */
static void refuse_body(const struct answer *answer, const char *wrong, struct probe_result *result)
{
    struct error_body body;
    struct verdict verdict;
    error_body_read(answer->text, answer->text_size, &body);
    bool own = body.form == ERROR_EPICOR_JSON || body.form == ERROR_EPICOR_XML || body.form == ERROR_ODATA;
    const char *begins = answer->text;
    while (*begins == ' ' || *begins == '\t' || *begins == '\r' || *begins == '\n')
        begins++;
    const char *what = body.form == ERROR_HTML                ? "a web page"
                       : *begins == '{' || *begins == '['     ? "JSON"
                       : *begins == '\0' && !answer->text_cut ? "an empty body"
                                                              : NULL;
    char *why = what == NULL ? memory_format("the answer is no metadata (EDMX): %s", wrong)
                : body.form == ERROR_HTML && body.message != NULL
                    ? memory_format("the answer is %s, not metadata in XML: %s", what, body.message)
                    : memory_format("the answer is %s, not metadata in XML", what);
    error_classify_body(own ? &body : NULL, why, &verdict);
    verdict_fail(result, verdict.reason, verdict.message);
    result->login = verdict.login;
    result->proves_up = verdict.proves_up;
    result->correlation = verdict.correlation;
    free(why);
    error_body_free(&body);
}

static enum probe_next step(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result)
{
    (void)request;
    struct metadata_state *state = run->state;
    if (answer->status > 299) {
        refuse_company(answer, result);
        return PROBE_DONE;
    }
    const struct edmx_summary *summary = edmx_finish(state->edmx);
    if (summary->wrong != NULL) {
        refuse_body(answer, summary->wrong, result);
        return PROBE_DONE;
    }
    result->has_rows = true;
    result->rows = summary->entity_types;
    if (summary->name_count > 0) {
        result->names = name_set_of(summary->names, summary->name_count, summary->incomplete);
        result->names->digests = summary->digests;
    }
    return PROBE_DONE;
}

static void end(struct probe_run *run)
{
    struct metadata_state *state = run->state;
    edmx_free(state->edmx);
}

const struct probe_kind probe_kind_metadata = {
    .config =
        {.name = "metadata",
         .help = "Reads `$metadata` of a service, of a BAQ, or with neither of the company, and tells when a "
                 "property, a parameter or a type comes, goes or changes. `epicor_probe_rows` is the number "
                 "of entity "
                 "types, `epicor_probe_columns` that of typed declarations (properties, parameters, entity "
                 "sets; of "
                 "more than 16384 of them, that of types and functions). The account needs the right to the "
                 "service or "
                 "the BAQ. One request a run, mostly large and slow to make: an interval of hours is enough. "
                 "That a "
                 "company has metadata of its own is told by one source only, and by none of v1.",
         .rows = rows,
         .row_count = sizeof rows / sizeof rows[0],
         .settings_size = sizeof(struct metadata_settings),
         .per_company = true,
         .check = check},
    .state_size = sizeof(struct metadata_state),
    .begin = begin,
    .step = step,
    .judge = judge,
    .end = end,
    .drift = DRIFT_EXACT,
};
