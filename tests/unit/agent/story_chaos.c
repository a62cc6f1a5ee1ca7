/* A server that changes its mind at random for hours: whatever it does, the agent keeps its promises, and when it is well
   again all is well again. */
#include "../../main.h"

#include <stdio.h>

#include "agent/random.h"
#include "base/clock.h"
#include "scenario.h"

enum { PLACES = 3, SEEDS = SANITIZED ? 2 : 6 };

static const char *const files[] = {"password", "correct horse", "key", "key-of-epic06", NULL};
static const char configuration[] =
    "[exporter]\ninterval = 10s\ntimeout = 20s\n"
    "[appserver live]\nurl = http://erp.example.com/KineticLive\ncompany = EPIC06, EPIC07\nusername = "
    "monitor\n"
    "password_file = @/password\napi_key_file = @/key\nmax_in_flight = 3\n" BAQ("a")
        BAQ("b") "interval = 3s\n" BAQ(
            "c") "rows = all\npage_size = 2\nfetch_limit = 10\n"
                 "[probe login]\nkind = token\ninterval = 2m\n"
                 "[probe ping]\nkind = efx\nlibrary = Lib\nfunction = Ping\ninterval = 1s\n";

/* What a reload may bring; the app server's places are the same in all. */
#define SERVER(login)                                                                                        \
    "[exporter]\ninterval = 10s\ntimeout = 20s\n"                                                            \
    "[appserver live]\nurl = http://erp.example.com/KineticLive\ncompany = EPIC06, EPIC07\n"                 \
    "max_in_flight = 3\n" login
static const char *const others[] = {
    configuration,
    configuration,
    SERVER("username = monitor\npassword = correct horse\napi_key = key-of-epic06\n")
        BAQ("c") "rows = all\npage_size = 2\ninterval = 4s\n" BAQ("d"),
    SERVER("auth = none\napi_key_file = @/key\n") BAQ("a") "connection = fresh\n" BAQ("e") BAQ("f"),
    SERVER("username = monitor\npassword = wrong\napi_key = key-of-epic06\n") BAQ("a") BAQ("c"),
    "[appserver other]\nurl = http://erp.example.com/Other\ncompany = EPIC06\nauth = none\n"
    "api_key_file = @/key\nmax_in_flight = 3\n" BAQ("a"),
    SERVER("auth = none\napi_key_file = @/key\n"),
};

static void change_calls(struct scenario_erp *erp, uint64_t *random)
{
    static const int statuses[] = {0, 200, 204, 302, 400, 401, 403, 404, 409, 410, 429, 500, 502, 503};
    static const char *const bodies[] = {NULL,
                                         "",
                                         "{\"value\":[]}",
                                         "{\"value\":[{\"A\":1}",
                                         "<html>sorry</html>",
                                         "{\"ErrorMessage\":\"Invalid username or password.\"}",
                                         "{\"ErrorMessage\":\"Maximum users exceeded on license type: X\"}"};
    static const enum reason networks[] = {REASON_NONE,    REASON_NONE,    REASON_NONE,
                                           REASON_CONNECT, REASON_TIMEOUT, REASON_CONNECTION_LOST,
                                           REASON_TLS,     REASON_RESOLVE, REASON_INTERNAL};
    static const char *const paths[] = {"/a/", "/b/", "/c/", "Ping", "EPIC07", "http"};
    erp->rules[0] = (struct scenario_rule){
        .path = paths[random_below(random, 6)],
        .in_ns = random_below(random, 30) * SECOND_NS / 4,
        .network = networks[random_below(random, 9)],
        .status = statuses[random_below(random, 14)],
        .body = bodies[random_below(random, 7)],
        .retry_after_ns = random_below(random, 3) * 40 * SECOND_NS,
    };
}

static void change(struct scenario *story, uint64_t *random)
{
    struct scenario_erp *erp = scenario_erp(story);
    switch (random_below(random, 9)) {
    case 0:
        erp->password = random_below(random, 2) ? "correct horse" : "changed";
        break;
    case 1:
        scenario_write(story, "password", random_below(random, 2) ? "correct horse" : "changed");
        break;
    case 2:
        scenario_write(story, "key", random_below(random, 3) ? "key-of-epic06" : "");
        break;
    case 3:
        erp->oldest_token += (uint64_t)random_below(random, 30);
        break;
    case 4:
        erp->token_status = random_below(random, 2) ? 0 : 503;
        break;
    case 5:
        erp->token_lifetime_s = 1 + random_below(random, 600);
        break;
    case 6:
        erp->grants_in_ns = random_below(random, 40) * SECOND_NS;
        break;
    case 7:
        scenario_suspend(story, random_below(random, 200) * SECOND_NS);
        break;
    default:
        change_calls(erp, random);
        break;
    }
}

static void heal(struct scenario *story)
{
    struct scenario_erp *erp = scenario_erp(story);
    erp->password = "correct horse";
    scenario_write(story, "password", "correct horse");
    scenario_write(story, "key", "key-of-epic06");
    erp->oldest_token = 0;
    erp->token_status = 0;
    erp->token_lifetime_s = 3600;
    erp->grants_in_ns = SECOND_NS / 10;
    erp->rules[0] = (struct scenario_rule){.path = "Ping", .body = "{}"};
}

static void live_through(bool reloads)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t random = seed;
        struct scenario *story = scenario_new_with(configuration, files);
        for (int i = 0; i < 150; i++) {
            change(story, &random);
            if (reloads && random_below(&random, 3) == 0)
                scenario_reload(story, others[random_below(&random, sizeof others / sizeof others[0])]);
            scenario_pass(story, random_below(&random, 90) * SECOND_NS);
            struct scenario_counts counts = scenario_counts(story);
            /* Each of two app servers has its places; a token probe of a login that is no more may still run. */
            assert_in_range(counts.most_calls, 0, reloads ? 2 * PLACES : PLACES);
            assert_in_range(counts.most_logins, 0, reloads ? 2 : 1);
        }
        heal(story);
        if (reloads)
            scenario_reload(story, configuration);
        scenario_pass(story, 45 * MINUTE_NS);
        static const char *const well[] = {
            "epicor_up{appserver=\"live\"}",
            "epicor_probe_success{appserver=\"live\",company=\"EPIC06\",probe=\"a\"}",
            "epicor_probe_success{appserver=\"live\",company=\"EPIC07\",probe=\"b\"}",
            "epicor_probe_success{appserver=\"live\",company=\"EPIC06\",probe=\"c\"}",
            "epicor_probe_success{appserver=\"live\",company=\"EPIC07\",probe=\"ping\"}",
            "epicor_probe_success{appserver=\"live\",company=\"\",probe=\"login\"}",
        };
        for (size_t i = 0; i < sizeof well / sizeof well[0]; i++)
            if (scenario_metric(story, well[i]) != 1)
                fail_msg("seed %d: %s is not 1", (int)seed, well[i]);
        scenario_shutdown(story);
        scenario_pass(story, 11 * SECOND_NS);
        assert_true(agent_finished(scenario_agent(story)));
        scenario_free(story);
    }
}

static void whatever_the_server_does(void **state)
{
    (void)state;
    live_through(false);
}

static void whatever_is_configured_meanwhile(void **state)
{
    (void)state;
    live_through(true);
}

ALL_TESTS(cmocka_unit_test(whatever_the_server_does), cmocka_unit_test(whatever_is_configured_meanwhile));
