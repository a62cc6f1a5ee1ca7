#include "base/calendar.h"

/* The method of H. Hinnant, "chrono-compatible low-level date algorithms": years that begin in March, in eras
   of 400 years, so that the leap day comes last. */
#define ERA_DAYS   146097
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t calendar_days(int64_t year, int month, int64_t day)
{
    int64_t march_year = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(march_year, 400);
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5;

    return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year + day - 1 -
           EPOCH_DAYS;
}

struct calendar_date calendar_date(int64_t days)
{
    int64_t since = days + EPOCH_DAYS;
    int64_t era = floor_div(since, ERA_DAYS);
    int64_t day_of_era = since - era * ERA_DAYS;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);

    return (struct calendar_date){.year = year_of_era + era * 400 + (month <= 2),
                                  .month = month,
                                  .day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1)};
}

int calendar_weekday(int64_t days)
{
    /* 1970-01-01 was a Thursday. */
    return (int)(days + 3 - floor_div(days + 3, 7) * 7);
}

bool calendar_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
