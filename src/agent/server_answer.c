#include "agent/server_parts.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/notice.h"
#include "base/clock.h"
#include "base/memory.h"

#define RETRY_SHARE 10 /* of the time-out has to be left for another attempt */

void server_pause_after(struct server *server, enum reason reason, const struct answer *answer,
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

void server_tell_verdict(struct server *server, struct moment now)
{
    if (server->leaving)
        return;
    notice_verdict(server, now);
    if (server->told_known == server->verdict.known && server->told_verdict == server->verdict.standing)
        return;
    server->told_known = server->verdict.known;
    server->told_verdict = server->verdict.standing;
    report_verdict(server->report, server->verdict.known, server->verdict.standing, now);
}

void server_count_asking(struct server *server, struct moment now)
{
    bool was_idle = server->credential.idle;
    server->credential.idle = server->verdict.targets == 0;
    if (!server->credential.idle)
        return;
    if (server->verdict.known) {
        server->verdict = (struct server_verdict){0};
        server->verdict_complaint = (struct complaint){0};
        server_tell_verdict(server, now);
    }
    if (!was_idle)
        report_nobody_asks(server->report);
}

static void note_call(struct server *server, const struct target *target, enum reason reason, bool proves_up,
                      const struct answer *answer, struct moment now)
{
    if (reason == REASON_NONE && !proves_up)
        return;
    if (server->verdict.targets > 0)
        server_verdict_call(&server->verdict, target, reason, proves_up);
    if (reason == REASON_NONE || (proves_up && !reason_row(reason)->backs_off))
        backoff_rest(&server->backoff);
    else if (reason != REASON_INTERNAL)
        server_pause_after(server, reason, answer, now);
    server_tell_verdict(server, now);
}

void server_note_answer(struct server *server, bool outside, const struct answer *answer, struct moment now)
{
    if (answer->certificate_expiry_epoch != 0)
        report_certificate(server->report, outside ? CERTIFICATE_IDENTITY_PROVIDER : CERTIFICATE_SERVER,
                           answer->certificate_expiry_epoch);
    server_note_proxy(server, answer, now);
    if (outside)
        return;
    if (answer->new_connection)
        report_connection_opened(server->report);
    if (answer->resent)
        report_resend(server->report);
    if (answer->client_certificate_expiry_epoch != 0)
        report_certificate(server->report, CERTIFICATE_CLIENT, answer->client_certificate_expiry_epoch);
    if (answer->date_epoch != 0) {
        /* The server wrote its date when it began to answer. */
        int64_t begun_epoch = (now.wall_ns - ns_max(answer->phases.transfer_ns, 0)) / SECOND_NS;
        report_clock_skew(server->report, (double)(answer->date_epoch - begun_epoch));
    }
}

/* ---- the end of a run ---- */

static void replace_redacted(const struct server *server, char **text)
{
    char *clean = server_redact(server, *text);
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

/* What the answers had, against what they had before; the caller frees the sentence. */
static char *take_drift(const struct server *server, struct target *target, const struct probe_result *result)
{
    struct drift_change change;
    char *sentence = NULL;
    const struct probe_kind *kind = probe_kind_of(target->run->probe.target->probe);
    if (drift_take(&target->drift, result->names, kind->drift, &change)) {
        sentence = drift_sentence(&change);
        replace_redacted(server, &sentence);
    }
    drift_change_free(&change);
    return sentence;
}

/* After a failed run the next one comes by interval_on_failure. */
static void reschedule(struct server *server, struct target *target, enum reason reason, struct moment now)
{
    bool goes_on = heap_holds(&target->due) && !target->resting;
    if (reason == REASON_NONE || target->schedule.on_failure_ns == 0 || !goes_on)
        return;
    target->due_ns = schedule_after_failure(&target->schedule, target->run->due_ns, now.boot_ns);
    target->slotted = false;
    target_look_at(server->context->due, target, target->due_ns);
}

static void finish(struct server *server, struct target *target, struct probe_result *result,
                   struct moment now)
{
    reschedule(server, target, result->reason, now);
    replace_redacted(server, &result->message);
    replace_redacted(server, &result->correlation);
    if (target->run->asked && result->message && result->reason != REASON_NONE)
        keep_words(server, result);
    struct run_record record = run_record_of(target->run, result, target->due_ns, now);
    char *drift = NULL;
    /* A run that a reload has overtaken asked another question, maybe. */
    bool good = result->reason == REASON_NONE || result->reason == REASON_ROWS;
    if (good && result->names && target->run->probe.target == target->settings) {
        drift = take_drift(server, target, result);
        record.has_columns = true;
        record.columns = target->drift.count;
        record.schema_hash = target->drift.hash;
        record.drift = drift;
    }
    /* Outside its windows nothing is raised: no failure counts there. */
    if (!target->resting || result->reason == REASON_NONE)
        report_run(target->report, &record);
    if (drift)
        notice_drift(target, drift);
    free(drift);
    target->succeeded = target->succeeded || result->reason == REASON_NONE;
    if (target->resting) {
        report_rest(target->report, target->due_ns);
    } else {
        if (!target->leaving)
            notice_run(target, result, now);
        target->last_reason = result->reason;
        target->last_status = result->status;
        target->failures = result->reason == REASON_NONE ? 0 : target->failures + 1;
    }
    probe_result_free(result);
    server->context->runs--;
    server->runs--;
}

/* After an answer: the transport still reads the answer by the run's plan, so the run is freed later. */
void server_finish_answered(struct server *server, struct target *target, struct probe_result *result,
                            struct moment now)
{
    finish(server, target, result, now);
    target->run->state = RUN_ENDED;
    target->next_ended = server->context->ended;
    server->context->ended = target;
}

static void end_run(struct target *target)
{
    run_end(target->run);
    target->run = NULL;
}

void server_free_ended(struct server_context *context)
{
    while (context->ended) {
        struct target *target = context->ended;
        context->ended = target->next_ended;
        end_run(target);
    }
    while (context->again) {
        struct target *target = context->again;
        context->again = target->next_ended;
        if (target_state(target) != RUN_WAITING || !target->run->again)
            continue; /* it was given up meanwhile */
        if (context->stopping) {
            server_drop(target->running, target);
            continue;
        }
        target_dequeue(target);
        run_again(target->run);
        server_enqueue(target->running, target);
    }
}

void server_give_up(struct server *server, struct target *target, enum reason reason, const char *message,
                    struct moment now)
{
    assert(target_state(target) == RUN_WAITING);
    target_dequeue(target);
    struct probe_result result = {.reason = reason};
    result.message = message ? memory_copy_text(message) : NULL;
    finish(server, target, &result, now);
    end_run(target);
}

void server_drop(struct server *server, struct target *target)
{
    struct run *run = target->run;
    server_session_done(target);
    if (run->state == RUN_ASKING) {
        server->context->transport->cancel(server->context->transport, run->ticket);
        if (target_is_login(target))
            credential_cancelled(&server->credential);
        else
            gate_release(&server->gate, false, 0);
    } else {
        target_dequeue(target);
    }
    end_run(target);
    server->context->runs--;
    server->runs--;
}

/* ---- answers ---- */

static const struct license_choice *license_of(const struct target *target)
{
    const struct target_settings *settings = target->run->probe.target;
    const struct license_choice *own = &settings->probe->license;
    return own->set ? own : &settings->appserver->license;
}

/* A call was refused with a 401 that a login may heal: true when the run waits to repeat it. */
static bool repeats(struct server *server, struct target *target, const struct probe_result *result,
                    struct moment now)
{
    struct run *run = target->run;
    if (!result->login || !(server_has_token(server) || server->settings->auth == AUTH_NEGOTIATE))
        return false;
    if (target->relogged) {
        target->relogged = false;
        credential_futile(&server->credential, now.boot_ns);
        backoff_grow(&target->futile, 0, now.boot_ns);
        return false;
    }
    if (now.boot_ns < target->futile.until_ns ||
        !credential_refused(&server->credential, run->serial, now.boot_ns))
        return false;
    server_tell_token(server, now);
    target->relogged = true;
    return true;
}

/* What the answer says of the login that the call carried. */
static void note_guarded(struct server *server, const struct target *target,
                         const struct probe_result *result, struct moment now)
{
    struct credential *credential = &server->credential;
    const struct run *run = target->run;
    if (result->proves_up) {
        credential_login_good(credential, run->login, run->sent_ns);
    } else if (result->reason == REASON_CREDENTIALS || result->reason == REASON_UNAUTHORIZED) {
        char *message = credential_redact(credential, result->message);
        credential_login_refused(credential, run->login, target, server->verdict.targets > 1, result->reason,
                                 message, run->sent_ns, now.boot_ns);
        free(message);
    }
    server_tell_blocked(server, now);
}

/* May the run, failed by this answer, be made again from its start? Half of a body may have been read into it, so that no
   request of its middle can be asked again. */
static bool retries(const struct server *server, const struct target *target, enum reason reason,
                    const struct answer *answer, struct moment now)
{
    const struct run *run = target->run;
    const struct probe_settings *probe = run->probe.target->probe;
    if (reason == REASON_NONE || !reason_row(reason)->retry || run->posted || run->attempts >= probe->retries)
        return false;
    if (target->resting || target->leaving || server->leaving || server->context->stopping)
        return false;
    /* With too little time it would end by that, and hide why it has failed. */
    if (run_time_left(run) < probe->timeout_ns / RETRY_SHARE || answer->retry_after_ns > 0)
        return false;
    return !backoff_stands(&server->backoff) && !backoff_stands(&server->proxy_refusal) &&
           credential_ready(&server->credential, now.boot_ns) &&
           !credential_holds(&server->credential, target, now.boot_ns);
}

/* The transport still reads the answer by the run's plan, so that it begins again with the next turn. */
static void make_again(struct server *server, struct target *target, struct probe_result *result,
                       struct moment now)
{
    report_retry(server->report);
    notice_retry(target, result);
    probe_result_free(result);
    target->run->again = true;
    target->run->waiting_since_ns = now.boot_ns;
    server_enqueue(server, target);
    target->next_ended = server->context->again;
    server->context->again = target;
}

static void call_done(struct server *server, struct target *target, const struct answer *answer,
                      struct probe_result *result, struct moment now)
{
    enum reason reason = result->reason;
    if (reason != REASON_NONE && reason_row(reason)->auth) {
        report_auth_failure(server->report, reason, result->correlation, now);
        if (!result->proves_up)
            credential_look(&server->credential);
    }
    /* So some servers answer a key that they refuse (facts 9.8). */
    if (reason == REASON_NOT_FOUND || reason == REASON_ACCESS_DENIED)
        credential_glance(&server->credential);
    /* A proxy refuses a password of its own so that no connection comes about. */
    if (reason == REASON_CONNECT && server->settings->proxy.form != SECRET_NONE)
        credential_look(&server->credential);
    if (reason == REASON_LICENSE_EXHAUSTED)
        report_license_refusal(server->report, license_of(target)->name);
    bool ended = server_session_read(server, target, answer, reason != REASON_NONE, now);
    if (ended || repeats(server, target, result, now)) {
        probe_result_free(result);
        target->run->waiting_since_ns = now.boot_ns;
        server_enqueue(server, target);
        return;
    }
    if (!result->login && answer->status > 0) {
        target->relogged = false;
        backoff_rest(&target->futile);
    }
    if (result->proves_up)
        credential_good(&server->credential, target->run->serial);
    note_guarded(server, target, result, now);
    note_call(server, target, reason, result->proves_up, answer, now);
    if (retries(server, target, reason, answer, now))
        make_again(server, target, result, now);
    else
        server_finish_answered(server, target, result, now);
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
                  good ? THROTTLE_ANSWERED : THROTTLE_TIMED_OUT, target->run->sent_ns,
                  good ? phases->processing_ns : answer->duration_ns - opening_ns, now.boot_ns);
}

static void call_answered(struct server *server, struct target *target, const struct answer *answer,
                          struct moment now)
{
    struct run *run = target->run;
    server_session_done(target);
    gate_release(&server->gate, answer->failure != REASON_NONE && answer->sent, now.boot_ns);
    server_note_answer(server, false, answer, now);
    if (answer->sent && server->settings->session == SESSION_NONE) /* else the session holds the seat */
        report_license_claim(server->report, license_of(target)->name, answer->duration_ns);
    note_latency(server, target, answer, now);
    struct probe_result result;
    if (run_answered(run, answer, server_has_token(server), &result) == PROBE_DONE) {
        call_done(server, target, answer, &result, now);
        return;
    }
    target->relogged = false;
    backoff_rest(&target->futile);
    server_session_read(server, target, answer, false, now);
    credential_good(&server->credential, run->serial);
    credential_login_good(&server->credential, run->login, run->sent_ns);
    note_call(server, target, REASON_NONE, true, answer, now);
    run->waiting_since_ns = now.boot_ns;
    server_enqueue(server, target);
}

void server_answered(struct server *server, struct target *target, const struct answer *answer,
                     struct moment now)
{
    if (answer->status > 0)
        report_response(target->report, answer->status);
    if (target_is_login(target))
        server_login_probe_answered(server, target, answer, now);
    else
        call_answered(server, target, answer, now);
}
