/* A kind of probe: one file and one row. A kind is pure: it is handed the time, says what to ask, and is
   handed the answer. It cannot start timers, make series or see the network. */
#ifndef PROBE_KIND_H
#define PROBE_KIND_H

#include "base/clock.h"
#include "config/model.h"
#include "kinetic/error.h"
#include "kinetic/exchange.h"
#include "probe/drift.h"
#include "probe/finding.h"
#include "probe/value.h"

/* One run of a target, as its kind sees it. */
struct probe_run {
    const struct target_settings *target;
    struct moment now; /* when the run began */
    void *state;       /* probe_kind.state_size bytes, zeroed at the run's begin */
    uint64_t bytes;    /* of all bodies so far, decoded; probe_step counts them */
};

/* What a run found out, by value; probe_result_free frees what it points to. */
struct probe_result {
    enum reason reason; /* REASON_NONE: success */
    bool login; /* a fresh token may help (kinetic/error.h); the same request may then be asked again */
    /* The answer proves that the app server works, and the login that the call carried. True for a success, unless it is a
       status that was asked for and that any web server may give: that tells nothing either way. True for invalid_response
       too where rows came and something in them is not as wanted. */
    bool proves_up;
    char *
        message; /* the server's own words, also of a success, or what was not as wanted; NULL if none. Not yet redacted */
    char *correlation; /* CorrelationId of Kinetic's error body; NULL if none */
    int status;        /* of the last answer; 0 if none */
    uint64_t bytes;    /* of all its bodies, decoded */
    bool has_rows;     /* the answer was read to its end */
    uint64_t rows;
    bool has_truncated; /* rows = all only */
    bool truncated;
    /* Columns or output fields, compared from run to run (probe/drift.h); NULL: there were none, as where no row came. */
    struct name_set *names;
    /* What was read out of the answers. has_findings: the reading is whole, and what it does not hold is no more; else
       findings is empty and the last ones stand until they grow old. */
    bool has_findings;
    struct findings findings;
};

void probe_result_free(struct probe_result *result);

/* Bounds that are told to rules; those of rows are judged by the kind. */
struct probe_limits {
    struct optional_number rows_min, rows_max;
    struct optional_number rows_deviation; /* a ratio: 0.5 for 50% */
};

enum probe_next { PROBE_ASK, PROBE_DONE };

struct probe_kind {
    struct config_kind config;
    size_t state_size;
    /* Fills the first request (zeroed before). */
    void (*begin)(struct probe_run *run, struct request *request);
    /* Reads a good answer (2xx, body as wanted by the request). PROBE_ASK: *request (zeroed before) is the
       next one; PROBE_DONE: *result is filled. What is no good answer never comes here: probe_step has made
       it a result, unless judge took it. */
    enum probe_next (*step)(struct probe_run *run, const struct answer *answer, struct request *request,
                            struct probe_result *result);
    /* Whether an answer that the decision table refuses is one that the kind wants to read all the same: a status that was
       asked for, an error that says what the kind asks about. Asked of a call that got a whole HTTP answer (failure is
       REASON_NONE; never of a login), with what the table makes of it (verdict->reason is not REASON_NONE). True: the answer
       goes to step, its body in answer->text (of a status other than 2xx; answer->json is NULL then, or a text that is no
       JSON), and only what step says counts: the run has not failed by it, no login follows from it. Must not touch the
       state, since the same request may be asked again. NULL: none. */
    bool (*judge)(const struct probe_run *run, const struct answer *answer, const struct verdict *verdict);
    /* Frees what state points to, at the end of the run, however it ended. May be NULL. */
    void (*end)(struct probe_run *run);
    /* The bounds of rows, where they are set (zeroed before). NULL: the kind has no such keys. */
    void (*limits)(const struct probe_settings *probe, struct probe_limits *limits);
    /* What value.NAME defines; lives as long as the settings. NULL: the kind has no such keys. */
    struct value_definitions (*values)(const struct probe_settings *probe);
    enum drift_rule drift; /* what an absence in result.names says */
    /* A failed run takes away what the last good one had found: of kinds whose findings are about this moment (health). */
    bool forgets;
};

/* All kinds, as the configuration wants them; each is the first member of its struct probe_kind. */
const struct config_schema *probe_schema(void);
const struct probe_kind *probe_kind_of(const struct probe_settings *probe);

/* Begins a run: allocates its state, fills request with the first thing to ask. run->target and run->now are
 * set. */
void probe_begin(struct probe_run *run, struct request *request);

/* Takes every answer of a run. A failure of the network, a status other than 2xx, or a body that is not what
   was asked for becomes a result by the contract's decision table (kinetic/error.h), with the server's words
   as message; what is good goes to the kind's step. bearer: the request carried a bearer token (a bare 401
   then is token_rejected). A failed answer does not touch the kind's state: where result.login is set, the caller may
   free the result, log in, and ask the same request once more. */
enum probe_next probe_step(struct probe_run *run, const struct request *asked, const struct answer *answer,
                           bool bearer, struct request *request, struct probe_result *result);

/* Ends a run, also one that was given up half-way. */
void probe_end(struct probe_run *run);

#endif
