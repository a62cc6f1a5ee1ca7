/* $metadata: EDMX of a service, of a BAQ, or of the whole company (facts §5.2, §9 no. 39). That each service is a root of its own
   is known; the inside follows OData's CSDL, v4 and, below api/v1, v3. */
#include "simulator/call.h"

#include <string.h>

static void type_add(struct sim_call *call, const struct sim_table *table, const char *entity)
{
    struct sim_text *out = &call->body;
    bool baq = sim_table_is_baq(table);
    const char *key = baq ? "RowIdent" : sim_table_column(table, 0);
    sim_text_printf(out, "<EntityType Name=\"%s\"><Key><PropertyRef Name=\"%s\"/></Key>", entity, key);
    for (size_t i = 0; i < sim_table_columns(table); i++)
        sim_text_printf(out, "<Property Name=\"%s\" Type=\"%s\"%s/>", sim_table_column(table, i),
                        sim_table_type(table, i, call->v1),
                        strcmp(sim_table_column(table, i), key) == 0 ? " Nullable=\"false\"" : "");
    if (baq)
        sim_text_add_string(out, "<Property Name=\"RowIdent\" Type=\"Edm.String\" Nullable=\"false\"/>");
    sim_text_add_string(out, "</EntityType>");
}

static void head_add(struct sim_call *call)
{
    sim_text_add_string(
        &call->body, call->v1
                         ? "<?xml version=\"1.0\" encoding=\"utf-8\"?><edmx:Edmx Version=\"1.0\" "
                           "xmlns:edmx=\"http://schemas.microsoft.com/ado/2007/06/edmx\"><edmx:DataServices "
                           "xmlns:m=\"http://schemas.microsoft.com/ado/2007/08/dataservices/metadata\" "
                           "m:DataServiceVersion=\"3.0\"><Schema Namespace=\"Epicor\" "
                           "xmlns=\"http://schemas.microsoft.com/ado/2009/11/edm\">"
                         : "<?xml version=\"1.0\" encoding=\"utf-8\"?><edmx:Edmx Version=\"4.0\" "
                           "xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices>"
                           "<Schema Namespace=\"Epicor\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">");
}

/* A table's entity set: "Data" of a BAQ, else the name behind the service's. Company-wide the service stands before it. */
static void set_name(const struct sim_table *table, bool whole, struct sim_text *name)
{
    const char *own = sim_table_name(table), *slash = strchr(own, '/');
    if (sim_table_is_baq(table))
        sim_text_add_string(name, whole ? own : "Data");
    else
        sim_text_add_string(name, whole || !slash ? own : slash + 1);
    for (char *c = name->data; *c; c++) {
        if (*c == '/' || *c == '.')
            *c = '_';
    }
}

static bool wanted(const struct sim_table *table, const char *service, const char *baq)
{
    const char *name = sim_table_name(table);
    size_t size = service ? strlen(service) : 0;
    if (baq)
        return sim_table_is_baq(table) && strcmp(name, baq) == 0;
    return !service || (strncasecmp(name, service, size) == 0 && name[size] == '/');
}

void sim_metadata_answer(struct sim_call *call, const char *service, const char *baq)
{
    struct sim_text sets = {0};
    bool found = false;
    if (!service && !baq && !call->behaviour.company_metadata) {
        sim_error(call, 404, "Epicor.RESTApi.ErrorHandling.ApiException",
                  "The requested resource was not found.");
        return;
    }
    head_add(call);
    pthread_mutex_lock(&call->simulator->lock);
    for (const struct sim_entry *entry = call->simulator->tables; entry; entry = entry->next) {
        struct sim_text name = {0};
        if (entry->gone || !wanted(entry->table, service, baq))
            continue;
        found = true;
        set_name(entry->table, !service && !baq, &name);
        type_add(call, entry->table, name.data);
        sim_text_printf(&sets, "<EntitySet Name=\"%s\" EntityType=\"Epicor.%s\"/>", name.data, name.data);
        sim_text_free(&name);
    }
    pthread_mutex_unlock(&call->simulator->lock);
    sim_text_printf(&call->body,
                    "<EntityContainer Name=\"Default\">%s</EntityContainer>"
                    "</Schema></edmx:DataServices></edmx:Edmx>",
                    sets.data ? sets.data : "");
    call->status = 200;
    call->content_type = "application/xml; charset=utf-8";
    if (!found)
        sim_not_found(call, baq ? "BAQ" : "Resource", baq ? baq : service ? service : call->company);
    sim_text_free(&sets);
}
