#include "agent/trust.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

struct trust_set {
    struct trust_set *next;
    char *ca_file; /* NULL: the system's */
    X509_STORE *store;
};

struct trust {
    struct trust_set *sets;
};

struct trust *trust_new(void)
{
    return memory_new(1, sizeof(struct trust));
}

void trust_free(struct trust *trust)
{
    if (trust == NULL)
        return;
    while (trust->sets != NULL) {
        struct trust_set *set = trust->sets;

        trust->sets = set->next;
        X509_STORE_free(set->store);
        free(set->ca_file);
        free(set);
    }
    free(trust);
}

/* The system's store looks certificates up in its hashed folder when they are wanted, and keeps what it found. */
static X509_STORE *load_store(const char *ca_file)
{
    X509_STORE *store = X509_STORE_new();
    int loaded;

    if (store == NULL)
        return NULL;
    if (ca_file == NULL)
        loaded = X509_STORE_set_default_paths(store);
    else
        loaded = X509_STORE_load_file(store, ca_file);
    /* As libcurl does with its own store: an intermediate or the server's own certificate in the file is an anchor too. */
    if (loaded == 1)
        loaded = X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    ERR_clear_error();
    if (loaded != 1) {
        X509_STORE_free(store);
        return NULL;
    }
    return store;
}

const struct trust_set *trust_find(struct trust *trust, const char *ca_file, const char **why)
{
    for (struct trust_set *set = trust->sets; set != NULL; set = set->next) {
        bool same = ca_file == NULL || set->ca_file == NULL ? ca_file == set->ca_file
                                                            : strcmp(ca_file, set->ca_file) == 0;
        if (same)
            return set;
    }

    X509_STORE *store = load_store(ca_file);

    if (store == NULL) {
        *why = ca_file == NULL ? "the system's CA certificates cannot be read"
                               : "the file of tls_ca_file cannot be read as CA certificates in PEM form";
        return NULL;
    }
    struct trust_set *set = memory_new(1, sizeof *set);

    *set = (struct trust_set){
        .next = trust->sets, .ca_file = ca_file == NULL ? NULL : memory_copy_text(ca_file), .store = store};
    trust->sets = set;
    return set;
}

/* ---- handshakes ---- */

void handshake_release(struct handshake *handshake)
{
    if (handshake != NULL && --handshake->references == 0)
        free(handshake);
}

static void release_with_context(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long argl,
                                 void *argp)
{
    (void)parent, (void)data, (void)index, (void)argl, (void)argp;
    handshake_release(pointer);
}

/* The place in an SSL_CTX where its handshake hangs, so that it lives as long as the context may verify. */
static int context_index(void)
{
    static int index = -1;

    if (index < 0)
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, release_with_context);
    return index;
}

static void see_expiry(struct handshake *handshake, X509 *certificate)
{
    struct tm broken;

    if (certificate == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &broken) != 1)
        return;
    int64_t epoch = (int64_t)timegm(&broken);

    if (handshake->expiry_epoch == 0 || epoch < handshake->expiry_epoch)
        handshake->expiry_epoch = epoch;
}

/* In place of OpenSSL's own call of X509_verify_cert: calls it, looks, and returns its verdict. A store other than the one that was
   attached verifies nothing. */
static int verify(X509_STORE_CTX *context, void *argument)
{
    struct handshake *handshake = argument;
    int verdict = 0;

    /* libcurl keeps a store of its own making from one connection to the next unless CA_CACHE_TIMEOUT is 0. */
    if (X509_STORE_CTX_get0_store(context) == handshake->store)
        verdict = X509_verify_cert(context);
    else
        X509_STORE_CTX_set_error(context, X509_V_ERR_APPLICATION_VERIFICATION);
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);

    handshake->expiry_epoch = 0;
    for (int i = 0; i < sk_X509_num(chain); i++)
        see_expiry(handshake, sk_X509_value(chain, i));
    if (handshake->expiry_epoch == 0) /* it gave up before it built a chain */
        see_expiry(handshake, X509_STORE_CTX_get0_cert(context));
    handshake->error = X509_STORE_CTX_get_error(context);
    return verdict;
}

bool trust_attach(const struct trust_set *set, void *ssl_context, struct handshake **handshake)
{
    SSL_CTX *context = ssl_context;
    struct handshake *seen = memory_new(1, sizeof *seen);

    *seen = (struct handshake){.references = 1, .store = set->store, .error = X509_V_OK};
    if (context_index() < 0 || SSL_CTX_set_ex_data(context, context_index(), seen) != 1) {
        free(seen);
        return false;
    }
    seen->references = 2;
    SSL_CTX_set1_cert_store(context, set->store);
    SSL_CTX_set_cert_verify_callback(context, verify, seen);
    *handshake = seen;
    return true;
}

const char *handshake_error(const struct handshake *handshake)
{
    if (handshake == NULL || handshake->error == X509_V_OK)
        return NULL;
    return X509_verify_cert_error_string(handshake->error);
}
