/* What a scan takes out: rows, members, fields, columns, and what it says of errors. */
#include "main.h"

#include "base/memory.h"
#include "digest.h"

static const enum json_road roads[] = {JSON_ROAD_BYTES, JSON_ROAD_PORTABLE, JSON_ROAD_AVX2};

#define PATH(...)                                                                                            \
    {                                                                                                        \
        (const char *const[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)           \
    }

static const struct json_path root = {NULL, 0};
static const struct json_path value_path = PATH("value");
static const struct json_path list_path = PATH("returnObj", "List");
static const struct json_path members[] = {PATH("@odata.count"), PATH("odata.count"),
                                           PATH("returnObj", "Name"), PATH("a"), PATH("@odata.count")};
static const char *const fields[] = {"A", "B_b", ""};

static const struct json_plan plan_members = {
    .rows = &value_path, .members = members, .member_count = 5, .text_max = 16};
static const struct json_plan plan_fields = {
    .rows = &value_path, .fields = fields, .field_count = 3, .text_max = 8};
static const struct json_plan plan_list = {
    .rows = &list_path, .members = members, .member_count = 5, .text_max = 16, .columns = true};
static const struct json_plan plan_root_array = {
    .rows = &root, .fields = fields, .field_count = 1, .text_max = 8};
static const struct json_plan plan_root_object = {
    .columns = true, .members = members, .member_count = 4, .text_max = 5};
static const struct json_plan plan_columns = {.rows = &value_path, .columns = true};

struct scan_case {
    const char *name;
    const struct json_plan *plan;
    const char *text;
    const char *expected; /* all or the beginning of the digest */
};

#define FINE "error 0 at 0 () root "

static const struct scan_case cases[] = {
    {"rows are counted", &plan_members, "{\"value\":[{},{\"a\":[1,2,{}]},{}]}",
     FINE "an object rows an array 3 odd 0 columns 0 0\n absent() absent() absent() absent() "
          "absent()"},
    {"rows of every kind", &plan_members, "{\"value\":[1,\"x\",null,true,false,[[]],{},-0.5e3]}",
     FINE "an object rows an array 8 odd 7 "},
    {"an empty array of rows", &plan_members, "{\"value\":[ ]}", FINE "an object rows an array 0 odd 0 "},
    {"no rows", &plan_members, "{\"values\":[{}]}", FINE "an object rows absent 0 odd 0 "},
    {"rows that are no array", &plan_members, "{\"value\":{\"value\":[1]}}",
     FINE "an object rows an object 0 odd 0 "},
    {"rows that are null", &plan_members, "{\"value\":null}", FINE "an object rows null 0 odd 0 "},
    {"an inner array of the same name is none", &plan_members, "{\"x\":{\"value\":[1]},\"value\":[1]}",
     FINE "an object rows an array 1 odd 1 "},
    {"members of both dialects, to the digit", &plan_members,
     "{\"@odata.count\":9007199254740993,\"odata.count\":\"12\",\"a\":{\"b\":1}}",
     FINE "an object rows absent 0 odd 0 columns 0 0\n a number(9007199254740993) a string(12) "
          "absent() an "
          "object() a number(9007199254740993)"},
    {"each kind of member", &plan_members,
     "{\"@odata.count\":null,\"odata.count\":false,\"a\":true,\"returnObj\":{\"Name\":[1]}}",
     FINE "an object rows absent 0 odd 0 columns 0 0\n null() false() an array() true() null()"},
    {"the last of several wins", &plan_members, "{\"a\":\"first\",\"a\":2}",
     FINE "an object rows absent 0 odd 0 columns 0 0\n absent() absent() absent() a number(2) "
          "absent()"},
    {"an array on the way is looked through", &plan_list,
     "{\"returnObj\":[{\"Name\":\"N\",\"List\":[{\"x\":1},{\"y\":2,\"x\":0}]}]}",
     FINE "an object rows an array 2 odd 0 columns 2 "},
    {"no array on the way", &plan_list, "{\"returnObj\":{\"Name\":\"N\",\"List\":[{\"x\":1}]}}",
     FINE "an object rows an array 1 odd 0 columns 1 "},
    {"what is longer is cut and flagged, never inside a character", &plan_root_object,
     "{\"a\":\"1234\xC3\xA4\",\"@odata.count\":123456}",
     FINE "an object rows absent 0 odd 0 columns 2 0\na,@odata.count, a number...(12345) "
          "absent() absent() a string...(1234)"},
    {"the root is the array of rows", &plan_root_array, "[{\"A\":1},{\"A\":2,\"A\":\"3\"},[{\"A\":9}],7]",
     "row 0 an object: a number(1)\nrow 1 an object: a string(3)\nrow 2 an array: absent()\nrow 3 a number: "
     "absent()\n" FINE "an array rows an array 4 odd 2 "},
    {"fields of a row", &plan_fields,
     "{\"value\":[{\"B_b\":1.50,\"A\":\"x\",\"\":[]},{\"A\":{\"A\":1},\"C\":{\"B_b\":2}},{\"B_b\":null}]}",
     "row 0 an object: a string(x) a number(1.50) an array()\nrow 1 an object: an object() absent() "
     "absent()\n"
     "row 2 an object: absent() null() absent()\n"},
    {"a block that ends in a string of an object that is a field", &plan_fields,
     "{\"value\":[{\"A\":{\"x\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}}]"
     "}",
     "row 0 an object: an object() absent() absent()\n"},
    {"escapes are decoded", &plan_fields,
     "{\"value\":[{\"\\u0041\":\"\\\"\\\\\\/"
     "\\b\\f\\n\\r\\t\"},{\"A\":\"\\u00e4\\u20AC\"},{\"A\":\"\\ud834\\udd1e\"}]}",
     "row 0 an object: a string(\"\\/\b\f\n\r\t) absent() absent()\nrow 1 an object: a "
     "string(\xC3\xA4\xE2\x82\xAC) "
     "absent() absent()\nrow 2 an object: a string(\xF0\x9D\x84\x9E) absent() absent()\n"},
    {"half a surrogate pair is U+FFFD", &plan_fields,
     "{\"value\":[{\"A\":\"\\ud834\"},{\"A\":\"\\udd1ex\"},{\"A\":\"\\ud834\\n\"},{\"A\":"
     "\"\\ud834\\ud834\\udd1e\"}]}",
     "row 0 an object: a string(\xEF\xBF\xBD) absent() absent()\nrow 1 an object: a string(\xEF\xBF\xBDx) "
     "absent() "
     "absent()\nrow 2 an object: a string(\xEF\xBF\xBD\n) absent() absent()\nrow 3 an object: a "
     "string(\xEF\xBF\xBD\xF0\x9D\x84\x9E) absent() absent()\n"},
    {"a byte order mark is skipped", &plan_fields, "\xEF\xBB\xBF{\"value\":[{\"A\":1}]}",
     "row 0 an object: a number(1) absent() absent()\n" FINE},
    {"nothing", &plan_fields, "", "error 1 at 0 (byte 0: empty: there is no JSON value) root absent "},
    {"only blanks", &plan_fields, " \n", "error 1 at 2 (byte 2: empty: there is no JSON value) root absent "},
    {"half a text", &plan_fields, "{\"value\":[{\"A\":1},{\"A\":2",
     "row 0 an object: a number(1) absent() absent()\nerror 2 at 24 (byte 24: the text ends in the middle) "
     "root an "
     "object rows an array 2 odd 0 "},
    {"a member cut in the middle is none", &plan_members, "{\"a\":12",
     "error 2 at 7 (byte 7: the text ends in the middle) root an object rows absent 0 odd 0 columns 0 0\n "
     "absent() "
     "absent() absent() absent() absent()"},
    {"HTML", &plan_fields, "<html>",
     "error 3 at 0 (byte 0: a character that cannot stand here) root absent "},
    {"two texts", &plan_fields, "{} {}",
     "error 4 at 3 (byte 3: more text after the end of the value) root an object "},
    {"a control character", &plan_fields, "[\"a\tb\"]",
     "error 5 at 3 (byte 3: a control character in a string) root an array "},
    {"an escape", &plan_fields, "[\"a\\x\"]",
     "error 6 at 4 (byte 4: an escape that does not exist in a string) "},
    {"no UTF-8", &plan_fields, "[\"\xC3(\"]", "error 7 at 3 (byte 3: bytes in a string that are not UTF-8) "},
    {"a number", &plan_fields, "[01]", "error 8 at 2 (byte 2: a malformed number) "},
    {"a word", &plan_fields, "[nulL]", "error 9 at 4 (byte 4: a word that is not true, false or null) "},
    {"a number at the root", &plan_root_object, "-1e5", FINE "a number rows absent "},
    {"columns of the root object only", &plan_root_object, "{\"x\":{\"y\":1},\"z\":[{\"w\":1}]}",
     FINE "an object rows absent 0 odd 0 columns 2 "},
};

static void test_cases(void **state)
{
    (void)state;
    struct digest digest;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct scan_case *c = &cases[i];
        for (size_t r = 0; r < sizeof roads / sizeof *roads; r++) {
            for (size_t cut = 0; cut <= strlen(c->text); cut++) {
                digest_scan(&digest, c->plan, roads[r], c->text, strlen(c->text), &cut, 1);
                if (strncmp(digest.text, c->expected, strlen(c->expected)) != 0) {
                    fail_msg("%s, road %zu, cut at %zu:\n%s\nnot\n%s", c->name, r, cut, digest.text,
                             c->expected);
                }
            }
        }
    }
}

/* Rows of one name each, the name of at least so many digits; all fed at once, so that blocks see them. */
static struct json_result scan_rows(const struct json_plan *plan, int digits, size_t count,
                                    enum json_road road, struct json_scanner **scanner)
{
    char *text = memory_new(count + 1, 128);
    size_t size = (size_t)snprintf(text, 128, "{\"value\":[");
    for (size_t i = 0; i < count; i++) {
        size += (size_t)snprintf(text + size, 128, "%s{\"c%0*zu\":1}", i ? "," : "", digits, i);
    }
    size += (size_t)snprintf(text + size, 128, "]}");
    *scanner = json_scanner_new(plan, NULL, NULL);
    json_scanner_take_road(*scanner, road);
    assert_true(json_scanner_feed(*scanner, text, size));
    free(text);
    return *json_scanner_finish(*scanner);
}

static void test_column_bounds(void **state)
{
    (void)state;
    struct json_scanner *scanner;
    for (size_t r = 0; r < sizeof roads / sizeof *roads; r++) {
        struct json_result result = scan_rows(&plan_columns, 1, 1000, roads[r], &scanner);
        assert_int_equal(result.columns.count, 1000);
        assert_false(result.columns.incomplete);
        json_scanner_free(scanner);

        /* Rows beyond the thousandth are not looked at. */
        result = scan_rows(&plan_columns, 1, 1500, roads[r], &scanner);
        assert_int_equal(result.rows, 1500);
        assert_int_equal(result.columns.count, 1000);
        assert_string_equal(result.columns.names[999], "c999");
        assert_false(result.columns.incomplete);
        json_scanner_free(scanner);

        /* 64 KiB of names: each is 100 bytes and a NUL. */
        result = scan_rows(&plan_columns, 99, 1000, roads[r], &scanner);
        assert_int_equal(result.columns.count, JSON_COLUMN_BYTES_MAX / 101);
        assert_true(result.columns.incomplete);
        json_scanner_free(scanner);
    }
}

static void test_columns_of_one_hostile_row(void **state)
{
    (void)state;
    struct json_scanner *scanner = json_scanner_new(&plan_columns, NULL, NULL);
    assert_true(json_scanner_feed(scanner, "{\"value\":[{\"\":0", 15));
    for (int i = 0; i < 2 * JSON_COLUMNS_MAX; i++) {
        char text[32];
        assert_true(json_scanner_feed(scanner, text, (size_t)snprintf(text, sizeof text, ",\"c%d\":0", i)));
    }
    const char *name = ",\"endless ";
    assert_true(json_scanner_feed(scanner, name, strlen(name)));
    for (int i = 0; i < 100; i++) {
        assert_true(json_scanner_feed(scanner, "0123456789", 10));
    }
    assert_true(json_scanner_feed(scanner, "\":0}]}", 6));
    const struct json_result *result = json_scanner_finish(scanner);
    assert_int_equal(result->error, JSON_FINE);
    assert_int_equal(result->columns.count, JSON_COLUMNS_MAX);
    assert_true(result->columns.incomplete);
    assert_string_equal(result->columns.names[0], "");
    assert_string_equal(result->columns.names[4095], "c4094");
    json_scanner_free(scanner);
}

static void test_a_nul_in_a_column(void **state)
{
    (void)state;
    static const char text[] = "{\"value\":[{\"\\u0000x\":1},{\"\\ufffdx\":1}]}";
    struct json_scanner *scanner = json_scanner_new(&plan_columns, NULL, NULL);
    json_scanner_feed(scanner, text, strlen(text));
    const struct json_result *result = json_scanner_finish(scanner);
    assert_int_equal(result->columns.count, 1);
    assert_string_equal(result->columns.names[0], "\xef\xbf\xbdx");
    json_scanner_free(scanner);
}

static void test_overlong(void **state)
{
    (void)state;
    const char *text = "{\"a\":\"1234\xC3\xA4\",\"@odata.count\":12345,\"odata.count\":123456}";
    struct json_scanner *scanner = json_scanner_new(&plan_root_object, NULL, NULL);
    assert_true(json_scanner_feed(scanner, text, strlen(text)));
    const struct json_result *result = json_scanner_finish(scanner);
    assert_string_equal(result->members[3].text, "1234");
    assert_true(result->members[3].overlong);
    assert_int_equal(result->members[3].size, 4);
    assert_string_equal(result->members[0].text, "12345");
    assert_false(result->members[0].overlong);
    assert_string_equal(result->members[1].text, "12345");
    assert_true(result->members[1].overlong);
    json_scanner_free(scanner);
}

static void test_depth(void **state)
{
    (void)state;
    static char text[4 * JSON_DEPTH_MAX];
    struct digest digest;
    const struct json_plan plan = {.rows = &root};
    for (size_t r = 0; r < sizeof roads / sizeof *roads; r++) {
        for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
            memset(text, '[', depth);
            memset(text + depth, ']', depth);
            digest_scan(&digest, &plan, roads[r], text, 2 * depth, NULL, 0);
            const char *expected = depth > JSON_DEPTH_MAX
                                       ? "error 10 at 512 (byte 512: nested deeper than 512 levels)"
                                       : "error 0 at 0 () root an array rows an array 1 odd 1";
            assert_memory_equal(digest.text, expected, strlen(expected));
        }
    }
}

static void test_more_after_an_error_is_ignored(void **state)
{
    (void)state;
    const struct json_plan plan = {0};
    struct json_scanner *scanner = json_scanner_new(&plan, NULL, NULL);
    assert_true(json_scanner_feed(scanner, "[1,", 3));
    assert_true(json_scanner_feed(scanner, "", 0));
    assert_false(json_scanner_feed(scanner, "  ]", 3));
    assert_false(json_scanner_feed(scanner, "1]", 2));
    const struct json_result *result = json_scanner_finish(scanner);
    assert_int_equal(result->error, JSON_UNEXPECTED);
    assert_int_equal(result->offset, 5);
    assert_ptr_equal(result, json_scanner_finish(scanner));
    json_scanner_free(scanner);
    json_scanner_free(NULL);
}

static void test_a_scanner_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct json_scanner) < 4096);
}

static void test_path_split(void **state)
{
    (void)state;
    static const struct {
        const char *dotted;
        size_t depth; /* 99: refused */
        const char *names[3];
    } rows[] = {
        {"", 0, {0}},
        {"value", 1, {"value"}},
        {"returnObj.List.X", 3, {"returnObj", "List", "X"}},
        {"@odata\\.count", 1, {"@odata.count"}},
        {"a\\\\.b", 2, {"a\\", "b"}},
        {".", 99, {0}},
        {"a.", 99, {0}},
        {".a", 99, {0}},
        {"a..b", 99, {0}},
        {"a\\b", 99, {0}},
        {"a\\", 99, {0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_path path = {0};
        assert_int_equal(json_path_split(&path, rows[i].dotted), rows[i].depth != 99);
        assert_int_equal(path.depth, rows[i].depth % 99);
        for (size_t n = 0; n < path.depth; n++) {
            assert_string_equal(path.names[n], rows[i].names[n]);
        }
        json_path_free(&path);
    }
}

ALL_TESTS(cmocka_unit_test(test_cases), cmocka_unit_test(test_column_bounds),
          cmocka_unit_test(test_columns_of_one_hostile_row), cmocka_unit_test(test_a_nul_in_a_column),
          cmocka_unit_test(test_overlong), cmocka_unit_test(test_depth),
          cmocka_unit_test(test_more_after_an_error_is_ignored), cmocka_unit_test(test_a_scanner_is_small),
          cmocka_unit_test(test_path_split));
