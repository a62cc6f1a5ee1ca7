/* epicor_exporter_series_dropped: series that are not shown, by family. */
#ifndef REPORT_DROPPED_H
#define REPORT_DROPPED_H

#include <stddef.h>
#include <stdint.h>

#define VALUE_FAMILY_PREFIX "epicor_value_"

/* Series dropped, a family, sorted by its name. All zero is an empty one. */
struct drop_list {
    struct drop {
        char *family;
        uint64_t count; /* above 0 */
    } * items;
    size_t count;
};

void drop_list_add(struct drop_list *list, const char *family, uint64_t count);
/* count must have been added before. */
void drop_list_subtract(struct drop_list *list, const char *family, uint64_t count);
void drop_list_free(struct drop_list *list); /* and makes it empty */

#endif
