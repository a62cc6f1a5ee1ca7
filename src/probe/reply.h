/* The scalar that a method of a service answers with, in whatever shape: {"returnObj":12}, {"returnObj":"12.0"},
   {"returnObj":[12]}, {"parameters":[{"count":12}]} (facts §6, §9.15, §9.30). For answers of a few bytes, kept as text. */
#ifndef PROBE_REPLY_H
#define PROBE_REPLY_H

#include "base/text.h"
#include "kinetic/exchange.h"

#define REPLY_KEEP ((size_t)16 * 1024) /* request.keep that such an answer wants */

struct cJSON;

struct reply {
    struct cJSON *tree; /* NULL: no JSON, or longer than what was kept */
    char number[TEXT_DOUBLE_MAX + 1];
};

/* Reads the kept text of an answer; reply_free frees. */
void reply_read(struct reply *reply, const struct answer *answer);
void reply_free(struct reply *reply);

/* Below a member of the answer: the member name there (in any case of letters, arrays looked through), or, where name is NULL,
   the first scalar there. JSON_ABSENT where there is none, or where it is no scalar. Its text lives until the next call or
   reply_free. */
struct json_value reply_value(struct reply *reply, const char *member, const char *name);

#endif
