/* Answers with rows: BAQs (facts §6) and entity sets (facts §5.2, "BO read" of §6). */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

struct options {
    char *select, *filter, *orderby, *top, *skip, *count, *inline_count;
};

static void options_read(struct options *options, const char *query)
{
    *options = (struct options){
        .select = sim_query_argument(query, "$select", 0),
        .filter = sim_query_argument(query, "$filter", 0),
        .orderby = sim_query_argument(query, "$orderby", 0),
        .top = sim_query_argument(query, "$top", 0),
        .skip = sim_query_argument(query, "$skip", 0),
        .count = sim_query_argument(query, "$count", 0),
        .inline_count = sim_query_argument(query, "$inlinecount", 0),
    };
}

static void options_free(struct options *options)
{
    free(options->select);
    free(options->filter);
    free(options->orderby);
    free(options->top);
    free(options->skip);
    free(options->count);
    free(options->inline_count);
}

/* $top and $skip are whole numbers; else an OData syntax error, 400 (facts §5.4). */
static bool number_read(struct sim_call *call, const char *name, const char *text, uint64_t absent,
                        uint64_t *number)
{
    *number = absent;
    if (!text)
        return true;
    if (*text && strspn(text, "0123456789") == strlen(text)) {
        *number = strtoull(text, NULL, 10);
        return true;
    }
    struct sim_text message = {0};
    sim_text_printf(&message, "Invalid value '%s' for %s query option found.", text, name);
    sim_error(call, 400, "Microsoft.OData.ODataException", message.data);
    sim_text_free(&message);
    return false;
}

void sim_envelope_open(struct sim_call *call, const char *path, const char *context)
{
    bool old = call->behaviour.envelope == SIMULATOR_ENVELOPE_V3 ||
               (call->behaviour.envelope != SIMULATOR_ENVELOPE_V4 && call->v1);
    sim_text_add(&call->body, "{", 1);
    if (call->behaviour.envelope != SIMULATOR_ENVELOPE_BARE)
        sim_text_printf(&call->body, "\"%s\":\"%s%s/$metadata#%s\",",
                        old ? "odata.metadata" : "@odata.context", call->simulator->url, path, context);
    call->content_type = old ? "application/json; odata=minimalmetadata; charset=utf-8"
                             : "application/json; odata.metadata=minimal; charset=utf-8";
}

struct sim_query sim_query_make(const struct sim_call *call, uint64_t rows)
{
    return (struct sim_query){
        .company = call->company,
        .raw = call->query,
        .now = sim_server_time(call),
        .rows = rows,
        .top = UINT64_MAX,
        .decimals_as_strings = call->behaviour.decimals_as_strings,
        .integers_as_strings = call->behaviour.integers_as_strings,
        .pad_characters = call->behaviour.pad_characters,
        .bare_dates = call->behaviour.bare_dates,
    };
}

void sim_columns_note(struct sim_call *call, const char *table)
{
    struct simulator *simulator = call->simulator;
    const char *column;
    for (size_t i = 0; (column = sim_rows_column(call->rows, i)); i++) {
        struct sim_text name = {0};
        sim_text_printf(&name, "%s/%s", table, column);
        pthread_mutex_lock(&simulator->lock);
        struct sim_column_count **at = &simulator->columns_sent;
        while (*at && strcmp((*at)->name, name.data) != 0)
            at = &(*at)->next;
        if (!*at) {
            *at = sim_allocate(sizeof **at);
            (*at)->name = sim_duplicate(name.data);
        }
        (*at)->count++;
        pthread_mutex_unlock(&simulator->lock);
        sim_text_free(&name);
    }
}

static void count_write(struct sim_call *call, uint64_t count)
{
    const char *quote = call->behaviour.count_form == SIMULATOR_COUNT_STRING ? "\"" : "";
    if (call->behaviour.count_form == SIMULATOR_COUNT_ABSENT)
        return;
    sim_text_printf(&call->body, "\"%sodata.count\":%s%llu%s,", call->v1 ? "" : "@", quote,
                    (unsigned long long)count, quote);
}

/* Opens the answer of a table; the rows are made while they are sent. */
static void rows_answer(struct sim_call *call, struct sim_table *table, uint64_t table_rows, const char *path)
{
    struct options options;
    options_read(&options, call->query);
    struct sim_query query = sim_query_make(call, table_rows);
    query.select = options.select;
    query.filter = options.filter;
    query.orderby = options.orderby;
    bool counted = call->v1 ? options.inline_count && strcmp(options.inline_count, "allpages") == 0
                            : options.count && strcmp(options.count, "true") == 0;
    char *fault = NULL;
    if (number_read(call, "$top", options.top, UINT64_MAX, &query.top) &&
        number_read(call, "$skip", options.skip, 0, &query.skip)) {
        if (call->behaviour.ignores_paging)
            query.skip = 0;
        /* A page larger than the cap is cut in silence. */
        uint32_t cap = call->behaviour.row_cap ? call->behaviour.row_cap : 100;
        if (cap != SIMULATOR_UNLIMITED && query.top > cap)
            query.top = cap;
        call->rows = sim_rows_start(table, &query, &fault);
        if (call->rows) {
            sim_columns_note(call, sim_table_name(table));
            call->status = 200;
            sim_envelope_open(call, path, sim_table_name(table));
            if (counted)
                count_write(call, sim_rows_count(call->rows));
            sim_text_add_string(&call->body, "\"value\":[");
            call->tail = "]}";
        } else {
            sim_error(call, 400, "Microsoft.OData.ODataException", fault);
        }
    }
    free(fault);
    options_free(&options);
}

struct sim_table *sim_table_of_call(struct sim_call *call, const char *name, uint64_t *rows)
{
    struct sim_table *table = sim_table_find(call->simulator, name);
    pthread_mutex_lock(&call->simulator->lock);
    *rows = table ? sim_table_rows(table) : 0;
    pthread_mutex_unlock(&call->simulator->lock);
    return table;
}

void sim_not_found(struct sim_call *call, const char *what, const char *name)
{
    struct sim_text message = {0};
    sim_text_printf(&message, "%s \"%s\" not found.", what, name);
    sim_error(call, 404, "Epicor.RESTApi.ErrorHandling.ApiException", message.data);
    sim_text_free(&message);
}

void sim_service_path(struct sim_call *call, const char *service, struct sim_text *path)
{
    if (call->v1)
        sim_text_printf(path, "/api/v1/%s", service);
    else
        sim_text_printf(path, "/api/v2/odata/%s/%s", call->company, service);
}

/* What a server says of a mandatory parameter that is missing was not captured: a 400 as of any BAQ that cannot run. */
static void parameter_missing(struct sim_call *call, const char *name)
{
    struct sim_text message = {0};
    sim_text_printf(&message, "Parameter %s is required.", name);
    sim_error(call, 400, "Ice.Common.BusinessObjectException", message.data);
    sim_text_free(&message);
}

void sim_baq_answer(struct sim_call *call, const char *baq)
{
    uint64_t rows;
    struct sim_table *table = strchr(baq, '/') ? NULL : sim_table_of_call(call, baq, &rows);
    if (!table) {
        sim_not_found(call, "BAQ", baq);
        return;
    }
    const char *wanted = sim_table_wants(table, call->query);
    if (wanted) {
        parameter_missing(call, wanted);
        sim_table_drop(table);
        return;
    }
    struct sim_text path = {0};
    sim_service_path(call, "BaqSvc/", &path);
    sim_text_add_string(&path, baq);
    rows_answer(call, table, rows, path.data);
    sim_text_free(&path);
    sim_table_drop(table);
}

/* Without /Data v2 answers a small descriptor and no rows (facts §5.2); its members are a guess. */
void sim_baq_describe(struct sim_call *call, const char *baq)
{
    struct sim_table *table = strchr(baq, '/') ? NULL : sim_table_find(call->simulator, baq);
    if (!table) {
        sim_not_found(call, "BAQ", baq);
        return;
    }
    struct sim_text path = {0};
    sim_service_path(call, "BaqSvc/", &path);
    sim_text_add_string(&path, baq);
    sim_envelope_open(call, path.data, "");
    sim_text_add_string(&call->body,
                        "\"value\":[{\"name\":\"Data\",\"kind\":\"EntitySet\",\"url\":\"Data\"}]}");
    call->status = 200;
    sim_text_free(&path);
    sim_table_drop(table);
}

/* Company='EPIC06',PartNum='X' as a $filter: key predicates are joined by commas outside quotes. */
static char *key_as_filter(const char *keys, size_t size)
{
    struct sim_text filter = {0};
    bool quoted = false;
    sim_text_add(&filter, "", 0);
    for (size_t i = 0; i < size; i++) {
        if (keys[i] == '\'')
            quoted = !quoted;
        if (!quoted && keys[i] == ',')
            sim_text_add_string(&filter, " and ");
        else if (!quoted && keys[i] == '=')
            sim_text_add_string(&filter, " eq ");
        else
            sim_text_add(&filter, keys + i, 1);
    }
    return filter.data;
}

static void record_answer(struct sim_call *call, struct sim_table *table, uint64_t table_rows,
                          const char *path, char *filter)
{
    char *select = sim_query_argument(call->query, "$select", 0), *fault = NULL;
    struct sim_query query = sim_query_make(call, table_rows);
    query.select = select;
    query.filter = filter;
    query.top = 1;
    struct sim_rows *rows = sim_rows_start(table, &query, &fault);
    struct sim_text record = {0};
    if (rows && !strstr(filter, " eq ")) {
        sim_error(call, 400, "Microsoft.OData.ODataException", "Bad Request - Error in query syntax.");
    } else if (!rows) {
        sim_error(call, 400, "Microsoft.OData.ODataException", fault);
    } else if (!sim_rows_next(rows, &record)) {
        sim_error(call, 404, "Ice.Common.RecordNotFoundException", "Record not found.");
    } else {
        struct sim_text context = {0};
        call->rows = rows;
        sim_columns_note(call, sim_table_name(table));
        call->rows = NULL;
        sim_text_printf(&context, "%s%s", sim_table_name(table), call->v1 ? "/@Element" : "/$entity");
        sim_envelope_open(call, path, context.data);
        sim_text_add(&call->body, record.data + 1, record.size - 1);
        call->status = 200;
        sim_text_free(&context);
    }
    sim_text_free(&record);
    sim_rows_free(rows);
    free(fault);
    free(select);
}

void sim_entity_answer(struct sim_call *call, const char *service, const char *entity)
{
    if (sim_method_by_get(call, service, entity)) {
        sim_method_answer(call, service, entity);
        return;
    }
    size_t size = strcspn(entity, "("), whole = strlen(entity);
    bool record = entity[size] == '(' && entity[whole - 1] == ')';
    struct sim_text name = {0}, path = {0};
    uint64_t rows;
    sim_text_printf(&name, "%s/%.*s", service, (int)size, entity);
    sim_service_path(call, service, &path);
    struct sim_table *table = sim_table_of_call(call, name.data, &rows);
    if (!table || (entity[size] && !record)) {
        sim_not_found(call, "Resource", name.data);
    } else if (record) {
        char *filter = key_as_filter(entity + size + 1, whole - size - 2);
        record_answer(call, table, rows, path.data, filter);
        free(filter);
    } else {
        rows_answer(call, table, rows, path.data);
    }
    sim_table_drop(table);
    sim_text_free(&name);
    sim_text_free(&path);
}
