#include "web/spark.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "web/markup.h"

/* Of the small picture, in its own units; a bar is STEP wide with its gap. */
#define SMALL_RUNS   24
#define SMALL_STEP   5
#define SMALL_HEIGHT 20

/* Of the large one. */
#define LARGE_RUNS   60
#define LARGE_WIDTH  720
#define LARGE_HEIGHT 150
#define LARGE_TOP    18 /* room for crosses */
#define LARGE_LEFT   84 /* room for the numbers of the axis, which are larger on narrow screens */

struct spark {
    struct board_run *runs; /* oldest first */
    size_t count, failed, timed;
    uint32_t least_us, most_us;
};

/* The caller frees its runs. */
static struct spark spark_of(const struct board_target *target, size_t limit)
{
    size_t all = history_count(target->history);
    struct history_walk walk = history_begin(target->history);
    struct spark spark = {.runs = memory_new(limit, sizeof *spark.runs), .least_us = UINT32_MAX};
    struct board_run run;

    for (size_t i = 0; history_next(&walk, &run); i++) {
        if (all - i > limit)
            continue;
        spark.runs[spark.count++] = run;
        spark.failed += run.reason != REASON_NONE;
        if (run.duration_us == BOARD_NO_TIME)
            continue;
        spark.timed++;
        spark.least_us = run.duration_us < spark.least_us ? run.duration_us : spark.least_us;
        spark.most_us = run.duration_us > spark.most_us ? run.duration_us : spark.most_us;
    }
    return spark;
}

/* For who cannot see the picture. */
static void write_words(const struct spark *spark, struct buffer *out)
{
    buffer_format(out, "Last %zu run%s, ", spark->count, spark->count == 1 ? "" : "s");
    if (spark->failed == 0)
        buffer_text(out, "none failed");
    else
        buffer_format(out, "%zu failed", spark->failed);
    if (spark->timed == 0)
        return;
    buffer_text(out, "; ");
    markup_latency(out, spark->least_us * MICROSECOND_NS);
    if (spark->most_us > spark->least_us) {
        buffer_text(out, " to ");
        markup_latency(out, spark->most_us * MICROSECOND_NS);
    }
}

static unsigned height_of(uint32_t us, uint32_t most_us, unsigned height)
{
    unsigned part = (unsigned)((uint64_t)us * height / (most_us == 0 ? 1 : most_us));
    return part < 1 ? 1 : part;
}

static void write_bars(const struct spark *spark, bool failed, struct buffer *out)
{
    buffer_text(out, failed ? "<path class=\"x\" d=\"" : "<path d=\"");
    for (size_t i = 0; i < spark->count; i++) {
        const struct board_run *run = &spark->runs[i];
        unsigned x = (unsigned)i * SMALL_STEP; /* from where its head stands */
        if ((run->reason != REASON_NONE) != failed || (!failed && run->duration_us == BOARD_NO_TIME))
            continue;
        if (failed)
            buffer_format(out, "M%u 13l3 6m-3 0l3-6", x);
        else
            buffer_format(out, "M%u %dv-%u", x + 1, SMALL_HEIGHT,
                          height_of(run->duration_us, spark->most_us, SMALL_HEIGHT));
    }
    buffer_text(out, "\"/>");
}

void spark_write(const struct board_target *target, struct buffer *out)
{
    struct spark spark = spark_of(target, SMALL_RUNS);

    if (spark.count > 0) {
        buffer_format(out, "<svg class=\"sp\" role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"",
                      SMALL_RUNS * SMALL_STEP, SMALL_HEIGHT);
        write_words(&spark, out);
        buffer_text(out, "\">");
        if (spark.failed < spark.count)
            write_bars(&spark, false, out);
        if (spark.failed > 0)
            write_bars(&spark, true, out);
        buffer_text(out, "</svg>");
    }
    free(spark.runs);
}

/* ---- stacked by phases -------------------------------------------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten: the least such number of microseconds that is not below. */
static uint64_t round_up(uint32_t us)
{
    static const unsigned steps[] = {1, 2, 5};

    for (uint64_t power = 1000;; power *= 10)
        for (size_t i = 0; i < 3; i++)
            if (steps[i] * power >= us)
                return steps[i] * power;
}

struct chart {
    struct spark spark;
    uint64_t full_us; /* the top of the axis */
};

static unsigned chart_y(const struct chart *chart, uint64_t us)
{
    return LARGE_TOP + LARGE_HEIGHT - (unsigned)(us * LARGE_HEIGHT / chart->full_us);
}

/* The middle of a run's bar. The newest stands at the right. */
static unsigned chart_x(const struct chart *chart, size_t index)
{
    unsigned halves = 2 * (unsigned)(chart->spark.count - 1 - index) + 1;
    return LARGE_WIDTH - halves * (LARGE_WIDTH - LARGE_LEFT) / (2 * LARGE_RUNS);
}

static void write_axis(const struct chart *chart, struct buffer *out)
{
    for (int i = 0; i <= 2; i++) {
        uint64_t us = chart->full_us * (unsigned)i / 2;
        unsigned y = chart_y(chart, us);
        buffer_format(out, "<path class=\"ax\" d=\"M%d %uH%d\"/><text x=\"%d\" y=\"%u\">", LARGE_LEFT, y,
                      LARGE_WIDTH, LARGE_LEFT - 6, y + 4);
        if (us == 0)
            buffer_byte(out, '0');
        else
            markup_latency(out, (int64_t)us * MICROSECOND_NS);
        buffer_text(out, "</text>");
    }
}

/* Where the part of a phase begins and ends in the bar of its run; BOARD_PHASES: what no phase accounts for. */
static bool phase_part(const struct board_run *run, int phase, uint64_t *from, uint64_t *to)
{
    uint64_t end = 0;

    if (run->duration_us == BOARD_NO_TIME)
        return false;
    *from = 0;
    for (int i = 0; i < BOARD_PHASES && i <= phase; i++) {
        *from = end;
        end += run->phase_us[i] == BOARD_NO_TIME ? 0 : run->phase_us[i];
        end = end > run->duration_us ? run->duration_us : end;
    }
    if (phase == BOARD_PHASES) {
        *from = end;
        end = run->duration_us;
    }
    *to = end;
    return *from < end;
}

static void write_layer(const struct chart *chart, int phase, struct buffer *out)
{
    buffer_format(out, "<path class=\"p%d\" d=\"", phase);
    for (size_t i = 0; i < chart->spark.count; i++) {
        uint64_t from, to;
        if (!phase_part(&chart->spark.runs[i], phase, &from, &to))
            continue;
        unsigned low = chart_y(chart, from), high = chart_y(chart, to);
        if (low > high)
            buffer_format(out, "M%u %uV%u", chart_x(chart, i), low, high);
    }
    buffer_text(out, "\"/>");
}

static void write_crosses(const struct chart *chart, struct buffer *out)
{
    buffer_text(out, "<path class=\"x\" d=\"");
    for (size_t i = 0; i < chart->spark.count; i++) {
        const struct board_run *run = &chart->spark.runs[i];
        uint64_t us = run->duration_us == BOARD_NO_TIME ? 0 : run->duration_us;
        if (run->reason != REASON_NONE)
            buffer_format(out, "M%u %ul7 7m-7 0l7-7", chart_x(chart, i) - 3, chart_y(chart, us) - 11);
    }
    buffer_text(out, "\"/>");
}

static void write_limit(const struct chart *chart, int64_t limit_ns, struct buffer *out)
{
    uint64_t us = limit_ns > 0 ? (uint64_t)(limit_ns / MICROSECOND_NS) : 0;

    if (us > 0 && us <= chart->full_us)
        buffer_format(out, "<path class=\"lim\" d=\"M%d %uH%d\"/>", LARGE_LEFT, chart_y(chart, us),
                      LARGE_WIDTH);
}

void spark_write_phases(const struct board_target *target, struct buffer *out)
{
    struct chart chart = {.spark = spark_of(target, LARGE_RUNS)};

    chart.full_us = round_up(chart.spark.most_us);
    buffer_format(out, "<svg class=\"ph\" role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"", LARGE_WIDTH,
                  LARGE_TOP + LARGE_HEIGHT + 4);
    write_words(&chart.spark, out);
    buffer_text(out, "; the table below has each\">");
    write_axis(&chart, out);
    for (int phase = 0; phase <= BOARD_PHASES; phase++)
        write_layer(&chart, phase, out);
    write_limit(&chart, target->latency_limit_ns, out);
    write_crosses(&chart, out);
    buffer_text(out, "</svg>");
    free(chart.spark.runs);
}
