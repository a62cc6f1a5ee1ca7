/* The checks of a query at load. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/date.h"
#include "probe/query.h"

struct check {
    const struct probe_settings *probe;
    struct fault_list *faults;
};

static void paging_check(const struct check *check, const struct query_settings *settings)
{
    const struct probe_settings *probe = check->probe;
    bool all = settings->rows == QUERY_ALL;
    const struct {
        const char *key;
        bool set, needs_all;
    } keys[] = {{"top", settings->top.set, false},
                {"skip", settings->skip.set, false},
                {"page_size", settings->page_size.set, true},
                {"fetch_limit", settings->fetch_limit.set, true}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].set && !keys[i].needs_all && all)
            fault_add(check->faults, probe_key_place(probe, keys[i].key),
                      "[probe %s] %s: not with rows = all, which sets it page by page; see page_size and "
                      "fetch_limit",
                      probe->name, keys[i].key);
        if (keys[i].needs_all && !all && probe_writes(probe, keys[i].key))
            warning_add(check->faults, probe_key_place(probe, keys[i].key),
                        "[probe %s] %s: without effect, because rows = %s", probe->name, keys[i].key,
                        query_rows_names[settings->rows]);
    }
    if (all && settings->orderby == NULL)
        warning_add(
            check->faults, probe_key_place(probe, "rows"),
            "[probe %s] rows = all: without orderby the server may hand out a row twice and another never",
            probe->name);
    double limit = settings->fetch_limit.set ? settings->fetch_limit.value : QUERY_FETCH_LIMIT;
    if (all && settings->bounds.rows_min.set && settings->bounds.rows_min.value > limit)
        fault_add(check->faults, probe_key_place(probe, "rows_min"),
                  "[probe %s] rows_min = %.0f: never reached, fetch_limit is %.0f", probe->name,
                  settings->bounds.rows_min.value, limit);
}

static void text_check(const struct check *check, const char *key, const char *name, const char *text,
                       struct place place)
{
    char *wrong = text == NULL ? NULL : date_check(text);
    if (wrong != NULL)
        fault_add(check->faults, place, "[probe %s] %s%s: %s", check->probe->name, key, name, wrong);
    free(wrong);
}

static void params_check(const struct check *check, const struct pair_list *params)
{
    for (size_t i = 0; i < params->count; i++) {
        const struct pair *param = &params->items[i];
        text_check(check, "param.", param->name, param->value, param->place);
        if (param->name[0] == '$')
            fault_add(check->faults, param->place,
                      "[probe %s] param.%s: OData options have keys of their own: select, filter, orderby, "
                      "expand, top, "
                      "skip, rows",
                      check->probe->name, param->name);
    }
}

/* Whether the list of $select names the column; what is no plain list of names may. */
static bool may_select(const char *select, const char *column)
{
    struct span rest = span_of(select), item;
    while (span_next_item(&rest, &item)) {
        if (span_is(item, column) || span_is(item, "*") || memchr(item.data, '/', item.size) != NULL)
            return true;
    }
    return select[0] == '\0';
}

static void values_check(const struct check *check, const struct query_settings *settings)
{
    const struct value_set *set = settings->values.set;
    const struct probe_settings *probe = check->probe;
    if (set->count > 0 && settings->rows == QUERY_COUNT)
        warning_add(check->faults, probe_key_place(probe, "rows"),
                    "[probe %s] rows = count: values are read from the rows that come along, which are fewer "
                    "than are "
                    "counted; rows = all reads every row",
                    probe->name);
    for (size_t i = 0; settings->select != NULL && i < set->column_count; i++) {
        if (!may_select(settings->select, set->columns[i]))
            fault_add(check->faults, probe_key_place(probe, "select"),
                      "[probe %s] select: it leaves out %s, which a value.NAME reads", probe->name,
                      set->columns[i]);
    }
}

void query_check(const struct probe_settings *probe, const struct query_settings *settings,
                 enum query_shape shape, struct fault_list *faults)
{
    struct check check = {probe, faults};
    bounds_check_whole(probe, "top", settings->top, 0, faults);
    bounds_check_whole(probe, "skip", settings->skip, 0, faults);
    bounds_check_whole(probe, "page_size", settings->page_size, 1, faults);
    bounds_check_whole(probe, "fetch_limit", settings->fetch_limit, 1, faults);
    bounds_check(probe, &settings->bounds, faults);
    if (shape == QUERY_RECORD && settings->rows != QUERY_PAGE)
        fault_add(faults, probe_key_place(probe, "rows"),
                  "[probe %s] rows = %s: entity names one record, which has no pages", probe->name,
                  query_rows_names[settings->rows]);
    paging_check(&check, settings);
    params_check(&check, &settings->param);
    values_check(&check, settings);
    text_check(&check, "filter", "", settings->filter, probe_key_place(probe, "filter"));
}

void segment_check(const struct probe_settings *probe, const char *key, const char *value,
                   struct fault_list *faults)
{
    if (value == NULL) /* missing, which has been told */
        return;
    bool control = false;
    for (const char *c = value; *c != '\0'; c++)
        control = control || (unsigned char)*c < 0x20;
    if (control || strpbrk(value, "/\\?#") != NULL || strspn(value, ".") == strlen(value))
        fault_add(faults, probe_key_place(probe, key),
                  "[probe %s] %s = %s: wants a plain name, without / \\ ? #", probe->name, key,
                  probe_key_shown(probe, key));
}
