/* kinetic_simulator: an app server for people and for the demonstration. It ends at SIGTERM or SIGINT, exit 0. */
#include "simulator/simulator.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LIST_MAX    128
#define COMMAND_MAX 4096 /* bytes of a line */

enum flag {
    FLAG_LISTEN_ADDRESS = 256,
    FLAG_BASE_PATH,
    FLAG_USER,
    FLAG_COMPANY,
    FLAG_TLS,
    FLAG_TIMETABLE,
    FLAG_ROW_CAP,
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
    FLAG_COMMANDS,
    FLAG_HELP,
    FLAG_CHANGES = 1024, /* and one more for each further change */
};

struct settings {
    struct simulator_options options;
    const char *companies[LIST_MAX + 1];
    size_t companies_count;
    const char *changes[LIST_MAX + 1];
    size_t changes_count;
    const char *timetable;
    bool commands;
    char *client_key; /* what the file holds */
};

/* One row a flag; --help and getopt_long walk it, and the changes after it. */
static const struct flag_row {
    enum flag flag;
    const char *name, *value, *help;
} flags[] = {
    {FLAG_LISTEN_ADDRESS, "listen-address", "HOST:PORT", "default 127.0.0.1:0; port 0 is a free one"},
    {FLAG_BASE_PATH, "base-path", "PATH", "default /KineticLive"},
    {FLAG_USER, "user", "NAME", "default epicor-monitor"},
    {FLAG_COMPANY, "company", "ID", "repeatable; default EPIC06 and EPIC07"},
    {FLAG_TLS, "tls", "KIND",
     "valid, expired, not-yet-valid, self-signed or wrong-name; the CA file is printed"},
    {FLAG_TIMETABLE, "timetable", "FILE", "lines `[every T] at T for T WORDS`, see below"},
    {FLAG_COMMANDS, "commands", NULL, "reads `begin WORDS` and `end WORDS` from the standard input"},
    {FLAG_ROW_CAP, "row-cap", "N", "most rows of a page; default 100"},
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
    {FLAG_HELP, "help", NULL, "this text"},
};
#define FLAGS (sizeof flags / sizeof flags[0])

static void flag_print(const char *name, const char *value, const char *help)
{
    printf("  --%s%s%-*s %s\n", name, value ? "=" : " ", 28 - (int)strlen(name), value ? value : "", help);
}

static void help_print(void)
{
    const char *name, *value, *description;
    puts("kinetic_simulator [FLAGS]: pretends to be an Epicor Kinetic app server.\n");
    for (size_t i = 0; i < FLAGS; i++)
        flag_print(flags[i].name, flags[i].value, flags[i].help);
    puts("\nAs a flag from the start, repeatable, or as change=NAME=VALUE for a time:");
    for (size_t i = 0; simulator_change_name(i, &name, &value, &description); i++)
        flag_print(name, value, description);
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
    puts("\nWORDS of a timetable and of a command, blanks between them and none within:\n"
         "  fault=NAME [path=PART] [times=N]   every request, those whose path holds PART, or N of them\n"
         "  change=NAME=VALUE                  a change of the list above; at its end what was before is "
         "back\n"
         "Each command is answered, once it is in force, by `done: LINE` or `refused: LINE: why`; `end` "
         "names\n"
         "the same words as its `begin`.\n\nFaults:");
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

/* The flag NAME=VALUE in the words of a change. */
static bool change_add(size_t i, const char *value, struct settings *settings)
{
    const char *name, *form, *description;
    if (settings->changes_count == LIST_MAX || !simulator_change_name(i, &name, &form, &description))
        return false;
    size_t size = strlen(name) + 1 + strlen(value ? value : "") + 1;
    char *text = malloc(size);
    if (!text)
        return false;
    snprintf(text, size, "%s%s%s", name, value ? "=" : "", value ? value : "");
    settings->changes[settings->changes_count++] = text;
    return !simulator_change_wrong(text);
}

/* Those of who may come in. */
static bool access_flag_apply(enum flag flag, char *value, struct settings *settings)
{
    struct simulator_options *options = &settings->options;
    long number = 0;
    bool good = true;
    switch ((unsigned)flag) {
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
    case FLAG_COMPANY:
        good = settings->companies_count < LIST_MAX;
        if (good)
            settings->companies[settings->companies_count++] = value;
        return good;
    case FLAG_TLS:
        return simulator_certificate_named(value, &options->certificate);
    case FLAG_COMMANDS:
        settings->commands = true;
        return true;
    case FLAG_TIMETABLE:
        settings->timetable = value;
        return true;
    case FLAG_ROW_CAP:
        good = number_read(value, 1, UINT32_MAX, &number);
        options->behaviour.row_cap = (uint32_t)number;
        return good;
    default:
        break;
    }
    return access_flag_apply(flag, value, settings);
}

/* -1: go on; else the exit code. */
static int arguments_read(int argc, char **argv, struct settings *settings)
{
    struct option options[FLAGS + LIST_MAX + 1] = {{0}};
    const char *changed, *form, *description;
    for (size_t i = 0; i < FLAGS; i++)
        options[i] = (struct option){.name = flags[i].name,
                                     .has_arg = flags[i].value ? required_argument : no_argument,
                                     .val = (int)flags[i].flag};
    for (size_t i = 0; i < LIST_MAX && simulator_change_name(i, &changed, &form, &description); i++)
        options[FLAGS + i] = (struct option){
            .name = changed, .has_arg = form ? required_argument : no_argument, .val = FLAG_CHANGES + (int)i};
    int flag;
    while ((flag = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (flag == '?')
            return 2;
        if (flag == FLAG_HELP) {
            help_print();
            return 0;
        }
        bool good = flag < FLAG_CHANGES ? flag_apply((enum flag)flag, optarg, settings)
                                        : change_add((size_t)(flag - FLAG_CHANGES), optarg, settings);
        if (!good)
            return usage("a flag's value cannot be used: ", optarg);
    }
    bool endpoint_flags = settings->options.oauth.path || settings->options.oauth.own_port ||
                          settings->options.oauth.client_id || settings->options.oauth.client_secret ||
                          settings->options.oauth.client_key || settings->options.oauth.scopes;
    if (endpoint_flags && !settings->options.oauth.on)
        return usage("flags of the token endpoint want --oauth", "");
    return optind < argc ? usage("unknown argument ", argv[optind]) : -1;
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

/* ---- what it is told while it runs
 * ------------------------------------------------------------------------------ */

/* SIGUSR1 prints, SIGHUP reads the keys again where there are some; every other signal is the end: false. */
static bool signal_serve(struct simulator *simulator, int signals, const char *jwks)
{
    struct signalfd_siginfo signal;
    if (read(signals, &signal, sizeof signal) != sizeof signal)
        return true;
    if (signal.ssi_signo == SIGUSR1)
        counts_print(simulator);
    else if (signal.ssi_signo == SIGHUP && jwks)
        simulator_load_jwks(simulator, jwks);
    else
        return false;
    return true;
}

struct commands {
    char text[COMMAND_MAX];
    size_t size;
    bool overlong; /* the line is, and its rest is still to come */
};

static void command_answer(struct simulator *simulator, struct commands *commands, const char *line)
{
    char *answer = commands->overlong ? NULL : simulator_command(simulator, line);
    printf("%s\n", answer ? answer : "refused: : the line is too long");
    fflush(stdout);
    free(answer);
    commands->overlong = false;
}

/* Whole lines of what has come; false: no more will come. */
static bool commands_serve(struct simulator *simulator, struct commands *commands)
{
    ssize_t got = read(STDIN_FILENO, commands->text + commands->size,
                       sizeof commands->text - 1 - commands->size);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    commands->size += (size_t)got;
    commands->text[commands->size] = '\0';
    char *line = commands->text, *end;
    size_t left = commands->size;
    while ((end = memchr(line, '\n', left))) {
        *end = '\0';
        command_answer(simulator, commands, line);
        left -= (size_t)(end + 1 - line);
        line = end + 1;
    }
    if (got == 0 && left)
        command_answer(simulator, commands, line); /* the last line has no end */
    memmove(commands->text, line, left);
    commands->size = got ? left : 0;
    if (commands->size == sizeof commands->text - 1) {
        commands->overlong = true;
        commands->size = 0;
    }
    return got > 0;
}

static void serve(struct simulator *simulator, int signals, const struct settings *settings)
{
    struct commands commands = {.size = 0};
    struct pollfd polled[] = {{.fd = signals, .events = POLLIN},
                              {.fd = settings->commands ? STDIN_FILENO : -1, .events = POLLIN}};
    for (;;) {
        if (poll(polled, 2, -1) < 0)
            continue;
        if (polled[0].revents && !signal_serve(simulator, signals, settings->options.foreign.jwks_file))
            break;
        if (polled[1].revents && !commands_serve(simulator, &commands))
            polled[1].fd = -1;
    }
    counts_print(simulator);
}

static void settings_free(struct settings *settings)
{
    for (size_t i = 0; i < settings->changes_count; i++)
        free((char *)settings->changes[i]);
    free(settings->client_key);
}

int main(int argc, char **argv)
{
    struct settings settings = {
        .options.behaviour = {.latency_ms = 20, .latency_jitter_ms = 100},
    };
    int code = arguments_read(argc, argv, &settings);
    if (code >= 0) {
        settings_free(&settings);
        return code;
    }
    if (settings.companies_count)
        settings.options.companies = settings.companies;
    settings.options.changes = settings.changes;

    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    sigdelset(&signals, SIGPIPE);
    int descriptor = signalfd(-1, &signals, SFD_CLOEXEC);
    if (descriptor < 0)
        return usage("no signals: ", strerror(errno));

    struct simulator *simulator = simulator_start(&settings.options);
    code = 0;
    char *fault = settings.timetable ? simulator_play_timetable(simulator, settings.timetable) : NULL;
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
        serve(simulator, descriptor, &settings);
    }
    simulator_stop(simulator);
    close(descriptor);
    settings_free(&settings);
    return code;
}
