/* The frame of the status page. */
#include "web/page.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/embedded.h"
#include "base/memory.h"
#include "web/markup.h"
#include "web/page_parts.h"

#define REFRESH_SECONDS 15

/* ---- the policy --------------------------------------------------------------------------------------------------- */

static char policy[512];
static pthread_once_t policy_once = PTHREAD_ONCE_INIT;

static const struct embedded_file *part(const char *name)
{
    const struct embedded_file *file = embedded_find(embedded_page, name);
    assert(file != NULL);
    return file;
}

static void make_policy(void)
{
    char *text = memory_format(
        "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; img-src data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        part("page.css")->sha256, part("page.js")->sha256);
    assert(strlen(text) < sizeof policy);
    memcpy(policy, text, strlen(text));
    free(text);
}

const char *page_content_policy(void)
{
    pthread_once(&policy_once, make_policy);
    return policy;
}

/* ---- what several parts use --------------------------------------------------------------------------------------- */

const enum board_state page_state_order[BOARD_STATES] = {STATE_FAILING,   STATE_SLOW, STATE_WAITING,
                                                         STATE_NEVER_RAN, STATE_GOOD, STATE_RESTING};

int page_state_rank(enum board_state state)
{
    int rank = 0;

    while (page_state_order[rank] != state)
        rank++;
    return rank;
}

void page_state_title(struct buffer *out, enum board_state state)
{
    const char *words = board_state_row(state)->words;

    buffer_byte(out, (char)(words[0] - 'a' + 'A'));
    buffer_text(out, words + 1);
}

const char *page_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

void page_symbol(struct buffer *out, const char *key)
{
    buffer_format(out, "<svg class=\"i\" aria-hidden=\"true\"><use href=\"#%s\"/></svg>", key);
}

void page_target_link(const struct page *page, const struct board_target *target)
{
    struct page_query query = *page->query;

    query.appserver = (char *)target->appserver;
    query.company = (char *)target->company;
    query.probe = (char *)target->probe;
    page_query_link(&query, page->out);
}

void page_message_hidden(struct buffer *out)
{
    buffer_text(
        out, "<p class=\"dim\">The servers' own messages are not shown here: without authentication only a "
             "browser on the exporter's own machine sees them (ssh -L is one way to be there).</p>\n");
}

void page_message(const struct page *page, const char *message)
{
    if (message == NULL || message[0] == '\0' || !page->setting->show_messages)
        return;
    buffer_text(page->out, "<blockquote>");
    markup_text(page->out, message);
    buffer_text(page->out, "</blockquote>");
}

/* ---- counting ----------------------------------------------------------------------------------------------------- */

/* ---- the head ----------------------------------------------------------------------------------------------------- */

/* Problems that are not about failing or slow targets. */
static size_t other_problems(const struct page *page)
{
    size_t count = 0;

    for (size_t i = 0; i < page->problems.count; i++) {
        const struct problem *problem = &page->problems.items[i];
        count += problem_row(problem->kind)->severity < SEVERITY_NOTICE && problem->target_count == 0;
    }
    return count;
}

/* One sentence on the whole, without its full stop. */
static void write_summary_text(const struct page *page)
{
    struct buffer *out = page->out;
    size_t all = page->view->target_count, bad = page->counts.all[STATE_FAILING];
    size_t not_yet = page->counts.all[STATE_NEVER_RAN], slow = page->counts.all[STATE_SLOW];
    size_t well = page->counts.all[STATE_GOOD] + slow, others = other_problems(page);

    if (page->setting->hung)
        buffer_text(out, "The agent does not turn");
    else if (bad > 0)
        buffer_format(out, "%zu of %zu target%s fail%s", bad, all, page_plural(all), bad == 1 ? "s" : "");
    else if (all == 0)
        buffer_text(out, "No target is configured");
    else if (well == 0 && not_yet > 0)
        buffer_text(out, "No target has run yet");
    else if (well == 0)
        buffer_text(out, "No target runs at the moment");
    else
        buffer_format(out, "All %zu target%s that ran %s well", well, page_plural(well),
                      well == 1 ? "is" : "are");
    if (slow > 0)
        buffer_format(out, "; %zu %s slow", slow, slow == 1 ? "is" : "are");
    if (not_yet > 0 && well + bad > 0)
        buffer_format(out, "; %zu wait%s for the first run", not_yet, not_yet == 1 ? "s" : "");
    if (others > 0 && !page->setting->hung)
        buffer_format(out, "; %zu other problem%s", others, page_plural(others));
}

/* The state of the whole, as key of its symbol and class. */
static const char *summary_key(const struct page *page)
{
    enum problem_severity worst = SEVERITIES;

    for (size_t i = 0; i < page->problems.count; i++)
        if (problem_row(page->problems.items[i].kind)->severity < worst)
            worst = problem_row(page->problems.items[i].kind)->severity;
    return worst <= SEVERITY_ERROR || page->counts.all[STATE_FAILING] > 0 ? "failing"
           : worst == SEVERITY_WARNING                                    ? "slow"
           : page->counts.all[STATE_GOOD] > 0                             ? "good"
                                                                          : "waiting";
}

static const struct {
    const char *key, *colour, *path; /* in a square of 16 */
} symbols[] = {
    {"failing", "b3261e", "M4 4l8 8m-8 0l8-8"},
    {"slow", "8a5300", "M8 2.5v7m0 3.2v.8"},
    {"never_ran", "556070", "M3.5 8h.1m4.3 0h.1m4.4 0h.1"},
    {"waiting", "556070", "M8 3v5l3 3M8 1a7 7 0 1 0 .1 0"},
    {"good", "146c3c", "M3 8.5l3.5 3.5 6.5-8"},
    {"resting", "556070", "M5.5 4v8m5-8v8"},
};

/* The icon of the tab tells the state too. */
static void write_icon(const struct page *page)
{
    const char *key = summary_key(page);

    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++)
        if (strcmp(symbols[i].key, key) == 0)
            buffer_format(page->out,
                          "<link rel=\"icon\" href=\"data:image/svg+xml,%%3Csvg "
                          "xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%%3E%%3Crect width='16' "
                          "height='16' rx='4' fill='%%23%s'/%%3E%%3Cpath d='%s' fill='none' stroke='white' "
                          "stroke-width='2.4' stroke-linecap='round'/%%3E%%3C/svg%%3E\">",
                          symbols[i].colour, symbols[i].path);
}

static void write_symbols(struct buffer *out)
{
    buffer_text(out, "<svg class=\"defs\" aria-hidden=\"true\">");
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++)
        buffer_format(out, "<symbol id=\"%s\" viewBox=\"0 0 16 16\"><path d=\"%s\"/></symbol>",
                      symbols[i].key, symbols[i].path);
    buffer_text(out, "</svg>\n");
}

static void write_title(const struct page *page, const struct board_target *target)
{
    buffer_text(page->out, "<title>");
    if (page_query_has_target(page->query)) {
        markup_text(page->out, page->query->probe);
        buffer_text(page->out, ": ");
        if (target == NULL)
            buffer_text(page->out, "no such target");
        else if (board_target_state(target, page->view->now) == STATE_FAILING)
            buffer_text(page->out, reason_name(target->reason));
        else
            buffer_text(page->out, board_state_row(board_target_state(target, page->view->now))->words);
    } else {
        write_summary_text(page);
    }
    buffer_text(page->out, " - epicor_exporter</title>");
}

static void write_head(const struct page *page, const struct board_target *target)
{
    struct buffer *out = page->out;

    buffer_text(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                     "<meta name=\"color-scheme\" content=\"light dark\">");
    /* What the script holds against what it was loaded with: after an upgrade the page is loaded anew. */
    buffer_format(out, "<meta name=\"generator\" content=\"epicor_exporter %.8s%.8s\">",
                  part("page.css")->sha256, part("page.js")->sha256);
    if (!page->query->still)
        buffer_format(out, "<noscript><meta http-equiv=\"refresh\" content=\"%d\"></noscript>",
                      REFRESH_SECONDS);
    write_title(page, target);
    write_icon(page);
    buffer_text(out, "<style>");
    buffer_append(out, part("page.css")->data, part("page.css")->size);
    buffer_text(out, "</style></head>\n<body>");
}

/* ---- above and below the parts ------------------------------------------------------------------------------------ */

static void write_banner(const struct page *page)
{
    struct buffer *out = page->out;
    bool fleet = !page_query_has_target(page->query);

    buffer_text(out, "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n");
    write_symbols(out);
    buffer_text(out, fleet ? "<header><h1>epicor_exporter</h1>"
                           : "<header><p class=\"brand\"><a href=\"./\">epicor_exporter</a></p>");
    buffer_text(out, "<span class=\"v\">");
    markup_text(out, page->setting->version);
    buffer_text(out, "</span><nav aria-label=\"Pages of this exporter\">");
    if (fleet) {
        if (page->problems.count > 0)
            buffer_text(out, "<a href=\"#problems\">Problems</a>");
        buffer_text(out, "<a href=\"#appservers\">App servers</a><a href=\"#targets\">Targets</a>");
    }
    buffer_text(out, "<a href=\"");
    markup_text(out, page->setting->telemetry_path + 1); /* relative: a proxy may put the page elsewhere */
    buffer_text(out, "\">Metrics</a><a href=\"api/v1/status\">JSON</a></nav></header>\n");
}

/* How many targets are in which state, as links that show those. */
static void write_tiles(const struct page *page)
{
    struct buffer *out = page->out;
    struct page_query query = page_query_fleet(page->query);

    query.text = (char *)"";
    query.number = 1;
    buffer_text(out, "<nav aria-label=\"Targets by state\"><ul class=\"tiles\">");
    for (int i = 0; i < BOARD_STATES; i++) {
        enum board_state state = page_state_order[i];
        if (page->counts.all[state] == 0)
            continue;
        query.state = state;
        buffer_format(out, "<li><a class=\"%s\" data-state=\"%s\" href=\"", board_state_row(state)->name,
                      board_state_row(state)->name);
        page_query_link(&query, out);
        buffer_text(out, "#targets\">");
        page_symbol(out, board_state_row(state)->name);
        buffer_format(out, "<b>%zu</b> %s</a></li>", page->counts.all[state], board_state_row(state)->words);
    }
    buffer_text(out, "</ul></nav>\n");
}

static void write_summary(const struct page *page)
{
    struct buffer *out = page->out;
    const char *key = summary_key(page);

    buffer_format(out, "<div class=\"sum %s\" role=\"status\"><p id=\"summary\">", key);
    page_symbol(out, key);
    write_summary_text(page);
    buffer_text(out, ".</p></div>\n");
    write_tiles(page);
}

/* When this was written, and the switch of the refreshing: a link without JavaScript, a button with it. */
static void write_age(const struct page *page)
{
    struct buffer *out = page->out;
    struct page_query query = *page->query;

    query.still = !query.still;
    buffer_text(out, "<div class=\"age\"><p id=\"lost\" role=\"status\"></p><p id=\"age\">As of ");
    markup_utc(out, page->view->now.wall_ns);
    buffer_format(out,
                  page->query->still ? ". This page does not refresh itself. " : ", refreshed every %d s. ",
                  REFRESH_SECONDS);
    buffer_text(out, "<a id=\"still\" href=\"");
    page_query_link(&query, out);
    buffer_format(out, "\">%s</a></p></div>\n", page->query->still ? "Refresh it" : "Pause");
}

static const struct board_target *find_target(const struct board_view *view, const struct page_query *query)
{
    for (size_t i = 0; i < view->target_count; i++) {
        const struct board_target *target = view->targets[i];
        if (strcmp(target->probe, query->probe) == 0 && strcmp(target->company, query->company) == 0 &&
            strcmp(target->appserver, query->appserver) == 0)
            return target;
    }
    return NULL;
}

static void write_body(const struct page *page, const struct board_target *target)
{
    struct buffer *out = page->out;

    write_banner(page);
    buffer_text(out, "<main id=\"main\" tabindex=\"-1\">\n");
    write_age(page);
    if (page_query_has_target(page->query)) {
        page_detail(page, target);
    } else {
        write_summary(page);
        page_problems(page);
        page_appservers(page);
        page_targets(page);
    }
    buffer_format(out, "</main>\n<footer>%s. Times are UTC.</footer>\n<script>",
                  page->setting->ready ? "The schedule turns" : "The schedule does not turn yet");
    buffer_append(out, part("page.js")->data, part("page.js")->size);
    buffer_text(out, "</script></body></html>\n");
}

enum page_outcome page_write(const struct page_setting *setting, const struct board_view *view,
                             struct buffer *out)
{
    struct page_query query;
    struct page page = {.setting = setting, .view = view, .query = &query, .out = out};

    const char *wrong = page_query_read(&query, setting->query == NULL ? "" : setting->query);
    if (wrong != NULL) {
        buffer_text(out, wrong);
        return out->failed ? PAGE_TOO_LARGE : PAGE_BAD_QUERY;
    }
    const struct board_target *target = page_query_has_target(&query) ? find_target(view, &query) : NULL;
    bool missing = page_query_has_target(&query) && target == NULL;
    page.counts = board_count(view);
    page.problems = problems_of(view, setting->hung);
    write_head(&page, target);
    write_body(&page, target);
    board_counts_free(&page.counts);
    problem_list_free(&page.problems);
    page_query_free(&query);
    return out->failed ? PAGE_TOO_LARGE : missing ? PAGE_NO_TARGET : PAGE_WRITTEN;
}
