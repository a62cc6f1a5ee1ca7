/* value.NAME: what a probe makes of the columns of its rows (contract, section 2). */
#ifndef PROBE_VALUE_H
#define PROBE_VALUE_H

#include <stdint.h>

#include "config/model.h"
#include "probe/finding.h"

enum value_aggregate { VALUE_LAST, VALUE_SUM, VALUE_MIN, VALUE_MAX, VALUE_AVG, VALUE_COUNT };

struct value_label {
    char *alias; /* the label's name */
    char *column;
};

/* One epicor_value_NAME of one probe. */
struct value_definition {
    char *name; /* without the prefix */
    char *help; /* never NULL: of the configuration, or made from column and aggregate */
    char *column;
    enum value_aggregate aggregate;
    struct value_label *labels;
    size_t label_count;
};

/* The values of one probe, as probe_kind.values hands them out. */
struct value_definitions {
    const struct value_definition *items;
    size_t count;
};

#endif
