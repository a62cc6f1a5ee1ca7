/* Whatever stands in a configuration file: a model or faults, never both, and nothing left behind. */
#include <assert.h>

#include "../unit/config/sample_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_list faults = {0};
    struct model *model = model_read("/nowhere/f.ini", (struct span){(const char *)data, size}, "its group",
                                     &sample_schema, &faults);
    assert((model == NULL) == (faults.faults > 0));
    model_unref(model);
    fault_list_sort(&faults);
    fault_list_free(&faults);
    return 0;
}
