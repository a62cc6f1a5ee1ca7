/* Which app servers and targets of a new model are those of an old one, so that a reload lets them go on: app servers by
   name, targets by the names of app server, company and probe, which are the labels of their series. */
#ifndef CONFIG_MATCH_H
#define CONFIG_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/model.h"

#define MATCH_NEW SIZE_MAX

struct model_match {
    size_t *appservers; /* by index in the new model: the index in the old one, or MATCH_NEW */
    size_t *targets;
};

/* before NULL: everything is new. Takes time in proportion to both. */
struct model_match model_match(const struct model *before, const struct model *after);
void model_match_free(struct model_match *match);

/* Do two settings of an app server lead to the same server by the same login, so that its tokens, sessions and pauses
   can go on? What changes only how much is asked of it, and for what, does not matter. */
bool appserver_same_login(const struct appserver_settings *before, const struct appserver_settings *after);

/* Do they log in at the same place in the same way, so that a login refused there would be again if its secrets are the
   same? */
bool appserver_same_door(const struct appserver_settings *before, const struct appserver_settings *after);

#endif
