/* Orders through a proxy: a tiny one, for CONNECT (RFC 9110 section 9.3.6) and SOCKS 5 (RFC 1928). */
#include "main.h"

#include "integration/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "simulator/rude.h"

/* ---- the proxy ---- */

enum manner { TUNNELS, REFUSES, REFUSES_USER, CLOSES, HANGS, ANSWERS_GARBAGE };

struct proxy {
    enum manner manner;
    uint16_t target; /* of every tunnel, on the loopback address */
    int listener;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock; /* all below */
    unsigned connections;
    char heads[8][2048]; /* what came before the tunnel */
};

static void pass(int from, int to)
{
    struct pollfd ends[2] = {{.fd = from, .events = POLLIN}, {.fd = to, .events = POLLIN}};
    char bytes[16384];

    while (poll(ends, 2, 20000) > 0) {
        for (int i = 0; i < 2; i++) {
            if (ends[i].revents == 0)
                continue;
            ssize_t size = recv(ends[i].fd, bytes, sizeof bytes, 0);

            if (size <= 0 || send(ends[1 - i].fd, bytes, (size_t)size, MSG_NOSIGNAL) != size)
                return;
        }
    }
}

static int loopback(uint16_t port, struct sockaddr_in *address)
{
    *address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void tunnel(const struct proxy *proxy, int client, const void *good, size_t size)
{
    struct sockaddr_in address;
    int server = loopback(proxy->target, &address);

    if (connect(server, (struct sockaddr *)&address, sizeof address) == 0 &&
        send(client, good, size, MSG_NOSIGNAL) == (ssize_t)size)
        pass(client, server);
    close(server);
}

/* The greeting is read; what follows is the request, whose name is kept as the head. */
static void serve_socks(struct proxy *proxy, int client, char *head, size_t capacity)
{
    unsigned char bytes[512];

    if (proxy->manner == REFUSES_USER) { /* RFC 1929 */
        if (send(client, "\5\2", 2, MSG_NOSIGNAL) == 2 && recv(client, bytes, sizeof bytes, 0) > 0)
            send(client, "\1\1", 2, MSG_NOSIGNAL);
        return;
    }
    if (send(client, "\5\0", 2, MSG_NOSIGNAL) != 2 || recv(client, bytes, sizeof bytes, 0) < 7)
        return;
    pthread_mutex_lock(&proxy->lock);
    snprintf(head, capacity, "socks %d %.*s", bytes[3], bytes[3] == 3 ? bytes[4] : 0, (char *)bytes + 5);
    pthread_mutex_unlock(&proxy->lock);
    if (proxy->manner == REFUSES)
        send(client, "\5\2\0\1\0\0\0\0\0\0", 10, MSG_NOSIGNAL);
    else
        tunnel(proxy, client, "\5\0\0\1\0\0\0\0\0\0", 10);
}

static void serve(struct proxy *proxy, int client)
{
    static const char good[] = "HTTP/1.1 200 Connection established\r\n\r\n",
                      refused[] = "HTTP/1.1 407 Proxy Authentication Required\r\n"
                                  "Proxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 4\r\n\r\nnope",
                      garbage[] = "SSH-2.0-OpenSSH_9.2\r\n\r\n";
    char text[2048] = "", drain[4096];
    size_t size = 0;
    ssize_t got;

    while (size + 1 < sizeof text && strstr(text, "\r\n\r\n") == NULL && text[0] != 5 &&
           (got = recv(client, text + size, sizeof text - 1 - size, 0)) > 0) {
        size += (size_t)got;
        text[size] = '\0';
    }
    pthread_mutex_lock(&proxy->lock);
    char *head = proxy->heads[proxy->connections++ % 8];

    memcpy(head, text, sizeof text);
    pthread_mutex_unlock(&proxy->lock);
    if (text[0] == 5)
        serve_socks(proxy, client, head, sizeof text);
    else if (proxy->manner == TUNNELS)
        tunnel(proxy, client, good, strlen(good));
    else if (proxy->manner == REFUSES || proxy->manner == REFUSES_USER)
        send(client, refused, strlen(refused), MSG_NOSIGNAL);
    else if (proxy->manner == ANSWERS_GARBAGE)
        send(client, garbage, strlen(garbage), MSG_NOSIGNAL);
    shutdown(client, proxy->manner == HANGS ? SHUT_RD : SHUT_WR);
    while (proxy->manner != HANGS && recv(client, drain, sizeof drain, 0) > 0)
        continue;
    if (proxy->manner == HANGS)
        poll(NULL, 0, 1000);
}

struct guest {
    struct proxy *proxy;
    int descriptor;
};

static void *guest_run(void *context)
{
    struct guest guest = *(struct guest *)context;

    free(context);
    serve(guest.proxy, guest.descriptor);
    close(guest.descriptor);
    return NULL;
}

/* Ends when the listener is shut down; its guests end with their clients. */
static void *proxy_run(void *context)
{
    struct proxy *proxy = context;
    pthread_t guests[32];
    size_t count = 0;
    int client;

    while (count < 32 && (client = accept(proxy->listener, NULL, NULL)) >= 0) {
        struct guest *guest = memory_new(1, sizeof *guest);

        *guest = (struct guest){.proxy = proxy, .descriptor = client};
        assert_int_equal(pthread_create(&guests[count++], NULL, guest_run, guest), 0);
    }
    while (count > 0)
        pthread_join(guests[--count], NULL);
    return NULL;
}

static struct proxy *proxy_start(enum manner manner, uint16_t target)
{
    struct proxy *proxy = memory_new(1, sizeof *proxy);
    struct sockaddr_in address;
    socklen_t size = sizeof address;

    *proxy = (struct proxy){.manner = manner, .target = target};
    pthread_mutex_init(&proxy->lock, NULL);
    proxy->listener = loopback(0, &address);
    assert_int_equal(bind(proxy->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(proxy->listener, 16), 0);
    assert_int_equal(getsockname(proxy->listener, (struct sockaddr *)&address, &size), 0);
    proxy->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&proxy->thread, NULL, proxy_run, proxy), 0);
    return proxy;
}

/* After the clients' connections are closed. */
static void proxy_stop(struct proxy *proxy)
{
    shutdown(proxy->listener, SHUT_RDWR);
    pthread_join(proxy->thread, NULL);
    close(proxy->listener);
    pthread_mutex_destroy(&proxy->lock);
    free(proxy);
}

static unsigned proxy_connections(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    unsigned count = proxy->connections;

    pthread_mutex_unlock(&proxy->lock);
    return count;
}

static char *proxy_head(struct proxy *proxy, unsigned i)
{
    pthread_mutex_lock(&proxy->lock);
    char *head = memory_copy_text(proxy->heads[i]);

    pthread_mutex_unlock(&proxy->lock);
    return head;
}

/* ---- the scene ---- */

#define PROXY_PASSWORD "pr0xySecret"

static const char *const variables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

struct scene {
    struct rude_player *player;
    struct proxy *proxy;
    struct network *network;
    char *url; /* of the proxy */
};

static struct scene scene_open(enum manner manner, const char *proxy_format,
                               enum simulator_certificate certificate)
{
    static const struct rude_script script = {.name = "good"};
    struct scene scene;

    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    scene.player = rude_player_start(&script, 1, &(struct rude_options){.certificate = certificate});
    scene.proxy = proxy_start(manner, rude_player_port(scene.player));
    scene.network = network_new(rude_player_url(scene.player), rude_player_ca_file(scene.player));
    scene.url = memory_format("%s:%u", proxy_format, scene.proxy->port);
    scene.network->proxy = scene.url;
    return scene;
}

static void scene_close(struct scene *scene)
{
    network_free(scene->network);
    proxy_stop(scene->proxy);
    rude_player_stop(scene->player);
    free(scene->url);
}

static void assert_good(const struct seen *seen, bool new_connection)
{
    assert_string_equal(seen->answer.detail, "");
    assert_int_equal(seen->answer.failure, REASON_NONE);
    assert_int_equal(seen->answer.status, 200);
    assert_int_equal(seen->rows, 2);
    assert_int_equal(seen->answer.new_connection, new_connection);
    assert_int_equal(seen->answer.phases.connect_ns >= 0, new_connection);
    assert_true(seen->answer.phases.processing_ns >= 0);
}

/* ---- the tests ---- */

static void tunnel_hides_the_request(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++) {
        struct scene scene = scene_open(TUNNELS, "http://me:" PROXY_PASSWORD "@127.0.0.1",
                                        tls ? SIMULATOR_TLS_VALID : SIMULATOR_PLAIN_HTTP);
        uint64_t ticket = network_start(scene.network, "/a?api-key=hidden", "secretheader");
        const struct seen *seen = network_await(scene.network, ticket);

        assert_good(seen, true);
        assert_int_equal(seen->answer.phases.tls_ns >= 0, tls);
        assert_int_equal(seen->answer.certificate_expiry_epoch != 0, tls);
        assert_good(network_ask(scene.network, "/b"), false);
        assert_int_equal(proxy_connections(scene.proxy), 1);
        char *head = proxy_head(scene.proxy, 0);

        assert_non_null(strstr(head, "CONNECT "));
        /* me:pr0xySecret, for the proxy and nobody else */
        assert_non_null(strstr(head, "Proxy-Authorization: Basic bWU6cHIweHlTZWNyZXQ="));
        assert_null(strstr(head, "hidden"));
        assert_null(strstr(head, "secretheader"));
        assert_null(strcasestr(head, "x-test"));
        free(head);
        char *request = rude_player_request(scene.player, 0);

        assert_non_null(strstr(request, "X-Test: secretheader"));
        assert_null(strstr(request, "Proxy-"));
        free(request);
        /* Another proxy, and none: another connection. */
        struct proxy *other = proxy_start(TUNNELS, rude_player_port(scene.player));
        char *url = memory_format("http://127.0.0.1:%u", other->port);

        scene.network->proxy = url;
        assert_good(network_ask(scene.network, "/c"), true);
        scene.network->proxy = NULL;
        assert_good(network_ask(scene.network, "/d"), true);
        assert_int_equal(proxy_connections(scene.proxy), 1);
        assert_int_equal(proxy_connections(other), 1);
        scene_close(&scene);
        proxy_stop(other);
        free(url);
    }
}

static void socks_proxy_resolves_the_name(void **state)
{
    struct scene scene = scene_open(TUNNELS, "socks5h://127.0.0.1", SIMULATOR_TLS_VALID);

    (void)state;
    assert_good(network_ask(scene.network, "/a"), true);
    assert_good(network_ask(scene.network, "/b"), false);
    char *head = proxy_head(scene.proxy, 0);

    assert_string_equal(head, "socks 3 localhost");
    free(head);
    scene_close(&scene);
}

static void name_of_the_server_goes_with_a_proxy(void **state)
{
    struct scene scene = scene_open(TUNNELS, "127.0.0.1", SIMULATOR_TLS_WRONG_NAME);

    (void)state;
    scene.network->appserver.tls_server_name = (char *)(uintptr_t) "wrong.example.test";
    assert_good(network_ask(scene.network, "/a"), true);
    char *head = proxy_head(scene.proxy, 0),
         *line = memory_format("CONNECT localhost:%u ", rude_player_port(scene.player));

    assert_non_null(strstr(head, line));
    free(head);
    free(line);
    scene_close(&scene);
}

static void failures_at_the_proxy_are_told(void **state)
{
    static const struct {
        enum manner manner;
        const char *proxy; /* the port is put behind; NULL: as "url" is */
        const char *url;
        enum reason reason;
        const char *detail;
    } rows[] = {
        {REFUSES, "http://me:" PROXY_PASSWORD "@127.0.0.1", NULL, REASON_CONNECT,
         "the proxy made no connection, since it wants another login to itself (proxy_file): it answered "
         "with "
         "status 407"},
        {REFUSES, "http://127.0.0.1", NULL, REASON_CONNECT, "wants another login to itself"},
        {REFUSES_USER, "socks5h://me:" PROXY_PASSWORD "@127.0.0.1", NULL, REASON_CONNECT,
         "wants another login to itself"},
        {CLOSES, "http://me:" PROXY_PASSWORD "@127.0.0.1", NULL, REASON_CONNECT,
         "the proxy closed the connection"},
        {HANGS, "http://me:" PROXY_PASSWORD "@127.0.0.1", NULL, REASON_CONNECT,
         "no connection through the proxy within 300ms"},
        {ANSWERS_GARBAGE, "http://me:" PROXY_PASSWORD "@127.0.0.1", NULL, REASON_CONNECT, "proxy"},
        {REFUSES, "socks5h://me:" PROXY_PASSWORD "@127.0.0.1", NULL, REASON_CONNECT,
         "the proxy made no connection: "},
        {HANGS, NULL, "http://me:" PROXY_PASSWORD "@127.0.0.1:1", REASON_CONNECT,
         "no connection to the proxy could be made: Connection refused"},
        {HANGS, NULL, "http://me:" PROXY_PASSWORD "@proxy.invalid:1", REASON_RESOLVE,
         "the proxy's name could not be resolved"},
        {HANGS, NULL, "http://me:" PROXY_PASSWORD "@[bad:1", REASON_RESOLVE,
         "the proxy's name could not be resolved"},
        {HANGS, NULL, "http://me:" PROXY_PASSWORD "@127.0.0.1:99999", REASON_RESOLVE,
         "the proxy's name could not be resolved"},
        {HANGS, NULL, "https://me:" PROXY_PASSWORD "@127.0.0.1:1", REASON_CONNECT,
         "the proxy's URL begins neither with"},
        {HANGS, NULL, "ftp://me:" PROXY_PASSWORD "@127.0.0.1:1", REASON_CONNECT,
         "the proxy's URL begins neither with"},
    };

    (void)state;
    for (int tls = 0; tls < 2; tls++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct scene scene = scene_open(rows[i].manner, rows[i].proxy == NULL ? "" : rows[i].proxy,
                                            tls ? SIMULATOR_TLS_VALID : SIMULATOR_PLAIN_HTTP);

            if (rows[i].url != NULL)
                scene.network->proxy = rows[i].url;
            if (rows[i].manner == HANGS && rows[i].proxy != NULL)
                scene.network->connect_timeout_ns = 300 * MILLISECOND_NS;
            const struct seen *seen = network_ask(scene.network, "/a");

            if (seen->answer.failure != rows[i].reason ||
                strstr(seen->answer.detail, rows[i].detail) == NULL ||
                strstr(seen->answer.detail, "proxy") == NULL ||
                strstr(seen->answer.detail, PROXY_PASSWORD) != NULL)
                fail_msg("row %zu, TLS %d: %d %s", i, tls, (int)seen->answer.failure, seen->answer.detail);
            assert_int_equal(seen->answer.status, 0);
            assert_int_equal(seen->answer.proxy_refused,
                             strstr(rows[i].detail, "wants another login") != NULL &&
                                 strchr(rows[i].proxy, '@') != NULL);
            assert_false(seen->answer.sent);
            assert_string_equal(seen->text, "");
            assert_int_equal(rude_player_connections(scene.player), 0);
            scene_close(&scene);
        }
}

/* Beyond the proxy all is told as without one. */
static void failures_beyond_the_proxy_stay_what_they_are(void **state)
{
    struct scene scene = scene_open(TUNNELS, "http://127.0.0.1", SIMULATOR_TLS_EXPIRED);

    (void)state;
    const struct seen *seen = network_ask(scene.network, "/a");

    assert_int_equal(seen->answer.failure, REASON_TLS);
    assert_string_equal(seen->answer.detail, "certificate has expired");
    scene_close(&scene);
}

static void environment_is_asked_only_when_configured(void **state)
{
    static const struct {
        const char *proxy, *variable, *exception;
        bool tls, through;
    } rows[] = {
        {NULL, "https_proxy", NULL, true, false},
        {"environment", "https_proxy", NULL, true, true},
        {"environment", "HTTPS_PROXY", NULL, true, true},
        {"environment", "all_proxy", NULL, true, true},
        {"environment", "http_proxy", NULL, true, false},
        {"environment", "http_proxy", NULL, false, true},
        {"environment", "https_proxy", "localhost", true, false},
        {"environment", "https_proxy", "example.com, .localhost", true, false},
        {"environment", "https_proxy", "example.com", true, true},
        {"environment", "http_proxy", "127.0.0.0/8", false, false},
        {"environment", NULL, NULL, true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene = scene_open(TUNNELS, "http://127.0.0.1",
                                        rows[i].tls ? SIMULATOR_TLS_VALID : SIMULATOR_PLAIN_HTTP);

        scene.network->proxy = rows[i].proxy;
        if (rows[i].variable != NULL)
            setenv(rows[i].variable, scene.url, 1);
        if (rows[i].exception != NULL)
            setenv("no_proxy", rows[i].exception, 1);
        assert_good(network_ask(scene.network, "/a"), true);
        if (proxy_connections(scene.proxy) != rows[i].through)
            fail_msg("row %zu", i);
        scene_close(&scene);
    }
    /* A configured proxy is used whatever the environment excepts. */
    struct scene scene = scene_open(TUNNELS, "http://127.0.0.1", SIMULATOR_TLS_VALID);

    setenv("no_proxy", "*", 1);
    assert_good(network_ask(scene.network, "/a"), true);
    assert_int_equal(proxy_connections(scene.proxy), 1);
    unsetenv("no_proxy");
    scene_close(&scene);
}

ALL_TESTS(cmocka_unit_test(tunnel_hides_the_request), cmocka_unit_test(socks_proxy_resolves_the_name),
          cmocka_unit_test(name_of_the_server_goes_with_a_proxy),
          cmocka_unit_test(failures_at_the_proxy_are_told),
          cmocka_unit_test(failures_beyond_the_proxy_stay_what_they_are),
          cmocka_unit_test(environment_is_asked_only_when_configured));
