/* kinetic_simulator: an app server for people and for the demonstration. It ends at SIGTERM or SIGINT, exit 0. */
#include "simulator/simulator.h"

#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 32

enum flag {
    FLAG_LISTEN_ADDRESS = 256,
    FLAG_BASE_PATH,
    FLAG_USER,
    FLAG_PASSWORD,
    FLAG_API_KEY,
    FLAG_COMPANY,
    FLAG_TOKEN_LIFETIME,
    FLAG_TLS,
    FLAG_TIMETABLE,
    FLAG_ROWS,
    FLAG_ROW_CAP,
    FLAG_CLOCK_OFFSET,
    FLAG_LATENCY,
    FLAG_COMPANY_KEY,
    FLAG_ACCESS,
    FLAG_BASIC_REFUSAL,
    FLAG_LOCKOUT,
    FLAG_PROXY_USER_HEADER,
    FLAG_OAUTH,
    FLAG_OAUTH_PATH,
    FLAG_OAUTH_PORT,
    FLAG_CLIENT_ID,
    FLAG_CLIENT_SECRET,
    FLAG_CLIENT_KEY,
    FLAG_SCOPES,
    FLAG_JWKS,
    FLAG_JWT_ISSUER,
    FLAG_JWT_AUDIENCE,
    FLAG_SESSION_IDLE,
    FLAG_SESSION_INFO_500,
    FLAG_WAY,
    FLAG_SEATS,
    FLAG_OTHERS,
    FLAG_DENY,
    FLAG_FAIL,
    FLAG_PILOT,
    FLAG_HELP,
};

struct settings {
    struct simulator_options options;
    const char *companies[LIST_MAX + 1];
    size_t companies_count;
    const char *rows[LIST_MAX];
    size_t rows_count;
    const char *company_keys[LIST_MAX];
    size_t company_keys_count;
    struct change {
        enum flag flag;
        char *text;
    } changes[LIST_MAX]; /* what is changed once it runs */
    size_t changes_count;
    const char *timetable;
    char *client_key; /* what the file holds */
};

/* One row a flag; --help and getopt_long walk it. */
static const struct flag_row {
    enum flag flag;
    const char *name, *value, *help;
} flags[] = {
    {FLAG_LISTEN_ADDRESS, "listen-address", "HOST:PORT", "default 127.0.0.1:0; port 0 is a free one"},
    {FLAG_BASE_PATH, "base-path", "PATH", "default /KineticLive"},
    {FLAG_USER, "user", "NAME", "default epicor-monitor"},
    {FLAG_PASSWORD, "password", "TEXT", "default demo-password"},
    {FLAG_API_KEY, "api-key", "TEXT", "default demo-api-key"},
    {FLAG_COMPANY, "company", "ID", "repeatable; default EPIC06 and EPIC07"},
    {FLAG_TOKEN_LIFETIME, "token-lifetime", "SECONDS", "default 3600"},
    {FLAG_TLS, "tls", "KIND",
     "valid, expired, not-yet-valid, self-signed or wrong-name; the CA file is printed"},
    {FLAG_TIMETABLE, "timetable", "FILE", "lines `[every T] at T for T fault=NAME [path=PART]`"},
    {FLAG_ROWS, "rows", "BAQ=N", "repeatable; rows of a BAQ, which is made where it is not known"},
    {FLAG_ROW_CAP, "row-cap", "N", "most rows of a page; default 100"},
    {FLAG_CLOCK_OFFSET, "clock-offset", "SECONDS",
     "the server's clock is so far ahead, or behind if negative"},
    {FLAG_LATENCY, "latency", "MIN-MAX", "milliseconds of every answer; default 20-120"},
    {FLAG_COMPANY_KEY, "company-key", "ID=KEY", "repeatable; the company's own API key, good for no other"},
    {FLAG_ACCESS, "access", "WAY[,WAY]",
     "token, basic, oauth, foreign, proxy, none; default all that are configured but none"},
    {FLAG_BASIC_REFUSAL, "basic-refusal", "KIND",
     "epicor (default), or html: IIS's page without a telling text"},
    {FLAG_LOCKOUT, "lockout", "N[:SECONDS]",
     "so many wrong passwords in a row lock an account; default never"},
    {FLAG_PROXY_USER_HEADER, "proxy-user-header", "NAME", "whoever sends this header is the user it names"},
    {FLAG_OAUTH, "oauth", NULL, "an OAuth 2.0 token endpoint"},
    {FLAG_OAUTH_PATH, "oauth-path", "PATH", "of it, below the host's root; default /connect/token"},
    {FLAG_OAUTH_PORT, "oauth-port", "PORT", "its own port, so that it can be down alone; 0 is a free one"},
    {FLAG_CLIENT_ID, "client-id", "TEXT", "default demo-client"},
    {FLAG_CLIENT_SECRET, "client-secret", "TEXT", "default demo-client-secret; empty: none"},
    {FLAG_CLIENT_KEY, "client-key", "FILE", "PEM certificate or public key of the client: private_key_jwt"},
    {FLAG_SCOPES, "scopes", "LIST", "those that the endpoint knows, blanks between; default any"},
    {FLAG_JWKS, "jwks", "FILE", "keys of another identity provider, read again at SIGHUP"},
    {FLAG_JWT_ISSUER, "jwt-issuer", "TEXT", "its iss; default any"},
    {FLAG_JWT_AUDIENCE, "jwt-audience", "TEXT", "the aud that its tokens must have; default any"},
    {FLAG_SESSION_IDLE, "session-idle", "SECONDS", "a session unused so long expires; default 72 h"},
    {FLAG_SESSION_INFO_500, "session-info-500", NULL, "500 to calls with SessionInfo outside SessionModSvc"},
    {FLAG_WAY, "way", "NAME=CHOICE", "repeatable; how this server differs from others, see below"},
    {FLAG_SEATS, "seats", "LICENSE=N",
     "repeatable; seats owned of Default, WebService ...; default unlimited"},
    {FLAG_OTHERS, "others", "LICENSE=N", "repeatable; seats that other users sit on"},
    {FLAG_DENY, "deny", "RESOURCE",
     "repeatable; nobody has the right to SERVICE, SERVICE/METHOD, BaqSvc/NAME, efx/LIB"},
    {FLAG_FAIL, "fail", "METHOD=STATUS",
     "repeatable; Ice.BO.HealthCheckSvc/ErpAlive=500: the method fails so"},
    {FLAG_PILOT, "pilot", NULL, "isProductionInstance is false"},
    {FLAG_HELP, "help", NULL, "this text, the ways, and the names of the faults"},
};
#define FLAGS (sizeof flags / sizeof flags[0])

static void help_print(void)
{
    const char *name, *description;
    puts("kinetic_simulator [FLAGS]: pretends to be an Epicor Kinetic app server.\n");
    for (size_t i = 0; i < FLAGS; i++)
        printf("  --%s%s%-*s %s\n", flags[i].name, flags[i].value ? "=" : " ",
               28 - (int)strlen(flags[i].name), flags[i].value ? flags[i].value : "", flags[i].help);
    puts("\nBAQs: zExporterOpenOrders, zExporterPartOnHand, zExporterOrdersByPlant, zExporterValues,\n"
         "zLicenseUsage. Functions: MonitorLib/Ping,\n"
         "MonitorLib/QueueDepth. Entity sets: Erp.BO.CompanySvc/Companies, Erp.BO.PartSvc/Parts.\n\n"
         "Services: Ice.LIB.SessionModSvc, Ice.BO.AdminSessionSvc, AdminLicensingSvc, HealthCheckSvc, "
         "APIKeySvc,\n"
         "SysAgentSvc, SysTaskSvc and more; $metadata; api/v2/environment; api/v2/efx/{company}; "
         "Erp/BO/Part.svc.\n\n"
         "Ways, the usual one first:");
    for (size_t i = 0; simulator_behaviour_name(i, &name, &description); i++)
        printf("  %-26s %s\n", name, description);
    puts("\nFaults of a timetable:");
    for (size_t i = 0; simulator_fault_name(i, &name, &description); i++)
        printf("  %-26s %s\n", name, description);
    for (size_t i = 0; simulator_event_name(i, &name, &description); i++)
        printf("  %-26s %s\n", name, description);
    puts("\nSIGUSR1 prints what was counted so far; so does the end.");
}

static int usage(const char *what, const char *text)
{
    fprintf(stderr, "kinetic_simulator: %s%s; see --help\n", what, text);
    return 2;
}

static bool number_read(const char *text, long min, long max, long *number)
{
    char *end;
    *number = strtol(text, &end, 10);
    return *text && !*end && *number >= min && *number <= max;
}

static bool address_read(char *text, struct simulator_options *options)
{
    char *colon = strrchr(text, ':');
    long port;
    if (!colon || !number_read(colon + 1, 0, 65535, &port))
        return false;
    *colon = '\0';
    options->host = text;
    options->port = (uint16_t)port;
    return true;
}

static bool certificate_read(const char *text, enum simulator_certificate *certificate)
{
    static const struct {
        const char *name;
        enum simulator_certificate certificate;
    } kinds[] = {
        {"valid", SIMULATOR_TLS_VALID},
        {"expired", SIMULATOR_TLS_EXPIRED},
        {"not-yet-valid", SIMULATOR_TLS_NOT_YET_VALID},
        {"self-signed", SIMULATOR_TLS_SELF_SIGNED},
        {"wrong-name", SIMULATOR_TLS_WRONG_NAME},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, text) == 0) {
            *certificate = kinds[i].certificate;
            return true;
        }
    }
    return false;
}

static bool latency_read(char *text, struct simulator_behaviour *behaviour)
{
    char *dash = strchr(text, '-');
    long min, max;
    if (dash)
        *dash = '\0';
    if (!number_read(text, 0, 3600000, &min) || !number_read(dash ? dash + 1 : text, min, 3600000, &max))
        return false;
    behaviour->latency_ms = (uint32_t)min;
    behaviour->latency_jitter_ms = (uint32_t)(max - min);
    return true;
}

static bool access_read(char *text, unsigned *access)
{
    *access = 0;
    for (char *word = text, *next; word; word = next) {
        int way = 0;
        next = strchr(word, ',');
        if (next)
            *next++ = '\0';
        while (way < SIMULATOR_WAYS && strcmp(simulator_way_name((enum simulator_way)way), word) != 0)
            way++;
        if (way == SIMULATOR_WAYS)
            return false;
        *access |= SIMULATOR_BY(way);
    }
    return true;
}

static bool lockout_read(char *text, struct simulator_behaviour *behaviour)
{
    char *colon = strchr(text, ':');
    long after, seconds = 0;
    if (colon)
        *colon = '\0';
    if (!number_read(text, 1, 1000000, &after) || (colon && !number_read(colon + 1, 1, 1000000000, &seconds)))
        return false;
    behaviour->lockout_after = (uint32_t)after;
    behaviour->lockout_seconds = (uint32_t)seconds;
    return true;
}

static bool file_read(const char *name, char **text)
{
    size_t capacity = 0;
    FILE *in = fopen(name, "r");
    bool good = in && getdelim(text, &capacity, '\0', in) > 0;
    if (in)
        fclose(in);
    return good;
}

/* NAME=VALUE cut at its last '='. */
static char *value_cut(char *text)
{
    char *equals = strrchr(text, '=');
    if (equals)
        *equals++ = '\0';
    return equals;
}

static bool way_read(char *text, struct simulator_behaviour *behaviour)
{
    char *value = value_cut(text);
    return value && simulator_behaviour_choose(behaviour, text, value);
}

static bool change_add(enum flag flag, char *text, struct settings *settings)
{
    if (settings->changes_count == LIST_MAX)
        return false;
    settings->changes[settings->changes_count++] = (struct change){flag, text};
    return true;
}

/* Those of who may come in. */
static bool access_flag_apply(enum flag flag, char *value, struct settings *settings)
{
    struct simulator_options *options = &settings->options;
    long number = 0;
    bool good = true;
    switch ((unsigned)flag) {
    case FLAG_COMPANY_KEY:
        good = settings->company_keys_count < LIST_MAX && strchr(value, '=') && value[0] != '=';
        if (good)
            settings->company_keys[settings->company_keys_count++] = value;
        break;
    case FLAG_ACCESS:
        return access_read(value, &options->behaviour.access);
    case FLAG_BASIC_REFUSAL:
        options->behaviour.basic_refusal = strcmp(value, "html") == 0 ? SIMULATOR_BASIC_HTML
                                                                      : SIMULATOR_BASIC_EPICOR;
        return strcmp(value, "html") == 0 || strcmp(value, "epicor") == 0;
    case FLAG_LOCKOUT:
        return lockout_read(value, &options->behaviour);
    case FLAG_PROXY_USER_HEADER:
        options->proxy_user_header = value;
        break;
    case FLAG_OAUTH:
        options->oauth.on = true;
        break;
    case FLAG_OAUTH_PATH:
        options->oauth.path = value;
        return value[0] == '/';
    case FLAG_OAUTH_PORT:
        good = number_read(value, 0, 65535, &number);
        options->oauth.own_port = true;
        options->oauth.port = (uint16_t)number;
        break;
    case FLAG_CLIENT_ID:
        options->oauth.client_id = value;
        break;
    case FLAG_CLIENT_SECRET:
        options->oauth.client_secret = value;
        break;
    case FLAG_CLIENT_KEY:
        free(settings->client_key);
        settings->client_key = NULL;
        good = file_read(value, &settings->client_key);
        options->oauth.client_key = settings->client_key;
        break;
    case FLAG_SCOPES:
        options->oauth.scopes = value;
        break;
    case FLAG_JWKS:
        options->foreign.jwks_file = value;
        break;
    case FLAG_JWT_ISSUER:
        options->foreign.issuer = value;
        break;
    case FLAG_JWT_AUDIENCE:
        options->foreign.audience = value;
        break;
    case FLAG_SESSION_IDLE:
        good = number_read(value, 1, 1000000000, &number);
        options->behaviour.session_idle_seconds = (uint32_t)number;
        break;
    case FLAG_SESSION_INFO_500:
        options->behaviour.session_info_500 = true;
        break;
    }
    return good;
}

static bool flag_apply(enum flag flag, char *value, struct settings *settings)
{
    struct simulator_options *options = &settings->options;
    long number = 0;
    bool good = true;
    switch (flag) {
    case FLAG_LISTEN_ADDRESS:
        return address_read(value, options);
    case FLAG_BASE_PATH:
        options->base_path = value;
        return value[0] == '/' && value[strlen(value) - 1] != '/';
    case FLAG_USER:
        options->user = value;
        return true;
    case FLAG_PASSWORD:
        options->password = value;
        return true;
    case FLAG_API_KEY:
        options->api_key = value;
        return true;
    case FLAG_COMPANY:
        good = settings->companies_count < LIST_MAX;
        if (good)
            settings->companies[settings->companies_count++] = value;
        return good;
    case FLAG_TOKEN_LIFETIME:
        good = number_read(value, 1, 1000000000, &number);
        options->behaviour.token_lifetime = (uint32_t)number;
        return good;
    case FLAG_TLS:
        return certificate_read(value, &options->certificate);
    case FLAG_TIMETABLE:
        settings->timetable = value;
        return true;
    case FLAG_ROWS:
        good = settings->rows_count < LIST_MAX && strchr(value, '=') && value[0] != '=';
        if (good)
            settings->rows[settings->rows_count++] = value;
        return good;
    case FLAG_ROW_CAP:
        good = number_read(value, 1, UINT32_MAX, &number);
        options->behaviour.row_cap = (uint32_t)number;
        return good;
    case FLAG_CLOCK_OFFSET:
        good = number_read(value, -1000000000, 1000000000, &number);
        options->behaviour.clock_offset = (int32_t)number;
        return good;
    case FLAG_WAY:
        return way_read(value, &options->behaviour);
    case FLAG_SEATS:
    case FLAG_OTHERS:
    case FLAG_DENY:
    case FLAG_FAIL:
    case FLAG_PILOT:
        return change_add(flag, value, settings);
    case FLAG_LATENCY:
        return latency_read(value, &options->behaviour);
    default:
        break;
    }
    return access_flag_apply(flag, value, settings);
}

/* -1: go on; else the exit code. */
static int arguments_read(int argc, char **argv, struct settings *settings)
{
    struct option options[FLAGS + 1] = {{0}};
    for (size_t i = 0; i < FLAGS; i++)
        options[i] = (struct option){.name = flags[i].name,
                                     .has_arg = flags[i].value ? required_argument : no_argument,
                                     .val = (int)flags[i].flag};
    int flag;
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (flag == '?')
            return 2;
        if (flag == FLAG_HELP) {
            help_print();
            return 0;
        }
        if (!flag_apply((enum flag)flag, optarg, settings))
            return usage("a flag's value cannot be used: ", optarg);
    }
    bool endpoint_flags = settings->options.oauth.path || settings->options.oauth.own_port ||
                          settings->options.oauth.client_id || settings->options.oauth.client_secret ||
                          settings->options.oauth.client_key || settings->options.oauth.scopes;
    if (endpoint_flags && !settings->options.oauth.on)
        return usage("flags of the token endpoint want --oauth", "");
    return optind < argc ? usage("unknown argument ", argv[optind]) : -1;
}

static bool rows_apply(struct simulator *simulator, const char *text)
{
    char name[256];
    const char *equals = strchr(text, '=');
    char *end;
    unsigned long long rows = strtoull(equals + 1, &end, 10);
    size_t size = (size_t)(equals - text);
    if (*end || end == equals + 1 || size >= sizeof name)
        return false;
    memcpy(name, text, size);
    name[size] = '\0';
    simulator_set_rows(simulator, name, rows);
    return true;
}

static bool change_apply(struct simulator *simulator, const struct change *change)
{
    bool valued = change->flag != FLAG_DENY && change->flag != FLAG_PILOT;
    char *value = valued ? value_cut(change->text) : NULL;
    long number = 0;
    if (valued && (!value || !number_read(value, 0, UINT32_MAX, &number)))
        return false;
    if (change->flag == FLAG_SEATS)
        simulator_set_seats(simulator, change->text, (uint32_t)number);
    else if (change->flag == FLAG_OTHERS)
        simulator_occupy_seats(simulator, change->text, (uint32_t)number);
    else if (change->flag == FLAG_DENY)
        simulator_set_right(simulator, change->text, false);
    else if (change->flag == FLAG_FAIL)
        simulator_fail_method(simulator, change->text, (int)number, NULL);
    else
        simulator_set_production(simulator, false);
    return true;
}

static void company_keys_apply(struct simulator *simulator, const struct settings *settings)
{
    for (size_t i = 0; i < settings->company_keys_count; i++) {
        const char *text = settings->company_keys[i], *equals = strchr(text, '=');
        char *company = strndup(text, (size_t)(equals - text));
        simulator_set_api_key(simulator, company, equals + 1);
        free(company);
    }
}

static void counts_print(struct simulator *simulator)
{
    struct simulator_counts counts = simulator_counts(simulator);
    printf("requests %" PRIu64 ", token requests %" PRIu64 " (refused %" PRIu64 "), of OAuth 2.0 %" PRIu64
           " (refused %" PRIu64 "), tokens given %" PRIu64 "\n",
           simulator_requests(simulator, NULL), counts.token_requests, counts.token_refusals,
           counts.oauth_requests, counts.oauth_refusals, simulator_tokens(simulator));
    printf("wrong passwords %" PRIu64 ", lock-outs %" PRIu64 ", attempts while locked %" PRIu64
           ", wrong clients %" PRIu64 ", wrong API keys %" PRIu64 "\n",
           counts.wrong_passwords, counts.lock_outs, counts.locked_attempts, counts.wrong_clients,
           counts.wrong_api_keys);
    fputs("calls let in (refused):", stdout);
    for (int way = 0; way < SIMULATOR_WAYS; way++)
        printf(" %s %" PRIu64 " (%" PRIu64 ")", simulator_way_name((enum simulator_way)way),
               counts.logins[way], counts.refusals[way]);
    printf("\nsessions open %u, at most %u, opened %" PRIu64 ", closed %" PRIu64 ", expired %" PRIu64
           "; seats held %u, at most %u\n",
           counts.sessions_open, counts.sessions_peak, counts.sessions_opened, counts.sessions_closed,
           counts.sessions_expired, simulator_seats_taken(simulator, NULL),
           simulator_seats_peak(simulator, NULL));
    fflush(stdout);
}

/* SIGUSR1 prints, SIGHUP reads the keys again where there are some; every other signal is the end. */
static void signals_serve(struct simulator *simulator, const sigset_t *signals,
                          const struct settings *settings)
{
    const char *jwks = settings->options.foreign.jwks_file;
    for (int signal = 0; sigwait(signals, &signal) == 0;) {
        if (signal == SIGUSR1)
            counts_print(simulator);
        else if (signal == SIGHUP && jwks)
            simulator_load_jwks(simulator, jwks);
        else
            break;
    }
    counts_print(simulator);
}

int main(int argc, char **argv)
{
    struct settings settings = {
        .options.behaviour = {.latency_ms = 20, .latency_jitter_ms = 100},
    };
    int code = arguments_read(argc, argv, &settings);
    if (code >= 0)
        return code;
    if (settings.companies_count)
        settings.options.companies = settings.companies;

    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    sigdelset(&signals, SIGPIPE);

    struct simulator *simulator = simulator_start(&settings.options);
    code = 0;
    company_keys_apply(simulator, &settings);
    for (size_t i = 0; i < settings.rows_count && !code; i++) {
        if (!rows_apply(simulator, settings.rows[i]))
            code = usage("--rows wants BAQ=N and not ", settings.rows[i]);
    }
    for (size_t i = 0; i < settings.changes_count && !code; i++) {
        if (!change_apply(simulator, &settings.changes[i]))
            code = usage("a flag wants NAME=N and not ", settings.changes[i].text);
    }
    char *fault = settings.timetable && !code ? simulator_play_timetable(simulator, settings.timetable)
                                              : NULL;
    if (fault)
        code = usage("", fault);
    free(fault);
    if (!code) {
        printf("listening on %s\n", simulator_url(simulator));
        if (simulator_ca_file(simulator))
            printf("CA file %s\n", simulator_ca_file(simulator));
        if (simulator_token_url(simulator))
            printf("token endpoint %s\n", simulator_token_url(simulator));
        fflush(stdout);
        signals_serve(simulator, &signals, &settings);
    }
    simulator_stop(simulator);
    free(settings.client_key);
    return code;
}
