#include "agent/session.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"

void session_init(struct session *session, const char *company, struct duration_range backoff,
                  uint64_t random)
{
    *session = (struct session){.company = memory_copy_text(company),
                                .retry = {.range = backoff, .random = random}};
}

void session_free(struct session *session)
{
    free(session->company);
    free(session->message);
    secret_unref(session->id);
    secret_unref(session->id_before);
    *session = (struct session){0};
}

bool session_ready(const struct session *session)
{
    return session->state == SESSION_OPEN && !session->leaving;
}

enum session_act session_act(const struct session *session, bool wanted, int64_t now_ns)
{
    if (session->state == SESSION_OPEN && session->leaving)
        return SESSION_LOGOUT;
    if (session->state == SESSION_CLOSED && wanted && !session->leaving && now_ns >= session->retry.until_ns)
        return SESSION_LOGIN;
    return SESSION_REST;
}

int64_t session_deadline(const struct session *session, bool wanted)
{
    bool waits = session->state == SESSION_CLOSED && wanted && !session->leaving;
    return waits ? session->retry.until_ns : NEVER_NS;
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
    secret_unref(session->id_before);
    session->id_before = session->id;
    session->id = NULL;
    session->state = SESSION_CLOSED;
}

void session_opened(struct session *session, struct secret *id, int64_t now_ns)
{
    assert(session->state == SESSION_OPENING);
    session->state = SESSION_OPEN;
    session->id = id;
    session->serial++;
    session->proven = false;
    session->opened_ns = now_ns;
    set_standing(session, REASON_NONE, NULL);
}

void session_failed(struct session *session, enum reason reason, const char *message, int64_t retry_after_ns,
                    int64_t now_ns)
{
    assert(session->state == SESSION_OPENING && reason != REASON_NONE);
    session->state = SESSION_CLOSED;
    set_standing(session, reason, message);
    backoff_grow(&session->retry, retry_after_ns, now_ns);
}

void session_again(struct session *session)
{
    assert(session->state == SESSION_OPENING);
    session->state = SESSION_CLOSED;
}

void session_closed(struct session *session)
{
    assert(session->state == SESSION_CLOSING);
    forget_id(session);
}

void session_good(struct session *session, uint64_t serial)
{
    if (session->state != SESSION_OPEN || serial != session->serial)
        return;
    session->proven = true;
    backoff_rest(&session->retry);
}

bool session_ended(struct session *session, uint64_t serial, int64_t now_ns)
{
    if (session->leaving)
        return false;
    if (serial != session->serial || session->state != SESSION_OPEN)
        return true;
    bool proven = session->proven;
    forget_id(session);
    set_standing(session, REASON_CONFLICT_OR_GONE, NULL);
    if (!proven)
        backoff_grow(&session->retry, 0, now_ns);
    return proven;
}

void session_leave(struct session *session)
{
    session->leaving = true;
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
