/* What the server has: BAQs, entity sets, functions; and the set of the demonstration. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

static struct sim_entry **entry_find(struct simulator *simulator, const char *name)
{
    struct sim_entry **at = &simulator->tables;
    while (*at && strcmp(sim_table_name((*at)->table), name) != 0)
        at = &(*at)->next;
    return at;
}

/* Makes what is read from what is there; under the lock. Covers whose column has gone, or has come, do nothing. */
static void entry_rebuild(struct sim_entry *entry)
{
    struct sim_table *table = sim_table_take(entry->base);
    uint64_t rows = sim_table_rows(entry->base);
    for (const struct sim_cover *cover = entry->covers; cover; cover = cover->next) {
        rows += cover->more_rows;
        for (size_t i = 0; i < cover->count; i++) {
            if (!sim_table_changeable(table, &cover->changes[i]))
                continue;
            struct sim_table *old = table;
            table = sim_table_change(old, &cover->changes[i]);
            sim_table_drop(old);
        }
    }
    if (table != entry->base)
        sim_table_set_rows(table, rows);
    sim_table_drop(entry->table);
    entry->table = table;
}

static void table_set(struct simulator *simulator, const char *name, const struct simulator_column *columns,
                      uint64_t rows, bool baq)
{
    struct sim_table *table = sim_table_make(name, columns, rows, baq);
    pthread_mutex_lock(&simulator->lock);
    struct sim_entry **at = entry_find(simulator, name);
    if (!*at) {
        *at = sim_allocate(sizeof **at);
        (*at)->table = sim_table_take(table);
    }
    sim_table_drop((*at)->base);
    (*at)->base = table;
    entry_rebuild(*at);
    pthread_mutex_unlock(&simulator->lock);
}

void simulator_set_baq(struct simulator *simulator, const char *name, const struct simulator_column *columns,
                       uint64_t rows)
{
    table_set(simulator, name, columns, rows, true);
}

void simulator_set_entity(struct simulator *simulator, const char *name,
                          const struct simulator_column *columns, uint64_t rows)
{
    table_set(simulator, name, columns, rows, false);
}

void simulator_set_rows(struct simulator *simulator, const char *name, uint64_t rows)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_entry *entry = *entry_find(simulator, name);
    if (entry) {
        sim_table_set_rows(entry->base, rows);
        entry_rebuild(entry);
    }
    pthread_mutex_unlock(&simulator->lock);
    if (!entry)
        simulator_set_baq(simulator, name, NULL, rows);
}

struct sim_table *sim_table_find(struct simulator *simulator, const char *name)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_entry *entry = *entry_find(simulator, name);
    struct sim_table *table = entry && !entry->gone ? sim_table_take(entry->table) : NULL;
    pthread_mutex_unlock(&simulator->lock);
    return table;
}

/* ---- changes at run time
 * ---------------------------------------------------------------------------------------- */

static void table_change(struct simulator *simulator, const char *name, const struct sim_table_change *change)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_entry *entry = *entry_find(simulator, name);
    if (!entry)
        sim_die("no BAQ or entity set is called %s", name);
    struct sim_table *old = entry->base;
    entry->base = sim_table_change(old, change);
    entry_rebuild(entry);
    pthread_mutex_unlock(&simulator->lock);
    sim_table_drop(old);
}

void simulator_add_column(struct simulator *simulator, const char *table, const char *column,
                          const char *value)
{
    table_change(simulator, table, &(struct sim_table_change){SIM_CHANGE_ADD, column, value});
}

void simulator_remove_column(struct simulator *simulator, const char *table, const char *column)
{
    table_change(simulator, table, &(struct sim_table_change){SIM_CHANGE_REMOVE, column, NULL});
}

void simulator_move_column_last(struct simulator *simulator, const char *table, const char *column)
{
    table_change(simulator, table, &(struct sim_table_change){SIM_CHANGE_LAST, column, NULL});
}

void simulator_set_column_type(struct simulator *simulator, const char *table, const char *column,
                               const char *type)
{
    table_change(simulator, table, &(struct sim_table_change){SIM_CHANGE_TYPE, column, type});
}

static void cover_free(struct sim_cover *cover)
{
    for (size_t i = 0; i < cover->count; i++) {
        free((char *)cover->changes[i].column);
        free((char *)cover->changes[i].text);
    }
    free(cover->changes);
    free(cover->name);
    free(cover);
}

void sim_cover_set(struct simulator *simulator, const char *table, const char *name,
                   const struct sim_table_change *changes, size_t count, uint64_t more_rows)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_entry *entry = *entry_find(simulator, table);
    struct sim_cover **at = entry ? &entry->covers : NULL;
    while (at && *at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    if (at && *at) {
        struct sim_cover *gone = *at;
        *at = gone->next;
        cover_free(gone);
    }
    while (at && *at)
        at = &(*at)->next;
    if (at && (count || more_rows)) {
        struct sim_cover *cover = *at = sim_allocate(sizeof *cover);
        cover->name = sim_duplicate(name);
        cover->changes = sim_allocate((count + 1) * sizeof *cover->changes);
        cover->count = count;
        cover->more_rows = more_rows;
        for (size_t i = 0; i < count; i++)
            cover->changes[i] = (struct sim_table_change){changes[i].what, sim_duplicate(changes[i].column),
                                                          sim_duplicate(changes[i].text)};
    }
    if (entry)
        entry_rebuild(entry);
    pthread_mutex_unlock(&simulator->lock);
}

static struct sim_function **function_find(struct simulator *simulator, const char *name)
{
    struct sim_function **at = &simulator->functions;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

static void function_clear(struct sim_function *function)
{
    free(function->name);
    free(function->answer);
    free(function->message);
}

void simulator_set_function(struct simulator *simulator, const struct simulator_function *function)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_function **at = function_find(simulator, function->name);
    if (!*at)
        *at = sim_allocate(sizeof **at);
    struct sim_function old = **at;
    function_clear(*at);
    **at = (struct sim_function){
        .name = sim_duplicate(function->name),
        .answer = sim_duplicate(function->answer ? function->answer : "{}"),
        .message = sim_duplicate(function->message),
        .outcome = (int)function->outcome,
        .staging = function->staging,
        .not_found_every = function->not_found_every,
        .gone = old.gone,
        .fails = old.fails,
        .next = old.next,
    };
    pthread_mutex_unlock(&simulator->lock);
}

bool sim_content_rows(struct simulator *simulator, const char *name, uint64_t *rows)
{
    pthread_mutex_lock(&simulator->lock);
    const struct sim_entry *entry = *entry_find(simulator, name);
    *rows = entry ? sim_table_rows(entry->base) : 0;
    pthread_mutex_unlock(&simulator->lock);
    return entry != NULL;
}

/* Under the lock. */
static const struct sim_cover *cover_find(struct simulator *simulator, const char *table, const char *name)
{
    const struct sim_entry *entry = *entry_find(simulator, table);
    const struct sim_cover *cover = entry ? entry->covers : NULL;
    while (cover && strcmp(cover->name, name) != 0)
        cover = cover->next;
    return cover;
}

bool sim_cover_find(struct simulator *simulator, const char *table, const char *name, uint64_t *more_rows)
{
    pthread_mutex_lock(&simulator->lock);
    const struct sim_cover *cover = cover_find(simulator, table, name);
    *more_rows = cover ? cover->more_rows : 0;
    pthread_mutex_unlock(&simulator->lock);
    return cover != NULL;
}

char *sim_cover_text(struct simulator *simulator, const char *table, const char *name)
{
    pthread_mutex_lock(&simulator->lock);
    const struct sim_cover *cover = cover_find(simulator, table, name);
    char *text = sim_duplicate(cover && cover->count ? cover->changes[0].text : NULL);
    pthread_mutex_unlock(&simulator->lock);
    return text;
}

/* Where it is told that a table or a function is gone; under the lock. */
static bool *gone_find(struct simulator *simulator, const char *name, bool function)
{
    struct sim_function *f = function ? *function_find(simulator, name) : NULL;
    struct sim_entry *entry = function ? NULL : *entry_find(simulator, name);
    return f ? &f->gone : entry ? &entry->gone : NULL;
}

bool sim_content_gone(struct simulator *simulator, const char *name, bool function, bool *gone)
{
    pthread_mutex_lock(&simulator->lock);
    const bool *found = gone_find(simulator, name, function);
    *gone = found && *found;
    pthread_mutex_unlock(&simulator->lock);
    return found != NULL;
}

void sim_content_set_gone(struct simulator *simulator, const char *name, bool function, bool gone)
{
    pthread_mutex_lock(&simulator->lock);
    bool *found = gone_find(simulator, name, function);
    if (found)
        *found = gone;
    pthread_mutex_unlock(&simulator->lock);
}

bool sim_function_fails(struct simulator *simulator, const char *name)
{
    pthread_mutex_lock(&simulator->lock);
    const struct sim_function *function = *function_find(simulator, name);
    bool fails = function && function->fails;
    pthread_mutex_unlock(&simulator->lock);
    return fails;
}

void sim_function_set_fails(struct simulator *simulator, const char *name, bool fails)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_function *function = *function_find(simulator, name);
    if (function)
        function->fails = fails;
    pthread_mutex_unlock(&simulator->lock);
}

static void entry_free(struct sim_entry *entry)
{
    for (struct sim_cover *cover = entry->covers, *next; cover; cover = next) {
        next = cover->next;
        cover_free(cover);
    }
    sim_table_drop(entry->base);
    sim_table_drop(entry->table);
    free(entry);
}

void simulator_remove(struct simulator *simulator, const char *name)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_entry **entry = entry_find(simulator, name);
    struct sim_function **function = function_find(simulator, name);
    if (*entry) {
        struct sim_entry *gone = *entry;
        *entry = gone->next;
        entry_free(gone);
    } else if (*function) {
        struct sim_function *gone = *function;
        *function = gone->next;
        function_clear(gone);
        free(gone);
    } else if (!sim_method_remove(simulator, name)) {
        sim_die("nothing is called %s", name);
    }
    pthread_mutex_unlock(&simulator->lock);
}

void sim_content_free(struct simulator *simulator)
{
    for (struct sim_entry *e = simulator->tables, *next; e; e = next) {
        next = e->next;
        entry_free(e);
    }
    for (struct sim_function *f = simulator->functions, *next; f; f = next) {
        next = f->next;
        function_clear(f);
        free(f);
    }
}

/* ---- the demonstration's set
 * ------------------------------------------------------------------------------------ */

static const struct simulator_column part_columns[] = {
    {"Part_Company", "\"{company}\""},
    {"Part_PartNum", "\"P-{n}\""},
    {"Part_PartDescription", "\"{Bracket|Bolt M8|Housing|Valve|Gasket 3/4|Shaft}\""},
    {"Part_ClassID", "\"{RAW|FG|PUR}\""},
    {"PartWhse_OnHandQty", "{n%700}.50"},
    {"Part_InActive", "false"},
    {"Part_ChangedOn", "\"2023-10-06T00:00:00\""},
    {"Part_ProdCode", "null"},
    {NULL, NULL},
};

/* With a parameter, whose value every row shows. */
static const struct simulator_column plant_columns[] = {
    {"OrderHed_OrderNum", "{n}"},
    {"OrderHed_Plant", "{?CurrentPlant}"},
    {"OrderHed_OrderAmt", "{n%50}.75"},
    {NULL, NULL},
};

/* For values out of rows: numbers in every way in which they come (facts §6), padded labels, integers that no double holds.
   {n} runs through all rows, so no two sums are alike. */
static const struct simulator_column value_columns[] = {
    {"Calculated_Warehouse", "\"{MAIN|NORTH|SOUTH|TRANSIT}    \""},
    {"Calculated_Account", "90071992547409{n%13}3"},
    {"Calculated_Description", "\"{Bracket, plain|Bolt M8 \\\"A\\\"|Housing|Ventil für Öl}\""},
    {"Calculated_Amount", "{-|}{n}.{n%9973}7"},
    {"Calculated_Padded", "\"    {n}.{n%997}{n%13}00000   \""},
    {"Calculated_Mixed",
     "{12.5|null|\"  7.125  \"|-3|\"0.000001\"|true|99999999999999.99|false|\"-1e-7\"|2.5E3|0}"},
    {"Calculated_Open", "{true|false}"},
    {"Calculated_ChangedOn", "\"2023-10-06T00:00:00\""},
    {NULL, NULL},
};

/* Type, used, total (facts §4.6); the figures of LKHE's pool view (§4.4). */
static const struct simulator_column license_columns[] = {
    {"Calculated_Type", "\"{DefaultUser|WebService|DataCollection}\""},
    {"Calculated_Used", "{157|1|12}"},
    {"Calculated_Total", "{160|3|40}"},
    {NULL, NULL},
};

static const struct simulator_column company_columns[] = {
    {"Company", "\"{company}\""},
    {"Name", "\"Epicor Education\""},
    {"City", "\"Minneapolis\""},
    {"State", "\"MN\""},
    {"CurrencyCode", "\"USD\""},
    {"SysRevID", "9007199254740993"},
    {"SysRowID", "\"{guid}\""},
    {"RowMod", "\"\""},
    {NULL, NULL},
};

static const struct simulator_column bo_part_columns[] = {
    {"Company", "\"{company}\""},
    {"PartNum", "\"P-{n}\""},
    {"PartDescription", "\"{Bracket|Bolt M8|Housing|Valve}\""},
    {"UnitPrice", "{n%900}.99"},
    {"InActive", "{false|false|true}"},
    {"CreatedOn", "null"},
    {"SysRowID", "\"{guid}\""},
    {"RowMod", "\"\""},
    {NULL, NULL},
};

void sim_content_start(struct simulator *simulator)
{
    simulator_set_baq(simulator, "zExporterOpenOrders", NULL, 40);
    simulator_set_baq(simulator, "zExporterPartOnHand", part_columns, 250);
    simulator_set_baq(simulator, "zExporterOrdersByPlant", plant_columns, 12);
    simulator_set_baq(simulator, "zExporterValues", value_columns, 1000);
    simulator_set_baq(simulator, "zLicenseUsage", license_columns, 3);
    unsigned baqs = 0;
    for (const struct sim_entry *entry = simulator->tables; entry; entry = entry->next)
        baqs += sim_table_is_baq(entry->table);
    if (baqs != SIMULATOR_BAQS)
        sim_die("SIMULATOR_BAQS is %u", baqs);
    sim_services_start(simulator);
    simulator_set_page(simulator,
                       &(struct simulator_page){.path = "api/help/v2",
                                                .text = "<!DOCTYPE html><html><body>Help</body></html>",
                                                .open = true});
    simulator_set_entity(simulator, "Erp.BO.CompanySvc/Companies", company_columns, 1);
    simulator_set_entity(simulator, "Erp.BO.PartSvc/Parts", bo_part_columns, 250);
    simulator_set_function(simulator, &(struct simulator_function){
                                          .name = "MonitorLib/Ping",
                                          .answer = "{\"Success\":true,\"Message\":\"pong\","
                                                    "\"ServerTime\":\"{now}\"}",
                                      });
    simulator_set_function(simulator, &(struct simulator_function){
                                          .name = "MonitorLib/QueueDepth",
                                          .answer = "{\"Depth\":{n%17}}",
                                      });
}
