/* Lists in headers, as clients write them and as they should not. */
#include "main.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "web/header_list.h"

/* value{name=text,name,name="text"} ... */
static void write_item(struct buffer *out, struct header_item item)
{
    struct header_parameter parameter;

    buffer_append(out, item.value.data, item.value.size);
    buffer_byte(out, '{');
    while (header_parameter_next(&item.parameters, &parameter)) {
        buffer_append(out, parameter.name.data, parameter.name.size);
        if (parameter.has_value)
            buffer_byte(out, '=');
        if (parameter.quoted)
            buffer_byte(out, '\'');
        buffer_append(out, parameter.value.data, parameter.value.size);
        buffer_byte(out, ' ');
    }
    buffer_byte(out, '}');
}

static void items_and_parameters(void **state)
{
    static const struct {
        const char *header, *items;
    } cases[] = {
        {"", ""},
        {" \t", ""},
        {",", ""},
        {", ,\t,", ""},
        {";q=1", ""},
        {"gzip", "gzip{}"},
        {"gzip,deflate", "gzip{}deflate{}"},
        {" gzip ;\tq=0 , br;q=1.0,", "gzip{q=0 }br{q=1.0 }"},
        {"gzip;;q=1;", "gzip{q=1 }"},
        {"a;b", "a{b }"},
        {"a;b=", "a{b= }"},
        {"a;=b", "a{=b }"},
        {"a;b=c=d", "a{b=c=d }"},
        {"a; b = c ", "a{b=c }"},
        {"text/plain;version=\"0.0.4\", */*", "text/plain{version='0.0.4 }*/*{}"},
        {"a;b=\"c,d;e\",f", "a{b='c,d;e }f{}"},
        {"a;b=\"c\\\",d\",e", "a{b='c\\\",d }e{}"},
        {"a;b=\"c,d", "a{b='c,d }"},
        {"a;b=\"", "a{b=' }"},
        {"a;b=\"\\", "a{b='\\ }"},
        {"a;b=\"c\\\"", "a{b='c\\ }"},
        {"a;b=\"\"", "a{b=' }"},
        {"\"a,b\";c", "\"a,b\"{c }"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span rest = span_of(cases[i].header);
        struct header_item item;
        struct buffer out;
        buffer_init(&out, 1000);
        while (header_list_next(&rest, &item))
            write_item(&out, item);
        if (strcmp(buffer_as_text(&out), cases[i].items) != 0)
            fail_msg("%s: %s, wanted %s", cases[i].header, buffer_as_text(&out), cases[i].items);
        buffer_free(&out);
    }
}

static void parameter_values(void **state)
{
    static const struct {
        const char *parameter, *text;
        bool is;
    } cases[] = {
        {"v=0.0.4", "0.0.4", true},
        {"v=\"0.0.4\"", "0.0.4", true},
        {"v=\"0\\.0.4\"", "0.0.4", true},
        {"v=0\\.0.4", "0.0.4", false},
        {"v=0.0.4", "0.0.40", false},
        {"v=0.0.40", "0.0.4", false},
        {"v=", "", true},
        {"v", "", true},
        {"v=\"a\\\\b\"", "a\\b", true},
        {"v=A", "a", false},
        {"v=\"a\\\"", "a\\", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span rest = span_of(cases[i].parameter);
        struct header_parameter parameter;
        assert_true(header_parameter_next(&rest, &parameter));
        if (header_parameter_is(&parameter, cases[i].text) != cases[i].is)
            fail_msg("%s, %s", cases[i].parameter, cases[i].text);
    }
}

static void qualities(void **state)
{
    static const struct {
        const char *parameters;
        int thousandths; /* -1: none */
    } cases[] = {
        {"", 1000},         {"q=1", 1000},      {"q=1.", 1000},
        {"q=1.000", 1000},  {"q=0", 0},         {"q=0.", 0},
        {"q=0.000", 0},     {"q=0.5", 500},     {"q=0.25", 250},
        {"q=0.125", 125},   {"Q=0.001", 1},     {"q=0.0001", 1},
        {"q=0.9999", 999},  {" q = 0.3 ", 300}, {"v=1;q=0.7", 700},
        {"q=0.1;q=1", 100}, {"q=1.001", -1},    {"q=1.0001", -1},
        {"q=2", -1},        {"q=", -1},         {"q", -1},
        {"q=.5", -1},       {"q=-0", -1},       {"q=0,5", -1},
        {"q=0.5x", -1},     {"q=\"1\"", -1},    {"q=01", -1},
        {"q=1e0", -1},      {"qq=0", 1000},     {"q=0.00000000000000000001", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int thousandths = -1;
        bool good = header_quality(span_of(cases[i].parameters), &thousandths);
        if (good != (cases[i].thousandths >= 0) || thousandths != cases[i].thousandths)
            fail_msg("%s: %d", cases[i].parameters, thousandths);
    }
}

ALL_TESTS(cmocka_unit_test(items_and_parameters), cmocka_unit_test(parameter_values),
          cmocka_unit_test(qualities));
