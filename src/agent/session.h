/* One shared session of an app server and a company (session = shared; facts section 4.3). A state machine without I/O: it says
   what has to be done (session_act), is told what was done and what came of it, and keeps the rules:

   - it is opened when the first call of its company wants to go, once at a time;
   - a call that is told that the session has ended (410) leads to at most one new Login; where calls with the new one are
     told so too, the next Login waits for a pause of the app server's backoff range, as it does after a Login that failed;
   - once it is left (shutdown, reload) no Login follows, and an open session is logged out, once.

   What cannot be kept: the id of a session whose Login was answered after we stopped listening (a time-out, a broken
   connection) is not known to us, so nobody can end it before the server does; the pauses keep their number small. */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/backoff.h"
#include "base/secret.h"
#include "config/model.h"
#include "kinetic/reason.h"

enum session_state { SESSION_CLOSED, SESSION_OPENING, SESSION_OPEN, SESSION_CLOSING };

struct session {
    char *company;
    enum session_state state;
    struct secret *id;        /* SESSION_OPEN, SESSION_CLOSING */
    struct secret *id_before; /* which echoes may still hold; NULL: none */
    uint64_t serial;          /* of the id; grows with each */
    bool proven;              /* a good answer came with it */
    bool leaving;
    int64_t opened_ns;
    struct backoff retry;

    /* why it is not open */
    enum reason reason;
    char *message; /* redacted; NULL: none */
};

void session_init(struct session *session, const char *company, struct duration_range backoff,
                  uint64_t random);
void session_free(struct session *session);

/* Can a call of this company be sent now? */
bool session_ready(const struct session *session);

enum session_act { SESSION_REST, SESSION_LOGIN, SESSION_LOGOUT };
/* wanted: a call of this company waits. */
enum session_act session_act(const struct session *session, bool wanted, int64_t now_ns);
/* When session_act may say something else although nothing arrived; NEVER_NS. */
int64_t session_deadline(const struct session *session, bool wanted);

/* What session_act said was sent. */
void session_asked(struct session *session);
/* A Login was answered with an id (taken over) ... */
void session_opened(struct session *session, struct secret *id, int64_t now_ns);
/* ... or failed; message (may be NULL) is redacted; retry_after_ns is what the server asked for, 0 or less: nothing. */
void session_failed(struct session *session, enum reason reason, const char *message, int64_t retry_after_ns,
                    int64_t now_ns);
/* A Login was refused for its token, and is to be sent once more with a new one. */
void session_again(struct session *session);
/* A Logout has ended, well or not: nothing more can be done. */
void session_closed(struct session *session);

/* A call sent with the session of this serial got an answer that only an open session gets ... */
void session_good(struct session *session, uint64_t serial);
/* ... or was told that the session has ended. True: repeat the call as soon as session_ready. */
bool session_ended(struct session *session, uint64_t serial, int64_t now_ns);

/* No more Logins; an open session is to be logged out. */
void session_leave(struct session *session);
/* After session_leave: is nothing left to be done? */
bool session_has_left(const struct session *session);

/* Why a call cannot be sent: a reason, and *message for people (or NULL; the session's). REASON_NONE while nothing has
   failed. */
enum reason session_standing(const struct session *session, const char **message);

#endif
