#include "base/zone_rule.h"

#include "base/calendar.h"

#define DAY_SECONDS 86400

/* ---- reading
 * ----------------------------------------------------------------------------------------------------- */

static bool take(struct span *text, char c)
{
    if (text->size == 0 || text->data[0] != c)
        return false;
    text->data++;
    text->size--;
    return true;
}

static bool next_is_digit(struct span text)
{
    return text.size > 0 && text.data[0] >= '0' && text.data[0] <= '9';
}

static bool take_number(struct span *text, int low, int high, int *out)
{
    int value = 0;

    if (!next_is_digit(*text))
        return false;
    while (next_is_digit(*text)) {
        value = value * 10 + (text->data[0] - '0');
        if (value > high)
            return false;
        text->data++;
        text->size--;
    }
    *out = value;
    return value >= low;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct span *text, int hours_max, int32_t *out)
{
    bool negative = take(text, '-');
    int hours, minutes = 0, seconds = 0;

    if (!negative)
        take(text, '+');
    if (!take_number(text, 0, hours_max, &hours))
        return false;
    if (take(text, ':')) {
        if (!take_number(text, 0, 59, &minutes))
            return false;
        if (take(text, ':') && !take_number(text, 0, 59, &seconds))
            return false;
    }
    int32_t time = hours * 3600 + minutes * 60 + seconds;
    *out = negative ? -time : time;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The name of a zone is checked and passed over: nothing here shows it. */
static bool take_name(struct span *text)
{
    bool quoted = take(text, '<');
    size_t size = 0;

    while (size < text->size) {
        char c = text->data[size];
        if (!is_letter(c) && !(quoted && (c == '+' || c == '-' || (c >= '0' && c <= '9'))))
            break;
        size++;
    }
    text->data += size;
    text->size -= size;
    return size >= 3 && (!quoted || take(text, '>'));
}

static bool take_change(struct span *text, struct zone_rule_change *out)
{
    bool read;

    *out = (struct zone_rule_change){.seconds = 2 * 3600};
    if (take(text, 'M')) {
        out->form = ZONE_RULE_WEEKDAY;
        read = take_number(text, 1, 12, &out->month) && take(text, '.') &&
               take_number(text, 1, 5, &out->week) && take(text, '.') && take_number(text, 0, 6, &out->day);
    } else if (take(text, 'J')) {
        out->form = ZONE_RULE_JULIAN;
        read = take_number(text, 1, 365, &out->day);
    } else {
        out->form = ZONE_RULE_DAY;
        read = take_number(text, 0, 365, &out->day);
    }
    return read && (!take(text, '/') || take_time(text, 167, &out->seconds));
}

bool zone_rule_parse(struct span text, struct zone_rule *out)
{
    struct zone_rule rule = {0};
    int32_t west; /* POSIX counts offsets to the west */

    if (!take_name(&text) || !take_time(&text, 24, &west))
        return false;
    rule.standard = -west;
    if (text.size > 0) {
        rule.has_daylight = true;
        if (!take_name(&text))
            return false;
        rule.daylight = rule.standard + 3600;
        if (text.size > 0 && text.data[0] != ',') {
            if (!take_time(&text, 24, &west))
                return false;
            rule.daylight = -west;
        }
        if (!take(&text, ',') || !take_change(&text, &rule.start) || !take(&text, ',') ||
            !take_change(&text, &rule.end) || text.size > 0)
            return false;
    }
    *out = rule;
    return true;
}

/* ---- using
 * ------------------------------------------------------------------------------------------------------- */

/* The local midnight, in days since 1970, of the day of the change. */
static int64_t change_day(const struct zone_rule_change *change, int64_t year)
{
    if (change->form == ZONE_RULE_DAY)
        return calendar_days(year, 1, 1 + change->day);
    if (change->form == ZONE_RULE_JULIAN) /* 29 February is not counted */
        return calendar_days(year, 1, change->day + (calendar_is_leap(year) && change->day >= 60));

    int64_t first = calendar_days(year, change->month, 1);
    int weekday = (change->day + 6) % 7; /* POSIX begins the week on Sunday */
    int ahead = (weekday - calendar_weekday(first) + 7) % 7 + (change->week - 1) * 7;
    int64_t day = first + ahead;
    int64_t next_month = change->month == 12 ? calendar_days(year + 1, 1, 1)
                                             : calendar_days(year, change->month + 1, 1);
    return day < next_month ? day : day - 7; /* week 5 is the last one */
}

int32_t zone_rule_offset(const struct zone_rule *rule, int64_t epoch_seconds)
{
    if (!rule->has_daylight)
        return rule->standard;

    int64_t local_days = (epoch_seconds + rule->standard) / DAY_SECONDS;
    int64_t year = calendar_date(local_days).year;
    int64_t latest = INT64_MIN;
    int32_t offset = rule->standard;

    /* The last change before the moment, of this year's and its neighbours'. Of two at the same moment the
       later row holds, so that daylight from year's end to year's end has no gap. */
    for (int64_t y = year - 2; y <= year + 1; y++) {
        int64_t start = change_day(&rule->start, y) * DAY_SECONDS + rule->start.seconds - rule->standard;
        int64_t end = change_day(&rule->end, y) * DAY_SECONDS + rule->end.seconds - rule->daylight;
        if (start <= epoch_seconds && start >= latest) {
            latest = start;
            offset = rule->daylight;
        }
        if (end <= epoch_seconds && end >= latest) {
            latest = end;
            offset = rule->standard;
        }
    }
    return offset;
}
