#include "main.h"

#include "agent/outgoing.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void order_is_completed(void **state)
{
    static char body[] = "{}";
    static const struct {
        const char *given[3];
        bool body;
        const char *type;
        const char *wanted[5];
        bool good;
    } cases[] = {
        {{NULL}, false, NULL, {"Accept: application/json"}, true},
        {{"accept: text/xml"}, false, NULL, {"accept: text/xml"}, true},
        {{"Accept-Language: de"}, false, NULL, {"Accept-Language: de", "Accept: application/json"}, true},
        {{"X-Empty: ", "X-None:"}, false, NULL, {"X-Empty;", "X-None;", "Accept: application/json"}, true},
        {{NULL},
         true,
         "application/json",
         {"Accept: application/json", "Content-Type: application/json"},
         true},
        {{"content-type: a/b"}, true, "c/d", {"content-type: a/b", "Accept: application/json"}, true},
        {{NULL}, false, "application/json", {"Accept: application/json"}, true},
        {{NULL}, true, "a\r\nX: b", {"Accept: application/json"}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request = {.body = cases[i].body ? body : NULL, .content_type = cases[i].type};
        struct order given = {.request = &request, .url = memory_copy_text("http://a/")};

        for (size_t n = 0; n < 3 && cases[i].given[n] != NULL; n++) {
            const char *colon = strchr(cases[i].given[n], ':');
            char *name = memory_copy_bytes(cases[i].given[n], (size_t)(colon - cases[i].given[n]));

            assert_true(header_add(&given.headers, name, colon + 1 + strspn(colon + 1, " ")));
            free(name);
        }
        struct order order = outgoing_take(&given);

        assert_null(given.url);
        assert_int_equal(given.headers.count, 0);
        assert_int_equal(outgoing_complete(&order), cases[i].good);
        size_t n = 0;

        for (; n < 5 && cases[i].wanted[n] != NULL; n++)
            assert_string_equal(order.headers.lines[n], cases[i].wanted[n]);
        assert_int_equal(order.headers.count, n);
        outgoing_free(&order);
        assert_null(order.url);
    }
}

static void scheme_is_case_blind(void **state)
{
    struct order order = {.url = (char *)(uintptr_t) "HTTPS://a"};

    (void)state;
    assert_true(outgoing_is_tls(&order));
    order.url = (char *)(uintptr_t) "http://https:";
    assert_false(outgoing_is_tls(&order));
}

static void server_name_takes_the_place_of_the_host(void **state)
{
    static const struct {
        const char *name, *url;
        bool outside;
        const char *new_url, *connect_to, *host;
    } cases[] = {
        {"erp.example", "https://10.0.0.1/a?b=https://c", false, "https://erp.example/a?b=https://c",
         "::10.0.0.1:", "Host: 10.0.0.1"},
        {"erp.example", "HTTPS://node1:8443", false, "https://erp.example:8443",
         "::node1:", "Host: node1:8443"},
        {"erp.example", "https://[::1]:8443/a", false, "https://erp.example:8443/a",
         "::[::1]:", "Host: [::1]:8443"},
        {"erp.example", "https://[::1]?a", false, "https://erp.example?a", "::[::1]:", "Host: [::1]"},
        {"erp.example", "http://node1/a", false, "http://node1/a", NULL, NULL},
        {"erp.example", "https://node1/a", true, "https://node1/a", NULL, NULL},
        {NULL, "https://node1/a", false, "https://node1/a", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct appserver_settings appserver = {.tls_server_name = (char *)(uintptr_t)cases[i].name};
        struct order order = {
            .appserver = &appserver, .url = memory_copy_text(cases[i].url), .outside = cases[i].outside};
        char *connect_to = outgoing_rename(&order);

        assert_string_equal(order.url, cases[i].new_url);
        if (cases[i].connect_to == NULL) {
            assert_null(connect_to);
            assert_int_equal(order.headers.count, 0);
        } else {
            assert_string_equal(connect_to, cases[i].connect_to);
            assert_int_equal(order.headers.count, 1);
            assert_string_equal(order.headers.lines[0], cases[i].host);
        }
        free(connect_to);
        outgoing_free(&order);
    }
}

static void login_has_to_be_ascii(void **state)
{
    static const struct {
        const char *username, *password, *words;
    } cases[] = {
        {"D\\u", "p w~", NULL},     {NULL, "p", "no user name"}, {"u", NULL, "no user name"},
        {"u", "\xc3\xa9", "ASCII"}, {"\xe9", "p", "ASCII"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *user = cases[i].username, *password = cases[i].password;
        struct order order = {.url = memory_copy_text("http://a"),
                              .login = ORDER_NTLM,
                              .username = user == NULL ? NULL : secret_new(user, strlen(user)),
                              .password = password == NULL ? NULL : secret_new(password, strlen(password))};
        const char *fault = outgoing_login_fault(&order);

        assert_true((fault == NULL) == (cases[i].words == NULL));
        assert_true(fault == NULL || strstr(fault, cases[i].words) != NULL);
        order.login = ORDER_NO_LOGIN;
        assert_null(outgoing_login_fault(&order));
        outgoing_free(&order);
    }
}

ALL_TESTS(cmocka_unit_test(server_name_takes_the_place_of_the_host), cmocka_unit_test(login_has_to_be_ascii),
          cmocka_unit_test(order_is_completed), cmocka_unit_test(scheme_is_case_blind));
