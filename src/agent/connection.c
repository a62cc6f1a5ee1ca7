#include "agent/connection.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"

static struct connection **bucket_of(struct connection_book *book, const struct connection_ends *ends)
{
    return &book->buckets[(unsigned)ends->local_port % CONNECTION_BUCKETS];
}

void connection_book_free(struct connection_book *book)
{
    for (size_t i = 0; i < book->capacity; i++)
        free(book->items[i]);
    free(book->items);
    *book = (struct connection_book){0};
}

struct connection *connection_at(const struct connection_book *book, int descriptor)
{
    return descriptor >= 0 && (size_t)descriptor < book->capacity ? book->items[descriptor] : NULL;
}

void connection_opened(struct connection_book *book, int descriptor, uint64_t owner, int64_t now_ns)
{
    assert(descriptor >= 0);
    connection_closed(book, descriptor);
    if ((size_t)descriptor >= book->capacity) {
        size_t capacity = ((size_t)descriptor + 1) * 2;

        book->items = memory_grow(book->items, capacity, sizeof(struct connection *));
        for (size_t i = book->capacity; i < capacity; i++)
            book->items[i] = NULL;
        book->capacity = capacity;
    }
    struct connection *connection = memory_new(1, sizeof *connection);

    *connection = (struct connection){.descriptor = descriptor, .owner = owner, .opened_ns = now_ns};
    book->items[descriptor] = connection;
}

void connection_closed(struct connection_book *book, int descriptor)
{
    struct connection *connection = connection_at(book, descriptor);

    if (connection == NULL)
        return;
    if (connection->used) {
        struct connection **link = bucket_of(book, &connection->ends);

        while (*link != connection)
            link = &(*link)->next;
        *link = connection->next;
    }
    book->items[descriptor] = NULL;
    free(connection);
}

int connection_local_port(const struct connection *connection)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;

    if (getsockname(connection->descriptor, (struct sockaddr *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return address.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&address)->sin_port) : 0;
}

void connection_use(struct connection_book *book, struct connection *connection,
                    const struct connection_ends *ends, uint64_t trust, const void *login)
{
    struct connection **bucket = bucket_of(book, ends);

    assert(!connection->used);
    connection->used = true;
    connection->ends = *ends;
    connection->trust = trust;
    connection->login = login;
    connection->next = *bucket;
    *bucket = connection;
}

bool connection_ends_equal(const struct connection_ends *a, const struct connection_ends *b)
{
    return a->local_port == b->local_port && a->remote_port == b->remote_port &&
           strcmp(a->local_ip, b->local_ip) == 0 && strcmp(a->remote_ip, b->remote_ip) == 0;
}

struct connection *connection_find(const struct connection_book *book, const struct connection_ends *ends)
{
    struct connection *at = book->buckets[(unsigned)ends->local_port % CONNECTION_BUCKETS];

    while (at != NULL && !connection_ends_equal(&at->ends, ends))
        at = at->next;
    return at;
}

bool connection_fits(const struct connection *connection, const struct connection_need *need, int64_t now_ns)
{
    return connection->trust == need->trust && connection->login == need->login && !connection->refused &&
           now_ns - connection->opened_ns < need->max_age_ns &&
           (!need->post || now_ns - connection->used_ns < CONNECTION_POST_IDLE_NS);
}
