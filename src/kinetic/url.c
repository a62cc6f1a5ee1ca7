#include "kinetic/url.h"

#include <string.h>

/* RFC 3986 §2.3, without isalnum(), which asks the locale. */
static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

bool url_encode(struct buffer *out, struct span text, const char *keep)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (is_unreserved(c) || (c != '\0' && keep != NULL && strchr(keep, c) != NULL)) {
            buffer_byte(out, (char)c);
        } else {
            char encoded[3] = {'%', digits[c >> 4], digits[c & 15]};
            buffer_append(out, encoded, sizeof encoded);
        }
    }
    return !out->failed;
}

bool url_add_query(struct buffer *out, const char *name, const char *value)
{
    bool first = out->size == 0 || memchr(out->data, '?', out->size) == NULL;
    buffer_byte(out, first ? '?' : '&');
    url_encode(out, span_of(name), "$@");
    buffer_byte(out, '=');
    /* Left encoded although a query may hold them: + (read as a blank by form decoders), & = ; (separators),
       and ? for the sake of log readers that split at the last one. */
    url_encode(out, span_of(value), "$'()*,:@/!");
    return !out->failed;
}
