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

ALL_TESTS(cmocka_unit_test(order_is_completed), cmocka_unit_test(scheme_is_case_blind));
