/* License types that a server names in its rows, as label values: the canonical name of the GUID table where one of the names is
   known (facts §4.1), else the server's own text; at most SEAT_LICENSES_MAX, the known ones first. */
#ifndef PROBE_SEAT_H
#define PROBE_SEAT_H

#include "probe/field.h"
#include "probe/tally.h"

#define SEAT_LICENSES_MAX 32
#define SEAT_UNKNOWN      "unknown" /* a row that names none */

/* The numbers of the license that a row names by any of these values, the one first that is the best text for people; NULL where
   there is no room for it. */
double *seat_at(struct tally *tally, const struct json_value *const *names, size_t count);

#endif
