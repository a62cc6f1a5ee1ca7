#include "main.h"

#include "integration/rig.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/transfer.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "probe/kind.h"
#include "secrets.h"
#include "web/routes.h"

#define PAGE_MAX ((size_t)64 << 20)

static int log_descriptor = -1;

/* The signals are the agent thread's, libcurl is set up once. */
static void set_up_process(void)
{
    if (log_descriptor >= 0)
        return;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGHUP);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    assert_null(transfer_setup());
    log_descriptor = memfd_create("log", MFD_CLOEXEC);
    assert_true(log_descriptor >= 0);
    log_setup(LOG_DEBUG, LOG_LOGFMT, log_descriptor);
}

/* What SIGHUP reads; the worker may still do so when the agent has ended, so it lives as long as the process. */
struct rig_file {
    struct model_factory factory;
    struct rig_file *next;
    char text[];
};
static struct rig_file *files;

static struct model *make_model(void *context, struct fault_list *faults)
{
    const struct rig_file *file = context;
    return model_read("rig.ini", span_of(file->text), NULL, probe_schema(), faults);
}

static struct rig_file *keep_file(const char *text)
{
    struct rig_file *file = memory_new(1, sizeof *file + strlen(text) + 1);
    file->factory = (struct model_factory){make_model, file};
    file->next = files;
    memcpy(file->text, text, strlen(text) + 1);
    files = file;
    return file;
}

struct rig rig_start(const char *configuration)
{
    struct rig_file *file = keep_file(configuration);
    struct rig rig = {0};
    struct fault_list faults = {0};
    const char *why = NULL;
    set_up_process();
    rig.model = make_model(file, &faults);
    for (size_t i = 0; i < faults.count; i++)
        if (!faults.items[i].warning)
            print_error("%d: %s\n", faults.items[i].line, faults.items[i].text);
    fault_list_free(&faults);
    assert_non_null(rig.model);
    rig.report = report_new(rig.model, clock_now(), "1.2.3", "abc");
    rig.supervisor = supervisor_new();
    rig.agent = agent_thread_start(rig.model, &file->factory, rig.report, rig.supervisor, &why);
    if (!rig.agent)
        fail_msg("%s", why);
    return rig;
}

/* Whatever the test was about. */
static void check_secrets(const struct rig *rig)
{
    char *texts[] = {rig_page(rig), rig_status_page(rig), rig_log()};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        secret_check("the agent", texts[i], strlen(texts[i]));
        free(texts[i]);
    }
}

void rig_free(struct rig *rig)
{
    supervisor_free(rig->supervisor);
    report_free(rig->report);
    model_unref(rig->model);
}

void rig_join(struct rig *rig)
{
    assert_true(agent_thread_join(rig->agent));
    check_secrets(rig);
    rig_free(rig);
}

void rig_end(struct rig *rig)
{
    agent_thread_stop(rig->agent);
    rig_join(rig);
}

char *rig_page(const struct rig *rig)
{
    struct buffer page;
    buffer_init(&page, PAGE_MAX);
    assert_true(report_page(rig->report, NULL, clock_now(), &page));
    return buffer_take(&page);
}

char *rig_status_page(const struct rig *rig)
{
    struct web_request request = {.method = "GET",
                                  .path = "/",
                                  .query = "",
                                  .trusted = true,
                                  .now = clock_now(),
                                  .report = rig->report,
                                  .version = "1.2.3",
                                  .telemetry_path = "/metrics"};
    struct web_answer answer = {0};
    buffer_init(&answer.body, PAGE_MAX);
    routes_answer(&request, &answer);
    assert_int_equal(answer.status, 200);
    return buffer_take(&answer.body);
}

char *rig_log(void)
{
    off_t size = lseek(log_descriptor, 0, SEEK_CUR);
    char *text = memory_new((size_t)size + 1, 1);
    assert_int_equal(pread(log_descriptor, text, (size_t)size, 0), size);
    return text;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : NULL;
}

double page_value(const char *page, const char *series)
{
    size_t size = strlen(series);
    for (const char *line = page; line; line = next_line(line))
        if (strncmp(line, series, size) == 0 && line[size] == ' ')
            return strtod(line + size, NULL);
    return NAN;
}

size_t page_count(const char *page, const char *prefix)
{
    size_t size = strlen(prefix), count = 0;
    for (const char *line = page; line; line = next_line(line))
        count += strncmp(line, prefix, size) == 0;
    return count;
}

double page_sum(const char *page, const char *prefix)
{
    size_t size = strlen(prefix);
    double sum = 0;
    for (const char *line = page; line; line = next_line(line))
        if (strncmp(line, prefix, size) == 0)
            sum += strtod(strchr(line, '}') + 1, NULL);
    return sum;
}

double rig_metric(const struct rig *rig, const char *series)
{
    char *page = rig_page(rig);
    double value = page_value(page, series);
    free(page);
    return value;
}

void rig_pause(void)
{
    poll(NULL, 0, 10);
}

static void await(const struct rig *rig, const char *series, double from, double to)
{
    int64_t end_ns = clock_now().boot_ns + RIG_PATIENCE_NS;
    for (;;) {
        double last = rig_metric(rig, series);
        if (last >= from && last <= to)
            return;
        if (clock_now().boot_ns > end_ns)
            fail_msg("%s is %g, not %g", series, last, from);
        rig_pause();
    }
}

void rig_await(const struct rig *rig, const char *series, double value)
{
    await(rig, series, value, value);
}

void rig_await_at_least(const struct rig *rig, const char *series, double value)
{
    await(rig, series, value, INFINITY);
}
