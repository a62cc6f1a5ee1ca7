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

/* What an answer says. */
struct session_reading {
    enum reason reason;
    bool login;        /* a fresh token may help */
    bool proves_up;    /* as that of struct verdict */
    char *message;     /* owned, or NULL; not yet redacted */
    struct secret *id; /* owned; a secret: who has it has the session */
};
void session_reading_free(struct session_reading *reading);

/* Reads the answer to a Login: an id, or the reason why there is none. bearer: it was asked for with a bearer token. */
void session_login_read(const struct answer *answer, bool bearer, struct session_reading *out);
/* The same of the answer to a Logout: REASON_NONE when the session is no more. */
void session_logout_read(const struct answer *answer, bool bearer, struct session_reading *out);

/* Does a 410 say in words that the session has ended? A bare one may mean what was asked for. */
bool session_answer_tells_end(const struct answer *answer);

/* SessionInfo: {"SessionID":"..."}. False when the id cannot stand in a header. */
bool header_add_session(struct header_list *list, const struct secret *id);

#endif
