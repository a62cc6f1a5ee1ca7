/* A ticket for auth = negotiate: what authorizations for single requests are made from, without network and without
   waiting. Who makes tickets (agent/kerberos.h in the program, a script in the scenario tests) embeds this. */
#ifndef AGENT_TICKET_H
#define AGENT_TICKET_H

#include <stdint.h>

#include "base/secret.h"
#include "kinetic/reason.h"

struct ticket {
    int references; /* agent thread only, once it was handed over; 1 at birth */
    /* What stands behind "Authorization: Negotiate " for one request; each needs its own, since a server may refuse one
       that it has seen. NULL, and *why an owned sentence, when the ticket cannot serve. */
    struct secret *(*authorization)(struct ticket *ticket, char **why);
    void (*release)(struct ticket *ticket);
};

struct ticket *ticket_ref(struct ticket *ticket); /* NULL gives NULL */
void ticket_unref(struct ticket *ticket);         /* NULL is allowed; the last one releases */

/* What came of asking for one. */
struct ticket_result {
    struct ticket *ticket; /* owned; NULL: none came, and reason and why say so */
    int64_t lifetime_ns;   /* from now on; what remains of a ticket that was found in a cache */
    enum reason reason;    /* credentials: the key was refused; identity_provider: no key distribution center
                              gave one; internal: keytab or cache cannot be used */
    char *why;             /* owned */
};
void ticket_result_free(struct ticket_result *result); /* and zeroes it */

#endif
