#include "main.h"

#include <pthread.h>
#include <stdatomic.h>

#include "sample.h"

#include "report/board.h"

#define LIVE         "appserver=\"live\""
#define ORDERS       LIVE ",company=\"EPIC06\",probe=\"orders\""
#define STOCK        LIVE ",company=\"EPIC06\",probe=\"stock\""
#define HOST         "[appserver live]\nurl = https://erp.example.com/KineticLive\ncompany = EPIC06\n"
#define LOGIN        "username = watch\npassword = secret\napi_key = key\n"
#define PROBE(name)  "[probe " name "]\nkind = baq\ntimeout = 20s\n"
#define EVERY(time)  "interval = " time "\n"
#define STANDARD     HOST LOGIN PROBE("orders") EVERY("30s") PROBE("stock") EVERY("30s")
#define ORDERS_INDEX 0
#define STOCK_INDEX  1

static const struct phases no_phases = {-1, -1, -1, -1, -1};

static struct report *report_of(const char *text)
{
    struct model *model = sample_model_of(text);
    struct report *report = report_new(model, sample_start, "1.2.3", "abc");

    model_unref(model);
    return report;
}

/* As the agent does it: with the model that was in force. */
static void reload(struct report *report, const char *before_text, const char *text, int64_t at)
{
    struct model *before = sample_model_of(before_text), *after = sample_model_of(text);
    struct model_match match = model_match(before, after);

    report_reload(report, after, &match, sample_after(at));
    model_match_free(&match);
    model_unref(before);
    model_unref(after);
}

static void run_at(struct report_target *target, int64_t at, enum reason reason)
{
    char words[] = "its words";
    struct probe_result result = {.reason = reason,
                                  .message = reason == REASON_NONE ? NULL : words,
                                  .status = reason == REASON_NONE ? 200 : 500,
                                  .has_rows = reason == REASON_NONE,
                                  .rows = 9};
    struct run_record record = {.ended = sample_after(at),
                                .due_next_boot_ns = sample_after(at + 30).boot_ns,
                                .asked = true,
                                .timed = true,
                                .duration_ns = SECOND_NS,
                                .phases = no_phases,
                                .result = &result};

    report_response(target, result.status);
    report_run(target, &record);
}

static void test_what_stays_goes_on(void **state)
{
    static const char after[] = HOST LOGIN PROBE("new") EVERY("30s") PROBE("stock") EVERY("30s")
        PROBE("orders") EVERY("60s") "rows_max = 5\n";
    struct report *report = report_of(STANDARD);
    struct report_target *orders = report_target(report, ORDERS_INDEX);
    struct report_appserver *live = report_appserver(report, 0);

    (void)state;
    run_at(orders, 5, REASON_NONE);
    run_at(orders, 35, REASON_SERVER_ERROR);
    report_connection_opened(live);
    report_verdict(live, true, REASON_NONE, sample_after(35));
    reload(report, STANDARD, after, 40);

    assert_ptr_equal(report_target(report, 2), orders);
    assert_ptr_equal(report_appserver(report, 0), live);
    struct moment now = sample_after(41);
    assert_value(report, now, "epicor_probe_runs_total{" ORDERS "}", "2");
    assert_value(report, now, "epicor_probe_failures_total{" ORDERS "}", "1");
    assert_value(report, now, "epicor_probe_duration_seconds_count{" ORDERS "}", "2");
    assert_value(report, now, "epicor_probe_success{" ORDERS "}", "0");
    assert_value(report, now, "epicor_probe_rows{" ORDERS "}", "9");
    assert_value(report, now, "epicor_probe_interval_seconds{" ORDERS "}", "60");
    assert_value(report, now, "epicor_probe_rows_max{" ORDERS "}", "5");
    assert_value(report, now, "epicor_connections_opened_total{" LIVE "}", "1");
    assert_value(report, now, "epicor_up{" LIVE "}", "1");
    assert_value(report, now, "epicor_exporter_targets", "3");
    assert_value(report, now, "epicor_exporter_config_last_reload_success_timestamp_seconds", "1700000040");

    /* New ones begin at 0; the bound that is no more is not shown. */
    assert_value(report, now, "epicor_probe_runs_total{" LIVE ",company=\"EPIC06\",probe=\"new\"}", "0");
    struct report_target *new = report_target(report, 0);
    reload(report, after, STANDARD, 45);
    report_target_free(new);
    assert_value(report, sample_after(46), "epicor_probe_rows_max{" ORDERS "}", NULL);
    assert_value(report, sample_after(46), "epicor_probe_interval_seconds{" ORDERS "}", "30");

    /* The handle still writes where it should. */
    run_at(orders, 65, REASON_NONE);
    assert_value(report, sample_after(66), "epicor_probe_runs_total{" ORDERS "}", "3");
    assert_value(report, sample_after(66), "epicor_probe_runs_total{" STOCK "}", "0");
    report_free(report);
}

static void test_the_board_follows(void **state)
{
    static const char after[] = HOST LOGIN PROBE("new") EVERY("30s") PROBE("orders") EVERY("60s");
    struct report *report = report_of(STANDARD);
    struct report_target *orders = report_target(report, ORDERS_INDEX),
                         *stock = report_target(report, STOCK_INDEX);

    (void)state;
    run_at(orders, 5, REASON_SERVER_ERROR);
    struct board_view *old = board_view_take(report_board(report), sample_after(6));
    reload(report, STANDARD, after, 10);
    struct board_view *view = board_view_take(report_board(report), sample_after(11));
    assert_int_equal(view->target_count, 2);
    assert_string_equal(view->targets[0]->probe, "new");
    assert_false(view->targets[0]->ran);
    assert_true(view->targets[0]->duration_ns == -1);
    assert_string_equal(view->targets[1]->probe, "orders");
    assert_int_equal(view->targets[1]->reason, REASON_SERVER_ERROR);
    assert_string_equal(view->targets[1]->message, "its words");
    assert_true(view->targets[1]->interval_ns == 60 * SECOND_NS);
    assert_int_equal(view->targets[1]->consecutive_failures, 1);
    board_view_free(view);

    /* A new due time does not cost the words. */
    report_scheduled(orders, sample_after(90).boot_ns);
    view = board_view_take(report_board(report), sample_after(11));
    assert_string_equal(view->targets[1]->message, "its words");
    board_view_free(view);
    assert_string_equal(old->targets[1]->probe, "stock");
    board_view_free(old);
    report_target_free(stock);
    report_free(report);
}

static void test_what_is_removed_vanishes_and_is_told_in_vain(void **state)
{
    static const char other[] = "[appserver other]\nurl = http://127.0.0.1/Kinetic\ncompany = EPIC06\nauth = "
                                "none\n" PROBE("orders") EVERY("30s");
    struct report *report = report_of(STANDARD);
    struct report_target *orders = report_target(report, ORDERS_INDEX),
                         *stock = report_target(report, STOCK_INDEX);
    struct report_appserver *live = report_appserver(report, 0);

    (void)state;
    run_at(orders, 5, REASON_SERVER_ERROR);
    report_token_request(live, 401, SECOND_NS, REASON_CREDENTIALS, "no", sample_after(5));
    reload(report, STANDARD, other, 10);
    run_at(orders, 12, REASON_SERVER_ERROR);
    report_skipped(orders, SKIP_GATE, sample_after(12));
    report_scheduled(stock, sample_after(12).boot_ns);
    report_verdict(live, true, REASON_TLS, sample_after(12));
    report_connection_opened(live);
    report_resend(live);
    report_gate(live, 1, 1, 1);
    report_request_wait(live, 1);
    report_clock_skew(live, 1);
    report_certificate(live, CERTIFICATE_SERVER, 1);
    report_token_request(live, 401, SECOND_NS, REASON_CREDENTIALS, "no", sample_after(12));
    report_token(live, SECOND_NS, sample_after(13).boot_ns, sample_after(12));
    report_auth_failure(live, REASON_CREDENTIALS, NULL, sample_after(12));
    report_credential_changed(live);
    report_reauthentication(live);
    report_login_blocked(live, 1, REASON_CREDENTIALS, "Locked out.", true, sample_after(5));
    report_license_refusal(live, "WebService");
    report_license_claim(live, "WebService", SECOND_NS);
    assert_lines(report, sample_after(13), "\"live\"", "");
    assert_value(report, sample_after(13),
                 "epicor_failures_total{appserver=\"other\",reason=\"server_error\"}", "0");
    struct board_view *view = board_view_take(report_board(report), sample_after(13));
    assert_int_equal(view->appserver_count, 1);
    assert_string_equal(view->appservers[0]->name, "other");
    assert_int_equal(view->target_count, 1);
    assert_string_equal(view->targets[0]->appserver, "other");
    assert_false(view->targets[0]->ran);
    board_view_free(view);
    report_target_free(orders);
    report_target_free(stock);
    report_appserver_free(live);

    /* What comes back is new. */
    struct report_appserver *other_appserver = report_appserver(report, 0);
    orders = report_target(report, 0);
    reload(report, other, STANDARD, 20);
    report_appserver_free(other_appserver);
    report_target_free(orders);
    assert_value(report, sample_after(21), "epicor_probe_runs_total{" ORDERS "}", "0");
    assert_lines(report, sample_after(21), "\"other\"", "");
    report_target_free(NULL);
    report_free(report);
}

static void test_another_kind_forgets_the_results(void **state)
{
    static const char before[] = HOST LOGIN "[probe orders]\nkind = baq\ninterval = 30s\ntimeout = 20s\n"
                                            "rows_min = 1\n";
    static const char after[] = HOST LOGIN "[probe orders]\nkind = efx\ninterval = 30s\ntimeout = 20s\n";
    struct report *report = report_of(before);
    struct report_target *orders = report_target(report, 0);

    (void)state;
    run_at(orders, 5, REASON_NONE);
    run_at(orders, 35, REASON_SERVER_ERROR);
    reload(report, before, after, 40);
    assert_ptr_equal(report_target(report, 0), orders);
    struct moment now = sample_after(41);
    assert_lines(report, now, "epicor_probe_info", "epicor_probe_info{" ORDERS ",kind=\"efx\"} 1\n");
    assert_lines(report, now, "epicor_probe_rows", "");
    assert_lines(report, now, "epicor_probe_success", "");
    assert_lines(report, now, "epicor_probe_failure_reason", "");
    assert_lines(report, now, "epicor_probe_last_", "");
    assert_lines(report, now, "epicor_probe_consecutive_failures", "");
    assert_value(report, now, "epicor_probe_runs_total{" ORDERS "}", "2");
    assert_value(report, now, "epicor_probe_duration_seconds_count{" ORDERS "}", "2");
    struct board_view *view = board_view_take(report_board(report), now);
    assert_string_equal(view->targets[0]->kind, "efx");
    assert_false(view->targets[0]->ran);
    assert_null(view->targets[0]->message);
    board_view_free(view);
    run_at(orders, 65, REASON_SERVER_ERROR);
    assert_value(report, sample_after(66), "epicor_probe_consecutive_failures{" ORDERS "}", "1");
    report_free(report);
}

/* Results stand for three intervals from their run on: of the interval that is configured now. */
static void test_results_stand_by_the_new_interval(void **state)
{
    static const char slower[] = HOST LOGIN PROBE("orders") EVERY("10m"),
                      faster[] = HOST LOGIN PROBE("orders") EVERY("20s");
    struct report *report = report_of(slower);
    struct report_target *orders = report_target(report, 0);

    (void)state;
    run_at(orders, 0, REASON_NONE);
    reload(report, slower, faster, 10);
    assert_value(report, sample_after(59), "epicor_probe_success{" ORDERS "}", "1");
    assert_value(report, sample_after(60), "epicor_probe_success{" ORDERS "}", NULL);
    reload(report, faster, slower, 30);
    assert_value(report, sample_after(1799), "epicor_probe_rows{" ORDERS "}", "9");
    assert_value(report, sample_after(1800), "epicor_probe_rows{" ORDERS "}", NULL);
    /* What has run out stays away. */
    reload(report, slower, faster, 70);
    reload(report, faster, slower, 71);
    assert_value(report, sample_after(72), "epicor_probe_success{" ORDERS "}", NULL);
    report_free(report);
}

static void test_families_of_tokens_come_and_go(void **state)
{
    static const char without[] = HOST "auth = none\n" PROBE("orders") EVERY("30s"),
                      with[] = HOST LOGIN PROBE("orders") EVERY("30s");
    struct report *report = report_of(with);
    struct report_appserver *live = report_appserver(report, 0);

    (void)state;
    report_token_request(live, 200, SECOND_NS, REASON_NONE, NULL, sample_after(1));
    report_token(live, HOUR_NS, sample_after(3600).boot_ns, sample_after(1));
    report_token_request(live, 401, SECOND_NS, REASON_CREDENTIALS, "no", sample_after(2));
    report_login_blocked(live, sample_after(300).wall_ns, REASON_CREDENTIALS, "Locked out.", true,
                         sample_after(5));
    reload(report, with, without, 10);
    assert_lines(report, sample_after(11), "epicor_token_", "");
    assert_value(report, sample_after(11), "epicor_login_blocked_until_timestamp_seconds{" LIVE "}", "0");
    struct board_view *view = board_view_take(report_board(report), sample_after(11));
    assert_false(view->appservers[0]->has_token);
    assert_null(view->appservers[0]->token_message);
    assert_true(view->appservers[0]->token_expiry_boot_ns == 0);
    assert_true(view->appservers[0]->login_blocked_until_wall_ns == 0);
    board_view_free(view);

    reload(report, without, with, 20);
    assert_value(report, sample_after(21), "epicor_token_requests_total{" LIVE "}", "2");
    assert_value(report, sample_after(21), "epicor_token_remaining_seconds{" LIVE "}", "0");
    assert_lines(report, sample_after(21), "epicor_token_failure_reason", "");
    assert_lines(report, sample_after(21), "epicor_token_consecutive_failures", "");
    assert_lines(report, sample_after(21), "epicor_token_expiry", "");
    report_token_request(live, 401, SECOND_NS, REASON_CREDENTIALS, "no", sample_after(22));
    assert_value(report, sample_after(23), "epicor_token_consecutive_failures{" LIVE "}", "1");
    report_credential_changed(live);
    assert_lines(report, sample_after(23), "epicor_token_consecutive_failures", "");
    assert_lines(report, sample_after(23), "epicor_token_failure_reason", "");
    report_free(report);
}

static void test_another_machine_has_another_certificate(void **state)
{
    static const char before[] = HOST "auth = none\n" PROBE("orders") EVERY("30s"),
                      after[] = "[appserver live]\nurl = https://new.example.com/Live\ncompany = "
                                "EPIC06\nauth = none\n" PROBE("orders") EVERY("30s");
    struct report *report = report_of(before);
    struct report_appserver *live = report_appserver(report, 0);

    (void)state;
    report_certificate(live, CERTIFICATE_SERVER, 1800000000);
    report_clock_skew(live, 3);
    report_throttled(live, true);
    reload(report, before, before, 10);
    assert_value(report, sample_after(11), "epicor_clock_skew_seconds{" LIVE "}", "3");
    assert_value(report, sample_after(11), "epicor_license_throttled{" LIVE "}", "1");
    reload(report, before, after, 12);
    assert_lines(report, sample_after(13), "epicor_clock_skew_seconds", "");
    assert_lines(report, sample_after(13), "epicor_tls_certificate", "");
    assert_lines(report, sample_after(13), "epicor_license_throttled", "");
    struct board_view *view = board_view_take(report_board(report), sample_after(13));
    assert_string_equal(view->appservers[0]->url, "https://new.example.com/Live");
    assert_true(view->appservers[0]->certificate_expiry_epoch == 0);
    board_view_free(view);
    report_free(report);
}

static void test_a_failed_reload_is_told(void **state)
{
    struct report *report = report_of(STANDARD);

    (void)state;
    report_reload_failed(report);
    assert_lines(report, sample_start, "epicor_exporter_config",
                 "epicor_exporter_config_last_reload_success_timestamp_seconds 1700000000\n"
                 "epicor_exporter_config_last_reload_successful 0\n");
    reload(report, STANDARD, STANDARD, 7);
    assert_lines(report, sample_start, "epicor_exporter_config",
                 "epicor_exporter_config_last_reload_success_timestamp_seconds 1700000007\n"
                 "epicor_exporter_config_last_reload_successful 1\n");
    report_free(report);
}

/* ---- threads: scrapes and looks beside reloads ---- */

struct race {
    struct report *report;
    atomic_bool over;
};

/* A scrape sees one configuration or the other, never a part of one; so does a look. */
static void *scrape_all_the_time(void *context)
{
    struct race *race = context;
    uintptr_t wrong = 0;

    do {
        char *lines = sample_lines(race->report, sample_start, "epicor_probe_runs_total");
        size_t count = 0;
        for (const char *at = lines; (at = strchr(at, '\n')) != NULL; at++)
            count++;
        wrong += strstr(lines, ORDERS) == NULL;
        wrong += count != (strstr(lines, "stock") != NULL ? 2 : 31);
        free(lines);
        struct board_view *view = board_view_take(report_board(race->report), sample_start);
        wrong += view->appserver_count != 1 || (view->target_count != 2 && view->target_count != 31);
        for (size_t i = 0; i < view->target_count; i++)
            wrong += strcmp(view->targets[i]->appserver, "live") != 0;
        board_view_free(view);
        report_http_request(race->report, "/metrics", 200, 1, sample_start);
    } while (!atomic_load(&race->over));
    return (void *)wrong;
}

static void test_scrapes_beside_reloads(void **state)
{
    struct buffer many;

    (void)state;
    buffer_init(&many, 1 << 16);
    buffer_text(&many, HOST LOGIN PROBE("orders") EVERY("30s"));
    for (int i = 0; i < 30; i++)
        buffer_format(&many, PROBE("new%d") EVERY("30s"), i);
    struct race race = {.report = report_of(STANDARD)};
    struct report_target *orders = report_target(race.report, ORDERS_INDEX);
    struct model *few_model = sample_model_of(STANDARD), *many_model = sample_model_of(buffer_as_text(&many));
    pthread_t web[2];
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&web[i], NULL, scrape_all_the_time, &race), 0);
    for (int round = 0; round < 100; round++) {
        struct model *before = round % 2 == 0 ? few_model : many_model,
                     *after = round % 2 == 0 ? many_model : few_model;
        struct report_target *gone[30];
        size_t gone_count = 0;
        for (size_t i = 0; i < before->target_count; i++)
            if (report_target(race.report, i) != orders)
                gone[gone_count++] = report_target(race.report, i);
        struct model_match match = model_match(before, after);
        report_reload(race.report, after, &match, sample_start);
        model_match_free(&match);
        run_at(orders, 0, round % 3 == 0 ? REASON_TLS : REASON_NONE);
        for (size_t i = 0; i < gone_count; i++) {
            run_at(gone[i], 0, REASON_TLS);
            report_target_free(gone[i]);
        }
    }
    atomic_store(&race.over, true);
    for (size_t i = 0; i < 2; i++) {
        void *wrong;
        pthread_join(web[i], &wrong);
        assert_null(wrong);
    }
    assert_value(race.report, sample_start, "epicor_probe_runs_total{" ORDERS "}", "100");
    assert_value(race.report, sample_start, "epicor_failures_total{" LIVE ",reason=\"tls\"}", "34");
    model_unref(few_model);
    model_unref(many_model);
    buffer_free(&many);
    report_free(race.report);
}

ALL_TESTS(cmocka_unit_test(test_what_stays_goes_on), cmocka_unit_test(test_the_board_follows),
          cmocka_unit_test(test_what_is_removed_vanishes_and_is_told_in_vain),
          cmocka_unit_test(test_another_kind_forgets_the_results),
          cmocka_unit_test(test_results_stand_by_the_new_interval),
          cmocka_unit_test(test_families_of_tokens_come_and_go),
          cmocka_unit_test(test_another_machine_has_another_certificate),
          cmocka_unit_test(test_a_failed_reload_is_told), cmocka_unit_test(test_scrapes_beside_reloads));
