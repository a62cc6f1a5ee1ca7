#include "simulator/call.h"
#include "simulator/table_parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static void piece_parse_slot(struct sim_piece *piece, const char *slot, size_t size)
{
    if (memchr(slot, '|', size)) {
        piece->kind = SIM_PIECE_CHOICE;
        char *rest = NULL;
        if (*slot == '<') {
            piece->first = strtoull(slot + 1, &rest, 10);
            size -= (size_t)(rest + 1 - slot);
            slot = rest + 1;
        }
        piece->bytes = sim_duplicate_n(slot, size);
        piece->size = size;
        piece->others = rest != NULL;
        piece->number = 1;
        for (char *c = piece->bytes; *c; c++) {
            if (*c == '|') {
                *c = '\0';
                piece->number++;
            }
            if (c + 1 == piece->bytes + size)
                break;
        }
    } else if (size && *slot == '@') {
        piece->kind = SIM_PIECE_TIME;
        piece->bytes = sim_duplicate_n(slot, size);
    } else if (size > 1 && *slot == '?') {
        piece->kind = SIM_PIECE_PARAMETER;
        piece->bytes = sim_duplicate_n(slot + 1, size - 1);
    } else if (size == 1 && *slot == 'n') {
        piece->kind = SIM_PIECE_NUMBER;
    } else if (size > 2 && memcmp(slot, "n%", 2) == 0) {
        piece->kind = SIM_PIECE_NUMBER;
        piece->number = strtoull(slot + 2, NULL, 10);
    } else if (size == 7 && memcmp(slot, "company", 7) == 0) {
        piece->kind = SIM_PIECE_COMPANY;
    } else if (size == 4 && memcmp(slot, "guid", 4) == 0) {
        piece->kind = SIM_PIECE_GUID;
    } else {
        sim_die("unknown slot {%.*s} of a column", (int)size, slot);
    }
}

static void column_parse(struct sim_column *column, const struct simulator_column *from)
{
    column->name = sim_duplicate(from->name);
    column->value = sim_duplicate(from->value);
    for (const char *at = from->value; *at;) {
        column->pieces = sim_reallocate(column->pieces, (column->pieces_count + 1) * sizeof *column->pieces);
        struct sim_piece *piece = &column->pieces[column->pieces_count++];
        *piece = (struct sim_piece){.kind = SIM_PIECE_BYTES};
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
        free(table->columns[i].value);
        free(table->columns[i].type);
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

/* ---- changes: a new table with another list of columns
 * ------------------------------------------------------------------ */

bool sim_table_changeable(const struct sim_table *table, const struct sim_table_change *change)
{
    size_t at;
    return sim_column_find(table, change->column, strlen(change->column), &at) !=
           (change->what == SIM_CHANGE_ADD);
}

struct sim_table *sim_table_change(const struct sim_table *table, const struct sim_table_change *change)
{
    size_t count = table->columns_count, at = 0, used = 0;
    struct simulator_column *columns = sim_allocate((count + 2) * sizeof *columns);
    const char **types = sim_allocate((count + 1) * sizeof *types);
    bool found = sim_column_find(table, change->column, strlen(change->column), &at);
    if (found == (change->what == SIM_CHANGE_ADD))
        sim_die("%s %s a column %s", table->name, found ? "has" : "has not", change->column);
    for (size_t i = 0; i < count; i++) {
        if (change->what == SIM_CHANGE_REMOVE && i == at)
            continue;
        bool retyped = change->what == SIM_CHANGE_TYPE && i == at;
        bool revalued = change->what == SIM_CHANGE_VALUE && i == at;
        types[used] = retyped ? change->text : table->columns[i].type;
        columns[used++] = (struct simulator_column){table->columns[i].name,
                                                    revalued ? change->text : table->columns[i].value};
    }
    if (change->what == SIM_CHANGE_ADD)
        columns[used++] = (struct simulator_column){change->column, change->text};
    if (change->what == SIM_CHANGE_LAST) {
        const char *type = types[at];
        struct simulator_column moved = columns[at];
        memmove(columns + at, columns + at + 1, (used - at - 1) * sizeof *columns);
        memmove(types + at, types + at + 1, (used - at - 1) * sizeof *types);
        columns[used - 1] = moved;
        types[used - 1] = type;
    }
    struct sim_table *changed = sim_table_make(table->name, columns, table->rows, table->baq);
    for (size_t i = 0; i < used; i++)
        changed->columns[i].type = sim_duplicate(types[i]);
    free(columns);
    free(types);
    return changed;
}

size_t sim_table_columns(const struct sim_table *table)
{
    return table->columns_count;
}

const char *sim_table_column(const struct sim_table *table, size_t i)
{
    return table->columns[i].name;
}

bool sim_table_is_baq(const struct sim_table *table)
{
    return table->baq;
}

const char *sim_table_wants(const struct sim_table *table, const char *query)
{
    for (size_t i = 0; i < table->columns_count; i++) {
        for (size_t j = 0; j < table->columns[i].pieces_count; j++) {
            const struct sim_piece *piece = &table->columns[i].pieces[j];
            if (piece->kind != SIM_PIECE_PARAMETER)
                continue;
            char *value = sim_query_argument(query, piece->bytes, 0);
            free(value);
            if (!value)
                return piece->bytes;
        }
    }
    return NULL;
}

/* As a value looks, so is its type. */
const char *sim_table_type(const struct sim_table *table, size_t i, bool old)
{
    const struct sim_column *column = &table->columns[i];
    const char *value = column->value;
    if (column->type)
        return column->type;
    if (strstr(value, "{guid}"))
        return "Edm.Guid";
    if (strstr(value, "{@") || (strlen(value) > 20 && value[11] == 'T' && value[5] == '-'))
        return old ? "Edm.DateTime" : "Edm.DateTimeOffset";
    if (*value == '"' || strncmp(value, "null", 4) == 0)
        return "Edm.String";
    if (strstr(value, "true") || strstr(value, "false"))
        return "Edm.Boolean";
    return strchr(value, '.')                    ? "Edm.Decimal"
           : strlen(value) > 12 && *value != '{' ? "Edm.Int64"
                                                 : "Edm.Int32";
}

/* ---- values
 * ---------------------------------------------------------------------------------------------------- */

void sim_guid_of_row(struct sim_text *out, uint64_t first, const char *middle, uint64_t last)
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

/* {@-600}: ten minutes ago, as a JSON string; SysTask's are UTC (facts §6). */
static void time_add(struct sim_text *out, const char *offset, const struct sim_query *query)
{
    time_t time = (time_t)(query->now + strtol(offset, NULL, 10));
    char text[32];
    struct tm tm;
    gmtime_r(&time, &tm);
    strftime(text, sizeof text, query->bare_dates ? "\"%Y-%m-%dT%H:%M:%S\"" : "\"%Y-%m-%dT%H:%M:%SZ\"", &tm);
    sim_text_add_string(out, text);
}

/* As sent, quoted 'x' or not (facts §6). */
static void parameter_add(struct sim_text *out, const char *name, const struct sim_query *query)
{
    char *value = sim_query_argument(query->raw, name, 0);
    size_t size = value ? strlen(value) : 0;
    bool quoted = size >= 2 && value[0] == '\'' && value[size - 1] == '\'';
    if (quoted)
        value[size - 1] = '\0';
    sim_text_add_json(out, value ? value + quoted : "");
    free(value);
}

static void piece_render(const struct sim_piece *piece, uint64_t n, const struct sim_query *query,
                         struct sim_text *out)
{
    switch (piece->kind) {
    case SIM_PIECE_BYTES:
        sim_text_add(out, piece->bytes, piece->size);
        break;
    case SIM_PIECE_NUMBER:
        sim_text_add_number(out, piece->number ? n % piece->number : n);
        break;
    case SIM_PIECE_COMPANY:
        sim_text_add_string(out, query->company);
        break;
    case SIM_PIECE_GUID:
        sim_guid_of_row(out, n * UINT64_C(2654435761), "-5a1e-4c0d-9b7a-", n);
        break;
    case SIM_PIECE_TIME:
        time_add(out, piece->bytes + 1, query);
        break;
    case SIM_PIECE_PARAMETER:
        parameter_add(out, piece->bytes, query);
        break;
    case SIM_PIECE_CHOICE: {
        const char *choice = piece->bytes;
        uint64_t which = !piece->others      ? (n - 1) % piece->number
                         : n <= piece->first ? 0
                                             : 1 + (n - piece->first - 1) % (piece->number - 1);
        for (uint64_t i = which; i; i--)
            choice += strlen(choice) + 1;
        if (*choice == '@')
            time_add(out, choice + 1, query);
        else
            sim_text_add_string(out, choice);
        break;
    }
    }
}

void sim_column_render(const struct sim_column *column, uint64_t n, const struct sim_query *query,
                       struct sim_text *out)
{
    for (size_t i = 0; i < column->pieces_count; i++)
        piece_render(&column->pieces[i], n, query, out);
}

bool sim_column_find(const struct sim_table *table, const char *name, size_t size, size_t *index)
{
    for (size_t i = 0; i < table->columns_count; i++) {
        if (strlen(table->columns[i].name) == size && memcmp(table->columns[i].name, name, size) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

char *sim_column_unknown(const struct sim_table *table, const char *name, size_t size)
{
    struct sim_text text = {0};
    sim_text_printf(&text, "Could not find a property named '%.*s' on type '%s'.", (int)size, name,
                    table->name);
    return text.data;
}
