/* From a path below the base to the answer: one table. */
#include "simulator/call.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* {c} is the company, {} an argument of the answer. */
struct route {
    const char *pattern, *method;
    bool v1;
    void (*answer)(struct sim_call *call, char *const *arguments);
    const char *resource; /* of the right that is needed: {} as in the pattern */
    bool own_seat;        /* takes its seat itself, if it wants one */
};

static void baq_answer(struct sim_call *call, char *const *arguments)
{
    sim_baq_answer(call, arguments[0]);
}

static void baq_describe(struct sim_call *call, char *const *arguments)
{
    sim_baq_describe(call, arguments[0]);
}

/* v1 names the company as BaqSvc/{BAQ}('{Company}') where it likes (facts §5.1, §6). */
static void old_baq_answer(struct sim_call *call, char *const *arguments)
{
    char *baq = sim_duplicate_n(arguments[0], strcspn(arguments[0], "("));
    sim_baq_answer(call, baq);
    free(baq);
}

static void entity_answer(struct sim_call *call, char *const *arguments)
{
    sim_entity_answer(call, arguments[0], arguments[1]);
}

static void method_answer(struct sim_call *call, char *const *arguments)
{
    sim_method_answer(call, arguments[0], arguments[1]);
}

static void document_answer(struct sim_call *call, char *const *arguments)
{
    sim_service_document(call, arguments[0]);
}

static void baq_list_answer(struct sim_call *call, char *const *arguments)
{
    (void)arguments;
    sim_baq_list(call);
}

static void efx_list_answer(struct sim_call *call, char *const *arguments)
{
    (void)arguments;
    sim_efx_list(call);
}

static void environment_answer(struct sim_call *call, char *const *arguments)
{
    (void)arguments;
    sim_environment(call);
}

static void company_metadata_answer(struct sim_call *call, char *const *arguments)
{
    (void)arguments;
    sim_metadata_answer(call, NULL, NULL);
}

static void service_metadata_answer(struct sim_call *call, char *const *arguments)
{
    sim_metadata_answer(call, arguments[0], NULL);
}

static void baq_metadata_answer(struct sim_call *call, char *const *arguments)
{
    sim_metadata_answer(call, NULL, arguments[0]);
}

static void soap_answer(struct sim_call *call, char *const *arguments)
{
    struct sim_text service = {0};
    sim_text_printf(&service, "%s.%s.%.*sSvc", call->segments[0], call->segments[1],
                    (int)strcspn(arguments[0], "."), arguments[0]);
    sim_soap_answer(call, service.data);
    sim_text_free(&service);
}

static void page_answer(struct sim_call *call, char *const *arguments)
{
    (void)arguments;
    sim_page_answer(call);
}

static void function_answer(struct sim_call *call, char *const *arguments)
{
    sim_function_answer(call, arguments[0], arguments[1], false);
}

static void staged_answer(struct sim_call *call, char *const *arguments)
{
    sim_function_answer(call, arguments[0], arguments[1], true);
}

static void login_answer(struct sim_call *call, char *const *arguments)
{
    (void)arguments;
    sim_session_login(call);
}

static void logout_answer(struct sim_call *call, char *const *arguments)
{
    (void)arguments;
    sim_session_logout(call);
}

static void validate_answer(struct sim_call *call, char *const *arguments)
{
    (void)arguments;
    sim_session_validate(call);
}

#define SESSION "Ice.LIB.SessionModSvc"

static const struct route routes[] = {
    {"api/v2/odata/{c}/" SESSION "/Login", "POST", false, login_answer, SESSION "/Login", true},
    {"api/v2/odata/{c}/" SESSION "/Logout", "POST", false, logout_answer, SESSION "/Logout", true},
    {"api/v2/odata/{c}/" SESSION "/IsValidSession", "POST", false, validate_answer, SESSION "/IsValidSession",
     true},
    {"api/v1/" SESSION "/Login", "POST", true, login_answer, SESSION "/Login", true},
    {"api/v1/" SESSION "/Logout", "POST", true, logout_answer, SESSION "/Logout", true},
    {"api/v1/" SESSION "/IsValidSession", "POST", true, validate_answer, SESSION "/IsValidSession", true},
    {"api/v2/environment", "GET", false, environment_answer, "environment", false},
    {"api/v2/odata/{c}/$metadata", "GET", false, company_metadata_answer, "$metadata", false},
    {"api/v2/odata/{c}/BaqSvc", "GET", false, baq_list_answer, "BaqSvc", false},
    {"api/v2/odata/{c}/BaqSvc/{}/Data", "GET", false, baq_answer, "BaqSvc/{}", false},
    {"api/v2/odata/{c}/BaqSvc/{}/$metadata", "GET", false, baq_metadata_answer, "BaqSvc/{}", false},
    {"api/v2/odata/{c}/BaqSvc/{}", "GET", false, baq_describe, "BaqSvc/{}", false},
    {"api/v2/odata/{c}/{}/$metadata", "GET", false, service_metadata_answer, "{}/$metadata", false},
    {"api/v2/odata/{c}/{}", "GET", false, document_answer, "{}", false},
    {"api/v2/odata/{c}/{}/{}", "GET", false, entity_answer, "{}/{}", false},
    {"api/v2/odata/{c}/{}/{}", "POST", false, method_answer, "{}/{}", false},
    {"api/v2/efx/staging/{c}/{}/{}", "POST", false, staged_answer, "efx/{}/{}", false},
    {"api/v2/efx/{c}", "GET", false, efx_list_answer, "efx", false},
    {"api/v2/efx/{c}/{}/{}", "POST", false, function_answer, "efx/{}/{}", false},
    {"api/v1/BaqSvc", "GET", true, baq_list_answer, "BaqSvc", false},
    {"api/v1/BaqSvc/{}", "GET", true, old_baq_answer, "BaqSvc/{}", false},
    {"api/v1/BaqSvc/{}/$metadata", "GET", true, baq_metadata_answer, "BaqSvc/{}", false},
    {"api/v1/{}/$metadata", "GET", true, service_metadata_answer, "{}/$metadata", false},
    {"api/v1/{}", "GET", true, document_answer, "{}", false},
    {"api/v1/{}/{}", "GET", true, entity_answer, "{}/{}", false},
    {"api/v1/{}/{}", "POST", true, method_answer, "{}/{}", false},
    {"Erp/BO/{}", "POST", true, soap_answer, "Erp/BO/{}", false},
    {"Ice/BO/{}", "POST", true, soap_answer, "Ice/BO/{}", false},
    {"Ice/LIB/{}", "POST", true, soap_answer, "Ice/LIB/{}", false},
};

static bool route_match(const struct route *route, const struct sim_call *call, char *arguments[2],
                        const char **company)
{
    size_t i = 0, filled = 0;
    for (const char *at = route->pattern; *at; i++) {
        size_t size = strcspn(at, "/");
        if (i >= call->segments_count)
            return false;
        if (size == 3 && memcmp(at, "{c}", 3) == 0)
            *company = call->segments[i];
        else if (size == 2 && memcmp(at, "{}", 2) == 0)
            arguments[filled++] = call->segments[i];
        else if (strlen(call->segments[i]) != size || strncasecmp(at, call->segments[i], size) != 0)
            return false;
        at += size;
        at += *at == '/';
    }
    return i == call->segments_count;
}

/* CallSettings, ?Company=, the key form, or a plain Company header (facts §5.1). */
static void old_company_read(struct sim_call *call)
{
    const char *settings = sim_call_header(call, "CallSettings"), *plain = sim_call_header(call, "Company");
    cJSON *json = settings ? cJSON_Parse(settings) : NULL;
    const char *named = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "Company"));
    const char *last = call->segments[call->segments_count - 1], *key = strstr(last, "('");
    call->company_copy = sim_query_argument(call->query, "Company", 0);
    bool baq = call->segments_count > 2 && strcasecmp(call->segments[2], "BaqSvc") == 0;
    if (!call->company_copy && baq && key && strlen(key) > 4)
        call->company_copy = sim_duplicate_n(key + 2, strlen(key) - 4);
    if (!call->company_copy && (named || plain))
        call->company_copy = sim_duplicate(named ? named : plain);
    cJSON_Delete(json);
    if (call->company_copy)
        call->company = call->company_copy;
}

static char *resource_make(const struct route *route, char *const *arguments)
{
    struct sim_text text = {0};
    size_t used = 0;
    for (const char *at = route->resource; *at;) {
        if (strncmp(at, "{}", 2) == 0) {
            const char *argument = arguments[used++];
            assert(argument); /* the pattern has as many {} */
            sim_text_add(&text, argument, strcspn(argument, "("));
            at += 2;
        } else {
            sim_text_add(&text, at++, 1);
        }
    }
    return text.data;
}

/* HEAD is answered as GET; libmicrohttpd leaves the body out. */
static bool verb_fits(const struct route *route, const struct sim_call *call)
{
    return strcmp(call->method, route->method) == 0 ||
           (strcmp(call->method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

static void route_answer(const struct route *route, struct sim_call *call, char *const *arguments)
{
    if (!verb_fits(route, call)) {
        sim_call_add_header(call, "Allow", route->method);
        sim_error(call, 405, NULL, NULL);
        return;
    }
    char *resource = resource_make(route, arguments);
    if (sim_access_check(call, resource) && sim_session_enter(call, resource) &&
        (call->in_session || route->own_seat || sim_seat_take(call)))
        route->answer(call, arguments);
    free(resource);
}

/* Below the base path, decoded segment by segment; empty ones (a slash at the end) do not count. */
static bool segments_read(struct sim_call *call)
{
    const char *base = call->simulator->base_path;
    size_t size = strlen(base);
    if (strncasecmp(call->path, base, size) != 0 || (call->path[size] && call->path[size] != '/'))
        return false;
    for (const char *at = call->path + size; *at;) {
        at += strspn(at, "/");
        size_t length = strcspn(at, "/");
        if (!length)
            break;
        if (call->segments_count == SIM_SEGMENTS)
            return false;
        call->segments[call->segments_count++] = sim_decode(at, length, false);
        at += length;
    }
    return true;
}

/* IIS demands a length from a POST (facts §1, a guess there). */
static bool length_missing(const struct sim_call *call)
{
    return strcmp(call->method, "POST") == 0 && !sim_call_header(call, "Content-Length") &&
           !sim_call_header(call, "Transfer-Encoding");
}

static bool page_route(struct sim_call *call)
{
    static const struct route page = {"", "GET", true, page_answer, "page", false};
    bool open;
    if (!sim_page_find(call, &open))
        return false;
    call->v1 = true; /* no API key is wanted */
    if (open && verb_fits(&page, call))
        sim_page_answer(call);
    else
        route_answer(&page, call, NULL);
    return true;
}

/* The first pattern that fits decides; of its rows the one whose verb fits too. */
static bool table_route(struct sim_call *call)
{
    const size_t count = sizeof routes / sizeof routes[0];
    for (size_t i = 0; i < count; i++) {
        char *arguments[2] = {NULL, NULL};
        if (!route_match(&routes[i], call, arguments, &call->company))
            continue;
        while (!verb_fits(&routes[i], call) && i + 1 < count &&
               strcmp(routes[i].pattern, routes[i + 1].pattern) == 0)
            i++;
        call->v1 = routes[i].v1;
        if (call->v1)
            old_company_read(call);
        route_answer(&routes[i], call, arguments);
        return true;
    }
    return false;
}

void sim_call_answer(struct sim_call *call)
{
    if (length_missing(call)) {
        sim_error_as(call, 411, SIMULATOR_BODY_IIS_HTML, NULL, NULL);
        return;
    }
    if (sim_oauth_asked(call)) {
        sim_oauth_answer(call);
        return;
    }
    if (call->door->identity_provider || !segments_read(call) || call->segments_count == 0) {
        sim_error_as(call, 404, SIMULATOR_BODY_IIS_HTML, NULL, NULL);
        return;
    }
    if (call->segments_count == 1 && strcasecmp(call->segments[0], "TokenResource.svc") == 0) {
        sim_token_answer(call);
        return;
    }
    if (page_route(call) || table_route(call))
        return;
    if (strcasecmp(call->segments[0], "api") == 0)
        sim_error(call, 404, "Epicor.RESTApi.ErrorHandling.ApiException",
                  "The requested resource was not found.");
    else
        sim_error_as(call, 404, SIMULATOR_BODY_IIS_HTML, NULL, NULL);
}
