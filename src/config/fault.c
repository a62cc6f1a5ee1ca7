#include "config/fault.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void list_add(struct fault_list *list, struct place place, bool warning, const char *format,
                     va_list args) __attribute__((format(printf, 4, 0)));

static void list_add(struct fault_list *list, struct place place, bool warning, const char *format,
                     va_list args)
{
    if ((list->count & (list->count - 1)) == 0) /* a power of two: the array is full */
        list->items = memory_grow(list->items, list->count == 0 ? 1 : list->count * 2, sizeof *list->items);
    struct fault *fault = &list->items[list->count++];
    *fault = (struct fault){.line = place.line, .warning = warning};
    fault->file = memory_copy_text(place.file == NULL ? "" : place.file);
    if (vasprintf(&fault->text, format, args) < 0)
        abort();
    if (!warning)
        list->faults++;
}

void fault_add(struct fault_list *list, struct place place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    list_add(list, place, false, format, args);
    va_end(args);
}

void warning_add(struct fault_list *list, struct place place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    list_add(list, place, true, format, args);
    va_end(args);
}

static int fault_compare(const void *left, const void *right)
{
    const struct fault *a = left, *b = right;
    if (a->warning != b->warning)
        return a->warning ? 1 : -1;
    int order = strcmp(a->file, b->file);
    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    return order != 0 ? order : strcmp(a->text, b->text);
}

static void fault_free(struct fault *fault)
{
    free(fault->file);
    free(fault->text);
}

void fault_list_compact(struct fault_list *list)
{
    size_t kept = 0, room = 1;
    if (list->count == 0)
        return;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].text != NULL) {
            list->items[kept++] = list->items[i];
            continue;
        }
        list->faults -= list->items[i].warning ? 0 : 1;
        fault_free(&list->items[i]);
    }
    list->count = kept;
    /* list_add takes a count that is a power of two for a full array: make that true again. */
    while (room < kept)
        room *= 2;
    list->items = memory_grow(list->items, room, sizeof *list->items);
}

void fault_list_sort(struct fault_list *list)
{
    if (list->count == 0)
        return;
    qsort(list->items, list->count, sizeof *list->items, fault_compare);
    size_t kept = 0;
    for (size_t i = 1; i < list->count; i++) {
        if (fault_compare(&list->items[kept], &list->items[i]) != 0) {
            kept = i;
            continue;
        }
        free(list->items[i].text);
        list->items[i].text = NULL;
    }
    fault_list_compact(list);
}

void fault_list_print(const struct fault_list *list, FILE *out)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct fault *fault = &list->items[i];
        if (fault->line > 0)
            fprintf(out, "%s:%d: ", fault->file, fault->line);
        else
            fprintf(out, "%s: ", fault->file);
        fprintf(out, "%s%s\n", fault->warning ? "warning: " : "", fault->text);
    }
}

void fault_list_free(struct fault_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        fault_free(&list->items[i]);
    free(list->items);
    *list = (struct fault_list){0};
}
