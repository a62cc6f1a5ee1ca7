/* Fields of many rows, as BAQs have them and as nobody has them: every road takes out what the grammar alone does, wherever
   the text is cut, and also where it is damaged. */
#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "json/state.h"

#define ANSWERS  100
#define TEXT_MAX 40

static const char *const value_name[] = {"value"};
static const struct json_path value_path = {value_name, 1};
static const char *const fields[] = {"OrderDtl_OrderQty", "a", "Customer_Name", "b", "OrderHed_OpenOrder",
                                     "Customer_Namf"};

static const struct json_plan plans[] = {
    {.rows = &value_path, .fields = fields, .field_count = 6, .text_max = TEXT_MAX, .columns = true},
    {.rows = &value_path, .fields = fields, .field_count = 6, .text_max = 3},
    {.rows = &value_path, .fields = fields + 2, .field_count = 1, .text_max = TEXT_MAX},
};

static uint64_t random_state = 88172645463325252u;

static unsigned draw(unsigned bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 16) % bound;
}

struct text {
    char *bytes;
    size_t size, capacity;
};

static void add(struct text *text, const char *bytes)
{
    size_t size = strlen(bytes);
    if (text->size + size + 1 > text->capacity) {
        text->capacity = (text->size + size + 1) * 2;
        text->bytes = memory_grow(text->bytes, text->capacity, 1);
    }
    memcpy(text->bytes + text->size, bytes, size + 1);
    text->size += size;
}

static void add_blanks(struct text *text)
{
    static const char *const blanks[] = {
        " ", "\n", "\r\n\t", "                              ",
        "                                                                        "};
    if (draw(12) == 0) {
        add(text, blanks[draw(5)]);
    }
}

static void add_value(struct text *text, int depth)
{
    static const char *const values[] = {"null",
                                         "true",
                                         "false",
                                         "0",
                                         "-0",
                                         "1234567890.12345678",
                                         "-1.5e+300",
                                         "9007199254740993",
                                         "\"\"",
                                         "\"Addison\"",
                                         "\"62400.00000000\"",
                                         "\"a\\\"b\\\\\"",
                                         "\"M\xC3\xBCller & S\xC3\xB6hne GmbH\"",
                                         "\"\\u00fc\\ud83d\\ude00\"",
                                         "\"2023-10-06T00:00:00\"",
                                         "\"0123456789012345678901234567890123456789\"",
                                         "\"expedite, per phone call with the buyer who wanted it all before "
                                         "the end of {the} [month]: \\r\\n no partials\"",
                                         "\"\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"
                                         "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"
                                         "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"
                                         "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\""};
    unsigned kind = draw(depth > 2 ? 18 : 21);
    if (kind < 18) {
        add(text, values[kind]);
        return;
    }
    bool object = kind == 19;
    add(text, object ? "{" : "[");
    for (unsigned i = 0, count = draw(4); i < count; i++) {
        add(text, i > 0 ? "," : "");
        add(text, object ? "\"a\":" : "");
        add_value(text, depth + 1);
        add_blanks(text);
    }
    add(text, object ? "}" : "]");
}

static void add_row(struct text *text)
{
    static const char *const names[] = {
        "a",
        "b",
        "c",
        "OrderDtl_OrderQty",
        "Customer_Name",
        "OrderHed_OpenOrder",
        "Customer_Namx",
        "RowIdent",
        "",
        "a\\u0062",
        "OrderHed_OrderNum",
        "A_column_whose_name_is_far_longer_than_a_block_of_sixty_four_bytes_can_ever_be"};
    if (draw(30) == 0) {
        add_value(text, 1); /* a row that is no object */
        return;
    }
    add(text, "{");
    for (unsigned i = 0, count = draw(14); i < count; i++) {
        add(text, i > 0 ? "," : "");
        add_blanks(text);
        add(text, "\"");
        add(text, names[draw(12)]);
        add(text, "\"");
        add_blanks(text);
        add(text, ":");
        add_blanks(text);
        add_value(text, 1);
        add_blanks(text);
    }
    add(text, "}");
}

static struct text make_answer(unsigned rows)
{
    struct text text = {0};
    add(&text, "{\"@odata.context\":\"x\",\"value\":[");
    for (unsigned i = 0; i < rows; i++) {
        add(&text, i > 0 ? "," : "");
        add_blanks(&text);
        add_row(&text);
    }
    add(&text, "],\"value\":[{\"a\":1},7,{\"b\":\"x\"}]}");
    return text;
}

/* ---- what a road makes of it ---- */

static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    }
    return hash;
}

static void mix_row(void *context, const struct json_row *row)
{
    uint64_t *hash = context;
    *hash = mix(*hash, &row->number, sizeof row->number);
    *hash = mix(*hash, &row->kind, sizeof row->kind);
    for (size_t i = 0; i < row->field_count; i++) {
        const struct json_value *value = &row->fields[i];
        *hash = mix(*hash, &value->kind, sizeof value->kind);
        *hash = mix(*hash, &value->overlong, sizeof value->overlong);
        *hash = mix(*hash, value->text, value->size + 1);
    }
}

struct told {
    uint64_t fields, rows, odd_rows, columns, offset;
    enum json_error error;
};

static struct told scan(const struct json_plan *plan, enum json_road road, const char *bytes, size_t size,
                        size_t piece)
{
    uint64_t hash = 0;
    struct json_scanner *scanner = json_scanner_new(plan, mix_row, &hash);
    json_scanner_take_road(scanner, road);
    for (size_t at = 0; at < size; at += piece) {
        json_scanner_feed(scanner, bytes + at, size - at < piece ? size - at : piece);
    }
    const struct json_result *result = json_scanner_finish(scanner);
    struct told told = {hash, result->rows, result->odd_rows, 0, result->offset, result->error};
    for (size_t i = 0; i < result->columns.count; i++) {
        told.columns = mix(told.columns, result->columns.names[i], strlen(result->columns.names[i]) + 1);
    }
    json_scanner_free(scanner);
    return told;
}

static void compare(const struct text *text, unsigned answer)
{
    for (size_t p = 0; p < sizeof plans / sizeof *plans; p++) {
        struct told wanted = scan(&plans[p], JSON_ROAD_BYTES, text->bytes, text->size, text->size);
        for (enum json_road road = JSON_ROAD_PORTABLE; road <= JSON_ROAD_AVX2; road++) {
            const size_t pieces[] = {text->size, 64 + draw(1000), 1 + draw(200)};
            for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
                struct told got = scan(&plans[p], road, text->bytes, text->size, pieces[i]);
                if (got.fields != wanted.fields || got.rows != wanted.rows ||
                    got.odd_rows != wanted.odd_rows || got.columns != wanted.columns ||
                    got.offset != wanted.offset || got.error != wanted.error) {
                    fail_msg(
                        "answer %u, plan %zu, road %d, pieces of %zu: %llu rows (%llu), error %d (%d)\n%s",
                        answer, p, road, pieces[i], (unsigned long long)got.rows,
                        (unsigned long long)wanted.rows, got.error, wanted.error, text->bytes);
                }
            }
        }
    }
}

static void test_every_road(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ANSWERS; i++) {
        struct text text = make_answer(1 + draw(40));
        compare(&text, i);
        assert_int_equal(scan(&plans[0], json_road_best(), text.bytes, text.size, 4096).error, JSON_FINE);
        for (int damage = 0; damage < 6; damage++) {
            char *byte = &text.bytes[draw((unsigned)text.size)], before = *byte;
            static const char marks[] = "\"\\{}[],:x0 \x01\xC3";
            *byte = marks[draw(sizeof marks - 1)];
            compare(&text, i);
            *byte = before;
        }
        free(text.bytes);
    }
}

/* More rows than are looked at for columns: there the block roads are left and taken again. */
static void test_many_rows(void **state)
{
    (void)state;
    struct text text = make_answer(2 * JSON_COLUMN_ROWS_MAX + 100);
    compare(&text, 0);
    free(text.bytes);
}

ALL_TESTS(cmocka_unit_test(test_every_road), cmocka_unit_test(test_many_rows));
