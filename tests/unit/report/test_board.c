#include "main.h"

#include <pthread.h>
#include <stdatomic.h>

#include "sample.h"

#include "report/board.h"

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

/* ---- threads: the agent's writes beside the web side's reads, counts and pages ---- */

static void *look_all_the_time(void *context)
{
    struct report *report = context;
    uintptr_t wrong = 0;

    for (unsigned i = 0; i < 200; i++) {
        struct board_view *view = board_view_take(report_board(report), sample_start);
        const struct board_target *target = view->targets[TARGET_ORDERS_LIVE];
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

ALL_TESTS(cmocka_unit_test(test_from_the_start), cmocka_unit_test(test_the_first_run_is_announced),
          cmocka_unit_test(test_a_view_does_not_change), cmocka_unit_test(test_app_servers),
          cmocka_unit_test(test_looking_beside_a_writer));
