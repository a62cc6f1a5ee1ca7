/* The ready-made scripts of the rude player. */
#ifndef SIMULATOR_RUDE_SCRIPTS_H
#define SIMULATOR_RUDE_SCRIPTS_H

#include "simulator/rude.h"

/* NULL when no script has this name. */
const struct rude_step *rude_script_find(const char *name);

#endif
