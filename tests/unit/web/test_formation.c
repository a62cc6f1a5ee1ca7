/* What is formed at once and what later, what is held meanwhile, and how it ends. */
#include "main.h"

#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "unit/report/sample.h"
#include "web/formation.h"
#include "web/status.h"

enum { MAXIMUM = 1000000, HELD = 7 };

/* What the tests form. */
struct thing {
    int status;
    size_t size;
    const atomic_uint_fast64_t *held;
    uint64_t held_meanwhile;
    atomic_int released;
};

static int form(void *context, struct buffer *out)
{
    struct thing *thing = context;

    if (thing->held != NULL)
        thing->held_meanwhile = *thing->held;
    for (size_t i = 0; i < thing->size; i++)
        buffer_byte(out, 'x');
    return thing->status;
}

static void release(void *context)
{
    ((struct thing *)context)->released++;
}

static const struct formation formation = {form, release};

struct bench {
    atomic_uint_fast64_t held;
    struct former former;
    struct web_request request;
    struct web_answer answer;
};

static void begin(struct bench *bench, size_t places)
{
    *bench = (struct bench){.held = HELD};
    bench->former = (struct former){.worker = web_worker_start(places),
                                    .post = later_post_new(),
                                    .maximum = MAXIMUM,
                                    .held = &bench->held};
    bench->request.former = &bench->former;
    buffer_init(&bench->answer.body, MAXIMUM);
}

static void end(struct bench *bench)
{
    buffer_free(&bench->answer.body);
    web_worker_stop(bench->former.worker);
    later_post_free(bench->former.post);
}

/* As the server does once the post tells. */
static void take_up(struct bench *bench)
{
    struct later *later = bench->answer.later;
    struct pollfd poll_for = {.fd = later_post_descriptor(bench->former.post), .events = POLLIN};
    int status = 0;
    const char *text;

    assert_int_equal(poll(&poll_for, 1, 20000), 1);
    later_post_clear(bench->former.post);
    assert_true(later_take(later, &status, &text));
    buffer_free(&bench->answer.body);
    later_move_bytes(later, &bench->answer.body);
    later_unref(later);
    formation_finish(&bench->request, &bench->answer, status);
}

static void at_once_or_later(void **state)
{
    static const struct {
        int formed;
        size_t size;
        int status;
        bool text, retry;
    } cases[] = {
        {200, 300, 200, false, false},        {404, 300, 404, false, false},
        {400, 300, 400, true, false},         {FORMATION_TOO_LARGE, 300, 500, true, false},
        {200, MAXIMUM + 1, 500, true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int takes_long = 0; takes_long < 2; takes_long++) {
            struct bench bench;
            begin(&bench, 1);
            struct thing thing = {.status = cases[i].formed, .size = cases[i].size, .held = &bench.held};
            bench.answer.content_type = "text/html";
            bench.answer.compressible = true;
            formation_answer(&bench.request, &bench.answer, &formation, &thing, takes_long);
            assert_int_equal(bench.answer.later != NULL, takes_long);
            if (takes_long) {
                take_up(&bench);
                assert_int_equal(thing.held_meanwhile, HELD + (MAXIMUM - HELD) / 2);
            }
            assert_int_equal(bench.held, HELD);
            assert_int_equal(thing.released, 1);
            assert_int_equal(bench.answer.status, cases[i].status);
            assert_string_equal(bench.answer.content_type,
                                cases[i].text ? "text/plain; charset=utf-8" : "text/html");
            assert_int_equal(bench.answer.compressible, !cases[i].text);
            if (cases[i].status != 500)
                assert_int_equal(bench.answer.body.size, cases[i].size);
            end(&bench);
        }
}

struct gate {
    sem_t begun, open;
};

static void wait_at(void *pointer)
{
    struct gate *gate = pointer;

    sem_post(&gate->begun);
    sem_wait(&gate->open);
}

static void few_wait(void **state)
{
    struct bench bench;
    struct gate gate;
    struct thing first = {.status = 200, .size = 10}, second = first;

    (void)state;
    begin(&bench, 1);
    sem_init(&gate.begun, 0, 0);
    sem_init(&gate.open, 0, 0);
    assert_true(web_worker_do(bench.former.worker, wait_at, NULL, &gate));
    sem_wait(&gate.begun);
    formation_answer(&bench.request, &bench.answer, &formation, &first, true);
    struct later *later = bench.answer.later;
    assert_non_null(later);
    bench.answer.later = NULL;
    formation_answer(&bench.request, &bench.answer, &formation, &second, true);
    assert_null(bench.answer.later);
    assert_int_equal(bench.answer.status, 503);
    assert_true(bench.answer.retry);
    assert_int_equal(second.released, 1);
    assert_int_equal(first.released, 0);
    /* Nobody waits for the first one any more: it is formed, and dropped. */
    later_unref(later);
    sem_post(&gate.open);
    while (first.released == 0 || bench.held != HELD)
        sched_yield();
    end(&bench);
    sem_destroy(&gate.begun);
    sem_destroy(&gate.open);
}

/* ---- what takes long ---- */

static struct report *report_with(size_t companies)
{
    struct model *model = sample_model_large(companies, "auth = none\napi_version = v1\n");
    struct report *report = report_new(model, sample_start, "1.2.3", "abc");

    model_unref(model);
    return report;
}

static void pages_of_a_large_fleet_come_later(void **state)
{
    static void (*const answers[])(const struct web_request *, struct web_answer *) = {status_answer_page,
                                                                                       status_answer_json};

    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (size_t companies = 200; companies <= 201; companies++) {
            struct bench bench;
            struct report *report = report_with(companies);
            begin(&bench, 1);
            bench.request.report = report;
            bench.request.query = "";
            bench.request.version = "1.2.3";
            bench.request.telemetry_path = "/metrics";
            bench.request.now = sample_start;
            answers[i](&bench.request, &bench.answer);
            assert_int_equal(bench.answer.later != NULL, companies > 200);
            if (companies > 200)
                take_up(&bench);
            assert_int_equal(bench.answer.status, 200);
            assert_non_null(strstr(buffer_as_text(&bench.answer.body), "C199"));
            end(&bench);
            report_free(report);
        }
}

ALL_TESTS(cmocka_unit_test(at_once_or_later), cmocka_unit_test(few_wait),
          cmocka_unit_test(pages_of_a_large_fleet_come_later));
