#include "web/client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

/* The rate of a response is looked at over so long. */
#define DRAIN_WINDOW_NS (5 * SECOND_NS)

void client_table_init(struct client_table *table, size_t connections, size_t per_address)
{
    *table = (struct client_table){
        .count = connections + CLIENT_RESERVED, .shared = connections, .per_address = per_address};
    table->places = memory_new(table->count, sizeof *table->places);
    for (size_t i = 0; i < table->count; i++)
        table->places[i].descriptor = -1;
}

void client_table_free(struct client_table *table)
{
    free(table->places);
    *table = (struct client_table){0};
}

struct client *client_enter(struct client_table *table, int descriptor, const struct in6_addr *address,
                            int64_t now_ns)
{
    struct client *place = NULL;
    size_t same = 0;

    for (size_t i = 0; i < table->count; i++) {
        struct client *client = &table->places[i];
        if (client->descriptor < 0)
            place = place == NULL ? client : place;
        else
            same += client_is_same(&client->address, address);
    }
    if (place == NULL || same >= table->per_address ||
        (table->used >= table->shared && !client_is_loopback(address)))
        return NULL;
    *place = (struct client){.descriptor = descriptor,
                             .address = *address,
                             .phase = CLIENT_HEADERS,
                             .since_ns = now_ns,
                             .request_ns = now_ns};
    table->used++;
    return place;
}

void client_leave(struct client_table *table, struct client *client)
{
    assert(client->descriptor >= 0 && table->used > 0);
    client->descriptor = -1;
    table->used--;
}

struct in6_addr client_address(const struct sockaddr *address)
{
    struct in6_addr in6 = {0};

    if (address->sa_family == AF_INET6)
        return ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    assert(address->sa_family == AF_INET);
    in6.s6_addr[10] = in6.s6_addr[11] = 0xff;
    memcpy(&in6.s6_addr[12], &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    return in6;
}

bool client_is_loopback(const struct in6_addr *address)
{
    return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

bool client_is_same(const struct in6_addr *a, const struct in6_addr *b)
{
    bool exact = IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4MAPPED(b) || IN6_IS_ADDR_LOOPBACK(a) ||
                 IN6_IS_ADDR_LOOPBACK(b);

    return memcmp(a, b, exact ? sizeof *a : 8) == 0;
}

void client_asked(struct client *client, int64_t now_ns)
{
    if (client->phase == CLIENT_IDLE) /* it came whole, between two looks */
        client->request_ns = now_ns;
    client->phase = CLIENT_RESPONSE;
    client->since_ns = client->window_ns = now_ns;
}

void client_drains(struct client *client, int64_t now_ns, uint64_t arrived, uint64_t size)
{
    client->window_ns = now_ns;
    client->window_bytes = arrived;
    client->response_size = size;
}

void client_waits(struct client *client, int64_t now_ns)
{
    client->phase = CLIENT_LATER;
    client->since_ns = now_ns;
}

void client_goes_on(struct client *client, int64_t now_ns)
{
    assert(client->phase == CLIENT_LATER);
    client->phase = CLIENT_RESPONSE;
    client->request_ns += now_ns - client->since_ns;
    client->since_ns = client->window_ns = now_ns;
}

void client_answered(struct client *client, int64_t now_ns, uint64_t received)
{
    client->phase = CLIENT_IDLE;
    client->since_ns = now_ns;
    client->idle_received = received;
}

void client_received(struct client *client, int64_t now_ns, uint64_t received)
{
    if (client->phase != CLIENT_IDLE || received == client->idle_received)
        return;
    client->phase = CLIENT_HEADERS;
    client->since_ns = client->request_ns = now_ns;
}

static int64_t window_length(const struct web_options *options)
{
    return options->request_ns < DRAIN_WINDOW_NS ? options->request_ns : DRAIN_WINDOW_NS;
}

int64_t client_next_ns(const struct client *client, const struct web_options *options)
{
    int64_t window_end = client->window_ns + window_length(options);

    if (client->cut)
        return NEVER_NS;
    switch (client->phase) {
    case CLIENT_HEADERS:
        return client->since_ns + options->header_ns;
    case CLIENT_IDLE:
        return client->since_ns + options->idle_ns;
    case CLIENT_LATER:
        return client->since_ns + options->later_ns;
    case CLIENT_RESPONSE:
        return window_end;
    }
    return NEVER_NS;
}

/* A large body holds more memory, and is to leave the faster. */
static double drain_rate(const struct client *client, const struct web_options *options)
{
    double least = (double)options->drain_rate,
           whole = (double)client->response_size / clock_seconds(options->drain_ns);

    return whole > least ? whole : least;
}

bool client_is_late(struct client *client, const struct web_options *options, int64_t now_ns,
                    uint64_t arrived)
{
    if (now_ns < client_next_ns(client, options))
        return false;
    if (client->phase != CLIENT_RESPONSE)
        return true;

    double seconds = clock_seconds(now_ns - client->window_ns);
    bool drains = (double)(arrived - client->window_bytes) >= seconds * drain_rate(client, options);
    client->window_ns = now_ns;
    client->window_bytes = arrived;
    return !drains && now_ns >= client->request_ns + options->request_ns;
}
