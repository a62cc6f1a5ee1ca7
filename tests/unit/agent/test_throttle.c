/* The detector of delayed calls, on series of latencies: what seats that ran out look like, and what looks a little
   like it. */
#include "../../main.h"

#include <string.h>

#include "agent/throttle.h"
#include "base/clock.h"

#define TARGETS 8

/* Target i belongs to probe i, unless a test says otherwise. */
struct series {
    struct throttle throttle;
    struct throttle_baseline baselines[TARGETS];
    int64_t now_ns;
    bool was_up; /* ever */
};

static const int probes[TARGETS];

static int64_t ns(double seconds)
{
    return (int64_t)(seconds * 1e9);
}

static void pass(struct series *series, double seconds)
{
    series->now_ns += ns(seconds);
}

static bool is_up(const struct series *series)
{
    return throttle_stands(&series->throttle, series->now_ns);
}

static void end_call(struct series *series, size_t target, enum throttle_call call, int64_t sent_ns,
                     double seconds)
{
    throttle_call(&series->throttle, &series->baselines[target], &probes[target], call, sent_ns, ns(seconds),
                  series->now_ns);
    series->was_up = series->was_up || is_up(series);
}

/* A call alone: sent now, ended so many seconds later. */
static void call(struct series *series, size_t target, double seconds)
{
    int64_t sent_ns = series->now_ns;
    pass(series, seconds);
    end_call(series, target, THROTTLE_ANSWERED, sent_ns, seconds);
}

static void time_out(struct series *series, size_t target, double seconds)
{
    int64_t sent_ns = series->now_ns;
    pass(series, seconds);
    end_call(series, target, THROTTLE_TIMED_OUT, sent_ns, seconds);
}

/* Targets 0 .. count - 1 one after the other, each delayed so long. */
static void cycle(struct series *series, size_t count, double delay)
{
    for (size_t i = 0; i < count; i++)
        call(series, i, 0.1 * (double)(i + 1) + delay);
    pass(series, 10);
}

static struct series begin(size_t targets)
{
    struct series series = {.now_ns = 1000 * SECOND_NS};
    for (int i = 0; i < 20; i++)
        cycle(&series, targets, 0);
    assert_true(series.throttle.known == (targets > 0));
    assert_false(series.was_up);
    return series;
}

/* The same numbers each time. */
static double noise(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return (double)(*seed >> 8) / (double)(1 << 24);
}

/* ---- what does not trip it ---- */

static void a_baseline_takes_some_calls(void **state)
{
    (void)state;
    struct series series = {.now_ns = SECOND_NS};
    assert_true(sizeof(struct throttle_baseline) <= 64);
    for (int i = 0; i < THROTTLE_LEAST; i++) {
        assert_false(series.throttle.known);
        call(&series, 0, 0.1);
    }
    assert_true(series.throttle.known);
    assert_true(throttle_deadline(&series.throttle, series.now_ns) == NEVER_NS);
}

static void normal_jitter(void **state)
{
    (void)state;
    uint32_t seed = 1;
    struct series series = begin(4);
    for (int i = 0; i < 20000; i++) {
        /* Up to 2 s, each fiftieth up to 14 s. */
        double most = i % 50 == 0 ? 14 : 2;
        call(&series, (size_t)i % 4, 0.05 + most * noise(&seed) * noise(&seed));
    }
    assert_false(series.was_up);
}

static void one_slow_query_alone(void **state)
{
    (void)state;
    struct series series = begin(4);
    call(&series, 2, 45);
    for (int i = 0; i < 20; i++)
        cycle(&series, 4, 0);
    assert_false(series.was_up);
}

static void one_slow_query_for_ever(void **state)
{
    (void)state;
    struct series series = begin(4);
    for (int i = 0; i < 1000; i++) {
        call(&series, 2, 45);
        cycle(&series, 2, 0);
        /* A cold start now and then adds another probe's slow call. */
        if (i % 100 == 50)
            call(&series, 0, 25);
    }
    assert_false(series.was_up);
    /* By now 45 s are its normal. */
    assert_int_equal(series.baselines[2].slow, 0);
    call(&series, 2, 45);
    assert_int_equal(series.baselines[2].slow, 0);
}

/* It alone is asked often. Its calls count in a row, as contract has it, but of one probe. */
static void one_slow_query_asked_most_often(void **state)
{
    (void)state;
    struct series series = begin(2);
    for (int i = 0; i < 200; i++) {
        call(&series, 0, 30);
        if (i % 6 == 5)
            call(&series, 1, 0.2);
    }
    assert_false(series.was_up);
    call(&series, 0, 30);
    call(&series, 0, 30);
    call(&series, 1, 25);
    assert_false(series.was_up);
}

static void one_slow_query_in_turn_with_quick_ones(void **state)
{
    (void)state;
    struct series series = begin(3);
    for (int i = 0; i < 1000; i++) {
        call(&series, 2, i % 2 == 0 ? 40 : 0.3);
        assert_int_equal(series.baselines[2].slow, i % 2 == 0); /* 40 s are never normal for it */
        call(&series, (size_t)i % 2, 0.1);
    }
    assert_false(series.was_up);
}

static void only_one_probe(void **state)
{
    (void)state;
    struct series series = begin(1);
    for (int i = 0; i < 100; i++)
        call(&series, 0, 21);
    assert_false(series.was_up);
}

/* One query of two companies is one probe. */
static void two_targets_of_one_probe(void **state)
{
    (void)state;
    struct series series = begin(2);
    for (int i = 0; i < 10; i++) {
        int64_t sent_ns = series.now_ns;
        pass(&series, 21);
        throttle_call(&series.throttle, &series.baselines[i % 2], &probes[0], THROTTLE_ANSWERED, sent_ns,
                      ns(21), series.now_ns);
        assert_false(is_up(&series));
    }
}

/* All in flight are held up together: one stroke, however many calls. */
static void stroke(struct series *series, double seconds)
{
    int64_t from_ns = series->now_ns;
    pass(series, seconds);
    for (size_t i = 0; i < 4; i++) {
        double later = 0.5 * (double)i;
        end_call(series, i, THROTTLE_ANSWERED, from_ns + ns(later), seconds - later);
        series->now_ns += MILLISECOND_NS;
    }
}

static void a_cold_start_of_25_seconds(void **state)
{
    (void)state;
    struct series series = begin(4);
    stroke(&series, 25);
    cycle(&series, 4, 1.5);
    /* One at a time. */
    call(&series, 1, 25);
    cycle(&series, 4, 1.5);
    assert_false(series.was_up);
    /* The first calls ever meet one. */
    struct series cold = {.now_ns = SECOND_NS};
    stroke(&cold, 25);
    for (int i = 0; i < 20; i++)
        cycle(&cold, 4, 0);
    assert_true(cold.throttle.known);
    for (int i = 0; i < 3; i++)
        cycle(&cold, 4, 20);
    assert_true(is_up(&cold));
}

static void pauses_of_the_garbage_collector(void **state)
{
    (void)state;
    struct series series = begin(4);
    for (int i = 0; i < 200; i++) {
        stroke(&series, 16 + i % 8);
        if (i % 3 == 0)
            stroke(&series, 18); /* and again at once */
        cycle(&series, 4, 0);
    }
    assert_false(series.was_up);
}

static void a_nightly_batch(void **state)
{
    (void)state;
    uint32_t seed = 7;
    struct series series = begin(4);
    for (int i = 0; i < 300; i++)
        cycle(&series, 4, 4 + 9 * noise(&seed));
    for (int i = 0; i < 300; i++)
        cycle(&series, 4, 0);
    assert_false(series.was_up);
}

static void a_server_that_answers_nobody(void **state)
{
    (void)state;
    struct series series = begin(4);
    for (int i = 0; i < 100; i++)
        time_out(&series, (size_t)i % 4, 60);
    assert_false(series.was_up);
    call(&series, 0, 30); /* the last that hung is let go */
    cycle(&series, 4, 0);
    assert_false(series.was_up);
}

static void short_time_outs_say_nothing(void **state)
{
    (void)state;
    struct series series = begin(3);
    for (int i = 0; i < 100; i++) {
        time_out(&series, 2, 10);
        call(&series, 0, 0.1);
        time_out(&series, 2, 10);
    }
    assert_false(series.was_up);
    assert_int_equal(series.throttle.row, 0);
}

/* ---- what does ---- */

static void a_fixed_penalty(void **state)
{
    (void)state;
    struct series series = begin(4);
    call(&series, 0, 20.1);
    call(&series, 1, 20.2);
    assert_false(is_up(&series));
    call(&series, 2, 20.3);
    assert_true(is_up(&series));
    /* For hours; and the medians stay what they were. */
    for (int i = 0; i < 500; i++) {
        cycle(&series, 4, 20);
        assert_true(is_up(&series));
    }
    call(&series, 3, 0.4);
    assert_true(is_up(&series));
    call(&series, 0, 20.1);
    call(&series, 1, 0.2);
    assert_true(is_up(&series));
    call(&series, 2, 0.3);
    assert_false(is_up(&series));
    /* A single slow call does not bring it back, three do. */
    call(&series, 0, 20.1);
    call(&series, 1, 20.1);
    assert_false(is_up(&series));
    call(&series, 0, 20.1);
    assert_true(is_up(&series));
}

static void a_fixed_penalty_with_several_in_flight(void **state)
{
    (void)state;
    struct series series = begin(4);
    /* Two places, staggered by half. */
    for (int i = 0; i < 6; i++) {
        int64_t sent_ns = series.now_ns - (i == 0 ? 0 : ns(10));
        pass(&series, 10);
        end_call(&series, (size_t)i % 2, THROTTLE_ANSWERED, sent_ns, 20);
        assert_true(is_up(&series) == (i >= 4));
    }
}

/* A slow call is told later than quick ones that were sent after it: those prove that nothing was held up. */
static void quick_calls_beside_a_slow_one(void **state)
{
    (void)state;
    struct series series = begin(4);
    for (int i = 0; i < 50; i++) {
        int64_t sent_ns = series.now_ns;
        cycle(&series, 1, 0);
        cycle(&series, 1, 0);
        end_call(&series, 1 + (size_t)i % 3, THROTTLE_ANSWERED, sent_ns, 20.2);
    }
    assert_false(series.was_up);
    series = begin(4);
    int64_t first_ns = series.now_ns;
    call(&series, 0, 0.1);
    series.now_ns = first_ns + ns(20.2);
    end_call(&series, 1, THROTTLE_ANSWERED, first_ns, 20.2);
    call(&series, 2, 21);
    call(&series, 3, 21);
    assert_false(is_up(&series));
    call(&series, 2, 21);
    assert_true(is_up(&series));
    /* A quick one that was sent before the stroke ends nothing. */
    struct series other = begin(4);
    int64_t early_ns = other.now_ns;
    for (size_t i = 0; i < 3; i++)
        call(&other, i, 21);
    assert_true(is_up(&other));
    end_call(&other, 3, THROTTLE_ANSWERED, early_ns, 0.4);
    end_call(&other, 3, THROTTLE_ANSWERED, early_ns, 0.4);
    assert_true(is_up(&other));
}

static void a_doubling_penalty(void **state)
{
    (void)state;
    struct series series = begin(4);
    double delay = 0.5;
    unsigned above = 0;
    for (size_t i = 0; above < 3; i++) {
        assert_false(is_up(&series));
        call(&series, i % 4, 0.1 + delay);
        above += delay > 15.5;
        delay = delay < 32 ? 2 * delay : 32;
    }
    assert_true(is_up(&series));
    /* Two probes only: each has met half of the small ones. */
    series = begin(2);
    for (size_t i = 0; i < 10; i++)
        call(&series, i % 2, 0.1 + (i < 6 ? 0.5 * (double)(1u << i) : 32));
    assert_true(is_up(&series));
}

static void time_outs_by_the_delay(void **state)
{
    (void)state;
    /* One probe waits for 20 s only, the other long enough. */
    struct series series = begin(2);
    time_out(&series, 0, 20);
    call(&series, 1, 20.2);
    time_out(&series, 0, 20);
    assert_false(is_up(&series));
    call(&series, 1, 20.2);
    assert_true(is_up(&series));
    /* Two answers of one stroke are one. */
    struct series other = begin(4);
    time_out(&other, 2, 30);
    stroke(&other, 20);
    time_out(&other, 3, 30);
    assert_false(other.was_up);
    call(&other, 0, 20.2);
    assert_true(is_up(&other));
    /* When none is answered any more, the server hangs, and that has its own reason. */
    for (int i = 0; i < 16; i++)
        time_out(&series, (size_t)i % 2, 20);
    assert_false(is_up(&series));
}

static void a_long_silence(void **state)
{
    (void)state;
    struct series series = begin(3);
    cycle(&series, 3, 20);
    series.now_ns -= 10 * SECOND_NS;
    assert_true(is_up(&series));
    int64_t deadline_ns = throttle_deadline(&series.throttle, series.now_ns);
    assert_true(deadline_ns == series.now_ns + 5 * MINUTE_NS);
    series.now_ns = deadline_ns - 1;
    assert_true(is_up(&series));
    series.now_ns = deadline_ns;
    assert_false(is_up(&series));
    assert_true(throttle_deadline(&series.throttle, series.now_ns) == NEVER_NS);
    assert_true(series.throttle.known);
    /* Probes with long intervals: the row goes on. */
    call(&series, 0, 20.1);
    assert_true(is_up(&series));
    pass(&series, 3600);
    call(&series, 0, 0.1);
    call(&series, 1, 20.2);
    assert_false(is_up(&series));
}

static void a_new_target_while_it_stands(void **state)
{
    (void)state;
    struct series series = begin(3);
    for (int i = 0; i < 10; i++) {
        cycle(&series, 3, 20);
        call(&series, 5, 20.5);
    }
    assert_int_equal(series.baselines[5].count, 0);
}

/* All of them slow for good: nobody can tell that from seats that are gone for ever. After a day it is normal. */
static void every_query_slow_for_good(void **state)
{
    (void)state;
    struct series series = begin(2);
    int64_t from_ns = series.now_ns;
    for (int i = 0; i < 3; i++)
        cycle(&series, 2, 30);
    assert_true(is_up(&series));
    while (is_up(&series) && series.now_ns - from_ns < 2 * DAY_NS)
        cycle(&series, 2, 30);
    assert_in_range(series.now_ns - from_ns, DAY_NS, DAY_NS + 10 * MINUTE_NS);
}

static void absurd_latencies(void **state)
{
    (void)state;
    struct series series = begin(2);
    for (int i = 0; i < 20; i++)
        throttle_call(&series.throttle, &series.baselines[i % 2], &probes[i % 2], THROTTLE_ANSWERED,
                      series.now_ns, INT64_MAX / 2, series.now_ns);
    for (int i = 0; i < 20; i++)
        throttle_call(&series.throttle, &series.baselines[i % 2], &probes[i % 2], THROTTLE_ANSWERED,
                      series.now_ns, 0, series.now_ns);
    assert_false(is_up(&series));
}

ALL_TESTS(cmocka_unit_test(a_baseline_takes_some_calls), cmocka_unit_test(normal_jitter),
          cmocka_unit_test(one_slow_query_alone), cmocka_unit_test(one_slow_query_for_ever),
          cmocka_unit_test(one_slow_query_asked_most_often),
          cmocka_unit_test(one_slow_query_in_turn_with_quick_ones), cmocka_unit_test(only_one_probe),
          cmocka_unit_test(two_targets_of_one_probe), cmocka_unit_test(a_cold_start_of_25_seconds),
          cmocka_unit_test(pauses_of_the_garbage_collector), cmocka_unit_test(a_nightly_batch),
          cmocka_unit_test(a_server_that_answers_nobody), cmocka_unit_test(short_time_outs_say_nothing),
          cmocka_unit_test(a_fixed_penalty), cmocka_unit_test(a_fixed_penalty_with_several_in_flight),
          cmocka_unit_test(quick_calls_beside_a_slow_one), cmocka_unit_test(a_doubling_penalty),
          cmocka_unit_test(time_outs_by_the_delay), cmocka_unit_test(a_long_silence),
          cmocka_unit_test(a_new_target_while_it_stands), cmocka_unit_test(every_query_slow_for_good),
          cmocka_unit_test(absurd_latencies));
