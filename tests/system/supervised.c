/* Plays systemd:  supervised FILE PROGRAM ARGUMENT...  It passes sockets, hears what it is told, asks for reloads as
   notify-reload does, the last of them of a FILE that it breaks. "supervised datagram PROGRAM ..." passes a socket that
   cannot be served on, and gives back the program's exit status. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "system/plain_http.h"

#define PATIENCE_MS 60000

static pid_t child;

static void fail(const char *what, const char *detail)
{
    fprintf(stderr, "supervised: %s: %s\n", what, detail);
    kill(child, SIGKILL);
    exit(1);
}

static int listening(int type, int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int descriptor = socket(AF_INET, type, 0);
    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
        (type == SOCK_STREAM && listen(descriptor, 16) != 0) ||
        getsockname(descriptor, (struct sockaddr *)&address, &size) != 0)
        fail("no socket", strerror(errno));
    *port = ntohs(address.sin_port);
    return descriptor;
}

/* A socket with an abstract name that the system picks; its name goes into the environment. */
static int notify_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = sizeof address;
    char name[sizeof address.sun_path + 1] = "";
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address.sun_family) != 0 ||
        getsockname(descriptor, (struct sockaddr *)&address, &size) != 0)
        fail("no socket", strerror(errno));
    memcpy(name, address.sun_path, size - offsetof(struct sockaddr_un, sun_path));
    name[0] = '@';
    setenv("NOTIFY_SOCKET", name, 1);
    return descriptor;
}

static void start(char **arguments, const int sockets[2])
{
    char number[32];
    child = fork();
    if (child != 0)
        return;
    /* High first, so that neither is overwritten by the other. */
    int high[2] = {dup2(sockets[0], 100), dup2(sockets[1], 101)};
    if (dup2(high[0], 3) != 3 || dup2(high[1], 4) != 4)
        _exit(120);
    close(100);
    close(101);
    snprintf(number, sizeof number, "%d", (int)getpid());
    setenv("LISTEN_PID", number, 1);
    setenv("LISTEN_FDS", "2", 1);
    setenv("LISTEN_FDNAMES", "web:web", 1);
    setenv("WATCHDOG_PID", number, 1);
    setenv("WATCHDOG_USEC", "1000000", 1);
    execv(arguments[0], arguments);
    _exit(121);
}

static const char *hear(int descriptor)
{
    static char text[4096];
    struct pollfd wait = {.fd = descriptor, .events = POLLIN};
    if (poll(&wait, 1, PATIENCE_MS) != 1)
        fail("nothing is told", "for a minute");
    ssize_t size = recv(descriptor, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\n' ? ' ' : *c;
    return text;
}

/* The next that is no sign of life begins so. */
static const char *expect(int descriptor, const char *state)
{
    const char *text;
    while (strncmp(text = hear(descriptor), "WATCHDOG=1", 10) == 0)
        ;
    if (strncmp(text, state, strlen(state)) != 0)
        fail(state, text);
    printf("told: %s\n", text);
    return text;
}

static void expect_heart(int descriptor, int beats)
{
    while (beats > 0) {
        const char *text = hear(descriptor);
        if (strncmp(text, "WATCHDOG=1", 10) != 0)
            fail("WATCHDOG=1", text);
        beats--;
    }
}

static void expect_served(int port)
{
    struct plain_answer answer = plain_ask(port, "GET", "/-/ready");
    if (answer.status != 200)
        fail("a passed socket is not served on", answer.whole);
    free(answer.whole);
}

static void expect_reload(int descriptor, const char *status)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long long before = (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000, told = 0;
    kill(child, SIGHUP);
    const char *text = expect(descriptor, "RELOADING=1 MONOTONIC_USEC=");
    if (sscanf(text, "RELOADING=1 MONOTONIC_USEC=%lld", &told) != 1 || told < before)
        fail("not of this clock", text);
    text = expect(descriptor, "READY=1 STATUS=");
    if (strstr(text, status) == NULL)
        fail(status, text);
}

static int exit_status(void)
{
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int main(int count, char **arguments)
{
    bool datagram = count > 1 && strcmp(arguments[1], "datagram") == 0;
    int ports[2], told = notify_socket();
    int sockets[2] = {listening(SOCK_STREAM, &ports[0]),
                      listening(datagram ? SOCK_DGRAM : SOCK_STREAM, &ports[1])};
    const char *broken = count > 1 ? arguments[1] : "";
    if (count < 3)
        return 2;
    start(arguments + 2, sockets);
    if (datagram)
        return exit_status();
    expect(told, "READY=1 STATUS=");
    for (int i = 0; i < 2; i++)
        expect_served(ports[i]);
    expect_heart(told, 3);
    expect_reload(told, "Targets: 1, app servers: 1.");
    struct plain_answer answer = plain_ask(ports[1], "POST", "/-/reload");
    if (answer.status != 200)
        fail("POST /-/reload", answer.whole);
    free(answer.whole);
    expect(told, "RELOADING=1");
    expect(told, "READY=1");
    expect_served(ports[0]);
    FILE *file = fopen(broken, "a");
    if (file == NULL || fputs("nonsense = 1\n", file) < 0 || fclose(file) != 0)
        fail("cannot break it", broken);
    expect_reload(told, "the one before is in force");
    expect_heart(told, 2);
    kill(child, SIGTERM);
    expect(told, "STOPPING=1 EXTEND_TIMEOUT_USEC=");
    int status = exit_status();
    if (status != 0)
        fail("it did not end well", "exit status");
    /* The sockets are the supervisor's: they stand when the program has ended. */
    int pending = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((in_port_t)ports[0]),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(pending, (struct sockaddr *)&address, sizeof address) != 0)
        fail("the passed socket was closed for all", strerror(errno));
    return 0;
}
