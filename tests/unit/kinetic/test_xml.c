#include "main.h"

#include <stdio.h>
#include <string.h>

#include "kinetic/xml.h"

static void test_reads_named_elements(void **state)
{
    (void)state;
    static const struct {
        const char *text, *a, *b; /* NULL text of A and B: not there */
        bool good;
    } cases[] = {
        {"<r><A>1</A><B/></r>", "1", "", true},
        {"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<r><b>x &amp; y</b></r>", NULL, "x & y",
         true},
        {"<n:r xmlns:n=\"urn:x\"><n:A>1</n:A></n:r>", "1", NULL, true},
        {"<r><A>1</A><A>2</A></r>", "1", NULL, true},
        {"<r><A>x<c>inner</c>y</A></r>", "xy", NULL, true},
        {"<r><A><![CDATA[<&>]]></A></r>", "<&>", NULL, true},
        {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><A>\xfc</A>", "\xc3\xbc", NULL, true},
        {"<!DOCTYPE r [<!ENTITY a \"aaaa\">]><r><A>&a;</A></r>", NULL, NULL, false},
        {"<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><r><A>1</A></r>", NULL, NULL, false},
        {"<r><A>1</A>", NULL, NULL, false},
        {"<r><A>&nosuch;</A></r>", NULL, NULL, false},
        {"<r><A>\x01</A></r>", NULL, NULL, false},
        {"<r><A>\xff</A></r>", NULL, NULL, false},
        {"", NULL, NULL, false},
        {"{}", NULL, NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct xml_field fields[] = {{.name = "A"}, {.name = "B"}};
        assert_int_equal(xml_read(cases[i].text, strlen(cases[i].text), fields, 2), cases[i].good);
        const char *expected[] = {cases[i].a, cases[i].b};
        for (size_t f = 0; f < 2; f++) {
            if (expected[f] == NULL)
                assert_null(fields[f].text);
            else
                assert_string_equal(fields[f].text, expected[f]);
        }
        xml_fields_free(fields, 2);
        assert_null(fields[0].text);
    }
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    char text[2048] = "";
    for (int depth = XML_DEPTH_MAX; depth <= XML_DEPTH_MAX + 1; depth++) {
        size_t used = 0;
        for (int i = 0; i < depth; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "<a>");
        for (int i = 0; i < depth; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "</a>");
        assert_int_equal(xml_read(text, used, NULL, 0), depth == XML_DEPTH_MAX);
    }
}

ALL_TESTS(cmocka_unit_test(test_reads_named_elements), cmocka_unit_test(test_depth_is_bounded));
