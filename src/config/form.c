#include "config/form.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

const struct form_row *form_of(enum config_type type)
{
    static const struct form_row text = {"text", "As it stands, to the end of the line."};
    static const struct form_row list = {"list", "Items with commas between them: `EPIC06, EPIC07`."};
    static const struct form_row whole = {"whole number", "`5`, `1000`."};
    static const struct form_row number = {"number", "`5`, `0.5`."};
    static const struct form_row yes_or_no = {"yes or no", "`yes`, `true`, `on`; `no`, `false`, `off`."};
    static const struct form_row duration = {"duration",
                                             "A number with its unit: `500ms`, `30s`, `5m`, `8h`, `7d`, "
                                             "`1h30m`. A number without unit is refused."};
    static const struct form_row range = {"range of durations",
                                          "The least and the most with two dots between: `1s..5m`."};
    static const struct form_row size = {
        "size", "Bytes, or a number with its unit: `512`, `64KiB`, `16MiB`, `2GiB`."};
    static const struct form_row choice = {"one of", "One of the words that are named."};
    static const struct form_row secret = {
        "secret", "Four keys, of which one may be written. `KEY_file`: the name of a file that holds it, and "
                  "nothing else; it is "
                  "read again at each login, so a changed secret needs no restart. `KEY_env`: the name of an "
                  "environment "
                  "variable. `KEY_credential`: the name of a systemd credential (`LoadCredential=`). `KEY`: "
                  "the secret itself, "
                  "which is warned about when other users can read the configuration."};
    static const struct form_row text_file = {
        "text or file",
        "`KEY`: the text itself. `KEY_file`: the name of a file that holds it, for what is long."};
    static const struct form_row pairs = {
        "text by name", "As many keys as wanted, each with a NAME of its own behind the dot."};
    static const struct form_row pair_lists = {"text or list by name",
                                               "The same; with `.list` behind the NAME the value is a list, "
                                               "and each of its items is sent under that NAME."};
    static const struct form_row secret_pairs = {
        "secret by name", "The same, each in one of the four forms of a secret: `KEY.NAME_file` and so on."};
    static const struct form_row zone = {"time zone",
                                         "An IANA name: `America/Chicago`, `Europe/Berlin`, `UTC`."};
    static const struct form_row path = {"file", "The name of a file that can be read; a relative one begins "
                                                 "at the folder of the file in which it stands."};
    static const struct form_row kind = {"kind", "One of the kinds of probe below."};
    static const struct form_row license = {
        "license type",
        "A name that Kinetic knows, such as `WebService` or `DefaultUser`, a GUID, or `none`."};
    static const struct form_row other = {NULL, NULL};

    switch (type) {
    case CONFIG_TEXT:
        return &text;
    case CONFIG_LIST:
        return &list;
    case CONFIG_INTEGER:
        return &whole;
    case CONFIG_NUMBER:
        return &number;
    case CONFIG_BOOL:
        return &yes_or_no;
    case CONFIG_DURATION:
        return &duration;
    case CONFIG_RANGE:
        return &range;
    case CONFIG_SIZE:
        return &size;
    case CONFIG_CHOICE:
        return &choice;
    case CONFIG_SECRET:
        return &secret;
    case CONFIG_TEXT_FILE:
        return &text_file;
    case CONFIG_PAIRS:
        return &pairs;
    case CONFIG_PAIR_LISTS:
        return &pair_lists;
    case CONFIG_SECRET_PAIRS:
        return &secret_pairs;
    case CONFIG_ZONE:
        return &zone;
    case CONFIG_PATH:
        return &path;
    case CONFIG_KIND:
        return &kind;
    case CONFIG_LICENSE:
        return &license;
    case CONFIG_OTHER:
        return &other;
    }
    assert(false && "a type without form");
    return &other;
}

char *form_keys(const struct config_row *row, const char *before, const char *after)
{
    const char *name = row->name;
    switch (row->type) {
    case CONFIG_TEXT_FILE:
        return memory_format("%s%s%s, %s%s_file%s", before, name, after, before, name, after);
    case CONFIG_PAIRS:
    case CONFIG_SECRET_PAIRS:
        return memory_format("%s%s.NAME%s", before, name, after);
    case CONFIG_PAIR_LISTS:
        return memory_format("%s%s.NAME%s, %s%s.NAME.list%s", before, name, after, before, name, after);
    default:
        return memory_format("%s%s%s", before, name, after);
    }
}

/* What stands for a value where the row names none. */
static const char *any_value(const struct config_row *row)
{
    switch (row->type) {
    case CONFIG_INTEGER:
    case CONFIG_NUMBER:
        return "1";
    case CONFIG_BOOL:
        return "yes";
    case CONFIG_DURATION:
        return "1m";
    case CONFIG_RANGE:
        return "1s..5m";
    case CONFIG_SIZE:
        return "1MiB";
    case CONFIG_CHOICE:
        return row->choices[0];
    case CONFIG_ZONE:
        return "America/Chicago";
    case CONFIG_LICENSE:
        return "WebService";
    default:
        return NULL;
    }
}

char *form_line(const struct config_row *row)
{
    const char *value = row->preset != NULL    ? row->preset
                        : row->example != NULL ? row->example
                                               : any_value(row);
    if (value == NULL)
        return NULL;
    switch (row->type) {
    case CONFIG_SECRET: /* the example is a file's, but for what is no secret */
        return memory_format("%s%s = %s", row->name, row->known_to_many ? "" : "_file", value);
    case CONFIG_PAIRS: /* the example brings the name: "Success = true" */
    case CONFIG_PAIR_LISTS:
    case CONFIG_SECRET_PAIRS:
        return memory_format("%s.%s", row->name, value);
    default:
        return memory_format("%s = %s", row->name, value);
    }
}
