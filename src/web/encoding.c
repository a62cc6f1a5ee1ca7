#include "web/encoding.h"

#include <stddef.h>

#include "web/header_list.h"

enum { UNNAMED = -1 };

bool encoding_takes_gzip(const char *accept_encoding)
{
    struct span rest = span_of(accept_encoding != NULL ? accept_encoding : "");
    int gzip = UNNAMED, identity = UNNAMED, any = UNNAMED;
    struct header_item item;

    while (header_list_next(&rest, &item)) {
        int weight;
        if (!header_quality(item.parameters, &weight))
            continue;
        if (span_is_nocase(item.value, "gzip") || span_is_nocase(item.value, "x-gzip"))
            gzip = weight > gzip ? weight : gzip;
        else if (span_is_nocase(item.value, "identity"))
            identity = weight;
        else if (span_is(item.value, "*"))
            any = weight;
    }
    if (gzip == UNNAMED)
        gzip = any;
    return gzip > 0 && gzip >= identity;
}
