/* Stories about the edges of the lock-out guard: secrets that go away, reloads that change something else, refusals of a
   login that are no 401, and readings that never end. */
#include "../../main.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "scenario.h"

#define WAY(auth)                                                                                            \
    "[appserver live]\n"                                                                                     \
    "url = http://erp.example.com/KineticLive\n"                                                             \
    "company = EPIC06\n"                                                                                     \
    "api_key = key-of-epic06\n"                                                                              \
    "auth = " auth "\n"
#define ACCOUNT   "username = monitor\npassword_file = @/password\n"
#define EVERY_10S "[exporter]\ninterval = 10s\ntimeout = 5s\n"
#define SUCCESS   "epicor_probe_success{appserver=\"live\",company=\"EPIC06\",probe=\"a\"}"
#define FAILED(reason)                                                                                       \
    "epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\",probe=\"a\",reason=\"" reason "\"}"
#define BLOCKED "epicor_login_blocked_until_timestamp_seconds{appserver=\"live\"}"

static const char *const files[] = {"password", "correct horse\n", NULL};

/* The login has neither been found good nor been refused when its file cannot be read. */
static void a_secret_that_is_away_for_a_while(void **state)
{
    (void)state;
    static const char *const configurations[] = {EVERY_10S WAY("basic") ACCOUNT BAQ("a"),
                                                 EVERY_10S WAY("ntlm") ACCOUNT BAQ("a")};
    for (size_t i = 0; i < sizeof configurations / sizeof configurations[0]; i++) {
        struct scenario *story = scenario_new_with(configurations[i], files);
        scenario_erp(story)->api_key = "rotated";
        while (scenario_counts(story).calls == 0)
            scenario_pass(story, 100 * MILLISECOND_NS);
        scenario_write(story, "password", "");
        scenario_pass(story, 5 * MINUTE_NS);
        assert_true(scenario_metric(story, FAILED("internal")) == 1);
        scenario_write(story, "password", "correct horse\n");
        scenario_erp(story)->api_key = "key-of-epic06";
        scenario_pass(story, 6 * MINUTE_NS);
        assert_true(scenario_metric(story, SUCCESS) == 1);
        scenario_free(story);
    }
}

/* Facts 1: what TokenResource answers to a wrong password is not known for sure. */
static void a_token_request_refused_otherwise_is_sent_rarely_too(void **state)
{
    (void)state;
    static const int statuses[] = {400, 403};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct scenario *story = scenario_new_with(
            EVERY_10S WAY("token") ACCOUNT BAQ("a") "[probe login]\nkind = token\ninterval = 1m\n", files);
        scenario_erp(story)->token_status = statuses[i];
        scenario_pass(story, DAY_NS);
        print_message("token requests answered with %d for 24 h: %" PRIu64 "\n", statuses[i],
                      scenario_counts(story).logins);
        assert_in_range(scenario_counts(story).logins, 50, 60);
        assert_true(scenario_metric(story, BLOCKED) > clock_seconds(scenario_now(story).wall_ns));
        scenario_erp(story)->token_status = 0;
        scenario_pass(story, 36 * MINUTE_NS);
        assert_true(scenario_metric(story, SUCCESS) == 1);
        assert_true(scenario_metric(story, BLOCKED) == 0);
        scenario_free(story);
    }
}

/* What the contract says of epicor_appserver_failure_reason: in Kinetic's own JSON such a refusal proves the server up. */
static void a_refusal_in_kinetics_own_words_leaves_the_server_up(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        double up;
        const char *failed;
    } cases[] = {
        {403, "{\"HttpStatus\":403,\"ReasonPhrase\":\"Forbidden\",\"ErrorMessage\":\"No.\"}", 1,
         FAILED("access_denied")},
        {400, "{\"HttpStatus\":400,\"ReasonPhrase\":\"Bad\",\"ErrorMessage\":\"No.\"}", 1,
         FAILED("client_error")},
        {403, NULL, 0, FAILED("access_denied")},
        {400, NULL, 0, FAILED("client_error")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario *story = scenario_new_with(EVERY_10S WAY("token") ACCOUNT BAQ("a"), files);
        scenario_erp(story)->token_status = cases[i].status;
        scenario_erp(story)->token_body = cases[i].body;
        scenario_pass(story, HOUR_NS);
        assert_true(scenario_metric(story, "epicor_up{appserver=\"live\"}") == cases[i].up);
        assert_true(scenario_metric(story, cases[i].failed) == 1);
        scenario_free(story);
    }
}

/* Each reload changes something, and none of them the password. */
static void reloads_of_something_else_are_no_login_storm(void **state)
{
    (void)state;
    static const char *const ways[] = {"token", "basic", "ntlm"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        char *configuration = memory_format(EVERY_10S WAY("%s") ACCOUNT BAQ("a"), ways[i]);
        struct scenario *story = scenario_new_with(configuration, files);
        free(configuration);
        scenario_erp(story)->password = "another";
        for (int minute = 0; minute < 24 * 60; minute += 10) {
            configuration = memory_format(EVERY_10S WAY("%s") "header.X-Minute = m%d\n" ACCOUNT BAQ("a"),
                                          ways[i], minute);
            scenario_reload(story, configuration);
            free(configuration);
            scenario_pass(story, 10 * MINUTE_NS);
        }
        print_message("%s, a reload each ten minutes for 24 h: %" PRIu64 " tries\n", ways[i],
                      scenario_counts(story).wrong);
        assert_in_range(scenario_counts(story).wrong, 50, 60);
        assert_true(scenario_metric(story, "epicor_up{appserver=\"live\"}") == 0);
        scenario_write(story, "password", "another\n");
        scenario_pass(story, 6 * MINUTE_NS);
        assert_in_range(scenario_counts(story).wrong, 50, 60);
        scenario_free(story);
    }
}

/* A dead network file system: the thread that reads hangs. */
static void a_reading_that_hangs_is_told(void **state)
{
    (void)state;
    static const char *const ways[] = {"token", "basic"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        char *configuration = memory_format(EVERY_10S WAY("%s") ACCOUNT BAQ("a") "%s", ways[i],
                                            i == 0 ? "[probe login]\nkind = token\n" : "");
        struct scenario *story = scenario_new_with(configuration, files);
        free(configuration);
        scenario_erp(story)->readings_hang = true;
        scenario_pass(story, 5 * MINUTE_NS);
        assert_true(scenario_metric(story, FAILED("internal")) == 1);
        if (i == 0)
            assert_true(scenario_metric(story, "epicor_probe_failure_reason{appserver=\"live\",company=\"\","
                                               "probe=\"login\",reason=\"internal\"}") == 1);
        scenario_erp(story)->readings_hang = false;
        scenario_pass(story, MINUTE_NS);
        assert_true(scenario_metric(story, SUCCESS) == 1);
        scenario_free(story);
    }
}

/* Facts 9.8: some servers answer a key that they refuse with a 404. */
static void a_key_refused_as_not_found_is_read_again(void **state)
{
    (void)state;
    static const char *const with_key[] = {"password", "correct horse\n", "key", "old-key\n", NULL};
    static const struct {
        const char *auth, *words, *failed;
    } cases[] = {
        {"token", "The resource is unknown.", FAILED("not_found")},
        {"basic", "The resource is unknown.", FAILED("not_found")},
        {"ntlm", "Access denied (Erp.BO.PartSvc).", FAILED("access_denied")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *configuration = memory_format(
            EVERY_10S "[appserver live]\n"
                      "url = http://erp.example.com/KineticLive\n"
                      "company = EPIC06\nauth = %s\napi_key_file = @/key\n" ACCOUNT BAQ("a"),
            cases[i].auth);
        struct scenario *story = scenario_new_with(configuration, with_key);
        free(configuration);
        scenario_erp(story)->api_key = "old-key";
        scenario_pass(story, 5 * MINUTE_NS);
        assert_true(scenario_metric(story, SUCCESS) == 1);
        scenario_erp(story)->key_refusal = cases[i].words;
        scenario_erp(story)->api_key = "new-key";
        scenario_pass(story, 5 * MINUTE_NS);
        assert_true(scenario_metric(story, cases[i].failed) == 1);
        uint64_t logins = scenario_counts(story).logins;
        scenario_write(story, "key", "new-key\n");
        scenario_pass(story, MINUTE_NS);
        assert_true(scenario_metric(story, SUCCESS) == 1);
        assert_int_equal(scenario_counts(story).logins, logins);
        scenario_free(story);
    }
}

/* The Login of a shared session is what carries the first ticket. */
static void a_ticket_that_gives_nothing_is_replaced(void **state)
{
    (void)state;
    static const char *const with_keytab[] = {"keytab", "keys", NULL};
    static const char *const sessions[] = {"none", "shared"};
    for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
        char *configuration = memory_format(
            EVERY_10S WAY("negotiate") "kerberos_keytab_file = @/keytab\n"
                                       "kerberos_principal = monitor@EXAMPLE.COM\nsession = %s\n" BAQ("a"),
            sessions[i]);
        struct scenario *story = scenario_new_with(configuration, with_keytab);
        free(configuration);
        scenario_erp(story)->useless_tickets = 2;
        scenario_pass(story, 10 * MINUTE_NS);
        assert_int_equal(scenario_counts(story).tickets, 3);
        assert_true(scenario_metric(story, SUCCESS) == 1);
        scenario_free(story);
    }
}

/* A job writes the same keys anew each ten minutes: that is no other login. */
static void a_keytab_that_is_written_anew_is_the_same(void **state)
{
    (void)state;
    static const char *const with_keytab[] = {"keytab", "keys", NULL};
    struct scenario *story = scenario_new_with(
        EVERY_10S WAY("negotiate") "kerberos_keytab_file = @/keytab\nkerberos_principal = "
                                   "monitor@EXAMPLE.COM\n" BAQ("a"),
        with_keytab);
    scenario_erp(story)->ticket_reason = REASON_CREDENTIALS;
    for (int minute = 0; minute < 24 * 60; minute += 10) {
        scenario_write(story, "keytab", "keys");
        scenario_pass(story, 10 * MINUTE_NS);
    }
    assert_in_range(scenario_counts(story).tickets, 50, 60);
    scenario_erp(story)->ticket_reason = REASON_NONE;
    scenario_write(story, "keytab", "keyt");
    scenario_pass(story, MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS) == 1);
    scenario_free(story);
}

/* A proxy's password is rotated: no answer with a 401 says so. */
static void a_proxy_that_refuses_has_its_file_read_again(void **state)
{
    (void)state;
    static const char *const with_proxy[] = {"password", "correct horse\n", "proxy",
                                             "http://agent:first@proxy.example.com:3128\n", NULL};
    struct scenario *story = scenario_new_with(
        EVERY_10S WAY("basic") ACCOUNT "proxy_file = @/proxy\n" BAQ("a"), with_proxy);
    scenario_erp(story)->network = REASON_CONNECT;
    scenario_pass(story, 2 * MINUTE_NS);
    assert_true(scenario_metric(story, FAILED("connect")) == 1);
    /* What cannot be read is seen by the calls that do not come. */
    scenario_write(story, "proxy", "");
    scenario_pass(story, 6 * MINUTE_NS);
    uint64_t calls = scenario_counts(story).calls;
    scenario_pass(story, 30 * MINUTE_NS);
    assert_int_equal(scenario_counts(story).calls, calls);
    assert_true(scenario_metric(story, FAILED("internal")) == 1);
    scenario_write(story, "proxy", "http://agent:second@proxy.example.com:3128\n");
    scenario_erp(story)->network = REASON_NONE;
    scenario_pass(story, 6 * MINUTE_NS);
    assert_true(scenario_metric(story, SUCCESS) == 1);
    scenario_free(story);
}

#define PROXIED                                                                                              \
    "[exporter]\ninterval = 30s\ntimeout = 5s\n" WAY("%s") ACCOUNT                                           \
        "proxy_file = @/proxy\nheader.X-Minute = m%d\n" BAQ("a") BAQ("b") "%s"

/* A proxy's account is a directory's too: RFC 9110 section 15.5.8. */
static void a_password_that_the_proxy_refuses_is_sent_rarely(void **state)
{
    (void)state;
    static const char *const with_proxy[] = {"password", "correct horse\n", "proxy",
                                             "http://agent:first@proxy.example.com:3128\n", NULL};
    static const char *const ways[] = {"token", "basic"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const char *probes = i == 0 ? "[probe login]\nkind = token\ninterval = 1m\n" : "";
        char *configuration = memory_format(PROXIED, ways[i], -1, probes);
        struct scenario *story = scenario_new_with(configuration, with_proxy);
        scenario_erp(story)->proxy = "http://agent:first@proxy.example.com:3128";
        scenario_pass(story, 5 * MINUTE_NS);
        assert_true(scenario_metric(story, SUCCESS) == 1);
        scenario_erp(story)->proxy = "http://agent:second@proxy.example.com:3128";
        for (int minute = 0; minute < 24 * 60; minute += 10) {
            if (i == 1) {
                free(configuration);
                configuration = memory_format(PROXIED, ways[i], minute, probes);
                scenario_reload(story, configuration);
            }
            scenario_pass(story, 10 * MINUTE_NS);
        }
        print_message("%s, a proxy that refuses for 24 h: %" PRIu64 " tries\n", ways[i],
                      scenario_counts(story).wrong);
        assert_in_range(scenario_counts(story).wrong, 20, 60);
        assert_true(scenario_metric(story, FAILED("connect")) == 1);
        uint64_t wrong = scenario_counts(story).wrong;
        scenario_write(story, "proxy", "http://agent:second@proxy.example.com:3128\n");
        scenario_pass(story, MINUTE_NS);
        assert_true(scenario_counts(story).wrong <= wrong + 1);
        assert_true(scenario_metric(story, SUCCESS) == 1);
        scenario_free(story);
        free(configuration);
    }
}

ALL_TESTS(cmocka_unit_test(a_secret_that_is_away_for_a_while),
          cmocka_unit_test(a_token_request_refused_otherwise_is_sent_rarely_too),
          cmocka_unit_test(a_refusal_in_kinetics_own_words_leaves_the_server_up),
          cmocka_unit_test(reloads_of_something_else_are_no_login_storm),
          cmocka_unit_test(a_reading_that_hangs_is_told),
          cmocka_unit_test(a_key_refused_as_not_found_is_read_again),
          cmocka_unit_test(a_ticket_that_gives_nothing_is_replaced),
          cmocka_unit_test(a_keytab_that_is_written_anew_is_the_same),
          cmocka_unit_test(a_proxy_that_refuses_has_its_file_read_again),
          cmocka_unit_test(a_password_that_the_proxy_refuses_is_sent_rarely));
