#include "report/dropped.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Where the family stands, or would. */
static size_t place_of(const struct drop_list *list, const char *family)
{
    size_t at = 0;

    while (at < list->count && strcmp(list->items[at].family, family) < 0)
        at++;
    return at;
}

static bool stands_at(const struct drop_list *list, size_t at, const char *family)
{
    return at < list->count && strcmp(list->items[at].family, family) == 0;
}

void drop_list_add(struct drop_list *list, const char *family, uint64_t count)
{
    size_t at = place_of(list, family);

    if (count == 0)
        return;
    if (!stands_at(list, at, family)) {
        list->items = memory_grow(list->items, list->count + 1, sizeof *list->items);
        memmove(list->items + at + 1, list->items + at, (list->count++ - at) * sizeof *list->items);
        list->items[at] = (struct drop){memory_copy_text(family), 0};
    }
    list->items[at].count += count;
}

void drop_list_subtract(struct drop_list *list, const char *family, uint64_t count)
{
    size_t at = place_of(list, family);

    assert(stands_at(list, at, family) && list->items[at].count >= count);
    list->items[at].count -= count;
    if (list->items[at].count > 0)
        return;
    free(list->items[at].family);
    memmove(list->items + at, list->items + at + 1, (--list->count - at) * sizeof *list->items);
}

void drop_list_free(struct drop_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].family);
    free(list->items);
    *list = (struct drop_list){.count = 0};
}
