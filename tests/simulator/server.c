/* Start, stop, and what libmicrohttpd is told: a thread a connection, so that a slow call delays no other. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

/* ---- requests, as libmicrohttpd hands them over ---------------------------------------------------------------- */

static uint32_t latency_make(const struct sim_call *call)
{
    uint32_t jitter = call->behaviour.latency_jitter_ms;
    return call->behaviour.latency_ms + (jitter ? (uint32_t)random() % (jitter + 1) : 0);
}

enum MHD_Result sim_request_handle(void *context, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *upload, size_t *size,
                                   void **state)
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

/* When nothing is under way at a door, it can be closed without harm. */
static void door_rests(struct sim_door *door)
{
    if (!door->requests && !door->unasked)
        pthread_cond_broadcast(&door->simulator->changed);
}

void *sim_request_named(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct sim_door *door = context;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
                                                                   MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct sim_connection *over = info->socket_context;
    pthread_mutex_lock(&door->simulator->lock);
    door->requests++;
    door->unasked -= !over->asked;
    over->asked = true;
    pthread_mutex_unlock(&door->simulator->lock);
    return sim_call_make(door, uri);
}

void sim_request_completed(void *context, struct MHD_Connection *connection, void **state,
                           enum MHD_RequestTerminationCode code)
{
    struct simulator *simulator = context;
    struct sim_call *call = *state;
    (void)connection;
    (void)code;
    if (!call)
        return;
    struct sim_door *door = call->door;
    sim_call_drop(call);
    *state = NULL;
    pthread_mutex_lock(&simulator->lock);
    door->requests--;
    door_rests(door);
    pthread_mutex_unlock(&simulator->lock);
}

void sim_connection_changed(void *context, struct MHD_Connection *connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct sim_door *door = context;
    struct sim_connection *changed = code == MHD_CONNECTION_NOTIFY_STARTED ? sim_allocate(sizeof *changed)
                                                                           : *socket_context;
    (void)connection;
    pthread_mutex_lock(&door->simulator->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        changed->number = ++door->simulator->connections;
        door->unasked++;
    } else if (!changed->asked) {
        door->unasked--;
        door_rests(door);
    }
    pthread_mutex_unlock(&door->simulator->lock);
    *socket_context = changed;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        free(changed);
        *socket_context = NULL;
    }
}

/* ---- start and stop
 * -------------------------------------------------------------------------------------------- */

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
    sim_oauth_start(simulator, options);
    if (simulator->provider_own_port)
        sim_listener_bind(simulator, true, simulator->provider_port);
    sim_listener_bind(simulator, false, options->port);
    simulator->url = url_make(simulator, simulator->listener.port, simulator->base_path);
    if (simulator->token_path)
        simulator->token_url = url_make(simulator,
                                        simulator->provider_own_port ? simulator->provider_listener.port
                                                                     : simulator->listener.port,
                                        simulator->token_path);
    if (simulator->provider_own_port)
        simulator_set_identity_provider(simulator, true);
    simulator_set_listening(simulator, true);
}

struct simulator *simulator_start(const struct simulator_options *options)
{
    static const struct simulator_options none;
    if (!options)
        options = &none;
    struct simulator *simulator = sim_allocate(sizeof *simulator);
    pthread_condattr_t attributes;
    pthread_mutex_init(&simulator->lock, NULL);
    pthread_mutex_init(&simulator->listeners_lock, NULL);
    pthread_mutex_init(&simulator->disturbances_lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&simulator->changed, &attributes);
    pthread_condattr_destroy(&attributes);

    simulator->base_path = sim_duplicate(options->base_path ? options->base_path : "/KineticLive");
    simulator->behaviour = options->behaviour;
    companies_copy(simulator, options->companies);
    simulator->user = sim_duplicate(options->user ? options->user : "epicor-monitor");
    simulator->listening = (struct sim_listening){.host = sim_duplicate(options->host),
                                                  .certificate = options->certificate,
                                                  .certificate_expires_in = options->certificate_expires_in};
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
    simulator_set_password(simulator, simulator->user,
                           options->password ? options->password : "demo-password");
    simulator_set_api_key(simulator, NULL, options->api_key ? options->api_key : "demo-api-key");
    if (options->certificate != SIMULATOR_PLAIN_HTTP)
        sim_certificates_make(&simulator->certificates, options->certificate, options->certificate_expires_in,
                              options->ca_of ? &options->ca_of->certificates : NULL);
    sim_changes_start(simulator, options->changes);
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
    sim_listener_stop(simulator, true);
    sim_listener_stop(simulator, false);
    sim_certificates_free(&simulator->certificates);
    sim_disturbances_free(simulator);
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
    pthread_mutex_destroy(&simulator->listeners_lock);
    pthread_mutex_destroy(&simulator->disturbances_lock);
    pthread_cond_destroy(&simulator->changed);
    pthread_mutex_destroy(&simulator->lock);
    free(simulator->user);
    free(simulator->base_path);
    free(simulator->url);
    free(simulator);
}

uint16_t simulator_port(const struct simulator *simulator)
{
    return simulator->listener.port;
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
