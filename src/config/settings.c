#include "config/settings.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/secret.h"
#include "config/shown.h"

#define VALUE_SHOWN_MAX 100 /* bytes of a value that a fault repeats */

static void *row_field(const struct settings_group *group, size_t row)
{
    return (char *)group->base + group->rows[row].offset;
}

/* ---- faults ---- */

void settings_fault(struct settings_reader *reader, const struct section *section, const struct entry *entry,
                    const char *shown, const char *text)
{
    if (entry->inherited)
        return;
    struct place place = entry_place(entry);
    char *title = section_title(section);
    size_t size = shown == NULL ? 0 : strlen(shown);
    if (size == 0) {
        fault_add(reader->faults, place, "%s %s: %s", title, entry->name, text);
    } else {
        size_t part = size > VALUE_SHOWN_MAX ? VALUE_SHOWN_MAX : size;
        while (part < size && ((unsigned char)shown[part] & 0xc0) == 0x80)
            part--; /* not within a character */
        fault_add(reader->faults, place, "%s %s = %.*s%s: %s", title, entry->name, (int)part, shown,
                  part < size ? " ..." : "", text);
    }
    free(title);
}

static void entry_warning(struct settings_reader *reader, const struct section *section,
                          const struct entry *entry, const char *text)
{
    if (entry->inherited)
        return;
    char *title = section_title(section);
    warning_add(reader->faults, entry_place(entry), "%s %s: %s", title, entry->name, text);
    free(title);
}

/* ---- unknown keys ---- */

struct names {
    char **items;
    size_t count;
};

static void names_add(struct names *names, char *name)
{
    if ((names->count & (names->count - 1)) == 0)
        names->items = memory_grow(names->items, names->count == 0 ? 1 : names->count * 2,
                                   sizeof *names->items);
    names->items[names->count++] = name;
}

static bool row_has_names(const struct config_row *row)
{
    return row->type == CONFIG_PAIRS || row->type == CONFIG_PAIR_LISTS || row->type == CONFIG_SECRET_PAIRS;
}

/* The row whose key wants a name behind it and has none, with a dot or without; NULL: none. */
static const struct config_row *find_nameless(const struct settings_group *groups, size_t count,
                                              const char *key)
{
    size_t size = strlen(key);
    if (size > 0 && key[size - 1] == '.')
        size--;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < groups[i].count; k++)
            if (row_has_names(&groups[i].rows[k]) &&
                span_is((struct span){key, size}, groups[i].rows[k].name))
                return &groups[i].rows[k];
    return NULL;
}

/* Every key that the rows stand for; pairs with the dot and name that the unknown key has. */
static void names_add_rows(struct names *names, const struct settings_group *group, const char *key)
{
    const char *dot = strchr(key, '.');
    for (size_t i = 0; i < group->count; i++) {
        const struct config_row *row = &group->rows[i];
        if (row_has_names(row)) {
            names_add(names, memory_format("%s%s", row->name, dot == NULL ? "" : dot));
            continue;
        }
        names_add(names, memory_copy_text(row->name));
        if (row->type == CONFIG_SECRET || row->type == CONFIG_TEXT_FILE)
            names_add(names, memory_format("%s_file", row->name));
        if (row->type == CONFIG_SECRET) {
            names_add(names, memory_format("%s_env", row->name));
            names_add(names, memory_format("%s_credential", row->name));
        }
    }
}

void settings_unknown(struct settings_reader *reader, const struct section *section,
                      const struct entry *entry, const struct settings_group *extra, size_t extra_count)
{
    struct names names = {0};
    for (size_t i = 0; i < reader->group_count; i++)
        names_add_rows(&names, &reader->groups[i], entry->name);
    for (size_t i = 0; i < extra_count; i++)
        names_add_rows(&names, &extra[i], entry->name);
    char *lower = memory_copy_text(entry->name);
    for (char *c = lower; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    const char *nearest = text_nearest(lower, (const char *const *)names.items, names.count);
    const struct config_row *nameless = find_nameless(reader->groups, reader->group_count, lower);
    char *text;
    if (nameless == NULL)
        nameless = find_nameless(extra, extra_count, lower);
    if (nameless != NULL)
        text = memory_format("it wants a name behind it: %s.NAME", nameless->name);
    else if (nearest == NULL)
        text = memory_copy_text("unknown key");
    else
        text = memory_format("unknown key; is %s meant?", nearest);
    settings_fault(reader, section, entry, NULL, text); /* a misspelt password is a secret too */
    free(text);
    free(lower);
    for (size_t i = 0; i < names.count; i++)
        free(names.items[i]);
    free(names.items);
}

/* ---- secrets ---- */

/* Whether the secret can be had is looked at, its text is not read: it may be there only when it is needed. */
static void secret_warn(struct settings_reader *reader, const struct section *section,
                        const struct entry *entry, const struct config_row *row,
                        const struct secret_source *source)
{
    char *text = NULL;
    if (source->form == SECRET_FILE && access(source->name, R_OK) != 0) {
        text = memory_format("%s cannot be read now: %s", source->name, strerrordesc_np(errno));
    } else if (source->form == SECRET_ENV && getenv(source->name) == NULL) {
        text = memory_format("the environment variable %s is not set here", source->name);
    } else if (source->form == SECRET_CREDENTIAL) {
        const char *folder = getenv("CREDENTIALS_DIRECTORY");
        char *path = folder == NULL ? NULL : path_within(folder, source->name);
        if (path == NULL)
            text = memory_copy_text(
                "no credentials folder is set here; systemd sets it with LoadCredential=");
        else if (access(path, R_OK) != 0)
            text = memory_format("the credential %s cannot be read now: %s", source->name,
                                 strerrordesc_np(errno));
        free(path);
    } else if (source->form == SECRET_INLINE) {
        size_t size = strlen(entry->value);
        char first = entry->value[0];
        if (entry->source->readers != NULL && !row->known_to_many) {
            char *own = memory_format(
                "the secret stands in a file that %s can read; write %s_file, or chmod 600",
                entry->source->readers, entry->name);
            entry_warning(reader, section, entry, own);
            free(own);
        }
        if (size > 1 && (first == '"' || first == '\'') && entry->value[size - 1] == first)
            entry_warning(reader, section, entry, "the quotes around it are part of the secret");
        if (entry->comment)
            entry_warning(reader, section, entry,
                          "what stands behind a blank and # or ; is a comment, not part of the secret");
    }
    if (text != NULL)
        entry_warning(reader, section, entry, text);
    free(text);
}

static char *secret_read_row(struct settings_reader *reader, const struct section *section,
                             const struct entry *entry, const struct config_row *row, enum key_form form,
                             struct secret_source *source)
{
    if (entry->value[0] == '\0')
        return memory_copy_text("there is no value; leave the key out to have none");
    if (form == KEY_CREDENTIAL && (strchr(entry->value, '/') != NULL || entry->value[0] == '.'))
        return memory_copy_text("the name of a credential is a plain file name");
    if (form == KEY_ENV && strchr(entry->value, '=') != NULL)
        return memory_copy_text("no environment variable has a name with = in it");
    switch (form) {
    case KEY_FILE:
        *source = (struct secret_source){.form = SECRET_FILE,
                                         .name = path_within(entry->source->folder, entry->value)};
        break;
    case KEY_ENV:
        *source = (struct secret_source){.form = SECRET_ENV, .name = memory_copy_text(entry->value)};
        break;
    case KEY_CREDENTIAL:
        *source = (struct secret_source){.form = SECRET_CREDENTIAL, .name = memory_copy_text(entry->value)};
        break;
    case KEY_PLAIN:
        *source = (struct secret_source){.form = SECRET_INLINE,
                                         .inlined = secret_new(entry->value, strlen(entry->value))};
        break;
    case KEY_PAIR:
    case KEY_PAIR_LIST:
        assert(false && "a secret is no pair");
    }
    secret_warn(reader, section, entry, row, source);
    return NULL;
}

/* ---- pairs ---- */

static void pair_add(struct pair_list *pairs, struct span name, struct span value, struct place place)
{
    if ((pairs->count & (pairs->count - 1)) == 0)
        pairs->items = memory_grow(pairs->items, pairs->count == 0 ? 1 : pairs->count * 2,
                                   sizeof *pairs->items);
    pairs->items[pairs->count++] = (struct pair){.name = memory_copy_bytes(name.data, name.size),
                                                 .value = memory_copy_bytes(value.data, value.size),
                                                 .place = place};
}

static char *pairs_read(const struct entry *entry, enum key_form form, struct span name,
                        struct pair_list *pairs)
{
    struct place place = entry_place(entry);
    struct span rest = span_of(entry->value), item;
    if (form == KEY_PAIR) {
        pair_add(pairs, name, rest, place);
        return NULL;
    }
    if (rest.size == 0)
        return memory_copy_text("there is no value; leave the key out to send none");
    while (span_next_item(&rest, &item)) {
        if (item.size == 0)
            return memory_copy_text("an item of the list is empty: a comma too many");
        pair_add(pairs, name, item, place);
    }
    return NULL;
}

/* Grown by doubling: count is a power of two where there is no room left. */
static char *secret_pairs_read(struct settings_reader *reader, const struct section *section,
                               const struct entry *entry, const struct config_row *row, enum key_form form,
                               struct span name, struct secret_pair_list *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (!span_is(name, pairs->items[i].name))
            continue;
        int line = pairs->items[i].place.line;
        return line == entry->line
                   ? NULL
                   : memory_format("it is written in line %d too; only one of them can hold", line);
    }
    struct secret_source source = {0};
    char *fault = secret_read_row(reader, section, entry, row, form, &source);
    if (fault != NULL)
        return fault;
    if ((pairs->count & (pairs->count - 1)) == 0)
        pairs->items = memory_grow(pairs->items, pairs->count == 0 ? 1 : pairs->count * 2,
                                   sizeof *pairs->items);
    pairs->items[pairs->count++] = (struct secret_pair){
        .name = memory_copy_bytes(name.data, name.size), .source = source, .place = entry_place(entry)};
    return NULL;
}

/* ---- the walk ---- */

/* The entry that each row was read from; of pairs, the last. */
struct taken {
    const struct entry *entry;
};

static char *text_file_read_row(const struct entry *entry, char **field)
{
    if (entry->value[0] == '\0')
        return memory_copy_text("there is no file name");
    char *path = path_within(entry->source->folder, entry->value), *why = NULL;
    char *text = text_file_read(path, &why);
    free(path);
    if (text != NULL)
        *field = text;
    return why;
}

static void row_read(struct settings_reader *reader, const struct section *section, const struct entry *entry,
                     const struct settings_group *group, size_t row, enum key_form form, struct span name,
                     struct taken *taken)
{
    const struct config_row *what = &group->rows[row];
    void *field = row_field(group, row);
    char *fault;
    reader->context.folder = entry->source->folder;
    if (what->type == CONFIG_SECRET_PAIRS) {
        taken[row].entry = entry;
        fault = secret_pairs_read(reader, section, entry, what, form, name, field);
    } else if (form == KEY_PAIR || form == KEY_PAIR_LIST) {
        taken[row].entry = entry;
        fault = pairs_read(entry, form, name, field);
    } else if (taken[row].entry != NULL) {
        if (strcmp(taken[row].entry->name, entry->name) == 0)
            return; /* written twice: told when the document was read */
        fault = memory_format("%s is written too, in line %d; only one of them can hold",
                              taken[row].entry->name, taken[row].entry->line);
    } else {
        taken[row].entry = entry;
        if (what->type == CONFIG_SECRET)
            fault = secret_read_row(reader, section, entry, what, form, field);
        else if (form == KEY_FILE)
            fault = text_file_read_row(entry, field);
        else
            fault = value_read(&reader->context, what, entry->value, field);
    }
    if (fault != NULL) {
        char *shown = value_shown(what, entry->value);
        settings_fault(reader, section, entry, shown, fault);
        free(shown);
    }
    free(fault);
}

static void entry_read(struct settings_reader *reader, const struct section *section,
                       const struct entry *entry, struct taken *const *taken)
{
    for (size_t g = 0; g < reader->group_count; g++) {
        for (size_t i = 0; i < reader->groups[g].count; i++) {
            enum key_form form;
            struct span name;
            if (row_takes_key(&reader->groups[g].rows[i], entry->name, &form, &name)) {
                row_read(reader, section, entry, &reader->groups[g], i, form, name, taken[g]);
                return;
            }
        }
    }
    if (reader->unknown != NULL)
        reader->unknown(reader, section, entry);
    else
        settings_unknown(reader, section, entry, NULL, 0);
}

static void absent_fill(struct settings_reader *reader, const struct section *section,
                        const struct settings_group *group, const struct taken *taken)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct config_row *row = &group->rows[i];
        if (taken[i].entry != NULL)
            continue;
        if (row->required && !reader->partial) {
            char *title = section_title(section);
            fault_add(reader->faults, section_place(section), "%s: %s is missing", title, row->name);
            free(title);
        }
        if (row->preset == NULL)
            continue;
        char *fault = value_read(&reader->context, row, row->preset, row_field(group, i));
        assert(fault == NULL);
    }
}

void settings_read(struct settings_reader *reader, const struct section *section)
{
    struct taken *taken[SETTINGS_GROUPS_MAX] = {NULL};
    assert(reader->group_count <= SETTINGS_GROUPS_MAX);
    for (size_t g = 0; g < reader->group_count; g++)
        taken[g] = memory_new(reader->groups[g].count, sizeof *taken[g]);
    for (size_t i = 0; i < section->count; i++)
        entry_read(reader, section, &section->entries[i], taken);
    for (size_t g = 0; g < reader->group_count; g++) {
        assert(taken[g] != NULL);
        absent_fill(reader, section, &reader->groups[g], taken[g]);
        free(taken[g]);
    }
}

void settings_free(const struct config_row *rows, size_t count, void *base)
{
    for (size_t i = 0; i < count; i++)
        value_free(&rows[i], (char *)base + rows[i].offset);
}
