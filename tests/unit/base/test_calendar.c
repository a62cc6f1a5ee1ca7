#include "main.h"

#include <time.h>

#include "base/calendar.h"

static void known_days(void **state)
{
    static const struct {
        int64_t year;
        int month, day;
        int64_t days;
        int weekday;
    } rows[] = {{1970, 1, 1, 0, 3},      {1969, 12, 31, -1, 2},   {2000, 2, 29, 11016, 1},
                {2000, 3, 1, 11017, 2},  {1900, 3, 1, -25508, 3}, {2026, 1, 31, 20484, 5},
                {2100, 2, 28, 47540, 6}, {2100, 3, 1, 47541, 0},  {1, 1, 1, -719162, 0},
                {0, 3, 1, -719468, 2},   {-1, 12, 31, -719529, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(calendar_days(rows[i].year, rows[i].month, rows[i].day) == rows[i].days);
        struct calendar_date date = calendar_date(rows[i].days);
        assert_true(date.year == rows[i].year && date.month == rows[i].month && date.day == rows[i].day);
        assert_int_equal(calendar_weekday(rows[i].days), rows[i].weekday);
    }
}

static void agrees_with_libc_for_three_thousand_years(void **state)
{
    (void)state;
    for (int64_t days = -800000; days < 400000; days++) {
        time_t moment = days * 86400;
        struct tm tm;
        assert_non_null(gmtime_r(&moment, &tm));
        struct calendar_date date = calendar_date(days);
        if (date.year != tm.tm_year + 1900 || date.month != tm.tm_mon + 1 || date.day != tm.tm_mday ||
            calendar_weekday(days) != (tm.tm_wday + 6) % 7 ||
            calendar_days(date.year, date.month, date.day) != days ||
            calendar_days(date.year, 1, tm.tm_yday + 1) != days)
            fail_msg("day %lld", (long long)days);
    }
}

static void leap_years(void **state)
{
    (void)state;
    assert_true(calendar_is_leap(2000) && calendar_is_leap(2024) && calendar_is_leap(0) &&
                calendar_is_leap(-4));
    assert_false(calendar_is_leap(1900) || calendar_is_leap(2100) || calendar_is_leap(2023) ||
                 calendar_is_leap(-1));
}

ALL_TESTS(cmocka_unit_test(known_days), cmocka_unit_test(agrees_with_libc_for_three_thousand_years),
          cmocka_unit_test(leap_years));
