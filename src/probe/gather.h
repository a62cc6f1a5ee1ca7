/* The rows of answers into a tally: by name of their fields, taking back what a broken answer had left when it is asked again. */
#ifndef PROBE_GATHER_H
#define PROBE_GATHER_H

#include "probe/field.h"
#include "probe/kind.h"
#include "probe/tally.h"

#define GATHER_FIELDS_MAX 16

/* What to gather; static. */
struct gather_form {
    struct json_path rows;
    const char *words;       /* the array's name for people: "returnObj.AdminUserLicense" */
    struct json_path member; /* one value beside the rows that is wanted too; depth 0: none */
    const struct gather_form
        *bare; /* the same where returnObj is the array itself (facts §9.30); NULL: not expected */
};

struct gather {
    const struct gather_form *form;
    struct json_plan
        plans[2]; /* of the form, of its bare one; neither changes, a scanner may still hold it */
    const struct json_plan *plan; /* the one to ask with */
    struct json_path *members;    /* owned */
    struct tally *tally;
    /* Takes a row; fields are in the order of the names. */
    void (*take)(void *context, const struct json_value *fields);
    void *context;
    uint32_t seen,
        seen_before;    /* bit n: field n was there in some row, null or not; until the last good answer */
    uint64_t page_hash; /* of all fields of the answer's rows */
    char problem[200];  /* what is wrong with a row of this answer; "" if nothing */
};

/* fields: names, which live as long as the run. Not to be made anew before the run ends: answers are still held by its plans. */
void gather_init(struct gather *gather, const struct gather_form *form, const char *const *fields,
                 size_t field_count, struct tally *tally,
                 void (*take)(void *context, const struct json_value *fields), void *context);
void gather_free(struct gather *gather);

/* Has the request's rows gathered; its plan is to be gather->plan. */
void gather_attach(struct gather *gather, struct request *request);

/* Called by take: the answer is not what was asked for; the first such word counts. */
void gather_problem(struct gather *gather, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether a good answer has the rows as wanted: then what they told stands. If not, *result says why. */
bool gather_accept(struct gather *gather, const struct answer *answer, struct probe_result *result);
/* Whether the answer has its rows in the form's bare place. Then the gather has turned to it, once for the run, and the same is to
   be asked again: what is not named in the plan has gone by unread. */
bool gather_turn_bare(struct gather *gather, const struct answer *answer);
/* Forgets the rows of an answer instead. */
void gather_drop(struct gather *gather);

/* Was the field in any row of the accepted answers? */
bool gather_has(const struct gather *gather, size_t field);
/* The member that the form names. */
const struct json_value *gather_member(const struct answer *answer);

#endif
