#include "kinetic/license.h"

#include <stddef.h>
#include <strings.h>

#define GUID(rest) "00000003-" rest

/* Facts §4.1. */
const struct license_row license_table[] = {
    {"Default", GUID("B615-4300-957B-34956697F040")},
    {"WebService", GUID("9439-4B30-A6F4-6D2FD4B9FD0F")},
    {"WebServiceShared", GUID("231B-4E2B-9B47-13F87EA9A0A3")},
    {"DataCollection", GUID("B8EB-40C4-8897-248CB30C5D47")},
    {"TimeExpense", GUID("F415-4768-82EA-0AF7327B1AC4")},
    {"MobileFramework", GUID("C084-43C0-978D-9790A7A3C902")},
    {"CRM", GUID("15F2-4059-8C79-11849198F488")},
    {"EnterpriseSearch", GUID("BDB7-43A3-949C-1F003E3ABCFA")},
    {"EnterpriseSocial", GUID("9F85-4C75-9A9D-B9198371275B")},
    {"ECC WebForm", GUID("C997-4D03-868E-31E510BDD87B")},
    {"ECC WebService", GUID("079B-4C49-9D0A-EF8236247504")},
    {"CustomerConnect", GUID("3278-47FF-BD7A-9E1BAE66B088")},
    {"SalesConnect", GUID("4344-4D20-8650-75C0E7EB64D7")},
    {"SupplierConnect", GUID("EA5C-43E4-A1C6-26F7C7DBA2BE")},
    {NULL, NULL},
};

const struct license_row *license_find(const char *name_or_guid)
{
    for (const struct license_row *row = license_table; row->name != NULL; row++)
        if (strcasecmp(row->name, name_or_guid) == 0 || strcasecmp(row->guid, name_or_guid) == 0)
            return row;
    return NULL;
}
