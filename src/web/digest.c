#include "web/digest.h"

#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

bool digest_key(struct digest *key)
{
    return getrandom(key->bytes, sizeof key->bytes, 0) == (ssize_t)sizeof key->bytes;
}

struct digest digest_of(const struct digest *key, const char *const *texts, size_t count)
{
    struct digest digest;
    gnutls_hmac_hd_t hmac;

    if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, key->bytes, sizeof key->bytes) != 0)
        abort(); /* every GnuTLS has it; else memory has run out */
    for (size_t i = 0; i < count; i++)
        gnutls_hmac(hmac, texts[i], strlen(texts[i]) + 1);
    gnutls_hmac_deinit(hmac, digest.bytes);
    return digest;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
    return gnutls_memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
