#include "scenario.h"

#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const struct moment now = {.boot_ns = 90000 * SECOND_NS, .wall_ns = 1767225600 * SECOND_NS};

const struct page_setting setting_usual = {.version = "1.2.3",
                                           .telemetry_path = "/metrics",
                                           .query = "",
                                           .show_messages = true,
                                           .ready = true,
                                           .heartbeat_ns = 90000 * SECOND_NS};

/* ---- runs --------------------------------------------------------------------------------------------------------- */

enum { RUNS = 60, FAILED_RUNS = 7 };

static struct board_run run_number(int number)
{
    uint32_t processing = 90000 + (uint32_t)(number * 7919 % 97) * 1500, transfer = 9000;
    bool fresh = number % 5 == 0;
    struct board_run run = {.ended_wall_ns = now.wall_ns - 12 * SECOND_NS - (RUNS - 1 - number) * MINUTE_NS,
                            .phase_us = {[BOARD_RESOLVE] = fresh ? 12000 : BOARD_NO_TIME,
                                         [BOARD_CONNECT] = fresh ? 24000 : BOARD_NO_TIME,
                                         [BOARD_TLS] = fresh ? 61000 : BOARD_NO_TIME,
                                         [BOARD_PROCESSING] = processing,
                                         [BOARD_TRANSFER] = transfer},
                            .rows = 412,
                            .status = 200,
                            .reason = REASON_NONE};
    run.duration_us = processing + transfer + (fresh ? 97000 : 0);
    return run;
}

/* The histories of the tests live until the program ends. */
static struct history *kept_histories[REASONS];
static struct failures *kept_failures[REASONS];

static void forget(void)
{
    for (int reason = 0; reason < REASONS; reason++) {
        history_unref(kept_histories[reason]);
        failures_unref(kept_failures[reason]);
    }
}

static void keep(enum reason reason, const struct board_run *run, const char *message)
{
    struct history *before = kept_histories[reason];
    kept_histories[reason] = history_add(before, run, RUNS);
    history_unref(before);
    if (reason == REASON_NONE || run->reason == REASON_NONE)
        return;
    struct failures *failed_before = kept_failures[reason];
    const char *correlation = message == NULL ? NULL : "4ae5f1b2-9b0c-4c52-a7ab-2f1d43e1b9aa";
    kept_failures[reason] = failures_add(failed_before, &(struct board_failure){*run, message, correlation});
    failures_unref(failed_before);
}

/* The runs of a target that failed so, the last seven and two before; NONE: of a good one. */
static void make_runs(enum reason reason, int status, const char *message)
{
    if (kept_histories[REASON_NONE] == NULL && reason == REASON_NONE)
        atexit(forget);
    history_unref(kept_histories[reason]);
    failures_unref(kept_failures[reason]);
    kept_histories[reason] = NULL;
    kept_failures[reason] = NULL;
    for (int i = 0; i < RUNS; i++) {
        struct board_run run = run_number(i);
        if (reason != REASON_NONE && (i >= RUNS - FAILED_RUNS || i == 20 || i == 21)) {
            run.reason = (uint8_t)reason;
            run.status = (uint16_t)status;
            run.rows = BOARD_NO_ROWS;
            if (reason == REASON_CREDENTIALS)
                run.duration_us = run.phase_us[BOARD_PROCESSING] = run.phase_us[BOARD_TRANSFER] =
                    BOARD_NO_TIME;
        }
        keep(reason, &run, message);
    }
}

/* ---- targets and app servers -------------------------------------------------------------------------------------- */

struct board_appserver server_named(const char *name)
{
    return (struct board_appserver){.name = name,
                                    .url = "https://erp.example.com/KineticLive",
                                    .known = true,
                                    .has_token = true,
                                    .token_expiry_boot_ns = now.boot_ns + 42 * MINUTE_NS,
                                    .certificate_expiry_epoch = now.wall_ns / SECOND_NS + 80 * 86400,
                                    .sessions_open = -1};
}

struct board_target target_named(const char *server, const char *probe)
{
    if (kept_histories[REASON_NONE] == NULL)
        make_runs(REASON_NONE, 200, NULL);
    return (struct board_target){.appserver = server,
                                 .company = "EPIC06",
                                 .probe = probe,
                                 .kind = "baq",
                                 .ran = true,
                                 .status = 200,
                                 .last_run_wall_ns = now.wall_ns - 12 * SECOND_NS,
                                 .last_success_wall_ns = now.wall_ns - 12 * SECOND_NS,
                                 .duration_ns = 182 * MILLISECOND_NS,
                                 .next_run_boot_ns = now.boot_ns + 48 * SECOND_NS,
                                 .interval_ns = MINUTE_NS,
                                 .has_rows = true,
                                 .rows = 412,
                                 .history = kept_histories[REASON_NONE]};
}

struct board_target target_failed(const char *server, const char *probe, enum reason reason, int status,
                                  const char *message)
{
    struct board_target target = target_named(server, probe);

    target.reason = reason;
    target.status = status;
    target.message = (char *)message;
    target.has_rows = false;
    target.consecutive_failures = FAILED_RUNS;
    target.last_success_wall_ns = now.wall_ns - 25 * MINUTE_NS;
    target.failing_since_wall_ns = now.wall_ns - 7 * MINUTE_NS;
    /* Made once: another target with this reason shares them. */
    if (kept_histories[reason] == NULL)
        make_runs(reason, status, message);
    target.history = kept_histories[reason];
    target.failures = kept_failures[reason];
    return target;
}

struct board_target target_waiting(const char *server, const char *probe)
{
    return (struct board_target){.appserver = server,
                                 .company = "",
                                 .probe = probe,
                                 .kind = "token",
                                 .duration_ns = -1,
                                 .interval_ns = MINUTE_NS,
                                 .next_run_boot_ns = now.boot_ns + 20 * SECOND_NS};
}

static void fill_servers(struct board_appserver *servers)
{
    static const struct board_seats seats[] = {
        {.company = "", .license = "WebService", .has_used = true, .has_owned = true, .used = 3, .owned = 5},
        {.company = "",
         .license = "DefaultUser",
         .has_used = true,
         .has_owned = true,
         .used = 40,
         .owned = 40}};

    servers[0] = server_named("live");
    servers[0].version = (char *)"11.3.300.12";
    servers[0].has_production = servers[0].production = true;
    servers[0].has_clock_skew = true;
    servers[0].seats = seats;
    servers[0].seats_count = 2;
    servers[0].in_flight = 1;
    servers[0].has_hours = servers[0].in_hours = true;
    servers[1] = server_named("pilot");
    servers[1].verdict = servers[1].token_reason = REASON_CREDENTIALS;
    servers[1].token_expiry_boot_ns = 0;
    servers[1].token_message = (char *)"Invalid username or password.";
    servers[1].login_blocked_until_wall_ns = now.wall_ns + 244 * SECOND_NS;
    servers[1].login_blocked_reason = REASON_CREDENTIALS;
    servers[2] = server_named("test");
    servers[2].certificate_expiry_epoch = now.wall_ns / SECOND_NS + 9 * 86400;
    servers[2].has_clock_skew = true;
    servers[2].clock_skew_seconds = -95;
    servers[2].backoff_until_wall_ns = now.wall_ns + 30 * SECOND_NS;
    servers[2].waiting = 2;
    servers[2].has_production = true;
    servers[3] = server_named("train");
    servers[3].known = servers[3].has_token = false;
    servers[3].certificate_expiry_epoch = 0;
}

struct fleet fleet_faulted(void)
{
    struct fleet fleet = {
        .targets = {
            target_named("live", "open_orders"), target_named("live", "stock_on_hand"),
            target_failed("live", "late_shipments", REASON_NOT_FOUND, 404,
                          "BAQ \"EPX-LateShip\" does not exist in company EPIC06."),
            target_failed("live", "price_function", REASON_TIMEOUT, 0, NULL),
            target_failed("pilot", "open_orders", REASON_CREDENTIALS, 401, "Invalid username or password."),
            target_failed("pilot", "stock_on_hand", REASON_CREDENTIALS, 401, "Invalid username or password."),
            target_named("test", "open_orders"), target_waiting("train", "token"),
            target_named("test", "nightly_batch")}};

    fill_servers(fleet.servers);
    fleet.targets[1].latency_limit_ns = 150 * MILLISECOND_NS;
    fleet.targets[1].consecutive_slow_runs = 3;
    fleet.targets[8].ran = false;
    fleet.targets[8].resting = true;
    fleet.targets[8].last_run_wall_ns = 0;
    fleet.targets[0].drift = (char *)"came: Calculated_Margin; went: OrderHed_OrderNum";
    fleet.targets[0].drift_wall_ns = now.wall_ns - 3 * HOUR_NS;
    fleet.targets[0].schema_changes = 1;
    return fleet;
}

/* ---- pages -------------------------------------------------------------------------------------------------------- */

char *page_of(const struct page_setting *setting, const struct board_appserver *servers, size_t server_count,
              const struct board_target *targets, size_t target_count)
{
    const struct board_appserver **server_list = memory_new(server_count, sizeof(struct board_appserver *));
    const struct board_target **target_list = memory_new(target_count, sizeof(struct board_target *));
    struct buffer page;

    for (size_t i = 0; i < server_count; i++)
        server_list[i] = &servers[i];
    for (size_t i = 0; i < target_count; i++)
        target_list[i] = &targets[i];
    struct board_view view = {.now = now,
                              .appservers = server_list,
                              .appserver_count = server_count,
                              .targets = target_list,
                              .target_count = target_count};
    buffer_init(&page, 64 << 20);
    enum page_outcome outcome = page_write(setting, &view, &page);
    assert_true(outcome == PAGE_WRITTEN || outcome == PAGE_NO_TARGET);
    free(server_list);
    free(target_list);
    return buffer_take(&page);
}

char *page_of_fleet(const struct page_setting *setting, const struct fleet *fleet)
{
    return page_of(setting, fleet->servers, FLEET_SERVERS, fleet->targets, FLEET_TARGETS);
}

void page_keep(const char *name, const char *page)
{
    const char *folder = getenv("EPICOR_PAGE_FOLDER");

    if (folder == NULL)
        return;
    char *path = memory_format("%s/%s.html", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(page, file);
    fclose(file);
    free(path);
}

void assert_has(const char *page, const char *text)
{
    if (strstr(page, text) == NULL)
        fail_msg("the page lacks: %s", text);
}

void assert_lacks(const char *page, const char *text)
{
    if (strstr(page, text) != NULL)
        fail_msg("the page holds: %s", text);
}

size_t count_of(const char *page, const char *text)
{
    size_t count = 0;

    for (const char *at = page; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}
