/* What is wrong, why, and what to do (report/problem.h). */
#include <string.h>

#include "web/markup.h"
#include "web/page_parts.h"

/* Targets named in one problem; the table has them all. */
#define NAMED_TARGETS 8

/* Whom or what it concerns, behind the name of the app server. */
static const char *const scopes[PROBLEM_KINDS] = {
    [PROBLEM_HUNG] = "the agent does not turn",
    [PROBLEM_VERDICT] = "the whole app server",
    [PROBLEM_LOGIN] = "its login",
    [PROBLEM_TOKEN] = "its token",
    [PROBLEM_CERTIFICATE_EXPIRED] = "a certificate has expired",
    [PROBLEM_TARGETS] = NULL, /* so many targets, as of the next two */
    [PROBLEM_RELOAD] = "the last reload failed",
    [PROBLEM_THROTTLED] = "license seats",
    [PROBLEM_PRODUCTION] = "production or not",
    [PROBLEM_CERTIFICATE_EXPIRING] = "a certificate expires soon",
    [PROBLEM_SLOW] = NULL,
    [PROBLEM_DRIFT] = NULL,
};

/* What is wrong with them where no reason tells it. */
static const char *const faults[PROBLEM_KINDS] = {
    [PROBLEM_SLOW] = "slow", [PROBLEM_DRIFT] = "columns changed"};

struct writer {
    const struct page *page;
    const struct problem *problem;
    const struct board_appserver *server; /* NULL: the exporter itself */
    const char *said;                     /* the message shown last */
    bool whole;                           /* its targets too */
};

static void write_message(struct writer *writer, const char *message)
{
    if (message == NULL || (writer->said != NULL && strcmp(writer->said, message) == 0))
        return; /* nothing, or what has just been said */
    writer->said = message;
    page_message(writer->page, message);
}

/* ---- head --------------------------------------------------------------------------------------------------------- */

static void write_heading(const struct writer *writer)
{
    const struct problem *problem = writer->problem;
    struct buffer *out = writer->page->out;
    const char *fault = problem->reason != REASON_NONE ? reason_name(problem->reason) : faults[problem->kind];

    buffer_text(out, writer->whole ? "<h3>" : "<h2>");
    page_symbol(out, problem_row(problem->kind)->severity <= SEVERITY_ERROR ? "failing" : "slow");
    if (!writer->whole && scopes[problem->kind] == NULL && problem->target_count == 1) {
        buffer_format(out, "<b>%s</b></h2>", fault); /* the page is about that one */
        return;
    }
    markup_text(out, writer->server == NULL ? "epicor_exporter" : writer->server->name);
    buffer_text(out, "<span>, ");
    if (scopes[problem->kind] != NULL)
        buffer_text(out, scopes[problem->kind]);
    else
        buffer_format(out, "%zu target%s", problem->target_count, page_plural(problem->target_count));
    if (fault != NULL)
        buffer_format(out, ": <b>%s</b>", fault);
    buffer_text(out, writer->whole ? "</span></h3>" : "</span></h2>");
}

static void write_since(const struct writer *writer)
{
    const struct problem *problem = writer->problem;
    struct buffer *out = writer->page->out;
    int64_t now_ns = writer->page->view->now.wall_ns;

    if (problem->kind == PROBLEM_HUNG && writer->page->setting->heartbeat_ns == 0)
        buffer_text(out, " It has not begun to turn.");
    else if (problem->kind == PROBLEM_HUNG) {
        buffer_text(out, " Its last turn was ");
        markup_span(out, writer->page->view->now.boot_ns - writer->page->setting->heartbeat_ns);
        buffer_text(out, " ago.");
    } else if (problem->since_wall_ns != 0 && problem->kind != PROBLEM_DRIFT) {
        buffer_text(out, problem->kind == PROBLEM_CERTIFICATE_EXPIRING  ? " It expires "
                         : problem->kind == PROBLEM_CERTIFICATE_EXPIRED ? " It expired "
                                                                        : " It began ");
        markup_moment(out, problem->since_wall_ns, now_ns);
        buffer_byte(out, '.');
    }
}

static void write_login_block(const struct writer *writer)
{
    const struct board_appserver *server = writer->server;
    struct buffer *out = writer->page->out;
    int64_t now_ns = writer->page->view->now.wall_ns;

    if (server == NULL || server->login_blocked_until_wall_ns <= now_ns ||
        (writer->problem->kind != PROBLEM_LOGIN && (writer->problem->kind != PROBLEM_VERDICT ||
                                                    writer->problem->reason != server->login_blocked_reason)))
        return;
    buffer_text(out, "<p>No login is tried again before ");
    markup_utc(out, server->login_blocked_until_wall_ns);
    buffer_text(out, " (");
    markup_moment(out, server->login_blocked_until_wall_ns, now_ns);
    buffer_text(out, "), so that the account is not locked");
    buffer_text(out, server->login_secret_changeable
                         ? "; a changed secret is tried at once.</p>"
                         : "; its secrets cannot change while the exporter runs.</p>");
}

/* ---- its targets -------------------------------------------------------------------------------------------------- */

static void write_how_long(const struct writer *writer, const struct board_target *target)
{
    struct buffer *out = writer->page->out;
    int64_t now_ns = writer->page->view->now.wall_ns;

    if (writer->problem->kind == PROBLEM_DRIFT) {
        markup_moment(out, target->drift_wall_ns, now_ns);
    } else if (writer->problem->kind == PROBLEM_SLOW) {
        buffer_format(out, "%llu run%s above ", (unsigned long long)target->consecutive_slow_runs,
                      page_plural(target->consecutive_slow_runs));
        markup_latency(out, target->latency_limit_ns);
        buffer_text(out, "; the last took ");
        markup_latency(out, target->duration_ns);
    } else {
        buffer_format(out, "%llu failed run%s in a row; ", (unsigned long long)target->consecutive_failures,
                      page_plural(target->consecutive_failures));
        buffer_text(out, target->last_success_wall_ns != 0 ? "the last good one " : "no good one yet");
        if (target->last_success_wall_ns != 0)
            markup_moment(out, target->last_success_wall_ns, now_ns);
    }
}

static void write_target(struct writer *writer, const struct board_target *target)
{
    struct buffer *out = writer->page->out;

    buffer_text(out, "<li><a href=\"");
    page_target_link(writer->page, target);
    buffer_text(out, "\">");
    markup_text(out, target->probe);
    buffer_text(out, "</a>");
    if (target->company[0] != '\0') {
        buffer_byte(out, ' ');
        markup_text(out, target->company);
    }
    buffer_text(out, ": ");
    write_how_long(writer, target);
    if (writer->problem->kind == PROBLEM_DRIFT)
        write_message(writer, target->drift);
    else if (writer->problem->kind != PROBLEM_SLOW)
        write_message(writer, target->message);
    buffer_text(out, "</li>");
}

static void write_targets(struct writer *writer)
{
    const struct problem *problem = writer->problem;
    struct buffer *out = writer->page->out;

    if (problem->target_count == 0)
        return;
    buffer_text(out, "<ul>");
    for (size_t i = 0; i < problem->target_count && i < NAMED_TARGETS; i++)
        write_target(writer, writer->page->view->targets[problem->targets[i]]);
    if (problem->target_count > NAMED_TARGETS)
        buffer_format(out, "<li>and %zu more: see the table of targets</li>",
                      problem->target_count - NAMED_TARGETS);
    buffer_text(out, "</ul>");
}

/* ---- the problem -------------------------------------------------------------------------------------------------- */

static void write_problem(const struct page *page, const struct problem *problem, bool whole)
{
    struct writer writer = {.page = page, .problem = problem, .whole = whole};
    const struct problem_row *row = problem_row(problem->kind);
    struct buffer *out = page->out;

    if (problem->appserver < page->view->appserver_count)
        writer.server = page->view->appservers[problem->appserver];
    buffer_format(out, "<article class=\"problem%s\" data-key=\"%s %s ",
                  row->severity <= SEVERITY_ERROR ? "" : " warning", row->name, reason_name(problem->reason));
    markup_text(out, writer.server == NULL ? "" : writer.server->name);
    buffer_text(out, "\">");
    write_heading(&writer);
    buffer_text(out, "<p class=\"what\">");
    markup_text(out, problem->sentence);
    write_since(&writer);
    buffer_text(out, "</p><p><b>What to do:</b> ");
    markup_text(out, problem->remedy);
    buffer_text(out, "</p>");
    write_login_block(&writer);
    /* What came and went stands with each target. */
    write_message(&writer, problem->kind == PROBLEM_DRIFT && whole ? NULL : problem->message);
    if (whole)
        write_targets(&writer);
    buffer_text(out, "</article>\n");
}

static bool has_message(const struct problem_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].message != NULL)
            return true;
    return false;
}

void page_problems(const struct page *page)
{
    struct buffer *out = page->out;

    if (page->problems.count == 0)
        return;
    buffer_text(out, "<section id=\"problems\" aria-labelledby=\"p\"><h2 id=\"p\">What is wrong, and what to "
                     "do</h2>\n");
    for (size_t i = 0; i < page->problems.count; i++)
        write_problem(page, &page->problems.items[i], true);
    if (!page->setting->show_messages && has_message(&page->problems))
        page_message_hidden(out);
    buffer_text(out, "</section>\n");
}

static bool concerns(const struct page *page, const struct problem *problem,
                     const struct board_target *target)
{
    for (size_t i = 0; i < problem->target_count; i++)
        if (page->view->targets[problem->targets[i]] == target)
            return true;
    return false;
}

size_t page_problems_of(const struct page *page, const struct board_target *target)
{
    size_t count = 0;

    for (size_t i = 0; i < page->problems.count; i++) {
        if (!concerns(page, &page->problems.items[i], target))
            continue;
        write_problem(page, &page->problems.items[i], false);
        count++;
    }
    return count;
}
