/* JWTs of another identity provider, verified with its published keys (RFC 7517), facts §2. */
#include "simulator/call.h"
#include "simulator/signed.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool sim_seen_add(struct sim_seen **list, const char *text)
{
    for (struct sim_seen *seen = *list; seen; seen = seen->next) {
        if (strcmp(seen->text, text) == 0)
            return false;
    }
    struct sim_seen *seen = sim_allocate(sizeof *seen);
    *seen = (struct sim_seen){.text = sim_duplicate(text), .next = *list};
    *list = seen;
    return true;
}

void sim_seen_free(struct sim_seen *list)
{
    for (struct sim_seen *next; list; list = next) {
        next = list->next;
        free(list->text);
        free(list);
    }
}

/* The key that the token's kid names; without a kid the only one there is. A copy, NULL when there is none. */
static cJSON *jwk_find(struct simulator *simulator, const cJSON *head)
{
    const char *wanted = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(head, "kid"));
    const cJSON *found = NULL, *key;
    pthread_mutex_lock(&simulator->lock);
    const cJSON *keys = cJSON_GetObjectItemCaseSensitive(simulator->jwks, "keys");
    if (!cJSON_HasObjectItem(head, "kid") && cJSON_GetArraySize(keys) == 1)
        found = cJSON_GetArrayItem(keys, 0);
    cJSON_ArrayForEach(key, keys)
    {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(key, "kid"));
        const char *use = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(key, "use"));
        if (!found && name && wanted && strcmp(name, wanted) == 0 && (!use || strcmp(use, "sig") == 0))
            found = key;
    }
    cJSON *copy = found ? cJSON_Duplicate(found, true) : NULL;
    pthread_mutex_unlock(&simulator->lock);
    return copy;
}

static bool signature_good(struct simulator *simulator, const struct sim_signed *token)
{
    cJSON *jwk = jwk_find(simulator, token->head);
    EVP_PKEY *key = jwk ? sim_jwk_key(jwk) : NULL;
    bool good = key && sim_signed_verify(token, key);
    EVP_PKEY_free(key);
    cJSON_Delete(jwk);
    return good;
}

/* Remembers the token, for simulator_revoke_tokens(), and says whether it was revoked. */
static bool token_revoked(struct simulator *simulator, const char *token)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!EVP_Digest(token, strlen(token), digest, &size, EVP_sha256(), NULL))
        sim_die("SHA-256 failed");
    char *text = sim_base64_encode(digest, size, true);
    bool revoked = false;
    pthread_mutex_lock(&simulator->lock);
    if (!sim_seen_add(&simulator->foreign_tokens, text)) {
        for (const struct sim_seen *seen = simulator->foreign_tokens; seen; seen = seen->next)
            revoked |= seen->revoked && strcmp(seen->text, text) == 0;
    }
    pthread_mutex_unlock(&simulator->lock);
    free(text);
    return revoked;
}

bool sim_foreign_good(struct sim_call *call, const char *text)
{
    struct simulator *simulator = call->simulator;
    struct sim_signed token;
    if (!sim_signed_read(&token, text))
        return false;
    bool good = signature_good(simulator, &token) &&
                sim_claims_in_time(token.claims, sim_server_time(call)) &&
                (!simulator->issuer || sim_claim_has(token.claims, "iss", simulator->issuer)) &&
                (!simulator->foreign_audience ||
                 sim_claim_has(token.claims, "aud", simulator->foreign_audience)) &&
                !token_revoked(simulator, text);
    sim_signed_free(&token);
    return good;
}

void simulator_set_jwks(struct simulator *simulator, const char *text)
{
    cJSON *jwks = cJSON_Parse(text);
    if (!cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(jwks, "keys")))
        sim_die("not a JWKS document: %s", text);
    pthread_mutex_lock(&simulator->lock);
    cJSON *old = simulator->jwks;
    simulator->jwks = jwks;
    pthread_mutex_unlock(&simulator->lock);
    cJSON_Delete(old);
}

void simulator_load_jwks(struct simulator *simulator, const char *file)
{
    struct sim_text text = {0};
    char buffer[4096];
    FILE *in = fopen(file, "r");
    if (!in)
        sim_die("%s: %m", file);
    for (size_t size; (size = fread(buffer, 1, sizeof buffer, in)) > 0;)
        sim_text_add(&text, buffer, size);
    if (ferror(in) || !text.size)
        sim_die("%s cannot be read, or is empty", file);
    fclose(in);
    simulator_set_jwks(simulator, text.data);
    sim_text_free(&text);
}
