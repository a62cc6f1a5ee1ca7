#include "web/server.h"

#include <assert.h>
#include <errno.h>
#include <linux/tcp.h> /* glibc's struct tcp_info ends before the counts of bytes */
#include <microhttpd.h>
#include <netinet/in.h>
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
#include "base/complaint.h"
#include "base/log.h"
#include "base/memory.h"
#include "web/client.h"
#include "web/listener.h"
#include "web/routes.h"
#include "web/surplus.h"

/* Without a free descriptor a waiting connection would wake us without end: the listeners rest for so long. */
#define ACCEPT_REST_NS SECOND_NS
/* At most so many in a turn, so that a flood of connections leaves time for the clients that are served. */
#define ACCEPTS_A_TURN 64
#define EVENTS_A_TURN  64
/* What clients can provoke is over only when it has not come for a while: they cannot fill the log. */
#define WORRY_NS MINUTE_NS

const struct web_options web_options_default = {
    .header_ns = 5 * SECOND_NS,
    .request_ns = 30 * SECOND_NS,
    .idle_ns = 2 * MINUTE_NS,
    .drain_rate = 10000,
    .header_bytes = 16 << 10,
    .response_bytes = (uint64_t)256 << 20,
};

enum event_source { EVENT_STOP, EVENT_LIBRARY, EVENT_LISTENER, EVENT_REFUSAL };

struct worry {
    struct complaint complaint;
    int64_t last_ns;
};

struct web_server {
    struct web_options options;
    struct report *report;
    const char *version;
    char *telemetry_path;
    struct listener_list listeners;
    int epoll, stop;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    /* What follows belongs to the thread. */
    struct client_table clients;
    struct client *arriving; /* while MHD_add_connection runs */
    struct surplus_ring surplus;
    int64_t accept_rest_ns; /* the listeners rest until then; 0: they do not */
    struct worry full, exhausted;
    uint64_t response_bytes; /* bodies held for clients */
};

/* A body, held until libmicrohttpd has sent it. */
struct held_body {
    struct web_server *server;
    char *data;
    size_t size;
};

/* ---- what the kernel knows of a connection ------------------------------------------------------------------------ */

static struct tcp_info tcp_info_of(int descriptor)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;

    (void)getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info;
}

/* ---- answers ------------------------------------------------------------------------------------------------------ */

static void free_held_body(void *pointer)
{
    struct held_body *held = pointer;

    held->server->response_bytes -= held->size;
    free(held->data);
    free(held);
}

static struct MHD_Response *make_response(struct web_server *server, struct web_answer *answer)
{
    static const char *const always[][2] = {
        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
    };
    struct held_body *held = memory_new(1, sizeof *held);

    held->server = server;
    held->size = answer->body.size;
    held->data = buffer_take(&answer->body);
    server->response_bytes += held->size;
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        held->size, held->data, free_held_body, held);
    if (response == NULL) {
        free_held_body(held);
        return NULL;
    }
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        MHD_add_response_header(response, always[i][0], always[i][1]);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
    MHD_add_response_header(response, "Content-Security-Policy", answer->content_policy);
    if (answer->allow != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
    if (answer->retry)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (answer->close)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return response;
}

static bool has_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name) != NULL;
}

static bool has_body(struct MHD_Connection *connection)
{
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_CONTENT_LENGTH);

    return has_header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) ||
           (length != NULL && strcmp(length, "0") != 0);
}

/* Header names must be tokens (RFC 9112, 5.1): "Content-Length : 5" would be no length to us, and one to a proxy. */
static enum MHD_Result look_at_name(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    static const char token[] =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    bool *wrong = cls;

    (void)kind;
    (void)value;
    *wrong = *wrong || name[0] == '\0' || name[strspn(name, token)] != '\0';
    return MHD_YES;
}

static bool has_wrong_name(struct MHD_Connection *connection)
{
    bool wrong = false;

    MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at_name, &wrong);
    return wrong;
}

/* libmicrohttpd hands the target out as a C string; behind its end stands the version, unless a NUL cut it short. */
static bool is_cut_short(const struct client *client, const char *version)
{
    return version != client->target + client->target_size + 1;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request_cls)
{
    struct web_server *server = cls;
    struct client *client = *request_cls;
    struct moment now = clock_now();
    struct web_request request = {
        .method = method,
        .path = url,
        .has_body = has_body(connection),
        .malformed = is_cut_short(client, version) || has_wrong_name(connection),
        .trusted = client_is_loopback(&client->address) && !has_header(connection, "Forwarded") &&
                   !has_header(connection, "X-Forwarded-For"),
        .now = now,
        .report = server->report,
        .version = server->version,
        .telemetry_path = server->telemetry_path,
        .others_wait = server->response_bytes > 0,
    };
    struct web_answer answer = {0};

    (void)upload;
    (void)upload_size;
    /* An answer at the first call, before the end of the request, makes libmicrohttpd close the connection: right for a
       request with a body, which is not read, and for one that cannot be understood; wrong for all others. */
    if (client->phase != CLIENT_RESPONSE) {
        client_asked(client, now.boot_ns);
        if (!request.has_body && !request.malformed)
            return MHD_YES;
    }
    buffer_init(&answer.body, server->options.response_bytes - server->response_bytes);
    const char *path = routes_answer(&request, &answer);
    if (answer.body.failed) { /* not even a sentence fits */
        buffer_free(&answer.body);
        return MHD_NO;
    }
    uint64_t size = answer.body.size;
    struct MHD_Response *response = make_response(server, &answer);
    if (response == NULL)
        return MHD_NO;
    client_drains(client, clock_now().boot_ns, tcp_info_of(client->descriptor).tcpi_bytes_acked);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)answer.status, response);
    MHD_destroy_response(response);
    report_http_request(server->report, path, answer.status, size, now);
    return result;
}

/* ---- libmicrohttpd's events --------------------------------------------------------------------------------------- */

static struct client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
                                                                   MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info->socket_context;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct web_server *server = cls;

    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *socket_context = server->arriving;
    else
        client_leave(&server->clients, *socket_context);
}

/* The request line has been read; what is returned is the request_cls of the request. */
static void *on_request_line(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct client *client = client_of(connection);

    (void)cls;
    client->target = target;
    client->target_size = strlen(target);
    return client;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request_cls,
                         enum MHD_RequestTerminationCode code)
{
    struct client *client = client_of(connection);

    (void)cls;
    (void)request_cls;
    (void)code;
    client_answered(client, clock_now().boot_ns, tcp_info_of(client->descriptor).tcpi_bytes_received);
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

/* ---- accepting ---------------------------------------------------------------------------------------------------- */

static void watch(int epoll, int operation, int descriptor, uint32_t events, enum event_source source,
                  size_t index)
{
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)source << 32 | index};

    if (epoll_ctl(epoll, operation, descriptor, &event) != 0)
        abort(); /* descriptors of our own, each once */
}

static void worry(struct worry *worry, int error, const char *message, int64_t now_ns)
{
    enum complaint_say say = complaint_update(&worry->complaint, (uint64_t)error, now_ns);

    worry->last_ns = now_ns;
    if (say == COMPLAINT_NEW || say == COMPLAINT_AGAIN)
        log_event(LOG_WARN, message, LOG_TEXT("error", error == EBUSY ? NULL : strerrordesc_np(error)));
}

static void calm(struct worry *worry, int64_t now_ns)
{
    if (worry->complaint.what != 0 && now_ns - worry->last_ns > WORRY_NS)
        complaint_update(&worry->complaint, 0, now_ns);
}

static void rest_listeners(struct web_server *server, bool rest, int64_t now_ns)
{
    server->accept_rest_ns = rest ? now_ns + ACCEPT_REST_NS : 0;
    for (size_t i = 0; i < server->listeners.count; i++)
        watch(server->epoll, EPOLL_CTL_MOD, server->listeners.items[i].descriptor, rest ? 0 : EPOLLIN,
              EVENT_LISTENER, i);
}

static void refuse(struct web_server *server, int descriptor, struct moment now)
{
    static const char body[] = "Too many connections, in all or from this address. Ask again in a moment.\n";

    worry(&server->full, EBUSY,
          "too many HTTP connections: max_connections or max_connections_per_address is reached",
          now.boot_ns);
    size_t index = surplus_begin(&server->surplus, descriptor, body, now.boot_ns);
    watch(server->epoll, EPOLL_CTL_ADD, descriptor, EPOLLIN, EVENT_REFUSAL, index);
    report_http_request(server->report, "other", 503, sizeof body - 1, now);
}

static void take(struct web_server *server, int descriptor, const struct sockaddr *address, socklen_t size,
                 struct moment now)
{
    struct in6_addr from = client_address(address);
    struct client *client = client_enter(&server->clients, descriptor, &from, now.boot_ns);
    int yes = 1;

    if (client == NULL) {
        refuse(server, descriptor, now);
        return;
    }
    calm(&server->full, now.boot_ns);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    server->arriving = client;
    /* The descriptor is libmicrohttpd's from here on, also when it fails. */
    if (MHD_add_connection(server->daemon, descriptor, address, size) != MHD_YES &&
        client->descriptor == descriptor)
        client_leave(&server->clients, client);
    server->arriving = NULL;
}

static void accept_some(struct web_server *server, const struct listener *listener, struct moment now)
{
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage storage;
        struct sockaddr *address = (struct sockaddr *)&storage;
        socklen_t size = sizeof storage;
        int descriptor = accept4(listener->descriptor, address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            take(server, descriptor, address, size, now);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            worry(&server->exhausted, errno, "an HTTP connection cannot be accepted", now.boot_ns);
            rest_listeners(server, true, now.boot_ns);
            return;
        } else if (errno == EAGAIN) {
            calm(&server->exhausted, now.boot_ns);
            return;
        } /* else: that connection has died in the queue */
    }
}

/* ---- the thread --------------------------------------------------------------------------------------------------- */

static void cut(struct client *client)
{
    /* What still lies in the kernel is not worth keeping for a client that does not read it. */
    setsockopt(client->descriptor, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    shutdown(client->descriptor, SHUT_RDWR); /* libmicrohttpd sees the end, and closes */
    client->cut = true;
}

static void look_at_clients(struct web_server *server, int64_t now_ns)
{
    for (size_t i = 0; i < server->clients.count; i++) {
        struct client *client = &server->clients.places[i];
        if (client->descriptor < 0)
            continue;
        if (client->phase == CLIENT_IDLE)
            client_received(client, now_ns, tcp_info_of(client->descriptor).tcpi_bytes_received);
        if (now_ns >= client_next_ns(client, &server->options) &&
            client_is_late(client, &server->options, now_ns,
                           tcp_info_of(client->descriptor).tcpi_bytes_acked))
            cut(client);
    }
}

static int wait_ms(struct web_server *server, int64_t now_ns)
{
    int64_t next_ns = surplus_next_ns(&server->surplus);
    MHD_UNSIGNED_LONG_LONG library_ms;

    if (MHD_get_timeout(server->daemon, &library_ms) == MHD_YES && library_ms == 0)
        return 0;
    if (server->accept_rest_ns != 0 && server->accept_rest_ns < next_ns)
        next_ns = server->accept_rest_ns;
    for (size_t i = 0; i < server->clients.count; i++) {
        const struct client *client = &server->clients.places[i];
        if (client->descriptor >= 0 && client_next_ns(client, &server->options) < next_ns)
            next_ns = client_next_ns(client, &server->options);
    }
    if (next_ns == NEVER_NS)
        return -1;
    if (next_ns <= now_ns)
        return 0;
    int64_t ms = (next_ns - now_ns + MILLISECOND_NS - 1) / MILLISECOND_NS;
    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

/* False: the server is to end. */
static bool handle(struct web_server *server, const struct epoll_event *event, struct moment now)
{
    size_t index = event->data.u64 & UINT32_MAX;

    switch ((enum event_source)(event->data.u64 >> 32)) {
    case EVENT_STOP:
        return false;
    case EVENT_LIBRARY:
        break;
    case EVENT_LISTENER:
        if (server->accept_rest_ns == 0)
            accept_some(server, &server->listeners.items[index], now);
        break;
    case EVENT_REFUSAL:
        surplus_read(&server->surplus, index);
        break;
    }
    return true;
}

static void *run(void *pointer)
{
    struct web_server *server = pointer;
    struct epoll_event events[EVENTS_A_TURN];

    for (bool goes_on = true; goes_on;) {
        int count = epoll_wait(server->epoll, events, EVENTS_A_TURN, wait_ms(server, clock_now().boot_ns));
        struct moment now = clock_now();
        for (int i = 0; i < count; i++)
            goes_on = handle(server, &events[i], now) && goes_on;
        if (server->accept_rest_ns != 0 && now.boot_ns >= server->accept_rest_ns)
            rest_listeners(server, false, now.boot_ns);
        surplus_expire(&server->surplus, now.boot_ns);
        MHD_run(server->daemon);
        look_at_clients(server, clock_now().boot_ns);
    }
    return NULL;
}

/* ---- start and stop ----------------------------------------------------------------------------------------------- */

static struct MHD_Daemon *start_library(struct web_server *server)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, server,
        MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)server->clients.count + 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT, server->options.header_bytes,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, server, MHD_OPTION_UNESCAPE_CALLBACK,
        on_unescape, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

/* Everything but the thread. Returns NULL or an owned sentence. */
static char *prepare(struct web_server *server, const struct web_settings *settings)
{
    static const char remedy[] =
        "the process may open no more files, or memory is short: raise LimitNOFILE= in the "
        "systemd unit, or ulimit -n";
    char *error = listener_list_open(&server->listeners, settings);

    if (error != NULL)
        return error;
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->daemon = server->epoll >= 0 && server->stop >= 0 ? start_library(server) : NULL;
    if (server->daemon == NULL)
        return memory_format("cannot serve on %s: %s", server->listeners.items[0].address, remedy);
    watch(server->epoll, EPOLL_CTL_ADD, server->stop, EPOLLIN, EVENT_STOP, 0);
    watch(server->epoll, EPOLL_CTL_ADD,
          MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, EPOLLIN, EVENT_LIBRARY, 0);
    for (size_t i = 0; i < server->listeners.count; i++)
        watch(server->epoll, EPOLL_CTL_ADD, server->listeners.items[i].descriptor, EPOLLIN, EVENT_LISTENER,
              i);
    return NULL;
}

/* The mirror of web_server_start without its thread. */
static void dismantle(struct web_server *server)
{
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    surplus_close_all(&server->surplus);
    if (server->stop >= 0)
        close(server->stop);
    if (server->epoll >= 0)
        close(server->epoll);
    listener_list_close(&server->listeners);
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
    surplus_init(&server->surplus);

    char *why = prepare(server, settings);
    if (why == NULL && pthread_create(&server->thread, NULL, run, server) != 0)
        why = memory_format(
            "cannot serve on %s: no thread can be started: raise TasksMax= in the systemd unit, or "
            "ulimit -u",
            server->listeners.items[0].address);
    if (why != NULL) {
        dismantle(server);
        *error = why;
        return NULL;
    }
    pthread_setname_np(server->thread, "web");
    return server;
}

const char *web_server_address(const struct web_server *server, size_t index)
{
    return index < server->listeners.count ? server->listeners.items[index].address : NULL;
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
