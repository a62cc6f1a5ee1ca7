/* The configuration in force: an immutable, reference-counted model. Nothing in it changes after model_load;
   every pointer in it lives as long as a reference is held. */
#ifndef CONFIG_MODEL_H
#define CONFIG_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/zone.h"
#include "config/fault.h"
#include "config/place.h"
#include "config/schema.h"
#include "config/window.h"

struct text_list {
    char **items;
    size_t count;
};

struct duration_range {
    int64_t from_ns, to_ns;
};

struct optional_number {
    bool set;
    double value;
};

struct optional_bool {
    bool set;
    bool value;
};

/* X.NAME = value, in the order written; a list (X.NAME.list) gives several pairs of one name. */
struct pair {
    char *name;
    char *value;
    struct place place;
};
struct pair_list {
    struct pair *items;
    size_t count;
};

/* X.NAME in the four forms of a secret, in the order written. */
struct secret_pair {
    char *name;
    struct secret_source source;
    struct place place;
};
struct secret_pair_list {
    struct secret_pair *items;
    size_t count;
};

struct exporter_settings {
    int64_t interval_ns, timeout_ns, connect_timeout_ns, shutdown_grace_ns;
    int64_t history; /* runs kept a target */
};

struct listen_address {
    char *host; /* "" = every address, IPv4 and IPv6; the brackets of IPv6 taken off */
    char *port; /* "0".."65535" */
};

/* Reads [HOST]:PORT, as the file and --web.listen-address write it. Returns NULL, or an owned sentence of
 * what is wrong. */
char *listen_address_read(const char *text, struct listen_address *out);

struct web_settings {
    struct listen_address *listen;
    size_t listen_count;
    bool sockets_passed; /* by a supervisor, and listened on in place of those addresses */
    char *telemetry_path;
    char *external_url; /* NULL: none */
    bool config_page;
    int64_t max_connections, max_connections_per_address;
    char *tls_cert_file, *tls_key_file; /* NULL, both: plain HTTP */
    char *client_ca_file;               /* NULL: no client certificate is asked for */
    struct pair_list basic_auth;        /* user and bcrypt hash */
    struct secret_source bearer_token;
    struct text_list auth_exclude_paths; /* "none" alone: there are none */
    struct place place;                  /* of its section */
    struct key_lines keys;
    bool created; /* OpenMetrics gets _created */
    /* After a reload: the keys whose values hold from the next start on only, with commas between; NULL: none. */
    char *at_next_start;
};

enum auth_way { AUTH_TOKEN, AUTH_BASIC, AUTH_OAUTH2, AUTH_NEGOTIATE, AUTH_NTLM, AUTH_NONE };
enum token_credentials { TOKEN_BY_HEADERS, TOKEN_BY_BASIC };
enum api_key_place { API_KEY_IN_HEADER, API_KEY_IN_QUERY };
enum session_way { SESSION_NONE, SESSION_SHARED };
enum http_version { HTTP_1_1, HTTP_2 };

/* RFC 6749 sections 4.4 and 4.3; how the client shows who it is: sections 2.3.1, and RFC 7523 section 2.2. */
enum oauth2_grant { OAUTH2_CLIENT_CREDENTIALS, OAUTH2_PASSWORD };
enum oauth2_client_auth { OAUTH2_CLIENT_FORM, OAUTH2_CLIENT_BASIC, OAUTH2_CLIENT_PRIVATE_KEY_JWT };

/* auth = oauth2. */
struct oauth2_settings {
    char *token_url; /* whole; no user, no fragment */
    enum oauth2_grant grant;
    struct secret_source client_id, client_secret;
    char *scope; /* NULL: not sent */
    enum oauth2_client_auth client_auth;
    char *client_key_file, *client_cert_file; /* of private_key_jwt, PEM */
    struct secret_pair_list params;           /* further form fields */
};

/* token_renew_at: a share of the granted lifetime, or a duration before expiry. */
struct renew_at {
    bool is_share;
    double share;      /* 0.8 */
    int64_t before_ns; /* where it is no share */
};

/* Which seat a call asks for. */
struct license_choice {
    bool set;   /* false on a probe: the app server's */
    char *guid; /* NULL for "none": no License header */
    char *name; /* label value: the canonical name, the GUID where it has none, or "none" */
};

struct appserver_settings {
    char *name;
    struct place place; /* of its section */
    struct key_lines keys;
    char *url;       /* http or https; no trailing slash, no query, no userinfo */
    int api_version; /* 1 or 2 */
    struct text_list company;
    char *plant, *language, *format_culture; /* NULL: not sent */
    enum auth_way auth;
    struct secret_source username, password, api_key;
    struct secret_pair_list company_keys; /* api_key.COMPANY */
    enum api_key_place api_key_in;
    struct oauth2_settings oauth2;
    char *kerberos_keytab_file; /* NULL: the credential cache of the environment */
    char *kerberos_principal;   /* NULL: the first of the keytab, or the cache's */
    enum session_way session;
    struct secret_pair_list headers; /* header.NAME */
    char *token_path;
    enum token_credentials token_credentials;
    struct renew_at token_renew_at;
    int64_t token_fallback_lifetime_ns;
    struct duration_range login_retry;
    struct license_choice license;
    int64_t max_in_flight;
    int64_t connection_max_age_ns;
    struct duration_range backoff;
    char *tls_ca_file;                                /* NULL: the system's */
    char *tls_client_cert_file, *tls_client_key_file; /* NULL: none */
    char *tls_server_name;                            /* NULL: the host of url */
    struct secret_source proxy;                       /* a URL, or "environment"; none: no proxy */
    enum http_version http_version;
    struct zone *timezone;
    struct windows maintenance, business_hours; /* by timezone */
    struct optional_bool expect_production;
    int64_t database_latency_limit_ns; /* 0: none */
    struct pair_list labels;           /* label.NAME */
    struct pair_list
        seats; /* seats.LICENSE: canonical name where it is known, else as written; a whole number */
};

enum probe_connection { CONNECTION_REUSE, CONNECTION_FRESH };

struct probe_settings {
    char *name;
    struct place place; /* of its section */
    struct key_lines keys;
    const struct config_kind *kind;
    void *own;                  /* the kind's settings struct, kind->settings_size bytes */
    struct text_list appserver; /* names; empty: all */
    struct text_list company;   /* empty: the app server's */
    int64_t interval_ns, timeout_ns;
    int64_t interval_on_failure_ns; /* 0: as after a good run */
    struct windows active;          /* none: it always runs; by the probe's zone, else the app server's */
    int64_t retries;
    int64_t latency_limit_ns; /* 0: none */
    enum probe_connection connection;
    char *plant;           /* NULL: the app server's */
    struct zone *timezone; /* NULL: the app server's */
    struct license_choice license;
    uint64_t max_response;
};

/* One probe x app server x company. */
struct target_settings {
    const struct probe_settings *probe;
    const struct appserver_settings *appserver;
    const char *company;     /* the label: "" where the kind runs once an app server, or none is configured */
    const char *url_company; /* what a URL needs: the label, else the first company listed; "" if none */
};

struct model {
    struct exporter_settings exporter;
    struct place exporter_place; /* of its section; line 0: there is none */
    struct key_lines exporter_keys;
    struct web_settings web;
    int64_t shard_index, shard_total;      /* of the command line; 0 of at most 1: it has everything */
    struct appserver_settings *appservers; /* in the order of the file */
    size_t appserver_count;
    struct probe_settings *probes;
    size_t probe_count;
    struct target_settings *targets; /* by probe in the order of the file, then app server, then company */
    size_t target_count;
};

/* Reads the file at path, or the files of the folder there (config/file.h). Relative file names begin at the folder of the
   file in which they stand. Returns a model with one reference, or NULL when there is any fault; faults and warnings are
   appended either way. May block (files); touches no state of the agent. */
struct model *model_load(const char *path, const struct config_schema *schema, struct fault_list *faults);
/* The same from text in memory; path names it in faults, and gives the folder. readers: who else could read
   the file, as words for a warning about inline secrets; NULL: nobody. */
struct model *model_read(const char *path, struct span text, const char *readers,
                         const struct config_schema *schema, struct fault_list *faults);

/* What the command line says over the file. */
struct model_override {
    const struct listen_address *listen; /* in place of the file's, where listen_count is not 0 */
    size_t listen_count;
    bool sockets_passed;        /* see struct web_settings */
    const char *telemetry_path; /* NULL: the file's */
    int64_t shard_index;        /* 0 .. shard_total - 1 */
    int64_t shard_total;        /* 1: everything is ours */
};

/* Lays the command line's words over a model that model_load has just returned and nobody else holds yet; a
   reload does the same again. App servers of other shards leave the model, with their targets. */
void model_apply(struct model *model, const struct model_override *override);

/* Whether the app server of that name belongs to the shard: FNV-1a of its name, modulo total. */
bool shard_has(const char *appserver, int64_t index, int64_t total);

/* Does the way of authentication use tokens that are asked for (token, oauth2)? */
bool auth_has_token(enum auth_way auth);
/* Is what logs in elsewhere than the app server: an OAuth 2.0 token endpoint that is not below url? */
bool login_is_outside(const struct appserver_settings *appserver);

/* Where the key was written, for faults; the section's place where it was not. */
struct place web_key_place(const struct web_settings *web, const char *key);
struct place appserver_key_place(const struct appserver_settings *appserver, const char *key);
struct place probe_key_place(const struct probe_settings *probe, const char *key);
/* The value of the key, for a fault, without what is, or may hold, a secret (config/shown.h). */
const char *probe_key_shown(const struct probe_settings *probe, const char *key);
/* Is the key (in whatever form) written in the probe's own section, and not in [defaults KIND]? */
bool probe_writes(const struct probe_settings *probe, const char *key);

struct model *model_ref(struct model *model);
void model_unref(struct model *model);

#endif
