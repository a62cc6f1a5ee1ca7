#include "agent/thread.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/loop.h"
#include "agent/transfer.h"
#include "agent/worker.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "report/board.h"

#define TURN_LONG_NS (100 * MILLISECOND_NS)
#define HEARTBEAT_NS (5 * SECOND_NS) /* the loop turns at least so often */

struct agent_thread {
    pthread_t thread;
    struct model *model; /* in force; a reference */
    const struct model_factory *factory;
    struct loop *loop;
    struct transfer *transfer;
    struct worker *worker;
    struct agent *agent;
    struct reload *reload;
    struct report *report;
    struct supervisor *supervisor;
    bool ready;        /* told so to the supervisor */
    bool reload_asked; /* in this turn */
    bool reloading;    /* told so to the supervisor */
    bool refused;      /* the last configuration read has faults */
    bool stopping;
    bool built; /* build holds what a turn has to put into force */
    struct model_build build;
    int stop_descriptor;   /* eventfd: agent_thread_stop */
    int signal_descriptor; /* signalfd */
};

/* ---- what wakes the loop ---- */

static void answered(void *context, uint64_t ticket, const struct answer *answer, struct moment now)
{
    struct agent_thread *self = context;
    agent_answered(self->agent, ticket, answer, now);
}

/* The grace, and the logouts behind it; systemd would kill sooner where TimeoutStopSec= is shorter. */
#define FAREWELL_NS MINUTE_NS

static void shut_down(struct agent_thread *self, struct moment now)
{
    agent_shutdown(self->agent, now);
    if (self->stopping)
        return;
    self->stopping = true;
    if (report_mailbox(self->report) != NULL)
        mailbox_close(report_mailbox(self->report));
    supervisor_tell(self->supervisor, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld\nSTATUS=Ending what runs.",
                    (long long)((self->model->exporter.shutdown_grace_ns + FAREWELL_NS) / MICROSECOND_NS));
}

static void on_stop(void *context, int descriptor, uint32_t events, struct moment now)
{
    (void)events;
    struct agent_thread *self = context;
    uint64_t count;
    if (read(descriptor, &count, sizeof count) == (ssize_t)sizeof count)
        shut_down(self, now);
}

static void ask_reload(struct agent_thread *self, reload_told *told, void *context)
{
    self->reload_asked = true;
    reload_ask(self->reload, told, context);
}

static void on_signal(void *context, int descriptor, uint32_t events, struct moment now)
{
    (void)events;
    struct agent_thread *self = context;
    struct signalfd_siginfo info;
    while (read(descriptor, &info, sizeof info) == (ssize_t)sizeof info) {
        switch (info.ssi_signo) {
        case SIGUSR1:
            agent_log_targets(self->agent, now);
            break;
        case SIGHUP:
            log_event(LOG_INFO, "reading the configuration anew", LOG_TEXT("signal", "SIGHUP"));
            ask_reload(self, NULL, NULL);
            break;
        default:
            shut_down(self, now);
            break;
        }
    }
}

static void tell_letter(void *letter, enum reload_end end, const char *text)
{
    letter_answer(letter, end, text);
}

static void on_letter(void *context, int descriptor, uint32_t events, struct moment now)
{
    (void)descriptor;
    (void)events;
    (void)now;
    struct agent_thread *self = context;
    for (struct letter *letter; (letter = mailbox_take(report_mailbox(self->report))) != NULL;) {
        log_event(LOG_INFO, "reading the configuration anew", LOG_TEXT("asked", "by HTTP"));
        ask_reload(self, tell_letter, letter);
    }
}

static void on_worker(void *context, int descriptor, uint32_t events, struct moment now)
{
    (void)descriptor;
    (void)events;
    struct agent_thread *self = context;
    struct worker_answer answer;
    while (worker_take(self->worker, &answer)) {
        switch (answer.kind) {
        case WORKER_SECRETS:
            agent_secrets(self->agent, answer.appserver, &answer.secrets, now);
            break;
        case WORKER_TICKET:
            agent_ticket(self->agent, answer.appserver, &answer.ticket, now);
            break;
        case WORKER_MODEL:
            self->built = true;
            self->build = answer.build;
            break;
        case WORKER_KINDS:
            assert(false);
        }
    }
}

/* ---- reloads ---- */

static void ask_build(void *context, struct model *before)
{
    struct agent_thread *self = context;
    worker_build(self->worker, self->factory, before);
}

static size_t connections_of(const struct model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < model->appserver_count; i++)
        count += (size_t)model->appservers[i].max_in_flight + 1; /* and one for its token requests */
    return count;
}

/* Between the turns of transport and agent, so that neither is amid something. */
static void take_build(struct agent_thread *self)
{
    if (!self->built)
        return;
    self->built = false;
    struct model *model = reload_built(self->reload, &self->build, clock_now());
    self->refused = model == NULL;
    if (!model)
        return;
    model_unref(self->model);
    self->model = model_ref(model);
    worker_use_model(self->worker, model);
    transfer_keep(self->transfer, connections_of(model));
}

/* ---- the supervisor ---- */

/* systemd goes by the newer of two times: when it sent SIGHUP, and this. */
static void tell_reloading(struct agent_thread *self)
{
    struct timespec now;
    if (!self->reload_asked)
        return;
    self->reload_asked = false;
    if (self->stopping)
        return;
    self->reloading = true;
    clock_gettime(CLOCK_MONOTONIC, &now);
    supervisor_tell(self->supervisor,
                    "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reading the configuration anew.",
                    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

static void tell_ready(struct agent_thread *self)
{
    if (self->stopping || (self->ready && !self->reloading) || !reload_is_idle(self->reload) ||
        !board_ready(report_board(self->report)))
        return;
    self->ready = true;
    self->reloading = false;
    supervisor_tell(self->supervisor, "READY=1\nSTATUS=Targets: %zu, app servers: %zu.%s",
                    self->model->target_count, self->model->appserver_count,
                    self->refused ? " The new configuration has faults: the one before is in force." : "");
}

/* ---- the thread ---- */

static void tell_turn(struct agent_thread *self, int64_t turn_ns)
{
    report_turn(self->report, turn_ns, clock_now());
    if (turn_ns > TURN_LONG_NS)
        log_event(LOG_WARN, "a turn of the agent took long", LOG_SECONDS("seconds", turn_ns));
}

/* loop_turn hands back the moment at which the waiting ended: what follows it, with the handlers it ran, is
   the turn. */
static void *thread_run(void *context)
{
    struct agent_thread *self = context;
    int64_t wake_ns = 0; /* the first turn does not wait */
    while (!agent_finished(self->agent)) {
        struct moment woken = loop_turn(self->loop, wake_ns);
        tell_reloading(self);
        int64_t transfer_ns = transfer_turn(self->transfer, clock_now());
        take_build(self);
        int64_t agent_ns = agent_turn(self->agent, clock_now());
        int64_t now_ns = clock_now().boot_ns;
        tell_turn(self, now_ns - woken.boot_ns);
        tell_ready(self);
        int64_t supervisor_ns = supervisor_turn(self->supervisor, now_ns);
        wake_ns = ns_min(ns_min(agent_ns, transfer_ns), ns_min(supervisor_ns, now_ns + HEARTBEAT_NS));
    }
    return NULL;
}

/* ---- start and end ---- */

static const int handled_signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof handled_signals / sizeof handled_signals[0]; i++)
        sigaddset(&set, handled_signals[i]);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static uint64_t random_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
        seed = (uint64_t)clock_now().wall_ns ^ (uint64_t)getpid();
    return seed;
}

/* False: a thread of the worker is left. */
static bool thread_free(struct agent_thread *self)
{
    if (self->built)
        model_build_free(&self->build);
    reload_free(self->reload);
    if (report_mailbox(self->report) != NULL)
        mailbox_close(report_mailbox(self->report));
    agent_free(self->agent);
    bool none_left = worker_free(self->worker);
    transfer_free(self->transfer);
    if (self->signal_descriptor >= 0)
        close(self->signal_descriptor);
    if (self->stop_descriptor >= 0)
        close(self->stop_descriptor);
    loop_free(self->loop);
    model_unref(self->model);
    free(self);
    return none_left;
}

/* Reads all CA sets and client certificates now. One that cannot be used fails its app server's runs, not the start: it may be put right
   while the agent runs. */
static void read_trust(struct agent_thread *self)
{
    for (size_t i = 0; i < self->model->appserver_count; i++) {
        const struct appserver_settings *appserver = &self->model->appservers[i];
        if (strncmp(appserver->url, "https:", 6) != 0)
            continue;
        const char *why = transfer_trust(self->transfer, appserver);
        if (why)
            log_event(LOG_WARN, "the app server's TLS files cannot be used",
                      LOG_TEXT("appserver", appserver->name), LOG_TEXT("why", why));
    }
}

/* Everything but the thread. NULL, or what could not be had. */
static const char *thread_fill(struct agent_thread *self)
{
    if (!(self->loop = loop_new()))
        return "cannot make an epoll descriptor";
    self->stop_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->signal_descriptor = open_signals();
    if (self->stop_descriptor < 0 || self->signal_descriptor < 0 || report_mailbox(self->report) == NULL)
        return "cannot make an event descriptor";
    self->transfer = transfer_new(self->loop, connections_of(self->model), answered, self);
    if (!self->transfer)
        return "cannot make libcurl's multi handle";
    read_trust(self);
    if (!(self->worker = worker_new(self->model)))
        return "cannot make an event descriptor";
    if (!loop_watch(self->loop, self->stop_descriptor, EPOLLIN, on_stop, self) ||
        !loop_watch(self->loop, self->signal_descriptor, EPOLLIN, on_signal, self) ||
        !loop_watch(self->loop, worker_descriptor(self->worker), EPOLLIN, on_worker, self) ||
        !loop_watch(self->loop, mailbox_descriptor(report_mailbox(self->report)), EPOLLIN, on_letter, self))
        return "cannot watch a descriptor";
    self->agent = agent_new(self->model, self->report, transfer_transport(self->transfer),
                            worker_secrets_port(self->worker), random_seed(), clock_now());
    self->reload = reload_new(self->agent, self->report, self->model, ask_build, self);
    if (pthread_create(&self->thread, NULL, thread_run, self) != 0)
        return "cannot start the agent thread";
    pthread_setname_np(self->thread, "agent");
    return NULL;
}

struct agent_thread *agent_thread_start(struct model *model, const struct model_factory *factory,
                                        struct report *report, struct supervisor *supervisor,
                                        const char **why)
{
    struct agent_thread *self = memory_new(1, sizeof *self);
    *self = (struct agent_thread){.model = model_ref(model),
                                  .factory = factory,
                                  .report = report,
                                  .supervisor = supervisor,
                                  .stop_descriptor = -1,
                                  .signal_descriptor = -1};
    *why = thread_fill(self);
    if (*why) {
        thread_free(self);
        return NULL;
    }
    return self;
}

void agent_thread_stop(struct agent_thread *thread)
{
    uint64_t one = 1;
    (void)!write(thread->stop_descriptor, &one, sizeof one);
}

bool agent_thread_join(struct agent_thread *thread)
{
    int error = pthread_join(thread->thread, NULL);
    assert(error == 0);
    return thread_free(thread);
}
