#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/query.h"

static void test_pairs(void **state)
{
    static const struct {
        const char *raw;
        const char *wanted; /* [name|value] of each pair; NULL: refused */
    } cases[] = {
        {"", ""},
        {"a=1", "[a|1]"},
        {"a=1&b=2&a=3", "[a|1][b|2][a|3]"},
        {"name[]=up&name%5B%5D=down", "[name[]|up][name[]|down]"},
        {"a", "[a|]"},
        {"a=", "[a|]"},
        {"=b", "[|b]"},
        {"=", "[|]"},
        {"a=b=c", "[a|b=c]"},
        {"&&a=1&&b&", "[a|1][b|]"},
        {"&", ""},
        {"q=one+two%20three%2B", "[q|one two three+]"},
        {"q+x=%26%3d%25", "[q x|&=%]"},
        {"q=K%C3%B6ln", "[q|K\xC3\xB6ln]"},
        {"q=%ff%FE", "[q|\xFF\xFE]"},
        {"q=%C3%B6\xC3\xB6", "[q|\xC3\xB6\xC3\xB6]"},
        {"q=?/;#", "[q|?/;#]"},
        {"q=%0a%22<", "[q|\n\"<]"},
        {"q=%", NULL},
        {"q=%4", NULL},
        {"q=%4&a=1", NULL},
        {"q=%zz", NULL},
        {"q=%4g", NULL},
        {"%=1", NULL},
        {"q=%00", NULL},
        {"q=a%00b", NULL},
        {"%", NULL},
        {"a=1&b=%%", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct query query;
        char found[128] = "";
        bool read = query_read(&query, cases[i].raw);
        if (read != (cases[i].wanted != NULL))
            fail_msg("\"%s\" is %s", cases[i].raw, read ? "read" : "refused");
        if (!read)
            continue;
        for (size_t pair = 0; pair < query.count; pair++)
            snprintf(found + strlen(found), sizeof found - strlen(found), "[%s|%s]", query.pairs[pair].name,
                     query.pairs[pair].value);
        assert_string_equal(found, cases[i].wanted);
        query_free(&query);
    }
}

static void test_the_first_of_a_name(void **state)
{
    struct query query;

    (void)state;
    assert_true(query_read(&query, "b=2&a=1&a=3"));
    assert_string_equal(query_value(&query, "a"), "1");
    assert_string_equal(query_value(&query, "b"), "2");
    assert_null(query_value(&query, "c"));
    query_free(&query);
}

static void test_limits(void **state)
{
    static char raw[QUERY_SIZE_MAX + 2];
    struct query query;

    (void)state;
    memset(raw, 'a', QUERY_SIZE_MAX);
    assert_true(query_read(&query, raw));
    assert_int_equal(strlen(query.pairs[0].name), QUERY_SIZE_MAX);
    query_free(&query);
    raw[QUERY_SIZE_MAX] = 'a';
    assert_false(query_read(&query, raw));

    /* Only empty pairs, as many as there can be. */
    memset(raw, '&', QUERY_SIZE_MAX);
    raw[QUERY_SIZE_MAX] = '\0';
    assert_true(query_read(&query, raw));
    assert_int_equal(query.count, 0);
    query_free(&query);

    /* Pairs of one byte: each needs two NULs and has one place for them. */
    size_t size = 0;
    for (size_t i = 0; i < QUERY_PAIRS_MAX; i++) {
        raw[size++] = 'n';
        raw[size++] = '&';
    }
    raw[size] = '\0';
    assert_true(query_read(&query, raw));
    assert_int_equal(query.count, QUERY_PAIRS_MAX);
    query_free(&query);
    raw[size++] = 'n';
    raw[size] = '\0';
    assert_false(query_read(&query, raw));
}

ALL_TESTS(cmocka_unit_test(test_pairs), cmocka_unit_test(test_the_first_of_a_name),
          cmocka_unit_test(test_limits));
