/* The part of server.h that a reload calls. */
#include <assert.h>
#include <string.h>

#include "agent/server_parts.h"
#include "base/clock.h"

#define LEAVE_NS MINUTE_NS /* for logging out of sessions, from the end of the last run on */

void server_configure(struct server *server, const struct appserver_settings *settings)
{
    server->settings = settings;
    server->watch_ns = 0;
    server->backoff.range = settings->backoff;
    server->proxy_refusal.range = settings->login_retry;
    gate_resize(&server->gate, (size_t)settings->max_in_flight);
    credential_configure(&server->credential, settings);
    credential_look(&server->credential);
    server_sessions_renew(server);
}

void server_succeed(struct server *server, const struct server *before)
{
    server->verdict = before->verdict;
    server->told_known = before->told_known;
    server->told_verdict = before->told_verdict;
    server->told_in_flight = before->told_in_flight;
    server->told_waiting = before->told_waiting;
    server->told_backoff = before->told_backoff;
    server->granted = before->granted;
    server->verdict_complaint = before->verdict_complaint;
    server->token_complaint = before->token_complaint;
    server->secrets_complaint = before->secrets_complaint;
    server->next_slot_ns = before->next_slot_ns;
    credential_succeed(&server->credential, &before->credential);
    server_proxy_succeed(server, before);
    if (strcmp(server->settings->url, before->settings->url) != 0)
        return; /* another machine has another pace */
    server->told_baseline = before->told_baseline;
    server->told_throttled = before->told_throttled;
    server->throttle = before->throttle;
}

void server_leave(struct server *server, struct report_appserver *report, struct model *model)
{
    assert(!server->leaving);
    server->leaving = true;
    server->report = report;
    server->model = model_ref(model);
    server_drop_login(server);
    server_sessions_leave(server);
    gate_linger(&server->gate, !server_sessions_have_left(server));
}

bool server_has_left(const struct server *server)
{
    return server->leaving && server->runs == 0 && server->login_ticket == 0 &&
           !credential_is_busy(&server->credential) && server_sessions_have_left(server);
}

int64_t server_turn_leaving(struct server *server, struct moment now)
{
    if (server->runs == 0 && server->leave_until_ns == 0)
        server->leave_until_ns = now.boot_ns + LEAVE_NS;
    bool in_time = server->leave_until_ns == 0 || now.boot_ns < server->leave_until_ns;
    bool able = credential_ready(&server->credential, now.boot_ns) || server_sessions_ask(server);
    if (in_time && able)
        server_turn_sessions(server, now);
    else
        server_drop_sessions(server);
    bool left = server_sessions_have_left(server);
    gate_linger(&server->gate, !left);
    if (left)
        return NEVER_NS;
    int64_t until_ns = server->leave_until_ns != 0 ? server->leave_until_ns : NEVER_NS;
    return ns_min(until_ns, server_sessions_deadline(server, now.boot_ns));
}
