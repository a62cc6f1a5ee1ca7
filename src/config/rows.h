/* The rows of the sections that config itself knows: every key of the contract is one. */
#ifndef CONFIG_ROWS_H
#define CONFIG_ROWS_H

#include "config/schema.h"

enum config_section_id { SECTION_EXPORTER, SECTION_WEB, SECTION_APPSERVER, SECTION_PROBE, SECTION_DEFAULTS };
#define SECTION_COUNT 5

struct config_section {
    const char *type;
    bool named; /* [appserver NAME] */
    const struct config_row *rows;
    size_t row_count;
    const char *help;
};

#define APPSERVER_ROWS 47
extern const struct config_row appserver_rows[APPSERVER_ROWS];

/* Indexed by enum config_section_id. For [probe NAME] the rows are those that all kinds share. */
extern const struct config_section config_sections[SECTION_COUNT];

/* The row of that key; the key must exist. */
const struct config_row *config_row_named(enum config_section_id section, const char *key);

#endif
