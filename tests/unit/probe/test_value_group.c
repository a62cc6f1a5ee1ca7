/* Against a slow way that keeps every row: sorts the keys, keeps the first, merges the rest. */
#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/value_group.h"

#define ROWS   3000
#define VALUES 5

static const enum value_aggregate aggregates[VALUES] = {VALUE_SUM, VALUE_MIN, VALUE_MAX, VALUE_LAST,
                                                        VALUE_COUNT};

struct row {
    char key[16];
    int64_t number;
    bool null;
};

static int key_order(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* What the slow way says of the rows whose key is in [from, to]. */
static size_t slow(const struct row *rows, size_t count, const char *from, const char *to, double *told)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].null || strcmp(rows[i].key, from) < 0 || (to != NULL && strcmp(rows[i].key, to) > 0))
            continue;
        double number = (double)rows[i].number;
        told[0] = found == 0 ? number : told[0] + number;
        told[1] = found == 0 || number < told[1] ? number : told[1];
        told[2] = found == 0 || number > told[2] ? number : told[2];
        told[3] = number;
        told[4] = (double)++found;
    }
    return found;
}

static void compare(const struct value_tally *tallies, const struct row *rows, size_t count, const char *from,
                    const char *to)
{
    double wanted[VALUES] = {0}, got;
    size_t found = slow(rows, count, from, to, wanted);
    for (size_t i = 0; i < VALUES; i++) {
        bool has = value_tally_tell(&tallies[i], aggregates[i], &got);
        assert_int_equal(has, found > 0 || aggregates[i] == VALUE_COUNT);
        if (has && (got < wanted[i] || got > wanted[i]))
            fail_msg("%s to %s, aggregate %zu: %g instead of %g", from, to == NULL ? "the end" : to, i, got,
                     wanted[i]);
    }
}

static void play(struct row *rows, size_t count, size_t maximum)
{
    struct value_groups *groups = value_groups_new(maximum, aggregates, VALUES);
    char(*keys)[16] = memory_new(count, sizeof *keys);
    for (size_t i = 0; i < count; i++) {
        memcpy(keys[i], rows[i].key, sizeof *keys);
        struct value_tally *tallies = value_groups_at(groups, rows[i].key, strlen(rows[i].key), false);
        struct decimal number = decimal_of_int64(rows[i].number);
        for (size_t k = 0; k < VALUES && !rows[i].null; k++)
            value_tally_add(&tallies[k], aggregates[k], aggregates[k] == VALUE_COUNT ? NULL : &number, i + 1);
        assert_true(value_groups_count(groups) <= maximum);
    }
    qsort(keys, count, sizeof *keys, key_order);
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        if (distinct == 0 || strcmp(keys[distinct - 1], keys[i]) != 0)
            memmove(keys[distinct++], keys[i], sizeof *keys);
    }
    size_t kept = distinct < maximum ? distinct : maximum;
    assert_int_equal(value_groups_count(groups), kept);
    assert_int_equal(value_groups_other_keys(groups), distinct - kept);
    for (size_t i = 0; i < kept; i++) {
        const char *key;
        size_t size;
        struct value_tally *tallies = value_groups_item(groups, i, &key, &size);
        assert_int_equal(size, strlen(keys[i]));
        assert_memory_equal(key, keys[i], size);
        compare(tallies, rows, count, keys[i], keys[i]);
    }
    assert_int_equal(value_groups_others(groups) != NULL, distinct > kept);
    if (distinct > kept)
        compare(value_groups_others(groups), rows, count, keys[kept], NULL);
    free(keys);
    value_groups_free(groups);
}

static void test_against_the_slow_way(void **state)
{
    (void)state;
    struct row *rows = memory_new(ROWS, sizeof *rows);
    static const size_t maxima[] = {1, 2, 7, 100, 10000};
    enum { RISING, FALLING, RANDOM, ORDERS };
    unsigned seed = 4711;
    for (int order = RISING; order < ORDERS; order++) {
        for (size_t i = 0; i < ROWS; i++) {
            seed = seed * 1664525u + 1013904223u;
            size_t key = order == RISING ? i / 3 : order == FALLING ? (ROWS - i) / 2 : seed >> 22;
            snprintf(rows[i].key, sizeof rows[i].key, order == RANDOM ? "%zx" : "%05zu", key);
            rows[i].number = (int64_t)(seed >> 8) - (1 << 23);
            rows[i].null = seed % 11 == 0;
        }
        for (size_t i = 0; i < sizeof maxima / sizeof maxima[0]; i++)
            play(rows, ROWS, maxima[i]);
    }
    free(rows);
}

/* Keys that begin alike, and the empty one. */
static void test_order(void **state)
{
    (void)state;
    struct value_groups *groups = value_groups_new(3, aggregates, VALUES);
    static const char *const keys[] = {"ab", "a", "\xff", "", "aa"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        value_groups_at(groups, keys[i], strlen(keys[i]), false);
    value_groups_at(groups, "a", 1, true); /* the beginning of a longer one */
    const char *key;
    size_t size;
    value_groups_item(groups, 0, &key, &size);
    assert_int_equal(size, 0);
    value_groups_item(groups, 1, &key, &size);
    assert_true(size == 1 && key[0] == 'a');
    value_groups_item(groups, 2, &key, &size);
    assert_true(size == 2 && memcmp(key, "aa", 2) == 0);
    assert_int_equal(value_groups_other_keys(groups), 3);
    value_groups_free(groups);
}

ALL_TESTS(cmocka_unit_test(test_against_the_slow_way), cmocka_unit_test(test_order));
