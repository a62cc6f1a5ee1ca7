/* The lock-out guard over calls that carry the login themselves (auth = basic, ntlm, negotiate): what each answer says of the
   login, and who may go next. Pure; pauses and their ends are the credential's.

   A login is open once a good answer came with it: calls go as the gate allows. Until then, and after a refusal, they go one
   at a time: each is a trial, and the others wait for its answer. A refusal in words (credentials) blocks all calls, a bare
   401 to a login that was never good too. A bare 401 to an open one may mean that path alone: the login is in doubt, the
   target that was refused is held, and another one makes the trial: good, and all is well again; refused too, and all are
   blocked. So a wrong login is tried at most twice in one pause, and one path that is always refused holds back itself only,
   also where no login was ever good. */
#ifndef AGENT_GUARD_H
#define AGENT_GUARD_H

#include <stdbool.h>
#include <stdint.h>

struct guard {
    uint64_t login; /* which; grows when its secrets change. 1 and up */
    bool open;
    bool proven;             /* a good answer came since the secrets changed or all were blocked */
    bool spread;             /* refusals since the last good answer are of more than one target */
    const void *suspect;     /* whose the last one was; NULL: none since then. Never looked into */
    int64_t hold_until_ns;   /* so long the suspect waits, and others may go */
    int64_t refused_ns;      /* when the last refusal arrived */
    int64_t refused_sent_ns; /* good answers to calls that were sent no later than this are old news */
    int64_t good_sent_ns;    /* the latest sending of calls that got a good answer */
};

void guard_init(struct guard *guard);
/* The secrets have changed: nothing is known of the new login. */
void guard_anew(struct guard *guard);

enum guard_verdict {
    GUARD_NOTHING, /* it says nothing about the login */
    GUARD_DOUBT,   /* one at a time from now on */
    GUARD_HOLD,    /* and the suspect waits for a pause (guard_hold); others may go */
    GUARD_BLOCK    /* nobody may go for a pause */
};

/* A call of target who, sent at sent_ns with this login, was refused: in words, or by a bare 401. others: the app server has
   other targets too. */
enum guard_verdict guard_refused(struct guard *guard, const void *who, bool others, bool in_words,
                                 int64_t sent_ns, int64_t now_ns);
void guard_hold(struct guard *guard, int64_t until_ns);
/* A call sent at sent_ns with this login got an answer that only a good login gets. True: it ends all doubt and every
   pause. */
bool guard_good(struct guard *guard, int64_t sent_ns);

/* Is this the target that waits, while others may go? */
bool guard_holds(const struct guard *guard, const void *who, int64_t now_ns);

#endif
