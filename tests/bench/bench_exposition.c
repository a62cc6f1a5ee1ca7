/* CPU of a scrape of 100,000 series (or as many as given) by the text format 0.0.4, identity encoding, from taking the view
   to the finished page: gauges and counters with values as they occur, then histograms. The budget of the design is a twentieth
   of what a client_golang exporter took for the same series (measured apart: 340 ms for gauges, 105 ms for histograms).
   The best of the runs counts. Exit 1 when the budget is missed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/text.h"
#include "metrics/store.h"
#include "metrics/text_format.h"

enum { RUNS = 9, FAMILIES = 50, BUCKETS = 11, SERIES_OF_HISTOGRAM = BUCKETS + 3 };

#define PEER_GAUGES_MS     340.0
#define PEER_HISTOGRAMS_MS 105.0
#define SHARE              20.0

static double cpu_seconds(void)
{
    struct timespec at;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static uint32_t draw(void)
{
    static uint32_t seed = 12345;

    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static const char *const labels[] = {"appserver", "company", "probe", NULL};
static const struct metric_class classes[] = {{labels}};
static const double buckets[BUCKETS] = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60};

/* Half of the values are small whole numbers, a quarter seconds with milliseconds, the rest times with all their digits. */
static double value_like_ours(size_t family)
{
    switch (family % 4) {
    case 0:
        return draw() % 2;
    case 1:
        return draw() % 100000;
    case 2:
        return (double)(draw() % 100000) / 1000;
    default:
        return 1700000000.0 + (double)draw() / 1000003.0;
    }
}

static void add_owners(struct store *store, size_t owners, bool histograms)
{
    const struct moment now = {0, 0};

    store_lock(store);
    for (size_t i = 0; i < owners; i++) {
        char appserver[32], probe[32];
        snprintf(appserver, sizeof appserver, "live%zu", i / 100);
        snprintf(probe, sizeof probe, "open_orders_%zu", i % 100);
        struct store_owner owner = store_owner_add(store, 0,
                                                   (const char *const[]){appserver, "EPIC06", probe}, 0, now);
        for (size_t family = 0; family < FAMILIES; family++) {
            if (!histograms) {
                store_set(store, owner, family, 0, value_like_ours(family), NEVER_NS);
                continue;
            }
            for (unsigned n = 0; n < 5; n++)
                store_observe(store, owner, family, (double)(draw() % 70000) / 1000);
        }
    }
    store_unlock(store);
}

static bool measure(const char *what, size_t series, bool histograms, double peer_ms)
{
    static char names[FAMILIES][80];
    struct metric_family families[FAMILIES];
    size_t each = histograms ? SERIES_OF_HISTOGRAM : 1;
    double best = 1e9;
    size_t size = 0, shown = 0;

    memset(families, 0, sizeof families);
    for (size_t i = 0; i < FAMILIES; i++) {
        snprintf(names[i], sizeof names[i], "epicor_probe_measurement_%zu_seconds", i);
        families[i] = (struct metric_family){.name = names[i],
                                             .help = "One of many.",
                                             .type = histograms ? METRIC_HISTOGRAM : METRIC_GAUGE,
                                             .buckets = buckets,
                                             .bucket_count = BUCKETS};
    }
    struct store *store = store_new(classes, 1, families, FAMILIES);
    add_owners(store, series / FAMILIES / each, histograms);
    for (size_t run = 0; run < RUNS; run++) {
        struct buffer page;
        buffer_init(&page, (size_t)4 << 30);
        double begin = cpu_seconds();
        /* As report_page does once it has seen a page. */
        buffer_reserve(&page, size + size / 8);
        struct store_view *view = store_view_take(store, (struct moment){0, 0});
        bool fits = text_format_write(view, &page);
        shown = store_view_series(view);
        store_view_free(view);
        size = page.size;
        buffer_free(&page);
        double taken = cpu_seconds() - begin;
        if (!fits)
            return false;
        if (taken < best)
            best = taken;
    }
    store_free(store);
    double budget = peer_ms / SHARE * (double)shown / 100000;
    printf("%-10s %zu series, %.1f MB: %.2f ms of CPU a scrape, %.0f ns a series; budget %.2f ms "
           "(client_golang %.0f ms), %.0f times faster\n",
           what, shown, (double)size / 1e6, best * 1e3, best * 1e9 / (double)shown, budget, budget * SHARE,
           budget * SHARE / (best * 1e3));
    return best * 1e3 <= budget;
}

int main(int argc, char **argv)
{
    int64_t series = 100000;

    if (argc > 1 && (!text_to_int64(span_of(argv[1]), &series) || series < FAMILIES * SERIES_OF_HISTOGRAM)) {
        fprintf(stderr, "usage: bench_exposition [SERIES]\n");
        return 2;
    }
    bool gauges = measure("gauges", (size_t)series, false, PEER_GAUGES_MS);
    bool histograms = measure("histograms", (size_t)series, true, PEER_HISTOGRAMS_MS);
    return gauges && histograms ? 0 : 1;
}
