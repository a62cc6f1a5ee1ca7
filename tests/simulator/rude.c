#include "simulator/rude_player.h"
#include "simulator/rude_scripts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void connection_start(struct rude_player *player, int descriptor)
{
    int on = 1;
    struct rude_connection *connection = sim_allocate(sizeof *connection);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->player = player;
    connection->descriptor = descriptor;
    pthread_mutex_lock(&player->lock);
    connection->number = ++player->connections_count;
    connection->next = player->connections;
    player->connections = connection;
    if (pthread_create(&connection->thread, NULL, rude_connection_run, connection) != 0)
        sim_die("no thread");
    pthread_cond_broadcast(&player->changed);
    pthread_mutex_unlock(&player->lock);
}

static void *player_run(void *context)
{
    struct rude_player *player = context;
    for (;;) {
        int descriptor = accept4(player->listener, NULL, NULL, SOCK_CLOEXEC);
        if (descriptor >= 0)
            connection_start(player, descriptor);
        else if (errno == EMFILE) /* a test may take the descriptors of the whole process away for a moment */
            poll(NULL, 0, 10);
        else if (errno != EINTR && errno != ECONNABORTED)
            return NULL;
    }
}

/* ---- start and stop --------------------------------------------------------------------------------------------- */

static void listener_open(struct rude_player *player, bool full)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int on = 1; /* so that a server can be started in its place */
    player->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (player->listener < 0 || setsockopt(player->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(player->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(player->listener, full ? 0 : 1024) != 0 ||
        getsockname(player->listener, (struct sockaddr *)&address, &size) != 0)
        sim_die("the rude player cannot listen: %s", strerror(errno));
    player->port = ntohs(address.sin_port);
    for (size_t i = 0; i < RUDE_FILLERS; i++) {
        player->fillers[i] = full ? socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
        if (full && connect(player->fillers[i], (struct sockaddr *)&address, size) != 0 &&
            errno != EINPROGRESS)
            sim_die("the backlog was not filled: %s", strerror(errno));
    }
}

static void tls_open(struct rude_player *player, const struct rude_options *options)
{
    sim_certificates_make(&player->certificates, options->certificate, 0, NULL);
    BIO *certificate_text = BIO_new_mem_buf(player->certificates.certificate, -1);
    BIO *key_text = BIO_new_mem_buf(player->certificates.key, -1);
    X509 *certificate = PEM_read_bio_X509(certificate_text, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(key_text, NULL, NULL, NULL);
    player->context = SSL_CTX_new(TLS_server_method());
    if (!player->context || SSL_CTX_use_certificate(player->context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(player->context, key) != 1)
        sim_die("the rude player has no TLS");
    if (options->clients_file) {
        if (SSL_CTX_load_verify_locations(player->context, options->clients_file, NULL) != 1)
            sim_die("%s holds no certificates", options->clients_file);
        SSL_CTX_set_verify(player->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    BIO_free(certificate_text);
    BIO_free(key_text);
}

struct rude_player *rude_player_start(const struct rude_script *scripts, size_t count,
                                      const struct rude_options *options)
{
    static const struct rude_options none;
    if (!options)
        options = &none;
    struct rude_player *player = sim_allocate(sizeof *player);
    pthread_condattr_t attributes;
    for (size_t i = 0; i < count; i++) {
        if (!scripts[i].steps && !rude_script_find(scripts[i].name))
            sim_die("no script is called %s", scripts[i].name);
    }
    player->scripts = scripts;
    player->scripts_count = count;
    pthread_mutex_init(&player->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&player->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (options->certificate != SIMULATOR_PLAIN_HTTP)
        tls_open(player, options);
    listener_open(player, options->full_backlog);
    struct sim_text url = {0};
    sim_text_printf(&url, "%s:%u/KineticLive", player->context ? "https://localhost" : "http://127.0.0.1",
                    player->port);
    player->url = url.data;
    player->accepts = !options->full_backlog;
    if (player->accepts && pthread_create(&player->thread, NULL, player_run, player) != 0)
        sim_die("no thread");
    return player;
}

static void connections_end(struct rude_player *player)
{
    pthread_mutex_lock(&player->lock);
    player->stopping = true;
    for (struct rude_connection *c = player->connections; c; c = c->next) {
        if (c->descriptor >= 0)
            shutdown(c->descriptor, SHUT_RDWR);
    }
    pthread_cond_broadcast(&player->changed);
    pthread_mutex_unlock(&player->lock);
    for (struct rude_connection *c = player->connections, *next; c; c = next) {
        next = c->next;
        pthread_join(c->thread, NULL);
        free(c);
    }
}

void rude_player_stop(struct rude_player *player)
{
    if (!player)
        return;
    shutdown(player->listener, SHUT_RDWR); /* wakes accept() */
    if (player->accepts)
        pthread_join(player->thread, NULL);
    connections_end(player);
    close(player->listener);
    for (size_t i = 0; i < RUDE_FILLERS; i++) {
        if (player->fillers[i] >= 0)
            close(player->fillers[i]);
    }
    for (size_t i = 0; i < RUDE_REQUESTS_KEPT; i++)
        free(player->requests[i]);
    SSL_CTX_free(player->context);
    sim_certificates_free(&player->certificates);
    pthread_cond_destroy(&player->changed);
    pthread_mutex_destroy(&player->lock);
    free(player->url);
    free(player);
}

uint16_t rude_player_port(const struct rude_player *player)
{
    return player->port;
}

const char *rude_player_url(const struct rude_player *player)
{
    return player->url;
}

const char *rude_player_ca_file(const struct rude_player *player)
{
    return player->certificates.ca_file;
}

/* ---- what came -------------------------------------------------------------------------------------------------- */

unsigned rude_player_connections(struct rude_player *player)
{
    pthread_mutex_lock(&player->lock);
    unsigned count = player->connections_count;
    pthread_mutex_unlock(&player->lock);
    return count;
}

unsigned rude_player_requests(struct rude_player *player, unsigned connection)
{
    pthread_mutex_lock(&player->lock);
    unsigned count = connection ? 0 : player->requests_count;
    for (const struct rude_connection *c = player->connections; c; c = c->next) {
        if (c->number == connection)
            count = c->requests;
    }
    pthread_mutex_unlock(&player->lock);
    return count;
}

char *rude_player_request(struct rude_player *player, size_t i)
{
    pthread_mutex_lock(&player->lock);
    char *text = i < RUDE_REQUESTS_KEPT ? sim_duplicate(player->requests[i]) : NULL;
    pthread_mutex_unlock(&player->lock);
    return text;
}

static bool wait_for(struct rude_player *player, const unsigned *counter, unsigned count, unsigned timeout_ms)
{
    int64_t until = sim_now_ns() + (int64_t)timeout_ms * 1000000;
    struct timespec deadline = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    int late = 0;
    pthread_mutex_lock(&player->lock);
    while (*counter < count && !late)
        late = pthread_cond_timedwait(&player->changed, &player->lock, &deadline);
    bool reached = *counter >= count;
    pthread_mutex_unlock(&player->lock);
    return reached;
}

bool rude_player_wait_requests(struct rude_player *player, unsigned count, unsigned timeout_ms)
{
    return wait_for(player, &player->requests_count, count, timeout_ms);
}

bool rude_player_wait_connections(struct rude_player *player, unsigned count, unsigned timeout_ms)
{
    return wait_for(player, &player->connections_count, count, timeout_ms);
}
