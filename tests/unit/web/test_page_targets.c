/* Which targets the status page shows, in which order, and the links that ask for them. */
#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "scenario.h"
#include "web/page_query.h"
#include "web/query.h"

static char *fleet_page(const char *query)
{
    struct fleet fleet = fleet_faulted();
    struct page_setting setting = setting_usual;

    setting.query = query;
    return page_of_fleet(&setting, &fleet);
}

static void filters_by_state_and_text(void **state)
{
    static const struct {
        const char *query;
        size_t found;
    } cases[] = {
        {"", 9},
        {"state=failing", 4},
        {"state=good", 2},
        {"state=resting", 1},
        {"state=never_ran", 1},
        {"state=", 9},
        {"state=FAILING", 9},
        {"state=nonsense&q=", 9},
        {"q=orders", 3},
        {"q=ORDERS", 3},
        {"q=orders+pilot", 1},
        {"q=++pilot++orders++", 1},
        {"q=pilot&state=failing", 2},
        {"q=not_found", 1},
        {"q=EPIC06", 8},
        {"q=token", 1},
        {"q=failing", 4},
        {"q=%3Cscript%3E", 0},
        {"q=a&q=orders", 9}, /* the first counts; each has an a */
        {"q=a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+orders", 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *page = fleet_page(cases[i].query);
        char *told = cases[i].found == 0 ? memory_format("None of 9 targets is like that.")
                                         : memory_format("%zu of 9 targets", cases[i].found);
        if (count_of(page, "<tr><th scope=\"row\">") != cases[i].found || strstr(page, told) == NULL)
            fail_msg("%s: %zu rows", cases[i].query, count_of(page, "<tr><th scope=\"row\">"));
        free(told);
        free(page);
    }
}

static void the_form_keeps_what_was_asked(void **state)
{
    char *page = fleet_page("q=%22a%22+b&state=slow&sort=latency&refresh=off");

    (void)state;
    assert_has(page, " value=\"&quot;a&quot; b\">");
    assert_has(page, "<option value=\"slow\" selected>slow</option>");
    assert_has(page, "<option value=\"latency\" selected>slowest first</option>");
    assert_has(page, "<input type=\"hidden\" name=\"refresh\" value=\"off\">");
    assert_has(page, "<a id=\"all\" href=\"?sort=latency&amp;refresh=off\">Show all</a>");
    free(page);
    page = fleet_page("");
    assert_lacks(page, ">Show all<");
    assert_int_equal(count_of(page, " selected>"), 2); /* all, problems first */
    free(page);
}

/* One that cannot be read, or asks for more than is looked for, is not answered as if it asked for nothing. */
static void bad_queries(void **state)
{
    char *long_text = memory_new(1000, 1);
    memcpy(long_text, "q=", 2);
    memset(long_text + 2, 'x', 801);
    const struct {
        const char *query, *told;
    } cases[] = {
        {"q=%zz", query_unreadable},
        {"q=orders%00", query_unreadable},
        {"%zz=1&q=orders", query_unreadable},
        {"q=a+a+a+a+a+a+a+a++a+a+a+a+a+a+a+a+a", "The search has more than 16 words: leave some out.\n"},
        {long_text, "The search is longer than 800 bytes: leave some of it out.\n"},
    };
    struct board_view view = {.now = now};
    struct page_setting setting = setting_usual;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer told;
        buffer_init(&told, 1 << 20);
        setting.query = cases[i].query;
        assert_int_equal(page_write(&setting, &view, &told), PAGE_BAD_QUERY);
        assert_string_equal(buffer_as_text(&told), cases[i].told);
        buffer_free(&told);
    }
    free(long_text);
}

static void orders(void **state)
{
    static const struct {
        const char *query, *first, *second;
    } cases[] = {
        {"", "late_shipments", "price_function"},           {"sort=probe", "late_shipments", "nightly_batch"},
        {"sort=appserver", "open_orders", "stock_on_hand"}, {"sort=next", "token", "open_orders"},
        {"sort=latency", "price_function", "open_orders"},
    };
    struct fleet fleet = fleet_faulted();
    struct page_setting setting = setting_usual;

    (void)state;
    fleet.targets[3].duration_ns = 20 * SECOND_NS;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setting.query = cases[i].query;
        char *page = page_of_fleet(&setting, &fleet);
        char *at = strstr(page, "<tbody>"), *first = memory_format("\">%s</a>", cases[i].first);
        char *second = memory_format("\">%s</a>", cases[i].second);
        at = strstr(at, "<tr>");
        char *next = strstr(at + 1, "<tr>");
        assert_true(strstr(at, first) < next);
        assert_true(strstr(next, second) < strstr(next + 1, "<tr>"));
        free(first);
        free(second);
        free(page);
    }
}

/* What never runs has no next run, neither in the table nor on its own page. */
static void no_next_run(void **state)
{
    static const int64_t next[] = {0, NEVER_NS};
    struct board_appserver servers[] = {server_named("live")};
    struct board_target target = target_named("live", "orders");
    struct page_setting setting = setting_usual;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        target.next_run_boot_ns = next[i];
        setting.query = "";
        char *page = page_of(&setting, servers, 1, &target, 1);
        assert_has(strstr(page, "<tbody>"), "</td><td></td></tr>\n</tbody>");
        free(page);
        setting.query = "appserver=live&company=EPIC06&probe=orders";
        page = page_of(&setting, servers, 1, &target, 1);
        assert_has(page, "<dt>Last run</dt>");
        assert_lacks(page, "<dt>Next run</dt>");
        free(page);
    }
}

/* The pictures begin where their head stands, however few runs there are. */
static void few_runs_stand_at_the_left(void **state)
{
    struct board_appserver servers[] = {server_named("live")};
    struct board_target target = target_named("live", "orders");
    struct board_run run = {.ended_wall_ns = now.wall_ns - SECOND_NS,
                            .duration_us = 1000,
                            .phase_us = {BOARD_NO_TIME, BOARD_NO_TIME, BOARD_NO_TIME, 900, 100},
                            .rows = 1,
                            .status = 200};

    (void)state;
    target.history = history_add(NULL, &run, 60);
    char *page = page_of(&setting_usual, servers, 1, &target, 1);
    assert_has(page, "<path d=\"M1 20v-20\"/></svg>");
    free(page);
    history_unref(target.history);
}

/* What is more than a page can hold is reached by links, and a filter then asks the server. */
static void thousands_are_paged(void **state)
{
    enum { COUNT = 2500 };
    struct board_appserver servers[] = {server_named("live")};
    struct board_target *targets = memory_new(COUNT, sizeof *targets);
    struct page_setting setting = setting_usual;

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        targets[i] = i == COUNT - 1 ? target_failed("live", "last", REASON_TIMEOUT, 0, NULL)
                                    : target_named("live", "orders");
    char *page = page_of(&setting, servers, 1, targets, COUNT);
    assert_lacks(page, " data-all");
    assert_has(page, "2500 of 2500 targets");
    assert_has(page, "1 to 1000, page 1 of 3 <a rel=\"next\" href=\"?page=2\">Next</a>");
    assert_has(strstr(page, "<tbody>"), "\">last</a>"); /* what fails comes first */
    assert_int_equal(count_of(page, "<tr><th scope=\"row\">"), 1000);
    free(page);
    setting.query = "page=3&state=good";
    page = page_of(&setting, servers, 1, targets, COUNT);
    assert_has(page,
               "2001 to 2499, page 3 of 3 <a rel=\"prev\" href=\"?state=good&amp;page=2\">Previous</a>");
    assert_int_equal(count_of(page, "<tr><th scope=\"row\">"), 499);
    free(page);
    setting.query = "page=999999";
    page = page_of(&setting, servers, 1, targets, COUNT);
    assert_has(page, "page 3 of 3");
    free(page);
    free(targets);
}

static void links_read_back(void **state)
{
    static const char *const queries[] = {
        "",
        "state=failing",
        "q=a%20b%26c%3Dd",
        "sort=latency&refresh=off",
        "page=7",
        "appserver=a%2Fb&company=&probe=%C3%A4%25%2B%22&state=slow&q=x&sort=next&refresh=off&page=2"};

    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct page_query query;
        struct buffer link;
        char wanted[200] = "./";
        size_t size = 0;
        assert_null(page_query_read(&query, queries[i]));
        buffer_init(&link, 1000);
        page_query_link(&query, &link);
        for (const char *at = queries[i]; *at != '\0'; at++) {
            size += (size_t)snprintf(wanted + size, sizeof wanted - size, "%s%s", size == 0 ? "?" : "",
                                     *at == '&' ? "&amp;" : (char[]){*at, '\0'});
        }
        assert_string_equal(buffer_as_text(&link), wanted);
        buffer_free(&link);
        page_query_free(&query);
    }
}

ALL_TESTS(cmocka_unit_test(filters_by_state_and_text), cmocka_unit_test(the_form_keeps_what_was_asked),
          cmocka_unit_test(bad_queries), cmocka_unit_test(orders), cmocka_unit_test(thousands_are_paged),
          cmocka_unit_test(links_read_back), cmocka_unit_test(no_next_run),
          cmocka_unit_test(few_runs_stand_at_the_left));
