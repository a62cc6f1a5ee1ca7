#include "agent/worker.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "agent/kerberos.h"
#include "base/clock.h"
#include "base/memory.h"

#define IDLE_NS (10 * SECOND_NS)
#define END_NS  SECOND_NS
#define STACK_BYTES                                                                                          \
    ((size_t)512                                                                                             \
     << 10) /* libkrb5 with the name service's modules and OpenSSL; only what is used is paid for */

/* A job, and later its answer. */
struct job {
    struct job *next;
    struct model *model; /* a reference, for settings; of WORKER_MODEL: the model before */
    const struct appserver_settings *settings;
    const struct model_factory *factory; /* WORKER_MODEL */
    struct worker_answer answer;
};

struct jobs {
    struct job *first, **end;
};

struct worker {
    struct secrets_port port;
    pthread_mutex_t lock;
    pthread_cond_t arrived; /* a job, or the end */
    pthread_cond_t left;    /* a thread, at the end */
    struct jobs waiting, answered;
    struct model *model;
    size_t references; /* the owner and each thread */
    size_t threads, idle;
    bool starting; /* a thread was started that has not looked for a job yet */
    bool ends;
    int descriptor; /* -1 once the owner has gone */
};

/* ---- the kinds of jobs ---- */

static void read_secrets(struct job *job)
{
    secrets_read(job->settings, &job->answer.secrets);
}

static void refuse_secrets(struct worker_answer *answer, char *why)
{
    answer->secrets = (struct secrets){.why = why};
}

static void drop_secrets(struct worker_answer *answer)
{
    secrets_free(&answer->secrets);
}

static void fetch_ticket(struct job *job)
{
    kerberos_acquire(job->settings, &job->answer.ticket);
}

static void refuse_ticket(struct worker_answer *answer, char *why)
{
    answer->ticket = (struct ticket_result){.reason = REASON_INTERNAL, .why = why};
}

static void drop_ticket(struct worker_answer *answer)
{
    ticket_result_free(&answer->ticket);
}

static void build_model(struct job *job)
{
    model_build_make(job->factory, job->model, &job->answer.build);
}

static void refuse_model(struct worker_answer *answer, char *why)
{
    answer->build = (struct model_build){0};
    fault_add(&answer->build.faults, (struct place){"", 0}, "the configuration cannot be read: %s", why);
    free(why);
}

static void drop_model(struct worker_answer *answer)
{
    model_build_free(&answer->build);
}

static const struct kind {
    void (*run)(struct job *job);                            /* fills job->answer */
    void (*refuse)(struct worker_answer *answer, char *why); /* takes why over */
    void (*drop)(struct worker_answer *answer);
} kinds[WORKER_KINDS] = {
    [WORKER_SECRETS] = {read_secrets, refuse_secrets, drop_secrets},
    [WORKER_TICKET] = {fetch_ticket, refuse_ticket, drop_ticket},
    [WORKER_MODEL] = {build_model, refuse_model, drop_model},
};

/* ---- queues ---- */

static void jobs_init(struct jobs *jobs)
{
    *jobs = (struct jobs){.end = &jobs->first};
}

static void jobs_put(struct jobs *jobs, struct job *job)
{
    job->next = NULL;
    *jobs->end = job;
    jobs->end = &job->next;
}

/* NULL: there is none. */
static struct job *jobs_take(struct jobs *jobs)
{
    struct job *job = jobs->first;
    if (job) {
        jobs->first = job->next;
        if (!jobs->first)
            jobs->end = &jobs->first;
    }
    return job;
}

static void job_free(struct job *job)
{
    if (job->model)
        model_unref(job->model);
    free(job);
}

/* ---- threads; all of this holds the lock ---- */

static void put_answer(struct worker *worker, struct job *job)
{
    uint64_t one = 1;
    jobs_put(&worker->answered, job);
    /* Fails only when the counter is full, and then it is readable already. */
    (void)!write(worker->descriptor, &one, sizeof one);
}

static void refuse_waiting(struct worker *worker, int error)
{
    for (struct job *job; (job = jobs_take(&worker->waiting)) != NULL;) {
        kinds[job->answer.kind].refuse(&job->answer,
                                       memory_format("cannot start a thread: %s", strerrordesc_np(error)));
        put_answer(worker, job);
    }
}

static void *thread_run(void *context);

static int start_thread(struct worker *worker)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return error;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    error = pthread_create(&thread, &attributes, thread_run, worker);
    pthread_attr_destroy(&attributes);
    return error;
}

/* Sees to it that somebody comes for the jobs that wait. Only one thread starts at a time: it starts the next one when it
   has found that there is more to do than it can take, so short jobs in a row cost few threads, and the agent waits for at
   most one. */
static void call_thread(struct worker *worker)
{
    if (!worker->waiting.first || worker->starting)
        return;
    if (worker->idle > 0) {
        pthread_cond_signal(&worker->arrived);
        return;
    }
    worker->starting = true;
    worker->threads++;
    worker->references++;
    int error = start_thread(worker);
    if (error != 0) {
        worker->starting = false;
        worker->threads--;
        worker->references--;
        refuse_waiting(worker, error);
    }
}

/* Waits for something to do, a while. False: nothing came. */
static bool wait_for_job(struct worker *worker)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += IDLE_NS / SECOND_NS;
    int error = 0;
    worker->idle++;
    while (!worker->waiting.first && !worker->ends && error == 0)
        error = pthread_cond_timedwait(&worker->arrived, &worker->lock, &until);
    worker->idle--;
    return worker->waiting.first && !worker->ends;
}

/* Lets go of the lock meanwhile. */
static void do_job(struct worker *worker, struct job *job)
{
    const struct kind *kind = &kinds[job->answer.kind];
    pthread_mutex_unlock(&worker->lock);
    kind->run(job);
    pthread_mutex_lock(&worker->lock);
    if (!worker->ends) {
        put_answer(worker, job);
        return;
    }
    pthread_mutex_unlock(&worker->lock);
    kind->drop(&job->answer);
    job_free(job);
    pthread_mutex_lock(&worker->lock);
}

/* Lets go of the lock for good. */
static void worker_unref(struct worker *worker)
{
    bool last = --worker->references == 0;
    pthread_mutex_unlock(&worker->lock);
    if (!last)
        return;
    pthread_cond_destroy(&worker->left);
    pthread_cond_destroy(&worker->arrived);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

static void *thread_run(void *context)
{
    struct worker *worker = context;
    pthread_setname_np(pthread_self(), "worker");
    pthread_mutex_lock(&worker->lock);
    worker->starting = false;
    while (wait_for_job(worker)) {
        struct job *job = jobs_take(&worker->waiting);
        call_thread(worker);
        do_job(worker, job);
    }
    worker->threads--;
    pthread_cond_signal(&worker->left);
    worker_unref(worker);
    return NULL;
}

/* ---- the owner's side ---- */

static void put_job(struct worker *worker, struct job *job)
{
    jobs_put(&worker->waiting, job);
    call_thread(worker);
}

static void ask(struct secrets_port *port, enum worker_kind kind, size_t appserver,
                const struct appserver_settings *settings)
{
    struct worker *worker = (struct worker *)port;
    struct job *job = memory_new(1, sizeof *job);
    *job = (struct job){.settings = settings, .answer = {.kind = kind, .appserver = appserver}};
    pthread_mutex_lock(&worker->lock);
    if (worker->model)
        job->model = model_ref(worker->model);
    put_job(worker, job);
    pthread_mutex_unlock(&worker->lock);
}

void worker_build(struct worker *worker, const struct model_factory *factory, struct model *before)
{
    struct job *job = memory_new(1, sizeof *job);
    *job = (struct job){.factory = factory, .model = model_ref(before), .answer = {.kind = WORKER_MODEL}};
    pthread_mutex_lock(&worker->lock);
    put_job(worker, job);
    pthread_mutex_unlock(&worker->lock);
}

static void ask_secrets(struct secrets_port *port, size_t appserver,
                        const struct appserver_settings *settings)
{
    ask(port, WORKER_SECRETS, appserver, settings);
}

static void ask_ticket(struct secrets_port *port, size_t appserver, const struct appserver_settings *settings)
{
    ask(port, WORKER_TICKET, appserver, settings);
}

static void init_conditions(struct worker *worker)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->arrived, &attributes);
    pthread_cond_init(&worker->left, &attributes);
    pthread_condattr_destroy(&attributes);
}

struct worker *worker_new(struct model *model)
{
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0)
        return NULL;
    struct worker *worker = memory_new(1, sizeof *worker);
    worker->port = (struct secrets_port){.read = ask_secrets, .ticket = ask_ticket};
    worker->descriptor = descriptor;
    worker->references = 1;
    worker->model = model ? model_ref(model) : NULL;
    jobs_init(&worker->waiting);
    jobs_init(&worker->answered);
    pthread_mutex_init(&worker->lock, NULL);
    init_conditions(worker);
    return worker;
}

void worker_use_model(struct worker *worker, struct model *model)
{
    pthread_mutex_lock(&worker->lock);
    struct model *before = worker->model;
    worker->model = model ? model_ref(model) : NULL;
    pthread_mutex_unlock(&worker->lock);
    if (before)
        model_unref(before);
}

static void wait_for_threads(struct worker *worker)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + END_NS;
    until.tv_sec += nanoseconds / SECOND_NS;
    until.tv_nsec = nanoseconds % SECOND_NS;
    int error = 0;
    while (worker->threads > 0 && error == 0)
        error = pthread_cond_timedwait(&worker->left, &worker->lock, &until);
}

bool worker_free(struct worker *worker)
{
    if (!worker)
        return true;
    worker_use_model(worker, NULL);
    pthread_mutex_lock(&worker->lock);
    worker->ends = true;
    pthread_cond_broadcast(&worker->arrived);
    for (struct job *job; (job = jobs_take(&worker->waiting)) != NULL;)
        job_free(job);
    for (struct job *job; (job = jobs_take(&worker->answered)) != NULL;) {
        kinds[job->answer.kind].drop(&job->answer);
        job_free(job);
    }
    close(worker->descriptor);
    worker->descriptor = -1;
    wait_for_threads(worker);
    bool none_left = worker->threads == 0;
    worker_unref(worker);
    return none_left;
}

struct secrets_port *worker_secrets_port(struct worker *worker)
{
    return &worker->port;
}

int worker_descriptor(const struct worker *worker)
{
    return worker->descriptor;
}

bool worker_take(struct worker *worker, struct worker_answer *answer)
{
    pthread_mutex_lock(&worker->lock);
    struct job *job = jobs_take(&worker->answered);
    if (!worker->answered.first) {
        uint64_t count;
        (void)!read(worker->descriptor, &count, sizeof count);
    }
    pthread_mutex_unlock(&worker->lock);
    if (!job)
        return false;
    *answer = job->answer;
    job_free(job);
    return true;
}
