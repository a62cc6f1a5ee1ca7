#include "probe/kind.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "kinetic/error.h"
#include "kinetic/license.h"
#include "kinetic/token.h"
#include "probe/kinds.h"
#include "probe/verdict.h"

/* ---- the table ---- */

static const struct config_kind *const kinds[] = {
    &probe_kind_token.config,       &probe_kind_baq.config,
    &probe_kind_efx.config,         &probe_kind_bo.config,
    &probe_kind_method.config,      &probe_kind_metadata.config,
    &probe_kind_environment.config, &probe_kind_catalog.config,
    &probe_kind_version.config,     &probe_kind_licenses.config,
    &probe_kind_sessions.config,    &probe_kind_health.config,
    &probe_kind_tasks.config,       &probe_kind_api_keys.config,
    &probe_kind_http.config,        NULL,
};

static const char *license_guid(const char *name_or_guid, const char **name)
{
    const struct license_row *row = license_find(name_or_guid);
    const char *names[64];
    size_t count = 0;
    while (count < sizeof names / sizeof names[0] && license_table[count].name != NULL) {
        names[count] = license_table[count].name;
        count++;
    }
    *name = row != NULL ? row->name : text_nearest(name_or_guid, names, count);
    return row == NULL ? NULL : row->guid;
}

static bool posts(const struct target_settings *target)
{
    struct probe_run run = {.target = target};
    struct request first;
    probe_begin(&run, &first);
    bool is_post = first.method == HTTP_POST;
    request_free(&first);
    probe_end(&run);
    return is_post;
}

const struct config_schema *probe_schema(void)
{
    static const struct config_schema schema = {
        .kinds = kinds, .license_guid = license_guid, .check_model = value_check_model, .posts = posts};
    return &schema;
}

/* ---- a run ---- */

const struct probe_kind *probe_kind_of(const struct probe_settings *probe)
{
    return (const struct probe_kind *)(const void *)probe->kind; /* its first member */
}

static const struct probe_kind *kind_of(const struct probe_run *run)
{
    return probe_kind_of(run->target->probe);
}

void probe_result_free(struct probe_result *result)
{
    free(result->message);
    free(result->correlation);
    free(result->names);
    findings_free(&result->findings);
    *result = (struct probe_result){0};
}

void probe_begin(struct probe_run *run, struct request *request)
{
    const struct probe_kind *kind = kind_of(run);
    *request = (struct request){0};
    run->bytes = 0;
    run->state = memory_new(1, kind->state_size);
    kind->begin(run, request);
}

void probe_end(struct probe_run *run)
{
    const struct probe_kind *kind = kind_of(run);
    if (run->state != NULL && kind->end != NULL)
        kind->end(run);
    free(run->state);
    run->state = NULL;
}

/* Fails the result where the answer is no good one; returns whether it did. */
static bool refuse_login(const struct probe_run *run, const struct answer *answer,
                         struct probe_result *result)
{
    bool status_good = answer->failure == REASON_NONE && answer->status >= 200 && answer->status <= 299;
    if (status_good)
        return false; /* whether there is a token in it is the kind's business */
    struct token token;
    char *message;
    enum reason reason = token_answer(answer, login_is_outside(run->target->appserver), &token, &message);
    assert(reason != REASON_NONE);
    verdict_fail(result, reason, message);
    return true;
}

static bool refuse_call(const struct probe_run *run, const struct request *asked, const struct answer *answer,
                        bool bearer, struct probe_result *result)
{
    bool (*judge)(const struct probe_run *, const struct answer *,
                  const struct verdict *) = kind_of(run)->judge;
    struct verdict verdict;
    error_classify(asked, answer, bearer, &verdict);
    if (verdict.reason == REASON_NONE ||
        (answer->failure == REASON_NONE && judge != NULL && judge(run, answer, &verdict))) {
        verdict_free(&verdict);
        return false;
    }
    result->reason = verdict.reason;
    result->login = verdict.login;
    result->proves_up = verdict.proves_up;
    result->message = verdict.message;
    result->correlation = verdict.correlation;
    return true;
}

/* Rows where they were looked for are the app server's own, also when something in them is not as wanted. */
static bool has_rows(const struct answer *answer)
{
    const struct json_result *json = answer->json;
    return answer->failure == REASON_NONE && answer->status >= 200 && answer->status <= 299 && json != NULL &&
           json->error == JSON_FINE && json->rows_kind == JSON_ARRAY && json->rows > 0;
}

enum probe_next probe_step(struct probe_run *run, const struct request *asked, const struct answer *answer,
                           bool bearer, struct request *request, struct probe_result *result)
{
    *request = (struct request){0};
    *result = (struct probe_result){.proves_up = true};
    run->bytes += answer->body_bytes;
    bool refused = asked->purpose == EXCHANGE_LOGIN ? refuse_login(run, answer, result)
                                                    : refuse_call(run, asked, answer, bearer, result);
    if (!refused && kind_of(run)->step(run, answer, request, result) == PROBE_ASK)
        return PROBE_ASK;
    if (result->reason == REASON_INVALID_RESPONSE && has_rows(answer))
        result->proves_up = true;
    result->status = answer->status;
    result->bytes = run->bytes;
    return PROBE_DONE;
}
