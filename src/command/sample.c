#include "command/sample.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/form.h"
#include "config/rows.h"
#include "config/value.h"

#define FIRST_KIND "token" /* of the probe that is no comment */
#define WIDTH      110     /* of a line of comment */

static const char opening[] =
    "# A configuration for epicor_exporter with every key, printed by \"epicor_exporter sample-config\".\n"
    "#\n"
    "# Fill in the keys of [appserver live] that are no comments, and it can be used. \"#key = value\" is a "
    "key\n"
    "# that can be switched on by taking its # away: it shows the default, or an example where there is "
    "none.\n"
    "# \"epicor_exporter check\" reads a configuration and names each fault with file and line, and\n"
    "# \"epicor_exporter reference config\" says more of each key.\n"
    "#\n"
    "# The file may be cut in several: --config.file=FOLDER reads each *.ini in it as one configuration.\n";

/* Keys of [appserver] without which nothing can be asked: they are no comments. */
static const char *const wanted[] = {"url", "company", "username", "password", "api_key"};

static bool is_wanted(const struct config_row *row)
{
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strcmp(row->name, wanted[i]) == 0 && row->type != CONFIG_SECRET_PAIRS)
            return true;
    }
    return false;
}

/* Markdown as the words of a comment: lines of "# ", without the signs of code. */
static void comment_print(FILE *out, const char *markdown)
{
    size_t column = 0;
    for (const char *word = markdown; *word != '\0';) {
        size_t size = strcspn(word, " ");
        if (column == 0 || column + 1 + size > WIDTH) {
            fputs(column == 0 ? "# " : "\n# ", out);
            column = 2;
        } else {
            fputc(' ', out);
            column++;
        }
        for (size_t i = 0; i < size; i++) {
            if (word[i] != '`') {
                fputc(word[i], out);
                column++;
            }
        }
        word += size + strspn(word + size, " ");
    }
    fputc('\n', out);
}

/* How the value is written, where the value shown does not say it by itself. */
static char *form_words(const struct config_row *row)
{
    const struct form_row *form = form_of(row->type);
    char *bounds = bounds_words(row), *words = NULL;
    switch (row->type) {
    case CONFIG_TEXT:
    case CONFIG_CHOICE: /* the help names them */
    case CONFIG_KIND:
        break;
    case CONFIG_SECRET:
        words = memory_format("Or %s_env, %s_credential, %s%s.", row->name, row->name, row->name,
                              row->known_to_many ? "_file" : "");
        break;
    case CONFIG_TEXT_FILE:
        words = memory_format("Or %s_file.", row->name);
        break;
    case CONFIG_OTHER:
        words = bounds == NULL ? NULL : memory_format("(%s)", bounds);
        break;
    default:
        words = bounds == NULL ? memory_format("(%s)", form->name)
                               : memory_format("(%s, %s)", form->name, bounds);
    }
    free(bounds);
    return words;
}

static void row_print(FILE *out, const struct config_row *row, bool active)
{
    char *form = form_words(row), *line = form_line(row);
    char *words = memory_format("%s%s%s", row->help, form == NULL ? "" : " ", form == NULL ? "" : form);
    fputc('\n', out);
    comment_print(out, words);
    if (line != NULL)
        fprintf(out, "%s%s\n", active ? "" : "#", line);
    free(words);
    free(line);
    free(form);
}

static void section_print(FILE *out, enum config_section_id id, const char *title)
{
    const struct config_section *section = &config_sections[id];
    fputs("\n\n", out);
    comment_print(out, section->help);
    fprintf(out, "[%s]\n", title);
    for (size_t i = 0; i < section->row_count; i++) {
        const struct config_row *row = &section->rows[i];
        if (row->type != CONFIG_KIND)
            row_print(out, row, id == SECTION_APPSERVER && is_wanted(row));
    }
}

static void kind_print(FILE *out, const struct config_kind *kind)
{
    fputs("\n\n", out);
    comment_print(out, kind->help);
    fprintf(out, "#[probe %s]\n#kind = %s\n", kind->name, kind->name);
    for (size_t i = 0; i < kind->row_count; i++)
        row_print(out, &kind->rows[i], false);
}

void sample_print(const struct config_schema *schema, FILE *out)
{
    fputs(opening, out);
    section_print(out, SECTION_EXPORTER, "exporter");
    section_print(out, SECTION_WEB, "web");
    section_print(out, SECTION_APPSERVER, "appserver live");

    fputs("\n\n# Probes: what is asked of the app servers, and how often. A kind's own keys stand with the "
          "kind below; the keys\n"
          "# here are those that every probe may have. They may stand in [defaults KIND] too, as the kind's "
          "own may, and then\n"
          "# hold for each probe of that kind that does not write them itself:\n"
          "#[defaults baq]\n"
          "#interval = 5m\n"
          "\n"
          "# Asks for a token: can the exporter log in, and how long does that take?\n"
          "[probe login]\n"
          "kind = " FIRST_KIND "\n",
          out);
    const struct config_section *probe = &config_sections[SECTION_PROBE];
    for (size_t i = 0; i < probe->row_count; i++) {
        if (probe->rows[i].type != CONFIG_KIND)
            row_print(out, &probe->rows[i], false);
    }
    for (size_t i = 0; schema->kinds[i] != NULL; i++) {
        if (strcmp(schema->kinds[i]->name, FIRST_KIND) != 0)
            kind_print(out, schema->kinds[i]);
    }
}
