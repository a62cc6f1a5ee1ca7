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

/* Where a place between tokens is. */
struct block_place {
    uint32_t depth;
    bool in_object;
    uint64_t rows, odd_rows;
};

struct block_walk {
    struct json_scanner *scanner;
    uint32_t floor, rows_depth; /* rows_depth: UINT32_MAX when in no rows array */
    bool names;                 /* the names of the row objects' members are wanted: */
    bool columns, fields;       /* for the column set; to take fields out */
    bool stop;                  /* what comes next is for the grammar */
    size_t pending;             /* the field (1-based) whose name has come and whose value has not; 0: none */
    unsigned cut;               /* of a block that was not proven: it may be if cut to so many bytes */
    struct block_place place;
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

/* Of the innermost container from each byte on. */
struct block_context {
    uint64_t object;               /* it is an object */
    uint64_t rows;                 /* it is the rows array */
    uint64_t row;                  /* it is a row that is an object */
    uint64_t row_begins, row_ends; /* brackets that begin and end a row: no contexts, but found with them */
};

/* The values of fields that begin in a block. */
struct block_fields {
    uint64_t begins;
    size_t fields[BLOCK_SIZE / 4]; /* of each in turn, 1-based */
    size_t count;
    size_t pending; /* the field whose name is the last of the block; 0: none */
};

static inline uint64_t from_bit(uint64_t map, unsigned at, bool set)
{
    return set ? map | bits_from(at) : map & ~bits_from(at);
}

static inline bool open_bracket(const struct block_walk *walk, struct block_place *place, bool brace)
{
    struct json_scanner *scanner = walk->scanner;
    if (place->depth == JSON_DEPTH_MAX) {
        return false;
    }
    if (place->depth == walk->rows_depth) {
        place->rows++;
        place->odd_rows += !brace;
        scanner->capture.columns.hint = 0;
    }
    uint32_t depth = ++place->depth;
    uint64_t bit = 1ull << depth % 64, *objects = &scanner->objects[depth / 64];
    *objects = brace ? *objects | bit : *objects & ~bit;
    scanner->capture.node_at[depth] = 0;
    place->in_object = brace;
    return true;
}

static inline bool close_bracket(const struct block_walk *walk, struct block_place *place, bool brace)
{
    if (place->depth == walk->floor || place->in_object != brace) {
        return false;
    }
    uint32_t depth = --place->depth;
    place->in_object = walk->scanner->objects[depth / 64] >> depth % 64 & 1;
    return true;
}

/* Visits the brackets in turn. False: one does not fit, or leads out of where blocks may go. */
static inline bool walk_brackets(const struct block_walk *walk, struct block_place *place, uint64_t opening,
                                 uint64_t closing, uint64_t brace, struct block_context *context)
{
    for (uint64_t rest = opening | closing; rest; rest &= rest - 1) {
        unsigned at = (unsigned)__builtin_ctzll(rest);
        bool is_brace = brace >> at & 1;
        context->row_begins |= (uint64_t)(opening >> at & 1 && place->depth == walk->rows_depth) << at;
        bool fits = opening >> at & 1 ? open_bracket(walk, place, is_brace)
                                      : close_bracket(walk, place, is_brace);
        if (!fits) {
            return false;
        }
        context->row_ends |= (uint64_t)(closing >> at & 1 && place->depth == walk->rows_depth) << at;
        context->object = from_bit(context->object, at, place->in_object);
        context->rows = from_bit(context->rows, at, place->depth == walk->rows_depth);
        context->row = from_bit(context->row, at, place->in_object && place->depth == walk->rows_depth + 1);
    }
    return true;
}

/* Finds the fields among these names and where their values begin (values: where any value does). Returns where to cut the
   block, because there a value begins that only the grammar can take out; BLOCK_SIZE: nowhere. */
static inline unsigned find_fields(const struct block_walk *walk, const struct block_maps *maps,
                                   const uint8_t *bytes, uint64_t names, uint64_t name_ends, uint64_t values,
                                   uint64_t string_ends, struct block_fields *out)
{
    const struct capture *capture = &walk->scanner->capture;
    out->pending = walk->pending;
    for (unsigned from = 0;;) {
        if (out->pending) {
            uint64_t begin = values & bits_from(from) & -(values & bits_from(from));
            if (!begin) {
                return BLOCK_SIZE;
            }
            unsigned at = (unsigned)__builtin_ctzll(begin);
            if (bytes[at] == '"') {
                uint64_t end = string_ends & -begin & ~begin;
                end &= -end;
                if (!end || maps->backslash & (end - begin)) {
                    return at;
                }
            }
            out->begins |= begin;
            out->fields[out->count++] = out->pending;
            out->pending = 0;
        }
        if (!names) {
            return BLOCK_SIZE;
        }
        unsigned begin = (unsigned)__builtin_ctzll(names) + 1;
        unsigned size = (unsigned)__builtin_ctzll(name_ends >> begin);
        names &= names - 1;
        out->pending = capture_find_field(capture, (const char *)bytes + begin, size);
        from = begin + size;
    }
}

/* Takes out the value that begins here; it ends in the block. */
static inline void take_field(struct capture *capture, size_t field, const uint8_t *bytes, unsigned at,
                              uint64_t string_ends, uint64_t primitive)
{
    unsigned size;
    switch (bytes[at]) {
    case '"':
        size = (unsigned)__builtin_ctzll(string_ends >> at >> 1);
        capture_field(capture, field, JSON_STRING, bytes + at + 1, size);
        break;
    case '{':
        capture_field(capture, field, JSON_OBJECT, NULL, 0);
        break;
    case '[':
        capture_field(capture, field, JSON_ARRAY, NULL, 0);
        break;
    case 'n':
        capture_field(capture, field, JSON_NULL, NULL, 0);
        break;
    case 't':
        capture_field(capture, field, JSON_TRUE, NULL, 0);
        break;
    case 'f':
        capture_field(capture, field, JSON_FALSE, NULL, 0);
        break;
    default:
        size = (unsigned)__builtin_ctzll(~(primitive >> at));
        capture_field(capture, field, JSON_NUMBER, bytes + at, size);
    }
}

/* Takes out the fields of a proven block and hands out the rows that end in it. */
static inline void take_fields(struct block_walk *walk, const uint8_t *bytes,
                               const struct block_context *context, const struct block_fields *found,
                               uint64_t string_ends, uint64_t primitive)
{
    struct json_scanner *scanner = walk->scanner;
    uint64_t rows = walk->place.rows;
    size_t taken = 0;
    for (uint64_t rest = found->begins | context->row_begins | context->row_ends; rest; rest &= rest - 1) {
        uint64_t bit = rest & -rest;
        unsigned at = (unsigned)__builtin_ctzll(rest);
        if (bit & context->row_begins) {
            capture_row_begin(&scanner->capture);
            rows++;
        } else if (bit & context->row_ends) {
            state_visit_row(scanner, rows - 1, bytes[at] == '}' ? JSON_OBJECT : JSON_ARRAY);
        } else {
            take_field(&scanner->capture, found->fields[taken++], bytes, at, string_ends, primitive);
        }
    }
    walk->pending = found->pending;
}

/* Tells the columns of the names that begin here; each ends in the block. */
static inline void tell_names(struct block_walk *walk, const uint8_t *bytes, uint64_t names,
                              uint64_t name_ends)
{
    for (; names; names &= names - 1) {
        unsigned begin = (unsigned)__builtin_ctzll(names) + 1;
        unsigned size = (unsigned)__builtin_ctzll(name_ends >> begin);
        columns_add(&walk->scanner->capture.columns, (const char *)bytes + begin, size);
    }
}

/* Proves a block, at most limit bytes of it. Returns how many of its bytes, 0 if not even the first; then nothing but
   the cut has changed. */
static inline __attribute__((always_inline)) unsigned
block_prove(struct block_walk *walk, const struct block_maps *maps, const uint8_t *bytes, unsigned limit)
{
    unsigned size = limit;
    uint64_t quote = maps->quote;
    if (maps->backslash) {
        unsigned cut = prove_escapes(bytes, maps->backslash, &quote);
        size = cut < size ? cut : size;
    }
    if (maps->high) {
        size = cut_character(bytes, size);
        if (!block_is_utf8(bytes, size)) {
            return 0;
        }
    }
    uint64_t text = block_prefix_xor(quote) ^
                    walk->in_string; /* with the opening quote, without the closing one */
    uint64_t outside = ~(text | quote);
    uint64_t primitive = outside & ~(maps->blank | maps->colon | maps->comma | maps->opening | maps->closing);
    if (size < BLOCK_SIZE && !(text >> size & 1)) {
        return 0; /* cut for something that only a string may hold */
    }
    if (walk->names && size == BLOCK_SIZE && text >> (BLOCK_SIZE - 1) && quote) {
        /* Names that are wanted must be whole: the next block begins with the string that this one breaks. */
        unsigned last = BLOCK_SIZE - 1 - (unsigned)__builtin_clzll(quote);
        size = last ? last : size;
    } else if (size == BLOCK_SIZE && primitive >> (BLOCK_SIZE - 1)) {
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
    if (maps->control & text) {
        return 0;
    }

    uint64_t starts = primitive & ~(primitive << 1), number = primitive;
    uint64_t words = starts & ~(maps->digit | maps->minus);
    uint64_t value_ends = (quote & ~text) | (primitive & ~(primitive >> 1));
    uint64_t scalars = starts | (quote & text);
    if ((words && !prove_words(bytes, words, &number)) || !prove_numbers(maps, number, starts)) {
        return 0;
    }

    uint64_t blank = maps->blank & outside, colon = maps->colon & outside, comma = maps->comma & outside;
    uint64_t opening = maps->opening & outside, closing = maps->closing & outside;
    struct block_place place = walk->place;
    struct block_context context = {.object = place.in_object ? ~0ull : 0,
                                    .rows = place.depth == walk->rows_depth ? ~0ull : 0,
                                    .row = place.in_object && place.depth == walk->rows_depth + 1 ? ~0ull
                                                                                                  : 0};
    uint64_t objects[sizeof walk->scanner->objects / sizeof *walk->scanner->objects];
    if (opening | closing) {
        memcpy(objects, walk->scanner->objects, sizeof objects);
    }
    bool fits = !(opening | closing) || walk_brackets(walk, &place, opening, closing, maps->brace, &context);
    value_ends |= closing;
    uint64_t open_object = opening & maps->brace;

    uint64_t after_value = token_after(value_ends, walk->after_value, blank) & valid;
    uint64_t wrong = ((colon | comma) & ~after_value) | ((scalars | opening) & after_value);
    uint64_t early = closing & ~after_value; /* must be the end of an empty container */

    uint64_t name_makers = open_object | (comma & context.object);
    uint64_t name_places = token_after(name_makers, walk->name_place, blank) & valid;
    uint64_t names = name_places & quote & text;
    uint64_t no_names = name_places & ~names;
    if (early | no_names) {
        uint64_t after_brace = token_after(open_object, walk->after_open_object, blank);
        uint64_t after_bracket = token_after(opening & ~maps->brace, walk->after_open_array, blank);
        wrong |= no_names & ~(closing & after_brace);
        wrong |= early & ~((after_brace & maps->brace) | (after_bracket & ~maps->brace));
    }

    /* Adding its first bit to a run of ones moves it behind the run: from a name's opening quote to its closing. */
    uint64_t sum;
    bool beyond = __builtin_add_overflow(text, names | walk->in_name, &sum);
    uint64_t name_ends = sum & quote & ~text;
    wrong |= (token_after(name_ends, walk->after_name, blank) & valid) ^ colon;
    uint64_t row_names = walk->names ? names & context.row : 0;
    bool in_string = text >> (size - 1) & 1;
    uint64_t in_name = !in_string ? 0 : size == BLOCK_SIZE ? beyond : sum >> size & 1;
    if (fits && row_names) {
        uint64_t row_ends = (text + row_names) & quote & ~text;
        bool whole = __builtin_popcountll(row_ends) == __builtin_popcountll(row_names);
        fits = whole && !(maps->backslash & (row_ends - row_names));
    }
    uint64_t row_scalars = scalars & context.rows, string_ends = quote & ~text;
    struct block_fields found = {.count = 0};
    if (fits && walk->fields) {
        unsigned cut = find_fields(walk, maps, bytes, row_names, name_ends, scalars | opening, string_ends,
                                   &found);
        fits = cut == BLOCK_SIZE && !row_scalars;
        walk->stop = cut == 0;
        walk->cut = cut % BLOCK_SIZE;
    }
    if (!fits || wrong) {
        if (opening | closing) {
            memcpy(walk->scanner->objects, objects, sizeof objects);
        }
        walk->cut = wrong ? 0 : walk->cut;
        return 0;
    }

    if (row_scalars) {
        uint64_t count = (uint64_t)__builtin_popcountll(row_scalars);
        place.rows += count;
        place.odd_rows += count;
    }
    if (walk->fields) {
        take_fields(walk, bytes, &context, &found, string_ends, primitive);
    }
    if (row_names && walk->columns) {
        tell_names(walk, bytes, row_names, name_ends);
    }
    walk->place = place;
    uint64_t solid = valid & ~blank;
    if (in_string) {
        walk->in_string = ~0ull;
        walk->in_name = in_name;
        walk->after_value = walk->after_name = walk->name_place = 0;
        walk->after_open_object = walk->after_open_array = 0;
    } else if (solid) {
        unsigned last = BLOCK_SIZE - 1 - (unsigned)__builtin_clzll(solid);
        walk->in_string = walk->in_name = 0;
        walk->after_value = value_ends >> last & 1;
        walk->after_name = name_ends >> last & 1;
        walk->name_place = name_makers >> last & 1;
        walk->after_open_object = open_object >> last & 1;
        walk->after_open_array = (opening & ~maps->brace) >> last & 1;
    }
    return size;
}

/* ---- from the grammar's state to a walk, and back --------------------------------------------------------------- */

static inline void block_enter(struct block_walk *walk, struct json_scanner *scanner)
{
    enum json_state state = scanner->state;
    const struct json_plan *plan = scanner->capture.plan;
    *walk = (struct block_walk){
        .scanner = scanner,
        .floor = scanner->names_from ? scanner->names_from : scanner->inert_from,
        .rows_depth = scanner->rows_depth ? scanner->rows_depth : UINT32_MAX,
        .names = scanner->names_from,
        .columns = scanner->names_from && plan->columns && scanner->result.rows <= NAMES_ROWS_MAX,
        .fields = scanner->names_from && plan->field_count,
        .pending = scanner->capture.field,
        .place = {scanner->depth, state_in_object(scanner), scanner->result.rows, scanner->result.odd_rows},
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
    scanner->depth = walk->place.depth;
    scanner->result.rows = walk->place.rows;
    scanner->result.odd_rows = walk->place.odd_rows;
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
    scanner->capture.field = walk->pending;
    scanner->capture.by_name = false;
    scanner->capture.node = walk->place.in_object ? 0 : scanner->capture.node_at[walk->place.depth];
    if (walk->names) {
        /* The first container below the row object, or a row that is an array, holds nothing wanted. */
        uint32_t row = walk->rows_depth + 1;
        bool odd = !(scanner->objects[row / 64] >> row % 64 & 1);
        uint32_t inert = odd ? row : row + 1;
        scanner->inert_from = scanner->depth >= inert ? inert : 0;
    }
    if (walk->columns && scanner->result.rows > NAMES_ROWS_MAX) {
        scanner->names_from = 0;
    }
    scanner->before_wanted = walk->stop;
}

static inline const uint8_t *block_read(struct json_scanner *scanner, const uint8_t *at, const uint8_t *end)
{
    struct block_walk walk;
    block_enter(&walk, scanner);
    while (end - at >= BLOCK_SIZE && !walk.stop && !(walk.columns && walk.place.rows > NAMES_ROWS_MAX)) {
        struct block_maps maps;
        block_classify(at, &maps);
        unsigned size = 0;
        walk.cut = BLOCK_SIZE;
        while (!size && walk.cut) {
            unsigned limit = walk.cut;
            walk.cut = 0;
            size = block_prove(&walk, &maps, at, limit);
        }
        if (!size) {
            break;
        }
        at += size;
    }
    block_leave(&walk);
    return at;
}

#endif
