#include "web/origin.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

bool origin_is_own(const char *origin, const char *fetch_site, const char *host, bool tls)
{
    static const char *const schemes[] = {"https://", "http://"};

    if (fetch_site != NULL && strcasecmp(fetch_site, "same-origin") != 0 &&
        strcasecmp(fetch_site, "none") != 0)
        return false;
    if (origin == NULL)
        return true;
    if (host == NULL || host[0] == '\0')
        return false;
    for (size_t i = 0; i < (tls ? 1 : sizeof schemes / sizeof schemes[0]); i++) {
        size_t size = strlen(schemes[i]);
        if (strncasecmp(origin, schemes[i], size) == 0)
            return strcasecmp(origin + size, host) == 0;
    }
    return false;
}
