#include "kinetic/function_list.h"

#include <cjson/cJSON.h>
#include <string.h>

struct reading {
    function_list_visitor *visitor;
    void *context;
    bool named;  /* a library was */
    bool filled; /* there is a value that is no empty list */
};

/* Members of a row, in any case of letters. */
static const char *const library_names[] = {"LibraryID", "Library", "LibraryName", "EfxLibraryID", NULL};
static const char *const function_names[] = {"FunctionID", "Function", "FunctionName", "EfxFunctionID", NULL};
static const char *const either_names[] = {"Name", "ID", NULL};
/* Members that hold a list and name nothing by themselves. */
static const char *const frames[] = {"value",      "returnObj",    "libraries",      "functions",
                                     "EfxLibrary", "EfxFunction",  "EfxLibraryList", "EfxFunctionList",
                                     "items",      "EfxLibraries", "EfxFunctions",   NULL};

static const struct span nothing = {.data = "", .size = 0};

static void visit(struct reading *reading, struct span library, struct span function)
{
    if (library.size == 0)
        return;
    reading->named = true;
    reading->visitor(reading->context, library, function);
}

static struct span text_named(const cJSON *row, const char *const *names)
{
    for (; *names != NULL; names++) {
        const cJSON *item = cJSON_GetObjectItem(row, *names);
        if (cJSON_IsString(item))
            return span_trim(span_of(item->valuestring));
    }
    return nothing;
}

/* A name alone: LIBRARY/FUNCTION, or a function of the library around it, or a library, which is returned. */
static struct span take_name(struct reading *reading, struct span name, struct span library)
{
    name = span_trim(name);
    while (span_starts_with(name, "/"))
        name = (struct span){name.data + 1, name.size - 1};
    const char *slash = name.size == 0 ? NULL : memchr(name.data, '/', name.size);
    if (slash != NULL) {
        size_t before = (size_t)(slash - name.data);
        library = (struct span){name.data, before};
        visit(reading, library, (struct span){slash + 1, name.size - before - 1});
    } else if (library.size > 0) {
        visit(reading, library, name);
    } else {
        library = name;
        visit(reading, library, nothing);
    }
    return library;
}

static bool is_list(const cJSON *node)
{
    return cJSON_IsArray(node) || cJSON_IsObject(node);
}

static bool is_frame(const char *name)
{
    size_t i = 0;
    while (frames[i] != NULL && !span_is_nocase(span_of(name), frames[i]))
        i++;
    return frames[i] != NULL;
}

static void walk(struct reading *reading, const cJSON *node, struct span library);

/* Its members are libraries, or, within one, functions. */
static void walk_map(struct reading *reading, const cJSON *map, struct span library)
{
    for (const cJSON *item = map->child; item != NULL; item = item->next) {
        if (item->string[0] == '@' || strncmp(item->string, "odata.", 6) == 0)
            continue;
        reading->filled = reading->filled || !is_list(item);
        if (!is_list(item))
            continue;
        if (is_frame(item->string))
            walk(reading, item, library);
        else if (library.size > 0)
            visit(reading, library, span_trim(span_of(item->string)));
        else
            walk(reading, item, take_name(reading, span_of(item->string), library));
    }
}

static void walk_row(struct reading *reading, const cJSON *row, struct span library)
{
    struct span own = text_named(row, library_names), function = text_named(row, function_names);
    struct span either = text_named(row, either_names);
    if (own.size == 0 && function.size == 0 && either.size == 0) {
        walk_map(reading, row, library);
        return;
    }
    reading->filled = true;
    if (own.size > 0)
        library = own;
    if (function.size > 0 || own.size > 0)
        visit(reading, library, function);
    else
        library = take_name(reading, either, library);
    for (const cJSON *item = row->child; item != NULL; item = item->next) {
        if (is_list(item))
            walk(reading, item, library);
    }
}

/* The scanner has let no text through whose depth could exhaust the stack. */
static void walk(struct reading *reading, const cJSON *node, struct span library)
{
    if (cJSON_IsObject(node)) {
        walk_row(reading, node, library);
    } else if (cJSON_IsArray(node)) {
        for (const cJSON *item = node->child; item != NULL; item = item->next)
            walk(reading, item, library);
    } else {
        reading->filled = true;
        if (cJSON_IsString(node))
            take_name(reading, span_of(node->valuestring), library);
    }
}

bool function_list_read(struct span text, function_list_visitor *visitor, void *context)
{
    struct reading reading = {.visitor = visitor, .context = context};
    cJSON *tree = cJSON_ParseWithLength(text.data, text.size);
    if (tree == NULL)
        return false;
    walk(&reading, tree, nothing);
    cJSON_Delete(tree);
    return reading.named || !reading.filled;
}
