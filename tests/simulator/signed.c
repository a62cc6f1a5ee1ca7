#include "simulator/signed.h"
#include "simulator/jwt.h"
#include "simulator/text.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

static cJSON *part_read(const char *part, size_t size)
{
    size_t decoded_size;
    char *decoded = sim_base64_decode(part, size, &decoded_size);
    cJSON *json = decoded ? cJSON_ParseWithLength(decoded, decoded_size) : NULL;
    free(decoded);
    if (json && !cJSON_IsObject(json)) {
        cJSON_Delete(json);
        json = NULL;
    }
    return json;
}

bool sim_signed_read(struct sim_signed *token, const char *text)
{
    const char *first = strchr(text, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    *token = (struct sim_signed){0};
    if (!second || strchr(second + 1, '.'))
        return false;
    token->head = part_read(text, (size_t)(first - text));
    token->claims = part_read(first + 1, (size_t)(second - first - 1));
    token->text = sim_duplicate(text);
    token->signed_size = (size_t)(second - text);
    token->signature = sim_base64_decode(second + 1, strlen(second + 1), &token->signature_size);
    if (token->head && token->claims && token->signature)
        return true;
    sim_signed_free(token);
    return false;
}

void sim_signed_free(struct sim_signed *token)
{
    cJSON_Delete(token->head);
    cJSON_Delete(token->claims);
    free(token->text);
    free(token->signature);
    *token = (struct sim_signed){0};
}

bool sim_signed_verify(const struct sim_signed *token, EVP_PKEY *key)
{
    const char *algorithm = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(token->head, "alg"));
    bool pss = algorithm && strcmp(algorithm, "PS256") == 0;
    if (!algorithm || (!pss && strcmp(algorithm, "RS256") != 0) || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
        return false;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    bool good = context && EVP_DigestVerifyInit(context, &parameters, EVP_sha256(), NULL, key) == 1;
    if (good && pss)
        good = EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
    good = good && EVP_DigestVerify(context, (const unsigned char *)token->signature, token->signature_size,
                                    (const unsigned char *)token->text, token->signed_size) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

bool sim_claims_in_time(const cJSON *claims, int64_t now)
{
    const cJSON *expires = cJSON_GetObjectItemCaseSensitive(claims, "exp");
    const cJSON *begins = cJSON_GetObjectItemCaseSensitive(claims, "nbf");
    return cJSON_IsNumber(expires) && (double)now < expires->valuedouble &&
           (!begins || (cJSON_IsNumber(begins) && (double)now >= begins->valuedouble));
}

bool sim_claim_has(const cJSON *claims, const char *name, const char *text)
{
    const cJSON *claim = cJSON_GetObjectItemCaseSensitive(claims, name), *item;
    if (cJSON_IsString(claim))
        return strcmp(claim->valuestring, text) == 0;
    cJSON_ArrayForEach(item, claim)
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
            return true;
    }
    return false;
}

static BIGNUM *number_read(const cJSON *jwk, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, name));
    size_t size = 0;
    char *bytes = text ? sim_base64_decode(text, strlen(text), &size) : NULL;
    BIGNUM *number = bytes && size && size <= 1024 ? BN_bin2bn((unsigned char *)bytes, (int)size, NULL)
                                                   : NULL;
    free(bytes);
    return number;
}

EVP_PKEY *sim_jwk_key(const cJSON *jwk)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, "kty"));
    if (!type || strcmp(type, "RSA") != 0)
        return NULL;
    EVP_PKEY *key = NULL;
    BIGNUM *modulus = number_read(jwk, "n"), *exponent = number_read(jwk, "e");
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (modulus && exponent && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent))
        parameters = OSSL_PARAM_BLD_to_param(builder);
    if (parameters && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

EVP_PKEY *sim_pem_key(const char *pem, X509 **certificate)
{
    EVP_PKEY *key = NULL;
    BIO *memory = BIO_new_mem_buf(pem, -1);
    *certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL);
    if (*certificate) {
        key = X509_get_pubkey(*certificate);
    } else {
        (void)BIO_reset(memory);
        key = PEM_read_bio_PUBKEY(memory, NULL, NULL, NULL);
    }
    BIO_free(memory);
    return key;
}
