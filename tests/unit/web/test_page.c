/* The status page: what it says in which state, and that nothing in it becomes markup. */
#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "web/page.h"

static const struct moment now = {.boot_ns = 90000 * SECOND_NS, .wall_ns = 1767225600 * SECOND_NS};

static struct board_appserver server_named(const char *name)
{
    return (struct board_appserver){.name = name,
                                    .url = "https://erp.example.com/KineticLive",
                                    .known = true,
                                    .has_token = true,
                                    .token_expiry_boot_ns = now.boot_ns + 42 * MINUTE_NS,
                                    .certificate_expiry_epoch = now.wall_ns / SECOND_NS + 80 * 86400};
}

static struct board_target target_named(const char *server, const char *probe)
{
    return (struct board_target){.appserver = server,
                                 .company = "EPIC06",
                                 .probe = probe,
                                 .kind = "baq",
                                 .ran = true,
                                 .status = 200,
                                 .last_run_wall_ns = now.wall_ns - 12 * SECOND_NS,
                                 .last_success_wall_ns = now.wall_ns - 12 * SECOND_NS,
                                 .duration_ns = 182 * MILLISECOND_NS,
                                 .next_run_boot_ns = now.boot_ns + 48 * SECOND_NS,
                                 .interval_ns = MINUTE_NS,
                                 .has_rows = true,
                                 .rows = 412};
}

static struct board_target failed(struct board_target target, enum reason reason, int status,
                                  const char *message)
{
    target.reason = reason;
    target.status = status;
    target.message = (char *)message;
    target.has_rows = false;
    target.consecutive_failures = 7;
    target.last_success_wall_ns = now.wall_ns - 25 * MINUTE_NS;
    return target;
}

static struct page_setting setting = {.version = "1.2.3",
                                      .telemetry_path = "/metrics",
                                      .show_messages = true,
                                      .ready = true,
                                      .heartbeat_ns = 90000 * SECOND_NS};

/* The page of these; the caller frees. */
static char *page_of(const struct board_appserver *servers, size_t server_count,
                     const struct board_target *targets, size_t target_count)
{
    const struct board_appserver **server_list = memory_new(server_count, sizeof(struct board_appserver *));
    const struct board_target **target_list = memory_new(target_count, sizeof(struct board_target *));
    struct buffer page;

    for (size_t i = 0; i < server_count; i++)
        server_list[i] = &servers[i];
    for (size_t i = 0; i < target_count; i++)
        target_list[i] = &targets[i];
    struct board_view view = {.now = now,
                              .appservers = server_list,
                              .appserver_count = server_count,
                              .targets = target_list,
                              .target_count = target_count};
    buffer_init(&page, 64 << 20);
    assert_true(page_write(&setting, &view, &page));
    free(server_list);
    free(target_list);
    return buffer_take(&page);
}

static void assert_has(const char *page, const char *text)
{
    if (strstr(page, text) == NULL)
        fail_msg("the page lacks: %s", text);
}

static void assert_lacks(const char *page, const char *text)
{
    if (strstr(page, text) != NULL)
        fail_msg("the page holds: %s", text);
}

static void all_is_well(void **state)
{
    struct board_appserver servers[] = {server_named("live")};
    struct board_target targets[] = {target_named("live", "orders"), target_named("live", "stock")};
    char *page = page_of(servers, 1, targets, 2);

    (void)state;
    assert_has(page, "<title>All 2 targets that ran are well - epicor_exporter</title>");
    assert_lacks(page, "What is wrong");
    assert_lacks(page, "<article>");
    assert_has(page, "\xE2\x9C\x93 up</td><td>42 min left</td><td>80 d left</td>");
    assert_has(
        page,
        "\xE2\x9C\x93 good</td><td class=\"n\">200</td><td class=\"n\">182 ms</td><td class=\"n\">412</td>");
    assert_has(page, ">12 s ago</time>");
    assert_has(page, ">in 48 s</time>");
    assert_has(page, "<meta http-equiv=\"refresh\" content=\"15\">");
    assert_has(page, "<a href=\"metrics\">");
    free(page);
}

static void columns_that_changed_are_told(void **state)
{
    (void)state;
    struct board_appserver server = {.name = "live", .url = "http://x", .known = true};
    struct board_target target = target_named("live", "orders");
    char *page = page_of(&server, 1, &target, 1);
    assert_null(strstr(page, "Columns that changed"));
    free(page);
    target.drift = (char *)"came: Calculated_<b>; went: OrderHed_OrderNum";
    target.drift_wall_ns = now.wall_ns - 3 * MINUTE_NS;
    page = page_of(&server, 1, &target, 1);
    assert_non_null(strstr(page, "<strong>orders</strong> on live, EPIC06, "));
    assert_non_null(strstr(page, "came: Calculated_&lt;b&gt;; went: OrderHed_OrderNum</li>"));
    free(page);
    setting.show_messages = false;
    page = page_of(&server, 1, &target, 1);
    assert_non_null(strstr(page, "Columns that changed"));
    assert_null(strstr(page, "OrderHed"));
    free(page);
    setting.show_messages = true;
}

/* A person looks at it in a browser: EPICOR_PAGE_FILE names where to write it. */
static void what_is_wrong_comes_first(void **state)
{
    struct board_appserver servers[] = {server_named("live"), server_named("pilot"), server_named("test"),
                                        server_named("train")};
    struct board_target targets[] = {
        target_named("live", "open_orders"),
        target_named("live", "stock_on_hand"),
        failed(target_named("live", "late_shipments"), REASON_NOT_FOUND, 404,
               "BAQ \"EPX-LateShip\" does not exist in company EPIC06."),
        failed(target_named("live", "price_function"), REASON_TIMEOUT, 0, NULL),
        failed(target_named("pilot", "open_orders"), REASON_CREDENTIALS, 401,
               "Invalid username or password."),
        failed(target_named("pilot", "stock_on_hand"), REASON_CREDENTIALS, 401,
               "Invalid username or password."),
        target_named("test", "open_orders"),
        {.appserver = "train",
         .company = "",
         .probe = "token",
         .kind = "token",
         .duration_ns = -1,
         .next_run_boot_ns = now.boot_ns + 20 * SECOND_NS},
    };

    (void)state;
    servers[1].verdict = servers[1].token_reason = REASON_CREDENTIALS;
    servers[1].token_expiry_boot_ns = 0;
    servers[1].token_message = (char *)"Invalid username or password.";
    servers[1].login_blocked_until_wall_ns = now.wall_ns + 244 * SECOND_NS;
    servers[2].certificate_expiry_epoch = now.wall_ns / SECOND_NS + 9 * 86400;
    servers[3].known = servers[3].has_token = false;
    servers[3].certificate_expiry_epoch = 0;
    char *page = page_of(servers, 4, targets, 8);
    const char *file_name = getenv("EPICOR_PAGE_FILE");
    if (file_name != NULL) {
        FILE *file = fopen(file_name, "w");
        assert_non_null(file);
        fputs(page, file);
        fclose(file);
    }

    assert_has(page, "<title>4 of 8 targets fail; 1 waits for the first run - epicor_exporter</title>");
    assert_true(strstr(page, "What is wrong") < strstr(page, ">App servers<"));
    assert_has(page, "pilot, the whole app server: <span class=\"b\">credentials</span>");
    assert_has(page, reason_row(REASON_CREDENTIALS)->sentence);
    assert_has(page, "No login is tried again before 2026-01-01 00:04:04 UTC");
    assert_has(page, "its secrets cannot change while the exporter runs");
    assert_lacks(page, "a changed secret is tried at once");
    assert_has(page, ">in 4 min 4 s</time>");
    assert_true(strstr(page, "pilot, the whole app server") < strstr(page, "live, 1 target"));
    const char *words = strstr(page, "<blockquote>Invalid username or password.");
    assert_non_null(words); /* of the token and of two targets: said once */
    assert_null(strstr(words + 1, "<blockquote>Invalid username"));
    assert_has(page, "live, 1 target: <span class=\"b\">not_found</span>");
    assert_has(page,
               "<blockquote>BAQ &quot;EPX-LateShip&quot; does not exist in company EPIC06.</blockquote>");
    assert_has(page, "<td class=\"w\">9 d left</td>");
    assert_has(page, "first run to come");
    assert_lacks(page, "are not shown here");
    free(page);

    setting.show_messages = false;
    servers[1].login_secret_changeable = true;
    page = page_of(servers, 4, targets, 8);
    assert_has(page, "a changed secret is tried at once");
    setting.show_messages = true;
    assert_lacks(page, "<blockquote>");
    assert_lacks(page, "EPX-LateShip");
    assert_lacks(page, "Invalid username");
    assert_has(page, "are not shown here");
    free(page);
}

/* Names come from a file and messages from a server: neither becomes markup. */
static void nothing_becomes_markup(void **state)
{
    struct board_appserver servers[] = {server_named("<i>live")};
    struct board_target targets[] = {failed(target_named("<i>live", "<i>\"p\""), REASON_CLIENT_ERROR, 400,
                                            "</blockquote><script>alert(1)</script>")};

    (void)state;
    targets[0].company = "<i>'c'";
    targets[0].kind = "<i>k";
    servers[0].url = "https://x/<i>&";
    char *page = page_of(servers, 1, targets, 1);
    assert_lacks(page, "<i>");
    assert_lacks(page, "<script");
    assert_has(page, "&lt;/blockquote&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
    assert_has(page, "https://x/&lt;i&gt;&amp;");
    free(page);
}

/* Many targets that fail for one reason are one problem. */
static void many_targets_stay_readable(void **state)
{
    enum { COUNT = 1000 };
    struct board_appserver servers[] = {server_named("live")};
    struct board_target *targets = memory_new(COUNT, sizeof *targets);
    size_t articles = 0;

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        targets[i] = i % 2 == 0 ? target_named("live", "orders")
                                : failed(target_named("live", "stock"), REASON_TIMEOUT, 0, NULL);
    char *page = page_of(servers, 1, targets, COUNT);
    for (const char *at = page; (at = strstr(at, "<article>")) != NULL; at++)
        articles++;
    assert_int_equal(articles, 1);
    assert_has(page, "live, 500 targets: ");
    assert_has(page, "and 492 more: see the table of targets");
    assert_true(strlen(page) < COUNT * 700);
    free(page);
    free(targets);
}

static void nothing_is_configured_or_known(void **state)
{
    (void)state;
    char *page = page_of(NULL, 0, NULL, 0);
    assert_has(page, "No target is configured.");
    free(page);
    struct board_target waiting[] = {
        {.appserver = "x", .company = "", .probe = "p", .kind = "k", .duration_ns = -1}};
    page = page_of(NULL, 0, waiting, 1);
    assert_has(page, "No target has run yet.");
    free(page);
    setting.hung = true;
    page = page_of(NULL, 0, waiting, 1);
    setting.hung = false;
    assert_has(page, "The agent does not turn.");
    assert_has(page, "no sign of the agent");
    free(page);
}

ALL_TESTS(cmocka_unit_test(all_is_well), cmocka_unit_test(what_is_wrong_comes_first),
          cmocka_unit_test(nothing_becomes_markup), cmocka_unit_test(many_targets_stay_readable),
          cmocka_unit_test(nothing_is_configured_or_known), cmocka_unit_test(columns_that_changed_are_told));
