/* The part of server.h that a reload calls. */
#include <assert.h>

#include "agent/server.h"

void server_configure(struct server *server, const struct appserver_settings *settings)
{
    server->settings = settings;
    server->backoff.range = settings->backoff;
    gate_resize(&server->gate, (size_t)settings->max_in_flight);
    credential_configure(&server->credential, settings);
    credential_look(&server->credential);
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
    server->told_baseline = before->told_baseline;
    server->told_throttled = before->told_throttled;
    server->throttle = before->throttle;
}

void server_leave(struct server *server, struct report_appserver *report)
{
    assert(!server->leaving);
    server->leaving = true;
    server->report = report;
    server_drop_login(server);
}

bool server_has_left(const struct server *server)
{
    return server->leaving && server->runs == 0 && server->login_ticket == 0 && !server->credential.reading;
}
