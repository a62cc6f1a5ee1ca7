#include "simulator/jwt.h"
#include "simulator/text.h"

#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char plain_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *sim_base64_encode(const void *bytes, size_t size, bool url)
{
    const char *alphabet = url ? url_alphabet : plain_alphabet;
    const unsigned char *in = bytes;
    struct sim_text out = {0};
    sim_text_add(&out, "", 0);
    for (size_t i = 0; i < size; i += 3) {
        unsigned word = (unsigned)in[i] << 16;
        size_t have = size - i < 3 ? size - i : 3;
        if (have > 1)
            word |= (unsigned)in[i + 1] << 8;
        if (have > 2)
            word |= in[i + 2];
        for (size_t j = 0; j < 4; j++) {
            if (j <= have)
                sim_text_add(&out, &alphabet[(word >> (18 - 6 * j)) & 63], 1);
            else if (!url)
                sim_text_add(&out, "=", 1);
        }
    }
    return out.data;
}

char *sim_base64_decode(const char *text, size_t size, size_t *decoded_size)
{
    unsigned char *out = sim_allocate(size + 1);
    size_t filled = 0;
    unsigned word = 0, bits = 0;
    for (size_t i = 0; i < size && text[i] && text[i] != '='; i++) {
        const char *plain = strchr(plain_alphabet, text[i]), *url = strchr(url_alphabet, text[i]);
        if (!plain && !url) {
            free(out);
            return NULL;
        }
        word = word << 6 | (unsigned)(plain ? plain - plain_alphabet : url - url_alphabet);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[filled++] = (unsigned char)(word >> bits);
        }
    }
    out[filled] = '\0';
    *decoded_size = filled;
    return (char *)out;
}

void sim_jwt_new_key(struct sim_jwt_key *key)
{
    if (RAND_bytes(key->bytes, sizeof key->bytes) != 1)
        sim_die("no random bytes");
}

static char *signature_make(const struct sim_jwt_key *key, const char *text, size_t size)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_size = 0;
    if (!HMAC(EVP_sha256(), key->bytes, sizeof key->bytes, (const unsigned char *)text, size, digest,
              &digest_size))
        sim_die("HMAC failed");
    return sim_base64_encode(digest, digest_size, true);
}

char *sim_jwt_sign(const struct sim_jwt_key *key, const char *payload, bool opaque)
{
    static const char head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    struct sim_text token = {0};
    char *first = sim_base64_encode(head, sizeof head - 1, true);
    char *second = sim_base64_encode(payload, strlen(payload), true);
    sim_text_printf(&token, "%s.%s", first, second);
    char *signature = signature_make(key, token.data, token.size);
    sim_text_printf(&token, ".%s", signature);
    free(first);
    free(second);
    free(signature);
    for (char *c = token.data; opaque && *c; c++) {
        if (*c == '.')
            *c = '~';
    }
    return token.data;
}

char *sim_jwt_make(const struct sim_jwt_key *key, int64_t issued, int64_t expires, const char *user,
                   int claims)
{
    const char *quote = claims == SIMULATOR_CLAIMS_NUMBERS ? "" : "\"";
    struct sim_text payload = {0};
    sim_text_printf(&payload,
                    "{\"exp\":%s%lld%s,\"iat\":%s%lld%s,\"iss\":\"epicor\",\"aud\":\"epicor\",\"username\":",
                    quote, (long long)expires, quote, quote, (long long)issued, quote);
    sim_text_add_json(&payload, user);
    sim_text_add(&payload, "}", 1);
    char *token = sim_jwt_sign(key, payload.data, claims == SIMULATOR_OPAQUE_TOKEN);
    sim_text_free(&payload);
    return token;
}

static bool payload_alive(const char *part, size_t size, int64_t now, struct sim_jwt_claims *read)
{
    size_t decoded_size;
    char *payload = sim_base64_decode(part, size, &decoded_size);
    cJSON *claims = payload ? cJSON_ParseWithLength(payload, decoded_size) : NULL;
    const cJSON *expires = cJSON_GetObjectItemCaseSensitive(claims, "exp");
    const char *issuer = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(claims, "iss"));
    int64_t limit = 0;
    if (cJSON_IsString(expires))
        limit = strtoll(expires->valuestring, NULL, 10);
    else if (cJSON_IsNumber(expires))
        limit = (int64_t)expires->valuedouble;
    bool alive = now < limit;
    if (alive) {
        read->user = sim_duplicate(
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(claims, "username")));
        read->epicor = issuer && strcmp(issuer, "epicor") == 0;
    }
    cJSON_Delete(claims);
    free(payload);
    return alive;
}

bool sim_jwt_good(const struct sim_jwt_key *key, const char *token, int64_t now,
                  struct sim_jwt_claims *claims)
{
    char *copy = sim_duplicate(token);
    for (char *c = copy; *c; c++) {
        if (*c == '~')
            *c = '.';
    }
    bool good = false;
    char *first = strchr(copy, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    if (second) {
        char *signature = signature_make(key, copy, (size_t)(second - copy));
        good = strlen(signature) == strlen(second + 1) &&
               CRYPTO_memcmp(signature, second + 1, strlen(signature)) == 0 &&
               payload_alive(first + 1, (size_t)(second - first - 1), now, claims);
        free(signature);
    }
    free(copy);
    return good;
}
