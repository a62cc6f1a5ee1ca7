/* A native histogram, as Prometheus has it beside a classic one: buckets between powers of 2^(1/8), only those that hold
   something. Where there are too many of them the resolution is halved, as client_golang does. Reference-counted; only the
   holder of the sole reference changes it. */
#ifndef METRICS_NATIVE_H
#define METRICS_NATIVE_H

#include <stddef.h>
#include <stdint.h>

#define NATIVE_SCHEMA         3    /* at first: a bucket's bound is 2^(2^-3), 1.09 times the one before it */
#define NATIVE_SCHEMA_LEAST   (-4) /* the coarsest that Prometheus knows */
#define NATIVE_ZERO_THRESHOLD 0x1p-128 /* what is not above it is in the zero bucket */
#define NATIVE_BUCKETS_MAX    160      /* above it the resolution is halved */

/* Holds what is above 2^((key - 1) * 2^-schema) and not above 2^(key * 2^-schema). */
struct native_bucket {
    int64_t key : 16;
    uint64_t count : 48;
};

struct native {
    _Atomic uint32_t references;
    int8_t schema;
    uint16_t count, capacity;
    uint64_t zero_count;
    struct native_bucket buckets[]; /* by ascending keys, none empty */
};

/* The bucket of a number above NATIVE_ZERO_THRESHOLD, +Inf too, by schema 3. */
int native_key(double number);
/* The bucket of a coarser schema that holds this one of schema 3. */
int native_coarser(int key, int schema);

/* Takes over the caller's reference (NULL: nothing has been observed yet) and gives back one of what also holds the number:
   the same histogram, changed, where nobody else has a reference. A negative number counts as zero; NaN is in no bucket. */
struct native *native_observe(struct native *native, double number);

struct native *native_ref(struct native *native); /* NULL gives NULL */
void native_unref(struct native *native);         /* NULL is allowed */

#endif
