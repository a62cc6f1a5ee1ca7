/* CPU, size and ratio of compressing a page of metrics as gzip, by libdeflate and by zlib at several levels: the choice of
   src/web/gzip.c. The page is the report's own, of targets with a run each, of about as many series as given. The best of the
   runs counts. Every result is unpacked by zlib and compared. */
#include <libdeflate.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "bench.h"
#include "probe/kind.h"
#include "report/report.h"

enum { RUNS = 5 };

static void record_run(struct report *report, size_t target)
{
    struct moment now = clock_now();
    struct probe_result result = {.status = 200,
                                  .proves_up = true,
                                  .bytes = 10000 + draw() % 100000,
                                  .has_rows = true,
                                  .rows = draw() % 5000};
    struct run_record record = {
        .ended = {now.boot_ns, now.wall_ns - (int64_t)(draw() % 60000) * MILLISECOND_NS},
        .due_next_boot_ns = now.boot_ns + MINUTE_NS,
        .asked = true,
        .timed = true,
        .duration_ns = (int64_t)draw() * 100,
        .phases = {-1, -1, -1, (int64_t)draw() * 90, (int64_t)draw() * 10},
        .result = &result};

    report_response(report_target(report, target), 200);
    report_run(report_target(report, target), &record);
}

static struct report *report_of(size_t targets)
{
    struct fault_list faults = {0};
    struct buffer text;

    buffer_init(&text, 64 << 20);
    buffer_text(&text,
                "[appserver live]\nurl = https://erp.example.com/KineticLive\nauth = none\ncompany = EPIC0");
    for (size_t i = 1; i < targets / 10; i++)
        buffer_format(&text, ",EPIC%zu", i);
    for (size_t i = 0; i < 10; i++)
        buffer_format(&text, "\n[probe open_orders_%zu]\nkind = efx\nlibrary = Lib\nfunction = Fun%zu\n", i,
                      i);
    struct model *model = model_read("bench.ini", (struct span){text.data, text.size}, NULL, probe_schema(),
                                     &faults);
    if (model == NULL) {
        fprintf(stderr, "bench_compress: %s\n", faults.count > 0 ? faults.items[0].text : "no model");
        exit(2);
    }
    struct report *report = report_new(model, clock_now(), "1.2.3", "abc");
    for (size_t i = 0; i < model->target_count; i++)
        record_run(report, i);
    fault_list_free(&faults);
    buffer_free(&text);
    model_unref(model);
    return report;
}

static size_t series_of(const struct buffer *page)
{
    size_t series = 0;

    for (const char *at = page->data, *end; *at != '\0'; at = end + 1) {
        end = strchr(at, '\n');
        series += *at != '#';
    }
    return series;
}

static struct buffer page_of(size_t series)
{
    struct buffer page;

    buffer_init(&page, (size_t)1 << 30);
    /* Once to see how many series a target has, then with the right number of targets. */
    for (size_t targets = 100;;) {
        struct report *report = report_of(targets);
        buffer_clear(&page);
        bool fits = report_page(report, NULL, clock_now(), &page);
        report_free(report);
        size_t shown = fits ? series_of(&page) : 0;
        if (shown == 0)
            exit(2);
        if (shown * 10 > series * 9)
            return page;
        targets = targets * series / shown + 10;
    }
}

/* Both return the size of what they wrote, 0: nothing. */

static size_t by_libdeflate(const struct buffer *page, int level, void *out, size_t room)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
    size_t size = libdeflate_gzip_compress(compressor, page->data, page->size, out, room);

    libdeflate_free_compressor(compressor);
    return size;
}

static size_t by_zlib(const struct buffer *page, int level, void *out, size_t room)
{
    z_stream stream = {.next_in = (unsigned char *)page->data,
                       .avail_in = (unsigned)page->size,
                       .next_out = out,
                       .avail_out = (unsigned)room};

    if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    size_t size = deflate(&stream, Z_FINISH) == Z_STREAM_END ? stream.total_out : 0;
    deflateEnd(&stream);
    return size;
}

static bool unpacks_to(const struct buffer *page, void *packed, size_t size)
{
    char *out = memory_new(1, page->size + 1);
    z_stream stream = {.next_in = packed,
                       .avail_in = (unsigned)size,
                       .next_out = (unsigned char *)out,
                       .avail_out = (unsigned)page->size + 1};
    bool same = inflateInit2(&stream, 15 + 16) == Z_OK && inflate(&stream, Z_FINISH) == Z_STREAM_END &&
                stream.total_out == page->size && memcmp(out, page->data, page->size) == 0;

    inflateEnd(&stream);
    free(out);
    return same;
}

static bool measure(const struct buffer *page)
{
    static const struct {
        const char *name;
        size_t (*compress)(const struct buffer *page, int level, void *out, size_t room);
        int level;
    } ways[] = {{"libdeflate", by_libdeflate, 1},
                {"libdeflate", by_libdeflate, 2},
                {"libdeflate", by_libdeflate, 3},
                {"libdeflate", by_libdeflate, 6},
                {"zlib", by_zlib, 1},
                {"zlib", by_zlib, 3},
                {"zlib", by_zlib, 6}};
    bool good = true;

    printf("%zu series, %zu bytes\n", series_of(page), page->size);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        size_t room = page->size + page->size / 8 + 1000, size = 0;
        double best = 1e9;
        for (size_t run = 0; run < RUNS; run++) {
            double begin = cpu_seconds();
            void *out = memory_new(1, room);
            size = ways[i].compress(page, ways[i].level, out, room);
            double taken = cpu_seconds() - begin;
            best = taken < best ? taken : best;
            good = good && unpacks_to(page, out, size);
            free(out);
        }
        printf("  %-10s level %d: %8.2f ms of CPU, %8zu bytes, ratio %5.1f, %4.0f MB/s\n", ways[i].name,
               ways[i].level, best * 1e3, size, (double)page->size / (double)size,
               (double)page->size / best / 1e6);
    }
    return good;
}

int main(int argc, char **argv)
{
    int64_t sizes[] = {1000, 10000, 100000};
    bool good = true;

    if (argc > 1 && !text_to_int64(span_of(argv[1]), &sizes[0])) {
        fprintf(stderr, "usage: bench_compress [SERIES]\n");
        return 2;
    }
    for (size_t i = 0; i < (argc > 1 ? 1 : sizeof sizes / sizeof sizes[0]); i++) {
        struct buffer page = page_of((size_t)sizes[i]);
        good = measure(&page) && good;
        buffer_free(&page);
    }
    if (!good)
        printf("FAILED: what was compressed is not what it was made of\n");
    return good ? 0 : 1;
}
