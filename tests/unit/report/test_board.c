#include "main.h"

#include <pthread.h>
#include <stdatomic.h>

#include "sample.h"

#include "report/board_state.h"

static const struct phases no_phases = {-1, -1, -1, -1, -1};

static void run_at(struct report *report, size_t target, int64_t at, enum reason reason, const char *message)
{
    char *words = message == NULL ? NULL : memory_copy_text(message);
    struct probe_result result = {.reason = reason,
                                  .message = words,
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

    report_run(report_target(report, target), &record);
    free(words);
}

static void test_from_the_start(void **state)
{
    struct report *report = sample_report();
    struct board_view *view = board_view_take(report_board(report), sample_start);

    (void)state;
    assert_int_equal(view->appserver_count, 2);
    assert_int_equal(view->target_count, 3);
    assert_string_equal(view->appservers[APPSERVER_LIVE]->name, "live");
    assert_string_equal(view->appservers[APPSERVER_LIVE]->url, "https://erp.example.com/KineticLive");
    assert_true(view->appservers[APPSERVER_LIVE]->has_token);
    assert_false(view->appservers[APPSERVER_OPEN]->has_token);
    assert_false(view->appservers[APPSERVER_LIVE]->known);
    assert_string_equal(view->targets[TARGET_STOCK_LIVE]->appserver, "live");
    assert_string_equal(view->targets[TARGET_STOCK_LIVE]->company, "EPIC06");
    assert_string_equal(view->targets[TARGET_STOCK_LIVE]->probe, "stock");
    assert_string_equal(view->targets[TARGET_STOCK_LIVE]->kind, "baq");
    assert_false(view->targets[TARGET_STOCK_LIVE]->ran);
    assert_true(view->targets[TARGET_STOCK_LIVE]->interval_ns == 30 * SECOND_NS);
    board_view_free(view);
    assert_false(board_ready(report_board(report)));
    report_ready(report, true);
    assert_true(board_ready(report_board(report)));
    report_turn(report, MILLISECOND_NS, sample_after(4));
    assert_true(board_heartbeat_boot_ns(report_board(report)) == sample_after(4).boot_ns);
    report_free(report);
}

static void test_the_first_run_is_announced(void **state)
{
    struct report *report = sample_report();

    (void)state;
    report_scheduled(report_target(report, TARGET_ORDERS_LIVE), sample_after(20).boot_ns);
    struct board_view *view = board_view_take(report_board(report), sample_after(1));
    assert_false(view->targets[TARGET_ORDERS_LIVE]->ran);
    assert_true(view->targets[TARGET_ORDERS_LIVE]->next_run_boot_ns == sample_after(20).boot_ns);
    assert_true(view->targets[TARGET_STOCK_LIVE]->next_run_boot_ns == 0);
    board_view_free(view);
    report_free(report);
}

static void test_a_good_run_has_words_too(void **state)
{
    struct report *report = sample_report();

    (void)state;
    run_at(report, TARGET_STOCK_LIVE, 5, REASON_NONE, "a check says no");
    struct board_view *view = board_view_take(report_board(report), sample_after(6));
    assert_string_equal(view->targets[TARGET_STOCK_LIVE]->message, "a check says no");
    assert_int_equal(view->targets[TARGET_STOCK_LIVE]->consecutive_failures, 0);
    board_view_free(view);
    report_free(report);
}

static void test_a_view_does_not_change(void **state)
{
    struct report *report = sample_report();
    struct board *board = report_board(report);

    (void)state;
    run_at(report, TARGET_ORDERS_LIVE, 5, REASON_SERVER_ERROR, "it broke");
    struct board_view *first = board_view_take(board, sample_after(6));
    run_at(report, TARGET_ORDERS_LIVE, 35, REASON_NONE, NULL);
    struct board_view *second = board_view_take(board, sample_after(36));

    const struct board_target *target = first->targets[TARGET_ORDERS_LIVE];
    assert_true(target->ran);
    assert_int_equal(target->reason, REASON_SERVER_ERROR);
    assert_string_equal(target->message, "it broke");
    assert_int_equal(target->status, 500);
    assert_false(target->has_rows);
    assert_int_equal(target->consecutive_failures, 1);
    assert_true(target->last_run_wall_ns == sample_after(5).wall_ns && target->last_success_wall_ns == 0);

    target = second->targets[TARGET_ORDERS_LIVE];
    assert_int_equal(target->reason, REASON_NONE);
    assert_null(target->message);
    assert_true(target->has_rows && target->rows == 9);
    assert_int_equal(target->consecutive_failures, 0);
    assert_true(target->last_success_wall_ns == sample_after(35).wall_ns);
    assert_true(target->next_run_boot_ns == sample_after(65).boot_ns && target->duration_ns == SECOND_NS);
    /* Those that did not change are shared. */
    assert_ptr_equal(first->targets[TARGET_STOCK_LIVE], second->targets[TARGET_STOCK_LIVE]);
    board_view_free(first);
    board_view_free(second);
    report_free(report);
}

static void test_app_servers(void **state)
{
    struct report *report = sample_report();
    struct report_appserver *live = report_appserver(report, APPSERVER_LIVE);

    (void)state;
    report_verdict(live, true, REASON_UNAVAILABLE, sample_start);
    report_token_request(live, 401, SECOND_NS, REASON_CREDENTIALS, "Invalid username or password",
                         sample_start);
    report_login_blocked(live, 77, REASON_CREDENTIALS, "Locked out.", true, sample_after(5));
    report_certificate(live, CERTIFICATE_IDENTITY_PROVIDER, 1);
    report_certificate(live, CERTIFICATE_SERVER, 1800000000);
    struct board_view *view = board_view_take(report_board(report), sample_start);
    const struct board_appserver *card = view->appservers[APPSERVER_LIVE];
    assert_true(card->known);
    assert_int_equal(card->verdict, REASON_UNAVAILABLE);
    assert_int_equal(card->token_reason, REASON_CREDENTIALS);
    assert_string_equal(card->token_message, "Invalid username or password");
    assert_int_equal(card->login_blocked_until_wall_ns, 77);
    assert_true(card->login_secret_changeable);
    assert_int_equal(card->login_blocked_reason, REASON_CREDENTIALS);
    assert_string_equal(card->login_blocked_message, "Locked out.");
    assert_int_equal(card->certificate_expiry_epoch, 1800000000);

    report_token_request(live, 200, SECOND_NS, REASON_NONE, NULL, sample_start);
    report_token(live, 60 * SECOND_NS, sample_after(60).boot_ns, sample_start);
    struct board_view *later = board_view_take(report_board(report), sample_start);
    assert_null(later->appservers[APPSERVER_LIVE]->token_message);
    assert_true(later->appservers[APPSERVER_LIVE]->token_expiry_boot_ns == sample_after(60).boot_ns);
    assert_string_equal(card->token_message, "Invalid username or password");
    board_view_free(view);
    board_view_free(later);
    report_free(report);
}

static size_t runs_of(const struct board_target *target, struct board_run *last)
{
    struct history_walk walk = history_begin(target->history);
    size_t count = 0;

    while (history_next(&walk, last))
        count++;
    return count;
}

static void test_the_last_runs(void **state)
{
    struct report *report = sample_report();
    struct board_run last;

    (void)state;
    for (unsigned i = 0; i < 70; i++)
        run_at(report, TARGET_ORDERS_LIVE, 30 * i, i < 3 ? REASON_SERVER_ERROR : REASON_NONE,
               i < 3 ? "it broke" : NULL);
    struct board_view *view = board_view_take(report_board(report), sample_after(2100));
    const struct board_target *target = view->targets[TARGET_ORDERS_LIVE];
    assert_int_equal(runs_of(target, &last), 60);
    assert_true(last.ended_wall_ns == sample_after(2070).wall_ns);
    assert_int_equal(last.duration_us, 1000000);
    assert_int_equal(last.phase_us[BOARD_TLS], BOARD_NO_TIME);
    assert_int_equal(last.rows, 9);
    assert_int_equal(last.status, 200);
    assert_int_equal(failures_count(target->failures), 3);
    assert_true(failures_at(target->failures, 2)->run.ended_wall_ns == sample_after(60).wall_ns);
    assert_string_equal(failures_at(target->failures, 2)->message, "it broke");
    assert_int_equal(runs_of(view->targets[TARGET_STOCK_LIVE], &last), 0);
    board_view_free(view);
    report_free(report);
}

/* Its results vanish while it rests; what it has been through is still known. */
static void test_a_target_that_rests(void **state)
{
    struct report *report = sample_report();
    struct report_target *orders = report_target(report, TARGET_ORDERS_LIVE);
    struct board_run last;

    (void)state;
    run_at(report, TARGET_ORDERS_LIVE, 0, REASON_SERVER_ERROR, "it broke");
    report_rest(orders, sample_after(900).boot_ns);
    struct board_view *view = board_view_take(report_board(report), sample_after(1));
    const struct board_target *target = view->targets[TARGET_ORDERS_LIVE];
    assert_int_equal(board_target_state(target, view->now), STATE_RESTING);
    assert_true(target->resting && !target->ran && target->failing_since_wall_ns == 0);
    assert_int_equal(runs_of(target, &last), 1);
    assert_int_equal(failures_count(target->failures), 1);
    board_view_free(view);
    report_scheduled(orders, sample_after(901).boot_ns);
    view = board_view_take(report_board(report), sample_after(900));
    assert_int_equal(board_target_state(view->targets[TARGET_ORDERS_LIVE], view->now), STATE_NEVER_RAN);
    board_view_free(view);
    report_free(report);
}

/* The word on the page and the metric say the same at any moment. */
static void test_states_agree_with_metrics(void **state)
{
    static const char success[] =
        "epicor_probe_success{appserver=\"live\",company=\"EPIC06\",probe=\"orders\"}";
    struct report *report = sample_report();

    (void)state;
    for (unsigned at = 0; at < 200; at++) {
        if (at == 10)
            run_at(report, TARGET_ORDERS_LIVE, at, REASON_NONE, NULL);
        if (at == 30)
            run_at(report, TARGET_ORDERS_LIVE, at, REASON_CONNECT, NULL);
        if (at == 60)
            report_skipped(report_target(report, TARGET_ORDERS_LIVE), SKIP_OVERRUN, sample_after(at));
        struct board_view *view = board_view_take(report_board(report), sample_after(at));
        enum board_state word = board_target_state(view->targets[TARGET_ORDERS_LIVE], view->now);
        board_view_free(view);
        assert_value(report, sample_after(at), success,
                     word == STATE_GOOD      ? "1"
                     : word == STATE_FAILING ? "0"
                                             : NULL);
        assert_int_equal(word, at < 10    ? STATE_NEVER_RAN
                               : at < 30  ? STATE_GOOD
                               : at < 150 ? STATE_FAILING
                                          : STATE_WAITING);
    }
    report_free(report);
}

static void test_what_is_told_of_an_app_server(void **state)
{
    struct report *report = sample_report();
    struct report_appserver *live = report_appserver(report, APPSERVER_LIVE);

    (void)state;
    struct board_view *before = board_view_take(report_board(report), sample_start);
    assert_true(before->appservers[APPSERVER_LIVE]->sessions_open == -1);
    assert_true(before->loaded_wall_ns == sample_start.wall_ns);
    report_verdict(live, true, REASON_CONNECT, sample_after(1));
    report_verdict(live, true, REASON_TIMEOUT, sample_after(2));
    report_token_request(live, 0, SECOND_NS, REASON_TIMEOUT, NULL, sample_after(3));
    report_token_request(live, 0, SECOND_NS, REASON_TIMEOUT, NULL, sample_after(4));
    report_login_blocked(live, sample_after(90).wall_ns, REASON_CREDENTIALS, NULL, true, sample_after(5));
    report_login_blocked(live, sample_after(99).wall_ns, REASON_CREDENTIALS, NULL, true, sample_after(6));
    report_clock_skew(live, -3);
    report_gate(live, 1, 4, sample_after(20).wall_ns);
    report_throttled(live, true);
    report_sessions_open(live, 2);
    report_certificate(live, CERTIFICATE_IDENTITY_PROVIDER, 7);
    report_certificate(live, CERTIFICATE_CLIENT, 8);
    struct board_view *view = board_view_take(report_board(report), sample_after(7));
    const struct board_appserver *card = view->appservers[APPSERVER_LIVE];
    assert_true(card->verdict_since_wall_ns == sample_after(1).wall_ns);
    assert_true(card->token_failing_since_wall_ns == sample_after(3).wall_ns);
    assert_true(card->login_blocked_since_wall_ns == sample_after(5).wall_ns);
    assert_true(card->has_clock_skew && card->clock_skew_seconds == -3);
    assert_true(card->in_flight == 1 && card->waiting == 4);
    assert_true(card->backoff_until_wall_ns == sample_after(20).wall_ns);
    assert_true(card->has_throttled && card->throttled && card->sessions_open == 2);
    assert_true(card->identity_provider_certificate_expiry_epoch == 7);
    assert_true(card->client_certificate_expiry_epoch == 8);
    assert_false(before->appservers[APPSERVER_LIVE]->has_clock_skew);
    board_view_free(before);
    board_view_free(view);
    report_free(report);
}

/* ---- threads: the agent's writes beside the web side's reads, counts and pages ---- */

static void *look_all_the_time(void *context)
{
    struct report *report = context;
    uintptr_t wrong = 0;

    for (unsigned i = 0; i < 200; i++) {
        struct board_view *view = board_view_take(report_board(report), sample_start);
        const struct board_target *target = view->targets[TARGET_ORDERS_LIVE];
        struct board_run last = {.status = 200};
        wrong += runs_of(target, &last) > 60 || (target->ran && last.reason != (uint8_t)target->reason);
        if (target->reason != REASON_NONE)
            wrong += strcmp(failures_at(target->failures, failures_count(target->failures) - 1)->message,
                            "it broke") != 0;
        const struct board_appserver *server = view->appservers[APPSERVER_LIVE];
        for (size_t seats = 0; seats < server->seats_count; seats++)
            wrong += strcmp(server->seats[seats].license, "WebService") != 0;
        wrong += target->reason == REASON_NONE ? target->message != NULL
                                               : strcmp(target->message, "it broke") != 0;
        (void)board_heartbeat_boot_ns(report_board(report));
        (void)board_ready(report_board(report));
        board_view_free(view);
        report_http_request(report, "/", 200, i, sample_start);
        if (i % 20 == 0)
            free(sample_lines(report, sample_start, "epicor_up"));
    }
    return (void *)wrong;
}

static void find_seats(struct report *report, unsigned at)
{
    struct model *model = board_model(report_board(report));
    struct probe_result result = {.reason = REASON_NONE, .has_findings = true};
    struct run_record record = {.ended = sample_after(at),
                                .phases = no_phases,
                                .result = &result,
                                .settings = &model->targets[TARGET_STOCK_LIVE]};

    findings_add(&result.findings, FINDING_SEATS_USED, at, (const char *const[]){"", "WebService"}, 2);
    report_run(report_target(report, TARGET_STOCK_LIVE), &record);
    findings_free(&result.findings);
    model_unref(model);
}

static void test_looking_beside_a_writer(void **state)
{
    struct report *report = sample_report();
    pthread_t web;
    void *wrong;

    (void)state;
    assert_int_equal(pthread_create(&web, NULL, look_all_the_time, report), 0);
    for (unsigned i = 0; i < 2000; i++) {
        run_at(report, TARGET_ORDERS_LIVE, i, i % 2 == 0 ? REASON_SERVER_ERROR : REASON_NONE,
               i % 2 == 0 ? "it broke" : NULL);
        report_response(report_target(report, TARGET_ORDERS_LIVE), (int)(100 + i % 30));
        if (i % 10 == 0)
            find_seats(report, i);
        report_turn(report, 1000, sample_after(i));
        report_ready(report, i % 2 == 0);
        report_verdict(report_appserver(report, APPSERVER_LIVE), true,
                       i % 3 == 0 ? REASON_CONNECT : REASON_NONE, sample_after(i));
    }
    pthread_join(web, &wrong);
    assert_null(wrong);
    assert_value(report, sample_start, "epicor_exporter_http_requests_total{path=\"/\",code=\"200\"}", "200");
    report_free(report);
}

static void test_targets_are_counted(void **state)
{
    const struct board_appserver one = {.name = "one"}, two = {.name = "two"};
    const struct board_appserver *servers[] = {&one, &two};
    const struct board_target good = {.appserver = "two", .ran = true},
                              rests = {.appserver = "two", .resting = true};
    const struct board_target bad = {.appserver = "one", .ran = true, .reason = REASON_TIMEOUT},
                              stray = {.appserver = "gone"};
    const struct board_target *targets[] = {&good, &bad, &good, &rests, &stray};
    struct board_view view = {.now = sample_start,
                              .appservers = servers,
                              .appserver_count = 2,
                              .targets = targets,
                              .target_count = 5};
    struct board_counts counts = board_count(&view);

    (void)state;
    assert_int_equal(counts.all[STATE_GOOD], 2);
    assert_int_equal(counts.all[STATE_FAILING], 1);
    assert_int_equal(counts.all[STATE_RESTING], 1);
    assert_int_equal(counts.all[STATE_NEVER_RAN], 1);
    assert_int_equal(counts.states[1], STATE_FAILING);
    assert_int_equal(counts.states[3], STATE_RESTING);
    assert_int_equal(counts.by_appserver[0][STATE_FAILING], 1);
    assert_int_equal(counts.by_appserver[0][STATE_GOOD], 0);
    assert_int_equal(counts.by_appserver[1][STATE_GOOD], 2);
    assert_int_equal(counts.by_appserver[1][STATE_RESTING], 1);
    assert_int_equal(counts.by_appserver[2][STATE_NEVER_RAN], 1); /* of none that is known */
    board_counts_free(&counts);
}

ALL_TESTS(cmocka_unit_test(test_targets_are_counted), cmocka_unit_test(test_from_the_start),
          cmocka_unit_test(test_the_first_run_is_announced), cmocka_unit_test(test_a_good_run_has_words_too),
          cmocka_unit_test(test_a_view_does_not_change), cmocka_unit_test(test_app_servers),
          cmocka_unit_test(test_the_last_runs), cmocka_unit_test(test_a_target_that_rests),
          cmocka_unit_test(test_states_agree_with_metrics),
          cmocka_unit_test(test_what_is_told_of_an_app_server),
          cmocka_unit_test(test_looking_beside_a_writer));
