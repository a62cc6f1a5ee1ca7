/* Forming a page that takes long on a thread of its own, while its request waits: scrapes and health checks wait for none. */
#ifndef WEB_FORMATION_H
#define WEB_FORMATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "web/later.h"
#include "web/request.h"
#include "web/worker.h"

/* Pages that may wait, besides the one under way; what is asked for beyond them gets 503. */
#define FORMATIONS_MAX 8

/* What forms pages; one a server. */
struct former {
    struct web_worker *worker; /* with FORMATIONS_MAX places */
    struct later_post *post;
    uint64_t maximum;           /* bytes of bodies that may be held at the same time */
    atomic_uint_fast64_t *held; /* those that are; outlives the worker and each later */
};

/* Statuses of what was formed that are none of HTTP. */
enum formation_end {
    FORMATION_TOO_LARGE = 1, /* it does not fit: what was written is dropped */
    FORMATION_DROPPED        /* the server ends */
};

struct formation {
    /* Appends the body. 200 or 404: it is a page, of the type that the answer names already; FORMATION_TOO_LARGE; any other
       status: a text for people. On the web thread or the former's. */
    int (*form)(void *context, struct buffer *out);
    /* Called once when the context is no longer needed, from either thread. */
    void (*release)(void *context);
};

/* Answers with what is formed of the context, which is taken over: at once, or later where it takes long and the request has a
   former. */
void formation_answer(const struct web_request *request, struct web_answer *answer,
                      const struct formation *formation, void *context, bool takes_long);

/* Turns the answer, whose body has been formed, into one of this status. */
void formation_finish(const struct web_request *request, struct web_answer *answer, int status);

#endif
