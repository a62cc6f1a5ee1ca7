/* What a reader asks of the status page: which targets, in which order, or one of them; and the links that ask for it. */
#ifndef WEB_PAGE_QUERY_H
#define WEB_PAGE_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/text.h"
#include "report/board_state.h"

enum page_sort { SORT_STATE, SORT_PROBE, SORT_APPSERVER, SORT_LATENCY, SORT_NEXT, SORTS };

struct page_sort_row {
    const char *key; /* in a link */
    const char *words;
};
extern const struct page_sort_row page_sorts[SORTS];

/* Each is looked for in every text of every target. */
#define PAGE_WORDS_MAX 16

struct page_query {
    enum board_state state;            /* BOARD_STATES: all */
    char *text;                        /* words that are all to be found; "" asks for nothing */
    struct span words[PAGE_WORDS_MAX]; /* of the text */
    size_t word_count;
    enum page_sort sort;
    size_t number; /* of the page, from 1 */
    bool still;    /* without JavaScript: the page does not refresh itself */
    /* One target, where all three are given; else NULL. */
    char *appserver, *company, *probe;
};

/* Reads the raw query string. What is unknown is as if it were not there. NULL; or a sentence of what is wrong with it as a
   whole, and then there is nothing to free. */
const char *page_query_read(struct page_query *query, const char *raw);
void page_query_free(struct page_query *query);

/* Does the query ask for one target? */
bool page_query_has_target(const struct page_query *query);
/* Does it leave targets out by state or text? */
bool page_query_is_filtered(const struct page_query *query);

/* A relative link, as the value of an attribute in double quotes, escaped: "?state=failing&amp;sort=probe". It keeps what
   the query holds; a link to the fleet leaves the target out. What stands as usual is not named. */
void page_query_link(const struct page_query *query, struct buffer *out);

/* A copy that owns nothing (do not free it) of the part that is about the fleet. */
struct page_query page_query_fleet(const struct page_query *query);

#endif
