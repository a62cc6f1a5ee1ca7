/* One HTTP exchange as the layers above and below the network speak of it: what a probe asks (struct
   request), what came back (struct answer). Pure data; no header here knows libcurl. */
#ifndef KINETIC_EXCHANGE_H
#define KINETIC_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kinetic/reason.h"
#include "json/scanner.h"

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };
const char *http_method_name(enum http_method method);

enum exchange_purpose {
    EXCHANGE_CALL, /* an API call: gets token, API key, License, CallSettings */
    EXCHANGE_LOGIN /* asks for a token; path, headers and body come from the app server's login, not from the
                      kind */
};

enum body_form { BODY_JSON, BODY_ANY };

/* What to ask. Owned by whoever holds it; request_free frees path and body. */
struct request {
    enum exchange_purpose purpose;
    enum http_method method;
    char *path; /* below the app server's base URL, percent-encoded, with its query; no leading slash */
    const char *company; /* for API key and CallSettings; NULL if none */
    char *body;          /* NULL for none; a POST without body sends Content-Length: 0 */
    size_t body_size;
    const char *content_type;     /* of body; static or of the model */
    const char *soap_action;      /* address, without quotes, for the header SOAPAction; NULL: not sent */
    const char *accept;           /* likewise; NULL: application/json */
    enum body_form wanted;        /* BODY_JSON: a 2xx is validated as JSON, by plan, while it arrives */
    const struct json_plan *plan; /* BODY_JSON only; lives as long as the run */
    void (*row)(void *context, const struct json_row *row); /* for plans with fields; may be NULL */
    void *row_context;
    /* BODY_ANY: takes a good body as it arrives, decoded, in pieces of any size, before it is known to be whole; NULL:
       nobody does. As each good answer's body begins it is called with NULL and 0: the same request may be asked again,
       and what was taken before counts no more. */
    void (*take)(void *context, const void *bytes, size_t size);
    void *take_context;
    size_t keep;           /* bytes of a good body to keep as text (token answers); 0 for none */
    uint64_t max_response; /* bytes, decoded; what is longer is REASON_TOO_LARGE */
    bool fresh;            /* over a new connection that is closed afterwards */
};

void request_free(struct request *request); /* and zeroes it */

#define ANSWER_TEXT_MAX 65536 /* bytes of an error body that are kept and read */

/* How long the parts of an exchange took; nanoseconds, -1 where there was none. */
struct phases {
    int64_t resolve_ns, connect_ns, tls_ns; /* of a new connection only */
    int64_t processing_ns;                  /* request sent until the first byte of the answer */
    int64_t transfer_ns;                    /* first byte until the last */
};

/* What came back. Owned by the transport; lives during the call that hands it over. */
struct answer {
    enum reason
        failure; /* REASON_NONE: a whole HTTP answer came, whatever its status, or a 401, whole or not (detail
                         tells what broke it). Else only of the network: resolve connect tls timeout connection_lost invalid_response too_large internal */
    char detail[256];   /* of failure, for people: "certificate has expired", "no answer within 60s"; never a
                         secret */
    bool proxy_refused; /* with REASON_CONNECT: the proxy refused the user or password that its URL holds */
    int status;         /* HTTP status, also of a body that was cut; 0 if none came */
    struct phases phases;
    int64_t duration_ns;    /* from the transfer's start (its connection included) until its end */
    uint64_t body_bytes;    /* decoded */
    char content_type[128]; /* as sent; "" if none (or longer) */
    int64_t date_epoch;     /* the Date header, seconds; 0 if none */
    int64_t retry_after_ns; /* Retry-After, from receipt on; -1 if none */
    char location[512];     /* of a 3xx, without user, query and fragment; "" if none (or longer) */
    const struct json_result
        *json;        /* of a 2xx to a request with BODY_JSON: read to its end, good or bad; else NULL */
    const char *text; /* body of an answer that is no 2xx, or what request.keep asked for; "" if none;
                         NUL-terminated */
    size_t text_size;
    bool text_cut;                    /* there was more than was kept */
    bool new_connection;              /* a connection was opened for it */
    bool resent;                      /* a kept connection had died; the GET was repeated over a fresh one */
    bool sent;                        /* the request went out, so the server may still be working on it */
    int64_t certificate_expiry_epoch; /* earliest notAfter of the chain seen in this exchange; 0: no new
                                         handshake */
    int64_t client_certificate_expiry_epoch; /* of the one that we showed, as above; 0: no new connection, or
                                                none is configured */
};

#endif
