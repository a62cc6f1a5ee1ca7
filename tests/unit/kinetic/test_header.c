#include "main.h"

#include <string.h>

#include "base/memory.h"
#include "kinetic/exchange.h"
#include "kinetic/header.h"
#include "kinetic/license.h"

static void test_refuses_control_characters(void **state)
{
    (void)state;
    struct header_list list = {0};
    assert_true(header_add(&list, "X-A", "plain\ttab"));
    assert_false(header_add(&list, "X-B", "a\r\nX-Evil: 1"));
    assert_false(header_add(&list, "X-B", "a\nb"));
    assert_false(header_add(&list, "X-B", "a\x7f"));
    assert_true(header_add(&list, "X-C", "Gr\xc3\xbc\xc3\x9f"));
    assert_true(header_add(&list, "X-D", ""));
    assert_int_equal(list.count, 3);
    assert_string_equal(list.lines[0], "X-A: plain\ttab");
    assert_string_equal(list.lines[2], "X-D: ");
    header_list_free(&list);
    assert_int_equal(list.count, 0);
}

static void test_secrets(void **state)
{
    (void)state;
    struct header_list list = {0};
    struct secret *token = secret_new("abc.def", 7), *nul = secret_new("a\0b", 3);
    assert_true(header_add_secret(&list, "Authorization", "Bearer ", token));
    assert_false(header_add_secret(&list, "Authorization", "Bearer ", nul));
    assert_int_equal(list.count, 1);
    assert_string_equal(list.lines[0], "Authorization: Bearer abc.def");
    header_list_free(&list);
    secret_unref(token);
    secret_unref(nul);
}

static void test_basic(void **state)
{
    (void)state;
    static const struct {
        const char *user, *password, *line;
    } cases[] = {
        {"Aladdin", "open sesame", "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, /* RFC 7617 §2 */
        {"test", "123\xc2\xa3", "Authorization: Basic dGVzdDoxMjPCow=="},                /* RFC 7617 §2.1 */
        {"a", "x:y", "Authorization: Basic YTp4Onk="},
        {"a", "", "Authorization: Basic YTo="},
        {"a:b", "x", NULL},
        {"a", "x\ny", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct header_list list = {0};
        struct secret *user = secret_new(cases[i].user, strlen(cases[i].user));
        struct secret *password = secret_new(cases[i].password, strlen(cases[i].password));
        assert_int_equal(header_add_basic(&list, user, password), cases[i].line != NULL);
        assert_int_equal(list.count, cases[i].line != NULL);
        if (cases[i].line != NULL)
            assert_string_equal(list.lines[0], cases[i].line);
        header_list_free(&list);
        secret_unref(user);
        secret_unref(password);
    }
}

static void test_license(void **state)
{
    (void)state;
    struct header_list list = {0};
    assert_true(header_add_license(&list, NULL));
    assert_int_equal(list.count, 0);
    assert_true(header_add_license(&list, license_find("webservice")->guid));
    assert_string_equal(list.lines[0],
                        "License: {\"ClaimedLicense\":\"00000003-9439-4B30-A6F4-6D2FD4B9FD0F\"}");
    header_list_free(&list);
}

static void test_call_settings(void **state)
{
    (void)state;
    static const struct {
        const char *company, *plant, *language, *culture, *line;
    } cases[] = {
        {NULL, NULL, NULL, NULL, NULL},
        {"EPIC06", NULL, NULL, NULL, "CallSettings: {\"Company\":\"EPIC06\"}"},
        {"EPIC06", "MfgSys", "enu", "en-US",
         "CallSettings: "
         "{\"Company\":\"EPIC06\",\"Plant\":\"MfgSys\",\"Language\":\"enu\",\"FormatCulture\":\"en-US\"}"},
        {NULL, "", NULL, NULL, "CallSettings: {\"Plant\":\"\"}"},
        {NULL, "a\"b\\c\r\n", NULL, NULL, "CallSettings: {\"Plant\":\"a\\\"b\\\\c\\u000d\\u000a\"}"},
        {NULL, "\xc3\xbc \xe2\x82\xac \xf0\x9f\x8f\xad", NULL, NULL,
         "CallSettings: {\"Plant\":\"\\u00fc \\u20ac \\ud83c\\udfed\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct header_list list = {0};
        assert_true(header_add_call_settings(&list, cases[i].company, cases[i].plant, cases[i].language,
                                             cases[i].culture));
        assert_int_equal(list.count, cases[i].line != NULL);
        if (cases[i].line != NULL)
            assert_string_equal(list.lines[0], cases[i].line);
        header_list_free(&list);
    }
    struct header_list list = {0};
    assert_false(header_add_call_settings(&list, "E\xff", NULL, NULL, NULL));
    assert_int_equal(list.count, 0);
    header_list_free(&list);
}

static void test_licenses_are_found(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct license_row *row = license_table; row->name != NULL; row++, count++) {
        assert_ptr_equal(license_find(row->name), row);
        assert_ptr_equal(license_find(row->guid), row);
        assert_int_equal(strlen(row->guid), 36);
        assert_true(strlen(row->name) <= 32); /* what the contract gives a license label */
    }
    assert_int_equal(count, 14);
    assert_string_equal(license_find("00000003-9439-4b30-a6f4-6d2fd4b9fd0f")->name, "WebService");
    assert_null(license_find("Web"));
    assert_null(license_find(""));
}

static void test_request_is_freed(void **state)
{
    (void)state;
    struct request request = {
        .path = memory_copy_text("a"), .body = memory_copy_text("{}"), .method = HTTP_POST};
    assert_string_equal(http_method_name(request.method), "POST");
    assert_string_equal(http_method_name(HTTP_GET), "GET");
    assert_string_equal(http_method_name(HTTP_HEAD), "HEAD");
    request_free(&request);
    assert_null(request.path);
    assert_null(request.body);
}

ALL_TESTS(cmocka_unit_test(test_refuses_control_characters), cmocka_unit_test(test_secrets),
          cmocka_unit_test(test_basic), cmocka_unit_test(test_license), cmocka_unit_test(test_call_settings),
          cmocka_unit_test(test_licenses_are_found), cmocka_unit_test(test_request_is_freed));
