/* The commands reference config, reference metrics and reference status: what the program knows of its own keys, series and
   fields, as Markdown, from the rows that parse and emit them. */
#ifndef COMMAND_REFERENCE_H
#define COMMAND_REFERENCE_H

#include <stdio.h>

#include "config/schema.h"

/* Every section, every kind of probe, every key of this version; a key that is not in it is left out. */
void reference_config_print(const struct config_schema *schema, FILE *out);

/* Every family of metrics, and the closed list of reasons. */
void reference_metrics_print(FILE *out);

/* Every field of /api/v1/status, and what its query may hold. */
void reference_status_print(FILE *out);

#endif
