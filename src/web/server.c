#include "web/server.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "web/exchange.h"
#include "web/niceness.h"
#include "web/server_parts.h"

#define EVENTS_A_TURN 64
/* Jobs that wait for the worker; each belongs to a connection. */
#define WORKER_QUEUE 64
#define IDLE_LOOK_NS SECOND_NS

const struct web_options web_options_default = {
    .header_ns = 5 * SECOND_NS,
    .request_ns = 30 * SECOND_NS,
    .idle_ns = 2 * MINUTE_NS,
    .later_ns = 5 * MINUTE_NS,
    .drain_rate = 10000,
    .drain_ns = MINUTE_NS,
    .header_bytes = 16 << 10,
    .response_bytes = (uint64_t)256 << 20,
};

enum event_source { EVENT_STOP = ACCEPTOR_SOURCES, EVENT_LIBRARY, EVENT_LATER };

/* ---- connections -------------------------------------------------------------------------------------------------- */

static void on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct web_server *server = cls;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = server->arriving;
        exchange_begin(server, server->arriving, connection);
    } else {
        exchange_end(*socket_context);
        client_leave(&server->clients, *socket_context);
    }
}

static bool take(void *context, int descriptor, const struct sockaddr *address, socklen_t size,
                 struct moment now)
{
    struct web_server *server = context;
    struct in6_addr from = client_address(address);
    struct client *client = client_enter(&server->clients, descriptor, &from, now.boot_ns);
    int yes = 1;

    if (client == NULL)
        return false;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    server->arriving = client;
    /* The descriptor is libmicrohttpd's from here on, also when it fails. */
    if (MHD_add_connection(server->daemon, descriptor, address, size) != MHD_YES &&
        client->descriptor == descriptor)
        client_leave(&server->clients, client);
    server->arriving = NULL;
    return true;
}

/* Nothing is decoded: a path has one spelling. */
static size_t on_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static void on_library_log(void *cls, const char *format, va_list list) __attribute__((format(printf, 2, 0)));
static void on_library_log(void *cls, const char *format, va_list list)
{
    struct buffer text;

    (void)cls;
    buffer_init(&text, 1024);
    if (log_enabled(LOG_DEBUG) && buffer_format_list(&text, format, list))
        log_event(LOG_DEBUG, "libmicrohttpd says", LOG_TEXT("text", buffer_as_text(&text)));
    buffer_free(&text);
}

/* ---- the thread --------------------------------------------------------------------------------------------------- */

static void cut(struct client *client)
{
    /* What still lies in the kernel is not worth keeping for a client that does not read it. */
    setsockopt(client->descriptor, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    shutdown(client->descriptor, SHUT_RDWR); /* libmicrohttpd sees the end, and closes */
    client->cut = true;
}

/* Whether a byte has come on kept connections without a request: the kernel is asked once a second at most, and only after
   something has come at all. */
static void look_at_idle(struct web_server *server, int64_t now_ns)
{
    if (!server->idle_look_due || now_ns < server->idle_looked_ns + IDLE_LOOK_NS)
        return;
    for (size_t i = 0; i < server->clients.count; i++) {
        struct client *client = &server->clients.places[i];
        if (client->descriptor >= 0 && client->phase == CLIENT_IDLE)
            client_received(client, now_ns, exchange_bytes_received(client));
    }
    server->idle_look_due = false;
    server->idle_looked_ns = now_ns;
}

/* True: some were resumed, which libmicrohttpd takes up at its next turn, and does not wake up for. */
static bool look_at_clients(struct web_server *server, int64_t now_ns)
{
    bool resumed = false;

    look_at_idle(server, now_ns);
    for (size_t i = 0; i < server->clients.count; i++) {
        struct client *client = &server->clients.places[i];
        if (client->descriptor < 0)
            continue;
        if (now_ns < client_next_ns(client, &server->options) ||
            !client_is_late(client, &server->options, now_ns, exchange_bytes_arrived(client)))
            continue;
        if (client->phase == CLIENT_LATER) {
            exchange_resume(client, now_ns);
            resumed = true;
        } else {
            cut(client);
        }
    }
    return resumed;
}

static int wait_ms(struct web_server *server, int64_t now_ns)
{
    int64_t next_ns = acceptor_next_ns(&server->acceptor);
    MHD_UNSIGNED_LONG_LONG library_ms;

    if (MHD_get_timeout(server->daemon, &library_ms) == MHD_YES && library_ms == 0)
        return 0;
    for (size_t i = 0; i < server->clients.count; i++) {
        const struct client *client = &server->clients.places[i];
        if (client->descriptor >= 0 && client_next_ns(client, &server->options) < next_ns)
            next_ns = client_next_ns(client, &server->options);
        if (server->idle_look_due && client->descriptor >= 0 && client->phase == CLIENT_IDLE &&
            server->idle_looked_ns + IDLE_LOOK_NS < next_ns)
            next_ns = server->idle_looked_ns + IDLE_LOOK_NS;
    }
    if (next_ns == NEVER_NS)
        return -1;
    if (next_ns <= now_ns)
        return 0;
    int64_t ms = (next_ns - now_ns + MILLISECOND_NS - 1) / MILLISECOND_NS;
    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

/* Those whose answer has come go on; all of them, when the server ends. */
static void resume(struct web_server *server, int64_t now_ns)
{
    int status;
    const char *text;

    for (size_t i = 0; i < server->clients.count; i++) {
        struct client *client = &server->clients.places[i];
        if (client->descriptor >= 0 && client->phase == CLIENT_LATER &&
            (server->ends || later_take(client->later, &status, &text)))
            exchange_resume(client, now_ns);
    }
}

static void handle(struct web_server *server, const struct epoll_event *event, struct moment now)
{
    unsigned source = (unsigned)(event->data.u64 >> 32);

    switch (source) {
    case EVENT_STOP:
        server->ends = true;
        break;
    case EVENT_LIBRARY:
        break;
    case EVENT_LATER:
        later_post_clear(server->post);
        resume(server, now.boot_ns);
        break;
    default:
        acceptor_event(&server->acceptor, source, event->data.u64 & UINT32_MAX, now);
        break;
    }
}

static void *run(void *pointer)
{
    struct web_server *server = pointer;
    struct epoll_event events[EVENTS_A_TURN];

    niceness_raise();
    while (!server->ends) {
        int count = epoll_wait(server->epoll, events, EVENTS_A_TURN, wait_ms(server, clock_now().boot_ns));
        struct moment now = clock_now();
        server->idle_look_due = server->idle_look_due || count > 0;
        for (int i = 0; i < count; i++)
            handle(server, &events[i], now);
        acceptor_turn(&server->acceptor, now.boot_ns);
        MHD_run(server->daemon);
        if (look_at_clients(server, clock_now().boot_ns))
            MHD_run(server->daemon);
    }
    /* libmicrohttpd cannot stop with suspended connections: they are told that there is no answer. */
    resume(server, clock_now().boot_ns);
    MHD_run(server->daemon);
    return NULL;
}

/* ---- start and stop ----------------------------------------------------------------------------------------------- */

static struct MHD_Daemon *start_library(struct web_server *server)
{
    bool tls = server->tls != NULL;
    struct MHD_OptionItem of_tls[] = {
        {tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, 0, (char[]){TLS_PRIORITIES}},
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, tls_certificate_callback()},
        {MHD_OPTION_END, 0, NULL},
    };

    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
            (tls ? MHD_USE_TLS : 0U),
        0, NULL, NULL, exchange_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)server->clients.count + 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        server->options.header_bytes, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
        MHD_OPTION_NOTIFY_COMPLETED, exchange_completed, server, MHD_OPTION_URI_LOG_CALLBACK,
        exchange_request_line, server, MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, of_tls, MHD_OPTION_END);
}

static const char *first_address(const struct web_server *server)
{
    return server->acceptor.listeners.items[0].address;
}

static bool start_threads(struct web_server *server)
{
    server->worker = web_worker_start(WORKER_QUEUE);
    server->former = (struct former){.worker = web_worker_start(FORMATIONS_MAX),
                                     .post = server->post,
                                     .maximum = server->options.response_bytes,
                                     .held = &server->response_bytes};
    if (server->worker == NULL || server->former.worker == NULL ||
        pthread_create(&server->thread, NULL, run, server) != 0)
        return false;
    pthread_setname_np(server->thread, "web");
    return true;
}

/* Returns NULL or an owned sentence. */
static char *start(struct web_server *server, const struct web_settings *settings)
{
    static const char no_descriptor[] =
        "the process may open no more files, or memory is short: raise LimitNOFILE= in the "
        "systemd unit, or ulimit -n";
    static const char no_thread[] =
        "no thread can be started: raise TasksMax= in the systemd unit, or ulimit -u";
    char *error = server->options.passed_count > 0
                      ? listener_list_adopt(&server->acceptor.listeners, server->options.passed_first,
                                            server->options.passed_count)
                      : listener_list_open(&server->acceptor.listeners, settings);

    if (error != NULL)
        return error;
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->post = later_post_new();
    server->access = access_new(server->post);
    if (settings->tls_cert_file != NULL)
        server->tls = tls_new(settings, &error);
    if (error != NULL)
        return error;
    server->daemon = server->epoll >= 0 && server->stop >= 0 && server->post != NULL && server->access != NULL
                         ? start_library(server)
                         : NULL;
    if (server->daemon == NULL)
        return memory_format("cannot serve on %s: %s", first_address(server), no_descriptor);
    acceptor_watch(server->epoll, EPOLL_CTL_ADD, server->stop, EPOLLIN, EVENT_STOP, 0);
    acceptor_watch(server->epoll, EPOLL_CTL_ADD, later_post_descriptor(server->post), EPOLLIN, EVENT_LATER,
                   0);
    acceptor_watch(server->epoll, EPOLL_CTL_ADD,
                   MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, EPOLLIN,
                   EVENT_LIBRARY, 0);
    server->acceptor.take = take;
    server->acceptor.context = server;
    server->acceptor.epoll = server->epoll;
    server->acceptor.silent = server->tls != NULL;
    acceptor_begin(&server->acceptor);
    return start_threads(server) ? NULL
                                 : memory_format("cannot serve on %s: %s", first_address(server), no_thread);
}

/* The mirror of start, but for the server's own thread. */
static void dismantle(struct web_server *server)
{
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    acceptor_end(&server->acceptor);
    web_worker_stop(server->former.worker);
    web_worker_stop(server->worker);
    access_free(server->access);
    tls_free(server->tls);
    later_post_free(server->post);
    if (server->stop >= 0)
        close(server->stop);
    if (server->epoll >= 0)
        close(server->epoll);
    client_table_free(&server->clients);
    free(server->telemetry_path);
    free(server);
}

struct web_server *web_server_start(const struct web_settings *settings, struct report *report,
                                    const char *version, const struct web_options *options, char **error)
{
    struct web_server *server = memory_new(1, sizeof *server);

    server->options = options != NULL ? *options : web_options_default;
    server->report = report;
    server->version = version;
    server->telemetry_path = memory_copy_text(settings->telemetry_path);
    server->epoll = server->stop = -1;
    client_table_init(&server->clients, (size_t)settings->max_connections,
                      (size_t)settings->max_connections_per_address);
    acceptor_init(&server->acceptor, report);
    *error = start(server, settings);
    if (*error == NULL)
        return server;
    dismantle(server);
    return NULL;
}

const char *web_server_address(const struct web_server *server, size_t index)
{
    return index < server->acceptor.listeners.count ? server->acceptor.listeners.items[index].address : NULL;
}

void web_server_stop(struct web_server *server)
{
    uint64_t one = 1;

    if (server == NULL)
        return;
    if (write(server->stop, &one, sizeof one) != sizeof one)
        abort(); /* the counter cannot be full */
    pthread_join(server->thread, NULL);
    dismantle(server);
}
