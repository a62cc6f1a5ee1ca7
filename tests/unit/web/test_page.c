/* The status page: what it says in which state, and that nothing in it becomes markup. */
#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/memory.h"
#include "kinetic/reason.h"
#include "scenario.h"

static void all_is_well(void **state)
{
    struct board_appserver servers[] = {server_named("live")};
    struct board_target targets[] = {target_named("live", "orders"), target_named("live", "stock")};

    (void)state;
    servers[0].has_clock_skew = true;
    char *page = page_of(&setting_usual, servers, 1, targets, 2);
    page_keep("healthy", page);
    assert_has(page, "<title>All 2 targets that ran are well - epicor_exporter</title>");
    assert_has(page, "<div class=\"sum good\" role=\"status\">");
    assert_lacks(page, "What is wrong");
    assert_lacks(page, "<article class=\"problem");
    assert_has(page, "</svg>Up</p>");
    assert_has(page, "<dt>Token</dt><dd>42 min left</dd>");
    assert_has(page, "<dt>Certificate</dt><dd>80 d left</dd>");
    assert_has(page, "<dt>Clock</dt><dd>in step</dd>");
    assert_has(page, "</svg>Good</td><td>200</td><td>182 ms</td>");
    assert_has(page, "<td>412</td>");
    assert_has(page, ">12 s ago</time>");
    assert_has(page, ">in 48 s</time>");
    assert_has(page, "<a href=\"metrics\">");
    assert_has(page, "As of 2026-01-01 00:00:00 UTC");
    free(page);
}

/* axe and the WCAG want no refresh that cannot be stopped: the plain one is for browsers without scripts, and a link ends it. */
static void refreshing_can_be_stopped(void **state)
{
    struct fleet fleet = fleet_faulted();
    struct page_setting setting = setting_usual;

    (void)state;
    char *page = page_of_fleet(&setting, &fleet);
    assert_has(page, "<noscript><meta http-equiv=\"refresh\" content=\"15\"></noscript>");
    assert_has(page, "<a id=\"still\" href=\"?refresh=off\">Pause</a>");
    free(page);
    setting.query = "refresh=off&state=failing";
    page = page_of_fleet(&setting, &fleet);
    assert_lacks(page, "http-equiv");
    assert_has(page, "<a id=\"still\" href=\"?state=failing\">Refresh it</a>");
    free(page);
}

static void what_is_wrong_comes_first(void **state)
{
    struct fleet fleet = fleet_faulted();
    char *page = page_of_fleet(&setting_usual, &fleet);

    (void)state;
    page_keep("faulted", page);
    assert_has(page, "<title>4 of 9 targets fail; 1 is slow; 1 waits for the first run; 1 other problem - "
                     "epicor_exporter</title>");
    assert_true(strstr(page, "What is wrong, and what to do") < strstr(page, "id=\"a\">App servers<"));
    assert_true(strstr(page, "id=\"a\">App servers<") < strstr(page, "id=\"t\">Targets<"));
    assert_has(page, "pilot<span>, the whole app server: <b>credentials</b></span>");
    assert_has(page, reason_row(REASON_CREDENTIALS)->sentence);
    assert_has(page, "No login is tried again before 2026-01-01 00:04:04 UTC");
    assert_has(page, "its secrets cannot change while the exporter runs");
    assert_lacks(page, "a changed secret is tried at once");
    assert_has(page, ">in 4 min 4 s</time>");
    /* The whole app server stands before single targets, and explains its own. */
    assert_true(strstr(page, "pilot<span>") < strstr(page, "live<span>, 1 target"));
    assert_int_equal(count_of(page, "<b>credentials</b>"), 1);
    assert_int_equal(count_of(page, "<blockquote>Invalid username or password."), 1);
    assert_has(page, "live<span>, 1 target: <b>not_found</b>");
    assert_has(page,
               "<blockquote>BAQ &quot;EPX-LateShip&quot; does not exist in company EPIC06.</blockquote>");
    assert_has(page, "test<span>, a certificate expires soon</span>");
    assert_has(page, "live<span>, 1 target: <b>columns changed</b>");
    assert_lacks(page, "are not shown here");
    free(page);

    fleet.servers[1].login_secret_changeable = true;
    page = page_of_fleet(&setting_usual, &fleet);
    assert_has(page, "a changed secret is tried at once");
    free(page);
}

/* What a server said, names of columns among it, is only for whom the setting lets see it. */
static void messages_are_hidden_from_strangers(void **state)
{
    struct fleet fleet = fleet_faulted();
    struct page_setting setting = setting_usual;
    static const char *const queries[] = {"", "appserver=live&company=EPIC06&probe=late_shipments",
                                          "appserver=live&company=EPIC06&probe=open_orders",
                                          "appserver=pilot&company=EPIC06&probe=open_orders"};

    (void)state;
    setting.show_messages = false;
    for (size_t i = 0; i < 4; i++) {
        setting.query = queries[i];
        char *page = page_of_fleet(&setting, &fleet);
        assert_lacks(page, "<blockquote>");
        assert_lacks(page, "EPX-LateShip");
        assert_lacks(page, "Invalid username");
        assert_lacks(page, "Calculated_Margin");
        assert_has(page, "are not shown here");
        free(page);
    }
}

static void every_app_server_is_told_of(void **state)
{
    struct fleet fleet = fleet_faulted();
    char *page = page_of_fleet(&setting_usual, &fleet);

    (void)state;
    assert_has(page, "</svg>Failing: credentials</p>");
    assert_has(page, "</svg>none: credentials</dd>");
    assert_has(page, "</svg>held back: credentials; again <time");
    assert_has(
        page, "<dd class=\"slow\"><svg class=\"i\" aria-hidden=\"true\"><use href=\"#slow\"/></svg>9 d left");
    assert_has(page, "<dd>WebService: 3 used of 5</dd>");
    assert_has(page, "</svg>DefaultUser: 40 used of 40</dd>");
    assert_has(page, "<dt>Version</dt><dd>11.3.300.12</dd>");
    assert_has(page, "<dd>production</dd>");
    assert_has(page, "<dd>not production</dd>");
    assert_has(page, "</svg>1 min 35 s behind ours</dd>");
    assert_has(page, "<dd>1 in flight, 0 waiting</dd>");
    assert_has(page, "</svg>next request <time");
    assert_has(page, "<dt>Business hours</dt><dd>inside</dd>");
    assert_has(page, "</svg>Not asked yet</p>");
    assert_has(page, "<dt>Token</dt><dd>not used</dd>");
    assert_has(page, "<a href=\"?state=failing&amp;q=pilot\">2 failing</a>");
    /* Those with a fault first. */
    assert_true(strstr(page, "data-key=\"pilot\"") < strstr(page, "data-key=\"live\""));
    free(page);
}

static void a_state_is_never_told_by_colour_alone(void **state)
{
    static const char *const cells[] = {"failing", "slow", "never_ran", "good", "resting"};
    static const char *const words[] = {"Failing: not_found", "Slow", "First run to come", "Good",
                                        "Outside its windows"};
    struct fleet fleet = fleet_faulted();
    char *page = page_of_fleet(&setting_usual, &fleet);

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        char *cell = memory_format(
            "<td class=\"%s\"><svg class=\"i\" aria-hidden=\"true\"><use href=\"#%s\"/></svg>%s", cells[i],
            cells[i], words[i]);
        char *symbol = memory_format("<symbol id=\"%s\"", cells[i]);
        assert_has(page, cell);
        assert_has(page, symbol);
        free(cell);
        free(symbol);
    }
    free(page);
}

/* Names come from a file and messages from a server: neither becomes markup. */
static void nothing_becomes_markup(void **state)
{
    static const char evil[] =
        "</blockquote></style></script><script>alert(1)</script>\"><img onerror=alert(1) src=x>"
        "' onmouseover='x' javascript:alert(1) \xff\x1b[31m";
    static const char *const queries[] = {
        "", "appserver=%3Ci%3Elive&company=%3Ci%3E%27c%27&probe=%3Ci%3E%22evil%22", "q=%22%3E%3Ci%3E",
        "appserver=%3Ci%3E&company=x&probe=%22%3E%3Ci%3E", "sort=%3Ci%3E&state=%3Ci%3E&page=%3Ci%3E"};
    struct board_appserver servers[] = {server_named("<i>live")};
    struct board_target targets[] = {target_failed("<i>live", "<i>\"evil\"", REASON_CLIENT_ERROR, 400, evil)};
    struct board_seats seats = {
        .company = "<i>", .license = "<i>\"", .has_used = true, .has_owned = true, .used = 1, .owned = 2};
    struct page_setting setting = setting_usual;

    (void)state;
    targets[0].company = "<i>'c'";
    targets[0].kind = "<i>k";
    targets[0].drift = (char *)"came: <i>; went: \"<i>";
    targets[0].drift_wall_ns = now.wall_ns - HOUR_NS;
    servers[0].url = "https://x/<i>&";
    servers[0].version = (char *)"<i>1";
    servers[0].seats = &seats;
    servers[0].seats_count = 1;
    servers[0].token_reason = REASON_UNAUTHORIZED;
    servers[0].token_message = (char *)evil;
    for (size_t i = 0; i < 5; i++) {
        setting.query = queries[i];
        char *page = page_of(&setting, servers, 1, targets, 1);
        assert_lacks(page, "<i>");
        assert_lacks(page, "<img");
        assert_lacks(page, "\"evil\"");
        assert_lacks(page, "\x1b");
        assert_lacks(page, "\xff");
        assert_int_equal(count_of(page, "<script"), 1); /* our own */
        assert_int_equal(count_of(page, "</script"), 1);
        assert_int_equal(count_of(page, "</style"), 1);
        free(page);
    }
    char *page = page_of(&setting_usual, servers, 1, targets, 1);
    assert_has(page, "&lt;/blockquote&gt;&lt;/style&gt;&lt;/script&gt;&lt;script&gt;alert(1)");
    assert_has(page, "https://x/&lt;i&gt;&amp;");
    assert_has(page,
               "href=\"?appserver=%3Ci%3Elive&amp;company=%3Ci%3E%27c%27&amp;probe=%3Ci%3E%22evil%22\"");
    free(page);
}

/* Many targets that fail for one reason are one problem. */
static void many_targets_stay_readable(void **state)
{
    enum { COUNT = 1000 };
    struct board_appserver servers[] = {server_named("live")};
    struct board_target *targets = memory_new(COUNT, sizeof *targets);

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        targets[i] = i % 2 == 0 ? target_named("live", "orders")
                                : target_failed("live", "stock", REASON_TIMEOUT, 0, NULL);
    char *page = page_of(&setting_usual, servers, 1, targets, COUNT);
    page_keep("thousand", page);
    assert_int_equal(count_of(page, "<article class=\"problem"), 1);
    assert_has(page, "live<span>, 500 targets: ");
    assert_has(page, "and 492 more: see the table of targets");
    assert_int_equal(count_of(page, "<svg class=\"sp\""), COUNT);
    assert_in_range(strlen(page), COUNT * 500, 3 << 19);
    free(page);
    free(targets);
}

static void nothing_is_configured_or_known(void **state)
{
    struct page_setting setting = setting_usual;

    (void)state;
    char *page = page_of(&setting, NULL, 0, NULL, 0);
    page_keep("empty", page);
    assert_has(page, "No target is configured.");
    assert_has(page, "0 of 0 targets");
    free(page);
    struct board_appserver servers[] = {{.name = "x", .url = "https://x"}};
    struct board_target waiting[] = {target_waiting("x", "p")};
    page = page_of(&setting, servers, 1, waiting, 1);
    assert_has(page, "No target has run yet.");
    assert_has(page, "First run to come");
    free(page);
    setting.hung = true;
    setting.heartbeat_ns = now.boot_ns - 95 * SECOND_NS;
    page = page_of(&setting, servers, 1, waiting, 1);
    page_keep("hung", page);
    assert_has(page, "The agent does not turn.");
    assert_has(page, "Its last turn was 1 min 35 s ago.");
    free(page);
    setting.heartbeat_ns = 0;
    page = page_of(&setting, servers, 1, waiting, 1);
    assert_has(page, "It has not begun to turn.");
    free(page);
}

static void a_page_that_does_not_fit_is_none(void **state)
{
    struct board_view view = {.now = now};
    struct buffer page;

    (void)state;
    buffer_init(&page, 5000);
    assert_int_equal(page_write(&setting_usual, &view, &page), PAGE_TOO_LARGE);
    buffer_free(&page);
}

/* Nothing from outside, nothing that the policy would refuse. */
static void the_policy_lets_only_our_own_in(void **state)
{
    struct fleet fleet = fleet_faulted();
    char *page = page_of_fleet(&setting_usual, &fleet);
    const char *policy = page_content_policy();

    (void)state;
    assert_ptr_equal(strstr(policy, "default-src 'none'; style-src 'sha256-"), policy);
    assert_has(policy, "; script-src 'sha256-");
    assert_has(policy, "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    assert_lacks(policy, "unsafe");
    assert_has(policy, embedded_find(embedded_page, "page.css")->sha256);
    assert_has(policy, embedded_find(embedded_page, "page.js")->sha256);
    assert_lacks(page, " style=");
    assert_lacks(page, " src=");
    assert_lacks(page, " onclick");
    assert_lacks(page, "href=\"http");
    assert_lacks(page, "href=\"/");
    assert_lacks(page, "url(");
    assert_int_equal(count_of(page, "<style"), 1);
    free(page);
}

ALL_TESTS(cmocka_unit_test(all_is_well), cmocka_unit_test(refreshing_can_be_stopped),
          cmocka_unit_test(what_is_wrong_comes_first), cmocka_unit_test(messages_are_hidden_from_strangers),
          cmocka_unit_test(every_app_server_is_told_of),
          cmocka_unit_test(a_state_is_never_told_by_colour_alone), cmocka_unit_test(nothing_becomes_markup),
          cmocka_unit_test(many_targets_stay_readable), cmocka_unit_test(nothing_is_configured_or_known),
          cmocka_unit_test(a_page_that_does_not_fit_is_none),
          cmocka_unit_test(the_policy_lets_only_our_own_in));
