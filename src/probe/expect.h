/* expect.FIELD: what a field of the answer has to say.

   FIELD is the way to it (json_path_split: a dot goes deeper, "\." is a dot inside a name). The value is one of
     TEXT or = TEXT   the same text, the same number, or the same of true, false, null
     != TEXT          anything else, also nothing
     < N  <= N  > N  >= N
     ~ REGEX          POSIX extended, found anywhere in the text
     absent           null, or not there at all
   Kinetic leaves null outputs out, so null and absent are the same (facts §9.16); numbers may come as padded texts
   (facts §9.15). */
#ifndef PROBE_EXPECT_H
#define PROBE_EXPECT_H

#include "config/model.h"
#include "json/scanner.h"

struct expectation;

/* Expectations ready for use. paths are the places to capture, in the order of the pairs. */
struct expectations {
    struct expectation *items;
    struct json_path *paths;
    size_t count;
};

/* Faults of the pairs, each at its own place. title: "[probe ping]". */
void expectations_check(const struct pair_list *pairs, const char *title, struct fault_list *faults);

/* Makes them from checked pairs. */
void expectations_init(struct expectations *out, const struct pair_list *pairs);
void expectations_free(struct expectations *expectations);

/* NULL when values (count of them) are all as wanted; else an owned sentence of what is not. */
char *expectations_judge(const struct expectations *expectations, const struct json_value *values);

#endif
