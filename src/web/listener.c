#include "web/listener.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

/* What the kernel may hold of an answer for one client; without a bound a slow one could hold megabytes. */
#define SEND_BUFFER (256 << 10)

/* A port that the system picks for one family may be taken in the other. */
#define PAIR_TRIES 16

static const struct {
    int error;
    const char *remedy;
} remedies[] = {
    {EADDRINUSE,
     "another program, or another listen address of this configuration, has it already. Find it with "
     "\"ss -ltnp\", stop it, or choose another port with --web.listen-address or listen_address in [web]"},
    {EACCES,
     "ports below 1024 need the capability CAP_NET_BIND_SERVICE (AmbientCapabilities= in the systemd unit); "
     "choose a port from 1024 on with --web.listen-address or listen_address in [web]"},
    {EADDRNOTAVAIL,
     "no network interface of this machine has this address. See them with \"ip address\", and correct "
     "--web.listen-address or listen_address in [web]"},
    {EAFNOSUPPORT,
     "this machine has no support for that kind of address (IPv6 switched off?). Choose another with "
     "--web.listen-address or listen_address in [web]"},
    {EMFILE, "the process may open no more files: raise LimitNOFILE= in the systemd unit, or ulimit -n"},
};

static const char *remedy_of(int error)
{
    for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++)
        if (remedies[i].error == error)
            return remedies[i].remedy;
    return "choose another address with --web.listen-address or listen_address in [web]";
}

static char *written(const struct listen_address *address)
{
    bool brackets = strchr(address->host, ':') != NULL;

    return memory_format("%s%s%s:%s", brackets ? "[" : "", address->host, brackets ? "]" : "", address->port);
}

static char *complain(const struct listen_address *address, const char *what, const char *remedy)
{
    char *text = written(address),
         *sentence = memory_format("cannot listen on %s: %s: %s", text, what, remedy);

    free(text);
    return sentence;
}

/* Returns the socket, or -1 with errno. */
static int open_one(const struct addrinfo *info, bool only_ipv6)
{
    int yes = 1, only = only_ipv6, room = SEND_BUFFER;
    int descriptor = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if ((info->ai_family == AF_INET6 &&
         setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) != 0) ||
        bind(descriptor, info->ai_addr, info->ai_addrlen) != 0 || listen(descriptor, SOMAXCONN) != 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

static void set_port(struct sockaddr *address, in_port_t port)
{
    if (address->sa_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)address)->sin6_port = port;
    else
        ((struct sockaddr_in *)(void *)address)->sin_port = port;
}

/* Appends the listener; returns its port in network order. */
static in_port_t keep(struct listener_list *list, int descriptor)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr *address = (struct sockaddr *)&storage;
    socklen_t size = sizeof storage;
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getsockname(descriptor, address, &size) != 0 ||
        getnameinfo(address, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) !=
            0)
        abort(); /* a bound socket has an address */
    bool brackets = address->sa_family == AF_INET6;
    list->items = memory_grow(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct listener){
        .descriptor = descriptor,
        .address = memory_format("%s%s%s:%s", brackets ? "[" : "", host, brackets ? "]" : "", port)};
    int64_t number = 0;
    bool is_number = text_to_int64(span_of(port), &number);
    assert(is_number && number > 0 && number <= UINT16_MAX);
    return htons((in_port_t)number);
}

static void drop_behind(struct listener_list *list, size_t count)
{
    while (list->count > count) {
        struct listener *last = &list->items[--list->count];
        close(last->descriptor);
        free(last->address);
    }
}

/* All addresses that one setting means, at one port. Returns 0 or an errno. */
static int open_all(struct listener_list *list, const struct addrinfo *infos, bool pair)
{
    size_t before = list->count;
    in_port_t port = 0;
    int missing = 0;

    for (const struct addrinfo *info = infos; info != NULL; info = info->ai_next) {
        if (info->ai_family != AF_INET && info->ai_family != AF_INET6)
            continue;
        if (port != 0)
            set_port(info->ai_addr, port);
        int descriptor = open_one(info, pair);
        if (descriptor >= 0) {
            port = keep(list, descriptor);
        } else if (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) {
            missing = errno; /* fatal only where nothing else is left */
        } else {
            int error = errno;
            drop_behind(list, before);
            return error;
        }
    }
    return list->count > before ? 0 : missing != 0 ? missing : EADDRNOTAVAIL;
}

static char *open_setting(struct listener_list *list, const struct listen_address *address)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    bool pair = address->host[0] == '\0', any_port = strcmp(address->port, "0") == 0;
    int error = 0;

    for (int i = 0; i < (any_port ? PAIR_TRIES : 1); i++) {
        struct addrinfo *infos = NULL;
        int code = getaddrinfo(pair ? NULL : address->host, address->port, &hints, &infos);
        if (code != 0)
            return complain(
                address, code == EAI_SYSTEM ? strerrordesc_np(errno) : gai_strerror(code),
                "write an address of this machine, or a name that it can resolve, or leave the host out "
                "to listen on every address");
        error = open_all(list, infos, pair);
        freeaddrinfo(infos);
        if (error != EADDRINUSE)
            break;
    }
    return error == 0 ? NULL : complain(address, strerrordesc_np(error), remedy_of(error));
}

char *listener_list_open(struct listener_list *list, const struct web_settings *settings)
{
    *list = (struct listener_list){0};
    for (size_t i = 0; i < settings->listen_count; i++) {
        char *error = open_setting(list, &settings->listen[i]);
        if (error != NULL) {
            listener_list_close(list);
            return error;
        }
    }
    assert(list->count > 0);
    return NULL;
}

/* NULL, or what is wrong with it. */
static const char *passed_fault(int descriptor)
{
    int domain = 0, type = 0, listens = 0;
    socklen_t size = sizeof type;

    if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 ||
        getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
        getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0)
        return "it is no socket";
    if (domain != AF_INET && domain != AF_INET6)
        return "it is no TCP socket: write an address and port behind ListenStream=, no path";
    if (type != SOCK_STREAM)
        return "it is no TCP socket: write ListenStream=, not ListenDatagram=";
    if (!listens)
        return "it does not listen: write Accept=no, or leave it out";
    return NULL;
}

char *listener_list_adopt(struct listener_list *list, int first, size_t count)
{
    char *error = NULL;
    int room = SEND_BUFFER;

    *list = (struct listener_list){0};
    for (int i = 0; i < (int)count && error == NULL; i++) {
        const char *fault = passed_fault(first + i);
        if (fault != NULL)
            error = memory_format("cannot listen on the socket %d of %zu that the supervisor has passed: %s "
                                  "in the systemd unit epicor_exporter.socket",
                                  i + 1, count, fault);
    }
    for (int i = 0; i < (int)count; i++) {
        int descriptor = first + i;
        if (error != NULL) {
            close(descriptor);
            continue;
        }
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
        (void)keep(list, descriptor);
    }
    return error;
}

void listener_list_close(struct listener_list *list)
{
    drop_behind(list, 0);
    free(list->items);
    *list = (struct listener_list){0};
}
