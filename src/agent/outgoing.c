#include "agent/outgoing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/secret.h"

struct order outgoing_take(struct order *from)
{
    struct order taken = *from;

    from->url = NULL;
    from->headers = (struct header_list){0};
    from->username = from->password = from->proxy = NULL;
    return taken;
}

void outgoing_free(struct order *order)
{
    secret_wipe(order->url, strlen(order->url));
    free(order->url);
    order->url = NULL;
    header_list_free(&order->headers);
    secret_unref(order->username);
    secret_unref(order->password);
    secret_unref(order->proxy);
    order->username = order->password = order->proxy = NULL;
}

bool outgoing_has_header(const struct order *order, const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; i < order->headers.count; i++) {
        const char *line = order->headers.lines[i];

        if (strncasecmp(line, name, size) == 0 && (line[size] == ':' || line[size] == ';'))
            return true;
    }
    return false;
}

/* libcurl takes "Name:" as an order to leave the header out, and "Name;" as a header without a value. */
static void mark_empty(char *line)
{
    size_t colon = strcspn(line, ":");

    if (line[colon] == ':' && line[colon + 1 + strspn(line + colon + 1, " \t")] == '\0') {
        line[colon] = ';';
        line[colon + 1] = '\0';
    }
}

bool outgoing_complete(struct order *order)
{
    const struct request *request = order->request;
    bool good = true;

    if (!outgoing_has_header(order, "Accept"))
        good = header_add(&order->headers, "Accept",
                          request->accept == NULL ? "application/json" : request->accept);
    if (request->body != NULL && request->content_type != NULL && !outgoing_has_header(order, "Content-Type"))
        good = header_add(&order->headers, "Content-Type", request->content_type) && good;
    for (size_t i = 0; i < order->headers.count; i++)
        mark_empty(order->headers.lines[i]);
    return good;
}

char *outgoing_rename(struct order *order)
{
    static const char scheme[] = "https://";
    const char *name = order->appserver->tls_server_name;

    if (name == NULL || order->outside || !outgoing_is_tls(order))
        return NULL;
    const char *host = order->url + strlen(scheme);
    size_t authority = strcspn(host, "/?#");
    size_t bare = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    char *line = memory_format("%.*s", (int)authority, host);
    char *connect_to = memory_format("::%.*s:", (int)bare, host);
    char *url = memory_format("%s%s%s", scheme, name, host + bare);

    header_add(&order->headers, "Host", line);
    free(line);
    secret_wipe(order->url, strlen(order->url));
    free(order->url);
    order->url = url;
    return connect_to;
}

static bool is_ascii(const struct secret *secret)
{
    const char *text = secret_reveal(secret);

    for (size_t i = 0; i < secret_size(secret); i++)
        if ((unsigned char)text[i] > 0x7e || text[i] == '\0')
            return false;
    return true;
}

/* libcurl widens bytes to UTF-16, so other letters would arrive as a wrong password, and count as one. */
const char *outgoing_login_fault(const struct order *order)
{
    if (order->login == ORDER_NO_LOGIN)
        return NULL;
    if (order->username == NULL || order->password == NULL)
        return "no user name or no password is configured";
    if (!is_ascii(order->username) || !is_ascii(order->password))
        return "NTLM works only with a user name and a password of ASCII letters";
    return NULL;
}

bool outgoing_is_tls(const struct order *order)
{
    return strncasecmp(order->url, "https:", 6) == 0;
}
