/* Numbers by a text that a server sends (a license, an agent), gathered row by row in bounded memory. Of more texts than there
   is room for, the first by rank, then by their bytes, stay, whatever order they come in; the others are counted. */
#ifndef PROBE_TALLY_H
#define PROBE_TALLY_H

#include <stddef.h>
#include <stdint.h>

#define TALLY_LEFT_OUT_MAX 4096 /* texts without room that are told apart; more are not counted */

struct tally_entry {
    char *name;
    int rank;
    double *numbers; /* width of them; NAN: nothing was told */
};

struct tally_entries {
    struct tally_entry *items; /* in their order */
    size_t count;
};

struct tally {
    size_t maximum; /* entries */
    size_t width;   /* numbers of each */
    struct tally_entries now, marked;
    uint64_t *left_out; /* hashes, in a table of a power of two places, 0: free */
    size_t left_out_count, left_out_places;
};

void tally_init(struct tally *tally, size_t maximum, size_t width);
void tally_free(struct tally *tally);

/* The numbers of that text; NULL where there is no room for it, which is then counted. */
double *tally_at(struct tally *tally, const char *name, int rank);
/* Counts a text that cannot stand as a label. */
void tally_leave_out(struct tally *tally, const void *bytes, size_t size);
/* How many texts had no room. */
size_t tally_left_out(const struct tally *tally);

/* Adds to one of the numbers. */
void tally_add(double *number, double more);

/* Rows come before their answer is known to be good: what stands now is kept by a mark, and rewinding takes back what came
   since the last one. What was left out stays counted. */
void tally_mark(struct tally *tally);
void tally_rewind(struct tally *tally);

#endif
