#include "probe/seat.h"

#include "kinetic/license.h"

double *seat_at(struct tally *tally, const struct json_value *const *names, size_t count)
{
    char text[FIELD_LABEL_MAX + 1];
    for (size_t i = 0; i < count; i++) {
        const struct license_row *known = field_label(names[i], text) ? license_find(text) : NULL;
        if (known != NULL)
            return tally_at(tally, known->name, 0);
    }
    for (size_t i = 0; i < count; i++)
        if (field_label(names[i], text))
            return tally_at(tally, text, 1);
    for (size_t i = 0; i < count; i++) {
        if (field_is_absent(names[i]))
            continue;
        tally_leave_out(tally, names[i]->text, names[i]->size); /* no text that a label could be */
        return NULL;
    }
    return tally_at(tally, SEAT_UNKNOWN, 1);
}
