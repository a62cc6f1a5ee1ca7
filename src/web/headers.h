/* The headers of a request, taken one by one as they come: the values that somebody reads, and what the headers say of the
   message itself. Pure of any HTTP library. */
#ifndef WEB_HEADERS_H
#define WEB_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

enum header_id {
    HEADER_ACCEPT,
    HEADER_ACCEPT_ENCODING,
    HEADER_AUTHORIZATION,
    HEADER_HOST,
    HEADER_ORIGIN,
    HEADER_FETCH_SITE, /* Sec-Fetch-Site */
};
#define HEADER_COUNT 6

struct headers {
    char *texts[HEADER_COUNT]; /* the values of one name, joined by commas (RFC 9110, 5.3); NULL: absent */
    bool by_proxy;             /* a proxy writes of whom it speaks for */
    bool has_body;
    bool wrong;            /* the message is none of RFC 9112; see headers_add */
    size_t hosts, lengths; /* how often they came */
};

/* Adds to what is all zero at first. value NULL is "". It goes wrong with a name that is no token (RFC 9112, 5.1): "Content-Length : 5"
   would be no length to us, and one to a proxy; with more than one Host (3.2); and with a length that is not of digits alone,
   or more than one (6.3): of two, a proxy could take the other one. */
void headers_add(struct headers *headers, const char *name, const char *value);
/* Wipes what may be a secret. */
void headers_free(struct headers *headers);

#endif
