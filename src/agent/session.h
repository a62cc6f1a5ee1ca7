/* One shared session of an app server and a company (session = shared; facts section 4.3). A state machine without I/O: it says
   what has to be done (session_act), is told what was done and what came of it, and keeps the rules:

   - it is opened when the first call of its company wants to go, once at a time;
   - a call that is told that the session has ended (410) leads to at most one new Login; where calls with the new one are
XX
   - a 410 that does not speak of the session may come from something else: the session is then logged out before another
     is opened, so that none is forgotten while it lives;
   - a reload has it logged out, and opened anew by the next call;
   - once it is left (shutdown, or a reload that takes its app server away) no Login follows, and an open session is logged out; a Logout that failed is
     tried again, SESSION_LOGOUTS times in all.

   What cannot be kept: the id of a session whose Login was answered after we stopped listening (a time-out, a broken
   connection) is not known to us, so nobody can end it before the server does. The next Login then waits for a pause of
   login_retry, so that a server that answers too late does not lose a seat with each try. */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/backoff.h"
#include "base/secret.h"
#include "config/model.h"
#include "kinetic/reason.h"

#define SESSION_LOGOUTS 5
#define SESSION_IDS     4

enum session_state { SESSION_CLOSED, SESSION_OPENING, SESSION_OPEN, SESSION_CLOSING };

struct session {
    char *company;
    enum session_state state;
    struct secret *id;                  /* SESSION_OPEN, SESSION_CLOSING */
    struct secret *before[SESSION_IDS]; /* latest first: echoes may still hold them; NULL: none */
    uint64_t serial;                    /* of the id; grows with each */
    bool proven;                        /* a good answer came with it */
    int64_t renewed_ns;                 /* when a 410 last took one away; 0: never */
    bool leaving;
    bool ending;           /* to be logged out before another is opened */
    bool insists;          /* and that is tried again where it fails */
    unsigned logouts;      /* tried in vain */
    int64_t logout_at_ns;  /* not before */
    struct backoff retry;  /* of Logins that failed */
    struct backoff unsure; /* of those that may have opened a session whose id never came */

    /* why it is not open */
    enum reason reason;
    char *message; /* redacted; NULL: none */
};

/* first_serial: less than that of each id; sessions whose calls can be taken for one another need ranges of their own. */
void session_init(struct session *session, const char *company, struct duration_range backoff,
                  struct duration_range login_retry, uint64_t first_serial, uint64_t random);
void session_free(struct session *session);

/* Can a call of this company be sent now? */
bool session_ready(const struct session *session);

enum session_act { SESSION_REST, SESSION_LOGIN, SESSION_LOGOUT };
/* wanted: a call of this company waits. */
enum session_act session_act(const struct session *session, bool wanted, int64_t now_ns);
/* Is it open, and to be logged out? */
bool session_parts(const struct session *session);
/* When session_act may say something else although nothing arrived; NEVER_NS. */
int64_t session_deadline(const struct session *session, bool wanted);

/* What session_act said was sent. */
void session_asked(struct session *session);
/* A Login was answered with an id (taken over) ... */
void session_opened(struct session *session, struct secret *id);
/* ... or failed; message (may be NULL) is redacted; unsure: a session may be open for all that; retry_after_ns is what the
   server asked for, 0 or less: nothing. */
void session_failed(struct session *session, enum reason reason, const char *message, bool unsure,
                    int64_t retry_after_ns, int64_t now_ns);
/* A Login or Logout was refused for its token, and is to be sent once more with a new one. */
void session_again(struct session *session);
/* A Logout has ended, and so has the session, or nothing can be done about it ... */
void session_closed(struct session *session);
/* ... or it came to nothing, and another may do better. False: there were enough of them, it is closed. */
bool session_logout_failed(struct session *session, int64_t now_ns);

/* A call sent with the session of this serial got an answer that only an open session gets ... */
void session_good(struct session *session, uint64_t serial);
/* ... or was told that the session has ended; certain: in words that mean the session and nothing else. True: repeat the
   call as soon as session_ready. */
bool session_ended(struct session *session, uint64_t serial, bool certain, int64_t now_ns);

/* An open session is to be logged out (when it carries no call any more) before another is opened ... */
void session_renew(struct session *session);
/* ... or for good: no more Logins. */
void session_leave(struct session *session);
/* There is no time left: whatever it was doing, it is closed. */
void session_abandon(struct session *session);
/* After session_leave: is nothing left to be done? */
bool session_has_left(const struct session *session);

/* Why a call cannot be sent: a reason, and *message for people (or NULL; the session's). REASON_NONE while nothing has
   failed. */
enum reason session_standing(const struct session *session, const char **message);

#endif
