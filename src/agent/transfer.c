#include "agent/transfer.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "agent/exchange.h"
#include "agent/proxy.h"
#include "base/memory.h"

#define ACTIONS_A_TURN   4
#define TURN_BYTES       ((size_t)1 << 20) /* of bodies, decoded */
#define RESEND_WITHIN_NS SECOND_NS

#define SAME_CODE(name) static_assert((int)ENDING_##name == (int)CURLE_##name, "libcurl's number")

SAME_CODE(OK);
SAME_CODE(UNSUPPORTED_PROTOCOL);
SAME_CODE(COULDNT_RESOLVE_PROXY);
SAME_CODE(COULDNT_RESOLVE_HOST);
SAME_CODE(COULDNT_CONNECT);
SAME_CODE(WEIRD_SERVER_REPLY);
SAME_CODE(HTTP2);
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
SAME_CODE(HTTP2_STREAM);
SAME_CODE(PROXY);
SAME_CODE(SSL_CLIENTCERT);

/* ---- what libcurl calls ---- */

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

/* The client certificate is for the app server alone. */
static struct trust_files files_of(const struct appserver_settings *appserver, bool outside)
{
    return (struct trust_files){.ca = appserver->tls_ca_file,
                                .certificate = outside ? NULL : appserver->tls_client_cert_file,
                                .key = outside ? NULL : appserver->tls_client_key_file};
}

static bool doom(struct exchange *exchange, enum reason reason, const char *why)
{
    exchange->answer.failure = reason;
    snprintf(exchange->answer.detail, sizeof exchange->answer.detail, "%s", why);
    return false;
}

static bool begin(struct exchange *exchange)
{
    struct transfer *transfer = exchange->transfer;
    const char *fault = outgoing_login_fault(&exchange->order);

    if (fault != NULL)
        return doom(exchange, REASON_INTERNAL, fault);
    exchange->proxy = proxy_of(exchange->order.proxy, exchange->order.url, &fault);
    if (exchange->proxy == NULL)
        return doom(exchange, REASON_CONNECT, fault);
    if (outgoing_is_tls(&exchange->order)) {
        const char *why = NULL;

        struct trust_files files = files_of(exchange->order.appserver, exchange->order.outside);

        exchange->trust = trust_find(transfer->trust, &files, exchange->started.boot_ns, &why);
        if (exchange->trust == NULL)
            return doom(exchange, REASON_TLS, why);
    }
    exchange->easy = transfer->spare_count > 0 ? transfer->spares[--transfer->spare_count] : curl_easy_init();
    if (exchange->easy == NULL || !exchange_set(exchange) || !exchange_attempt(exchange)) {
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
    struct exchange **bucket = &transfer->buckets[ticket % EXCHANGE_BUCKETS];

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
        exchange_make_due(exchange);
    }
    loop_hasten(transfer->loop, transfer->timer_ns);
}

/* ---- ending ---- */

static void unlink_exchange(struct exchange *exchange)
{
    struct transfer *transfer = exchange->transfer;
    struct exchange **link = &transfer->buckets[exchange->ticket % EXCHANGE_BUCKETS];

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
        if (transfer->spare_count < EXCHANGE_SPARES)
            transfer->spares[transfer->spare_count++] = exchange->easy;
        else
            curl_easy_cleanup(exchange->easy);
    }
    outgoing_free(&exchange->order);
    free(exchange->lines);
    curl_slist_free_all(exchange->connect_to);
    intake_reset(&exchange->intake);
    handshake_release(exchange->handshake);
    trust_set_release(exchange->trust);
    free(exchange);
}

static void cancel(struct transport *transport, uint64_t ticket)
{
    struct transfer *transfer = (struct transfer *)transport;
    struct exchange *exchange = transfer->buckets[ticket % EXCHANGE_BUCKETS];

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
        answer->status = head->status == 101 || head->status == 401 ? head->status : 0;
        return;
    }
    answer->status = head->status;
    answer->date_epoch = head->date_epoch;
    answer->retry_after_ns = head_retry_after(head, wall_ns);
    memcpy(answer->content_type, head->content_type, sizeof answer->content_type);
    if (head->status >= 300 && head->status <= 399)
        memcpy(answer->location, head->location, sizeof answer->location);
}

/* Who says 401 has refused the login, however badly the rest comes: as a broken connection it would be tried again as often as
   those are. A proxy's word about itself is not the server's. */
static bool is_refusal(const struct exchange *exchange)
{
    long proxy_status = 0;

    curl_easy_getinfo(exchange->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    return exchange->answer.status == 401 && proxy_status < 300;
}

/* By HTTP (RFC 9110 section 15.5.8) or by SOCKS 5 (RFC 1929). */
static bool is_proxy_refusal(const struct exchange *exchange, CURLcode code, int proxy_status)
{
    long proxy_error = CURLPX_OK;

    curl_easy_getinfo(exchange->easy, CURLINFO_PROXY_ERROR, &proxy_error);
    return (code != CURLE_OK && proxy_status == 407) ||
           (code == CURLE_PROXY && proxy_error == CURLPX_USER_REJECTED);
}

static enum reason decide(struct exchange *exchange, CURLcode code)
{
    struct answer *answer = &exchange->answer;
    const struct order *order = &exchange->order;
    struct outcome outcome = {.ending = (int)code,
                              .status = answer->status,
                              .stage = exchange_stage(exchange),
                              .words = exchange->words,
                              .certificate = handshake_error(exchange->handshake),
                              .proxied = exchange->proxy[0] != '\0',
                              .timeout_ns = order->timeout_ns,
                              .connect_timeout_ns = order->connect_timeout_ns,
                              .max_response = order->request->max_response};
    long system_error = 0, proxy_status = 0;

    if (curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &system_error) == CURLE_OK)
        outcome.system_error = (int)system_error;
    if (curl_easy_getinfo(exchange->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status) == CURLE_OK)
        outcome.proxy_status = (int)proxy_status;
    if (code == CURLE_COULDNT_CONNECT && exchange->socket_error != 0) {
        outcome.ending = ENDING_NO_SOCKET;
        outcome.system_error = exchange->socket_error;
    } else if (code == CURLE_COULDNT_CONNECT && system_error == ECONNRESET && !outcome.proxied) {
        outcome.ending = ENDING_RESET_AT_ONCE;
    }
    if (code != CURLE_OK && outcome.proxy_status >= 300)
        outcome.ending = ENDING_PROXY_REFUSED;
    if (is_proxy_refusal(exchange, code, outcome.proxy_status)) {
        outcome.ending = ENDING_PROXY_LOGIN;
        answer->proxy_refused = strchr(exchange->proxy, '@') != NULL; /* else there is no account to lock */
    }
    if (code == CURLE_OK && !intake_whole(&exchange->intake))
        outcome.ending = ENDING_BAD_CONTENT_ENCODING;
    if (exchange->stopped)
        outcome.ending = (int)exchange->stop_ending;
    if (exchange->refusal == REFUSED_SECOND)
        outcome.ending = order->request->method == HTTP_POST ? ENDING_NOT_TWICE : ENDING_GOT_NOTHING;
    if (exchange->refusal == REFUSED_LOGIN)
        outcome.ending = ENDING_OK;
    return outcome_decide(&outcome, answer->detail, sizeof answer->detail);
}

/* What the server has said is a round's answer, and the last one has not come. */
static bool is_amid_login(const struct exchange *exchange, CURLcode code)
{
    return code != CURLE_OK && exchange->refusal != REFUSED_LOGIN && exchange->head.ntlm_challenge &&
           !exchange->authenticated && exchange->order.login != ORDER_NO_LOGIN;
}

static void fill_answer(struct exchange *exchange, CURLcode code)
{
    struct answer *answer = &exchange->answer;
    struct intake *intake = &exchange->intake;

    if (is_amid_login(exchange, code))
        head_next(&exchange->head);
    fill_from_head(answer, &exchange->head, clock_now().wall_ns);
    answer->failure = decide(exchange, code);
    if (is_refusal(exchange))
        answer->failure = REASON_NONE;
    if (answer->failure == REASON_NONE) {
        intake_finish(intake, answer->status);
        answer->json = intake->json;
    }
    exchange_measure(exchange, &answer->phases);
    answer->duration_ns = exchange->earlier_ns + exchange_duration(exchange);
    answer->body_bytes = intake->bytes;
    if (intake->text != NULL && (answer->failure == REASON_NONE || !intake->good)) {
        answer->text = intake->text;
        answer->text_size = intake->text_size;
    }
    answer->text_cut = intake->text_cut;
    answer->new_connection = exchange->new_connection;
    answer->resent = exchange->resent;
    answer->sent = exchange->sent;
    if (exchange->socket_count > 0)
        answer->client_certificate_expiry_epoch = trust_set_client_expiry(exchange->trust);
    answer->certificate_expiry_epoch = exchange->handshake == NULL ? 0 : exchange->handshake->expiry_epoch;
}

/* A kept connection that had died says so within a round trip. Later the server may be at work on the request, on a seat, and
   a second sending would take another. */
static bool may_be_at_work(const struct exchange *exchange)
{
    return clock_now().boot_ns - exchange->started.boot_ns > RESEND_WITHIN_NS;
}

/* After a refusal the same request over a fresh connection; a POST that was sent is not. */
static bool begin_again(struct exchange *exchange)
{
    bool second = exchange->refusal == REFUSED_SECOND;

    if (exchange->refusal == REFUSED_NOT || exchange->refusal == REFUSED_LOGIN ||
        (second && (exchange->resent || exchange->authenticated ||
                    exchange->order.request->method == HTTP_POST || may_be_at_work(exchange))))
        return false;
    exchange->resent = exchange->resent || second;
    exchange->earlier_ns += exchange_duration(exchange);
    curl_multi_remove_handle(exchange->transfer->multi, exchange->easy);
    return curl_easy_setopt(exchange->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
           exchange_attempt(exchange);
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
    if (connection != NULL) {
        connection->used_ns = clock_now().boot_ns;
        connection->refused = exchange->order.login != ORDER_NO_LOGIN && exchange->head.status == 401;
    }
    if (exchange->socket_count > 0 && exchange_is_connected(exchange))
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
    if (!exchange_heed(exchange,
                       intake_go_on(&exchange->intake, &exchange->head, &exchange->transfer->share)))
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
    transfer_keep(transfer, connections);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_watch);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, transfer);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, transfer);
    return transfer;
}

void transfer_keep(struct transfer *transfer, size_t connections)
{
    connections = connections < 1 ? 1 : connections > INT_MAX ? INT_MAX : connections;
    curl_multi_setopt(transfer->multi, CURLMOPT_MAXCONNECTS, (long)connections);
}

const char *transfer_trust(struct transfer *transfer, const struct appserver_settings *appserver)
{
    const struct trust_files files = files_of(appserver, false);
    const char *why = NULL;
    struct trust_set *set = trust_find(transfer->trust, &files, clock_now().boot_ns, &why);

    trust_set_release(set);
    return set == NULL ? why : NULL;
}

struct transport *transfer_transport(struct transfer *transfer)
{
    return &transfer->transport;
}

void transfer_free(struct transfer *transfer)
{
    if (transfer == NULL)
        return;
    for (size_t i = 0; i < EXCHANGE_BUCKETS; i++)
        while (transfer->buckets[i] != NULL)
            cancel(&transfer->transport, transfer->buckets[i]->ticket);
    while (transfer->spare_count > 0)
        curl_easy_cleanup(transfer->spares[--transfer->spare_count]);
    curl_multi_cleanup(transfer->multi);
    connection_book_free(&transfer->book);
    trust_free(transfer->trust);
    free(transfer);
}
