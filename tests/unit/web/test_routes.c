/* What answers which request, without a network and on a clock of the test's own. */
#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "report/mailbox.h"
#include "unit/report/sample.h"
#include "web/later.h"
#include "web/query.h"
#include "web/routes.h"

struct asked {
    const char *label;
    int status;
    char *body;
    bool close, retry;
    const char *allow, *content_type;
};

static struct asked ask_with(struct report *report, const char *method, const char *path, const char *query,
                             struct moment now, size_t room)
{
    struct web_request request = {.method = method,
                                  .path = path,
                                  .query = query,
                                  .now = now,
                                  .report = report,
                                  .version = "1.2.3",
                                  .telemetry_path = "/our/metrics"};
    struct web_answer answer = {0};

    buffer_init(&answer.body, room);
    const char *label = routes_answer(&request, &answer);
    assert_non_null(answer.content_type);
    assert_non_null(answer.content_policy);
    struct asked asked = {.label = label,
                          .status = answer.status,
                          .close = answer.close,
                          .retry = answer.retry,
                          .allow = answer.allow,
                          .content_type = answer.content_type};
    asked.body = buffer_take(&answer.body);
    return asked;
}

static struct asked ask(struct report *report, const char *method, const char *path, struct moment now,
                        size_t room)
{
    return ask_with(report, method, path, "", now, room);
}

/* All that read a query say the same of one that cannot be read. */
static void a_bad_query(void **state)
{
    static const char *const paths[] = {"/our/metrics", "/", "/api/v1/status"};
    static const char *const queries[] = {"q=%zz", "%", "name%00"};
    struct report *report = sample_report();

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            struct asked asked = ask_with(report, "GET", paths[i], queries[j], sample_start, 1 << 20);
            assert_int_equal(asked.status, 400);
            assert_string_equal(asked.body, query_unreadable);
            assert_string_equal(asked.content_type, "text/plain; charset=utf-8");
            free(asked.body);
        }
    report_free(report);
}

static void routes_and_methods(void **state)
{
    static const struct {
        const char *method, *path, *label;
        int status;
    } cases[] = {
        {"GET", "/our/metrics", "/our/metrics", 200},
        {"HEAD", "/our/metrics", "/our/metrics", 200},
        {"POST", "/our/metrics", "/our/metrics", 405},
        {"GET", "/metrics", "other", 404},
        {"GET", "/", "/", 200},
        {"HEAD", "/", "/", 200},
        {"GET", "/api/v1/status", "/api/v1/status", 200},
        {"HEAD", "/api/v1/status", "/api/v1/status", 200},
        {"POST", "/api/v1/status", "/api/v1/status", 405},
        {"GET", "/api/v1/", "other", 404},
        {"GET", "/api/v1/status/", "other", 404},
        {"DELETE", "/", "/", 405},
        {"GET", "", "other", 404},
        {"GET", "/our/metrics/", "other", 404},
        {"GET", "/our", "other", 404},
        {"", "/", "/", 405},
        {"GETS", "/", "/", 405},
        {"GET", "/-/ready", "/-/ready", 200},
        {"GET", "/-/", "other", 404},
        {"GET", "/-/reload", "/-/reload", 405},
        {"HEAD", "/-/reload", "/-/reload", 405},
        {"PUT", "/-/reload", "/-/reload", 405},
        {"POST", "/-/reload", "/-/reload", 403},
        {"GET", "/config", "other", 404},
        {"POST", "/config", "other", 405},
        {"GET", "/rules/epicor.rules.yml", "/rules/", 200},
        {"POST", "/rules/epicor.rules.yml", "/rules/", 405},
        {"GET", "/rules/", "/rules/", 404},
        {"GET", "/rules/none.yml", "/rules/", 404},
        {"GET", "/rules/../rules/epicor.rules.yml", "other", 404},
        {"GET", "/rules", "other", 404},
        {"GET", "/dashboards/none.json", "/dashboards/", 404},
    };
    struct report *report = sample_report();

    (void)state;
    report_ready(report, true);
    report_turn(report, MILLISECOND_NS, sample_start);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct asked asked = ask(report, cases[i].method, cases[i].path, sample_start, 1 << 20);
        if (asked.status != cases[i].status || strcmp(asked.label, cases[i].label) != 0)
            fail_msg("%s %s: %d %s", cases[i].method, cases[i].path, asked.status, asked.label);
        assert_true((asked.allow != NULL) == (asked.status == 405));
        assert_true(asked.body[0] != '\0');
        free(asked.body);
    }
    report_free(report);
}

/* telemetry_path takes no path away from another page. */
static void the_own_paths_are_reserved(void **state)
{
    static const char *const paths[] = {"/",         "/api/v1/status", "/-/healthy",    "/-/ready",
                                        "/-/reload", "/config",        "/dashboards/x", "/rules/x"};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char *read = NULL, *why = read_telemetry_path(paths[i], &read);
        if (why == NULL)
            fail_msg("metrics could be at %s", paths[i]);
        free(why);
    }
}

static void the_agent_is_healthy_while_it_turns(void **state)
{
    static const struct {
        int64_t seconds; /* since its last turn */
        int status;
    } cases[] = {{0, 200}, {30, 200}, {31, 503}, {3600, 503}};
    struct report *report = sample_report();

    (void)state;
    struct asked asked = ask(report, "GET", "/-/healthy", sample_start, 1 << 20);
    assert_int_equal(asked.status, 503);
    assert_non_null(strstr(asked.body, "has not begun"));
    free(asked.body);
    report_turn(report, MILLISECOND_NS, sample_start);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        asked = ask(report, "GET", "/-/healthy", sample_after(cases[i].seconds), 1 << 20);
        assert_int_equal(asked.status, cases[i].status);
        free(asked.body);
        /* The page says the same. */
        asked = ask(report, "GET", "/", sample_after(cases[i].seconds), 1 << 20);
        assert_int_equal(asked.status, 200);
        assert_true((strstr(asked.body, "the agent does not turn") != NULL) == (cases[i].status == 503));
        free(asked.body);
    }
    report_free(report);
}

/* A page that does not fit is never a cut one. */
static void what_does_not_fit(void **state)
{
    static const char *const paths[] = {"/our/metrics", "/"};
    struct report *report = sample_report();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct asked asked = ask(report, "GET", paths[i], sample_start, 2000);
        assert_int_equal(asked.status, 500);
        assert_string_equal(asked.body, "The page is larger than this server may hold.\n");
        free(asked.body);
    }
    report_free(report);
}

static void ready_is_what_turns(void **state)
{
    struct report *report = sample_report();

    (void)state;
    report_turn(report, MILLISECOND_NS, sample_start);
    for (int i = 0; i < 3; i++) {
        report_ready(report, i > 0);
        struct asked asked = ask(report, "GET", "/-/ready", sample_after(i == 2 ? 31 : 0), 1 << 20);
        assert_int_equal(asked.status, i == 1 ? 200 : 503);
        free(asked.body);
    }
    report_free(report);
}

/* ---- reload ---- */

static struct web_answer ask_reload(struct report *report, struct later_post *post, bool trusted,
                                    const char *origin)
{
    struct web_request request = {.method = "POST",
                                  .path = "/-/reload",
                                  .trusted = trusted,
                                  .now = sample_start,
                                  .report = report,
                                  .version = "1.2.3",
                                  .telemetry_path = "/our/metrics",
                                  .origin = origin,
                                  .host = "127.0.0.1:10606",
                                  .post = post};
    struct web_answer answer = {0};

    buffer_init(&answer.body, 1 << 20);
    assert_string_equal(routes_answer(&request, &answer), "/-/reload");
    return answer;
}

static void a_reload_is_answered_when_it_has_ended(void **state)
{
    static const struct {
        enum reload_end end;
        int status;
        const char *text, *told;
    } cases[] = {
        {RELOAD_DONE, 200, "The configuration was read, and is in force.\n", NULL},
        {RELOAD_DONE, 200,
         "The configuration was read, and is in force, but for what takes effect at the next start only: "
         "tls_cert_file, tls_key_file of [web].\n",
         "tls_cert_file, tls_key_file"},
        {RELOAD_FAULTY, 500, "e.ini:2: [exporter] interval = soon: it is no duration\n",
         "e.ini:2: [exporter] interval = soon: it is no duration\n"},
        {RELOAD_STOPPING, 503, "The exporter is stopping.\n", NULL},
    };
    struct report *report = sample_report();
    struct later_post *post = later_post_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct web_answer answer = ask_reload(report, post, true, "http://127.0.0.1:10606");
        int status;
        const char *text;
        assert_non_null(answer.later);
        assert_false(later_take(answer.later, &status, &text));
        letter_answer(mailbox_take(report_mailbox(report)), cases[i].end, cases[i].told);
        assert_true(later_take(answer.later, &status, &text));
        assert_int_equal(status, cases[i].status);
        assert_string_equal(text, cases[i].text);
        later_unref(answer.later);
        buffer_free(&answer.body);
    }
    later_post_free(post);
    report_free(report);
}

static void a_reload_is_refused(void **state)
{
    static const struct {
        bool trusted;
        const char *origin, *said;
    } cases[] = {
        {false, NULL, "only to who has been let in"},
        {false, "http://127.0.0.1:10606", "only to who has been let in"},
        {true, "http://evil.example.com", "A page of another site"},
        {true, "null", "A page of another site"},
    };
    struct report *report = sample_report();
    struct later_post *post = later_post_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct web_answer answer = ask_reload(report, post, cases[i].trusted, cases[i].origin);
        assert_null(answer.later);
        assert_int_equal(answer.status, 403);
        assert_non_null(strstr(buffer_as_text(&answer.body), cases[i].said));
        assert_null(mailbox_take(report_mailbox(report)));
        buffer_free(&answer.body);
    }
    later_post_free(post);
    report_free(report);
}

static void too_many_reloads_and_late_ones(void **state)
{
    struct report *report = sample_report();
    struct later_post *post = later_post_new();
    struct later *waiting[MAILBOX_MOST];
    int status;
    const char *text;

    (void)state;
    struct web_answer answer;
    for (size_t i = 0; i < MAILBOX_MOST; i++) {
        answer = ask_reload(report, post, true, NULL);
        waiting[i] = answer.later;
        buffer_free(&answer.body);
    }
    answer = ask_reload(report, post, true, NULL);
    assert_null(answer.later);
    assert_int_equal(answer.status, 503);
    assert_true(answer.retry);
    buffer_free(&answer.body);
    mailbox_close(report_mailbox(report));
    for (size_t i = 0; i < MAILBOX_MOST; i++) {
        assert_true(later_take(waiting[i], &status, &text));
        assert_int_equal(status, 503);
        later_unref(waiting[i]);
    }
    answer = ask_reload(report, post, true, NULL);
    assert_null(answer.later);
    assert_int_equal(answer.status, 503);
    assert_string_equal(buffer_as_text(&answer.body), "The exporter is stopping.\n");
    buffer_free(&answer.body);
    later_post_free(post);
    report_free(report);
}

ALL_TESTS(cmocka_unit_test(the_own_paths_are_reserved), cmocka_unit_test(a_bad_query),
          cmocka_unit_test(ready_is_what_turns), cmocka_unit_test(a_reload_is_answered_when_it_has_ended),
          cmocka_unit_test(a_reload_is_refused), cmocka_unit_test(too_many_reloads_and_late_ones),
          cmocka_unit_test(routes_and_methods), cmocka_unit_test(the_agent_is_healthy_while_it_turns),
          cmocka_unit_test(what_does_not_fit));
