/* JWTs as identity providers and clients sign them, with keys made here: RS256 and PS256 (RFC 7518). */
#ifndef INTEGRATION_JWT_MAKER_H
#define INTEGRATION_JWT_MAKER_H

#include <stddef.h>

struct jwt_signer;

/* An RSA key of 2048 bits and a certificate of its own; `name` is its kid. */
struct jwt_signer *jwt_signer_make(const char *name);
void jwt_signer_free(struct jwt_signer *signer);
/* PEM, the signer's own. */
const char *jwt_signer_certificate(const struct jwt_signer *signer);
const char *jwt_signer_public_key(const struct jwt_signer *signer);
const char *jwt_signer_private_key(const struct jwt_signer *signer);
/* x5t: SHA-1 of the certificate, base64url. */
const char *jwt_signer_thumbprint(const struct jwt_signer *signer);

/* Signed with "RS256" or "PS256"; any other algorithm is named and not signed. `head`: further members, as
 * `,"kid":"one"`. `claims`: a JSON object. Allocated. */
char *jwt_make(const struct jwt_signer *signer, const char *algorithm, const char *head, const char *claims);
/* JWKS document of these, ended by NULL. Allocated. */
char *jwt_signers_jwks(const struct jwt_signer *const *signers);
/* "Authorization: Basic ..." of "user:password". Allocated. */
char *jwt_basic(const char *user_and_password);

#endif
