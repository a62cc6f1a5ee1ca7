#include "agent/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/memory.h"

#define EVENTS_A_TURN 256

/* A watched descriptor. The generation tells an event of this watch from one of a former watch of the same number. */
struct watch {
    loop_handler *handler; /* NULL: not watched */
    void *context;
    uint32_t generation;
};

struct loop {
    int epoll;
    int timer;        /* on CLOCK_BOOTTIME: epoll's own time-out stands still during a suspend */
    int64_t armed_ns; /* when the timer goes off; NEVER_NS: it does not */
    int64_t hastened_ns;
    struct watch *watches; /* by descriptor */
    size_t watch_count;
};

static uint64_t event_key(int descriptor, uint32_t generation)
{
    return (uint64_t)generation << 32 | (uint32_t)descriptor;
}

struct loop *loop_new(void)
{
    struct loop *loop = memory_new(1, sizeof *loop);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};

    loop->armed_ns = NEVER_NS;
    loop->hastened_ns = NEVER_NS;
    loop->timer = -1;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll >= 0)
        loop->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    event.data.u64 = event_key(loop->timer, 0);
    if (loop->timer < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->timer, &event) != 0) {
        int error = errno;

        loop_free(loop);
        errno = error;
        return NULL;
    }
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    if (loop->timer >= 0)
        close(loop->timer);
    if (loop->epoll >= 0)
        close(loop->epoll);
    free(loop->watches);
    free(loop);
}

static struct watch *watch_of(struct loop *loop, int descriptor)
{
    size_t count = loop->watch_count;

    assert(descriptor >= 0);
    if ((size_t)descriptor >= count) {
        size_t wanted = ((size_t)descriptor + 1) * 2;

        loop->watches = memory_grow(loop->watches, wanted, sizeof *loop->watches);
        for (size_t i = count; i < wanted; i++)
            loop->watches[i] = (struct watch){0};
        loop->watch_count = wanted;
    }
    return &loop->watches[descriptor];
}

bool loop_watch(struct loop *loop, int descriptor, uint32_t events, loop_handler *handler, void *context)
{
    struct watch *watch = watch_of(loop, descriptor);
    bool known = watch->handler != NULL;
    uint32_t generation = known ? watch->generation : watch->generation + 1;
    struct epoll_event event = {.events = events, .data.u64 = event_key(descriptor, generation)};

    assert(handler != NULL);
    if (epoll_ctl(loop->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, &event) != 0)
        return false;
    *watch = (struct watch){.handler = handler, .context = context, .generation = generation};
    return true;
}

void loop_forget(struct loop *loop, int descriptor)
{
    struct watch *watch = watch_of(loop, descriptor);

    if (watch->handler == NULL)
        return;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, descriptor, NULL);
    *watch = (struct watch){.generation = watch->generation};
}

void loop_hasten(struct loop *loop, int64_t boot_ns)
{
    if (boot_ns < loop->hastened_ns)
        loop->hastened_ns = boot_ns;
}

/* Returns epoll's time-out: not at all when the deadline has come, else for ever, since the timer ends the waiting. */
static int arm(struct loop *loop, int64_t deadline_ns)
{
    struct itimerspec when = {0};

    if (deadline_ns <= clock_now().boot_ns)
        return 0;
    if (deadline_ns == loop->armed_ns)
        return -1;
    if (deadline_ns != NEVER_NS) { /* all zero disarms */
        when.it_value.tv_sec = deadline_ns / SECOND_NS;
        when.it_value.tv_nsec = deadline_ns % SECOND_NS;
    }
    int failed = timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL);

    assert(failed == 0);
    loop->armed_ns = deadline_ns;
    return -1;
}

struct moment loop_turn(struct loop *loop, int64_t deadline_boot_ns)
{
    struct epoll_event events[EVENTS_A_TURN];
    int64_t deadline = ns_min(deadline_boot_ns, loop->hastened_ns);
    int count = epoll_wait(loop->epoll, events, EVENTS_A_TURN, arm(loop, deadline));
    struct moment now = clock_now();

    assert(count >= 0 || errno == EINTR);
    loop->hastened_ns = NEVER_NS;
    for (int i = 0; i < count; i++) {
        int descriptor = (int)(uint32_t)events[i].data.u64;
        uint32_t generation = (uint32_t)(events[i].data.u64 >> 32);

        if (descriptor == loop->timer) {
            loop->armed_ns = NEVER_NS;
            continue;
        }
        struct watch watch = loop->watches[descriptor];

        if (watch.handler != NULL && watch.generation == generation)
            watch.handler(watch.context, descriptor, events[i].events, now);
    }
    return now;
}
