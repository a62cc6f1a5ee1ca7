#include "base/supervisor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

/* Of states that could not be sent yet: the newest are what counts, so the oldest goes when there are more. */
#define UNSENT_MOST  8
#define TRY_AGAIN_NS SECOND_NS
#define SOCKETS_MOST 1000

struct supervisor {
    int descriptor; /* -1: there is nobody to tell */
    struct sockaddr_un address;
    socklen_t address_size;
    int64_t beat_ns; /* 0: it watches for no sign of life */
    int64_t beat_due_ns;
    size_t sockets;
    char *unsent[UNSENT_MOST];
    size_t unsent_count;
    bool deaf; /* told in the log that it does not hear */
};

/* ---- what it handed over ---- */

/* A whole number of the environment within the bounds; or -1: the variable is not there or, as told, malformed. */
static int64_t number_of(const char *variable, int64_t most)
{
    const char *text = getenv(variable);
    int64_t number;
    if (text == NULL)
        return -1;
    if (text_to_int64(span_of(text), &number) && number >= 0 && number <= most)
        return number;
    log_event(LOG_WARN, "a variable of the supervisor is malformed, and passed over",
              LOG_TEXT("variable", variable), LOG_TEXT("value", text));
    return -1;
}

static void open_socket(struct supervisor *supervisor)
{
    const char *path = getenv("NOTIFY_SOCKET");
    if (path == NULL)
        return;
    size_t size = strlen(path);
    supervisor->address.sun_family = AF_UNIX;
    if ((path[0] != '/' && path[0] != '@') || size < 2 || size >= sizeof supervisor->address.sun_path) {
        log_event(LOG_WARN, "a variable of the supervisor is malformed, and passed over",
                  LOG_TEXT("variable", "NOTIFY_SOCKET"), LOG_TEXT("value", path));
        return;
    }
    memcpy(supervisor->address.sun_path, path, size);
    if (path[0] == '@') /* Linux's abstract names */
        supervisor->address.sun_path[0] = '\0';
    supervisor->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (path[0] == '/'));
    supervisor->descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void read_watchdog(struct supervisor *supervisor)
{
    int64_t microseconds = number_of("WATCHDOG_USEC", INT64_MAX / 1000),
            process = number_of("WATCHDOG_PID", INT32_MAX);
    if (microseconds > 0 && (process < 0 || process == getpid()))
        supervisor->beat_ns = microseconds * 1000 / 2;
}

struct supervisor *supervisor_new(void)
{
    static const char *const variables[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                            "LISTEN_FDS",    "LISTEN_PID",    "LISTEN_FDNAMES"};
    struct supervisor *supervisor = memory_new(1, sizeof *supervisor);
    supervisor->descriptor = -1;
    open_socket(supervisor);
    read_watchdog(supervisor);
    /* They are for the process that is named: a shell between would have handed on its own. */
    int64_t sockets = number_of("LISTEN_FDS", SOCKETS_MOST);
    if (sockets > 0 && number_of("LISTEN_PID", INT32_MAX) == getpid())
        supervisor->sockets = (size_t)sockets;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    return supervisor;
}

void supervisor_free(struct supervisor *supervisor)
{
    if (supervisor == NULL)
        return;
    for (size_t i = 0; i < supervisor->unsent_count; i++)
        free(supervisor->unsent[i]);
    if (supervisor->descriptor >= 0)
        close(supervisor->descriptor);
    free(supervisor);
}

size_t supervisor_sockets(const struct supervisor *supervisor)
{
    return supervisor->sockets;
}

/* ---- what is told ---- */

/* False: its socket is full, and it may be tried again. */
static bool send_state(struct supervisor *supervisor, const char *state)
{
    ssize_t sent = sendto(supervisor->descriptor, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL,
                          (const struct sockaddr *)&supervisor->address, supervisor->address_size);
    if (sent >= 0) {
        supervisor->deaf = false;
        return true;
    }
    if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
        return false;
    if (!supervisor->deaf)
        log_event(LOG_WARN, "the supervisor cannot be told anything",
                  LOG_TEXT("error", strerrordesc_np(errno)));
    supervisor->deaf = true;
    return true;
}

static void drop_first(struct supervisor *supervisor)
{
    free(supervisor->unsent[0]);
    supervisor->unsent_count--;
    memmove(supervisor->unsent, supervisor->unsent + 1,
            supervisor->unsent_count * sizeof supervisor->unsent[0]);
}

static void send_unsent(struct supervisor *supervisor)
{
    while (supervisor->unsent_count > 0 && send_state(supervisor, supervisor->unsent[0]))
        drop_first(supervisor);
}

void supervisor_tell(struct supervisor *supervisor, const char *format, ...)
{
    char *state = NULL;
    va_list list;
    if (supervisor->descriptor < 0)
        return;
    va_start(list, format);
    int size = vasprintf(&state, format, list);
    va_end(list);
    if (size < 0)
        abort();
    if (supervisor->unsent_count == UNSENT_MOST)
        drop_first(supervisor);
    supervisor->unsent[supervisor->unsent_count++] = state;
    send_unsent(supervisor);
}

int64_t supervisor_turn(struct supervisor *supervisor, int64_t now_boot_ns)
{
    if (supervisor->descriptor < 0)
        return NEVER_NS;
    send_unsent(supervisor);
    int64_t next_ns = supervisor->unsent_count > 0 ? now_boot_ns + TRY_AGAIN_NS : NEVER_NS;
    if (supervisor->beat_ns == 0)
        return next_ns;
    if (now_boot_ns >= supervisor->beat_due_ns) {
        /* One that is lost is followed by the next in time. */
        if (supervisor->unsent_count == 0)
            (void)send_state(supervisor, "WATCHDOG=1");
        supervisor->beat_due_ns = now_boot_ns + supervisor->beat_ns;
    }
    return ns_min(next_ns, supervisor->beat_due_ns);
}
