/* Whether a request that changes something may come from where a browser says that it comes from (RFC 6454; Fetch Metadata). */
#ifndef WEB_ORIGIN_H
#define WEB_ORIGIN_H

#include <stdbool.h>

/* False: a page of another site had it sent, or one that hides where it is from. Without both headers (origin, and
   Sec-Fetch-Site as fetch_site) no browser sent it, and no page. tls: the connection itself is HTTPS; where it is not, https
   is taken for that of a proxy in front of us. NULL: the header is absent. */
bool origin_is_own(const char *origin, const char *fetch_site, const char *host, bool tls);

#endif
