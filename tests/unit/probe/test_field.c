#include "main.h"

#include <math.h>
#include <string.h>

#include "probe/field.h"

#define TEXT(words)                                                                                          \
    {                                                                                                        \
        .kind = JSON_STRING, .text = (words), .size = sizeof(words) - 1                                      \
    }
#define DIGITS(words)                                                                                        \
    {                                                                                                        \
        .kind = JSON_NUMBER, .text = (words), .size = sizeof(words) - 1                                      \
    }
#define KIND(which)                                                                                          \
    {                                                                                                        \
        .kind = (which), .text = ""                                                                          \
    }
#define NO_FLAG (-1)

static const struct {
    struct json_value value;
    bool absent;
    double number; /* NAN: none */
    int flag;      /* NO_FLAG: none */
    const char *label;
} values[] = {
    {KIND(JSON_ABSENT), true, NAN, NO_FLAG, NULL},
    {KIND(JSON_NULL), true, NAN, NO_FLAG, NULL},
    {TEXT(""), true, NAN, NO_FLAG, NULL},
    {TEXT("  "), true, NAN, NO_FLAG, NULL},
    {DIGITS("0"), false, 0, 0, "0"},
    {DIGITS("1"), false, 1, 1, "1"},
    {DIGITS("-0.5e1"), false, -5, NO_FLAG, "-0.5e1"},
    {DIGITS("9007199254740993"), false, 9007199254740992.0, NO_FLAG, "9007199254740993"},
    {TEXT(" 62400.50000000  "), false, 62400.5, NO_FLAG, "62400.50000000"},
    {TEXT("12 34"), false, NAN, NO_FLAG, "12 34"},
    {TEXT("1,5"), false, NAN, NO_FLAG, "1,5"},
    {TEXT("nan"), false, NAN, NO_FLAG, "nan"},
    {KIND(JSON_TRUE), false, NAN, 1, NULL},
    {KIND(JSON_FALSE), false, NAN, 0, NULL},
    {TEXT(" TRUE "), false, NAN, 1, "TRUE"},
    {TEXT("False"), false, NAN, 0, "False"},
    {TEXT("1"), false, 1, 1, "1"},
    {TEXT("yes"), false, NAN, NO_FLAG, "yes"},
    {KIND(JSON_OBJECT), false, NAN, NO_FLAG, NULL},
    {KIND(JSON_ARRAY), false, NAN, NO_FLAG, NULL},
    {TEXT("a\nb"), false, NAN, NO_FLAG, NULL},
    {TEXT("a\0b"), false, NAN, NO_FLAG, NULL},
    {{.kind = JSON_STRING, .overlong = true, .text = "1", .size = 1}, false, NAN, NO_FLAG, NULL},
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const struct json_value *value = &values[i].value;
        double number = 77;
        bool flag = false;
        char label[FIELD_LABEL_MAX + 1];
        assert_int_equal(field_is_absent(value), values[i].absent);
        assert_int_equal(field_number(value, &number), !isnan(values[i].number));
        assert_true(isnan(values[i].number) ? number > 76 && number < 78
                                            : number >= values[i].number && number <= values[i].number);
        assert_int_equal(field_flag(value, &flag), values[i].flag != NO_FLAG);
        assert_int_equal(flag, values[i].flag == 1);
        assert_int_equal(field_label(value, label), values[i].label != NULL);
        if (values[i].label != NULL)
            assert_string_equal(label, values[i].label);
    }
}

static void test_a_label_has_a_longest_size(void **state)
{
    (void)state;
    char text[FIELD_LABEL_MAX + 3], label[FIELD_LABEL_MAX + 1];
    memset(text, 'x', sizeof text);
    text[FIELD_LABEL_MAX] = ' ';
    text[FIELD_LABEL_MAX + 1] = ' ';
    struct json_value value = {.kind = JSON_STRING, .text = text, .size = FIELD_LABEL_MAX + 2};
    assert_true(field_label(&value, label));
    assert_int_equal(strlen(label), FIELD_LABEL_MAX);
    text[FIELD_LABEL_MAX] = 'x';
    assert_false(field_label(&value, label));
}

static void test_moments(void **state)
{
    (void)state;
    static const struct {
        struct json_value value;
        double epoch; /* NAN: none */
    } cases[] = {{TEXT("2026-01-31T12:00:00"), 1769860800},
                 {TEXT(" 2026-01-31T12:00:00.25Z "), 1769860800.25},
                 {TEXT("2026-01-31T14:00:00+02:00"), 1769860800},
                 {TEXT("0001-01-01T00:00:00"), 0},
                 {TEXT("1970-01-01T00:00:00"), 0},
                 {TEXT("soon"), NAN},
                 {DIGITS("1769860800"), NAN},
                 {KIND(JSON_NULL), NAN}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double epoch = 77;
        assert_int_equal(field_moment(&cases[i].value, zone_utc(), &epoch), !isnan(cases[i].epoch));
        if (!isnan(cases[i].epoch))
            assert_true(epoch >= cases[i].epoch && epoch <= cases[i].epoch);
    }
}

static void test_words(void **state)
{
    (void)state;
    const struct json_value words = TEXT(" Active "), digits = DIGITS("1");
    assert_true(field_is(&words, "ACTIVE"));
    assert_false(field_is(&words, "Activ"));
    assert_false(field_is(&digits, "1"));
}

ALL_TESTS(cmocka_unit_test(test_values), cmocka_unit_test(test_a_label_has_a_longest_size),
          cmocka_unit_test(test_moments), cmocka_unit_test(test_words), );
