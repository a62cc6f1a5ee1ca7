/* [defaults KIND]: what probes take from there, and where faults of it are told. */
#include "main.h"

#include "fixture.h"

#define DEFAULTS "[defaults baq]\n"

static struct model *good(const char *text)
{
    struct fault_list faults = {0};
    struct model *model = read_text(text, &faults);
    if (faults.count > 0)
        fail_msg("%s:%d: %s", faults.items[0].file, faults.items[0].line, faults.items[0].text);
    fault_list_free(&faults);
    return model;
}

static const struct sample_own *own_of(const struct model *model, size_t probe)
{
    return model->probes[probe].own;
}

static void probes_take_what_they_do_not_write(void **state)
{
    (void)state;
    /* Behind the probes, because the order does not matter; with every form of value. */
    struct model *model = good(
        SERVER "[probe bare]\nkind = baq\n"
               "[probe own]\nkind = baq\nbaq = Own\ntop = 3\ninterval = 5m\nflag = no\nrows = page\n"
               "columns = c\nlicense = none\ntimezone = UTC\n"
               "[probe other]\nkind = token\n" DEFAULTS
               "baq = Shared\ntop = 9\ninterval = 7m\ntimeout = 3m\nflag = yes\nrows = all\ncap = 1MiB\n"
               "columns = a, b\nrows_min = 2\nlicense = WebService\ntimezone = America/Chicago\nplant = P\n"
               "connection = fresh\nmax_response = 1KiB\ncompany = EPIC07\n");
    const struct probe_settings *bare = &model->probes[0], *own = &model->probes[1],
                                *other = &model->probes[2];
    assert_string_equal(own_of(model, 0)->baq, "Shared");
    assert_int_equal(own_of(model, 0)->top, 9);
    assert_int_equal(own_of(model, 0)->rows, 2);
    assert_int_equal(own_of(model, 0)->cap, 1 << 20);
    assert_int_equal(own_of(model, 0)->columns.count, 2);
    assert_true(own_of(model, 0)->flag);
    assert_true(own_of(model, 0)->rows_min.set);
    assert_int_equal(bare->interval_ns / 60000000000, 7);
    assert_string_equal(bare->plant, "P");
    assert_string_equal(bare->license.name, "WebService");
    assert_int_equal(bare->connection, CONNECTION_FRESH);
    assert_int_equal(bare->max_response, 1024);
    assert_string_equal(bare->company.items[0], "EPIC07");
    assert_non_null(bare->timezone);

    assert_string_equal(own_of(model, 1)->baq, "Own");
    assert_int_equal(own_of(model, 1)->top, 3);
    assert_int_equal(own_of(model, 1)->rows, 0);
    assert_false(own_of(model, 1)->flag);
    assert_int_equal(own_of(model, 1)->columns.count, 1);
    assert_int_equal(own->interval_ns / 60000000000, 5);
    assert_int_equal(own->timeout_ns / 60000000000, 3);
    assert_string_equal(own->license.name, "none");
    assert_int_equal(own->max_response, 1024);

    assert_int_equal(other->interval_ns / 1000000000, 60);
    assert_int_equal(other->company.count, 0);
    assert_null(other->plant);

    /* Where a value was written. */
    assert_true(probe_writes(own, "top"));
    assert_false(probe_writes(bare, "top"));
    assert_int_equal(probe_key_place(own, "top").line, 12);
    assert_int_equal(probe_key_place(bare, "top").line, 23);
    assert_int_equal(probe_key_place(bare, "expect").line, 7);
    model_unref(model);
}

static void pairs_are_taken_by_name(void **state)
{
    (void)state;
    struct model *model = good(SERVER DEFAULTS
                               "param.plant = MAIN\nparam.site.list = a, b\nparam.x = 1\n"
                               "expect.Ok = true\nexpect.Count = > 0\n" PROBE
                               "param.plant.list = N, S\nparam.site = c\nexpect.Ok = false\n");
    const struct sample_own *own = own_of(model, 0);
    static const struct {
        const char *name, *value;
    } wanted[] = {{"plant", "N"}, {"plant", "S"}, {"site", "c"}, {"x", "1"}};
    assert_int_equal(own->param.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(own->param.items[i].name, wanted[i].name);
        assert_string_equal(own->param.items[i].value, wanted[i].value);
    }
    assert_int_equal(own->expect.count, 2);
    assert_string_equal(own->expect.items[0].value, "false");
    assert_string_equal(own->expect.items[1].name, "Count");
    assert_int_equal(own->expect.items[1].place.line, 12);
    model_unref(model);
}

/* One form of a key stands for all: filter against filter_file. */
static void another_form_of_a_key_is_the_same_key(void **state)
{
    (void)state;
    struct model *model = good(SERVER DEFAULTS "filter_file = /dev/null\n" PROBE "filter = a eq 1\n");
    assert_string_equal(own_of(model, 0)->filter, "a eq 1");
    model_unref(model);
    model = good(SERVER DEFAULTS "filter = a eq 1\n" PROBE "filter_file = /dev/null\n");
    assert_string_equal(own_of(model, 0)->filter, "");
    model_unref(model);
}

static void one_probe_for_many_appservers_and_companies(void **state)
{
    (void)state;
    struct model *model = good(
        "[appserver a]\nurl = https://a\nauth = none\napi_key_env = PATH\ncompany = A1, A2, A3\n"
        "[appserver b]\nurl = https://b\nauth = none\napi_key_env = PATH\ncompany = B1\n"
        "[appserver c]\nurl = https://c\nauth = none\napi_key_env = PATH\ncompany = C1, C2\n" DEFAULTS
        "baq = Q\nappserver = a, c\n[probe many]\nkind = baq\n"
        "[probe all]\nkind = baq\nappserver = a, b, c\n[probe one]\nkind = baq\nappserver = b\ncompany = "
        "X\n");
    assert_int_equal(model->target_count, 5 + 6 + 1);
    static const struct {
        const char *probe, *appserver, *company;
    } wanted[] = {{"many", "a", "A1"}, {"many", "a", "A2"}, {"many", "a", "A3"}, {"many", "c", "C1"},
                  {"many", "c", "C2"}, {"all", "a", "A1"},  {"all", "a", "A2"},  {"all", "a", "A3"},
                  {"all", "b", "B1"},  {"all", "c", "C1"},  {"all", "c", "C2"},  {"one", "b", "X"}};
    for (size_t i = 0; i < model->target_count; i++) {
        assert_string_equal(model->targets[i].probe->name, wanted[i].probe);
        assert_string_equal(model->targets[i].appserver->name, wanted[i].appserver);
        assert_string_equal(model->targets[i].company, wanted[i].company);
    }
    model_unref(model);
}

static void faults(void **state)
{
    (void)state;
    static const struct told_case cases[] = {
        /* The kind. */
        {GOOD DEFAULTS "kind = baq\ntop = 2\n", "/etc/x/e.ini:11: [defaults baq] kind: the kind is named "
                                                "between the brackets; each probe writes its "
                                                "own\n"},
        {GOOD "[defaults bqa]\n", "/etc/x/e.ini:10: [defaults bqa]: there is no such kind; is baq meant?\n"},
        {GOOD "[defaults efx]\n",
         "/etc/x/e.ini:10: [defaults efx]: there is no such kind; there are: baq, token\n"},
        {GOOD "[defaults]\n",
         "/etc/x/e.ini:10: [defaults]: it needs the name of a kind, such as [defaults baq]\n"},
        {GOOD DEFAULTS DEFAULTS, "/etc/x/e.ini:11: [defaults baq]: written twice, first in line 10\n"},
        {GOOD "[defaults token]\ninterval = 5s\n",
         "/etc/x/e.ini:10: warning: [defaults token]: without effect, because no probe is of this kind\n"},
        /* Keys. */
        {GOOD DEFAULTS "toop = 3\n", "/etc/x/e.ini:11: [defaults baq] toop: unknown key; is top meant?\n"},
        {GOOD DEFAULTS "name = x\n", "/etc/x/e.ini:11: [defaults baq] name: unknown key\n"},
        {GOOD "[defaults token]\ntop = 3\n[probe t]\nkind = token\n",
         "/etc/x/e.ini:11: [defaults token] top: kind = token has no such key; these have: baq\n"},
        {GOOD DEFAULTS "top = 3\ntop = 4\n",
         "/etc/x/e.ini:12: [defaults baq] top: written twice, first in line 11\n"},
        /* A wrong value is told once, whoever takes it: both, one, none. */
        {SERVER DEFAULTS "top = 0\nbaq = Q\n[probe a]\nkind = baq\n[probe b]\nkind = baq\n",
         "/etc/x/e.ini:8: [defaults baq] top = 0: it must be 1 to 100\n"},
        {GOOD DEFAULTS "baq =\n",
         "/etc/x/e.ini:11: [defaults baq] baq: there is no value; leave the key out to have its default\n"},
        {SERVER PROBE DEFAULTS "filter_file = /nowhere/f\n[probe b]\nkind = baq\nbaq = x\n",
         "/etc/x/e.ini:11: [defaults baq] filter_file = /nowhere/f: /nowhere/f cannot be read: No such file "
         "or "
         "directory\n"},
        /* What shows only across keys or sections is told at the key, once. */
        {SERVER DEFAULTS "rows_min = 2000\nbaq = Q\n[probe a]\nkind = baq\n[probe b]\nkind = baq\n",
         "/etc/x/e.ini:8: [defaults baq] rows_min: more than a page\n"},
        {SERVER DEFAULTS "rows_min = 2000\nbaq = Q\n[probe a]\nkind = baq\n[probe b]\nkind = baq\n"
                         "rows_min = 3\n",
         "/etc/x/e.ini:8: [defaults baq] rows_min: more than a page (so in [probe a])\n"},
        {SERVER DEFAULTS "rows_min = 2000\nbaq = Q\n[probe a]\nkind = baq\n[probe b]\nkind = baq\n"
                         "[probe c]\nkind = baq\nrows_min = 3\n",
         "/etc/x/e.ini:8: [defaults baq] rows_min: more than a page (so in 2 probes, [probe a] is the "
         "first)\n"},
        {SERVER DEFAULTS "appserver = lvie\n[probe a]\nkind = baq\nbaq = x\n[probe b]\nkind = baq\nbaq = y\n",
         "/etc/x/e.ini:8: [defaults baq] appserver = lvie: there is no such [appserver]; is live meant?\n"},
        {SERVER DEFAULTS "timeout = 1s\n[probe a]\nkind = baq\nbaq = x\n[probe b]\nkind = baq\nbaq = y\n",
         "/etc/x/e.ini:8: warning: [defaults baq] timeout: below 20s; Kinetic delays each call by 20 s when "
         "license seats run out, which would then look like a time-out\n"},
        /* What neither writes is missing in the probe. */
        {SERVER DEFAULTS "top = 3\n[probe a]\nkind = baq\n", "/etc/x/e.ini:9: [probe a]: baq is missing\n"},
    };
    CHECK_TOLD(cases);
}

ALL_TESTS(cmocka_unit_test(probes_take_what_they_do_not_write), cmocka_unit_test(pairs_are_taken_by_name),
          cmocka_unit_test(another_form_of_a_key_is_the_same_key),
          cmocka_unit_test(one_probe_for_many_appservers_and_companies), cmocka_unit_test(faults));
