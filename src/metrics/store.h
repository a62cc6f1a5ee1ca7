/* The store of all series: families x owners. An owner's label text is held once, ready-escaped; series with closed labels
   are slots of flat arrays; series whose labels come as data live in small blocks that are replaced whole. Thread-safe: one
   short lock; a scrape (metrics/view.h) copies under it and formats outside. */
#ifndef METRICS_STORE_H
#define METRICS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "metrics/family.h"
#include "metrics/label.h"
#include "metrics/series_set.h"

struct store;
struct store_view;

/* Stays the same until the owner is removed. */
struct store_owner {
    unsigned owner_class;
    uint32_t number;
};

/* The rows live as long as the store. Names and labels must be legal and each family's name its own: a bug of ours
   otherwise. */
struct store *store_new(const struct metric_class *classes, size_t class_count,
                        const struct metric_family *families, size_t family_count);
/* No view may be left. */
void store_free(struct store *store);

/* An update of any number of slots stands between these two; every function below wants to be called there. Nothing that
   blocks may stand there. */
void store_lock(struct store *store);
void store_unlock(struct store *store);

/* A new owner with one value a label of its class (any bytes: escaped, and what is not UTF-8 becomes U+FFFD). Its counters
   and histograms stand at 0 at once, its gauges do not stand. created: of its counters. */
struct store_owner store_owner_add(struct store *store, unsigned owner_class, const char *const *label_values,
                                   unsigned groups, struct moment created);

/* Its series go on under other values of the class's labels, and under more labels behind them, whose names are not those of
   any family. */
void store_owner_relabel(struct store *store, struct store_owner owner, const char *const *label_values,
                         const struct label_pair *more, size_t more_count);

/* All its series vanish; views that have been taken keep them. The owner must not be used again. */
void store_owner_remove(struct store *store, struct store_owner owner);
/* Shows the families of these groups from now on. A family that goes keeps its counts, should it come back, but not its
   gauges. */
void store_owner_regroup(struct store *store, struct store_owner owner, unsigned groups);

/* Series with closed labels. family: index of its row. value: index into the closed list, 0 where there is no label. */
void store_add(struct store *store, struct store_owner owner, size_t family, size_t value, double increment);
/* Replaces a counter that is counted elsewhere (the log, the kernel) and never goes back. */
void store_count(struct store *store, struct store_owner owner, size_t family, size_t value, double count);
/* Shown until boot time until_ns; NEVER_NS: until told otherwise. A METRIC_CHOICE then shows this value and no other;
   number is not read. */
void store_set(struct store *store, struct store_owner owner, size_t family, size_t value, double number,
               int64_t until_ns);
/* Shows what stands (and has not run out by now) until until_ns; what does not stand stays away. */
void store_extend(struct store *store, struct store_owner owner, size_t family, size_t value, int64_t now_ns,
                  int64_t until_ns);
void store_clear(struct store *store, struct store_owner owner, size_t family, size_t value);
void store_observe(struct store *store, struct store_owner owner, size_t family, double number);
/* The same, and what was counted becomes the series' or the bucket's exemplar, where the family carries them and these labels
   (escaped) fit: metrics/exemplar.h. */
void store_add_with(struct store *store, struct store_owner owner, size_t family, size_t value,
                    double increment, struct span labels, struct moment now);
void store_observe_with(struct store *store, struct store_owner owner, size_t family, double number,
                        struct span labels, struct moment now);
/* METRIC_REMAINING: the boot time to count down to; 0: none. */
void store_set_expiry(struct store *store, struct store_owner owner, size_t family, int64_t expiry_boot_ns);

/* Series whose label values are data (one text a label of the family, any bytes). A value of the closed list finds its slot.
   False when there is no room for one more and the family has no overflow. */
bool store_add_data(struct store *store, struct store_owner owner, size_t family, const char *const *values,
                    double increment, struct moment now);
bool store_set_data(struct store *store, struct store_owner owner, size_t family, const char *const *values,
                    double number, int64_t until_ns);
/* Takes away all series whose labels are data. */
void store_clear_data(struct store *store, struct store_owner owner, size_t family);

/* ---- series sets ---- */

/* Families of the set that belong to another class than the owner carry the labels of this one (as they are now: call it
   again when it is relabelled). */
void store_owner_set_parent(struct store *store, struct store_owner owner, struct store_owner parent);

/* In place of the owner's last set: what it found out, shown until until_ns. The reference is taken over; NULL: nothing
   stands. A set of a family of another class wants a parent; a family with a name of its own must not be called like a
   row. */
void store_put_set(struct store *store, struct store_owner owner, struct series_set *set, int64_t until_ns);
/* As store_extend. */
void store_extend_set(struct store *store, struct store_owner owner, int64_t now_ns, int64_t until_ns);

/* For metrics/view.c: fills the view under the lock, which it takes by itself. */
void store_copy(struct store *store, struct store_view *view);

#endif
