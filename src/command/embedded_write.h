/* The commands dashboards and rules: files that are built into the program, written into a folder. */
#ifndef COMMAND_EMBEDDED_WRITE_H
#define COMMAND_EMBEDDED_WRITE_H

#include "base/embedded.h"
#include "command/arguments.h"

/* Writes each file of the table into the folder, which is made where it is missing, and prints their paths; what stood there under
   these names is replaced. base_url: in place of EMBEDDED_BASE_URL; NULL: none. What cannot be written is told on stderr. */
enum exit_status embedded_write(const struct embedded_file *table, const char *directory,
                                const char *base_url);

#endif
