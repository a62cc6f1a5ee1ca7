/* Any bytes as a TZif file: refused, or a zone whose conversions hold together. */
#include <stdint.h>
#include <stdlib.h>

#include "base/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_moment(const struct zone *zone, int64_t moment)
{
    struct civil there = zone_to_civil(zone, moment);

    if (there.month < 1 || there.month > 12 || there.day < 1 || there.day > 31 || there.hour < 0 ||
        there.hour > 23 || there.minute < 0 || there.minute > 59 || there.second < 0 || there.second > 59 ||
        there.weekday < 0 || there.weekday > 6)
        abort();
    struct civil again = zone_to_civil(zone, zone_from_civil(zone, there));
    /* A moment exists for this face, so that it must not be lost on the way, unless at the edges of the years. */
    if (there.year > -999999 && there.year < 999999 &&
        (again.hour != there.hour || again.minute != there.minute || again.second != there.second ||
         again.day != there.day || again.month != there.month || again.year != there.year)) {
        /* Nor with zones that change three times within two days; none does, but a fuzzer makes them. */
        int64_t day = 86400;
        int changes = 0;
        for (int64_t at = moment - 3 * day; at < moment + 3 * day; at += 60)
            changes += zone_to_civil(zone, at).offset_seconds != zone_to_civil(zone, at + 60).offset_seconds;
        if (changes < 2)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t moments[] = {INT64_MIN,  -2717647200, -1,         0,        951782400,
                                      1194159600, 1769860800,  3786912000, INT64_MAX};
    const char *why;
    struct zone *zone = zone_parse(data, size, &why);

    if ((zone == NULL) != (why != NULL))
        abort();
    if (zone == NULL)
        return 0;
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++)
        check_moment(zone, moments[i]);
    zone_free(zone);
    return 0;
}
