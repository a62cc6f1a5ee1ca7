/* value.NAME: what a probe makes of the columns of its rows (contract, section 2). The keys become definitions once, when
   the configuration is read; probe/values.h reads the rows by them. */
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

#define VALUE_SERIES_MAX 10000 /* of max_series */
#define VALUES_MAX       100   /* of one probe */
#define VALUE_NAME_MAX   100   /* bytes */

/* What a kind with values has in its settings struct. Rows fill pairs and max_series; set is made of them. */
struct value_settings {
    struct pair_list pairs; /* NAME, NAME.aggregate, NAME.labels, NAME.help */
    int64_t max_series;
    struct value_set *set;
};

/* Immutable. */
struct value_set {
    struct value_definition *items;
    size_t count;
    size_t max_series;
    const char **columns; /* each column that is read, once: for json_plan.fields */
    size_t column_count;
};

/* Their rows, for the row table of a kind whose settings struct has the member (such as values, or query.values). */
#define VALUE_CONFIG_ROWS(owner, member)                                                                     \
    {.name = "value",                                                                                        \
     .example = "open_orders = Calculated_Orders",                                                           \
     .type = CONFIG_PAIRS,                                                                                   \
     .offset = offsetof(owner, member) + offsetof(struct value_settings, pairs),                             \
     .help = "`value.NAME = Column`: a column of the rows becomes the gauge `epicor_value_NAME`. NAME is "   \
             "`[a-z][a-z0-9_]*` and does not end in `_total`, `_count`, `_sum`, `_bucket`, `_created` or "   \
             "`_info`. Numbers may be JSON numbers or numeric strings, blanks around them; `true` is 1 and " \
             "`false` 0; dates become epoch seconds, in the probe's `timezone` where they name none. Null "  \
             "and missing are skipped; anything else, or a column that no row has at all, fails the run "    \
             "with `invalid_response`. "                                                                     \
             "`value.NAME.aggregate`: `sum`, `min`, `max`, `avg`, `count` (of what is not null, whatever "   \
             "it is), or `last` (the default: the last row's that has one). Without rows, `sum` and "        \
             "`count` without labels are 0, and nothing else is told. "                                      \
             "`value.NAME.labels = alias=Column, ...`: one series for each combination of these columns; "   \
             "aliases are snake_case. Null is the empty label, blanks at the end are taken off; a "          \
             "combination with a label over 512 bytes is told in the series `other`. "                       \
             "`value.NAME.help`: the text of the metric's `# HELP`. The same NAME in two probes has the "    \
             "same help and labels."},                                                                       \
    {                                                                                                        \
        .name = "max_series", .type = CONFIG_INTEGER,                                                        \
        .offset = offsetof(owner, member) + offsetof(struct value_settings, max_series), .preset = "200",    \
        .minimum = 1, .maximum = VALUE_SERIES_MAX,                                                           \
        .help = "Most series of one value and target, beside the one for the rest: the first so many by "    \
                "label order stay, the rest goes into one more series, whose labels are `other`, and is "    \
                "counted in "                                                                                \
                "`epicor_exporter_series_dropped` (exactly up to 2048 combinations, beyond that within a "   \
                "few percent)."                                                                              \
    }

/* Makes settings->set; every rule that is broken is a fault. For config_kind.prepare; never NULL afterwards. */
void value_settings_prepare(const struct probe_settings *probe, struct value_settings *settings,
                            struct fault_list *faults);
/* Frees the set. For config_kind.release; the rows free the rest. */
void value_settings_release(struct value_settings *settings);

/* For probe_kind.values. */
struct value_definitions value_settings_definitions(const struct value_settings *settings);

/* Checks values against each other over all probes: one NAME has one help and one list of labels, none of them a constant label
   of an app server that it is read from. For
   config_schema.check_model. */
void value_check_model(const struct model *model, struct fault_list *faults);

#endif
