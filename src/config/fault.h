/* Faults and warnings of a configuration, all collected, each with its place. */
#ifndef CONFIG_FAULT_H
#define CONFIG_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Where a value was written. file is not owned: it lives as long as the model (or, where there is none, the
   process). line 0: nowhere (a default). */
struct place {
    const char *file;
    int line;
};

struct fault {
    char *file; /* owned copy: a fault list outlives the model */
    int line;
    char *text; /* "[appserver live] token_renew_at = 5: a bare number is no duration; write 5s or 5m" */
    bool warning;
};

struct fault_list {
    struct fault *items;
    size_t count;
    size_t faults; /* items that are no warnings */
};

void fault_add(struct fault_list *list, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void warning_add(struct fault_list *list, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Drops the items whose text is NULL (which whoever set it has freed). */
void fault_list_compact(struct fault_list *list);
/* Faults before warnings, each by file and line; equal ones once. */
void fault_list_sort(struct fault_list *list);
/* A line each: "file:line: text", a warning "file:line: warning: text"; without the number where line is 0. */
void fault_list_print(const struct fault_list *list, FILE *out);
void fault_list_free(struct fault_list *list);

#endif
