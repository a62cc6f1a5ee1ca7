#include "main.h"

#include <string.h>

#include "probe/search.h"

static const struct {
    const char *text, *stream;
} cases[] = {
    {"a", ""},
    {"a", "a"},
    {"a", "b"},
    {"ab", "aab"},
    {"aab", "aaab"},
    {"abab", "abaabab"},
    {"abab", "abaaba"},
    {"ababac", "abababac"},
    {"aaa", "aabaaa"},
    {"aaa", "aabaab"},
    {"needle", "a needle in a stack"},
    {"needle", "a needl"},
    {"\xc3\xbc", "f\xc3\xbcr"},
    {"abcabd", "abcabcabd"},
    {"<b>", "<a><b></b>"},
};

/* Cut in every way into three pieces, it finds what strstr finds in the whole. */
static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = strlen(cases[i].stream);
        struct search *search = search_new(cases[i].text);
        for (size_t a = 0; a <= size; a++)
            for (size_t b = a; b <= size; b++) {
                search_restart(search);
                search_feed(search, cases[i].stream, a);
                search_feed(search, cases[i].stream + a, b - a);
                search_feed(search, cases[i].stream + b, size - b);
                assert_int_equal(search_found(search), strstr(cases[i].stream, cases[i].text) != NULL);
            }
        search_free(search);
    }
}

/* Short texts of two letters against all streams of them. */
static void test_all_small(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 4; n++)
        for (unsigned bits = 0; bits < 1u << n; bits++) {
            char text[5] = {0}, stream[11] = {0};
            for (unsigned k = 0; k < n; k++)
                text[k] = (char)('a' + (bits >> k & 1));
            struct search *search = search_new(text);
            for (unsigned other = 0; other < 1u << 10; other++) {
                for (unsigned k = 0; k < 10; k++)
                    stream[k] = (char)('a' + (other >> k & 1));
                search_restart(search);
                search_feed(search, stream, 10);
                assert_int_equal(search_found(search), strstr(stream, text) != NULL);
            }
            search_free(search);
        }
}

static void test_bytes_of_any_kind(void **state)
{
    (void)state;
    struct search *search = search_new("b");
    search_feed(search, "a\0b", 3);
    assert_true(search_found(search));
    search_feed(search, NULL, 0);
    assert_true(search_found(search));
    search_restart(search);
    assert_false(search_found(search));
    search_free(search);
    search_free(NULL);
}

ALL_TESTS(cmocka_unit_test(test_cut), cmocka_unit_test(test_all_small),
          cmocka_unit_test(test_bytes_of_any_kind));
