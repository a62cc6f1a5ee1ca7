#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "probe/drift.h"

/* Names separated by blanks. */
static struct name_set *set_of(const char *names, bool incomplete)
{
    const char *list[64];
    size_t count = 0;
    char *copy = memory_copy_text(names);
    for (char *rest = copy, *name; (name = strtok_r(rest, " ", &rest)) != NULL;)
        list[count++] = name;
    struct name_set *set = name_set_of(list, count, incomplete);
    free(copy);
    return set;
}

/* Takes it; returns what changed as a sentence, "" if nothing did. The caller frees. */
static char *take(struct drift *drift, const char *names, enum drift_rule rule, bool incomplete)
{
    struct name_set *set = set_of(names, incomplete);
    struct drift_change change;
    bool changed = drift_take(drift, set, rule, &change);
    char *sentence = drift_sentence(&change);
    assert_int_equal(changed, sentence[0] != '\0');
    drift_change_free(&change);
    free(set);
    return sentence;
}

/* Digests in place of more names than can be kept, and back: what they name cannot be compared. */
static void test_another_sort_of_names(void **state)
{
    (void)state;
    static const struct {
        const char *names;
        bool digests;
        const char *change;
    } steps[] = {{"A B C", false, ""},
                 {"T1 T2", true, ""},
                 {"T1 T3", true, "came: T3; went: T2"},
                 {"A B", false, ""},
                 {"A", false, "went: B"}};
    struct drift drift = {0};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct name_set *set = set_of(steps[i].names, false);
        struct drift_change change;
        set->digests = steps[i].digests;
        bool changed = drift_take(&drift, set, DRIFT_EXACT, &change);
        char *sentence = drift_sentence(&change);
        assert_string_equal(sentence, steps[i].change);
        assert_int_equal(changed, sentence[0] != '\0');
        assert_int_equal(drift.count, set->count);
        drift_change_free(&change);
        free(sentence);
        free(set);
    }
    drift_free(&drift);
}

static void assert_change(struct drift *drift, const char *names, enum drift_rule rule, const char *wanted)
{
    char *sentence = take(drift, names, rule, false);
    assert_string_equal(sentence, wanted);
    free(sentence);
}

static void columns_that_come_and_go_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *names, *change;
        size_t known;
    } runs[] = {
        {"B A C", "", 3},                      /* the first makes it known */
        {"C B A", "", 3},                      /* another order is none */
        {"A B C D", "came: D", 4},             /* one more */
        {"A B D", "went: C", 3},               /* one less */
        {"A B E F", "came: E, F; went: D", 4}, /* both */
        {"A A B E F F", "", 4},                /* twice is once */
        {"a B E F", "came: a; went: A", 4},    /* letters count */
        {"x", "came: x; went: B, E, F, a", 1}, /* all others */
    };
    struct drift drift = {0};
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        assert_change(&drift, runs[i].names, DRIFT_EXACT, runs[i].change);
        assert_int_equal(drift.count, runs[i].known);
    }
    drift_free(&drift);
}

static void the_hash_is_that_of_what_is_known(void **state)
{
    (void)state;
    struct drift drift = {0}, other = {0};
    free(take(&drift, "A B C", DRIFT_EXACT, false));
    uint64_t hash = drift.hash;
    free(take(&other, "C A", DRIFT_EXACT, false));
    assert_int_not_equal(other.hash, hash);
    free(take(&other, "C A B", DRIFT_EXACT, false));
    assert_int_equal(other.hash, hash);
    struct name_set *set = set_of("B C A", false);
    assert_int_equal(set->hash, hash);
    free(set);
    /* Written down, because people compare hashes between machines and versions. */
    set = set_of("b a", false);
    assert_int_equal(set->hash, UINT64_C(0x40f66fdb43af84fd));
    free(set);
    drift_free(&drift);
    drift_free(&other);
}

/* A function leaves out outputs that are null. */
static void an_output_is_missed_after_ten_good_runs(void **state)
{
    (void)state;
    struct drift drift = {0};
    assert_change(&drift, "", DRIFT_SLOW, ""); /* all null: what it has is not known yet */
    assert_change(&drift, "Answer Success", DRIFT_SLOW, "");
    for (int i = 0; i < DRIFT_PATIENCE - 1; i++)
        assert_change(&drift, "Success", DRIFT_SLOW, "");
    assert_change(&drift, "Answer Success", DRIFT_SLOW, ""); /* it is back: counted anew */
    for (int i = 0; i < DRIFT_PATIENCE - 1; i++)
        assert_change(&drift, "Success", DRIFT_SLOW, "");
    assert_int_equal(drift.count, 2);
    assert_change(&drift, "Success", DRIFT_SLOW, "went: Answer");
    assert_change(&drift, "Success", DRIFT_SLOW, "");
    assert_change(&drift, "Answer Success", DRIFT_SLOW, "came: Answer");
    drift_free(&drift);
}

static void nothing_is_told_from_a_set_that_was_cut(void **state)
{
    (void)state;
    struct drift drift = {0};
    free(take(&drift, "A B", DRIFT_EXACT, false));
    char *sentence = take(&drift, "A C", DRIFT_EXACT, true);
    assert_string_equal(sentence, "");
    free(sentence);
    assert_int_equal(drift.count, 2);
    assert_change(&drift, "A C", DRIFT_EXACT, "came: C; went: B");
    drift_free(&drift);
}

static void a_long_sentence_says_how_much_it_leaves_out(void **state)
{
    (void)state;
    static char text[64][40];
    const char *names[64];
    for (size_t i = 0; i < 64; i++) {
        snprintf(text[i], sizeof text[i], "Calculated_AColumnOfALongishName_%02zu", i);
        names[i] = text[i];
    }
    struct drift drift = {0};
    struct drift_change change;
    free(take(&drift, "A", DRIFT_EXACT, false));
    struct name_set *set = name_set_of(names, 64, false);
    assert_true(drift_take(&drift, set, DRIFT_EXACT, &change));
    char *sentence = drift_sentence(&change);
    assert_non_null(strstr(sentence, " more; went: A"));
    assert_in_range(strlen(sentence), 900, 1200);
    free(sentence);
    drift_change_free(&change);
    free(set);
    drift_free(&drift);
}

ALL_TESTS(cmocka_unit_test(test_another_sort_of_names), cmocka_unit_test(columns_that_come_and_go_are_told),
          cmocka_unit_test(the_hash_is_that_of_what_is_known),
          cmocka_unit_test(an_output_is_missed_after_ten_good_runs),
          cmocka_unit_test(nothing_is_told_from_a_set_that_was_cut),
          cmocka_unit_test(a_long_sentence_says_how_much_it_leaves_out));
