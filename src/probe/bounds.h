/* How many rows an answer may have: rows_min, rows_max, rows_deviation of the kinds that count rows. */
#ifndef PROBE_BOUNDS_H
#define PROBE_BOUNDS_H

#include <stddef.h>

#include "probe/kind.h"

struct bounds {
    struct optional_number rows_min, rows_max;
    struct optional_number rows_deviation; /* a ratio: 0.5 for 50% */
};

/* CONFIG_OTHER of rows_deviation: reads "50%" into a struct optional_number. */
char *bounds_read_share(const char *text, void *field);

/* Their rows, for the row table of a kind; base: the offset of its struct bounds. */
#define BOUNDS_AT(base, member) .offset = (base) + offsetof(struct bounds, member)
#define BOUNDS_CONFIG_ROWS(base)                                                                             \
    {.name = "rows_min",                                                                                     \
     .type = CONFIG_NUMBER,                                                                                  \
     BOUNDS_AT(base, rows_min),                                                                              \
     .help = "Fewer rows make the run fail with `rows`."},                                                   \
        {.name = "rows_max",                                                                                 \
         .example = "10000",                                                                                 \
         .type = CONFIG_NUMBER,                                                                              \
         BOUNDS_AT(base, rows_max),                                                                          \
         .help = "More rows make the run fail with `rows`."},                                                \
    {                                                                                                        \
        .name = "rows_deviation", .form = "percent", .example = "50%", .type = CONFIG_OTHER,                 \
        BOUNDS_AT(base, rows_deviation), .convert = bounds_read_share,                                       \
        .help = "How far, in percent of what is usual, the number of rows may be from it, such as `50%`. "   \
                "The run does not fail by it: it is exported for rules."                                     \
    }

/* A fault where the number is set and not whole from minimum on. */
void bounds_check_whole(const struct probe_settings *probe, const char *key, struct optional_number number,
                        double minimum, struct fault_list *faults);

void bounds_check(const struct probe_settings *probe, const struct bounds *bounds, struct fault_list *faults);

/* Fails the result where rows lie outside. */
void bounds_judge(const struct bounds *bounds, uint64_t rows, struct probe_result *result);

/* What rules are told of them. */
void bounds_tell(const struct bounds *bounds, struct probe_limits *limits);

#endif
