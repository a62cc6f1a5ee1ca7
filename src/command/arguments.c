#include "command/arguments.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/rows.h"
#include "config/value.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* ---- commands ---- */

struct command_row {
    const char *name;
    const char *help;
    enum command_id id;
    bool not_built;            /* known to the contract, not in this version */
    const char *const *topics; /* of which one has to follow the command, NULL-terminated; NULL: none does */
    const char *word;          /* any one word has to follow, of this name in --help; NULL: none does */
};

static const char *const reference_topics[] = {"config", "metrics", "status",
                                               NULL}; /* enum reference_topic */

static const struct command_row commands[] = {
    {.name = "serve",
     .help = "Runs the probes on their own clock and serves HTTP until SIGTERM or SIGINT.",
     .id = COMMAND_SERVE},
    {.name = "check",
     .help = "Reads the configuration and prints every fault and every warning with file and line.",
     .id = COMMAND_CHECK},
    {.name = "probe", .not_built = true},
    {.name = "doctor", .not_built = true},
    {.name = "discover", .not_built = true},
    {.name = "init", .not_built = true},
    {.name = "dashboards",
     .help = "Writes the Grafana dashboards that are built in into a folder.",
     .id = COMMAND_DASHBOARDS,
     .word = "DIR"},
    {.name = "rules",
     .help = "Writes the recording and alerting rules of Prometheus that are built in into a folder.",
     .id = COMMAND_RULES,
     .word = "DIR"},
    {.name = "reference",
     .help = "Prints every key of the configuration, every metric with the reasons of failures, or every "
             "field of "
             "`/api/v1/status`, as Markdown.",
     .id = COMMAND_REFERENCE,
     .topics = reference_topics},
    {.name = "sample-config",
     .help = "Prints a commented configuration with every key and its default.",
     .id = COMMAND_SAMPLE_CONFIG},
    {.name = "hash-password",
     .help = "Reads a password, at a terminal twice and unseen, else the one line of the standard input, and "
             "prints its bcrypt hash for basic_auth.USER of [web].",
     .id = COMMAND_HASH_PASSWORD},
};

static const struct command_row *command_of(enum command_id id)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (!commands[i].not_built && commands[i].id == id)
            return &commands[i];
    }
    assert(false && "a command without row");
    return NULL;
}

static char *read_command(const char *word, struct arguments *out)
{
    const char *names[COUNT_OF(commands)];
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        names[i] = commands[i].name;
        if (strcmp(commands[i].name, word) != 0)
            continue;
        if (commands[i].not_built)
            return memory_format("%s: not in this version", word);
        out->command = commands[i].id;
        out->command_given = true;
        return NULL;
    }
    const char *nearest = text_nearest(word, names, COUNT_OF(names));
    return nearest == NULL ? memory_format("%s: unknown command; --help lists them", word)
                           : memory_format("%s: unknown command; is %s meant?", word, nearest);
}

/* "config|metrics|status". The caller frees. */
static char *topics_join(const struct command_row *command)
{
    char *joined = memory_copy_text(command->topics[0]);
    for (size_t i = 1; command->topics[i] != NULL; i++) {
        char *longer = memory_format("%s|%s", joined, command->topics[i]);
        free(joined);
        joined = longer;
    }
    return joined;
}

/* The word behind the command; *topic is -1 before it has come. */
static char *read_topic(const struct command_row *command, const char *word, int *topic,
                        struct arguments *out)
{
    if (command->word != NULL && out->directory == NULL) {
        if (word[0] == '\0')
            return memory_format("%s: %s is empty", command->name, command->word);
        out->directory = word;
        return NULL;
    }
    if (command->topics == NULL || *topic >= 0)
        return memory_format("%s: the command %s takes no further word", word, command->name);
    for (int i = 0; command->topics[i] != NULL; i++) {
        if (strcmp(command->topics[i], word) == 0) {
            *topic = i;
            return NULL;
        }
    }
    char *all = topics_join(command);
    char *fault = memory_format("%s: the command %s wants one of %s", word, command->name, all);
    free(all);
    return fault;
}

/* ---- flags ---- */

/* Each returns NULL, or an owned sentence of what is wrong with the value. */

static char *read_config_file(const char *value, struct arguments *out)
{
    if (value[0] == '\0')
        return memory_copy_text("the path is empty");
    out->config_file = value;
    return NULL;
}

static char *read_config_check(const char *value, struct arguments *out)
{
    (void)value;
    out->command = COMMAND_CHECK;
    return NULL;
}

static char *read_listen_address(const char *value, struct arguments *out)
{
    struct listen_address address;
    char *fault = listen_address_read(value, &address);
    if (fault != NULL)
        return fault;
    out->listen = memory_grow(out->listen, out->listen_count + 1, sizeof *out->listen);
    out->listen[out->listen_count++] = address;
    return NULL;
}

static char *read_path_of_metrics(const char *value, struct arguments *out)
{
    return read_telemetry_path(value, &out->telemetry_path);
}

static char *read_log_level(const char *value, struct arguments *out)
{
    return log_level_from_text(value, &out->log_level)
               ? NULL
               : memory_copy_text("it must be debug, info, warn or error");
}

static char *read_log_format(const char *value, struct arguments *out)
{
    return log_format_from_text(value, &out->log_format) ? NULL
                                                         : memory_copy_text("it must be logfmt or json");
}

static char *read_shard_number(const char *value, int64_t least, int64_t *out)
{
    int64_t number;
    if (!text_to_int64(span_of(value), &number) || number < least || number > INT32_MAX)
        return memory_format("it must be a whole number from %" PRId64 " on", least);
    *out = number;
    return NULL;
}

static char *read_shard_index(const char *value, struct arguments *out)
{
    return read_shard_number(value, 0, &out->shard_index);
}

static char *read_shard_total(const char *value, struct arguments *out)
{
    return read_shard_number(value, 1, &out->shard_total);
}

static char *read_help(const char *value, struct arguments *out)
{
    (void)value;
    out->help = true;
    return NULL;
}

static char *read_version(const char *value, struct arguments *out)
{
    (void)value;
    out->version = true;
    return NULL;
}

static char *read_base_url(const char *value, struct arguments *out)
{
    if (strncmp(value, "http://", strlen("http://")) != 0 &&
        strncmp(value, "https://", strlen("https://")) != 0)
        return memory_copy_text("it must begin with http:// or https://");
    if (value[strcspn(value, " \"'\\\n\r\t{}")] != '\0')
        return memory_copy_text("it holds a character that no URL has");
    out->base_url = value;
    return NULL;
}

#define CONFIG_FILE_PRESET "/etc/epicor_exporter/epicor_exporter.ini"

struct flag_row {
    const char *name;
    const char *value; /* how --help names the value; NULL: the flag takes none */
    const char *help;
    const char *preset;  /* for --help; NULL: none */
    const char *web_key; /* in place of preset: the key of [web] that the flag overrides */
    bool repeatable;
    char *(*read)(const char *value, struct arguments *out);
    unsigned commands; /* which take it: bits by enum command_id */
};

#define BIT(command) (1U << (command))
#define ALL          (~0U)
/* Those that read the configuration. */
#define CONFIGURED (BIT(COMMAND_SERVE) | BIT(COMMAND_CHECK))

static const struct flag_row flags[] = {
    {"config.file", "PATH", "The configuration: an INI file, or a folder whose *.ini are read in name order.",
     CONFIG_FILE_PRESET, NULL, false, read_config_file, CONFIGURED},
    {"config.check", NULL, "The same as the command check.", NULL, NULL, false, read_config_check,
     CONFIGURED},
    {"web.listen-address", "[HOST]:PORT", "Where to listen, in place of the file's; may be repeated.", NULL,
     "listen_address", true, read_listen_address, CONFIGURED},
    {"web.telemetry-path", "PATH", "Where the metrics are, in place of the file's.", NULL, "telemetry_path",
     false, read_path_of_metrics, CONFIGURED},
    {"log.level", "debug|info|warn|error", "The least level that is logged, to stderr.", "info", NULL, false,
     read_log_level, CONFIGURED},
    {"log.format", "logfmt|json", "How a line of the log looks.", "logfmt", NULL, false, read_log_format,
     CONFIGURED},
    {"shard.index", "I", "Runs only the app servers that hash to shard I, counted from 0.", "0", NULL, false,
     read_shard_index, CONFIGURED},
    {"shard.total", "N", "How many shards there are.", "1", NULL, false, read_shard_total, CONFIGURED},
    {"base-url", "URL",
     "Where your runbooks and dashboards are: runbooks/NAME.md and d/NAME below it, in the rules' "
     "annotations.",
     NULL, NULL, false, read_base_url, BIT(COMMAND_RULES)},
    {"help", NULL, "Prints this, also for each command.", NULL, NULL, true, read_help, ALL},
    {"version", NULL, "Prints version and revision.", NULL, NULL, true, read_version, ALL},
};

static const struct flag_row *flag_find(struct span name)
{
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        if (span_is(name, flags[i].name))
            return &flags[i];
    }
    return NULL;
}

/* word as it was written; name without its dashes and without its value. */
static char *flag_unknown(const char *word, struct span name)
{
    const char *names[COUNT_OF(flags)];
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        names[i] = flags[i].name;
    char *bare = memory_copy_bytes(name.data, name.size);
    const char *nearest = text_nearest(bare, names, COUNT_OF(names));
    char *fault = nearest == NULL ? memory_format("%.*s: unknown flag; --help lists them",
                                                  (int)(name.data + name.size - word), word)
                                  : memory_format("%.*s: unknown flag; is --%s meant?",
                                                  (int)(name.data + name.size - word), word, nearest);
    free(bare);
    return fault;
}

/* Reads the flag at argv[*at], and its value where that is the next word; *at is then moved to it. */
static char *read_flag(int argc, char *const *argv, int *at, bool *given, struct arguments *out)
{
    const char *word = argv[*at];
    struct span name = {word + 1, strcspn(word + 1, "=")};
    if (word[1] != '-') {
        if (flag_find(name) != NULL)
            return memory_format("-%.*s: a flag has two dashes, --%.*s", (int)name.size, name.data,
                                 (int)name.size, name.data);
        return flag_unknown(word, name);
    }
    name = (struct span){word + 2, strcspn(word + 2, "=")};
    const struct flag_row *flag = flag_find(name);
    if (flag == NULL)
        return flag_unknown(word, name);
    if (given[flag - flags] && !flag->repeatable)
        return memory_format("--%s: given twice", flag->name);
    given[flag - flags] = true;
    const char *value = name.data[name.size] == '=' ? name.data + name.size + 1 : NULL;
    if (flag->value == NULL && value != NULL)
        return memory_format("--%s: takes no value", flag->name);
    if (flag->value != NULL && value == NULL) {
        if (*at + 1 >= argc || strncmp(argv[*at + 1], "--", 2) == 0)
            return memory_format("--%s: needs a value, --%s=%s", flag->name, flag->name, flag->value);
        value = argv[++*at];
    }
    char *fault = flag->read(value, out);
    if (fault == NULL)
        return NULL;
    char *whole = memory_format("--%s=%s: %s", flag->name, value, fault);
    free(fault);
    return whole;
}

/* What shows only when every word has been read. named: the command, NULL where none was; topic: -1 where none was. */
static char *words_check(const struct command_row *named, int topic, const bool *given,
                         const struct arguments *out)
{
    const struct command_row *command = command_of(out->command);
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        if (given[i] && (flags[i].commands & BIT(command->id)) == 0)
            return memory_format("--%s: the command %s takes no such flag", flags[i].name, command->name);
    }
    if (command->word != NULL && out->directory == NULL && !out->help && !out->version)
        return memory_format("%s: %s is missing: the folder to write into", command->name, command->word);
    if (named != NULL && named->topics != NULL && topic < 0 && !out->help && !out->version) {
        char *all = topics_join(named), *fault = memory_format("%s: which of %s?", named->name, all);
        free(all);
        return fault;
    }
    if (out->shard_index >= out->shard_total)
        return memory_format("--shard.index=%" PRId64 ": shards are counted from 0, so the last of %" PRId64
                             " is %" PRId64,
                             out->shard_index, out->shard_total, out->shard_total - 1);
    return NULL;
}

char *arguments_read(int argc, char *const *argv, struct arguments *out)
{
    bool given[COUNT_OF(flags)] = {false}, flags_ended = false;
    *out = (struct arguments){.command = COMMAND_SERVE,
                              .config_file = CONFIG_FILE_PRESET,
                              .log_level = LOG_INFO,
                              .log_format = LOG_LOGFMT,
                              .shard_total = 1};
    const struct command_row *named = NULL;
    int topic = -1;
    char *fault = NULL;
    for (int i = 1; i < argc && fault == NULL; i++) {
        const char *word = argv[i];
        if (!flags_ended && strcmp(word, "--") == 0) {
            flags_ended = true;
        } else if (!flags_ended && word[0] == '-' && word[1] != '\0') {
            fault = read_flag(argc, argv, &i, given, out);
        } else if (named == NULL) {
            fault = read_command(word, out);
            named = fault == NULL ? command_of(out->command) : NULL;
        } else {
            fault = read_topic(named, word, &topic, out);
        }
    }
    if (fault == NULL)
        fault = words_check(named, topic, given, out);
    out->topic = topic < 0 ? 0 : topic;
    /* The flag wins whatever its place: units and manifests put it behind a fixed "serve". */
    if (given[flag_find(span_of("config.check")) - flags])
        out->command = COMMAND_CHECK;
    if (fault != NULL)
        arguments_free(out);
    return fault;
}

void arguments_free(struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->listen_count; i++) {
        free(arguments->listen[i].host);
        free(arguments->listen[i].port);
    }
    free(arguments->listen);
    free(arguments->telemetry_path);
    *arguments = (struct arguments){.shard_total = 1};
}

struct model_override arguments_override(const struct arguments *arguments)
{
    return (struct model_override){.listen = arguments->listen,
                                   .listen_count = arguments->listen_count,
                                   .telemetry_path = arguments->telemetry_path,
                                   .shard_index = arguments->shard_index,
                                   .shard_total = arguments->shard_total};
}

void arguments_print_help(const struct arguments *arguments, FILE *out)
{
    const struct command_row *command = arguments->command_given ? command_of(arguments->command) : NULL;
    if (command != NULL) {
        char *topics = command->topics == NULL ? NULL : topics_join(command);
        const char *word = topics != NULL ? topics : command->word;
        fprintf(out, "Usage: epicor_exporter %s%s%s [FLAGS]\n\n%s\n", command->name, word == NULL ? "" : " ",
                word == NULL ? "" : word, command->help);
        free(topics);
    } else {
        fprintf(out,
                "Usage: epicor_exporter [COMMAND] [FLAGS]\n\nWatches Epicor Kinetic through its REST API and "
                "serves the result as Prometheus metrics.\n\nCommands:\n");
        for (size_t i = 0; i < COUNT_OF(commands); i++) {
            if (!commands[i].not_built)
                fprintf(out, "  %-14s %s%s\n", commands[i].name, commands[i].help,
                        commands[i].id == COMMAND_SERVE ? " The default." : "");
        }
    }
    fprintf(out, "\nFlags:\n");
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        const struct flag_row *flag = &flags[i];
        enum command_id of = command == NULL ? COMMAND_SERVE : command->id;
        if ((flag->commands & BIT(of)) == 0)
            continue;
        const char *preset = flag->web_key == NULL ? flag->preset
                                                   : config_row_named(SECTION_WEB, flag->web_key)->preset;
        fprintf(out, "  --%s%s%s\n      %s", flag->name, flag->value == NULL ? "" : "=",
                flag->value == NULL ? "" : flag->value, flag->help);
        if (preset != NULL)
            fprintf(out, " Default: %s", preset);
        fprintf(out, "\n");
    }
}
