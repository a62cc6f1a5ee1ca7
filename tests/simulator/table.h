/* Rows of BAQs and entity sets: columns whose values are templates, made when they are read. */
#ifndef SIMULATOR_TABLE_H
#define SIMULATOR_TABLE_H

#include "simulator/simulator.h"
#include "simulator/text.h"

struct sim_table;

/* Immutable but for its number of rows, and counted: made with one reference. */
struct sim_table *sim_table_make(const char *name, const struct simulator_column *columns, uint64_t rows,
                                 bool baq);
struct sim_table *sim_table_take(struct sim_table *table);
void sim_table_drop(struct sim_table *table);
const char *sim_table_name(const struct sim_table *table);
/* Under the server's lock. */
uint64_t sim_table_rows(const struct sim_table *table);
void sim_table_set_rows(struct sim_table *table, uint64_t rows);

/* A new table with one column added (text: its value), removed, of another type (text), of another value (text) or moved to
 * the end. */
struct sim_table_change {
    enum { SIM_CHANGE_ADD, SIM_CHANGE_REMOVE, SIM_CHANGE_TYPE, SIM_CHANGE_VALUE, SIM_CHANGE_LAST } what;
    const char *column, *text;
};
/* Whether the column is there, or is not where one is added. */
bool sim_table_changeable(const struct sim_table *table, const struct sim_table_change *change);
struct sim_table *sim_table_change(const struct sim_table *table, const struct sim_table_change *change);

size_t sim_table_columns(const struct sim_table *table);
const char *sim_table_column(const struct sim_table *table, size_t i);
/* "Edm.String" ...; old: of OData 3. */
const char *sim_table_type(const struct sim_table *table, size_t i, bool old);
bool sim_table_is_baq(const struct sim_table *table);
/* The name of a parameter that the rows want and the query string lacks; NULL: none. */
const char *sim_table_wants(const struct sim_table *table, const char *query);
/* A GUID that depends on the row only: 32 bits of `first`, the middle with its hyphens, 48 bits of `last`. */
void sim_guid_of_row(struct sim_text *out, uint64_t first, const char *middle, uint64_t last);

/* What a request asks of a table; texts as decoded from the query, NULL when absent. */
struct sim_query {
    const char *select, *filter, *orderby;
    uint64_t skip, top; /* top: UINT64_MAX when absent */
    const char *company;
    const char *raw; /* the query string as sent, for {?NAME}; NULL: none */
    int64_t now;     /* the server's, for {@N} */
    uint64_t rows;   /* of the table, as of now */
    bool decimals_as_strings, integers_as_strings, pad_characters, bare_dates;
};

struct sim_rows;

/* NULL and *fault (allocated) when a column is unknown. The rows hold a reference to the table. */
struct sim_rows *sim_rows_start(struct sim_table *table, const struct sim_query *query, char **fault);
void sim_rows_free(struct sim_rows *rows);
/* Appends the next row as a JSON object; false when there is none left. */
bool sim_rows_next(struct sim_rows *rows, struct sim_text *out);
void sim_rows_rewind(struct sim_rows *rows);
/* The i-th column that a row has; NULL past the end. RowIdent is none of them. */
const char *sim_rows_column(const struct sim_rows *rows, size_t i);
/* Rows that pass the filter, whatever $top and $skip say. */
uint64_t sim_rows_count(struct sim_rows *rows);

#endif
