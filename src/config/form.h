/* How values are written, in words: for the reference and the sample configuration. */
#ifndef CONFIG_FORM_H
#define CONFIG_FORM_H

#include "config/schema.h"

struct form_row {
    const char *name;  /* "duration"; NULL: CONFIG_OTHER, whose row says its own */
    const char *words; /* how it is written, Markdown */
};

/* One for each enum config_type; types of one form have the same name. */
const struct form_row *form_of(enum config_type type);

/* The keys that the row stands for, as a user writes them: "filter, filter_file", "param.NAME, param.NAME.list"; each
   within before and after. The forms of a secret are not spelled out. The caller frees. */
char *form_keys(const struct config_row *row, const char *before, const char *after);

/* A line of configuration that sets the row: "interval = 60s", "#password_file = /etc/epicor_exporter/password". Its value
   is the preset, else the row's example, else what every row of its type takes; NULL where there is none of them. The
   caller frees. */
char *form_line(const struct config_row *row);

#endif
