#include "probe/search.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Knuth, Morris and Pratt: no byte is looked at twice, so pieces need not be kept. */
struct search {
    const char *text;
    size_t size;
    size_t
        *borders; /* of the first n + 1 bytes: the longest part that is both their end and their beginning */
    size_t matched; /* bytes of text that the stream ends with; size: found */
};

struct search *search_new(const char *text)
{
    struct search *search = memory_new(1, sizeof *search);
    search->text = text;
    search->size = strlen(text);
    search->borders = memory_new(search->size, sizeof *search->borders);
    for (size_t i = 1, border = 0; i < search->size; i++) {
        while (border > 0 && text[i] != text[border])
            border = search->borders[border - 1];
        border += text[i] == text[border];
        search->borders[i] = border;
    }
    return search;
}

void search_free(struct search *search)
{
    if (search == NULL)
        return;
    free(search->borders);
    free(search);
}

void search_restart(struct search *search)
{
    search->matched = 0;
}

void search_feed(struct search *search, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    const char *at = bytes, *end = at + size;
    while (at < end && search->matched < search->size) {
        if (search->matched == 0) { /* most bytes of most answers are passed here */
            at = memchr(at, search->text[0], (size_t)(end - at));
            if (at == NULL)
                return;
        }
        while (search->matched > 0 && *at != search->text[search->matched])
            search->matched = search->borders[search->matched - 1];
        search->matched += *at == search->text[search->matched];
        at++;
    }
}

bool search_found(const struct search *search)
{
    return search->matched == search->size;
}
