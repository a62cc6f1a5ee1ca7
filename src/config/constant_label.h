/* label.NAME: what all series of an app server and of its targets carry. */
#ifndef CONFIG_CONSTANT_LABEL_H
#define CONFIG_CONSTANT_LABEL_H

#include <stdbool.h>

#include "config/model.h"

/* Does a label of this name mean something already: of a target's identity, of any family of metrics, or to Prometheus?
   A test holds the list against the rows of all families. */
bool constant_label_is_taken(const char *name);

void constant_labels_check(const struct appserver_settings *appserver, struct fault_list *faults);

#endif
