/* One exchange in libcurl's hands: what libcurl is told of it, what libcurl calls while it runs, and how far it has come. Known to
   transfer.c only, which starts exchanges, turns them and hands over their answers; the two are libcurl's place. */
#ifndef AGENT_EXCHANGE_H
#define AGENT_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/connection.h"
#include "agent/head.h"
#include "agent/intake.h"
#include "agent/outcome.h"
#include "agent/outgoing.h"
#include "agent/transfer.h"
#include "agent/trust.h"

#define EXCHANGE_BUCKETS   512
#define EXCHANGE_SPARES    64  /* easy handles kept for the next exchange */
#define EXCHANGE_WORDS     256 /* CURL_ERROR_SIZE */
#define SOCKETS_AN_ATTEMPT 16  /* a name with more addresses that fail: its connection is not used again */

/* Why an attempt was ended by us before its request went out. */
enum refusal {
    REFUSED_NOT,
    REFUSED_UNFIT,  /* the kept connection is too old, too idle or not verified as this one has to be */
    REFUSED_SECOND, /* libcurl was about to send the request again */
    REFUSED_LOGIN   /* libcurl was about to go on with a login that has had its answer */
};

/* One ticket. Most of it begins anew with each attempt; at most three are made: over a kept connection that is unfit, over one
   that has died, over a fresh one. */
struct exchange {
    struct exchange *next;     /* in its bucket */
    struct exchange *next_due; /* in the queue of those to be looked at in the next turn */
    bool doomed;               /* could not be started */
    uint64_t due_turn;         /* in which it was put there; 0: it is not there */
    struct transfer *transfer;
    void *easy; /* a CURL; NULL: could not be started */
    uint64_t ticket, serial;
    struct order order; /* url and headers are owned */
    struct curl_slist *lines;
    struct curl_slist *connect_to; /* NULL: the URL's host */
    const char *proxy;             /* its URL, "" for none; can hold a password */
    struct trust_set *trust;       /* NULL: plain HTTP */
    struct moment started;
    int64_t earlier_ns; /* what the attempts before this one took */
    bool sent, resent, new_connection;
    unsigned sendings;  /* of this attempt; more than one only while a login goes its rounds */
    bool authenticated; /* the login's last message, which can count as a wrong password, has gone out */
    struct answer answer;

    struct head head;
    struct intake intake;
    bool paused; /* libcurl is, until the next turn */
    bool ended;  /* libcurl has ended it well, and there is more to be unfolded */
    struct handshake *handshake;
    struct connection_ends ends; /* of the connection used; local_port 0: none yet */
    int sockets[SOCKETS_AN_ATTEMPT];
    size_t socket_count;
    int socket_error; /* why the last one could not be opened: an errno; 0 if it could */
    bool securing;    /* its TLS handshake has begun */
    enum refusal refusal;
    bool stopped; /* by us, amid the answer: with which ending */
    enum ending stop_ending;
    char words[EXCHANGE_WORDS];
};

struct transfer {
    struct transport transport;
    struct loop *loop;
    transport_answered *answered;
    void *context;
    void *multi;      /* a CURLM */
    int64_t timer_ns; /* when libcurl wants to be called */
    uint64_t last_serial;
    struct trust *trust;
    struct connection_book book;
    struct exchange *due, **due_end; /* doomed and paused ones */
    uint64_t turn;
    size_t share; /* bytes of bodies that may still be taken in this turn */
    void *spares[EXCHANGE_SPARES];
    size_t spare_count;
    struct exchange *buckets[EXCHANGE_BUCKETS]; /* by ticket */
};

/* Tells libcurl all of the exchange but its time-outs. False: out of memory, or a header that cannot be. */
bool exchange_set(struct exchange *exchange);

/* Begins an attempt, with the time that is left. */
bool exchange_attempt(struct exchange *exchange);

/* Puts it into the queue of those that the next turn looks at. */
void exchange_make_due(struct exchange *exchange);

/* What the body's taker said; returns false when no more of the body is wanted. */
bool exchange_heed(struct exchange *exchange, enum intake_verdict verdict);

/* Of this attempt. */
bool exchange_is_connected(const struct exchange *exchange);
enum stage exchange_stage(const struct exchange *exchange);
int64_t exchange_duration(const struct exchange *exchange); /* nanoseconds */
void exchange_measure(const struct exchange *exchange, struct phases *phases);

#endif
