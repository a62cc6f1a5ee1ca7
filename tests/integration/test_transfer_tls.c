/* The files of TLS: whom the agent trusts, as whom it shows itself, for which name a certificate has to be; and that a file which
   changes is read again. */
#include "main.h"

#include "integration/network.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "simulator/rude.h"

#define DAY_S 86400L

/* The clock of the agent can be put forward; all else sees the real one. */
static int64_t boot_ahead_ns;

int clock_gettime(clockid_t id, struct timespec *now)
{
    long failed = syscall(SYS_clock_gettime, id, now);

    if (failed == 0 && id == CLOCK_BOOTTIME)
        now->tv_sec += (time_t)(boot_ahead_ns / SECOND_NS);
    return (int)failed;
}

/* ---- certificates of clients ---- */

struct identity {
    char *certificate, *key; /* PEM */
    time_t not_after;
};

static char *pem_of(X509 *certificate, EVP_PKEY *key, const EVP_CIPHER *cipher)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *data;

    if (certificate != NULL)
        assert_int_equal(PEM_write_bio_X509(out, certificate), 1);
    else
        assert_int_equal(
            PEM_write_bio_PrivateKey(out, key, cipher, (const unsigned char *)"phrase", 6, NULL, NULL), 1);
    long size = BIO_get_mem_data(out, &data);
    char *text = memory_format("%.*s", (int)size, data);

    BIO_free(out);
    return text;
}

/* Signs itself. cipher: of the key's file; NULL: none. */
static struct identity identity_make(const char *name, long days, const EVP_CIPHER *cipher)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    struct identity identity = {.not_after = time(NULL) + days * DAY_S};

    assert_true(key != NULL && certificate != NULL);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    ASN1_TIME_set(X509_getm_notBefore(certificate), time(NULL) - 60 * DAY_S);
    ASN1_TIME_set(X509_getm_notAfter(certificate), identity.not_after);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    identity.certificate = pem_of(certificate, NULL, NULL);
    identity.key = pem_of(NULL, key, cipher);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return identity;
}

static void identity_free(struct identity *identity)
{
    free(identity->certificate);
    free(identity->key);
}

/* In place of what stands there, as rotations do. */
static void write_file(const char *path, const char *text, const char *more)
{
    char *beside = memory_format("%s.new", path);
    FILE *out = fopen(beside, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0 && fputs(more, out) >= 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(rename(beside, path), 0);
    free(beside);
}

static char *read_file(const char *path)
{
    FILE *in = fopen(path, "r");
    static char text[65536];

    assert_non_null(in);
    size_t size = fread(text, 1, sizeof text - 1, in);

    fclose(in);
    text[size] = '\0';
    return memory_copy_text(text);
}

/* ---- the scene ---- */

struct scene {
    char folder[32];
    char *certificate_file, *key_file, *clients_file, *ca_file;
    struct rude_player *player;
    struct network *network;
};

static void scene_open(struct scene *scene, const char *clients, enum simulator_certificate certificate)
{
    static const struct rude_script script = {.name = "good"};

    *scene = (struct scene){.folder = "/tmp/test_tls_XXXXXX"};
    assert_non_null(mkdtemp(scene->folder));
    scene->certificate_file = memory_format("%s/client.pem", scene->folder);
    scene->key_file = memory_format("%s/client.key", scene->folder);
    scene->clients_file = memory_format("%s/clients.pem", scene->folder);
    scene->ca_file = memory_format("%s/ca.pem", scene->folder);
    write_file(scene->clients_file, clients == NULL ? "" : clients, "");
    scene->player = rude_player_start(
        &script, 1,
        &(struct rude_options){.certificate = certificate,
                               .clients_file = clients == NULL ? NULL : scene->clients_file});
    char *ca = read_file(rude_player_ca_file(scene->player));

    write_file(scene->ca_file, ca, "");
    free(ca);
    scene->network = network_new(rude_player_url(scene->player), scene->ca_file);
}

static void use_client(struct scene *scene, bool key_apart)
{
    scene->network->appserver.tls_client_cert_file = scene->certificate_file;
    scene->network->appserver.tls_client_key_file = key_apart ? scene->key_file : NULL;
}

static void scene_close(struct scene *scene)
{
    char *const files[] = {scene->certificate_file, scene->key_file, scene->clients_file, scene->ca_file};

    boot_ahead_ns = 0;
    network_free(scene->network);
    rude_player_stop(scene->player);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        unlink(files[i]);
        free(files[i]);
    }
    assert_int_equal(rmdir(scene->folder), 0);
}

static void assert_good(const struct seen *seen, bool new_connection)
{
    assert_string_equal(seen->answer.detail, "");
    assert_int_equal(seen->answer.failure, REASON_NONE);
    assert_int_equal(seen->answer.status, 200);
    assert_int_equal(seen->answer.new_connection, new_connection);
}

static void assert_tls(const struct seen *seen, const char *words)
{
    assert_int_equal(seen->answer.failure, REASON_TLS);
    if (strstr(seen->answer.detail, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", seen->answer.detail, words);
}

/* ---- the tests ---- */

static void client_certificate_is_shown(void **state)
{
    (void)state;
    for (int apart = 0; apart < 2; apart++) {
        struct identity client = identity_make("client", 90, NULL);
        struct scene scene;

        scene_open(&scene, client.certificate, SIMULATOR_TLS_VALID);
        assert_tls(network_ask(scene.network, "/none"), "certificate required");
        write_file(scene.certificate_file, client.certificate, apart ? "" : client.key);
        write_file(scene.key_file, client.key, "");
        use_client(&scene, apart);
        assert_null(transfer_trust(scene.network->transfer, &scene.network->appserver));
        const struct seen *seen = network_ask(scene.network, "/shown");

        assert_good(seen, true);
        assert_true(seen->answer.client_certificate_expiry_epoch == client.not_after);
        assert_true(seen->answer.certificate_expiry_epoch > client.not_after - DAY_S);
        seen = network_ask(scene.network, "/kept");
        assert_good(seen, false);
        assert_true(seen->answer.client_certificate_expiry_epoch == 0);
        /* Not for an identity provider, over no connection of the app server's. */
        scene.network->outside = true;
        seen = network_ask(scene.network, "/outside");
        assert_tls(seen, "certificate required");
        assert_true(seen->answer.client_certificate_expiry_epoch == 0);
        scene_close(&scene);
        identity_free(&client);
    }
}

static void refused_client_certificate_is_told(void **state)
{
    struct identity stranger = identity_make("stranger", 90, NULL), expired = identity_make("old", -1, NULL);
    const struct {
        const struct identity *shown;
        const char *words;
    } rows[] = {{&stranger, "alert"}, {&expired, "expired"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;

        scene_open(&scene, expired.certificate, SIMULATOR_TLS_VALID);
        write_file(scene.certificate_file, rows[i].shown->certificate, rows[i].shown->key);
        use_client(&scene, false);
        const struct seen *seen = network_ask(scene.network, "/a");

        assert_tls(seen, rows[i].words);
        assert_true(seen->answer.client_certificate_expiry_epoch == rows[i].shown->not_after);
        scene_close(&scene);
    }
    identity_free(&stranger);
    identity_free(&expired);
}

static void unusable_files_are_told(void **state)
{
    struct identity client = identity_make("client", 90, NULL), other = identity_make("other", 90, NULL),
                    locked = identity_make("locked", 90, EVP_aes_128_cbc());
    const struct {
        const char *certificate, *key; /* NULL: not written */
        bool apart;
        const char *words;
    } rows[] = {
        {NULL, client.key, true, "tls_client_cert_file cannot be read"},
        {"", client.key, true, "tls_client_cert_file cannot be read"},
        {client.key, client.key, true, "tls_client_cert_file cannot be read"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", client.key, true,
         "tls_client_cert_file cannot be read"},
        {client.certificate, NULL, true, "tls_client_key_file cannot be read"},
        {client.certificate, client.certificate, true, "tls_client_key_file cannot be read"},
        {client.certificate, NULL, false, "holds no key"},
        {client.certificate, other.key, true, "the key is not the one"},
        {locked.certificate, locked.key, true, "without a pass phrase"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene;

        scene_open(&scene, client.certificate, SIMULATOR_TLS_VALID);
        if (rows[i].certificate != NULL)
            write_file(scene.certificate_file, rows[i].certificate, "");
        if (rows[i].key != NULL)
            write_file(scene.key_file, rows[i].key, "");
        use_client(&scene, rows[i].apart);
        assert_non_null(transfer_trust(scene.network->transfer, &scene.network->appserver));
        assert_tls(network_ask(scene.network, "/a"), rows[i].words);
        assert_int_equal(rude_player_connections(scene.player), 0);
        /* Put right, it is used at once. */
        write_file(scene.certificate_file, client.certificate, client.key);
        write_file(scene.key_file, client.key, "");
        assert_good(network_ask(scene.network, "/b"), true);
        scene_close(&scene);
    }
    /* What would block is not opened. */
    struct scene scene;

    scene_open(&scene, client.certificate, SIMULATOR_TLS_VALID);
    assert_int_equal(mkfifo(scene.certificate_file, 0600), 0);
    use_client(&scene, false);
    assert_tls(network_ask(scene.network, "/a"), "tls_client_cert_file cannot be read");
    scene_close(&scene);
    identity_free(&client);
    identity_free(&other);
    identity_free(&locked);
}

static void changed_client_certificate_is_shown(void **state)
{
    struct identity first = identity_make("first", 10, NULL), second = identity_make("second", 20, NULL);
    char *both = memory_format("%s%s", first.certificate, second.certificate);
    struct scene scene;

    (void)state;
    scene_open(&scene, both, SIMULATOR_TLS_VALID);
    write_file(scene.certificate_file, first.certificate, "");
    write_file(scene.key_file, first.key, "");
    use_client(&scene, true);
    const struct seen *seen = network_ask(scene.network, "/a");

    assert_good(seen, true);
    assert_true(seen->answer.client_certificate_expiry_epoch == first.not_after);
    /* Amid a rotation the certificate and the key do not fit: what was read before stays in use. */
    write_file(scene.certificate_file, second.certificate, "");
    assert_good(network_ask(scene.network, "/b"), false);
    boot_ahead_ns += 6 * SECOND_NS;
    assert_good(network_ask(scene.network, "/c"), false);
    write_file(scene.key_file, second.key, "");
    boot_ahead_ns += 6 * SECOND_NS;
    seen = network_ask(scene.network, "/d");
    assert_good(seen, true); /* not over the connection that showed the first */
    assert_true(seen->answer.client_certificate_expiry_epoch == second.not_after);
    boot_ahead_ns += 6 * SECOND_NS;
    assert_good(network_ask(scene.network, "/e"), false);
    /* Gone for longer than a rotation takes. */
    assert_int_equal(unlink(scene.key_file), 0);
    boot_ahead_ns += 6 * SECOND_NS;
    assert_good(network_ask(scene.network, "/f"), false);
    boot_ahead_ns += 61 * SECOND_NS;
    assert_tls(network_ask(scene.network, "/g"), "tls_client_key_file cannot be read");
    write_file(scene.key_file, second.key, "");
    assert_good(network_ask(scene.network, "/h"), true);
    scene_close(&scene);
    free(both);
    identity_free(&first);
    identity_free(&second);
}

static void changed_ca_file_is_trusted(void **state)
{
    struct identity other = identity_make("other CA", 90, NULL);
    struct scene scene;

    (void)state;
    scene_open(&scene, NULL, SIMULATOR_TLS_VALID);
    char *good = read_file(scene.ca_file);

    write_file(scene.ca_file, other.certificate, "");
    assert_tls(network_ask(scene.network, "/a"), "certificate");
    write_file(scene.ca_file, good, "");
    assert_tls(network_ask(scene.network, "/soon"), "certificate");
    boot_ahead_ns += 6 * SECOND_NS;
    assert_good(network_ask(scene.network, "/b"), true);
    /* Withdrawn trust ends also for the connection that is open. */
    write_file(scene.ca_file, other.certificate, "");
    boot_ahead_ns += 6 * SECOND_NS;
    assert_tls(network_ask(scene.network, "/c"), "certificate");
    scene_close(&scene);
    free(good);
    identity_free(&other);
}

static void certificate_is_for_the_server_name(void **state)
{
    struct scene scene;

    (void)state;
    scene_open(&scene, NULL, SIMULATOR_TLS_WRONG_NAME);
    struct network *network = scene.network;
    char *host = memory_format("Host: %.*s\r\n", (int)strcspn(network->base + 8, "/"), network->base + 8);

    network->timeout_ns = 5 * SECOND_NS;
    assert_tls(network_ask(network, "/a"), "name");
    network->appserver.tls_server_name = (char *)(uintptr_t) "other.example.test";
    assert_tls(network_ask(network, "/b"), "name");
    network->appserver.tls_server_name = (char *)(uintptr_t) "wrong.example.test";
    assert_good(network_ask(network, "/right?x=1"), true);
    char *request = rude_player_request(scene.player, 0);

    assert_non_null(strstr(request, "/KineticLive/right?x=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(request, host));
    assert_null(strstr(strstr(request, host) + 1, "Host:"));
    free(request);
    assert_good(network_ask(network, "/kept"), false);
    network->outside = true;
    assert_tls(network_ask(network, "/outside"), "name");
    scene_close(&scene);
    free(host);
}

ALL_TESTS(cmocka_unit_test(client_certificate_is_shown), cmocka_unit_test(refused_client_certificate_is_told),
          cmocka_unit_test(unusable_files_are_told), cmocka_unit_test(changed_client_certificate_is_shown),
          cmocka_unit_test(changed_ca_file_is_trusted), cmocka_unit_test(certificate_is_for_the_server_name));
