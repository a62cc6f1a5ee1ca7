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
    if (!sim_fault_wait(call) || !sim_call_sleep(call, call->delay_ms + latency_make(call)))
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

static struct MHD_Daemon *daemon_start(struct simulator *simulator, struct sim_door *door,
                                       const struct simulator_options *options)
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
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, request_handle, simulator, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_URI_LOG_CALLBACK, request_named, door, MHD_OPTION_NOTIFY_COMPLETED, request_completed,
        simulator, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, simulator, MHD_OPTION_CONNECTION_LIMIT,
        8192u, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(256 * 1024), MHD_OPTION_LISTENING_ADDRESS_REUSE,
        1u, MHD_OPTION_ARRAY, tls ? tls_options : tls_options + 2, MHD_OPTION_END);
    if (!daemon)
        sim_die("port %u cannot be listened on: %s", options->port, strerror(errno));
    return daemon;
}

static uint16_t daemon_port(struct MHD_Daemon *daemon)
{
    return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

/* ---- the identity provider's own listener
 * ----------------------------------------------------------------------- */

/* Calls that wait there are cut, so that they can be joined. */
static void provider_closing_set(struct simulator *simulator, bool closing)
{
    pthread_mutex_lock(&simulator->lock);
    simulator->provider_closing = closing;
    pthread_cond_broadcast(&simulator->changed);
    pthread_mutex_unlock(&simulator->lock);
}

void simulator_set_identity_provider(struct simulator *simulator, bool up)
{
    if (!simulator->provider_own_port)
        sim_die("the identity provider has no port of its own");
    pthread_mutex_lock(&simulator->provider_lock);
    struct MHD_Daemon *old = simulator->provider_daemon;
    if (up && !old) {
        struct simulator_options options = simulator->listening;
        options.port = simulator->provider_port;
        simulator->provider_daemon = daemon_start(simulator, &simulator->provider_door, &options);
        simulator->provider_port = daemon_port(simulator->provider_daemon);
    } else if (!up && old) {
        simulator->provider_daemon = NULL;
        provider_closing_set(simulator, true);
        MHD_stop_daemon(old);
        provider_closing_set(simulator, false);
    }
    pthread_mutex_unlock(&simulator->provider_lock);
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

static char *url_make(const struct simulator *simulator, uint16_t port, const char *path)
{
    struct sim_text url = {0};
    bool tls = simulator->listening.certificate != SIMULATOR_PLAIN_HTTP;
    sim_text_printf(&url, "%s:%u%s", tls ? "https://localhost" : "http://127.0.0.1", port, path);
    return url.data;
}

/* All that the answers need is there before the first request can come. */
static void listeners_start(struct simulator *simulator, const struct simulator_options *options)
{
    simulator->listening = (struct simulator_options){.host = sim_duplicate(options->host),
                                                      .certificate = options->certificate};
    simulator->door = (struct sim_door){simulator, false};
    simulator->provider_door = (struct sim_door){simulator, true};
    sim_oauth_start(simulator, options);
    if (simulator->provider_own_port) {
        simulator_set_identity_provider(simulator, true);
        simulator->token_url = url_make(simulator, simulator->provider_port, simulator->token_path);
    }
    pthread_mutex_lock(&simulator->lock); /* a request waits until the URLs are known */
    simulator->daemon = daemon_start(simulator, &simulator->door, options);
    simulator->port = daemon_port(simulator->daemon);
    simulator->url = url_make(simulator, simulator->port, simulator->base_path);
    if (simulator->token_path && !simulator->provider_own_port)
        simulator->token_url = url_make(simulator, simulator->port, simulator->token_path);
    pthread_mutex_unlock(&simulator->lock);
}

struct simulator *simulator_start(const struct simulator_options *options)
{
    static const struct simulator_options none;
    if (!options)
        options = &none;
    struct simulator *simulator = sim_allocate(sizeof *simulator);
    pthread_condattr_t attributes;
    pthread_mutex_init(&simulator->lock, NULL);
    pthread_mutex_init(&simulator->provider_lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&simulator->changed, &attributes);
    pthread_condattr_destroy(&attributes);

    simulator->base_path = sim_duplicate(options->base_path ? options->base_path : "/KineticLive");
    simulator->behaviour = options->behaviour;
    companies_copy(simulator, options->companies);
    sim_jwt_new_key(&simulator->key);
    simulator->issuer = sim_duplicate(options->foreign.issuer);
    simulator->foreign_audience = sim_duplicate(options->foreign.audience);
    simulator->proxy_user_header = sim_duplicate(options->proxy_user_header);
    if (options->foreign.jwks)
        simulator_set_jwks(simulator, options->foreign.jwks);
    if (options->foreign.jwks_file)
        simulator_load_jwks(simulator, options->foreign.jwks_file);
    sim_seats_start(simulator);
    sim_content_start(simulator);
    simulator_set_password(simulator, options->user ? options->user : "epicor-monitor",
                           options->password ? options->password : "demo-password");
    simulator_set_api_key(simulator, NULL, options->api_key ? options->api_key : "demo-api-key");
    if (options->certificate != SIMULATOR_PLAIN_HTTP)
        sim_certificates_make(&simulator->certificates, options->certificate, options->certificate_expires_in,
                              options->ca_of ? &options->ca_of->certificates : NULL);
    listeners_start(simulator, options);
    return simulator;
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
    if (simulator->provider_own_port)
        simulator_set_identity_provider(simulator, false);
    MHD_stop_daemon(simulator->daemon);
    sim_certificates_free(&simulator->certificates);
    sim_faults_free(simulator);
    sim_log_free(simulator);
    sim_content_free(simulator);
    sim_methods_free(simulator);
    sim_pages_free(simulator);
    sim_accounts_free(simulator);
    sim_sessions_free(simulator);
    sim_oauth_free(simulator);
    sim_seen_free(simulator->assertions);
    sim_seen_free(simulator->foreign_tokens);
    cJSON_Delete(simulator->jwks);
    free(simulator->issuer);
    free(simulator->foreign_audience);
    free(simulator->proxy_user_header);
    free((char *)simulator->listening.host);
    pthread_mutex_destroy(&simulator->provider_lock);
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
