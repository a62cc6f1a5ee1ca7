#include "json/scanner.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "json/block.h"
#include "json/state.h"

static const char *const kind_texts[] = {
    [JSON_ABSENT] = "absent",    [JSON_NULL] = "null",       [JSON_FALSE] = "false",
    [JSON_TRUE] = "true",        [JSON_NUMBER] = "a number", [JSON_STRING] = "a string",
    [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
};

static const char *const error_texts[] = {
    [JSON_FINE] = "",
    [JSON_EMPTY] = "empty: there is no JSON value",
    [JSON_TRUNCATED] = "the text ends in the middle",
    [JSON_UNEXPECTED] = "a character that cannot stand here",
    [JSON_TRAILING] = "more text after the end of the value",
    [JSON_CONTROL] = "a control character in a string",
    [JSON_ESCAPE] = "an escape that does not exist in a string",
    [JSON_UTF8] = "bytes in a string that are not UTF-8",
    [JSON_DIGITS] = "a malformed number",
    [JSON_WORD] = "a word that is not true, false or null",
    [JSON_DEEP] = "nested deeper than 512 levels",
};
_Static_assert(JSON_DEPTH_MAX == 512, "the sentence above names the limit");

const char *json_kind_text(enum json_kind kind)
{
    return kind_texts[kind];
}

enum json_road json_road_best(void)
{
#if defined(__x86_64__)
    if (block_has_avx2()) {
        return JSON_ROAD_AVX2;
    }
#endif
    return JSON_ROAD_PORTABLE;
}

void json_scanner_take_road(struct json_scanner *scanner, enum json_road road)
{
    enum json_road best = json_road_best();
    scanner->road = road < best ? road : best;
}

static const uint8_t *read_blocks(struct json_scanner *scanner, const uint8_t *at, const uint8_t *end)
{
#if defined(__x86_64__)
    if (scanner->road == JSON_ROAD_AVX2) {
        return block_read_avx2(scanner, at, end);
    }
#endif
    return block_read_portable(scanner, at, end);
}

struct json_scanner *json_scanner_new(const struct json_plan *plan, json_row_visitor *visitor, void *context)
{
    assert(visitor || !plan->field_count);
    struct json_scanner *scanner = memory_new(1, sizeof *scanner);
    scanner->visitor = visitor;
    scanner->context = context;
    scanner->road = json_road_best();
    scanner->state = STATE_START;
    capture_init(&scanner->capture, plan);
    return scanner;
}

bool json_scanner_feed(struct json_scanner *scanner, const void *bytes, size_t size)
{
    assert(!scanner->finished);
    if (scanner->result.error) {
        return false;
    }
    const uint8_t *at = bytes, *end = at + size;
    bool blocks = scanner->road != JSON_ROAD_BYTES;
    while (at < end) {
        const uint8_t *resume = blocks ? at : end;
        if (blocks && scanner->state <= STATE_STRING && state_allows_blocks(scanner)) {
            at = read_blocks(scanner, at, end);
            /* What no block could prove, the grammar reads; it goes on to the next place to start from. */
            ptrdiff_t pause = scanner->before_wanted ? 1 : BLOCK_SIZE;
            resume = end - at > pause ? at + pause : end;
        }
        const uint8_t *from = at;
        at = grammar_read(scanner, from, end, resume);
        if (!at) {
            scanner->result.offset += (uint64_t)(from - (const uint8_t *)bytes);
            return false;
        }
    }
    scanner->read += size;
    return true;
}

const struct json_result *json_scanner_finish(struct json_scanner *scanner)
{
    struct json_result *result = &scanner->result;
    if (scanner->finished) {
        return result;
    }
    scanner->finished = true;
    if (!result->error) {
        grammar_finish(scanner);
        if (scanner->state != STATE_AFTER || scanner->depth) {
            bool blank = (scanner->state == STATE_VALUE || scanner->state == STATE_START) && !scanner->depth;
            result->error = blank ? JSON_EMPTY : JSON_TRUNCATED;
        }
        result->offset = scanner->read;
    }
    if (result->error) {
        snprintf(result->sentence, sizeof result->sentence, "byte %llu: %s",
                 (unsigned long long)result->offset, error_texts[result->error]);
    }
    capture_finish(&scanner->capture, result);
    return result;
}

void json_scanner_free(struct json_scanner *scanner)
{
    if (scanner) {
        capture_free(&scanner->capture);
        free(scanner);
    }
}
