/* $filter of OData, as far as monitors use it: comparisons, contains, startswith, endswith, `and`, `or`, `not`, brackets, a boolean
   column alone. Anything else is a syntax error, 400 (facts §5.4). */
#include "simulator/table_parts.h"

#include <stdlib.h>
#include <string.h>

struct sim_filter {
    enum {
        FILTER_EQ,
        FILTER_NE,
        FILTER_GT,
        FILTER_GE,
        FILTER_LT,
        FILTER_LE,
        FILTER_CONTAINS,
        FILTER_STARTSWITH,
        FILTER_ENDSWITH,
        FILTER_AND,
        FILTER_OR,
        FILTER_NOT
    } what;
    size_t column;
    char *literal;
    struct sim_filter *left, *right;
};

static const char operators[][3] = {"eq", "ne", "gt", "ge", "lt", "le"};
static const char *const functions[] = {"contains(", "startswith(", "endswith("};

struct parser {
    const struct sim_table *table;
    const char *at;
    char **fault; /* filled at the first */
    unsigned depth;
};

static struct sim_filter *or_parse(struct parser *parser);

void sim_filter_free(struct sim_filter *filter)
{
    if (!filter)
        return;
    sim_filter_free(filter->left);
    sim_filter_free(filter->right);
    free(filter->literal);
    free(filter);
}

static struct sim_filter *node(int what, struct sim_filter *left, struct sim_filter *right)
{
    struct sim_filter *made = sim_allocate(sizeof *made);
    made->what = (unsigned)what;
    made->left = left;
    made->right = right;
    return made;
}

static struct sim_filter *refuse(struct parser *parser)
{
    struct sim_text text = {0};
    if (!*parser->fault) {
        sim_text_printf(&text, "Syntax error in $filter at '%s'.", parser->at);
        *parser->fault = text.data;
    }
    return NULL;
}

static void blanks_skip(struct parser *parser)
{
    parser->at += strspn(parser->at, " ");
}

static size_t name_size(const char *at)
{
    return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

/* Whether the next word is this one; it is passed over then. */
static bool word_take(struct parser *parser, const char *word)
{
    size_t size = strlen(word);
    blanks_skip(parser);
    if (name_size(parser->at) != size || memcmp(parser->at, word, size) != 0)
        return false;
    parser->at += size;
    return true;
}

/* A literal as the bare text: 'O''Neill', DateTime'2024-01-01', 5, true, null. */
static char *literal_take(struct parser *parser)
{
    blanks_skip(parser);
    if (strncasecmp(parser->at, "datetime'", 9) == 0)
        parser->at += 8;
    else if (strncasecmp(parser->at, "datetimeoffset'", 15) == 0)
        parser->at += 14;
    else if (strncasecmp(parser->at, "guid'", 5) == 0)
        parser->at += 4;
    const char *from = parser->at;
    if (*from != '\'') {
        parser->at += strcspn(from, " ,()'");
        return parser->at == from ? NULL : sim_duplicate_n(from, (size_t)(parser->at - from));
    }
    char *bare = sim_allocate(strlen(from)), *to = bare;
    for (parser->at++; *parser->at; parser->at++) {
        if (*parser->at == '\'' && *++parser->at != '\'')
            return bare;
        *to++ = *parser->at;
    }
    free(bare);
    return NULL;
}

static bool column_take(struct parser *parser, size_t *column)
{
    blanks_skip(parser);
    size_t size = name_size(parser->at);
    if (!size)
        return refuse(parser) != NULL;
    if (!sim_column_find(parser->table, parser->at, size, column)) {
        if (!*parser->fault)
            *parser->fault = sim_column_unknown(parser->table, parser->at, size);
        return false;
    }
    parser->at += size;
    return true;
}

static struct sim_filter *function_parse(struct parser *parser, int what)
{
    struct sim_filter *made = node(what, NULL, NULL);
    bool good = column_take(parser, &made->column);
    blanks_skip(parser);
    good = good && *parser->at == ',';
    parser->at += good;
    made->literal = good ? literal_take(parser) : NULL;
    blanks_skip(parser);
    if (made->literal && *parser->at == ')') {
        parser->at++;
        return made;
    }
    sim_filter_free(made);
    return refuse(parser);
}

static struct sim_filter *comparison_parse(struct parser *parser)
{
    struct sim_filter *made = node(FILTER_EQ, NULL, NULL);
    bool good = column_take(parser, &made->column), compared = false;
    for (int i = 0; good && !compared && i <= FILTER_LE; i++) {
        compared = word_take(parser, operators[i]);
        made->what = (unsigned)(compared ? i : FILTER_EQ);
    }
    if (good)
        made->literal = compared ? literal_take(parser) : sim_duplicate("true");
    if (made->literal)
        return made;
    sim_filter_free(made);
    return refuse(parser);
}

static struct sim_filter *unary_parse(struct parser *parser)
{
    if (word_take(parser, "not")) {
        struct sim_filter *inner = ++parser->depth < 100 ? unary_parse(parser) : refuse(parser);
        return inner ? node(FILTER_NOT, inner, NULL) : NULL;
    }
    for (int i = 0; i < 3; i++) {
        size_t size = strlen(functions[i]);
        if (strncmp(parser->at, functions[i], size) == 0) {
            parser->at += size;
            return function_parse(parser, FILTER_CONTAINS + i);
        }
    }
    if (*parser->at != '(')
        return comparison_parse(parser);
    parser->at++;
    struct sim_filter *inner = ++parser->depth < 100 ? or_parse(parser) : refuse(parser);
    blanks_skip(parser);
    if (inner && *parser->at == ')') {
        parser->at++;
        return inner;
    }
    sim_filter_free(inner);
    return refuse(parser);
}

static struct sim_filter *chain_parse(struct parser *parser, const char *word, int what,
                                      struct sim_filter *(*part)(struct parser *))
{
    struct sim_filter *left = part(parser);
    while (left && word_take(parser, word)) {
        struct sim_filter *right = part(parser);
        if (!right) {
            sim_filter_free(left);
            return NULL;
        }
        left = node(what, left, right);
    }
    return left;
}

static struct sim_filter *and_parse(struct parser *parser)
{
    return chain_parse(parser, "and", FILTER_AND, unary_parse);
}

static struct sim_filter *or_parse(struct parser *parser)
{
    return chain_parse(parser, "or", FILTER_OR, and_parse);
}

struct sim_filter *sim_filter_parse(const struct sim_table *table, const char *text, char **fault)
{
    struct parser parser = {.table = table, .at = text, .fault = fault};
    struct sim_filter *filter = or_parse(&parser);
    blanks_skip(&parser);
    if (filter && *parser.at) {
        sim_filter_free(filter);
        return refuse(&parser);
    }
    return filter;
}

/* ---- reading
 * --------------------------------------------------------------------------------------------------- */

int sim_value_compare(const char *value, size_t size, const char *literal)
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

/* The text of a char value. */
static bool text_passes(const struct sim_filter *filter, struct sim_text *value)
{
    size_t size = strlen(filter->literal);
    if (value->size < 2 || value->data[0] != '"')
        return false;
    const char *text = value->data + 1;
    value->data[--value->size] = '\0';
    size_t whole = value->size - 1;
    if (filter->what == FILTER_CONTAINS)
        return strstr(text, filter->literal) != NULL;
    if (whole < size)
        return false;
    return strncmp(filter->what == FILTER_STARTSWITH ? text : text + whole - size, filter->literal, size) ==
           0;
}

static bool comparison_passes(const struct sim_filter *filter, const struct sim_text *value)
{
    int c = sim_value_compare(value->data, value->size, filter->literal);
    bool null = strcmp(value->data, "null") == 0 || strcmp(filter->literal, "null") == 0;
    switch ((unsigned)filter->what) {
    case FILTER_EQ:
        return c == 0;
    case FILTER_NE:
        return c != 0;
    case FILTER_GT:
        return !null && c > 0;
    case FILTER_GE:
        return !null && c >= 0;
    case FILTER_LT:
        return !null && c < 0;
    default:
        return !null && c <= 0;
    }
}

bool sim_filter_passes(const struct sim_filter *filter, const struct sim_table *table, uint64_t n,
                       const struct sim_query *query)
{
    if (filter->what == FILTER_NOT)
        return !sim_filter_passes(filter->left, table, n, query);
    if (filter->what == FILTER_AND)
        return sim_filter_passes(filter->left, table, n, query) &&
               sim_filter_passes(filter->right, table, n, query);
    if (filter->what == FILTER_OR)
        return sim_filter_passes(filter->left, table, n, query) ||
               sim_filter_passes(filter->right, table, n, query);
    struct sim_text value = {0};
    sim_column_render(&table->columns[filter->column], n, query, &value);
    bool passes = filter->what >= FILTER_CONTAINS ? text_passes(filter, &value)
                                                  : comparison_passes(filter, &value);
    sim_text_free(&value);
    return passes;
}
