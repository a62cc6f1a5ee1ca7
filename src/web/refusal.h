/* Connections over the limit: told so with a 503, then read and thrown away for a moment, because closing a socket with
   unread bytes resets it, and the client would never see the answer. */
#ifndef WEB_REFUSAL_H
#define WEB_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

#define REFUSALS 32 /* at once; one more closes the oldest */

struct refusal {
    int descriptor;   /* -1: free */
    int64_t until_ns; /* closed then at the latest, boot time */
};

struct refusal_ring {
    struct refusal items[REFUSALS];
    size_t next;
};

void refusal_init(struct refusal_ring *ring);
void refusal_close_all(struct refusal_ring *ring);

/* Answers 503 with the text, if the socket (non-blocking; the ring's from now on) takes it at once. Returns its index. */
size_t refusal_begin(struct refusal_ring *ring, int descriptor, const char *text, int64_t now_ns);
/* There is something to read, or the end. */
void refusal_read(struct refusal_ring *ring, size_t index);
void refusal_expire(struct refusal_ring *ring, int64_t now_ns);
/* When the next one expires; NEVER_NS: there is none. */
int64_t refusal_next_ns(const struct refusal_ring *ring);

#endif
