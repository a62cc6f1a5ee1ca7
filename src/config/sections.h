/* The sections of a document into a model: which they are, their keys, what is checked across them. */
#ifndef CONFIG_SECTIONS_H
#define CONFIG_SECTIONS_H

#include "config/document.h"
#include "config/model.h"

/* Fills model (zeroed before) and expands its targets; appends every fault. path: what was read, for faults of the
   whole. The model's places point to the document's sources. */
void sections_read(const struct document *document, const char *path, const struct config_schema *schema,
                   struct model *model, struct fault_list *faults);

#endif
