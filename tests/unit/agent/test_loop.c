#include "main.h"

#include "agent/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct counter {
    struct loop *loop;
    unsigned calls;
    int other; /* descriptor to be forgotten, closed and opened anew; -1: none */
    struct counter *other_counter;
};

static void count(void *context, int descriptor, uint32_t events, struct moment now)
{
    struct counter *counter = context;

    assert_true((events & EPOLLIN) != 0);
    assert_true(now.boot_ns > 0);
    assert_true(descriptor >= 0);
    counter->calls++;
    if (counter->other >= 0) {
        loop_forget(counter->loop, counter->other);
        close(counter->other);
        int again = eventfd(0, EFD_CLOEXEC); /* the lowest free number: the same */

        assert_int_equal(again, counter->other);
        assert_true(loop_watch(counter->loop, again, EPOLLIN, count, counter->other_counter));
        counter->other = -1;
        counter->other_counter->other = -1;
    }
}

/* Two descriptors are ready; whichever is handled first closes the other and opens a new one of that number, whose handler must not see
   the old event. */
static void event_of_a_former_descriptor_is_dropped(void **state)
{
    struct loop *loop = loop_new();
    int a = eventfd(1, EFD_CLOEXEC), b = eventfd(1, EFD_CLOEXEC);
    struct counter first = {.loop = loop, .other = b}, second = {.loop = loop, .other = a};

    (void)state;
    first.other_counter = &second;
    second.other_counter = &first;
    assert_true(loop_watch(loop, a, EPOLLIN, count, &first));
    assert_true(loop_watch(loop, b, EPOLLIN, count, &second));
    loop_turn(loop, NEVER_NS);
    assert_int_equal(first.calls + second.calls, 1);
    loop_free(loop);
    close(a);
    close(b);
}

static void watch_changes_and_ends(void **state)
{
    struct loop *loop = loop_new();
    int descriptor = eventfd(1, EFD_CLOEXEC);
    struct counter first = {.loop = loop, .other = -1}, second = {.loop = loop, .other = -1};

    (void)state;
    assert_true(loop_watch(loop, descriptor, EPOLLIN, count, &first));
    loop_turn(loop, NEVER_NS);
    assert_true(loop_watch(loop, descriptor, EPOLLIN, count, &second));
    loop_turn(loop, NEVER_NS);
    assert_int_equal(first.calls, 1);
    assert_int_equal(second.calls, 1);
    loop_forget(loop, descriptor);
    loop_forget(loop, descriptor);
    loop_turn(loop, 0);
    assert_int_equal(second.calls, 1);
    close(descriptor);
    assert_false(loop_watch(loop, descriptor, EPOLLIN, count, &first)); /* closed */
    loop_free(loop);
}

/* Never early; late by what the machine makes of it, and at best by less than a millisecond. */
static void deadline_is_kept(void **state)
{
    static const int64_t waits[] = {0, 1000, 300000, 1500000, 12345678};
    struct loop *loop = loop_new();

    (void)state;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        int64_t best = INT64_MAX;

        for (int again = 0; again < 20; again++) {
            int64_t deadline = clock_now().boot_ns + waits[i];
            int64_t late = loop_turn(loop, deadline).boot_ns - deadline;

            assert_true(late >= 0);
            best = late < best ? late : best;
        }
        assert_true(best < MILLISECOND_NS);
    }
    loop_free(loop);
}

/* A deadline that is moved, taken back and set again. */
static void deadline_changes(void **state)
{
    struct loop *loop = loop_new();
    int descriptor = eventfd(1, EFD_CLOEXEC);
    struct counter counter = {.loop = loop, .other = -1};
    int64_t begin = clock_now().boot_ns;

    (void)state;
    assert_true(loop_watch(loop, descriptor, EPOLLIN, count, &counter));
    loop_turn(loop, begin + 20 * MILLISECOND_NS);
    loop_turn(loop, begin + HOUR_NS);
    loop_turn(loop, NEVER_NS);
    assert_int_equal(counter.calls, 3);
    loop_forget(loop, descriptor);
    int64_t ended = loop_turn(loop, begin + 60 * MILLISECOND_NS).boot_ns;

    assert_true(ended >= begin + 60 * MILLISECOND_NS);
    ended = loop_turn(loop, ended + 5 * MILLISECOND_NS).boot_ns - ended;
    assert_true(ended >= 5 * MILLISECOND_NS);
    close(descriptor);
    loop_free(loop);
}

static void hastening_holds_for_one_turn(void **state)
{
    struct loop *loop = loop_new();
    int64_t begin = clock_now().boot_ns;

    (void)state;
    loop_hasten(loop, begin + 5 * MILLISECOND_NS);
    loop_hasten(loop, begin + HOUR_NS);
    assert_true(loop_turn(loop, NEVER_NS).boot_ns < begin + HOUR_NS);
    begin = clock_now().boot_ns;
    assert_true(loop_turn(loop, begin + 30 * MILLISECOND_NS).boot_ns >= begin + 30 * MILLISECOND_NS);
    loop_free(loop);
}

ALL_TESTS(cmocka_unit_test(event_of_a_former_descriptor_is_dropped), cmocka_unit_test(watch_changes_and_ends),
          cmocka_unit_test(deadline_is_kept), cmocka_unit_test(deadline_changes),
          cmocka_unit_test(hastening_holds_for_one_turn));
