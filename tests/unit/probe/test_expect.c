#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/expect.h"

static const struct {
    const char *field, *value, *json;
    const char *complaint; /* NULL: as wanted */
} cases[] = {
    {"Success", "true", "{\"Success\":true}", NULL},
    {"Success", "= true", "{\"Success\":true}", NULL},
    {"Success", "= true", "{\"Success\":\"True\"}", NULL},
    {"Success", "= true", "{\"Success\":false}", "Success is false, wanted: = true"},
    {"Success", "true", "{}", "Success is absent, wanted: true"},
    {"Success", "true", "{\"Success\":null}", "Success is null, wanted: true"},
    {"success", "true", "{\"Success\":true}", "success is absent, wanted: true"},
    {"Status", "OK", "{\"Status\":\"OK  \"}", NULL},
    {"Status", "OK", "{\"Status\":\"ok\"}", "Status is \"ok\", wanted: OK"},
    {"Status", "!= Error", "{\"Status\":\"OK\"}", NULL},
    {"Status", "!= Error", "{}", NULL},
    {"Status", "!= Error", "{\"Status\":\"Error\"}", "Status is \"Error\", wanted: != Error"},
    {"Status", "!= Error", "{\"Status\":[]}", "Status is an array, wanted: != Error"},
    {"N", "5", "{\"N\":5.0}", NULL},
    {"N", "5", "{\"N\":\" 5.000 \"}", NULL},
    {"N", "9007199254740993", "{\"N\":9007199254740993}", NULL},
    {"N", "9007199254740993", "{\"N\":9007199254740992}", "N is 9007199254740992, wanted: 9007199254740993"},
    {"N", "12345678901234567890.1", "{\"N\":\" +012345678901234567890.10\"}", NULL},
    {"N", "!= 12345678901234567890.1", "{\"N\":12345678901234567890.2}", NULL},
    {"N", "> 9007199254740992", "{\"N\":9007199254740993}", NULL},
    {"N", "< 0.1", "{\"N\":0.09999999999999999999}", NULL},
    {"N", "= 1e3", "{\"N\":1000}", NULL},
    {"N", "-0", "{\"N\":0}", NULL},
    {"N", "5", "{\"N\":6}", "N is 6, wanted: 5"},
    {"N", "!= 5", "{\"N\":\"5.0\"}", "N is \"5.0\", wanted: != 5"},
    {"N", "< 5", "{\"N\":4.9}", NULL},
    {"N", "< 5", "{\"N\":\"4\"}", NULL},
    {"N", "< 5", "{\"N\":5}", "N is 5, wanted: < 5"},
    {"N", "<= 5", "{\"N\":5}", NULL},
    {"N", "> 5", "{\"N\":5}", "N is 5, wanted: > 5"},
    {"N", ">= 5", "{\"N\":5}", NULL},
    {"N", "> -1", "{\"N\":0}", NULL},
    {"N", "< 5", "{\"N\":\"x\"}", "N is \"x\", wanted: < 5"},
    {"N", "< 5", "{\"N\":null}", "N is null, wanted: < 5"},
    {"N", "< 5", "{\"N\":true}", "N is true, wanted: < 5"},
    {"T", "~ ^AB+$", "{\"T\":\"ABBB\"}", NULL},
    {"T", "~ B", "{\"T\":\"ABA\"}", NULL},
    {"T", "~ ^$", "{\"T\":\"\"}", NULL},
    {"T", "~ ^[0-9]+$", "{\"T\":12}", NULL},
    {"T", "~ b$", "{\"T\":\"a\\u0000b\"}", NULL},
    {"T", "~ x", "{}", "T is absent, wanted: ~ x"},
    {"T", "~ x", "{\"T\":{}}", "T is an object, wanted: ~ x"},
    {"T", "absent", "{}", NULL},
    {"T", "absent", "{\"T\":null}", NULL},
    {"T", "absent", "{\"T\":\"\"}", "T is \"\", wanted: absent"},
    {"T", "= absent", "{\"T\":\"absent\"}", NULL},
    {"T", "!= null", "{\"T\":1}", NULL},
    {"T", "!= null", "{}", "T is absent, wanted: != null"},
    {"Result.Deep.X", "1", "{\"Result\":{\"Deep\":{\"X\":1}}}", NULL},
    {"Result.X", "1", "{\"Result\":[{\"X\":1}]}", NULL},
    {"a\\.b", "1", "{\"a.b\":1}", NULL},
};

static char *judge(const struct pair_list *pairs, const char *json)
{
    struct expectations expectations;
    expectations_init(&expectations, pairs);
    struct json_plan plan = {
        .members = expectations.paths, .member_count = expectations.count, .text_max = 64};
    struct json_scanner *scanner = json_scanner_new(&plan, NULL, NULL);
    json_scanner_feed(scanner, json, strlen(json));
    const struct json_result *result = json_scanner_finish(scanner);
    assert_int_equal(result->error, JSON_FINE);
    char *complaint = expectations_judge(&expectations, result->members);
    json_scanner_free(scanner);
    expectations_free(&expectations);
    return complaint;
}

static void test_judges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pair pair = {.name = (char *)cases[i].field, .value = (char *)cases[i].value};
        struct pair_list pairs = {&pair, 1};
        struct fault_list faults = {0};
        expectations_check(&pairs, "[probe x]", &faults);
        assert_int_equal(faults.count, 0);
        char *complaint = judge(&pairs, cases[i].json);
        if ((complaint == NULL) != (cases[i].complaint == NULL))
            fail_msg("%s %s: %s", cases[i].value, cases[i].json, complaint);
        if (complaint != NULL)
            assert_string_equal(complaint, cases[i].complaint);
        free(complaint);
    }
}

static void test_several_and_overlong(void **state)
{
    (void)state;
    struct pair pairs[] = {{.name = (char *)"A", .value = (char *)"1"},
                           {.name = (char *)"B", .value = (char *)"2"},
                           {.name = (char *)"C", .value = (char *)"~ x"}};
    struct pair_list list = {pairs, 3};
    char json[400];
    snprintf(json, sizeof json, "{\"A\":2,\"B\":2,\"C\":\"%0100dx\"}", 0);
    char *complaint = judge(&list, json);
    assert_non_null(strstr(complaint, "A is 2, wanted: 1; C is \"0000"));
    assert_non_null(strstr(complaint, "\" and more, wanted: ~ x"));
    free(complaint);
}

static void test_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *field, *value, *fault;
    } bad[] = {
        {"A", "",
         "[probe x] expect.A = : nothing to compare with; absent means null or not there, ~ ^$ an empty "
         "text"},
        {"A", "= ", "nothing to compare with"},
        {"A", "< five", "\"five\" is no number"},
        {"A", "~ (", "is no regular expression"},
        {"A..B", "1", "no way to a field"},
        {"", "1", "no way to a field"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct pair pair = {
            .name = (char *)bad[i].field, .value = (char *)bad[i].value, .place = {"f.ini", 7}};
        struct pair_list pairs = {&pair, 1};
        struct fault_list faults = {0};
        expectations_check(&pairs, "[probe x]", &faults);
        assert_int_equal(faults.faults, 1);
        assert_int_equal(faults.items[0].line, 7);
        if (strstr(faults.items[0].text, bad[i].fault) == NULL)
            fail_msg("%s", faults.items[0].text);
        fault_list_free(&faults);
    }
}

ALL_TESTS(cmocka_unit_test(test_judges), cmocka_unit_test(test_several_and_overlong),
          cmocka_unit_test(test_refuses));
