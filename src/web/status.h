/* The state of the whole fleet as an answer: the status page, and /api/v1/status. */
#ifndef WEB_STATUS_H
#define WEB_STATUS_H

#include <stdbool.h>

#include "web/request.h"

void status_answer_page(const struct web_request *request, struct web_answer *answer);
void status_answer_json(const struct web_request *request, struct web_answer *answer);

/* The agent's loop turns every few seconds, however idle; without a sign of it for longer it hangs. */
#define STATUS_HEARTBEAT_LIMIT_NS (30 * SECOND_NS)
/* Does it hang? */
bool status_is_hung(const struct web_request *request);

#endif
