/* Seats and sessions against a server that keeps the seat of an aborted call until the call's own end: never more of them
   are ours than max_in_flight, and none is left behind. */
#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "integration/cutter.h"
#include "integration/rig.h"
#include "simulator/simulator.h"

#define SERIES(x) x "{appserver=\"live\"}"
#define OF(probe) "{appserver=\"live\",company=\"EPIC06\",probe=\"" probe "\"}"
#define SKIPPED   "epicor_exporter_runs_skipped_total{appserver=\"live\",cause=\"gate\"}"
#define WAIT_MS   60000
#define SHARED    "session = shared\n"
#define TROUBLED  "zTroubled"

struct site {
    struct simulator *server;
    struct cutter *wire;
    struct rig rig;
};

static struct site site_start(const char *appserver)
{
    struct site site = {
        .server = simulator_start(&(struct simulator_options){.behaviour.row_cap = SIMULATOR_UNLIMITED})};
    site.wire = cutter_start(simulator_port(site.server));
    simulator_set_baq(site.server, TROUBLED, NULL, 3);
    struct buffer text;
    buffer_init(&text, 1 << 16);
    buffer_format(&text,
                  "[exporter]\ninterval = 200ms\ntimeout = 20s\nshutdown_grace = 500ms\n[appserver live]\n"
                  "url = http://127.0.0.1:%u/KineticLive\ncompany = EPIC06\nusername = epicor-monitor\n"
                  "password = demo-password\napi_key = demo-api-key\nbackoff = 20ms..200ms\n%s",
                  cutter_port(site.wire), appserver);
    site.rig = rig_start(buffer_as_text(&text));
    buffer_free(&text);
    return site;
}

/* Whatever happened: after the end of the agent no session of ours is open. */
static void site_end(struct site *site)
{
    rig_end(&site->rig);
    assert_true(simulator_wait_sessions(site->server, 0, WAIT_MS));
    cutter_stop(site->wire);
    simulator_stop(site->server);
}

/* ---- seats ---- */

enum trouble {
    TIMES_OUT,
    LOSES_ITS_CONNECTION,
    IS_TOO_LARGE,
};

static const char *const names[] = {
    [TIMES_OUT] = "timeout", [LOSES_ITS_CONNECTION] = "connection_lost", [IS_TOO_LARGE] = "too_large"};

static struct site seats_site(enum trouble trouble, bool shared, unsigned places)
{
    struct buffer text;
    buffer_init(&text, 1 << 16);
    buffer_format(&text, "max_in_flight = %u\n%s[probe calm]\nkind = baq\nbaq = zExporterOpenOrders\n",
                  places, shared ? SHARED : "");
    for (unsigned i = 0; i < places; i++)
        buffer_format(&text, "[probe t%u]\nkind = baq\nbaq = " TROUBLED "\n%s", i,
                      trouble == TIMES_OUT      ? "timeout = 300ms\n"
                      : trouble == IS_TOO_LARGE ? "max_response = 64KiB\n"
                                                : "");
    struct site site = site_start(buffer_as_text(&text));
    buffer_free(&text);
    return site;
}

/* So many calls have been at work for longer than a connection that had died before would take to say so. */
static void cut_amid(struct site *site, unsigned fault, unsigned calls)
{
    while (simulator_fault_hits(site->server, fault) < calls)
        rig_pause();
    for (int64_t end_ns = clock_now().boot_ns + 1500 * MILLISECOND_NS; clock_now().boot_ns < end_ns;)
        rig_pause();
    cutter_cut(site->wire);
}

/* Every place of ours is at a call that the agent gives up, while the server works on. */
static void trouble_begins(struct site *site, enum trouble trouble, unsigned places)
{
    rig_await(&site->rig, "epicor_probe_success" OF("calm"), 1);
    rig_await(&site->rig, "epicor_probe_success" OF("t0"), 1);
    struct simulator_fault fault = {.path = TROUBLED, .hold = true};
    if (trouble == IS_TOO_LARGE) {
        simulator_set_rows(site->server, TROUBLED, 200000);
        fault = (struct simulator_fault){.path = TROUBLED, .body_delay_ms = 4000};
    }
    unsigned number = simulator_add_fault(site->server, &fault);
    if (trouble != LOSES_ITS_CONNECTION)
        return;
    cut_amid(site, number, places);
}

/* Runs of the calm probe that found no place, or were told that the server fails. */
static double turned_away(const struct site *site)
{
    char *page = rig_page(&site->rig);
    double count = page_value(page, SKIPPED) + page_value(page, "epicor_probe_failures_total" OF("calm"));
    free(page);
    return count;
}

static void hold_seats(enum trouble trouble, bool shared, unsigned places)
{
    struct site site = seats_site(trouble, shared, places);
    trouble_begins(&site, trouble, places);
    char *failed = memory_format("epicor_failures_total{appserver=\"live\",reason=\"%s\"}", names[trouble]);
    rig_await_at_least(&site.rig, failed, places);
    free(failed);
    /* The others find no place. */
    for (double before = turned_away(&site); turned_away(&site) < before + 3;)
        rig_pause();
    assert_true(rig_metric(&site.rig, SERIES("epicor_requests_in_flight")) == places);
    uint32_t peak = simulator_seats_peak(site.server, NULL);
    if (shared ? peak != 1 : peak != places)
        fail_msg("%s, session %d, max_in_flight %u: %u seats", names[trouble], shared, places, peak);
    simulator_clear_faults(site.server);
    site_end(&site);
}

static void hold_all_seats(enum trouble trouble)
{
    hold_seats(trouble, false, 1);
    hold_seats(trouble, false, 3);
    hold_seats(trouble, true, 1);
    hold_seats(trouble, true, 3);
}

static void calls_that_time_out_keep_their_places(void **state)
{
    (void)state;
    hold_all_seats(TIMES_OUT);
}

static void calls_whose_connection_crashes_keep_their_places(void **state)
{
    (void)state;
    hold_all_seats(LOSES_ITS_CONNECTION);
}

static void big_answers_given_up_keep_their_places(void **state)
{
    (void)state;
    hold_all_seats(IS_TOO_LARGE);
}

/* ---- sessions ---- */

#define PROBE(name) "[probe " name "]\nkind = baq\nbaq = zExporterOpenOrders\n"

static void await_runs(const struct site *site, double more)
{
    double runs = rig_metric(&site->rig, "epicor_probe_runs_total" OF("a"));
    rig_await_at_least(&site->rig, "epicor_probe_runs_total" OF("a"), runs + more);
}

static void an_expired_session_is_one_login(void **state)
{
    (void)state;
    struct site site = site_start(SHARED "max_in_flight = 2\n" PROBE("a") PROBE("b"));
    rig_await(&site.rig, "epicor_probe_success" OF("b"), 1);
    for (uint64_t logins = 2; logins <= 4; logins++) {
        await_runs(&site, 3);
        simulator_expire_sessions(site.server);
        assert_true(simulator_wait_requests(site.server, "SessionModSvc/Login", logins, WAIT_MS));
        await_runs(&site, 3);
        assert_int_equal(simulator_requests(site.server, "SessionModSvc/Login"), logins);
    }
    assert_true(rig_metric(&site.rig, "epicor_probe_failures_total" OF("a")) == 0);
    assert_true(rig_metric(&site.rig, "epicor_probe_failures_total" OF("b")) == 0);
    assert_int_equal(simulator_counts(site.server).sessions_peak, 1);
    rig_await(&site.rig, SERIES("epicor_sessions_open"), 1);
    site_end(&site);
}

/* The connection of a probe crashes, and those that the Logout would have gone over too. */
static void crashed_connections_leave_no_session(void **state)
{
    (void)state;
    struct site site = site_start(
        SHARED "max_in_flight = 4\n" PROBE("a") "[probe held]\nkind = baq\nbaq = " TROUBLED "\n");
    rig_await(&site.rig, "epicor_probe_success" OF("held"), 1);
    unsigned hold = simulator_add_fault(site.server,
                                        &(struct simulator_fault){.path = TROUBLED, .hold = true});
    cut_amid(&site, hold, 1);
    rig_await(&site.rig,
              "epicor_probe_failure_reason{appserver=\"live\",company=\"EPIC06\",probe=\"held\",reason="
              "\"connection_"
              "lost\"}",
              1);
    simulator_clear_fault(site.server, hold);
    await_runs(&site, 3);
    assert_int_equal(simulator_sessions_open(site.server), 1);
    cutter_cut(site.wire);
    site_end(&site);
}

/* The Logout's own connection crashes when the server has it, before and after it did its work. */
static void a_logout_whose_connection_crashes_is_sent_again(void **state)
{
    (void)state;
    struct site site = site_start(SHARED PROBE("a"));
    rig_await(&site.rig, "epicor_probe_success" OF("a"), 1);
    unsigned hold = simulator_add_fault(
        site.server, &(struct simulator_fault){.path = "Logout", .hold = true, .count = 1, .status = 503});
    agent_thread_stop(site.rig.agent);
    while (simulator_fault_hits(site.server, hold) == 0)
        rig_pause();
    cutter_cut(site.wire);
    assert_true(simulator_wait_requests(site.server, "SessionModSvc/Logout", 2, WAIT_MS));
    rig_join(&site.rig);
    assert_true(simulator_wait_sessions(site.server, 0, WAIT_MS));
    simulator_clear_faults(site.server);
    cutter_stop(site.wire);
    simulator_stop(site.server);
}

/* ---- secrets ---- */

static void an_id_is_told_nowhere(void **state)
{
    (void)state;
    struct site site = site_start(SHARED PROBE("a"));
    rig_await(&site.rig, "epicor_probe_success" OF("a"), 1);
    struct simulator_request *request = simulator_request(site.server, "BaqSvc", SIMULATOR_LAST);
    char *info = memory_copy_text(simulator_request_header(request, "SessionInfo"));
    char *id = strchr(strchr(info, ':'), '"') + 1;
    id[strcspn(id, "\"")] = '\0';
    assert_int_equal(strlen(id), 36);
    char *words = memory_format("Session %s is Bad.", id);
    const struct simulator_fault echoes[] = {
        {.path = "BaqSvc", .status = 500, .message = words},
        {.path = "BaqSvc", .status = 410, .message = words},
        {.path = "Log", .status = 500, .message = words},
    };
    for (size_t i = 0; i < sizeof echoes / sizeof echoes[0]; i++) {
        unsigned fault = simulator_add_fault(site.server, &echoes[i]);
        if (i == 2)
            simulator_expire_sessions(site.server);
        rig_await(&site.rig, "epicor_probe_success" OF("a"), 0);
        char *texts[] = {rig_page(&site.rig), rig_status_page(&site.rig), rig_log()};
        assert_non_null(strstr(texts[1], "Bad"));
        for (size_t t = 0; t < 3; t++) {
            const char *told = strcasestr(texts[t], id);
            if (told)
                fail_msg("text %zu of echo %zu: %.80s", t, i, told - 40);
            free(texts[t]);
        }
        simulator_clear_fault(site.server, fault);
        rig_await(&site.rig, "epicor_probe_success" OF("a"), 1);
    }
    simulator_request_free(request);
    free(words);
    free(info);
    site_end(&site);
}

ALL_TESTS(cmocka_unit_test(calls_that_time_out_keep_their_places),
          cmocka_unit_test(calls_whose_connection_crashes_keep_their_places),
          cmocka_unit_test(big_answers_given_up_keep_their_places),
          cmocka_unit_test(an_expired_session_is_one_login),
          cmocka_unit_test(crashed_connections_leave_no_session),
          cmocka_unit_test(a_logout_whose_connection_crashes_is_sent_again),
          cmocka_unit_test(an_id_is_told_nowhere));
