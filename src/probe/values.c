#include "probe/values.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/iso_time.h"
#include "probe/value_group.h"
#include "probe/verdict.h"

#define KEY_MAX        (FINDING_LABELS_MAX * (VALUE_LABEL_MAX + 1))
#define TEXT_SHOWN_MAX 60 /* bytes of a text that a message repeats */

/* The values that have the same labels: they share their groups. */
struct table {
    size_t labels[FINDING_LABELS_MAX]; /* columns */
    size_t label_count;
    size_t *definitions, *columns; /* of each value: its definition, its column */
    enum value_aggregate *aggregates;
    size_t count;
    struct value_groups *groups;
};

/* The number in a column of the row at hand, read when the first value wants it. */
struct number {
    enum { NUMBER_UNREAD, NUMBER_NULL, NUMBER_READ } state;
    struct decimal decimal;
};

struct values {
    const struct value_set *set;
    const struct zone *zone;
    struct table *tables;
    size_t table_count;
    struct number *numbers; /* by column */
    bool *seen;             /* by column: some row had it, null or not */
    char key[KEY_MAX];      /* of the row at hand */
    size_t key_size;
    uint64_t rows;
    char *fault; /* of the first row that has one; NULL: none */
};

/* ---- birth and death ---- */

static size_t column_index(const struct value_set *set, const char *column)
{
    size_t index = 0;
    while (strcmp(set->columns[index], column) != 0)
        index++;
    return index;
}

static struct table *table_for(struct values *values, const struct value_definition *value)
{
    struct table made = {.label_count = value->label_count};
    for (size_t i = 0; i < value->label_count; i++)
        made.labels[i] = column_index(values->set, value->labels[i].column);
    for (size_t i = 0; i < values->table_count; i++) {
        struct table *table = &values->tables[i];
        if (table->label_count == made.label_count &&
            memcmp(table->labels, made.labels, made.label_count * sizeof *made.labels) == 0)
            return table;
    }
    size_t most = values->set->count;
    made.definitions = memory_new(most, sizeof *made.definitions);
    made.columns = memory_new(most, sizeof *made.columns);
    made.aggregates = memory_new(most, sizeof *made.aggregates);
    values->tables[values->table_count] = made;
    return &values->tables[values->table_count++];
}

struct values *values_new(const struct value_set *set, const struct zone *zone)
{
    struct values *values = memory_new(1, sizeof *values);
    values->set = set;
    values->zone = zone;
    values->tables = memory_new(set->count, sizeof *values->tables);
    values->numbers = memory_new(set->column_count, sizeof *values->numbers);
    values->seen = memory_new(set->column_count, sizeof *values->seen);
    for (size_t i = 0; i < set->count; i++) {
        struct table *table = table_for(values, &set->items[i]);
        table->definitions[table->count] = i;
        table->columns[table->count] = column_index(set, set->items[i].column);
        table->aggregates[table->count++] = set->items[i].aggregate;
    }
    for (size_t i = 0; i < values->table_count; i++) {
        struct table *table = &values->tables[i];
        table->groups = value_groups_new(set->max_series, table->aggregates, table->count);
        if (table->label_count == 0)
            value_groups_at(table->groups, "", 0, false); /* it is there without a row too */
    }
    return values;
}

void values_free(struct values *values)
{
    if (values == NULL)
        return;
    for (size_t i = 0; i < values->table_count; i++) {
        struct table *table = &values->tables[i];
        value_groups_free(table->groups);
        free(table->definitions);
        free(table->columns);
        free(table->aggregates);
    }
    free(values->tables);
    free(values->numbers);
    free(values->seen);
    free(values->fault);
    free(values);
}

/* ---- what is wrong ---- */

static void fail(struct values *values, size_t column, const struct json_value *value, const char *what)
{
    if (values->fault != NULL)
        return;
    size_t shown = value->size < TEXT_SHOWN_MAX ? value->size : TEXT_SHOWN_MAX;
    while (shown < value->size && ((unsigned char)value->text[shown] & 0xc0) == 0x80)
        shown--; /* not within a character */
    char *text = value->kind == JSON_STRING || value->kind == JSON_NUMBER
                     ? memory_format("\"%.*s\"%s", (int)shown, value->text,
                                     shown < value->size || value->overlong ? " ..." : "")
                     : memory_copy_text(json_kind_text(value->kind));
    values->fault = memory_format("row %llu, column %s: %s is %s", (unsigned long long)values->rows,
                                  values->set->columns[column], text, what);
    free(text);
}

/* ---- numbers ---- */

/* Fractions of seconds are kept to the microsecond: there a double of these years is exact enough. */
static struct decimal decimal_of_time(double epoch)
{
    double whole = (double)(int64_t)epoch;
    if (epoch <= whole && epoch >= whole)
        return decimal_of_int64((int64_t)epoch);
    double micros = epoch * 1e6;
    return (struct decimal){
        .small = true, .digits = (int64_t)(micros < 0 ? micros - 0.5 : micros + 0.5), .places = 6};
}

static struct number number_read(struct values *values, size_t column, const struct json_value *value)
{
    struct number number = {.state = NUMBER_READ};
    struct span text = {value->text, value->size};
    double epoch;
    switch (value->kind) {
    case JSON_ABSENT:
    case JSON_NULL:
        number.state = NUMBER_NULL;
        return number;
    case JSON_FALSE:
    case JSON_TRUE:
        number.decimal = decimal_of_int64(value->kind == JSON_TRUE);
        return number;
    case JSON_NUMBER:
    case JSON_STRING:
        if (!value->overlong && decimal_read(text, &number.decimal))
            return number;
        if (value->kind == JSON_STRING && !value->overlong && iso_time_read(text, values->zone, &epoch)) {
            number.decimal = decimal_of_time(epoch);
            return number;
        }
        break;
    default:
        break;
    }
    fail(values, column, value,
         value->kind == JSON_NUMBER ? "not a number that can be held" : "not a number, a boolean or a date");
    number.state = NUMBER_NULL;
    return number;
}

static const struct number *number_of(struct values *values, const struct json_row *row, size_t column)
{
    struct number *number = &values->numbers[column];
    if (number->state == NUMBER_UNREAD)
        *number = number_read(values, column, &row->fields[column]);
    return number;
}

/* ---- labels ---- */

/* Appends to the key, of whose last label begin is the first byte. False: the label is too long, and the key has its
   beginning. */
static bool key_append(struct values *values, size_t begin, const char *bytes, size_t size)
{
    size_t room = begin + VALUE_LABEL_MAX - values->key_size;
    bool fits = size <= room;
    memcpy(values->key + values->key_size, bytes, fits ? size : room);
    values->key_size += fits ? size : room;
    return fits;
}

/* No label can hold a NUL: it becomes U+FFFD. */
static bool key_add_text(struct values *values, size_t begin, const char *text, size_t size)
{
    for (const char *nul; (nul = memchr(text, '\0', size)) != NULL;) {
        size_t before = (size_t)(nul - text);
        if (!key_append(values, begin, text, before) || !key_append(values, begin, "\xEF\xBF\xBD", 3))
            return false;
        text = nul + 1;
        size -= before + 1;
    }
    return key_append(values, begin, text, size);
}

/* Appends a label to the key, with a NUL behind it, which no label has: so keys are ordered as their labels are. False: it is
   too long. */
static bool key_add(struct values *values, size_t column, const struct json_value *value)
{
    size_t begin = values->key_size, size = value->size;
    bool fits = true;
    switch (value->kind) {
    case JSON_FALSE:
    case JSON_TRUE:
        fits = key_add_text(values, begin, value->kind == JSON_TRUE ? "true" : "false",
                            4 + (value->kind == JSON_FALSE));
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
        fail(values, column, value, "no label");
        break;
    default:
        while (!value->overlong && value->kind == JSON_STRING && size > 0 && value->text[size - 1] == ' ')
            size--; /* what char columns are padded with */
        fits = key_add_text(values, begin, value->text, size) && !value->overlong;
    }
    values->key[values->key_size++] = '\0';
    return fits;
}

static bool key_make(struct values *values, const struct table *table, const struct json_row *row)
{
    bool fits = true;
    values->key_size = 0;
    for (size_t i = 0; i < table->label_count && fits; i++)
        fits = key_add(values, table->labels[i], &row->fields[table->labels[i]]);
    return fits;
}

/* ---- rows ---- */

static void table_row(struct values *values, struct table *table, const struct json_row *row)
{
    bool whole = key_make(values, table, row);
    if (values->fault != NULL)
        return;
    struct value_tally *tallies = value_groups_at(table->groups, values->key, values->key_size, !whole);
    for (size_t i = 0; i < table->count; i++) {
        size_t column = table->columns[i];
        enum json_kind kind = row->fields[column].kind;
        if (kind == JSON_NULL || kind == JSON_ABSENT)
            continue;
        const struct number *number = NULL;
        if (table->aggregates[i] != VALUE_COUNT &&
            (number = number_of(values, row, column))->state == NUMBER_NULL)
            return; /* it is none, which is told */
        value_tally_add(&tallies[i], table->aggregates[i], number == NULL ? NULL : &number->decimal,
                        values->rows);
    }
}

void values_row(void *context, const struct json_row *row)
{
    struct values *values = context;
    values->rows++;
    if (row->kind != JSON_OBJECT || values->fault != NULL)
        return;
    assert(row->field_count == values->set->column_count);
    for (size_t i = 0; i < row->field_count; i++) {
        values->numbers[i].state = NUMBER_UNREAD;
        values->seen[i] |= row->fields[i].kind != JSON_ABSENT;
    }
    for (size_t i = 0; i < values->table_count; i++)
        table_row(values, &values->tables[i], row);
}

/* ---- the end ---- */

static void tell(const struct values *values, const struct table *table, const struct value_tally *tallies,
                 const char *const *labels, struct findings *findings)
{
    for (size_t i = 0; i < table->count; i++) {
        enum value_aggregate aggregate = table->aggregates[i];
        double number = 0;
        bool has = value_tally_tell(&tallies[i], aggregate, &number);
        if (has || (aggregate == VALUE_SUM && values->rows == 0))
            findings_add_value(findings, table->definitions[i], number, labels, table->label_count);
    }
}

/* The labels in a key. */
static void key_labels(const struct table *table, const char *key, const char **labels)
{
    for (size_t i = 0; i < table->label_count; i++, key += strlen(key) + 1)
        labels[i] = key;
}

static bool all_other(const struct table *table, const char *const *labels)
{
    for (size_t i = 0; i < table->label_count; i++) {
        if (strcmp(labels[i], "other") != 0)
            return false;
    }
    return true;
}

static void table_tell(const struct values *values, struct table *table, struct findings *findings)
{
    const char *labels[FINDING_LABELS_MAX], *key;
    size_t size;
    struct value_tally *others = value_groups_others(table->groups);
    for (size_t i = 0; i < value_groups_count(table->groups); i++) {
        struct value_tally *tallies = value_groups_item(table->groups, i, &key, &size);
        key_labels(table, key, labels);
        if (others == NULL || !all_other(table, labels)) {
            tell(values, table, tallies, labels, findings);
            continue;
        }
        /* Rows whose labels say "other" by themselves: it can only be one series. */
        for (size_t k = 0; k < table->count; k++)
            value_tally_join(&others[k], table->aggregates[k], &tallies[k]);
    }
    if (others == NULL)
        return;
    for (size_t i = 0; i < table->label_count; i++)
        labels[i] = "other";
    tell(values, table, others, labels, findings);
    for (size_t i = 0; i < table->count; i++)
        findings_drop_value(findings, table->definitions[i], value_groups_other_keys(table->groups));
}

/* A column that is misspelt, or has gone, is not one that is null: servers write null out (facts §9.16). */
static void find_missing_column(struct values *values)
{
    for (size_t i = 0; i < values->set->column_count && values->rows > 0 && values->fault == NULL; i++)
        if (!values->seen[i])
            values->fault = memory_format("no row has a column %s", values->set->columns[i]);
}

void values_tell(struct values *values, struct probe_result *result)
{
    find_missing_column(values);
    if (values->fault != NULL) {
        if (result->reason == REASON_NONE)
            verdict_fail(result, REASON_INVALID_RESPONSE, memory_copy_text(values->fault));
        result->proves_up =
            true; /* rows came: a column that the configuration takes for another is no sick server */
        return;
    }
    result->has_findings = true;
    for (size_t i = 0; i < values->table_count; i++)
        table_tell(values, &values->tables[i], &result->findings);
}
