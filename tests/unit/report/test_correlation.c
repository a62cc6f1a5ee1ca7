#include "main.h"

#include "sample.h"

#include "metrics/view.h"
#include "report/correlation.h"
#include "report/families.h"
#include "report/parts.h"

#define ID "3f2504e0-4f89-11d3-9a0c-0305e82c3301"

static void test_only_an_id_becomes_a_label(void **state)
{
    char longest[CORRELATION_ID_MAX + 2];
    struct correlation correlation;

    (void)state;
    correlation_labels(&correlation, ID);
    assert_true(span_is(correlation.labels, "correlation_id=\"" ID "\""));
    static const char *const refused[] = {NULL,  "",    "two words", "a\"b",        "a\\b", "a\nb",
                                          "a=b", "a_b", "{" ID "}",  "K\xC3\xB6ln", "\xFF"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        correlation_labels(&correlation, refused[i]);
        assert_int_equal(correlation.labels.size, 0);
    }
    memset(longest, 'x', sizeof longest);
    longest[CORRELATION_ID_MAX] = '\0';
    correlation_labels(&correlation, longest);
    assert_int_equal(correlation.labels.size, strlen("correlation_id=\"\"") + CORRELATION_ID_MAX);
    longest[CORRELATION_ID_MAX] = 'x';
    longest[CORRELATION_ID_MAX + 1] = '\0';
    correlation_labels(&correlation, longest);
    assert_int_equal(correlation.labels.size, 0);
}

/* Row 0 is the first owner of its class: the target, its app server. */
static const struct exemplar *exemplar_of(const struct store_view *view, enum family family, size_t index)
{
    return view_exemplar(view, &view->layout->families[family], 0, index);
}

static void run(struct report *report, int64_t at, int64_t duration_ns, enum reason reason, char *id)
{
    struct probe_result result = {.reason = reason, .status = 500, .correlation = id};
    struct run_record record = {.ended = sample_after(at),
                                .asked = true,
                                .timed = true,
                                .duration_ns = duration_ns,
                                .phases = {-1, -1, -1, -1, -1},
                                .result = &result};

    report_run(report_target(report, TARGET_ORDERS_LIVE), &record);
}

static void test_a_failed_run_is_the_exemplar_of_what_it_counts(void **state)
{
    char id[] = ID, words[] = "Contact your administrator";
    struct report *report = sample_report();
    size_t server_error = family_reason_index(REASON_SERVER_ERROR);

    (void)state;
    run(report, 1, 300 * MILLISECOND_NS, REASON_SERVER_ERROR, id);
    run(report, 2, 700 * MILLISECOND_NS, REASON_SERVER_ERROR, words);
    run(report, 3, 2 * SECOND_NS, REASON_NONE, id);
    struct report_appserver *live = report_appserver(report, APPSERVER_LIVE);
    report_auth_failure(live, REASON_ACCESS_DENIED, id, sample_after(1));
    report_auth_failure(live, REASON_ACCESS_DENIED, words, sample_after(2));
    report_auth_failure(live, REASON_ACCESS_DENIED, NULL, sample_after(3));
    struct store_view *view = store_view_take(report->store, sample_after(4));
    const struct exemplar *found[] = {
        exemplar_of(view, FAMILY_AUTH_FAILURES, family_auth_reason_index(REASON_ACCESS_DENIED)),
        exemplar_of(view, FAMILY_PROBE_FAILURES, 0), exemplar_of(view, FAMILY_FAILURES, server_error),
        exemplar_of(view, FAMILY_PROBE_DURATION, 3)};
    static const double values[] = {1, 1, 1, 0.3};
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++) {
        assert_non_null(found[i]);
        assert_true(span_is(found[i]->labels, "correlation_id=\"" ID "\""));
        assert_true(found[i]->value == values[i]);
        assert_int_equal(found[i]->wall_ns, sample_after(1).wall_ns);
    }
    for (size_t bucket = 0; bucket < 12; bucket++)
        assert_int_equal(exemplar_of(view, FAMILY_PROBE_DURATION, bucket) != NULL, bucket == 3);
    store_view_free(view);
    report_free(report);
}

/* Neither exemplars nor what native histograms have counted. */
static void test_a_reload_takes_nothing_away(void **state)
{
    char id[] = ID;
    struct report *report = sample_report();
    struct model *before = sample_model(), *same = sample_model();
    struct model_match match = model_match(before, same);

    (void)state;
    run(report, 1, 300 * MILLISECOND_NS, REASON_SERVER_ERROR, id);
    report_reload(report, same, &match, sample_after(2));
    run(report, 3, 300 * MILLISECOND_NS, REASON_NONE, NULL);
    struct store_view *view = store_view_take(report->store, sample_after(4));
    assert_non_null(exemplar_of(view, FAMILY_PROBE_FAILURES, 0));
    assert_non_null(exemplar_of(view, FAMILY_PROBE_DURATION, 3));
    const struct native *native = view_native(view, &view->layout->families[FAMILY_PROBE_DURATION], 0);
    assert_non_null(native);
    assert_int_equal(native->count, 1);
    assert_int_equal(native->buckets[0].count, 2);
    store_view_free(view);
    model_match_free(&match);
    model_unref(before);
    model_unref(same);
    report_free(report);
}

ALL_TESTS(cmocka_unit_test(test_only_an_id_becomes_a_label),
          cmocka_unit_test(test_a_failed_run_is_the_exemplar_of_what_it_counts),
          cmocka_unit_test(test_a_reload_takes_nothing_away));
