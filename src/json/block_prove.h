/* The proof of one block, on bit maps: bit i of each map speaks of byte i. Included by each block road, which gives

       static inline void block_classify(const uint8_t *bytes, struct block_maps *maps);
       static inline bool block_is_utf8(const uint8_t *bytes, size_t size);     are the first size (<= 64) bytes
                                         whole characters? It may look at all 64
       static inline uint64_t block_prefix_xor(uint64_t bits);                  bit i: parity of the bits 0 to i

   The grammar of JSON is nearly a relation between neighbours: after a value comes a comma, a colon (if the value
   was a name) or a closing bracket; after anything else comes a value. With maps of where tokens begin and end, each
   rule is a few operations for 64 bytes at once, and only brackets are visited one by one, because they nest. A
   block never ends inside a number, a word, an escape or a character: it is cut before it, and the next block begins
   there. So what is carried from block to block is small. */
#ifndef JSON_BLOCK_PROVE_H
#define JSON_BLOCK_PROVE_H

#include <string.h>

#include "json/block.h"

struct block_maps {
    uint64_t quote, backslash, control, high; /* control: below 0x20; high: above 0x7F */
    uint64_t blank, colon, comma;
    uint64_t opening, closing, brace; /* { [ and } ] and, among those, { } */
    uint64_t digit, zero, minus, dot;
};

static inline void block_classify(const uint8_t *bytes, struct block_maps *maps);
static inline bool block_is_utf8(const uint8_t *bytes, size_t size);
static inline uint64_t block_prefix_xor(uint64_t bits);

struct block_walk {
    struct json_scanner *scanner;
    uint32_t depth, floor, rows_depth;
    bool in_object;
    uint64_t rows, odd_rows;
    /* What the last token before the block was; each 0 or 1, but in_string 0 or all ones. */
    uint64_t in_string, in_name;
    uint64_t after_value; /* its end, or the end of a name */
    uint64_t after_name;
    uint64_t name_place; /* a name must come, or after { its end */
    uint64_t after_open_object, after_open_array;
};

static inline uint64_t bits_from(unsigned place)
{
    return ~0ull << place;
}

/* Where the token after each of these ends begins: the next byte that is not blank. */
static inline uint64_t token_after(uint64_t ends, uint64_t carry, uint64_t blank)
{
    uint64_t next = ends << 1 | carry;
    return ((next & ~blank) | ((next & blank) + blank)) & ~blank;
}

static inline bool is_hex4(const uint8_t *at)
{
    for (int i = 0; i < 4; i++) {
        uint8_t lower = at[i] | 0x20;
        if (!((at[i] >= '0' && at[i] <= '9') || (lower >= 'a' && lower <= 'f'))) {
            return false;
        }
    }
    return true;
}

/* Checks every escape and takes escaped quotes out of the map. Returns where to cut the block; 0: not proven. */
static inline unsigned prove_escapes(const uint8_t *bytes, uint64_t backslash, uint64_t *quote)
{
    while (backslash) {
        unsigned at = (unsigned)__builtin_ctzll(backslash);
        if (at == BLOCK_SIZE - 1) {
            return at;
        }
        uint8_t letter = bytes[at + 1];
        if (letter == 'u') {
            if (at + 6 > BLOCK_SIZE) {
                return at;
            }
            if (!is_hex4(bytes + at + 2)) {
                return 0;
            }
        } else if (letter == '\0' || !strchr("\"\\/bfnrt", letter)) {
            return 0;
        }
        *quote &= ~(2ull << at);
        backslash &= ~(3ull << at);
    }
    return BLOCK_SIZE;
}

/* Where to cut the block so that it does not end inside a character. */
static inline unsigned cut_character(const uint8_t *bytes, unsigned size)
{
    if (size == BLOCK_SIZE) {
        for (unsigned tail = 1; tail <= 3; tail++) {
            if (bytes[BLOCK_SIZE - tail] >= 0xC0) {
                uint8_t lead = bytes[BLOCK_SIZE - tail];
                unsigned length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
                return length > tail ? BLOCK_SIZE - tail : size;
            }
        }
    }
    return size;
}

/* Words: takes those that are right out of the map of primitives. */
static inline bool prove_words(const uint8_t *bytes, uint64_t starts, uint64_t *primitive)
{
    for (; starts; starts &= starts - 1) {
        unsigned at = (unsigned)__builtin_ctzll(starts);
        unsigned length = (unsigned)__builtin_ctzll(~(*primitive >> at));
        if (length == 4) {
            if (memcmp(bytes + at, "null", 4) != 0 && memcmp(bytes + at, "true", 4) != 0) {
                return false;
            }
        } else if (length != 5 || memcmp(bytes + at, "false", 5) != 0) {
            return false;
        }
        *primitive &= ~(((1ull << length) - 1) << at);
    }
    return true;
}

/* Numbers without an exponent: -? (0 | [1-9] [0-9]*) (. [0-9]+)? None touches the end of the block. */
static inline bool prove_numbers(const struct block_maps *maps, uint64_t number, uint64_t starts)
{
    uint64_t digit = maps->digit & number, minus = maps->minus & number, dot = maps->dot & number;
    uint64_t wrong = number & ~(digit | minus | dot);
    wrong |= minus & ~starts;
    wrong |= (minus << 1) & ~digit;
    wrong |= ((dot << 1) & ~digit) | (dot & ~(digit << 1));
    wrong |= ((dot << 1) + digit) & ~digit & dot; /* the digits behind a dot end at a dot */
    wrong |= (((starts | minus << 1) & maps->zero) << 1) & digit;
    return !wrong;
}

struct block_context {
    uint64_t object; /* the innermost container, from this byte on, is an object */
    uint64_t rows;   /* ... is the rows array */
};

/* Visits the brackets in turn. False: one does not fit, or leads out of what is inert. */
static inline bool walk_brackets(struct block_walk *walk, const struct block_maps *maps, uint64_t opening,
                                 uint64_t closing, struct block_context *context)
{
    struct json_scanner *scanner = walk->scanner;
    for (uint64_t rest = opening | closing; rest; rest &= rest - 1) {
        unsigned at = (unsigned)__builtin_ctzll(rest);
        bool brace = maps->brace >> at & 1;
        uint64_t bit;
        if (opening >> at & 1) {
            if (walk->depth == JSON_DEPTH_MAX) {
                return false;
            }
            if (walk->depth == walk->rows_depth) {
                walk->rows++;
                walk->odd_rows += !brace;
            }
            walk->depth++;
            bit = 1ull << walk->depth % 64;
            uint64_t *objects = &scanner->objects[walk->depth / 64];
            *objects = brace ? *objects | bit : *objects & ~bit;
            scanner->capture.node_at[walk->depth] = 0;
            walk->in_object = brace;
        } else {
            if (walk->depth == walk->floor || walk->in_object != brace) {
                return false;
            }
            walk->depth--;
            walk->in_object = scanner->objects[walk->depth / 64] >> walk->depth % 64 & 1;
        }
        uint64_t from = bits_from(at);
        context->object = walk->in_object ? context->object | from : context->object & ~from;
        context->rows = walk->depth == walk->rows_depth ? context->rows | from : context->rows & ~from;
    }
    return true;
}

/* Proves a block. Returns how many of its bytes, 0 if not even the first; then walk may be spoilt. */
static inline unsigned block_prove(struct block_walk *walk, const uint8_t *bytes)
{
    struct block_maps maps;
    block_classify(bytes, &maps);

    unsigned size = BLOCK_SIZE;
    uint64_t quote = maps.quote;
    if (maps.backslash) {
        size = prove_escapes(bytes, maps.backslash, &quote);
    }
    if (maps.high) {
        size = cut_character(bytes, size);
        if (!block_is_utf8(bytes, size)) {
            return 0;
        }
    }
    uint64_t text = block_prefix_xor(quote) ^
                    walk->in_string; /* with the opening quote, without the closing one */
    uint64_t outside = ~(text | quote);
    uint64_t primitive = outside & ~(maps.blank | maps.colon | maps.comma | maps.opening | maps.closing);
    if (size < BLOCK_SIZE && !(text >> size & 1)) {
        return 0; /* cut for something that only a string may hold */
    }
    if (size == BLOCK_SIZE && primitive >> (BLOCK_SIZE - 1)) {
        size = ~primitive ? BLOCK_SIZE - (unsigned)__builtin_clzll(~primitive) : 0;
    }
    if (!size) {
        return 0;
    }
    uint64_t valid = ~0ull >> (BLOCK_SIZE - size);
    text &= valid;
    quote &= valid;
    outside &= valid;
    primitive &= valid;
    if (maps.control & text) {
        return 0;
    }

    uint64_t starts = primitive & ~(primitive << 1), number = primitive;
    uint64_t words = starts & ~(maps.digit | maps.minus);
    uint64_t value_ends = (quote & ~text) | (primitive & ~(primitive >> 1));
    uint64_t scalars = starts | (quote & text);
    if ((words && !prove_words(bytes, words, &number)) || !prove_numbers(&maps, number, starts)) {
        return 0;
    }

    uint64_t blank = maps.blank & outside, colon = maps.colon & outside, comma = maps.comma & outside;
    uint64_t opening = maps.opening & outside, closing = maps.closing & outside;
    struct block_context context = {walk->in_object ? ~0ull : 0, walk->depth == walk->rows_depth ? ~0ull : 0};
    if ((opening | closing) && !walk_brackets(walk, &maps, opening, closing, &context)) {
        return 0;
    }
    value_ends |= closing;
    uint64_t open_object = opening & maps.brace;

    uint64_t after_value = token_after(value_ends, walk->after_value, blank) & valid;
    uint64_t wrong = ((colon | comma) & ~after_value) | ((scalars | opening) & after_value);
    uint64_t early = closing & ~after_value; /* must be the end of an empty container */

    uint64_t name_makers = open_object | (comma & context.object);
    uint64_t name_places = token_after(name_makers, walk->name_place, blank) & valid;
    uint64_t names = name_places & quote & text;
    uint64_t no_names = name_places & ~names;
    if (early | no_names) {
        uint64_t after_brace = token_after(open_object, walk->after_open_object, blank);
        uint64_t after_bracket = token_after(opening & ~maps.brace, walk->after_open_array, blank);
        wrong |= no_names & ~(closing & after_brace);
        wrong |= early & ~((after_brace & maps.brace) | (after_bracket & ~maps.brace));
    }

    /* Adding its first bit to a run of ones moves it behind the run: from a name's opening quote to its closing. */
    uint64_t sum;
    bool beyond = __builtin_add_overflow(text, names | walk->in_name, &sum);
    uint64_t name_ends = sum & quote & ~text;
    wrong |= (token_after(name_ends, walk->after_name, blank) & valid) ^ colon;
    if (wrong) {
        return 0;
    }

    uint64_t row_scalars = scalars & context.rows;
    if (row_scalars) {
        uint64_t count = (uint64_t)__builtin_popcountll(row_scalars);
        walk->rows += count;
        walk->odd_rows += count;
    }
    unsigned last = size - 1;
    uint64_t solid = valid & ~blank;
    if (text >> last & 1) {
        walk->in_string = ~0ull;
        walk->in_name = size == BLOCK_SIZE ? beyond : sum >> size & 1;
        walk->after_value = walk->after_name = walk->name_place = 0;
        walk->after_open_object = walk->after_open_array = 0;
    } else if (solid) {
        last = BLOCK_SIZE - 1 - (unsigned)__builtin_clzll(solid);
        walk->in_string = walk->in_name = 0;
        walk->after_value = value_ends >> last & 1;
        walk->after_name = name_ends >> last & 1;
        walk->name_place = name_makers >> last & 1;
        walk->after_open_object = open_object >> last & 1;
        walk->after_open_array = (opening & ~maps.brace) >> last & 1;
    }
    return size;
}

/* ---- from the grammar's state to a walk, and back --------------------------------------------------------------- */

static inline void block_enter(struct block_walk *walk, struct json_scanner *scanner)
{
    enum json_state state = scanner->state;
    *walk = (struct block_walk){
        .scanner = scanner,
        .depth = scanner->depth,
        .floor = scanner->inert_from,
        .rows_depth = scanner->rows_depth ? scanner->rows_depth : UINT32_MAX,
        .in_object = state_in_object(scanner),
        .rows = scanner->result.rows,
        .odd_rows = scanner->result.odd_rows,
        .in_string = state == STATE_STRING ? ~0ull : 0,
        .in_name = state == STATE_STRING && scanner->in_key,
        .after_value = state == STATE_AFTER || state == STATE_COLON,
        .after_name = state == STATE_COLON,
        .name_place = state == STATE_KEY || state == STATE_KEY_OR_END,
        .after_open_object = state == STATE_KEY_OR_END,
        .after_open_array = state == STATE_VALUE_OR_END,
    };
}

static inline void block_leave(const struct block_walk *walk)
{
    struct json_scanner *scanner = walk->scanner;
    scanner->depth = walk->depth;
    scanner->result.rows = walk->rows;
    scanner->result.odd_rows = walk->odd_rows;
    scanner->state = walk->in_string           ? STATE_STRING
                     : walk->after_name        ? STATE_COLON
                     : walk->after_value       ? STATE_AFTER
                     : walk->after_open_object ? STATE_KEY_OR_END
                     : walk->name_place        ? STATE_KEY
                     : walk->after_open_array  ? STATE_VALUE_OR_END
                                               : STATE_VALUE;
    scanner->in_key = walk->in_name;
    scanner->kind = JSON_STRING; /* counts only inside a string */
    scanner->high_surrogate = 0;
    scanner->capture.field = 0;
    scanner->capture.by_name = false;
    scanner->capture.node = walk->in_object ? 0 : scanner->capture.node_at[walk->depth];
}

static inline const uint8_t *block_read(struct json_scanner *scanner, const uint8_t *at, const uint8_t *end)
{
    struct block_walk walk, proven;
    uint64_t objects[sizeof scanner->objects / sizeof *scanner->objects];
    block_enter(&walk, scanner);
    while (end - at >= BLOCK_SIZE) {
        proven = walk;
        memcpy(objects, scanner->objects, sizeof objects);
        unsigned size = block_prove(&walk, at);
        if (!size) {
            walk = proven;
            memcpy(scanner->objects, objects, sizeof objects);
            break;
        }
        at += size;
    }
    block_leave(&walk);
    return at;
}

#endif
