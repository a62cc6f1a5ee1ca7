/* Faults on command: what a server, its IIS or a proxy before it answers in place of Kinetic (facts §5.4). */
#include "simulator/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_ACCESS "System.UnauthorizedAccessException"

static const struct ready_row {
    const char *name, *description;
    struct simulator_fault rule;
} ready_faults[] = {
    {"http_400", "BusinessObjectException as Epicor JSON", {.status = 400}},
    {"http_401", "401 as plain IIS page", {.status = 401, .body = SIMULATOR_BODY_IIS_HTML}},
    {"http_401_empty", "401 without a body", {.status = 401, .body = SIMULATOR_BODY_EMPTY}},
    {"http_403", "403 as IIS page", {.status = 403, .body = SIMULATOR_BODY_IIS_HTML}},
    {"http_404", "404 as IIS page: the app is not there", {.status = 404, .body = SIMULATOR_BODY_IIS_HTML}},
    {"http_409", "DuplicateRecordException", {.status = 409}},
    {"http_410", "InvalidSessionException", {.status = 410}},
    {"http_429", "429, Retry-After in seconds", {.status = 429, .headers = "Retry-After: 5"}},
    {"http_429_date",
     "429, Retry-After as HTTP date",
     {.status = 429, .body = SIMULATOR_BODY_EMPTY, .headers = "Retry-After: {date+5}"}},
    {"http_500", "unhandled exception, generic text and CorrelationId", {.status = 500}},
    {"http_502", "bad gateway, a proxy's page", {.status = 502, .body = SIMULATOR_BODY_IIS_HTML}},
    {"http_503",
     "IIS page: the application pool has stopped",
     {.status = 503, .body = SIMULATOR_BODY_IIS_HTML}},
    {"http_503_retry",
     "IIS page with Retry-After",
     {.status = 503, .body = SIMULATOR_BODY_IIS_HTML, .headers = "Retry-After: 5"}},
    {"http_504", "gateway time-out, a proxy's page", {.status = 504, .body = SIMULATOR_BODY_IIS_HTML}},
    {"conversions_pending", "503 ConversionsPendingException as Epicor JSON", {.status = 503}},
    {"query_timeout",
     "the BAQ ran into its time-out",
     {.status = 500,
      .type = "Ice.Common.BusinessObjectException",
      .message = "Execution Timeout Expired.  The timeout period elapsed prior to completion of the "
                 "operation or the server is not responding."}},
    {"bad_sql", "a broken BAQ", {.status = 400, .message = "Bad SQL statement."}},
    {"secure_errors", "500 whose detail is hidden", {.status = 500, .type = "System.Exception"}},
    {"invalid_credentials",
     "401 of a wrong password",
     {.status = 401, .message = "Invalid username or password."}},
    {"invalid_api_key",
     "401 of a wrong key, which is echoed",
     {.status = 401, .type = TYPE_ACCESS, .message = "Invalid API Key demo-api-key.\r\nCompany EPIC06."}},
    {"access_denied",
     "401 of a missing right",
     {.status = 401, .type = TYPE_ACCESS, .message = "Access denied (Erp.BO.Part.GetRows)."}},
    {"access_denied_403",
     "403 of a missing right",
     {.status = 403, .type = TYPE_ACCESS, .message = "Access denied (Erp.BO.Part.GetRows)."}},
    {"api_key_403",
     "403 of a wrong key",
     {.status = 403, .type = TYPE_ACCESS, .message = "Access denied: API Key"}},
    {"license_exhausted",
     "no seat is left",
     {.status = 500,
      .type = "Ice.Common.BusinessObjectException",
      .message = "Maximum users exceeded on license type: DefaultUser assigned to company: EPIC06"}},
    {"missing_root_element",
     "400 of a body that is no JSON",
     {.status = 400, .message = "Missing Root Element"}},
    {"xml_500", "500 as Epicor XML", {.status = 500, .body = SIMULATOR_BODY_EPICOR_XML}},
    {"soap_fault",
     "500 as SOAP fault",
     {.status = 500, .body = SIMULATOR_BODY_SOAP_FAULT, .message = "It broke."}},
    {"odata4_400",
     "400 as OData v4 error",
     {.status = 400, .body = SIMULATOR_BODY_ODATA4, .message = "Could not find a property named 'X'."}},
    {"odata3_400",
     "400 as OData v3 error",
     {.status = 400, .body = SIMULATOR_BODY_ODATA3, .message = "Could not find a property named 'X'."}},
    {"oauth_400",
     "400 of an identity provider",
     {.status = 400,
      .body = SIMULATOR_BODY_OAUTH,
      .type = "invalid_grant",
      .message = "The grant is invalid."}},
    {"redirect_301",
     "301 to a login page",
     {.status = 301, .body = SIMULATOR_BODY_EMPTY, .headers = "Location: /login"}},
    {"redirect_302",
     "302 to a login page",
     {.status = 302, .body = SIMULATOR_BODY_EMPTY, .headers = "Location: /login"}},
    {"redirect_307",
     "307 to another host",
     {.status = 307, .body = SIMULATOR_BODY_EMPTY, .headers = "Location: http://elsewhere.example.test/"}},
    {"http_204", "204", {.status = 204, .body = SIMULATOR_BODY_EMPTY}},
    {"http_304", "304", {.status = 304, .body = SIMULATOR_BODY_EMPTY}},
    {"error_in_200", "200 with an error body", {.status = 200, .type = "Ice.Common.BusinessObjectException"}},
    {"html_200",
     "200 with a page",
     {.status = 200,
      .body = SIMULATOR_BODY_TEXT,
      .text = "<!DOCTYPE html><html><body>Please sign in</body></html>",
      .content_type = "text/html"}},
    {"echo_401", "401 that says all that was sent", {.status = 401, .type = TYPE_ACCESS, .echo = true}},
    {"echo_500", "the same as Epicor XML", {.status = 500, .body = SIMULATOR_BODY_EPICOR_XML, .echo = true}},
    {"echo_400", "the same as plain text", {.status = 400, .body = SIMULATOR_BODY_TEXT, .echo = true}},
    {"empty_200", "200 without a body", {.status = 200, .body = SIMULATOR_BODY_EMPTY}},
    {"broken_json_200",
     "200 with JSON that is cut",
     {.status = 200,
      .body = SIMULATOR_BODY_TEXT,
      .text = "{\"value\":[{\"OrderHed_OrderNum\":1},{\"OrderHed_Ord",
      .content_type = "application/json"}},
    {"markup_400",
     "400 whose message would be markup on a page",
     {.status = 400,
      .message = "</blockquote></td></style></title></script><script>window.hurt=1</script>"
                 "\"><img src=x onerror=\"window.hurt=2\"><a href=\"javascript:window.hurt=3\">click</a>"
                 "' autofocus onfocus='window.hurt=4 <base href=//evil.example.test/><!--"}},
    {"slow", "the ordinary answer after 25 s", {.delay_ms = 25000}},
    {"slow_body", "25 s amid the body", {.body_delay_ms = 25000}},
};

bool simulator_fault_name(size_t i, const char **name, const char **description)
{
    if (i >= sizeof ready_faults / sizeof ready_faults[0])
        return false;
    *name = ready_faults[i].name;
    *description = ready_faults[i].description;
    return true;
}

unsigned sim_fault_add(struct simulator *simulator, const struct simulator_fault *fault,
                       void (*undo)(struct simulator *simulator), bool over)
{
    struct sim_fault *kept = sim_allocate(sizeof *kept);
    kept->rule = *fault;
    kept->undo = undo;
    kept->over = over;
    kept->rule.path = sim_duplicate(fault->path);
    kept->rule.method = sim_duplicate(fault->method);
    kept->rule.message = sim_duplicate(fault->message);
    kept->rule.type = sim_duplicate(fault->type);
    kept->rule.text = sim_duplicate(fault->text);
    kept->rule.content_type = sim_duplicate(fault->content_type);
    kept->rule.headers = sim_duplicate(fault->headers);
    pthread_mutex_lock(&simulator->lock);
    struct sim_fault **end = &simulator->faults;
    while (*end)
        end = &(*end)->next;
    *end = kept;
    unsigned number = kept->number = ++simulator->faults_count;
    pthread_mutex_unlock(&simulator->lock);
    return number;
}

unsigned simulator_add_fault(struct simulator *simulator, const struct simulator_fault *fault)
{
    return sim_fault_add(simulator, fault, NULL, false);
}

unsigned simulator_add_named_fault(struct simulator *simulator, const char *name, const char *path,
                                   uint32_t count)
{
    for (size_t i = 0; i < sizeof ready_faults / sizeof ready_faults[0]; i++) {
        if (strcmp(ready_faults[i].name, name) == 0) {
            struct simulator_fault rule = ready_faults[i].rule;
            rule.path = path;
            rule.count = count;
            return simulator_add_fault(simulator, &rule);
        }
    }
    unsigned number;
    if (sim_event_begin(simulator, name, count, &number))
        return number;
    sim_die("no fault is called %s", name);
}

/* A fault stays in the list when it is over, so that its hits can still be read. 0: every fault. */
static void faults_clear(struct simulator *simulator, unsigned number)
{
    for (;;) {
        void (*undo)(struct simulator * simulator) = NULL;
        pthread_mutex_lock(&simulator->lock);
        for (struct sim_fault *f = simulator->faults; f && !undo; f = f->next) {
            if (number && f->number != number)
                continue;
            f->over = f->cleared = true;
            undo = f->undo;
            f->undo = NULL;
        }
        pthread_cond_broadcast(&simulator->changed);
        pthread_mutex_unlock(&simulator->lock);
        if (!undo)
            return;
        undo(simulator); /* takes the lock itself */
    }
}

void simulator_clear_fault(struct simulator *simulator, unsigned number)
{
    if (number)
        faults_clear(simulator, number);
}

void simulator_clear_faults(struct simulator *simulator)
{
    faults_clear(simulator, 0);
}

uint32_t simulator_fault_hits(struct simulator *simulator, unsigned number)
{
    uint32_t hits = 0;
    pthread_mutex_lock(&simulator->lock);
    for (const struct sim_fault *f = simulator->faults; f; f = f->next) {
        if (f->number == number)
            hits = f->hits;
    }
    pthread_mutex_unlock(&simulator->lock);
    return hits;
}

bool sim_fault_over(struct simulator *simulator, unsigned number)
{
    bool over = true;
    pthread_mutex_lock(&simulator->lock);
    for (const struct sim_fault *f = simulator->faults; f; f = f->next) {
        if (f->number == number)
            over = f->cleared || (f->rule.count && f->hits >= f->rule.count);
    }
    pthread_mutex_unlock(&simulator->lock);
    return over;
}

void sim_faults_free(struct simulator *simulator)
{
    for (struct sim_fault *f = simulator->faults, *next; f; f = next) {
        next = f->next;
        free((char *)f->rule.path);
        free((char *)f->rule.method);
        free((char *)f->rule.message);
        free((char *)f->rule.type);
        free((char *)f->rule.text);
        free((char *)f->rule.content_type);
        free((char *)f->rule.headers);
        free(f);
    }
}

/* Lines "Name: value"; {date+N} is the server's time N seconds from now. */
static void headers_add(struct sim_call *call, const char *lines)
{
    for (const char *at = lines; *at;) {
        size_t size = strcspn(at, "\n");
        const char *colon = memchr(at, ':', size);
        if (!colon)
            sim_die("a fault's header has no colon: %.*s", (int)size, at);
        char *name = sim_duplicate_n(at, (size_t)(colon - at));
        const char *value = colon + 1 + (colon[1] == ' ');
        char *text = sim_duplicate_n(value, (size_t)(at + size - value));
        char date[40];
        if (strncmp(text, "{date+", 6) == 0)
            sim_http_date(sim_server_time(call) + strtol(text + 6, NULL, 10), date);
        sim_call_add_header(call, name, strncmp(text, "{date+", 6) == 0 ? date : text);
        free(text);
        free(name);
        at += size;
        at += *at == '\n';
    }
}

static enum MHD_Result header_echo(void *message, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    (void)kind;
    sim_text_printf(message, ", %s: %s", name, value ? value : "");
    return MHD_YES;
}

/* "Invalid API Key {key}" (facts §3) is known of real servers; what else some extension may echo, all at once. */
static void echo_write(struct sim_call *call, struct sim_text *message)
{
    sim_text_printf(message, "You sent ?%s", call->query);
    MHD_get_connection_values(call->connection, MHD_HEADER_KIND, header_echo, message);
    sim_text_printf(message, ", %s", call->upload.data ? call->upload.data : "");
}

static void rule_apply(struct sim_call *call, const struct simulator_fault *rule)
{
    (void)sim_call_sleep(call, rule->queue_ms); /* cut: the caller sees to that */
    call->delay_ms += rule->delay_ms;
    call->body_delay_ms += rule->body_delay_ms;
    if (!rule->status)
        return;
    struct sim_text echo = {0};
    if (rule->echo)
        echo_write(call, &echo);
    sim_error_as(call, rule->status, rule->body, rule->type, rule->echo ? echo.data : rule->message);
    if (rule->body == SIMULATOR_BODY_TEXT && (rule->text || rule->echo))
        sim_text_add_string(&call->body, rule->echo ? echo.data : rule->text);
    sim_text_free(&echo);
    if (rule->headers)
        headers_add(call, rule->headers);
}

bool sim_fault_apply(struct sim_call *call)
{
    struct simulator *simulator = call->simulator;
    struct sim_fault *hit = NULL;
    pthread_mutex_lock(&simulator->lock);
    for (struct sim_fault *f = simulator->faults; f; f = f->next) {
        const struct simulator_fault *rule = &f->rule;
        if (f->over || (rule->path && !strstr(call->path, rule->path)) ||
            (rule->method && strcmp(rule->method, call->method) != 0))
            continue;
        if (f->passed < rule->skip) {
            f->passed++;
            continue;
        }
        hit = f;
        f->hits++;
        f->over = rule->count && f->hits >= rule->count;
        break;
    }
    pthread_mutex_unlock(&simulator->lock);
    if (!hit)
        return false;
    /* A fault is freed only when the server has stopped. */
    rule_apply(call, &hit->rule);
    call->held_by = hit->rule.hold ? hit : NULL;
    if (hit->rule.status && hit->rule.content_type)
        call->content_type = hit->rule.content_type;
    return hit->rule.status != 0;
}

bool sim_fault_wait(struct sim_call *call)
{
    struct simulator *simulator = call->simulator;
    pthread_mutex_lock(&simulator->lock);
    while (call->held_by && !call->held_by->cleared && !sim_call_cut(call))
        pthread_cond_wait(&simulator->changed, &simulator->lock);
    bool running = !sim_call_cut(call);
    pthread_mutex_unlock(&simulator->lock);
    return running;
}
