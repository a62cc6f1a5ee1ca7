/* Whether a request that changes something may come from where a browser says that it comes from (RFC 6454; Fetch Metadata). */
#ifndef WEB_ORIGIN_H
#define WEB_ORIGIN_H

#include <stdbool.h>

/* False: a page of another site had it sent, or one that hides where it is from. Without both headers (origin, and
   Sec-Fetch-Site as fetch_site) no browser sent it, and no page. tls: the connection itself is HTTPS; where it is not, https
   is taken for that of a proxy in front of us. external_url: a URL whose origin is ours too, whatever Host the proxy sends;
   NULL: none. NULL: the header is absent. */
bool origin_is_own(const char *origin, const char *fetch_site, const char *host, bool tls,
                   const char *external_url);

/* Does Host name this machine by itself, an address or localhost, or is it absent (NULL)? A page of another site reaches a
   loopback listener under a name of its own, which it lets resolve to 127.0.0.1 (DNS rebinding): its Origin and Host agree. */
bool host_is_local(const char *host);

#endif
