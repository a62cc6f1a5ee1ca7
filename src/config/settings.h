/* One section of the document into settings structs, by walking rows. */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "config/document.h"
#include "config/value.h"

#define SETTINGS_GROUPS_MAX 2 /* a probe has two: the common keys and its kind's */

/* Rows that a section may hold, and the struct they fill. */
struct settings_group {
    const struct config_row *rows;
    size_t count;
    void *base; /* zeroed before */
};

struct settings_reader {
    struct value_context context; /* its folder is set key by key */
    struct fault_list *faults;
    bool partial; /* [defaults KIND]: what is required need not be there */
    /* Says what to make of a key that is in no group; it appends the fault. */
    void (*unknown)(struct settings_reader *reader, const struct section *section, const struct entry *entry);
    const struct config_kind *kind; /* of the probe being read; NULL: not known, or no probe */
    const struct settings_group *groups;
    size_t group_count;
};

/* Nothing is told of inherited entries: it was told when their own section was read. Fills the structs: keys of the section, then presets for what is absent. Appends every fault; a struct is
   then filled as far as it goes, and settings_free frees it either way. */
void settings_read(struct settings_reader *reader, const struct section *section);

void settings_free(const struct config_row *rows, size_t count, void *base);

/* "[appserver live] token_renew_at = 5: what"; without the value where shown is NULL: what may be shown of
   it (config/shown.h). shown and text stay the caller's. */
void settings_fault(struct settings_reader *reader, const struct section *section, const struct entry *entry,
                    const char *shown, const char *text);

/* Tells that the key is unknown, with the nearest known one of the groups' rows and of extra. */
void settings_unknown(struct settings_reader *reader, const struct section *section,
                      const struct entry *entry, const struct settings_group *extra, size_t extra_count);

#endif
