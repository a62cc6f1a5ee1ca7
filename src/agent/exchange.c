#include "agent/exchange.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

/* At the worst: the request as it is, over a connection that is no longer logged in; the first message; the last one. */
#define LOGIN_ROUNDS 3

static_assert(EXCHANGE_WORDS == CURL_ERROR_SIZE, "libcurl's size");

/* ---- how long it took ---- */

static const struct phase_row {
    size_t offset; /* in struct phases */
    CURLINFO begin, end;
    bool of_connection; /* only when a connection was opened */
} phase_rows[] = {
    {offsetof(struct phases, resolve_ns), CURLINFO_NONE, CURLINFO_NAMELOOKUP_TIME_T, true},
    {offsetof(struct phases, connect_ns), CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T, true},
    {offsetof(struct phases, tls_ns), CURLINFO_CONNECT_TIME_T, CURLINFO_APPCONNECT_TIME_T, true},
    {offsetof(struct phases, processing_ns), CURLINFO_PRETRANSFER_TIME_T, CURLINFO_STARTTRANSFER_TIME_T,
     false},
    {offsetof(struct phases, transfer_ns), CURLINFO_STARTTRANSFER_TIME_T, CURLINFO_TOTAL_TIME_T, false},
};

/* Since the attempt's start; 0: never came to that. */
static int64_t time_of(CURL *easy, CURLINFO info)
{
    curl_off_t microseconds = 0;

    curl_easy_getinfo(easy, info, &microseconds);
    return (int64_t)microseconds * MICROSECOND_NS;
}

int64_t exchange_duration(const struct exchange *exchange)
{
    return time_of(exchange->easy, CURLINFO_TOTAL_TIME_T);
}

void exchange_measure(const struct exchange *exchange, struct phases *phases)
{
    CURL *easy = exchange->easy;
    bool connected = exchange->socket_count > 0;

    for (size_t i = 0; i < sizeof phase_rows / sizeof phase_rows[0]; i++) {
        const struct phase_row *row = &phase_rows[i];
        int64_t begin = row->begin == CURLINFO_NONE ? 0 : time_of(easy, row->begin);
        int64_t end = time_of(easy, row->end);
        bool was = end > 0 && (row->begin == CURLINFO_NONE || begin > 0) &&
                   (connected || !row->of_connection);
        int64_t *out = (int64_t *)(void *)((char *)phases + row->offset);

        /* libcurl adds up the rounds of a login, the time for the name too: a quick connection may come out below 0. */
        *out = was ? ns_max(end - begin, 0) : -1;
    }
}

/* libcurl tells the time of the TCP connection only once the TLS handshake has gone well. */
bool exchange_is_connected(const struct exchange *exchange)
{
    return exchange->securing || time_of(exchange->easy, CURLINFO_CONNECT_TIME_T) > 0;
}

enum stage exchange_stage(const struct exchange *exchange)
{
    if (exchange->head.complete)
        return STAGE_BODY;
    if (exchange->head.bytes > exchange->head.earlier)
        return STAGE_HEAD;
    if (exchange->ends.local_port != 0)
        return STAGE_ANSWER;
    if (time_of(exchange->easy, CURLINFO_NAMELOOKUP_TIME_T) == 0)
        return STAGE_NAME;
    if (!exchange_is_connected(exchange))
        return STAGE_CONNECT;
    if (exchange->trust != NULL && time_of(exchange->easy, CURLINFO_APPCONNECT_TIME_T) == 0)
        return STAGE_TLS;
    return STAGE_REQUEST;
}

/* ---- what libcurl calls ---- */

static size_t on_head(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    enum head_verdict verdict = head_line(&exchange->head, bytes, size * count);

    if (verdict == HEAD_MORE)
        return size * count;
    exchange->stopped = true;
    exchange->stop_ending = verdict == HEAD_SWITCHING ? ENDING_WEIRD_SERVER_REPLY : ENDING_OUT_OF_MEMORY;
    return 0;
}

void exchange_make_due(struct exchange *exchange)
{
    struct transfer *transfer = exchange->transfer;

    if (exchange->due_turn != 0)
        return;
    exchange->due_turn = transfer->turn;
    exchange->next_due = NULL;
    *transfer->due_end = exchange;
    transfer->due_end = &exchange->next_due;
    loop_hasten(transfer->loop, clock_now().boot_ns);
}

bool exchange_heed(struct exchange *exchange, enum intake_verdict verdict)
{
    static const enum ending endings[] = {[INTAKE_TOO_LARGE] = ENDING_FILESIZE_EXCEEDED,
                                          [INTAKE_MISCODED] = ENDING_BAD_CONTENT_ENCODING,
                                          [INTAKE_NOT_JSON] = ENDING_OK,
                                          [INTAKE_ENOUGH] = ENDING_OK};

    if (verdict == INTAKE_WAITS)
        exchange_make_due(exchange);
    if (verdict == INTAKE_MORE || verdict == INTAKE_WAITS)
        return true;
    exchange->stopped = true;
    exchange->stop_ending = endings[verdict];
    return false;
}

/* libcurl reads on as long as something comes, and a kilobyte of gzip may be a megabyte: what goes beyond a turn's share waits, so
   that no server holds up the loop. */
static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    struct transfer *transfer = exchange->transfer;

    if (transfer->share == 0 || exchange->due_turn != 0) {
        exchange_make_due(exchange);
        exchange->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    bool wanted = exchange_heed(
        exchange, intake_take(&exchange->intake, &exchange->head, bytes, size * count, &transfer->share));

    return wanted ? size * count : CURL_WRITEFUNC_ERROR;
}

/* What is ours and not the server's; a family of addresses that this machine does not have is neither. */
static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* A login is bound to its connection; what ended without an answer may be asked anew. */
static enum refusal second_refusal(const struct exchange *exchange)
{
    return exchange->order.login != ORDER_NO_LOGIN && exchange->head.complete ? REFUSED_LOGIN
                                                                              : REFUSED_SECOND;
}

/* A second sending over a new connection is refused here, before the connection is made. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct exchange *exchange = context;

    (void)purpose;
    if (exchange->ends.local_port != 0) {
        exchange->refusal = second_refusal(exchange);
        return CURL_SOCKET_BAD;
    }
    int descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    if (descriptor < 0) {
        exchange->socket_error = is_shortage(errno) ? errno : 0;
        return CURL_SOCKET_BAD;
    }
    exchange->socket_error = 0;
    connection_opened(&exchange->transfer->book, descriptor, exchange->serial, clock_now().boot_ns);
    exchange->sockets[exchange->socket_count++ % SOCKETS_AN_ATTEMPT] = descriptor;
    return descriptor;
}

static int on_close(void *context, curl_socket_t descriptor)
{
    struct transfer *transfer = context;

    loop_forget(transfer->loop, descriptor);
    connection_closed(&transfer->book, descriptor);
    return close(descriptor);
}

/* Which of the sockets that this attempt opened became its connection. */
static struct connection *opened_connection(struct exchange *exchange, int local_port)
{
    for (size_t i = 0; i < exchange->socket_count && i < SOCKETS_AN_ATTEMPT; i++) {
        struct connection *connection = connection_at(&exchange->transfer->book, exchange->sockets[i]);

        if (connection != NULL && connection->owner == exchange->serial && !connection->used &&
            connection_local_port(connection) == local_port)
            return connection;
    }
    return NULL;
}

/* The only second sending there is: the next round of a login, after a 401, over the same connection. A server that answers the
   last message with another challenge would have libcurl try the same password without end. */
static bool is_next_round(const struct exchange *exchange, const struct connection_ends *ends)
{
    const struct head *head = &exchange->head;

    return exchange->order.login != ORDER_NO_LOGIN && head->complete && head->status == 401 &&
           !exchange->authenticated && exchange->sendings < LOGIN_ROUNDS &&
           connection_ends_equal(&exchange->ends, ends);
}

/* Whose login a connection has to carry. */
static const void *login_owner(const struct order *order)
{
    return order->login == ORDER_NO_LOGIN ? NULL : order->appserver;
}

/* The connection stands, the request would go out now. */
static int on_request(void *context, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct exchange *exchange = context;
    struct transfer *transfer = exchange->transfer;
    struct connection_ends ends = {.remote_port = remote_port, .local_port = local_port};
    int64_t now_ns = clock_now().boot_ns;

    snprintf(ends.remote_ip, sizeof ends.remote_ip, "%s", remote_ip);
    snprintf(ends.local_ip, sizeof ends.local_ip, "%s", local_ip);
    if (exchange->ends.local_port != 0) {
        if (!is_next_round(exchange, &ends)) {
            exchange->refusal = second_refusal(exchange);
            return CURL_PREREQFUNC_ABORT;
        }
        exchange->sendings++;
        exchange->authenticated = exchange->head.ntlm_challenge;
        head_next(&exchange->head);
        return CURL_PREREQFUNC_OK;
    }

    struct connection *connection = connection_find(&transfer->book, &ends);

    if (exchange->socket_count > 0) {
        connection = opened_connection(exchange, local_port);
        if (connection != NULL)
            connection_use(&transfer->book, connection, &ends, trust_set_serial(exchange->trust),
                           login_owner(&exchange->order));
    } else {
        const struct connection_need need = {.max_age_ns = exchange->order.appserver->connection_max_age_ns,
                                             .post = exchange->order.request->method == HTTP_POST,
                                             .trust = trust_set_serial(exchange->trust),
                                             .login = login_owner(&exchange->order)};

        if (connection == NULL || !connection_fits(connection, &need, now_ns)) {
            exchange->refusal = REFUSED_UNFIT;
            return CURL_PREREQFUNC_ABORT;
        }
    }
    if (connection != NULL)
        connection->used_ns = now_ns;
    exchange->ends = ends;
    exchange->sent = true;
    exchange->sendings = 1;
    return CURL_PREREQFUNC_OK;
}

static CURLcode on_tls(CURL *easy, void *ssl_context, void *context)
{
    struct exchange *exchange = context;
    struct handshake *handshake = NULL;

    (void)easy;
    if (!trust_attach(exchange->trust, ssl_context, &handshake))
        return CURLE_ABORTED_BY_CALLBACK;
    handshake_release(exchange->handshake);
    exchange->handshake = handshake;
    exchange->securing = true;
    return CURLE_OK;
}

/* ---- starting ---- */

static const struct {
    CURLoption option;
    long value;
} fixed_numbers[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_NOPROGRESS, 1},
    {CURLOPT_HTTP_CONTENT_DECODING,
     0},                     /* it would unfold a bomb in one turn, and keeps what a pause leaves over */
    {CURLOPT_QUICK_EXIT, 1}, /* else the end of an exchange waits for its resolver thread */
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_HTTP09_ALLOWED, 0},
    {CURLOPT_FOLLOWLOCATION, 0}, /* headers would go along, secrets among them */
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
    {CURLOPT_PATH_AS_IS, 1},
    {CURLOPT_HTTPPROXYTUNNEL,
     1}, /* so that what is secret passes by the proxy, and its answers are its own */
    {CURLOPT_HEADEROPT, CURLHEADER_SEPARATE},
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_CA_CACHE_TIMEOUT, 0},    /* else the first CA set would be put in the place of all others */
    {CURLOPT_SSL_SESSIONID_CACHE, 0}, /* a resumed session shows no certificate */
    {CURLOPT_DNS_CACHE_TIMEOUT, 0},
    /* libcurl drops by these limits of whichever request comes by, also other servers' connections; on_request decides. */
    {CURLOPT_MAXAGE_CONN, 24L * 3600},
    {CURLOPT_MAXLIFETIME_CONN, 0},
};

static const struct {
    CURLoption option;
    const char *value;
} fixed_texts[] = {
    {CURLOPT_NOPROXY, ""}, /* else it would be the environment's */
    {CURLOPT_PROTOCOLS_STR, "http,https"},
    {CURLOPT_ACCEPT_ENCODING, "gzip"},
    {CURLOPT_USERAGENT, "epicor_exporter"},
    {CURLOPT_CAINFO, NULL}, /* with these two NULL libcurl loads nothing; trust_attach gives the store */
    {CURLOPT_CAPATH, NULL},
};

#define SET(option, value) failed = failed || curl_easy_setopt(easy, option, value) != CURLE_OK

static bool set_fixed(CURL *easy)
{
    bool failed = false;

    for (size_t i = 0; i < sizeof fixed_numbers / sizeof fixed_numbers[0]; i++)
        SET(fixed_numbers[i].option, fixed_numbers[i].value);
    for (size_t i = 0; i < sizeof fixed_texts / sizeof fixed_texts[0]; i++)
        SET(fixed_texts[i].option, fixed_texts[i].value);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_HEADERFUNCTION, on_head);
    SET(CURLOPT_PREREQFUNCTION, on_request);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    return !failed;
}

static bool set_request(CURL *easy, const struct request *request)
{
    bool failed = false;

    if (request->method == HTTP_POST) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDS, request->body == NULL ? "" : request->body);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(request->body == NULL ? 0 : request->body_size));
    } else if (request->method == HTTP_HEAD) {
        SET(CURLOPT_NOBODY, 1L);
    }
    return !failed;
}

static bool set_login(CURL *easy, const struct order *order)
{
    bool failed = false;

    if (order->login == ORDER_NO_LOGIN)
        return true;
    SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_NTLM);
    SET(CURLOPT_USERNAME, secret_reveal(order->username));
    SET(CURLOPT_PASSWORD, secret_reveal(order->password));
    return !failed;
}

static bool set_options(struct exchange *exchange)
{
    CURL *easy = exchange->easy;
    bool fresh = exchange->order.request->fresh || exchange->order.appserver->connection_max_age_ns == 0;
    bool http_2 = exchange->order.appserver->http_version == HTTP_2 && exchange->trust != NULL &&
                  exchange->order.login == ORDER_NO_LOGIN && !exchange->order.outside;
    bool failed = !set_fixed(easy) || !set_request(easy, exchange->order.request) ||
                  !set_login(easy, &exchange->order);

    SET(CURLOPT_URL, exchange->order.url);
    SET(CURLOPT_CONNECT_TO, exchange->connect_to);
    SET(CURLOPT_PROXY, exchange->proxy);
    if (http_2)
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CURLOPT_HTTPHEADER, exchange->lines);
    SET(CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
    /* Some servers send a body after all: the next call must not take it for the beginning of its answer. */
    SET(CURLOPT_FORBID_REUSE, fresh || exchange->order.request->method == HTTP_HEAD ? 1L : 0L);
    SET(CURLOPT_ERRORBUFFER, exchange->words);
    SET(CURLOPT_PRIVATE, exchange);
    SET(CURLOPT_WRITEDATA, exchange);
    SET(CURLOPT_HEADERDATA, exchange);
    SET(CURLOPT_PREREQDATA, exchange);
    SET(CURLOPT_OPENSOCKETDATA, exchange);
    SET(CURLOPT_CLOSESOCKETDATA, exchange->transfer);
    if (exchange->trust != NULL) {
        SET(CURLOPT_SSL_CTX_FUNCTION, on_tls);
        SET(CURLOPT_SSL_CTX_DATA, exchange);
    }
    return !failed;
}

/* The list's nodes are made here and point into the order's lines: no copies of secrets. */
static bool list_headers(struct exchange *exchange)
{
    static char no_expect[] = "Expect:", no_type[] = "Content-Type:";
    bool good = outgoing_complete(&exchange->order);
    const struct header_list *headers = &exchange->order.headers;
    size_t count = 0;

    exchange->lines = memory_new(headers->count + 2, sizeof *exchange->lines);
    for (; count < headers->count; count++)
        exchange->lines[count].data = headers->lines[count];
    exchange->lines[count++].data = no_expect;
    if (!outgoing_has_header(&exchange->order, "Content-Type"))
        exchange->lines[count++].data = no_type; /* else libcurl says of a POST that it is a form */
    for (size_t i = 0; i + 1 < count; i++)
        exchange->lines[i].next = &exchange->lines[i + 1];
    return good;
}

static bool rename_host(struct exchange *exchange)
{
    char *host = outgoing_rename(&exchange->order);

    if (host == NULL)
        return true;
    exchange->connect_to = curl_slist_append(NULL, host);
    free(host);
    return exchange->connect_to != NULL;
}

bool exchange_set(struct exchange *exchange)
{
    return rename_host(exchange) && list_headers(exchange) && set_options(exchange);
}

bool exchange_attempt(struct exchange *exchange)
{
    int64_t used_ns = clock_now().boot_ns - exchange->started.boot_ns;
    int64_t left_ms = (exchange->order.timeout_ns - used_ns + MILLISECOND_NS - 1) / MILLISECOND_NS;
    int64_t connect_ms = (exchange->order.connect_timeout_ns + MILLISECOND_NS - 1) / MILLISECOND_NS;
    CURL *easy = exchange->easy;
    bool failed = false;

    left_ms = left_ms < 1 ? 1 : left_ms > INT_MAX ? INT_MAX : left_ms;
    connect_ms = connect_ms < 1 || connect_ms > left_ms ? left_ms : connect_ms;
    head_init(&exchange->head, exchange->started.wall_ns / SECOND_NS);
    intake_reset(&exchange->intake);
    exchange->ends = (struct connection_ends){0};
    exchange->sendings = 0;
    exchange->socket_count = 0;
    exchange->socket_error = 0;
    exchange->securing = false;
    exchange->refusal = REFUSED_NOT;
    exchange->stopped = false;
    exchange->ended = false;
    exchange->words[0] = '\0';
    SET(CURLOPT_TIMEOUT_MS, (long)left_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    return !failed && curl_multi_add_handle(exchange->transfer->multi, easy) == CURLM_OK;
}
