/* Dates and date-times as Kinetic writes them: ISO 8601's extended form, with or without time, fraction and zone (facts §6,
   §9.38). */
#ifndef PROBE_ISO_TIME_H
#define PROBE_ISO_TIME_H

#include <stdbool.h>

#include "base/text.h"
#include "base/zone.h"

/* Reads 2023-10-06, 2023-10-06T12:30, 2023-10-06T12:30:59.1234567, each with a time also followed by Z, +02:00, -0500 or +02,
   blanks around it allowed, as seconds since 1970. What names no zone is a time of zone (a date is its midnight there); a time
   that the change of clocks leaves out or repeats is taken as zone_from_civil says. Years 0001 to 9999, so .NET's "no date",
   0001-01-01T00:00:00, is read as that. False, and *epoch untouched, when it is no such text or no such day. */
bool iso_time_read(struct span text, const struct zone *zone, double *epoch);

#endif
