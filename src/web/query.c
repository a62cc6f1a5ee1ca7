#include "web/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

const char query_unreadable[] =
    "The query of this URL cannot be read: it is too long, or not percent-encoded.\n";

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

/* Writes the decoded bytes and a NUL, and moves *at behind them. */
static bool decode(struct span coded, char **at)
{
    for (size_t i = 0; i < coded.size; i++) {
        char byte = coded.data[i] == '+' ? ' ' : coded.data[i];
        if (byte == '%') {
            int high = i + 1 < coded.size ? hex_digit(coded.data[i + 1]) : -1;
            int low = i + 2 < coded.size ? hex_digit(coded.data[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return false;
            byte = (char)(high * 16 + low);
            i += 2;
        }
        *(*at)++ = byte;
    }
    *(*at)++ = '\0';
    return true;
}

static bool read_pair(struct query *query, struct span coded, char **at)
{
    const char *equals = memchr(coded.data, '=', coded.size);
    size_t name_size = equals == NULL ? coded.size : (size_t)(equals - coded.data);
    size_t value_at = equals == NULL ? coded.size : name_size + 1;

    if (query->count == QUERY_PAIRS_MAX)
        return false;
    struct query_pair *pair = &query->pairs[query->count++];
    pair->name = *at;
    if (!decode((struct span){coded.data, name_size}, at))
        return false;
    pair->value = *at;
    return decode((struct span){coded.data + value_at, coded.size - value_at}, at);
}

static size_t count_pairs(struct span raw)
{
    size_t count = 1;

    for (size_t i = 0; i < raw.size; i++)
        count += raw.data[i] == '&';
    return count < QUERY_PAIRS_MAX ? count : QUERY_PAIRS_MAX;
}

bool query_read(struct query *out, const char *raw)
{
    struct span rest = span_of(raw);
    struct query query = {.count = 0};

    if (rest.size > QUERY_SIZE_MAX)
        return false;
    query.pairs = memory_new(count_pairs(rest), sizeof *query.pairs);
    /* A pair's two NULs are its = (missing at most once a pair) and the & or end behind it. */
    query.text = memory_new(rest.size + QUERY_PAIRS_MAX + 1, 1);
    char *at = query.text;
    while (rest.size > 0) {
        const char *end = memchr(rest.data, '&', rest.size);
        struct span pair = {rest.data, end == NULL ? rest.size : (size_t)(end - rest.data)};
        if (pair.size > 0 && !read_pair(&query, pair, &at)) {
            query_free(&query);
            return false;
        }
        size_t taken = end == NULL ? pair.size : pair.size + 1;
        rest = (struct span){rest.data + taken, rest.size - taken};
    }
    *out = query;
    return true;
}

void query_free(struct query *query)
{
    free(query->pairs);
    free(query->text);
}

const char *query_value(const struct query *query, const char *name)
{
    for (size_t i = 0; i < query->count; i++)
        if (strcmp(query->pairs[i].name, name) == 0)
            return query->pairs[i].value;
    return NULL;
}
