/* What findings of a run (probe/finding.h) become: one table from their kinds to families of metrics, and the series set of
   a target. */
#ifndef REPORT_FINDING_H
#define REPORT_FINDING_H

#include "metrics/series_set.h"
#include "probe/finding.h"
#include "probe/value.h"
#include "report/dropped.h"

/* The family of a kind other than FINDING_VALUE. */
const struct metric_family *finding_family(enum finding_kind kind);

/* All of them as one set, NULL when there is none. values: what FINDING_VALUEs are defined by. Adds to drops what the run
   says it left out, and what has labels too long for a series. */
struct series_set *finding_series(const struct findings *findings, const struct value_definitions *values,
                                  struct drop_list *drops);

/* Do both define the same values, so that findings by the one mean the same by the other? */
bool finding_definitions_same(const struct value_definitions *a, const struct value_definitions *b);

#endif
