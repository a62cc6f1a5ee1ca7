/* License types: the GUIDs of facts §4.1; names are only aliases. */
#ifndef KINETIC_LICENSE_H
#define KINETIC_LICENSE_H

struct license_row {
    const char *name; /* "WebService" */
    const char *guid; /* "00000003-9439-4B30-A6F4-6D2FD4B9FD0F" */
};

/* All known types, ended by a row of NULLs. */
extern const struct license_row license_table[];

/* The row with this name or GUID (both case-blind); NULL if unknown. */
const struct license_row *license_find(const char *name_or_guid);

#endif
