/* A consistent picture of the store, taken for one scrape: the slots copied, the blocks referenced. What an encoder reads. */
#ifndef METRICS_VIEW_H
#define METRICS_VIEW_H

#include <stddef.h>

#include "base/clock.h"

struct store;
struct store_view;

/* Takes the store's lock for the time of a copy. Every series that has run out by now is left out of the picture. */
struct store_view *store_view_take(struct store *store, struct moment now);
void store_view_free(struct store_view *view);

/* Series in it: lines of the text format that are no comments. */
size_t store_view_series(const struct store_view *view);

#endif
