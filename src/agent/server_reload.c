/* The part of server.h that a reload calls. */
#include <assert.h>
#include <string.h>

#include "agent/server_parts.h"

void server_configure(struct server *server, const struct appserver_settings *settings)
{
    server->settings = settings;
    server->backoff.range = settings->backoff;
    gate_resize(&server->gate, (size_t)settings->max_in_flight);
    credential_configure(&server->credential, settings);
    credential_look(&server->credential);
    for (size_t i = 0; i < server->session_count; i++)
        server->sessions[i]->session.retry.range = settings->backoff;
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
}

static bool asks_for_sessions(const struct server *server)
{
    for (size_t i = 0; i < server->session_count; i++) {
        if (server->sessions[i]->ticket != 0)
            return true;
    }
    return false;
}

int64_t server_turn_leaving(struct server *server, struct moment now)
{
    if (server->runs > 0 || server->parted)
        return NEVER_NS;
    server_sessions_leave(server);
    if (credential_ready(&server->credential, now.boot_ns))
        server_turn_sessions(server, now);
    if (asks_for_sessions(server))
        return NEVER_NS;
    server->parted = true;
    if (!server_sessions_have_left(server))
        server_drop_sessions(server, now);
    return NEVER_NS;
}

bool server_has_left(const struct server *server)
{
    return server->leaving && server->parted && server->runs == 0 && server->login_ticket == 0 &&
           !credential_is_busy(&server->credential);
}
