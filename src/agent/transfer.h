/* The transport over libcurl's multi interface: with exchange.c the only file that knows libcurl. Turns inside a struct loop; blocks
   never. Each trap of libcurl that the design names is held by a test. */
#ifndef AGENT_TRANSFER_H
#define AGENT_TRANSFER_H

#include "agent/loop.h"
#include "agent/transport.h"

struct transfer; /* its first member is a struct transport */

/* Once a process, before any thread: libcurl's global state; checks that its TLS is OpenSSL. NULL, or a static sentence of
   why it cannot be used. */
const char *transfer_setup(void);

/* connections: how many to keep open at most (app servers x max_in_flight, and token hosts). */
struct transfer *transfer_new(struct loop *loop, size_t connections, transport_answered *answered,
                              void *context);
/* Reads an app server's CA set and client certificate now, at start, and not amid the first turn that needs them. NULL, or a static
   sentence of why they cannot be used; then each exchange that needs them tries again, and is a REASON_TLS while that fails. */
const char *transfer_trust(struct transfer *transfer, const struct appserver_settings *appserver);
/* Another number of connections to keep open. */
void transfer_keep(struct transfer *transfer, size_t connections);
/* Cancels all that runs. */
void transfer_free(struct transfer *transfer);
struct transport *transfer_transport(struct transfer *transfer);

/* Makes time pass: to be called once a turn after loop_turn, hands over finished answers. Returns the boot time at which it wants
   the next call at the latest; NEVER_NS: none. */
int64_t transfer_turn(struct transfer *transfer, struct moment now);

#endif
