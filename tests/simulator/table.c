#include "simulator/table.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ORDERED_ROWS_MAX 20000 /* a larger table keeps its own order */

struct piece {
    enum { PIECE_BYTES, PIECE_NUMBER, PIECE_COMPANY, PIECE_GUID, PIECE_CHOICE } kind;
    char *bytes; /* a choice: its alternatives with NUL between them */
    size_t size;
    uint64_t number; /* modulus, 0 none; or number of alternatives */
};

struct column {
    char *name;
    struct piece *pieces;
    size_t pieces_count;
};

struct sim_table {
    atomic_uint references;
    char *name;
    struct column *columns;
    size_t columns_count;
    uint64_t rows;
    bool baq;
};

/* Facts §6: columns {Table}_{Field}, Calculated_{Name}, explicit null; RowIdent comes with every row. */
static const struct simulator_column usual_columns[] = {
    {"OrderHed_OrderNum", "{n}"},
    {"Customer_Name", "\"{Addison|Dalton|Müller & Söhne|O'Neill|Smith \\\"Bob\\\"}\""},
    {"OrderHed_TotalCharges", "{n%9000}.25"},
    {"OrderHed_NeedByDate", "\"2023-10-06T00:00:00\""},
    {"OrderHed_OpenOrder", "{true|false|true}"},
    {"OrderHed_ShipViaCode", "null"},
    {NULL, NULL},
};

static void piece_parse_slot(struct piece *piece, const char *slot, size_t size)
{
    if (memchr(slot, '|', size)) {
        piece->kind = PIECE_CHOICE;
        piece->bytes = sim_duplicate_n(slot, size);
        piece->size = size;
        piece->number = 1;
        for (char *c = piece->bytes; *c; c++) {
            if (*c == '|') {
                *c = '\0';
                piece->number++;
            }
            if (c + 1 == piece->bytes + size)
                break;
        }
    } else if (size == 1 && *slot == 'n') {
        piece->kind = PIECE_NUMBER;
    } else if (size > 2 && memcmp(slot, "n%", 2) == 0) {
        piece->kind = PIECE_NUMBER;
        piece->number = strtoull(slot + 2, NULL, 10);
    } else if (size == 7 && memcmp(slot, "company", 7) == 0) {
        piece->kind = PIECE_COMPANY;
    } else if (size == 4 && memcmp(slot, "guid", 4) == 0) {
        piece->kind = PIECE_GUID;
    } else {
        sim_die("unknown slot {%.*s} of a column", (int)size, slot);
    }
}

static void column_parse(struct column *column, const struct simulator_column *from)
{
    column->name = sim_duplicate(from->name);
    for (const char *at = from->value; *at;) {
        column->pieces = sim_reallocate(column->pieces, (column->pieces_count + 1) * sizeof *column->pieces);
        struct piece *piece = &column->pieces[column->pieces_count++];
        *piece = (struct piece){.kind = PIECE_BYTES};
        const char *end;
        if (*at == '{') {
            end = strchr(at, '}');
            if (!end)
                sim_die("unclosed slot in column %s", from->name);
            piece_parse_slot(piece, at + 1, (size_t)(end - at - 1));
            end++;
        } else {
            end = at + strcspn(at, "{");
            piece->size = (size_t)(end - at);
            piece->bytes = sim_duplicate_n(at, piece->size);
        }
        at = end;
    }
}

struct sim_table *sim_table_make(const char *name, const struct simulator_column *columns, uint64_t rows,
                                 bool baq)
{
    struct sim_table *table = sim_allocate(sizeof *table);
    atomic_init(&table->references, 1);
    table->name = sim_duplicate(name);
    table->rows = rows;
    table->baq = baq;
    if (!columns)
        columns = usual_columns;
    while (columns[table->columns_count].name)
        table->columns_count++;
    table->columns = sim_allocate(table->columns_count * sizeof *table->columns);
    for (size_t i = 0; i < table->columns_count; i++)
        column_parse(&table->columns[i], &columns[i]);
    return table;
}

struct sim_table *sim_table_take(struct sim_table *table)
{
    atomic_fetch_add(&table->references, 1);
    return table;
}

void sim_table_drop(struct sim_table *table)
{
    if (!table || atomic_fetch_sub(&table->references, 1) != 1)
        return;
    for (size_t i = 0; i < table->columns_count; i++) {
        for (size_t j = 0; j < table->columns[i].pieces_count; j++)
            free(table->columns[i].pieces[j].bytes);
        free(table->columns[i].pieces);
        free(table->columns[i].name);
    }
    free(table->columns);
    free(table->name);
    free(table);
}

const char *sim_table_name(const struct sim_table *table)
{
    return table->name;
}

uint64_t sim_table_rows(const struct sim_table *table)
{
    return table->rows;
}

void sim_table_set_rows(struct sim_table *table, uint64_t rows)
{
    table->rows = rows;
}

/* ---- values
 * ---------------------------------------------------------------------------------------------------- */

/* A GUID that depends on the row only: 32 bits of `first`, the middle with its hyphens, 48 bits of `last`. */
static void guid_add(struct sim_text *out, uint64_t first, const char *middle, uint64_t last)
{
    static const char digits[] = "0123456789abcdef";
    char head[8], tail[12];
    for (size_t i = sizeof head; i-- > 0; first >>= 4)
        head[i] = digits[first & 15];
    for (size_t i = sizeof tail; i-- > 0; last >>= 4)
        tail[i] = digits[last & 15];
    sim_text_add(out, head, sizeof head);
    sim_text_add_string(out, middle);
    sim_text_add(out, tail, sizeof tail);
}

static void row_ident_add(struct sim_text *out, uint64_t n, bool first)
{
    sim_text_add_string(out, first ? "\"RowIdent\":\"" : ",\"RowIdent\":\"");
    guid_add(out, n * UINT64_C(2246822519), "-0000-4000-8000-", n);
    sim_text_add(out, "\"", 1);
}

static void piece_render(const struct piece *piece, uint64_t n, const char *company, struct sim_text *out)
{
    switch (piece->kind) {
    case PIECE_BYTES:
        sim_text_add(out, piece->bytes, piece->size);
        break;
    case PIECE_NUMBER:
        sim_text_add_number(out, piece->number ? n % piece->number : n);
        break;
    case PIECE_COMPANY:
        sim_text_add_string(out, company);
        break;
    case PIECE_GUID:
        guid_add(out, n * UINT64_C(2654435761), "-5a1e-4c0d-9b7a-", n);
        break;
    case PIECE_CHOICE: {
        const char *choice = piece->bytes;
        for (uint64_t i = (n - 1) % piece->number; i; i--)
            choice += strlen(choice) + 1;
        sim_text_add_string(out, choice);
        break;
    }
    }
}

static void column_render(const struct column *column, uint64_t n, const char *company, struct sim_text *out)
{
    for (size_t i = 0; i < column->pieces_count; i++)
        piece_render(&column->pieces[i], n, company, out);
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
    } else if (query->pad_characters && value[0] == '"' && !(value[1] >= '0' && value[1] <= '9')) {
        out->size--;
        while (out->size - from < 31)
            sim_text_add(out, " ", 1);
        sim_text_add(out, "\"", 1);
    }
}

/* ---- $filter
 * --------------------------------------------------------------------------------------------------- */

struct term {
    size_t column;
    enum { TERM_EQ, TERM_NE, TERM_GT, TERM_GE, TERM_LT, TERM_LE } relation;
    char *literal;
};

struct sim_rows {
    struct sim_table *table;
    struct sim_query query;
    char *company;
    size_t *selected;
    size_t selected_count;
    bool all; /* RowIdent only then, or when it is selected */
    struct term *terms;
    size_t terms_count;
    uint64_t *order; /* NULL: as they come */
    uint64_t next, passed, sent;
    struct sim_text scratch;
};

static bool column_find(const struct sim_table *table, const char *name, size_t size, size_t *index)
{
    for (size_t i = 0; i < table->columns_count; i++) {
        if (strlen(table->columns[i].name) == size && memcmp(table->columns[i].name, name, size) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static char *column_unknown(const struct sim_table *table, const char *name, size_t size)
{
    struct sim_text text = {0};
    sim_text_printf(&text, "Could not find a property named '%.*s' on type '%s'.", (int)size, name,
                    table->name);
    return text.data;
}

/* A literal of $filter as the bare text: 'O''Neill', DateTime'2024-01-01', 5, true, null. */
static char *literal_bare(const char *literal, size_t size)
{
    if (size > 9 && strncasecmp(literal, "datetime'", 9) == 0) {
        literal += 8;
        size -= 8;
    }
    char *out = sim_allocate(size + 1), *at = out;
    bool quoted = size >= 2 && literal[0] == '\'' && literal[size - 1] == '\'';
    size_t end = quoted ? size - 1 : size;
    for (size_t i = quoted ? 1 : 0; i < end; i++) {
        *at++ = literal[i];
        if (quoted && literal[i] == '\'' && i + 1 < end && literal[i + 1] == '\'')
            i++;
    }
    *at = '\0';
    return out;
}

/* Terms `Column op literal` joined by `and`. What is not of this form is accepted and has no effect. */
static bool filter_parse(struct sim_rows *rows, const char *filter, char **fault)
{
    static const char operators[6][5] = {" eq ", " ne ", " gt ", " ge ", " lt ", " le "};
    for (const char *at = filter; *at;) {
        size_t size = 0;
        bool quoted = false;
        while (at[size] && (quoted || strncmp(at + size, " and ", 5) != 0)) {
            if (at[size] == '\'')
                quoted = !quoted;
            size++;
        }
        size_t name = strcspn(at, " ()");
        for (size_t i = 0; i < 6; i++) {
            if (name >= size || strncmp(at + name, operators[i], 4) != 0)
                continue;
            struct term term = {.relation = (unsigned)i, .literal = NULL};
            if (!column_find(rows->table, at, name, &term.column)) {
                *fault = column_unknown(rows->table, at, name);
                return false;
            }
            term.literal = literal_bare(at + name + 4, size - name - 4);
            rows->terms = sim_reallocate(rows->terms, (rows->terms_count + 1) * sizeof term);
            rows->terms[rows->terms_count++] = term;
        }
        at += size;
        if (*at)
            at += 5;
    }
    return true;
}

/* A value and a bare literal: as numbers when both are, else byte by byte. */
static int value_compare(const char *value, size_t size, const char *literal)
{
    char *bare = size >= 2 && value[0] == '"' ? sim_duplicate_n(value + 1, size - 2)
                                              : sim_duplicate_n(value, size);
    char *end_of_value, *end_of_literal;
    double a = strtod(bare, &end_of_value), b = strtod(literal, &end_of_literal);
    int result;
    if (*bare && *literal && !*end_of_value && !*end_of_literal)
        result = (a > b) - (a < b);
    else
        result = strcmp(bare, literal);
    free(bare);
    return result;
}

static bool row_passes(struct sim_rows *rows, uint64_t n)
{
    for (size_t i = 0; i < rows->terms_count; i++) {
        const struct term *term = &rows->terms[i];
        rows->scratch.size = 0;
        sim_text_add(&rows->scratch, "", 0);
        column_render(&rows->table->columns[term->column], n, rows->company, &rows->scratch);
        int c = value_compare(rows->scratch.data, rows->scratch.size, term->literal);
        bool passes = term->relation == TERM_EQ   ? c == 0
                      : term->relation == TERM_NE ? c != 0
                      : term->relation == TERM_GT ? c > 0
                      : term->relation == TERM_GE ? c >= 0
                      : term->relation == TERM_LT ? c < 0
                                                  : c <= 0;
        if (!passes)
            return false;
    }
    return true;
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
    const struct column *column = &ordering->rows->table->columns[ordering->column];
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    struct sim_text first = {0}, second = {0};
    column_render(column, a, ordering->rows->company, &first);
    column_render(column, b, ordering->rows->company, &second);
    char *bare = second.size >= 2 && second.data[0] == '"' ? sim_duplicate_n(second.data + 1, second.size - 2)
                                                           : sim_duplicate(second.data);
    int result = value_compare(first.data, first.size, bare);
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
    if (!column_find(rows->table, orderby, size, &ordering.column)) {
        *fault = column_unknown(rows->table, orderby, size);
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
        } else if (size && !column_find(rows->table, select, size, &rows->selected[rows->selected_count++])) {
            *fault = column_unknown(rows->table, select, size);
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
    rows->company = sim_duplicate(query->company ? query->company : "");
    if (!select_parse(rows, query->select, fault) ||
        (query->filter && !filter_parse(rows, query->filter, fault)) ||
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
    for (size_t i = 0; i < rows->terms_count; i++)
        free(rows->terms[i].literal);
    free(rows->terms);
    free(rows->order);
    free(rows->selected);
    free(rows->company);
    sim_text_free(&rows->scratch);
    sim_table_drop(rows->table);
    free(rows);
}

void sim_rows_rewind(struct sim_rows *rows)
{
    rows->next = rows->passed = rows->sent = 0;
}

bool sim_rows_next(struct sim_rows *rows, struct sim_text *out)
{
    if (!rows->terms_count && rows->passed < rows->query.skip) {
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
            const struct column *column = &rows->table->columns[rows->selected[i]];
            sim_text_add(out, ",\"", i ? 2 : 0);
            if (!i)
                sim_text_add(out, "\"", 1);
            sim_text_add_string(out, column->name);
            sim_text_add(out, "\":", 2);
            size_t from = out->size;
            column_render(column, n, rows->company, out);
            if (rows->query.decimals_as_strings || rows->query.pad_characters)
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
    if (!rows->terms_count)
        return rows->query.rows;
    uint64_t count = 0;
    for (uint64_t n = 1; n <= rows->query.rows; n++)
        count += row_passes(rows, n);
    return count;
}
