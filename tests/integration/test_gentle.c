/* How gentle the agent is toward a real server over sockets: seats, logins, clocks; and what it does when a server that worked goes
   bad and comes back. */
#include "main.h"

#include "integration/trouble.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"

#define TOKENS    "TokenResource"
#define SERIES(x) x "{appserver=\"live\"}"
#define OF_A(x)   x "{appserver=\"live\",company=\"EPIC06\",probe=\"a\"}"
#define FAILED_A(reason)                                                                                     \
    "epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\",probe=\"a\",reason=\"" reason "\"}"

struct site {
    struct simulator *server;
    struct rig rig;
    char *folder, *password_file, *key_file;
};

/* Secrets in files, so that they can be changed. appserver: further lines of it, then the probes. */
static struct site site_start(const struct simulator_options *options, const char *appserver)
{
    struct site site = {.server = simulator_start(options)};
    char folder[] = "/tmp/gentle-XXXXXX";
    struct buffer text;
    assert_non_null(mkdtemp(folder));
    site.folder = memory_copy_text(folder);
    site.password_file = memory_format("%s/password", folder);
    site.key_file = memory_format("%s/key", folder);
    trouble_write_file(site.password_file, "demo-password\n");
    trouble_write_file(site.key_file, "demo-api-key\n");
    buffer_init(&text, 1 << 16);
    buffer_format(
        &text,
        "[exporter]\ninterval = 200ms\ntimeout = 20s\n[appserver live]\nurl = %s\ncompany = EPIC06\n"
        "username = epicor-monitor\npassword_file = %s\napi_key_file = %s\nbackoff = 20ms..200ms\n%s",
        simulator_url(site.server), site.password_file, site.key_file, appserver);
    site.rig = rig_start(buffer_as_text(&text));
    buffer_free(&text);
    return site;
}

static void site_end(struct site *site)
{
    rig_end(&site->rig);
    simulator_stop(site->server);
    unlink(site->password_file);
    unlink(site->key_file);
    rmdir(site->folder);
    free(site->password_file);
    free(site->key_file);
    free(site->folder);
}

#define PROBE_A "[probe a]\nkind = baq\nbaq = zExporterOpenOrders\n"

static void await_runs(const struct site *site, double more)
{
    double runs = rig_metric(&site->rig, OF_A("epicor_probe_runs_total"));
    rig_await_at_least(&site->rig, OF_A("epicor_probe_runs_total"), (runs >= 0 ? runs : 0) + more);
}

/* ---- clocks ---- */

static void clocks_two_hours_apart_cost_no_token(void **state)
{
    static const struct simulator_behaviour servers[] = {
        {.clock_offset = 7200},
        {.clock_offset = -7200},
        {.clock_offset = 7200, .expires_in = SIMULATOR_EXPIRES_MISSING},
        {.clock_offset = -7200, .expires_in = SIMULATOR_EXPIRES_MISSING},
        {.clock_offset = -7200, .token_form = SIMULATOR_TOKEN_XML, .token_claims = SIMULATOR_CLAIMS_NUMBERS},
    };
    enum { COUNT = sizeof servers / sizeof servers[0] };
    struct site sites[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        sites[i] = site_start(&(struct simulator_options){.behaviour = servers[i]}, PROBE_A);
    for (size_t i = 0; i < COUNT; i++) {
        const struct rig *rig = &sites[i].rig;
        rig_await_at_least(rig, OF_A("epicor_probe_runs_total"), 8);
        assert_true(rig_metric(rig, OF_A("epicor_probe_failures_total")) == 0);
        assert_int_equal(simulator_requests(sites[i].server, TOKENS), 1);
        double skew = rig_metric(rig, SERIES("epicor_clock_skew_seconds"));
        assert_true(skew >= servers[i].clock_offset - 5 && skew <= servers[i].clock_offset + 5);
        double left = rig_metric(rig, SERIES("epicor_token_remaining_seconds"));
        assert_true(left > 3000 && left <= 3600);
    }
    for (size_t i = 0; i < COUNT; i++)
        site_end(&sites[i]);
}

/* The server's clock jumps: by it, the token has expired. */
static void an_expired_token_is_one_login(void **state)
{
    (void)state;
    struct site site = site_start(NULL, PROBE_A);
    rig_await(&site.rig, OF_A("epicor_probe_success"), 1);
    struct simulator_behaviour later = simulator_behaviour(site.server);
    later.clock_offset = 7200;
    simulator_set_behaviour(site.server, &later);
    rig_await(&site.rig, SERIES("epicor_reauthentications_total"), 1);
    await_runs(&site, 8);
    assert_true(rig_metric(&site.rig, OF_A("epicor_probe_success")) == 1);
    assert_int_equal(simulator_requests(site.server, TOKENS), 2);
    site_end(&site);
}

/* ---- logins ---- */

/* The token service fails while calls succeed with a living token. */
static void a_failing_token_service_is_the_identity_provider(void **state)
{
    (void)state;
    struct site site = site_start(&(struct simulator_options){.behaviour.token_lifetime = 10},
                                  "token_renew_at = 50%\n" PROBE_A);
    rig_await(&site.rig, OF_A("epicor_probe_success"), 1);
    simulator_add_named_fault(site.server, "http_503", TOKENS, 0);
    rig_await(&site.rig, "epicor_token_failure_reason{appserver=\"live\",reason=\"identity_provider\"}", 1);
    await_runs(&site, 3);
    assert_true(rig_metric(&site.rig, OF_A("epicor_probe_success")) == 1);
    assert_true(rig_metric(&site.rig, SERIES("epicor_up")) == 1);
    simulator_clear_faults(site.server);
    rig_await(&site.rig, SERIES("epicor_token_consecutive_failures"), 0);
    assert_true(rig_metric(&site.rig, OF_A("epicor_probe_failures_total")) == 0);
    site_end(&site);
}

/* Rotation of both secrets under a running agent, the server first. */
static void secrets_are_rotated_without_a_restart(void **state)
{
    (void)state;
    struct site site = site_start(NULL, PROBE_A);
    rig_await(&site.rig, OF_A("epicor_probe_success"), 1);

    simulator_set_api_key(site.server, NULL, "second-api-key");
    rig_await(&site.rig, FAILED_A("api_key"), 1);
    await_runs(&site, 5);
    assert_int_equal(simulator_requests(site.server, TOKENS), 1);
    trouble_write_file(site.key_file, "second-api-key\n");
    rig_await(&site.rig, OF_A("epicor_probe_success"), 1);
    assert_int_equal(simulator_requests(site.server, TOKENS), 1);

    /* A changed password is not noticed while the token lives; then it is asked for once, not again and again. */
    simulator_set_password(site.server, "epicor-monitor", "second-password");
    simulator_revoke_tokens(site.server);
    rig_await(&site.rig, FAILED_A("credentials"), 1);
    await_runs(&site, 8);
    assert_int_equal(simulator_requests(site.server, TOKENS), 2);
    assert_true(rig_metric(&site.rig, SERIES("epicor_login_blocked_until_timestamp_seconds")) > 0);
    trouble_write_file(site.password_file, "second-password\n");
    rig_await(&site.rig, OF_A("epicor_probe_success"), 1);
    assert_int_equal(simulator_requests(site.server, TOKENS), 3);
    assert_true(rig_metric(&site.rig, SERIES("epicor_login_blocked_until_timestamp_seconds")) == 0);
    site_end(&site);
}

static void a_missing_right_is_no_reason_to_log_in(void **state)
{
    (void)state;
    struct site site = site_start(NULL, PROBE_A "[probe b]\nkind = baq\nbaq = zExporterPartOnHand\n");
    rig_await(&site.rig, OF_A("epicor_probe_success"), 1);
    simulator_set_right(site.server, "BaqSvc/zExporterOpenOrders", false);
    rig_await(&site.rig, FAILED_A("access_denied"), 1);
    rig_await_at_least(&site.rig, OF_A("epicor_probe_consecutive_failures"), 10);
    assert_int_equal(simulator_requests(site.server, TOKENS), 1);
    assert_true(rig_metric(&site.rig, SERIES("epicor_up")) == 1);
    simulator_set_right(site.server, "BaqSvc/zExporterOpenOrders", true);
    rig_await(&site.rig, OF_A("epicor_probe_success"), 1);
    assert_int_equal(simulator_requests(site.server, TOKENS), 1);
    site_end(&site);
}

/* The server is restarted at its address, with another signing key. */
static void a_restarted_server_is_found_again(void **state)
{
    (void)state;
    struct site site = site_start(NULL, PROBE_A);
    rig_await(&site.rig, OF_A("epicor_probe_success"), 1);
    struct simulator_options again = {.port = simulator_port(site.server)};
    simulator_stop(site.server);
    rig_await(&site.rig, FAILED_A("connect"), 1);
    rig_await(&site.rig, "epicor_appserver_failure_reason{appserver=\"live\",reason=\"connect\"}", 1);
    assert_true(rig_metric(&site.rig, SERIES("epicor_up")) == 0);
    site.server = simulator_start(&again);
    rig_await(&site.rig, OF_A("epicor_probe_success"), 1);
    rig_await(&site.rig, SERIES("epicor_up"), 1);
    assert_int_equal(simulator_requests(site.server, TOKENS), 1);
    site_end(&site);
}

/* ---- seats ---- */

#define EIGHT_PROBES                                                                                         \
    "[probe a]\nkind = baq\nbaq = zExporterOpenOrders\n[probe b]\nkind = baq\nbaq = zExporterOpenOrders\n"   \
    "[probe c]\nkind = baq\nbaq = zExporterOpenOrders\n[probe d]\nkind = baq\nbaq = zExporterOpenOrders\n"   \
    "[probe e]\nkind = efx\nlibrary = MonitorLib\nfunction = Ping\n"                                         \
    "[probe f]\nkind = efx\nlibrary = MonitorLib\nfunction = Ping\n"                                         \
    "[probe g]\nkind = bo\nservice = Erp.BO.PartSvc\nentity = Parts\nrows = all\npage_size = 50\n"           \
    "[probe h]\nkind = baq\nbaq = zExporterPartOnHand\nrows = all\npage_size = 50\n"

static void eight_targets_take_one_seat(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    (void)state;
    struct site site = site_start(&(struct simulator_options){.behaviour.latency_ms = 5}, EIGHT_PROBES);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *series = memory_format(
            "epicor_probe_runs_total{appserver=\"live\",company=\"EPIC06\",probe=\"%s\"}", names[i]);
        rig_await_at_least(&site.rig, series, 3);
        free(series);
    }
    assert_int_equal(simulator_seats_peak(site.server, "WebService"), 1);
    assert_true(simulator_seats_calls(site.server, "WebService") >= 24);
    assert_true(rig_metric(&site.rig, SERIES("epicor_request_wait_seconds_count")) >= 24);
    site_end(&site);
}

/* A call that timed out still sits on its seat at the server: nobody takes a second one. */
static void an_aborted_call_keeps_its_place(void **state)
{
    (void)state;
    struct site site = site_start(NULL, PROBE_A
                                  "timeout = 300ms\n[probe b]\nkind = baq\nbaq = zExporterPartOnHand\n");
    rig_await(&site.rig, OF_A("epicor_probe_success"), 1);
    unsigned hang = simulator_add_fault(
        site.server, &(struct simulator_fault){.path = "zExporterOpenOrders", .delay_ms = 2500});
    rig_await(&site.rig, FAILED_A("timeout"), 1);
    uint64_t calls = simulator_requests(site.server, "/api/");
    simulator_clear_fault(site.server, hang);
    assert_true(simulator_wait_idle(site.server, 30000));
    assert_int_equal(simulator_requests(site.server, "/api/"), calls);
    assert_int_equal(simulator_seats_peak(site.server, "WebService"), 1);
    assert_true(rig_metric(&site.rig, SERIES("epicor_requests_in_flight")) == 1);
    /* Runs that never got a place are neither stale nor failed. */
    rig_await_at_least(&site.rig, "epicor_exporter_runs_skipped_total{appserver=\"live\",cause=\"gate\"}", 2);
    assert_true(rig_metric(&site.rig, OF_A("epicor_probe_consecutive_failures")) == 1);
    site_end(&site);
}

/* ---- secrets ---- */

/* A server, or what stands before it, that shows every secret it got. */
static void what_a_server_echoes_is_not_told(void **state)
{
    (void)state;
    struct site site = site_start(NULL, "max_in_flight = 4\n" PROBE_A);
    rig_await(&site.rig, OF_A("epicor_probe_success"), 1);
    struct simulator_request *request = simulator_request(site.server, "/api/", SIMULATOR_LAST);
    const char *bearer = simulator_request_header(request, "Authorization");
    char *words = memory_format("Bad call of demo-password with demo-api-key; %s was sent.", bearer);
    char *page = memory_format("<html><title>Bad %s</title><p>x-api-key: demo-api-key demo-password</html>",
                               bearer);
    const struct simulator_fault echoes[] = {
        {.path = "BaqSvc", .status = 500, .message = words},
        {.path = "BaqSvc", .status = 400, .body = SIMULATOR_BODY_ODATA4, .message = words},
        {.path = "BaqSvc", .status = 409, .body = SIMULATOR_BODY_EPICOR_XML, .message = words},
        {.path = "BaqSvc",
         .status = 502,
         .body = SIMULATOR_BODY_TEXT,
         .text = page,
         .content_type = "text/html"},
        {.path = "BaqSvc", .status = 429, .body = SIMULATOR_BODY_TEXT, .text = words},
    };
    static const char *const reasons[] = {"server_error", "client_error", "conflict_or_gone", "unavailable",
                                          "throttled"};
    for (size_t i = 0; i < sizeof echoes / sizeof echoes[0]; i++) {
        unsigned fault = simulator_add_fault(site.server, &echoes[i]);
        char *series = memory_format("epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\","
                                     "probe=\"a\",reason=\"%s\"}",
                                     reasons[i]);
        rig_await(&site.rig, series, 1);
        char *texts[] = {rig_page(&site.rig), rig_status_page(&site.rig), rig_log()};
        assert_non_null(strstr(texts[1], "Bad"));
        for (size_t t = 0; t < 3; t++) {
            assert_null(strstr(texts[t], "demo-password"));
            assert_null(strstr(texts[t], "demo-api-key"));
            assert_null(strstr(texts[t], bearer + strlen("Bearer ")));
            free(texts[t]);
        }
        free(series);
        simulator_clear_fault(site.server, fault);
        rig_await(&site.rig, OF_A("epicor_probe_success"), 1);
    }
    free(words);
    free(page);
    simulator_request_free(request);
    site_end(&site);
}

ALL_TESTS(cmocka_unit_test(clocks_two_hours_apart_cost_no_token),
          cmocka_unit_test(an_expired_token_is_one_login),
          cmocka_unit_test(a_failing_token_service_is_the_identity_provider),
          cmocka_unit_test(secrets_are_rotated_without_a_restart),
          cmocka_unit_test(a_missing_right_is_no_reason_to_log_in),
          cmocka_unit_test(a_restarted_server_is_found_again), cmocka_unit_test(eight_targets_take_one_seat),
          cmocka_unit_test(an_aborted_call_keeps_its_place),
          cmocka_unit_test(what_a_server_echoes_is_not_told));
