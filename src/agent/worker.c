#include "agent/worker.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"

struct message {
    size_t appserver;
    const struct appserver_settings *settings; /* of a job */
    struct secrets secrets;                    /* of an answer */
};

/* A ring of at most capacity messages. */
struct messages {
    struct message *items;
    size_t first, count;
};

struct worker {
    struct secrets_port port;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    size_t capacity;
    struct messages jobs, answers;
    bool ends;
    int descriptor;
};

static void put(struct worker *worker, struct messages *messages, struct message message)
{
    assert(messages->count < worker->capacity);
    messages->items[(messages->first + messages->count++) % worker->capacity] = message;
}

static struct message take(struct worker *worker, struct messages *messages)
{
    assert(messages->count > 0);
    struct message message = messages->items[messages->first];
    messages->first = (messages->first + 1) % worker->capacity;
    messages->count--;
    return message;
}

static void announce(const struct worker *worker)
{
    uint64_t one = 1;
    /* Fails only when the counter is full, and then it is readable already. */
    (void)!write(worker->descriptor, &one, sizeof one);
}

static void *worker_run(void *context)
{
    struct worker *worker = context;
    pthread_mutex_lock(&worker->lock);
    while (!worker->ends) {
        if (worker->jobs.count == 0) {
            pthread_cond_wait(&worker->arrived, &worker->lock);
            continue;
        }
        struct message message = take(worker, &worker->jobs);
        pthread_mutex_unlock(&worker->lock);
        secrets_read(message.settings, &message.secrets);
        pthread_mutex_lock(&worker->lock);
        put(worker, &worker->answers, message);
        announce(worker);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

static void ask(struct secrets_port *port, size_t appserver, const struct appserver_settings *settings)
{
    struct worker *worker = (struct worker *)port;
    pthread_mutex_lock(&worker->lock);
    put(worker, &worker->jobs, (struct message){.appserver = appserver, .settings = settings});
    pthread_cond_signal(&worker->arrived);
    pthread_mutex_unlock(&worker->lock);
}

static void release(struct worker *worker)
{
    pthread_cond_destroy(&worker->arrived);
    pthread_mutex_destroy(&worker->lock);
    free(worker->jobs.items);
    free(worker->answers.items);
    free(worker);
}

struct worker *worker_new(size_t capacity)
{
    struct worker *worker = memory_new(1, sizeof *worker);
    worker->port.read = ask;
    worker->capacity = capacity;
    worker->jobs.items = memory_new(capacity, sizeof(struct message));
    worker->answers.items = memory_new(capacity, sizeof(struct message));
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->arrived, NULL);
    worker->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->descriptor < 0) {
        int error = errno;
        release(worker);
        errno = error;
        return NULL;
    }
    int error = pthread_create(&worker->thread, NULL, worker_run, worker);
    if (error != 0) {
        close(worker->descriptor);
        release(worker);
        errno = error;
        return NULL;
    }
    pthread_setname_np(worker->thread, "worker");
    return worker;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->ends = true;
    pthread_cond_signal(&worker->arrived);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    while (worker->answers.count > 0) {
        struct message message = take(worker, &worker->answers);
        secrets_free(&message.secrets);
    }
    close(worker->descriptor);
    release(worker);
}

struct secrets_port *worker_secrets_port(struct worker *worker)
{
    return &worker->port;
}

int worker_descriptor(const struct worker *worker)
{
    return worker->descriptor;
}

bool worker_take(struct worker *worker, size_t *appserver, struct secrets *secrets)
{
    pthread_mutex_lock(&worker->lock);
    bool some = worker->answers.count > 0;
    if (some) {
        struct message message = take(worker, &worker->answers);
        *appserver = message.appserver;
        *secrets = message.secrets;
    }
    if (worker->answers.count == 0) {
        uint64_t count;
        (void)!read(worker->descriptor, &count, sizeof count);
    }
    pthread_mutex_unlock(&worker->lock);
    return some;
}
