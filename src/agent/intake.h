/* What becomes of an answer's body while it arrives: a good one goes into the JSON scanner, or is kept as far as the
   request asked; of a bad one a bounded text is kept. Memory is constant whatever the server sends. */
#ifndef AGENT_INTAKE_H
#define AGENT_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/gunzip.h"
#include "agent/head.h"
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
    struct gunzip *gunzip; /* of a body that is compressed */
    bool begun, good, text_cut;
    uint64_t bytes; /* decoded */
};

enum intake_verdict {
    INTAKE_MORE,
    INTAKE_WAITS,     /* the share is used up, and more of what was given is to be taken by intake_go_on */
    INTAKE_TOO_LARGE, /* beyond the request's max_response */
    INTAKE_MISCODED,  /* not coded as its head says, or in a coding that nobody asked for */
    INTAKE_NOT_JSON,  /* certainly no JSON: the rest changes nothing */
    INTAKE_ENOUGH     /* of a bad answer: what is kept is kept, the rest is not worth reading */
};

void intake_init(struct intake *intake, const struct request *request);

/* Takes the next bytes of the body, after all before have been taken, and lowers *share by what they are decoded (to 0 at least).
   Only of a compressed body some may have to wait. */
enum intake_verdict intake_take(struct intake *intake, const struct head *head, const void *bytes,
                                size_t size, size_t *share);
enum intake_verdict intake_go_on(struct intake *intake, const struct head *head, size_t *share);

/* Whether the body may end here: a compressed one only at the end of its data. */
bool intake_whole(const struct intake *intake);

/* The body has ended well: intake->json is set for a good answer to a request for JSON. */
void intake_finish(struct intake *intake, int status);

/* Wipes, frees, and makes it ready for another attempt of the same request. */
void intake_reset(struct intake *intake);

#endif
