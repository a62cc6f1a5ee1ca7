/* A request and its answer, as the routes see them: pure of any HTTP library. */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "report/report.h"

struct former;
struct later;
struct later_post;
struct web_worker;

struct web_request {
    const char *method; /* as sent */
    const char *path;   /* as sent: nothing is decoded, so a path has one spelling */
    const char *query;  /* behind the ?, as sent; "" where there is none */
    bool has_body;
    bool malformed; /* the request line or a header is none of RFC 9112 */
    /* May read the server's own words, the configuration, and reload: let in by one of the ways to authenticate; where none is
       configured, a loopback peer for whom no proxy speaks, and who calls this machine by an address or localhost. */
    bool trusted;
    struct moment now;
    struct report *report;
    const char *version;
    const char *telemetry_path;
    bool others_wait; /* answers to others are held at the moment: what does not fit now may fit later */
    /* Headers as sent (of several of one name, joined by a comma); NULL: absent. */
    const char *accept, *origin, *host;
    const char *fetch_site; /* Sec-Fetch-Site */
    bool tls;               /* the connection itself is HTTPS */
    /* What an earlier pass of the same request waited for said, with LATER_VERDICT; NULL: this is the first pass. */
    const char *verdict;
    struct later_post *post;     /* for later_new */
    struct web_worker *worker;   /* for what would hold up the web thread */
    const struct former *former; /* for pages that would; NULL: all are formed at once */
};

struct web_answer {
    int status;
    const char *content_type;
    const char *content_policy; /* Content-Security-Policy */
    const char *allow;          /* 405: the methods; else NULL */
    const char *challenges[2];  /* 401: each a WWW-Authenticate; NULL behind the last */
    bool retry;                 /* 503: say so with Retry-After */
    bool close;                 /* the connection cannot be kept */
    bool compressible;          /* worth compressing for who accepts it */
    bool negotiated;            /* depends on Accept */
    struct buffer body;         /* initialised by the caller, with the room that there is */
    struct later *later; /* the answer comes later (web/later.h): nothing else of this is read; else NULL */
    bool formed;         /* later comes its body, by web/formation.h: the rest of this is kept for then */
};

#endif
