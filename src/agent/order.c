#include "agent/order.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ticket.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "kinetic/header.h"
#include "kinetic/oauth2.h"
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

/* why: an owned sentence. */
static bool fail_owned(struct order *order, enum reason *reason, enum reason which, char **why,
                       char *sentence)
{
    order_free(order);
    *reason = which;
    *why = sentence;
    return false;
}

static bool fail(struct order *order, enum reason *reason, enum reason which, char **why,
                 const char *sentence)
{
    return fail_owned(order, reason, which, why, memory_copy_text(sentence));
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

/* ---- who asks ---- */

/* The secrets of an account that has a password, or a failure. */
static bool find_account(struct order *order, const struct credential *credential, struct secret **username,
                         struct secret **password, enum reason *reason, char **why)
{
    *username = secrets_named(&credential->now, SECRET_USERNAME);
    *password = secrets_named(&credential->now, SECRET_PASSWORD);
    return (*username && *password) ||
           fail(order, reason, REASON_CREDENTIALS, why, "No user name or no password is configured.");
}

static bool add_basic(struct order *order, const struct credential *credential, enum reason *reason,
                      char **why)
{
    struct secret *username, *password;
    if (!find_account(order, credential, &username, &password, reason, why))
        return false;
    if (memchr(secret_reveal(username), ':', secret_size(username)))
        return fail(order, reason, REASON_CREDENTIALS, why,
                    "The user name holds a colon, which HTTP Basic cannot carry (RFC 7617).");
    return header_add_basic(&order->headers, username, password) ||
           fail(order, reason, REASON_CREDENTIALS, why,
                "The user name or the password holds a character that HTTP Basic cannot carry.");
}

static bool add_bearer(struct order *order, const struct credential *credential, enum reason *reason,
                       char **why)
{
    return header_add_secret(&order->headers, "Authorization", "Bearer ", credential->token) ||
           fail(order, reason, REASON_IDENTITY_PROVIDER, why,
                "The token holds a character that no header can carry.");
}

static bool add_ntlm(struct order *order, const struct credential *credential, enum reason *reason,
                     char **why)
{
    struct secret *username, *password;
    if (!find_account(order, credential, &username, &password, reason, why))
        return false;
    order->login = ORDER_NTLM;
    order->username = secret_ref(username);
    order->password = secret_ref(password);
    return true;
}

static bool add_negotiate(struct order *order, const struct credential *credential, enum reason *reason,
                          char **why)
{
    struct ticket *ticket = credential->ticket;
    if (!ticket)
        return fail(order, reason, REASON_IDENTITY_PROVIDER, why, "No Kerberos ticket has come yet.");
    char *refusal = NULL;
    struct secret *authorization = ticket->authorization(ticket, &refusal);
    if (!authorization)
        return fail_owned(order, reason, REASON_IDENTITY_PROVIDER, why, refusal);
    bool good = header_add_secret(&order->headers, "Authorization", "Negotiate ", authorization);
    assert(good && "base64 can stand in a header");
    secret_unref(authorization);
    return true;
}

static bool add_nobody(struct order *order, const struct credential *credential, enum reason *reason,
                       char **why)
{
    (void)order, (void)credential, (void)reason, (void)why;
    return true;
}

/* What each way of authentication adds to a call. */
static bool (*const ways[])(struct order *order, const struct credential *credential, enum reason *reason,
                            char **why) = {
    [AUTH_TOKEN] = add_bearer,        [AUTH_BASIC] = add_basic, [AUTH_OAUTH2] = add_bearer,
    [AUTH_NEGOTIATE] = add_negotiate, [AUTH_NTLM] = add_ntlm,   [AUTH_NONE] = add_nobody,
};

/* What goes with every request to the app server's own address: header.NAME, which a gateway before it may want. */
static bool add_own_headers(struct order *order, const struct credential *credential, enum reason *reason,
                            char **why)
{
    const struct secret_pair_list *own = &order->appserver->headers;
    for (size_t i = 0; i < own->count; i++) {
        const struct secret *value = secrets_header(&credential->now, order->appserver, i);
        if (value && !header_add_secret(&order->headers, own->items[i].name, "", value))
            return fail_owned(
                order, reason, REASON_INTERNAL, why,
                memory_format("header.%s holds a character that no header can carry.", own->items[i].name));
    }
    return true;
}

static struct secret *proxy_of(const struct credential *credential)
{
    return secret_ref(secrets_named(&credential->now, SECRET_PROXY));
}

/* SOAP 1.1 section 6.1.1: the address stands in quotes. */
static bool add_soap_action(struct header_list *headers, const char *action)
{
    char *quoted = memory_format("\"%s\"", action);
    bool good = header_add(headers, "SOAPAction", quoted);
    free(quoted);
    return good;
}

/* ---- calls ---- */

bool order_call(struct order *order, const struct request *request, const struct target_settings *target,
                const struct credential *credential, enum reason *reason, char **why)
{
    const struct appserver_settings *appserver = target->appserver;
    const struct license_choice *license = target->probe->license.set ? &target->probe->license
                                                                      : &appserver->license;
    const struct secret *key = secrets_api_key(&credential->now, appserver, request->company);
    bool in_query = appserver->api_key_in == API_KEY_IN_QUERY;

    *order = (struct order){.request = request, .appserver = appserver, .proxy = proxy_of(credential)};
    struct header_list *headers = &order->headers;
    order->url = whole_url(appserver, request->path, in_query ? key : NULL);
    if (!order->url)
        return fail(order, reason, REASON_INTERNAL, why, "The URL of the request is too long.");
    if (!ways[appserver->auth](order, credential, reason, why))
        return false;
    if (key && !in_query && !header_add_secret(headers, "x-api-key", "", key))
        return fail(order, reason, REASON_API_KEY, why,
                    "The API key holds a character that no header can carry.");
    bool fits = header_add(headers, "Accept", "application/json") &&
                header_add_license(headers, license->guid) && add_call_settings(headers, request, target);
    if (fits && request->body && request->content_type)
        fits = header_add(headers, "Content-Type", request->content_type);
    if (fits && request->soap_action)
        fits = add_soap_action(headers, request->soap_action);
    if (!fits)
        return fail(order, reason, REASON_INTERNAL, why,
                    "A header of the request holds a character that none can carry.");
    return add_own_headers(order, credential, reason, why);
}

/* ---- token requests ---- */

/* To TokenResource.svc. */
static bool ask_tokenresource(struct order *order, struct request *request,
                              const struct credential *credential, enum reason *reason, char **why)
{
    const struct appserver_settings *appserver = order->appserver;
    struct secret *username, *password;
    bool basic = appserver->token_credentials == TOKEN_BY_BASIC;
    if (!find_account(order, credential, &username, &password, reason, why))
        return false;
    if (!token_request(appserver->token_path, basic, username, password, request, &order->headers))
        return fail(order, reason, REASON_CREDENTIALS, why,
                    "The user name or the password holds a character that no header can carry.");
    order->url = whole_url(appserver, request->path, NULL);
    return order->url ||
           fail(order, reason, REASON_INTERNAL, why, "The URL of the token request is too long.");
}

/* To the token endpoint of an identity provider, or of the app server itself. */
static bool ask_oauth2(struct order *order, struct request *request, const struct credential *credential,
                       enum reason *reason, char **why)
{
    const struct oauth2_settings *oauth2 = &order->appserver->oauth2;
    const struct secrets *now = &credential->now;
    bool by_password = oauth2->grant == OAUTH2_PASSWORD;
    struct oauth2_login login = {
        .grant = by_password ? "password" : "client_credentials",
        .client_basic = oauth2->client_auth == OAUTH2_CLIENT_BASIC,
        .client_id = secrets_named(now, SECRET_CLIENT_ID),
        .client_secret = secrets_named(now, SECRET_CLIENT_SECRET),
        .assertion = now->assertion,
        .username = secrets_named(now, SECRET_USERNAME), /* read for the password grant only */
        .password = secrets_named(now, SECRET_PASSWORD),
        .scope = oauth2->scope,
        .field_count = oauth2->params.count,
    };
    if (!login.client_id || (by_password && (!login.username || !login.password)))
        return fail(order, reason, REASON_CREDENTIALS, why,
                    "No client id, no user name or no password is configured.");
    assert(oauth2->client_auth != OAUTH2_CLIENT_PRIVATE_KEY_JWT || login.assertion);
    struct oauth2_field *fields = memory_new(login.field_count, sizeof *fields);
    for (size_t i = 0; i < login.field_count; i++)
        fields[i] = (struct oauth2_field){oauth2->params.items[i].name,
                                          secrets_param(now, order->appserver, i)};
    login.fields = fields;
    oauth2_request(&login, request, &order->headers);
    free(fields);
    order->url = memory_copy_text(oauth2->token_url);
    order->outside = login_is_outside(order->appserver);
    return true;
}

bool order_login(struct order *order, struct request *request, const struct credential *credential,
                 enum reason *reason, char **why)
{
    const struct appserver_settings *appserver = credential->settings;
    bool fresh = request->fresh;
    assert(auth_has_token(appserver->auth));
    request_free(request);
    *order = (struct order){.request = request, .appserver = appserver, .proxy = proxy_of(credential)};
    bool asks = appserver->auth == AUTH_OAUTH2 ? ask_oauth2(order, request, credential, reason, why)
                                               : ask_tokenresource(order, request, credential, reason, why);
    if (!asks)
        return false;
    request->fresh = fresh;
    header_add(&order->headers, "Accept", "application/json");
    return order->outside || add_own_headers(order, credential, reason, why);
}
