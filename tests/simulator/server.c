/* Start, stop, and what libmicrohttpd is told: a thread a connection, so that a slow call delays no other. */
#include "simulator/call.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROW_CHUNK (64 * 1024)

/* ---- calls
 * ----------------------------------------------------------------------------------------------------- */

int64_t sim_server_time(const struct sim_call *call)
{
    return (int64_t)time(NULL) + call->behaviour.clock_offset;
}

const char *sim_call_header(const struct sim_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

char *sim_query_argument(const char *query, const char *name, size_t i)
{
    for (const char *at = query; *at;) {
        size_t size = strcspn(at, "&");
        const char *equals = memchr(at, '=', size);
        size_t name_size = equals ? (size_t)(equals - at) : size;
        char *found = sim_decode(at, name_size, true), *value = NULL;
        if (strcmp(found, name) == 0 && i-- == 0)
            value = equals ? sim_decode(equals + 1, size - name_size - 1, true) : sim_duplicate("");
        free(found);
        if (value)
            return value;
        at += size;
        at += *at == '&';
    }
    return NULL;
}

void sim_call_add_header(struct sim_call *call, const char *name, const char *value)
{
    if (call->headers_count == SIM_HEADERS)
        sim_die("an answer has too many headers");
    call->headers[call->headers_count].name = sim_duplicate(name);
    call->headers[call->headers_count++].value = sim_duplicate(value);
}

bool sim_sleep(struct simulator *simulator, uint32_t milliseconds)
{
    int64_t until = sim_now_ns() + (int64_t)milliseconds * 1000000;
    struct timespec deadline = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    pthread_mutex_lock(&simulator->lock);
    while (milliseconds && !simulator->stopping && sim_now_ns() < until)
        pthread_cond_timedwait(&simulator->changed, &simulator->lock, &deadline);
    bool running = !simulator->stopping;
    pthread_mutex_unlock(&simulator->lock);
    return running;
}

static struct sim_call *call_make(struct simulator *simulator, const char *uri)
{
    struct sim_call *call = sim_allocate(sizeof *call);
    size_t size = strcspn(uri, "?");
    call->simulator = simulator;
    call->references = 1;
    call->path = sim_duplicate_n(uri, size);
    call->query = sim_duplicate(uri[size] ? uri + size + 1 : "");
    call->license = SIM_NO_LICENSE;
    call->company = "";
    return call;
}

static void call_begin(struct sim_call *call)
{
    struct simulator *simulator = call->simulator;
    const char *accept = sim_call_header(call, "Accept");
    call->json = accept && strcasestr(accept, "application/json");
    call->begun = true;
    pthread_mutex_lock(&simulator->lock);
    call->behaviour = simulator->behaviour;
    if (++simulator->in_flight > simulator->in_flight_peak)
        simulator->in_flight_peak = simulator->in_flight;
    sim_log_add(call);
    pthread_cond_broadcast(&simulator->changed);
    pthread_mutex_unlock(&simulator->lock);
}

void sim_call_end(struct sim_call *call)
{
    if (!call->begun || call->ended)
        return;
    struct simulator *simulator = call->simulator;
    call->ended = true;
    pthread_mutex_lock(&simulator->lock);
    sim_seat_give_back(call);
    simulator->in_flight--;
    if (simulator->requests - call->number <= SIM_LOG_SIZE)
        simulator->log[call->number % SIM_LOG_SIZE]->status = call->status;
    pthread_cond_broadcast(&simulator->changed);
    pthread_mutex_unlock(&simulator->lock);
}

/* A call belongs to the connection and, while its answer is made, to the answer; both live in the same
 * thread. */
static void call_drop(struct sim_call *call)
{
    if (--call->references)
        return;
    sim_call_end(call);
    for (size_t i = 0; i < call->segments_count; i++)
        free(call->segments[i]);
    for (size_t i = 0; i < call->headers_count; i++) {
        free(call->headers[i].name);
        free(call->headers[i].value);
    }
    sim_rows_free(call->rows);
    sim_text_free(&call->body);
    sim_text_free(&call->upload);
    free(call->company_copy);
    free(call->path);
    free(call->query);
    free(call->method);
    free(call);
}

/* ---- answers
 * --------------------------------------------------------------------------------------------------- */

/* Where an answer that is made while it is sent has got to. */
struct stream {
    struct sim_call *call;
    size_t at; /* in call->body, which is filled again when it is used up */
    bool first, rows_over, paused;
    uint64_t size; /* of the whole body, MHD_SIZE_UNKNOWN */
};

/* Makes the next part of the body; false at its end. */
static bool stream_fill(struct stream *stream)
{
    struct sim_call *call = stream->call;
    if (!call->rows || stream->rows_over)
        return false;
    call->body.size = stream->at = 0;
    while (call->body.size < ROW_CHUNK) {
        if (!stream->first)
            sim_text_add(&call->body, ",", 1);
        if (!sim_rows_next(call->rows, &call->body)) {
            if (!stream->first)
                call->body.size--;
            sim_text_add_string(&call->body, call->tail);
            stream->rows_over = true;
            break;
        }
        stream->first = false;
    }
    return true;
}

static ssize_t stream_read(void *context, uint64_t position, char *buffer, size_t size)
{
    struct stream *stream = context;
    struct sim_call *call = stream->call;
    if (position && call->body_delay_ms && !stream->paused) {
        stream->paused = true;
        if (!sim_sleep(call->simulator, call->body_delay_ms))
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (stream->at == call->body.size && !stream_fill(stream))
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t left = call->body.size - stream->at;
    if (!position && call->body_delay_ms && left > 1)
        left /= 2; /* the pause comes amid the body */
    size_t take = left < size ? left : size;
    memcpy(buffer, call->body.data + stream->at, take);
    stream->at += take;
    if (stream->at == call->body.size && (!call->rows || stream->rows_over))
        sim_call_end(call);
    return (ssize_t)take;
}

static void stream_free(void *context)
{
    struct stream *stream = context;
    call_drop(stream->call);
    free(stream);
}

/* Makes all rows once only to know their length: no memory, twice the time. */
static uint64_t rows_length(struct sim_call *call)
{
    struct sim_text row = {0};
    uint64_t size = call->body.size + strlen(call->tail), rows = 0;
    while (sim_rows_next(call->rows, &row)) {
        size += row.size;
        row.size = 0;
        rows++;
    }
    sim_rows_rewind(call->rows);
    sim_text_free(&row);
    return size + (rows ? rows - 1 : 0);
}

static struct MHD_Response *response_make(struct sim_call *call)
{
    if (!call->rows && !call->body_delay_ms) {
        /* Nothing is left to do but sending: this is the end of the call. */
        sim_call_end(call);
        return MHD_create_response_from_buffer(call->body.size, call->body.data ? call->body.data : "",
                                               MHD_RESPMEM_MUST_COPY);
    }
    struct stream *stream = sim_allocate(sizeof *stream);
    *stream = (struct stream){.call = call, .first = true, .size = MHD_SIZE_UNKNOWN};
    if (!call->rows)
        stream->size = call->body.size;
    else if (call->behaviour.content_length)
        stream->size = rows_length(call);
    call->references++;
    return MHD_create_response_from_callback(stream->size, ROW_CHUNK, stream_read, stream, stream_free);
}

static enum MHD_Result answer_queue(struct sim_call *call)
{
    char date[40];
    struct MHD_Response *response = response_make(call);
    if (!response)
        sim_die("no memory");
    sim_http_date(sim_server_time(call), date);
    MHD_add_response_header(response, "Date", date);
    if (call->content_type)
        MHD_add_response_header(response, "Content-Type", call->content_type);
    for (size_t i = 0; i < call->headers_count; i++)
        MHD_add_response_header(response, call->headers[i].name, call->headers[i].value);
    enum MHD_Result queued = MHD_queue_response(call->connection, (unsigned)call->status, response);
    MHD_destroy_response(response);
    return queued;
}

static uint32_t latency_make(const struct sim_call *call)
{
    uint32_t jitter = call->behaviour.latency_jitter_ms;
    return call->behaviour.latency_ms + (jitter ? (uint32_t)random() % (jitter + 1) : 0);
}

static enum MHD_Result request_handle(void *context, struct MHD_Connection *connection, const char *url,
                                      const char *method, const char *version, const char *upload,
                                      size_t *size, void **state)
{
    struct sim_call *call = *state;
    (void)context;
    (void)url;
    (void)version;
    if (!call->method) { /* the head is there; the body, if any, is still to come */
        call->connection = connection;
        call->method = sim_duplicate(method);
        return MHD_YES;
    }
    if (*size) {
        call->upload_size += *size;
        if (call->upload.size + *size <= SIM_UPLOAD_LIMIT)
            sim_text_add(&call->upload, upload, *size);
        *size = 0;
        return MHD_YES;
    }
    call_begin(call);
    if (!sim_fault_apply(call))
        sim_call_answer(call);
    if (!sim_fault_wait(call) || !sim_sleep(call->simulator, call->delay_ms + latency_make(call)))
        return MHD_NO;
    return answer_queue(call);
}

static void *request_named(void *context, const char *uri, struct MHD_Connection *connection)
{
    (void)connection;
    return call_make(context, uri);
}

static void request_completed(void *context, struct MHD_Connection *connection, void **state,
                              enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    if (*state)
        call_drop(*state);
    *state = NULL;
}

static void connection_changed(void *context, struct MHD_Connection *connection, void **socket_context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct simulator *simulator = context;
    (void)connection;
    if (code != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    pthread_mutex_lock(&simulator->lock);
    *socket_context = (void *)(uintptr_t)++simulator->connections;
    pthread_mutex_unlock(&simulator->lock);
}

/* ---- start and stop
 * -------------------------------------------------------------------------------------------- */

static void address_make(const struct simulator_options *options, struct sockaddr_in *address)
{
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(options->port)};
    const char *host = options->host && *options->host ? options->host : "127.0.0.1";
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &address->sin_addr) != 1)
        sim_die("%s is not an IPv4 address", host);
}

static void daemon_start(struct simulator *simulator, const struct simulator_options *options)
{
    bool tls = options->certificate != SIMULATOR_PLAIN_HTTP;
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
                     MHD_USE_ITC | MHD_USE_SUPPRESS_DATE_NO_CLOCK | (tls ? MHD_USE_TLS : 0);
    struct sockaddr_in address;
    address_make(options, &address);
    struct MHD_OptionItem tls_options[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, simulator->certificates.certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, simulator->certificates.key},
        {MHD_OPTION_END, 0, NULL},
    };
    simulator->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, request_handle, simulator, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_URI_LOG_CALLBACK, request_named, simulator, MHD_OPTION_NOTIFY_COMPLETED, request_completed,
        simulator, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, simulator, MHD_OPTION_CONNECTION_LIMIT,
        8192u, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(256 * 1024), MHD_OPTION_LISTENING_ADDRESS_REUSE,
        1u, MHD_OPTION_ARRAY, tls ? tls_options : tls_options + 2, MHD_OPTION_END);
    if (!simulator->daemon)
        sim_die("port %u cannot be listened on: %s", options->port, strerror(errno));
    simulator->port = MHD_get_daemon_info(simulator->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static void companies_copy(struct simulator *simulator, const char *const *companies)
{
    static const char *const usual[] = {"EPIC06", "EPIC07", NULL};
    size_t count = 0;
    if (!companies)
        companies = usual;
    while (companies[count])
        count++;
    char **copy = sim_allocate((count + 1) * sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = sim_duplicate(companies[i]);
    simulator->companies = copy;
}

struct simulator *simulator_start(const struct simulator_options *options)
{
    static const struct simulator_options none;
    if (!options)
        options = &none;
    struct simulator *simulator = sim_allocate(sizeof *simulator);
    pthread_condattr_t attributes;
    pthread_mutex_init(&simulator->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&simulator->changed, &attributes);
    pthread_condattr_destroy(&attributes);

    simulator->base_path = sim_duplicate(options->base_path ? options->base_path : "/KineticLive");
    simulator->behaviour = options->behaviour;
    companies_copy(simulator, options->companies);
    sim_jwt_new_key(&simulator->key);
    sim_seats_start(simulator);
    sim_content_start(simulator);
    simulator_set_password(simulator, options->user ? options->user : "epicor-monitor",
                           options->password ? options->password : "demo-password");
    simulator_set_api_key(simulator, NULL, options->api_key ? options->api_key : "demo-api-key");
    if (options->certificate != SIMULATOR_PLAIN_HTTP)
        sim_certificates_make(&simulator->certificates, options->certificate,
                              options->certificate_expires_in);
    daemon_start(simulator, options);

    struct sim_text url = {0};
    bool tls = options->certificate != SIMULATOR_PLAIN_HTTP;
    sim_text_printf(&url, "%s:%u%s", tls ? "https://localhost" : "http://127.0.0.1", simulator->port,
                    simulator->base_path);
    simulator->url = url.data;
    return simulator;
}

static void accounts_free(struct simulator *simulator)
{
    for (struct sim_user *u = simulator->users, *next; u; u = next) {
        next = u->next;
        free(u->name);
        free(u->password);
        free(u);
    }
    for (struct sim_key *k = simulator->keys, *next; k; k = next) {
        next = k->next;
        free(k->company);
        free(k->key);
        free(k);
    }
    for (struct sim_name *d = simulator->denied, *next; d; d = next) {
        next = d->next;
        free(d->name);
        free(d);
    }
    for (char *const *company = simulator->companies; *company; company++)
        free(*company);
    free((void *)simulator->companies);
}

void simulator_stop(struct simulator *simulator)
{
    if (!simulator)
        return;
    pthread_mutex_lock(&simulator->lock);
    simulator->stopping = true;
    pthread_cond_broadcast(&simulator->changed);
    pthread_mutex_unlock(&simulator->lock);
    sim_timetable_stop(simulator);
    MHD_stop_daemon(simulator->daemon);
    sim_certificates_free(&simulator->certificates);
    sim_faults_free(simulator);
    sim_log_free(simulator);
    sim_content_free(simulator);
    accounts_free(simulator);
    pthread_cond_destroy(&simulator->changed);
    pthread_mutex_destroy(&simulator->lock);
    free(simulator->base_path);
    free(simulator->url);
    free(simulator);
}

uint16_t simulator_port(const struct simulator *simulator)
{
    return simulator->port;
}

const char *simulator_url(const struct simulator *simulator)
{
    return simulator->url;
}

const char *simulator_ca_file(const struct simulator *simulator)
{
    return simulator->certificates.ca_file;
}

time_t simulator_certificate_not_after(const struct simulator *simulator)
{
    return simulator->certificates.not_after;
}

struct simulator_behaviour simulator_behaviour(struct simulator *simulator)
{
    pthread_mutex_lock(&simulator->lock);
    struct simulator_behaviour behaviour = simulator->behaviour;
    pthread_mutex_unlock(&simulator->lock);
    return behaviour;
}

void simulator_set_behaviour(struct simulator *simulator, const struct simulator_behaviour *behaviour)
{
    pthread_mutex_lock(&simulator->lock);
    simulator->behaviour = *behaviour;
    pthread_mutex_unlock(&simulator->lock);
}
