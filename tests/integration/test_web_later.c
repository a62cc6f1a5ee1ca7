/* Answers that come later, over real sockets: the server with routes of the test's own, which stand in for web/routes.c. */
#include "main.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "integration/web_rig.h"
#include "web/answer.h"
#include "web/later.h"
#include "web/routes.h"
#include "web/worker.h"

#define LATERS 64

/* What the routes handed out, in order; the test completes it. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct later *items[LATERS];
    size_t count, taken;
} asked = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static struct later *hand_out(const struct web_request *request)
{
    struct later *later = later_new(request->post);

    pthread_mutex_lock(&asked.lock);
    asked.items[asked.count++ % LATERS] = later;
    pthread_cond_signal(&asked.changed);
    pthread_mutex_unlock(&asked.lock);
    return later;
}

/* The next one that a route has handed out; waits for it. */
static struct later *next_asked(void)
{
    pthread_mutex_lock(&asked.lock);
    while (asked.taken == asked.count)
        pthread_cond_wait(&asked.changed, &asked.lock);
    struct later *later = asked.items[asked.taken++ % LATERS];
    pthread_mutex_unlock(&asked.lock);
    return later;
}

static void work(void *later)
{
    later_complete(later, 200, "from the worker");
}

static void abandon(void *later)
{
    later_complete(later, 503, "dropped");
}

static void answer_by_worker(const struct web_request *request, struct web_answer *answer)
{
    answer->later = later_new(request->post);
    if (!web_worker_do(request->worker, work, abandon, answer->later))
        abandon(answer->later);
}

static const char *or_none(const char *text)
{
    return text != NULL ? text : "none";
}

const char *routes_label(const struct web_request *request)
{
    (void)request;
    return "/";
}

const char *routes_answer(const struct web_request *request, struct web_answer *answer)
{
    answer_text(answer, 200, "");
    if (strcmp(request->path, "/later") == 0) {
        answer->later = hand_out(request);
    } else if (strcmp(request->path, "/worker") == 0) {
        answer_by_worker(request, answer);
    } else if (strcmp(request->path, "/verdict") == 0) {
        if (request->verdict == NULL || strcmp(request->verdict, "once more") == 0)
            answer->later = hand_out(request);
        else
            buffer_format(&answer->body, "verdict %s, query %s", request->verdict, request->query);
    } else {
        answer->close = request->has_body;
        buffer_format(&answer->body, "query %s, accept %s, origin %s, host %s", request->query,
                      or_none(request->accept), or_none(request->origin), or_none(request->host));
    }
    return routes_label(request);
}

static void assert_answer(char *answer, int status, const char *body)
{
    if (web_status(answer) != status || strcmp(web_body(answer), body) != 0)
        fail_msg("wanted %d %s, got: %s", status, body, answer);
    free(answer);
}

static void headers_are_handed_on(void **state)
{
    static const struct {
        const char *target, *more, *body;
    } cases[] = {
        {"/", "", "query , accept none, origin none, host localhost"},
        {"/?", "", "query , accept none, origin none, host localhost"},
        {"/?name%5B%5D=a+b&c&&=?d", "",
         "query name%5B%5D=a+b&c&&=?d, accept none, origin none, host localhost"},
        {"/?a=b#c", "Accept: text/plain;q=0.5\r\nORIGIN: null\r\nAccept:\r\naccept: */*\r\n",
         "query a=b#c, accept text/plain;q=0.5, , */*, origin null, host localhost"},
        {"/", "Accepted: a\r\nAccep: b\r\n", "query , accept none, origin none, host localhost"},
    };
    struct web_rig rig = web_rig_usual();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_answer(web_ask(&rig, "GET", cases[i].target, cases[i].more), 200, cases[i].body);
    web_rig_stop(&rig);
}

static void others_are_served_meanwhile(void **state)
{
    struct web_rig rig = web_rig_usual();
    int waiting = web_client(&rig);

    (void)state;
    web_put_text(waiting, "POST /later" WEB_CLOSE);
    struct later *later = next_asked();
    for (int i = 0; i < 3; i++)
        assert_answer(web_ask(&rig, "GET", "/", ""), 200, "query , accept none, origin none, host localhost");
    later_complete(later, 500, "web.ini:3: no such key\n");
    char *answer = web_rest(waiting);
    web_assert_header(answer, "Content-Type", "text/plain; charset=utf-8");
    web_assert_header(answer, "X-Content-Type-Options", "nosniff");
    assert_answer(answer, 500, "web.ini:3: no such key\n");
    web_rig_stop(&rig);
}

/* Several on one connection, those that come later between those that come at once, and all of them sent at once. */
static void a_connection_goes_on(void **state)
{
    struct web_rig rig = web_rig_usual();
    int kept = web_client(&rig);

    (void)state;
    for (int i = 0; i < 3; i++) {
        web_put_text(kept, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
        later_complete(next_asked(), 200, "late");
        web_read_kept(kept, false);
        web_put_text(kept, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
        web_read_kept(kept, true);
    }
    web_put_text(kept, "GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /worker HTTP/1.1\r\nHost: x\r\n\r\n"
                       "HEAD /later HTTP/1.1\r\nHost: x\r\n\r\nGET /?last" WEB_CLOSE);
    later_complete(next_asked(), 200, "late");
    web_read_kept(kept, false);
    web_read_kept(kept, false);
    later_complete(next_asked(), 200, "late");
    web_read_kept(kept, true);
    assert_answer(web_rest(kept), 200, "query last, accept none, origin none, host localhost");
    web_rig_stop(&rig);
}

static void a_verdict_asks_the_routes_again(void **state)
{
    struct web_rig rig = web_rig_usual();

    (void)state;
    for (int passes = 1; passes <= 3; passes++) {
        int waiting = web_client(&rig);
        web_put_text(waiting, "GET /verdict?a=b" WEB_CLOSE);
        for (int i = 1; i < passes; i++)
            later_complete(next_asked(), LATER_VERDICT, "once more");
        later_complete(next_asked(), LATER_VERDICT, "good");
        assert_answer(web_rest(waiting), 200, "verdict good, query a=b");
    }
    web_rig_stop(&rig);
}

/* A body that nobody reads: libmicrohttpd wants that answer before the end of the request. */
static void with_a_body(void **state)
{
    static const char request[] = "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhello";
    struct web_rig rig = web_rig_usual();
    int waiting = web_client(&rig);

    (void)state;
    web_put_text(waiting, request);
    later_complete(next_asked(), 403, "no");
    assert_answer(web_rest(waiting), 403, "no");
    web_rig_stop(&rig);
}

static void clients_that_have_gone(void **state)
{
    struct web_rig rig = web_rig_start(1, NULL, 3, 3);

    (void)state;
    for (int i = 0; i < 9; i++) {
        int gone = web_client(&rig);
        web_put_text(gone, "GET /later" WEB_CLOSE);
        struct later *later = next_asked();
        if (i % 3 == 1)
            setsockopt(gone, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        if (i % 3 == 2)
            shutdown(gone, SHUT_WR); /* it has said all it has to say, and still gets its answer */
        else
            close(gone);
        later_complete(later, 200, "late");
        if (i % 3 == 2)
            assert_answer(web_rest(gone), 200, "late");
    }
    /* Each has given its place back. */
    for (int status = 503; status != 200;) {
        char *answer = web_ask(&rig, "GET", "/", "");
        status = web_status(answer);
        assert_true(status == 200 || status == 503);
        free(answer);
    }
    web_rig_stop(&rig);
}

static void waiting_has_an_end(void **state)
{
    struct web_options options = web_options_default;
    options.later_ns = 100 * MILLISECOND_NS;
    struct web_rig rig = web_rig_start(1, &options, 128, 32);
    int waiting = web_client(&rig);

    (void)state;
    web_put_text(waiting, "GET /later" WEB_CLOSE);
    char *answer = web_rest(waiting);
    web_assert_header(answer, "Retry-After", "1");
    assert_answer(answer, 503, "This takes too long to wait for.\n");
    later_complete(next_asked(), 200, "too late");
    assert_answer(web_ask(&rig, "GET", "/", ""), 200, "query , accept none, origin none, host localhost");
    web_rig_stop(&rig);
}

/* Our time is not the client's: a request that waited longer than a request may last still has its answer whole. */
static void waiting_is_not_the_clients_fault(void **state)
{
    struct web_options options = web_options_default;
    options.header_ns = options.request_ns = options.idle_ns = 50 * MILLISECOND_NS;
    struct web_rig rig = web_rig_start(1, &options, 128, 32);
    int waiting = web_client(&rig);
    struct timespec pause = {.tv_nsec = 200 * 1000000}; /* the time is what is tested */

    (void)state;
    web_put_text(waiting, "GET /later" WEB_CLOSE);
    struct later *later = next_asked();
    nanosleep(&pause, NULL);
    later_complete(later, 200, "late");
    assert_answer(web_rest(waiting), 200, "late");
    web_rig_stop(&rig);
}

static void the_server_ends_before(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        struct web_rig rig = web_rig_usual();
        int waiting[5];
        struct later *laters[5];
        for (int j = 0; j < 5; j++) {
            waiting[j] = web_client(&rig);
            web_put_text(waiting[j], "GET /later" WEB_CLOSE);
            laters[j] = next_asked();
        }
        if (i % 2 == 0)
            later_complete(laters[0], 200, "at the last moment");
        web_rig_stop(&rig);
        for (int j = i % 2 == 0 ? 1 : 0; j < 5; j++)
            assert_answer(web_rest(waiting[j]), 503, "The exporter ends.\n");
        if (i % 2 == 0)
            free(web_rest(waiting[0])); /* the one or the other */
        for (int j = i % 2 == 0 ? 1 : 0; j < 5; j++)
            later_complete(laters[j], 200, "too late");
    }
}

static void *ask_the_worker(void *pointer)
{
    const struct web_rig *rig = pointer;

    for (int i = 0; i < 20; i++)
        assert_answer(web_ask(rig, "GET", "/worker", ""), 200, "from the worker");
    return NULL;
}

static void many_at_once(void **state)
{
    struct web_rig rig = web_rig_usual();
    pthread_t threads[8];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_the_worker, &rig), 0);
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    web_rig_stop(&rig);
}

ALL_TESTS(cmocka_unit_test(headers_are_handed_on), cmocka_unit_test(others_are_served_meanwhile),
          cmocka_unit_test(a_connection_goes_on), cmocka_unit_test(a_verdict_asks_the_routes_again),
          cmocka_unit_test(with_a_body), cmocka_unit_test(clients_that_have_gone),
          cmocka_unit_test(waiting_has_an_end), cmocka_unit_test(waiting_is_not_the_clients_fault),
          cmocka_unit_test(the_server_ends_before), cmocka_unit_test(many_at_once));
