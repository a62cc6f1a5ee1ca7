/* Renewal ahead of time, over real sockets and a real minute: tokens that live 10 s, 200 targets a server, several ways side by
   side. What is looked at is when each call reached its server, held against when its run was due by the schedule: whatever held
   a run up, a token included, is in that. Beside them goes the same with a token of an hour: what it waits is the machine's. */
#include "main.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "integration/punctuality.h"
#include "simulator/simulator.h"

/* The minute once, in the ordinary build; under a sanitizer two renewals. */
#define LENGTH_S (SANITIZED ? 21 : 60)
#define TARGETS  200
#define SHARE    0.8 /* of its life after which a token is renewed, as the contract has it */
/* Who waits for a token that is 1.5 s on its way is held up in two cases of three; the machine does that to few. */
#define FEW(runs) ((runs) / (SANITIZED ? 20 : 100))

/* ---- the variants ---- */

struct variant {
    const char *name;
    bool oauth2;
    uint32_t lifetimes[3]; /* seconds, granted in each third of the time */
    /* Milliseconds of each token: until it is made, and until it is there from then on. A JWT says whole seconds, so
       one of 10 s may have 9 when it is new. */
    uint32_t made_in, comes_in;
};

static const struct variant variants[] = {
    {"token of an hour", false, {3600, 3600, 3600}, 0, 0}, /* what the others are held against */
    {"token", false, {10, 10, 10}, 0, 0},
    {"token, made late", false, {10, 10, 10}, 1500, 0},
    {"token, comes late", false, {20, 20, 20}, 0, 2300},
    {"oauth2", true, {10, 10, 10}, 0, 0},
    {"oauth2, made late", true, {10, 10, 10}, 1500, 0},
    {"oauth2, comes late", true, {20, 20, 20}, 0, 2300},
    {"changing lifetime", false, {12, 8, 16}, 0, 0},
};
#define VARIANTS (sizeof variants / sizeof variants[0])

struct site {
    const struct variant *variant;
    struct simulator *server;
    struct rig rig;
    int64_t schedule_start_ns;
    int64_t changed_ns[3]; /* when each of the lifetimes began, CLOCK_MONOTONIC */
};

/* Seconds from the request to the answer. */
static double slowness(const struct variant *variant)
{
    return (variant->made_in + variant->comes_in) / 1e3;
}

static const char *token_path(const struct site *site)
{
    return site->variant->oauth2 ? "/connect/token" : "TokenResource";
}

static char *configuration(const struct site *site)
{
    struct buffer text;

    buffer_init(&text, 1 << 20);
    buffer_format(&text,
                  "[exporter]\ninterval = 5s\ntimeout = 5s\n[appserver live]\nurl = %s\ncompany = EPIC06\n"
                  "api_key = demo-api-key\nmax_in_flight = 8\n",
                  simulator_url(site->server));
    if (site->variant->oauth2)
        buffer_format(&text,
                      "auth = oauth2\noauth2_token_url = %s\noauth2_client_id = demo-client\n"
                      "oauth2_client_secret = demo-client-secret\n",
                      simulator_token_url(site->server));
    else
        buffer_text(&text, "username = epicor-monitor\npassword = demo-password\n");
    for (int i = 0; i < TARGETS; i++)
        buffer_format(&text, "[probe t%d]\nkind = baq\nbaq = zTarget\nparam.Target = %d\n", i, i);
    return buffer_take(&text);
}

static void grant(struct site *site, size_t third)
{
    struct simulator_behaviour behaviour = simulator_behaviour(site->server);

    behaviour.token_lifetime = site->variant->lifetimes[third];
    simulator_set_behaviour(site->server, &behaviour);
    site->changed_ns[third] = punctuality_now_ns();
}

static struct site site_start(const struct variant *variant)
{
    struct simulator_options options = {.oauth = {.on = variant->oauth2, .own_port = true}};
    struct site site = {.variant = variant, .server = simulator_start(&options)};
    struct simulator_fault slow = {
        .path = token_path(&site), .queue_ms = variant->made_in, .delay_ms = variant->comes_in};

    simulator_set_rows(site.server, "zTarget", 3);
    grant(&site, 0);
    if (slowness(variant) > 0)
        simulator_add_fault(site.server, &slow);
    char *text = configuration(&site);
    site.rig = rig_start(text);
    free(text);
    site.schedule_start_ns = punctuality_start_ns(&site.rig);
    return site;
}

/* ---- what came ---- */

struct figures {
    double runs, failed, skipped, reauthentications;
    uint64_t refused, tokens_refused;
    struct waits waits;
    size_t amid;      /* calls due while a token was on its way */
    double amid_most; /* the longest wait of those */
    double *asked;    /* each token request, seconds after the first */
    size_t asked_count;
    double elapsed; /* seconds since the first token request */
};

static void look_at_token_requests(const struct site *site, struct figures *figures)
{
    size_t count = (size_t)simulator_requests(site->server, token_path(site));
    int64_t first_ns = 0;

    assert_true(count > 0);
    figures->asked = memory_new(count, sizeof(double));
    figures->asked_count = count;
    for (size_t i = 0; i < count; i++) {
        struct simulator_request *request = simulator_request(site->server, token_path(site), i);
        assert_non_null(request);
        first_ns = i == 0 ? request->arrived_ns : first_ns;
        figures->asked[i] = clock_seconds(request->arrived_ns - first_ns);
        simulator_request_free(request);
    }
    figures->elapsed = clock_seconds(punctuality_now_ns() - first_ns);
}

/* Is a token on its way at that time? */
static bool is_amid(const struct site *site, const struct figures *figures, double due)
{
    for (size_t i = 1; i < figures->asked_count; i++)
        if (due >= figures->asked[i] && due < figures->asked[i] + slowness(site->variant))
            return true;
    return false;
}

/* Of those that were due once there was a token. */
static void look_at_calls(const struct site *site, struct figures *figures)
{
    struct simulator_request *first = simulator_request(site->server, token_path(site), 0);
    struct calls calls = punctuality_calls(&site->rig, site->schedule_start_ns, site->server, "zTarget");
    size_t kept = 0;

    for (size_t i = 0; i < calls.count; i++) {
        double waited = clock_seconds(calls.items[i].waited_ns);
        double due = clock_seconds(calls.items[i].due_ns - first->arrived_ns);
        if (due < slowness(site->variant))
            continue;
        calls.items[kept++] = calls.items[i];
        if (is_amid(site, figures, due)) {
            figures->amid++;
            figures->amid_most = waited > figures->amid_most ? waited : figures->amid_most;
        }
    }
    calls.count = kept;
    figures->waits = punctuality_waits(&calls);
    free(calls.items);
    simulator_request_free(first);
}

static struct figures site_figures(const struct site *site)
{
    struct figures figures = {0};
    char *page = rig_page(&site->rig);
    struct simulator_counts counts = simulator_counts(site->server);

    figures.runs = page_sum(page, "epicor_probe_runs_total{");
    figures.failed = page_sum(page, "epicor_probe_failures_total{");
    figures.skipped = page_sum(page, "epicor_exporter_runs_skipped_total{");
    figures.reauthentications = page_value(page, "epicor_reauthentications_total{appserver=\"live\"}");
    free(page);
    for (size_t way = 0; way < SIMULATOR_WAYS; way++)
        figures.refused += counts.refusals[way];
    figures.tokens_refused = counts.token_refusals + counts.oauth_refusals;
    look_at_token_requests(site, &figures);
    return figures;
}

/* ---- what has to hold ---- */

/* Seconds a token lives that was asked for at this time. */
static double lifetime_at(const struct site *site, double asked, int64_t first_ns)
{
    size_t third = 0;

    while (third < 2 && first_ns + (int64_t)(asked * 1e9) >= site->changed_ns[third + 1])
        third++;
    return site->variant->lifetimes[third];
}

static void print_figures(const struct site *site, const struct figures *figures)
{
    double expected = figures->elapsed / (SHARE * site->variant->lifetimes[0]);
    bool changes = site->variant->lifetimes[0] != site->variant->lifetimes[2];

    printf("  %-18s %5.0f runs, %.0f failed, %.0f skipped, %llu refused; wait in ms: half %.1f, 99 %% %.1f, "
           "most %.1f, %zu above %.0f",
           site->variant->name, figures->runs, figures->failed, figures->skipped,
           (unsigned long long)figures->refused, 1e3 * figures->waits.half, 1e3 * figures->waits.most_of_all,
           1e3 * figures->waits.most, figures->waits.held, 1e3 * PUNCTUALITY_NOTICED);
    if (figures->amid > 0)
        printf(", of %zu due amid a renewal %.1f", figures->amid, 1e3 * figures->amid_most);
    printf("; %zu token requests in %.1f s", figures->asked_count, figures->elapsed);
    if (changes) {
        printf(", after s:");
        for (size_t i = 1; i < figures->asked_count; i++)
            printf(" %.1f", figures->asked[i] - figures->asked[i - 1]);
    } else if (expected > 1) {
        printf(" where elapsed / (0.8 x lifetime) is %.2f: %+.1f %%", expected,
               100 * ((double)figures->asked_count / expected - 1));
    }
    printf("\n");
}

static void check_figures(const struct site *site, const struct figures *figures,
                          const struct figures *machine)
{
    assert_true(figures->runs >= TARGETS * (LENGTH_S / 5 - 2));
    assert_true(figures->failed == 0);
    assert_true(figures->skipped == 0);
    assert_true(figures->reauthentications == 0);
    assert_int_equal(figures->refused, 0);
    assert_int_equal(figures->tokens_refused, 0);
    assert_true(slowness(site->variant) == 0 || figures->amid >= TARGETS / 8);
    if (figures->waits.held > FEW(figures->waits.count) + 2 * machine->waits.held)
        fail_msg("%s: %zu runs were held up, by the machine %zu", site->variant->name, figures->waits.held,
                 machine->waits.held);
}

static void check_token_requests(const struct site *site, const struct figures *figures)
{
    const struct variant *variant = site->variant;
    struct simulator_request *first = simulator_request(site->server, token_path(site), 0);
    double count = (double)figures->asked_count,
           expected = figures->elapsed / (SHARE * variant->lifetimes[0]);
    bool changes = variant->lifetimes[0] != variant->lifetimes[2];

    /* The next renewal follows what was granted the last time. */
    for (size_t i = 1; i < figures->asked_count; i++) {
        double gap = figures->asked[i] - figures->asked[i - 1];
        double lifetime = lifetime_at(site, figures->asked[i - 1], first->arrived_ns);
        if (gap < lifetime / 2 || gap > lifetime)
            fail_msg("%s: a token of %.0f s was followed after %.2f s", variant->name, lifetime, gap);
    }
    simulator_request_free(first);
    if (expected < 1)
        assert_int_equal(figures->asked_count, 1);
    else if (!changes && !SANITIZED && (count < 0.9 * expected || count > 1.1 * expected))
        fail_msg("%s: %.0f token requests, not %.2f", variant->name, count, expected);
}

static void tokens_of_ten_seconds_hold_up_no_run(void **state)
{
    struct site sites[VARIANTS];
    struct figures figures[VARIANTS];

    (void)state;
    for (size_t i = 0; i < VARIANTS; i++)
        sites[i] = site_start(&variants[i]);
    for (int second = 1; second <= LENGTH_S; second++) {
        poll(NULL, 0, 1000);
        for (size_t i = 0; second % (LENGTH_S / 3) == 0 && second < LENGTH_S && i < VARIANTS; i++)
            grant(&sites[i], (size_t)(second / (LENGTH_S / 3)));
    }
    for (size_t i = 0; i < VARIANTS; i++)
        figures[i] = site_figures(&sites[i]);
    for (size_t i = 0; i < VARIANTS; i++) /* takes longer */
        look_at_calls(&sites[i], &figures[i]);
    printf("%d targets each, every 5 s, %d s:\n", TARGETS, LENGTH_S);
    for (size_t i = 0; i < VARIANTS; i++)
        print_figures(&sites[i], &figures[i]);
    for (size_t i = 0; i < VARIANTS; i++) {
        check_figures(&sites[i], &figures[i], &figures[0]);
        check_token_requests(&sites[i], &figures[i]);
    }
    for (size_t i = 0; i < VARIANTS; i++) {
        rig_end(&sites[i].rig);
        simulator_stop(sites[i].server);
        free(figures[i].asked);
    }
}

ALL_TESTS(cmocka_unit_test(tokens_of_ten_seconds_hold_up_no_run));
