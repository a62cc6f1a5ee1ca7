/* Requests for a reload: one build at a time, none lost, each told what came of it. */
#include "../../main.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/reload.h"
#include "agent/worker.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/shown.h"
#include "probe/kind.h"
#include "report/board.h"

#define GOOD(port)                                                                                           \
    "[web]\nlisten_address = :" port                                                                         \
    "\n[appserver live]\nurl = https://erp.example.com/Live\ncompany = EPIC06\n"                             \
    "auth = none\napi_key = k\n[probe orders]\nkind = baq\nbaq = Orders\n"
#define BAD GOOD("1") "rows_min = many\nrows_maxi = 3\n[exporter]\ntimeout = 200ms\n"

#define SERVER                                                                                               \
    "[appserver live]\nurl = https://erp.example.com/Live\ncompany = EPIC06\nauth = none\napi_key = k\n"
#define HIDDEN "hunter2more" /* a line of tests/secrets.txt */

/* An agent that nobody turns, a report, and what a worker would be asked for. */
struct stage {
    struct transport transport;
    struct secrets_port secrets;
    struct model *model;
    struct report *report;
    struct agent *agent;
    struct reload *reload;
    size_t asked;
    struct model *before;
    int log;
    const char *text; /* what the file holds */
};

static struct model *read_text(void *context, struct fault_list *faults)
{
    const char *const *text = context;
    return model_read("agent.ini", span_of(*text), NULL, probe_schema(), faults);
}

static void build_asked(void *context, struct model *before)
{
    struct stage *stage = context;
    stage->asked++;
    stage->before = before;
}

static void stage_start(struct stage *stage)
{
    struct moment now = clock_now();
    *stage = (struct stage){.text = GOOD("1")};
    struct fault_list faults = {0};
    stage->model = read_text(&stage->text, &faults);
    for (size_t i = 0; !stage->model && i < faults.count; i++)
        print_error("%s\n", faults.items[i].text);
    assert_non_null(stage->model);
    fault_list_free(&faults);
    FILE *log = tmpfile();
    assert_non_null(log);
    stage->log = dup(fileno(log));
    fclose(log);
    log_setup(LOG_INFO, LOG_LOGFMT, stage->log);
    stage->report = report_new(stage->model, now, "test", "test");
    stage->agent = agent_new(stage->model, stage->report, &stage->transport, &stage->secrets, 1, now);
    stage->reload = reload_new(stage->agent, stage->report, stage->model, build_asked, stage);
}

static void stage_end(struct stage *stage)
{
    reload_free(stage->reload);
    agent_free(stage->agent);
    report_free(stage->report);
    model_unref(stage->model);
    close(stage->log);
}

/* The build ends with what the file holds now; gives what is in force now, or NULL. */
static struct model *built(struct stage *stage)
{
    const struct model_factory factory = {read_text, &stage->text};
    struct model_build build;
    model_build_make(&factory, stage->before, &build);
    return reload_built(stage->reload, &build, clock_now());
}

static size_t times_logged(const struct stage *stage, const char *text)
{
    char log[65536];
    ssize_t size = pread(stage->log, log, sizeof log - 1, 0);
    assert_true(size >= 0);
    log[size] = '\0';
    size_t times = 0;
    for (const char *at = log; (at = strstr(at, text)) != NULL; at++)
        times++;
    return times;
}

static double metric(const struct stage *stage, const char *series)
{
    struct buffer page;
    buffer_init(&page, 1 << 24);
    assert_true(report_page(stage->report, NULL, clock_now(), &page));
    char *line = memory_format("\n%s ", series);
    const char *at = strstr(buffer_as_text(&page), line);
    double value = at ? strtod(at + strlen(line), NULL) : -1;
    free(line);
    buffer_free(&page);
    return value;
}

struct told {
    unsigned times;
    enum reload_end end;
    char *faults;
};

static void remember(void *context, enum reload_end end, const char *faults)
{
    struct told *told = context;
    told->times++;
    told->end = end;
    free(told->faults);
    told->faults = faults ? memory_copy_text(faults) : NULL;
}

static void many_requests_are_met_by_two_builds(void **state)
{
    (void)state;
    struct stage stage;
    struct told first = {0}, late = {0}, later = {0};
    stage_start(&stage);
    reload_ask(stage.reload, remember, &first);
    assert_int_equal(stage.asked, 1);
    assert_ptr_equal(stage.before, stage.model);
    for (int i = 0; i < 100; i++)
        reload_ask(stage.reload, NULL, NULL);
    reload_ask(stage.reload, remember, &late);
    reload_ask(stage.reload, remember, &later);
    assert_int_equal(stage.asked, 1);

    /* Those who asked during the build are told of the next. */
    struct model *model = built(&stage);
    assert_non_null(model);
    assert_int_equal(first.times, 1);
    assert_int_equal(first.end, RELOAD_DONE);
    assert_null(first.faults);
    assert_int_equal(late.times, 0);
    assert_int_equal(stage.asked, 2);
    assert_ptr_equal(stage.before, model);
    assert_non_null(built(&stage));
    assert_int_equal(stage.asked, 2);
    assert_int_equal(first.times + late.times + later.times, 3);
    assert_int_equal(times_logged(&stage, "the configuration was reloaded"), 2);

    reload_ask(stage.reload, NULL, NULL);
    assert_int_equal(stage.asked, 3);
    assert_non_null(built(&stage));
    stage_end(&stage);
}

static void faults_are_told_and_change_nothing(void **state)
{
    (void)state;
    struct stage stage;
    struct told told = {0};
    stage_start(&stage);
    double since = metric(&stage, "epicor_exporter_config_last_reload_success_timestamp_seconds");
    stage.text = BAD;
    reload_ask(stage.reload, remember, &told);
    assert_null(built(&stage));
    assert_int_equal(told.times, 1);
    assert_int_equal(told.end, RELOAD_FAULTY);
    assert_non_null(strstr(told.faults, "agent.ini:11: "));
    assert_non_null(strstr(told.faults, "agent.ini:12: "));
    assert_null(strstr(told.faults, "warning"));
    assert_true(times_logged(&stage, "warning=") > 0);
    assert_int_equal(times_logged(&stage, "line=11 "), 1);
    assert_int_equal(times_logged(&stage, "line=12 "), 1);
    assert_int_equal(times_logged(&stage, "the one before stays in force"), 1);
    assert_true(metric(&stage, "epicor_exporter_config_last_reload_successful") == 0);
    assert_true(metric(&stage, "epicor_exporter_config_last_reload_success_timestamp_seconds") == since);
    assert_true(metric(&stage, "epicor_exporter_targets") == 1);

    stage.text = GOOD("1");
    reload_ask(stage.reload, remember, &told);
    assert_ptr_equal(stage.before, stage.model);
    assert_non_null(built(&stage));
    assert_int_equal(told.end, RELOAD_DONE);
    assert_null(told.faults);
    assert_true(metric(&stage, "epicor_exporter_config_last_reload_successful") == 1);
    stage_end(&stage);
}

/* What /config would hide is hidden in the log and in the answer too, whichever check finds the fault. */
static void faults_tell_no_secret(void **state)
{
    (void)state;
    static const char *const texts[] = {
        SERVER "[probe a]\nkind = http\npath = feeds/a?key=" HIDDEN "#x\n",
        SERVER "[probe a]\nkind = http\npath = //usr:" HIDDEN "@127.0.0.1/feeds\n",
        SERVER "[probe a]\nkind = http\npath = api/v1/Ice.BO.UserFileSvc/Update?key=" HIDDEN "\n",
        SERVER "[probe a]\nkind = http\npath = feeds/a\nsoap_action = \"http://u:" HIDDEN "@h\"\n",
        SERVER "[probe a]\nkind = bo\nservice = http://u:" HIDDEN "@h\n",
        "[web]\nexternal_url = //usr:" HIDDEN "@h\n" SERVER,
        "[web]\nexternal_url = https://h/x y?key=" HIDDEN "\n" SERVER,
        "[web]\nexternal_url = https:/usr:" HIDDEN "@h\n" SERVER,
        "[appserver b]\nurl = usr:" HIDDEN "@h\ncompany = X\nauth = none\napi_key = k\n" SERVER,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct stage stage;
        struct told told = {0};
        stage_start(&stage);
        stage.text = texts[i];
        reload_ask(stage.reload, remember, &told);
        assert_null(built(&stage));
        assert_int_equal(told.end, RELOAD_FAULTY);
        if (strstr(told.faults, HIDDEN) != NULL)
            fail_msg("case %zu tells: %s", i, told.faults);
        assert_true(times_logged(&stage, "error=") > 0);
        assert_int_equal(times_logged(&stage, HIDDEN), 0);
        free(told.faults);
        stage_end(&stage);
    }
}

static void what_the_web_side_keeps_is_named(void **state)
{
    (void)state;
    struct stage stage;
    struct told told = {0};
    stage_start(&stage);
    stage.text = GOOD("2\ntelemetry_path = /other\nmax_connections = 7\nmax_connections_per_address = 3\n"
                      "tls_cert_file = /dev/null\ntls_key_file = /dev/null");
    reload_ask(stage.reload, remember, &told);
    assert_non_null(built(&stage));
    assert_int_equal(told.end, RELOAD_DONE);
    assert_string_equal(told.faults, "listen_address, telemetry_path, tls_cert_file, tls_key_file, "
                                     "max_connections, max_connections_per_address");
    struct buffer page;
    buffer_init(&page, 1 << 20);
    struct model *model = board_model(report_board(stage.report));
    assert_true(model_print(model, &page));
    assert_non_null(strstr(buffer_as_text(&page), "not in force yet, but from the next start on: "
                                                  "listen_address, telemetry_path, tls_cert_file, "));
    model_unref(model);
    assert_int_equal(times_logged(&stage, "key=tls_cert_file"), 1);
    assert_int_equal(times_logged(&stage, "key=tls_key_file"), 1);
    assert_int_equal(times_logged(&stage, "key=listen_address"), 1);
    assert_int_equal(times_logged(&stage, "key=telemetry_path"), 1);
    assert_int_equal(times_logged(&stage, "key=max_connections\n"), 1);
    assert_int_equal(times_logged(&stage, "key=max_connections_per_address"), 1);
    /* Put back as it was started: nothing to say. */
    stage.text = GOOD("1");
    reload_ask(stage.reload, remember, &told);
    assert_non_null(built(&stage));
    assert_null(told.faults);
    assert_int_equal(times_logged(&stage, "key="), 6);
    buffer_clear(&page);
    model = board_model(report_board(stage.report));
    assert_true(model_print(model, &page));
    assert_null(strstr(buffer_as_text(&page), "not in force yet"));
    model_unref(model);
    buffer_free(&page);
    stage_end(&stage);
}

/* Where sockets were passed, the addresses do not hold at the next start either. */
static void passed_sockets_are_kept_in_silence(void **state)
{
    (void)state;
    struct stage stage;
    struct told told = {0};
    stage_start(&stage);
    model_apply(stage.model, &(struct model_override){.sockets_passed = true, .shard_total = 1});
    stage.text = GOOD("2");
    reload_ask(stage.reload, remember, &told);
    assert_non_null(built(&stage));
    assert_int_equal(told.end, RELOAD_DONE);
    assert_null(told.faults);
    assert_int_equal(times_logged(&stage, "key="), 0);
    stage_end(&stage);
}

/* Over plain HTTP nobody shows a certificate, and the reload must not seem to have closed the door. */
static void client_certificates_do_not_begin_with_a_reload(void **state)
{
    (void)state;
    struct stage stage;
    struct told told = {0};
    stage_start(&stage);
    stage.text = GOOD("1\ntls_cert_file = /dev/null\ntls_key_file = /dev/null\nclient_ca_file = /dev/null");
    reload_ask(stage.reload, remember, &told);
    assert_null(built(&stage));
    assert_int_equal(told.end, RELOAD_FAULTY);
    assert_non_null(strstr(told.faults, "agent.ini:5: [web] client_ca_file: no reload can begin with"));
    assert_int_equal(times_logged(&stage, "the one before stays in force"), 1);
    assert_true(metric(&stage, "epicor_exporter_config_last_reload_successful") == 0);
    free(told.faults);
    stage_end(&stage);
}

static void nothing_is_put_into_force_at_the_end(void **state)
{
    (void)state;
    struct stage stage;
    struct told told = {0};
    stage_start(&stage);
    reload_ask(stage.reload, remember, &told);
    agent_shutdown(stage.agent, clock_now());
    assert_null(built(&stage));
    assert_int_equal(told.end, RELOAD_STOPPING);
    stage_end(&stage);
}

static void who_waits_at_the_end_is_told(void **state)
{
    (void)state;
    struct stage stage;
    struct told first = {0}, late = {0};
    stage_start(&stage);
    assert_true(reload_is_idle(stage.reload));
    reload_ask(stage.reload, remember, &first);
    reload_ask(stage.reload, remember, &late);
    assert_false(reload_is_idle(stage.reload));
    stage_end(&stage);
    assert_int_equal(first.times, 1);
    assert_int_equal(first.end, RELOAD_STOPPING);
    assert_int_equal(late.times, 1);
    assert_int_equal(late.end, RELOAD_STOPPING);
}

static void the_worker_builds(void **state)
{
    (void)state;
    static const char *texts[] = {GOOD("1"), BAD};
    struct fault_list faults = {0};
    struct model *model = read_text(&texts[0], &faults);
    struct worker *worker = worker_new(model);
    for (size_t i = 0; i < 2; i++) {
        const struct model_factory factory = {read_text, &texts[i]};
        struct worker_answer answer;
        worker_build(worker, &factory, model);
        struct pollfd wait = {.fd = worker_descriptor(worker), .events = POLLIN};
        assert_int_equal(poll(&wait, 1, 60000), 1);
        assert_true(worker_take(worker, &answer));
        assert_int_equal(answer.kind, WORKER_MODEL);
        assert_true((answer.build.model != NULL) == (i == 0));
        assert_int_equal(answer.build.faults.faults, i == 0 ? 0 : 2);
        if (i == 0)
            assert_true(answer.build.match.targets[0] == 0);
        model_build_free(&answer.build);
    }
    /* One that nobody takes is freed with the worker. */
    const struct model_factory factory = {read_text, &texts[0]};
    worker_build(worker, &factory, model);
    assert_true(worker_free(worker));
    model_unref(model);
    fault_list_free(&faults);
}

ALL_TESTS(cmocka_unit_test(many_requests_are_met_by_two_builds),
          cmocka_unit_test(faults_are_told_and_change_nothing), cmocka_unit_test(faults_tell_no_secret),
          cmocka_unit_test(what_the_web_side_keeps_is_named),
          cmocka_unit_test(passed_sockets_are_kept_in_silence),
          cmocka_unit_test(client_certificates_do_not_begin_with_a_reload),
          cmocka_unit_test(nothing_is_put_into_force_at_the_end),
          cmocka_unit_test(who_waits_at_the_end_is_told), cmocka_unit_test(the_worker_builds));
