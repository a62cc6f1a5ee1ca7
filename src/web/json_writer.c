#include "web/json_writer.h"

#include <math.h>
#include <string.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/text.h"

static const char digits[] = "0123456789abcdef";

static void begin_value(struct json_writer *writer)
{
    if (writer->comma)
        buffer_byte(writer->out, ',');
    writer->comma = true;
}

void json_open(struct json_writer *writer, char bracket)
{
    begin_value(writer);
    buffer_byte(writer->out, bracket);
    writer->comma = false;
}

void json_close(struct json_writer *writer, char bracket)
{
    buffer_byte(writer->out, bracket);
    writer->comma = true;
}

void json_name(struct json_writer *writer, const char *name, const char *suffix)
{
    begin_value(writer);
    buffer_byte(writer->out, '"');
    buffer_text(writer->out, name);
    buffer_text(writer->out, suffix);
    buffer_append(writer->out, "\":", 2);
    writer->comma = false;
}

/* ---- texts ---- */

static void write_escape(struct buffer *out, unsigned code)
{
    const char escape[] = {'\\',
                           'u',
                           digits[code >> 12 & 15],
                           digits[code >> 8 & 15],
                           digits[code >> 4 & 15],
                           digits[code & 15]};

    buffer_append(out, escape, sizeof escape);
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\' && byte != '&' && byte != '<' &&
           byte != '>';
}

/* One character that is not plain; returns its size. */
static size_t write_character(struct buffer *out, const char *text, size_t left)
{
    size_t size = text_utf8_size(text, left);

    if (size == 0) {
        buffer_text(out, "\xEF\xBF\xBD");
        return 1;
    }
    uint32_t code = text_code_point(text, size);
    if (code == '"' || code == '\\') {
        buffer_byte(out, '\\');
        buffer_byte(out, *text);
    } else if (size == 1 || (code >= 0x80 && code < 0xa0) || code == 0x2028 || code == 0x2029) {
        write_escape(out, code);
    } else {
        buffer_append(out, text, size);
    }
    return size;
}

void json_text(struct json_writer *writer, const char *text)
{
    if (text == NULL) {
        json_null(writer);
        return;
    }
    begin_value(writer);
    buffer_byte(writer->out, '"');
    for (size_t left = strlen(text); left > 0;) {
        size_t size = 0;
        while (size < left && is_plain((unsigned char)text[size]))
            size++;
        if (size > 0)
            buffer_append(writer->out, text, size);
        else
            size = write_character(writer->out, text, left);
        text += size;
        left -= size;
    }
    buffer_byte(writer->out, '"');
}

/* ---- others ---- */

void json_bool(struct json_writer *writer, bool value)
{
    begin_value(writer);
    buffer_text(writer->out, value ? "true" : "false");
}

void json_null(struct json_writer *writer)
{
    begin_value(writer);
    buffer_append(writer->out, "null", 4);
}

void json_number(struct json_writer *writer, double number)
{
    char text[TEXT_DOUBLE_MAX];

    if (!isfinite(number)) {
        json_null(writer);
        return;
    }
    begin_value(writer);
    buffer_append(writer->out, text, text_from_double(number, text));
}

/* Decimal digits, at least `least` of them, ending at end; returns where they begin. */
static char *put_digits(char *end, uint64_t number, int least)
{
    for (; number > 0 || least > 0; number /= 10, least--)
        *--end = (char)('0' + number % 10);
    return end;
}

void json_integer(struct json_writer *writer, int64_t number)
{
    char text[24], *end = text + sizeof text;
    char *at = put_digits(end, number < 0 ? -(uint64_t)number : (uint64_t)number, 1);

    if (number < 0)
        *--at = '-';
    begin_value(writer);
    buffer_append(writer->out, at, (size_t)(end - at));
}

static void write_parts(struct json_writer *writer, int64_t number, uint64_t parts, int width)
{
    uint64_t size = number < 0 ? -(uint64_t)number : (uint64_t)number, rest = size % parts;
    char text[24], *end = text + sizeof text, *at = end;

    if (rest != 0) {
        for (; rest % 10 == 0; rest /= 10)
            width--;
        at = put_digits(at, rest, width);
        *--at = '.';
    }
    at = put_digits(at, size / parts, 1);
    if (number < 0)
        *--at = '-';
    begin_value(writer);
    buffer_append(writer->out, at, (size_t)(end - at));
}

void json_thousandths(struct json_writer *writer, int64_t number)
{
    write_parts(writer, number, 1000, 3);
}

void json_millionths(struct json_writer *writer, int64_t number)
{
    write_parts(writer, number, 1000000, 6);
}

void json_time(struct json_writer *writer, int64_t wall_ns)
{
    int64_t ms = wall_ns / MILLISECOND_NS, seconds = ms / 1000;
    struct calendar_date date = calendar_date(seconds / 86400);
    char text[48], *end = text + sizeof text, *at = end;

    const struct {
        char behind;
        int64_t number;
        int width;
    } parts[] = {{'Z', ms % 1000, 3},         {'.', seconds % 60, 2},
                 {':', seconds / 60 % 60, 2}, {':', seconds / 3600 % 24, 2},
                 {'T', date.day, 2},          {'-', date.month, 2},
                 {'-', date.year, 4}};
    *--at = '"';
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        *--at = parts[i].behind;
        at = put_digits(at, (uint64_t)parts[i].number, parts[i].width);
    }
    *--at = '"';
    begin_value(writer);
    buffer_append(writer->out, at, (size_t)(end - at));
}
