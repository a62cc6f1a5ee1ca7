/* The parts of the status page, for its frame (page.c) alone. */
#ifndef WEB_PAGE_PARTS_H
#define WEB_PAGE_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "report/board.h"
#include "report/board_state.h"
#include "report/problem.h"
#include "web/page.h"
#include "web/page_query.h"

/* The page that is being written. */
struct page {
    const struct page_setting *setting;
    const struct board_view *view;
    const struct page_query *query;
    struct buffer *out;
    struct board_counts counts;
    struct problem_list problems;
};

/* The states of targets, in the order in which a person wants to see them; and the place of one in it. */
extern const enum board_state page_state_order[BOARD_STATES];
int page_state_rank(enum board_state state);

/* The words of a state as the beginning of a sentence. */
void page_state_title(struct buffer *out, enum board_state state);

/* "" or "s". */
const char *page_plural(size_t count);

/* The symbol of a state or of a level (its key, or "warning"), which says nothing to who cannot see it. */
void page_symbol(struct buffer *out, const char *key);

/* The value of href for the page of a target; it keeps the filter. */
void page_target_link(const struct page *page, const struct board_target *target);

/* The server's own words; nothing where there are none, or the reader may not see them. */
void page_message(const struct page *page, const char *message);

/* Why the server's own words are not there. */
void page_message_hidden(struct buffer *out);

/* What is wrong, why and what to do; nothing where nothing is. */
void page_problems(const struct page *page);
/* Those that concern this target; returns how many there are. */
size_t page_problems_of(const struct page *page, const struct board_target *target);

void page_appservers(const struct page *page);

/* The form to filter with, and the table. */
void page_targets(const struct page *page);

/* All of one target. NULL: there is none of that name any more. */
void page_detail(const struct page *page, const struct board_target *target);

#endif
