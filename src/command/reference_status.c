#include "command/markdown.h"
#include "command/reference.h"
#include "kinetic/reason.h"
#include "report/status_field.h"

static const char opening[] =
    "# Status of epicor_exporter as JSON\n"
    "\n"
    "Printed by `epicor_exporter reference status`. `GET /api/v1/status` answers what the status page shows, "
    "for "
    "programs: one object, UTF-8, `application/json`. Asking costs no call to Kinetic. What a rule or a "
    "dashboard "
    "needs stands in the metrics; this is for scripts, tickets and chat.\n"
    "\n"
    "A time is two fields: `NAME`, RFC 3339 in UTC, and `NAME_epoch`, seconds since 1970. `null` means that "
    "it is "
    "not known, or that there is none. New fields may come at any time within `v1`, so a reader passes over "
    "those "
    "that it does not know.\n"
    "\n"
    "```\n"
    "curl -s 'http://127.0.0.1:10606/api/v1/status?state=failing' | jq -r '.targets[] | "
    "[.appserver, .company, .probe, .reason, .remedy] | @tsv'\n"
    "```\n"
    "\n";

static const struct {
    const char *name, *anchor;
} types[] = {
    [TYPE_TEXT] = {"text", NULL}, [TYPE_BOOL] = {"boolean", NULL}, [TYPE_NUMBER] = {"number", NULL},
    [TYPE_TIME] = {"time", NULL}, [TYPE_OBJECT] = {"", "object"},  [TYPE_LIST] = {"list of ", "object"},
};

static const char *const presences[] = {
    [ALWAYS] = "",
    [NULLABLE] = ", or null",
    [WHERE_TRUSTED] = ", or null; absent while `messages` is `withheld`",
    [WHEN_ASKED] = "; absent unless [asked for](#query)",
};

static void query_print(FILE *out)
{
    fputs("<a id=\"query\"></a>\n## Query\n\nA parameter may be given several times: any of its values then "
          "will do. Another one is answered 400.\n\n| parameter | form | meaning |\n|---|---|---|\n",
          out);
    for (int i = 0; i < STATUS_PARAMETERS; i++) {
        const struct status_parameter *parameter = status_parameter((enum status_parameter_name)i);
        fprintf(out, "| `%s` | ", parameter->name);
        markdown_cell(out, parameter->form);
        fputs(" | ", out);
        markdown_cell(out, parameter->meaning);
        fputs(" |\n", out);
    }
    fputs("\n", out);
}

static void field_print(FILE *out, const struct status_row *row)
{
    fprintf(out, "| `%s` | %s", row->name, types[row->type].name);
    if (types[row->type].anchor != NULL)
        fprintf(out, "[object](#%s)", status_object_row(row->object)->anchor);
    fprintf(out, "%s | ", presences[row->presence]);
    markdown_cell(out, row->meaning);
    fputs(" |\n", out);
}

static void object_print(FILE *out, enum status_object object)
{
    const struct status_object_row *row = status_object_row(object);

    fprintf(out, "<a id=\"%s\"></a>\n## %s\n\n%s\n\n| field | type | meaning |\n|---|---|---|\n", row->anchor,
            row->title, row->words);
    for (int field = 0; field < STATUS_FIELDS; field++)
        if (status_row((enum status_field)field)->of == object)
            field_print(out, status_row((enum status_field)field));
    fputs("\n", out);
}

void reference_status_print(FILE *out)
{
    fputs(opening, out);
    query_print(out);
    for (int object = 0; object < STATUS_OBJECTS; object++)
        object_print(out, (enum status_object)object);
    fputs("<a id=\"reasons\"></a>\n## Reasons\n\nWhat each says, and what to do, stands in `reference "
          "metrics`, and "
          "beside it in `sentence` and `remedy`:",
          out);
    for (enum reason reason = REASON_NONE + 1; reason < REASONS; reason++)
        fprintf(out, " `%s`", reason_row(reason)->name);
    fputs("\n", out);
}
