#include "agent/server.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/notice.h"
#include "agent/order.h"
#include "agent/random.h"
#include "agent/server_parts.h"
#include "agent/watch.h"
#include "base/clock.h"

void server_init(struct server *server, struct server_context *context,
                 const struct appserver_settings *settings, struct report_appserver *report, uint32_t number,
                 uint64_t random, const struct server *before)
{
    *server = (struct server){
        .context = context,
        .settings = settings,
        .report = report,
        .number = number,
        .backoff = {.range = settings->backoff, .random = random_mix(random + 3)},
        .proxy_refusal = {.range = settings->login_retry, .random = random_mix(random + 4)},
        .open_since_ns = NEVER_NS,
    };
    gate_init(&server->gate, (size_t)settings->max_in_flight, before ? &before->gate : NULL);
    credential_init(&server->credential, settings, random);
}

void server_free(struct server *server)
{
    gate_free(&server->gate);
    heap_free(&server->logins);
    credential_free(&server->credential);
    server_sessions_free(server);
    request_free(&server->login);
    free(server->words);
    if (server->leaving)
        report_appserver_free(server->report);
    model_unref(server->model);
}

bool target_is_login(const struct target *target)
{
    return target->run->request.purpose == EXCHANGE_LOGIN;
}

void server_enqueue(struct server *server, struct target *target)
{
    assert(target_state(target) == RUN_WAITING);
    struct server_session *own = server_session_of(server, target);
    target->queue = target_is_login(target)                ? &server->logins
                    : own && !session_ready(&own->session) ? &own->waiting
                                                           : &server->gate.waiting;
    heap_push(target->queue, &target->waiting, target->run->due_ns);
}

void target_dequeue(struct target *target)
{
    heap_remove(target->queue, &target->waiting);
}

uint64_t server_new_ticket(struct server_context *context, uint64_t who)
{
    return ++context->tickets << 32 | who;
}

/* ---- pauses and the verdict ---- */

/* While a pause stands, requests go one at a time, each after the end of the last pause. */
bool server_may_ask(const struct server *server, int64_t now_ns)
{
    bool alone = server_is_quiet(server) && server->credential.flight == CREDENTIAL_NO_FLIGHT;
    if (backoff_stands(&server->proxy_refusal) && !(now_ns >= server->proxy_refusal.until_ns && alone))
        return false;
    return !backoff_stands(&server->backoff) || (now_ns >= server->backoff.until_ns && alone);
}

/* For people, of a run that sends no request: what was said the last time. */
static const char *words_of(const struct server *server, enum reason reason)
{
    const struct credential *credential = &server->credential;
    if (server->words && server->words_reason == reason)
        return server->words;
    if (credential->message && credential->reason == reason)
        return credential->message;
    return reason == REASON_TOKEN_REJECTED
               ? "No request was sent: the token was refused, and a new one has not come yet."
               : "No request was sent: this app server is asked in pauses while that lasts.";
}

enum reason server_standing(struct server *server, const struct target *target, int64_t now_ns,
                            const char **message)
{
    const struct credential *credential = &server->credential;
    enum reason reason = REASON_NONE;
    const struct server_session *own = server_session_of(server, target);
    *message = NULL;
    bool held_back = target_is_login(target) ? credential->why || now_ns < credential->blocked_until_ns ||
                                                   credential_is_late(credential, now_ns)
                                             : !credential_ready(credential, now_ns) ||
                                                   credential_holds(credential, target, now_ns);
    /* What keeps the next request from being sent comes before what came of the last one. */
    bool late = held_back && (credential->why || credential_is_late(credential, now_ns));
    if (server_proxy_blocks(server, now_ns) && !late) {
        reason = held_back ? credential_standing(credential, now_ns, message) : REASON_NONE;
        reason = reason == REASON_IDENTITY_PROVIDER ? reason : REASON_CONNECT;
        *message = server_proxy_standing(server);
    } else if (backoff_stands(&server->backoff) && !late) {
        reason = server->verdict.standing != REASON_NONE ? server->verdict.standing : server->backoff_reason;
    } else if (held_back) {
        reason = credential_standing(credential, now_ns, message);
    } else if (own && !session_ready(&own->session)) {
        reason = session_standing(&own->session, message);
    }
    if (reason != REASON_NONE && !*message && own && own->session.reason == reason)
        *message = own->session.message;
    if (reason != REASON_NONE && !*message)
        *message = words_of(server, reason);
    return reason;
}
/* ---- sending ---- */

void server_start(struct server *server, struct target *target, struct order *order, struct moment now)
{
    order->timeout_ns = run_time_left(target->run);
    order->connect_timeout_ns = ns_min(order->timeout_ns, server->context->settings->connect_timeout_ns);
    run_sent(target->run, server_new_ticket(server->context, target->number), now);
    server->context->transport->start(server->context->transport, target->run->ticket, order, now);
}

bool server_is_quiet(const struct server *server)
{
    return gate_in_flight(&server->gate) == 0 && !server_sessions_ask(server);
}

static struct target *waiting_at(const struct server *server, size_t place)
{
    return HEAP_OWNER(server->gate.waiting.nodes[place], struct target, waiting);
}

/* Whose call goes next; NULL: nobody's may go now. Oldest due first, but a trial is rather for a target that has not just
   been refused. */
static struct target *next_to_call(const struct server *server, struct moment now)
{
    const struct credential *credential = &server->credential;
    const struct heap *waiting = &server->gate.waiting;
    if (waiting->count == 0)
        return NULL;
    struct target *best = waiting_at(server, 0);
    const void *suspect = credential_guards(credential) ? credential->guard.suspect : NULL;
    if (best == suspect && waiting->count > 1) {
        /* A heap's second smallest stands right below its smallest. */
        best = waiting_at(server, 1);
        if (waiting->count > 2 && waiting_at(server, 2)->waiting.key < best->waiting.key)
            best = waiting_at(server, 2);
    }
    return credential_admits(credential, best, server_is_quiet(server), now.boot_ns) ? best : NULL;
}

static void send_call(struct server *server, struct target *target, struct moment now)
{
    struct run *run = target->run;
    struct order order;
    enum reason reason;
    char *why;
    struct server_session *own = server_session_of(server, target);
    if (own && !session_ready(&own->session)) {
        target_dequeue(target);
        server_enqueue(server, target);
        return;
    }
    if (run_time_left(run) <= 0) {
        run->timed = true;
        server_give_up(server, target, REASON_TIMEOUT, "The time-out ran out between two pages.", now);
        return;
    }
    if (!order_call(&order, &run->request, run->probe.target, &server->credential, &reason, &why)) {
        server_give_up(server, target, reason, why, now);
        free(why);
        if (credential_guards(&server->credential) && reason == REASON_IDENTITY_PROVIDER)
            credential_ticket_useless(&server->credential, now.boot_ns);
        return;
    }
    server_session_decorate(server, target, &order);
    target_dequeue(target);
    gate_take(&server->gate);
    report_request_wait(server->report, now.boot_ns - ns_max(run->waiting_since_ns, server->open_since_ns));
    run->serial = credential_use(&server->credential);
    run->login = server->credential.guard.login;
    server_start(server, target, &order, now);
}

static void turn_calls(struct server *server, struct moment now)
{
    for (;;) {
        bool open = server_may_ask(server, now.boot_ns) && credential_ready(&server->credential, now.boot_ns);
        if (!open)
            server->open_since_ns = NEVER_NS;
        else if (server->open_since_ns == NEVER_NS)
            server->open_since_ns = now.boot_ns;
        struct target *target = open ? next_to_call(server, now) : NULL;
        if (!target || !gate_free_place(&server->gate, now.boot_ns))
            return;
        send_call(server, target, now);
    }
}

/* Until when nothing is asked: without a token that lives the pause between token requests holds calls back too. 0: no pause. */
static int64_t pause_until(const struct server *server, struct moment now)
{
    const struct credential *credential = &server->credential;
    int64_t until_ns = ns_max(server->backoff.until_ns, server->proxy_refusal.until_ns);
    if (server_has_token(server) && !credential_lives(credential, now.boot_ns))
        until_ns = ns_max(until_ns, credential->retry.until_ns);
    return until_ns > now.boot_ns ? until_ns : 0;
}

void server_tell_blocked(struct server *server, struct moment now)
{
    const struct credential *credential = &server->credential;
    if (server->leaving)
        return;
    /* Before they are read nobody knows whether the secrets are still those that were refused. */
    bool stands = credential->read_once && credential->blocked_until_ns > now.boot_ns;
    int64_t until_ns = stands ? credential->blocked_until_ns : 0;
    if (until_ns == server->told_blocked)
        return;
    notice_blocked(server, until_ns, now);
    server->told_blocked = until_ns;
    if (until_ns == 0)
        report_login_blocked(server->report, 0, REASON_NONE, NULL, false, now);
    else
        report_login_blocked(server->report, now.wall_ns + until_ns - now.boot_ns, credential->reason,
                             credential->message, secrets_changeable(server->settings), now);
}

static void tell_gate(struct server *server, struct moment now)
{
    int64_t in_flight = (int64_t)gate_taken(&server->gate);
    int64_t waiting = (int64_t)(server->gate.waiting.count + server->logins.count +
                                server_sessions_waiting(server));
    int64_t until_ns = pause_until(server, now);
    if (in_flight == server->told_in_flight && waiting == server->told_waiting &&
        until_ns == server->told_backoff)
        return;
    server->told_in_flight = in_flight;
    server->told_waiting = waiting;
    server->told_backoff = until_ns;
    report_gate(server->report, in_flight, waiting, until_ns == 0 ? 0 : now.wall_ns + until_ns - now.boot_ns);
}

static void tell_throttled(struct server *server, struct moment now)
{
    bool throttled = throttle_stands(&server->throttle, now.boot_ns);
    if (server->told_baseline == server->throttle.known && server->told_throttled == throttled)
        return;
    server->told_baseline = server->throttle.known;
    server->told_throttled = throttled;
    if (server->throttle.known)
        report_throttled(server->report, throttled);
}

static int64_t deadline(const struct server *server, struct moment now)
{
    bool waiting = server->gate.waiting.count > 0 || server_sessions_want(server);
    int64_t at = ns_min(throttle_deadline(&server->throttle, now.boot_ns),
                        server_sessions_deadline(server, now.boot_ns));
    if (server_proxy_blocks(server, now.boot_ns))
        return ns_min(at,
                      ns_min(server->proxy_refusal.until_ns, credential_look_deadline(&server->credential)));
    if (!server_may_ask(server, now.boot_ns) && !server_sessions_part(server))
        return server->backoff.until_ns > now.boot_ns ? ns_min(at, server->backoff.until_ns) : at;
    at = ns_min(at, credential_deadline(&server->credential, waiting, server->logins.count > 0, now.boot_ns));
    /* A held place that ends is told, also when nobody waits for it. */
    at = ns_min(at, gate_deadline(&server->gate));
    if (server->told_blocked != 0)
        at = ns_min(at, server->told_blocked);
    if (server->told_backoff != 0)
        at = ns_min(at, server->told_backoff);
    return at;
}

/* Tells whether it is within maintenance and business hours; returns when to look again. */
static int64_t watch(struct server *server, struct moment now)
{
    const struct windows *windows[] = {&server->settings->maintenance, &server->settings->business_hours};
    bool inside[] = {false, false};
    if (now.boot_ns < server->watch_ns)
        return server->watch_ns;
    server->watch_ns = NEVER_NS;
    for (size_t i = 0; i < 2; i++) {
        if (windows[i]->count == 0)
            continue;
        struct watch watch = watch_windows(windows[i], server->settings->timezone, now);
        inside[i] = watch.inside;
        server->watch_ns = ns_min(server->watch_ns, watch.again_ns);
    }
    report_windows(server->report, windows[0]->count > 0, inside[0], windows[1]->count > 0, inside[1]);
    return server->watch_ns;
}

int64_t server_turn(struct server *server, struct moment now)
{
    if (server->leaving)
        return server_turn_leaving(server, now);
    gate_free_place(&server->gate, now.boot_ns);
    server_turn_credential(server, now);
    server_turn_sessions(server, now);
    turn_calls(server, now);
    server_turn_sessions(server, now); /* a call may have found its session ended */
    /* Runs that could not be sent may have ended just now: what they waited for may be asked no more. */
    tell_gate(server, now);
    server_tell_blocked(server, now);
    tell_throttled(server, now);
    return ns_min(deadline(server, now), watch(server, now));
}
