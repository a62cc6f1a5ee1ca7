#include "main.h"

#include <string.h>

#include "probe/reply.h"

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *text, *member, *name;
        enum json_kind kind;
        const char *value;
    } cases[] = {
        {"{\"returnObj\":12}", "returnObj", NULL, JSON_NUMBER, "12"},
        {"{\"returnObj\":0.5}", "returnObj", NULL, JSON_NUMBER, "0.5"},
        {"{\"returnObj\":\" 12.0 \"}", "returnObj", NULL, JSON_STRING, " 12.0 "},
        {"{\"returnObj\":[12]}", "returnObj", NULL, JSON_NUMBER, "12"},
        {"{\"returnObj\":[[{\"a\":{\"b\":true}}]]}", "returnObj", NULL, JSON_TRUE, ""},
        {"{\"ReturnObj\":false}", "returnObj", NULL, JSON_FALSE, ""},
        {"{\"returnObj\":null}", "returnObj", NULL, JSON_NULL, ""},
        {"{\"returnObj\":[]}", "returnObj", NULL, JSON_ABSENT, ""},
        {"{\"returnObj\":{}}", "returnObj", NULL, JSON_ABSENT, ""},
        {"{}", "returnObj", NULL, JSON_ABSENT, ""},
        {"[{\"returnObj\":1}]", "returnObj", NULL, JSON_NUMBER, "1"},
        {"12", "returnObj", NULL, JSON_ABSENT, ""},
        {"", "returnObj", NULL, JSON_ABSENT, ""},
        {"{", "returnObj", NULL, JSON_ABSENT, ""},
        {"{\"parameters\":{\"earliest\":\"x\",\"count\":3}}", "parameters", "count", JSON_NUMBER, "3"},
        {"{\"parameters\":[{\"earliest\":\"x\"},{\"Count\":\"3\"}]}", "parameters", "count", JSON_STRING,
         "3"},
        {"{\"parameters\":{\"count\":{\"a\":1}}}", "parameters", "count", JSON_ABSENT, ""},
        {"{\"parameters\":7}", "parameters", "count", JSON_ABSENT, ""},
        {"{\"returnObj\":1e999}", "returnObj", NULL, JSON_NUMBER, "+Inf"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer answer = {.text = cases[i].text, .text_size = strlen(cases[i].text)};
        struct reply reply;
        reply_read(&reply, &answer);
        struct json_value value = reply_value(&reply, cases[i].member, cases[i].name);
        if (value.kind != cases[i].kind || strcmp(value.text, cases[i].value) != 0)
            fail_msg("%s: %s \"%s\"", cases[i].text, json_kind_text(value.kind), value.text);
        assert_int_equal(value.size, strlen(value.text));
        reply_free(&reply);
    }
    /* Of what was cut nothing is told. */
    struct reply reply;
    reply_read(&reply, &(struct answer){.text = "{\"returnObj\":1}", .text_size = 15, .text_cut = true});
    assert_int_equal(reply_value(&reply, "returnObj", NULL).kind, JSON_ABSENT);
    reply_free(&reply);
}

ALL_TESTS(cmocka_unit_test(test_values));
