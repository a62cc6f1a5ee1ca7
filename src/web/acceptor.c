#include "web/acceptor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"

/* Without a free descriptor a waiting connection would wake us without end: the listeners rest for so long. */
#define REST_NS SECOND_NS
/* At most so many in a turn, so that a flood of connections leaves time for the clients that are served. */
#define ACCEPTS_A_TURN 256
/* A client that comes again at once could fill the ring in one turn. */
#define TOLD_A_TURN (SURPLUS_MAX / 4)
/* What clients can provoke is over only when it has not come for a while: they cannot fill the log. */
#define WORRY_NS MINUTE_NS

void acceptor_watch(int epoll, int operation, int descriptor, uint32_t events, unsigned source, size_t index)
{
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)source << 32 | index};

    if (epoll_ctl(epoll, operation, descriptor, &event) != 0)
        abort(); /* descriptors of our own, each once */
}

static void worry(struct acceptor_worry *worry, int error, const char *message, int64_t now_ns)
{
    enum complaint_say say = complaint_update(&worry->complaint, (uint64_t)error, now_ns);

    worry->last_ns = now_ns;
    if (say == COMPLAINT_NEW || say == COMPLAINT_AGAIN)
        log_event(LOG_WARN, message, LOG_TEXT("error", error == EBUSY ? NULL : strerrordesc_np(error)));
}

static void calm(struct acceptor_worry *worry, int64_t now_ns)
{
    if (worry->complaint.what != 0 && now_ns - worry->last_ns > WORRY_NS)
        complaint_update(&worry->complaint, 0, now_ns);
}

static void rest(struct acceptor *acceptor, int64_t until_ns)
{
    acceptor->rest_ns = until_ns;
    for (size_t i = 0; i < acceptor->listeners.count; i++)
        acceptor_watch(acceptor->epoll, EPOLL_CTL_MOD, acceptor->listeners.items[i].descriptor,
                       until_ns != 0 ? 0 : EPOLLIN, ACCEPTOR_LISTENER, i);
}

/* True: it was told why; it keeps a place of the ring until the next turn at least. */
static bool refuse(struct acceptor *acceptor, int descriptor, struct moment now)
{
    static const char body[] = "Too many connections, in all or from this address. Ask again in a moment.\n";

    worry(&acceptor->full, EBUSY,
          "too many HTTP connections: max_connections or max_connections_per_address is reached",
          now.boot_ns);
    size_t index = surplus_begin(&acceptor->surplus, descriptor, acceptor->silent ? NULL : body, now.boot_ns);
    if (index != SURPLUS_NONE)
        acceptor_watch(acceptor->epoll, EPOLL_CTL_ADD, descriptor, EPOLLIN, ACCEPTOR_REFUSAL, index);
    report_http_request(acceptor->report, "other", 503, acceptor->silent ? 0 : sizeof body - 1, now);
    return index != SURPLUS_NONE;
}

static void accept_some(struct acceptor *acceptor, const struct listener *listener, struct moment now)
{
    int told = 0;

    for (int i = 0; i < ACCEPTS_A_TURN && told < TOLD_A_TURN; i++) {
        struct sockaddr_storage storage;
        struct sockaddr *address = (struct sockaddr *)&storage;
        socklen_t size = sizeof storage;
        int descriptor = accept4(listener->descriptor, address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            if (acceptor->take(acceptor->context, descriptor, address, size, now))
                calm(&acceptor->full, now.boot_ns);
            else if (refuse(acceptor, descriptor, now))
                told++;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            worry(&acceptor->exhausted, errno, "an HTTP connection cannot be accepted", now.boot_ns);
            rest(acceptor, now.boot_ns + REST_NS);
            return;
        } else if (errno == EAGAIN) {
            calm(&acceptor->exhausted, now.boot_ns);
            return;
        } /* else: that connection has died in the queue */
    }
}

void acceptor_init(struct acceptor *acceptor, struct report *report)
{
    *acceptor = (struct acceptor){.report = report};
    surplus_init(&acceptor->surplus);
}

void acceptor_begin(struct acceptor *acceptor)
{
    for (size_t i = 0; i < acceptor->listeners.count; i++)
        acceptor_watch(acceptor->epoll, EPOLL_CTL_ADD, acceptor->listeners.items[i].descriptor, EPOLLIN,
                       ACCEPTOR_LISTENER, i);
}

void acceptor_event(struct acceptor *acceptor, enum acceptor_source source, size_t index, struct moment now)
{
    if (source == ACCEPTOR_REFUSAL)
        surplus_read(&acceptor->surplus, index);
    else if (acceptor->rest_ns == 0)
        accept_some(acceptor, &acceptor->listeners.items[index], now);
}

void acceptor_turn(struct acceptor *acceptor, int64_t now_ns)
{
    if (acceptor->rest_ns != 0 && now_ns >= acceptor->rest_ns)
        rest(acceptor, 0);
    surplus_expire(&acceptor->surplus, now_ns);
}

int64_t acceptor_next_ns(const struct acceptor *acceptor)
{
    int64_t next_ns = surplus_next_ns(&acceptor->surplus);

    return acceptor->rest_ns != 0 ? ns_min(acceptor->rest_ns, next_ns) : next_ns;
}

void acceptor_end(struct acceptor *acceptor)
{
    surplus_close_all(&acceptor->surplus);
    listener_list_close(&acceptor->listeners);
}
