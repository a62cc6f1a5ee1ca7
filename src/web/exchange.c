#include "web/exchange.h"

#include <assert.h>
#include <linux/tcp.h> /* glibc's struct tcp_info ends before the counts of bytes */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "base/secret.h"
#include "report/board.h"
#include "web/answer.h"
#include "web/compression.h"
#include "web/encoding.h"
#include "web/formation.h"
#include "web/origin.h"
#include "web/room.h"
#include "web/routes.h"
#include "web/target.h"

/* A body, held until libmicrohttpd has sent it. */
struct held_body {
    struct web_server *server;
    char *data;
    size_t size;
};

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

/* Headers that the routes are handed, by their members of struct web_request. */
static const struct {
    const char *name;
    size_t offset;
} header_members[] = {
    {MHD_HTTP_HEADER_ACCEPT, offsetof(struct web_request, accept)},
    {MHD_HTTP_HEADER_ORIGIN, offsetof(struct web_request, origin)},
    {MHD_HTTP_HEADER_HOST, offsetof(struct web_request, host)},
    {"Sec-Fetch-Site", offsetof(struct web_request, fetch_site)},
};
#define HEADER_MEMBERS (sizeof header_members / sizeof header_members[0])

/* The values of one name, joined by a comma (RFC 9110, 5.3). */
struct joined_header {
    const char *name;
    char *text; /* NULL: none so far */
};

static enum MHD_Result join_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct joined_header *joined = cls;

    (void)kind;
    if (strcasecmp(name, joined->name) != 0)
        return MHD_YES;
    char *text = joined->text == NULL ? memory_copy_text(value != NULL ? value : "")
                                      : memory_format("%s, %s", joined->text, value != NULL ? value : "");
    free(joined->text);
    joined->text = text;
    return MHD_YES;
}

/* Owned; NULL: absent. */
static char *header_text(struct MHD_Connection *connection, const char *name)
{
    struct joined_header joined = {.name = name};

    MHD_get_connection_values(connection, MHD_HEADER_KIND, join_header, &joined);
    return joined.text;
}

static void read_headers(struct MHD_Connection *connection, struct web_request *request,
                         char *owned[HEADER_MEMBERS])
{
    for (size_t i = 0; i < HEADER_MEMBERS; i++) {
        owned[i] = header_text(connection, header_members[i].name);
        *(const char **)(void *)((char *)request + header_members[i].offset) = owned[i];
    }
}

static bool takes_gzip(struct MHD_Connection *connection)
{
    char *accepted = header_text(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    bool takes = encoding_takes_gzip(accepted);

    free(accepted);
    return takes;
}

static bool has_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name) != NULL;
}

/* What proxies write of whom they speak for. One that adds nothing of it is not told from a program on this machine. */
static const char *const proxy_headers[] = {"Forwarded",         "X-Forwarded-For", "X-Forwarded-Host",
                                            "X-Forwarded-Proto", "X-Real-IP",       "Via"};

static bool is_by_proxy(struct MHD_Connection *connection)
{
    for (size_t i = 0; i < sizeof proxy_headers / sizeof proxy_headers[0]; i++)
        if (has_header(connection, proxy_headers[i]))
            return true;
    return false;
}

static bool has_body(struct MHD_Connection *connection)
{
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_CONTENT_LENGTH);

    return has_header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) ||
           (length != NULL && strcmp(length, "0") != 0);
}

/* What is wrong with the headers of a request, as far as libmicrohttpd lets it pass. */
struct header_look {
    size_t hosts, lengths;
    bool wrong;
};

/* Header names must be tokens (RFC 9112, 5.1): "Content-Length : 5" would be no length to us, and one to a proxy. */
static enum MHD_Result look_at_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    static const char token[] =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct header_look *look = cls;

    (void)kind;
    look->wrong = look->wrong || name[0] == '\0' || name[strspn(name, token)] != '\0';
    look->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        look->lengths++;
        look->wrong = look->wrong || value == NULL || value[0] == '\0' ||
                      value[strspn(value, "0123456789")] != '\0';
    }
    return MHD_YES;
}

/* One Host at most (RFC 9112, 3.2), and one length, of digits alone (6.3): of two, a proxy could take the other one. */
static bool has_wrong_headers(struct MHD_Connection *connection)
{
    struct header_look look = {0};

    MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at_header, &look);
    return look.wrong || look.hosts > 1 || look.lengths > 1;
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

static void free_held_body(void *pointer)
{
    struct held_body *held = pointer;

    held->server->response_bytes -= held->size;
    free(held->data);
    free(held);
}

/* What of the request the answer depends on; NULL: nothing. */
static const char *vary_text(const struct web_answer *answer)
{
    static const char *const texts[2][2] = {{NULL, "Accept-Encoding"}, {"Accept", "Accept, Accept-Encoding"}};

    return texts[answer->negotiated][answer->compressible];
}

static struct MHD_Response *make_response(struct web_server *server, struct web_answer *answer, bool packed)
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
    if (vary_text(answer) != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, vary_text(answer));
    if (packed)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    if (answer->allow != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
    for (size_t i = 0; i < 2 && answer->challenges[i] != NULL; i++)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, answer->challenges[i]);
    if (answer->retry)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (answer->close)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return response;
}

static enum MHD_Result send_reply(struct web_server *server, struct client *client,
                                  struct MHD_Connection *connection, struct moment now)
{
    const struct reply *reply = client->reply;
    uint64_t size = client->head ? 0 : reply->size;

    client_drains(client, clock_now().boot_ns, exchange_bytes_arrived(client), size);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)reply->answer.status, reply->response);
    report_http_request(server->report, client->route, reply->answer.status, size, now);
    return result;
}

/* Whoever else waits for the reply gets the same response. */
static enum MHD_Result send_answer(struct web_server *server, struct client *client,
                                   struct MHD_Connection *connection, struct web_answer *answer,
                                   struct moment now)
{
    struct reply *reply = client->reply;

    if (answer->body.failed) { /* not even a sentence fits */
        buffer_free(&answer->body);
        return MHD_NO;
    }
    reply->size = answer->body.size;
    reply->response = make_response(server, answer, reply->packed);
    return reply->response != NULL ? send_reply(server, client, connection, now) : MHD_NO;
}

/* ---- what comes later --------------------------------------------------------------------------------------------- */

static void wait_for(struct client *client, struct MHD_Connection *connection, struct later *later,
                     int64_t now_ns)
{
    client->later = later;
    client->connection = connection;
    client_waits(client, now_ns);
    MHD_suspend_connection(connection);
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
static enum access_certificate certificate_of(struct web_server *server, struct client *client,
                                              struct MHD_Connection *connection, const struct model *model,
                                              struct moment now)
{
    if (server->tls == NULL)
        return model->web.client_ca_file == NULL ? ACCESS_CERTIFICATE_UNASKED : ACCESS_CERTIFICATE_BAD;
    tls_use(server->tls, &model->web, now);
    return tls_client(server->tls, session_of(connection), &client->credential);
}

static enum access_verdict ask_access(struct web_server *server, struct client *client,
                                      struct MHD_Connection *connection, const struct web_request *request,
                                      struct later **later)
{
    char *authorization = header_text(connection, MHD_HTTP_HEADER_AUTHORIZATION);
    struct access_question question = {
        .path = request->path,
        .authorization = authorization,
        .local = client_is_loopback(&client->address) && !is_by_proxy(connection) &&
                 host_is_local(request->host),
        .address = client->address,
    };
    struct model *model = board_model(report_board(server->report));

    question.certificate = certificate_of(server, client, connection, model, request->now);
    access_use(server->access, model, request->now);
    model_unref(model);
    enum access_verdict verdict = access_ask(server->access, &question,
                                             client->standing == CLIENT_ASKS ? request->verdict : NULL,
                                             request->now, later);
    if (authorization != NULL)
        secret_wipe(authorization, strlen(authorization));
    free(authorization);
    return verdict;
}

/* False: the answer refuses, or comes later. */
static bool let_in(struct web_server *server, struct client *client, struct MHD_Connection *connection,
                   struct web_request *request, struct web_answer *answer)
{
    if (client->standing == CLIENT_NEW || client->standing == CLIENT_ASKS) {
        enum access_verdict verdict = ask_access(server, client, connection, request, &answer->later);
        request->verdict = NULL;
        client->standing = verdict == ACCESS_TRUSTED   ? CLIENT_TRUSTED
                           : verdict == ACCESS_GRANTED ? CLIENT_GRANTED
                                                       : CLIENT_ASKS;
        if (client->standing == CLIENT_ASKS && verdict != ACCESS_LATER)
            access_answer(server->access, verdict, answer);
        answer->close = answer->close || request->has_body;
    }
    request->trusted = client->standing == CLIENT_TRUSTED;
    return client->standing != CLIENT_ASKS;
}

/* What all requests have in common that one page of metrics answers, owned; NULL: it is for this one alone. */
static char *sharing_key(const struct web_server *server, struct MHD_Connection *connection,
                         const struct web_request *request)
{
    if (request->has_body || request->malformed || strcmp(request->path, server->telemetry_path) != 0)
        return NULL;
    return memory_format("%s %s %s\n%s", request->method, takes_gzip(connection) ? "gzip" : "identity",
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
static void find_answer(struct web_server *server, struct client *client, struct MHD_Connection *connection,
                        struct web_request *request, struct web_answer *answer)
{
    struct later *later = client->later;
    struct reply *packs = client->reply, *shared;
    struct web_answer *formed = client->formed;
    char *key = sharing_key(server, connection, request);
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
    } else if (request->malformed || let_in(server, client, connection, request, answer)) {
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

/* The reply of an answer that is there, its body packed where that is wanted. What takes long comes later: that is returned, and
   has taken the body over; else NULL. */
static struct later *make_reply(struct web_server *server, struct client *client,
                                struct MHD_Connection *connection, const struct web_request *request,
                                struct web_answer *answer)
{
    struct later *later = NULL;
    bool large = answer->body.size >= COMPRESSION_LARGE, packed = false;
    struct web_answer plain = *answer;

    if (answer->compressible && !answer->body.failed && answer->body.size >= COMPRESSION_LEAST &&
        takes_gzip(connection)) {
        if (large)
            later = compression_start(answer->formed ? server->former.worker : server->worker, server->post,
                                      &answer->body, &server->response_bytes);
        else
            packed = compression_now(&answer->body);
    }
    char *key = large && answer->status == 200 ? sharing_key(server, connection, request) : NULL;
    client->reply = reply_new(&server->replies, key, &plain, later, clock_now().boot_ns);
    client->reply->packed = packed;
    free(key);
    return later;
}

/* ---- libmicrohttpd's calls ---------------------------------------------------------------------------------------- */

enum MHD_Result exchange_request(void *cls, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **request_cls)
{
    struct web_server *server = cls;
    struct client *client = *request_cls;
    struct moment now = clock_now();
    struct web_target target;
    bool wrong_target = !target_read(url, &target) || is_cut_short(client, version);
    struct web_request request = {
        .method = method,
        .path = target.path,
        .query = client->query,
        .has_body = has_body(connection),
        .malformed = wrong_target || has_wrong_headers(connection),
        .now = now,
        .report = server->report,
        .version = server->version,
        .telemetry_path = server->telemetry_path,
        .others_wait = server->response_bytes > 0,
        .tls = server->tls != NULL,
        .post = server->post,
        .worker = server->worker,
        .former = &server->former,
    };
    struct web_answer answer = {0};
    char *owned[HEADER_MEMBERS];

    (void)upload;
    (void)upload_size;
    /* An answer at the first call, before the end of the request, makes libmicrohttpd close the connection: right for a
       request with a body, which is not read, and for one that cannot be understood; wrong for all others. */
    client->head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (client->phase != CLIENT_RESPONSE) {
        client_asked(client, now.boot_ns);
        if (!request.has_body && !request.malformed)
            return MHD_YES;
    }
    read_headers(connection, &request, owned);
    request.host = target_host(&target, request.host);
    buffer_init(&answer.body, room_left(server->options.response_bytes, server->response_bytes,
                                        address_held(server, client)));
    find_answer(server, client, connection, &request, &answer);
    struct later *later = answer.later;
    if (later == NULL && client->reply == NULL)
        later = make_reply(server, client, connection, &request, &answer);
    else if (later == NULL && client->reply->later != NULL)
        later = later_ref(client->reply->later); /* somebody else's, which is packed at the moment */
    for (size_t i = 0; i < HEADER_MEMBERS; i++)  /* the request points to them */
        free(owned[i]);
    if (later != NULL) {
        buffer_free(&answer.body);
        if (answer.formed && answer.later != NULL)
            keep(client, &answer);
        wait_for(client, connection, later, now.boot_ns);
        return MHD_YES;
    }
    if (client->reply->response == NULL)
        return send_answer(server, client, connection, &answer, now);
    buffer_free(&answer.body);
    return send_reply(server, client, connection, now);
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
