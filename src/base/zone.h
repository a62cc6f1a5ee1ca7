/* Time zones, read from zoneinfo (RFC 8536 TZif, version 2 with its footer), never by setting TZ. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stddef.h>
#include <stdint.h>

struct zone; /* immutable; may be shared by threads */

struct civil {
    int year, month, day; /* month 1..12, day 1..31 */
    int hour, minute, second;
    int weekday;        /* 0 = Monday ... 6 = Sunday */
    int offset_seconds; /* local minus UTC */
};

/* Reads the zone with this IANA name ("America/Chicago"; "UTC" needs no file) from /usr/share/zoneinfo, or
   from $ZONEINFO's folder if that is set. Returns NULL, and *why a static sentence, when there is none, the
   name is not a plain relative path, or the file is not well formed. The caller frees with zone_free. */
struct zone *zone_load(const char *name, const char **why);
void zone_free(struct zone *zone);
/* As zone_load, from the bytes of a TZif file. */
struct zone *zone_parse(const void *bytes, size_t size, const char **why);
const struct zone *zone_utc(void);

/* Moments beyond the years -999999 to 999999 are held at their edges. */
struct civil zone_to_civil(const struct zone *zone, int64_t epoch_seconds);

/* Seconds since 1970 of a local time (offset_seconds and weekday are not read; fields may lie outside their
   ranges and are carried, so day - 7 is a week earlier). A time that occurs twice means the first; one that a
   change of clocks leaves out means the moment as if the clocks had not yet changed. */
int64_t zone_from_civil(const struct zone *zone, struct civil civil);

#endif
