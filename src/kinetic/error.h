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
    char *words;       /* the whole body as one line, for looking up what tells */
};

/* Never fails: of what cannot be read, the text itself is the message. */
void error_body_read(const char *text, size_t size, struct error_body *out);
void error_body_free(struct error_body *body);

/* The reason that the words of a body tell by themselves, at any status; REASON_NONE when they tell none. */
enum reason error_body_reason(const struct error_body *body);

/* What an answer means. */
struct verdict {
    enum reason reason;
    /* A fresh token may help: the reason's own flag, and a 401 to a bearer token that speaks of the user name
       or password (some servers say so of an expired token). */
    bool login;
    bool proves_up; /* the reason's own flag; where the row says own_words, only in a body of Kinetic's */
    char *message;  /* for people, or NULL: one line, at most ERROR_MESSAGE_MAX bytes of valid UTF-8. Not yet
                          redacted, and never cut within a word, so that redaction finds a secret whole or not at
                          all. Owned. */
    char *correlation; /* CorrelationId, or NULL. Owned. */
};

#define ERROR_MESSAGE_MAX 1024

void verdict_free(struct verdict *verdict);

/* Fills the verdict on an API call's answer: REASON_NONE for a 2xx with a body as the request wanted it. bearer: the
   request carried a bearer token. */
void error_classify(const struct request *asked, const struct answer *answer, bool bearer,
                    struct verdict *verdict);

/* The verdict on a 2xx whose JSON turned out to be an error body (body is NULL where it is none, but not what was asked
   for either): by its words, else invalid_response. why: what is wrong with it where it has no message. */
void error_classify_body(const struct error_body *body, const char *why, struct verdict *verdict);

/* An owned text for people from bytes of any kind: one line, control characters removed, what is no UTF-8 replaced by
   U+FFFD, at most maximum bytes; where it had to be cut it ends in an ellipsis in place of the word that was cut. */
char *error_line(const char *bytes, size_t size, size_t maximum);

#endif
