#include "metrics/native.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FRACTIONS 8 /* buckets from one power of 2 to the next */
#define MORE      4 /* room that is made at once, in buckets */
#define COUNT_MAX ((UINT64_C(1) << 48) - 1)

static_assert(sizeof(struct native_bucket) == 8, "there are many");
static_assert(FRACTIONS == 1 << NATIVE_SCHEMA, "the table is of the first schema");

/* 2^(i/8) / 2, the doubles that client_golang compares with. */
static const double bounds[FRACTIONS] = {0.5,
                                         0.5452538663326288,
                                         0.5946035575013605,
                                         0.6484197773255048,
                                         0.7071067811865475,
                                         0.7711054127039704,
                                         0.8408964152537144,
                                         0.9170040432046711};

int native_key(double number)
{
    int exponent, fraction = 0;

    if (isinf(number))
        return DBL_MAX_EXP * FRACTIONS + 1; /* behind that of the largest number */
    double part = frexp(number, &exponent);
    while (fraction < FRACTIONS && part > bounds[fraction])
        fraction++;
    return (exponent - 1) * FRACTIONS + fraction;
}

int native_coarser(int key, int schema)
{
    int joined = 1 << (NATIVE_SCHEMA - schema);

    return key > 0 ? (key + joined - 1) / joined : key / joined;
}

/* ---- changing one ---- */

static struct native *with_room(const struct native *native, size_t capacity)
{
    struct native *copy = memory_new(1, sizeof *copy + capacity * sizeof *copy->buckets);

    if (native != NULL) {
        copy->schema = native->schema;
        copy->count = native->count;
        copy->zero_count = native->zero_count;
        memcpy(copy->buckets, native->buckets, native->count * sizeof *native->buckets);
    } else {
        copy->schema = NATIVE_SCHEMA;
    }
    atomic_init(&copy->references, 1);
    copy->capacity = (uint16_t)capacity;
    return copy;
}

/* One that nobody else reads, with room for one bucket more; in place of the given one. */
static struct native *own(struct native *native)
{
    bool alone = native != NULL && atomic_load_explicit(&native->references, memory_order_acquire) == 1;

    if (alone && native->count < native->capacity)
        return native;
    size_t count = native == NULL ? 0 : native->count;
    struct native *copy = with_room(native, count + MORE);
    native_unref(native);
    return copy;
}

static void add(struct native *native, int key)
{
    size_t at = native->count;

    while (at > 0 && native->buckets[at - 1].key >= key)
        at--;
    struct native_bucket *bucket = &native->buckets[at];
    if (at < native->count && bucket->key == key) {
        assert(bucket->count < COUNT_MAX);
        bucket->count++;
        return;
    }
    memmove(bucket + 1, bucket, (native->count - at) * sizeof *bucket);
    *bucket = (struct native_bucket){.key = (int16_t)key, .count = 1};
    native->count++;
}

/* Joins each two buckets of the schema in force into one of the next. */
static void halve_resolution(struct native *native)
{
    size_t kept = 0;

    for (size_t i = 0; i < native->count; i++) {
        struct native_bucket bucket = native->buckets[i];
        int key = (int)bucket.key;
        bucket.key = (int16_t)(key > 0 ? (key + 1) / 2 : key / 2);
        if (kept > 0 && native->buckets[kept - 1].key == bucket.key)
            native->buckets[kept - 1].count += bucket.count;
        else
            native->buckets[kept++] = bucket;
    }
    native->count = (uint16_t)kept;
    native->schema--;
}

struct native *native_observe(struct native *native, double number)
{
    if (isnan(number))
        return native;
    native = own(native);
    if (number > NATIVE_ZERO_THRESHOLD)
        add(native, native_coarser(native_key(number), native->schema));
    else
        native->zero_count++;
    while (native->count > NATIVE_BUCKETS_MAX && native->schema > NATIVE_SCHEMA_LEAST)
        halve_resolution(native);
    return native;
}

/* ---- references ---- */

struct native *native_ref(struct native *native)
{
    if (native != NULL)
        atomic_fetch_add_explicit(&native->references, 1, memory_order_relaxed);
    return native;
}

void native_unref(struct native *native)
{
    if (native != NULL && atomic_fetch_sub_explicit(&native->references, 1, memory_order_acq_rel) == 1)
        free(native);
}
