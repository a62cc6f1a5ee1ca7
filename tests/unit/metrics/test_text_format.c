#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/store.h"
#include "metrics/text_format.h"
#include "sample.h"

static const struct moment start = {.boot_ns = 1000 * SECOND_NS, .wall_ns = 0};

static struct moment after(int64_t seconds)
{
    return (struct moment){start.boot_ns + seconds * SECOND_NS, seconds * SECOND_NS};
}

static struct store *sample_store(void)
{
    return store_new(sample_classes, SAMPLE_CLASSES, sample_families, SAMPLE_FAMILIES);
}

static char *page_at(struct store *store, struct moment now)
{
    struct store_view *view = store_view_take(store, now);
    struct buffer page;

    buffer_init(&page, (size_t)1 << 30);
    assert_true(text_format_write(view, &(struct exposition){0}, &page));
    store_view_free(view);
    char *text = buffer_take(&page);
    assert_non_null(text);
    return text;
}

static void assert_page(struct store *store, struct moment now, const char *wanted)
{
    char *page = page_at(store, now);

    assert_string_equal(page, wanted);
    free(page);
}

static void test_exact_bytes(void **state)
{
    struct store *store = sample_store();
    const char *const odd[] = {"C:\\temp \"x\"\nline two", "K\xC3\xB6ln \xE6\x97\xA5\xE6\x9C\xAC"};
    const char *const plain[] = {"plain", ""};
    const char *const version[] = {"1.0 \"beta\"", "ab\\cd"};
    const char *const other_path[] = {"/metrics", "200"};

    (void)state;
    store_lock(store);
    struct store_owner process = store_owner_add(store, CLASS_PROCESS, NULL, 0, start);
    struct store_owner a = store_owner_add(store, CLASS_THING, odd, 0, start);
    struct store_owner b = store_owner_add(store, CLASS_THING, plain, 2, start);
    store_set_data(store, process, SAMPLE_INFO, version, 1, NEVER_NS);
    assert_true(store_add_data(store, process, SAMPLE_REQUESTS, other_path, 1, start));
    assert_true(store_add_data(store, process, SAMPLE_REQUESTS, other_path, 1, start));
    store_add(store, a, SAMPLE_RUNS, 0, 3);
    assert_true(store_add_data(store, a, SAMPLE_ANSWERS, (const char *const[]){"404"}, 1, start));
    assert_true(store_add_data(store, a, SAMPLE_ANSWERS, (const char *const[]){"500"}, 1, start));
    store_set(store, a, SAMPLE_PHASE, 0, 0.125, NEVER_NS);
    store_set(store, a, SAMPLE_STATE, 1, 0, NEVER_NS);
    store_set_expiry(store, b, SAMPLE_LEFT, after(90).boot_ns);
    store_observe(store, a, SAMPLE_TIME, 0.05);
    store_observe(store, a, SAMPLE_TIME, 0.051);
    store_observe(store, a, SAMPLE_TIME, 1e6);
    store_set_data(store, b, SAMPLE_LICENSES, (const char *const[]){"bad \xFF\xC3 utf8"}, -1.5, NEVER_NS);
    store_unlock(store);

#define A "thing=\"C:\\\\temp \\\"x\\\"\\nline two\",place=\"K\xC3\xB6ln \xE6\x97\xA5\xE6\x9C\xAC\""
#define B "thing=\"plain\",place=\"\""
    assert_page(store, after(30),
                "# HELP answers_total Answers, \"quoted\" back\\\\slash\\nand Gr\xC3\xBC\xC3\x9F"
                "e.\n"
                "# TYPE answers_total counter\n"
                "answers_total{" A ",code=\"200\"} 0\n"
                "answers_total{" A ",code=\"500\"} 1\n"
                "answers_total{" A ",code=\"404\"} 1\n"
                "answers_total{" B ",code=\"200\"} 0\n"
                "answers_total{" B ",code=\"500\"} 0\n"
                "# HELP app_info Info.\n"
                "# TYPE app_info gauge\n"
                "app_info{version=\"1.0 \\\"beta\\\"\",revision=\"ab\\\\cd\"} 1\n"
                "# HELP app_requests_total Requests.\n"
                "# TYPE app_requests_total counter\n"
                "app_requests_total{path=\"/metrics\",code=\"200\"} 2\n"
                "# HELP app_series Series.\n"
                "# TYPE app_series gauge\n"
                "app_series 28\n"
                "# HELP left_seconds Left.\n"
                "# TYPE left_seconds gauge\n"
                "left_seconds{" A "} 0\n"
                "left_seconds{" B "} 60\n"
                "# HELP licenses Licenses.\n"
                "# TYPE licenses gauge\n"
                "licenses{" B ",license=\"bad \xEF\xBF\xBD\xEF\xBF\xBD utf8\"} -1.5\n"
                "# HELP phase_seconds Phase.\n"
                "# TYPE phase_seconds gauge\n"
                "phase_seconds{" A ",phase=\"odd \\\"one\\\"\\\\\\n\"} 0.125\n"
                "# HELP second_total Second.\n"
                "# TYPE second_total counter\n"
                "second_total{" B "} 0\n"
                "# HELP state State.\n"
                "# TYPE state gauge\n"
                "state{" A ",phase=\"two\"} 1\n"
                "# HELP time_seconds Time.\n"
                "# TYPE time_seconds histogram\n"
                "time_seconds_bucket{" A ",le=\"0.05\"} 1\n"
                "time_seconds_bucket{" A ",le=\"1.0\"} 2\n"
                "time_seconds_bucket{" A ",le=\"2.5\"} 2\n"
                "time_seconds_bucket{" A ",le=\"+Inf\"} 3\n"
                "time_seconds_sum{" A "} 1000000.101\n"
                "time_seconds_count{" A "} 3\n"
                "time_seconds_bucket{" B ",le=\"0.05\"} 0\n"
                "time_seconds_bucket{" B ",le=\"1.0\"} 0\n"
                "time_seconds_bucket{" B ",le=\"2.5\"} 0\n"
                "time_seconds_bucket{" B ",le=\"+Inf\"} 0\n"
                "time_seconds_sum{" B "} 0\n"
                "time_seconds_count{" B "} 0\n"
                "# HELP z_runs_total Runs.\n"
                "# TYPE z_runs_total counter\n"
                "z_runs_total{" A "} 3\n"
                "z_runs_total{" B "} 0\n");
    store_free(store);
}

static void test_nothing_is_an_empty_page(void **state)
{
    struct store *store = sample_store();

    (void)state;
    assert_page(store, start, "");
    store_free(store);
}

static size_t count_series(const char *page)
{
    size_t lines = 0;

    for (const char *at = page; *at != '\0'; at = strchr(at, '\n') + 1)
        lines += *at != '#';
    return lines;
}

static void test_the_number_of_series_is_that_of_the_page(void **state)
{
    struct store *store = sample_store();
    char wanted[64];

    (void)state;
    store_lock(store);
    store_owner_add(store, CLASS_PROCESS, NULL, 0, start);
    for (unsigned i = 0; i < 50; i++) {
        char name[16], license[16];
        snprintf(name, sizeof name, "t%u", i);
        struct store_owner owner = store_owner_add(store, CLASS_THING, (const char *const[]){name, "x"},
                                                   i % 4, start);
        store_set(store, owner, SAMPLE_LEVEL, 0, 1, after(i).boot_ns);
        store_set(store, owner, SAMPLE_STATE, i % 2, 1, after(2 * (int64_t)i).boot_ns);
        store_set(store, owner, SAMPLE_PHASE, 1, 1, after(3 * (int64_t)i).boot_ns);
        snprintf(license, sizeof license, "l%u", i);
        store_set_data(store, owner, SAMPLE_LICENSES, (const char *const[]){license}, 1, after(i).boot_ns);
    }
    store_unlock(store);
    for (int64_t at = 0; at < 160; at += 20) {
        char *page = page_at(store, after(at));
        snprintf(wanted, sizeof wanted, "\napp_series %zu\n", count_series(page));
        assert_non_null(strstr(page, wanted));
        free(page);
    }
    store_free(store);
}

static void test_a_page_that_does_not_fit_is_no_page(void **state)
{
    struct store *store = sample_store();
    struct buffer page;

    (void)state;
    store_lock(store);
    store_owner_add(store, CLASS_THING, (const char *const[]){"a", "b"}, 0, start);
    store_unlock(store);
    char *whole = page_at(store, start);
    struct store_view *view = store_view_take(store, start);
    for (size_t maximum = 0; maximum < strlen(whole); maximum++) {
        buffer_init(&page, maximum);
        assert_false(text_format_write(view, &(struct exposition){0}, &page));
        assert_true(page.failed);
        buffer_free(&page);
    }
    store_view_free(view);
    free(whole);
    store_free(store);
}

/* 100,000 owners, a million series: had the time grown with the square of them, this would not end within ctest's limit. */
static void test_a_large_page(void **state)
{
    enum { OWNERS = 100000 };
    struct store *store = sample_store();

    (void)state;
    store_lock(store);
    for (unsigned i = 0; i < OWNERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%u", i);
        store_owner_add(store, CLASS_THING, (const char *const[]){name, "x"}, 0, start);
    }
    store_unlock(store);
    char *page = page_at(store, start);
    assert_int_equal(count_series(page), (size_t)OWNERS * 10);
    free(page);
    store_free(store);
}

ALL_TESTS(cmocka_unit_test(test_exact_bytes), cmocka_unit_test(test_nothing_is_an_empty_page),
          cmocka_unit_test(test_the_number_of_series_is_that_of_the_page),
          cmocka_unit_test(test_a_page_that_does_not_fit_is_no_page), cmocka_unit_test(test_a_large_page));
