/* How the agent's logic reaches the network: libcurl (agent/transfer.h) in the program, a script in the scenario tests. */
#ifndef AGENT_TRANSPORT_H
#define AGENT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "config/model.h"
#include "kinetic/exchange.h"
#include "kinetic/header.h"

/* A login that libcurl carries out on the connection. */
enum order_login { ORDER_NO_LOGIN, ORDER_NTLM };

/* One exchange, wholly decorated. The transport takes over url, headers and the secrets (and wipes or lets go of them); request
   and appserver stay the caller's and live until the answer has been handed over or the ticket is cancelled. */
struct order {
    const struct request *request;              /* method, body, plan, keep, max_response, fresh */
    const struct appserver_settings *appserver; /* CA, client certificate, connection age, HTTP version */
    char *url;                                  /* whole */
    struct header_list headers;
    bool
        outside; /* toward an identity provider: the app server's client certificate and server name are not for it */
    enum order_login login;
    struct secret *username, *password; /* of login; NULL: none */
    struct secret *proxy;               /* a URL, or "environment"; NULL: none */
    int64_t timeout_ns;                 /* from the start on, everything included */
    int64_t connect_timeout_ns;
};

/* Called once for each ticket that is started and not cancelled, never from within start or cancel. */
typedef void transport_answered(void *context, uint64_t ticket, const struct answer *answer,
                                struct moment now);

struct transport {
    void (*start)(struct transport *transport, uint64_t ticket, struct order *order, struct moment now);
    void (*cancel)(struct transport *transport, uint64_t ticket); /* its answer comes no more */
};

#endif
