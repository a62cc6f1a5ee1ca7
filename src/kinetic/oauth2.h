/* The token request of OAuth 2.0 (RFC 6749 sections 4.3 and 4.4): a form, encoded as its appendix B and the URL Standard
   ("application/x-www-form-urlencoded serializing") say. Its answer is read by token_answer. */
#ifndef KINETIC_OAUTH2_H
#define KINETIC_OAUTH2_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"
#include "kinetic/exchange.h"
#include "kinetic/header.h"

struct oauth2_field {
    const char *name;
    const struct secret *value;
};

/* What a token request is made of; NULL: not sent. */
struct oauth2_login {
    const char *grant; /* "client_credentials", "password" */
    bool
        client_basic; /* client id and secret by HTTP Basic (RFC 6749 section 2.3.1), else as fields; without an
                          assertion only */
    const struct secret *client_id, *client_secret;
    const struct secret *assertion;           /* private_key_jwt, in place of the secret (RFC 7523) */
    const struct secret *username, *password; /* of the password grant */
    const char *scope;
    const struct oauth2_field *fields; /* further ones */
    size_t field_count;
};

/* Fills the zeroed request (purpose, method, body, content type, keep, max_response; no path: the URL is the caller's) and
   appends the headers. The body holds secrets: request_free wipes it. Cannot fail: what is encoded holds nothing that a
   form or a header could not carry. */
void oauth2_request(const struct oauth2_login *login, struct request *request, struct header_list *headers);

#endif
