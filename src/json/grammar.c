/* The whole of RFC 8259, byte by byte. */
#include <assert.h>
#include <string.h>

#include "json/state.h"
#include "json/text_run.h"

static const uint8_t *fail(struct json_scanner *scanner, enum json_error error)
{
    scanner->result.error = error;
    return NULL;
}

/* ---- values and containers ------------------------------------------------------------------------------------ */

static void begin_value(struct json_scanner *scanner, enum json_kind kind)
{
    struct json_result *result = &scanner->result;
    struct capture *capture = &scanner->capture;
    if (scanner->depth == 0) {
        result->root = kind;
    } else if (scanner->depth == scanner->rows_depth) {
        result->rows++;
        result->odd_rows += kind != JSON_OBJECT;
        capture_row_begin(capture);
    }
    if (capture->by_name && capture->nodes[capture->node].is_rows && result->rows_kind != JSON_ARRAY) {
        result->rows_kind = kind;
    }
    scanner->kind = kind;
    capture_value_begin(capture, kind);
}

static void update_inert(struct json_scanner *scanner)
{
    if (!scanner->inert_from && scanner->depth &&
        !capture_wants(&scanner->capture, state_in_object(scanner), scanner->depth, scanner->rows_depth,
                       scanner->result.rows)) {
        scanner->inert_from = scanner->depth;
    }
}

/* Which rows the block roads may tell the names of, and find the fields of. Only in the rows array itself. */
static void update_names(struct json_scanner *scanner)
{
    const struct capture *capture = &scanner->capture;
    const struct json_plan *plan = capture->plan;
    uint64_t rows = scanner->result.rows;
    bool told = !plan->columns || rows < NAMES_ROWS_MAX || rows >= JSON_COLUMN_ROWS_MAX;
    bool more = capture->nodes[capture->node_at[scanner->depth]].child;
    scanner->names_from = told && !more && !scanner->inert_from ? scanner->rows_depth : 0;
}

static void end_row(struct json_scanner *scanner, enum json_kind kind)
{
    if (scanner->capture.plan->field_count) {
        state_visit_row(scanner, scanner->result.rows - 1, kind);
    }
    update_inert(scanner);
    update_names(scanner);
}

/* What comes next inside the container we are in now. */
static void expect_in_container(struct json_scanner *scanner)
{
    scanner->capture.by_name = false;
    scanner->capture.node = scanner->capture.node_at[scanner->depth];
}

static void end_scalar(struct json_scanner *scanner)
{
    capture_value_end(&scanner->capture, scanner->kind);
    scanner->state = STATE_AFTER;
    if (scanner->depth && scanner->depth == scanner->rows_depth) {
        end_row(scanner, scanner->kind);
    }
}

static bool open_container(struct json_scanner *scanner, enum json_kind kind)
{
    struct capture *capture = &scanner->capture;
    if (scanner->depth == JSON_DEPTH_MAX) {
        return false;
    }
    begin_value(scanner, kind);
    bool is_rows = kind == JSON_ARRAY && capture->by_name && capture->nodes[capture->node].is_rows;
    uint32_t depth = ++scanner->depth;
    uint64_t bit = 1ull << depth % 64;
    if (kind == JSON_OBJECT) {
        scanner->objects[depth / 64] |= bit;
        scanner->state = STATE_KEY_OR_END;
    } else {
        scanner->objects[depth / 64] &= ~bit;
        scanner->state = STATE_VALUE_OR_END;
    }
    capture->node_at[depth] = capture->node;
    if (is_rows) {
        scanner->rows_depth = depth;
    }
    expect_in_container(scanner);
    update_inert(scanner);
    if (is_rows) {
        update_names(scanner);
    }
    return true;
}

static bool close_container(struct json_scanner *scanner, enum json_kind kind)
{
    if (!scanner->depth || state_in_object(scanner) != (kind == JSON_OBJECT)) {
        return false;
    }
    if (scanner->depth == scanner->rows_depth) {
        scanner->rows_depth = 0;
    }
    scanner->depth--;
    if (scanner->depth < scanner->inert_from) {
        scanner->inert_from = 0;
    }
    if (scanner->depth < scanner->names_from) {
        scanner->names_from = 0;
    }
    scanner->state = STATE_AFTER;
    if (scanner->depth && scanner->depth == scanner->rows_depth) {
        end_row(scanner, kind);
    }
    return true;
}

static void begin_name(struct json_scanner *scanner)
{
    scanner->in_key = true;
    scanner->state = STATE_STRING;
    /* Where the innermost container is not inert its names are wanted. */
    capture_name_begin(&scanner->capture, !scanner->inert_from);
}

static void end_string(struct json_scanner *scanner)
{
    if (!scanner->in_key) {
        end_scalar(scanner);
        return;
    }
    bool in_row = scanner->rows_depth && scanner->depth == scanner->rows_depth + 1;
    capture_name_end(&scanner->capture, scanner->depth, in_row, scanner->result.rows);
    scanner->in_key = false;
    scanner->state = STATE_COLON;
}

static bool begin_word(struct json_scanner *scanner, enum json_kind kind, const char *rest)
{
    begin_value(scanner, kind);
    scanner->word = rest;
    scanner->state = STATE_WORD;
    return true;
}

/* The first byte of a value. */
static const uint8_t *read_value(struct json_scanner *scanner, const uint8_t *at)
{
    switch (*at) {
    case '{':
        return open_container(scanner, JSON_OBJECT) ? at + 1 : fail(scanner, JSON_DEEP);
    case '[':
        return open_container(scanner, JSON_ARRAY) ? at + 1 : fail(scanner, JSON_DEEP);
    case '"':
        begin_value(scanner, JSON_STRING);
        scanner->in_key = false;
        scanner->state = STATE_STRING;
        return at + 1;
    case 't':
        begin_word(scanner, JSON_TRUE, "rue");
        return at + 1;
    case 'f':
        begin_word(scanner, JSON_FALSE, "alse");
        return at + 1;
    case 'n':
        begin_word(scanner, JSON_NULL, "ull");
        return at + 1;
    default:
        break;
    }
    if (*at == '-' || (*at >= '0' && *at <= '9')) {
        begin_value(scanner, JSON_NUMBER);
        capture_bytes(&scanner->capture, at, 1);
        scanner->state = *at == '-' ? STATE_MINUS : *at == '0' ? STATE_ZERO : STATE_INTEGER;
        return at + 1;
    }
    if (*at == '+' || *at == '.') {
        return fail(scanner, JSON_DIGITS);
    }
    bool letter = (*at | 0x20) >= 'a' && (*at | 0x20) <= 'z';
    return fail(scanner, letter ? JSON_WORD : JSON_UNEXPECTED);
}

static const uint8_t *read_after(struct json_scanner *scanner, const uint8_t *at)
{
    if (!scanner->depth) {
        return fail(scanner, JSON_TRAILING);
    }
    if (*at == ',') {
        scanner->state = state_in_object(scanner) ? STATE_KEY : STATE_VALUE;
        expect_in_container(scanner);
        return at + 1;
    }
    if ((*at == '}' && close_container(scanner, JSON_OBJECT)) ||
        (*at == ']' && close_container(scanner, JSON_ARRAY))) {
        return at + 1;
    }
    return fail(scanner, JSON_UNEXPECTED);
}

/* One byte between tokens that is no white space. */
static const uint8_t *read_between(struct json_scanner *scanner, const uint8_t *at)
{
    switch (scanner->state) {
    case STATE_VALUE_OR_END:
        if (*at == ']') {
            close_container(scanner, JSON_ARRAY);
            return at + 1;
        }
        return read_value(scanner, at);
    case STATE_VALUE:
        return read_value(scanner, at);
    case STATE_KEY_OR_END:
        if (*at == '}') {
            close_container(scanner, JSON_OBJECT);
            return at + 1;
        }
        break;
    case STATE_COLON:
        if (*at == ':') {
            scanner->state = STATE_VALUE;
            return at + 1;
        }
        return fail(scanner, JSON_UNEXPECTED);
    case STATE_AFTER:
        return read_after(scanner, at);
    default:
        break;
    }
    if (*at != '"') {
        return fail(scanner, JSON_UNEXPECTED);
    }
    begin_name(scanner);
    return at + 1;
}

/* ---- strings -------------------------------------------------------------------------------------------------- */

/* A first half of a surrogate pair that stays without its second. */
static void flush_surrogate(struct json_scanner *scanner)
{
    if (scanner->high_surrogate) {
        scanner->high_surrogate = 0;
        capture_character(&scanner->capture, 0xFFFD);
    }
}

/* The first byte of a character above U+007F: what may follow by RFC 3629, section 4. */
static bool begin_character(struct json_scanner *scanner, uint8_t lead)
{
    scanner->continuation_low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    scanner->continuation_high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    scanner->continuation_left = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    scanner->state = STATE_CONTINUATION;
    capture_bytes(&scanner->capture, &lead, 1);
    return lead >= 0xC2 && lead <= 0xF4;
}

static const uint8_t *read_continuation(struct json_scanner *scanner, const uint8_t *at)
{
    if (*at < scanner->continuation_low || *at > scanner->continuation_high) {
        return fail(scanner, JSON_UTF8);
    }
    capture_bytes(&scanner->capture, at, 1);
    scanner->continuation_low = 0x80;
    scanner->continuation_high = 0xBF;
    if (!--scanner->continuation_left) {
        scanner->state = STATE_STRING;
    }
    return at + 1;
}

static const uint8_t *read_string(struct json_scanner *scanner, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *stop = text_run_end(at, end);
    if (stop > at) {
        flush_surrogate(scanner);
        capture_bytes(&scanner->capture, at, (size_t)(stop - at));
    }
    if (stop == end) {
        return end;
    }
    if (*stop == '\\') {
        scanner->state = STATE_ESCAPE;
        return stop + 1;
    }
    flush_surrogate(scanner);
    if (*stop == '"') {
        end_string(scanner);
        return stop + 1;
    }
    if (*stop < 0x20) {
        scanner->result.offset = (uint64_t)(stop - at);
        return fail(scanner, JSON_CONTROL);
    }
    if (!begin_character(scanner, *stop)) {
        scanner->result.offset = (uint64_t)(stop - at);
        return fail(scanner, JSON_UTF8);
    }
    return stop + 1;
}

static const uint8_t *read_escape(struct json_scanner *scanner, const uint8_t *at)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (*at == 'u') {
        scanner->hex = 0;
        scanner->hex_left = 4;
        scanner->state = STATE_HEX;
        return at + 1;
    }
    flush_surrogate(scanner);
    const char *letter = *at ? strchr(letters, *at) : NULL;
    if (!letter) {
        return fail(scanner, JSON_ESCAPE);
    }
    capture_bytes(&scanner->capture, &meanings[letter - letters], 1);
    scanner->state = STATE_STRING;
    return at + 1;
}

static void end_hex(struct json_scanner *scanner)
{
    uint32_t unit = scanner->hex, high = scanner->high_surrogate;
    scanner->state = STATE_STRING;
    if (high && unit >= 0xDC00 && unit <= 0xDFFF) {
        scanner->high_surrogate = 0;
        capture_character(&scanner->capture, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
        return;
    }
    flush_surrogate(scanner);
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        scanner->high_surrogate = unit;
    } else {
        capture_character(&scanner->capture, unit >= 0xDC00 && unit <= 0xDFFF ? 0xFFFD : unit);
    }
}

static const uint8_t *read_hex(struct json_scanner *scanner, const uint8_t *at)
{
    uint32_t digit;
    uint8_t lower = *at | 0x20;
    if (*at >= '0' && *at <= '9') {
        digit = *at - '0';
    } else if (lower >= 'a' && lower <= 'f') {
        digit = lower - 'a' + 10u;
    } else {
        return fail(scanner, JSON_ESCAPE);
    }
    scanner->hex = scanner->hex << 4 | digit;
    if (!--scanner->hex_left) {
        end_hex(scanner);
    }
    return at + 1;
}

/* ---- numbers and words ---------------------------------------------------------------------------------------- */

static enum json_state next_in_number(enum json_state state, uint8_t byte)
{
    bool digit = byte >= '0' && byte <= '9', e = (byte | 0x20) == 'e';
    switch (state) {
    case STATE_MINUS:
        return byte == '0' ? STATE_ZERO : digit ? STATE_INTEGER : STATE_AFTER;
    case STATE_ZERO:
        return byte == '.' ? STATE_DOT : e ? STATE_E : STATE_AFTER;
    case STATE_INTEGER:
        return digit ? STATE_INTEGER : byte == '.' ? STATE_DOT : e ? STATE_E : STATE_AFTER;
    case STATE_DOT:
    case STATE_FRACTION:
        return digit ? STATE_FRACTION : e && state == STATE_FRACTION ? STATE_E : STATE_AFTER;
    case STATE_E:
        return byte == '+' || byte == '-' ? STATE_E_SIGN : digit ? STATE_EXPONENT : STATE_AFTER;
    default:
        return digit ? STATE_EXPONENT : STATE_AFTER;
    }
}

static bool number_may_end(enum json_state state)
{
    return state == STATE_ZERO || state == STATE_INTEGER || state == STATE_FRACTION ||
           state == STATE_EXPONENT;
}

static const uint8_t *read_number(struct json_scanner *scanner, const uint8_t *begin, const uint8_t *end)
{
    const uint8_t *at = begin;
    enum json_state state = scanner->state, next;
    while (at < end && (next = next_in_number(state, *at)) != STATE_AFTER) {
        state = next;
        at++;
    }
    capture_bytes(&scanner->capture, begin, (size_t)(at - begin));
    scanner->state = state;
    if (at == end) {
        return at;
    }
    if (!number_may_end(state) || !memchr(" \t\n\r,:]}[{\"", *at, 11)) {
        scanner->result.offset = (uint64_t)(at - begin);
        return fail(scanner, JSON_DIGITS);
    }
    end_scalar(scanner);
    return at;
}

static const uint8_t *read_word(struct json_scanner *scanner, const uint8_t *at)
{
    if (*at != (uint8_t)*scanner->word) {
        return fail(scanner, JSON_WORD);
    }
    if (!*++scanner->word) {
        end_scalar(scanner);
    }
    return at + 1;
}

/* ---- the loop ------------------------------------------------------------------------------------------------- */

static const uint8_t *read_mark(struct json_scanner *scanner, const uint8_t *at)
{
    if (scanner->state == STATE_START && *at != 0xEF) {
        scanner->state = STATE_VALUE;
        return at;
    }
    if (scanner->state == STATE_START) {
        scanner->state = STATE_MARK;
        scanner->word = "\xBB\xBF";
        return at + 1;
    }
    if (*at != (uint8_t)*scanner->word) {
        return fail(scanner, JSON_UNEXPECTED);
    }
    if (!*++scanner->word) {
        scanner->state = STATE_VALUE;
    }
    return at + 1;
}

static const uint8_t *read_token(struct json_scanner *scanner, const uint8_t *at, const uint8_t *end)
{
    switch (scanner->state) {
    case STATE_STRING:
        return read_string(scanner, at, end);
    case STATE_CONTINUATION:
        return read_continuation(scanner, at);
    case STATE_ESCAPE:
        return read_escape(scanner, at);
    case STATE_HEX:
        return read_hex(scanner, at);
    case STATE_WORD:
        return read_word(scanner, at);
    case STATE_START:
    case STATE_MARK:
        return read_mark(scanner, at);
    default:
        return read_number(scanner, at, end);
    }
}

const uint8_t *grammar_read(struct json_scanner *scanner, const uint8_t *bytes, const uint8_t *end,
                            const uint8_t *resume)
{
    const uint8_t *at = bytes;
    while (at < end) {
        const uint8_t *next;
        if (scanner->state <= STATE_BETWEEN_LAST) {
            if (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') {
                at++;
                continue;
            }
            if (at >= resume && state_allows_blocks(scanner)) {
                return at;
            }
            next = read_between(scanner, at);
        } else {
            next = read_token(scanner, at, end);
        }
        if (!next) {
            scanner->result.offset += scanner->read + (uint64_t)(at - bytes);
            return NULL;
        }
        at = next;
    }
    return at;
}

void grammar_finish(struct json_scanner *scanner)
{
    if (scanner->depth == 0 && number_may_end(scanner->state)) {
        end_scalar(scanner);
    }
}
