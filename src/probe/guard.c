#include "probe/guard.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *service;
    enum guarded guarded;
} services[] = {
    {"TenantInstance", GUARD_NEVER},   {"TokenService", GUARD_NEVER}, {"SysAgent", GUARD_SENSITIVE},
    {"AdminSession", GUARD_SENSITIVE}, {"APIKey", GUARD_SENSITIVE},   {"UserFile", GUARD_SENSITIVE},
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

/* Does text name the service, as REST does (NameSvc) or as SOAP (Name.svc)? */
static bool names_service(const char *text, const char *service)
{
    for (; (text = strcasestr(text, service)) != NULL; text++) {
        const char *behind = text + strlen(service);
        behind += *behind == '.';
        if (strncasecmp(behind, "svc", 3) == 0)
            return true;
    }
    return false;
}

enum guarded guard_service(const char *service)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (names_service(service, services[i].service))
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
