/* JSON as it is written: exactly, and read back by somebody else's reader. */
#include "main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "base/clock.h"
#include "base/memory.h"
#include "web/json_writer.h"

static struct buffer out;
static struct json_writer writer;

static void begin(void)
{
    buffer_init(&out, 1 << 20);
    writer = (struct json_writer){.out = &out};
}

static void assert_written(const char *wanted)
{
    assert_string_equal(buffer_as_text(&out), wanted);
    buffer_free(&out);
}

static void texts(void **state)
{
    static const struct {
        const char *text, *written;
        const char *read; /* NULL: as it was */
    } cases[] = {
        {"", "\"\"", NULL},
        {"plain", "\"plain\"", NULL},
        {"a \"b\" \\c/", "\"a \\\"b\\\" \\\\c/\"", NULL},
        {"\b\f\n\r\t\x01\x1f\x7f", "\"\\u0008\\u000c\\u000a\\u000d\\u0009\\u0001\\u001f\\u007f\"", NULL},
        {"</script><!--&", "\"\\u003c/script\\u003e\\u003c!--\\u0026\"", NULL},
        {"\xE2\x80\xA8\xE2\x80\xA9", "\"\\u2028\\u2029\"", NULL},
        {"\xC2\x85", "\"\\u0085\"", NULL},
        {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"", NULL},
        {"a\xFF"
         "b",
         "\"a\xEF\xBF\xBD"
         "b\"",
         "a\xEF\xBF\xBD"
         "b"},
        {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"cut \xE2\x82", "\"cut \xEF\xBF\xBD\xEF\xBF\xBD\"", "cut \xEF\xBF\xBD\xEF\xBF\xBD"},
        {NULL, "null", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        json_text(&writer, cases[i].text);
        cJSON *read = cJSON_Parse(buffer_as_text(&out));
        assert_non_null(read);
        if (cases[i].text != NULL)
            assert_string_equal(cJSON_GetStringValue(read),
                                cases[i].read != NULL ? cases[i].read : cases[i].text);
        cJSON_Delete(read);
        assert_written(cases[i].written);
    }
}

static void numbers(void **state)
{
    (void)state;
    begin();
    json_open(&writer, '[');
    json_number(&writer, 0.182);
    json_number(&writer, -3);
    json_number(&writer, (double)NAN);
    json_number(&writer, (double)INFINITY);
    json_number(&writer, 1e300);
    json_integer(&writer, 0);
    json_integer(&writer, INT64_MAX);
    json_integer(&writer, INT64_MIN);
    json_thousandths(&writer, INT64_C(1767225600123));
    json_thousandths(&writer, INT64_C(1767225600000));
    json_thousandths(&writer, 5);
    json_thousandths(&writer, -1500);
    json_thousandths(&writer, 0);
    json_millionths(&writer, 182123);
    json_millionths(&writer, 5);
    json_millionths(&writer, -2500000);
    json_millionths(&writer, UINT32_MAX);
    json_bool(&writer, true);
    json_bool(&writer, false);
    json_null(&writer);
    json_close(&writer, ']');
    assert_written(
        "[0.182,-3,null,null,1e+300,0,9223372036854775807,-9223372036854775808,1767225600.123,1767225600,"
        "0.005,-1.5,0,0.182123,0.000005,-2.5,4294.967295,true,false,null]");
}

static void times(void **state)
{
    static const struct {
        int64_t wall_ns;
        const char *written;
    } cases[] = {
        {0, "\"1970-01-01T00:00:00.000Z\""},
        {INT64_C(1767225600) * SECOND_NS, "\"2026-01-01T00:00:00.000Z\""},
        {INT64_C(1767225599) * SECOND_NS + 999999999, "\"2025-12-31T23:59:59.999Z\""},
        {INT64_C(1709164800) * SECOND_NS + 7 * MILLISECOND_NS, "\"2024-02-29T00:00:00.007Z\""},
        {INT64_MAX, "\"2262-04-11T23:47:16.854Z\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        json_time(&writer, cases[i].wall_ns);
        assert_written(cases[i].written);
    }
}

static void nesting(void **state)
{
    (void)state;
    begin();
    json_open(&writer, '{');
    json_name(&writer, "a", "");
    json_open(&writer, '[');
    json_close(&writer, ']');
    json_name(&writer, "b", "_epoch");
    json_open(&writer, '[');
    json_open(&writer, '{');
    json_close(&writer, '}');
    json_open(&writer, '{');
    json_name(&writer, "c", "");
    json_integer(&writer, 1);
    json_close(&writer, '}');
    json_close(&writer, ']');
    json_name(&writer, "d", "");
    json_null(&writer);
    json_close(&writer, '}');
    assert_written("{\"a\":[],\"b_epoch\":[{},{\"c\":1}],\"d\":null}");
}

static void what_does_not_fit_fails(void **state)
{
    (void)state;
    buffer_init(&out, 5);
    writer = (struct json_writer){.out = &out};
    json_text(&writer, "longer than five");
    assert_true(out.failed);
    buffer_free(&out);
}

ALL_TESTS(cmocka_unit_test(texts), cmocka_unit_test(numbers), cmocka_unit_test(times),
          cmocka_unit_test(nesting), cmocka_unit_test(what_does_not_fit_fails));
