#include "main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void whole_numbers(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = {{"0", 0},
                {"-0", 0},
                {"+7", 7},
                {"007", 7},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN},
                {"-1", -1}};
    static const char *const wrong[] = {"",
                                        "-",
                                        "+",
                                        "+-1",
                                        "1 ",
                                        " 1",
                                        "1.0",
                                        "0x1",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "99999999999999999999999",
                                        "1e3"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t value = 99;
        assert_true(text_to_int64(span_of(rows[i].text), &value));
        assert_true(value == rows[i].value);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t value = 99;
        if (text_to_int64(span_of(wrong[i]), &value))
            fail_msg("accepted %s", wrong[i]);
        assert_true(value == 99);
    }
}

static void assert_reads_as_strtod(const char *text)
{
    double value = 99, expected = strtod(text, NULL);

    if (!text_to_double(span_of(text), &value) || memcmp(&value, &expected, sizeof value) != 0)
        fail_msg("%s gave %.17g, not %.17g", text, value, expected);
}

static void doubles_are_read_as_json_writes_them(void **state)
{
    static const char *const right[] = {"0",
                                        "-0",
                                        "+1",
                                        "1.5",
                                        "-1.5e3",
                                        "1E+2",
                                        "1e-2",
                                        "0.1",
                                        "0.30000000000000004",
                                        "123456789012345678",
                                        "9007199254740993",
                                        "9007199254740992.5",
                                        "1e22",
                                        "1e23",
                                        "1e-22",
                                        "1e-23",
                                        "1.7976931348623157e308",
                                        "1.7976931348623158e308",
                                        "2.2250738585072011e-308",
                                        "2.2250738585072014e-308",
                                        "4.9e-324",
                                        "2e-324",
                                        "1e-400",
                                        "0e999999999999999999999",
                                        "-0.0",
                                        "0.000000000000000000000000000000000001",
                                        "100000000000000000000000000000000000000000",
                                        "0e0",
                                        "1e00000000000000000001"};
    static const char *const wrong[] = {"",
                                        "-",
                                        "+",
                                        ".",
                                        ".5",
                                        "5.",
                                        "01",
                                        "-01",
                                        "00",
                                        "1e",
                                        "1e+",
                                        "e1",
                                        "1.e1",
                                        "inf",
                                        "-inf",
                                        "Infinity",
                                        "nan",
                                        "NaN",
                                        "0x1p3",
                                        "0x10",
                                        " 1",
                                        "1 ",
                                        "1_000",
                                        "1,5",
                                        "--1",
                                        "+-1",
                                        "1.5.5",
                                        "1e400",
                                        "-1e400",
                                        "1.7976931348623159e308",
                                        "1e99999999999999999999999",
                                        "1f",
                                        "1d"};

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_reads_as_strtod(right[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        double value = 99;
        if (text_to_double(span_of(wrong[i]), &value))
            fail_msg("accepted %s", wrong[i]);
        assert_true(value == 99);
    }
    assert_false(text_to_double((struct span){"1\0", 2}, &(double){0}));
}

static void digits_without_end_are_read_rightly(void **state)
{
    static char text[20100];
    double value;

    (void)state;
    /* Exactly between two doubles, and one digit far behind decides. */
    int size = snprintf(text, sizeof text, "9007199254740993.");
    memset(text + size, '0', 20000);
    text[size + 20000] = '\0';
    assert_true(text_to_double(span_of(text), &value) && value == 9007199254740992.0);
    text[size + 19999] = '1';
    assert_true(text_to_double(span_of(text), &value) && value == 9007199254740994.0);
    /* Ten thousand digits before the point are too many for a double, unless the exponent takes them back. */
    memset(text, '9', 10000);
    text[10000] = '\0';
    assert_false(text_to_double(span_of(text), &value));
    memcpy(text + 10000, "e-9999", 7);
    assert_true(text_to_double(span_of(text), &value) && value == 10.0);
    memcpy(text, "0.", 2);
    memset(text + 2, '0', 10000);
    memcpy(text + 10002, "25e10001", 9);
    assert_true(text_to_double(span_of(text), &value) && value == 2.5);
    memset(text, '1', 1000);
    memcpy(text + 1000, "e-700", 6);
    assert_reads_as_strtod(text);
    /* The longest there is: the midpoint between the two smallest subnormals has 751 digits. */
    snprintf(text, sizeof text, "%.1080f", 1.5 * 4.9406564584124654e-324);
    assert_reads_as_strtod(text);
}

static uint64_t random_bits(void)
{
    /* xorshift64*; a fixed start, so that a failure comes back. */
    static uint64_t bits = UINT64_C(0x9E3779B97F4A7C15);
    bits ^= bits >> 12;
    bits ^= bits << 25;
    bits ^= bits >> 27;
    return bits * UINT64_C(2685821657736338717);
}

static void random_decimals_are_read_as_strtod_reads_them(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[80];
        uint64_t bits = random_bits();
        int exponent = (int)(random_bits() % 700) - 350;
        if (i % 2 == 0)
            exponent = (int)(random_bits() % 60) - 30;
        snprintf(text, sizeof text, "%s%llu.%0*llue%d", i % 3 == 0 ? "-" : "",
                 (unsigned long long)(bits >> (bits & 63)), 1 + (int)(bits % 20),
                 (unsigned long long)(random_bits() >> (bits >> 58)), exponent);
        if (isfinite(strtod(text, NULL)))
            assert_reads_as_strtod(text);
        else
            assert_false(text_to_double(span_of(text), &(double){0}));
    }
}

static void doubles_are_written(void **state)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0, "0"},
                {-0.0, "-0"},
                {1, "1"},
                {-1, "-1"},
                {10, "10"},
                {99, "99"},
                {100, "100"},
                {12345, "12345"},
                {9007199254740991.0, "9007199254740991"},
                {9007199254740992.0, "9007199254740992"},
                {0.5, "0.5"},
                {0.1, "0.1"},
                {0.05, "0.05"},
                {0.001, "0.001"},
                {0.000001, "0.000001"},
                {1e-9, "0.000000001"},
                {1e-10, "1e-10"},
                {0.1 + 0.2, "0.30000000000000004"},
                {123456.789012345, "123456.789012345"},
                {1700000000.123, "1700000000.123"},
                {1700000000.123456, "1700000000.123456"},
                {999999.999999999, "999999.999999999"},
                {-2.25, "-2.25"},
                {1e15, "1000000000000000"},
                {1e300, "1e+300"},
                {1.0 / 3, "0.3333333333333333"},
                {2.0000000000000004, "2.0000000000000004"},
                {1.9999999999999998, "1.9999999999999998"},
                {0.9999999999999999, "0.9999999999999999"},
                {4503599627370495.5, "4503599627370495.5"},
                {1700000000.1234567, "1700000000.1234567"},
                {0.000012345678901234567, "0.000012345678901234568"},
                {0x1p-16, "1.52587890625e-05"},
                {0x1p-17, "7.62939453125e-06"},
                {1.7976931348623157e308, "1.7976931348623157e+308"},
                {2.2250738585072014e-308, "2.2250738585072014e-308"},
                {INFINITY, "+Inf"},
                {-INFINITY, "-Inf"},
                {NAN, "NaN"},
                {-NAN, "NaN"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[TEXT_DOUBLE_MAX + 1];
        size_t size = text_from_double(rows[i].value, text);
        assert_true(size <= TEXT_DOUBLE_MAX);
        text[size] = '\0';
        assert_string_equal(text, rows[i].text);
    }
}

static void assert_reads_back(double value)
{
    char text[TEXT_DOUBLE_MAX + 1];
    double back = 99;
    size_t size = text_from_double(value, text);

    text[size] = '\0';
    if (!text_to_double((struct span){text, size}, &back) || memcmp(&back, &value, sizeof back) != 0)
        fail_msg("%a was written %s and read %a", value, text, back);
    if (strtod(text, NULL) != value)
        fail_msg("libc reads %s otherwise", text);
}

static void every_latency_in_microseconds_reads_back_short(void **state)
{
    (void)state;
    for (int64_t us = 0; us < 70000000; us += us < 300000 ? 1 : 997) {
        char text[TEXT_DOUBLE_MAX + 1], expected[40];
        double value = (double)(us * 1000) / 1e9;
        assert_reads_back(value);
        text[text_from_double(value, text)] = '\0';
        snprintf(expected, sizeof expected, "%lld.%06lld", (long long)(us / 1000000),
                 (long long)(us % 1000000));
        size_t size = strlen(expected);
        while (expected[size - 1] == '0')
            size--;
        expected[expected[size - 1] == '.' ? size - 1 : size] = '\0';
        if (strcmp(text, expected) != 0)
            fail_msg("%s was written %s", expected, text);
    }
}

static void any_double_reads_back(void **state)
{
    (void)state;
    for (int i = 0; i < 60000; i++) {
        double value;
        uint64_t bits = random_bits();
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            assert_reads_back(value);
        assert_reads_back((double)(int64_t)(bits >> (bits & 63)));
        assert_reads_back((double)(bits >> 20) / 1e6);
        assert_reads_back((double)(bits >> 34) / 1e3);
        assert_reads_back((double)(bits >> 11) * 0x1p-53);
        assert_reads_back(-(double)(bits >> 30) / 1e9);
    }
}

/* As few digits as any text that reads back, and of those the nearest: what snprintf finds by trying. */
static void fractions_are_written_short(void **state)
{
    (void)state;
    for (int i = 0; i < 60000; i++) {
        char text[TEXT_DOUBLE_MAX + 1], expected[40], again[40];
        uint64_t bits = random_bits();
        double value = ldexp((double)(bits >> 11), -53 - (int)(bits % 12) + (int)(bits % 60));
        int precision = 15;
        if (value < 1e-4 || value >= 0x1p52 || value == floor(value))
            continue;
        do
            snprintf(expected, sizeof expected, "%.*g", precision, value);
        while (strtod(expected, NULL) != value && ++precision <= 17);
        text[text_from_double(value, text)] = '\0';
        snprintf(again, sizeof again, "%.*g", precision, strtod(text, NULL));
        if (strcmp(again, expected) != 0 ||
            strlen(text) > strlen(expected) + (strchr(expected, 'e') != NULL ? 20 : 0))
            fail_msg("%s was written %s", expected, text);
    }
}

ALL_TESTS(cmocka_unit_test(whole_numbers), cmocka_unit_test(doubles_are_read_as_json_writes_them),
          cmocka_unit_test(digits_without_end_are_read_rightly),
          cmocka_unit_test(random_decimals_are_read_as_strtod_reads_them),
          cmocka_unit_test(doubles_are_written),
          cmocka_unit_test(every_latency_in_microseconds_reads_back_short),
          cmocka_unit_test(any_double_reads_back), cmocka_unit_test(fractions_are_written_short));
