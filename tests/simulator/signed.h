/* JWTs that others signed with an RSA key: RS256 and PS256 (RFC 7515, RFC 7518 §3.3 and §3.5). */
#ifndef SIMULATOR_SIGNED_H
#define SIMULATOR_SIGNED_H

#include <cjson/cJSON.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_signed {
    cJSON *head, *claims;
    char *text; /* "head.claims" and what follows */
    size_t signed_size;
    char *signature;
    size_t signature_size;
};

/* False: it is no JWT with a JSON object in head and claims; nothing is to be freed then. */
bool sim_signed_read(struct sim_signed *token, const char *text);
void sim_signed_free(struct sim_signed *token);
/* Only the two algorithms above; the key must be RSA. */
bool sim_signed_verify(const struct sim_signed *token, EVP_PKEY *key);

/* exp is there and not yet reached, nbf is absent or reached (RFC 7519 §4.1). */
bool sim_claims_in_time(const cJSON *claims, int64_t now);
/* Text or array of texts that holds this one (RFC 7519 §4.1.3). */
bool sim_claim_has(const cJSON *claims, const char *name, const char *text);

/* A key of a JWKS document (RFC 7518 §6.3.1); NULL when it is no RSA key. */
EVP_PKEY *sim_jwk_key(const cJSON *jwk);
/* A certificate, which is then handed out too, or a public key; NULL when it is neither. */
EVP_PKEY *sim_pem_key(const char *pem, X509 **certificate);

#endif
