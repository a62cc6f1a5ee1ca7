/* The packed runs of a target, and its failures beside them. */
#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "kinetic/reason.h"
#include "report/failure.h"
#include "report/history.h"

#define START_NS (INT64_C(1700000000) * SECOND_NS)

static struct board_run run_number(uint32_t number)
{
    return (struct board_run){
        .ended_wall_ns = START_NS + (int64_t)number * MINUTE_NS + (int64_t)number * MILLISECOND_NS,
        .duration_us = 182000 + number,
        .phase_us = {BOARD_NO_TIME, BOARD_NO_TIME, BOARD_NO_TIME, 170000 + number, 12000},
        .rows = number,
        .status = 200,
        .reason = REASON_NONE,
    };
}

static void assert_run(const struct board_run *run, const struct board_run *wanted)
{
    assert_true(run->ended_wall_ns == wanted->ended_wall_ns);
    assert_int_equal(run->duration_us, wanted->duration_us);
    for (size_t phase = 0; phase < BOARD_PHASES; phase++)
        assert_int_equal(run->phase_us[phase], wanted->phase_us[phase]);
    assert_int_equal(run->rows, wanted->rows);
    assert_int_equal(run->status, wanted->status);
    assert_int_equal(run->reason, wanted->reason);
    assert_int_equal(run->retries, wanted->retries);
}

static struct history *add(struct history *history, struct board_run run, size_t most)
{
    struct history *after = history_add(history, &run, most);

    history_unref(history);
    return after;
}

static void edges_come_back_as_they_went_in(void **state)
{
    const struct board_run runs[] = {
        {.ended_wall_ns = 0, .duration_us = 0, .rows = 0},
        {.ended_wall_ns = START_NS,
         .duration_us = BOARD_NO_TIME,
         .phase_us = {BOARD_NO_TIME, BOARD_NO_TIME, BOARD_NO_TIME, BOARD_NO_TIME, BOARD_NO_TIME},
         .rows = BOARD_NO_ROWS,
         .reason = REASON_CONNECT,
         .retries = 255},
        {.ended_wall_ns = START_NS - DAY_NS, /* the clock was set back */
         .duration_us = BOARD_MOST_TIME,
         .phase_us = {0, 1, 127, 128, BOARD_MOST_TIME},
         .rows = BOARD_MOST_ROWS,
         .status = UINT16_MAX,
         .reason = REASONS - 1},
        {.ended_wall_ns = INT64_C(9000000000000) * MILLISECOND_NS, .retries = 1},
        {.ended_wall_ns = 5 * MILLISECOND_NS, .rows = 7},
    };
    size_t count = sizeof runs / sizeof runs[0];
    struct history *history = NULL;
    struct board_run run;

    (void)state;
    for (size_t i = 0; i < count; i++)
        history = add(history, runs[i], count);
    struct history_walk walk = history_begin(history);
    for (size_t i = 0; i < count; i++) {
        assert_true(history_next(&walk, &run));
        assert_run(&run, &runs[i]);
    }
    assert_false(history_next(&walk, &run));
    history_unref(history);
}

/* The last `most` of so many, whatever their sizes. */
static void the_oldest_goes_first(void **state)
{
    (void)state;
    for (size_t most = 1; most <= 5; most++) {
        struct history *history = NULL;
        struct board_run run;
        for (uint32_t number = 0; number < 9; number++) {
            struct board_run added = run_number(number);
            if (number % 3 == 0)
                added.retries = 2;
            history = add(history, added, most);
            size_t count = history_count(history);
            assert_int_equal(count, number + 1 < most ? number + 1 : most);
            struct history_walk walk = history_begin(history);
            for (size_t i = 0; history_next(&walk, &run); i++) {
                uint32_t which = number + 1 - (uint32_t)count + (uint32_t)i;
                struct board_run wanted = run_number(which);
                wanted.retries = which % 3 == 0 ? 2 : 0;
                assert_run(&run, &wanted);
            }
        }
        history_unref(history);
    }
}

static void it_can_be_shortened(void **state)
{
    struct history *history = NULL;
    struct board_run run;

    (void)state;
    for (uint32_t number = 0; number < 10; number++)
        history = add(history, run_number(number), 60);
    struct history *last = history_last(history, 3);
    history_unref(history);
    assert_int_equal(history_count(last), 3);
    last = add(last, run_number(10), 3);
    struct history_walk walk = history_begin(last);
    for (uint32_t number = 8; number < 11; number++) {
        struct board_run wanted = run_number(number);
        assert_true(history_next(&walk, &run));
        assert_run(&run, &wanted);
    }
    assert_false(history_next(&walk, &run));
    history_unref(last);
    last = history_last(NULL, 3);
    assert_int_equal(history_count(last), 0);
    history_unref(last);
    assert_int_equal(history_count(NULL), 0);
    walk = history_begin(NULL);
    assert_false(history_next(&walk, &run));
}

static void who_holds_it_reads_on(void **state)
{
    struct history *history = add(NULL, run_number(1), 1);
    struct history *held = history_ref(history);
    struct history_walk walk = history_begin(held);
    struct board_run run, wanted = run_number(1);

    (void)state;
    history = add(history, run_number(2), 1);
    assert_true(history_next(&walk, &run));
    assert_run(&run, &wanted);
    history_unref(held);
    history_unref(history);
}

/* ---- failures ---- */

static struct failures *fail_with(struct failures *failures, uint32_t number, const char *message,
                                  const char *correlation)
{
    struct board_failure failure = {
        .run = run_number(number), .message = message, .correlation = correlation};
    failure.run.reason = REASON_SERVER_ERROR;
    struct failures *after = failures_add(failures, &failure);

    failures_unref(failures);
    return after;
}

static void the_last_failures_stay_with_their_words(void **state)
{
    struct failures *failures = NULL;

    (void)state;
    for (uint32_t number = 0; number < FAILURES_KEPT + 5; number++) {
        char *message = memory_format("broke for the %uth time", number / 2);
        char *correlation = memory_format("id-%u", number);
        failures = fail_with(failures, number, number % 7 == 0 ? NULL : message,
                             number % 5 == 0 ? NULL : correlation);
        free(message);
        free(correlation);
    }
    assert_int_equal(failures_count(failures), FAILURES_KEPT);
    for (uint32_t i = 0; i < FAILURES_KEPT; i++) {
        const struct board_failure *failure = failures_at(failures, i);
        uint32_t number = i + 5;
        char *message = memory_format("broke for the %uth time", number / 2);
        char *correlation = memory_format("id-%u", number);
        struct board_run wanted = run_number(number);
        wanted.reason = REASON_SERVER_ERROR;
        assert_run(&failure->run, &wanted);
        assert_int_equal(failure->message == NULL, number % 7 == 0);
        if (failure->message != NULL)
            assert_string_equal(failure->message, message);
        assert_int_equal(failure->correlation == NULL, number % 5 == 0);
        if (failure->correlation != NULL)
            assert_string_equal(failure->correlation, correlation);
        free(message);
        free(correlation);
    }
    failures_unref(failures);
    assert_int_equal(failures_count(NULL), 0);
}

static void equal_words_are_kept_once(void **state)
{
    struct failures *failures = fail_with(NULL, 1, "no answer", "a");

    (void)state;
    failures = fail_with(failures, 2, "no answer", "b");
    failures = fail_with(failures, 3, "refused", NULL);
    assert_ptr_equal(failures_at(failures, 0)->message, failures_at(failures, 1)->message);
    assert_string_equal(failures_at(failures, 2)->message, "refused");
    failures_unref(failures);
}

/* Long words end in an ellipsis, between two characters, and once cut stay as they are. */
static void long_words_are_cut_openly(void **state)
{
    (void)state;
    for (size_t pad = 0; pad < 4; pad++) {
        char message[1000];
        memset(message, 'x', pad);
        for (size_t at = pad; at < 998; at += 2)
            memcpy(message + at, "\xC3\xA4", 2);
        message[pad + (998 - pad) / 2 * 2] = '\0';
        struct failures *failures = fail_with(NULL, 1, message, message);
        failures = fail_with(failures, 2, message, NULL);
        failures = fail_with(failures, 3, "other", NULL);
        const char *kept = failures_at(failures, 0)->message;
        size_t size = strlen(kept);
        assert_true(size <= FAILURE_MESSAGE_MAXIMUM && size > FAILURE_MESSAGE_MAXIMUM - 4);
        assert_string_equal(kept + size - 3, "\xE2\x80\xA6");
        assert_memory_equal(kept, message, size - 3);
        assert_int_equal((size - 3 - pad) % 2, 0);
        assert_ptr_equal(failures_at(failures, 1)->message, kept);
        assert_true(strlen(failures_at(failures, 0)->correlation) <= FAILURE_CORRELATION_MAXIMUM);
        failures_unref(failures);
    }
    char whole[FAILURE_MESSAGE_MAXIMUM + 1];
    memset(whole, 'y', sizeof whole - 1);
    whole[sizeof whole - 1] = '\0';
    struct failures *failures = fail_with(NULL, 1, whole, "");
    assert_string_equal(failures_at(failures, 0)->message, whole);
    assert_string_equal(failures_at(failures, 0)->correlation, "");
    failures_unref(failures);
}

ALL_TESTS(cmocka_unit_test(edges_come_back_as_they_went_in), cmocka_unit_test(the_oldest_goes_first),
          cmocka_unit_test(it_can_be_shortened), cmocka_unit_test(who_holds_it_reads_on),
          cmocka_unit_test(the_last_failures_stay_with_their_words),
          cmocka_unit_test(equal_words_are_kept_once), cmocka_unit_test(long_words_are_cut_openly));
