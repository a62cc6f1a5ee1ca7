/* kinetic_simulator: an app server for people and for the demonstration. It ends at SIGTERM or SIGINT, exit 0. */
#include "simulator/simulator.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 32

struct settings {
    struct simulator_options options;
    const char *companies[LIST_MAX + 1];
    size_t companies_count;
    const char *rows[LIST_MAX];
    size_t rows_count;
    const char *timetable;
};

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
    FLAG_HELP,
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
    {FLAG_HELP, "help", NULL, "this text, and the names of the faults"},
};
#define FLAGS (sizeof flags / sizeof flags[0])

static void help_print(void)
{
    const char *name, *description;
    puts("kinetic_simulator [FLAGS]: pretends to be an Epicor Kinetic app server.\n");
    for (size_t i = 0; i < FLAGS; i++)
        printf("  --%s%s%-*s %s\n", flags[i].name, flags[i].value ? "=" : " ",
               28 - (int)strlen(flags[i].name), flags[i].value ? flags[i].value : "", flags[i].help);
    puts("\nBAQs: zExporterOpenOrders, zExporterPartOnHand, zLicenseUsage. Functions: MonitorLib/Ping,\n"
         "MonitorLib/QueueDepth. Entity sets: Erp.BO.CompanySvc/Companies, Erp.BO.PartSvc/Parts.\n\n"
         "Faults of a timetable:");
    for (size_t i = 0; simulator_fault_name(i, &name, &description); i++)
        printf("  %-22s %s\n", name, description);
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
    case FLAG_LATENCY:
        return latency_read(value, &options->behaviour);
    case FLAG_HELP:
        break;
    }
    return true;
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
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    sigdelset(&signals, SIGPIPE);

    struct simulator *simulator = simulator_start(&settings.options);
    code = 0;
    for (size_t i = 0; i < settings.rows_count && !code; i++) {
        if (!rows_apply(simulator, settings.rows[i]))
            code = usage("--rows wants BAQ=N and not ", settings.rows[i]);
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
        fflush(stdout);
        int signal;
        sigwait(&signals, &signal);
    }
    simulator_stop(simulator);
    return code;
}
