/* The long-lived credential of one app server: its secrets, its token or ticket, and the lock-out guard. A state machine without I/O: it says
   what has to be done (credential_act), is told what was done and what came of it, and keeps the rules:

   - a token lives from its receipt on, by our clock; it is renewed ahead of its expiry, counted from when it was asked
     for, since a slow answer brings one that has aged on the way; and only if it was used;
     never more than one planned request per half lifetime, none within a second; the old token serves on;
   - one token request at a time, probes of the kind token included;
   - secrets are read again before each token request, and after each 401 that speaks of them;
   - a refused login (credentials; a token request refused in another way too) blocks every token request for login_retry, doubling, or until the text of
     user name or password changes; changeable secrets are looked at each CREDENTIAL_LOOK_NS meanwhile;
   - any other failure of a token request is tried again after a pause of the app server's backoff range;
   - a 401 to the token in force drops it, and leads to at most one login; where that did not help, no further for login_retry's first pause, doubling while no
     token is good for anything;
   - a ticket (auth = negotiate) is had and kept like a token, but asked of the worker;
   - calls that carry the login themselves, or a ticket, are held by the guard (agent/guard.h), with the same pauses
     of login_retry; before the next one the secrets are read again. */
#ifndef AGENT_CREDENTIAL_H
#define AGENT_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/backoff.h"
#include "agent/guard.h"
#include "agent/secrets.h"
#include "agent/ticket.h"
#include "base/clock.h"
#include "config/model.h"
#include "kinetic/token.h"

#define CREDENTIAL_LOOK_NS (5 * SECOND_NS)

enum credential_flight {
    CREDENTIAL_NO_FLIGHT,
    CREDENTIAL_ACQUIRES,
    CREDENTIAL_AWAITS_TICKET,
    CREDENTIAL_PROBED
};

struct credential {
    const struct appserver_settings *settings;

    /* secrets: as last read, and those before, which echoes may still hold */
    struct secrets now, before;
    bool reading;
    int64_t reading_since_ns;
    bool read_once;
    bool look;          /* read them again: a 401 came */
    int64_t read_at_ns; /* when last read; fresh for one token request */
    bool fresh;
    char *why;             /* the last reading failed; NULL: it did not */
    int64_t look_again_ns; /* after a failed reading, or while login is blocked */

    /* the token */
    struct secret *token, *token_before;
    uint64_t serial; /* of the token; grows when one is granted or dropped */
    int64_t lifetime_ns, received_ns, expires_ns, renew_ns;
    bool used;   /* a request went out with it */
    bool proven; /* a good answer came with it */

    bool idle;             /* nobody would use a token: none is renewed */
    struct ticket *ticket; /* of auth = negotiate; NULL: none. Times and serial are told as a token's */
    struct guard guard;    /* of ways whose calls it watches */

    /* asking for tokens */
    enum credential_flight flight;
    bool replaces_refused;    /* the next acquisition is because a living token was refused */
    int64_t asked_ns;         /* when the last one of our own was sent */
    struct backoff retry;     /* after failures that are no refusals */
    struct backoff refusal;   /* login_retry */
    int64_t blocked_until_ns; /* 0: not blocked */
    struct backoff reauthentication;

    /* why there is no token, or why it could not be renewed */
    enum reason reason;
    char *message; /* redacted */
};

void credential_init(struct credential *credential, const struct appserver_settings *settings,
                     uint64_t random);
/* Other settings for the same login (config/match.h). */
void credential_configure(struct credential *credential, const struct appserver_settings *settings);
/* Comes after one whose settings were others: what is known of refusals goes on, where the same login would be refused
   again (login_retry); whether it is the same, the first reading of the secrets tells. */
void credential_succeed(struct credential *credential, const struct credential *before);
void credential_free(struct credential *credential);

/* Can an API call be sent now? Wants the secrets read and, with auth = token, a token that lives. */
bool credential_ready(const struct credential *credential, int64_t now_ns);
bool credential_lives(const struct credential *credential, int64_t now_ns);

/* Does the guard watch the calls of this way of authentication (basic, ntlm, negotiate)? */
bool credential_guards(const struct credential *credential);
/* May a call of this target be sent now? quiet: none is in flight. */
bool credential_admits(const struct credential *credential, const void *who, bool quiet, int64_t now_ns);
/* Does the guard hold calls of this target back because of a refusal that stands, or because its secrets cannot be read
   (credential_standing)? */
bool credential_holds(const struct credential *credential, const void *who, int64_t now_ns);

/* Has a reading of the secrets or a ticket been asked for so long ago that people should know? */
bool credential_is_late(const struct credential *credential, int64_t now_ns);

/* Is a reading of the secrets or a ticket asked for? Of who answers that, one thing at a time is asked. */
bool credential_is_busy(const struct credential *credential);

enum credential_act {
    CREDENTIAL_REST,
    CREDENTIAL_READ, /* ask for a reading of the secrets, and say credential_reading */
    CREDENTIAL_ASK, /* send a token request of the credential's own, or ask for a ticket, and say credential_asked */
    CREDENTIAL_PROBE /* a probe of the kind token may send its request, and say credential_probed */
};
/* wanted: a run waits for the token; probe: a run of the kind token waits to be sent. */
enum credential_act credential_act(const struct credential *credential, bool wanted, bool probe,
                                   int64_t now_ns);
/* When credential_act may say something else although nothing arrived; NEVER_NS. */
int64_t credential_deadline(const struct credential *credential, bool wanted, bool probe, int64_t now_ns);

void credential_reading(struct credential *credential, int64_t now_ns);
/* Takes over what secrets points to. */
void credential_read(struct credential *credential, struct secrets *secrets, int64_t now_ns);

void credential_asked(struct credential *credential, int64_t now_ns);
void credential_probed(struct credential *credential);
/* A token request was given up half-way. */
void credential_cancelled(struct credential *credential);

/* A token request of the credential's own was answered with a token (which is taken over) ... */
void credential_granted(struct credential *credential, struct token *token, int64_t now_ns);
/* The same of a ticket: takes over what result points to, result->ticket is not NULL. */
void credential_ticket_granted(struct credential *credential, struct ticket_result *result, int64_t now_ns);
/* No authorization can be made from the ticket any more: it is dropped, and another one asked for after a pause. */
void credential_ticket_useless(struct credential *credential, int64_t now_ns);
/* ... or failed; refused: because of what was sent, and not for want of something else; message (may be NULL) is redacted;
   retry_after_ns is what the server asked for, 0 or less: nothing. */
void credential_failed(struct credential *credential, enum reason reason, bool refused, const char *message,
                       int64_t retry_after_ns, int64_t now_ns);
/* A probe of the kind token was answered: a refusal blocks as one of our own does, a token lifts that. */
void credential_probe_answered(struct credential *credential, enum reason reason, bool refused,
                               const char *message, int64_t now_ns);

/* A call was sent with the token; returns the serial to remember with it. */
uint64_t credential_use(struct credential *credential);
/* A call with this token got an answer that only a good token gets. */
void credential_good(struct credential *credential, uint64_t serial);
/* A call with this token was refused by a reason that a login may heal. True: repeat the call
   as soon as credential_ready. False: a login would not help or is not allowed. */
bool credential_refused(struct credential *credential, uint64_t serial, int64_t now_ns);
/* The repeated call was refused too: further logins for that reason have to wait. */
void credential_futile(struct credential *credential, int64_t now_ns);
/* A call of target who, sent with this login (guard.login), was refused: by reason credentials, in words, or by a bare
   401. others: the app server has other targets. message (may be NULL) is redacted. */
void credential_login_refused(struct credential *credential, uint64_t login, const void *who, bool others,
                              enum reason reason, const char *message, int64_t sent_ns, int64_t now_ns);
/* It got an answer that only a good login gets. */
void credential_login_good(struct credential *credential, uint64_t login, int64_t sent_ns);
/* When to read the secrets while nothing may be sent; NEVER_NS: a reading would bring nothing new, or one is under way. */
int64_t credential_look_deadline(const struct credential *credential);
/* An answer said that a secret may have changed: they are read again, at most once a second. */
void credential_look(struct credential *credential);
/* The same where that is one of many causes: each CREDENTIAL_LOOK_NS at most. */
void credential_glance(struct credential *credential);

/* Why a call cannot be sent: a reason, and *message for people (or NULL; the credential's). REASON_NONE while
   nothing has failed yet. */
enum reason credential_standing(const struct credential *credential, int64_t now_ns, const char **message);

/* The text without any of the secrets; the caller frees. NULL gives NULL. */
char *credential_redact(const struct credential *credential, const char *text);

#endif
