/* The sample configuration: good as it is printed, with every key, and each of its commented lines can be switched on. */
#include "main.h"

#include "command/sample.h"
#include "config/form.h"
#include "config/model.h"
#include "config/rows.h"
#include "probe/kind.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static char *page;

static int print_sample(void **state)
{
    (void)state;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    sample_print(probe_schema(), out);
    return fclose(out);
}

static int let_go(void **state)
{
    (void)state;
    free(page);
    return 0;
}

static struct model *read_page(const char *text, struct fault_list *faults)
{
    *faults = (struct fault_list){0};
    return model_read("/etc/epicor_exporter/epicor_exporter.ini", span_of(text), NULL, probe_schema(),
                      faults);
}

/* A name of a file, which only is not there. */
static bool only_a_file_is_missing(const struct fault *fault)
{
    return strstr(fault->text, "cannot be read") != NULL && strstr(fault->text, "No such file") != NULL;
}

static void it_is_good_as_printed(void **state)
{
    (void)state;
    struct fault_list faults;
    struct model *model = read_page(page, &faults);
    for (size_t i = 0; i < faults.count; i++)
        if (!faults.items[i].warning || !only_a_file_is_missing(&faults.items[i]))
            fail_msg("line %d: %s", faults.items[i].line, faults.items[i].text);
    assert_non_null(model);
    assert_int_equal(model->appserver_count, 1);
    assert_int_equal(model->target_count, 1);
    model_unref(model);
    fault_list_free(&faults);
}

static void check_rows(const char *part, const char *where, const struct config_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *line = form_line(&rows[i]);
        if (rows[i].type == CONFIG_KIND) {
            free(line);
            continue;
        }
        if (line == NULL)
            fail_msg("%s %s: it has neither a default nor .example", where, rows[i].name);
        const char *at = strstr(part, line);
        if (at == NULL || (at[-1] != '\n' && at[-1] != '#') || at[strlen(line)] != '\n')
            fail_msg("%s: no line %s", where, line);
        free(line);
    }
}

static void every_key_stands_in_it(void **state)
{
    (void)state;
    for (size_t s = 0; s < SECTION_COUNT; s++) {
        char title[32];
        snprintf(title, sizeof title, "\n[%s", config_sections[s].type);
        const char *part = strstr(page, title);
        if (config_sections[s].row_count > 0)
            check_rows(part, config_sections[s].type, config_sections[s].rows, config_sections[s].row_count);
    }
    for (size_t k = 0; probe_schema()->kinds[k] != NULL; k++) {
        const struct config_kind *kind = probe_schema()->kinds[k];
        char title[64];
        snprintf(title, sizeof title, "\n%skind = %s\n", strcmp(kind->name, "token") == 0 ? "" : "#",
                 kind->name);
        const char *part = strstr(page, title);
        assert_non_null(part);
        check_rows(part, kind->name, kind->rows, kind->row_count);
    }
    /* A line of comment is no longer than a screen is wide. */
    for (const char *line = page; *line != '\0'; line += strcspn(line, "\n") + 1)
        if (strcspn(line, "\n") > 115 && strstr(line, "http") == NULL)
            fail_msg("%.*s", (int)strcspn(line, "\n"), line);
}

/* Is it "#[probe baq]" or "#key = value"? A comment has a blank behind its #. */
static bool is_switched_off(const char *line)
{
    return line[0] == '#' && line[1] != ' ' && line[1] != '\n';
}

/* The page with one more line switched on; where that is a key of a kind, its section and what the kind requires too. */
static char *switch_on(const char *wanted)
{
    char *text = strdup(page);
    char *title = NULL, *kind = NULL;
    const struct config_kind *of_kind = NULL;
    for (char *line = text; line - text <= wanted - page; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, "#[", 2) == 0) {
            title = line;
            kind = line + strcspn(line, "\n") + 1;
        } else if (line[0] == '[') {
            title = NULL;
        }
    }
    text[wanted - page] = ' ';
    if (title != NULL) {
        title[0] = ' ';
        if (strncmp(kind + 1, "kind = ", 7) == 0) {
            kind[0] = ' ';
            for (size_t k = 0; probe_schema()->kinds[k] != NULL; k++) {
                const char *name = probe_schema()->kinds[k]->name;
                if (strlen(name) == strcspn(kind + 8, "\n") && strncmp(kind + 8, name, strlen(name)) == 0)
                    of_kind = probe_schema()->kinds[k];
            }
        }
    }
    for (size_t i = 0; of_kind != NULL && i < of_kind->row_count; i++) {
        char line[512], *own = form_line(&of_kind->rows[i]);
        snprintf(line, sizeof line, "\n#%s\n", own);
        free(own);
        char *at = strstr(kind, line);
        const char *end = strstr(kind, "\n#[");
        if (of_kind->rows[i].required && at != NULL && (end == NULL || at < end))
            at[1] = ' ';
    }
    /* A line that was switched on begins with a blank: take it away. */
    char *out = text;
    bool begins = true;
    for (const char *c = text; *c != '\0'; c++) {
        if (!(begins && *c == ' '))
            *out++ = *c;
        begins = *c == '\n';
    }
    *out = '\0';
    return text;
}

/* Keys that need another key to be set as well; which, their fault says. */
static bool only_another_key_is_missing(const struct fault *fault)
{
    static const char *const words[] = {"name the record by its key", "goes with ", ": wants ",
                                        "source = baq: "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(fault->text, words[i]) != NULL)
            return true;
    return false;
}

static void each_line_can_be_switched_on(void **state)
{
    (void)state;
    size_t lines = 0;
    for (const char *line = page; *line != '\0'; line += strcspn(line, "\n") + 1) {
        if (!is_switched_off(line))
            continue;
        lines++;
        char *text = switch_on(line);
        struct fault_list faults;
        struct model *model = read_page(text, &faults);
        for (size_t i = 0; i < faults.count; i++)
            if (!faults.items[i].warning && !only_a_file_is_missing(&faults.items[i]) &&
                !only_another_key_is_missing(&faults.items[i]))
                fail_msg("%.*s\nline %d: %s", (int)strcspn(line, "\n"), line, faults.items[i].line,
                         faults.items[i].text);
        model_unref(model);
        fault_list_free(&faults);
        free(text);
    }
    assert_true(lines > 60);
}

#define PAGE_TEST(test) cmocka_unit_test_setup_teardown(test, print_sample, let_go)

ALL_TESTS(PAGE_TEST(it_is_good_as_printed), PAGE_TEST(every_key_stands_in_it),
          PAGE_TEST(each_line_can_be_switched_on));
