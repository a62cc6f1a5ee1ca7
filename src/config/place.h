/* Where the keys of a section were written: kept in the model, for the faults that show only when values are held against
   each other. */
#ifndef CONFIG_PLACE_H
#define CONFIG_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/fault.h"

struct section;

struct key_line {
    char *name; /* as written: password_file */
    struct place place;
    uint64_t hash;  /* of the value as written */
    bool inherited; /* it stands in [defaults KIND] */
    char *shown;    /* the value as people may see it (config/shown.h); NULL: they may not */
};

/* Zeroed: no key was written. */
struct key_lines {
    struct key_line *items;
    size_t count;
};

/* The files that the section's entries come from have to outlive keys. */
void key_lines_init(struct key_lines *keys, const struct section *section);
void key_lines_free(struct key_lines *keys);
/* The key is given, in place of what was written, by the command line: its place is the flag, without a line. */
void key_lines_override(struct key_lines *keys, const char *key, const char *flag, const char *value);

/* The line of the key in whatever form it was written (key, key_file, key_env, key_credential); 0 where it was not. */
int key_lines_find(const struct key_lines *keys, const char *key);

/* The place of the key, or the section's own where the key was not written. */
struct place key_lines_place(const struct key_lines *keys, struct place section, const char *key);

/* Is the key written, or given by the command line? */
bool key_lines_has(const struct key_lines *keys, const char *key);
/* The value of the key as people may see it; NULL: they may not, or it was not written. */
const char *key_lines_shown(const struct key_lines *keys, const char *key);
/* Is the key written in the section itself, and not in [defaults KIND]? */
bool key_lines_own(const struct key_lines *keys, const char *key);

/* Are the same keys written with the same values in both, in whatever order, but for those that may differ? */
bool key_lines_same(const struct key_lines *a, const struct key_lines *b,
                    bool (*may_differ)(const char *key));

#endif
