#include "agent/server.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/notice.h"
#include "agent/order.h"
#include "agent/random.h"
#include "base/clock.h"
#include "base/memory.h"

void server_init(struct server *server, struct server_context *context,
                 const struct appserver_settings *settings, struct report_appserver *report, size_t number,
                 uint64_t random)
{
    *server = (struct server){
        .context = context,
        .settings = settings,
        .report = report,
        .number = number,
        .backoff = {.range = settings->backoff, .random = random_mix(random + 3)},
        .open_since_ns = NEVER_NS,
    };
    gate_init(&server->gate, (size_t)settings->max_in_flight);
    credential_init(&server->credential, settings, random);
}

void server_free(struct server *server)
{
    gate_free(&server->gate);
    heap_free(&server->logins);
    credential_free(&server->credential);
    request_free(&server->login);
    free(server->words);
}

static bool is_login(const struct target *target)
{
    return target->run.request.purpose == EXCHANGE_LOGIN;
}

static struct heap *queue_of(struct server *server, const struct target *target)
{
    return is_login(target) ? &server->logins : &server->gate.waiting;
}

void server_enqueue(struct server *server, struct target *target)
{
    assert(target->run.state == RUN_WAITING);
    heap_push(queue_of(server, target), &target->waiting, target->run.due_ns);
}

static uint64_t new_ticket(struct server_context *context, uint64_t who)
{
    return ++context->tickets << 32 | who;
}

/* ---- pauses and the verdict ---- */

/* While a pause stands, requests go one at a time, each after the end of the last pause. */
static bool may_ask(const struct server *server, int64_t now_ns)
{
    return !backoff_stands(&server->backoff) ||
           (now_ns >= server->backoff.until_ns && server->gate.in_flight == 0 &&
            server->credential.flight == CREDENTIAL_NO_FLIGHT);
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

enum reason server_standing(const struct server *server, const struct target *target, int64_t now_ns,
                            const char **message)
{
    const struct credential *credential = &server->credential;
    enum reason reason = REASON_NONE;
    *message = NULL;
    bool held_back = is_login(target) ? credential->why || now_ns < credential->blocked_until_ns
                                      : !credential_ready(credential, now_ns);
    if (backoff_stands(&server->backoff))
        reason = server->verdict.standing != REASON_NONE ? server->verdict.standing : server->backoff_reason;
    else if (held_back)
        reason = credential_standing(credential, message);
    if (reason != REASON_NONE && !*message)
        *message = words_of(server, reason);
    return reason;
}

static void pause_after(struct server *server, enum reason reason, const struct answer *answer,
                        struct moment now)
{
    if (server->verdict.standing == REASON_NONE && !reason_row(reason)->backs_off) {
        backoff_rest(&server->backoff); /* a failure of its own: the server asks for patience no more */
        return;
    }
    server->backoff_reason = reason;
    int64_t asked_for = answer->retry_after_ns;
    if (!backoff_stands(&server->backoff) || now.boot_ns >= server->backoff.until_ns)
        backoff_grow(&server->backoff, asked_for, now.boot_ns);
    else if (asked_for > 0) /* the pause was already begun by another request that was in flight */
        server->backoff.until_ns = ns_max(server->backoff.until_ns,
                                          now.boot_ns + ns_min(asked_for, server->backoff.range.to_ns));
}

static void tell_verdict(struct server *server, struct moment now)
{
    notice_verdict(server, now);
    if (server->told_known == server->verdict.known && server->told_verdict == server->verdict.standing)
        return;
    server->told_known = server->verdict.known;
    server->told_verdict = server->verdict.standing;
    report_verdict(server->report, server->verdict.known, server->verdict.standing, now);
}

static void note_call(struct server *server, const struct target *target, enum reason reason, bool proves_up,
                      const struct answer *answer, struct moment now)
{
    server_verdict_call(&server->verdict, target, reason, proves_up);
    if (reason == REASON_NONE || (proves_up && !reason_row(reason)->backs_off))
        backoff_rest(&server->backoff);
    else if (reason != REASON_INTERNAL)
        pause_after(server, reason, answer, now);
    tell_verdict(server, now);
}

/* What every answer tells, whatever it was asked for. */
static void note_answer(struct server *server, const struct answer *answer, struct moment now)
{
    if (answer->new_connection)
        report_connection_opened(server->report);
    if (answer->resent)
        report_resend(server->report);
    if (answer->certificate_expiry_epoch != 0)
        report_certificate(server->report, CERTIFICATE_SERVER, answer->certificate_expiry_epoch);
    if (answer->date_epoch != 0) {
        /* The server wrote its date when it began to answer. */
        int64_t begun_epoch = (now.wall_ns - ns_max(answer->phases.transfer_ns, 0)) / SECOND_NS;
        report_clock_skew(server->report, (double)(answer->date_epoch - begun_epoch));
    }
}

/* ---- token requests ---- */

static bool has_token(const struct server *server)
{
    return auth_has_token(server->settings->auth);
}

static void tell_blocked(struct server *server, struct moment now)
{
    const struct credential *credential = &server->credential;
    int64_t until_ns = credential->blocked_until_ns > now.boot_ns ? credential->blocked_until_ns : 0;
    if (until_ns == server->told_blocked)
        return;
    server->told_blocked = until_ns;
    report_login_blocked(server->report, until_ns == 0 ? 0 : now.wall_ns + until_ns - now.boot_ns);
}

static void tell_token(struct server *server, struct moment now)
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

static void note_login(struct server *server, bool probe, const struct answer *answer, enum reason reason,
                       const char *message, struct moment now)
{
    bool lives = credential_lives(&server->credential, now.boot_ns);
    note_answer(server, answer, now);
    report_token_request(server->report, answer->status, answer->duration_ns, reason, message, now);
    if (reason != REASON_NONE && reason_row(reason)->auth)
        report_auth_failure(server->report, reason);
    server_verdict_token(&server->verdict, probe, lives, reason);
    if (reason == REASON_NONE && server->verdict.standing == REASON_NONE &&
        backoff_stands(&server->backoff) && !reason_row(server->backoff_reason)->backs_off)
        backoff_rest(&server->backoff);
    tell_verdict(server, now);
}

void server_login_answered(struct server *server, const struct answer *answer, struct moment now)
{
    struct token token = {0};
    char *words = NULL;
    enum reason reason = token_reason(server, token_answer(answer, &token, &words), now);
    char *message = credential_redact(&server->credential, words);
    free(words);
    request_free(&server->login);
    server->login_ticket = 0;

    if (reason == REASON_NONE) {
        int64_t now_epoch = now.wall_ns / SECOND_NS;
        if (answer->date_epoch == 0 && token.issued_epoch != 0)
            report_clock_skew(server->report, (double)(token.issued_epoch - now_epoch));
        credential_granted(&server->credential, &token, now.boot_ns);
        tell_token(server, now);
    } else {
        credential_failed(&server->credential, reason, message, answer->retry_after_ns, now.boot_ns);
    }
    note_login(server, false, answer, reason, message, now);
    notice_login(server, reason, answer->status, message, now);
    server->granted = server->granted || reason == REASON_NONE;
    free(message);
}

static void send_login(struct server *server, struct moment now)
{
    struct credential *credential = &server->credential;
    struct order order;
    enum reason reason;
    const char *why;
    if (!order_login(&order, &server->login, credential, &reason, &why)) {
        credential_failed(credential, reason, why, 0, now.boot_ns);
        notice_login(server, reason, 0, why, now);
        return;
    }
    if (credential->replaces_refused)
        report_reauthentication(server->report);
    credential_asked(credential, now.boot_ns);
    order.timeout_ns = server->context->settings->timeout_ns;
    order.connect_timeout_ns = ns_min(order.timeout_ns, server->context->settings->connect_timeout_ns);
    server->login_ticket = new_ticket(server->context, TICKET_LOGIN | server->number);
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

void server_secrets(struct server *server, struct secrets *secrets, struct moment now)
{
    credential_read(&server->credential, secrets, now.boot_ns);
    notice_secrets(server, server->credential.why, now);
}

/* ---- the end of a run ---- */

static void replace_redacted(const struct credential *credential, char **text)
{
    char *clean = credential_redact(credential, *text);
    free(*text);
    *text = clean;
}

static void keep_words(struct server *server, const struct probe_result *result)
{
    char *copy = memory_copy_text(result->message);
    free(server->words);
    server->words = copy;
    server->words_reason = result->reason;
}

static void finish(struct server *server, struct target *target, struct probe_result *result,
                   struct moment now)
{
    replace_redacted(&server->credential, &result->message);
    replace_redacted(&server->credential, &result->correlation);
    if (target->run.asked && result->message)
        keep_words(server, result);
    struct run_record record = run_record_of(&target->run, result, target->due_ns, now);
    report_run(target->report, &record);
    notice_run(target, result, now);
    target->succeeded = target->succeeded || result->reason == REASON_NONE;
    target->last_reason = result->reason;
    target->last_status = result->status;
    target->failures = result->reason == REASON_NONE ? 0 : target->failures + 1;
    probe_result_free(result);
    server->context->runs--;
}

/* After an answer: the transport still reads the answer by the run's plan, so the run is freed later. */
static void finish_answered(struct server *server, struct target *target, struct probe_result *result,
                            struct moment now)
{
    finish(server, target, result, now);
    target->run.state = RUN_ENDED;
    target->next_ended = server->context->ended;
    server->context->ended = target;
}

void server_free_ended(struct server_context *context)
{
    while (context->ended) {
        struct target *target = context->ended;
        context->ended = target->next_ended;
        run_end(&target->run);
    }
}

void server_give_up(struct server *server, struct target *target, enum reason reason, const char *message,
                    struct moment now)
{
    assert(target->run.state == RUN_WAITING);
    heap_remove(queue_of(server, target), &target->waiting);
    struct probe_result result = {.reason = reason};
    result.message = message ? memory_copy_text(message) : NULL;
    finish(server, target, &result, now);
    run_end(&target->run);
}

void server_drop(struct server *server, struct target *target)
{
    struct run *run = &target->run;
    if (run->state == RUN_ASKING) {
        server->context->transport->cancel(server->context->transport, run->ticket);
        if (is_login(target))
            credential_cancelled(&server->credential);
        else
            gate_release(&server->gate, false, 0);
    } else {
        heap_remove(queue_of(server, target), &target->waiting);
    }
    run_end(run);
    server->context->runs--;
}

/* ---- answers ---- */

static const struct license_choice *license_of(const struct target *target)
{
    const struct license_choice *own = &target->settings->probe->license;
    return own->set ? own : &target->settings->appserver->license;
}

/* A call was refused with a 401 that a login may heal: true when the run waits to repeat it. */
static bool repeats(struct server *server, struct target *target, const struct probe_result *result,
                    struct moment now)
{
    struct run *run = &target->run;
    if (!result->login || !has_token(server))
        return false;
    if (target->relogged) {
        target->relogged = false;
        credential_futile(&server->credential, now.boot_ns);
        backoff_grow(&target->futile, 0, now.boot_ns);
        return false;
    }
    if (now.boot_ns < target->futile.until_ns ||
        !credential_refused(&server->credential, run->serial, run->sent_ns, now.boot_ns))
        return false;
    tell_token(server, now);
    target->relogged = true;
    return true;
}

static void call_done(struct server *server, struct target *target, const struct answer *answer,
                      struct probe_result *result, struct moment now)
{
    enum reason reason = result->reason;
    if (reason != REASON_NONE && reason_row(reason)->auth) {
        report_auth_failure(server->report, reason);
        if (!result->proves_up)
            credential_look(&server->credential);
    }
    if (reason == REASON_LICENSE_EXHAUSTED)
        report_license_refusal(server->report, license_of(target)->name);
    if (repeats(server, target, result, now)) {
        probe_result_free(result);
        target->run.waiting_since_ns = now.boot_ns;
        server_enqueue(server, target);
        return;
    }
    if (!result->login && answer->status > 0) {
        target->relogged = false;
        backoff_rest(&target->futile);
    }
    if (reason == REASON_NONE || result->proves_up)
        credential_good(&server->credential, target->run.serial, target->run.sent_ns);
    note_call(server, target, reason, result->proves_up, answer, now);
    finish_answered(server, target, result, now);
}

/* A good answer, or none in time, tells whether the server delays calls that claim a seat. */
static void note_latency(struct server *server, struct target *target, const struct answer *answer,
                         struct moment now)
{
    const struct phases *phases = &answer->phases;
    bool good = answer->failure == REASON_NONE && answer->status / 100 == 2 && phases->processing_ns >= 0 &&
                (!answer->json || answer->json->error == JSON_FINE);
    bool silent = answer->failure == REASON_TIMEOUT && answer->sent && answer->status == 0;
    if ((!good && !silent) || !license_of(target)->guid)
        return;
    int64_t opening_ns = ns_max(phases->resolve_ns, 0) + ns_max(phases->connect_ns, 0) +
                         ns_max(phases->tls_ns, 0);
    throttle_call(&server->throttle, &target->baseline, target->settings->probe,
                  good ? THROTTLE_ANSWERED : THROTTLE_TIMED_OUT, target->run.sent_ns,
                  good ? phases->processing_ns : answer->duration_ns - opening_ns, now.boot_ns);
}

static void call_answered(struct server *server, struct target *target, const struct answer *answer,
                          struct moment now)
{
    struct run *run = &target->run;
    gate_release(&server->gate, answer->failure == REASON_TIMEOUT && answer->sent, now.boot_ns);
    note_answer(server, answer, now);
    if (answer->sent)
        report_license_claim(server->report, license_of(target)->name, answer->duration_ns);
    note_latency(server, target, answer, now);
    struct probe_result result;
    if (run_answered(run, answer, has_token(server), &result) == PROBE_DONE) {
        call_done(server, target, answer, &result, now);
        return;
    }
    target->relogged = false;
    backoff_rest(&target->futile);
    credential_good(&server->credential, run->serial, run->sent_ns);
    note_call(server, target, REASON_NONE, true, answer, now);
    run->waiting_since_ns = now.boot_ns;
    server_enqueue(server, target);
}

/* A run of the kind token: its answer is read like one of the credential's own, and thrown away. */
static void login_probe_answered(struct server *server, struct target *target, const struct answer *answer,
                                 struct moment now)
{
    struct probe_result result;
    if (run_answered(&target->run, answer, false, &result) == PROBE_ASK) {
        credential_cancelled(&server->credential);
        server_enqueue(server, target);
        return;
    }
    result.reason = token_reason(server, result.reason, now);
    char *message = credential_redact(&server->credential, result.message);
    credential_probe_answered(&server->credential, result.reason, message, now.boot_ns);
    note_login(server, true, answer, result.reason, message, now);
    if (result.reason != REASON_NONE && result.reason != REASON_INTERNAL)
        pause_after(server, result.reason, answer, now);
    free(message);
    finish_answered(server, target, &result, now);
}

void server_answered(struct server *server, struct target *target, const struct answer *answer,
                     struct moment now)
{
    if (answer->status > 0)
        report_response(target->report, answer->status);
    if (is_login(target))
        login_probe_answered(server, target, answer, now);
    else
        call_answered(server, target, answer, now);
}

/* ---- sending ---- */

static void start(struct server *server, struct target *target, struct order *order, struct moment now)
{
    order->timeout_ns = run_time_left(&target->run);
    order->connect_timeout_ns = ns_min(order->timeout_ns, server->context->settings->connect_timeout_ns);
    run_sent(&target->run, new_ticket(server->context, target->number), now);
    server->context->transport->start(server->context->transport, target->run.ticket, order, now);
}

static void send_login_probe(struct server *server, struct moment now)
{
    struct target *target = HEAP_OWNER(heap_first(&server->logins), struct target, waiting);
    struct order order;
    enum reason reason;
    const char *why;
    if (!order_login(&order, &target->run.request, &server->credential, &reason, &why)) {
        server_give_up(server, target, reason, why, now);
        return;
    }
    heap_remove(&server->logins, &target->waiting);
    credential_probed(&server->credential);
    start(server, target, &order, now);
}

static void send_call(struct server *server, struct moment now)
{
    struct target *target = HEAP_OWNER(heap_first(&server->gate.waiting), struct target, waiting);
    struct run *run = &target->run;
    struct order order;
    enum reason reason;
    const char *why;
    if (run_time_left(run) <= 0) {
        run->timed = true;
        server_give_up(server, target, REASON_TIMEOUT, "The time-out ran out between two pages.", now);
        return;
    }
    if (!order_call(&order, &run->request, target->settings, &server->credential, &reason, &why)) {
        server_give_up(server, target, reason, why, now);
        return;
    }
    heap_remove(&server->gate.waiting, &target->waiting);
    gate_take(&server->gate);
    report_request_wait(server->report, now.boot_ns - ns_max(run->waiting_since_ns, server->open_since_ns));
    run->serial = credential_use(&server->credential);
    start(server, target, &order, now);
}

/* Secrets and token requests, until there is nothing more to do about them for now. */
static void turn_credential(struct server *server, struct moment now)
{
    for (;;) {
        bool open = may_ask(server, now.boot_ns);
        bool wanted = open && server->gate.waiting.count > 0, probe = open && server->logins.count > 0;
        if (!open)
            return;
        switch (credential_act(&server->credential, wanted, probe, now.boot_ns)) {
        case CREDENTIAL_REST:
            return;
        case CREDENTIAL_READ:
            credential_reading(&server->credential);
            server->context->secrets->read(server->context->secrets, server->number, server->settings);
            break;
        case CREDENTIAL_ASK:
            send_login(server, now);
            break;
        case CREDENTIAL_PROBE:
            send_login_probe(server, now);
            break;
        }
    }
}

static void turn_calls(struct server *server, struct moment now)
{
    for (;;) {
        bool open = may_ask(server, now.boot_ns) && credential_ready(&server->credential, now.boot_ns);
        if (!open)
            server->open_since_ns = NEVER_NS;
        else if (server->open_since_ns == NEVER_NS)
            server->open_since_ns = now.boot_ns;
        if (!open || server->gate.waiting.count == 0 || !gate_free_place(&server->gate, now.boot_ns))
            return;
        send_call(server, now);
    }
}

/* Until when nothing is asked: without a token that lives the pause between token requests holds calls back too. 0: no pause. */
static int64_t pause_until(const struct server *server, struct moment now)
{
    const struct credential *credential = &server->credential;
    int64_t until_ns = server->backoff.until_ns;
    if (has_token(server) && !credential_lives(credential, now.boot_ns))
        until_ns = ns_max(until_ns, credential->retry.until_ns);
    return until_ns > now.boot_ns ? until_ns : 0;
}

static void tell_gate(struct server *server, struct moment now)
{
    int64_t in_flight = (int64_t)(server->gate.in_flight + server->gate.held);
    int64_t waiting = (int64_t)(server->gate.waiting.count + server->logins.count);
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
    bool waiting = server->gate.waiting.count > 0;
    int64_t at = throttle_deadline(&server->throttle, now.boot_ns);
    if (!may_ask(server, now.boot_ns))
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

int64_t server_turn(struct server *server, struct moment now)
{
    gate_free_place(&server->gate, now.boot_ns);
    turn_credential(server, now);
    turn_calls(server, now);
    /* Runs that could not be sent may have ended just now: what they waited for may be asked no more. */
    tell_gate(server, now);
    tell_blocked(server, now);
    tell_throttled(server, now);
    return deadline(server, now);
}
