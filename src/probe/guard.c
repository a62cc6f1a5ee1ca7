/* The names of services and methods. */
#include "probe/guard.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

/* ---- services ---- */

static const struct {
    const char *service;
    enum guarded guarded;
} services[] = {
    {"TenantInstance", GUARD_NEVER},   {"TokenService", GUARD_NEVER}, {"SysAgent", GUARD_SENSITIVE},
    {"AdminSession", GUARD_SENSITIVE}, {"APIKey", GUARD_SENSITIVE},   {"UserFile", GUARD_SENSITIVE},
};

/* Does text name the service, as REST does (NameSvc) or as SOAP (Name.svc)? */
static bool names_service(const char *text, const char *service)
{
    for (; (text = strcasestr(text, service)) != NULL; text++) {
        const char *behind = text + strlen(service);
        behind += *behind == '.';
        if (strncasecmp(behind, "svc", 3) == 0)
            return true;
    }
    return false;
}

enum guarded guard_service(const char *service)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (names_service(service, services[i].service))
            return services[i].guarded;
    return GUARD_FREE;
}

bool guard_is_service(const char *part)
{
    size_t size = strlen(part);
    return size >= 3 && strcasecmp(part + size - 3, "svc") == 0;
}

/* What the service is about: Part of Erp.BO.PartSvc and of Part.svc. */
static struct span stem_of(const char *service)
{
    size_t size = strlen(service);
    if (guard_is_service(service))
        size -= 3;
    if (size > 0 && service[size - 1] == '.')
        size--;
    size_t begin = size;
    while (begin > 0 && strchr("./", service[begin - 1]) == NULL)
        begin--;
    return (struct span){service + begin, size - begin};
}

/* ---- the parts of a path ---- */

/* To the end of the part that begins at path; its name, without keys, goes into name. *open: a bracket or quote of a key did
   not end. */
static const char *part_end(const char *path, struct buffer *name, bool *open)
{
    const char *at = path;
    bool quoted = false;
    size_t depth = 0;
    for (; *at != '\0' && (quoted || *at != '/'); at++) {
        quoted ^= *at == '\'' && depth > 0;
        if (!quoted && *at == '(')
            depth++;
        if (depth == 0)
            buffer_byte(name, *at);
        else if (!quoted && *at == ')')
            depth--;
    }
    *open = depth > 0;
    return at;
}

char *guard_next_part(const char **path)
{
    static const char outside[] = " \t.";
    const char *begin = *path + strspn(*path, "/");
    struct buffer name;
    bool open;
    buffer_init(&name, strlen(begin));
    *path = part_end(begin, &name, &open);
    char *text = buffer_take(&name);
    if (*path == begin) {
        free(text);
        return NULL;
    }
    size_t first = strspn(text, outside), size = strlen(text);
    while (size > first && strchr(outside, text[size - 1]) != NULL)
        size--;
    char *part = memory_copy_bytes(text + first, size - first);
    free(text);
    return part;
}

bool guard_parts_end(const char *path)
{
    struct buffer name;
    bool open = false;
    while (*path != '\0' && !open) {
        buffer_init(&name, strlen(path));
        path = part_end(path, &name, &open);
        path += *path == '/';
        buffer_free(&name);
    }
    return !open;
}

/* ---- methods ---- */

static const struct refused {
    const char *beginning, *why;
    bool word; /* refused as a word only: AddRow, not AddressIsKnown */
} refusals[] = {
#define CHANGES(verb)                                                                                        \
    verb, "a name that begins with " verb " promises a change, and a probe must not make one"
#define WRITES(verb)                                                                                         \
    {                                                                                                        \
        CHANGES(verb), false                                                                                 \
    }
#define WRITES_WORD(verb)                                                                                    \
    {                                                                                                        \
        CHANGES(verb), true                                                                                  \
    }
    /* of the contract */
    WRITES("Delete"),
    WRITES("Update"),
    WRITES("Set"),
    WRITES("Lock"),
    WRITES("Unlock"),
    WRITES("Start"),
    WRITES("Stop"),
    WRITES("Kill"),
    WRITES("Change"),
    WRITES("Process"),
    WRITES("Post"),
    WRITES("Submit"),
    WRITES("Admin"),
    {"GetDatabaseValues", "its answers hold secrets", false},
    /* further ones */
    WRITES_WORD("Add"),
    WRITES_WORD("Apply"),
    WRITES_WORD("Clear"),
    WRITES_WORD("Commit"),
    WRITES_WORD("Copy"),
    WRITES_WORD("Create"),
    WRITES_WORD("GetNew"),
    WRITES_WORD("Import"),
    WRITES_WORD("Insert"),
    WRITES_WORD("Login"),
    WRITES_WORD("Logout"),
    WRITES_WORD("Merge"),
    WRITES_WORD("Move"),
    WRITES_WORD("Patch"),
    WRITES_WORD("Purge"),
    WRITES_WORD("Remove"),
    WRITES_WORD("Reset"),
    WRITES_WORD("Run"),
    WRITES_WORD("Save"),
    WRITES_WORD("Write"),
#undef WRITES_WORD
#undef WRITES
#undef CHANGES
};

/* The defaults of a report or process; no row is made (facts §6). */
static const char harmless[] = "GetNewParameters";

/* Does name begin with that word? In names that begin with a small letter nothing tells where a word ends. */
static bool begins_with_word(const char *name, const char *word)
{
    size_t size = strlen(word);
    return strncasecmp(name, word, size) == 0 &&
           (islower((unsigned char)name[0]) || !islower((unsigned char)name[size]));
}

static const struct refused *find_refusal(const char *name, bool words_only)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refused *refused = &refusals[i];
        bool begins = refused->word || words_only
                          ? begins_with_word(name, refused->beginning)
                          : strncasecmp(name, refused->beginning, strlen(refused->beginning)) == 0;
        if (begins && strcasecmp(name, harmless) != 0)
            return refused;
    }
    return NULL;
}

/* A qualified name ends in the method's own; that of a SOAP service does not. */
static const char *own_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot == NULL || strcasecmp(dot, ".svc") == 0 ? name : dot + 1;
}

const char *guard_method(const char *method)
{
    const struct refused *refused = find_refusal(method, false);
    if (refused == NULL)
        refused = find_refusal(own_name(method), false);
    return refused == NULL ? NULL : refused->why;
}

static bool is_plural(const char *name)
{
    static const char *const singular[] = {"ss", "us", "is"};
    size_t size = strlen(name);
    if (size < 2 || tolower((unsigned char)name[size - 1]) != 's')
        return false;
    for (size_t i = 0; i < sizeof singular / sizeof singular[0]; i++)
        if (strcasecmp(name + size - 2, singular[i]) == 0)
            return false;
    return true;
}

/* Is name one of the entity sets that are named by the service: Parts, PartPlants of PartSvc? */
static bool is_set_of(const char *service, const char *name)
{
    struct span stem = stem_of(service);
    return stem.size > 0 && is_plural(name) && strncasecmp(name, stem.data, stem.size) == 0;
}

const char *guard_read(const char *service, const char *name)
{
    const struct refused *refused = find_refusal(own_name(name), true);
    bool set = refused != NULL && is_set_of(service, name) &&
               stem_of(service).size > strlen(refused->beginning);
    return refused == NULL || set ? NULL : refused->why;
}

bool guard_reads(const char *method)
{
    static const char *const verbs[] = {
        "Are",       "Calc",   "Calculate", "Can",   "Check",    "Compare", "Count", "Describe",
        "Determine", "Exists", "Fetch",     "Find",  "Get",      "Has",     "Have",  "Is",
        "List",      "Load",   "Lookup",    "Ping",  "Preview",  "Query",   "Read",  "Retrieve",
        "Search",    "Show",   "Test",      "Valid", "Validate", "Verify",  "View"};
    static const char alive[] = "Alive";
    const char *name = own_name(method);
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (begins_with_word(name, verbs[i]))
            return true;
    return size >= strlen(alive) && strcasecmp(name + size - strlen(alive), alive) == 0;
}

const char *guard_post(const char *service, const char *name)
{
    const char *why = guard_method(name);
    struct span stem = stem_of(service);
    if (why != NULL)
        return why;
    if (is_set_of(service, name) || (!guard_reads(name) && is_plural(name)) ||
        (stem.size > 0 && span_is_nocase(stem, name)))
        return "it is named like an entity set, to which a POST adds a row; GET reads it";
    return NULL;
}

const char *guard_action(const char *action)
{
    struct span rest = span_trim((struct span){action, strlen(action)});
    size_t begin = rest.size;
    while (begin > 0 && strchr("/#:?", rest.data[begin - 1]) == NULL)
        begin--;
    char *name = memory_copy_bytes(rest.data + begin, rest.size - begin);
    const char *why = guard_method(name);
    free(name);
    return why;
}
