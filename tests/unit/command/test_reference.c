/* What reference config, reference metrics and reference status print, held against the rows: nothing is missing, nothing is empty, nothing
   that is not in this version is promised, and every table is one. */
#include "main.h"

#include "command/markdown.h"
#include "command/reference.h"
#include "config/form.h"
#include "config/rows.h"
#include "probe/kind.h"
#include "report/families.h"
#include "report/status_field.h"

#include <stdlib.h>
#include <string.h>

static char *page;

static int print_config(void **state)
{
    (void)state;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    reference_config_print(probe_schema(), out);
    return fclose(out);
}

static int print_metrics(void **state)
{
    (void)state;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    reference_metrics_print(out);
    return fclose(out);
}

static int print_status(void **state)
{
    (void)state;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    reference_status_print(out);
    return fclose(out);
}

static int let_go(void **state)
{
    (void)state;
    free(page);
    page = NULL;
    return 0;
}

/* The part of the page from the anchor to the next one, owned. */
static char *part_of(const char *anchor)
{
    char start[64];
    snprintf(start, sizeof start, "<a id=\"%s\"></a>", anchor);
    const char *from = strstr(page, start);
    if (from == NULL)
        fail_msg("no anchor %s", anchor);
    from += strlen(start);
    const char *to = strstr(from, "<a id=");
    return to == NULL ? strdup(from) : strndup(from, (size_t)(to - from));
}

/* A sentence that says something: it begins large or with code, has words, and ends. */
static void check_sentence(const char *what, const char *text)
{
    if (text == NULL || strlen(text) < 8 || strchr(text, ' ') == NULL ||
        strchr(".?)", text[strlen(text) - 1]) == NULL)
        fail_msg("%s is not described: %s", what, text == NULL ? "(nothing)" : text);
}

static void check_row(const char *part, const char *where, const struct config_row *row)
{
    char *key = form_keys(row, "| `", "`");
    char what[128];
    snprintf(what, sizeof what, "%s %s", where, row->name);
    check_sentence(what, row->help);
    if (strchr(key, ',') != NULL)
        *strchr(key, ',') = '\0';
    char begun[128];
    snprintf(begun, sizeof begun, "\n%s", key);
    free(key);
    if (strstr(part, begun) == NULL)
        fail_msg("%s does not stand in the reference", what);
    if (row->type == CONFIG_OTHER && row->form == NULL)
        fail_msg("%s: a value of its own form needs .form", what);
    if (row->preset != NULL && strstr(part, row->preset) == NULL)
        fail_msg("%s: its default %s does not stand in the reference", what, row->preset);
    for (size_t i = 0; row->type == CONFIG_CHOICE && row->choices[i] != NULL; i++)
        if (strstr(part, row->choices[i]) == NULL)
            fail_msg("%s: %s does not stand in the reference", what, row->choices[i]);
}

static void every_key_is_described(void **state)
{
    (void)state;
    size_t keys = 0;
    for (size_t s = 0; s < SECTION_COUNT; s++) {
        const struct config_section *section = &config_sections[s];
        char *part = part_of(section->type);
        check_sentence(section->type, section->help);
        for (size_t i = 0; i < section->row_count; i++) {
            check_row(part, section->type, &section->rows[i]);
            keys++;
        }
        free(part);
    }
    for (size_t k = 0; probe_schema()->kinds[k] != NULL; k++) {
        const struct config_kind *kind = probe_schema()->kinds[k];
        char anchor[64];
        snprintf(anchor, sizeof anchor, "kind-%s", kind->name);
        char *part = part_of(anchor);
        check_sentence(kind->name, kind->help);
        assert_non_null(strstr(part, kind->help));
        /* What it costs. */
        if (strstr(kind->help, "equest") == NULL)
            fail_msg("kind = %s: its help does not say how many requests a run makes", kind->name);
        for (size_t i = 0; i < kind->row_count; i++) {
            check_row(part, kind->name, &kind->rows[i]);
            keys++;
        }
        free(part);
    }
    /* And no other: each line of a table but its head and the forms is a key. */
    char *forms = part_of("forms");
    size_t lines = 0, forms_lines = 0, heads = 0;
    for (const char *at = page; (at = strstr(at, "\n| ")) != NULL; at++)
        lines++;
    for (const char *at = forms; (at = strstr(at, "\n| ")) != NULL; at++)
        forms_lines++;
    for (const char *at = page; (at = strstr(at, "\n| key |")) != NULL; at++)
        heads++;
    free(forms);
    assert_int_equal(lines - forms_lines - heads, keys);
}

/* Every line of a table has as many cells as its head. */
static void tables_are_whole(void **state)
{
    (void)state;
    size_t wanted = 0, line_number = 0;
    for (const char *line = page; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        size_t size = strcspn(line, "\n"), bars = 0;
        line_number++;
        for (size_t i = 0; i < size; i++)
            bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
        if (line[0] != '|') {
            wanted = 0;
            continue;
        }
        if (wanted == 0)
            wanted = bars;
        if (bars != wanted || line[size - 1] != '|')
            fail_msg("line %zu: %.*s", line_number, (int)size, line);
        if (strstr(line, "|  |") != NULL && strstr(line, "|  |") < line + size)
            fail_msg("an empty cell in line %zu: %.*s", line_number, (int)size, line);
    }
    /* Links lead to anchors. */
    for (const char *at = page; (at = strstr(at, "](#")) != NULL; at++) {
        char anchor[80];
        snprintf(anchor, sizeof anchor, "<a id=\"%.*s\">", (int)strcspn(at + 3, ")"), at + 3);
        if (strstr(page, anchor) == NULL)
            fail_msg("no %s", anchor);
    }
    assert_true(page[strlen(page) - 1] == '\n');
}

static void every_metric_is_described(void **state)
{
    (void)state;
    static const char *const parts[OWNER_CLASSES] = {"target", "appserver", "exporter"};
    size_t lines = 0;
    for (size_t i = 0; i < FAMILIES; i++) {
        const struct metric_family *family = &families[i];
        char *part = part_of(parts[family->owner_class]);
        char begun[128];
        check_sentence(family->name, family->help);
        snprintf(begun, sizeof begun, "\n| `%s` | ", family->name);
        const char *line = strstr(part, begun);
        if (line == NULL)
            fail_msg("%s does not stand in the reference", family->name);
        char *own = strndup(line + 1, strcspn(line + 1, "\n"));
        for (size_t k = 0; k < FAMILY_LABELS && family->labels[k] != NULL; k++)
            assert_non_null(strstr(own, family->labels[k]));
        assert_int_equal(family->group != 0, strstr(own, " Only ") != NULL);
        assert_int_equal(family->bucket_count != 0, strstr(own, "+Inf") != NULL);
        for (size_t k = 0; k < family->value_count && family->value_count != REASONS - 1; k++)
            assert_non_null(strstr(own, family->value_of(k)));
        free(own);
        free(part);
    }
    for (const char *at = page; (at = strstr(at, "\n| `")) != NULL; at++)
        lines++;
    assert_int_equal(lines, FAMILIES + REASONS - 1);
    assert_non_null(strstr(page, "`epicor_value_NAME`"));
    char *reasons = part_of("reasons");
    for (enum reason reason = REASON_NONE + 1; reason < REASONS; reason++) {
        char begun[64];
        snprintf(begun, sizeof begun, "\n| `%s` | ", reason_name(reason));
        assert_non_null(strstr(reasons, begun));
        check_sentence(reason_name(reason), reason_row(reason)->sentence);
        check_sentence(reason_name(reason), reason_row(reason)->remedy);
    }
    free(reasons);
}

static void every_field_of_the_status_is_described(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_FIELDS; i++) {
        const struct status_row *row = status_row((enum status_field)i);
        char start[80];
        char *part = part_of(status_object_row(row->of)->anchor);
        snprintf(start, sizeof start, "| `%s` |", row->name);
        if (strstr(part, start) == NULL)
            fail_msg("%s is not described", row->name);
        free(part);
        if (strlen(row->meaning) < 5 || strchr(".?)", row->meaning[strlen(row->meaning) - 1]) == NULL)
            fail_msg("%s: %s", row->name, row->meaning);
        for (int other = 0; other < i; other++) {
            const struct status_row *before = status_row((enum status_field)other);
            assert_true(before->of != row->of || strcmp(before->name, row->name) != 0);
        }
    }
    for (int i = 0; i < STATUS_PARAMETERS; i++) {
        char start[80];
        char *part = part_of("query");
        snprintf(start, sizeof start, "| `%s` |", status_parameter((enum status_parameter_name)i)->name);
        assert_non_null(strstr(part, start));
        free(part);
    }
}

static void markup_of_plain_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *cell, *plain;
    } cases[] = {
        {"a|b", "a\\|b", "a\\|b"},
        {"`a|b` and\n*c*", "`a\\|b` and *c*", "\\`a\\|b\\` and \\*c\\*"},
        {"<a> $x [y] ~", "<a> $x [y] ~", "\\<a\\> \\$x \\[y\\] \\~"},
        {"a_b _c_ x\\y", "a_b _c_ x\\y", "a_b \\_c\\_ x\\\\y"},
        {"", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        markdown_cell(out, cases[i].text);
        fputc('\n', out);
        markdown_plain(out, cases[i].text);
        fclose(out);
        char wanted[64];
        snprintf(wanted, sizeof wanted, "%s\n%s", cases[i].cell, cases[i].plain);
        assert_string_equal(text, wanted);
        free(text);
    }
}

#define PAGE_TEST(test, print) cmocka_unit_test_setup_teardown(test, print, let_go)

ALL_TESTS(PAGE_TEST(every_key_is_described, print_config), PAGE_TEST(tables_are_whole, print_config),
          PAGE_TEST(every_metric_is_described, print_metrics), PAGE_TEST(tables_are_whole, print_metrics),
          PAGE_TEST(every_field_of_the_status_is_described, print_status),
          PAGE_TEST(tables_are_whole, print_status), cmocka_unit_test(markup_of_plain_text));
