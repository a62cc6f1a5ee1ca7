/* The command check: is the configuration good? */
#ifndef COMMAND_CHECK_H
#define COMMAND_CHECK_H

#include <stdio.h>

#include "command/arguments.h"

/* Reads the configuration as serve would. Prints every fault, then every warning, a line each, then
   "ok: N app servers, M probes, K targets" when there is no fault. Returns STATUS_GOOD or
   STATUS_WRONG_CONFIG. */
enum exit_status check_configuration(const struct arguments *arguments, const struct config_schema *schema,
                                     FILE *out);

#endif
