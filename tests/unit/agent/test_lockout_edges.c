/* Stories about the edges of the lock-out guard: secrets that go away, reloads that change something else, refusals of a
   login that are no 401, and readings that never end. */
#include "../../main.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
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
static const char *const password_ways[] = {"basic", "ntlm"};

/* The login has neither been found good nor been refused when its file cannot be read. */
static void a_secret_that_is_away_for_a_while(void **state)
{
    (void)state;
    static const char *const configurations[] = {EVERY_10S WAY("basic") ACCOUNT BAQ("a"),
                                                 EVERY_10S WAY("ntlm") ACCOUNT BAQ("a")};
    for (size_t i = 0; i < sizeof password_ways / sizeof password_ways[0]; i++) {
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

ALL_TESTS(cmocka_unit_test(a_secret_that_is_away_for_a_while));
