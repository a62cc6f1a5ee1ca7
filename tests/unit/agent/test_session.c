#include "main.h"

#include <string.h>

#include "agent/session.h"
#include "base/clock.h"

#define RANGE ((struct duration_range){SECOND_NS, 60 * SECOND_NS})

static struct session opened(int64_t now_ns)
{
    struct session session;
    session_init(&session, "EPIC06", RANGE, 1);
    assert_int_equal(session_act(&session, true, now_ns), SESSION_LOGIN);
    session_asked(&session);
    session_opened(&session, secret_new("id-1", 4), now_ns);
    return session;
}

static void opened_once_when_it_is_wanted(void **state)
{
    (void)state;
    struct session session;
    session_init(&session, "EPIC06", RANGE, 1);
    assert_int_equal(session_act(&session, false, 0), SESSION_REST);
    assert_true(session_deadline(&session, false) == NEVER_NS);
    assert_int_equal(session_act(&session, true, 0), SESSION_LOGIN);
    session_asked(&session);
    assert_int_equal(session_act(&session, true, 0), SESSION_REST);
    assert_false(session_ready(&session));
    session_opened(&session, secret_new("id-1", 4), 5);
    assert_true(session_ready(&session));
    assert_int_equal(session_act(&session, true, 6), SESSION_REST);
    session_free(&session);
}

static void a_failed_login_waits_for_pauses_that_grow(void **state)
{
    (void)state;
    struct session session;
    const char *message;
    session_init(&session, "EPIC06", RANGE, 1);
    int64_t now_ns = 0, last_ns = 0;
    for (int i = 0; i < 5; i++) {
        session_asked(&session);
        session_failed(&session, REASON_LICENSE_EXHAUSTED, "no seat", 0, now_ns);
        assert_int_equal(session_act(&session, true, now_ns), SESSION_REST);
        int64_t until_ns = session_deadline(&session, true);
        assert_true(until_ns - now_ns > last_ns);
        last_ns = until_ns - now_ns;
        now_ns = until_ns;
        assert_int_equal(session_act(&session, true, now_ns), SESSION_LOGIN);
    }
    assert_int_equal(session_standing(&session, &message), REASON_LICENSE_EXHAUSTED);
    assert_string_equal(message, "no seat");
    session_asked(&session);
    session_failed(&session, REASON_THROTTLED, NULL, 30 * SECOND_NS, now_ns);
    assert_true(session_deadline(&session, true) >= now_ns + 30 * SECOND_NS);
    session_free(&session);
}

static void an_ended_session_is_renewed_once_at_once(void **state)
{
    (void)state;
    struct session session = opened(0);
    uint64_t first = session.serial;
    session_good(&session, first);
    assert_true(session_ended(&session, first, 10));
    assert_int_equal(session_act(&session, true, 10), SESSION_LOGIN);
    session_asked(&session);
    /* Another call that went out with the first one. */
    assert_true(session_ended(&session, first, 11));
    assert_int_equal(session.state, SESSION_OPENING);
    session_opened(&session, secret_new("id-2", 4), 12);
    assert_true(session_ended(&session, first, 13));
    assert_true(session_ready(&session));
    /* The new one is of no use either: the next Login waits. */
    assert_false(session_ended(&session, session.serial, 14));
    assert_int_equal(session_act(&session, true, 14), SESSION_REST);
    assert_true(session_deadline(&session, true) > 14);
    session_free(&session);
}

static void a_session_that_is_left_is_logged_out_once(void **state)
{
    (void)state;
    struct session session = opened(0);
    assert_false(session_has_left(&session));
    session_leave(&session);
    assert_false(session_ready(&session));
    assert_int_equal(session_act(&session, true, 1), SESSION_LOGOUT);
    session_asked(&session);
    assert_int_equal(session_act(&session, true, 1), SESSION_REST);
    assert_string_equal(secret_reveal(session.id), "id-1");
    session_closed(&session);
    assert_true(session_has_left(&session));
    assert_int_equal(session_act(&session, true, NEVER_NS), SESSION_REST);
    session_free(&session);
}

static void a_login_under_way_when_it_is_left_is_logged_out_too(void **state)
{
    (void)state;
    struct session session;
    session_init(&session, "EPIC06", RANGE, 1);
    session_asked(&session);
    session_leave(&session);
    assert_false(session_has_left(&session));
    session_opened(&session, secret_new("id-1", 4), 1);
    assert_int_equal(session_act(&session, false, 1), SESSION_LOGOUT);
    session_free(&session);

    session_init(&session, "EPIC06", RANGE, 1);
    session_asked(&session);
    session_leave(&session);
    session_failed(&session, REASON_TIMEOUT, NULL, 0, 1);
    assert_true(session_has_left(&session));
    assert_int_equal(session_act(&session, true, NEVER_NS - 1), SESSION_REST);
    session_free(&session);
}

static void a_login_refused_for_its_token_is_sent_again_without_a_pause(void **state)
{
    (void)state;
    struct session session;
    session_init(&session, "EPIC06", RANGE, 1);
    session_asked(&session);
    session_again(&session);
    assert_int_equal(session_act(&session, true, 0), SESSION_LOGIN);
    session_free(&session);
}

ALL_TESTS(cmocka_unit_test(opened_once_when_it_is_wanted),
          cmocka_unit_test(a_failed_login_waits_for_pauses_that_grow),
          cmocka_unit_test(an_ended_session_is_renewed_once_at_once),
          cmocka_unit_test(a_session_that_is_left_is_logged_out_once),
          cmocka_unit_test(a_login_under_way_when_it_is_left_is_logged_out_too),
          cmocka_unit_test(a_login_refused_for_its_token_is_sent_again_without_a_pause));
