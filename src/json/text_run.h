/* Finds where the plain part of a string ends. Private to this folder. */
#ifndef JSON_TEXT_RUN_H
#define JSON_TEXT_RUN_H

#include <stdint.h>
#include <string.h>

/* A byte that is neither plain ASCII text nor the end of the string's chunk: a quote, a backslash, a control
   character, a byte above 0x7F. Returns end if there is none. */
static inline const uint8_t *text_run_end(const uint8_t *at, const uint8_t *end)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones * 0x80;
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        /* The top bit of a byte is set if that byte, or one before it in the word, is special: enough to stop. */
        uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
        if (((word - ones * 0x20) | (quote - ones) | (backslash - ones) | word) & tops) {
            break;
        }
    }
    while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') {
        at++;
    }
    return at;
}

#endif
