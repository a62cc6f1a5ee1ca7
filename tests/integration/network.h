/* What tests of the transfer share: a transfer in its loop, orders for it, and its answers as they were while they lived. */
#ifndef TESTS_NETWORK_H
#define TESTS_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/transfer.h"

#define NETWORK_TICKETS 64

/* A copy of an answer. */
struct seen {
    unsigned count; /* how often it was handed over */
    struct answer answer;
    bool has_json;
    enum json_error json_error;
    uint64_t rows;
    char text[ANSWER_TEXT_MAX + 1];
    struct moment at;
};

struct network {
    struct loop *loop;
    struct transfer *transfer;
    struct appserver_settings appserver;
    struct request request;
    enum order_login login;
    const char *username, *password, *proxy; /* NULL: none */
    bool outside;
    const char *base; /* URL that paths are put behind */
    int64_t timeout_ns, connect_timeout_ns;
    struct seen *seen; /* by ticket; tickets beyond NETWORK_TICKETS are only counted */
    uint64_t answered, good;
    uint64_t last_ticket;
    int64_t wanted_ns;       /* when the transfer wants its next turn */
    int64_t longest_turn_ns; /* without the waiting */
};

/* GET, JSON with the rows at "value", time-outs of 10 s, connections kept for 5 min. */
struct network *network_new(const char *base, const char *ca_file);
void network_free(struct network *network);

/* Starts the request as it stands; extra: a header line's value for X-Test, NULL for none. Returns the ticket. */
uint64_t network_start(struct network *network, const char *path, const char *extra);
/* Turns until that ticket is answered. */
struct seen *network_await(struct network *network, uint64_t ticket);
/* Turns until so many answers have come at all, or the time is over. */
bool network_turn_until(struct network *network, uint64_t answered, int64_t timeout_ns);
struct seen *network_ask(struct network *network, const char *path);

#endif
