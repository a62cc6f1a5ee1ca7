#include "agent/server_parts.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/notice.h"
#include "agent/order.h"
#include "base/clock.h"
#include "base/memory.h"

/* ---- token requests ---- */

bool server_has_token(const struct server *server)
{
    return auth_has_token(server->settings->auth);
}

void server_tell_token(struct server *server, struct moment now)
{
    const struct credential *credential = &server->credential;
    bool lives = credential_lives(credential, now.boot_ns);
    report_token(server->report, lives ? credential->lifetime_ns : 0, lives ? credential->expires_ns : 0,
                 now);
}

/* While calls succeed with a living token, a failing token service is not what the app server suffers from. */
static enum reason token_reason(const struct server *server, enum reason reason, struct moment now)
{
    const struct credential *credential = &server->credential;
    bool others_succeed = credential_lives(credential, now.boot_ns) && credential->proven &&
                          server->verdict.standing == REASON_NONE && server->verdict.call_failures == 0;
    if (reason == REASON_NONE || reason == REASON_CREDENTIALS || reason == REASON_INTERNAL || !others_succeed)
        return reason;
    return REASON_IDENTITY_PROVIDER;
}

/* Was the login itself refused? That a wrong password gets a 401 and nothing else, nobody has promised (facts 1). told: what
   the answer said by itself. */
static bool refuses_login(enum reason told)
{
    return told == REASON_CREDENTIALS || told == REASON_API_KEY || told == REASON_ACCESS_DENIED ||
           told == REASON_CLIENT_ERROR;
}

static void note_login(struct server *server, bool probe, const struct answer *answer, enum reason reason,
                       const char *message, struct moment now)
{
    bool lives = credential_lives(&server->credential, now.boot_ns);
    bool outside = login_is_outside(server->settings);
    bool proves_up = !outside && token_answer_proves_up(answer, reason);
    server_tell_blocked(server, now);
    server_note_answer(server, outside, answer, now);
    report_token_request(server->report, answer->status, answer->duration_ns, reason, message, now);
    if (reason != REASON_NONE && reason_row(reason)->auth)
        report_auth_failure(server->report, reason, NULL, now);
    server_verdict_token(&server->verdict, probe, lives, reason, proves_up);
    if (reason == REASON_NONE && server->verdict.standing == REASON_NONE &&
        backoff_stands(&server->backoff) && !reason_row(server->backoff_reason)->backs_off)
        backoff_rest(&server->backoff);
    server_tell_verdict(server, now);
}

void server_login_answered(struct server *server, const struct answer *answer, struct moment now)
{
    struct token token = {0};
    char *words = NULL;
    bool outside = login_is_outside(server->settings);
    enum reason told = token_answer(answer, outside, &token, &words);
    enum reason reason = token_reason(server, told, now);
    char *message = server_redact(server, words);
    free(words);
    request_free(&server->login);
    server->login_ticket = 0;

    if (reason == REASON_NONE) {
        int64_t now_epoch = now.wall_ns / SECOND_NS;
        if (!outside && answer->date_epoch == 0 && token.issued_epoch != 0)
            report_clock_skew(server->report, (double)(token.issued_epoch - now_epoch));
        credential_granted(&server->credential, &token, now.boot_ns);
        server_tell_token(server, now);
    } else {
        credential_failed(&server->credential, reason, refuses_login(told), message, answer->retry_after_ns,
                          now.boot_ns);
    }
    notice_login(server, reason, answer->status, message, now);
    note_login(server, false, answer, reason, message, now);
    server->granted = server->granted || reason == REASON_NONE;
    free(message);
}

static void send_login(struct server *server, struct moment now)
{
    struct credential *credential = &server->credential;
    struct order order;
    enum reason reason;
    char *why;
    if (!order_login(&order, &server->login, credential, &reason, &why)) {
        credential_failed(credential, reason, refuses_login(reason), why, 0, now.boot_ns);
        notice_login(server, reason, 0, why, now);
        free(why);
        return;
    }
    if (credential->replaces_refused)
        report_reauthentication(server->report);
    credential_asked(credential, now.boot_ns);
    order.timeout_ns = server->context->settings->timeout_ns;
    order.connect_timeout_ns = ns_min(order.timeout_ns, server->context->settings->connect_timeout_ns);
    server->login_ticket = server_new_ticket(server->context, TICKET_LOGIN | server->number);
    server->context->transport->start(server->context->transport, server->login_ticket, &order, now);
}

void server_drop_login(struct server *server)
{
    if (server->login_ticket == 0)
        return;
    server->context->transport->cancel(server->context->transport, server->login_ticket);
    server->login_ticket = 0;
    request_free(&server->login);
    credential_cancelled(&server->credential);
}

/* ---- tickets ---- */

static void ask_ticket(struct server *server, struct moment now)
{
    struct credential *credential = &server->credential;
    if (credential->replaces_refused)
        report_reauthentication(server->report);
    credential_asked(credential, now.boot_ns);
    server->context->secrets->ticket(server->context->secrets, server->number, server->settings);
}

void server_ticket(struct server *server, struct ticket_result *result, struct moment now)
{
    struct credential *credential = &server->credential;
    if (server->leaving) { /* its settings may have gone */
        credential_cancelled(credential);
        ticket_result_free(result);
        return;
    }
    bool lives = credential_lives(credential, now.boot_ns);
    enum reason reason = result->ticket ? REASON_NONE : result->reason;
    char *message = credential_redact(credential, result->why);
    if (reason == REASON_NONE) {
        credential_ticket_granted(credential, result, now.boot_ns);
    } else {
        credential_failed(credential, reason, refuses_login(reason), message, 0, now.boot_ns);
        ticket_result_free(result);
    }
    notice_login(server, reason, 0, message, now);
    server_tell_blocked(server, now);
    if (reason != REASON_NONE && reason_row(reason)->auth)
        report_auth_failure(server->report, reason, NULL, now);
    server_verdict_token(&server->verdict, false, lives, reason, false);
    server_tell_verdict(server, now);
    server->granted = server->granted || reason == REASON_NONE;
    free(message);
}

/* ---- secrets ---- */

void server_secrets(struct server *server, struct secrets *secrets, struct moment now)
{
    if (server->leaving) { /* its settings may have gone */
        server->credential.reading = false;
        secrets_free(secrets);
        return;
    }
    struct secret *proxy = secret_ref(secrets_named(&server->credential.now, SECRET_PROXY));
    credential_read(&server->credential, secrets, now.boot_ns);
    if (!secret_equal(proxy, secrets_named(&server->credential.now, SECRET_PROXY)))
        server_proxy_changed(server);
    secret_unref(proxy);
    notice_secrets(server, server->credential.why, now);
}

/* ---- probes of the kind token ---- */

/* A run of the kind token: its answer is read like one of the credential's own, and thrown away. */
void server_login_probe_answered(struct server *server, struct target *target, const struct answer *answer,
                                 struct moment now)
{
    struct probe_result result;
    if (run_answered(target->run, answer, false, &result) == PROBE_ASK) {
        credential_cancelled(&server->credential);
        server_enqueue(server, target);
        return;
    }
    bool refused = refuses_login(result.reason);
    result.reason = token_reason(server, result.reason, now);
    char *message = server_redact(server, result.message);
    credential_probe_answered(&server->credential, result.reason, refused, message, now.boot_ns);
    note_login(server, true, answer, result.reason, message, now);
    if (result.reason != REASON_NONE && result.reason != REASON_INTERNAL)
        server_pause_after(server, result.reason, answer, now);
    free(message);
    server_finish_answered(server, target, &result, now);
}

static void send_login_probe(struct server *server, struct moment now)
{
    struct target *target = HEAP_OWNER(heap_first(&server->logins), struct target, waiting);
    struct order order;
    enum reason reason;
    char *why;
    if (!order_login(&order, &target->run->request, &server->credential, &reason, &why)) {
        server_give_up(server, target, reason, why, now);
        free(why);
        return;
    }
    target_dequeue(target);
    credential_probed(&server->credential);
    server_start(server, target, &order, now);
}

/* ---- turns ---- */

static void read_secrets(struct server *server, struct moment now)
{
    credential_reading(&server->credential, now.boot_ns);
    server->context->secrets->read(server->context->secrets, server->number, server->settings);
}

/* Secrets and token requests, until there is nothing more to do about them for now. */
void server_turn_credential(struct server *server, struct moment now)
{
    if (server_proxy_blocks(server, now.boot_ns)) {
        if (credential_look_deadline(&server->credential) <= now.boot_ns)
            read_secrets(server, now);
        return;
    }
    for (;;) {
        bool open = server_may_ask(server, now.boot_ns);
        bool parts = server_sessions_part(server);
        bool wanted = parts || (open && (server->gate.waiting.count > 0 || server_sessions_want(server)));
        bool probe = open && server->logins.count > 0;
        if (!open && !parts)
            return;
        switch (credential_act(&server->credential, wanted, probe, now.boot_ns)) {
        case CREDENTIAL_REST:
            return;
        case CREDENTIAL_READ:
            read_secrets(server, now);
            break;
        case CREDENTIAL_ASK:
            if (server->settings->auth == AUTH_NEGOTIATE)
                ask_ticket(server, now);
            else
                send_login(server, now);
            break;
        case CREDENTIAL_PROBE:
            send_login_probe(server, now);
            break;
        }
    }
}
