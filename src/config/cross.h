/* What is checked across keys and across sections. */
#ifndef CONFIG_CROSS_H
#define CONFIG_CROSS_H

#include "config/document.h"
#include "config/model.h"

/* Of one section whose keys were each read without fault. section gives lines. */
void exporter_check(const struct exporter_settings *exporter, const struct section *section,
                    struct fault_list *faults);
void web_check(const struct web_settings *web, struct fault_list *faults);
void appserver_check(const struct appserver_settings *appserver, struct fault_list *faults);
/* Gives the licenses of seats.LICENSE their canonical names and checks them. */
void seats_check(struct appserver_settings *appserver, const struct config_schema *schema,
                 struct fault_list *faults);
void probe_check(const struct probe_settings *probe, struct fault_list *faults);

/* Of the whole, which is read from path; fields of sections that had faults may be empty. */
void model_check(const struct model *model, const char *path, struct fault_list *faults);

/* The first item that stands twice in the list, or NULL. */
const char *text_list_twice(const struct text_list *list);

#endif
