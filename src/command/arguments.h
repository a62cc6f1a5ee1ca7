/* The command line: a table of commands and a table of flags, which are parsed and printed by --help. */
#ifndef COMMAND_ARGUMENTS_H
#define COMMAND_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "config/model.h"

/* How the program ends; for every command. */
enum exit_status {
    STATUS_GOOD = 0,
    STATUS_FAILED = 1,        /* a probe, step or check failed */
    STATUS_WRONG_USAGE = 2,   /* the command line */
    STATUS_WRONG_CONFIG = 3,  /* the configuration cannot be used */
    STATUS_ADDRESS_TAKEN = 4, /* the address cannot be bound */
};

enum command_id {
    COMMAND_SERVE,
    COMMAND_CHECK,
    COMMAND_REFERENCE,
    COMMAND_SAMPLE_CONFIG,
    COMMAND_DASHBOARDS,
    COMMAND_RULES,
    COMMAND_HASH_PASSWORD
};

enum reference_topic { REFERENCE_CONFIG, REFERENCE_METRICS, REFERENCE_STATUS };

struct arguments {
    enum command_id command;
    bool command_given;    /* false: serve, because none was named */
    int topic;             /* of the command reference: enum reference_topic */
    const char *directory; /* of the commands that write files */
    const char *base_url;  /* of the command rules; NULL: none given */
    bool help, version;    /* print it and end, whatever else was asked */
    const char *config_file;
    enum log_level log_level;
    enum log_format log_format;
    struct listen_address *listen; /* in place of the file's, where listen_count is not 0 */
    size_t listen_count;
    char *telemetry_path; /* NULL: the file's */
    int64_t shard_index, shard_total;
};

/* Reads the words of main. Returns NULL and fills *out (which the caller frees with arguments_free; it may
   point into argv), or an owned sentence of what is wrong: the program then ends with STATUS_WRONG_USAGE. */
char *arguments_read(int argc, char *const *argv, struct arguments *out);
void arguments_free(struct arguments *arguments);

/* What the command line says over the file, for model_apply. Points into arguments. */
struct model_override arguments_override(const struct arguments *arguments);

/* The help of the command that was given, or of the program. */
void arguments_print_help(const struct arguments *arguments, FILE *out);

#endif
