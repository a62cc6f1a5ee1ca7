#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/date.h"

#define EPOCH INT64_C(1769860800) /* 2026-01-31T12:00:00Z, a Saturday */

static char *expand(const char *text, const char *zone_name, int64_t epoch)
{
    const char *why;
    struct zone *zone = zone_load(zone_name, &why);
    assert_non_null(zone);
    char *expanded = date_expand(text, zone, (struct moment){.wall_ns = epoch * SECOND_NS});
    zone_free(zone);
    return expanded;
}

static void test_expands(void **state)
{
    (void)state;
    static const struct {
        const char *text, *zone;
        int64_t epoch;
        const char *expanded;
    } cases[] = {
        {"{today}", "UTC", EPOCH, "2026-01-31"},
        {"{today-7d}", "UTC", EPOCH, "2026-01-24"},
        {"{today+1d}", "UTC", EPOCH, "2026-02-01"},
        {"{today-31d}..{today}", "UTC", EPOCH, "2025-12-31..2026-01-31"},
        {"{today+29d}", "UTC", EPOCH, "2026-03-01"},
        {"{today}", "America/Chicago", EPOCH - 8 * 3600, "2026-01-30"},
        {"{today}", "Asia/Tokyo", EPOCH + 4 * 3600, "2026-02-01"},
        {"{now}", "UTC", EPOCH, "2026-01-31T12:00:00"},
        {"{now-1h}", "UTC", EPOCH, "2026-01-31T11:00:00"},
        {"{now+1h30m}", "America/Chicago", EPOCH, "2026-01-31T07:30:00"},
        {"{now-12h30m}", "UTC", EPOCH, "2026-01-30T23:30:00"},
        /* Clocks go forward on 2026-03-29 in Berlin: 7 days of the calendar are not 168 hours. */
        {"{today-1d}", "Europe/Berlin", 1774737000 /* 23:30 of the 28th there */, "2026-03-27"},
        {"{today-1d}", "Europe/Berlin", 1774824600 /* 00:50 of the 30th there */, "2026-03-29"},
        {"D ge DateTime'{today-7d}' and E", "UTC", EPOCH, "D ge DateTime'2026-01-24' and E"},
        {"{\"From\":\"{today}\",\"n\":{\"a\":1}}", "UTC", EPOCH, "{\"From\":\"2026-01-31\",\"n\":{\"a\":1}}"},
        {"{{today}}", "UTC", EPOCH, "{2026-01-31}"},
        {"{name} {new} {} { today } {today", "UTC", EPOCH, "{name} {new} {} { today } {today"},
        {"", "UTC", EPOCH, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *expanded = expand(cases[i].text, cases[i].zone, cases[i].epoch);
        assert_string_equal(expanded, cases[i].expanded);
        free(expanded);
    }
}

static void test_checks(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",       "{today}",   "{today-0d}",  "{now+5m}",        "{\"a\":{\"b\":{}}}",
        "{name}", "{row} {a}", "{todo_list}", "{00000003-9439}", "{today's}"};
    static const char *const bad[] = {"{todya}",     "{Today}",      "{NOW}",        "{tody-7d}",
                                      "x {today-7}", "{today-7x}",   "{today-3h}",   "{now-}",
                                      "{now 1h}",    "{today - 7d}", "{now-99999d}", "{today+1d2h}"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char *wrong = date_check(good[i]);
        if (wrong != NULL)
            fail_msg("%s: %s", good[i], wrong);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *wrong = date_check(bad[i]);
        if (wrong == NULL)
            fail_msg("%s", bad[i]);
        free(wrong);
    }
}

/* As large as a body_file may be, and as much larger as it may become. */
static void test_expands_large_texts(void **state)
{
    (void)state;
    enum { COUNT = (SANITIZED ? 2 << 20 : 16 << 20) / 5 };
    char *text = memory_new(COUNT * 5 + 1, 1);
    for (size_t i = 0; i < COUNT; i++)
        memcpy(text + i * 5, "{now}", 5);
    char *expanded = expand(text, "UTC", EPOCH);
    assert_int_equal(strlen(expanded), (size_t)COUNT * strlen("2026-01-31T12:00:00"));
    free(expanded);
    free(text);
}

ALL_TESTS(cmocka_unit_test(test_expands), cmocka_unit_test(test_checks),
          cmocka_unit_test(test_expands_large_texts));
