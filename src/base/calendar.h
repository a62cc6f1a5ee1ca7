/* The Gregorian calendar, carried on before its invention; days are counted from 1970-01-01. */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

struct calendar_date {
    int64_t year;
    int month, day; /* 1..12, 1..31 */
};

/* month 1..12; day may lie outside the month and is carried. */
int64_t calendar_days(int64_t year, int month, int64_t day);
struct calendar_date calendar_date(int64_t days);
int calendar_weekday(int64_t days); /* 0 = Monday ... 6 = Sunday */
bool calendar_is_leap(int64_t year);

#endif
