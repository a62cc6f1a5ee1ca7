/* Names: one that does not exist, and name servers that do not answer. The program's own getaddrinfo stands before libc's, for libcurl
   too, as one of LD_PRELOAD would. */
#include "main.h"

#include "integration/network.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "simulator/rude.h"

#define BLOCKED_SECONDS 7

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    struct timespec blocked = {.tv_sec = BLOCKED_SECONDS};

    if (strcmp(name, "nosuch.example") == 0)
        return EAI_NONAME;
    if (strcmp(name, "blocked.example") == 0) {
        nanosleep(&blocked, NULL);
        return EAI_AGAIN;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, hints, out);
}

static void unknown_name_is_resolve(void **state)
{
    struct network *network = network_new("http://nosuch.example/KineticLive", NULL);
    struct seen *seen = network_ask(network, "/x");

    (void)state;
    assert_int_equal(seen->answer.failure, REASON_RESOLVE);
    assert_string_equal(seen->answer.detail,
                        "the name could not be resolved: Could not resolve host: nosuch.example");
    assert_false(seen->answer.sent);
    assert_false(seen->answer.new_connection);
    assert_int_equal(seen->answer.phases.resolve_ns, -1);
    assert_int_equal(seen->answer.phases.connect_ns, -1);
    network_free(network);
}

/* The time-out comes in time, and beside it the loop turns. */
static void blocking_resolver_blocks_nothing(void **state)
{
    struct rude_player *player = rude_player_start(&(struct rude_script){.name = "good"}, 1, NULL);
    struct network *network = network_new("http://blocked.example/KineticLive", NULL);
    uint64_t blocked[3];

    (void)state;
    network->timeout_ns = 600 * MILLISECOND_NS;
    for (size_t i = 0; i < 3; i++)
        blocked[i] = network_start(network, "/x", NULL);
    network->base = rude_player_url(player);
    for (int i = 0; i < 20; i++) {
        struct seen *seen = network_ask(network, "/y");

        assert_int_equal(seen->answer.failure, REASON_NONE);
        assert_true(seen->answer.duration_ns < 300 * MILLISECOND_NS);
    }
    for (size_t i = 0; i < 3; i++) {
        struct seen *seen = network_await(network, blocked[i]);

        assert_int_equal(seen->answer.failure, REASON_RESOLVE);
        assert_string_equal(seen->answer.detail, "the name was not resolved within 600ms");
        assert_true(seen->answer.duration_ns >= 600 * MILLISECOND_NS);
        assert_true(seen->answer.duration_ns < 900 * MILLISECOND_NS);
    }
    assert_int_equal(network_ask(network, "/z")->answer.failure, REASON_NONE);
    network_start(network, "/cancelled", NULL);
    network->base = "http://blocked.example/KineticLive";
    network_start(network, "/cancelled", NULL);
    network_turn_until(network, UINT64_MAX, 50 * MILLISECOND_NS);
    struct moment before = clock_now();

    network_free(network); /* cancels one that is being resolved */
    assert_true(clock_now().boot_ns - before.boot_ns < 100 * MILLISECOND_NS);
    rude_player_stop(player);
}

static void no_turn_is_long(void **state)
{
    struct network *network = network_new("http://blocked.example/KineticLive", NULL);

    (void)state;
    network->timeout_ns = 300 * MILLISECOND_NS;
    for (int i = 0; i < 10; i++)
        network_start(network, "/x", NULL);
    assert_true(network_turn_until(network, 10, 5 * SECOND_NS));
    assert_true(network->longest_turn_ns < 100 * MILLISECOND_NS);
    network_free(network);
}

/* The end of the process does not wait for the name server either. */
static void exit_does_not_wait(void **state)
{
    struct moment before = clock_now();
    int status;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        struct network *network = network_new("http://blocked.example/KineticLive", NULL);

        network->timeout_ns = 200 * MILLISECOND_NS;
        enum reason failure = network_ask(network, "/x")->answer.failure;

        network_free(network);
        exit(failure == REASON_RESOLVE ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(clock_now().boot_ns - before.boot_ns < (BLOCKED_SECONDS - 3) * SECOND_NS);
}

/* exit_does_not_wait is first: its fork wants a process without threads. */
ALL_TESTS(cmocka_unit_test(exit_does_not_wait), cmocka_unit_test(unknown_name_is_resolve),
          cmocka_unit_test(blocking_resolver_blocks_nothing), cmocka_unit_test(no_turn_is_long));
