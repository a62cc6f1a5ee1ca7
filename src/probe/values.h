/* Reads the values of a probe out of its rows, in one pass, holding never more than the groups. For every kind whose answers
   have rows:

       plan.fields = reader set's columns, plan.field_count = their number  (set->columns, set->column_count)
       request.row = values_row, request.row_context = the reader           of each page
       values_tell(reader, result)                                          when the last answer was good

   A reader is for one run. */
#ifndef PROBE_VALUES_H
#define PROBE_VALUES_H

#include "base/zone.h"
#include "probe/kind.h"
#include "probe/value.h"
#include "json/scanner.h"

#define VALUE_LABEL_MAX 512  /* bytes of a label; a row with a longer one is one of the others */
#define VALUE_TEXT_MAX  4096 /* json_plan.text_max that is enough; a longer number fails the run */

struct values;

/* zone: of date-times that name none (call_zone). Both live as long as the reader. */
struct values *values_new(const struct value_set *set, const struct zone *zone);
void values_free(struct values *values); /* may be NULL */

/* Takes one row; context is the reader. As struct request wants it. Its fields are those of set->columns. */
void values_row(void *context, const struct json_row *row);

/* What was read so far becomes result->findings. Where something was no number, or no row had
   a column at all, the result fails instead with invalid_response and says which column, row and text, unless it has failed
   already. */
void values_tell(struct values *values, struct probe_result *result);

#endif
