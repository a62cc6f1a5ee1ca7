/* Assertions, verified with OpenSSL's public side; the signature also by the example of RFC 7515 appendix A.2. */
#include "main.h"

#include "agent/assertion.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/secrets.h"
#include "base/memory.h"
#include "base/text.h"

/* The key of RFC 7515 appendix A.2 as PKCS#1: not secret, it stands in the RFC. */
static const char rfc_key[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                              "MIIEowIBAAKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0\n"
                              "l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pC\n"
                              "gNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0LOL+bSf63kpaSHSX\n"
                              "ndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD\n"
                              "Zlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9iaGNj8\n"
                              "q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQABAoIBABKucaRpzQorw35S\n"
                              "bEUAVx8dYXUdZOlJcHtiWQ+dC6V8ljxAHj/PLyzTveyI5QO/xkObCyjIL303l2cf\n"
                              "UhPu2MFaJdjVzqACXuOrLot/eSFvxjvqVidTtAZExqFRJ9mylUVAoLvhowVWmC1O\n"
                              "n95fZCXxTUtxNEG1Xcc7m0rtzJKs45J+N/V9DP1edYH6USyPSWGp6wuA+KgHRnKK\n"
                              "Vf9GRx80JQY7nVNkL17eHoTWEwga+lwi0FEoW9Y7lDtWXYmKBWhUE+U8PGxlJf8f\n"
                              "40493HDw1WRQ/aSLoS4QTp3rn7gYgeHEvfJdkkf0UMhlknlo53M09EFPdadQ4TlU\n"
                              "bjqKc50CgYEA4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH/5IB3jw3bcxGn6QLvnE\n"
                              "tfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw/Py5PJdTJNPY8cQn7ouZ2KKDcmnPG\n"
                              "BY5t7yLc1QlQ5xHdwW1VhvKn+nXqhJTBgIPgtldC+KDV5z+y2XDwGUcCgYEAuQPE\n"
                              "fgmVtjL0Uyyx88GZFF1fOunH3+7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYs\n"
                              "p1ZSe7zFYHj7C6ul7TjeLQeZD/YwD66t62wDmpe/HlB+TnBA+njbglfIsRLtXlnD\n"
                              "zQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdcCgYAHAp9XcCSrn8wVkMVkKdb7\n"
                              "DOX4IKjzdahm+ctDAJN4O/y7OW5FKebvUjdAIt2GuoTZ71iTG+7F0F+lP88jtjP4\n"
                              "U4qe7VHoewl4MKOfXZKTe+YCS1XbNvfgwJ3Ltyl1OH9hWvu2yza7q+d5PCsDzqtm\n"
                              "27kxuvULVeya+TEdAB1ijQKBgQCH/3r6YrVH/uCWGy6bzV1nGNOdjKc9tmkfOJmN\n"
                              "54dxdixdpozCQ6U4OxZrsj3FcOhHBsqAHvX2uuYjagqvo3cOj1TRqNocX40omfCC\n"
                              "Mx3bD1yPPf/6TI2XECva/ggqEY2mYzmIiA5LVVmc5nrybr+lssFKneeyxN2Wq93S\n"
                              "0iJMdQKBgCGHewxzoa1r8ZMD0LETNrToK423K377UCYqXfg5XMclbrjPbEC3YI1Z\n"
                              "NqMtuhdBJqUnBi6tjKMF+34Xf0CUN8ncuXGO2CAYvO8PdyCixHX52ybaDjy1FtCE\n"
                              "6yUXjoKNXKvUm7MWGsAYH6f4IegOetN5NvmUMFStCSkh7ixZLkN1\n"
                              "-----END RSA PRIVATE KEY-----\n";

static void the_rfcs_example(void **state)
{
    static const char payload[] =
        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    char *why = NULL;
    struct secret *key = secret_new(rfc_key, strlen(rfc_key));

    (void)state;
    struct secret *token = jws_sign(key, span_of("{\"alg\":\"RS256\"}"), span_of(payload), &why);
    assert_null(why);
    assert_string_equal(
        secret_reveal(token),
        "eyJhbGciOiJSUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
        "O8W2Fp5jujGbds9"
        "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
        "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_"
        "eSN9383LcOLn6_dO--xi12jzDwusC-"
        "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt"
        "5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
    secret_unref(token);
    secret_unref(key);
}

/* ---- keys and certificates of our own ---- */

static char folder[] = "/tmp/test_assertion_XXXXXX";
static EVP_PKEY *rsa, *other, *small, *curve;
static X509 *certificate;

static char *path_of(const char *name)
{
    return memory_format("%s/%s", folder, name);
}

static FILE *open_file(const char *name)
{
    char *path = path_of(name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    free(path);
    return file;
}

enum form { PKCS8, PKCS1, PKCS8_ENCRYPTED, PKCS1_ENCRYPTED };

static void write_key(const char *name, EVP_PKEY *key, enum form form)
{
    FILE *file = open_file(name);
    char phrase[] = "phrase";
    BIO *bio = BIO_new_fp(file, BIO_NOCLOSE);
    const EVP_CIPHER *cipher = form == PKCS8_ENCRYPTED || form == PKCS1_ENCRYPTED ? EVP_aes_128_cbc() : NULL;
    int length = cipher == NULL ? 0 : (int)strlen(phrase);

    if (form == PKCS8 || form == PKCS8_ENCRYPTED)
        assert_int_equal(
            PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, cipher ? phrase : NULL, length, NULL, NULL), 1);
    else
        assert_int_equal(PEM_write_bio_PrivateKey_traditional(
                             bio, key, cipher, cipher ? (unsigned char *)phrase : NULL, length, NULL, NULL),
                         1);
    BIO_free(bio);
    fclose(file);
}

static X509 *certificate_of(EVP_PKEY *key)
{
    X509 *made = X509_new();

    assert_non_null(made);
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 7);
    X509_gmtime_adj(X509_getm_notBefore(made), -60);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                               (const unsigned char *)"monitor", -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(made));
    X509_set_pubkey(made, key);
    assert_true(X509_sign(made, key, EVP_sha256()) > 0);
    return made;
}

static void write_certificates(const char *name, X509 *first, X509 *second)
{
    FILE *file = open_file(name);

    assert_int_equal(PEM_write_X509(file, first), 1);
    if (second != NULL)
        assert_int_equal(PEM_write_X509(file, second), 1);
    fclose(file);
}

static void write_text(const char *name, const char *text)
{
    FILE *file = open_file(name);

    fputs(text, file);
    fclose(file);
}

static const char *const files[] = {"pkcs8.pem", "pkcs1.pem",     "pkcs8e.pem",    "pkcs1e.pem", "curve.pem",
                                    "small.pem", "other.pem",     "text.pem",      "cut.pem",    "cert.pem",
                                    "chain.pem", "othercert.pem", "curvecert.pem", "empty.pem"};

static void make_files(void)
{
    assert_non_null(mkdtemp(folder));
    rsa = EVP_RSA_gen(2048U);
    other = EVP_RSA_gen(2048U);
    small = EVP_RSA_gen(1024U);
    curve = EVP_EC_gen("P-256");
    certificate = certificate_of(rsa);
    X509 *of_other = certificate_of(other), *of_curve = certificate_of(curve);
    write_key("pkcs8.pem", rsa, PKCS8);
    write_key("pkcs1.pem", rsa, PKCS1);
    write_key("pkcs8e.pem", rsa, PKCS8_ENCRYPTED);
    write_key("pkcs1e.pem", rsa, PKCS1_ENCRYPTED);
    write_key("curve.pem", curve, PKCS8);
    write_key("small.pem", small, PKCS8);
    write_key("other.pem", other, PKCS8);
    write_text("text.pem", "correct horse battery staple\n");
    write_text("cut.pem",
               "-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQ\n");
    write_text("empty.pem", "\n");
    write_certificates("cert.pem", certificate, NULL);
    write_certificates("chain.pem", certificate, of_other);
    write_certificates("othercert.pem", of_other, NULL);
    write_certificates("curvecert.pem", of_curve, NULL);
    X509_free(of_other);
    X509_free(of_curve);
}

static void remove_files(void)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *path = path_of(files[i]);
        assert_int_equal(unlink(path), 0);
        free(path);
    }
    assert_int_equal(rmdir(folder), 0);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(other);
    EVP_PKEY_free(small);
    EVP_PKEY_free(curve);
    X509_free(certificate);
}

/* ---- looking into a token ---- */

static cJSON *json_part(struct span part)
{
    unsigned char *bytes = memory_new(part.size + 4, 1);
    long size = text_base64_decode(part, bytes);

    assert_true(size > 0);
    assert_null(memchr(part.data, '=', part.size));
    cJSON *json = cJSON_ParseWithLength((const char *)bytes, (size_t)size);
    assert_non_null(json);
    free(bytes);
    return json;
}

static const char *text_member(const cJSON *json, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

    if (text == NULL)
        fail_msg("no %s", name);
    return text;
}

static double number_member(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static void assert_fingerprint(const cJSON *header, const char *name, const EVP_MD *digest)
{
    unsigned char wanted[EVP_MAX_MD_SIZE], got[128];
    unsigned size;
    const char *text = text_member(header, name);

    assert_int_equal(X509_digest(certificate, digest, wanted, &size), 1);
    assert_null(strpbrk(text, "+/="));
    assert_int_equal(text_base64_decode(span_of(text), got), size);
    assert_memory_equal(got, wanted, size);
}

/* By the public key of the certificate. */
static void assert_signed(const char *token)
{
    const char *dot = strrchr(token, '.');
    unsigned char signature[1024];
    long size = text_base64_decode(span_of(dot + 1), signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY *public = X509_get0_pubkey(certificate);

    assert_int_equal(size, 256);
    assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, public), 1);
    assert_int_equal(EVP_DigestVerify(context, signature, (size_t)size, (const unsigned char *)token,
                                      (size_t)(dot - token)),
                     1);
    signature[7] ^= 1;
    assert_int_not_equal(EVP_DigestVerify(context, signature, (size_t)size, (const unsigned char *)token,
                                          (size_t)(dot - token)),
                         1);
    EVP_MD_CTX_free(context);
}

static struct secret *sign(const char *key, const char *cert, const char *url, const char *client,
                           uint64_t *fingerprint, char **why)
{
    struct oauth2_settings oauth2 = {.token_url = (char *)(uintptr_t)url,
                                     .client_key_file = path_of(key),
                                     .client_cert_file = path_of(cert)};
    struct secret *id = secret_new(client, strlen(client));

    *why = NULL;
    struct secret *token = assertion_sign(&oauth2, id, fingerprint, why);
    assert_true((token == NULL) == (*why != NULL));
    secret_unref(id);
    free(oauth2.client_key_file);
    free(oauth2.client_cert_file);
    return token;
}

static void an_assertion_says_what_it_should(void **state)
{
    static const struct {
        const char *key, *cert, *url, *client;
    } cases[] = {
        {"pkcs8.pem", "cert.pem", "https://login.microsoftonline.com/t/oauth2/v2.0/token",
         "11112222-bbbb-3333-cccc-4444dddd5555"},
        {"pkcs1.pem", "chain.pem", "http://127.0.0.1:1/token", "a\"b\\c\x01\xc3\xa4"},
    };
    char jti[2][64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *why;
        uint64_t fingerprint = 0;
        int64_t before = (int64_t)time(NULL);
        struct secret *token = sign(cases[i].key, cases[i].cert, cases[i].url, cases[i].client, &fingerprint,
                                    &why);
        if (token == NULL)
            fail_msg("%s", why);
        const char *text = secret_reveal(token);
        const char *first = strchr(text, '.'), *second = strrchr(text, '.');
        assert_int_not_equal(fingerprint, 0);
        assert_int_equal(strlen(text), secret_size(token));
        assert_null(strpbrk(text, "+/= "));

        cJSON *header = json_part((struct span){text, (size_t)(first - text)});
        assert_string_equal(text_member(header, "alg"), "RS256");
        assert_string_equal(text_member(header, "typ"), "JWT");
        assert_fingerprint(header, "x5t", EVP_sha1());
        assert_fingerprint(header, "x5t#S256", EVP_sha256());
        assert_int_equal(cJSON_GetArraySize(header), 4);

        cJSON *claims = json_part((struct span){first + 1, (size_t)(second - first - 1)});
        assert_string_equal(text_member(claims, "aud"), cases[i].url);
        assert_string_equal(text_member(claims, "iss"), cases[i].client);
        assert_string_equal(text_member(claims, "sub"), cases[i].client);
        assert_true(number_member(claims, "iat") >= (double)before &&
                    number_member(claims, "iat") <= (double)time(NULL));
        assert_true(number_member(claims, "nbf") == number_member(claims, "iat"));
        assert_true(number_member(claims, "exp") == number_member(claims, "iat") + ASSERTION_LIFETIME_S);
        assert_int_equal(cJSON_GetArraySize(claims), 7);
        assert_int_equal(strlen(text_member(claims, "jti")), 22); /* 128 bits */
        snprintf(jti[i], sizeof jti[i], "%s", text_member(claims, "jti"));

        assert_signed(text);
        cJSON_Delete(header);
        cJSON_Delete(claims);
        secret_unref(token);
    }
    assert_string_not_equal(jti[0], jti[1]);
}

static void what_cannot_serve_is_told(void **state)
{
    static const struct {
        const char *key, *cert, *file, *words;
    } cases[] = {
        {"pkcs8e.pem", "cert.pem", "pkcs8e.pem", "holds an encrypted private key"},
        {"pkcs1e.pem", "cert.pem", "pkcs1e.pem", "holds an encrypted private key"},
        {"curve.pem", "curvecert.pem", "curve.pem", "not RSA"},
        {"small.pem", "cert.pem", "small.pem", "less than 2048 bits"},
        {"other.pem", "cert.pem", "other.pem", "is not the one that the certificate"},
        {"pkcs8.pem", "othercert.pem", "othercert.pem", "is not the one that the certificate"},
        {"pkcs8.pem", "curvecert.pem", "curvecert.pem", "is not the one that the certificate"},
        {"text.pem", "cert.pem", "text.pem", "holds no private key in PEM"},
        {"cut.pem", "cert.pem", "cut.pem", "holds no private key in PEM"},
        {"cert.pem", "cert.pem", "cert.pem", "holds no private key in PEM"},
        {"pkcs8.pem", "pkcs8.pem", "pkcs8.pem", "holds no certificate in PEM"},
        {"pkcs8.pem", "text.pem", "text.pem", "holds no certificate in PEM"},
        {"empty.pem", "cert.pem", "empty.pem", "is empty"},
        {"pkcs8.pem", "empty.pem", "empty.pem", "is empty"},
        {"none.pem", "cert.pem", "none.pem", "No such file"},
        {"pkcs8.pem", "none.pem", "none.pem", "No such file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *why, *path = path_of(cases[i].file);
        uint64_t fingerprint;
        assert_null(sign(cases[i].key, cases[i].cert, "https://i/token", "id", &fingerprint, &why));
        if (strstr(why, path) == NULL || strstr(why, cases[i].words) == NULL)
            fail_msg("%s, %s: %s", cases[i].key, cases[i].cert, why);
        assert_null(strstr(why, "horse"));
        assert_null(strstr(why, "MII"));
        free(path);
        free(why);
    }
}

/* The reading that the worker does: an assertion each time, and a key that was replaced counts as a new secret. */
static void secrets_hold_an_assertion(void **state)
{
    struct secret *id = secret_new("id", 2), *secret = secret_new("never", 5);
    struct appserver_settings settings = {
        .auth = AUTH_OAUTH2,
        .oauth2 = {.token_url = (char *)(uintptr_t) "https://i/token",
                   .client_id = {.form = SECRET_INLINE, .inlined = id},
                   .client_secret = {.form = SECRET_INLINE, .inlined = secret},
                   .client_auth = OAUTH2_CLIENT_PRIVATE_KEY_JWT,
                   .client_key_file = path_of("pkcs8.pem"),
                   .client_cert_file = path_of("cert.pem")}};
    struct secrets first, second;

    (void)state;
    assert_true(secrets_changeable(&settings));
    secrets_read(&settings, &first);
    assert_null(first.why);
    assert_null(secrets_named(&first, SECRET_CLIENT_SECRET));
    assert_signed(secret_reveal(first.assertion));
    secrets_read(&settings, &second);
    assert_false(secret_equal(first.assertion, second.assertion));
    assert_false(secrets_login_differs(&first, &second, &settings));
    secrets_free(&second);

    free(settings.oauth2.client_key_file);
    settings.oauth2.client_key_file = path_of("pkcs1.pem");
    secrets_read(&settings, &second);
    assert_true(secrets_login_differs(&first, &second, &settings));
    secrets_free(&second);

    free(settings.oauth2.client_key_file);
    settings.oauth2.client_key_file = path_of("pkcs8e.pem");
    secrets_read(&settings, &second);
    assert_non_null(strstr(second.why, "encrypted"));
    assert_null(second.assertion);
    secrets_free(&second);

    settings.oauth2.client_auth = OAUTH2_CLIENT_FORM;
    assert_false(secrets_changeable(&settings));
    secrets_read(&settings, &second);
    assert_null(second.why);
    assert_null(second.assertion);
    assert_string_equal(secret_reveal(secrets_named(&second, SECRET_CLIENT_SECRET)), "never");
    secrets_free(&second);
    secrets_free(&first);
    free(settings.oauth2.client_key_file);
    free(settings.oauth2.client_cert_file);
    secret_unref(id);
    secret_unref(secret);
}

static int begin(void **state)
{
    (void)state;
    make_files();
    return 0;
}

static int end(void **state)
{
    (void)state;
    remove_files();
    return 0;
}

ALL_TESTS(cmocka_unit_test(the_rfcs_example), cmocka_unit_test_setup(an_assertion_says_what_it_should, begin),
          cmocka_unit_test(what_cannot_serve_is_told),
          cmocka_unit_test_teardown(secrets_hold_an_assertion, end));
