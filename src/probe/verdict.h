/* How a kind says in its result that an answer is not what it wants. */
#ifndef PROBE_VERDICT_H
#define PROBE_VERDICT_H

#include "probe/kind.h"

/* Fails the result for this reason; message is taken over; NULL: none. */
void verdict_fail(struct probe_result *result, enum reason reason, char *message);

/* Judges a 2xx whose plan begins with refusal_members. An error body that came with a good status fails by its words
   (invalid_response if they tell nothing), as does an answer with which something is wrong (why; NULL: nothing).
   Returns whether it failed. */
bool verdict_refuse(const struct answer *answer, const char *why, struct probe_result *result);

#endif
