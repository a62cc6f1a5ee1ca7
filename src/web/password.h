/* Passwords held against bcrypt hashes, on a thread of their own, one after the other, because each takes its time. Asked by
   one thread.

   The queue is short, and shorter still for one address; the same question, asked by many, is one check; a password found right
   is remembered, as a keyed hash of user, password and bcrypt hash, and then known at once. A user that does not exist takes as
   long as one that does. */
#ifndef WEB_PASSWORD_H
#define WEB_PASSWORD_H

#include <netinet/in.h>

#include "config/model.h"
#include "web/later.h"

#define PASSWORD_CHECKS_MAX         16 /* that wait, or are being made */
#define PASSWORD_CHECKS_PER_ADDRESS 4
#define PASSWORDS_REMEMBERED_MAX    256

struct passwords;

enum password_verdict {
    PASSWORD_RIGHT,
    PASSWORD_BUSY, /* there is no place in the queue */
    PASSWORD_LATER
};

/* The verdicts that come later, as texts with LATER_VERDICT. After PASSWORD_IS_RIGHT, the same question is answered at once. */
#define PASSWORD_IS_RIGHT "right"
#define PASSWORD_IS_WRONG "wrong"

/* The post must outlive it. NULL: the system gives no random bytes. */
struct passwords *passwords_new(struct later_post *post);
/* Waits for the check under way; for the others 503 is told. NULL is nothing. */
void passwords_free(struct passwords *passwords);

/* users: names and bcrypt hashes, at least one. *later is set where the verdict comes later. */
enum password_verdict passwords_ask(struct passwords *passwords, const struct pair_list *users,
                                    const char *user, const char *password, const struct in6_addr *address,
                                    struct later **later);

#endif
