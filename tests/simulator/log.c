/* What came: counts for ever, the requests themselves for the last SIM_LOG_SIZE. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static enum MHD_Result header_keep(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct simulator_request *request = context;
    (void)kind;
    request->headers = sim_reallocate(request->headers,
                                      (request->headers_count + 1) * sizeof *request->headers);
    request->headers[request->headers_count++] = (struct simulator_header){
        .name = sim_duplicate(name), .value = sim_duplicate(value ? value : "")};
    return MHD_YES;
}

void sim_log_add(struct sim_call *call)
{
    struct simulator *simulator = call->simulator;
    struct simulator_request *request = sim_allocate(sizeof *request);
    request->method = sim_duplicate(call->method);
    request->path = sim_duplicate(call->path);
    request->query = sim_duplicate(call->query);
    request->body = sim_duplicate_n(call->upload.data ? call->upload.data : "",
                                    call->upload.size < SIM_BODY_KEPT ? call->upload.size : SIM_BODY_KEPT);
    request->body_size = call->upload_size;
    request->arrived_ns = sim_now_ns();
    MHD_get_connection_values(call->connection, MHD_HEADER_KIND, header_keep, request);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(call->connection,
                                                                   MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (info)
        request->connection = ((const struct sim_connection *)info->socket_context)->number;

    call->number = simulator->requests++;
    struct simulator_request **place = &simulator->log[call->number % SIM_LOG_SIZE];
    simulator_request_free(*place);
    *place = request;
    struct sim_path_count **at = &simulator->paths;
    while (*at && strcmp((*at)->path, request->path) != 0)
        at = &(*at)->next;
    if (!*at) {
        *at = sim_allocate(sizeof **at);
        (*at)->path = sim_duplicate(request->path);
    }
    (*at)->count++;
}

void sim_log_free(struct simulator *simulator)
{
    for (size_t i = 0; i < SIM_LOG_SIZE; i++)
        simulator_request_free(simulator->log[i]);
    for (struct sim_path_count *p = simulator->paths, *next; p; p = next) {
        next = p->next;
        free(p->path);
        free(p);
    }
}

static uint64_t requests_count(const struct simulator *simulator, const char *path_part)
{
    uint64_t count = 0;
    for (const struct sim_path_count *p = simulator->paths; p; p = p->next) {
        if (!path_part || strstr(p->path, path_part))
            count += p->count;
    }
    return count;
}

uint64_t simulator_requests(struct simulator *simulator, const char *path_part)
{
    pthread_mutex_lock(&simulator->lock);
    uint64_t count = requests_count(simulator, path_part);
    pthread_mutex_unlock(&simulator->lock);
    return count;
}

static struct simulator_request *request_copy(const struct simulator_request *from)
{
    struct simulator_request *copy = sim_allocate(sizeof *copy);
    *copy = *from;
    copy->method = sim_duplicate(from->method);
    copy->path = sim_duplicate(from->path);
    copy->query = sim_duplicate(from->query);
    copy->body = sim_duplicate_n(from->body,
                                 from->body_size < SIM_BODY_KEPT ? from->body_size : SIM_BODY_KEPT);
    copy->headers = sim_allocate(from->headers_count * sizeof *copy->headers);
    for (size_t i = 0; i < from->headers_count; i++) {
        copy->headers[i].name = sim_duplicate(from->headers[i].name);
        copy->headers[i].value = sim_duplicate(from->headers[i].value);
    }
    return copy;
}

struct simulator_request *simulator_request(struct simulator *simulator, const char *path_part, size_t i)
{
    const struct simulator_request *found = NULL;
    struct simulator_request *copy = NULL;
    pthread_mutex_lock(&simulator->lock);
    uint64_t first = simulator->requests > SIM_LOG_SIZE ? simulator->requests - SIM_LOG_SIZE : 0;
    size_t seen = 0;
    for (uint64_t n = first; n < simulator->requests; n++) {
        const struct simulator_request *request = simulator->log[n % SIM_LOG_SIZE];
        if (path_part && !strstr(request->path, path_part))
            continue;
        if (i == SIMULATOR_LAST || seen == i)
            found = request;
        if (seen++ == i)
            break;
    }
    if (found)
        copy = request_copy(found);
    pthread_mutex_unlock(&simulator->lock);
    return copy;
}

void simulator_request_free(struct simulator_request *request)
{
    if (!request)
        return;
    for (size_t i = 0; i < request->headers_count; i++) {
        free(request->headers[i].name);
        free(request->headers[i].value);
    }
    free(request->headers);
    free(request->method);
    free(request->path);
    free(request->query);
    free(request->body);
    free(request);
}

const char *simulator_request_header(const struct simulator_request *request, const char *name)
{
    for (size_t i = 0; i < request->headers_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    }
    return NULL;
}

char *simulator_request_argument(const struct simulator_request *request, const char *name, size_t i)
{
    return sim_query_argument(request->query, name, i);
}

/* ---- waiting, peaks
 * -------------------------------------------------------------------------------------------- */

static struct timespec deadline_make(unsigned timeout_ms)
{
    int64_t ns = sim_now_ns() + (int64_t)timeout_ms * 1000000;
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

bool simulator_wait_requests(struct simulator *simulator, const char *path_part, uint64_t count,
                             unsigned timeout_ms)
{
    struct timespec deadline = deadline_make(timeout_ms);
    pthread_mutex_lock(&simulator->lock);
    int late = 0;
    bool reached;
    while (!(reached = requests_count(simulator, path_part) >= count) && !late)
        late = pthread_cond_timedwait(&simulator->changed, &simulator->lock, &deadline);
    pthread_mutex_unlock(&simulator->lock);
    return reached;
}

bool simulator_wait_idle(struct simulator *simulator, unsigned timeout_ms)
{
    struct timespec deadline = deadline_make(timeout_ms);
    pthread_mutex_lock(&simulator->lock);
    int late = 0;
    while (simulator->in_flight && !late)
        late = pthread_cond_timedwait(&simulator->changed, &simulator->lock, &deadline);
    bool idle = simulator->in_flight == 0;
    pthread_mutex_unlock(&simulator->lock);
    return idle;
}

uint32_t simulator_requests_peak(struct simulator *simulator)
{
    pthread_mutex_lock(&simulator->lock);
    uint32_t peak = simulator->in_flight_peak;
    pthread_mutex_unlock(&simulator->lock);
    return peak;
}

void simulator_reset_peaks(struct simulator *simulator)
{
    pthread_mutex_lock(&simulator->lock);
    simulator->in_flight_peak = simulator->in_flight;
    simulator->seats_peak = simulator->seats_taken;
    simulator->counts.sessions_peak = simulator->counts.sessions_open;
    for (unsigned i = 0; i < SIM_LICENSES; i++)
        simulator->seats[i].peak = simulator->seats[i].taken;
    pthread_mutex_unlock(&simulator->lock);
}

uint64_t simulator_connections(struct simulator *simulator)
{
    pthread_mutex_lock(&simulator->lock);
    uint64_t connections = simulator->connections;
    pthread_mutex_unlock(&simulator->lock);
    return connections;
}

uint64_t simulator_tokens(struct simulator *simulator)
{
    pthread_mutex_lock(&simulator->lock);
    uint64_t tokens = simulator->tokens;
    pthread_mutex_unlock(&simulator->lock);
    return tokens;
}
