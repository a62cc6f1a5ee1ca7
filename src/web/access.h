/* Who may ask what. The rules stand in [web] of the model in force, so a reload changes them at once:

   - Where client certificates are required, the server has looked at them before any path (web/tls.h).
   - Where users or a token are configured, a request shows one of them, but for the excluded paths.
   - Who has been let in by any of the three is trusted with the servers' own messages, the configuration and reloads. Where
     none of the three is configured, that is a peer on this machine for whom no proxy speaks.

   Passwords are checked elsewhere (web/password.h) while the request waits; who has been let in once never waits again.
   Web thread only. */
#ifndef WEB_ACCESS_H
#define WEB_ACCESS_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/clock.h"
#include "config/model.h"
#include "web/later.h"
#include "web/request.h"

struct access;

enum access_certificate { ACCESS_CERTIFICATE_UNASKED, ACCESS_CERTIFICATE_GOOD, ACCESS_CERTIFICATE_BAD };

struct access_question {
    const char *path;
    const char *authorization; /* the header as sent; of several, joined by commas; NULL: absent */
    enum access_certificate certificate;
    bool local; /* a loopback peer for whom no proxy speaks */
    struct in6_addr address;
};

enum access_verdict {
    ACCESS_TRUSTED, /* let in, see above */
    ACCESS_GRANTED, /* may ask what everybody may */
    ACCESS_REFUSED, /* 401: shows nothing, or nothing right */
    ACCESS_BARRED,  /* 403: no good client certificate */
    ACCESS_BUSY,    /* 503: too many passwords are being checked */
    ACCESS_LATER,   /* a password is being checked */
};

/* The post, at which verdicts are announced, must outlive it. NULL: the system gives no random bytes. */
struct access *access_new(struct later_post *post);
/* Waits for the check under way; whoever waits gets 503. NULL is nothing. */
void access_free(struct access *access);

/* The rules of this model hold from now on; a reference is kept. Cheap when it is the same as before, but that it looks at the
   file of the token, once a second: a stat, and a reading when it has changed, which does not block for local files (what is no regular file is not read).
   A file that cannot be read leaves the token that was; the log says so. */
void access_use(struct access *access, struct model *model, struct moment now);

/* ACCESS_LATER: *later is to be waited for, and is completed with LATER_VERDICT: then ask again with its text as verdict. At
   first verdict is NULL. */
enum access_verdict access_ask(struct access *access, const struct access_question *question,
                               const char *verdict, struct moment now, struct later **later);

/* The answer to who was REFUSED, BARRED or is told BUSY. */
void access_answer(const struct access *access, enum access_verdict verdict, struct web_answer *answer);

#endif
