/* The assertion by which an OAuth 2.0 client shows who it is without a secret (RFC 7523 sections 2.2 and 3): a JWT
   signed with its private key, whose header names the certificate by its fingerprints (x5t and x5t#S256, RFC 7515
   sections 4.1.7 and 4.1.8).

   The algorithm is RS256 (RFC 7518 section 3.3): the one that every provider takes. Microsoft Entra ID advises PS256 and
   accepts RS256, found by x5t; AD FS and older Keycloak take nothing else. */
#ifndef AGENT_ASSERTION_H
#define AGENT_ASSERTION_H

#include <stdint.h>

#include "base/secret.h"
#include "config/model.h"

#define ASSERTION_LIFETIME_S 600

/* Reads key and certificate now (may block) and signs: iss and sub are the client id, aud the token URL, jti random, iat
   and nbf now, exp ASSERTION_LIFETIME_S later. *fingerprint is another one when the text of key or certificate is. NULL,
   and *why an owned sentence that names the file and never its content, when that cannot be. */
struct secret *assertion_sign(const struct oauth2_settings *oauth2, const struct secret *client_id,
                              uint64_t *fingerprint, char **why);

/* The compact form (RFC 7515 section 7.1) of header and payload, both JSON, signed by RS256 with the key of a PEM text.
   NULL, and *why an owned sentence without a subject ("holds no private key in PEM"), when the key cannot serve. */
struct secret *jws_sign(const struct secret *key_pem, struct span header, struct span payload, char **why);

#endif
