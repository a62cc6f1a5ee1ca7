#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "metrics/protobuf.h"
#include "metrics/store.h"
#include "metrics/text_format.h"
#include "protobuf_decoder.h"
#include "sample.h"

static const struct moment start = {.boot_ns = 1000 * SECOND_NS,
                                    .wall_ns = 1700000000 * SECOND_NS + 5 * MILLISECOND_NS};
static const struct exposition everything;

static struct moment after(int64_t seconds)
{
    return (struct moment){start.boot_ns + seconds * SECOND_NS, start.wall_ns + seconds * SECOND_NS};
}

static struct store *sample_store(void)
{
    return store_new(sample_classes, SAMPLE_CLASSES, sample_families, SAMPLE_FAMILIES);
}

static struct buffer page_of(struct store *store, struct moment now, const struct exposition *exposition,
                             bool (*write)(const struct store_view *, const struct exposition *,
                                           struct buffer *))
{
    struct store_view *view = store_view_take(store, now);
    struct buffer page;

    buffer_init(&page, (size_t)1 << 30);
    assert_true(write(view, exposition, &page));
    store_view_free(view);
    return page;
}

/* The same families, series and values as text 0.0.4, byte by byte; returns what only protobuf tells. */
static char *assert_same_as_text(struct store *store, struct moment now)
{
    struct buffer text = page_of(store, now, &everything, text_format_write);
    struct buffer page = page_of(store, now, &everything, protobuf_write), again, rest;

    buffer_init(&again, (size_t)1 << 30);
    buffer_init(&rest, (size_t)1 << 30);
    protobuf_decode(page.data, page.size, &again, &rest);
    assert_string_equal(buffer_as_text(&again), buffer_as_text(&text));
    buffer_free(&again);
    buffer_free(&text);
    buffer_free(&page);
    buffer_reserve(&rest, 0);
    return buffer_take(&rest);
}

/* ---- bytes by hand ---- */

static const char *const no_labels[] = {NULL};
static const double bounds[] = {1};
static const struct metric_class one_class[] = {{NULL}};
static const struct metric_family few_families[] = {
    {.name = "a_total", .help = "A \"q\"\\\n.", .type = METRIC_COUNTER, .exemplars = true},
    {.name = "b", .help = "B", .type = METRIC_GAUGE},
    {.name = "c",
     .help = "C",
     .type = METRIC_HISTOGRAM,
     .buckets = bounds,
     .bucket_count = 1,
     .native = true},
};

static void test_exact_bytes(void **state)
{
    struct store *store = store_new(one_class, 1, few_families, 3);

    (void)state;
    store_lock(store);
    struct store_owner owner = store_owner_add(store, 0, no_labels, 0, start);
    store_add_with(store, owner, 0, 0, 1, span_of("id=\"x\\\"y\""), after(1));
    store_set(store, owner, 1, 0, -2, NEVER_NS);
    store_observe(store, owner, 2, 1);   /* bucket 0 */
    store_observe(store, owner, 2, 1);   /* bucket 0 */
    store_observe(store, owner, 2, 1.3); /* bucket 4 */
    store_observe(store, owner, 2, 64);  /* bucket 48 */
    store_observe(store, owner, 2, 0);
    store_unlock(store);

    /* 1700000000.005 s */
#define TIME(seconds) "\x08" seconds "\x10\xC0\x96\xB1\x02"
    static const char wanted[] =
        /* a_total */
        "\x52"
        "\x0A\x07"
        "a_total"
        "\x12\x08"
        "A \"q\"\\\n."
        "\x18\x00"
        "\x22\x3B"
        "\x1A\x39"
        "\x09\x00\x00\x00\x00\x00\x00\xF0\x3F"
        "\x12\x21"
        "\x0A\x09\x0A\x02id\x12\x03x\"y"
        "\x11\x00\x00\x00\x00\x00\x00\xF0\x3F"
        "\x1A\x0B" TIME("\x81\xE2\xCF\xAA\x06") "\x1A\x0B" TIME("\x80\xE2\xCF\xAA\x06")
        /* b */
        "\x15"
        "\x0A\x01"
        "b"
        "\x12\x01"
        "B"
        "\x18\x01"
        "\x22\x0B\x12\x09\x09\x00\x00\x00\x00\x00\x00\x00\xC0"
        /* c */
        "\x63"
        "\x0A\x01"
        "c"
        "\x12\x01"
        "C"
        "\x18\x04"
        "\x22\x59\x3A\x57"
        "\x08\x05\x11\x33\x33\x33\x33\x33\xD3\x50\x40" /* 67.3 */
        "\x1A\x0B\x08\x03\x11\x00\x00\x00\x00\x00\x00\xF0\x3F"
        "\x1A\x0B\x08\x05\x11\x00\x00\x00\x00\x00\x00\xF0\x7F"
        "\x28\x06\x31\x00\x00\x00\x00\x00\x00\xF0\x37\x38\x01"
        "\x62\x04\x08\x00\x10\x01"
        "\x62\x04\x08\x06\x10\x01"
        "\x62\x04\x08\x56\x10\x01"
        "\x68\x04\x68\x01\x68\x00"
        "\x7A\x0B" TIME("\x80\xE2\xCF\xAA\x06");
    struct buffer page = page_of(store, after(9), &everything, protobuf_write);
    for (size_t i = 0; i < page.size && i < sizeof wanted - 1; i++)
        if (page.data[i] != wanted[i])
            fail_msg("byte %zu is %02x, not %02x", i, (unsigned char)page.data[i], (unsigned char)wanted[i]);
    assert_int_equal(page.size, sizeof wanted - 1);
    buffer_free(&page);
    store_free(store);
}

/* ---- against the text ---- */

static void test_the_same_as_text(void **state)
{
    struct store *store = sample_store();
    const char *const odd[] = {"C:\\temp \"x\"\nline two", "K\xC3\xB6ln \xE6\x97\xA5\xE6\x9C\xAC"};

    (void)state;
    store_lock(store);
    struct store_owner process = store_owner_add(store, CLASS_PROCESS, NULL, 0, start);
    struct store_owner a = store_owner_add(store, CLASS_THING, odd, 0, start);
    struct store_owner b = store_owner_add(store, CLASS_THING, (const char *const[]){"b", ""}, 2, after(1));
    store_set_data(store, process, SAMPLE_INFO, (const char *const[]){"1 \"b\"", "a\\n"}, 1, NEVER_NS);
    store_add_data(store, process, SAMPLE_REQUESTS, (const char *const[]){"/metrics", "200"}, 7, after(3));
    store_add(store, a, SAMPLE_RUNS, 0, 3);
    store_add_with(store, a, SAMPLE_ANSWERS, 0, 1, span_of("id=\"a\""), after(4));
    store_add_with(store, a, SAMPLE_ANSWERS, 1, 2, span_of("id=\"b\",n=\"\\\\ \\n\""), after(5));
    store_set(store, a, SAMPLE_PHASE, 0, 0.125, NEVER_NS);
    store_set(store, a, SAMPLE_STATE, 1, 0, NEVER_NS);
    store_set_expiry(store, b, SAMPLE_LEFT, after(90).boot_ns);
    store_observe_with(store, a, SAMPLE_TIME, 0.05, span_of("id=\"low\""), after(6));
    store_observe_with(store, a, SAMPLE_TIME, 1e6, span_of("id=\"high\""), after(7));
    store_set_data(store, b, SAMPLE_LICENSES, (const char *const[]){"bad \xFF\xC3 utf8"}, -1.5, NEVER_NS);
    store_unlock(store);
    char *rest = assert_same_as_text(store, after(30));
#define A "{thing=\"C:\\\\temp \\\"x\\\"\\nline two\",place=\"K\xC3\xB6ln \xE6\x97\xA5\xE6\x9C\xAC\""
#define B "{thing=\"b\",place=\"\""
    assert_string_equal(rest,
                        "answers_total" A ",code=\"200\"} exemplar {id=\"a\"} 1 1700000004.005000000\n"
                        "answers_total" A ",code=\"200\"} created 1700000000.005000000\n"
                        "answers_total" A ",code=\"500\"} exemplar {id=\"b\",n=\"\\\\ \\n\"} 2 "
                        "1700000005.005000000\n"
                        "answers_total" A ",code=\"500\"} created 1700000000.005000000\n"
                        "answers_total" B ",code=\"200\"} created 1700000001.005000000\n"
                        "answers_total" B ",code=\"500\"} created 1700000001.005000000\n"
                        "app_requests_total{path=\"/metrics\",code=\"200\"} created 1700000003.005000000\n"
                        "second_total" B "} created 1700000001.005000000\n"
                        "time_seconds" A "} 0.05 {id=\"low\"} 0.05 1700000006.005000000\n"
                        "time_seconds" A "} +Inf {id=\"high\"} 1000000 1700000007.005000000\n"
                        "time_seconds" A "} created 1700000000.005000000\n"
                        "time_seconds" A "} native exemplar {id=\"low\"} 0.05 1700000006.005000000\n"
                        "time_seconds" A "} native exemplar {id=\"high\"} 1000000 1700000007.005000000\n"
                        "time_seconds" A "} native schema 3 zero 0 (-34 1) (160 1)\n"
                        "time_seconds" B "} created 1700000001.005000000\n"
                        "time_seconds" B "} native schema 3 zero 0\n"
                        "z_runs_total" A "} created 1700000000.005000000\n"
                        "z_runs_total" B "} created 1700000001.005000000\n");
    free(rest);
    store_free(store);
}

static uint32_t draw(uint32_t below)
{
    return (uint32_t)random() % below;
}

/* Any bytes, many of them of those that want care. */
static const char *draw_text(char text[40])
{
    static const char odd[] = "\\\"\n,={}\xFF\xC3\xB6 a";
    size_t size = draw(39);

    for (size_t i = 0; i < size; i++)
        text[i] = draw(2) == 0 ? odd[draw(sizeof odd - 1)] : (char)(1 + draw(255));
    text[size] = '\0';
    return text;
}

static void add_random_set(struct store *store, struct store_owner owner)
{
    struct series_builder builder;
    char texts[3][40];

    series_builder_init(&builder);
    size_t seats = series_builder_family(&builder, &sample_families[SAMPLE_SEATS]);
    size_t delay = series_builder_family(&builder, &sample_families[SAMPLE_DELAY]);
    size_t own = series_builder_named(&builder, "value_of", "Of \xFF \"the\" \\ set.",
                                      (const char *const[]){"a"}, 1);
    for (uint32_t i = draw(5); i > 0; i--)
        series_builder_add(
            &builder, seats,
            (const char *const[]){draw_text(texts[0]), draw_text(texts[1]), draw_text(texts[2])}, draw(100));
    series_builder_add(&builder, delay, NULL, 0.1 * draw(100));
    for (uint32_t i = draw(5); i > 0; i--)
        series_builder_add(&builder, own, (const char *const[]){draw_text(texts[0])}, -(double)draw(100));
    store_put_set(store, owner, series_builder_finish(&builder), after(draw(40)).boot_ns);
}

static void do_anything(struct store *store, struct store_owner owner)
{
    char texts[2][40];

    switch (draw(9)) {
    case 0:
        store_add(store, owner, SAMPLE_RUNS, 0, draw(1000) * 0.25);
        break;
    case 1:
        store_add_with(store, owner, SAMPLE_ANSWERS, draw(2), draw(9), span_of("id=\"1\""), after(draw(99)));
        break;
    case 2:
        store_set(store, owner, SAMPLE_PHASE, draw(2), 1e300 / (1 + draw(9)), after(draw(40)).boot_ns);
        break;
    case 3:
        store_set(store, owner, SAMPLE_STATE, draw(2), 0, after(draw(40)).boot_ns);
        break;
    case 4:
        store_set_expiry(store, owner, SAMPLE_LEFT, after(draw(99)).boot_ns);
        break;
    case 5:
        store_observe_with(store, owner, SAMPLE_TIME, ldexp(1 + draw(1000) / 1000.0, (int)draw(24) - 12),
                           draw(3) == 0 ? span_of("id=\"2\"") : (struct span){"", 0}, after(draw(99)));
        break;
    case 6:
        store_set_data(store, owner, SAMPLE_LICENSES, (const char *const[]){draw_text(texts[0])}, draw(9),
                       after(draw(40)).boot_ns);
        break;
    case 7:
        store_add_data(store, owner, SAMPLE_ANSWERS, (const char *const[]){draw_text(texts[0])}, draw(9),
                       after(1));
        break;
    default:
        store_set(store, owner, SAMPLE_LEVEL, 0, draw(2) == 0 ? NAN : -INFINITY, NEVER_NS);
        break;
    }
}

static void test_random_stores_are_the_same_as_text(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 40; seed++) {
        struct store *store = sample_store();
        srandom(seed);
        store_lock(store);
        for (uint32_t things = draw(12); things > 0; things--) {
            char texts[2][40];
            struct store_owner owner = store_owner_add(
                store, CLASS_THING, (const char *const[]){draw_text(texts[0]), draw_text(texts[1])},
                draw(2) * 2, after(-(int64_t)draw(2000)));
            for (uint32_t i = draw(100); i > 0; i--)
                do_anything(store, owner);
            if (draw(2) == 0)
                add_random_set(store, owner);
        }
        if (draw(2) == 0)
            store_owner_add(store, CLASS_PROCESS, NULL, 0, start);
        store_unlock(store);
        free(assert_same_as_text(store, after(20)));
        store_free(store);
    }
}

static void test_a_native_histogram_of_many_numbers(void **state)
{
    struct store *store = sample_store();
    struct buffer page, text, rest;

    (void)state;
    srandom(3);
    store_lock(store);
    struct store_owner a = store_owner_add(store, CLASS_THING, (const char *const[]){"a", "x"}, 0, start);
    for (int i = 0; i < 20000; i++)
        store_observe(store, a, SAMPLE_TIME, ldexp(1 + draw(1000) / 1000.0, (int)draw(60) - 30));
    store_unlock(store);
    page = page_of(store, after(1), &everything, protobuf_write);
    buffer_init(&text, 1 << 20);
    buffer_init(&rest, 1 << 20);
    protobuf_decode(page.data, page.size, &text, &rest); /* holds its total against the count */
    assert_non_null(strstr(buffer_as_text(&text), "time_seconds_count{thing=\"a\",place=\"x\"} 20000\n"));
    assert_non_null(strstr(buffer_as_text(&rest), "native schema 1 "));
    buffer_free(&page);
    buffer_free(&text);
    buffer_free(&rest);
    store_free(store);
}

static void test_only_wanted_families(void **state)
{
    static const struct span names[] = {{"time_seconds_count", 18}, {"level", 5}};
    const struct exposition some = {.names = {names, 2}};
    struct store *store = sample_store();

    (void)state;
    store_lock(store);
    store_owner_add(store, CLASS_THING, (const char *const[]){"a", "x"}, 0, start);
    store_unlock(store);
    struct buffer text = page_of(store, after(1), &some, text_format_write), again, rest;
    struct buffer page = page_of(store, after(1), &some, protobuf_write);
    buffer_init(&again, 1 << 20);
    buffer_init(&rest, 1 << 20);
    protobuf_decode(page.data, page.size, &again, &rest);
    assert_string_equal(buffer_as_text(&again), buffer_as_text(&text));
    assert_null(strstr(buffer_as_text(&again), "z_runs"));
    buffer_free(&page);
    buffer_free(&text);
    buffer_free(&again);
    buffer_free(&rest);
    store_free(store);
}

static void test_a_page_that_does_not_fit_is_no_page(void **state)
{
    struct store *store = sample_store();
    struct buffer page;

    (void)state;
    store_lock(store);
    struct store_owner a = store_owner_add(store, CLASS_THING, (const char *const[]){"a", "b"}, 0, start);
    store_add_with(store, a, SAMPLE_ANSWERS, 0, 1, span_of("id=\"a\""), after(4));
    store_observe_with(store, a, SAMPLE_TIME, 0.05, span_of("id=\"low\""), after(6));
    add_random_set(store, a);
    store_unlock(store);
    page = page_of(store, start, &everything, protobuf_write);
    size_t whole = page.size;
    buffer_free(&page);
    struct store_view *view = store_view_take(store, start);
    for (size_t maximum = 0; maximum < whole; maximum++) {
        buffer_init(&page, maximum);
        assert_false(protobuf_write(view, &everything, &page));
        assert_true(page.failed);
        buffer_free(&page);
    }
    store_view_free(view);
    store_free(store);
}

static void test_nothing_is_an_empty_page(void **state)
{
    struct store *store = sample_store();

    (void)state;
    struct buffer page = page_of(store, start, &everything, protobuf_write);
    assert_int_equal(page.size, 0);
    buffer_free(&page);
    store_free(store);
}

ALL_TESTS(cmocka_unit_test(test_exact_bytes), cmocka_unit_test(test_the_same_as_text),
          cmocka_unit_test(test_random_stores_are_the_same_as_text),
          cmocka_unit_test(test_a_native_histogram_of_many_numbers),
          cmocka_unit_test(test_only_wanted_families),
          cmocka_unit_test(test_a_page_that_does_not_fit_is_no_page),
          cmocka_unit_test(test_nothing_is_an_empty_page));
