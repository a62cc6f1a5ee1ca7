#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "kinetic/edmx.h"

#define HEAD                                                                                                 \
    "<?xml version=\"1.0\" encoding=\"utf-8\"?><edmx:Edmx Version=\"4.0\" "                                  \
    "xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices><Schema "                    \
    "Namespace=\"Erp\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">"
#define TAIL "</Schema></edmx:DataServices></edmx:Edmx>"

static const struct edmx_summary *read_in(struct edmx *edmx, const char *text, size_t piece)
{
    size_t size = strlen(text);
    edmx_restart(edmx);
    for (size_t at = 0; at < size; at += piece)
        edmx_feed(edmx, text + at, size - at < piece ? size - at : piece);
    return edmx_finish(edmx);
}

static void expect(const struct edmx_summary *summary, const char *const *names)
{
    size_t count = 0;
    if (summary->wrong != NULL)
        fail_msg("%s", summary->wrong);
    for (; names[count] != NULL; count++) {
        assert_true(count < summary->name_count);
        assert_string_equal(summary->names[count], names[count]);
    }
    assert_int_equal(summary->name_count, count);
}

static void test_version_4(void **state)
{
    (void)state;
    static const char text[] =
        "\xef\xbb\xbf" HEAD "<EntityType Name='Part'><Key><PropertyRef Name='PartNum'/></Key>"
        "<Property Name='PartNum' Type='Edm.String' Nullable='false'><Annotation Term='X' "
        "String='y'/></Property>"
        "<Property Type=\"Edm.Decimal\" Name=\"Net\"></Property>"
        "<NavigationProperty Name='Plants' Type='Collection(Erp.PartPlant)'/></EntityType>"
        "<ComplexType Name='Context'><Property Name='A&amp;B&lt;' Type='Edm.Int32'/></ComplexType>"
        "<EnumType Name='E'><Member Name='One'/></EnumType><!-- <Property Name='no' Type='no'/> -->"
        "<Property Name='Stray' Type='Edm.Int32'/>"
        "<Function Name='GetList' IsBound='true'><Parameter Name='whereClause' Type='Edm.String'/>"
        "<ReturnType Type='Collection(Erp.Part)'/></Function>"
        "<Action Name='Touch'/>"
        "<EntityContainer Name='C'><EntitySet Name='Parts' EntityType='Erp.Part'/></EntityContainer>" TAIL;
    struct edmx *edmx = edmx_new();
    for (size_t piece = 1; piece <= sizeof text; piece += piece < 40 ? 1 : 97) {
        const struct edmx_summary *summary = read_in(edmx, text, piece);
        expect(summary, (const char *const[]){"Part.PartNum Edm.String", "Part.Net Edm.Decimal",
                                              "Part.Plants Collection(Erp.PartPlant)",
                                              "Context.A&B< Edm.Int32", "GetList(whereClause) Edm.String",
                                              "GetList() Collection(Erp.Part)", "Parts: Erp.Part", NULL});
        assert_int_equal(summary->entity_types, 1);
        assert_int_equal(summary->properties, 4);
        assert_false(summary->incomplete);
        assert_ptr_equal(edmx_finish(edmx), summary);
    }
    edmx_free(edmx);
    edmx_free(NULL);
}

static void test_version_3(void **state)
{
    (void)state;
    struct edmx *edmx = edmx_new();
    expect(
        read_in(edmx,
                "<edmx:Edmx xmlns:edmx='x'><edmx:DataServices xmlns:m='y'><Schema><EntityType Name='Part' "
                "m:HasStream='true'><Property m:Name='no' Name='A' m:Type='no' Type='Edm.String'/>"
                "<NavigationProperty Name='Nav' Relationship='r'/></EntityType><EntityContainer Name='C' "
                "m:IsDefault='true'><FunctionImport Name='Sum' ReturnType='Edm.Int32'><Parameter Name='n' "
                "Type='Edm.Int32'/></FunctionImport></EntityContainer>" TAIL,
                11),
        (const char *const[]){"Part.A Edm.String", "Part.Nav", "Sum() Edm.Int32", "Sum(n) Edm.Int32", NULL});
    edmx_free(edmx);
}

static const struct {
    const char *text, *wrong; /* wrong: stands in the sentence */
} broken[] = {
    {"", "no element found"},
    {"{\"value\":[]}", "not well-formed"},
    {"<!DOCTYPE html><html/>", "document type declaration"},
    {"<!DOCTYPE x [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;\">]><edmx:Edmx>&c;</edmx:Edmx>",
     "document type declaration"},
    {"<html><body/></html>", "its root element is html, not Edmx"},
    {"<ApiExceptionResponse/>", "its root element is ApiExceptionResponse"},
    {HEAD "<EntityType Name='Part'>", "no element found"},
    {HEAD "<EntityType Name='Par", "unclosed token"},
    {HEAD "<EntityType Name='A'></ComplexType>", "mismatched tag"},
    {HEAD "&nbsp;" TAIL, "undefined entity"},
    {HEAD TAIL "<x/>", "junk after document element"},
    {HEAD "<EntityType Name='\xff'/>" TAIL, "not well-formed"},
};

static void test_broken(void **state)
{
    (void)state;
    struct edmx *edmx = edmx_new();
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        for (size_t piece = 1; piece < 400; piece += 57) {
            const char *wrong = read_in(edmx, broken[i].text, piece)->wrong;
            if (wrong == NULL || strstr(wrong, broken[i].wrong) == NULL)
                fail_msg("case %zu: %s", i, wrong);
        }
    /* A good one after a broken one. */
    expect(read_in(edmx, HEAD TAIL, 7), (const char *const[]){NULL});
    edmx_free(edmx);
}

/* ---- hostile ---- */

/* HEAD, then each of count parts: before, a number, behind; then after. What was wrong is copied out. */
static void feed_many(struct edmx *edmx, const char *before, const char *behind, unsigned count)
{
    char number[16];
    edmx_restart(edmx);
    edmx_feed(edmx, HEAD, strlen(HEAD));
    for (unsigned i = 0; i < count; i++) {
        edmx_feed(edmx, before, strlen(before));
        edmx_feed(edmx, number, (size_t)snprintf(number, sizeof number, "%u", i));
        edmx_feed(edmx, behind, strlen(behind));
    }
}

static void test_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *before, *behind, *wrong;
        unsigned count;
    } cases[] = {
        {"<a", ">", "nested too deep", 100},
        {"<a", "/>", "too many different names", 10000},
        {"<a b", "='x'/>", "too many different names", 10000},
        {"<?p ", "", "a tag or a comment that is too long", 100000},
        {" <b c='", "", "not well-formed", 2}, /* < in a value */
    };
    struct edmx *edmx = edmx_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        feed_many(edmx, cases[i].before, cases[i].behind, cases[i].count);
        const char *wrong = edmx_finish(edmx)->wrong;
        if (wrong == NULL || strstr(wrong, cases[i].wrong) == NULL)
            fail_msg("case %zu: %s", i, wrong);
    }
    /* One value without end. */
    char *blanks = malloc(1 << 16);
    assert_non_null(blanks);
    memset(blanks, 'x', 1 << 16);
    edmx_restart(edmx);
    edmx_feed(edmx, HEAD "<EntityType Name='", strlen(HEAD "<EntityType Name='"));
    for (int i = 0; i < 40; i++)
        edmx_feed(edmx, blanks, 1 << 16);
    assert_non_null(strstr(edmx_finish(edmx)->wrong, "a tag or a comment that is too long"));
    /* A long name is left out, and said to be. */
    blanks[EDMX_NAME_MAX + 1] = '\0';
    edmx_restart(edmx);
    edmx_feed(edmx, HEAD "<EntityType Name='T'><Property Type='t' Name='",
              strlen(HEAD "<EntityType Name='T'><Property Type='t' Name='"));
    edmx_feed(edmx, blanks, strlen(blanks));
    edmx_feed(edmx, "'/><Property Name='b' Type='t'/></EntityType>" TAIL,
              strlen("'/><Property Name='b' Type='t'/></EntityType>" TAIL));
    const struct edmx_summary *summary = edmx_finish(edmx);
    expect(summary, (const char *const[]){"T.b t", NULL});
    assert_true(summary->incomplete);
    assert_int_equal(summary->properties, 2);
    free(blanks);
    edmx_free(edmx);
}

/* Of a document with more names than are kept: one a type, which changes with any of its properties, and with their order
   does not. */
static void large(struct edmx *edmx, const char *first, const char *second)
{
    edmx_restart(edmx);
    edmx_feed(edmx, HEAD "<EntityType Name='Many'>", strlen(HEAD "<EntityType Name='Many'>"));
    for (unsigned i = 0; i < EDMX_NAMES_MAX; i++) {
        char text[64];
        edmx_feed(edmx, text, (size_t)snprintf(text, sizeof text, "<Property Name='P%u' Type='t'/>", i));
    }
    edmx_feed(edmx, "</EntityType><EntityType Name='Few'>", strlen("</EntityType><EntityType Name='Few'>"));
    edmx_feed(edmx, first, strlen(first));
    edmx_feed(edmx, second, strlen(second));
    edmx_feed(edmx, "</EntityType>" TAIL, strlen("</EntityType>" TAIL));
}

static void test_a_large_document(void **state)
{
    (void)state;
    static const char a[] = "<Property Name='a' Type='t'/>", b[] = "<Property Name='b' Type='t'/>";
    struct edmx *one = edmx_new(), *other = edmx_new();
    large(one, a, b);
    large(other, b, a);
    const struct edmx_summary *was = edmx_finish(one), *is = edmx_finish(other);
    assert_null(was->wrong);
    assert_int_equal(was->name_count, 2);
    assert_int_equal(was->entity_types, 2);
    assert_int_equal(was->properties, EDMX_NAMES_MAX + 2);
    assert_false(was->incomplete);
    assert_memory_equal(was->names[0], "Many: 16384 declarations, ", strlen("Many: 16384 declarations, "));
    assert_string_equal(was->names[0], is->names[0]);
    assert_string_equal(was->names[1], is->names[1]);
    large(other, a, "<Property Name='b' Type='u'/>");
    is = edmx_finish(other);
    assert_string_equal(was->names[0], is->names[0]);
    assert_string_not_equal(was->names[1], is->names[1]);
    edmx_free(one);
    edmx_free(other);
}

ALL_TESTS(cmocka_unit_test(test_version_4), cmocka_unit_test(test_version_3), cmocka_unit_test(test_broken),
          cmocka_unit_test(test_bounds), cmocka_unit_test(test_a_large_document));
