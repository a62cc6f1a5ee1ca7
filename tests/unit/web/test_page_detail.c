/* The page of one target: its phases, its failures, and the way back. */
#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "kinetic/reason.h"
#include "scenario.h"

static char *detail(const struct fleet *fleet, const char *query)
{
    struct page_setting setting = setting_usual;

    setting.query = query;
    return page_of_fleet(&setting, fleet);
}

static void a_failing_target_says_why(void **state)
{
    struct fleet fleet = fleet_faulted();
    char *page = detail(&fleet,
                        "appserver=live&company=EPIC06&probe=late_shipments&state=failing&q=ship&sort=probe");

    (void)state;
    page_keep("detail", page);
    assert_has(page, "<title>late_shipments: not_found - epicor_exporter</title>");
    assert_has(page, "<h1>late_shipments</h1>");
    assert_has(page, "Failing: not_found, 7 runs in a row.");
    assert_has(page, reason_row(REASON_NOT_FOUND)->remedy);
    assert_has(page, "<blockquote>BAQ &quot;EPX-LateShip&quot;");
    assert_has(page, "<a href=\"?state=failing&amp;q=ship&amp;sort=probe\">Back to the filtered targets</a>");
    assert_has(page, "<dt>Runs</dt><dd>every 1 min</dd>");
    assert_lacks(page, "id=\"targets\"");
    free(page);
}

static void phases_stand_run_by_run(void **state)
{
    struct fleet fleet = fleet_faulted();
    char *page = detail(&fleet, "appserver=live&company=EPIC06&probe=open_orders");

    (void)state;
    page_keep("detail-good", page);
    assert_has(page, "<th scope=\"col\">Resolve</th><th scope=\"col\">Connect</th><th scope=\"col\">TLS</th>"
                     "<th scope=\"col\">Processing</th><th scope=\"col\">Transfer</th>");
    /* One with a new connection, and one without. */
    assert_has(page, "<td>12 ms</td><td>24 ms</td><td>61 ms</td>");
    assert_has(page, "<td></td><td></td><td></td>");
    assert_int_equal(count_of(page, "<tr><th scope=\"row\">"), 60);
    assert_true(strstr(page, ">1 min 12 s ago<") < strstr(page, ">58 min 12 s ago<"));
    assert_has(
        page,
        "role=\"img\" viewBox=\"0 0 720 172\" aria-label=\"Last 60 runs, none failed; 101 ms to 339 ms");
    assert_has(page, "<h2 id=\"f\">Recent failures</h2>\n<p>There is none.</p>");
    assert_has(page, "They changed once, <time");
    assert_has(page, "came: Calculated_Margin; went: OrderHed_OrderNum");
    assert_has(page, "<a href=\"./\">Back to all targets</a>");
    free(page);
}

static void failures_are_kept_with_their_words(void **state)
{
    struct fleet fleet = fleet_faulted();
    char *page = detail(&fleet, "appserver=live&company=EPIC06&probe=late_shipments");

    (void)state;
    assert_has(page, "<th scope=\"col\">Correlation id</th>");
    assert_int_equal(count_of(page, "<td class=\"id\">4ae5f1b2-9b0c-4c52-a7ab-2f1d43e1b9aa</td>"), 9);
    assert_int_equal(count_of(page, "<td class=\"said\">BAQ &quot;EPX-LateShip&quot;"), 1);
    assert_int_equal(count_of(page, "<td class=\"said\"><span class=\"dim\">as above</span></td>"), 8);
    assert_has(page, "<small>2025-12-31 23:59:48 UTC</small>");
    free(page);
}

static void a_good_run_has_words_too(void **state)
{
    static const char words[] = "<blockquote>report_server says no: &lt;down&gt;</blockquote>";
    struct fleet fleet = fleet_faulted();
    struct page_setting setting = setting_usual;

    (void)state;
    setting.query = "appserver=live&company=EPIC06&probe=stock_on_hand";
    char *page = page_of_fleet(&setting, &fleet);
    assert_lacks(page, "What the server says");
    free(page);
    fleet.targets[1].message = (char *)"report_server says no: <down>";
    page = page_of_fleet(&setting, &fleet);
    assert_has(page, words);
    free(page);
    setting.show_messages = false;
    page = page_of_fleet(&setting, &fleet);
    assert_lacks(page, "says no");
    assert_has(page, "messages are not shown here");
    free(page);
}

/* The verdict on its app server explains a target. */
static void the_app_servers_problem_is_told(void **state)
{
    struct fleet fleet = fleet_faulted();
    char *page = detail(&fleet, "appserver=pilot&company=EPIC06&probe=stock_on_hand");

    (void)state;
    assert_has(page, "pilot<span>, the whole app server: <b>credentials</b>");
    assert_has(page, "No login is tried again before");
    free(page);
    /* In maintenance nothing is a problem; why it fails is told all the same. */
    fleet.servers[1].has_maintenance = fleet.servers[1].in_maintenance = true;
    page = detail(&fleet, "appserver=pilot&company=EPIC06&probe=stock_on_hand");
    assert_lacks(page, "the whole app server");
    assert_has(page, reason_row(REASON_CREDENTIALS)->sentence);
    free(page);
}

static void what_is_slow_waits_or_rests_says_so(void **state)
{
    struct fleet fleet = fleet_faulted();

    (void)state;
    char *page = detail(&fleet, "appserver=live&company=EPIC06&probe=stock_on_hand");
    assert_has(page, "Slow: 3 runs in a row took longer than 150 ms.");
    assert_has(page, "<path class=\"lim\"");
    free(page);
    page = detail(&fleet, "appserver=train&company=&probe=token");
    assert_has(page, "First run to come.");
    assert_has(page, "<h2 id=\"r\">Last runs</h2>\n<p>There is none yet.</p>");
    assert_lacks(page, "Run by run");
    free(page);
    page = detail(&fleet, "appserver=test&company=EPIC06&probe=nightly_batch");
    assert_has(page, "Outside its windows.");
    free(page);
}

static void a_target_that_is_not_there(void **state)
{
    struct fleet fleet = fleet_faulted();
    struct board_view view = {.now = now};
    struct page_setting setting = setting_usual;
    struct buffer body;

    (void)state;
    char *page = detail(&fleet, "appserver=live&company=EPIC06&probe=gone&state=good");
    assert_has(page, "<title>gone: no such target - epicor_exporter</title>");
    assert_has(page, "There is no such target in the configuration in force.");
    assert_has(page, "<a href=\"?state=good\">Back to the filtered targets</a>");
    free(page);
    /* Two of the three name none. */
    page = detail(&fleet, "appserver=live&probe=open_orders");
    assert_has(page, "id=\"targets\"");
    free(page);
    buffer_init(&body, 1 << 20);
    setting.query = "appserver=a&company=b&probe=c";
    assert_int_equal(page_write(&setting, &view, &body), PAGE_NO_TARGET);
    buffer_free(&body);
}

/* More runs than the table shows, of the greatest numbers, are told and bounded. */
static void extremes_stay_in_bounds(void **state)
{
    struct fleet fleet = fleet_faulted();
    struct history *history = NULL;

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct board_run run = {.ended_wall_ns = now.wall_ns - (200 - i) * SECOND_NS,
                                .duration_us = i % 3 == 0 ? BOARD_NO_TIME : BOARD_MOST_TIME,
                                .rows = BOARD_MOST_ROWS,
                                .retries = 255,
                                .reason = i % 3 == 0 ? REASON_INTERNAL : REASON_NONE};
        for (int phase = 0; phase < BOARD_PHASES; phase++)
            run.phase_us[phase] = i % 3 == 0 ? BOARD_NO_TIME : BOARD_MOST_TIME;
        struct history *before = history;
        history = history_add(before, &run, 1000);
        history_unref(before);
    }
    fleet.targets[0].history = history;
    char *page = detail(&fleet, "appserver=live&company=EPIC06&probe=open_orders");
    assert_has(page, "; 140 older runs are not shown.");
    assert_has(page, "at least 4294967294");
    assert_has(page, "<td>4294.96 s</td>");
    free(page);
    page = page_of_fleet(&setting_usual, &fleet);
    free(page);
    history_unref(history);
}

ALL_TESTS(cmocka_unit_test(a_failing_target_says_why), cmocka_unit_test(phases_stand_run_by_run),
          cmocka_unit_test(failures_are_kept_with_their_words), cmocka_unit_test(a_good_run_has_words_too),
          cmocka_unit_test(the_app_servers_problem_is_told),
          cmocka_unit_test(what_is_slow_waits_or_rests_says_so), cmocka_unit_test(a_target_that_is_not_there),
          cmocka_unit_test(extremes_stay_in_bounds));
