/* A scrape's Accept header and query of any bytes: the format is one there is, and a query that is read says the same when it is
   written again. The first line is the header, what is behind it the query. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "web/accept.h"
#include "web/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void append_encoded(struct buffer *text, const char *bytes)
{
    for (; *bytes != '\0'; bytes++)
        buffer_format(text, "%%%02x", (unsigned)(unsigned char)*bytes);
}

static void check_query(const char *raw)
{
    struct query query, again;
    struct buffer text;

    if (!query_read(&query, raw))
        return;
    assert(query.count <= QUERY_PAIRS_MAX);
    buffer_init(&text, 8 * QUERY_SIZE_MAX);
    for (size_t i = 0; i < query.count; i++) {
        append_encoded(&text, query.pairs[i].name);
        buffer_byte(&text, '=');
        append_encoded(&text, query.pairs[i].value);
        buffer_byte(&text, '&');
    }
    if (text.size <= QUERY_SIZE_MAX) {
        assert(query_read(&again, buffer_as_text(&text)) && again.count == query.count);
        for (size_t i = 0; i < query.count; i++)
            assert(strcmp(query.pairs[i].name, again.pairs[i].name) == 0 &&
                   strcmp(query.pairs[i].value, again.pairs[i].value) == 0);
        query_free(&again);
    }
    buffer_free(&text);
    query_free(&query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *accept = malloc(size + 1);
    struct exposition exposition = {0};

    assert(accept != NULL);
    memcpy(accept, data, size);
    accept[size] = '\0';
    char *query = strchr(accept, '\n');
    if (query != NULL)
        *query++ = '\0';
    accept_negotiate(accept, &exposition);
    assert(exposition_offers(exposition.format) && exposition_content_type(&exposition) != NULL);
    assert(exposition.format == EXPOSITION_TEXT || strchr(accept, '/') != NULL);
    check_query(query != NULL ? query : "");
    free(accept);
    return 0;
}
