/* Tokens as TokenResource.svc gives them: JWT (RFC 7519), HS256 (RFC 7515), claims as in facts §1. */
#ifndef SIMULATOR_JWT_H
#define SIMULATOR_JWT_H

#include "simulator/simulator.h"

struct sim_jwt_key {
    unsigned char bytes[32];
};

void sim_jwt_new_key(struct sim_jwt_key *key);
/* Allocated. `claims` is a token_claims value: strings, numbers, or a token that is no JWT. */
char *sim_jwt_make(const struct sim_jwt_key *key, int64_t issued, int64_t expires, const char *user,
                   int claims);
/* The same with claims of the caller's, a JSON object. */
char *sim_jwt_sign(const struct sim_jwt_key *key, const char *payload, bool opaque);

struct sim_jwt_claims {
    char *user;  /* allocated, NULL when it names none */
    bool epicor; /* of TokenResource.svc */
};
/* Whether the key signed it and it has not expired at `now`; only then are there claims. */
bool sim_jwt_good(const struct sim_jwt_key *key, const char *token, int64_t now,
                  struct sim_jwt_claims *claims);

char *sim_base64_encode(const void *bytes, size_t size, bool url);
/* Decodes both alphabets; allocated, NUL-ended; NULL when it is not base64. */
char *sim_base64_decode(const char *text, size_t size, size_t *decoded_size);

#endif
