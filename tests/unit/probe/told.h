/* What a run has found, as text: "seats_used{,Default} 3", a line each, then what was left out. */
#ifndef TESTS_PROBE_TOLD_H
#define TESTS_PROBE_TOLD_H

#include "unit/probe/play.h"

static inline const char *told_name(enum finding_kind kind)
{
    static const char *const names[FINDING_KINDS] = {[FINDING_SEATS_USED] = "seats_used",
                                                     [FINDING_SEATS_OWNED] = "seats_owned",
                                                     [FINDING_SESSIONS] = "sessions",
                                                     [FINDING_TASKS] = "tasks",
                                                     [FINDING_TASK_OLDEST_START] = "oldest_start",
                                                     [FINDING_TASK_LAST_SUCCESS] = "last_success",
                                                     [FINDING_SCHEDULES_OVERDUE] = "overdue"};
    assert(names[kind] != NULL);
    return names[kind];
}

/* The caller frees. */
static inline char *told_findings(const struct findings *findings)
{
    struct buffer out;
    buffer_init(&out, (size_t)1 << 20);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        buffer_format(&out, "%s{", told_name(finding->kind));
        for (size_t k = 0; k < finding->label_count; k++)
            buffer_format(&out, "%s%s", k == 0 ? "" : ",", finding_label(findings, finding, k));
        buffer_format(&out, "} %.15g\n", finding->number);
    }
    for (size_t i = 0; i < FINDING_KINDS; i++)
        if (findings->dropped[i] > 0)
            buffer_format(&out, "%s dropped %llu\n", told_name((enum finding_kind)i),
                          (unsigned long long)findings->dropped[i]);
    return buffer_take(&out);
}

/* Holds the result against what is wanted: the findings; or, where reason is one, that there are none, and the message. */
static inline void told_check(const struct play *play, enum reason reason, const char *wanted)
{
    const struct probe_result *result = &play->result;
    if (result->reason != reason)
        fail_msg("%s: %s", reason_name(result->reason), result->message == NULL ? "" : result->message);
    assert_int_equal(result->has_findings, reason == REASON_NONE);
    if (reason != REASON_NONE) {
        assert_int_equal(result->findings.count, 0);
        assert_string_equal(result->message, wanted);
        return;
    }
    char *text = told_findings(&result->findings);
    assert_string_equal(text, wanted);
    free(text);
}

/* The faults and warnings of a configuration without their places, a line each. */
static inline void told_faults(const char *appserver, const char *probe, const char *wanted)
{
    struct fault_list faults = {0};
    struct model *model = play_model(appserver, probe, &faults);
    struct buffer out;
    buffer_init(&out, (size_t)1 << 16);
    for (size_t i = 0; i < faults.count; i++)
        if (!faults.items[i].warning)
            buffer_format(&out, "%s\n", faults.items[i].text);
    assert_string_equal(buffer_as_text(&out), wanted);
    assert_int_equal(model == NULL, wanted[0] != '\0');
    buffer_free(&out);
    fault_list_free(&faults);
    model_unref(model);
}

#endif
