/* Listeners: the app server's, and the identity provider's own. Each can close and open again on its port, or begin anew with
   another certificate while nobody is refused. */
#include "simulator/call.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LAST_ANSWERS_MS 5000      /* that long the answers of a listener that is replaced may take */
#define LAST_ACCEPT_NS  100000000 /* and that long a connection that it has accepted may be unknown to us */

static void address_make(const struct simulator *simulator, uint16_t port, struct sockaddr_in *address)
{
    const char *host = simulator->listening.host;
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    if (!host || !*host || strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &address->sin_addr) != 1)
        sim_die("%s is not an IPv4 address", host);
}

static int socket_bind(const struct simulator *simulator, uint16_t port)
{
    struct sockaddr_in address;
    address_make(simulator, port, &address);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0 || setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) != 0 ||
        bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0)
        sim_die("port %u cannot be listened on: %s", port, strerror(errno));
    return descriptor;
}

static uint16_t socket_port(int descriptor)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    if (getsockname(descriptor, (struct sockaddr *)&address, &size) != 0)
        sim_die("a socket has no port: %s", strerror(errno));
    return ntohs(address.sin_port);
}

/* ---- doors: one daemon each -------------------------------------------------------------------------------- */

static struct sim_door *door_open(struct simulator *simulator, bool identity_provider, int descriptor)
{
    bool tls = simulator->listening.certificate != SIMULATOR_PLAIN_HTTP;
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
                     MHD_USE_ITC | MHD_USE_SUPPRESS_DATE_NO_CLOCK | (tls ? MHD_USE_TLS : 0);
    struct sim_door *door = sim_allocate(sizeof *door);
    *door = (struct sim_door){.simulator = simulator, .identity_provider = identity_provider};
    struct MHD_OptionItem tls_options[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, simulator->certificates.certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, simulator->certificates.key},
        {MHD_OPTION_END, 0, NULL},
    };
    if (listen(descriptor, SOMAXCONN) != 0)
        sim_die("a port cannot be listened on: %s", strerror(errno));
    door->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, sim_request_handle, simulator, MHD_OPTION_LISTEN_SOCKET, descriptor,
        MHD_OPTION_URI_LOG_CALLBACK, sim_request_named, door, MHD_OPTION_NOTIFY_COMPLETED,
        sim_request_completed, simulator, MHD_OPTION_NOTIFY_CONNECTION, sim_connection_changed, door,
        MHD_OPTION_CONNECTION_LIMIT, 8192u, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(256 * 1024),
        MHD_OPTION_ARRAY, tls ? tls_options : tls_options + 2, MHD_OPTION_END);
    if (!door->daemon)
        sim_die("no listener: %s", strerror(errno));
    return door;
}

/* Its connections are cut, and those that wait there with them, so that they can be joined. */
static void door_close(struct sim_door *door)
{
    struct simulator *simulator = door->simulator;
    pthread_mutex_lock(&simulator->lock);
    door->closing = true;
    pthread_cond_broadcast(&simulator->changed);
    pthread_mutex_unlock(&simulator->lock);
    MHD_stop_daemon(door->daemon);
    free(door);
}

/* Takes the listening socket away; connections that stand go on. */
static int door_quiesce(struct sim_door *door)
{
    int descriptor = MHD_quiesce_daemon(door->daemon);
    if (descriptor == MHD_INVALID_SOCKET)
        sim_die("a listener does not give its socket back");
    return descriptor;
}

static void last_answers_wait(struct sim_door *door)
{
    struct simulator *simulator = door->simulator;
    int64_t until = sim_now_ns() + (int64_t)LAST_ANSWERS_MS * 1000000;
    struct timespec deadline = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    int late = 0;
    pthread_mutex_lock(&simulator->lock);
    while ((door->requests || door->unasked) && !simulator->stopping && !late)
        late = pthread_cond_timedwait(&simulator->changed, &simulator->lock, &deadline);
    pthread_mutex_unlock(&simulator->lock);
}

/* ---- listeners --------------------------------------------------------------------------------------------- */

static struct sim_listener *listener_of(struct simulator *simulator, bool identity_provider)
{
    return identity_provider ? &simulator->provider_listener : &simulator->listener;
}

void sim_listener_bind(struct simulator *simulator, bool identity_provider, uint16_t port)
{
    struct sim_listener *listener = listener_of(simulator, identity_provider);
    listener->kept = socket_bind(simulator, port);
    listener->port = socket_port(listener->kept);
}

/* A bound socket that does not listen refuses connections, and keeps the port from being somebody else's. */
static void listener_set(struct simulator *simulator, bool identity_provider, bool up)
{
    struct sim_listener *listener = listener_of(simulator, identity_provider);
    pthread_mutex_lock(&simulator->listeners_lock);
    if (up && !listener->door) {
        listener->door = door_open(simulator, identity_provider, listener->kept);
    } else if (!up && listener->door) {
        struct sim_door *old = listener->door;
        listener->door = NULL;
        int descriptor = door_quiesce(old);
        shutdown(descriptor, SHUT_RDWR); /* a thread that polls it would keep it open beyond close() */
        listener->kept = socket_bind(simulator, listener->port);
        close(descriptor);
        door_close(old);
    }
    pthread_mutex_unlock(&simulator->listeners_lock);
}

void simulator_set_identity_provider(struct simulator *simulator, bool up)
{
    if (!simulator->provider_own_port)
        sim_die("the identity provider has no port of its own");
    listener_set(simulator, true, up);
}

void simulator_set_listening(struct simulator *simulator, bool up)
{
    listener_set(simulator, false, up);
}

bool simulator_listening(struct simulator *simulator)
{
    pthread_mutex_lock(&simulator->listeners_lock);
    bool up = simulator->listener.door != NULL;
    pthread_mutex_unlock(&simulator->listeners_lock);
    return up;
}

static void listener_renew(struct simulator *simulator, bool identity_provider)
{
    struct sim_listener *listener = listener_of(simulator, identity_provider);
    struct sim_door *old = listener->door;
    if (!old)
        return;
    listener->door = door_open(simulator, identity_provider, door_quiesce(old));
    /* Its thread may be between accepting a connection and telling of it, which nothing shows. */
    nanosleep(&(struct timespec){.tv_nsec = LAST_ACCEPT_NS}, NULL);
    last_answers_wait(old);
    door_close(old);
}

void simulator_set_certificate(struct simulator *simulator, enum simulator_certificate kind,
                               int64_t expires_in)
{
    if (simulator->listening.certificate == SIMULATOR_PLAIN_HTTP || kind == SIMULATOR_PLAIN_HTTP)
        sim_die("a certificate is for TLS");
    pthread_mutex_lock(&simulator->listeners_lock);
    simulator->listening.certificate = kind;
    simulator->listening.certificate_expires_in = expires_in;
    sim_certificates_renew(&simulator->certificates, kind, expires_in);
    listener_renew(simulator, false);
    listener_renew(simulator, true);
    pthread_mutex_unlock(&simulator->listeners_lock);
}

void sim_listener_stop(struct simulator *simulator, bool identity_provider)
{
    struct sim_listener *listener = listener_of(simulator, identity_provider);
    if (listener->door)
        door_close(listener->door); /* closes the socket too */
    else if (listener->port)
        close(listener->kept);
}
