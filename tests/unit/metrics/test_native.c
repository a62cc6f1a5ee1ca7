#include "main.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "metrics/native.h"
#include "metrics/store.h"
#include "metrics/view.h"
#include "sample.h"

/* By logarithm, in more digits than a double has: right but for numbers that are nearly bounds. */
static int key_apart(double number, int schema)
{
    return (int)ceill(log2l((long double)number) * powl(2, schema));
}

static void test_keys_beside_each_bound(void **state)
{
    (void)state;
    for (int key = -127 * 8; key <= 1023 * 8; key++) {
        long double bound = powl(2, (long double)key / 8);
        assert_int_equal(native_key((double)(bound * (1 - 4 * (long double)DBL_EPSILON))), key);
        assert_int_equal(native_key((double)(bound * (1 + 4 * (long double)DBL_EPSILON))), key + 1);
    }
}

/* client_golang and Prometheus compare with these very doubles, of which the fifth is not the nearest to its root. */
static void test_a_bound_belongs_to_the_bucket_below(void **state)
{
    static const double bounds[] = {0.5,
                                    0.5452538663326288,
                                    0.5946035575013605,
                                    0.6484197773255048,
                                    0.7071067811865475,
                                    0.7711054127039704,
                                    0.8408964152537144,
                                    0.9170040432046711};

    (void)state;
    for (int exponent = -126; exponent <= 1024; exponent++) {
        for (int i = 0; i < 8; i++) {
            double bound = ldexp(bounds[i], exponent);
            int key = (exponent - 1) * 8 + i;
            assert_int_equal(native_key(bound), key);
            assert_int_equal(native_key(nextafter(bound, INFINITY)), key + 1);
            assert_int_equal(native_key(nextafter(bound, 0)), key);
        }
    }
    assert_int_equal(native_key(1), 0);
    assert_int_equal(native_key(DBL_MAX), 1024 * 8);
    assert_int_equal(native_key(INFINITY), 1024 * 8 + 1);
}

static void test_coarser_keys(void **state)
{
    static const struct {
        int key, schema, wanted;
    } cases[] = {
        {0, 3, 0},      {5, 3, 5},      {-5, 3, -5},    {5, 2, 3},       {4, 2, 2},       {-5, 2, -2},
        {-4, 2, -2},    {1, 0, 1},      {8, 0, 1},      {9, 0, 2},       {0, 0, 0},       {-7, 0, 0},
        {-8, 0, -1},    {-9, 0, -1},    {1, -4, 1},     {128, -4, 1},    {129, -4, 2},    {-127, -4, 0},
        {-128, -4, -1}, {8192, -4, 64}, {8193, -4, 65}, {8193, 2, 4097}, {8193, -1, 513},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(native_coarser(cases[i].key, cases[i].schema), cases[i].wanted);
}

static uint64_t total(const struct native *native)
{
    uint64_t sum = native->zero_count;

    for (size_t i = 0; i < native->count; i++) {
        assert_true(native->buckets[i].count > 0);
        assert_true(i == 0 || native->buckets[i - 1].key < native->buckets[i].key);
        sum += native->buckets[i].count;
    }
    return sum;
}

static double draw(void)
{
    return (double)random() / ((double)RAND_MAX + 1);
}

/* Numbers of so many powers of two around 1; each histogram must hold what all its numbers say by its schema. */
static void fill(int powers, size_t numbers, int schema)
{
    int *keys = calloc(numbers, sizeof *keys);
    struct native *native = NULL;

    assert_non_null(keys);
    for (size_t i = 0; i < numbers; i++) {
        double number = exp2((draw() - 0.5) * powers);
        keys[i] = key_apart(number, schema);
        native = native_observe(native, number);
        assert_true(native->count <= NATIVE_BUCKETS_MAX);
    }
    assert_int_equal(native->schema, schema);
    assert_int_equal(total(native), numbers);
    for (size_t bucket = 0; bucket < native->count; bucket++) {
        uint64_t count = 0;
        for (size_t i = 0; i < numbers; i++)
            count += keys[i] == native->buckets[bucket].key;
        assert_int_equal(count, native->buckets[bucket].count);
    }
    native_unref(native);
    free(keys);
}

static void test_resolution_is_halved_where_there_are_too_many(void **state)
{
    (void)state;
    srandom(7);
    fill(1, 1000, 3);
    fill(16, 5000, 3);
    fill(30, 5000, 2);
    fill(60, 5000, 1);
    fill(120, 5000, 0);
    fill(250, 5000, -1);
}

static void test_numbers_that_are_no_times(void **state)
{
    struct native *native = native_observe(NULL, NAN);

    (void)state;
    assert_null(native);
    native = native_observe(native, 0);
    native = native_observe(native, -3);
    native = native_observe(native, NATIVE_ZERO_THRESHOLD);
    native = native_observe(native, DBL_MIN);
    native = native_observe(native, NAN);
    assert_int_equal(native->zero_count, 4);
    assert_int_equal(native->count, 0);
    native = native_observe(native, INFINITY);
    native = native_observe(native, DBL_MAX);
    native = native_observe(native, nextafter(NATIVE_ZERO_THRESHOLD, 1));
    assert_int_equal(native->count, 3);
    assert_int_equal(native->buckets[0].key, -128 * 8 + 1);
    assert_int_equal(native->buckets[2].key, 8193);
    assert_int_equal(total(native), 7);
    native_unref(native);
}

static void test_only_the_sole_holder_changes_it(void **state)
{
    struct native *native = native_observe(NULL, 1);

    (void)state;
    struct native *same = native_observe(native, 2);
    assert_ptr_equal(same, native);
    struct native *held = native_ref(native);
    native = native_observe(native, 4);
    assert_ptr_not_equal(native, held);
    assert_int_equal(total(held), 2);
    assert_int_equal(total(native), 3);
    native_unref(held);
    native_unref(native);
}

static void test_beside_the_classic_one(void **state)
{
    static const struct moment start = {.boot_ns = SECOND_NS};
    struct store *store = store_new(sample_classes, SAMPLE_CLASSES, sample_families, SAMPLE_FAMILIES);

    (void)state;
    store_lock(store);
    struct store_owner a = store_owner_add(store, CLASS_THING, (const char *const[]){"a", "x"}, 0, start);
    struct store_owner b = store_owner_add(store, CLASS_THING, (const char *const[]){"b", "x"}, 0, start);
    for (int i = 0; i < 100; i++)
        store_observe(store, b, SAMPLE_TIME, 0.05 * i);
    store_unlock(store);
    struct store_view *before = store_view_take(store, start);
    store_lock(store);
    store_observe(store, b, SAMPLE_TIME, 3);
    store_owner_remove(store, a); /* the last row takes its place */
    store_unlock(store);
    struct store_view *after = store_view_take(store, start);
    const struct family_layout *family = &before->layout->families[SAMPLE_TIME];
    assert_null(view_native(before, family, 0));
    assert_int_equal(total(view_native(before, family, 1)), 100);
    assert_int_equal(total(view_native(after, family, 0)), 101);
    assert_null(view_native(after, &before->layout->families[SAMPLE_RUNS], 0));
    store_view_free(before);
    store_view_free(after);
    store_free(store);
}

ALL_TESTS(cmocka_unit_test(test_keys_beside_each_bound),
          cmocka_unit_test(test_a_bound_belongs_to_the_bucket_below), cmocka_unit_test(test_coarser_keys),
          cmocka_unit_test(test_resolution_is_halved_where_there_are_too_many),
          cmocka_unit_test(test_numbers_that_are_no_times),
          cmocka_unit_test(test_only_the_sole_holder_changes_it),
          cmocka_unit_test(test_beside_the_classic_one));
