/* Keyed hashes (HMAC with SHA-256): what is remembered of passwords, without the passwords. */
#ifndef WEB_DIGEST_H
#define WEB_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_SIZE 32

struct digest {
    unsigned char bytes[DIGEST_SIZE];
};

/* A random key. False: the system gives no random bytes. */
bool digest_key(struct digest *key);

/* Of the texts, each with its end: ("ab", "c") is another one than ("a", "bc"). */
struct digest digest_of(const struct digest *key, const char *const *texts, size_t count);

bool digest_equal(const struct digest *a, const struct digest *b);

#endif
