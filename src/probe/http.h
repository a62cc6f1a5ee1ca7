/* The settings of kind http, and their checks; known to http.c, http_check.c and http_guard.c. */
#ifndef PROBE_HTTP_H
#define PROBE_HTTP_H

#include "probe/kind.h"

enum http_way { HTTP_WAY_GET, HTTP_WAY_HEAD, HTTP_WAY_POST };

struct http_settings {
    char *path;
    struct pair_list param;
    int http_method;       /* enum http_way */
    char *content_type;    /* NULL: by the body */
    char *soap_action;     /* NULL: not sent */
    char *body;            /* NULL: none */
    int64_t expect_status; /* 0: any good one */
    char *expect_text;     /* NULL: whatever it says */
    struct pair_list expect;
};

void http_check(const struct probe_settings *probe, struct fault_list *faults);

/* What path (decoded, without its query), the query and the options call and take; what the body of a POST calls. Known to
   http_guard.c and http_check.c. */
void http_guard_path(const struct probe_settings *probe, const struct http_settings *settings,
                     const char *decoded, struct fault_list *faults);
void http_guard_call(const struct probe_settings *probe, const struct http_settings *settings,
                     struct fault_list *faults);

/* The text without percent-encoding, as a server may come to see it; NULL where a % has no two digits behind it, or stands for
   a NUL. Owned. */
char *http_decode(const char *text, size_t size);

/* Path and query, percent-encoded, parameters and their dates filled in; NULL: longer than any bound. */
char *http_url(const struct http_settings *settings, const struct zone *zone, struct moment now);

/* Of the body: the configured one, or what its first character tells; NULL where that tells nothing. Lives as long as the
   settings. */
const char *http_content_type(const struct http_settings *settings);

#endif
