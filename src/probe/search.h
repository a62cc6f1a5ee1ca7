/* Looks for a text in a stream of bytes that comes in pieces, in memory of the text's own size. */
#ifndef PROBE_SEARCH_H
#define PROBE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

struct search;

/* Of a text that is not empty; the caller keeps it, and frees the search. */
struct search *search_new(const char *text);
void search_free(struct search *search); /* may be NULL */

/* The bytes that come next are the first ones. */
void search_restart(struct search *search);
void search_feed(struct search *search, const void *bytes, size_t size);
bool search_found(const struct search *search);

#endif
