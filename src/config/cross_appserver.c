/* What is checked across the keys of one [appserver NAME]. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/constant_label.h"
#include "config/cross.h"
#include "config/rows.h"

#define SEATS_MAX        1000000 /* of one license type; more is a slip */
#define LICENSE_NAME_MAX 128

const char *text_list_twice(const struct text_list *list)
{
    for (size_t i = 1; i < list->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(list->items[i], list->items[k]) == 0)
                return list->items[i];
        }
    }
    return NULL;
}

static bool is_loopback(const char *url)
{
    static const char *const hosts[] = {"http://localhost", "http://127.", "http://[::1]"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        size_t length = strlen(hosts[i]);
        if (strncmp(url, hosts[i], length) == 0 &&
            (hosts[i][length - 1] == '.' || strchr(":/", url[length]) != NULL))
            return true;
    }
    return false;
}

/* ---- which keys a way of authentication wants, and which it leaves alone ---- */

#define WAY(auth)     (1U << (auth))
#define WAY_PASSWORD  (WAY(AUTH_TOKEN) | WAY(AUTH_BASIC) | WAY(AUTH_NTLM))
#define WAY_ANY_LOGIN (WAY_PASSWORD | WAY(AUTH_OAUTH2) | WAY(AUTH_NEGOTIATE))

static const struct key_use {
    const char *key;
    unsigned ways; /* that the key is of use for */
} key_uses[] = {
    {"username", WAY_PASSWORD | WAY(AUTH_OAUTH2)},
    {"password", WAY_PASSWORD | WAY(AUTH_OAUTH2)},
    {"token_path", WAY(AUTH_TOKEN)},
    {"token_credentials", WAY(AUTH_TOKEN)},
    {"token_renew_at", WAY(AUTH_TOKEN) | WAY(AUTH_OAUTH2) | WAY(AUTH_NEGOTIATE)},
    {"token_fallback_lifetime", WAY(AUTH_TOKEN) | WAY(AUTH_OAUTH2)},
    {"login_retry", WAY_ANY_LOGIN},
    {"oauth2_token_url", WAY(AUTH_OAUTH2)},
    {"oauth2_grant", WAY(AUTH_OAUTH2)},
    {"oauth2_client_id", WAY(AUTH_OAUTH2)},
    {"oauth2_client_secret", WAY(AUTH_OAUTH2)},
    {"oauth2_scope", WAY(AUTH_OAUTH2)},
    {"oauth2_client_auth", WAY(AUTH_OAUTH2)},
    {"oauth2_client_key_file", WAY(AUTH_OAUTH2)},
    {"oauth2_client_cert_file", WAY(AUTH_OAUTH2)},
    {"kerberos_keytab_file", WAY(AUTH_NEGOTIATE)},
    {"kerberos_principal", WAY(AUTH_NEGOTIATE)},
};

static const char *way_name(enum auth_way auth)
{
    return config_row_named(SECTION_APPSERVER, "auth")->choices[auth];
}

static void uses_check(const struct appserver_settings *appserver, struct fault_list *faults)
{
    for (size_t i = 0; i < sizeof key_uses / sizeof key_uses[0]; i++) {
        const struct key_use *use = &key_uses[i];
        if ((use->ways & WAY(appserver->auth)) == 0 && key_lines_find(&appserver->keys, use->key) != 0)
            warning_add(faults, appserver_key_place(appserver, use->key),
                        "[appserver %s] %s: not used, because auth = %s", appserver->name, use->key,
                        way_name(appserver->auth));
    }
    if (appserver->auth != AUTH_OAUTH2 && appserver->oauth2.params.count > 0)
        warning_add(faults, appserver->oauth2.params.items[0].place,
                    "[appserver %s] oauth2_param: not used, because auth = %s", appserver->name,
                    way_name(appserver->auth));
}

static void secret_wanted(const struct appserver_settings *appserver, const char *for_what, const char *key,
                          const struct secret_source *source, struct fault_list *faults)
{
    if (source->form == SECRET_NONE)
        fault_add(faults, appserver->place, "[appserver %s]: %s needs %s (or %s_file, %s_env, %s_credential)",
                  appserver->name, for_what, key, key, key, key);
}

static void text_wanted(const struct appserver_settings *appserver, const char *for_what, const char *key,
                        const char *text, struct fault_list *faults)
{
    if (text == NULL)
        fault_add(faults, appserver->place, "[appserver %s]: %s needs %s", appserver->name, for_what, key);
}

static void oauth2_check(const struct appserver_settings *appserver, struct fault_list *faults)
{
    const struct oauth2_settings *oauth2 = &appserver->oauth2;
    static const char auth[] = "auth = oauth2", by_key[] = "oauth2_client_auth = private_key_jwt",
                      by_password[] = "oauth2_grant = password";
    static const char *const reserved[] = {
        "grant_type", "client_id", "client_secret",    "scope",
        "username",   "password",  "client_assertion", "client_assertion_type"};
    text_wanted(appserver, auth, "oauth2_token_url", oauth2->token_url, faults);
    secret_wanted(appserver, auth, "oauth2_client_id", &oauth2->client_id, faults);
    if (oauth2->client_auth == OAUTH2_CLIENT_PRIVATE_KEY_JWT) {
        text_wanted(appserver, by_key, "oauth2_client_key_file", oauth2->client_key_file, faults);
        text_wanted(appserver, by_key, "oauth2_client_cert_file", oauth2->client_cert_file, faults);
        if (oauth2->client_secret.form != SECRET_NONE)
            warning_add(faults, appserver_key_place(appserver, "oauth2_client_secret"),
                        "[appserver %s] oauth2_client_secret: not used, because %s", appserver->name, by_key);
    } else if (oauth2->grant == OAUTH2_CLIENT_CREDENTIALS || oauth2->client_auth == OAUTH2_CLIENT_BASIC) {
        secret_wanted(appserver, auth, "oauth2_client_secret", &oauth2->client_secret, faults);
    }
    if (oauth2->grant == OAUTH2_PASSWORD) {
        secret_wanted(appserver, by_password, "username", &appserver->username, faults);
        secret_wanted(appserver, by_password, "password", &appserver->password, faults);
    } else if (appserver->username.form != SECRET_NONE || appserver->password.form != SECRET_NONE) {
        warning_add(faults, appserver_key_place(appserver, "username"),
                    "[appserver %s] username, password: not used, because oauth2_grant = client_credentials",
                    appserver->name);
    }
    for (size_t i = 0; i < oauth2->params.count; i++)
        for (size_t k = 0; k < sizeof reserved / sizeof reserved[0]; k++)
            if (strcmp(oauth2->params.items[i].name, reserved[k]) == 0)
                fault_add(faults, oauth2->params.items[i].place,
                          "[appserver %s] oauth2_param.%s: this field is written by the agent itself",
                          appserver->name, reserved[k]);
}

static void clear_text_warn(const struct appserver_settings *appserver, const char *key, const char *url,
                            const char *what, struct fault_list *faults)
{
    if (url != NULL && strncmp(url, "http://", 7) == 0 && !is_loopback(url))
        warning_add(faults, appserver_key_place(appserver, key),
                    "[appserver %s] %s: http:// sends %s in clear text; use https://", appserver->name, key,
                    what);
}

static void credentials_check(const struct appserver_settings *appserver, struct fault_list *faults)
{
    uses_check(appserver, faults);
    if ((WAY_PASSWORD & WAY(appserver->auth)) != 0) {
        char *for_what = memory_format("auth = %s", way_name(appserver->auth));
        secret_wanted(appserver, for_what, "username", &appserver->username, faults);
        secret_wanted(appserver, for_what, "password", &appserver->password, faults);
        free(for_what);
    }
    if (appserver->auth == AUTH_OAUTH2) {
        oauth2_check(appserver, faults);
        clear_text_warn(appserver, "oauth2_token_url", appserver->oauth2.token_url, "the credentials",
                        faults);
    }
    bool any = appserver->api_key.form != SECRET_NONE || appserver->company_keys.count > 0 ||
               ((WAY_PASSWORD | WAY(AUTH_OAUTH2)) & WAY(appserver->auth)) != 0;
    if (any)
        clear_text_warn(appserver, "url", appserver->url, "the credentials", faults);
}

/* ---- the way there ---- */

/* Windows logins belong to a connection, which HTTP/2 shares among requests (RFC 4559 section 6). */
static void transport_check(const struct appserver_settings *appserver, struct fault_list *faults)
{
    if (appserver->http_version == HTTP_2 &&
        (appserver->auth == AUTH_NTLM || appserver->auth == AUTH_NEGOTIATE))
        fault_add(faults, appserver_key_place(appserver, "http_version"),
                  "[appserver %s] http_version: auth = %s does not work over HTTP/2", appserver->name,
                  way_name(appserver->auth));
    if (appserver->tls_client_key_file != NULL && appserver->tls_client_cert_file == NULL)
        fault_add(faults, appserver_key_place(appserver, "tls_client_key_file"),
                  "[appserver %s] tls_client_key_file: it needs tls_client_cert_file", appserver->name);
    static const char *const of_tls[] = {"tls_ca_file", "tls_client_cert_file", "tls_server_name"};
    for (size_t i = 0; i < sizeof of_tls / sizeof of_tls[0]; i++) {
        bool other_tls = i == 0 && appserver->auth == AUTH_OAUTH2;
        if (strncmp(appserver->url, "https://", 8) != 0 && !other_tls &&
            key_lines_find(&appserver->keys, of_tls[i]) != 0)
            warning_add(faults, appserver_key_place(appserver, of_tls[i]),
                        "[appserver %s] %s: not used, because url does not begin with https://",
                        appserver->name, of_tls[i]);
    }
}

static bool is_token_character(char c)
{
    return c > 0x20 && c < 0x7f && strchr("()<>@,;:\\\"/[]?={}", c) == NULL;
}

/* Another header than the agent's would change what a checked request does. */
static const char *header_refusal(const char *name)
{
    static const char override[] =
        "it turns each call into another one, such as a DELETE, and a probe must change nothing";
    static const struct {
        const char *name, *why;
    } refused[] = {
        {"X-HTTP-Method", override},
        {"X-HTTP-Method-Override", override},
        {"X-Method-Override", override},
        {"SOAPAction", "it belongs to one call; see soap_action of kind = http"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (strcasecmp(name, refused[i].name) == 0)
            return refused[i].why;
    return NULL;
}

static void headers_check(const struct appserver_settings *appserver, struct fault_list *faults)
{
    static const char *const own[] = {"Accept",
                                      "Accept-Encoding",
                                      "CallSettings",
                                      "Connection",
                                      "Content-Length",
                                      "Content-Type",
                                      "Cookie",
                                      "Expect",
                                      "Host",
                                      "License",
                                      "SessionInfo",
                                      "TE",
                                      "Transfer-Encoding",
                                      "Upgrade",
                                      "User-Agent",
                                      "Authorization",
                                      "x-api-key"};
    for (size_t i = 0; i < appserver->headers.count; i++) {
        const struct secret_pair *header = &appserver->headers.items[i];
        for (const char *c = header->name; *c != '\0'; c++) {
            if (is_token_character(*c))
                continue;
            fault_add(faults, header->place, "[appserver %s] header.%s: no header has such a name",
                      appserver->name, header->name);
            break;
        }
        const char *why = header_refusal(header->name);
        if (why != NULL)
            fault_add(faults, header->place, "[appserver %s] header.%s: refused, %s", appserver->name,
                      header->name, why);
        for (size_t k = 0; k < sizeof own / sizeof own[0]; k++)
            if (strcasecmp(header->name, own[k]) == 0 &&
                !(appserver->auth == AUTH_NONE && strcmp(own[k], "Authorization") == 0))
                fault_add(faults, header->place,
                          "[appserver %s] header.%s: this header is written by the agent itself",
                          appserver->name, header->name);
    }
}

void seats_check(struct appserver_settings *appserver, const struct config_schema *schema,
                 struct fault_list *faults)
{
    struct pair_list *seats = &appserver->seats;
    for (size_t i = 0; i < seats->count; i++) {
        struct pair *one = &seats->items[i];
        int64_t number;
        if (!text_to_int64(span_of(one->value), &number) || number < 0 || number > SEATS_MAX)
            fault_add(faults, one->place, "[appserver %s] seats.%s = %s: wants a whole number from 0 to %d",
                      appserver->name, one->name, one->value, SEATS_MAX);
        if (strlen(one->name) > LICENSE_NAME_MAX)
            fault_add(faults, one->place, "[appserver %s] seats: a license's name is longer than %d bytes",
                      appserver->name, LICENSE_NAME_MAX);
        const char *name = NULL;
        if (schema->license_guid(one->name, &name) != NULL && strcmp(one->name, name) != 0) {
            free(one->name);
            one->name = memory_copy_text(name);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(seats->items[k].name, one->name) != 0)
                continue;
            fault_add(faults, one->place, "[appserver %s] seats: %s stands in it twice, by name and by GUID",
                      appserver->name, one->name);
            break;
        }
    }
}

void appserver_check(const struct appserver_settings *appserver, struct fault_list *faults)
{
    credentials_check(appserver, faults);
    transport_check(appserver, faults);
    headers_check(appserver, faults);
    constant_labels_check(appserver, faults);
    const char *twice = text_list_twice(&appserver->company);
    if (twice != NULL)
        fault_add(faults, appserver_key_place(appserver, "company"),
                  "[appserver %s] company: %s stands in it twice", appserver->name, twice);
    if (appserver->session == SESSION_SHARED)
        warning_add(faults, appserver_key_place(appserver, "session"),
                    "[appserver %s] session: shared holds a license seat per company all the time; none "
                    "holds one only during calls",
                    appserver->name);
    if (appserver->max_in_flight > 4)
        warning_add(
            faults, appserver_key_place(appserver, "max_in_flight"),
            "[appserver %s] max_in_flight: each request holds a license seat while it lasts, so up to %lld "
            "seats",
            appserver->name, (long long)appserver->max_in_flight);
    if (appserver->login_retry.from_ns < 30 * SECOND_NS)
        warning_add(faults, appserver_key_place(appserver, "login_retry"),
                    "[appserver %s] login_retry: logins this soon after a refused one can lock the account",
                    appserver->name);
}
