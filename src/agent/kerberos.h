/* Kerberos tickets for auth = negotiate, by MIT krb5 and GSSAPI (RFC 4120, RFC 4178, RFC 4559). A silent key distribution
   center can hold up a call for half a minute, so a ticket is asked for on the worker, into a memory cache of its own that
   holds nothing but the service ticket; its authorizations (agent/ticket.h) are then made without network. */
#ifndef AGENT_KERBEROS_H
#define AGENT_KERBEROS_H

#include "agent/ticket.h"
#include "config/model.h"

/* Asks for a service ticket for HTTP/host, host being that of the app server's url as krb5.conf canonicalises it: with the
   key of kerberos_keytab_file, sent at most once, or with the ticket-granting ticket of the credential cache that KRB5CCNAME
   or krb5.conf names. Each call asks anew; a service ticket of the cache is used only where it holds nothing else. Blocks:
   for the worker. Thread-safe. why names no user. */
void kerberos_acquire(const struct appserver_settings *settings, struct ticket_result *out);

#endif
