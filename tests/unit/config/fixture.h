/* A made-up schema, and a configuration read from text with what was told about it. */
#ifndef TESTS_CONFIG_FIXTURE_H
#define TESTS_CONFIG_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
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
        fault_add(faults, probe->place, "[probe %s] rows_min: more than a page", probe->name);
}

static const struct config_kind sample_baq = {.name = "baq",
                                              .rows = sample_rows,
                                              .row_count = sizeof sample_rows / sizeof sample_rows[0],
                                              .settings_size = sizeof(struct sample_own),
                                              .per_company = true,
                                              .check = sample_check};
static const struct config_kind sample_token = {.name = "token", .settings_size = 1, .fresh = true};
static const struct config_kind sample_absent = {.name = "efx", .not_built = true};
static const struct config_kind *const sample_kinds[] = {&sample_baq, &sample_token, &sample_absent, NULL};

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

/* A whole configuration without fault and without warning, to which a test adds. */
#define SERVER                                                                                               \
    "[appserver live]\nurl = https://erp.example.com/Live\ncompany = EPIC06\nusername_env = HOME\n"          \
    "password_env = HOME\napi_key_env = HOME\n"
#define PROBE "[probe orders]\nkind = baq\nbaq = Orders\n"
#define GOOD  SERVER PROBE

static struct model *read_text(const char *text, struct fault_list *faults)
{
    return model_read("/etc/x/e.ini", span_of(text), NULL, &sample_schema, faults);
}

/* Everything that is told about the text, as it is printed, sorted; the caller frees. */
static inline char *told(const char *text)
{
    struct fault_list faults = {0};
    struct model *model = read_text(text, &faults);
    assert_true((model == NULL) == (faults.faults > 0));
    model_unref(model);
    fault_list_sort(&faults);
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    fault_list_print(&faults, out);
    fclose(out);
    fault_list_free(&faults);
    return printed;
}

struct told_case {
    const char *text;
    const char *told;
};

static inline void check_told(const struct told_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *got = told(cases[i].text);
        if (strcmp(got, cases[i].told) != 0)
            fail_msg("case %zu:\n%s\nwanted:\n%s\ngot:\n%s", i, cases[i].text, cases[i].told, got);
        free(got);
    }
}

#define CHECK_TOLD(cases) check_told(cases, sizeof cases / sizeof cases[0])

#endif
