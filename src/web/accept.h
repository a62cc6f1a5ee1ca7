/* Which format a scrape gets, by its Accept header (RFC 9110, section 12.5.1). */
#ifndef WEB_ACCEPT_H
#define WEB_ACCEPT_H

#include "metrics/exposition.h"

/* Sets format, draft and escaping of the exposition as Go's Prometheus client does: the most wanted range that names one
   of our formats in a version we have; of equally wanted ones the first; text 0.0.4 where there is none, so that everybody gets
   a page. accept: as sent, of several headers joined by a comma; NULL: none was sent.

   Unlike that client: q=0 refuses, and a q that is no weight makes its range count for nothing; a range with a wildcard
   asks for text 0.0.4 with its own weight; parameters may be quoted, and types are of any case; the escaping is that of the
   chosen range, and is told only where it was named. */
void accept_negotiate(const char *accept, struct exposition *exposition);

#endif
