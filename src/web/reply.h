/* The body of an answer on its way, shared by all whose request asks the same within a moment: twenty scrapers at once, or as many
   slow readers of one page, cost its memory once. One thread's. */
#ifndef WEB_REPLY_H
#define WEB_REPLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "web/request.h"

struct MHD_Response;

/* No request is answered with what was written so long before it. */
#define REPLY_FRESH_NS SECOND_NS

struct reply {
    struct reply *next; /* in the list; only with a key */
    struct reply **list;
    unsigned references;
    char *
        key; /* what a request must have in common with the first one; owned; NULL: it is shared with nobody */
    int64_t born_ns;               /* boot time */
    struct web_answer answer;      /* without a body */
    struct later *later;           /* packs it; a reference; NULL: not, or not any more */
    bool packed;                   /* the body is coded as gzip */
    size_t size;                   /* of the body, plain until it is packed */
    struct MHD_Response *response; /* owned; NULL: not made yet */
    uint64_t mark;                 /* the last sum that has counted it */
};

/* key NULL, or a text that is copied: then others find it in the list, for as long as it is fresh and one reference is left,
   which is the caller's at first. later NULL, or a reference that is copied. Of the answer all but the body is copied. */
struct reply *reply_new(struct reply **list, const char *key, const struct web_answer *answer,
                        struct later *later, int64_t now_ns);
struct reply *reply_ref(struct reply *reply);
void reply_unref(struct reply *reply); /* NULL is allowed */

/* Makes its response of the answer, whose body it takes over; its bytes count in *held until the response has gone, which *held
   outlives. False: it cannot be made. */
bool reply_respond(struct reply *reply, struct web_answer *answer, atomic_uint_fast64_t *held);

/* What answers such a request now; no reference. NULL: nothing. */
struct reply *reply_find(struct reply *list, const char *key, int64_t now_ns);

#endif
