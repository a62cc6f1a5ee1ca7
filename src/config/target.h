/* The targets of a model: one probe x app server x company. */
#ifndef CONFIG_TARGET_H
#define CONFIG_TARGET_H

#include "config/model.h"

/* The app server of that name, or NULL. */
const struct appserver_settings *model_appserver(const struct model *model, const char *name);

#define TARGETS_MAX 1000000 /* what one process can keep; the files of more are to be cut */

/* Fills targets and target_count from probes and app servers. A name that no app server has is passed over:
   it belongs to another shard; so is a probe without a kind, which only a model with faults has. False when
   there are more than TARGETS_MAX; the rest is then left out. */
bool targets_expand(struct model *model);

/* Does the probe run for each company, or once an app server? Its kind is known. */
bool probe_per_company(const struct probe_settings *probe);

/* Has each target checked by its kind, all of them for writing the series of another; and retries, if there is no fault. */
void targets_check(const struct model *model, const struct config_schema *schema, struct fault_list *faults);

#endif
