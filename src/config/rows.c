#include "config/rows.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "config/model.h"
#include "config/value.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

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
    {.name = "history",
     .type = CONFIG_INTEGER,
     AT(history),
     .preset = "60",
     .minimum = 1,
     .maximum = 1440,
     .help =
         "Last runs kept of each target, in memory, for the status page and `/api/v1/status`. Beside them "
         "the last 20 failed runs are kept, however many good ones have come since. A reload keeps both; a "
         "restart begins anew. A run takes about 16 bytes, so that the default costs 1 KB a target."},
};
#undef AT

/* ---- [web] ---- */

#define AT(member) .offset = offsetof(struct web_settings, member)

static const struct config_row web_rows[] = {
    {.name = "listen_address",
     .form = "list of `[HOST]:PORT`",
     .type = CONFIG_OTHER,
     .offset = 0,
     .preset = ":10606",
     .convert = read_listen,
     .release = free_listen, /* they take the whole struct: a list and its count */
     .help = "List of `[HOST]:PORT`; without a host, every address of the machine."},
    {.name = "telemetry_path",
     .form = "path",
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
     .maximum = 4096,
     .help = "Connections at once; more are answered 503 and closed. Four more are kept for loopback peers, "
             "such as the "
             "health checks of this machine."},
    {.name = "max_connections_per_address",
     .type = CONFIG_INTEGER,
     AT(max_connections_per_address),
     .preset = "32",
     .minimum = 1,
     .maximum = 4096,
     .help = "Connections at once from one peer address, or from one IPv6 network of 64 bits; more are "
             "answered 503 and "
             "closed."},
    {.name = "external_url",
     .form = "URL",
     .example = "https://monitoring.example.com/epicor",
     .type = CONFIG_OTHER,
     AT(external_url),
     .convert = read_external_url,
     .release = free_text,
     .hides_query = true,
     .help = "URL under which people reach the exporter, where a proxy stands in front of it: pages of this "
             "origin may ask for a reload, as those of the exporter's own address may."},
    {.name = "tls_cert_file",
     .example = "/etc/epicor_exporter/web.crt",
     .type = CONFIG_PATH,
     AT(tls_cert_file),
     .help = "Certificate of the exporter with its chain, PEM: it then speaks HTTPS (TLS 1.2 and 1.3) and "
             "nothing else. Read again when it changes; connections that stand keep what they began with."},
    {.name = "tls_key_file",
     .example = "/etc/epicor_exporter/web.key",
     .type = CONFIG_PATH,
     AT(tls_key_file),
     .help = "Its key, PEM, without passphrase. Read again when it changes."},
    {.name = "client_ca_file",
     .example = "/etc/epicor_exporter/clients.crt",
     .type = CONFIG_PATH,
     AT(client_ca_file),
     .help = "Client certificates are required, and must be signed by one of these (PEM). It is looked at "
             "before any path, so `auth_exclude_paths` does not free from it; where users or a token are "
             "configured too, a client needs both. Read again when it changes."},
    {.name = "basic_auth",
     .hidden = true,
     .example = "prometheus = $2y$12$5NpwZNiOgoScPOlynGzlh.vRCW4wmhHvqEZq/YXSseCkzl2ADoPqm",
     .type = CONFIG_PAIRS,
     AT(basic_auth),
     .help = "`basic_auth.USER = HASH`: lets this user in by HTTP Basic authentication. HASH is the bcrypt "
             "hash of the password (`$2y$`, `$2b$`, `$2a$`, cost 4 to 17), as `epicor_exporter "
             "hash-password` prints it."},
    {.name = "bearer_token",
     .example = "/etc/epicor_exporter/web_token",
     .type = CONFIG_SECRET,
     AT(bearer_token),
     .help =
         "Lets in who shows this token (`Authorization: Bearer`). A file, which must be a regular one, is "
         "read again when it changes."},
    {.name = "auth_exclude_paths",
     .type = CONFIG_LIST,
     AT(auth_exclude_paths),
     .preset = "/-/healthy, /-/ready",
     .help = "Paths that are answered without user or token, as if nobody had been let in: without the "
             "server's own messages. `none`: every path wants it."},
    {.name = "config_page",
     .type = CONFIG_BOOL,
     AT(config_page),
     .preset = "no",
     .help = "Whether `/config` shows the configuration in force, without what may be secret."},
    {.name = "created",
     .type = CONFIG_BOOL,
     AT(created),
     .preset = "no",
     .help = "Whether OpenMetrics gets `_created` series: since when each counter and histogram counts, "
             "one more series each. Prometheus stores them like any other."},
};
#undef AT

/* ---- [probe NAME] ---- */

#define AT(member) .offset = offsetof(struct probe_settings, member)

static const char *const connections[] = {"reuse", "fresh", NULL}; /* enum probe_connection */

static const struct config_row probe_rows[] = {
    {.name = "kind",
     .type = CONFIG_KIND,
     AT(kind),
     .required = true,
     .help = "What the probe does: one of the kinds below."},
    {.name = "appserver",
     .example = "live",
     .type = CONFIG_LIST,
     AT(appserver),
     .help = "App servers it runs for; without it, all."},
    {.name = "company",
     .example = "EPIC06",
     .type = CONFIG_LIST,
     AT(company),
     .help = "Companies; without it, the app server's."},
    {.name = "interval",
     .type = CONFIG_DURATION,
     AT(interval_ns),
     .minimum = 100 * MILLISECOND_NS,
     .maximum = 31 * DAY_NS,
     .help = "Time from one run to the next; without it, that of `[exporter]`."},
    {.name = "interval_on_failure",
     .type = CONFIG_DURATION,
     AT(interval_on_failure_ns),
     .minimum = 100 * MILLISECOND_NS,
     .maximum = 31 * DAY_NS,
     .help = "The same while the last run has failed, counted from when that was due; shorter, to see sooner "
             "that it "
             "works again, or longer, to leave alone what is broken. After a good run the usual times hold "
             "again."},
    {.name = "timeout",
     .type = CONFIG_DURATION,
     AT(timeout_ns),
     .minimum = 100 * MILLISECOND_NS,
     .maximum = DAY_NS,
     .help = "Longest time of a run; without it, that of `[exporter]`."},
    {.name = "active",
     .form = "windows, by commas",
     .example = "Mon-Fri 06:00-18:00",
     .type = CONFIG_OTHER,
     AT(active),
     .convert = read_windows,
     .release = free_windows,
     .help = "Windows such as `Mon-Fri 06:00-18:00`, in the probe's time zone. Outside them it does not run "
             "and raises "
             "nothing: its results and the times of its last run vanish, and what was counted stays. When "
             "one opens, "
             "first runs are spread over min(interval, 60 s)."},
    {.name = "retries",
     .type = CONFIG_INTEGER,
     AT(retries),
     .preset = "0",
     .minimum = 0,
     .maximum = 10,
     .help = "So often a run is made again from its start, at once and within its time-out, after the "
             "network, a 5xx "
             "or a broken answer has failed it; counted in `epicor_retries_total`. What it tells as "
             "its time is "
             "that of the first attempt. Only of kinds that send GET or HEAD, and not while the app server "
             "is asked "
             "in pauses."},
    {.name = "latency_limit",
     .type = CONFIG_DURATION,
     AT(latency_limit_ns),
     .minimum = MILLISECOND_NS,
     .maximum = DAY_NS,
     .help = "A run that takes longer counts as slow; for rules, no run fails by it."},
    {.name = "connection",
     .type = CONFIG_CHOICE,
     AT(connection),
     .choices = connections,
     .help = "`fresh` connects anew each run, so that names, TCP and TLS are measured; `reuse` keeps the "
             "connection, within `connection_max_age`. Without it, `fresh` for `token` and `reuse` for all "
             "others."},
    {.name = "plant",
     .example = "MfgSys",
     .type = CONFIG_TEXT,
     AT(plant),
     .help = "Plant, sent in the CallSettings header; without it, the app server's."},
    {.name = "license",
     .type = CONFIG_LICENSE,
     AT(license),
     .help = "License type that its calls ask for; without it, the app server's."},
    {.name = "timezone",
     .type = CONFIG_ZONE,
     AT(timezone),
     .help = "Time zone of dates such as `{today}`, of windows and of date-times without zone; without it, "
             "the app server's."},
    {.name = "max_response",
     .type = CONFIG_SIZE,
     AT(max_response),
     .preset = "2GiB",
     .minimum = 1,
     .maximum = INT64_MAX,
     .help = "A run whose answer is larger fails with `too_large`."},
};
#undef AT

const struct config_section config_sections[SECTION_COUNT] = {
    [SECTION_EXPORTER] = {"exporter", false, exporter_rows, COUNT_OF(exporter_rows),
                          "What holds for the whole exporter. May be left out."},
    [SECTION_WEB] =
        {"web", false, web_rows, COUNT_OF(web_rows),
         "The exporter's own HTTP server, from which Prometheus scrapes and which shows the status page."},
    [SECTION_APPSERVER] = {"appserver", true, appserver_rows, APPSERVER_ROWS,
                           "One Kinetic application server, reached by one base URL, such as Live or Pilot. "
                           "Its name becomes the label `appserver`."},
    [SECTION_PROBE] = {"probe", true, probe_rows, COUNT_OF(probe_rows),
                       "One check. It runs for every app server and company that it names, and each of these "
                       "is a target with series of its own; its name becomes the label `probe`."},
    [SECTION_DEFAULTS] = {"defaults", true, NULL, 0,
                          "Keys of `[probe NAME]` for all probes of one kind, which is the section's name."},
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
