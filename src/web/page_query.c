#include "web/page_query.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "web/query.h"

#define MOST_PAGES 1000000
#define MOST_TEXT  800 /* bytes of the characters that the form lets in */

const struct page_sort_row page_sorts[SORTS] = {
    [SORT_STATE] = {"state", "problems first"},
    [SORT_PROBE] = {"probe", "probe"},
    [SORT_APPSERVER] = {"appserver", "app server"},
    [SORT_LATENCY] = {"latency", "slowest first"},
    [SORT_NEXT] = {"next", "next run"},
};

/* ---- reading ------------------------------------------------------------------------------------------------------ */

/* NULL where it is not there. */
static char *copy_value(const struct query *pairs, const char *name)
{
    const char *value = query_value(pairs, name);
    return value == NULL ? NULL : memory_copy_text(value);
}

/* "" where it is not there. */
static const char *value_of(const struct query *pairs, const char *name)
{
    const char *value = query_value(pairs, name);
    return value == NULL ? "" : value;
}

/* Returns what is wrong; NULL: nothing. */
static const char *read_words(struct page_query *query)
{
    static const char blanks[] = " \t";

    for (const char *at = query->text + strspn(query->text, blanks); *at != '\0';) {
        size_t size = strcspn(at, blanks);
        if (query->word_count == PAGE_WORDS_MAX)
            return "The search has more than 16 words: leave some out.\n";
        query->words[query->word_count++] = (struct span){at, size};
        at += size;
        at += strspn(at, blanks);
    }
    return NULL;
}

/* Likewise. */
static const char *read_pairs(struct page_query *query, const struct query *pairs)
{
    const char *text = value_of(pairs, "q");
    int64_t number;

    if (strlen(text) > MOST_TEXT)
        return "The search is longer than 800 bytes: leave some of it out.\n";

    query->appserver = copy_value(pairs, "appserver");
    query->company = copy_value(pairs, "company");
    query->probe = copy_value(pairs, "probe");
    query->still = strcmp(value_of(pairs, "refresh"), "off") == 0;
    query->text = memory_copy_text(text);
    if (text_to_int64(span_of(value_of(pairs, "page")), &number) && number >= 1 && number <= MOST_PAGES)
        query->number = (size_t)number;
    for (size_t i = 0; i < BOARD_STATES; i++)
        if (strcmp(value_of(pairs, "state"), board_state_row((enum board_state)i)->name) == 0)
            query->state = (enum board_state)i;
    for (size_t i = 0; i < SORTS; i++)
        if (strcmp(value_of(pairs, "sort"), page_sorts[i].key) == 0)
            query->sort = (enum page_sort)i;
    return read_words(query);
}

const char *page_query_read(struct page_query *query, const char *raw)
{
    struct query pairs;

    if (!query_read(&pairs, raw))
        return query_unreadable;
    *query = (struct page_query){.state = BOARD_STATES, .number = 1};
    const char *wrong = read_pairs(query, &pairs);
    query_free(&pairs);
    if (wrong != NULL)
        page_query_free(query);
    return wrong;
}

void page_query_free(struct page_query *query)
{
    free(query->text);
    free(query->appserver);
    free(query->company);
    free(query->probe);
    *query = (struct page_query){0};
}

bool page_query_has_target(const struct page_query *query)
{
    return query->appserver != NULL && query->company != NULL && query->probe != NULL;
}

bool page_query_is_filtered(const struct page_query *query)
{
    return query->state != BOARD_STATES || query->word_count > 0;
}

/* ---- links -------------------------------------------------------------------------------------------------------- */

static void write_encoded(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        char byte = *text;
        if ((byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
            strchr("-._~", byte) != NULL)
            buffer_byte(out, byte);
        else
            buffer_format(out, "%%%02X", (unsigned)(unsigned char)byte);
    }
}

struct link {
    struct buffer *out;
    bool begun;
};

static void write_pair(struct link *link, const char *name, const char *value)
{
    buffer_text(link->out, link->begun ? "&amp;" : "?");
    buffer_text(link->out, name);
    buffer_byte(link->out, '=');
    write_encoded(link->out, value);
    link->begun = true;
}

void page_query_link(const struct page_query *query, struct buffer *out)
{
    struct link link = {.out = out};

    if (page_query_has_target(query)) {
        write_pair(&link, "appserver", query->appserver);
        write_pair(&link, "company", query->company);
        write_pair(&link, "probe", query->probe);
    }
    if (query->state != BOARD_STATES)
        write_pair(&link, "state", board_state_row(query->state)->name);
    if (query->text[0] != '\0')
        write_pair(&link, "q", query->text);
    if (query->sort != SORT_STATE)
        write_pair(&link, "sort", page_sorts[query->sort].key);
    if (query->still)
        write_pair(&link, "refresh", "off");
    if (query->number > 1) {
        buffer_text(out, link.begun ? "&amp;" : "?");
        buffer_format(out, "page=%zu", query->number);
        link.begun = true;
    }
    if (!link.begun)
        buffer_text(out, "./"); /* an empty one would keep the query that the page was asked for by */
}

struct page_query page_query_fleet(const struct page_query *query)
{
    struct page_query fleet = *query;

    fleet.appserver = fleet.company = fleet.probe = NULL;
    return fleet;
}
