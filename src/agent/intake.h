/* What becomes of an answer's body while it arrives: a good one goes into the JSON scanner, or is kept as far as the
   request asked; of a bad one a bounded text is kept. Memory is constant whatever the server sends. */
#ifndef AGENT_INTAKE_H
#define AGENT_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kinetic/exchange.h"
#include "json/scanner.h"

/* How much of a bad answer's body is read for the connection's sake beyond the text that is kept. */
#define INTAKE_ABANDON_BYTES (4 * ANSWER_TEXT_MAX)

struct intake {
    const struct request *request;
    struct json_scanner *scanner; /* a good answer of BODY_JSON */
    const struct json_result *json;
    char *text; /* NULL until something is kept; may be secret (tokens), so it is wiped */
    size_t text_size, text_capacity;
    bool begun, good, text_cut;
    uint64_t bytes;
};

enum intake_verdict {
    INTAKE_MORE,
    INTAKE_TOO_LARGE, /* beyond the request's max_response */
    INTAKE_NOT_JSON,  /* certainly no JSON: the rest changes nothing */
    INTAKE_ENOUGH     /* of a bad answer: what is kept is kept, the rest is not worth reading */
};

void intake_init(struct intake *intake, const struct request *request);

/* Takes decoded bytes. announced: the answer's Content-Length if its body is not encoded, else -1. */
enum intake_verdict intake_take(struct intake *intake, int status, int64_t announced, const void *bytes,
                                size_t size);

/* The body has ended well: intake->json is set for a good answer to a request for JSON. */
void intake_finish(struct intake *intake, int status);

/* Wipes, frees, and makes it ready for another attempt of the same request. */
void intake_reset(struct intake *intake);

#endif
