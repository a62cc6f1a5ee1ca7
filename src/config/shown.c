#include "config/shown.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/rows.h"

/* ---- what may be shown ---- */

/* Writes a URL's authority without its user. Returns what is behind it. */
static const char *authority_append(struct buffer *out, const char *authority)
{
    size_t size = strcspn(authority, "/?#, \t\"'");
    const char *at = memrchr(authority, '@', size);
    if (at != NULL) {
        buffer_text(out, SHOWN_SECRET "@");
        buffer_append(out, at + 1, size - (size_t)(at + 1 - authority));
    } else {
        buffer_append(out, authority, size);
    }
    return authority + size;
}

/* "user:password@host" of a URL whose // is missing, or is only one slash. */
static bool has_bare_user(const char *value)
{
    for (const char *word = value; *word != '\0';) {
        size_t size = strcspn(word, " \t,");
        const char *at = memchr(word, '@', size);
        if (at != NULL && memchr(word, ':', (size_t)(at - word)) != NULL &&
            memmem(word, size, "//", 2) == NULL)
            return true;
        word += size + (word[size] != '\0');
    }
    return false;
}

/* A user whose password holds a slash ends the authority too soon: then nothing is sure. */
static bool is_strange(const char *url)
{
    const char *at = strchr(url, '@'), *slash = strpbrk(url, "/?#");
    return at != NULL && slash != NULL && slash < at;
}

char *value_shown(const struct config_row *row, const char *value)
{
    struct buffer out;
    if (row->type == CONFIG_SECRET || row->type == CONFIG_SECRET_PAIRS || row->hidden || has_bare_user(value))
        return NULL;
    buffer_init(&out, SIZE_MAX / 2);
    buffer_text(&out, "");
    bool in_url = row->hides_query;
    for (const char *at = value; *at != '\0';) {
        if (strncmp(at, "//", 2) == 0) {
            if (is_strange(at + 2)) {
                buffer_free(&out);
                return NULL;
            }
            in_url = in_url || (at > value && at[-1] == ':');
            buffer_text(&out, "//");
            at = authority_append(&out, at + 2);
        } else if (in_url && *at == '?') {
            buffer_text(&out, "?" SHOWN_SECRET);
            break;
        } else {
            buffer_byte(&out, *at++);
        }
    }
    return buffer_take(&out);
}

static const struct config_row *row_of(const struct settings_group *groups, size_t count, const char *key)
{
    enum key_form form;
    struct span name;
    for (size_t g = 0; g < count; g++)
        for (size_t i = 0; i < groups[g].count; i++)
            if (row_takes_key(&groups[g].rows[i], key, &form, &name))
                return &groups[g].rows[i];
    return NULL;
}

void key_lines_show(struct key_lines *keys, const struct section *section,
                    const struct settings_group *groups, size_t group_count)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct config_row *row = row_of(groups, group_count, section->entries[i].name);
        if (row != NULL)
            keys->items[i].shown = value_shown(row, section->entries[i].value);
    }
}

/* ---- as text ---- */

static void place_print(struct buffer *out, struct place place)
{
    if (place.line > 0)
        buffer_format(out, "# %s:%d\n", place.file, place.line);
}

static void keys_print(struct buffer *out, const struct key_lines *keys, const struct config_kind *kind)
{
    bool inherited = false;
    for (size_t i = 0; i < keys->count; i++) {
        const struct key_line *key = &keys->items[i];
        if (key->inherited && !inherited && kind != NULL)
            buffer_format(out, "# from [defaults %s]:\n", kind->name);
        inherited = key->inherited;
        if (key->place.line == 0)
            buffer_format(out, "# from the command line:\n");
        buffer_format(out, "%s = ", key->name);
        buffer_text(out, key->shown != NULL ? key->shown : SHOWN_SECRET);
        buffer_byte(out, '\n');
    }
}

/* What holds where the key was not written; "" where that is nothing. */
static const char *default_of(const struct config_row *row, const void *field, char text[static 32])
{
    text[0] = '\0';
    if (row->preset != NULL)
        return row->preset;
    if (row->type == CONFIG_DURATION && *(const int64_t *)field != 0)
        text_from_duration(*(const int64_t *)field, text, 32);
    else if (row->type == CONFIG_CHOICE)
        return row->choices[*(const int *)field];
    return text;
}

static void defaults_print(struct buffer *out, const struct key_lines *keys, const struct config_row *rows,
                           size_t count, const void *base)
{
    for (size_t i = 0; i < count; i++) {
        char text[32];
        if (key_lines_has(keys, rows[i].name))
            continue;
        const char *value = default_of(&rows[i], (const char *)base + rows[i].offset, text);
        if (value[0] != '\0')
            buffer_format(out, "#%s = %s\n", rows[i].name, value);
    }
}

static void section_print(struct buffer *out, enum config_section_id id, const char *name, struct place place,
                          const struct key_lines *keys, const void *base, const struct config_kind *kind)
{
    const struct config_section *section = &config_sections[id];
    buffer_byte(out, '\n');
    place_print(out, place);
    if (name != NULL)
        buffer_format(out, "[%s %s]\n", section->type, name);
    else
        buffer_format(out, "[%s]\n", section->type);
    keys_print(out, keys, kind);
    defaults_print(out, keys, section->rows, section->row_count, base);
}

bool model_print(const struct model *model, struct buffer *out)
{
    buffer_text(out, "# The configuration in force. \"#key = value\" is a default.\n");
    if (model->shard_total > 1)
        buffer_format(out,
                      "# This is shard %lld of %lld (--shard.index, --shard.total): app servers of the "
                      "others are left out.\n",
                      (long long)model->shard_index, (long long)model->shard_total);
    section_print(out, SECTION_EXPORTER, NULL, model->exporter_place, &model->exporter_keys, &model->exporter,
                  NULL);
    if (model->web.sockets_passed)
        buffer_text(
            out, "\n# listen_address of [web] is without effect: the supervisor has passed the sockets.\n");
    if (model->web.at_next_start != NULL)
        buffer_format(out, "\n# These of [web] are not in force yet, but from the next start on: %s\n",
                      model->web.at_next_start);
    section_print(out, SECTION_WEB, NULL, model->web.place, &model->web.keys, &model->web, NULL);
    for (size_t i = 0; i < model->appserver_count; i++) {
        const struct appserver_settings *appserver = &model->appservers[i];
        section_print(out, SECTION_APPSERVER, appserver->name, appserver->place, &appserver->keys, appserver,
                      NULL);
    }
    for (size_t i = 0; i < model->probe_count; i++) {
        const struct probe_settings *probe = &model->probes[i];
        section_print(out, SECTION_PROBE, probe->name, probe->place, &probe->keys, probe, probe->kind);
        defaults_print(out, &probe->keys, probe->kind->rows, probe->kind->row_count, probe->own);
    }
    return !out->failed;
}
