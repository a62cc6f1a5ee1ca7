#include "main.h"

#include <string.h>

#include "base/text.h"

static void spans(void **state)
{
    (void)state;
    struct span empty = {NULL, 0};
    assert_true(span_is(span_of("abc"), "abc"));
    assert_false(span_is(span_of("abc"), "ab"));
    assert_false(span_is(span_of("ab"), "abc"));
    assert_true(span_is(empty, ""));
    assert_true(span_starts_with(span_of("abc"), "ab"));
    assert_true(span_starts_with(empty, ""));
    assert_false(span_starts_with(span_of("a"), "ab"));
    assert_true(span_is_nocase(span_of("Bearer"), "bEARER"));
    assert_false(span_is_nocase(span_of("Bearer"), "bearer "));
    assert_false(span_is_nocase(span_of("["), "{")); /* 32 apart, but no letters */
    assert_true(span_is(span_trim(span_of(" \t\r\n a b \n")), "a b"));
    assert_true(span_is(span_trim(span_of(" \t ")), ""));
    assert_true(span_is(span_trim(empty), ""));
}

static void items_of_lists(void **state)
{
    static const struct {
        const char *list, *items; /* items in brackets */
    } rows[] = {{"", ""},
                {"a", "[a]"},
                {"a,b", "[a][b]"},
                {" a , b ", "[a][b]"},
                {"a,", "[a][]"},
                {",a", "[][a]"},
                {",", "[][]"},
                {",,", "[][][]"},
                {" ", "[]"},
                {"a,,b", "[a][][b]"},
                {"a b,c d", "[a b][c d]"},
                {"a, ", "[a][]"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct span rest = span_of(rows[i].list), item;
        char items[64] = "";
        size_t used = 0;
        while (span_next_item(&rest, &item)) {
            items[used++] = '[';
            if (item.size > 0)
                memcpy(items + used, item.data, item.size);
            used += item.size;
            items[used++] = ']';
            assert_true(used < sizeof items - 16);
        }
        assert_string_equal(items, rows[i].items);
        assert_false(span_next_item(&rest, &item));
    }
}

static void finding(void **state)
{
    (void)state;
    struct span text = span_of("one Two three");
    assert_ptr_equal(span_find(text, "Two"), text.data + 4);
    assert_null(span_find(text, "two"));
    assert_ptr_equal(span_find_nocase(text, "tWO"), text.data + 4);
    assert_ptr_equal(span_find_nocase(text, "THREE"), text.data + 8);
    assert_null(span_find_nocase(text, "threes"));
    assert_null(span_find((struct span){NULL, 0}, "a"));
    assert_null(span_find_nocase((struct span){NULL, 0}, "a"));
    assert_null(span_find((struct span){"abc", 2}, "bc"));
    assert_null(span_find_nocase((struct span){"abc", 2}, "BC"));
}

static void booleans(void **state)
{
    static const char *const wrong[] = {"", "y", "YES", "1", "0", "yes ", " no", "truefalse", "ye"};
    bool value = false;

    (void)state;
    assert_true(text_to_bool(span_of("yes"), &value) && value);
    assert_true(text_to_bool(span_of("no"), &value) && !value);
    assert_true(text_to_bool(span_of("true"), &value) && value);
    assert_true(text_to_bool(span_of("false"), &value) && !value);
    assert_true(text_to_bool(span_of("on"), &value) && value);
    assert_true(text_to_bool(span_of("off"), &value) && !value);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(text_to_bool(span_of(wrong[i]), &value));
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
        const char *again; /* NULL: the same text */
    } rows[] = {{"0", 0, NULL},
                {"0s", 0, "0"},
                {"500ms", 500000000, NULL},
                {"30s", 30000000000, NULL},
                {"5m", 300000000000, NULL},
                {"8h", 28800000000000, NULL},
                {"7d", 604800000000000, NULL},
                {"1h30m", 5400000000000, NULL},
                {"90m", 5400000000000, "1h30m"},
                {"1500ms", 1500000000, "1s500ms"},
                {"1d2h3m4s5ms", 93784005000000, NULL},
                {"007s", 7000000000, "7s"},
                {"106751d23h47m16s854ms", 9223372036854000000, NULL}};
    static const char *const wrong[] = {"",
                                        "1",
                                        "00",
                                        "s",
                                        "-1s",
                                        "+1s",
                                        "1.5h",
                                        "1h 30m",
                                        " 1s",
                                        "1s ",
                                        "1S",
                                        "1s1s",
                                        "1m1h",
                                        "1ms1s",
                                        "1w",
                                        "1y",
                                        "1us",
                                        "1hm",
                                        "106752d",
                                        "106751d23h47m16s855ms",
                                        "1s1",
                                        "9223372036854775808ms",
                                        "99999999999999999999s",
                                        "1d99999999999999999999h"};
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ns = -1, back = -1;
        assert_true(text_to_duration(span_of(rows[i].text), &ns));
        assert_true(ns == rows[i].ns);
        assert_string_equal(text_from_duration(ns, text, sizeof text),
                            rows[i].again ? rows[i].again : rows[i].text);
        assert_true(text_to_duration(span_of(text), &back) && back == ns);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t ns = -5;
        if (text_to_duration(span_of(wrong[i]), &ns))
            fail_msg("accepted %s", wrong[i]);
        assert_true(ns == -5);
    }
    assert_false(text_to_duration((struct span){"1s\0", 3}, &(int64_t){0}));
    assert_string_equal(text_from_duration(-1, text, sizeof text), "0");
    assert_string_equal(text_from_duration(1999999, text, sizeof text), "1ms");
    assert_string_equal(text_from_duration(INT64_MAX, text, sizeof text), "106751d23h47m16s854ms");
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
        const char *again;
    } rows[] = {{"0", 0, NULL},
                {"512", 512, NULL},
                {"64KiB", 65536, NULL},
                {"16MiB", 16777216, NULL},
                {"2GiB", UINT64_C(2147483648), NULL},
                {"1024KiB", 1048576, "1MiB"},
                {"1KB", 1000, "1000"},
                {"5MB", 5000000, "5000000"},
                {"3GB", UINT64_C(3000000000), "3000000000"},
                {"0KiB", 0, "0"},
                {"18446744073709551615", UINT64_MAX, NULL}};
    static const char *const wrong[] = {"",
                                        "KiB",
                                        "-1",
                                        "1.5MiB",
                                        "1 KiB",
                                        "1kib",
                                        "1K",
                                        "1TiB",
                                        "1KiB1",
                                        "0x10",
                                        " 512",
                                        "512 ",
                                        "18446744073709551616",
                                        "17179869184GiB"};
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t bytes = 99, back = 99;
        assert_true(text_to_size(span_of(rows[i].text), &bytes));
        assert_true(bytes == rows[i].bytes);
        assert_string_equal(text_from_size(bytes, text, sizeof text),
                            rows[i].again ? rows[i].again : rows[i].text);
        assert_true(text_to_size(span_of(text), &back) && back == bytes);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint64_t bytes = 5;
        if (text_to_size(span_of(wrong[i]), &bytes))
            fail_msg("accepted %s", wrong[i]);
        assert_true(bytes == 5);
    }
}

static void utf8(void **state)
{
    static const struct {
        const char *bytes;
        bool valid;
    } rows[] = {{"", true},
                {"plain text, longer than eight bytes", true},
                {"\xC3\xA9", true},
                {"1234567\xC3\xA9 1234567\xE2\x82\xAC", true},
                {"\xED\x9F\xBF", true},
                {"\xEE\x80\x80", true},
                {"\xF0\x90\x80\x80", true},
                {"\xF4\x8F\xBF\xBF", true},
                {"\x80", false},
                {"\xC0\x80", false},
                {"\xC1\xBF", false},
                {"\xC3", false},
                {"\xC3(", false},
                {"\xE0\x9F\xBF", false},
                {"\xED\xA0\x80", false}, /* a surrogate */
                {"\xED\xBF\xBF", false},
                {"\xE2\x82", false},
                {"\xE2\x82(", false},
                {"\xF0\x8F\xBF\xBF", false},
                {"\xF4\x90\x80\x80", false},
                {"\xF5\x80\x80\x80", false},
                {"\xF0\x90\x80", false},
                {"\xFF", false},
                {"12345678\xFF", false},
                {"1234567\xFF", false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (text_is_utf8(rows[i].bytes, strlen(rows[i].bytes)) != rows[i].valid)
            fail_msg("row %zu", i);
    assert_true(text_is_utf8("\0\0", 2));
    assert_true(text_is_utf8(NULL, 0));
    assert_int_equal(text_utf8_size(NULL, 0), 0);
    static const struct {
        const char *sequence;
        uint32_t code;
    } points[] = {{"a", 'a'},
                  {"\x7f", 0x7f},
                  {"\xc2\x80", 0x80},
                  {"\xdf\xbf", 0x7ff},
                  {"\xe0\xa0\x80", 0x800},
                  {"\xef\xbf\xbf", 0xffff},
                  {"\xf0\x90\x80\x80", 0x10000},
                  {"\xf4\x8f\xbf\xbf", 0x10ffff}};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        size_t size = text_utf8_size(points[i].sequence, strlen(points[i].sequence));
        assert_int_equal(size, strlen(points[i].sequence));
        assert_int_equal(text_code_point(points[i].sequence, size), points[i].code);
    }
    assert_int_equal(text_utf8_size("a", 1), 1);
    assert_int_equal(text_utf8_size("\xE2\x82\xAC", 3), 3);
    assert_int_equal(text_utf8_size("\xE2\x82\xAC", 2), 0);
}

/* Every code point in its one right form, and none of the surrogates. */
static void utf8_of_every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x110FFF; c++) {
        char bytes[4];
        size_t size;
        if (c < 0x80) {
            bytes[0] = (char)c;
            size = 1;
        } else if (c < 0x800) {
            bytes[0] = (char)(0xC0 | c >> 6);
            bytes[1] = (char)(0x80 | (c & 0x3F));
            size = 2;
        } else if (c < 0x10000) {
            bytes[0] = (char)(0xE0 | c >> 12);
            bytes[1] = (char)(0x80 | (c >> 6 & 0x3F));
            bytes[2] = (char)(0x80 | (c & 0x3F));
            size = 3;
        } else {
            bytes[0] = (char)(0xF0 | c >> 18);
            bytes[1] = (char)(0x80 | (c >> 12 & 0x3F));
            bytes[2] = (char)(0x80 | (c >> 6 & 0x3F));
            bytes[3] = (char)(0x80 | (c & 0x3F));
            size = 4;
        }
        bool valid = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
        if (text_is_utf8(bytes, size) != valid || text_utf8_size(bytes, size) != (valid ? size : 0))
            fail_msg("U+%04X", c);
    }
}

static void the_nearest_word(void **state)
{
    static const char *const keys[] = {"interval", "timeout", "company", "username",
                                       "password", "rows",    "url"};
    static const struct {
        const char *word, *nearest;
    } rows[] = {{"intreval", "interval"},
                {"interva", "interval"},
                {"timout", "timeout"},
                {"tmieout", "timeout"},
                {"passwrod", "password"},
                {"pasword", "password"},
                {"row", "rows"},
                {"rosw", "rows"},
                {"ulr", "url"},
                {"u", NULL},
                {"", NULL},
                {"certificate", NULL},
                {"user", NULL},
                {"compnay", "company"},
                {"url", "url"},
                {"usrenaem", "username"}};
    char huge[5000];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *found = text_nearest(rows[i].word, keys, sizeof keys / sizeof keys[0]);
        if (rows[i].nearest == NULL ? found != NULL : found == NULL || strcmp(found, rows[i].nearest) != 0)
            fail_msg("%s gave %s", rows[i].word, found ? found : "nothing");
    }
    memset(huge, 'a', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_null(text_nearest(huge, keys, 7));
    assert_null(text_nearest("url", NULL, 0));
    assert_null(text_nearest("aaaaaaaaaaa", (const char *const[]){huge}, 1));
}

static void base64(void **state)
{
    static const struct {
        const char *encoded, *decoded;
    } rows[] = {{"", ""},
                {"Zg==", "f"},
                {"Zm8=", "fo"},
                {"Zm9v", "foo"},
                {"Zm9vYg==", "foob"},
                {"Zm9vYmE=", "fooba"},
                {"Zm9vYmFy", "foobar"}};
    static const char *const wrong[] = {
        "A", "A===", "=", "====", "Zg=", "Zg===", "Z g=", "Zg==Zg==", "Zm9vY", "Zm9v\n", "*m9v"};
    unsigned char out[64];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char encoded[64];
        size_t size = strlen(rows[i].decoded);
        text_base64_encode(rows[i].decoded, size, encoded);
        assert_string_equal(encoded, rows[i].encoded);
        assert_int_equal(text_base64_decode(span_of(encoded), out), size);
        assert_memory_equal(out, rows[i].decoded, size);
        struct span bare = span_of(encoded);
        while (bare.size > 0 && bare.data[bare.size - 1] == '=')
            bare.size--;
        assert_int_equal(text_base64_decode(bare, out), size);
        assert_memory_equal(out, rows[i].decoded, size);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (text_base64_decode(span_of(wrong[i]), out) != -1)
            fail_msg("accepted %s", wrong[i]);
    assert_int_equal(text_base64_decode(span_of("-_-_"), out), 3);
    assert_memory_equal(out, "\xFB\xFF\xBF", 3);
    assert_int_equal(text_base64_decode(span_of("+/+/"), out), 3);
    assert_memory_equal(out, "\xFB\xFF\xBF", 3);
    assert_int_equal(text_base64_decode((struct span){"Zm9v\0", 5}, out), -1);
}

static void hash_is_fnv_1a(void **state)
{
    (void)state;
    assert_true(text_hash(TEXT_HASH_START, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(text_hash(TEXT_HASH_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(text_hash(TEXT_HASH_START, "foobar", 6) == UINT64_C(0x85944171f73967e8));
    assert_true(text_hash(text_hash(TEXT_HASH_START, "foo", 3), "bar", 3) == UINT64_C(0x85944171f73967e8));
}

ALL_TESTS(cmocka_unit_test(spans), cmocka_unit_test(items_of_lists), cmocka_unit_test(finding),
          cmocka_unit_test(booleans), cmocka_unit_test(durations), cmocka_unit_test(sizes),
          cmocka_unit_test(utf8), cmocka_unit_test(utf8_of_every_code_point),
          cmocka_unit_test(the_nearest_word), cmocka_unit_test(base64), cmocka_unit_test(hash_is_fnv_1a));
