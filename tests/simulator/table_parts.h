/* The inside of a table, shared by table.c (what it is), filter.c and select.c (what is read from it). */
#ifndef SIMULATOR_TABLE_PARTS_H
#define SIMULATOR_TABLE_PARTS_H

#include "simulator/table.h"

#include <stdatomic.h>

struct sim_piece {
    enum {
        SIM_PIECE_BYTES,
        SIM_PIECE_NUMBER,
        SIM_PIECE_COMPANY,
        SIM_PIECE_GUID,
        SIM_PIECE_CHOICE,
        SIM_PIECE_TIME,
        SIM_PIECE_PARAMETER
    } kind;
    char *bytes; /* a choice: its alternatives with NUL between them; a parameter's name */
    size_t size;
    uint64_t number; /* modulus, 0 none; or number of alternatives */
    bool
        others; /* of a choice: the first alternative is that of the `first` first rows, the rest that of the others */
    uint64_t first;
};

struct sim_column {
    char *name, *value; /* as given */
    char *type;         /* of the metadata; NULL: as the value looks */
    struct sim_piece *pieces;
    size_t pieces_count;
};

struct sim_table {
    atomic_uint references;
    char *name;
    struct sim_column *columns;
    size_t columns_count;
    uint64_t rows;
    bool baq;
};

/* The value of row n as JSON, from 1. */
void sim_column_render(const struct sim_column *column, uint64_t n, const struct sim_query *query,
                       struct sim_text *out);
bool sim_column_find(const struct sim_table *table, const char *name, size_t size, size_t *index);
/* What is said of an unknown one; allocated. */
char *sim_column_unknown(const struct sim_table *table, const char *name, size_t size);
/* A value and a bare literal: as numbers when both are, else byte by byte. */
int sim_value_compare(const char *value, size_t size, const char *literal);

/* ---- filter.c */
struct sim_filter;
/* NULL and *fault (allocated): an unknown column, or a syntax that is none. */
struct sim_filter *sim_filter_parse(const struct sim_table *table, const char *text, char **fault);
void sim_filter_free(struct sim_filter *filter);
bool sim_filter_passes(const struct sim_filter *filter, const struct sim_table *table, uint64_t n,
                       const struct sim_query *query);

#endif
