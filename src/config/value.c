#include "config/value.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

#define TEXT_FILE_MAX ((size_t)16 * 1024 * 1024)

/* ---- numbers ---- */

static bool row_is_bounded(const struct config_row *row)
{
    return row->minimum != 0 || row->maximum != 0;
}

char *bounds_words(const struct config_row *row)
{
    char low[32], high[32];
    if (!row_is_bounded(row))
        return NULL;
    if (row->type == CONFIG_DURATION || row->type == CONFIG_RANGE) {
        text_from_duration(row->minimum, low, sizeof low);
        text_from_duration(row->maximum, high, sizeof high);
    } else if (row->type == CONFIG_SIZE) {
        text_from_size((uint64_t)row->minimum, low, sizeof low);
        text_from_size((uint64_t)row->maximum, high, sizeof high);
    } else {
        return memory_format("%" PRId64 " to %" PRId64, row->minimum, row->maximum);
    }
    return row->maximum == INT64_MAX ? memory_format("from %s on", low)
                                     : memory_format("%s to %s", low, high);
}

static char *bounds_fault(const struct config_row *row)
{
    char *words = bounds_words(row), *fault = memory_format("it must be %s", words);
    free(words);
    return fault;
}

static bool in_bounds(const struct config_row *row, int64_t value)
{
    return !row_is_bounded(row) || (value >= row->minimum && value <= row->maximum);
}

static char *read_integer(const struct config_row *row, const char *text, void *field)
{
    int64_t value;
    if (!text_to_int64(span_of(text), &value))
        return memory_copy_text("it is no whole number");
    if (!in_bounds(row, value))
        return bounds_fault(row);
    *(int64_t *)field = value;
    return NULL;
}

static char *read_number(const struct config_row *row, const char *text, void *field)
{
    struct optional_number number = {.set = true};
    if (!text_to_double(span_of(text), &number.value))
        return memory_copy_text("it is no number");
    if (row_is_bounded(row) && (number.value < (double)row->minimum || number.value > (double)row->maximum))
        return bounds_fault(row);
    *(struct optional_number *)field = number;
    return NULL;
}

static char *read_bool(const char *text, void *field)
{
    if (!text_to_bool(span_of(text), field))
        return memory_copy_text("write yes or no (true or false, on or off)");
    return NULL;
}

static char *duration_fault(struct span text)
{
    double number;
    if (text_to_double(text, &number))
        return memory_format("a bare number is no duration; write %.*ss or %.*sm", (int)text.size, text.data,
                             (int)text.size, text.data);
    return memory_copy_text("it is no duration; write 500ms, 30s, 5m, 8h, 7d or 1h30m");
}

static char *read_duration(const struct config_row *row, const char *text, void *field)
{
    int64_t value;
    if (!text_to_duration(span_of(text), &value))
        return duration_fault(span_of(text));
    if (!in_bounds(row, value))
        return bounds_fault(row);
    *(int64_t *)field = value;
    return NULL;
}

static char *read_range(const struct config_row *row, const char *text, void *field)
{
    const char *dots = strstr(text, "..");
    if (dots == NULL)
        return memory_copy_text("it is no range; write the least and the most, such as 1s..5m");
    struct span from = span_trim((struct span){text, (size_t)(dots - text)}),
                to = span_trim(span_of(dots + 2));
    struct duration_range range;
    if (!text_to_duration(from, &range.from_ns))
        return duration_fault(from);
    if (!text_to_duration(to, &range.to_ns))
        return duration_fault(to);
    if (range.from_ns > range.to_ns)
        return memory_copy_text("the range runs backwards");
    if (!in_bounds(row, range.from_ns) || !in_bounds(row, range.to_ns))
        return bounds_fault(row);
    *(struct duration_range *)field = range;
    return NULL;
}

static char *read_size(const struct config_row *row, const char *text, void *field)
{
    uint64_t value;
    if (!text_to_size(span_of(text), &value))
        return memory_copy_text("it is no size; write 512, 64KiB, 16MiB or 2GiB");
    if (value > INT64_MAX || !in_bounds(row, (int64_t)value))
        return row_is_bounded(row) ? bounds_fault(row) : memory_copy_text("it is too large");
    *(uint64_t *)field = value;
    return NULL;
}

/* ---- texts ---- */

static char *read_text(const char *text, void *field)
{
    *(char **)field = memory_copy_text(text);
    return NULL;
}

static size_t names_count(const char *const *names)
{
    size_t count = 0;
    while (names != NULL && names[count] != NULL)
        count++;
    return count;
}

static char *names_join(const char *const *names)
{
    char *joined = memory_copy_text("");
    for (size_t i = 0; names[i] != NULL; i++) {
        char *longer = memory_format("%s%s%s", joined, i == 0 ? "" : ", ", names[i]);
        free(joined);
        joined = longer;
    }
    return joined;
}

static char *read_choice(const struct config_row *row, const char *text, void *field)
{
    for (int i = 0; row->choices[i] != NULL; i++) {
        if (strcmp(row->choices[i], text) == 0) {
            *(int *)field = i;
            return NULL;
        }
    }
    char *all = names_join(row->choices);
    const char *nearest = text_nearest(text, row->choices, names_count(row->choices));
    char *fault = nearest == NULL ? memory_format("it must be one of: %s", all)
                                  : memory_format("it must be one of: %s; is %s meant?", all, nearest);
    free(all);
    return fault;
}

static void text_list_free(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct text_list){0};
}

static char *read_list(const char *text, void *field)
{
    struct text_list list = {0};
    struct span rest = span_of(text), item;
    while (span_next_item(&rest, &item)) {
        if (item.size == 0) {
            text_list_free(&list);
            return memory_copy_text("an item of the list is empty: a comma too many");
        }
        if ((list.count & (list.count - 1)) == 0)
            list.items = memory_grow(list.items, list.count == 0 ? 1 : list.count * 2, sizeof *list.items);
        list.items[list.count++] = memory_copy_bytes(item.data, item.size);
    }
    *(struct text_list *)field = list;
    return NULL;
}

static char *read_zone(const char *text, void *field)
{
    const char *why = NULL;
    struct zone *zone = zone_load(text, &why);
    if (zone == NULL)
        return memory_format("%s; an IANA name is wanted, such as America/Chicago", why);
    *(struct zone **)field = zone;
    return NULL;
}

char *path_within(const char *folder, const char *path)
{
    if (path[0] == '/' || folder == NULL || folder[0] == '\0')
        return memory_copy_text(path);
    return memory_format("%s/%s", folder, path);
}

static char *read_path(const struct value_context *context, const char *text, void *field)
{
    char *path = path_within(context->folder, text);
    struct stat about;
    char *fault = NULL;
    if (access(path, R_OK) != 0)
        fault = memory_format("%s cannot be read: %s", path, strerrordesc_np(errno));
    else if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
        fault = memory_format("%s is a folder", path);
    if (fault != NULL) {
        free(path);
        return fault;
    }
    *(char **)field = path;
    return NULL;
}

char *text_file_read(const char *path, char **why)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO nobody writes must not block */
    if (descriptor < 0) {
        *why = memory_format("%s cannot be read: %s", path, strerrordesc_np(errno));
        return NULL;
    }
    struct buffer text;
    buffer_init(&text, TEXT_FILE_MAX);
    char bytes[16384];
    ssize_t got;
    while ((got = read(descriptor, bytes, sizeof bytes)) > 0 && buffer_append(&text, bytes, (size_t)got))
        ;
    *why = NULL;
    if (got < 0)
        *why = memory_format("%s cannot be read: %s", path, strerrordesc_np(errno));
    else if (text.failed)
        *why = memory_format("%s is larger than 16 MiB", path);
    else if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL)
        *why = memory_format("%s holds a NUL byte: it is no text file, or UTF-16", path);
    else if (text.size > 0 && !text_is_utf8(text.data, text.size))
        *why = memory_format("%s is not UTF-8", path);
    close(descriptor);
    while (*why == NULL && text.size > 0 && strchr("\r\n", text.data[text.size - 1]) != NULL)
        text.data[--text.size] = '\0';
    char *result = *why == NULL ? buffer_take(&text) : NULL;
    buffer_free(&text);
    return result;
}

/* ---- what the schema knows ---- */

const struct config_kind *kind_find(const struct config_schema *schema, const char *name)
{
    for (size_t i = 0; schema->kinds[i] != NULL; i++) {
        if (strcmp(schema->kinds[i]->name, name) == 0)
            return schema->kinds[i];
    }
    return NULL;
}

static char *read_kind(const struct config_schema *schema, const char *text, void *field)
{
    const struct config_kind *kind = kind_find(schema, text);
    if (kind != NULL) {
        *(const struct config_kind **)field = kind;
        return NULL;
    }
    size_t count = 0;
    while (schema->kinds[count] != NULL)
        count++;
    const char **names = memory_new(count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = schema->kinds[i]->name;
    const char *nearest = text_nearest(text, names, count);
    char *all = names_join(names);
    char *fault = nearest != NULL ? memory_format("there is no such kind; is %s meant?", nearest)
                                  : memory_format("there is no such kind; there are: %s", all);
    free(all);
    free(names);
    return fault;
}

static bool is_guid(const char *text)
{
    if (strlen(text) != 36)
        return false;
    for (int i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : strchr("0123456789abcdefABCDEF", text[i]) == NULL)
            return false;
    }
    return true;
}

static char *read_license(const struct config_schema *schema, const char *text, void *field)
{
    struct license_choice *choice = field;
    if (strcmp(text, "none") == 0) {
        *choice = (struct license_choice){.set = true, .name = memory_copy_text(text)};
        return NULL;
    }
    const char *name = NULL, *guid = schema->license_guid(text, &name);
    if (guid == NULL && is_guid(text))
        guid = name = text;
    if (guid == NULL)
        return name == NULL
                   ? memory_copy_text("no license type of that name is known; write its GUID, or none")
                   : memory_format("no license type of that name is known; is %s meant?", name);
    *choice = (struct license_choice){
        .set = true, .guid = memory_copy_text(guid), .name = memory_copy_text(name)};
    return NULL;
}

static void license_free(struct license_choice *choice)
{
    free(choice->guid);
    free(choice->name);
    *choice = (struct license_choice){0};
}

/* ---- one row ---- */

char *value_read(const struct value_context *context, const struct config_row *row, const char *text,
                 void *field)
{
    if (text[0] == '\0')
        return memory_copy_text("there is no value; leave the key out to have its default");
    switch (row->type) {
    case CONFIG_TEXT:
    case CONFIG_TEXT_FILE:
        return read_text(text, field);
    case CONFIG_LIST:
        return read_list(text, field);
    case CONFIG_INTEGER:
        return read_integer(row, text, field);
    case CONFIG_NUMBER:
        return read_number(row, text, field);
    case CONFIG_BOOL:
        return read_bool(text, field);
    case CONFIG_DURATION:
        return read_duration(row, text, field);
    case CONFIG_RANGE:
        return read_range(row, text, field);
    case CONFIG_SIZE:
        return read_size(row, text, field);
    case CONFIG_CHOICE:
        return read_choice(row, text, field);
    case CONFIG_ZONE:
        return read_zone(text, field);
    case CONFIG_PATH:
        return read_path(context, text, field);
    case CONFIG_KIND:
        return read_kind(context->schema, text, field);
    case CONFIG_LICENSE:
        return read_license(context->schema, text, field);
    case CONFIG_OTHER:
        return row->convert(text, field);
    case CONFIG_SECRET:
    case CONFIG_PAIRS:
    case CONFIG_PAIR_LISTS:
    case CONFIG_SECRET_PAIRS:
        break;
    }
    assert(false && "a row of several forms");
    return NULL;
}

static void pairs_free(struct pair_list *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].name);
        free(pairs->items[i].value);
    }
    free(pairs->items);
    *pairs = (struct pair_list){0};
}

static void secret_pairs_free(struct secret_pair_list *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].name);
        secret_source_free(&pairs->items[i].source);
    }
    free(pairs->items);
    *pairs = (struct secret_pair_list){0};
}

void value_free(const struct config_row *row, void *field)
{
    switch (row->type) {
    case CONFIG_TEXT:
    case CONFIG_TEXT_FILE:
    case CONFIG_PATH:
        free_text(field);
        break;
    case CONFIG_LIST:
        text_list_free(field);
        break;
    case CONFIG_SECRET:
        secret_source_free(field);
        break;
    case CONFIG_PAIRS:
    case CONFIG_PAIR_LISTS:
        pairs_free(field);
        break;
    case CONFIG_SECRET_PAIRS:
        secret_pairs_free(field);
        break;
    case CONFIG_ZONE:
        zone_free(*(struct zone **)field);
        *(struct zone **)field = NULL;
        break;
    case CONFIG_LICENSE:
        license_free(field);
        break;
    case CONFIG_OTHER:
        if (row->release != NULL)
            row->release(field);
        break;
    case CONFIG_INTEGER:
    case CONFIG_NUMBER:
    case CONFIG_BOOL:
    case CONFIG_DURATION:
    case CONFIG_RANGE:
    case CONFIG_SIZE:
    case CONFIG_CHOICE:
    case CONFIG_KIND:
        break;
    }
}

static const struct {
    const char *ending;
    enum key_form form;
} form_endings[] = {{"_file", KEY_FILE}, {"_env", KEY_ENV}, {"_credential", KEY_CREDENTIAL}};

/* Of X.NAME_file and the like: the form, and NAME without the ending. */
static enum key_form pair_secret_form(struct span *name)
{
    for (size_t i = 0; i < sizeof form_endings / sizeof form_endings[0]; i++) {
        size_t length = strlen(form_endings[i].ending);
        if (name->size > length &&
            memcmp(name->data + name->size - length, form_endings[i].ending, length) == 0) {
            name->size -= length;
            return form_endings[i].form;
        }
    }
    return KEY_PLAIN;
}

static bool is_pairs(enum config_type type)
{
    return type == CONFIG_PAIRS || type == CONFIG_PAIR_LISTS || type == CONFIG_SECRET_PAIRS;
}

bool row_takes_key(const struct config_row *row, const char *key, enum key_form *form, struct span *name)
{
    size_t length = strlen(row->name);
    if (strncmp(key, row->name, length) != 0)
        return false;
    const char *rest = key + length;
    *name = (struct span){NULL, 0};
    if (is_pairs(row->type)) {
        if (rest[0] != '.' || rest[1] == '\0')
            return false;
        *name = span_of(rest + 1);
        *form = row->type == CONFIG_SECRET_PAIRS ? pair_secret_form(name) : KEY_PAIR;
        if (row->type == CONFIG_PAIR_LISTS && name->size > 5 &&
            strcmp(rest + 1 + name->size - 5, ".list") == 0) {
            name->size -= 5;
            *form = KEY_PAIR_LIST;
        }
        return true;
    }
    if (rest[0] == '\0') {
        *form = KEY_PLAIN;
        return true;
    }
    size_t forms = row->type == CONFIG_SECRET ? 3 : row->type == CONFIG_TEXT_FILE ? 1 : 0;
    for (size_t i = 0; i < forms; i++) {
        if (strcmp(rest, form_endings[i].ending) == 0) {
            *form = form_endings[i].form;
            return true;
        }
    }
    return false;
}
