/* Start, stop, and what libmicrohttpd is told: a thread a connection, so that a slow call delays no other. */
#include "simulator/call.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- requests, as libmicrohttpd hands them over ---------------------------------------------------------------- */

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
    sim_call_begin(call);
    if (!sim_fault_apply(call))
        sim_call_answer(call);
    if (!sim_fault_wait(call) || !sim_sleep(call->simulator, call->delay_ms + latency_make(call)))
        return MHD_NO;
    return sim_answer_queue(call);
}

static void *request_named(void *context, const char *uri, struct MHD_Connection *connection)
{
    (void)connection;
    return sim_call_make(context, uri);
}

static void request_completed(void *context, struct MHD_Connection *connection, void **state,
                              enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    if (*state)
        sim_call_drop(*state);
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
        sim_certificates_make(&simulator->certificates, options->certificate, options->certificate_expires_in,
                              options->ca_of ? &options->ca_of->certificates : NULL);
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
