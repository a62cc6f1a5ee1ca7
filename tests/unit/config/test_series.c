/* What names series of an app server: seats.LICENSE, and kinds whose findings carry no probe's name. */
#include "main.h"

#include "fixture.h"

struct seats_own {
    bool by_company;
};

static const struct config_row seats_rows[] = {{.name = "by_company",
                                                .type = CONFIG_BOOL,
                                                .offset = offsetof(struct seats_own, by_company),
                                                .preset = "no"}};

static bool seats_per_company(const struct probe_settings *probe)
{
    return ((const struct seats_own *)probe->own)->by_company;
}

static const struct config_kind seats_kind = {.name = "seats",
                                              .rows = seats_rows,
                                              .row_count = 1,
                                              .settings_size = sizeof(struct seats_own),
                                              .runs_per_company = seats_per_company,
                                              .server_series = true};
static const struct config_kind status_kind = {.name = "status", .settings_size = 1, .server_series = true};
static const struct config_kind *const kinds[] = {&seats_kind, &status_kind, &sample_token, NULL};
static const struct config_schema schema = {.kinds = kinds, .license_guid = sample_license};

static struct model *model_of(const char *text, struct fault_list *faults)
{
    struct model *model = model_read("e.ini", span_of(text), NULL, &schema, faults);
    fault_list_sort(faults);
    return model;
}

#define TWO                                                                                                  \
    "[appserver a]\nurl = https://h/A\nauth = none\napi_key_env = PATH\ncompany = C, D\n"                    \
    "[appserver b]\nurl = https://h/B\nauth = none\napi_key_env = PATH\ncompany = C\n"

static const struct {
    const char *probes;
    const char *faults; /* all of them, a line each */
} writers[] = {
    {"[probe p]\nkind = seats\n", ""},
    {"[probe p]\nkind = seats\n[probe q]\nkind = status\n[probe r]\nkind = token\n[probe s]\nkind = token\n",
     ""},
    {"[probe p]\nkind = seats\nappserver = a\n[probe q]\nkind = seats\nappserver = b\n", ""},
    {"[probe p]\nkind = seats\n[probe q]\nkind = seats\nappserver = b\n",
     "e.ini:14: [probe q] kind = seats: would write the same series as [probe p], for app server b; one "
     "probe of "
     "this kind is enough\n"},
    {"[probe p]\nkind = status\n[probe q]\nkind = status\n",
     "e.ini:14: [probe q] kind = status: would write the same series as [probe p], for app server a; one "
     "probe of "
     "this kind is enough\n"
     "e.ini:14: [probe q] kind = status: would write the same series as [probe p], for app server b; one "
     "probe of "
     "this kind is enough\n"},
    /* Company by company, where the probe runs so. */
    {"[probe p]\nkind = seats\nby_company = yes\ncompany = C\n[probe q]\nkind = seats\nby_company = "
     "yes\ncompany = "
     "D\n[probe r]\nkind = seats\n",
     ""},
    {"[probe p]\nkind = seats\nby_company = yes\n[probe q]\nkind = seats\nby_company = yes\ncompany = D\n",
     "e.ini:15: [probe q] kind = seats: would write the same series as [probe p], for app server a and "
     "company D; "
     "one probe of this kind is enough\n"},
};

static void test_two_probes_with_the_same_series(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
        struct fault_list faults = {0};
        char *text = NULL, *printed = NULL;
        size_t size;
        assert_true(asprintf(&text, TWO "%s", writers[i].probes) > 0);
        struct model *model = model_of(text, &faults);
        assert_int_equal(model == NULL, writers[i].faults[0] != '\0');
        FILE *out = open_memstream(&printed, &size);
        fault_list_print(&faults, out);
        fclose(out);
        assert_string_equal(printed, writers[i].faults);
        free(printed);
        free(text);
        fault_list_free(&faults);
        model_unref(model);
    }
}

static void test_a_probe_decides_whether_it_runs_by_company(void **state)
{
    (void)state;
    struct fault_list faults = {0};
    struct model *model = model_of(TWO "[probe p]\nkind = seats\n[probe q]\nkind = seats\nby_company = on\n",
                                   &faults);
    assert_non_null(model);
    static const char *const companies[] = {"", "", "C", "D", "C"};
    assert_int_equal(model->target_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(model->targets[i].company, companies[i]);
        assert_string_equal(model->targets[i].url_company, companies[i][0] == '\0' ? "C" : companies[i]);
    }
    fault_list_free(&faults);
    model_unref(model);
}

static void test_owned_seats(void **state)
{
    (void)state;
    struct fault_list faults = {0};
    struct model *model = model_of("[appserver a]\nurl = https://h/A\nauth = none\napi_key_env = "
                                   "PATH\nseats.webservice = 3\nseats.Shop floor, "
                                   "old = 0\n[probe p]\nkind = status\n",
                                   &faults);
    assert_non_null(model);
    const struct pair_list *seats = &model->appservers[0].seats;
    assert_int_equal(seats->count, 2);
    assert_string_equal(seats->items[0].name, "WebService");
    assert_string_equal(seats->items[0].value, "3");
    assert_string_equal(seats->items[1].name, "Shop floor, old");
    assert_string_equal(seats->items[1].value, "0");
    fault_list_free(&faults);
    model_unref(model);
}

static void test_owned_seats_that_are_wrong(void **state)
{
    (void)state;
#define SEATS(lines) SERVER lines PROBE
    static const struct told_case cases[] = {
        {SEATS("seats.WebService = 3\nseats.X = 1000000\n"), ""},
        {SEATS("seats.X = -1\n"),
         "/etc/x/e.ini:7: [appserver live] seats.X = -1: wants a whole number from 0 to 1000000\n"},
        {SEATS("seats.X = 2.5\n"),
         "/etc/x/e.ini:7: [appserver live] seats.X = 2.5: wants a whole number from 0 to 1000000\n"},
        {SEATS("seats.X = many\n"),
         "/etc/x/e.ini:7: [appserver live] seats.X = many: wants a whole number from 0 to 1000000\n"},
        {SEATS("seats.X = 1000001\n"),
         "/etc/x/e.ini:7: [appserver live] seats.X = 1000001: wants a whole number from 0 to 1000000\n"},
        {SEATS("seats.WebService = 3\nseats.00000003-9439-4b30-A6F4-6D2FD4B9FD0F = 3\n"),
         "/etc/x/e.ini:8: [appserver live] seats: WebService stands in it twice, by name and by GUID\n"},
        {SEATS("seats = 3\n"),
         "/etc/x/e.ini:7: [appserver live] seats: it wants a name behind it: seats.NAME\n"},
        {GOOD "param = 3\n",
         "/etc/x/e.ini:10: [probe orders] param: it wants a name behind it: param.NAME\n"},
        {GOOD "parm = 3\n", "/etc/x/e.ini:10: [probe orders] parm: unknown key; is param meant?\n"},
    };
    CHECK_TOLD(cases);
}

/* A seat's delay and the API key concern what calls services, not what asks for a token. */
static void test_what_calls_services_is_warned_about(void **state)
{
    (void)state;
    static const struct {
        const char *probe;
        size_t warnings;
    } cases[] = {
        {"kind = status\ntimeout = 5s\n", 2}, {"kind = status\n", 1}, {"kind = token\ntimeout = 5s\n", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault_list faults = {0};
        char *text = NULL;
        assert_true(asprintf(&text,
                             "[appserver a]\nurl = https://h/A\nauth = none\ncompany = C\n[probe p]\n%s",
                             cases[i].probe) > 0);
        struct model *model = model_of(text, &faults);
        assert_non_null(model);
        assert_int_equal(faults.count, cases[i].warnings);
        fault_list_free(&faults);
        model_unref(model);
        free(text);
    }
}

ALL_TESTS(cmocka_unit_test(test_what_calls_services_is_warned_about),
          cmocka_unit_test(test_two_probes_with_the_same_series),
          cmocka_unit_test(test_a_probe_decides_whether_it_runs_by_company),
          cmocka_unit_test(test_owned_seats), cmocka_unit_test(test_owned_seats_that_are_wrong), );
