/* session = shared: when sessions are opened, who waits for them, and that none is left behind. */
#include "../../main.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "scenario.h"

#define EVERY_10S "[exporter]\ninterval = 10s\ntimeout = 20s\n"
#define SHARED    EVERY_10S LIVE "session = shared\n"
/* Two companies: the first one listed is EPIC06. */
#define SHARED_TWO                                                                                           \
    EVERY_10S "[appserver live]\nurl = http://erp.example.com/KineticLive\ncompany = EPIC06, EPIC07\n"       \
              "username = monitor\npassword = correct horse\napi_key = key-of-epic06\nsession = shared\n"    \
              "max_in_flight = 2\n"
#define EFX                    "[probe f]\nkind = efx\nlibrary = Lib\nfunction = Ping\n"
#define TARGET(company, probe) "{appserver=\"live\",company=\"" company "\",probe=\"" probe "\"}"
#define OF(probe)              TARGET("EPIC06", probe)
#define REASON_OF(probe, named)                                                                              \
    "{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\",reason=\"" named "\"}"
#define FAILURES(probe) scenario_metric(story, "epicor_probe_failures_total" OF(probe))
#define RUNS(probe)     scenario_metric(story, "epicor_probe_runs_total" OF(probe))
#define OPEN            scenario_metric(story, "epicor_sessions_open{appserver=\"live\"}")
#define LOGINS          scenario_calls_of(story, "SessionModSvc/Login")
#define LOGOUTS         scenario_calls_of(story, "SessionModSvc/Logout")

/* ---- life ---- */

static void one_session_serves_many_targets(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED "max_in_flight = 3\n" BAQ("a") BAQ("b") BAQ("c") EFX);
    scenario_pass(story, HOUR_NS);
    assert_int_equal(LOGINS, 1);
    assert_int_equal(LOGOUTS, 0);
    assert_non_null(strstr(scenario_last_call(story),
                           "\nSessionInfo: {\"SessionID\":\"" SCENARIO_SESSION_ID "000000000001\"}\n"));
    assert_non_null(strstr(scenario_last_call(story), "\nLicense: "));
    assert_true(OPEN == 1);
    assert_true(RUNS("a") >= 359 && FAILURES("a") + FAILURES("b") + FAILURES("c") + FAILURES("f") == 0);
    /* It holds a seat all the time, and the calls within it take none. */
    double held = scenario_metric(
        story, "epicor_license_claim_seconds_total{appserver=\"live\",license=\"WebService\"}");
    assert_true(held >= 3600 - 10 - 15 && held <= 3600);
    scenario_shutdown(story);
    scenario_pass(story, SECOND_NS);
    assert_true(agent_finished(scenario_agent(story)));
    assert_int_equal(scenario_sessions(story).open, 0);
    assert_int_equal(scenario_sessions(story).closed, 1);
    assert_int_equal(scenario_sessions(story).strays, 0);
    scenario_free(story);
}

static void no_session_unless_asked_for(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(EVERY_10S LIVE BAQ("a"));
    scenario_pass(story, HOUR_NS);
    assert_int_equal(LOGINS, 0);
    assert_null(strstr(scenario_last_call(story), "SessionInfo"));
    assert_true(isnan(OPEN));
    scenario_free(story);
}

/* Probes of the kind token log in by themselves, and need no session. */
static void a_token_probe_wants_none(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED "[probe t]\nkind = token\n");
    scenario_pass(story, 10 * MINUTE_NS);
    assert_int_equal(LOGINS, 0);
    assert_true(OPEN == 0);
    scenario_free(story);
}

static void a_session_for_each_company(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED_TWO BAQ("a") BAQ("b"));
    scenario_pass(story, 10 * MINUTE_NS);
    assert_int_equal(scenario_calls_of(story, "EPIC06/Ice.LIB.SessionModSvc/Login"), 1);
    assert_int_equal(scenario_calls_of(story, "EPIC07/Ice.LIB.SessionModSvc/Login"), 1);
    assert_true(OPEN == 2);
    scenario_shutdown(story);
    scenario_pass(story, SECOND_NS);
    assert_int_equal(scenario_calls_of(story, "EPIC06/Ice.LIB.SessionModSvc/Logout"), 1);
    assert_int_equal(scenario_calls_of(story, "EPIC07/Ice.LIB.SessionModSvc/Logout"), 1);
    assert_int_equal(scenario_sessions(story).open, 0);
    scenario_free(story);
}

/* ---- 410 ---- */

static void an_expired_session_is_one_login_and_no_lost_run(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED "max_in_flight = 3\n" BAQ("a") BAQ("b") BAQ("c"));
    scenario_pass(story, MINUTE_NS);
    for (unsigned i = 2; i <= 6; i++) {
        scenario_erp(story)->oldest_session = i;
        scenario_pass(story, MINUTE_NS);
        assert_int_equal(LOGINS, i);
    }
    assert_true(FAILURES("a") + FAILURES("b") + FAILURES("c") == 0);
    assert_int_equal(LOGOUTS, 0); /* the server has said that it is no more */
    assert_int_equal(scenario_sessions(story).most_open, 1);
    assert_true(OPEN == 1);
    scenario_free(story);
}

/* Contract: a POST is repeated after a 401 only. */
static void a_post_is_not_repeated(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED EFX);
    scenario_pass(story, MINUTE_NS);
    double runs = RUNS("f");
    uint64_t posts = scenario_calls_of(story, "efx");
    scenario_erp(story)->oldest_session = 2;
    for (int i = 0; i < 20 && FAILURES("f") == 0; i++)
        scenario_pass(story, SECOND_NS);
    assert_true(FAILURES("f") == 1);
    assert_true(scenario_metric(story, "epicor_probe_failure_reason" REASON_OF("f", "conflict_or_gone")) ==
                1);
    assert_true((double)(scenario_calls_of(story, "efx") - posts) == RUNS("f") - runs);
    scenario_pass(story, MINUTE_NS);
    assert_true(FAILURES("f") == 1);
    assert_true((double)(scenario_calls_of(story, "efx") - posts) == RUNS("f") - runs);
    assert_int_equal(LOGINS, 2);
    scenario_free(story);
}

/* A server that takes no session at all: pauses, no storm, and none is left open. */
static void sessions_that_are_of_no_use_are_no_storm(void **state)
{
    static const char *const bodies[] = {NULL, "{\"ErrorType\":\"Ice.Common.InvalidSessionException\"}"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scenario *story = scenario_new(SHARED "backoff = 1s..5m\nmax_in_flight = 3\n" BAQ("a") BAQ("b")
                                                  BAQ("c") EFX);
        scenario_erp(story)->rules[0] = (struct scenario_rule){
            .path = "BaqSvc", .status = 410, .body = bodies[i]};
        scenario_erp(story)->rules[1] = (struct scenario_rule){
            .path = "efx", .status = 410, .body = bodies[i]};
        scenario_pass(story, 24 * HOUR_NS);
        assert_true(LOGINS >= 24 && LOGINS <= 24 * 14 + 20);
        assert_true(scenario_metric(story, "epicor_probe_success" OF("a")) == 0);
        /* Those that were perhaps alive were logged out before another was opened. */
        if (i == 0)
            assert_int_equal(scenario_sessions(story).most_open, 1);
        scenario_free(story);
    }
}

/* One query is gone (410) by itself, while the session serves all others. */
static void a_410_of_ones_own_ends_no_session_for_ever(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED "max_in_flight = 3\n" BAQ("a") BAQ("b") BAQ("gone"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "/gone/", .status = 410};
    scenario_pass(story, 6 * HOUR_NS);
    assert_true(LOGINS >= 2 && LOGINS <= 4);
    assert_int_equal(LOGOUTS, LOGINS - 1);
    assert_int_equal(scenario_sessions(story).most_open, 1);
    assert_true(FAILURES("a") + FAILURES("b") <= 2);
    assert_true(scenario_metric(story, "epicor_probe_failure_reason" REASON_OF("gone", "conflict_or_gone")) ==
                1);
    /* It still notices when the session is no more. */
    uint64_t logins = LOGINS;
    scenario_erp(story)->oldest_session = 100;
    scenario_pass(story, 10 * SECOND_NS);
    scenario_erp(story)->oldest_session = 0;
    scenario_pass(story, 10 * MINUTE_NS);
    assert_true(LOGINS > logins && LOGINS <= logins + 5);
    assert_true(scenario_metric(story, "epicor_probe_success" OF("a")) == 1);
    scenario_free(story);
}

/* ---- Logins that fail ---- */

#define NO_SEAT                                                                                              \
    "{\"HttpStatus\":500,\"ErrorMessage\":\"Maximum users exceeded on license type: WebService assigned to " \
    "company: EPIC06\"}"

static void a_login_without_a_seat_waits(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED BAQ("a") BAQ("b"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "Login", .status = 500, .body = NO_SEAT};
    scenario_pass(story, HOUR_NS);
    assert_true(LOGINS >= 10 && LOGINS <= 12 + 12);
    assert_int_equal(scenario_calls_of(story, "BaqSvc"), 0);
    assert_true(scenario_metric(story, "epicor_probe_failure_reason" REASON_OF("a", "license_exhausted")) ==
                1);
    assert_true(RUNS("a") >= 300);
    double refusals = scenario_metric(
        story, "epicor_license_refusals_total{appserver=\"live\",license=\"WebService\"}");
    assert_true(refusals == (double)LOGINS);
    assert_true(scenario_metric(story, "epicor_backoff_until_timestamp_seconds{appserver=\"live\"}") > 0);
    scenario_erp(story)->rules[0] = (struct scenario_rule){0};
    scenario_pass(story, 6 * MINUTE_NS);
    assert_true(scenario_metric(story, "epicor_probe_success" OF("a")) == 1);
    assert_true(scenario_metric(story, "epicor_backoff_until_timestamp_seconds{appserver=\"live\"}") == 0);
    assert_int_equal(scenario_sessions(story).opened, 1);
    scenario_free(story);
}

static void a_dead_server_is_told_as_dead(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED "token_renew_at = 50%\n" BAQ("a") BAQ("b"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){
        .path = "Login", .status = 503, .body = "<html></html>"};
    scenario_pass(story, 10 * MINUTE_NS);
    assert_true(scenario_metric(story, "epicor_up{appserver=\"live\"}") == 0);
    assert_true(
        scenario_metric(story,
                        "epicor_appserver_failure_reason{appserver=\"live\",reason=\"unavailable\"}") == 1);
    assert_true(scenario_metric(story, "epicor_probe_failure_reason" REASON_OF("a", "unavailable")) == 1);
    scenario_erp(story)->rules[0] = (struct scenario_rule){0};
    scenario_pass(story, 6 * MINUTE_NS);
    assert_true(scenario_metric(story, "epicor_up{appserver=\"live\"}") == 1);
    scenario_free(story);
}

/* The server answers too late, each time: it may have opened a session that nobody can end. */
static void late_logins_lose_few_seats(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED "login_retry = 1m..30m\n" BAQ("a"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "Login", .in_ns = 90 * SECOND_NS};
    scenario_pass(story, 24 * HOUR_NS);
    assert_true(scenario_sessions(story).opened <= 24 * 60 / 27 + 6);
    assert_true(scenario_metric(story, "epicor_probe_failure_reason" REASON_OF("a", "timeout")) == 1);
    scenario_free(story);
}

/* A token that the server has revoked: the Login is the first to hear of it. */
static void a_refused_token_is_one_token_request(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED BAQ("a"));
    scenario_pass(story, MINUTE_NS);
    assert_int_equal(scenario_counts(story).logins, 1);
    scenario_erp(story)->oldest_token = 2;
    scenario_erp(story)->oldest_session = 2;
    scenario_pass(story, MINUTE_NS);
    assert_int_equal(scenario_counts(story).logins, 2);
    assert_int_equal(LOGINS, 2);
    assert_true(FAILURES("a") == 0);
    scenario_free(story);
}

/* 401 to every Login, whatever the token: no storm of token requests. */
static void logins_that_are_always_refused_are_no_storm(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED_TWO "login_retry = 1m..30m\n" BAQ("a") BAQ("b"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "EPIC07/Ice.LIB.SessionModSvc/Login",
                                                           .status = 401};
    scenario_pass(story, 24 * HOUR_NS);
    assert_true(scenario_counts(story).logins <= 30 + 60);
    assert_true(scenario_calls_of(story, "EPIC07/Ice.LIB.SessionModSvc/Login") <= 24 * 14 + 80);
    assert_true(scenario_metric(story, "epicor_probe_success" OF("a")) == 1);
    assert_true(scenario_metric(story, "epicor_up{appserver=\"live\"}") == 1);
    scenario_free(story);
}

static void a_company_without_a_session_does_not_hold_up_another(void **state)
{
    static const struct scenario_rule refusals[] = {
        {.path = "EPIC07/Ice.LIB.SessionModSvc/Login",
         .status = 403,
         .body = "{\"ErrorMessage\":\"Access denied (Ice.LIB.SessionModSvc).\"}"},
        {.path = "EPIC07/Ice.LIB.SessionModSvc/Login", .status = 500},
        {.path = "EPIC07/Ice.LIB.SessionModSvc/Login", .in_ns = 15 * SECOND_NS},
        {.path = "EPIC07/Ice.LIB.SessionModSvc/Login", .in_ns = 100 * SECOND_NS},
        {.path = "EPIC07/Ice.LIB.SessionModSvc/Login", .body = "{\"returnObj\":null}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct scenario *story = scenario_new(SHARED_TWO BAQ("a") BAQ("b"));
        scenario_erp(story)->rules[0] = refusals[i];
        scenario_pass(story, HOUR_NS);
        assert_true(scenario_metric(story, "epicor_probe_success" OF("a")) == 1);
        assert_true(FAILURES("a") + FAILURES("b") == 0);
        assert_true(RUNS("a") >= 355);
        assert_true(scenario_metric(story, "epicor_up{appserver=\"live\"}") == 1);
        assert_true(scenario_metric(story, "epicor_probe_success" TARGET("EPIC07", "a")) == (i == 2));
        scenario_free(story);
    }
}

/* ---- waiting ---- */

/* The Login takes longer than the interval: what never got its turn is skipped, and neither stale nor failed; the time
   of waiting is not told as waiting for a place. */
static void runs_that_wait_for_a_login_are_skipped(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED BAQ("a"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "Login", .in_ns = 19 * SECOND_NS};
    scenario_pass(story, 5 * MINUTE_NS);
    assert_int_equal(LOGINS, 1);
    assert_true(FAILURES("a") == 0);
    assert_true(scenario_metric(story, "epicor_probe_success" OF("a")) == 1);
    double skipped = scenario_metric(story,
                                     "epicor_exporter_runs_skipped_total{appserver=\"live\",cause=\"gate\"}");
    assert_true(skipped >= 1 && skipped <= 2);
    assert_true(scenario_metric(story, "epicor_request_wait_seconds_sum{appserver=\"live\"}") < 1);
    scenario_free(story);
}

/* ---- the end ---- */

static struct scenario *running(const char *configuration)
{
    struct scenario *story = scenario_new(configuration);
    scenario_pass(story, MINUTE_NS);
    assert_true(OPEN >= 1);
    return story;
}

/* So long does the farewell take, in seconds. */
static int64_t farewell(struct scenario *story)
{
    int64_t begun_ns = scenario_now(story).boot_ns;
    scenario_shutdown(story);
    while (!agent_finished(scenario_agent(story))) {
        scenario_pass(story, SECOND_NS / 10);
        assert_true(scenario_now(story).boot_ns - begun_ns < MINUTE_NS);
    }
    return (scenario_now(story).boot_ns - begun_ns) / SECOND_NS;
}

static void a_shutdown_logs_out(void **state)
{
    (void)state;
    struct scenario *story = running(SHARED BAQ("a"));
    assert_true(farewell(story) <= 1);
    assert_int_equal(scenario_sessions(story).open, 0);
    assert_non_null(strstr(scenario_last_call(story), "SessionModSvc/Logout"));
    assert_non_null(strstr(scenario_last_call(story), "\nSessionInfo: "));
    assert_true(OPEN == 0);
    scenario_free(story);
}

/* The token has been revoked, or has expired amid a pause: a Logout is worth one more. */
static void a_shutdown_without_a_living_token_logs_out_too(void **state)
{
    (void)state;
    struct scenario *story = running(SHARED BAQ("a"));
    scenario_erp(story)->oldest_token = 2;
    assert_true(farewell(story) <= 2);
    assert_int_equal(scenario_sessions(story).open, 0);
    assert_int_equal(scenario_counts(story).logins, 2);
    scenario_free(story);

    story = running(SHARED "backoff = 20m..30m\n" BAQ("a"));
    scenario_erp(story)->token_lifetime_s = 60;
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "BaqSvc", .status = 429};
    scenario_pass(story, MINUTE_NS);
    scenario_suspend(story, HOUR_NS);
    assert_true(farewell(story) <= 2);
    assert_int_equal(scenario_sessions(story).open, 0);
    scenario_free(story);
}

static void a_login_under_way_is_waited_for_and_logged_out(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED BAQ("a"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "Login", .in_ns = 4 * SECOND_NS};
    while (LOGINS == 0)
        scenario_pass(story, SECOND_NS / 2);
    assert_true(farewell(story) <= 5);
    assert_int_equal(scenario_sessions(story).opened, 1);
    assert_int_equal(scenario_sessions(story).closed, 1);
    scenario_free(story);
}

static void a_silent_logout_ends_by_itself(void **state)
{
    (void)state;
    struct scenario *story = running(SHARED BAQ("a"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "Logout", .in_ns = HOUR_NS};
    int64_t took_s = farewell(story);
    assert_true(took_s >= 5 && took_s <= 11); /* shutdown_grace, and 5 s at least */
    scenario_free(story);

    /* One more signal ends it. */
    story = running(SHARED BAQ("a"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "Logout", .in_ns = HOUR_NS};
    scenario_shutdown(story);
    scenario_pass(story, SECOND_NS);
    assert_false(agent_finished(scenario_agent(story)));
    scenario_shutdown(story);
    assert_true(agent_finished(scenario_agent(story)));
    scenario_free(story);
}

/* The kept connection had died, or the server is amid a restart. */
static void a_logout_that_fails_is_tried_again(void **state)
{
    static const struct scenario_rule troubles[] = {{.path = "Logout", .network = REASON_CONNECTION_LOST},
                                                    {.path = "Logout", .status = 503}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scenario *story = running(SHARED BAQ("a"));
        scenario_erp(story)->rules[0] = troubles[i];
        scenario_shutdown(story);
        scenario_pass(story, SECOND_NS / 2);
        assert_int_equal(scenario_sessions(story).open, 1);
        scenario_erp(story)->rules[0] = (struct scenario_rule){0};
        scenario_pass(story, 4 * SECOND_NS);
        assert_true(agent_finished(scenario_agent(story)));
        assert_int_equal(scenario_sessions(story).open, 0);
        scenario_free(story);
    }
}

static void running_probes_end_before_their_session_does(void **state)
{
    (void)state;
    struct scenario *story = running(SHARED BAQ("a"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "BaqSvc", .in_ns = 6 * SECOND_NS};
    scenario_pass(story, 10 * SECOND_NS);
    while (scenario_counts(story).in_flight == 0)
        scenario_pass(story, SECOND_NS / 4);
    double failures = FAILURES("a");
    assert_true(farewell(story) >= 4);
    assert_true(FAILURES("a") == failures);
    assert_int_equal(scenario_sessions(story).strays, 0);
    assert_int_equal(scenario_sessions(story).open, 0);
    scenario_free(story);
}

/* ---- reload ---- */

static void a_reload_never_holds_two_seats(void **state)
{
    static const char *const others[] = {SHARED BAQ("a") BAQ("b"), SHARED "license = none\n" BAQ("a"),
                                         EVERY_10S LIVE "session = shared\nheader.X-Other = 1\n" BAQ("a"),
                                         "[exporter]\ninterval = 5s\ntimeout = 20s\n" LIVE
                                         "session = shared\nmax_in_flight = 2\n" BAQ("a")};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct scenario *story = running(SHARED BAQ("a"));
        while (scenario_counts(story).in_flight == 0)
            scenario_pass(story, SECOND_NS / 100);
        scenario_pass(story, SECOND_NS / 10);
        scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "Logout",
                                                               .network = REASON_CONNECTION_LOST};
        scenario_reload(story, others[i]);
        /* A run is due meanwhile, and waits. */
        scenario_pass(story, 10 * SECOND_NS + SECOND_NS / 2);
        assert_int_equal(LOGINS, 1);
        scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "BaqSvc", .in_ns = 3 * SECOND_NS};
        scenario_pass(story, MINUTE_NS);
        assert_int_equal(scenario_sessions(story).most_open, 1);
        assert_int_equal(scenario_sessions(story).opened, 2);
        assert_int_equal(scenario_sessions(story).closed, 1);
        assert_int_equal(scenario_sessions(story).strays, 0);
        assert_true(OPEN == 1);
        assert_true(scenario_metric(story, "epicor_probe_success" OF("a")) == 1);
        scenario_shutdown(story);
        scenario_pass(story, 11 * SECOND_NS);
        assert_int_equal(scenario_sessions(story).open, 0);
        scenario_free(story);
    }
}

/* The old session cannot be ended: the new one is opened after a while for all that. */
static void a_reload_waits_for_the_old_session_for_a_bounded_time(void **state)
{
    (void)state;
    struct scenario *story = running(SHARED BAQ("a"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "Logout", .in_ns = HOUR_NS};
    scenario_reload(story, SHARED "license = none\n" BAQ("a"));
    scenario_pass(story, 3 * MINUTE_NS);
    assert_int_equal(LOGINS, 2);
    assert_true(scenario_metric(story, "epicor_probe_success" OF("a")) == 1);
    scenario_free(story);
}

/* ---- secrets ---- */

static void ids_are_not_told(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(SHARED BAQ("a") BAQ("b"));
    static const char echo[] = "{\"ErrorMessage\":\"Bad call in session " SCENARIO_SESSION_ID
                               "000000000001 by you.\"}";
    scenario_pass(story, MINUTE_NS);
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "BaqSvc", .status = 500, .body = echo};
    scenario_pass(story, MINUTE_NS);
    assert_true(scenario_metric(story, "epicor_probe_failure_reason" REASON_OF("a", "server_error")) == 1);
    assert_null(strcasestr(scenario_page(story), SCENARIO_SESSION_ID));
    scenario_free(story);
}

ALL_TESTS(cmocka_unit_test(one_session_serves_many_targets), cmocka_unit_test(no_session_unless_asked_for),
          cmocka_unit_test(a_token_probe_wants_none), cmocka_unit_test(a_session_for_each_company),
          cmocka_unit_test(an_expired_session_is_one_login_and_no_lost_run),
          cmocka_unit_test(a_post_is_not_repeated),
          cmocka_unit_test(sessions_that_are_of_no_use_are_no_storm),
          cmocka_unit_test(a_410_of_ones_own_ends_no_session_for_ever),
          cmocka_unit_test(a_login_without_a_seat_waits), cmocka_unit_test(a_dead_server_is_told_as_dead),
          cmocka_unit_test(late_logins_lose_few_seats),
          cmocka_unit_test(a_refused_token_is_one_token_request),
          cmocka_unit_test(logins_that_are_always_refused_are_no_storm),
          cmocka_unit_test(a_company_without_a_session_does_not_hold_up_another),
          cmocka_unit_test(runs_that_wait_for_a_login_are_skipped), cmocka_unit_test(a_shutdown_logs_out),
          cmocka_unit_test(a_shutdown_without_a_living_token_logs_out_too),
          cmocka_unit_test(a_login_under_way_is_waited_for_and_logged_out),
          cmocka_unit_test(a_silent_logout_ends_by_itself),
          cmocka_unit_test(a_logout_that_fails_is_tried_again),
          cmocka_unit_test(running_probes_end_before_their_session_does),
          cmocka_unit_test(a_reload_never_holds_two_seats),
          cmocka_unit_test(a_reload_waits_for_the_old_session_for_a_bounded_time),
          cmocka_unit_test(ids_are_not_told));
