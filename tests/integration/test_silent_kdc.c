/* A key distribution center that accepts connections and never answers holds up its own app server and nobody else: one app
   server of auth = negotiate beside five of other ways, and the same five without it, side by side. */
#include "main.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "integration/kdc.h"
#include "integration/punctuality.h"
#include "simulator/simulator.h"

#define LENGTH_S (SANITIZED ? 12 : 20)
#define EACH     20 /* targets of an app server */

/* ---- the app servers ---- */

static const struct {
    const char *name, *lines;
    const char *key, *file; /* a secret in a file of the folder, or NULL */
} others[] = {
    {"token", "username = epicor-monitor\npassword = demo-password\n", NULL, NULL},
    {"token-file", "username = epicor-monitor\n", "password_file", "password"},
    {"basic", "auth = basic\nusername = epicor-monitor\npassword = demo-password\n", NULL, NULL},
    {"basic-file", "auth = basic\nusername = epicor-monitor\n", "password_file", "password"},
    {"oauth2", "auth = oauth2\noauth2_client_id = demo-client\n", "oauth2_client_secret_file", "secret"},
};
#define OTHERS  (sizeof others / sizeof others[0])
#define TARGETS (OTHERS * EACH)

static struct kdc kdc;
static size_t threads_before;

static size_t threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    size_t count = 0;

    assert_non_null(tasks);
    for (struct dirent *task; (task = readdir(tasks));)
        count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static void *nothing(void *context)
{
    return context;
}

static int begin(void **state)
{
    pthread_t first;

    (void)state;
    /* A sanitizer's own thread begins with the first one. */
    assert_int_equal(pthread_create(&first, NULL, nothing, NULL), 0);
    pthread_join(first, NULL);
    threads_before = threads();
    kdc_make(&kdc, "addprinc -randkey epicor-monitor\naddprinc -randkey HTTP/127.0.0.1\n"
                   "ktadd -k client.keytab epicor-monitor\n");
    kdc_write(&kdc, "password", "demo-password\n", 14);
    kdc_write(&kdc, "secret", "demo-client-secret\n", 19);
    kdc_silence(&kdc);
    return 0;
}

static int end(void **state)
{
    (void)state;
    kdc_remove(&kdc);
    return 0;
}

struct site {
    struct simulator *server;
    struct rig rig;
    int64_t schedule_start_ns;
};

static void add_probes(struct buffer *text, const char *appserver, size_t from)
{
    for (size_t i = from; i < from + EACH; i++)
        buffer_format(text, "[probe t%zu]\nkind = baq\nbaq = zTarget\nparam.Target = %zu\nappserver = %s\n",
                      i, i, appserver);
}

static struct site site_start(bool with_silent)
{
    struct simulator_options options = {.behaviour = {.token_lifetime = 5},
                                        .oauth = {.on = true, .own_port = true}};
    struct site site = {.server = simulator_start(&options)};
    struct buffer text;

    simulator_set_rows(site.server, "zTarget", 3);
    buffer_init(&text, 1 << 20);
    buffer_text(&text, "[exporter]\ninterval = 2s\nshutdown_grace = 30s\n");
    for (size_t i = 0; i < OTHERS; i++) {
        buffer_format(&text, "[appserver %s]\nurl = %s\ncompany = EPIC06\napi_key = demo-api-key\n%s",
                      others[i].name, simulator_url(site.server), others[i].lines);
        if (others[i].key)
            buffer_format(&text, "%s = %s/%s\n", others[i].key, kdc.folder, others[i].file);
    }
    /* Of the last of them. */
    buffer_format(&text, "oauth2_token_url = %s\n", simulator_token_url(site.server));
    if (with_silent)
        buffer_format(&text,
                      "[appserver silent]\nurl = %s/silent\ncompany = EPIC06\napi_key = demo-api-key\nauth = "
                      "negotiate\n"
                      "kerberos_keytab_file = %s/client.keytab\n",
                      simulator_url(site.server), kdc.folder);
    for (size_t i = 0; i < OTHERS; i++)
        add_probes(&text, others[i].name, i * EACH);
    if (with_silent)
        add_probes(&text, "silent", TARGETS);
    site.rig = rig_start(buffer_as_text(&text));
    buffer_free(&text);
    site.schedule_start_ns = punctuality_start_ns(&site.rig);
    return site;
}

/* ---- what came ---- */

struct figures {
    double runs, failed, skipped; /* of the others */
    double lateness, late;        /* seconds in all; runs later than 50 ms */
    double begun;
    uint64_t logins; /* token requests, each with its secrets read anew */
    struct waits waits;
};

static double of_others(const char *page, const char *family)
{
    double sum = 0;

    for (size_t i = 0; i < OTHERS; i++) {
        char *prefix = memory_format("%s{appserver=\"%s\"", family, others[i].name);
        sum += page_sum(page, prefix);
        free(prefix);
    }
    return sum;
}

static struct figures site_figures(const struct site *site)
{
    char *page = rig_page(&site->rig);
    struct simulator_counts counts = simulator_counts(site->server);
    struct figures figures = {
        .runs = of_others(page, "epicor_probe_runs_total"),
        .failed = of_others(page, "epicor_probe_failures_total"),
        .skipped = of_others(page, "epicor_exporter_runs_skipped_total"),
        .begun = page_value(page, "epicor_exporter_run_lateness_seconds_count"),
        .lateness = page_value(page, "epicor_exporter_run_lateness_seconds_sum"),
        .late = page_value(page, "epicor_exporter_run_lateness_seconds_count") -
                page_value(page, "epicor_exporter_run_lateness_seconds_bucket{le=\"0.05\"}"),
        .logins = counts.token_requests + counts.oauth_requests,
    };
    struct calls calls = punctuality_calls(&site->rig, site->schedule_start_ns, site->server, "zTarget");

    figures.waits = punctuality_waits(&calls);
    free(calls.items);
    free(page);
    return figures;
}

static void print_figures(const char *name, const struct figures *figures)
{
    printf("  %-8s %4.0f runs of the others, %.0f failed, %.0f skipped; lateness of all %.0f: mean %.2f ms, "
           "%.0f "
           "above 50; due until at the server in ms: half %.1f, 99 %% %.1f, most %.1f, %zu above %.0f; %llu "
           "logins\n",
           name, figures->runs, figures->failed, figures->skipped, figures->begun,
           1e3 * figures->lateness / figures->begun, figures->late, 1e3 * figures->waits.half,
           1e3 * figures->waits.most_of_all, 1e3 * figures->waits.most, figures->waits.held,
           1e3 * PUNCTUALITY_NOTICED, (unsigned long long)figures->logins);
}

/* ---- the tests ---- */

static void check_silent(const struct rig *rig)
{
    char *page = rig_page(rig);
    double failed = page_sum(page, "epicor_probe_failures_total{appserver=\"silent\"");
    double told = page_value(page,
                             "epicor_failures_total{appserver=\"silent\",reason=\"identity_provider\"}");

    printf("  the silent one: %.0f runs failed, by identity_provider %.0f; %.0f skipped\n", failed, told,
           page_sum(page, "epicor_exporter_runs_skipped_total{appserver=\"silent\""));
    assert_true(failed == told);

    assert_true(page_sum(page, "epicor_probe_success{appserver=\"silent\"") == 0);
    assert_true(page_value(page, "epicor_requests_waiting{appserver=\"silent\"}") > 0);
    free(page);
}

/* Returns what agent_thread_join does, in place of taking it for granted; then nothing of the agent is left. */
static bool site_end(struct site *site)
{
    agent_thread_stop(site->rig.agent);
    bool none_left = agent_thread_join(site->rig.agent);
    simulator_stop(site->server);
    kdc_speak(&kdc);
    for (int64_t end_ns = punctuality_now_ns() + RIG_PATIENCE_NS; threads() > threads_before; rig_pause())
        if (punctuality_now_ns() > end_ns)
            fail_msg("%zu threads are left, not %zu", threads(), threads_before);
    rig_free(&site->rig);
    return none_left;
}

static void a_silent_center_holds_up_no_other_app_server(void **state)
{
    struct site without = site_start(false), with = site_start(true);

    (void)state;
    poll(NULL, 0, LENGTH_S * 1000);
    struct figures alone = site_figures(&without), beside = site_figures(&with);
    printf("%zu targets of %zu app servers, every 2 s, %d s, and %d of the silent one:\n", TARGETS, OTHERS,
           LENGTH_S, EACH);
    print_figures("without", &alone);
    print_figures("with", &beside);
    check_silent(&with.rig);
    assert_true(alone.failed == 0 && beside.failed == 0);
    assert_true(alone.skipped == 0 && beside.skipped == 0);
    assert_true(beside.runs >= (double)TARGETS * (LENGTH_S / 2 - 2));
    assert_true(beside.runs >= alone.runs - (double)TARGETS);
    /* The silent one's runs are begun in time too. */
    assert_true(beside.begun >= alone.begun);
    /* Each token of 5 s is followed by the next, whose secrets are read on the worker. */
    assert_in_range(beside.logins, alone.logins - 3, alone.logins + 3);
    assert_true(beside.logins >= 3 * (LENGTH_S / 5));
    assert_true(beside.waits.held <= beside.waits.count / 100 + 2 * alone.waits.held);
    rig_end(&without.rig);
    simulator_stop(without.server);
    site_end(&with);
}

/* It ends although the worker hangs, and says so. */
static void the_end_does_not_wait_for_a_silent_center(void **state)
{
    struct site site = site_start(true);

    (void)state;
    rig_await_at_least(&site.rig, "epicor_requests_waiting{appserver=\"silent\"}", 1);
    /* The ticket is asked for once the secrets were read; others' runs pass meanwhile. */
    assert_true(
        simulator_wait_requests(site.server, "zTarget", TARGETS / 2, RIG_PATIENCE_NS / MILLISECOND_NS));
    int64_t before_ns = punctuality_now_ns();
    bool none_left = site_end(&site);
    printf("ended after %.2f s, of shutdown_grace = 30s\n", clock_seconds(punctuality_now_ns() - before_ns));
    assert_false(none_left);
}

ALL_TESTS(cmocka_unit_test_setup_teardown(a_silent_center_holds_up_no_other_app_server, begin, end),
          cmocka_unit_test_setup_teardown(the_end_does_not_wait_for_a_silent_center, begin, end));
