/* Methods of services, facts §6 "Method calls": POST with a JSON object, some also GET; {"returnObj":...,"parameters":{...}}. */
#include "simulator/call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* `Ice.Lib` is taken for `Ice.LIB` (facts §9 no. 31); a method's own name is exact. */
static bool name_same(const char *left, const char *right)
{
    const char *slash = strchr(left, '/'), *other = strchr(right, '/');
    return slash && other && slash - left == other - right &&
           strncasecmp(left, right, (size_t)(slash - left)) == 0 && strcmp(slash, other) == 0;
}

/* Under the lock. */
static struct sim_method **method_find(struct simulator *simulator, const char *name)
{
    struct sim_method **at = &simulator->methods;
    while (*at && !name_same((*at)->name, name))
        at = &(*at)->next;
    return at;
}

static void method_clear(struct sim_method *method)
{
    free(method->name);
    free(method->return_obj);
    free(method->parameters);
    free(method->rows);
    free(method->rows_as);
    free(method->wants);
    free(method->message);
}

void simulator_set_method(struct simulator *simulator, const struct simulator_method *method)
{
    if (!strchr(method->name, '/'))
        sim_die("a method is called SERVICE/METHOD and not %s", method->name);
    pthread_mutex_lock(&simulator->lock);
    struct sim_method **at = method_find(simulator, method->name);
    if (!*at)
        *at = sim_allocate(sizeof **at);
    struct sim_method *next = (*at)->next;
    method_clear(*at);
    **at = (struct sim_method){
        .name = sim_duplicate(method->name),
        .return_obj = sim_duplicate(method->return_obj),
        .parameters = sim_duplicate(method->parameters),
        .rows = sim_duplicate(method->rows),
        .rows_as = sim_duplicate(method->rows_as),
        .wants = sim_duplicate(method->wants),
        .message = sim_duplicate(method->message),
        .get = method->get,
        .status = method->status,
        .next = next,
    };
    pthread_mutex_unlock(&simulator->lock);
}

static void method_fail(struct simulator *simulator, const char *name, int status, const char *message)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_method *method = *method_find(simulator, name);
    if (!method)
        sim_die("no method is called %s", name);
    free(method->message);
    method->message = sim_duplicate(message);
    method->status = status;
    pthread_mutex_unlock(&simulator->lock);
}

void simulator_fail_method(struct simulator *simulator, const char *name, int status, const char *message)
{
    method_fail(simulator, name, status, message);
}

void simulator_mend_method(struct simulator *simulator, const char *name)
{
    method_fail(simulator, name, 0, NULL);
}

bool sim_method_known(struct simulator *simulator, const char *name)
{
    pthread_mutex_lock(&simulator->lock);
    bool known = strchr(name, '/') && *method_find(simulator, name);
    pthread_mutex_unlock(&simulator->lock);
    return known;
}

int sim_method_failure(struct simulator *simulator, const char *name, char **message)
{
    pthread_mutex_lock(&simulator->lock);
    const struct sim_method *method = *method_find(simulator, name);
    int status = method ? method->status : 0;
    *message = sim_duplicate(method ? method->message : NULL);
    pthread_mutex_unlock(&simulator->lock);
    return status;
}

char *sim_method_text(struct simulator *simulator, const char *name, bool parameters)
{
    pthread_mutex_lock(&simulator->lock);
    const struct sim_method *method = *method_find(simulator, name);
    char *text = NULL;
    if (method)
        text = sim_duplicate(parameters ? method->parameters : method->return_obj);
    pthread_mutex_unlock(&simulator->lock);
    return text;
}

void sim_method_set_text(struct simulator *simulator, const char *name, bool parameters, const char *text)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_method *method = *method_find(simulator, name);
    if (method) {
        char **place = parameters ? &method->parameters : &method->return_obj;
        free(*place);
        *place = sim_duplicate(text);
    }
    pthread_mutex_unlock(&simulator->lock);
}

bool sim_method_remove(struct simulator *simulator, const char *name)
{
    struct sim_method **at = method_find(simulator, name), *gone = *at;
    if (!gone)
        return false;
    *at = gone->next;
    method_clear(gone);
    free(gone);
    return true;
}

void sim_methods_free(struct simulator *simulator)
{
    for (struct sim_method *method = simulator->methods, *next; method; method = next) {
        next = method->next;
        method_clear(method);
        free(method);
    }
    for (struct sim_column_count *count = simulator->columns_sent, *next; count; count = next) {
        next = count->next;
        free(count->name);
        free(count);
    }
}

uint64_t simulator_column_answers(struct simulator *simulator, const char *table, const char *column)
{
    struct sim_text name = {0};
    uint64_t count = 0;
    sim_text_printf(&name, "%s/%s", table, column);
    pthread_mutex_lock(&simulator->lock);
    for (const struct sim_column_count *c = simulator->columns_sent; c; c = c->next)
        count += strcmp(c->name, name.data) == 0 ? c->count : 0;
    pthread_mutex_unlock(&simulator->lock);
    sim_text_free(&name);
    return count;
}

/* ---- the answer
 * ------------------------------------------------------------------------------------------------- */

/* A copy of the method as it is now; false: there is none. */
static bool method_copy(struct simulator *simulator, const char *name, struct sim_method *copy, uint64_t *n)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_method *method = *method_find(simulator, name);
    if (method) {
        *n = ++method->calls;
        *copy = (struct sim_method){
            .name = sim_duplicate(method->name),
            .return_obj = sim_duplicate(method->return_obj),
            .parameters = sim_duplicate(method->parameters),
            .rows = sim_duplicate(method->rows),
            .rows_as = sim_duplicate(method->rows_as),
            .wants = sim_duplicate(method->wants),
            .message = sim_duplicate(method->message),
            .get = method->get,
            .status = method->status,
        };
    }
    pthread_mutex_unlock(&simulator->lock);
    return method != NULL;
}

bool sim_method_by_get(struct sim_call *call, const char *service, const char *name)
{
    struct sim_text key = {0};
    sim_text_printf(&key, "%s/%s", service, name);
    pthread_mutex_lock(&call->simulator->lock);
    const struct sim_method *method = *method_find(call->simulator, key.data);
    bool found = method && method->get;
    pthread_mutex_unlock(&call->simulator->lock);
    sim_text_free(&key);
    return found;
}

/* A parameter, of the query or of the body, a number or a text; allocated, NULL: it is not there. */
static char *parameter_read(const struct sim_call *call, const cJSON *body, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(body, name);
    char *printed, *copy;
    if (!body)
        return sim_query_argument(call->query, name, 0);
    if (!member)
        return NULL;
    if (cJSON_IsString(member))
        return sim_duplicate(member->valuestring);
    printed = cJSON_PrintUnformatted(member);
    copy = sim_duplicate(printed);
    cJSON_free(printed);
    return copy;
}

static uint64_t page_number(const struct sim_call *call, const cJSON *body, const char *name)
{
    char *text = parameter_read(call, body, name);
    uint64_t number = text ? strtoull(text, NULL, 10) : 0;
    free(text);
    return number;
}

static void numbers_quote(cJSON *item)
{
    for (cJSON *child = item->child, *next; child; child = next) {
        next = child->next;
        if (cJSON_IsNumber(child)) {
            char *text = cJSON_PrintUnformatted(child);
            cJSON *quoted = cJSON_CreateString(text);
            quoted->string = sim_duplicate(child->string); /* freed by cJSON with free() as its own */
            cJSON_free(text);
            cJSON_ReplaceItemViaPointer(item, child, quoted);
        } else {
            numbers_quote(child);
        }
    }
}

/* The forms of returnObj that differ (facts §9 no. 15 and 30). */
static void return_obj_disguise(const struct sim_call *call, struct sim_text *text)
{
    const struct simulator_behaviour *behaviour = &call->behaviour;
    if (behaviour->return_obj == SIMULATOR_RETURN_OBJECT && !behaviour->integers_as_strings)
        return;
    cJSON *json = cJSON_CreateArray(), *value = cJSON_ParseWithLength(text->data, text->size), *array = NULL;
    cJSON_AddItemToArray(json, value);
    if (behaviour->integers_as_strings)
        numbers_quote(json);
    value = json->child;
    for (cJSON *member = cJSON_IsObject(value) ? value->child : NULL; member && !array; member = member->next)
        array = cJSON_IsArray(member) ? member : NULL;
    bool wrapped = array && behaviour->return_obj == SIMULATOR_RETURN_SETS;
    if (array && behaviour->return_obj == SIMULATOR_RETURN_ARRAY)
        value = array;
    char *printed = cJSON_PrintUnformatted(wrapped ? json : value);
    text->size = 0;
    sim_text_add_string(text, printed);
    cJSON_free(printed);
    cJSON_Delete(json);
}

static void void_answer(struct sim_call *call)
{
    if (call->behaviour.void_answer == SIMULATOR_VOID_204)
        call->status = 204;
    if (call->behaviour.void_answer == SIMULATOR_VOID_OBJECT)
        sim_text_add_string(&call->body, "{}");
    else if (call->behaviour.void_answer == SIMULATOR_VOID_PARAMETERS)
        sim_text_add_string(&call->body, "{\"parameters\":{}}");
    else
        call->content_type = NULL;
}

static void texts_answer(struct sim_call *call, struct sim_text *return_obj, struct sim_text *parameters)
{
    call->status = 200;
    call->content_type = "application/json; charset=utf-8";
    if (!return_obj->size && !parameters->size) {
        void_answer(call);
        return;
    }
    if (return_obj->size)
        return_obj_disguise(call, return_obj);
    bool first = call->behaviour.parameters_first;
    sim_text_add(&call->body, "{", 1);
    for (int i = 0; i < 2; i++) {
        bool is_parameters = (i == 0) == first;
        const struct sim_text *part = is_parameters ? parameters : return_obj;
        if (!part->size)
            continue;
        sim_text_add(&call->body, ",", call->body.size > 1);
        sim_text_printf(&call->body, "\"%s\":", is_parameters ? "parameters" : "returnObj");
        sim_text_add(&call->body, part->data, part->size);
    }
    sim_text_add(&call->body, "}", 1);
}

static void page_open(struct sim_call *call, const char *table, bool more)
{
    bool set = call->behaviour.return_obj != SIMULATOR_RETURN_ARRAY;
    bool sets = call->behaviour.return_obj == SIMULATOR_RETURN_SETS, first = call->behaviour.parameters_first;
    const char *pages = more ? "\"parameters\":{\"morePages\":true}" : "\"parameters\":{\"morePages\":false}";
    sim_text_printf(&call->body, "{%s%s\"returnObj\":%s", first ? pages : "", first ? "," : "",
                    sets ? "[" : "");
    if (set)
        sim_text_printf(&call->body, "{\"%s\":", table);
    sim_text_add(&call->body, "[", 1);
    sim_text_printf(&call->tail_text, "]%s%s%s%s}", set ? "}" : "", sets ? "]" : "", first ? "" : ",",
                    first ? "" : pages);
    call->tail = call->tail_text.data;
}

/* pageSize 0: all rows, or 400 (facts §9 no. 37). */
static void page_answer(struct sim_call *call, const struct sim_method *method, const cJSON *body)
{
    uint64_t rows, size = page_number(call, body, "pageSize"), page = page_number(call, body, "absolutePage");
    char *asked = parameter_read(call, body, "pageSize"), *fault = NULL;
    struct sim_table *table = sim_table_of_call(call, method->rows, &rows);
    if (!table) {
        sim_not_found(call, "Resource", method->rows);
    } else if (asked && !size && call->behaviour.page_size_zero_400) {
        sim_error(call, 400, "Ice.Common.BusinessObjectException", "The page size is not valid.");
    } else {
        struct sim_query query = sim_query_make(call, rows);
        if (call->behaviour.method_rows && (!size || size > call->behaviour.method_rows))
            size = call->behaviour.method_rows;
        if (size) {
            query.skip = (page && !call->behaviour.ignores_paging ? page - 1 : 0) * size;
            query.top = size;
        }
        call->rows = sim_rows_start(table, &query, &fault);
        sim_columns_note(call, method->rows);
        call->status = 200;
        call->content_type = "application/json; charset=utf-8";
        page_open(call, method->rows_as, size && query.skip + size < rows);
    }
    sim_table_drop(table);
    free(asked);
    free(fault);
}

static void method_answer(struct sim_call *call, const struct sim_method *method, const cJSON *body,
                          uint64_t n)
{
    char *wanted = method->wants ? parameter_read(call, body, method->wants) : NULL;
    struct sim_text return_obj = {0}, parameters = {0};
    if (method->status) {
        sim_error(call, method->status, NULL, method->message);
    } else if (method->wants && !wanted) {
        sim_text_printf(&parameters, "Parameter %s is not found in the input object", method->wants);
        sim_error(call, 400, "Epicor.RESTApi.ErrorHandling.ApiException", parameters.data);
    } else if (method->rows) {
        page_answer(call, method, body);
    } else {
        if (!sim_licensing_make(call, method->name, &return_obj, &parameters)) {
            sim_answer_fill(call, &return_obj, method->return_obj ? method->return_obj : "", n);
            sim_answer_fill(call, &parameters, method->parameters ? method->parameters : "", n);
        }
        texts_answer(call, &return_obj, &parameters);
    }
    free(wanted);
    sim_text_free(&return_obj);
    sim_text_free(&parameters);
}

/* An entity set or a BAQ that is POSTed to: a wrong verb, where an unknown name is not found. */
static void method_missing(struct sim_call *call, const char *service, const char *name)
{
    struct sim_table *table = sim_table_find(
        call->simulator, strcasecmp(service, "BaqSvc") == 0 ? strchr(name, '/') + 1 : name);
    if (table) {
        sim_call_add_header(call, "Allow", "GET");
        sim_error(call, 405, NULL, NULL);
    } else {
        sim_not_found(call, "Resource", name);
    }
    sim_table_drop(table);
}

void sim_method_answer(struct sim_call *call, const char *service, const char *name)
{
    struct sim_text key = {0};
    struct sim_method method = {0};
    uint64_t n = 0;
    bool post = strcmp(call->method, "POST") == 0;
    cJSON *body = post ? sim_body_object(call) : NULL;
    sim_text_printf(&key, "%s/%s", service, name);
    if (!method_copy(call->simulator, key.data, &method, &n))
        method_missing(call, service, key.data);
    else if (post && !body)
        sim_error(call, 400, "Epicor.RESTApi.ErrorHandling.ApiException", "Missing Root Element");
    else
        method_answer(call, &method, body, n);
    method_clear(&method);
    cJSON_Delete(body);
    sim_text_free(&key);
}
