/* What a connected client has taken so far, and until when it may go on. Pure bookkeeping: times, and the kernel's counts
   of the bytes that came and that have arrived at the other side, are handed in. */
#ifndef WEB_CLIENT_H
#define WEB_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/server.h"

enum client_phase {
    CLIENT_HEADERS,  /* a request line or headers are awaited or have begun */
    CLIENT_RESPONSE, /* a response is on its way */
    CLIENT_LATER,    /* the response is to come later; the connection is suspended */
    CLIENT_IDLE,     /* a kept connection between two requests */
};

/* Who asks the request under way (web/access.h). */
enum client_standing {
    CLIENT_NEW,
    CLIENT_ASKS, /* the verdict is awaited, or was a refusal */
    CLIENT_GRANTED,
    CLIENT_TRUSTED,
};

struct later;
struct tls_credential;
struct reply;
struct MHD_Connection;

struct client {
    int descriptor;          /* -1: the place is free */
    struct in6_addr address; /* IPv4 as ::ffff:a.b.c.d */
    enum client_phase phase;
    bool cut;               /* given up already; waits to be closed */
    int64_t since_ns;       /* when the phase began, boot time */
    int64_t request_ns;     /* when the request began */
    uint64_t idle_received; /* bytes received when the idle phase began */
    int64_t window_ns;      /* begin of the present window of the drain rate */
    uint64_t window_bytes;  /* and the bytes that had arrived then */
    const char *target;     /* of the request under way: libmicrohttpd's own text */
    size_t target_size;
    char *query;       /* owned */
    const char *route; /* for the count of requests */
    bool head;         /* the answer is sent without its body */
    enum client_standing standing;
    struct tls_credential *credential; /* what its TLS began with; a reference; NULL: plain HTTP */
    struct later *later;               /* what it waits for; a reference */
    struct MHD_Connection *connection; /* in CLIENT_LATER */
    struct web_answer *formed;         /* what it waits for the body of, to be formed; owned; else NULL */
    struct reply *reply;    /* what it is sent, or waits for to be packed; a reference; else NULL */
    uint64_t response_size; /* bytes of the body that is sent */
};

/* Places beyond max_connections that only this machine itself gets, so that its health checks come through. */
#define CLIENT_RESERVED ((size_t)4)

struct client_table {
    struct client *places;
    size_t count;  /* places */
    size_t shared; /* as many connections at most for all: max_connections */
    size_t used;
    size_t per_address;
};

void client_table_init(struct client_table *table, size_t connections, size_t per_address);
void client_table_free(struct client_table *table);

/* A place for a new connection, its headers awaited from now on; NULL when there is none left for it. */
struct client *client_enter(struct client_table *table, int descriptor, const struct in6_addr *address,
                            int64_t now_ns);
void client_leave(struct client_table *table, struct client *client);

/* The client's address in one form for both families. */
struct in6_addr client_address(const struct sockaddr *address);
bool client_is_loopback(const struct in6_addr *address);
/* Whether limits for one address are for both together. A host with IPv6 has a network of 64 bits to take addresses from: that
   counts as one, but for loopback. */
bool client_is_same(const struct in6_addr *a, const struct in6_addr *b);

/* Its headers are whole. */
void client_asked(struct client *client, int64_t now_ns);
/* The response is made, and is sent from now on: how long we took is not the client's fault. arrived: bytes that have
   arrived at the client since it connected; size: of the body. */
void client_drains(struct client *client, int64_t now_ns, uint64_t arrived, uint64_t size);
/* Its response is to come later; then it goes on, and that time is not the client's either. */
void client_waits(struct client *client, int64_t now_ns);
void client_goes_on(struct client *client, int64_t now_ns);
/* Its response has been handed to the kernel. received: bytes that it has sent since it connected. */
void client_answered(struct client *client, int64_t now_ns, uint64_t received);
/* Call about once a second for a client in CLIENT_IDLE: the first byte of the next request starts its deadline. */
void client_received(struct client *client, int64_t now_ns, uint64_t received);

/* Whether its time is over. arrived is read in CLIENT_RESPONSE only. */
bool client_is_late(struct client *client, const struct web_options *options, int64_t now_ns,
                    uint64_t arrived);
/* When to ask again. */
int64_t client_next_ns(const struct client *client, const struct web_options *options);

#endif
