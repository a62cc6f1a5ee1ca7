/* What many answers have in common. */
#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

#include "web/request.h"

/* Of a 403 to who is not trusted: who is, and what to do. */
extern const char answer_untrusted[];

/* What stands in the body is a text for people. */
void answer_plain(struct web_answer *answer, int status);
/* The answer is this text and nothing else: what stands in the body already is dropped. */
void answer_text(struct web_answer *answer, int status, const char *text);

/* What did not fit into the body: 503 where it may fit in a moment, else 500. */
void answer_too_large(const struct web_request *request, struct web_answer *answer);

#endif
