/* What a target costs the report in memory, its history included, and that a picture of a thousand is cheap to take. */
#include "main.h"

#include <malloc.h>

#include "sample.h"

#include "metrics/exposition.h"
#include "report/board.h"

#define TARGETS 1000

/* Under a sanitizer nothing is counted: then only the rest of the test tells. */
static size_t bytes_in_use(void)
{
    return mallinfo2().uordblks;
}

static struct model *model_of(size_t probes)
{
    struct buffer text;

    buffer_init(&text, 1 << 20);
    buffer_text(&text, "[appserver live]\nurl = https://erp.example.com/KineticLive\ncompany = EPIC06\n"
                       "username = watch\npassword = secret\n");
    for (size_t i = 0; i < probes; i++)
        buffer_format(&text, "[probe orders%zu]\nkind = baq\ntimeout = 20s\n", i);
    struct model *model = sample_model_of(buffer_as_text(&text));
    buffer_free(&text);
    return model;
}

static void run_all(struct report *report, const struct model *model, int64_t at, enum reason reason)
{
    for (size_t i = 0; i < model->target_count; i++) {
        struct probe_result result = {.reason = reason, .status = 200, .has_rows = true, .rows = 412};
        char *correlation = memory_format("%08zx-0000-4000-8000-%012zx", i, (size_t)at);
        if (reason != REASON_NONE) {
            result.message = memory_copy_text(
                "The query failed: Bad SQL statement. Review the server event logs "
                "for details.");
            result.correlation = correlation;
        }
        struct run_record record = {.ended = sample_after(at),
                                    .due_next_boot_ns = sample_after(at + 60).boot_ns,
                                    .asked = true,
                                    .timed = true,
                                    .duration_ns = 182123 * MICROSECOND_NS,
                                    .phases = {-1, -1, -1, 170 * MILLISECOND_NS, 12 * MILLISECOND_NS},
                                    .result = &result,
                                    .settings = &model->targets[i]};
        report_run(report_target(report, i), &record);
        free(result.message);
        free(correlation);
    }
}

static void a_target_is_small(void **state)
{
    struct model *model = model_of(TARGETS);
    size_t before = bytes_in_use();
    struct report *report = report_new(model, sample_start, "1.2.3", "abc");

    (void)state;
    run_all(report, model, 0, REASON_NONE);
    size_t one_run = (bytes_in_use() - before) / TARGETS;
    for (int64_t i = 1; i < 60; i++)
        run_all(report, model, 60 * i, REASON_NONE);
    size_t all_runs = (bytes_in_use() - before) / TARGETS;
    for (int64_t i = 60; i < 80; i++)
        run_all(report, model, 60 * i, REASON_SERVER_ERROR);
    size_t failing = (bytes_in_use() - before) / TARGETS;
    print_message("bytes a target: %zu with one run, %zu with 60, %zu with 20 failures beside them\n",
                  one_run, all_runs, failing);

    assert_true(all_runs < 2300); /* of the 4 KB that a target may take (unit/agent/test_footprint.c) */
    assert_true(all_runs - one_run < 60 * 22);
    assert_true(failing - all_runs < 20 * 150);

    int64_t start_ns = clock_now().boot_ns;
    for (int i = 0; i < 20; i++)
        board_view_free(board_view_take(report_board(report), sample_after(4800)));
    int64_t taken_ns = (clock_now().boot_ns - start_ns) / 20;
    struct board_view *view = board_view_take(report_board(report), sample_after(4800));
    size_t runs = 0;
    start_ns = clock_now().boot_ns;
    for (size_t i = 0; i < view->target_count; i++) {
        struct history_walk walk = history_begin(view->targets[i]->history);
        struct board_run run;
        while (history_next(&walk, &run))
            runs++;
    }
    print_message("a view of %zu targets takes %lld us, reading all their runs %lld us\n", view->target_count,
                  (long long)(taken_ns / 1000), (long long)((clock_now().boot_ns - start_ns) / 1000));
    assert_int_equal(runs, 60 * TARGETS);
    board_view_free(view);
    report_free(report);
    model_unref(model);
}

ALL_TESTS(cmocka_unit_test(a_target_is_small));
