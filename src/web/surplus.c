#include "web/surplus.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"

#define LINGER_NS SECOND_NS
/* Reads in one turn; a client that sends faster waits for the next. */
#define READS_A_TURN 4

void surplus_init(struct surplus_ring *ring)
{
    for (size_t i = 0; i < SURPLUS_MAX; i++)
        ring->items[i] = (struct surplus){.descriptor = -1};
}

static void end(struct surplus *one)
{
    if (one->descriptor >= 0)
        close(one->descriptor); /* leaves the epoll set with it */
    one->descriptor = -1;
}

void surplus_close_all(struct surplus_ring *ring)
{
    for (size_t i = 0; i < SURPLUS_MAX; i++)
        end(&ring->items[i]);
}

static void say(int descriptor, const char *text)
{
    struct buffer answer;

    buffer_init(&answer, 1024);
    buffer_format(&answer,
                  "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nCache-Control: "
                  "no-store\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
                  "Content-Length: %zu\r\n\r\n%s",
                  strlen(text), text);
    (void)send(descriptor, answer.data, answer.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    buffer_free(&answer);
}

size_t surplus_begin(struct surplus_ring *ring, int descriptor, const char *text, int64_t now_ns)
{
    size_t index = 0;

    while (index < SURPLUS_MAX && ring->items[index].descriptor >= 0)
        index++;
    if (index == SURPLUS_MAX) {
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        close(descriptor);
        return SURPLUS_NONE;
    }
    ring->items[index] = (struct surplus){.descriptor = descriptor, .until_ns = now_ns + LINGER_NS};
    if (text != NULL)
        say(descriptor, text);
    shutdown(descriptor, SHUT_WR);
    return index;
}

void surplus_read(struct surplus_ring *ring, size_t index)
{
    struct surplus *one = &ring->items[index];
    char scrap[4096];

    for (int i = 0; i < READS_A_TURN && one->descriptor >= 0; i++) {
        ssize_t got = recv(one->descriptor, scrap, sizeof scrap, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0)
            end(one);
    }
}

void surplus_expire(struct surplus_ring *ring, int64_t now_ns)
{
    for (size_t i = 0; i < SURPLUS_MAX; i++)
        if (ring->items[i].descriptor >= 0 && ring->items[i].until_ns <= now_ns)
            end(&ring->items[i]);
}

int64_t surplus_next_ns(const struct surplus_ring *ring)
{
    int64_t next_ns = NEVER_NS;

    for (size_t i = 0; i < SURPLUS_MAX; i++)
        if (ring->items[i].descriptor >= 0 && ring->items[i].until_ns < next_ns)
            next_ns = ring->items[i].until_ns;
    return next_ns;
}
