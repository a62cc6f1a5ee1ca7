/* An order in the transport's hands: what every request carries is added, and all of it is wiped in the end. */
#ifndef AGENT_OUTGOING_H
#define AGENT_OUTGOING_H

#include <stdbool.h>

#include "agent/transport.h"

/* Takes over url and headers; *from keeps none of them. */
struct order outgoing_take(struct order *from);
void outgoing_free(struct order *order); /* wipes url and headers */

/* Adds Accept and Content-Type where the order has none of its own, and writes headers without a value as libcurl wants them
   ("Name;"). False when the content type cannot be a header. */
bool outgoing_complete(struct order *order);

/* Whether there is a header of this name. */
bool outgoing_has_header(const struct order *order, const char *name);

/* Where the app server's tls_server_name is to stand in the certificate: puts it into the URL, which libcurl verifies and names in
   the handshake, and the URL's own host into the Host header. Returns the host to connect to as CURLOPT_CONNECT_TO takes it, which
   the caller frees; NULL: the URL's. */
char *outgoing_rename(struct order *order);

/* Why libcurl cannot carry out the login, a static sentence; NULL: it can, or there is none. */
const char *outgoing_login_fault(const struct order *order);

bool outgoing_is_tls(const struct order *order);

#endif
