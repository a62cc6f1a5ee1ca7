#include "main.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
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

static struct store_owner add_part(struct store *store, const char *thing, const char *part)
{
    return store_owner_add(store, CLASS_PART, (const char *const[]){thing, part}, 0, start);
}

static char *page_at(struct store *store, struct moment now, size_t *series)
{
    struct store_view *view = store_view_take(store, now);
    struct buffer page;

    buffer_init(&page, (size_t)1 << 30);
    assert_true(text_format_write(view, &(struct exposition){0}, &page));
    if (series != NULL)
        *series = store_view_series(view);
    store_view_free(view);
    char *text = buffer_take(&page);
    assert_non_null(text);
    return text;
}

/* The page's part about sets: from the first line with the text on, to the last. What the things have from the start is left
   out. */
static void assert_found(struct store *store, struct moment now, const char *wanted)
{
    static const char *const of_sets[] = {"seats",        "delay_seconds",        "value_",
                                          "# HELP seats", "# HELP delay_seconds", "# HELP value_",
                                          "# TYPE seats", "# TYPE delay_seconds", "# TYPE value_"};
    struct buffer lines;
    char *page = page_at(store, now, NULL);

    buffer_init(&lines, 1 << 20);
    for (char *at = page, *end; *at != '\0'; at = end + 1) {
        end = strchr(at, '\n');
        for (size_t i = 0; i < sizeof of_sets / sizeof of_sets[0]; i++)
            if (strncmp(at, of_sets[i], strlen(of_sets[i])) == 0)
                buffer_append(&lines, at, (size_t)(end + 1 - at));
    }
    assert_string_equal(buffer_as_text(&lines), wanted);
    buffer_free(&lines);
    free(page);
}

struct seat {
    const char *company, *license, *state;
    double number;
};

static struct series_set *seats_of(const struct seat *seats, size_t count)
{
    struct series_builder builder;

    series_builder_init(&builder);
    size_t family = series_builder_family(&builder, &sample_families[SAMPLE_SEATS]);
    for (size_t i = 0; i < count; i++)
        assert_true(series_builder_add(
            &builder, family, (const char *const[]){seats[i].company, seats[i].license, seats[i].state},
            seats[i].number));
    return series_builder_finish(&builder);
}
#define SEATS(...)                                                                                           \
    seats_of((const struct seat[]){__VA_ARGS__},                                                             \
             sizeof((const struct seat[]){__VA_ARGS__}) / sizeof(struct seat))

/* One value without labels of its own. */
static struct series_set *value_of(const char *name, const char *help, double number)
{
    struct series_builder builder;

    series_builder_init(&builder);
    assert_true(
        series_builder_add(&builder, series_builder_named(&builder, name, help, NULL, 0), NULL, number));
    return series_builder_finish(&builder);
}

#define SEATS_HEAD "# HELP seats Seats.\n# TYPE seats gauge\n"

static void test_exact_bytes(void **state)
{
    struct store *store = sample_store();
    struct series_builder builder;
    const char *const labels[] = {"site", "kind"};

    (void)state;
    store_lock(store);
    struct store_owner thing = store_owner_add(store, CLASS_THING, (const char *const[]){"a", "b"}, 0, start);
    struct store_owner part = add_part(store, "a", "p\"1");
    store_owner_set_parent(store, part, thing);
    series_builder_init(&builder);
    size_t last = series_builder_named(&builder, "value_z", "Z\nlast.", labels, 2);
    size_t delay = series_builder_family(&builder, &sample_families[SAMPLE_DELAY]);
    size_t first = series_builder_named(&builder, "a_value", "First of all.", labels, 1);
    size_t unused = series_builder_named(&builder, "value_none", "None.", labels, 1);
    size_t seats = series_builder_family(&builder, &sample_families[SAMPLE_SEATS]);
    assert_int_not_equal(unused, seats);
    assert_true(series_builder_add(&builder, last, (const char *const[]){"x,y=\"\\\n", "\xFF"}, 1e300));
    assert_true(series_builder_add(&builder, seats, (const char *const[]){"", "w", "on"}, 7));
    assert_true(series_builder_add(&builder, delay, NULL, 0.25));
    assert_true(series_builder_add(&builder, first, (const char *const[]){"9007199254740993"}, -0.0));
    assert_true(series_builder_add(&builder, last, (const char *const[]){"", ""}, 2));
    store_put_set(store, part, series_builder_finish(&builder), NEVER_NS);
    store_set(store, thing, SAMPLE_LEVEL, 0, 3, NEVER_NS);
    store_unlock(store);

#define PART "thing=\"a\",part=\"p\\\"1\""
    size_t series;
    char *page = page_at(store, start, &series);
    static const char *const wanted[] = {
        "# HELP a_value First of all.\n# TYPE a_value gauge\na_value{" PART
        ",site=\"9007199254740993\"} -0\n# HELP answers_total ",
        "# HELP delay_seconds Delay.\n# TYPE delay_seconds gauge\ndelay_seconds{thing=\"a\",place=\"b\"} "
        "0.25\n"
        "# HELP left_seconds Left.\n",
        "# HELP level Level.\n# TYPE level gauge\nlevel{thing=\"a\",place=\"b\"} 3\n" SEATS_HEAD
        "seats{thing=\"a\",place=\"b\",company=\"\",license=\"w\",state=\"on\"} 7\n# HELP time_seconds ",
        "time_seconds_count{thing=\"a\",place=\"b\"} 0\n# HELP value_z Z\\nlast.\n# TYPE value_z gauge\n"
        "value_z{" PART ",site=\"\",kind=\"\"} 2\n"
        "value_z{" PART ",site=\"x,y=\\\"\\\\\\n\",kind=\"\xEF\xBF\xBD\"} 1e+300\n# HELP z_runs_total ",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (strstr(page, wanted[i]) == NULL)
            fail_msg("missing %s in\n%s", wanted[i], page);
    assert_null(strstr(page, "value_none"));
    size_t lines = 0;
    for (const char *at = page; *at != '\0'; at = strchr(at, '\n') + 1)
        lines += *at != '#';
    assert_int_equal(series, lines);
    free(page);
    store_free(store);
}

static void test_a_set_is_replaced_whole_and_grows_old(void **state)
{
    struct store *store = sample_store();

    (void)state;
    store_lock(store);
    struct store_owner thing = store_owner_add(store, CLASS_THING, (const char *const[]){"a", "b"}, 0, start);
    store_put_set(store, thing, SEATS({"c", "x", "s", 1}, {"c", "y", "s", 2}), after(10).boot_ns);
    store_unlock(store);
#define A "thing=\"a\",place=\"b\",company=\"c\""
    assert_found(store, after(9),
                 SEATS_HEAD "seats{" A ",license=\"x\",state=\"s\"} 1\nseats{" A
                            ",license=\"y\",state=\"s\"} 2\n");
    assert_found(store, after(10), "");
    store_lock(store);
    store_extend_set(store, thing, after(9).boot_ns, after(20).boot_ns);
    store_extend_set(store, thing, after(21).boot_ns, after(40).boot_ns); /* too late */
    store_unlock(store);
    assert_found(store, after(20), "");
    store_lock(store);
    store_put_set(store, thing, SEATS({"c", "z", "s", 3}), NEVER_NS);
    store_unlock(store);
    assert_found(store, after(1000), SEATS_HEAD "seats{" A ",license=\"z\",state=\"s\"} 3\n");
    store_lock(store);
    store_put_set(store, thing, NULL, NEVER_NS);
    store_unlock(store);
    assert_found(store, after(1000), "");
    store_free(store);
}

static void test_of_the_same_series_the_later_one_stays(void **state)
{
    struct store *store = sample_store();

    (void)state;
    store_lock(store);
    struct store_owner thing = store_owner_add(store, CLASS_THING, (const char *const[]){"a", "b"}, 0, start);
    struct store_owner other = store_owner_add(store, CLASS_THING, (const char *const[]){"b", "b"}, 0, start);
    struct store_owner parts[3];
    for (size_t i = 0; i < 3; i++) {
        parts[i] = add_part(store, "a", (const char *const[]){"1", "2", "3"}[i]);
        store_owner_set_parent(store, parts[i], i == 2 ? other : thing);
    }
    /* Written first and last in the set, then by two sets, then for another owner. */
    store_put_set(store, parts[1], SEATS({"c", "x", "s", 1}, {"c", "y", "s", 2}, {"c", "x", "s", 3}),
                  NEVER_NS);
    store_put_set(store, parts[2], SEATS({"c", "x", "s", 9}), NEVER_NS);
    store_unlock(store);
#define B "thing=\"b\",place=\"b\",company=\"c\",license=\"x\",state=\"s\"} 9\n"
    assert_found(store, start,
                 SEATS_HEAD "seats{" A ",license=\"x\",state=\"s\"} 3\nseats{" A
                            ",license=\"y\",state=\"s\"} 2\nseats{" B);
    store_lock(store);
    store_put_set(store, parts[0], SEATS({"c", "x", "s", 4}, {"c", "w", "s", 5}), after(5).boot_ns);
    store_unlock(store);
    assert_found(store, start,
                 SEATS_HEAD "seats{" A ",license=\"w\",state=\"s\"} 5\nseats{" A
                            ",license=\"x\",state=\"s\"} 4\nseats{" A
                            ",license=\"y\",state=\"s\"} 2\nseats{" B);
    /* When it has grown old, the other one is right again. */
    assert_found(store, after(5),
                 SEATS_HEAD "seats{" A ",license=\"x\",state=\"s\"} 3\nseats{" A
                            ",license=\"y\",state=\"s\"} 2\nseats{" B);
    store_lock(store);
    store_owner_remove(store, parts[0]);
    store_put_set(store, parts[1], SEATS({"c", "x", "s", 6}), NEVER_NS);
    store_owner_remove(store, parts[2]);
    store_unlock(store);
    assert_found(store, start, SEATS_HEAD "seats{" A ",license=\"x\",state=\"s\"} 6\n");
    store_free(store);
}

static void test_a_set_gives_way_by_its_last_label(void **state)
{
    struct store *store = sample_store();
    struct series_set *configured = SEATS({"", "", "x", 10}, {"", "", "y", 20});

    (void)state;
    store_lock(store);
    struct store_owner thing = store_owner_add(store, CLASS_THING, (const char *const[]){"a", "b"}, 0, start);
    struct store_owner part = add_part(store, "a", "1");
    store_owner_set_parent(store, part, thing);
    store_put_set(store, part, SEATS({"c", "", "x", 1}), after(5).boot_ns);
    configured->gives_way = true; /* and written later */
    store_put_set(store, thing, configured, NEVER_NS);
    store_unlock(store);
#define NONE "thing=\"a\",place=\"b\",company=\"\",license=\"\""
    assert_found(store, start,
                 SEATS_HEAD "seats{" NONE ",state=\"y\"} 20\nseats{" A ",license=\"\",state=\"x\"} 1\n");
    assert_found(store, after(5),
                 SEATS_HEAD "seats{" NONE ",state=\"x\"} 10\nseats{" NONE ",state=\"y\"} 20\n");
    store_free(store);
}

static void test_families_come_and_go(void **state)
{
    struct store *store = sample_store();

    (void)state;
    store_lock(store);
    struct store_owner a = add_part(store, "t", "1"), b = add_part(store, "t", "2");
    store_put_set(store, a, value_of("value_b", "B.", 1), after(5).boot_ns);
    store_put_set(store, b, value_of("value_a", "A.", 2), NEVER_NS);
    store_unlock(store);
    assert_found(store, start,
                 "# HELP value_a A.\n# TYPE value_a gauge\nvalue_a{thing=\"t\",part=\"2\"} 2\n"
                 "# HELP value_b B.\n# TYPE value_b gauge\nvalue_b{thing=\"t\",part=\"1\"} 1\n");
    /* One family of two owners stands under one head. */
    store_lock(store);
    store_put_set(store, b, value_of("value_b", "B.", 3), NEVER_NS);
    store_unlock(store);
    assert_found(store, start,
                 "# HELP value_b B.\n# TYPE value_b gauge\nvalue_b{thing=\"t\",part=\"1\"} 1\n"
                 "value_b{thing=\"t\",part=\"2\"} 3\n");
    assert_found(store, after(5),
                 "# HELP value_b B.\n# TYPE value_b gauge\nvalue_b{thing=\"t\",part=\"2\"} 3\n");
    store_free(store);
}

static void test_an_owner_is_relabelled(void **state)
{
    struct store *store = sample_store();
    const struct label_pair more[] = {{"site", "Gr\"\xC3\xBC"}, {"zone", ""}};

    (void)state;
    store_lock(store);
    struct store_owner thing = store_owner_add(store, CLASS_THING, (const char *const[]){"a", "b"}, 0, start);
    struct store_owner part = add_part(store, "a", "1");
    store_add(store, thing, SAMPLE_RUNS, 0, 5);
    store_owner_set_parent(store, part, thing);
    store_put_set(store, part, SEATS({"c", "x", "s", 1}), NEVER_NS);
    store_owner_relabel(store, thing, (const char *const[]){"a", "z"}, more, 2);
    store_owner_set_parent(store, part, thing);
    store_unlock(store);
#define Z "thing=\"a\",place=\"z\",site=\"Gr\\\"\xC3\xBC\",zone=\"\""
    assert_found(store, start, SEATS_HEAD "seats{" Z ",company=\"c\",license=\"x\",state=\"s\"} 1\n");
    char *page = page_at(store, start, NULL);
    assert_non_null(strstr(page, "\nz_runs_total{" Z "} 5\n"));
    assert_null(strstr(page, "place=\"b\""));
    free(page);
    store_free(store);
}

static void test_a_view_keeps_what_it_saw(void **state)
{
    struct store *store = sample_store();
    struct buffer page;

    (void)state;
    store_lock(store);
    struct store_owner thing = store_owner_add(store, CLASS_THING, (const char *const[]){"a", "b"}, 0, start);
    struct store_owner part = add_part(store, "a", "1");
    store_owner_set_parent(store, part, thing);
    store_put_set(store, part, SEATS({"c", "x", "s", 1}), NEVER_NS);
    store_unlock(store);
    struct store_view *view = store_view_take(store, start);
    store_lock(store);
    store_put_set(store, part, NULL, 0);
    store_owner_remove(store, part);
    store_owner_remove(store, thing);
    store_unlock(store);
    buffer_init(&page, 1 << 20);
    assert_true(text_format_write(view, &(struct exposition){0}, &page));
    assert_non_null(strstr(buffer_as_text(&page), "\nseats{" A ",license=\"x\",state=\"s\"} 1\n"));
    store_view_free(view);
    buffer_free(&page);
    store_free(store);
}

static void test_labels_have_a_limit(void **state)
{
    struct series_builder builder;
    char *huge = memory_new(SERIES_LABELS_MAX + 1, 1);

    (void)state;
    memset(huge, 'x', SERIES_LABELS_MAX);
    series_builder_init(&builder);
    assert_int_equal(builder.text.maximum, SERIES_SET_TEXT_MAX);
    builder.text.maximum = 4 * SERIES_LABELS_MAX;
    size_t family = series_builder_named(&builder, "value_a", "A.", (const char *const[]){"l"}, 1);
    assert_false(series_builder_add(&builder, family, (const char *const[]){huge}, 1));
    huge[SERIES_LABELS_MAX - strlen("l=\"\"")] = '\0';
    assert_true(series_builder_add(&builder, family, (const char *const[]){huge}, 2));
    huge[0] = '"'; /* one byte more when escaped */
    assert_false(series_builder_add(&builder, family, (const char *const[]){huge}, 3));
    huge[0] = 'x';
    size_t added = 1;
    for (size_t i = 0; i < 10; i++)
        added += series_builder_add(&builder, family, (const char *const[]){huge}, 4);
    assert_int_equal(added, 4);
    struct series_set *set = series_builder_finish(&builder);
    assert_int_equal(set->families[0].count, 1); /* all alike */
    assert_true(set->families[0].series[0].number == 4);
    series_set_unref(set);

    series_builder_init(&builder);
    series_builder_family(&builder, &sample_families[SAMPLE_SEATS]);
    assert_null(series_builder_finish(&builder));
    free(huge);
}

static void test_pages_that_do_not_fit(void **state)
{
    struct store *store = sample_store();
    struct buffer page;

    (void)state;
    store_lock(store);
    struct store_owner part = add_part(store, "a", "1");
    store_put_set(store, part, value_of("value_b", "B.", 1), NEVER_NS);
    store_unlock(store);
    struct store_view *view = store_view_take(store, start);
    for (size_t maximum = 0; maximum < strlen("# HELP value_b B.\n# TYPE value_b gauge\nvalue_b{} 1\n");
         maximum++) {
        buffer_init(&page, maximum);
        assert_false(text_format_write(view, &(struct exposition){0}, &page));
        assert_true(page.failed);
        buffer_free(&page);
    }
    store_view_free(view);
    store_free(store);
}

/* ---- threads ---- */

enum { PARTS = 20, SCRAPES = 200, SCRAPERS = 3 };

struct race {
    struct store *store;
    struct store_owner parts[PARTS];
    atomic_bool over;
};

/* The value's label and its number always go together, and so do two values of one set. */
static struct series_set *pair_of(unsigned round)
{
    struct series_builder builder;
    char text[16];

    snprintf(text, sizeof text, "%u", round);
    series_builder_init(&builder);
    for (size_t i = 0; i < 2; i++) {
        size_t family = series_builder_named(&builder, i == 0 ? "value_a" : "value_b", "A.",
                                             (const char *const[]){"round"}, 1);
        series_builder_add(&builder, family, (const char *const[]){text}, round);
    }
    return series_builder_finish(&builder);
}

static void *write_all_the_time(void *context)
{
    struct race *race = context;

    for (unsigned round = 1; !atomic_load(&race->over); round++) {
        unsigned at = round % PARTS;
        struct series_set *set = pair_of(round);
        store_lock(race->store);
        if (round % 7 == 0) {
            char name[16];
            snprintf(name, sizeof name, "p%u", at);
            store_owner_remove(race->store, race->parts[at]);
            race->parts[at] = add_part(race->store, "t", name);
        }
        store_put_set(race->store, race->parts[at], set, NEVER_NS);
        store_unlock(race->store);
        sched_yield();
    }
    return NULL;
}

static void *scrape(void *context)
{
    struct race *race = context;
    uintptr_t wrong = 0;

    for (unsigned i = 0; i < SCRAPES; i++) {
        char *page = page_at(race->store, start, NULL);
        size_t a = 0, b = 0;
        for (const char *at = page; (at = strstr(at, "round=\"")) != NULL;) {
            at += strlen("round=\"");
            const char *number = strstr(at, "\"} ") + strlen("\"} ");
            wrong += strtod(at, NULL) != strtod(number, NULL);
        }
        for (const char *at = page; (at = strstr(at, "\nvalue_a{")) != NULL; at++)
            a++;
        for (const char *at = page; (at = strstr(at, "\nvalue_b{")) != NULL; at++)
            b++;
        wrong += a != b || a > PARTS;
        free(page);
    }
    return (void *)wrong;
}

static void test_scrapes_beside_a_writer(void **state)
{
    struct race race = {.store = sample_store()};
    pthread_t writer, scrapers[SCRAPERS];
    uintptr_t wrong = 0;

    (void)state;
    store_lock(race.store);
    for (unsigned i = 0; i < PARTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", i);
        race.parts[i] = add_part(race.store, "t", name);
    }
    store_unlock(race.store);
    assert_int_equal(pthread_create(&writer, NULL, write_all_the_time, &race), 0);
    for (size_t i = 0; i < SCRAPERS; i++)
        assert_int_equal(pthread_create(&scrapers[i], NULL, scrape, &race), 0);
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

ALL_TESTS(cmocka_unit_test(test_exact_bytes), cmocka_unit_test(test_a_set_is_replaced_whole_and_grows_old),
          cmocka_unit_test(test_of_the_same_series_the_later_one_stays),
          cmocka_unit_test(test_a_set_gives_way_by_its_last_label),
          cmocka_unit_test(test_families_come_and_go), cmocka_unit_test(test_an_owner_is_relabelled),
          cmocka_unit_test(test_a_view_keeps_what_it_saw), cmocka_unit_test(test_labels_have_a_limit),
          cmocka_unit_test(test_pages_that_do_not_fit), cmocka_unit_test(test_scrapes_beside_a_writer));
