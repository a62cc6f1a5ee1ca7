#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "config/window.h"

#define WEEK_MINUTES 10080
#define DAY(n)       ((n)*1440)
#define AT(d, h, m)  (DAY(d) + (h)*60 + (m))

enum { MON, TUE, WED, THU, FRI, SAT, SUN };

static struct windows read_good(const char *text)
{
    struct windows windows = {0};
    char *fault = windows_read(text, &windows);
    if (fault)
        fail_msg("%s: %s", text, fault);
    return windows;
}

static struct zone *load(const char *name)
{
    const char *why;
    struct zone *zone = zone_load(name, &why);
    if (!zone)
        fail_msg("%s: %s (the Debian package tzdata is needed)", name, why);
    return zone;
}

static int64_t utc(int year, int month, int day, int hour, int minute)
{
    return calendar_days(year, month, day) * 86400 + hour * 3600 + minute * 60;
}

/* Minutes of the week, from .. before; a range that runs over its end goes on at its beginning. */
struct range {
    int from, to;
};

static const struct good {
    const char *text;
    struct range inside[16];
} good[] = {
    {"Mon-Fri 06:00-18:00",
     {{AT(MON, 6, 0), AT(MON, 18, 0)},
      {AT(TUE, 6, 0), AT(TUE, 18, 0)},
      {AT(WED, 6, 0), AT(WED, 18, 0)},
      {AT(THU, 6, 0), AT(THU, 18, 0)},
      {AT(FRI, 6, 0), AT(FRI, 18, 0)}}},
    {"Wed 00:00-24:00", {{DAY(WED), DAY(THU)}}},
    {"Wed", {{DAY(WED), DAY(THU)}}},
    {"Sat-Sun", {{DAY(SAT), DAY(7)}}},
    {"Sat-Mon", {{DAY(SAT), DAY(8)}}},
    {"Sat-Mon 01:15-02:45",
     {{AT(SAT, 1, 15), AT(SAT, 2, 45)}, {AT(SUN, 1, 15), AT(SUN, 2, 45)}, {AT(MON, 1, 15), AT(MON, 2, 45)}}},
    {"Fri 22:00-06:00", {{AT(FRI, 22, 0), AT(SAT, 6, 0)}}},
    {"Sun 22:00-06:00", {{AT(SUN, 22, 0), AT(SUN, 30, 0)}}},
    {"Sun 22:00-00:00", {{AT(SUN, 22, 0), DAY(7)}}},
    {"Sun 22:00-24:00", {{AT(SUN, 22, 0), DAY(7)}}},
    {"Sun 01:30-02:30", {{AT(SUN, 1, 30), AT(SUN, 2, 30)}}},
    {"Mon-Sun 00:00-24:00", {{0, WEEK_MINUTES}}},
    {"Mon-Sun", {{0, WEEK_MINUTES}}},
    {"Tue-Mon", {{0, WEEK_MINUTES}}},
    {"Mon-Sun 12:00-11:59",
     {{AT(MON, 12, 0), AT(TUE, 11, 59)},
      {AT(TUE, 12, 0), AT(WED, 11, 59)},
      {AT(WED, 12, 0), AT(THU, 11, 59)},
      {AT(THU, 12, 0), AT(FRI, 11, 59)},
      {AT(FRI, 12, 0), AT(SAT, 11, 59)},
      {AT(SAT, 12, 0), AT(SUN, 11, 59)},
      {AT(SUN, 12, 0), AT(SUN, 35, 59)}}},
    {"mon - TUE  6:00 - 7:05 ,Fri 23:59-00:01,\tSat",
     {{AT(MON, 6, 0), AT(MON, 7, 5)}, {AT(TUE, 6, 0), AT(TUE, 7, 5)}, {AT(FRI, 23, 59), DAY(SUN)}}},
    {"Mon 06:00-12:00, Mon 12:00-18:00", {{AT(MON, 6, 0), AT(MON, 18, 0)}}},
    {"Mon 06:00-12:00, Mon 08:00-09:00", {{AT(MON, 6, 0), AT(MON, 12, 0)}}},
};
#define GOOD (sizeof good / sizeof good[0])

static void paint(const struct good *row, bool *week)
{
    bool whole = row->inside[0].to == WEEK_MINUTES && row->inside[0].from == 0;
    memset(week, whole, WEEK_MINUTES);
    for (const struct range *range = row->inside; range->to > 0; range++)
        for (int minute = range->from; minute < range->to; minute++)
            week[minute % WEEK_MINUTES] = true;
}

static void each_minute_of_a_week(void **state)
{
    (void)state;
    int64_t monday = utc(2026, 3, 2, 0, 0);
    for (size_t i = 0; i < GOOD; i++) {
        struct windows windows = read_good(good[i].text);
        bool week[WEEK_MINUTES];
        paint(&good[i], week);
        for (int minute = 0; minute < WEEK_MINUTES; minute++)
            for (int second = 0; second < 60; second += 59)
                if (windows_contain(&windows, zone_utc(), monday + minute * 60 + second) != week[minute])
                    fail_msg("%s: minute %d of the week", good[i].text, minute);
        windows_free(&windows);
    }
}

/* By the clock on the wall, whatever was done to it, and the next change by looking at each minute. */
static void over_changes_of_clocks(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        int month, day; /* of 2026, the day of the change */
    } changes[] = {{"America/Chicago", 3, 8},     {"America/Chicago", 11, 1},
                   {"Europe/Berlin", 3, 29},      {"Europe/Berlin", 10, 25},
                   {"Australia/Lord_Howe", 4, 5}, {"Australia/Lord_Howe", 10, 4},
                   {"America/St_Johns", 3, 8},    {"UTC", 3, 8}};
    for (size_t i = 0; i < GOOD; i++)
        for (size_t c = 0; c < sizeof changes / sizeof changes[0]; c++) {
            struct windows windows = read_good(good[i].text);
            struct zone *zone = load(changes[c].zone);
            bool week[WEEK_MINUTES], inside = false;
            paint(&good[i], week);
            int64_t from = utc(2026, changes[c].month, changes[c].day - 4, 0, 0), next = from;
            for (int64_t at = from; at < from + 9 * 86400; at += 60) {
                struct civil local = zone_to_civil(zone, at);
                bool wanted = week[AT(local.weekday, local.hour, local.minute)];
                if (windows_contain(&windows, zone, at) != wanted)
                    fail_msg("%s in %s: %lld", good[i].text, changes[c].zone, (long long)at);
                if (at == from) {
                    inside = wanted;
                    next = windows_next_change(&windows, zone, at);
                } else if ((at == next) != (wanted != inside)) {
                    fail_msg("%s in %s: the next change is at %lld, not %lld", good[i].text, changes[c].zone,
                             (long long)at, (long long)next);
                } else if (at == next) {
                    inside = wanted;
                    next = windows_next_change(&windows, zone, at);
                } else if (at % 3600 == 60) { /* the same from any other second */
                    assert_true(windows_next_change(&windows, zone, at - 17) == next);
                }
            }
            windows_free(&windows);
            zone_free(zone);
        }
}

static void known_moments(void **state)
{
    (void)state;
    struct zone *chicago = load("America/Chicago"), *berlin = load("Europe/Berlin");
    struct windows gap = read_good("Sun 02:15-02:45"), repeated = read_good("Sun 01:15-01:45"),
                   night = read_good("Sat 22:00-06:00"), always = read_good("Mon-Sun");
    /* 2026-03-08 02:00 CST is 03:00 CDT: the window of that Sunday is left out, and the next comes a week later. */
    assert_true(windows_next_change(&gap, chicago, utc(2026, 3, 8, 0, 0)) == utc(2026, 3, 15, 7, 15));
    /* 2026-11-01 02:00 CDT is 01:00 CST: twice. */
    assert_true(windows_next_change(&repeated, chicago, utc(2026, 11, 1, 0, 0)) == utc(2026, 11, 1, 6, 15));
    assert_true(windows_next_change(&repeated, chicago, utc(2026, 11, 1, 6, 15)) == utc(2026, 11, 1, 6, 45));
    assert_true(windows_next_change(&repeated, chicago, utc(2026, 11, 1, 6, 45)) == utc(2026, 11, 1, 7, 15));
    assert_true(windows_next_change(&repeated, chicago, utc(2026, 11, 1, 7, 15)) == utc(2026, 11, 1, 7, 45));
    /* Eight hours on the wall are seven, or nine. */
    assert_true(windows_next_change(&night, berlin, utc(2026, 3, 28, 21, 0)) == utc(2026, 3, 29, 4, 0));
    assert_true(windows_next_change(&night, berlin, utc(2026, 10, 24, 20, 0)) == utc(2026, 10, 25, 5, 0));
    assert_true(windows_next_change(&always, berlin, utc(2026, 3, 28, 21, 0)) == WINDOW_NEVER);
    windows_free(&gap);
    windows_free(&repeated);
    windows_free(&night);
    windows_free(&always);
    zone_free(chicago);
    zone_free(berlin);
}

static void wrong_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fault; /* what it holds */
    } rows[] = {
        {"", "there is no window"},
        {" ", "a comma too many"},
        {"06:00-18:00", "days are Mon"},
        {"Monday 06:00-18:00", "days are Mon"},
        {"Mon-Friday", "days are Mon"},
        {"Mon- 06:00-18:00", "days are Mon"},
        {"Mon\xe2\x80\x93"
         "Fri 06:00-18:00",
         "between days and times"},
        {"Mo-Fr 06:00-18:00", "days are Mon"},
        {"Mon06:00-18:00", "between days and times"},
        {"Mon 6-18", "times are HH:MM-HH:MM"},
        {"Mon 06:00", "times are HH:MM-HH:MM"},
        {"Mon 06:00-", "times are HH:MM-HH:MM"},
        {"Mon 06:0-18:00", "times are HH:MM-HH:MM"},
        {"Mon 06:00-18:000", "times are HH:MM-HH:MM"},
        {"Mon 006:00-18:00", "times are HH:MM-HH:MM"},
        {"Mon 06:60-18:00", "times are HH:MM-HH:MM"},
        {"Mon 06:00-24:01", "times are HH:MM-HH:MM"},
        {"Mon 06:00-25:00", "times are HH:MM-HH:MM"},
        {"Mon -06:00-18:00", "days are Mon"},
        {"Mon 24:00-06:00", "no window begins at 24:00"},
        {"Mon 06:00-06:00", "it ends when it begins"},
        {"Mon 00:00-00:00", "it ends when it begins"},
        {"Mon 06:00-18:00 Tue", "after the times comes a comma"},
        {"Mon 06:00-18:00;", "after the times comes a comma"},
        {"Mon 06:00-18:00,", "a comma too many"},
        {",Mon", "a comma too many"},
        {"Mon,, Tue", "a comma too many"},
        {"Mon, Wed 06:00-18:00", "Mon has no times and stands before days that have"},
        {"Sat-Sun, Mon 06:00-18:00, Tue", "write Sat-Sun 00:00-24:00"},
        {"Mon 06:00am-18:00", "times are HH:MM-HH:MM"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct windows windows = {0};
        char *fault = windows_read(rows[i].text, &windows);
        if (!fault || !strstr(fault, rows[i].fault))
            fail_msg("\"%s\": %s", rows[i].text, fault ? fault : "it was read");
        assert_null(windows.items);
        free(fault);
    }
    char many[8 * WINDOWS_MAX + 64] = "Mon";
    for (int i = 0; i < WINDOWS_MAX; i++)
        memcpy(many + 3 + 4 * i, ",Mon", 5);
    struct windows windows = {0};
    char *fault = windows_read(many, &windows);
    assert_string_equal(fault, "more than 64 windows");
    free(fault);
    char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    fault = windows_read(longest, &windows);
    assert_true(fault && strlen(fault) < 200);
    free(fault);
}

ALL_TESTS(cmocka_unit_test(each_minute_of_a_week), cmocka_unit_test(over_changes_of_clocks),
          cmocka_unit_test(known_moments), cmocka_unit_test(wrong_forms));
