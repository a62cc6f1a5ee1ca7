#include "simulator/certificates.h"
#include "simulator/text.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY 86400L

static EVP_PKEY *key_make(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    if (!key)
        sim_die("no key was made");
    return key;
}

static void extension_add(X509 *certificate, int id, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, id, value);
    if (!extension || !X509_add_ext(certificate, extension, -1))
        sim_die("extension %s was not added", value);
    X509_EXTENSION_free(extension);
}

/* from, until: epoch. issuer NULL: signs itself. */
static X509 *certificate_make(EVP_PKEY *key, const char *name, time_t from, time_t until, X509 *issuer)
{
    X509 *certificate = X509_new();
    uint32_t serial;
    if (!certificate || RAND_bytes((unsigned char *)&serial, sizeof serial) != 1)
        sim_die("no certificate was made");
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial | 1u);
    ASN1_TIME_set(X509_getm_notBefore(certificate), from);
    ASN1_TIME_set(X509_getm_notAfter(certificate), until);
    X509_set_pubkey(certificate, key);
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject);
    return certificate;
}

static void certificate_sign(X509 *certificate, EVP_PKEY *key)
{
    if (!X509_sign(certificate, key, EVP_sha256()))
        sim_die("a certificate was not signed");
}

static char *pem_text(X509 *certificate, EVP_PKEY *key)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *data;
    if (!memory || !(certificate ? PEM_write_bio_X509(memory, certificate)
                                 : PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL)))
        sim_die("no PEM was written");
    long size = BIO_get_mem_data(memory, &data);
    char *text = sim_duplicate_n(data, (size_t)size);
    BIO_free(memory);
    return text;
}

static void ca_file_write(struct sim_certificates *certificates, X509 *ca)
{
    const char *base = getenv("TMPDIR");
    struct sim_text folder = {0}, file = {0};
    sim_text_printf(&folder, "%s/kinetic-simulator-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(folder.data))
        sim_die("no temporary folder %s: %m", folder.data);
    sim_text_printf(&file, "%s/ca.pem", folder.data);
    certificates->folder = folder.data;
    certificates->ca_file = file.data;
    char *pem = pem_text(ca, NULL);
    FILE *out = fopen(certificates->ca_file, "w");
    if (!out || fputs(pem, out) == EOF || fclose(out) != 0)
        sim_die("%s was not written: %m", certificates->ca_file);
    free(pem);
}

static void ca_make(struct sim_certificates *certificates)
{
    time_t now = time(NULL);
    EVP_PKEY *key = key_make();
    X509 *ca = certificate_make(key, "Simulator CA", now - 60 * DAY, now + 3650 * DAY, NULL);
    extension_add(ca, NID_basic_constraints, "critical,CA:TRUE");
    extension_add(ca, NID_key_usage, "critical,keyCertSign,cRLSign");
    extension_add(ca, NID_subject_key_identifier, "hash");
    certificate_sign(ca, key);
    certificates->ca = ca;
    certificates->ca_key = key;
}

static void ca_take(struct sim_certificates *certificates, const struct sim_certificates *others)
{
    X509_up_ref(others->ca);
    EVP_PKEY_up_ref(others->ca_key);
    certificates->ca = others->ca;
    certificates->ca_key = others->ca_key;
}

static void server_make(struct sim_certificates *certificates, enum simulator_certificate kind,
                        int64_t expires_in)
{
    time_t now = time(NULL), until = now + (time_t)(expires_in ? expires_in : 90 * DAY);
    if (kind == SIMULATOR_TLS_EXPIRED)
        until = now - DAY;
    time_t from = (until < now ? until : now) - 30 * DAY;
    if (kind == SIMULATOR_TLS_NOT_YET_VALID)
        from = now + DAY;
    EVP_PKEY *key = key_make();
    certificates->not_after = until;
    bool self = kind == SIMULATOR_TLS_SELF_SIGNED, wrong = kind == SIMULATOR_TLS_WRONG_NAME;
    X509 *server = certificate_make(key, wrong ? "wrong.example.test" : "localhost", from, until,
                                    self ? NULL : certificates->ca);
    extension_add(server, NID_subject_alt_name,
                  wrong ? "DNS:wrong.example.test" : "DNS:localhost,IP:127.0.0.1,IP:::1");
    extension_add(server, NID_basic_constraints, "CA:FALSE");
    extension_add(server, NID_ext_key_usage, "serverAuth");
    certificate_sign(server, self ? key : certificates->ca_key);
    certificates->certificate = pem_text(server, NULL);
    certificates->key = pem_text(NULL, key);
    X509_free(server);
    EVP_PKEY_free(key);
}

void sim_certificates_make(struct sim_certificates *certificates, enum simulator_certificate kind,
                           int64_t expires_in, const struct sim_certificates *others)
{
    *certificates = (struct sim_certificates){0};
    if (others)
        ca_take(certificates, others);
    else
        ca_make(certificates);
    server_make(certificates, kind, expires_in);
    ca_file_write(certificates, certificates->ca);
}

void sim_certificates_renew(struct sim_certificates *certificates, enum simulator_certificate kind,
                            int64_t expires_in)
{
    free(certificates->certificate);
    free(certificates->key);
    server_make(certificates, kind, expires_in);
}

void sim_certificates_free(struct sim_certificates *certificates)
{
    if (certificates->ca_file) {
        unlink(certificates->ca_file);
        rmdir(certificates->folder);
    }
    X509_free(certificates->ca);
    EVP_PKEY_free(certificates->ca_key);
    free(certificates->ca_file);
    free(certificates->folder);
    free(certificates->certificate);
    free(certificates->key);
    *certificates = (struct sim_certificates){0};
}
