/* CPU of a scrape of 100,000 series (or as many as given) in each format, identity encoding, from taking the view
   to the finished page: gauges and counters with values as they occur, then histograms, then gauges whose labels came as data, in
   blocks and in series sets. Each histogram of protobuf has a native one beside it. The budget of the design is a twentieth
   of what a client_golang exporter took for the same series (measured apart: 340 ms for gauges, 105 ms for histograms).
   The best of the runs counts. Exit 1 when the budget is missed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "bench.h"
#include "metrics/exposition.h"
#include "metrics/store.h"

enum { RUNS = 9, FAMILIES = 50, BUCKETS = 11, SERIES_OF_HISTOGRAM = BUCKETS + 3 };

#define PEER_GAUGES_MS     340.0
#define PEER_HISTOGRAMS_MS 105.0
#define SHARE              20.0

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

/* How the series come into the store. */
enum way { WAY_GAUGES, WAY_HISTOGRAMS, WAY_BLOCKS, WAY_SETS };

enum { LABELLED = 10 }; /* series of a family and owner whose labels are data */

static const char *const data_labels[] = {"site"};

static void data_label(size_t index, char label[32])
{
    snprintf(label, 32, "Main Street %zu", index * 7);
}

static void add_blocks(struct store *store, size_t owners)
{
    char probe[40], label[32];

    store_lock(store);
    for (size_t i = 0; i < owners; i++) {
        snprintf(probe, sizeof probe, "open_orders_%zu", i);
        struct store_owner owner = store_owner_add(store, 0, (const char *const[]){"live", "EPIC06", probe},
                                                   0, (struct moment){0, 0});
        for (size_t family = 0; family < FAMILIES; family++)
            for (size_t n = 0; n < LABELLED; n++) {
                data_label(n, label);
                store_set_data(store, owner, family, (const char *const[]){label}, value_like_ours(family),
                               NEVER_NS);
            }
    }
    store_unlock(store);
}

static void add_sets(struct store *store, size_t owners)
{
    char probe[40], label[32], name[80];

    store_lock(store);
    for (size_t i = 0; i < owners; i++) {
        struct series_builder builder;
        snprintf(probe, sizeof probe, "open_orders_%zu", i);
        struct store_owner owner = store_owner_add(store, 0, (const char *const[]){"live", "EPIC06", probe},
                                                   0, (struct moment){0, 0});
        series_builder_init(&builder);
        char names[FAMILIES][80];
        for (size_t family = 0; family < FAMILIES; family++) {
            snprintf(name, sizeof name, "epicor_value_measurement_%zu_seconds", family);
            memcpy(names[family], name, sizeof name);
            size_t index = series_builder_named(&builder, names[family], "One of many.", data_labels, 1);
            for (size_t n = 0; n < LABELLED; n++) {
                data_label(n, label);
                series_builder_add(&builder, index, (const char *const[]){label}, value_like_ours(family));
            }
        }
        store_put_set(store, owner, series_builder_finish(&builder), NEVER_NS);
    }
    store_unlock(store);
}

static struct store *store_of(enum way way, size_t series)
{
    static char names[FAMILIES][80];
    static struct metric_family families[FAMILIES]; /* of one store at a time */

    memset(families, 0, sizeof families);
    for (size_t i = 0; i < FAMILIES; i++) {
        snprintf(names[i], sizeof names[i], "epicor_probe_measurement_%zu_seconds", i);
        families[i] = (struct metric_family){.name = names[i],
                                             .help = "One of many.",
                                             .type = way == WAY_HISTOGRAMS ? METRIC_HISTOGRAM : METRIC_GAUGE,
                                             .buckets = buckets,
                                             .bucket_count = BUCKETS,
                                             .native = way == WAY_HISTOGRAMS};
        if (way == WAY_BLOCKS) {
            families[i].labels[0] = data_labels[0];
            families[i].data_maximum = LABELLED;
        }
    }
    struct store *store = store_new(classes, 1, families, FAMILIES);
    switch (way) {
    case WAY_GAUGES:
        add_owners(store, series / FAMILIES, false);
        break;
    case WAY_HISTOGRAMS:
        add_owners(store, series / FAMILIES / SERIES_OF_HISTOGRAM, true);
        break;
    case WAY_BLOCKS:
        add_blocks(store, series / FAMILIES / LABELLED);
        break;
    case WAY_SETS:
        add_sets(store, series / FAMILIES / LABELLED);
        break;
    }
    return store;
}

static const char *const formats[EXPOSITION_FORMATS] = {
    [EXPOSITION_TEXT] = "text", [EXPOSITION_OPENMETRICS] = "openmetrics", [EXPOSITION_PROTOBUF] = "protobuf"};

static bool measure_format(struct store *store, const char *what, enum exposition_format format,
                           double peer_ms)
{
    const struct exposition exposition = {.format = format};
    double best = 1e9;
    size_t size = 0, shown = 0;

    for (size_t run = 0; run < RUNS; run++) {
        struct buffer page;
        buffer_init(&page, (size_t)4 << 30);
        double begin = cpu_seconds();
        /* As report_page does once it has seen a page. */
        buffer_reserve(&page, size + size / 8);
        struct store_view *view = store_view_take(store, (struct moment){0, 0});
        bool fits = exposition_write(view, &exposition, &page);
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
    double budget = peer_ms / SHARE * (double)shown / 100000;
    printf("%-10s %-11s %zu series, %.1f MB: %.2f ms of CPU a scrape, %.0f ns a series; budget %.2f ms "
           "(client_golang %.0f ms), %.0f times faster\n",
           what, formats[format], shown, (double)size / 1e6, best * 1e3, best * 1e9 / (double)shown, budget,
           budget * SHARE, budget * SHARE / (best * 1e3));
    return best * 1e3 <= budget;
}

static bool measure(const char *what, size_t series, enum way way, double peer_ms)
{
    struct store *store = store_of(way, series);
    bool good = true;

    for (enum exposition_format format = EXPOSITION_TEXT; format < EXPOSITION_FORMATS; format++)
        good = measure_format(store, what, format, peer_ms) && good;
    store_free(store);
    return good;
}

int main(int argc, char **argv)
{
    int64_t series = 100000;

    if (argc > 1 && (!text_to_int64(span_of(argv[1]), &series) || series < FAMILIES * SERIES_OF_HISTOGRAM)) {
        fprintf(stderr, "usage: bench_exposition [SERIES]\n");
        return 2;
    }
    bool gauges = measure("gauges", (size_t)series, WAY_GAUGES, PEER_GAUGES_MS);
    bool histograms = measure("histograms", (size_t)series, WAY_HISTOGRAMS, PEER_HISTOGRAMS_MS);
    bool blocks = measure("blocks", (size_t)series, WAY_BLOCKS, PEER_GAUGES_MS);
    bool sets = measure("sets", (size_t)series, WAY_SETS, PEER_GAUGES_MS);
    return gauges && histograms && blocks && sets ? 0 : 1;
}
