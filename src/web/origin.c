#include "web/origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* How much of the URL is its origin; 0: none. A scheme's own port is never written in an Origin (RFC 6454 section 6.2). */
static size_t origin_size(const char *url)
{
    const char *authority = strstr(url, "://");
    const char *port = strncasecmp(url, "https:", 6) == 0 ? ":443" : ":80";

    if (authority == NULL)
        return 0;
    size_t size = (size_t)(authority - url) + 3 + strcspn(authority + 3, "/?#"), tail = strlen(port);
    return size > tail && strncmp(url + size - tail, port, tail) == 0 ? size - tail : size;
}

static bool is_origin_of(const char *origin, const char *url)
{
    size_t size = origin_size(url);

    return size > 0 && strlen(origin) == size && strncasecmp(origin, url, size) == 0;
}

bool origin_is_own(const char *origin, const char *fetch_site, const char *host, bool tls,
                   const char *external_url)
{
    static const char *const schemes[] = {"https://", "http://"};

    if (fetch_site != NULL && strcasecmp(fetch_site, "same-origin") != 0 &&
        strcasecmp(fetch_site, "none") != 0)
        return false;
    if (origin == NULL)
        return true;
    if (external_url != NULL && is_origin_of(origin, external_url))
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

bool host_is_local(const char *host)
{
    char name[INET6_ADDRSTRLEN + 1];
    struct in6_addr address;

    if (host == NULL)
        return true;
    bool bracketed = host[0] == '[';
    size_t size = bracketed ? strcspn(++host, "]") : strcspn(host, ":");
    if (size == 0 || size >= sizeof name || (bracketed && host[size] == '\0'))
        return false;
    const char *port = host + size + bracketed;
    if (port[0] != '\0' && (port[0] != ':' || port[1 + strspn(port + 1, "0123456789")] != '\0'))
        return false;
    memcpy(name, host, size);
    name[size] = '\0';
    if (bracketed)
        return inet_pton(AF_INET6, name, &address) == 1;
    return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, &address) == 1;
}
