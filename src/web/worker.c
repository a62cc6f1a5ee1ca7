#include "web/worker.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "web/niceness.h"

struct job {
    void (*work)(void *context), (*abandon)(void *context);
    void *context;
};

struct web_worker {
    pthread_t thread;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    bool ends;
    size_t first, count, maximum;
    struct job ring[];
};

/* Both hold the lock. */

static struct job take_first(struct web_worker *worker)
{
    struct job job = worker->ring[worker->first];

    assert(worker->count > 0);
    worker->first = (worker->first + 1) % worker->maximum;
    worker->count--;
    return job;
}

static bool wait_for_job(struct web_worker *worker)
{
    while (worker->count == 0 && !worker->ends)
        pthread_cond_wait(&worker->changed, &worker->lock);
    return !worker->ends;
}

static void *run(void *pointer)
{
    struct web_worker *worker = pointer;

    niceness_raise();
    pthread_mutex_lock(&worker->lock);
    while (wait_for_job(worker)) {
        struct job job = take_first(worker);
        pthread_mutex_unlock(&worker->lock);
        job.work(job.context);
        pthread_mutex_lock(&worker->lock);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

static void worker_free(struct web_worker *worker)
{
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

struct web_worker *web_worker_start(size_t queue_maximum)
{
    assert(queue_maximum > 0);
    struct web_worker *worker = memory_new(1, sizeof *worker + queue_maximum * sizeof worker->ring[0]);

    worker->maximum = queue_maximum;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->changed, NULL);
    if (pthread_create(&worker->thread, NULL, run, worker) != 0) {
        worker_free(worker);
        return NULL;
    }
    pthread_setname_np(worker->thread, "web-worker");
    return worker;
}

void web_worker_stop(struct web_worker *worker)
{
    if (worker == NULL)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->ends = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    while (worker->count > 0) {
        struct job job = take_first(worker);
        if (job.abandon != NULL)
            job.abandon(job.context);
    }
    worker_free(worker);
}

bool web_worker_do(struct web_worker *worker, void (*work)(void *context), void (*abandon)(void *context),
                   void *context)
{
    pthread_mutex_lock(&worker->lock);
    bool takes = !worker->ends && worker->count < worker->maximum;
    if (takes) {
        worker->ring[(worker->first + worker->count++) % worker->maximum] = (struct job){work, abandon,
                                                                                         context};
        pthread_cond_signal(&worker->changed);
    }
    pthread_mutex_unlock(&worker->lock);
    return takes;
}
