/* How many different things there were, by their hashes, in constant memory: exact up to DISTINCT_MAX, from there on an
   estimate within a few percent (Wegman's adaptive sampling: of each hash's low bits so many must be zero that those kept fit). */
#ifndef PROBE_DISTINCT_H
#define PROBE_DISTINCT_H

#include <stddef.h>
#include <stdint.h>

#define DISTINCT_MAX 2048

/* All zero is an empty one. */
struct distinct {
    uint64_t *hashes; /* open addressing; 0: free */
    size_t count;
    unsigned level; /* low bits that are zero in all that are kept */
};

/* The hash must be well mixed in all its bits. */
void distinct_add(struct distinct *distinct, uint64_t hash);
uint64_t distinct_count(const struct distinct *distinct);
void distinct_free(struct distinct *distinct);

#endif
