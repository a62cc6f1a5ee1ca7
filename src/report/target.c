/* The part of report.h that speaks of targets. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/correlation.h"
#include "report/finding.h"
#include "report/parts.h"

#define RESULT_LIFE 3  /* intervals for which the results of a run are shown */
#define HASH_SHIFT  11 /* the 53 bits that are left are whole in a double */

/* Everything that vanishes when the target does not run. */
static const struct {
    enum family family;
    size_t values;
} result_families[] = {
    {FAMILY_PROBE_SUCCESS, 1},
    {FAMILY_PROBE_CONSECUTIVE_FAILURES, 1},
    {FAMILY_PROBE_FAILURE_REASON, 1},
    {FAMILY_PROBE_LAST_DURATION, 1},
    {FAMILY_PROBE_CONSECUTIVE_SLOW_RUNS, 1},
    {FAMILY_PROBE_PHASE, PHASE_VALUES},
    {FAMILY_PROBE_RESPONSE_BYTES, 1},
    {FAMILY_PROBE_ROWS, 1},
    {FAMILY_PROBE_ROWS_TRUNCATED, 1},
    {FAMILY_PROBE_COLUMNS, 1},
    {FAMILY_PROBE_SCHEMA_HASH, 1},
};

/* ---- birth and death ---- */

struct report_target *report_target_new(struct report *report, const struct target_settings *settings,
                                        struct moment now)
{
    const char *const labels[] = {settings->appserver->name, settings->company, settings->probe->name};
    struct report_target *target = memory_new(1, sizeof *target);

    target->report = report;
    target->owner = store_owner_add(report->store, OWNER_TARGET, labels, 0, now);
    target->card.duration_ns = -1;
    return target;
}

void report_target_detach(struct report_target *target)
{
    struct drop_list none = {.count = 0};

    report_found_drops(target, &none);
    report_facts(target, NULL);
    store_owner_remove(target->report->store, target->owner);
    target->report = NULL;
    target->appserver = NULL;
}

void report_target_free(struct report_target *target)
{
    if (target == NULL)
        return;
    free(target->card.message);
    free(target->card.drift);
    history_unref(target->card.history);
    failures_unref(target->card.failures);
    facts_free(target->facts);
    drop_list_free(&target->drops);
    free(target);
}

/* ---- what is configured ---- */

static void show_limit(struct report_target *target, enum family family, bool set, double limit)
{
    if (set)
        store_set(target->report->store, target->owner, family, 0, limit, NEVER_NS);
    else
        store_clear(target->report->store, target->owner, family, 0);
}

static void show_settings(struct report_target *target, const struct probe_settings *probe)
{
    const struct probe_kind *kind = probe_kind_of(probe);
    struct store *store = target->report->store;
    struct probe_limits limits = {0};

    store_clear_data(store, target->owner, FAMILY_PROBE_INFO);
    store_set_data(store, target->owner, FAMILY_PROBE_INFO, (const char *const[]){kind->config.name}, 1,
                   NEVER_NS);
    store_set(store, target->owner, FAMILY_PROBE_INTERVAL, 0, clock_seconds(probe->interval_ns), NEVER_NS);
    store_set(store, target->owner, FAMILY_PROBE_TIMEOUT, 0, clock_seconds(probe->timeout_ns), NEVER_NS);
    if (kind->limits != NULL)
        kind->limits(probe, &limits);
    show_limit(target, FAMILY_PROBE_ROWS_MIN, limits.rows_min.set, limits.rows_min.value);
    show_limit(target, FAMILY_PROBE_ROWS_MAX, limits.rows_max.set, limits.rows_max.value);
    show_limit(target, FAMILY_PROBE_ROWS_DEVIATION_LIMIT, limits.rows_deviation.set,
               limits.rows_deviation.value);
    show_limit(target, FAMILY_PROBE_LATENCY_LIMIT, probe->latency_limit_ns > 0,
               clock_seconds(probe->latency_limit_ns));
}

/* Its own labels, and those of the app server for what it finds out about that. */
static void relabel(struct report_target *target, const struct target_settings *settings)
{
    const char *const values[] = {settings->appserver->name, settings->company, settings->probe->name};
    const struct pair_list *constant = &settings->appserver->labels;
    bool labelled = constant->count > 0;

    if (labelled || target->labelled) {
        struct label_pair *labels = report_constant_labels(settings->appserver);
        store_owner_relabel(target->report->store, target->owner, values, labels, constant->count);
        free(labels);
    }
    target->labelled = labelled;
    store_owner_set_parent(target->report->store, target->owner, target->appserver->owner);
}

/* Until when results stand. */
static int64_t results_end(const struct report_target *target)
{
    return target->results_boot_ns + RESULT_LIFE * target->interval_ns;
}

/* Until when what it found out stands. */
static int64_t found_end(const struct report_target *target)
{
    return target->found_boot_ns + RESULT_LIFE * target->interval_ns;
}

/* What stands of the last run stands until its time, which may be another now. */
static void extend_results(struct report_target *target, struct moment now)
{
    for (size_t i = 0; i < sizeof result_families / sizeof result_families[0]; i++)
        for (size_t value = 0; value < result_families[i].values; value++)
            store_extend(target->report->store, target->owner, result_families[i].family, value, now.boot_ns,
                         results_end(target));
    store_extend_set(target->report->store, target->owner, now.boot_ns, found_end(target));
    if (target->facts != NULL && now.boot_ns < target->facts->until_boot_ns) {
        target->facts->until_boot_ns = found_end(target);
        report_appserver_gather(target->appserver);
    }
}

static void forget_findings(struct report_target *target)
{
    struct drop_list none = {.count = 0};

    store_put_set(target->report->store, target->owner, NULL, 0);
    report_found_drops(target, &none);
    report_facts(target, NULL);
    target->found = false;
}

static void forget_slowness(struct report_target *target)
{
    store_clear(target->report->store, target->owner, FAMILY_PROBE_CONSECUTIVE_SLOW_RUNS, 0);
    target->slow_runs = 0;
    target->card.consecutive_slow_runs = 0;
    target->card.slow_since_wall_ns = 0;
}

/* What the last run said is of no use to a probe of another kind; what was counted goes on. */
static void forget_results(struct report_target *target)
{
    struct store *store = target->report->store;

    for (size_t i = 0; i < sizeof result_families / sizeof result_families[0]; i++)
        for (size_t value = 0; value < result_families[i].values; value++)
            store_clear(store, target->owner, result_families[i].family, value);
    store_clear(store, target->owner, FAMILY_PROBE_LAST_RUN, 0);
    store_clear(store, target->owner, FAMILY_PROBE_LAST_SUCCESS, 0);
    forget_findings(target);
    target->slow_runs = 0;
    free(target->card.message);
    free(target->card.drift);
    target->card = (struct board_target){.duration_ns = -1,
                                         .next_run_boot_ns = target->card.next_run_boot_ns,
                                         .history = target->card.history,
                                         .failures = target->card.failures};
}

static void forget_runs(struct report_target *target)
{
    history_unref(target->card.history);
    failures_unref(target->card.failures);
    target->card.history = NULL;
    target->card.failures = NULL;
}

static void forget_all(struct report_target *target)
{
    forget_results(target);
    forget_runs(target);
}

static struct value_definitions definitions_of(const struct probe_settings *probe)
{
    const struct probe_kind *kind = probe_kind_of(probe);
    struct value_definitions none = {0};

    return kind->values == NULL ? none : kind->values(probe);
}

/* Does what is found out by the one settings mean the same by the other? */
static bool same_findings(const struct probe_settings *a, const struct probe_settings *b)
{
    if (a == b)
        return true;
    struct value_definitions values = definitions_of(a), others = definitions_of(b);
    return strcmp(a->kind->name, b->kind->name) == 0 && finding_definitions_same(&values, &others);
}

/* What the new settings make untrue. */
static void forget_outdated(struct report_target *target, const struct probe_settings *before,
                            const struct probe_settings *probe)
{
    if (strcmp(before->kind->name, probe->kind->name) != 0)
        forget_all(target);
    else if (!same_findings(before, probe))
        forget_findings(target);
    if (before->latency_limit_ns != probe->latency_limit_ns)
        forget_slowness(target);
}

/* How many runs are kept may be fewer from now on. */
static void shorten_history(struct report_target *target)
{
    size_t most = (size_t)target->report->model->exporter.history;

    if (history_count(target->card.history) <= most)
        return;
    struct history *shorter = history_last(target->card.history, most);
    history_unref(target->card.history);
    target->card.history = shorter;
}

void report_target_configure(struct report_target *target, size_t index,
                             const struct target_settings *settings, struct report_appserver *appserver,
                             struct moment now)
{
    const struct probe_settings *probe = settings->probe;

    target->index = index;
    assert(target->appserver == NULL || target->appserver == appserver);
    target->appserver = appserver;
    if (target->probe != NULL)
        forget_outdated(target, target->probe, probe);
    target->probe = probe;
    show_settings(target, probe);
    relabel(target, settings);
    /* While it fails, three of the longer distances have to pass until it is stale. */
    int64_t longer_ns = ns_max(probe->interval_ns, probe->interval_on_failure_ns);
    if (target->interval_ns != longer_ns) {
        target->interval_ns = longer_ns;
        extend_results(target, now);
    }
    shorten_history(target);
    target->card.results_until_boot_ns = results_end(target);
    target->card.appserver = settings->appserver->name;
    target->card.company = settings->company;
    target->card.probe = probe->name;
    target->card.kind = probe->kind->name;
    target->card.interval_ns = probe->interval_ns;
    target->card.latency_limit_ns = probe->latency_limit_ns;
}

/* ---- a run ---- */

/* One run while its results are written: each is set, or what stands of an earlier run goes on, or it goes. */
struct run_writer {
    struct store *store;
    struct store_owner owner;
    int64_t now_ns, until_ns;
    struct correlation correlation; /* of a run that failed */
};

static void result_set(const struct run_writer *run, enum family family, size_t value, double number)
{
    store_set(run->store, run->owner, family, value, number, run->until_ns);
}

static void result_keep(const struct run_writer *run, enum family family, size_t value)
{
    store_extend(run->store, run->owner, family, value, run->now_ns, run->until_ns);
}

static void result_set_or_keep(const struct run_writer *run, enum family family, bool has, double number)
{
    if (has)
        result_set(run, family, 0, number);
    else
        result_keep(run, family, 0);
}

static void phase_set_or_clear(const struct run_writer *run, enum phase_value phase, int64_t ns)
{
    if (ns >= 0)
        result_set(run, FAMILY_PROBE_PHASE, phase, clock_seconds(ns));
    else
        store_clear(run->store, run->owner, FAMILY_PROBE_PHASE, phase);
}

static void write_phases(const struct run_writer *run, const struct phases *phases)
{
    const struct {
        enum phase_value phase;
        int64_t ns;
    } connection[] = {{PHASE_RESOLVE, phases->resolve_ns},
                      {PHASE_CONNECT, phases->connect_ns},
                      {PHASE_TLS, phases->tls_ns}};
    bool new_connection = phases->resolve_ns >= 0 || phases->connect_ns >= 0 || phases->tls_ns >= 0;

    phase_set_or_clear(run, PHASE_PROCESSING, phases->processing_ns);
    phase_set_or_clear(run, PHASE_TRANSFER, phases->transfer_ns);
    for (size_t i = 0; i < sizeof connection / sizeof connection[0]; i++) {
        if (new_connection)
            phase_set_or_clear(run, connection[i].phase, connection[i].ns);
        else
            result_keep(run, FAMILY_PROBE_PHASE, connection[i].phase);
    }
}

static void write_outcome(struct report_target *target, const struct run_writer *run, enum reason reason,
                          struct moment ended)
{
    store_add(run->store, run->owner, FAMILY_PROBE_RUNS, 0, 1);
    store_set(run->store, run->owner, FAMILY_PROBE_LAST_RUN, 0, clock_seconds(ended.wall_ns), NEVER_NS);
    result_set(run, FAMILY_PROBE_SUCCESS, 0, reason == REASON_NONE);
    result_set(run, FAMILY_PROBE_CONSECUTIVE_FAILURES, 0, (double)target->card.consecutive_failures);
    if (reason == REASON_NONE) {
        store_clear(run->store, run->owner, FAMILY_PROBE_FAILURE_REASON, 0);
        store_set(run->store, run->owner, FAMILY_PROBE_LAST_SUCCESS, 0, clock_seconds(ended.wall_ns),
                  NEVER_NS);
        return;
    }
    struct span labels = run->correlation.labels;
    store_add_with(run->store, run->owner, FAMILY_PROBE_FAILURES, 0, 1, labels, ended);
    store_add_with(run->store, target->appserver->owner, FAMILY_FAILURES, family_reason_index(reason), 1,
                   labels, ended);
    result_set(run, FAMILY_PROBE_FAILURE_REASON, family_reason_index(reason), 1);
}

static void write_times(const struct run_writer *run, const struct run_record *record)
{
    if (record->timed)
        store_observe_with(run->store, run->owner, FAMILY_PROBE_DURATION, clock_seconds(record->duration_ns),
                           run->correlation.labels, record->ended);
    if (record->asked)
        result_set(run, FAMILY_PROBE_LAST_DURATION, 0, clock_seconds(record->duration_ns));
    else
        store_clear(run->store, run->owner, FAMILY_PROBE_LAST_DURATION, 0);
    write_phases(run, &record->phases);
}

/* A run that failed without an answer says nothing of how slow the server is. */
static void write_slowness(struct report_target *target, const struct run_writer *run,
                           const struct run_record *record)
{
    int64_t limit_ns = target->probe->latency_limit_ns;

    if (limit_ns == 0)
        return;
    bool slow = record->duration_ns > limit_ns || record->result->reason == REASON_TIMEOUT;
    if (record->timed)
        target->slow_runs = slow ? target->slow_runs + 1 : 0;
    result_set(run, FAMILY_PROBE_CONSECUTIVE_SLOW_RUNS, 0, (double)target->slow_runs);
    target->card.consecutive_slow_runs = target->slow_runs;
    if (target->slow_runs == 0)
        target->card.slow_since_wall_ns = 0;
    else if (target->card.slow_since_wall_ns == 0)
        target->card.slow_since_wall_ns = record->ended.wall_ns;
}

/* What a run found out, before it is written. */
struct found_write {
    bool whole; /* the set takes the place of the last one */
    struct series_set *set;
    struct drop_list drops;
    struct facts *facts;
};

static struct found_write found_of(const struct report_target *target, const struct run_record *record)
{
    struct found_write found = {.whole = false};

    if (!record->result->has_findings || !same_findings(record->settings->probe, target->probe))
        return found;
    struct value_definitions values = definitions_of(target->probe);
    found.whole = true;
    found.set = finding_series(&record->result->findings, &values, &found.drops);
    found.facts = facts_of(&record->result->findings);
    return found;
}

static void write_found(struct report_target *target, struct found_write *found,
                        const struct run_record *record)
{
    bool forgets = record->result->reason != REASON_NONE && probe_kind_of(target->probe)->forgets;

    target->found = found->whole;
    if (found->whole) {
        target->found_boot_ns = record->ended.boot_ns;
        store_put_set(target->report->store, target->owner, found->set, found_end(target));
        report_found_drops(target, &found->drops);
        if (found->facts != NULL)
            found->facts->until_boot_ns = found_end(target);
        report_facts(target, found->facts);
    } else if (forgets || record->ended.boot_ns >= found_end(target)) {
        forget_findings(target);
    }
}

static void write_body(const struct run_writer *run, const struct run_record *record)
{
    const struct probe_result *result = record->result;

    result_set_or_keep(run, FAMILY_PROBE_RESPONSE_BYTES, result->status != 0, (double)result->bytes);
    result_set_or_keep(run, FAMILY_PROBE_ROWS, result->has_rows, (double)result->rows);
    result_set_or_keep(run, FAMILY_PROBE_ROWS_TRUNCATED, result->has_truncated, result->truncated);
    result_set_or_keep(run, FAMILY_PROBE_COLUMNS, record->has_columns, (double)record->columns);
    result_set_or_keep(run, FAMILY_PROBE_SCHEMA_HASH, record->has_columns,
                       (double)(record->schema_hash >> HASH_SHIFT));
}

static void fill_drift(struct board_target *card, const struct run_record *record)
{
    if (record->drift == NULL)
        return;
    card->schema_changes++;
    free(card->drift);
    card->drift = memory_copy_text(record->drift);
    card->drift_wall_ns = record->ended.wall_ns;
}

static void fill_card(struct board_target *card, const struct run_record *record)
{
    const struct probe_result *result = record->result;

    if (result->reason == REASON_NONE)
        card->failing_since_wall_ns = 0;
    else if (card->failing_since_wall_ns == 0)
        card->failing_since_wall_ns = record->ended.wall_ns;
    card->ran = true;
    card->resting = false;
    card->reason = result->reason;
    free(card->message);
    card->message = result->message != NULL ? memory_copy_text(result->message) : NULL;
    card->status = result->status;
    card->last_run_wall_ns = record->ended.wall_ns;
    if (result->reason == REASON_NONE)
        card->last_success_wall_ns = record->ended.wall_ns;
    card->duration_ns = record->asked ? record->duration_ns : -1;
    card->next_run_boot_ns = record->due_next_boot_ns;
    if (result->has_rows) {
        card->has_rows = true;
        card->rows = result->rows;
    }
    card->consecutive_failures = result->reason == REASON_NONE ? 0 : card->consecutive_failures + 1;
}

/* ---- its history ---- */

static uint32_t microseconds(int64_t ns)
{
    return ns < 0 ? BOARD_NO_TIME : (uint32_t)ns_min(ns / MICROSECOND_NS, BOARD_MOST_TIME);
}

static struct board_run run_of(const struct run_record *record)
{
    const struct probe_result *result = record->result;

    return (struct board_run){
        .ended_wall_ns = record->ended.wall_ns,
        .duration_us = record->asked ? microseconds(record->duration_ns) : BOARD_NO_TIME,
        .phase_us = {[BOARD_RESOLVE] = microseconds(record->phases.resolve_ns),
                     [BOARD_CONNECT] = microseconds(record->phases.connect_ns),
                     [BOARD_TLS] = microseconds(record->phases.tls_ns),
                     [BOARD_PROCESSING] = microseconds(record->phases.processing_ns),
                     [BOARD_TRANSFER] = microseconds(record->phases.transfer_ns)},
        .rows = !result->has_rows                ? BOARD_NO_ROWS
                : result->rows > BOARD_MOST_ROWS ? BOARD_MOST_ROWS
                                                 : (uint32_t)result->rows,
        .status = (uint16_t)result->status,
        .reason = (uint8_t)result->reason,
        .retries = (uint8_t)ns_min(record->attempts, UINT8_MAX),
    };
}

static void fill_history(struct board_target *card, const struct run_record *record, size_t most)
{
    struct board_run run = run_of(record);
    struct history *history = history_add(card->history, &run, most);

    history_unref(card->history);
    card->history = history;
    if (record->result->reason == REASON_NONE)
        return;
    struct board_failure failure = {
        .run = run, .message = record->result->message, .correlation = record->result->correlation};
    struct failures *failures = failures_add(card->failures, &failure);
    failures_unref(card->failures);
    card->failures = failures;
}

void report_run(struct report_target *target, const struct run_record *record)
{
    struct report *report = target->report;

    if (report == NULL)
        return;
    target->results_boot_ns = record->ended.boot_ns;
    struct run_writer run = {.store = report->store,
                             .owner = target->owner,
                             .now_ns = record->ended.boot_ns,
                             .until_ns = results_end(target)};
    correlation_labels(&run.correlation,
                       record->result->reason == REASON_NONE ? NULL : record->result->correlation);
    fill_card(&target->card, record);
    fill_drift(&target->card, record);
    bool told = target->facts != NULL;
    fill_history(&target->card, record, (size_t)report->model->exporter.history);
    target->card.results_until_boot_ns = run.until_ns;
    struct found_write found = found_of(target, record);
    store_lock(report->store);
    write_outcome(target, &run, record->result->reason, record->ended);
    write_times(&run, record);
    write_slowness(target, &run, record);
    write_body(&run, record);
    write_found(target, &found, record);
    if (record->drift != NULL)
        store_add(report->store, target->owner, FAMILY_PROBE_SCHEMA_CHANGES, 0, 1);
    store_unlock(report->store);
    board_put_target(report->board, target->index, &target->card);
    if (told || target->facts != NULL)
        report_appserver_show(target->appserver);
}

void report_scheduled(struct report_target *target, int64_t due_boot_ns)
{
    if (target->report == NULL)
        return;
    target->card.resting = false;
    target->card.next_run_boot_ns = due_boot_ns;
    board_put_target(target->report->board, target->index, &target->card);
}

void report_rest(struct report_target *target, int64_t due_boot_ns)
{
    if (target->report == NULL)
        return;
    struct board_target card = target->card;
    bool told = target->facts != NULL;
    store_lock(target->report->store);
    forget_results(target);
    store_unlock(target->report->store);
    target->card.appserver = card.appserver;
    target->card.company = card.company;
    target->card.probe = card.probe;
    target->card.kind = card.kind;
    target->card.interval_ns = card.interval_ns;
    target->card.latency_limit_ns = card.latency_limit_ns;
    target->card.resting = true;
    target->card.next_run_boot_ns = due_boot_ns;
    board_put_target(target->report->board, target->index, &target->card);
    if (told)
        report_appserver_show(target->appserver);
}

void report_response(struct report_target *target, int status)
{
    if (target->report == NULL)
        return;
    store_lock(target->report->store);
    report_code(target->report, target->owner, FAMILY_PROBE_RESPONSES, status);
    store_unlock(target->report->store);
}

void report_skipped(struct report_target *target, enum skip_cause cause, struct moment now)
{
    if (target->report == NULL)
        return;
    struct store *store = target->report->store;
    target->results_boot_ns = now.boot_ns;
    if (target->found)
        target->found_boot_ns = now.boot_ns;
    store_lock(store);
    store_add(store, target->appserver->owner, FAMILY_RUNS_SKIPPED, cause, 1);
    extend_results(target, now);
    store_unlock(store);
    target->card.results_until_boot_ns = results_end(target);
    board_put_target(target->report->board, target->index, &target->card);
    if (target->facts != NULL)
        report_appserver_show(target->appserver);
}
