/* A streaming JSON scanner: validates a text by RFC 8259 in chunks of any size and in constant memory, counts
   the elements of one array ("the rows"), and takes out what a plan names. It builds no tree.

   Accepted beyond the letter of the RFC, as its section 9 allows: a byte order mark before the text; an
   escaped surrogate without its partner, which becomes U+FFFD. Refused although the grammar has no limit:
   nesting deeper than JSON_DEPTH_MAX. Nothing else is accepted or refused that the grammar does not. */
#ifndef JSON_SCANNER_H
#define JSON_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX        512         /* objects and arrays open at once */
#define JSON_COLUMN_ROWS_MAX  1000        /* rows whose names are looked at for the column set */
#define JSON_COLUMNS_MAX      4096        /* distinct names kept of them */
#define JSON_COLUMN_BYTES_MAX (64 * 1024) /* bytes of all names together */
#define JSON_COLUMN_NAME_MAX  512         /* bytes of one name; a longer one is not kept, and flagged */

enum json_kind {
    JSON_ABSENT,
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_OBJECT,
    JSON_ARRAY,
};

/* The kind as one word for people: "absent", "null", "a number" and so on. */
const char *json_kind_text(enum json_kind kind);

/* One value taken out. Its bytes belong to the scanner. */
struct json_value {
    enum json_kind kind;
    bool
        overlong; /* there was more than the plan's text_max: text is its beginning, never half a character */
    const char
        *text;   /* a number: its source text, to the digit. A string: decoded UTF-8. Else "". Never NULL */
    size_t size; /* bytes of text; a NUL follows them. A string may hold U+0000 itself */
};

/* The way from the root to a value: names of members, outermost first. An array on the way is looked through:
   each of its elements is searched (facts, section 9 row 30: returnObj is an object here, an array there). */
struct json_path {
    const char *const *names; /* UTF-8 */
    size_t depth;             /* number of names; 0 is the root itself */
};

/* Splits what a user writes: a dot goes deeper, "\." is a dot inside a name (@odata\.count), "\\" a
   backslash;
   "" is the root. Returns false, and leaves path alone, when a step is empty or a backslash stands before
   anything else. The caller frees with json_path_free(). */
bool json_path_split(struct json_path *path, const char *dotted);
void json_path_free(struct json_path *path);

/* What to take out while reading. Immutable; may be shared by scanners and threads; it and all it points to
   are the caller's and outlive the scanner. All zero is a plan: validate only. */
struct json_plan {
    const struct json_path *rows;    /* the array whose elements are the rows; NULL: there are none */
    const struct json_path *members; /* values to capture; each at least one name deep */
    size_t member_count;
    const char *const *fields; /* members of a row object to hand out */
    size_t field_count;
    bool columns; /* collect the names of the row objects' members; of the root object's when rows is NULL */
    size_t text_max; /* bytes kept of one captured value or field */
};

/* One row, valid during the call. It is handed out before the rest of the text is known to be valid: what is
   made of it counts only when the result says JSON_FINE. */
struct json_row {
    uint64_t number;                 /* 0 for the first */
    enum json_kind kind;             /* JSON_OBJECT, or what it is instead; then all fields are absent */
    const struct json_value *fields; /* as in the plan; of a name that occurs twice the last wins */
    size_t field_count;
};

typedef void json_row_visitor(void *context, const struct json_row *row);

enum json_error {
    JSON_FINE,
    JSON_EMPTY,      /* nothing but white space */
    JSON_TRUNCATED,  /* valid so far, ended in the middle */
    JSON_UNEXPECTED, /* a character that cannot stand there */
    JSON_TRAILING,   /* something after the end of the value */
    JSON_CONTROL,    /* a control character in a string */
    JSON_ESCAPE,     /* an escape that does not exist */
    JSON_UTF8,       /* bytes in a string that are not UTF-8 */
    JSON_DIGITS,     /* a malformed number */
    JSON_WORD,       /* something like true, false or null that is none of them */
    JSON_DEEP,       /* nested deeper than JSON_DEPTH_MAX */
};

struct json_columns {
    size_t count;             /* distinct names kept; a U+0000 in a name is kept as U+FFFD */
    const char *const *names; /* in order of first appearance */
    bool
        incomplete; /* a bound above left out a name of the rows looked at (the first JSON_COLUMN_ROWS_MAX) */
};

struct json_result {
    enum json_error error;
    uint64_t offset;     /* error: of the first byte that is wrong, from 0; else the bytes read */
    char sentence[96];   /* error: for people, "byte 1234: a control character in a string"; else "" */
    enum json_kind root; /* JSON_ABSENT when the text was empty or did not begin like a value */
    /* What was found at plan->rows: JSON_ARRAY, also an empty one; JSON_ABSENT; or what it is instead. */
    enum json_kind rows_kind;
    uint64_t rows;                    /* elements of that array (of all, if there are several at that path) */
    uint64_t odd_rows;                /* those of them that are not objects */
    const struct json_value *members; /* as in the plan; of several values at a path the last wins */
    size_t member_count;
    struct json_columns columns;
};

struct json_scanner;

/* Makes a scanner. visitor is called at the end of each row when the plan has fields; it may be NULL when it
   has none. Never NULL; the caller frees. */
struct json_scanner *json_scanner_new(const struct json_plan *plan, json_row_visitor *visitor, void *context);

/* Reads on. Returns false as soon as it is certain that the text is invalid; more may be fed and is ignored.
 */
bool json_scanner_feed(struct json_scanner *scanner, const void *bytes, size_t size);

/* The text ends here. The result, and all it points to, lives as long as the scanner. After an error it holds
   what was found before it. */
const struct json_result *json_scanner_finish(struct json_scanner *scanner);

/* May be NULL. */
void json_scanner_free(struct json_scanner *scanner);

#endif
