/* License seats, facts §4: a sessionless call holds its claim just for the call, a session until Logout. */
#include "simulator/call.h"

#include <cjson/cJSON.h>
#include <string.h>

/* Facts §4.1; all GUIDs begin with 00000003-. `told` is how messages call it (§4.4). */
static const struct license_row {
    const char *name, *guid, *told;
} licenses[SIM_LICENSES] = {
    {"Default", "B615-4300-957B-34956697F040", "DefaultUser"},
    {"WebService", "9439-4B30-A6F4-6D2FD4B9FD0F", "WebService"},
    {"WebServiceShared", "231B-4E2B-9B47-13F87EA9A0A3", "WebServiceShared"},
    {"DataCollection", "B8EB-40C4-8897-248CB30C5D47", "DataCollection"},
    {"TimeExpense", "F415-4768-82EA-0AF7327B1AC4", "TimeExpense"},
    {"MobileFramework", "C084-43C0-978D-9790A7A3C902", "MobileFramework"},
    {"CRM", "15F2-4059-8C79-11849198F488", "CRM"},
    {"EnterpriseSearch", "BDB7-43A3-949C-1F003E3ABCFA", "EnterpriseSearch"},
    {"EnterpriseSocial", "9F85-4C75-9A9D-B9198371275B", "EnterpriseSocial"},
    {"ECC WebForm", "C997-4D03-868E-31E510BDD87B", "ECCWebForm"},
    {"ECC WebService", "079B-4C49-9D0A-EF8236247504", "ECCWebService"},
    {"CustomerConnect", "3278-47FF-BD7A-9E1BAE66B088", "CustomerConnect"},
    {"SalesConnect", "4344-4D20-8650-75C0E7EB64D7", "SalesConnect"},
    {"SupplierConnect", "EA5C-43E4-A1C6-26F7C7DBA2BE", "SupplierConnect"},
};

enum { DEFAULT_LICENSE, WEB_SERVICE, WEB_SERVICE_SHARED };

struct sim_license sim_license_read(struct simulator *simulator, unsigned license)
{
    const struct sim_seats *seats = &simulator->seats[license];
    const struct license_row *row = &licenses[license];
    return (struct sim_license){.guid = row->guid,
                                .name = row->name,
                                .told = row->told,
                                .usual = license == DEFAULT_LICENSE || license == WEB_SERVICE ||
                                         strcmp(row->name, "DataCollection") == 0,
                                .active = seats->taken + seats->others,
                                .owned = seats->owned};
}

static unsigned license_place(const char *name)
{
    unsigned i = 0;
    while (i < SIM_LICENSES && strcmp(licenses[i].name, name) != 0)
        i++;
    return i;
}

bool sim_license_known(const char *license)
{
    return license_place(license) < SIM_LICENSES;
}

static unsigned license_find(const char *name)
{
    unsigned place = license_place(name);
    if (place == SIM_LICENSES)
        sim_die("no license is called %s", name);
    return place;
}

struct sim_seats *sim_seats_find(struct simulator *simulator, const char *license)
{
    return &simulator->seats[license_find(license)];
}

void sim_seats_start(struct simulator *simulator)
{
    for (unsigned i = 0; i < SIM_LICENSES; i++)
        simulator->seats[i].owned = SIMULATOR_UNLIMITED;
}

/* License: {"ClaimedLicense":"<GUID>"}; without it, or with a GUID that it does not know, a Default seat
 * (§4.2). */
static unsigned license_claimed(const struct sim_call *call)
{
    unsigned claimed = DEFAULT_LICENSE;
    const char *header = sim_call_header(call, "License");
    cJSON *json = header ? cJSON_Parse(header) : NULL;
    const char *guid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "ClaimedLicense"));
    for (unsigned i = 0; guid && i < SIM_LICENSES; i++) {
        if (strncmp(guid, "00000003-", 9) == 0 && strcasecmp(guid + 9, licenses[i].guid) == 0)
            claimed = i;
    }
    cJSON_Delete(json);
    return claimed;
}

static bool seat_free(const struct sim_seats *seats)
{
    return seats->owned == SIMULATOR_UNLIMITED || (uint64_t)seats->taken + seats->others < seats->owned;
}

static void seat_refuse(struct sim_call *call, unsigned license)
{
    struct sim_text message = {0};
    sim_text_printf(&message, "Maximum users exceeded on license type: %s assigned to company: %s",
                    licenses[license].told, call->company);
    sim_error(call, call->behaviour.seats_status ? call->behaviour.seats_status : 500,
              "Ice.Common.BusinessObjectException", message.data);
    sim_text_free(&message);
}

/* The fixed penalty of facts §4.4, or the doubling one of S1. */
static uint32_t shared_delay(const struct sim_call *call, uint32_t in_a_row)
{
    uint32_t delay = call->behaviour.shared_delay_ms ? call->behaviour.shared_delay_ms : 20000;
    if (call->behaviour.shared_delay_doubles)
        delay <<= in_a_row < 4 ? in_a_row : 4;
    return delay;
}

void sim_seat_delay(struct sim_call *call, unsigned license)
{
    if (license != WEB_SERVICE_SHARED)
        return;
    pthread_mutex_lock(&call->simulator->lock);
    call->delay_ms += shared_delay(call, call->simulator->shared_in_a_row++);
    pthread_mutex_unlock(&call->simulator->lock);
}

bool sim_seat_take(struct sim_call *call)
{
    struct simulator *simulator = call->simulator;
    unsigned claimed = license_claimed(call);
    pthread_mutex_lock(&simulator->lock);
    struct sim_seats *seats = simulator->seats;
    sim_sessions_sweep(simulator);
    unsigned license = claimed;
    if (claimed == WEB_SERVICE) {
        if (seats[WEB_SERVICE].owned == 0) {
            license = DEFAULT_LICENSE;
        } else if (!seat_free(&seats[WEB_SERVICE]) && call->behaviour.seats_gone == SIMULATOR_SEATS_SHARED) {
            license = WEB_SERVICE_SHARED;
            call->delay_ms += shared_delay(call, simulator->shared_in_a_row++);
        } else {
            simulator->shared_in_a_row = 0;
        }
    }
    bool taken = seat_free(&seats[license]);
    if (taken) {
        call->license = license;
        seats[license].calls++;
        if (++seats[license].taken > seats[license].peak)
            seats[license].peak = seats[license].taken;
        if (++simulator->seats_taken > simulator->seats_peak)
            simulator->seats_peak = simulator->seats_taken;
    }
    pthread_mutex_unlock(&simulator->lock);
    if (!taken)
        seat_refuse(call, license);
    return taken;
}

void sim_seat_give_back(struct simulator *simulator, unsigned license)
{
    if (license == SIM_NO_LICENSE)
        return;
    simulator->seats[license].taken--;
    simulator->seats_taken--;
}

void simulator_set_seats(struct simulator *simulator, const char *license, uint32_t owned)
{
    pthread_mutex_lock(&simulator->lock);
    simulator->seats[license_find(license)].owned = owned;
    pthread_mutex_unlock(&simulator->lock);
}

void simulator_occupy_seats(struct simulator *simulator, const char *license, uint32_t others)
{
    pthread_mutex_lock(&simulator->lock);
    simulator->seats[license_find(license)].others = others;
    pthread_mutex_unlock(&simulator->lock);
}

static struct sim_seats seats_read(struct simulator *simulator, const char *license)
{
    pthread_mutex_lock(&simulator->lock);
    sim_sessions_sweep(simulator);
    struct sim_seats seats = {.taken = simulator->seats_taken, .peak = simulator->seats_peak};
    for (unsigned i = 0; !license && i < SIM_LICENSES; i++)
        seats.calls += simulator->seats[i].calls;
    if (license)
        seats = simulator->seats[license_find(license)];
    pthread_mutex_unlock(&simulator->lock);
    return seats;
}

uint32_t simulator_seats_taken(struct simulator *simulator, const char *license)
{
    return seats_read(simulator, license).taken;
}

uint32_t simulator_seats_peak(struct simulator *simulator, const char *license)
{
    return seats_read(simulator, license).peak;
}

uint64_t simulator_seats_calls(struct simulator *simulator, const char *license)
{
    return seats_read(simulator, license).calls;
}
