/* The secrets of one app server as they were at one moment, and who reads them: the worker in the program
   (files and key distribution centers can block), a script in the scenario tests. */
#ifndef AGENT_SECRETS_H
#define AGENT_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "config/model.h"

/* Those with a key of their own; behind them follow api_key.COMPANY, oauth2_param.NAME and header.NAME, each in the order
   of the settings. */
enum secret_which {
    SECRET_USERNAME,
    SECRET_PASSWORD,
    SECRET_API_KEY,
    SECRET_CLIENT_ID,
    SECRET_CLIENT_SECRET,
    SECRET_PROXY,
    SECRETS_NAMED
};

struct secrets {
    struct secret **items; /* NULL where none is configured, or it is of no use for this way of
                              authentication. Owned. */
    size_t count;
    struct secret *assertion; /* oauth2_client_auth = private_key_jwt: made for one token request. Owned. */
    uint64_t client_key; /* of the key and the certificate that it was made with, or of the keytab; 0: none */
    char *why;           /* not NULL: one of them could not be read; names the source, never its content */
};

/* Reads all sources now, and signs an assertion where one is wanted. May block. */
void secrets_read(const struct appserver_settings *settings, struct secrets *out);
void secrets_free(struct secrets *secrets); /* and zeroes it */

/* NULL where there is none; valid as long as secrets is. All take zeroed secrets too. */
struct secret *secrets_named(const struct secrets *secrets, enum secret_which which);
/* By its place in settings->oauth2.params, settings->headers. */
struct secret *secrets_param(const struct secrets *secrets, const struct appserver_settings *settings,
                             size_t index);
struct secret *secrets_header(const struct secrets *secrets, const struct appserver_settings *settings,
                              size_t index);
/* api_key.COMPANY, else api_key; company may be NULL or "". */
struct secret *secrets_api_key(const struct secrets *secrets, const struct appserver_settings *settings,
                               const char *company);

/* Do two readings of the same settings differ in what a login is made with (user, password, client, its further
   fields, key and certificate)? An assertion is new each time and says nothing. */
bool secrets_login_differs(const struct secrets *a, const struct secrets *b,
                           const struct appserver_settings *settings);

/* Of a reading by other settings what a login was made with, for secrets_login_differs. */
void secrets_carry(const struct secrets *from, const struct appserver_settings *before,
                   const struct appserver_settings *after, struct secrets *out);

/* Can a later reading give something else? Files and credentials can change, the environment cannot. */
bool secrets_changeable(const struct appserver_settings *settings);

/* Asks for one reading, or for one ticket. Answered by agent_secrets and agent_ticket, never from within the call; the
   agent asks for one thing at a time for each app server. */
struct secrets_port {
    void (*read)(struct secrets_port *port, size_t appserver, const struct appserver_settings *settings);
    void (*ticket)(struct secrets_port *port, size_t appserver, const struct appserver_settings *settings);
};

#endif
