/* A consistent picture of the store, taken for one scrape: the slots copied, labels and blocks referenced. What an encoder reads. */
#ifndef METRICS_VIEW_H
#define METRICS_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "metrics/exemplar.h"
#include "metrics/found.h"
#include "metrics/label.h"
#include "metrics/layout.h"
#include "metrics/series_set.h"

struct store;

struct view_owner {
    struct label_text *labels; /* a reference */
    struct label_text *parent; /* labels of the owner of whom its set tells too, a reference; NULL: none */
    struct series_set *set;    /* a reference; NULL: none (in a view, also one that is not shown any more) */
    int64_t set_until_ns;
    struct exemplar_set *exemplars; /* a reference; NULL: none */
    int64_t created_wall_ns;
    uint32_t groups;
    uint32_t number; /* of the owner, whatever its row */
};

struct view_class {
    size_t count; /* owners */
    size_t width; /* slots in the row of an owner */
    union slot *slots;
    struct view_owner *owners;
};

/* Read by the encoders, through the functions below; opaque for all others. */
struct store_view {
    const struct layout *layout;
    struct moment now;
    struct view_class *classes;
    union slot *slots; /* of all classes */
    struct view_owner *owners;
    struct found found; /* of all sets */
    size_t series;
};

/* Takes the store's lock for the time of a copy, into memory that has been touched before. The store must outlive the view. */
struct store_view *store_view_take(struct store *store, struct moment now);
void store_view_free(struct store_view *view);

/* Series in it: lines of the text format that are no comments. */
size_t store_view_series(const struct store_view *view);

/* ---- for encoders ---- */

/* The slots of a family in the row of an owner (the first of them); NULL when the family is not for this owner. */
const union slot *view_slots(const struct store_view *view, const struct family_layout *family, size_t row);
/* Its series whose labels came as data; NULL: none. */
const struct block *view_block(const struct store_view *view, const struct family_layout *family, size_t row);

/* The native histogram beside its classic one; NULL: none, or nothing has been observed. */
const struct native *view_native(const struct store_view *view, const struct family_layout *family,
                                 size_t row);
/* The exemplar of a series with a closed label (index: of its value), or of a bucket (+Inf: bucket_count); NULL: none. */
const struct exemplar *view_exemplar(const struct store_view *view, const struct family_layout *family,
                                     size_t row, size_t index);

static inline bool view_shows(const struct store_view *view, int64_t until_ns)
{
    return until_ns > view->now.boot_ns;
}

/* METRIC_REMAINING: seconds left. */
double view_remaining(const struct store_view *view, const union slot *slots);

/* For the store and its views: gives back the references that an owner holds. */
void owner_release(const struct view_owner *owner);

/* For the store: makes (or keeps) room for so many slots and owners, every page of it touched. */
void view_reserve(struct store_view *view, size_t slots, size_t owners);

#endif
