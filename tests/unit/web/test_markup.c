#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "web/markup.h"

static void text_stays_text(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"},
        {"\" onload=\"x", "&quot; onload=&quot;x"},
        {"a & b &amp; c", "a &amp; b &amp;amp; c"},
        {"two\r\nlines\tand more", "two  lines and more"},
        {"\x01\x1b[31m\x7f", "\xEF\xBF\xBD\xEF\xBF\xBD[31m\xEF\xBF\xBD"},
        {"gr\xC3\xBC\xC3\x9F"
         "e \xE2\x82\xAC \xF0\x9F\x98\x80",
         "gr\xC3\xBC\xC3\x9F"
         "e \xE2\x82\xAC \xF0\x9F\x98\x80"},
        {"\xC3", "\xEF\xBF\xBD"},
        {"\xC0\xBCscript>", "\xEF\xBF\xBD\xEF\xBF\xBDscript&gt;"}, /* an overlong < */
        {"\xE2\x82<", "\xEF\xBF\xBD\xEF\xBF\xBD&lt;"},             /* a cut sequence does not swallow the < */
        {"\xC2\x9B"
         "31m",
         "\xEF\xBF\xBD"
         "31m"}, /* CSI as one character */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer page;
        buffer_init(&page, 1024);
        markup_text(&page, cases[i].in);
        assert_string_equal(buffer_as_text(&page), cases[i].out);
        buffer_free(&page);
    }
}

static void names_can_be_broken(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {{"", ""},
                 {"orders", "orders"},
                 {"open_orders-2.x", "open_<wbr>orders-<wbr>2.<wbr>x"},
                 {"_", "_"},
                 {"a_<b>", "a_<wbr>&lt;b&gt;"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer page;
        buffer_init(&page, 1024);
        markup_name(&page, cases[i].in);
        assert_string_equal(buffer_as_text(&page), cases[i].out);
        buffer_free(&page);
    }
}

static void spans_of_time(void **state)
{
    static const struct {
        int64_t ns;
        const char *span, *latency;
    } cases[] = {
        {-5 * SECOND_NS, "under 1 s", NULL},
        {0, "under 1 s", "0 ms"},
        {MILLISECOND_NS / 2, "under 1 s", "1 ms"},
        {SECOND_NS - MILLISECOND_NS, "under 1 s", "999 ms"},
        {SECOND_NS, "1 s", "1.00 s"},
        {12345 * MILLISECOND_NS, "12 s", "12.34 s"},
        {MINUTE_NS, "1 min", "60.00 s"},
        {4 * MINUTE_NS + 4 * SECOND_NS, "4 min 4 s", NULL},
        {HOUR_NS + 59 * SECOND_NS, "1 h", NULL},
        {26 * HOUR_NS, "1 d 2 h", NULL},
        {400 * DAY_NS, "400 d", NULL},
        {INT64_MAX, "106751 d 23 h", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer page;
        buffer_init(&page, 1024);
        markup_span(&page, cases[i].ns);
        assert_string_equal(buffer_as_text(&page), cases[i].span);
        buffer_clear(&page);
        if (cases[i].latency != NULL) {
            markup_latency(&page, cases[i].ns);
            assert_string_equal(buffer_as_text(&page), cases[i].latency);
        }
        buffer_free(&page);
    }
}

static void moments(void **state)
{
    const int64_t now = 1767225600 * SECOND_NS; /* 2026-01-01 */
    static const struct {
        int64_t ahead;
        const char *out;
    } cases[] = {
        {0, "<time datetime=\"2026-01-01T00:00:00Z\" title=\"2026-01-01 00:00:00 UTC\">now</time>"},
        {90 * SECOND_NS,
         "<time datetime=\"2026-01-01T00:01:30Z\" title=\"2026-01-01 00:01:30 UTC\">in 1 min 30 s</time>"},
        {-SECOND_NS,
         "<time datetime=\"2025-12-31T23:59:59Z\" title=\"2025-12-31 23:59:59 UTC\">1 s ago</time>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer page;
        buffer_init(&page, 1024);
        markup_moment(&page, now + cases[i].ahead, now);
        assert_string_equal(buffer_as_text(&page), cases[i].out);
        buffer_free(&page);
    }
}

ALL_TESTS(cmocka_unit_test(text_stays_text), cmocka_unit_test(names_can_be_broken),
          cmocka_unit_test(spans_of_time), cmocka_unit_test(moments));
