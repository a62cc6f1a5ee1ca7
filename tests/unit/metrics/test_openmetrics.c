#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/openmetrics.h"
#include "metrics/store.h"
#include "sample.h"

#define START 1700000000

static const struct moment start = {.boot_ns = 1000 * SECOND_NS, .wall_ns = START * SECOND_NS};

static struct moment after(int64_t milliseconds)
{
    return (struct moment){start.boot_ns + milliseconds * 1000000, start.wall_ns + milliseconds * 1000000};
}

static char *page_of(struct store *store, const struct exposition *exposition)
{
    struct store_view *view = store_view_take(store, after(30000));
    struct buffer page;

    buffer_init(&page, (size_t)1 << 30);
    assert_true(exposition_write(view, exposition, &page));
    store_view_free(view);
    char *text = buffer_take(&page);
    assert_non_null(text);
    return text;
}

static void assert_page(struct store *store, const struct exposition *exposition, const char *wanted)
{
    char *page = page_of(store, exposition);

    assert_string_equal(page, wanted);
    free(page);
}

static const struct exposition plain = {.format = EXPOSITION_OPENMETRICS};
static const struct exposition created = {.format = EXPOSITION_OPENMETRICS, .created = true};

/* Two things, one with labels that want escaping, a few series of each type, and exemplars. */
static struct store *filled_store(void)
{
    struct store *store = store_new(sample_classes, SAMPLE_CLASSES, sample_families, SAMPLE_FAMILIES);
    const char *const odd[] = {"C:\\temp \"x\"\nline two", "K\xC3\xB6ln \xE6\x97\xA5\xE6\x9C\xAC"};

    store_lock(store);
    struct store_owner process = store_owner_add(store, CLASS_PROCESS, NULL, 0, start);
    struct store_owner a = store_owner_add(store, CLASS_THING, odd, 0, after(250));
    store_owner_add(store, CLASS_THING, (const char *const[]){"b", ""}, 2, after(1000));
    store_set_data(store, process, SAMPLE_INFO, (const char *const[]){"1.0", "x"}, 1, NEVER_NS);
    store_add_data(store, process, SAMPLE_REQUESTS, (const char *const[]){"/", "200"}, 1, after(2500));
    store_add_data(store, a, SAMPLE_ANSWERS, (const char *const[]){"404"}, 1, after(3000));
    store_add_with(store, a, SAMPLE_ANSWERS, 1, 2, span_of("id=\"say \\\"x\\\"\""), after(4125));
    store_set(store, a, SAMPLE_PHASE, 0, 0.125, NEVER_NS);
    store_observe_with(store, a, SAMPLE_TIME, 0.75, span_of("id=\"slow\",kind=\"k\""), after(5000));
    store_observe_with(store, a, SAMPLE_TIME, 1e6, span_of("id=\"slowest\""), after(6500));
    store_unlock(store);
    return store;
}

#define A "thing=\"C:\\\\temp \\\"x\\\"\\nline two\",place=\"K\xC3\xB6ln \xE6\x97\xA5\xE6\x9C\xAC\""
#define B "thing=\"b\",place=\"\""

static void test_exact_bytes(void **state)
{
    struct store *store = filled_store();

    (void)state;
    assert_page(store, &plain,
                "# HELP answers Answers, \\\"quoted\\\" back\\\\slash\\nand Gr\xC3\xBC\xC3\x9F"
                "e.\n"
                "# TYPE answers counter\n"
                "answers_total{" A ",code=\"200\"} 0\n"
                "answers_total{" A ",code=\"500\"} 2 # {id=\"say \\\"x\\\"\"} 2 1700000004.125\n"
                "answers_total{" A ",code=\"404\"} 1\n"
                "answers_total{" B ",code=\"200\"} 0\n"
                "answers_total{" B ",code=\"500\"} 0\n"
                "# HELP app_info Info.\n"
                "# TYPE app_info gauge\n"
                "app_info{version=\"1.0\",revision=\"x\"} 1\n"
                "# HELP app_requests Requests.\n"
                "# TYPE app_requests counter\n"
                "app_requests_total{path=\"/\",code=\"200\"} 1\n"
                "# HELP app_series Series.\n"
                "# TYPE app_series gauge\n"
                "app_series 26\n"
                "# HELP left_seconds Left.\n"
                "# TYPE left_seconds gauge\n"
                "# UNIT left_seconds seconds\n"
                "left_seconds{" A "} 0\n"
                "left_seconds{" B "} 0\n"
                "# HELP phase_seconds Phase.\n"
                "# TYPE phase_seconds gauge\n"
                "# UNIT phase_seconds seconds\n"
                "phase_seconds{" A ",phase=\"odd \\\"one\\\"\\\\\\n\"} 0.125\n"
                "# HELP second Second.\n"
                "# TYPE second counter\n"
                "second_total{" B "} 0\n"
                "# HELP time_seconds Time.\n"
                "# TYPE time_seconds histogram\n"
                "# UNIT time_seconds seconds\n"
                "time_seconds_bucket{" A ",le=\"0.05\"} 0\n"
                "time_seconds_bucket{" A ",le=\"1.0\"} 1 # {id=\"slow\",kind=\"k\"} 0.75 1700000005\n"
                "time_seconds_bucket{" A ",le=\"2.5\"} 1\n"
                "time_seconds_bucket{" A ",le=\"+Inf\"} 2 # {id=\"slowest\"} 1000000 1700000006.5\n"
                "time_seconds_sum{" A "} 1000000.75\n"
                "time_seconds_count{" A "} 2\n"
                "time_seconds_bucket{" B ",le=\"0.05\"} 0\n"
                "time_seconds_bucket{" B ",le=\"1.0\"} 0\n"
                "time_seconds_bucket{" B ",le=\"2.5\"} 0\n"
                "time_seconds_bucket{" B ",le=\"+Inf\"} 0\n"
                "time_seconds_sum{" B "} 0\n"
                "time_seconds_count{" B "} 0\n"
                "# HELP z_runs Runs.\n"
                "# TYPE z_runs counter\n"
                "z_runs_total{" A "} 0\n"
                "z_runs_total{" B "} 0\n"
                "# EOF\n");
    store_free(store);
}

/* Behind each series of a counter, and behind the count of a histogram; of data series since they came. */
static void test_created(void **state)
{
    struct store *store = filled_store();
    static const struct span names[] = {
        {"answers", 7}, {"app_requests_total", 18}, {"time_seconds", 12}, {"phase_seconds", 13}};
    struct exposition some = created;

    (void)state;
    some.names = (struct wanted_names){names, 4};
    assert_page(store, &some,
                "# HELP answers Answers, \\\"quoted\\\" back\\\\slash\\nand Gr\xC3\xBC\xC3\x9F"
                "e.\n"
                "# TYPE answers counter\n"
                "answers_total{" A ",code=\"200\"} 0\n"
                "answers_created{" A ",code=\"200\"} 1700000000.25\n"
                "answers_total{" A ",code=\"500\"} 2 # {id=\"say \\\"x\\\"\"} 2 1700000004.125\n"
                "answers_created{" A ",code=\"500\"} 1700000000.25\n"
                "answers_total{" A ",code=\"404\"} 1\n"
                "answers_created{" A ",code=\"404\"} 1700000003\n"
                "answers_total{" B ",code=\"200\"} 0\n"
                "answers_created{" B ",code=\"200\"} 1700000001\n"
                "answers_total{" B ",code=\"500\"} 0\n"
                "answers_created{" B ",code=\"500\"} 1700000001\n"
                "# HELP app_requests Requests.\n"
                "# TYPE app_requests counter\n"
                "app_requests_total{path=\"/\",code=\"200\"} 1\n"
                "app_requests_created{path=\"/\",code=\"200\"} 1700000002.5\n"
                "# HELP phase_seconds Phase.\n"
                "# TYPE phase_seconds gauge\n"
                "# UNIT phase_seconds seconds\n"
                "phase_seconds{" A ",phase=\"odd \\\"one\\\"\\\\\\n\"} 0.125\n"
                "# HELP time_seconds Time.\n"
                "# TYPE time_seconds histogram\n"
                "# UNIT time_seconds seconds\n"
                "time_seconds_bucket{" A ",le=\"0.05\"} 0\n"
                "time_seconds_bucket{" A ",le=\"1.0\"} 1 # {id=\"slow\",kind=\"k\"} 0.75 1700000005\n"
                "time_seconds_bucket{" A ",le=\"2.5\"} 1\n"
                "time_seconds_bucket{" A ",le=\"+Inf\"} 2 # {id=\"slowest\"} 1000000 1700000006.5\n"
                "time_seconds_sum{" A "} 1000000.75\n"
                "time_seconds_count{" A "} 2\n"
                "time_seconds_created{" A "} 1700000000.25\n"
                "time_seconds_bucket{" B ",le=\"0.05\"} 0\n"
                "time_seconds_bucket{" B ",le=\"1.0\"} 0\n"
                "time_seconds_bucket{" B ",le=\"2.5\"} 0\n"
                "time_seconds_bucket{" B ",le=\"+Inf\"} 0\n"
                "time_seconds_sum{" B "} 0\n"
                "time_seconds_count{" B "} 0\n"
                "time_seconds_created{" B "} 1700000001\n"
                "# EOF\n");
    store_free(store);
}

static void test_nothing_is_an_end(void **state)
{
    struct store *store = store_new(sample_classes, SAMPLE_CLASSES, sample_families, SAMPLE_FAMILIES);

    (void)state;
    assert_page(store, &plain, "# EOF\n");
    assert_page(store, &created, "# EOF\n");
    store_free(store);
}

static void test_a_page_that_does_not_fit_is_no_page(void **state)
{
    struct store *store = filled_store();
    struct buffer page;

    (void)state;
    char *whole = page_of(store, &created);
    struct store_view *view = store_view_take(store, after(30000));
    for (size_t maximum = 0; maximum < strlen(whole); maximum++) {
        buffer_init(&page, maximum);
        assert_false(openmetrics_write(view, &created, &page));
        assert_true(page.failed);
        buffer_free(&page);
    }
    store_view_free(view);
    free(whole);
    store_free(store);
}

/* The series of both text formats are the same, byte for byte, but for exemplars. */
static void test_series_are_those_of_the_text_format(void **state)
{
    struct store *store = filled_store();
    char *text = page_of(store, &(struct exposition){0}), *strict = page_of(store, &plain);
    const char *at = strict;
    size_t compared = 0;

    (void)state;
    for (const char *line = text, *end; *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        if (*line == '#')
            continue;
        while (*at == '#')
            at = strchr(at, '\n') + 1;
        const char *at_end = strchr(at, '\n');
        size_t size = (size_t)(end - line);
        assert_memory_equal(at, line, size);
        assert_true(at[size] == '\n' || memcmp(at + size, " # {", 4) == 0);
        at = at_end + 1;
        compared++;
    }
    assert_string_equal(at, "# EOF\n");
    assert_int_equal(compared, 26);
    free(text);
    free(strict);
    store_free(store);
}

ALL_TESTS(cmocka_unit_test(test_exact_bytes), cmocka_unit_test(test_created),
          cmocka_unit_test(test_nothing_is_an_end),
          cmocka_unit_test(test_a_page_that_does_not_fit_is_no_page),
          cmocka_unit_test(test_series_are_those_of_the_text_format));
