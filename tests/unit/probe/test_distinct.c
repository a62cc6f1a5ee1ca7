#include "main.h"

#include <stdbool.h>

#include "probe/distinct.h"

static uint64_t mixed(uint64_t n)
{
    n = (n + UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
    return n ^ n >> 31;
}

static void test_counts(void **state)
{
    (void)state;
    static const uint64_t counts[] = {0, 1, 2, 1000, DISTINCT_MAX, DISTINCT_MAX + 1, 10000, 100000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct distinct distinct = {0};
        for (int again = 0; again < 3; again++)
            for (uint64_t n = 0; n < counts[i]; n++)
                distinct_add(&distinct, mixed(n));
        uint64_t got = distinct_count(&distinct), near = counts[i] > DISTINCT_MAX ? counts[i] / 10 : 0;
        if (got + near < counts[i] || got > counts[i] + near)
            fail_msg("%llu instead of %llu", (unsigned long long)got, (unsigned long long)counts[i]);
        distinct_free(&distinct);
    }
}

/* Hashes that nobody mixed: 0, and such that none is ever dropped. It must not fill, loop or fall over. */
static void test_bad_hashes(void **state)
{
    (void)state;
    struct distinct distinct = {0};
    distinct_add(&distinct, 0);
    distinct_add(&distinct, 0);
    assert_int_equal(distinct_count(&distinct), 1);
    for (uint64_t n = 1; n < 10000; n++)
        distinct_add(&distinct, n << 40);
    assert_true(distinct_count(&distinct) > 0);
    distinct_free(&distinct);
    assert_int_equal(distinct_count(&distinct), 0);
}

ALL_TESTS(cmocka_unit_test(test_counts), cmocka_unit_test(test_bad_hashes));
