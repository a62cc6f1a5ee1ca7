#include "agent/trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"

/* How long files that have become unusable are borne, so that a rotation may write them one after the other. */
#define GRACE_NS MINUTE_NS
#define LOOK_NS  (5 * SECOND_NS)

struct trust_set {
    unsigned references;
    uint64_t serial;
    X509_STORE *store;
    X509 *certificate; /* NULL: none is shown */
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
    int64_t client_expiry_epoch;
};

/* What tells one content of a file from another. */
struct mark {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec written, changed;
};

#define FILES 3

/* The files of an app server, and what was read of them last. */
struct place {
    struct place *next;
    char *files[FILES]; /* CA, certificate, key; NULL: not configured */
    struct mark marks[FILES];
    struct trust_set *set; /* NULL: unusable */
    int64_t looked_ns;
    int64_t broken_ns; /* since when what stands there now is unusable; 0: it is in use */
};

struct trust {
    struct place *places;
    uint64_t last_serial;
};

struct trust *trust_new(void)
{
    return memory_new(1, sizeof(struct trust));
}

void trust_set_release(struct trust_set *set)
{
    if (set == NULL || --set->references > 0)
        return;
    X509_STORE_free(set->store);
    X509_free(set->certificate);
    sk_X509_pop_free(set->chain, X509_free);
    EVP_PKEY_free(set->key);
    free(set);
}

void trust_free(struct trust *trust)
{
    if (trust == NULL)
        return;
    while (trust->places != NULL) {
        struct place *place = trust->places;

        trust->places = place->next;
        trust_set_release(place->set);
        for (size_t i = 0; i < FILES; i++)
            free(place->files[i]);
        free(place);
    }
    free(trust);
}

/* ---- reading ---- */

/* All zero for what is no file: a FIFO would hold up the loop. */
static struct mark look(const char *file)
{
    struct mark mark = {0};
    struct stat status;

    if (file != NULL && stat(file, &status) == 0 && S_ISREG(status.st_mode))
        mark = (struct mark){.device = status.st_dev,
                             .inode = status.st_ino,
                             .size = status.st_size,
                             .written = status.st_mtim,
                             .changed = status.st_ctim};
    return mark;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_same(const struct mark *a, const struct mark *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           is_same_time(a->written, b->written) && is_same_time(a->changed, b->changed);
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
    if (loaded != 1) {
        X509_STORE_free(store);
        return NULL;
    }
    return store;
}

static void see_expiry(int64_t *earliest, X509 *certificate)
{
    struct tm broken;

    if (certificate == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &broken) != 1)
        return;
    int64_t epoch = (int64_t)timegm(&broken);

    if (*earliest == 0 || epoch < *earliest)
        *earliest = epoch;
}

/* OpenSSL would ask on the terminal. */
static int no_pass_phrase(char *out, int size, int writing, void *context)
{
    (void)out, (void)size, (void)writing, (void)context;
    return 0;
}

static bool load_certificates(struct trust_set *set, const char *file)
{
    BIO *in = BIO_new_file(file, "r");
    X509 *next;

    if (in == NULL)
        return false;
    set->certificate = PEM_read_bio_X509(in, NULL, no_pass_phrase, NULL);
    set->chain = sk_X509_new_null();
    see_expiry(&set->client_expiry_epoch, set->certificate);
    while (set->certificate != NULL && set->chain != NULL &&
           (next = PEM_read_bio_X509(in, NULL, no_pass_phrase, NULL)) != NULL) {
        see_expiry(&set->client_expiry_epoch, next);
        if (sk_X509_push(set->chain, next) == 0)
            X509_free(next);
    }
    /* Anything but the end of the file is a certificate that cannot be read. */
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;

    BIO_free(in);
    return set->certificate != NULL && set->chain != NULL && ended;
}

static EVP_PKEY *load_key(const char *file)
{
    BIO *in = BIO_new_file(file, "r");
    EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, no_pass_phrase, NULL);

    BIO_free(in);
    return key;
}

/* Returns NULL, or what is wrong. */
static const char *load_identity(struct trust_set *set, const char *certificate, const char *key)
{
    if (!load_certificates(set, certificate))
        return "the file of tls_client_cert_file cannot be read as certificates in PEM form";
    set->key = load_key(key != NULL ? key : certificate);
    if (set->key == NULL)
        return key != NULL
                   ? "the file of tls_client_key_file cannot be read as a key in PEM form without a pass "
                     "phrase"
                   : "the file of tls_client_cert_file holds no key in PEM form without a pass phrase, and "
                     "there is no tls_client_key_file";
    if (X509_check_private_key(set->certificate, set->key) != 1)
        return "the key is not the one of the certificate in tls_client_cert_file";
    return NULL;
}

static struct trust_set *load(const struct place *place, uint64_t serial, const char **why)
{
    static const char *const not_there[FILES] = {
        "the file of tls_ca_file cannot be read as CA certificates in PEM form",
        "the file of tls_client_cert_file cannot be read as certificates in PEM form",
        "the file of tls_client_key_file cannot be read as a key in PEM form without a pass phrase"};
    struct trust_set *set = memory_new(1, sizeof *set);

    *set = (struct trust_set){.references = 1, .serial = serial};
    *why = NULL;
    for (size_t i = 0; i < FILES && *why == NULL; i++)
        if (place->files[i] != NULL && place->marks[i].inode == 0)
            *why = not_there[i];
    ERR_clear_error();
    if (*why == NULL && (set->store = load_store(place->files[0])) == NULL)
        *why = place->files[0] == NULL ? "the system's CA certificates cannot be read" : not_there[0];
    ERR_clear_error();
    if (*why == NULL && place->files[1] != NULL)
        *why = load_identity(set, place->files[1], place->files[2]);
    ERR_clear_error();
    if (*why == NULL)
        return set;
    trust_set_release(set);
    return NULL;
}

static void look_again(struct trust *trust, struct place *place, int64_t now_ns, const char **why)
{
    struct mark marks[FILES];
    bool same = place->set != NULL;

    for (size_t i = 0; i < FILES; i++) {
        marks[i] = look(place->files[i]);
        same = same && is_same(&marks[i], &place->marks[i]);
    }
    place->looked_ns = now_ns;
    if (same && place->broken_ns == 0)
        return;
    memcpy(place->marks, marks, sizeof marks);
    struct trust_set *set = load(place, trust->last_serial + 1, why);

    if (set == NULL && place->broken_ns == 0)
        place->broken_ns = now_ns;
    if (set == NULL && now_ns - place->broken_ns < GRACE_NS)
        return;
    trust_set_release(place->set);
    place->set = set;
    if (set != NULL) {
        trust->last_serial++;
        place->broken_ns = 0;
    }
}

static bool is_of(const struct place *place, const char *const *files)
{
    for (size_t i = 0; i < FILES; i++) {
        if ((place->files[i] == NULL) != (files[i] == NULL) ||
            (files[i] != NULL && strcmp(place->files[i], files[i]) != 0))
            return false;
    }
    return true;
}

static struct place *find_place(struct trust *trust, const char *const *files)
{
    struct place *place = trust->places;

    while (place != NULL && !is_of(place, files))
        place = place->next;
    if (place != NULL)
        return place;
    place = memory_new(1, sizeof *place);
    for (size_t i = 0; i < FILES; i++)
        place->files[i] = files[i] == NULL ? NULL : memory_copy_text(files[i]);
    place->next = trust->places;
    trust->places = place;
    return place;
}

struct trust_set *trust_find(struct trust *trust, const struct trust_files *files, int64_t now_ns,
                             const char **why)
{
    const char *const names[FILES] = {files->ca, files->certificate, files->key};
    struct place *place = find_place(trust, names);

    if (place->set == NULL || now_ns - place->looked_ns >= LOOK_NS)
        look_again(trust, place, now_ns, why);
    if (place->set != NULL)
        place->set->references++;
    return place->set;
}

uint64_t trust_set_serial(const struct trust_set *set)
{
    return set == NULL ? 0 : set->serial;
}

int64_t trust_set_client_expiry(const struct trust_set *set)
{
    return set == NULL ? 0 : set->client_expiry_epoch;
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
        see_expiry(&handshake->expiry_epoch, sk_X509_value(chain, i));
    if (handshake->expiry_epoch == 0) /* it gave up before it built a chain */
        see_expiry(&handshake->expiry_epoch, X509_STORE_CTX_get0_cert(context));
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
    *handshake = seen;
    if (set->certificate != NULL &&
        (SSL_CTX_use_certificate(context, set->certificate) != 1 ||
         SSL_CTX_set1_chain(context, set->chain) != 1 || SSL_CTX_use_PrivateKey(context, set->key) != 1))
        return false;
    SSL_CTX_set1_cert_store(context, set->store);
    SSL_CTX_set_cert_verify_callback(context, verify, seen);
    return true;
}

const char *handshake_error(const struct handshake *handshake)
{
    if (handshake == NULL || handshake->error == X509_V_OK)
        return NULL;
    return X509_verify_cert_error_string(handshake->error);
}
