/* The query of a request target: NAME=VALUE&NAME=VALUE, as forms encode it (WHATWG URL,
   application/x-www-form-urlencoded): percent-encoded bytes, + for a blank. */
#ifndef WEB_QUERY_H
#define WEB_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#define QUERY_SIZE_MAX  ((size_t)16 << 10) /* bytes as sent */
#define QUERY_PAIRS_MAX 150                /* of some 200 libmicrohttpd makes no request any more */

struct query_pair {
    const char *name, *value; /* decoded, any bytes but NUL; value "" where there is no = */
};

struct query {
    struct query_pair *pairs; /* in the order in which they were sent */
    size_t count;
    char *text; /* what they point into */
};

/* Reads what stands behind the ?; empty pairs (&&) are left out. False when it is longer or has more pairs than above, or
   holds a % without two hexadecimal digits behind it, or an encoded NUL: out is not written then. */
bool query_read(struct query *out, const char *raw);
void query_free(struct query *query);

/* What is answered with 400 where query_read returns false. */
extern const char query_unreadable[];

/* The value of the first pair with that name; NULL when there is none. */
const char *query_value(const struct query *query, const char *name);

#endif
