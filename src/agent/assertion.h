/* The assertion by which an OAuth 2.0 client shows who it is without a secret (RFC 7523 sections 2.2 and 3): a JWT
   signed with its private key (RS256, RFC 7518 section 3.3), whose header names the certificate by its fingerprint
   (x5t and x5t#S256, RFC 7515 sections 4.1.7 and 4.1.8), as Microsoft Entra ID wants it. */
#ifndef AGENT_ASSERTION_H
#define AGENT_ASSERTION_H

#include "base/secret.h"
#include "config/model.h"

#define ASSERTION_LIFETIME_S 600

/* Reads key and certificate now (may block) and signs: iss and sub are the client id, aud the token URL, jti random, iat
   and nbf now, exp ASSERTION_LIFETIME_S later. NULL, and *why an owned sentence that names the file and never its
   content, when that cannot be. */
struct secret *assertion_sign(const struct oauth2_settings *oauth2, const struct secret *client_id,
                              char **why);

#endif
