#include "json/capture.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { ROOT_NODE = 1 };

static uint16_t find_child(const struct capture *capture, uint16_t node, const char *name, size_t size)
{
    uint16_t child = capture->nodes[node].child;
    while (child &&
           (capture->nodes[child].name_size != size || memcmp(capture->nodes[child].name, name, size) != 0)) {
        child = capture->nodes[child].sibling;
    }
    return child;
}

static uint16_t add_path(struct capture *capture, const struct json_path *path)
{
    uint16_t node = ROOT_NODE;
    for (size_t i = 0; i < path->depth; i++) {
        size_t size = strlen(path->names[i]);
        uint16_t child = find_child(capture, node, path->names[i], size);
        if (!child) {
            child = capture->node_count++;
            capture->nodes[child] = (struct capture_node){
                .name = path->names[i], .name_size = size, .sibling = capture->nodes[node].child};
            capture->nodes[node].child = child;
        }
        node = child;
    }
    return node;
}

static size_t longest_name(const struct capture *capture)
{
    size_t longest = JSON_COLUMN_NAME_MAX;
    for (size_t i = 0; i < capture->node_count; i++) {
        if (capture->nodes[i].name_size > longest) {
            longest = capture->nodes[i].name_size;
        }
    }
    for (size_t i = 0; i < capture->plan->field_count; i++) {
        size_t size = strlen(capture->plan->fields[i]);
        if (size > longest) {
            longest = size;
        }
    }
    return longest;
}

static void prepare_values(struct json_value **values, struct capture_text **texts, size_t count,
                           size_t text_max)
{
    *values = memory_new(count, sizeof **values);
    *texts = memory_new(count, sizeof **texts);
    for (size_t i = 0; i < count; i++) {
        (*values)[i].text = "";
        (*texts)[i].maximum = text_max;
    }
}

void capture_init(struct capture *capture, const struct json_plan *plan)
{
    size_t steps = 2 + (plan->rows ? plan->rows->depth : 0);
    for (size_t i = 0; i < plan->member_count; i++) {
        steps += plan->members[i].depth;
    }
    assert(steps <= UINT16_MAX && plan->text_max <= SIZE_MAX / 4);
    capture->plan = plan;
    capture->nodes = memory_new(steps, sizeof *capture->nodes);
    capture->node_count = 2;
    if (plan->rows) {
        capture->nodes[add_path(capture, plan->rows)].is_rows = true;
    }
    prepare_values(&capture->members, &capture->member_texts, plan->member_count, plan->text_max);
    prepare_values(&capture->fields, &capture->field_texts, plan->field_count, plan->text_max);
    capture->same_member = memory_new(plan->member_count, sizeof *capture->same_member);
    for (size_t i = 0; i < plan->member_count; i++) {
        assert(plan->members[i].depth > 0);
        struct capture_node *node = &capture->nodes[add_path(capture, &plan->members[i])];
        if (!node->member) {
            node->member = i + 1;
        }
        capture->same_member[i] = node->member - 1;
    }
    capture->field_next = memory_new(plan->field_count, sizeof *capture->field_next);
    capture->field_sizes = memory_new(plan->field_count, sizeof *capture->field_sizes);
    for (size_t i = plan->field_count; i-- > 0;) {
        capture->field_sizes[i] = strlen(plan->fields[i]);
        size_t *first = &capture->field_of_size[capture->field_sizes[i] % 64];
        capture->field_next[i] = *first;
        *first = i + 1;
    }
    capture->name.maximum = longest_name(capture);
    capture->node = ROOT_NODE;
    capture->by_name = true;
}

static void free_values(struct json_value *values, struct capture_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(texts[i].bytes);
    }
    free(texts);
    free(values);
}

void capture_free(struct capture *capture)
{
    free_values(capture->members, capture->member_texts, capture->plan->member_count);
    free_values(capture->fields, capture->field_texts, capture->plan->field_count);
    free(capture->same_member);
    free(capture->field_next);
    free(capture->field_sizes);
    free(capture->nodes);
    free(capture->name.bytes);
    columns_free(&capture->columns);
}

bool capture_wants(const struct capture *capture, bool object, uint32_t depth, uint32_t rows_depth,
                   uint64_t rows_begun)
{
    const struct json_plan *plan = capture->plan;
    if (capture->nodes[capture->node_at[depth]].child) {
        return true;
    }
    if (!plan->rows) {
        return plan->columns && object && depth == 1;
    }
    if (!rows_depth || depth > rows_depth + 1 || (depth == rows_depth + 1 && !object)) {
        return false;
    }
    /* The rows array will begin another row; a row object is the one begun last. */
    uint64_t row = depth == rows_depth ? rows_begun : rows_begun - 1;
    return plan->field_count || (plan->columns && row < JSON_COLUMN_ROWS_MAX);
}

/* ---- text ----------------------------------------------------------------------------------------------------- */

static void text_append(struct capture_text *text, const void *bytes, size_t size)
{
    if (size > text->maximum - text->size) {
        size = text->maximum - text->size;
        text->overlong = true;
    }
    if (text->size + size + 1 > text->capacity) {
        size_t capacity = (text->size + size + 1) * 2;
        text->capacity = capacity < text->maximum + 1 ? capacity : text->maximum + 1;
        text->bytes = memory_grow(text->bytes, text->capacity, 1);
    }
    assert(text->bytes != NULL);
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

static void text_clear(struct capture_text *text)
{
    text->size = 0;
    text->overlong = false;
}

/* Takes the beginning of a character off the end of a text that was cut. */
static void text_trim(struct capture_text *text)
{
    size_t tail = 0;
    while (tail < 3 && tail < text->size && ((uint8_t)text->bytes[text->size - 1 - tail] & 0xC0) == 0x80) {
        tail++;
    }
    if (tail < text->size) {
        uint8_t lead = (uint8_t)text->bytes[text->size - 1 - tail];
        size_t needed = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
        if (needed > tail) {
            text->size -= tail + 1;
            text->bytes[text->size] = '\0';
        }
    }
}

void capture_bytes(struct capture *capture, const void *bytes, size_t size)
{
    if (capture->sink) {
        text_append(capture->sink, bytes, size);
    }
}

void capture_character(struct capture *capture, uint32_t code_point)
{
    uint8_t bytes[4];
    size_t size = 0;
    if (code_point < 0x80) {
        bytes[size++] = (uint8_t)code_point;
    } else if (code_point < 0x800) {
        bytes[size++] = (uint8_t)(0xC0 | code_point >> 6);
    } else if (code_point < 0x10000) {
        bytes[size++] = (uint8_t)(0xE0 | code_point >> 12);
        bytes[size++] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
    } else {
        bytes[size++] = (uint8_t)(0xF0 | code_point >> 18);
        bytes[size++] = (uint8_t)(0x80 | (code_point >> 12 & 0x3F));
        bytes[size++] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
    }
    if (code_point >= 0x80) {
        bytes[size++] = (uint8_t)(0x80 | (code_point & 0x3F));
    }
    capture_bytes(capture, bytes, size);
}

/* ---- names ---------------------------------------------------------------------------------------------------- */

void capture_name_begin(struct capture *capture, bool wanted)
{
    capture->sink = NULL;
    if (wanted) {
        text_clear(&capture->name);
        capture->sink = &capture->name;
    }
}

size_t capture_find_field(const struct capture *capture, const char *name, size_t size)
{
    size_t field = capture->field_of_size[size % 64];
    while (field && (capture->field_sizes[field - 1] != size ||
                     memcmp(capture->plan->fields[field - 1], name, size) != 0)) {
        field = capture->field_next[field - 1];
    }
    return field;
}

static void add_column(struct capture *capture, const struct capture_text *name)
{
    if (name->overlong || name->size > JSON_COLUMN_NAME_MAX) {
        capture->columns.incomplete = true;
        return;
    }
    if (!memchr(name->bytes, '\0', name->size)) {
        columns_add(&capture->columns, name->bytes, name->size);
        return;
    }
    char clean[JSON_COLUMN_NAME_MAX * 3];
    size_t size = 0;
    for (size_t i = 0; i < name->size; i++) {
        if (name->bytes[i]) {
            clean[size++] = name->bytes[i];
        } else {
            memcpy(clean + size, "\xEF\xBF\xBD", 3);
            size += 3;
        }
    }
    columns_add(&capture->columns, clean, size);
}

void capture_name_end(struct capture *capture, uint32_t depth, bool in_row, uint64_t rows_begun)
{
    capture->node = 0;
    capture->field = 0;
    capture->by_name = true;
    if (!capture->sink) {
        return;
    }
    capture->sink = NULL;
    const struct json_plan *plan = capture->plan;
    const struct capture_text *name = &capture->name;
    if (!name->bytes) {
        text_append(&capture->name, "", 0);
    }
    if (!name->overlong && !memchr(name->bytes, '\0', name->size)) {
        capture->node = find_child(capture, capture->node_at[depth], name->bytes, name->size);
        capture->field = in_row ? capture_find_field(capture, name->bytes, name->size) : 0;
    }
    bool looked_at = in_row ? rows_begun <= JSON_COLUMN_ROWS_MAX : !plan->rows && depth == 1;
    if (plan->columns && looked_at) {
        add_column(capture, name);
    }
}

/* ---- values --------------------------------------------------------------------------------------------------- */

static struct json_value *begin_one(struct json_value *values, struct capture_text *texts, size_t number,
                                    enum json_kind kind)
{
    struct json_value *value = &values[number - 1];
    text_clear(&texts[number - 1]);
    *value = (struct json_value){.kind = kind == JSON_OBJECT || kind == JSON_ARRAY ? kind : JSON_ABSENT,
                                 .text = ""};
    return value;
}

void capture_value_begin(struct capture *capture, enum json_kind kind)
{
    size_t member = capture->by_name ? capture->nodes[capture->node].member : 0;
    capture->sink = NULL;
    capture->value_member = capture->value_field = NULL;
    if (member) {
        capture->value_member = begin_one(capture->members, capture->member_texts, member, kind);
        capture->sink = &capture->member_texts[member - 1];
    }
    if (capture->field) {
        capture->value_field = begin_one(capture->fields, capture->field_texts, capture->field, kind);
        capture->sink = &capture->field_texts[capture->field - 1];
        capture->field = 0;
    }
    if (kind != JSON_STRING && kind != JSON_NUMBER) {
        capture->sink = NULL;
    }
    if (kind == JSON_OBJECT || kind == JSON_ARRAY) {
        capture->value_member = capture->value_field = NULL;
    }
}

static void set_value(struct json_value *value, enum json_kind kind, const struct capture_text *text)
{
    value->kind = kind;
    value->overlong = text->overlong;
    value->size = text->size;
    value->text = text->size ? text->bytes : "";
}

void capture_value_end(struct capture *capture, enum json_kind kind)
{
    static const struct capture_text nothing = {0};
    struct capture_text *text = capture->sink;
    capture->sink = NULL;
    if (!capture->value_member && !capture->value_field) {
        return;
    }
    if (text && text->overlong && kind == JSON_STRING) {
        text_trim(text);
    }
    if (capture->value_field) {
        set_value(capture->value_field, kind, text ? text : &nothing);
    }
    if (capture->value_member) {
        struct capture_text *own = &capture->member_texts[capture->value_member - capture->members];
        if (text && text != own) {
            text_append(own, text->bytes ? text->bytes : "", text->size);
            own->overlong = text->overlong;
        }
        set_value(capture->value_member, kind, text ? own : &nothing);
    }
    capture->value_member = capture->value_field = NULL;
}

void capture_field(struct capture *capture, size_t field, enum json_kind kind, const void *bytes, size_t size)
{
    struct json_value *value = begin_one(capture->fields, capture->field_texts, field, kind);
    struct capture_text *text = &capture->field_texts[field - 1];
    if (kind != JSON_STRING && kind != JSON_NUMBER) {
        value->kind = kind;
        return;
    }
    text_append(text, bytes, size);
    if (text->overlong && kind == JSON_STRING) {
        text_trim(text);
    }
    set_value(value, kind, text);
}

void capture_row_begin(struct capture *capture)
{
    for (size_t i = 0; i < capture->plan->field_count; i++) {
        capture->fields[i] = (struct json_value){.text = ""};
    }
    capture->columns.hint = 0;
}

void capture_finish(struct capture *capture, struct json_result *result)
{
    for (size_t i = 0; i < capture->plan->member_count; i++) {
        capture->members[i] = capture->members[capture->same_member[i]];
    }
    result->members = capture->members;
    result->member_count = capture->plan->member_count;
    columns_describe(&capture->columns, &result->columns);
}
