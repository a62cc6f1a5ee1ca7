/* A report on a small configuration: two app servers (one without tokens), a kind of probe that knows bounds of rows and
   values, one that knows nothing, and one that is about this moment. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "report/report.h"

struct sample_settings {
    struct optional_number rows_min, rows_max, rows_deviation;
    int values; /* which of sample_values; 0: none */
};

static struct value_label sample_labels[] = {{"site", "Site"}, {"part", "Part"}};
static const struct value_definition sample_totals[] = {
    {"open_total_value", "Sum of the\nopen.", "Open", VALUE_SUM, sample_labels, 2},
    {"last_order", "Last order.", "Ordered", VALUE_LAST, NULL, 0}};
static const struct value_definition sample_other_help[] = {
    {"open_total_value", "Another sum.", "Open", VALUE_SUM, sample_labels, 2},
    {"last_order", "Last order.", "Ordered", VALUE_LAST, NULL, 0}};
static const struct value_definitions sample_values[] = {
    {NULL, 0}, {sample_totals, 2}, {sample_other_help, 2}};
static const char *const sample_value_names[] = {"none", "totals", "other_help", NULL};

static const struct config_row sample_rows[] = {
    {.name = "rows_min",
     .type = CONFIG_NUMBER,
     .offset = offsetof(struct sample_settings, rows_min),
     .help = "Least rows."},
    {.name = "rows_max",
     .type = CONFIG_NUMBER,
     .offset = offsetof(struct sample_settings, rows_max),
     .help = "Most rows."},
    {.name = "rows_deviation",
     .type = CONFIG_NUMBER,
     .offset = offsetof(struct sample_settings, rows_deviation),
     .help = "For rules."},
    {.name = "values",
     .type = CONFIG_CHOICE,
     .choices = sample_value_names,
     .preset = "none",
     .offset = offsetof(struct sample_settings, values),
     .help = "Which values."},
};

static void sample_limits(const struct probe_settings *probe, struct probe_limits *limits)
{
    const struct sample_settings *settings = probe->own;

    limits->rows_min = settings->rows_min;
    limits->rows_max = settings->rows_max;
    limits->rows_deviation = settings->rows_deviation;
}

static struct value_definitions sample_values_of(const struct probe_settings *probe)
{
    return sample_values[((const struct sample_settings *)probe->own)->values];
}

static const struct probe_kind sample_kind = {.config = {.name = "baq",
                                                         .help = "A sample.",
                                                         .rows = sample_rows,
                                                         .row_count = 4,
                                                         .settings_size = sizeof(struct sample_settings),
                                                         .per_company = true},
                                              .limits = sample_limits,
                                              .values = sample_values_of};

static const struct probe_kind sample_plain_kind = {
    .config = {.name = "efx", .help = "A sample without bounds.", .per_company = true}};

static const struct probe_kind sample_moment_kind = {
    .config = {.name = "health", .help = "A sample about this moment."}, .forgets = true};

static const struct config_kind *const sample_kinds[] = {&sample_kind.config, &sample_plain_kind.config,
                                                         &sample_moment_kind.config, NULL};

static const char *sample_license(const char *name_or_guid, const char **name)
{
    *name = "WebService";
    return strcmp(name_or_guid, "WebService") == 0 ? "00000003-9439-4B30-A6F4-6D2FD4B9FD0F" : NULL;
}

static const struct config_schema sample_schema = {.kinds = sample_kinds, .license_guid = sample_license};

static const char sample_text[] = "[appserver live]\n"
                                  "url = https://erp.example.com/KineticLive\n"
                                  "company = EPIC06\n"
                                  "username = watch\n"
                                  "password = secret\n"
                                  "api_key = key\n"
                                  "[appserver open]\n"
                                  "url = http://127.0.0.1/Kinetic\n"
                                  "company = EPIC06\n"
                                  "auth = none\n"
                                  "[probe orders]\n"
                                  "kind = baq\n"
                                  "interval = 30s\n"
                                  "timeout = 20s\n"
                                  "rows_min = 1\n"
                                  "rows_max = 1000\n"
                                  "[probe stock]\n"
                                  "kind = baq\n"
                                  "interval = 30s\n"
                                  "timeout = 20s\n"
                                  "appserver = live\n";

/* Targets of it, in this order. */
enum { TARGET_ORDERS_LIVE, TARGET_ORDERS_OPEN, TARGET_STOCK_LIVE };
enum { APPSERVER_LIVE, APPSERVER_OPEN };

/* So many targets: companies C0, C1, ... of one app server with these further lines, and one probe. */
static inline struct model *sample_model_large(size_t companies, const char *lines)
{
    struct fault_list faults = {0};
    struct buffer text;

    buffer_init(&text, 1 << 20);
    buffer_format(&text, "[appserver live]\nurl = https://erp.example.com/KineticLive\n%scompany = C0",
                  lines);
    for (size_t i = 1; i < companies; i++)
        buffer_format(&text, ",C%zu", i);
    buffer_text(&text, "\n[probe orders]\nkind = baq\n");
    struct model *model = model_read("web.ini", (struct span){text.data, text.size}, NULL, &sample_schema,
                                     &faults);
    if (model == NULL)
        fail_msg("%s", faults.items[0].text);
    fault_list_free(&faults);
    buffer_free(&text);
    return model;
}

static inline struct model *sample_model_of(const char *text)
{
    char path[] = "/tmp/test_report_XXXXXX";
    int descriptor = mkstemp(path);
    struct fault_list faults = {0};

    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
    close(descriptor);
    struct model *model = model_load(path, &sample_schema, &faults);
    unlink(path);
    for (size_t i = 0; i < faults.count; i++)
        if (!faults.items[i].warning)
            fail_msg("%d: %s", faults.items[i].line, faults.items[i].text);
    fault_list_free(&faults);
    assert_non_null(model);
    return model;
}

static inline struct model *sample_model(void)
{
    return sample_model_of(sample_text);
}

static const struct moment sample_start = {.boot_ns = 1000 * SECOND_NS, .wall_ns = 1700000000 * SECOND_NS};

static inline struct moment sample_after(int64_t seconds)
{
    return (struct moment){sample_start.boot_ns + seconds * SECOND_NS,
                           sample_start.wall_ns + seconds * SECOND_NS};
}

static inline struct report *sample_report(void)
{
    struct model *model = sample_model();
    struct report *report = report_new(model, sample_start, "1.2.3", "abc");

    model_unref(model);
    return report;
}

/* The lines of the page that hold this text, but for comments. */
static inline char *sample_lines(struct report *report, struct moment now, const char *having)
{
    struct buffer page, lines;

    buffer_init(&page, 1 << 24);
    buffer_init(&lines, 1 << 24);
    assert_true(report_page(report, NULL, now, &page));
    for (char *at = page.data, *end; *at != '\0'; at = end + 1) {
        end = strchr(at, '\n');
        *end = '\0';
        if (*at != '#' && strstr(at, having) != NULL) {
            buffer_text(&lines, at);
            buffer_byte(&lines, '\n');
        }
    }
    buffer_free(&page);
    buffer_reserve(&lines, 0);
    return buffer_take(&lines);
}

static inline void assert_lines(struct report *report, struct moment now, const char *having,
                                const char *wanted)
{
    char *lines = sample_lines(report, now, having);

    assert_string_equal(lines, wanted);
    free(lines);
}

/* The value of the series that is written so; NULL: it must not be there. */
static inline void assert_value(struct report *report, struct moment now, const char *series,
                                const char *wanted)
{
    char *lines = sample_lines(report, now, series);
    char *whole = wanted == NULL ? NULL : memory_format("%s %s\n", series, wanted);

    assert_string_equal(lines, wanted == NULL ? "" : whole);
    free(lines);
    free(whole);
}

#endif
