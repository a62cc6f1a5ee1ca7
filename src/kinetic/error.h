/* From an answer to its reason: the text of the answer decides first, at any status of 400 or more, then the
   status (contract, "Reasons"; facts §3, §5.4, §9). */
#ifndef KINETIC_ERROR_H
#define KINETIC_ERROR_H

#include "kinetic/exchange.h"

enum error_form {
    ERROR_EMPTY,
    ERROR_EPICOR_JSON,
    ERROR_EPICOR_XML,
    ERROR_ODATA, /* v4 and v3 */
    ERROR_OAUTH,
    ERROR_HTML,
    ERROR_OTHER
};

/* What an error body says, whichever form it has. Owned texts; NULL where there is none. */
struct error_body {
    enum error_form form;
    char *message;     /* ErrorMessage, error.message, error_description, title of an HTML page ... */
    char *type;        /* ErrorType, error code */
    char *correlation; /* CorrelationId */
};

/* Never fails: of what cannot be read, the text itself is the message. */
void error_body_read(const char *text, size_t size, struct error_body *out);
void error_body_free(struct error_body *body);

/* The reason of an API call's answer; REASON_NONE for a 2xx with a body as wanted. *message and *correlation
   get owned texts for people (or NULL): one line, at most 1,024 bytes of valid UTF-8, not yet redacted.
   bearer: the request carried a bearer token. */
enum reason error_classify(const struct request *asked, const struct answer *answer, bool bearer,
                           char **message, char **correlation);

#endif
