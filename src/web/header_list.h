/* Headers that are lists: items by commas, each with parameters, quoted strings among them (RFC 9110, 5.6). Spans lie in the
   header's own text, blanks around them taken off. What is malformed never ends the list: the walk goes on behind it. */
#ifndef WEB_HEADER_LIST_H
#define WEB_HEADER_LIST_H

#include <stdbool.h>

#include "base/text.h"

struct header_item {
    struct span value;      /* in front of the first semicolon; never empty */
    struct span parameters; /* behind it */
};

struct header_parameter {
    struct span name;  /* may be empty */
    struct span value; /* without the quotes around it, its backslashes kept */
    bool quoted;
    bool has_value; /* there is an equals sign */
};

/* The next item; empty ones are passed over. False when nothing is left. *rest is moved behind it. */
bool header_list_next(struct span *rest, struct header_item *item);
/* The same for the parameters of an item. */
bool header_parameter_next(struct span *rest, struct header_parameter *parameter);
/* Whether the value says this; backslashes of a quoted one taken off. The case of letters matters. */
bool header_parameter_is(const struct header_parameter *parameter, const char *text);

/* The weight among the parameters, in thousandths, 1000 where there is none (RFC 9110, 12.4.2); any number of decimals is
   read, and what is above 0 is at least 1. False: it is none. */
bool header_quality(struct span parameters, int *thousandths);

#endif
