/* A connection of the rude player: bytes, steps, the choice of the script. */
#include "simulator/rude_player.h"
#include "simulator/rude_scripts.h"

#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_KEPT ((size_t)64 * 1024)
#define FAREWELL_MS  2000 /* how long a closed connection is drained, so that FIN does not become RST */

/* ---- bytes in and out ------------------------------------------------------------------------------------------- */

/* FIN; what still comes is read for a while, because unread bytes would turn it into RST. */
static void connection_finish(struct rude_connection *connection)
{
    struct pollfd waited = {.fd = connection->descriptor, .events = POLLIN};
    char buffer[16384];
    int64_t until = sim_now_ns() + (int64_t)FAREWELL_MS * 1000000;
    shutdown(connection->descriptor, SHUT_WR);
    while (sim_now_ns() < until && poll(&waited, 1, FAREWELL_MS) == 1 &&
           recv(connection->descriptor, buffer, sizeof buffer, 0) > 0)
        continue;
}

static bool tls_begin(struct rude_connection *connection)
{
    if (!connection->player->context || connection->tls)
        return true;
    connection->tls = SSL_new(connection->player->context);
    SSL_set_fd(connection->tls, connection->descriptor);
    if (SSL_accept(connection->tls) == 1)
        return true;
    connection_finish(connection); /* the alert is to arrive */
    return false;
}

static bool bytes_send(struct rude_connection *connection, const char *bytes, size_t size)
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
static bool bytes_receive(struct rude_connection *connection)
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
static bool request_receive(struct rude_connection *connection)
{
    struct rude_player *player = connection->player;
    size_t size;
    while (!(size = request_length(&connection->input))) {
        if (!bytes_receive(connection))
            return false;
    }
    pthread_mutex_lock(&player->lock);
    connection->requests++;
    if (player->requests_count < RUDE_REQUESTS_KEPT)
        player->requests[player->requests_count] = sim_duplicate_n(connection->input.data,
                                                                   size < REQUEST_KEPT ? size : REQUEST_KEPT);
    player->requests_count++;
    pthread_cond_broadcast(&player->changed);
    pthread_mutex_unlock(&player->lock);
    return true;
}

static bool request_await(struct rude_connection *connection)
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

static bool step_repeat(struct rude_connection *connection, const struct rude_step *step)
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

static bool step_drip(struct rude_connection *connection, const struct rude_step *step)
{
    for (size_t i = 0; i < step->size; i++) {
        if (!bytes_send(connection, (const char *)step->bytes + i, 1) ||
            !step_sleep(connection->player, step->milliseconds))
            return false;
    }
    return true;
}

/* Reads and forgets until the client closes; from a TLS connection the raw bytes will do. */
static void step_silence(struct rude_connection *connection)
{
    char buffer[16384];
    while (recv(connection->descriptor, buffer, sizeof buffer, 0) > 0)
        continue;
}

static void connection_reset(struct rude_connection *connection)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(connection->descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static void steps_play(struct rude_connection *connection, const struct rude_step *steps)
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

static bool line_contains(const struct rude_connection *connection, const char *path)
{
    char *line = sim_duplicate_n(connection->input.data, strcspn(connection->input.data, "\r\n"));
    bool found = strstr(line, path) != NULL;
    free(line);
    return found;
}

static const struct rude_step *script_choose(struct rude_connection *connection)
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

void *rude_connection_run(void *context)
{
    struct rude_connection *connection = context;
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
