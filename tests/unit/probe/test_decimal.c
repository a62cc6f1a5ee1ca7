#include "main.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "probe/decimal.h"

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void test_reads(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double number;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"-0.000", 0},
        {"0e999", 0},
        {"7", 7},
        {"+7", 7},
        {"  -7.50\t", -7.5},
        {"0007", 7},
        {"-007.25", -7.25},
        {"00", 0},
        {"62400.00000000", 62400},
        {"0.1", 0.1},
        {"123456789.123456789", 123456789.123456789},
        {"9007199254740993", 9007199254740992.0},
        {"9223372036854775807", 9223372036854775807.0},
        {"-18446744073709551617", -18446744073709551616.0},
        {"999999999999999999", 1e18},
        {"99999999999999999.9", 1e17},
        {"0.000000000000000001", 1e-18},
        {"0.0000000000000000001", 1e-19},
        {"1.000000000000000000000000000000", 1},
        {"1e3", 1000},
        {"1E+3", 1000},
        {"25e-2", 0.25},
        {"1e17", 1e17},
        {"1e18", 1e18},
        {"1e308", 1e308},
        {"-1.7976931348623157e308", -1.7976931348623157e308},
        {"1e-999", 0},
        {"5e-324", 5e-324},
        {"1e-999999999999999999999", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decimal number;
        if (!decimal_read(span_of(cases[i].text), &number))
            fail_msg("%s is refused", cases[i].text);
        double value = decimal_to_double(&number);
        struct decimal_sum sum = {0};
        decimal_sum_add(&sum, &number);
        double alone = decimal_sum_quotient(&sum, 1);
        decimal_sum_free(&sum);
        if ((value < cases[i].number || value > cases[i].number) || !same(alone + 0, value + 0))
            fail_msg("%s: %.17g, its sum %.17g, wanted %.17g", cases[i].text, value, alone, cases[i].number);
    }
    static const char *const refused[] = {"",        " ",   "-",    "+",        "--1",   "+-1",   ".5",
                                          "5.",      "1,5", "1 5",  "0x10",     "1e",    "1e+",   "1e1.5",
                                          "NaN",     "INF", "inf",  "-",        "1.2.3", "1e999", "-1e999",
                                          "1.8e308", "e5",  "true", "\xc2\xb2", "1_000", "0x",    "12a"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct decimal number;
        if (decimal_read(span_of(refused[i]), &number))
            fail_msg("\"%s\" is taken for a number", refused[i]);
    }
    /* 400 digits are beyond a double, 400 places are not. */
    char digits[500];
    struct decimal number;
    memset(digits, '3', sizeof digits);
    assert_false(decimal_read((struct span){digits, 400}, &number));
    digits[0] = '0';
    digits[1] = '.';
    assert_true(decimal_read((struct span){digits, 400}, &number));
    assert_true(same(decimal_to_double(&number), 1.0 / 3));
    assert_true(decimal_read((struct span){"12345", 3}, &number));
    assert_int_equal(number.digits, 123);
}

#define ITEMS 8

static const struct {
    const char *items[ITEMS]; /* NULL: no more */
    uint64_t divisor;
    double quotient;
} sums[] = {
    {{NULL}, 1, 0},
    {{"0.1", "0.2"}, 1, 0.3},
    {{"0.1", "0.2", "-0.3"}, 1, 0},
    {{"1", "0.25", "0.0625"}, 1, 1.3125},
    {{"9007199254740993", "0.5", "-0.5"}, 1, 9007199254740992.0},
    {{"9007199254740993", "0.0000000001"}, 1, 9007199254740994.0},
    {{"9007199254740993", "-0.0000000001"}, 1, 9007199254740992.0},
    {{"9007199254740993", "1e-300"}, 1, 9007199254740994.0},
    {{"9007199254740993", "-1e-300"}, 1, 9007199254740992.0},
    {{"1e308", "1", "-1e308"}, 1, 1},
    {{"1e308", "1e-300", "-1e308"}, 1, 1e-300},
    {{"-1e308", "-1e308"}, 1, -INFINITY},
    {{"1e308", "1e308", "-1e308"}, 1, 1e308},
    {{"1e308", "1e308"}, 2, 1e308},
    {{"1", "1", "2"}, 3, 4.0 / 3},
    {{"-1"}, 3, -1.0 / 3},
    {{"10"}, 4, 2.5},
    {{"0.3"}, 3, 0.1},
    {{"1"}, UINT64_MAX, 1.0 / 18446744073709551615.0},
    {{"999999999999999999", "999999999999999999", "0.000000000000000001"}, 1, 2e18},
    {{"123456789012345678901234567890", "0.1", "-123456789012345678901234567890"}, 1, 0.1},
    {{"-999999999999999999.5", "0.000000000000000001", "999999999999999999.5"}, 1, 1e-18},
};

static struct decimal_sum sum_of(size_t which, size_t begin, size_t end)
{
    struct decimal_sum sum = {0};
    for (size_t i = begin; i < end; i++) {
        struct decimal number;
        assert_true(decimal_read(span_of(sums[which].items[i]), &number));
        decimal_sum_add(&sum, &number);
    }
    return sum;
}

static void test_sums(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        size_t count = 0;
        while (count < ITEMS && sums[i].items[count] != NULL)
            count++;
        /* Cut in two, also before the first, and joined: always the same. */
        for (size_t cut = 0; cut <= count; cut++) {
            struct decimal_sum first = sum_of(i, 0, cut), second = sum_of(i, cut, count);
            decimal_sum_join(&first, &second);
            double got = decimal_sum_quotient(&first, sums[i].divisor);
            if (!same(got + 0.0, sums[i].quotient))
                fail_msg("sum %zu cut at %zu: %.17g, wanted %.17g", i, cut, got, sums[i].quotient);
            decimal_sum_free(&first);
            decimal_sum_free(&second);
        }
    }
}

/* Far more than 128 bits hold, and back again. */
static void test_many(void **state)
{
    (void)state;
    struct decimal_sum sum = {0};
    struct decimal large, small;
    assert_true(decimal_read(span_of("999999999999999999"), &large));
    assert_true(decimal_read(span_of("-0.000000000000000001"), &small));
    for (int i = 0; i < 100000; i++) {
        decimal_sum_add(&sum, &large);
        decimal_sum_add(&sum, &small);
    }
    assert_true(same(decimal_sum_quotient(&sum, 1), 99999999999999999900000.0));
    assert_true(same(decimal_sum_quotient(&sum, 100000), 999999999999999999.0));
    assert_true(decimal_read(span_of("-999999999999999999"), &large));
    for (int i = 0; i < 100000; i++)
        decimal_sum_add(&sum, &large);
    assert_true(same(decimal_sum_quotient(&sum, 1), -1e-13));
    decimal_sum_free(&sum);
}

ALL_TESTS(cmocka_unit_test(test_reads), cmocka_unit_test(test_sums), cmocka_unit_test(test_many));
