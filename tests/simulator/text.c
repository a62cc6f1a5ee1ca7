#include "simulator/text.h"

#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void sim_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("simulator: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    _Exit(1);
}

void *sim_allocate(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        sim_die("no memory");
    return memory;
}

void *sim_reallocate(void *memory, size_t size)
{
    memory = realloc(memory, size ? size : 1);
    if (!memory)
        sim_die("no memory");
    return memory;
}

char *sim_duplicate(const char *string)
{
    return string ? sim_duplicate_n(string, strlen(string)) : NULL;
}

char *sim_duplicate_n(const char *string, size_t size)
{
    char *copy = sim_allocate(size + 1);
    memcpy(copy, string, size);
    return copy;
}

void sim_text_free(struct sim_text *text)
{
    free(text->data);
    *text = (struct sim_text){0};
}

void sim_text_grow(struct sim_text *text, size_t size)
{
    size_t capacity = text->capacity ? text->capacity * 2 : 256;
    while (capacity < text->size + size + 1)
        capacity *= 2;
    text->data = sim_reallocate(text->data, capacity);
    text->capacity = capacity;
}

void sim_text_add_string(struct sim_text *text, const char *string)
{
    sim_text_add(text, string, strlen(string));
}

void sim_text_add_number(struct sim_text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    sim_text_add(text, digits + at, sizeof digits - at);
}

void sim_text_printf(struct sim_text *text, const char *format, ...)
{
    va_list arguments;
    char *string;
    va_start(arguments, format);
    int size = vasprintf(&string, format, arguments);
    va_end(arguments);
    if (size < 0)
        sim_die("no memory");
    sim_text_add(text, string, (size_t)size);
    free(string);
}

void sim_text_add_json(struct sim_text *text, const char *string)
{
    sim_text_add(text, "\"", 1);
    for (; *string; string++) {
        unsigned char byte = (unsigned char)*string;
        if (byte == '"' || byte == '\\')
            sim_text_printf(text, "\\%c", byte);
        else if (byte == '\r')
            sim_text_add_string(text, "\\r");
        else if (byte == '\n')
            sim_text_add_string(text, "\\n");
        else if (byte < 0x20)
            sim_text_printf(text, "\\u%04x", byte);
        else
            sim_text_add(text, string, 1);
    }
    sim_text_add(text, "\"", 1);
}

void sim_text_add_xml(struct sim_text *text, const char *string)
{
    for (; *string; string++) {
        if (*string == '<')
            sim_text_add_string(text, "&lt;");
        else if (*string == '>')
            sim_text_add_string(text, "&gt;");
        else if (*string == '&')
            sim_text_add_string(text, "&amp;");
        else if (*string == '\r')
            sim_text_add_string(text, "&#xD;");
        else
            sim_text_add(text, string, 1);
    }
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

char *sim_decode(const char *string, size_t size, bool plus)
{
    char *out = sim_allocate(size + 1), *at = out;
    for (size_t i = 0; i < size; i++) {
        if (string[i] == '%' && i + 2 < size && hex_value(string[i + 1]) >= 0 &&
            hex_value(string[i + 2]) >= 0) {
            *at++ = (char)(hex_value(string[i + 1]) * 16 + hex_value(string[i + 2]));
            i += 2;
        } else {
            *at++ = plus && string[i] == '+' ? ' ' : string[i];
        }
    }
    *at = '\0';
    return out;
}

void sim_http_date(int64_t epoch, char out[40])
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t time = (time_t)epoch;
    struct tm tm;
    gmtime_r(&time, &tm);
    snprintf(out, 40, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday, tm.tm_mday % 100,
             months + 3 * tm.tm_mon, (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void sim_guid(char out[37])
{
    unsigned char b[16];
    if (RAND_bytes(b, sizeof b) != 1)
        sim_die("no random bytes");
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

int64_t sim_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
