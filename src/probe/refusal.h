/* An error body that came with a good status (contract, "200 with an error body"): which members of an answer would
   tell, and what they say. A kind puts these members at the beginning of its plan. */
#ifndef PROBE_REFUSAL_H
#define PROBE_REFUSAL_H

#include "kinetic/error.h"
#include "json/scanner.h"

#define REFUSAL_MEMBERS  10
#define REFUSAL_TEXT_MAX 4096 /* json_plan.text_max that is enough for all that kinds capture */

extern const struct json_path refusal_members[REFUSAL_MEMBERS];

/* Whether the members (REFUSAL_MEMBERS of them) are those of an error body: Kinetic's, by at least two members more than
   a message, because a function may well have an output called ErrorMessage; or OData's. anyhow: a message alone is
   enough, for an answer that lacks what was asked for. Then *body is filled; the caller frees it with
   error_body_free(). */
bool refusal_read(const struct json_value *members, bool anyhow, struct error_body *body);

#endif
