/* The book of open connections: how old each is, when it was last used, whom it trusts. libcurl knows age and idleness too, but
   drops by the limits of whichever request comes by, also the connections of others; so the decision whether a request may go
   over a kept connection is made here. Knows nothing of libcurl. */
#ifndef AGENT_CONNECTION_H
#define AGENT_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/* A POST is not sent over a connection that was idle for longer: the server may have closed it just now, and a POST is never sent
   twice. */
#define CONNECTION_POST_IDLE_NS (30 * SECOND_NS)

/* Both ends, as libcurl names them. */
struct connection_ends {
    char remote_ip[48], local_ip[48];
    int remote_port, local_port;
};

struct connection {
    int descriptor;
    uint64_t owner; /* the exchange that opened it */
    bool used;      /* a request went over it: what follows is set */
    struct connection_ends ends;
    int64_t opened_ns, used_ns;
    uint64_t trust;    /* the serial of what it was verified against and shown; 0: plain */
    const void *login; /* whose login stands on it; NULL: nobody's */
    bool refused;      /* the login was refused: mod_auth_gssapi then takes no other over this connection */
    struct connection *next;
};

#define CONNECTION_BUCKETS 512

struct connection_book {
    struct connection **items; /* by descriptor */
    size_t capacity;
    struct connection *buckets[CONNECTION_BUCKETS]; /* those in use, by local port */
};

/* Whether a request may go over a kept connection. */
struct connection_need {
    int64_t max_age_ns;
    bool post;
    uint64_t trust;
    const void *login;
};

void connection_book_free(struct connection_book *book);

/* A socket was opened, or closed. */
void connection_opened(struct connection_book *book, int descriptor, uint64_t owner, int64_t now_ns);
void connection_closed(struct connection_book *book, int descriptor);

/* The connection of this descriptor; NULL if there is none. Valid until it is closed, as are all. */
struct connection *connection_at(const struct connection_book *book, int descriptor);

/* The local port that the system gave it; 0 if none yet. */
int connection_local_port(const struct connection *connection);

/* The first request goes over a connection. */
void connection_use(struct connection_book *book, struct connection *connection,
                    const struct connection_ends *ends, uint64_t trust, const void *login);

bool connection_ends_equal(const struct connection_ends *a, const struct connection_ends *b);

/* The connection in use between these ends; NULL if there is none. */
struct connection *connection_find(const struct connection_book *book, const struct connection_ends *ends);

bool connection_fits(const struct connection *connection, const struct connection_need *need, int64_t now_ns);

#endif
