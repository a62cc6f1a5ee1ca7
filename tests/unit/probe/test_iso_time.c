#include "main.h"

#include "probe/iso_time.h"

static void test_reads(void **state)
{
    (void)state;
    static const struct {
        const char *text, *zone;
        double epoch;
    } cases[] = {
        {"2023-10-06T00:00:00", "UTC", 1696550400},
        {"2023-10-06T00:00:00", "America/Chicago", 1696568400},
        {"2023-10-06", "UTC", 1696550400},
        {"2023-10-06", "Europe/Berlin", 1696543200},
        {"2023-10-06T12:30", "UTC", 1696595400},
        {"2023-10-06 12:30:59", "UTC", 1696595459},
        {"  2023-10-06T12:30:59\t", "UTC", 1696595459},
        /* A zone of its own wins. */
        {"2023-10-06T00:00:00Z", "America/Chicago", 1696550400},
        {"2023-10-06t00:00:00z", "America/Chicago", 1696550400},
        {"2023-10-06T00:00:00+02:00", "America/Chicago", 1696543200},
        {"2023-10-06T00:00:00-0530", "UTC", 1696570200},
        {"2023-10-06T00:00:00+02", "UTC", 1696543200},
        {"2023-10-06T00:00Z", "Asia/Tokyo", 1696550400},
        {"2023-10-06T00:00:00.0000000Z", "Asia/Tokyo", 1696550400},
        {"2023-10-06T00:00:00.25", "UTC", 1696550400.25},
        {"2023-10-06T00:00:00,5+00:00", "UTC", 1696550400.5},
        {"2023-10-06T00:00:00.1250000000000000000009-01:00", "UTC", 1696554000.125},
        {"1969-12-31T23:59:59.5", "UTC", -0.5},
        {"2024-02-29", "UTC", 1709164800},
        {"2000-02-29", "UTC", 951782400},
        {"2016-12-31T23:59:60Z", "UTC", 1483228800},
        {"0001-01-01T00:00:00", "UTC", -62135596800.0},
        {"9999-12-31T23:59:59", "UTC", 253402300799.0},
        /* 02:30 does not exist there on 2026-03-29, and exists twice on 2026-10-25: the first one. */
        {"2026-03-29T02:30:00", "Europe/Berlin", 1774747800},
        {"2026-10-25T02:30:00", "Europe/Berlin", 1792888200},
        {"2026-03-08T02:30:00", "America/Chicago", 1772958600},
        {"2026-11-01T01:30:00", "America/Chicago", 1793514600},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why;
        struct zone *zone = zone_load(cases[i].zone, &why);
        assert_non_null(zone);
        double epoch = 0;
        if (!iso_time_read(span_of(cases[i].text), zone, &epoch))
            fail_msg("%s is refused", cases[i].text);
        if (epoch < cases[i].epoch || epoch > cases[i].epoch)
            fail_msg("%s of %s: %.9f, wanted %.9f", cases[i].text, cases[i].zone, epoch, cases[i].epoch);
        zone_free(zone);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "x",
        "2023",
        "2023-10",
        "2023-1-6",
        "20231006",
        "0000-01-01",
        "2023-00-06",
        "2023-13-06",
        "2023-10-00",
        "2023-10-32",
        "2023-02-29",
        "1900-02-29",
        "2023-04-31",
        "10/06/2023",
        "2023-10-06T",
        "2023-10-06T1",
        "2023-10-06T12",
        "2023-10-06T12:",
        "2023-10-06T12:3",
        "2023-10-06T24:00:00",
        "2023-10-06T12:60:00",
        "2023-10-06T12:30:61",
        "2023-10-06T12:30:59.",
        "2023-10-06T12:30:59.Z",
        "2023-10-06T12:30:59+",
        "2023-10-06T12:30:59+1",
        "2023-10-06T12:30:59+24:00",
        "2023-10-06T12:30:59+01:60",
        "2023-10-06T12:30:59+01:",
        "2023-10-06T12:30:59+01:00Z",
        "2023-10-06T12:30:59Zx",
        "2023-10-06Z",
        "2023-10-06x",
        "-2023-10-06",
        "2023-10-06T12:30:59 UTC",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double epoch = 42;
        if (iso_time_read(span_of(texts[i]), zone_utc(), &epoch))
            fail_msg("\"%s\" is taken for %.9f", texts[i], epoch);
        assert_true(epoch > 41.5 && epoch < 42.5);
    }
    /* Only the span's own bytes are read. */
    double epoch;
    assert_true(iso_time_read((struct span){"2023-10-06T12", 10}, zone_utc(), &epoch));
    assert_false(iso_time_read((struct span){"2023-10-06", 9}, zone_utc(), &epoch));
}

ALL_TESTS(cmocka_unit_test(test_reads), cmocka_unit_test(test_refuses));
