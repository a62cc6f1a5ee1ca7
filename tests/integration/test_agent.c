/* The agent thread with real libcurl against the polite server: what the stories of unit/agent tell of a fake network, here
   over sockets, and the signals. */
#include "main.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "integration/rig.h"
#include "simulator/simulator.h"

struct site {
    struct simulator *server;
    struct rig rig;
};

static struct site site_start(const char *exporter, const char *probes)
{
    struct site site = {.server = simulator_start(NULL)};
    char *text = memory_format(
        "[exporter]\ninterval = 250ms\n%s[appserver live]\nurl = %s\ncompany = EPIC06\n"
        "username = epicor-monitor\npassword = demo-password\napi_key = demo-api-key\n"
        "backoff = 100ms..500ms\nlogin_retry = 1s..2s\n%s",
        exporter, simulator_url(site.server), probes);
    site.rig = rig_start(text);
    free(text);
    return site;
}

static void site_end(struct site *site)
{
    rig_end(&site->rig);
    simulator_stop(site->server);
}

static double metric(const struct site *site, const char *series)
{
    return rig_metric(&site->rig, series);
}

static void await(const struct site *site, const char *series, double value)
{
    rig_await(&site->rig, series, value);
}

static char *success(const char *probe, const char *company)
{
    return memory_format("epicor_probe_success{appserver=\"live\",company=\"%s\",probe=\"%s\"}", company,
                         probe);
}

static void await_success(const struct site *site, const char *probe, const char *company)
{
    char *series = success(probe, company);
    await(site, series, 1);
    free(series);
}

static void await_reason(const struct site *site, const char *probe, const char *reason)
{
    char *series = memory_format(
        "epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\",probe=\"%s\","
        "reason=\"%s\"}",
        probe, reason);
    await(site, series, 1);
    free(series);
}

static void all_four_kinds_succeed(void **state)
{
    (void)state;
    struct site site = site_start("", "[probe login]\nkind = token\ninterval = 2s\n"
                                      "[probe orders]\nkind = baq\nbaq = zOrders\n"
                                      "[probe ping]\nkind = efx\nlibrary = MonitorLib\nfunction = Ping\n"
                                      "[probe parts]\nkind = bo\nservice = Erp.BO.PartSvc\nentity = Parts\n");
    simulator_set_baq(site.server, "zOrders", NULL, 17);
    simulator_set_function(
        site.server, &(struct simulator_function){.name = "MonitorLib/Ping", .answer = "{\"Success\":true}"});
    simulator_set_entity(site.server, "Erp.BO.PartSvc/Parts", NULL, 3);
    await_success(&site, "login", "");
    await_success(&site, "orders", "EPIC06");
    await_success(&site, "ping", "EPIC06");
    await_success(&site, "parts", "EPIC06");
    assert_true(metric(&site, "epicor_probe_rows{appserver=\"live\",company=\"EPIC06\",probe=\"orders\"}") ==
                17);
    assert_true(metric(&site, "epicor_up{appserver=\"live\"}") == 1);
    assert_true(board_ready(report_board(site.rig.report)));
    assert_true(metric(&site, "epicor_exporter_turn_seconds_count") > 4);
    assert_true(simulator_seats_peak(site.server, "WebService") <= 1);
    site_end(&site);
}

struct trouble {
    const char *reason;
    struct simulator_fault fault;
};

static void each_trouble_has_its_reason_and_goes_away(void **state)
{
    (void)state;
    static const struct trouble troubles[] = {
        {"server_error", {.path = "BaqSvc", .status = 500, .body = SIMULATOR_BODY_EPICOR_JSON}},
        {"unavailable", {.path = "BaqSvc", .status = 503, .body = SIMULATOR_BODY_IIS_HTML}},
        {"upgrade_pending",
         {.path = "BaqSvc",
          .status = 503,
          .body = SIMULATOR_BODY_EPICOR_JSON,
          .message = "Conversions are pending.",
          .type = "Ice.Common.ConversionsPendingException"}},
        {"throttled",
         {.path = "BaqSvc", .status = 429, .body = SIMULATOR_BODY_EMPTY, .headers = "Retry-After: 1"}},
        {"query_timeout",
         {.path = "BaqSvc",
          .status = 500,
          .body = SIMULATOR_BODY_EPICOR_JSON,
          .message = "Execution Timeout Expired."}},
        {"timeout", {.path = "BaqSvc", .delay_ms = 5000}},
    };
    struct site site = site_start(
        "", "max_in_flight = 4\n[probe orders]\nkind = baq\nbaq = zOrders\ntimeout = 1s\n");
    simulator_set_baq(site.server, "zOrders", NULL, 2);
    await_success(&site, "orders", "EPIC06");
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        simulator_add_fault(site.server, &troubles[i].fault);
        await_reason(&site, "orders", troubles[i].reason);
        simulator_clear_faults(site.server);
        await_success(&site, "orders", "EPIC06");
    }
    simulator_set_api_key(site.server, NULL, "another");
    await_reason(&site, "orders", "api_key");
    simulator_set_api_key(site.server, NULL, "demo-api-key");
    await_success(&site, "orders", "EPIC06");
    simulator_set_right(site.server, "BaqSvc/zOrders", false);
    await_reason(&site, "orders", "access_denied");
    simulator_set_right(site.server, "BaqSvc/zOrders", true);
    await_success(&site, "orders", "EPIC06");
    simulator_remove(site.server, "zOrders");
    await_reason(&site, "orders", "not_found");
    simulator_set_baq(site.server, "zOrders", NULL, 2);
    await_success(&site, "orders", "EPIC06");
    /* None of this was a reason to log in again. */
    assert_int_equal(simulator_tokens(site.server), 1);

    simulator_revoke_tokens(site.server);
    await(&site, "epicor_reauthentications_total{appserver=\"live\"}", 1);
    await(&site, "epicor_token_responses_total{appserver=\"live\",code=\"200\"}",
          2); /* the success is the last run's yet */
    await_success(&site, "orders", "EPIC06");
    assert_int_equal(simulator_tokens(site.server), 2);

    simulator_set_password(site.server, "epicor-monitor", "changed");
    simulator_revoke_tokens(site.server);
    await_reason(&site, "orders", "credentials");
    simulator_set_password(site.server, "epicor-monitor", "demo-password");
    await_success(&site, "orders", "EPIC06");
    site_end(&site);
}

static void signals_speak_and_stop(void **state)
{
    (void)state;
    struct site site = site_start("shutdown_grace = 20s\n", "[probe orders]\nkind = baq\nbaq = zOrders\n");
    simulator_set_baq(site.server, "zOrders", NULL, 2);
    await_success(&site, "orders", "EPIC06");
    /* Those two do not stop it. */
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGHUP);
    uint64_t requests = simulator_requests(site.server, "BaqSvc");
    assert_true(simulator_wait_requests(site.server, "BaqSvc", requests + 2, 30000));

    /* A call that runs is let end, within the grace. */
    unsigned fault = simulator_add_fault(site.server,
                                         &(struct simulator_fault){.path = "BaqSvc", .hold = true});
    while (simulator_fault_hits(site.server, fault) == 0)
        poll(NULL, 0, 10);
    double runs = metric(&site,
                         "epicor_probe_runs_total{appserver=\"live\",company=\"EPIC06\",probe=\"orders\"}");
    kill(getpid(), SIGTERM);
    simulator_clear_fault(site.server, fault);
    int64_t begun_ns = clock_now().boot_ns;
    assert_true(agent_thread_join(site.rig.agent));
    assert_true(clock_now().boot_ns - begun_ns < 15 * SECOND_NS);
    assert_true(
        metric(&site, "epicor_probe_runs_total{appserver=\"live\",company=\"EPIC06\",probe=\"orders\"}") >=
        runs + 1);
    assert_false(board_ready(report_board(site.rig.report)));
    rig_free(&site.rig);
    simulator_stop(site.server);
}

static void a_call_that_hangs_does_not_outlive_the_grace(void **state)
{
    (void)state;
    struct site site = site_start("shutdown_grace = 300ms\n", "[probe orders]\nkind = baq\nbaq = zOrders\n");
    simulator_add_fault(site.server, &(struct simulator_fault){.path = "BaqSvc", .hold = true});
    assert_true(simulator_wait_requests(site.server, "BaqSvc", 1, 30000));
    int64_t begun_ns = clock_now().boot_ns;
    agent_thread_stop(site.rig.agent);
    assert_true(agent_thread_join(site.rig.agent));
    int64_t took_ns = clock_now().boot_ns - begun_ns;
    assert_in_range(took_ns, 290 * MILLISECOND_NS, 10 * SECOND_NS);
    simulator_clear_faults(site.server);
    rig_free(&site.rig);
    simulator_stop(site.server);
}

ALL_TESTS(cmocka_unit_test(all_four_kinds_succeed),
          cmocka_unit_test(each_trouble_has_its_reason_and_goes_away),
          cmocka_unit_test(signals_speak_and_stop),
          cmocka_unit_test(a_call_that_hangs_does_not_outlive_the_grace));
