/* Changes of what the server has and tells: rows, columns, functions, methods, and what its own services tell of it. */
#include "simulator/call.h"
#include "simulator/change.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MANY 1000000

#define SESSION_LIST "Ice.BO.AdminSessionSvc/List"
#define KEYS         "Ice.BO.APIKeySvc/APIKeys"
#define TASKS        "Ice.BO.SysTaskSvc/SysTasks"
#define SCHEDULES    "Ice.BO.SysAgentSvc/SysAgentScheds"
#define MODULE       "Ice.LIB.SessionModSvc/"
#define HEALTH       "Ice.BO.HealthCheckSvc/"

/* ---- rows and columns */

static char *rows_read(struct simulator *simulator, const struct sim_change *change)
{
    uint64_t rows;
    struct sim_text text = {0};
    if (!sim_content_rows(simulator, change->key, &rows))
        return NULL;
    sim_text_printf(&text, "%" PRIu64, rows);
    return text.data;
}

static void rows_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    if (text)
        simulator_set_rows(simulator, change->key, strtoull(text, NULL, 10));
    else
        simulator_remove(simulator, change->key); /* it was made by the change */
}

/* BAQ=COLUMN; allocated. */
static char *column_cut(const struct sim_change *change, const char **column)
{
    size_t size = strcspn(change->key, "=");
    *column = change->key[size] ? change->key + size + 1 : "";
    return sim_duplicate_n(change->key, size);
}

static const char *column_check(struct simulator *simulator, const struct sim_change *change, bool wanted)
{
    const char *column, *wrong = NULL;
    char *name = column_cut(change, &column);
    struct sim_table *table = simulator ? sim_table_find(simulator, name) : NULL;
    struct sim_table_change removal = {SIM_CHANGE_REMOVE, column, NULL};
    if (!*name || !*column)
        wrong = "BAQ=COLUMN is wanted";
    else if (simulator && !table)
        wrong = "no BAQ has this name";
    else if (table && sim_table_changeable(table, &removal) != wanted)
        wrong = wanted ? "the BAQ has no such column" : "the BAQ has this column";
    sim_table_drop(table);
    free(name);
    return wrong;
}

static const char *gone_column_check(struct simulator *simulator, const struct sim_change *change)
{
    return column_check(simulator, change, true);
}

static const char *new_column_check(struct simulator *simulator, const struct sim_change *change)
{
    return column_check(simulator, change, false);
}

/* A cover of the change's own name and key; before it there was none. */
static char *cover_read(struct simulator *simulator, const struct sim_change *change)
{
    (void)simulator;
    (void)change;
    return NULL;
}

static void column_cover(struct simulator *simulator, const struct sim_change *change, bool put,
                         struct sim_table_change what)
{
    struct sim_text name = {0};
    char *table = column_cut(change, &what.column);
    sim_text_printf(&name, "%s=%s", change->row->name, what.column);
    sim_cover_set(simulator, table, name.data, &what, put ? 1 : 0, 0);
    sim_text_free(&name);
    free(table);
}

static void gone_column_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    column_cover(simulator, change, text != NULL, (struct sim_table_change){.what = SIM_CHANGE_REMOVE});
}

static void new_column_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    column_cover(simulator, change, text != NULL,
                 (struct sim_table_change){.what = SIM_CHANGE_ADD, .text = "\"{new|newer}\""});
}

/* ---- what is gone, what fails */

/* BaqSvc/NAME or efx/LIB/FN: the name within, NULL: neither. */
static const char *gone_name(const char *key, bool *function)
{
    *function = strncmp(key, "efx/", 4) == 0;
    return *function ? key + 4 : strncmp(key, "BaqSvc/", 7) == 0 ? key + 7 : NULL;
}

static const char *gone_check(struct simulator *simulator, const struct sim_change *change)
{
    bool function, gone;
    const char *name = gone_name(change->key, &function);
    if (!name)
        return "BaqSvc/NAME or efx/LIB/FN is wanted";
    if (simulator && !sim_content_gone(simulator, name, function, &gone))
        return "there is nothing of this name";
    return NULL;
}

static char *gone_read(struct simulator *simulator, const struct sim_change *change)
{
    bool function, gone;
    const char *name = gone_name(change->key, &function);
    sim_content_gone(simulator, name, function, &gone);
    return gone ? sim_duplicate("yes") : NULL;
}

static void gone_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    bool function;
    const char *name = gone_name(change->key, &function);
    sim_content_set_gone(simulator, name, function, text != NULL);
}

static const char *function_check(struct simulator *simulator, const struct sim_change *change)
{
    bool gone;
    return simulator && !sim_content_gone(simulator, change->key, true, &gone) ? "no function has this name"
                                                                               : NULL;
}

static char *function_read(struct simulator *simulator, const struct sim_change *change)
{
    return sim_function_fails(simulator, change->key) ? sim_duplicate("yes") : NULL;
}

static void function_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    sim_function_set_fails(simulator, change->key, text != NULL);
}

static const char *fail_check(struct simulator *simulator, const struct sim_change *change)
{
    return simulator && !sim_method_known(simulator, change->key) ? "no method has this name" : NULL;
}

/* "500 Message". */
static char *fail_read(struct simulator *simulator, const struct sim_change *change)
{
    struct sim_text text = {0};
    char *message = NULL;
    int status = sim_method_failure(simulator, change->key, &message);
    if (status)
        sim_text_printf(&text, "%d%s%s", status, message ? " " : "", message ? message : "");
    free(message);
    return text.data;
}

static void fail_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    char *message = NULL;
    if (!text) {
        simulator_mend_method(simulator, change->key);
        return;
    }
    int status = (int)strtol(text, &message, 10);
    simulator_fail_method(simulator, change->key, status, *message ? message + 1 : NULL);
}

/* ---- methods that tell of the server: what they answer is the text */

static char *version_make(struct simulator *simulator, const struct sim_change *change)
{
    struct sim_text text = {0};
    (void)simulator;
    sim_text_add_json(&text, change->value);
    return text.data;
}

static char *version_read(struct simulator *simulator, const struct sim_change *change)
{
    (void)change;
    return sim_method_text(simulator, MODULE "GetPatchLevel", false);
}

static void version_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    (void)change;
    sim_method_set_text(simulator, MODULE "GetPatchLevel", false, text);
    sim_method_set_text(simulator, MODULE "GetPatchLevelApp", false, text);
}

static char *pilot_make(struct simulator *simulator, const struct sim_change *change)
{
    (void)simulator;
    (void)change;
    return sim_current_values(false);
}

static char *pilot_read(struct simulator *simulator, const struct sim_change *change)
{
    (void)change;
    return sim_method_text(simulator, MODULE "GetCurrentValuesFromServer", true);
}

static void pilot_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    (void)change;
    sim_method_set_text(simulator, MODULE "GetCurrentValuesFromServer", true, text);
}

static char *database_read(struct simulator *simulator, const struct sim_change *change)
{
    (void)change;
    return sim_method_text(simulator, HEALTH "DatabaseAlive", false);
}

static void database_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    (void)change;
    sim_method_set_text(simulator, HEALTH "DatabaseAlive", false, text);
}

static void moment_add(struct sim_text *text, time_t at)
{
    struct tm tm;
    char moment[32];
    gmtime_r(&at, &tm);
    strftime(moment, sizeof moment, "%Y-%m-%dT%H:%M:%SZ", &tm);
    sim_text_add_string(text, moment);
}

static time_t now_of(struct simulator *simulator)
{
    return time(NULL) + simulator_behaviour(simulator).clock_offset;
}

/* Since a day: older than any cutoff that people take. */
static char *waiting_make(struct simulator *simulator, const struct sim_change *change)
{
    struct sim_text text = {0};
    sim_text_printf(&text, "{\"count\":%s,\"earliest\":\"", change->value);
    moment_add(&text, now_of(simulator) - 86400);
    sim_text_add_string(&text, "\"}");
    return text.data;
}

static char *waiting_read(struct simulator *simulator, const struct sim_change *change)
{
    (void)change;
    return sim_method_text(simulator, HEALTH "CountImmediateSched", true);
}

static void waiting_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    (void)change;
    sim_method_set_text(simulator, HEALTH "CountImmediateSched", true, text);
}

/* ---- rows of the server's own services: N rows before the usual ones, which then are not what the N are. The text is the
 * number. */

struct counted {
    const char *table;
    struct {
        const char *column, *before, *after; /* the number stands between them */
    } values[4];
};

static const struct counted counted_sessions = {
    SESSION_LIST, {{"Expired", "{<", "|true|false}"}, {"InUse", "{<", "|false|true|true|false}"}}};

static const struct counted counted_tasks = {
    TASKS,
    {{"TaskStatus", "\"{<", "|Error|Active|Complete|Complete|Complete}\""},
     {"StartedOn", "{<", "|@-900|@-600|@-60|@-7200|@-900}"},
     {"EndedOn", "{<", "|@-300|null|@-30|@-7000|@-800}"},
     {"ErrorMsg", "\"{<", "|It broke.||||}\""}}};

static const struct counted counted_schedules = {
    SCHEDULES,
    {{"NextRunOn", "{<", "|@-7200|@3600|@120|@-86400}"}, {"Enabled", "{<", "|true|true|true|false}"}}};

static void counted_write(struct simulator *simulator, const struct sim_change *change,
                          const struct counted *counted, const char *text)
{
    struct sim_table_change changes[4] = {{0}};
    struct sim_text values[4] = {{0}};
    size_t count = 0;
    while (text && count < 4 && counted->values[count].column) {
        sim_text_printf(&values[count], "%s%s%s", counted->values[count].before, text,
                        counted->values[count].after);
        changes[count] = (struct sim_table_change){SIM_CHANGE_VALUE, counted->values[count].column,
                                                   values[count].data};
        count++;
    }
    sim_cover_set(simulator, counted->table, change->row->name, changes, count,
                  text ? strtoull(text, NULL, 10) : 0);
    for (size_t i = 0; i < count; i++)
        sim_text_free(&values[i]);
}

static char *counted_read(struct simulator *simulator, const struct sim_change *change,
                          const struct counted *counted)
{
    uint64_t more;
    struct sim_text text = {0};
    if (!sim_cover_find(simulator, counted->table, change->row->name, &more))
        return NULL;
    sim_text_printf(&text, "%" PRIu64, more);
    return text.data;
}

static char *sessions_read(struct simulator *simulator, const struct sim_change *change)
{
    return counted_read(simulator, change, &counted_sessions);
}

static void sessions_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    counted_write(simulator, change, &counted_sessions, text);
}

static char *tasks_read(struct simulator *simulator, const struct sim_change *change)
{
    return counted_read(simulator, change, &counted_tasks);
}

static void tasks_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    counted_write(simulator, change, &counted_tasks, text);
}

static char *schedules_read(struct simulator *simulator, const struct sim_change *change)
{
    return counted_read(simulator, change, &counted_schedules);
}

static void schedules_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    counted_write(simulator, change, &counted_schedules, text);
}

/* The text is the value of the column, a fixed moment. */
static char *key_days_make(struct simulator *simulator, const struct sim_change *change)
{
    struct sim_text text = {0};
    sim_text_add_string(&text, "\"");
    moment_add(&text, now_of(simulator) + (time_t)strtoll(change->value, NULL, 10) * 86400);
    sim_text_add_string(&text, "\"");
    return text.data;
}

static char *key_days_read(struct simulator *simulator, const struct sim_change *change)
{
    (void)change;
    return sim_cover_text(simulator, KEYS, change->row->name);
}

static void key_days_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    struct sim_table_change value = {SIM_CHANGE_VALUE, "ExpiresOn", text};
    sim_cover_set(simulator, KEYS, change->row->name, &value, text ? 1 : 0, 0);
}

const struct sim_change_row sim_content_changes[] = {
    {.name = "rows",
     .form = "BAQ=N",
     .help = "rows of a BAQ, which is made where it is not known, or of an entity set",
     .kind = SIM_CHANGE_OF_PAIR,
     .max = INT64_MAX,
     .read = rows_read,
     .write = rows_write},
    {.name = "gone",
     .form = "RESOURCE",
     .help = "BaqSvc/NAME or efx/LIB/FN is not found, as if deleted or unpublished",
     .kind = SIM_CHANGE_OF_KEY,
     .check = gone_check,
     .read = gone_read,
     .write = gone_write},
    {.name = "column-gone",
     .form = "BAQ=COLUMN",
     .help = "the BAQ has not this column",
     .kind = SIM_CHANGE_OF_KEY,
     .check = gone_column_check,
     .read = cover_read,
     .write = gone_column_write},
    {.name = "column-new",
     .form = "BAQ=COLUMN",
     .help = "the BAQ has one column more",
     .kind = SIM_CHANGE_OF_KEY,
     .check = new_column_check,
     .read = cover_read,
     .write = new_column_write},
    {.name = "function-fails",
     .form = "LIB/FN",
     .help = "it answers 200, and its Success is false",
     .kind = SIM_CHANGE_OF_KEY,
     .check = function_check,
     .read = function_read,
     .write = function_write},
    {.name = "fail",
     .form = "METHOD=STATUS",
     .help = "Ice.BO.HealthCheckSvc/ErpAlive=500: the method fails so",
     .kind = SIM_CHANGE_OF_PAIR,
     .min = 200,
     .max = 599,
     .check = fail_check,
     .read = fail_read,
     .write = fail_write},
    {.name = "pilot",
     .help = "isProductionInstance is false",
     .kind = SIM_CHANGE_BARE,
     .make = pilot_make,
     .read = pilot_read,
     .write = pilot_write},
    {.name = "version",
     .form = "TEXT",
     .help = "the patch level; default 11.3.100.7",
     .make = version_make,
     .read = version_read,
     .write = version_write},
    {.name = "database-latency",
     .form = "MS",
     .help = "what the health service tells of its database; default 12",
     .max = 3600000,
     .read = database_read,
     .write = database_write},
    {.name = "tasks-waiting",
     .form = "N",
     .help = "immediate tasks that no task agent takes, since a day; default 2, just now",
     .max = MANY,
     .make = waiting_make,
     .read = waiting_read,
     .write = waiting_write},
    {.name = "tasks-failed",
     .form = "N",
     .help = "so many tasks, and no others, have ended as error within the hour; default 1",
     .max = MANY,
     .read = tasks_read,
     .write = tasks_write},
    {.name = "schedules-overdue",
     .form = "N",
     .help = "so many enabled schedules are two hours late; default 0",
     .max = MANY,
     .read = schedules_read,
     .write = schedules_write},
    {.name = "sessions-expired",
     .form = "N",
     .help = "so many sessions of others, and no more, have expired; default 4 of 20",
     .max = MANY,
     .read = sessions_read,
     .write = sessions_write},
    {.name = "key-days",
     .form = "N",
     .help = "the API keys that APIKeySvc lists expire in N days, negative: did",
     .min = -3000,
     .max = 3000,
     .make = key_days_make,
     .read = key_days_read,
     .write = key_days_write},
    {.name = NULL},
};
