#include "agent/proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define HOST_MAX 256

static const char *first_set(const char *const *names)
{
    for (; *names != NULL; names++) {
        const char *value = getenv(*names);

        if (value != NULL && value[0] != '\0')
            return value;
    }
    return NULL;
}

/* Without the brackets of IPv6 and a dot at the end. */
static struct span host_of(const char *url)
{
    const char *host = strstr(url, "://");

    host = host == NULL ? url : host + 3;
    if (*host == '[')
        return (struct span){.data = host + 1, .size = strcspn(host + 1, "]")};

    struct span found = {.data = host, .size = strcspn(host, ":/?#")};

    if (found.size > 0 && found.data[found.size - 1] == '.')
        found.size--;
    return found;
}

static bool is_of_network(const unsigned char *address, const unsigned char *network, unsigned long bits)
{
    size_t whole = bits / 8;
    unsigned rest = bits % 8;

    return memcmp(address, network, whole) == 0 &&
           (rest == 0 || ((address[whole] ^ network[whole]) >> (8 - rest)) == 0);
}

/* An address, or a network as ADDRESS/BITS. */
static bool fits_address(struct span host, struct span item)
{
    static const struct {
        int family;
        unsigned long bits;
    } families[] = {{AF_INET, 32}, {AF_INET6, 128}};
    char host_text[HOST_MAX], text[HOST_MAX];
    unsigned char address[16], network[16];

    if (host.size >= sizeof host_text || item.size >= sizeof text)
        return false;
    snprintf(host_text, sizeof host_text, "%.*s", (int)host.size, host.data);
    snprintf(text, sizeof text, "%.*s", (int)item.size, item.data);
    char *slash = strchr(text, '/');

    if (slash != NULL)
        *slash = '\0';
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        int64_t bits = (int64_t)families[i].bits;

        if (inet_pton(families[i].family, host_text, address) != 1 ||
            inet_pton(families[i].family, text, network) != 1)
            continue;
        if (slash != NULL &&
            (!text_to_int64(span_of(slash + 1), &bits) || bits < 0 || bits > (int64_t)families[i].bits))
            return false;
        return is_of_network(address, network, (unsigned long)bits);
    }
    return false;
}

static bool fits_name(struct span host, struct span item)
{
    if (item.size > 0 && item.data[0] == '.') {
        item.data++;
        item.size--;
    }
    if (item.size > 0 && item.data[item.size - 1] == '.')
        item.size--;
    if (item.size == 0 || item.size > host.size)
        return false;
    size_t before = host.size - item.size;

    return strncasecmp(host.data + before, item.data, item.size) == 0 &&
           (before == 0 || host.data[before - 1] == '.');
}

static bool is_excepted(struct span host, const char *list)
{
    while (*list != '\0') {
        struct span item = {.data = list, .size = strcspn(list, ", \t")};

        if (span_is(item, "*") || fits_name(host, item) || fits_address(host, item))
            return true;
        list += item.size;
        list += strspn(list, ", \t");
    }
    return false;
}

static const char *of_environment(const char *url)
{
    static const char *const for_http[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
    static const char *const for_https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
    static const char *const for_none[] = {"no_proxy", "NO_PROXY", NULL};
    const char *found = first_set(strncasecmp(url, "https:", 6) == 0 ? for_https : for_http);
    const char *none = first_set(for_none);

    return found == NULL || (none != NULL && is_excepted(host_of(url), none)) ? "" : found;
}

const char *proxy_of(const struct secret *proxy, const char *url, const char **why)
{
    static const char *const kinds[] = {"http://", "socks5h://", "socks5://"};

    if (proxy == NULL)
        return "";
    const char *found = secret_reveal(proxy);

    if (strcmp(found, "environment") == 0)
        found = of_environment(url);
    if (strstr(found, "://") == NULL)
        return found;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncasecmp(found, kinds[i], strlen(kinds[i])) == 0)
            return found;
    *why = "the proxy's URL begins neither with http:// nor with socks5h:// or socks5://";
    return NULL;
}
