/* Which content coding a client takes, by its Accept-Encoding (RFC 9110, 12.5.3). */
#ifndef WEB_ENCODING_H
#define WEB_ENCODING_H

#include <stdbool.h>

/* Whether to send the body as gzip: named (x-gzip is the same, RFC 9110, 8.4.1.3) or meant by *, with a weight above 0 and
   not below the one that identity has. NULL: no such header, no gzip. One who refuses both gets the body as it is: an answer that
   may be of no use is better than none. */
bool encoding_takes_gzip(const char *accept_encoding);

#endif
