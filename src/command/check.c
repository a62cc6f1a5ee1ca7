#include "command/check.h"

enum exit_status check_configuration(const struct arguments *arguments, const struct config_schema *schema,
                                     FILE *out)
{
    struct fault_list faults = {0};
    struct model *model = model_load(arguments->config_file, schema, &faults);
    fault_list_sort(&faults);
    fault_list_print(&faults, out);
    fault_list_free(&faults);
    if (model == NULL)
        return STATUS_WRONG_CONFIG;
    struct model_override override = arguments_override(arguments);
    model_apply(model, &override);
    fprintf(out, "ok: %zu app servers, %zu probes, %zu targets\n", model->appserver_count, model->probe_count,
            model->target_count);
    model_unref(model);
    return STATUS_GOOD;
}
