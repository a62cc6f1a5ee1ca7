#include "agent/credential.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/random.h"
#include "base/clock.h"
#include "base/memory.h"
#include "config/match.h"

#define FRESH_NS SECOND_NS

/* What hangs so long is told: a dead network file system, a key distribution center that libkrb5 does not give up. */
#define LATE_NS (30 * SECOND_NS)

/* A call with a ticket is sent so long before its end at the latest: names, TCP and TLS come first. */
#define TICKET_MARGIN_NS MINUTE_NS

static bool by_ticket(const struct credential *credential)
{
    return credential->settings->auth == AUTH_NEGOTIATE;
}

/* Is something asked for (a token, a ticket) that calls then carry? */
static bool acquires(const struct credential *credential)
{
    return auth_has_token(credential->settings->auth) || by_ticket(credential);
}

bool credential_guards(const struct credential *credential)
{
    enum auth_way auth = credential->settings->auth;
    return auth == AUTH_BASIC || auth == AUTH_NTLM || auth == AUTH_NEGOTIATE;
}

void credential_init(struct credential *credential, const struct appserver_settings *settings,
                     uint64_t random)
{
    *credential = (struct credential){
        .settings = settings,
        .serial = 1,
        .retry = {.range = settings->backoff, .random = random_mix(random)},
        .refusal = {.range = settings->login_retry, .random = random_mix(random + 1)},
        .reauthentication = {.range = settings->login_retry, .random = random_mix(random + 2)},
    };
    guard_init(&credential->guard);
}

void credential_configure(struct credential *credential, const struct appserver_settings *settings)
{
    credential->settings = settings;
    credential->retry.range = settings->backoff;
    credential->refusal.range = settings->login_retry;
    credential->reauthentication.range = settings->login_retry;
}

void credential_free(struct credential *credential)
{
    secrets_free(&credential->now);
    secrets_free(&credential->before);
    secret_unref(credential->token);
    secret_unref(credential->token_before);
    ticket_unref(credential->ticket);
    free(credential->why);
    free(credential->message);
    *credential = (struct credential){0};
}

/* ---- what can be done, what has to be done ---- */

bool credential_lives(const struct credential *credential, int64_t now_ns)
{
    return (credential->token || credential->ticket) && now_ns < credential->expires_ns;
}

bool credential_ready(const struct credential *credential, int64_t now_ns)
{
    return credential->read_once && (!acquires(credential) || credential_lives(credential, now_ns));
}

/* After a refusal the secrets are read again before the next trial: they may have been changed just now. */
static bool is_informed(const struct credential *credential)
{
    return credential->read_at_ns >= credential->guard.refused_ns ||
           !secrets_changeable(credential->settings);
}

bool credential_admits(const struct credential *credential, const void *who, bool quiet, int64_t now_ns)
{
    const struct guard *guard = &credential->guard;
    if (!credential_ready(credential, now_ns))
        return false;
    if (!credential_guards(credential) || guard->open)
        return true;
    return quiet && now_ns >= credential->blocked_until_ns && !guard_holds(guard, who, now_ns) &&
           is_informed(credential) && !credential->why;
}

/* When the credential's own token request is to be sent; NEVER_NS: not at all, as things stand. */
static int64_t own_request_at(const struct credential *credential, bool wanted, int64_t now_ns)
{
    if (!acquires(credential) || credential->flight != CREDENTIAL_NO_FLIGHT)
        return NEVER_NS;
    int64_t at = 0;
    if (credential_lives(credential, now_ns)) {
        if (!credential->used || (credential->idle && !wanted))
            return NEVER_NS;
        at = credential->renew_ns;
    } else if (!wanted) {
        return NEVER_NS;
    }
    if (credential->asked_ns > 0)
        at = ns_max(at, credential->asked_ns + SECOND_NS);
    return ns_max(at, ns_max(credential->retry.until_ns, credential->blocked_until_ns));
}

static int64_t probe_request_at(const struct credential *credential, bool probe)
{
    return probe && credential->flight == CREDENTIAL_NO_FLIGHT ? credential->blocked_until_ns : NEVER_NS;
}

/* When to read the secrets for another reason than a token request. */
static int64_t look_at(const struct credential *credential, bool wanted)
{
    if (!credential->read_once)
        return wanted ? credential->look_again_ns : NEVER_NS;
    if (credential->look || (credential->why && credential_guards(credential) && !credential->guard.open))
        return credential->look_again_ns;
    bool blocked = credential->blocked_until_ns > 0 || credential->guard.suspect;
    return blocked && secrets_changeable(credential->settings) ? credential->look_again_ns : NEVER_NS;
}

bool credential_is_late(const struct credential *credential, int64_t now_ns)
{
    return (credential->reading && now_ns - credential->reading_since_ns >= LATE_NS) ||
           (credential->flight == CREDENTIAL_AWAITS_TICKET && now_ns - credential->asked_ns >= LATE_NS);
}

bool credential_is_busy(const struct credential *credential)
{
    return credential->reading || credential->flight == CREDENTIAL_AWAITS_TICKET;
}

enum credential_act credential_act(const struct credential *credential, bool wanted, bool probe,
                                   int64_t now_ns)
{
    if (credential_is_busy(credential))
        return CREDENTIAL_REST;
    bool own = own_request_at(credential, wanted, now_ns) <= now_ns;
    bool probes = probe_request_at(credential, probe) <= now_ns;
    if (own || probes) {
        if (credential->fresh && now_ns - credential->read_at_ns <= FRESH_NS)
            return own ? CREDENTIAL_ASK : CREDENTIAL_PROBE;
        return credential->look_again_ns <= now_ns || !credential->why ? CREDENTIAL_READ : CREDENTIAL_REST;
    }
    return look_at(credential, wanted) <= now_ns ? CREDENTIAL_READ : CREDENTIAL_REST;
}

int64_t credential_deadline(const struct credential *credential, bool wanted, bool probe, int64_t now_ns)
{
    if (credential_is_busy(credential))
        return NEVER_NS;
    int64_t login = ns_min(own_request_at(credential, wanted, now_ns), probe_request_at(credential, probe));
    if (login != NEVER_NS && credential->why)
        login = ns_max(login, credential->look_again_ns);
    int64_t at = ns_min(login, look_at(credential, wanted));
    /* While somebody waits for it, the end of a token's life is an event too. */
    if (wanted && credential_lives(credential, now_ns))
        at = ns_min(at, credential->expires_ns);
    if (wanted && credential_guards(credential)) {
        const int64_t ends[] = {credential->blocked_until_ns, credential->guard.hold_until_ns};
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
            at = ends[i] > now_ns ? ns_min(at, ends[i]) : at;
    }
    return at;
}

/* ---- secrets ---- */

void credential_reading(struct credential *credential, int64_t now_ns)
{
    assert(!credential->reading);
    credential->reading_since_ns = now_ns;
    credential->reading = true;
}

/* What the new reading replaces, for as long as echoes may hold it. */
static void keep_before(struct credential *credential, const struct secrets *next)
{
    struct secrets *before = &credential->before;
    const struct secrets *now = &credential->now;
    if (!before->items) {
        before->items = memory_new(next->count, sizeof(struct secret *));
        before->count = next->count;
    }
    for (size_t i = 0; i < now->count; i++) {
        if (!now->items[i] || secret_equal(now->items[i], next->items[i]))
            continue;
        secret_unref(before->items[i]);
        before->items[i] = secret_ref(now->items[i]);
    }
    if (now->assertion) {
        secret_unref(before->assertion);
        before->assertion = secret_ref(now->assertion);
    }
}

static void unblock(struct credential *credential)
{
    credential->blocked_until_ns = 0;
    backoff_rest(&credential->refusal);
    backoff_rest(&credential->retry);
}

/* What calls carried last; echoes may still hold it. */
static void drop_acquired(struct credential *credential)
{
    if (credential->token) {
        secret_unref(credential->token_before);
        credential->token_before = credential->token;
        credential->token = NULL;
    }
    ticket_unref(credential->ticket);
    credential->ticket = NULL;
    credential->lifetime_ns = 0;
    credential->serial++;
    credential->proven = false;
}

/* Another login than before: nothing that was said of the last one holds. */
static void begin_anew(struct credential *credential)
{
    unblock(credential);
    if (!credential_guards(credential))
        return;
    /* A ticket of the last login that is doubted is not tried again; a good one serves on. */
    if (credential->guard.suspect && credential->ticket)
        drop_acquired(credential);
    guard_anew(&credential->guard);
    backoff_rest(&credential->reauthentication);
}

static void set_standing(struct credential *credential, enum reason reason, const char *message)
{
    char *copy = message ? memory_copy_text(message) : NULL;
    free(credential->message);
    credential->message = copy;
    credential->reason = reason;
}

void credential_succeed(struct credential *credential, const struct credential *before)
{
    if (!appserver_same_door(before->settings, credential->settings))
        return;
    secrets_carry(&before->now, before->settings, credential->settings, &credential->now);
    credential->asked_ns = before->asked_ns;
    credential->guard = before->guard;
    credential->blocked_until_ns = before->blocked_until_ns;
    credential->refusal = before->refusal;
    credential->reauthentication = before->reauthentication;
    credential->refusal.range = credential->reauthentication.range = credential->settings->login_retry;
    if (credential->blocked_until_ns > 0 || credential->guard.suspect)
        set_standing(credential, before->reason, before->message);
}

void credential_read(struct credential *credential, struct secrets *secrets, int64_t now_ns)
{
    credential->reading = false;
    credential->look = false;
    credential->look_again_ns = now_ns + CREDENTIAL_LOOK_NS;
    free(credential->why);
    credential->why = secrets->why;
    secrets->why = NULL;
    if (credential->why) {
        secrets_free(secrets);
        return;
    }
    if (credential->now.items && secrets_login_differs(&credential->now, secrets, credential->settings))
        begin_anew(credential);
    keep_before(credential, secrets);
    secrets_free(&credential->now);
    credential->now = *secrets;
    *secrets = (struct secrets){0};
    credential->read_once = true;
    credential->read_at_ns = now_ns;
    credential->fresh = true;
}

static void look_after(struct credential *credential, int64_t pause_ns)
{
    if (!secrets_changeable(credential->settings) || credential->look)
        return;
    credential->look = true;
    if (!credential->why)
        credential->look_again_ns = credential->read_at_ns + pause_ns;
}

void credential_look(struct credential *credential)
{
    look_after(credential, FRESH_NS);
}

void credential_glance(struct credential *credential)
{
    look_after(credential, CREDENTIAL_LOOK_NS);
}

int64_t credential_look_deadline(const struct credential *credential)
{
    bool worthwhile = secrets_changeable(credential->settings) && !credential_is_busy(credential);
    return worthwhile ? credential->look_again_ns : NEVER_NS;
}

/* ---- token requests ---- */

void credential_asked(struct credential *credential, int64_t now_ns)
{
    assert(credential->flight == CREDENTIAL_NO_FLIGHT);
    credential->flight = by_ticket(credential) ? CREDENTIAL_AWAITS_TICKET : CREDENTIAL_ACQUIRES;
    credential->fresh = false;
    credential->asked_ns = now_ns;
    credential->replaces_refused = false;
}

void credential_probed(struct credential *credential)
{
    assert(credential->flight == CREDENTIAL_NO_FLIGHT);
    credential->flight = CREDENTIAL_PROBED;
    credential->fresh = false;
}

void credential_cancelled(struct credential *credential)
{
    credential->flight = CREDENTIAL_NO_FLIGHT;
}

static int64_t renewal_delay(const struct credential *credential)
{
    const struct renew_at *renew = &credential->settings->token_renew_at;
    int64_t delay = renew->is_share ? (int64_t)((double)credential->lifetime_ns * renew->share)
                                    : credential->lifetime_ns - renew->before_ns;
    return ns_max(delay, ns_max(credential->lifetime_ns / 2, SECOND_NS));
}

static void note_acquired(struct credential *credential, int64_t lifetime_ns, int64_t now_ns)
{
    credential->flight = CREDENTIAL_NO_FLIGHT;
    credential->lifetime_ns = lifetime_ns > 0 ? lifetime_ns
                                              : credential->settings->token_fallback_lifetime_ns;
    credential->received_ns = now_ns;
    credential->expires_ns = now_ns + credential->lifetime_ns;
    /* Made somewhere between the two, on a server whose answers may be slow. */
    credential->renew_ns = credential->asked_ns + renewal_delay(credential);
    credential->used = false;
}

void credential_granted(struct credential *credential, struct token *token, int64_t now_ns)
{
    unblock(credential);
    set_standing(credential, REASON_NONE, NULL);
    drop_acquired(credential);
    credential->token = secret_ref(token->text);
    note_acquired(credential, token->lifetime_ns, now_ns);
    token_free(token);
}

void credential_ticket_granted(struct credential *credential, struct ticket_result *result, int64_t now_ns)
{
    backoff_rest(&credential->retry);
    /* What the app server thinks of tickets is not the key distribution center's to say. */
    if (!credential->guard.suspect) {
        unblock(credential);
        set_standing(credential, REASON_NONE, NULL);
    }
    drop_acquired(credential);
    credential->ticket = ticket_ref(result->ticket);
    note_acquired(credential, result->lifetime_ns, now_ns);
    int64_t margin_ns = ns_min(TICKET_MARGIN_NS, credential->lifetime_ns / 10);
    credential->expires_ns -= margin_ns;
    credential->renew_ns = ns_min(credential->renew_ns, credential->expires_ns);
    ticket_result_free(result);
}

void credential_ticket_useless(struct credential *credential, int64_t now_ns)
{
    drop_acquired(credential);
    backoff_grow(&credential->retry, 0, now_ns);
}

static void block(struct credential *credential, int64_t now_ns)
{
    backoff_grow(&credential->refusal, 0, now_ns);
    credential->blocked_until_ns = credential->refusal.until_ns;
    credential->look_again_ns = now_ns + CREDENTIAL_LOOK_NS;
}

void credential_failed(struct credential *credential, enum reason reason, bool refused, const char *message,
                       int64_t retry_after_ns, int64_t now_ns)
{
    assert(reason != REASON_NONE);
    credential->flight = CREDENTIAL_NO_FLIGHT;
    set_standing(credential, reason, message);
    if (refused)
        block(credential, now_ns);
    else
        backoff_grow(&credential->retry, retry_after_ns, now_ns);
}

void credential_probe_answered(struct credential *credential, enum reason reason, bool refused,
                               const char *message, int64_t now_ns)
{
    credential->flight = CREDENTIAL_NO_FLIGHT;
    if (refused) {
        set_standing(credential, reason, message);
        block(credential, now_ns);
    } else if (reason == REASON_NONE) {
        unblock(credential);
    }
}

/* ---- calls with the token ---- */

uint64_t credential_use(struct credential *credential)
{
    credential->used = true;
    return credential->serial;
}

void credential_good(struct credential *credential, uint64_t serial)
{
    if (acquires(credential) && serial == credential->serial)
        credential->proven = true;
}

bool credential_refused(struct credential *credential, uint64_t serial, int64_t now_ns)
{
    if (!acquires(credential))
        return false;
    if (serial != credential->serial)
        return true;
    /* Good answers to calls that were sent later say nothing: the server may have looked at those earlier. */
    if (now_ns < credential->blocked_until_ns || now_ns < credential->reauthentication.until_ns)
        return false;
    /* Behind a balancer one of two servers may refuse what the other grants: each token is good, and soon refused. */
    if (credential->proven && now_ns - credential->received_ns < credential->reauthentication.range.from_ns)
        backoff_grow(&credential->reauthentication, 0, now_ns);
    else if (credential->proven)
        backoff_rest(&credential->reauthentication);
    drop_acquired(credential);
    credential->replaces_refused = true;
    if (!credential->guard.suspect)
        set_standing(credential, by_ticket(credential) ? REASON_UNAUTHORIZED : REASON_TOKEN_REJECTED, NULL);
    return true;
}

void credential_futile(struct credential *credential, int64_t now_ns)
{
    if (now_ns >= credential->reauthentication.until_ns)
        backoff_grow(&credential->reauthentication, 0, now_ns);
}

/* ---- calls that carry the login themselves ---- */

void credential_login_refused(struct credential *credential, uint64_t login, const void *who, bool others,
                              enum reason reason, const char *message, int64_t sent_ns, int64_t now_ns)
{
    struct guard *guard = &credential->guard;
    /* While all are blocked nothing is sent: what is refused now was under way before. */
    if (!credential_guards(credential) || login != guard->login || now_ns < credential->blocked_until_ns)
        return;
    bool in_words = reason == REASON_CREDENTIALS;
    enum guard_verdict verdict = guard_refused(guard, who, others, in_words, sent_ns, now_ns);
    if (verdict == GUARD_NOTHING)
        return;
    set_standing(credential, reason, message);
    if (verdict == GUARD_BLOCK)
        block(credential, now_ns);
    if (verdict == GUARD_HOLD) {
        backoff_grow(&credential->refusal, 0, now_ns);
        credential->blocked_until_ns = 0;
        guard_hold(guard, credential->refusal.until_ns);
    }
}

void credential_login_good(struct credential *credential, uint64_t login, int64_t sent_ns)
{
    if (!credential_guards(credential) || login != credential->guard.login ||
        !guard_good(&credential->guard, sent_ns))
        return;
    unblock(credential);
    set_standing(credential, REASON_NONE, NULL);
}

/* ---- for people ---- */

enum reason credential_standing(const struct credential *credential, int64_t now_ns, const char **message)
{
    if (credential->why) {
        *message = credential->why;
        return REASON_INTERNAL;
    }
    if (credential_is_late(credential, now_ns)) {
        *message = credential->reading
                       ? "Reading the secrets has not ended yet: does the file system that holds them answer?"
                       : "Asking for a Kerberos ticket has not ended yet: does a key distribution center "
                         "answer?";
        return credential->reading ? REASON_INTERNAL : REASON_IDENTITY_PROVIDER;
    }
    *message = credential->message;
    return credential->reason;
}

bool credential_holds(const struct credential *credential, const void *who, int64_t now_ns)
{
    const struct guard *guard = &credential->guard;
    if (!credential_guards(credential) || !credential->read_once || guard->open)
        return false;
    return credential->why || now_ns < credential->blocked_until_ns || guard_holds(guard, who, now_ns) ||
           (!guard->proven && guard->suspect);
}

static bool is_name(size_t which)
{
    return which == SECRET_USERNAME || which == SECRET_CLIENT_ID;
}

static size_t secrets_list(struct secret **list, size_t count, const struct secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++)
        list[count++] = is_name(i) ? NULL : secrets->items[i];
    list[count++] = secrets->assertion;
    return count;
}

char *credential_redact(const struct credential *credential, const char *text)
{
    if (!text)
        return NULL;
    size_t room = credential->now.count + credential->before.count + 4;
    struct secret **list = memory_new(room, sizeof(struct secret *));
    size_t count = secrets_list(list, 0, &credential->now);
    count = secrets_list(list, count, &credential->before);
    list[count++] = credential->token;
    list[count++] = credential->token_before;
    assert(count == room);
    struct secret *const names[] = {
        secrets_named(&credential->now, SECRET_USERNAME),
        secrets_named(&credential->now, SECRET_CLIENT_ID),
        secrets_named(&credential->before, SECRET_USERNAME),
        secrets_named(&credential->before, SECRET_CLIENT_ID),
    };
    char *clean = secret_redact(text, list, count, names, sizeof names / sizeof names[0]);
    free(list);
    return clean;
}
