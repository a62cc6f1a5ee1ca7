#include "main.h"

#include "config/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct document document;
static struct fault_list faults;

static void read_span(struct span text)
{
    faults = (struct fault_list){0};
    document = (struct document){0};
    document_add(&document, "f", NULL, text, &faults);
    document_check(&document, &faults);
}

static void let_go(void)
{
    document_free(&document);
    fault_list_free(&faults);
}

/* Each section and entry on a line: "[type name]@line" and "name=value@line". */
static char *dump(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < document.count; i++) {
        char *title = section_title(&document.sections[i]);
        fprintf(out, "%s@%d\n", title, document.sections[i].line);
        free(title);
        for (size_t k = 0; k < document.sections[i].count; k++) {
            const struct entry *entry = &document.sections[i].entries[k];
            fprintf(out, "%s=%s@%d%s\n", entry->name, entry->value, entry->line, entry->comment ? "#" : "");
        }
    }
    fclose(out);
    return text;
}

static void test_good_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", ""},
        {"\n\n# a\n; b\n", ""},
        {"[web]\na = b\n", "[web]@1\na=b@2\n"},
        {"[web]\na = b", "[web]@1\na=b@2\n"},
        {"[web]\r\na = b\r\n  c\r\n", "[web]@1\na=b c@2\n"},
        {"\xef\xbb\xbf[web]\na=b\n", "[web]@1\na=b@2\n"},
        {"[ probe\t  x ]  # note\na=b", "[probe x]@1\na=b@2\n"},
        {"[web] ; note\n", "[web]@1\n"},
        {"[web]\n", "[web]@1\n"}, /* empty sections are there */
        {"[web]\n[probe a]\n[probe b]\n", "[web]@1\n[probe a]@2\n[probe b]@3\n"},
        {"[web]\na = b=c:d\n", "[web]@1\na=b=c:d@2\n"},
        {"[web]\na =\n", "[web]@1\na=@2\n"},
        {"[web]\na = b # c\n", "[web]@1\na=b@2#\n"},
        {"[web]\na = b\t; c\n", "[web]@1\na=b@2#\n"},
        {"[web]\na = b#c;d\n", "[web]@1\na=b#c;d@2\n"},
        {"[web]\na = 'b # c' # d\n", "[web]@1\na='b # c'@2#\n"},
        {"[web]\na = \"b ; c\"\n", "[web]@1\na=\"b ; c\"@2\n"},
        {"[web]\na = {\"t\": \"say \\\" # x\"} # y\n", "[web]@1\na={\"t\": \"say \\\" # x\"}@2#\n"},
        {"[web]\na = \"it's\" # c\n", "[web]@1\na=\"it's\"@2#\n"},
        {"[web]\na = it's fine\n", "[web]@1\na=it's fine@2\n"},
        /* Continuations: one blank between, comments and empty lines among them, numbers of the first line. */
        {"[web]\na = b\n  c\n\td  \nz = y\n", "[web]@1\na=b c d@2\nz=y@5\n"},
        {"[web]\na =\n  b\n", "[web]@1\na=b@2\n"},
        {"[web]\na = b\n# x\n\n  c\n   \n", "[web]@1\na=b c@2\n"},
        {"[web]\na = b # x\n  c ; y\n", "[web]@1\na=b c@2#\n"},
        {"[web]\na = b\n  # c\n  d\n", "[web]@1\na=b d@2#\n"},
        /* inih loses pieces that begin with ; or #: inside a quote they belong to the value. */
        {"[web]\na = 'b\n  #c'\n", "[web]@1\na='b #c'@2\n"},
        {"[web]\na = \"b\n  ;c\"\n", "[web]@1\na=\"b ;c\"@2\n"},
        {"[web]\na = b\n  #c\n", "[web]@1\na=b@2#\n"},
        {"[web]\na = [1,\n  [2]]\n", "[web]@1\na=[1, [2]]@2\n"},
        {"[web]\na = \xc3\xa9\xe2\x82\xac\n", "[web]@1\na=\xc3\xa9\xe2\x82\xac@2\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_span(span_of(cases[i].text));
        char *got = dump();
        if (faults.count != 0)
            fail_msg("case %zu: %s", i, faults.items[0].text);
        assert_string_equal(got, cases[i].wanted);
        free(got);
        let_go();
    }
}

static void test_faulty_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line;
        const char *word; /* stands in the one fault */
    } cases[] = {
        {"a = b\n", 1, "before the first section"},
        {"[web]\nno sign here\n", 2, "no ="},
        {"[web]\n= b\n", 2, "no key"},
        {"[web]\nurl: x\n", 2, "colon"},
        {"[web]\nurl: a=b\n", 2, "colon"},
        {"[web\na = b\n", 1, "not ended"},
        {"[]\n", 1, "needs a name"},
        {"[  ]\n", 1, "needs a name"},
        {"[web] x\n", 1, "behind the ]"},
        {"[web]x\n", 1, "behind the ]"},
        {"[probe a b]\n", 1, "1 to 40"},
        {"[probe a/b]\n", 1, "1 to 40"},
        {"[probe 12345678901234567890123456789012345678901]\n", 1, "1 to 40"},
        {"[123456789012345678901234567890123456789012345678901]\n", 1, "longer than 50"},
        {"[web]\n[exporter]\n[web]\n", 3, "first in line 1"},
        {"[probe x]\n[ probe  x ]\n", 2, "first in line 1"},
        {"[web]\na = 1\nb = 2\na = 3\n", 4, "first in line 2"},
        {"[web]\na = 1\n[web]\nb = 3\n", 3, "first in line 1"},
        {"[web]\na = it's # not so\n", 2, "quote"},
        {"[web]\na = \"b ; c\n", 2, "quote"},
        {"[web]\na = 'b # c\n  d'\n", 2, "quote"},
        {"[web]\n  a = b\n  c = d\n", 2, "continues"},
        {"  a = b\n", 1, "continues"},
        {"[web]\na = b\n  [probe x]\n", 3, "continues line 2"},
        {"[web]\na = b\rc\n", 2, "carriage return"},
        {"[web]\na = b\001c\n", 2, "control character"},
        {"[web]\na = \xff\n", 2, "UTF-8"},
        {"\xff\xfe[\n", 1, "UTF-16"},
        {"\xfe\xff[\n", 1, "UTF-16"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_span(span_of(cases[i].text));
        if (faults.count != 1 || faults.items[0].line != cases[i].line ||
            strstr(faults.items[0].text, cases[i].word) == NULL)
            fail_msg("case %zu: %zu faults, line %d: %s", i, faults.count,
                     faults.count == 0 ? 0 : faults.items[0].line,
                     faults.count == 0 ? "" : faults.items[0].text);
        let_go();
    }
}

static void test_all_faults_at_once(void **state)
{
    (void)state;
    read_span(span_of("[web\nx = 1\n[exporter]\ny: 2\nz\na = 1\na = 2\n"));
    assert_int_equal(faults.count, 4);
    char *got = dump();
    assert_string_equal(got, "[exporter]@3\na=1@6\na=2@7\n");
    free(got);
    let_go();
}

static void test_a_key_that_is_indented(void **state)
{
    (void)state;
    read_span(span_of("[web]\na = b\n  interval = 5m\nc = 'd\n  e = f'\n"));
    assert_int_equal(faults.count, 1);
    assert_true(faults.items[0].warning);
    assert_int_equal(faults.items[0].line, 3);
    assert_non_null(strstr(faults.items[0].text, "continues the value of line 2"));
    char *got = dump();
    assert_string_equal(got, "[web]@1\na=b interval = 5m@2\nc='d e = f'@4\n");
    free(got);
    let_go();
}

static void test_nul_ends_the_reading(void **state)
{
    (void)state;
    static const char text[] = "[web]\na = b\0c\nd\n";
    read_span((struct span){text, sizeof text - 1});
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.items[0].line, 2);
    assert_non_null(strstr(faults.items[0].text, "NUL"));
    assert_int_equal(document.sections[0].count, 0);
    let_go();
}

static void test_names_of_forty(void **state)
{
    (void)state;
    read_span(span_of("[appserver 1234567890123456789012345678901234567890]\na = b\n"));
    assert_int_equal(faults.count, 0);
    assert_string_equal(document.sections[0].name, "1234567890123456789012345678901234567890");
    let_go();
}

/* A text "[s]\na = xxx...": the line a is length bytes long. */
static char *long_line(size_t length, const char *behind)
{
    size_t size = 4 + length + strlen(behind);
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, 'x', size);
    memcpy(text, "[s]\na = ", 8);
    memcpy(text + 4 + length, behind, strlen(behind) + 1);
    return text;
}

static void test_lines_to_64_kib(void **state)
{
    (void)state;
    char *text = long_line(DOCUMENT_LINE_MAX, "\nb = c\n");
    read_span(span_of(text));
    assert_int_equal(faults.count, 0);
    assert_int_equal(document.sections[0].count, 2);
    assert_int_equal(strlen(document.sections[0].entries[0].value), DOCUMENT_LINE_MAX - 4);
    let_go();
    free(text);

    text = long_line(DOCUMENT_LINE_MAX + 1, "\nb = c\n");
    read_span(span_of(text));
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.items[0].line, 2);
    assert_non_null(strstr(faults.items[0].text, "64 KiB"));
    assert_int_equal(document.sections[0].count, 1);
    let_go();
    free(text);

    text = long_line(DOCUMENT_LINE_MAX, "\n  y\nb = c\n"); /* too long only with its continuation */
    read_span(span_of(text));
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.items[0].line, 3);
    assert_non_null(strstr(faults.items[0].text, "begins in line 2"));
    assert_int_equal(document.sections[0].count, 1);
    let_go();
    free(text);
}

static void test_huge_line_and_many_sections(void **state)
{
    (void)state;
    char *text = long_line(50u << 20, "\nb = c\n");
    read_span(span_of(text));
    assert_int_equal(faults.count, 1);
    assert_int_equal(document.sections[0].count, 1);
    let_go();
    free(text);

    char *many = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&many, &size);
    for (int i = 0; i < 100000; i++)
        fprintf(out, "[probe p%d]\n", i);
    fprintf(out, "[probe p500]\n");
    fclose(out);
    read_span((struct span){many, size});
    assert_int_equal(document.count, 100001);
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.items[0].line, 100001);
    let_go();
    free(many);
}

ALL_TESTS(cmocka_unit_test(test_good_forms), cmocka_unit_test(test_faulty_forms),
          cmocka_unit_test(test_all_faults_at_once), cmocka_unit_test(test_a_key_that_is_indented),
          cmocka_unit_test(test_nul_ends_the_reading), cmocka_unit_test(test_names_of_forty),
          cmocka_unit_test(test_lines_to_64_kib), cmocka_unit_test(test_huge_line_and_many_sections));
