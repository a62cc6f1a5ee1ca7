/* GET /api/v1/status: what it holds in which state, parsed back by cJSON, and held against its documentation. */
#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/board_state.h"
#include "report/status_field.h"
#include "scenario.h"
#include "web/status_json.h"

static struct status_setting setting = {.version = "1.2.3", .show_messages = true, .ready = true};

/* ---- a fleet in every state ---- */

#define HOSTILE                                                                                              \
    "</script><img src=x onerror=alert(1)> \"quoted\" \\ \x01\x1b[31m \xFF\xE2\x80\xA8 \xED\xA0\x80 "        \
    "\xF0\x9F\x98\x80"
#define HOSTILE_READ                                                                                         \
    "</script><img src=x onerror=alert(1)> \"quoted\" \\ \x01\x1b[31m \xEF\xBF\xBD\xE2\x80\xA8 "             \
    "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xF0\x9F\x98\x80"

static const struct board_seats seats[] = {
    {.company = "", .license = "WebService", .has_used = true, .used = 4, .has_owned = true, .owned = 10},
    {.company = "EPIC06", .license = "DefaultUser", .has_used = true, .used = 1.5},
    {.company = "", .license = "Mobile", .has_owned = true, .owned = 5, .configured = true},
};

enum { LIVE, PILOT, TEST, OPEN, SERVERS };
enum { GOOD, FAILING, SLOW, RESTING, WAITING, NEVER, DOWN, TARGETS };

static struct board_appserver servers[SERVERS];
static struct board_target targets[TARGETS];

static struct board_run run_ended(int64_t seconds_ago)
{
    return (struct board_run){.ended_wall_ns = now.wall_ns - seconds_ago * SECOND_NS,
                              .duration_us = 182000,
                              .phase_us = {1000, 2000, BOARD_NO_TIME, 170000, 9000},
                              .rows = 412,
                              .status = 200,
                              .retries = 1};
}

/* As in the fleet of the page, without its runs, and with what its last run told good for a while. */
static struct board_target target_without_runs(const char *server, const char *probe)
{
    struct board_target target = target_named(server, probe);

    target.history = NULL;
    target.results_until_boot_ns = now.boot_ns + 168 * SECOND_NS;
    return target;
}

static int make_fleet(void **state)
{
    (void)state;
    servers[LIVE] = (struct board_appserver){.name = "live",
                                             .url = "https://erp.example.com/KineticLive",
                                             .known = true,
                                             .has_token = true,
                                             .token_expiry_boot_ns = now.boot_ns + 42 * MINUTE_NS,
                                             .certificate_expiry_epoch = now.wall_ns / SECOND_NS + 80 * 86400,
                                             .client_certificate_expiry_epoch = now.wall_ns / SECOND_NS - 10,
                                             .has_maintenance = true,
                                             .has_hours = true,
                                             .in_hours = true,
                                             .version = "2024.1.7 " HOSTILE,
                                             .has_production = true,
                                             .production = true,
                                             .has_production_expected = true,
                                             .production_expected = true,
                                             .has_clock_skew = true,
                                             .clock_skew_seconds = -2,
                                             .in_flight = 1,
                                             .waiting = 3,
                                             .sessions_open = 2,
                                             .has_throttled = true,
                                             .seats = seats,
                                             .seats_count = 3};
    servers[PILOT] = (struct board_appserver){.name = "pilot",
                                              .url = "https://pilot.example.com/Kinetic",
                                              .known = true,
                                              .verdict = REASON_CONNECT,
                                              .verdict_since_wall_ns = now.wall_ns - HOUR_NS,
                                              .backoff_until_wall_ns = now.wall_ns + MINUTE_NS,
                                              .sessions_open = -1};
    servers[TEST] = (struct board_appserver){.name = "test",
                                             .url = "https://test.example.com/Kinetic",
                                             .known = true,
                                             .has_token = true,
                                             .token_reason = REASON_CREDENTIALS,
                                             .token_message = (char *)HOSTILE,
                                             .token_failing_since_wall_ns = now.wall_ns - 90 * SECOND_NS,
                                             .login_blocked_until_wall_ns = now.wall_ns + 5 * MINUTE_NS,
                                             .login_blocked_since_wall_ns = now.wall_ns - MINUTE_NS,
                                             .login_blocked_reason = REASON_CREDENTIALS,
                                             .login_blocked_message = (char *)HOSTILE,
                                             .login_secret_changeable = true,
                                             .sessions_open = -1};
    servers[OPEN] = (struct board_appserver){.name = "open", .url = "http://x", .sessions_open = -1};
    for (int i = 0; i < TARGETS; i++)
        targets[i] = target_without_runs(
            "live", board_state_row(i < BOARD_STATES ? (enum board_state)i : STATE_GOOD)->name);
    targets[FAILING].reason = REASON_SERVER_ERROR;
    targets[FAILING].status = 500;
    targets[FAILING].message = (char *)HOSTILE;
    targets[FAILING].consecutive_failures = 7;
    targets[FAILING].failing_since_wall_ns = now.wall_ns - 7 * MINUTE_NS;
    targets[SLOW].latency_limit_ns = 100 * MILLISECOND_NS;
    targets[SLOW].consecutive_slow_runs = 2;
    targets[SLOW].slow_since_wall_ns = now.wall_ns - MINUTE_NS;
    targets[GOOD].drift = (char *)"added: " HOSTILE;
    targets[GOOD].drift_wall_ns = now.wall_ns - HOUR_NS;
    targets[GOOD].schema_changes = 1;
    targets[RESTING] = (struct board_target){.appserver = "live",
                                             .company = "",
                                             .probe = "resting",
                                             .kind = "tasks",
                                             .resting = true,
                                             .duration_ns = -1,
                                             .interval_ns = MINUTE_NS,
                                             .next_run_boot_ns = NEVER_NS};
    targets[WAITING].results_until_boot_ns = now.boot_ns;
    targets[NEVER] = targets[RESTING];
    targets[NEVER].resting = false;
    targets[NEVER].probe = "never_ran";
    targets[DOWN] = target_without_runs("pilot", "orders");
    targets[DOWN].reason = REASON_TIMEOUT;
    targets[DOWN].status = 0;
    struct board_run run = run_ended(70);
    targets[FAILING].history = history_add(NULL, &run, 60);
    run = run_ended(10);
    run.reason = REASON_SERVER_ERROR;
    run.rows = BOARD_NO_ROWS;
    run.status = 0;
    struct history *first = targets[FAILING].history;
    targets[FAILING].history = history_add(first, &run, 60);
    history_unref(first);
    struct board_failure failure = {.run = run, .message = HOSTILE, .correlation = "c-1"};
    targets[FAILING].failures = failures_add(NULL, &failure);
    return 0;
}

static int free_fleet(void **state)
{
    (void)state;
    history_unref(targets[FAILING].history);
    failures_unref(targets[FAILING].failures);
    return 0;
}

/* ---- asking ---- */

static char *text_of(const char *raw, const struct board_view *view)
{
    struct query query;
    struct buffer out;

    assert_true(query_read(&query, raw));
    assert_null(status_query_check(&query));
    buffer_init(&out, 64 << 20);
    assert_true(status_json_write(&setting, &query, view, &out));
    query_free(&query);
    assert_true(text_is_utf8(out.data, out.size));
    return buffer_take(&out);
}

static cJSON *ask(const char *raw)
{
    const struct board_appserver *server_list[SERVERS];
    const struct board_target *target_list[TARGETS];

    for (size_t i = 0; i < SERVERS; i++)
        server_list[i] = &servers[i];
    for (size_t i = 0; i < TARGETS; i++)
        target_list[i] = &targets[i];
    struct board_view view = {.now = now,
                              .appservers = server_list,
                              .appserver_count = SERVERS,
                              .targets = target_list,
                              .target_count = TARGETS,
                              .loaded_wall_ns = now.wall_ns - DAY_NS};
    char *text = text_of(raw, &view);
    cJSON *json = cJSON_Parse(text);
    if (json == NULL)
        fail_msg("no JSON: %s", text);
    assert_null(strchr(text, '<'));
    free(text);
    return json;
}

/* The value at a path such as targets/1/state. */
static const cJSON *at(const cJSON *json, const char *path)
{
    char step[64];

    for (const char *rest = path; json != NULL && *rest != '\0'; rest += *rest == '/') {
        size_t size = strcspn(rest, "/");
        snprintf(step, sizeof step, "%.*s", (int)size, rest);
        rest += size;
        json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, (int)strtol(step, NULL, 10))
                                   : cJSON_GetObjectItemCaseSensitive(json, step);
    }
    if (json == NULL)
        fail_msg("nothing at %s", path);
    return json;
}

static void assert_text(const cJSON *json, const char *path, const char *wanted)
{
    const cJSON *value = at(json, path);

    if (wanted == NULL) {
        if (!cJSON_IsNull(value))
            fail_msg("%s is not null", path);
        return;
    }
    if (!cJSON_IsString(value) || strcmp(value->valuestring, wanted) != 0)
        fail_msg("%s: %s", path, cJSON_IsString(value) ? value->valuestring : "no text");
}

static void assert_number(const cJSON *json, const char *path, double wanted)
{
    const cJSON *value = at(json, path);

    if (!cJSON_IsNumber(value) || value->valuedouble != wanted)
        fail_msg("%s: %f", path, value->valuedouble);
}

static void assert_flag(const cJSON *json, const char *path, bool wanted)
{
    const cJSON *value = at(json, path);

    if (!cJSON_IsBool(value) || cJSON_IsTrue(value) != wanted)
        fail_msg("%s is not %d", path, wanted);
}

/* ---- what it says ---- */

static void every_state_is_told(void **state)
{
    cJSON *json = ask("");

    (void)state;
    assert_text(json, "api", "v1");
    assert_text(json, "time", "2026-01-01T00:00:00.000Z");
    assert_number(json, "time_epoch", 1767225600);
    assert_flag(json, "healthy", true);
    assert_flag(json, "configuration/last_reload_successful", true);
    assert_text(json, "configuration/in_force_since", "2025-12-31T00:00:00.000Z");
    assert_int_equal(cJSON_GetArraySize(at(json, "targets")), TARGETS);
    for (int i = 0; i < BOARD_STATES; i++) {
        const char *word = board_state_row((enum board_state)i)->name;
        char path[64];
        snprintf(path, sizeof path, "targets/%d/state", i);
        assert_text(json, path, word);
        snprintf(path, sizeof path, "target_counts/%s", word);
        assert_number(json, path, i == STATE_FAILING ? 2 : 1);
    }
    assert_text(json, "targets/1/reason", "server_error");
    assert_text(json, "targets/1/sentence", reason_row(REASON_SERVER_ERROR)->sentence);
    assert_text(json, "targets/1/remedy", reason_row(REASON_SERVER_ERROR)->remedy);
    assert_text(json, "targets/1/message", HOSTILE_READ);
    assert_number(json, "targets/1/status", 500);
    assert_text(json, "targets/1/last_run", "2025-12-31T23:59:48.000Z");
    assert_number(json, "targets/1/last_run_epoch", 1767225588);
    assert_text(json, "targets/1/next_run", "2026-01-01T00:00:48.000Z");
    assert_number(json, "targets/1/duration_seconds", 0.182);
    assert_number(json, "targets/1/consecutive_failures", 7);
    assert_text(json, "targets/0/drift", "added: " HOSTILE_READ);
    assert_text(json, "targets/5/last_run", NULL);
    assert_text(json, "targets/5/last_run_epoch", NULL);
    assert_text(json, "targets/5/next_run", NULL);
    assert_text(json, "targets/5/duration_seconds", NULL);
    assert_null(cJSON_GetObjectItemCaseSensitive(at(json, "targets/1"), "history"));
    cJSON_Delete(json);
}

static void app_servers_are_told(void **state)
{
    cJSON *json = ask("");

    (void)state;
    assert_text(json, "appservers/0/state", "good");
    assert_flag(json, "appservers/0/up", true);
    assert_number(json, "appservers/0/token/remaining_seconds", 2520);
    assert_text(json, "appservers/0/token/expires", "2026-01-01T00:42:00.000Z");
    assert_flag(json, "appservers/0/login/blocked", false);
    assert_text(json, "appservers/0/login/until", NULL);
    assert_text(json, "appservers/0/version", "2024.1.7 " HOSTILE_READ);
    assert_number(json, "appservers/0/clock_skew_seconds", -2);
    assert_number(json, "appservers/0/seats/0/used", 4);
    assert_number(json, "appservers/0/seats/1/used", 1.5);
    assert_text(json, "appservers/0/seats/1/owned", NULL);
    assert_flag(json, "appservers/0/seats/2/configured", true);
    assert_text(json, "appservers/0/certificates/1/certificate", "client");
    assert_number(json, "appservers/0/certificates/1/remaining_seconds", -10);
    assert_flag(json, "appservers/0/maintenance", false);
    assert_number(json, "appservers/0/target_counts/waiting", 1);
    assert_text(json, "appservers/1/state", "failing");
    assert_text(json, "appservers/1/reason", "connect");
    assert_flag(json, "appservers/1/up", false);
    assert_text(json, "appservers/1/token", NULL);
    assert_text(json, "appservers/1/backoff_until", "2026-01-01T00:01:00.000Z");
    assert_text(json, "appservers/2/state", "failing");
    assert_flag(json, "appservers/2/up", true);
    assert_text(json, "appservers/2/login/reason", "credentials");
    assert_text(json, "appservers/2/login/message", HOSTILE_READ);
    assert_flag(json, "appservers/2/login/changed_secret_tried_at_once", true);
    assert_text(json, "appservers/3/state", "never_ran");
    assert_text(json, "appservers/3/up", NULL);
    cJSON_Delete(json);
}

static void problems_are_told_the_worst_first(void **state)
{
    static const struct {
        const char *kind, *severity, *appserver, *reason;
        int targets;
    } wanted[] = {
        {"verdict", "critical", "pilot", "connect", 1},
        {"login", "critical", "test", "credentials", 0},
        {"certificate_expired", "error", "live", NULL, 0},
        {"targets", "error", "live", "server_error", 1},
        {"slow", "warning", "live", NULL, 1},
        {"drift", "notice", "live", NULL, 1},
    };
    cJSON *json = ask("");
    char path[64];

    (void)state;
    assert_int_equal(cJSON_GetArraySize(at(json, "problems")), sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        snprintf(path, sizeof path, "problems/%zu", i);
        const cJSON *problem = at(json, path);
        assert_text(problem, "kind", wanted[i].kind);
        assert_text(problem, "severity", wanted[i].severity);
        assert_text(problem, "appserver", wanted[i].appserver);
        assert_text(problem, "reason", wanted[i].reason);
        assert_int_equal(cJSON_GetArraySize(at(problem, "targets")), wanted[i].targets);
    }
    assert_text(json, "problems/0/targets/0/probe", "orders");
    assert_text(json, "problems/3/message", HOSTILE_READ);
    cJSON_Delete(json);
}

static void who_is_not_trusted_reads_no_words(void **state)
{
    struct buffer out;
    struct query query;
    const struct board_appserver *server_list[] = {&servers[LIVE], &servers[TEST]};
    const struct board_target *target_list[] = {&targets[GOOD], &targets[FAILING]};
    struct board_view view = {.now = now,
                              .appservers = server_list,
                              .appserver_count = 2,
                              .targets = target_list,
                              .target_count = 2,
                              .loaded_wall_ns = now.wall_ns};

    (void)state;
    setting.show_messages = false;
    servers[LIVE].version = "2024.1.7";
    char *text = text_of("history=1", &view);
    setting.show_messages = true;
    assert_null(strstr(text, "onerror"));
    assert_null(strstr(text, "added"));
    assert_null(strstr(text, "\"message\""));
    assert_null(strstr(text, "\"drift\":"));
    assert_non_null(strstr(text, "\"correlation\":\"c-1\"")); /* a number of Kinetic's log, no secret */
    assert_non_null(strstr(text, "\"messages\":\"withheld\""));
    free(text);
    /* It is no matter of luck that the texts above are found. */
    text = text_of("history=1", &view);
    assert_non_null(strstr(text, "onerror"));
    free(text);
    assert_true(query_read(&query, ""));
    buffer_init(&out, 500);
    assert_false(status_json_write(&setting, &query, &view, &out));
    buffer_free(&out);
    query_free(&query);
}

static void history_comes_when_asked(void **state)
{
    static const struct {
        const char *query;
        bool told;
    } cases[] = {
        {"history=1", true},
        {"history=0", false},
        {"appserver=live&company=EPIC06&probe=failing", true},
        {"appserver=live&company=EPIC06&probe=failing&history=0", false},
        {"appserver=live&probe=failing", false},
        {"appserver=live&company=EPIC06&probe=failing&probe=good", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *json = ask(cases[i].query);
        const cJSON *target;
        cJSON_ArrayForEach(target, at(json, "targets"))
        {
            bool has = cJSON_GetObjectItemCaseSensitive(target, "history") != NULL &&
                       cJSON_GetObjectItemCaseSensitive(target, "failures") != NULL;
            if (has != cases[i].told)
                fail_msg("%s", cases[i].query);
        }
        cJSON_Delete(json);
    }
    cJSON *json = ask("appserver=live&company=EPIC06&probe=failing");
    const cJSON *target = at(json, "targets/0");
    assert_int_equal(cJSON_GetArraySize(at(target, "history")), 2);
    assert_text(target, "history/0/ended", "2025-12-31T23:58:50.000Z");
    assert_number(target, "history/0/duration_seconds", 0.182);
    assert_number(target, "history/0/resolve_seconds", 0.001);
    assert_text(target, "history/0/tls_seconds", NULL);
    assert_number(target, "history/0/transfer_seconds", 0.009);
    assert_number(target, "history/0/rows", 412);
    assert_number(target, "history/0/retries", 1);
    assert_text(target, "history/0/reason", NULL);
    assert_text(target, "history/1/reason", "server_error");
    assert_text(target, "history/1/status", NULL);
    assert_text(target, "history/1/rows", NULL);
    assert_text(target, "failures/0/run/reason", "server_error");
    assert_text(target, "failures/0/message", HOSTILE_READ);
    assert_text(target, "failures/0/correlation", "c-1");
    cJSON_Delete(json);
}

static void filters_filter(void **state)
{
    static const struct {
        const char *query;
        int appservers, targets, problems;
    } cases[] = {
        {"", 4, 7, 6},
        {"state=failing", 4, 2, 6},
        {"state=failing&state=slow", 4, 3, 6},
        {"appserver=live", 1, 6, 4},
        {"appserver=live&state=failing", 1, 1, 4},
        {"appserver=nobody", 0, 0, 0},
        {"company=", 4, 2, 6},
        {"company=EPIC06&probe=orders", 4, 1, 6},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *json = ask(cases[i].query);
        if (cJSON_GetArraySize(at(json, "appservers")) != cases[i].appservers ||
            cJSON_GetArraySize(at(json, "targets")) != cases[i].targets ||
            cJSON_GetArraySize(at(json, "problems")) != cases[i].problems)
            fail_msg("%s", cases[i].query);
        assert_number(json, "target_counts/failing", 2);
        cJSON_Delete(json);
    }
}

static void other_queries_are_refused(void **state)
{
    static const char *const cases[] = {"state=broken", "state=", "history=yes",
                                        "stat=failing", "=",      "state=good&%3Cb%3E=1"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct query query;
        assert_true(query_read(&query, cases[i]));
        char *wrong = status_query_check(&query);
        if (wrong == NULL)
            fail_msg("%s", cases[i]);
        assert_null(strchr(wrong, '<'));
        free(wrong);
        query_free(&query);
    }
}

/* ---- against the documentation ---- */

static bool seen[STATUS_FIELDS];

static bool has_type(const cJSON *value, enum status_type type)
{
    switch (type) {
    case TYPE_TEXT:
    case TYPE_TIME:
        return cJSON_IsString(value);
    case TYPE_BOOL:
        return cJSON_IsBool(value);
    case TYPE_NUMBER:
        return cJSON_IsNumber(value);
    case TYPE_OBJECT:
        return cJSON_IsObject(value);
    default:
        return cJSON_IsArray(value);
    }
}

/* Every member is a documented field of the object, of its type; every field that is always there is. */
static void check_object(const cJSON *json, enum status_object object)
{
    size_t members = 0;

    for (int i = 0; i < STATUS_FIELDS; i++) {
        const struct status_row *row = status_row((enum status_field)i);
        if (row->of != object)
            continue;
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, row->name), *item;
        if (value == NULL) {
            if (row->presence != WHEN_ASKED)
                fail_msg("%s is absent", row->name);
            continue;
        }
        members++;
        if (row->type == TYPE_TIME) {
            char *epoch_name = memory_format("%s_epoch", row->name);
            const cJSON *epoch = cJSON_GetObjectItemCaseSensitive(json, epoch_name);
            free(epoch_name);
            assert_non_null(epoch);
            assert_int_equal(cJSON_IsNull(epoch), cJSON_IsNull(value));
            assert_true(cJSON_IsNull(epoch) || cJSON_IsNumber(epoch));
            members++;
        }
        if (cJSON_IsNull(value)) {
            if (row->presence == ALWAYS)
                fail_msg("%s is null", row->name);
            continue;
        }
        if (!has_type(value, row->type))
            fail_msg("%s is of another type", row->name);
        seen[i] = true;
        if (row->type == TYPE_OBJECT)
            check_object(value, row->object);
        if (row->type == TYPE_LIST)
            cJSON_ArrayForEach(item, value) check_object(item, row->object);
    }
    assert_int_equal(cJSON_GetArraySize(json), members);
}

static void it_is_what_is_documented(void **state)
{
    cJSON *json = ask("history=1");

    (void)state;
    memset(seen, 0, sizeof seen);
    check_object(json, OBJECT_STATUS);
    for (int i = 0; i < STATUS_FIELDS; i++) {
        const struct status_row *row = status_row((enum status_field)i);
        if (row->name == NULL || row->meaning == NULL)
            fail_msg("field %d has no row", i);
        /* A run with TLS is the one thing that this fleet lacks. */
        if (!seen[i] && i != FIELD_RUN_TLS)
            fail_msg("%s never had a value", row->name);
    }
    cJSON_Delete(json);
    for (int i = 0; i < BOARD_STATES; i++)
        assert_string_equal(status_row(FIELD_COUNT_GOOD + (enum status_field)i)->name,
                            board_state_row((enum board_state)i)->name);
}

/* ---- many ---- */

static void a_thousand_targets_with_their_histories(void **state)
{
    enum { MANY = 1000 };
    struct board_target *many = memory_new(MANY, sizeof *many);
    const struct board_target **list = memory_new(MANY, sizeof *list);
    const struct board_appserver *server_list[] = {&servers[LIVE]};
    struct history *history = NULL;

    (void)state;
    for (int64_t i = 60; i > 0; i--) {
        struct board_run run = run_ended(i * 60);
        struct history *after = history_add(history, &run, 60);
        history_unref(history);
        history = after;
    }
    for (size_t i = 0; i < MANY; i++) {
        many[i] = target_without_runs("live", "orders");
        many[i].history = history;
        list[i] = &many[i];
    }
    struct board_view view = {.now = now,
                              .appservers = server_list,
                              .appserver_count = 1,
                              .targets = list,
                              .target_count = MANY,
                              .loaded_wall_ns = now.wall_ns};
    char *text = text_of("", &view);
    assert_true(strlen(text) < 1000 * MANY);
    free(text);
    text = text_of("history=1", &view);
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    assert_int_equal(cJSON_GetArraySize(at(json, "targets")), MANY);
    assert_int_equal(cJSON_GetArraySize(at(json, "targets/999/history")), 60);
    cJSON_Delete(json);
    free(text);
    history_unref(history);
    free(many);
    free(list);
}

/* Runs of more than a hundred targets are told for one app server only. */
static void histories_of_many_are_narrowed(void **state)
{
    enum { MANY = 101 };
    static const struct {
        const char *query;
        size_t count; /* targets */
        bool refused;
    } cases[] = {
        {"history=1", MANY - 1, false},
        {"history=1", MANY, true},
        {"", MANY, false},
        {"history=0", MANY, false},
        {"history=1&state=good", MANY, true},
        {"history=1&state=failing", MANY, false},
        {"history=1&probe=orders", MANY, true},
        {"history=1&probe=other", MANY, false},
        {"history=1&appserver=live", MANY, false},
        {"history=1&appserver=live&appserver=pilot", MANY, true},
        {"appserver=live&company=EPIC06&probe=orders", MANY, false},
    };
    struct board_target good = target_without_runs("live", "orders");
    const struct board_target *list[MANY];
    const struct board_appserver *server_list[] = {&servers[LIVE]};
    struct board_view view = {.now = now, .appservers = server_list, .appserver_count = 1, .targets = list};

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        list[i] = &good;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct query query;
        assert_true(query_read(&query, cases[i].query));
        view.target_count = cases[i].count;
        const char *wrong = status_history_check(&query, &view);
        if ((wrong != NULL) != cases[i].refused)
            fail_msg("%s: %s", cases[i].query, wrong);
        if (wrong != NULL)
            assert_non_null(strstr(wrong, "Name one app server"));
        query_free(&query);
    }
}

#define FLEET_TEST(test) cmocka_unit_test_setup_teardown(test, make_fleet, free_fleet)

ALL_TESTS(FLEET_TEST(every_state_is_told), FLEET_TEST(app_servers_are_told),
          FLEET_TEST(problems_are_told_the_worst_first), FLEET_TEST(who_is_not_trusted_reads_no_words),
          FLEET_TEST(history_comes_when_asked), FLEET_TEST(filters_filter),
          FLEET_TEST(other_queries_are_refused), FLEET_TEST(it_is_what_is_documented),
          FLEET_TEST(a_thousand_targets_with_their_histories), FLEET_TEST(histories_of_many_are_narrowed));
