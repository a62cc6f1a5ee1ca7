/* Paths of the API below an app server's base URL (facts §5, §6), and percent-encoding (RFC 3986). */
#ifndef KINETIC_URL_H
#define KINETIC_URL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/text.h"

/* Appends text with all but RFC 3986's unreserved characters percent-encoded; keep names further characters
 * that stay. */
bool url_encode(struct buffer *out, struct span text, const char *keep);

/* Appends "?name=value" or "&name=value", both encoded. '$' of an OData option's name stays as it is; so do
   the characters of the value that a query may hold and no decoder mistakes (RFC 3986 §3.4). */
bool url_add_query(struct buffer *out, const char *name, const char *value);

#endif
