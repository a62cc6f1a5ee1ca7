#include "web/status.h"

#include <stdlib.h>

#include "base/memory.h"
#include "report/board.h"
#include "web/answer.h"
#include "web/formation.h"
#include "web/page.h"
#include "web/query.h"
#include "web/status_json.h"

/* Up to so many targets a page is formed at once: it takes the web thread a few milliseconds. */
#define TARGETS_AT_ONCE 200

bool status_is_hung(const struct web_request *request)
{
    return request->now.boot_ns - board_heartbeat_boot_ns(report_board(request->report)) >
           STATUS_HEARTBEAT_LIMIT_NS;
}

static bool takes_long(const struct board_view *view)
{
    return view->target_count > TARGETS_AT_ONCE;
}

/* ---- the page ----------------------------------------------------------------------------------------------------- */

struct page_job {
    struct page_setting setting;
    char *query; /* of the setting; libmicrohttpd's would go with the connection */
    struct board_view *view;
};

static int form_page(void *context, struct buffer *out)
{
    static const int statuses[] = {[PAGE_WRITTEN] = 200,
                                   [PAGE_NO_TARGET] = 404,
                                   [PAGE_BAD_QUERY] = 400,
                                   [PAGE_TOO_LARGE] = FORMATION_TOO_LARGE};
    struct page_job *job = context;

    return statuses[page_write(&job->setting, job->view, out)];
}

static void release_page(void *context)
{
    struct page_job *job = context;

    board_view_free(job->view);
    free(job->query);
    free(job);
}

void status_answer_page(const struct web_request *request, struct web_answer *answer)
{
    static const struct formation formation = {form_page, release_page};
    struct board *board = report_board(request->report);
    struct page_job *job = memory_new(1, sizeof *job);

    job->view = board_view_take(board, request->now);
    job->query = memory_copy_text(request->query);
    job->setting = (struct page_setting){.version = request->version,
                                         .telemetry_path = request->telemetry_path,
                                         .query = job->query,
                                         .show_messages = request->trusted,
                                         .hung = status_is_hung(request),
                                         .heartbeat_ns = board_heartbeat_boot_ns(board),
                                         .ready = board_ready(board)};
    answer->content_type = "text/html; charset=utf-8";
    answer->content_policy = page_content_policy();
    answer->compressible = true;
    formation_answer(request, answer, &formation, job, takes_long(job->view));
}

/* ---- the JSON ----------------------------------------------------------------------------------------------------- */

struct json_job {
    struct status_setting setting;
    struct query query;
    struct board_view *view;
};

static int form_json(void *context, struct buffer *out)
{
    struct json_job *job = context;
    const char *wrong = status_history_check(&job->query, job->view);

    if (wrong != NULL) {
        buffer_text(out, wrong);
        return 400;
    }
    return status_json_write(&job->setting, &job->query, job->view, out) ? 200 : FORMATION_TOO_LARGE;
}

static void release_json(void *context)
{
    struct json_job *job = context;

    board_view_free(job->view);
    query_free(&job->query);
    free(job);
}

void status_answer_json(const struct web_request *request, struct web_answer *answer)
{
    static const struct formation formation = {form_json, release_json};
    struct board *board = report_board(request->report);
    struct query query;

    if (!query_read(&query, request->query)) {
        answer_text(answer, 400, query_unreadable);
        return;
    }
    char *wrong = status_query_check(&query);
    if (wrong != NULL) {
        answer_text(answer, 400, wrong);
        free(wrong);
        query_free(&query);
        return;
    }
    struct json_job *job = memory_new(1, sizeof *job);
    *job = (struct json_job){.setting = {.version = request->version,
                                         .show_messages = request->trusted,
                                         .hung = status_is_hung(request),
                                         .ready = board_ready(board)},
                             .query = query,
                             .view = board_view_take(board, request->now)};
    answer->content_type = "application/json";
    answer->compressible = true;
    formation_answer(request, answer, &formation, job, takes_long(job->view));
}
