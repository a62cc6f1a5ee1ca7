#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "metrics/exposition.h"
#include "unit/report/sample.h"
#include "web/query.h"
#include "web/scrape.h"

#define CONFIGURATION                                                                                        \
    "[appserver live]\nurl = https://erp.example.com/KineticLive\ncompany = EPIC06\n"                        \
    "username = watch\npassword = secret\napi_key = key\n[probe orders]\nkind = baq\n"
#define CREATED "[web]\ncreated = yes\n"
#define OPEN    "application/openmetrics-text;version=1.0.0"

static struct report *report_of(const char *text)
{
    struct model *model = sample_model_of(text);
    struct report *report = report_new(model, sample_start, "1.2.3", "abc");

    model_unref(model);
    return report;
}

/* Its body is owned. */
static struct web_answer ask(struct report *report, const char *accept, const char *query, size_t room)
{
    struct web_request request = {.method = "GET",
                                  .path = "/metrics",
                                  .query = query,
                                  .accept = accept,
                                  .now = sample_start,
                                  .report = report,
                                  .version = "1.2.3",
                                  .telemetry_path = "/metrics"};
    struct web_answer answer = {0};

    buffer_init(&answer.body, room);
    scrape_answer(&request, &answer);
    return answer;
}

static void assert_body(struct report *report, const char *accept, const char *query, int status,
                        const char *body)
{
    struct web_answer answer = ask(report, accept, query, 1 << 20);

    assert_int_equal(answer.status, status);
    assert_string_equal(buffer_as_text(&answer.body), body);
    buffer_free(&answer.body);
}

#define TARGETS                                                                                              \
    "# HELP epicor_exporter_targets Targets in the configuration.\n"                                         \
    "# TYPE epicor_exporter_targets gauge\nepicor_exporter_targets 1\n"
#define RUNS(name)                                                                                           \
    "# HELP " name " Runs that have ended.\n"                                                                \
    "# TYPE " name " counter\n"                                                                              \
    "epicor_probe_runs_total{appserver=\"live\",company=\"EPIC06\",probe=\"orders\"} 0\n"

/* How many bytes a page has changes with the values of process_*, from one to the next. */
static size_t lines_of(const struct web_answer *answer)
{
    size_t lines = 0;

    for (size_t i = 0; i < answer->body.size; i++)
        lines += answer->body.data[i] == '\n';
    return lines;
}

static void test_names_of_the_query(void **state)
{
    static const struct {
        const char *accept, *query, *body;
    } cases[] = {
        {NULL, "name[]=epicor_exporter_targets", TARGETS},
        {NULL, "name%5B%5D=epicor%5Fexporter_targets&other=1", TARGETS},
        {NULL, "name[]=epicor_probe_runs&name[]=epicor_exporter_targets&name[]=epicor_probe_runs_total",
         TARGETS RUNS("epicor_probe_runs_total")},
        {OPEN, "name[]=epicor_probe_runs", RUNS("epicor_probe_runs") "# EOF\n"},
        {OPEN, "name[]=epicor_probe_runs_total", RUNS("epicor_probe_runs") "# EOF\n"},
        {NULL, "name[]=nothing", ""},
        {NULL, "name[]=", ""},
        {NULL, "name[]", ""},
        {OPEN, "name[]=nothing", "# EOF\n"},
        {NULL, "name[]=epicor_exporter_targets+", ""},
    };
    struct report *report = report_of(CONFIGURATION);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_body(report, cases[i].accept, cases[i].query, 200, cases[i].body);
    /* What names nothing is the whole page. */
    struct web_answer whole = ask(report, NULL, "", 1 << 20);
    static const char *const others[] = {"x=1", "name=epicor_up", "names[]=epicor_up", "&"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct web_answer answer = ask(report, NULL, others[i], 1 << 20);
        assert_true(answer.body.size > 4000);
        assert_int_equal(lines_of(&answer), lines_of(&whole));
        buffer_free(&answer.body);
    }
    buffer_free(&whole.body);
    report_free(report);
}

static void test_queries_that_cannot_be(void **state)
{
    struct report *report = report_of(CONFIGURATION);
    char query[SCRAPE_NAMES_MAX * 8 + 16] = "";

    (void)state;
    for (size_t i = 0; i < SCRAPE_NAMES_MAX; i++)
        strncat(query, "name[]&", 8);
    assert_body(report, NULL, query, 200, "");
    strncat(query, "name[]", 7);
    assert_body(report, NULL, query, 400, "The query has too many names.\n");
    assert_body(report, NULL, "name[]=%4", 400, query_unreadable);
    assert_body(report, NULL, "x=%00", 400, query_unreadable);
    report_free(report);
}

static void test_the_format_is_that_of_accept(void **state)
{
    struct report *report = report_of(CONFIGURATION);

    (void)state;
    struct web_answer answer = ask(report, OPEN ";escaping=dots;q=0.5,text/plain;q=0.4", "", 1 << 20);
    assert_string_equal(answer.content_type,
                        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=dots");
    assert_true(answer.negotiated);
    assert_true(answer.compressible);
    assert_string_equal(answer.body.data + answer.body.size - 6, "# EOF\n");
    buffer_free(&answer.body);
    answer = ask(report, NULL, "", 1 << 20);
    assert_string_equal(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_true(answer.negotiated);
    buffer_free(&answer.body);
    /* A page that does not fit is no page. */
    answer = ask(report, OPEN, "", 3000);
    assert_int_equal(answer.status, 500);
    assert_string_equal(answer.body.data, "The page is larger than this server may hold.\n");
    buffer_free(&answer.body);
    report_free(report);
}

/* In OpenMetrics, and as the configuration in force has it. */
static void test_created_is_of_the_configuration(void **state)
{
    struct report *report = report_of(CONFIGURATION CREATED);

    (void)state;
    struct web_answer answer = ask(report, OPEN, "", 1 << 20);
    assert_non_null(strstr(answer.body.data, "\nepicor_probe_runs_created{"));
    buffer_free(&answer.body);
    answer = ask(report, NULL, "", 1 << 20);
    assert_null(strstr(answer.body.data, "_created"));
    buffer_free(&answer.body);

    struct model *before = sample_model_of(CONFIGURATION CREATED), *after = sample_model_of(CONFIGURATION);
    struct model_match match = model_match(before, after);
    report_reload(report, after, &match, sample_start);
    model_match_free(&match);
    model_unref(before);
    model_unref(after);
    answer = ask(report, OPEN, "", 1 << 20);
    assert_null(strstr(answer.body.data, "_created"));
    buffer_free(&answer.body);
    report_free(report);
}

ALL_TESTS(cmocka_unit_test(test_names_of_the_query), cmocka_unit_test(test_queries_that_cannot_be),
          cmocka_unit_test(test_the_format_is_that_of_accept),
          cmocka_unit_test(test_created_is_of_the_configuration));
