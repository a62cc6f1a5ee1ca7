/* The HTTP server over real sockets: what hostile, slow and greedy clients do not get. */
#include "main.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "integration/web_rig.h"
#include "web/client.h"
#include "web/room.h"
#include "web/surplus.h"

static void garbage_is_thrown_out(void **state)
{
    static const struct {
        const char *head, *filler;
        size_t times;
        const char *tail;
    } cases[] = {
        {"GET /", "a", 100000, WEB_CLOSE},
        {"GET / HTTP/1.1\r\nHost: x\r\nA: ", "a", 1000000, "\r\n\r\n"},
        {"GET / HTTP/1.1\r\nHost: x\r\n", "A: b\r\n", 100000, "\r\n"},
        {"", "\xff\x00\x01", 100000, ""},
        {"", "\r\n", 50000, ""},
        {"\x16\x03\x01\x02", "\x01", 500, "\r\n\r\n"},
        {"GET / HTTP/9.9\r\n", "x", 100, "\r\n\r\n"},
        {"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n", "\x01\x02garbage\r\n\r\n", 5000, ""},
    };
    struct web_options options = web_options_default;
    options.header_ns = 500 * MILLISECOND_NS;
    struct web_rig rig = web_rig_start(1, &options, 128, 32);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer bytes;
        buffer_init(&bytes, 8 << 20);
        buffer_text(&bytes, cases[i].head);
        for (size_t j = 0; j < cases[i].times; j++)
            buffer_text(&bytes, cases[i].filler);
        buffer_text(&bytes, cases[i].tail);
        free(web_ask_bytes(&rig, bytes.data, bytes.size)); /* whatever it says: it ends */
        buffer_free(&bytes);
        web_assert_serves(&rig);
    }
    web_rig_stop(&rig);
}

/* ---- slow and greedy clients -------------------------------------------------------------------------------------- */

/* Until the server ends the connection; false after ten seconds. */
static bool is_ended(int descriptor, short events)
{
    struct pollfd poll_for = {.fd = descriptor, .events = events};

    return poll(&poll_for, 1, 10000) == 1;
}

static void slow_headers_are_cut(void **state)
{
    static const char request[] =
        "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n";
    struct web_options options = web_options_default;
    options.header_ns = 400 * MILLISECOND_NS;
    options.idle_ns = MINUTE_NS;
    struct web_rig rig = web_rig_start(1, &options, 128, 32);

    (void)state;
    /* The first request of a connection, and the second. */
    for (int i = 0; i < 2; i++) {
        int descriptor = web_client(&rig);
        if (i == 1) {
            web_put_text(descriptor, "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
            web_read_kept(descriptor, false);
        }
        int64_t begin = clock_now().boot_ns;
        struct pollfd end = {.fd = descriptor, .events = POLLIN};
        size_t sent = 0;
        for (; sent < sizeof request - 1; sent++) {
            web_put(descriptor, request + sent, 1);
            if (poll(&end, 1, 30) != 0)
                break;
        }
        int64_t took = clock_now().boot_ns - begin;
        if (sent == sizeof request - 1)
            fail_msg("never cut");
        assert_true(took >= options.header_ns);
        assert_true(took < options.header_ns + 5 * SECOND_NS);
        free(web_rest(descriptor));
    }
    web_assert_serves(&rig);
    web_rig_stop(&rig);
}

static void silent_connections_are_cut(void **state)
{
    struct web_options options = web_options_default;
    options.header_ns = 200 * MILLISECOND_NS;
    options.idle_ns = 400 * MILLISECOND_NS;
    struct web_rig rig = web_rig_start(1, &options, 128, 32);
    int silent = web_client(&rig), kept = web_client(&rig);

    (void)state;
    web_put_text(kept, "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
    web_read_kept(kept, false);
    assert_true(is_ended(silent, POLLIN));
    assert_true(is_ended(kept, POLLIN));
    close(silent);
    close(kept);
    web_assert_serves(&rig);
    web_rig_stop(&rig);
}

static void slow_readers_are_cut(void **state)
{
    struct web_options options = web_options_default;
    options.request_ns = 400 * MILLISECOND_NS;
    options.drain_rate = 200 * 1000;
    struct web_rig rig = web_rig_start(WEB_MANY_COMPANIES, &options, 128, 32);
    int stuck = web_client_from(&rig, "127.0.0.1", 4096), steady = web_client(&rig);
    int64_t begin = clock_now().boot_ns;

    (void)state;
    web_put_text(stuck, "GET /metrics" WEB_CLOSE);
    web_put_text(steady, "GET /metrics" WEB_CLOSE);

    /* The one that reads, at a rate above the wanted one, gets all of it, though that takes longer than a request may. */
    struct buffer page;
    buffer_init(&page, 64 << 20);
    for (;;) {
        assert_true(buffer_reserve(&page, 100000));
        ssize_t got = recv(steady, page.data + page.size, 100000, MSG_WAITALL);
        assert_true(got >= 0);
        if (got == 0)
            break;
        page.size += (size_t)got;
        poll(NULL, 0, 40); /* the rate is what is tested */
    }
    assert_true(buffer_byte(&page, '\0'));
    assert_int_equal(web_content_length(page.data), strlen(web_body(page.data)));
    assert_true(page.size > 2 << 20);
    assert_true(clock_now().boot_ns - begin > 2 * options.request_ns);
    buffer_free(&page);
    close(steady);

    /* The other one was cut before its end. */
    assert_true(is_ended(stuck, POLLRDHUP));
    char *rest = web_rest(stuck);
    assert_true(strlen(rest) < 2 << 20);
    free(rest);
    web_assert_serves(&rig);
    web_rig_stop(&rig);
}

static void bodies_held_are_bounded(void **state)
{
    struct web_options options = web_options_default;
    options.response_bytes = 5 << 20; /* one page, not two */
    struct web_rig rig = web_rig_start(WEB_MANY_COMPANIES, &options, 128, 32);
    int stuck = web_client_from(&rig, "127.0.0.1", 4096);

    (void)state;
    web_put_text(stuck, "GET /metrics" WEB_CLOSE);
    assert_true(is_ended(stuck, POLLIN));                                      /* its answer has begun */
    char *answer = web_ask(&rig, "GET", "/metrics", "Accept: text/plain\r\n"); /* the same could be shared */
    assert_int_equal(web_status(answer), 503);
    web_assert_header(answer, "Retry-After", "1");
    free(answer);
    web_assert_serves(&rig);
    close(stuck);
    do { /* as soon as the server sees that */
        answer = web_ask(&rig, "GET", "/metrics", "Accept: text/plain\r\n"); /* of a large page too */
        int status = web_status(answer);
        free(answer);
        if (status == 200)
            break;
        assert_int_equal(status, 503);
    } while (true);
    web_rig_stop(&rig);

    options.response_bytes = 1 << 20; /* none at all */
    rig = web_rig_start(WEB_MANY_COMPANIES, &options, 128, 32);
    answer = web_ask(&rig, "GET", "/metrics", "");
    assert_int_equal(web_status(answer), 500);
    free(answer);
    web_assert_serves(&rig);
    web_rig_stop(&rig);
}

/* Who asks the same at once gets the same body, which is there once: plain, and packed on the worker. */
static void equal_requests_share_a_body(void **state)
{
    enum { CLIENTS = 20 };
    static const char *const more[] = {"", "Accept-Encoding: gzip\r\n"};
    struct web_options options = web_options_default;
    options.response_bytes =
        10 << 20; /* a page of 4 MB, and what packing it may need: not two pages and that */
    struct web_rig rig = web_rig_start(WEB_MANY_COMPANIES, &options, 128, 32);
    char *request[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int clients[CLIENTS];
        request[i] = memory_format("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n",
                                   more[i]);
        for (size_t j = 0; j < CLIENTS; j++) {
            clients[j] = web_client_from(&rig, j % 2 == 0 ? "127.0.0.1" : "127.0.0.2", 4096);
            web_put_text(clients[j], request[i]);
        }
        for (size_t j = 0; j < CLIENTS; j++) { /* none has been read to its end when the last one begins */
            char begin[13] = "";
            assert_int_equal(recv(clients[j], begin, 12, MSG_WAITALL), 12);
            assert_string_equal(begin, "HTTP/1.1 200");
        }
        for (size_t j = 0; j < CLIENTS; j++)
            close(clients[j]);
        free(request[i]);
        web_assert_serves(&rig);
    }
    web_rig_stop(&rig);
}

/* An address cannot take the room of all others. */
static void an_address_has_a_share(void **state)
{
    enum { CLIENTS = 4 };
    struct web_options options = web_options_default;
    options.response_bytes = ROOM_SHARE * (uint64_t)(9 << 20); /* two pages each */
    struct web_rig rig = web_rig_start(WEB_MANY_COMPANIES, &options, 128, 32);
    int greedy[CLIENTS];

    (void)state;
    for (int i = 0; i < CLIENTS; i++) {
        char begin[13] = "", *request = memory_format("GET /metrics?n=%d" WEB_CLOSE, i);
        greedy[i] = web_client_from(&rig, "127.0.0.1", 4096);
        web_put_text(greedy[i], request);
        assert_int_equal(recv(greedy[i], begin, 12, MSG_WAITALL), 12);
        assert_string_equal(begin, i < 2 ? "HTTP/1.1 200" : "HTTP/1.1 503");
        free(request);
    }
    int other = web_client_from(&rig, "127.0.0.2", 0);
    web_put_text(other, "GET /metrics?n=other" WEB_CLOSE);
    char *answer = web_rest(other);
    assert_int_equal(web_status(answer), 200);
    assert_int_equal(web_content_length(answer), strlen(web_body(answer)));
    free(answer);
    for (int i = 0; i < CLIENTS; i++)
        close(greedy[i]);
    web_rig_stop(&rig);
}

static void connections_are_bounded(void **state)
{
    /* All clients here are of this machine, for which some places are kept beside the others. */
    enum { PER_ADDRESS = 4, CONNECTIONS = 3, TOTAL = CONNECTIONS + CLIENT_RESERVED };
    struct web_rig rig = web_rig_start(1, NULL, CONNECTIONS, PER_ADDRESS);
    int greedy[PER_ADDRESS];

    (void)state;
    for (int i = 0; i < PER_ADDRESS; i++) {
        greedy[i] = web_client(&rig);
        web_put_text(greedy[i], "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
        web_read_kept(greedy[i], false);
    }
    char *answer = web_ask(&rig, "GET", "/-/healthy", ""); /* one too many */
    assert_int_equal(web_status(answer), 503);
    web_assert_header(answer, "Connection", "close");
    assert_int_equal(web_content_length(answer), strlen(web_body(answer)));
    free(answer);

    int others[TOTAL - PER_ADDRESS];
    for (int i = 0; i < TOTAL - PER_ADDRESS; i++) {
        others[i] = web_client_from(&rig, "127.0.0.2", 0);
        web_put_text(others[i], "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
        web_read_kept(others[i], false);
    }
    int late = web_client_from(&rig, "127.0.0.3", 0); /* all places are taken */
    web_put_text(late, "GET /-/healthy" WEB_CLOSE);
    answer = web_rest(late);
    assert_int_equal(web_status(answer), 503);
    free(answer);

    /* A place that is given back is a place. */
    close(greedy[0]);
    for (int status = 503; status != 200; free(answer)) {
        answer = web_ask(&rig, "GET", "/-/healthy", "");
        status = web_status(answer);
        assert_true(status == 200 || status == 503);
    }
    for (int i = 1; i < PER_ADDRESS; i++)
        close(greedy[i]);
    for (int i = 0; i < TOTAL - PER_ADDRESS; i++)
        close(others[i]);
    web_rig_stop(&rig);
}

/* A few who are too many are told so; the rest of a flood is reset. */
static void floods_are_not_worth_words(void **state)
{
    enum { FLOOD = SURPLUS_MAX + 20 };
    struct web_rig rig = web_rig_start(1, NULL, 128, 1);
    int holder = web_client(&rig), flood[FLOOD];
    size_t told = 0, reset = 0;

    (void)state;
    web_put_text(holder, "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
    web_read_kept(holder, false);
    for (size_t i = 0; i < FLOOD; i++)
        flood[i] = web_client(&rig);
    for (size_t i = 0; i < FLOOD; i++) {
        char *answer = web_rest(flood[i]);
        if (answer[0] == '\0')
            reset++;
        else
            told += web_status(answer) == 503;
        free(answer);
    }
    assert_int_equal(told + reset, FLOOD);
    assert_true(told >= SURPLUS_MAX); /* more, where the first had their second meanwhile */
    int other = web_client_from(&rig, "127.0.0.2", 0);
    web_put_text(other, "GET /-/healthy" WEB_CLOSE);
    char *answer = web_rest(other);
    assert_int_equal(web_status(answer), 200);
    free(answer);
    close(holder);
    web_rig_stop(&rig);
}

static void early_ends(void **state)
{
    struct web_rig rig = web_rig_start(WEB_MANY_COMPANIES / 8, NULL, 128, 32);

    (void)state;
    for (int i = 0; i < 30; i++) {
        int descriptor = web_client(&rig);
        web_put_text(descriptor, i % 3 == 0 ? "GET /met" : "GET /metrics" WEB_CLOSE);
        if (i % 3 == 1)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        if (i % 3 == 2)
            shutdown(descriptor, SHUT_WR);
        close(descriptor);
    }
    /* One that has said all it has to say still gets its answer. */
    int half = web_client(&rig);
    web_put_text(half, "GET /metrics" WEB_CLOSE);
    shutdown(half, SHUT_WR);
    char *answer = web_rest(half);
    assert_int_equal(web_status(answer), 200);
    assert_int_equal(web_content_length(answer), strlen(web_body(answer)));
    free(answer);
    web_assert_serves(&rig);
    web_rig_stop(&rig);
}

/* Out of descriptors the waiting connection is neither lost nor turned around without end. */
static void descriptors_run_out(void **state)
{
    struct web_rig rig = web_rig_usual();
    struct rlimit usual, tight;
    struct timespec before, after;

    (void)state;
    int next = dup(0);
    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    tight = usual;
    tight.rlim_cur = (rlim_t)next + 1; /* one more, for the client */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    int descriptor = web_client(&rig);
    web_put_text(descriptor, "GET /-/healthy" WEB_CLOSE);
    struct pollfd answered = {.fd = descriptor, .events = POLLIN};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    int early = poll(&answered, 1, 400);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(early, 0);
    assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 < 200);
    char *answer = web_rest(descriptor);
    assert_int_equal(web_status(answer), 200);
    free(answer);
    web_rig_stop(&rig);
}

ALL_TESTS(cmocka_unit_test(garbage_is_thrown_out), cmocka_unit_test(slow_headers_are_cut),
          cmocka_unit_test(silent_connections_are_cut), cmocka_unit_test(slow_readers_are_cut),
          cmocka_unit_test(bodies_held_are_bounded), cmocka_unit_test(equal_requests_share_a_body),
          cmocka_unit_test(an_address_has_a_share), cmocka_unit_test(connections_are_bounded),
          cmocka_unit_test(floods_are_not_worth_words), cmocka_unit_test(early_ends),
          cmocka_unit_test(descriptors_run_out));
