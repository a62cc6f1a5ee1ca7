#include "probe/guard.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *service;
    enum guarded guarded;
} services[] = {
    {"TenantInstanceSvc", GUARD_NEVER},   {"TokenServiceSvc", GUARD_NEVER}, {"SysAgentSvc", GUARD_SENSITIVE},
    {"AdminSessionSvc", GUARD_SENSITIVE}, {"APIKeySvc", GUARD_SENSITIVE},   {"UserFileSvc", GUARD_SENSITIVE},
};

static const struct {
    const char *beginning, *why;
} methods[] = {
#define WRITES(word)                                                                                         \
    {                                                                                                        \
        word, "a name that begins with " word " promises a change, and a probe must not make one"            \
    }
    WRITES("Delete"),
    WRITES("Update"),
    WRITES("Set"),
    WRITES("Lock"),
    WRITES("Unlock"),
    WRITES("Start"),
    WRITES("Stop"),
    WRITES("Kill"),
    WRITES("Change"),
    WRITES("Process"),
    WRITES("Post"),
    WRITES("Submit"),
    WRITES("Admin"),
#undef WRITES
    {"GetDatabaseValues", "its answers hold secrets"},
};

enum guarded guard_service(const char *service)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (strcasestr(service, services[i].service) != NULL)
            return services[i].guarded;
    return GUARD_FREE;
}

const char *guard_method(const char *method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strncasecmp(method, methods[i].beginning, strlen(methods[i].beginning)) == 0)
            return methods[i].why;
    return NULL;
}
