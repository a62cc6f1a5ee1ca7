/* The worker: what one thread asks for comes back to it, whatever the order; a job that hangs holds up nobody. */
#include "../../main.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/worker.h"
#include "base/clock.h"
#include "base/memory.h"

enum { SERVERS = 50 };

static void wait_for_answer(struct worker *worker)
{
    struct pollfd wait = {.fd = worker_descriptor(worker), .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 60000), 1);
}

static void every_reading_comes_back_once(void **state)
{
    (void)state;
    static struct appserver_settings servers[SERVERS];
    static char nowhere[] = "/nonexistent/key";
    struct worker *worker = worker_new(NULL);
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
        wait_for_answer(worker);
        struct worker_answer answer;
        for (; worker_take(worker, &answer); count++) {
            assert_int_equal(answer.kind, WORKER_SECRETS);
            assert_false(seen[answer.appserver]);
            seen[answer.appserver] = true;
            assert_true(secret_equal(secrets_named(&answer.secrets, SECRET_PASSWORD),
                                     servers[answer.appserver].password.inlined));
            assert_null(secrets_named(&answer.secrets, SECRET_USERNAME));
            if (answer.appserver == 7)
                assert_null(answer.secrets.why);
            else
                assert_non_null(strstr(answer.secrets.why, "/nonexistent/key"));
            secrets_free(&answer.secrets);
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

/* Each of many app servers whose secrets are FIFOs that nobody writes into takes its second at the same time as the
   others, and those whose are not do not wait at all. */
static void those_that_hang_hold_up_nobody(void **state)
{
    (void)state;
    enum { HANGING = 20 };
    char folder[] = "/tmp/test_worker.XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    struct appserver_settings hangs = {.password = {.form = SECRET_FILE, .name = path}}, good = {0};
    struct worker *worker = worker_new(NULL);
    assert_non_null(worker);
    struct secrets_port *port = worker_secrets_port(worker);
    struct moment begin = clock_now();
    for (size_t i = 0; i < HANGING; i++)
        port->read(port, i, &hangs);
    for (size_t i = 0; i < HANGING; i++)
        port->read(port, HANGING + i, &good);
    for (size_t count = 0; count < 2 * HANGING;) {
        wait_for_answer(worker);
        struct worker_answer answer;
        for (; worker_take(worker, &answer); count++) {
            assert_int_equal(answer.appserver >= HANGING, count < HANGING); /* the good ones first */
            assert_int_equal(answer.secrets.why != NULL, answer.appserver < HANGING);
            secrets_free(&answer.secrets);
        }
    }
    assert_true(clock_now().boot_ns - begin.boot_ns < 5 * SECOND_NS);
    worker_free(worker);
    unlink(path);
    rmdir(folder);
}

static size_t threads_of_process(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/task");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* One job after the other needs no second thread. */
static void jobs_in_a_row_cost_one_thread(void **state)
{
    (void)state;
    struct appserver_settings good = {0};
    struct worker *worker = worker_new(NULL);
    assert_non_null(worker);
    struct secrets_port *port = worker_secrets_port(worker);
    size_t before = threads_of_process();
    for (size_t i = 0; i < 200; i++) {
        struct worker_answer answer;
        port->read(port, i, &good);
        wait_for_answer(worker);
        assert_true(worker_take(worker, &answer));
        assert_int_equal(answer.appserver, i);
        secrets_free(&answer.secrets);
    }
    /* The thread may not have come back from its last job when it was asked for the next. */
    assert_in_range(threads_of_process() - before, 1, 3);
    worker_free(worker);
}

/* ---- a key distribution center that says nothing ---- */

/* libkrb5 takes down its locks when the process exits. The thread that was left to itself has ended by then, as the test
   has seen, but not in a way that ThreadSanitizer knows. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:pthread_mutex_destroy\n";
}

struct silence {
    int datagrams, connections; /* at one port */
    char folder[32], config[64], keytab[64];
    struct appserver_settings settings;
};

/* A keytab of one entry, in MIT's format 0x0502: one@SILENT.TEST, aes256-cts-hmac-sha1-96, a key of zeros. */
static void write_keytab(const char *path)
{
    static const unsigned char entry[] = {5,   2,   0,   0,   0,   66,  0,   1,   0, 11, 'S', 'I', 'L',
                                          'E', 'N', 'T', '.', 'T', 'E', 'S', 'T', 0, 3,  'o', 'n', 'e',
                                          0,   0,   0,   1,   0,   0,   0,   0,   1, 0,  18,  0,   32};
    static const unsigned char key[32] = {0}, version[4] = {0, 0, 0, 1};
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(entry, 1, sizeof entry, file), sizeof entry);
    assert_int_equal(fwrite(key, 1, sizeof key, file), sizeof key);
    assert_int_equal(fwrite(version, 1, sizeof version, file), sizeof version);
    fclose(file);
}

static void silence_begin(struct silence *silence)
{
    static char url[] = "http://erp.silent.test/", folder[] = "/tmp/test_worker.XXXXXX";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    memcpy(silence->folder, folder, sizeof folder);
    assert_non_null(mkdtemp(silence->folder));
    silence->connections = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(silence->connections, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(silence->connections, 50), 0);
    assert_int_equal(getsockname(silence->connections, (struct sockaddr *)&address, &size), 0);
    silence->datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(silence->datagrams, (struct sockaddr *)&address, size), 0);
    snprintf(silence->keytab, sizeof silence->keytab, "%s/keytab", silence->folder);
    write_keytab(silence->keytab);
    snprintf(silence->config, sizeof silence->config, "%s/krb5.conf", silence->folder);
    FILE *file = fopen(silence->config, "w");
    assert_non_null(file);
    fprintf(file,
            "[libdefaults]\ndefault_realm = SILENT.TEST\ndns_lookup_kdc = false\n"
            "[realms]\nSILENT.TEST = {\nkdc = 127.0.0.1:%d\n}\n",
            ntohs(address.sin_port));
    fclose(file);
    setenv("KRB5_CONFIG", silence->config, 1);
    silence->settings = (struct appserver_settings){.url = url, .kerberos_keytab_file = silence->keytab};
}

static void silence_end(struct silence *silence)
{
    close(silence->datagrams);
    close(silence->connections);
    unlink(silence->config);
    unlink(silence->keytab);
    rmdir(silence->folder);
}

static void the_end_does_not_wait_for_a_silent_center(void **state)
{
    (void)state;
    struct silence silence;
    silence_begin(&silence);
    struct appserver_settings good = {0};
    struct worker *worker = worker_new(NULL);
    assert_non_null(worker);
    struct secrets_port *port = worker_secrets_port(worker);
    port->ticket(port, 0, &silence.settings);
    struct pollfd asked = {.fd = silence.datagrams, .events = POLLIN};
    assert_int_equal(poll(&asked, 1, 60000), 1);

    port->read(port, 1, &good);
    wait_for_answer(worker);
    struct worker_answer answer;
    assert_true(worker_take(worker, &answer));
    assert_int_equal(answer.kind, WORKER_SECRETS);
    assert_int_equal(answer.appserver, 1);
    secrets_free(&answer.secrets);

    struct moment begin = clock_now();
    worker_free(worker);
    assert_true(clock_now().boot_ns - begin.boot_ns < 2 * SECOND_NS);

    /* With the sockets closed it wakes up, and finds nobody who takes its answer: it lets everything go by itself. */
    size_t threads = threads_of_process();
    silence_end(&silence);
    struct moment closed = clock_now();
    while (threads_of_process() >= threads && clock_now().boot_ns - closed.boot_ns < 90 * SECOND_NS)
        poll(NULL, 0, 20);
    assert_true(threads_of_process() < threads);
}

static void a_ticket_that_cannot_be_had_comes_back_as_a_failure(void **state)
{
    (void)state;
    static char url[] = "http://erp.silent.test/", nowhere[] = "/nonexistent/keytab";
    setenv("KRB5_CONFIG", "/dev/null", 1);
    struct appserver_settings settings = {.url = url, .kerberos_keytab_file = nowhere};
    struct worker *worker = worker_new(NULL);
    assert_non_null(worker);
    struct secrets_port *port = worker_secrets_port(worker);
    port->ticket(port, 3, &settings);
    wait_for_answer(worker);
    struct worker_answer answer;
    assert_true(worker_take(worker, &answer));
    assert_int_equal(answer.kind, WORKER_TICKET);
    assert_int_equal(answer.appserver, 3);
    assert_null(answer.ticket.ticket);
    assert_int_equal(answer.ticket.reason, REASON_INTERNAL);
    assert_string_equal(
        answer.ticket.why,
        "kerberos_keytab_file /nonexistent/keytab cannot be opened: No such file or directory");
    ticket_result_free(&answer.ticket);
    worker_free(worker);
}

/* Threads that other tests have ended may still be on their way out: the one that counts them comes first. */
ALL_TESTS(cmocka_unit_test(jobs_in_a_row_cost_one_thread), cmocka_unit_test(every_reading_comes_back_once),
          cmocka_unit_test(those_that_hang_hold_up_nobody),
          cmocka_unit_test(a_ticket_that_cannot_be_had_comes_back_as_a_failure),
          cmocka_unit_test(the_end_does_not_wait_for_a_silent_center));
