/* The rows of an OData resource, page by page, into a tally: only the columns that are gathered are asked for ($select), a page is
   followed by the next one until one is empty or the server's count is reached (facts §6, §9.20). */
#ifndef PROBE_FEED_H
#define PROBE_FEED_H

#include "probe/gather.h"

struct feed_options {
    const char *filter, *orderby; /* NULL: not sent */
    uint64_t page_size;           /* rows asked for at once */
    uint64_t limit;               /* rows of all pages; more fail the run */
    bool single;                  /* one page is all that is wanted */
};

struct feed {
    struct gather *gather;
    struct feed_options options;
    char *path;   /* with all of its query but $top and $skip; owned */
    uint64_t got; /* rows so far */
    uint64_t last_hash;
};

enum feed_next { FEED_ASK, FEED_WHOLE, FEED_FAILED };

/* Begins: path is taken over; options.filter and orderby are read here only. */
void feed_begin(struct feed *feed, const struct probe_run *run, char *path,
                const struct feed_options *options, struct gather *gather, struct request *request);
/* Reads a good answer. FEED_ASK: *request is the next page; FEED_FAILED: *result says why. */
enum feed_next feed_step(struct feed *feed, const struct probe_run *run, const struct answer *answer,
                         struct request *request, struct probe_result *result);
void feed_free(struct feed *feed);

/* The form of rows at "value". */
extern const struct gather_form feed_form;

#endif
