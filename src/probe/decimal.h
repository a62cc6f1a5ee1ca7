/* Decimal numbers as JSON and Kinetic write them (facts section 6: as numbers, or as strings with blanks around), kept to the
   digit, and their sum, which is exact. */
#ifndef PROBE_DECIMAL_H
#define PROBE_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define DECIMAL_PLACES_MAX 18

/* Small: digits / 10^places. Else only text has all its digits. */
struct decimal {
    bool small;
    int64_t digits;
    int places;       /* 0..DECIMAL_PLACES_MAX */
    struct span text; /* without blanks, sign and leading zeros; what it points to is the caller's */
    bool negative;
};

/* Reads JSON's form of a number, also with a leading plus, leading zeros, blanks around. False when it is none, or when it is
   beyond what a double holds (1e999). */
bool decimal_read(struct span text, struct decimal *out);
struct decimal decimal_of_int64(int64_t number);
/* The nearest double. */
double decimal_to_double(const struct decimal *decimal);

/* Less than 0 where a is less than b, 0 where they are the same number, to the digit. */
int decimal_compare(const struct decimal *a, const struct decimal *b);

/* A sum. All zero is an empty one; decimal_sum_free frees what it points to. Exact for numbers with up to DECIMAL_WIDE_PLACES
   places (what is behind is not counted), however large they are and however many. */
#define DECIMAL_WIDE_PLACES 405

struct decimal_wide;

struct decimal_sum {
    __int128 total; /* / 10^places */
    int places;
    struct decimal_wide *wide; /* what did not fit into total; NULL: nothing */
};

void decimal_sum_add(struct decimal_sum *sum, const struct decimal *number);
/* Adds what another one holds. */
void decimal_sum_join(struct decimal_sum *sum, const struct decimal_sum *other);
/* The double nearest to sum / divisor (at least 1); infinite where it is beyond all doubles. */
double decimal_sum_quotient(const struct decimal_sum *sum, uint64_t divisor);
void decimal_sum_free(struct decimal_sum *sum);

#endif
