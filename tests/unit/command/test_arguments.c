#include "main.h"

#include "command/arguments.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 8

static char *read_words(const char *const *words, struct arguments *out)
{
    char *argv[WORDS_MAX + 2] = {(char[]){"epicor_exporter"}};
    int argc = 1;
    for (; words[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    return arguments_read(argc, argv, out);
}

static void test_presets(void **state)
{
    (void)state;
    struct arguments got;
    assert_null(read_words((const char *const[]){NULL}, &got));
    assert_int_equal(got.command, COMMAND_SERVE);
    assert_false(got.command_given || got.help || got.version);
    assert_string_equal(got.config_file, "/etc/epicor_exporter/epicor_exporter.ini");
    assert_int_equal(got.log_level, LOG_INFO);
    assert_int_equal(got.log_format, LOG_LOGFMT);
    assert_int_equal(got.listen_count, 0);
    assert_null(got.telemetry_path);
    assert_int_equal(got.shard_index, 0);
    assert_int_equal(got.shard_total, 1);
    arguments_free(&got);
}

static void test_every_flag(void **state)
{
    (void)state;
    struct arguments got;
    assert_null(read_words((const char *const[]){"--config.file=a=b", "--web.listen-address", "[::1]:1",
                                                 "--web.listen-address=:2", "--web.telemetry-path=/m",
                                                 "--log.level=debug", "--log.format=json", NULL},
                           &got));
    assert_string_equal(got.config_file, "a=b");
    assert_int_equal(got.listen_count, 2);
    assert_string_equal(got.listen[0].host, "::1");
    assert_string_equal(got.listen[1].port, "2");
    assert_string_equal(got.telemetry_path, "/m");
    assert_int_equal(got.log_level, LOG_DEBUG);
    assert_int_equal(got.log_format, LOG_JSON);
    struct model_override override = arguments_override(&got);
    assert_int_equal(override.listen_count, 2);
    assert_string_equal(override.telemetry_path, "/m");
    arguments_free(&got);

    assert_null(
        read_words((const char *const[]){"--shard.index=2", "--shard.total", "3", "--version", NULL}, &got));
    assert_int_equal(got.shard_index, 2);
    assert_int_equal(got.shard_total, 3);
    assert_true(got.version);
    arguments_free(&got);
}

static void test_commands(void **state)
{
    (void)state;
    static const struct {
        const char *words[4];
        enum command_id command;
        bool given, help;
    } cases[] = {
        {{"serve"}, COMMAND_SERVE, true, false},
        {{"check"}, COMMAND_CHECK, true, false},
        {{"--config.file", "x", "check"}, COMMAND_CHECK, true, false},
        {{"--config.check"}, COMMAND_CHECK, false, false},
        {{"serve", "--config.check"}, COMMAND_CHECK, true, false},
        {{"--config.check", "serve"}, COMMAND_CHECK, true, false},
        {{"check", "--help"}, COMMAND_CHECK, true, true},
        {{"--help", "--help"}, COMMAND_SERVE, false, true},
        {{"--", "check"}, COMMAND_CHECK, true, false},
        {{"reference", "config"}, COMMAND_REFERENCE, true, false},
        {{"reference", "--help"}, COMMAND_REFERENCE, true, true},
        {{"--help", "reference", "metrics"}, COMMAND_REFERENCE, true, true},
        {{"sample-config"}, COMMAND_SAMPLE_CONFIG, true, false},
        {{"rules", "dir", "--base-url=https://wiki.example.com"}, COMMAND_RULES, true, false},
        {{"dashboards", "dir"}, COMMAND_DASHBOARDS, true, false},
        {{"rules", "--help"}, COMMAND_RULES, true, true},
        {{"hash-password"}, COMMAND_HASH_PASSWORD, true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arguments got;
        char *fault = read_words(cases[i].words, &got);
        if (fault != NULL || got.command != cases[i].command || got.command_given != cases[i].given ||
            got.help != cases[i].help)
            fail_msg("case %zu: %s", i, fault == NULL ? "" : fault);
        arguments_free(&got);
    }
}

static void test_wrong_usage(void **state)
{
    (void)state;
    static const struct {
        const char *words[4], *fault;
    } cases[] = {
        {{"chek"}, "chek: unknown command; is check meant?"},
        {{""}, ": unknown command; --help lists them"},
        {{"-"}, "-: unknown command; --help lists them"},
        {{"everything"}, "everything: unknown command; --help lists them"},
        {{"probe", "orders"}, "probe: not in this version"},

        {{"check", "x.ini"}, "x.ini: the command check takes no further word"},
        {{"reference"}, "reference: which of config|metrics|status?"},
        {{"reference", "metric"}, "metric: the command reference wants one of config|metrics|status"},
        {{"reference", "config", "metrics"}, "metrics: the command reference takes no further word"},
        {{"reference", "config", "--config.file=x"},
         "--config.file: the command reference takes no such flag"},
        {{"sample-config", "baq"}, "baq: the command sample-config takes no further word"},
        {{"--log.level=info", "sample-config"}, "--log.level: the command sample-config takes no such flag"},
        {{"rules"}, "rules: DIR is missing: the folder to write into"},
        {{"rules", ""}, "rules: DIR is empty"},
        {{"rules", "a", "b"}, "b: the command rules takes no further word"},
        {{"rules", "a", "--base-url=wiki"}, "--base-url=wiki: it must begin with http:// or https://"},
        {{"rules", "a", "--base-url=http://a\"b"},
         "--base-url=http://a\"b: it holds a character that no URL has"},
        {{"dashboards", "a", "--base-url=http://a"}, "--base-url: the command dashboards takes no such flag"},
        {{"--base-url=http://a"}, "--base-url: the command serve takes no such flag"},
        {{"sample-confg"}, "sample-confg: unknown command; is sample-config meant?"},
        {{"--config-file=x"}, "--config-file: unknown flag; is --config.file meant?"},
        {{"--nothing=x"}, "--nothing: unknown flag; --help lists them"},
        {{"--=x"}, "--: unknown flag; --help lists them"},
        {{"-help"}, "-help: a flag has two dashes, --help"},
        {{"-h"}, "-h: unknown flag; --help lists them"},
        {{"-config.fil=x"}, "-config.fil: unknown flag; is --config.file meant?"},
        {{"--config.file"}, "--config.file: needs a value, --config.file=PATH"},
        {{"--config.file", "--help"}, "--config.file: needs a value, --config.file=PATH"},
        {{"--config.file="}, "--config.file=: the path is empty"},
        {{"--config.file=a", "--config.file=b"}, "--config.file: given twice"},
        {{"--config.check=yes"}, "--config.check: takes no value"},
        {{"--log.level=loud"}, "--log.level=loud: it must be debug, info, warn or error"},
        {{"--log.format=xml"}, "--log.format=xml: it must be logfmt or json"},
        {{"--web.listen-address=:1", "--web.listen-address=10606"},
         "--web.listen-address=10606: it must be [HOST]:PORT, such as :10606, 127.0.0.1:10606 or "
         "[::1]:10606"},
        {{"--web.telemetry-path=m"},
         "--web.telemetry-path=m: it must begin with / and have something behind it, such as /metrics"},
        {{"--shard.total=0"}, "--shard.total=0: it must be a whole number from 1 on"},
        {{"--shard.index=-1"}, "--shard.index=-1: it must be a whole number from 0 on"},
        {{"--shard.index=3", "--shard.total=3"},
         "--shard.index=3: shards are counted from 0, so the last of 3 is 2"},
        {{"--shard.index=1"}, "--shard.index=1: shards are counted from 0, so the last of 1 is 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arguments got;
        char *fault = read_words(cases[i].words, &got);
        if (fault == NULL || strcmp(fault, cases[i].fault) != 0)
            fail_msg("case %zu: %s", i, fault == NULL ? "no fault" : fault);
        free(fault);
    }
}

static char *help_of(const char *const *words)
{
    struct arguments got;
    assert_null(read_words(words, &got));
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    arguments_print_help(&got, out);
    fclose(out);
    arguments_free(&got);
    return text;
}

static void test_help(void **state)
{
    (void)state;
    char *text = help_of((const char *const[]){"--help", NULL});
    assert_non_null(strstr(text, "Usage: epicor_exporter [COMMAND] [FLAGS]"));
    assert_non_null(strstr(text, "  check "));
    assert_null(strstr(text, "doctor")); /* help offers what there is */
    assert_non_null(strstr(text, "  --web.listen-address=[HOST]:PORT\n"));
    assert_non_null(strstr(text, "Default: :10606\n"));
    assert_non_null(strstr(text, "Default: /metrics\n"));
    free(text);
    text = help_of((const char *const[]){"check", "--help", NULL});
    assert_non_null(strstr(text, "Usage: epicor_exporter check [FLAGS]"));
    assert_null(strstr(text, "Commands:"));
    free(text);
    text = help_of((const char *const[]){"reference", "--help", NULL});
    assert_non_null(strstr(text, "Usage: epicor_exporter reference config|metrics|status [FLAGS]"));
    assert_null(strstr(text, "--config.file"));
    assert_non_null(strstr(text, "--help\n"));
    free(text);

    struct arguments got;
    assert_null(read_words((const char *const[]){"reference", "metrics", NULL}, &got));
    assert_int_equal(got.topic, REFERENCE_METRICS);
    arguments_free(&got);
}

ALL_TESTS(cmocka_unit_test(test_presets), cmocka_unit_test(test_every_flag), cmocka_unit_test(test_commands),
          cmocka_unit_test(test_wrong_usage), cmocka_unit_test(test_help));
