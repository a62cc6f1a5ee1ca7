/* A supervisor played by a datagram socket. */
#include "../../main.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/supervisor.h"

static const char *const variables[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                        "LISTEN_FDS",    "LISTEN_PID",    "LISTEN_FDNAMES"};

/* A socket with an abstract name that the system picks; its name stands in the environment then. */
static int play_supervisor(void)
{
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = sizeof address;
    char name[sizeof address.sun_path + 1] = "";
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof address.sun_family), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &size), 0);
    memcpy(name, address.sun_path, size - offsetof(struct sockaddr_un, sun_path));
    name[0] = '@';
    setenv("NOTIFY_SOCKET", name, 1);
    return descriptor;
}

static const char *heard(int descriptor)
{
    static char text[4096];
    ssize_t size = recv(descriptor, text, sizeof text - 1, 0);
    if (size < 0)
        return NULL;
    text[size] = '\0';
    return text;
}

static void set_own(const char *variable)
{
    char process[32];
    snprintf(process, sizeof process, "%d", (int)getpid());
    setenv(variable, process, 1);
}

static void it_is_told_in_order(void **state)
{
    (void)state;
    int descriptor = play_supervisor();
    struct supervisor *supervisor = supervisor_new();
    supervisor_tell(supervisor, "READY=1\nSTATUS=%d targets", 3);
    supervisor_tell(supervisor, "STOPPING=1");
    assert_string_equal(heard(descriptor), "READY=1\nSTATUS=3 targets");
    assert_string_equal(heard(descriptor), "STOPPING=1");
    assert_true(supervisor_turn(supervisor, SECOND_NS) == NEVER_NS);
    assert_null(heard(descriptor));
    supervisor_free(supervisor);
    close(descriptor);
}

static void a_full_socket_is_filled_later(void **state)
{
    (void)state;
    int descriptor = play_supervisor();
    struct supervisor *supervisor = supervisor_new();
    int64_t next = NEVER_NS;
    int told = 0;
    while (next == NEVER_NS && told < 100000) {
        supervisor_tell(supervisor, "N=%d", told++);
        next = supervisor_turn(supervisor, SECOND_NS);
    }
    assert_true(next == 2 * SECOND_NS);
    supervisor_tell(supervisor, "READY=1");
    for (int i = 0; i < told - 1; i++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "N=%d", i);
        assert_string_equal(heard(descriptor), wanted);
    }
    assert_null(heard(descriptor));
    assert_true(supervisor_turn(supervisor, next) == NEVER_NS);
    assert_non_null(heard(descriptor));
    assert_string_equal(heard(descriptor), "READY=1");
    /* Of many that find no room the newest are kept. */
    while (supervisor_turn(supervisor, SECOND_NS) == NEVER_NS)
        supervisor_tell(supervisor, "N=%d", told++);
    for (int i = 0; i < 50; i++)
        supervisor_tell(supervisor, "LATE=%d", i);
    while (heard(descriptor) != NULL)
        ;
    (void)supervisor_turn(supervisor, SECOND_NS);
    assert_string_equal(heard(descriptor), "LATE=42");
    supervisor_free(supervisor); /* with nothing unsent */
    close(descriptor);
}

static void it_hears_a_heart(void **state)
{
    (void)state;
    int descriptor = play_supervisor();
    setenv("WATCHDOG_USEC", "3000000", 1);
    set_own("WATCHDOG_PID");
    struct supervisor *supervisor = supervisor_new();
    int64_t next = supervisor_turn(supervisor, 10 * SECOND_NS);
    assert_true(next == 11 * SECOND_NS + 500 * MILLISECOND_NS);
    assert_string_equal(heard(descriptor), "WATCHDOG=1");
    assert_true(supervisor_turn(supervisor, 11 * SECOND_NS) == next);
    assert_null(heard(descriptor));
    assert_true(supervisor_turn(supervisor, next) > next);
    assert_string_equal(heard(descriptor), "WATCHDOG=1");
    supervisor_free(supervisor);
    close(descriptor);
}

static void what_is_for_another_process_is_left(void **state)
{
    (void)state;
    int descriptor = play_supervisor();
    setenv("WATCHDOG_USEC", "3000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    setenv("LISTEN_FDS", "2", 1);
    setenv("LISTEN_PID", "1", 1);
    struct supervisor *supervisor = supervisor_new();
    assert_true(supervisor_turn(supervisor, SECOND_NS) == NEVER_NS);
    assert_int_equal(supervisor_sockets(supervisor), 0);
    supervisor_free(supervisor);
    close(descriptor);
}

static void sockets_are_counted_and_nothing_is_handed_on(void **state)
{
    (void)state;
    int descriptor = play_supervisor();
    setenv("WATCHDOG_USEC", "3000000", 1); /* without a WATCHDOG_PID: for whoever is started */
    setenv("LISTEN_FDS", "2", 1);
    setenv("LISTEN_FDNAMES", "web:web", 1);
    set_own("LISTEN_PID");
    struct supervisor *supervisor = supervisor_new();
    assert_int_equal(supervisor_sockets(supervisor), 2);
    assert_true(supervisor_turn(supervisor, SECOND_NS) != NEVER_NS);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        assert_null(getenv(variables[i]));
    supervisor_free(supervisor);
    close(descriptor);
}

static void what_is_malformed_is_passed_over(void **state)
{
    (void)state;
    static const char *const sockets[] = {"", "@", "relative", "vsock:2:1234"};
    static const char *const numbers[] = {"", "-1", "x", "1 ", "99999999999999999999"};
    char long_path[200] = "/";
    memset(long_path + 1, 'x', sizeof long_path - 2);
    for (size_t i = 0; i <= sizeof sockets / sizeof sockets[0]; i++) {
        setenv("NOTIFY_SOCKET", i < sizeof sockets / sizeof sockets[0] ? sockets[i] : long_path, 1);
        setenv("WATCHDOG_USEC", numbers[i], 1);
        setenv("LISTEN_FDS", numbers[i], 1);
        set_own("LISTEN_PID");
        struct supervisor *supervisor = supervisor_new();
        supervisor_tell(supervisor, "READY=1");
        assert_true(supervisor_turn(supervisor, SECOND_NS) == NEVER_NS);
        assert_int_equal(supervisor_sockets(supervisor), 0);
        supervisor_free(supervisor);
    }
    /* Nobody there, or nobody any more. */
    setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
    struct supervisor *supervisor = supervisor_new();
    supervisor_tell(supervisor, "READY=1");
    assert_true(supervisor_turn(supervisor, SECOND_NS) == NEVER_NS);
    supervisor_free(supervisor);
}

ALL_TESTS(cmocka_unit_test(it_is_told_in_order), cmocka_unit_test(a_full_socket_is_filled_later),
          cmocka_unit_test(it_hears_a_heart), cmocka_unit_test(what_is_for_another_process_is_left),
          cmocka_unit_test(sockets_are_counted_and_nothing_is_handed_on),
          cmocka_unit_test(what_is_malformed_is_passed_over));
