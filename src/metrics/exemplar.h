/* Exemplars: for a series, one occurrence of what it counts, with labels that lead to its trace elsewhere. What one owner has
   of them is a set: small, immutable, reference-counted, replaced whole when one changes. */
#ifndef METRICS_EXEMPLAR_H
#define METRICS_EXEMPLAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Characters of all names and values of an exemplar's labels (OpenMetrics 1.0.0, "Exemplars"). */
#define EXEMPLAR_CHARACTERS_MAX 128

struct exemplar {
    struct span labels; /* escaped: correlation_id="..." */
    double value;
    int64_t wall_ns;
};

struct exemplar_set;

/* Is there a label, and are their names and values short enough? labels: escaped. */
bool exemplar_labels_fit(struct span labels);

/* A copy of the set (NULL: an empty one) in which this is the exemplar of the series index of the family. The labels are
   copied. One reference is the caller's. */
struct exemplar_set *exemplar_set_with(const struct exemplar_set *set, size_t family, size_t index,
                                       const struct exemplar *exemplar);

/* NULL: none. Lives as long as the set. */
const struct exemplar *exemplar_set_find(const struct exemplar_set *set, size_t family, size_t index);

struct exemplar_set *exemplar_set_ref(struct exemplar_set *set); /* NULL gives NULL */
void exemplar_set_unref(struct exemplar_set *set);               /* NULL is allowed */

#endif
