#include "agent/throttle.h"

#include <assert.h>
#include <stddef.h>

#include "base/clock.h"

#define SLOW_NS    (15 * SECOND_NS) /* above the median */
#define HOLD_NS    (5 * MINUTE_NS)
#define RELEARN_NS DAY_NS
#define ROW        3
#define ANSWERED   2
#define NORMALS    2

/* ---- the baseline of a target ---- */

static bool has_baseline(const struct throttle_baseline *baseline)
{
    return baseline->count >= THROTTLE_LEAST;
}

static int64_t median_ns(const struct throttle_baseline *baseline)
{
    uint32_t sorted[THROTTLE_SAMPLES] = {0};
    assert(has_baseline(baseline));
    for (unsigned i = 0; i < baseline->count; i++) {
        unsigned at = i;
        for (; at > 0 && sorted[at - 1] > baseline->samples_ms[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = baseline->samples_ms[i];
    }
    return sorted[baseline->count / 2] * MILLISECOND_NS;
}

static void add_sample(struct throttle_baseline *baseline, int64_t latency_ns)
{
    int64_t ms = latency_ns / MILLISECOND_NS;
    baseline->samples_ms[baseline->next] = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
    baseline->next = (uint8_t)((baseline->next + 1) % THROTTLE_SAMPLES);
    if (baseline->count < THROTTLE_SAMPLES)
        baseline->count++;
}

/* Another slow call that was answered: is slow what is normal now? */
static bool is_slow_for_good(struct throttle_baseline *baseline, uint32_t normal_calls, int64_t now_ns)
{
    if (baseline->slow == 0) {
        baseline->normals_before = normal_calls;
        baseline->slow_since_ns = now_ns;
    }
    if (baseline->slow < THROTTLE_LEAST)
        baseline->slow++;
    bool alone = normal_calls - baseline->normals_before >= THROTTLE_LEAST;
    return (baseline->slow == THROTTLE_LEAST && alone) || now_ns - baseline->slow_since_ns >= RELEARN_NS;
}

static void relearn(struct throttle_baseline *baseline, int64_t latency_ns)
{
    *baseline = (struct throttle_baseline){0};
    while (!has_baseline(baseline))
        add_sample(baseline, latency_ns);
}

/* ---- the row ---- */

static bool is_complete(const struct throttle *throttle)
{
    return throttle->row >= ROW && throttle->answered >= ANSWERED && throttle->two_probes;
}

bool throttle_stands(const struct throttle *throttle, int64_t now_ns)
{
    return is_complete(throttle) && now_ns - throttle->slow_ended_ns < HOLD_NS;
}

int64_t throttle_deadline(const struct throttle *throttle, int64_t now_ns)
{
    return throttle_stands(throttle, now_ns) ? throttle->slow_ended_ns + HOLD_NS : NEVER_NS;
}

static void break_row(struct throttle *throttle)
{
    throttle->row = throttle->answered = throttle->normals = 0;
    throttle->probe = NULL;
    throttle->two_probes = throttle->stroke_answered = false;
}

static void normal_call(struct throttle *throttle, int64_t sent_ns, int64_t now_ns)
{
    throttle->normal_calls++;
    throttle->normal_sent_ns = ns_max(throttle->normal_sent_ns, sent_ns);
    if (throttle->row == 0 || sent_ns < throttle->stroke_sent_ns)
        return;
    if (!throttle_stands(throttle, now_ns) || ++throttle->normals == NORMALS)
        break_row(throttle);
}

static void slow_call(struct throttle *throttle, const void *probe, enum throttle_call call, int64_t sent_ns,
                      int64_t now_ns)
{
    if (sent_ns <= throttle->normal_sent_ns)
        return;
    if (throttle->row == 0 || sent_ns >= throttle->stroke_ended_ns) {
        throttle->row = throttle->row < ROW ? throttle->row + 1 : ROW;
        throttle->stroke_sent_ns = sent_ns;
        throttle->stroke_ended_ns = now_ns;
        throttle->stroke_answered = false;
    }
    if (throttle->probe == NULL)
        throttle->probe = probe;
    throttle->two_probes = throttle->two_probes || throttle->probe != probe;
    if (call == THROTTLE_TIMED_OUT)
        return;
    throttle->normals = 0;
    throttle->slow_ended_ns = now_ns;
    if (!throttle->stroke_answered && throttle->answered < ANSWERED)
        throttle->answered++;
    throttle->stroke_answered = true;
}

void throttle_call(struct throttle *throttle, struct throttle_baseline *baseline, const void *probe,
                   enum throttle_call call, int64_t sent_ns, int64_t latency_ns, int64_t now_ns)
{
    bool learning = !has_baseline(baseline);
    if (!learning && latency_ns >= median_ns(baseline) + SLOW_NS) {
        slow_call(throttle, probe, call, sent_ns, now_ns);
        if (call == THROTTLE_ANSWERED && is_slow_for_good(baseline, throttle->normal_calls, now_ns))
            relearn(baseline, latency_ns);
        return;
    }
    if (call == THROTTLE_TIMED_OUT)
        return;
    if (learning) {
        /* What is asked while the server delays everything is no measure of what is normal. */
        if (!throttle_stands(throttle, now_ns))
            add_sample(baseline, latency_ns);
        throttle->known = throttle->known || has_baseline(baseline);
        return;
    }
    baseline->slow = 0;
    add_sample(baseline, latency_ns);
    normal_call(throttle, sent_ns, now_ns);
}
