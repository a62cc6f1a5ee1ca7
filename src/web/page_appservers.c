/* Every app server: a card with what stands behind its targets. */
#include <stddef.h>

#include "web/markup.h"
#include "web/page_parts.h"

#define CERTIFICATE_WARNING_NS (14 * DAY_NS)
#define CLOCK_WARNING_SECONDS  30.0

struct card {
    const struct page *page;
    const struct board_appserver *server;
    size_t index;
    struct buffer *out;
    struct moment now;
};

/* ---- pairs of a name and its value -------------------------------------------------------------------------------- */

/* level: "", "failing" or "slow", told by its symbol too. */
static void begin_pair(const struct card *card, const char *name, const char *level)
{
    buffer_format(card->out, "<div><dt>%s</dt><dd", name);
    if (level[0] != '\0')
        buffer_format(card->out, " class=\"%s\"", level);
    buffer_byte(card->out, '>');
    if (level[0] != '\0')
        page_symbol(card->out, level);
}

static void end_pair(const struct card *card)
{
    buffer_text(card->out, "</dd></div>");
}

static void write_pair(const struct card *card, const char *name, const char *level, const char *value)
{
    begin_pair(card, name, level);
    markup_text(card->out, value);
    end_pair(card);
}

static void write_token(const struct card *card)
{
    const struct board_appserver *server = card->server;
    int64_t left = server->token_expiry_boot_ns - card->now.boot_ns;

    if (!server->has_token) {
        write_pair(card, "Token", "", "not used");
    } else if (server->token_expiry_boot_ns != 0 && left > 0) {
        begin_pair(card, "Token", server->token_reason == REASON_NONE ? "" : "slow");
        markup_span(card->out, left);
        buffer_text(card->out, " left");
        if (server->token_reason != REASON_NONE)
            buffer_format(card->out, "; renewal failed: %s", reason_name(server->token_reason));
        end_pair(card);
    } else if (server->token_reason != REASON_NONE) {
        begin_pair(card, "Token", "failing");
        buffer_format(card->out, "none: %s", reason_name(server->token_reason));
        end_pair(card);
    } else {
        write_pair(card, "Token", "", "none yet");
    }
}

static void write_login_block(const struct card *card)
{
    const struct board_appserver *server = card->server;

    if (server->login_blocked_until_wall_ns <= card->now.wall_ns)
        return;
    begin_pair(card, "Login", "failing");
    buffer_format(card->out, "held back%s%s; again ", server->login_blocked_reason == REASON_NONE ? "" : ": ",
                  reason_name(server->login_blocked_reason));
    markup_moment(card->out, server->login_blocked_until_wall_ns, card->now.wall_ns);
    end_pair(card);
}

static void write_certificate(const struct card *card, const char *whose, int64_t expiry_epoch)
{
    int64_t left = (expiry_epoch - card->now.wall_ns / SECOND_NS) * SECOND_NS;

    begin_pair(card, whose, left <= 0 ? "failing" : left < CERTIFICATE_WARNING_NS ? "slow" : "");
    if (left <= 0)
        buffer_text(card->out, "expired ");
    markup_span(card->out, left <= 0 ? -left : left);
    buffer_text(card->out, left <= 0 ? " ago" : " left");
    end_pair(card);
}

static void write_certificates(const struct card *card)
{
    const struct board_appserver *server = card->server;

    if (server->certificate_expiry_epoch != 0)
        write_certificate(card, "Certificate", server->certificate_expiry_epoch);
    else
        write_pair(card, "Certificate", "", "none seen");
    if (server->identity_provider_certificate_expiry_epoch != 0)
        write_certificate(card, "Login's certificate", server->identity_provider_certificate_expiry_epoch);
    if (server->client_certificate_expiry_epoch != 0)
        write_certificate(card, "Our certificate", server->client_certificate_expiry_epoch);
}

static void write_seat(const struct card *card, const struct board_seats *seats)
{
    bool full = seats->has_used && seats->has_owned && seats->used >= seats->owned;

    begin_pair(card, "Seats", full ? "slow" : "");
    markup_text(card->out, seats->license);
    if (seats->company[0] != '\0') {
        buffer_text(card->out, ", ");
        markup_text(card->out, seats->company);
    }
    buffer_text(card->out, ": ");
    if (seats->has_used)
        buffer_format(card->out, "%.0f used", seats->used);
    if (seats->has_owned)
        buffer_format(card->out, "%s%.0f%s", seats->has_used ? " of " : "", seats->owned,
                      seats->has_used ? "" : " owned");
    buffer_text(card->out, seats->configured ? " (as configured)" : "");
    end_pair(card);
}

static void write_seats(const struct card *card)
{
    const struct board_appserver *server = card->server;

    for (size_t i = 0; i < server->seats_count; i++)
        write_seat(card, &server->seats[i]);
    if (server->has_throttled && server->throttled)
        write_pair(card, "Seats", "slow", "calls wait for a free seat");
    if (server->sessions_open > 0) {
        begin_pair(card, "Sessions", "");
        buffer_format(card->out, "%lld held open by this agent", (long long)server->sessions_open);
        end_pair(card);
    }
}

static void write_clock(const struct card *card)
{
    double skew = card->server->clock_skew_seconds, distance = skew < 0 ? -skew : skew;

    if (!card->server->has_clock_skew)
        return;
    begin_pair(card, "Clock", distance >= CLOCK_WARNING_SECONDS ? "slow" : "");
    if (distance < 1.5) {
        buffer_text(card->out, "in step");
    } else {
        markup_span(card->out, (int64_t)(distance * 1e9));
        buffer_text(card->out, skew > 0 ? " ahead of ours" : " behind ours");
    }
    end_pair(card);
}

static void write_requests(const struct card *card)
{
    const struct board_appserver *server = card->server;

    begin_pair(card, "Requests", "");
    buffer_format(card->out, "%lld in flight, %lld waiting", (long long)server->in_flight,
                  (long long)server->waiting);
    end_pair(card);
    if (server->backoff_until_wall_ns > card->now.wall_ns) {
        begin_pair(card, "Back-off", "slow");
        buffer_text(card->out, "next request ");
        markup_moment(card->out, server->backoff_until_wall_ns, card->now.wall_ns);
        end_pair(card);
    }
}

static void write_windows(const struct card *card)
{
    const struct board_appserver *server = card->server;

    if (server->has_maintenance)
        write_pair(card, "Maintenance", "", server->in_maintenance ? "inside its window" : "not now");
    if (server->has_hours)
        write_pair(card, "Business hours", "", server->in_hours ? "inside" : "outside");
}

static void write_version(const struct card *card)
{
    const struct board_appserver *server = card->server;

    if (server->version != NULL)
        write_pair(card, "Version", "", server->version);
    if (server->has_production)
        write_pair(card, "Environment",
                   server->has_production_expected && server->production != server->production_expected
                       ? "slow"
                       : "",
                   server->production ? "production" : "not production");
}

/* How its targets are, as links to those of a state. */
static void write_targets(const struct card *card)
{
    const size_t *counts = card->page->counts.by_appserver[card->index];
    size_t shown = 0;

    begin_pair(card, "Targets", "");
    for (int i = 0; i < BOARD_STATES; i++) {
        enum board_state state = page_state_order[i];
        if (counts[state] == 0)
            continue;
        struct page_query query = page_query_fleet(card->page->query);
        query.state = state;
        query.text = (char *)card->server->name;
        query.number = 1;
        buffer_format(card->out, "%s<a href=\"", shown++ > 0 ? ", " : "");
        page_query_link(&query, card->out);
        buffer_format(card->out, "\">%zu %s</a>", counts[state], board_state_row(state)->words);
    }
    buffer_text(card->out, shown == 0 ? "none" : "");
    end_pair(card);
}

/* ---- the card ----------------------------------------------------------------------------------------------------- */

static enum board_state state_of(const struct page *page, size_t index)
{
    return board_appserver_state(page->view->appservers[index], page->counts.by_appserver[index],
                                 page->view->now);
}

static void write_verdict(const struct card *card, enum board_state state)
{
    static const char *const words[BOARD_STATES] = {[STATE_GOOD] = "Up",
                                                    [STATE_FAILING] = "Failing",
                                                    [STATE_SLOW] = "Short of seats",
                                                    [STATE_RESTING] = "Resting",
                                                    [STATE_WAITING] = "Not asked lately",
                                                    [STATE_NEVER_RAN] = "Not asked yet"};
    const char *key = board_state_row(state)->name;

    buffer_format(card->out, "<p class=\"%s\">", key);
    page_symbol(card->out, key);
    buffer_text(card->out, words[state]);
    if (state == STATE_FAILING)
        buffer_format(card->out, ": %s", reason_name(board_appserver_reason(card->server, card->now)));
    buffer_text(card->out, "</p>");
}

static void write_card(const struct card *card)
{
    const struct board_appserver *server = card->server;

    enum board_state state = state_of(card->page, card->index);

    buffer_format(card->out, "<article class=\"card%s\" data-key=\"", state == STATE_FAILING ? " down" : "");
    markup_text(card->out, server->name);
    buffer_text(card->out, "\"><header><h3>");
    markup_text(card->out, server->name);
    buffer_text(card->out, "</h3>");
    write_verdict(card, state);
    buffer_text(card->out, "</header><p class=\"url\">");
    markup_text(card->out, server->url);
    buffer_text(card->out, "</p><dl>");
    write_targets(card);
    write_token(card);
    write_login_block(card);
    write_certificates(card);
    write_seats(card);
    write_version(card);
    write_clock(card);
    write_requests(card);
    write_windows(card);
    buffer_text(card->out, "</dl></article>\n");
}

void page_appservers(const struct page *page)
{
    const struct board_view *view = page->view;

    buffer_text(page->out, "<section id=\"appservers\" aria-labelledby=\"a\"><h2 id=\"a\">App servers</h2>\n"
                           "<div class=\"cards\">");
    for (int rank = 0; rank < BOARD_STATES; rank++)
        for (size_t i = 0; i < view->appserver_count; i++)
            if (page_state_rank(state_of(page, i)) == rank)
                write_card(&(struct card){page, view->appservers[i], i, page->out, view->now});
    buffer_text(page->out, "</div></section>\n");
}
