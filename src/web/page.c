#include "web/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "web/markup.h"

/* Its hash stands in page_content_policy; a test holds one against the other. */
static const char style[] =
    ":root{color-scheme:light "
    "dark;--bg:#f6f7f9;--fg:#1c2430;--dim:#5a6675;--card:#fff;--line:#dde2e8;--good:#12703a;--bad:#b3261e;--"
    "badbg:#fdecea;--warn:#8a5300;--link:#0b57b5}"
    "@media(prefers-color-scheme:dark){:root{--bg:#12161c;--fg:#e4e8ee;--dim:#9aa6b5;--card:#1b212a;--line:#"
    "303946;--good:#5fd08f;--bad:#ff8a80;--badbg:#2c1a1a;--warn:#f2b655;--link:#82b4ff}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,-apple-system,\"Segoe "
    "UI\",Roboto,\"Noto Sans\",\"DejaVu Sans\",sans-serif}"
    "header,main,footer{max-width:1240px;margin:0 auto;padding:0 20px}"
    "header{display:flex;flex-wrap:wrap;gap:4px 20px;align-items:baseline;padding-top:22px}"
    "h1{font-size:20px;margin:0}h2{font-size:16px;margin:28px 0 8px}h3{font-size:15px;margin:0}"
    "a{color:var(--link)}header a,.v{font-size:13px}.v,.d,footer{color:var(--dim)}.d{font-size:13px}"
    ".sum{margin:14px 0 0;padding:11px 16px;background:var(--card);border:1px solid "
    "var(--line);border-left:5px solid var(--good);border-radius:6px;font-size:17px;font-weight:600}"
    ".sum.b{border-left-color:var(--bad)}.sum.w{border-left-color:var(--warn)}"
    "article{background:var(--badbg);border:1px solid var(--line);border-left:5px solid "
    "var(--bad);border-radius:6px;padding:12px 16px;margin:0 0 12px}"
    "article p{margin:4px 0;max-width:110ch}article ul{margin:8px 0 0;padding-left:20px}"
    "blockquote{margin:3px 0;padding-left:10px;border-left:3px solid "
    "var(--line);font-family:ui-monospace,\"DejaVu Sans "
    "Mono\",monospace;font-size:13px;overflow-wrap:anywhere}"
    ".t{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:6px}"
    "table{border-collapse:collapse;width:100%}"
    "caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    "th,td{text-align:left;padding:6px 12px;border-top:1px solid "
    "var(--line);vertical-align:top;font-weight:400}"
    "thead th{border-top:0;font-size:12px;font-weight:600;color:var(--dim);white-space:nowrap}"
    "tbody th{font-weight:600}"
    ".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}.g{color:var(--good)}"
    ".b{color:var(--bad)}.w{color:var(--warn)}.g,td.b,td.w{white-space:nowrap}"
    ".sum.b,.sum.w{color:inherit}td.d{overflow-wrap:anywhere}"
    "footer{padding-top:18px;padding-bottom:28px;font-size:13px}";

const char page_content_policy[] =
    "default-src 'none'; style-src 'sha256-eNBAhCO30NJQVo3kZyWHAh9XzfSpc/7v1uv/PRT+pRg='; base-uri "
    "'none'; form-action 'none'; frame-ancestors 'none'";

/* Failing targets named in one problem; the table has them all. */
#define NAMED_TARGETS 8

#define CERTIFICATE_WARNING_NS (14 * DAY_NS)

struct picture {
    const struct page_setting *setting;
    const struct board_view *view;
    struct buffer *page;
    size_t *server_of; /* of each target: index of its app server */
    size_t (
        *failing)[REASONS]; /* of each app server: targets by the reason of their last run; NONE: good ones */
    size_t *waiting;        /* of each app server: targets that have not run yet */
    size_t good, bad, not_yet; /* targets */
    size_t problems;           /* groups of them, as the first part shows them */
    bool hid_message;
    const char *last_message; /* shown in the present problem */
};

/* ---- counting ----------------------------------------------------------------------------------------------------- */

static size_t server_index(const struct board_view *view, const char *name, size_t guess)
{
    if (guess < view->appserver_count && strcmp(view->appservers[guess]->name, name) == 0)
        return guess;
    for (size_t i = 0; i < view->appserver_count; i++)
        if (strcmp(view->appservers[i]->name, name) == 0)
            return i;
    return view->appserver_count; /* a place of its own behind the last */
}

static void count_targets(struct picture *picture)
{
    const struct board_view *view = picture->view;
    size_t server = 0;

    picture->server_of = memory_new(view->target_count, sizeof *picture->server_of);
    picture->failing = memory_new(view->appserver_count + 1, sizeof *picture->failing);
    picture->waiting = memory_new(view->appserver_count + 1, sizeof *picture->waiting);
    for (size_t i = 0; i < view->target_count; i++) {
        const struct board_target *target = view->targets[i];
        server = picture->server_of[i] = server_index(view, target->appserver, server);
        if (target->ran)
            picture->failing[server][target->reason]++;
        else
            picture->waiting[server]++;
        picture->good += target->ran && target->reason == REASON_NONE;
        picture->bad += target->ran && target->reason != REASON_NONE;
        picture->not_yet += !target->ran;
    }
}

/* A token request that failed and is not what the server-wide verdict says already. */
static bool has_token_problem(const struct board_appserver *server)
{
    return server->has_token && server->token_reason != REASON_NONE &&
           server->token_reason != server->verdict;
}

static size_t problems_of_server(const struct picture *picture, size_t index)
{
    const struct board_appserver *server = picture->view->appservers[index];
    size_t count = (server->verdict != REASON_NONE) + (size_t)has_token_problem(server);

    for (int reason = REASON_NONE + 1; reason < REASONS; reason++)
        count += picture->failing[index][reason] > 0 && (enum reason)reason != server->verdict;
    return count;
}

static void count_problems(struct picture *picture)
{
    picture->problems = picture->setting->hung;
    for (size_t i = 0; i < picture->view->appserver_count; i++)
        picture->problems += problems_of_server(picture, i);
}

/* ---- the head ----------------------------------------------------------------------------------------------------- */

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* One sentence on the whole. */
static void write_summary_text(const struct picture *picture)
{
    struct buffer *page = picture->page;
    size_t ran = picture->good + picture->bad;

    if (picture->setting->hung)
        buffer_text(page, "The agent does not turn");
    else if (picture->bad > 0)
        buffer_format(page, "%zu of %zu target%s fail%s", picture->bad, picture->view->target_count,
                      plural(picture->view->target_count), picture->bad == 1 ? "s" : "");
    else if (picture->problems > 0)
        buffer_text(page, "Something is wrong");
    else if (picture->view->target_count == 0)
        buffer_text(page, "No target is configured");
    else if (ran == 0)
        buffer_text(page, "No target has run yet");
    else
        buffer_format(page, "All %zu target%s that ran %s well", ran, plural(ran), ran == 1 ? "is" : "are");
    if (picture->not_yet > 0 && ran > 0)
        buffer_format(page, "; %zu wait%s for the first run", picture->not_yet,
                      picture->not_yet == 1 ? "s" : "");
}

static void write_head(const struct picture *picture)
{
    struct buffer *page = picture->page;
    const char *level = picture->problems > 0 ? " b" : picture->good == 0 ? " w" : "";

    buffer_text(page, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                      "<meta http-equiv=\"refresh\" content=\"15\"><title>");
    write_summary_text(picture);
    buffer_text(page, " - epicor_exporter</title><style>");
    buffer_text(page, style);
    buffer_text(page, "</style></head>\n<body><header><h1>epicor_exporter</h1>"
                      "<span class=\"v\">");
    markup_text(page, picture->setting->version);
    buffer_text(page, "</span><nav><a href=\"");
    markup_text(page,
                picture->setting->telemetry_path + 1); /* relative: a proxy may put the page elsewhere */
    buffer_text(page, "\">Metrics</a></nav></header>\n<main>");
    buffer_format(page, "<p class=\"sum%s\" role=\"status\">", level);
    write_summary_text(picture);
    buffer_text(page, ".</p>\n");
}

/* ---- what is wrong ------------------------------------------------------------------------------------------------ */

static void write_message(struct picture *picture, const char *message)
{
    if (message == NULL || message[0] == '\0' ||
        (picture->last_message != NULL && strcmp(picture->last_message, message) == 0))
        return; /* nothing, or what has just been said */
    if (!picture->setting->show_messages) {
        picture->hid_message = true;
        return;
    }
    picture->last_message = message;
    buffer_text(picture->page, "<blockquote>");
    markup_text(picture->page, message);
    buffer_text(picture->page, "</blockquote>");
}

/* What happened and what to do, from the table of reasons. */
static void begin_problem(struct picture *picture, const char *server, const char *scope, enum reason reason)
{
    const struct reason_row *row = reason_row(reason);
    struct buffer *page = picture->page;

    picture->last_message = NULL;
    buffer_text(page, "<article><h3>");
    markup_text(page, server);
    buffer_format(page, "%s: <span class=\"b\">%s</span></h3><p><strong>", scope, row->name);
    markup_text(page, row->sentence);
    buffer_text(page, "</strong></p><p>");
    markup_text(page, row->remedy);
    buffer_text(page, "</p>");
}

static void write_login_block(const struct picture *picture, const struct board_appserver *server)
{
    struct buffer *page = picture->page;

    if (server->login_blocked_until_wall_ns <= picture->view->now.wall_ns)
        return;
    buffer_text(page, "<p>No login is tried again before ");
    markup_utc(page, server->login_blocked_until_wall_ns);
    buffer_text(page, " (");
    markup_moment(page, server->login_blocked_until_wall_ns, picture->view->now.wall_ns);
    buffer_text(page, "), so that the account is not locked");
    buffer_text(page, server->login_secret_changeable
                          ? "; a changed secret is tried at once.</p>"
                          : "; its secrets cannot change while the exporter runs.</p>");
}

static void write_failing_target(struct picture *picture, const struct board_target *target)
{
    struct buffer *page = picture->page;

    buffer_text(page, "<li><b>");
    markup_text(page, target->probe);
    buffer_text(page, "</b>");
    if (target->company[0] != '\0') {
        buffer_text(page, " ");
        markup_text(page, target->company);
    }
    buffer_format(page, ": %llu failed run%s in a row; ", (unsigned long long)target->consecutive_failures,
                  plural(target->consecutive_failures));
    if (target->last_success_wall_ns != 0) {
        buffer_text(page, "the last good one ");
        markup_moment(page, target->last_success_wall_ns, picture->view->now.wall_ns);
    } else {
        buffer_text(page, "no good one yet");
    }
    write_message(picture, target->message);
    buffer_text(page, "</li>");
}

static void write_failing_targets(struct picture *picture, size_t server, enum reason reason)
{
    size_t count = picture->failing[server][reason], named = 0;

    if (count == 0)
        return;
    buffer_text(picture->page, "<ul>");
    for (size_t i = 0; i < picture->view->target_count && named < count && named < NAMED_TARGETS; i++) {
        const struct board_target *target = picture->view->targets[i];
        if (picture->server_of[i] != server || !target->ran || target->reason != reason)
            continue;
        write_failing_target(picture, target);
        named++;
    }
    if (count > named)
        buffer_format(picture->page, "<li>and %zu more: see the table of targets</li>", count - named);
    buffer_text(picture->page, "</ul>");
}

/* What concerns the whole app server. */
static void write_server_problems(struct picture *picture, size_t index)
{
    const struct board_appserver *server = picture->view->appservers[index];
    struct buffer *page = picture->page;

    if (server->verdict != REASON_NONE) {
        begin_problem(picture, server->name, ", the whole app server", server->verdict);
        write_login_block(picture, server);
        if (server->token_reason == server->verdict)
            write_message(picture, server->token_message);
        write_failing_targets(picture, index, server->verdict);
        buffer_text(page, "</article>\n");
    }
    if (has_token_problem(server)) {
        begin_problem(picture, server->name, ", its token", server->token_reason);
        if (server->verdict == REASON_NONE)
            write_login_block(picture, server);
        write_message(picture, server->token_message);
        buffer_text(page, "</article>\n");
    }
}

static void write_target_problems(struct picture *picture, size_t index)
{
    const struct board_appserver *server = picture->view->appservers[index];

    for (int i = REASON_NONE + 1; i < REASONS; i++) {
        enum reason reason = (enum reason)i;
        size_t count = picture->failing[index][reason];
        if (count == 0 || reason == server->verdict)
            continue;
        char *scope = memory_format(", %zu target%s", count, plural(count));
        begin_problem(picture, server->name, scope, reason);
        free(scope);
        write_failing_targets(picture, index, reason);
        buffer_text(picture->page, "</article>\n");
    }
}

static void write_problems(struct picture *picture)
{
    struct buffer *page = picture->page;

    if (picture->problems == 0)
        return;
    buffer_text(page, "<section aria-labelledby=\"p\"><h2 id=\"p\">What is wrong, and what to do</h2>\n");
    if (picture->setting->hung) {
        buffer_text(
            page,
            "<article><h3>epicor_exporter: <span class=\"b\">no sign of the agent</span></h3><p><strong>");
        if (picture->setting->heartbeat_ns == 0) {
            buffer_text(page, "The agent has not begun to turn.");
        } else {
            buffer_text(page, "The agent has not turned for ");
            markup_span(page, picture->view->now.boot_ns - picture->setting->heartbeat_ns);
            buffer_text(page, ".");
        }
        buffer_text(
            page,
            "</strong></p><p>Everything below is as old as that. Restart the exporter; if it comes back, "
            "report it as a bug with the log of that time.</p></article>\n");
    }
    for (size_t i = 0; i < picture->view->appserver_count; i++)
        write_server_problems(picture, i);
    for (size_t i = 0; i < picture->view->appserver_count; i++)
        write_target_problems(picture, i);
    if (picture->hid_message)
        buffer_text(
            page,
            "<p class=\"d\">The servers' own messages are not shown here: without authentication only a "
            "browser on the exporter's own machine sees them (ssh -L is one way to be there).</p>\n");
    buffer_text(page, "</section>\n");
}

/* ---- app servers -------------------------------------------------------------------------------------------------- */

static void write_token_cell(const struct picture *picture, const struct board_appserver *server)
{
    struct buffer *page = picture->page;
    int64_t left = server->token_expiry_boot_ns - picture->view->now.boot_ns;

    if (!server->has_token) {
        buffer_text(page, "<td class=\"d\">not used</td>");
    } else if (server->token_expiry_boot_ns != 0 && left > 0) {
        buffer_text(page, "<td>");
        markup_span(page, left);
        buffer_text(page, " left</td>");
    } else if (server->token_reason != REASON_NONE) {
        buffer_format(page, "<td class=\"b\">none: %s</td>", reason_name(server->token_reason));
    } else {
        buffer_text(page, "<td class=\"d\">none yet</td>");
    }
}

static void write_certificate_cell(const struct picture *picture, const struct board_appserver *server)
{
    struct buffer *page = picture->page;
    int64_t left = (server->certificate_expiry_epoch - picture->view->now.wall_ns / SECOND_NS) * SECOND_NS;

    if (server->certificate_expiry_epoch == 0) {
        buffer_text(page, "<td class=\"d\">none seen</td>");
        return;
    }
    buffer_text(page, left <= 0                       ? "<td class=\"b\">expired "
                      : left < CERTIFICATE_WARNING_NS ? "<td class=\"w\">"
                                                      : "<td>");
    markup_span(page, left <= 0 ? -left : left);
    buffer_text(page, left <= 0 ? " ago</td>" : " left</td>");
}

static void write_server_row(const struct picture *picture, size_t index)
{
    const struct board_appserver *server = picture->view->appservers[index];
    struct buffer *page = picture->page;
    const size_t *by_reason = picture->failing[index];
    size_t failing = 0;

    for (int reason = REASON_NONE + 1; reason < REASONS; reason++)
        failing += by_reason[reason];
    buffer_text(page, "<tr><th scope=\"row\">");
    markup_text(page, server->name);
    buffer_text(page, "</th><td class=\"d\">");
    markup_text(page, server->url);
    buffer_text(page, "</td>");
    if (!server->known)
        buffer_text(page, "<td class=\"d\">not asked yet</td>");
    else if (server->verdict == REASON_NONE)
        buffer_text(page, "<td class=\"g\">\xE2\x9C\x93 up</td>");
    else
        buffer_format(page, "<td class=\"b\">\xE2\x9C\x97 %s</td>", reason_name(server->verdict));
    write_token_cell(picture, server);
    write_certificate_cell(picture, server);
    if (server->login_blocked_until_wall_ns > picture->view->now.wall_ns) {
        const char *said = server->login_blocked_message;
        buffer_text(page, "<td class=\"b\"");
        if (said != NULL) {
            buffer_text(page, " title=\"");
            markup_text(page, said);
            buffer_text(page, "\"");
        }
        buffer_format(page, ">blocked%s%s, again ", server->login_blocked_reason == REASON_NONE ? "" : ": ",
                      reason_name(server->login_blocked_reason));
        markup_moment(page, server->login_blocked_until_wall_ns, picture->view->now.wall_ns);
        buffer_text(page, "</td>");
    } else {
        buffer_text(page, "<td class=\"d\">not blocked</td>");
    }
    buffer_format(page, "<td class=\"n%s\">%zu of %zu</td></tr>\n", failing > 0 ? " b" : "", failing,
                  failing + by_reason[REASON_NONE] + picture->waiting[index]);
}

static void write_servers(const struct picture *picture)
{
    struct buffer *page = picture->page;

    buffer_text(
        page,
        "<section aria-labelledby=\"a\"><h2 id=\"a\">App servers</h2><div class=\"t\"><table><caption>App "
        "servers, their verdict, token and certificate</caption>\n<thead><tr><th scope=\"col\">Name</th>"
        "<th scope=\"col\">Address</th><th scope=\"col\">Verdict</th><th scope=\"col\">Token</th>"
        "<th scope=\"col\">Certificate</th><th scope=\"col\">Login</th>"
        "<th scope=\"col\" class=\"n\">Targets failing</th></tr></thead>\n<tbody>");
    for (size_t i = 0; i < picture->view->appserver_count; i++)
        write_server_row(picture, i);
    buffer_text(page, "</tbody></table></div></section>\n");
}

/* ---- targets ------------------------------------------------------------------------------------------------------ */

static void write_state_cell(struct buffer *page, const struct board_target *target)
{
    if (!target->ran) {
        buffer_text(page, "<td class=\"d\">first run to come</td>");
    } else if (target->reason == REASON_NONE) {
        buffer_text(page, "<td class=\"g\">\xE2\x9C\x93 good</td>");
    } else {
        buffer_format(page, "<td class=\"b\">\xE2\x9C\x97 %s", reason_name(target->reason));
        if (target->consecutive_failures > 1)
            buffer_format(page, " \xC3\x97%llu", (unsigned long long)target->consecutive_failures);
        buffer_text(page, "</td>");
    }
}

static void write_target_row(const struct picture *picture, const struct board_target *target)
{
    struct buffer *page = picture->page;
    struct moment now = picture->view->now;

    buffer_text(page, "<tr><th scope=\"row\">");
    markup_text(page, target->probe);
    buffer_text(page, "</th><td>");
    markup_text(page, target->appserver);
    buffer_text(page, "</td><td>");
    markup_text(page, target->company);
    buffer_text(page, "</td><td>");
    markup_text(page, target->kind);
    buffer_text(page, "</td>");
    write_state_cell(page, target);
    buffer_text(page, "<td class=\"n\">");
    if (target->status != 0)
        buffer_format(page, "%d", target->status);
    buffer_text(page, "</td><td class=\"n\">");
    if (target->ran && target->duration_ns >= 0)
        markup_latency(page, target->duration_ns);
    buffer_text(page, "</td><td class=\"n\">");
    if (target->has_rows)
        buffer_format(page, "%llu", (unsigned long long)target->rows);
    buffer_text(page, "</td><td class=\"n\">");
    if (target->last_run_wall_ns != 0)
        markup_moment(page, target->last_run_wall_ns, now.wall_ns);
    buffer_text(page, "</td><td class=\"n\">");
    if (target->next_run_boot_ns != 0)
        markup_moment(page, now.wall_ns + (target->next_run_boot_ns - now.boot_ns), now.wall_ns);
    buffer_text(page, "</td></tr>\n");
}

static void write_targets(const struct picture *picture)
{
    struct buffer *page = picture->page;

    buffer_text(
        page,
        "<section aria-labelledby=\"t\"><h2 id=\"t\">Targets</h2><div class=\"t\"><table><caption>Targets "
        "and their last run</caption>\n<thead><tr><th scope=\"col\">Probe</th>"
        "<th scope=\"col\">App server</th><th scope=\"col\">Company</th><th scope=\"col\">Kind</th>"
        "<th scope=\"col\">Last run</th><th scope=\"col\" class=\"n\">Code</th>"
        "<th scope=\"col\" class=\"n\">Latency</th><th scope=\"col\" class=\"n\">Rows</th>"
        "<th scope=\"col\" class=\"n\">Ran</th><th scope=\"col\" class=\"n\">Next run</th></tr></thead>\n"
        "<tbody>");
    for (size_t i = 0; i < picture->view->target_count; i++)
        write_target_row(picture, picture->view->targets[i]);
    buffer_text(page, "</tbody></table></div></section>\n");
}

/* ---- columns that came and went ----------------------------------------------------------------------------------- */

static void write_drifts(const struct picture *picture)
{
    struct buffer *page = picture->page;
    bool begun = false;

    for (size_t i = 0; i < picture->view->target_count; i++) {
        const struct board_target *target = picture->view->targets[i];
        if (target->drift == NULL)
            continue;
        buffer_text(
            page, begun ? "" : "<section aria-labelledby=\"c\"><h2 id=\"c\">Columns that changed</h2><ul>\n");
        begun = true;
        buffer_text(page, "<li><strong>");
        markup_text(page, target->probe);
        buffer_text(page, "</strong> on ");
        markup_text(page, target->appserver);
        buffer_text(page, target->company[0] != '\0' ? ", " : "");
        markup_text(page, target->company);
        buffer_text(page, ", ");
        markup_moment(page, target->drift_wall_ns, picture->view->now.wall_ns);
        /* Names of columns are the server's words. */
        if (picture->setting->show_messages) {
            buffer_text(page, ": ");
            markup_text(page, target->drift);
        }
        buffer_text(page, "</li>\n");
    }
    if (begun)
        buffer_text(page, "</ul></section>\n");
}

bool page_write(const struct page_setting *setting, const struct board_view *view, struct buffer *page)
{
    struct picture picture = {.setting = setting, .view = view, .page = page};

    count_targets(&picture);
    count_problems(&picture);
    write_head(&picture);
    write_problems(&picture);
    write_servers(&picture);
    write_targets(&picture);
    write_drifts(&picture);
    buffer_text(page, "</main>\n<footer>As of ");
    markup_utc(page, view->now.wall_ns);
    buffer_format(page, "; %s. This page renews itself every 15 s.</footer></body></html>\n",
                  setting->ready ? "the schedule turns" : "the schedule does not turn yet");
    free(picture.server_of);
    free(picture.failing);
    free(picture.waiting);
    return !page->failed;
}
