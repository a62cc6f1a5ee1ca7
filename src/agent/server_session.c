#include "agent/server_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/notice.h"
#include "agent/order.h"
#include "agent/random.h"
#include "base/clock.h"
#include "base/memory.h"
#include "kinetic/session.h"

#define CLAIM_STEP_NS (15 * SECOND_NS) /* the seat of an open session is counted at least so often */

/* ---- which ---- */

struct server_session *server_session_of(struct server *server, const struct target *target)
{
    if (server->settings->session == SESSION_NONE || target_is_login(target))
        return NULL;
    const char *company = target->run.probe.target->url_company; /* as the run began */
    for (size_t i = 0; i < server->session_count; i++) {
        if (strcmp(server->sessions[i]->session.company, company) == 0)
            return server->sessions[i];
    }
    struct server_session *own = memory_new(1, sizeof *own);
    session_init(&own->session, company, server->settings->backoff,
                 random_mix(server->number + server->session_count));
    server->sessions = memory_grow(server->sessions, server->session_count + 1, sizeof *server->sessions);
    server->sessions[server->session_count++] = own;
    return own;
}

void server_sessions_free(struct server *server)
{
    for (size_t i = 0; i < server->session_count; i++) {
        session_free(&server->sessions[i]->session);
        heap_free(&server->sessions[i]->waiting);
        request_free(&server->sessions[i]->request);
        free(server->sessions[i]);
    }
    free(server->sessions);
}

/* The session itself knows nothing of redaction. */
char *server_redact(const struct server *server, const char *text)
{
    char *clean = credential_redact(&server->credential, text);
    for (size_t i = 0; clean && i < server->session_count; i++) {
        struct secret *const ids[] = {server->sessions[i]->session.id,
                                      server->sessions[i]->session.id_before};
        char *cleaner = secret_redact(clean, ids, sizeof ids / sizeof ids[0], NULL, 0);
        free(clean);
        clean = cleaner;
    }
    return clean;
}

static void count_seat(struct server *server, struct server_session *own, struct moment now)
{
    if (!own->session.id)
        return;
    report_license_claim(server->report, server->settings->license.name, now.boot_ns - own->counted_ns);
    own->counted_ns = now.boot_ns;
}

/* ---- Login and Logout ---- */

/* As a call of no probe: plant and license are the app server's. */
static bool order_session(struct server *server, struct server_session *own, struct order *order,
                          enum reason *reason, char **why)
{
    static const struct probe_settings no_probe;
    const struct target_settings nobody = {.probe = &no_probe,
                                           .appserver = server->settings,
                                           .company = own->session.company,
                                           .url_company = own->session.company};
    bool open = own->session.state == SESSION_OPEN;
    request_free(&own->request);
    if (open)
        session_logout_request(server->settings->api_version, own->session.company, &own->request);
    else
        session_login_request(server->settings->api_version, own->session.company, &own->request);
    if (!order_call(order, &own->request, &nobody, &server->credential, reason, why))
        return false;
    if (open)
        header_add_session(&order->headers, own->session.id);
    return true;
}

static void send_session(struct server *server, struct server_session *own, struct moment now)
{
    struct order order;
    enum reason reason;
    char *why;
    bool good = order_session(server, own, &order, &reason, &why);
    session_asked(&own->session);
    if (!good) {
        if (own->session.state == SESSION_OPENING)
            session_failed(&own->session, reason, why, 0, now.boot_ns);
        else
            session_closed(&own->session);
        free(why);
        return;
    }
    order.timeout_ns = server->context->settings->timeout_ns;
    order.connect_timeout_ns = ns_min(order.timeout_ns, server->context->settings->connect_timeout_ns);
    own->serial = credential_use(&server->credential);
    own->login = server->credential.guard.login;
    own->sent_ns = now.boot_ns;
    own->ticket = server_new_ticket(server->context, TICKET_SESSION | server->number);
    server->context->transport->start(server->context->transport, own->ticket, &order, now);
}

static void tell_sessions(struct server *server)
{
    size_t open = 0;
    for (size_t i = 0; i < server->session_count; i++)
        open += server->sessions[i]->session.id != NULL;
    report_sessions_open(server->report, (int64_t)open);
}

/* A Login that was refused for its token, as a call that was: true when it is to be sent again. */
static bool repeats_login(struct server *server, struct server_session *own, bool login, struct moment now)
{
    if (!login || own->session.state != SESSION_OPENING)
        return false;
    if (own->relogged) {
        own->relogged = false;
        credential_futile(&server->credential, now.boot_ns);
        return false;
    }
    own->relogged = credential_refused(&server->credential, own->serial, own->sent_ns, now.boot_ns);
    if (own->relogged)
        server_tell_token(server, now);
    return own->relogged;
}

static void login_ended(struct server *server, struct server_session *own, const struct answer *answer,
                        struct moment now)
{
    struct secret *id;
    bool login;
    char *words;
    bool bearer = server_has_token(server);
    enum reason reason = session_answer(answer, bearer, &id, &login, &words);
    char *message = server_redact(server, words);
    free(words);
    if (reason != REASON_NONE && reason_row(reason)->auth)
        report_auth_failure(server->report, reason);
    if (reason == REASON_LICENSE_EXHAUSTED)
        report_license_refusal(server->report, server->settings->license.name);
    if (repeats_login(server, own, login, now)) {
        session_again(&own->session);
    } else if (reason == REASON_NONE) {
        own->relogged = false;
        own->counted_ns = own->sent_ns;
        session_opened(&own->session, id, now.boot_ns);
        credential_good(&server->credential, own->serial, own->sent_ns);
        credential_login_good(&server->credential, own->login, own->sent_ns);
    } else {
        if (reason == REASON_CREDENTIALS || reason == REASON_UNAUTHORIZED) {
            credential_login_refused(&server->credential, own->login, own, false, reason, message,
                                     own->sent_ns, now.boot_ns);
            credential_look(&server->credential);
        }
        session_failed(&own->session, reason, message, answer->retry_after_ns, now.boot_ns);
    }
    notice_session(server, own, "Login", reason, answer->status, message, now);
    free(message);
}

static void logout_ended(struct server *server, struct server_session *own, const struct answer *answer,
                         struct moment now)
{
    bool done = answer->failure == REASON_NONE && (answer->status / 100 == 2 || answer->status == 410);
    enum reason reason = done                             ? REASON_NONE
                         : answer->failure != REASON_NONE ? answer->failure
                                                          : REASON_CLIENT_ERROR;
    count_seat(server, own, now);
    session_closed(&own->session);
    notice_session(server, own, "Logout", reason, answer->status, answer->detail, now);
}

void server_session_answered(struct server *server, uint64_t ticket, const struct answer *answer,
                             struct moment now)
{
    size_t i = 0;
    while (i < server->session_count && server->sessions[i]->ticket != ticket)
        i++;
    assert(i < server->session_count);
    struct server_session *own = server->sessions[i];
    own->ticket = 0;
    server_note_answer(server, false, answer, now);
    if (own->session.state == SESSION_OPENING)
        login_ended(server, own, answer, now);
    else
        logout_ended(server, own, answer, now);
    tell_sessions(server);
}

/* ---- calls ---- */

void server_session_decorate(struct server *server, struct target *target, struct order *order)
{
    struct server_session *own = server_session_of(server, target);
    if (!own)
        return;
    target->session_serial = own->session.serial;
    header_add_session(&order->headers, own->session.id);
}

bool server_session_ended(struct server *server, struct target *target, const struct answer *answer,
                          struct moment now)
{
    struct server_session *own = server_session_of(server, target);
    if (!own)
        return false;
    if (answer->status != 410) {
        target->resessioned = false;
        if (answer->status / 100 == 2)
            session_good(&own->session, target->session_serial);
        return false;
    }
    count_seat(server, own, now);
    bool renewed = session_ended(&own->session, target->session_serial, now.boot_ns);
    tell_sessions(server);
    bool again = renewed && !target->resessioned && target->run.request.method != HTTP_POST;
    target->resessioned = again;
    return again;
}

/* ---- turns ---- */

static void release_waiting(struct server *server, struct server_session *own)
{
    struct heap_node *node;
    while ((node = heap_first(&own->waiting))) {
        heap_remove(&own->waiting, node);
        server_enqueue(server, HEAP_OWNER(node, struct target, waiting));
    }
}

size_t server_sessions_waiting(const struct server *server)
{
    size_t waiting = 0;
    for (size_t i = 0; i < server->session_count; i++)
        waiting += server->sessions[i]->waiting.count;
    return waiting;
}

bool server_sessions_want(const struct server *server)
{
    for (size_t i = 0; i < server->session_count; i++) {
        const struct server_session *own = server->sessions[i];
        if (own->waiting.count > 0 || (own->session.leaving && own->session.state == SESSION_OPEN))
            return true;
    }
    return false;
}

void server_turn_sessions(struct server *server, struct moment now)
{
    for (size_t i = 0; i < server->session_count; i++) {
        struct server_session *own = server->sessions[i];
        if (now.boot_ns - own->counted_ns >= CLAIM_STEP_NS)
            count_seat(server, own, now);
        bool may = server_may_ask(server, now.boot_ns) || own->session.leaving;
        bool ready = credential_admits(&server->credential, own, server_is_quiet(server), now.boot_ns);
        if (may && ready && session_act(&own->session, own->waiting.count > 0, now.boot_ns) != SESSION_REST)
            send_session(server, own, now);
        if (session_ready(&own->session))
            release_waiting(server, own);
    }
}

int64_t server_sessions_deadline(const struct server *server, int64_t now_ns)
{
    int64_t at = NEVER_NS;
    /* Else something else has to come first, which has a deadline or is an event of its own. */
    bool may = server_may_ask(server, now_ns) && credential_ready(&server->credential, now_ns);
    for (size_t i = 0; i < server->session_count; i++) {
        const struct server_session *own = server->sessions[i];
        if (may)
            at = ns_min(at, session_deadline(&own->session, own->waiting.count > 0));
        if (own->session.id)
            at = ns_min(at, own->counted_ns + CLAIM_STEP_NS);
    }
    return at;
}

/* ---- farewells ---- */

void server_sessions_leave(struct server *server)
{
    for (size_t i = 0; i < server->session_count; i++)
        session_leave(&server->sessions[i]->session);
}

bool server_sessions_have_left(const struct server *server)
{
    for (size_t i = 0; i < server->session_count; i++) {
        if (!session_has_left(&server->sessions[i]->session))
            return false;
    }
    return true;
}

void server_drop_sessions(struct server *server, struct moment now)
{
    for (size_t i = 0; i < server->session_count; i++) {
        struct server_session *own = server->sessions[i];
        if (own->ticket != 0)
            server->context->transport->cancel(server->context->transport, own->ticket);
        if (own->session.id)
            notice_session(server, own, "Logout", REASON_INTERNAL, 0, "there was no time left for it", now);
        own->ticket = 0;
    }
}
