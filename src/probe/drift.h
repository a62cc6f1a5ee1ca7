/* Drift: the columns (or output fields, or typed properties) that a target's answers had, and what came and went since.
   Order never matters. Lives as long as the target, over runs and reloads that keep it. */
#ifndef PROBE_DRIFT_H
#define PROBE_DRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/scanner.h"

/* A set of names as one answer had them; immutable, one allocation, freed with free(). */
struct name_set {
    size_t count;
    uint64_t hash;      /* independent of order; 0: none */
    bool incomplete;    /* there were more than are kept: which of them, says nothing of what came and went */
    bool digests;       /* they stand for more than are kept: another sort of names */
    const char **names; /* sorted bytewise, each once */
};

/* Of what a scanner collected; never NULL. */
struct name_set *name_set_of_columns(const struct json_columns *columns);
/* Of count texts in any order. */
struct name_set *name_set_of(const char *const *names, size_t count, bool incomplete);

/* How much an absence says. */
enum drift_rule {
    DRIFT_EXACT, /* what is not there has gone: rows, metadata */
    DRIFT_SLOW /* only after DRIFT_PATIENCE good runs in a row: functions leave out outputs that are null (facts §9.16) */
};
#define DRIFT_PATIENCE 10

struct drift {
    char *
        names; /* sorted: of each a byte, the good runs in a row that did not have it, and its text with the NUL */
    size_t count;
    bool known;   /* at least one answer has been taken */
    bool digests; /* of what is known */
    uint64_t hash;
};

/* What changed: names that came and that went, sorted; all texts live until the next drift_take or drift_free. */
struct drift_change {
    const char **came, **went;
    size_t came_count, went_count;
    char *text; /* what to free; use drift_change_free */
};

/* Takes what an answer had; an incomplete set only where nothing is known yet, and no outputs at all are no beginning. True,
   and *change filled (free it with drift_change_free), when that differs from what was known; the first one makes it known, and
   so does one whose names are of another sort (digests). Then count and hash tell what is known now. */
bool drift_take(struct drift *drift, const struct name_set *names, enum drift_rule rule,
                struct drift_change *change);
/* "came: A, B; went: C", cut after so many bytes with "and N more"; owned by the caller. */
char *drift_sentence(const struct drift_change *change);
void drift_change_free(struct drift_change *change);
void drift_free(struct drift *drift);

#endif
