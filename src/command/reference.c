#include "command/reference.h"

#include <stdlib.h>
#include <string.h>

#include "command/markdown.h"
#include "config/form.h"
#include "config/rows.h"
#include "config/value.h"

/* ---- how the file is written ---- */

static const char opening[] =
    "# Configuration of epicor_exporter\n"
    "\n"
    "Printed by `epicor_exporter reference config`; `epicor_exporter sample-config` prints the same keys as "
    "a file to begin "
    "with, `epicor_exporter check` reads a configuration and names each fault with file, line and the "
    "nearest known key.\n"
    "\n"
    "## How the file is written\n"
    "\n"
    "- `--config.file` names a file, or a folder: then each of its files `*.ini` is read, in bytewise order "
    "of their names, "
    "as one configuration. Folders within it are not read, and hidden files are not.\n"
    "- A file has sections, `[appserver live]`, with lines `key = value` below them. A section stands in one "
    "place: the same "
    "section in two files, or twice in one, is a fault, and so is a key that is written twice.\n"
    "- `#` or `;` at the start of a line begins a comment; so does a blank with `#` or `;` behind it, "
    "outside single or double "
    "quotes.\n"
    "- An indented line continues the value above it, joined by one blank.\n"
    "- The names of app servers and probes are 1 to 40 of the characters `A-Z a-z 0-9 . _ -`. They become "
    "labels of metrics.\n"
    "- A relative file name begins at the folder of the file in which it stands.\n"
    "- Any fault keeps the whole configuration from being used: at start the exporter ends with exit code 3, "
    "at a reload "
    "(SIGHUP) the old configuration stays in force and the log names each fault. Warnings keep nothing.\n"
    "\n";

static void forms_print(FILE *out)
{
    const char *told[CONFIG_OTHER + 1] = {0};
    size_t count = 0;
    fputs("<a id=\"forms\"></a>\n## Forms of values\n\n| form | how it is written |\n|---|---|\n", out);
    for (int type = 0; type <= CONFIG_OTHER; type++) {
        const struct form_row *form = form_of((enum config_type)type);
        bool known = form->name == NULL;
        for (size_t i = 0; i < count && !known; i++)
            known = strcmp(told[i], form->name) == 0;
        if (known)
            continue;
        told[count++] = form->name;
        fprintf(out, "| %s | ", form->name);
        markdown_cell(out, form->words);
        fputs(" |\n", out);
    }
    fputs("\n", out);
}

/* ---- tables of keys ---- */

static void choices_print(FILE *out, const char *const *choices)
{
    for (size_t i = 0; choices[i] != NULL; i++) {
        fputs(i == 0 ? " " : ", ", out);
        fputs("`", out);
        markdown_cell(out, choices[i]);
        fputs("`", out);
    }
}

static void form_print(FILE *out, const struct config_row *row)
{
    const struct form_row *form = form_of(row->type);
    char *bounds = bounds_words(row);
    markdown_cell(out, form->name != NULL ? form->name : row->form != NULL ? row->form : "");
    if (row->type == CONFIG_CHOICE)
        choices_print(out, row->choices);
    if (bounds != NULL)
        fprintf(out, ", %s", bounds);
    free(bounds);
}

static void row_print(FILE *out, const struct config_row *row)
{
    char *keys = form_keys(row, "`", "`");
    fputs("| ", out);
    markdown_cell(out, keys);
    fputs(" | ", out);
    form_print(out, row);
    fputs(" | ", out);
    if (row->preset != NULL) {
        fputs("`", out);
        markdown_cell(out, row->preset);
        fputs("`", out);
    } else {
        fputs(row->required ? "required" : "–", out);
    }
    fputs(" | ", out);
    markdown_cell(out, row->help);
    fputs(" |\n", out);
    free(keys);
}

static void rows_print(FILE *out, const struct config_row *rows, size_t count)
{
    fputs("| key | form | default | meaning |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < count; i++)
        row_print(out, &rows[i]);
    fputs("\n", out);
}

/* ---- sections and kinds ---- */

static const char defaults_words[] = "Every key below, those that all probes share and those of the kind, "
                                     "may stand in `[defaults KIND]` too, such as "
                                     "`[defaults baq]`, but for `kind` itself. A probe of that kind takes "
                                     "from there what it does not write itself, one key at a "
                                     "time: a probe's own key always wins, in whatever form (`filter` and "
                                     "`filter_file` are one key), and what is required may "
                                     "come from there. Of keys with a NAME (`param.NAME`, `expect.NAME`, "
                                     "`value.NAME` and its further keys such as "
                                     "`value.NAME.labels`) each whole key counts by itself: the probe's own "
                                     "win, the others are added. There is no key that takes a "
                                     "default away; a probe that shall not have it sets another value. Where "
                                     "the section stands, before the probes or behind "
                                     "them, makes no difference.\n\n";

static void section_print(FILE *out, const struct config_section *section)
{
    fprintf(out, "<a id=\"%s\"></a>\n## `[%s%s]`\n\n%s\n\n", section->type, section->type,
            !section->named                                 ? ""
            : section == &config_sections[SECTION_DEFAULTS] ? " KIND"
                                                            : " NAME",
            section->help);
    if (section == &config_sections[SECTION_DEFAULTS])
        fputs(defaults_words, out);
    if (section->row_count > 0)
        rows_print(out, section->rows, section->row_count);
}

static void kind_print(FILE *out, const struct config_kind *kind)
{
    fprintf(out, "<a id=\"kind-%s\"></a>\n### `kind = %s`\n\n%s\n\n", kind->name, kind->name, kind->help);
    if (kind->runs_per_company != NULL)
        fputs("It runs for each app server and company, or once for an app server: its keys decide. ", out);
    else if (kind->per_company)
        fputs("It runs for each app server and company. ", out);
    else
        fputs("It runs once for an app server; where its path needs a company, the first one is used. ", out);
    if (kind->server_series)
        fputs("What it finds is told of the app server and not of the probe, so one probe of this kind is "
              "enough for an app "
              "server. ",
              out);
    fprintf(out, "Unless told otherwise, `connection = %s`.\n\n", kind->fresh ? "fresh" : "reuse");
    if (kind->row_count > 0)
        rows_print(out, kind->rows, kind->row_count);
    else
        fputs("It has no keys of its own.\n\n", out);
}

static void kinds_print(FILE *out, const struct config_schema *schema)
{
    fputs("<a id=\"kinds\"></a>\n## Kinds of probe\n\nBeside the keys that all probes share, a probe has "
          "those of its "
          "kind:",
          out);
    for (size_t i = 0; schema->kinds[i] != NULL; i++)
        fprintf(out, " [`%s`](#kind-%s)", schema->kinds[i]->name, schema->kinds[i]->name);
    fputs("\n\n", out);
    for (size_t i = 0; schema->kinds[i] != NULL; i++)
        kind_print(out, schema->kinds[i]);
}

void reference_config_print(const struct config_schema *schema, FILE *out)
{
    fputs(opening, out);
    forms_print(out);
    for (size_t i = 0; i < SECTION_COUNT; i++)
        section_print(out, &config_sections[i]);
    kinds_print(out, schema);
}
