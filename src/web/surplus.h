/* Connections over the limit: told so with a 503, then read and thrown away for a moment, because closing a socket with
   unread bytes resets it, and the client would never see the answer. */
#ifndef WEB_SURPLUS_H
#define WEB_SURPLUS_H

#include <stddef.h>
#include <stdint.h>

#define SURPLUS_MAX 32 /* at once */

struct surplus {
    int descriptor;   /* -1: free */
    int64_t until_ns; /* closed then at the latest, boot time */
};

struct surplus_ring {
    struct surplus items[SURPLUS_MAX];
};

void surplus_init(struct surplus_ring *ring);
void surplus_close_all(struct surplus_ring *ring);

#define SURPLUS_NONE ((size_t)-1)

/* Answers 503 with the text (NULL: nothing is said), if the socket (non-blocking; the ring's from now on) takes it at once. Returns
   its index. Where all places are taken it is a flood, which is not worth words: the connection is reset, and SURPLUS_NONE
   returned. */
size_t surplus_begin(struct surplus_ring *ring, int descriptor, const char *text, int64_t now_ns);
/* There is something to read, or the end. */
void surplus_read(struct surplus_ring *ring, size_t index);
void surplus_expire(struct surplus_ring *ring, int64_t now_ns);
/* When the next one expires; NEVER_NS: there is none. */
int64_t surplus_next_ns(const struct surplus_ring *ring);

#endif
