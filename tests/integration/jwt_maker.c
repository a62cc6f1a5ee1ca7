#include "main.h"

#include "integration/jwt_maker.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct jwt_signer {
    EVP_PKEY *key;
    X509 *certificate;
    char *name, *certificate_pem, *public_pem, *private_pem, *thumbprint;
};

/* OpenSSL's own base64, so that the simulator's is not asked about itself. */
static char *base64_make(const unsigned char *bytes, size_t size, int url)
{
    char *text = calloc(1, size * 4 / 3 + 8);
    assert_non_null(text);
    EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
    for (char *c = text; url && *c; c++)
        *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c == '=' ? '\0' : *c);
    return text;
}

static char *memory_text(BIO *memory)
{
    char *data;
    long size = BIO_get_mem_data(memory, &data);
    char *text = strndup(data, (size_t)size);
    assert_non_null(text);
    BIO_free(memory);
    return text;
}

struct jwt_signer *jwt_signer_make(const char *name)
{
    struct jwt_signer *signer = calloc(1, sizeof *signer);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    assert_non_null(signer);
    signer->name = strdup(name);
    signer->key = EVP_RSA_gen(2048);
    signer->certificate = X509_new();
    X509 *certificate = signer->certificate;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, signer->key);
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    assert_true(X509_sign(certificate, signer->key, EVP_sha256()) > 0);
    BIO *memory = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(memory, certificate), 1);
    signer->certificate_pem = memory_text(memory);
    memory = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(memory, signer->key), 1);
    signer->public_pem = memory_text(memory);
    memory = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(memory, signer->key, NULL, NULL, 0, NULL, NULL), 1);
    signer->private_pem = memory_text(memory);
    assert_int_equal(X509_digest(certificate, EVP_sha1(), digest, &size), 1);
    signer->thumbprint = base64_make(digest, size, 1);
    return signer;
}

void jwt_signer_free(struct jwt_signer *signer)
{
    EVP_PKEY_free(signer->key);
    X509_free(signer->certificate);
    free(signer->name);
    free(signer->certificate_pem);
    free(signer->public_pem);
    free(signer->private_pem);
    free(signer->thumbprint);
    free(signer);
}

const char *jwt_signer_certificate(const struct jwt_signer *signer)
{
    return signer->certificate_pem;
}

const char *jwt_signer_public_key(const struct jwt_signer *signer)
{
    return signer->public_pem;
}

const char *jwt_signer_private_key(const struct jwt_signer *signer)
{
    return signer->private_pem;
}

const char *jwt_signer_thumbprint(const struct jwt_signer *signer)
{
    return signer->thumbprint;
}

static char *signature_make(const struct jwt_signer *signer, const char *algorithm, const char *text)
{
    unsigned char bytes[512];
    size_t size = sizeof bytes;
    EVP_PKEY_CTX *parameters = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, &parameters, EVP_sha256(), NULL, signer->key), 1);
    if (strcmp(algorithm, "PS256") == 0) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, 32), 1);
    }
    assert_int_equal(EVP_DigestSign(context, bytes, &size, (const unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(context);
    return base64_make(bytes, size, 1);
}

char *jwt_make(const struct jwt_signer *signer, const char *algorithm, const char *head, const char *claims)
{
    char *whole_head = NULL, *text = NULL, *token = NULL;
    assert_true(asprintf(&whole_head, "{\"typ\":\"JWT\",\"alg\":\"%s\"%s}", algorithm, head) > 0);
    char *first = base64_make((const unsigned char *)whole_head, strlen(whole_head), 1);
    char *second = base64_make((const unsigned char *)claims, strlen(claims), 1);
    assert_true(asprintf(&text, "%s.%s", first, second) > 0);
    int known = strcmp(algorithm, "RS256") == 0 || strcmp(algorithm, "PS256") == 0;
    char *signature = known ? signature_make(signer, algorithm, text) : strdup("");
    assert_true(asprintf(&token, "%s.%s", text, signature) > 0);
    free(whole_head);
    free(first);
    free(second);
    free(text);
    free(signature);
    return token;
}

static char *number_text(const struct jwt_signer *signer, const char *name)
{
    BIGNUM *number = NULL;
    unsigned char bytes[512];
    assert_int_equal(EVP_PKEY_get_bn_param(signer->key, name, &number), 1);
    int size = BN_bn2bin(number, bytes);
    BN_free(number);
    return base64_make(bytes, (size_t)size, 1);
}

char *jwt_signers_jwks(const struct jwt_signer *const *signers)
{
    char *document = strdup("");
    for (; *signers; signers++) {
        char *longer = NULL, *modulus = number_text(*signers, OSSL_PKEY_PARAM_RSA_N);
        char *exponent = number_text(*signers, OSSL_PKEY_PARAM_RSA_E);
        assert_true(asprintf(&longer,
                             "%s%s{\"kty\":\"RSA\",\"use\":\"sig\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"}",
                             document, *document ? "," : "", (*signers)->name, modulus, exponent) > 0);
        free(document);
        free(modulus);
        free(exponent);
        document = longer;
    }
    char *whole = NULL;
    assert_true(asprintf(&whole, "{\"keys\":[%s]}", document) > 0);
    free(document);
    return whole;
}

char *jwt_basic(const char *user_and_password)
{
    char *coded = base64_make((const unsigned char *)user_and_password, strlen(user_and_password), 0),
         *header = NULL;
    assert_true(asprintf(&header, "Authorization: Basic %s", coded) > 0);
    free(coded);
    return header;
}
