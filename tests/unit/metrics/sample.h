/* A small set of families of each type, for the tests of the store and its encoders. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "metrics/family.h"

enum sample_class { CLASS_THING, CLASS_PROCESS, CLASS_PART, SAMPLE_CLASSES };

enum sample_family {
    SAMPLE_RUNS,
    SAMPLE_ANSWERS,
    SAMPLE_LEVEL,
    SAMPLE_PHASE,
    SAMPLE_STATE,
    SAMPLE_LEFT,
    SAMPLE_TIME,
    SAMPLE_INFO,
    SAMPLE_REQUESTS,
    SAMPLE_SECOND_GROUP,
    SAMPLE_SECOND_LEVEL,
    SAMPLE_LICENSES,
    SAMPLE_SERIES,
    SAMPLE_SEATS,
    SAMPLE_DELAY,
    SAMPLE_FAMILIES
};

static const char *sample_code(size_t index)
{
    static const char *const codes[] = {"200", "500"};

    return codes[index];
}

static const char *sample_phase(size_t index)
{
    static const char *const phases[] = {"odd \"one\"\\\n", "two"};

    return phases[index];
}

static const char *const thing_labels[] = {"thing", "place", NULL};
static const char *const part_labels[] = {"thing", "part", NULL};
static const double time_buckets[] = {0.05, 1, 2.5};

static const struct metric_class sample_classes[SAMPLE_CLASSES] = {
    [CLASS_THING] = {thing_labels},
    [CLASS_PROCESS] = {NULL},
    [CLASS_PART] = {part_labels},
};

static const struct metric_family sample_families[SAMPLE_FAMILIES] = {
    [SAMPLE_RUNS] = {.name = "z_runs_total", .help = "Runs.", .type = METRIC_COUNTER},
    [SAMPLE_ANSWERS] = {.name = "answers_total",
                        .help = "Answers, \"quoted\" back\\slash\nand Gr\xC3\xBC\xC3\x9F"
                                "e.",
                        .type = METRIC_COUNTER,
                        .labels = {"code"},
                        .value_of = sample_code,
                        .value_count = 2,
                        .data_maximum = 2,
                        .overflow = "other",
                        .exemplars = true},
    [SAMPLE_LEVEL] = {.name = "level", .help = "Level.", .type = METRIC_GAUGE},
    [SAMPLE_PHASE] = {.name = "phase_seconds",
                      .help = "Phase.",
                      .type = METRIC_GAUGE,
                      .labels = {"phase"},
                      .value_of = sample_phase,
                      .value_count = 2},
    [SAMPLE_STATE] = {.name = "state",
                      .help = "State.",
                      .type = METRIC_CHOICE,
                      .labels = {"phase"},
                      .value_of = sample_phase,
                      .value_count = 2},
    [SAMPLE_LEFT] = {.name = "left_seconds", .help = "Left.", .type = METRIC_REMAINING},
    [SAMPLE_TIME] = {.name = "time_seconds",
                     .help = "Time.",
                     .type = METRIC_HISTOGRAM,
                     .buckets = time_buckets,
                     .bucket_count = 3,
                     .native = true,
                     .exemplars = true},
    [SAMPLE_INFO] = {.name = "app_info",
                     .help = "Info.",
                     .type = METRIC_GAUGE,
                     .owner_class = CLASS_PROCESS,
                     .labels = {"version", "revision"},
                     .data_maximum = 1},
    [SAMPLE_REQUESTS] = {.name = "app_requests_total",
                         .help = "Requests.",
                         .type = METRIC_COUNTER,
                         .owner_class = CLASS_PROCESS,
                         .labels = {"path", "code"},
                         .data_maximum = 3,
                         .overflow = "other"},
    [SAMPLE_SECOND_GROUP] = {.name = "second_total", .help = "Second.", .type = METRIC_COUNTER, .group = 2},
    [SAMPLE_SECOND_LEVEL] = {.name = "second_level",
                             .help = "Second level.",
                             .type = METRIC_GAUGE,
                             .group = 2},
    [SAMPLE_LICENSES] = {.name = "licenses",
                         .help = "Licenses.",
                         .type = METRIC_GAUGE,
                         .labels = {"license"},
                         .data_maximum = 2},
    [SAMPLE_SERIES] = {.name = "app_series",
                       .help = "Series.",
                       .type = METRIC_SERIES,
                       .owner_class = CLASS_PROCESS},
    [SAMPLE_SEATS] = {.name = "seats",
                      .help = "Seats.",
                      .type = METRIC_FOUND,
                      .labels = {"company", "license", "state"}},
    [SAMPLE_DELAY] = {.name = "delay_seconds", .help = "Delay.", .type = METRIC_FOUND},
};

#endif
