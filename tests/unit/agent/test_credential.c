/* Stories about logins: when a token is asked for, and above all when not. */
#include "../../main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "scenario.h"

#define FROM_FILES                                                                                           \
    "[appserver live]\n"                                                                                     \
    "url = http://erp.example.com/KineticLive\n"                                                             \
    "company = EPIC06\n"                                                                                     \
    "username = monitor\n"                                                                                   \
    "password_file = @/password\n"                                                                           \
    "api_key_file = @/key\n"
#define FAILED(probe, reason)                                                                                \
    "epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\",reason=\"" reason \
    "\"}"
#define SUCCESS(probe)    "epicor_probe_success{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\"}"
#define VERDICT(reason)   "epicor_appserver_failure_reason{appserver=\"live\",reason=\"" reason "\"}"
#define LIVE_SERIES(name) name "{appserver=\"live\"}"

static const char *const good_files[] = {"password", "correct horse\n", "key", "key-of-epic06\n", NULL};

static uint64_t logins(const struct scenario *story)
{
    return scenario_counts(story).logins;
}

static void clocks_apart_cost_no_token_request(void **state)
{
    (void)state;
    for (int64_t hours = -2; hours <= 2; hours += 2) {
        struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a"));
        scenario_erp(story)->clock_ahead_s = hours * 3600;
        scenario_pass(story, 10 * HOUR_NS);
        /* The first, and one each 48 minutes. */
        assert_in_range(logins(story), 12, 13);
        assert_true(scenario_metric(story, SUCCESS("a")) == 1);
        assert_true(scenario_metric(story, LIVE_SERIES("epicor_clock_skew_seconds")) == (double)hours * 3600);
        assert_true(scenario_metric(story, LIVE_SERIES("epicor_reauthentications_total")) == 0);
        scenario_free(story);
    }
}

static void a_wrong_password_is_sent_rarely(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a")
                                              BAQ("b") "[probe login]\nkind = token\n");
    scenario_erp(story)->password = "another";
    scenario_pass(story, 2 * MINUTE_NS);
    assert_in_range(logins(story), 1, 2);
    assert_int_equal(scenario_counts(story).calls, 0);
    assert_true(scenario_metric(story, FAILED("a", "credentials")) == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_login_blocked_until_timestamp_seconds")) >
                (double)(scenario_now(story).wall_ns / SECOND_NS));
    assert_true(
        scenario_metric(story, "epicor_auth_failures_total{appserver=\"live\",reason=\"credentials\"}") ==
        (double)logins(story));
    scenario_pass(story, DAY_NS);
    /* 1, 2, 4, 8, 16 minutes, then each half an hour. */
    assert_in_range(logins(story), 30, 55);
    assert_int_equal(scenario_counts(story).most_logins, 1);
    assert_true(scenario_metric(story, VERDICT("credentials")) == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 0);
    /* A run that only waited is no observation of the histogram. */
    assert_true(scenario_metric(story,
                                "epicor_probe_duration_seconds_count{appserver=\"live\",company=\"EPIC06\","
                                "probe=\"a\"}") == 0);
    assert_true(scenario_metric(story, "epicor_probe_runs_total{appserver=\"live\",company=\"EPIC06\",probe="
                                       "\"a\"}") > 8000);
    /* Unlocked again: the next login, within half an hour and a little, heals all. */
    scenario_erp(story)->password = "correct horse";
    scenario_pass(story, 31 * MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_login_blocked_until_timestamp_seconds")) == 0);
    scenario_free(story);
}

static unsigned refusals_scraped;
static void see_refusal_and_block(struct scenario *story)
{
    bool refused = scenario_metric(
                       story, "epicor_token_failure_reason{appserver=\"live\",reason=\"credentials\"}") == 1;
    bool blocked = scenario_metric(story, LIVE_SERIES("epicor_login_blocked_until_timestamp_seconds")) > 0;
    refusals_scraped += refused;
    assert_int_equal(refused, blocked);
}

static void whoever_scrapes_amid_a_refusal_sees_the_block_too(void **state)
{
    static const char *const others[] = {BAQ("a"), "[probe login]\nkind = token\n"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *text = memory_format("[exporter]\ninterval = 10s\n" LIVE "%s", others[i]);
        struct scenario *story = scenario_new(text);
        free(text);
        refusals_scraped = 0;
        scenario_erp(story)->scrape = see_refusal_and_block;
        scenario_erp(story)->password = "another";
        scenario_pass(story, 2 * MINUTE_NS);
        assert_in_range(refusals_scraped, 1, 2);
        scenario_free(story);
    }
}

static void a_new_password_in_the_file_is_tried_at_once(void **state)
{
    (void)state;
    static const char *const files[] = {"password", "old", "key", "key-of-epic06\n", NULL};
    struct scenario *story = scenario_new_with("[exporter]\ninterval = 10s\n" FROM_FILES BAQ("a"), files);
    scenario_pass(story, HOUR_NS);
    uint64_t before = logins(story);
    scenario_write(story, "password", "correct horse\n");
    scenario_pass(story, 20 * SECOND_NS);
    assert_int_equal(logins(story), before + 1);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_free(story);
}

static void an_expired_token_costs_one_login_and_one_repeat(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a"));
    scenario_pass(story, MINUTE_NS);
    uint64_t calls = scenario_counts(story).calls;
    scenario_erp(story)->oldest_token = 2; /* the app pool was recycled: the first token is forgotten */
    scenario_pass(story, 10 * SECOND_NS);
    assert_int_equal(logins(story), 2);
    assert_int_equal(scenario_counts(story).calls, calls + 2);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_reauthentications_total")) == 1);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story,
                                "epicor_probe_failures_total{appserver=\"live\",company=\"EPIC06\",probe="
                                "\"a\"}") == 0);
    scenario_pass(story, 10 * MINUTE_NS);
    assert_int_equal(logins(story), 2);
    scenario_free(story);
}

/* The server may look at a call's token after it looked at that of one sent later. */
static void a_refused_token_is_replaced_whatever_calls_sent_later_say(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE
                                          "max_in_flight = 2\n" BAQ("slow") BAQ("fast"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){
        .path = "slow", .in_ns = 9 * SECOND_NS, .status = 401};
    while (scenario_calls_of(story, "slow") == 0)
        scenario_pass(story, 100 * MILLISECOND_NS);
    scenario_erp(story)->rules[0] = (struct scenario_rule){0};
    uint64_t fast = scenario_calls_of(story, "fast");
    scenario_pass(story, 15 * SECOND_NS);
    assert_in_range(scenario_calls_of(story, "fast"), fast + 1, fast + 2);
    assert_int_equal(logins(story), 2);
    assert_true(scenario_metric(story, SUCCESS("slow")) == 1);
    assert_true(
        scenario_metric(story, "epicor_failures_total{appserver=\"live\",reason=\"token_rejected\"}") == 0);
    scenario_free(story);
}

static void a_token_that_is_never_good_is_no_login_storm(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a") BAQ("b") BAQ("c"));
    scenario_erp(story)->oldest_token = UINT64_MAX; /* the sign key differs */
    scenario_pass(story, 2 * MINUTE_NS);
    assert_true(scenario_metric(story, FAILED("a", "token_rejected")) == 1);
    assert_true(scenario_metric(story, VERDICT("token_rejected")) == 1);
    assert_in_range(logins(story), 2, 4);
    scenario_pass(story, DAY_NS);
    /* Renewals, and logins for refused tokens at most each half an hour. */
    assert_in_range(logins(story), 30, 90);
    assert_true(scenario_metric(story, VERDICT("token_rejected")) == 1);
    scenario_erp(story)->oldest_token = 0;
    scenario_pass(story, 10 * MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
    scenario_free(story);
}

/* As behind a balancer with two servers, of which each knows only its own tokens. */
static void good_tokens_that_are_soon_refused_are_no_login_storm(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a") BAQ("b") BAQ("c"));
    scenario_pass(story, 5 * MINUTE_NS);
    assert_int_equal(logins(story), 1);
    for (int i = 0; i < 6 * 60; i++) {
        scenario_erp(story)->oldest_token = logins(story) + 1;
        scenario_pass(story, 10 * SECOND_NS);
    }
    /* Two a minute at most; and it still tries. */
    assert_in_range(logins(story), 30, 120);
    scenario_erp(story)->oldest_token = 0;
    scenario_pass(story, 2 * MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
    scenario_free(story);
}

static void one_call_refused_for_ever_does_not_trouble_the_others(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("odd") BAQ("a") BAQ("b"));
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "odd", .status = 401, .body = ""};
    scenario_pass(story, DAY_NS);
    assert_true(scenario_metric(story, FAILED("odd", "token_rejected")) == 1);
    /* 31 renewals; and a login for the odd one at most each half an hour, once it has learned. */
    assert_in_range(logins(story), 30, 90);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story,
                                "epicor_probe_failures_total{appserver=\"live\",company=\"EPIC06\",probe="
                                "\"a\"}") == 0);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
    scenario_free(story);
}

static void a_thousand_in_flight_share_one_new_token(void **state)
{
    (void)state;
    static char ini[100000];
    snprintf(ini, sizeof ini, "[exporter]\ninterval = 60s\ntimeout = 5m\n" LIVE "max_in_flight = 1000\n");
    for (int i = 0; i < 1000; i++)
        snprintf(ini + strlen(ini), sizeof ini - strlen(ini), "[probe p%d]\nkind = baq\nbaq = p%d\n", i, i);
    struct scenario *story = scenario_new(ini);
    scenario_pass(story, MINUTE_NS);
    scenario_erp(story)->answers_in_ns = 59 * SECOND_NS;
    scenario_pass(story, 58 * SECOND_NS);
    /* Those in flight were let in; give the next ones a revoked token. */
    scenario_erp(story)->oldest_token = 2;
    scenario_pass(story, 50 * SECOND_NS);
    assert_true(scenario_counts(story).most_calls > 800);
    scenario_pass(story, 70 * SECOND_NS);
    assert_int_equal(logins(story), 2);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_reauthentications_total")) == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
    assert_true(
        scenario_metric(story, "epicor_failures_total{appserver=\"live\",reason=\"token_rejected\"}") == 0);
    scenario_free(story);
}

static void a_bad_key_or_a_missing_right_leads_to_no_login(void **state)
{
    (void)state;
    struct scenario *story = scenario_new_with(
        "[exporter]\ninterval = 10s\n" FROM_FILES BAQ("a") BAQ("secret"), good_files);
    scenario_erp(story)->rules[0] = (struct scenario_rule){
        .path = "secret",
        .status = 401,
        .body = "{\"HttpStatus\":401,\"ErrorMessage\":\"Access denied (Erp.BO.Secret.Get).\","
                "\"ErrorType\":\"System.UnauthorizedAccessException\"}"};
    scenario_pass(story, 5 * MINUTE_NS);
    assert_int_equal(logins(story), 1);
    assert_true(scenario_metric(story, FAILED("secret", "access_denied")) == 1);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);

    scenario_erp(story)->api_key = "rotated";
    scenario_pass(story, 5 * MINUTE_NS);
    assert_int_equal(logins(story), 1);
    assert_true(scenario_metric(story, FAILED("a", "api_key")) == 1);
    assert_true(scenario_metric(story, VERDICT("api_key")) == 1);
    /* The server echoes the key. */
    assert_null(strstr(scenario_page(story), "key-of-epic06"));

    /* While the verdict stands the app server is asked in pauses of up to five minutes. */
    scenario_write(story, "key", "rotated\r\n");
    scenario_pass(story, 6 * MINUTE_NS);
    assert_int_equal(logins(story), 1);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_non_null(strstr(scenario_last_call(story), "x-api-key: rotated\n"));
    scenario_free(story);
}

static void renewal_fails_while_the_old_token_lives(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a") BAQ("b"));
    scenario_pass(story, 40 * MINUTE_NS);
    scenario_erp(story)->token_status = 500;
    scenario_pass(story, 17 * MINUTE_NS);
    /* Renewal was due at 48 minutes and is tried in growing pauses; no run suffers. */
    assert_in_range(logins(story), 5, 12);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(
                    story, "epicor_failures_total{appserver=\"live\",reason=\"identity_provider\"}") == 0);
    assert_true(
        scenario_metric(story,
                        "epicor_token_failure_reason{appserver=\"live\",reason=\"identity_provider\"}") == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_token_consecutive_failures")) >= 2);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_token_remaining_seconds")) > 100);
    /* Then it dies, and nothing can be asked. */
    scenario_pass(story, 13 * MINUTE_NS);
    assert_true(scenario_metric(story, FAILED("a", "identity_provider")) == 1);
    assert_true(scenario_metric(story, VERDICT("identity_provider")) == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_token_remaining_seconds")) == 0);
    scenario_erp(story)->token_status = 0;
    scenario_pass(story, 6 * MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
    scenario_free(story);
}

static void renewal_fails_between_rare_calls(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10m\n" LIVE BAQ("a") BAQ("b"));
    scenario_pass(story, 40 * MINUTE_NS);
    scenario_erp(story)->token_network = REASON_CONNECT;
    for (int i = 0; i < 19; i++) {
        scenario_pass(story, MINUTE_NS);
        assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
    }
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_token_consecutive_failures")) >= 4);
    assert_true(scenario_metric(story, "epicor_failures_total{appserver=\"live\",reason=\"connect\"}") == 0);
    scenario_free(story);
}

static void a_token_service_may_ask_for_patience(void **state)
{
    (void)state;
    static const int statuses[] = {429, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a") BAQ("b"));
        scenario_erp(story)->token_status = statuses[i];
        scenario_erp(story)->token_retry_after_ns = 2 * MINUTE_NS;
        scenario_pass(story, 115 * SECOND_NS);
        assert_int_equal(scenario_counts(story).logins, 1);
        scenario_pass(story, 20 * SECOND_NS);
        assert_int_equal(scenario_counts(story).logins, 2);
        /* No further than the end of backoff. */
        scenario_erp(story)->token_retry_after_ns = DAY_NS;
        scenario_pass(story, 5 * MINUTE_NS);
        assert_int_equal(scenario_counts(story).logins, 3);
        scenario_pass(story, 6 * MINUTE_NS);
        assert_int_equal(scenario_counts(story).logins, 4);
        scenario_free(story);
    }
}

static void a_refused_post_is_repeated_once(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE
                                          "[probe ping]\nkind = efx\nlibrary = Lib\nfunction = Ping\n");
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "Ping", .body = "{\"Success\":true}"};
    scenario_pass(story, MINUTE_NS);
    uint64_t calls = scenario_counts(story).calls;
    scenario_erp(story)->oldest_token = 2;
    scenario_pass(story, 10 * SECOND_NS);
    assert_int_equal(scenario_counts(story).calls, calls + 2);
    assert_non_null(strstr(scenario_last_call(story), "POST "));
    assert_non_null(strstr(scenario_last_call(story), "\nContent-Type: application/json"));
    assert_true(scenario_metric(story, SUCCESS("ping")) == 1);
    /* A failure that is no 401 is not repeated. */
    calls = scenario_counts(story).calls;
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "Ping", .network = REASON_CONNECTION_LOST};
    scenario_pass(story, 10 * SECOND_NS);
    assert_int_equal(scenario_counts(story).calls, calls + 1);
    assert_true(scenario_metric(story, FAILED("ping", "connection_lost")) == 1);
    scenario_free(story);
}

/* The run that was refused ends before the new token comes; the next one's 401 is the answer to that login all the same. */
static void a_login_slower_than_the_interval_is_no_login_storm(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a"));
    scenario_erp(story)->grants_in_ns = 25 * SECOND_NS;
    scenario_erp(story)->rules[0] = (struct scenario_rule){.path = "/a/", .status = 401};
    scenario_pass(story, 5 * MINUTE_NS);
    assert_in_range(logins(story), 2, 5);
    scenario_erp(story)->rules[0] = (struct scenario_rule){0};
    scenario_pass(story, 6 * MINUTE_NS); /* a pause may stand */
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_free(story);
}

static void a_renewal_refused_for_the_password_is_named_so(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 10s\n" LIVE BAQ("a"));
    scenario_pass(story, 40 * MINUTE_NS);
    scenario_erp(story)->password = "changed";
    scenario_pass(story, 15 * MINUTE_NS);
    assert_in_range(logins(story), 2, 5);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_true(scenario_metric(
                    story, "epicor_token_failure_reason{appserver=\"live\",reason=\"credentials\"}") == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_up")) == 1);
    scenario_free(story);
}

static void a_slow_renewal_does_not_hold_back_the_runs(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 5s\n" LIVE BAQ("a"));
    scenario_pass(story, 40 * MINUTE_NS);
    scenario_erp(story)->grants_in_ns = 50 * SECOND_NS;
    uint64_t calls = scenario_counts(story).calls;
    scenario_pass(story, 20 * MINUTE_NS);
    assert_in_range(scenario_counts(story).calls - calls, 239, 241);
    assert_int_equal(logins(story), 2);
    scenario_free(story);
}

/* One that takes 1.5 s has 8.5 of its 10 s when it comes, and is renewed in time for that. */
static void a_token_that_ages_on_its_way_is_followed_in_time(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 1s\n" LIVE BAQ("a"));
    scenario_erp(story)->token_lifetime_s = 10;
    scenario_erp(story)->tokens_age = true;
    scenario_erp(story)->grants_in_ns = 3 * SECOND_NS / 2;
    scenario_pass(story, 10 * MINUTE_NS);
    assert_in_range(logins(story), 74, 76);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_reauthentications_total")) == 0);
    assert_true(scenario_metric(story, "epicor_probe_failures_total{appserver=\"live\",company=\"EPIC06\","
                                       "probe=\"a\"}") == 0);
    scenario_free(story);
}

static void a_short_lifetime_is_renewed_at_its_half_at_most(void **state)
{
    (void)state;
    struct scenario *story = scenario_new("[exporter]\ninterval = 1s\n" LIVE
                                          "token_renew_at = 10%\n" BAQ("a"));
    scenario_erp(story)->token_lifetime_s = 20;
    scenario_pass(story, 10 * MINUTE_NS);
    assert_in_range(logins(story), 57, 62);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_token_lifetime_seconds")) == 20);
    scenario_free(story);

    story = scenario_new("[exporter]\ninterval = 1s\n" LIVE "token_renew_at = 10m\n" BAQ("a"));
    scenario_pass(story, 51 * MINUTE_NS);
    assert_int_equal(logins(story), 2); /* at 50 minutes */
    scenario_free(story);

    story = scenario_new("[exporter]\ninterval = 1s\n" LIVE BAQ("a"));
    scenario_erp(story)->token_lifetime_s = 1;
    scenario_pass(story, MINUTE_NS);
    assert_in_range(logins(story), 25, 60); /* none within a second */
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_free(story);
}

static void a_token_that_nobody_uses_is_not_renewed(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(LIVE BAQ("a") "interval = 12h\n");
    scenario_pass(story, DAY_NS);
    assert_in_range(logins(story), 2, 5);
    scenario_free(story);
}

static void a_token_probe_leaves_the_shared_token_alone(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(
        "[exporter]\ninterval = 60s\n" LIVE BAQ("a") "[probe login]\nkind = token\ninterval = 5m\n");
    scenario_pass(story, HOUR_NS);
    /* 12 probes, the first token and its renewal. */
    assert_in_range(logins(story), 13, 15);
    assert_int_equal(scenario_counts(story).most_logins, 1);
    assert_true(
        scenario_metric(story, "epicor_probe_success{appserver=\"live\",company=\"\",probe=\"login\"}") == 1);
    assert_true(scenario_metric(story, LIVE_SERIES("epicor_token_requests_total")) == (double)logins(story));
    /* Its failing is the first to tell of a changed password; the calls go on with the token that lives. */
    scenario_erp(story)->password = "changed";
    uint64_t before = logins(story);
    scenario_pass(story, 20 * MINUTE_NS);
    assert_true(scenario_metric(story,
                                "epicor_probe_failure_reason{appserver=\"live\",company=\"\",probe=\"login\","
                                "reason=\"credentials\"}") == 1);
    assert_in_range(logins(story) - before, 3, 6);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_free(story);
}

static void a_secret_file_that_is_not_there(void **state)
{
    (void)state;
    static const char *const files[] = {"password", "correct horse", "key", "", NULL};
    struct scenario *story = scenario_new_with("[exporter]\ninterval = 10s\n" FROM_FILES BAQ("a"), files);
    scenario_pass(story, MINUTE_NS);
    assert_int_equal(logins(story), 0);
    assert_true(scenario_metric(story, FAILED("a", "internal")) == 1);
    scenario_write(story, "key", "key-of-epic06");
    scenario_pass(story, 20 * SECOND_NS);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    scenario_free(story);
}

static void without_authentication_no_token_is_asked_for(void **state)
{
    (void)state;
    struct scenario *story = scenario_new(
        "[appserver live]\nurl = http://erp.example.com/KineticLive\n"
        "company = EPIC06\nauth = none\napi_key = key-of-epic06\n" BAQ("a"));
    scenario_pass(story, 10 * MINUTE_NS);
    assert_int_equal(logins(story), 0);
    assert_true(scenario_metric(story, SUCCESS("a")) == 1);
    assert_null(strstr(scenario_last_call(story), "Authorization"));
    assert_true(isnan(scenario_metric(story, LIVE_SERIES("epicor_token_requests_total"))));
    scenario_free(story);
}

ALL_TESTS(cmocka_unit_test(clocks_apart_cost_no_token_request),
          cmocka_unit_test(a_wrong_password_is_sent_rarely),
          cmocka_unit_test(whoever_scrapes_amid_a_refusal_sees_the_block_too),
          cmocka_unit_test(a_new_password_in_the_file_is_tried_at_once),
          cmocka_unit_test(an_expired_token_costs_one_login_and_one_repeat),
          cmocka_unit_test(a_refused_token_is_replaced_whatever_calls_sent_later_say),
          cmocka_unit_test(a_token_that_is_never_good_is_no_login_storm),
          cmocka_unit_test(good_tokens_that_are_soon_refused_are_no_login_storm),
          cmocka_unit_test(one_call_refused_for_ever_does_not_trouble_the_others),
          cmocka_unit_test(a_thousand_in_flight_share_one_new_token),
          cmocka_unit_test(a_bad_key_or_a_missing_right_leads_to_no_login),
          cmocka_unit_test(renewal_fails_while_the_old_token_lives),
          cmocka_unit_test(renewal_fails_between_rare_calls),
          cmocka_unit_test(a_token_service_may_ask_for_patience),
          cmocka_unit_test(a_refused_post_is_repeated_once),
          cmocka_unit_test(a_login_slower_than_the_interval_is_no_login_storm),
          cmocka_unit_test(a_renewal_refused_for_the_password_is_named_so),
          cmocka_unit_test(a_slow_renewal_does_not_hold_back_the_runs),
          cmocka_unit_test(a_token_that_ages_on_its_way_is_followed_in_time),
          cmocka_unit_test(a_short_lifetime_is_renewed_at_its_half_at_most),
          cmocka_unit_test(a_token_that_nobody_uses_is_not_renewed),
          cmocka_unit_test(a_token_probe_leaves_the_shared_token_alone),
          cmocka_unit_test(a_secret_file_that_is_not_there),
          cmocka_unit_test(without_authentication_no_token_is_asked_for));
