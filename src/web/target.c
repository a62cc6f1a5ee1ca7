#include "web/target.h"

#include <string.h>
#include <strings.h>

bool target_read(const char *target, struct web_target *out)
{
    static const char *const schemes[] = {"http://", "https://"};

    *out = (struct web_target){.path = target};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t scheme = strlen(schemes[i]);
        if (strncasecmp(target, schemes[i], scheme) != 0)
            continue;
        out->absolute = true;
        out->authority = (struct span){target + scheme, strcspn(target + scheme, "/")};
        out->path = target + scheme + out->authority.size;
        if (out->path[0] == '\0')
            out->path = "/";
        return out->authority.size > 0 && out->authority.data[0] != ':';
    }
    return true;
}

const char *target_host(const struct web_target *target, const char *host)
{
    bool same = !target->absolute || (host != NULL && span_is_nocase(target->authority, host));

    return same ? host : "";
}
