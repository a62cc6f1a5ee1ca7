/* private_key_jwt: a client proves itself with a JWT that it signed (RFC 7521 §4.2, RFC 7523 §3). */
#include "simulator/call.h"
#include "simulator/signed.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* x5t (SHA-1) or x5t#S256 of the certificate's DER (RFC 7515 §4.1.7, §4.1.8). */
static bool thumbprint_good(const cJSON *head, const char *name, X509 *certificate, const EVP_MD *digest)
{
    const cJSON *named = cJSON_GetObjectItemCaseSensitive(head, name);
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!named)
        return true;
    if (!cJSON_IsString(named) || !certificate || !X509_digest(certificate, digest, bytes, &size))
        return false;
    char *text = sim_base64_encode(bytes, size, true);
    bool good = strcmp(text, named->valuestring) == 0;
    free(text);
    return good;
}

static const char *head_judge(const struct sim_call *call, const cJSON *head, X509 *certificate)
{
    if (!thumbprint_good(head, "x5t", certificate, EVP_sha1()) ||
        !thumbprint_good(head, "x5t#S256", certificate, EVP_sha256()))
        return "The thumbprint is not that of the client's certificate.";
    if (call->behaviour.thumbprint_wanted && !cJSON_HasObjectItem(head, "x5t") &&
        !cJSON_HasObjectItem(head, "x5t#S256"))
        return "The assertion names no certificate (x5t).";
    return NULL;
}

static const char *claims_judge(struct sim_call *call, const cJSON *claims)
{
    struct simulator *simulator = call->simulator;
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(claims, "jti"));
    const char *audience = simulator->audience ? simulator->audience : simulator->token_url;
    const char *issuer = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(claims, "iss"));
    const char *subject = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(claims, "sub"));
    if (!issuer || !subject || strcmp(issuer, simulator->client_id) != 0 || strcmp(issuer, subject) != 0)
        return "iss and sub of the assertion are not the client.";
    if (!sim_claim_has(claims, "aud", audience))
        return "The audience of the assertion is not this endpoint.";
    if (!sim_claims_in_time(claims, sim_server_time(call)))
        return "The assertion has expired or is not yet valid.";
    if (!id || !*id)
        return "The assertion has no jti.";
    pthread_mutex_lock(&simulator->lock);
    bool fresh = sim_seen_add(&simulator->assertions, id);
    pthread_mutex_unlock(&simulator->lock);
    return fresh ? NULL : "The assertion was used before.";
}

char *sim_assertion_check(struct sim_call *call, const char *assertion, const char **why)
{
    struct simulator *simulator = call->simulator;
    pthread_mutex_lock(&simulator->lock);
    char *pem = sim_duplicate(simulator->client_key);
    pthread_mutex_unlock(&simulator->lock);
    X509 *certificate = NULL;
    EVP_PKEY *key = pem ? sim_pem_key(pem, &certificate) : NULL;
    struct sim_signed token = {0};
    if (pem && !key)
        sim_die("the client's key is neither a certificate nor a public key");
    if (!key)
        *why = "The client has no key.";
    else if (!sim_signed_read(&token, assertion))
        *why = "The assertion is no JWT.";
    else if (!sim_signed_verify(&token, key))
        *why = "The signature of the assertion is wrong.";
    else if (!(*why = head_judge(call, token.head, certificate)))
        *why = claims_judge(call, token.claims);
    char *client = *why ? NULL : sim_duplicate(simulator->client_id);
    sim_signed_free(&token);
    EVP_PKEY_free(key);
    X509_free(certificate);
    free(pem);
    return client;
}

void simulator_set_client_key(struct simulator *simulator, const char *pem)
{
    char *copy = sim_duplicate(pem);
    pthread_mutex_lock(&simulator->lock);
    char *old = simulator->client_key;
    simulator->client_key = copy;
    pthread_mutex_unlock(&simulator->lock);
    free(old);
}
