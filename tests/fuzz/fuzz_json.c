/* The scanner against itself and against cJSON.

   Against itself: the block roads, the text cut where its first byte says, tell what the grammar alone tells.

   Against cJSON, in one direction: what the scanner accepts cJSON accepts, and the rows of `value` and the fields of
   each row agree. cJSON accepts much that is no JSON, so the other direction says nothing. The exceptions:
   - an escaped surrogate without its partner: cJSON refuses it, the scanner makes it U+FFFD;
   - a number of more than 62 characters: cJSON reads 63 of them and stumbles over the rest;
   - U+0000 by escape: cJSON's texts end there, names and values alike: only the verdict is compared;
   - a byte order mark before a text of one character: cJSON skips it before longer ones only, so it is taken off;
   - `value` twice: cJSON finds the first, the scanner counts both: only the verdict is compared.
   Depth is none: the scanner's limit is 512, cJSON's 1000. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "json/scanner.h"
#include "json/state.h"

enum { ROWS = 64, TEXT_MAX = 24 };

static const char *const value_name[] = {"value"}, *const inner_names[] = {"value", "a"},
                         *const count_name[] = {"n"};
static const struct json_path value_path = {value_name, 1};
static const struct json_path members[] = {{count_name, 1}, {inner_names, 2}};
static const char *const fields[] = {"a", "b"};

/* What is wanted decides where the block roads may go. */
static const struct json_plan plans[] = {
    {.rows = &value_path, .fields = fields, .field_count = 2, .text_max = TEXT_MAX},
    {.rows = &value_path},
    {.rows = &value_path, .columns = true},
    {.columns = true, .members = members, .member_count = 1, .text_max = TEXT_MAX},
    {.rows = &value_path, .columns = true, .members = members, .member_count = 2, .text_max = TEXT_MAX},
};

struct kept {
    struct json_value fields[2];
    char texts[2][TEXT_MAX + 1];
};

struct told {
    struct json_result result;
    size_t rows;
    struct kept kept[ROWS];
    uint64_t members; /* a hash */
};

static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    }
    return hash;
}

static void keep_row(void *context, const struct json_row *row)
{
    struct told *told = context;
    if (told->rows < ROWS) {
        struct kept *kept = &told->kept[told->rows];
        for (size_t i = 0; i < 2; i++) {
            /* Member by member, into zeros: these are compared byte by byte. */
            kept->fields[i].kind = row->fields[i].kind;
            kept->fields[i].overlong = row->fields[i].overlong;
            kept->fields[i].size = row->fields[i].size;
            assert(row->fields[i].size <= TEXT_MAX);
            memcpy(kept->texts[i], row->fields[i].text, row->fields[i].size + 1);
        }
    }
    told->rows++;
}

static struct told *scan(const struct json_plan *plan, enum json_road road, const uint8_t *data, size_t size,
                         size_t cut)
{
    struct told *told = calloc(1, sizeof *told);
    assert(told);
    struct json_scanner *scanner = json_scanner_new(plan, keep_row, told);
    json_scanner_take_road(scanner, road);
    json_scanner_feed(scanner, data, cut);
    json_scanner_feed(scanner, data + cut, size - cut);
    told->result = *json_scanner_finish(scanner);
    for (size_t i = 0; i < told->result.member_count; i++) {
        const struct json_value *value = &told->result.members[i];
        told->members = mix(told->members, &value->kind, sizeof value->kind);
        told->members = mix(told->members, value->text, value->size + 1);
    }
    told->result.members = NULL;
    told->result.columns.names = NULL;
    json_scanner_free(scanner);
    return told;
}

static bool has(const uint8_t *data, size_t size, const char *text)
{
    return memmem(data, size, text, strlen(text)) != NULL;
}

/* Is there what cJSON is known to refuse? U+FFFD stands for lone surrogates in what is told, but not in names and
   values that nobody wanted: so any escaped surrogate at all is an exception for the verdict. */
static bool is_exception(const uint8_t *data, size_t size)
{
    size_t run = 0;
    for (size_t i = 0; i < size; i++) {
        run = data[i] && strchr("+-.0123456789eE", data[i]) ? run + 1 : 0;
        if (run > 62) {
            return true;
        }
    }
    return has(data, size, "\\ud") || has(data, size, "\\uD");
}

static void compare_value(const struct kept *kept, size_t i, const cJSON *row)
{
    const cJSON *item, *last = NULL;
    cJSON_ArrayForEach(item, row)
    {
        last = cJSON_IsObject(row) && strcmp(item->string, fields[i]) == 0 ? item : last;
    }
    const struct json_value *value = &kept->fields[i];
    switch (value->kind) {
    case JSON_ABSENT:
        assert(!last);
        break;
    case JSON_NULL:
        assert(cJSON_IsNull(last));
        break;
    case JSON_FALSE:
        assert(cJSON_IsFalse(last));
        break;
    case JSON_TRUE:
        assert(cJSON_IsTrue(last));
        break;
    case JSON_NUMBER:
        assert(cJSON_IsNumber(last));
        assert(value->overlong || strtod(kept->texts[i], NULL) == last->valuedouble);
        break;
    case JSON_STRING:
        assert(cJSON_IsString(last));
        assert(value->overlong ? strncmp(last->valuestring, kept->texts[i], value->size) == 0
                               : strcmp(last->valuestring, kept->texts[i]) == 0);
        break;
    case JSON_OBJECT:
        assert(cJSON_IsObject(last));
        break;
    case JSON_ARRAY:
        assert(cJSON_IsArray(last));
        break;
    }
}

static void compare_rows(const struct told *told, const cJSON *root)
{
    const cJSON *item, *value = NULL;
    cJSON_ArrayForEach(item, root)
    {
        if (item->string && strcmp(item->string, "value") == 0) {
            if (value) {
                return;
            }
            value = item;
        }
    }
    if (!cJSON_IsObject(root)) {
        return; /* arrays on the way are looked through; cJSON would need our rule */
    }
    assert((told->result.rows_kind == JSON_ARRAY) == (cJSON_IsArray(value) != 0));
    assert((told->result.rows_kind == JSON_ABSENT) == (value == NULL));
    if (cJSON_IsArray(value)) {
        assert(told->result.rows == (uint64_t)cJSON_GetArraySize(value));
        size_t number = 0;
        cJSON_ArrayForEach(item, value)
        {
            for (size_t i = 0; i < 2 && number < ROWS; i++) {
                compare_value(&told->kept[number], i, item);
            }
            number++;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) {
        return 0;
    }
    size_t cut = data[0];
    data++;
    size--;
    cut = cut < size ? cut : size;
    for (size_t p = 0; p < sizeof plans / sizeof *plans; p++) {
        struct told *grammar = scan(&plans[p], JSON_ROAD_BYTES, data, size, 0);
        for (enum json_road road = JSON_ROAD_PORTABLE; road <= JSON_ROAD_AVX2; road++) {
            struct told *blocks = scan(&plans[p], road, data, size, cut);
            assert(memcmp(grammar, blocks, sizeof *grammar) == 0);
            free(blocks);
        }
        if (p == 0 && !grammar->result.error && !is_exception(data, size)) {
            size_t mark = size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
            cJSON *root = cJSON_ParseWithLength((const char *)data + mark, size - mark);
            assert(root);
            if (!has(data, size, "\\u0000")) {
                compare_rows(grammar, root);
            }
            cJSON_Delete(root);
        }
        free(grammar);
    }
    return 0;
}
