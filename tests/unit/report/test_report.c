#include "main.h"

#include "sample.h"

#include "config/constant_label.h"
#include "metrics/wanted.h"
#include "report/dropped.h"
#include "report/families.h"

#define ORDERS_LIVE "appserver=\"live\",company=\"EPIC06\",probe=\"orders\""
#define LIVE        "appserver=\"live\""

#define NO_RESPONSES(target)                                                                                 \
    "epicor_probe_responses_total{" target ",code=\"200\"} 0\n"                                              \
    "epicor_probe_responses_total{" target ",code=\"400\"} 0\n"                                              \
    "epicor_probe_responses_total{" target ",code=\"401\"} 0\n"                                              \
    "epicor_probe_responses_total{" target ",code=\"403\"} 0\n"                                              \
    "epicor_probe_responses_total{" target ",code=\"404\"} 0\n"                                              \
    "epicor_probe_responses_total{" target ",code=\"429\"} 0\n"                                              \
    "epicor_probe_responses_total{" target ",code=\"500\"} 0\n"                                              \
    "epicor_probe_responses_total{" target ",code=\"503\"} 0\n"

/* A histogram with one observation (or none) at or below 0.5 and above 0.25. */
#define DURATIONS(target, n, sum)                                                                            \
    "epicor_probe_duration_seconds_bucket{" target ",le=\"0.05\"} 0\n"                                       \
    "epicor_probe_duration_seconds_bucket{" target ",le=\"0.1\"} 0\n"                                        \
    "epicor_probe_duration_seconds_bucket{" target ",le=\"0.25\"} 0\n"                                       \
    "epicor_probe_duration_seconds_bucket{" target ",le=\"0.5\"} " n "\n"                                    \
    "epicor_probe_duration_seconds_bucket{" target ",le=\"1.0\"} " n "\n"                                    \
    "epicor_probe_duration_seconds_bucket{" target ",le=\"2.5\"} " n "\n"                                    \
    "epicor_probe_duration_seconds_bucket{" target ",le=\"5.0\"} " n "\n"                                    \
    "epicor_probe_duration_seconds_bucket{" target ",le=\"10.0\"} " n "\n"                                   \
    "epicor_probe_duration_seconds_bucket{" target ",le=\"20.0\"} " n "\n"                                   \
    "epicor_probe_duration_seconds_bucket{" target ",le=\"30.0\"} " n "\n"                                   \
    "epicor_probe_duration_seconds_bucket{" target ",le=\"60.0\"} " n "\n"                                   \
    "epicor_probe_duration_seconds_bucket{" target ",le=\"+Inf\"} " n "\n"                                   \
    "epicor_probe_duration_seconds_sum{" target "} " sum "\n"                                                \
    "epicor_probe_duration_seconds_count{" target "} " n "\n"

static struct run_record good_run(int64_t at, const struct probe_result *result)
{
    return (struct run_record){.ended = sample_after(at),
                               .due_next_boot_ns = sample_after(at + 30).boot_ns,
                               .asked = true,
                               .timed = true,
                               .duration_ns = 300 * MILLISECOND_NS,
                               .phases = {.resolve_ns = MILLISECOND_NS,
                                          .connect_ns = 2 * MILLISECOND_NS,
                                          .tls_ns = -1,
                                          .processing_ns = 250 * MILLISECOND_NS,
                                          .transfer_ns = 47 * MILLISECOND_NS},
                               .result = result};
}

static void test_from_the_start(void **state)
{
    struct report *report = sample_report();

    (void)state;
    assert_lines(report, sample_start, ORDERS_LIVE,
                 DURATIONS(ORDERS_LIVE, "0",
                           "0") "epicor_probe_failures_total{" ORDERS_LIVE "} 0\n"
                                "epicor_probe_info{" ORDERS_LIVE ",kind=\"baq\"} 1\n"
                                "epicor_probe_interval_seconds{" ORDERS_LIVE "} 30\n" NO_RESPONSES(
                                    ORDERS_LIVE) "epicor_probe_rows_max{" ORDERS_LIVE "} 1000\n"
                                                 "epicor_probe_rows_min{" ORDERS_LIVE "} 1\n"
                                                 "epicor_probe_runs_total{" ORDERS_LIVE "} 0\n"
                                                 "epicor_probe_schema_changes_total{" ORDERS_LIVE "} 0\n"
                                                 "epicor_probe_timeout_seconds{" ORDERS_LIVE "} 20\n");
    /* Where no bounds are set, none are shown. */
    assert_lines(report, sample_start, "epicor_probe_rows_m",
                 "epicor_probe_rows_max{" ORDERS_LIVE "} 1000\n"
                 "epicor_probe_rows_max{appserver=\"open\",company=\"EPIC06\",probe=\"orders\"} 1000\n"
                 "epicor_probe_rows_min{" ORDERS_LIVE "} 1\n"
                 "epicor_probe_rows_min{appserver=\"open\",company=\"EPIC06\",probe=\"orders\"} 1\n");
    assert_lines(report, sample_start, "epicor_up", "");
    assert_lines(report, sample_start, "epicor_auth_failures_total{" LIVE,
                 "epicor_auth_failures_total{" LIVE ",reason=\"credentials\"} 0\n"
                 "epicor_auth_failures_total{" LIVE ",reason=\"api_key\"} 0\n"
                 "epicor_auth_failures_total{" LIVE ",reason=\"token_rejected\"} 0\n"
                 "epicor_auth_failures_total{" LIVE ",reason=\"access_denied\"} 0\n"
                 "epicor_auth_failures_total{" LIVE ",reason=\"unauthorized\"} 0\n"
                 "epicor_auth_failures_total{" LIVE ",reason=\"identity_provider\"} 0\n");
    assert_lines(report, sample_start, "epicor_exporter_runs_skipped_total{" LIVE,
                 "epicor_exporter_runs_skipped_total{" LIVE ",cause=\"overrun\"} 0\n"
                 "epicor_exporter_runs_skipped_total{" LIVE ",cause=\"gate\"} 0\n");
    assert_lines(report, sample_start, "epicor_exporter_build_info",
                 "epicor_exporter_build_info{version=\"1.2.3\",revision=\"abc\"} 1\n");
    assert_lines(report, sample_start, "epicor_exporter_config",
                 "epicor_exporter_config_last_reload_success_timestamp_seconds 1700000000\n"
                 "epicor_exporter_config_last_reload_successful 1\n");
    assert_lines(report, sample_start, "epicor_exporter_targets", "epicor_exporter_targets 3\n");

    char *failures = sample_lines(report, sample_start, "epicor_failures_total{" LIVE);
    size_t lines = 0;
    for (const char *at = failures; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 26);
    free(failures);
    report_free(report);
}

static void test_runs_become_series(void **state)
{
    struct report *report = sample_report();
    struct report_target *target = report_target(report, TARGET_ORDERS_LIVE);
    const struct probe_result good = {
        .status = 200, .bytes = 5000, .has_rows = true, .rows = 12, .has_truncated = true};
    struct run_record record = good_run(5, &good);
    record.has_columns = true;
    record.columns = 4;
    record.schema_hash = UINT64_C(0xFFFFFFFFFFFFFFFF);

    (void)state;
    report_response(target, 200);
    report_run(target, &record);
    assert_lines(report, sample_after(10), ORDERS_LIVE,
                 "epicor_probe_columns{" ORDERS_LIVE "} 4\n"
                 "epicor_probe_consecutive_failures{" ORDERS_LIVE "} 0\n" DURATIONS(
                     ORDERS_LIVE, "1",
                     "0.3") "epicor_probe_failures_total{" ORDERS_LIVE "} 0\n"
                            "epicor_probe_info{" ORDERS_LIVE ",kind=\"baq\"} 1\n"
                            "epicor_probe_interval_seconds{" ORDERS_LIVE "} 30\n"
                            "epicor_probe_last_duration_seconds{" ORDERS_LIVE "} 0.3\n"
                            "epicor_probe_last_run_timestamp_seconds{" ORDERS_LIVE "} 1700000005\n"
                            "epicor_probe_last_success_timestamp_seconds{" ORDERS_LIVE "} 1700000005\n"
                            "epicor_probe_phase_seconds{" ORDERS_LIVE ",phase=\"resolve\"} 0.001\n"
                            "epicor_probe_phase_seconds{" ORDERS_LIVE ",phase=\"connect\"} 0.002\n"
                            "epicor_probe_phase_seconds{" ORDERS_LIVE ",phase=\"processing\"} 0.25\n"
                            "epicor_probe_phase_seconds{" ORDERS_LIVE ",phase=\"transfer\"} 0.047\n"
                            "epicor_probe_response_bytes{" ORDERS_LIVE "} 5000\n"
                            "epicor_probe_responses_total{" ORDERS_LIVE ",code=\"200\"} 1\n"
                            "epicor_probe_responses_total{" ORDERS_LIVE ",code=\"400\"} 0\n"
                            "epicor_probe_responses_total{" ORDERS_LIVE ",code=\"401\"} 0\n"
                            "epicor_probe_responses_total{" ORDERS_LIVE ",code=\"403\"} 0\n"
                            "epicor_probe_responses_total{" ORDERS_LIVE ",code=\"404\"} 0\n"
                            "epicor_probe_responses_total{" ORDERS_LIVE ",code=\"429\"} 0\n"
                            "epicor_probe_responses_total{" ORDERS_LIVE ",code=\"500\"} 0\n"
                            "epicor_probe_responses_total{" ORDERS_LIVE ",code=\"503\"} 0\n"
                            "epicor_probe_rows{" ORDERS_LIVE "} 12\n"
                            "epicor_probe_rows_max{" ORDERS_LIVE "} 1000\n"
                            "epicor_probe_rows_min{" ORDERS_LIVE "} 1\n"
                            "epicor_probe_rows_truncated{" ORDERS_LIVE "} 0\n"
                            "epicor_probe_runs_total{" ORDERS_LIVE "} 1\n"
                            "epicor_probe_schema_changes_total{" ORDERS_LIVE "} 0\n"
                            "epicor_probe_schema_hash{" ORDERS_LIVE "} 9007199254740991\n"
                            "epicor_probe_success{" ORDERS_LIVE "} 1\n"
                            "epicor_probe_timeout_seconds{" ORDERS_LIVE "} 20\n");
    report_free(report);
}

/* ---- what stands after a run, series by series ---- */

#define PROBE(name)             "epicor_probe_" name "{" ORDERS_LIVE "}"
#define PROBE_AND(name, label)  "epicor_probe_" name "{" ORDERS_LIVE "," label "}"
#define SERVER(name)            "epicor_" name "{" LIVE "}"
#define SERVER_AND(name, label) "epicor_" name "{" LIVE "," label "}"

static void test_a_failure_says_why_and_keeps_what_is_known(void **state)
{
    struct report *report = sample_report();
    struct report_target *target = report_target(report, TARGET_ORDERS_LIVE);
    const struct probe_result good = {.status = 200, .bytes = 5000, .has_rows = true, .rows = 12};
    const struct probe_result silent = {.reason = REASON_TIMEOUT};
    const struct probe_result few = {
        .reason = REASON_ROWS, .status = 200, .bytes = 20, .has_rows = true, .rows = 0};
    struct run_record record = good_run(5, &good);

    (void)state;
    report_run(target, &record);
    record = good_run(35, &silent);
    record.phases = (struct phases){-1, -1, -1, -1, -1};
    record.duration_ns = 20 * SECOND_NS;
    report_run(target, &record);
    report_run(report_target(report, TARGET_STOCK_LIVE), &record);

    struct moment now = sample_after(40);
    assert_value(report, now, PROBE("success"), "0");
    assert_value(report, now, PROBE_AND("failure_reason", "reason=\"timeout\""), "1");
    assert_value(report, now, PROBE("consecutive_failures"), "1");
    assert_value(report, now, PROBE("failures_total"), "1");
    assert_value(report, now, PROBE("last_duration_seconds"), "20");
    assert_value(report, now, PROBE("duration_seconds_count"), "2");
    assert_value(report, now, PROBE("last_run_timestamp_seconds"), "1700000035");
    assert_value(report, now, PROBE("last_success_timestamp_seconds"), "1700000005");
    /* Of the last connection, the last body, the last answer read to its end. */
    assert_value(report, now, PROBE_AND("phase_seconds", "phase=\"connect\""), "0.002");
    assert_value(report, now, PROBE("response_bytes"), "5000");
    assert_value(report, now, PROBE("rows"), "12");
    /* Of the last run. */
    assert_value(report, now, PROBE_AND("phase_seconds", "phase=\"processing\""), NULL);
    assert_value(report, now, SERVER_AND("failures_total", "reason=\"timeout\""), "2");

    record = good_run(65, &few);
    report_run(target, &record);
    now = sample_after(70);
    assert_value(report, now, PROBE_AND("failure_reason", "reason=\"rows\""), "1");
    assert_value(report, now, PROBE_AND("failure_reason", "reason=\"timeout\""), NULL);
    assert_value(report, now, PROBE("consecutive_failures"), "2");
    assert_value(report, now, PROBE("rows"), "0");

    record = good_run(95, &good);
    report_run(target, &record);
    now = sample_after(100);
    assert_lines(report, now, "epicor_probe_failure_reason{" ORDERS_LIVE, "");
    assert_value(report, now, PROBE("success"), "1");
    assert_value(report, now, PROBE("consecutive_failures"), "0");
    report_free(report);
}

static void test_a_run_that_only_waited(void **state)
{
    struct report *report = sample_report();
    struct report_target *target = report_target(report, TARGET_ORDERS_LIVE);
    const struct probe_result good = {.status = 200};
    const struct probe_result waited = {.reason = REASON_CREDENTIALS};
    struct run_record record = good_run(5, &good);

    (void)state;
    report_run(target, &record);
    record = (struct run_record){
        .ended = sample_after(35), .duration_ns = -1, .phases = {-1, -1, -1, -1, -1}, .result = &waited};
    report_run(target, &record);
    assert_value(report, sample_after(36), PROBE("success"), "0");
    assert_value(report, sample_after(36), PROBE("runs_total"), "2");
    assert_value(report, sample_after(36), PROBE("last_run_timestamp_seconds"), "1700000035");
    assert_value(report, sample_after(36), PROBE("duration_seconds_count"), "1");
    assert_value(report, sample_after(36), PROBE("last_duration_seconds"), NULL);
    report_free(report);
}

/* A target whose run never got a place is not stale (contract), nor is one whose run still goes. */
static void test_results_stand_while_runs_are_left_out(void **state)
{
    struct report *report = sample_report();
    struct report_target *target = report_target(report, TARGET_ORDERS_LIVE);
    const struct probe_result failed = {.reason = REASON_ROWS, .status = 200, .has_rows = true, .rows = 7};
    struct run_record record = good_run(5, &failed);

    (void)state;
    report_run(target, &record);
    report_skipped(target, SKIP_GATE, sample_after(60));
    report_skipped(target, SKIP_GATE, sample_after(90));
    report_skipped(target, SKIP_OVERRUN, sample_after(120));
    assert_value(report, sample_after(209), PROBE("success"), "0");
    assert_value(report, sample_after(209), PROBE("consecutive_failures"), "1");
    assert_value(report, sample_after(209), PROBE("rows"), "7");
    assert_value(report, sample_after(209), PROBE_AND("failure_reason", "reason=\"rows\""), "1");
    assert_value(report, sample_after(209), PROBE_AND("phase_seconds", "phase=\"transfer\""), "0.047");
    assert_value(report, sample_after(210), PROBE("success"), NULL);
    assert_value(report, sample_after(210), PROBE_AND("failure_reason", "reason=\"rows\""), NULL);
    report_skipped(target, SKIP_GATE, sample_after(211));
    assert_value(report, sample_after(212), PROBE("success"), NULL); /* what has gone stays away */
    report_free(report);
}

static void test_results_vanish_after_three_intervals(void **state)
{
    struct report *report = sample_report();
    struct report_target *target = report_target(report, TARGET_ORDERS_LIVE);
    const struct probe_result failed = {.reason = REASON_ROWS, .status = 200, .has_rows = true, .rows = 7};
    const struct probe_result silent = {.reason = REASON_CONNECT};
    static const char *const results[] = {PROBE("success"),
                                          PROBE("consecutive_failures"),
                                          PROBE("last_duration_seconds"),
                                          PROBE("response_bytes"),
                                          PROBE("rows"),
                                          PROBE("columns"),
                                          PROBE("schema_hash"),
                                          PROBE_AND("failure_reason", "reason=\"rows\""),
                                          PROBE_AND("phase_seconds", "phase=\"connect\"")};
    static const char *const standing[] = {PROBE("last_run_timestamp_seconds"), PROBE("runs_total"),
                                           PROBE("interval_seconds"), PROBE("rows_min"),
                                           PROBE("duration_seconds_sum")};
    struct run_record record = good_run(5, &failed);

    (void)state;
    record.has_columns = true;
    record.columns = 2;
    record.schema_hash = UINT64_C(1) << 40;
    report_run(target, &record);
    for (int64_t at = 94; at <= 95; at++) {
        for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
            char *lines = sample_lines(report, sample_after(at), results[i]);
            assert_int_equal(lines[0] != '\0', at == 94);
            free(lines);
        }
        for (size_t i = 0; i < sizeof standing / sizeof standing[0]; i++) {
            char *lines = sample_lines(report, sample_after(at), standing[i]);
            assert_true(lines[0] != '\0');
            free(lines);
        }
    }
    /* What has gone is not brought back by a run that says nothing of it. */
    record = good_run(200, &silent);
    report_run(target, &record);
    assert_value(report, sample_after(201), PROBE("success"), "0");
    assert_value(report, sample_after(201), PROBE("rows"), NULL);
    report_free(report);
}

/* ---- the budget ---- */

static void test_a_target_costs_at_most_56_series(void **state)
{
    struct model *model = sample_model_of("[appserver live]\n"
                                          "url = https://erp.example.com/KineticLive\n"
                                          "company = EPIC06\n"
                                          "auth = none\n"
                                          "[probe orders]\n"
                                          "kind = baq\n"
                                          "latency_limit = 1s\n"
                                          "rows_min = 1\n"
                                          "rows_max = 1000\n"
                                          "rows_deviation = 0.5\n");
    struct report *report = report_new(model, sample_start, "1.2.3", "abc");
    struct report_target *target = report_target(report, TARGET_ORDERS_LIVE);
    const struct probe_result worst = {
        .reason = REASON_ROWS, .status = 200, .has_rows = true, .has_truncated = true};
    const struct probe_result best = {.status = 200};
    struct run_record record = good_run(5, &best);
    size_t lines = 0;

    (void)state;
    model_unref(model);
    report_run(target, &record);
    record = good_run(35, &worst);
    record.has_columns = true;
    record.phases.tls_ns = 1;
    report_run(target, &record);
    for (int code = 100; code < 600; code++)
        report_response(target, code);
    char *text = sample_lines(report, sample_after(40), ORDERS_LIVE);
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    free(text);
    assert_int_equal(lines, 56);
    assert_value(report, sample_after(40), PROBE_AND("responses_total", "code=\"503\""), "1");
    assert_value(report, sample_after(40), PROBE_AND("responses_total", "code=\"105\""), "1");
    assert_value(report, sample_after(40), PROBE_AND("responses_total", "code=\"106\""), NULL);
    assert_value(report, sample_after(40), PROBE_AND("responses_total", "code=\"other\""), "486");
    report_free(report);
}

/* ---- app servers ---- */

static void test_the_verdict(void **state)
{
    struct report *report = sample_report();
    struct report_appserver *live = report_appserver(report, APPSERVER_LIVE);

    (void)state;
    report_verdict(live, false, REASON_NONE, sample_start);
    assert_value(report, sample_start, SERVER("up"), NULL);
    report_verdict(live, true, REASON_NONE, sample_start);
    assert_value(report, sample_start, SERVER("up"), "1");
    report_verdict(live, true, REASON_UNAVAILABLE, sample_start);
    assert_value(report, sample_after(9999), SERVER("up"), "0");
    assert_lines(report, sample_after(9999), "epicor_appserver_failure_reason{" LIVE,
                 "epicor_appserver_failure_reason{" LIVE ",reason=\"unavailable\"} 1\n");
    report_verdict(live, true, REASON_CONNECT, sample_start);
    assert_lines(report, sample_start, "epicor_appserver_failure_reason{" LIVE,
                 "epicor_appserver_failure_reason{" LIVE ",reason=\"connect\"} 1\n");
    report_verdict(live, true, REASON_NONE, sample_start);
    assert_value(report, sample_start, SERVER("up"), "1");
    assert_lines(report, sample_start, "epicor_appserver_failure_reason{", "");
    report_free(report);
}

static void test_tokens(void **state)
{
    struct report *report = sample_report();
    struct report_appserver *live = report_appserver(report, APPSERVER_LIVE);
    struct report_appserver *open = report_appserver(report, APPSERVER_OPEN);

    (void)state;
    assert_lines(report, sample_start, "epicor_token_remaining", SERVER("token_remaining_seconds") " 0\n");
    assert_value(report, sample_start, SERVER_AND("token_responses_total", "code=\"401\""), "0");
    assert_value(report, sample_start, SERVER("token_expiry_timestamp_seconds"), NULL);

    report_token_request(live, 401, SECOND_NS, REASON_CREDENTIALS, "wrong", sample_start);
    report_token_request(live, 0, SECOND_NS, REASON_CONNECT, NULL, sample_start);
    assert_value(report, sample_start, SERVER("token_requests_total"), "2");
    assert_value(report, sample_start, SERVER("token_failures_total"), "2");
    assert_value(report, sample_start, SERVER("token_consecutive_failures"), "2");
    assert_value(report, sample_start, SERVER_AND("token_responses_total", "code=\"401\""), "1");
    assert_lines(report, sample_start, "epicor_token_failure_reason",
                 SERVER_AND("token_failure_reason", "reason=\"connect\"") " 1\n");

    report_token_request(live, 200, SECOND_NS, REASON_NONE, NULL, sample_start);
    report_token(live, 3600 * SECOND_NS, sample_after(3600).boot_ns, sample_start);
    assert_value(report, sample_start, SERVER("token_consecutive_failures"), "0");
    assert_lines(report, sample_start, "epicor_token_failure_reason", "");
    assert_value(report, sample_start, SERVER("token_lifetime_seconds"), "3600");
    assert_value(report, sample_start, SERVER("token_expiry_timestamp_seconds"), "1700003600");
    assert_value(report, sample_after(600), SERVER("token_remaining_seconds"), "3000");
    assert_value(report, sample_after(3601), SERVER("token_remaining_seconds"), "0");
    report_token(live, 0, 0, sample_after(600));
    assert_value(report, sample_after(600), SERVER("token_remaining_seconds"), "0");
    assert_value(report, sample_after(600), SERVER("token_expiry_timestamp_seconds"), NULL);
    assert_value(report, sample_start, SERVER("token_request_duration_seconds_count"), "3");

    /* Not where auth is none. */
    report_token_request(open, 200, SECOND_NS, REASON_NONE, NULL, sample_start);
    char *lines = sample_lines(report, sample_start, "epicor_token_");
    assert_null(strstr(lines, "appserver=\"open\""));
    free(lines);
    report_free(report);
}

static void test_what_happens_to_an_app_server(void **state)
{
    struct report *report = sample_report();
    struct report_appserver *live = report_appserver(report, APPSERVER_LIVE);

    (void)state;
    assert_value(report, sample_start, SERVER("backoff_until_timestamp_seconds"), "0");
    assert_value(report, sample_start, SERVER("clock_skew_seconds"), NULL);
    report_connection_opened(live);
    report_resend(live);
    report_gate(live, 1, 3, sample_after(60).wall_ns);
    report_request_wait(live, 250 * MILLISECOND_NS);
    report_clock_skew(live, -7200);
    report_certificate(live, CERTIFICATE_SERVER, 1600000000);
    report_auth_failure(live, REASON_IDENTITY_PROVIDER, NULL, sample_after(5));
    report_reauthentication(live);
    report_login_blocked(live, sample_after(90).wall_ns, REASON_CREDENTIALS, "Locked out.", true,
                         sample_after(5));
    report_skipped(report_target(report, TARGET_ORDERS_LIVE), SKIP_GATE, sample_after(50));
    report_license_claim(live, "WebService", 500 * MILLISECOND_NS);
    report_license_claim(live, "WebService", 250 * MILLISECOND_NS);
    report_license_refusal(live, "WebService");
    assert_value(report, sample_start, SERVER("license_throttled"), NULL);
    report_throttled(live, false);
    assert_value(report, sample_start, SERVER("license_throttled"), "0");
    report_throttled(live, true);
    static const struct {
        const char *series, *value;
    } rows[] = {
        {SERVER("connections_opened_total"), "1"},
        {SERVER("resends_total"), "1"},
        {SERVER("requests_in_flight"), "1"},
        {SERVER("requests_waiting"), "3"},
        {SERVER("backoff_until_timestamp_seconds"), "1700000060"},
        {SERVER("request_wait_seconds_sum"), "0.25"},
        {SERVER("clock_skew_seconds"), "-7200"},
        {SERVER_AND("tls_certificate_expiry_timestamp_seconds", "certificate=\"server\""), "1600000000"},
        {SERVER_AND("auth_failures_total", "reason=\"identity_provider\""), "1"},
        {SERVER("reauthentications_total"), "1"},
        {SERVER("login_blocked_until_timestamp_seconds"), "1700000090"},
        {SERVER_AND("exporter_runs_skipped_total", "cause=\"gate\""), "1"},
        {SERVER_AND("license_claim_seconds_total", "license=\"WebService\""), "0.75"},
        {SERVER_AND("license_refusals_total", "license=\"WebService\""), "1"},
        {SERVER("license_throttled"), "1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_value(report, sample_after(1), rows[i].series, rows[i].value);
    report_free(report);
}

static void test_licenses_without_room_are_counted(void **state)
{
    struct report *report = sample_report();
    struct report_appserver *live = report_appserver(report, APPSERVER_LIVE);

    (void)state;
    assert_lines(report, sample_start, "epicor_exporter_series_dropped", "");
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 40; i++) {
            char license[16];
            snprintf(license, sizeof license, "L%u", i);
            report_license_refusal(live, license);
        }
    }
    assert_lines(report, sample_start, "epicor_exporter_series_dropped",
                 SERVER_AND("exporter_series_dropped", "family=\"epicor_license_refusals_total\"") " 8\n");
    assert_value(report, sample_start, SERVER_AND("license_refusals_total", "license=\"L31\""), "3");
    assert_value(report, sample_start, SERVER_AND("license_refusals_total", "license=\"L32\""), NULL);
    report_free(report);
}

/* ---- the agent itself ---- */

static void test_the_agent_itself(void **state)
{
    struct report *report = sample_report();
    static const char *const process[] = {"process_cpu_seconds_total ",
                                          "process_resident_memory_bytes ",
                                          "process_virtual_memory_bytes ",
                                          "process_open_fds ",
                                          "process_max_fds ",
                                          "process_start_time_seconds "};

    (void)state;
    report_lateness(report, 15 * MILLISECOND_NS);
    report_turn(report, 2 * MILLISECOND_NS, sample_after(3));
    report_http_request(report, "/metrics", 200, 1234, sample_start);
    report_http_request(report, "/metrics", 200, 1235, sample_start);
    report_http_request(report, "other", 404, 9, sample_start);
    assert_lines(report, sample_start, "epicor_exporter_http_",
                 "epicor_exporter_http_requests_total{path=\"/metrics\",code=\"200\"} 2\n"
                 "epicor_exporter_http_requests_total{path=\"other\",code=\"404\"} 1\n"
                 "epicor_exporter_http_response_bytes{path=\"/metrics\"} 1235\n"
                 "epicor_exporter_http_response_bytes{path=\"other\"} 9\n");
    assert_lines(report, sample_start, "epicor_exporter_run_lateness_seconds_bucket{le=\"0.02\"}",
                 "epicor_exporter_run_lateness_seconds_bucket{le=\"0.02\"} 1\n");
    assert_lines(report, sample_start, "epicor_exporter_turn_seconds_count",
                 "epicor_exporter_turn_seconds_count 1\n");
    for (size_t i = 0; i < sizeof process / sizeof process[0]; i++) {
        char *lines = sample_lines(report, sample_start, process[i]);
        assert_true(strncmp(lines, process[i], strlen(process[i])) == 0);
        assert_true(strtod(lines + strlen(process[i]), NULL) >= 0);
        free(lines);
    }
    char *lines = sample_lines(report, sample_start, "epicor_exporter_log_messages_total{level=");
    assert_non_null(strstr(lines, "{level=\"error\"} "));
    free(lines);
    report_free(report);
}

static void test_families_are_of_the_contract(void **state)
{
    (void)state;
    for (size_t i = 0; i < FAMILIES; i++) {
        const struct metric_family *family = &families[i];
        assert_true(strncmp(family->name, "epicor_", 7) == 0 || strncmp(family->name, "process_", 8) == 0);
        assert_int_equal(family->help[strlen(family->help) - 1], '.');
        /* Those come from the configuration, and can be called anything behind it. */
        assert_int_not_equal(strncmp(family->name, VALUE_FAMILY_PREFIX, strlen(VALUE_FAMILY_PREFIX)), 0);
        for (size_t label = 0; label < FAMILY_LABELS && family->labels[label] != NULL; label++)
            if (!constant_label_is_taken(family->labels[label]))
                fail_msg("label.%s could stand beside the label of %s", family->labels[label], family->name);
    }
    for (size_t i = 0; i < OWNER_CLASSES; i++)
        for (const char *const *label = family_classes[i].labels; label != NULL && *label != NULL; label++)
            assert_true(constant_label_is_taken(*label));
}

/* OpenMetrics: no family has the name of another's series, be they shown or not. */
static void test_no_family_has_the_name_of_anothers_series(void **state)
{
    static const char *const suffixes[] = {"",     "_total", "_created", "_bucket",
                                           "_sum", "_count", "_info",    "_gsum"};
    char name[128];

    (void)state;
    for (size_t i = 0; i < FAMILIES; i++) {
        size_t size = family_base_size(families[i].name, families[i].type);
        for (size_t suffix = 0; suffix < sizeof suffixes / sizeof suffixes[0]; suffix++) {
            snprintf(name, sizeof name, "%.*s%s", (int)size, families[i].name, suffixes[suffix]);
            struct span span = span_of(name);
            const struct wanted_names names = {&span, 1};
            for (size_t other = 0; other < FAMILIES; other++)
                if (other != i && wanted_family(&names, families[i].name, families[i].type) &&
                    wanted_family(&names, families[other].name, families[other].type))
                    fail_msg("%s is a name of %s and of %s", name, families[i].name, families[other].name);
        }
    }
}

ALL_TESTS(cmocka_unit_test(test_from_the_start), cmocka_unit_test(test_runs_become_series),
          cmocka_unit_test(test_a_failure_says_why_and_keeps_what_is_known),
          cmocka_unit_test(test_a_run_that_only_waited),
          cmocka_unit_test(test_results_vanish_after_three_intervals),
          cmocka_unit_test(test_results_stand_while_runs_are_left_out),
          cmocka_unit_test(test_a_target_costs_at_most_56_series), cmocka_unit_test(test_the_verdict),
          cmocka_unit_test(test_tokens), cmocka_unit_test(test_what_happens_to_an_app_server),
          cmocka_unit_test(test_licenses_without_room_are_counted), cmocka_unit_test(test_the_agent_itself),
          cmocka_unit_test(test_families_are_of_the_contract),
          cmocka_unit_test(test_no_family_has_the_name_of_anothers_series));
