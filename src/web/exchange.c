#include "web/exchange.h"

#include <assert.h>
#include <linux/tcp.h> /* glibc's struct tcp_info ends before the counts of bytes */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "report/board.h"
#include "web/answer.h"
#include "web/compression.h"
#include "web/encoding.h"
#include "web/formation.h"
#include "web/headers.h"
#include "web/origin.h"
#include "web/room.h"
#include "web/routes.h"
#include "web/target.h"

/* ---- what the kernel knows of a connection ------------------------------------------------------------------------ */

static struct tcp_info tcp_info_of(const struct client *client)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;

    (void)getsockopt(client->descriptor, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info;
}

uint64_t exchange_bytes_arrived(const struct client *client)
{
    return tcp_info_of(client).tcpi_bytes_acked;
}

uint64_t exchange_bytes_received(const struct client *client)
{
    return tcp_info_of(client).tcpi_bytes_received;
}

/* ---- the request -------------------------------------------------------------------------------------------------- */

/* One request, in one of its passes. */
struct exchange {
    struct web_server *server;
    struct client *client;
    struct MHD_Connection *connection;
    struct headers headers;
    struct web_request request; /* points to the headers */
};

static enum MHD_Result take_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    headers_add(cls, name, value);
    return MHD_YES;
}

static bool takes_gzip(const struct exchange *exchange)
{
    return encoding_takes_gzip(exchange->headers.texts[HEADER_ACCEPT_ENCODING]);
}

/* libmicrohttpd hands the target out as a C string; behind its end stands the version, unless a NUL cut it short. */
static bool is_cut_short(const struct client *client, const char *version)
{
    return version != client->target + client->target_size + 1;
}

/* Bytes that the clients of the client's address hold, each reply counted once. */
static uint64_t address_held(struct web_server *server, const struct client *client)
{
    uint64_t mark = ++server->mark, sum = 0;

    for (size_t i = 0; i < server->clients.count; i++) {
        const struct client *other = &server->clients.places[i];
        if (other->descriptor < 0 || other->reply == NULL || other->reply->mark == mark ||
            !client_is_same(&other->address, &client->address))
            continue;
        other->reply->mark = mark;
        sum += other->reply->size;
    }
    return sum;
}

/* ---- the answer --------------------------------------------------------------------------------------------------- */

static enum MHD_Result send_reply(const struct exchange *exchange)
{
    struct client *client = exchange->client;
    const struct reply *reply = client->reply;
    uint64_t size = client->head ? 0 : reply->size;

    client_drains(client, clock_now().boot_ns, exchange_bytes_arrived(client), size);
    enum MHD_Result result = MHD_queue_response(exchange->connection, (unsigned)reply->answer.status,
                                                reply->response);
    report_http_request(exchange->server->report, client->route, reply->answer.status, size,
                        exchange->request.now);
    return result;
}

/* Whoever else waits for the reply gets the same response. */
static enum MHD_Result send_answer(const struct exchange *exchange, struct web_answer *answer)
{
    if (answer->body.failed) { /* not even a sentence fits */
        buffer_free(&answer->body);
        return MHD_NO;
    }
    return reply_respond(exchange->client->reply, answer, &exchange->server->response_bytes)
               ? send_reply(exchange)
               : MHD_NO;
}

/* ---- what comes later --------------------------------------------------------------------------------------------- */

static void wait_for(const struct exchange *exchange, struct later *later)
{
    exchange->client->later = later;
    exchange->client->connection = exchange->connection;
    client_waits(exchange->client, exchange->request.now.boot_ns);
    MHD_suspend_connection(exchange->connection);
}

void exchange_resume(struct client *client, int64_t now_ns)
{
    client_goes_on(client, now_ns);
    MHD_resume_connection(client->connection);
}

/* For when its body has been formed. */
static void keep(struct client *client, const struct web_answer *answer)
{
    client->formed = memory_new(1, sizeof *client->formed);
    *client->formed = *answer;
    client->formed->later = NULL;
}

/* ---- finding it --------------------------------------------------------------------------------------------------- */

static struct gnutls_session_int *session_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
                                                                   MHD_CONNECTION_INFO_GNUTLS_SESSION);

    return info->tls_session;
}

void exchange_begin(struct web_server *server, struct client *client, struct MHD_Connection *connection)
{
    if (server->tls == NULL)
        return;
    struct model *model = board_model(report_board(server->report));
    tls_use(server->tls, &model->web, clock_now());
    model_unref(model);
    tls_begin(server->tls, session_of(connection), &client->credential);
}

/* What the client's certificate is worth under the rules of the model. */
static enum access_certificate certificate_of(const struct exchange *exchange, const struct model *model)
{
    struct tls *tls = exchange->server->tls;

    if (tls == NULL)
        return model->web.client_ca_file == NULL ? ACCESS_CERTIFICATE_UNASKED : ACCESS_CERTIFICATE_BAD;
    tls_use(tls, &model->web, exchange->request.now);
    return tls_client(tls, session_of(exchange->connection), &exchange->client->credential);
}

static enum access_verdict ask_access(const struct exchange *exchange, struct later **later)
{
    const struct web_request *request = &exchange->request;
    const struct client *client = exchange->client;
    struct access *access = exchange->server->access;
    struct model *model = board_model(report_board(request->report));
    struct access_question question = {
        .path = request->path,
        .authorization = exchange->headers.texts[HEADER_AUTHORIZATION],
        .certificate = certificate_of(exchange, model),
        .local = client_is_loopback(&client->address) && !exchange->headers.by_proxy &&
                 host_is_local(request->host),
        .address = client->address,
    };

    access_use(access, model, request->now);
    model_unref(model);
    return access_ask(access, &question, client->standing == CLIENT_ASKS ? request->verdict : NULL,
                      request->now, later);
}

/* False: the answer refuses, or comes later. */
static bool let_in(struct exchange *exchange, struct web_answer *answer)
{
    struct client *client = exchange->client;
    struct web_request *request = &exchange->request;

    if (client->standing == CLIENT_NEW || client->standing == CLIENT_ASKS) {
        enum access_verdict verdict = ask_access(exchange, &answer->later);
        request->verdict = NULL;
        client->standing = verdict == ACCESS_TRUSTED   ? CLIENT_TRUSTED
                           : verdict == ACCESS_GRANTED ? CLIENT_GRANTED
                                                       : CLIENT_ASKS;
        if (client->standing == CLIENT_ASKS && verdict != ACCESS_LATER)
            access_answer(exchange->server->access, verdict, answer);
        answer->close = answer->close || request->has_body;
    }
    request->trusted = client->standing == CLIENT_TRUSTED;
    return client->standing != CLIENT_ASKS;
}

/* What all requests have in common that one page of metrics answers, owned; NULL: it is for this one alone. */
static char *sharing_key(const struct exchange *exchange)
{
    const struct web_request *request = &exchange->request;

    if (request->has_body || request->malformed || strcmp(request->path, request->telemetry_path) != 0)
        return NULL;
    return memory_format("%s %s %s\n%s", request->method, takes_gzip(exchange) ? "gzip" : "identity",
                         request->query, request->accept != NULL ? request->accept : "");
}

/* The first who comes after a reply was packed makes its answer. */
static void take_packed(struct reply *reply, struct web_answer *answer)
{
    const char *text;
    int status;

    if (reply->later == NULL || !later_take(reply->later, &status, &text))
        return;
    *answer = reply->answer;
    later_move_bytes(reply->later, &answer->body);
    reply->packed = status == COMPRESSION_PACKED;
    later_unref(reply->later);
    reply->later = NULL;
}

/* The first pass of a request, or the next one after what it waited for. Where it gets a reply that is there already, that is the
   client's afterwards. */
static void find_answer(struct exchange *exchange, struct web_answer *answer)
{
    struct web_server *server = exchange->server;
    struct client *client = exchange->client;
    struct web_request *request = &exchange->request;
    struct later *later = client->later;
    struct reply *packs = client->reply, *shared;
    struct web_answer *formed = client->formed;
    char *key = sharing_key(exchange);
    int status = LATER_VERDICT;

    client->later = NULL;
    client->reply = NULL;
    client->formed = NULL;
    client->route = routes_label(request);
    if (server->ends) {
        answer_text(answer, 503, "The exporter ends.\n");
        answer->close = true;
    } else if (later != NULL && !later_take(later, &status, &request->verdict)) {
        answer_text(answer, 503, "This takes too long to wait for.\n");
        answer->retry = true;
    } else if (packs != NULL) {
        client->reply = reply_ref(packs);
        take_packed(packs, answer);
    } else if (formed != NULL) {
        *answer = *formed;
        later_move_bytes(later, &answer->body);
        formation_finish(request, answer, status);
    } else if (status != LATER_VERDICT) {
        answer_text(answer, status, request->verdict);
    } else if (request->malformed || let_in(exchange, answer)) {
        shared = key != NULL ? reply_find(server->replies, key, clock_now().boot_ns) : NULL;
        if (shared != NULL) {
            client->reply = reply_ref(shared);
            take_packed(shared, answer);
        } else {
            routes_answer(request, answer);
        }
    }
    reply_unref(packs);
    free(formed);
    later_unref(later);
    free(key);
}

/* The reply of an answer that is there, its body packed where that is wanted. What takes long comes later: then *later is that, and
   has taken the body over. */
static struct reply *make_reply(const struct exchange *exchange, struct web_answer *answer,
                                struct later **later)
{
    struct web_server *server = exchange->server;
    bool large = answer->body.size >= COMPRESSION_LARGE, packed = false;
    struct web_answer plain = *answer;

    if (answer->compressible && !answer->body.failed && answer->body.size >= COMPRESSION_LEAST &&
        takes_gzip(exchange)) {
        if (large)
            *later = compression_start(answer->formed ? server->former.worker : server->worker, server->post,
                                       &answer->body, &server->response_bytes);
        else
            packed = compression_now(&answer->body);
    }
    char *key = large && answer->status == 200 ? sharing_key(exchange) : NULL;
    struct reply *reply = reply_new(&server->replies, key, &plain, *later, clock_now().boot_ns);
    reply->packed = packed;
    free(key);
    return reply;
}

/* ---- libmicrohttpd's calls ---------------------------------------------------------------------------------------- */

/* Makes what is all zero but for the first three members out of what libmicrohttpd has read. */
static void read_request(struct exchange *exchange, const char *url, const char *method, const char *version)
{
    struct web_server *server = exchange->server;
    struct headers *headers = &exchange->headers;
    struct web_target target;
    bool wrong_target = !target_read(url, &target) || is_cut_short(exchange->client, version);

    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, take_header, headers);
    exchange->request = (struct web_request){
        .method = method,
        .path = target.path,
        .query = exchange->client->query,
        .has_body = headers->has_body,
        .malformed = wrong_target || headers->wrong,
        .now = clock_now(),
        .report = server->report,
        .version = server->version,
        .telemetry_path = server->telemetry_path,
        .others_wait = server->response_bytes > 0,
        .accept = headers->texts[HEADER_ACCEPT],
        .origin = headers->texts[HEADER_ORIGIN],
        .host = target_host(&target, headers->texts[HEADER_HOST]),
        .fetch_site = headers->texts[HEADER_FETCH_SITE],
        .tls = server->tls != NULL,
        .post = server->post,
        .worker = server->worker,
        .former = &server->former,
    };
}

/* One pass of a request: it is answered, or waits for something. */
static enum MHD_Result pass(struct exchange *exchange)
{
    struct web_server *server = exchange->server;
    struct client *client = exchange->client;
    struct web_answer answer = {0};

    buffer_init(&answer.body, room_left(server->options.response_bytes, server->response_bytes,
                                        address_held(server, client)));
    find_answer(exchange, &answer);
    struct later *later = answer.later;
    if (later == NULL && client->reply == NULL)
        client->reply = make_reply(exchange, &answer, &later);
    else if (later == NULL && client->reply->later != NULL)
        later = later_ref(client->reply->later); /* somebody else's, which is packed at the moment */
    if (later != NULL) {
        buffer_free(&answer.body);
        if (answer.formed && answer.later != NULL)
            keep(client, &answer);
        wait_for(exchange, later);
        return MHD_YES;
    }
    if (client->reply->response == NULL)
        return send_answer(exchange, &answer);
    buffer_free(&answer.body);
    return send_reply(exchange);
}

enum MHD_Result exchange_request(void *cls, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **request_cls)
{
    struct client *client = *request_cls;
    struct exchange exchange = {.server = cls, .client = client, .connection = connection};
    bool complete = client->phase == CLIENT_RESPONSE;

    (void)upload;
    (void)upload_size;
    read_request(&exchange, url, method, version);
    client->head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (!complete)
        client_asked(client, exchange.request.now.boot_ns);
    /* An answer at the first call, before the end of the request, makes libmicrohttpd close the connection: right for a
       request with a body, which is not read, and for one that cannot be understood; wrong for all others. */
    enum MHD_Result result = complete || exchange.request.has_body || exchange.request.malformed
                                 ? pass(&exchange)
                                 : MHD_YES;
    headers_free(&exchange.headers);
    return result;
}

static struct client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
                                                                   MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info->socket_context;
}

/* The request line has been read; what is returned is the request_cls of the request. */
void *exchange_request_line(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct client *client = client_of(connection);
    const char *query = strchr(target, '?');

    (void)cls;
    client->target = target;
    client->target_size = strlen(target);
    free(client->query); /* libmicrohttpd takes its own text apart */
    client->query = memory_copy_text(query != NULL ? query + 1 : "");
    client->route = "other";
    client->standing = CLIENT_NEW;
    return client;
}

/* What the request under way has, whether it was answered or not. */
static void forget(struct client *client)
{
    later_unref(client->later);
    client->later = NULL;
    reply_unref(client->reply);
    client->reply = NULL;
    free(client->formed);
    client->formed = NULL;
    free(client->query);
    client->query = NULL;
}

void exchange_completed(void *cls, struct MHD_Connection *connection, void **request_cls,
                        enum MHD_RequestTerminationCode code)
{
    struct client *client = client_of(connection);

    (void)cls;
    (void)request_cls;
    (void)code;
    forget(client);
    client_answered(client, clock_now().boot_ns, exchange_bytes_received(client));
}

void exchange_end(struct client *client)
{
    forget(client);
    tls_credential_unref(client->credential);
    client->credential = NULL;
}
