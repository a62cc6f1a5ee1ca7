#include "main.h"

#include "integration/cutter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

enum { PAIRS = 64, STOP = 1000 };

struct pair {
    int ends[2]; /* the agent's, the server's */
};

struct cutter {
    int listener, wake, done; /* the last two: eventfd */
    uint16_t port, to;
    pthread_t thread;
    struct pair pairs[PAIRS];
    size_t count;
};

static struct sockaddr_in address(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void drop(struct cutter *cutter, size_t index)
{
    static const struct linger reset = {.l_onoff = 1};
    for (int i = 0; i < 2; i++) {
        setsockopt(cutter->pairs[index].ends[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(cutter->pairs[index].ends[i]);
    }
    cutter->pairs[index] = cutter->pairs[--cutter->count];
}

static void let_in(struct cutter *cutter)
{
    struct sockaddr_in to = address(cutter->to);
    int from = accept4(cutter->listener, NULL, NULL, SOCK_CLOEXEC);
    int on = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (from < 0 || on < 0 || cutter->count == PAIRS || connect(on, (struct sockaddr *)&to, sizeof to) != 0) {
        close(from);
        close(on);
        return;
    }
    cutter->pairs[cutter->count++] = (struct pair){{from, on}};
}

/* False: one end has closed. */
static bool hand_on(const struct pair *pair, int side)
{
    char bytes[16384];
    ssize_t size = read(pair->ends[side], bytes, sizeof bytes);
    for (ssize_t sent = 0; sent < size;) {
        ssize_t more = send(pair->ends[1 - side], bytes + sent, (size_t)(size - sent), MSG_NOSIGNAL);
        if (more <= 0)
            return false;
        sent += more;
    }
    return size > 0;
}

static void *run(void *context)
{
    struct cutter *cutter = context;
    for (;;) {
        struct pollfd polled[2 + 2 * PAIRS] = {{.fd = cutter->listener, .events = POLLIN},
                                               {.fd = cutter->wake, .events = POLLIN}};
        size_t count = cutter->count;
        for (size_t i = 0; i < 2 * count; i++)
            polled[2 + i] = (struct pollfd){.fd = cutter->pairs[i / 2].ends[i % 2], .events = POLLIN};
        if (poll(polled, 2 + 2 * count, -1) < 0 && errno != EINTR)
            return NULL;
        if (polled[1].revents) {
            uint64_t order, one = 1;
            (void)!read(cutter->wake, &order, sizeof order);
            while (cutter->count > 0)
                drop(cutter, 0);
            (void)!write(cutter->done, &one, sizeof one);
            if (order >= STOP)
                return NULL;
            continue;
        }
        /* From the end, since the last one takes the place of one that is dropped. */
        for (size_t i = count; i-- > 0;)
            for (int side = 0; side < 2; side++)
                if (polled[2 + 2 * i + (size_t)side].revents && !hand_on(&cutter->pairs[i], side)) {
                    drop(cutter, i);
                    break;
                }
        if (polled[0].revents)
            let_in(cutter);
    }
}

static void tell(struct cutter *cutter, uint64_t order)
{
    uint64_t one;
    assert_int_equal(write(cutter->wake, &order, sizeof order), sizeof order);
    assert_int_equal(read(cutter->done, &one, sizeof one), sizeof one);
}

struct cutter *cutter_start(uint16_t to)
{
    struct cutter *cutter = memory_new(1, sizeof *cutter);
    struct sockaddr_in own = address(0);
    socklen_t size = sizeof own;
    *cutter = (struct cutter){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                              .wake = eventfd(0, EFD_CLOEXEC),
                              .done = eventfd(0, EFD_CLOEXEC),
                              .to = to};
    assert_int_equal(bind(cutter->listener, (struct sockaddr *)&own, sizeof own), 0);
    assert_int_equal(listen(cutter->listener, PAIRS), 0);
    assert_int_equal(getsockname(cutter->listener, (struct sockaddr *)&own, &size), 0);
    cutter->port = ntohs(own.sin_port);
    assert_int_equal(pthread_create(&cutter->thread, NULL, run, cutter), 0);
    return cutter;
}

uint16_t cutter_port(const struct cutter *cutter)
{
    return cutter->port;
}

void cutter_cut(struct cutter *cutter)
{
    tell(cutter, 1);
}

void cutter_stop(struct cutter *cutter)
{
    tell(cutter, STOP);
    pthread_join(cutter->thread, NULL);
    close(cutter->listener);
    close(cutter->wake);
    close(cutter->done);
    free(cutter);
}
