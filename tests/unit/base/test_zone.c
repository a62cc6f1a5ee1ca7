#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/zone.h"
#include "base/zone_rule.h"

static struct zone *load(const char *name)
{
    const char *why;
    struct zone *zone = zone_load(name, &why);

    if (zone == NULL)
        fail_msg("%s: %s (the Debian package tzdata is needed)", name, why);
    assert_null(why);
    return zone;
}

static struct civil civil(int year, int month, int day, int hour, int minute)
{
    return (struct civil){.year = year, .month = month, .day = day, .hour = hour, .minute = minute};
}

static int64_t utc(int year, int month, int day, int hour, int minute)
{
    return calendar_days(year, month, day) * 86400 + hour * 3600 + minute * 60;
}

static void utc_needs_no_file(void **state)
{
    (void)state;
    setenv("ZONEINFO", "/nowhere", 1);
    struct zone *zone = load("UTC");
    unsetenv("ZONEINFO");
    struct civil c = zone_to_civil(zone, 1769860800);
    assert_true(c.year == 2026 && c.month == 1 && c.day == 31 && c.hour == 12 && c.minute == 0 &&
                c.second == 0);
    assert_true(c.weekday == 5 && c.offset_seconds == 0);
    c = zone_to_civil(zone_utc(), -1);
    assert_true(c.year == 1969 && c.month == 12 && c.day == 31 && c.hour == 23 && c.minute == 59 &&
                c.second == 59);
    assert_true(zone_from_civil(zone_utc(), c) == -1);
    zone_free(zone);
    zone_free(NULL);
}

/* ---- held against libc ------------------------------------------------------------------------------------------- */

static const char *const zones[] = {
    "America/Chicago",  "America/New_York",  "America/St_Johns", "America/Sao_Paulo", "America/Nuuk",
    "America/Phoenix",  "Europe/Berlin",     "Europe/Dublin",    "Europe/London",     "Australia/Lord_Howe",
    "Australia/Sydney", "Africa/Casablanca", "Africa/Cairo",     "Asia/Kolkata",      "Asia/Kathmandu",
    "Asia/Tehran",      "Asia/Gaza",         "Pacific/Apia",     "Pacific/Chatham",   "Pacific/Kwajalein",
    "Antarctica/Troll", "Etc/GMT+12",        "Etc/UTC"};

static void set_libc(const char *zone)
{
    char *value = memory_format(":%s", zone);

    setenv("TZ", value, 1);
    tzset();
    free(value);
}

static long offset_of_libc(int64_t moment)
{
    time_t time = moment;
    struct tm tm;

    assert_non_null(localtime_r(&time, &tm));
    return tm.tm_gmtoff;
}

static void assert_as_libc(const struct zone *zone, const char *name, int64_t moment)
{
    time_t time = moment;
    struct tm tm;
    struct civil c = zone_to_civil(zone, moment);

    assert_non_null(localtime_r(&time, &tm));
    if (c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1 || c.day != tm.tm_mday ||
        c.hour != tm.tm_hour || c.minute != tm.tm_min || c.second != tm.tm_sec ||
        c.weekday != (tm.tm_wday + 6) % 7 || c.offset_seconds != tm.tm_gmtoff)
        fail_msg("%s at %lld: %d-%d-%d %d:%d:%d %+d", name, (long long)moment, c.year, c.month, c.day, c.hour,
                 c.minute, c.second, c.offset_seconds);
    /* The way back gives this moment, or an earlier one with the same face. */
    int64_t back = zone_from_civil(zone, c);
    struct civil again = zone_to_civil(zone, back);
    if (back > moment || again.hour != c.hour || again.minute != c.minute || again.second != c.second ||
        again.day != c.day || (back < moment && again.offset_seconds <= c.offset_seconds))
        fail_msg("%s at %lld goes back to %lld", name, (long long)moment, (long long)back);
}

static void agrees_with_libc_over_two_centuries(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        struct zone *zone = load(zones[i]);
        int changes = 0;
        set_libc(zones[i]);
        int64_t from = utc(1905, 1, 1, 0, 0), to = utc(2120, 1, 1, 0, 0),
                step = (SANITIZED ? 427 : 61) * 3600 + 7;
        for (int64_t moment = from; moment < to; moment += step) {
            assert_as_libc(zone, zones[i], moment);
            if (offset_of_libc(moment) == offset_of_libc(moment + step))
                continue;
            int64_t low = moment, high = moment + step;
            while (high - low > 1) {
                int64_t middle = low + (high - low) / 2;
                if (offset_of_libc(middle) == offset_of_libc(moment))
                    low = middle;
                else
                    high = middle;
            }
            for (int64_t near = -7200; near <= 7200; near += 600) {
                assert_as_libc(zone, zones[i], high + near);
                assert_as_libc(zone, zones[i], high + near - 1);
            }
            changes++;
        }
        bool fixed = strncmp(zones[i], "Etc/", 4) == 0;
        assert_true(fixed ? changes == 0 : changes > 0);
        zone_free(zone);
    }
    unsetenv("TZ");
    tzset();
}

/* ---- from local time --------------------------------------------------------------------------------------------- */

static void local_times(void **state)
{
    static const struct {
        const char *zone;
        int local[5], utc[5];
    } rows[] = {
        /* ordinary */
        {"America/Chicago", {2026, 1, 31, 12, 0}, {2026, 1, 31, 18, 0}},
        {"America/Chicago", {2090, 7, 1, 12, 0}, {2090, 7, 1, 17, 0}},
        {"Australia/Lord_Howe", {2090, 7, 1, 12, 0}, {2090, 7, 1, 1, 30}},
        {"Australia/Lord_Howe", {2090, 12, 24, 12, 0}, {2090, 12, 24, 1, 0}},
        {"Europe/Dublin", {2090, 7, 1, 12, 0}, {2090, 7, 1, 11, 0}},
        {"Europe/Dublin", {2090, 12, 24, 12, 0}, {2090, 12, 24, 12, 0}},
        /* left out by the change: as if the clocks had not yet changed */
        {"America/Chicago", {2026, 3, 8, 2, 0}, {2026, 3, 8, 8, 0}},
        {"America/Chicago", {2026, 3, 8, 2, 30}, {2026, 3, 8, 8, 30}},
        {"Europe/Berlin", {2026, 3, 29, 2, 30}, {2026, 3, 29, 1, 30}},
        {"Europe/Dublin", {2026, 3, 29, 1, 30}, {2026, 3, 29, 1, 30}},
        {"Australia/Lord_Howe", {2026, 10, 4, 2, 15}, {2026, 10, 3, 15, 45}},
        {"Pacific/Apia", {2011, 12, 30, 12, 0}, {2011, 12, 30, 22, 0}},
        {"Europe/Berlin", {2090, 3, 26, 2, 30}, {2090, 3, 26, 1, 30}},
        /* twice: the first */
        {"America/Chicago", {2026, 11, 1, 1, 30}, {2026, 11, 1, 6, 30}},
        {"Europe/Berlin", {2026, 10, 25, 2, 30}, {2026, 10, 25, 0, 30}},
        {"Europe/Dublin", {2026, 10, 25, 1, 30}, {2026, 10, 25, 0, 30}},
        {"Australia/Lord_Howe", {2026, 4, 5, 1, 45}, {2026, 4, 4, 14, 45}},
        {"Africa/Casablanca", {2026, 2, 15, 2, 30}, {2026, 2, 15, 1, 30}},
        {"Europe/Berlin", {2090, 10, 29, 2, 30}, {2090, 10, 29, 0, 30}},
        /* fields outside their ranges */
        {"America/Chicago", {2026, 3, 2 - 7, 12, 0}, {2026, 2, 23, 18, 0}},
        {"America/Chicago", {2026, 3, 9 - 7, 12, 0}, {2026, 3, 2, 18, 0}},
        {"America/Chicago", {2026, 13, 1, 0, 0}, {2027, 1, 1, 6, 0}},
        {"America/Chicago", {2026, 0, 1, 0, 0}, {2025, 12, 1, 6, 0}},
        {"America/Chicago", {2026, -11, 1, 0, 0}, {2025, 1, 1, 6, 0}},
        {"America/Chicago", {2026, -12, 1, 0, 0}, {2024, 12, 1, 6, 0}},
        {"America/Chicago", {2024, 2, 30, 24, 60}, {2024, 3, 2, 7, 0}},
        {"America/Chicago", {2026, 1, 1, -1, -1}, {2026, 1, 1, 4, 59}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct zone *zone = load(rows[i].zone);
        const int *l = rows[i].local, *u = rows[i].utc;
        int64_t got = zone_from_civil(zone, civil(l[0], l[1], l[2], l[3], l[4]));
        if (got != utc(u[0], u[1], u[2], u[3], u[4]))
            fail_msg("row %zu, %s: %lld minutes apart", i, rows[i].zone,
                     (long long)(got - utc(u[0], u[1], u[2], u[3], u[4])) / 60);
        zone_free(zone);
    }
}

static void extreme_moments_are_held(void **state)
{
    (void)state;
    struct zone *zone = load("Europe/Dublin");
    assert_int_equal(zone_to_civil(zone, INT64_MAX).year, 999999);
    int year = zone_to_civil(zone, INT64_MIN).year;
    assert_true(year == -999999 || year == -1000000);
    struct civil far = {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, 0, 0};
    assert_true(zone_from_civil(zone, far) > 0);
    far = (struct civil){INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, 0, 0};
    assert_true(zone_from_civil(zone, far) < 0);
    zone_free(zone);
}

/* ---- names and files --------------------------------------------------------------------------------------------- */

static void bad_names_are_refused(void **state)
{
    static const char *const names[] = {
        "",        "/etc/passwd",  "../passwd", "America/../UTC", "America//Chicago",  "America/",
        "America", "Nowhere/City", "utc ",      "zone.tab",       "America/Chicago\n", ":UTC"};
    char huge[5000];
    const char *why;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (zone_load(names[i], &why) != NULL)
            fail_msg("accepted %s", names[i]);
        assert_non_null(why);
    }
    memset(huge, 'a', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_null(zone_load(huge, &why));
    assert_non_null(why);
}

static size_t put_header(unsigned char *at, char version, const uint32_t counts[6])
{
    memset(at, 0, 44);
    memcpy(at, "TZif", 4);
    at[4] = (unsigned char)version;
    for (size_t i = 0; i < 6; i++)
        for (size_t byte = 0; byte < 4; byte++)
            at[20 + i * 4 + byte] = (unsigned char)(counts[i] >> (24 - 8 * byte));
    return 44;
}

/* A version 2 file of one type, UTC-1 h, one transition, and this footer. */
static size_t put_file(unsigned char *at, const char *footer)
{
    static const uint32_t none[6] = {0, 0, 0, 0, 1, 1}, one[6] = {0, 0, 0, 1, 1, 4};
    size_t size = put_header(at, '2', none);

    memset(at + size, 0, 7);
    size += 7;
    size += put_header(at + size, '2', one);
    memcpy(at + size,
           "\0\0\0\0\0\0\0\1\0"
           "\xFF\xFF\xF1\xF0\0\0"
           "-01\0",
           19);
    size += 19;
    memcpy(at + size, footer, strlen(footer));
    return size + strlen(footer);
}

static bool is_accepted(const unsigned char *bytes, size_t size)
{
    const char *why;
    /* A copy of just this size, so that AddressSanitizer sees a read past the end. */
    char *exact = memory_copy_bytes((const char *)bytes, size);
    struct zone *zone = zone_parse(exact, size, &why);

    free(exact);
    assert_true((zone == NULL) == (why != NULL));
    if (zone == NULL)
        return false;
    zone_free(zone);
    return true;
}

static void files_cut_anywhere_are_refused(void **state)
{
    unsigned char file[1000];

    (void)state;
    size_t size = put_file(file, "\nXXX1YYY,M3.2.0,M11.1.0\n");
    assert_true(is_accepted(file, size));
    for (size_t cut = 0; cut < size; cut++)
        assert_false(is_accepted(file, cut));
}

static void hostile_headers_are_refused(void **state)
{
    (void)state;
    for (size_t header = 0; header < 2; header++) {
        for (size_t count = 0; count < 6; count++) {
            for (size_t byte = 0; byte < 4; byte++) {
                unsigned char file[1000];
                size_t size = put_file(file, "\n\n");
                file[header * 51 + 20 + count * 4 + byte] = 0xFF;
                assert_false(is_accepted(file, size));
            }
        }
    }
    unsigned char file[1000];
    size_t size = put_file(file, "\n\n");
    assert_true(is_accepted(file, size));
    file[51 + 27] = 1; /* leap seconds counted, while there are bytes enough for them */
    assert_false(is_accepted(file, size + 500 < sizeof file ? size + 500 : size));
    size = put_file(file, "\n\n");
    file[4] = 0;
    assert_false(is_accepted(file, size));
    size = put_file(file, "\n\n");
    file[95 + 8] = 1; /* the type of the transition */
    assert_false(is_accepted(file, size));
    size = put_file(file, "\n\n");
    file[95 + 9] = 0x7F; /* an offset of sixty years */
    assert_false(is_accepted(file, size));
    size = put_file(file, "\n\n");
    file[51] = 't';
    assert_false(is_accepted(file, size));
}

static void footers(void **state)
{
    static const char *const right[] = {"XXX1",
                                        "<+0330>-3:30",
                                        "<-01>1<+00>0,M3.5.0/-1,M10.5.0/0",
                                        "IST-1GMT0,M10.5.0,M3.5.0/1",
                                        "XXX3EDT4,0/0,J365/23",
                                        "AAA24BBB-24,J1/167,365/-167:59:59",
                                        "XXX+5:30:15YYY,J60,59",
                                        "EET-2EEST,M3.4.4/50,M10.4.4/50"};
    static const char *const wrong[] = {"XX1",
                                        "XXX",
                                        "1",
                                        "<XXX1",
                                        "<>1",
                                        "XXX25",
                                        "XXX1:60",
                                        "XXX1YYY",
                                        "XXX1YYY,M3.2.0",
                                        "XXX1YYY,M3.2.0,M13.1.0",
                                        "XXX1YYY,M0.2.0,M11.1.0",
                                        "XXX1YYY,M3.6.0,M11.1.0",
                                        "XXX1YYY,M3.0.0,M11.1.0",
                                        "XXX1YYY,M3.2.7,M11.1.0",
                                        "XXX1YYY,J0,J365",
                                        "XXX1YYY,J366,J1",
                                        "XXX1YYY,366,1",
                                        "XXX1YYY,M3.2.0/168,M11.1.0",
                                        "XXX1YYY,M3.2.0,M11.1.0 ",
                                        "XXX1YYY,M3.2.0,M11.1.0,",
                                        "XXX99999999999999999999",
                                        "XXX1YYY,M3.2,M11.1.0",
                                        "XXX1:",
                                        "XXX--1",
                                        "XXX1YYY2:,M3.2.0,M11.1.0"};
    struct zone_rule rule;

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        if (!zone_rule_parse(span_of(right[i]), &rule))
            fail_msg("refused %s", right[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (zone_rule_parse(span_of(wrong[i]), &rule))
            fail_msg("accepted %s", wrong[i]);
    assert_false(zone_rule_parse((struct span){NULL, 0}, &rule));
}

/* Rules as libc understands them when TZ holds them. */
static void rules_agree_with_libc(void **state)
{
    static const char *const rules[] = {"CST6CDT,M3.2.0,M11.1.0",
                                        "CET-1CEST,M3.5.0,M10.5.0/3",
                                        "IST-1GMT0,M10.5.0,M3.5.0/1",
                                        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
                                        "AAA3BBB,J60/2,J300/2",
                                        "AAA3BBB,59/2,300/2",
                                        "<+0330>-3:30",
                                        "EET-2EEST,M3.4.4/50,M10.4.4/50",
                                        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
                                        "AAA-3:15:30BBB-4,M4.5.6/1:30,M9.1.1/23:59:59"};

    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct zone_rule rule;
        assert_true(zone_rule_parse(span_of(rules[i]), &rule));
        setenv("TZ", rules[i], 1);
        tzset();
        for (int64_t moment = utc(1971, 1, 1, 0, 0); moment < utc(2105, 1, 1, 0, 0);
             moment += (SANITIZED ? 77 : 11) * 1800 + 1)
            if (zone_rule_offset(&rule, moment) != offset_of_libc(moment))
                fail_msg("%s at %lld: %d, libc %ld", rules[i], (long long)moment,
                         zone_rule_offset(&rule, moment), offset_of_libc(moment));
    }
    unsetenv("TZ");
    tzset();
}

/* RFC 8536, section 3.3.1: daylight all year has no gap at its end, where libc has one. */
static void daylight_may_last_all_year(void **state)
{
    struct zone_rule rule;

    (void)state;
    assert_true(zone_rule_parse(span_of("XXX3EDT4,0/0,J365/23"), &rule));
    for (int64_t moment = utc(1971, 1, 1, 0, 0); moment < utc(2105, 1, 1, 0, 0);
         moment += (SANITIZED ? 13 : 1) * 1800)
        assert_int_equal(zone_rule_offset(&rule, moment), -4 * 3600);
}

ALL_TESTS(cmocka_unit_test(utc_needs_no_file), cmocka_unit_test(agrees_with_libc_over_two_centuries),
          cmocka_unit_test(local_times), cmocka_unit_test(extreme_moments_are_held),
          cmocka_unit_test(bad_names_are_refused), cmocka_unit_test(files_cut_anywhere_are_refused),
          cmocka_unit_test(hostile_headers_are_refused), cmocka_unit_test(footers),
          cmocka_unit_test(rules_agree_with_libc), cmocka_unit_test(daylight_may_last_all_year));
