#include "main.h"

#include <string.h>

#include "agent/session.h"
#include "base/clock.h"

#define RANGE  ((struct duration_range){SECOND_NS, 60 * SECOND_NS})
#define UNSURE ((struct duration_range){2 * MINUTE_NS, 30 * MINUTE_NS})

static struct session opened(int64_t now_ns)
{
    struct session session;
    session_init(&session, "EPIC06", RANGE, UNSURE, 0, 1);
    assert_int_equal(session_act(&session, true, now_ns), SESSION_LOGIN);
    session_asked(&session);
    session_opened(&session, secret_new("id-1", 4));
    return session;
}

static void opened_once_when_it_is_wanted(void **state)
{
    (void)state;
    struct session session;
    session_init(&session, "EPIC06", RANGE, UNSURE, 0, 1);
    assert_int_equal(session_act(&session, false, 0), SESSION_REST);
    assert_true(session_deadline(&session, false) == NEVER_NS);
    assert_int_equal(session_act(&session, true, 0), SESSION_LOGIN);
    session_asked(&session);
    assert_int_equal(session_act(&session, true, 0), SESSION_REST);
    assert_false(session_ready(&session));
    session_opened(&session, secret_new("id-1", 4));
    assert_true(session_ready(&session));
    assert_int_equal(session_act(&session, true, 6), SESSION_REST);
    session_free(&session);
}

static void a_failed_login_waits_for_pauses_that_grow(void **state)
{
    (void)state;
    struct session session;
    const char *message;
    session_init(&session, "EPIC06", RANGE, UNSURE, 0, 1);
    int64_t now_ns = 0, last_ns = 0;
    for (int i = 0; i < 5; i++) {
        session_asked(&session);
        session_failed(&session, REASON_LICENSE_EXHAUSTED, "no seat", false, 0, now_ns);
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
    session_failed(&session, REASON_THROTTLED, NULL, false, 30 * SECOND_NS, now_ns);
    assert_true(session_deadline(&session, true) >= now_ns + 30 * SECOND_NS);
    session_free(&session);
}

static void an_ended_session_is_renewed_once_at_once(void **state)
{
    (void)state;
    struct session session = opened(0);
    uint64_t first = session.serial;
    session_good(&session, first);
    assert_true(session_ended(&session, first, true, 10));
    assert_int_equal(session_act(&session, true, 10), SESSION_LOGIN);
    session_asked(&session);
    /* Another call that went out with the first one. */
    assert_true(session_ended(&session, first, true, 11));
    assert_int_equal(session.state, SESSION_OPENING);
    session_opened(&session, secret_new("id-2", 4));
    assert_true(session_ended(&session, first, true, 13));
    assert_true(session_ready(&session));
    /* The new one is of no use either: the next Login waits. */
    assert_false(session_ended(&session, session.serial, true, 14));
    assert_int_equal(session_act(&session, true, 14), SESSION_REST);
    assert_true(session_deadline(&session, true) > 14);
    session_free(&session);
}

static void sessions_that_live_for_one_call_are_few(void **state)
{
    (void)state;
    struct session session = opened(0);
    int64_t now_ns = SECOND_NS;
    int logins = 0;
    while (now_ns < 3600 * SECOND_NS) {
        session_good(&session, session.serial);
        assert_true(session_ended(&session, session.serial, true, now_ns));
        now_ns = ns_max(now_ns, session_deadline(&session, true)) + SECOND_NS;
        assert_int_equal(session_act(&session, true, now_ns), SESSION_LOGIN);
        session_asked(&session);
        session_opened(&session, secret_new("id-2", 4));
        logins++;
    }
    /* Pauses of 1, 2, 4 ... 60 s. */
    assert_in_range(logins, 50, 80);
    /* After a quiet time the next one is renewed at once again. */
    now_ns += 3600 * SECOND_NS;
    session_good(&session, session.serial);
    assert_true(session_ended(&session, session.serial, true, now_ns));
    assert_int_equal(session_act(&session, true, now_ns), SESSION_LOGIN);
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
    session_init(&session, "EPIC06", RANGE, UNSURE, 0, 1);
    session_asked(&session);
    session_leave(&session);
    assert_false(session_has_left(&session));
    session_opened(&session, secret_new("id-1", 4));
    assert_int_equal(session_act(&session, false, 1), SESSION_LOGOUT);
    session_free(&session);

    session_init(&session, "EPIC06", RANGE, UNSURE, 0, 1);
    session_asked(&session);
    session_leave(&session);
    session_failed(&session, REASON_TIMEOUT, NULL, true, 0, 1);
    assert_true(session_has_left(&session));
    assert_int_equal(session_act(&session, true, NEVER_NS - 1), SESSION_REST);
    session_free(&session);
}

static void a_login_refused_for_its_token_is_sent_again_without_a_pause(void **state)
{
    (void)state;
    struct session session;
    session_init(&session, "EPIC06", RANGE, UNSURE, 0, 1);
    session_asked(&session);
    session_again(&session);
    assert_int_equal(session_act(&session, true, 0), SESSION_LOGIN);
    session_free(&session);
}

static void a_410_that_may_mean_something_else_ends_the_session_before_another_is_opened(void **state)
{
    (void)state;
    struct session session = opened(0);
    session_good(&session, session.serial);
    assert_true(session_ended(&session, session.serial, false, 10));
    assert_false(session_ready(&session));
    assert_int_equal(session_act(&session, true, 10), SESSION_LOGOUT);
    assert_int_equal(session_act(&session, false, 10), SESSION_LOGOUT);
    session_asked(&session);
    /* It was perhaps no more: one Logout is enough. */
    assert_false(session_logout_failed(&session, 11));
    assert_int_equal(session_act(&session, false, 11), SESSION_REST);
    assert_int_equal(session_act(&session, true, 11), SESSION_LOGIN);
    session_free(&session);
}

static void a_logout_that_fails_is_tried_again_for_a_while(void **state)
{
    (void)state;
    struct session session = opened(0);
    session_leave(&session);
    int64_t now_ns = 0;
    for (int i = 1; i < SESSION_LOGOUTS; i++) {
        assert_int_equal(session_act(&session, false, now_ns), SESSION_LOGOUT);
        session_asked(&session);
        assert_true(session_logout_failed(&session, now_ns));
        now_ns = session_deadline(&session, false);
    }
    assert_true(now_ns == 11 * SECOND_NS);
    session_asked(&session);
    assert_false(session_logout_failed(&session, now_ns));
    assert_true(session_has_left(&session));
    session_free(&session);
}

static void a_reload_has_it_opened_anew(void **state)
{
    (void)state;
    struct session session = opened(0);
    session_renew(&session);
    assert_false(session_ready(&session));
    assert_int_equal(session_act(&session, true, 1), SESSION_LOGOUT);
    session_asked(&session);
    assert_true(session_logout_failed(&session, 1));
    session_asked(&session);
    session_closed(&session);
    assert_int_equal(session_act(&session, true, 1), SESSION_LOGIN);
    session_asked(&session);
    /* Also one that is just being opened. */
    session_renew(&session);
    session_opened(&session, secret_new("id-2", 4));
    assert_int_equal(session_act(&session, true, 2), SESSION_LOGOUT);
    session_free(&session);
    /* Nothing was opened: nothing is to be ended. */
    session_init(&session, "EPIC06", RANGE, UNSURE, 0, 1);
    session_renew(&session);
    session_asked(&session);
    session_renew(&session);
    session_failed(&session, REASON_SERVER_ERROR, NULL, false, 0, 1);
    int64_t at_ns = session_deadline(&session, true);
    assert_int_equal(session_act(&session, true, at_ns), SESSION_LOGIN);
    session_asked(&session);
    session_opened(&session, secret_new("id-3", 4));
    assert_true(session_ready(&session));
    session_free(&session);
}

static void a_login_that_may_have_opened_one_is_followed_by_long_pauses(void **state)
{
    (void)state;
    struct session session;
    session_init(&session, "EPIC06", RANGE, UNSURE, 0, 1);
    int64_t now_ns = 0;
    unsigned logins = 0;
    while (now_ns < 24 * HOUR_NS) {
        session_asked(&session);
        logins++;
        session_failed(&session, REASON_TIMEOUT, NULL, true, 0, now_ns);
        assert_true(session_deadline(&session, true) >= now_ns + UNSURE.from_ns);
        now_ns = session_deadline(&session, true);
    }
    assert_true(logins <= 24 * 60 / 27 + 6); /* each pause lasts 27 minutes at least, in the end */
    session_asked(&session);
    session_opened(&session, secret_new("id-1", 4));
    assert_false(session.unsure.pause_ns > 0);
    session_free(&session);
}

ALL_TESTS(cmocka_unit_test(opened_once_when_it_is_wanted),
          cmocka_unit_test(a_failed_login_waits_for_pauses_that_grow),
          cmocka_unit_test(an_ended_session_is_renewed_once_at_once),
          cmocka_unit_test(sessions_that_live_for_one_call_are_few),
          cmocka_unit_test(a_session_that_is_left_is_logged_out_once),
          cmocka_unit_test(a_login_under_way_when_it_is_left_is_logged_out_too),
          cmocka_unit_test(a_login_refused_for_its_token_is_sent_again_without_a_pause),
          cmocka_unit_test(a_410_that_may_mean_something_else_ends_the_session_before_another_is_opened),
          cmocka_unit_test(a_logout_that_fails_is_tried_again_for_a_while),
          cmocka_unit_test(a_reload_has_it_opened_anew),
          cmocka_unit_test(a_login_that_may_have_opened_one_is_followed_by_long_pauses));
