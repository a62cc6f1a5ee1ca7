/* What the parts of the scanner share; private to this folder, its tests and its benchmark.

   Two roads lead through a text. The *grammar* (grammar.c) goes byte by byte, knows every rule, finds the exact place
   of an error and does all the taking out. The *block* roads (block.h) only ever prove that the next bytes are valid
   and hold nothing that is wanted, many bytes at a time; what they cannot prove they leave to the grammar. So a
   block road may be timid but never wrong, and the grammar alone is the whole scanner. */
#ifndef JSON_STATE_H
#define JSON_STATE_H

#include "json/capture.h"
#include "json/scanner.h"

enum json_state {
    /* between tokens */
    STATE_VALUE,        /* a value must come */
    STATE_VALUE_OR_END, /* after [ */
    STATE_KEY,          /* after , in an object */
    STATE_KEY_OR_END,   /* after { */
    STATE_COLON,        /* after a key */
    STATE_AFTER,        /* after a value */
    STATE_BETWEEN_LAST = STATE_AFTER,
    /* in a string */
    STATE_STRING,
    STATE_ESCAPE,
    STATE_HEX,
    STATE_CONTINUATION, /* inside a UTF-8 character */
    /* in a number: what was read last */
    STATE_MINUS,
    STATE_ZERO,
    STATE_INTEGER,
    STATE_DOT,
    STATE_FRACTION,
    STATE_E,
    STATE_E_SIGN,
    STATE_EXPONENT,
    /* elsewhere */
    STATE_WORD,
    STATE_START, /* nothing read yet: a byte order mark may come */
    STATE_MARK,  /* inside a byte order mark */
};

/* A block can begin many rows; so near the last row whose names are wanted the grammar reads. */
enum { NAMES_ROWS_MAX = JSON_COLUMN_ROWS_MAX - 64 };

enum json_road {
    JSON_ROAD_BYTES,    /* the grammar alone */
    JSON_ROAD_PORTABLE, /* with the portable blocks */
    JSON_ROAD_AVX2,
};

struct json_scanner {
    json_row_visitor *visitor;
    void *context;
    enum json_road road;
    enum json_state state;
    bool in_key; /* the string being read is a member's name */

    uint32_t depth; /* containers open */
    uint64_t objects[JSON_DEPTH_MAX / 64 +
                     1]; /* bit d: the container at depth d (the outermost is 1) is an object */
    uint32_t inert_from; /* this container and all inside hold nothing wanted; 0: no such */
    /* Of this rows array and all inside only names of rows, and fields, are wanted; 0: no such. */
    uint32_t names_from;
    bool before_wanted;  /* a block road ended before a value that the grammar has to take out */
    uint32_t rows_depth; /* depth of the rows array we are in; 0: in none */

    uint32_t continuation_left; /* STATE_CONTINUATION: bytes, and bounds of the next one */
    uint8_t continuation_low, continuation_high;
    uint32_t hex, hex_left, high_surrogate; /* STATE_HEX; a first half that waits for its second, or 0 */
    const char *word;                       /* STATE_WORD: what must still come */
    enum json_kind kind;                    /* of the scalar being read */

    uint64_t read; /* bytes of the chunks before this one */
    bool finished;
    struct capture capture;
    struct json_result result;
};

static inline bool state_in_object(const struct json_scanner *scanner)
{
    return scanner->objects[scanner->depth / 64] >> scanner->depth % 64 & 1;
}

/* May a block road go on from here, if it is between tokens or in a string? Not in a string that is kept, nor with
   fields in one that is a row: its end is to be told. */
static inline bool state_allows_blocks(const struct json_scanner *scanner)
{
    const struct capture *capture = &scanner->capture;
    bool is_row = capture->plan->field_count && scanner->depth == scanner->rows_depth;
    return (scanner->inert_from || scanner->names_from) && !capture->sink &&
           !(is_row && scanner->state == STATE_STRING);
}

/* Reads bytes until end, an error (then it returns NULL and the result has it), or, from resume on, a place between
   tokens where nothing inside the innermost container is wanted. Returns how far it came. */
const uint8_t *grammar_read(struct json_scanner *scanner, const uint8_t *bytes, const uint8_t *end,
                            const uint8_t *resume);

/* A row has ended: hands out its fields. number: 0 for the first. */
static inline void state_visit_row(const struct json_scanner *scanner, uint64_t number, enum json_kind kind)
{
    const struct capture *capture = &scanner->capture;
    struct json_row row = {
        .number = number, .kind = kind, .fields = capture->fields, .field_count = capture->plan->field_count};
    scanner->visitor(scanner->context, &row);
}

/* Ends the value that the end of the text ends: a number at the root. */
void grammar_finish(struct json_scanner *scanner);

/* The road a new scanner takes: the fastest this machine has. Tests and the benchmark choose another. */
enum json_road json_road_best(void);
void json_scanner_take_road(struct json_scanner *scanner, enum json_road road);

#endif
