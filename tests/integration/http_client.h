/* libcurl as the tests of the simulator use it: one request, its whole answer. */
#ifndef INTEGRATION_HTTP_CLIENT_H
#define INTEGRATION_HTTP_CLIENT_H

#include "simulator/simulator.h"

#include <curl/curl.h>

struct http_answer {
    CURLcode code;
    long status;
    char *body, *head;
    size_t size, head_size;
    double seconds;
};

struct http_request {
    const char *path; /* below the base; one that begins with "http" is the whole URL */
    const char *method, *body;
    const char
        *headers[8]; /* NULL-ended; "Accept: application/json" is always sent unless one begins with Accept */
    const char *ca_file;
    bool gzip;
    long timeout_ms;
};

/* To be freed by http_answer_free(). */
struct http_answer http_ask(struct simulator *server, const struct http_request *request);
void http_answer_free(struct http_answer *answer);
/* For CURLOPT_WRITEFUNCTION with a struct http_answer. */
size_t http_body_keep(char *data, size_t unit, size_t count, void *context);
/* What came with this status has all these texts; the list ends with NULL, and may be NULL. */
void http_expect(struct simulator *server, const struct http_request *request, long status,
                 const char *const *texts);
/* "Authorization: Bearer ..." of a new token of TokenResource.svc, allocated. */
char *http_bearer(struct simulator *server);

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define USER       "username: epicor-monitor", "password: demo-password"
#define BASIC      "Authorization: Basic ZXBpY29yLW1vbml0b3I6ZGVtby1wYXNzd29yZA=="
#define KEY        "x-api-key: demo-api-key"

#endif
