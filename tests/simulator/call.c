#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

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

bool sim_call_cut(const struct sim_call *call)
{
    return call->simulator->stopping || call->door->closing;
}

bool sim_call_sleep(struct sim_call *call, uint32_t milliseconds)
{
    struct simulator *simulator = call->simulator;
    int64_t until = sim_now_ns() + (int64_t)milliseconds * 1000000;
    struct timespec deadline = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    pthread_mutex_lock(&simulator->lock);
    while (milliseconds && !sim_call_cut(call) && sim_now_ns() < until)
        pthread_cond_timedwait(&simulator->changed, &simulator->lock, &deadline);
    bool running = !sim_call_cut(call);
    pthread_mutex_unlock(&simulator->lock);
    return running;
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

struct sim_call *sim_call_make(struct sim_door *door, const char *uri)
{
    struct sim_call *call = sim_allocate(sizeof *call);
    size_t size = strcspn(uri, "?");
    call->simulator = door->simulator;
    call->door = door;
    call->references = 1;
    call->path = sim_duplicate_n(uri, size);
    call->query = sim_duplicate(uri[size] ? uri + size + 1 : "");
    call->license = SIM_NO_LICENSE;
    call->company = "";
    return call;
}

void sim_call_begin(struct sim_call *call)
{
    struct simulator *simulator = call->simulator;
    const char *accept = sim_call_header(call, "Accept");
    call->json = accept && strcasestr(accept, "application/json");
    call->begun = true;
    if (sim_oauth_asked(call))
        call->token_request = SIM_TOKEN_ENDPOINT;
    else if (strcasestr(call->path, "/TokenResource.svc"))
        call->token_request = SIM_TOKEN_RESOURCE;
    pthread_mutex_lock(&simulator->lock);
    call->behaviour = simulator->behaviour;
    for (const struct sim_delay *delay = simulator->delays; delay; delay = delay->next)
        call->delay_ms += strstr(call->path, delay->part) ? delay->ms : 0;
    simulator->counts.token_requests += call->token_request == SIM_TOKEN_RESOURCE;
    simulator->counts.oauth_requests += call->token_request == SIM_TOKEN_ENDPOINT;
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
    sim_seat_give_back(simulator, call->license);
    call->license = SIM_NO_LICENSE;
    simulator->counts.token_refusals += call->token_request == SIM_TOKEN_RESOURCE && call->status != 200;
    simulator->counts.oauth_refusals += call->token_request == SIM_TOKEN_ENDPOINT && call->status != 200;
    simulator->in_flight--;
    if (simulator->requests - call->number <= SIM_LOG_SIZE)
        simulator->log[call->number % SIM_LOG_SIZE]->status = call->status;
    pthread_cond_broadcast(&simulator->changed);
    pthread_mutex_unlock(&simulator->lock);
}

/* A call belongs to the connection and, while its answer is made, to the answer; both live in the same
 * thread. */
void sim_call_drop(struct sim_call *call)
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
    sim_text_free(&call->tail_text);
    sim_text_free(&call->upload);
    free(call->company_copy);
    free(call->user);
    free(call->path);
    free(call->query);
    free(call->method);
    free(call);
}
