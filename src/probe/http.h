/* The settings of kind http, and their checks; known to http.c and http_check.c. */
#ifndef PROBE_HTTP_H
#define PROBE_HTTP_H

#include "probe/kind.h"

enum http_way { HTTP_WAY_GET, HTTP_WAY_HEAD, HTTP_WAY_POST };

struct http_settings {
    char *path;
    struct pair_list param;
    int http_method;       /* enum http_way */
    char *content_type;    /* NULL: by the body */
    char *body;            /* NULL: none */
    int64_t expect_status; /* 0: any good one */
    char *expect_text;     /* NULL: whatever it says */
    struct pair_list expect;
};

void http_check(const struct probe_settings *probe, struct fault_list *faults);

/* Path and query, percent-encoded, parameters and their dates filled in; NULL: longer than any bound. */
char *http_url(const struct http_settings *settings, const struct zone *zone, struct moment now);

/* Of the body: the configured one, or what its first character tells; NULL where that tells nothing. Lives as long as the
   settings. */
const char *http_content_type(const struct http_settings *settings);

#endif
