#include "main.h"

#include <string.h>

#include "metrics/store.h"
#include "metrics/view.h"
#include "sample.h"

static const struct moment start = {.boot_ns = 1000 * SECOND_NS, .wall_ns = 0};

static struct moment after(int64_t seconds)
{
    return (struct moment){start.boot_ns + seconds * SECOND_NS, seconds * SECOND_NS};
}

static void assert_exemplar(const struct store_view *view, size_t family, size_t row, size_t index,
                            const char *labels, double value, int64_t wall_ns)
{
    const struct exemplar *exemplar = view_exemplar(view, &view->layout->families[family], row, index);

    assert_non_null(exemplar);
    assert_int_equal(exemplar->labels.size, strlen(labels));
    assert_memory_equal(exemplar->labels.data, labels, strlen(labels));
    assert_true(exemplar->value == value);
    assert_int_equal(exemplar->wall_ns, wall_ns);
}

static void assert_none(const struct store_view *view, size_t family, size_t row, size_t index)
{
    assert_null(view_exemplar(view, &view->layout->families[family], row, index));
}

static void test_each_series_and_bucket_has_its_own(void **state)
{
    struct store *store = store_new(sample_classes, SAMPLE_CLASSES, sample_families, SAMPLE_FAMILIES);

    (void)state;
    store_lock(store);
    struct store_owner a = store_owner_add(store, CLASS_THING, (const char *const[]){"a", "x"}, 0, start);
    struct store_owner b = store_owner_add(store, CLASS_THING, (const char *const[]){"b", "x"}, 0, start);
    store_add_with(store, a, SAMPLE_ANSWERS, 1, 1, span_of("id=\"first\""), after(1));
    store_add_with(store, a, SAMPLE_ANSWERS, 1, 2, span_of("id=\"second\",kind=\"\\\"q\\\"\""), after(2));
    store_observe_with(store, a, SAMPLE_TIME, 0.05, span_of("id=\"low\""), after(3));
    store_observe_with(store, a, SAMPLE_TIME, 1e9, span_of("id=\"high\""), after(4));
    store_add_with(store, b, SAMPLE_ANSWERS, 0, 1, span_of("id=\"b\""), after(5));
    store_unlock(store);

    struct store_view *view = store_view_take(store, after(6));
    assert_none(view, SAMPLE_ANSWERS, 0, 0);
    assert_exemplar(view, SAMPLE_ANSWERS, 0, 1, "id=\"second\",kind=\"\\\"q\\\"\"", 2, 2 * SECOND_NS);
    assert_exemplar(view, SAMPLE_TIME, 0, 0, "id=\"low\"", 0.05, 3 * SECOND_NS);
    assert_none(view, SAMPLE_TIME, 0, 1);
    assert_none(view, SAMPLE_TIME, 0, 2);
    assert_exemplar(view, SAMPLE_TIME, 0, 3, "id=\"high\"", 1e9, 4 * SECOND_NS);
    assert_exemplar(view, SAMPLE_ANSWERS, 1, 0, "id=\"b\"", 1, 5 * SECOND_NS);
    assert_none(view, SAMPLE_ANSWERS, 1, 1);

    /* A view keeps what it has seen, whatever comes later. */
    store_lock(store);
    store_add_with(store, a, SAMPLE_ANSWERS, 1, 1, span_of("id=\"third\""), after(7));
    store_owner_remove(store, b);
    store_unlock(store);
    assert_exemplar(view, SAMPLE_ANSWERS, 0, 1, "id=\"second\",kind=\"\\\"q\\\"\"", 2, 2 * SECOND_NS);
    assert_exemplar(view, SAMPLE_ANSWERS, 1, 0, "id=\"b\"", 1, 5 * SECOND_NS);
    store_view_free(view);
    view = store_view_take(store, after(8));
    assert_exemplar(view, SAMPLE_ANSWERS, 0, 1, "id=\"third\"", 1, 7 * SECOND_NS);
    assert_exemplar(view, SAMPLE_TIME, 0, 0, "id=\"low\"", 0.05, 3 * SECOND_NS);
    store_view_free(view);
    store_free(store);
}

static void test_what_counts_also_where_no_exemplar_is_kept(void **state)
{
    struct store *store = store_new(sample_classes, SAMPLE_CLASSES, sample_families, SAMPLE_FAMILIES);

    (void)state;
    store_lock(store);
    struct store_owner a = store_owner_add(store, CLASS_THING, (const char *const[]){"a", "x"}, 0, start);
    store_add_with(store, a, SAMPLE_RUNS, 0, 1, span_of("id=\"not of this family\""), after(1));
    store_add_with(store, a, SAMPLE_ANSWERS, 0, 1, (struct span){NULL, 0}, after(1));
    store_unlock(store);
    struct store_view *view = store_view_take(store, after(2));
    assert_none(view, SAMPLE_RUNS, 0, 0);
    assert_none(view, SAMPLE_ANSWERS, 0, 0);
    assert_true(view_slots(view, &view->layout->families[SAMPLE_RUNS], 0)->number == 1);
    assert_true(view_slots(view, &view->layout->families[SAMPLE_ANSWERS], 0)->number == 1);
    store_view_free(view);
    store_free(store);
}

static void test_length_is_that_of_names_and_values(void **state)
{
    char labels[1024];

    (void)state;
    assert_false(exemplar_labels_fit((struct span){"", 0}));
    assert_true(exemplar_labels_fit(span_of("a=\"\"")));
    /* a and bb, and n times one character of one, two or three bytes, or an escaped one */
    static const char *const characters[] = {"x", "\xC3\xBC", "\xE6\x97\xA5", "\\\"", "\\\\", "\\n"};
    for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++) {
        for (size_t n = 120; n <= 130; n++) {
            strncpy(labels, "a=\"1\",bb=\"", sizeof labels);
            size_t size = strlen(labels);
            for (size_t k = 0; k < n; k++, size += strlen(characters[i]))
                memcpy(labels + size, characters[i], strlen(characters[i]));
            labels[size++] = '"';
            assert_int_equal(exemplar_labels_fit((struct span){labels, size}), 1 + 1 + 2 + n <= 128);
        }
    }
}

ALL_TESTS(cmocka_unit_test(test_each_series_and_bucket_has_its_own),
          cmocka_unit_test(test_what_counts_also_where_no_exemplar_is_kept),
          cmocka_unit_test(test_length_is_that_of_names_and_values));
