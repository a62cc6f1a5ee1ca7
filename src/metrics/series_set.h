/* What one owner found out at one time: the series of any families, replaced whole. Immutable and reference-counted once
   built. Its families are rows of the store (METRIC_FOUND), or have names of their own that come and go with the sets. */
#ifndef METRICS_SERIES_SET_H
#define METRICS_SERIES_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "metrics/family.h"

#define SERIES_LABELS_MAX   ((size_t)8 << 10)  /* bytes of the escaped labels of one series */
#define SERIES_SET_TEXT_MAX ((size_t)32 << 20) /* of all series of a set */

struct series {
    const char *labels; /* escaped: license="x",state="y"; not NUL-terminated */
    uint32_t size;      /* of them */
    uint32_t last_size; /* of the last pair, at their end */
    double number;
};

/* The series of one family, sorted by their labels, each once. */
struct set_family {
    const struct metric_family
        *row; /* NULL: one with a name of its own, a gauge with the labels of the set's owner */
    const char *name, *help;
    const struct series *series;
    size_t count;
    size_t text_size; /* of all their labels */
};

struct series_set {
    _Atomic uint32_t references;
    /* A series gives way to those of other sets whose last label is alike, in the same family and of the same owner: what is
       shown where nobody can be asked. */
    bool gives_way;
    uint64_t serial; /* of two sets that hold the same series, the one with the higher number is right */
    size_t family_count;
    struct set_family *families;
};

struct series_set *series_set_ref(struct series_set *set);
void series_set_unref(struct series_set *set); /* NULL is allowed */

/* ---- building ---- */

struct series_builder {
    struct buffer text; /* labels of all drafts */
    struct buffer one;
    struct series_draft *drafts;
    size_t draft_count, draft_capacity;
    struct builder_family *families;
    size_t family_count;
};

void series_builder_init(struct series_builder *builder);

/* A family to add series to; give it once. Its texts are read until the builder's end. */
size_t series_builder_family(struct series_builder *builder, const struct metric_family *row);
size_t series_builder_named(struct series_builder *builder, const char *name, const char *help,
                            const char *const *label_names, size_t label_count);

/* Adds a series: one value (any bytes) a label of the family. Of two with the same labels the later one stays. False when its
   labels are longer than the limits above: it is not added. */
bool series_builder_add(struct series_builder *builder, size_t family, const char *const *values,
                        double number);

/* Makes the set, with one reference, and frees what the builder holds. NULL when no series was added. */
struct series_set *series_builder_finish(struct series_builder *builder);

#endif
