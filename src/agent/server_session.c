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

#define CLAIM_STEP_NS     (15 * SECOND_NS) /* the seat of an open session is counted at least so often */
#define LINGER_LOOK_NS    SECOND_NS        /* has the session of a server that was replaced been ended? */
#define LOGOUT_TIMEOUT_NS (30 * SECOND_NS)

/* ---- which ---- */

struct server_session *server_session_of(struct server *server, const struct target *target)
{
    if (server->settings->session == SESSION_NONE || target_is_login(target))
        return NULL;
    const char *company = target->run->probe.target->url_company; /* as the run began */
    for (size_t i = 0; i < server->session_count; i++) {
        if (strcmp(server->sessions[i]->session.company, company) == 0)
            return server->sessions[i];
    }
    struct server_session *own = memory_new(1, sizeof *own);
    uint64_t birth = server->session_count + 1, random = random_mix(server->number + birth);
    session_init(&own->session, company, server->settings->backoff, server->settings->login_retry,
                 birth << 32, random);
    own->futile = (struct backoff){.range = server->settings->login_retry, .random = random_mix(random)};
    server->sessions = memory_grow(server->sessions, server->session_count + 1,
                                   sizeof(struct server_session *));
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
        const struct session *session = &server->sessions[i]->session;
        struct secret *ids[SESSION_IDS + 1] = {session->id};
        memcpy(ids + 1, session->before, sizeof session->before);
        char *cleaner = secret_redact(clean, ids, SESSION_IDS + 1, NULL, 0);
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

static int64_t timeout_of(const struct server *server, const struct server_session *own)
{
    int64_t timeout_ns = server->context->settings->timeout_ns;
    return own->session.state == SESSION_CLOSING ? ns_min(timeout_ns, LOGOUT_TIMEOUT_NS) : timeout_ns;
}

static void send_session(struct server *server, struct server_session *own, struct moment now)
{
    struct order order;
    enum reason reason;
    char *why;
    bool good = order_session(server, own, &order, &reason, &why);
    session_asked(&own->session);
    if (!good) {
        if (credential_guards(&server->credential) && reason == REASON_IDENTITY_PROVIDER)
            credential_ticket_useless(&server->credential, now.boot_ns);
        if (own->session.state == SESSION_OPENING)
            session_failed(&own->session, reason, why, false, 0, now.boot_ns);
        else
            session_closed(&own->session);
        free(why);
        return;
    }
    order.timeout_ns = timeout_of(server, own);
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

/* A Login or Logout that was refused for its token, as a call that was: true when it is to be sent again. */
static bool repeats(struct server *server, struct server_session *own, bool login, struct moment now)
{
    if (!login || !server_has_token(server))
        return false;
    if (own->relogged) {
        own->relogged = false;
        credential_futile(&server->credential, now.boot_ns);
        backoff_grow(&own->futile, 0, now.boot_ns);
        return false;
    }
    if (now.boot_ns < own->futile.until_ns ||
        !credential_refused(&server->credential, own->serial, now.boot_ns))
        return false;
    server_tell_token(server, now);
    own->relogged = true;
    return true;
}

/* What the answer to a session request says of the login that it carried; message is redacted. */
static void note_refusal(struct server *server, struct server_session *own,
                         const struct session_reading *read, const char *message, const struct answer *answer,
                         struct moment now)
{
    enum reason reason = read->reason;
    if (!read->login && answer->status > 0) {
        own->relogged = false;
        backoff_rest(&own->futile);
    }
    if (reason == REASON_NOT_FOUND || reason == REASON_ACCESS_DENIED)
        credential_glance(&server->credential);
    if (reason == REASON_NONE || !reason_row(reason)->auth)
        return;
    if (reason == REASON_CREDENTIALS || reason == REASON_UNAUTHORIZED)
        credential_login_refused(&server->credential, own->login, own, false, reason, message, own->sent_ns,
                                 now.boot_ns);
    server_tell_blocked(server, now);
    report_auth_failure(server->report, reason, NULL, now);
    if (!read->proves_up)
        credential_look(&server->credential);
}

static bool others_open(const struct server *server, const struct server_session *own)
{
    for (size_t i = 0; i < server->session_count; i++)
        if (server->sessions[i] != own && session_ready(&server->sessions[i]->session))
            return true;
    return false;
}

/* What the answer to a Login, which is not to be sent again, says of the app server and of the login. */
static void note_login(struct server *server, struct server_session *own, const struct session_reading *read,
                       const struct answer *answer, struct moment now)
{
    enum reason reason = read->reason;
    bool good = reason == REASON_NONE;
    if (reason == REASON_LICENSE_EXHAUSTED)
        report_license_refusal(server->report, server->settings->license.name);
    if (good || read->proves_up) {
        credential_good(&server->credential, own->serial);
        credential_login_good(&server->credential, own->login, own->sent_ns);
    }
    server_verdict_session(&server->verdict, own, !others_open(server, own), reason, read->proves_up);
    if (good || (read->proves_up && !reason_row(reason)->backs_off))
        backoff_rest(&server->backoff);
    else if (reason != REASON_INTERNAL)
        server_pause_after(server, reason, answer, now);
    server_tell_verdict(server, now);
}

static void login_ended(struct server *server, struct server_session *own, const struct answer *answer,
                        struct moment now)
{
    struct session_reading read;
    session_login_read(answer, server_has_token(server), &read);
    char *message = server_redact(server, read.message);
    note_refusal(server, own, &read, message, answer, now);
    if (repeats(server, own, read.login, now)) {
        session_again(&own->session);
    } else {
        note_login(server, own, &read, answer, now);
        if (read.reason == REASON_NONE) {
            own->counted_ns = own->sent_ns;
            session_opened(&own->session, read.id);
            read.id = NULL;
        } else {
            bool unsure = answer->sent && (answer->failure != REASON_NONE || answer->status / 100 == 2);
            char *words = memory_format("No session could be opened: %s",
                                        message ? message : reason_row(read.reason)->sentence);
            session_failed(&own->session, read.reason, words, unsure, answer->retry_after_ns, now.boot_ns);
            free(words);
        }
        notice_session(server, own, "Login", read.reason, answer->status, message, now);
    }
    free(message);
    session_reading_free(&read);
}

static void logout_ended(struct server *server, struct server_session *own, const struct answer *answer,
                         struct moment now)
{
    struct session_reading read;
    session_logout_read(answer, server_has_token(server), &read);
    char *message = server_redact(server, read.message);
    note_refusal(server, own, &read, message, answer, now);
    if (repeats(server, own, read.login, now)) {
        session_again(&own->session);
    } else {
        bool may_heal = answer->failure != REASON_NONE || answer->status >= 500 || answer->status == 429;
        count_seat(server, own, now);
        if (read.reason == REASON_NONE || !may_heal)
            session_closed(&own->session);
        else
            session_logout_failed(&own->session, now.boot_ns);
        notice_session(server, own, "Logout", read.reason, answer->status, message, now);
    }
    free(message);
    session_reading_free(&read);
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
    bool good = header_add_session(&order->headers, own->session.id);
    assert(good && "the id was read as one that can stand in a header");
    target->session_serial = own->session.serial;
    target->session = own;
    own->calls++;
}

void server_session_done(struct target *target)
{
    if (!target->session)
        return;
    assert(target->session->calls > 0);
    target->session->calls--;
    target->session = NULL;
}

/* Calls of others get good answers with the very session for which this target is told twice that it has ended: its 410
   means what it asks for. */
static bool is_its_own(const struct target *target, const struct session *session)
{
    return target->resessioned && session->proven && session_ready(session) &&
           target->session_serial == session->serial;
}

bool server_session_read(struct server *server, struct target *target, const struct answer *answer,
                         bool failed, struct moment now)
{
    struct server_session *own = server_session_of(server, target);
    if (!own || answer->failure != REASON_NONE)
        return false;
    if (answer->status != 410 || !failed) {
        target->resessioned = false;
        if (answer->status / 100 == 2)
            session_good(&own->session, target->session_serial);
        return false;
    }
    if (is_its_own(target, &own->session))
        return false;
    bool first = !target->resessioned;
    target->resessioned = true;
    count_seat(server, own, now);
    bool renewed = session_ended(&own->session, target->session_serial, session_answer_tells_end(answer),
                                 now.boot_ns);
    tell_sessions(server);
    return renewed && first && target->run->request.method != HTTP_POST;
}

/* ---- turns ---- */

static void release_waiting(struct server *server, struct server_session *own, struct moment now)
{
    struct heap_node *node;
    while ((node = heap_first(&own->waiting))) {
        struct target *target = HEAP_OWNER(node, struct target, waiting);
        target_dequeue(target);
        target->run->waiting_since_ns = now.boot_ns; /* for a place, from now on */
        server_enqueue(server, target);
    }
}

size_t server_sessions_waiting(const struct server *server)
{
    size_t waiting = 0;
    for (size_t i = 0; i < server->session_count; i++)
        waiting += server->sessions[i]->waiting.count;
    return waiting;
}

static bool parts(const struct server_session *own)
{
    return session_parts(&own->session) && own->calls == 0;
}

bool server_sessions_part(const struct server *server)
{
    for (size_t i = 0; i < server->session_count; i++)
        if (parts(server->sessions[i]))
            return true;
    return false;
}

bool server_sessions_want(const struct server *server)
{
    return server_sessions_waiting(server) > 0 || server_sessions_part(server);
}

bool server_sessions_ask(const struct server *server)
{
    for (size_t i = 0; i < server->session_count; i++)
        if (server->sessions[i]->ticket != 0)
            return true;
    return false;
}

/* Does anything but its own pauses hold back what the session wants to ask? */
static bool may_ask(const struct server *server, const struct server_session *own, int64_t now_ns)
{
    if (server_proxy_blocks(server, now_ns) ||
        !credential_admits(&server->credential, own, server_is_quiet(server), now_ns))
        return false;
    if (session_parts(&own->session))
        return own->calls == 0;
    return server_may_ask(server, now_ns) && !gate_others_linger(&server->gate);
}

void server_turn_sessions(struct server *server, struct moment now)
{
    for (size_t i = 0; i < server->session_count; i++) {
        struct server_session *own = server->sessions[i];
        if (now.boot_ns - own->counted_ns >= CLAIM_STEP_NS)
            count_seat(server, own, now);
        if (session_act(&own->session, own->waiting.count > 0, now.boot_ns) != SESSION_REST &&
            may_ask(server, own, now.boot_ns))
            send_session(server, own, now);
        if (session_ready(&own->session))
            release_waiting(server, own, now);
    }
}

int64_t server_sessions_deadline(const struct server *server, int64_t now_ns)
{
    int64_t at = NEVER_NS;
    for (size_t i = 0; i < server->session_count; i++) {
        const struct server_session *own = server->sessions[i];
        int64_t own_ns = session_deadline(&own->session, own->waiting.count > 0);
        /* What is due is held back by something that has a deadline or is an event of its own, but for one. */
        if (own_ns <= now_ns)
            own_ns = gate_others_linger(&server->gate) ? now_ns + LINGER_LOOK_NS : NEVER_NS;
        at = ns_min(at, own_ns);
        if (own->session.id)
            at = ns_min(at, own->counted_ns + CLAIM_STEP_NS);
    }
    return at;
}

/* ---- farewells ---- */

void server_sessions_renew(struct server *server)
{
    for (size_t i = 0; i < server->session_count; i++) {
        struct server_session *own = server->sessions[i];
        own->session.retry.range = server->settings->backoff;
        own->session.unsure.range = own->futile.range = server->settings->login_retry;
        session_renew(&own->session);
    }
}

void server_sessions_leave(struct server *server)
{
    for (size_t i = 0; i < server->session_count; i++)
        session_leave(&server->sessions[i]->session);
}

bool server_sessions_have_left(const struct server *server)
{
    for (size_t i = 0; i < server->session_count; i++)
        if (!session_has_left(&server->sessions[i]->session))
            return false;
    return true;
}

void server_drop_sessions(struct server *server)
{
    for (size_t i = 0; i < server->session_count; i++) {
        struct server_session *own = server->sessions[i];
        if (own->ticket != 0)
            server->context->transport->cancel(server->context->transport, own->ticket);
        own->ticket = 0;
        if (own->session.state != SESSION_CLOSED)
            notice_session_lost(server, own);
        session_abandon(&own->session);
    }
}
