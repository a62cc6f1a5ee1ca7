#include "agent/transfer.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/connection.h"
#include "agent/head.h"
#include "agent/intake.h"
#include "agent/outcome.h"
#include "agent/outgoing.h"
#include "agent/trust.h"
#include "base/memory.h"

#define BUCKETS            512
#define SPARES_MAX         64 /* easy handles kept for the next exchange */
#define SOCKETS_AN_ATTEMPT 16 /* a name with more addresses that fail: its connection is not used again */
#define ACTIONS_A_TURN     4
#define TURN_BYTES         ((size_t)1 << 20) /* of bodies, decoded */

/* Why an attempt was ended by us before its request went out. */
enum refusal {
    REFUSED_NOT,
    REFUSED_UNFIT, /* the kept connection is too old, too idle or not verified as this one has to be */
    REFUSED_SECOND /* libcurl was about to send the request again */
};

/* One ticket. Most of it begins anew with each attempt; at most three are made: over a kept connection that is unfit, over one
   that has died, over a fresh one. */
struct exchange {
    struct exchange *next;     /* in its bucket */
    struct exchange *next_due; /* in the queue of those to be looked at in the next turn */
    bool doomed;               /* could not be started */
    uint64_t due_turn;         /* in which it was put there; 0: it is not there */
    struct transfer *transfer;
    CURL *easy; /* NULL: could not be started */
    uint64_t ticket, serial;
    struct order order; /* url and headers are owned */
    struct curl_slist *lines;
    const struct trust_set *trust; /* NULL: plain HTTP */
    struct moment started;
    int64_t earlier_ns; /* what the attempts before this one took */
    bool sent, resent, new_connection;
    struct answer answer;

    struct head head;
    struct intake intake;
    bool paused; /* libcurl is, until the next turn */
    bool ended;  /* libcurl has ended it well, and there is more to be unfolded */
    struct handshake *handshake;
    struct connection_ends ends; /* of the connection used; local_port 0: none yet */
    int sockets[SOCKETS_AN_ATTEMPT];
    size_t socket_count;
    int socket_error; /* why the last one could not be opened: an errno; 0 if it could */
    bool securing;    /* its TLS handshake has begun */
    enum refusal refusal;
    bool stopped; /* by us, amid the answer: with which ending */
    enum ending stop_ending;
    char words[CURL_ERROR_SIZE];
};

struct transfer {
    struct transport transport;
    struct loop *loop;
    transport_answered *answered;
    void *context;
    CURLM *multi;
    int64_t timer_ns; /* when libcurl wants to be called */
    uint64_t last_serial;
    struct trust *trust;
    struct connection_book book;
    struct exchange *due, **due_end; /* doomed and paused ones */
    uint64_t turn;
    size_t share; /* bytes of bodies that may still be taken in this turn */
    CURL *spares[SPARES_MAX];
    size_t spare_count;
    struct exchange *buckets[BUCKETS]; /* by ticket */
};

#define SAME_CODE(name) static_assert((int)ENDING_##name == (int)CURLE_##name, "libcurl's number")

SAME_CODE(OK);
SAME_CODE(UNSUPPORTED_PROTOCOL);
SAME_CODE(COULDNT_RESOLVE_HOST);
SAME_CODE(COULDNT_CONNECT);
SAME_CODE(WEIRD_SERVER_REPLY);
SAME_CODE(PARTIAL_FILE);
SAME_CODE(WRITE_ERROR);
SAME_CODE(OUT_OF_MEMORY);
SAME_CODE(OPERATION_TIMEDOUT);
SAME_CODE(SSL_CONNECT_ERROR);
SAME_CODE(INTERFACE_FAILED);
SAME_CODE(GOT_NOTHING);
SAME_CODE(SEND_ERROR);
SAME_CODE(RECV_ERROR);
SAME_CODE(SSL_CIPHER);
SAME_CODE(PEER_FAILED_VERIFICATION);
SAME_CODE(BAD_CONTENT_ENCODING);
SAME_CODE(FILESIZE_EXCEEDED);
SAME_CODE(SSL_CLIENTCERT);

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

static void measure(CURL *easy, bool connected, struct phases *phases)
{
    for (size_t i = 0; i < sizeof phase_rows / sizeof phase_rows[0]; i++) {
        const struct phase_row *row = &phase_rows[i];
        int64_t begin = row->begin == CURLINFO_NONE ? 0 : time_of(easy, row->begin);
        int64_t end = time_of(easy, row->end);
        bool was = end > 0 && (row->begin == CURLINFO_NONE || begin > 0) && end >= begin &&
                   (connected || !row->of_connection);
        int64_t *out = (int64_t *)(void *)((char *)phases + row->offset);

        *out = was ? end - begin : -1;
    }
}

/* libcurl tells the time of the TCP connection only once the TLS handshake has gone well. */
static bool is_connected(const struct exchange *exchange)
{
    return exchange->securing || time_of(exchange->easy, CURLINFO_CONNECT_TIME_T) > 0;
}

static enum stage stage_of(const struct exchange *exchange)
{
    if (exchange->head.complete)
        return STAGE_BODY;
    if (exchange->head.bytes > 0)
        return STAGE_HEAD;
    if (exchange->ends.local_port != 0)
        return STAGE_ANSWER;
    if (time_of(exchange->easy, CURLINFO_NAMELOOKUP_TIME_T) == 0)
        return STAGE_NAME;
    if (!is_connected(exchange))
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

static void make_due(struct exchange *exchange)
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

/* Returns false when no more of the body is wanted. */
static bool heed(struct exchange *exchange, enum intake_verdict verdict)
{
    static const enum ending endings[] = {[INTAKE_TOO_LARGE] = ENDING_FILESIZE_EXCEEDED,
                                          [INTAKE_MISCODED] = ENDING_BAD_CONTENT_ENCODING,
                                          [INTAKE_NOT_JSON] = ENDING_OK,
                                          [INTAKE_ENOUGH] = ENDING_OK};

    if (verdict == INTAKE_WAITS)
        make_due(exchange);
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
        make_due(exchange);
        exchange->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    bool wanted = heed(
        exchange, intake_take(&exchange->intake, &exchange->head, bytes, size * count, &transfer->share));

    return wanted ? size * count : CURL_WRITEFUNC_ERROR;
}

/* What is ours and not the server's; a family of addresses that this machine does not have is neither. */
static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* A second sending over a new connection is refused here, before the connection is made. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct exchange *exchange = context;

    (void)purpose;
    if (exchange->ends.local_port != 0) {
        exchange->refusal = REFUSED_SECOND;
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

/* The connection stands, the request would go out now. */
static int on_request(void *context, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct exchange *exchange = context;
    struct transfer *transfer = exchange->transfer;
    struct connection_ends ends = {.remote_port = remote_port, .local_port = local_port};
    int64_t now_ns = clock_now().boot_ns;

    if (exchange->ends.local_port != 0) {
        exchange->refusal = REFUSED_SECOND;
        return CURL_PREREQFUNC_ABORT;
    }
    snprintf(ends.remote_ip, sizeof ends.remote_ip, "%s", remote_ip);
    snprintf(ends.local_ip, sizeof ends.local_ip, "%s", local_ip);

    struct connection *connection = connection_find(&transfer->book, &ends);

    if (exchange->socket_count > 0) {
        connection = opened_connection(exchange, local_port);
        if (connection != NULL)
            connection_use(&transfer->book, connection, &ends, exchange->trust);
    } else {
        const struct connection_need need = {.max_age_ns = exchange->order.appserver->connection_max_age_ns,
                                             .post = exchange->order.request->method == HTTP_POST,
                                             .trust = exchange->trust};

        if (connection == NULL || !connection_fits(connection, &need, now_ns)) {
            exchange->refusal = REFUSED_UNFIT;
            return CURL_PREREQFUNC_ABORT;
        }
    }
    if (connection != NULL)
        connection->used_ns = now_ns;
    exchange->ends = ends;
    exchange->sent = true;
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

static void on_event(void *context, int descriptor, uint32_t events, struct moment now)
{
    struct transfer *transfer = context;
    int running;
    int action = ((events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                 ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                 ((events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);

    (void)now;
    curl_multi_socket_action(transfer->multi, descriptor, action, &running);
}

/* A non-zero return would kill the whole multi handle; a socket that cannot be watched only runs into its time-out. */
static int on_watch(CURL *easy, curl_socket_t descriptor, int what, void *context, void *socket_context)
{
    struct transfer *transfer = context;
    uint32_t events = ((what & CURL_POLL_IN) != 0 ? (uint32_t)EPOLLIN : 0) |
                      ((what & CURL_POLL_OUT) != 0 ? (uint32_t)EPOLLOUT : 0);

    (void)easy, (void)socket_context;
    if (what == CURL_POLL_REMOVE)
        loop_forget(transfer->loop, descriptor);
    else
        loop_watch(transfer->loop, descriptor, events, on_event, transfer);
    return 0;
}

static int on_timer(CURLM *multi, long milliseconds, void *context)
{
    struct transfer *transfer = context;

    (void)multi;
    transfer->timer_ns = milliseconds < 0 ? NEVER_NS
                                          : clock_now().boot_ns + (int64_t)milliseconds * MILLISECOND_NS;
    return 0;
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
    {CURLOPT_PROXY, ""}, /* none; not set it would be the environment's */
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

static bool set_exchange(struct exchange *exchange)
{
    CURL *easy = exchange->easy;
    bool fresh = exchange->order.request->fresh || exchange->order.appserver->connection_max_age_ns == 0;
    bool failed = !set_fixed(easy) || !set_request(easy, exchange->order.request);

    SET(CURLOPT_URL, exchange->order.url);
    SET(CURLOPT_HTTPHEADER, exchange->lines);
    SET(CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
    SET(CURLOPT_FORBID_REUSE, fresh ? 1L : 0L);
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

/* Begins an attempt, with the time that is left. */
static bool attempt(struct exchange *exchange)
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

static bool begin(struct exchange *exchange)
{
    struct transfer *transfer = exchange->transfer;

    if (outgoing_is_tls(&exchange->order)) {
        const char *why = NULL;

        exchange->trust = trust_find(transfer->trust, exchange->order.appserver->tls_ca_file, &why);
        if (exchange->trust == NULL) {
            exchange->answer.failure = REASON_TLS;
            snprintf(exchange->answer.detail, sizeof exchange->answer.detail, "%s", why);
            return false;
        }
    }
    exchange->easy = transfer->spare_count > 0 ? transfer->spares[--transfer->spare_count] : curl_easy_init();
    if (!list_headers(exchange) || exchange->easy == NULL || !set_exchange(exchange) || !attempt(exchange)) {
        exchange->answer.failure = REASON_INTERNAL;
        snprintf(exchange->answer.detail, sizeof exchange->answer.detail,
                 "the request could not be handed to libcurl");
        return false;
    }
    return true;
}

static void start(struct transport *transport, uint64_t ticket, struct order *order, struct moment now)
{
    struct transfer *transfer = (struct transfer *)transport;
    struct exchange *exchange = memory_new(1, sizeof *exchange);
    struct exchange **bucket = &transfer->buckets[ticket % BUCKETS];

    assert(order->request != NULL && order->appserver != NULL && order->url != NULL);
    exchange->transfer = transfer;
    exchange->ticket = ticket;
    exchange->serial = ++transfer->last_serial;
    exchange->order = outgoing_take(order);
    exchange->started = now;
    exchange->answer.retry_after_ns = -1;
    exchange->answer.text = "";
    exchange->answer.phases = (struct phases){-1, -1, -1, -1, -1};
    intake_init(&exchange->intake, exchange->order.request);
    exchange->next = *bucket;
    *bucket = exchange;
    if (!begin(exchange)) {
        exchange->doomed = true;
        make_due(exchange);
    }
    loop_hasten(transfer->loop, transfer->timer_ns);
}

/* ---- ending ---- */

static void unlink_exchange(struct exchange *exchange)
{
    struct transfer *transfer = exchange->transfer;
    struct exchange **link = &transfer->buckets[exchange->ticket % BUCKETS];

    while (*link != exchange)
        link = &(*link)->next;
    *link = exchange->next;
    if (exchange->due_turn == 0)
        return;
    for (link = &transfer->due; *link != NULL && *link != exchange;)
        link = &(*link)->next_due;
    if (*link == exchange)
        *link = exchange->next_due;
    while (*link != NULL)
        link = &(*link)->next_due;
    transfer->due_end = link;
}

/* The easy handle goes back with nothing of this exchange in it. */
static void exchange_free(struct exchange *exchange)
{
    struct transfer *transfer = exchange->transfer;

    if (exchange->easy != NULL) {
        curl_multi_remove_handle(transfer->multi, exchange->easy);
        curl_easy_reset(exchange->easy);
        if (transfer->spare_count < SPARES_MAX)
            transfer->spares[transfer->spare_count++] = exchange->easy;
        else
            curl_easy_cleanup(exchange->easy);
    }
    outgoing_free(&exchange->order);
    free(exchange->lines);
    intake_reset(&exchange->intake);
    handshake_release(exchange->handshake);
    free(exchange);
}

static void cancel(struct transport *transport, uint64_t ticket)
{
    struct transfer *transfer = (struct transfer *)transport;
    struct exchange *exchange = transfer->buckets[ticket % BUCKETS];

    while (exchange != NULL && exchange->ticket != ticket)
        exchange = exchange->next;
    if (exchange != NULL) {
        unlink_exchange(exchange);
        exchange_free(exchange);
    }
}

static void fill_from_head(struct answer *answer, const struct head *head, int64_t wall_ns)
{
    if (!head->complete) {
        answer->status = head->status == 101 ? 101 : 0;
        return;
    }
    answer->status = head->status;
    answer->date_epoch = head->date_epoch;
    answer->retry_after_ns = head_retry_after(head, wall_ns);
    memcpy(answer->content_type, head->content_type, sizeof answer->content_type);
    if (head->status >= 300 && head->status <= 399)
        memcpy(answer->location, head->location, sizeof answer->location);
}

static enum reason decide(struct exchange *exchange, CURLcode code)
{
    struct answer *answer = &exchange->answer;
    const struct order *order = &exchange->order;
    struct outcome outcome = {.ending = (int)code,
                              .status = answer->status,
                              .stage = stage_of(exchange),
                              .words = exchange->words,
                              .certificate = handshake_error(exchange->handshake),
                              .timeout_ns = order->timeout_ns,
                              .connect_timeout_ns = order->connect_timeout_ns,
                              .max_response = order->request->max_response};
    long system_error = 0;

    if (curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &system_error) == CURLE_OK)
        outcome.system_error = (int)system_error;
    if (code == CURLE_COULDNT_CONNECT && exchange->socket_error != 0) {
        outcome.ending = ENDING_NO_SOCKET;
        outcome.system_error = exchange->socket_error;
    } else if (code == CURLE_COULDNT_CONNECT && system_error == ECONNRESET) {
        outcome.ending = ENDING_RESET_AT_ONCE;
    }
    if (code == CURLE_OK && !intake_whole(&exchange->intake))
        outcome.ending = ENDING_BAD_CONTENT_ENCODING;
    if (exchange->stopped)
        outcome.ending = (int)exchange->stop_ending;
    if (exchange->refusal == REFUSED_SECOND)
        outcome.ending = ENDING_NOT_TWICE;
    return outcome_decide(&outcome, answer->detail, sizeof answer->detail);
}

static void fill_answer(struct exchange *exchange, CURLcode code)
{
    struct answer *answer = &exchange->answer;
    struct intake *intake = &exchange->intake;

    fill_from_head(answer, &exchange->head, clock_now().wall_ns);
    answer->failure = decide(exchange, code);
    if (answer->failure == REASON_NONE) {
        intake_finish(intake, answer->status);
        answer->json = intake->json;
    }
    measure(exchange->easy, exchange->socket_count > 0, &answer->phases);
    answer->duration_ns = exchange->earlier_ns + time_of(exchange->easy, CURLINFO_TOTAL_TIME_T);
    answer->body_bytes = intake->bytes;
    if (intake->text != NULL && (answer->failure == REASON_NONE || !intake->good)) {
        answer->text = intake->text;
        answer->text_size = intake->text_size;
    }
    answer->text_cut = intake->text_cut;
    answer->new_connection = exchange->new_connection;
    answer->resent = exchange->resent;
    answer->sent = exchange->sent;
    answer->certificate_expiry_epoch = exchange->handshake == NULL ? 0 : exchange->handshake->expiry_epoch;
}

/* After a refusal the same request over a fresh connection; a POST that was sent is not. */
static bool begin_again(struct exchange *exchange)
{
    bool second = exchange->refusal == REFUSED_SECOND;

    if (exchange->refusal == REFUSED_NOT ||
        (second && (exchange->resent || exchange->order.request->method == HTTP_POST)))
        return false;
    exchange->resent = exchange->resent || second;
    exchange->earlier_ns += time_of(exchange->easy, CURLINFO_TOTAL_TIME_T);
    curl_multi_remove_handle(exchange->transfer->multi, exchange->easy);
    return curl_easy_setopt(exchange->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK && attempt(exchange);
}

static void hand_over(struct exchange *exchange, struct moment now)
{
    struct transfer *transfer = exchange->transfer;

    unlink_exchange(exchange);
    transfer->answered(transfer->context, exchange->ticket, &exchange->answer, now);
    exchange_free(exchange);
}

static void finish(struct exchange *exchange, CURLcode code, struct moment now)
{
    struct transfer *transfer = exchange->transfer;
    struct connection *connection = connection_find(&transfer->book, &exchange->ends);

    if (code == CURLE_OK && exchange->due_turn != 0) {
        exchange->ended = true;
        return;
    }
    if (connection != NULL)
        connection->used_ns = clock_now().boot_ns;
    if (exchange->socket_count > 0 && is_connected(exchange))
        exchange->new_connection = true;
    if (begin_again(exchange))
        return;
    fill_answer(exchange, code);
    hand_over(exchange, now);
}

static void finish_all(struct transfer *transfer, struct moment now)
{
    struct CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(transfer->multi, &left)) != NULL) {
        char *exchange = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        finish((struct exchange *)(void *)exchange, code, now);
    }
}

/* Lets one go on that had to wait, and tells of one that could not be started. */
static void attend(struct exchange *exchange, struct moment now)
{
    CURLcode code = CURLE_OK;

    if (exchange->doomed) {
        hand_over(exchange, now);
        return;
    }
    if (!heed(exchange, intake_go_on(&exchange->intake, &exchange->head, &exchange->transfer->share)))
        code = CURLE_WRITE_ERROR;
    else if (exchange->due_turn != 0)
        return;
    if (code == CURLE_OK && exchange->paused) {
        exchange->paused = false;
        code = curl_easy_pause(exchange->easy, CURLPAUSE_CONT);
    }
    if (code != CURLE_OK || exchange->ended)
        finish(exchange, code, now);
}

/* Who becomes due meanwhile waits for the next turn. */
static void attend_due(struct transfer *transfer, struct moment now)
{
    while (transfer->due != NULL && transfer->due->due_turn != transfer->turn) {
        struct exchange *exchange = transfer->due;

        transfer->due = exchange->next_due;
        if (transfer->due == NULL)
            transfer->due_end = &transfer->due;
        exchange->due_turn = 0;
        attend(exchange, now);
    }
}

/* ---- the whole ---- */

int64_t transfer_turn(struct transfer *transfer, struct moment now)
{
    int running;

    transfer->turn++;
    transfer->share = TURN_BYTES;
    finish_all(transfer, now); /* what has run into its time-out while it was paused cannot go on */
    attend_due(transfer, now);
    for (int i = 0; i < ACTIONS_A_TURN && transfer->timer_ns <= clock_now().boot_ns; i++) {
        transfer->timer_ns = NEVER_NS;
        curl_multi_socket_action(transfer->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    finish_all(transfer, now);
    return transfer->due != NULL ? now.boot_ns : transfer->timer_ns;
}

const char *transfer_setup(void)
{
    static const struct {
        int feature;
        const char *why;
    } wanted[] = {
        {CURL_VERSION_SSL, "this libcurl cannot do TLS"},
        {CURL_VERSION_LIBZ, "this libcurl cannot read gzip"},
        {CURL_VERSION_ASYNCHDNS, "this libcurl blocks while it resolves a name"},
    };

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return "libcurl cannot be set up";
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if ((info->features & wanted[i].feature) == 0)
            return wanted[i].why;
    if (info->version_num < 0x075700)
        return "this libcurl is older than 7.87, and waits for its resolver threads";
    if (info->ssl_version == NULL || strncmp(info->ssl_version, "OpenSSL/", 8) != 0)
        return "this libcurl's TLS is not OpenSSL, so certificates could not be verified";
    return NULL;
}

struct transfer *transfer_new(struct loop *loop, size_t connections, transport_answered *answered,
                              void *context)
{
    struct transfer *transfer = memory_new(1, sizeof *transfer);
    CURLM *multi = curl_multi_init();

    assert(multi != NULL);
    *transfer = (struct transfer){.transport = {.start = start, .cancel = cancel},
                                  .loop = loop,
                                  .answered = answered,
                                  .context = context,
                                  .multi = multi,
                                  .timer_ns = NEVER_NS,
                                  .turn = 1,
                                  .share = TURN_BYTES,
                                  .trust = trust_new()};
    transfer->due_end = &transfer->due;
    connections = connections < 1 ? 1 : connections > INT_MAX ? INT_MAX : connections;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)connections);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_watch);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, transfer);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, transfer);
    return transfer;
}

const char *transfer_trust(struct transfer *transfer, const char *ca_file)
{
    const char *why = NULL;

    return trust_find(transfer->trust, ca_file, &why) == NULL ? why : NULL;
}

struct transport *transfer_transport(struct transfer *transfer)
{
    return &transfer->transport;
}

void transfer_free(struct transfer *transfer)
{
    if (transfer == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (transfer->buckets[i] != NULL)
            cancel(&transfer->transport, transfer->buckets[i]->ticket);
    while (transfer->spare_count > 0)
        curl_easy_cleanup(transfer->spares[--transfer->spare_count]);
    curl_multi_cleanup(transfer->multi);
    connection_book_free(&transfer->book);
    trust_free(transfer->trust);
    free(transfer);
}
