/* Relative dates in param.*, filter and body: {today}, {today-7d}, {now-1h}.

   {today} is the date in the probe's time zone, 2026-01-31; + or - and whole days ({today-7d}) move it by days of the
   calendar. {now} is the date-time there without zone, 2026-01-31T12:00:00, as Kinetic takes it for local; + or - and a
   duration ({now-1h30m}) move it by that time. Every other text in braces stays as it is, since a body is full of braces;
   what was plainly meant to be one of the two ({todya}, {Today}, {now-1x}) is a fault at load. */
#ifndef PROBE_DATE_H
#define PROBE_DATE_H

#include "base/clock.h"
#include "base/zone.h"

/* NULL, or an owned sentence about the first placeholder that is misspelt. */
char *date_check(const char *text);

/* An owned copy of a checked text, its placeholders replaced. */
char *date_expand(const char *text, const struct zone *zone, struct moment now);

#endif
