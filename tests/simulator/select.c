/* What a request reads from a table: $filter, $orderby, $select, and the rows themselves. */
#include "simulator/table_parts.h"

#include <stdlib.h>
#include <string.h>

#define ORDERED_ROWS_MAX 20000 /* a larger table keeps its own order */

struct sim_rows {
    struct sim_table *table;
    struct sim_query query;
    char *company, *raw;
    size_t *selected;
    size_t selected_count;
    bool all; /* RowIdent only then, or when it is selected */
    struct sim_filter *filter;
    uint64_t *order; /* NULL: as they come */
    uint64_t next, passed, sent;
};

static void row_ident_add(struct sim_text *out, uint64_t n, bool first)
{
    sim_text_add_string(out, first ? "\"RowIdent\":\"" : ",\"RowIdent\":\"");
    sim_guid_of_row(out, n * UINT64_C(2246822519), "-0000-4000-8000-", n);
    sim_text_add(out, "\"", 1);
}

/* Facts §6, "Value types vary": decimals as strings with eight places, char columns space-padded. */
static void value_disguise(struct sim_text *out, size_t from, const struct sim_query *query)
{
    const char *value = out->data + from, *point = strchr(value, '.');
    if (query->decimals_as_strings && point && (*value == '-' || (*value >= '0' && *value <= '9'))) {
        size_t places = strlen(point + 1);
        char *copy = sim_duplicate(value);
        out->size = from;
        sim_text_printf(out, "\"%s%.*s\"", copy, places < 8 ? (int)(8 - places) : 0, "00000000");
        free(copy);
    } else if (query->integers_as_strings && !point && (*value == '-' || (*value >= '0' && *value <= '9'))) {
        sim_text_add(out, "\"", 1);
        sim_text_add(out, "\"", 1);
        memmove(out->data + from + 1, out->data + from, out->size - from - 2);
        out->data[from] = '"';
    } else if (query->pad_characters && value[0] == '"' && !(value[1] >= '0' && value[1] <= '9')) {
        out->size--;
        while (out->size - from < 31)
            sim_text_add(out, " ", 1);
        sim_text_add(out, "\"", 1);
    }
}

static bool row_passes(const struct sim_rows *rows, uint64_t n)
{
    return !rows->filter || sim_filter_passes(rows->filter, rows->table, n, &rows->query);
}

/* ---- $orderby, $select
 * ----------------------------------------------------------------------------------------- */

struct ordering {
    const struct sim_rows *rows;
    size_t column;
    bool descending;
};

static int order_compare(const void *left, const void *right, void *context)
{
    const struct ordering *ordering = context;
    const struct sim_column *column = &ordering->rows->table->columns[ordering->column];
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    struct sim_text first = {0}, second = {0};
    sim_column_render(column, a, &ordering->rows->query, &first);
    sim_column_render(column, b, &ordering->rows->query, &second);
    char *bare = second.size >= 2 && second.data[0] == '"' ? sim_duplicate_n(second.data + 1, second.size - 2)
                                                           : sim_duplicate(second.data);
    int result = sim_value_compare(first.data, first.size, bare);
    free(bare);
    sim_text_free(&first);
    sim_text_free(&second);
    if (ordering->descending)
        result = -result;
    return result ? result : (a > b) - (a < b);
}

/* The first column of $orderby decides. */
static bool order_make(struct sim_rows *rows, const char *orderby, char **fault)
{
    struct ordering ordering = {.rows = rows};
    size_t size = strcspn(orderby, " ,");
    if (size == 8 && memcmp(orderby, "RowIdent", 8) == 0)
        return true;
    if (!sim_column_find(rows->table, orderby, size, &ordering.column)) {
        *fault = sim_column_unknown(rows->table, orderby, size);
        return false;
    }
    ordering.descending = strncmp(orderby + size, " desc", 5) == 0;
    if (rows->query.rows > ORDERED_ROWS_MAX)
        return true;
    rows->order = sim_allocate((size_t)rows->query.rows * sizeof *rows->order);
    for (uint64_t i = 0; i < rows->query.rows; i++)
        rows->order[i] = i + 1;
    qsort_r(rows->order, (size_t)rows->query.rows, sizeof *rows->order, order_compare, &ordering);
    return true;
}

static bool select_parse(struct sim_rows *rows, const char *select, char **fault)
{
    rows->selected = sim_allocate((rows->table->columns_count + strlen(select ? select : "")) *
                                  sizeof(size_t));
    if (!select || !*select || strcmp(select, "*") == 0) {
        rows->all = true;
        while (rows->selected_count < rows->table->columns_count) {
            rows->selected[rows->selected_count] = rows->selected_count;
            rows->selected_count++;
        }
        return true;
    }
    while (*select) {
        select += strspn(select, ", ");
        size_t size = strcspn(select, ", ");
        if (size == 8 && memcmp(select, "RowIdent", 8) == 0) {
            rows->all = true;
        } else if (size &&
                   !sim_column_find(rows->table, select, size, &rows->selected[rows->selected_count++])) {
            *fault = sim_column_unknown(rows->table, select, size);
            return false;
        }
        select += size;
    }
    return true;
}

/* ---- reading
 * --------------------------------------------------------------------------------------------------- */

struct sim_rows *sim_rows_start(struct sim_table *table, const struct sim_query *query, char **fault)
{
    struct sim_rows *rows = sim_allocate(sizeof *rows);
    rows->table = sim_table_take(table);
    rows->query = *query;
    rows->query.company = rows->company = sim_duplicate(query->company ? query->company : "");
    rows->query.raw = rows->raw = sim_duplicate(query->raw ? query->raw : "");
    bool filtered = query->filter && *query->filter;
    if (filtered)
        rows->filter = sim_filter_parse(table, query->filter, fault);
    if (!select_parse(rows, query->select, fault) || (filtered && !rows->filter) ||
        (query->orderby && *query->orderby && !order_make(rows, query->orderby, fault))) {
        sim_rows_free(rows);
        return NULL;
    }
    return rows;
}

void sim_rows_free(struct sim_rows *rows)
{
    if (!rows)
        return;
    sim_filter_free(rows->filter);
    free(rows->order);
    free(rows->selected);
    free(rows->company);
    free(rows->raw);
    sim_table_drop(rows->table);
    free(rows);
}

void sim_rows_rewind(struct sim_rows *rows)
{
    rows->next = rows->passed = rows->sent = 0;
}

bool sim_rows_next(struct sim_rows *rows, struct sim_text *out)
{
    if (!rows->filter && rows->passed < rows->query.skip) {
        rows->passed = rows->query.skip;
        rows->next = rows->query.skip;
    }
    while (rows->sent < rows->query.top && rows->next < rows->query.rows) {
        uint64_t n = rows->order ? rows->order[rows->next] : rows->next + 1;
        rows->next++;
        if (!row_passes(rows, n) || rows->passed++ < rows->query.skip)
            continue;
        sim_text_add(out, "{", 1);
        for (size_t i = 0; i < rows->selected_count; i++) {
            const struct sim_column *column = &rows->table->columns[rows->selected[i]];
            sim_text_add(out, ",\"", i ? 2 : 0);
            if (!i)
                sim_text_add(out, "\"", 1);
            sim_text_add_string(out, column->name);
            sim_text_add(out, "\":", 2);
            size_t from = out->size;
            sim_column_render(column, n, &rows->query, out);
            if (rows->query.decimals_as_strings || rows->query.integers_as_strings ||
                rows->query.pad_characters)
                value_disguise(out, from, &rows->query);
        }
        if (rows->table->baq && rows->all)
            row_ident_add(out, n, rows->selected_count == 0);
        sim_text_add(out, "}", 1);
        rows->sent++;
        return true;
    }
    return false;
}

uint64_t sim_rows_count(struct sim_rows *rows)
{
    if (!rows->filter)
        return rows->query.rows;
    uint64_t count = 0;
    for (uint64_t n = 1; n <= rows->query.rows; n++)
        count += row_passes(rows, n);
    return count;
}

const char *sim_rows_column(const struct sim_rows *rows, size_t i)
{
    return i < rows->selected_count ? rows->table->columns[rows->selected[i]].name : NULL;
}
