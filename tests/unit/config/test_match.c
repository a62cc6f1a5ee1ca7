#include "main.h"

#include "fixture.h"

#include "config/match.h"

static struct model *read_good(const char *text)
{
    struct fault_list faults = {0};
    struct model *model = read_text(text, &faults);

    for (size_t i = 0; model == NULL && i < faults.count; i++)
        print_error("%d: %s\n", faults.items[i].line, faults.items[i].text);
    fault_list_free(&faults);
    assert_non_null(model);
    return model;
}

#define LOGIN         "username_env = PATH\npassword_env = PATH\napi_key_env = PATH\n"
#define HOST(name)    "[appserver " name "]\nurl = https://erp.example.com/" name "\n" LOGIN
#define QUERY(name)   "[probe " name "]\nkind = baq\nbaq = Orders\n"
#define COMPANY(list) "company = " list "\n"

static void test_all_is_new_without_a_model_before(void **state)
{
    struct model *model = read_good(GOOD);
    struct model_match match = model_match(NULL, model);

    (void)state;
    assert_true(match.appservers[0] == MATCH_NEW);
    assert_true(match.targets[0] == MATCH_NEW);
    model_match_free(&match);
    model_unref(model);
}

static void test_rows_are_matched_by_their_names(void **state)
{
    /* Targets: orders live A, orders live B, orders test A, stock live A, stock live B, stock test A. */
    struct model *before = read_good(HOST("live") COMPANY("A, B") HOST("test") COMPANY("A") QUERY("orders")
                                         QUERY("stock"));
    /* Another order, a company less, a server more, other settings; test is not asked for orders any more. */
    struct model *after = read_good(
        HOST("third") COMPANY("A") HOST("test") COMPANY("A") "max_in_flight = 3\n" HOST("live") COMPANY("B")
            QUERY("stock") "interval = 5m\n" QUERY("orders") "appserver = third, live\n" QUERY("new"));
    struct model_match match = model_match(before, after);
    static const size_t appservers[] = {MATCH_NEW, 1, 0};
    static const size_t targets[] = {MATCH_NEW, 5, 4, MATCH_NEW, 1, MATCH_NEW, MATCH_NEW, MATCH_NEW};

    (void)state;
    assert_int_equal(before->target_count, 6);
    assert_int_equal(after->appserver_count, 3);
    assert_int_equal(after->target_count, 8);
    for (size_t i = 0; i < 3; i++)
        assert_true(match.appservers[i] == appservers[i]);
    for (size_t i = 0; i < 8; i++)
        if (match.targets[i] != targets[i])
            fail_msg("target %zu: %zu", i, match.targets[i]);
    model_match_free(&match);
    model_unref(before);
    model_unref(after);
}

static void test_names_that_join_to_the_same_text_differ(void **state)
{
    struct model *before = read_good(HOST("a") COMPANY("bc") QUERY("d"));
    struct model *after = read_good(HOST("a") COMPANY("b") QUERY("cd"));
    struct model_match match = model_match(before, after);

    (void)state;
    assert_true(match.appservers[0] == 0);
    assert_true(match.targets[0] == MATCH_NEW);
    model_match_free(&match);
    model_unref(before);
    model_unref(after);
}

static void test_many(void **state)
{
    enum { PROBES = 1000 };
    struct buffer text, reversed;

    (void)state;
    buffer_init(&text, 1 << 20);
    buffer_init(&reversed, 1 << 20);
    buffer_text(&text, HOST("live") COMPANY("A"));
    buffer_text(&reversed, HOST("live") COMPANY("A"));
    for (int i = 0; i < PROBES; i++) {
        buffer_format(&text, QUERY("p%d"), i);
        buffer_format(&reversed, QUERY("p%d"), PROBES - 1 - i);
    }
    struct model *before = read_good(buffer_as_text(&text)), *after = read_good(buffer_as_text(&reversed));
    struct model_match match = model_match(before, after);
    for (size_t i = 0; i < PROBES; i++)
        assert_true(match.targets[i] == PROBES - 1 - i);
    model_match_free(&match);
    model_unref(before);
    model_unref(after);
    buffer_free(&text);
    buffer_free(&reversed);
}

/* ---- logins ---- */

static void test_which_changes_are_another_login(void **state)
{
#define ONE(keys) "[appserver a]\nurl = https://erp.example.com/a\ncompany = A\n" keys QUERY("orders")
#define KEYS      "username = u\npassword = p\napi_key = k\n"
    static const struct {
        const char *before, *after;
        bool same;
    } cases[] = {
        {ONE(KEYS), ONE(KEYS), true},
        /* Another order, a comment, another amount. */
        {ONE(KEYS), ONE("password = p\n# hello\napi_key = k\nusername = u\n"), true},
        {ONE(KEYS), ONE(KEYS "max_in_flight = 3\nbackoff = 2s..1m\nlogin_retry = 1m..5m\nlicense = none\n"),
         true},
        {ONE(KEYS), ONE("username = u\npassword = q\napi_key = k\n"), false},
        {ONE(KEYS), ONE("username = v\npassword = p\napi_key = k\n"), false},
        {ONE(KEYS), ONE("username = u\npassword = p\napi_key = l\n"), false},
        {ONE(KEYS), ONE("username = u\npassword_env = PATH\napi_key = k\n"), false},
        {ONE("username = u\npassword_file = /a\napi_key = k\n"),
         ONE("username = u\npassword_file = /a\napi_key = k\n"), true},
        {ONE("username = u\npassword_file = /a\napi_key = k\n"),
         ONE("username = u\npassword_file = /b\napi_key = k\n"), false},
        {ONE(KEYS), ONE(KEYS "auth = basic\n"), false},
        {ONE(KEYS "auth = basic\n"), ONE(KEYS), false},
        {ONE(KEYS), ONE(KEYS "tls_server_name = other.example.com\n"), false},
        {ONE(KEYS "header.x = 1\n"), ONE(KEYS "header.x = 2\n"), false},
        {ONE(KEYS), ONE(KEYS "header.x = 2\n"), false},
        {ONE(KEYS), ONE(KEYS "license = none\n"), true},
        {ONE(KEYS "session = shared\n"), ONE(KEYS "session = shared\nlicense = none\n"), false},
        {ONE(KEYS), ONE(KEYS "session = shared\n"), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct model *before = read_good(cases[i].before), *after = read_good(cases[i].after);
        if (appserver_same_login(&before->appservers[0], &after->appservers[0]) != cases[i].same)
            fail_msg("case %zu: %s", i, cases[i].after);
        if (appserver_same_login(&after->appservers[0], &before->appservers[0]) != cases[i].same &&
            strstr(cases[i].after, "session") == NULL)
            fail_msg("case %zu backwards: %s", i, cases[i].after);
        model_unref(before);
        model_unref(after);
    }
}

ALL_TESTS(cmocka_unit_test(test_all_is_new_without_a_model_before),
          cmocka_unit_test(test_rows_are_matched_by_their_names),
          cmocka_unit_test(test_names_that_join_to_the_same_text_differ), cmocka_unit_test(test_many),
          cmocka_unit_test(test_which_changes_are_another_login));
