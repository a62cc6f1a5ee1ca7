/* The worker: readings asked for by one thread come back to it, whatever the order. */
#include "../../main.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/worker.h"
#include "base/clock.h"

enum { SERVERS = 50 };

static void every_reading_comes_back_once(void **state)
{
    (void)state;
    static struct appserver_settings servers[SERVERS];
    static char nowhere[] = "/nonexistent/key";
    struct worker *worker = worker_new(SERVERS);
    assert_non_null(worker);
    for (size_t i = 0; i < SERVERS; i++) {
        char text[16];
        int size = snprintf(text, sizeof text, "password-%zu", i);
        servers[i].password = (struct secret_source){.form = SECRET_INLINE,
                                                     .inlined = secret_new(text, (size_t)size)};
        servers[i].api_key = (struct secret_source){.form = SECRET_FILE, .name = nowhere};
    }
    servers[7].api_key.form = SECRET_NONE;
    struct secrets_port *port = worker_secrets_port(worker);
    for (size_t i = 0; i < SERVERS; i++)
        port->read(port, i, &servers[i]);

    bool seen[SERVERS] = {false};
    for (size_t count = 0; count < SERVERS;) {
        struct pollfd wait = {.fd = worker_descriptor(worker), .events = POLLIN};
        assert_int_equal(poll(&wait, 1, 30000), 1);
        size_t number;
        struct secrets secrets;
        while (worker_take(worker, &number, &secrets)) {
            assert_false(seen[number]);
            seen[number] = true;
            count++;
            assert_true(
                secret_equal(secrets_named(&secrets, SECRET_PASSWORD), servers[number].password.inlined));
            assert_null(secrets_named(&secrets, SECRET_USERNAME));
            if (number == 7)
                assert_null(secrets.why);
            else
                assert_non_null(strstr(secrets.why, "/nonexistent/key"));
            secrets_free(&secrets);
        }
    }
    struct pollfd wait = {.fd = worker_descriptor(worker), .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 0), 0);

    /* What is not taken is dropped with the worker. */
    for (size_t i = 0; i < SERVERS; i++)
        port->read(port, i, &servers[i]);
    worker_free(worker);
    for (size_t i = 0; i < SERVERS; i++)
        secret_unref(servers[i].password.inlined);
}

/* An app server whose secrets are FIFOs that nobody writes into holds up the others' only a little. */
static void one_that_hangs_holds_up_the_others_a_little(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_worker.XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    struct secret_source fifo = {.form = SECRET_FILE, .name = path};
    struct appserver_settings hangs = {.username = fifo, .password = fifo, .api_key = fifo}, good = {0};
    struct worker *worker = worker_new(2);
    assert_non_null(worker);
    struct secrets_port *port = worker_secrets_port(worker);
    struct moment begin = clock_now();
    port->read(port, 0, &hangs);
    port->read(port, 1, &good);
    for (size_t count = 0; count < 2;) {
        struct pollfd wait = {.fd = worker_descriptor(worker), .events = POLLIN};
        size_t number;
        struct secrets secrets;
        assert_int_equal(poll(&wait, 1, 60000), 1);
        for (; worker_take(worker, &number, &secrets); count++) {
            assert_int_equal(secrets.why != NULL, number == 0);
            secrets_free(&secrets);
        }
    }
    assert_true(clock_now().boot_ns - begin.boot_ns < 3 * SECOND_NS);
    worker_free(worker);
    unlink(path);
    rmdir(folder);
}

ALL_TESTS(cmocka_unit_test(every_reading_comes_back_once),
          cmocka_unit_test(one_that_hangs_holds_up_the_others_a_little));
