#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "json/scanner.h"

/* Copies one step to out without its escapes. Returns where the step ends in text (a dot or the end), NULL if it is
   empty or has a wrong escape. */
static const char *read_step(const char *text, char **out)
{
    const char *at = text;
    while (*at && *at != '.') {
        if (*at == '\\' && *++at != '.' && *at != '\\') {
            return NULL;
        }
        *(*out)++ = *at++;
    }
    *(*out)++ = '\0';
    return at == text ? NULL : at;
}

bool json_path_split(struct json_path *path, const char *dotted)
{
    size_t steps = *dotted != '\0';
    for (const char *dot = dotted; (dot = strchr(dot, '.')); dot++) {
        steps++;
    }
    /* One block: the pointers (at most as many as there are dots), then the names. */
    size_t head = steps * sizeof(char *);
    char *block = memory_new(1, head + strlen(dotted) + 1);
    const char **names = (const char **)(void *)block;
    char *out = block + head;
    size_t depth = 0;
    for (const char *at = dotted; *dotted; at++) {
        names[depth++] = out;
        at = read_step(at, &out);
        if (!at) {
            free(block);
            return false;
        }
        if (!*at) {
            break;
        }
    }
    path->names = names;
    path->depth = depth;
    return true;
}

void json_path_free(struct json_path *path)
{
    free((void *)(uintptr_t)path->names);
    *path = (struct json_path){0};
}
