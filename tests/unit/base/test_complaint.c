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
        {17, 8, COMPLAINT_NEW, 17},   {18, 0, COMPLAINT_OVER, 17},
    };

    (void)state;
    struct complaint complaint = {0};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_int_equal(complaint_update(&complaint, steps[i].what, steps[i].minute * MINUTE_NS),
                         steps[i].say);
        assert_true(complaint.since_ns == steps[i].since_minute * MINUTE_NS);
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

ALL_TESTS(cmocka_unit_test(well_stays_quiet), cmocka_unit_test(says_change_repeats_rarer_and_says_the_end),
          cmocka_unit_test(a_lasting_fault_is_said_once_a_day_in_the_end));
