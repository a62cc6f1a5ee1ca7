/* A made-up schema: every type of row, a kind that runs by company and one that does not. */
#ifndef TESTS_CONFIG_SAMPLE_SCHEMA_H
#define TESTS_CONFIG_SAMPLE_SCHEMA_H

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "config/model.h"

struct sample_own {
    char *baq;
    char *filter;
    struct pair_list param, expect;
    struct optional_number rows_min;
    int rows;
    bool flag;
    uint64_t cap;
    int64_t top;
    struct text_list columns;
};

static const char *const sample_rows_choices[] = {"page", "count", "all", NULL};

#define OWN(member) .offset = offsetof(struct sample_own, member)
static const struct config_row sample_rows[] = {
    {.name = "baq", .type = CONFIG_TEXT, OWN(baq), .required = true},
    {.name = "filter", .type = CONFIG_TEXT_FILE, OWN(filter)},
    {.name = "param", .type = CONFIG_PAIR_LISTS, OWN(param)},
    {.name = "expect", .type = CONFIG_PAIRS, OWN(expect)},
    {.name = "rows_min", .type = CONFIG_NUMBER, OWN(rows_min)},
    {.name = "rows", .type = CONFIG_CHOICE, OWN(rows), .preset = "page", .choices = sample_rows_choices},
    {.name = "flag", .type = CONFIG_BOOL, OWN(flag), .preset = "no"},
    {.name = "cap", .type = CONFIG_SIZE, OWN(cap), .preset = "64KiB", .minimum = 1024, .maximum = 1 << 30},
    {.name = "top", .type = CONFIG_INTEGER, OWN(top), .preset = "7", .minimum = 1, .maximum = 100},
    {.name = "columns", .type = CONFIG_LIST, OWN(columns)},
};

/* What one key alone cannot show. */
static void sample_check(const struct probe_settings *probe, struct fault_list *faults)
{
    const struct sample_own *own = probe->own;
    if (own->rows_min.set && own->rows_min.value > 1000)
        fault_add(faults, probe_key_place(probe, "rows_min"), "[probe %s] rows_min: more than a page",
                  probe->name);
}

static const struct config_kind sample_baq = {.name = "baq",
                                              .rows = sample_rows,
                                              .row_count = sizeof sample_rows / sizeof sample_rows[0],
                                              .settings_size = sizeof(struct sample_own),
                                              .per_company = true,
                                              .check = sample_check};
static const struct config_kind sample_token = {.name = "token", .settings_size = 1, .fresh = true};
static const struct config_kind *const sample_kinds[] = {&sample_baq, &sample_token, NULL};

static const char *sample_license(const char *name_or_guid, const char **name)
{
    static const char guid[] = "00000003-9439-4B30-A6F4-6D2FD4B9FD0F";
    *name = strcasecmp(name_or_guid, "Webservice") == 0 || strcasecmp(name_or_guid, guid) == 0 ||
                    strncmp(name_or_guid, "Web", 3) == 0
                ? "WebService"
                : NULL;
    return *name != NULL && (strlen(name_or_guid) == 10 || strlen(name_or_guid) == 36) ? guid : NULL;
}

static const struct config_schema sample_schema = {.kinds = sample_kinds, .license_guid = sample_license};

#endif
