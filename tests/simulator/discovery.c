/* What is there: service documents, the list of BAQs, of function libraries, the environment (facts §5.2). Where the facts say that
   a shape is unknown it is a guess, and the behaviour has more than one. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

static void answer_open(struct sim_call *call)
{
    call->status = 200;
    call->content_type = "application/json; charset=utf-8";
}

static void document_open(struct sim_call *call, const char *service)
{
    struct sim_text path = {0};
    sim_service_path(call, service, &path);
    call->status = 200;
    sim_envelope_open(call, path.data, "");
    sim_text_add_string(&call->body, "\"value\":[");
    sim_text_free(&path);
}

/* {"name","kind","url"}, the rule of OData v4; v3 has no kind. */
static void document_add(struct sim_call *call, const char *name, bool *first)
{
    sim_text_add(&call->body, ",", !*first);
    *first = false;
    sim_text_add_string(&call->body, "{\"name\":");
    sim_text_add_json(&call->body, name);
    sim_text_add_string(&call->body, call->v1 ? ",\"url\":" : ",\"kind\":\"EntitySet\",\"url\":");
    sim_text_add_json(&call->body, name);
    sim_text_add(&call->body, "}", 1);
}

void sim_service_document(struct sim_call *call, const char *service)
{
    size_t size = strlen(service);
    bool first = true, known = false;
    document_open(call, service);
    pthread_mutex_lock(&call->simulator->lock);
    for (const struct sim_entry *entry = call->simulator->tables; entry; entry = entry->next) {
        const char *name = sim_table_name(entry->table);
        if (!entry->gone && strncasecmp(name, service, size) == 0 && name[size] == '/') {
            document_add(call, name + size + 1, &first);
            known = true;
        }
    }
    for (const struct sim_method *method = call->simulator->methods; method && !known; method = method->next)
        known = strncasecmp(method->name, service, size) == 0 && method->name[size] == '/';
    pthread_mutex_unlock(&call->simulator->lock);
    sim_text_add_string(&call->body, "]}");
    if (!known)
        sim_not_found(call, "Resource", service);
}

void sim_baq_list(struct sim_call *call)
{
    bool first = true;
    document_open(call, "BaqSvc");
    pthread_mutex_lock(&call->simulator->lock);
    for (const struct sim_entry *entry = call->simulator->tables; entry; entry = entry->next) {
        if (sim_table_is_baq(entry->table) && !entry->gone)
            document_add(call, sim_table_name(entry->table), &first);
    }
    pthread_mutex_unlock(&call->simulator->lock);
    for (uint32_t i = 1; i <= call->behaviour.more_baqs; i++) {
        struct sim_text name = {0};
        sim_text_printf(&name, "zListed%05u", i);
        document_add(call, name.data, &first);
        sim_text_free(&name);
    }
    sim_text_add_string(&call->body, "]}");
}

/* ---- functions
 * -------------------------------------------------------------------------------------------------- */

/* Libraries with their published functions, as an object of arrays. */
static cJSON *libraries_read(struct sim_call *call)
{
    cJSON *libraries = cJSON_CreateObject();
    pthread_mutex_lock(&call->simulator->lock);
    for (const struct sim_function *f = call->simulator->functions; f; f = f->next) {
        const char *slash = strchr(f->name, '/');
        if (f->staging || f->gone || !slash)
            continue;
        char *library = sim_duplicate_n(f->name, (size_t)(slash - f->name));
        cJSON *functions = cJSON_GetObjectItemCaseSensitive(libraries, library);
        if (!functions)
            functions = cJSON_AddArrayToObject(libraries, library);
        cJSON_AddItemToArray(functions, cJSON_CreateString(slash + 1));
        free(library);
    }
    pthread_mutex_unlock(&call->simulator->lock);
    return libraries;
}

static cJSON *library_rows(const cJSON *library, bool pairs)
{
    cJSON *rows = cJSON_CreateArray(), *row = NULL, *functions = NULL;
    if (!pairs) {
        cJSON_AddItemToArray(rows, row = cJSON_CreateObject());
        cJSON_AddStringToObject(row, "LibraryID", library->string);
        functions = cJSON_AddArrayToObject(row, "Functions");
    }
    for (const cJSON *function = library->child; function; function = function->next) {
        cJSON *named = cJSON_CreateObject();
        if (pairs)
            cJSON_AddStringToObject(named, "LibraryID", library->string);
        cJSON_AddStringToObject(named, "FunctionID", function->valuestring);
        cJSON_AddItemToArray(pairs ? rows : functions, named);
    }
    return rows;
}

static cJSON *efx_rows(const cJSON *libraries, unsigned form)
{
    cJSON *all = cJSON_CreateArray();
    for (const cJSON *library = libraries->child; library; library = library->next) {
        if (form == SIMULATOR_EFX_LIBRARIES) {
            cJSON_AddItemToArray(all, cJSON_CreateString(library->string));
            continue;
        }
        cJSON *rows = library_rows(library, form == SIMULATOR_EFX_PAIRS);
        while (rows->child)
            cJSON_AddItemToArray(all, cJSON_DetachItemViaPointer(rows, rows->child));
        cJSON_Delete(rows);
    }
    return all;
}

void sim_efx_list(struct sim_call *call)
{
    unsigned form = call->behaviour.efx_list;
    cJSON *libraries = libraries_read(call), *answer;
    if (form == SIMULATOR_EFX_MAP) {
        answer = cJSON_Duplicate(libraries, true);
    } else if (form == SIMULATOR_EFX_VALUE || form == SIMULATOR_EFX_PAIRS) {
        answer = cJSON_CreateObject();
        cJSON_AddItemToObject(answer, "value", efx_rows(libraries, form));
    } else {
        answer = efx_rows(libraries, form);
    }
    char *printed = cJSON_PrintUnformatted(answer);
    answer_open(call);
    sim_text_add_string(&call->body, printed);
    cJSON_free(printed);
    cJSON_Delete(answer);
    cJSON_Delete(libraries);
}

/* Companies and plants; the names of the fields are unknown. */
void sim_environment(struct sim_call *call)
{
    bool array = call->behaviour.environment == SIMULATOR_ENVIRONMENT_ARRAY;
    answer_open(call);
    if (call->behaviour.environment == SIMULATOR_ENVIRONMENT_EMPTY) {
        sim_text_add_string(&call->body, "{}");
        return;
    }
    sim_text_add_string(&call->body, array ? "[" : "{\"Companies\":[");
    for (char *const *company = call->simulator->companies; *company; company++) {
        sim_text_add(&call->body, ",", company != call->simulator->companies);
        sim_text_add_string(&call->body, "{\"Company\":");
        sim_text_add_json(&call->body, *company);
        sim_text_add_string(&call->body, ",\"Plants\":[{\"Plant\":\"MfgSys\",\"Name\":\"Main\"}]}");
    }
    sim_text_add_string(&call->body, array ? "]" : "]}");
}
