/* The grid of a target, the heap, the gate, growing pauses: pure parts, by tables and by brute force. */
#include "../../main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/backoff.h"
#include "agent/gate.h"
#include "agent/heap.h"
#include "agent/random.h"
#include "agent/schedule.h"
#include "base/clock.h"

static struct schedule schedule_named(char *name, int64_t interval_ns, int64_t start_ns)
{
    struct appserver_settings appserver = {.name = (char[]){"live"}};
    struct probe_settings probe = {.name = name, .interval_ns = interval_ns};
    struct target_settings target = {.probe = &probe, .appserver = &appserver, .company = "EPIC06"};
    return schedule_of(&target, start_ns);
}

static void due_times_stay_on_their_grid(void **state)
{
    (void)state;
    static const int64_t intervals[] = {1, 7 * MILLISECOND_NS, SECOND_NS, MINUTE_NS, HOUR_NS, 7 * DAY_NS};
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        int64_t interval = intervals[i], start = 5 * DAY_NS;
        char name[] = "orders";
        struct schedule schedule = schedule_named(name, interval, start);
        assert_true(schedule.origin_ns >= start);
        assert_true(schedule.origin_ns < start + MINUTE_NS && schedule.origin_ns < start + interval);
        int64_t due = schedule_next(&schedule, start - 1);
        for (int64_t k = 0; k < 1000; k++) {
            int64_t point = schedule.origin_ns + k * interval;
            assert_true(due >= point);
            assert_true(due - point <= interval / 20 && due - point <= SECOND_NS);
            int64_t next = schedule_next(&schedule, due);
            assert_true(next > due);
            /* Asked a little later, it says the same. */
            if (next - due > 2)
                assert_int_equal(schedule_next(&schedule, due + (next - due) / 2), next);
            due = next;
        }
    }
}

static void phases_depend_on_the_name_alone_and_spread(void **state)
{
    (void)state;
    unsigned in_tenth[10] = {0};
    for (int i = 0; i < 1000; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        struct schedule schedule = schedule_named(name, MINUTE_NS, HOUR_NS);
        assert_int_equal(schedule.origin_ns, schedule_named(name, MINUTE_NS, HOUR_NS).origin_ns);
        in_tenth[(schedule.origin_ns - HOUR_NS) / (MINUTE_NS / 10)]++;
    }
    for (size_t i = 0; i < 10; i++)
        assert_in_range(in_tenth[i], 60, 140);
}

static void what_was_missed_comes_within_a_minute(void **state)
{
    (void)state;
    char name[] = "orders";
    struct schedule often = schedule_named(name, 10 * SECOND_NS, 0), rarely = schedule_named(name, DAY_NS, 0);
    assert_false(schedule_missed(&often, 100 * SECOND_NS, 104 * SECOND_NS));
    assert_true(schedule_missed(&often, 100 * SECOND_NS, 106 * SECOND_NS));
    int64_t now = 3 * HOUR_NS;
    assert_int_equal(schedule_resume(&often, now), schedule_next(&often, now));
    assert_true(schedule_resume(&rarely, now) > now - 1);
    assert_true(schedule_resume(&rarely, now) < now + MINUTE_NS);
}

static void the_separation_is_small(void **state)
{
    (void)state;
    assert_int_equal(schedule_separation(1), 10 * MILLISECOND_NS);
    assert_int_equal(schedule_separation(100), 2500 * MICROSECOND_NS);
}

static void a_heap_hands_out_in_order(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    static struct heap_node nodes[COUNT];
    struct heap heap = {0};
    uint64_t random = 1;
    for (size_t i = 0; i < COUNT; i++)
        heap_push(&heap, &nodes[i], random_below(&random, 100));
    for (size_t i = 0; i < COUNT; i += 3)
        heap_remove(&heap, &nodes[i]);
    for (size_t i = 1; i < COUNT; i += 3)
        heap_move(&heap, &nodes[i], random_below(&random, 1000));
    heap_remove(&heap, &nodes[0]); /* in none: nothing happens */
    size_t count = 0;
    int64_t last = -1;
    for (struct heap_node *node; (node = heap_first(&heap)); count++) {
        assert_true(node->key >= last);
        last = node->key;
        heap_remove(&heap, node);
        assert_false(heap_holds(node));
    }
    assert_int_equal(count, COUNT - (COUNT + 2) / 3);
    heap_free(&heap);
}

static void the_gate_counts_what_it_holds(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate, 2, NULL);
    assert_true(gate_free_place(&gate, 0));
    gate_take(&gate);
    gate_take(&gate);
    assert_false(gate_free_place(&gate, 0));
    gate_release(&gate, true, 10 * SECOND_NS);
    gate_release(&gate, true, 12 * SECOND_NS);
    assert_int_equal(gate_deadline(&gate), 40 * SECOND_NS);
    assert_false(gate_free_place(&gate, 40 * SECOND_NS - 1));
    assert_true(gate_free_place(&gate, 40 * SECOND_NS));
    gate_take(&gate);
    assert_false(gate_free_place(&gate, 41 * SECOND_NS));
    gate_release(&gate, false, 41 * SECOND_NS);
    assert_true(gate_free_place(&gate, 41 * SECOND_NS));
    assert_true(gate_free_place(&gate, 42 * SECOND_NS));
    assert_int_equal(gate_deadline(&gate), NEVER_NS);

    /* Another gate after this one: what still runs through the first counts in both. */
    struct gate next;
    gate_take(&gate);
    gate_take(&gate);
    gate_init(&next, 2, &gate);
    assert_false(gate_free_place(&next, 42 * SECOND_NS));
    gate_release(&gate, false, 42 * SECOND_NS);
    assert_true(gate_free_place(&next, 42 * SECOND_NS));
    gate_take(&next);
    assert_false(gate_free_place(&gate, 42 * SECOND_NS));
    gate_release(&gate, true, 42 * SECOND_NS);
    assert_int_equal(gate_in_flight(&next), 1);
    assert_int_equal(gate_taken(&next), 2);
    gate_free(&gate);
    gate = next;
    gate_resize(&gate, 1);
    gate_release(&gate, false, 43 * SECOND_NS);
    assert_false(gate_free_place(&gate, 43 * SECOND_NS));
    gate_resize(&gate, 2);
    assert_true(gate_free_place(&gate, 43 * SECOND_NS));
    gate_free(&gate);
}

static void pauses_grow_within_their_range(void **state)
{
    (void)state;
    struct backoff backoff = {.range = {SECOND_NS, 5 * MINUTE_NS}, .random = 7};
    assert_false(backoff_stands(&backoff));
    int64_t expected = SECOND_NS;
    for (int i = 0; i < 20; i++) {
        backoff_grow(&backoff, 0, HOUR_NS);
        int64_t pause = backoff.until_ns - HOUR_NS;
        int64_t least = ns_min(expected, 5 * MINUTE_NS - 30 * SECOND_NS);
        assert_true(pause >= least && pause <= expected + expected / 5 && pause <= 5 * MINUTE_NS);
        expected = 2 * expected < 5 * MINUTE_NS ? 2 * expected : 5 * MINUTE_NS;
    }
    /* At the end of the range two do not march in step, and keep within it. */
    struct backoff other = {.range = {SECOND_NS, 5 * MINUTE_NS}, .random = 8};
    int same = 0;
    for (int i = 0; i < 40; i++) {
        backoff_grow(&backoff, 0, 0);
        backoff_grow(&other, 0, 0);
        same += i >= 20 && backoff.until_ns == other.until_ns;
        assert_true(i < 20 || other.until_ns >= 270 * SECOND_NS);
        assert_true(other.until_ns <= 5 * MINUTE_NS);
    }
    assert_true(same < 3);
    assert_true(backoff_stands(&backoff));
    backoff_rest(&backoff);
    assert_false(backoff_stands(&backoff));
    backoff_grow(&backoff, 90 * SECOND_NS, HOUR_NS);
    assert_int_equal(backoff.until_ns, HOUR_NS + 90 * SECOND_NS);
    backoff_grow(&backoff, DAY_NS, HOUR_NS);
    assert_int_equal(backoff.until_ns, HOUR_NS + 5 * MINUTE_NS);
    /* A range whose ends are the same, and one of nothing. */
    struct backoff still = {.range = {SECOND_NS, SECOND_NS}};
    for (int i = 0; i < 3; i++)
        backoff_grow(&still, 0, 0);
    assert_int_equal(still.until_ns, SECOND_NS);
    struct backoff nothing = {.range = {0, 0}};
    backoff_grow(&nothing, 0, 5);
    assert_true(nothing.until_ns >= 5);
}

ALL_TESTS(cmocka_unit_test(due_times_stay_on_their_grid),
          cmocka_unit_test(phases_depend_on_the_name_alone_and_spread),
          cmocka_unit_test(what_was_missed_comes_within_a_minute), cmocka_unit_test(the_separation_is_small),
          cmocka_unit_test(a_heap_hands_out_in_order), cmocka_unit_test(the_gate_counts_what_it_holds),
          cmocka_unit_test(pauses_grow_within_their_range));
