/* Kerberos tickets for auth = negotiate, by GSSAPI (RFC 4559, RFC 4178). A silent key distribution center can hold up a
   call for half a minute, so a ticket is asked for on the worker, into a memory cache of its own that holds nothing but
   the service ticket; its authorizations (agent/ticket.h) are then made without network. */
#ifndef AGENT_KERBEROS_H
#define AGENT_KERBEROS_H

#include "agent/ticket.h"
#include "config/model.h"

/* Asks for the service ticket HTTP@host of the app server's url, with the keytab or the credential cache of its settings. Blocks:
   for the worker. Thread-safe. */
void kerberos_acquire(const struct appserver_settings *settings, struct ticket_result *out);

#endif
