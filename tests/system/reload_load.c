/* Reloads under load. "reload_load write FILE URL INTERVAL" writes the first configuration; "reload_load run FILE URL
   INTERVAL PORT RELOADS PERIOD" asks for RELOADS reloads, one each PERIOD ms, every second of them of a faulty file, and half of
   the good ones with other targets; it scrapes after each, and holds every page against the one before:

   - A series that is still there and counts has not gone back.
   - Of each target as long as it is there, runs counted are runs due. The schedule of a target is fixed, and what a run takes is
     little beside the interval; so between two scrapes (last run - last run) / interval, rounded, runs were due. What is missing
     must be told as skipped.
   - A bad file is answered 500 with its two faults by file and line, and /config and the targets are as they were.

   Ends with a table; exits 1 when anything is wrong. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "system/plain_http.h"

#define APPSERVERS 10
#define PROBES     100 /* of each app server */
#define CHANGING   10  /* of them */
#define WRONG_MOST 20
#define PLACES     (1u << 18)
#define RUNS       "epicor_probe_runs_total{"
#define LAST_RUN   "epicor_probe_last_run_timestamp_seconds{"
#define SKIPPED    "epicor_exporter_runs_skipped_total{"
#define SUCCESSFUL "epicor_exporter_config_last_reload_successful"
#define TARGETS    "epicor_exporter_targets"

static unsigned wrong;

static void tell(const char *what, const char *about)
{
    if (wrong++ < WRONG_MOST)
        fprintf(stderr, "reload_load: %s: %s\n", what, about);
}

static double clock_at(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- configurations ---- */

static void probe_write(FILE *out, const char *name, int number)
{
    fprintf(out, "[probe %s%d]\nkind = baq\nbaq = zExporterOpenOrders\n", name, number);
}

/* set: which of two sets of changing probes. bad: with two faults, in line 2 and in the last. Returns the last line. */
static int configuration_write(const char *path, const char *url, const char *interval, int set, bool bad)
{
    char next[512];
    int line = 5;
    snprintf(next, sizeof next, "%s.next", path);
    FILE *out = fopen(next, "w");
    if (out == NULL)
        exit(2);
    fprintf(out, "[exporter]\ninterval = %s\ntimeout = 1500ms\n[web]\nconfig_page = yes\n",
            bad ? "soon" : interval);
    for (int i = 0; i < APPSERVERS; i++, line += 7)
        fprintf(out,
                "[appserver app%d]\nurl = %s\ncompany = EPIC06\nmax_in_flight = 8\nusername_env = "
                "KINETIC_USERNAME\npassword_env = KINETIC_PASSWORD\napi_key_env = KINETIC_API_KEY\n",
                i, url);
    for (int i = 0; i < PROBES - CHANGING; i++, line += 3)
        probe_write(out, "stays", i);
    for (int i = 0; i < CHANGING; i++, line += 3)
        probe_write(out, set == 0 ? "comes" : "goes", i);
    if (bad)
        fprintf(out, "rows_mini = 3\n");
    fclose(out);
    if (rename(next, path) != 0)
        exit(2);
    return line + 1;
}

/* ---- series ---- */

struct series {
    char *name;
    double value;
    unsigned page; /* the last that had it */
    /* Of runs_total: what belongs to its target, since it is there. */
    bool begun;
    double last_run, first_runs, first_last_run;
};

static struct series places[PLACES];
static size_t used;

static struct series *series_of(const char *name, size_t size)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)name[i]) * 1099511628211u;
    for (size_t at = hash % PLACES;; at = (at + 1) % PLACES) {
        if (places[at].name == NULL) {
            if (++used > PLACES / 4 * 3)
                exit(2);
            places[at].name = strndup(name, size);
            return &places[at];
        }
        if (strncmp(places[at].name, name, size) == 0 && places[at].name[size] == '\0')
            return &places[at];
    }
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Does its value never go down? */
static bool counts(const char *name)
{
    static const char *const endings[] = {"_total", "_bucket", "_sum", "_count"};
    size_t size = strcspn(name, "{");
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i]);
        if (size > ending && strncmp(name + size - ending, endings[i], ending) == 0)
            return true;
    }
    return false;
}

/* The last run of a target belongs to its runs: the same labels. */
static struct series *runs_of(const char *last_run, size_t size)
{
    char name[512];
    int length = snprintf(name, sizeof name, "%s%.*s", RUNS, (int)(size - strlen(LAST_RUN)),
                          last_run + strlen(LAST_RUN));
    return series_of(name, (size_t)length);
}

static void line_read(const char *line, size_t size, unsigned page)
{
    const char *blank = memrchr(line, ' ', size);
    if (blank == NULL) {
        tell("no series", line);
        return;
    }
    size_t name_size = (size_t)(blank - line);
    struct series *series = series_of(line, name_size);
    double value = strtod(blank + 1, NULL);
    if (series->page == page)
        tell("twice on a page", series->name);
    if (series->page + 1 != page)
        series->begun = false; /* it is another one */
    else if (value < series->value && counts(series->name))
        tell("a counter went back", series->name);
    series->page = page;
    series->value = value;
    if (begins(line, LAST_RUN))
        runs_of(line, name_size)->last_run = value;
}

static void page_read(const char *body, unsigned page)
{
    while (*body != '\0') {
        size_t size = strcspn(body, "\n");
        if (size > 0 && *body != '#')
            line_read(body, size, page);
        body += size + (body[size] == '\n');
    }
}

static double value_of(const char *name)
{
    return series_of(name, strlen(name))->value;
}

/* ---- runs ---- */

struct sums {
    double runs, due, missing, skipped;
    unsigned targets;
};

/* Holds each target's runs since it is there against what was due. */
static struct sums runs_check(unsigned page, double interval, double now)
{
    struct sums sums = {0};
    for (size_t i = 0; i < PLACES; i++) {
        struct series *series = &places[i];
        if (series->name == NULL || series->page != page)
            continue;
        if (begins(series->name, SKIPPED))
            sums.skipped += series->value;
        if (!begins(series->name, RUNS))
            continue;
        if (!series->begun && series->value >= 1 && series->last_run > 0) {
            series->begun = true;
            series->first_runs = series->value;
            series->first_last_run = series->last_run;
        }
        if (!series->begun)
            continue;
        double runs = series->value - series->first_runs,
               due = round((series->last_run - series->first_last_run) / interval);
        sums.targets++;
        sums.runs += runs;
        sums.due += due;
        sums.missing += fabs(due - runs);
        if (now - series->last_run > 3 * interval + 5)
            tell("it does not run any more", series->name);
    }
    return sums;
}

/* ---- the load ---- */

struct load {
    const char *path, *url, *interval_text;
    double interval;
    int port, reloads, period_ms;
    int good, bad;
    double longest, total; /* of a reload, seconds */
    unsigned page;
    struct sums sums; /* of the last page */
    double first_skipped;
};

static void look(struct load *load)
{
    struct plain_answer answer = plain_ask(load->port, "GET", "/metrics");
    if (answer.status != 200)
        tell("a scrape failed", answer.whole);
    page_read(answer.body, ++load->page);
    free(answer.whole);
    load->sums = runs_check(load->page, load->interval, clock_at(CLOCK_REALTIME));
    if (load->page == 1)
        load->first_skipped = load->sums.skipped;
    double skipped = load->sums.skipped - load->first_skipped;
    if (load->sums.missing > skipped) {
        char text[128];
        snprintf(text, sizeof text, "%.0f runs of %.0f due, and %.0f told as skipped", load->sums.missing,
                 load->sums.due, skipped);
        tell("lost", text);
    }
    if (value_of(TARGETS) != APPSERVERS * PROBES)
        tell("there are other targets than configured", TARGETS);
}

static struct plain_answer reload(struct load *load)
{
    double before = clock_at(CLOCK_MONOTONIC);
    struct plain_answer answer = plain_ask(load->port, "POST", "/-/reload");
    double took = clock_at(CLOCK_MONOTONIC) - before;
    load->total += took;
    load->longest = took > load->longest ? took : load->longest;
    return answer;
}

static void reload_good(struct load *load, int set)
{
    configuration_write(load->path, load->url, load->interval_text, set, false);
    struct plain_answer answer = reload(load);
    if (answer.status != 200)
        tell("a good file", answer.whole);
    free(answer.whole);
    load->good++;
    look(load);
    if (value_of(SUCCESSFUL) != 1)
        tell("not told as successful", SUCCESSFUL);
}

static void reload_bad(struct load *load, int set)
{
    char fault[600];
    struct plain_answer before = plain_ask(load->port, "GET", "/config");
    int line = configuration_write(load->path, load->url, load->interval_text, set, true);
    struct plain_answer answer = reload(load);
    if (answer.status != 500)
        tell("a bad file", answer.whole);
    const int lines[] = {2, line};
    for (size_t i = 0; i < 2; i++) {
        snprintf(fault, sizeof fault, "%s:%d: ", load->path, lines[i]);
        if (strstr(answer.body, fault) == NULL)
            tell("a fault is not named", answer.whole);
    }
    free(answer.whole);
    struct plain_answer after = plain_ask(load->port, "GET", "/config");
    if (before.status != 200 || strcmp(before.body, after.body) != 0)
        tell("a bad file changed something", after.whole);
    free(before.whole);
    free(after.whole);
    load->bad++;
    look(load);
    if (value_of(SUCCESSFUL) != 0)
        tell("not told as failed", SUCCESSFUL);
}

static void wait_until(double time)
{
    double left = time - clock_at(CLOCK_MONOTONIC);
    if (left > 0)
        usleep((useconds_t)(left * 1e6));
}

/* Good files by their sets: the first of each pair changes targets, the second does not. */
static int run(struct load *load)
{
    double start = clock_at(CLOCK_MONOTONIC);
    look(load);
    for (int i = 0; i < load->reloads; i++) {
        wait_until(start + i * load->period_ms / 1000.0);
        if (i % 2 == 0)
            reload_bad(load, (i / 4 + 1) % 2);
        else
            reload_good(load, (i / 4 + 1) % 2);
    }
    double took = clock_at(CLOCK_MONOTONIC) - start;
    /* Whoever came last has to run, too. */
    wait_until(clock_at(CLOCK_MONOTONIC) + 2 * load->interval);
    look(load);
    printf("reloads                      %6d in %.1f s: %d good, %d bad\n", load->reloads, took, load->good,
           load->bad);
    printf("a reload took                %6.0f ms on average, %.0f ms at most\n",
           load->total / load->reloads * 1000, load->longest * 1000);
    printf("pages held against the last  %6u, series %zu in all\n", load->page, used);
    printf("targets running at the end   %6u\n", load->sums.targets);
    printf("runs due of these            %6.0f\n", load->sums.due);
    printf("runs counted of these        %6.0f\n", load->sums.runs);
    printf("runs told as skipped         %6.0f\n", load->sums.skipped - load->first_skipped);
    printf("found wrong                  %6u\n", wrong);
    if (load->sums.targets != APPSERVERS * PROBES)
        tell("not all run", "targets");
    if (load->sums.runs < APPSERVERS * (PROBES - CHANGING))
        tell("hardly any runs", "the load was none");
    return wrong == 0 ? 0 : 1;
}

int main(int count, char **arguments)
{
    if (count >= 5 && strcmp(arguments[1], "write") == 0) {
        configuration_write(arguments[2], arguments[3], arguments[4], 0, false);
        return 0;
    }
    if (count != 8)
        return 2;
    struct load load = {.path = arguments[2],
                        .url = arguments[3],
                        .interval_text = arguments[4],
                        .interval = strtod(arguments[4], NULL),
                        .port = (int)strtol(arguments[5], NULL, 10),
                        .reloads = (int)strtol(arguments[6], NULL, 10),
                        .period_ms = (int)strtol(arguments[7], NULL, 10)};
    return run(&load);
}
