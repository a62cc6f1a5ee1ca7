#include "probe/iso_time.h"

#include "base/calendar.h"

/* Takes count digits from the front. */
static bool take_digits(struct span *text, size_t count, int *number)
{
    if (text->size < count)
        return false;
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        char c = text->data[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *text = (struct span){text->data + count, text->size - count};
    *number = value;
    return true;
}

/* Takes one byte of these from the front. */
static bool take_one_of(struct span *text, const char *bytes)
{
    for (; text->size > 0 && *bytes != '\0'; bytes++) {
        if (text->data[0] != *bytes)
            continue;
        *text = (struct span){text->data + 1, text->size - 1};
        return true;
    }
    return false;
}

static bool take_date(struct span *text, struct civil *civil)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!take_digits(text, 4, &civil->year) || !take_one_of(text, "-") ||
        !take_digits(text, 2, &civil->month) || !take_one_of(text, "-") || !take_digits(text, 2, &civil->day))
        return false;
    if (civil->year < 1 || civil->month < 1 || civil->month > 12 || civil->day < 1)
        return false;
    int leap = civil->month == 2 && calendar_is_leap(civil->year);
    return civil->day <= lengths[civil->month - 1] + leap;
}

/* Digits beyond the ninth are read and not counted. */
static bool take_fraction(struct span *text, double *fraction)
{
    int digits = 0;
    int digit;
    double nanos = 0, unit = 1e8;
    for (; take_digits(text, 1, &digit); digits++) {
        nanos += digits < 9 ? digit * unit : 0;
        unit /= 10;
    }
    *fraction = nanos / 1e9;
    return digits > 0;
}

static bool take_time(struct span *text, struct civil *civil, double *fraction)
{
    if (!take_digits(text, 2, &civil->hour) || !take_one_of(text, ":") ||
        !take_digits(text, 2, &civil->minute))
        return false;
    if (take_one_of(text, ":")) {
        if (!take_digits(text, 2, &civil->second))
            return false;
        if (take_one_of(text, ".,") && !take_fraction(text, fraction))
            return false;
    }
    return civil->hour <= 23 && civil->minute <= 59 && civil->second <= 60; /* 60: a leap second */
}

/* The rest after the time: a zone, or nothing. */
static bool take_offset(struct span *text, bool *given, int64_t *seconds)
{
    int sign = 1, hours, minutes = 0;
    *given = text->size > 0;
    *seconds = 0;
    if (!*given || take_one_of(text, "Zz"))
        return true;
    if (take_one_of(text, "-"))
        sign = -1;
    else if (!take_one_of(text, "+"))
        return false;
    if (!take_digits(text, 2, &hours))
        return false;
    bool colon = take_one_of(text, ":");
    if ((colon || text->size > 0) && !take_digits(text, 2, &minutes))
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return hours <= 23 && minutes <= 59;
}

bool iso_time_read(struct span text, const struct zone *zone, double *epoch)
{
    struct civil civil = {0};
    double fraction = 0;
    int64_t offset = 0;
    bool in_offset = false;
    text = span_trim(text);
    if (!take_date(&text, &civil))
        return false;
    if (text.size > 0 && (!take_one_of(&text, "Tt ") || !take_time(&text, &civil, &fraction) ||
                          !take_offset(&text, &in_offset, &offset) || text.size > 0))
        return false;
    *epoch = (double)(zone_from_civil(in_offset ? zone_utc() : zone, civil) - offset) + fraction;
    return true;
}
