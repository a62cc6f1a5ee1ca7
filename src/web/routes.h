/* The table of routes, and what answers a request: pure of any HTTP library. */
#ifndef WEB_ROUTES_H
#define WEB_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "report/report.h"

struct web_request {
    const char *method; /* as sent */
    const char *path;   /* as sent: nothing is decoded, so a path has one spelling */
    bool has_body;
    bool malformed; /* the request line or a header is none of RFC 9112 */
    bool
        trusted; /* may read the server's own words: a loopback peer, and no proxy speaks for somebody else */
    struct moment now;
    struct report *report;
    const char *version;
    const char *telemetry_path;
    bool others_wait; /* answers to others are held at the moment: what does not fit now may fit later */
};

struct web_answer {
    int status;
    const char *content_type;
    const char *content_policy; /* Content-Security-Policy */
    const char *allow;          /* 405: the methods; else NULL */
    bool retry;                 /* 503: say so with Retry-After */
    bool close;                 /* the connection cannot be kept */
    struct buffer body;         /* initialised by the caller, with the room that there is */
};

/* Fills the answer. Returns the path of the route for epicor_exporter_http_requests_total, or "other"; it lives as long
   as telemetry_path. */
const char *routes_answer(const struct web_request *request, struct web_answer *answer);

#endif
