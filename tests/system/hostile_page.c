/* A page with all that a page can hold and a parser can stumble over, for parsers that are not ours:
   hostile_page text|openmetrics|created. What a parser must find in it stands in strict_page.py. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "metrics/exposition.h"
#include "metrics/store.h"

/* The same as in strict_page.py. */
#define HOSTILE "a\"b\\c\nd \xC3\xBC \xE6\x97\xA5\xE6\x9C\xAC { } , = # EOF # {x=\"y\"} 1 \\n \\\\"

enum { RUNS, ANSWERS, LEVEL, INFO, TIME, SEATS, FAMILIES };

static const char *code_of(size_t index)
{
    static const char *const codes[] = {"200", HOSTILE};

    return codes[index];
}

static const double buckets[] = {0.0001, 0.5, 1, 10, 1000};
static const char *const labels[] = {"thing", "place", NULL};
static const struct metric_class classes[] = {{labels}};
static const struct metric_family families[FAMILIES] = {
    [RUNS] = {.name = "hostile_runs_total", .help = HOSTILE, .type = METRIC_COUNTER, .exemplars = true},
    [ANSWERS] = {.name = "hostile_answers_seconds_total",
                 .help = "Answers.",
                 .type = METRIC_COUNTER,
                 .labels = {"code"},
                 .value_of = code_of,
                 .value_count = 2,
                 .data_maximum = 3,
                 .exemplars = true},
    [LEVEL] = {.name = "hostile_level_ratio",
               .help = "Level \\ \"quoted\".",
               .type = METRIC_GAUGE,
               .labels = {"value"},
               .data_maximum = 20},
    [INFO] = {.name = "hostile_info", .help = "A gauge.", .type = METRIC_GAUGE},
    [TIME] = {.name = "hostile_time_seconds",
              .help = "Time.",
              .type = METRIC_HISTOGRAM,
              .buckets = buckets,
              .bucket_count = 5,
              .exemplars = true},
    [SEATS] = {.name = "hostile_seats", .help = "Seats.", .type = METRIC_FOUND, .labels = {"company"}},
};

static const struct moment now = {.boot_ns = 1000 * SECOND_NS, .wall_ns = 1700000000123456789};

static void fill(struct store *store, struct store_owner owner)
{
    static const struct {
        const char *name;
        double number;
    } levels[] = {
        {"NaN", NAN},
        {"+Inf", INFINITY},
        {"-Inf", -INFINITY},
        {"1e+300", 1e300},
        {"-4.9e-324", -4.9e-324},
        {"0.1", 0.1},
        {"123456789012345680", 123456789012345680.0},
        {"1700000000.123", 1700000000.123},
        {"", -0.0},
    };
    char longest[200];

    memset(longest, 0, sizeof longest);
    snprintf(longest, sizeof longest, "correlation_id=\"%0*d\"", 128 - (int)strlen("correlation_id"), 7);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        store_set_data(store, owner, LEVEL, (const char *const[]){levels[i].name}, levels[i].number,
                       NEVER_NS);
    store_set(store, owner, INFO, 0, 1, NEVER_NS);
    store_add_with(store, owner, RUNS, 0, 3, span_of(longest), now);
    store_add_with(store, owner, ANSWERS, 1, 1.5, span_of("a=\"# {,=\",b=\"\\\\\\\"\\n\""), now);
    store_add_data(store, owner, ANSWERS, (const char *const[]){"\xFF not UTF-8"}, 1e6, now);
    store_observe_with(store, owner, TIME, 0.00005, span_of("a=\"low\""), now);
    store_observe_with(store, owner, TIME, 1e9, span_of("a=\"high\""), now);
    store_observe(store, owner, TIME, 1);

    struct series_builder builder;
    series_builder_init(&builder);
    size_t seats = series_builder_family(&builder, &families[SEATS]);
    series_builder_add(&builder, seats, (const char *const[]){HOSTILE}, 4);
    series_builder_add(&builder, seats, (const char *const[]){""}, 5);
    size_t value = series_builder_named(&builder, "hostile_value_bytes", HOSTILE, labels, 0);
    series_builder_add(&builder, value, NULL, NAN);
    store_put_set(store, owner, series_builder_finish(&builder), NEVER_NS);
}

int main(int argc, char **argv)
{
    struct exposition exposition = {.format = EXPOSITION_OPENMETRICS};
    struct buffer page;

    if (argc != 2) {
        fputs("usage: hostile_page text|openmetrics|created\n", stderr);
        return 2;
    }
    if (strcmp(argv[1], "text") == 0)
        exposition.format = EXPOSITION_TEXT;
    exposition.created = strcmp(argv[1], "created") == 0;
    struct store *store = store_new(classes, 1, families, FAMILIES);
    store_lock(store);
    struct store_owner odd = store_owner_add(store, 0, (const char *const[]){HOSTILE, "\n\n\"\"\\"}, 0, now);
    struct store_owner plain = store_owner_add(store, 0, (const char *const[]){"", "plain"}, 0, now);
    fill(store, odd);
    fill(store, plain);
    store_unlock(store);
    struct store_view *view = store_view_take(store, now);
    buffer_init(&page, (size_t)1 << 20);
    bool fits = exposition_write(view, &exposition, &page);
    bool written = fits && fwrite(page.data, 1, page.size, stdout) == page.size && fflush(stdout) == 0;
    buffer_free(&page);
    store_view_free(view);
    store_free(store);
    return written ? 0 : 1;
}
