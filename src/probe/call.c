#include "probe/call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kinetic/url.h"
#include "probe/refusal.h"

#define URL_MAX       65536 /* bytes of path and query that a configuration may make; no server takes as many */
#define IIS_QUERY_MAX 2048 /* bytes that IIS takes of a query, unless told otherwise */

char *call_path(const struct target_settings *target, const char *service, const char *name)
{
    bool v1 = target->appserver->api_version == 1;
    struct buffer path;
    buffer_init(&path, CALL_PATH_MAX);
    buffer_text(&path, v1 ? "api/v1/" : "api/v2/odata/");
    if (!v1) {
        url_encode(&path, span_of(target->url_company), NULL);
        buffer_byte(&path, '/');
    }
    url_encode(&path, span_of(service), NULL);
    buffer_byte(&path, '/');
    url_encode(&path, span_of(name), NULL);
    char *text = buffer_take(&path);
    assert(text != NULL); /* names of the configuration are far shorter */
    return text;
}

static void fill(const struct probe_run *run, char *path, const struct json_plan *plan,
                 struct request *request)
{
    const struct target_settings *target = run->target;
    request->purpose = EXCHANGE_CALL;
    request->path = path;
    request->company = target->url_company[0] == '\0' ? NULL : target->url_company;
    request->wanted = BODY_JSON;
    request->plan = plan;
    request->max_response = target->probe->max_response;
    request->fresh = target->probe->connection == CONNECTION_FRESH;
}

void call_get(const struct probe_run *run, char *path, const struct json_plan *plan, struct request *request)
{
    fill(run, path, plan, request);
    request->method = HTTP_GET;
}

void call_post(const struct probe_run *run, char *path, char *body, const struct json_plan *plan,
               struct request *request)
{
    fill(run, path, plan, request);
    request->method = HTTP_POST;
    request->body = body != NULL ? body : memory_copy_text("{}");
    request->body_size = strlen(request->body);
    request->content_type = "application/json";
}

struct json_path *call_members(const struct json_path *more, size_t count)
{
    struct json_path *members = memory_new(REFUSAL_MEMBERS + count, sizeof *members);
    memcpy(members, refusal_members, sizeof refusal_members);
    if (count > 0)
        memcpy(members + REFUSAL_MEMBERS, more, count * sizeof *members);
    return members;
}

bool call_number(const struct json_value *value, double *out)
{
    bool text = value->kind == JSON_NUMBER || value->kind == JSON_STRING;
    return text && !value->overlong &&
           text_to_double(span_trim((struct span){value->text, value->size}), out);
}

bool call_bool(const struct json_value *value, bool *out)
{
    struct span text = span_trim((struct span){value->text, value->size});
    bool is_text = (value->kind == JSON_STRING || value->kind == JSON_NUMBER) && !value->overlong;
    bool yes = value->kind == JSON_TRUE || (is_text && (span_is_nocase(text, "true") || span_is(text, "1")));
    bool no = value->kind == JSON_FALSE || (is_text && (span_is_nocase(text, "false") || span_is(text, "0")));
    if (yes || no)
        *out = yes;
    return yes || no;
}

const struct zone *call_zone(const struct target_settings *target)
{
    if (target->probe->timezone != NULL)
        return target->probe->timezone;
    return target->appserver->timezone != NULL ? target->appserver->timezone : zone_utc();
}

void call_check_length(const struct target_settings *target, char *url, struct fault_list *faults)
{
    const struct probe_settings *probe = target->probe;
    const char *query = url == NULL ? NULL : strchr(url, '?');
    if (url == NULL || strlen(url) > URL_MAX)
        fault_add(faults, probe->place,
                  "[probe %s] its URL would be longer than %d bytes, and servers refuse far shorter ones",
                  probe->name, URL_MAX);
    if (query != NULL && strlen(query + 1) > IIS_QUERY_MAX)
        warning_add(
            faults, probe->place,
            "[probe %s] its query string has %zu bytes; IIS answers 404 to more than %d unless its limit "
            "(maxQueryString) has been raised",
            probe->name, strlen(query + 1), IIS_QUERY_MAX);
    free(url);
}

void call_check_company(const struct target_settings *target, struct fault_list *faults)
{
    if (target->appserver->api_version == 1 || target->url_company[0] != '\0')
        return;
    fault_add(
        faults, probe_key_place(target->probe, "kind"),
        "[probe %s] kind = %s: app server %s has api_version = v2, whose URLs need a company; neither the "
        "probe nor [appserver %s] has one",
        target->probe->name, target->probe->kind->name, target->appserver->name, target->appserver->name);
}
