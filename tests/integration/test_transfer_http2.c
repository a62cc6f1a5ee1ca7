/* HTTP/2 against nghttpd (Debian's nghttp2-server), which speaks nothing else; and who does not speak it gets HTTP/1.1. */
#include "main.h"

#include "integration/network.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "simulator/certificates.h"
#include "simulator/rude.h"

#define ROWS "{\"value\":[{\"a\":1},{\"a\":2}]}"

extern char **environ;

struct peer {
    struct sim_certificates certificates;
    char folder[32];
    pid_t process;
    char *url;
};

static char *write_file(const char *folder, const char *name, const char *text)
{
    char *path = memory_format("%s/%s", folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* The inode behind a descriptor of the process that is a socket; 0: it is none. */
static unsigned long socket_inode(pid_t process, const char *descriptor)
{
    char *path = memory_format("/proc/%d/fd/%s", (int)process, descriptor);
    char target[64] = "";
    unsigned long inode = 0;
    ssize_t size = readlink(path, target, sizeof target - 1);

    if (size > 0 && sscanf(target, "socket:[%lu]", &inode) != 1)
        inode = 0;
    free(path);
    return inode;
}

/* On which the socket of that inode listens; 0: on none. */
static unsigned listening_port(unsigned long wanted)
{
    FILE *table = fopen("/proc/net/tcp", "r");
    char line[512];
    unsigned found = 0;

    assert_non_null(table);
    while (found == 0 && fgets(line, sizeof line, table) != NULL) {
        unsigned port, state;
        unsigned long inode;

        if (sscanf(line, " %*u: %*x:%x %*x:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %lu", &port, &state, &inode) ==
                3 &&
            state == 0x0a && inode == wanted)
            found = port;
    }
    fclose(table);
    return found;
}

/* nghttpd does not say which port it was given. */
static unsigned port_of(pid_t process)
{
    char *path = memory_format("/proc/%d/fd", (int)process);
    unsigned port = 0;

    for (int64_t until = clock_now().boot_ns + 20 * SECOND_NS; port == 0 && clock_now().boot_ns < until;) {
        DIR *folder = opendir(path);
        struct dirent *entry;

        if (folder == NULL)
            fail_msg("nghttpd has ended; is it installed (nghttp2-server)?");
        while (port == 0 && (entry = readdir(folder)) != NULL) {
            unsigned long inode = socket_inode(process, entry->d_name);

            port = inode == 0 ? 0 : listening_port(inode);
        }
        closedir(folder);
        usleep(1000);
    }
    free(path);
    assert_true(port != 0);
    return port;
}

static void peer_start(struct peer *peer)
{
    posix_spawn_file_actions_t actions;

    *peer = (struct peer){.folder = "/tmp/test_http2_XXXXXX"};
    assert_non_null(mkdtemp(peer->folder));
    sim_certificates_make(&peer->certificates, SIMULATOR_TLS_VALID, 0, NULL);
    char *key = write_file(peer->folder, "key.pem", peer->certificates.key);
    char *certificate = write_file(peer->folder, "certificate.pem", peer->certificates.certificate);

    free(write_file(peer->folder, "rows", ROWS));
    char *arguments[] = {(char *)(uintptr_t) "nghttpd",
                         (char *)(uintptr_t) "--address=127.0.0.1",
                         (char *)(uintptr_t) "-d",
                         peer->folder,
                         (char *)(uintptr_t) "0",
                         key,
                         certificate,
                         NULL};

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&peer->process, arguments[0], &actions, NULL, arguments, environ) != 0)
        fail_msg("nghttpd could not be started: please install Debian's nghttp2-server");
    posix_spawn_file_actions_destroy(&actions);
    peer->url = memory_format("https://localhost:%u", port_of(peer->process));
    free(key);
    free(certificate);
}

static void peer_kill(struct peer *peer)
{
    if (peer->process > 0) {
        kill(peer->process, SIGKILL);
        waitpid(peer->process, NULL, 0);
    }
    peer->process = 0;
}

static void peer_stop(struct peer *peer)
{
    static const char *const names[] = {"key.pem", "certificate.pem", "rows"};

    peer_kill(peer);
    for (size_t i = 0; i < 3; i++) {
        char *path = memory_format("%s/%s", peer->folder, names[i]);

        unlink(path);
        free(path);
    }
    assert_int_equal(rmdir(peer->folder), 0);
    sim_certificates_free(&peer->certificates);
    free(peer->url);
}

static struct network *network_2(const char *base, const char *ca_file)
{
    struct network *network = network_new(base, ca_file);

    network->appserver.http_version = HTTP_2;
    return network;
}

static void assert_good(const struct seen *seen, bool new_connection)
{
    assert_string_equal(seen->answer.detail, "");
    assert_int_equal(seen->answer.failure, REASON_NONE);
    assert_int_equal(seen->answer.status, 200);
    assert_int_equal(seen->rows, 2);
    assert_int_equal(seen->answer.new_connection, new_connection);
    assert_int_equal(seen->answer.phases.tls_ns >= 0, new_connection);
    assert_true(seen->answer.phases.processing_ns >= 0);
}

static void requests_go_over_one_connection(void **state)
{
    struct peer peer;

    (void)state;
    peer_start(&peer);
    struct network *network = network_2(peer.url, peer.certificates.ca_file);
    const struct seen *seen = network_ask(network, "/rows");

    assert_good(seen, true);
    assert_true(seen->answer.date_epoch != 0);
    assert_true(seen->answer.certificate_expiry_epoch == peer.certificates.not_after);
    assert_good(network_ask(network, "/rows"), false);
    seen = network_ask(network, "/nothing");
    assert_int_equal(seen->answer.failure, REASON_NONE);
    assert_int_equal(seen->answer.status, 404);
    assert_true(seen->answer.text_size > 0);
    network->request.method = HTTP_POST;
    network->request.body = (char *)(uintptr_t) "{}";
    network->request.body_size = 2;
    network->request.content_type = "application/json";
    assert_good(network_ask(network, "/rows"), false);
    network->request.method = HTTP_HEAD;
    network->request.body = NULL;
    seen = network_ask(network, "/rows");
    assert_int_equal(seen->answer.status, 200);
    network_free(network);
    peer_stop(&peer);
}

/* One stream at a time: what runs beside it opens a connection of its own, and both are kept. */
static void each_connection_carries_one_request_at_a_time(void **state)
{
    struct peer peer;

    (void)state;
    peer_start(&peer);
    struct network *network = network_2(peer.url, peer.certificates.ca_file);

    for (int round = 0; round < 2; round++) {
        uint64_t first = network_start(network, "/rows", NULL),
                 second = network_start(network, "/rows", NULL);

        assert_good(network_await(network, first), round == 0);
        assert_good(network_await(network, second), round == 0);
    }
    network_free(network);
    peer_stop(&peer);
}

static void server_that_is_gone_is_told(void **state)
{
    struct peer peer;

    (void)state;
    peer_start(&peer);
    struct network *network = network_2(peer.url, peer.certificates.ca_file);

    assert_good(network_ask(network, "/rows"), true);
    peer_kill(&peer);
    const struct seen *seen = network_ask(network, "/rows");

    assert_int_equal(seen->answer.failure, REASON_CONNECT);
    assert_int_equal(seen->answer.status, 0);
    network_free(network);
    peer_stop(&peer);
}

/* It speaks HTTP/2 alone: what did not ask for that gets nothing, and says so. */
static void version_is_asked_for_only_as_configured(void **state)
{
    struct peer peer;

    (void)state;
    peer_start(&peer);
    for (int i = 0; i < 2; i++) {
        struct network *network = network_2(peer.url, peer.certificates.ca_file);

        if (i == 0)
            network->appserver.http_version = HTTP_1_1;
        else
            network->outside = true;
        assert_true(network_ask(network, "/rows")->answer.failure != REASON_NONE);
        network_free(network);
    }
    peer_stop(&peer);
}

static void older_servers_are_asked_by_http_1(void **state)
{
    static const enum simulator_certificate certificates[] = {SIMULATOR_TLS_VALID, SIMULATOR_PLAIN_HTTP};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rude_player *player = rude_player_start(
            &(struct rude_script){.name = "good"}, 1, &(struct rude_options){.certificate = certificates[i]});
        struct network *network = network_2(rude_player_url(player), rude_player_ca_file(player));

        assert_int_equal(network_ask(network, "/a")->rows, 2);
        assert_int_equal(network_ask(network, "/b")->rows, 2);
        char *request = rude_player_request(player, 0);

        assert_non_null(strstr(request, " HTTP/1.1\r\n"));
        assert_null(strcasestr(request, "upgrade"));
        assert_int_equal(rude_player_connections(player), 1);
        free(request);
        network_free(network);
        rude_player_stop(player);
    }
}

ALL_TESTS(cmocka_unit_test(requests_go_over_one_connection),
          cmocka_unit_test(each_connection_carries_one_request_at_a_time),
          cmocka_unit_test(server_that_is_gone_is_told),
          cmocka_unit_test(version_is_asked_for_only_as_configured),
          cmocka_unit_test(older_servers_are_asked_by_http_1));
