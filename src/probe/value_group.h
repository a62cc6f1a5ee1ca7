/* The rows' values by their labels, in bounded memory: the first so many groups by the order of their keys, and one for all
   the others. */
#ifndef PROBE_VALUE_GROUP_H
#define PROBE_VALUE_GROUP_H

#include "probe/decimal.h"
#include "probe/value.h"

/* What is known of one value in one group. Which members are used depends on the aggregate. */
struct value_tally {
    uint64_t count;         /* values that are not null */
    double number;          /* last, min, max */
    uint64_t row;           /* of the last one */
    struct decimal_sum sum; /* sum, avg */
};

/* number: NULL for count, which takes what is no number too. */
void value_tally_add(struct value_tally *tally, enum value_aggregate aggregate, const struct decimal *number,
                     uint64_t row);
/* Adds what another one holds. */
void value_tally_join(struct value_tally *tally, enum value_aggregate aggregate,
                      const struct value_tally *other);
/* False: it has no value. */
bool value_tally_tell(const struct value_tally *tally, enum value_aggregate aggregate, double *number);

struct value_groups;

/* At most maximum groups, beside the one for all others. aggregates: of each value; lives as long as the groups. */
struct value_groups *value_groups_new(size_t maximum, const enum value_aggregate *aggregates, size_t count);
void value_groups_free(struct value_groups *groups);

/* The tallies (one a value) for a row with this key. Keys are ordered as bytes. Valid until the next call. cut: the key is only
   the beginning of one that is too long to be a group; it goes to the others. */
struct value_tally *value_groups_at(struct value_groups *groups, const char *key, size_t size, bool cut);

/* How many groups there are now, without the others; the key and tallies of one, the first by order is 0 (sorts them once:
   no row may follow). */
size_t value_groups_count(const struct value_groups *groups);
struct value_tally *value_groups_item(struct value_groups *groups, size_t index, const char **key,
                                      size_t *size);
/* The tallies of all others; NULL: there were none. */
struct value_tally *value_groups_others(struct value_groups *groups);
/* Different keys among the others (probe/distinct.h says how exactly). */
uint64_t value_groups_other_keys(const struct value_groups *groups);

#endif
