/* What services tell of seats (facts §4.6), out of the simulator's own pools: the asking call's own seat is among them. */
#include "simulator/call.h"

#include <string.h>

#define UNLIMITED_TOLD 1000 /* a pool without a bound has to be told with one */

static void row_add(struct sim_text *out, const struct sim_call *call, const struct sim_license *license,
                    bool admin)
{
    uint32_t owned = license->owned == SIMULATOR_UNLIMITED ? UNLIMITED_TOLD : license->owned;
    bool guids = call->behaviour.license_codes == SIMULATOR_LICENSE_GUIDS;
    sim_text_printf(
        out,
        "{\"UserLicenseCode\":\"%s%s\",\"UserLicenseName\":\"%s\",\"ActiveUsers\":%u,\"AvailableUsers\":%u,"
        "\"MaxUsers\":%u%s}",
        guids ? "00000003-" : "", guids ? license->guid : license->told, license->told, license->active,
        owned > license->active ? owned - license->active : 0, owned,
        admin ? ",\"InstallationID\":\"1\"" : "");
}

/* Pools with a bound, and the usual three. */
static void rows_add(struct sim_call *call, struct sim_text *out, bool admin)
{
    bool first = true;
    pthread_mutex_lock(&call->simulator->lock);
    sim_sessions_sweep(call->simulator);
    for (unsigned i = 0; i < SIM_LICENSES; i++) {
        struct sim_license license = sim_license_read(call->simulator, i);
        if (license.owned == SIMULATOR_UNLIMITED && !license.usual)
            continue;
        sim_text_add(out, ",", !first);
        first = false;
        row_add(out, call, &license, admin);
    }
    pthread_mutex_unlock(&call->simulator->lock);
}

static void serial_add(struct sim_text *out)
{
    sim_text_add_string(
        out, "{\"MaxUsers\":160,\"MaxWebServices\":3,\"MaxAdditionalDCUsers\":40,\"EvalExpires\":null,"
             "\"Version\":\"11.3\",\"Edition\":\"Standard\",\"DBPatchLevel\":\"11.3.100.7\","
             "\"Product\":\"Epicor ERP\",\"UpdateAvailable\":false,\"InstallationID\":\"1\","
             "\"TenantID\":\"\"}");
}

bool sim_licensing_make(struct sim_call *call, const char *name, struct sim_text *return_obj,
                        struct sim_text *parameters)
{
    bool admin = strcasecmp(name, "Ice.BO.AdminLicensingSvc/GetLicenseList") == 0 ||
                 strcasecmp(name, "Ice.BO.AdminLicensingSvc/GetLicense") == 0;
    if (strcasecmp(name, "Ice.LIB.SessionModSvc/GetLicense") == 0) {
        sim_text_add_string(
            parameters, "{\"maxUsers\":160,\"maxDCUsers\":40,\"installationID\":\"1\",\"evalExpires\":null,"
                        "\"editionNum\":1}");
        return true;
    }
    if (!admin && strcasecmp(name, "Erp.BO.CompanyLicenseInfoSvc/GetLicense") != 0)
        return false;
    sim_text_printf(return_obj, "{\"%s\":[", admin ? "AdminUserLicense" : "UserLicenseData");
    rows_add(call, return_obj, admin);
    sim_text_add_string(return_obj, "]");
    if (admin) {
        sim_text_add_string(return_obj, ",\"AdminSerialNumber\":[");
        serial_add(return_obj);
        sim_text_add_string(return_obj, "]");
    }
    sim_text_add_string(return_obj, "}");
    return true;
}
