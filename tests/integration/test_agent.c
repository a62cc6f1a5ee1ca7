/* The agent thread with real libcurl against the polite server: what the stories of unit/agent tell of a fake network, here
   over sockets, and the signals. */
#include "main.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/thread.h"
#include "agent/transfer.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "probe/kind.h"
#include "report/board.h"
#include "report/report.h"
#include "simulator/simulator.h"

#define PATIENCE_NS (30 * SECOND_NS)

struct rig {
    struct simulator *server;
    struct model *model;
    struct report *report;
    struct agent_thread *agent;
};

/* As main does it: the signals are the agent thread's, libcurl is set up once. */
static void set_up_process(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGHUP);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    assert_null(transfer_setup());
    log_setup(LOG_ERROR, LOG_LOGFMT, -1);
}

/* %s in the configuration is the server's URL. */
static struct rig rig_start(const char *exporter, const char *probes)
{
    set_up_process();
    struct rig rig = {.server = simulator_start(NULL)};
    char *text = memory_format(
        "[exporter]\ninterval = 250ms\n%s[appserver live]\nurl = %s\ncompany = EPIC06\n"
        "username = epicor-monitor\npassword = demo-password\napi_key = demo-api-key\n"
        "backoff = 100ms..500ms\nlogin_retry = 1s..2s\n%s",
        exporter, simulator_url(rig.server), probes);
    struct fault_list faults = {0};
    rig.model = model_read("agent.ini", (struct span){text, strlen(text)}, NULL, probe_schema(), &faults);
    for (size_t i = 0; i < faults.count; i++)
        if (!faults.items[i].warning)
            print_error("%d: %s\n", faults.items[i].line, faults.items[i].text);
    fault_list_free(&faults);
    free(text);
    assert_non_null(rig.model);
    rig.report = report_new(rig.model, clock_now(), "1.2.3", "abc");
    const char *why = NULL;
    rig.agent = agent_thread_start(rig.model, rig.report, &why);
    if (!rig.agent)
        fail_msg("%s", why);
    return rig;
}

static void rig_end(struct rig *rig)
{
    agent_thread_join(rig->agent);
    report_free(rig->report);
    model_unref(rig->model);
    simulator_stop(rig->server);
}

static double metric(const struct rig *rig, const char *series)
{
    struct buffer page;
    buffer_init(&page, 16 << 20);
    assert_true(report_page(rig->report, clock_now(), &page));
    size_t size = strlen(series);
    double value = NAN;
    for (const char *line = buffer_as_text(&page); line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, series, size) == 0 && line[size] == ' ')
            value = strtod(line + size, NULL);
    }
    buffer_free(&page);
    return value;
}

/* The page is looked at until the series has this value: there is no event for that. */
static void await(const struct rig *rig, const char *series, double value)
{
    int64_t end_ns = clock_now().boot_ns + PATIENCE_NS;
    double last;
    while ((last = metric(rig, series)) != value) {
        if (clock_now().boot_ns > end_ns)
            fail_msg("%s is %g, not %g", series, last, value);
        poll(NULL, 0, 10);
    }
}

static char *success(const char *probe, const char *company)
{
    return memory_format("epicor_probe_success{appserver=\"live\",company=\"%s\",probe=\"%s\"}", company,
                         probe);
}

static void await_success(const struct rig *rig, const char *probe, const char *company)
{
    char *series = success(probe, company);
    await(rig, series, 1);
    free(series);
}

static void await_reason(const struct rig *rig, const char *probe, const char *reason)
{
    char *series = memory_format(
        "epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\",probe=\"%s\","
        "reason=\"%s\"}",
        probe, reason);
    await(rig, series, 1);
    free(series);
}

static void all_four_kinds_succeed(void **state)
{
    (void)state;
    struct rig rig = rig_start("", "[probe login]\nkind = token\ninterval = 2s\n"
                                   "[probe orders]\nkind = baq\nbaq = zOrders\n"
                                   "[probe ping]\nkind = efx\nlibrary = MonitorLib\nfunction = Ping\n"
                                   "[probe parts]\nkind = bo\nservice = Erp.BO.PartSvc\nentity = Parts\n");
    simulator_set_baq(rig.server, "zOrders", NULL, 17);
    simulator_set_function(
        rig.server, &(struct simulator_function){.name = "MonitorLib/Ping", .answer = "{\"Success\":true}"});
    simulator_set_entity(rig.server, "Erp.BO.PartSvc/Parts", NULL, 3);
    await_success(&rig, "login", "");
    await_success(&rig, "orders", "EPIC06");
    await_success(&rig, "ping", "EPIC06");
    await_success(&rig, "parts", "EPIC06");
    assert_true(metric(&rig, "epicor_probe_rows{appserver=\"live\",company=\"EPIC06\",probe=\"orders\"}") ==
                17);
    assert_true(metric(&rig, "epicor_up{appserver=\"live\"}") == 1);
    assert_true(board_ready(report_board(rig.report)));
    assert_true(metric(&rig, "epicor_exporter_turn_seconds_count") > 4);
    assert_true(simulator_seats_peak(rig.server, "WebService") <= 1);
    agent_thread_stop(rig.agent);
    rig_end(&rig);
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
    struct rig rig = rig_start(
        "", "max_in_flight = 4\n[probe orders]\nkind = baq\nbaq = zOrders\ntimeout = 1s\n");
    simulator_set_baq(rig.server, "zOrders", NULL, 2);
    await_success(&rig, "orders", "EPIC06");
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        simulator_add_fault(rig.server, &troubles[i].fault);
        await_reason(&rig, "orders", troubles[i].reason);
        simulator_clear_faults(rig.server);
        await_success(&rig, "orders", "EPIC06");
    }
    simulator_set_api_key(rig.server, NULL, "another");
    await_reason(&rig, "orders", "api_key");
    simulator_set_api_key(rig.server, NULL, "demo-api-key");
    await_success(&rig, "orders", "EPIC06");
    simulator_set_right(rig.server, "BaqSvc/zOrders", false);
    await_reason(&rig, "orders", "access_denied");
    simulator_set_right(rig.server, "BaqSvc/zOrders", true);
    await_success(&rig, "orders", "EPIC06");
    simulator_remove(rig.server, "zOrders");
    await_reason(&rig, "orders", "not_found");
    simulator_set_baq(rig.server, "zOrders", NULL, 2);
    await_success(&rig, "orders", "EPIC06");
    /* None of this was a reason to log in again. */
    assert_int_equal(simulator_tokens(rig.server), 1);

    simulator_revoke_tokens(rig.server);
    await(&rig, "epicor_reauthentications_total{appserver=\"live\"}", 1);
    await_success(&rig, "orders", "EPIC06");
    assert_int_equal(simulator_tokens(rig.server), 2);

    simulator_set_password(rig.server, "epicor-monitor", "changed");
    simulator_revoke_tokens(rig.server);
    await_reason(&rig, "orders", "credentials");
    simulator_set_password(rig.server, "epicor-monitor", "demo-password");
    await_success(&rig, "orders", "EPIC06");
    agent_thread_stop(rig.agent);
    rig_end(&rig);
}

static void signals_speak_and_stop(void **state)
{
    (void)state;
    struct rig rig = rig_start("shutdown_grace = 20s\n", "[probe orders]\nkind = baq\nbaq = zOrders\n");
    simulator_set_baq(rig.server, "zOrders", NULL, 2);
    await_success(&rig, "orders", "EPIC06");
    /* Those two do not stop it. */
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGHUP);
    uint64_t requests = simulator_requests(rig.server, "BaqSvc");
    assert_true(simulator_wait_requests(rig.server, "BaqSvc", requests + 2, 30000));

    /* A call that runs is let end, within the grace. */
    unsigned fault = simulator_add_fault(rig.server,
                                         &(struct simulator_fault){.path = "BaqSvc", .hold = true});
    while (simulator_fault_hits(rig.server, fault) == 0)
        poll(NULL, 0, 10);
    double runs = metric(&rig,
                         "epicor_probe_runs_total{appserver=\"live\",company=\"EPIC06\",probe=\"orders\"}");
    kill(getpid(), SIGTERM);
    simulator_clear_fault(rig.server, fault);
    int64_t begun_ns = clock_now().boot_ns;
    agent_thread_join(rig.agent);
    assert_true(clock_now().boot_ns - begun_ns < 15 * SECOND_NS);
    assert_true(
        metric(&rig, "epicor_probe_runs_total{appserver=\"live\",company=\"EPIC06\",probe=\"orders\"}") >=
        runs + 1);
    assert_false(board_ready(report_board(rig.report)));
    report_free(rig.report);
    model_unref(rig.model);
    simulator_stop(rig.server);
}

static void a_call_that_hangs_does_not_outlive_the_grace(void **state)
{
    (void)state;
    struct rig rig = rig_start("shutdown_grace = 300ms\n", "[probe orders]\nkind = baq\nbaq = zOrders\n");
    simulator_add_fault(rig.server, &(struct simulator_fault){.path = "BaqSvc", .hold = true});
    assert_true(simulator_wait_requests(rig.server, "BaqSvc", 1, 30000));
    int64_t begun_ns = clock_now().boot_ns;
    agent_thread_stop(rig.agent);
    agent_thread_join(rig.agent);
    int64_t took_ns = clock_now().boot_ns - begun_ns;
    assert_in_range(took_ns, 290 * MILLISECOND_NS, 10 * SECOND_NS);
    simulator_clear_faults(rig.server);
    report_free(rig.report);
    model_unref(rig.model);
    simulator_stop(rig.server);
}

ALL_TESTS(cmocka_unit_test(all_four_kinds_succeed),
          cmocka_unit_test(each_trouble_has_its_reason_and_goes_away),
          cmocka_unit_test(signals_speak_and_stop),
          cmocka_unit_test(a_call_that_hangs_does_not_outlive_the_grace));
