/* Jobs on the worker's thread: their order, the bound of the queue, and the end. */
#include "main.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "web/worker.h"

struct work {
    int number;
    int *order; /* numbers as they were done; the worker's until its end */
    size_t *done;
    size_t *abandoned;
    sem_t *begun, *goes_on; /* NULL: does not wait */
    pthread_t *thread;
};

static void do_work(void *pointer)
{
    struct work *work = pointer;

    if (work->begun != NULL) {
        sem_post(work->begun);
        sem_wait(work->goes_on);
    }
    if (work->thread != NULL)
        *work->thread = pthread_self();
    work->order[(*work->done)++] = work->number;
}

static void abandon_work(void *pointer)
{
    struct work *work = pointer;

    ++*work->abandoned;
}

static void *stop(void *worker)
{
    web_worker_stop(worker);
    return NULL;
}

static void in_order_and_bounded(void **state)
{
    enum { QUEUE = 4 };
    int order[QUEUE + 2] = {0};
    size_t done = 0, abandoned = 0;
    sem_t begun, goes_on, last;
    pthread_t thread = pthread_self();
    struct web_worker *worker = web_worker_start(QUEUE);
    struct work works[QUEUE + 2];

    (void)state;
    assert_non_null(worker);
    sem_init(&begun, 0, 0);
    sem_init(&goes_on, 0, 0);
    sem_init(&last, 0, 0);
    for (int i = 0; i < QUEUE + 2; i++)
        works[i] = (struct work){.number = i, .order = order, .done = &done, .abandoned = &abandoned};
    works[0].begun = &begun;
    works[0].goes_on = &goes_on;
    works[0].thread = &thread;
    assert_true(web_worker_do(worker, do_work, abandon_work, &works[0]));
    sem_wait(&begun); /* it is under way, and no longer in the queue */
    for (int i = 1; i <= QUEUE; i++)
        assert_true(web_worker_do(worker, do_work, abandon_work, &works[i]));
    assert_false(web_worker_do(worker, do_work, abandon_work, &works[QUEUE + 1]));
    works[QUEUE].begun = &begun;
    works[QUEUE].goes_on = &last;
    sem_post(&goes_on);
    sem_wait(&begun); /* all before the last have been done, and there is room again */
    sem_post(&last);
    assert_true(web_worker_do(worker, do_work, NULL, &works[QUEUE + 1]));
    web_worker_stop(worker);
    for (size_t i = 0; i < done; i++)
        assert_int_equal(order[i], (int)i);
    assert_in_range(done, QUEUE + 1, QUEUE + 2); /* the last one may have come too late */
    assert_int_equal(abandoned, 0);
    assert_false(pthread_equal(thread, pthread_self()));
    sem_destroy(&begun);
    sem_destroy(&goes_on);
    sem_destroy(&last);
}

/* Those are in the queue when the worker is told to end: it is told so while the first one is still under way. */
static void what_waits_is_abandoned(void **state)
{
    enum { QUEUE = 20000 };
    int order[2] = {0};
    size_t done = 0, abandoned = 0, asked = 0;
    sem_t begun, goes_on;
    struct web_worker *worker = web_worker_start(QUEUE);
    struct work first = {.order = order, .done = &done, .begun = &begun, .goes_on = &goes_on};
    struct work others = {.order = order, .done = &done, .abandoned = &abandoned};
    pthread_t stopper;

    (void)state;
    sem_init(&begun, 0, 0);
    sem_init(&goes_on, 0, 0);
    assert_true(web_worker_do(worker, do_work, NULL, &first));
    sem_wait(&begun);
    assert_true(web_worker_do(worker, do_work, NULL, &others)); /* dropped without a word */
    assert_true(web_worker_do(worker, do_work, abandon_work, &others));
    assert_int_equal(pthread_create(&stopper, NULL, stop, worker), 0);
    while (web_worker_do(worker, do_work, abandon_work, &others)) {
        asked++;
        assert_true(asked < QUEUE - 2); /* it refuses because it ends */
        poll(NULL, 0, 1);
    }
    assert_int_equal(abandoned, 0);
    sem_post(&goes_on);
    pthread_join(stopper, NULL);
    assert_int_equal(done, 1);
    assert_int_equal(abandoned, 1 + asked);
    sem_destroy(&begun);
    sem_destroy(&goes_on);
}

static void read_niceness(void *pointer)
{
    *(int *)pointer = getpriority(PRIO_PROCESS, (id_t)gettid());
}

/* What a probe needs goes first. */
static void stands_back(void **state)
{
    struct web_worker *worker = web_worker_start(1);
    int ours = getpriority(PRIO_PROCESS, 0), its = ours;
    struct work last;
    sem_t begun, goes_on;
    int order[1];
    size_t done = 0;

    (void)state;
    sem_init(&begun, 0, 0);
    sem_init(&goes_on, 0, 1);
    last = (struct work){.order = order, .done = &done, .begun = &begun, .goes_on = &goes_on};
    assert_true(web_worker_do(worker, read_niceness, NULL, &its));
    while (!web_worker_do(worker, do_work, NULL, &last)) /* until the first one is out of the queue */
        poll(NULL, 0, 1);
    sem_wait(&begun);
    web_worker_stop(worker);
    assert_true(its > ours || ours == 19);
    sem_destroy(&begun);
    sem_destroy(&goes_on);
}

static void nothing_to_do(void **state)
{
    (void)state;
    web_worker_stop(NULL);
    for (int i = 0; i < 20; i++)
        web_worker_stop(web_worker_start(1));
}

ALL_TESTS(cmocka_unit_test(in_order_and_bounded), cmocka_unit_test(what_waits_is_abandoned),
          cmocka_unit_test(stands_back), cmocka_unit_test(nothing_to_do));
