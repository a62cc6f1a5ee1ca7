/* POST /-/reload: the agent is asked to read its configuration anew, and the answer comes when it has. */
#ifndef WEB_RELOAD_H
#define WEB_RELOAD_H

#include "web/request.h"

void answer_reload(const struct web_request *request, struct web_answer *answer);

#endif
