#include "report/report.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "metrics/exposition.h"
#include "metrics/process.h"
#include "report/mailbox.h"
#include "report/parts.h"

#define CODE_TEXT 16 /* bytes of a status code as text */

struct report *report_new(struct model *model, struct moment now, const char *version, const char *revision)
{
    struct report *report = memory_new(1, sizeof *report);
    const char *const build[] = {version, revision};

    report->store = store_new(family_classes, OWNER_CLASSES, families, FAMILIES);
    report->board = board_new();
    report->mailbox = mailbox_new();
    store_lock(report->store);
    report->process = store_owner_add(report->store, OWNER_PROCESS, NULL, 0, now);
    store_set_data(report->store, report->process, FAMILY_BUILD_INFO, build, 1, NEVER_NS);
    store_unlock(report->store);
    struct model_match match = model_match(NULL, model);
    report_reload(report, model, &match, now);
    model_match_free(&match);
    return report;
}

void report_free(struct report *report)
{
    if (report == NULL)
        return;
    for (size_t i = 0; i < report->model->target_count; i++)
        report_target_free(report->targets[i]);
    for (size_t i = 0; i < report->model->appserver_count; i++)
        report_appserver_free(report->appservers[i]);
    free(report->appservers);
    free(report->targets);
    store_free(report->store);
    board_free(report->board);
    mailbox_free(report->mailbox);
    model_unref(report->model);
    free(report);
}

struct board *report_board(struct report *report)
{
    return report->board;
}

struct mailbox *report_mailbox(struct report *report)
{
    return report->mailbox;
}

struct report_appserver *report_appserver(struct report *report, size_t index)
{
    assert(index < report->model->appserver_count);
    return report->appservers[index];
}

struct report_target *report_target(struct report *report, size_t index)
{
    assert(index < report->model->target_count);
    return report->targets[index];
}

void report_code(struct report *report, struct store_owner owner, enum family family, int status)
{
    char code[CODE_TEXT];

    snprintf(code, sizeof code, "%d", status);
    store_add_data(report->store, owner, family, (const char *const[]){code}, 1, clock_now());
}

/* ---- the agent itself ---- */

void report_lateness(struct report *report, int64_t lateness_ns)
{
    store_lock(report->store);
    store_observe(report->store, report->process, FAMILY_RUN_LATENESS, clock_seconds(lateness_ns));
    store_unlock(report->store);
}

void report_turn(struct report *report, int64_t turn_ns, struct moment now)
{
    store_lock(report->store);
    store_observe(report->store, report->process, FAMILY_TURN, clock_seconds(turn_ns));
    store_unlock(report->store);
    board_beat(report->board, now.boot_ns);
}

void report_ready(struct report *report, bool ready)
{
    board_set_ready(report->board, ready);
}

/* ---- the web side ---- */

void report_http_request(struct report *report, const char *path, int code, uint64_t bytes, struct moment now)
{
    char code_text[CODE_TEXT];

    snprintf(code_text, sizeof code_text, "%d", code);
    store_lock(report->store);
    store_add_data(report->store, report->process, FAMILY_HTTP_REQUESTS,
                   (const char *const[]){path, code_text}, 1, now);
    store_set_data(report->store, report->process, FAMILY_HTTP_RESPONSE_BYTES, (const char *const[]){path},
                   (double)bytes, NEVER_NS);
    store_unlock(report->store);
}

static void set_process(struct report *report, enum family family, bool known, double value)
{
    if (known)
        store_set(report->store, report->process, family, 0, value, NEVER_NS);
    else
        store_clear(report->store, report->process, family, 0);
}

static void refresh(struct report *report)
{
    struct process_figures figures;

    process_read(&figures); /* before the lock: it asks the kernel */
    store_lock(report->store);
    if (figures.has_stat)
        store_count(report->store, report->process, FAMILY_PROCESS_CPU, 0, figures.cpu_seconds);
    set_process(report, FAMILY_PROCESS_RESIDENT, figures.has_stat, figures.resident_bytes);
    set_process(report, FAMILY_PROCESS_VIRTUAL, figures.has_stat, figures.virtual_bytes);
    set_process(report, FAMILY_PROCESS_START, figures.has_stat && figures.start_epoch > 0,
                figures.start_epoch);
    set_process(report, FAMILY_PROCESS_OPEN_FDS, figures.has_open_fds, figures.open_fds);
    set_process(report, FAMILY_PROCESS_MAX_FDS, figures.has_max_fds, figures.max_fds);
    for (size_t level = 0; level < LOG_LEVELS; level++)
        store_count(report->store, report->process, FAMILY_LOG_MESSAGES, level,
                    (double)log_count((enum log_level)level));
    store_unlock(report->store);
}

bool report_page(struct report *report, const struct exposition *exposition, struct moment now,
                 struct buffer *page)
{
    const struct exposition usual = {.format = EXPOSITION_TEXT};
    const struct exposition *wanted = exposition != NULL ? exposition : &usual;
    _Atomic size_t *size = &report->page_sizes[wanted->format];
    size_t last = atomic_load_explicit(size, memory_order_relaxed);
    size_t before = page->size;
    bool whole = wanted->names.count == 0;

    refresh(report);
    /* Grown in one step, and not at all where the page would not fit anyway. */
    size_t guess = last + last / 8;
    if (whole && !page->failed && guess <= page->maximum - page->size)
        buffer_reserve(page, guess);
    struct store_view *view = store_view_take(report->store, now);
    bool fits = exposition_write(view, wanted, page);
    store_view_free(view);
    if (fits && whole)
        atomic_store_explicit(size, page->size - before, memory_order_relaxed);
    return fits;
}
