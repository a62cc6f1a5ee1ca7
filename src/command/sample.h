/* The command sample-config: a commented configuration with every key and its default, from the rows that parse it. */
#ifndef COMMAND_SAMPLE_H
#define COMMAND_SAMPLE_H

#include <stdio.h>

#include "config/schema.h"

/* What it prints is a good configuration as it stands: one app server and one probe, everything else commented out. A line
   "#key = value" is configuration once its # is taken away, a line "# words" is a comment. */
void sample_print(const struct config_schema *schema, FILE *out);

#endif
