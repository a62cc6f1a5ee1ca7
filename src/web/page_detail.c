/* One target: its state, the phases of its last runs, and its recent failures. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "web/markup.h"
#include "web/page_parts.h"
#include "web/spark.h"

/* Runs in the table; the picture has as many. */
#define TABLE_RUNS 60

static const char *const phase_words[BOARD_PHASES] = {[BOARD_RESOLVE] = "Resolve",
                                                      [BOARD_CONNECT] = "Connect",
                                                      [BOARD_TLS] = "TLS",
                                                      [BOARD_PROCESSING] = "Processing",
                                                      [BOARD_TRANSFER] = "Transfer"};

/* ---- the head ----------------------------------------------------------------------------------------------------- */

static void write_way_back(const struct page *page)
{
    struct page_query fleet = page_query_fleet(page->query);

    buffer_text(page->out, "<p class=\"back\"><a href=\"");
    page_query_link(&fleet, page->out);
    buffer_text(page->out, page_query_is_filtered(&fleet) ? "\">Back to the filtered targets</a></p>\n"
                                                          : "\">Back to all targets</a></p>\n");
}

static void begin_pair(struct buffer *out, const char *name)
{
    buffer_format(out, "<div><dt>%s</dt><dd>", name);
}

static void write_facts(const struct page *page, const struct board_target *target)
{
    struct buffer *out = page->out;
    struct moment now = page->view->now;

    buffer_text(out, "<dl class=\"facts\">");
    begin_pair(out, "App server");
    markup_text(out, target->appserver);
    if (target->company[0] != '\0') {
        buffer_text(out, "</dd></div>");
        begin_pair(out, "Company");
        markup_text(out, target->company);
    }
    buffer_text(out, "</dd></div>");
    begin_pair(out, "Kind");
    markup_text(out, target->kind);
    buffer_text(out, "</dd></div>");
    begin_pair(out, "Runs");
    buffer_text(out, "every ");
    markup_span(out, target->interval_ns);
    buffer_text(out, "</dd></div>");
    begin_pair(out, "Last run");
    if (target->last_run_wall_ns != 0)
        markup_moment(out, target->last_run_wall_ns, now.wall_ns);
    else
        buffer_text(out, "none yet");
    buffer_text(out, "</dd></div>");
    begin_pair(out, "Last good run");
    if (target->last_success_wall_ns != 0)
        markup_moment(out, target->last_success_wall_ns, now.wall_ns);
    else
        buffer_text(out, "none yet");
    buffer_text(out, "</dd></div>");
    if (board_next_run_wall_ns(target, now) != 0) {
        begin_pair(out, "Next run");
        markup_moment(out, board_next_run_wall_ns(target, now), now.wall_ns);
        buffer_text(out, "</dd></div>");
    }
    if (target->latency_limit_ns > 0) {
        begin_pair(out, "Slow above");
        markup_latency(out, target->latency_limit_ns);
        buffer_text(out, "</dd></div>");
    }
    buffer_text(out, "</dl>\n");
}

/* Where no problem is told of it, as in maintenance. */
static void write_reason(const struct page *page, const struct board_target *target)
{
    const struct reason_row *row = reason_row(target->reason);
    struct buffer *out = page->out;

    buffer_text(out, "<article class=\"problem\"><p class=\"what\">");
    markup_text(out, row->sentence);
    buffer_text(out, "</p><p><b>What to do:</b> ");
    markup_text(out, row->remedy);
    buffer_text(out, "</p>");
    page_message(page, target->message);
    buffer_text(out, "</article>\n");
}

static void write_state(const struct page *page, const struct board_target *target)
{
    enum board_state state = board_target_state(target, page->view->now);
    struct buffer *out = page->out;

    buffer_format(out, "<div class=\"sum %s\" role=\"status\"><p id=\"summary\">",
                  board_state_row(state)->name);
    page_symbol(out, board_state_row(state)->name);
    page_state_title(out, state);
    if (state == STATE_FAILING) {
        buffer_format(out, ": %s, %llu run%s in a row", reason_name(target->reason),
                      (unsigned long long)target->consecutive_failures,
                      page_plural(target->consecutive_failures));
    } else if (state == STATE_SLOW) {
        buffer_format(out, ": %llu run%s in a row took longer than ",
                      (unsigned long long)target->consecutive_slow_runs,
                      page_plural(target->consecutive_slow_runs));
        markup_latency(out, target->latency_limit_ns);
    }
    buffer_text(out, ".</p></div>\n");
}

/* ---- its runs ----------------------------------------------------------------------------------------------------- */

static void write_time_cell(struct buffer *out, uint32_t us)
{
    buffer_text(out, "<td>");
    if (us != BOARD_NO_TIME)
        markup_latency(out, us * MICROSECOND_NS);
    buffer_text(out, "</td>");
}

static void write_result_cell(struct buffer *out, const struct board_run *run)
{
    const char *key = run->reason == REASON_NONE ? "good" : "failing";

    buffer_format(out, "<td class=\"%s\">", key);
    page_symbol(out, key);
    buffer_text(out, run->reason == REASON_NONE ? "Good" : reason_name((enum reason)run->reason));
    buffer_text(out, "</td>");
}

static void write_code_cell(struct buffer *out, const struct board_run *run)
{
    if (run->status != 0)
        buffer_format(out, "<td>%u</td>", (unsigned)run->status);
    else
        buffer_text(out, "<td></td>");
}

static void write_run(const struct page *page, const struct board_run *run)
{
    struct buffer *out = page->out;

    buffer_text(out, "<tr><th scope=\"row\">");
    markup_moment(out, run->ended_wall_ns, page->view->now.wall_ns);
    buffer_text(out, "</th>");
    write_result_cell(out, run);
    write_code_cell(out, run);
    write_time_cell(out, run->duration_us);
    for (int phase = 0; phase < BOARD_PHASES; phase++)
        write_time_cell(out, run->phase_us[phase]);
    buffer_text(out, "<td>");
    if (run->rows != BOARD_NO_ROWS)
        buffer_format(out, "%s%lu", run->rows == BOARD_MOST_ROWS ? "at least " : "",
                      (unsigned long)run->rows);
    buffer_text(out, "</td><td>");
    if (run->retries > 0)
        buffer_format(out, "%u", (unsigned)run->retries);
    buffer_text(out, "</td></tr>\n");
}

static void write_legend(struct buffer *out)
{
    buffer_text(out, "<ul class=\"legend\" aria-hidden=\"true\">");
    for (int phase = 0; phase <= BOARD_PHASES; phase++)
        buffer_format(out, "<li><svg viewBox=\"0 0 12 12\"><path class=\"p%d\" d=\"M6 12V0\"/></svg>%s</li>",
                      phase, phase < BOARD_PHASES ? phase_words[phase] : "Other requests");
    buffer_text(
        out,
        "<li><svg viewBox=\"0 0 12 12\"><path class=\"x\" d=\"M2 2l8 8m-8 0l8-8\"/></svg>Failed</li></ul>\n");
}

/* The newest first. The caller frees. */
static struct board_run *read_runs(const struct history *history, size_t *count)
{
    struct board_run *runs = memory_new(history_count(history), sizeof *runs);
    struct history_walk walk = history_begin(history);

    *count = history_count(history);
    for (size_t i = *count; i > 0; i--)
        history_next(&walk, &runs[i - 1]);
    return runs;
}

static void write_table(const struct page *page, const struct board_run *runs, size_t count)
{
    struct buffer *out = page->out;

    buffer_text(out, "<div class=\"t\" role=\"region\" aria-label=\"Table of runs\" tabindex=\"0\"><table "
                     "class=\"runs\"><caption>The last runs and their phases, the newest first</caption>\n"
                     "<thead><tr><th scope=\"col\">Ended</th><th scope=\"col\">Result</th>"
                     "<th scope=\"col\">Code</th><th scope=\"col\">Latency</th>");
    for (int phase = 0; phase < BOARD_PHASES; phase++)
        buffer_format(out, "<th scope=\"col\">%s</th>", phase_words[phase]);
    buffer_text(out, "<th scope=\"col\">Rows</th><th scope=\"col\">Retries</th></tr></thead>\n<tbody>");
    for (size_t i = 0; i < count; i++)
        write_run(page, &runs[i]);
    buffer_text(out, "</tbody></table></div>\n");
}

static void write_picture(const struct page *page, const struct board_target *target)
{
    struct buffer *out = page->out;

    buffer_text(out, "<section aria-labelledby=\"r\"><h2 id=\"r\">Last runs</h2>\n");
    if (history_count(target->history) == 0) {
        buffer_text(out, "<p>There is none yet.</p>");
    } else {
        buffer_text(out, "<div class=\"chart\">");
        spark_write_phases(target, out);
        write_legend(out);
        buffer_text(out, "</div>");
    }
    buffer_text(out, "</section>\n");
}

static void write_runs(const struct page *page, const struct board_target *target)
{
    struct buffer *out = page->out;
    size_t count;
    struct board_run *runs = read_runs(target->history, &count);
    size_t shown = count > TABLE_RUNS ? TABLE_RUNS : count;

    if (count > 0) {
        buffer_text(out,
                    "<section aria-labelledby=\"e\"><h2 id=\"e\">Run by run</h2>\n<p class=\"dim\">Resolve, "
                    "connect and TLS stand where a run opened a new connection. Processing and transfer are "
                    "those of its last request");
        if (count > shown)
            buffer_format(out, "; %zu older runs are not shown", count - shown);
        buffer_text(out, ".</p>");
        write_table(page, runs, shown);
        buffer_text(out, "</section>\n");
    }
    free(runs);
}

/* ---- its failures ------------------------------------------------------------------------------------------------- */

/* newer: the one in the row above, NULL: none. A server that is down says the same again and again. */
static void write_said(const struct page *page, const struct board_failure *failure,
                       const struct board_failure *newer)
{
    struct buffer *out = page->out;

    buffer_text(out, "<td class=\"said\">");
    if (page->setting->show_messages && failure->message != NULL) {
        if (newer != NULL && newer->message != NULL && strcmp(newer->message, failure->message) == 0)
            buffer_text(out, "<span class=\"dim\">as above</span>");
        else
            markup_text(out, failure->message);
    }
    buffer_text(out, "</td>");
}

static void write_failure(const struct page *page, const struct board_failure *failure,
                          const struct board_failure *newer)
{
    struct buffer *out = page->out;

    buffer_text(out, "<tr><th scope=\"row\">");
    markup_moment(out, failure->run.ended_wall_ns, page->view->now.wall_ns);
    buffer_text(out, "<small>");
    markup_utc(out, failure->run.ended_wall_ns);
    buffer_text(out, "</small></th>");
    write_result_cell(out, &failure->run);
    write_code_cell(out, &failure->run);
    write_time_cell(out, failure->run.duration_us);
    write_said(page, failure, newer);
    buffer_text(out, "<td class=\"id\">");
    if (failure->correlation != NULL)
        markup_text(out, failure->correlation);
    buffer_text(out, "</td></tr>\n");
}

static void write_failures(const struct page *page, const struct board_target *target)
{
    struct buffer *out = page->out;
    const struct board_failure *newer = NULL;

    buffer_text(out, "<section aria-labelledby=\"f\"><h2 id=\"f\">Recent failures</h2>\n");
    if (failures_count(target->failures) == 0) {
        buffer_text(out, "<p>There is none.</p></section>\n");
        return;
    }
    buffer_text(out, "<p class=\"dim\">They are kept longer than good runs.</p>");
    buffer_text(
        out, "<div class=\"t\" role=\"region\" aria-label=\"Table of failures\" tabindex=\"0\"><table "
             "class=\"failures\">"
             "<caption>Recent failures, the newest first</caption>\n<thead><tr><th scope=\"col\">Ended</th>"
             "<th scope=\"col\">Reason</th><th scope=\"col\">Code</th><th scope=\"col\">Latency</th>"
             "<th scope=\"col\">The server's message</th><th scope=\"col\">Correlation id</th></tr></thead>\n"
             "<tbody>");
    for (size_t i = failures_count(target->failures); i > 0; i--) {
        const struct board_failure *failure = failures_at(target->failures, i - 1);
        write_failure(page, failure, newer);
        newer = failure;
    }
    buffer_text(out, "</tbody></table></div>\n");
    buffer_text(out, "</section>\n");
}

static void write_columns(const struct page *page, const struct board_target *target)
{
    struct buffer *out = page->out;

    if (target->drift == NULL)
        return;
    buffer_text(out, "<section aria-labelledby=\"c\"><h2 id=\"c\">Columns</h2><p>They changed ");
    if (target->schema_changes == 1)
        buffer_text(out, "once, ");
    else
        buffer_format(out, "%llu times, the last time ", (unsigned long long)target->schema_changes);
    markup_moment(out, target->drift_wall_ns, page->view->now.wall_ns);
    buffer_text(out, ".</p>");
    page_message(page, target->drift);
    buffer_text(out, "</section>\n");
}

/* What a run said that did not fail. */
static void write_words(const struct page *page, const struct board_target *target)
{
    if (target->reason != REASON_NONE || target->message == NULL || !page->setting->show_messages)
        return;
    buffer_text(page->out, "<section aria-labelledby=\"w\"><h2 id=\"w\">What the server says</h2>");
    page_message(page, target->message);
    buffer_text(page->out, "</section>\n");
}

/* Has a server said something of it? */
static bool has_words(const struct board_target *target)
{
    bool found = target->message != NULL || target->drift != NULL;

    for (size_t i = 0; i < failures_count(target->failures); i++)
        found = found || failures_at(target->failures, i)->message != NULL;
    return found;
}

void page_detail(const struct page *page, const struct board_target *target)
{
    struct buffer *out = page->out;

    write_way_back(page);
    buffer_text(out, "<h1>");
    markup_text(out, page->query->probe);
    buffer_text(out, "</h1>\n");
    if (target == NULL) {
        buffer_text(out, "<p class=\"sum waiting\">");
        page_symbol(out, "waiting");
        buffer_text(out, "There is no such target in the configuration in force.</p>\n");
        return;
    }
    write_state(page, target);
    write_facts(page, target);
    if (page_problems_of(page, target) == 0 && board_target_state(target, page->view->now) == STATE_FAILING)
        write_reason(page, target);
    write_words(page, target);
    write_picture(page, target);
    write_failures(page, target);
    write_columns(page, target);
    write_runs(page, target);
    if (!page->setting->show_messages && has_words(target))
        page_message_hidden(out);
}
