/* Stories about refused logins, in every way of authentication: how often a wrong one is tried, what lifts a block, and
   whom one odd path troubles. */
#include "../../main.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "scenario.h"

#define WAY(auth)                                                                                            \
    "[appserver live]\n"                                                                                     \
    "url = http://erp.example.com/KineticLive\n"                                                             \
    "company = EPIC06\n"                                                                                     \
    "api_key = key-of-epic06\n"                                                                              \
    "auth = " auth "\n"
#define ACCOUNT        "username = monitor\npassword_file = @/password\n"
#define OAUTH2         "oauth2_token_url = https://idp.example.com/token\noauth2_client_id = monitor\n"
#define OAUTH2_FILE    "oauth2_client_secret_file = @/password\n"
#define KEYTAB         "kerberos_keytab_file = @/keytab\nkerberos_principal = monitor@EXAMPLE.COM\n"
#define EVERY_30S      "[exporter]\ninterval = 30s\ntimeout = 5s\n"
#define LOGIN_PROBE    "[probe login]\nkind = token\ninterval = 1m\n"
#define SUCCESS(probe) "epicor_probe_success{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\"}"
#define FAILED(probe, reason)                                                                                \
    "epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\",reason=\"" reason \
    "\"}"
#define RUNS(probe) "epicor_probe_runs_total{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\"}"
#define FAILURES(probe)                                                                                      \
    "epicor_probe_failures_total{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\"}"
#define VERDICT(reason)   "epicor_appserver_failure_reason{appserver=\"live\",reason=\"" reason "\"}"
#define LIVE_SERIES(name) name "{appserver=\"live\"}"
#define BLOCKED           LIVE_SERIES("epicor_login_blocked_until_timestamp_seconds")

static const char *const files[] = {"password", "correct horse\n", "keytab", "keys", NULL};

static const char *const client_files[] = {"password", "story-of-a-client\n", NULL};

static uint64_t wrong(const struct scenario *story)
{
    return scenario_counts(story).wrong;
}

static double now_epoch(const struct scenario *story)
{
    return clock_seconds(scenario_now(story).wall_ns);
}

/* ---- a wrong login for a day ---- */

static const struct way {
    const char *name, *configuration;
    bool by_request; /* for tokens: calls carry no password */
    bool mute;       /* the refusal has no words */
} ways[] = {
    {"token", EVERY_30S WAY("token") ACCOUNT BAQ("a") BAQ("b") BAQ("c") LOGIN_PROBE, true, false},
    {"oauth2", EVERY_30S WAY("oauth2") OAUTH2 OAUTH2_FILE BAQ("a") BAQ("b") BAQ("c") LOGIN_PROBE, true,
     false},
    {"basic", EVERY_30S WAY("basic") ACCOUNT BAQ("a") BAQ("b") BAQ("c"), false, false},
    {"basic, bare 401", EVERY_30S WAY("basic") ACCOUNT BAQ("a") BAQ("b") BAQ("c"), false, true},
    {"basic, 50 at once", EVERY_30S WAY("basic") ACCOUNT "max_in_flight = 50\n" BAQ("a") BAQ("b") BAQ("c"),
     false, true},
    {"basic, one probe", EVERY_30S WAY("basic") ACCOUNT BAQ("a"), false, true},
    {"ntlm", EVERY_30S WAY("ntlm") ACCOUNT BAQ("a") BAQ("b") BAQ("c"), false, false},
    {"ntlm, bare 401", EVERY_30S WAY("ntlm") ACCOUNT BAQ("a") BAQ("b") BAQ("c"), false, true},
};

static void is_blocked(struct scenario *story, const struct way *way)
{
    assert_true(scenario_metric(story, BLOCKED) > now_epoch(story));
    const char *reason = way->mute ? FAILED("a", "unauthorized") : FAILED("a", "credentials");
    assert_true(scenario_metric(story, reason) == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 0);
}

static void a_wrong_login_is_tried_sixty_times_a_day_at_most(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const struct way *way = &ways[i];
        struct scenario *story = scenario_new_with(way->configuration, files);
        scenario_erp(story)->password = scenario_erp(story)->client_secret = "another";
        scenario_erp(story)->refuses_mutely = way->mute;
        scenario_pass(story, 50 * SECOND_NS);
        assert_in_range(wrong(story), 1, 1);
        uint64_t before = 0, most = 0;
        for (int minute = 1; minute <= 24 * 60; minute++) {
            before = wrong(story);
            scenario_pass(story, MINUTE_NS);
            most = wrong(story) - before > most ? wrong(story) - before : most;
        }
        struct scenario_counts counts = scenario_counts(story);
        print_message("%-18s wrong for 24 h: %" PRIu64 " tries (%" PRIu64 " token requests, %" PRIu64
                      " calls), at most %" PRIu64 " in a minute\n",
                      way->name, counts.wrong, counts.logins, counts.calls, most);
        assert_in_range(counts.wrong, 50, 60);
        assert_int_equal(counts.wrong, way->by_request ? counts.logins : counts.calls);
        assert_true(most <= 2);
        is_blocked(story, way);
        /* Runs went on all the while, without requests. */
        assert_true(scenario_metric(story, RUNS("a")) > 1400);
        /* The secret's text changes: at once. */
        scenario_erp(story)->password = scenario_erp(story)->client_secret = "battery";
        scenario_write(story, "password", "battery\n");
        scenario_pass(story, 16 * SECOND_NS);
        assert_int_equal(wrong(story), counts.wrong);
        scenario_pass(story, 5 * MINUTE_NS); /* the pause of a verdict may stand */
        assert_true(scenario_metric(story, SUCCESS("a")) == 1);
        assert_true(scenario_metric(story, BLOCKED) == 0);
        assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
        scenario_free(story);
    }
}

static void a_login_that_turns_wrong_is_tried_twice_a_step_at_most(void **state)
{
    (void)state;
    for (size_t i = 2; i < sizeof ways / sizeof ways[0]; i++) {
        const struct way *way = &ways[i];
        struct scenario *story = scenario_new_with(way->configuration, files);
        scenario_erp(story)->refuses_mutely = way->mute;
        scenario_pass(story, 10 * MINUTE_NS);
        assert_int_equal(wrong(story), 0);
        assert_true(scenario_metric(story, SUCCESS("a")) == 1);
        scenario_erp(story)->password = "another";
        scenario_pass(story, 50 * SECOND_NS);
        assert_in_range(wrong(story), 1, 2);
        scenario_pass(story, DAY_NS);
        assert_in_range(wrong(story), 50, 60);
        is_blocked(story, way);
        /* It comes back by itself: one trial, then all. */
        scenario_erp(story)->password = "correct horse";
        scenario_pass(story, 36 * MINUTE_NS);
        assert_true(scenario_metric(story, SUCCESS("a")) == 1);
        assert_true(scenario_metric(story, BLOCKED) == 0);
        scenario_free(story);
    }
}

static void a_bad_key_or_a_missing_right_blocks_nothing(void **state)
{
    (void)state;
    for (size_t i = 2; i < sizeof ways / sizeof ways[0]; i++) {
        struct scenario *story = scenario_new_with(ways[i].configuration, files);
        scenario_erp(story)->rules[0] = (struct scenario_rule){
            .path = "/b/",
            .status = 401,
            .body = "{\"HttpStatus\":401,\"ErrorMessage\":\"Access denied (Erp.BO.Secret.Get).\","
                    "\"ErrorType\":\"System.UnauthorizedAccessException\"}"};
        scenario_pass(story, 5 * MINUTE_NS);
        assert_true(scenario_metric(story, SUCCESS("a")) == 1);
        scenario_erp(story)->api_key = "rotated";
        scenario_pass(story, 10 * MINUTE_NS);
        assert_true(scenario_metric(story, FAILED("a", "api_key")) == 1);
        assert_true(scenario_metric(story, BLOCKED) == 0);
        assert_int_equal(wrong(story), 0);
        scenario_free(story);
    }
}

static void a_rotated_key_costs_no_token_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scenario *story = scenario_new_with(i == 0 ? EVERY_30S WAY("token") ACCOUNT BAQ("a") BAQ("b")
                                                          : EVERY_30S WAY("oauth2")
                                                                OAUTH2 OAUTH2_FILE BAQ("a") BAQ("b"),
                                                   i == 0 ? files : client_files);
        scenario_pass(story, MINUTE_NS);
        scenario_erp(story)->api_key = "rotated";
        scenario_pass(story, DAY_NS);
        /* The first, and one each 48 minutes. */
        print_message("%s, rotated API key for 24 h: %" PRIu64 " token requests, %d planned\n", ways[i].name,
                      scenario_counts(story).logins, 1 + 24 * 60 / 48);
        assert_in_range(scenario_counts(story).logins, 20, 31);
        assert_true(scenario_metric(story, LIVE_SERIES("epicor_reauthentications_total")) == 0);
        assert_true(scenario_metric(story, BLOCKED) == 0);
        scenario_free(story);
    }
}

/* ---- one path that always answers a bare 401 ---- */

static void one_odd_path_troubles_itself_only(void **state)
{
    (void)state;
    static const char *const configurations[] = {
        EVERY_30S WAY("basic") ACCOUNT BAQ("odd") BAQ("a") BAQ("b"),
        EVERY_30S WAY("basic") ACCOUNT "max_in_flight = 50\n" BAQ("odd") BAQ("a") BAQ("b"),
        EVERY_30S WAY("ntlm") ACCOUNT BAQ("odd") BAQ("a") BAQ("b"),
        EVERY_30S WAY("negotiate") KEYTAB BAQ("odd") BAQ("a") BAQ("b"),
        EVERY_30S WAY("basic") ACCOUNT BAQ("odd") BAQ("a"),
    };
    for (size_t i = 0; i < sizeof configurations / sizeof configurations[0]; i++) {
        struct scenario *story = scenario_new_with(configurations[i], files);
        scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "/odd/", .status = 401};
        scenario_pass(story, 10 * MINUTE_NS);
        double failures = scenario_metric(story, FAILURES("a"));
        double runs = scenario_metric(story, RUNS("a"));
        scenario_pass(story, 12 * HOUR_NS);
        assert_true(scenario_metric(story, FAILED("odd", "unauthorized")) == 1);
        assert_true(scenario_metric(story, SUCCESS("a")) == 1);
        assert_true(scenario_metric(story, FAILURES("a")) == failures);
        assert_true(scenario_metric(story, RUNS("a")) - runs > 1430);
        assert_true(scenario_metric(story, BLOCKED) == 0);
        assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
        print_message("odd path: %" PRIu64 " calls of it, %" PRIu64 " of a neighbour, %" PRIu64 " tickets\n",
                      scenario_calls_of(story, "/odd/"), scenario_calls_of(story, "/a/"),
                      scenario_counts(story).tickets);
        assert_true(scenario_counts(story).tickets < 100);
        scenario_erp(story)->rules[0].path = NULL;
        scenario_pass(story, 35 * MINUTE_NS);
        assert_true(scenario_metric(story, SUCCESS("odd")) == 1);
        scenario_free(story);
    }
}

/* The odd one is due each ten seconds, the other twice a day. */
static void an_odd_path_does_not_starve_a_rare_one(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_with(
        EVERY_30S WAY("basic") ACCOUNT BAQ("odd") BAQ("rare") "interval = 2h\n", files);
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "/odd/", .status = 401};
    scenario_pass(story, 3 * DAY_NS);
    assert_true(scenario_metric(story, SUCCESS("rare")) == 1);
    assert_true(scenario_metric(story, FAILURES("rare")) <= 1);
    assert_in_range(scenario_calls_of(story, "/rare/"), 35, 37);
    print_message("odd path beside a rare one, 72 h: %" PRIu64 " calls of it\n",
                  scenario_calls_of(story, "/odd/"));
    scenario_free(story);
}

/* ---- negotiate ---- */

static void tickets_are_renewed_ahead(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_with(EVERY_30S WAY("negotiate") KEYTAB BAQ("a") BAQ("b"), files);
    scenario_erp(story)->tickets_in_ns = 27 * SECOND_NS; /* a silent one of two centers */
    scenario_pass(story, 10 * HOUR_NS);
    assert_in_range(scenario_counts(story).tickets, 12, 13);
    assert_int_equal(scenario_counts(story).logins, 0);
    assert_true(scenario_metric(story, FAILURES("a")) == 0);
    assert_true(scenario_metric(story, FAILURES("b")) == 0);
    assert_true(isnan(scenario_metric(story, LIVE_SERIES("epicor_token_requests_total"))));
    /* One ticket is dropped by the server: one new one, one repeat. */
    uint64_t tickets = scenario_counts(story).tickets;
    scenario_erp(story)->tickets_in_ns = SECOND_NS;
    scenario_erp(story)->oldest_token = tickets + 1;
    scenario_pass(story, MINUTE_NS);
    assert_int_equal(scenario_counts(story).tickets, tickets + 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_reauthentications_total")) == 1);
    assert_true(scenario_metric(story, FAILURES("a")) == 0);
    scenario_free(story);
}

static void refused_tickets_are_no_storm(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_with(EVERY_30S WAY("negotiate") KEYTAB BAQ("a") BAQ("b"), files);
    scenario_erp(story)->oldest_token = UINT64_MAX;
    scenario_pass(story, DAY_NS);
    struct scenario_counts counts = scenario_counts(story);
    print_message("negotiate, refused for 24 h: %" PRIu64 " tickets, %" PRIu64 " calls\n", counts.tickets,
                  counts.calls);
    assert_true(counts.tickets <= 120 && counts.calls <= 120);
    assert_true(scenario_metric(story, BLOCKED) > now_epoch(story));
    assert_true(scenario_metric(story, FAILED("a", "unauthorized")) == 1);
    scenario_erp(story)->oldest_token = 0;
    scenario_write(story, "keytab", "newer keys");
    scenario_pass(story, 6 * MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story, BLOCKED) == 0);
    scenario_free(story);
}

static void a_refused_keytab_is_tried_rarely(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_with(EVERY_30S WAY("negotiate") KEYTAB BAQ("a") BAQ("b"), files);
    scenario_erp(story)->ticket_reason = REASON_CREDENTIALS;
    scenario_pass(story, DAY_NS);
    assert_in_range(scenario_counts(story).tickets, 50, 60);
    assert_int_equal(scenario_counts(story).calls, 0);
    assert_true(scenario_metric(story, FAILED("a", "credentials")) == 1);
    assert_true(scenario_metric(story, VERDICT("credentials")) == 1);
    assert_true(scenario_metric(story, BLOCKED) > now_epoch(story));
    assert_true(scenario_metric(
                    story, "epicor_auth_failures_total{appserver=\"live\",reason=\"credentials\"}") >= 50);
    /* A key distribution center that is down is told so, and asked in the pauses of backoff. */
    scenario_erp(story)->ticket_reason = REASON_IDENTITY_PROVIDER;
    scenario_write(story, "keytab", "newer keys");
    scenario_pass(story, HOUR_NS);
    assert_true(scenario_metric(story, VERDICT("identity_provider")) == 1);
    assert_true(scenario_metric(story, BLOCKED) == 0);
    scenario_erp(story)->ticket_reason = REASON_NONE;
    scenario_pass(story, 6 * MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_free(story);
}

/* ---- an identity provider that is down ---- */

static void an_identity_provider_that_is_down_is_no_dead_erp(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_with(EVERY_30S WAY("oauth2") OAUTH2 OAUTH2_FILE BAQ("a") BAQ("b"),
                                               client_files);
    scenario_erp(story)->token_network = REASON_CONNECT;
    scenario_pass(story, 20 * MINUTE_NS);
    assert_true(scenario_metric(story, VERDICT("identity_provider")) == 1);
    assert_true(scenario_metric(story, FAILED("a", "identity_provider")) == 1);
    assert_true(isnan(scenario_metric(story, LIVE_SERIES("epicor_clock_skew_seconds"))));
    scenario_erp(story)->token_network = REASON_NONE;
    scenario_pass(story, 6 * MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_free(story);
}

ALL_TESTS(cmocka_unit_test(a_wrong_login_is_tried_sixty_times_a_day_at_most),
          cmocka_unit_test(a_login_that_turns_wrong_is_tried_twice_a_step_at_most),
          cmocka_unit_test(a_bad_key_or_a_missing_right_blocks_nothing),
          cmocka_unit_test(a_rotated_key_costs_no_token_request),
          cmocka_unit_test(one_odd_path_troubles_itself_only),
          cmocka_unit_test(an_odd_path_does_not_starve_a_rare_one),
          cmocka_unit_test(tickets_are_renewed_ahead), cmocka_unit_test(refused_tickets_are_no_storm),
          cmocka_unit_test(a_refused_keytab_is_tried_rarely),
          cmocka_unit_test(an_identity_provider_that_is_down_is_no_dead_erp));
