#include "main.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/store.h"
#include "metrics/text_format.h"
#include "metrics/view.h"
#include "sample.h"

static const struct moment start = {.boot_ns = 1000 * SECOND_NS, .wall_ns = 0};

static struct moment after(int64_t seconds)
{
    return (struct moment){start.boot_ns + seconds * SECOND_NS, seconds * SECOND_NS};
}

/* A store with one thing; locked. */
static struct store *store_with(struct store_owner *thing)
{
    struct store *store = store_new(sample_classes, SAMPLE_CLASSES, sample_families, SAMPLE_FAMILIES);

    store_lock(store);
    *thing = store_owner_add(store, CLASS_THING, (const char *const[]){"a", "b"}, 0, start);
    return store;
}

static char *page_of(struct store *store, struct moment now)
{
    struct store_view *view = store_view_take(store, now);
    struct buffer page;

    buffer_init(&page, (size_t)1 << 28);
    assert_true(text_format_write(view, &(struct exposition){0}, &page));
    store_view_free(view);
    return buffer_take(&page);
}

/* The lines of a family, without its comments and the labels of the owner. The store is locked before and after. */
static void assert_family(struct store *store, struct moment now, const char *name, const char *wanted)
{
    struct buffer lines;

    store_unlock(store);
    char *page = page_of(store, now);
    buffer_init(&lines, 1 << 20);
    for (char *at = page, *end; *at != '\0'; at = end + 1) {
        end = strchr(at, '\n');
        *end = '\0';
        if (strncmp(at, name, strlen(name)) != 0)
            continue;
        char *labels = strstr(at, "thing=\"a\",place=\"b\"");
        assert_non_null(labels);
        buffer_append(&lines, at, (size_t)(labels - at));
        buffer_text(&lines, labels + strlen("thing=\"a\",place=\"b\""));
        buffer_byte(&lines, '\n');
    }
    assert_string_equal(buffer_as_text(&lines), wanted);
    buffer_free(&lines);
    free(page);
    store_lock(store);
}

static void end_store(struct store *store)
{
    store_unlock(store);
    store_free(store);
}

/* ---- gauges ---- */

static void test_a_gauge_is_shown_until_its_time(void **state)
{
    struct store_owner thing;
    struct store *store = store_with(&thing);

    (void)state;
    assert_family(store, start, "level", "");
    store_set(store, thing, SAMPLE_LEVEL, 0, 5, after(10).boot_ns);
    assert_family(store, after(9), "level", "level{} 5\n");
    assert_family(store, after(10), "level", "");

    store_extend(store, thing, SAMPLE_LEVEL, 0, after(9).boot_ns, after(20).boot_ns);
    assert_family(store, after(19), "level", "level{} 5\n");
    store_extend(store, thing, SAMPLE_LEVEL, 0, after(20).boot_ns, after(30).boot_ns);
    assert_family(store, after(20), "level", "");

    store_set(store, thing, SAMPLE_LEVEL, 0, 6, NEVER_NS);
    assert_family(store, after(1000000000), "level", "level{} 6\n");
    store_clear(store, thing, SAMPLE_LEVEL, 0);
    assert_family(store, start, "level", "");
    store_extend(store, thing, SAMPLE_LEVEL, 0, start.boot_ns, NEVER_NS);
    assert_family(store, start, "level", "");
    end_store(store);
}

static void test_a_choice_shows_one_value(void **state)
{
    struct store_owner thing;
    struct store *store = store_with(&thing);

    (void)state;
    store_set(store, thing, SAMPLE_STATE, 0, 1, after(10).boot_ns);
    assert_family(store, start, "state", "state{,phase=\"odd \\\"one\\\"\\\\\\n\"} 1\n");
    store_set(store, thing, SAMPLE_STATE, 1, 1, after(10).boot_ns);
    assert_family(store, start, "state", "state{,phase=\"two\"} 1\n");
    assert_family(store, after(10), "state", "");
    store_set(store, thing, SAMPLE_STATE, 1, 1, NEVER_NS);
    store_clear(store, thing, SAMPLE_STATE, 0);
    assert_family(store, start, "state", "");
    end_store(store);
}

static void test_remaining_counts_down_to_zero(void **state)
{
    struct store_owner thing;
    struct store *store = store_with(&thing);

    (void)state;
    assert_family(store, start, "left_seconds", "left_seconds{} 0\n");
    store_set_expiry(store, thing, SAMPLE_LEFT, start.boot_ns + 1500 * MILLISECOND_NS);
    assert_family(store, start, "left_seconds", "left_seconds{} 1.5\n");
    assert_family(store, after(1), "left_seconds", "left_seconds{} 0.5\n");
    assert_family(store, after(2), "left_seconds", "left_seconds{} 0\n");
    store_set_expiry(store, thing, SAMPLE_LEFT, 0);
    assert_family(store, start, "left_seconds", "left_seconds{} 0\n");
    end_store(store);
}

static void test_numbers(void **state)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "-0"},
        {0.1, "0.1"},
        {1e300, "1e+300"},
        {-2.5, "-2.5"},
        {1700000000.123, "1700000000.123"},
        {NAN, "NaN"},
        {INFINITY, "+Inf"},
        {-INFINITY, "-Inf"},
        {5e-324, "4.94065645841247e-324"},
        {9007199254740993.0, "9007199254740992"},
    };
    struct store_owner thing;
    struct store *store = store_with(&thing);
    char wanted[64];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        store_set(store, thing, SAMPLE_LEVEL, 0, rows[i].value, NEVER_NS);
        snprintf(wanted, sizeof wanted, "level{} %s\n", rows[i].text);
        assert_family(store, start, "level", wanted);
    }
    end_store(store);
}

/* ---- counters and histograms ---- */

static void test_counters_add(void **state)
{
    struct store_owner thing;
    struct store *store = store_with(&thing);

    (void)state;
    store_add(store, thing, SAMPLE_RUNS, 0, 1);
    store_add(store, thing, SAMPLE_RUNS, 0, 0.25);
    assert_family(store, start, "z_runs_total", "z_runs_total{} 1.25\n");
    store_count(store, thing, SAMPLE_RUNS, 0, 77);
    assert_family(store, start, "z_runs_total", "z_runs_total{} 77\n");
    end_store(store);
}

static void test_bounds_of_buckets_belong_to_them(void **state)
{
    /* observed, and the counts of the buckets 0.05, 1, 2.5, +Inf */
    static const struct {
        double value;
        const char *counts[4];
    } rows[] = {
        {0, {"1", "1", "1", "1"}},     {-1, {"1", "1", "1", "1"}},
        {0.05, {"1", "1", "1", "1"}},  {0.05000000000000001, {"0", "1", "1", "1"}},
        {1, {"0", "1", "1", "1"}},     {1.0000000000000002, {"0", "0", "1", "1"}},
        {2.5, {"0", "0", "1", "1"}},   {2.5000000000000004, {"0", "0", "0", "1"}},
        {1e308, {"0", "0", "0", "1"}}, {INFINITY, {"0", "0", "0", "1"}},
    };
    char wanted[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct store_owner thing;
        struct store *store = store_with(&thing);
        store_observe(store, thing, SAMPLE_TIME, rows[i].value);
        snprintf(wanted, sizeof wanted,
                 "time_seconds_bucket{,le=\"0.05\"} %s\ntime_seconds_bucket{,le=\"1.0\"} %s\n"
                 "time_seconds_bucket{,le=\"2.5\"} %s\ntime_seconds_bucket{,le=\"+Inf\"} %s\n",
                 rows[i].counts[0], rows[i].counts[1], rows[i].counts[2], rows[i].counts[3]);
        assert_family(store, start, "time_seconds_bucket", wanted);
        assert_family(store, start, "time_seconds_count", "time_seconds_count{} 1\n");
        end_store(store);
    }
}

/* What is not a number fits no bound, but it counts: +Inf and _count stay the same. */
static void test_not_a_number_is_in_the_last_bucket(void **state)
{
    struct store_owner thing;
    struct store *store = store_with(&thing);

    (void)state;
    store_observe(store, thing, SAMPLE_TIME, NAN);
    assert_family(store, start, "time_seconds_bucket",
                  "time_seconds_bucket{,le=\"0.05\"} 0\ntime_seconds_bucket{,le=\"1.0\"} 0\n"
                  "time_seconds_bucket{,le=\"2.5\"} 0\ntime_seconds_bucket{,le=\"+Inf\"} 1\n");
    end_store(store);
}

/* ---- labels that come as data ---- */

static void test_labels_as_data(void **state)
{
    static const char *const codes[] = {"200", "404", "500", "404", "302", "418", "100", "418", "302"};
    struct store_owner thing;
    struct store *store = store_with(&thing);

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_true(store_add_data(store, thing, SAMPLE_ANSWERS, &codes[i], 1, start));
    assert_family(store, start, "answers_total",
                  "answers_total{,code=\"200\"} 1\nanswers_total{,code=\"500\"} 1\n"
                  "answers_total{,code=\"404\"} 2\nanswers_total{,code=\"302\"} 2\n"
                  "answers_total{,code=\"other\"} 3\n");

    /* Room for two, and nowhere else to go. */
    assert_true(
        store_set_data(store, thing, SAMPLE_LICENSES, (const char *const[]){"one"}, 1, after(5).boot_ns));
    assert_true(store_set_data(store, thing, SAMPLE_LICENSES, (const char *const[]){"two"}, 2, NEVER_NS));
    assert_false(store_set_data(store, thing, SAMPLE_LICENSES, (const char *const[]){"three"}, 3, NEVER_NS));
    assert_true(store_set_data(store, thing, SAMPLE_LICENSES, (const char *const[]){"two"}, 4, NEVER_NS));
    assert_family(store, start, "licenses", "licenses{,license=\"one\"} 1\nlicenses{,license=\"two\"} 4\n");
    assert_family(store, after(5), "licenses", "licenses{,license=\"two\"} 4\n");
    end_store(store);
}

/* The overflow's own label, sent as data, is that series: never a second one of the same labels. */
static void test_data_that_is_called_like_the_overflow(void **state)
{
    static const char *const codes[] = {"other", "1", "2", "3", "other"};
    struct store_owner thing;
    struct store *store = store_with(&thing);

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_true(store_add_data(store, thing, SAMPLE_ANSWERS, &codes[i], 1, start));
    assert_family(
        store, start, "answers_total",
        "answers_total{,code=\"200\"} 0\nanswers_total{,code=\"500\"} 0\n"
        "answers_total{,code=\"other\"} 3\nanswers_total{,code=\"1\"} 1\nanswers_total{,code=\"2\"} 1\n");
    end_store(store);
}

/* A view keeps what it has seen, whatever happens to the store meanwhile. */
static void test_a_view_does_not_change(void **state)
{
    struct store_owner thing;
    struct store *store = store_with(&thing);
    struct buffer first, second;

    (void)state;
    store_add_data(store, thing, SAMPLE_ANSWERS, (const char *const[]){"404"}, 1, start);
    store_unlock(store);
    struct store_view *view = store_view_take(store, start);
    buffer_init(&first, 1 << 20);
    buffer_init(&second, 1 << 20);
    assert_true(text_format_write(view, &(struct exposition){0}, &first));
    store_lock(store);
    for (unsigned i = 0; i < 100; i++) {
        store_add_data(store, thing, SAMPLE_ANSWERS, (const char *const[]){"404"}, 1, start);
        store_add(store, thing, SAMPLE_RUNS, 0, 1);
        store_owner_add(store, CLASS_THING, (const char *const[]){"more", "things"}, 0, start);
    }
    store_unlock(store);
    assert_true(text_format_write(view, &(struct exposition){0}, &second));
    assert_string_equal(first.data, second.data);
    buffer_free(&first);
    buffer_free(&second);
    store_view_free(view);
    store_free(store);
}

/* ---- owners that go ---- */

static void test_a_removed_owner_takes_its_series_with_it(void **state)
{
    struct store_owner thing, others[40];
    struct store *store = store_with(&thing);
    char name[16];

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "n%zu", i);
        others[i] = store_owner_add(store, CLASS_THING, (const char *const[]){name, ""}, 0, start);
        store_add(store, others[i], SAMPLE_RUNS, 0, (double)(i + 1));
        store_add_data(store, others[i], SAMPLE_ANSWERS, (const char *const[]){"404"}, (double)i, start);
    }
    store_add(store, thing, SAMPLE_RUNS, 0, 7);
    store_unlock(store);
    struct store_view *view = store_view_take(store, start);
    char *before = page_of(store, start);
    store_lock(store);
    for (size_t i = 0; i < 40; i += 2)
        store_owner_remove(store, others[i]);
    for (size_t i = 1; i < 40; i += 2)
        store_add(store, others[i], SAMPLE_RUNS, 0, 100);
    assert_family(store, start, "z_runs_total{thing=\"a\"", "z_runs_total{} 7\n");
    store_unlock(store);

    char *page = page_of(store, start);
    for (size_t i = 0; i < 40; i++) {
        char series[64];
        snprintf(series, sizeof series, "\nz_runs_total{thing=\"n%zu\",place=\"\"} %zu\n", i, i + 101);
        assert_true((strstr(page, series) != NULL) == (i % 2 == 1));
        snprintf(series, sizeof series, "\nanswers_total{thing=\"n%zu\",place=\"\",code=\"404\"} %zu\n", i,
                 i);
        assert_true((strstr(page, series) != NULL) == (i % 2 == 1));
        snprintf(series, sizeof series, "thing=\"n%zu\"", i);
        assert_true((strstr(page, series) != NULL) == (i % 2 == 1));
    }
    free(page);

    /* A view from before still shows all. */
    struct buffer again;
    buffer_init(&again, 1 << 20);
    assert_true(text_format_write(view, &(struct exposition){0}, &again));
    assert_string_equal(again.data, before);
    buffer_free(&again);
    free(before);
    store_view_free(view);

    /* One that comes where another was begins at 0. */
    store_lock(store);
    for (size_t i = 1; i < 40; i += 2)
        store_owner_remove(store, others[i]);
    for (size_t i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "m%zu", i);
        others[i % 40] = store_owner_add(store, CLASS_THING, (const char *const[]){name, ""}, 0, start);
    }
    assert_family(store, start, "z_runs_total{thing=\"a\"", "z_runs_total{} 7\n");
    store_unlock(store);
    page = page_of(store, start);
    assert_non_null(strstr(page, "\nz_runs_total{thing=\"m0\",place=\"\"} 0\n"));
    assert_non_null(strstr(page, "\nz_runs_total{thing=\"m99\",place=\"\"} 0\n"));
    assert_null(strstr(page, "code=\"404\""));
    free(page);
    store_free(store);
}

static void test_an_owner_changes_its_groups(void **state)
{
    struct store_owner thing;
    struct store *store = store_with(&thing);

    (void)state;
    store_add(store, thing, SAMPLE_SECOND_GROUP, 0, 4);
    store_set(store, thing, SAMPLE_SECOND_LEVEL, 0, 5, NEVER_NS);
    store_set(store, thing, SAMPLE_LEVEL, 0, 6, NEVER_NS);
    for (unsigned step = 0; step < 4; step++) {
        /* Not of the group; of it, where the count goes on and the gauge does not; set; gone again. */
        static const unsigned groups[] = {0, 3, 3, 0};
        store_owner_regroup(store, thing, groups[step]);
        if (step == 2)
            store_set(store, thing, SAMPLE_SECOND_LEVEL, 0, 5, NEVER_NS);
        store_unlock(store);
        char *page = page_of(store, start);
        assert_true((strstr(page, "\nsecond_level{") != NULL) == (step == 2));
        assert_true((strstr(page, "\nsecond_total{thing=\"a\",place=\"b\"} 4\n") != NULL) ==
                    (groups[step] == 3));
        assert_non_null(strstr(page, "\nlevel{thing=\"a\",place=\"b\"} 6\n"));
        free(page);
        store_lock(store);
    }
    end_store(store);
}

static void test_data_is_taken_away(void **state)
{
    struct store_owner thing;
    struct store *store = store_with(&thing);

    (void)state;
    store_add_data(store, thing, SAMPLE_ANSWERS, (const char *const[]){"404"}, 1, start);
    store_add_data(store, thing, SAMPLE_ANSWERS, (const char *const[]){"405"}, 1, start);
    store_clear_data(store, thing, SAMPLE_ANSWERS);
    assert_family(store, start, "answers_total",
                  "answers_total{,code=\"200\"} 0\nanswers_total{,code=\"500\"} 0\n");
    store_clear_data(store, thing, SAMPLE_ANSWERS);
    store_add_data(store, thing, SAMPLE_ANSWERS, (const char *const[]){"406"}, 1, start);
    assert_family(store, start, "answers_total",
                  "answers_total{,code=\"200\"} 0\nanswers_total{,code=\"500\"} 0\n"
                  "answers_total{,code=\"406\"} 1\n");
    end_store(store);
}

/* ---- threads ---- */

enum { SCRAPERS = 3, SCRAPES = 40, THINGS = 20, LATE_THINGS = 30 };

struct race {
    struct store *store;
    struct store_owner things[THINGS];
    atomic_bool over;
};

/* Under one lock each thing gets the same number in its counter, its gauge and a block: no scrape may see them apart. */
static void *write_all_the_time(void *context)
{
    struct race *race = context;
    struct store_owner late[LATE_THINGS];
    unsigned late_count = 0;

    for (unsigned round = 1; !atomic_load(&race->over); round++) {
        struct store_owner thing = race->things[round % THINGS];
        char name[16];
        store_lock(race->store);
        store_add(race->store, thing, SAMPLE_RUNS, 0, 1);
        store_add_data(race->store, thing, SAMPLE_ANSWERS, (const char *const[]){"404"}, 1, start);
        store_observe_with(race->store, thing, SAMPLE_TIME, round % 50, span_of("id=\"1\""), start);
        if (round % 4 == 0 && late_count < LATE_THINGS) {
            snprintf(name, sizeof name, "late %u", round);
            late[late_count] = store_owner_add(race->store, CLASS_THING, (const char *const[]){name, ""}, 0,
                                               start);
            store_add_data(race->store, late[late_count++], SAMPLE_ANSWERS, (const char *const[]){"405"}, 1,
                           start);
        } else if (late_count == LATE_THINGS) {
            while (late_count > 0)
                store_owner_remove(race->store, late[--late_count]);
        }
        store_unlock(race->store);
        sched_yield(); /* the lock is not fair: a real writer has something else to do too */
    }
    return NULL;
}

static double value_of(const char *page, const char *series)
{
    const char *at = strstr(page, series);

    return at == NULL ? 0 : strtod(at + strlen(series), NULL);
}

/* Does any native histogram say another count than the classic one, or an exemplar another thing than was written? */
static bool natives_apart(struct store *store)
{
    struct store_view *view = store_view_take(store, start);
    const struct family_layout *family = &view->layout->families[SAMPLE_TIME];
    bool apart = false;

    for (size_t row = 0; row < view->classes[CLASS_THING].count; row++) {
        const union slot *slots = view_slots(view, family, row);
        const struct native *native = view_native(view, family, row);
        uint64_t counts[2] = {native == NULL ? 0 : native->zero_count, 0};
        for (size_t i = 0; native != NULL && i < native->count; i++)
            counts[0] += native->buckets[i].count;
        for (size_t i = 0; i <= family->row->bucket_count; i++) {
            const struct exemplar *exemplar = view_exemplar(view, family, row, i);
            counts[1] += slots[i].count;
            apart = apart || (exemplar != NULL && !span_is(exemplar->labels, "id=\"1\""));
        }
        apart = apart || counts[0] != counts[1];
    }
    store_view_free(view);
    return apart;
}

static void *scrape(void *context)
{
    struct race *race = context;
    uintptr_t wrong = 0;

    for (unsigned i = 0; i < SCRAPES; i++) {
        char *page = page_of(race->store, start);
        for (unsigned thing = 0; thing < THINGS; thing++) {
            char runs[64], answers[64], times[64];
            snprintf(runs, sizeof runs, "z_runs_total{thing=\"t%u\",place=\"\"} ", thing);
            snprintf(answers, sizeof answers, "answers_total{thing=\"t%u\",place=\"\",code=\"404\"} ", thing);
            snprintf(times, sizeof times, "time_seconds_count{thing=\"t%u\",place=\"\"} ", thing);
            double wanted = value_of(page, runs);
            wrong += value_of(page, answers) != wanted || value_of(page, times) != wanted;
        }
        free(page);
        wrong += natives_apart(race->store);
    }
    return (void *)wrong;
}

static void test_scrapes_beside_a_writer(void **state)
{
    struct race race = {.store = store_new(sample_classes, SAMPLE_CLASSES, sample_families, SAMPLE_FAMILIES)};
    pthread_t writer, scrapers[SCRAPERS];

    (void)state;
    store_lock(race.store);
    for (unsigned i = 0; i < THINGS; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%u", i);
        race.things[i] = store_owner_add(race.store, CLASS_THING, (const char *const[]){name, ""}, 0, start);
    }
    store_unlock(race.store);
    assert_int_equal(pthread_create(&writer, NULL, write_all_the_time, &race), 0);
    for (size_t i = 0; i < SCRAPERS; i++)
        assert_int_equal(pthread_create(&scrapers[i], NULL, scrape, &race), 0);
    uintptr_t wrong = 0;
    for (size_t i = 0; i < SCRAPERS; i++) {
        void *result;
        pthread_join(scrapers[i], &result);
        wrong += (uintptr_t)result;
    }
    atomic_store(&race.over, true);
    pthread_join(writer, NULL);
    assert_int_equal(wrong, 0);
    store_free(race.store);
}

ALL_TESTS(cmocka_unit_test(test_a_gauge_is_shown_until_its_time),
          cmocka_unit_test(test_a_choice_shows_one_value),
          cmocka_unit_test(test_remaining_counts_down_to_zero), cmocka_unit_test(test_numbers),
          cmocka_unit_test(test_counters_add), cmocka_unit_test(test_bounds_of_buckets_belong_to_them),
          cmocka_unit_test(test_not_a_number_is_in_the_last_bucket), cmocka_unit_test(test_labels_as_data),
          cmocka_unit_test(test_data_that_is_called_like_the_overflow),
          cmocka_unit_test(test_a_view_does_not_change),
          cmocka_unit_test(test_a_removed_owner_takes_its_series_with_it),
          cmocka_unit_test(test_an_owner_changes_its_groups), cmocka_unit_test(test_data_is_taken_away),
          cmocka_unit_test(test_scrapes_beside_a_writer));
