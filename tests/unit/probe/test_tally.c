#include "main.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "probe/tally.h"

static void add(struct tally *tally, const char *name, int rank, double more)
{
    double *numbers = tally_at(tally, name, rank);
    if (numbers != NULL)
        tally_add(&numbers[0], more);
}

/* "a 1 b 2 |1": the entries in their order, then how many had no room. */
static void check(const struct tally *tally, const char *wanted)
{
    char text[256] = "";
    for (size_t i = 0; i < tally->now.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s %g ", tally->now.items[i].name,
                 tally->now.items[i].numbers[0]);
    snprintf(text + strlen(text), sizeof text - strlen(text), "|%zu", tally_left_out(tally));
    assert_string_equal(text, wanted);
}

static void test_the_first_stay_whatever_order_they_come_in(void **state)
{
    (void)state;
    static const char *const orders[] = {"abcde", "edcba", "cadbe", "ebeadcabcde"};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct tally tally;
        tally_init(&tally, 3, 1);
        for (const char *c = orders[i]; *c != '\0'; c++)
            add(&tally, (const char[]){*c, '\0'}, 0, 1);
        check(&tally, i < 3 ? "a 1 b 1 c 1 |2" : "a 2 b 2 c 2 |2");
        tally_free(&tally);
    }
}

static void test_rank_goes_before_bytes(void **state)
{
    (void)state;
    struct tally tally;
    tally_init(&tally, 2, 2);
    add(&tally, "a", 1, 1);
    add(&tally, "b", 1, 2);
    add(&tally, "z", 0, 3);
    add(&tally, "b", 1, 9);
    check(&tally, "z 3 a 1 |1");
    assert_true(isnan(tally.now.items[0].numbers[1])); /* nothing was told */
    tally_free(&tally);
}

static void test_rewinding_takes_back_to_the_mark(void **state)
{
    (void)state;
    struct tally tally;
    tally_init(&tally, 2, 1);
    add(&tally, "b", 0, 1);
    tally_rewind(&tally);
    check(&tally, "|0");
    add(&tally, "b", 0, 1);
    add(&tally, "c", 0, 1);
    tally_mark(&tally);
    add(&tally, "a", 0, 5);
    add(&tally, "b", 0, 5);
    check(&tally, "a 5 b 6 |1");
    tally_rewind(&tally);
    check(&tally, "b 1 c 1 |1");
    tally_rewind(&tally);
    check(&tally, "b 1 c 1 |1");
    tally_free(&tally);
}

static void test_what_is_left_out_is_counted_once_and_bounded(void **state)
{
    (void)state;
    struct tally tally;
    tally_init(&tally, 1, 1);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1000; i++) {
            char name[16];
            snprintf(name, sizeof name, "n%04d", i);
            add(&tally, name, 0, 1);
        }
    }
    assert_int_equal(tally_left_out(&tally), 999);
    for (int i = 0; i < 10000; i++)
        tally_leave_out(&tally, &i, sizeof i);
    assert_int_equal(tally_left_out(&tally), TALLY_LEFT_OUT_MAX);
    tally_free(&tally);
}

ALL_TESTS(cmocka_unit_test(test_the_first_stay_whatever_order_they_come_in),
          cmocka_unit_test(test_rank_goes_before_bytes),
          cmocka_unit_test(test_rewinding_takes_back_to_the_mark),
          cmocka_unit_test(test_what_is_left_out_is_counted_once_and_bounded), );
