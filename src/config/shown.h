/* What people may see of the configuration: a key's value without what is, or may hold, a secret. */
#ifndef CONFIG_SHOWN_H
#define CONFIG_SHOWN_H

#include "base/buffer.h"
#include "config/document.h"
#include "config/model.h"
#include "config/place.h"
#include "config/settings.h"

#define SHOWN_SECRET "<secret>"

/* The value as it may be shown, owned; NULL: nothing of it may be. Of URLs the user and the query are hidden,
   the user behind every // as well. */
char *value_shown(const struct config_row *row, const char *value);

/* Keeps with the keys of the section what may be shown of their values, by the rows that take them. */
void key_lines_show(struct key_lines *keys, const struct section *section,
                    const struct settings_group *groups, size_t group_count);

/* The configuration in force as text, in the form of a configuration: where each section was written, its keys, those that
   [defaults KIND] gives a probe, and as comments the defaults of what was not written. The words of the command line
   stand in it. False: it does not fit. */
bool model_print(const struct model *model, struct buffer *out);

#endif
