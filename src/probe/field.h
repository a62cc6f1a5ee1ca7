/* Values of Kinetic's rows as numbers, flags, moments and labels: numbers come as numbers or padded strings, a value that is not
   there is null or left out (facts §6, §9.15, §9.16). Each reader returns false where the value is none of its form, and leaves
   its out-parameter alone then; field_is_absent tells null and left out from what is wrong. */
#ifndef PROBE_FIELD_H
#define PROBE_FIELD_H

#include <stdbool.h>

#include "base/zone.h"
#include "json/scanner.h"

#define FIELD_LABEL_MAX 128 /* bytes of a label value that a server sends */

/* Absent, null, or a string of blanks. */
bool field_is_absent(const struct json_value *value);

bool field_number(const struct json_value *value, double *out);
/* true, false, the same as words in any case of letters, 1, 0. */
bool field_flag(const struct json_value *value, bool *out);
/* A date-time in seconds since 1970; zone is that of a text that names none. 0 for one of 1970 or before, which stands for "no
   date" (.NET writes 0001-01-01T00:00:00). */
bool field_moment(const struct json_value *value, const struct zone *zone, double *out);
/* A string or a number's source text, without blanks around it: 1 to FIELD_LABEL_MAX bytes, no control characters. */
bool field_label(const struct json_value *value, char out[FIELD_LABEL_MAX + 1]);

/* Is the value this text, blanks around it and case of letters aside? */
bool field_is(const struct json_value *value, const char *text);

#endif
