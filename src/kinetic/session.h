/* An explicit session: Ice.LIB.SessionModSvc Login and Logout (facts section 4.3), and the SessionInfo header. */
#ifndef KINETIC_SESSION_H
#define KINETIC_SESSION_H

#include "base/secret.h"
#include "kinetic/exchange.h"
#include "kinetic/header.h"

#define SESSION_ANSWER_MAX 65536 /* bytes */

/* Fill the zeroed request; api_version 1 or 2, company for the path of v2 and the CallSettings of v1. A Logout has to go
   out with the session's SessionInfo, else it ends another session and leaves this one open. */
void session_login_request(int api_version, const char *company, struct request *request);
void session_logout_request(int api_version, const char *company, struct request *request);

/* Reads the answer to a Login. REASON_NONE: *id is the session's id (a secret: who has it has the session), the caller's.
   Otherwise the reason and *message as error_classify (owned, or NULL); *login: a fresh token may help. */
enum reason session_answer(const struct answer *answer, bool bearer, struct secret **id, bool *login,
                           char **message);

/* SessionInfo: {"SessionID":"..."}. False when the id cannot stand in a header. */
bool header_add_session(struct header_list *list, const struct secret *id);

#endif
