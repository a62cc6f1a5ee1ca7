#include "simulator/rude.h"
#include "simulator/certificates.h"
#include "simulator/rude_scripts.h"
#include "simulator/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_KEPT  (64 * 1024)
#define REQUESTS_KEPT 1024
#define FILLERS       8
#define FAREWELL_MS   2000 /* how long a closed connection is drained, so that FIN does not become RST */

struct connection {
    struct rude_player *player;
    pthread_t thread;
    unsigned number;   /* from 1 */
    unsigned requests; /* complete ones */
    int descriptor;    /* -1 when closed; under the lock */
    SSL *tls;
    struct sim_text input;
    bool awaited_early; /* a request was read to choose the script */
    struct connection *next;
};

struct rude_player {
    const struct rude_script *scripts;
    size_t scripts_count;
    int listener;
    int fillers[FILLERS];
    uint16_t port;
    char *url;
    struct sim_certificates certificates;
    SSL_CTX *context;
    bool accepts;
    pthread_t thread;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    bool stopping;
    struct connection *connections;
    unsigned connections_count, requests_count;
    char *requests[REQUESTS_KEPT];
};

/* ---- bytes in and out ------------------------------------------------------------------------------------------- */

static bool tls_begin(struct connection *connection)
{
    if (!connection->player->context || connection->tls)
        return true;
    connection->tls = SSL_new(connection->player->context);
    SSL_set_fd(connection->tls, connection->descriptor);
    return SSL_accept(connection->tls) == 1;
}

static bool bytes_send(struct connection *connection, const char *bytes, size_t size)
{
    if (!tls_begin(connection))
        return false;
    while (size) {
        ssize_t sent;
        if (connection->tls)
            sent = SSL_write(connection->tls, bytes, size > 16384 ? 16384 : (int)size);
        else
            sent = send(connection->descriptor, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Appends what comes to the input; false when nothing more will. */
static bool bytes_receive(struct connection *connection)
{
    char buffer[16384];
    if (!tls_begin(connection))
        return false;
    ssize_t size = connection->tls ? SSL_read(connection->tls, buffer, sizeof buffer)
                                   : recv(connection->descriptor, buffer, sizeof buffer, 0);
    if (size <= 0)
        return false;
    sim_text_add(&connection->input, buffer, (size_t)size);
    return true;
}

/* Length of the complete request at the beginning of the input; 0 while it is not complete. */
static size_t request_length(const struct sim_text *input)
{
    const char *end = input->size ? strstr(input->data, "\r\n\r\n") : NULL;
    if (!end)
        return 0;
    size_t head = (size_t)(end - input->data) + 4, body = 0;
    for (const char *line = input->data; line < end; line = strstr(line, "\r\n") + 2) {
        if (strncasecmp(line, "Content-Length:", 15) == 0)
            body = strtoul(line + 15, NULL, 10);
    }
    return input->size >= head + body ? head + body : 0;
}

/* Waits for a complete request, counts it and keeps its text. It stays at the beginning of the input. */
static bool request_receive(struct connection *connection)
{
    struct rude_player *player = connection->player;
    size_t size;
    while (!(size = request_length(&connection->input))) {
        if (!bytes_receive(connection))
            return false;
    }
    pthread_mutex_lock(&player->lock);
    connection->requests++;
    if (player->requests_count < REQUESTS_KEPT)
        player->requests[player->requests_count] = sim_duplicate_n(connection->input.data,
                                                                   size < REQUEST_KEPT ? size : REQUEST_KEPT);
    player->requests_count++;
    pthread_cond_broadcast(&player->changed);
    pthread_mutex_unlock(&player->lock);
    return true;
}

static bool request_await(struct connection *connection)
{
    if (!connection->awaited_early && !request_receive(connection))
        return false;
    connection->awaited_early = false;
    struct sim_text *input = &connection->input;
    size_t size = request_length(input);
    memmove(input->data, input->data + size, input->size - size + 1);
    input->size -= size;
    return true;
}

/* ---- steps ------------------------------------------------------------------------------------------------------ */

/* False when the player stops. */
static bool step_sleep(struct rude_player *player, unsigned milliseconds)
{
    int64_t until = sim_now_ns() + (int64_t)milliseconds * 1000000;
    struct timespec deadline = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    pthread_mutex_lock(&player->lock);
    while (!player->stopping && sim_now_ns() < until)
        pthread_cond_timedwait(&player->changed, &player->lock, &deadline);
    bool running = !player->stopping;
    pthread_mutex_unlock(&player->lock);
    return running;
}

static bool step_repeat(struct connection *connection, const struct rude_step *step)
{
    /* Blocks of at least 64 KiB, so that gigabytes do not cost a system call each few bytes. */
    struct sim_text block = {0};
    bool good = true;
    while (block.size < 65536)
        sim_text_add(&block, step->bytes, step->size);
    for (uint64_t left = step->count; left && good;) {
        size_t size = left < block.size ? (size_t)left : block.size;
        good = bytes_send(connection, block.data, size);
        left -= size;
    }
    sim_text_free(&block);
    return good;
}

static bool step_drip(struct connection *connection, const struct rude_step *step)
{
    for (size_t i = 0; i < step->size; i++) {
        if (!bytes_send(connection, (const char *)step->bytes + i, 1) ||
            !step_sleep(connection->player, step->milliseconds))
            return false;
    }
    return true;
}

/* Reads and forgets until the client closes; from a TLS connection the raw bytes will do. */
static void step_silence(struct connection *connection)
{
    char buffer[16384];
    while (recv(connection->descriptor, buffer, sizeof buffer, 0) > 0)
        continue;
}

/* FIN; what still comes is read for a while, because unread bytes would turn it into RST. */
static void connection_finish(struct connection *connection)
{
    struct pollfd waited = {.fd = connection->descriptor, .events = POLLIN};
    char buffer[16384];
    int64_t until = sim_now_ns() + (int64_t)FAREWELL_MS * 1000000;
    shutdown(connection->descriptor, SHUT_WR);
    while (sim_now_ns() < until && poll(&waited, 1, FAREWELL_MS) == 1 &&
           recv(connection->descriptor, buffer, sizeof buffer, 0) > 0)
        continue;
}

static void connection_reset(struct connection *connection)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(connection->descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static void steps_play(struct connection *connection, const struct rude_step *steps)
{
    bool good = true;
    for (const struct rude_step *step = steps; good; step++) {
        switch (step->act) {
        case RUDE_END:
            if (connection->tls)
                SSL_shutdown(connection->tls);
            connection_finish(connection);
            return;
        case RUDE_SEND:
            good = bytes_send(connection, step->bytes, step->size);
            break;
        case RUDE_REPEAT:
            good = step_repeat(connection, step);
            break;
        case RUDE_DRIP:
            good = step_drip(connection, step);
            break;
        case RUDE_AWAIT:
            good = request_await(connection);
            break;
        case RUDE_WAIT:
            good = step_sleep(connection->player, step->milliseconds);
            break;
        case RUDE_SILENCE:
            step_silence(connection);
            return;
        case RUDE_CUT:
            connection_finish(connection);
            return;
        case RUDE_RESET:
            connection_reset(connection);
            return;
        case RUDE_AGAIN:
            step = steps - 1;
            break;
        }
    }
}

/* ---- connections ------------------------------------------------------------------------------------------------ */

static bool line_contains(const struct connection *connection, const char *path)
{
    char *line = sim_duplicate_n(connection->input.data, strcspn(connection->input.data, "\r\n"));
    bool found = strstr(line, path) != NULL;
    free(line);
    return found;
}

static const struct rude_step *script_choose(struct connection *connection)
{
    struct rude_player *player = connection->player;
    for (size_t i = 0; i < player->scripts_count; i++) {
        const struct rude_script *script = &player->scripts[i];
        if ((script->connection && script->connection != connection->number) ||
            connection->number < script->from)
            continue;
        if (script->path) {
            if (!connection->awaited_early && !request_receive(connection))
                return NULL;
            connection->awaited_early = true;
            if (!line_contains(connection, script->path))
                continue;
        }
        return script->steps ? script->steps : rude_script_find(script->name);
    }
    return NULL;
}

static void *connection_run(void *context)
{
    struct connection *connection = context;
    struct rude_player *player = connection->player;
    sigset_t pipe; /* TLS writes with write() */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    const struct rude_step *steps = script_choose(connection);
    if (steps)
        steps_play(connection, steps);
    pthread_mutex_lock(&player->lock);
    int descriptor = connection->descriptor;
    connection->descriptor = -1;
    pthread_mutex_unlock(&player->lock);
    SSL_free(connection->tls);
    close(descriptor);
    sim_text_free(&connection->input);
    ERR_clear_error();
    return NULL;
}

static void connection_start(struct rude_player *player, int descriptor)
{
    int on = 1;
    struct connection *connection = sim_allocate(sizeof *connection);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->player = player;
    connection->descriptor = descriptor;
    pthread_mutex_lock(&player->lock);
    connection->number = ++player->connections_count;
    connection->next = player->connections;
    player->connections = connection;
    if (pthread_create(&connection->thread, NULL, connection_run, connection) != 0)
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
        else if (errno != EINTR && errno != ECONNABORTED)
            return NULL;
    }
}

/* ---- start and stop --------------------------------------------------------------------------------------------- */

static void listener_open(struct rude_player *player, bool full)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    player->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (player->listener < 0 || bind(player->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(player->listener, full ? 0 : 1024) != 0 ||
        getsockname(player->listener, (struct sockaddr *)&address, &size) != 0)
        sim_die("the rude player cannot listen: %s", strerror(errno));
    player->port = ntohs(address.sin_port);
    for (size_t i = 0; i < FILLERS; i++) {
        player->fillers[i] = full ? socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
        if (full && connect(player->fillers[i], (struct sockaddr *)&address, size) != 0 &&
            errno != EINPROGRESS)
            sim_die("the backlog was not filled: %s", strerror(errno));
    }
}

static void tls_open(struct rude_player *player, enum simulator_certificate kind)
{
    sim_certificates_make(&player->certificates, kind, 0);
    BIO *certificate_text = BIO_new_mem_buf(player->certificates.certificate, -1);
    BIO *key_text = BIO_new_mem_buf(player->certificates.key, -1);
    X509 *certificate = PEM_read_bio_X509(certificate_text, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(key_text, NULL, NULL, NULL);
    player->context = SSL_CTX_new(TLS_server_method());
    if (!player->context || SSL_CTX_use_certificate(player->context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(player->context, key) != 1)
        sim_die("the rude player has no TLS");
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
        tls_open(player, options->certificate);
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
    for (struct connection *c = player->connections; c; c = c->next) {
        if (c->descriptor >= 0)
            shutdown(c->descriptor, SHUT_RDWR);
    }
    pthread_cond_broadcast(&player->changed);
    pthread_mutex_unlock(&player->lock);
    for (struct connection *c = player->connections, *next; c; c = next) {
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
    for (size_t i = 0; i < FILLERS; i++) {
        if (player->fillers[i] >= 0)
            close(player->fillers[i]);
    }
    for (size_t i = 0; i < REQUESTS_KEPT; i++)
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
    for (const struct connection *c = player->connections; c; c = c->next) {
        if (c->number == connection)
            count = c->requests;
    }
    pthread_mutex_unlock(&player->lock);
    return count;
}

char *rude_player_request(struct rude_player *player, size_t i)
{
    pthread_mutex_lock(&player->lock);
    char *text = i < REQUESTS_KEPT ? sim_duplicate(player->requests[i]) : NULL;
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
