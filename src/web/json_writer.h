/* Writes JSON (RFC 8259) into a buffer as it goes: nothing of it is held. The caller nests rightly. What is written is
   UTF-8 and can stand in HTML too: & < > are escaped beside what must be, and U+2028 and U+2029, which are ends of lines
   in old JavaScript; bytes that are no UTF-8 become U+FFFD. */
#ifndef WEB_JSON_WRITER_H
#define WEB_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct json_writer {
    struct buffer *out;
    bool comma; /* a value stands before at this level */
};

/* bracket: '{' or '['; then '}' or ']'. */
void json_open(struct json_writer *writer, char bracket);
void json_close(struct json_writer *writer, char bracket);

/* The name of the next value; plain ASCII without anything to escape, and a suffix behind it ("" for none). */
void json_name(struct json_writer *writer, const char *name, const char *suffix);

void json_text(struct json_writer *writer, const char *text); /* NULL: null */
void json_bool(struct json_writer *writer, bool value);
void json_null(struct json_writer *writer);
/* What is no finite number becomes null: JSON has none. */
void json_number(struct json_writer *writer, double number);
void json_integer(struct json_writer *writer, int64_t number);
/* Thousandths, exactly: 1767225600123 is 1767225600.123. */
void json_thousandths(struct json_writer *writer, int64_t number);
void json_millionths(struct json_writer *writer, int64_t number);
/* Nanoseconds since 1970 as RFC 3339 in UTC, to the millisecond. */
void json_time(struct json_writer *writer, int64_t wall_ns);

#endif
