/* label.NAME, expect_production and database_latency_limit of an app server. */
#include "main.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "config/constant_label.h"
#include "fixture.h"

static struct model *model_of(const char *keys, struct fault_list *faults)
{
    char *text = memory_format("[appserver a]\nurl = https://h/A\nauth = none\n%s", keys);
    struct model *model = model_read("e.ini", span_of(text), NULL, &sample_schema, faults);

    free(text);
    fault_list_sort(faults);
    return model;
}

static void assert_fault(const char *keys, const char *wanted)
{
    struct fault_list faults = {0};

    assert_null(model_of(keys, &faults));
    assert_int_equal(faults.faults, 1);
    assert_string_equal(faults.items[0].text, wanted);
    fault_list_free(&faults);
}

static void test_good_ones(void **state)
{
    struct fault_list faults = {0};
    struct model *model = model_of("label.site = Main \"Street\"\nlabel._Team9 = \xC3\x9C\n"
                                   "expect_production = yes\ndatabase_latency_limit = 50ms\n",
                                   &faults);

    (void)state;
    assert_non_null(model);
    const struct appserver_settings *appserver = &model->appservers[0];
    assert_int_equal(appserver->labels.count, 2);
    assert_string_equal(appserver->labels.items[0].name, "site");
    assert_string_equal(appserver->labels.items[0].value, "Main \"Street\"");
    assert_string_equal(appserver->labels.items[1].name, "_Team9");
    assert_true(appserver->expect_production.set && appserver->expect_production.value);
    assert_true(appserver->database_latency_limit_ns == 50 * MILLISECOND_NS);
    model_unref(model);

    model = model_of("expect_production = off\n", &faults);
    assert_non_null(model);
    assert_true(model->appservers[0].expect_production.set && !model->appservers[0].expect_production.value);
    model_unref(model);
    for (size_t i = 0; i < 2; i++) {
        model = model_of(i == 0 ? "" : "expect_production = none\n", &faults);
        assert_non_null(model);
        assert_false(model->appservers[0].expect_production.set);
        assert_true(model->appservers[0].database_latency_limit_ns == 0);
        model_unref(model);
    }
    fault_list_free(&faults);
}

static void test_faults(void **state)
{
#define NAME ": a label's name is letters, digits and _, no digit first, and not __ first"
    (void)state;
    assert_fault("label.9a = x\n", "[appserver a] label.9a" NAME);
    assert_fault("label.a-b = x\n", "[appserver a] label.a-b" NAME);
    assert_fault("label.a.b = x\n", "[appserver a] label.a.b" NAME);
    assert_fault("label.__a = x\n", "[appserver a] label.__a" NAME);
    assert_fault("label.le = x\n",
                 "[appserver a] label.le: the label le has a meaning already; choose another name");
    assert_fault("label.state = x\n",
                 "[appserver a] label.state: the label state has a meaning already; choose another name");
    assert_fault("expect_production = maybe\n",
                 "[appserver a] expect_production = maybe: it must be yes, no or none");

    char *long_value = memory_new(600, 1);
    memset(long_value, 'x', 513);
    char *keys = memory_format("label.a = %s\n", long_value);
    assert_fault(keys, "[appserver a] label.a: longer than 512 bytes");
    free(keys);
    free(long_value);

    struct buffer many;
    buffer_init(&many, 4096);
    for (int i = 0; i < 17; i++)
        buffer_format(&many, "label.l%d = x\n", i);
    assert_fault(many.data, "[appserver a] label: more than 16 labels");
    buffer_free(&many);

    struct fault_list faults = {0};
    assert_null(model_of("label.a =\n", &faults));
    fault_list_free(&faults);
    assert_null(model_of("label.a = x\nlabel.a = y\n", &faults));
    fault_list_free(&faults);
    assert_null(model_of("database_latency_limit = 0s\n", &faults));
    fault_list_free(&faults);
}

ALL_TESTS(cmocka_unit_test(test_good_ones), cmocka_unit_test(test_faults));
