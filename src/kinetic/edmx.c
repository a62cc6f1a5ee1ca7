#include "kinetic/edmx.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "kinetic/xml.h"

/* Names one after another, each with its NUL. */
struct name_list {
    struct buffer bytes;
    size_t count;
    bool overfull;
};

struct edmx {
    struct xml_stream *xml;
    bool has_root, is_edmx;
    char owner[EDMX_NAME_MAX + 1]; /* type or function that is being declared; "": none */
    bool owner_is_function, owner_is_type;
    uint64_t owner_count, owner_digest; /* of its declarations */
    struct name_list names, digests;
    bool has_long;
    struct edmx_summary summary;
    const char **list;
    char sentence[192];
};

static void name_list_init(struct name_list *list)
{
    *list = (struct name_list){0};
    buffer_init(&list->bytes, EDMX_NAME_BYTES_MAX);
}

static void name_list_add(struct name_list *list, const char *name)
{
    if (list->overfull)
        return;
    list->overfull = list->count == EDMX_NAMES_MAX || !buffer_append(&list->bytes, name, strlen(name) + 1);
    list->count += !list->overfull;
}

/* ---- declarations ---- */

static uint64_t mix(uint64_t hash)
{
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

static bool is_short(struct edmx *edmx, const char *text)
{
    bool fits = strlen(text) <= EDMX_NAME_MAX;
    edmx->has_long = edmx->has_long || !fits;
    return fits;
}

/* A digest takes what is too long to be kept, too. */
static void declare(struct edmx *edmx, const char *before, const char *name, const char *behind,
                    const char *type)
{
    char text[3 * EDMX_NAME_MAX + 16];
    uint64_t hash = text_hash(text_hash(TEXT_HASH_START, name, strlen(name) + 1), type, strlen(type));
    edmx->owner_count++;
    edmx->owner_digest += mix(hash);
    if (!is_short(edmx, name) || !is_short(edmx, type))
        return;
    snprintf(text, sizeof text, "%s%s%s%s%s", edmx->owner, before, name, behind, type);
    name_list_add(&edmx->names, text);
}

static void owner_end(struct edmx *edmx)
{
    char text[EDMX_NAME_MAX + 64];
    snprintf(text, sizeof text, "%s: %" PRIu64 " declarations, %016" PRIx64, edmx->owner, edmx->owner_count,
             edmx->owner_digest);
    if (edmx->owner[0] != '\0')
        name_list_add(&edmx->digests, text);
    edmx->owner[0] = '\0';
    edmx->owner_is_type = edmx->owner_is_function = false;
}

static void owner_begin(struct edmx *edmx, const char *name, bool is_type)
{
    owner_end(edmx); /* a function within another is none of CSDL's */
    if (!is_short(edmx, name))
        return;
    snprintf(edmx->owner, sizeof edmx->owner, "%s", name);
    edmx->owner_is_type = is_type;
    edmx->owner_is_function = !is_type;
    edmx->owner_count = edmx->owner_digest = 0;
}

/* ---- elements ---- */

enum element { ENTITY_TYPE, COMPLEX_TYPE, FUNCTION, PROPERTY, PARAMETER, RETURNED, ENTITY_SET };

static const struct {
    const char *name;
    enum element element;
} elements[] = {
    {"EntityType", ENTITY_TYPE},      {"ComplexType", COMPLEX_TYPE},
    {"Function", FUNCTION},           {"Action", FUNCTION},
    {"FunctionImport", FUNCTION},     {"Property", PROPERTY},
    {"NavigationProperty", PROPERTY}, {"Parameter", PARAMETER},
    {"ReturnType", RETURNED},         {"EntitySet", ENTITY_SET},
};

static const char *or_none(const char *text)
{
    return text == NULL ? "" : text;
}

/* CSDL 3 gives a navigation property no type, and what a function import returns stands in the import itself. */
static void take_element(struct edmx *edmx, enum element element, const char *const *attributes)
{
    const char *name = or_none(xml_attribute(attributes, "Name"));
    const char *type = or_none(xml_attribute(attributes, "Type"));
    switch (element) {
    case ENTITY_TYPE:
        edmx->summary.entity_types++;
        owner_begin(edmx, name, true);
        break;
    case COMPLEX_TYPE:
        owner_begin(edmx, name, true);
        break;
    case FUNCTION:
        owner_begin(edmx, name, false);
        type = xml_attribute(attributes, "ReturnType");
        if (type != NULL && edmx->owner_is_function)
            declare(edmx, "(", "", ") ", type);
        break;
    case PROPERTY:
        edmx->summary.properties += edmx->owner_is_type;
        if (edmx->owner_is_type)
            declare(edmx, ".", name, type[0] == '\0' ? "" : " ", type);
        break;
    case PARAMETER:
        if (edmx->owner_is_function)
            declare(edmx, "(", name, ") ", type);
        break;
    case RETURNED:
        if (edmx->owner_is_function)
            declare(edmx, "(", "", ") ", type);
        break;
    case ENTITY_SET:
        owner_begin(edmx, name, false);
        edmx->owner_is_function = false;
        if (edmx->owner[0] != '\0')
            declare(edmx, ":", "", " ", or_none(xml_attribute(attributes, "EntityType")));
        owner_end(edmx);
        break;
    }
}

static void on_start(void *context, const char *name, const char *const *attributes)
{
    struct edmx *edmx = context;
    if (!edmx->has_root) {
        edmx->has_root = true;
        edmx->is_edmx = strcmp(name, "Edmx") == 0;
        if (!edmx->is_edmx)
            snprintf(edmx->sentence, sizeof edmx->sentence, "its root element is %.64s, not Edmx", name);
    }
    for (size_t i = 0; edmx->is_edmx && i < sizeof elements / sizeof elements[0]; i++)
        if (strcmp(name, elements[i].name) == 0) {
            take_element(edmx, elements[i].element, attributes);
            return;
        }
}

static void on_end(void *context, const char *name)
{
    struct edmx *edmx = context;
    bool owner = strcmp(name, "EntityType") == 0 || strcmp(name, "ComplexType") == 0 ||
                 strcmp(name, "Function") == 0 || strcmp(name, "Action") == 0 ||
                 strcmp(name, "FunctionImport") == 0;
    if (owner)
        owner_end(edmx);
}

/* ---- the document ---- */

struct edmx *edmx_new(void)
{
    struct edmx *edmx = memory_new(1, sizeof *edmx);
    name_list_init(&edmx->names);
    name_list_init(&edmx->digests);
    edmx_restart(edmx);
    return edmx;
}

static void clear(struct edmx *edmx)
{
    xml_stream_free(edmx->xml);
    buffer_free(&edmx->names.bytes);
    buffer_free(&edmx->digests.bytes);
    free(edmx->list);
    *edmx = (struct edmx){0};
}

void edmx_free(struct edmx *edmx)
{
    if (edmx == NULL)
        return;
    clear(edmx);
    free(edmx);
}

void edmx_restart(struct edmx *edmx)
{
    clear(edmx);
    name_list_init(&edmx->names);
    name_list_init(&edmx->digests);
    edmx->xml = xml_stream_new(&(struct xml_visitor){.start = on_start, .end = on_end, .context = edmx});
}

void edmx_feed(struct edmx *edmx, const void *bytes, size_t size)
{
    if (!edmx->has_root || edmx->is_edmx)
        xml_stream_feed(edmx->xml, bytes, size);
}

static void list_names(struct edmx *edmx, const struct name_list *from)
{
    const char *at = buffer_as_text(&from->bytes);
    edmx->list = memory_new(from->count, sizeof *edmx->list);
    for (size_t i = 0; i < from->count; i++, at += strlen(at) + 1)
        edmx->list[i] = at;
    edmx->summary.names = edmx->list;
    edmx->summary.name_count = from->count;
    edmx->summary.incomplete = from->overfull;
}

const struct edmx_summary *edmx_finish(struct edmx *edmx)
{
    struct edmx_summary *summary = &edmx->summary;
    summary->wrong = xml_stream_finish(edmx->xml);
    if (edmx->has_root && !edmx->is_edmx)
        summary->wrong = edmx->sentence;
    if (summary->wrong != NULL || edmx->list != NULL)
        return summary;
    list_names(edmx, edmx->names.overfull ? &edmx->digests : &edmx->names);
    summary->digests = edmx->names.overfull;
    summary->incomplete = summary->incomplete || (edmx->has_long && !edmx->names.overfull);
    return summary;
}
