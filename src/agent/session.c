#include "agent/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

void session_init(struct session *session, const char *company, struct duration_range backoff,
                  struct duration_range login_retry, uint64_t first_serial, uint64_t random)
{
    *session = (struct session){
        .company = memory_copy_text(company),
        .serial = first_serial,
        .retry = {.range = backoff, .random = random},
        .unsure = {.range = login_retry, .random = ~random},
    };
}

void session_free(struct session *session)
{
    free(session->company);
    free(session->message);
    secret_unref(session->id);
    for (size_t i = 0; i < SESSION_IDS; i++)
        secret_unref(session->before[i]);
    *session = (struct session){0};
}

bool session_ready(const struct session *session)
{
    return session->state == SESSION_OPEN && !session->leaving && !session->ending;
}

bool session_parts(const struct session *session)
{
    return session->state == SESSION_OPEN && (session->leaving || session->ending);
}

int64_t session_deadline(const struct session *session, bool wanted)
{
    if (session_parts(session))
        return session->logout_at_ns;
    if (session->state == SESSION_CLOSED && wanted && !session->leaving)
        return ns_max(session->retry.until_ns, session->unsure.until_ns);
    return NEVER_NS;
}

enum session_act session_act(const struct session *session, bool wanted, int64_t now_ns)
{
    int64_t at_ns = session_deadline(session, wanted);
    if (at_ns == NEVER_NS || now_ns < at_ns)
        return SESSION_REST;
    return session->state == SESSION_OPEN ? SESSION_LOGOUT : SESSION_LOGIN;
}

void session_asked(struct session *session)
{
    assert(session->state == SESSION_CLOSED || session->state == SESSION_OPEN);
    session->state = session->state == SESSION_CLOSED ? SESSION_OPENING : SESSION_CLOSING;
}

static void set_standing(struct session *session, enum reason reason, const char *message)
{
    char *copy = message ? memory_copy_text(message) : NULL;
    free(session->message);
    session->message = copy;
    session->reason = reason;
}

static void forget_id(struct session *session)
{
    if (session->id) {
        secret_unref(session->before[SESSION_IDS - 1]);
        memmove(session->before + 1, session->before, (SESSION_IDS - 1) * sizeof(struct secret *));
        session->before[0] = session->id;
    }
    session->id = NULL;
    session->state = SESSION_CLOSED;
    session->ending = false;
    session->insists = false;
    session->logouts = 0;
    session->logout_at_ns = 0;
}

void session_opened(struct session *session, struct secret *id)
{
    assert(session->state == SESSION_OPENING);
    session->state = SESSION_OPEN;
    session->id = id;
    session->serial++;
    session->proven = false;
    backoff_rest(&session->unsure);
    set_standing(session, REASON_NONE, NULL);
}

void session_failed(struct session *session, enum reason reason, const char *message, bool unsure,
                    int64_t retry_after_ns, int64_t now_ns)
{
    assert(session->state == SESSION_OPENING && reason != REASON_NONE);
    session->state = SESSION_CLOSED;
    session->ending = false;
    set_standing(session, reason, message);
    backoff_grow(&session->retry, retry_after_ns, now_ns);
    if (unsure)
        backoff_grow(&session->unsure, 0, now_ns);
}

void session_again(struct session *session)
{
    assert(session->state == SESSION_OPENING || session->state == SESSION_CLOSING);
    session->ending = session->ending && session->state == SESSION_CLOSING;
    session->state = session->state == SESSION_OPENING ? SESSION_CLOSED : SESSION_OPEN;
}

void session_closed(struct session *session)
{
    assert(session->state == SESSION_CLOSING);
    forget_id(session);
}

bool session_logout_failed(struct session *session, int64_t now_ns)
{
    assert(session->state == SESSION_CLOSING);
    if (!session->insists || ++session->logouts == SESSION_LOGOUTS) {
        forget_id(session);
        return false;
    }
    /* At once, then after a second, two, ...: a farewell is short. */
    session->logout_at_ns = now_ns + ((INT64_C(1) << (session->logouts - 1)) - 1) * SECOND_NS;
    session->state = SESSION_OPEN;
    return true;
}

void session_good(struct session *session, uint64_t serial)
{
    if (session->state != SESSION_OPEN || serial != session->serial)
        return;
    session->proven = true;
    if (session->renewed_ns == 0)
        backoff_rest(&session->retry);
}

bool session_ended(struct session *session, uint64_t serial, bool certain, int64_t now_ns)
{
    if (session->leaving)
        return false;
    if (serial != session->serial || session->state != SESSION_OPEN || session->ending)
        return true;
    bool proven = session->proven;
    if (certain)
        forget_id(session);
    else
        session->ending = true;
    set_standing(session, REASON_CONFLICT_OR_GONE, NULL);
    /* A server may let each session live for one call: then their number has to be kept small too. */
    bool again = session->renewed_ns > 0 && now_ns - session->renewed_ns < 2 * session->retry.range.to_ns;
    if (!proven || again)
        backoff_grow(&session->retry, 0, now_ns);
    else
        backoff_rest(&session->retry);
    session->renewed_ns = now_ns;
    return proven;
}

void session_renew(struct session *session)
{
    bool open = session->state == SESSION_OPENING || session->state == SESSION_OPEN;
    session->ending = session->ending || open;
    session->insists = session->insists || open;
}

void session_leave(struct session *session)
{
    session->leaving = true;
    session->insists = true;
}

void session_abandon(struct session *session)
{
    session->leaving = true;
    forget_id(session);
}

bool session_has_left(const struct session *session)
{
    return session->leaving && session->state == SESSION_CLOSED;
}

enum reason session_standing(const struct session *session, const char **message)
{
    *message = session->message;
    return session->reason;
}
