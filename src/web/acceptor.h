/* Takes connections from the listening sockets: hands them on, or tells the client that there is no place. */
#ifndef WEB_ACCEPTOR_H
#define WEB_ACCEPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/complaint.h"
#include "report/report.h"
#include "web/listener.h"
#include "web/surplus.h"

struct acceptor_worry {
    struct complaint complaint;
    int64_t last_ns;
};

struct acceptor {
    struct listener_list listeners;
    struct report *report;
    /* Takes the descriptor over; false when there is no place for it: then it does not. */
    bool (*take)(void *context, int descriptor, const struct sockaddr *address, socklen_t size,
                 struct moment now);
    void *context;
    bool silent; /* who is refused is told nothing: clients speak TLS */
    int epoll;   /* of whoever turns; what it says of our descriptors is handed to acceptor_event */
    struct surplus_ring surplus;
    int64_t rest_ns; /* the listeners rest until then; 0: they do not */
    struct acceptor_worry full, exhausted;
};

/* Sources of events, for the upper half of epoll's data. The others are whose epoll it is. */
enum acceptor_source { ACCEPTOR_LISTENER, ACCEPTOR_REFUSAL, ACCEPTOR_SOURCES };

/* Adds the descriptor to an epoll set, or changes what is awaited of it. */
void acceptor_watch(int epoll, int operation, int descriptor, uint32_t events, unsigned source, size_t index);

/* No listener is open yet. */
void acceptor_init(struct acceptor *acceptor, struct report *report);
/* The listeners are open, and the take, its context and the epoll set are there. */
void acceptor_begin(struct acceptor *acceptor);
void acceptor_event(struct acceptor *acceptor, enum acceptor_source source, size_t index, struct moment now);
/* What is due is done. */
void acceptor_turn(struct acceptor *acceptor, int64_t now_ns);
/* When the next turn is due; NEVER_NS: nothing is. */
int64_t acceptor_next_ns(const struct acceptor *acceptor);
/* Closes all sockets. */
void acceptor_end(struct acceptor *acceptor);

#endif
