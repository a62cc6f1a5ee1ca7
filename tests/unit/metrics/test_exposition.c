#include "main.h"

#include <string.h>

#include "metrics/exposition.h"

static void test_names_of_families(void **state)
{
    static const struct {
        const char *family;
        enum metric_type type;
        const char *asked;
        bool wanted;
    } cases[] = {
        {"a_runs_total", METRIC_COUNTER, "a_runs_total", true},
        {"a_runs_total", METRIC_COUNTER, "a_runs", true},
        {"a_runs_total", METRIC_COUNTER, "a_runs_created", true},
        {"a_runs_total", METRIC_COUNTER, "a_runs_sum", false},
        {"a_runs_total", METRIC_COUNTER, "a_runs_totally", false},
        {"a_runs_total", METRIC_COUNTER, "a_run", false},
        {"a_seconds", METRIC_HISTOGRAM, "a_seconds", true},
        {"a_seconds", METRIC_HISTOGRAM, "a_seconds_bucket", true},
        {"a_seconds", METRIC_HISTOGRAM, "a_seconds_sum", true},
        {"a_seconds", METRIC_HISTOGRAM, "a_seconds_count", true},
        {"a_seconds", METRIC_HISTOGRAM, "a_seconds_created", true},
        {"a_seconds", METRIC_HISTOGRAM, "a_seconds_total", false},
        {"a_seconds", METRIC_GAUGE, "a_seconds", true},
        {"a_seconds", METRIC_FOUND, "a_seconds", true},
        {"a_seconds", METRIC_CHOICE, "a_seconds_count", false},
        {"a_seconds", METRIC_REMAINING, "A_seconds", false},
        {"a_seconds", METRIC_SERIES, "", false},
        {"a_seconds", METRIC_GAUGE, "a_seconds ", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span names[3] = {span_of("other"), span_of(cases[i].asked), span_of("other")};
        struct exposition exposition = {.names = {names, 3}};
        if (exposition_wants(&exposition, cases[i].family, cases[i].type) != cases[i].wanted)
            fail_msg("%s asked as %s", cases[i].family, cases[i].asked);
        exposition.names.count = 0;
        assert_true(exposition_wants(&exposition, cases[i].family, cases[i].type));
    }
}

static void test_content_types(void **state)
{
    static const struct {
        struct exposition exposition;
        const char *wanted;
    } cases[] = {
        {{0}, "text/plain; version=0.0.4; charset=utf-8"},
        {{.draft = true}, "text/plain; version=0.0.4; charset=utf-8"},
        {{.escaping = ESCAPING_UNDERSCORES},
         "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"},
        {{.format = EXPOSITION_OPENMETRICS}, "application/openmetrics-text; version=1.0.0; charset=utf-8"},
        {{.format = EXPOSITION_OPENMETRICS, .escaping = ESCAPING_ALLOW_UTF8},
         "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"},
        {{.format = EXPOSITION_OPENMETRICS, .draft = true},
         "application/openmetrics-text; version=0.0.1; charset=utf-8"},
        {{.format = EXPOSITION_OPENMETRICS, .draft = true, .escaping = ESCAPING_DOTS},
         "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=dots"},
        {{.format = EXPOSITION_PROTOBUF},
         "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"},
        {{.format = EXPOSITION_PROTOBUF, .escaping = ESCAPING_VALUES},
         "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; "
         "escaping=values"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(exposition_content_type(&cases[i].exposition), cases[i].wanted);
}

ALL_TESTS(cmocka_unit_test(test_names_of_families), cmocka_unit_test(test_content_types));
