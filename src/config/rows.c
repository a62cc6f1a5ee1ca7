#include "config/rows.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "config/model.h"
#include "config/value.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

#define ABSENT(key, form, words)                                                                             \
    {                                                                                                        \
        .name = (key), .type = (form), .not_built = true, .help = (words)                                    \
    }

/* ---- [exporter] ---- */

#define AT(member) .offset = offsetof(struct exporter_settings, member)

static const struct config_row exporter_rows[] = {
    {.name = "interval",
     .type = CONFIG_DURATION,
     AT(interval_ns),
     .preset = "60s",
     .minimum = 100 * MILLISECOND_NS,
     .maximum = 31 * DAY_NS,
     .help = "Time from one run of a probe to the next, where the probe says nothing."},
    {.name = "timeout",
     .type = CONFIG_DURATION,
     AT(timeout_ns),
     .preset = "60s",
     .minimum = 100 * MILLISECOND_NS,
     .maximum = DAY_NS,
     .help = "Longest time of a run, where the probe says nothing. It counts from the moment the run gets "
             "its place "
             "toward the app server: no waiting and no login in it, all pages and retries in it."},
    {.name = "connect_timeout",
     .type = CONFIG_DURATION,
     AT(connect_timeout_ns),
     .preset = "10s",
     .minimum = 100 * MILLISECOND_NS,
     .maximum = HOUR_NS,
     .help = "Longest time to resolve the name, connect and agree on TLS."},
    {.name = "shutdown_grace",
     .type = CONFIG_DURATION,
     AT(shutdown_grace_ns),
     .preset = "10s",
     .minimum = 0,
     .maximum = HOUR_NS,
     .help = "How long running probes may go on after SIGTERM."},
    ABSENT("history", CONFIG_INTEGER, "Runs kept a target."),
};
#undef AT

/* ---- [web] ---- */

#define AT(member) .offset = offsetof(struct web_settings, member)

static const struct config_row web_rows[] = {
    {.name = "listen_address",
     .type = CONFIG_OTHER,
     .offset = 0,
     .preset = ":10606",
     .convert = read_listen,
     .release = free_listen, /* they take the whole struct: a list and its count */
     .help = "List of `[HOST]:PORT`; without a host, every address of the machine."},
    {.name = "telemetry_path",
     .type = CONFIG_OTHER,
     AT(telemetry_path),
     .preset = "/metrics",
     .convert = read_telemetry_path,
     .release = free_text,
     .help = "Where the metrics are."},
    {.name = "max_connections",
     .type = CONFIG_INTEGER,
     AT(max_connections),
     .preset = "128",
     .minimum = 1,
     .maximum = 65536,
     .help = "Connections at once; more are answered 503 and closed."},
    {.name = "max_connections_per_address",
     .type = CONFIG_INTEGER,
     AT(max_connections_per_address),
     .preset = "32",
     .minimum = 1,
     .maximum = 65536,
     .help = "The same for one peer address."},
    ABSENT("external_url", CONFIG_TEXT, "URL under which people reach the exporter."),
    ABSENT("tls_cert_file", CONFIG_PATH, "Certificate chain of the exporter, PEM."),
    ABSENT("tls_key_file", CONFIG_PATH, "Its key, PEM."),
    ABSENT("client_ca_file", CONFIG_PATH, "Client certificates are required, and must be from one of these."),
    ABSENT("basic_auth", CONFIG_PAIRS, "bcrypt hash of the password of this user."),
    ABSENT("bearer_token", CONFIG_SECRET, "Token that a client must show."),
    ABSENT("auth_exclude_paths", CONFIG_LIST, "Paths that need no authentication."),
    ABSENT("config_page", CONFIG_BOOL, "Whether `/config` shows the configuration in force."),
    ABSENT("created", CONFIG_BOOL, "Whether OpenMetrics gets `_created` series."),
};
#undef AT

/* ---- [appserver NAME] ---- */

#define AT(member) .offset = offsetof(struct appserver_settings, member)

static const char *const auth_ways[] = {"token", "none", NULL}; /* enum auth_way */
static const char *const auth_ways_absent[] = {"basic", "oauth2", "negotiate", "ntlm", NULL};
static const char *const api_key_places[] = {"header", "query", NULL};         /* enum api_key_place */
static const char *const token_credential_ways[] = {"headers", "basic", NULL}; /* enum token_credentials */

static const struct config_row appserver_rows[] = {
    {.name = "url",
     .type = CONFIG_OTHER,
     AT(url),
     .required = true,
     .convert = read_url,
     .release = free_text,
     .help = "Full base URL, such as `https://erp.example.com/KineticLive`."},
    {.name = "api_version",
     .type = CONFIG_OTHER,
     AT(api_version),
     .preset = "v2",
     .convert = read_api_version,
     .help = "`v2` or `v1`."},
    {.name = "company", .type = CONFIG_LIST, AT(company), .help = "Default companies of its probes."},
    {.name = "plant", .type = CONFIG_TEXT, AT(plant), .help = "Plant, sent in the CallSettings header."},
    {.name = "language",
     .type = CONFIG_TEXT,
     AT(language),
     .help = "Language, sent in the CallSettings header."},
    {.name = "format_culture",
     .type = CONFIG_TEXT,
     AT(format_culture),
     .help = "Format culture, sent in the CallSettings header."},
    {.name = "auth",
     .type = CONFIG_CHOICE,
     AT(auth),
     .preset = "token",
     .choices = auth_ways,
     .choices_not_built = auth_ways_absent,
     .help = "`token`: one bearer token from TokenResource, shared by all probes. `none`: no credentials."},
    {.name = "username", .type = CONFIG_SECRET, AT(username), .known_to_many = true, .help = "Kinetic user."},
    {.name = "password", .type = CONFIG_SECRET, AT(password), .help = "Its password."},
    {.name = "api_key", .type = CONFIG_SECRET, AT(api_key), .help = "API key; v2 wants one with every call."},
    {.name = "api_key_in",
     .type = CONFIG_CHOICE,
     AT(api_key_in),
     .preset = "header",
     .choices = api_key_places,
     .help = "Where the API key travels: `header` (x-api-key) or `query`."},
    {.name = "token_path",
     .type = CONFIG_OTHER,
     AT(token_path),
     .preset = "TokenResource.svc/",
     .convert = read_token_path,
     .release = free_text,
     .help = "Where tokens are, below `url`."},
    {.name = "token_credentials",
     .type = CONFIG_CHOICE,
     AT(token_credentials),
     .preset = "headers",
     .choices = token_credential_ways,
     .help = "`headers`: headers username and password; `basic`: HTTP Basic."},
    {.name = "token_renew_at",
     .type = CONFIG_OTHER,
     AT(token_renew_at),
     .preset = "80%",
     .convert = read_renew_at,
     .help =
         "Share of the granted lifetime, or a duration before expiry, at which the next token is fetched."},
    {.name = "token_fallback_lifetime",
     .type = CONFIG_DURATION,
     AT(token_fallback_lifetime_ns),
     .preset = "1h",
     .minimum = SECOND_NS,
     .maximum = 31 * DAY_NS,
     .help = "Lifetime of a token that does not tell its own."},
    {.name = "login_retry",
     .type = CONFIG_RANGE,
     AT(login_retry),
     .preset = "1m..30m",
     .minimum = 100 * MILLISECOND_NS,
     .maximum = DAY_NS,
     .help = "After a refused login no credential is sent again before this (doubling), or at once when the "
             "secret's text changes."},
    {.name = "license",
     .type = CONFIG_LICENSE,
     AT(license),
     .preset = "WebService",
     .help = "License type a call asks for: a known name, a GUID, or `none`."},
    {.name = "max_in_flight",
     .type = CONFIG_INTEGER,
     AT(max_in_flight),
     .preset = "1",
     .minimum = 1,
     .maximum = 1000,
     .help = "Requests at once toward this app server; each holds a license seat while it lasts."},
    {.name = "connection_max_age",
     .type = CONFIG_DURATION,
     AT(connection_max_age_ns),
     .preset = "5m",
     .minimum = 0,
     .maximum = DAY_NS,
     .help = "A kept connection is replaced after this, so that names, TCP, TLS and certificate are tried at "
             "least "
             "so often; 0: each run anew."},
    {.name = "backoff",
     .type = CONFIG_RANGE,
     AT(backoff),
     .preset = "1s..5m",
     .minimum = MILLISECOND_NS,
     .maximum = DAY_NS,
     .help = "Pauses between requests (growing, jittered) while the server-wide verdict stands, and after "
             "`throttled` and `license_exhausted`."},
    {.name = "tls_ca_file",
     .type = CONFIG_PATH,
     AT(tls_ca_file),
     .help = "Certificates to trust, PEM, in place of the system's."},
    {.name = "timezone",
     .type = CONFIG_ZONE,
     AT(timezone),
     .preset = "UTC",
     .help = "IANA name; for date-times without zone."},
    /* api_key.COMPANY, in its four forms */
    ABSENT("api_key", CONFIG_PAIRS, "API key of one company."),
    ABSENT("oauth2_token_url", CONFIG_TEXT, "Token endpoint of the identity provider."),
    ABSENT("oauth2_grant", CONFIG_TEXT, "`client_credentials` or `password`."),
    ABSENT("oauth2_client_id", CONFIG_SECRET, "Client id."),
    ABSENT("oauth2_client_secret", CONFIG_SECRET, "Client secret."),
    ABSENT("oauth2_scope", CONFIG_TEXT, "Scope."),
    ABSENT("oauth2_client_auth", CONFIG_TEXT, "`form`, `basic` or `private_key_jwt`."),
    ABSENT("oauth2_client_key_file", CONFIG_PATH, "Key of `private_key_jwt`."),
    ABSENT("oauth2_client_cert_file", CONFIG_PATH, "Certificate of `private_key_jwt`."),
    ABSENT("oauth2_param", CONFIG_PAIRS, "Further form fields of a token request."),
    ABSENT("kerberos_keytab_file", CONFIG_PATH, "Keytab of `negotiate`."),
    ABSENT("kerberos_principal", CONFIG_TEXT, "Principal of `negotiate`."),
    ABSENT("session", CONFIG_TEXT, "`shared`: one session a company."),
    ABSENT("http_version", CONFIG_TEXT, "`1.1` or `2`."),
    ABSENT("tls_client_cert_file", CONFIG_PATH, "Client certificate, PEM."),
    ABSENT("tls_client_key_file", CONFIG_PATH, "Its key, PEM."),
    ABSENT("tls_server_name", CONFIG_TEXT, "Name that the certificate must be for."),
    ABSENT("proxy", CONFIG_SECRET, "Proxy URL, or `environment`."),
    ABSENT("maintenance", CONFIG_TEXT, "Windows of maintenance."),
    ABSENT("business_hours", CONFIG_TEXT, "Windows of business hours."),
    ABSENT("expect_production", CONFIG_BOOL, "Whether the server should be Live."),
    ABSENT("database_latency_limit", CONFIG_DURATION, "Exported for rules."),
    ABSENT("header", CONFIG_PAIRS, "Further headers."),
    ABSENT("label", CONFIG_PAIRS, "Constant labels."),
    ABSENT("seats", CONFIG_PAIRS, "Seats owned."),
};
#undef AT

/* ---- [probe NAME] ---- */

#define AT(member) .offset = offsetof(struct probe_settings, member)

static const char *const connections[] = {"reuse", "fresh", NULL}; /* enum probe_connection */

static const struct config_row probe_rows[] = {
    {.name = "kind", .type = CONFIG_KIND, AT(kind), .required = true, .help = "What the probe does."},
    {.name = "appserver",
     .type = CONFIG_LIST,
     AT(appserver),
     .help = "App servers it runs for; without it, all."},
    {.name = "company", .type = CONFIG_LIST, AT(company), .help = "Companies; without it, the app server's."},
    {.name = "interval",
     .type = CONFIG_DURATION,
     AT(interval_ns),
     .minimum = 100 * MILLISECOND_NS,
     .maximum = 31 * DAY_NS,
     .help = "Time from one run to the next; without it, that of `[exporter]`."},
    {.name = "timeout",
     .type = CONFIG_DURATION,
     AT(timeout_ns),
     .minimum = 100 * MILLISECOND_NS,
     .maximum = DAY_NS,
     .help = "Longest time of a run; without it, that of `[exporter]`."},
    {.name = "connection",
     .type = CONFIG_CHOICE,
     AT(connection),
     .choices = connections,
     .help = "`fresh` connects anew each run, so that names, TCP and TLS are measured; `reuse` keeps the "
             "connection."},
    {.name = "plant", .type = CONFIG_TEXT, AT(plant), .help = "Plant; without it, the app server's."},
    {.name = "license",
     .type = CONFIG_LICENSE,
     AT(license),
     .help = "License type; without it, the app server's."},
    {.name = "timezone",
     .type = CONFIG_ZONE,
     AT(timezone),
     .help = "Time zone; without it, the app server's."},
    {.name = "max_response",
     .type = CONFIG_SIZE,
     AT(max_response),
     .preset = "2GiB",
     .minimum = 1,
     .maximum = INT64_MAX,
     .help = "A larger body is `too_large`."},
};
#undef AT

const struct config_row probe_rows_not_built[] = {
    ABSENT("interval_on_failure", CONFIG_DURATION, "Interval while the last run has failed."),
    ABSENT("active", CONFIG_TEXT, "Windows outside which it does not run."),
    ABSENT("retries", CONFIG_INTEGER, "Attempts after a failed one."),
    ABSENT("method", CONFIG_TEXT, "Method of a service."),
    ABSENT("http_method", CONFIG_TEXT, "`GET`, `HEAD` or `POST`."),
    ABSENT("path", CONFIG_TEXT, "Path below the base URL."),
    ABSENT("content_type", CONFIG_TEXT, "Content-Type of the body."),
    ABSENT("rows_deviation", CONFIG_TEXT, "For rules."),
    ABSENT("latency_limit", CONFIG_DURATION, "For rules."),
    ABSENT("rows_at", CONFIG_TEXT, "Where the array of rows is."),
    ABSENT("expect_status", CONFIG_INTEGER, "Status that the answer must have."),
    ABSENT("expect_text", CONFIG_TEXT, "Text that the answer must hold."),
    ABSENT("value", CONFIG_PAIRS, "Column that becomes a metric."),
    ABSENT("max_series", CONFIG_INTEGER, "Series of one value."),
    ABSENT("require_baqs", CONFIG_LIST, "BAQs that must be in the catalog."),
    ABSENT("require_functions", CONFIG_LIST, "Functions that must be in the catalog."),
    ABSENT("source", CONFIG_TEXT, "Where seats are read."),
    ABSENT("license_column", CONFIG_TEXT, "Column of the license type."),
    ABSENT("used_column", CONFIG_TEXT, "Column of seats used."),
    ABSENT("owned_column", CONFIG_TEXT, "Column of seats owned."),
    ABSENT("checks", CONFIG_LIST, "Checks of the health service."),
    ABSENT("cutoff", CONFIG_DURATION, "Age from which a waiting task counts."),
    ABSENT("watch", CONFIG_LIST, "Tasks whose last success is told."),
    ABSENT("window", CONFIG_DURATION, "How far back ended tasks count."),
    ABSENT("keys", CONFIG_LIST, "API keys to watch."),
};
const size_t probe_rows_not_built_count = COUNT_OF(probe_rows_not_built);

const struct config_section config_sections[SECTION_COUNT] = {
    [SECTION_EXPORTER] = {"exporter", false, false, exporter_rows, COUNT_OF(exporter_rows),
                          "What holds for the whole exporter."},
    [SECTION_WEB] = {"web", false, false, web_rows, COUNT_OF(web_rows), "Its HTTP server."},
    [SECTION_APPSERVER] = {"appserver", true, false, appserver_rows, COUNT_OF(appserver_rows),
                           "One Kinetic application server."},
    [SECTION_PROBE] = {"probe", true, false, probe_rows, COUNT_OF(probe_rows), "One configured check."},
    [SECTION_DEFAULTS] = {"defaults", true, true, NULL, 0, "Defaults of the probes of one kind."},
};

const struct config_row *config_row_named(enum config_section_id section, const char *key)
{
    const struct config_section *of = &config_sections[section];
    for (size_t i = 0; i < of->row_count; i++) {
        if (strcmp(of->rows[i].name, key) == 0)
            return &of->rows[i];
    }
    assert(false && "no such row");
    return NULL;
}
