/* Rows counted and fully validated in a BAQ answer of 400 MB (or of the MB given), fed in chunks of 16 KiB as libcurl
   does, one core: the scanner on each road against yajl counting rows by callbacks, and cJSON on a smaller answer.
   Every side does the same work on the same text; the best of three runs counts. Exit 1 when a budget is missed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <yajl/yajl_parse.h>

#include "bench.h"
#include "json/scanner.h"
#include "json/state.h"

enum { CHUNK = 16384, RUNS = 3 };

static unsigned draw_below(unsigned bound)
{
    return draw() % bound;
}

/* A row as BAQs have them: names with the table in front, numbers, decimals, dates, text, null, booleans, now and then
   a character beyond ASCII or an escape. */
static size_t write_row(char *out, size_t room, unsigned number)
{
    static const char *const names[] = {"Addison Supply",
                                        "Dalton Manufacturing",
                                        "M\xC3\xBCller & S\xC3\xB6hne GmbH",
                                        "Northwest Fasteners",
                                        "Hartmann",
                                        "O'Brien Tooling, Inc.",
                                        "Acme",
                                        "Precision \\\"A\\\" Works"};
    static const char *const comments[] = {"null", "\"\"", "\"expedite per phone call with the buyer\"",
                                           "\"ship complete\\r\\nno partials\"", "\"net 30\""};
    unsigned year = 2020 + draw_below(6), month = 1 + draw_below(12), day = 1 + draw_below(28);
    int size = snprintf(out, room, "{\"OrderHed_Company\":\"EPIC06\",\"OrderHed_OrderNum\":%u,",
                        100000 + number);
    size += snprintf(out + size, room - (size_t)size,
                     "\"OrderHed_OrderDate\":\"%u-%02u-%02uT00:00:00\",\"Customer_CustID\":\"C%05u\","
                     "\"Customer_Name\":\"%s\",\"OrderDtl_PartNum\":\"PN-%06u-%u\",",
                     year, month, day, draw_below(99999), names[draw_below(8)], draw_below(999999),
                     draw_below(9));
    size += snprintf(
        out + size, room - (size_t)size,
        "\"OrderDtl_OrderQty\":%u.%05u,\"OrderDtl_DocUnitPrice\":%u.%02u,\"OrderHed_OpenOrder\":%s,"
        "\"OrderHed_OrderComment\":%s,",
        draw_below(5000), draw_below(99999), draw_below(9999), draw_below(100),
        draw_below(2) ? "true" : "false", comments[draw_below(5)]);
    size += snprintf(out + size, room - (size_t)size,
                     "\"Calculated_Open\":%d,\"RowIdent\":\"%08x-4c1f-4f6e-9a53-%012x\"}",
                     (int)draw_below(2000) - 1000, draw_below(1u << 24), draw_below(1u << 24));
    return (size_t)size;
}

static char *make_answer(size_t wanted, size_t *size, uint64_t *rows)
{
    static const char head[] =
        "{\"@odata.context\":\"https://kinetic.example/api/v2/odata/EPIC06/$metadata\","
        "\"value\":[";
    size_t at = sizeof head - 1;
    char *text = malloc(wanted + 2048);
    if (!text) {
        abort();
    }
    memcpy(text, head, at);
    for (*rows = 0; at < wanted; ++*rows) {
        if (*rows) {
            text[at++] = ',';
        }
        at += write_row(text + at, 1024, (unsigned)*rows);
    }
    memcpy(text + at, "]}", 3);
    *size = at + 2;
    return text;
}

/* ---- the sides: each returns the rows it counted ---------------------------------------------------------------- */

static const char *const value_name[] = {"value"};
static const char *const count_name[] = {"@odata.count"};
static const struct json_path value_path = {value_name, 1}, count_path = {count_name, 1};
static const char *const wanted_fields[] = {"OrderDtl_OrderQty"};

static const struct json_plan count_plan = {
    .rows = &value_path, .members = &count_path, .member_count = 1, .columns = true, .text_max = 64};
static const struct json_plan field_plan = {
    .rows = &value_path, .fields = wanted_fields, .field_count = 1, .columns = true, .text_max = 64};

static void measure_row(void *context, const struct json_row *row)
{
    *(uint64_t *)context += row->fields[0].size;
}

static uint64_t scan(const struct json_plan *plan, enum json_road road, const char *text, size_t size)
{
    uint64_t sum = 0;
    struct json_scanner *scanner = json_scanner_new(plan, measure_row, &sum);
    json_scanner_take_road(scanner, road);
    for (size_t at = 0; at < size; at += CHUNK) {
        json_scanner_feed(scanner, text + at, size - at < CHUNK ? size - at : CHUNK);
    }
    const struct json_result *result = json_scanner_finish(scanner);
    uint64_t rows = result->error ? 0 : result->rows;
    json_scanner_free(scanner);
    return rows;
}

struct yajl_count {
    unsigned depth;
    uint64_t rows;
};

static int count_opening(void *context)
{
    struct yajl_count *count = context;
    count->rows += count->depth++ == 2;
    return 1;
}

static int count_closing(void *context)
{
    ((struct yajl_count *)context)->depth--;
    return 1;
}

static uint64_t scan_yajl(const char *text, size_t size)
{
    static const yajl_callbacks callbacks = {.yajl_start_map = count_opening,
                                             .yajl_end_map = count_closing,
                                             .yajl_start_array = count_opening,
                                             .yajl_end_array = count_closing};
    struct yajl_count count = {0};
    yajl_handle handle = yajl_alloc(&callbacks, NULL, &count);
    yajl_status status = yajl_status_ok;
    for (size_t at = 0; at < size && status == yajl_status_ok; at += CHUNK) {
        status = yajl_parse(handle, (const unsigned char *)text + at, size - at < CHUNK ? size - at : CHUNK);
    }
    if (status == yajl_status_ok) {
        status = yajl_complete_parse(handle);
    }
    yajl_free(handle);
    return status == yajl_status_ok ? count.rows : 0;
}

static uint64_t scan_cjson(const char *text, size_t size)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    uint64_t rows = (uint64_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(root, "value"));
    cJSON_Delete(root);
    return rows;
}

enum side { SIDE_YAJL, SIDE_CJSON, SIDE_AVX2, SIDE_PORTABLE, SIDE_BYTES, SIDE_FIELDS, SIDES };

static const char *const side_names[] = {
    "yajl 2, callbacks", "cJSON, tree (a tenth of the text)", "scanner, AVX2",
    "scanner, portable", "scanner, grammar byte-wise",        "scanner, one field of each row"};

static uint64_t run(enum side side, const char *text, size_t size)
{
    switch (side) {
    case SIDE_YAJL:
        return scan_yajl(text, size);
    case SIDE_CJSON:
        return scan_cjson(text, size);
    case SIDE_AVX2:
        return scan(&count_plan, JSON_ROAD_AVX2, text, size);
    case SIDE_PORTABLE:
        return scan(&count_plan, JSON_ROAD_PORTABLE, text, size);
    case SIDE_BYTES:
        return scan(&count_plan, JSON_ROAD_BYTES, text, size);
    default:
        return scan(&field_plan, json_road_best(), text, size);
    }
}

static double measure(enum side side, const char *text, size_t size, uint64_t rows)
{
    double best = 0;
    for (int i = 0; i < RUNS; i++) {
        double begin = cpu_seconds();
        uint64_t counted = run(side, text, size);
        double speed = (double)size / (cpu_seconds() - begin) / 1e9;
        if (counted != rows) {
            printf("%s counted %llu rows, not %llu\n", side_names[side], (unsigned long long)counted,
                   (unsigned long long)rows);
            exit(1);
        }
        best = speed > best ? speed : best;
    }
    return best;
}

static bool meets(const char *what, double found, double budget)
{
    printf("%-36s %6.2f  budget %4.2f  %s\n", what, found, budget, found >= budget ? "met" : "MISSED");
    return found >= budget;
}

int main(int argc, char **argv)
{
    size_t megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 400, size, small_size;
    uint64_t rows, small_rows;
    char *text = make_answer(megabytes * 1000000, &size, &rows);
    char *small = make_answer(megabytes * 100000, &small_size, &small_rows);
    double speed[SIDES];
    printf("%zu bytes, %llu rows, chunks of %d bytes, best of %d\n", size, (unsigned long long)rows, CHUNK,
           RUNS);
    for (enum side side = 0; side < SIDES; side++) {
        speed[side] = side == SIDE_CJSON ? measure(side, small, small_size, small_rows)
                                         : measure(side, text, size, rows);
        printf("%-36s %6.2f GB/s  %5.2f x yajl\n", side_names[side], speed[side],
               speed[side] / speed[SIDE_YAJL]);
    }
    bool met = true;
    if (json_road_best() == JSON_ROAD_AVX2) {
        met &= meets("AVX2, GB/s", speed[SIDE_AVX2], 2.0);
        met &= meets("AVX2, times yajl", speed[SIDE_AVX2] / speed[SIDE_YAJL], 2.5);
    }
    met &= meets("portable, GB/s", speed[SIDE_PORTABLE], 1.0);
    free(text);
    free(small);
    return met ? 0 : 1;
}
