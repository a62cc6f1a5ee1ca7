#include "main.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "web/listener.h"

static char *open_at(struct listener_list *list, const char *const hosts[], const char *const ports[],
                     size_t count)
{
    struct listen_address *addresses = memory_new(count, sizeof *addresses);

    for (size_t i = 0; i < count; i++)
        addresses[i] = (struct listen_address){(char *)hosts[i], (char *)ports[i]};
    struct web_settings settings = {.listen = addresses, .listen_count = count};
    char *error = listener_list_open(list, &settings);
    free(addresses);
    return error;
}

static void a_port_is_picked(void **state)
{
    struct listener_list list;
    char *error = open_at(&list, (const char *const[]){"127.0.0.1", "127.0.0.2"},
                          (const char *const[]){"0", "0"}, 2);

    (void)state;
    assert_null(error);
    assert_int_equal(list.count, 2);
    assert_memory_equal(list.items[0].address, "127.0.0.1:", 10);
    assert_memory_equal(list.items[1].address, "127.0.0.2:", 10);
    assert_string_not_equal(list.items[0].address + 10, "0");
    listener_list_close(&list);
}

static int families_of_this_machine(void)
{
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    int count = 1 + (probe >= 0 && bind(probe, (struct sockaddr *)&any, sizeof any) == 0);

    if (probe >= 0)
        close(probe);
    return count;
}

static void an_empty_host_is_every_address_at_one_port(void **state)
{
    struct listener_list list;
    char *error = open_at(&list, (const char *const[]){""}, (const char *const[]){"0"}, 1);

    (void)state;
    assert_null(error);
    assert_int_equal(list.count, families_of_this_machine());
    const char *port = strrchr(list.items[0].address, ':');
    bool ipv4 = false;
    for (size_t i = 0; i < list.count; i++) {
        assert_string_equal(strrchr(list.items[i].address, ':'), port);
        ipv4 = ipv4 || strncmp(list.items[i].address, "0.0.0.0:", 8) == 0;
    }
    assert_true(ipv4);
    listener_list_close(&list);
}

static void what_cannot_be_bound_is_told(void **state)
{
    struct listener_list taken, list;

    (void)state;
    assert_null(open_at(&taken, (const char *const[]){"127.0.0.1"}, (const char *const[]){"0"}, 1));
    const char *port = strrchr(taken.items[0].address, ':') + 1;
    const struct {
        const char *host, *port;
        const char *wanted[3];
    } cases[] = {
        {"127.0.0.1", port, {taken.items[0].address, "Address already in use", "ss -ltnp"}},
        {"", port, {port, "Address already in use", "--web.listen-address"}},
        {"192.0.2.1", "0", {"192.0.2.1:0", "Cannot assign requested address", "ip address"}},
        {"no-such-host.invalid", "0", {"no-such-host.invalid:0", "cannot listen on", "leave the host out"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* What is good before it is closed again. */
        char *error = open_at(&list, (const char *const[]){"127.0.0.3", cases[i].host},
                              (const char *const[]){"0", cases[i].port}, 2);
        assert_non_null(error);
        assert_int_equal(list.count, 0);
        for (size_t j = 0; j < 3; j++)
            if (strstr(error, cases[i].wanted[j]) == NULL)
                fail_msg("\"%s\" lacks \"%s\"", error, cases[i].wanted[j]);
        free(error);
    }
    listener_list_close(&taken);
}

/* The socket becomes one of the lowest free numbers in a row, as a supervisor passes them. */
static int listening(int domain, int type, bool listens)
{
    int descriptor = socket(domain, type, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    assert_true(descriptor >= 0);
    if (domain == AF_INET && type == SOCK_STREAM && listens) {
        assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(listen(descriptor, 5), 0);
    } else if (domain == AF_UNIX) {
        struct sockaddr_un path = {.sun_family = AF_UNIX};
        assert_int_equal(bind(descriptor, (struct sockaddr *)&path, sizeof path.sun_family), 0);
        assert_int_equal(listen(descriptor, 5), 0);
    }
    return descriptor;
}

static void passed_sockets_are_taken_over(void **state)
{
    struct listener_list list;
    int first = listening(AF_INET, SOCK_STREAM, true), second = listening(AF_INET, SOCK_STREAM, true);

    (void)state;
    assert_int_equal(second, first + 1);
    assert_null(listener_list_adopt(&list, first, 2));
    assert_int_equal(list.count, 2);
    assert_int_equal(list.items[1].descriptor, second);
    assert_memory_equal(list.items[1].address, "127.0.0.1:", 10);
    assert_true((fcntl(first, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(first, F_GETFD) & FD_CLOEXEC) != 0);
    listener_list_close(&list);
    assert_int_equal(fcntl(first, F_GETFD), -1);
}

static void passed_sockets_of_another_kind_are_refused(void **state)
{
    static const struct {
        int domain, type;
        const char *said;
    } cases[] = {
        {AF_INET, SOCK_STREAM, "it does not listen: write Accept=no"},
        {AF_INET, SOCK_DGRAM, "it is no TCP socket: write ListenStream="},
        {AF_UNIX, SOCK_STREAM, "write an address and port"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct listener_list list;
        int first = listening(AF_INET, SOCK_STREAM, true),
            second = listening(cases[i].domain, cases[i].type, false);
        char *error = listener_list_adopt(&list, first, 2);
        assert_non_null(error);
        assert_non_null(strstr(error, cases[i].said));
        assert_non_null(strstr(error, "the socket 2 of 2"));
        free(error);
        assert_int_equal(list.count, 0);
        assert_int_equal(fcntl(first, F_GETFD), -1);
        assert_int_equal(fcntl(second, F_GETFD), -1);
    }
    struct listener_list list;
    FILE *file = tmpfile();
    char *error = listener_list_adopt(&list, dup(fileno(file)), 1);
    assert_non_null(strstr(error, "it is no socket"));
    free(error);
    fclose(file);
}

ALL_TESTS(cmocka_unit_test(passed_sockets_are_taken_over),
          cmocka_unit_test(passed_sockets_of_another_kind_are_refused), cmocka_unit_test(a_port_is_picked),
          cmocka_unit_test(an_empty_host_is_every_address_at_one_port),
          cmocka_unit_test(what_cannot_be_bound_is_told));
