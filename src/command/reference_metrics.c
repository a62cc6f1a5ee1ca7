#include <string.h>

#include "base/text.h"
#include "command/markdown.h"
#include "command/reference.h"
#include "report/families.h"

static const char opening[] =
    "# Metrics of epicor_exporter\n"
    "\n"
    "Printed by `epicor_exporter reference metrics`. A probe that is configured becomes a *target* for each "
    "app server and "
    "company that it runs for, and each target has series of its own.\n"
    "\n"
    "What a last run found (success, reason, phases, rows, bytes, values) is shown for three intervals and "
    "then vanishes "
    "unless the target runs again, so an alert on it cannot hang on an old state. Counters, histograms, "
    "times of last runs and "
    "what the configuration says stand as long as the target is configured. A counter with a closed list of "
    "label values "
    "stands at 0 from the start. A reload that removes a target takes its series away.\n"
    "\n";

static const struct {
    const char *title, *anchor, *words;
} classes[OWNER_CLASSES] = {
    [OWNER_TARGET] =
        {"Of a target", "target",
         "Each carries the labels `appserver`, `company` and `probe`; `company` is empty where the kind runs "
         "once for an app server."},
    [OWNER_APPSERVER] = {"Of an app server", "appserver", "Each carries the label `appserver`."},
    [OWNER_PROCESS] = {"Of the exporter itself", "exporter", "They carry no labels but their own."},
};

static void labels_print(FILE *out, const struct metric_family *family)
{
    size_t count = 0;
    for (; count < FAMILY_LABELS && family->labels[count] != NULL; count++)
        fprintf(out, "%s`%s`", count == 0 ? "" : ", ", family->labels[count]);
    if (count == 0)
        fputs("–", out);
}

/* The closed list, but for the long one that has a table of its own. */
static void values_print(FILE *out, const struct metric_family *family)
{
    if (family->value_count == 0)
        return;
    if (family->value_count == REASONS - 1) {
        fputs(" Every value of `reason` is in the [table of reasons](#reasons).", out);
        return;
    }
    fprintf(out, " `%s`:", family->labels[0]);
    for (size_t i = 0; i < family->value_count; i++)
        fprintf(out, "%s `%s`", i == 0 ? "" : ",", family->value_of(i));
    if (family->data_maximum > 0)
        fprintf(out, ", at most %zu more", family->data_maximum);
    if (family->overflow != NULL)
        fprintf(out, ", the rest as `%s`", family->overflow);
    fputs(".", out);
}

static void buckets_print(FILE *out, const struct metric_family *family)
{
    char text[32];
    if (family->bucket_count == 0)
        return;
    fputs(" Upper bounds of its buckets:", out);
    for (size_t i = 0; i < family->bucket_count; i++)
        fprintf(out, " %.*s", (int)text_from_double(family->buckets[i], text), text);
    fputs(" +Inf.", out);
    if (family->native)
        fputs(" In the protobuf format a native histogram too.", out);
}

static void family_print(FILE *out, const struct metric_family *family)
{
    fprintf(out, "| `%s` | %s | ", family->name, metric_type_name(family->type));
    labels_print(out, family);
    fputs(" | ", out);
    markdown_plain(out, family->help);
    for (unsigned bit = 1; bit != 0 && bit <= family->group; bit <<= 1) {
        if ((family->group & bit) != 0)
            fprintf(out, " Only %s.", family_group_words(bit));
    }
    values_print(out, family);
    buckets_print(out, family);
    if (family->exemplars)
        fputs(" With exemplars, in the formats that have them.", out);
    fputs(" |\n", out);
}

static const char values_words[] =
    "<a id=\"values\"></a>\n"
    "## Of the rows of an answer\n"
    "\n"
    "`epicor_value_NAME` is a gauge that a probe of kind `baq`, `bo` or `method` reads out of the rows that "
    "it gets, as its keys "
    "`value.NAME` say: the sum, least, greatest, mean, last value or number of a column, for all rows or for "
    "each combination of the "
    "columns that `value.NAME.labels` names. It carries `appserver`, `company`, `probe` and those labels. "
    "`value.NAME.help` "
    "becomes its help text; the same NAME in two probes must have the same help and labels. An empty value "
    "(`null`) is passed "
    "over; without rows a sum and a count are 0 and everything else is absent. Where rows make more than "
    "`max_series` series, the "
    "first by label order stay, and the rest becomes one series whose labels are all `other`, counted in "
    "`epicor_exporter_series_dropped`.\n"
    "\n";

static void reasons_print(FILE *out)
{
    fputs("<a id=\"reasons\"></a>\n## Reasons\n\nThe closed list of the label `reason`. A failed run has "
          "exactly one of them.\n\n"
          "| reason | what happened | what to do |\n|---|---|---|\n",
          out);
    for (enum reason reason = REASON_NONE + 1; reason < REASONS; reason++) {
        const struct reason_row *row = reason_row(reason);
        fprintf(out, "| `%s` | ", row->name);
        markdown_plain(out, row->sentence);
        fputs(" | ", out);
        markdown_plain(out, row->remedy);
        fputs(" |\n", out);
    }
}

void reference_metrics_print(FILE *out)
{
    fputs(opening, out);
    for (unsigned class = 0; class < OWNER_CLASSES; class ++) {
        fprintf(out,
                "<a id=\"%s\"></a>\n## %s\n\n%s\n\n| metric | type | further labels | meaning "
                "|\n|---|---|---|---|\n",
                classes[class].anchor, classes[class].title, classes[class].words);
        for (size_t i = 0; i < FAMILIES; i++) {
            if (families[i].owner_class == class)
                family_print(out, &families[i]);
        }
        fputs("\n", out);
        if (class == OWNER_TARGET)
            fputs(values_words, out);
    }
    reasons_print(out);
}
