/* Whatever stands in a configuration file: a model or faults, never both, and nothing left behind; with the
   made-up schema, which has every type of row, and with the one that is shipped. */
#include <assert.h>

#include "../unit/config/sample_schema.h"
#include "probe/kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_one(struct span text, const struct config_schema *schema)
{
    struct fault_list faults = {0};
    struct model *model = model_read("/nowhere/f.ini", text, "its group", schema, &faults);
    assert((model == NULL) == (faults.faults > 0));
    model_unref(model);
    fault_list_sort(&faults);
    fault_list_free(&faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct span text = {(const char *)data, size};
    read_one(text, &sample_schema);
    read_one(text, probe_schema());
    return 0;
}
