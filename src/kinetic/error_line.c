/* Bytes of any kind as one line for people. */
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "kinetic/error.h"

#define ELLIPSIS    "\xe2\x80\xa6"
#define REPLACEMENT "\xef\xbf\xbd"

static bool is_blank(uint32_t code)
{
    return code == ' ' || (code >= 0x09 && code <= 0x0d) || code == 0x85 || code == 0xa0 || code == 0x2028 ||
           code == 0x2029;
}

/* Control characters, and those that turn the direction of the text around them. */
static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

char *error_line(const char *bytes, size_t size, size_t maximum)
{
    struct buffer out;
    buffer_init(&out, maximum);
    size_t room_for_words = maximum - strlen(ELLIPSIS);
    size_t whole = 0; /* size of out up to the end of the last whole word before which an ellipsis has room */
    bool blank = false;
    for (size_t at = 0; at < size;) {
        size_t length = text_utf8_size(bytes + at, size - at);
        const char *piece = length == 0 ? REPLACEMENT : bytes + at;
        size_t piece_size = length == 0 ? strlen(REPLACEMENT) : length;
        at += length == 0 ? 1 : length;
        uint32_t code = text_code_point(piece, piece_size);
        if (is_blank(code)) {
            blank = out.size > 0;
            if (out.size <= room_for_words)
                whole = out.size;
            continue;
        }
        if (is_control(code))
            continue;
        if (out.size + (blank ? 1 : 0) + piece_size > maximum) {
            if (whole > 0)
                out.data[whole] = '\0';
            out.size = whole;
            buffer_text(&out, ELLIPSIS);
            return buffer_take(&out);
        }
        if (blank)
            buffer_byte(&out, ' ');
        blank = false;
        buffer_append(&out, piece, piece_size);
        /* Scripts without blanks may be cut between any two characters; a secret is ASCII. */
        if (piece_size > 1 && out.size <= room_for_words)
            whole = out.size;
    }
    return buffer_take(&out);
}
