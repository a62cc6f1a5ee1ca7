/* The block road in plain C: classes by a table, eight bytes to a word. */
#include "json/block_prove.h"

/* Each byte's class as eight bits, each in a byte of its own: shifted by their place and joined, the words of eight
   bytes are eight rows of a bit matrix. The upper four bits are a code of what counts outside strings. */
#define SPREAD(code)                                                                                         \
    (((code)&1ull) | ((code)&2ull) << 7 | ((code)&4ull) << 14 | ((code)&8ull) << 21 | ((code)&16ull) << 28 | \
     ((code)&32ull) << 35 | ((code)&64ull) << 42 | ((code)&128ull) << 49)

enum {
    QUOTE = 1,
    BACKSLASH = 2,
    CONTROL = 4,
    HIGH = 8,
    BLANK = 0x10,
    COLON = 0x20,
    COMMA = 0x30,
    BRACKET = 0x40, /* 0x20: closing, 0x10: a brace */
    DIGIT = 0x80,
    ZERO = 0xA0,
    MINUS = 0xC0,
    DOT = 0xE0,
};

static const uint64_t classes[256] = {
    [0 ... 0x08] = SPREAD(CONTROL),
    [0x0B ... 0x0C] = SPREAD(CONTROL),
    [0x0E ... 0x1F] = SPREAD(CONTROL),
    ['\t'] = SPREAD(CONTROL | BLANK),
    ['\n'] = SPREAD(CONTROL | BLANK),
    ['\r'] = SPREAD(CONTROL | BLANK),
    [' '] = SPREAD(BLANK),
    ['"'] = SPREAD(QUOTE),
    ['\\'] = SPREAD(BACKSLASH),
    [':'] = SPREAD(COLON),
    [','] = SPREAD(COMMA),
    ['['] = SPREAD(BRACKET),
    [']'] = SPREAD(BRACKET | 0x20),
    ['{'] = SPREAD(BRACKET | 0x10),
    ['}'] = SPREAD(BRACKET | 0x30),
    ['0'] = SPREAD(ZERO),
    ['1' ... '9'] = SPREAD(DIGIT),
    ['-'] = SPREAD(MINUS),
    ['.'] = SPREAD(DOT),
    [0x80 ... 0xFF] = SPREAD(HIGH),
};

static inline void swap_parts(uint64_t *a, uint64_t *b, unsigned shift, uint64_t mask)
{
    uint64_t difference = ((*a >> shift) ^ *b) & mask;
    *b ^= difference;
    *a ^= difference << shift;
}

/* Byte k of word i becomes byte i of word k. */
static inline void transpose(uint64_t words[8])
{
    for (unsigned i = 0; i < 4; i++) {
        swap_parts(&words[i], &words[i + 4], 32, 0x00000000FFFFFFFFu);
    }
    for (unsigned i = 0; i < 8; i += 4) {
        swap_parts(&words[i], &words[i + 2], 16, 0x0000FFFF0000FFFFu);
        swap_parts(&words[i + 1], &words[i + 3], 16, 0x0000FFFF0000FFFFu);
    }
    for (unsigned i = 0; i < 8; i += 2) {
        swap_parts(&words[i], &words[i + 1], 8, 0x00FF00FF00FF00FFu);
    }
}

static inline void block_classify(const uint8_t *bytes, struct block_maps *maps)
{
    uint64_t words[8];
    for (unsigned i = 0; i < 8; i++) {
        const uint8_t *at = bytes + 8 * i;
        words[i] = classes[at[0]] | classes[at[1]] << 1 | classes[at[2]] << 2 | classes[at[3]] << 3 |
                   classes[at[4]] << 4 | classes[at[5]] << 5 | classes[at[6]] << 6 | classes[at[7]] << 7;
    }
    transpose(words);
    uint64_t a = words[4], b = words[5], bracket = words[6] & ~words[7], digit = words[7] & ~words[6];
    uint64_t sign = words[7] & words[6], plain = ~(words[7] | words[6]);
    *maps = (struct block_maps){
        .quote = words[0],
        .backslash = words[1],
        .control = words[2],
        .high = words[3],
        .blank = plain & a & ~b,
        .colon = plain & b & ~a,
        .comma = plain & b & a,
        .opening = bracket & ~b,
        .closing = bracket & b,
        .brace = bracket & a,
        .digit = digit,
        .zero = digit & b,
        .minus = sign & ~b,
        .dot = sign & b,
    };
}

static inline uint64_t block_prefix_xor(uint64_t bits)
{
    for (unsigned shift = 1; shift < 64; shift *= 2) {
        bits ^= bits << shift;
    }
    return bits;
}

/* RFC 3629, section 4. */
static inline bool block_is_utf8(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size;) {
        uint8_t lead = bytes[i++];
        if (lead < 0x80) {
            continue;
        }
        if (lead < 0xC2 || lead > 0xF4) {
            return false;
        }
        uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        size_t end = i + (lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1);
        for (; i < end && i < size; i++) {
            if (bytes[i] < low || bytes[i] > high) {
                return false;
            }
            low = 0x80;
            high = 0xBF;
        }
        if (i < end) {
            return false; /* what cut the block was no continuation */
        }
    }
    return true;
}

const uint8_t *block_read_portable(struct json_scanner *scanner, const uint8_t *bytes, const uint8_t *end)
{
    return block_read(scanner, bytes, end);
}
