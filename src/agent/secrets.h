/* The secrets of one app server as they were at one moment, and who reads them: the worker in the program
   (files can block), a script in the scenario tests. */
#ifndef AGENT_SECRETS_H
#define AGENT_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"
#include "config/model.h"

/* NULL where none is configured. All owned. */
struct secrets {
    struct secret *username, *password, *api_key;
    char *why; /* not NULL: one of them could not be read; names the source, never its content */
};

/* Reads the three sources now. May block. */
void secrets_read(const struct appserver_settings *settings, struct secrets *out);
void secrets_free(struct secrets *secrets); /* and zeroes it */

/* Can a later reading give something else? Files and credentials can change, the environment cannot. */
bool secrets_changeable(const struct appserver_settings *settings);

/* Asks for one reading. Answered by agent_secrets, never from within read; the agent asks once at a time for
   each app server. */
struct secrets_port {
    void (*read)(struct secrets_port *port, size_t appserver, const struct appserver_settings *settings);
};

#endif
