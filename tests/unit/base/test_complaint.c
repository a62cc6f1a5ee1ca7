#include "main.h"

#include "base/clock.h"
#include "base/complaint.h"

static void well_stays_quiet(void **state)
{
    (void)state;
    struct complaint complaint = {0};
    for (int64_t now = 0; now < 10 * DAY_NS; now += HOUR_NS)
        assert_int_equal(complaint_update(&complaint, 0, now), COMPLAINT_QUIET);
}

static void says_change_repeats_rarer_and_says_the_end(void **state)
{
    static const struct {
        int64_t minute;
        uint64_t what;
        enum complaint_say say;
        int64_t since_minute;
    } steps[] = {
        {5, 7, COMPLAINT_NEW, 5},     {5, 7, COMPLAINT_QUIET, 5},  {6, 7, COMPLAINT_AGAIN, 5},
        {7, 7, COMPLAINT_QUIET, 5},   {8, 7, COMPLAINT_AGAIN, 5},  {11, 7, COMPLAINT_QUIET, 5},
        {12, 7, COMPLAINT_AGAIN, 5},  {13, 8, COMPLAINT_NEW, 13},  {13, 8, COMPLAINT_QUIET, 13},
        {14, 8, COMPLAINT_AGAIN, 13}, {15, 0, COMPLAINT_OVER, 13}, {16, 0, COMPLAINT_QUIET, 13},
        {26, 8, COMPLAINT_NEW, 26},   {27, 0, COMPLAINT_OVER, 26},
    };

    (void)state;
    struct complaint complaint = {0};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_int_equal(complaint_update(&complaint, steps[i].what, steps[i].minute * MINUTE_NS),
                         steps[i].say);
        assert_true(complaint.since_ns == steps[i].since_minute * MINUTE_NS);
    }
}

/* Bad for ten seconds, well for ten, for an hour. */
static void a_fault_that_comes_and_goes_says_little(void **state)
{
    (void)state;
    struct complaint complaint = {0};
    int said[4] = {0};
    int64_t second = 1000;
    for (; second < 1000 + 3600; second++)
        said[complaint_update(&complaint, second / 10 % 2 == 0, second * SECOND_NS)]++;
    assert_int_equal(said[COMPLAINT_NEW], 2);
    assert_int_equal(said[COMPLAINT_OVER], 1);
    assert_in_range(said[COMPLAINT_AGAIN], 4, 8);
    /* Then its end is said, a minute after it; and an end is said at once again after a fault that comes much later. */
    for (; complaint.what != 0; second++)
        complaint_update(&complaint, 0, second * SECOND_NS);
    assert_in_range(second, 1000 + 3600 + 50, 1000 + 3600 + 61);
    second += 3600;
    assert_int_equal(complaint_update(&complaint, 1, second * SECOND_NS), COMPLAINT_NEW);
    assert_int_equal(complaint_update(&complaint, 0, second * SECOND_NS + 1), COMPLAINT_OVER);
}

static void an_end_waits_longer_each_time(void **state)
{
    static const int64_t holds[] = {0, 1, 2, 4, 8, 10, 10};

    (void)state;
    struct complaint complaint = {0};
    int64_t minute = 1;
    for (size_t i = 0; i < sizeof holds / sizeof holds[0]; i++) {
        assert_int_equal(complaint_update(&complaint, 1, minute * MINUTE_NS), COMPLAINT_NEW);
        int64_t well = ++minute;
        while (complaint_update(&complaint, 0, minute * MINUTE_NS) == COMPLAINT_QUIET)
            minute++;
        assert_int_equal(minute - well, holds[i]);
        minute += 5;
    }
}

static void a_lasting_fault_is_said_once_a_day_in_the_end(void **state)
{
    (void)state;
    struct complaint complaint = {0};
    int said = 0, said_late = 0;
    for (int64_t minute = 0; minute < 30 * 24 * 60; minute++) {
        bool says = complaint_update(&complaint, 1, minute * MINUTE_NS) != COMPLAINT_QUIET;
        said += says;
        said_late += says && minute >= 20 * 24 * 60;
    }
    assert_int_equal(said_late, 10);
    assert_in_range(said, 35, 45);
}

ALL_TESTS(cmocka_unit_test(a_fault_that_comes_and_goes_says_little),
          cmocka_unit_test(an_end_waits_longer_each_time), cmocka_unit_test(well_stays_quiet),
          cmocka_unit_test(says_change_repeats_rarer_and_says_the_end),
          cmocka_unit_test(a_lasting_fault_is_said_once_a_day_in_the_end));
