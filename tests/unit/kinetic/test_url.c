#include "main.h"

#include "kinetic/url.h"

static void test_encodes_all_but_unreserved(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 4096);
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    assert_true(url_encode(&out, (struct span){all, sizeof all}, NULL));
    assert_int_equal(out.size, 66 + (256 - 66) * 3); /* RFC 3986 §2.3 has 66 unreserved characters */
    buffer_clear(&out);
    assert_true(url_encode(&out, span_of("Erp Parts('a/b')\xc3\xbc%41"), "(')"));
    assert_string_equal(buffer_as_text(&out), "Erp%20Parts('a%2Fb')%C3%BC%2541");
    buffer_free(&out);
}

static void test_query(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *query;
    } cases[] = {
        {"$filter", "OrderNum eq 5 and Name eq 'A&B=C+D'",
         "?$filter=OrderNum%20eq%205%20and%20Name%20eq%20'A%26B%3DC%2BD'"},
        {"$select", "A,B,Calculated_C", "?$select=A,B,Calculated_C"},
        {"Date", "2026-01-31T12:00:00", "?Date=2026-01-31T12:00:00"},
        {"a b&c", "x#y?z;", "?a%20b%26c=x%23y%3Fz%3B"},
        {"empty", "", "?empty="},
        {"quoted", "'it''s'", "?quoted='it''s'"},
        {"umlaut", "\xc3\xbc", "?umlaut=%C3%BC"},
        {"percent", "100%25", "?percent=100%2525"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer out;
        buffer_init(&out, 4096);
        assert_true(url_add_query(&out, cases[i].name, cases[i].value));
        assert_string_equal(buffer_as_text(&out), cases[i].query);
        assert_true(url_add_query(&out, "n", "2"));
        assert_string_equal(buffer_as_text(&out) + out.size - 4, "&n=2");
        buffer_free(&out);
    }
}

static void test_fails_rather_than_cuts(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 8);
    assert_false(url_add_query(&out, "name", "value"));
    assert_true(out.failed);
    buffer_free(&out);
}

ALL_TESTS(cmocka_unit_test(test_encodes_all_but_unreserved), cmocka_unit_test(test_query),
          cmocka_unit_test(test_fails_rather_than_cuts));
