/* A configuration read from text with the made-up schema, and what was told about it. */
#ifndef TESTS_CONFIG_FIXTURE_H
#define TESTS_CONFIG_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample_schema.h"

/* A whole configuration without fault and without warning, to which a test adds. */
#define SERVER                                                                                               \
    "[appserver live]\nurl = https://erp.example.com/Live\ncompany = EPIC06\nusername_env = PATH\n"          \
    "password_env = PATH\napi_key_env = PATH\n"
#define PROBE "[probe orders]\nkind = baq\nbaq = Orders\n"
#define GOOD  SERVER PROBE

static inline struct model *read_text(const char *text, struct fault_list *faults)
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
