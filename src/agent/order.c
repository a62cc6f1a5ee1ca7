#include "agent/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "kinetic/header.h"
#include "kinetic/token.h"
#include "kinetic/url.h"

#define URL_MAX                                                                                              \
    ((size_t)256 * 1024) /* bytes: lines of the configuration have 64 KiB, each may need encoding */

/* Wipes what was not handed to a transport. */
static void order_free(struct order *order)
{
    if (order->url)
        secret_wipe(order->url, strlen(order->url));
    free(order->url);
    header_list_free(&order->headers);
    secret_unref(order->username);
    secret_unref(order->password);
    secret_unref(order->proxy);
    *order = (struct order){0};
}

static bool fail(struct order *order, enum reason *reason, enum reason which, const char **why,
                 const char *sentence)
{
    order_free(order);
    *reason = which;
    *why = sentence;
    return false;
}

/* The whole URL; NULL when it does not fit. */
static char *whole_url(const struct appserver_settings *appserver, const char *path,
                       const struct secret *key_in_query)
{
    struct buffer url;
    buffer_init(&url, URL_MAX);
    struct span key = {0};
    if (key_in_query)
        key = (struct span){secret_reveal(key_in_query), secret_size(key_in_query)};
    /* At once, so that no half of the secret stays behind in memory that a growing buffer gave back. */
    buffer_reserve(&url, strlen(appserver->url) + strlen(path) + 3 * key.size + 16);
    buffer_format(&url, "%s/%s", appserver->url, path);
    if (key_in_query) {
        buffer_text(&url, strchr(path, '?') ? "&api-key=" : "?api-key=");
        url_encode(&url, key, "");
    }
    return buffer_take(&url);
}

static const char *not_empty(const char *text)
{
    return text && *text ? text : NULL;
}

static bool add_call_settings(struct header_list *headers, const struct request *request,
                              const struct target_settings *target)
{
    const struct appserver_settings *appserver = target->appserver;
    const char *plant = target->probe->plant ? target->probe->plant : appserver->plant;
    const char *company = not_empty(request->company);
    /* v2 carries the company in the path: the header is only worth sending for the others. */
    bool others = plant || appserver->language || appserver->format_culture;
    if (appserver->api_version != 1 && !others)
        company = NULL;
    return header_add_call_settings(headers, company, plant, appserver->language, appserver->format_culture);
}

bool order_call(struct order *order, const struct request *request, const struct target_settings *target,
                const struct credential *credential, enum reason *reason, const char **why)
{
    const struct appserver_settings *appserver = target->appserver;
    const struct license_choice *license = target->probe->license.set ? &target->probe->license
                                                                      : &appserver->license;
    const struct secret *key = secrets_api_key(&credential->now, appserver, request->company);
    bool in_query = appserver->api_key_in == API_KEY_IN_QUERY;

    *order = (struct order){.request = request, .appserver = appserver};
    struct header_list *headers = &order->headers;
    order->url = whole_url(appserver, request->path, in_query ? key : NULL);
    if (!order->url)
        return fail(order, reason, REASON_INTERNAL, why, "The URL of the request is too long.");
    if (auth_has_token(appserver->auth) &&
        !header_add_secret(headers, "Authorization", "Bearer ", credential->token))
        return fail(order, reason, REASON_IDENTITY_PROVIDER, why,
                    "The token holds a character that no header can carry.");
    if (key && !in_query && !header_add_secret(headers, "x-api-key", "", key))
        return fail(order, reason, REASON_API_KEY, why,
                    "The API key holds a character that no header can carry.");
    bool fits = header_add(headers, "Accept", "application/json") &&
                header_add_license(headers, license->guid) && add_call_settings(headers, request, target);
    if (fits && request->body && request->content_type)
        fits = header_add(headers, "Content-Type", request->content_type);
    if (!fits)
        return fail(order, reason, REASON_INTERNAL, why,
                    "A header of the request holds a character that none can carry.");
    return true;
}

bool order_login(struct order *order, struct request *request, const struct credential *credential,
                 enum reason *reason, const char **why)
{
    const struct appserver_settings *appserver = credential->settings;
    bool fresh = request->fresh;
    request_free(request);
    *order = (struct order){.request = request, .appserver = appserver};
    const struct secret *username = secrets_named(&credential->now, SECRET_USERNAME);
    const struct secret *password = secrets_named(&credential->now, SECRET_PASSWORD);
    if (!username || !password)
        return fail(order, reason, REASON_CREDENTIALS, why, "No user name or no password is configured.");
    if (!token_request(appserver->token_path, appserver->token_credentials == TOKEN_BY_BASIC, username,
                       password, request, &order->headers))
        return fail(order, reason, REASON_CREDENTIALS, why,
                    "The user name or the password holds a character that no header can carry.");
    request->fresh = fresh;
    header_add(&order->headers, "Accept", "application/json");
    order->url = whole_url(appserver, request->path, NULL);
    if (!order->url)
        return fail(order, reason, REASON_INTERNAL, why, "The URL of the token request is too long.");
    return true;
}
