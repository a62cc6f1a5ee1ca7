#include "agent/assertion.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/memory.h"

#define KEY_BITS_LEAST 2048 /* RFC 7518 section 3.3 */

/* ---- key and certificate ---- */

/* In place of OpenSSL's own, which would ask at the terminal. */
static int note_encrypted(char *out, int size, int writing, void *context)
{
    (void)out, (void)size, (void)writing;
    *(bool *)context = true;
    return -1;
}

static BIO *open_text(const struct secret *text)
{
    return BIO_new_mem_buf(secret_reveal(text), (int)secret_size(text));
}

/* What is wrong with the key, or NULL. */
static const char *key_fault(const EVP_PKEY *key, bool encrypted)
{
    if (!key && encrypted)
        return "holds an encrypted private key, which nobody is there to give the passphrase of; decrypt it "
               "(openssl pkey -in FILE -out NEW) and protect it by its access rights";
    if (!key)
        return "holds no private key in PEM (PKCS#8 or PKCS#1)";
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
        return "holds a private key that is not RSA, which RS256 needs";
    if (EVP_PKEY_get_bits(key) < KEY_BITS_LEAST)
        return "holds an RSA key of less than 2048 bits, which is too short for RS256";
    return NULL;
}

static EVP_PKEY *read_key(const struct secret *text, char **why)
{
    bool encrypted = false;
    BIO *bio = open_text(text);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, note_encrypted, &encrypted) : NULL;
    const char *fault = key_fault(key, encrypted);
    BIO_free(bio);
    ERR_clear_error();
    if (!fault)
        return key;
    EVP_PKEY_free(key);
    *why = memory_copy_text(fault);
    return NULL;
}

/* The first of the text, which is that of the key; a chain may follow. */
static X509 *read_certificate(const struct secret *text)
{
    BIO *bio = open_text(text);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    return certificate;
}

/* ---- JSON and base64url ---- */

static void append_base64url(struct buffer *out, const void *bytes, size_t size)
{
    size_t encoded_size = (size + 2) / 3 * 4;
    char *encoded = memory_new(encoded_size + 1, 1);
    text_base64_encode(bytes, size, encoded);
    while (encoded_size > 0 && encoded[encoded_size - 1] == '=')
        encoded_size--;
    for (size_t i = 0; i < encoded_size; i++)
        encoded[i] = encoded[i] == '+' ? '-' : encoded[i] == '/' ? '_' : encoded[i];
    buffer_append(out, encoded, encoded_size);
    secret_wipe(encoded, encoded_size);
    free(encoded);
}

static void append_json(struct buffer *out, struct span text)
{
    buffer_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20)
            buffer_format(out, "\\u%04x", (unsigned)c);
        else if (c == '"' || c == '\\')
            buffer_format(out, "\\%c", (int)c);
        else
            buffer_byte(out, (char)c);
    }
    buffer_byte(out, '"');
}

static void buffer_wipe(struct buffer *buffer)
{
    if (buffer->data)
        secret_wipe(buffer->data, buffer->capacity);
    buffer_free(buffer);
}

/* ---- signing ---- */

static bool append_signature(struct buffer *token, EVP_PKEY *key)
{
    unsigned char signature[2048]; /* RSA of 16,384 bits, the most that OpenSSL makes */
    size_t size = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && (size_t)EVP_PKEY_get_size(key) <= sizeof signature &&
                EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(context, signature, &size, (const unsigned char *)token->data, token->size) ==
                    1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    if (!good)
        return false;
    buffer_byte(token, '.');
    append_base64url(token, signature, size);
    return true;
}

static struct secret *sign_with(EVP_PKEY *key, struct span header, struct span payload, char **why)
{
    size_t room = (header.size + payload.size + 4096) * 2;
    struct buffer token;
    buffer_init(&token, room);
    buffer_reserve(&token, room); /* at once: what grows leaves parts of itself behind */
    append_base64url(&token, header.data, header.size);
    buffer_byte(&token, '.');
    append_base64url(&token, payload.data, payload.size);
    struct secret *signed_token = NULL;
    if (!token.failed && append_signature(&token, key) && !token.failed)
        signed_token = secret_new(token.data, token.size);
    else
        *why = memory_copy_text("holds a private key that OpenSSL cannot sign with");
    buffer_wipe(&token);
    return signed_token;
}

struct secret *jws_sign(const struct secret *key_pem, struct span header, struct span payload, char **why)
{
    EVP_PKEY *key = read_key(key_pem, why);
    struct secret *token = key ? sign_with(key, header, payload, why) : NULL;
    EVP_PKEY_free(key);
    return token;
}

/* ---- the assertion ---- */

static void append_fingerprint(struct buffer *out, const X509 *certificate, const EVP_MD *digest)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_digest(certificate, digest, bytes, &size) == 1)
        append_base64url(out, bytes, size);
    else
        out->failed = true;
}

static void write_header(struct buffer *header, const X509 *certificate)
{
    buffer_init(header, 512);
    buffer_text(header, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x5t\":\"");
    append_fingerprint(header, certificate, EVP_sha1());
    buffer_text(header, "\",\"x5t#S256\":\"");
    append_fingerprint(header, certificate, EVP_sha256());
    buffer_text(header, "\"}");
}

static void write_claims(struct buffer *claims, const char *token_url, const struct secret *client_id)
{
    struct span client = {secret_reveal(client_id), secret_size(client_id)};
    long long now = (long long)time(NULL);
    unsigned char id[16];
    size_t room = 6 * (strlen(token_url) + 2 * client.size) + 256;
    buffer_init(claims, room);
    buffer_reserve(claims, room);
    buffer_text(claims, "{\"aud\":");
    append_json(claims, span_of(token_url));
    buffer_text(claims, ",\"iss\":");
    append_json(claims, client);
    buffer_text(claims, ",\"sub\":");
    append_json(claims, client);
    buffer_text(claims, ",\"jti\":\"");
    if (RAND_bytes(id, (int)sizeof id) == 1)
        append_base64url(claims, id, sizeof id);
    else
        claims->failed = true;
    buffer_format(claims, "\",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld}", now, now, now + ASSERTION_LIFETIME_S);
}

static struct secret *sign_claims(const struct oauth2_settings *oauth2, const struct secret *client_id,
                                  EVP_PKEY *key, const X509 *certificate, char **why)
{
    struct buffer header, claims;
    struct secret *token = NULL;
    char *fault = NULL;
    write_header(&header, certificate);
    write_claims(&claims, oauth2->token_url, client_id);
    if (!header.failed && !claims.failed)
        token = sign_with(key, (struct span){header.data, header.size},
                          (struct span){claims.data, claims.size}, &fault);
    buffer_wipe(&claims);
    buffer_free(&header);
    if (!token)
        *why = memory_format("the file %s %s", oauth2->client_key_file,
                             fault ? fault : "is of no use: OpenSSL has no fingerprint or no random number");
    free(fault);
    return token;
}

static struct secret *read_pem(const char *path, char **why)
{
    const struct secret_source source = {.form = SECRET_FILE, .name = (char *)(uintptr_t)path};
    return secret_read(&source, why);
}

static struct secret *sign_texts(const struct oauth2_settings *oauth2, const struct secret *client_id,
                                 const struct secret *key_pem, const struct secret *certificate_pem,
                                 char **why)
{
    char *fault = NULL;
    struct secret *token = NULL;
    EVP_PKEY *key = read_key(key_pem, &fault);
    X509 *certificate = read_certificate(certificate_pem);
    if (!key)
        *why = memory_format("the file %s %s", oauth2->client_key_file, fault);
    else if (!certificate)
        *why = memory_format("the file %s holds no certificate in PEM", oauth2->client_cert_file);
    else if (X509_check_private_key(certificate, key) != 1)
        *why = memory_format("the private key of %s is not the one that the certificate of %s is for",
                             oauth2->client_key_file, oauth2->client_cert_file);
    else
        token = sign_claims(oauth2, client_id, key, certificate, why);
    ERR_clear_error();
    X509_free(certificate);
    EVP_PKEY_free(key);
    free(fault);
    return token;
}

struct secret *assertion_sign(const struct oauth2_settings *oauth2, const struct secret *client_id,
                              uint64_t *fingerprint, char **why)
{
    struct secret *token = NULL;
    struct secret *key = read_pem(oauth2->client_key_file, why);
    struct secret *certificate = key ? read_pem(oauth2->client_cert_file, why) : NULL;
    if (certificate) {
        *fingerprint = text_hash(TEXT_HASH_START, secret_reveal(key), secret_size(key));
        *fingerprint = text_hash(*fingerprint, secret_reveal(certificate), secret_size(certificate));
        token = sign_texts(oauth2, client_id, key, certificate, why);
    }
    secret_unref(key);
    secret_unref(certificate);
    return token;
}
