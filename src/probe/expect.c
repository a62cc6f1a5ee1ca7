#include "probe/expect.h"

#include <assert.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "kinetic/error.h"
#include "probe/decimal.h"

#define SHOWN_MAX 120 /* bytes of a value in a message */

enum comparison { EQUAL, UNEQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, MATCHES, ABSENT };

/* Longer signs first. */
static const struct {
    const char *sign;
    enum comparison comparison;
} signs[] = {{"!=", UNEQUAL}, {"<=", LESS_EQUAL}, {">=", GREATER_EQUAL}, {"==", EQUAL},
             {"=", EQUAL},    {"<", LESS},        {">", GREATER},        {"~", MATCHES}};

struct expectation {
    char *field;
    char *written; /* as in the configuration, for messages */
    enum comparison comparison;
    char *wanted;
    bool is_number;
    struct decimal number; /* its text is in wanted */
    regex_t regex;         /* MATCHES only */
};

static void expectation_free(struct expectation *expectation)
{
    if (expectation->comparison == MATCHES && expectation->wanted != NULL)
        regfree(&expectation->regex);
    free(expectation->field);
    free(expectation->written);
    free(expectation->wanted);
}

/* ---- reading ---- */

static bool needs_number(enum comparison comparison)
{
    return comparison >= LESS && comparison <= GREATER_EQUAL;
}

/* NULL, or an owned sentence of what is wrong; then out holds nothing. */
static char *expectation_read(const struct pair *pair, struct expectation *out, struct json_path *path)
{
    struct span text = span_trim(span_of(pair->value));
    *out = (struct expectation){.comparison = EQUAL};
    *path = (struct json_path){0};
    if (!json_path_split(path, pair->name) || path->depth == 0) {
        json_path_free(path);
        return memory_copy_text("no way to a field: a dot goes deeper, \\. is a dot inside a name");
    }
    bool absent = span_is(text, "absent");
    if (absent)
        out->comparison = ABSENT;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0] && !absent; i++) {
        if (!span_starts_with(text, signs[i].sign))
            continue;
        size_t size = strlen(signs[i].sign);
        out->comparison = signs[i].comparison;
        text = span_trim((struct span){text.data + size, text.size - size});
        break;
    }
    char *wrong = NULL;
    char *wanted = memory_copy_bytes(text.data, text.size);
    out->is_number = decimal_read(span_of(wanted), &out->number);
    if (text.size == 0)
        wrong = memory_copy_text(
            "nothing to compare with; absent means null or not there, ~ ^$ an empty text");
    else if (needs_number(out->comparison) && !out->is_number)
        wrong = memory_format("\"%s\" is no number", wanted);
    else if (out->comparison == MATCHES) {
        int code = regcomp(&out->regex, wanted, REG_EXTENDED | REG_NOSUB);
        char sentence[128];
        if (code != 0) {
            regerror(code, &out->regex, sentence, sizeof sentence);
            wrong = memory_format("\"%s\" is no regular expression (POSIX extended): %s", wanted, sentence);
        }
    }
    if (wrong != NULL) {
        free(wanted);
        json_path_free(path);
        return wrong;
    }
    out->wanted = wanted;
    out->field = memory_copy_text(pair->name);
    out->written = memory_copy_text(pair->value);
    return NULL;
}

void expectations_check(const struct pair_list *pairs, const char *title, struct fault_list *faults)
{
    for (size_t i = 0; i < pairs->count; i++) {
        struct expectation expectation;
        struct json_path path;
        char *wrong = expectation_read(&pairs->items[i], &expectation, &path);
        if (wrong != NULL) {
            fault_add(faults, pairs->items[i].place, "%s expect.%s = %s: %s", title, pairs->items[i].name,
                      pairs->items[i].value, wrong);
            free(wrong);
            continue;
        }
        expectation_free(&expectation);
        json_path_free(&path);
    }
}

void expectations_init(struct expectations *out, const struct pair_list *pairs)
{
    out->count = pairs->count;
    out->items = memory_new(pairs->count, sizeof *out->items);
    out->paths = memory_new(pairs->count, sizeof *out->paths);
    for (size_t i = 0; i < pairs->count; i++) {
        char *wrong = expectation_read(&pairs->items[i], &out->items[i], &out->paths[i]);
        assert(wrong == NULL);
    }
}

void expectations_free(struct expectations *expectations)
{
    for (size_t i = 0; i < expectations->count; i++) {
        expectation_free(&expectations->items[i]);
        json_path_free(&expectations->paths[i]);
    }
    free(expectations->items);
    free(expectations->paths);
    *expectations = (struct expectations){0};
}

/* ---- judging ---- */

static bool is_missing(const struct json_value *value)
{
    return value->kind == JSON_ABSENT || value->kind == JSON_NULL;
}

/* The value as text that can be compared; size 0 and NULL data where it has none (object, array). */
static struct span text_of(const struct json_value *value)
{
    switch (value->kind) {
    case JSON_TRUE:
        return span_of("true");
    case JSON_FALSE:
        return span_of("false");
    case JSON_ABSENT:
    case JSON_NULL:
        return span_of("null");
    case JSON_NUMBER:
    case JSON_STRING:
        return (struct span){value->text, value->size};
    default:
        return (struct span){NULL, 0};
    }
}

static bool number_of(const struct json_value *value, struct decimal *number)
{
    return (value->kind == JSON_NUMBER || value->kind == JSON_STRING) && !value->overlong &&
           decimal_read((struct span){value->text, value->size}, number);
}

static bool is_equal(const struct expectation *expectation, const struct json_value *value)
{
    struct span text = span_trim(text_of(value)); /* char columns come padded */
    struct decimal number;
    if (value->overlong)
        return false;
    if (span_is(text, expectation->wanted))
        return true;
    if (expectation->is_number && number_of(value, &number))
        return decimal_compare(&number, &expectation->number) == 0;
    bool truth = strcmp(expectation->wanted, "true") == 0 || strcmp(expectation->wanted, "false") == 0;
    return truth && span_is_nocase(text, expectation->wanted);
}

static bool is_ordered(const struct expectation *expectation, const struct json_value *value)
{
    struct decimal number;
    if (!number_of(value, &number))
        return false;
    int order = decimal_compare(&number, &expectation->number);
    switch (expectation->comparison) {
    case LESS:
        return order < 0;
    case LESS_EQUAL:
        return order <= 0;
    case GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool is_matched(const struct expectation *expectation, const struct json_value *value)
{
    struct span text = text_of(value);
    if (is_missing(value) || value->overlong || text.data == NULL)
        return false;
    regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)text.size};
    return regexec(&expectation->regex, text.data, 1, &range, REG_STARTEND) == 0;
}

static bool is_as_wanted(const struct expectation *expectation, const struct json_value *value)
{
    bool compound = value->kind == JSON_OBJECT || value->kind == JSON_ARRAY;
    switch (expectation->comparison) {
    case EQUAL:
        return !compound && is_equal(expectation, value);
    case UNEQUAL:
        return !compound && !is_equal(expectation, value);
    case MATCHES:
        return is_matched(expectation, value);
    case ABSENT:
        return is_missing(value);
    default:
        return is_ordered(expectation, value);
    }
}

static void append_complaint(struct buffer *out, const struct expectation *expectation,
                             const struct json_value *value)
{
    buffer_format(out, "%s%s is ", out->size == 0 ? "" : "; ", expectation->field);
    struct span text = text_of(value);
    if (value->kind == JSON_STRING) {
        char *shown = error_line(text.data, text.size, SHOWN_MAX);
        buffer_format(out, "\"%s\"%s", shown, value->overlong ? " and more" : "");
        free(shown);
    } else if (is_missing(value) || text.data == NULL) {
        buffer_text(out, json_kind_text(value->kind));
    } else {
        buffer_append(out, text.data, text.size < SHOWN_MAX ? text.size : SHOWN_MAX);
    }
    char *written = error_line(expectation->written, strlen(expectation->written), SHOWN_MAX);
    buffer_format(out, ", wanted: %s", written);
    free(written);
}

char *expectations_judge(const struct expectations *expectations, const struct json_value *values)
{
    struct buffer all;
    buffer_init(&all, 1u << 20);
    for (size_t i = 0; i < expectations->count; i++)
        if (!is_as_wanted(&expectations->items[i], &values[i]))
            append_complaint(&all, &expectations->items[i], &values[i]);
    char *line = all.size == 0 ? NULL : error_line(all.data, all.size, ERROR_MESSAGE_MAX);
    buffer_free(&all);
    return line;
}
